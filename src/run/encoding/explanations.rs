//! What explanations came to, as files.

use serde::{Deserialize, Serialize};

use super::{Bundle, damaged};
use crate::error::Result;
use crate::evidence::{AttributionFacts, ExplanationFacts, Explanations};
use crate::measure::{AttackKey, Norm};

#[derive(Serialize, Deserialize)]
struct ExplanationsHeader {
    features: usize,
    top: usize,
    attack: Option<(String, Norm, String)>,
    entries: Vec<EntryHeader>,
}

#[derive(Serialize, Deserialize)]
struct EntryHeader {
    method: String,
    baseline: String,
    attribution: Option<String>,
}

/// What explanations came to, as bytes.
///
/// # Errors
///
/// Only on a defect of this program.
pub(in crate::run) fn encode_explanations(explanations: &Explanations) -> Result<Vec<u8>> {
    let mut bundle = Bundle::default();
    let rows = explanations.rows.len();
    bundle.put_u32("rows".to_owned(), &[rows], &explanations.rows);
    let mut entries = Vec::new();
    for (index, entry) in explanations.entries.iter().enumerate() {
        bundle.put_f32(format!("{index}/deletion"), &[entry.deletion.len()], &entry.deletion);
        bundle.put_f32(format!("{index}/insertion"), &[entry.insertion.len()], &entry.insertion);
        if let Some(facts) = &entry.attribution {
            let mut put = |name: &str, values: &[f32]| {
                bundle.put_f32(format!("{index}/{name}"), &[values.len()], values);
            };
            put("infidelity", &facts.infidelity);
            put("infidelity_scaled", &facts.infidelity_scaled);
            put("sensitivity", &facts.sensitivity);
            put("stability", &facts.stability);
            put("gap", &facts.gap);
            bundle.put_f32(format!("{index}/values"), &[rows, explanations.features], &facts.values);
        }
        entries.push(EntryHeader {
            method: entry.method.clone(),
            baseline: entry.baseline.clone(),
            attribution: entry.attribution.as_ref().map(|facts| facts.name.clone()),
        });
    }
    let attack = explanations.attack.clone().map(|key| (key.protocol, key.norm, key.epsilon));
    let (features, top) = (explanations.features, explanations.top);
    bundle.encode("explanations", &ExplanationsHeader { features, top, attack, entries })
}

/// What explanations came to, from bytes.
///
/// # Errors
///
/// When the bytes are damaged.
pub(in crate::run) fn decode_explanations(bytes: &[u8]) -> Result<Explanations> {
    let (mut bundle, header): (_, ExplanationsHeader) = Bundle::decode("explanations", bytes)?;
    let rows = bundle.get_u32("rows")?;
    let mut entries = Vec::with_capacity(header.entries.len());
    for (index, entry) in header.entries.into_iter().enumerate() {
        let mut get = |name: &str, per_row: &[usize]| {
            let values = bundle.get_f32(&format!("{index}/{name}"))?;
            if per_row.iter().any(|count| values.len() == rows.len() * count) {
                Ok(values)
            } else {
                Err(damaged(&format!(
                    "`{index}/{name}` has {} numbers for {} rows",
                    values.len(),
                    rows.len()
                )))
            }
        };
        let (deletion, insertion) = (get("deletion", &[1])?, get("insertion", &[1])?);
        let attribution = match entry.attribution {
            Some(name) => Some(AttributionFacts {
                name,
                values: get("values", &[header.features])?,
                infidelity: get("infidelity", &[1])?,
                infidelity_scaled: get("infidelity_scaled", &[1])?,
                sensitivity: get("sensitivity", &[1])?,
                stability: get("stability", &[1])?,
                gap: get("gap", &[0, 1])?,
            }),
            None => None,
        };
        let (method, baseline) = (entry.method, entry.baseline);
        entries.push(ExplanationFacts { method, baseline, deletion, insertion, attribution });
    }
    let key = |(protocol, norm, epsilon)| AttackKey { protocol, norm, epsilon };
    Ok(Explanations {
        rows,
        features: header.features,
        top: header.top,
        attack: header.attack.map(key),
        entries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explanations_read_back_as_written() {
        let facts = AttributionFacts {
            name: "gradient".to_owned(),
            values: vec![0.5, -0.25, 1.0, 0.0, f32::MIN_POSITIVE, 2.0],
            infidelity: vec![0.1, 0.2],
            infidelity_scaled: vec![0.1, 0.15],
            sensitivity: vec![0.3, 0.4],
            stability: vec![1.0, 0.5],
            gap: vec![1e-3, 0.0],
        };
        let entry = |baseline: &str, attribution| ExplanationFacts {
            method: "gradient".to_owned(),
            baseline: baseline.to_owned(),
            deletion: vec![0.5, 0.25],
            insertion: vec![0.75, 0.5],
            attribution,
        };
        let mut explanations = Explanations {
            rows: vec![3, 17],
            features: 3,
            top: 1,
            attack: Some(AttackKey::new("0a1b2c3d", Norm::Linf, 0.1 + 0.2)),
            entries: vec![entry("mean", Some(facts)), entry("zero", None)],
        };
        let bytes = encode_explanations(&explanations).unwrap();
        assert_eq!(decode_explanations(&bytes).unwrap(), explanations);
        assert_eq!(encode_explanations(&explanations).unwrap(), bytes);
        assert!(
            super::super::decode_certificates(&bytes).is_err(),
            "one kind of evidence is not read as another"
        );

        explanations.entries[0].deletion[1] = f32::NAN;
        let bytes = encode_explanations(&explanations).unwrap();
        assert!(
            decode_explanations(&bytes).unwrap().entries[0].deletion[1].is_nan(),
            "what is undefined stays so"
        );
        explanations.entries[0].deletion.pop();
        let error =
            decode_explanations(&encode_explanations(&explanations).unwrap()).unwrap_err().to_string();
        assert!(error.contains("`0/deletion` has 1 numbers for 2 rows"), "{error}");
    }
}
