//! Points in boxes within boxes, to find those near a corner without looking at the others.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]

/// Places side by side that one look takes in: points of a leaf, or boxes of a node.
pub(super) const LANES: usize = 16;

/// Costs by columns: of a leaf's points, or the least ones of a node's boxes. +∞ where there is none, so that nobody is there.
pub(super) type Columns<const K: usize> = [[f64; LANES]; K];

/// A k-d tree (Bentley, *CACM* 18(9), 1975) with 16 points to a leaf and 16 boxes to a node: lane `l` of block `b` is, on the lowest level, a point, and on others what
/// block `16 b + l` of the level below holds.
#[derive(Debug)]
pub(super) struct Tree<const K: usize> {
    /// The lowest first; the last one has a single block.
    pub(super) levels: Vec<Vec<Columns<K>>>,
    /// Which point is at a place, `16 × block + lane`.
    pub(super) points: Vec<u32>,
    /// Where each point is.
    pub(super) places: Vec<u32>,
}

impl<const K: usize> Tree<K> {
    /// All points; whether they take part at first is `present`. At least one.
    pub(super) fn new(points: impl ExactSizeIterator<Item = [f64; K]>, present: bool) -> Self {
        let n = points.len();
        let leaves = n.div_ceil(LANES);
        let mut records: Vec<([f64; K], u32)> = points.zip(0..).collect();
        let scale = scale(&records);
        divide(&mut records, &scale);
        let mut levels = vec![vec![[[f64::INFINITY; LANES]; K]; leaves]];
        while levels[levels.len() - 1].len() > 1 {
            let blocks = levels[levels.len() - 1].len().div_ceil(LANES);
            levels.push(vec![[[f64::INFINITY; LANES]; K]; blocks]);
        }
        let mut places = vec![0; n];
        for (place, (_, id)) in (0..).zip(&records) {
            places[*id as usize] = place;
        }
        let mut tree = Self { levels, points: records.iter().map(|(_, id)| *id).collect(), places };
        if present {
            for (place, (point, _)) in records.iter().enumerate() {
                tree.set(0, place, point);
            }
            for level in 1..tree.levels.len() {
                for place in 0..tree.levels[level - 1].len() {
                    let least = least(&tree.levels[level - 1][place]);
                    tree.set(level, place, &least);
                }
            }
        }
        tree
    }

    /// The highest level.
    pub(super) fn top(&self) -> usize {
        self.levels.len() - 1
    }

    /// The blocks of the next level at these lanes, where there are any.
    #[inline(always)]
    pub(super) fn below(
        &self,
        level: usize,
        block: usize,
        bits: u32,
    ) -> impl Iterator<Item = (usize, usize)> {
        let blocks = self.levels[level - 1].len();
        each(bits)
            .map(move |lane| (level - 1, block * LANES + lane))
            .filter(move |(_, block)| *block < blocks)
    }

    fn set(&mut self, level: usize, place: usize, point: &[f64; K]) {
        let columns = &mut self.levels[level][place / LANES];
        for axis in 0..K {
            columns[axis][place % LANES] = point[axis];
        }
    }

    /// Lets the point at a place take part, with its costs.
    pub(super) fn enter(&mut self, place: usize, point: &[f64; K]) {
        self.set(0, place, point);
        let mut place = place / LANES;
        for level in 1..self.levels.len() {
            let columns = &mut self.levels[level][place / LANES];
            let lane = place % LANES;
            let mut lower = false;
            for axis in 0..K {
                if point[axis] < columns[axis][lane] {
                    columns[axis][lane] = point[axis];
                    lower = true;
                }
            }
            if !lower {
                return;
            }
            place /= LANES;
        }
    }

    /// Lets the point at a place no longer take part.
    pub(super) fn leave(&mut self, place: usize) {
        self.set(0, place, &[f64::INFINITY; K]);
        let mut place = place / LANES;
        for level in 1..self.levels.len() {
            let least = least(&self.levels[level - 1][place]);
            let columns = &self.levels[level][place / LANES];
            if (0..K).all(|axis| columns[axis][place % LANES].to_bits() == least[axis].to_bits()) {
                return;
            }
            self.set(level, place, &least);
            place /= LANES;
        }
    }
}

impl<const K: usize> Tree<K> {
    /// Whether somebody is nowhere worse than `point`.
    #[inline(always)]
    pub(super) fn covers(&self, point: &[f64; K], pending: &mut Vec<(usize, usize)>) -> bool {
        pending.clear();
        pending.push((self.top(), 0));
        while let Some((level, block)) = pending.pop() {
            let covering = covering(&self.levels[level][block], point);
            if level > 0 {
                pending.extend(self.below(level, block, covering));
            } else if covering & filled(self.points.len(), block) != 0 {
                return true;
            }
        }
        false
    }
}

