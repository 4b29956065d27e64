//! Sanity checks of an evaluation: is the number that the attacks left over believable, or are the attacks at fault?
//!
//! A model that hides its gradients, an attack that gave up, a point that is no point of the ball: each makes a model look
//! robust that is not. The checks are those of Carlini et al. 2019 (arXiv 1902.06705), Croce and Hein 2020 (`AutoAttack`'s own),
//! Pintor et al. 2022 (arXiv 2106.09947), Zimmermann et al. 2022 and Athalye et al. 2018. Each looks at one model and returns
//! an [`Observation`]; [`judge`] holds it against its threshold. A failed check withholds every number under attack.
//!
//! What needs further attacks runs on a sample of the rows, at the threat's own radius. One model costs, per row of the sample,
//! at most the suite's gradient attacks at two larger radii, seven times the lead attack's steps on rows still standing, and 350 forward
//! passes besides.
//!
//! To add a check: a static in a family file, listed in [`CATALOG`].

#![allow(clippy::unnecessary_wraps, reason = "the checks of one table have one type")]

mod bench;
mod certificate;
mod gradients;
mod landscape;
mod model;
pub mod planted;
mod points;
mod radii;
mod recorded;
mod sandwich;
mod search;
mod settings;
mod strength;
mod transfer;
mod verdict;

use crate::error::{Kind, Result};
use crate::evidence::{Observation, Seen};

pub use bench::{Bench, Subject};
pub use sandwich::{SMOOTHED, contradiction, sandwiches};
pub use settings::Settings;
pub use transfer::transfer;
pub use verdict::{Bar, Threshold, finding, judge, misspelled, tail};

/// The version of what the checks observe with given settings; part of their evidence's identity.
pub const VERSION: u32 = 2;

/// One sanity check.
#[derive(Debug)]
pub struct Check {
    /// Names it in overrides, reports and files.
    pub id: &'static str,
    /// Its number in the literature's list that this program follows.
    pub number: u32,
    /// What has to hold.
    pub rule: &'static str,
    /// What to do where it does not.
    pub advice: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// The threshold.
    pub bar: Bar,
    /// How it looks.
    pub look: Look,
}

