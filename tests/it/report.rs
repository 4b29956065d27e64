//! The report: what people read, what machines read back, and the corners where reports usually lie or break.

mod answers;
mod beside;
mod comparing;
mod fairness;
mod figures;
pub(crate) mod fixture;
mod legible;
mod pages;
mod panels;
mod rivals;
mod tables;

use std::time::{Duration, Instant};

use equipoise::files;
use equipoise::measure::{MetricKey, Value};
use equipoise::metrics;
use equipoise::report::{Described, Format, Inputs, Output, View, Wanted, render, terminal};

fn rendered(inputs: Inputs) -> Vec<Output> {
    render(&View::new(inputs)).unwrap()
}

fn file<'a>(outputs: &'a [Output], path: &str) -> &'a str {
    let output = outputs.iter().find(|output| output.path == path);
    let output = output.unwrap_or_else(|| panic!("no {path} among {:?}", paths(outputs)));
    std::str::from_utf8(&output.bytes).unwrap()
}

fn is(output: &Output, kind: &str) -> bool {
    output.path.rsplit_once('.').is_some_and(|(_, ending)| ending == kind)
}

fn paths(outputs: &[Output]) -> Vec<&str> {
    outputs.iter().map(|output| output.path.as_str()).collect()
}

/// Lines of a CSV file as cells by column name.
fn rows(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    reader
        .records()
        .map(|record| head.iter().cloned().zip(record.unwrap().iter().map(str::to_owned)).collect())
        .collect()
}

/// What a browser or an XML reader would stumble over: tags that do not nest, bare `<` and `&`.
fn assert_well_formed(svg: &str) {
    resvg::usvg::Tree::from_str(svg, &resvg::usvg::Options::default()).unwrap();
}

fn samples() -> Vec<(&'static str, Inputs)> {
    vec![
        ("digits", fixture::digits(3)),
        ("defenses", fixture::three_defenses(40)),
        ("people", fixture::people()),
        ("collapsed", all_degenerate()),
        ("single", single()),
    ]
}

fn single() -> Inputs {
    let mut inputs = fixture::digits(3);
    inputs.points.truncate(1);
    inputs.rates.clear();
    inputs.attacks.retain(|row| row.point == 0);
    inputs.convergence.retain(|row| row.point == 0);
    let (x, y) = (fixture::under("robust_accuracy", 0.2), MetricKey::plain("accuracy"));
    inputs.front = fixture::front(&inputs.points, &x, &y, 3);
    inputs
}

fn all_degenerate() -> Inputs {
    let mut inputs = fixture::digits(3);
    for point in &mut inputs.points {
        point.degenerate = Some("nearly constant: 0.0 % of predictions differ".to_owned());
    }
    let (x, y) = (fixture::under("robust_accuracy", 0.2), MetricKey::plain("accuracy"));
    inputs.front = fixture::front(&inputs.points, &x, &y, 3);
    inputs
}

/// To look at with your own eyes: `cargo test --release -- --ignored sample_reports`.
#[test]
#[ignore = "writes sample reports under target/tmp to look at; run with --ignored"]
fn sample_reports_are_written_to_look_at() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports");
    for (name, inputs) in samples() {
        for output in rendered(inputs) {
            files::write_atomic(&folder.join(name).join(&output.path), &output.bytes, None).unwrap();
        }
    }
}

/// Where a point stands is said between the objectives and the other numbers; in bold are numbers alone, on both sides of it.
#[test]
fn in_latex_numbers_are_bold_and_places_are_not() {
    let wanted = Wanted { formats: [Format::Latex].into(), ..Wanted::default() };
    let outputs = equipoise::report::rendered(&View::new(fixture::digits(3)), &wanted).unwrap();
    let rows: Vec<Vec<&str>> = file(&outputs, "tables/points.tex")
        .lines()
        .filter(|line| line.ends_with("\\\\"))
        .map(|line| line.trim_end_matches("\\\\").split(" & ").map(str::trim).collect())
        .collect();
    let place = rows[0].iter().position(|head| *head == "on front").unwrap();
    assert_eq!((place, rows[0].len()), (3, 5), "{:?}", rows[0]);
    let is_bold = |cell: &&str| cell.starts_with("\\textbf");
    for column in 0..5 {
        let bold: Vec<&str> = rows[1..].iter().map(|row| row[column]).filter(is_bold).collect();
        assert_eq!(bold.is_empty(), column == 0 || column == place, "{:?}: {bold:?}", rows[0][column]);
        assert!(bold.iter().all(|cell| cell.contains('[')), "{bold:?}");
    }
}

