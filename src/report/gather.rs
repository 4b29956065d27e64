//! From a [`Judgement`] to what the report is made of.

use std::collections::{BTreeMap, BTreeSet};

use super::card;
use super::format;
use super::inputs::{
    AttackRow, Breakdown, CertificateRow, Certified, CheckRow, Convergence, Curve, DataSummary, Described,
    ExplainedBy, Explanations, Inputs, Smoothing, Threat,
};
use crate::data::UNCONSTRAINED;
use crate::error::{Error, Result};
use crate::evidence::UNION;
use crate::experiment::Experiment;
use crate::measure::{AttackKey, MetricKey};
use crate::metrics::{self, Material, Metric, NoteKind, Under};
use crate::pareto::{self, Front, Objective};
use crate::points::Point;
use crate::probes::explanation;
use crate::run::Judgement;

impl Inputs {
    /// What a report says about `judgement`.
    ///
    /// # Errors
    ///
    /// Only on a defect of this program: a setting that cannot be written down.
    pub fn of(judgement: Judgement) -> Result<Self> {
        let settings = settings(&judgement)?;
        let warnings = warnings(&judgement);
        let shown = shown(&judgement);
        let notes = notes(&judgement, &shown);
        let certified = certified(&judgement);
        let explanations = explanations(&judgement)?;
        let continued = continued(&judgement);
        let recipe = card::recipe(&judgement.experiment, &judgement.points)?;
        let Judgement {
            experiment,
            data,
            primary,
            points,
            keys,
            front,
            choice,
            ownership,
            uncertainty,
            rates,
            curves,
            sensitivity,
            anchors,
            standing,
            endings,
            checks,
            temperatures,
            abstentions,
            confidences,
            pairs,
            fared,
            positive,
            ..
        } = judgement;
        let threat = &experiment.threat;
        let occurring: BTreeSet<&str> = keys.iter().map(|key| key.id.as_str()).collect();
        let radii: Vec<f64> = threat.epsilons().into_iter().filter(|epsilon| *epsilon > 0.0).collect();
        let defenses: BTreeSet<&str> = points.iter().map(|point| point.defense.as_str()).collect();
        let data = DataSummary {
            name: data.name,
            description: data.description,
            train: data.train,
            validation: data.validation,
            test: data.test,
            classes: data.classes,
            positive,
            attributes: data.attributes,
            citation: data.citation,
            license: data.license,
            fingerprint: data.fingerprint,
        };
        Ok(Self {
            name: experiment.name.clone(),
            question: experiment.question.clone().unwrap_or_default(),
            version: format!("equipoise {}", env!("CARGO_PKG_VERSION")),
            settings,
            recipe,
            metrics: metrics::CATALOG
                .iter()
                .filter(|m| occurring.contains(m.id))
                .map(|m| Described::of(m))
                .collect(),
            shown,
            defense_fronts: if defenses.len() > 1 { defense_fronts(&points, &front) } else { Vec::new() },
            front,
            choice,
            ownership,
            uncertainty,
            rates,
            curves,
            sensitivity,
            anchors,
            threat: is_attacked(&experiment).then(|| Threat {
                norm: threat.norm,
                epsilon: threat.epsilon,
                protocol: primary.protocol,
                words: words(&experiment),
            }),
            curve: (radii.len() > 1).then(|| Curve {
                metric: "robust_accuracy".to_owned(),
                clean: Some(MetricKey::plain("accuracy")),
                epsilons: radii,
            }),
            breakdowns: Breakdown::all(&data),
            attacks: standing
                .into_iter()
                .map(|row| AttackRow {
                    point: row.point,
                    attack: if row.attack == UNION { "all attacks".to_owned() } else { row.attack },
                    norm: row.norm,
                    epsilon: row.epsilon,
                    standing: row.share,
                    exact: row.exact,
                })
                .collect(),
            certified,
            explanations,
            temperatures,
            abstentions,
            confidences,
            pairs,
            fared,
            convergence: endings
                .into_iter()
                .map(|ending| Convergence {
                    point: ending.point,
                    seed: ending.seed,
                    loss: ending.trend.loss,
                    accuracy: ending.trend.accuracy,
                    loss_trend: ending.trend.loss_slope,
                    settled: ending.trend.settled(),
                })
                .collect(),
            checks: checks
                .into_iter()
                .map(|row| CheckRow { point: row.point, seed: row.seed, finding: row.finding })
                .collect(),
            continued,
            notes,
            warnings,
            points,
            data,
        })
    }
}

