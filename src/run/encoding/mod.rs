//! Evidence as files: safetensors with one JSON header entry, checked by a SHA-256 of its content.

mod certificates;
mod explanations;
mod shift;
mod stated;

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::evidence::{Attribute, Effort, EvasionFacts, Observation, Outputs, Split, SplitFacts, Units};
use crate::files;
use crate::measure::Norm;

pub(super) use certificates::{decode_certificates, encode_certificates};
pub(super) use explanations::{decode_explanations, encode_explanations};
pub(super) use shift::{decode_shift, encode_shift};
pub(super) use stated::{decode_probabilities, encode_stated};

/// Bumped when the layout of these files changes; older files are then made anew.
pub(super) const SCHEMA: u32 = 2;

/// Named arrays and a JSON description, on their way to or from a file.
#[derive(Debug, Default)]
struct Bundle {
    arrays: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
}

macro_rules! array_kind {
    ($put:ident, $get:ident, $type:ty, $dtype:expr) => {
        fn $put(&mut self, name: String, shape: &[usize], values: &[$type]) {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.arrays.insert(name, ($dtype, shape.to_vec(), bytes));
        }

        fn $get(&mut self, name: &str) -> Result<Vec<$type>> {
            let (dtype, _, bytes) =
                self.arrays.remove(name).ok_or_else(|| damaged(&format!("`{name}` is missing")))?;
            if dtype != $dtype {
                return Err(damaged(&format!("`{name}` has type {dtype:?}")));
            }
            let (numbers, _) = bytes.as_chunks::<{ size_of::<$type>() }>();
            Ok(numbers.iter().map(|chunk| <$type>::from_le_bytes(*chunk)).collect())
        }
    };
}

impl Bundle {
    array_kind!(put_u16, get_u16, u16, Dtype::U16);
    array_kind!(put_i16, get_i16, i16, Dtype::I16);
    array_kind!(put_u32, get_u32, u32, Dtype::U32);
    array_kind!(put_f32, get_f32, f32, Dtype::F32);
    array_kind!(put_u8, get_u8, u8, Dtype::U8);
    array_kind!(put_f64, get_f64, f64, Dtype::F64);

    fn put_flags(&mut self, name: String, flags: &[bool]) {
        let bytes: Vec<u8> = flags.iter().map(|&flag| u8::from(flag)).collect();
        self.put_u8(name, &[flags.len()], &bytes);
    }

    fn get_flags(&mut self, name: &str) -> Result<Vec<bool>> {
        Ok(self.get_u8(name)?.into_iter().map(|flag| flag != 0).collect())
    }

    fn digest(&self, description: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(description.as_bytes());
        for (name, (_, shape, bytes)) in &self.arrays {
            hash.update(name.as_bytes());
            hash.update(format!("{shape:?}").as_bytes());
            hash.update(bytes);
        }
        files::hex(&hash.finalize())
    }

    fn encode<T: Serialize>(&self, kind: &str, description: &T) -> Result<Vec<u8>> {
        let internal =
            |error: &dyn std::fmt::Display| Error::internal(format!("cannot encode {kind}: {error}"));
        let description = serde_json::to_string(description).map_err(|error| internal(&error))?;
        let header = serde_json::json!({
            "schema": SCHEMA, "kind": kind, "sha256": self.digest(&description), "description": description,
        });
        let mut views = Vec::new();
        for (name, (dtype, shape, bytes)) in &self.arrays {
            let view = TensorView::new(*dtype, shape.clone(), bytes).map_err(|error| internal(&error))?;
            views.push((name.clone(), view));
        }
        // One header entry only: the library keeps header entries in a hash map, whose order is not fixed.
        let metadata = [("equipoise".to_owned(), header.to_string())].into_iter().collect();
        safetensors::serialize(views, Some(metadata)).map_err(|error| internal(&error))
    }