#[test]
fn the_terminal_answers_first_and_shows_the_points() {
    insta::assert_snapshot!(terminal(&View::new(fixture::digits(3))), @r#"
    digits: What does robustness against small pixel changes cost in accuracy on handwritten digits?

      From strength 0 to 0.25, one point of robust accuracy costs 0.10 points of accuracy [0.05, 0.15].
      No price was measurable up to strength 0.15: robust accuracy +41.0 points [38.0, 44.0], accuracy
      −0.5 points [−1.7, 0.7].
      No step to strength 0.3 is quoted outside the table: another strength is at least as good at every
      objective and better at one.
      From strength 0 to 0.25, worst-class accuracy went from 0.895 (`7`, 360 rows) to 0.581 (`7`, 360
      rows) (−31.4 points [−31.4, −31.4]); in brackets 95 % t intervals over paired seeds, for these
      test rows.
      On the front of accuracy and robust accuracy at L∞ ε = 0.2 are 5 of 8 points: strengths 0.05, 0.1,
      0.15, 0.2 and 0.25. That is a statement about these 3 seeds, not about seeds in general.
      Accuracy is best at strength 0.05 (0.980 [0.962, 0.998]) and robust accuracy at L∞ ε = 0.2 is best
      at strength 0.25 (0.519 [0.463, 0.575]).
      Strength 0.4 collapsed: a constant predictor is at least as good (accuracy 0.102).

    Data: digits, 1078 training, 359 validation and 360 test rows, 10 classes.
    Attack: L∞ ε = 0.2, FGSM, PGD-40 × 2 restarts, margin PGD-40 × 2 restarts; protocol union-5f3a.

     strength             accuracy ↑      robust accuracy ↑   on front              worst-class
                                                                                     accuracy ↑
    ────────────────────────────────────────────────────────────────────────────────────────────
     0          0.974 [0.954, 0.994]   0.002 [0.000, 0.011]   no 0.00      0.895 [0.859, 0.931]
     0.05       0.980 [0.962, 0.998]   0.074 [0.043, 0.105]   yes 0.91     0.895 [0.859, 0.931]
     0.1        0.977 [0.958, 0.996]   0.266 [0.216, 0.316]   yes 0.91     0.917 [0.885, 0.949]
     0.15       0.969 [0.947, 0.991]   0.412 [0.357, 0.467]   yes 0.91     0.872 [0.833, 0.911]
     0.2        0.958 [0.933, 0.983]   0.479 [0.423, 0.535]   yes 0.91     0.791 [0.745, 0.837]
     0.25       0.921 [0.889, 0.953]   0.519 [0.463, 0.575]   yes 0.91     0.581 [0.526, 0.636]
     0.3        0.812 [0.768, 0.856]   0.474 [0.418, 0.530]   no 0.00      0.267 [0.217, 0.317]
     0.4        0.074 [0.043, 0.105]   0.074 [0.043, 0.105]   degenerate   0.000 [0.000, 0.004]
    ────────────────────────────────────────────────────────────────────────────────────────────
    Means over 3 seeds; in brackets: 95 % intervals (crossed variance components of 3 seeds and 360
    rows). ↑ higher is better, ↓ lower is better. On front: with the share of bootstrap resamples in
    which the point is on it.
    The front dominates 0.505 [0.467, 0.541] of the box between the worst and the best possible values
    of its objectives (hypervolume).
    2 more metrics in summary.md, all numbers in points.csv.
    In robust accuracy at L∞ ε = 0.2, always `3` (the most frequent class) has 0.102, at least as good
    as strengths 0 and 0.05; the best, strength 0.25, has 0.519 [0.463, 0.575].
    "#);
}

#[test]
fn no_line_of_the_terminal_is_wider_than_100_columns() {
    for (name, inputs) in samples() {
        let text = terminal(&View::new(inputs));
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 100, "{name}: {widest}\n{text}");
        assert!(!text.contains('\u{1b}'), "{name}");
    }
}

