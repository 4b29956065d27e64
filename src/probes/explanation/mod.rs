//! Explanations: what a method says a prediction rests on, and how far that can be trusted.
//!
//! What is explained is the *logit* of the class that the model predicts at the unchanged row; curves of taking features away are of its *probability*.
//! The features are the numbers of the model's input: levels of a category are features of their own. Some test rows are explained, the same for
//! every model, and each on its own: draws are keyed by the replicate's seed, the purpose and the data-set row.
//!
//! One file per method (`gradient`, `gradient_x_input`, `integrated_gradients`) and per measure (`deletion`, `infidelity`, `sensitivity`,
//! `stability`). To add a method: a file, a variant of [`Method`], a line in [`METHODS`] and an arm in `attribution`.

mod attribution;
mod deletion;
mod gradient;
mod gradient_x_input;
mod infidelity;
mod integrated_gradients;
mod model;
mod sensitivity;
mod settings;
mod stability;

use self::attribution::{Attributions, Explainer};
use self::infidelity::Changes;
use self::model::{Asked, Model};
use crate::attacks::{Constraints, Stop, sample, stopped};
use crate::data::{Feature, Rows};
use crate::error::Result;
use crate::evidence::{AttributionFacts, ExplanationFacts, Explanations, Outputs};
use crate::measure::{AttackKey, Norm};
use crate::models::Network;
use crate::seed::Seed;

pub use settings::{Baseline, METHODS, Method, Settings};

/// The version of what explanations observe with given settings; part of their evidence's identity.
pub const VERSION: u32 = 1;

/// A model, its rows, and how it is to be explained.
pub struct Inquiry<'a> {
    /// The model.
    pub network: &'a mut dyn Network,
    /// The rows, of which some are explained.
    pub rows: &'a Rows,
    /// The rows it was trained on, for the baseline of means.
    pub training: &'a Rows,
    /// The model's outputs on the unchanged rows.
    pub clean: &'a Outputs,
    /// What an adversary may change, and how far.
    pub features: &'a [Feature],
    /// What a row must obey to be handed in, where this is a threat model for tables.
    pub constraints: Option<&'a Constraints>,
    /// How distance is measured.
    pub norm: Norm,
    /// The threat's own radius.
    pub epsilon: f64,
    /// Methods, baselines and effort.
    pub settings: &'a Settings,
    /// The replicate's seed.
    pub seed: Seed,
    /// Whether to stop early.
    pub stop: Stop<'a>,
}

/// What names the attack under which the stability is measured: a hash of its settings.
///
/// # Errors
///
/// Only on a defect of this program.
pub fn stability_protocol(settings: &Settings) -> Result<String> {
    Ok(stability::attack(settings.attack_steps)?.protocol())
}

/// Whether there is an attack to measure the stability under: none at radius 0, none in L1, none where nothing may be changed.
#[must_use]
pub fn is_attacked(features: &[Feature], norm: Norm, epsilon: f64) -> bool {
    epsilon > 0.0 && norm != Norm::L1 && features.iter().any(|feature| feature.mutable)
}

/// Explains some of the rows with every method and baseline that the settings list.
///
/// # Errors
///
/// Where the model's outputs or gradients are not finite, or `stop` said so.
pub fn explain(mut inquiry: Inquiry<'_>) -> Result<Explanations> {
    let settings = inquiry.settings;
    let flags = sample(&inquiry.rows.facts.rows, settings.rows.get() as usize);
    let members: Vec<usize> = (0..flags.len()).filter(|row| flags[*row]).collect();
    let features = inquiry.features.len();
    let attacked = if is_attacked(inquiry.features, inquiry.norm, inquiry.epsilon) && !members.is_empty() {
        Some(stability::points(&mut inquiry, &members)?)
    } else {
        None
    };
    let protocol =
        crate::attacks::under(inquiry.constraints.map(Constraints::name), stability_protocol(settings)?);
    let baselines: Vec<Vec<f32>> = settings
        .baselines
        .iter()
        .map(|baseline| match baseline {
            Baseline::Mean => means(inquiry.training, features),
            Baseline::Zero => vec![0.0; features],
        })
        .collect();
    let mut explanations = Explanations {
        rows: members.iter().map(|row| *row as u32).collect(),
        features,
        top: settings.top_of(features),
        attack: attacked.as_ref().map(|_| AttackKey::new(&protocol, inquiry.norm, inquiry.epsilon)),
        entries: entries(settings),
    };
    let Inquiry { network, rows, clean, seed, stop, .. } = inquiry;
    let mut model = Model::new(network);
    for (place, &row) in members.iter().enumerate() {
        if stop() {
            return Err(stopped());
        }
        let subject = Subject {
            row: rows.row(row),
            asked: Asked { class: clean.predictions[row], number: rows.facts.rows[row] },
            adversarial: attacked.as_ref().map(|x| &x[place * features..(place + 1) * features]),
            settings,
            baselines: &baselines,
            top: explanations.top,
            seed,
        };
        subject.explain(&mut model, &mut explanations.entries)?;
    }
    Ok(explanations)
}

