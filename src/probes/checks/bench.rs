//! What the checks are given, and what several of them do.

use crate::attacks::{Constraints, Found, Member, Spec, Stop, Suite, Target, ThreatModel, attempt, sample};
use crate::data::{Feature, Rows};
use crate::error::Result;
use crate::evidence::{EvasionFacts, Outputs, SplitFacts, UNION};
use crate::losses::{Loss, PerLane};
use crate::measure::Norm;
use crate::models::{Access, Block, LANES, Network};
use crate::probes::Points;
use crate::seed::Seed;

use super::Settings;

/// One evaluated model.
pub struct Subject<'a> {
    /// The model.
    pub network: &'a mut dyn Network,
    /// The rows it was attacked on.
    pub rows: &'a Rows,
    /// What may be changed, and how far.
    pub features: &'a [Feature],
    /// What a row must obey to be handed in, where this is a threat model for tables.
    pub constraints: Option<&'a Constraints>,
    /// The model's outputs on the unchanged rows.
    pub clean: &'a Outputs,
    /// The attacks.
    pub suite: &'a Suite,
    /// How distance is measured.
    pub norm: Norm,
    /// The threat's own radius; one of those that `facts` speak of.
    pub epsilon: f64,
    /// What the attacks did, at every radius.
    pub facts: &'a [EvasionFacts],
    /// The points they found at the threat's own radius, where they were kept.
    pub points: Option<&'a Points>,
    /// The replicate's seed.
    pub seed: Seed,
    /// How many rows to look at.
    pub settings: &'a Settings,
    /// Whether to stop early.
    pub stop: Stop<'a>,
}

/// A model, the sample of its rows that checks work on, and the tools they share.
pub struct Bench<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) sample: Sample,
    /// Whether the same rows gave different outputs.
    pub(super) randomized: bool,
}

/// Some of the rows.
pub(super) struct Sample {
    pub(super) rows: Rows,
    /// Their places among all rows.
    pub(super) members: Vec<usize>,
    pub(super) clean: Outputs,
    /// Classified correctly as they are.
    pub(super) correct: Vec<bool>,
    /// Left standing, at the threat's own radius, by the attacks that worked on all rows.
    pub(super) standing: Vec<bool>,
}

impl Sample {
    fn new(subject: &Subject<'_>) -> Self {
        let facts = &*subject.rows.facts;
        let flags = sample(&facts.rows, subject.settings.rows as usize);
        let members: Vec<usize> = (0..flags.len()).filter(|row| flags[*row]).collect();
        let classes = subject.network.architecture().classes();
        let labels: Vec<u16> = members.iter().map(|row| facts.labels[*row]).collect();
        let predictions: Vec<u16> = members.iter().map(|row| subject.clean.predictions[*row]).collect();
        let correct: Vec<bool> = labels.iter().zip(&predictions).map(|(y, p)| y == p).collect();
        // Attacks that worked on a sample would make it look better than the rows that the number rests on.
        let all = left_standing(subject);
        let standing: Vec<bool> = members.iter().map(|row| all[*row]).collect();
        let logits = &subject.clean.logits;
        Self {
            clean: Outputs {
                predictions,
                logits: members
                    .iter()
                    .flat_map(|row| &logits[row * classes..(row + 1) * classes])
                    .copied()
                    .collect(),
            },
            rows: Rows {
                x: members.iter().flat_map(|row| subject.rows.row(*row)).copied().collect(),
                facts: std::sync::Arc::new(SplitFacts {
                    split: facts.split,
                    rows: members.iter().map(|row| facts.rows[*row]).collect(),
                    labels,
                    classes: facts.classes.clone(),
                    positive: facts.positive,
                    attributes: Vec::new(),
                    units: None,
                }),
            },
            members,
            correct,
            standing,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }
}

/// Flags of the rows that every attack on all rows left standing, at the threat's own radius.
pub(super) fn left_standing(subject: &Subject<'_>) -> Vec<bool> {
    let mut standing: Vec<bool> =
        subject.rows.facts.labels.iter().zip(&subject.clean.predictions).map(|(y, p)| y == p).collect();
    let on_all = |facts: &&EvasionFacts| {
        let member = subject.suite.members.iter().find(|member| member.name == facts.attack);
        member.is_some_and(|member| member.sample.is_none())
            && facts.epsilon.to_bits() == subject.epsilon.to_bits()
    };
    for facts in subject.facts.iter().filter(on_all) {
        standing.iter_mut().zip(&facts.standing).for_each(|(stands, now)| *stands &= *now);
    }
    standing
}

/// The worst case over all attacks at `epsilon`.
pub(super) fn union(facts: &[EvasionFacts], epsilon: f64) -> Option<&EvasionFacts> {
    facts.iter().find(|facts| facts.attack == UNION && facts.epsilon.to_bits() == epsilon.to_bits())
}

impl<'a> Bench<'a> {
    pub(super) fn new(subject: Subject<'a>) -> Self {
        let sample = Sample::new(&subject);
        Self { subject, sample, randomized: false }
    }

    /// Why no new attack on the sample can tell anything, where that is so.
    pub(super) fn idle(&self) -> Option<String> {
        let predictions = &self.subject.clean.predictions;
        if self.sample.len() == 0 {
            return Some("no rows are set aside for it: `checks.rows` is 0".to_owned());
        }
        if self.subject.epsilon <= 0.0 {
            return Some("the radius is 0".to_owned());
        }
        if !self.subject.features.iter().any(|feature| feature.mutable) {
            return Some("the adversary may change nothing".to_owned());
        }
        if predictions.iter().all(|prediction| *prediction == predictions[0]) {
            let class = &self.subject.rows.facts.classes[usize::from(predictions[0])];
            return Some(format!("the model answers `{class}` to every row, and nothing can be attacked"));
        }
        None
    }

