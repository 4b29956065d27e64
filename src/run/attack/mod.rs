//! One model under a suite: what `equipoise attack` asks for.
//!
//! Models and rows come from files or from a data set ([`Subject`]); [`evaluate`] attacks them, and [`Evaluation::to_safetensors`]
//! writes the adversarial rows that [`verify`] holds against the threat model again, whoever made them.

mod adversarial;
mod bounds;
mod claims;
mod subject;

use crate::attacks::{Arena, Preset, Stop, Suite};
use crate::error::{Error, Result};
use crate::evidence::{EvasionFacts, Finding, UNION};
use crate::measure::Norm;
use crate::models::EngineKind;
use crate::probes::Points;
use crate::probes::checks::{self, Settings, planted};
use crate::seed::Seed;

pub use bounds::Bounds;
pub use claims::{Verified, verify};
pub use subject::{RowsFrom, Subject};

/// What to attack with.
#[derive(Debug, Clone, PartialEq)]
pub enum Arsenal {
    /// A suite by name; its attacks may depend on the norm.
    Preset(Preset),
    /// These attacks in every norm.
    Suite(Suite),
}

impl Arsenal {
    /// The suite in this norm; a named one has an attack that heeds constraints where there are some.
    #[must_use]
    pub fn suite(&self, norm: Norm, constrained: bool) -> Suite {
        match self {
            Self::Preset(preset) if constrained => preset.suite(norm).for_tables(norm),
            Self::Preset(preset) => preset.suite(norm),
            Self::Suite(suite) => suite.clone(),
        }
    }
}

/// How a model is to be attacked.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// What to attack with.
    pub arsenal: Arsenal,
    /// Norms, each once.
    pub norms: Vec<Norm>,
    /// Radii, strictly ascending, each finite and at least 0. Each starts from what the smaller ones found.
    pub epsilons: Vec<f64>,
    /// Seed of the attacks' draws.
    pub seed: Seed,
    /// Whether to keep the adversarial rows.
    pub points: bool,
    /// The sanity checks' thresholds and effort.
    pub checks: Settings,
}

impl Recipe {
    /// How many times an attack goes over the rows in all.
    #[must_use]
    pub fn bouts(&self) -> usize {
        let members = |norm: &Norm| self.arsenal.suite(*norm, false).members.len();
        self.norms.iter().map(members).sum::<usize>() * self.epsilons.len()
    }
}

/// What a suite did to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Rows attacked.
    pub rows: usize,
    /// Rows classified correctly as they are.
    pub correct: usize,
    /// One per norm and radius, radii ascending within a norm.
    pub cases: Vec<Case>,
}

/// What a suite did to a model at one radius.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// How distance is measured.
    pub norm: Norm,
    /// The radius.
    pub epsilon: f64,
    /// The suite.
    pub suite: Suite,
    /// Its attacks in order.
    pub attacks: Vec<Tried>,
    /// The worst case over all of them.
    pub union: EvasionFacts,
    /// `n × features`: the misclassified point that counts; the row itself where it was wrong already or still stands. Only where asked for.
    pub adversarial: Option<Vec<f32>>,
    /// What a reader must know of the attacks on such a model.
    pub remarks: Vec<String>,
    /// What the sanity checks say, in catalog order.
    pub checks: Vec<Finding>,
}

impl Case {
    /// Why the robust accuracy is not to be relied on, where that is so.
    #[must_use]
    pub fn withheld(&self) -> Vec<String> {
        let failed = self.checks.iter().filter(|finding| finding.withholds());
        failed.map(|finding| format!("check `{}` failed: {}", finding.check, finding.says)).collect()
    }
}

/// What one attack did.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// What is known after it. In a cascade `standing` counts what the attacks before found as well.
    pub facts: EvasionFacts,
    /// How long it took.
    pub seconds: f64,
}

/// How many rows stand.
#[must_use]
pub fn count(flags: &[bool]) -> usize {
    flags.iter().filter(|flag| **flag).count()
}

/// Attacks the subject's model in every norm at every radius; `advanced` hears of every attack that is through: norm, radius, name.
///
/// # Errors
///
/// Before any attack: radii or attacks that cannot be worked with. Then those of [`Suite::run`].
pub fn evaluate(
    subject: &mut Subject,
    recipe: &Recipe,
    stop: Stop<'_>,
    advanced: &mut dyn FnMut(Norm, f64, &str),
) -> Result<Evaluation> {
    let correct = count(&subject.correct());
    for norm in &recipe.norms {
        recipe
            .arsenal
            .suite(*norm, subject.constraints.is_some())
            .check(subject.network.architecture(), *norm)?;
    }
    let mut cases = Vec::new();
    for norm in &recipe.norms {
        cases.extend(in_norm(subject, recipe, *norm, stop, advanced)?);
    }
    Ok(Evaluation { rows: subject.rows.len(), correct, cases })
}