#[test]
fn markdown_has_the_answer_the_figures_and_the_tables() {
    let outputs = rendered(fixture::digits(3));
    let text = file(&outputs, "summary.md");
    let (start, _) = text.split_once("## Exchange rates").unwrap();
    insta::assert_snapshot!(start, @r#"
    # digits

    *What does robustness against small pixel changes cost in accuracy on handwritten digits?*

    - From strength 0 to 0.25, one point of robust accuracy costs 0.10 points of accuracy [0.05, 0.15].
    - No price was measurable up to strength 0.15: robust accuracy +41.0 points [38.0, 44.0], accuracy −0.5 points [−1.7, 0.7].
    - No step to strength 0.3 is quoted outside the table: another strength is at least as good at every objective and better at one.
    - From strength 0 to 0.25, worst-class accuracy went from 0.895 (`7`, 360 rows) to 0.581 (`7`, 360 rows) (−31.4 points [−31.4, −31.4]); in brackets 95 % t intervals over paired seeds, for these test rows.
    - On the front of accuracy and robust accuracy at L∞ ε = 0.2 are 5 of 8 points: strengths 0.05, 0.1, 0.15, 0.2 and 0.25. That is a statement about these 3 seeds, not about seeds in general.
    - Accuracy is best at strength 0.05 (0.980 [0.962, 0.998]) and robust accuracy at L∞ ε = 0.2 is best at strength 0.25 (0.519 [0.463, 0.575]).
    - Strength 0.4 collapsed: a constant predictor is at least as good (accuracy 0.102).

    Data: digits, 1078 training, 359 validation and 360 test rows, 10 classes.
    Attack: L∞ ε = 0.2, FGSM, PGD-40 × 2 restarts, margin PGD-40 × 2 restarts; protocol union-5f3a.

    ## Remarks

    - In robust accuracy at L∞ ε = 0.2, always `3` (the most frequent class) has 0.102, at least as good as strengths 0 and 0.05; the best, strength 0.25, has 0.519 [0.463, 0.575]

    ## Front

    The front dominates 0.505 [0.467, 0.541] of the box between the worst and the best possible values of its objectives (hypervolume).

    ![From strength 0 to 0.25: robust accuracy +51.7 points, accuracy −5.3 points](figures/front.svg)

    Means over 3 seeds; in brackets: 95 % intervals (crossed variance components of 3 seeds and 360 rows). ↑ higher is better, ↓ lower is better. On front: with the share of bootstrap resamples in which the point is on it.

    | strength | accuracy ↑ | robust accuracy at L∞ ε = 0.2 ↑ | on front | worst-class accuracy ↑ | class gap ↓ | robust accuracy at L∞ ε = 0.1 ↑ |
    | --- | ---: | ---: | --- | ---: | ---: | ---: |
    | 0 | 0.974 [0.954, 0.994] | 0.002 [0.000, 0.011] | no 0.00 | 0.895 [0.859, 0.931] | 0.105 [0.069, 0.141] | 0.389 [0.335, 0.443] |
    | 0.05 | 0.980 [0.962, 0.998] | 0.074 [0.043, 0.105] | yes 0.91 | 0.895 [0.859, 0.931] | 0.105 [0.069, 0.141] | 0.727 [0.677, 0.777] |
    | 0.1 | 0.977 [0.958, 0.996] | 0.266 [0.216, 0.316] | yes 0.91 | 0.917 [0.885, 0.949] | 0.083 [0.051, 0.115] | 0.804 [0.759, 0.849] |
    | 0.15 | 0.969 [0.947, 0.991] | 0.412 [0.357, 0.467] | yes 0.91 | 0.872 [0.833, 0.911] | 0.128 [0.089, 0.167] | 0.829 [0.786, 0.872] |
    | 0.2 | 0.958 [0.933, 0.983] | 0.479 [0.423, 0.535] | yes 0.91 | 0.791 [0.745, 0.837] | 0.209 [0.163, 0.255] | 0.818 [0.774, 0.862] |
    | 0.25 | 0.921 [0.889, 0.953] | 0.519 [0.463, 0.575] | yes 0.91 | 0.581 [0.526, 0.636] | 0.419 [0.364, 0.474] | 0.789 [0.743, 0.835] |
    | 0.3 | 0.812 [0.768, 0.856] | 0.474 [0.418, 0.530] | no 0.00 | 0.267 [0.217, 0.317] | 0.733 [0.683, 0.783] | 0.675 [0.623, 0.727] |
    | 0.4 | 0.074 [0.043, 0.105] | 0.074 [0.043, 0.105] | degenerate | 0.000 [0.000, 0.004] | 1.000 [0.996, 1.000] | 0.074 [0.043, 0.105] |

    ### What the best at one thing gives up

    Against the point that is best at that objective, by the seed means; positive is given up. In brackets: 95 % t interval of the paired difference over seeds, on these test rows. Both points were picked by these very numbers, so that a small loss is a little understated.

    | best at | point | accuracy given up | robust accuracy at L∞ ε = 0.2 given up |
    | --- | --- | ---: | ---: |
    | accuracy | strength 0.05 | — | +44.5 points [44.5, 44.5] |
    | robust accuracy at L∞ ε = 0.2 | strength 0.25 | +5.9 points [5.9, 5.9] | — |
    "#);
    for line in text.lines().filter(|line| line.starts_with("![")) {
        let (_, link) = line.split_once("](").unwrap();
        assert!(paths(&outputs).contains(&link.trim_end_matches(')')), "{line}");
    }
}

#[test]
fn the_same_values_give_the_same_bytes() {
    assert_eq!(rendered(fixture::digits(3)), rendered(fixture::digits(3)));
}

#[test]
fn a_report_of_eight_points_takes_seconds_at_the_very_worst() {
    let view = View::new(fixture::digits(3));
    render(&view).unwrap();
    let start = Instant::now();
    render(&view).unwrap();
    // A quarter of a second of processor time when measured; the rest is for a machine busy with other tests.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn csv_numbers_read_back_to_the_same_bits() {
    let mut inputs = fixture::digits(3);
    let accuracy = MetricKey::plain("accuracy");
    let third = 1.0 / 3.0;
    let measured = inputs.points[0].measures.get_mut(&accuracy).unwrap();
    measured.estimate.value = Value::Defined(third);
    measured.per_seed[2] = Value::Defined(third);
    let outputs = rendered(inputs);
    let wide = rows(file(&outputs, "points.csv"));
    assert_eq!(wide.len(), 8);
    assert_eq!(wide[0]["accuracy"].parse::<f64>().unwrap().to_bits(), third.to_bits());
    assert_eq!(wide[7]["degenerate"], "true");
    assert_eq!(wide[3]["strength"], "0.15");
    assert_eq!(wide[3]["robust_accuracy!union-5f3a:linf:0.2"], "0.412");
    let long = rows(file(&outputs, "measurements.csv"));
    let row = long.iter().find(|row| row["key"] == "accuracy" && row["seed"] == "2").unwrap();
    assert_eq!(row["value"].parse::<f64>().unwrap().to_bits(), third.to_bits());
    assert_eq!((row["pillar"].as_str(), row["bound"].as_str()), ("safety", "exact"));
}

#[test]
fn names_from_data_are_quoted_in_csv_and_escaped_everywhere_else() {
    let nasty = "a,\"b\"\n<script>alert(1)</script>|&";
    let mut inputs = fixture::people();
    inputs.name = nasty.to_owned();
    inputs.data.name = nasty.to_owned();
    inputs.notes.push(nasty.to_owned());
    inputs.settings.push((nasty.to_owned(), nasty.to_owned()));
    inputs.anchors[0].label = nasty.to_owned();
    inputs.breakdowns[1].members[0].0 = nasty.to_owned();
    inputs.metrics[0].title = nasty.to_owned();
    inputs.attacks[0].attack = nasty.to_owned();
    for point in &mut inputs.points {
        point.coordinates.insert("note, \"x\"".to_owned(), nasty.to_owned());
        nasty.clone_into(&mut point.defense);
    }
    inputs.points[7].degenerate = Some(nasty.to_owned());
    let outputs = rendered(inputs);
    assert_eq!(rows(file(&outputs, "points.csv"))[0]["note, \"x\""], nasty);
    for output in &outputs {
        let Ok(text) = std::str::from_utf8(&output.bytes) else { continue };
        if ["html", "svg", "md"].iter().any(|kind| is(output, kind)) {
            assert!(!text.contains("<script>alert"), "{}", output.path);
        }
        if is(output, "svg") {
            assert_well_formed(text);
        }
    }
    // A table row stays one line with the cells of its head.
    let text = file(&outputs, "summary.md");
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let table: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("| ")).collect();
    let table: Vec<usize> = table.iter().take_while(|line| line.starts_with('|')).map(|l| cells(l)).collect();
    assert_eq!(table.len(), 10);
    assert!(table.iter().all(|n| *n == table[0]), "{table:?}");
}

