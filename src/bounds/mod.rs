//! Certificates: what no adversary of a ball can do to a model, proven.
//!
//! A certificate is one-sided, as an attack is: a certified row cannot be broken; of a row that is not certified nothing is
//! known. Deterministic certificates ([`certify`]) are about the model as it is evaluated, in single precision; [`smoothing`]
//! is about another predictor, the model's majority vote under Gaussian noise, and holds with a stated probability.
//!
//! # Why rounding breaks no certificate
//!
//! The model's numbers are not those of exact arithmetic, and neither are ours. Bounds enclose what the model *computes*: with `ĥ` the
//! numbers that enter an affine layer, as computed, its output number `i` is off from `Σ_j W_ij ĥ_j + b_i` by at most
//!
//! ```text
//! e_i = γ_{n+2} s_i + η,    s_i = Σ_j |W_ij| max |ĥ_j| + |b_i|,    γ_n = n u / (1 − n u),    u = 2⁻²⁴
//! ```
//!
//! for `n` terms, whatever the order of summation and whether or not multiplications and additions are fused (Higham 2002, 3.1); `η` is for numbers that
//! underflow. ReLU and max-pool round nothing. So every layer's interval is widened by `e_i`, the next layer's begins from numbers as
//! computed, and a logit's margin loses `e_y + e_j`. In the linear relaxation a layer's `e_i` is multiplied by the slope at
//! that output, whose sign is unknown, and taken away. Our own arithmetic is in double precision: each `e_i` has the same bound again
//! with `u = 2⁻⁵³`, which covers sums over outputs (backward) as well as over inputs; what else is rounded (centers and radii, the relaxation's
//! offsets, norms, the final sum) is rounded to the safe side where it happens. A row around which a sum might overflow is not certified.
//!
//! The one assumption is that an engine adds up the products: a fast convolution by transforms would not be covered. Ties go to the class of
//! the lower number, so a margin above 0 is one whatever the classes.
//!
//! To add one: a file with its function, a variant of [`Spec`], and its arms.

mod crown;
mod exact;
mod interval;
mod layers;
mod region;
mod rounding;
pub mod smoothing;
mod spec;

use crate::attacks::{Stop, ThreatModel, stopped};
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::models::{Architecture, Parameters};
use layers::Layers;
use region::Region;

pub use spec::{KINDS, Spec};

/// Whether each row of `rows` is certified by the deterministic certificate `spec`: right on the clean row, and no input that `threat` allows
/// changes the class that the model, evaluated in single precision in any order of summation, predicts.
///
/// `candidates` has one flag per row; rows without it are not looked at and not certified.
///
/// # Errors
///
/// [`Kind::Incomplete`](crate::error::Kind::Incomplete) where `stop` said so; where `spec` does not fit (see [`Spec::check`]).
pub fn certify(
    spec: &Spec,
    architecture: &Architecture,
    parameters: &Parameters,
    rows: &Rows,
    threat: &ThreatModel,
    candidates: &[bool],
    stop: Stop<'_>,
) -> Result<Vec<bool>> {
    spec.check(architecture, threat.norm())?;
    let layers = Layers::new(architecture, parameters);
    let first_reach = interval::first_reach(&layers, threat);
    let mut certified = vec![false; rows.len()];
    for row in (0..rows.len()).filter(|row| candidates[*row]) {
        if stop() {
            return Err(stopped());
        }
        let (x, label) = (rows.row(row), usize::from(rows.facts.labels[row]));
        certified[row] = match spec {
            Spec::Exact {} => exact::certified(&layers, threat, x, label),
            Spec::Interval {} | Spec::Crown {} => {
                let relax = *spec == Spec::Crown {};
                bounded(&layers, &Region::new(threat, &layers.order, x), &first_reach, label, relax)
            }
            Spec::Smoothing { .. } => {
                return Err(Error::input(
                    "the certificate `smoothing` is about another predictor than the model",
                ));
            }
        };
    }
    Ok(certified)
}

/// Whether every margin's lower bound is above 0: by intervals, or where `relax`, by the better of intervals and relaxation, margin by margin.
fn bounded(layers: &Layers, region: &Region<'_>, first_reach: &[f64], label: usize, relax: bool) -> bool {
    let Some(trace) = interval::propagate(layers, region, first_reach, label) else { return false };
    // What is no number is not above 0.
    let open = |margin: &f64| !matches!(margin.partial_cmp(&0.0), Some(std::cmp::Ordering::Greater));
    let rivals: Vec<usize> = (0..layers.classes()).filter(|class| open(&trace.margins[*class])).collect();
    if rivals.is_empty() || !relax {
        return rivals.is_empty();
    }
    !crown::margins(layers, region, &trace, label, &rivals).iter().any(open)
}
