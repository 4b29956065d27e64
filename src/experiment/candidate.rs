//! Which of a run's models is meant.

use std::borrow::Cow;
use std::fmt;

use crate::points::LAST;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Which of a run's models is meant. Fronts use the last epoch of a fixed budget, or with `checkpoints` the epochs that
/// validation rows choose; the best ones are chosen on validation rows run by run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Candidate {
    /// After the last epoch.
    Last,
    /// The epoch with the best clean validation accuracy.
    BestClean,
    /// The epoch with the best robust validation accuracy.
    BestRobust,
    /// After this epoch, counted from 1: a checkpoint.
    Epoch(u32),
}

impl Candidate {
    /// The word used in files and coordinates: `last`, `best-clean`, `best-robust`, `epoch-10`.
    #[must_use]
    pub fn word(self) -> Cow<'static, str> {
        match self {
            Self::Last => Cow::Borrowed(LAST),
            Self::BestClean => Cow::Borrowed("best-clean"),
            Self::BestRobust => Cow::Borrowed("best-robust"),
            Self::Epoch(epoch) => Cow::Owned(format!("epoch-{epoch}")),
        }
    }

    fn read(word: &str) -> Option<Self> {
        match word {
            LAST => Some(Self::Last),
            "best-clean" => Some(Self::BestClean),
            "best-robust" => Some(Self::BestRobust),
            _ => word.strip_prefix("epoch-")?.parse().ok().map(Self::Epoch),
        }
    }
}

impl Serialize for Candidate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.word())
    }
}

impl<'de> Deserialize<'de> for Candidate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Word)
    }
}

struct Word;

impl de::Visitor<'_> for Word {
    type Value = Candidate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a model: `last`, `best-clean` or `best-robust`")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Candidate, E> {
        Candidate::read(word).ok_or_else(|| E::unknown_variant(word, &[LAST, "best-clean", "best-robust"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_is_a_word_and_reads_back() {
        for (candidate, word) in [
            (Candidate::Last, "\"last\""),
            (Candidate::BestRobust, "\"best-robust\""),
            (Candidate::Epoch(10), "\"epoch-10\""),
        ] {
            assert_eq!(serde_json::to_string(&candidate).unwrap(), word);
            assert_eq!(serde_json::from_str::<Candidate>(word).unwrap(), candidate);
        }
        let said = serde_json::from_str::<Candidate>("\"lst\"").unwrap_err().to_string();
        assert!(said.contains("unknown variant `lst`, expected one of `last`"), "{said}");
    }
}
