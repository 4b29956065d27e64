//! `path.to.key=value` on the command line, and the settings of a sweep.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// One setting to put in place of what the file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    path: String,
    value: toml::Value,
}

impl Override {
    /// Sets `path` (dots between keys; a number picks a member of a list) to `value`.
    #[must_use]
    pub fn new(path: &str, value: toml::Value) -> Self {
        Self { path: path.to_owned(), value }
    }

    /// The path as written.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value as people write it: strings without quotes.
    #[must_use]
    pub fn value_text(&self) -> String {
        match &self.value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Puts the value in its place; tables on the way are made where they are missing, so that an unknown key is then
    /// refused like one written in the file.
    ///
    /// # Errors
    ///
    /// When the path leads through something that is neither a table nor a list, or past the end of a list.
    pub fn apply(&self, table: &mut toml::Table) -> Result<()> {
        let keys: Vec<&str> = self.path.split('.').collect();
        let (last, way) = keys.split_last().expect("splitting gives at least one part");
        let mut place = Place::Table(table);
        for key in way {
            place = place.step(key, &self.path)?;
        }
        place.set(last, self.value.clone(), &self.path)
    }
}

/// Where on the way into the document we are.
enum Place<'a> {
    Table(&'a mut toml::Table),
    List(&'a mut Vec<toml::Value>),
}

impl Place<'_> {
    fn step(self, key: &str, path: &str) -> Result<Self> {
        let next = match self {
            Self::Table(table) => table.entry(key).or_insert_with(|| toml::Value::Table(toml::Table::new())),
            Self::List(list) => member(list, key, path)?,
        };
        match next {
            toml::Value::Table(table) => Ok(Place::Table(table)),
            toml::Value::Array(list) => Ok(Place::List(list)),
            other => Err(Error::input(format!(
                "cannot set `{path}`: `{key}` is {}, not a table",
                other.type_str()
            ))),
        }
    }

    fn set(self, key: &str, value: toml::Value, path: &str) -> Result<()> {
        match self {
            Self::Table(table) => {
                table.insert(key.to_owned(), value);
            }
            Self::List(list) => *member(list, key, path)? = value,
        }
        Ok(())
    }
}

fn member<'a>(list: &'a mut [toml::Value], key: &str, path: &str) -> Result<&'a mut toml::Value> {
    let length = list.len();
    key.parse::<usize>().ok().and_then(move |index| list.get_mut(index)).ok_or_else(|| {
        Error::input(format!("cannot set `{path}`: `{key}` is no member of a list of {length}"))
            .help("members are counted from 0, as in `attack.0.steps=20`")
    })
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.path, self.value_text())
    }
}

impl FromStr for Override {
    type Err = Error;

    /// The value is read as TOML; what TOML does not understand is taken as text, so that quotes are rarely needed.
    fn from_str(text: &str) -> Result<Self> {
        let (path, value) = text.split_once('=').ok_or_else(|| {
            Error::input(format!("`{text}` is not an override"))
                .help("write `path.to.key=value`, as in `training.epochs=20`")
        })?;
        let path = path.trim();
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Err(Error::input(format!("`{text}` is not an override: a part of the path is empty"))
                .help("write `path.to.key=value`, as in `training.epochs=20`"));
        }
        let value = value.trim();
        let value = toml::from_str::<toml::Table>(&format!("value = {value}"))
            .ok()
            .and_then(|mut table| if table.len() == 1 { table.remove("value") } else { None })
            .unwrap_or_else(|| toml::Value::String(value.to_owned()));
        Ok(Self { path: path.to_owned(), value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(document: &str, text: &str) -> Result<toml::Table> {
        let mut table: toml::Table = toml::from_str(document).unwrap();
        text.parse::<Override>()?.apply(&mut table)?;
        Ok(table)
    }

    #[test]
    fn numbers_lists_and_bare_words_are_understood() {
        let table = apply("[training]\nepochs = 1\n", "training.epochs=20").unwrap();
        assert_eq!(table["training"]["epochs"].as_integer(), Some(20));
        let table = apply("", "split.test=0.3").unwrap();
        assert_eq!(table["split"]["test"].as_float(), Some(0.3));
        let table = apply("", "engine.kind=candle").unwrap();
        assert_eq!(table["engine"]["kind"].as_str(), Some("candle"));
        let table = apply("[[attack]]\nsteps = 1\n[[attack]]\nsteps = 1\n", "attack.1.steps=[1, 2]").unwrap();
        assert_eq!(table["attack"][1]["steps"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_path_through_a_number_or_past_a_list_says_so() {
        let message = |document, text| apply(document, text).unwrap_err().to_string();
        assert!(message("seeds = 3", "seeds.more=1").contains("`seeds` is integer, not a table"));
        assert!(
            message("[[attack]]\nsteps = 1", "attack.3.steps=1").contains("`3` is no member of a list of 1")
        );
        assert!("no equals sign".parse::<Override>().is_err());
        assert!("=3".parse::<Override>().is_err());
    }
}
