//! Drawings with nothing said twice: the plotting library writes every default, and a mark as two elements.

/// The elements of a drawing, one a line as the library writes them, in fewer bytes: a shape and its outline as one element, lines of one look that follow one another
/// as one path, and no attribute that says what goes without saying. Only what is opaque is joined, so that the drawing looks as before.
pub(super) fn lean(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut held: Option<Element<'_>> = None;
    for line in body.split_inclusive('\n') {
        let next = Element::of(line);
        let joined = held.as_ref().zip(next.as_ref()).and_then(|(first, second)| first.joined(second));
        if joined.is_some() {
            held = joined;
            continue;
        }
        if let Some(first) = held.take() {
            first.write(&mut out);
        }
        if next.is_none() {
            out.push_str(&bare(line));
        }
        held = next;
    }
    if let Some(last) = held {
        last.write(&mut out);
    }
    out
}

/// An opaque shape that may be joined with the next one.
enum Element<'a> {
    /// What follows the name and comes before the paint, and its fill.
    Circle { place: &'a str, fill: &'a str },
    /// Its outline: the same place, the color and the width.
    Ring { place: &'a str, stroke: &'a str, width: &'a str },
    /// Corners, and their fill.
    Polygon { points: &'a str, fill: &'a str },
    /// Lines of one color and width, each by its points.
    Lines { stroke: &'a str, width: &'a str, lines: Vec<&'a str> },
    /// A shape with its outline.
    Mark { name: &'static str, place: String, fill: &'a str, stroke: &'a str, width: &'a str },
}

/// What stands between `before` and the next quotation mark, and the rest behind it.
fn value<'a>(text: &'a str, before: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(before)?.split_once('"')
}

impl<'a> Element<'a> {
    fn of(line: &'a str) -> Option<Self> {
        if let Some(rest) = line.strip_prefix("<circle ") {
            let (place, paint) = rest.split_once(" opacity=\"1\"")?;
            let (fill, rest) = value(paint, " fill=\"")?;
            let (stroke, rest) = value(rest, " stroke=\"")?;
            let (width, rest) = value(rest, " stroke-width=\"")?;
            return match (rest, fill, stroke) {
                ("/>\n", "none", _) => Some(Self::Ring { place, stroke, width }),
                ("/>\n", _, "none") => Some(Self::Circle { place, fill }),
                _ => None,
            };
        }
        if let Some(rest) = line.strip_prefix("<polygon opacity=\"1\"") {
            let (fill, rest) = value(rest, " fill=\"")?;
            let (points, rest) = value(rest, " points=\"")?;
            return (rest == "/>\n").then_some(Self::Polygon { points: points.trim_end(), fill });
        }
        let rest = line.strip_prefix("<polyline fill=\"none\" opacity=\"1\"")?;
        let (stroke, rest) = value(rest, " stroke=\"")?;
        let (width, rest) = value(rest, " stroke-width=\"")?;
        let (points, rest) = value(rest, " points=\"")?;
        (rest == "/>\n").then(|| Self::Lines { stroke, width, lines: vec![points.trim_end()] })
    }

