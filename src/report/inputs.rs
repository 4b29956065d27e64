//! What a report is made of: plain values, as they come from judging and from the experiment's settings.

use crate::evidence::Finding;
use crate::measure::{AttackKey, Bound, Direction, MetricKey, Norm, Pillar, Unit};
use crate::metrics::Metric;
use crate::pareto::exchange::ArcRate;
use crate::pareto::{Choice, Front, StrengthCurve, Stretch, Uncertainty};
use crate::points::{Anchor, Fared, Pair, Point};
use crate::run::{Abstention, Confidence, Sensitivity, Temperature};

/// What a reader needs to know of one metric: its line in the glossary.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// Stable id, as in keys.
    pub id: String,
    /// Short name for people.
    pub title: String,
    /// One sentence: what it is.
    pub meaning: String,
    /// Side of the trade-off.
    pub pillar: Pillar,
    /// Which way is better; `None` for descriptive numbers.
    pub direction: Option<Direction>,
    /// Unit of the stored value.
    pub unit: Unit,
    /// Smallest and largest possible value.
    pub range: (f64, f64),
    /// What a trivial model scores, in words.
    pub chance: String,
    /// When there is no number, in words that go on from "undefined".
    pub undefined: String,
    /// How it relates to the truth.
    pub bound: Bound,
    /// Where the definition comes from.
    pub source: String,
}

impl Described {
    /// The glossary line of a catalog entry.
    #[must_use]
    pub fn of(metric: &Metric) -> Self {
        Self {
            id: metric.id.to_owned(),
            title: metric.title.to_owned(),
            meaning: metric.meaning.to_owned(),
            pillar: metric.pillar(),
            direction: metric.direction,
            unit: metric.unit,
            range: metric.range,
            chance: metric.chance.to_owned(),
            undefined: metric.when_undefined(),
            bound: metric.bound,
            source: metric.source.to_owned(),
        }
    }
}

/// The data in one paragraph.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataSummary {
    /// Its name.
    pub name: String,
    /// One line about what the rows are; may be empty.
    pub description: String,
    /// Rows for fitting.
    pub train: usize,
    /// Rows for choosing.
    pub validation: usize,
    /// Rows behind every number shown.
    pub test: usize,
    /// Class names.
    pub classes: Vec<String>,
    /// The class that counts as the positive decision, which selection rates and true and false positive rates are about; `None` where there is none.
    pub positive: Option<String>,
    /// Sensitive attributes and their groups.
    pub attributes: Vec<(String, Vec<String>)>,
    /// How to cite it; may be empty.
    pub citation: String,
    /// Its license; may be empty.
    pub license: String,
    /// SHA-256 over content and encoding.
    pub fingerprint: String,
}

/// The threat model that the headline numbers hold under.
#[derive(Debug, Clone, PartialEq)]
pub struct Threat {
    /// Norm.
    pub norm: Norm,
    /// Radius.
    pub epsilon: f64,
    /// The protocol as in metric keys.
    pub protocol: String,
    /// The attacks in words: `PGD-40 × 2 restarts, margin PGD-40`.
    pub words: String,
}

impl Threat {
    /// Whether a number of this key part holds at the threat's norm and radius.
    pub(super) fn holds_at(&self, attack: &AttackKey) -> bool {
        attack.norm == self.norm && attack.epsilon().to_bits() == self.epsilon.to_bits()
    }
}

/// The security curve: one metric at several radii of the primary threat's norm and protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Id of the metric, such as `robust_accuracy`.
    pub metric: String,
    /// Its value at radius 0, where that is another metric (`accuracy`).
    pub clean: Option<MetricKey>,
    /// Radii, ascending, without 0.
    pub epsilons: Vec<f64>,
}

/// One metric for each class, or for each group of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// What the members are: `class`, or the attribute's name.
    pub title: String,
    /// Id of the metric on clean rows.
    pub clean: String,
    /// Id of its twin under the primary threat, where measured.
    pub attacked: Option<String>,
    /// (name for people, key part behind the `@`), in order.
    pub members: Vec<(String, String)>,
}

