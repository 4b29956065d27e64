//! What the answer and the remarks say of fairness: gaps that moved, chance, small groups, trivial models, temperatures.

use std::collections::BTreeMap;

use equipoise::measure::{Bound, Direction, MetricKey, Pillar, Value};
use equipoise::points::{ByChance, Fared, Measured, Sizable};
use equipoise::report::{Inputs, View, terminal};
use equipoise::run::Temperature;

use super::fixture::{self, described, of, share};
use super::{file, rendered};

fn parity(attribute: &str) -> MetricKey {
    of("demographic_parity_difference", attribute)
}

/// A gap of `before` at strength 0 and of `after` at all others, ± .03, between `low` and `high` groups that are selected as often as it takes.
fn with_gap(inputs: &mut Inputs, attribute: &str, before: f64, after: f64) {
    for (i, point) in inputs.points.iter_mut().enumerate() {
        let gap = if i == 0 { before } else { after };
        let mut measured = share(gap, Bound::Exact, 3);
        measured.estimate.interval = Some(((gap - 0.03).max(0.0), gap + 0.03));
        point.measures.insert(parity(attribute), measured);
        for (group, rate) in [("low", 0.1), ("high", 0.1 + gap)] {
            let mut measured = share(rate, Bound::Exact, 3);
            measured.estimate.n = 99;
            point.measures.insert(of("selection_rate", &format!("{attribute}={group}")), measured);
        }
    }
}

fn said(inputs: Inputs) -> Vec<String> {
    View::new(inputs).headlines
}

