//! PDF from the SVG: one page of the drawing's size, its text as text, with the bundled fonts only.

use krilla::geom::Size;
use krilla::page::PageSettings;
use krilla::{Document, SerializeSettings};
use krilla_svg::{SurfaceExt, SvgSettings};

use crate::error::{Error, Result};

use super::png::tree;

/// CSS pixels are 1/96 inch, PDF's points 1/72.
const POINTS: f32 = 0.75;

/// The drawing as PDF, 72 points per 96 CSS pixels. No date and no random identifier is in it: the same drawing gives the same bytes.
///
/// # Errors
///
/// When `svg` is not an SVG drawing.
pub fn pdf(svg: &str) -> Result<Vec<u8>> {
    let defect = |message: String| Error::internal(message).context("cannot make a PDF");
    let tree = tree(svg).map_err(|error| error.context("cannot make a PDF"))?;
    // To a thousandth of a point, so that 3.4 inches are 244.8 of them.
    let points = |pixels: f32| (pixels * POINTS * 1e3).round() / 1e3;
    let size = Size::from_wh(points(tree.size().width()), points(tree.size().height()))
        .ok_or_else(|| defect("the drawing has no size".to_owned()))?;
    let mut document = Document::new_with(SerializeSettings::default());
    let mut page = document.start_page_with(PageSettings::new(size));
    let mut surface = page.surface();
    let drawn = surface.draw_svg(&tree, size, SvgSettings::default());
    surface.finish();
    page.finish();
    drawn.ok_or_else(|| defect("the drawing cannot be drawn".to_owned()))?;
    document.finish().map_err(|error| defect(format!("{error:?}")))
}
