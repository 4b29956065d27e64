//! The page and its pictures: nothing from outside, dark as well as light, sharp on any screen.

use super::{file, fixture, is, rendered, samples};

/// What a page says apart from its script: the library's text speaks of everything.
fn without_script(page: &str) -> String {
    let (before, rest) = page.split_once("\n<script>\n").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    format!("{before}{after}")
}

/// The page's block of numbers.
fn numbers(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"numbers\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn the_page_is_self_contained() {
    for (name, inputs) in samples() {
        let outputs = rendered(inputs);
        let whole = file(&outputs, "report.html");
        let (_, policy) = whole.split_once("Content-Security-Policy\" content=\"").unwrap();
        let policy = policy.split_once('"').unwrap().0.replace("&#x27;", "'");
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
        assert!(policy.contains("; connect-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(whole.matches("</script>").count(), 2, "{name}: the numbers and the script");
        let page = without_script(whole);
        for foreign in
            ["<script>", "<link", "<img", "@import", "url(", " src=", "href=\"http", " style=", " onclick"]
        {
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

/// The scripts of the page find the elements they work on.
#[test]
fn scripts_and_page_agree_on_names() {
    let outputs = rendered(fixture::digits(3));
    let page = file(&outputs, "report.html");
    let (_, script) = page.split_once("\"use strict\";\n// Cells for machines").unwrap();
    let mut seen = 0;
    for call in ["getElementById(\"", "by(\""] {
        for id in script.split(call).skip(1).map(|rest| rest.split('"').next().unwrap()) {
            seen += 1;
            assert!(page.contains(&format!(" id=\"{id}\"")), "the page has no {id}");
        }
    }
    assert!(seen > 20, "only {seen} names were found");
}

#[test]
fn the_block_of_numbers_holds_what_the_view_holds() {
    let inputs = fixture::digits(3);
    let outputs = rendered(inputs.clone());
    let block = numbers(file(&outputs, "report.html"));
    let metric =
        |key: &str| block["metrics"].as_array().unwrap().iter().find(|metric| metric["key"] == key).unwrap();
    let robust = metric("robust_accuracy!union-5f3a:linf:0.2");
    assert_eq!(robust["values"][5], 0.519);
    assert_eq!((robust["direction"].as_str(), robust["bound"].as_str()), (Some("higher"), Some("upper")));
    let (low, _) =
        inputs.points[5].measures[&fixture::under("robust_accuracy", 0.2)].estimate.interval.unwrap();
    assert!((robust["low"][5].as_f64().unwrap() - low).abs() <= 5e-7);
    let axes: Vec<u64> =
        block["axes"].as_array().unwrap().iter().map(|axis| axis.as_u64().unwrap()).collect();
    assert_eq!(block["metrics"][axes[0] as usize]["key"], "robust_accuracy!union-5f3a:linf:0.2");
    assert_eq!(block["metrics"][axes[1] as usize]["key"], "accuracy");
    // The collapsed point is kept off every front, and it is said why.
    assert_eq!(block["points"]["degenerate"], serde_json::json!([7]));
    assert!(block["points"]["off"]["7"].as_str().unwrap().starts_with("degenerate: "));
    assert_eq!(block["points"]["off"].as_object().unwrap().len(), 1);
    let keys: std::collections::BTreeSet<String> =
        inputs.points.iter().flat_map(|point| point.measures.keys().map(ToString::to_string)).collect();
    assert_eq!(block["metrics"].as_array().unwrap().len(), keys.len(), "every number is there");
    assert_eq!(block["left_out"], 0);
}

/// A number that is withheld has its reason, and does not keep the point off fronts of other numbers.
#[test]
fn withheld_numbers_are_null_in_the_block_with_their_reason() {
    let mut inputs = fixture::digits(3);
    let key = fixture::under("robust_accuracy", 0.2);
    inputs.points[2].measures.insert(key.clone(), fixture::withheld("check 3 failed", 3));
    inputs.front = fixture::front(&inputs.points, &key, &equipoise::measure::MetricKey::plain("accuracy"), 3);
    let outputs = rendered(inputs);
    let block = numbers(file(&outputs, "report.html"));
    let metric =
        block["metrics"].as_array().unwrap().iter().find(|metric| metric["key"] == key.to_string()).unwrap();
    assert!(metric["values"][2].is_null());
    assert_eq!(metric["reasons"]["2"], "check 3 failed");
    assert!(block["points"]["off"].get("2").is_none());
}

/// What is undecided belongs to the answer.
#[test]
fn the_answer_says_which_points_are_undecided() {
    use equipoise::pareto::Verdict::{DominatedBy, OnFront, Undecided};
    let mut inputs = fixture::digits(3);
    let page = |inputs: equipoise::report::Inputs| file(&rendered(inputs), "report.html").to_owned();
    assert!(!page(inputs.clone()).contains("Undecided over seeds"), "without verdicts nothing is said");
    let mut verdicts = vec![Some(OnFront); 8];
    (verdicts[0], verdicts[3], verdicts[4], verdicts[7]) =
        (Some(DominatedBy(1)), Some(Undecided), Some(Undecided), None);
    inputs.uncertainty.verdicts = verdicts;
    assert!(
        page(inputs).contains("for all points together: whether strengths 0.15 and 0.2 are on the front.")
    );
}

/// What many points and many numbers would make too large is cut, and said to be.
#[test]
fn a_page_of_very_many_numbers_stays_small() {
    let mut inputs = fixture::three_defenses(70);
    for point in &mut inputs.points {
        for class in 0..400 {
            let name = format!("class {class}");
            let measured = fixture::share(
                0.123_456_789_012_345 + f64::from(class) / 1000.0,
                equipoise::measure::Bound::Exact,
                3,
            );
            point.measures.insert(fixture::of("class_accuracy", &name), measured);
        }
    }
    let outputs = rendered(inputs);
    let page = file(&outputs, "report.html");
    assert!(page.len() < 3_000_000, "{}", page.len());
    assert!(numbers(page)["left_out"].as_u64().unwrap() > 100);
}

#[test]
fn every_figure_stands_in_the_page_once_with_its_numbers() {
    for (name, inputs) in samples() {
        let outputs = rendered(inputs);
        let page = file(&outputs, "report.html");
        for svg in outputs.iter().filter(|output| is(output, "svg")) {
            let id = svg.path.trim_start_matches("figures/").trim_end_matches(".svg");
            let open = format!("<figure class=\"figure\" id=\"{id}\"");
            assert_eq!(page.matches(&open).count(), 1, "{name}: {id}");
            let (_, rest) = page.split_once(&open).unwrap();
            let figure = rest.split_once("</figure>").unwrap().0;
            assert!(
                figure.contains("Its numbers:") || figure.contains("<table id=\"numbers-"),
                "{name}: {id}"
            );
        }
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
