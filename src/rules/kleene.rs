//! Three-valued logic (Kleene 1952, section 64): what is not known is neither true nor false, and says so until it does not matter.

/// True, false, or not known. Ordered by how much is true, so that *and* is the least and *or* the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It does not hold.
    False,
    /// It is not known whether it holds.
    Unknown,
    /// It holds.
    True,
}

impl Truth {
    /// Holds only where both hold; false where either is false, whatever the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Holds where either holds, whatever the other; false only where both are false.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// The word used in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::False => "false",
            Self::Unknown => "unknown",
            Self::True => "true",
        }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Whether at least `needed` of `seen` hold, where the unknown ones might.
#[must_use]
pub fn at_least(needed: usize, seen: impl IntoIterator<Item = Truth>) -> Truth {
    let (mut holding, mut open) = (0, 0);
    for one in seen {
        match one {
            Truth::True => holding += 1,
            Truth::Unknown => open += 1,
            Truth::False => {}
        }
    }
    if holding >= needed {
        Truth::True
    } else if holding + open >= needed {
        Truth::Unknown
    } else {
        Truth::False
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{False as F, True as T, Unknown as U};
    use super::*;

    /// Kleene's tables, row by row: the left side false, unknown, true; across, the right side.
    #[test]
    fn truth_tables_by_hand() {
        let all = [F, U, T];
        let and = [[F, F, F], [F, U, U], [F, U, T]];
        let or = [[F, U, T], [U, U, T], [T, T, T]];
        for (i, a) in all.into_iter().enumerate() {
            for (j, b) in all.into_iter().enumerate() {
                assert_eq!(a.and(b), and[i][j], "{a:?} and {b:?}");
                assert_eq!(a.or(b), or[i][j], "{a:?} or {b:?}");
            }
        }
        assert_eq!(all.map(|a| !a), [T, U, F]);
    }

    #[test]
    fn k_of_n_by_hand() {
        assert_eq!(at_least(2, [T, F, T]), T);
        assert_eq!(at_least(2, [T, F, U]), U, "the unknown one might be the second");
        assert_eq!(at_least(2, [F, F, U]), F, "even so it would be one of two");
        assert_eq!(at_least(2, [T, U, T]), T, "whatever the unknown one is");
        assert_eq!(at_least(1, []), F);
    }
}
