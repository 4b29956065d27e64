//! JSON files against their schemas: the few keywords of JSON Schema (draft 2020-12) that these use.

use serde_json::Value as Json;

const KNOWN: [&str; 16] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "enum",
    "const",
    "anyOf",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "minimum",
];

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

/// Every way in which `value`, called `at`, is not what `schema` says.
pub(crate) fn violations(value: &Json, schema: &Json, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, schema, schema, at, &mut found);
    found
}

fn collect(value: &Json, schema: &Json, root: &Json, at: &str, found: &mut Vec<String>) {
    for keyword in schema.as_object().unwrap().keys() {
        assert!(KNOWN.contains(&keyword.as_str()), "this validator does not know `{keyword}`");
    }
    if let Some(place) = schema["$ref"].as_str() {
        let pointer = place.strip_prefix('#').unwrap_or_else(|| panic!("`{place}` is in another file"));
        let target = root.pointer(pointer).unwrap_or_else(|| panic!("`{place}` is not in the schema"));
        collect(value, target, root, at, found);
    }
    if let Some(several) = schema["anyOf"].as_array() {
        let fails = |one: &Json| {
            let mut found = Vec::new();
            collect(value, one, root, at, &mut found);
            !found.is_empty()
        };
        if several.iter().all(fails) {
            found.push(format!("{at} is none of {several:?}: {value}"));
        }
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
    if let (Some(least), Some(number)) = (schema["minimum"].as_f64(), value.as_f64())
        && number < least
    {
        found.push(format!("{at} is less than {least}: {value}"));
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                found.push(format!("{at} lacks {name}"));
            }
        }
        for (name, field) in fields {
            let place = format!("{at}.{name}");
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(schema), _) | (None, schema @ Json::Object(_)) => {
                    collect(field, schema, root, &place, found);
                }
                (None, Json::Bool(false)) => found.push(format!("{place} is not in the schema")),
                _ => {}
            }
        }
    }
    if let Some(items) = value.as_array() {
        let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
        let count = items.len() as u64;
        if least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most) {
            found.push(format!("{at} has {count} members"));
        }
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = schema.get("items") {
                collect(item, schema, root, &format!("{at}[{index}]"), found);
            }
        }
    }
}

/// Insists that the text is what the schema says, and returns it.
pub(crate) fn must_hold(text: &str, schema: &str) -> Json {
    let schema: Json = serde_json::from_str(schema).unwrap();
    let value: Json = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let found = violations(&value, &schema, "file");
    assert!(found.is_empty(), "{:#?}", &found[..found.len().min(20)]);
    value
}

/// Hand-worked values, right and wrong, of every keyword (JSON Schema 2020-12, core 8.2 and validation 6).
#[test]
fn the_validator_sees_what_is_wrong() {
    let schema = serde_json::json!({
        "$defs": { "share": { "type": "number", "minimum": 0 } },
        "type": "object",
        "additionalProperties": false,
        "required": ["a"],
        "properties": {
            "a": { "$ref": "#/$defs/share" },
            "b": { "anyOf": [{ "$ref": "#/$defs/share" }, { "type": "null" }] },
            "c": { "type": "array", "items": { "enum": ["x", "y"] }, "minItems": 1, "maxItems": 2 },
            "d": { "type": "object", "additionalProperties": { "type": ["string", "null"] } },
            "e": { "const": 1 },
        },
    });
    let said = |value: &Json| violations(value, &schema, "v");
    let fine =
        serde_json::json!({ "a": 0, "b": null, "c": ["x", "y"], "d": { "z": "q", "n": null }, "e": 1 });
    assert_eq!(said(&fine), Vec::<String>::new());
    let wrong = serde_json::json!({ "b": "x", "c": ["z", "x", "y"], "d": { "z": 1 }, "e": 2, "f": 0 });
    let found = said(&wrong);
    for expected in [
        "v lacks \"a\"",
        "v.b is none of",
        "v.c has 3 members",
        "v.c[0] is none of",
        "v.d.z is no",
        "v.e is not 1",
        "v.f is not in the schema",
    ] {
        assert!(found.iter().any(|one| one.starts_with(expected)), "{expected}: {found:#?}");
    }
    assert_eq!(found.len(), 7, "{found:#?}");
    assert_eq!(said(&serde_json::json!({ "a": -1 })), ["v.a is less than 0: -1"]);
}