/// Of imported models it may be that nobody attacked them.
fn is_attacked(experiment: &Experiment) -> bool {
    experiment.imported.as_ref().is_none_or(|imported| !imported.attacks.is_empty())
}

/// The attacks, and the threat model where it is a named one.
fn words(experiment: &Experiment) -> String {
    if let Some(imported) = &experiment.imported {
        return imported.words(experiment.threat.norm, experiment.threat.epsilon);
    }
    let suite = experiment.suite().words();
    match &experiment.threat.model {
        Some(model) if model != UNCONSTRAINED => format!("{suite}; threat model `{model}`, valid rows only"),
        _ => suite,
    }
}

/// The front within each defense: the points that no other of the same defense dominates.
fn defense_fronts(points: &[Point], front: &Front) -> Vec<(String, Vec<usize>)> {
    let competing: Vec<usize> =
        front.members.iter().copied().chain(front.dominated.iter().map(|(point, _)| *point)).collect();
    let names: BTreeSet<&str> = points.iter().map(|point| point.defense.as_str()).collect();
    names
        .into_iter()
        .map(|name| {
            let mut own: Vec<usize> =
                competing.iter().copied().filter(|&i| points[i].defense == name).collect();
            own.sort_unstable();
            let costs: Vec<Vec<f64>> = own
                .iter()
                .map(|&i| {
                    let cost = |objective: &Objective| {
                        objective.cost(
                            points[i].value(&objective.key).expect("a competing point has every objective"),
                        )
                    };
                    front.objectives.iter().map(cost).collect()
                })
                .collect();
            (name.to_owned(), pareto::nondominated(&costs).into_iter().map(|i| own[i]).collect())
        })
        .collect()
}

/// Whether a number over the combinations of two attributes rests on a few persons at some point: it says more of them than of the model.
fn is_of_few(judgement: &Judgement, key: &MetricKey) -> bool {
    let is_of_two = key.group.as_deref().is_some_and(|group| {
        group.contains('*') && judgement.data.attributes.iter().all(|(name, _)| name != group)
    });
    let mut rows = judgement.points.iter().filter_map(|point| Some(point.measures.get(key)?.estimate.n));
    is_of_two
        && judgement.front.objectives.iter().all(|objective| objective.key != *key)
        && rows.any(|rows| (rows as f64) < metrics::FEW_ROWS)
}

/// The numbers in tables and small multiples: whole-model and whole-attribute ones, clean and at the primary threat.
fn shown(judgement: &Judgement) -> Vec<MetricKey> {
    let order = |key: &MetricKey| {
        // The worst-off come first: averages hide them.
        let worst_off = matches!(key.id.as_str(), "worst_class_accuracy" | "worst_group_accuracy");
        (!worst_off, metrics::CATALOG.iter().position(|metric| metric.id == key.id))
    };
    let mut shown: Vec<MetricKey> = judgement
        .keys
        .iter()
        .filter(|key| !is_of_few(judgement, key))
        .filter(|key| {
            let primary = &judgement.primary;
            let at_primary =
                |attack: &AttackKey| attack.norm == primary.norm && attack.epsilon == primary.epsilon;
            metrics::find(&key.id).is_some_and(|metric: &Metric| {
                let of_whole_model =
                    !metric.needs.group && !metric.needs.class && !metric.needs.is_of_parts();
                let as_it_is = metric.needs.under == Under::Vote;
                // Explanations have tables of their own.
                let apart = matches!(metric.needs.material, Material::Explanations(_));
                of_whole_model && !apart && (as_it_is || key.attack.as_ref().is_none_or(at_primary))
            })
        })
        .cloned()
        .collect();
    shown.sort_by_key(order);
    shown
}

