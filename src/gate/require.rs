//! Constraints on single numbers: `worst_group_accuracy>=0.6 at strength=0.1`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::measure::{MetricKey, Value};
use crate::seed::Seed;
use crate::stats::{self, Worlds};

/// A number that must not fall below, or rise above, a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// The number, as written: a whole key, or an id where that says enough.
    pub metric: String,
    /// Whether the limit is the least (`>=`) or the most (`<=`) that is allowed.
    pub at_least: bool,
    /// The limit.
    pub limit: f64,
    /// The points that it is about: those with these coordinates; all where there are none.
    pub at: Vec<(String, String)>,
}

impl FromStr for Requirement {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |what: String| {
            Error::input(format!("`{text}` is no requirement: {what}"))
                .help("write `METRIC>=NUMBER` or `METRIC<=NUMBER`, and ` at KEY=VALUE` for single points, as in `worst_group_accuracy>=0.6 at strength=0.1`")
        };
        let (comparison, scope) = text.split_once(" at ").map_or((text, None), |(a, b)| (a, Some(b)));
        let at_least = comparison.split_once(">=").map(|parts| (true, parts));
        let parts = at_least.or_else(|| comparison.split_once("<=").map(|parts| (false, parts)));
        let (at_least, (metric, limit)) = parts.ok_or_else(|| bad("it has neither >= nor <=".to_owned()))?;
        let (metric, limit) = (metric.trim(), limit.trim());
        let number = limit.parse().ok().filter(|number: &f64| number.is_finite());
        let limit = number.ok_or_else(|| bad(format!("`{limit}` is not a number")))?;
        if metric.is_empty() {
            return Err(bad("the metric is missing".to_owned()));
        }
        let mut at = Vec::new();
        for part in scope.into_iter().flat_map(|scope| scope.split(',')) {
            let (key, value) =
                part.split_once('=').ok_or_else(|| bad(format!("`{part}` is no KEY=VALUE")))?;
            at.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        Ok(Self { metric: metric.to_owned(), at_least, limit, at })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.metric, if self.at_least { ">=" } else { "<=" }, self.limit)?;
        for (index, (key, value)) in self.at.iter().enumerate() {
            write!(f, "{}{key}={value}", if index == 0 { " at " } else { "," })?;
        }
        Ok(())
    }
}

impl Requirement {
    /// Whether a point with these coordinates is meant.
    #[must_use]
    pub fn concerns(&self, coordinates: &BTreeMap<String, String>) -> bool {
        self.at.iter().all(|(key, value)| {
            coordinates.get(key).is_some_and(|own| own == value || same_number(own, value))
        })
    }
}

/// `0.10` is `0.1`.
fn same_number(a: &str, b: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok().map(f64::to_bits);
    number(a).is_some() && number(a) == number(b)
}

/// Whether a requirement holds at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The mean keeps the limit, and seeds show it.
    Shown,
    /// The mean keeps the limit; other seeds might not.
    OnAverage,
    /// The mean breaks the limit.
    No,
    /// There is no number.
    Undefined,
}

impl Holds {
    /// The word used in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::OnAverage => "on-average",
            Self::No => "violated",
            Self::Undefined => "undefined",
        }
    }
}

/// A requirement at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The requirement, as written.
    pub requirement: String,
    /// The number that it means.
    pub key: MetricKey,
    /// The point's label.
    pub point: String,
    /// The mean over seeds; `None` where it is undefined.
    pub mean: Option<f64>,
    /// Whether it holds.
    pub holds: Holds,
    /// Why there is no number.
    pub reason: Option<String>,
}

/// Judges a requirement on the `values` of `key` over seeds at one point.
#[must_use]
pub fn hold(requirement: &Requirement, key: &MetricKey, point: &str, values: &[Value], alpha: f64) -> Held {
    let mut held = Held {
        requirement: requirement.to_string(),
        key: key.clone(),
        point: point.to_owned(),
        mean: None,
        holds: Holds::Undefined,
        reason: values.iter().find_map(|value| value.reason().map(str::to_owned)),
    };
    let numbers: Option<Vec<f64>> = values.iter().map(Value::get).collect();
    let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
        held.reason.get_or_insert_with(|| "not measured".to_owned());
        return held;
    };
    let mean = stats::mean(&numbers).unwrap_or(f64::NAN);
    // Above 0 where the limit is kept; a mean that misses it by rounding keeps it.
    let sign = if requirement.at_least { 1.0 } else { -1.0 };
    let room: Vec<f64> = numbers.iter().map(|x| sign * (x - requirement.limit)).collect();
    let worlds = Worlds::flips(room.len(), Seed(0));
    let kept = sign * (mean - requirement.limit) >= -1e-12;
    let shown = stats::sign_flip(&[room], &[1e-12], &worlds).first().is_some_and(|one| one.alone <= alpha);
    held.mean = Some(mean);
    held.holds = match (kept, shown) {
        (true, true) => Holds::Shown,
        (true, false) => Holds::OnAverage,
        (false, _) => Holds::No,
    };
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_read_back_as_written() {
        for text in ["accuracy>=0.6", "ece_15<=0.1", "accuracy@sex=F>=0.5 at strength=0.1,defense=at"] {
            assert_eq!(text.parse::<Requirement>().unwrap().to_string(), text);
        }
        for text in ["accuracy", "accuracy>=", ">=0.5", "accuracy>=x", "accuracy>=nan", "accuracy>=0.5 at x"]
        {
            assert!(text.parse::<Requirement>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_requirement_is_about_the_points_with_its_coordinates() {
        let point = BTreeMap::from([
            ("defense".to_owned(), "at".to_owned()),
            ("strength".to_owned(), "0.1".to_owned()),
        ]);
        let concerns = |text: &str| text.parse::<Requirement>().unwrap().concerns(&point);
        assert!(
            concerns("a>=0")
                && concerns("a>=0 at strength=0.10")
                && concerns("a>=0 at strength=0.1,defense=at")
        );
        assert!(!concerns("a>=0 at strength=0.2") && !concerns("a>=0 at x=1"));
    }

    #[test]
    fn limits_are_kept_on_average_or_shown() {
        let key = MetricKey::plain("accuracy");
        let holds = |text: &str, values: &[f64]| {
            let values: Vec<Value> = values.iter().map(|x| Value::Defined(*x)).collect();
            hold(&text.parse().unwrap(), &key, "p", &values, 0.05).holds
        };
        assert_eq!(holds("accuracy>=0.6", &[0.61; 7]), Holds::Shown);
        assert_eq!(holds("accuracy>=0.6", &[0.61; 4]), Holds::OnAverage, "2^-4 is above 5 %");
        assert_eq!(holds("accuracy>=0.6", &[0.59; 7]), Holds::No);
        assert_eq!(holds("accuracy<=0.6", &[0.59; 7]), Holds::Shown);
        assert_eq!(holds("accuracy>=0.6", &[0.6; 7]), Holds::OnAverage);
        assert_eq!(
            hold(&"accuracy>=0".parse().unwrap(), &key, "p", &[Value::undefined("x")], 0.05).holds,
            Holds::Undefined
        );
    }
}
