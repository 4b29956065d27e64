//! `import.json`: what somebody states of their models and rows. `schema.json` beside this file says the same to other programs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;

use super::place::{Place, Stated};
use crate::error::{Error, Result, did_you_mean};
use crate::evidence::{Split, UNION};
use crate::experiment::{Imported, StatedAttack, check};
use crate::measure::Norm;
use crate::words::{WITHOUT_CONTROL, control_character};

/// The layout that this version reads.
pub(super) const SCHEMA: u32 = 1;

/// Names and values in coordinates, groups and classes are at most so long: they stand in tables.
const LONGEST: usize = 100;

/// More than these are no classes but numbers.
const MOST_CLASSES: usize = 10_000;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    schema: u32,
    /// Names the results.
    pub(super) name: String,
    /// What is asked, in one sentence.
    #[serde(default)]
    pub(super) question: Option<String>,
    pub(super) data: Data,
    /// Every model was attacked with all of these, or with none where the list is empty.
    #[serde(default)]
    pub(super) attacks: Vec<Attack>,
    /// What the front is about; the only radius where there is one.
    #[serde(default)]
    threat: Option<Threat>,
    #[serde(default)]
    pub(super) front: Front,
    pub(super) cells: Vec<Stated>,
}

/// The rows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) citation: String,
    #[serde(default)]
    pub(super) license: String,
    /// Rows that the models were fitted on; 0 where that is not known.
    #[serde(default)]
    pub(super) train_rows: usize,
    pub(super) classes: Vec<String>,
    #[serde(default)]
    pub(super) positive: Option<String>,
    #[serde(default)]
    pub(super) attributes: Vec<Grouping>,
    /// The file with the facts of the test rows.
    pub(super) test: PathBuf,
    /// The same of validation rows, which choose.
    #[serde(default)]
    pub(super) validation: Option<PathBuf>,
}

/// A sensitive attribute.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grouping {
    pub(super) name: String,
    pub(super) groups: Vec<String>,
}

/// An attack.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attack {
    name: String,
    norm: Norm,
    epsilons: Vec<f64>,
    #[serde(default)]
    exact: bool,
    #[serde(default)]
    words: Option<String>,
    #[serde(default)]
    settings: serde_json::Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Threat {
    norm: Norm,
    epsilon: f64,
}

/// What the front is drawn between.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Front {
    #[serde(default)]
    pub(super) objectives: Option<Vec<String>>,
    #[serde(default)]
    pub(super) resamples: Option<usize>,
}

