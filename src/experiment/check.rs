//! Checks across fields: everything that can be refused before any training.

use std::collections::BTreeSet;

use super::{Candidate, Experiment, Loaded, certificates, explanations, gate, shift};
use crate::data::Dataset;
use crate::error::{Error, Result, did_you_mean};
use crate::measure::{AttackKey, MetricKey, Norm};
use crate::metrics::{self, Case, Under};
use crate::probes::checks;
use crate::words::{FORMULA, is_formula};

/// Names that can be a folder everywhere.
const NAME_LENGTH: usize = 100;

/// Fewer resamples than this give intervals that jump from run to run.
const FEWEST_RESAMPLES: usize = 100;

/// Most models between two neighboring strengths: every one is evaluated like a trained one.
const MOST_BETWEEN: u32 = 50;

/// Whether `name` can name a results folder.
///
/// # Errors
///
/// Where it cannot.
pub fn name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > NAME_LENGTH || name.starts_with('.') || !name.chars().all(plain) {
        return Err(Error::input(format!("`{name}` cannot name a results folder"))
            .help("use letters, digits, `-`, `_` and `.`, not starting with a dot"));
    }
    Ok(())
}

/// What can be checked without the data.
pub(super) fn experiment(loaded: &Loaded) -> Result<()> {
    let whole = &loaded.experiment;
    let at = |path: &[&str], error: Error| error.context(loaded.place(path));
    name(&whole.name).map_err(|error| at(&["name"], error))?;
    if whole.imported.is_some() {
        return Err(at(
            &["imported"],
            Error::input("`imported` is no setting: `equipoise import` alone writes it"),
        ));
    }
    whole.gate.check().map_err(|error| at(&["gate"], error))?;
    for variant in &loaded.variants {
        one(loaded, &variant.experiment)?;
    }
    let mut seen = BTreeSet::new();
    for variant in &loaded.variants {
        if !seen.insert(&variant.coordinates) {
            return Err(at(&["sweep"], Error::input("the sweep lists the same combination twice")));
        }
    }
    gate::points(loaded)
}

fn one(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    let at = |path: &[&str], error: Error| error.context(loaded.place(path));
    for (index, sweep) in experiment.defenses.iter().enumerate() {
        let index = index.to_string();
        let path = ["defense", index.as_str(), "strengths"];
        if sweep.strengths.is_empty() {
            return Err(at(
                &path,
                Error::input("`strengths` is empty")
                    .help("list at least one, such as `strengths = [0, 0.1]`"),
            ));
        }
        let mut seen = BTreeSet::new();
        for strength in &sweep.strengths {
            sweep.method.check(*strength).map_err(|error| at(&path, error))?;
            sweep.method.check_norm(*strength, experiment.threat.norm).map_err(|error| at(&path, error))?;
            if !seen.insert(strength.to_bits()) {
                return Err(at(&path, Error::input(format!("strength {strength} is listed twice"))));
            }
        }
    }
    let twice = experiment.defenses.iter().enumerate().find(|(index, sweep)| {
        experiment.defenses[..*index].iter().any(|other| other.method == sweep.method)
    });
    if let Some((index, _)) = twice {
        return Err(at(
            &["defense", &index.to_string()],
            Error::input("the same defense with the same settings is listed twice")
                .help("join their strengths in one list"),
        ));
    }
    names(loaded, experiment)?;
    checkpoints(loaded, experiment)?;
    radius("epsilon", experiment.threat.epsilon).map_err(|error| at(&["threat", "epsilon"], error))?;
    for epsilon in &experiment.threat.curve {
        radius("a radius of the curve", *epsilon).map_err(|error| at(&["threat", "curve"], error))?;
    }
    suite(loaded, experiment)?;
    certificates::check(loaded, experiment)?;
    explanations::check(loaded, experiment)?;
    shift::check(loaded, experiment)?;
    checks(loaded, experiment)?;
    imported(loaded, experiment)?;
    front(loaded, experiment)
}

/// Longest name of a defense: it stands in tables and legends.
const DEFENSE_NAME: usize = 40;

