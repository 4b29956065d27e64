//! Squares at the ends of the windows: the L∞ search.

use super::{Canvas, Schedule};
use crate::attacks::ThreatModel;
use crate::attacks::rule::{Gradients, Rule, Seen};
use crate::models::{Block, LANES};
use crate::seed::{Stream, Streams};

/// Vertical stripes at ± the radius, one sign per channel and column.
pub(super) fn stripes(
    threat: &ThreatModel,
    canvas: Canvas,
    clean: &[f32],
    stream: &mut Stream,
    start: &mut [f32],
) {
    for channel in 0..canvas.channels {
        for column in 0..canvas.width {
            let up = stream.sign() > 0.0;
            for row in 0..canvas.height {
                let pixel = canvas.pixel(channel, row, column);
                let (lo, hi) = threat.window(pixel, clean[pixel]);
                start[pixel] = if up { hi } else { lo };
            }
        }
    }
}

/// A window and the signs of its channels, as bits.
#[derive(Debug, Clone, Copy, Default)]
struct Proposal {
    row: usize,
    column: usize,
    height: usize,
    width: usize,
    signs: usize,
}

/// One row's search.
struct Search {
    stream: Stream,
    /// Queries charged; 0 before the start has been seen.
    query: u32,
    best: f32,
    proposal: Proposal,
    /// Proposals of the current size that were refused since the best point last changed, as bits.
    refused: Vec<u64>,
    refused_size: (usize, usize),
}

pub(super) struct Squares {
    schedule: Schedule,
    draws: Streams,
    searches: Vec<Search>,
    best_x: Block,
}

impl Squares {
    pub(super) fn new(schedule: Schedule, draws: Streams) -> Self {
        let canvas = schedule.canvas;
        let proposals = (canvas.height * canvas.width) << canvas.channels.min(MOST_CHANNELS);
        let search = || Search {
            stream: draws.stream(0, 0),
            query: 0,
            best: 0.0,
            proposal: Proposal::default(),
            refused: vec![0; proposals.div_ceil(64)],
            refused_size: (0, 0),
        };
        let searches = (0..LANES).map(|_| search()).collect();
        Self { schedule, draws, searches, best_x: Block::new(canvas.features()) }
    }
}

/// With more channels, refused proposals are not remembered: repeats are too rare.
const MOST_CHANNELS: usize = 4;

impl Rule for Squares {
    fn gradients(&self) -> Gradients {
        Gradients::None
    }

    fn enter(&mut self, lane: usize, row: u32, round: u32) {
        let search = &mut self.searches[lane];
        search.stream = self.draws.stream(row, round);
        search.query = 0;
        search.forget((0, 0));
    }

    fn move_lane(&mut self, from: usize, to: usize) {
        self.searches.swap(from, to);
        self.best_x.move_lane(from, to);
    }

    fn advance(
        &mut self,
        seen: &Seen<'_>,
        x: &mut Block,
        _: &mut [bool; LANES],
        spent: &mut [u32; LANES],
    ) -> bool {
        for (lane, spent) in spent.iter_mut().enumerate().take(x.rows()) {
            let search = &mut self.searches[lane];
            let value = seen.values[lane];
            if search.query == 0 {
                search.best = value;
                x.data()
                    .iter()
                    .skip(lane)
                    .step_by(LANES)
                    .zip(self.best_x.data_mut().iter_mut().skip(lane).step_by(LANES))
                    .for_each(|(x, best)| *best = *x);
            } else if value > search.best {
                search.best = value;
                search.forget((0, 0));
                search.proposal.each_pixel(self.schedule.canvas, |pixel, _| {
                    self.best_x.feature_mut(pixel)[lane] = x.get(pixel, lane);
                });
            } else {
                search.refuse(self.schedule.canvas);
                search.proposal.each_pixel(self.schedule.canvas, |pixel, _| {
                    x.feature_mut(pixel)[lane] = self.best_x.get(pixel, lane);
                });
            }
            *spent = self.propose(lane, seen, x);
        }
        true
    }
}

impl Squares {
    /// Puts the next proposal whose answer is not known into `x`, and returns the queries it took to get there.
    fn propose(&mut self, lane: usize, seen: &Seen<'_>, x: &mut Block) -> u32 {
        let canvas = self.schedule.canvas;
        let search = &mut self.searches[lane];
        let mut charged = 0;
        while charged < seen.left[lane] {
            charged += 1;
            search.query += 1;
            let (height, width) = self.schedule.window(search.query, 1, false);
            if search.refused_size != (height, width) {
                search.forget((height, width));
            }
            search.proposal = Proposal {
                row: search.stream.below((canvas.height - height + 1) as u64) as usize,
                column: search.stream.below((canvas.width - width + 1) as u64) as usize,
                height,
                width,
                signs: search.stream.below(1 << canvas.channels.min(63)) as usize,
            };
            if search.is_refused(canvas) {
                continue;
            }
            let mut changes = false;
            search.proposal.each_pixel(canvas, |pixel, up| {
                let end = if up { seen.field.hi.get(pixel, lane) } else { seen.field.lo.get(pixel, lane) };
                let x = &mut x.feature_mut(pixel)[lane];
                changes |= x.to_bits() != end.to_bits();
                *x = end;
            });
            if changes {
                break;
            }
        }
        charged
    }
}

impl Proposal {
    /// Calls `visit` with every number the proposal touches, and whether its channel goes up.
    fn each_pixel(&self, canvas: Canvas, mut visit: impl FnMut(usize, bool)) {
        for channel in 0..canvas.channels {
            let up = self.signs >> (channel % 63) & 1 == 1;
            for row in self.row..self.row + self.height {
                for column in self.column..self.column + self.width {
                    visit(canvas.pixel(channel, row, column), up);
                }
            }
        }
    }

    fn number(&self, canvas: Canvas) -> usize {
        (self.row * canvas.width + self.column) << canvas.channels | self.signs
    }
}

impl Search {
    fn forget(&mut self, size: (usize, usize)) {
        self.refused.fill(0);
        self.refused_size = size;
    }

    fn refuse(&mut self, canvas: Canvas) {
        if canvas.channels <= MOST_CHANNELS {
            let number = self.proposal.number(canvas);
            self.refused[number / 64] |= 1 << (number % 64);
        }
    }

    fn is_refused(&self, canvas: Canvas) -> bool {
        let number = self.proposal.number(canvas);
        canvas.channels <= MOST_CHANNELS && self.refused[number / 64] >> (number % 64) & 1 == 1
    }
}
