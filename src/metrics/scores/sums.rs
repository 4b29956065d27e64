//! One pass over the rows in the order of confidence.

use super::Scores;
use crate::numeric::harmonic_span;

/// Bins of the expected calibration error (metrics sheet, 3.3).
pub(super) const BINS: usize = 15;
/// Coverage is stated at a risk of one wrong row in so many.
const ONE_WRONG_IN: f64 = 20.0;
/// Risk is stated for so many of [`PARTS`] of the rows.
const COVERED: f64 = 4.0;
/// See [`COVERED`].
const PARTS: f64 = 5.0;

/// The rows of one bin of confidences.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bin {
    /// Weight of the rows.
    pub weight: f64,
    /// Weight of those whose most probable class is right.
    pub right: f64,
    /// Sum of their confidences.
    pub confidence: f64,
    /// Sum of `c (1 − c)`, the variance of the truth if the confidence `c` is right.
    pub doubt: f64,
}

impl Bin {
    /// Weight times the distance between accuracy and mean confidence.
    fn off(&self) -> f64 {
        (self.right - self.confidence).abs()
    }
}

/// What metrics of calibration and abstention are functions of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums {
    /// Weight of all rows.
    pub weight: f64,
    /// Weight of the rows whose most probable class is wrong.
    pub wrong: f64,
    /// Equal-width bins.
    pub bins: [Bin; BINS],
    /// Bins of equally many rows; tied rows stay together.
    pub mass: [Bin; BINS],
    /// Class by class: the sum over equal-width bins of |rows of the class − sum of its probabilities|.
    pub classes: Vec<f64>,
    /// Sum of the negative log-likelihoods.
    pub nll: f64,
    /// Sum of the Brier scores, 0 to 2 each.
    pub brier: f64,
    /// Sum of the confidences where wrong.
    pub confidence_wrong: f64,
    /// Sum of `1 − confidence` where right.
    pub doubt_right: f64,
    /// Sum over k of the share wrong among the k most confident rows.
    pub risks: f64,
    /// Sum over k of the number wrong among the k most confident rows.
    pub errors: f64,
    /// Weighted pairs (right, wrong) in which the right row is not the more confident one; ties count one half.
    pub misordered: f64,
    /// The most rows among which at most 5 % are wrong.
    pub within_risk: f64,
    /// Share wrong among the most confident 80 %.
    pub risk_at_coverage: f64,
}

impl Sums {
    /// The distance between accuracy and confidence, averaged over `bins`.
    #[must_use]
    pub fn calibration_error(&self, bins: &[Bin]) -> f64 {
        bins.iter().map(Bin::off).sum::<f64>() / self.weight
    }

    /// The largest distance between accuracy and confidence in any bin that has rows.
    #[must_use]
    pub fn largest_error(&self) -> f64 {
        let filled = self.bins.iter().filter(|bin| bin.weight > 0.0);
        filled.map(|bin| bin.off() / bin.weight).fold(0.0, f64::max)
    }

    /// What [`calibration_error`](Self::calibration_error) of the equal-width bins is expected to be if every confidence is right.
    #[must_use]
    pub fn null_error(&self) -> f64 {
        let filled = self.bins.iter().filter(|bin| bin.weight > 0.0);
        // (n_b/n) √(2 v_b / (π n_b)) with v_b = doubt/n_b.
        filled.map(|bin| (2.0 * bin.doubt / std::f64::consts::PI).sqrt()).sum::<f64>() / self.weight
    }

    /// The area under the risk-coverage curve if all wrong rows were the least confident ones.
    #[must_use]
    pub fn oracle_risks(&self) -> f64 {
        let right = self.weight - self.wrong;
        (self.wrong - right * harmonic_span(right, self.wrong)).max(0.0)
    }
}

/// Sums that need no order, lane by lane.
#[derive(Clone, Copy)]
struct Plain<const L: usize> {
    weight: [f64; L],
    right: [f64; L],
    confidence: [f64; L],
    doubt: [f64; L],
    nll: [f64; L],
    brier: [f64; L],
    confidence_wrong: [f64; L],
}

impl<const L: usize> Plain<L> {
    const NOTHING: Self = Self {
        weight: [0.0; L],
        right: [0.0; L],
        confidence: [0.0; L],
        doubt: [0.0; L],
        nll: [0.0; L],
        brier: [0.0; L],
        confidence_wrong: [0.0; L],
    };
}