fn names(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    let names = experiment.defense_names();
    for (index, (name, sweep)) in names.iter().zip(&experiment.defenses).enumerate() {
        let path = ["defense", &index.to_string(), if sweep.name.is_some() { "name" } else { "method" }];
        let at = |error: Error| Err(error.context(loaded.place(&path)));
        // A name is part of `defense=at,strength=0.1`.
        let odd = |c: char| c.is_control() || matches!(c, ',' | '=');
        if name.trim().is_empty()
            || name.trim() != name
            || name.chars().count() > DEFENSE_NAME
            || name.contains(odd)
        {
            return at(Error::input(format!("`{name}` cannot name a defense")).help(format!(
                "use 1 to {DEFENSE_NAME} characters without `,` and `=`, and no space at either end"
            )));
        }
        if is_formula(name) {
            let (why, help) = FORMULA;
            return at(Error::input(format!("`{name}` cannot name a defense: {why}")).help(help));
        }
        if let Some(other) = names[..index].iter().position(|other| other == name) {
            return at(Error::input(format!(
                "two defenses are called `{name}`: number {} and number {}",
                other + 1,
                index + 1
            ))
            .help("give each a `name` of its own"));
        }
    }
    Ok(())
}

/// Epochs that are to be configurations of their own, and models in between.
fn checkpoints(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    let Some(training) = experiment.training.supervised() else { return Ok(()) };
    for (index, epoch) in training.checkpoints.iter().enumerate() {
        let at =
            |error: Error| Err(error.context(loaded.place(&["training", "checkpoints", &index.to_string()])));
        let last = training.epochs.get();
        if !(1..=last).contains(epoch) {
            return at(Error::input(format!(
                "there is no epoch {epoch}: training has the epochs 1 to {last}"
            ))
            .help("list epochs counted from 1, such as `checkpoints = [10, 20, 30]`"));
        }
        if training.checkpoints[..index].contains(epoch) {
            return at(Error::input(format!("epoch {epoch} is listed twice")));
        }
    }
    if let Some(models) = training.interpolate.filter(|models| models.get() > MOST_BETWEEN) {
        return Err(Error::input(format!("`interpolate` must be at most {MOST_BETWEEN}, got {models}"))
            .help("so many models are evaluated between every two neighboring strengths; 1 to 3 are usual")
            .context(loaded.place(&["training", "interpolate"])));
    }
    if training.interpolate.is_some() && experiment.front.models.first() != Some(&Candidate::Last) {
        return Err(Error::input("models in between have last weights only, and the front is about others")
            .help("put `last` first in `models` of [front], or drop `interpolate`")
            .context(loaded.place(&["training", "interpolate"])));
    }
    Ok(())
}

fn suite(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    if experiment.suite.is_none() && experiment.attacks.is_empty() {
        return Err(Error::input("no attack is listed")
            .help("add `suite = \"quick\"` at the top, or `[[attack]]` with `kind = \"pgd\"`"));
    }
    if experiment.suite.is_some() && !experiment.attacks.is_empty() {
        return Err(Error::input("attacks are listed beside a suite")
            .help("keep `suite` or the `[[attack]]` entries")
            .context(loaded.place(&["suite"])));
    }
    for (index, attack) in experiment.attacks.iter().enumerate() {
        if experiment.attacks[..index].contains(attack) {
            return Err(Error::input("the same attack with the same settings is listed twice")
                .help("to try harder, raise `restarts` or `steps`")
                .context(loaded.place(&["attack", &index.to_string()])));
        }
    }
    Ok(())
}

fn checks(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    let settings = &experiment.checks;
    if let Err((key, message)) = settings.check() {
        return Err(Error::input(message).context(loaded.place(&["checks", key])));
    }
    if let Some((index, message)) = checks::misspelled(settings) {
        return Err(Error::input(message)
            .help("`equipoise ls checks` lists them all")
            .context(loaded.place(&["checks", "override", &index.to_string()])));
    }
    Ok(())
}

