//! Light. Constants are ImageNet-C's for brightness and contrast; haze has those of CIFAR-10-C's fog.

use super::picture::{Outside, Picture, between};
use super::{Change, Corruption};
use crate::seed::Stream;

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        word: "brightness",
        what: "every pixel is lighter by this much",
        constants: &[("added", [0.1, 0.2, 0.3, 0.4, 0.5])],
        change: Change::Picture(brightness),
    },
    Corruption {
        word: "contrast",
        what: "of every pixel's distance to its channel's mean this share is left",
        constants: &[("share", [0.4, 0.3, 0.2, 0.1, 0.05])],
        change: Change::Picture(contrast),
    },
    Corruption {
        word: "haze",
        what: "clouds of this density over the picture: (x + density · cloud) / (1 + density)",
        constants: &[("density", [0.2, 0.5, 0.75, 1.0, 1.5])],
        change: Change::Picture(haze),
    },
];

fn brightness(picture: &mut Picture<'_>, constants: &[f64], _: &mut Stream) {
    for pixel in picture.pixels.iter_mut() {
        *pixel += constants[0] as f32;
    }
}

fn contrast(picture: &mut Picture<'_>, constants: &[f64], _: &mut Stream) {
    for plane in picture.planes() {
        let mean = plane.iter().map(|pixel| f64::from(*pixel)).sum::<f64>() / plane.len() as f64;
        for pixel in plane {
            *pixel = (mean + (f64::from(*pixel) - mean) * constants[0]) as f32;
        }
    }
}

/// Clouds are ours, in place of the plasma fractal: uniform numbers on grids of 3, 5 and 9 points a side, bilinear in between, each grid half as strong
/// as the one before, then stretched to reach from 0 to 1.
fn haze(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    let (height, width) = (picture.height, picture.width);
    let mut cloud = vec![0.0; height * width];
    for (points, strength) in [(3, 1.0), (5, 0.5), (9, 0.25)] {
        let grid: Vec<f32> = (0..points * points).map(|_| stream.uniform()).collect();
        let place = |at: usize, length: usize| at as f64 / (length.max(2) - 1) as f64 * (points - 1) as f64;
        for (index, value) in cloud.iter_mut().enumerate() {
            let at = (place(index / width, height), place(index % width, width));
            *value += strength * between(&grid, (points, points), at, Outside::Edge);
        }
    }
    let (least, most) =
        cloud.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), v| (v.min(l), v.max(m)));
    let range = if most > least { most - least } else { 1.0 };
    for plane in picture.planes() {
        for (pixel, value) in plane.iter_mut().zip(&cloud) {
            let cloud = (value - least) / range;
            *pixel = ((f64::from(*pixel) + constants[0] * cloud) / (1.0 + constants[0])) as f32;
        }
    }
}
