//! What is said under distribution shift, row by row, and the sums that its metrics are functions of.
//!
//! [`Shifted`] lays out what is right of every row once per model; a resample then costs one pass over the rows, whatever the number of
//! metrics. All sums are of whole numbers, so that no value depends on the order of rows.

mod detection;
mod tables;

use std::sync::Arc;

use super::About;
use crate::evidence::{Evidence, LabelShift, Peer, Shift, ShiftFacts, SplitFacts};
pub use detection::{Detection, SCORES};
use detection::{Detector, detectors};
use tables::TableRows;
pub use tables::TableSums;

/// The distribution shifts that are observed: what numbers are about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shifts {
    /// (corruption, severity).
    pub corruptions: Vec<(String, u8)>,
    /// Severities of label shift.
    pub labels: Vec<u8>,
    /// (set of rows without a class, whether it is near).
    pub sets: Vec<(String, bool)>,
    /// Other tables of rows.
    pub tables: Vec<String>,
}

impl Shifts {
    /// Those of some evidence.
    #[must_use]
    pub fn of(shift: &Shift) -> Self {
        Self {
            corruptions: shift.corrupted.iter().map(|facts| (facts.shift.clone(), facts.severity)).collect(),
            labels: shift.reweighted.iter().map(|shift| shift.severity).collect(),
            sets: shift.ood.iter().map(|facts| (facts.set.clone(), facts.near)).collect(),
            tables: shift.tables.iter().map(|facts| facts.name.clone()).collect(),
        }
    }

    /// The key parts of the numbers about `about`, one per member; there are so many classes. A part of a part begins with its whole and a colon.
    pub(super) fn parts(&self, about: About, classes: usize) -> Vec<String> {
        match about {
            About::Corruptions | About::Company => Vec::new(),
            About::Corruption => self.corruptions.iter().map(|(name, s)| format!("{name}:{s}")).collect(),
            About::Kind => kinds(self.corruptions.iter().map(|(name, _)| name.as_str()))
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
            About::Labels => self.labels.iter().map(|severity| format!("label-shift:{severity}")).collect(),
            About::LabelsOfClass => self
                .parts(About::Labels, classes)
                .iter()
                .flat_map(|severity| (0..classes).map(move |class| format!("{severity}:{class}")))
                .collect(),
            About::Tables => self.tables.clone(),
            About::Sets => {
                let near = self.sets.iter().map(|(_, near)| *near);
                self.sets.iter().map(|(set, _)| set.clone()).chain(pools(near).map(|pool| pool.0)).collect()
            }
        }
    }
}

/// The corruptions in the order in which they first appear: the name, and the positions of its severities.
fn kinds<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(String, Vec<usize>)> {
    let mut kinds: Vec<(String, Vec<usize>)> = Vec::new();
    for (place, name) in names.enumerate() {
        match kinds.iter_mut().find(|(known, _)| known == name) {
            Some((_, places)) => places.push(place),
            None => kinds.push((name.to_owned(), vec![place])),
        }
    }
    kinds
}

/// Near and far, where there are such sets: the name, and the positions of the sets.
fn pools(near: impl Iterator<Item = bool> + Clone) -> impl Iterator<Item = (String, Vec<usize>)> {
    let pool = move |name: &str, wanted: bool| {
        let places: Vec<usize> =
            (0..).zip(near.clone()).filter(|(_, n)| *n == wanted).map(|(i, _)| i).collect();
        (!places.is_empty()).then(|| (name.to_owned(), places))
    };
    [pool("near", true), pool("far", false)].into_iter().flatten()
}

/// Which sums some tasks need.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ShiftParts {
    corrupted: bool,
    company: bool,
    sets: bool,
    tables: bool,
}

impl ShiftParts {
    pub(super) fn add(&mut self, about: About) {
        match about {
            About::Corruptions | About::Corruption | About::Kind | About::Labels | About::LabelsOfClass => {
                self.corrupted = true;
            }
            About::Company => (self.corrupted, self.company) = (true, true),
            About::Tables => (self.corrupted, self.company, self.tables) = (true, true, true),
            About::Sets => self.sets = true,
        }
    }
}

/// Whole numbers of every row, to be summed with weights.
#[derive(Debug, Clone, Default)]
struct Matrix {
    columns: usize,
    /// `rows × columns`.
    numbers: Vec<f32>,
}

