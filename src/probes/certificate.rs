//! What one certificate proves of a model over ascending radii.

use crate::attacks::{Stop, ThreatModel};
use crate::bounds::smoothing::{self, AttackSettings};
use crate::bounds::{self, Spec};
use crate::data::{Feature, Rows};
use crate::error::Result;
use crate::evidence::{CertificateFacts, Certificates, Outputs, SmoothedAttack, SmoothedFacts};
use crate::measure::Norm;
use crate::models::{Network, Parameters};
use crate::seed::Seed;

/// The version of what is asked of certificates; part of their evidence's identity, beside their own protocols.
pub const CERTIFICATES_VERSION: u32 = 1;

/// A model, its rows, and the radii of interest.
pub struct Certification<'a> {
    /// The model.
    pub network: &'a mut dyn Network,
    /// Its weights.
    pub parameters: &'a Parameters,
    /// The rows.
    pub rows: &'a Rows,
    /// The model's outputs on the unchanged rows.
    pub clean: &'a Outputs,
    /// What may be changed, and how far.
    pub features: &'a [Feature],
    /// How distance is measured.
    pub norm: Norm,
    /// Radii, strictly ascending, each finite and at least 0.
    pub epsilons: &'a [f64],
    /// The replicate's seed.
    pub seed: Seed,
    /// Whether to stop early.
    pub stop: Stop<'a>,
}

impl Certification<'_> {
    /// What `spec` proves; without unions, which need all certificates ([`Certificates::of`]).
    ///
    /// What is not certified, or not standing, at one radius is so at every larger one, and is not looked at again there.
    ///
    /// # Errors
    ///
    /// Those of [`bounds::certify`] and [`smoothing::certify`].
    pub fn ask(self, spec: &Spec) -> Result<Certificates> {
        match spec.smoothing() {
            None => Ok(Certificates { proven: self.prove(spec)?, smoothed: Vec::new() }),
            Some(settings) => {
                Ok(Certificates { proven: Vec::new(), smoothed: vec![self.smooth(spec, settings)?] })
            }
        }
    }

    fn prove(self, spec: &Spec) -> Result<Vec<CertificateFacts>> {
        let labels = &self.rows.facts.labels;
        let mut candidates: Vec<bool> =
            labels.iter().zip(&self.clean.predictions).map(|(y, p)| y == p).collect();
        let mut facts = Vec::with_capacity(self.epsilons.len());
        for epsilon in self.epsilons {
            let threat = ThreatModel::new(self.norm, *epsilon, self.features);
            let architecture = self.network.architecture();
            candidates = bounds::certify(
                spec,
                architecture,
                self.parameters,
                self.rows,
                &threat,
                &candidates,
                self.stop,
            )?;
            facts.push(CertificateFacts {
                certificate: spec.word().to_owned(),
                protocol: spec.protocol(),
                norm: self.norm,
                epsilon: *epsilon,
                certified: candidates.clone(),
            });
        }
        Ok(facts)
    }

    fn smooth(self, spec: &Spec, settings: smoothing::Settings) -> Result<SmoothedFacts> {
        let said = smoothing::certify(self.network, self.rows, settings, self.seed, self.stop)?;
        let mut left = said.clone();
        let mut attacked = Vec::with_capacity(self.epsilons.len());
        for epsilon in self.epsilons {
            let threat = ThreatModel::new(self.norm, *epsilon, self.features);
            let standing = smoothing::attack(
                self.network,
                self.rows,
                &threat,
                AttackSettings::new(settings),
                &left,
                self.seed,
                self.stop,
            )?;
            // What fell is no candidate any more.
            for (answer, stands) in left.predictions.iter_mut().zip(&standing) {
                *answer = answer.filter(|_| *stands);
            }
            attacked.push(SmoothedAttack { epsilon: *epsilon, standing });
        }
        Ok(SmoothedFacts {
            protocol: spec.protocol(),
            sigma: settings.sigma,
            alpha: settings.alpha,
            predictions: said.predictions,
            radius: said.radius,
            attacked,
        })
    }
}
