//! Trivial predictors, measured like any model: what a front must beat to mean anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::evidence::{
    Attribute, CertificateFacts, Certificates, Effort, EvasionFacts, Evidence, LabelShift, Outputs, Shift,
    ShiftFacts, SmoothedAttack, SmoothedFacts, SplitFacts, UNION,
};
use crate::measure::{AttackKey, MetricKey, Value};
use crate::metrics::{self, About, Material, Under};

/// A trivial predictor and what it scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchor {
    /// ``always `<=50K` (the most frequent class)``.
    pub label: String,
    /// Its values, for the same keys that models have.
    pub values: BTreeMap<MetricKey, Value>,
}

/// The anchors of a split, under the unions of attacks named in `keys`: the constant predictor of the most
/// frequent class, in binary tasks that of the other class too, and a uniformly random guess (in expectation).
#[must_use]
pub fn anchors(facts: &SplitFacts, keys: &[MetricKey]) -> Vec<Anchor> {
    let mut order: Vec<usize> = (0..facts.classes.len()).collect();
    let share = |class: usize| facts.labels.iter().filter(|label| usize::from(**label) == class).count();
    // Stable, so that the lower class wins a tie.
    order.sort_by_key(|class| std::cmp::Reverse(share(*class)));
    let shown = if order.len() == 2 { 2 } else { 1 };
    let mut anchors: Vec<Anchor> = order
        .iter()
        .take(shown)
        .enumerate()
        .map(|(rank, class)| {
            let which = if rank == 0 { " (the most frequent class)" } else { "" };
            Anchor {
                label: format!("always `{}`{which}", facts.classes[*class]),
                values: constant(facts, *class, keys),
            }
        })
        .collect();
    anchors.push(Anchor { label: "random guess".to_owned(), values: random(facts, keys) });
    anchors
}

/// What always answering `class` scores.
pub(super) fn constant(facts: &SplitFacts, class: usize, keys: &[MetricKey]) -> BTreeMap<MetricKey, Value> {
    let predictions = vec![class as u16; facts.len()];
    values(&evidence(Arc::new(facts.clone()), predictions, keys), None)
}

/// What a uniformly random guess scores in expectation: every row once per class, each counting as one over
/// the number of classes. The adversary does not see the guess, so it changes nothing.
fn random(facts: &SplitFacts, keys: &[MetricKey]) -> BTreeMap<MetricKey, Value> {
    let classes = facts.classes.len();
    let spread = |row: usize| row / classes.max(1);
    let n = facts.len() * classes;
    let repeated = SplitFacts {
        rows: (0..n).map(|i| facts.rows[spread(i)]).collect(),
        labels: (0..n).map(|i| facts.labels[spread(i)]).collect(),
        attributes: facts
            .attributes
            .iter()
            .map(|attribute| Attribute {
                codes: (0..n).map(|i| attribute.codes[spread(i)]).collect(),
                ..attribute.clone()
            })
            .collect(),
        units: None,
        ..facts.clone()
    };
    let predictions = (0..n).map(|i| (i % classes) as u16).collect();
    let weights = vec![1.0 / classes as f64; n];
    values(&evidence(Arc::new(repeated), predictions, keys), Some(&weights))
}

fn values(evidence: &Evidence, weights: Option<&[f64]>) -> BTreeMap<MetricKey, Value> {
    metrics::measure(evidence, weights).into_iter().map(|(key, reading)| (key, reading.value)).collect()
}

/// A predictor that no attack can move.
fn evidence(facts: Arc<SplitFacts>, predictions: Vec<u16>, keys: &[MetricKey]) -> Evidence {
    let under = |wanted: Under| {
        let is_wanted =
            |key: &&MetricKey| metrics::find(&key.id).is_some_and(|metric| metric.needs.under == wanted);
        let mut all: Vec<&AttackKey> =
            keys.iter().filter(is_wanted).filter_map(|key| key.attack.as_ref()).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let standing: Vec<bool> = predictions.iter().zip(&facts.labels).map(|(p, label)| p == label).collect();
    let proven = under(Under::Certificate).into_iter().map(|attack| CertificateFacts {
        certificate: UNION.to_owned(),
        protocol: attack.protocol.clone(),
        norm: attack.norm,
        epsilon: attack.epsilon(),
        certified: standing.clone(),
    });
    let smoothed = under(Under::Vote).into_iter().map(|vote| SmoothedFacts {
        protocol: vote.protocol.clone(),
        sigma: 1.0,
        alpha: 0.0,
        predictions: predictions.iter().copied().map(Some).collect(),
        radius: vec![f64::INFINITY; predictions.len()],
        attacked: under(Under::VoteAt)
            .into_iter()
            .filter(|attack| attack.protocol == vote.protocol)
            .map(|attack| SmoothedAttack { epsilon: attack.epsilon(), standing: standing.clone() })
            .collect(),
    });
    let certificates = Certificates { proven: proven.collect(), smoothed: smoothed.collect() };
    let shift = shift(&predictions, keys);
    let clean = Outputs { predictions, logits: Vec::new() };
    let evasion = under(Under::Attack)
        .into_iter()
        .map(|attack| EvasionFacts {
            attack: UNION.to_owned(),
            protocol: attack.protocol.clone(),
            norm: attack.norm,
            epsilon: attack.epsilon(),
            exact: true,
            tried: standing.clone(),
            effort: Effort::default(),
            distance: standing.iter().map(|stands| if *stands { f32::INFINITY } else { 0.0 }).collect(),
            standing: standing.clone(),
            first_success: clean.clone(),
            max_loss: clean.clone(),
        })
        .collect();
    Evidence { evasion, certificates, shift, ..Evidence::of(facts, clean) }
}

/// Who does not look at a row does not see it shifted either.
fn shift(predictions: &[u16], keys: &[MetricKey]) -> Shift {
    let about = |wanted: About| {
        let is_wanted = move |key: &&MetricKey| {
            metrics::find(&key.id).is_some_and(|metric| metric.needs.material == Material::Shift(wanted))
        };
        let parts = keys.iter().filter(is_wanted).filter_map(|key| key.group.as_ref()?.rsplit_once(':'));
        parts.filter_map(|(name, severity)| Some((name.to_owned(), severity.parse::<u8>().ok()?)))
    };
    Shift {
        corrupted: about(About::Corruption)
            .map(|(shift, severity)| ShiftFacts { shift, severity, predictions: predictions.to_vec() })
            .collect(),
        reweighted: about(About::Labels).filter_map(|(_, severity)| LabelShift::of(severity)).collect(),
        ..Shift::default()
    }
}
