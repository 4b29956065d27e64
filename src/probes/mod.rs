//! Probes interrogate a model and return what they observed, as [`Evidence`].
//!
//! A probe knows models, data and attacks, but no metric: what the
//! observations mean is judged elsewhere. To add one: a file with a function
//! from (model, rows, recipe, seed) to its part of the evidence.

mod certificate;
pub mod checks;
mod evasion;
pub mod explanation;
pub mod shift;
mod verification;

pub use certificate::{CERTIFICATES_VERSION, Certification};
pub use evasion::{Points, Question, Recipe, evasion};
pub use verification::{SLACK, Verification, Violation, verify};

use crate::attacks::{Stop, outputs};
use crate::data::{Feature, Rows};
use crate::error::Result;
use crate::evidence::{Evidence, Outputs};
use crate::models::Network;
use crate::seed::Seed;

/// The version of what probes observe with given recipes; part of an evidence's identity, beside the attacks' protocols.
pub const VERSION: u32 = 3;

/// What the model says on the unchanged rows.
///
/// # Errors
///
/// Where a logit is not finite.
pub fn clean(network: &mut dyn Network, rows: &Rows) -> Result<Outputs> {
    outputs(network, rows)
}

/// What is asked of one model on one split: its outputs, and how it fares under every recipe. [`checks`] are made apart.
///
/// # Errors
///
/// Those of [`clean`] and [`evasion`].
pub fn interrogate(
    network: &mut dyn Network,
    rows: &Rows,
    features: &[Feature],
    recipes: &[Recipe],
    seed: Seed,
    stop: Stop<'_>,
) -> Result<Evidence> {
    let clean = clean(network, rows)?;
    let mut facts = Vec::new();
    for recipe in recipes {
        facts.extend(evasion(network, rows, &clean, features, recipe, seed, stop)?);
    }
    Ok(Evidence { evasion: facts, ..Evidence::of(rows.facts.clone(), clean) })
}