impl Breakdown {
    /// Whether it is by class; an attribute may have that name as well.
    #[must_use]
    pub fn is_by_class(&self) -> bool {
        self.clean == "class_accuracy"
    }

    /// Accuracy by class, and by the groups of every sensitive attribute, under the keys that measuring gives them.
    #[must_use]
    pub fn all(data: &DataSummary) -> Vec<Self> {
        // `!` separates the attack in a key.
        let part = |text: String| text.replace('!', "_");
        let mut all = vec![Self {
            title: "class".to_owned(),
            clean: "class_accuracy".to_owned(),
            attacked: Some("robust_class_accuracy".to_owned()),
            members: data.classes.iter().map(|class| (class.clone(), part(class.clone()))).collect(),
        }];
        all.extend(data.attributes.iter().map(|(name, groups)| Self {
            title: name.clone(),
            clean: "group_accuracy".to_owned(),
            attacked: Some("robust_group_accuracy".to_owned()),
            members: groups.iter().map(|group| (group.clone(), part(format!("{name}={group}")))).collect(),
        }));
        all
    }
}

/// The share of test rows that still stand against one attack.
#[derive(Debug, Clone, PartialEq)]
pub struct AttackRow {
    /// Index of the point.
    pub point: usize,
    /// The attack's name.
    pub attack: String,
    /// Norm of the threat model.
    pub norm: Norm,
    /// Radius of the threat model.
    pub epsilon: f64,
    /// Share of rows still classified correctly, mean over seeds, 0 to 1.
    pub standing: f64,
    /// Whether the attack finds the exact worst case.
    pub exact: bool,
}

/// The share of test rows that one certificate certifies.
#[derive(Debug, Clone, PartialEq)]
pub struct CertificateRow {
    /// Index of the point.
    pub point: usize,
    /// The certificate's kind.
    pub certificate: String,
    /// Norm of the threat model.
    pub norm: Norm,
    /// Radius of the threat model.
    pub epsilon: f64,
    /// 0 to 1; mean over seeds.
    pub certified: f64,
}

/// A majority vote under noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothing {
    /// The protocol as in metric keys.
    pub protocol: String,
    /// Standard deviation of the noise.
    pub sigma: f64,
    /// Votes per row.
    pub samples: u32,
    /// The probability with which a row's certificate may be wrong.
    pub alpha: f64,
    /// The largest radius that a row can be certified at.
    pub reach: f64,
}

/// What was asked of certificates, and what beside the metrics is known of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Certified {
    /// The protocol of all deterministic certificates together, as in metric keys.
    pub protocol: Option<String>,
    /// Their kinds.
    pub names: Vec<String>,
    /// Certificate by certificate.
    pub rows: Vec<CertificateRow>,
    /// The majority votes.
    pub smoothed: Vec<Smoothing>,
    /// (point, one that dominates it) where that is proven; `None` where nothing deterministic is certified.
    pub proven: Option<Vec<(usize, usize)>>,
}

/// One method with one baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedBy {
    /// The method's word.
    pub method: String,
    /// The baseline's word.
    pub baseline: String,
    /// What its attributions are called in metric keys; none where they stand with a baseline before this.
    pub attribution: Option<String>,
}

/// What was asked of explanations.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanations {
    /// Test rows explained.
    pub rows: usize,
    /// Methods with their baselines, method by method.
    pub by: Vec<ExplainedBy>,
    /// Points on the way of integrated gradients.
    pub steps: u32,
    /// Steps in which features are taken away.
    pub chunks: u32,
    /// Changes per row for the infidelity.
    pub samples: u32,
    /// Their standard deviation.
    pub noise: f64,
    /// Neighbors per row for the sensitivity.
    pub draws: u32,
    /// How far each of their features is at most.
    pub radius: f64,
    /// How many features count as most important.
    pub top: usize,
    /// Steps of the attack under which explanations are compared.
    pub attack_steps: u32,
    /// That attack as in metric keys; none where there is none.
    pub attack: Option<AttackKey>,
}