impl Matrix {
    /// From columns of one length.
    fn new(columns: &[Vec<f32>]) -> Self {
        let rows = columns.first().map_or(0, Vec::len);
        let numbers = (0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
        Self { columns: columns.len(), numbers }
    }

    /// Column by column, the weighted sum.
    fn fold<W: Copy + Into<f64>>(&self, weights: &[W], sums: &mut Vec<f64>) {
        sums.clear();
        sums.resize(self.columns, 0.0);
        if self.columns == 0 {
            return;
        }
        for (row, weight) in self.numbers.chunks_exact(self.columns).zip(weights) {
            let weight: f64 = (*weight).into();
            if weight != 0.0 {
                for (sum, number) in sums.iter_mut().zip(row) {
                    *sum += weight * f64::from(*number);
                }
            }
        }
    }
}

/// What is right of every row, prepared once.
#[derive(Debug, Clone)]
pub(super) struct Shifted {
    facts: Arc<SplitFacts>,
    /// Positions of the pairs (corruption, severity) of every corruption.
    corruptions: Vec<(String, Vec<usize>)>,
    factors: Vec<f64>,
    /// Per pair: 1 where right.
    pairs: Matrix,
    /// Per row: right on the row as it is; pairs under which it is right.
    right: Vec<(bool, f64)>,
    /// Of the reference, where there is one: 1 where right, per pair, then on the row as it is.
    reference: Option<Matrix>,
    /// Of every peer: 1 where right on the row as it is; pairs under which it is right.
    peers: Matrix,
    /// Per set: one per score.
    sets: Vec<[Detector; SCORES.len()]>,
    /// Rows of each set; nothing where the model states no scores.
    outside: Vec<usize>,
    /// Positions of the sets in each pool.
    pools: Vec<Vec<usize>>,
    tables: Vec<TableRows>,
}

/// What metrics under distribution shift are functions of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShiftSums {
    /// Weight of all rows.
    pub weight: f64,
    /// Weight of the rows that are right as they are.
    pub clean: f64,
    /// Per (corruption, severity): weight of the rows that are right.
    pub pairs: Vec<f64>,
    /// Name and positions in `pairs` of every corruption.
    pub corruptions: Vec<(String, Vec<usize>)>,
    /// Per class: weight; of the rows that are right as they are; sum over pairs of that of the right rows.
    pub classes: Vec<[f64; 3]>,
    /// Per attribute and group: weight; sum over pairs of that of the right rows.
    pub groups: Vec<Vec<[f64; 2]>>,
    /// How many times its weight a class gets, per label shift.
    pub factors: Vec<f64>,
    /// `pairs` of the undefended model, and its weight of rows that are right as they are.
    pub reference: Option<(Vec<f64>, f64)>,
    /// Per trained model of the sweep: weight of the rows that are right as they are; sum over pairs of that of the right rows.
    pub peers: Vec<(f64, f64)>,
    /// Per set without classes and per score; then the means over near and over far sets. Nothing where one side is empty or the model states no
    /// scores.
    pub sets: Vec<[Option<Detection>; SCORES.len()]>,
    /// Per other table of rows.
    pub tables: Vec<TableSums>,
}

impl ShiftSums {
    /// The class and the factor of the number in this place among [`About::LabelsOfClass`].
    pub(super) fn towards(&self, place: usize) -> (usize, f64) {
        let classes = self.classes.len().max(1);
        (place % classes, self.factors[place / classes])
    }
}

fn flags(predictions: &[u16], labels: &[u16]) -> Vec<f32> {
    predictions.iter().zip(labels).map(|(said, label)| if said == label { 1.0 } else { 0.0 }).collect()
}

/// Row by row the sum over columns.
fn total(columns: &[Vec<f32>], rows: usize) -> Vec<f32> {
    (0..rows).map(|row| columns.iter().map(|column| column[row]).sum()).collect()
}

