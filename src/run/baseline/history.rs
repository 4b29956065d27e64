//! `history.jsonl`: one line per acceptance.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::manifest::{Approval, Manifest};
use super::origin::Refreshed;
use crate::error::{Error, Result};

/// One acceptance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When, UTC, `2026-11-29T01:56:00Z`.
    pub when: String,
    /// Who approved it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// What the gate said of it against the baseline that it replaced; `new` where there was none, `refreshed` where `baseline refresh` moved it to other
    /// seeds with proof.
    pub verdict: String,
    /// How the curve moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    /// Regressions that were accepted: endpoint and adjusted p value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regressions: Vec<(String, f64)>,
    /// The points that were taken over, where not all were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// SHA-256 of the samples of the run that these points come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Terms of the gate that changed: `gate.alpha: 0.05, now 0.01`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<String>,
    /// Points and numbers that are gated no longer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// Values that were accepted although they are undefined now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undefined: Vec<String>,
    /// Requirements that were accepted as broken, with the point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    /// The proof of `baseline refresh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Refreshed>,
    /// SHA-256 of the samples that were replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// SHA-256 of the samples that were accepted.
    pub samples: String,
}

impl Entry {
    /// Whether it is what `manifest` says of its own acceptance.
    pub(super) fn is_of(&self, manifest: &Manifest) -> bool {
        let same = |approval: &Approval| {
            approval.when == self.when && approval.by == self.by && approval.reason == self.reason
        };
        self.samples == manifest.samples && manifest.approval.as_ref().is_some_and(same)
    }

    pub(super) fn line(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::internal(error.to_string()))
    }

    pub(super) fn parse(line: &str) -> Result<Self> {
        serde_json::from_str(line).map_err(|error| Error::input(error.to_string()))
    }
}

/// The time in UTC as ISO 8601 writes it; `SOURCE_DATE_EPOCH` (seconds since 1970), where it is set, in its place.
#[must_use]
pub fn now() -> String {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    iso(fixed.unwrap_or_else(clock))
}

/// Seconds since 1970 as a date (civil from days: Hinnant, "chrono-compatible low-level date algorithms").
pub(in crate::run) fn iso(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let turn = (5 * day + 2) / 153;
    let day = day - (153 * turn + 2) / 5 + 1;
    let month = if turn < 10 { turn + 3 } else { turn - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(iso(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(iso(1_700_000_000), "2023-11-14T22:13:20Z");
    }
}
