//! Numbers that were checked at the door: a setting of one of these types needs no second look.

use serde::{Deserialize, Serialize};

macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $words:literal, $holds:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $name(f64);

        impl $name {
            /// The number.
            #[must_use]
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = String;

            fn try_from(value: f64) -> Result<Self, String> {
                let holds: fn(f64) -> bool = $holds;
                if holds(value) { Ok(Self(value)) } else { Err(format!("expected {}, got `{value}`", $words)) }
            }
        }

        impl From<$name> for f64 {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

bounded!(
    /// Finite and above 0.
    Positive,
    "a finite number above 0",
    |x| x.is_finite() && x > 0.0
);
bounded!(
    /// Finite and at least 0.
    NonNegative,
    "a finite number of at least 0",
    |x| x.is_finite() && x >= 0.0
);
bounded!(
    /// At least 0 and below 1.
    BelowOne,
    "a number of at least 0 and below 1",
    |x| (0.0..1.0).contains(&x)
);
bounded!(
    /// Finite and at least 10⁻¹²: what keeps a division by an average away from one by zero.
    Stabilizer,
    "a finite number of at least 1e-12",
    |x| x.is_finite() && x >= 1e-12
);

/// The constant `value` as a checked number; for defaults in the source.
macro_rules! constant {
    ($kind:ident, $value:expr) => {
        <$crate::bounded::$kind as TryFrom<f64>>::try_from($value)
            .expect("a default in the source is in bounds")
    };
}
pub(crate) use constant;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_out_of_bounds_is_refused_with_its_value() {
        let error = toml::from_str::<std::collections::BTreeMap<String, Positive>>("lr = -1.0").unwrap_err();
        assert!(error.to_string().contains("expected a finite number above 0, got `-1`"), "{error}");
        assert!(NonNegative::try_from(f64::NAN).is_err());
        assert!(BelowOne::try_from(1.0).is_err());
    }
}
