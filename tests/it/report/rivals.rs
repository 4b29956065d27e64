//! Many defenses side by side, who owns the front, and what validation rows chose.

use std::collections::BTreeMap;

use equipoise::measure::{Direction, MetricKey};
use equipoise::pareto::{Choice, Optimism, Stretch};
use equipoise::points::Point;
use equipoise::report::figure::{self, Look, Theme, Width};
use equipoise::report::{Inputs, View, terminal};

use super::{assert_well_formed, file, fixture, rendered, rows};

const LONG: &str = "adversarial training on margin losses 14";

/// Fourteen defenses at five strengths, each a little worse than the one before; the last has a long name.
fn fourteen() -> Inputs {
    let mut inputs = fixture::three_defenses(5);
    let (x, y) = (fixture::under("robust_accuracy", 0.2), MetricKey::plain("accuracy"));
    let first: Vec<Point> = inputs.points[..5].to_vec();
    let name = |d: usize| if d == 13 { LONG.to_owned() } else { format!("defense {d}") };
    inputs.points = (0..14)
        .flat_map(|d| first.iter().map(move |point| (d, point.clone())))
        .map(|(d, mut point)| {
            point.defense = name(d);
            point.coordinates = BTreeMap::from([
                ("defense".to_owned(), name(d)),
                ("strength".to_owned(), point.strength.to_string()),
            ]);
            let clean = point.value(&y).unwrap() - 0.004 * d as f64;
            let robust = point.value(&x).unwrap() + 0.003 * d as f64;
            point.measures.insert(y.clone(), fixture::share(clean, equipoise::measure::Bound::Exact, 3));
            point.measures.insert(x.clone(), fixture::share(robust, equipoise::measure::Bound::Upper, 3));
            point
        })
        .collect();
    inputs.front = fixture::front(&inputs.points, &x, &y, 3);
    inputs.defense_fronts = (0..14)
        .map(|d| {
            let own = fixture::front(&inputs.points[5 * d..5 * d + 5], &x, &y, 3);
            (name(d), own.members.iter().map(|i| i + 5 * d).collect())
        })
        .collect();
    inputs.rates.clear();
    let stretch = |from: f64, to: f64, owners: &[&str], probability| Stretch {
        from,
        to,
        owners: owners.iter().map(|owner| (*owner).to_owned()).collect(),
        members: vec![0, 5],
        probability: Some(probability),
        runner_up: Some(("defense 3".to_owned(), 0.13)),
        unreached: Some(0.07),
    };
    inputs.ownership = vec![
        stretch(0.0, 0.25, &["defense 0", "defense 1", "defense 2", "defense 4"], 0.9),
        stretch(0.25, 0.5, &[LONG], 0.75),
    ];
    inputs
}

#[test]
fn fourteen_defenses_keep_their_names_colors_and_marks() {
    let outputs = rendered(fourteen());
    for figure in ["figures/front.svg", "figures/strength.svg"] {
        let svg = file(&outputs, figure);
        assert_well_formed(svg);
        for d in 0..13 {
            assert!(svg.contains(&format!("\ndefense {d}\n")), "{figure} names {d}");
        }
    }
    let svg = file(&outputs, "figures/front.svg");
    assert!(svg.contains("\njoint front\n") && svg.contains("\nits highest\n"), "the legend explains");
    // The page turns dark: every color of the drawing has its twin there.
    let page = file(&outputs, "report.html");
    for code in ["#117733", "#882255", "#4F73A0"] {
        assert!(svg.contains(&format!("stroke=\"{code}\"")), "{code} is drawn");
        assert!(page.contains(&format!(".figure [stroke=\"{code}\"]{{stroke:#")), "{code}");
    }
}

/// A page is 11 inches high, of which 9 are text.
#[test]
fn panels_of_many_defenses_fit_a_page() {
    for width in [Width::Column, Width::Full] {
        let all = figure::drawn(&View::new(fourteen()), Look::of(Theme::Paper, width));
        let figure = all.iter().find(|figure| figure.name == "front-defenses").unwrap();
        assert_well_formed(&figure.svg);
        let (_, rest) = figure.svg.split_once(" height=\"").unwrap();
        let height: f64 = rest.split('"').next().unwrap().parse().unwrap();
        assert!(height <= 9.0 * 96.0, "{width:?}: {height}");
        // Numbers stand once a line and once a column: 0.9 is no other text.
        let columns = if width == Width::Column { 3 } else { 4 };
        let ticks = figure.svg.matches("\n0.9\n").count();
        assert_eq!(ticks, 14_usize.div_ceil(columns), "{width:?}");
    }
}

