//! Losses of a pair: the logits at a clean row and at a point near it.
//!
//! With `p` the class probabilities at the clean row and `q` those at the point,
//!
//! ```text
//! KL(p ‖ q) = Σ_k p_k (ln p_k − ln q_k),   d KL / d z'_k = q_k − p_k,   d KL / d z_k = p_k (ln p_k − ln q_k − KL)
//! ```
//!
//! where `z` are the logits of `p` and `z'` those of `q`.

use super::{PerLane, clear_unused};
use crate::models::{Block, LANES};
use crate::numeric::{exp, ln};
use crate::simd::vectorized;

/// How far MART's margin term stays away from the logarithm of 0 (Wang et al. 2020, published code).
const MART_MARGIN: f32 = 1.0001;

/// The logarithms of the class probabilities, per row: `log_probabilities` has the shape of `logits`.
pub fn log_softmax(logits: &Block, log_probabilities: &mut Block) {
    vectorized(
        #[inline(always)]
        || log_probabilities_of(logits, log_probabilities),
    );
}

/// What an attack on the divergence climbs: `KL(p ‖ q)` and its gradient with respect to the logits of `q`.
///
/// * `log_p`: logarithms of the clean rows' class probabilities, (classes, rows), held fixed.
/// * `logits`: of the points, same shape.
/// * `values`: the divergence per row; unspecified in lanes without a row.
/// * `d_logits`: same shape as `logits`; 0 in lanes without a row.
pub fn climb_divergence(log_p: &Block, logits: &Block, values: &mut PerLane, d_logits: &mut Block) {
    vectorized(
        #[inline(always)]
        || {
            log_probabilities_of(logits, d_logits);
            *values = [0.0; LANES];
            for (p, q) in log_p.data().chunks_exact(LANES).zip(d_logits.data_mut().chunks_exact_mut(LANES)) {
                for ((value, p), q) in values.iter_mut().zip(p).zip(q) {
                    let share = exp(*p);
                    *value += share * (*p - *q);
                    *q = exp(*q) - share;
                }
            }
        },
    );
    clear_unused(d_logits);
}

/// A pair of logits and what is to be filled for it.
#[derive(Debug)]
pub struct Pair<'a> {
    /// Logits at the clean rows, (classes, rows).
    pub clean: &'a Block,
    /// Logits at the points, same shape.
    pub point: &'a Block,
    /// One true class per row.
    pub labels: &'a [u16],
    /// d loss / d clean logits, same shape; 0 in lanes without a row.
    pub d_clean: &'a mut Block,
    /// d loss / d logits at the points, same shape; 0 in lanes without a row.
    pub d_point: &'a mut Block,
}

