//! A model that abstains below a confidence, under attack: what is accepted and wrong, and what is refused.

use super::Scores;

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
