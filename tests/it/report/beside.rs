//! What stands beside numbers about groups: chance, names, rows, intersections, kinds of intervals.

use equipoise::measure::{Direction, MetricKey};
use equipoise::points::ByChance;
use equipoise::report::{Inputs, View, terminal};

use super::fixture::{self, of, share, under};
use super::{file, rendered, rows};

fn gap() -> MetricKey {
    of("demographic_parity_difference", "sex")
}

fn with_chance() -> Inputs {
    let mut inputs = fixture::people();
    for point in &mut inputs.points {
        let chance =
            ByChance { expected: 0.021, quantile_95: 0.052, p_value: None, rows_to_see: Some(432.1) };
        point.measures.get_mut(&gap()).unwrap().by_chance = Some(chance);
    }
    inputs
}

/// Accuracy by race: a large group that loses little, one that loses much, and one of a single row.
fn with_races(objective: Option<&str>) -> Inputs {
    let mut inputs = fixture::people();
    for (i, point) in inputs.points.iter_mut().enumerate() {
        let t = i as f64;
        for attribute in ["race", "race*sex"] {
            let groups = [
                ("White", 250, 0.9 - 0.01 * t),
                ("Black", 109, 0.8 - 0.04 * t),
                ("Other", 1, 0.671 - 0.1 * t),
            ];
            for (group, n, value) in groups {
                let part = format!("{attribute}={group}");
                let mut measured = share(value.max(0.0), equipoise::measure::Bound::Exact, 3);
                measured.estimate.n = n;
                measured.per_seed = vec![equipoise::measure::Value::Defined(value.max(0.0)); 3];
                point.measures.insert(of("group_accuracy", &part), measured.clone());
                let mut robust = under("robust_group_accuracy", 0.2);
                robust.group = Some(part);
                measured.estimate.value = equipoise::measure::Value::Defined(0.1 + 0.05 * t);
                point.measures.insert(robust, measured);
            }
            let worst = share((0.671 - 0.1 * t).max(0.0), equipoise::measure::Bound::Exact, 3);
            point.measures.insert(of("worst_group_accuracy", attribute), worst);
        }
    }
    let metric = fixture::described(
        "worst_group_accuracy",
        "worst-group accuracy",
        equipoise::measure::Pillar::Safety,
        Direction::Higher,
        equipoise::measure::Bound::Exact,
    );
    inputs.metrics.push(metric);
    inputs.front.objectives.pop();
    inputs.front.objectives.extend(
        objective.map(|name| fixture::objective(of("worst_group_accuracy", name), Direction::Higher)),
    );
    inputs
}

#[test]
fn what_chance_alone_would_show_stands_beside_every_gap() {
    let outputs = rendered(with_chance());
    for path in ["summary.md", "report.html"] {
        let text = file(&outputs, path);
        assert!(text.contains("0.021, below 0.052; 433 rows"), "{path}");
        assert!(
            text.contains("with a two-sided test of two proportions at 5 % and a power of 80 %"),
            "{path}"
        );
    }
    let points = rows(file(&outputs, "points.csv"));
    let column = |what: &str| points[0][&format!("{}:{what}", gap())].clone();
    assert_eq!(
        [column("chance_expected"), column("chance_quantile_95"), column("rows_to_see")],
        ["0.021", "0.052", "432.1"]
    );
    let text = file(&outputs, "summary.txt").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("demographic parity difference (sex) is 0.021 on average and below 0.052 in 95 %"),
        "{text}"
    );
    assert!(text.contains("to see the gaps found takes 433 rows in each of the two groups furthest apart (two-sided test of two proportions at 5 %, power 80 %)"), "{text}");
    assert!(file(&outputs, "summary.txt").lines().all(|line| line.chars().count() <= 100));
    // Where no gap is an objective the terminal says nothing of chance.
    let mut inputs = with_chance();
    inputs.front.objectives.retain(|objective| objective.key != gap());
    assert!(!terminal(&View::new(inputs)).contains("chance alone"));
}