impl Description {
    /// Reads and checks all that needs no arrays.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let description: Self = serde_json::from_str(text).map_err(|error| {
            Error::input(error.to_string()).help("`equipoise import --schema` prints what may stand there")
        })?;
        texts(text)?;
        if description.schema != SCHEMA {
            return Err(Error::input(format!(
                "`schema` is {}, and this version reads {SCHEMA}",
                description.schema
            )));
        }
        check::name(&description.name).map_err(|error| error.context("`name`"))?;
        description.data.check().map_err(|error| error.context("`data`"))?;
        for (index, attack) in description.attacks.iter().enumerate() {
            let earlier = &description.attacks[..index];
            attack
                .check(earlier)
                .map_err(|error| error.context(format!("`attacks`, number {}", index + 1)))?;
        }
        if description.cells.is_empty() {
            return Err(Error::input("`cells` is empty").help("list one entry per model"));
        }
        description.places()?;
        Ok(description)
    }

    /// Where every cell stands, in their order.
    ///
    /// # Errors
    ///
    /// Coordinates that cannot be, cells that stand twice, and seeds that a configuration lacks while another has them.
    pub(super) fn places(&self) -> Result<Vec<Place>> {
        let mut places = Vec::new();
        for (index, cell) in self.cells.iter().enumerate() {
            let place =
                cell.place().map_err(|error| error.context(format!("`cells`, number {}", index + 1)))?;
            let same = |(other, stated): &(&Place, &Stated)| {
                other.coordinates == place.coordinates && stated.seed == cell.seed
            };
            if let Some(twin) = places.iter().zip(&self.cells).position(|pair| same(&pair)) {
                return Err(Error::input(format!(
                    "`cells`, numbers {} and {}, are both {}",
                    twin + 1,
                    index + 1,
                    place.name(cell.seed)
                ))
                .help("give each model coordinates or a seed of its own"));
            }
            places.push(place);
        }
        let seeds: BTreeSet<u64> = self.cells.iter().map(|cell| cell.seed).collect();
        for place in &places {
            let own: BTreeSet<u64> = places
                .iter()
                .zip(&self.cells)
                .filter(|(other, _)| other.coordinates == place.coordinates)
                .map(|(_, cell)| cell.seed)
                .collect();
            if let Some(missing) = seeds.difference(&own).next() {
                return Err(Error::input(format!(
                    "`cells` has no {}, while other configurations have seed {missing}",
                    place.name(*missing)
                ))
                .help("configurations are compared seed by seed: add the model, or say why there is none with \"failed\": \"…\" in the place of its files"));
            }
        }
        Ok(places)
    }

    /// What the front is about: norm and radius.
    ///
    /// # Errors
    ///
    /// Where several radii could be meant, or the one named is none of the attacks'.
    pub(super) fn threat(&self, imported: &Imported) -> Result<(Norm, f64)> {
        let radii = imported.radii();
        let listed = || {
            let all: Vec<String> =
                radii.iter().map(|(norm, epsilon)| format!("{} {epsilon}", norm.word())).collect();
            all.join(", ")
        };
        match (self.threat, radii.as_slice()) {
            (Some(Threat { norm, epsilon }), _) if radii.contains(&(norm, epsilon)) => Ok((norm, epsilon)),
            (Some(_), []) => Err(Error::input("`threat` is named, but `attacks` is empty")),
            (Some(Threat { norm, epsilon }), _) => {
                Err(Error::input(format!("no attack has the `threat` {} {epsilon}", norm.word()))
                    .help(format!("name one of {}", listed())))
            }
            // Nobody attacks: nothing is said under attack.
            (None, []) => Ok((Norm::Linf, 0.0)),
            (None, [only]) => Ok(*only),
            (None, _) => Err(Error::input("`threat` is missing: the front is about one norm and radius")
                .help(format!(
                    "name one of {}, as in \"threat\": {{\"norm\": \"linf\", \"epsilon\": 0.1}}",
                    listed()
                ))),
        }
    }

    /// The files with facts, split by split.
    pub(super) fn facts_files(&self) -> Vec<(Split, &PathBuf)> {
        let validation = self.data.validation.iter().map(|file| (Split::Validation, file));
        validation.chain([(Split::Test, &self.data.test)]).collect()
    }

    /// # Errors
    ///
    /// Where validation rows are told of in one place and not in another.
    pub(super) fn validation(&self) -> Result<()> {
        let there = self.data.validation.is_some();
        for (index, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.failed.is_none()) {
            if cell.validation.is_some() == there {
                continue;
            }
            let about = format!("`cells`, number {}", index + 1);
            let error = if there {
                Error::input("`validation` is missing, while `data` has validation rows")
                    .help("every model says something of them, or none does")
            } else {
                Error::input("`validation` is given, while `data` has no validation rows")
                    .help("name the file with their facts as `validation` in `data`")
            };
            return Err(error.context(about));
        }
        Ok(())
    }

    /// The attacks as they are kept.
    pub(super) fn imported(&self) -> Imported {
        let attack = |attack: &Attack| StatedAttack {
            name: attack.name.clone(),
            norm: attack.norm,
            epsilons: attack.epsilons.iter().map(|epsilon| epsilon + 0.0).collect(),
            exact: attack.exact,
            words: attack.words.clone().unwrap_or_else(|| attack.name.clone()),
            settings: attack.settings.clone(),
        };
        Imported { attacks: self.attacks.iter().map(attack).collect(), remarks: Vec::new() }
    }
}

/// # Errors
///
/// A text anywhere in the file that has a control character.
fn texts(file: &str) -> Result<()> {
    let whole = serde_json::from_str(file)
        .map_err(|error| Error::internal(format!("what was read cannot be read again: {error}")))?;
    match control(&whole, "") {
        None => Ok(()),
        Some((place, why)) => Err(Error::input(why).help(WITHOUT_CONTROL).context(format!("`{place}`"))),
    }
}

/// Where the first text with a control character stands, as in `attacks.0.words`, and what is wrong with it.
fn control(value: &serde_json::Value, place: &str) -> Option<(String, String)> {
    let inner = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    match value {
        serde_json::Value::String(text) => Some((place.to_owned(), control_character(text)?)),
        serde_json::Value::Array(list) => {
            list.iter().enumerate().find_map(|(at, one)| control(one, &inner(&at.to_string())))
        }
        serde_json::Value::Object(all) => all.iter().find_map(|(key, one)| control(one, &inner(key))),
        _ => None,
    }
}

/// A word that stands in keys and tables.
pub(super) fn word(what: &str, text: &str, forbidden: &[char]) -> Result<()> {
    let odd = |c: char| c.is_control() || forbidden.contains(&c);
    if text.is_empty() || text.trim() != text || text.chars().count() > LONGEST || text.contains(odd) {
        let without = forbidden.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
        let without = if without.is_empty() { without } else { format!(" without {without}") };
        return Err(Error::input(format!("`{text}` cannot be {what}"))
            .help(format!("use 1 to {LONGEST} characters{without}, and no space at either end")));
    }
    Ok(())
}