    /// Both as one, where that is the same drawing.
    fn joined(&self, next: &Self) -> Option<Self> {
        match (self, next) {
            (Self::Circle { place, fill }, Self::Ring { place: other, stroke, width }) if place == other => {
                Some(Self::Mark { name: "circle", place: (*place).to_owned(), fill, stroke, width })
            }
            (Self::Polygon { points, fill }, Self::Lines { stroke, width, lines }) => {
                let [outline] = lines.as_slice() else { return None };
                // An outline goes on along its first edge, so that its corners are all alike.
                let again = outline.strip_prefix(points)?.trim_start();
                let mut corners = points.split(' ');
                let edge = [corners.next()?, corners.next()?].join(" ");
                (again == edge).then(|| Self::Mark {
                    name: "polygon",
                    place: format!("points=\"{points}\""),
                    fill,
                    stroke,
                    width,
                })
            }
            (
                Self::Lines { stroke, width, lines },
                Self::Lines { stroke: other, width: same, lines: more },
            ) if stroke == other && width == same => {
                let lines = lines.iter().chain(more).copied().collect();
                Some(Self::Lines { stroke, width, lines })
            }
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let text = match self {
            Self::Circle { place, fill } => format!("<circle {place} fill=\"{fill}\"/>\n"),
            Self::Ring { place, stroke, width } => {
                format!("<circle {place} fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>\n")
            }
            Self::Polygon { points, fill } => format!("<polygon fill=\"{fill}\" points=\"{points}\"/>\n"),
            Self::Lines { stroke, width, lines } => match lines.as_slice() {
                [points] => format!(
                    "<polyline fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" points=\"{points}\"/>\n"
                ),
                several => {
                    let paths: String =
                        several.iter().map(|points| format!("M{}", points.replace(' ', "L"))).collect();
                    format!(
                        "<path fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" d=\"{paths}\"/>\n"
                    )
                }
            },
            Self::Mark { name, place, fill, stroke, width } => {
                format!("<{name} {place} fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>\n")
            }
        };
        out.push_str(&text);
    }
}

/// The line without defaults. A quotation mark in a text is written as an entity, so that no text is taken for an attribute.
fn bare(line: &str) -> String {
    [" opacity=\"1\"", " stroke=\"none\"", " stroke-width=\"0\"", " text-anchor=\"start\""]
        .into_iter()
        .fold(line.to_owned(), |text, default| text.replace(default, ""))
        .replace(" \"/>", "\"/>")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: &str = "<circle cx=\"8\" cy=\"9\" r=\"3\" opacity=\"1\" fill=\"#AA0000\" stroke=\"none\" stroke-width=\"0\"/>\n\
        <circle cx=\"8\" cy=\"9\" r=\"3\" opacity=\"1\" fill=\"none\" stroke=\"#0000AA\" stroke-width=\"8\"/>\n\
        <polygon opacity=\"1\" fill=\"#00AA00\" points=\"1,1 5,1 3,4 \"/>\n\
        <polyline fill=\"none\" opacity=\"1\" stroke=\"#000000\" stroke-width=\"2\" points=\"1,1 5,1 3,4 1,1 5,1 \"/>\n\
        <polyline fill=\"none\" opacity=\"1\" stroke=\"#000000\" stroke-width=\"2\" points=\"7,7 8,8 \"/>\n\
        <polyline fill=\"none\" opacity=\"1\" stroke=\"#000000\" stroke-width=\"2\" points=\"9,9 9,8 \"/>\n";

    #[test]
    fn a_mark_is_one_element_and_dashes_are_one_path() {
        assert_eq!(
            lean(MARKS),
            "<circle cx=\"8\" cy=\"9\" r=\"3\" fill=\"#AA0000\" stroke=\"#0000AA\" stroke-width=\"8\"/>\n\
             <polygon points=\"1,1 5,1 3,4\" fill=\"#00AA00\" stroke=\"#000000\" stroke-width=\"2\"/>\n\
             <path fill=\"none\" stroke=\"#000000\" stroke-width=\"2\" d=\"M7,7L8,8M9,9L9,8\"/>\n"
        );
    }

    /// Joined, what lies over another would be seen through it no longer.
    #[test]
    fn what_is_translucent_or_lies_elsewhere_stays_as_it_is() {
        let faint = MARKS.replace("opacity=\"1\"", "opacity=\"0.5\"");
        assert_eq!(lean(&faint).lines().count(), 6);
        assert_eq!(lean(&faint).matches("opacity=\"0.5\"").count(), 6);
        let moved = MARKS.replacen("cx=\"8\"", "cx=\"7\"", 1).replacen("points=\"1,1", "points=\"2,1", 1);
        assert_eq!(lean(&moved).matches("<circle").count(), 2);
        assert!(lean(&moved).contains("<polygon fill=\"#00AA00\""));
    }

    #[test]
    fn texts_are_left_alone() {
        let text = "<text x=\"1\" y=\"2\" text-anchor=\"start\" opacity=\"1\">\nopacity=&quot;1&quot; stroke=none\n</text>\n</svg>\n";
        assert_eq!(
            lean(text),
            "<text x=\"1\" y=\"2\">\nopacity=&quot;1&quot; stroke=none\n</text>\n</svg>\n"
        );
    }
}
