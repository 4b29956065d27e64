//! Things in front of the picture. All constants are ours; lengths are shares of the shorter side.

use super::picture::Picture;
use super::{Change, Corruption};
use crate::seed::Stream;

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        word: "spatter",
        what: "drops of gray 0.75, of radius 0.06 to 0.14 of the side",
        constants: &[("drops", [2.0, 4.0, 6.0, 9.0, 13.0])],
        change: Change::Picture(spatter),
    },
    Corruption {
        word: "occlusion",
        what: "a black square of this share of the side (Cutout, DeVries and Taylor 2017)",
        constants: &[("square", [0.2, 0.3, 0.4, 0.5, 0.6])],
        change: Change::Picture(occlusion),
    },
];

/// A drop hides what is under it; over the pixel around its rim it fades out.
fn spatter(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    const GRAY: f64 = 0.75;
    let (height, width, side) = (picture.height, picture.width, picture.side());
    for _ in 0..constants[0] as usize {
        let middle = (stream.uniform_f64() * height as f64 - 0.5, stream.uniform_f64() * width as f64 - 0.5);
        let radius = side * (0.06 + 0.08 * stream.uniform_f64());
        for plane in picture.planes() {
            for (index, pixel) in plane.iter_mut().enumerate() {
                let (down, right) = ((index / width) as f64 - middle.0, (index % width) as f64 - middle.1);
                let away = libm::sqrt(down * down + right * right);
                let hidden = (radius + 0.5 - away).clamp(0.0, 1.0);
                *pixel = (f64::from(*pixel) * (1.0 - hidden) + GRAY * hidden) as f32;
            }
        }
    }
}

/// The square lies wholly within the frame; a pixel at its rim is darkened by the share of it that is hidden.
fn occlusion(picture: &mut Picture<'_>, constants: &[f64], stream: &mut Stream) {
    let (height, width) = (picture.height, picture.width);
    let length = constants[0] * picture.side();
    let mut first = |of: usize| stream.uniform_f64() * (of as f64 - length);
    let (top, left) = (first(height), first(width));
    // Pixel i reaches from i to i + 1 here.
    let hidden = |at: usize, start: f64| {
        ((at as f64 + 1.0).min(start + length) - (at as f64).max(start)).clamp(0.0, 1.0)
    };
    for plane in picture.planes() {
        for (index, pixel) in plane.iter_mut().enumerate() {
            let share = hidden(index / width, top) * hidden(index % width, left);
            *pixel = (f64::from(*pixel) * (1.0 - share)) as f32;
        }
    }
}