#[test]
fn undefined_values_are_shown_with_their_reason() {
    let mut inputs = fixture::digits(3);
    let key = MetricKey::plain("worst_class_accuracy");
    let reason = "class 8 has no test rows";
    inputs.points[1].measures.insert(key.clone(), fixture::withheld(reason, 3));
    let outputs = rendered(inputs);
    let sentence = "Worst-class accuracy is undefined at strength 0.05: class 8 has no test rows";
    assert!(file(&outputs, "summary.txt").contains(sentence), "{}", file(&outputs, "summary.txt"));
    assert!(file(&outputs, "summary.md").contains(sentence));
    assert!(file(&outputs, "report.html").contains(sentence));
    assert_eq!(rows(file(&outputs, "points.csv"))[1]["worst_class_accuracy"], "");
    let long = rows(file(&outputs, "measurements.csv"));
    let row = long.iter().find(|r| r["key"] == "worst_class_accuracy" && r["strength"] == "0.05").unwrap();
    assert_eq!((row["value"].as_str(), row["reason"].as_str()), ("", reason));
    let json: serde_json::Value = serde_json::from_str(file(&outputs, "report.json")).unwrap();
    let measured = &json["points"][1]["measures"]["worst_class_accuracy"];
    assert_eq!((measured["value"].is_null(), measured["reason"].as_str()), (true, Some(reason)));
}

