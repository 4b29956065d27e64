//! Evasion attacks: who may do what to a row, and how they try.
//!
//! An attack works on all rows of a split at one radius and reports, per row,
//! whether it still stands, the first misclassified point and the point of the
//! largest cross-entropy; never the last iterate. Its result for a row depends
//! on that row, the model, the threat model, the settings, the seed and the
//! attack's name alone: not on other rows, their order, or threads. A loss or
//! gradient that is not finite is an error, never robustness.
//!
//! To add one: a file with a type that implements [`Attack`] (an iterative one
//! gives `Lanes` a `Rule`, and needs nothing of the engine), and a variant of [`Spec`].

mod exact;
mod fgsm;
mod found;
mod lanes;
mod outputs;
mod pgd;
mod rule;
mod spec;
mod step;
mod threat;

use crate::data::Rows;
use crate::error::{Error, Kind, Result};
use crate::models::{Access, Network};
use crate::seed::Seed;

pub use exact::Exact;
pub use fgsm::Fgsm;
pub use found::Found;
pub use outputs::outputs;
pub(crate) use outputs::{first_not_finite, predictions};
pub use pgd::Pgd;
pub use spec::{KINDS, Spec};
pub(crate) use step::{Field, step};
pub use threat::ThreatModel;

/// Asked now and then during long work; `true` means stop.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// What an attack is aimed at.
pub struct Target<'a> {
    /// The model.
    pub network: &'a mut dyn Network,
    /// The clean rows.
    pub rows: &'a Rows,
    /// What the adversary may do.
    pub threat: &'a ThreatModel,
    /// Whether `found` holds points of this attack at a smaller radius, to start from.
    pub warm: bool,
    /// The replicate's seed.
    pub seed: Seed,
    /// The attack's name in the experiment; part of the key of its draws.
    pub name: &'a str,
    /// Whether to stop early.
    pub stop: Stop<'a>,
}

/// One evasion attack with its settings.
pub trait Attack: Send + Sync {
    /// What it must see of the model.
    fn access(&self) -> Access {
        Access::Gradients
    }

    /// Whether it computes the exact worst case, so that standing rows are proven to stand.
    fn exact(&self) -> bool {
        false
    }

    /// Attacks all rows and adds to `found`. Rows wrong on the clean input are left alone.
    ///
    /// # Errors
    ///
    /// [`Kind::Diverged`] where the model's outputs or gradients are not finite,
    /// [`Kind::Incomplete`] where `target.stop` said so, [`Kind::Input`] where the attack does not apply to the model.
    fn run(&self, target: &mut Target<'_>, found: &mut Found) -> Result<()>;
}

/// The error of work that was asked to stop.
pub(crate) fn stopped() -> Error {
    Error::new(Kind::Incomplete, "interrupted")
}

/// The error of an attack that met a number that is none.
pub(crate) fn not_finite(what: &str, row: u32) -> Error {
    Error::new(Kind::Diverged, format!("the model's {what} are not finite near data-set row {row}"))
        .help("the attack proves nothing here; check the weights and the scaling of the inputs")
}
