//! Places point labels where they touch neither each other nor any mark.

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Block {
    /// A square of half-width `radius` around `at`.
    pub(super) fn around(at: (f64, f64), radius: f64) -> Self {
        Self { left: at.0 - radius, top: at.1 - radius, right: at.0 + radius, bottom: at.1 + radius }
    }

    /// The bounding box of a horizontal or vertical line.
    pub(super) fn line(a: (f64, f64), b: (f64, f64)) -> Self {
        Self {
            left: a.0.min(b.0) - 1.0,
            top: a.1.min(b.1) - 1.0,
            right: a.0.max(b.0) + 1.0,
            bottom: a.1.max(b.1) + 1.0,
        }
    }

    fn touches(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn inside(&self, outer: &Self) -> bool {
        self.left >= outer.left
            && self.right <= outer.right
            && self.top >= outer.top
            && self.bottom <= outer.bottom
    }
}

/// A label to place: its point, the radius to stay clear of, its size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wish {
    pub(super) at: (f64, f64),
    pub(super) radius: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// How far labels may stand from their marks.
pub(super) const NEAR: [f64; 2] = [3.0, 10.0];
/// The same where labels are long and many: farther ones get a [`leader`].
pub(super) const FAR: [f64; 7] = [3.0, 10.0, 24.0, 40.0, 60.0, 84.0, 112.0];

/// A line from a mark to its label, where the label stands far from it.
pub(super) fn leader(wish: &Wish, middle: (f64, f64)) -> Option<[(f64, f64); 2]> {
    let (w, h) = (0.5 * wish.width, 0.5 * wish.height);
    let end = (wish.at.0.clamp(middle.0 - w, middle.0 + w), wish.at.1.clamp(middle.1 - h, middle.1 + h));
    let (dx, dy) = (end.0 - wish.at.0, end.1 - wish.at.1);
    let length = libm::hypot(dx, dy);
    let clear = wish.radius + 1.0;
    (length > wish.radius + 12.0)
        .then(|| [(wish.at.0 + dx * clear / length, wish.at.1 + dy * clear / length), end])
}

/// For each wish the middle of its label, or `None` where every place would cover something.
///
/// Labels never touch `marks` or each other, and prefer not to touch `lines`. Wishes are served in order.
pub(super) fn placed(
    wishes: &[Wish],
    marks: &[Block],
    lines: &[Block],
    sheet: Block,
    gaps: &[f64],
) -> Vec<Option<(f64, f64)>> {
    let mut taken: Vec<Block> = marks.to_vec();
    wishes
        .iter()
        .map(|wish| {
            let mut best: Option<(usize, Block)> = None;
            for (order, block) in candidates(wish, gaps).into_iter().enumerate() {
                if !block.inside(&sheet) || taken.iter().any(|other| other.touches(&block)) {
                    continue;
                }
                let cost = 20 * lines.iter().filter(|line| line.touches(&block)).count() + order;
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, block));
                }
            }
            let (_, block) = best?;
            taken.push(block);
            Some((f64::midpoint(block.left, block.right), f64::midpoint(block.top, block.bottom)))
        })
        .collect()
}

/// Eight directions at every distance, the preferred ones first.
fn candidates(wish: &Wish, gaps: &[f64]) -> Vec<Block> {
    let (w, h) = (0.5 * wish.width, 0.5 * wish.height);
    let mut all = Vec::new();
    for gap in gaps {
        let away = wish.radius + gap;
        let diagonal = 0.7 * away;
        for (dx, dy) in [
            (diagonal + w, -diagonal - h),
            (-diagonal - w, -diagonal - h),
            (diagonal + w, diagonal + h),
            (-diagonal - w, diagonal + h),
            (away + w, 0.0),
            (-away - w, 0.0),
            (0.0, -away - h),
            (0.0, away + h),
        ] {
            let (x, y) = (wish.at.0 + dx, wish.at.1 + dy);
            all.push(Block { left: x - w, top: y - h, right: x + w, bottom: y + h });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_neighbors_do_not_touch() {
        let sheet = Block { left: 0.0, top: 0.0, right: 200.0, bottom: 100.0 };
        let wishes: Vec<Wish> = (0..4)
            .map(|i| Wish { at: (50.0 + 12.0 * f64::from(i), 50.0), radius: 5.0, width: 24.0, height: 12.0 })
            .collect();
        let marks: Vec<Block> = wishes.iter().map(|wish| Block::around(wish.at, 5.0)).collect();
        let found = placed(&wishes, &marks, &[], sheet, &NEAR);
        let blocks: Vec<Block> = found
            .iter()
            .flatten()
            .map(|&(x, y)| Block { left: x - 12.0, top: y - 6.0, right: x + 12.0, bottom: y + 6.0 })
            .collect();
        assert!(blocks.len() >= 3, "{found:?}");
        for (i, a) in blocks.iter().enumerate() {
            assert!(blocks[i + 1..].iter().chain(&marks).all(|b| !a.touches(b)), "{found:?}");
        }
    }

    #[test]
    fn a_far_label_is_joined_to_its_mark() {
        let wish = Wish { at: (0.0, 0.0), radius: 5.0, width: 20.0, height: 10.0 };
        // From just outside the mark to the near edge of the text.
        assert_eq!(leader(&wish, (40.0, 0.0)), Some([(6.0, 0.0), (30.0, 0.0)]));
        assert_eq!(leader(&wish, (20.0, 0.0)), None);
    }

    #[test]
    fn a_label_without_room_is_left_out() {
        let sheet = Block { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
        let wish = Wish { at: (5.0, 5.0), radius: 3.0, width: 20.0, height: 10.0 };
        assert_eq!(placed(&[wish], &[], &[], sheet, &NEAR), [None]);
    }
}
