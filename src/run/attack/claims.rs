//! Adversarial rows that somebody hands in, verified.

use std::path::Path;

use super::adversarial::claims;
use super::{Subject, count};
use crate::attacks::ThreatModel;
use crate::error::Result;
use crate::files;
use crate::measure::Norm;
use crate::probes::{self, Verification};

/// What is true of the adversarial rows for one norm and radius.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// How distance is measured.
    pub norm: Norm,
    /// The radius.
    pub epsilon: f64,
    /// Rows that the file says have fallen, where it says so.
    pub claimed: Option<usize>,
    /// What is true.
    pub verification: Verification,
}

impl Verified {
    /// Whether every row holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.verification.violations.is_empty()
    }

    /// Rows still standing.
    #[must_use]
    pub fn standing(&self) -> usize {
        count(&self.verification.standing)
    }
}

/// Verifies the adversarial rows in `path`, in every norm at every radius; without radii, at those in the file.
///
/// # Errors
///
/// When the file cannot be read, was made for other rows, or does not hold what is asked for.
pub fn verify(subject: &mut Subject, path: &Path, norms: &[Norm], epsilons: &[f64]) -> Result<Vec<Verified>> {
    let bytes = files::read(path)?;
    let claims = claims(&bytes, subject, norms, epsilons)
        .map_err(|error| error.context(format!("cannot verify `{}`", path.display())))?;
    let mut verified = Vec::new();
    for claim in claims {
        let threat = ThreatModel::new(claim.norm, claim.epsilon, subject.features());
        let Subject { network, rows, clean, constraints, .. } = subject;
        let constraints = constraints.as_ref();
        let fallen = claim.fallen.as_deref();
        let verification =
            probes::verify(network.as_mut(), rows, clean, &threat, constraints, &claim.points, fallen)?;
        verified.push(Verified {
            norm: claim.norm,
            epsilon: claim.epsilon,
            claimed: fallen.map(count),
            verification,
        });
    }
    Ok(verified)
}
