//! What one point alone dominates: of the box between it and its nearest rivals, what no other reaches.

#![allow(clippy::inline_always, reason = "loops become vectors only within their caller")]
#![allow(clippy::needless_bitwise_bool, reason = "without branches loops become vectors")]

use crate::pareto::tree::{Columns, LANES, Row, Tree, each, lanes};

/// How much was done, and how much may be.
#[derive(Debug)]
pub(super) struct Work {
    /// Points looked at so far.
    pub(super) done: u64,
    /// Points that may be looked at.
    pub(super) most: u64,
    /// The share of the outermost sweep that is done.
    pub(super) progress: f64,
    /// Depth of sweeps within sweeps.
    pub(super) depth: u32,
}

impl Work {
    pub(super) fn new(most: u64) -> Self {
        Self { done: 0, most, progress: 0.0, depth: 0 }
    }
}

/// The volume of points that were clipped to lie in a box, up to its far corner; `None` when the work is too much. The points are put in another order.
pub(super) type Volume<const K: usize> = fn(&mut [[f64; K]], &[f64; K], &mut Work) -> Option<f64>;

/// Points that a point shares its volume with.
pub(super) trait Rivals<const K: usize> {
    /// Where the box that `point` may dominate alone ends: on each axis where the first rival begins that is nowhere worse on the others. `None` where somebody is
    /// nowhere worse at all. `id` is the point's own number; it is not a rival.
    fn corner(
        &mut self,
        id: u32,
        point: &[f64; K],
        reference: &[f64; K],
        work: &mut Work,
    ) -> Option<[f64; K]>;

    /// Adds to `found` the rivals that reach into the box from `point` to `corner`, clipped to it, and to `dominated` the places of those that `point` dominates, ascending.
    fn reaching(&mut self, point: &[f64; K], corner: &[f64; K], scratch: &mut Scratch<K>, work: &mut Work);

    /// Makes a point a rival.
    fn enter(&mut self, id: u32, point: &[f64; K]);

    /// Rivals at these ascending places are so no more.
    fn leave(&mut self, places: &[u32]);
}

/// One block after another, for few.
impl<const K: usize> Rivals<K> for Row<K> {
    #[inline(always)]
    fn corner(
        &mut self,
        _: u32,
        point: &[f64; K],
        reference: &[f64; K],
        work: &mut Work,
    ) -> Option<[f64; K]> {
        work.done += self.len as u64;
        let mut corner = *reference;
        for block in &self.blocks {
            look(block, point, &mut corner);
            if !(0..K).all(|axis| corner[axis] > point[axis]) {
                return None;
            }
        }
        Some(corner)
    }

    #[inline(always)]
    fn reaching(&mut self, point: &[f64; K], corner: &[f64; K], scratch: &mut Scratch<K>, _: &mut Work) {
        for (at, block) in self.blocks.iter().enumerate() {
            for lane in each(below(block, corner)) {
                scratch.take(block, lane, at * LANES + lane, point);
            }
        }
    }

    #[inline(always)]
    fn enter(&mut self, _: u32, point: &[f64; K]) {
        self.add(point);
    }

    #[inline(always)]
    fn leave(&mut self, places: &[u32]) {
        for place in places.iter().rev() {
            self.remove(*place as usize);
        }
    }
}

/// Moves the corner to the rivals in a block that are nowhere worse than `point` on all axes but one.
#[inline(always)]
fn look<const K: usize>(block: &Columns<K>, point: &[f64; K], corner: &mut [f64; K]) {
    let (mut once, mut twice) = ([false; LANES], [false; LANES]);
    for axis in 0..K {
        for lane in 0..LANES {
            let over = block[axis][lane] > point[axis];
            twice[lane] |= over & once[lane];
            once[lane] |= over;
        }
    }
    // Seldom more than one or two.
    for lane in each(lanes(|lane| !twice[lane])) {
        let mut over = K;
        for axis in 0..K {
            over = if block[axis][lane] > point[axis] { axis } else { over };
        }
        if over == K {
            *corner = *point;
            return;
        }
        let x = block[over][lane];
        corner[over] = if x < corner[over] { x } else { corner[over] };
    }
}

/// The lanes that are below the corner on all axes.
#[inline(always)]
fn below<const K: usize>(block: &Columns<K>, corner: &[f64; K]) -> u32 {
    let mut is_below = [true; LANES];
    for axis in 0..K {
        for lane in 0..LANES {
            is_below[lane] &= block[axis][lane] < corner[axis];
        }
    }
    lanes(|lane| is_below[lane])
}

/// The lanes that may hold somebody who moves the corner.
#[inline(always)]
fn nearer<const K: usize>(block: &Columns<K>, point: &[f64; K], corner: &[f64; K]) -> u32 {
    let (mut once, mut out) = ([false; LANES], [false; LANES]);
    for axis in 0..K {
        for lane in 0..LANES {
            let over = block[axis][lane] > point[axis];
            out[lane] |= over & (once[lane] | (block[axis][lane] >= corner[axis]));
            once[lane] |= over;
        }
    }
    lanes(|lane| !out[lane])
}

