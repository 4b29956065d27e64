//! Shapes and text on an SVG drawing, in CSS pixels. The only code that knows the plotting library.
//!
//! The library places everything on whole units, so a drawing is made [`UNITS`] times larger and shown at its proper size.

use std::sync::OnceLock;

use plotters::prelude::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, ShapeStyle, register_font};

use crate::words::printable;

use super::lean::lean;
use super::theme::{COLORS, Color, INK, QUIET, SURFACE};

pub(super) const UNITS: f64 = 8.0;
const FONT: &str = "DejaVu Sans";
/// The library divides font sizes by this when it writes SVG.
pub(super) const SIZE_FACTOR: f64 = 1.24;

pub(super) static REGULAR: &[u8] = include_bytes!("../assets/DejaVuSans.subset.ttf");
pub(super) static BOLD: &[u8] = include_bytes!("../assets/DejaVuSans-Bold.subset.ttf");

/// Where a text lies relative to its place: before, around or behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) color: Color,
}

pub(super) const TITLE: Type = Type { size: 17.0, bold: true, color: INK };
pub(super) const HEADING: Type = Type { size: 12.5, bold: true, color: INK };
pub(super) const BODY: Type = Type { size: 12.0, bold: false, color: INK };
pub(super) const SMALL: Type = Type { size: 11.0, bold: false, color: QUIET };

/// How much of a mark is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    Whole,
    Half,
    Hollow,
}

/// The shape of a point: one per defense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Up,
    Down,
    Diamond,
    Hexagon,
    Star,
    Plus,
    Left,
    Right,
    Cross,
    Pentagon,
}

impl Marker {
    /// The marker of defense number `index`; they repeat after twelve, at another color.
    pub(super) fn of(index: usize) -> Self {
        let all = [
            Self::Circle,
            Self::Square,
            Self::Up,
            Self::Down,
            Self::Diamond,
            Self::Hexagon,
            Self::Star,
            Self::Plus,
            Self::Left,
            Self::Right,
            Self::Cross,
            Self::Pentagon,
        ];
        // Where colors repeat the shapes must not do so with them.
        all[(index % COLORS + index / COLORS) % all.len()]
    }

    /// The left half of the shape on the unit circle.
    fn half(self) -> Vec<(f64, f64)> {
        let corners = self.corners();
        if corners.is_empty() {
            const PARTS: u32 = 24;
            let angle = |i: u32| std::f64::consts::PI * (0.5 + f64::from(i) / f64::from(PARTS));
            return (0..=PARTS).map(|i| (libm::cos(angle(i)), libm::sin(angle(i)))).collect();
        }
        // What lies left of the middle, cut edge by edge (Sutherland and Hodgman 1974).
        let mut kept = Vec::new();
        for (i, &(x0, y0)) in corners.iter().enumerate() {
            let (x1, y1) = corners[(i + 1) % corners.len()];
            if x0 <= 0.0 {
                kept.push((x0, y0));
            }
            if (x0 < 0.0 && x1 > 0.0) || (x0 > 0.0 && x1 < 0.0) {
                kept.push((0.0, y0 + (y1 - y0) * x0 / (x0 - x1)));
            }
        }
        kept
    }

    /// Corners on the unit circle; none for the circle itself.
    pub(super) fn corners(self) -> &'static [(f64, f64)] {
        match self {
            Self::Circle => &[],
            Self::Square => &[(-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)],
            Self::Up => &[(0.0, -1.15), (1.05, 0.75), (-1.05, 0.75)],
            Self::Down => &[(0.0, 1.15), (1.05, -0.75), (-1.05, -0.75)],
            Self::Diamond => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
            Self::Hexagon => {
                &[(-0.5, -0.95), (0.5, -0.95), (1.05, 0.0), (0.5, 0.95), (-0.5, 0.95), (-1.05, 0.0)]
            }
            Self::Star => &[
                (0.0, -1.3),
                (0.35, -0.45),
                (1.24, -0.4),
                (0.55, 0.18),
                (0.76, 1.05),
                (0.0, 0.57),
                (-0.76, 1.05),
                (-0.55, 0.18),
                (-1.24, -0.4),
                (-0.35, -0.45),
            ],
            Self::Plus => &[
                (-0.4, -1.1),
                (0.4, -1.1),
                (0.4, -0.4),
                (1.1, -0.4),
                (1.1, 0.4),
                (0.4, 0.4),
                (0.4, 1.1),
                (-0.4, 1.1),
                (-0.4, 0.4),
                (-1.1, 0.4),
                (-1.1, -0.4),
                (-0.4, -0.4),
            ],
            Self::Left => &[(-1.15, 0.0), (0.75, -1.05), (0.75, 1.05)],
            Self::Right => &[(1.15, 0.0), (-0.75, 1.05), (-0.75, -1.05)],
            Self::Cross => &[
                (0.0, -0.55),
                (0.55, -1.1),
                (1.1, -0.55),
                (0.55, 0.0),
                (1.1, 0.55),
                (0.55, 1.1),
                (0.0, 0.55),
                (-0.55, 1.1),
                (-1.1, 0.55),
                (-0.55, 0.0),
                (-1.1, -0.55),
                (-0.55, -1.1),
            ],
            Self::Pentagon => &[(0.0, -1.1), (1.05, -0.34), (0.65, 0.9), (-0.65, 0.9), (-1.05, -0.34)],
        }
    }
}