fn text_of(inputs: Inputs) -> String {
    terminal(&View::new(inputs)).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The widest step of the fixture goes from strength 0 to 0.25, the sixth point.
#[test]
fn every_gap_that_moved_beyond_its_interval_is_told_of_objective_or_not() {
    let mut inputs = fixture::people();
    inputs.front.objectives.pop();
    with_gap(&mut inputs, "sex", 0.30, 0.10);
    with_gap(&mut inputs, "age", 0.338, 0.769);
    with_gap(&mut inputs, "race", 0.20, 0.22);
    // Further apart than either attribute, by .031 above the interval's half-width; and one that is not.
    with_gap(&mut inputs, "age*race", 0.40, 0.83);
    with_gap(&mut inputs, "age*sex", 0.40, 0.79);
    let said = said(inputs);
    let first = said.iter().position(|line| line.contains("gaps between groups moved")).unwrap();
    assert_eq!(
        said[first],
        "From strength 0 to 0.25, 3 gaps between groups moved beyond their intervals (without attack and of single attributes first, then by size) (balanced accuracy went from 0.770 to 0.627; a model that collapses closes gaps, too):"
    );
    assert_eq!(
        said[first + 1],
        "Demographic parity difference (age) grew from 0.338 [0.308, 0.368] to 0.769 [0.739, 0.799]: selection rate of `high` (99 rows) 0.438 → 0.869, of `low` (99 rows) 0.100 → 0.100."
    );
    assert!(said[first + 2].starts_with("Demographic parity difference (sex) narrowed from 0.300"));
    assert!(said[first + 3].starts_with("Demographic parity difference (age*race) grew from 0.400"));
    assert!(said.iter().all(|line| !line.contains("(race)") && !line.contains("(age*sex)")), "{said:?}");
}

#[test]
fn five_gaps_are_told_of_and_the_others_counted() {
    let mut inputs = fixture::people();
    for number in 0..7 {
        with_gap(&mut inputs, &format!("a{number}"), 0.1, 0.3 + 0.05 * f64::from(number));
    }
    inputs.front.objectives.pop();
    for point in &mut inputs.points {
        point.measures.remove(&parity("sex"));
    }
    let said = said(inputs);
    let first = said.iter().position(|line| line.contains("7 gaps between groups moved")).unwrap();
    let attributes = ["a6", "a5", "a4", "a3", "a2"];
    for (line, attribute) in said[first + 1..].iter().zip(attributes) {
        assert!(line.starts_with(&format!("Demographic parity difference ({attribute}) grew")), "{line}");
    }
    assert_eq!(said[first + 6], "And 2 more: see `points.csv`.");
}

#[test]
fn a_gap_without_intervals_or_within_them_is_not_told_of() {
    let mut inputs = fixture::people();
    with_gap(&mut inputs, "age", 0.3, 0.5);
    for point in &mut inputs.points {
        point.measures.get_mut(&parity("age")).unwrap().estimate.interval = None;
    }
    assert!(said(inputs.clone()).iter().all(|line| !line.contains("(age)")));
    for point in &mut inputs.points {
        point.measures.get_mut(&parity("age")).unwrap().estimate.interval = Some((0.2, 0.6));
    }
    assert!(said(inputs).iter().all(|line| !line.contains("(age)")));
}

fn chance(quantile_95: f64) -> ByChance {
    ByChance { expected: 0.5 * quantile_95, quantile_95, p_value: None, rows_to_see: Some(20.0) }
}

/// The gap over all groups is what chance shows; without a group of 8 rows another one is beyond it at strength 0.
fn by_chance(inputs: &mut Inputs, sizable: Option<f64>) {
    for point in &mut inputs.points {
        let measured: &mut Measured = point.measures.get_mut(&parity("sex")).unwrap();
        measured.by_chance = Some(chance(0.55));
        measured.sizable = sizable.map(|value| {
            Box::new(Sizable {
                value: Value::Defined(value),
                interval: Some((value - 0.1, value + 0.1)),
                by_chance: Some(chance(0.09)),
                left_out: vec![("sex=Other".to_owned(), 8)],
            })
        });
    }
}

#[test]
fn a_gap_that_chance_shows_as_well_is_concluded_as_that() {
    let mut inputs = fixture::people();
    by_chance(&mut inputs, None);
    let text = said(inputs.clone()).join("\n");
    let concluded = "Demographic parity difference (sex) is not distinguishable from chance at any point: groups of these sizes without any disparity are up to 0.550 apart in 95 % of samples.";
    assert!(text.contains(concluded), "{text}");
    assert!(text.contains(", not distinguishable from chance)"), "the best value is no finding: {text}");
    by_chance(&mut inputs, Some(0.34));
    let text = said(inputs.clone()).join("\n");
    assert!(
        text.contains("Without the group of fewer than 30 rows (`Other` 8), demographic parity difference (sex) is 0.340 [0.240, 0.440] (beyond the 0.090 of chance) at strength 0 and 0.340 [0.240, 0.440] (beyond the 0.090 of chance) at strength"),
        "{text}"
    );
    assert!(
        text.contains("; beyond what chance shows at every point. Over all groups, small ones included, it cannot be judged: groups of these sizes without any disparity are up to 0.550 apart in 95 % of samples."),
        "{text}"
    );
    assert!(!text.contains("not distinguishable from chance"), "without the small group it is: {text}");
    // Where neither is beyond chance, both are named.
    by_chance(&mut inputs, Some(0.05));
    let text = said(inputs.clone()).join("\n");
    assert!(
        text.contains("(sex) is 0.050 [−0.050, 0.150] (not beyond the 0.090 of chance) at strength 0 and"),
        "{text}"
    );
    assert!(text.contains("; not distinguishable from chance at any point. Over all groups"), "{text}");
    // At one strength alone.
    for (i, point) in inputs.points.iter_mut().enumerate() {
        let measured = point.measures.get_mut(&parity("sex")).unwrap();
        measured.by_chance = Some(chance(if i == 1 { 0.55 } else { 0.001 }));
        measured.sizable = None;
    }
    let text = said(inputs.clone()).join("\n");
    assert!(text.contains("(sex) is not distinguishable from chance at strength 0.05:"), "{text}");
    for point in &mut inputs.points {
        point.measures.get_mut(&parity("sex")).unwrap().by_chance = Some(chance(0.001));
    }
    assert!(!said(inputs).join("\n").contains("not distinguishable from chance"));
}

#[test]
fn who_fares_worse_has_a_direction_and_an_interval() {
    let mut inputs = fixture::people();
    let fared = |attack, difference, interval: Option<(f64, f64)>| Fared {
        from: 0,
        to: 6,
        attribute: "sex".to_owned(),
        attack,
        worse: "sex=Male".to_owned(),
        better: "sex=Female".to_owned(),
        difference,
        interval,
    };
    let attack = fixture::under("robust_group_accuracy", 0.2).attack;
    // Male, then female, at strength 0 and at all others.
    let mut attacked = |male: (f64, f64), female: (f64, f64), difference, interval| {
        for (i, point) in inputs.points.iter_mut().enumerate() {
            for (group, (before, after)) in [("Male", male), ("Female", female)] {
                let part = Some(format!("sex={group}"));
                let robust = MetricKey { group: part, ..fixture::under("robust_group_accuracy", 0.2) };
                let value = if i == 0 { before } else { after };
                point.measures.insert(robust, share(value, Bound::Exact, 3));
                let clean = if group == "Male" { 0.7 } else { 0.8 };
                point
                    .measures
                    .insert(of("group_accuracy", &format!("sex={group}")), share(clean, Bound::Exact, 3));
            }
        }
        inputs.fared =
            vec![fared(None, 0.004, Some((-0.084, 0.092))), fared(attack.clone(), difference, interval)];
        said(inputs.clone()).join("\n")
    };
    // Who gained less may be the higher one.
    let text = attacked((0.918, 0.922), (0.745, 0.779), 0.03, Some((0.008, 0.053)));
    assert!(
        text.contains(
            ". Without attack it cannot be told whether one changed otherwise than another (`Male` against `Female`: 0.4 points [−8.4, 9.2]); lower at strength 0.3 is `Male`, 0.700. Under attack `Male` gained 3.0 points [0.8, 5.3] less than `Female` (0.918 → 0.922 against 0.745 → 0.779); `Female` is still the lower (95 % intervals over seeds and rows)."
        ),
        "{text}"
    );
    let text = attacked((0.8, 0.7), (0.8, 0.77), 0.07, None);
    assert!(
        text.contains(
            "`Male` lost 7.0 points more than `Female` at these seeds (0.800 → 0.700 against 0.800 → 0.770) ("
        ),
        "{text}"
    );
    let text = attacked((0.8, 0.77), (0.8, 0.84), 0.07, Some((0.01, 0.13)));
    assert!(text.contains("`Male` lost and `Female` gained, 7.0 points [1.0, 13.0] between them (0.800 → 0.770 against 0.800 → 0.840) ("), "{text}");
}

/// Between strength 0 and .3 the larger of the two gaps changes from that of true positive rates, .6 − .3, to that of false positive rates, .8 − .1.
#[test]
fn a_gap_is_told_of_with_the_rates_that_make_it_at_either_end() {
    let mut inputs = fixture::people();
    let (safety, lower) = (Pillar::Safety, Direction::Lower);
    let id = "equalized_odds_difference_max";
    inputs.metrics.push(described(id, "equalized-odds difference", safety, lower, Bound::Exact));
    for (i, point) in inputs.points.iter_mut().enumerate() {
        let gap = if i == 0 { 0.3 } else { 0.7 };
        let mut measured = share(gap, Bound::Exact, 3);
        measured.estimate.interval = Some((gap - 0.03, gap + 0.03));
        point.measures.insert(of(id, "age"), measured);
        let (positives, negatives) = if i == 0 { ([0.3, 0.6], [0.1, 0.3]) } else { ([0.2, 0.6], [0.1, 0.8]) };
        for (rate, values, n) in
            [("true_positive_rate", positives, 40), ("false_positive_rate", negatives, 50)]
        {
            for (group, value) in ["old", "young"].iter().zip(values) {
                let mut measured = share(value, Bound::Exact, 3);
                measured.estimate.n = n;
                point.measures.insert(of(rate, &format!("age={group}")), measured);
            }
        }
    }
    let text = said(inputs).join("\n");
    assert!(
        text.contains("Equalized-odds difference (age) grew from 0.300 [0.270, 0.330] to 0.700 [0.670, 0.730]: at strength 0 true positive rate of `young` (40 positives) 0.600, of `old` (40 positives) 0.300; at strength 0.3 false positive rate of `young` (50 negatives) 0.800, of `old` (50 negatives) 0.100."),
        "{text}"
    );
}

#[test]
fn points_that_only_a_gap_of_chance_keeps_on_the_front_are_named() {
    let mut inputs = fixture::people();
    let members = inputs.front.members.clone();
    assert!(said(inputs.clone()).iter().all(|line| !line.contains("on it only for")));
    // At every other objective the last is as the first, or worse.
    let (first, last) = (members[0], members[members.len() - 1]);
    for objective in inputs.front.objectives.clone() {
        let value = inputs.points[first].measures[&objective.key].clone();
        if objective.key != parity("sex") {
            inputs.points[last].measures.insert(objective.key, value);
        }
    }
    let worse = share(0.0, Bound::Exact, 3);
    inputs.points[last].measures.insert(MetricKey::plain("accuracy"), worse);
    by_chance(&mut inputs, None);
    let text = said(inputs).join("\n");
    assert!(
        text.contains(
            " on it only for demographic parity difference (sex), which over all groups chance shows as well."
        ),
        "{text}"
    );
}

#[test]
fn the_positive_class_is_named_where_groups_are() {
    let mut inputs = fixture::people();
    inputs.data.positive = Some("yes".to_owned());
    let outputs = rendered(inputs);
    for path in ["summary.txt", "summary.md"] {
        let text = file(&outputs, path).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("2 classes; positive: `yes`; sensitive: sex (Female, Male)."),
            "{path}: {text}"
        );
    }
    assert!(file(&outputs, "report.html").contains("positive: "));
    let json: serde_json::Value = serde_json::from_str(file(&outputs, "report.json")).unwrap();
    assert_eq!(json["data"]["positive"], "yes");
}