/// Five defenses have a point on the joint front, the first of them two.
#[test]
fn many_owners_are_counted() {
    let mut inputs = fourteen();
    inputs.front.members = vec![0, 1, 5, 10, 15, 20];
    let all = figure::all(&View::new(inputs));
    let title = |name: &str| all.iter().find(|figure| figure.name == name).unwrap().title.clone();
    assert_eq!(
        title("front-defenses"),
        "Of the 6 points of the joint front 2 are of `defense 0`, the rest of 4 other defenses"
    );
    let owners = format!(
        "Most accuracy is given by 4 defenses alike up to robust accuracy 0.250 (probability 0.90) and by `{LONG}` up to 0.500 (probability 0.75)"
    );
    assert_eq!(title("front"), owners);
}

#[test]
fn owners_of_the_front_stand_in_every_format() {
    let inputs = fourteen();
    let text = terminal(&View::new(inputs.clone()));
    assert!(text.contains("4 defenses alike"), "{text}");
    assert!(text.contains("for these 3 seeds"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let outputs = rendered(inputs);
    let page = file(&outputs, "summary.md");
    let row = page.lines().find(|line| line.starts_with(&format!("| {LONG} | 0.250"))).unwrap();
    assert_eq!(row, format!("| {LONG} | 0.250 | 0.500 | 0 | 0.75 | defense 3 0.13 | 0.07 |"));
    assert!(file(&outputs, "report.html").contains("<table id=\"ownership\">"));
    let report: serde_json::Value = serde_json::from_str(file(&outputs, "report.json")).unwrap();
    assert_eq!(report["ownership"][1]["defenses"], serde_json::json!([LONG]));
    assert_eq!(report["ownership"][1]["runner_up"]["defense"], "defense 3");
    // One defense alone owns everything: there is nothing to say.
    let alone = rendered(fixture::digits(3));
    assert!(!file(&alone, "summary.md").contains("Who owns the front"));
    assert!(!file(&alone, "report.json").contains("ownership"));
}

/// By the seed means one defense owns a stretch; where another does so in more resamples, nobody is said to own it.
#[test]
fn a_stretch_with_a_likelier_owner_is_nobodys() {
    let told = |runner: f64| {
        let mut inputs = fourteen();
        inputs.ownership[1].probability = Some(0.21);
        inputs.ownership[1].runner_up = Some(("defense 3".to_owned(), runner));
        let view = View::new(inputs);
        view.headlines.into_iter().find(|line| line.starts_with("Most accuracy")).unwrap()
    };
    assert!(
        told(0.46).contains(&format!(
            "no defense for sure up to 0.500 (`{LONG}` by the seed means, with probability 0.21; `defense 3` 0.46)"
        )),
        "{}",
        told(0.46)
    );
    let mut inputs = fourteen();
    inputs.ownership[1].probability = Some(0.12);
    // The figure names the one stretch that has an owner.
    let all = figure::all(&View::new(inputs.clone()));
    let front = all.iter().find(|figure| figure.name == "front").unwrap();
    assert_eq!(
        front.title,
        "Most accuracy up to robust accuracy 0.250 is given by 4 defenses alike (probability 0.90)"
    );
    let page = rendered(inputs);
    let row = format!("| none for sure ({LONG} by the means) | 0.250 | 0.500 | 0 | 0.12 | defense 3 0.13 |");
    assert!(file(&page, "summary.md").contains(&row), "{row}");
    assert!(told(0.13).contains(&format!("`{LONG}` up to 0.500 (probability 0.21)")), "{}", told(0.13));
}

/// The fixture has steps from strength 0 (point 0) to every other. Without point 0 among the chosen no step is between chosen ones.
#[test]
fn no_price_is_quoted_to_or_from_what_validation_rows_passed_over() {
    let with = |chosen: &[usize]| {
        let mut inputs = fixture::digits(3);
        inputs.front.dominated.retain(|(point, _)| chosen.contains(point));
        inputs.front.members.retain(|point| chosen.contains(point));
        inputs.choice = Some(Choice {
            candidates: (0..7).collect(),
            chosen: chosen.to_vec(),
            copies: Vec::new(),
            excluded: vec![(7, "degenerate".to_owned())],
            optimism: Vec::new(),
        });
        inputs
    };
    let all = View::new(with(&[0, 1, 2, 3, 4, 5, 6]));
    let widest = |view: &View, to: usize| {
        let arc = view.given.rates.iter().find(|arc| (arc.from, arc.to) == (0, to)).unwrap();
        view.headlines.iter().any(|line| line.to_lowercase().contains(&arc.sentence.to_lowercase()))
    };
    assert!(widest(&all, 5), "{:?}", all.headlines);
    let fewer = View::new(with(&[0, 1, 2, 3, 4, 6]));
    assert!(!widest(&fewer, 5) && widest(&fewer, 4), "{:?}", fewer.headlines);
    let none = View::new(with(&[6]));
    assert!((1..7).all(|to| !widest(&none, to)), "{:?}", none.headlines);
    assert!(none.headlines.iter().any(|line| line.starts_with("No price is quoted")), "{:?}", none.headlines);
    assert!(!fewer.headlines.iter().any(|line| line.starts_with("No price is quoted")));
}

#[test]
fn the_choice_and_its_optimism_are_told() {
    let mut inputs = fixture::digits(3);
    let (x, y) = (fixture::under("robust_accuracy", 0.2), MetricKey::plain("accuracy"));
    let row = |key: &MetricKey, validation, test, all| Optimism {
        key: key.clone(),
        direction: Direction::Higher,
        validation,
        test,
        all,
    };
    // The front of the fixture: points 1 to 5 are on it, 0 and 6 dominated, 7 degenerate. Now 0 was not chosen.
    inputs.front.dominated.retain(|(point, _)| *point != 0);
    inputs.front.stability[0] = None;
    inputs.choice = Some(Choice {
        candidates: (0..7).collect(),
        chosen: (1..7).collect(),
        copies: Vec::new(),
        excluded: vec![(7, "degenerate".to_owned())],
        optimism: vec![row(&x, 0.5, 0.46, 0.01), row(&y, 0.9, 0.91, -0.02)],
    });
    let view = View::new(inputs.clone());
    let told = view.headlines.iter().find(|line| line.starts_with("Validation rows chose")).unwrap();
    assert_eq!(
        told,
        "Validation rows chose 6 of 7 configurations; validation minus test, mean over the chosen: robust accuracy +4.0 points \
         (all candidates: +1.0 points) and accuracy −1.0 points (all candidates: −2.0 points); 1 of them is dominated on test rows, 1 cannot be judged there."
    );
    assert!(view.was_passed_over(0) && !view.was_passed_over(1) && !view.was_passed_over(7));
    let text = terminal(&view);
    assert!(view.headlines.iter().any(|line| line.contains("5 of 7 points that validation rows chose")));
    assert!(text.lines().any(|line| line.starts_with(" 0 ") && line.contains("not chosen")), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    // Where the third is the same model as another, both are there and one is counted.
    let mut copied = inputs.clone();
    copied.choice.as_mut().unwrap().copies = vec![2];
    let view = View::new(copied);
    let told = |part: &str| view.headlines.iter().any(|line| line.contains(part));
    assert!(told("Validation rows chose 5 of 6 configurations"), "{:?}", view.headlines);
    assert!(told("4 of 6 points that validation rows chose"), "{:?}", view.headlines);
    let outputs = rendered(inputs);
    let table = rows(file(&outputs, "points.csv"));
    assert_eq!((table[0]["chosen"].as_str(), table[1]["chosen"].as_str()), ("false", "true"));
    assert!(file(&outputs, "summary.md").contains("## Choice on validation rows"));
    assert!(file(&outputs, "report.html").contains("<table id=\"choice\">"));
    assert!(!file(&rendered(fixture::digits(3)), "points.csv").contains("chosen"));
}
