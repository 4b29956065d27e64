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
/// The same where farther ones get a [`leader`].
pub(super) const APART: [f64; 4] = [3.0, 10.0, 24.0, 38.0];
/// The same where labels are long and many.
pub(super) const FAR: [f64; 7] = [3.0, 10.0, 24.0, 40.0, 60.0, 84.0, 112.0];

/// What labels keep clear of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ground<'a> {
    /// Marks that labels name: never touched, and never nearer to another's label than its own mark is.
    pub(super) marks: &'a [Block],
    /// Lines and bars: touched only where there is no room without.
    pub(super) lines: &'a [Block],
    /// Marks that nothing names: better not covered.
    pub(super) faint: &'a [Block],
}

/// Where a label stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// Its middle.
    pub(super) middle: (f64, f64),
    /// Whether it covers nothing, its leader crosses no mark and no name, and no other mark is as near, unless a leader tells whose it is.
    pub(super) is_clear: bool,
}

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

/// For each wish the place of its label, or `None` where every place would cover a mark or another label.
///
/// Labels prefer to cover no lines, to be nearer to their own mark than to any other, and to be near; their leaders to run obliquely, where no grid
/// and no bar does. Wishes are served in order.
pub(super) fn arranged(
    wishes: &[Wish],
    ground: Ground<'_>,
    sheet: Block,
    gaps: &[f64],
) -> Vec<Option<Found>> {
    const BESIDE: f64 = 5.0;
    let mut taken: Vec<Block> = ground.marks.to_vec();
    let mut leaders: Vec<[(f64, f64); 2]> = Vec::new();
    wishes
        .iter()
        .map(|wish| {
            let mut best: Option<(f64, Block, bool)> = None;
            for (order, block) in candidates(wish, gaps) {
                let is_taken = taken.iter().any(|other| other.touches(&block))
                    || leaders.iter().any(|line| block.is_crossed(*line));
                if !block.inside(&sheet) || is_taken {
                    continue;
                }
                let mistaken = rivals(wish, &block, ground.marks, 0.0).count();
                let doubtful = rivals(wish, &block, ground.marks, NEARER).count();
                let covered = ground.lines.iter().filter(|line| line.touches(&block)).count();
                let faint = ground.faint.iter().filter(|mark| mark.touches(&block)).count();
                // Names on one another look like two of one mark.
                let around = Block {
                    left: block.left - BESIDE,
                    top: block.top - BESIDE,
                    right: block.right + BESIDE,
                    bottom: block.bottom + BESIDE,
                };
                let beside = taken[ground.marks.len()..].iter().filter(|name| name.touches(&around)).count();
                let joined = leader(wish, block.middle(), ground.marks);
                let mut led = 0.0;
                let mut is_crossed = false;
                if let Some(line) = joined {
                    // A line to the label that runs over other marks or names leads astray.
                    let is_own = |other: &Block| other.distance(wish.at) <= 0.0;
                    let crosses = |others: &[Block]| {
                        others.iter().filter(|other| !is_own(other) && other.is_crossed(line)).count()
                    };
                    let over = crosses(&taken);
                    let twisted = leaders.iter().filter(|other| do_cross(**other, line)).count();
                    is_crossed = over + twisted > 0;
                    led = 6.0
                        + 60.0 * over as f64
                        + 30.0 * twisted as f64
                        + 1.5 * crosses(ground.lines).min(6) as f64
                        + 2.0 * crosses(ground.faint).min(6) as f64
                        + if is_straight(line) { 20.0 } else { 0.0 }
                        + 0.15 * libm::hypot(line[1].0 - line[0].0, line[1].1 - line[0].1);
                }
                // A line to its mark says whose the label is.
                let doubt = if joined.is_some() { (12.0, 3.0) } else { (60.0, 10.0) };
                let cost = 25.0 * covered.min(3) as f64
                    + 5.0 * faint.min(4) as f64
                    + 6.0 * beside.min(2) as f64
                    + doubt.0 * mistaken.min(2) as f64
                    + doubt.1 * doubtful.min(2) as f64
                    + led
                    + order;
                if best.is_none_or(|(least, ..)| cost < least) {
                    let is_told = mistaken == 0 || joined.is_some();
                    best = Some((cost, block, covered == 0 && is_told && !is_crossed));
                }
            }
            let (_, block, is_clear) = best?;
            taken.push(block);
            leaders.extend(leader(wish, block.middle(), ground.marks));
            Some(Found { middle: block.middle(), is_clear })
        })
        .collect()
}

