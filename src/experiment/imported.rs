//! What stands in the place of a configuration where models were made and attacked elsewhere.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::evidence::union_of_attacks;
use crate::files;
use crate::measure::Norm;

/// What was stated of imported results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// The attacks, in the order stated; empty where nothing was attacked.
    pub attacks: Vec<StatedAttack>,
    /// What a reader should know of the numbers, whole sentences.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// One attack as its owner states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedAttack {
    /// Its name, unlike all others.
    pub name: String,
    /// Norm of the threat model.
    pub norm: Norm,
    /// Its radii, ascending, each once, finite and at least 0.
    pub epsilons: Vec<f64>,
    /// Whether it is said to find the exact worst case.
    pub exact: bool,
    /// What it is, for people.
    pub words: String,
    /// Its settings, as stated.
    pub settings: Json,
}

impl StatedAttack {
    /// 8 hexadecimal digits that change with name and settings.
    #[must_use]
    pub fn protocol(&self) -> String {
        let stated = json!({ "stated": self.name, "settings": self.settings });
        files::sha256(stated.to_string().as_bytes())[..8].to_owned()
    }

    /// Whether it has this radius in this norm.
    #[must_use]
    pub fn reaches(&self, norm: Norm, epsilon: f64) -> bool {
        self.norm == norm && self.epsilons.iter().any(|own| own.to_bits() == epsilon.to_bits())
    }
}

/// The same without what TOML cannot say: null, and numbers beyond 64 bits with a sign.
fn plain(value: Json) -> Json {
    match value {
        Json::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, plain(value)))
            .collect(),
        Json::Array(list) => list.into_iter().map(plain).collect(),
        Json::Null => json!("null"),
        Json::Number(number) if number.is_u64() && !number.is_i64() => json!(number.to_string()),
        other => other,
    }
}

impl Imported {
    /// The same, its attacks' settings in words that TOML has: nothing stated is an empty table.
    #[must_use]
    pub(super) fn without_nulls(mut self) -> Self {
        for attack in &mut self.attacks {
            let settings = std::mem::take(&mut attack.settings);
            attack.settings = if settings.is_null() { json!({}) } else { plain(settings) };
        }
        self
    }

    /// The attacks that have this radius in this norm, with their places.
    pub fn at(&self, norm: Norm, epsilon: f64) -> impl Iterator<Item = (usize, &StatedAttack)> {
        self.attacks.iter().enumerate().filter(move |(_, attack)| attack.reaches(norm, epsilon))
    }

    /// What names all attacks at one radius together.
    #[must_use]
    pub fn protocol(&self, norm: Norm, epsilon: f64) -> String {
        union_of_attacks(self.at(norm, epsilon).map(|(_, attack)| attack.protocol()))
    }

    /// Every (norm, radius), ascending, each once.
    #[must_use]
    pub fn radii(&self) -> Vec<(Norm, f64)> {
        // Radii are not negative, so their bits are ordered as they are.
        let all: BTreeSet<(Norm, u64)> = self
            .attacks
            .iter()
            .flat_map(|attack| attack.epsilons.iter().map(|epsilon| (attack.norm, epsilon.to_bits())))
            .collect();
        all.into_iter().map(|(norm, bits)| (norm, f64::from_bits(bits))).collect()
    }

    /// The attacks at one radius, for people.
    #[must_use]
    pub fn words(&self, norm: Norm, epsilon: f64) -> String {
        let words: Vec<&str> = self.at(norm, epsilon).map(|(_, attack)| attack.words.as_str()).collect();
        format!("{}, as stated by whoever attacked", words.join(", "))
    }
}