    fn decode<T: for<'de> Deserialize<'de>>(kind: &str, bytes: &[u8]) -> Result<(Self, T)> {
        let header = header(bytes)?;
        if header["schema"] != SCHEMA || header["kind"] != kind {
            return Err(damaged(&format!(
                "it holds {} of schema {}, not {kind} of schema {SCHEMA}",
                header["kind"], header["schema"]
            )));
        }
        let mut bundle = Self::default();
        for (name, view) in SafeTensors::deserialize(bytes).map_err(|error| broken(&error))?.iter() {
            bundle
                .arrays
                .insert(name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()));
        }
        let description = header["description"].as_str().unwrap_or_default();
        if header["sha256"] != bundle.digest(description) {
            return Err(damaged("its content does not match its checksum"));
        }
        Ok((bundle, serde_json::from_str(description).map_err(|error| damaged(&error.to_string()))?))
    }

    fn put_outputs(&mut self, prefix: &str, outputs: &Outputs) {
        let rows = outputs.predictions.len();
        self.put_u16(format!("{prefix}predictions"), &[rows], &outputs.predictions);
        let classes = outputs.logits.len().checked_div(rows).unwrap_or(0);
        self.put_f32(format!("{prefix}logits"), &[rows, classes], &outputs.logits);
    }

    fn get_outputs(&mut self, prefix: &str) -> Result<Outputs> {
        Ok(Outputs {
            predictions: self.get_u16(&format!("{prefix}predictions"))?,
            logits: self.get_f32(&format!("{prefix}logits"))?,
        })
    }
}

/// What a file may say that it holds.
const KINDS: [&str; 7] = ["certificates", "checks", "clean", "evasion", "explanations", "facts", "shift"];

/// Whether the bytes are a whole file of any kind.
///
/// # Errors
///
/// What is wrong with them.
pub(super) fn check(bytes: &[u8]) -> Result<()> {
    let header = header(bytes)?;
    let kind = header["kind"].as_str().filter(|kind| KINDS.contains(kind));
    let kind = kind.ok_or_else(|| damaged(&format!("it says that it holds {}", header["kind"])))?;
    Bundle::decode::<Json>(kind, bytes).map(|_| ())
}

/// What the file says of itself.
fn header(bytes: &[u8]) -> Result<Json> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| broken(&error))?;
    let header = metadata
        .metadata()
        .as_ref()
        .and_then(|map| map.get("equipoise"))
        .ok_or_else(|| damaged("its header is missing"))?;
    serde_json::from_str(header).map_err(|error| damaged(&error.to_string()))
}

fn broken(error: &safetensors::SafeTensorError) -> Error {
    damaged(&format!("it is no whole safetensors file ({error})"))
}

fn damaged(what: &str) -> Error {
    Error::input(format!("the file is damaged: {what}"))
        .help("run the experiment again: it makes anew what this file held, and nothing else")
}

#[derive(Serialize, Deserialize)]
struct FactsHeader {
    split: Split,
    classes: Vec<String>,
    positive: Option<u16>,
    attributes: Vec<(String, Vec<String>)>,
    /// The name of what binds rows together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    units: Option<String>,
}

/// The facts of a split as bytes.
///
/// # Errors
///
/// Only on a defect of this program.
pub(super) fn encode_facts(facts: &SplitFacts) -> Result<Vec<u8>> {
    let mut bundle = Bundle::default();
    bundle.put_u32("rows".to_owned(), &[facts.rows.len()], &facts.rows);
    bundle.put_u16("labels".to_owned(), &[facts.labels.len()], &facts.labels);
    for (index, attribute) in facts.attributes.iter().enumerate() {
        bundle.put_i16(format!("codes/{index}"), &[attribute.codes.len()], &attribute.codes);
    }
    if let Some(units) = &facts.units {
        bundle.put_u32("units".to_owned(), &[units.codes.len()], &units.codes);
    }
    bundle.encode(
        "facts",
        &FactsHeader {
            split: facts.split,
            classes: facts.classes.clone(),
            positive: facts.positive,
            attributes: facts.attributes.iter().map(|a| (a.name.clone(), a.groups.clone())).collect(),
            units: facts.units.as_ref().map(|units| units.name.clone()),
        },
    )
}

