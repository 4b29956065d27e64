//! What numbers hold under: attacks, certificates, the majority vote under noise. One case per key part behind the `!`.

use super::Under;
use crate::evidence::{CertificateFacts, EvasionFacts, Evidence, SmoothedAttack, SmoothedFacts, UNION};
use crate::measure::{AttackKey, Norm};

/// One thing that numbers hold under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its kind.
    pub under: Under,
    /// The key part.
    pub key: AttackKey,
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
}

/// The unions of attacks, those of certificates, then every smoothing as it is and at every radius.
pub(super) fn bases(evidence: &Evidence) -> Vec<Basis<'_>> {
    let attacks = evidence.evasion.iter().filter(|facts| facts.attack == UNION);
    let mut bases: Vec<Basis<'_>> = attacks.map(Basis::Attack).collect();
    bases.extend(evidence.certificates.unions().map(Basis::Certificate));
    for smoothed in &evidence.certificates.smoothed {
        bases.push(Basis::Vote(smoothed));
        bases.extend(smoothed.attacked.iter().map(|attacked| Basis::VoteAt(smoothed, attacked)));
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
                under: Under::Attack,
                key: AttackKey::new(&facts.protocol, facts.norm, facts.epsilon),
                exact: facts.exact,
            },
            Basis::Certificate(facts) => {
                Self::certificate(AttackKey::new(&facts.protocol, facts.norm, facts.epsilon))
            }
            Basis::Vote(facts) => Self::vote(&facts.protocol),
            Basis::VoteAt(facts, attacked) => Self::vote_at(&facts.protocol, attacked.epsilon),
        }
    }
}

impl Case {
    /// An attack that need not find the worst case.
    #[must_use]
    pub fn attack(key: AttackKey) -> Self {
        Self { under: Under::Attack, key, exact: false }
    }

    /// A union of certificates.
    #[must_use]
    pub fn certificate(key: AttackKey) -> Self {
        Self { under: Under::Certificate, key, exact: false }
    }

    /// The majority vote as it is; its key has the radius 0.
    #[must_use]
    pub fn vote(protocol: &str) -> Self {
        Self { under: Under::Vote, key: AttackKey::new(protocol, Norm::L2, 0.0), exact: false }
    }

    /// The majority vote at a radius.
    #[must_use]
    pub fn vote_at(protocol: &str, epsilon: f64) -> Self {
        Self { under: Under::VoteAt, key: AttackKey::new(protocol, Norm::L2, epsilon), exact: false }
    }
}
