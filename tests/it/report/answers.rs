//! What the report says in words about steps, stretches and candidates.

use equipoise::measure::{MetricKey, Value};
use equipoise::pareto::Verdict;
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
    assert_eq!(said[..2], ["Accuracy from 0 to 5.", "worst_class_accuracy from 0 to 5."]);
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

/// Another defense that is better everywhere: what a defense costs is between its own strengths all the same.
#[test]
fn a_defense_is_walked_along_its_own_strengths_whoever_else_is_better() {
    let mut inputs = fixture::digits(3);
    let (x, y) = (fixture::under("robust_accuracy", 0.2), MetricKey::plain("accuracy"));
    let rival: Vec<_> = inputs.points[..6]
        .iter()
        .map(|point| {
            let mut rival = point.clone();
            "rival".clone_into(&mut rival.defense);
            rival.coordinates.insert("defense".to_owned(), "rival".to_owned());
            let (robust, clean) = (point.value(&x).unwrap() + 0.3, point.value(&y).unwrap() + 0.01);
            rival.measures.insert(x.clone(), fixture::share(robust, equipoise::measure::Bound::Upper, 3));
            rival.measures.insert(y.clone(), fixture::share(clean, equipoise::measure::Bound::Exact, 3));
            rival
        })
        .collect();
    inputs.points.extend(rival);
    inputs.front = fixture::front(&inputs.points, &x, &y, 3);
    assert!(
        (0..7).all(|own| inputs.front.dominated.iter().any(|(point, _)| *point == own)),
        "all are beaten"
    );
    let view = View::new(inputs.clone());
    // Strength 0.25 is the farthest that no lower one beats.
    let said: Vec<&String> =
        view.headlines.iter().filter(|line| line.starts_with("`adversarial`: ")).collect();
    assert_eq!(said.len(), 1, "{:?}", view.headlines);
    assert!(said[0].starts_with("`adversarial`: from strength 0 to 0.25, one point"), "{}", said[0]);
    let stop = "No step to `adversarial` 0.3 is quoted outside the table: another strength of the same defense is at least as good at every objective and better at one.";
    assert!(view.headlines.iter().any(|line| line == stop), "{:?}", view.headlines);
    // At two seeds the words of a step contain `at`, as in `at these 2 seeds`: the defense is named all the same.
    let mut few = inputs;
    for point in &mut few.points {
        if point.defense == "adversarial" {
            "at".clone_into(&mut point.defense);
            point.coordinates.insert("defense".to_owned(), "at".to_owned());
        }
    }
    for arc in &mut few.rates {
        "at".clone_into(&mut arc.defense);
        arc.sentence = "from strength 0 to 0.1, no price was seen at these 2 seeds".to_owned();
    }
    let view = View::new(few);
    assert!(
        view.headlines.iter().any(|line| line.starts_with("`at`: from strength 0")),
        "{:?}",
        view.headlines
    );
    assert!(view.headlines.iter().any(|line| line.contains("`at` 0.")), "{:?}", view.headlines);
}

/// Two values of a setting beside two defenses: four sweeps, each with a sentence and rows of its own.
#[test]
fn sweeps_of_another_setting_are_told_apart() {
    let mut inputs = fixture::digits(3);
    let (x, y) = (fixture::under("robust_accuracy", 0.2), MetricKey::plain("accuracy"));
    let all: Vec<_> = ["at", "trades"]
        .into_iter()
        .flat_map(|defense| ["20", "40"].map(|epochs| (defense, epochs)))
        .flat_map(|(defense, epochs)| {
            inputs.points[..6].iter().map(move |point| {
                let mut own = point.clone();
                defense.clone_into(&mut own.defense);
                own.coordinates.insert("defense".to_owned(), defense.to_owned());
                own.coordinates.insert("training.epochs".to_owned(), epochs.to_owned());
                own
            })
        })
        .collect();
    inputs.points = all;
    inputs.front = fixture::front(&inputs.points, &x, &y, 3);
    inputs.rates =
        (0..4).map(|sweep| fixture::arc(&inputs.points, 6 * sweep, 6 * sweep + 5, &x, &y)).collect();
    inputs.attacks.clear();
    inputs.convergence.clear();
    let view = View::new(inputs.clone());
    for sweep in ["`at` (epochs 20)", "`at` (epochs 40)", "`trades` (epochs 20)", "`trades` (epochs 40)"] {
        let own = view
            .headlines
            .iter()
            .filter(|line| line.starts_with(&format!("{sweep}: from strength 0 to 0.25")));
        assert_eq!(own.count(), 1, "{sweep}: {:?}", view.headlines);
    }
    let text = terminal(&view);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.contains(" defense   epochs   strength "), "heads are whole words: {text}");
    let outputs = rendered(inputs);
    let table = file(&outputs, "summary.md");
    assert!(table.contains("| defense | epochs | from → to |"), "{table}");
    assert!(table.contains("| trades | 40 | 0 → 0.25 |"), "{table}");
}

#[test]
fn verdicts_and_names_are_explained_where_they_occur() {
    let outputs = rendered(fixture::digits(3));
    let text = file(&outputs, "summary.md");
    for row in [
        "| security was paid for | a step between strengths |",
        "| no price was measurable | a step between strengths |",
        "| degenerate | a point, on the front |",
        "| yes | a point, on the front |",
    ] {
        assert!(text.contains(row), "{row}: {text}");
    }
    assert!(!text.contains("| not chosen |") && !text.contains("| nothing was gained |"), "{text}");
    assert!(file(&outputs, "report.html").contains("<table id=\"verdicts\">"));
}

