//! The manifest of a data set: `datasets/<name>/dataset.toml`.
//!
//! It says where the files come from, how to read them, which columns are
//! features, what the label is, who the groups are, and what an adversary could
//! change. `datasets/README.md` shows how to write one.

mod check;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::toml_errors::{check_texts, toml_error};

/// Everything that decides how a data set is fetched, read and encoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The name used in configs and on the command line: lower-case letters, digits and `-`.
    pub name: String,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// The page that describes the data.
    #[serde(default)]
    pub source: String,
    /// Terms of use.
    #[serde(default)]
    pub license: String,
    /// What to cite.
    #[serde(default)]
    pub citation: String,
    /// What a reader must know.
    #[serde(default)]
    pub notes: String,
    /// File format.
    pub format: Format,
    /// The column whose equal values stay on one side of every split (patients, households).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The files, in the order in which their rows are numbered.
    pub files: Vec<File>,
    /// How CSV files are written.
    #[serde(default)]
    pub csv: Csv,
    /// Set where the rows are pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// `[smallest, largest]` value an adversary may use; safetensors only (unbounded when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<[f32; 2]>,
    /// What counts as missing and what becomes of it.
    #[serde(default)]
    pub missing: Missing,
    /// Which rows are kept; all rules must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// The columns: all and in order where the file has no header, else found by name (unlisted ones are not read).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// What binds the columns of every row, in native units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
    /// Adversaries that must hand in valid rows, to be chosen by `model` in `[threat]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threats: Vec<Threat>,
    /// The class of a row.
    pub label: Label,
    /// Sensitive attributes; whether one is a model feature too is up to its column's kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<Sensitive>,
}

/// The format of a data set's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text with separators.
    Csv,
    /// The IDX images of MNIST.
    Idx,
    /// Tensors `x`, `y` and optionally `groups`.
    Safetensors,
}

/// The part of a data set that its authors put a file into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Rows for fitting (and validation).
    Train,
    /// Rows for testing.
    Test,
}

/// What an IDX file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// Pixels.
    Images,
    /// Classes.
    Labels,
}

/// One file. It may lie plain, gzip-compressed (`<name>.gz`) or in a zip archive; the checksum is of the unpacked content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The name of the unpacked file, also inside an archive.
    pub name: String,
    /// The part that the authors put it into; none means that the split is ours to make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// IDX only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holds>,
    /// SHA-256 of the unpacked content, 64 lower-case hexadecimal digits; without it the content is taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where it can be downloaded, canonical address first, then mirrors; plain, `.gz` or a zip archive that holds it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
}

/// How a CSV file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Csv {
    /// Whether the first line holds the names of the columns.
    pub header: bool,
    /// One ASCII character.
    pub separator: char,
    /// The quoting character, where quoting is used.
    pub quote: char,
    /// Whether spaces around a field are no part of it.
    pub trim: bool,
    /// Lines that begin with this ASCII character are skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<char>,
}

impl Default for Csv {
    fn default() -> Self {
        Self { header: true, separator: ',', quote: '"', trim: false, comment: None }
    }
}

/// How pictures are laid out: channel-major, whole numbers from 0 to `maximum`, scaled to 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Channels.
    pub channels: usize,
    /// Pixel rows.
    pub height: usize,
    /// Pixel columns.
    pub width: usize,
    /// The largest native pixel value.
    pub maximum: u8,
}

/// What counts as missing and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Missing {
    /// Texts that mean "missing", besides the empty field.
    pub values: Vec<String>,
    /// In a numeric feature.
    pub numeric: MissingNumber,
    /// In a categorical feature.
    pub categorical: MissingLevel,
}

/// What becomes of a missing number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum MissingNumber {
    /// The mean of the training rows (rounded in an integer column).
    #[default]
    Mean,
    /// The row is left out.
    Drop,
}

/// What becomes of a missing category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum MissingLevel {
    /// A level of its own, called `missing`.
    #[default]
    Level,
    /// The row is left out.
    Drop,
}

/// A rule for the rows to keep. A missing value fails a numeric rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The column.
    pub column: String,
    /// Keep numbers of at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Keep numbers of at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Keep these texts only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<String>,
    /// Keep none of these texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not: Vec<String>,
}

/// One column of a CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name; the second of two equal names in a header is `name#2`.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Categorical only: the most frequent levels that get a one-hot column; all others share `name=other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<usize>,
    /// Whether an adversary could change it. Without a threat model of [`Manifest::threats`] numbers alone move, never one-hot blocks.
    #[serde(default)]
    pub mutable: bool,
    /// Mutable numbers only: the one way in which the adversaries of [`Manifest::threats`] can change it; both when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Mutable numbers only: how far the adversaries of [`Manifest::threats`] can change it, in native units. Such a column has no
    /// part in the ball of radius epsilon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
    /// Mutable categories only: the levels to which the adversaries of [`Manifest::threats`] can change it; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Why an adversary could or could not, or why the column is left out.
    #[serde(default)]
    pub why: String,
}

