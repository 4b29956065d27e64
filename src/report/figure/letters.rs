//! Letters that the bundled font lacks: what draws with it alone shows a box in their place, and the report names them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use ttf_parser::Face;

use super::canvas::REGULAR;
use crate::report::view::View;

/// Stands for a letter that the font lacks.
const BOX: char = '□';
/// Letters that a sentence names at most.
const NAMED: usize = 8;

fn is_missing(letter: char) -> bool {
    static FACE: OnceLock<Option<Face<'_>>> = OnceLock::new();
    // The regular and the bold font have the same letters.
    let face = FACE.get_or_init(|| Face::parse(REGULAR, 0).ok());
    !letter.is_ascii() && face.as_ref().is_some_and(|face| face.glyph_index(letter).is_none())
}

/// The drawing as it is drawn with the bundled font alone.
pub(super) fn boxed(svg: &str) -> Cow<'_, str> {
    if svg.contains(is_missing) {
        Cow::Owned(svg.replace(is_missing, &BOX.to_string()))
    } else {
        Cow::Borrowed(svg)
    }
}

/// Which letters of the names in figures are boxes where the bundled font is all there is.
pub(in crate::report) fn remark(view: &View) -> Option<String> {
    let given = &view.given;
    let groups = given.data.attributes.iter().flat_map(|(name, groups)| std::iter::once(name).chain(groups));
    let places =
        given.points.iter().flat_map(|point| point.coordinates.iter().flat_map(|(key, value)| [key, value]));
    let names =
        [&given.name, &given.data.name].into_iter().chain(&given.data.classes).chain(groups).chain(places);
    let letters: BTreeSet<char> =
        names.flat_map(|name| name.chars()).filter(|letter| is_missing(*letter)).collect();
    let named: Vec<String> = letters.iter().take(NAMED).map(char::to_string).collect();
    let more = if letters.len() > NAMED { " …" } else { "" };
    (!letters.is_empty()).then(|| {
        format!(
            "the font of PNG and PDF figures lacks {}{more}: {BOX} stands there for each; SVG and the page have them",
            named.join(" ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figure::canvas::BOLD;

    /// Alphabets of Polish, Turkish, Romanian, Czech, Greek, Ukrainian and Russian, which names in data have.
    #[test]
    fn letters_of_european_names_are_there_in_both_fonts() {
        let letters = "łźćńğşıİțșřěůąęőűćđħŁŹĆŃĞŞάέήίόύώϊλщыэяґїєіЩЫЭЯҐЇ";
        let bold = Face::parse(BOLD, 0).unwrap();
        for letter in letters.chars() {
            assert!(!is_missing(letter) && bold.glyph_index(letter).is_some(), "{letter}");
        }
        assert_eq!(boxed("<text>łódź é Да −</text>"), "<text>łódź é Да −</text>");
    }

    #[test]
    fn a_letter_that_the_font_lacks_is_a_box() {
        assert_eq!(boxed("<text>性别 = a\n🎉</text>"), "<text>□□ = a\n□</text>");
        assert!(!is_missing(BOX) && is_missing('性'));
    }
}
