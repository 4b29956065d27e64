//! Blur. Lengths are shares of the shorter side and ours (ImageNet-C's are at most 0.03 of it for the Gaussian, 0.045 for the disk); beyond the edge the
//! nearest pixel counts, so that a constant picture stays as it is.

use std::collections::BTreeMap;

use super::picture::{Outside, Picture, between, smooth};
use super::{Change, Corruption};
use crate::seed::Stream;

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        word: "gaussian-blur",
        what: "a Gaussian of standard deviation σ (share of the side)",
        constants: &[("σ", [0.04, 0.06, 0.08, 0.1, 0.12])],
        change: Change::Picture(gaussian),
    },
    Corruption {
        word: "defocus-blur",
        what: "the mean over a disk of this radius (share of the side)",
        constants: &[("radius", [0.08, 0.1, 0.125, 0.15, 0.18])],
        change: Change::Picture(defocus),
    },
    Corruption {
        word: "motion-blur",
        what: "the mean along a line of this length (share of the side), at most 45° from level",
        constants: &[("length", [0.12, 0.18, 0.24, 0.3, 0.36])],
        change: Change::Picture(motion),
    },
    Corruption {
        word: "zoom-blur",
        what: "the mean of 11 zooms about the middle, from none to this factor",
        constants: &[("factor", [1.1, 1.2, 1.3, 1.4, 1.5])],
        change: Change::Picture(zoom),
    },
    Corruption {
        word: "glass-blur",
        what: "a share of the pixels is swapped with a neighbor at most 0.04 of the side (at least one pixel) away, then a Gaussian of σ = 0.04 of the side",
        constants: &[("share", [0.2, 0.4, 0.6, 0.8, 1.0])],
        change: Change::Picture(glass),
    },
];

fn gaussian(picture: &mut Picture<'_>, constants: &[f64], _: &mut Stream) {
    smooth_by(picture, constants[0]);
}

/// Smooths by a Gaussian of `share` of the side.
fn smooth_by(picture: &mut Picture<'_>, share: f64) {
    let (size, sigma) = ((picture.height, picture.width), share * picture.side());
    for plane in picture.planes() {
        let mut wide: Vec<f64> = plane.iter().map(|pixel| f64::from(*pixel)).collect();
        smooth(&mut wide, size, sigma);
        for (pixel, value) in plane.iter_mut().zip(wide) {
            *pixel = value as f32;
        }
    }
}

/// The mean over the disk; a pixel counts by the share of 5 × 5 points in it that lie in the disk.
fn defocus(picture: &mut Picture<'_>, constants: &[f64], _: &mut Stream) {
    const FINE: i32 = 5;
    let radius = constants[0] * picture.side();
    let reach = (radius + 0.5).ceil() as i32;
    let mut disk = Vec::new();
    for down in -reach..=reach {
        for right in -reach..=reach {
            let inside = (0..FINE * FINE).filter(|point| {
                let fine = |index: i32| (f64::from(index) + 0.5) / f64::from(FINE) - 0.5;
                let (y, x) = (f64::from(down) + fine(point / FINE), f64::from(right) + fine(point % FINE));
                y * y + x * x <= radius * radius
            });
            let weight = inside.count() as f64;
            if weight > 0.0 {
                disk.push((f64::from(down), f64::from(right), weight));
            }
        }
    }
    mean(picture, &disk);
}

/// The mean over points at 4 to a pixel along the line.
fn motion(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    let length = constants[0] * picture.side();
    let angle = (2.0 * stream.uniform_f64() - 1.0) * std::f64::consts::FRAC_PI_4;
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    let steps = (4.0 * length).ceil();
    let points: Vec<(f64, f64, f64)> = (0..=steps as usize)
        .map(|step| {
            let away = length * (step as f64 / steps - 0.5);
            (away * sine, away * cosine, 1.0)
        })
        .collect();
    mean(picture, &points);
}

/// Every pixel becomes the weighted mean of what lies (down, right, weight) of it, bilinear between pixels.
fn mean(picture: &mut Picture<'_>, around: &[(f64, f64, f64)]) {
    let total: f64 = around.iter().map(|(_, _, weight)| weight).sum();
    // The same steps from every pixel: what is bilinear can be summed over whole steps first.
    let mut steps: BTreeMap<(i64, i64), f64> = BTreeMap::new();
    for (down, right, weight) in around {
        let (top, left) = (down.floor(), right.floor());
        for (row, tall) in [(0, top + 1.0 - down), (1, down - top)] {
            for (column, wide) in [(0, left + 1.0 - right), (1, right - left)] {
                *steps.entry((top as i64 + row, left as i64 + column)).or_default() +=
                    weight * tall * wide / total;
            }
        }
    }
    steps.retain(|_, weight| *weight > 0.0);
    let (height, width) = (picture.height as i64, picture.width as i64);
    for plane in picture.planes() {
        let old = plane.to_vec();
        for (index, pixel) in plane.iter_mut().enumerate() {
            let (row, column) = (index as i64 / width, index as i64 % width);
            let look = |((down, right), weight): (&(i64, i64), &f64)| {
                let at = (row + down).clamp(0, height - 1) * width + (column + right).clamp(0, width - 1);
                weight * f64::from(old[at as usize])
            };
            *pixel = steps.iter().map(look).sum::<f64>() as f32;
        }
    }
}

fn zoom(picture: &mut Picture<'_>, constants: &[f64], _: &mut Stream) {
    const ZOOMS: usize = 11;
    let (height, width, middle) = (picture.height, picture.width, picture.middle());
    for plane in picture.planes() {
        let old = plane.to_vec();
        for (index, pixel) in plane.iter_mut().enumerate() {
            let (down, right) = ((index / width) as f64 - middle.0, (index % width) as f64 - middle.1);
            let look = |zoom: usize| {
                let factor = 1.0 + (constants[0] - 1.0) * zoom as f64 / (ZOOMS - 1) as f64;
                let place = (middle.0 + down / factor, middle.1 + right / factor);
                between(&old, (height, width), place, Outside::Edge)
            };
            *pixel = ((0..ZOOMS).map(look).sum::<f64>() / ZOOMS as f64) as f32;
        }
    }
}

/// From the last pixel to the first, all channels of a pixel together.
fn glass(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    const LENGTH: f64 = 0.04;
    let reach = (LENGTH * picture.side()).round().max(1.0) as u64;
    let (height, width) = (picture.height, picture.width);
    for index in (0..height * width).rev() {
        let moves = stream.uniform_f64() < constants[0];
        let mut neighbor = |at: usize, length: usize| {
            let step = stream.below(2 * reach + 1) as i64 - reach as i64;
            (at as i64 + step).clamp(0, length as i64 - 1) as usize
        };
        let other = neighbor(index / width, height) * width + neighbor(index % width, width);
        if moves {
            for plane in picture.planes() {
                plane.swap(index, other);
            }
        }
    }
    smooth_by(picture, LENGTH);
}