/// How the training of one cell ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Convergence {
    /// Index of the point.
    pub point: usize,
    /// The replicate.
    pub seed: u64,
    /// Training loss at the end, nats per row.
    pub loss: f64,
    /// Training accuracy at the end (on the rows as trained on), 0 to 1.
    pub accuracy: f64,
    /// Change of the loss per epoch near the end; negative = still falling.
    pub loss_trend: f64,
    /// Whether the training had settled by its own criterion.
    pub settled: bool,
}

/// What one sanity check came to on one model.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRow {
    /// Index of the point.
    pub point: usize,
    /// The replicate; none for what is judged over all seeds.
    pub seed: Option<u64>,
    /// The verdict.
    pub finding: Finding,
}

/// How to make the points again.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The experiment as a configuration file (TOML), overrides applied and defaults written out.
    pub configuration: String,
    /// By point, `key=value` settings that leave it alone; empty where it is not made by itself.
    pub alone: Vec<Vec<String>>,
}

/// Everything a report is made of, as plain values.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// Name of the experiment.
    pub name: String,
    /// The question in one line.
    pub question: String,
    /// Name and version of the program that made it.
    pub version: String,
    /// The data.
    pub data: DataSummary,
    /// Resolved settings, in the order to show them.
    pub settings: Vec<(String, String)>,
    /// How to make the points again; `None` of models that were made elsewhere.
    pub recipe: Option<Recipe>,
    /// Glossary of every metric that occurs.
    pub metrics: Vec<Described>,
    /// The keys to show in tables and small multiples, in order; the objectives are always shown first.
    pub shown: Vec<MetricKey>,
    /// The points.
    pub points: Vec<Point>,
    /// The front over `points`.
    pub front: Front,
    /// The front within each defense, as indices into `points`; may be empty with one defense.
    pub defense_fronts: Vec<(String, Vec<usize>)>,
    /// What validation rows chose between checkpoints, where there are any; the front is then over these points alone.
    pub choice: Option<Choice>,
    /// Which defense owns which stretch of the front; empty where fewer than two compete.
    pub ownership: Vec<Stretch>,
    /// Arc rates, indices into `points`.
    pub rates: Vec<ArcRate>,
    /// How sure one can be of the front.
    pub uncertainty: Uncertainty,
    /// Every defense along its strengths.
    pub curves: Vec<StrengthCurve>,
    /// What reruns at other budgets say of the rates.
    pub sensitivity: Vec<Sensitivity>,
    /// Trivial models.
    pub anchors: Vec<Anchor>,
    /// The threat of the headline numbers; `None` when nothing was attacked.
    pub threat: Option<Threat>,
    /// The security curve, where several radii were measured.
    pub curve: Option<Curve>,
    /// Class- and group-wise metrics.
    pub breakdowns: Vec<Breakdown>,
    /// Attack by attack.
    pub attacks: Vec<AttackRow>,
    /// Certificates, where any is asked for.
    pub certified: Option<Certified>,
    /// Explanations, where they are asked for.
    pub explanations: Option<Explanations>,
    /// What logits are divided by, point by point; empty where no temperature is fitted.
    pub temperatures: Vec<Temperature>,
    /// What abstention does against the attacks, by point, seed and attack.
    pub abstentions: Vec<Abstention>,
    /// What confidences come to, by point: without attack, and under the primary one.
    pub confidences: Vec<Confidence>,
    /// Which differences to the lowest strength one seed can tell; empty with several.
    pub pairs: Vec<Pair>,
    /// The groups whose accuracy changed for the worst and for the best on each step, for every attribute of an objective.
    pub fared: Vec<Fared>,
    /// How training ended.
    pub convergence: Vec<Convergence>,
    /// The sanity checks: by point, seed and number.
    pub checks: Vec<CheckRow>,
    /// Whether strengths were trained on from the ones below them.
    pub continued: bool,
    /// Warnings and remarks, whole sentences.
    pub notes: Vec<String>,
    /// What must be known before anything else is read, whole sentences.
    pub warnings: Vec<String>,
}
