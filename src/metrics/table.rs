//! One model's rows, prepared so that a resample costs little.

use super::cases::{Basis, bases};
use super::counts::Kinds;
use super::explained::{Agreement, Explained, Mean, Means, Measure};
use super::scores::{Evaded, Evasions, GroupScores, Ranks, Scores, Sums};
use super::shift::{ShiftParts, ShiftSums, Shifted};
use super::{Material, Task};
use crate::evidence::Evidence;
use crate::simd::vectorized;

/// The rows of one model on one split, prepared once.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) kinds: Kinds,
    /// By view; nothing where there are no probabilities.
    scores: Vec<Option<Scores>>,
    /// By case; nothing where it is no attack or there are no probabilities.
    evasions: Vec<Option<Evasions>>,
    /// How the positive class's probability falls on the groups; nothing where there are no probabilities or no positive class.
    ranks: Option<Ranks>,
    /// By case; nothing where it is not about explanations.
    explained: Vec<Option<Explained>>,
    /// Nothing where nothing is known under distribution shift.
    shifted: Option<Shifted>,
    /// Why no number under attack may be stated, where that is so.
    pub(super) withheld: Option<String>,
    /// Why no number of the majority vote under noise may be stated, where that is so.
    pub(super) withheld_vote: Option<String>,
}

/// The rows folded into counts and sums: what metrics are functions of.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    pub(super) counts: Vec<f64>,
    /// By view.
    sums: Vec<Option<Sums>>,
    /// By case.
    evaded: Vec<Option<Evaded>>,
    /// By attribute; empty where there are no probabilities or no positive class.
    groups: Vec<GroupScores>,
    /// By case.
    means: Vec<Option<Means>>,
    shift: ShiftSums,
}

/// Which parts of a [`Folded`] some tasks need.
#[derive(Debug, Clone)]
pub struct Parts {
    counts: bool,
    /// By view.
    sums: Vec<bool>,
    /// By case.
    evaded: Vec<bool>,
    groups: bool,
    /// By case.
    explained: Vec<bool>,
    shift: ShiftParts,
}

impl Table {
    /// Prepares the clean outputs and everything that numbers hold under.
    #[must_use]
    pub fn new(evidence: &Evidence) -> Self {
        let mut scores = vec![Scores::of_clean(evidence)];
        let mut evasions = Vec::new();
        let mut explained = Vec::new();
        for basis in bases(evidence) {
            explained.push(Explained::of(&basis));
            let Basis::Attack(union) = basis else {
                scores.extend([None, None]);
                evasions.push(None);
                continue;
            };
            let first = Scores::of_outputs(&union.first_success, evidence, false);
            let worst = Scores::of_outputs(&union.max_loss, evidence, false);
            evasions.push(match (&scores[0], &first, &worst) {
                (Some(clean), Some(first), Some(worst)) => Some(Evasions::new([clean, first, worst])),
                _ => None,
            });
            scores.extend([first, worst]);
        }
        Self {
            kinds: Kinds::new(evidence),
            ranks: scores[0].as_ref().and_then(|clean| clean.ranks(&evidence.facts)),
            scores,
            evasions,
            explained,
            shifted: Shifted::new(evidence),
            withheld: evidence.withheld(),
            withheld_vote: evidence.withheld_vote(),
        }
    }

