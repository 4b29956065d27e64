//! Adversarial rows as a safetensors file.
//!
//! `x`, `y`: the rows; `prediction`: the model's on them. Per norm and radius `adversarial/<norm>/<eps>`: the misclassified point that counts, the row itself
//! where it was wrong already or still stands; `prediction/…` and `distance/…` of it (infinite where the row stands), and `standing/<norm>/<eps>/<attack>`
//! flags, `union` among them. The same evaluation gives the same bytes.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{Case, Evaluation, Subject};
use crate::data;
use crate::error::{Error, Result};
use crate::evidence::UNION;
use crate::measure::Norm;

/// The name of the adversarial rows of one case, or of what belongs to them.
fn name(what: &str, norm: Norm, epsilon: f64) -> String {
    format!("{what}/{}/{epsilon}", norm.word())
}

impl Evaluation {
    /// The adversarial rows and everything that is known of them.
    ///
    /// # Errors
    ///
    /// When the evaluation kept no adversarial rows.
    pub fn to_safetensors(&self, subject: &Subject, seed: u64) -> Result<Vec<u8>> {
        let n = subject.rows.len();
        let whole: Vec<usize> = [n].into_iter().chain(subject.sizes.iter().copied()).collect();
        let mut tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
        let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let classes =
            |values: &[u16]| values.iter().flat_map(|class| i64::from(*class).to_le_bytes()).collect();
        tensors.insert("x".to_owned(), (Dtype::F32, whole.clone(), floats(&subject.rows.x)));
        tensors.insert("y".to_owned(), (Dtype::I64, vec![n], classes(&subject.rows.facts.labels)));
        tensors.insert("prediction".to_owned(), (Dtype::I64, vec![n], classes(&subject.clean.predictions)));
        for case in &self.cases {
            let points = case
                .adversarial
                .as_ref()
                .ok_or_else(|| Error::internal("the adversarial rows were not kept"))?;
            let at = |what: &str| name(what, case.norm, case.epsilon);
            tensors.insert(at("adversarial"), (Dtype::F32, whole.clone(), floats(points)));
            tensors.insert(at("distance"), (Dtype::F32, vec![n], floats(&case.union.distance)));
            tensors.insert(at("prediction"), (Dtype::I64, vec![n], classes(&predictions(case, subject))));
            let known = case.attacks.iter().map(|tried| &tried.facts).chain([&case.union]);
            for facts in known {
                let flags = facts.standing.iter().map(|flag| u8::from(*flag)).collect();
                tensors.insert(format!("{}/{}", at("standing"), facts.attack), (Dtype::U8, vec![n], flags));
            }
        }
        let protocols: BTreeMap<String, String> = self
            .cases
            .iter()
            .map(|case| (case.norm.word().to_owned(), case.union.protocol.clone()))
            .collect();
        let about = serde_json::json!({
            "kind": "adversarial rows",
            "model": subject.weights,
            "rows": subject.fingerprint,
            "protocol": protocols,
            "seed": seed,
        });
        let internal = |error: safetensors::SafeTensorError| {
            Error::internal(format!("cannot encode the adversarial rows: {error}"))
        };
        let mut views = Vec::new();
        for (name, (dtype, shape, bytes)) in &tensors {
            views.push((name, TensorView::new(*dtype, shape.clone(), bytes).map_err(internal)?));
        }
        // One header entry only: the library keeps header entries in a hash map, whose order is not fixed.
        let metadata = [("equipoise".to_owned(), about.to_string())].into_iter().collect();
        safetensors::serialize(views, Some(metadata)).map_err(internal)
    }
}

/// What the model says on the adversarial rows of a case.
fn predictions(case: &Case, subject: &Subject) -> Vec<u16> {
    let fallen = case.union.first_success.predictions.iter();
    let pairs = fallen.zip(&subject.clean.predictions).zip(&case.union.standing);
    pairs.map(|((fallen, clean), standing)| if *standing { *clean } else { *fallen }).collect()
}

/// Adversarial rows as somebody claims them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claim {
    pub(super) norm: Norm,
    pub(super) epsilon: f64,
    /// `n × features`
    pub(super) points: Vec<f32>,
    /// `n` flags: said to be misclassified; none where the file does not say.
    pub(super) fallen: Option<Vec<bool>>,
}

