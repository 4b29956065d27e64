//! What a suite did to a model, as JSON and as tables.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::terminal;
use crate::evidence::{Finding, Status, UNION};
use crate::run::attack::{Case, Evaluation, Subject, Tried, count};
use crate::stats::wilson;

/// Nominal coverage of the intervals.
const LEVEL: f64 = 0.95;

/// One object on one line. The numbers are the raw ones, whatever the checks say.
pub(super) fn json(evaluation: &Evaluation) -> Json {
    let share = |hits: usize| hits as f64 / evaluation.rows as f64;
    let case = |case: &Case| {
        let mut robust: BTreeMap<&str, f64> = BTreeMap::new();
        let mut seconds: BTreeMap<&str, f64> = BTreeMap::new();
        let mut effort: BTreeMap<&str, Json> = BTreeMap::new();
        for Tried { facts, seconds: taken } in &case.attacks {
            robust.insert(&facts.attack, share(count(&facts.standing)));
            seconds.insert(&facts.attack, *taken);
            effort.insert(
                &facts.attack,
                json!({
                    "rows": count(&facts.tried),
                    "forwards": facts.effort.forwards,
                    "backwards": facts.effort.backwards,
                    "protocol": facts.protocol,
                }),
            );
        }
        robust.insert(UNION, share(count(&case.union.standing)));
        seconds.insert(UNION, case.attacks.iter().map(|tried| tried.seconds).sum());
        json!({
            "norm": case.norm.word(),
            "eps": case.epsilon,
            "protocol": case.union.protocol,
            "robust_accuracy": robust,
            "seconds": seconds,
            "effort": effort,
            "remarks": case.remarks,
            "checks": checks(case),
            "withheld": case.withheld(),
            "findings": case.checks,
        })
    };
    json!({
        "clean_accuracy": share(evaluation.correct),
        "rows": evaluation.rows,
        "cases": evaluation.cases.iter().map(case).collect::<Vec<_>>(),
    })
}

/// Who was attacked, then one table per norm and radius, then what the numbers mean.
pub(super) fn text(evaluation: &Evaluation, subject: &Subject) -> String {
    let n = evaluation.rows;
    let mut text = format!(
        "Model: {}.\nRows: {}.\nClean accuracy: {}, {} of {n} rows.\n",
        subject.model,
        subject.origin,
        rate(evaluation.correct, n),
        evaluation.correct
    );
    for (at, case) in evaluation.cases.iter().enumerate() {
        // The case before is the next smaller radius of the same norm.
        let smaller =
            at.checked_sub(1).map(|at| &evaluation.cases[at]).filter(|before| before.norm == case.norm);
        text.push_str(&table(case, smaller, subject, n));
    }
    text.push_str(&format!(
        "\nBroken: right on the row as it is, and misclassified somewhere inside ball and box. A robust accuracy is an upper bound{}:\n\
         the evaluation is non-adaptive, and an attack made for this model may break more rows. In brackets: 95 % Wilson intervals,\n\
         for these rows as a sample of rows like them. Forwards and backwards: passes per row that the attack took on.\n",
        if evaluation.cases.iter().any(|case| case.union.exact) { " unless an exact attack is among them" } else { "" },
    ));
    text
}

/// `0.830 [0.795, 0.860]`
pub(super) fn rate(hits: usize, n: usize) -> String {
    let (low, high) = wilson(hits as f64, n as f64, LEVEL);
    format!("{:.3} [{low:.3}, {high:.3}]", hits as f64 / n as f64)
}