#[test]
fn json_holds_what_the_view_holds() {
    let outputs = rendered(fixture::digits(3));
    let json: serde_json::Value = serde_json::from_str(file(&outputs, "report.json")).unwrap();
    assert_eq!(json["schema"], equipoise::report::SCHEMA);
    assert_eq!(json["front"]["members"], serde_json::json!([1, 2, 3, 4, 5]));
    assert_eq!(json["front"]["excluded"][0]["point"], 7);
    assert_eq!(json["points"][5]["measures"]["robust_accuracy!union-5f3a:linf:0.2"]["value"], 0.519);
    assert_eq!(json["rates"][5]["rate"]["kind"], "bounded");
    assert_eq!(json["anchors"][0]["values"]["accuracy"]["value"], 0.102);
}

#[test]
fn better_is_up_and_right_also_where_less_is_better() {
    let outputs = rendered(fixture::people());
    // Three objectives make three pairs; the second has the gap upright, reversed and said to be so.
    let svg = file(&outputs, "figures/front-2.svg");
    assert!(svg.contains("demographic parity difference (sex) (lower is better →, axis reversed)"), "{svg}");
    let height = |tick: &str| {
        let (before, _) = svg.split_once(&format!(">\n{tick}\n</text>")).unwrap();
        let (_, tag) = before.rsplit_once("<text").unwrap();
        let (_, y) = tag.split_once(" y=\"").unwrap();
        y.split_once('"').unwrap().0.parse::<i32>().unwrap()
    };
    assert!(height("0.05") < height("0.20"), "the smaller gap lies higher");
}

