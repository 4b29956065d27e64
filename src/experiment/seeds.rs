//! The replicate axis.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Seeds of the replicates: `seeds = 3` means 0, 1, 2; `seeds = [7, 8]` means these. Distinct, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Seeds(Vec<u64>);

impl Seeds {
    /// The seeds in the order written.
    #[must_use]
    pub fn list(&self) -> &[u64] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Seeds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeedsVisitor)
    }
}

struct SeedsVisitor;

impl SeedsVisitor {
    const MOST: usize = 10_000;

    fn checked<E: de::Error>(seeds: Vec<u64>) -> Result<Seeds, E> {
        let mut sorted = seeds.clone();
        sorted.sort_unstable();
        if let Some([seed, _]) = sorted.array_windows().find(|[a, b]| a == b) {
            return Err(E::custom(format!("seed {seed} is listed twice: replicates must differ")));
        }
        if seeds.is_empty() {
            return Err(E::custom("at least one seed is needed"));
        }
        Ok(Seeds(seeds))
    }
}

impl<'de> Visitor<'de> for SeedsVisitor {
    type Value = Seeds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seeds, at least 1, or a list of distinct seeds")
    }

    fn visit_i64<E: de::Error>(self, count: i64) -> Result<Seeds, E> {
        match usize::try_from(count) {
            Ok(count) if (1..=Self::MOST).contains(&count) => Self::checked((0..count as u64).collect()),
            _ => Err(E::custom(format!("the number of seeds must lie in 1 to {}, got {count}", Self::MOST))),
        }
    }

    fn visit_u64<E: de::Error>(self, count: u64) -> Result<Seeds, E> {
        self.visit_i64(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Seeds, A::Error> {
        let mut seeds = Vec::new();
        while let Some(seed) = list.next_element()? {
            seeds.push(seed);
        }
        Self::checked(seeds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        seeds: Seeds,
    }

    fn parse(text: &str) -> Result<Vec<u64>, String> {
        toml::from_str::<Holder>(text).map(|h| h.seeds.list().to_vec()).map_err(|e| e.message().to_owned())
    }

    #[test]
    fn a_count_and_a_list_are_both_seeds() {
        assert_eq!(parse("seeds = 3").unwrap(), [0, 1, 2]);
        assert_eq!(parse("seeds = [7, 5]").unwrap(), [7, 5]);
    }

    #[test]
    fn no_seed_a_negative_count_and_a_repeated_seed_are_refused() {
        assert!(parse("seeds = 0").unwrap_err().contains("1 to 10000, got 0"));
        assert!(parse("seeds = -1").unwrap_err().contains("got -1"));
        assert!(parse("seeds = []").unwrap_err().contains("at least one seed"));
        assert!(parse("seeds = [1, 1]").unwrap_err().contains("seed 1 is listed twice"));
        assert!(parse("seeds = \"3\"").unwrap_err().contains("a number of seeds"));
    }
}