/// Empty entries: method by method, baseline by baseline. What does not depend on the baseline stands in a method's first entry alone.
fn entries(settings: &Settings) -> Vec<ExplanationFacts> {
    let entry = |(method, baseline, attributed): (Method, Baseline, bool)| ExplanationFacts {
        method: method.word().to_owned(),
        baseline: baseline.word().to_owned(),
        deletion: Vec::new(),
        insertion: Vec::new(),
        attribution: attributed
            .then(|| AttributionFacts { name: method.attribution(baseline), ..AttributionFacts::default() }),
    };
    settings.pairs().map(entry).collect()
}

/// The mean of every feature over the rows.
fn means(rows: &Rows, features: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; features];
    for row in rows.x.chunks_exact(features) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    sums.iter().map(|sum| (sum / rows.len().max(1) as f64) as f32).collect()
}

/// One row, to be explained.
struct Subject<'a> {
    row: &'a [f32],
    asked: Asked,
    adversarial: Option<&'a [f32]>,
    settings: &'a Settings,
    /// In the settings' order.
    baselines: &'a [Vec<f32>],
    top: usize,
    seed: Seed,
}

impl Subject<'_> {
    /// Adds one number to each of the entries' measures.
    fn explain(&self, model: &mut Model<'_>, entries: &mut [ExplanationFacts]) -> Result<()> {
        let Self { row, asked, settings, .. } = *self;
        let stream = |purpose: &str| self.seed.streams(purpose).stream(asked.number, 0);
        let ties = stream("explanation/ties").permutation(row.len());
        let mut noise = stream("explanation/infidelity");
        let changes =
            Changes::new(model, row, settings.samples.get(), settings.noise.get(), &mut noise, asked)?;
        // The row, then its neighbors, then the adversarial point.
        let mut points = row.to_vec();
        let (draws, radius) = (settings.draws.get(), settings.radius.get());
        points.extend(sensitivity::neighbors(row, draws, radius, &mut stream("explanation/sensitivity")));
        points.extend_from_slice(self.adversarial.unwrap_or(&[]));

        let baselines = settings.baselines.len();
        for (method, entries) in settings.methods.iter().zip(entries.chunks_exact_mut(baselines)) {
            let mut order = None;
            for (baseline, entry) in self.baselines.iter().zip(entries) {
                let explainer = Explainer { method: *method, baseline, settings };
                if let Some(facts) = &mut entry.attribution {
                    let found = explainer.attribute(model, &points, asked)?;
                    order = explainer.ranking(&found.values[..row.len()], &ties);
                    self.judge(model, explainer, &found, order.as_deref(), (&changes, &ties), facts)?;
                }
                let areas = match &order {
                    Some(order) => {
                        let chunks = settings.chunks.get();
                        Some(deletion::areas(model, row, baseline, order, chunks, asked)?)
                    }
                    None => None,
                };
                entry.deletion.push(number(areas.map(|areas| areas.deletion)));
                entry.insertion.push(number(areas.map(|areas| areas.insertion)));
            }
        }
        Ok(())
    }

    /// What is measured of an attribution itself.
    fn judge(
        &self,
        model: &mut Model<'_>,
        explainer: Explainer<'_>,
        found: &Attributions,
        order: Option<&[u32]>,
        (changes, ties): (&Changes, &[u32]),
        facts: &mut AttributionFacts,
    ) -> Result<()> {
        let d = self.row.len();
        let near = d * (1 + self.settings.draws.get() as usize);
        let values = &found.values[..d];
        let infidelity = changes.infidelity(&found.slopes[..d]);
        let attacked = self.adversarial.and_then(|_| explainer.ranking(&found.values[near..], ties));
        let shared = order.zip(attacked).map(|(one, other)| stability::shared(one, &other, self.top));
        facts.infidelity.push(infidelity.plain as f32);
        facts.infidelity_scaled.push(infidelity.scaled as f32);
        facts.sensitivity.push(number(sensitivity::largest(values, &found.values[d..near])));
        facts.stability.push(number(shared));
        if explainer.method.adds_up() {
            let gap = integrated_gradients::gap(model, self.row, explainer.baseline, values, self.asked)?;
            facts.gap.push(gap as f32);
        }
        facts.values.extend_from_slice(values);
        Ok(())
    }
}

/// As evidence has it.
fn number(value: Option<f64>) -> f32 {
    value.map_or(f32::NAN, |value| value as f32)
}
