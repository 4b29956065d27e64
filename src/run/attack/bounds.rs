//! The box that adversarial rows must stay in, as the command line writes it.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Smallest and largest value of every feature, in model input space; infinite where there is no limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    lower: f32,
    upper: f32,
}

impl Bounds {
    /// From 0 to 1, as pixels are.
    pub const UNIT: Self = Self { lower: 0.0, upper: 1.0 };

    /// The smallest value; may be −∞.
    #[must_use]
    pub fn lower(self) -> f32 {
        self.lower
    }

    /// The largest value; may be +∞.
    #[must_use]
    pub fn upper(self) -> f32 {
        self.upper
    }

    /// Whether `x` lies inside.
    #[must_use]
    pub fn contain(self, x: f32) -> bool {
        (self.lower..=self.upper).contains(&x)
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lower.is_infinite() && self.upper.is_infinite() {
            return f.write_str("no box");
        }
        write!(f, "box {} to {}", self.lower, self.upper)
    }
}

impl FromStr for Bounds {
    type Err = Error;

    /// `0,1`, `-inf,inf`, or `none`.
    fn from_str(text: &str) -> Result<Self> {
        if text == "none" {
            return Ok(Self { lower: f32::NEG_INFINITY, upper: f32::INFINITY });
        }
        let bad = |what: &str| {
            Error::input(format!("`{text}` is not a box: {what}"))
                .help("write the smallest and the largest value, as in `--box 0,1`, or `--box none`")
        };
        let (lower, upper) = text.split_once(',').ok_or_else(|| bad("it needs two numbers"))?;
        let number = |text: &str| text.trim().parse::<f32>().map_err(|_| bad("it needs two numbers"));
        let (lower, upper) = (number(lower)?, number(upper)?);
        // NaN is neither above nor below.
        if !matches!(lower.partial_cmp(&upper), Some(std::cmp::Ordering::Less)) {
            return Err(bad("the first number must be below the second"));
        }
        Ok(Self { lower, upper })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_two_numbers_in_order_or_none() {
        assert_eq!("0,1".parse::<Bounds>().unwrap(), Bounds::UNIT);
        assert_eq!("none".parse::<Bounds>().unwrap(), "-inf, inf".parse::<Bounds>().unwrap());
        assert_eq!("-1.5,inf".parse::<Bounds>().unwrap().to_string(), "box -1.5 to inf");
        for text in ["", "0", "0,1,2", "a,b", "1,0", "1,1", "nan,1", "inf,inf"] {
            assert!(text.parse::<Bounds>().unwrap_err().to_string().contains("is not a box"), "{text}");
        }
    }
}