/// What is said of certificates beside their metrics.
fn certified(judgement: &Judgement) -> Option<Certified> {
    let experiment = &judgement.experiment;
    if experiment.certificates.is_empty() {
        return None;
    }
    let mut certified = Certified {
        protocol: experiment.certificates_protocol(),
        proven: judgement.proven.clone(),
        ..Certified::default()
    };
    for spec in &experiment.certificates {
        match spec.smoothing() {
            Some(settings) => certified.smoothed.push(Smoothing {
                protocol: spec.protocol(),
                sigma: settings.sigma,
                samples: settings.samples,
                alpha: settings.alpha,
                reach: settings.reach(),
            }),
            None => certified.names.push(spec.word().to_owned()),
        }
    }
    certified.rows = judgement
        .certified
        .iter()
        .map(|row| CertificateRow {
            point: row.point,
            certificate: row.certificate.clone(),
            norm: row.norm,
            epsilon: row.epsilon,
            certified: row.share,
        })
        .collect();
    Some(certified)
}

/// What is said of explanations beside their metrics.
fn explanations(judgement: &Judgement) -> Result<Option<Explanations>> {
    let threat = &judgement.experiment.threat;
    let Some(settings) = &judgement.experiment.explanations else { return Ok(None) };
    let protocol = threat.protocol(explanation::stability_protocol(settings)?);
    let key = AttackKey::new(&protocol, threat.norm, threat.epsilon);
    let stable = |measured: &&MetricKey| measured.id == "explanation_stability";
    let is_attacked =
        judgement.keys.iter().filter(stable).any(|measured| measured.attack.as_ref() == Some(&key));
    let by =
        |(method, baseline, attributed): (explanation::Method, explanation::Baseline, bool)| ExplainedBy {
            method: method.word().to_owned(),
            baseline: baseline.word().to_owned(),
            attribution: attributed.then(|| method.attribution(baseline)),
        };
    Ok(Some(Explanations {
        rows: judgement.data.test.min(settings.rows.get() as usize),
        by: settings.pairs().map(by).collect(),
        steps: settings.steps.get(),
        chunks: settings.chunks.get().min(judgement.data.features as u32),
        samples: settings.samples.get(),
        noise: settings.noise.get(),
        draws: settings.draws.get(),
        radius: settings.radius.get(),
        top: settings.top_of(judgement.data.features),
        attack_steps: settings.attack_steps.get(),
        attack: is_attacked.then_some(key),
    }))
}

/// Resolved settings, in the order of a config.
fn settings(judgement: &Judgement) -> Result<Vec<(String, String)>> {
    fn flat(prefix: &str, value: &serde_json::Value, into: &mut Vec<(String, String)>) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    flat(&format!("{prefix}.{key}"), value, into);
                }
            }
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => into.push((prefix.to_owned(), text.clone())),
            other => into.push((prefix.to_owned(), other.to_string())),
        }
    }
    let experiment = serde_json::to_value(&judgement.experiment)
        .map_err(|error| Error::internal(format!("cannot describe the experiment: {error}")))?;
    let mut all = Vec::new();
    if let Some(imported) = &judgement.experiment.imported {
        flat("seeds", &experiment["seeds"], &mut all);
        for (attack, written) in
            imported.attacks.iter().zip(experiment["imported"]["attacks"].as_array().into_iter().flatten())
        {
            flat(&format!("attack.{}", attack.name), written, &mut all);
            all.push((format!("protocol of {}", attack.name), attack.protocol()));
        }
        if is_attacked(&judgement.experiment) {
            flat("threat", &experiment["threat"], &mut all);
        }
        flat("front", &experiment["front"], &mut all);
        return Ok(all);
    }
    for section in ["seeds", "data", "split", "model", "training"] {
        flat(section, &experiment[section], &mut all);
    }
    for section in ["defense", "attack", "certificate"] {
        for (index, member) in experiment[section].as_array().into_iter().flatten().enumerate() {
            flat(&format!("{section}.{index}"), member, &mut all);
        }
    }
    for section in ["threat", "explanations", "shift", "calibration", "checks", "front", "sweep", "engine"] {
        flat(section, &experiment[section], &mut all);
    }
    flat("suite", &experiment["suite"], &mut all);
    let suite = judgement.experiment.suite();
    for (index, member) in suite.members.iter().enumerate() {
        all.push((format!("protocol of {}", member.name), suite.member_protocol(index)));
    }
    all.push((
        "features the adversary may change".to_owned(),
        format!("{} of {}", judgement.data.mutable, judgement.data.features),
    ));
    Ok(all)
}

