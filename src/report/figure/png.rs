//! PNG from the SVG, at twice the size, with the bundled fonts only.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};

use crate::error::{Error, Result};

use super::canvas::{BOLD, REGULAR};
use super::letters::boxed;

const SCALE: f32 = 2.0;

/// The drawing, read.
pub(super) fn tree(svg: &str) -> Result<Tree> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        Arc::new(fonts)
    });
    let options = Options { fontdb: Arc::clone(fonts), ..Options::default() };
    Tree::from_str(&boxed(svg), &options).map_err(|error| Error::internal(error.to_string()))
}

/// The drawing as PNG, two pixels per CSS pixel.
///
/// # Errors
///
/// When `svg` is not an SVG drawing of a size that fits into memory.
pub fn png(svg: &str) -> Result<Vec<u8>> {
    let defect = |message: String| Error::internal(message).context("cannot make a PNG");
    let tree = tree(svg).map_err(|error| error.context("cannot make a PNG"))?;
    let (width, height) = (tree.size().width() * SCALE, tree.size().height() * SCALE);
    let mut pixels = Pixmap::new(width.ceil() as u32, height.ceil() as u32)
        .ok_or_else(|| defect(format!("a picture of {width} × {height} pixels does not fit")))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| defect(error.to_string()))
}
