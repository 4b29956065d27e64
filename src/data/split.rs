//! Which rows are for fitting, for choosing and for the figures that are shown.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::seed::Seed;

/// The table `[split]`. Test rows depend on `seed` and the data alone, never on a replicate's seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitSpec {
    /// Seed of the random order from which the parts are taken.
    pub seed: u64,
    /// Share of all rows, or their number. Absent: the test part that the data set's authors declared;
    /// where there is none, a quarter; for rows from a safetensors file, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Amount>,
    /// Share of the rows that are not test rows, or their number; 0 for none.
    pub validation: Amount,
    /// At most this many training rows; a smaller number takes a subset of a larger one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_rows: Option<usize>,
    /// At most this many test rows; a smaller number takes a subset of a larger one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_rows: Option<usize>,
}

impl Default for SplitSpec {
    fn default() -> Self {
        Self { seed: 0, test: None, validation: Amount::Share(0.1), train_rows: None, test_rows: None }
    }
}

/// The share of rows for testing where neither config nor data set says one.
const DEFAULT_TEST: Amount = Amount::Share(0.25);

/// A share (written with a decimal point, 0.0 to below 1.0) or a number of rows (written without).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A share, `[0, 1)`.
    Share(f64),
    /// A number of rows.
    Rows(usize),
}

impl Amount {
    /// How many of `n` rows; a share is rounded to the nearest row.
    #[must_use]
    pub fn of(self, n: usize) -> usize {
        match self {
            Self::Share(share) => (share * n as f64).round() as usize,
            Self::Rows(rows) => rows,
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Share(share) => serializer.serialize_f64(*share),
            Self::Rows(rows) => serializer.serialize_u64(*rows as u64),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share below 1 such as 0.25, or a number of rows such as 500")
            }

            fn visit_u64<E: de::Error>(self, rows: u64) -> Result<Amount, E> {
                Ok(Amount::Rows(rows as usize))
            }

            fn visit_i64<E: de::Error>(self, rows: i64) -> Result<Amount, E> {
                u64::try_from(rows)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(rows), &self))
                    .and_then(|rows| self.visit_u64(rows))
            }

            fn visit_f64<E: de::Error>(self, share: f64) -> Result<Amount, E> {
                if (0.0..1.0).contains(&share) {
                    Ok(Amount::Share(share))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(share), &self))
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Where test rows come from when the config does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// Nobody has split these rows.
    Nothing,
    /// The rows from this index on are the authors' test part.
    TestFrom(usize),
    /// All rows are for testing (rows that came with a model).
    AllTest,
}

/// Indices of rows, ascending within each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) train: Vec<u32>,
    pub(crate) validation: Vec<u32>,
    pub(crate) test: Vec<u32>,
}

/// Splits `n` rows; `units` (one code per row) names rows that must stay together.
pub(crate) fn partition(
    n: usize,
    units: Option<&[u32]>,
    given: Given,
    spec: &SplitSpec,
) -> Result<Partition> {
    let mut stream = Seed(spec.seed).stream("split");
    let all: Vec<u32> = (0..n as u32).collect();
    let (mut test, rest) = match (spec.test, given) {
        (None, Given::TestFrom(first)) => {
            let (train, test) = all.split_at(first);
            let order = |rows: &[u32], stream: &mut crate::seed::Stream| -> Vec<u32> {
                stream.permutation(rows.len()).into_iter().map(|i| rows[i as usize]).collect()
            };
            let test = order(test, &mut stream);
            (test, together(order(train, &mut stream), units))
        }
        (None, Given::AllTest) => {
            let test = stream.permutation(n).into_iter().map(|row| vec![row]).collect::<Vec<_>>();
            (test.concat(), Vec::new())
        }
        (test, _) => {
            let wanted = test.unwrap_or(DEFAULT_TEST).of(n);
            if wanted == 0 {
                return Err(Error::input("the test split would be empty").help("raise `split.test`"));
            }
            if wanted >= n {
                return Err(Error::input(format!(
                    "{wanted} test rows leave nothing to train on: there are {n} rows"
                ))
                .help("lower `split.test`"));
            }
            take(together(stream.permutation(n), units), wanted)
        }
    };
    let left: usize = rest.iter().map(Vec::len).sum();
    let all_test = spec.test.is_none() && given == Given::AllTest;
    let wanted = if all_test { 0 } else { spec.validation.of(left) };
    if wanted >= left && !all_test {
        return Err(Error::input(format!(
            "{wanted} validation rows leave nothing to train on: {left} rows are not test rows"
        ))
        .help("lower `split.validation`"));
    }
    let (mut validation, rest) = take(rest, wanted);
    let mut train = rest.concat();
    if train.is_empty() && !all_test {
        return Err(Error::input("the split leaves nothing to train on")
            .help("lower `split.test` or `split.validation`: rows of one unit stay together"));
    }
    for (rows, cap, key) in
        [(&mut train, spec.train_rows, "train_rows"), (&mut test, spec.test_rows, "test_rows")]
    {
        match cap {
            Some(0) => {
                return Err(Error::input(format!("`split.{key}` is 0")).help("leave it out to take all rows"));
            }
            Some(cap) if cap > rows.len() => {
                return Err(Error::input(format!(
                    "`split.{key}` is {cap}, but there are only {} such rows",
                    rows.len()
                ))
                .help("lower it, or leave it out to take all rows"));
            }
            Some(cap) => rows.truncate(cap),
            None => {}
        }
    }
    for rows in [&mut train, &mut validation, &mut test] {
        rows.sort_unstable();
    }
    Ok(Partition { train, validation, test })
}

