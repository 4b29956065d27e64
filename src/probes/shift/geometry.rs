//! Where things are. All constants are ours; lengths are shares of the shorter side.

use super::picture::{Outside, Picture, smooth};
use super::{Change, Corruption};
use crate::seed::Stream;

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        word: "pixelate",
        what: "as from a camera with this share of the pixels a side",
        constants: &[("share", [0.75, 0.625, 0.5, 0.375, 0.25])],
        change: Change::Picture(pixelate),
    },
    Corruption {
        word: "elastic",
        what: "smooth displacements of this root mean square (share of the side; Simard et al. 2003), smoothed by a Gaussian of σ = 0.14 of the side",
        constants: &[("displacement", [0.02, 0.035, 0.05, 0.065, 0.08])],
        change: Change::Picture(elastic),
    },
    Corruption {
        word: "rotation",
        what: "turned by so many degrees, left or right; black from outside",
        constants: &[("degrees", [10.0, 20.0, 30.0, 40.0, 50.0])],
        change: Change::Picture(rotation),
    },
    Corruption {
        word: "translation",
        what: "moved by this share of the side in any direction; black from outside",
        constants: &[("length", [0.04, 0.08, 0.12, 0.16, 0.2])],
        change: Change::Picture(translation),
    },
];

/// The picture on a coarser grid, and back: on both ways a pixel is the mean of what it overlaps, by area.
fn pixelate(picture: &mut Picture<'_>, constants: &[f64], _: &mut Stream) {
    let coarse = |length: usize| (length as f64 * constants[0]).round().max(1.0) as usize;
    let (height, width) = (picture.height, picture.width);
    let small = (coarse(height), coarse(width));
    for plane in picture.planes() {
        let seen = resized(plane, (height, width), small);
        plane.copy_from_slice(&resized(&seen, small, (height, width)));
    }
}

/// `plane` on a grid of another size.
fn resized(plane: &[f32], from: (usize, usize), to: (usize, usize)) -> Vec<f32> {
    let mut pixels = Vec::with_capacity(to.0 * to.1);
    let columns: Vec<Vec<(usize, f64)>> = (0..to.1).map(|at| overlaps(at, from.1, to.1)).collect();
    for row in 0..to.0 {
        let rows = overlaps(row, from.0, to.0);
        for columns in &columns {
            let (mut sum, mut area) = (0.0, 0.0);
            for (row, tall) in &rows {
                for (column, wide) in columns {
                    sum += tall * wide * f64::from(plane[row * from.1 + column]);
                    area += tall * wide;
                }
            }
            pixels.push((sum / area) as f32);
        }
    }
    pixels
}

/// The pixels, of `from` along the side, that pixel `at` of `to` overlaps, and by how much.
fn overlaps(at: usize, from: usize, to: usize) -> Vec<(usize, f64)> {
    let size = from as f64 / to as f64;
    let (first, end) = (at as f64 * size, (at as f64 + 1.0) * size);
    let pixels = (first.floor() as usize)..(end.ceil() as usize).min(from);
    pixels
        .map(|at| (at, (at as f64 + 1.0).min(end) - (at as f64).max(first)))
        // What rounding adds at a border is no overlap.
        .filter(|(_, overlap)| *overlap > 1e-9)
        .collect()
}

fn elastic(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    const SMOOTH: f64 = 0.14;
    let (height, width, side) = (picture.height, picture.width, picture.side());
    let mut field = || {
        let mut field: Vec<f64> = (0..height * width).map(|_| 2.0 * stream.uniform_f64() - 1.0).collect();
        smooth(&mut field, (height, width), SMOOTH * side);
        field
    };
    let (down, right) = (field(), field());
    let square: f64 = down.iter().chain(&right).map(|step| step * step).sum();
    let length = libm::sqrt(square / (height * width) as f64);
    let scale = if length > 0.0 { constants[0] * side / length } else { 0.0 };
    picture.warp(Outside::Edge, |row, column| {
        let at = row * width + column;
        (row as f64 + scale * down[at], column as f64 + scale * right[at])
    });
}

fn rotation(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    let degrees = f64::from(stream.sign()) * constants[0];
    turn(picture, degrees);
}

/// Turns the picture to the left (counterclockwise) by `degrees` about its middle.
pub(super) fn turn(picture: &mut Picture<'_>, degrees: f64) {
    let angle = degrees.to_radians();
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    let middle = picture.middle();
    picture.warp(Outside::Black, |row, column| {
        let (down, right) = (row as f64 - middle.0, column as f64 - middle.1);
        snapped((middle.0 + cosine * down + sine * right, middle.1 - sine * down + cosine * right))
    });
}

/// A place within rounding of a pixel's middle is that middle: a turn by a right angle looks at no neighbor.
fn snapped((row, column): (f64, f64)) -> (f64, f64) {
    let snap = |at: f64| if (at - at.round()).abs() < 1e-9 { at.round() } else { at };
    (snap(row), snap(column))
}

fn translation(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    let angle = std::f64::consts::TAU * stream.uniform_f64();
    let length = constants[0] * picture.side();
    shift(picture, (length * libm::sin(angle), length * libm::cos(angle)));
}

/// Moves the picture (down, right) by so many pixels.
pub(super) fn shift(picture: &mut Picture<'_>, (down, right): (f64, f64)) {
    picture.warp(Outside::Black, |row, column| (row as f64 - down, column as f64 - right));
}