/// Without a test there is no best: by hand, accuracy at strength 0 less that at 0.05, the best by its mean, is 0.012, −0.020 and −0.010 at three seeds, which is less
/// than no noise explains (mean −0.006, standard deviation 0.016).
#[test]
fn the_best_are_named_with_what_seeds_cannot_tell_from_them() {
    let mut inputs = fixture::digits(3);
    let vary = |inputs: &mut Inputs, point: usize, key: &MetricKey, values: [f64; 3]| {
        let measured = inputs.points[point].measures.get_mut(key).unwrap();
        measured.per_seed = values.map(Value::Defined).to_vec();
    };
    vary(&mut inputs, 0, &MetricKey::plain("accuracy"), [0.990, 0.960, 0.972]);
    let said = |inputs: &Inputs| View::new(inputs.clone()).headlines.join("\n");
    let text = said(&inputs);
    assert!(
        text.contains(
            "Accuracy is best at strength 0.05 (0.980 [0.962, 0.998]), not told from 0; robust accuracy at L∞ ε = 0.2 is best at strength 0.25 (0.519 [0.463, 0.575])."
        ),
        "{text}"
    );
    vary(&mut inputs, 4, &fixture::under("robust_accuracy", 0.2), [0.55, 0.40, 0.487]);
    vary(&mut inputs, 6, &fixture::under("robust_accuracy", 0.2), [0.55, 0.40, 0.472]);
    assert!(
        said(&inputs).contains("is best at strength 0.25 (0.519 [0.463, 0.575]), not told from 0.2 and 0.3.")
    );
    let outputs = rendered(inputs);
    let page = file(&outputs, "summary.md");
    for title in [
        "![Accuracy is best at strength 0.05 (not told from 0) and robust accuracy is best at strength 0.25 (not told from 0.2 and 0.3)](",
        "![Robust accuracy at L∞ ε = 0.2 is best at strength 0.25 (not told from 0.2 and 0.3): 0.519, against 0.002 at strength 0](",
        "| not told from | the best at an objective |",
    ] {
        assert!(page.contains(title), "{title}\n{page}");
    }
    assert!(!file(&rendered(fixture::digits(3)), "summary.md").contains("not told from"));
}

/// Three seeds fall by 0.10, 0.20 and 0.30: mean 0.2, standard deviation 0.1, t(0.975, 2) = 4.3027, half-width 0.2484. By 0.19, 0.20 and 0.21 it is 0.0248.
#[test]
fn a_fall_that_pairs_cannot_tell_says_so() {
    let said = |falls: [f64; 3]| {
        let mut inputs = fixture::digits(3);
        let key = MetricKey::plain("worst_class_accuracy");
        let before = inputs.points[0].measures[&key].per_seed.clone();
        // The first headline goes from strength 0 to 0.25.
        let after = inputs.points[5].measures.get_mut(&key).unwrap();
        let values =
            before.iter().zip(falls).map(|(value, fall)| Value::Defined(value.get().unwrap() - fall));
        after.per_seed = values.collect();
        View::new(inputs).headlines.join("\n")
    };
    let unclear = said([0.1, 0.2, 0.3]);
    assert!(unclear.contains("(−20.0 points [−44.8, 4.8], not told from none)"), "{unclear}");
    let clear = said([0.19, 0.2, 0.21]);
    assert!(clear.contains("(−20.0 points [−22.5, −17.5]); in brackets 95 % t intervals"), "{clear}");
}

#[test]
fn nothing_is_free_before_all_other_points_are_known_to_be_dominated() {
    let alone = |verdicts: &[Option<Verdict>]| {
        let mut inputs = fixture::digits(7);
        inputs.front.members = vec![1];
        inputs.front.dominated = [0, 2, 3, 4, 5, 6].map(|point| (point, 1)).to_vec();
        inputs.uncertainty.verdicts = verdicts.to_vec();
        View::new(inputs).headlines.join("\n")
    };
    let beaten = Some(Verdict::DominatedBy(1));
    let mut verdicts = vec![beaten; 8];
    (verdicts[1], verdicts[7]) = (Some(Verdict::OnFront), None);
    let text = alone(&verdicts);
    assert!(
        text.contains("Strength 0.05 is at least as good as every other point at accuracy and robust accuracy at L∞ ε = 0.2 all at once: among these points nothing has to be given up."),
        "{text}"
    );
    verdicts[3] = Some(Verdict::Undecided);
    let text = alone(&verdicts);
    assert!(
        text.contains("By the seed means strength 0.05 is at least as good as every other point at accuracy and robust accuracy at L∞ ε = 0.2 all at once; over seeds and rows in general that is shown against 5 of the 6 others."),
        "{text}"
    );
    assert!(!text.contains("nothing has to be given up"), "{text}");
    // Without verdicts the means say what they can.
    let text = alone(&[]);
    assert!(text.contains("By the seed means strength 0.05 is at least as good"), "{text}");
    assert!(!text.contains("nothing has to be given up"), "{text}");
}
