//! How much of a set another one covers.

use super::check_pair;
use crate::error::Result;
use crate::pareto::costs::Costs;
use crate::pareto::filter::covering;

/// The share of `against` that has somebody in `of` who is nowhere worse (Zitzler and Thiele, *TEVC* 3(4), 1999). Says nothing about how much better, so a table
/// shows both directions.
///
/// # Errors
///
/// Sets on different axes, an empty one, an infinite cost.
pub fn coverage(of: &Costs<'_>, against: &Costs<'_>) -> Result<f64> {
    check_pair(of, against)?;
    let covered = covering(of, against).into_iter().flatten().count();
    Ok(covered as f64 / against.len() as f64)
}