/// The facts of a split from bytes.
///
/// # Errors
///
/// When the bytes are damaged.
pub(super) fn decode_facts(bytes: &[u8]) -> Result<SplitFacts> {
    let (mut bundle, header): (_, FactsHeader) = Bundle::decode("facts", bytes)?;
    let mut attributes = Vec::new();
    for (index, (name, groups)) in header.attributes.into_iter().enumerate() {
        attributes.push(Attribute { name, groups, codes: bundle.get_i16(&format!("codes/{index}"))? });
    }
    let units = match header.units {
        Some(name) => Some(Units { name, codes: bundle.get_u32("units")? }),
        None => None,
    };
    Ok(SplitFacts {
        split: header.split,
        rows: bundle.get_u32("rows")?,
        labels: bundle.get_u16("labels")?,
        classes: header.classes,
        positive: header.positive,
        attributes,
        units,
    })
}

/// Clean outputs as bytes.
///
/// # Errors
///
/// Only on a defect of this program.
pub(super) fn encode_clean(outputs: &Outputs) -> Result<Vec<u8>> {
    let mut bundle = Bundle::default();
    bundle.put_outputs("", outputs);
    bundle.encode("clean", &())
}

/// Clean outputs from bytes.
///
/// # Errors
///
/// When the bytes are damaged.
pub(super) fn decode_clean(bytes: &[u8]) -> Result<Outputs> {
    let (mut bundle, ()) = Bundle::decode("clean", bytes)?;
    bundle.get_outputs("")
}

#[derive(Serialize, Deserialize)]
struct EvasionHeader {
    attack: String,
    protocol: String,
    norm: Norm,
    epsilon: f64,
    exact: bool,
    effort: Effort,
}

/// What the attacks did, as bytes.
///
/// # Errors
///
/// Only on a defect of this program.
pub(super) fn encode_evasion(all: &[EvasionFacts]) -> Result<Vec<u8>> {
    let mut bundle = Bundle::default();
    let mut headers = Vec::new();
    for (index, facts) in all.iter().enumerate() {
        bundle.put_flags(format!("{index}/standing"), &facts.standing);
        bundle.put_flags(format!("{index}/tried"), &facts.tried);
        bundle.put_f32(format!("{index}/distance"), &[facts.distance.len()], &facts.distance);
        bundle.put_outputs(&format!("{index}/first_success/"), &facts.first_success);
        bundle.put_outputs(&format!("{index}/max_loss/"), &facts.max_loss);
        headers.push(EvasionHeader {
            attack: facts.attack.clone(),
            protocol: facts.protocol.clone(),
            norm: facts.norm,
            epsilon: facts.epsilon,
            exact: facts.exact,
            effort: facts.effort,
        });
    }
    bundle.encode("evasion", &headers)
}

/// What the attacks did, from bytes.
///
/// # Errors
///
/// When the bytes are damaged.
pub(super) fn decode_evasion(bytes: &[u8]) -> Result<Vec<EvasionFacts>> {
    let (mut bundle, headers): (_, Vec<EvasionHeader>) = Bundle::decode("evasion", bytes)?;
    headers
        .into_iter()
        .enumerate()
        .map(|(index, header)| {
            Ok(EvasionFacts {
                attack: header.attack,
                protocol: header.protocol,
                norm: header.norm,
                epsilon: header.epsilon,
                exact: header.exact,
                effort: header.effort,
                tried: bundle.get_flags(&format!("{index}/tried"))?,
                standing: bundle.get_flags(&format!("{index}/standing"))?,
                distance: bundle.get_f32(&format!("{index}/distance"))?,
                first_success: bundle.get_outputs(&format!("{index}/first_success/"))?,
                max_loss: bundle.get_outputs(&format!("{index}/max_loss/"))?,
            })
        })
        .collect()
}