fn imported(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    let at = |path: &[&str], error: Error| error.context(loaded.place(path));
    let untrained = experiment.is_imported();
    match (untrained, experiment.model.weights().is_some()) {
        (true, false) => Err(at(
            &["training", "kind"],
            Error::input("nothing is trained (`training.kind = \"none\"`), but no weights are given")
                .help("add `weights = \"model.safetensors\"` to [model], or train"),
        )),
        (false, true) => Err(at(
            &["model", "weights"],
            Error::input("weights are given, but would be trained over")
                .help("add `kind = \"none\"` to [training] to evaluate them as they are"),
        )),
        (true, true) if !experiment.defenses.is_empty() => Err(at(
            &["defense"],
            Error::input("a defense is listed, but nothing is trained").help("drop [[defense]], or train"),
        )),
        _ => Ok(()),
    }
}

fn front(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    let front = &experiment.front;
    let at = |path: &[&str], error: Error| error.context(loaded.place(path));
    if front.objectives.len() < 2 {
        return Err(at(
            &["front", "objectives"],
            Error::input(format!("a front needs at least 2 objectives, got {}", front.objectives.len())),
        ));
    }
    for (index, name) in front.objectives.iter().enumerate() {
        let place = ["front", "objectives", &index.to_string()];
        let key: MetricKey = name.parse().map_err(|error| at(&place, error))?;
        let Some(metric) = metrics::find(&key.id) else {
            let hint = did_you_mean(&key.id, metrics::CATALOG.iter().map(|metric| metric.id));
            return Err(at(
                &place,
                Error::input(format!("unknown metric `{}`{hint}", key.id))
                    .help("`equipoise ls metrics` lists them all"),
            ));
        };
        if metric.direction.is_none() {
            return Err(at(
                &place,
                Error::input(format!(
                    "`{name}` cannot be an objective: neither more nor less of it is better"
                )),
            ));
        }
        explanations::objective(metric, name, experiment).map_err(|error| at(&place, error))?;
        if !(metric.range.0.is_finite() && metric.range.1.is_finite()) {
            return Err(at(
                &place,
                Error::input(format!("`{name}` cannot be an objective: it has no worst or no best value"))
                    .help("use `mean_corruption_accuracy`"),
            ));
        }
    }
    if front.models.is_empty() {
        return Err(at(
            &["front", "models"],
            Error::input("`models` is empty").help("the usual choice is `models = [\"last\"]`"),
        ));
    }
    if let Some(index) = front.models.iter().position(|model| matches!(model, Candidate::Epoch(_))) {
        return Err(at(
            &["front", "models", &index.to_string()],
            Error::input(format!("`{}` is no model that can be listed here", front.models[index].word()))
                .help("list epochs as `checkpoints` in [training]"),
        ));
    }
    if front.models.iter().collect::<BTreeSet<_>>().len() < front.models.len() {
        return Err(at(&["front", "models"], Error::input("a model is listed twice")));
    }
    if front.resamples < FEWEST_RESAMPLES {
        return Err(at(
            &["front", "resamples"],
            Error::input(format!("resamples must be at least {FEWEST_RESAMPLES}, got {}", front.resamples)),
        ));
    }
    Ok(())
}

/// A radius or strength: finite and at least 0.
fn radius(what: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(Error::input(format!("{what} must be finite and at least 0, got `{value}`")))
    }
}