#[test]
fn a_gap_that_is_no_column_has_its_chance_in_the_row_below() {
    let mut inputs = with_chance();
    inputs.front.objectives.retain(|objective| objective.key != gap());
    inputs.shown = ["accuracy", "worst_class_accuracy", "class_accuracy_gap", "balanced_accuracy"]
        .map(MetricKey::plain)
        .to_vec();
    inputs.shown.extend([0.05, 0.1, 0.15, 0.25, 0.3].map(|epsilon| under("robust_accuracy", epsilon)));
    inputs.shown.push(gap());
    let outputs = rendered(inputs);
    let text = file(&outputs, "summary.md");
    let (_, further) = text.split_once("## Further metrics").unwrap();
    let lines: Vec<&str> = further.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.starts_with("| demographic parity difference (sex)\u{a0}↓"))
        .unwrap();
    assert!(lines[at + 1].starts_with(
        "| demographic parity difference (sex), by chance alone | 0.021, below 0.052; 433 rows"
    ));
}

#[test]
fn headlines_name_the_worst_group_and_leave_tiny_ones_out() {
    let said = View::new(with_races(None)).headlines.join("\n");
    // From strength 0 (the first point) to 0.25 (the sixth).
    assert!(
        said.contains(
            "worst-group accuracy (race) went from 0.800 (`Black`, 109 rows) to 0.600 (`Black`, 109 rows) (−20.0 points [−20.0, −20.0]) (1 group of fewer than 30 rows is left out; over all groups from 0.671 to 0.171)"
        ),
        "{said}"
    );
    assert!(!said.contains("race*sex") && !said.contains("`Other`"), "{said}");
    let asked = View::new(with_races(Some("race*sex"))).headlines.join("\n");
    assert!(asked.contains("worst-group accuracy (race*sex) went from 0.800 (`Black`, 109 rows)"), "{asked}");
}

#[test]
fn the_answer_says_who_pays_where_an_objective_is_about_groups() {
    let said = View::new(with_races(Some("race"))).headlines.join("\n");
    // Black 0.8 - 0.04 × 5, White 0.9 - 0.01 × 5: 20 and 5 points; under attack both gain 25.
    assert!(
        said.contains(
            "By race, from strength 0 to 0.25, accuracy went: `Black` (109 rows) 0.800 → 0.600, attacked 0.100 → 0.350; `White` (250 rows) 0.900 → 0.850, attacked 0.100 → 0.350; 1 group of fewer than 30 rows is left out."
        ),
        "{said}"
    );
    assert!(!View::new(with_races(None)).headlines.join("\n").contains("By race"));
}

#[test]
fn intersections_have_a_compact_table_with_their_rows() {
    let outputs = rendered(with_races(None));
    for (path, cells) in [
        ("summary.md", "| race\\*sex | rows |"),
        ("report.html", ">race*sex</th><th scope=\"col\" class=\"number\">rows</th>"),
    ] {
        assert!(file(&outputs, path).contains(cells), "{path}");
    }
    assert!(file(&outputs, "summary.md").contains("| 0 | Black | 109 |"));
    // In the terminal only where they were asked for.
    assert!(!file(&outputs, "summary.txt").contains("By race*sex"));
    assert!(terminal(&View::new(with_races(Some("race*sex")))).contains("By race*sex"));
}

#[test]
fn captions_name_every_kind_of_interval() {
    let mut inputs = fixture::people();
    let wider = "simultaneous over pairs, crossed variance components of 3 seeds and 360 rows";
    for point in &mut inputs.points {
        wider.clone_into(&mut point.measures.get_mut(&gap()).unwrap().estimate.method);
    }
    let outputs = rendered(inputs);
    let text = file(&outputs, "summary.md");
    assert!(
        text.contains(&format!(
            "intervals (crossed variance components of 3 seeds and 360 rows; gaps: {wider})"
        )),
        "{text}"
    );
}

/// A reader who looks for a table, or links to it, finds one.
#[test]
fn no_two_headings_are_alike() {
    for inputs in [fixture::people(), with_races(None), fixture::digits(3)] {
        let outputs = rendered(inputs);
        let text = file(&outputs, "summary.md");
        let mut headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        let count = headings.len();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), count, "{headings:#?}");
        let page = file(&outputs, "report.html");
        let mut labels: Vec<&str> = page.split("role=\"group\" aria-label=\"").skip(1).collect();
        for rest in &mut labels {
            *rest = rest.split('"').next().unwrap();
        }
        let groups: Vec<&&str> = labels.iter().filter(|label| label.starts_with("Group by group")).collect();
        let different: std::collections::BTreeSet<&&str> = groups.iter().copied().collect();
        assert_eq!(groups.len(), different.len(), "{groups:?}");
    }
    let outputs = rendered(fixture::people());
    assert!(file(&outputs, "summary.md").contains("\n### Group by group: "));
}