/// What the sanity checks saw, as bytes.
///
/// # Errors
///
/// Only on a defect of this program.
pub(super) fn encode_checks(observations: &[Observation]) -> Result<Vec<u8>> {
    Bundle::default().encode("checks", &observations)
}

/// What the sanity checks saw, from bytes.
///
/// # Errors
///
/// When the bytes are damaged.
pub(super) fn decode_checks(bytes: &[u8]) -> Result<Vec<Observation>> {
    Ok(Bundle::decode("checks", bytes)?.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Seen;

    fn outputs() -> Outputs {
        Outputs { predictions: vec![1, 0], logits: vec![0.25, 0.5, f32::MIN_POSITIVE, -1.0] }
    }

    fn evasion() -> Vec<EvasionFacts> {
        vec![EvasionFacts {
            attack: "union".to_owned(),
            protocol: "12ab".to_owned(),
            norm: Norm::L2,
            // One of the numbers that a reader of decimals in a hurry misses by a bit.
            epsilon: 0.051_000_000_000_000_004,
            exact: false,
            tried: vec![true, true],
            effort: Effort { forwards: 80, backwards: 78 },
            standing: vec![true, false],
            distance: vec![f32::INFINITY, 0.05],
            first_success: outputs(),
            max_loss: Outputs::default(),
        }]
    }

    #[test]
    fn everything_reads_back_as_written() {
        assert_eq!(decode_clean(&encode_clean(&outputs()).unwrap()).unwrap(), outputs());
        assert_eq!(decode_evasion(&encode_evasion(&evasion()).unwrap()).unwrap(), evasion());
        let seen = [
            Seen::Count { hits: 1, of: 100, chance: Some(0.1) },
            Seen::Number(0.1 + 0.2),
            Seen::NotApplicable,
            Seen::Broken,
        ];
        let observations =
            seen.map(|seen| Observation { check: "noise".to_owned(), seen, words: "…".to_owned() });
        assert_eq!(decode_checks(&encode_checks(&observations).unwrap()).unwrap(), observations);
        let facts = SplitFacts {
            split: Split::Test,
            rows: vec![4, 9],
            labels: vec![0, 1],
            classes: vec!["no".to_owned(), "yes".to_owned()],
            positive: Some(1),
            attributes: vec![Attribute {
                name: "sex".to_owned(),
                groups: vec!["f".to_owned()],
                codes: vec![0, -1],
            }],
            units: None,
        };
        assert_eq!(decode_facts(&encode_facts(&facts).unwrap()).unwrap(), facts);
        let units = Some(Units { name: "patient".to_owned(), codes: vec![7, 7] });
        let facts = SplitFacts { units, ..facts };
        assert_eq!(decode_facts(&encode_facts(&facts).unwrap()).unwrap(), facts);
    }

    #[test]
    fn the_same_evidence_gives_the_same_bytes() {
        assert_eq!(encode_evasion(&evasion()).unwrap(), encode_evasion(&evasion()).unwrap());
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let bytes = encode_evasion(&evasion()).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let read = decode_evasion(&damaged);
            assert_eq!(check(&damaged).is_ok(), read.is_ok(), "byte {at}");
            assert!(
                read.as_ref().map_or(true, |facts| *facts == evasion()),
                "byte {at} changed the evidence unnoticed"
            );
            // Only white space between header and data may change without changing what is read.
            if read.is_ok() {
                assert_eq!(bytes[at], b' ', "byte {at}");
            }
        }
        assert!(decode_clean(&bytes[..bytes.len() - 1]).is_err());
        assert!(decode_clean(b"").is_err());
        assert!(check(&bytes).is_ok() && check(b"").is_err() && check(&bytes[..bytes.len() - 1]).is_err());
    }
}
