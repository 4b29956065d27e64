//! PNG from the SVG, with the bundled fonts only and its size in print.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};

use crate::error::{Error, Result};

use super::canvas::{BOLD, REGULAR};
use super::letters::boxed;
use super::look::SCREEN_DOTS;

/// CSS pixels per inch.
const INCH: f32 = 96.0;
/// Inches per meter.
const METER: f32 = 1.0 / 0.0254;

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

/// The drawing as PNG for a screen, two pixels per CSS pixel.
///
/// # Errors
///
/// When `svg` is not an SVG drawing of a size that fits into memory.
pub fn png(svg: &str) -> Result<Vec<u8>> {
    png_of(svg, SCREEN_DOTS)
}

/// The drawing as PNG of `dots` pixels per inch, which the file states (`pHYs`; W3C, Portable Network Graphics, third edition, 2025).
///
/// # Errors
///
/// When `svg` is not an SVG drawing of a size that fits into memory.
pub(in crate::report) fn png_of(svg: &str, dots: f32) -> Result<Vec<u8>> {
    let scale = dots / INCH;
    let defect = |message: String| Error::internal(message).context("cannot make a PNG");
    let tree = tree(svg).map_err(|error| error.context("cannot make a PNG"))?;
    let (width, height) = ((tree.size().width() * scale).ceil(), (tree.size().height() * scale).ceil());
    let mut pixels = Pixmap::new(width as u32, height as u32)
        .ok_or_else(|| defect(format!("a picture of {width} × {height} pixels does not fit")))?;
    // Up to the last pixel: a part of one would be a line through which the page shines.
    let filled = Transform::from_scale(width / tree.size().width(), height / tree.size().height());
    resvg::render(&tree, filled, &mut pixels.as_mut());
    let bytes = pixels.encode_png().map_err(|error| defect(error.to_string()))?;
    Ok(sized(&bytes, (dots * METER).round() as u32))
}

/// The file with so many pixels per meter stated behind its header: eight bytes of signature, and a first chunk of 13 bytes.
fn sized(png: &[u8], per_meter: u32) -> Vec<u8> {
    const HEADER: usize = 8 + 12 + 13;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_meter.to_be_bytes());
    chunk.extend(per_meter.to_be_bytes());
    // The unit: meters.
    chunk.push(1);
    let (head, rest) = png.split_at(HEADER.min(png.len()));
    let length = (chunk.len() - 4) as u32;
    [head, &length.to_be_bytes(), &chunk, &crc(&chunk).to_be_bytes(), rest].concat()
}

/// The check sum of a chunk (CRC-32 of ISO 3309).
fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value that catalogs of check sums state for this one, and the end of every PNG file.
    #[test]
    fn check_sums_are_those_of_png() {
        assert_eq!(crc(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc(b"IEND").to_be_bytes(), [0xAE, 0x42, 0x60, 0x82]);
    }
}
