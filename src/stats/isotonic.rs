//! Isotonic regression: the monotone values closest to those measured.

/// Which way the values are to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Never downward.
    Rising,
    /// Never upward.
    Falling,
}

/// Neighbors that share one fitted value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Position of the first.
    pub first: usize,
    /// Position of the last.
    pub last: usize,
    /// Their weighted mean.
    pub value: f64,
}

/// The monotone values with the least weighted sum of squared distances from `values`, as blocks of equal ones, each beyond the one before.
///
/// Pool-adjacent-violators, `O(n)` (Barlow, Bartholomew, Bremner and Brunk 1972, Statistical inference under order restrictions; Best and Chakravarti 1990).
/// `weights` are positive and as many as the finite `values`; 1 / variance is the usual choice.
#[must_use]
pub fn isotonic(values: &[f64], weights: &[f64], order: Order) -> Vec<Block> {
    assert_eq!(values.len(), weights.len(), "a weight for every value");
    let is_beyond = |before: f64, after: f64| match order {
        Order::Rising => before < after,
        Order::Falling => before > after,
    };
    // With the sums of weights and of weighted values of each block.
    let mut blocks: Vec<(Block, f64, f64)> = Vec::with_capacity(values.len());
    for (at, (value, weight)) in values.iter().zip(weights).enumerate() {
        let mut pooled = (Block { first: at, last: at, value: *value }, *weight, weight * value);
        while let Some((before, total, sum)) = blocks.last()
            && !is_beyond(before.value, pooled.0.value)
        {
            let (total, sum) = (total + pooled.1, sum + pooled.2);
            // Equal values stay what they are: a mean would round.
            let equal = before.value.to_bits() == pooled.0.value.to_bits();
            let value = if equal { before.value } else { sum / total };
            pooled = (Block { first: before.first, last: at, value }, total, sum);
            blocks.pop();
        }
        blocks.push(pooled);
    }
    blocks.into_iter().map(|(block, ..)| block).collect()
}

/// One value per position, as fitted.
#[must_use]
pub fn spread(blocks: &[Block]) -> Vec<f64> {
    blocks.iter().flat_map(|block| (block.first..=block.last).map(|_| block.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(values: &[f64], weights: &[f64], order: Order) -> Vec<f64> {
        spread(&isotonic(values, weights, order))
    }

    /// By hand: 3 and 2 pool to 2.5, which is below 4; the last 1 pools with 4 to 2.5, equal to the block before, so
    /// all but the first are one block: (3 + 2 + 4 + 1) / 4.
    #[test]
    fn neighbors_out_of_order_pool_backward() {
        let blocks = isotonic(&[1.0, 3.0, 2.0, 4.0, 1.0], &[1.0; 5], Order::Rising);
        let block = |first, last, value| Block { first, last, value };
        assert_eq!(blocks, [block(0, 0, 1.0), block(1, 4, 2.5)]);
    }

    /// By hand: (3 · 5 + 1 · 1) / 4 = 4, below 4.5; unweighted it were 3.
    #[test]
    fn weights_count() {
        assert_eq!(fitted(&[5.0, 1.0, 4.5], &[3.0, 1.0, 1.0], Order::Rising), [4.0, 4.0, 4.5]);
        assert_eq!(fitted(&[5.0, 1.0, 4.5], &[1.0; 3], Order::Rising), [3.0, 3.0, 4.5]);
        // 4 is above 3.5 now, and (16 + 7) / 6 = 23/6.
        let third = fitted(&[5.0, 1.0, 3.5], &[3.0, 1.0, 2.0], Order::Rising);
        assert!(third.iter().all(|x| (x - 23.0 / 6.0).abs() < 1e-15), "{third:?}");
    }

    #[test]
    fn ties_are_one_block_and_what_is_in_order_stays() {
        let blocks = isotonic(&[0.1, 0.1, 0.3], &[1.0, 7.0, 2.0], Order::Rising);
        assert_eq!(
            blocks,
            [Block { first: 0, last: 1, value: 0.1 }, Block { first: 2, last: 2, value: 0.3 }]
        );
        assert!(isotonic(&[], &[], Order::Rising).is_empty());
    }

    #[test]
    fn falling_is_rising_of_the_negatives() {
        let (values, weights) = ([0.9, 0.95, 0.7, 0.8, 0.1], [1.0, 2.0, 1.0, 3.0, 0.5]);
        let negated: Vec<f64> = values.iter().map(|x| -x).collect();
        let rising: Vec<f64> = fitted(&negated, &weights, Order::Rising).iter().map(|x| -x).collect();
        assert_eq!(fitted(&values, &weights, Order::Falling), rising);
    }

    /// The max–min formula (Barlow et al. 1972, theorem 1.4): fit(i) = max over a ≤ i of min over b ≥ i of the weighted mean of a … b.
    #[test]
    fn the_fit_is_the_largest_least_mean() {
        let mut stream = crate::seed::Seed(3).stream("test");
        for n in 1..12 {
            for _ in 0..40 {
                let values: Vec<f64> = (0..n).map(|_| stream.below(5) as f64).collect();
                let weights: Vec<f64> = (0..n).map(|_| 1.0 + stream.below(4) as f64).collect();
                let mean = |a: usize, b: usize| {
                    let sum: f64 = (a..=b).map(|i| weights[i] * values[i]).sum();
                    sum / weights[a..=b].iter().sum::<f64>()
                };
                let found = fitted(&values, &weights, Order::Rising);
                for (i, found) in found.iter().enumerate() {
                    let least = |a: usize| (i..n).map(|b| mean(a, b)).fold(f64::INFINITY, f64::min);
                    let expected = (0..=i).map(least).fold(f64::NEG_INFINITY, f64::max);
                    assert!((found - expected).abs() < 1e-12, "{values:?} {weights:?}: {found}, {expected}");
                }
            }
        }
    }
}
