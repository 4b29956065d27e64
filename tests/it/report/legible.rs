//! What is true of every figure in every layout: no text is cut or leaves its sheet, one scale where panels are compared, one sign for costs.

use std::sync::Arc;

use equipoise::measure::{MetricKey, Value};
use equipoise::report::figure::{self, Figure, Look, Theme, Width};
use equipoise::report::{Inputs, View};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Group, Node, Options, TextChunk, Tree};

use super::figures::confident;
use super::fixture;

/// A text of a drawing: what it says, and its left, top, right and bottom edge.
type Text = (String, [f32; 4]);

/// The texts of a drawing with the places that they take in the bundled fonts, and the size of the sheet.
fn texts(svg: &str) -> (Vec<Text>, (f32, f32)) {
    let mut fonts = Database::new();
    for name in ["DejaVuSans.subset.ttf", "DejaVuSans-Bold.subset.ttf"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/assets").join(name);
        fonts.load_font_data(std::fs::read(path).unwrap());
    }
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options).unwrap();
    let mut found = Vec::new();
    collect(tree.root(), &mut found);
    (found, (tree.size().width(), tree.size().height()))
}

fn collect(group: &Group, found: &mut Vec<Text>) {
    for node in group.children() {
        match node {
            Node::Group(group) => collect(group, found),
            Node::Text(text) => {
                let words: String = text.chunks().iter().map(TextChunk::text).collect();
                let place = text.abs_bounding_box();
                let edges = [place.left(), place.top(), place.right(), place.bottom()];
                found.push((words.trim().to_owned(), edges));
            }
            _ => {}
        }
    }
}

/// People of six groups with names that are long for a column.
fn groups() -> Inputs {
    const NAMES: [&str; 6] =
        ["African-American", "Asian", "Caucasian", "Hispanic", "Native American", "Other"];
    let mut inputs = fixture::people();
    inputs.data.attributes = vec![("race".to_owned(), NAMES.map(str::to_owned).to_vec())];
    for point in &mut inputs.points {
        for (i, name) in NAMES.iter().enumerate() {
            for id in ["group_accuracy", "robust_group_accuracy"] {
                let from = MetricKey {
                    group: Some("sex=Female".to_owned()),
                    ..if id.starts_with("robust") { fixture::under(id, 0.2) } else { MetricKey::plain(id) }
                };
                let mut measured = point.measures[&from].clone();
                let value = measured.estimate.value.get().unwrap() - 0.01 * i as f64;
                measured.estimate.value = Value::finite(value);
                point.measures.insert(MetricKey { group: Some(format!("race={name}")), ..from }, measured);
            }
        }
    }
    inputs.breakdowns = equipoise::report::Breakdown::all(&inputs.data);
    inputs
}

fn drawings() -> Vec<(String, Figure)> {
    let mut with_confidences = fixture::digits(3);
    confident(&mut with_confidences);
    let samples = [
        ("digits", with_confidences),
        ("defenses", fixture::three_defenses(5)),
        ("people", fixture::people()),
        ("groups", groups()),
    ];
    let mut all = Vec::new();
    for (name, inputs) in samples {
        let view = View::new(inputs);
        for theme in [Theme::Screen, Theme::Paper] {
            for width in [Width::Full, Width::Column] {
                for figure in figure::drawn(&view, Look::of(theme, width)) {
                    all.push((format!("{name}, {theme:?}, {width:?}: {}", figure.name), figure));
                }
            }
        }
    }
    all
}

#[test]
fn no_text_is_cut_or_leaves_its_sheet() {
    for (what, figure) in drawings() {
        let (texts, (width, height)) = texts(&figure.svg);
        assert!(!texts.is_empty(), "{what}");
        for (text, [left, top, right, bottom]) in texts {
            assert!(!text.contains('…'), "{what}: {text}");
            assert!(!text.contains('`'), "{what}: {text}");
            let is_inside = left >= 0.0 && top >= 0.0 && right <= width && bottom <= height;
            assert!(
                is_inside,
                "{what}: `{text}` at {left}, {top} to {right}, {bottom} of {width} × {height}"
            );
        }
    }
}

/// The names of axes, which are read from below, keep clear of the words above and below them.
#[test]
fn names_of_axes_touch_no_other_text() {
    for (what, figure) in drawings() {
        let (texts, _) = texts(&figure.svg);
        let is_turned = |[left, top, right, bottom]: [f32; 4]| bottom - top > 3.0 * (right - left);
        for (i, (name, a)) in
            texts.iter().enumerate().filter(|(_, (text, at))| text.len() > 8 && is_turned(*at))
        {
            for (j, (other, b)) in texts.iter().enumerate() {
                let touches = a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
                // Lines of one name are closer than boxes of letters tell.
                assert!(i == j || is_turned(*b) || !touches, "{what}: `{name}` and `{other}`");
            }
        }
    }
}

#[test]
fn long_names_of_groups_stand_whole_in_a_column() {
    let view = View::new(groups());
    let all = figure::drawn(&view, Look::of(Theme::Paper, Width::Column));
    let figure = all.iter().find(|figure| figure.name == "groups-race").unwrap();
    let (texts, _) = texts(&figure.svg);
    let said = |wanted: &str| texts.iter().filter(|(text, _)| text == wanted).count();
    // Two strengths: each name twice, broken where it may be.
    for name in ["African-", "American", "Native", "Caucasian", "Hispanic"] {
        assert!(said(name) >= 2, "{name}: {texts:?}");
    }
}