/// How a check looks.
#[derive(Debug)]
pub enum Look {
    /// At one model under attack.
    Model(fn(&mut Bench<'_>) -> Result<Sight>),
    /// Where more is known than one model; the words say where, and stand for it where it was not looked at.
    Elsewhere(&'static str),
}

/// What a check saw: numbers, and a lower-case fragment for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// The numbers.
    pub seen: Seen,
    /// What was seen, or why there was nothing to see.
    pub words: String,
}

impl Sight {
    fn count(hits: usize, of: usize, words: impl Into<String>) -> Self {
        Self { seen: Seen::Count { hits: hits as u64, of: of as u64, chance: None }, words: words.into() }
    }

    fn nothing(words: impl Into<String>) -> Self {
        Self { seen: Seen::NotApplicable, words: words.into() }
    }

    /// Infinite and undefined numbers count as broken.
    fn number(x: f64, words: impl Into<String>) -> Self {
        let seen = if x.is_finite() { Seen::Number(x) } else { Seen::Broken };
        Self { seen, words: words.into() }
    }

    fn of(self, check: &Check) -> Observation {
        Observation { check: check.id.to_owned(), seen: self.seen, words: self.words }
    }
}

/// Every check, in the order of their numbers.
pub static CATALOG: &[&Check] = &[
    &strength::ONE_STEP,
    &recorded::MONOTONE,
    &radii::LARGE_RADIUS,
    &radii::UNBOUNDED,
    &search::BLACK_BOX,
    &transfer::TRANSFER,
    &search::NOISE,
    &strength::CONVERGENCE,
    &strength::RESTARTS,
    &gradients::ZERO_GRADIENT,
    &gradients::SATURATION,
    &landscape::FINITE_DIFFERENCE,
    &landscape::LANDSCAPE,
    &model::RANDOMIZED,
    &model::SOFTMAX,
    &model::BATCH,
    &recorded::SILENT_SUCCESS,
    &points::VERIFICATION,
    &points::CONSTRAINTS,
    &recorded::IDLE_ATTACK,
    &recorded::ZERO_RADIUS,
    &PLANTED,
    &KNOWN_BROKEN,
    &DEGENERATE,
    &OVERFITTING,
    &certificate::SANDWICH,
];

/// The adversary finds what was planted for it to find; [`planted`] does it.
pub(super) static PLANTED: Check = Check {
    id: "planted",
    number: 23,
    rule: "of adversarial points planted by a new last layer, the same attacks find at least this share, and random points far fewer",
    advice: "the attacks are too weak for this model: give them more steps or restarts, or a larger step",
    source: "Zimmermann et al. 2022, Increasing confidence in adversarial robustness evaluations, NeurIPS",
    bar: Bar::AtLeast(|settings| settings.planted),
    look: Look::Elsewhere(
        "run `equipoise attack --selftest`: it fits a last layer per row, too much for every model",
    ),
};

static KNOWN_BROKEN: Check = Check {
    id: "known-broken",
    number: 24,
    rule: "models that are known to be broken (quantized, scaled, noisy, shattered) come out at 0 or withheld",
    advice: "this is a defect of the program",
    source: "Carlini et al. 2019, arXiv 1902.06705; Tramer et al. 2020, arXiv 2002.08347",
    bar: Bar::Never,
    look: Look::Elsewhere("a property of the program: its tests check it"),
};

/// Judged over seeds and objectives: see `points::mark_degenerate`.
pub static DEGENERATE: Check = Check {
    id: "degenerate",
    number: 26,
    rule: "no constant predictor is at least as good, and the predictions are not nearly constant",
    advice: "the point is kept off the front; lower the strength, or train longer",
    source: "Simonetto et al. 2024, TabularBench, arXiv 2408.07579",
    bar: Bar::Warns(|_| 0.0),
    look: Look::Elsewhere("judged where all seeds of a point are known"),
};

/// Judged on the records of training: see `training::overfitting`.
pub static OVERFITTING: Check = Check {
    id: "overfitting",
    number: 27,
    rule: "validation accuracy under attack never falls by more than 0.2 in one epoch, and ends at most this below its best",
    advice: "evaluate the best epoch as well: `models = [\"last\", \"best-robust\"]`",
    source: "Wong et al. 2020, arXiv 2001.03994; Rice et al. 2020, arXiv 2002.11569",
    bar: Bar::Warns(|settings| settings.overfitting),
    look: Look::Elsewhere(
        "training did not measure validation accuracy under attack: list `best-robust` among the front's models",
    ),
};

/// Every check, those outside the catalog included.
pub fn all() -> impl Iterator<Item = &'static Check> {
    CATALOG.iter().copied().chain([&SMOOTHED])
}

/// The check with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Check> {
    all().find(|check| check.id == id)
}

/// Looks at one model with every check that looks at one model, in catalog order.
///
/// # Errors
///
/// A stop, and settings that do not fit the model; outputs and gradients that are not finite are an observation.
pub fn examine(subject: Subject<'_>) -> Result<Vec<Observation>> {
    let mut bench = Bench::new(subject);
    let mut observations = Vec::new();
    for check in CATALOG {
        let Look::Model(look) = check.look else { continue };
        let sight = match look(&mut bench) {
            // An attack that met a number that is none proves nothing, and is no robustness.
            Err(error) if error.kind() == Kind::Diverged => {
                Sight { seen: Seen::Broken, words: error.chain().join(": ") }
            }
            other => other.map_err(|error| error.context(format!("check `{}`", check.id)))?,
        };
        if check.id == model::RANDOMIZED.id {
            bench.randomized = !verdict::is_quiet(&sight.seen, bench.subject.settings.randomized);
        }
        observations.push(sight.of(check));
    }
    Ok(observations)
}
