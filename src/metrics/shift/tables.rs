//! What is right of the labeled rows of another table.
//!
//! Its rows are other rows than the test rows, and drawn independently of them. A resample draws test rows; to draw these as well, the row that is `j`th of `m` in an order drawn
//! by lot goes with test row `j mod n` (in the order of the file, rows that belong together, as repeated ones do, could meet test rows that do):
//! that is the bootstrap of independent blocks of rows (one row each where `m ≤ n`), and as the blocks' values have nothing to do with those of the test rows, neither do the draws
//! of the two sides with each other.

use super::Matrix;
use super::flags;
use crate::evidence::{Peer, TableFacts};
use crate::seed::Seed;

/// Row by row, prepared once.
#[derive(Debug, Clone)]
pub(super) struct TableRows {
    rows: usize,
    /// 1 where right: the model, then every peer.
    right: Matrix,
}

/// What metrics about another table are functions of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableSums {
    /// Weight of its rows.
    pub weight: f64,
    /// Weight of the rows that are right.
    pub right: f64,
    /// The same of every trained model of the sweep.
    pub peers: Vec<f64>,
}

impl TableRows {
    /// The table in place `index`.
    pub(super) fn new(facts: &TableFacts, index: usize, peers: &[&Peer]) -> Self {
        let lot = Seed(0).stream(&format!("table-rows/{}", facts.name)).permutation(facts.labels.len());
        Self::in_order(facts, index, peers, &lot)
    }

    fn in_order(facts: &TableFacts, index: usize, peers: &[&Peer], order: &[u32]) -> Self {
        let peers = peers.iter().map(|peer| &peer.tables[index]);
        let said = std::iter::once(&facts.predictions).chain(peers);
        let column = |said: &Vec<u16>| -> Vec<f32> {
            let right = flags(said, &facts.labels);
            order.iter().map(|row| right[*row as usize]).collect()
        };
        let columns: Vec<Vec<f32>> = said.map(column).collect();
        Self { rows: facts.labels.len(), right: Matrix::new(&columns) }
    }

    /// The sums when test row `i` counts `weights[i]` times.
    pub(super) fn fold<W: Copy + Into<f64>>(&self, weights: &[W]) -> TableSums {
        let own: Vec<f64> = weights.iter().cycle().take(self.rows).map(|weight| (*weight).into()).collect();
        let mut sums = Vec::new();
        self.right.fold(&own, &mut sums);
        let mut sums = sums.into_iter();
        TableSums { weight: own.iter().sum(), right: sums.next().unwrap_or_default(), peers: sums.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seven rows beside three test rows of weights 0, 1, 2: the rows weigh 0, 1, 2, 0, 1, 2, 0. Right are all but the third and the fifth.
    #[test]
    fn rows_go_with_test_rows_in_turn() {
        let facts = TableFacts {
            name: "later".to_owned(),
            labels: vec![0, 1, 0, 1, 0, 1, 0],
            predictions: vec![0, 1, 1, 1, 1, 1, 0],
        };
        let peer = Peer { clean: Vec::new(), corrupted: Vec::new(), tables: vec![vec![0; 7]] };
        let table = TableRows::in_order(&facts, 0, &[&peer], &[0, 1, 2, 3, 4, 5, 6]);
        // Of the peer the rows labeled 0 are right: weights 0, 2, 1, 0.
        assert_eq!(table.fold(&[0.0, 1.0, 2.0]), TableSums { weight: 6.0, right: 3.0, peers: vec![3.0] });
        // Fewer rows than test rows: the first weights.
        let few = TableFacts { labels: vec![0, 1], predictions: vec![0, 0], name: "few".to_owned() };
        let sums = TableRows::in_order(&few, 0, &[], &[0, 1]).fold(&[3.0, 1.0, 5.0]);
        assert_eq!(sums, TableSums { weight: 4.0, right: 3.0, peers: Vec::new() });
        // The other way round the right row, the first, has the second weight.
        let sums = TableRows::in_order(&few, 0, &[], &[1, 0]).fold(&[3.0, 1.0, 5.0]);
        assert_eq!(sums, TableSums { weight: 4.0, right: 1.0, peers: Vec::new() });
    }

    /// 40 rows, of which the first 20 are right, beside 20 test rows of weight 1 and 20 of weight 0: in the order of the file all of the weight would be right, by lot
    /// about half of it is. Each row still counts once where all test rows do.
    #[test]
    fn rows_go_with_test_rows_by_lot() {
        let facts = TableFacts {
            name: "later".to_owned(),
            labels: vec![0; 40],
            predictions: (0..40).map(|row| u16::from(row >= 20)).collect(),
        };
        let table = TableRows::new(&facts, 0, &[]);
        assert_eq!(table.fold(&[1.0; 40]), TableSums { weight: 40.0, right: 20.0, peers: Vec::new() });
        let half: Vec<f64> = (0..40).map(|row| if row < 20 { 1.0 } else { 0.0 }).collect();
        let sums = table.fold(&half);
        // Hypergeometric: mean 10, standard deviation 1.6.
        assert!(sums.right > 4.0 && sums.right < 16.0, "{sums:?}");
    }
}
