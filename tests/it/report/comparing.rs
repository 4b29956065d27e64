//! Several folders side by side.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use equipoise::measure::{AttackKey, Direction, MetricKey, Norm, Value};
use equipoise::report::compare::{self, Member};
use equipoise::report::{Inputs, View, Wanted};
use sha2::{Digest as _, Sha256};

use super::{assert_well_formed, file, fixture, paths, rows};

fn member(name: &str, inputs: Inputs) -> Member {
    Member { name: name.to_owned(), view: View::new(inputs) }
}

#[test]
fn folders_are_laid_side_by_side() {
    let mut second = fixture::digits(3);
    second.front.hypervolume = 0.6;
    second.front.hypervolume_interval = Some((0.56, 0.64));
    second.settings[1].1 = "adam 1e-3, batch 64, 80 epochs".to_owned();
    second.settings.push(("suite".to_owned(), "quick".to_owned()));
    // Other seeds, so that nothing is paired.
    for point in &mut second.points {
        point.seeds = vec![10, 11, 12];
    }
    let members = [member("first", fixture::digits(3)), member("second", second)];
    let outputs = compare::compare(&members, &Wanted::default()).unwrap();
    assert_eq!(
        paths(&outputs),
        [
            "comparison.md",
            "comparison.csv",
            "comparison-steps.csv",
            "comparison.json",
            "comparison.html",
            "figures/fronts.png",
            "figures/fronts.svg"
        ]
    );
    // For machines every cell is one number.
    let table = rows(file(&outputs, "comparison.csv"));
    let cell = |name: &str| table[1][name].as_str();
    assert_eq!((cell("results"), cell("hypervolume")), ("second", "0.6"));
    assert_eq!((cell("hypervolume:low"), cell("hypervolume:high")), ("0.56", "0.64"));
    assert_eq!((cell("accuracy"), cell("accuracy:at")), ("0.98", "0.05"));
    // By the fixture's formula: 1.96 √(0.98 · 0.02 / 360) + 0.004 = 0.01846.
    assert!(
        (cell("accuracy:low").parse::<f64>().unwrap() - 0.961_54).abs() < 1e-5,
        "{}",
        cell("accuracy:low")
    );
    let steps = rows(file(&outputs, "comparison-steps.csv"));
    let step = (steps[0]["from"].as_str(), steps[0]["to"].as_str(), steps[0]["outcome"].as_str());
    assert_eq!(step, ("0", "0.25", "price"));
    assert!((steps[0]["safety_change"].parse::<f64>().unwrap() - (0.921 - 0.974)).abs() < 1e-12);
    let json: serde_json::Value = serde_json::from_str(file(&outputs, "comparison.json")).unwrap();
    assert_eq!(json["folders"][1]["hypervolume_interval"], serde_json::json!([0.56, 0.64]));
    assert_eq!(json["folders"][0]["best"][0]["at"], "0.05");
    assert_eq!(json["folders"][0]["steps"][0]["to"], "0.25");
    assert_eq!(json["against_the_first"], serde_json::json!([]));
    let text = file(&outputs, "comparison.md");
    assert!(text.contains("`second` dominates most: hypervolume 0.600 against 0.505 (`first`); their intervals do not overlap"), "{text}");
    assert!(
        text.contains("`second` and `first` share no seed at every configuration that both have, so that they cannot be compared pair by pair"),
        "{text}"
    );
    assert!(
        text.contains("| training | adam 1e-3, batch 64, 40 epochs | adam 1e-3, batch 64, 80 epochs |"),
        "{text}"
    );
    assert!(text.contains("| suite | not set | quick |") && !text.contains("| model |"), "{text}");
    assert!(text.contains("0.980 [0.962, 0.998]"), "the best accuracy: {text}");
    let svg = file(&outputs, "figures/fronts.svg");
    assert_well_formed(svg);
    assert!(svg.contains("\nfirst\n") && svg.contains("\nsecond\n"));
    // Strengths are written in the color of their front.
    for color in ["#0072B2", "#C24E00"] {
        let texts = svg.lines().filter(|line| line.starts_with("<text") && line.contains(color));
        assert!(texts.count() >= 3, "{color}: {svg}");
    }
    let page = file(&outputs, "comparison.html");
    for foreign in ["<script ", "<link", "<img", "@import", "url(", " src=", "unsafe-inline"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    // The policy names the one script and all style sheets by their hashes.
    let between = |start: &str, end: &str| {
        BASE64.encode(Sha256::digest(page.split_once(start).unwrap().1.split_once(end).unwrap().0))
    };
    let dark = "<style id=\"dark\" media=\"screen and (prefers-color-scheme: dark)\">";
    let print = "<style id=\"print\" media=\"print\">";
    let [script, light, print, dark] =
        [("<script>", "</script>"), ("<style>", "</style>"), (print, "</style>"), (dark, "</style>")]
            .map(|(start, end)| between(start, end));
    let policy = page.replace("&#x27;", "'").replace("&#x2f;", "/");
    let named =
        format!("script-src 'sha256-{script}'; style-src 'sha256-{light}' 'sha256-{print}' 'sha256-{dark}';");
    assert!(policy.contains(&named), "{named}");
    // Every color of the drawing has its twin for dark pages.
    for part in svg.split(" fill=\"#").skip(1) {
        assert!(page.contains(&format!(".figure [fill=\"#{}\"]", &part[..6])), "{}", &part[..6]);
    }
    assert_eq!(outputs, compare::compare(&members, &Wanted::default()).unwrap());
}

/// By hand: one point on either front, so that the volume at each seed is accuracy times robust accuracy: 0.978, 0.980, 0.982 times a robust accuracy that is
/// 0.1 higher in the second folder. The differences have mean 0.098 and standard deviation 0.0002; t(0.975; 2) = 4.303 (any table). Accuracy at another
/// point differs by 0.01, 0.02 and 0.03: mean 0.02, half width 4.303 · 0.01 / √3 = 0.0248.
#[test]
fn folders_of_the_same_seeds_and_rows_are_compared_pair_by_pair() {
    let alone = |mut inputs: Inputs| {
        inputs.front.members = vec![1];
        inputs.front.dominated.clear();
        inputs
    };
    let mut second = alone(fixture::digits(3));
    let robust = fixture::under("robust_accuracy", 0.2);
    let mut shift = |point: usize, key: &MetricKey, by: [f64; 3]| {
        let measured = second.points[point].measures.get_mut(key).unwrap();
        for (value, by) in measured.per_seed.iter_mut().zip(by) {
            *value = Value::Defined(value.get().unwrap() + by);
        }
    };
    shift(1, &robust, [0.1; 3]);
    shift(2, &MetricKey::plain("accuracy"), [0.01, 0.02, 0.03]);
    shift(3, &MetricKey::plain("accuracy"), [-0.021, -0.02, -0.019]);
    second.front.hypervolume = 0.6;
    let members = [member("first", alone(fixture::digits(3))), member("second", second)];
    let outputs = compare::compare(&members, &Wanted::default()).unwrap();
    let text = file(&outputs, "comparison.md").replace('\u{a0}', " ");
    for expected in [
        "hypervolume 0.600 against 0.505 (`first`); paired over 3 seeds by +0.098 [0.098, 0.098].",
        "`second` against `first`, paired over 3 seeds on the same 360 test rows: its hypervolume differs by +0.098 [0.098, 0.098], which is better.",
        "| +0.098 [0.098, 0.098], better |",
        "| configuration | seeds | accuracy ↑ | it is | robust accuracy at L∞ ε = 0.2 ↑ | it is |",
        "| 0.1 | 3 | +2.0 points [−0.5, 4.5] | cannot tell | ±0.0 points [0.0, 0.0] | the same |",
        "| 0.2 | 3 | ±0.0 points [0.0, 0.0] | the same |",
        "| 0.15 | 3 | −2.0 points [−2.2, −1.8] | worse |",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let table = file(&outputs, "comparison-paired.csv");
    assert!(
        table.starts_with(
            "results,configuration,number,difference,difference:low,difference:high,seeds,it_is\n"
        ),
        "{table}"
    );
    let rows = rows(table);
    let row = rows.iter().find(|row| row["configuration"] == "0.1" && row["number"] == "accuracy").unwrap();
    let number = |name: &str| row[name].parse::<f64>().unwrap();
    assert!((number("difference") - 0.02).abs() < 1e-12 && (number("difference:low") + 0.0048).abs() < 1e-4);
    assert_eq!((row["seeds"].as_str(), row["it_is"].as_str()), ("3", "cannot tell"));
    assert!(file(&outputs, "comparison.html").contains(">Paired differences<"));
}

/// By its means over all seeds the second has the larger front; where both have the same seeds it is 5 points of accuracy below.
#[test]
fn where_pairs_and_means_disagree_pairs_have_the_word() {
    let accuracy = MetricKey::plain("accuracy");
    let mut second = fixture::digits(3);
    for point in &mut second.points {
        for (value, by) in
            point.measures.get_mut(&accuracy).unwrap().per_seed.iter_mut().zip([0.049, 0.05, 0.051])
        {
            *value = Value::Defined(value.get().unwrap() - by);
        }
    }
    second.front.hypervolume = 0.6;
    let members = [member("first", fixture::digits(3)), member("second", second)];
    let text = file(&compare::compare(&members, &Wanted::default()).unwrap(), "comparison.md").to_owned();
    assert!(
        text.contains("`first` dominates more where both have the same seeds, `second` by the means of all: hypervolume 0.600 against 0.505 (`first`); paired over 3 seeds by −0."),
        "{text}"
    );
    assert!(text.contains(", which is worse."), "{text}");
    assert!(!text.contains("dominates most"), "{text}");
}

/// The front of more points dominates more by noise alone: what is paired is of the configurations that both have.
#[test]
fn a_folder_of_more_points_is_not_better_for_having_more() {
    let said = |second: Inputs| {
        let members = [member("first", fixture::digits(3)), member("second", second)];
        let outputs = compare::compare(&members, &Wanted::default()).unwrap();
        (file(&outputs, "comparison.md").replace('\u{a0}', " "), outputs)
    };
    let mut more = fixture::digits(3);
    for i in 0..6 {
        let mut twin = more.points[4].clone();
        twin.strength = 0.21 + 0.001 * f64::from(i);
        twin.coordinates.insert("strength".to_owned(), twin.strength.to_string());
        for measured in twin.measures.values_mut() {
            for value in &mut measured.per_seed {
                *value = value.get().map_or_else(|| value.clone(), |x| Value::Defined((x + 0.05).min(1.0)));
            }
        }
        more.points.push(twin);
        more.front.dominated.push((7 + usize::try_from(i).unwrap() + 1, 4));
    }
    more.front.hypervolume = 0.9;
    let (text, outputs) = said(more);
    let expected = "the hypervolume of the 7 configurations that both fronts were judged from differs by ±0.000 [0.000, 0.000], which is none.";
    assert!(text.contains(expected), "{text}");
    assert!(
        text.contains(
            "`second` dominates most by the means, of other configurations: hypervolume 0.900 against"
        ),
        "{text}"
    );
    assert!(!text.contains("; paired over"), "{text}");
    let table = rows(file(&outputs, "comparison-paired.csv"));
    let front = table.iter().find(|row| row["number"] == "hypervolume").unwrap();
    assert_eq!(front["it_is"], "the same");
    // A configuration without a single seed was judged by nobody, and takes nothing from the others.
    let mut failed = fixture::digits(3);
    failed.points[2].seeds.clear();
    for measured in failed.points[2].measures.values_mut() {
        measured.per_seed.clear();
    }
    failed.front.members.retain(|point| *point != 2);
    failed.front.excluded.push((2, "every seed failed".to_owned()));
    let (text, _) = said(failed);
    assert!(
        text.contains("the hypervolume of the 6 configurations that both fronts were judged from differs by"),
        "{text}"
    );
    // Nothing is in common.
    let mut other = fixture::digits(3);
    for point in &mut other.points {
        point.coordinates.insert("defense".to_owned(), "trades".to_owned());
    }
    let (text, _) = said(other);
    assert!(text.contains("`second` and `first` were judged from no configuration in common"), "{text}");
}

#[test]
fn comparison_json_is_as_its_schema_says() {
    let mut worse = fixture::digits(3);
    let third = worse.points[3].measures.get_mut(&MetricKey::plain("accuracy")).unwrap();
    third.per_seed[0] = Value::Defined(0.5);
    for second in [fixture::digits(3), worse, fixture::digits(1)] {
        let members = [member("first", fixture::digits(3)), member("second", second)];
        let outputs = compare::compare(&members, &Wanted::default()).unwrap();
        let json = crate::json_schema::must_hold(file(&outputs, compare::JSON), compare::SCHEMA_FILE);
        assert_eq!(json["folders"].as_array().unwrap().len(), 2);
        let pairs = json["against_the_first"].as_array().unwrap();
        assert_eq!(pairs.len(), rows(file(&outputs, "comparison-paired.csv")).len());
    }
}

#[test]
fn every_pair_of_three_objectives_is_compared() {
    let three = || {
        let mut inputs = fixture::digits(3);
        inputs
            .front
            .objectives
            .push(fixture::objective(MetricKey::plain("worst_class_accuracy"), Direction::Higher));
        inputs
    };
    let members = [member("first", three()), member("second", three())];
    let outputs = compare::compare(&members, &Wanted::default()).unwrap();
    let svgs: Vec<&str> =
        paths(&outputs).into_iter().filter(|path| path.split('.').next_back() == Some("svg")).collect();
    assert_eq!(svgs, ["figures/fronts.svg", "figures/fronts-2.svg", "figures/fronts-3.svg"]);
    let page = file(&outputs, "comparison.html");
    assert_eq!(page.matches("<svg").count(), 3);
    for svg in svgs {
        assert_well_formed(file(&outputs, svg));
    }
}

#[test]
fn what_cannot_be_compared_is_refused_in_one_message() {
    let refused = |second: Inputs| {
        let members = [member("a", fixture::digits(3)), member("b", second)];
        let error = compare::compare(&members, &Wanted::default()).unwrap_err();
        assert_eq!(error.kind(), equipoise::error::Kind::NotComparable);
        error.chain().join(": ")
    };
    let mut other = fixture::digits(3);
    other.front.objectives[0].key = MetricKey::plain("worst_class_accuracy");
    assert_eq!(
        refused(other),
        "`b` cannot be compared with `a`: their fronts are about other objectives (`robust_accuracy!union-5f3a:linf:0.2` and `worst_class_accuracy` here, `accuracy` and `robust_accuracy!union-5f3a:linf:0.2` there)"
    );
    let mut other = fixture::digits(3);
    other.front.objectives[1].key.attack = Some(AttackKey::new(fixture::PROTOCOL, Norm::Linf, 0.1));
    assert!(refused(other).contains("their fronts were attacked otherwise"));
    let mut other = fixture::digits(3);
    other.data.fingerprint = "7c".repeat(32);
    assert!(refused(other).contains(
        "they are measured on other rows (digits, 360 test rows here; digits, 360 test rows there)"
    ));
    let alone = [member("a", fixture::digits(3))];
    assert!(
        compare::compare(&alone, &Wanted::default()).unwrap_err().to_string().contains("nothing to compare")
    );
}