    /// The parts that `tasks` need.
    #[must_use]
    pub fn parts<'a>(&self, tasks: impl IntoIterator<Item = &'a Task>) -> Parts {
        let mut parts = Parts {
            counts: false,
            sums: vec![false; self.scores.len()],
            evaded: vec![false; self.evasions.len()],
            groups: false,
            explained: vec![false; self.explained.len()],
            shift: ShiftParts::default(),
        };
        for task in tasks {
            match task.metric.needs.material {
                Material::Counts => parts.counts = true,
                Material::Scores(view) => parts.sums[view.place(task.case)] = true,
                Material::Ranks => parts.groups = true,
                Material::Evasions => {
                    let case = task.case.expect("a metric under attack is given a case");
                    parts.evaded[case] = true;
                }
                Material::Explanations(_) => {
                    let case = task.case.expect("a metric of explanations is given a case");
                    parts.explained[case] = true;
                }
                Material::Shift(about) => parts.shift.add(about),
            }
        }
        parts
    }

    /// The counts and sums when row `i` counts `weights[i]` times, as far as `parts` says.
    ///
    /// # Panics
    ///
    /// Unless there is one weight per row.
    #[must_use]
    pub fn fold<W: Copy + Into<f64>>(&self, weights: &[W], parts: &Parts) -> Folded {
        let [folded] = self.fold_lanes(weights.as_chunks::<1>().0, parts);
        folded
    }

    /// [`fold`](Self::fold) of several resamples together: row `i` counts `weights[i][lane]` times in `lane`. Each lane has the bytes that it
    /// has alone.
    ///
    /// # Panics
    ///
    /// Unless there is one weight per row and lane.
    #[must_use]
    pub fn fold_lanes<W: Copy + Into<f64>, const L: usize>(
        &self,
        weights: &[[W; L]],
        parts: &Parts,
    ) -> [Folded; L] {
        assert_eq!(weights.len(), self.kinds.rows(), "one weight per row");
        vectorized(
            #[inline(always)]
            || {
                let mut all: [Folded; L] = std::array::from_fn(|_| Folded::default());
                if parts.counts {
                    let counts = self.kinds.count(weights);
                    for (lane, folded) in all.iter_mut().enumerate() {
                        folded.counts = counts.iter().map(|lanes| lanes[lane]).collect();
                    }
                }
                for (scores, wanted) in self.scores.iter().zip(&parts.sums) {
                    // No closure: it would not be compiled for this instruction set.
                    let sums = match scores {
                        Some(scores) if *wanted => Some(scores.fold(weights)),
                        _ => None,
                    };
                    give(&mut all, sums, |folded| &mut folded.sums);
                }
                let is_evaded = parts.evaded.iter().any(|wanted| *wanted);
                let thresholds = self.scores[0].as_ref().filter(|_| is_evaded);
                let thresholds = thresholds.map(|clean| clean.thresholds(weights));
                for (evasions, wanted) in self.evasions.iter().zip(&parts.evaded) {
                    let evaded = match (evasions, &thresholds) {
                        (Some(evasions), Some(thresholds)) if *wanted => {
                            Some(evasions.fold(weights, thresholds))
                        }
                        _ => None,
                    };
                    give(&mut all, evaded, |folded| &mut folded.evaded);
                }
                if let (Some(ranks), true) = (&self.ranks, parts.groups) {
                    for (folded, groups) in all.iter_mut().zip(ranks.fold(weights)) {
                        folded.groups = groups;
                    }
                }
                for (explained, wanted) in self.explained.iter().zip(&parts.explained) {
                    for (lane, folded) in all.iter_mut().enumerate() {
                        let wanted = explained.as_ref().filter(|_| *wanted);
                        let weight = |row: u32| weights[row as usize][lane].into();
                        folded.means.push(wanted.map(|explained| explained.fold(weight)));
                    }
                }
                if let Some(shifted) = &self.shifted {
                    for (lane, folded) in all.iter_mut().enumerate() {
                        let weights: Vec<f64> = weights.iter().map(|row| row[lane].into()).collect();
                        shifted.fold(&weights, parts.shift, &mut folded.shift);
                    }
                }
                all
            },
        )
    }

    /// The same, knowing how explanations agree with those at other seeds; `agreement` has one list per attribution, in the order of the evidence.
    #[must_use]
    pub fn among(evidence: &Evidence, agreement: Agreement) -> Self {
        let mut table = Self::new(evidence);
        let places = bases(evidence).into_iter().zip(&mut table.explained);
        let attributed = places.filter(|(basis, _)| matches!(basis, Basis::Attributed(..)));
        for ((_, explained), scores) in attributed.zip(agreement) {
            if let Some(explained) = explained {
                explained.add(Measure::Agreement, scores);
            }
        }
        table
    }

    /// Rows of the set without classes in this place among [`About::Sets`](super::About::Sets); of a pool the smallest set's.
    pub(super) fn rows_outside(&self, place: usize) -> Option<usize> {
        self.shifted.as_ref()?.rows_outside(place)
    }

    /// Rows whose likelihood is clipped, at the view in this place.
    pub(super) fn clipped(&self, place: usize) -> usize {
        self.scores[place].as_ref().map_or(0, Scores::clipped)
    }
}

impl Folded {
    /// The sums at the view in this place.
    pub(super) fn sums(&self, place: usize) -> Option<&Sums> {
        self.sums[place].as_ref()
    }

    /// What the probabilities say of the groups of an attribute.
    pub(super) fn groups(&self, attribute: usize) -> Option<&GroupScores> {
        self.groups.get(attribute)
    }

    /// The sums over shifted rows.
    pub(super) fn shift(&self) -> &ShiftSums {
        &self.shift
    }

    /// What abstention does against the attack of this case.
    pub(super) fn evaded(&self, case: usize) -> Option<&Evaded> {
        self.evaded[case].as_ref()
    }

    /// The mean of a measure of explanations, of this case.
    pub(super) fn explained(&self, case: usize, measure: Measure) -> Mean {
        self.means[case].as_ref().map_or_else(Mean::default, |means| means.of(measure))
    }
}

/// One part to every lane; nothing where it was not asked for.
fn give<T, const L: usize>(
    all: &mut [Folded; L],
    parts: Option<[T; L]>,
    list: fn(&mut Folded) -> &mut Vec<Option<T>>,
) {
    let parts = parts.map_or_else(|| std::array::from_fn(|_| None), |parts| parts.map(Some));
    for (folded, part) in all.iter_mut().zip(parts) {
        list(folded).push(part);
    }
}