/// A drawing in the making.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// Draws on a sheet of `width × height` units, shown at `scale` CSS pixels each, and returns the SVG; `alt` is what a screen reader says.
pub(super) fn sheet(
    (width, height): (f64, f64),
    scale: f64,
    alt: &str,
    draw: impl FnOnce(&mut Canvas<'_>),
) -> String {
    register();
    let mut svg = String::new();
    let size = ((width * UNITS) as u32, (height * UNITS) as u32);
    {
        let mut canvas = Canvas { backend: SVGBackend::with_string(&mut svg, size) };
        canvas.rectangle((0.0, 0.0), (width, height), SURFACE, 1.0);
        draw(&mut canvas);
        canvas.backend.present().expect(TO_STRING);
    }
    // The font is named once, with near relatives for readers who lack it.
    let body = svg.replace(&format!(" font-family=\"{FONT}\""), "");
    let body = lean(body.split_once('>').map_or("", |(_, rest)| rest));
    // Ends of binary fractions are no sizes.
    let pixels = |units: f64| (units * scale * 1e3).round() / 1e3;
    let (width, height) = (pixels(width), pixels(height));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         font-family=\"{FONT},Verdana,sans-serif\" role=\"img\" aria-label=\"{}\">{body}",
        size.0,
        size.1,
        attribute(alt),
    )
}

fn attribute(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// How opaque what is there for orientation is.
const FAINT: f64 = 0.5;

const TO_STRING: &str = "drawing to a string cannot fail";

pub(super) fn register() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            assert!(register_font(FONT, style, bytes).is_ok(), "the bundled font is a font");
        }
    });
}

pub(super) fn font(look: Type, turned: bool) -> FontDesc<'static> {
    let style = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
    let turn = if turned { FontTransform::Rotate270 } else { FontTransform::None };
    FontDesc::new(FontFamily::Name(FONT), look.size * SIZE_FACTOR * UNITS, style).transform(turn)
}

fn units((x, y): (f64, f64)) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn paint(color: Color, alpha: f64, stroke: f64) -> ShapeStyle {
    ShapeStyle {
        color: RGBAColor(color.0, color.1, color.2, alpha),
        filled: true,
        stroke_width: (stroke * UNITS).round() as u32,
    }
}

