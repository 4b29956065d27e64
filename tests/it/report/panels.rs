//! What panels show: equally wide where they are compared, near-duplicates last, what is certified, how many rows bars rest on; sizes for print.

use std::collections::BTreeSet;

use equipoise::measure::{AttackKey, Bound, Direction, MetricKey, Norm, Pillar};
use equipoise::pareto::uncertain::Band;
use equipoise::report::figure::{self, Figure, Look, Theme, Width};
use equipoise::report::{AttackRow, Certified, Format, Inputs, View, Wanted, rendered};

use super::figures::confident;
use super::fixture::{self, share};

fn drawn(inputs: Inputs, look: Look) -> Vec<Figure> {
    figure::drawn(&View::new(inputs), look)
}

fn named(figures: &[Figure], name: &str) -> Figure {
    figures.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

fn looks() -> Vec<Look> {
    let all =
        [Theme::Screen, Theme::Paper].map(|theme| [Width::Full, Width::Column].map(|w| Look::of(theme, w)));
    all.into_iter().flatten().collect()
}

/// Width and height of every panel: an upright and a level line in one stroke, in eighths of a unit.
fn panels(figure: &Figure) -> Vec<(f64, f64)> {
    let frame = |line: &str| {
        let rest =
            line.strip_prefix("<polyline fill=\"none\" stroke=\"#282C34\" stroke-width=\"8\" points=\"")?;
        let points = rest.split('"').next()?.split_whitespace();
        let all: Vec<(f64, f64)> = points
            .map(|point| {
                let (x, y) = point.split_once(',').unwrap();
                (x.parse().unwrap(), y.parse().unwrap())
            })
            .collect();
        let [a, b, c] = all[..] else { return None };
        let is_frame = (a.0 - b.0).abs() < 0.5 && (b.1 - c.1).abs() < 0.5;
        is_frame.then_some((c.0 - b.0, b.1 - a.1))
    };
    figure.svg.lines().filter_map(frame).collect()
}

#[test]
fn panels_that_are_compared_are_equally_wide() {
    let mut with_confidences = fixture::digits(3);
    confident(&mut with_confidences);
    for look in looks() {
        let defenses = drawn(fixture::three_defenses(5), look);
        let digits = drawn(with_confidences.clone(), look);
        for (figure, count) in [
            (named(&defenses, "security-curve"), 3),
            (named(&digits, "risk-coverage"), 2),
            (named(&digits, "reliability"), 3),
        ] {
            let all = panels(&figure);
            assert_eq!(all.len(), count, "{}", figure.name);
            for (width, height) in &all {
                // Either end is rounded to whole eighths, in both.
                assert!((width - all[0].0).abs() <= 2.0, "{}: {all:?}", figure.name);
                // Both axes are shares: where confidence is right lies on the diagonal of a square.
                assert!(figure.name != "reliability" || (width - height).abs() <= 2.0, "{all:?}");
            }
        }
    }
}

#[test]
fn marks_of_every_defense_are_hollow_and_strength_is_named_once() {
    let mut inputs = fixture::three_defenses(5);
    let strength = |inputs: &Inputs| named(&drawn(inputs.clone(), Look::SCREEN), "strength");
    let figure = strength(&inputs);
    let marks: Vec<&str> = figure
        .svg
        .lines()
        .filter(|line| line.starts_with("<circle") || line.starts_with("<polygon"))
        .collect();
    // Fifteen points and three names, in one panel at least.
    assert!(marks.len() >= 18 && marks.iter().all(|line| line.contains("fill=\"#FFFFFF\"")), "{marks:?}");
    assert_eq!(figure.svg.matches("\nstrength\n").count(), 1);
    for point in inputs.points.iter_mut().filter(|point| point.defense == "noise") {
        point.strength *= 10.0;
        point.coordinates.insert("strength".to_owned(), point.strength.to_string());
    }
    let figure = strength(&inputs);
    assert_eq!(figure.svg.matches("\nstrength, as a share of each defense’s largest\n").count(), 1);
    assert_eq!(figure.svg.matches("\nstrength\n").count(), 0);
}

/// The digits with certificates that hold these shares of rows at the radius of the threat, strength by strength.
fn certified(shares: [f64; 8]) -> Inputs {
    let mut inputs = fixture::digits(3);
    let key = |epsilon| MetricKey {
        attack: Some(AttackKey::new("sound-1", Norm::Linf, epsilon)),
        ..MetricKey::plain("certified_accuracy")
    };
    for (point, value) in inputs.points.iter_mut().zip(shares) {
        point.measures.insert(key(0.1), share(0.5 * (1.0 + value), Bound::Lower, 3));
        point.measures.insert(key(0.2), share(value, Bound::Lower, 3));
    }
    inputs.metrics.push(fixture::described(
        "certified_accuracy",
        "certified accuracy",
        Pillar::Security,
        Direction::Higher,
        Bound::Lower,
    ));
    inputs.shown.push(key(0.2));
    inputs.certified = Some(Certified {
        protocol: Some("sound-1".to_owned()),
        names: vec!["interval".to_owned()],
        ..Certified::default()
    });
    inputs
}

/// Under attack 0.479 are left at strength 0.2 and 0.519 at 0.25, the most.
#[test]
fn what_is_certified_is_told_against_what_attacks_leave() {
    let all = drawn(certified([0.0, 0.0, 0.05, 0.1, 0.35, 0.3, 0.2, 0.0]), Look::SCREEN);
    let curve = named(&all, "security-curve");
    assert_eq!(
        curve.title,
        "At L∞ ε = 0.2 most is certified at strength 0.2: 0.350 of the 0.479 that attacks leave; they leave most at strength 0.25: 0.519, of which 0.300 is certified"
    );
    assert!(
        curve.caption.contains("Dashed, hollow marks: the certified share; shaded: "),
        "{}",
        curve.caption
    );
    // A shade each of the seven that work, from above and below; certified shares are hollow.
    let shades =
        curve.svg.lines().filter(|line| line.starts_with("<polygon") && line.contains("opacity=\"0.11\""));
    assert!(shades.count() >= 7, "{}", curve.svg);
    // Third of all panels, behind the objectives, though it is shown last in tables.
    let strength = named(&all, "strength");
    let place = |name: &str| strength.svg.find(&format!("\n{name}\n")).unwrap_or_else(|| panic!("no {name}"));
    assert!(place("robust accuracy") < place("certified accuracy"));
    assert!(place("certified accuracy") < place("worst-class accuracy"));
    let both = drawn(certified([0.0, 0.0, 0.05, 0.1, 0.3, 0.35, 0.2, 0.0]), Look::SCREEN);
    assert_eq!(
        named(&both, "security-curve").title,
        "At L∞ ε = 0.2 most is certified at strength 0.25: 0.350, of the 0.519 that attacks leave, the most as well"
    );
    let none = drawn(certified([0.0; 8]), Look::SCREEN);
    assert_eq!(
        named(&none, "security-curve").title,
        "At L∞ ε = 0.2 nothing is certified; attacks leave most at strength 0.25: 0.519"
    );
}

/// More metrics than there are panels, four of them calibration errors.
fn many_metrics() -> Inputs {
    let mut inputs = fixture::digits(3);
    let errors = ["ece_15_null", "ece_15_equal_mass", "ece_15", "ece_15_classwise"].map(str::to_owned);
    let others: Vec<String> = (1..=7).map(|i| format!("other_{i}")).collect();
    for id in errors.into_iter().chain(others) {
        let title = id.replace('_', " ");
        let (pillar, direction) = (Pillar::Safety, Direction::Lower);
        inputs.metrics.push(fixture::described(&id, &title, pillar, direction, Bound::Exact));
        for (i, point) in inputs.points.iter_mut().enumerate() {
            point.measures.insert(MetricKey::plain(&id), share(0.1 + 0.02 * i as f64, Bound::Exact, 3));
        }
        inputs.shown.push(MetricKey::plain(&id));
    }
    inputs
}

#[test]
fn near_duplicates_do_not_crowd_out_others() {
    let strength = named(&drawn(many_metrics(), Look::SCREEN), "strength");
    // Sixteen were measured; of the four calibration errors one is among twelve.
    assert!(strength.caption.contains("4 more metrics are in the tables."), "{}", strength.caption);
    let has = |name: &str| strength.svg.contains(&format!("\n{name}\n"));
    assert!(has("ece 15") && !has("ece 15 null") && !has("ece 15 equal mass") && !has("ece 15 classwise"));
    // What attacks leave at another radius has its turn before clean metrics use up the panels.
    let places = ["robust accuracy", "class gap", "ece 15"]
        .map(|name| strength.svg.rfind(&format!("\n{name}\n")).unwrap());
    assert!(places[0] < places[1] && places[1] < places[2], "{places:?}");
}

#[test]
fn strength_in_a_column_fits_a_page_and_says_where_axes_are_reversed() {
    let paper = named(&drawn(many_metrics(), Look::of(Theme::Paper, Width::Column)), "strength");
    let (_, rest) = paper.svg.split_once(" height=\"").unwrap();
    let height: f64 = rest.split('"').next().unwrap().parse().unwrap();
    // Nine inches, and the margins.
    assert!(height <= 9.0 * 96.0 + 12.0, "{height}");
    assert!(paper.caption.contains("more metrics are in the tables."), "{}", paper.caption);
    assert!(!paper.svg.contains("\nlower is better\n"));
    assert!(paper.svg.contains("\nlower is better: axis reversed\n"));
}

/// People where women fare worst at the strength that is most secure, and men at all others; of women there are so many rows.
fn turned(rows: usize) -> Figure {
    let mut inputs = fixture::people();
    for point in &mut inputs.points {
        let is_secure = (point.strength - 0.25).abs() < 1e-9;
        for (group, value) in [("Female", 0.4), ("Male", 0.6)] {
            let mut robust = fixture::under("robust_group_accuracy", 0.2);
            robust.group = Some(format!("sex={group}"));
            let value = if is_secure { value } else { 1.0 - value };
            point.measures.insert(robust, share(value, Bound::Exact, 3));
        }
        let clean = fixture::of("group_accuracy", "sex=Female");
        point.measures.get_mut(&clean).unwrap().estimate.n = rows;
    }
    named(&drawn(inputs, Look::SCREEN), "groups-sex")
}

#[test]
fn another_worst_group_at_another_strength_is_told() {
    let figure = turned(99);
    assert!(figure.title.contains(", sex = Female (99 rows) fares worst: 0.400 (clean "), "{}", figure.title);
    assert!(figure.title.contains("; at strength 0 sex = Male does: 0.400"), "{}", figure.title);
}

#[test]
fn bars_of_few_rows_are_hollow_and_rows_stand_below_names() {
    let inside = |figure: &Figure| {
        let bars = figure.svg.lines().filter(|line| line.starts_with("<rect") && line.contains("#FFFFFF"));
        // The first one is the sheet.
        bars.count() - 1
    };
    let (few, enough) = (turned(29), turned(30));
    assert!(few.caption.contains("Hollow: fewer than 30 rows."), "{}", few.caption);
    assert!(!enough.caption.contains("Hollow"), "{}", enough.caption);
    assert!(inside(&few) > 0 && inside(&enough) == 0, "{} and {}", inside(&few), inside(&enough));
    assert!(few.svg.contains("\n29\n") && few.svg.contains("\n360\n") && few.svg.contains("\nrows\n"));
}

/// Accuracy at strength 0.25 is 0.921 ± 0.032, and 0.519 ± 0.056 under attack.
#[test]
fn how_sure_a_model_is_is_told_as_far_as_intervals_tell() {
    let title = |clean: f64, attacked: f64| {
        let mut inputs = fixture::digits(3);
        confident(&mut inputs);
        for one in &mut inputs.confidences {
            (one.confidence, one.accuracy) =
                if one.attack.is_some() { (attacked, 0.519) } else { (clean, 0.921) };
        }
        named(&drawn(inputs, Look::SCREEN), "reliability").title
    };
    assert_eq!(
        title(0.8, 0.7),
        "At strength 0.25 the model says 0.800 and is right 0.921: too little sure; under attack it says 0.700 and is right 0.519: too sure"
    );
    assert_eq!(
        title(0.94, 0.47),
        "At strength 0.25 the model says 0.940 and is right 0.921: not told apart; under attack it says 0.470 and is right 0.519: not told apart"
    );
}

#[test]
fn bins_of_few_rows_stand_beside_the_line() {
    let mut inputs = fixture::digits(3);
    confident(&mut inputs);
    let whole = named(&drawn(inputs.clone(), Look::SCREEN), "reliability");
    assert!(!whole.caption.contains("fewer than"), "{}", whole.caption);
    // Nine of 360 rows.
    for one in &mut inputs.confidences {
        one.bins[0].share = 0.025;
        one.bins[0].seeds = (0.0, 1.0);
    }
    let few = named(&drawn(inputs, Look::SCREEN), "reliability");
    assert!(
        few.caption.contains("Small, beside the line: bins of fewer than 10 rows a seed."),
        "{}",
        few.caption
    );
    // Whiskers and the line of two bins are gone: one bin is left of each curve.
    let lines = |figure: &Figure| {
        figure
            .svg
            .lines()
            .filter(|line| line.contains("stroke=\"#0072B2\"") && line.starts_with("<polyline"))
            .count()
    };
    assert!(lines(&few) < lines(&whole), "{} and {}", lines(&few), lines(&whole));
}

#[test]
fn the_first_attack_is_told_against_all_together() {
    let title = |all: f64| {
        let mut inputs = fixture::digits(3);
        for point in 0..8 {
            inputs.attacks.push(AttackRow {
                point,
                attack: "all attacks".to_owned(),
                norm: Norm::Linf,
                epsilon: 0.2,
                standing: all,
                exact: false,
            });
        }
        named(&drawn(inputs, Look::SCREEN), "attacks-standing").title
    };
    // 0.921 are right, `fgsm` leaves 0.629.
    assert_eq!(
        title(0.519),
        "At strength 0.25, `fgsm` alone breaks 0.292 of all rows, all attacks together 0.402"
    );
    assert_eq!(
        title(0.629),
        "At strength 0.25, `fgsm` alone breaks every row that any attack breaks: 0.292 of all"
    );
    assert_eq!(title(0.921), "At strength 0.25, no attack breaks any row");
}

/// What is pale on a white page is dark on a dark one, and black is white there.
#[test]
fn captions_hold_on_dark_pages_as_well() {
    let mut banded = fixture::digits(7);
    let band = |name, seeds, corners: &[[f64; 2]]| Band {
        name,
        seeds,
        corners: corners.iter().map(|corner| corner.to_vec()).collect(),
    };
    banded.uncertainty.bands = vec![
        band("best", 1, &[[0.985, 0.1], [0.94, 0.54]]),
        band("25 %", 2, &[[0.982, 0.09], [0.935, 0.53]]),
        band("75 %", 6, &[[0.978, 0.07], [0.92, 0.51]]),
        band("worst", 7, &[[0.97, 0.06], [0.91, 0.5]]),
    ];
    confident(&mut banded);
    let mut seen = BTreeSet::new();
    for inputs in [banded, fixture::three_defenses(5), fixture::people()] {
        for figure in drawn(inputs, Look::SCREEN) {
            let caption = figure.caption.to_lowercase();
            for word in ["pale", "black:", "white", "darker", "lighter", "grey"] {
                assert!(!caption.contains(word), "{}: {word}: {caption}", figure.name);
            }
            seen.insert(figure.name);
        }
    }
    for name in ["front", "front-defenses", "attacks-standing", "classes", "groups-sex", "reliability"] {
        assert!(seen.contains(name), "{name}: {seen:?}");
    }
}

/// 3.4 inches at 300 dots, and 900 pixels twice; in meters 300 dots per inch are 11 811, and 192 are 7559.
#[test]
fn pictures_state_their_size_in_print() {
    for (look, wide, per_meter) in
        [(Look::of(Theme::Paper, Width::Column), 1020, 11_811_u32), (Look::SCREEN, 1800, 7_559)]
    {
        let formats = BTreeSet::from([Format::Png]);
        let wanted = Wanted { formats, look, ..Wanted::default() };
        let outputs = rendered(&View::new(fixture::digits(3)), &wanted).unwrap();
        let front = outputs.iter().find(|output| output.path == "figures/front.png").unwrap();
        let number = |at: usize| u32::from_be_bytes(front.bytes[at..at + 4].try_into().unwrap());
        assert_eq!(number(16), wide);
        assert_eq!((number(33), &front.bytes[37..41]), (9, b"pHYs".as_slice()));
        assert_eq!((number(41), number(45), front.bytes[49]), (per_meter, per_meter, 1));
        // Readers check the sum of every chunk.
        let pixels = resvg::tiny_skia::Pixmap::decode_png(&front.bytes).unwrap();
        assert_eq!(pixels.width(), wide);
    }
}

/// Reversed axes say so on a second line where one is too short.
#[test]
fn a_reversed_axis_across_says_so_in_a_column() {
    let all = drawn(fixture::people(), Look::of(Theme::Paper, Width::Column));
    let across: Vec<&Figure> = all.iter().filter(|figure| figure.name.starts_with("front")).collect();
    let reversed =
        across.iter().filter(|figure| figure.svg.contains("\n(lower is better →, axis reversed)\n")).count();
    // The gap is an objective: two of the three planes have it.
    assert_eq!(reversed, 2, "{:?}", across.iter().map(|figure| &figure.name).collect::<Vec<_>>());
}
