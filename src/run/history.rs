//! `history.csv`: the windows of a results folder, recorded one by one.

use std::collections::BTreeSet;

use super::{Judgement, Results};
use crate::error::{Error, Result};
use crate::measure::MetricKey;
use crate::points::Point;
use crate::rules::{self, History, Number, Numbers, PRESENT};

/// The file in a results folder.
pub const FILE: &str = "history.csv";

impl Judgement {
    /// The numbers that a window has: every defined number of every point that competes for the front, with its interval, and the hypervolume. Where a cell of
    /// a point failed they are withheld, and the hypervolume with them: the mean over the seeds that are left would be another number, and mostly a better one.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let competing = self.experiment.competing();
        let competes =
            |point: &&Point| competing.iter().any(|candidate| candidate.word() == point.model.as_str());
        let points: Vec<&Point> = self.points.iter().filter(competes).collect();
        let defined = |point: &Point| -> Vec<MetricKey> {
            let measures = point.measures.iter();
            measures
                .filter(|(_, one)| one.estimate.value.get().is_some())
                .map(|(key, _)| key.clone())
                .collect()
        };
        let known: BTreeSet<MetricKey> = points.iter().flat_map(|point| defined(point)).collect();
        let mut numbers = Numbers::new();
        for point in &points {
            // Where several of a run's models compete, only the model tells them apart.
            let name = point.name();
            let name = if competing.len() > 1 { format!("{name},model={}", point.model) } else { name };
            if !point.failed.is_empty() {
                // Where every seed failed, what the others have tells what this one lacks.
                let own: BTreeSet<MetricKey> = defined(point).into_iter().collect();
                let lacking = if own.is_empty() { &known } else { &own };
                let withheld = lacking.iter().map(|key| ((name.clone(), key.to_string()), Number::default()));
                numbers.extend(withheld);
                continue;
            }
            for (key, measured) in &point.measures {
                let estimate = &measured.estimate;
                let Some(value) = estimate.value.get() else { continue };
                let number = Number {
                    value: Some(value),
                    low: estimate.interval.map(|(low, _)| low),
                    high: estimate.interval.map(|(_, high)| high),
                };
                numbers.insert((name.clone(), key.to_string()), number);
            }
        }
        let interval = self.front.hypervolume_interval;
        let volume = if points.iter().all(|point| point.failed.is_empty()) {
            Number {
                value: Some(self.front.hypervolume),
                low: interval.map(|(low, _)| low),
                high: interval.map(|(_, high)| high),
            }
        } else {
            Number::default()
        };
        numbers.insert((String::new(), "hypervolume".to_owned()), volume);
        numbers
    }
}

impl Results {
    /// What was recorded; no window where nothing was.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is damaged; the message names it.
    pub fn history(&self) -> Result<History> {
        self.stored()?
            .map_or_else(|| Ok(History::default()), |bytes| History::parse(&bytes))
            .map_err(|error| self.of_file(error))
    }

    /// Records the numbers as the window `label`, and says how many are new: none where all were recorded before.
    ///
    /// # Errors
    ///
    /// When the window has other numbers, the label is none or says what is not recorded, another process records, or the file is damaged or cannot
    /// be written.
    pub fn record(&self, label: &str, numbers: &Numbers) -> Result<usize> {
        if label == PRESENT {
            return Err(Error::input(format!(
                "`{PRESENT}` is what results are called that are not recorded"
            ))
            .help("record them as a commit, a release or a date"));
        }
        let Some(_claim) = self.store.claim("history")? else {
            return Err(Error::input(format!("another process is writing `{FILE}`"))
                .help("wait until it has finished"));
        };
        let before = self.stored()?;
        let found = rules::appended(before.as_deref(), label, numbers).map_err(|error| {
            let file = self.folder().join(FILE);
            error.context(format!("cannot record the window in `{}`", file.display()))
        })?;
        let Some((bytes, new)) = found else { return Ok(0) };
        self.store.write(FILE, &bytes)?;
        Ok(new)
    }

    fn stored(&self) -> Result<Option<Vec<u8>>> {
        self.store.has(FILE).then(|| self.store.read(FILE)).transpose()
    }

    fn of_file(&self, error: Error) -> Error {
        error.context(format!("cannot use `{}`", self.folder().join(FILE).display()))
    }
}
