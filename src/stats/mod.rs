//! Statistics from first principles: summaries, Student's t, intervals for shares and
//! ratios, and the crossed resampling of seeds and rows.
//!
//! Everything is a pure function of numbers; randomness comes from a named stream.

/// Below this many seeds the variance over seeds is unknown, and nothing has an interval (metrics sheet, 3.8).
pub const SEEDS_FOR_VARIANCE: usize = 3;
/// Below this many seeds nothing is said about seeds in general.
pub const SEEDS_FOR_A_VERDICT: usize = 7;
/// From this many seeds the percentile interval of crossed resamples covers; below, variance components do (at 10 seeds that dominate, percentiles
/// cover 90 % where 95 are nominal: `cargo bench --bench coverage`).
pub const SEEDS_FOR_PERCENTILES: usize = 30;

mod crossed;
mod crossed_gap;
mod discrete;
mod disparity;
mod fieller;
mod isotonic;
mod paired;
mod proportion;
mod rank;
mod resample;
mod sign_flip;
mod smallest;
mod student;
mod summary;

pub use crate::numeric::incomplete_beta;
pub use crossed::{Components, components, crossed_interval};
pub use crossed_gap::{CrossedGaps, SeededRate, crossed_gap_interval, crossed_signed_interval};
pub use disparity::{
    Chance, Joined, Permuted, Rate, Scale, chance, gap, rows_to_see, signed_interval, stratified_interval,
};
pub use fieller::{Ratio, fieller};
pub use isotonic::{Block, Order, isotonic, spread};
pub use paired::{holm, mcnemar};
pub use proportion::{clopper_pearson, wilson};
pub use rank::Ranks;
pub use resample::{LANES, RowUnits, RowWeights, SeedWeights};
pub use sign_flip::{
    DRAWN, MOST_ENUMERATED, Tested, Worlds, attainable, critical_t, fewest_pairs, label_permutation,
    sign_flip, sign_flip_bounds,
};
pub use smallest::{crossed_smallest_interval, smallest_interval};
pub use student::{student_cdf, student_quantile};
pub use summary::{covariance, mean, mean_interval, quantile, standard_deviation, variance};