/// The least cost on each axis.
fn least<const K: usize>(columns: &Columns<K>) -> [f64; K] {
    std::array::from_fn(|axis| columns[axis].iter().fold(f64::INFINITY, |a, b| if *b < a { *b } else { a }))
}

/// What makes the extents of the axes comparable.
fn scale<const K: usize>(records: &[([f64; K], u32)]) -> [f64; K] {
    std::array::from_fn(|axis| {
        let finite = || records.iter().map(|record| record.0[axis]).filter(|x| x.is_finite());
        let extent = finite().fold(f64::NEG_INFINITY, f64::max) - finite().fold(f64::INFINITY, f64::min);
        let scale = 1.0 / extent;
        if scale.is_finite() && scale > 0.0 { scale } else { 0.0 }
    })
}

/// Puts the records in an order in which leaves and nodes are small boxes: halves again and again along the widest axis, where a block of some level ends.
fn divide<const K: usize>(records: &mut [([f64; K], u32)], scale: &[f64; K]) {
    let mut pending = vec![(0, records.len())];
    while let Some((from, to)) = pending.pop() {
        let n = to - from;
        if n <= LANES {
            continue;
        }
        let mut unit = LANES;
        while unit * LANES < n {
            unit *= LANES;
        }
        let half = (n.div_ceil(unit) / 2) * unit;
        let (mut widest, mut width) = (0, f64::NEG_INFINITY);
        for axis in 0..K {
            let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
            for (point, _) in &records[from..to] {
                least = if point[axis] < least { point[axis] } else { least };
                most = if point[axis] > most { point[axis] } else { most };
            }
            let extent = if most.is_finite() { (most - least) * scale[axis] } else { 0.0 };
            if extent > width {
                (widest, width) = (axis, extent);
            }
        }
        records[from..to]
            .select_nth_unstable_by(half, |(a, i), (b, j)| a[widest].total_cmp(&b[widest]).then(i.cmp(j)));
        pending.push((from, from + half));
        pending.push((from + half, to));
    }
}

/// The lanes for which a condition holds, as bits.
#[inline(always)]
pub(super) fn lanes(holds: impl Fn(usize) -> bool) -> u32 {
    let mut bits = 0;
    for lane in 0..LANES {
        bits |= u32::from(holds(lane)) << lane;
    }
    bits
}

/// The lanes whose bits are set, ascending.
pub(super) fn each(mut bits: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        (lane < u32::BITS).then_some(lane as usize)
    })
}

/// The lanes that hold somebody who is nowhere worse than `point`.
#[inline(always)]
pub(super) fn covering<const K: usize>(columns: &Columns<K>, point: &[f64; K]) -> u32 {
    let mut nowhere = [true; LANES];
    for axis in 0..K {
        for lane in 0..LANES {
            nowhere[lane] &= columns[axis][lane] <= point[axis];
        }
    }
    lanes(|lane| nowhere[lane])
}

/// The lanes of a block that hold somebody, of `len` points in all: an infinitely bad point is no better than nobody.
pub(super) fn filled(len: usize, block: usize) -> u32 {
    let count = len.saturating_sub(block * LANES).min(LANES);
    (1 << count) - 1
}

/// Points one block after another, in no order.
#[derive(Debug, Default)]
pub(super) struct Row<const K: usize> {
    pub(super) blocks: Vec<Columns<K>>,
    pub(super) len: usize,
}

impl<const K: usize> Row<K> {
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.len = 0;
    }

    #[inline(always)]
    pub(super) fn add(&mut self, point: &[f64; K]) {
        if self.len == self.blocks.len() * LANES {
            self.blocks.push([[f64::INFINITY; LANES]; K]);
        }
        self.set(self.len, point);
        self.len += 1;
    }

    /// Removes the point at a place; the last one takes it.
    #[inline(always)]
    pub(super) fn remove(&mut self, place: usize) {
        self.len -= 1;
        let last = self.point(self.len);
        self.set(place, &last);
        self.set(self.len, &[f64::INFINITY; K]);
    }

    /// The point at a place.
    #[inline(always)]
    pub(super) fn point(&self, place: usize) -> [f64; K] {
        std::array::from_fn(|axis| self.blocks[place / LANES][axis][place % LANES])
    }

    #[inline(always)]
    fn set(&mut self, place: usize, point: &[f64; K]) {
        let block = &mut self.blocks[place / LANES];
        for axis in 0..K {
            block[axis][place % LANES] = point[axis];
        }
    }

    /// Whether somebody is nowhere worse.
    #[inline(always)]
    pub(super) fn covers(&self, point: &[f64; K]) -> bool {
        let mut blocks = self.blocks.iter().enumerate();
        blocks.any(|(at, block)| covering(block, point) & filled(self.len, at) != 0)
    }
}
