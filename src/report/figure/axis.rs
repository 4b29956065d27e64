//! One axis: its range, its direction on paper, its ticks.

use super::canvas::{BODY, Canvas, SMALL, Side, Type};
use super::theme::{GRID, INK, QUIET};

/// Maps values to pixels; better is always up or right.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    /// Less is better: the smallest value lies up or right.
    pub(super) reversed: bool,
    step: f64,
}

impl Axis {
    /// An axis that shows all of `values` with a margin, about `ticks` ticks, never wider than a hair beyond `bounds`.
    pub(super) fn around(values: &[f64], bounds: (f64, f64), reversed: bool, ticks: usize) -> Self {
        let mut low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let mut high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !(low.is_finite() && high.is_finite()) {
            (low, high) = (0.0, 1.0);
        }
        // A span too small to read would turn rounding into drama.
        let least = 0.02 * low.abs().max(high.abs()).max(0.1);
        if high - low < least {
            let middle = f64::midpoint(low, high);
            (low, high) = (middle - 0.5 * least, middle + 0.5 * least);
        }
        let margin = 0.07 * (high - low);
        let slack = 0.02 * (high - low);
        low = (low - margin).max(bounds.0 - slack);
        high = (high + margin).min(bounds.1 + slack);
        Self { low, high, reversed, step: nice_step(high - low, ticks) }
    }

    /// An axis from `low` to `high` without margins.
    pub(super) fn exactly(low: f64, high: f64, ticks: usize) -> Self {
        Self { low, high, reversed: false, step: nice_step(high - low, ticks) }
    }

    /// The same axis with about `ticks` ticks.
    pub(super) fn with_ticks(self, ticks: usize) -> Self {
        Self { step: nice_step(self.high - self.low, ticks), ..self }
    }

    /// Share of the way towards better, 0 to 1 inside the range.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        if self.reversed { 1.0 - share } else { share }
    }

    /// Round values inside the range with their texts.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let digits = digits(self.step);
        let first = (self.low / self.step - 1e-9).ceil() as i64;
        let last = (self.high / self.step + 1e-9).floor() as i64;
        (first..=last)
            .map(|i| {
                let value = i as f64 * self.step;
                (value, format!("{:.digits$}", value + 0.0).replace('-', "−"))
            })
            .collect()
    }
}

/// 1, 2, 2.5 or 5 times a power of ten, so that about `ticks` steps make up `span`.
fn nice_step(span: f64, ticks: usize) -> f64 {
    let rough = span / ticks.max(1) as f64;
    let mut power = 1.0_f64;
    while power > rough {
        power /= 10.0;
    }
    while power * 10.0 <= rough {
        power *= 10.0;
    }
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power)
}

/// Decimals needed to write multiples of `step` in full.
fn digits(step: f64) -> usize {
    let mut scaled = step;
    (0..9)
        .find(|_| {
            let whole = (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0);
            scaled *= 10.0;
            whole
        })
        .unwrap_or(9)
}

/// From one line of an axis' name to the next.
pub(super) const NEXT: f64 = 13.0;

