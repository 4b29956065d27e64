//! The table `[data]`: which data set, or which generator with known truth.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// A data set with a manifest: carried by the program, fetched, or the user's own.
    Dataset {
        /// Its name.
        name: String,
        /// The user's own manifest; its files lie beside it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manifest: Option<PathBuf>,
    },
    /// Rows that came with a model: tensors `x`, `y` and optionally `groups`. All are test rows unless `[split]` has `test`.
    Safetensors {
        /// The file.
        path: PathBuf,
        /// `[features]`, `[height, width]` or `[channels, height, width]`; the shape of `x` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shape: Option<Vec<usize>>,
        /// `[smallest, largest]` value an adversary may use; unbounded when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bounds: Option<[f32; 2]>,
        /// The number of classes; the largest label plus one when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        classes: Option<usize>,
    },
    /// Two isotropic Gaussians: x | y ~ N(y·mu, sigma²·I), y = ±1.
    Gaussian {
        /// Rows in all.
        rows: usize,
        /// Mean of the positive class; the negative one's is −mu.
        mu: Vec<f64>,
        /// Standard deviation of every feature.
        #[serde(default = "one")]
        sigma: f64,
        /// Probability of the positive class.
        #[serde(default = "half")]
        positive_share: f64,
        /// Seed of the draws.
        #[serde(default)]
        seed: u64,
    },
    /// Unequal variances (Xu et al. 2021): x | +1 ~ N(eta·1, k²·sigma²·I), x | −1 ~ N(−eta·1, sigma²·I), balanced.
    Xu {
        /// Rows in all.
        rows: usize,
        /// Features.
        d: usize,
        /// Mean of each feature in the positive class.
        eta: f64,
        /// Standard deviation in the negative class.
        #[serde(default = "one")]
        sigma: f64,
        /// The positive class's standard deviation over the negative one's; above 1.
        k: f64,
        /// Seed of the draws.
        #[serde(default)]
        seed: u64,
    },
    /// A robust and many weak features (Tsipras et al. 2019): `x_1` = y with probability p, else −y; `x_2` … `x_{d+1}` ~ N(eta·y, 1).
    Tsipras {
        /// Rows in all.
        rows: usize,
        /// Weak features; a row has d + 1.
        d: usize,
        /// Mean of a weak feature in the positive class.
        eta: f64,
        /// Probability that the first feature tells the class.
        p: f64,
        /// Seed of the draws.
        #[serde(default)]
        seed: u64,
    },
    /// Two blocks of features and groups that differ in the first: `x_R` | y, g ~ N(y·`r_g`, 1), `x_N` | y ~ N(y·eta·1, I);
    /// a row is `x_R` followed by the d numbers of `x_N`, and the sensitive attribute is called `group`.
    TwoBlock {
        /// Rows in all.
        rows: usize,
        /// Features in the second block; a row has d + 1.
        d: usize,
        /// Mean of a feature of the second block in the positive class.
        eta: f64,
        /// Mean of the first feature in the positive class, per group.
        r: Vec<f64>,
        /// Share of each group; they sum to 1.
        q: Vec<f64>,
        /// Seed of the draws.
        #[serde(default)]
        seed: u64,
    },
    /// Rows that are not here: only what somebody's models said of them was imported.
    Imported {
        /// What the rows are called.
        name: String,
    },
}

fn one() -> f64 {
    1.0
}

fn half() -> f64 {
    0.5
}

impl Source {
    /// Why rows of [`Imported`](Self::Imported) cannot be had.
    pub(crate) fn imported_elsewhere() -> Error {
        Error::input("`kind = \"imported\"` stands for rows that only their owner has: nothing can be run on them")
            .help("`equipoise import` takes in what models said of them; to run something, name a data set or a generator")
    }

