//! `[[certificate]]`: what can be refused before any training, and what will be known.

use super::{Experiment, Loaded};
use crate::bounds::Spec;
use crate::error::{Error, Result};
use crate::evidence::union_protocol;
use crate::measure::AttackKey;
use crate::metrics::Case;
use crate::models::Architecture;

/// What can be checked without the data.
pub(super) fn check(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    for (index, certificate) in experiment.certificates.iter().enumerate() {
        let at = |error: Error| error.context(loaded.place(&["certificate", &index.to_string()]));
        if experiment.certificates[..index].contains(certificate) {
            return Err(at(Error::input("the same certificate with the same settings is listed twice")));
        }
        if experiment.threat.is_constrained() {
            let kind = certificate.word();
            return Err(at(Error::input(format!(
                "the certificate `{kind}` is about balls, and under this threat model rows are valid or not"
            ))
            .help("drop [[certificate]], or `model` in [threat]")));
        }
    }
    Ok(())
}

/// Whether every certificate can be had of such a model.
pub(super) fn fit(loaded: &Loaded, experiment: &Experiment, architecture: &Architecture) -> Result<()> {
    for (index, certificate) in experiment.certificates.iter().enumerate() {
        certificate
            .check(architecture, experiment.threat.norm)
            .map_err(|error| error.context(loaded.place(&["certificate", &index.to_string()])))?;
    }
    Ok(())
}

/// What numbers will hold under, beside attacks.
pub(super) fn cases(experiment: &Experiment) -> Vec<Case> {
    let (norm, epsilons) = (experiment.threat.norm, experiment.threat.epsilons());
    let mut cases = Vec::new();
    if let Some(protocol) = experiment.certificates_protocol() {
        let at = |epsilon: &f64| Case::certificate(AttackKey::new(&protocol, norm, *epsilon));
        cases.extend(epsilons.iter().map(at));
    }
    for smoothing in experiment.certificates.iter().filter(|spec| spec.smoothing().is_some()) {
        let protocol = smoothing.protocol();
        cases.push(Case::vote(&protocol));
        cases.extend(epsilons.iter().map(|epsilon| Case::vote_at(&protocol, *epsilon)));
    }
    cases
}

impl Experiment {
    /// What names all deterministic certificates together, as in metric keys; none where there are none.
    #[must_use]
    pub fn certificates_protocol(&self) -> Option<String> {
        let proving = self.certificates.iter().filter(|spec| spec.smoothing().is_none());
        let protocols: Vec<String> = proving.map(Spec::protocol).collect();
        (!protocols.is_empty()).then(|| union_protocol(protocols))
    }
}