/// A rectangle with two axes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Panel {
    pub(super) fn x(&self, value: f64) -> f64 {
        self.left + self.x.share(value) * (self.right - self.left)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        self.bottom - self.y.share(value) * (self.bottom - self.top)
    }

    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x(x), self.y(y))
    }

    /// Grid, frame lines and tick texts; `x_ticks` replaces the round numbers.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, x_ticks: Option<&[(f64, String)]>, small: bool) {
        self.inner(canvas, x_ticks, small, (true, true));
    }

    /// The same with texts across and up only where they are not those of a neighbor.
    pub(super) fn inner(
        &self,
        canvas: &mut Canvas<'_>,
        x_ticks: Option<&[(f64, String)]>,
        small: bool,
        (has_across, has_up): (bool, bool),
    ) {
        let look: Type = if small { Type { size: 10.0, ..SMALL } } else { Type { size: 11.0, ..SMALL } };
        for (value, text) in self.y.ticks() {
            let y = self.y(value);
            canvas.line(&[(self.left, y), (self.right, y)], GRID, 1.0, 1.0);
            if has_up {
                canvas.text(&text, (self.left - 7.0, y), look, Side::End);
            }
        }
        let mut ticks: Vec<(f64, String)> = x_ticks.map_or_else(|| self.x.ticks(), <[_]>::to_vec);
        ticks.sort_by(|a, b| self.x(a.0).total_cmp(&self.x(b.0)));
        let mut last = f64::NEG_INFINITY;
        for (value, text) in &ticks {
            let x = self.x(*value);
            if x_ticks.is_none() {
                canvas.line(&[(x, self.top), (x, self.bottom)], GRID, 1.0, 1.0);
            }
            canvas.line(&[(x, self.bottom), (x, self.bottom + 4.0)], QUIET, 1.0, 1.0);
            // Declared ticks may lie close together: a text that would touch the last one is left out.
            let fine = if x_ticks.is_some() { Type { size: 9.0, ..look } } else { look };
            let half = 0.5 * super::fitting::width(text, fine) + 1.5;
            if has_across && x - half >= last {
                canvas.text(text, (x, self.bottom + 14.0), fine, Side::Middle);
                last = x + half;
            }
        }
        canvas.line(
            &[(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)],
            INK,
            1.0,
            1.0,
        );
    }

    /// The horizontal axis alone: for rows that have names in place of a vertical one.
    pub(super) fn across(&self, canvas: &mut Canvas<'_>) {
        for (value, text) in self.x.ticks() {
            let x = self.x(value);
            canvas.line(&[(x, self.top), (x, self.bottom)], GRID, 1.0, 1.0);
            canvas.text(&text, (x, self.bottom + 12.0), Type { size: 10.0, ..SMALL }, Side::Middle);
        }
        canvas.line(&[(self.left, self.bottom), (self.right, self.bottom)], QUIET, 1.0, 1.0);
    }

    /// The names of both axes.
    pub(super) fn names(&self, canvas: &mut Canvas<'_>, x: &str, y: &[String]) {
        self.name_across(canvas, &[x.to_owned()]);
        self.name_up(canvas, y);
    }

    /// The name of the horizontal axis, below its texts, line by line.
    pub(super) fn name_across(&self, canvas: &mut Canvas<'_>, x: &[String]) {
        for (i, line) in x.iter().enumerate() {
            let at = (f64::midpoint(self.left, self.right), self.bottom + 36.0 + NEXT * i as f64);
            canvas.text(line, at, BODY, Side::Middle);
        }
    }

    /// The name of the vertical axis, left of its texts, line by line.
    pub(super) fn name_up(&self, canvas: &mut Canvas<'_>, y: &[String]) {
        let more = y.len().saturating_sub(1) as f64;
        let first = (self.left - 56.0 - 0.5 * NEXT * more).max(12.0);
        for (i, line) in y.iter().enumerate() {
            let at = (first + NEXT * i as f64, f64::midpoint(self.top, self.bottom));
            canvas.turned_text(line, at, BODY, Side::Middle);
        }
    }

    /// Room for the names: across and up, a little more than the axes. What stands above the panel is not touched.
    pub(super) fn room(&self) -> (f64, f64) {
        (self.right - self.left + 30.0, up(self.top, self.bottom))
    }

    /// Two short strokes across the foot of the vertical axis: it does not begin at 0.
    pub(super) fn broken(&self, canvas: &mut Canvas<'_>) {
        for y in [self.bottom - 7.0, self.bottom - 11.0] {
            canvas.line(&[(self.left - 4.0, y + 2.0), (self.left + 4.0, y - 2.0)], INK, 1.0, 1.2);
        }
    }

    /// `at` moved onto the panel where it lies outside.
    pub(super) fn clamped(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }
}

/// The left and right edges of `count` panels side by side, equally wide, from `from` to `to` with gaps of `gap`: panels are compared, so what stands beside
/// the first of them is taken off before they share what is left.
pub(super) fn beside((from, to): (f64, f64), gap: f64, count: usize) -> Vec<(f64, f64)> {
    let count = count.max(1);
    let width = (to - from - gap * (count - 1) as f64) / count as f64;
    let left = |i: usize| from + (width + gap) * i as f64;
    (0..count).map(|i| (left(i), left(i) + width)).collect()
}

/// Room for the name of a vertical axis from `top` to `bottom`.
pub(super) fn up(top: f64, bottom: f64) -> f64 {
    bottom - top + 18.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_is_better_lies_to_the_right_in_native_units() {
        let axis = Axis::around(&[0.1, 0.3], (0.0, 1.0), true, 5);
        assert!(axis.share(0.1) > axis.share(0.3));
        let texts: Vec<String> = axis.ticks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["0.10", "0.15", "0.20", "0.25", "0.30"]);
    }

    /// By hand: 300 less two gaps of 30 are 240, three times 80.
    #[test]
    fn panels_side_by_side_are_equally_wide() {
        assert_eq!(beside((100.0, 400.0), 30.0, 3), [(100.0, 180.0), (210.0, 290.0), (320.0, 400.0)]);
        assert_eq!(beside((100.0, 400.0), 30.0, 1), [(100.0, 400.0)]);
    }

    #[test]
    fn ticks_are_round_and_stay_inside_the_metrics_range() {
        let axis = Axis::around(&[0.0, 1.0], (0.0, 1.0), false, 5);
        let texts: Vec<String> = axis.ticks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["0.00", "0.25", "0.50", "0.75", "1.00"]);
        assert!(axis.low > -0.03 && axis.high < 1.03);
    }

    #[test]
    fn one_value_or_none_still_makes_an_axis() {
        for values in [&[0.5][..], &[]] {
            let axis = Axis::around(values, (0.0, 1.0), false, 5);
            assert!(axis.high > axis.low && axis.ticks().len() >= 2, "{axis:?}");
        }
    }
}
