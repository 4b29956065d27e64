//! One picture, and how it is looked at between its pixels.

use crate::data::Shape;

/// A picture, channel-major; pixel (0, 0) is at the top left, and its center has the coordinates (0, 0).
pub(super) struct Picture<'a> {
    pub(super) pixels: &'a mut [f32],
    pub(super) height: usize,
    pub(super) width: usize,
}

/// What lies outside the frame.
#[derive(Clone, Copy)]
pub(super) enum Outside {
    /// The nearest pixel of the frame: a constant picture stays constant.
    Edge,
    /// Black.
    Black,
}

impl<'a> Picture<'a> {
    /// The picture that `pixels` hold.
    ///
    /// # Panics
    ///
    /// Where the shape is not that of a picture.
    pub(super) fn new(pixels: &'a mut [f32], shape: Shape) -> Self {
        let Shape::Image { height, width, .. } = shape else {
            panic!("a corruption of pictures is given pictures");
        };
        Self { pixels, height, width }
    }

    /// Pixels along the shorter side: the unit of lengths.
    pub(super) fn side(&self) -> f64 {
        self.height.min(self.width) as f64
    }

    /// The coordinates (row, column) of the middle.
    pub(super) fn middle(&self) -> (f64, f64) {
        ((self.height as f64 - 1.0) / 2.0, (self.width as f64 - 1.0) / 2.0)
    }

    /// Every channel in turn, as `height × width` numbers.
    pub(super) fn planes(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.pixels.chunks_exact_mut(self.height * self.width)
    }

    /// Every pixel takes the value that `from(row, column)` points at, bilinear between pixels.
    pub(super) fn warp(&mut self, outside: Outside, from: impl Fn(usize, usize) -> (f64, f64)) {
        let (height, width) = (self.height, self.width);
        for plane in self.planes() {
            let old = plane.to_vec();
            for (index, pixel) in plane.iter_mut().enumerate() {
                let (row, column) = from(index / width, index % width);
                *pixel = between(&old, (height, width), (row, column), outside) as f32;
            }
        }
    }
}

/// The value of `plane` at (row, column), bilinear between pixels.
pub(super) fn between(
    plane: &[f32],
    (height, width): (usize, usize),
    (row, column): (f64, f64),
    outside: Outside,
) -> f64 {
    let (top, left) = (row.floor(), column.floor());
    let (down, right) = (row - top, column - left);
    let at = |row: f64, column: f64| {
        let inside = (0.0..height as f64).contains(&row) && (0.0..width as f64).contains(&column);
        if !inside && matches!(outside, Outside::Black) {
            return 0.0;
        }
        let row = row.clamp(0.0, height as f64 - 1.0) as usize;
        let column = column.clamp(0.0, width as f64 - 1.0) as usize;
        f64::from(plane[row * width + column])
    };
    let upper = at(top, left) * (1.0 - right) + at(top, left + 1.0) * right;
    let lower = at(top + 1.0, left) * (1.0 - right) + at(top + 1.0, left + 1.0) * right;
    upper * (1.0 - down) + lower * down
}

/// `plane` smoothed by a Gaussian of standard deviation `sigma` pixels, cut off at 4 of them; beyond the edge the nearest pixel counts.
pub(super) fn smooth(plane: &mut [f64], (height, width): (usize, usize), sigma: f64) {
    if sigma <= 0.0 {
        return;
    }
    let reach = (4.0 * sigma).ceil() as usize;
    let weights: Vec<f64> = (0..=2 * reach)
        .map(|index| {
            let away = (index as f64 - reach as f64) / sigma;
            libm::exp(-0.5 * away * away)
        })
        .collect();
    let total: f64 = weights.iter().sum();
    let mut old = plane.to_vec();
    let clamped = |at: usize, step: usize, length: usize| (at + step).saturating_sub(reach).min(length - 1);
    for (index, pixel) in plane.iter_mut().enumerate() {
        let (row, column) = (index / width, index % width);
        let sum = |(step, weight): (usize, &f64)| weight * old[row * width + clamped(column, step, width)];
        *pixel = weights.iter().enumerate().map(sum).sum::<f64>() / total;
    }
    old.copy_from_slice(plane);
    for (index, pixel) in plane.iter_mut().enumerate() {
        let (row, column) = (index / width, index % width);
        let sum = |(step, weight): (usize, &f64)| weight * old[clamped(row, step, height) * width + column];
        *pixel = weights.iter().enumerate().map(sum).sum::<f64>() / total;
    }
}
