//! Evasion attacks: who may do what to a row, and how they try.
//!
//! An attack works on all rows of a split at one radius and reports, per row,
//! whether it still stands, the first misclassified point and the point of the
//! largest cross-entropy that PGD, FGSM, `caa` and the first run of APGD on the
//! cross-entropy met (for other attacks a success alone); never the last iterate. Its result for a row depends
//! on that row, the model, the threat model, the settings, the seed and the
//! attack's name alone: not on other rows, their order, or threads. A loss or
//! gradient that is not finite is an error, never robustness.
//!
//! To add one: a file with a type that implements [`Attack`] (an iterative one
//! gives `Lanes` a `Rule`, and needs nothing of the engine), a variant of [`Spec`] and a line in [`KINDS`].

mod apgd;
mod constrained;
mod exact;
mod fab;
mod fgsm;
mod found;
mod kinds;
mod lanes;
mod levers;
mod outputs;
mod pgd;
mod rule;
mod spec;
mod square;
mod step;
mod suite;
mod threat;

use crate::data::Rows;
use crate::error::{Error, Kind, Result};
use crate::evidence::Outputs;
use crate::models::{Access, Network};
use crate::seed::Seed;

pub use apgd::{Apgd, ApgdTargeted};
pub use constrained::{Caa, Constraint, Constraints, Violation, under};
pub use exact::Exact;
pub use fab::Fab;
pub use fgsm::Fgsm;
pub use found::Found;
pub use kinds::KINDS;
pub(crate) use levers::{critical_distance, find_levers};
pub use outputs::outputs;
pub(crate) use outputs::{first_not_finite, predictions};
pub use pgd::Pgd;
pub use spec::Spec;
pub use square::Square;
pub(crate) use step::{Field, confine, step};
pub use suite::{Arena, Bout, Member, Observer, Preset, Suite, sample};
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
    /// What a row must obey to be handed in, where more than `threat`; for attacks that [know](Attack::knows_constraints) of it. `threat` is
    /// then that of [`Constraints::features`].
    pub constraints: Option<&'a Constraints>,
    /// Whether `found` holds points found at a smaller radius, to start from.
    pub warm: bool,
    /// Flags of the rows to attack, where not all.
    pub only: Option<&'a [bool]>,
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

    /// Whether it heeds [`Target::constraints`]. What others find is rounded, settled and put before the model once more.
    fn knows_constraints(&self) -> bool {
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

/// Lets `attack` do its work under `target.constraints`, whether it heeds them or not: only valid rows count. `clean` are the model's outputs on
/// the clean rows.
///
/// # Errors
///
/// Those of [`Attack::run`].
pub fn attempt(
    attack: &dyn Attack,
    clean: &Outputs,
    target: &mut Target<'_>,
    found: &mut Found,
) -> Result<()> {
    match target.constraints {
        Some(constraints) if !attack.knows_constraints() => {
            constrained::blind::run(attack, constraints, clean, target, found)
        }
        _ => attack.run(target, found),
    }
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
