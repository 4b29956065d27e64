//! Values of `attack`'s arguments, as people write them.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::attacks::{Preset, Spec};
use crate::measure::Norm;
use crate::models::EngineKind;
use crate::toml_errors;

/// A word of a closed list, as a configuration has it; the error lists the words.
fn word<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    let reader: StrDeserializer<'a, ValueError> = text.into_deserializer();
    T::deserialize(reader).map_err(|error| toml_errors::plain(&error.to_string()))
}

/// In upper or lower case.
pub(super) fn norm(text: &str) -> Result<Norm, String> {
    word(&text.to_lowercase())
}

pub(super) fn preset(text: &str) -> Result<Preset, String> {
    word(text)
}

pub(super) fn engine(text: &str) -> Result<EngineKind, String> {
    word(text)
}

/// A finite number of at least 0; −0 is 0.
pub(super) fn epsilon(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(epsilon) if epsilon.is_finite() && epsilon >= 0.0 => Ok(epsilon + 0.0),
        _ => Err("a radius is a finite number of at least 0".to_owned()),
    }
}

/// A kind alone, or settings as in a configuration, with commas or line breaks between them.
pub(super) fn attack(text: &str) -> Result<Spec, String> {
    #[derive(Deserialize)]
    struct Line {
        attack: Spec,
    }
    if !text.contains('=') {
        return attack(&format!("kind = {:?}", text.trim()));
    }
    if let Ok(spec) = toml::from_str(text) {
        return Ok(spec);
    }
    toml::from_str::<Line>(&format!("attack = {{ {text} }}"))
        .map(|line| line.attack)
        .map_err(|error| toml_errors::plain(error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attack_is_a_kind_or_settings() {
        let full: Spec = toml::from_str("kind = \"pgd\"\nsteps = 7").unwrap();
        assert_eq!(attack("kind = \"pgd\", steps = 7").unwrap(), full);
        assert_eq!(attack("kind = \"pgd\"\nsteps = 7").unwrap(), full);
        assert_eq!(attack("fgsm").unwrap(), toml::from_str("kind = \"fgsm\"").unwrap());
        assert!(attack("pgdd").unwrap_err().contains("unknown word `pgdd`, did you mean `pgd`?"));
        assert!(attack("kind = \"pgd\", epz = 1").unwrap_err().contains("unknown key `epz`"));
    }

    #[test]
    fn words_outside_the_list_are_answered_with_the_list() {
        assert_eq!(norm("Linf").unwrap(), Norm::Linf);
        assert!(norm("l7").unwrap_err().contains("`linf`"), "{:?}", norm("l7"));
        assert!(preset("strong").unwrap_err().contains("`standard`"));
        assert!(engine("gpu").unwrap_err().contains("`candle`"));
    }

    #[test]
    fn radii_are_finite_and_not_negative() {
        assert_eq!(epsilon("-0").unwrap().to_bits(), 0.0_f64.to_bits());
        for text in ["-0.1", "nan", "inf", "", "a tenth"] {
            assert!(epsilon(text).is_err(), "{text}");
        }
    }
}