impl Shifted {
    /// Nothing where nothing is known under distribution shift.
    pub(super) fn new(evidence: &Evidence) -> Option<Self> {
        let shift = &evidence.shift;
        if shift.is_empty() {
            return None;
        }
        let labels = &evidence.facts.labels;
        let n = labels.len();
        let of = |facts: &ShiftFacts| flags(&facts.predictions, labels);
        let pairs: Vec<Vec<f32>> = shift.corrupted.iter().map(of).collect();
        let clean = flags(&evidence.clean.predictions, labels);
        let right = clean.iter().zip(total(&pairs, n)).map(|(c, t)| (*c > 0.5, f64::from(t))).collect();
        let corruptions = kinds(shift.corrupted.iter().map(|facts| facts.shift.as_str()));
        let company = shift.company.as_deref();
        let peer = |peer: &Peer| -> (Vec<Vec<f32>>, Vec<f32>) {
            (peer.corrupted.iter().map(|said| flags(said, labels)).collect(), flags(&peer.clean, labels))
        };
        let reference = company.and_then(|company| company.reference.as_deref()).map(|reference| {
            let (mut columns, clean) = peer(reference);
            columns.push(clean);
            Matrix::new(&columns)
        });
        let peers: Vec<Vec<f32>> = company
            .iter()
            .flat_map(|company| &company.peers)
            .flat_map(|one| {
                let (columns, clean) = peer(one);
                [clean, total(&columns, n)]
            })
            .collect();
        let near = shift.ood.iter().map(|facts| facts.near);
        let beside: Vec<&Peer> =
            company.iter().flat_map(|company| &company.peers).map(|peer| &**peer).collect();
        let tables = shift.tables.iter().enumerate();
        Some(Self {
            tables: tables.map(|(index, facts)| TableRows::new(facts, index, &beside)).collect(),
            facts: Arc::clone(&evidence.facts),
            corruptions,
            factors: shift.reweighted.iter().map(|LabelShift { factor, .. }| *factor).collect(),
            pairs: Matrix::new(&pairs),
            right,
            reference,
            peers: Matrix::new(&peers),
            sets: shift.ood.iter().map(|facts| detectors(facts, evidence)).collect(),
            outside: shift
                .ood
                .iter()
                .map(|facts| facts.logits.len() / evidence.facts.classes.len().max(1))
                .collect(),
            pools: pools(near).map(|pool| pool.1).collect(),
        })
    }

    /// Rows of the set in this place; after the sets come the pools, of which the smallest set counts.
    pub(super) fn rows_outside(&self, place: usize) -> Option<usize> {
        match place.checked_sub(self.outside.len()) {
            None => self.outside.get(place).copied(),
            Some(pool) => self.pools.get(pool)?.iter().map(|set| self.outside[*set]).min(),
        }
    }

    /// The sums when row `i` counts `weights[i]` times, and row `i` of a set without classes as often; `sums` is overwritten where `parts` says so.
    pub(super) fn fold<W: Copy + Into<f64>>(&self, weights: &[W], parts: ShiftParts, sums: &mut ShiftSums) {
        if parts.corrupted {
            self.corrupted(weights, sums);
        }
        if parts.company {
            sums.reference = self.reference.as_ref().map(|matrix| {
                let mut folded = Vec::new();
                matrix.fold(weights, &mut folded);
                let clean = folded.pop().unwrap_or_default();
                (folded, clean)
            });
            let mut folded = Vec::new();
            self.peers.fold(weights, &mut folded);
            sums.peers = folded.as_chunks::<2>().0.iter().map(|[clean, right]| (*clean, *right)).collect();
        }
        if parts.tables {
            sums.tables.clear();
            sums.tables.extend(self.tables.iter().map(|table| table.fold(weights)));
        }
        if parts.sets {
            sums.sets.clear();
            sums.sets.extend(
                self.sets.iter().map(|scores| std::array::from_fn(|score| scores[score].fold(weights))),
            );
            for pool in &self.pools {
                let mean = |score: usize| Detection::mean(pool.iter().map(|set| sums.sets[*set][score]));
                sums.sets.push(std::array::from_fn(mean));
            }
        }
    }

    fn corrupted<W: Copy + Into<f64>>(&self, weights: &[W], sums: &mut ShiftSums) {
        let facts = &self.facts;
        self.pairs.fold(weights, &mut sums.pairs);
        if sums.corruptions.is_empty() {
            sums.corruptions.clone_from(&self.corruptions);
            sums.factors.clone_from(&self.factors);
        }
        (sums.weight, sums.clean) = (0.0, 0.0);
        sums.classes.clear();
        sums.classes.resize(facts.classes.len(), [0.0; 3]);
        sums.groups.clear();
        sums.groups.extend(facts.attributes.iter().map(|attribute| vec![[0.0; 2]; attribute.groups.len()]));
        for (row, (weight, (clean, right))) in weights.iter().zip(&self.right).enumerate() {
            let weight: f64 = (*weight).into();
            let clean = if *clean { weight } else { 0.0 };
            sums.weight += weight;
            sums.clean += clean;
            let class = &mut sums.classes[usize::from(facts.labels[row])];
            class[0] += weight;
            class[1] += clean;
            class[2] += weight * right;
            for (attribute, groups) in facts.attributes.iter().zip(&mut sums.groups) {
                if let Some(group) =
                    usize::try_from(attribute.codes[row]).ok().and_then(|code| groups.get_mut(code))
                {
                    group[0] += weight;
                    group[1] += weight * right;
                }
            }
        }
    }
}
