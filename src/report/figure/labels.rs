//! Places point labels where they touch neither each other nor any mark, and where they cannot be taken for a neighbor's.

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

    fn middle(&self) -> (f64, f64) {
        (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom))
    }

    /// How far the nearest place inside is from `at`.
    fn distance(&self, at: (f64, f64)) -> f64 {
        let (x, y) = (at.0.clamp(self.left, self.right), at.1.clamp(self.top, self.bottom));
        libm::hypot(x - at.0, y - at.1)
    }

    /// Whether the straight line from `a` to `b` passes through (Liang and Barsky 1984).
    fn is_crossed(&self, [a, b]: [(f64, f64); 2]) -> bool {
        let (mut from, mut to) = (0.0_f64, 1.0_f64);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let sides =
            [(-dx, a.0 - self.left), (dx, self.right - a.0), (-dy, a.1 - self.top), (dy, self.bottom - a.1)];
        for (slope, room) in sides {
            if slope == 0.0 {
                if room < 0.0 {
                    return false;
                }
            } else if slope < 0.0 {
                from = from.max(room / slope);
            } else {
                to = to.min(room / slope);
            }
        }
        from <= to
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

impl Wish {
    /// The label around its `middle`.
    fn around(&self, middle: (f64, f64)) -> Block {
        let (w, h) = (0.5 * self.width, 0.5 * self.height);
        Block { left: middle.0 - w, top: middle.1 - h, right: middle.0 + w, bottom: middle.1 + h }
    }
}

/// How far labels may stand from their marks.
pub(super) const NEAR: [f64; 2] = [3.0, 10.0];
/// The same where labels are long and many: farther ones get a [`leader`].
pub(super) const FAR: [f64; 7] = [3.0, 10.0, 24.0, 40.0, 60.0, 84.0, 112.0];

/// A line from a mark to its label, where the label stands far from it, or another of the `marks` is hardly farther from the label.
pub(super) fn leader(wish: &Wish, middle: (f64, f64), marks: &[Block]) -> Option<[(f64, f64); 2]> {
    let block = wish.around(middle);
    let end = (wish.at.0.clamp(block.left, block.right), wish.at.1.clamp(block.top, block.bottom));
    let (dx, dy) = (end.0 - wish.at.0, end.1 - wish.at.1);
    let length = libm::hypot(dx, dy);
    let clear = wish.radius + 1.0;
    let is_far = length > wish.radius + 12.0;
    let is_joined = is_far || (length > clear + 3.0 && rivals(wish, &block, marks, NEARER).next().is_some());
    is_joined.then(|| [(wish.at.0 + dx * clear / length, wish.at.1 + dy * clear / length), end])
}

/// A label is taken for that of a mark that is not at least so much farther from it than its own, in pixels.
const NEARER: f64 = 5.0;

/// The marks of others to which `block` is closer than `more` beyond the distance from its own.
fn rivals<'a>(
    wish: &'a Wish,
    block: &'a Block,
    marks: &'a [Block],
    more: f64,
) -> impl Iterator<Item = &'a Block> {
    let own = block.distance(wish.at);
    marks.iter().filter(move |mark| {
        let at = mark.middle();
        // Marks on one another are one place.
        let is_own = libm::hypot(at.0 - wish.at.0, at.1 - wish.at.1) < 1.0;
        !is_own && block.distance(at) < own + more
    })
}

