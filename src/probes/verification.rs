//! Adversarial rows, whoever made them, held against the threat model once more, in `f64`.

use std::fmt;

use super::clean;
use crate::attacks::{self, Constraints, ThreatModel};
use crate::data::Rows;
use crate::error::Result;
use crate::evidence::Outputs;
use crate::models::Network;

/// How far a row may lie outside ball or box: rounding to `f32` is no offense.
pub const SLACK: f64 = 1e-6;

/// Why an adversarial row does not count.
#[derive(Debug, Clone, PartialEq)]
pub enum Violation {
    /// A number is not finite.
    NotFinite {
        /// Which.
        feature: usize,
        /// What it is.
        value: f32,
    },
    /// It lies outside the ball.
    TooFar {
        /// Its distance from the clean row.
        distance: f64,
    },
    /// A feature lies outside its bounds.
    OutsideBox {
        /// Which.
        feature: usize,
        /// Its value.
        value: f32,
    },
    /// A feature that the adversary may not change was changed.
    Immutable {
        /// Which.
        feature: usize,
        /// Its value.
        value: f32,
    },
    /// It breaks a constraint of the threat model.
    Constraint(attacks::Violation),
    /// It is said to be misclassified, and is not.
    NotMisclassified,
}

impl Violation {
    /// The kind, for counting: one word or two.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotFinite { .. } => "not finite",
            Self::TooFar { .. } => "norm",
            Self::OutsideBox { .. } => "box",
            Self::Immutable { .. } => "immutable",
            Self::Constraint(_) => "constraint",
            Self::NotMisclassified => "not misclassified",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { feature, value } => write!(f, "feature {feature} is {value}"),
            Self::TooFar { distance } => write!(f, "distance {distance}"),
            Self::OutsideBox { feature, value } => {
                write!(f, "feature {feature} is {value}, outside its bounds")
            }
            Self::Immutable { feature, value } => {
                write!(f, "feature {feature} may not be changed, and is {value}")
            }
            Self::Constraint(violation) => violation.fmt(f),
            Self::NotMisclassified => f.write_str("said to be misclassified, and classified correctly"),
        }
    }
}

/// What is true of `n` adversarial rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// `n` flags: classified correctly as it is, and its adversarial row breaks a rule or does not mislead the model.
    pub standing: Vec<bool>,
    /// `n` distances from the clean rows, in the norm; NaN where a number is not finite.
    pub distance: Vec<f64>,
    /// The first rule that each row breaks, in the order of [`Violation`]; (row, what), rows ascending.
    pub violations: Vec<(usize, Violation)>,
}

/// Whether the adversarial rows hold: finite, inside ball and box, only what may be changed has been, and misclassified where `fallen` says so.
///
/// Under `constraints` these count in place of ball, box and mask, which they include. `points` has as many numbers as `rows.x`; `clean_outputs` are the model's on `rows`. A row that nobody says has fallen may be classified either way;
/// where it misleads the model, it counts.
///
/// # Errors
///
/// Where the model's answer to a row that breaks no rule is not finite.
pub fn verify(
    network: &mut dyn Network,
    rows: &Rows,
    clean_outputs: &Outputs,
    threat: &ThreatModel,
    constraints: Option<&Constraints>,
    points: &[f32],
    fallen: Option<&[bool]>,
) -> Result<Verification> {
    assert_eq!(points.len(), rows.x.len(), "one adversarial row per row");
    let (n, d) = (rows.len(), threat.features());
    let mut broken: Vec<Option<Violation>> = Vec::with_capacity(n);
    let mut distance = Vec::with_capacity(n);
    // A row that breaks a rule is not shown to the model: it may hold anything.
    let mut shown = Rows { x: points.to_vec(), facts: rows.facts.clone() };
    for (row, point) in points.chunks_exact(d).enumerate() {
        let violation = match constraints {
            Some(constraints) => constraints
                .violations(threat, rows.row(row), point)
                .into_iter()
                .next()
                .map(Violation::Constraint),
            None => inspect(rows.row(row), point, threat),
        };
        if violation.is_some() {
            shown.x[row * d..(row + 1) * d].copy_from_slice(rows.row(row));
        }
        distance.push(match constraints {
            Some(constraints) => constraints.distance(threat, rows.row(row), point),
            None => threat.distance(rows.row(row), point),
        });
        broken.push(violation);
    }
    let outputs = clean(network, &shown)?;
    let mut verification = Verification { standing: Vec::with_capacity(n), distance, violations: Vec::new() };
    for (row, violation) in broken.into_iter().enumerate() {
        let label = rows.facts.labels[row];
        let right = outputs.predictions[row] == label;
        verification.standing.push(clean_outputs.predictions[row] == label && (violation.is_some() || right));
        let claimed = fallen.is_some_and(|fallen| fallen[row]);
        let violation = violation.or_else(|| (claimed && right).then_some(Violation::NotMisclassified));
        verification.violations.extend(violation.map(|violation| (row, violation)));
    }
    Ok(verification)
}

/// The first rule of ball, box and mask that `point` breaks.
fn inspect(clean: &[f32], point: &[f32], threat: &ThreatModel) -> Option<Violation> {
    let first = |breaks: &dyn Fn(usize) -> bool| (0..point.len()).find(|feature| breaks(*feature));
    if let Some(feature) = first(&|feature| !point[feature].is_finite()) {
        return Some(Violation::NotFinite { feature, value: point[feature] });
    }
    let distance = threat.distance(clean, point);
    if distance > threat.epsilon() + SLACK {
        return Some(Violation::TooFar { distance });
    }
    let outside = |feature: usize| {
        if !threat.mutable(feature) {
            return point[feature].to_bits() != clean[feature].to_bits();
        }
        let (lower, upper) = threat.bounds(feature, clean[feature]);
        let value = f64::from(point[feature]);
        value < f64::from(lower) - SLACK || value > f64::from(upper) + SLACK
    };
    let feature = first(&outside)?;
    let value = point[feature];
    Some(if threat.mutable(feature) {
        Violation::OutsideBox { feature, value }
    } else {
        Violation::Immutable { feature, value }
    })
}