#[test]
fn a_trivial_model_that_does_as_well_is_named() {
    // The fixture's robust accuracy: .002 at strength 0 and .074 at .05, below the .102 of always `3`; the best has .519.
    let text = text_of(fixture::digits(3));
    assert!(
        text.contains(
            "In robust accuracy at L∞ ε = 0.2, always `3` (the most frequent class) has 0.102, at least as good as strengths 0 and 0.05; the best, strength 0.25, has 0.519 ["
        ),
        "{text}"
    );
    assert!(!text.contains("In accuracy, always"), "{text}");
    // One that nothing beats is part of the answer.
    let mut inputs = fixture::digits(3);
    for anchor in &mut inputs.anchors {
        anchor.values.insert(MetricKey::plain("accuracy"), Value::Defined(0.99));
    }
    let said = said(inputs);
    let whole =
        "In accuracy, always `3` (the most frequent class) has 0.990, at least as good as all 7 points.";
    assert!(said.iter().any(|line| line == whole), "{said:?}");
    // A constant answer has no gaps, and that is no remark.
    let mut inputs = fixture::people();
    for anchor in &mut inputs.anchors {
        anchor.values.insert(parity("sex"), Value::Defined(0.0));
    }
    assert!(!text_of(inputs).contains("In demographic parity difference"));
}

