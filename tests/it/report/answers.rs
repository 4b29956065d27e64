//! What the report says in words about steps, stretches and candidates.

use equipoise::measure::MetricKey;
use equipoise::pareto::exchange::Outcome;
use equipoise::report::{Inputs, View, terminal};

use super::{file, fixture, rendered, rows};

#[test]
fn candidates_that_did_not_compete_are_listed_but_not_ranked() {
    let mut inputs = fixture::digits(3);
    let mut best = inputs.points[0].clone();
    "best-robust".clone_into(&mut best.model);
    best.measures
        .insert(MetricKey::plain("accuracy"), fixture::share(0.999, equipoise::measure::Bound::Exact, 3));
    inputs.points.push(best);
    inputs.front.stability.push(None);
    let view = View::new(inputs);
    let text = terminal(&view);
    assert!(text.contains("5 of 8 points"), "{text}");
    assert!(text.contains("Accuracy is best at strength 0.05"), "{text}");
    assert!(text.lines().any(|line| line.contains("best-robust") && line.contains('—')), "{text}");
}

#[test]
fn the_stretch_without_a_price_ends_where_safety_is_measurably_lost() {
    let stretch = |inputs: Inputs| -> Vec<String> {
        let all = View::new(inputs).headlines;
        all.into_iter().filter(|line| line.contains(" up to ")).collect()
    };
    // Clean accuracy: +.006, +.003, −.005 ± .012 by strength 0.15, and −.016 ± .012 at 0.2.
    insta::assert_debug_snapshot!(stretch(fixture::digits(3)), @r#"
    [
        "No price was measurable up to strength 0.15: robust accuracy +41.0 points [38.0, 44.0], accuracy −0.5 points [−1.7, 0.7].",
    ]
    "#);
    // Sure of a gain at 0.1, and of a loss at 0.15 already.
    let mut sure = fixture::digits(3);
    let (x, y) = (fixture::under("robust_accuracy", 0.2), MetricKey::plain("accuracy"));
    sure.rates[1].safety_change = (0.003, Some((0.001, 0.005)));
    sure.rates[1].outcome = Outcome::WinWin;
    sure.rates[2].safety_change = (-0.005, Some((-0.007, -0.003)));
    sure.rates[2].outcome = Outcome::Price;
    insta::assert_debug_snapshot!(stretch(sure.clone()), @r#"
    [
        "Nothing was paid up to strength 0.1: robust accuracy +26.4 points [23.4, 29.4], accuracy +0.3 points [0.1, 0.5].",
    ]
    "#);
    // A later change that noise hides gives nothing back.
    sure.rates[3].safety_change = (-0.016, Some((-0.05, 0.02)));
    sure.rates[3].outcome = Outcome::NoPrice;
    assert!(stretch(sure)[0].contains(" up to strength 0.1:"));
    // Two seeds have no intervals.
    insta::assert_debug_snapshot!(stretch(fixture::digits(2)), @r#"
    [
        "No price was seen at these 2 seeds up to strength 0.1: robust accuracy +26.4 points, accuracy +0.3 points.",
    ]
    "#);
    // Where the whole sweep went without a price, its arc says so already.
    let mut short = fixture::digits(3);
    short.rates = vec![fixture::arc(&short.points, 0, 1, &x, &y)];
    assert!(stretch(short).is_empty());
}

#[test]
fn every_pair_of_axes_has_its_arc_over_the_sweep_between_models_that_work() {
    let mut inputs = fixture::digits(3);
    let (x, worst) = (fixture::under("robust_accuracy", 0.2), MetricKey::plain("worst_class_accuracy"));
    let more: Vec<_> = (1..8).map(|to| fixture::arc(&inputs.points, 0, to, &x, &worst)).collect();
    inputs.rates.extend(more);
    for arc in &mut inputs.rates {
        arc.sentence = format!("{} from {} to {}", arc.safety, arc.from, arc.to);
    }
    let said = View::new(inputs).headlines;
    // Point 7 collapsed and point 6 is beaten on both axes, so both end at point 5.
    assert_eq!(said[..2], ["Accuracy from 0 to 5.", "Worst_class_accuracy from 0 to 5."]);
}

#[test]
fn what_did_not_compete_has_no_share_of_resamples() {
    let outputs = rendered(fixture::digits(3));
    let table = rows(file(&outputs, "points.csv"));
    assert_eq!((table[0]["stability"].as_str(), table[1]["stability"].as_str()), ("0", "0.91"));
    assert_eq!(table[7]["stability"], "", "strength 0.4 collapsed");
    let json: serde_json::Value = serde_json::from_str(file(&outputs, "report.json")).unwrap();
    assert_eq!(json["front"]["stability"][0], 0.0);
    assert!(json["front"]["stability"][7].is_null());
}

#[test]
fn the_table_of_rates_tells_a_price_from_noise() {
    let outputs = rendered(fixture::digits(3));
    let text = file(&outputs, "summary.md");
    let row = |step: &str| text.lines().find(|line| line.contains(step)).unwrap().to_owned();
    assert!(row("0 → 0.1 ").contains("| no price was measurable |"), "{}", row("0 → 0.1 "));
    assert!(row("0 → 0.3 ").contains("| security was paid for |"), "{}", row("0 → 0.3 "));
    let outputs = rendered(fixture::digits(2));
    let text = file(&outputs, "summary.md");
    assert!(text.contains("| no price was seen at these 2 seeds |"), "{text}");
}