/// Whether strengths were trained on from the ones below them, in any combination of the sweep.
fn continued(judgement: &Judgement) -> bool {
    let swept =
        |point: &Point| point.coordinates.get("training.continuation").is_some_and(|value| value == "true");
    judgement.experiment.training.supervised().is_some_and(|it| it.continuation)
        || judgement.points.iter().any(swept)
}

/// What a reader must know before believing anything.
fn warnings(judgement: &Judgement) -> Vec<String> {
    let mut warnings = Vec::new();
    let missing = judgement.planned - judgement.present;
    if missing > 0 {
        let seeds: Vec<String> = judgement.unfinished.iter().map(|seed| format!("seed {seed}")).collect();
        let left_out = match seeds.len() {
            0 => "this report covers the others".to_owned(),
            n => format!(
                "{} {} left out, where some are missing, so that all points rest on the same seeds",
                super::format::list(&seeds),
                super::format::are(n)
            ),
        };
        warnings.push(format!(
            "Unfinished: {missing} of {} cells are not there yet; {left_out}.",
            judgement.planned
        ));
    }
    if judgement.experiment.imported.is_some() {
        warnings.push(
            "Imported: the models were made and attacked elsewhere; predictions and attack results are taken as they were stated, and no sanity check looked at the models.".to_owned(),
        );
    } else if judgement.data.mutable == 0 {
        warnings.push(format!(
            "The adversary may change none of the {} features, so the attacks do nothing: mark columns `mutable` in the data set's manifest.",
            judgement.data.features
        ));
    }
    warnings
}

/// Remarks on numbers that are not `shown`, whose remarks name their points: each once, with how many numbers it concerns. Small groups have
/// remarks of their own.
fn notes(judgement: &Judgement, shown: &[MetricKey]) -> Vec<String> {
    let mut concerned: BTreeMap<&str, BTreeSet<&MetricKey>> = BTreeMap::new();
    let (mut undefined, mut most) = (BTreeSet::new(), 0);
    for point in &judgement.points {
        for (key, measured) in point.measures.iter().filter(|(key, _)| !shown.contains(key)) {
            for note in &measured.notes {
                match metrics::note_kind(note) {
                    NoteKind::SmallGroup => {}
                    NoteKind::Resamples(times) => {
                        undefined.insert(key);
                        most = most.max(times);
                    }
                    NoteKind::Other => {
                        concerned.entry(note).or_default().insert(key);
                    }
                }
            }
        }
    }
    let sentence = |(note, keys): (&str, BTreeSet<&MetricKey>)| {
        let first = keys.first().map_or_else(String::new, |key| metrics::describe(key));
        let first = super::format::capitalized(&first);
        match keys.len() {
            1 => format!("{first}: {note}."),
            n => format!("{first} and {} more: {note}.", n - 1),
        }
    };
    let stated = judgement.experiment.imported.iter().flat_map(|imported| imported.remarks.iter().cloned());
    let mut all: Vec<String> = stated.chain(concerned.into_iter().map(sentence)).collect();
    if let Some(first) = undefined.first() {
        let first = metrics::describe(first);
        let whose = match undefined.len() {
            1 => format!("The interval of {first} leaves"),
            n => format!("The intervals of {first} and {} leave", format::count(n - 1, "more number")),
        };
        all.push(format!(
            "{whose} out resamples that hold no row to count: at most {most} of {}.",
            judgement.experiment.front.resamples
        ));
    }
    all
}