impl Pair<'_> {
    /// The objective of TRADES (Zhang et al. 2019), `ce_weight · CE(p, y) + kl_weight · KL(p ‖ q)` per row, with its gradients.
    pub fn trades(self, ce_weight: &PerLane, kl_weight: &PerLane, values: &mut PerLane) {
        let Self { clean, point, labels, d_clean, d_point } = self;
        vectorized(
            #[inline(always)]
            || {
                let kl = kullback_leibler(clean, point, d_clean, d_point);
                *values = kl;
                for (value, weight) in values.iter_mut().zip(kl_weight) {
                    *value *= weight;
                }
                for (class, (p, q)) in d_clean
                    .data_mut()
                    .chunks_exact_mut(LANES)
                    .zip(d_point.data_mut().chunks_exact_mut(LANES))
                    .enumerate()
                {
                    for lane in 0..LANES {
                        let (log_p, log_q) = (p[lane], q[lane]);
                        let (share, share_q) = (exp(log_p), exp(log_q));
                        let own = labels.get(lane).is_some_and(|label| usize::from(*label) == class);
                        let (target, loss) = if own { (1.0, -log_p) } else { (0.0, 0.0) };
                        values[lane] += ce_weight[lane] * loss;
                        p[lane] = ce_weight[lane] * (share - target)
                            + kl_weight[lane] * share * (log_p - log_q - kl[lane]);
                        q[lane] = kl_weight[lane] * (share_q - share);
                    }
                }
            },
        );
        clear_unused(d_clean);
        clear_unused(d_point);
    }

    /// The objective of MART (Wang et al. 2020) per row, with its gradients, `m` being the likeliest wrong class at the point:
    ///
    /// ```text
    /// −ln q_y − ln(1.0001 − q_m) + β (1 − p_y) KL(p ‖ q)
    /// ```
    pub fn mart(self, beta: f32, values: &mut PerLane) {
        let Self { clean, point, labels, d_clean, d_point } = self;
        vectorized(
            #[inline(always)]
            || {
                let kl = kullback_leibler(clean, point, d_clean, d_point);
                let (mut own_p, mut own_q) = ([0.0_f32; LANES], [0.0_f32; LANES]);
                let mut rival = [f32::NEG_INFINITY; LANES];
                let mut rivals = [usize::MAX; LANES];
                for (class, (p, q)) in
                    d_clean.data().chunks_exact(LANES).zip(d_point.data().chunks_exact(LANES)).enumerate()
                {
                    for lane in 0..clean.rows() {
                        if usize::from(labels[lane]) == class {
                            (own_p[lane], own_q[lane]) = (p[lane], q[lane]);
                        } else if q[lane] > rival[lane] {
                            (rival[lane], rivals[lane]) = (q[lane], class);
                        }
                    }
                }
                for lane in 0..clean.rows() {
                    let share = exp(rival[lane]);
                    // What the margin term's gradient has in common over the classes.
                    rival[lane] = share / (MART_MARGIN - share);
                    values[lane] =
                        -own_q[lane] - ln(MART_MARGIN - share) + beta * (1.0 - exp(own_p[lane])) * kl[lane];
                }
                for (class, (p, q)) in d_clean
                    .data_mut()
                    .chunks_exact_mut(LANES)
                    .zip(d_point.data_mut().chunks_exact_mut(LANES))
                    .enumerate()
                {
                    for lane in 0..clean.rows() {
                        let (log_p, log_q) = (p[lane], q[lane]);
                        let (share, share_q, right) = (exp(log_p), exp(log_q), exp(own_p[lane]));
                        let is_own = if usize::from(labels[lane]) == class { 1.0 } else { 0.0 };
                        let is_rival = if rivals[lane] == class { 1.0 } else { 0.0 };
                        let wrong = beta * (1.0 - right);
                        p[lane] = wrong * share * (log_p - log_q - kl[lane])
                            - beta * kl[lane] * right * (is_own - share);
                        q[lane] = (share_q - is_own)
                            + rival[lane] * (is_rival - share_q)
                            + wrong * (share_q - share);
                    }
                }
            },
        );
        clear_unused(d_clean);
        clear_unused(d_point);
    }
}

/// Fills both blocks with logarithms of probabilities and returns the divergence per lane.
#[inline(always)]
fn kullback_leibler(clean: &Block, point: &Block, log_p: &mut Block, log_q: &mut Block) -> PerLane {
    log_probabilities_of(clean, log_p);
    log_probabilities_of(point, log_q);
    let mut kl = [0.0; LANES];
    for (p, q) in log_p.data().chunks_exact(LANES).zip(log_q.data().chunks_exact(LANES)) {
        for ((kl, p), q) in kl.iter_mut().zip(p).zip(q) {
            *kl += exp(*p) * (*p - *q);
        }
    }
    kl
}