/// For each wish the middle of its label, or `None` where every place would cover something.
///
/// Labels never touch `marks` or each other; they prefer not to touch `lines`, and to be nearer to their own mark than to any other.
/// Wishes are served in order.
pub(super) fn placed(
    wishes: &[Wish],
    marks: &[Block],
    lines: &[Block],
    sheet: Block,
    gaps: &[f64],
) -> Vec<Option<(f64, f64)>> {
    let mut taken: Vec<Block> = marks.to_vec();
    let mut leaders: Vec<[(f64, f64); 2]> = Vec::new();
    wishes
        .iter()
        .map(|wish| {
            let mut best: Option<(usize, Block)> = None;
            for (order, block) in candidates(wish, gaps).into_iter().enumerate() {
                let is_taken = taken.iter().any(|other| other.touches(&block))
                    || leaders.iter().any(|line| block.is_crossed(*line));
                if !block.inside(&sheet) || is_taken {
                    continue;
                }
                let mistaken = rivals(wish, &block, marks, 0.0).count();
                let doubtful = rivals(wish, &block, marks, NEARER).count();
                // A line to the label that runs over other marks or names leads astray.
                let line = leader(wish, block.middle(), marks);
                let is_own = |other: &Block| other.distance(wish.at) <= 0.0;
                let crossed = line.map_or(0, |line| {
                    taken.iter().filter(|other| !is_own(other) && other.is_crossed(line)).count()
                });
                let covered = lines.iter().filter(|line| line.touches(&block)).count();
                let cost = 20 * covered + 40 * mistaken.min(2) + 10 * doubtful.min(2) + 40 * crossed + order;
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, block));
                }
            }
            let (_, block) = best?;
            taken.push(block);
            leaders.extend(leader(wish, block.middle(), marks));
            Some(block.middle())
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
            all.push(wish.around((wish.at.0 + dx, wish.at.1 + dy)));
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
        assert_eq!(leader(&wish, (40.0, 0.0), &[]), Some([(6.0, 0.0), (30.0, 0.0)]));
        assert_eq!(leader(&wish, (20.0, 0.0), &[]), None);
        // Ten pixels from its own mark and five from another's: which is meant must be shown.
        let other = Block::around((40.0, 0.0), 5.0);
        assert_eq!(leader(&wish, (25.0, 0.0), &[other]), Some([(6.0, 0.0), (15.0, 0.0)]));
    }

    /// The mark of the second lies where the first label would stand by preference: up and to the right.
    #[test]
    fn a_label_is_not_placed_beside_another_mark() {
        let sheet = Block { left: -100.0, top: -100.0, right: 200.0, bottom: 100.0 };
        let (own, other) = ((0.0, 0.0), (52.0, -12.0));
        let wish = Wish { at: own, radius: 5.0, width: 40.0, height: 10.0 };
        let marks = [Block::around(own, 5.0), Block::around(other, 5.0)];
        let found = placed(&[wish], &marks, &[], sheet, &FAR)[0].unwrap();
        let block = wish.around(found);
        assert!(block.distance(own) + NEARER <= block.distance(other), "{found:?}");
        let alone = placed(&[wish], &marks[..1], &[], sheet, &FAR)[0].unwrap();
        let block = wish.around(alone);
        assert!(
            block.distance(other) < block.distance(own) + NEARER,
            "the place would be taken otherwise: {alone:?}"
        );
    }

    #[test]
    fn a_line_crosses_a_block_where_it_passes_through() {
        let block = Block { left: 10.0, top: 10.0, right: 20.0, bottom: 20.0 };
        for (line, crosses) in [
            ([(0.0, 15.0), (30.0, 15.0)], true),
            ([(0.0, 0.0), (30.0, 30.0)], true),
            ([(0.0, 15.0), (9.0, 15.0)], false),
            ([(0.0, 25.0), (30.0, 25.0)], false),
            ([(15.0, 0.0), (15.0, 40.0)], true),
            ([(12.0, 12.0), (13.0, 13.0)], true),
            ([(0.0, 18.0), (12.0, 30.0)], false),
        ] {
            assert_eq!(block.is_crossed(line), crosses, "{line:?}");
        }
    }

    #[test]
    fn a_label_without_room_is_left_out() {
        let sheet = Block { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
        let wish = Wish { at: (5.0, 5.0), radius: 3.0, width: 20.0, height: 10.0 };
        assert_eq!(placed(&[wish], &[], &[], sheet, &NEAR), [None]);
    }
}
