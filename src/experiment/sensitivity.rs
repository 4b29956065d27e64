//! `sensitivity = ["training.epochs*2"]`: does what one buys of the other depend on the budget?

use std::fmt;

use super::{Experiment, Override, Variant};
use crate::error::{Error, Result, did_you_mean};

/// The coordinate that tells a rerun from the points that it checks: they are alike in all others.
pub const SENSITIVITY: &str = "sensitivity";

/// One setting and what it is multiplied by.
#[derive(Debug, Clone, PartialEq)]
struct Scaled<'a> {
    path: &'a str,
    factor: f64,
}

impl fmt::Display for Scaled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}*{}", self.path, self.factor)
    }
}

impl<'a> Scaled<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let odd = || {
            Error::input(format!("`{text}` is no setting with a factor"))
                .help("write a path, `*` and a number, such as `training.epochs*2`")
        };
        let (path, factor) = text.split_once('*').ok_or_else(odd)?;
        let (path, factor) = (path.trim(), factor.trim().parse::<f64>().map_err(|_| odd())?);
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Err(odd());
        }
        if !(factor.is_finite() && factor > 0.0) {
            return Err(Error::input(format!("the factor of `{text}` must be finite and above 0")));
        }
        if (factor - 1.0).abs() <= 0.0 {
            return Err(Error::input(format!("`{text}` changes nothing"))
                .help("take a factor other than 1, such as `*2`"));
        }
        Ok(Self { path, factor })
    }

    /// The setting with its new value; `table` is the experiment with all defaults written out.
    fn applied(&self, table: &toml::Table) -> Result<Override> {
        let scaled = match look_up(table, self.path)? {
            toml::Value::Integer(old) => {
                let new = *old as f64 * self.factor;
                if libm::floor(new).to_bits() != new.to_bits() || new.abs() > 1e15 {
                    return Err(Error::input(format!(
                        "`{self}` is {new}, and `{}` is a whole number",
                        self.path
                    ))
                    .help("take a factor that gives a whole number"));
                }
                toml::Value::Integer(new as i64)
            }
            toml::Value::Float(old) => toml::Value::Float(old * self.factor),
            other => {
                return Err(Error::input(format!(
                    "`{}` is {}, no number that could be multiplied",
                    self.path,
                    other.type_str()
                ))
                .help("the training budget is `training.epochs`"));
            }
        };
        Ok(Override::new(self.path, scaled))
    }
}

/// The value at `path`, or what is wrong with it.
fn look_up<'a>(table: &'a toml::Table, path: &str) -> Result<&'a toml::Value> {
    let mut keys = path.split('.');
    let unknown = |key: &str, known: Vec<&str>| {
        let hint = did_you_mean(key, known);
        Error::input(format!("there is no setting `{path}`: `{key}` is unknown{hint}"))
            .help("settings are written as in the file, such as `training.epochs*2`")
    };
    let first = keys.next().unwrap_or_default();
    let mut value =
        table.get(first).ok_or_else(|| unknown(first, table.keys().map(String::as_str).collect()))?;
    for key in keys {
        let next = match value {
            toml::Value::Table(inner) => {
                inner.get(key).ok_or_else(|| unknown(key, inner.keys().map(String::as_str).collect()))?
            }
            toml::Value::Array(list) => key
                .parse::<usize>()
                .ok()
                .and_then(|index| list.get(index))
                .ok_or_else(|| unknown(key, Vec::new()))?,
            _ => return Err(unknown(key, Vec::new())),
        };
        value = next;
    }
    Ok(value)
}

/// For every combination of the sweep and every setting of the front section's `sensitivity`, the same combination with that setting scaled. They are run with the rest and do not compete.
///
/// # Errors
///
/// The position in the list that is wrong, and what is wrong with it.
pub(super) fn reruns(
    experiment: &Experiment,
    variants: &[Variant],
) -> std::result::Result<Vec<Variant>, (usize, Error)> {
    let listed = &experiment.front.sensitivity;
    let mut reruns = Vec::new();
    for (index, text) in listed.iter().enumerate() {
        let at = |error: Error| (index, error);
        let scaled = Scaled::parse(text).map_err(at)?;
        if experiment.is_imported() {
            return Err(at(Error::input("nothing is trained, so that no budget can be scaled")
                .help("drop `sensitivity`, or train")));
        }
        super::variants::may_vary(scaled.path).map_err(at)?;
        let same = |other: &String| Scaled::parse(other).is_ok_and(|other| other == scaled);
        if listed[..index].iter().any(same) {
            return Err(at(Error::input(format!("`{scaled}` is listed twice"))));
        }
        for variant in variants {
            let table =
                toml::Table::try_from(&variant.experiment).map_err(|e| at(Error::internal(e.to_string())))?;
            let change = scaled.applied(&table).map_err(at)?;
            let mut rerun = super::variants::variant(&variant.experiment, &[change]).map_err(at)?;
            rerun.coordinates.clone_from(&variant.coordinates);
            rerun.coordinates.insert(SENSITIVITY.to_owned(), scaled.to_string());
            reruns.push(rerun);
        }
    }
    Ok(reruns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str) -> Result<toml::Value> {
        let table: toml::Table =
            toml::from_str("name = \"x\"\n[training]\nepochs = 5\nlr = 0.5\n[[defense]]\nstrengths = [1]\n")
                .unwrap();
        let scaled = Scaled::parse(text)?;
        let mut changed = table.clone();
        scaled.applied(&table)?.apply(&mut changed)?;
        look_up(&changed, scaled.path).cloned()
    }

    #[test]
    fn settings_are_multiplied_and_stay_whole_where_they_were() {
        assert_eq!(applied("training.epochs*2").unwrap(), toml::Value::Integer(10));
        assert_eq!(applied(" training.epochs * 0.2").unwrap(), toml::Value::Integer(1));
        assert_eq!(applied("training.lr*3").unwrap(), toml::Value::Float(1.5));
        assert_eq!(applied("defense.0.strengths.0*4").unwrap(), toml::Value::Integer(4));
    }

    #[test]
    fn what_is_no_setting_or_no_number_says_so() {
        let says = |text: &str, part: &str| {
            let message = applied(text).unwrap_err().to_string();
            assert!(message.contains(part), "`{part}` is missing in: {message}");
        };
        says("training.epochz*2", "`epochz` is unknown, did you mean `epochs`?");
        says("trainin.epochs*2", "did you mean `training`?");
        says("training.epochs*0.5", "is 2.5, and `training.epochs` is a whole number");
        says("training.epochs*1", "changes nothing");
        says("training.epochs*-1", "above 0");
        says("training.epochs*two", "no setting with a factor");
        says("training.epochs", "no setting with a factor");
        says("name*2", "is string, no number");
        says("training*2", "is table, no number");
    }
}
