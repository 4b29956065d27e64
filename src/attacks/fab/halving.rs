//! The last part of FAB's way: from the nearest success toward the clean row, by halving, as long as it stays one.
//!
//! The authors' first version ended in such a line search, too.

use crate::attacks::Field;
use crate::attacks::rule::{Gradients, Rule, Seen};
use crate::models::{Block, LANES};

/// Looks per row.
pub(super) const LOOKS: u32 = 12;

/// Where on the way from the clean row (0) to the success (1) the first look is: the boundary is near 1.
pub(super) const FIRST: f32 = 0.98;

pub(super) struct Halving {
    /// Shares of the way known to be correctly classified and misclassified, and the one being looked at.
    right: [f32; LANES],
    wrong: [f32; LANES],
    share: [f32; LANES],
    fallen: [bool; LANES],
    fresh: [bool; LANES],
    way: Block,
}

impl Halving {
    pub(super) fn new(features: usize) -> Self {
        Self {
            right: [0.0; LANES],
            wrong: [1.0; LANES],
            share: [FIRST; LANES],
            fallen: [false; LANES],
            fresh: [true; LANES],
            way: Block::new(features),
        }
    }
}

impl Rule for Halving {
    fn gradients(&self) -> Gradients {
        Gradients::None
    }

    fn enter(&mut self, lane: usize, _: u32, _: u32) {
        (self.right[lane], self.wrong[lane], self.share[lane]) = (0.0, 1.0, FIRST);
        self.fresh[lane] = true;
        self.fallen[lane] = false;
    }

    fn move_lane(&mut self, from: usize, to: usize) {
        for shares in [&mut self.right, &mut self.wrong, &mut self.share] {
            shares[to] = shares[from];
        }
        (self.fresh[to], self.fallen[to]) = (self.fresh[from], self.fallen[from]);
        self.way.move_lane(from, to);
    }

    fn retreat(&mut self, fallen: &[bool; LANES], _: &Field, _: &mut Block) -> bool {
        self.fallen = *fallen;
        false
    }

    fn advance(
        &mut self,
        seen: &Seen<'_>,
        x: &mut Block,
        _: &mut [bool; LANES],
        _: &mut [u32; LANES],
    ) -> bool {
        for lane in 0..x.rows() {
            let end = if self.fallen[lane] { &mut self.wrong } else { &mut self.right };
            end[lane] = self.share[lane];
            self.share[lane] = f32::midpoint(self.right[lane], self.wrong[lane]);
            for feature in 0..x.features() {
                let clean = seen.field.clean.get(feature, lane);
                let way = &mut self.way.feature_mut(feature)[lane];
                let x = &mut x.feature_mut(feature)[lane];
                if self.fresh[lane] {
                    *way = (*x - clean) / FIRST;
                }
                *x = clean + self.share[lane] * *way;
            }
            self.fresh[lane] = false;
        }
        self.fallen = [false; LANES];
        true
    }
}
