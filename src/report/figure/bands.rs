//! What single seeds attain, as shades behind a front.

use crate::measure::MetricKey;
use crate::pareto::uncertain::Band;
use crate::report::view::{Plane, View};

use super::axis::Panel;
use super::canvas::Canvas;
use super::front::steps;
use super::legend::Part;
use super::theme::QUIET;

/// Shades: how dark, and between which named bands.
const SHADES: [(f64, &str, &str); 2] = [(0.09, "best", "worst"), (0.13, "25 %", "75 %")];

/// How dark the edges of shades are: 3 : 1 against either page.
const EDGE: f64 = 0.7;

/// A shade between the places that `from` seeds attain and those that `to` do.
struct Shade<'a> {
    alpha: f64,
    outer: &'a Band,
    inner: &'a Band,
}

/// The shades, the widest first. A plane is all there is only with two objectives; bands of more would not lie on it.
fn shades(view: &View) -> Vec<Shade<'_>> {
    let bands = &view.given.uncertainty.bands;
    if view.planes.len() != 1 {
        return Vec::new();
    }
    let named = |name: &str| bands.iter().find(|band| band.name == name);
    let mut shades: Vec<Shade<'_>> = SHADES
        .iter()
        .filter_map(|(alpha, outer, inner)| {
            Some(Shade { alpha: *alpha, outer: named(outer)?, inner: named(inner)? })
        })
        .filter(|shade| shade.outer.seeds < shade.inner.seeds)
        .collect();
    // With few seeds the quarters are the best and the worst seed.
    shades.dedup_by(|b, a| (a.outer.seeds, a.inner.seeds) == (b.outer.seeds, b.inner.seeds));
    shades
}

/// Draws the shades.
pub(super) fn draw(canvas: &mut Canvas<'_>, view: &View, plane: &Plane, panel: &Panel) {
    let place =
        |key: &MetricKey| view.given.front.objectives.iter().position(|objective| objective.key == *key);
    let (Some(x), Some(y)) = (place(&plane.x), place(&plane.y)) else { return };
    for (i, shade) in shades(view).into_iter().enumerate() {
        let stairs = |band: &Band| {
            let corners = band.corners.iter().map(|corner| panel.at(corner[x], corner[y])).collect();
            steps(panel, corners).into_iter().map(|at| panel.clamped(at))
        };
        let outer: Vec<(f64, f64)> = stairs(shade.outer).collect();
        let inner: Vec<(f64, f64)> = stairs(shade.inner).collect();
        let border: Vec<(f64, f64)> = outer.iter().chain(inner.iter().rev()).copied().collect();
        canvas.polygon(&border, QUIET, shade.alpha);
        // So pale a shade has no visible end by itself; the inner one lies on it.
        if i == 0 {
            canvas.line(&outer, QUIET, EDGE, 0.6);
            canvas.line(&inner, QUIET, EDGE, 0.6);
        }
    }
}

/// What the shades are.
pub(super) fn legend(view: &View) -> Vec<Part> {
    let shades = shades(view);
    if shades.is_empty() {
        return Vec::new();
    }
    let seeds = view.given.front.seeds;
    // They lie on one another.
    let depth = |i: usize| shades[..=i].iter().fold(0.0, |dark, shade| dark + shade.alpha * (1.0 - dark));
    let entry = |(i, shade): (usize, &Shade<'_>)| {
        let alpha = depth(i);
        let text = format!("{} to {} of {seeds} seeds", shade.outer.seeds, shade.inner.seeds);
        Part::entry(&text, move |canvas, (x, y)| {
            canvas.rectangle((x - 8.0, y - 6.0), (x + 8.0, y + 6.0), QUIET, alpha);
            for side in [-6.0, 6.0].into_iter().filter(|_| i == 0) {
                canvas.line(&[(x - 8.0, y + side), (x + 8.0, y + side)], QUIET, EDGE, 0.6);
            }
        })
    };
    std::iter::once(Part::Heading("attained by".to_owned()))
        .chain(shades.iter().enumerate().map(entry))
        .collect()
}

/// The same in the caption.
pub(super) fn caption(view: &View) -> String {
    let shades = shades(view);
    let seeds = view.given.front.seeds;
    let between = |shade: &Shade<'_>| format!("{} to {}", shade.outer.seeds, shade.inner.seeds);
    match shades.as_slice() {
        [] => String::new(),
        [one] => {
            format!(" Shaded: the border of what {} of the {seeds} seeds attain by themselves.", between(one))
        }
        [outer, inner, ..] => format!(
            " Shaded: the border of what {} of the {seeds} seeds attain by themselves; the inner shade: {}.",
            between(outer),
            between(inner)
        ),
    }
}
