//! Constraints on single numbers: `worst_group_accuracy>=0.6 at strength=0.1`.

use crate::measure::{MetricKey, Value};
use crate::requirement::{ROUNDING, Requirement};
use crate::seed::Seed;
use crate::stats::{self, Worlds};

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
    let room: Vec<f64> = numbers.iter().map(|x| requirement.spare(*x)).collect();
    let worlds = Worlds::flips(room.len(), Seed(0));
    let kept = requirement.holds(mean);
    let shown = stats::sign_flip(&[room], &[ROUNDING], &worlds).first().is_some_and(|one| one.alone <= alpha);
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
        assert_eq!(holds("accuracy>0.6", &[0.61; 7]), Holds::Shown);
        assert_eq!(holds("accuracy>0.6", &[0.6; 7]), Holds::No);
        assert_eq!(holds("accuracy<0.6", &[0.59; 7]), Holds::Shown);
        assert_eq!(
            hold(&"accuracy>=0".parse().unwrap(), &key, "p", &[Value::undefined("x")], 0.05).holds,
            Holds::Undefined
        );
    }
}
