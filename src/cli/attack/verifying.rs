//! Adversarial rows that somebody hands in: whether each holds.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::telling::rate;
use super::{exit, terminal};
use crate::error::Result;
use crate::measure::Norm;
use crate::probes::{SLACK, Violation};
use crate::run::attack::{Subject, Verified, count, verify};

/// So many rows of each kind of violation are listed.
const LISTED: usize = 5;

/// Verifies and tells; exits 1 when a row does not hold.
pub(super) fn execute(
    subject: &mut Subject,
    path: &Path,
    norms: &[Norm],
    epsilons: &[f64],
    as_json: bool,
) -> Result<u8> {
    let verified = verify(subject, path, norms, epsilons)?;
    let holds = verified.iter().all(Verified::holds);
    let text = if as_json {
        format!("{}\n", json(subject, &verified, holds))
    } else {
        text(subject, path, &verified)
    };
    terminal::product(&text)?;
    Ok(if holds { exit::FINE } else { exit::CHECK_FAILED })
}

/// Kind of violation to the rows and what is wrong with each, rows ascending.
fn by_kind(verified: &Verified) -> BTreeMap<&'static str, Vec<(usize, &Violation)>> {
    let mut kinds: BTreeMap<&'static str, Vec<(usize, &Violation)>> = BTreeMap::new();
    for (row, violation) in &verified.verification.violations {
        kinds.entry(violation.kind()).or_default().push((*row, violation));
    }
    kinds
}

fn json(subject: &Subject, verified: &[Verified], holds: bool) -> serde_json::Value {
    let n = subject.rows.len();
    let share = |hits: usize| hits as f64 / n as f64;
    let case = |verified: &Verified| {
        let violations: BTreeMap<&str, _> = by_kind(verified)
            .into_iter()
            .map(|(kind, rows)| {
                let first: Vec<_> = rows
                    .iter()
                    .take(LISTED)
                    .map(|(row, what)| json!({ "row": row, "what": what.to_string() }))
                    .collect();
                (kind, json!({ "rows": rows.len(), "first": first }))
            })
            .collect();
        json!({
            "norm": verified.norm.word(),
            "eps": verified.epsilon,
            "robust_accuracy": share(verified.standing()),
            "claimed": verified.claimed.map(|fallen| share(n - fallen)),
            "largest_distance": largest(verified),
            "violations": violations,
            "holds": verified.holds(),
        })
    };
    json!({
        "clean_accuracy": share(count(&subject.correct())),
        "rows": n,
        "cases": verified.iter().map(case).collect::<Vec<_>>(),
        "holds": holds,
    })
}

/// The largest distance of a row that holds.
fn largest(verified: &Verified) -> f64 {
    let verification = &verified.verification;
    let broken: Vec<usize> = verification.violations.iter().map(|(row, _)| *row).collect();
    let rows = verification.distance.iter().enumerate();
    rows.filter(|(row, _)| broken.binary_search(row).is_err())
        .map(|(_, distance)| *distance)
        .fold(0.0, f64::max)
}

fn text(subject: &Subject, path: &Path, verified: &[Verified]) -> String {
    let n = subject.rows.len();
    let correct = count(&subject.correct());
    let mut text = format!(
        "Model: {}.\nRows: {}.\nAdversarial rows: {}.\nClean accuracy: {}, {correct} of {n} rows.\n",
        subject.model,
        subject.origin,
        path.display(),
        rate(correct, n)
    );
    for one in verified {
        let standing = one.standing();
        text.push_str(&format!(
            "\n{} ε = {}: verified robust accuracy {}, {standing} of {n} rows stand.\n",
            one.norm.sign(),
            one.epsilon,
            rate(standing, n)
        ));
        if let Some(fallen) = one.claimed {
            text.push_str(&format!(
                "The file claims {:.3}, {} rows.\n",
                (n - fallen) as f64 / n as f64,
                n - fallen
            ));
        }
        if one.holds() {
            text.push_str(&format!("Every row holds; the largest distance is {}.\n", largest(one)));
            continue;
        }
        for (kind, rows) in by_kind(one) {
            text.push_str(&format!("Violated: {kind}, {} of {n} rows.\n", rows.len()));
            for (row, violation) in rows.iter().take(LISTED) {
                text.push_str(&format!("  row {row}: {violation}\n"));
            }
            if rows.len() > LISTED {
                text.push_str("  …\n");
            }
        }
        text.push_str("A row that breaks a rule counts as standing.\n");
    }
    text.push_str(&format!("\nBall and box are checked in double precision, with {SLACK:e} to spare.\n"));
    text
}
