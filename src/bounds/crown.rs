//! Linear relaxation (CROWN, Zhang et al. 2018) on interval bounds of the hidden layers (as in CROWN-IBP, Zhang et al. 2020): the margin is bounded
//! from below by a linear function of each layer's outputs, from the last to the first, and at last of the input.
//!
//! Where a ReLU's input `z` may have either sign, `a z ≤ max(z, 0) ≤ u (z − l)/(u − l)`, with `a` = 1 where `u ≥ −l` and else 0. A
//! max-pool is at least the ReLU of the pixel with the largest lower bound; at most that of the pixel that dominates all others, or
//! else the largest upper bound.

#![allow(clippy::inline_always, reason = "a loop is compiled for an instruction set by being inlined")]

use super::interval::{Bounds, Trace, difference};
use super::layers::{Affine, Kind, Layers};
use super::region::Region;
use super::rounding::double;
use crate::simd::vectorized;

/// A linear lower bound of one margin.
struct Bound {
    /// Per output of the layer at hand.
    slopes: Vec<f64>,
    constant: f64,
    /// What was added to the constant, in absolute values.
    size: f64,
    /// What rounding may take away.
    slack: f64,
}

impl Bound {
    fn add(&mut self, term: f64) {
        self.constant += term;
        self.size += term.abs();
    }

    /// Replaces the slope at a number by one at the ReLU's input that stands for it.
    #[inline(always)]
    fn relax(&mut self, slope: f64, low: f64, high: f64) -> f64 {
        if high <= 0.0 {
            0.0
        } else if low >= 0.0 {
            slope
        } else if slope > 0.0 {
            if high >= -low { slope } else { 0.0 }
        } else {
            let steepness = high / (high - low);
            // The line must lie above 0 at `low` and above `high` there.
            let offset = (-steepness * low).max(high * (1.0 - steepness)) * (1.0 + 1e-15);
            self.add(slope * offset);
            slope * steepness
        }
    }
}

/// Lower bounds of the margins over `rivals`, in their order.
pub(super) fn margins(
    layers: &Layers,
    region: &Region<'_>,
    trace: &Trace,
    label: usize,
    rivals: &[usize],
) -> Vec<f64> {
    let last = layers.last();
    let mut bounds: Vec<Bound> = rivals
        .iter()
        .map(|rival| {
            let mut slopes = vec![0.0; last.inputs];
            difference(last, label, *rival, &mut slopes);
            let slack = trace.margin_error(last, label, *rival);
            let mut bound = Bound { slopes, constant: 0.0, size: 0.0, slack };
            bound.add(last.bias(label));
            bound.add(-last.bias(*rival));
            bound
        })
        .collect();
    let mut terms = 2 + region.center.len();
    for (layer, hidden) in layers.affine.iter().zip(&trace.hidden).rev() {
        terms += 2 * layer.outputs;
        for bound in &mut bounds {
            vectorized(
                #[inline(always)]
                || through(layer, hidden, bound),
            );
        }
    }
    bounds.iter().map(|bound| at_input(bound, region, terms)).collect()
}

/// From slopes at a layer's outputs, after ReLU and pooling, to slopes at its inputs.
#[inline(always)]
fn through(layer: &Affine, hidden: &Bounds, bound: &mut Bound) {
    let above = std::mem::replace(&mut bound.slopes, vec![0.0; layer.inputs]);
    let mut below = std::mem::take(&mut bound.slopes);
    let mut pass = |bound: &mut Bound, output: usize, slope: f64| {
        if slope.abs() > 0.0 {
            bound.slack += slope.abs() * hidden.error[output];
            bound.add(slope * layer.bias(output));
            layer.add_row(output, slope, &mut below);
        }
    };
    match &layer.kind {
        Kind::Linear => {
            for (output, slope) in above.iter().enumerate() {
                let slope = bound.relax(*slope, hidden.low[output], hidden.high[output]);
                pass(bound, output, slope);
            }
        }
        Kind::Convolution(size) => {
            for (window, slope) in size.windows().zip(&above) {
                let chosen = first_largest(&window, &hidden.low);
                let top = first_largest(&window, &hidden.high);
                let others = window.iter().filter(|at| **at != chosen);
                // Also where the others never get past the ReLU.
                let rest = others.fold(0.0, |top: f64, at| top.max(hidden.high[*at]));
                let dominates = rest <= hidden.low[chosen].max(0.0);
                if *slope > 0.0 || dominates {
                    let slope = bound.relax(*slope, hidden.low[chosen], hidden.high[chosen]);
                    pass(bound, chosen, slope);
                } else {
                    bound.add(slope * hidden.high[top].max(0.0));
                }
            }
        }
    }
    bound.slopes = below;
}

/// The number of the window that is largest in `of`, the first on ties.
#[inline(always)]
fn first_largest(window: &[usize; 4], of: &[f64]) -> usize {
    window.iter().skip(1).fold(window[0], |best, at| if of[*at] > of[best] { *at } else { best })
}

/// The smallest value of the bound in the region.
fn at_input(bound: &Bound, region: &Region<'_>, terms: usize) -> f64 {
    let (mut lowest, mut size) = (0.0, bound.size);
    for ((slope, center), radius) in bound.slopes.iter().zip(&region.center).zip(&region.radius) {
        lowest += slope * center - slope.abs() * radius;
        size += slope.abs() * (center.abs() + radius);
    }
    if region.has_ball() {
        let clean: f64 = bound.slopes.iter().zip(&region.clean).map(|(slope, x)| slope * x).sum();
        lowest = f64::max(lowest, clean - region.reach(&bound.slopes));
    }
    bound.constant + lowest - bound.slack * (1.0 + double(terms)) - double(2 * terms + 16) * size
}