/// What can be checked once the data are there.
///
/// # Errors
///
/// A batch larger than the training rows, a model that does not fit the rows, an attack that cannot attack it, an
/// objective that these data cannot give.
pub fn with_data(loaded: &Loaded, experiment: &Experiment, dataset: &Dataset) -> Result<()> {
    let at = |path: &[&str], error: Error| error.context(loaded.place(path));
    let architecture = experiment
        .model
        .architecture(dataset.shape, dataset.classes.len())
        .map_err(|error| at(&["model"], error))?;
    experiment.training.check(dataset.train.len()).map_err(|error| at(&["training"], error))?;
    for (index, sweep) in experiment.defenses.iter().enumerate() {
        sweep
            .method
            .check_data(dataset, experiment.threat.epsilon)
            .map_err(|error| at(&["defense", &index.to_string(), "method"], error))?;
    }
    experiment.threat.constraints(dataset).map_err(|error| at(&["threat", "model"], error))?;
    let norm = experiment.threat.norm;
    for (index, attack) in experiment.attacks.iter().enumerate() {
        attack.check(&architecture, norm).map_err(|error| at(&["attack", &index.to_string()], error))?;
    }
    experiment.suite().check(&architecture, norm).map_err(|error| at(&["suite"], error))?;
    certificates::fit(loaded, experiment, &architecture)?;
    shift::fit(loaded, experiment, dataset)?;
    for (index, candidate) in experiment.front.models.iter().enumerate() {
        let lacking = match candidate {
            Candidate::Last | Candidate::Epoch(_) => None,
            _ if experiment.is_imported() => Some("nothing is trained"),
            _ if dataset.validation.is_empty() => Some("there are no validation rows"),
            Candidate::BestRobust if experiment.threat.epsilon <= 0.0 => Some("the threat's epsilon is 0"),
            Candidate::BestRobust if norm == Norm::L1 => Some("validation does not attack in L1"),
            _ => None,
        };
        if let Some(reason) = lacking {
            return Err(at(
                &["front", "models", &index.to_string()],
                Error::input(format!("there is no model `{}`: {reason}", candidate.word()))
                    .help("the model after the last epoch is there always: `models = [\"last\"]`"),
            ));
        }
    }
    if experiment.calibration.temperature && dataset.validation.is_empty() {
        return Err(at(
            &["calibration", "temperature"],
            Error::input("a temperature is fitted on validation rows, and there are none")
                .help("set `validation` in [split], or drop `temperature`"),
        ));
    }
    let chosen_on_validation = !experiment.checkpoints().is_empty();
    if chosen_on_validation && dataset.validation.is_empty() {
        return Err(at(
            &["training", "checkpoints"],
            Error::input("checkpoints are chosen on validation rows, and there are none")
                .help("set `validation` in [split], or drop `checkpoints`"),
        ));
    }
    let available = available(experiment, dataset)?;
    let mut resolved = BTreeSet::new();
    for (index, name) in experiment.front.objectives.iter().enumerate() {
        let primary = (experiment.threat.norm, experiment.threat.epsilon);
        let place = ["front", "objectives", &index.to_string()];
        let key = metrics::resolve(name, &available, Some(primary)).map_err(|error| at(&place, error))?;
        // The vote on rows as they are has a key with radius 0, and is counted on validation rows too.
        let is_plain_vote = metrics::find(&key.id).is_some_and(|metric| metric.needs.under == Under::Vote);
        if chosen_on_validation
            && !is_plain_vote
            && key.attack.as_ref().is_some_and(|attack| attack.epsilon().to_bits() != primary.1.to_bits())
        {
            return Err(at(
                &place,
                Error::input(format!(
                    "`{key}` is not measured on validation rows, which choose between checkpoints: they are attacked at the threat's radius {} alone",
                    primary.1
                ))
                .help(format!("use `{}` without a radius, or make its radius the threat's epsilon", key.id)),
            ));
        }
        let is_shifted =
            |metric: &metrics::Metric| matches!(metric.needs.material, metrics::Material::Shift(_));
        if chosen_on_validation && metrics::find(&key.id).is_some_and(is_shifted) {
            return Err(at(
                &place,
                Error::input(format!(
                    "`{key}` is not measured on validation rows, which choose between checkpoints"
                ))
                .help("drop `checkpoints` in [training], or take another objective"),
            ));
        }
        if !resolved.insert(key.clone()) {
            return Err(at(
                &place,
                Error::input(format!("the objective `{name}` is listed twice: it is `{key}`")),
            ));
        }
    }
    Ok(())
}

/// The keys that a run of `experiment` on `dataset` will measure.
pub(super) fn available(experiment: &Experiment, dataset: &Dataset) -> Result<Vec<MetricKey>> {
    let protocol = experiment.threat.protocol(experiment.suite().protocol());
    let norm = experiment.threat.norm;
    let attacks = experiment.threat.epsilons().into_iter();
    let mut cases: Vec<Case> =
        attacks.map(|epsilon| Case::attack(AttackKey::new(&protocol, norm, epsilon))).collect();
    cases.extend(certificates::cases(experiment));
    cases.extend(explanations::cases(experiment, dataset));
    let facts = (*dataset.test.facts).clone().with_intersections()?;
    let mut tasks = metrics::expected(&facts, &cases);
    tasks.extend(metrics::under_shift(&facts, &shift::shifts(experiment, dataset)));
    Ok(tasks.into_iter().map(|task| task.key).collect())
}
