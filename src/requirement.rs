//! What a number must be: `worst_group_accuracy>=0.6`, for single points `… at strength=0.1`. One grammar wherever a limit is written.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// A number that misses its limit by no more keeps it: means of the very same counts differ by as much, depending on the order of the sum.
pub const ROUNDING: f64 = 1e-12;

/// How a number stands to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// At least the limit.
    AtLeast,
    /// Above the limit.
    Above,
    /// At most the limit.
    AtMost,
    /// Below the limit.
    Below,
}

impl Relation {
    /// The sign for machines.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
        }
    }

    /// The sign for people.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::AtLeast => "≥",
            Self::Above => ">",
            Self::AtMost => "≤",
            Self::Below => "<",
        }
    }

    /// The relation that a text begins with, and what follows.
    fn leading(text: &str) -> Option<(Self, &str)> {
        [
            (">=", Self::AtLeast),
            ("≥", Self::AtLeast),
            ("<=", Self::AtMost),
            ("≤", Self::AtMost),
            (">", Self::Above),
            ("<", Self::Below),
        ]
        .into_iter()
        .find_map(|(sign, relation)| Some((relation, text.strip_prefix(sign)?)))
    }
}

/// What a number must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// The number, as written: a whole key, or an id where that says enough.
    pub metric: String,
    /// How it must stand to the limit.
    pub relation: Relation,
    /// The limit, finite, in the metric's unit.
    pub limit: f64,
    /// The points that it is about: those with these coordinates; all where there are none.
    pub at: Vec<(String, String)>,
}

impl FromStr for Requirement {
    type Err = Error;

    /// `METRIC`, one of `>=`, `>`, `<=`, `<`, a number, and perhaps ` at KEY=VALUE,…`. A key's group may hold such signs itself (`@income=<=50K`): the relation is
    /// the first sign behind which there is a number and nothing else.
    fn from_str(text: &str) -> Result<Self> {
        let bad = |what: String| {
            Error::input(format!("`{text}` is no requirement: {what}"))
                .help("write a metric key, one of >=, >, <=, < and a number, and ` at KEY=VALUE` for single points, as in `worst_group_accuracy>=0.6 at strength=0.1`")
        };
        let mut last = None;
        for (place, _) in text.char_indices() {
            let Some((relation, rest)) = Relation::leading(&text[place..]) else { continue };
            let (number, scope) =
                rest.split_once(" at ").map_or((rest, None), |(number, scope)| (number, Some(scope)));
            let (metric, number) = (text[..place].trim(), number.trim());
            // `@age=` is no whole key: the sign is the beginning of a group's value.
            if metric.ends_with(['=', '@']) {
                continue;
            }
            last = Some(number);
            let Some(limit) = number.parse().ok().filter(|limit: &f64| limit.is_finite()) else { continue };
            if metric.is_empty() {
                return Err(bad("the metric is missing".to_owned()));
            }
            let mut at = Vec::new();
            for part in scope.into_iter().flat_map(|scope| scope.split(',')) {
                let pair = part.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
                let (key, value) = pair
                    .filter(|(key, value)| !key.is_empty() && !value.is_empty())
                    .ok_or_else(|| bad(format!("`{part}` is no KEY=VALUE")))?;
                at.push((key.to_owned(), value.to_owned()));
            }
            return Ok(Self { metric: metric.to_owned(), relation, limit: limit + 0.0, at });
        }
        Err(match last {
            None => {
                let turned = [("=>", ">="), ("=<", "<=")].into_iter().find(|(sign, _)| text.contains(sign));
                let hint = turned.map_or_else(String::new, |(sign, right)| {
                    format!(" with a number behind it; for `{sign}` write `{right}`")
                });
                bad(format!("it has none of >=, >, <=, <{hint}"))
            }
            Some("") => bad("the number is missing".to_owned()),
            Some(number) if number.ends_with('%') => {
                bad(format!("`{number}` is no number; shares are written from 0 to 1, such as 0.6"))
            }
            Some(number) => bad(format!("`{number}` is no number")),
        })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.metric, self.relation.sign(), self.limit)?;
        for (index, (key, value)) in self.at.iter().enumerate() {
            write!(f, "{}{key}={value}", if index == 0 { " at " } else { "," })?;
        }
        Ok(())
    }
}

impl Requirement {
    /// Whether `value` is as required, up to [`ROUNDING`].
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        match self.relation {
            Relation::AtLeast | Relation::AtMost => self.spare(value) >= -ROUNDING,
            Relation::Above | Relation::Below => self.spare(value) > ROUNDING,
        }
    }

    /// How much `value` has to spare, in the metric's unit; negative where it misses the limit.
    #[must_use]
    pub fn spare(&self, value: f64) -> f64 {
        match self.relation {
            Relation::AtLeast | Relation::Above => value - self.limit,
            Relation::AtMost | Relation::Below => self.limit - value,
        }
    }

    /// Whether it limits from below.
    fn is_floor(&self) -> bool {
        matches!(self.relation, Relation::AtLeast | Relation::Above)
    }

    /// Whether a point with these coordinates is meant.
    #[must_use]
    pub fn concerns(&self, coordinates: &BTreeMap<String, String>) -> bool {
        self.at.iter().all(|(key, value)| {
            coordinates.get(key).is_some_and(|own| own == value || same_number(own, value))
        })
    }
}

