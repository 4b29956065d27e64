//! Which differences to the lowest strength one seed can tell: a table and an entry of `report.json`.

use serde_json::{Value as Json, json};

use crate::points::Pair;

use super::format;
use super::table::{Table, numeric, words};
use super::view::View;

/// From here on a difference is called one.
const LEVEL: f64 = 0.05;

/// One row per comparison; none with several seeds, where intervals say more.
pub(super) fn table(view: &View) -> Option<Table> {
    let given = &view.given.pairs;
    if given.is_empty() {
        return None;
    }
    let head = vec![
        words("compared"),
        words("with"),
        words("in"),
        numeric("only it is right"),
        numeric("only the other"),
        numeric("p"),
        numeric("p after Holm"),
        words("differ"),
    ];
    let row = |pair: &Pair| {
        vec![
            view.long_label(pair.point),
            view.long_label(pair.reference),
            view.title(&pair.key),
            pair.gained.to_string(),
            pair.lost.to_string(),
            p_value(pair.p),
            p_value(pair.adjusted),
            if pair.adjusted < LEVEL { "yes" } else { "cannot tell" }.to_owned(),
        ]
    };
    Some(Table {
        title: "Told apart by one seed",
        caption: format!(
            "One seed gives no intervals over seeds, but two models on the same {} can be told apart: rows that only one of the two is right on, and how often they would be split as unequally if both were equally accurate on rows like these (McNemar's exact test, two-sided; Holm's correction over all comparisons in one accuracy, at {LEVEL}). It is about these trained models, not about their training.",
            format::count(view.given.data.test, "test row")
        ),
        head,
        rows: given.iter().map(row).collect(),
    })
}

fn p_value(p: f64) -> String {
    if p < 0.0005 { "< 0.001".to_owned() } else { format::number(p) }
}

/// One entry per comparison.
pub(super) fn json(given: &[Pair]) -> Json {
    let entry = |pair: &Pair| {
        json!({
            "point": pair.point,
            "reference": pair.reference,
            "key": pair.key.to_string(),
            "only_point_right": pair.gained,
            "only_reference_right": pair.lost,
            "p": pair.p,
            "p_holm": pair.adjusted,
        })
    };
    given.iter().map(entry).collect()
}