impl Scores {
    /// The sums when row `i` counts `weights[i]` times, lane by lane. What lies along the risk-coverage curve is left at 0 unless the scores were
    /// prepared for it.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    pub(in crate::metrics) fn fold<W: Copy + Into<f64>, const L: usize>(
        &self,
        weights: &[[W; L]],
    ) -> [Sums; L] {
        let mut bins = [Plain::<L>::NOTHING; BINS];
        // Rows of one bin stand together, so its sums stay in registers.
        for entries in self.entries.chunk_by(|a, b| a.bin == b.bin) {
            let mut sums = Plain::<L>::NOTHING;
            for entry in entries {
                let row = &weights[entry.row as usize];
                let right = if entry.wrong { 0.0 } else { 1.0 };
                let doubt = entry.confidence * (1.0 - entry.confidence);
                let confidence_wrong = if entry.wrong { entry.confidence } else { 0.0 };
                #[allow(clippy::needless_range_loop, reason = "seven sums in lockstep")]
                for lane in 0..L {
                    let weight: f64 = row[lane].into();
                    sums.weight[lane] += weight;
                    sums.right[lane] += weight * right;
                    sums.confidence[lane] += weight * entry.confidence;
                    sums.doubt[lane] += weight * doubt;
                    sums.nll[lane] += weight * entry.nll;
                    sums.brier[lane] += weight * entry.brier;
                    sums.confidence_wrong[lane] += weight * confidence_wrong;
                }
            }
            bins[usize::from(entries[0].bin)] = sums;
        }
        let mut all: [Sums; L] = std::array::from_fn(|lane| {
            let total = |of: fn(&Plain<L>) -> &[f64; L]| bins.iter().map(|bin| of(bin)[lane]).sum::<f64>();
            let weight = total(|bin| &bin.weight);
            let right = total(|bin| &bin.right);
            let confidence_wrong = total(|bin| &bin.confidence_wrong);
            Sums {
                weight,
                wrong: weight - right,
                bins: bins.map(|bin| Bin {
                    weight: bin.weight[lane],
                    right: bin.right[lane],
                    confidence: bin.confidence[lane],
                    doubt: bin.doubt[lane],
                }),
                nll: total(|bin| &bin.nll),
                brier: total(|bin| &bin.brier),
                confidence_wrong,
                doubt_right: right - (total(|bin| &bin.confidence) - confidence_wrong),
                ..Sums::default()
            }
        });
        self.by_class(weights, &mut all);
        if self.is_ordered {
            self.along_the_curve(weights, &mut all);
        }
        all
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    fn by_class<W: Copy + Into<f64>, const L: usize>(&self, weights: &[[W; L]], all: &mut [Sums; L]) {
        for rows in &self.classes {
            let mut off = [[0.0; L]; BINS];
            for row in rows {
                let truth = if row.is_class { 1.0 } else { 0.0 };
                let off = &mut off[usize::from(row.bin)];
                let weights = &weights[row.row as usize];
                for lane in 0..L {
                    let weight: f64 = weights[lane].into();
                    off[lane] += weight * (truth - row.probability);
                }
            }
            for (lane, sums) in all.iter_mut().enumerate() {
                sums.classes.push(off.iter().map(|off| off[lane].abs()).sum());
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    fn along_the_curve<W: Copy + Into<f64>, const L: usize>(&self, weights: &[[W; L]], all: &mut [Sums; L]) {
        let totals: [f64; L] = std::array::from_fn(|lane| all[lane].weight);
        let mut curves = Curves::new(totals);
        let mut mass = [Block::<L>::NOTHING; BINS];
        for tied in self.entries.chunk_by(|a, _| !a.ends_tie) {
            let mut block = Block::<L>::NOTHING;
            for entry in tied {
                let wrong = if entry.wrong { 1.0 } else { 0.0 };
                let row = &weights[entry.row as usize];
                #[allow(clippy::needless_range_loop, reason = "three sums in lockstep")]
                for lane in 0..L {
                    let weight: f64 = row[lane].into();
                    block.weight[lane] += weight;
                    block.wrong[lane] += weight * wrong;
                    block.confidence[lane] += weight * entry.confidence;
                }
            }
            curves.pass(&block.weight, &block.wrong);
            // Bins of equal mass are numbered from the least confident row.
            let mut bins = [0.0; L];
            for lane in 0..L {
                bins[lane] = (totals[lane] - curves.rows[lane]) * BINS as f64 / totals[lane];
            }
            for lane in 0..L {
                let bin = &mut mass[(bins[lane] as usize).min(BINS - 1)];
                bin.weight[lane] += block.weight[lane];
                bin.wrong[lane] += block.wrong[lane];
                bin.confidence[lane] += block.confidence[lane];
            }
        }
        for (lane, sums) in all.iter_mut().enumerate() {
            sums.mass = mass.each_ref().map(|bin| Bin {
                weight: bin.weight[lane],
                right: bin.weight[lane] - bin.wrong[lane],
                confidence: bin.confidence[lane],
                doubt: 0.0,
            });
            sums.risks = curves.risks[lane];
            sums.errors = curves.summed_errors[lane];
            sums.misordered = curves.misordered[lane];
            sums.within_risk = curves.within_risk[lane];
            sums.risk_at_coverage = curves.risk_at_coverage[lane];
        }
    }
}

/// Rows of one confidence, or of one bin of equal mass, lane by lane.
#[derive(Clone, Copy)]
struct Block<const L: usize> {
    weight: [f64; L],
    wrong: [f64; L],
    confidence: [f64; L],
}

impl<const L: usize> Block<L> {
    const NOTHING: Self = Self { weight: [0.0; L], wrong: [0.0; L], confidence: [0.0; L] };
}

/// The risk-coverage curve, walked from the most confident rows on, lane by lane.
struct Curves<const L: usize> {
    /// Rows passed.
    rows: [f64; L],
    /// Wrong ones among them.
    errors: [f64; L],
    risks: [f64; L],
    summed_errors: [f64; L],
    misordered: [f64; L],
    within_risk: [f64; L],
    risk_at_coverage: [f64; L],
    /// The number of rows at which the risk is stated.
    stop: [f64; L],
}

impl<const L: usize> Curves<L> {
    fn new(totals: [f64; L]) -> Self {
        let nothing = [0.0; L];
        Self {
            rows: nothing,
            errors: nothing,
            risks: nothing,
            summed_errors: nothing,
            misordered: nothing,
            within_risk: nothing,
            risk_at_coverage: nothing,
            stop: totals.map(|total| (COVERED * total / PARTS).ceil()),
        }
    }

    /// Passes `weight` rows of one confidence, `wrong` of which are wrong: each counts as wrong in that share, so that their
    /// order does not matter. `Σ_{j=1..w} (e + j s) / (k + j) = s w + (e − s k) (H(k + w) − H(k))` for the share `s`.
    /// A lane without rows stays as it is.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    fn pass(&mut self, weight: &[f64; L], wrong: &[f64; L]) {
        let spans = harmonic_spans(&self.rows, weight);
        for lane in 0..L {
            let (weight, wrong) = (weight[lane], wrong[lane]);
            let share = if weight > 0.0 { wrong / weight } else { 0.0 };
            let (before, errors_before) = (self.rows[lane], self.errors[lane]);
            let (rows, errors) = (before + weight, errors_before + wrong);
            self.rows[lane] = rows;
            self.errors[lane] = errors;
            self.risks[lane] += wrong + (errors_before - share * before) * spans[lane];
            self.summed_errors[lane] += weight * errors_before + share * 0.5 * weight * (weight + 1.0);
            self.misordered[lane] += (weight - wrong) * (errors_before + 0.5 * wrong);
            // Where the risk rises through the block, so many of its rows still fit.
            let room =
                before + ((before - ONE_WRONG_IN * errors_before) / (ONE_WRONG_IN * share - 1.0)).floor();
            let was_within = ONE_WRONG_IN * errors_before <= before;
            let kept = if was_within { room } else { self.within_risk[lane] };
            self.within_risk[lane] = if ONE_WRONG_IN * errors <= rows { rows } else { kept };
            let inside = self.stop[lane] - before;
            let risk = (errors_before + share * inside) / self.stop[lane];
            let is_here = before < self.stop[lane] && rows >= self.stop[lane];
            self.risk_at_coverage[lane] = if is_here { risk } else { self.risk_at_coverage[lane] };
        }
    }
}

/// Spans of at most so many terms are summed for all lanes together.
const FEW: f64 = 8.0;

/// [`harmonic_span`] lane by lane, with the same bytes.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
fn harmonic_spans<const L: usize>(starts: &[f64; L], counts: &[f64; L]) -> [f64; L] {
    let mut most = 0.0;
    let mut are_whole = true;
    for count in counts {
        most = if *count > most { *count } else { most };
        are_whole &= count.fract() <= 0.0;
    }
    if !are_whole || most > FEW {
        return std::array::from_fn(|lane| harmonic_span(starts[lane], counts[lane]));
    }
    let mut spans = [0.0; L];
    for j in 1..=most as u32 {
        let j = f64::from(j);
        for lane in 0..L {
            spans[lane] += if j <= counts[lane] { 1.0 / (starts[lane] + j) } else { 0.0 };
        }
    }
    spans
}