    /// A short name for people: the data set's, or the generator's kind.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Dataset { name, .. } | Self::Imported { name } => name.clone(),
            Self::Safetensors { path, .. } => {
                path.file_stem().map_or_else(|| "rows".to_owned(), |stem| stem.to_string_lossy().into_owned())
            }
            Self::Gaussian { .. } => "gaussian".to_owned(),
            Self::Xu { .. } => "xu".to_owned(),
            Self::Tsipras { .. } => "tsipras".to_owned(),
            Self::TwoBlock { .. } => "two-block".to_owned(),
        }
    }

    /// Checks every number against its range; needs no file.
    ///
    /// # Errors
    ///
    /// Names the first setting that is out of range.
    pub fn check(&self) -> Result<()> {
        let finite =
            |key: &str, value: f64| demand(value.is_finite(), key, "a finite number", &value.to_string());
        let positive = |key: &str, value: f64| {
            demand(value.is_finite() && value > 0.0, key, "a finite number above 0", &value.to_string())
        };
        let inside = |key: &str, value: f64| {
            demand(value > 0.0 && value < 1.0, key, "above 0 and below 1", &value.to_string())
        };
        let count = |key: &str, value: usize, least: usize| {
            demand(value >= least, key, &format!("at least {least}"), &value.to_string())
        };
        match self {
            Self::Imported { .. } => Err(Self::imported_elsewhere()),
            Self::Dataset { name, .. } => demand(!name.is_empty(), "name", "a data set's name", "nothing"),
            Self::Safetensors { shape, bounds, classes, .. } => {
                if let Some(shape) = shape {
                    let fits = matches!(shape.len(), 1..=3) && shape.iter().all(|size| *size > 0);
                    demand(fits, "shape", "one to three numbers above 0", &format!("{shape:?}"))?;
                }
                if let Some([low, high]) = bounds {
                    let fits = low < high && low.is_finite() && high.is_finite();
                    demand(fits, "bounds", "[smallest, largest], both finite", &format!("[{low}, {high}]"))?;
                }
                classes.map_or(Ok(()), |classes| count("classes", classes, 2))
            }
            Self::Gaussian { rows, mu, sigma, positive_share, .. } => {
                count("rows", *rows, LEAST_ROWS)?;
                demand(!mu.is_empty(), "mu", "a list of at least one number", "an empty list")?;
                mu.iter().try_for_each(|m| finite("mu", *m))?;
                positive("sigma", *sigma)?;
                inside("positive_share", *positive_share)
            }
            Self::Xu { rows, d, eta, sigma, k, .. } => {
                count("rows", *rows, LEAST_ROWS)?;
                count("d", *d, 1)?;
                positive("eta", *eta)?;
                positive("sigma", *sigma)?;
                demand(k.is_finite() && *k > 1.0, "k", "a finite number above 1", &k.to_string())
            }
            Self::Tsipras { rows, d, eta, p, .. } => {
                count("rows", *rows, LEAST_ROWS)?;
                count("d", *d, 1)?;
                finite("eta", *eta)?;
                inside("p", *p)
            }
            Self::TwoBlock { rows, d, eta, r, q, .. } => {
                count("rows", *rows, LEAST_ROWS)?;
                count("d", *d, 1)?;
                finite("eta", *eta)?;
                r.iter().try_for_each(|r| finite("r", *r))?;
                let sizes = format!("{} and {}", r.len(), q.len());
                demand(r.len() == q.len() && r.len() >= 2, "r and q", "equally long, at least 2", &sizes)?;
                q.iter().try_for_each(|q| inside("q", *q))?;
                let sum: f64 = q.iter().sum();
                demand((sum - 1.0).abs() < 1e-9, "the sum of q", "1", &sum.to_string())
            }
        }
    }
}

/// Fewer rows than this cannot be split three ways with both classes in each.
const LEAST_ROWS: usize = 10;

fn demand(fits: bool, key: &str, expected: &str, got: &str) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(Error::input(format!("`{key}` in [data] must be {expected}, got {got}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(toml: &str) -> Source {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn settings_out_of_range_are_named() {
        for (toml, key) in [
            ("kind = \"gaussian\"\nrows = 3\nmu = [1.0]", "rows"),
            ("kind = \"gaussian\"\nrows = 30\nmu = []", "mu"),
            ("kind = \"gaussian\"\nrows = 30\nmu = [1]\nsigma = 0", "sigma"),
            ("kind = \"gaussian\"\nrows = 30\nmu = [1]\npositive_share = 1.0", "positive_share"),
            ("kind = \"xu\"\nrows = 30\nd = 0\neta = 0.5\nk = 2", "d"),
            ("kind = \"xu\"\nrows = 30\nd = 3\neta = 0.5\nk = 1", "k"),
            ("kind = \"tsipras\"\nrows = 30\nd = 3\neta = 0.5\np = 0", "p"),
            ("kind = \"two-block\"\nrows = 30\nd = 3\neta = 0.5\nr = [1, 2]\nq = [0.5, 0.6]", "sum of q"),
            ("kind = \"two-block\"\nrows = 30\nd = 3\neta = 0.5\nr = [1]\nq = [0.5]", "r and q"),
            ("kind = \"safetensors\"\npath = \"x\"\nbounds = [1, 0]", "bounds"),
        ] {
            let message = source(toml).check().unwrap_err().to_string();
            assert!(message.contains(key), "{message}");
        }
    }

    #[test]
    fn unknown_kinds_and_keys_are_refused() {
        for wrong in ["kind = \"gausian\"\nrows = 3", "kind = \"dataset\"\nname = \"digits\"\nsede = 1"] {
            assert!(toml::from_str::<Source>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_source_reads_back_as_written() {
        let text = "kind = \"dataset\"\nname = \"digits\"\n";
        assert_eq!(toml::to_string(&source(text)).unwrap(), text);
    }
}