/// Two requirements of one number that no value keeps both; where one is about single points, so is the other or about all.
#[must_use]
pub fn contradiction(all: &[Requirement]) -> Option<(&Requirement, &Requirement)> {
    let within = |a: &Requirement, b: &Requirement| a.at.iter().all(|pair| b.at.contains(pair));
    let clash = |a: &Requirement, b: &Requirement| {
        let both = |value: f64| a.holds(value) && b.holds(value);
        // Any two that can be kept together are kept at a limit or between the limits, but for two that look the same way.
        let inside = [a.limit, b.limit, f64::midpoint(a.limit, b.limit)];
        a.metric == b.metric
            && (within(a, b) || within(b, a))
            && a.is_floor() != b.is_floor()
            && !inside.into_iter().any(both)
    };
    let each = |at: usize| all[at + 1..].iter().map(move |other| (&all[at], other));
    (0..all.len()).flat_map(each).find(|(a, b)| clash(a, b))
}

/// `0.10` is `0.1`.
fn same_number(a: &str, b: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok().map(f64::to_bits);
    number(a).is_some() && number(a) == number(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_read_back_as_written() {
        for text in [
            "accuracy>=0.6",
            "ece_15<=0.1",
            "ece_15<0.1",
            "robust_accuracy!ab:linf:0.1>0.3",
            "accuracy@sex=F>=0.5 at strength=0.1,defense=at",
            "accuracy@income=<=50K<=0.6",
            "accuracy@income=<=50K>=0.6 at strength=0.1",
            "true_positive_rate@age=>50<=0.9",
            "true_positive_rate@age=>50>0.9",
            "accuracy>=0.6 at income=<=50K",
            "accuracy>=0.6 at age=>50",
        ] {
            assert_eq!(text.parse::<Requirement>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_key_a_relation_and_a_number() {
        let read = |text: &str| {
            let read: Requirement = text.parse().unwrap();
            (read.metric, read.relation, read.limit)
        };
        assert_eq!(read("ece_15 < 5e-2"), ("ece_15".to_owned(), Relation::Below, 0.05));
        assert_eq!(read("accuracy ≥ 0.6"), ("accuracy".to_owned(), Relation::AtLeast, 0.6));
        assert_eq!(read("accuracy≤0.6"), ("accuracy".to_owned(), Relation::AtMost, 0.6));
        assert_eq!(
            read("true_positive_rate@age=>50<=0.9"),
            ("true_positive_rate@age=>50".to_owned(), Relation::AtMost, 0.9)
        );
        for (text, part) in [
            ("accuracy", "none of >=, >, <=, <"),
            ("accuracy=0.6", "none of"),
            ("accuracy=>0.6", "for `=>` write `>=`"),
            ("worst_group_accuracy@sex =< 0.6", "for `=<` write `<=`"),
            (">=0.5", "the metric is missing"),
            ("accuracy>=", "the number is missing"),
            ("accuracy>=x", "`x` is no number"),
            ("accuracy>=60%", "`60%` is no number; shares are written from 0 to 1"),
            ("accuracy>=nan", "`nan` is no number"),
            ("accuracy@age=>50", "none of"),
            ("accuracy>=0.5 at x", "`x` is no KEY=VALUE"),
            ("accuracy>=0.5 at x=", "`x=` is no KEY=VALUE"),
        ] {
            let said = text.parse::<Requirement>().unwrap_err().to_string();
            assert!(said.contains(part), "`{part}` is missing in: {said}");
        }
    }

    /// The mean of 0.8, 0.7 and 0.6 is 0.7, and comes out as 0.7000000000000001 or 0.6999999999999998.
    #[test]
    fn rounding_neither_keeps_nor_breaks_a_limit() {
        let holds = |text: &str, value: f64| text.parse::<Requirement>().unwrap().holds(value);
        for value in [0.7, 0.699_999_999_999_999_8, 0.700_000_000_000_000_1] {
            assert!(holds("accuracy>=0.7", value) && holds("accuracy<=0.7", value), "{value}");
            assert!(!holds("accuracy>0.7", value) && !holds("accuracy<0.7", value), "{value}");
        }
        // A single row of a million is no rounding.
        assert!(!holds("accuracy>=0.7", 0.699_999) && holds("accuracy<0.7", 0.699_999));
        assert!(!holds("accuracy<=0.7", 0.700_001) && holds("accuracy>0.7", 0.700_001));
        assert!(!holds("accuracy>=0.7", f64::NAN) && !holds("accuracy<0.7", f64::NAN));
    }

    #[test]
    fn what_cannot_be_kept_together_is_found() {
        let clash = |texts: &[&str]| {
            let all: Vec<Requirement> = texts.iter().map(|text| text.parse().unwrap()).collect();
            contradiction(&all).map(|(a, b)| (a.to_string(), b.to_string()))
        };
        for pair in [
            ["a<0.5", "a>0.6"],
            ["a>=0.6", "a<0.6"],
            ["a>0.6", "a<=0.6"],
            ["a<0.5", "a>0.5"],
            ["a>=0.6", "a<=0.5 at strength=0.1"],
            ["a>=0.6 at strength=0.1,defense=at", "a<=0.5 at strength=0.1"],
        ] {
            assert_eq!(clash(&pair), Some((pair[0].to_owned(), pair[1].to_owned())));
        }
        for fine in [
            ["a>=0.5", "a<=0.5"],
            ["a>0.5", "a<0.6"],
            ["a>0.5", "a>0.9"],
            ["a<0.5", "b>0.6"],
            ["a<0.5 at strength=0", "a>0.6 at strength=1"],
        ] {
            assert_eq!(clash(&fine), None, "{fine:?}");
        }
        assert!(clash(&["b>0", "a<0.5", "c>0", "a>0.6"]).is_some());
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
}
