//! What is written of a course: page, JSON, timeline.

use equipoise::report::figure::{Look, Theme, Width};
use equipoise::report::{Format, Wanted, history};

use super::{course, text};

#[test]
fn the_page_tells_every_window_and_why() {
    let course = course(&text("founding.toml"), &text("founding.csv"));
    let outputs = history::render(&course, "founding", "rules.toml", &Wanted::default()).unwrap();
    let paths: Vec<&str> = outputs.iter().map(|output| output.path.as_str()).collect();
    assert_eq!(paths, ["history.md", "history.json", "figures/history.png", "figures/history.svg"]);
    let page = String::from_utf8(outputs[0].bytes.clone()).unwrap();
    for part in [
        "**Quiet in window w6; something was raised in 3 of 6 windows, up to incident.**",
        "| w4 | 0.77 [0.77, 0.77] | 0.05 [0.05, 0.05] | active | active | incident |",
        "- **X1, w4 to w5** (incident): rule",
        "treat drift as possible attack",
        "| S1 | watch | safety | ood_auroc &lt; 0.80 | 2 of 3 windows | ood_auroc &gt; 0.84 |",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let json = std::str::from_utf8(&outputs[1].bytes).unwrap();
    let json = crate::json_schema::must_hold(json, history::SCHEMA_FILE);
    assert_eq!(json["word"], "quiet");
    assert_eq!(json["window_levels"][3], "incident");
    assert_eq!(json["rules"][0]["windows"][4]["since"], "w3");
    assert_eq!(json["rules"][1]["rests_on"][0], "S1");
    assert_eq!(json["signals"][0]["windows"][3]["value"], 0.77);
    assert!(outputs[2].bytes.starts_with(b"\x89PNG"));
    // The same numbers give the same bytes.
    assert_eq!(outputs, history::render(&course, "founding", "rules.toml", &Wanted::default()).unwrap());
}

#[test]
fn the_timeline_names_rules_windows_and_reason() {
    let course = course(&text("founding.toml"), &text("founding.csv"));
    let outputs = history::render(&course, "founding", "rules.toml", &Wanted::default()).unwrap();
    let svg = String::from_utf8(outputs[3].bytes.clone()).unwrap();
    for part in [
        "ood_auroc",
        "anomaly_rate",
        "S1",
        "X1",
        "w1",
        "w6",
        "S1 until",
        "X1 (incident), w4 to w5: OOD separation falls",
    ] {
        assert!(svg.contains(part), "{part}");
    }
}

/// As figures of a report: for print, in a column, for dark pages, and nothing that nobody asked for.
#[test]
fn the_timeline_is_drawn_as_asked_for() {
    let course = course(&text("founding.toml"), &text("founding.csv"));
    let wanted = Wanted {
        formats: [Format::Svg, Format::Pdf].into(),
        look: Look::of(Theme::Paper, Width::Column),
        dark: true,
        ..Wanted::default()
    };
    let outputs = history::render(&course, "founding", "rules.toml", &wanted).unwrap();
    let paths: Vec<&str> = outputs.iter().map(|output| output.path.as_str()).collect();
    let expected =
        ["history.pdf", "history.svg", "history-dark.pdf", "history-dark.svg", "history-caption.md"];
    assert_eq!(paths, expected.map(|name| format!("figures/{name}")));
    let file = |at: usize| std::str::from_utf8(&outputs[at].bytes).unwrap();
    let (light, dark, caption) = (file(1), file(3), file(4));
    // 3.4 inches of 96 pixels; the title is among the words beside it, and not in the drawing.
    assert!(light.contains("width=\"326.4\""), "{}", &light[..300]);
    assert!(
        !light.contains("\nfounding: quiet") && caption.contains("**founding: quiet in window w6;"),
        "{caption}"
    );
    // The surface of a light page and of a dark one.
    assert!(light.contains("#FFFFFF") && !light.contains("#1A1D23"));
    assert!(!dark.contains("#FFFFFF") && dark.contains("#1A1D23"));
}

#[test]
fn the_terminal_tells_what_is_and_what_was() {
    let found = course(&text("founding.toml"), &text("founding.csv"));
    let said = history::terminal(&found, "founding");
    assert!(
        said.starts_with(
            "founding: quiet in window w6; something was raised in 3 of 6 windows, up to incident\n"
        ),
        "{said}"
    );
    assert!(said.contains("w4 to w5  X1 (incident)") && said.contains("w3 to w5  S1 (watch)"), "{said}");
    // Before it was over.
    let rows: Vec<String> = text("founding.csv").lines().take(11).map(str::to_owned).collect();
    let said = history::terminal(&course(&text("founding.toml"), &rows.join("\n")), "founding");
    assert!(said.contains("Rule `X1` (incident, cross) is active since window `w4`"), "{said}");
    assert!(said.contains("since w4  X1 (incident)"), "{said}");
}

/// What is raised is not all that fails: watches alone, under rules that fail from `incident` on, and what reaches that is counted apart.
#[test]
fn the_headline_says_what_it_counts() {
    let rules = text("founding.toml").replace("blind_after", "fail = \"incident\"\nblind_after");
    assert!(rules.contains("fail ="), "{rules}");
    let said = history::terminal(&course(&rules, &text("founding.csv")), "founding");
    let counted = "something was raised in 3 of 6 windows, up to incident; in 2 of them the gate fails\n";
    assert!(said.replace("\n  ", " ").contains(counted), "{said}");
}
