//! The page and its pictures: nothing from outside, dark as well as light, sharp on any screen.

use super::{file, fixture, is, rendered, samples};

#[test]
fn the_page_is_self_contained() {
    for (name, inputs) in samples() {
        let outputs = rendered(inputs);
        let page = file(&outputs, "report.html");
        assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
        for foreign in ["<script", "<link", "<img", "@import", "url(", " src=", "href=\"http"] {
            assert!(!page.contains(foreign), "{name}: {foreign}");
        }
        // Every link in the page leads somewhere.
        for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(page.contains(&format!("id=\"{link}\"")), "{name}: {link}");
        }
        let mut ids: Vec<&str> =
            page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name}: an id occurs twice");
    }
}

/// Dark rules exchange colors by their codes: a color without its twin would stay as it is, dark on dark.
#[test]
fn every_color_of_the_drawings_has_a_dark_twin() {
    for (name, inputs) in samples() {
        let outputs = rendered(inputs);
        let page = file(&outputs, "report.html");
        for svg in outputs.iter().filter(|output| is(output, "svg")) {
            let text = std::str::from_utf8(&svg.bytes).unwrap();
            for attribute in ["fill", "stroke"] {
                for part in text.split(&format!(" {attribute}=\"#")).skip(1) {
                    let code = &part[..6];
                    let rule = format!(".figure [{attribute}=\"#{code}\"]{{{attribute}:#");
                    assert!(page.contains(&rule), "{name} {}: {attribute} #{code}", svg.path);
                }
            }
        }
    }
}

#[test]
fn pictures_are_twice_the_size_of_the_drawings() {
    let outputs = rendered(fixture::digits(3));
    for svg in outputs.iter().filter(|output| is(output, "svg")) {
        let text = std::str::from_utf8(&svg.bytes).unwrap();
        let size = |name: &str| -> u32 {
            let (_, rest) = text.split_once(&format!(" {name}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        let path = svg.path.replace(".svg", ".png");
        let png = &outputs.iter().find(|output| output.path == path).unwrap().bytes;
        // PNG specification, 11.2.2: width and height stand at bytes 16 and 20.
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), (2 * size("width"), 2 * size("height")), "{path}");
    }
}
