//! Where a figure will be looked at: how wide it is, and whether it carries its own words.

/// What figures are made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// A page on a screen: title and caption are part of the drawing.
    #[default]
    Screen,
    /// A publication, which sets titles and captions itself; sizes are those of the printed page.
    Paper,
}

/// How much of a printed page, or of a screen, a figure takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Width {
    /// One of two columns: 3.4 inches; on a screen a telephone's width.
    Column,
    /// The whole text: 7 inches; on a screen 900 pixels.
    #[default]
    Full,
}

/// The layout that follows from both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Width of the drawing in the units of its texts, which are 9.5 to 17 units high.
    pub(super) width: f64,
    /// CSS pixels per unit.
    pub(super) scale: f64,
    /// Whether title and caption are drawn.
    pub(super) is_framed: bool,
}

/// CSS pixels per inch.
const INCH: f64 = 96.0;
/// Dots per inch of what is made for screens.
pub(super) const SCREEN_DOTS: f32 = 192.0;
/// Below this legends stand under drawings, and small multiples in two columns.
const NARROW: f64 = 600.0;

impl Look {
    /// For a screen, as wide as a page.
    pub const SCREEN: Self = Self::of(Theme::Screen, Width::Full);

    /// For a drawing in a page, which sets title and caption itself.
    pub const PAGE: Self = Self { is_framed: false, ..Self::SCREEN };

    /// The layout for `theme` at `width`. On paper the text of axes and legends is 7 to 8 points high, and none is below 5.5.
    #[must_use]
    pub const fn of(theme: Theme, width: Width) -> Self {
        let (units, pixels) = match (theme, width) {
            (Theme::Screen, Width::Full) => (900.0, 900.0),
            (Theme::Screen, Width::Column) => (400.0, 400.0),
            (Theme::Paper, Width::Full) => (800.0, 7.0 * INCH),
            (Theme::Paper, Width::Column) => (400.0, 3.4 * INCH),
        };
        Self { width: units, scale: pixels / units, is_framed: matches!(theme, Theme::Screen) }
    }

    /// Whether titles and captions are part of the drawings.
    pub(in crate::report) fn carries_words(self) -> bool {
        self.is_framed
    }

    /// Whether there is no room beside a drawing.
    pub(super) fn is_narrow(self) -> bool {
        self.width < NARROW
    }

    /// The height of `units` on paper, in inches; none on a screen, which has no end.
    pub(super) fn inches(self, units: f64) -> Option<f64> {
        (!self.is_framed).then(|| units * self.scale / INCH)
    }

    /// Dots per inch of a PNG: those of print on paper, else two per CSS pixel.
    pub(in crate::report) fn dots(self) -> f32 {
        if self.is_framed { SCREEN_DOTS } else { 300.0 }
    }

    /// So many inches of paper in the units of the drawing.
    pub(super) fn units(self, inches: f64) -> f64 {
        inches * INCH / self.scale
    }

    /// Columns of small multiples, at most `most`.
    pub(super) fn columns(self, most: usize) -> usize {
        if self.is_narrow() { most.min(2) } else { most }
    }

    /// Left margin of the outermost panel: tick texts and the axis' name on so many lines.
    pub(super) fn left(self, lines: usize) -> f64 {
        let more = 11.0 * lines.saturating_sub(1) as f64;
        if self.is_narrow() { 66.0 + more } else { 84.0 }
    }
}
