//! What numbers hold under: attacks, certificates, the majority vote under noise. One case per key part behind the `!`.

use super::Under;
use crate::evidence::{
    AttributionFacts, CertificateFacts, EvasionFacts, Evidence, ExplanationFacts, Explanations,
    SmoothedAttack, SmoothedFacts, UNION,
};
use crate::measure::{AttackKey, Norm};

/// One thing that numbers hold under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its kind.
    pub under: Under,
    /// The key part behind the `!`; none where it is about the rows as they are.
    pub key: Option<AttackKey>,
    /// The key part behind the `@`: what is explained how.
    pub group: Option<String>,
    /// Whether it is an attack that finds the exact worst case.
    pub exact: bool,
}

/// All that a model's numbers hold under, in the order of its evidence.
pub type Cases = Vec<Case>;

/// The facts behind a case.
#[derive(Debug, Clone, Copy)]
pub(super) enum Basis<'a> {
    Attack(&'a EvasionFacts),
    Certificate(&'a CertificateFacts),
    Vote(&'a SmoothedFacts),
    VoteAt(&'a SmoothedFacts, &'a SmoothedAttack),
    Explained(&'a Explanations, &'a ExplanationFacts),
    Attributed(&'a Explanations, &'a AttributionFacts),
    AttributedAt(&'a Explanations, &'a AttributionFacts, &'a AttackKey),
    Additive(&'a Explanations, &'a AttributionFacts),
}

impl Basis<'_> {
    /// Whether it is about explanations.
    pub(super) fn is_of_explanations(&self) -> bool {
        matches!(
            self,
            Self::Explained(..) | Self::Attributed(..) | Self::Additive(..) | Self::AttributedAt(..)
        )
    }
}

/// The unions of attacks, those of certificates, every smoothing as it is and at every radius, then every explanation.
pub(super) fn bases(evidence: &Evidence) -> Vec<Basis<'_>> {
    let attacks = evidence.evasion.iter().filter(|facts| facts.attack == UNION);
    let mut bases: Vec<Basis<'_>> = attacks.map(Basis::Attack).collect();
    bases.extend(evidence.certificates.unions().map(Basis::Certificate));
    for smoothed in &evidence.certificates.smoothed {
        bases.push(Basis::Vote(smoothed));
        bases.extend(smoothed.attacked.iter().map(|attacked| Basis::VoteAt(smoothed, attacked)));
    }
    if let Some(all) = &evidence.explanations {
        for entry in &all.entries {
            bases.push(Basis::Explained(all, entry));
            let Some(facts) = &entry.attribution else { continue };
            bases.push(Basis::Attributed(all, facts));
            bases.extend(all.attack.iter().map(|attack| Basis::AttributedAt(all, facts, attack)));
            bases.extend((!facts.gap.is_empty()).then_some(Basis::Additive(all, facts)));
        }
    }
    bases
}

/// The cases of a model.
#[must_use]
pub(crate) fn cases(evidence: &Evidence) -> Cases {
    bases(evidence).into_iter().map(Case::from).collect()
}

impl From<Basis<'_>> for Case {
    fn from(basis: Basis<'_>) -> Self {
        match basis {
            Basis::Attack(facts) => Self {
                exact: facts.exact,
                ..Self::attack(AttackKey::new(&facts.protocol, facts.norm, facts.epsilon))
            },
            Basis::Certificate(facts) => {
                Self::certificate(AttackKey::new(&facts.protocol, facts.norm, facts.epsilon))
            }
            Basis::Vote(facts) => Self::vote(&facts.protocol),
            Basis::VoteAt(facts, attacked) => Self::vote_at(&facts.protocol, attacked.epsilon),
            Basis::Explained(_, entry) => Self::explained(&entry.name()),
            Basis::Attributed(_, facts) => Self::attributed(&facts.name),
            Basis::AttributedAt(_, facts, attack) => Self::attributed_at(&facts.name, attack.clone()),
            Basis::Additive(_, facts) => Self::additive(&facts.name),
        }
    }
}

impl Case {
    fn at(under: Under, key: AttackKey) -> Self {
        Self { under, key: Some(key), group: None, exact: false }
    }

    fn of(under: Under, name: &str) -> Self {
        Self { under, key: None, group: Some(name.to_owned()), exact: false }
    }

    /// An attack that need not find the worst case.
    #[must_use]
    pub fn attack(key: AttackKey) -> Self {
        Self::at(Under::Attack, key)
    }

    /// A union of certificates.
    #[must_use]
    pub fn certificate(key: AttackKey) -> Self {
        Self::at(Under::Certificate, key)
    }

    /// The majority vote as it is; its key has the radius 0.
    #[must_use]
    pub fn vote(protocol: &str) -> Self {
        Self::at(Under::Vote, AttackKey::new(protocol, Norm::L2, 0.0))
    }

    /// The majority vote at a radius.
    #[must_use]
    pub fn vote_at(protocol: &str, epsilon: f64) -> Self {
        Self::at(Under::VoteAt, AttackKey::new(protocol, Norm::L2, epsilon))
    }

    /// Explanations by one method with one baseline: `gradient/mean`.
    #[must_use]
    pub fn explained(name: &str) -> Self {
        Self::of(Under::Explained, name)
    }

    /// Attributions: `gradient`, `integrated-gradients/mean`.
    #[must_use]
    pub fn attributed(name: &str) -> Self {
        Self::of(Under::Attributed, name)
    }

    /// Attributions that should add up to the change of the logit.
    #[must_use]
    pub fn additive(name: &str) -> Self {
        Self::of(Under::Additive, name)
    }

    /// Attributions beside those at adversarial points.
    #[must_use]
    pub fn attributed_at(name: &str, key: AttackKey) -> Self {
        Self { group: Some(name.to_owned()), ..Self::at(Under::AttributedAt, key) }
    }
}