#[test]
fn a_temperature_that_does_harm_on_test_rows_is_told_of() {
    let mut inputs = fixture::digits(3);
    let (safety, lower) = (Pillar::Safety, Direction::Lower);
    inputs.metrics.push(described("ece_15", "calibration error", safety, lower, Bound::Exact));
    inputs.metrics.push(described("nll", "likelihood", safety, lower, Bound::Exact));
    let one = |point, before, after| Temperature {
        point,
        per_seed: vec![(0, 1.04)],
        changes: vec![("ece_15", before, after), ("nll", 0.3, 0.2)],
    };
    inputs.temperatures = vec![one(0, 0.020, 0.010), one(1, 0.011, 0.013), one(2, 0.010, 0.0102)];
    let outputs = rendered(inputs);
    let harm = "he temperature made calibration error worse on the test rows at strength 0.05: 0.011 → 0.013";
    for path in ["summary.txt", "summary.md", "report.html"] {
        let text = file(&outputs, path).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(harm), "{path}");
        assert!(!text.contains("made likelihood worse"), "{path}");
    }
}

#[test]
fn tables_by_group_have_rows_and_combinations_of_few_rows_are_listed_once() {
    let mut inputs = fixture::people();
    let sizes = BTreeMap::from([("Female", (210, 40)), ("Male", (150, 60))]);
    for point in &mut inputs.points {
        for (group, (rows, positives)) in &sizes {
            let part = format!("sex={group}");
            point.measures.get_mut(&of("group_accuracy", &part)).unwrap().estimate.n = *rows;
            point.measures.get_mut(&of("true_positive_rate", &part)).unwrap().estimate.n = *positives;
        }
        for (group, rows) in [("Female*A", 30), ("Female*B", 1), ("Male*B", 9)] {
            let mut measured = share(0.7, Bound::Exact, 3);
            measured.estimate.n = rows;
            point.measures.insert(of("group_accuracy", &format!("sex*race={group}")), measured);
        }
    }
    let outputs = rendered(inputs);
    let text = file(&outputs, "summary.md");
    assert!(text.contains("| strength | sex | rows | of them positive |"), "{text}");
    assert!(text.contains("| 0 | Female | 210 | 40 |"), "{text}");
    assert!(
        file(&outputs, "summary.txt").lines().any(|line| line.contains("Female") && line.contains(" 210 "))
    );
    assert!(text.contains("| 0 | Female\\*A | 30 |"), "{text}");
    assert!(
        text.contains(
            "Left out, with fewer than 10 rows: `Female*B` (1) and `Male*B` (9); points.csv has them."
        ),
        "{text}"
    );
    assert!(!text.contains("| 0 | Female\\*B |") && !text.contains("| 0 | Male\\*B |"), "{text}");
    assert!(file(&outputs, "points.csv").contains("group_accuracy@sex*race=Female*B"));
    let figure = equipoise::report::figure::all(&View::new(fixture::people()));
    let groups = figure.iter().find(|figure| figure.name == "groups-sex").unwrap();
    assert!(groups.caption.contains("Rows: Female (360), Male (360)."), "{}", groups.caption);
}

