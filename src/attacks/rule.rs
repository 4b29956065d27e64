//! How an iterative attack moves: the part that differs from attack to attack, apart from networks, queues and rows.

use super::{Field, ThreatModel, step};
use crate::losses::PerLane;
use crate::models::{Block, LANES};

/// The gradients that a rule wants before it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gradients {
    /// None: the attack asks for scores alone.
    None,
    /// That of the run's goal.
    OfTheGoal,
    /// Those of `z_j − z_y` for every class `j`, one after the other.
    OfEveryRival,
}

/// How the points of a block move: all that one iterative attack has and another has not.
///
/// A rule works on whole blocks and may keep numbers or points per lane; `Lanes` sees to networks, queues and rows.
pub(super) trait Rule {
    /// What [`advance`](Self::advance) wants to see.
    fn gradients(&self) -> Gradients {
        Gradients::OfTheGoal
    }

    /// The data set's row number `row` has come into `lane`, at its start, for this round.
    fn enter(&mut self, _lane: usize, _row: u32, _round: u32) {}

    /// The row of lane `from` goes on in lane `to`.
    fn move_lane(&mut self, _from: usize, _to: usize) {}

    /// Told which lanes' points are misclassified. May move those; `true` asks for them to be seen again before they advance.
    fn retreat(&mut self, _fallen: &[bool; LANES], _field: &Field, _x: &mut Block) -> bool {
        false
    }

    /// Shown `z_class − z_y` and its gradient at `x`, before [`advance`](Self::advance), where the rule wants every rival's.
    fn consider(&mut self, _class: u16, _seen: &Seen<'_>, _x: &Block, _labels: &[u16; LANES]) {}

    /// Moves the points, from where they were seen to where they are to be seen next.
    ///
    /// Returns whether the gradients are finite; `flat` marks lanes whose gradient was of no use: they go on from a random point.
    /// `spent` holds the steps to charge per lane, 1 unless the rule says otherwise.
    fn advance(
        &mut self,
        seen: &Seen<'_>,
        x: &mut Block,
        flat: &mut [bool; LANES],
        spent: &mut [u32; LANES],
    ) -> bool;
}

/// What there is to know of a block of points before they move.
pub(super) struct Seen<'a> {
    pub(super) threat: &'a ThreatModel,
    pub(super) field: &'a Field,
    /// The goal at the points, or an increasing function of it (see `Loss::climb`).
    pub(super) values: &'a PerLane,
    /// Its gradient; unspecified where the rule wants none.
    pub(super) gradient: &'a Block,
    /// Steps that each lane has left, this one included.
    pub(super) left: &'a [u32; LANES],
}

/// Steps of a constant length along the gradient's sign (L∞) or direction (L2).
pub(super) struct Constant {
    pub(super) size: f32,
}

