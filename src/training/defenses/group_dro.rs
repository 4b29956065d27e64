//! Group distributionally robust optimization (Sagawa et al. 2020, algorithm 1): the worst group's loss is minimized by weights `q` over the
//! groups that grow where a batch's loss is large; strength is their step size `η`.
//!
//! `q_g ← q_g exp(η ℓ_g)`, normalized, with `ℓ_g` the group's mean loss in the batch; then `Σ_g q_g ℓ_g` is descended. The weights begin even,
//! so that strength 0 weighs groups, not rows, alike: it is plain training only where groups are equally frequent in every batch. Rows
//! of no known group keep weight 1. The weights are kept as logarithms, so that no step size makes them overflow or vanish for good.

use super::groups::Groups;
use super::outer::Outer;
use super::{Batch, Defense, Points, Tally};
use crate::error::Result;
use crate::losses::Loss;
use crate::models::{Block, LANES, Network, Parameters};

/// Group DRO.
pub(super) struct GroupDro {
    points: Points,
    groups: Groups,
    /// Logarithms of `q` but for a common constant; the largest is 0.
    logs: Vec<f64>,
    /// What each group's rows are multiplied by in the batch at hand.
    factors: Vec<f64>,
    outer: Outer,
}

impl GroupDro {
    pub(super) fn new(points: Points, groups: Groups, classes: usize) -> Self {
        let count = groups.count();
        Self { points, logs: vec![0.0; count], factors: vec![1.0; count], groups, outer: Outer::new(classes) }
    }
}

impl Defense for GroupDro {
    fn place(&mut self, network: &mut dyn Network, batch: &Batch<'_>, x: &mut Block) -> Result<()> {
        self.points.place(network, batch, x)
    }

    fn weigh(&mut self, network: &mut dyn Network, batch: &Batch<'_>, points: &[Block]) {
        let mut sums = vec![(0.0, 0.0); self.groups.count()];
        for (block, x) in batch.blocks().zip(points) {
            self.outer.label(&block);
            let Outer { labels, logits, d_logits, values } = &mut self.outer;
            network.forward(x, logits);
            Loss::CrossEntropy.evaluate(logits, labels, values, d_logits);
            for (row, loss) in block.members.iter().zip(values) {
                if let Some(group) = self.groups.of(*row) {
                    sums[group].0 += f64::from(*loss);
                    sums[group].1 += 1.0;
                }
            }
        }
        let shares = learn(&mut self.logs, batch.strength, &sums);
        // Rows of no known group count beside these, with weight 1.
        let rows: f64 = sums.iter().map(|(_, count)| count).sum();
        for ((factor, share), (_, count)) in self.factors.iter_mut().zip(shares).zip(sums) {
            *factor = share * rows / f64::max(count, 1.0);
        }
    }

    fn learn(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch<'_>,
        x: &Block,
        gradient: &mut Parameters,
    ) -> Tally {
        let mut weights = [1.0; LANES];
        for (weight, row) in weights.iter_mut().zip(batch.members) {
            *weight = self.groups.of(*row).map_or(1.0, |group| self.factors[group] as f32);
        }
        self.outer.cross_entropy(network, x, batch, &weights, gradient)
    }
}

/// One multiplicative step of the groups' weights by their (sum of losses, rows), and the weights that it leads to, normalized; a group
/// without rows keeps its weight before normalization.
fn learn(logs: &mut [f64], rate: f64, sums: &[(f64, f64)]) -> Vec<f64> {
    for (log, (loss, rows)) in logs.iter_mut().zip(sums) {
        if *rows > 0.0 {
            *log += rate * loss / rows;
        }
    }
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for log in logs.iter_mut() {
        *log -= largest;
    }
    let weights: Vec<f64> = logs.iter().map(|log| libm::exp(*log)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: losses ln 2 and ln 4 over η = 1 turn (1/2, 1/4, 1/4) into (1, 1, 1/4) before normalization.
    #[test]
    fn shares_grow_with_the_exponential_of_the_loss() {
        let ln2 = std::f64::consts::LN_2;
        let mut logs = vec![-ln2, -2.0 * ln2, -2.0 * ln2];
        let shares = learn(&mut logs, 1.0, &[(3.0 * ln2, 3.0), (2.0 * ln2, 1.0), (0.0, 0.0)]);
        for (found, expected) in shares.iter().zip([4.0 / 9.0, 4.0 / 9.0, 1.0 / 9.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    /// Losses 3 and 1 at η = 500: the first group has all the weight to double precision; a second batch the other way round makes them even again.
    #[test]
    fn no_step_size_is_too_large() {
        let mut logs = vec![0.0; 2];
        let shares = learn(&mut logs, 500.0, &[(3.0, 1.0), (1.0, 1.0)]);
        assert!(shares[0] > 1.0 - 1e-12 && shares[1] < 1e-12, "{shares:?}");
        let shares = learn(&mut logs, 500.0, &[(1.0, 1.0), (3.0, 1.0)]);
        assert!(shares.iter().all(|share| (share - 0.5).abs() < 1e-12), "{shares:?}");
    }
}