/// A way to change a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To larger values.
    Up,
    /// To smaller values.
    Down,
}

/// What every row obeys, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// A relation between feature columns in native units; `datasets/README.md` has the language.
    pub rule: String,
    /// Why every row obeys it.
    #[serde(default)]
    pub why: String,
}

/// An adversary who must hand in a valid row: whole numbers stay whole, categories stay categories, relations hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threat {
    /// The name used in `[threat] model`.
    pub name: String,
    /// What kind of adversary it stands for.
    #[serde(default)]
    pub why: String,
    /// How many mutable categorical columns may change in a row (a Hamming budget).
    #[serde(default)]
    pub categories: usize,
    /// Of the mutable columns these alone; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// A feature: any number; standardized.
    Continuous,
    /// A feature: whole numbers; standardized.
    Integer,
    /// A feature: a category; one-hot.
    Categorical,
    /// No feature; may serve as label, group, filter or unit.
    Ignore,
    /// Points at real people: never kept, never shown, of no use to anything.
    Personal,
}

/// The class of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The column (CSV only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The classes in order; when absent, the sorted distinct values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Class>,
    /// The class that counts as the positive decision, in a binary task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
}

/// A class and the texts that mean it: `"yes"`, or `{ name = "yes", values = ["1", "1."] }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Class {
    /// Name and text are the same.
    Plain(String),
    /// A name and its texts.
    #[serde(rename_all = "lowercase")]
    Named {
        /// Shown to people.
        name: String,
        /// As they stand in the file.
        values: Vec<String>,
    },
}

impl Class {
    /// The name shown to people.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Plain(name) | Self::Named { name, .. } => name,
        }
    }

    /// The texts in the file that mean this class.
    #[must_use]
    pub fn values(&self) -> &[String] {
        match self {
            Self::Plain(name) => std::slice::from_ref(name),
            Self::Named { values, .. } => values,
        }
    }
}

/// A sensitive attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensitive {
    /// Its name in metrics and reports.
    pub name: String,
    /// The column that it is read from (for safetensors: the position in `groups`, first is the first listed).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// How values become groups; when absent every distinct value is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Texts that count as missing here, besides the data set's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// A group: texts, or numbers `above < value ≤ at_most`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The texts that mean it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Numbers above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Numbers of at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

impl Manifest {
    /// Reads and checks a manifest; `place` names it in errors.
    ///
    /// # Errors
    ///
    /// When it is not valid TOML, has unknown keys, or contradicts itself.
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let context = || format!("cannot read the manifest `{place}`");
        let manifest: Self = toml::from_str(text).map_err(|error| toml_error(&error).context(context()))?;
        check_texts(text).map_err(|error| error.context(context()))?;
        manifest.check().map_err(|error| error.context(context()))?;
        Ok(manifest)
    }

    /// The column called `name`, where it is listed.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns that a model sees, in order.
    pub fn feature_columns(&self) -> impl Iterator<Item = &Column> {
        use ColumnKind::{Categorical, Continuous, Integer};
        self.columns.iter().filter(|column| matches!(column.kind, Continuous | Integer | Categorical))
    }

    /// Whether the sensitive attribute's column is a model feature as well.
    #[must_use]
    pub fn is_feature(&self, sensitive: &Sensitive) -> bool {
        use ColumnKind::{Categorical, Continuous, Integer};
        let column = sensitive.column.as_deref().and_then(|name| self.column(name));
        column.is_some_and(|column| matches!(column.kind, Continuous | Integer | Categorical))
    }

    /// What decides the numbers, as text: explanations, terms and addresses left out.
    #[must_use]
    pub fn decisive_text(&self) -> String {
        let mut bare = self.clone();
        for text in
            [&mut bare.title, &mut bare.source, &mut bare.license, &mut bare.citation, &mut bare.notes]
        {
            text.clear();
        }
        bare.files.iter_mut().for_each(|file| file.urls.clear());
        bare.columns.iter_mut().for_each(|column| column.why.clear());
        bare.relations.iter_mut().for_each(|relation| relation.why.clear());
        bare.threats.iter_mut().for_each(|threat| threat.why.clear());
        serde_json::to_string(&bare).expect("a manifest is plain data")
    }

    /// Names of columns that serve as label, group, filter or unit.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &str> {
        let label = self.label.column.iter();
        let groups = self.sensitive.iter().filter_map(|sensitive| sensitive.column.as_ref());
        let filters = self.filters.iter().map(|filter| &filter.column);
        label.chain(groups).chain(filters).chain(&self.unit).map(String::as_str)
    }
}