impl Rule for Constant {
    fn advance(
        &mut self,
        seen: &Seen<'_>,
        x: &mut Block,
        flat: &mut [bool; LANES],
        _: &mut [u32; LANES],
    ) -> bool {
        step(seen.threat, self.size, seen.gradient, seen.field, x, flat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attacks::lanes::{Keep, Lanes, Run};
    use crate::attacks::step::confine;
    use crate::attacks::{Found, Target, outputs};
    use crate::data::{Domain, Feature, Rows, Shape};
    use crate::evidence::{Split, SplitFacts};
    use crate::losses::{Goal, Loss};
    use crate::measure::Norm;
    use crate::models::{Architecture, EngineKind, Parameters, build};
    use crate::seed::{Seed, Stream};

    /// Half a step on, plus half of the last move: what APGD (Croce and Hein 2020, eq. 5) remembers.
    struct Momentum {
        size: f32,
        last: Block,
        scratch: Block,
    }

    impl Rule for Momentum {
        fn enter(&mut self, lane: usize, _: u32, _: u32) {
            let zeros = vec![0.0; self.last.features()];
            self.last.set_lane(lane, &zeros);
        }

        fn move_lane(&mut self, from: usize, to: usize) {
            self.last.move_lane(from, to);
        }

        fn advance(
            &mut self,
            seen: &Seen<'_>,
            x: &mut Block,
            flat: &mut [bool; LANES],
            _: &mut [u32; LANES],
        ) -> bool {
            self.scratch.clone_from(x);
            let finite = step(seen.threat, self.size, seen.gradient, seen.field, x, flat);
            let moves = x.data_mut().iter_mut().zip(self.scratch.data()).zip(self.last.data_mut());
            for ((x, before), last) in moves {
                let change = 0.5 * (*x - before) + 0.5 * *last;
                (*last, *x) = (change, before + change);
            }
            confine(seen.field, x);
            finite
        }
    }

    /// Random search: flips every feature to an end of its window or not, and goes back where that was no gain.
    struct Search {
        stream: Stream,
        best: PerLane,
        best_x: Block,
    }

    impl Rule for Search {
        fn gradients(&self) -> Gradients {
            Gradients::None
        }

        fn enter(&mut self, lane: usize, _: u32, _: u32) {
            self.best[lane] = f32::NEG_INFINITY;
        }

        fn move_lane(&mut self, from: usize, to: usize) {
            self.best[to] = self.best[from];
            self.best_x.move_lane(from, to);
        }

        fn advance(
            &mut self,
            seen: &Seen<'_>,
            x: &mut Block,
            _: &mut [bool; LANES],
            _: &mut [u32; LANES],
        ) -> bool {
            for lane in 0..x.rows() {
                let gain = seen.values[lane] > self.best[lane];
                self.best[lane] = if gain { seen.values[lane] } else { self.best[lane] };
                for feature in 0..x.features() {
                    let best = &mut self.best_x.feature_mut(feature)[lane];
                    let x = &mut x.feature_mut(feature)[lane];
                    *best = if gain { *x } else { *best };
                    let ends =
                        [seen.field.lo.get(feature, lane), seen.field.hi.get(feature, lane), *best, *best];
                    *x = ends[self.stream.below(4) as usize];
                }
            }
            true
        }
    }

    /// Rows fall one by one, are replaced and moved, and whatever a rule remembers goes along with them: in company and alone the same rows
    /// fall, and every success is one.
    #[test]
    fn a_new_step_rule_needs_no_new_kernel() {
        const FEATURES: usize = 6;
        let architecture = Architecture::mlp(Shape::Flat(FEATURES), 3, &[8]);
        let parameters = Parameters::init(&architecture, Seed(1));
        let mut network = build(EngineKind::Fused, &architecture, &parameters).unwrap();
        let mut stream = Seed(2).stream("rows");
        let x: Vec<f32> = (0..150 * FEATURES).map(|_| stream.uniform()).collect();
        let mut facts = SplitFacts {
            split: Split::Test,
            rows: (0..150).collect(),
            labels: vec![0; 150],
            classes: ["a", "b", "c"].map(String::from).to_vec(),
            positive: None,
            attributes: Vec::new(),
            units: None,
        };
        let clean = outputs(network.as_mut(), &Rows { x: x.clone(), facts: facts.clone().into() }).unwrap();
        facts.labels.clone_from(&clean.predictions);
        let rows = Rows { x, facts: facts.into() };
        let feature = || Feature {
            name: String::new(),
            domain: Domain::Continuous,
            mutable: true,
            lower: 0.0,
            upper: 1.0,
            offset: 0.0,
            scale: 1.0,
        };
        let features: Vec<Feature> = (0..FEATURES).map(|_| feature()).collect();
        let threat = ThreatModel::new(Norm::Linf, 0.15, &features);
        let mut attack = |rule: &mut dyn Rule, queues: &[&[u32]]| {
            let mut found = Found::new(&rows.x, &rows.facts.labels, &clean);
            let mut target = Target {
                network: network.as_mut(),
                rows: &rows,
                threat: &threat,
                constraints: None,
                warm: false,
                only: None,
                seed: Seed(0),
                name: "test",
                stop: &|| false,
            };
            let flat = Seed(0).streams("flat");
            let mut lanes = Lanes::new(FEATURES, 3);
            for queue in queues {
                let run = Run {
                    queue,
                    rounds: 1,
                    steps: 30,
                    goal: Goal::Away(Loss::Margin),
                    targets: &[],
                    room: &threat,
                    leave: true,
                    keep: Keep::Worst,
                    restart: 0,
                    flat: &flat,
                };
                lanes
                    .run(&run, rule, &mut target, &mut found, &mut |_, _, clean, _, start| {
                        start.copy_from_slice(clean);
                    })
                    .unwrap();
            }
            found
        };
        let all: Vec<u32> = (0..150).collect();
        let singles: Vec<&[u32]> = all.chunks(1).collect();
        let momentum = || Momentum { size: 0.05, last: Block::new(FEATURES), scratch: Block::new(FEATURES) };
        let together = attack(&mut momentum(), &[&all]);
        let alone = attack(&mut momentum(), &singles);
        assert_eq!(together.standing(), alone.standing());
        let stream = Seed(3).stream("search");
        let mut search = Search { stream, best: [0.0; LANES], best_x: Block::new(FEATURES) };
        let searched = attack(&mut search, &[&all]);
        for found in [&together, &searched] {
            let fallen: Vec<usize> = (0..150).filter(|row| !found.standing()[*row]).collect();
            assert!((10..140).contains(&fallen.len()), "{} rows fell", fallen.len());
            for row in fallen {
                let point = found.first_success(row).unwrap();
                assert!(threat.distance(rows.row(row), point) <= 0.15);
            }
        }
        // A search that sees scores only hardly finds what gradients miss.
        let missed = |row: &usize| together.standing()[*row] && !searched.standing()[*row];
        assert!((0..150).filter(missed).count() <= 3);
    }
}
