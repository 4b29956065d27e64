//! The forward pass in double precision, as one would write it down.

use equipoise::models::{Architecture, Layer, Parameters};

/// Σ `d_logits` · logits of one row, with weights `w` laid out as in [`Parameters`].
pub(super) fn objective(architecture: &Architecture, w: &[f64], x: &[f64], d_logits: &[f64]) -> f64 {
    logits(architecture, w, x).iter().zip(d_logits).map(|(z, d)| z * d).sum()
}

/// The weights in double precision.
pub(super) fn widened(parameters: &Parameters) -> Vec<f64> {
    parameters.values().iter().map(|w| f64::from(*w)).collect()
}

/// Logits of one row.
pub(super) fn logits(architecture: &Architecture, mut w: &[f64], x: &[f64]) -> Vec<f64> {
    let mut take = |n: usize| {
        let (head, rest) = w.split_at(n);
        w = rest;
        head
    };
    let mut x = x.to_vec();
    for layer in architecture.layers() {
        match *layer {
            Layer::Linear { inputs, outputs, relu } => {
                let (weight, bias) = (take(inputs * outputs), take(outputs));
                x = weight
                    .chunks(inputs)
                    .zip(bias)
                    .map(|(weight, bias)| {
                        let sum = bias + weight.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>();
                        if relu { sum.max(0.0) } else { sum }
                    })
                    .collect();
            }
            Layer::ConvPool { inputs, outputs, height, width } => {
                let (weight, bias) = (take(outputs * inputs * 9), take(outputs));
                let pixel = |c: usize, row: usize, column: usize| -> f64 {
                    // Shifted by one: row 0 is the padding above the image.
                    let inside = (1..=height).contains(&row) && (1..=width).contains(&column);
                    if inside { x[(c * height + row - 1) * width + column - 1] } else { 0.0 }
                };
                let mut pooled = Vec::new();
                for o in 0..outputs {
                    for (row, column) in (0..height / 2).flat_map(|r| (0..width / 2).map(move |c| (r, c))) {
                        let mut best = 0.0_f64;
                        for at in 0..4 {
                            let (row, column) = (2 * row + at / 2, 2 * column + at % 2);
                            let mut sum = bias[o];
                            for c in 0..inputs {
                                for tap in 0..9 {
                                    sum += weight[(o * inputs + c) * 9 + tap]
                                        * pixel(c, row + tap / 3, column + tap % 3);
                                }
                            }
                            best = best.max(sum);
                        }
                        pooled.push(best);
                    }
                }
                x = pooled;
            }
        }
    }
    x
}
