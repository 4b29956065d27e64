//! `[shift]`: corrupted rows, and rows that belong to no class.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::{Experiment, Loaded};
use crate::data::Dataset;
use crate::error::{Error, Result, did_you_mean};
use crate::metrics::Shifts;
use crate::probes::shift::{self, Corruption, SEVERITIES, ood};

/// What is asked under distribution shift, on test rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftSpec {
    /// Corruptions of the rows.
    #[serde(default)]
    pub corruptions: Names,
    /// Their severities, 1 to 5.
    #[serde(default = "severities")]
    pub severities: Vec<u8>,
    /// Sets of rows that belong to no class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ood: Vec<String>,
    /// Labeled rows of other files, written as those of the data set are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableSpec>,
}

/// Labeled rows of another file: another year, another place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// What it is called in keys and tables.
    pub name: String,
    /// The CSV file.
    pub file: PathBuf,
    /// SHA-256 of its content (unpacked); where written, the content must have it. [`Loaded::fitted`] fills it in: it is what evidence is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

fn severities() -> Vec<u8> {
    (1..=SEVERITIES as u8).collect()
}

/// Names of corruptions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Names {
    /// `"all"`: those that suit the rows.
    #[default]
    All,
    /// These.
    Listed(Vec<String>),
}

impl Names {
    const ALL: &str = "all";
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str(Self::ALL),
            Self::Listed(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`\"all\"`, or a list of corruptions such as `[\"gaussian-noise\"]`")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Names, E> {
                if word == Names::ALL {
                    return Ok(Names::All);
                }
                Err(E::invalid_value(de::Unexpected::Str(word), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Names::Listed(names))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl TableSpec {
    fn check(&self) -> Result<()> {
        let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || !self.name.chars().all(fits) {
            return Err(Error::input(format!("a table cannot be called `{}`", self.name)).help(
                "the name is part of keys such as `shifted_accuracy@2019`: letters, digits, `-`, `_` and `.`",
            ));
        }
        let is_hash = |hash: &String| {
            hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if !self.sha256.as_ref().is_none_or(is_hash) {
            return Err(Error::input("`sha256` is not 64 lower-case hexadecimal digits")
                .help("leave it out, or write what `sha256sum` prints"));
        }
        Ok(())
    }
}

/// One thing to ask of a model: it has an evidence of its own.
#[derive(Debug, Clone, Copy)]
pub enum ShiftQuestion<'a> {
    /// One corruption at every severity.
    Corruption(&'static Corruption),
    /// One set of rows that belong to no class.
    Ood(ood::Set),
    /// Labeled rows of another file.
    Table(&'a TableSpec),
}

impl ShiftSpec {
    /// What is asked, in the order of reports. `"all"` asks nothing before the data are known ([`Loaded::fitted`]).
    ///
    /// # Errors
    ///
    /// Where a name is unknown.
    pub fn questions(&self) -> Result<Vec<ShiftQuestion<'_>>> {
        let mut questions = Vec::new();
        if let Names::Listed(names) = &self.corruptions {
            for corruption in shift::all().filter(|corruption| names.iter().any(|n| n == corruption.word)) {
                questions.push(ShiftQuestion::Corruption(corruption));
            }
        }
        for name in &self.ood {
            questions.push(ShiftQuestion::Ood(ood::find(name)?));
        }
        questions.extend(self.tables.iter().map(ShiftQuestion::Table));
        Ok(questions)
    }

    /// The settings of one question, as part of an id: each has an evidence of its own, so that adding one changes no other.
    #[must_use]
    pub fn settings(&self, question: ShiftQuestion<'_>) -> Json {
        match question {
            ShiftQuestion::Corruption(corruption) => {
                let at =
                    |severity: &u8| json!({ "severity": severity, "constants": corruption.at(*severity) });
                json!({
                    "kind": "shift",
                    "version": shift::VERSION,
                    "corruption": corruption.word,
                    "severities": self.severities.iter().map(at).collect::<Vec<_>>(),
                })
            }
            ShiftQuestion::Ood(set) => json!({
                "kind": "ood",
                "version": shift::VERSION,
                "set": set.word(),
                "content": set.content(),
            }),
            // How the file is read and encoded is in the id of the model's own data.
            ShiftQuestion::Table(table) => json!({
                "kind": "shift-table",
                "version": shift::VERSION,
                "name": table.name,
                "content": table.sha256,
            }),
        }
    }
}

impl Experiment {
    /// What is asked under distribution shift.
    ///
    /// # Errors
    ///
    /// Where a name is unknown, which [`load`](super::load) refuses.
    pub fn shift_questions(&self) -> Result<Vec<ShiftQuestion<'_>>> {
        self.shift.as_ref().map_or_else(|| Ok(Vec::new()), ShiftSpec::questions)
    }
}

impl Loaded {
    /// The same with `corruptions = "all"` replaced by those that suit the rows of `dataset`, and with the content of every other table: name to SHA-256.
    #[must_use]
    pub fn fitted(&self, dataset: &Dataset, tables: &BTreeMap<String, String>) -> Self {
        let suitable = || shift::all().filter(|corruption| corruption.suits(dataset.shape));
        let fit = |experiment: &mut Experiment| {
            let Some(spec) = &mut experiment.shift else { return };
            if spec.corruptions == Names::All {
                spec.corruptions = Names::Listed(suitable().map(|one| one.word.to_owned()).collect());
            }
            for table in &mut spec.tables {
                table.sha256 = tables.get(&table.name).cloned();
            }
        };
        let mut fitted = self.clone();
        fit(&mut fitted.experiment);
        fitted.variants.iter_mut().for_each(|variant| fit(&mut variant.experiment));
        fitted
    }
}

/// What will be observed.
pub(super) fn shifts(experiment: &Experiment, dataset: &Dataset) -> Shifts {
    let mut shifts = Shifts::default();
    let Some(spec) = &experiment.shift else { return shifts };
    for corruption in shift::all().filter(|corruption| corruption.suits(dataset.shape)) {
        let is_asked = match &spec.corruptions {
            Names::All => true,
            Names::Listed(names) => names.iter().any(|name| name == corruption.word),
        };
        if is_asked && corruption.is_label_shift() {
            shifts.labels.clone_from(&spec.severities);
        } else if is_asked {
            let each = spec.severities.iter().map(|severity| (corruption.word.to_owned(), *severity));
            shifts.corruptions.extend(each);
        }
    }
    let sets = spec.ood.iter().filter_map(|name| ood::find(name).ok());
    shifts.sets.extend(sets.map(|set| (set.word().to_owned(), set.is_near())));
    shifts.tables.extend(spec.tables.iter().map(|table| table.name.clone()));
    shifts
}

/// What can be checked without the data.
pub(super) fn check(loaded: &Loaded, experiment: &Experiment) -> Result<()> {
    let Some(spec) = &experiment.shift else { return Ok(()) };
    let at = |key: &str, index: usize, error: Error| {
        Err(error.context(loaded.place(&["shift", key, &index.to_string()])))
    };
    if let Names::Listed(names) = &spec.corruptions {
        for (index, name) in names.iter().enumerate() {
            if shift::find(name).is_none() {
                let hint = did_you_mean(name, shift::all().map(|corruption| corruption.word));
                let error = Error::input(format!("unknown corruption `{name}`{hint}"))
                    .help("`equipoise ls corruptions` lists them all");
                return at("corruptions", index, error);
            }
            if names[..index].contains(name) {
                return at("corruptions", index, Error::input(format!("`{name}` is listed twice")));
            }
        }
    }
    for (index, severity) in spec.severities.iter().enumerate() {
        if !(1..=SEVERITIES).contains(&usize::from(*severity)) {
            let error =
                Error::input(format!("there is no severity {severity}: they go from 1 to {SEVERITIES}"));
            return at("severities", index, error);
        }
        if spec.severities[..index].contains(severity) {
            return at("severities", index, Error::input(format!("severity {severity} is listed twice")));
        }
    }
    for (index, name) in spec.ood.iter().enumerate() {
        if let Err(error) = ood::find(name) {
            return at("ood", index, error);
        }
        if spec.ood[..index].contains(name) {
            return at("ood", index, Error::input(format!("`{name}` is listed twice")));
        }
    }
    for (index, table) in spec.tables.iter().enumerate() {
        let error = table.check().err().or_else(|| {
            let again = spec.tables[..index].iter().any(|other| other.name == table.name);
            again.then(|| Error::input(format!("two tables are called `{}`", table.name)))
        });
        error.map_or(Ok(()), |error| at("tables", index, error))?;
    }
    let asks_nothing =
        spec.ood.is_empty() && spec.tables.is_empty() && spec.corruptions == Names::Listed(Vec::new());
    if spec.severities.is_empty() || asks_nothing {
        let key = if asks_nothing { "corruptions" } else { "severities" };
        return Err(Error::input(format!("`{key}` is empty: nothing would be asked under shift"))
            .help("drop [shift], or write `corruptions = \"all\"` and `severities = [1, 2, 3, 4, 5]`")
            .context(loaded.place(&["shift", key])));
    }
    Ok(())
}

/// Whether everything listed suits the data.
pub(super) fn fit(loaded: &Loaded, experiment: &Experiment, dataset: &Dataset) -> Result<()> {
    let Some(spec) = &experiment.shift else { return Ok(()) };
    let at = |path: &[&str], error: Error| error.context(loaded.place(path));
    match &spec.corruptions {
        Names::All => {
            for corruption in shift::all().filter(|corruption| corruption.suits(dataset.shape)) {
                corruption.check(dataset).map_err(|error| at(&["shift"], error))?;
            }
        }
        Names::Listed(names) => {
            for (index, corruption) in names.iter().map(|name| shift::find(name)).enumerate() {
                let place = ["shift", "corruptions", &index.to_string()];
                corruption.map_or(Ok(()), |one| one.check(dataset)).map_err(|error| at(&place, error))?;
            }
        }
    }
    for (index, name) in spec.ood.iter().enumerate() {
        let place = ["shift", "ood", &index.to_string()];
        ood::find(name).and_then(|set| set.check(dataset)).map_err(|error| at(&place, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_written() {
        for text in
            ["corruptions = \"all\"\nseverities = [1]\n", "corruptions = [\"haze\"]\nseverities = [2]\n"]
        {
            let spec: ShiftSpec = toml::from_str(text).unwrap();
            assert_eq!(toml::to_string(&spec).unwrap(), text);
        }
        let spec: ShiftSpec = toml::from_str("").unwrap();
        assert_eq!((spec.corruptions, spec.severities), (Names::All, vec![1, 2, 3, 4, 5]));
        let error = toml::from_str::<ShiftSpec>("corruptions = \"haze\"").unwrap_err().to_string();
        assert!(error.contains("line 1, column 15") && error.contains("`\"all\"`, or a list"), "{error}");
    }

    #[test]
    fn every_setting_is_in_the_id_and_no_other_question() {
        let spec = |text: &str| toml::from_str::<ShiftSpec>(text).unwrap();
        let base = spec("corruptions = [\"haze\"]\nood = [\"uniform-noise\"]");
        let more = spec("corruptions = [\"contrast\", \"haze\"]\nood = [\"mnist\", \"uniform-noise\"]");
        let ids = |spec: &ShiftSpec| -> Vec<String> {
            spec.questions().unwrap().into_iter().map(|q| spec.settings(q).to_string()).collect()
        };
        let (few, many) = (ids(&base), ids(&more));
        assert_eq!(many.len(), 4);
        assert!(few.iter().all(|id| many.contains(id)), "{few:?} {many:?}");
        let table = |hash: &str| {
            let text = format!(
                "corruptions = []\ntables = [{{ name = \"a\", file = \"a.csv\", sha256 = \"{hash}\" }}]"
            );
            ids(&spec(&text))
        };
        assert_ne!(table("0"), table("1"), "the content decides");
        let mild = spec("corruptions = [\"haze\"]\nseverities = [1]");
        assert!(!few.contains(&ids(&mild)[0]));
    }
}
