//! Statistics from first principles: summaries, Student's t, intervals for shares and
//! ratios, and the crossed resampling of seeds and rows.
//!
//! Everything is a pure function of numbers; randomness comes from a named stream.

/// Below this many seeds the variance over seeds is unknown, and nothing has an interval (metrics sheet, 3.8).
pub const SEEDS_FOR_VARIANCE: usize = 3;
/// Below this many seeds nothing is said about seeds in general.
pub const SEEDS_FOR_A_VERDICT: usize = 7;
/// From this many seeds the percentile interval of crossed resamples covers; below, variance components do.
pub const SEEDS_FOR_PERCENTILES: usize = 10;

mod crossed;
mod fieller;
mod proportion;
mod resample;
mod student;
mod summary;

pub use crate::numeric::incomplete_beta;
pub use crossed::{Components, components, crossed_interval};
pub use fieller::{Ratio, fieller};
pub use proportion::{clopper_pearson, wilson};
pub use resample::{RowWeights, SeedWeights};
pub use student::{student_cdf, student_quantile};
pub use summary::{covariance, mean, quantile, standard_deviation, variance};
