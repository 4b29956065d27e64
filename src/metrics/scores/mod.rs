//! What a model's probabilities say row by row, and the sums that metrics of calibration and abstention are functions of.
//!
//! [`Scores`] sorts the rows by confidence once per model; a resample then costs one pass in that order, whatever the
//! number of metrics. Rows that tie in confidence count together, so that no value depends on the order of rows.

mod diagrams;
mod evasions;
mod ranks;
mod sums;
mod temperature;

pub use diagrams::{COVERAGES, Diagram, diagrams};
pub(super) use evasions::Evasions;
pub use evasions::{AbstentionCurve, AbstentionStep, Evaded, abstention_curves};
pub(super) use ranks::MOST_GROUPS;
pub(super) use ranks::Ranks;
pub use ranks::{GroupScores, Matched};
use sums::BINS;
pub use sums::{Bin, Sums};
pub use temperature::{TEMPERATURES, temperature};

use crate::evidence::{Evidence, Outputs, SplitFacts};

/// Probabilities of the true class below this are clipped in the negative log-likelihood (metrics sheet, 3.3).
pub const LEAST_PROBABILITY: f64 = 1e-12;

/// One row, in the order of confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    /// Largest probability.
    confidence: f64,
    /// −ln of the true class's probability, clipped.
    nll: f64,
    /// Squared distance between the probabilities and the truth, 0 to 2.
    brier: f64,
    /// Row number.
    row: u32,
    /// Equal-width bin of the confidence.
    bin: u8,
    /// The most probable class is not the true one.
    wrong: bool,
    /// The next row has another confidence.
    ends_tie: bool,
}

/// One row of one class, in the order of that class's probability.
#[derive(Debug, Clone, Copy, PartialEq)]
struct OfClass {
    probability: f64,
    row: u32,
    is_class: bool,
    bin: u8,
}

/// What a model's probabilities say of every row, prepared once.
#[derive(Debug, Clone)]
pub(super) struct Scores {
    /// The most confident first.
    entries: Vec<Entry>,
    /// Per class; empty where class-wise sums were not asked for.
    classes: Vec<Vec<OfClass>>,
    /// Whether the risk-coverage curve and the bins of equal mass are asked for.
    is_ordered: bool,
    /// Rows whose likelihood is clipped.
    clipped: usize,
    /// Per row: the probability of the positive class, where one is declared.
    positive: Option<Vec<f64>>,
}

/// The equal-width bin of a probability: closed at the left; the last one holds 1 too.
fn bin(probability: f64) -> u8 {
    ((probability * BINS as f64) as usize).min(BINS - 1) as u8
}

/// Probabilities of one row.
struct Row<'a> {
    probabilities: &'a [f64],
    label: usize,
    /// −ln of the label's probability, unclipped.
    nll: f64,
    /// The class decided for.
    prediction: usize,
}

impl Scores {
    /// From the unchanged rows: the probabilities that were stated, else those of the logits; `None` where there are neither.
    pub(super) fn of_clean(evidence: &Evidence) -> Option<Self> {
        match &evidence.probabilities {
            Some(stated) => Some(Self::of_probabilities(stated, &evidence.clean.predictions, evidence)),
            None => Self::of_outputs(&evidence.clean, evidence, true),
        }
    }

    /// From the logits of `outputs` over the model's temperature; `None` where there are none. What is asked of the unchanged rows alone, class by class and
    /// along the risk-coverage curve, is prepared where `whole`.
    pub(super) fn of_outputs(outputs: &Outputs, evidence: &Evidence, whole: bool) -> Option<Self> {
        let classes = evidence.facts.classes.len();
        if outputs.logits.len() != evidence.facts.len() * classes || evidence.facts.is_empty() {
            return None;
        }
        let temperature = evidence.temperature.unwrap_or(1.0);
        let mut builder = Builder::new(evidence, whole);
        let mut probabilities = vec![0.0; classes];
        for (row, logits) in outputs.logits.chunks_exact(classes).enumerate() {
            let scaled = |k: usize| f64::from(logits[k]) / temperature;
            let largest = (0..classes).map(scaled).fold(f64::NEG_INFINITY, f64::max);
            for (k, probability) in probabilities.iter_mut().enumerate() {
                *probability = libm::exp(scaled(k) - largest);
            }
            let total: f64 = probabilities.iter().sum();
            for probability in &mut probabilities {
                *probability /= total;
            }
            let label = usize::from(evidence.facts.labels[row]);
            builder.push(&Row {
                probabilities: &probabilities,
                label,
                nll: libm::log(total) - (scaled(label) - largest),
                prediction: usize::from(outputs.predictions[row]),
            });
        }
        Some(builder.finish())
    }

