//! Group distributionally robust optimization (Sagawa et al. 2020, algorithm 1): the worst group's loss is minimized by weights `q` over the
//! groups that grow where a batch's loss is large; strength is their step size `η`.
//!
//! `q_g ← q_g exp(η ℓ_g)`, normalized, with `ℓ_g` the group's mean loss in the batch; then `Σ_g q_g ℓ_g` is descended. The weights begin even,
//! so that strength 0 weighs groups, not rows, alike: it is plain training only where groups are equally frequent in every batch. Rows
//! of no known group keep weight 1.

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
    shares: Vec<f64>,
    /// What each group's rows are multiplied by in the batch at hand.
    factors: Vec<f64>,
    outer: Outer,
}

impl GroupDro {
    pub(super) fn new(points: Points, groups: Groups, classes: usize) -> Self {
        let count = groups.count();
        Self {
            points,
            shares: vec![1.0 / count as f64; count],
            factors: vec![1.0; count],
            groups,
            outer: Outer::new(classes),
        }
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
        learn(&mut self.shares, batch.strength, &sums);
        let rows = batch.members.len() as f64;
        for ((factor, share), (_, count)) in self.factors.iter_mut().zip(&self.shares).zip(sums) {
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

/// One multiplicative step of the groups' shares by their (sum of losses, rows); a group without rows keeps its weight before normalization.
fn learn(shares: &mut [f64], rate: f64, sums: &[(f64, f64)]) {
    for (share, (loss, rows)) in shares.iter_mut().zip(sums) {
        if *rows > 0.0 {
            *share *= libm::exp(rate * loss / rows);
        }
    }
    let total: f64 = shares.iter().sum();
    for share in shares.iter_mut() {
        *share /= total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: losses ln 2 and ln 4 over η = 1 turn (1/2, 1/4, 1/4) into (1, 1, 1/4) before normalization.
    #[test]
    fn shares_grow_with_the_exponential_of_the_loss() {
        let mut shares = vec![0.5, 0.25, 0.25];
        let ln2 = std::f64::consts::LN_2;
        learn(&mut shares, 1.0, &[(3.0 * ln2, 3.0), (2.0 * ln2, 1.0), (0.0, 0.0)]);
        for (found, expected) in shares.iter().zip([4.0 / 9.0, 4.0 / 9.0, 1.0 / 9.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }
}
