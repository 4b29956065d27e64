//! Which files a report consists of.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::figure::Look;
use crate::error::did_you_mean;
use crate::rules::Course;

/// What a report can be written as. A new format is one line in [`NAMES`](Self::NAMES), and its file in [`rendered`](super::rendered) or, of pictures, its writer
/// beside those there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `report.html`.
    Html,
    /// `summary.md`.
    Md,
    /// `cards/*.md`: a model card of the knee and of each end of the front.
    Card,
    /// `tables/*.tex`.
    Latex,
    /// `points.csv`, `measurements.csv` and what else is a table of numbers.
    Csv,
    /// `report.json`, which is always written.
    Json,
    /// `figures/*.svg`.
    Svg,
    /// `figures/*.png`, two pixels per CSS pixel, on paper 300 per inch.
    Png,
    /// `figures/*.pdf`.
    Pdf,
}

impl Format {
    /// Every format with its word, and whether it is written unless something else is asked for.
    pub const NAMES: [(Self, &'static str, bool); 9] = [
        (Self::Html, "html", true),
        (Self::Md, "md", true),
        (Self::Card, "card", false),
        (Self::Latex, "latex", false),
        (Self::Csv, "csv", true),
        (Self::Json, "json", true),
        (Self::Svg, "svg", true),
        (Self::Png, "png", true),
        (Self::Pdf, "pdf", false),
    ];
}

impl fmt::Display for Format {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(Self::NAMES.iter().find(|(format, ..)| format == self).map_or("", |(_, word, _)| word))
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = Self::NAMES.iter().map(|(_, word, _)| *word);
        let found = Self::NAMES.iter().find(|(_, word, _)| *word == text);
        found.map(|(format, ..)| *format).ok_or_else(|| {
            let hint = did_you_mean(text, words.clone());
            let words = words.collect::<Vec<_>>().join(", ");
            let (end, there) = if hint.is_empty() { (";", "there") } else { ("", "There") };
            format!("unknown format{hint}{end} {there} are {words}")
        })
    }
}

/// What is asked for of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The formats.
    pub formats: BTreeSet<Format>,
    /// The layout of figures in files of their own.
    pub look: Look,
    /// Whether these are there for dark pages as well, as `<name>-dark`.
    pub dark: bool,
    /// What the page says of machine and time, name by name; empty where it says nothing, so that the same values give the same bytes.
    pub run_info: Vec<(String, String)>,
    /// What escalation rules come to over the windows that were recorded, for the page; none where no rules are named.
    pub history: Option<History>,
}

/// Escalation rules over the history of a results folder.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The rules in every window.
    pub course: Course,
    /// The rule file's name.
    pub rules: String,
}

impl Wanted {
    /// The ending of the pictures that a text links to, where there are such.
    pub(super) fn linked(&self) -> Option<&'static str> {
        let all = [(Format::Svg, "svg"), (Format::Png, "png")];
        all.into_iter().find(|(format, _)| self.formats.contains(format)).map(|(_, ending)| ending)
    }

    /// What tells the report from the usual one, without machine and time; empty for the usual one, which this one must not be taken for.
    #[must_use]
    pub fn difference(&self) -> String {
        let usual = Self::default();
        let mut text = String::new();
        if (&self.formats, self.look, self.dark) != (&usual.formats, usual.look, usual.dark) {
            text += &format!(" {:?} {:?} {}", self.formats, self.look, self.dark);
        }
        if !self.run_info.is_empty() {
            text += " with run info";
        }
        if let Some(History { course, rules }) = &self.history {
            let digest = Sha256::digest(format!("{rules} {course:?}"));
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            text += &format!(" with the history {digest}");
        }
        text
    }
}

impl Default for Wanted {
    fn default() -> Self {
        let formats = Format::NAMES.iter().filter(|(.., usual)| *usual).map(|(format, ..)| *format);
        Self {
            formats: formats.collect(),
            look: Look::SCREEN,
            dark: false,
            run_info: Vec::new(),
            history: None,
        }
    }
}
