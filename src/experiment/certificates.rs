//! `[[certificate]]`: what can be refused before any training, and what will be known.

use super::{Experiment, Loaded};
use crate::bounds::Spec;
use crate::bounds::smoothing::Settings;
use crate::error::{Error, Result};
use crate::evidence::union_protocol;
use crate::measure::AttackKey;
use crate::metrics::Case;
use crate::models::Architecture;
use crate::numeric::normal_cdf;

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

/// Votes are certified at the threat's radius by one smoothing at least: of the others the report says how far they reach.
fn reach(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    let smoothed = || {
        let all = experiment.certificates.iter().enumerate();
        all.filter_map(|(index, spec)| Some((index, spec.smoothing()?)))
    };
    let epsilon = experiment.threat.epsilon;
    let farthest = smoothed().max_by(|(_, a), (_, b)| a.reach().total_cmp(&b.reach()));
    let Some((index, settings)) = farthest.filter(|(_, settings)| settings.reach() < epsilon) else {
        return Ok(());
    };
    let Settings { sigma, samples, alpha, .. } = settings;
    // Where all draws of all rows agreed.
    let enough = libm::log(alpha) / libm::log(normal_cdf(epsilon / sigma));
    let draws =
        if enough < 1e7 { format!(", or `samples` to {} at least", enough.ceil()) } else { String::new() };
    Err(Error::input(format!(
        "the certificate `smoothing` can certify no row at epsilon = {epsilon}: with sigma = {sigma}, samples = {samples} and alpha = {alpha} its largest radius is {:.3}, of a row all of whose draws agree",
        settings.reach()
    ))
    .help(format!("raise `sigma`{draws}, or lower `epsilon` in [threat]"))
    .context(loaded.place(&["certificate", &index.to_string()])))
}

/// Whether every certificate can be had of such a model.
pub(super) fn fit(loaded: &Loaded, experiment: &Experiment, architecture: &Architecture) -> Result<()> {
    for (index, certificate) in experiment.certificates.iter().enumerate() {
        certificate
            .check(architecture, experiment.threat.norm)
            .map_err(|error| error.context(loaded.place(&["certificate", &index.to_string()])))?;
    }
    reach(loaded, experiment)
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