/// The claims in a file about these rows: `adversarial/<norm>/<eps>`, or one tensor `adversarial` or `x_adv` for whatever is asked for.
///
/// Without radii, those in the file.
///
/// # Errors
///
/// When it is no safetensors file, was made for other rows, or does not hold what is asked for.
pub(super) fn claims(
    bytes: &[u8],
    subject: &Subject,
    norms: &[Norm],
    epsilons: &[f64],
) -> Result<Vec<Claim>> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| Error::input(error.to_string()).context("not a safetensors file"))?;
    same_rows(&file, subject)?;
    let cases = cases(&file);
    let mut claims = Vec::new();
    if cases.is_empty() {
        let tensor = ["adversarial", "x_adv"].into_iter().find(|name| file.tensor(name).is_ok());
        let tensor = tensor.ok_or_else(|| {
            Error::input("it has no adversarial rows").help(format!(
                "they are called `adversarial/<norm>/<eps>`, `adversarial` or `x_adv`; the file holds: {}",
                names(&file)
            ))
        })?;
        if epsilons.is_empty() {
            return Err(Error::input(format!("it does not say how far `{tensor}` may be from the rows"))
                .help("say so with --norm and --eps"));
        }
        let points = points(&file, tensor, subject)?;
        for (norm, epsilon) in pairs(norms, epsilons) {
            claims.push(Claim { norm, epsilon, points: points.clone(), fallen: None });
        }
        return Ok(claims);
    }
    let wanted: Vec<(Norm, f64)> = if epsilons.is_empty() {
        cases
            .iter()
            .map(|(norm, epsilon, _)| (*norm, *epsilon))
            .filter(|(norm, _)| norms.contains(norm))
            .collect()
    } else {
        pairs(norms, epsilons).collect()
    };
    let there = || cases.iter().map(|(_, _, name)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if wanted.is_empty() {
        return Err(Error::input("it has no adversarial rows in the norm asked for")
            .help(format!("name it with --norm; the file has {}", there())));
    }
    for (norm, epsilon) in wanted {
        let found = cases.iter().find(|(n, e, _)| *n == norm && e.to_bits() == epsilon.to_bits());
        let (_, _, tensor) = found.ok_or_else(|| {
            Error::input(format!("it has no tensor `{}`", name("adversarial", norm, epsilon)))
                .help(format!("it has {}", there()))
        })?;
        let points = points(&file, tensor, subject)?;
        let flags = format!("standing{}/{UNION}", tensor.trim_start_matches("adversarial"));
        let fallen = match file.tensor(&flags) {
            Err(_) => None,
            Ok(view) if view.shape() == [subject.rows.len()] => {
                Some(data::integers(&flags, &view)?.iter().map(|flag| *flag == 0).collect())
            }
            Ok(view) => {
                return Err(Error::input(format!(
                    "`{flags}` has shape {:?}, expected [{}]",
                    view.shape(),
                    subject.rows.len()
                )));
            }
        };
        claims.push(Claim { norm, epsilon, points, fallen });
    }
    Ok(claims)
}

fn pairs(norms: &[Norm], epsilons: &[f64]) -> impl Iterator<Item = (Norm, f64)> {
    norms.iter().flat_map(|norm| epsilons.iter().map(|epsilon| (*norm, *epsilon)))
}

/// Norm, radius and full name of every `adversarial/<norm>/<eps>`, in order.
fn cases(file: &SafeTensors<'_>) -> Vec<(Norm, f64, String)> {
    let mut cases: Vec<(Norm, f64, String)> = file
        .names()
        .into_iter()
        .filter_map(|name| {
            let (norm, epsilon) = name.strip_prefix("adversarial/")?.split_once('/')?;
            let norm = serde_json::from_value(serde_json::json!(norm.to_lowercase())).ok()?;
            let epsilon: f64 = epsilon.parse().ok()?;
            Some((norm, epsilon, name.to_owned()))
        })
        .collect();
    cases.sort_by(|a, b| (a.0, a.1).partial_cmp(&(b.0, b.1)).unwrap_or(std::cmp::Ordering::Equal));
    cases
}

/// The adversarial rows in `tensor`, of the same shape as the rows.
fn points(file: &SafeTensors<'_>, tensor: &str, subject: &Subject) -> Result<Vec<f32>> {
    let view = file.tensor(tensor).map_err(|error| Error::input(error.to_string()))?;
    fits(tensor, view.shape(), subject)?;
    data::floats(tensor, &view)
}

fn fits(tensor: &str, shape: &[usize], subject: &Subject) -> Result<()> {
    let whole: Vec<usize> = [subject.rows.len()].into_iter().chain(subject.sizes.iter().copied()).collect();
    let flat = [subject.rows.len(), subject.features.len()];
    if shape != whole && shape != flat {
        return Err(Error::input(format!("`{tensor}` has shape {shape:?}, the rows have {whole:?}"))
            .help("adversarial rows come one for each row, in the same order"));
    }
    Ok(())
}

/// Where the file carries the rows that it was made for, they must be these.
fn same_rows(file: &SafeTensors<'_>, subject: &Subject) -> Result<()> {
    let other = |row: usize, what: &str| {
        Error::input(format!("it was made for other rows: row {row} of its `{what}` differs"))
            .help("name the rows that it was made for")
    };
    if let Ok(view) = file.tensor("x") {
        fits("x", view.shape(), subject)?;
        let x = data::floats("x", &view)?;
        if let Some(at) = x.iter().zip(&subject.rows.x).position(|(a, b)| a.to_bits() != b.to_bits()) {
            return Err(other(at / subject.features.len(), "x"));
        }
    }
    if let Ok(view) = file.tensor("y") {
        if view.shape() != [subject.rows.len()] {
            return Err(Error::input(format!(
                "`y` has shape {:?}, expected [{}]",
                view.shape(),
                subject.rows.len()
            )));
        }
        let labels = data::integers("y", &view)?;
        let mut pairs = labels.iter().zip(&subject.rows.facts.labels);
        if let Some(row) = pairs.position(|(a, b)| *a != i64::from(*b)) {
            return Err(other(row, "y"));
        }
    }
    Ok(())
}

fn names(file: &SafeTensors<'_>) -> String {
    let mut names = file.names();
    names.sort_unstable();
    names.join(", ")
}
