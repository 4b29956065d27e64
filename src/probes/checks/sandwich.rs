//! Whether what is proven and what attacks found agree, row by row: always the same predictor, the same norm, the same radius.
//!
//! It costs nothing: it reads what certificates and attacks have recorded.

use super::certificate::SANDWICH;
use super::{Bar, Check, Look};
use crate::evidence::{
    Certificates, EvasionFacts, Observation, Outputs, SMOOTHED_SANDWICH, Seen, SmoothedFacts, SplitFacts,
    UNION,
};

/// Held against the failure probability that randomized smoothing grants itself. It stands outside the catalog: the catalog's tests share
/// one false-alarm rate, and this one concerns another predictor.
pub static SMOOTHED: Check = Check {
    id: SMOOTHED_SANDWICH,
    number: 28,
    rule: "attacks on the smoothed classifier break no more certified rows than its failure probability allows",
    advice: "the certificate or the attack is wrong: report it",
    source: "Cohen et al. 2019, arXiv 1902.02918; Salman et al. 2019, arXiv 1906.04584",
    bar: Bar::Chance,
    look: Look::Elsewhere("nothing is smoothed: list a `[[certificate]]` of kind `smoothing`"),
};

/// What a model's deterministic certificates and the attacks on it say of the same rows.
struct Agreement {
    /// Certified rows, counted per certificate and radius.
    certified: u64,
    /// Those that are broken.
    broken: u64,
    /// The first of them.
    first: Option<String>,
}

fn agreement(
    facts: &SplitFacts,
    clean: &Outputs,
    evasion: &[EvasionFacts],
    certificates: &Certificates,
) -> Agreement {
    let mut seen = Agreement { certified: 0, broken: 0, first: None };
    for proof in certificates.proven.iter().filter(|proof| proof.certificate != UNION) {
        let same_threat = |attack: &&EvasionFacts| {
            attack.norm == proof.norm && attack.epsilon.to_bits() == proof.epsilon.to_bits()
        };
        let attacks: Vec<&EvasionFacts> = evasion.iter().filter(same_threat).collect();
        for row in (0..facts.len()).filter(|row| proof.certified[*row]) {
            seen.certified += 1;
            let how = if clean.predictions[row] == facts.labels[row] {
                let breaks = attacks.iter().find(|attack| !attack.standing[row]);
                breaks.map(|attack| found(attack, row))
            } else {
                Some("the model is wrong on it as it is".to_owned())
            };
            if let Some(how) = how {
                seen.broken += 1;
                seen.first.get_or_insert_with(|| {
                    format!(
                        "data-set row {} is certified by `{}` at {} ε = {}, and {how}",
                        facts.rows[row],
                        proof.certificate,
                        proof.norm.sign(),
                        proof.epsilon,
                    )
                });
            }
        }
    }
    seen
}

fn found(attack: &EvasionFacts, row: usize) -> String {
    format!("`{}` broke it there, at distance {}", attack.attack, attack.distance[row])
}

/// Why a model's certificates and the attacks on it cannot both be right: the first certified row that is broken.
#[must_use]
pub fn contradiction(
    facts: &SplitFacts,
    clean: &Outputs,
    evasion: &[EvasionFacts],
    certificates: &Certificates,
) -> Option<String> {
    let first = agreement(facts, clean, evasion, certificates).first?;
    Some(format!("check {} `{}` failed: {first}: one of the two is wrong", SANDWICH.number, SANDWICH.id))
}

/// What can be seen of certificates; nothing where there are none. One observation per majority vote, which are judged together.
#[must_use]
pub fn sandwiches(
    facts: &SplitFacts,
    clean: &Outputs,
    evasion: &[EvasionFacts],
    certificates: &Certificates,
) -> Vec<Observation> {
    let mut all = Vec::new();
    if !certificates.proven.is_empty() {
        let Agreement { certified, broken, .. } = agreement(facts, clean, evasion, certificates);
        all.push(Observation {
            check: SANDWICH.id.to_owned(),
            seen: Seen::Count { hits: broken, of: certified, chance: None },
            words: format!(
                "attacks broke {broken} of {certified} certified rows, counted per certificate and radius"
            ),
        });
    }
    all.extend(certificates.smoothed.iter().map(|vote| smoothed(facts, vote)));
    all
}

/// A row is counted once, whatever the radius. Its certificate may be wrong with probability α, and so may each attack's word that
/// its vote has changed.
fn smoothed(facts: &SplitFacts, vote: &SmoothedFacts) -> Observation {
    let (mut hits, mut of) = (0, 0);
    for (row, label) in facts.labels.iter().enumerate() {
        let mut certified = vote.attacked.iter().filter(|at| vote.certifies(row, *label, at.epsilon));
        let at_all = certified.clone().next().is_some();
        of += u64::from(at_all);
        hits += u64::from(certified.any(|at| !at.standing[row]));
    }
    let chance = (vote.alpha * (1 + vote.attacked.len()) as f64).min(1.0);
    Observation {
        check: SMOOTHED.id.to_owned(),
        seen: Seen::Count { hits, of, chance: Some(chance) },
        words: format!(
            "attacks on the majority vote at σ = {} broke {hits} of {of} certified rows, where votes that were miscounted explain {:.1}",
            vote.sigma,
            chance * of as f64
        ),
    }
}