    fn of_probabilities(stated: &[f64], predictions: &[u16], evidence: &Evidence) -> Self {
        let classes = evidence.facts.classes.len();
        let mut builder = Builder::new(evidence, true);
        for (row, probabilities) in stated.chunks_exact(classes).enumerate() {
            let label = usize::from(evidence.facts.labels[row]);
            let nll = -libm::log(probabilities[label]);
            builder.push(&Row { probabilities, label, nll, prediction: usize::from(predictions[row]) });
        }
        builder.finish()
    }

    /// Rows whose likelihood is clipped at [`LEAST_PROBABILITY`].
    pub(super) fn clipped(&self) -> usize {
        self.clipped
    }

    /// How the positive class's probability falls on the groups, where a positive class is declared.
    pub(super) fn ranks(&self, facts: &SplitFacts) -> Option<Ranks> {
        Some(Ranks::new(self.positive.as_ref()?, facts.positive?, facts))
    }
}

struct Builder {
    entries: Vec<Entry>,
    classes: Vec<Vec<OfClass>>,
    clipped: usize,
    is_ordered: bool,
    positive: Option<(usize, Vec<f64>)>,
}

impl Builder {
    fn new(evidence: &Evidence, whole: bool) -> Self {
        let facts = &*evidence.facts;
        let rows = facts.len();
        let classes = if whole { facts.classes.len() } else { 0 };
        let positive = facts.positive.filter(|_| whole);
        Self {
            entries: Vec::with_capacity(rows),
            classes: vec![Vec::with_capacity(rows); classes],
            clipped: 0,
            is_ordered: whole,
            positive: positive.map(|class| (usize::from(class), Vec::with_capacity(rows))),
        }
    }

    fn push(&mut self, row: &Row<'_>) {
        let number = self.entries.len() as u32;
        let Row { probabilities, label, nll, prediction } = *row;
        let confidence = probabilities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Where several classes are most probable, or a threshold decided otherwise: the decision if it is one of them.
        let said = if probabilities[prediction].to_bits() == confidence.to_bits() {
            prediction
        } else {
            probabilities.iter().position(|p| p.to_bits() == confidence.to_bits()).unwrap_or(prediction)
        };
        let brier = probabilities.iter().enumerate().map(|(k, p)| {
            let off = p - if k == label { 1.0 } else { 0.0 };
            off * off
        });
        let most = -libm::log(LEAST_PROBABILITY);
        self.clipped += usize::from(nll > most);
        self.entries.push(Entry {
            confidence,
            nll: nll.clamp(0.0, most),
            brier: brier.sum(),
            row: number,
            bin: bin(confidence),
            wrong: said != label,
            ends_tie: true,
        });
        if let Some((class, scores)) = &mut self.positive {
            scores.push(probabilities[*class]);
        }
        for (k, class) in self.classes.iter_mut().enumerate() {
            let (probability, is_class) = (probabilities[k], k == label);
            class.push(OfClass { probability, row: number, is_class, bin: bin(probability) });
        }
    }

    fn finish(mut self) -> Scores {
        // Ties are told apart by everything that is summed, so that no sum depends on the order of rows.
        self.entries.sort_by(|a, b| {
            let ties = || a.nll.total_cmp(&b.nll).then(a.brier.total_cmp(&b.brier));
            b.confidence.total_cmp(&a.confidence).then(a.wrong.cmp(&b.wrong)).then_with(ties)
        });
        for i in 1..self.entries.len() {
            let same = self.entries[i - 1].confidence.to_bits() == self.entries[i].confidence.to_bits();
            self.entries[i - 1].ends_tie = !same;
        }
        for class in &mut self.classes {
            class.sort_by(|a, b| a.probability.total_cmp(&b.probability).then(a.is_class.cmp(&b.is_class)));
        }
        let Self { entries, classes, clipped, is_ordered, positive } = self;
        Scores { entries, classes, is_ordered, clipped, positive: positive.map(|(_, scores)| scores) }
    }
}
