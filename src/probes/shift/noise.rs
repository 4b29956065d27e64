//! Noise, pixel by pixel. All constants are those of ImageNet-C: a pixel's noise knows nothing of the picture's size.

use super::picture::Picture;
use super::{Change, Corruption};
use crate::seed::Stream;

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        word: "gaussian-noise",
        what: "normal noise of standard deviation σ on every pixel",
        constants: &[("σ", [0.08, 0.12, 0.18, 0.26, 0.38])],
        change: Change::Picture(gaussian),
    },
    Corruption {
        word: "shot-noise",
        what: "every pixel counts its photons: Poisson of mean value × photons, divided by photons",
        constants: &[("photons", [60.0, 25.0, 12.0, 5.0, 3.0])],
        change: Change::Picture(shot),
    },
    Corruption {
        word: "impulse-noise",
        what: "a share of the pixels becomes black or white, each half of the time",
        constants: &[("share", [0.03, 0.06, 0.09, 0.17, 0.27])],
        change: Change::Picture(impulse),
    },
    Corruption {
        word: "speckle-noise",
        what: "normal noise of standard deviation σ times the pixel's value",
        constants: &[("σ", [0.15, 0.2, 0.35, 0.45, 0.6])],
        change: Change::Picture(speckle),
    },
];

/// `x + σ z`.
fn gaussian(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    for pixel in picture.pixels.iter_mut() {
        *pixel += (constants[0] * stream.normal()) as f32;
    }
}

/// `Poisson(x · photons) / photons`.
fn shot(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    for pixel in picture.pixels.iter_mut() {
        *pixel = (poisson(f64::from(*pixel) * constants[0], stream) / constants[0]) as f32;
    }
}

/// A Poisson number of this mean, at most 60 here (Knuth 1969: uniform numbers are multiplied until they fall below e^−mean).
pub(super) fn poisson(mean: f64, stream: &mut Stream) -> f64 {
    let limit = libm::exp(-mean);
    let (mut product, mut count) = (1.0, 0.0);
    loop {
        product *= 1.0 - stream.uniform_f64();
        if product <= limit {
            return count;
        }
        count += 1.0;
    }
}

/// 0 or 1 with probability `share / 2` each.
fn impulse(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    for pixel in picture.pixels.iter_mut() {
        let draw = stream.uniform_f64();
        if draw < constants[0] {
            *pixel = if draw < constants[0] / 2.0 { 0.0 } else { 1.0 };
        }
    }
}

/// `x + x σ z`.
fn speckle(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    for pixel in picture.pixels.iter_mut() {
        *pixel += (f64::from(*pixel) * constants[0] * stream.normal()) as f32;
    }
}
