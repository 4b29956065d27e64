//! `[explanations]`: what can be refused before any training, and what will be known.

use super::{Experiment, Loaded};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::measure::AttackKey;
use crate::metrics::{Case, Form, Material, Metric};
use crate::probes::explanation;

/// What can be checked without the data.
pub(super) fn check(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    let Some(settings) = &experiment.explanations else { return Ok(()) };
    settings.check().map_err(|(key, message)| {
        let path: Vec<&str> = ["explanations"].into_iter().chain(key.iter().map(String::as_str)).collect();
        Error::input(message).context(loaded.place(&path))
    })
}

/// Whether a metric of explanations can be an objective.
pub(super) fn objective(metric: &Metric, name: &str, experiment: &Experiment) -> Result<()> {
    if !matches!(metric.needs.material, Material::Explanations(_)) {
        return Ok(());
    }
    let why = if metric.form == Form::Pairs {
        "it compares seeds, and a front draws these anew"
    } else if !(metric.range.0.is_finite() && metric.range.1.is_finite()) {
        "its range has no end, and a front measures from there"
    } else if !experiment.checkpoints().is_empty() {
        "it is not measured on validation rows, which choose between checkpoints"
    } else {
        return Ok(());
    };
    Err(Error::input(format!("`{name}` cannot be an objective: {why}"))
        .help("`relevance_gain@…` and `explanation_stability@…` can, without checkpoints"))
}

/// What numbers will hold under, beside attacks.
pub(super) fn cases(experiment: &Experiment, dataset: &Dataset) -> Vec<Case> {
    let Some(settings) = &experiment.explanations else { return Vec::new() };
    let threat = &experiment.threat;
    let attacked = explanation::is_attacked(&dataset.features, threat.norm, threat.epsilon);
    let protocol = explanation::stability_protocol(settings).ok().filter(|_| attacked);
    let key =
        protocol.map(|protocol| AttackKey::new(&threat.protocol(protocol), threat.norm, threat.epsilon));
    let mut cases = Vec::new();
    for (method, baseline, attributed) in settings.pairs() {
        cases.push(Case::explained(&format!("{}/{}", method.word(), baseline.word())));
        if attributed {
            let name = method.attribution(baseline);
            cases.push(Case::attributed(&name));
            cases.extend(key.iter().map(|key| Case::attributed_at(&name, key.clone())));
            cases.extend(method.adds_up().then(|| Case::additive(&name)));
        }
    }
    cases
}