    pub(super) fn threat(&self, epsilon: f64) -> ThreatModel {
        let features = self.subject.constraints.map_or(self.subject.features, Constraints::features);
        ThreatModel::new(self.subject.norm, epsilon, features)
    }

    /// Why checks that reason about balls have nothing to say, where rows must be valid.
    pub(super) fn no_ball(&self) -> Option<String> {
        let name = self.subject.constraints?.name();
        Some(format!("under the threat model `{name}` rows are valid or not, and the ball is not the limit"))
    }

    /// Under constraints, puts the valid row nearest at hand in place of `point` (the clean one where there is none).
    pub(super) fn make_valid(&self, threat: &ThreatModel, clean: &[f32], point: &mut [f32]) {
        if let Some(constraints) = self.subject.constraints {
            let valid = constraints.valid_near(threat, clean, point);
            point.copy_from_slice(valid.as_deref().unwrap_or(clean));
        }
    }

    /// Whether a point made by [`make_valid`](Self::make_valid) counts; without constraints, whether it is inside the ball.
    pub(super) fn counts(&self, threat: &ThreatModel, clean: &[f32], point: &[f32]) -> bool {
        // What `make_valid` gives is valid, and a change of categories has no part in the ball.
        self.subject.constraints.is_some() || threat.distance(clean, point) <= threat.epsilon()
    }

    /// The attacks on all rows that climb gradients, in the suite's order.
    pub(super) fn gradient_attacks(&self) -> Vec<&'a Member> {
        let suite: &'a Suite = self.subject.suite;
        let climbs = |member: &&Member| {
            let attack = member.spec.build();
            member.sample.is_none() && attack.access() == Access::Gradients && !attack.exact()
        };
        suite.members.iter().filter(climbs).collect()
    }

    /// Attacks the rows of the sample that are flagged; none of what was found before is used.
    pub(super) fn attack(&mut self, spec: &Spec, epsilon: f64, only: &[bool], name: &str) -> Result<Found> {
        let threat = self.threat(epsilon);
        let mut found = Found::new(&self.sample.rows.x, &self.sample.rows.facts.labels, &self.sample.clean);
        let mut target = Target {
            network: &mut *self.subject.network,
            rows: &self.sample.rows,
            threat: &threat,
            constraints: self.subject.constraints,
            warm: false,
            only: Some(only),
            seed: self.subject.seed,
            name,
            stop: self.subject.stop,
        };
        attempt(spec.build().as_ref(), &self.sample.clean, &mut target, &mut found)?;
        Ok(found)
    }

    /// How many rows of the sample the suite left standing and `spec` breaks.
    pub(super) fn breaks(&mut self, spec: &Spec, name: &str) -> Result<usize> {
        let standing = self.sample.standing.clone();
        let found = self.attack(spec, self.subject.epsilon, &standing, name)?;
        Ok(standing.iter().zip(found.standing()).filter(|(before, after)| **before && !**after).count())
    }
}

/// `n × classes` logits of `n` rows (`x`: `n × features`), whatever they are.
pub(super) fn logits(network: &mut dyn Network, x: &[f32]) -> Vec<f32> {
    let (features, classes) = (network.architecture().inputs(), network.architecture().classes());
    let (mut block, mut out) = (Block::new(features), Block::new(classes));
    let mut all = Vec::with_capacity(x.len() / features * classes);
    for rows in x.chunks(LANES * features) {
        block.gather(rows.chunks_exact(features));
        network.forward(&block, &mut out);
        for lane in 0..block.rows() {
            all.extend((0..classes).map(|class| out.get(class, lane)));
        }
    }
    all
}

/// What to do with `d loss / d logits`.
pub(super) type Slope<'s> = dyn FnMut(&Block, &[u16], &mut Block) + 's;

/// `n × features` input gradients of a function of the logits, whose derivative `slope` writes.
pub(super) fn gradients(
    network: &mut dyn Network,
    x: &[f32],
    labels: &[u16],
    slope: &mut Slope<'_>,
) -> Vec<f32> {
    let (features, classes) = (network.architecture().inputs(), network.architecture().classes());
    let (mut block, mut out) = (Block::new(features), Block::new(classes));
    let (mut d_out, mut d_x) = (Block::new(classes), Block::new(features));
    let mut all = Vec::with_capacity(x.len());
    for (rows, labels) in x.chunks(LANES * features).zip(labels.chunks(LANES)) {
        block.gather(rows.chunks_exact(features));
        network.forward(&block, &mut out);
        d_out.set_rows(block.rows());
        slope(&out, labels, &mut d_out);
        network.input_gradient(&d_out, &mut d_x);
        for lane in 0..block.rows() {
            all.extend((0..features).map(|feature| d_x.get(feature, lane)));
        }
    }
    all
}

/// The gradient that attacks on `loss` climb.
pub(super) fn climbed(network: &mut dyn Network, x: &[f32], labels: &[u16], loss: Loss) -> Vec<f32> {
    let mut values: PerLane = [0.0; LANES];
    gradients(network, x, labels, &mut |logits, labels, d_logits| {
        loss.climb(logits, labels, &mut values, d_logits);
    })
}