/// `order` cut into bundles that stay together: the rows of one unit where there are units, else single rows.
/// A unit's place is that of its first row.
fn together(order: Vec<u32>, units: Option<&[u32]>) -> Vec<Vec<u32>> {
    let Some(units) = units else {
        return order.into_iter().map(|row| vec![row]).collect();
    };
    let mut place = vec![usize::MAX; units.iter().max().map_or(0, |max| *max as usize + 1)];
    let mut bundles: Vec<Vec<u32>> = Vec::new();
    for row in order {
        let unit = units[row as usize] as usize;
        if place[unit] == usize::MAX {
            place[unit] = bundles.len();
            bundles.push(Vec::new());
        }
        bundles[place[unit]].push(row);
    }
    bundles
}

/// Whole bundles from the front until `wanted` rows are reached, and the bundles that are left.
fn take(mut bundles: Vec<Vec<u32>>, wanted: usize) -> (Vec<u32>, Vec<Vec<u32>>) {
    let mut rows = Vec::new();
    let mut used = 0;
    while rows.len() < wanted && used < bundles.len() {
        rows.append(&mut bundles[used]);
        used += 1;
    }
    bundles.drain(..used);
    (rows, bundles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(toml: &str) -> SplitSpec {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn every_row_is_in_exactly_one_part() {
        let parts = partition(1797, None, Given::Nothing, &SplitSpec::default()).unwrap();
        let mut all = [parts.train, parts.validation, parts.test].concat();
        all.sort_unstable();
        assert_eq!(all, (0..1797).collect::<Vec<u32>>());
    }

    #[test]
    fn sizes_follow_shares_and_counts() {
        let sizes = |toml: &str| {
            let p = partition(1000, None, Given::Nothing, &spec(toml)).unwrap();
            (p.train.len(), p.validation.len(), p.test.len())
        };
        assert_eq!(sizes(""), (675, 75, 250));
        assert_eq!(sizes("test = 100\nvalidation = 0"), (900, 0, 100));
        assert_eq!(sizes("test = 0.5\nvalidation = 50\ntrain_rows = 20\ntest_rows = 30"), (20, 50, 30));
    }

    #[test]
    fn test_rows_depend_on_the_split_seed_and_not_on_the_other_settings() {
        let test = |toml: &str| partition(500, None, Given::Nothing, &spec(toml)).unwrap().test;
        assert_eq!(test("seed = 4"), test("seed = 4\nvalidation = 0.3\ntrain_rows = 10"));
        assert_ne!(test("seed = 4"), test("seed = 5"));
        let (few, many) = (test("test_rows = 20"), test("test_rows = 60"));
        assert!(few.iter().all(|row| many.contains(row)));
    }

    #[test]
    fn the_authors_test_part_is_used_unless_the_config_says_otherwise() {
        let parts = partition(100, None, Given::TestFrom(70), &SplitSpec::default()).unwrap();
        assert_eq!(parts.test, (70..100).collect::<Vec<u32>>());
        assert_eq!((parts.train.len(), parts.validation.len()), (63, 7));
        let parts = partition(100, None, Given::TestFrom(70), &spec("test = 0.5")).unwrap();
        assert!(parts.test.iter().any(|row| *row < 70));
    }

    #[test]
    fn rows_of_one_unit_stay_on_one_side() {
        let units: Vec<u32> = (0..1000).map(|row| row / 7 % 60).collect();
        let p = partition(1000, Some(&units), Given::Nothing, &SplitSpec::default()).unwrap();
        let sides = [&p.train, &p.validation, &p.test].map(|rows| {
            rows.iter().map(|row| units[*row as usize]).collect::<std::collections::BTreeSet<_>>()
        });
        assert!(sides[0].is_disjoint(&sides[1]) && sides[0].is_disjoint(&sides[2]));
        assert!(sides[1].is_disjoint(&sides[2]));
        assert!(p.test.len().abs_diff(250) < 30, "{}", p.test.len());
    }

    #[test]
    fn impossible_splits_are_refused_with_the_numbers() {
        let says = |toml: &str, words: &str| {
            let message = partition(100, None, Given::Nothing, &spec(toml)).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        };
        says("test = 100", "100 test rows leave nothing to train on: there are 100 rows");
        says("test = 0", "the test split would be empty");
        says("test = 60\nvalidation = 40", "40 validation rows leave nothing to train on: 40 rows");
        says("train_rows = 90", "`split.train_rows` is 90, but there are only 67 such rows");
        for wrong in ["test = 1.0", "test = -0.1", "test = -3", "tets = 0.1", "test = \"half\""] {
            assert!(toml::from_str::<SplitSpec>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_split_reads_back_as_written() {
        for text in ["seed = 0\nvalidation = 0.1\n", "seed = 7\ntest = 500\nvalidation = 0\ntrain_rows = 3\n"]
        {
            assert_eq!(toml::to_string(&spec(text)).unwrap(), text);
        }
    }
}