/// With so many groups that no name fits below its bars, all are read from below.
#[test]
fn names_that_do_not_fit_across_are_turned() {
    let mut inputs = groups();
    let names: Vec<String> = (0..18).map(|i| format!("Northern, group no. {i}")).collect();
    for point in &mut inputs.points {
        let measured = point.measures[&fixture::of("group_accuracy", "race=Asian")].clone();
        for name in &names {
            let key =
                MetricKey { group: Some(format!("region={name}")), ..MetricKey::plain("group_accuracy") };
            point.measures.insert(key, measured.clone());
        }
    }
    inputs.data.attributes = vec![("region".to_owned(), names)];
    inputs.breakdowns = equipoise::report::Breakdown::all(&inputs.data);
    let all = figure::drawn(&View::new(inputs), Look::of(Theme::Paper, Width::Column));
    let figure = all.iter().find(|figure| figure.name == "groups-region").unwrap();
    let (texts, (_, height)) = texts(&figure.svg);
    let named: Vec<&Text> =
        texts.iter().filter(|(text, _)| text.starts_with("Northern, group no. ")).collect();
    assert!(named.len() >= 18, "{texts:?}");
    for (text, [left, top, right, bottom]) in named {
        assert!(bottom - top > 3.0 * (right - left) && *bottom <= height, "{text}");
    }
}

/// Raises every value of the security curve to 0.6 and more, where nothing but the axis' foot would be near 0.
fn high(inputs: &mut Inputs) {
    for point in &mut inputs.points {
        for (key, measured) in &mut point.measures {
            if key.id == "robust_accuracy" || *key == MetricKey::plain("accuracy") {
                let raised = |value: f64| 0.6 + 0.3 * value;
                measured.estimate.value = measured
                    .estimate
                    .value
                    .get()
                    .map_or_else(|| measured.estimate.value.clone(), |value| Value::finite(raised(value)));
                measured.estimate.interval =
                    measured.estimate.interval.map(|(low, high)| (raised(low), raised(high)));
            }
        }
    }
}

#[test]
fn the_security_curve_is_as_high_as_its_lines_and_says_so() {
    let mut inputs = fixture::digits(3);
    let curve = |inputs: &Inputs, look| {
        let all = figure::drawn(&View::new(inputs.clone()), look);
        all.into_iter().find(|figure| figure.name == "security-curve").unwrap()
    };
    let low = curve(&inputs, Look::SCREEN);
    assert!(!low.caption.contains("not at 0"), "{}", low.caption);
    let (said, _) = texts(&low.svg);
    assert!(said.iter().any(|(text, at)| text == "0.0" && at[2] < 80.0), "from 0: {said:?}");
    // The trivial models of the fixture, with their values, in the legend.
    for name in ["always ‘3’: 0.102", "random guess: 0.100"] {
        assert!(said.iter().any(|(text, _)| text == name), "{name}: {said:?}");
    }
    let dashes = |figure: &Figure| figure.svg.lines().filter(|line| line.contains("#8A8F98")).count();
    high(&mut inputs);
    let raised = curve(&inputs, Look::SCREEN);
    assert!(raised.caption.contains("The vertical axis begins at 0.5"), "{}", raised.caption);
    let (said, _) = texts(&raised.svg);
    // Ticks of the vertical axis end left of the panel.
    assert!(!said.iter().any(|(text, at)| text == "0.0" && at[2] < 80.0), "{said:?}");
    let legend: String = said.iter().map(|(text, _)| format!("{text} ")).collect();
    assert!(legend.contains("always ‘3’: 0.102, beyond the axis"), "{legend}");
    // They are no longer drawn across the panel: what is left is in the legend.
    assert!(dashes(&raised) < dashes(&low), "{} and {}", dashes(&raised), dashes(&low));
}

#[test]
fn risk_clean_and_under_attack_is_on_one_scale() {
    let mut inputs = fixture::digits(3);
    confident(&mut inputs);
    for confidence in inputs.confidences.iter_mut().filter(|one| one.attack.is_some()) {
        for risk in &mut confidence.risks {
            risk.risk = 0.2 + 2.0 * risk.risk;
            risk.seeds = (risk.risk, risk.risk);
        }
    }
    for width in [Width::Full, Width::Column] {
        let all = figure::drawn(&View::new(inputs.clone()), Look::of(Theme::Paper, width));
        let figure = all.iter().find(|figure| figure.name == "risk-coverage").unwrap();
        let (texts, _) = texts(&figure.svg);
        // At each height there is the same tick in either panel.
        let ticks: Vec<&Text> =
            texts.iter().filter(|(text, _)| text.parse::<f64>().is_ok() && text.len() >= 3).collect();
        let of = |wanted: &str| -> Vec<f32> {
            ticks.iter().filter(|(text, _)| text == wanted).map(|(_, at)| at[1]).collect()
        };
        for tick in ["0.2", "0.4", "0.6"] {
            let heights = of(tick);
            assert_eq!(heights.len(), 2, "{tick}: {ticks:?}");
            assert!((heights[0] - heights[1]).abs() < 0.01, "{tick}: {heights:?}");
        }
    }
}
