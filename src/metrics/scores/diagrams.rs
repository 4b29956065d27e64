//! What confidences say, as people draw it: reliability diagrams, and risk against coverage.

use super::{Bin, Scores};
use crate::evidence::{Evidence, UNION};
use crate::measure::AttackKey;

/// Steps of coverage in a [`Diagram`].
pub const COVERAGES: u32 = 50;

/// The confidences of one model, on the unchanged rows or under attack.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagram {
    /// The attack at whose first success on each row they are, or where it had none at its point of largest loss, so that what is right is what
    /// stands; `None` for the unchanged rows.
    pub attack: Option<AttackKey>,
    /// Why they may not be stated, where that is so.
    pub withheld: Option<String>,
    /// 15 bins of equal width, those of `ece_15` and `ece_15_first_success`; weights count rows.
    pub bins: Vec<Bin>,
    /// The share wrong among the most confident k / [`COVERAGES`] of the rows, k from 1 on; rows of one confidence count as wrong in the share in which
    /// they are wrong together (Geifman and El-Yaniv 2017).
    pub risks: Vec<f64>,
}

/// The diagrams of the unchanged rows and of the union of all attacks as `attack` names it, as far as the model states probabilities there.
#[must_use]
pub fn diagrams(evidence: &Evidence, attack: &AttackKey) -> Vec<Diagram> {
    let clean = Scores::of_clean(evidence).map(|scores| (None, None, scores));
    let of_attack = |facts: &&crate::evidence::EvasionFacts| {
        facts.attack == UNION && AttackKey::new(&facts.protocol, facts.norm, facts.epsilon) == *attack
    };
    let attacked = evidence.evasion.iter().find(of_attack).and_then(|facts| {
        let scores = Scores::of_outputs(&facts.first_success, evidence, false)?;
        Some((Some(attack.clone()), evidence.withheld(), scores))
    });
    clean
        .into_iter()
        .chain(attacked)
        .map(|(attack, withheld, scores)| Diagram {
            attack,
            withheld,
            bins: scores.fold(&vec![[1.0]; scores.entries.len()])[0].bins.to_vec(),
            risks: scores.risks(),
        })
        .collect()
}

impl Scores {
    /// See [`Diagram::risks`].
    fn risks(&self) -> Vec<f64> {
        let total = self.entries.len();
        let stops: Vec<f64> =
            (1..=COVERAGES).map(|k| (f64::from(k) * total as f64 / f64::from(COVERAGES)).ceil()).collect();
        let mut risks = Vec::with_capacity(stops.len());
        let (mut rows, mut errors) = (0.0, 0.0);
        for tied in self.entries.chunk_by(|a, _| !a.ends_tie) {
            let wrong = tied.iter().filter(|entry| entry.wrong).count() as f64;
            let count = tied.len() as f64;
            while let Some(stop) = stops.get(risks.len()).filter(|stop| **stop <= rows + count) {
                risks.push((errors + wrong * (stop - rows) / count) / stop);
            }
            (rows, errors) = (rows + count, errors + wrong);
        }
        risks
    }
}