/// The cases of one norm.
fn in_norm(
    subject: &mut Subject,
    recipe: &Recipe,
    norm: Norm,
    stop: Stop<'_>,
    advanced: &mut dyn FnMut(Norm, f64, &str),
) -> Result<Vec<Case>> {
    let suite = recipe.arsenal.suite(norm, subject.constraints.is_some());
    let classes = subject.network.architecture().classes();
    let mut remarks: Vec<String> =
        suite.members.iter().filter_map(|member| member.spec.remark(classes)).collect();
    if norm == Norm::L1 && matches!(recipe.arsenal, Arsenal::Preset(_)) {
        remarks.push("FAB and Square do not know L1: the suite is APGD alone".to_owned());
    }
    let sampled: Vec<String> = suite
        .members
        .iter()
        .filter_map(|member| Some(format!("`{}` works on {} rows", member.name, member.sample?)))
        .collect();
    if !sampled.is_empty() {
        remarks.push(format!("{}, the same for every model, as checks on the others", sampled.join(", ")));
    }
    let Subject { network, rows, clean, features, constraints, .. } = subject;
    let constraints = constraints.as_ref();
    let mut arena = Arena {
        network: network.as_mut(),
        rows,
        clean,
        features,
        constraints,
        norm,
        epsilons: &recipe.epsilons,
        seed: recipe.seed,
        stop,
    };
    let mut attacks: Vec<Vec<Tried>> = vec![Vec::new(); recipe.epsilons.len()];
    let mut all_facts: Vec<EvasionFacts> = Vec::new();
    let mut unions = Vec::new();
    suite.run(&mut arena, true, &mut |bout| {
        all_facts.push(bout.facts.clone());
        if bout.facts.attack != UNION {
            advanced(norm, bout.facts.epsilon, &bout.facts.attack);
            attacks[bout.radius].push(Tried { facts: bout.facts.clone(), seconds: bout.seconds });
            return Ok(());
        }
        let mut points =
            Points { epsilon: bout.facts.epsilon, x: rows.x.clone(), fell: vec![false; rows.len()] };
        let features = points.x.len() / rows.len();
        for (row, point) in points.x.chunks_exact_mut(features).enumerate() {
            let right = clean.predictions[row] == rows.facts.labels[row];
            if let (true, Some(success)) = (right, bout.found.first_success(row)) {
                point.copy_from_slice(success);
                points.fell[row] = true;
            }
        }
        unions.push((bout.facts.clone(), points));
        Ok(())
    })?;
    if unions.len() != recipe.epsilons.len() {
        return Err(Error::internal("a suite did not tell its worst case at every radius"));
    }
    let mut cases = Vec::new();
    for (attacks, (union, points)) in attacks.into_iter().zip(unions) {
        let observed = checks::examine(checks::Subject {
            network: network.as_mut(),
            rows,
            features,
            constraints,
            clean,
            suite: &suite,
            norm,
            epsilon: union.epsilon,
            facts: &all_facts,
            points: Some(&points),
            seed: recipe.seed,
            settings: &recipe.checks,
            stop,
        })?;
        cases.push(Case {
            norm,
            epsilon: union.epsilon,
            suite: suite.clone(),
            attacks,
            union,
            adversarial: recipe.points.then_some(points.x),
            remarks: remarks.clone(),
            checks: checks::judge(&observed, &recipe.checks),
        });
    }
    Ok(cases)
}

/// Whether the attacks find points that were planted for them, in every norm at every radius above 0: (norm, radius, what was found).
///
/// `samples` rows are used.
///
/// # Errors
///
/// Those of [`planted::run`]; under constraints, where no point of a sphere is a valid row.
pub fn selftest(
    subject: &Subject,
    recipe: &Recipe,
    engine: EngineKind,
    samples: usize,
    stop: Stop<'_>,
) -> Result<Vec<(Norm, f64, planted::Report)>> {
    if let Some(constraints) = &subject.constraints {
        return Err(Error::input(format!(
            "nothing can be planted under the threat model `{}`: hardly a point of the sphere is a valid row",
            constraints.name()
        ))
        .help("test the attacks without it"));
    }
    if samples == 0 || !recipe.epsilons.iter().any(|epsilon| *epsilon > 0.0) {
        return Err(Error::input("nothing would be planted: that needs a row and a radius above 0")
            .help("give `--planted` at least 1, and `--eps` a radius"));
    }
    let mut reports = Vec::new();
    for norm in &recipe.norms {
        let suite = recipe.arsenal.suite(*norm, false);
        suite.check(subject.network.architecture(), *norm)?;
        for epsilon in recipe.epsilons.iter().copied().filter(|epsilon| *epsilon > 0.0) {
            let report = planted::run(&planted::Job {
                engine,
                architecture: subject.network.architecture(),
                parameters: &subject.parameters,
                rows: &subject.rows,
                features: &subject.features,
                norm: *norm,
                epsilon,
                suite: &suite,
                seed: recipe.seed,
                samples,
                stop,
            })?;
            reports.push((*norm, epsilon, report));
        }
    }
    Ok(reports)
}