/// The same as bare middles, where there are marks and lines alone.
pub(super) fn placed(
    wishes: &[Wish],
    marks: &[Block],
    lines: &[Block],
    sheet: Block,
    gaps: &[f64],
) -> Vec<Option<(f64, f64)>> {
    let found = arranged(wishes, Ground { marks, lines, faint: &[] }, sheet, gaps);
    found.into_iter().map(|found| found.map(|found| found.middle)).collect()
}

/// Whether a line runs along an axis so far that it could be taken for a bar.
fn is_straight([a, b]: [(f64, f64); 2]) -> bool {
    let (dx, dy) = ((b.0 - a.0).abs(), (b.1 - a.1).abs());
    dx.max(dy) > 8.0 && dx.min(dy) < 0.2 * dx.max(dy)
}

/// Whether two lines cross: the ends of each lie on either side of the other.
fn do_cross([a, b]: [(f64, f64); 2], [c, d]: [(f64, f64); 2]) -> bool {
    let side =
        |p: (f64, f64), q: (f64, f64), r: (f64, f64)| (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0);
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

/// Sixteen directions at every distance, each with what it costs to stand there: the preferred and the nearer ones less.
fn candidates(wish: &Wish, gaps: &[f64]) -> Vec<(f64, Block)> {
    // Sines and cosines of eighths of a right angle.
    const EIGHTH: (f64, f64) = (0.382_683_432_365_089_8, 0.923_879_532_511_286_7);
    const HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;
    const WAYS: [(f64, f64); 8] = [
        (HALF, -HALF),
        (-HALF, -HALF),
        (HALF, HALF),
        (-HALF, HALF),
        (1.0, 0.0),
        (-1.0, 0.0),
        (0.0, -1.0),
        (0.0, 1.0),
    ];
    let (small, large) = EIGHTH;
    let between =
        [(large, small), (small, large)].into_iter().flat_map(|(x, y)| [(x, -y), (-x, -y), (x, y), (-x, y)]);
    let ways: Vec<(f64, f64)> = WAYS.into_iter().chain(between).collect();
    let (w, h) = (0.5 * wish.width, 0.5 * wish.height);
    let mut all = Vec::new();
    for gap in gaps {
        let away = wish.radius + gap;
        for (order, (x, y)) in ways.iter().enumerate() {
            // The corner, or the side, of the label that faces the mark is so far from it.
            let aside = |way: f64| (1.5 * way).clamp(-1.0, 1.0);
            let middle = (wish.at.0 + away * x + w * aside(*x), wish.at.1 + away * y + h * aside(*y));
            all.push((0.6 * order as f64 + 0.3 * gap, wish.around(middle)));
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

    /// A bar lies over every place near the mark: the label goes farther out rather than onto it, and where it must cover it says so.
    #[test]
    fn a_label_rather_stands_apart_than_on_a_bar() {
        let wish = Wish { at: (100.0, 100.0), radius: 5.0, width: 30.0, height: 10.0 };
        let mark = [Block::around(wish.at, 5.0)];
        let bar = [Block { left: 60.0, top: 80.0, right: 140.0, bottom: 120.0 }];
        let ground = Ground { marks: &mark, lines: &bar, faint: &[] };
        let sheet = Block { left: 0.0, top: 0.0, right: 200.0, bottom: 200.0 };
        let found = arranged(&[wish], ground, sheet, &FAR)[0].unwrap();
        assert!(found.is_clear && !wish.around(found.middle).touches(&bar[0]), "{found:?}");
        let narrow = Block { left: 60.0, top: 80.0, right: 140.0, bottom: 120.0 };
        assert!(!arranged(&[wish], ground, narrow, &FAR)[0].unwrap().is_clear);
    }

    #[test]
    fn lines_cross_where_each_parts_the_ends_of_the_other() {
        let line = [(0.0, 0.0), (10.0, 10.0)];
        assert!(do_cross(line, [(0.0, 10.0), (10.0, 0.0)]));
        assert!(!do_cross(line, [(0.0, 10.0), (4.0, 6.0)]));
        assert!(!do_cross(line, [(11.0, 0.0), (12.0, 20.0)]));
        assert!(is_straight([(0.0, 0.0), (40.0, 2.0)]) && !is_straight([(0.0, 0.0), (40.0, 20.0)]));
    }
}