impl Canvas<'_> {
    pub(super) fn rectangle(&mut self, from: (f64, f64), to: (f64, f64), color: Color, alpha: f64) {
        let style = paint(color, alpha, 0.0);
        self.backend.draw_rect(units(from), units(to), &style, true).expect(TO_STRING);
    }

    pub(super) fn line(&mut self, points: &[(f64, f64)], color: Color, alpha: f64, stroke: f64) {
        let style = paint(color, alpha, stroke);
        self.backend.draw_path(points.iter().map(|&p| units(p)), &style).expect(TO_STRING);
    }

    /// A line of dashes of `on` pixels with gaps of `off`, running on around corners.
    pub(super) fn dashed(
        &mut self,
        points: &[(f64, f64)],
        color: Color,
        alpha: f64,
        stroke: f64,
        (on, off): (f64, f64),
    ) {
        let mut phase = 0.0;
        for pair in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let length = libm::hypot(x1 - x0, y1 - y0);
            let mut at = 0.0;
            while at < length {
                let in_dash = phase < on;
                let left = if in_dash { on - phase } else { on + off - phase };
                let step = left.min(length - at);
                if in_dash {
                    let place = |t: f64| (x0 + (x1 - x0) * t / length, y0 + (y1 - y0) * t / length);
                    self.line(&[place(at), place(at + step)], color, alpha, stroke);
                }
                if left <= length - at {
                    phase = if in_dash { on } else { 0.0 };
                } else {
                    phase += step;
                }
                at += step;
            }
        }
    }

    pub(super) fn polygon(&mut self, points: &[(f64, f64)], color: Color, alpha: f64) {
        let style = paint(color, alpha, 0.0);
        self.backend.fill_polygon(points.iter().map(|&p| units(p)), &style).expect(TO_STRING);
    }

    /// A point: filled with `fill`, outlined with `edge`.
    pub(super) fn marker(
        &mut self,
        shape: Marker,
        at: (f64, f64),
        radius: f64,
        fill: Color,
        edge: Color,
        stroke: f64,
    ) {
        let corners = shape.corners();
        if corners.is_empty() {
            let radius = (radius * UNITS) as u32;
            let (fill, edge) = (paint(fill, 1.0, 0.0), paint(edge, 1.0, stroke));
            self.backend.draw_circle(units(at), radius, &fill, true).expect(TO_STRING);
            self.backend.draw_circle(units(at), radius, &edge, false).expect(TO_STRING);
            return;
        }
        let place = |&(x, y): &(f64, f64)| (at.0 + radius * x, at.1 + radius * y);
        let mut outline: Vec<(f64, f64)> = corners.iter().map(place).collect();
        self.polygon(&outline, fill, 1.0);
        outline.push(outline[0]);
        outline.push(outline[1]);
        self.line(&outline, edge, 1.0, stroke);
    }

    /// A point in `color`, filled as far as its `fill` says.
    pub(super) fn filled(
        &mut self,
        shape: Marker,
        at: (f64, f64),
        radius: f64,
        fill: Fill,
        (color, edge): (Color, Color),
    ) {
        match fill {
            Fill::Whole => self.marker(shape, at, radius, color, edge, 1.0),
            Fill::Hollow => self.marker(shape, at, radius, SURFACE, color, 2.0),
            Fill::Half => {
                self.marker(shape, at, radius, SURFACE, color, 1.6);
                let place = |(x, y): (f64, f64)| (at.0 + radius * x, at.1 + radius * y);
                let half: Vec<(f64, f64)> = shape.half().into_iter().map(place).collect();
                self.polygon(&half, color, 1.0);
            }
        }
    }

    /// A point that is there for orientation: its pale outline.
    pub(super) fn faint(&mut self, shape: Marker, (x, y): (f64, f64), radius: f64, color: Color) {
        let place = |&(a, b): &(f64, f64)| (x + radius * a, y + radius * b);
        let mut outline: Vec<(f64, f64)> = shape.corners().iter().map(place).collect();
        if outline.is_empty() {
            let radius = (radius * UNITS) as u32;
            for (fill, style) in [(true, paint(SURFACE, 1.0, 0.0)), (false, paint(color, FAINT, 1.2))] {
                self.backend.draw_circle(units((x, y)), radius, &style, fill).expect(TO_STRING);
            }
            return;
        }
        self.polygon(&outline, SURFACE, 1.0);
        outline.extend_from_within(..2);
        self.line(&outline, color, FAINT, 1.2);
    }

    /// A text whose place is its left end, middle or right end, at half its height.
    pub(super) fn text(&mut self, text: &str, at: (f64, f64), look: Type, side: Side) {
        self.write(text, at, look, side, false);
    }

    /// The same, read from below.
    pub(super) fn turned_text(&mut self, text: &str, at: (f64, f64), look: Type, side: Side) {
        self.write(text, at, look, side, true);
    }

    fn write(&mut self, text: &str, at: (f64, f64), look: Type, side: Side, turned: bool) {
        let Color(r, g, b) = look.color;
        let mut style = font(look, turned).color(&RGBAColor(r, g, b, 1.0));
        let across = match side {
            Side::Start => HPos::Left,
            Side::Middle => HPos::Center,
            Side::End => HPos::Right,
        };
        style.pos = Pos::new(across, VPos::Center);
        // Names from data files may have any character; a drawing is XML.
        self.backend.draw_text(&printable(text), &style, units(at)).expect(TO_STRING);
    }
}