fn table(case: &Case, smaller: Option<&Case>, subject: &Subject, n: usize) -> String {
    let how = if case.suite.cascade {
        "each attack on the rows still standing"
    } else {
        "each attack on every row"
    };
    let mut text =
        format!("\n{} ε = {}: {how}; protocol {}.\n\n", case.norm.sign(), case.epsilon, case.union.protocol);
    let correct = subject.correct();
    // In a cascade a row is broken once; elsewhere it matters which rows nobody else breaks.
    let mut before = smaller.map_or(&correct, |smaller| &smaller.union.standing);
    let mut rows = Vec::new();
    if case.suite.cascade
        && let Some(smaller) = smaller
    {
        let standing = &smaller.union.standing;
        let mut row = vec!["(smaller ε)".to_owned(), String::new()];
        row.extend(standing_cells(standing, n));
        row.push((count(&correct) - count(standing)).to_string());
        rows.push(row);
    }
    for Tried { facts, seconds } in &case.attacks {
        let tried = count(&facts.tried);
        let mut row = vec![facts.attack.clone(), tried.to_string()];
        row.extend(standing_cells(&facts.standing, n));
        if case.suite.cascade {
            row.push((count(before) - count(&facts.standing)).to_string());
            before = &facts.standing;
        } else {
            row.push((count(&correct) - count(&facts.standing)).to_string());
            row.push(alone(case, facts.attack.as_str(), &correct).to_string());
        }
        let per_row = |passes: u64| {
            if tried == 0 { String::new() } else { format!("{:.1}", passes as f64 / tried as f64) }
        };
        row.extend([
            format!("{seconds:.3}"),
            per_row(facts.effort.forwards),
            per_row(facts.effort.backwards),
        ]);
        rows.push(row);
    }
    let mut row = vec![UNION.to_owned(), String::new()];
    row.extend(standing_cells(&case.union.standing, n));
    row.push((count(&correct) - count(&case.union.standing)).to_string());
    if !case.suite.cascade {
        row.push(String::new());
    }
    row.push(format!("{:.3}", case.attacks.iter().map(|tried| tried.seconds).sum::<f64>()));
    rows.push(row);
    let mut header = vec!["attack", "tried", "standing", "robust accuracy", "broken"];
    if !case.suite.cascade {
        header.push("by it alone");
    }
    header.extend(["seconds", "forwards", "backwards"]);
    let right: Vec<usize> = (1..header.len()).filter(|column| *column != 3).collect();
    text.push_str(&terminal::table(&header, &rows, &right));
    for remark in &case.remarks {
        text.push_str(&format!("Note: {remark}.\n"));
    }
    // What attacks on a sample say of the other rows belongs beside the table, whether or not it is a warning.
    let sampled = case.suite.members.iter().any(|member| member.sample.is_some());
    let estimate = case.checks.iter().find(|finding| finding.check == "black-box");
    if let Some(finding) = estimate.filter(|finding| sampled && finding.status == Status::Pass) {
        text.push_str(&format!("Check `{}` passed: {}.\n", finding.check, finding.says));
    }
    let told = case.checks.iter().filter(|finding| matches!(finding.status, Status::Warn | Status::Fail));
    for Finding { check, status, says, released, .. } in told {
        let verdict = match (status, released) {
            (Status::Warn, _) => "warns",
            (_, true) => "failed, released by name",
            _ => "failed, so that the robust accuracy above is not to be relied on",
        };
        text.push_str(&format!("Check `{check}` {verdict}: {says}.\n"));
    }
    let passed = case.checks.iter().filter(|finding| finding.status == Status::Pass).count();
    if passed > 0 {
        text.push_str(&format!("{passed} sanity checks passed.\n"));
    }
    text
}

/// Status by check.
fn checks(case: &Case) -> BTreeMap<&str, &'static str> {
    case.checks.iter().map(|finding| (finding.check.as_str(), finding.status.word())).collect()
}

fn standing_cells(standing: &[bool], n: usize) -> [String; 2] {
    [format!("{} of {n}", count(standing)), rate(count(standing), n)]
}

/// Rows that `attack` broke and no other.
fn alone(case: &Case, attack: &str, correct: &[bool]) -> usize {
    let only = |row: &usize| {
        correct[*row]
            && case.attacks.iter().all(|tried| tried.facts.standing[*row] != (tried.facts.attack == attack))
    };
    (0..correct.len()).filter(only).count()
}