/// The title of the figure by sex where females and males have these accuracies under attack (± .055 at 360 rows), and so many rows.
fn title_by_sex(groups: [(&str, f64, usize); 2]) -> String {
    let mut inputs = fixture::people();
    for point in &mut inputs.points {
        for (group, value, rows) in groups {
            let mut robust = fixture::under("robust_group_accuracy", 0.2);
            robust.group = Some(format!("sex={group}"));
            point.measures.insert(robust, share(value, Bound::Exact, 3));
            let clean = of("group_accuracy", &format!("sex={group}"));
            point.measures.get_mut(&clean).unwrap().estimate.n = rows;
        }
    }
    let figures = equipoise::report::figure::all(&View::new(inputs));
    figures.into_iter().find(|figure| figure.name == "groups-sex").unwrap().title
}

#[test]
fn a_figure_names_a_worst_group_only_as_far_as_intervals_and_rows_tell() {
    let clear = title_by_sex([("Female", 0.4, 99), ("Male", 0.6, 99)]);
    assert!(clear.contains(", sex = Female (99 rows) fares worst: 0.400 (clean "), "{clear}");
    assert_eq!(
        title_by_sex([("Female", 0.5, 99), ("Male", 0.51, 99)]),
        "Under attack at strength 0.25, no group of sex clearly fares worst: sex = Female has 0.500, the next 0.510"
    );
    assert_eq!(title_by_sex([("Female", 0.1, 29), ("Male", 0.51, 99)]), "By sex");
}