fn distinct(what: &str, names: &[String]) -> Result<()> {
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(Error::input(format!("{what} `{name}` is listed twice"))),
        None => Ok(()),
    }
}

impl Data {
    fn check(&self) -> Result<()> {
        word("the name of the data", &self.name, &[])?;
        if !(2..=MOST_CLASSES).contains(&self.classes.len()) {
            return Err(Error::input(format!("`classes` has {} names", self.classes.len())).help(format!(
                "name 2 to {MOST_CLASSES} classes; a label is the place of its class, from 0"
            )));
        }
        for class in &self.classes {
            word("the name of a class", class, &['!'])?;
        }
        distinct("class", &self.classes)?;
        self.positive()?;
        let names: Vec<String> = self.attributes.iter().map(|attribute| attribute.name.clone()).collect();
        distinct("attribute", &names)?;
        for Grouping { name, groups } in &self.attributes {
            word("the name of an attribute", name, &['!', '=', '*', '@'])?;
            if groups.is_empty() {
                return Err(Error::input(format!("attribute `{name}` has no groups")));
            }
            for group in groups {
                word("the name of a group", group, &['!'])?;
            }
            distinct(&format!("group of `{name}`:"), groups)?;
        }
        Ok(())
    }

    /// The positive class by number, where one is named.
    pub(super) fn positive(&self) -> Result<Option<u16>> {
        let Some(positive) = &self.positive else { return Ok(None) };
        if let Some(class) = self.classes.iter().position(|class| class == positive) {
            return Ok(Some(class as u16));
        }
        let hint = did_you_mean(positive, self.classes.iter().map(String::as_str));
        Err(Error::input(format!("`positive` is `{positive}`, which is no class{hint}"))
            .help(format!("name one of `{}`", self.classes.join("`, `"))))
    }
}

impl Attack {
    fn check(&self, earlier: &[Self]) -> Result<()> {
        word("the name of an attack", &self.name, &['/', '!', ':'])?;
        if self.name == UNION {
            return Err(Error::input(format!("`{UNION}` is what all attacks together are called"))
                .help("give the attack a name of its own; the worst case over all is worked out here"));
        }
        if earlier.iter().any(|other| other.name == self.name) {
            return Err(Error::input(format!("two attacks are called `{}`", self.name))
                .help("list one attack's radii together; in another norm give it another name"));
        }
        if self.epsilons.is_empty() {
            return Err(Error::input(format!("attack `{}` has no `epsilons`", self.name)));
        }
        if let Some(bad) = self.epsilons.iter().find(|epsilon| !(epsilon.is_finite() && **epsilon >= 0.0)) {
            return Err(Error::input(format!("attack `{}` has the radius {bad}", self.name))
                .help("radii are finite and at least 0"));
        }
        if let Some([low, high]) = self.epsilons.array_windows().find(|[low, high]| low >= high) {
            return Err(Error::input(format!(
                "the radii of attack `{}` do not ascend: {low} stands before {high}",
                self.name
            ))
            .help("list each radius once, the smallest first; arrays have them in the same order"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value as Json;

    use super::*;

    /// What serde knows of `T`: it names all fields when it meets an unknown one.
    fn fields<T: for<'de> Deserialize<'de> + std::fmt::Debug>() -> BTreeSet<String> {
        let said = serde_json::from_str::<T>("{\"☃\": 0}").unwrap_err().to_string();
        said.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_schema_names_the_same_keys_as_the_reader() {
        let schema: Json = serde_json::from_str(super::super::SCHEMA_FILE).unwrap();
        let names = |object: &Json| -> BTreeSet<String> {
            assert_eq!(object["additionalProperties"], false, "{object}");
            object["properties"].as_object().unwrap().keys().cloned().collect()
        };
        let inner = |key: &str| names(&schema["properties"][key]);
        let items = |key: &str| names(&schema["properties"][key]["items"]);
        assert_eq!(names(&schema), fields::<Description>());
        assert_eq!(inner("data"), fields::<Data>());
        assert_eq!(inner("threat"), fields::<Threat>());
        assert_eq!(inner("front"), fields::<Front>());
        assert_eq!(items("attacks"), fields::<Attack>());
        assert_eq!(items("cells"), fields::<Stated>());
        assert_eq!(
            names(&schema["properties"]["data"]["properties"]["attributes"]["items"]),
            fields::<Grouping>()
        );
    }
}