/// Rivals in a k-d tree, for many.
#[derive(Debug)]
pub(super) struct Boxes<const K: usize> {
    tree: Tree<K>,
    pending: Vec<(usize, usize)>,
}

impl<const K: usize> Boxes<K> {
    pub(super) fn new(tree: Tree<K>) -> Self {
        Self { tree, pending: Vec::with_capacity(64) }
    }

    /// The place of a point.
    pub(super) fn place(&self, id: u32) -> u32 {
        self.tree.places[id as usize]
    }
}

impl<const K: usize> Rivals<K> for Boxes<K> {
    #[inline(always)]
    fn corner(
        &mut self,
        id: u32,
        point: &[f64; K],
        reference: &[f64; K],
        work: &mut Work,
    ) -> Option<[f64; K]> {
        let mut corner = *reference;
        let mut from = self.tree.places[id as usize] as usize / LANES;
        look(&self.tree.levels[0][from], point, &mut corner);
        work.done += LANES as u64;
        // From the point's own leaf up: the nearest rivals come first.
        for level in 1..=self.tree.top() {
            let own = 1 << (from % LANES);
            from /= LANES;
            let around = nearer(&self.tree.levels[level][from], point, &corner) & !own;
            self.pending.extend(each(around).map(|lane| (level - 1, from * LANES + lane)));
            while let Some((level, block)) = self.pending.pop() {
                work.done += LANES as u64;
                let columns = &self.tree.levels[level][block];
                if level == 0 {
                    look(columns, point, &mut corner);
                } else {
                    let inside = each(nearer(columns, point, &corner));
                    self.pending.extend(inside.map(|lane| (level - 1, block * LANES + lane)));
                }
            }
        }
        (0..K).all(|axis| corner[axis] > point[axis]).then_some(corner)
    }

    #[inline(always)]
    fn reaching(&mut self, point: &[f64; K], corner: &[f64; K], scratch: &mut Scratch<K>, work: &mut Work) {
        self.pending.push((self.tree.top(), 0));
        while let Some((level, block)) = self.pending.pop() {
            work.done += LANES as u64;
            let columns = &self.tree.levels[level][block];
            let reaching = each(below(columns, corner));
            if level > 0 {
                self.pending.extend(reaching.map(|lane| (level - 1, block * LANES + lane)));
                continue;
            }
            for lane in reaching {
                scratch.take(columns, lane, block * LANES + lane, point);
            }
        }
    }

    #[inline(always)]
    fn enter(&mut self, id: u32, point: &[f64; K]) {
        self.tree.enter(self.tree.places[id as usize] as usize, point);
    }

    #[inline(always)]
    fn leave(&mut self, places: &[u32]) {
        for place in places {
            self.tree.leave(*place as usize);
        }
    }
}

/// Reused between points.
#[derive(Debug, Default)]
pub(super) struct Scratch<const K: usize> {
    found: Vec<[f64; K]>,
    /// The same by columns, from four axes on.
    kept: Row<K>,
    /// Places of the rivals that the last point dominates.
    pub(super) dominated: Vec<u32>,
}

impl<const K: usize> Scratch<K> {
    /// Takes a rival in, clipped to the box of `point`.
    #[inline(always)]
    fn take(&mut self, block: &Columns<K>, lane: usize, place: usize, point: &[f64; K]) {
        let mut worse = true;
        let clipped = std::array::from_fn(|axis| {
            let rival = block[axis][lane];
            worse &= rival >= point[axis];
            if rival > point[axis] { rival } else { point[axis] }
        });
        // In a plane through the point many hide behind each other; where volumes are dear, that is worth a look.
        if K < 4 || !self.kept.covers(&clipped) {
            self.found.push(clipped);
            if K >= 4 {
                self.kept.add(&clipped);
            }
        }
        if worse {
            self.dominated.push(place as u32);
        }
    }
}

/// The volume that `point` dominates up to `reference` and no rival does; `None` when the work is too much.
#[inline(always)]
pub(super) fn exclusive<const K: usize>(
    rivals: &mut impl Rivals<K>,
    id: u32,
    point: &[f64; K],
    reference: &[f64; K],
    inner: Volume<K>,
    scratch: &mut Scratch<K>,
    work: &mut Work,
) -> Option<f64> {
    scratch.dominated.clear();
    let Some(corner) = rivals.corner(id, point, reference, work) else { return Some(0.0) };
    scratch.found.clear();
    scratch.kept.clear();
    rivals.reaching(point, &corner, scratch, work);
    let mut whole = 1.0;
    for axis in 0..K {
        whole *= corner[axis] - point[axis];
    }
    if scratch.found.is_empty() {
        return Some(whole);
    }
    work.depth += 1;
    let shared = inner(&mut scratch.found, &corner, work)?;
    work.depth -= 1;
    // Rounding may leave a little less than nothing.
    Some(if shared < whole { whole - shared } else { 0.0 })
}
