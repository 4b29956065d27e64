//! `verdict.json` against its schema.

use serde_json::Value as Json;

use crate::json_schema::{must_hold, violations};

/// Insists that the text is a verdict as the schema describes it, and returns it.
pub(crate) fn verdict(text: &str) -> Json {
    must_hold(text, equipoise::report::gate::SCHEMA_FILE)
}

#[test]
fn the_schema_refuses_what_is_no_verdict() {
    let schema: Json = serde_json::from_str(equipoise::report::gate::SCHEMA_FILE).unwrap();
    let wrong = serde_json::json!({ "verdict": "fine", "code": 7, "alpha": "0.05", "extra": 1 });
    let found = violations(&wrong, &schema, "v");
    for expected in [
        "v.verdict is none of",
        "v.code is none of",
        "v.alpha is no",
        "v.extra is not in",
        "v lacks \"shape\"",
    ] {
        assert!(found.iter().any(|one| one.contains(expected)), "{expected}: {found:#?}");
    }
}