#[test]
fn a_gap_between_groups_never_stands_alone() {
    let outputs = rendered(fixture::people());
    for path in ["summary.txt", "summary.md", "report.html"] {
        // Heads are wrapped in the terminal.
        let text = file(&outputs, path);
        for word in ["demographic", "selection", "true", "false", "positive", "balanced"] {
            assert!(text.contains(word), "{path} lacks {word}");
        }
    }
}

#[test]
fn a_single_point_is_reported_without_a_trade_off() {
    let outputs = rendered(single());
    let text = file(&outputs, "summary.txt");
    assert!(text.contains("Only strength 0 was judged"), "{text}");
    assert!(!paths(&outputs).contains(&"figures/strength.svg"), "one strength has no course");
    assert_well_formed(file(&outputs, "figures/front.svg"));
}

#[test]
fn an_empty_front_and_all_points_degenerate_are_said_plainly() {
    let outputs = rendered(all_degenerate());
    let text = file(&outputs, "summary.txt");
    assert!(text.contains("No point is on the front"), "{text}");
    assert!(text.contains("Every point collapsed: nearly constant"), "{text}");
    assert!(!text.contains("costs"), "no rate between collapsed models: {text}");
    assert!(file(&outputs, "figures/front.svg").contains("No point is on the front"));
}

#[test]
fn nothing_at_all_still_makes_a_report() {
    let mut inputs = fixture::digits(3);
    inputs.points.clear();
    inputs.rates.clear();
    inputs.attacks.clear();
    inputs.convergence.clear();
    inputs.anchors.clear();
    inputs.curve = None;
    inputs.threat = None;
    inputs.shown.clear();
    inputs.front.members.clear();
    inputs.front.dominated.clear();
    inputs.front.excluded.clear();
    inputs.front.stability.clear();
    let outputs = rendered(inputs);
    assert!(file(&outputs, "summary.txt").contains("No point is on the front"));
}

#[test]
fn two_seeds_have_no_intervals_and_the_report_says_why() {
    let outputs = rendered(fixture::digits(2));
    let text = file(&outputs, "summary.txt");
    assert!(text.contains("no interval: 2 seeds, seed variance unknown"), "{text}");
    assert!(file(&outputs, "figures/front.svg").contains("seed variance unknown"));
    assert_eq!(rows(file(&outputs, "points.csv"))[0]["accuracy:low"], "");
}

#[test]
fn forty_strengths_of_three_defenses_have_a_front_each() {
    let outputs = rendered(fixture::three_defenses(40));
    let svg = file(&outputs, "figures/front.svg");
    for name in ["adversarial", "trades", "noise"] {
        assert!(svg.contains(&format!("\n{name}\n")), "the legend names {name}");
    }
    // Squares and triangles are polygons of 4 and 3 corners; circles are circles.
    let corners = |n: usize| {
        let of = |line: &&str| {
            let points = line.split_once("points=\"").map_or("", |(_, rest)| rest);
            points.split('"').next().unwrap().split_whitespace().count() == n
        };
        svg.lines().filter(|line| line.starts_with("<polygon")).filter(of).count()
    };
    assert!(corners(4) >= 40 && corners(3) >= 40, "{} {}", corners(4), corners(3));
    assert!(svg.len() < 400_000);
    assert!(file(&outputs, "report.html").len() < 3_000_000);
}

#[test]
fn the_catalog_fits_the_glossary() {
    let described: Vec<Described> = metrics::CATALOG.iter().map(|metric| Described::of(metric)).collect();
    assert_eq!(described.len(), metrics::CATALOG.len());
    for breakdown in equipoise::report::Breakdown::all(&fixture::people().data) {
        for id in [Some(breakdown.clean), breakdown.attacked].into_iter().flatten() {
            assert!(metrics::find(&id).is_some(), "{id}");
        }
    }
}