#[inline(always)]
fn log_probabilities_of(logits: &Block, to: &mut Block) {
    to.set_rows(logits.rows());
    let mut largest = [f32::NEG_INFINITY; LANES];
    for class in logits.data().chunks_exact(LANES) {
        for (best, &z) in largest.iter_mut().zip(class) {
            *best = if z > *best { z } else { *best };
        }
    }
    let mut sums = [0.0; LANES];
    for class in logits.data().chunks_exact(LANES) {
        for ((sum, z), top) in sums.iter_mut().zip(class).zip(&largest) {
            *sum += exp(*z - top);
        }
    }
    for (sum, top) in sums.iter_mut().zip(&largest) {
        *sum = ln(*sum) + top;
    }
    for (to, class) in to.data_mut().chunks_exact_mut(LANES).zip(logits.data().chunks_exact(LANES)) {
        for ((to, z), sum) in to.iter_mut().zip(class).zip(&sums) {
            *to = z - sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formulas in double precision, for one row.
    fn log_softmax_f64(z: &[f64]) -> Vec<f64> {
        let sum: f64 = z.iter().map(|z| libm::exp(*z)).sum();
        z.iter().map(|z| z - libm::log(sum)).collect()
    }

    fn divergence_f64(z: &[f64], at: &[f64]) -> f64 {
        let (p, q) = (log_softmax_f64(z), log_softmax_f64(at));
        p.iter().zip(&q).map(|(p, q)| libm::exp(*p) * (p - q)).sum()
    }

    fn trades_f64(z: &[f64], at: &[f64], label: usize) -> f64 {
        -0.75 * log_softmax_f64(z)[label] + 6.0 * divergence_f64(z, at)
    }

    fn mart_f64(z: &[f64], at: &[f64], label: usize) -> f64 {
        let (p, q) = (log_softmax_f64(z), log_softmax_f64(at));
        let rival = (0..q.len()).filter(|k| *k != label).map(|k| libm::exp(q[k])).fold(0.0, f64::max);
        -q[label] - libm::log(1.0001 - rival) + 5.0 * (1.0 - libm::exp(p[label])) * divergence_f64(z, at)
    }

    /// A central difference of `of` along every number of `at`.
    fn slopes(at: &[f64], of: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        (0..at.len())
            .map(|k| {
                let moved = |h: f64| {
                    let mut at = at.to_vec();
                    at[k] += h;
                    of(&at)
                };
                (moved(1e-5) - moved(-1e-5)) / 2e-5
            })
            .collect()
    }

    type Formula = fn(&[f64], &[f64], usize) -> f64;

    const CASES: [([f64; 3], [f64; 3], u16); 4] = [
        ([0.3, -1.2, 0.7], [0.1, -0.2, 0.9], 0),
        ([2.0, 1.0, -1.0], [-2.0, 1.5, 1.0], 1),
        ([-0.4, 0.9, 0.0], [-0.4, 0.9, 0.0], 1),
        ([5.0, -3.0, 4.0], [1.0, 0.0, 2.5], 2),
    ];

    fn block(rows: &[[f64; 3]]) -> Block {
        let rows: Vec<Vec<f32>> = rows.iter().map(|row| row.iter().map(|z| *z as f32).collect()).collect();
        let mut block = Block::new(3);
        block.gather(rows.iter().map(Vec::as_slice));
        block
    }

    fn check(found: &Block, lane: usize, expected: &[f64], what: &str) {
        for (class, expected) in expected.iter().enumerate() {
            let found = f64::from(found.get(class, lane));
            assert!(
                (found - expected).abs() < 2e-5 * expected.abs().max(1.0),
                "{what}, row {lane}, class {class}: {found} {expected}"
            );
        }
    }

    #[test]
    fn objectives_of_pairs_and_their_gradients_are_those_of_their_formulas() {
        let clean = block(&CASES.map(|(z, _, _)| z));
        let point = block(&CASES.map(|(_, at, _)| at));
        let labels = CASES.map(|(_, _, label)| label);
        let formulas: [(&str, Formula); 2] = [("trades", trades_f64), ("mart", mart_f64)];
        for (name, formula) in formulas {
            let (mut d_clean, mut d_point, mut values) = (Block::new(3), Block::new(3), [0.0; LANES]);
            let pair = Pair {
                clean: &clean,
                point: &point,
                labels: &labels,
                d_clean: &mut d_clean,
                d_point: &mut d_point,
            };
            match name {
                "trades" => pair.trades(&[0.75; LANES], &[6.0; LANES], &mut values),
                _ => pair.mart(5.0, &mut values),
            }
            for (lane, (z, at, label)) in CASES.iter().enumerate() {
                let label = usize::from(*label);
                let expected = formula(z, at, label);
                let value = f64::from(values[lane]);
                assert!(
                    (value - expected).abs() < 1e-5 * expected.abs().max(1.0),
                    "{name}: {value} {expected}"
                );
                check(&d_clean, lane, &slopes(z, |z| formula(z, at, label)), name);
                check(&d_point, lane, &slopes(at, |at| formula(z, at, label)), name);
            }
            assert!(d_clean.feature(0)[4..].iter().chain(&d_point.feature(2)[4..]).all(|d| d.to_bits() == 0));
        }
    }

    #[test]
    fn the_divergence_that_attacks_climb_has_its_formulas_gradient() {
        let (clean, point) = (block(&CASES.map(|(z, _, _)| z)), block(&CASES.map(|(_, at, _)| at)));
        let (mut log_p, mut d, mut values) = (Block::new(3), Block::new(3), [0.0; LANES]);
        log_softmax(&clean, &mut log_p);
        climb_divergence(&log_p, &point, &mut values, &mut d);
        for (lane, (z, at, _)) in CASES.iter().enumerate() {
            assert!((f64::from(values[lane]) - divergence_f64(z, at)).abs() < 1e-5);
            check(&d, lane, &slopes(at, |at| divergence_f64(z, at)), "divergence");
        }
    }

    #[test]
    fn a_logit_that_is_no_number_gives_a_loss_that_is_none() {
        let (clean, point) = (block(&[[f64::NAN, 0.0, 1.0]]), block(&[[0.0, 1.0, 2.0]]));
        for (clean, point) in [(&clean, &point), (&point, &clean)] {
            let (mut d_clean, mut d_point, mut values) = (Block::new(3), Block::new(3), [0.0; LANES]);
            let pair = Pair { clean, point, labels: &[1], d_clean: &mut d_clean, d_point: &mut d_point };
            pair.trades(&[1.0; LANES], &[1.0; LANES], &mut values);
            assert!(values[0].is_nan());
        }
    }
}
