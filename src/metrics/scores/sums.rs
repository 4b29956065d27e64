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

    fn along_the_curve<W: Copy + Into<f64>, const L: usize>(&self, weights: &[[W; L]], all: &mut [Sums; L]) {
        let mut curves: [Curve; L] = std::array::from_fn(|lane| Curve::new(all[lane].weight));
        for tied in self.entries.chunk_by(|a, _| !a.ends_tie) {
            let mut blocks = [Bin::default(); L];
            for entry in tied {
                let right = if entry.wrong { 0.0 } else { 1.0 };
                for (block, weight) in blocks.iter_mut().zip(weights[entry.row as usize]) {
                    let weight: f64 = weight.into();
                    block.weight += weight;
                    block.right += weight * right;
                    block.confidence += weight * entry.confidence;
                }
            }
            for ((block, curve), sums) in blocks.iter().zip(&mut curves).zip(all.iter_mut()) {
                if block.weight > 0.0 {
                    curve.pass(block.weight, block.weight - block.right);
                    // Bins of equal mass are numbered from the least confident row.
                    let below = sums.weight - curve.rows;
                    let bin = ((below * BINS as f64 / sums.weight) as usize).min(BINS - 1);
                    let bin = &mut sums.mass[bin];
                    bin.weight += block.weight;
                    bin.right += block.right;
                    bin.confidence += block.confidence;
                }
            }
        }
        for (curve, sums) in curves.into_iter().zip(all) {
            sums.risks = curve.risks;
            sums.errors = curve.summed_errors;
            sums.misordered = curve.misordered;
            sums.within_risk = curve.within_risk;
            sums.risk_at_coverage = curve.risk_at_coverage;
        }
    }
}

/// The risk-coverage curve, walked from the most confident rows on.
struct Curve {
    /// Rows passed.
    rows: f64,
    /// Wrong ones among them.
    errors: f64,
    risks: f64,
    summed_errors: f64,
    misordered: f64,
    within_risk: f64,
    risk_at_coverage: f64,
    /// The number of rows at which the risk is stated.
    stop: f64,
}

impl Curve {
    fn new(total: f64) -> Self {
        Self {
            rows: 0.0,
            errors: 0.0,
            risks: 0.0,
            summed_errors: 0.0,
            misordered: 0.0,
            within_risk: 0.0,
            risk_at_coverage: 0.0,
            stop: (COVERED * total / PARTS).ceil(),
        }
    }

    /// Passes `weight` rows of one confidence, `wrong` of which are wrong: each counts as wrong in that share, so that their
    /// order does not matter. `Σ_{j=1..w} (e + j s) / (k + j) = s w + (e − s k) (H(k + w) − H(k))` for the share `s`.
    fn pass(&mut self, weight: f64, wrong: f64) {
        let share = wrong / weight;
        let (before, errors_before) = (self.rows, self.errors);
        self.rows += weight;
        self.errors += wrong;
        self.risks += wrong;
        let excess = errors_before - share * before;
        if excess != 0.0 {
            self.risks += excess * harmonic_span(before, weight);
        }
        self.summed_errors += weight * errors_before + share * 0.5 * weight * (weight + 1.0);
        self.misordered += (weight - wrong) * (errors_before + 0.5 * wrong);
        if ONE_WRONG_IN * self.errors <= self.rows {
            self.within_risk = self.rows;
        } else if ONE_WRONG_IN * errors_before <= before {
            // The risk rises through the block: so many of its rows still fit.
            let room = (before - ONE_WRONG_IN * errors_before) / (ONE_WRONG_IN * share - 1.0);
            self.within_risk = before + room.floor();
        }
        if before < self.stop && self.rows >= self.stop {
            let inside = self.stop - before;
            self.risk_at_coverage = (errors_before + share * inside) / self.stop;
        }
    }
}
