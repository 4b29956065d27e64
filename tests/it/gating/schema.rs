//! `verdict.json` against its schema: the few keywords of JSON Schema that it uses.

use serde_json::Value as Json;

fn has_type(value: &Json, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_i64().is_some(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type `{other}` in the schema"),
    }
}

/// Every way in which `value` is not what `schema` says.
fn violations(value: &Json, schema: &Json, at: &str, found: &mut Vec<String>) {
    for keyword in schema.as_object().unwrap().keys() {
        assert!(
            [
                "$schema",
                "title",
                "description",
                "type",
                "enum",
                "const",
                "required",
                "properties",
                "additionalProperties",
                "items"
            ]
            .contains(&keyword.as_str()),
            "this validator does not know `{keyword}`"
        );
    }
    let types: Vec<&str> = match &schema["type"] {
        Json::String(one) => vec![one],
        Json::Array(several) => several.iter().map(|one| one.as_str().unwrap()).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| has_type(value, name)) {
        found.push(format!("{at} is no {types:?}: {value}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        found.push(format!("{at} is none of {allowed:?}: {value}"));
    }
    if let Some(only) = schema.get("const")
        && only != value
    {
        found.push(format!("{at} is not {only}: {value}"));
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                found.push(format!("{at} lacks {name}"));
            }
        }
        for (name, field) in fields {
            match schema["properties"].get(name) {
                Some(schema) => violations(field, schema, &format!("{at}.{name}"), found),
                None => found.push(format!("{at}.{name} is not in the schema")),
            }
        }
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for (index, item) in items.iter().enumerate() {
            violations(item, schema, &format!("{at}[{index}]"), found);
        }
    }
}

/// Insists that the text is a verdict as the schema describes it, and returns it.
pub(crate) fn verdict(text: &str) -> Json {
    let schema: Json = serde_json::from_str(equipoise::report::gate::SCHEMA_FILE).unwrap();
    let value: Json = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut found = Vec::new();
    violations(&value, &schema, "verdict", &mut found);
    assert!(found.is_empty(), "{found:#?}");
    value
}

#[test]
fn the_validator_sees_what_is_wrong() {
    let schema: Json = serde_json::from_str(equipoise::report::gate::SCHEMA_FILE).unwrap();
    let mut found = Vec::new();
    let wrong = serde_json::json!({ "verdict": "fine", "code": 7, "alpha": "0.05", "extra": 1 });
    violations(&wrong, &schema, "v", &mut found);
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
