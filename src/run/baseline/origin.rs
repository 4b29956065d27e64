//! Where the numbers of a baseline come from, where that is not one run at the seeds of the one before.

use serde::{Deserialize, Serialize};

use super::manifest::Approval;
use super::{Baseline, samples};
use crate::error::{Error, Result};
use crate::files;
use crate::gate::{self, Side};

/// Proof that a baseline at new seeds is of the code that made the one at the old seeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refreshed {
    /// SHA-256 of the samples that were repeated.
    pub samples: String,
    /// The seeds at which they were.
    pub seeds: Vec<u64>,
    /// What came out: `identical`, or `no-worse` where the differences are within the noise of repeating.
    pub found: String,
}

/// Points that `baseline accept --only` took over from another run than the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The points.
    pub points: Vec<String>,
    /// SHA-256 of the samples of the run that they come from.
    pub samples: String,
    /// The version that measured them.
    pub version: String,
    /// The settings of their run that differ from those of the rest, `training.epochs: 8, for these points 12`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
}

impl Part {
    /// In a clause, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let settings = if self.settings.is_empty() {
            "with the same settings".to_owned()
        } else {
            format!("with other settings ({})", self.settings.join("; "))
        };
        format!(
            "{} from samples {}…, {settings}",
            self.points.join("; "),
            &self.samples.get(..12).unwrap_or(&self.samples)
        )
    }
}

impl Baseline {
    /// This baseline with the points `only` of `new`. Its terms, settings and version stay those of the rest; where the points come from stands beside them.
    ///
    /// # Errors
    ///
    /// A name that no point has; sides at other seeds, of other data, or with other numbers.
    pub fn with_points(&self, new: &Self, only: &[String]) -> Result<Self> {
        let known: Vec<&str> = new.side.points.iter().map(|point| point.name.as_str()).collect();
        for name in only {
            if !known.contains(&name.as_str()) {
                let hint = crate::error::did_you_mean(name, known.iter().copied());
                return Err(Error::input(format!("no point is called `{name}`{hint}"))
                    .help(format!("there are {}", known.join("; "))));
            }
        }
        let comparison = gate::compare(&self.side, &new.side);
        if let Some(obstacle) = comparison.obstacles.first() {
            return Err(Error::input(format!("single points cannot be taken over: {obstacle}")));
        }
        let mut points = self.side.points.clone();
        points.retain(|point| !only.contains(&point.name));
        points.extend(new.side.points.iter().filter(|point| only.contains(&point.name)).cloned());
        let side = Side { points, ..self.side.clone() };
        let samples = samples::write(&side, &self.kept()?)?;
        let mut manifest = self.manifest.clone();
        manifest.approval = None;
        manifest.samples = files::sha256(&samples);
        manifest.noise.retain(|noise| noise.point != "front" && !only.contains(&noise.point));
        for part in &mut manifest.parts {
            part.points.retain(|point| !only.contains(point));
        }
        manifest.parts.retain(|part| !part.points.is_empty());
        let say = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        let mut only = only.to_vec();
        only.sort_unstable();
        only.dedup();
        manifest.parts.push(Part {
            points: only,
            samples: new.manifest.samples.clone(),
            version: new.manifest.version.clone(),
            settings: comparison
                .settings
                .iter()
                .map(|one| {
                    format!(
                        "{}: {}, for these points {}",
                        one.setting,
                        say(&one.baseline),
                        say(&one.candidate)
                    )
                })
                .collect(),
        });
        Ok(Self { side, manifest, samples })
    }

    /// Whether `baseline refresh` made it as the successor of `old`: other seeds are then no obstacle.
    #[must_use]
    pub fn succeeds(&self, old: &Self) -> bool {
        let proven = self.manifest.refreshed.as_ref();
        proven.is_some_and(|proof| proof.samples == old.manifest.samples && proof.seeds == old.side.seeds)
            && gate::compare(&old.side, &Side { seeds: old.side.seeds.clone(), ..self.side.clone() })
                .obstacles
                .is_empty()
    }

    /// The same, approved.
    #[must_use]
    pub fn approved(mut self, approval: Approval) -> Self {
        self.manifest.approval = Some(approval);
        self
    }
}
