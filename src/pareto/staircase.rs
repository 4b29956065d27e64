//! The non-dominated points of a plane, as they come.

/// Steps in one block.
const BLOCK: usize = 128;

/// Steps `(x, y)`, x rising and y falling strictly: the lower left border of what they dominate. Kept in blocks, so that a step goes in or out in a
/// time that hardly grows with their number.
#[derive(Debug)]
pub(super) struct Staircase {
    /// Where dominated areas end; infinite where nobody asks for areas.
    end: [f64; 2],
    /// The x of each block's first step, in order.
    firsts: Vec<f64>,
    /// Which block it is.
    order: Vec<u32>,
    blocks: Vec<Block>,
    free: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Block {
    x: [f64; BLOCK],
    y: [f64; BLOCK],
    len: usize,
}

impl Block {
    const EMPTY: Self = Self { x: [0.0; BLOCK], y: [0.0; BLOCK], len: 0 };

    /// How many steps have an x below `x`.
    fn below(&self, x: f64) -> usize {
        // Without branches: halves down to at most one.
        let (mut from, mut len) = (0, self.len);
        while len > 1 {
            let half = len / 2;
            from += if self.x[from + half - 1] < x { half } else { 0 };
            len -= half;
        }
        from + usize::from(len == 1 && self.x[from] < x)
    }

    fn open(&mut self, at: usize, x: f64, y: f64) {
        self.x.copy_within(at..self.len, at + 1);
        self.y.copy_within(at..self.len, at + 1);
        (self.x[at], self.y[at]) = (x, y);
        self.len += 1;
    }

    fn close(&mut self, from: usize, to: usize) {
        self.x.copy_within(to..self.len, from);
        self.y.copy_within(to..self.len, from);
        self.len -= to - from;
    }
}

impl Staircase {
    /// No step yet; areas are counted up to `end`.
    pub(super) fn new(end: [f64; 2]) -> Self {
        Self { end, firsts: Vec::new(), order: Vec::new(), blocks: Vec::new(), free: Vec::new() }
    }

    /// Whether a step is nowhere worse.
    pub(super) fn covers(&self, x: f64, y: f64) -> bool {
        let Some(block) = self.firsts.partition_point(|first| *first <= x).checked_sub(1) else {
            return false;
        };
        let steps = &self.blocks[self.order[block] as usize];
        let at = steps.below(x);
        at < steps.len && steps.x[at] <= x && steps.y[at] <= y || at > 0 && steps.y[at - 1] <= y
    }

    /// Takes a point in. `None` where a step is nowhere worse, the same point included; else the area that the point adds to what is dominated.
    pub(super) fn insert(&mut self, x: f64, y: f64) -> Option<f64> {
        // The block of the last step that begins below x, else the first one.
        let block = self.firsts.partition_point(|first| *first < x).saturating_sub(1);
        if self.order.is_empty() {
            let id = self.fresh();
            self.order.push(id);
            self.firsts.push(x);
        }
        let id = self.order[block] as usize;
        let at = self.blocks[id].below(x);
        let before = if at > 0 { self.blocks[id].y[at - 1] } else { self.end[1] };
        if at > 0 && before <= y {
            return None;
        }
        let (mut left, mut top, mut area) = (x, before, 0.0);
        // Steps that are nowhere better go.
        let mut place = at;
        let mut here = block;
        loop {
            let steps = &self.blocks[self.order[here] as usize];
            let mut reached_end = true;
            while place < steps.len {
                let (step_x, step_y) = (steps.x[place], steps.y[place]);
                if step_y < y || step_x <= x && step_y <= y {
                    if step_x <= x {
                        return None;
                    }
                    area += (step_x - left) * (top - y);
                    left = step_x;
                    reached_end = false;
                    break;
                }
                area += (step_x - left) * (top - y);
                (left, top) = (step_x, step_y);
                place += 1;
            }
            if !reached_end {
                break;
            }
            if here + 1 == self.order.len() {
                area += (self.end[0] - left) * (top - y);
                break;
            }
            here += 1;
            place = 0;
        }
        if here == block && place > at {
            let steps = &mut self.blocks[id];
            (steps.x[at], steps.y[at]) = (x, y);
            steps.close(at + 1, place);
            if at == 0 {
                self.firsts[block] = x;
            }
            return Some(area);
        }
        if here > block {
            self.blocks[id].len = at;
            let last = self.order[here] as usize;
            self.blocks[last].close(0, place);
            let gone = block + 1..here + usize::from(self.blocks[last].len == 0);
            self.free.extend(self.order.drain(gone.clone()));
            self.firsts.drain(gone);
            if let Some(next) = self.order.get(block + 1) {
                self.firsts[block + 1] = self.blocks[*next as usize].x[0];
            }
        }
        let (block, at) = if self.blocks[id].len == BLOCK { self.split(block, at) } else { (block, at) };
        self.blocks[self.order[block] as usize].open(at, x, y);
        if at == 0 {
            self.firsts[block] = x;
        }
        Some(area)
    }

    /// An empty block's number.
    fn fresh(&mut self) -> u32 {
        if let Some(id) = self.free.pop() {
            self.blocks[id as usize].len = 0;
            return id;
        }
        self.blocks.push(Block::EMPTY);
        self.blocks.len() as u32 - 1
    }

    /// Divides a full block in two; where place `at` of it is now.
    fn split(&mut self, block: usize, at: usize) -> (usize, usize) {
        let id = self.order[block] as usize;
        let fresh = self.fresh();
        let half = BLOCK / 2;
        let mut upper = self.blocks[id].clone();
        self.blocks[id].len = half;
        upper.close(0, half);
        self.firsts.insert(block + 1, upper.x[0]);
        self.order.insert(block + 1, fresh);
        self.blocks[fresh as usize] = upper;
        if at <= half { (block, at) } else { (block + 1, at - half) }
    }
}
