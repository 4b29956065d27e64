//! A model that abstains below a confidence, under attack: what is accepted and wrong, and what is refused.

use super::Scores;
use crate::evidence::{Evidence, UNION};
use crate::measure::AttackKey;

/// The shares of unchanged rows that are accepted at the thresholds in question.
const COVERAGES: [f64; 2] = [0.80, 0.95];

/// The confidences of one model under one attack.
#[derive(Debug, Clone)]
pub(in crate::metrics) struct Evasions {
    /// By row: largest confidence of a wrong answer at any point known, −∞ where there is none, and least confidence at any.
    rows: Vec<(f64, f64)>,
}

/// Weights at each of the thresholds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Evaded {
    /// Weight of all rows.
    pub weight: f64,
    /// Rows that are wrong and accepted at some point known.
    pub confident: [f64; COVERAGES.len()],
    /// Rows that are refused at some point known.
    pub refused: [f64; COVERAGES.len()],
}

impl Scores {
    /// Lane by lane: the confidences that the shares in question of the unchanged rows reach.
    pub(in crate::metrics) fn thresholds<W: Copy + Into<f64>, const L: usize>(
        &self,
        weights: &[[W; L]],
    ) -> [[f64; COVERAGES.len()]; L] {
        let mut totals = [0.0; L];
        for row in weights {
            for lane in 0..L {
                totals[lane] += row[lane].into();
            }
        }
        let mut thresholds = [[f64::NEG_INFINITY; COVERAGES.len()]; L];
        let mut accepted = [0.0; L];
        for entry in &self.entries {
            let row = &weights[entry.row as usize];
            for lane in 0..L {
                let before = accepted[lane];
                accepted[lane] += row[lane].into();
                for (threshold, coverage) in thresholds[lane].iter_mut().zip(COVERAGES) {
                    let wanted = coverage * totals[lane];
                    if before < wanted && accepted[lane] >= wanted {
                        *threshold = entry.confidence;
                    }
                }
            }
        }
        thresholds
    }
}

impl Evasions {
    /// From the unchanged rows and the points that the attack kept.
    pub(in crate::metrics) fn new(points: [&Scores; 3]) -> Self {
        let mut rows = vec![(f64::NEG_INFINITY, f64::INFINITY); points[0].entries.len()];
        for entry in points.iter().flat_map(|scores| &scores.entries) {
            let (wrong, least) = &mut rows[entry.row as usize];
            *least = least.min(entry.confidence);
            if entry.wrong {
                *wrong = wrong.max(entry.confidence);
            }
        }
        Self { rows }
    }

    /// The weights when row `i` counts `weights[i]` times, lane by lane.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    pub(in crate::metrics) fn fold<W: Copy + Into<f64>, const L: usize>(
        &self,
        weights: &[[W; L]],
        thresholds: &[[f64; COVERAGES.len()]; L],
    ) -> [Evaded; L] {
        let mut total = [0.0; L];
        let mut confident = [[0.0; L]; COVERAGES.len()];
        let mut refused = [[0.0; L]; COVERAGES.len()];
        let at: [[f64; L]; COVERAGES.len()] =
            std::array::from_fn(|place| std::array::from_fn(|lane| thresholds[lane][place]));
        for ((wrong, least), row) in self.rows.iter().zip(weights) {
            for lane in 0..L {
                let weight: f64 = row[lane].into();
                total[lane] += weight;
                for place in 0..COVERAGES.len() {
                    confident[place][lane] += if *wrong >= at[place][lane] { weight } else { 0.0 };
                    refused[place][lane] += if *least < at[place][lane] { weight } else { 0.0 };
                }
            }
        }
        std::array::from_fn(|lane| Evaded {
            weight: total[lane],
            confident: confident.map(|lanes| lanes[lane]),
            refused: refused.map(|lanes| lanes[lane]),
        })
    }
}

/// Steps of an [`AbstentionCurve`].
const STEPS: u32 = 20;

/// What a model that abstains below a threshold does against one attack, from a threshold that accepts few of the unchanged rows to one that accepts all.
#[derive(Debug, Clone, PartialEq)]
pub struct AbstentionCurve {
    /// The union of all attacks at one radius.
    pub attack: AttackKey,
    /// Why the curve may not be stated, where that is so.
    pub withheld: Option<String>,
    /// Ascending in coverage.
    pub steps: Vec<AbstentionStep>,
}

/// One threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AbstentionStep {
    /// The share of unchanged rows that it is chosen to accept.
    pub coverage: f64,
    /// The confidence from which on an answer is accepted.
    pub threshold: f64,
    /// Share of rows that are wrong and accepted, unchanged or at a point that the attack kept; at least, as the attack looked for no more.
    pub confident_evasion: f64,
    /// Share of rows that are refused, unchanged or at a point that the attack kept; at least.
    pub forced_abstention: f64,
}

/// The curves of one model under the union of all attacks, one per radius, at coverages 0.05, 0.1 and so on to 1; none where it states no probabilities.
/// At coverages 0.8 and 0.95 they are the metrics `confident_evasion_80`, `forced_abstention_95` and so on.
#[must_use]
pub fn abstention_curves(evidence: &Evidence) -> Vec<AbstentionCurve> {
    let Some(clean) = Scores::of_clean(evidence) else { return Vec::new() };
    let n = clean.entries.len();
    let thresholds: Vec<(f64, f64)> = (1..=STEPS)
        .map(|step| {
            let coverage = f64::from(step) / f64::from(STEPS);
            let wanted = coverage * n as f64;
            let place = (0..n).find(|place| (place + 1) as f64 >= wanted).unwrap_or(n - 1);
            (coverage, clean.entries[place].confidence)
        })
        .collect();
    let unions = evidence.evasion.iter().filter(|facts| facts.attack == UNION);
    unions
        .filter_map(|facts| {
            let first = Scores::of_outputs(&facts.first_success, evidence, false)?;
            let worst = Scores::of_outputs(&facts.max_loss, evidence, false)?;
            let evasions = Evasions::new([&clean, &first, &worst]);
            let share = |holds: &dyn Fn(&(f64, f64)) -> bool| {
                evasions.rows.iter().filter(|row| holds(row)).count() as f64 / n as f64
            };
            let step = |(coverage, threshold): &(f64, f64)| AbstentionStep {
                coverage: *coverage,
                threshold: *threshold,
                confident_evasion: share(&|(wrong, _)| wrong >= threshold),
                forced_abstention: share(&|(_, least)| least < threshold),
            };
            Some(AbstentionCurve {
                attack: AttackKey::new(&facts.protocol, facts.norm, facts.epsilon),
                withheld: evidence.withheld(),
                steps: thresholds.iter().map(step).collect(),
            })
        })
        .collect()
}
