//! What figures show: verdicts, bands, rates that are no numbers, attacks, confidences; and the files they are written to.

use std::collections::BTreeSet;

use equipoise::measure::{AttackKey, Norm};
use equipoise::pareto::exchange::{Outcome, Rate};
use equipoise::pareto::uncertain::{Band, Verdict};
use equipoise::report::figure::{self, Figure, Look, Theme, Width};
use equipoise::report::{Format, Inputs, Output, View, Wanted, rendered};
use equipoise::run::{Confidence, ConfidenceBin, Risk};

use super::{assert_well_formed, file, fixture, paths};

fn figures(inputs: Inputs) -> Vec<Figure> {
    figure::all(&View::new(inputs))
}

fn named<'a>(figures: &'a [Figure], name: &str) -> &'a Figure {
    let names: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
    figures.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("no {name} among {names:?}"))
}

/// Lines of the drawing that begin an element of this kind and hold `what`.
fn count(figure: &Figure, what: &str) -> usize {
    figure.svg.lines().filter(|line| line.contains(what)).count()
}

/// The front of seven seeds: two points shown to be on it, one shown to be dominated, the others undecided.
fn seven() -> Inputs {
    let mut inputs = fixture::digits(7);
    let undecided = Some(Verdict::Undecided);
    inputs.uncertainty.verdicts = vec![
        undecided,
        Some(Verdict::OnFront),
        undecided,
        undecided,
        Some(Verdict::OnFront),
        undecided,
        Some(Verdict::DominatedBy(5)),
        None,
    ];
    // Accuracy is the first objective of the fixture.
    let band = |name, seeds, corners: &[[f64; 2]]| Band {
        name,
        seeds,
        corners: corners.iter().map(|corner| corner.to_vec()).collect(),
    };
    inputs.uncertainty.bands = vec![
        band("best", 1, &[[0.985, 0.1], [0.94, 0.54]]),
        band("25 %", 2, &[[0.982, 0.09], [0.935, 0.53]]),
        band("50 %", 4, &[[0.98, 0.08], [0.93, 0.52]]),
        band("75 %", 6, &[[0.978, 0.07], [0.92, 0.51]]),
        band("worst", 7, &[[0.97, 0.06], [0.91, 0.5]]),
    ];
    inputs
}

#[test]
fn verdicts_fill_marks_and_bands_are_shaded() {
    let all = figures(seven());
    let front = named(&all, "front");
    for word in
        ["on the front", "undecided", "dominated", "attained by", "1 to 7 of 7 seeds", "2 to 6 of 7 seeds"]
    {
        assert!(front.svg.contains(&format!("\n{word}\n")), "{word}");
    }
    assert!(front.caption.contains("half filled: undecided"), "{}", front.caption);
    assert!(front.caption.contains("1 to 7 of the 7 seeds"), "{}", front.caption);
    // Half a circle is a polygon of 25 corners: four undecided points of the fixture, and one in the legend.
    let corners = |line: &str| {
        line.split_once("points=\"")
            .map_or(0, |(_, rest)| rest.split('"').next().unwrap().split_whitespace().count())
    };
    let halves = front.svg.lines().filter(|line| line.starts_with("<polygon") && corners(line) == 25).count();
    assert_eq!(halves, 5);
    // Two shades: between stairs of two corners each, five places on either side.
    let shades = |opacity: &str| {
        front
            .svg
            .lines()
            .filter(|line| line.starts_with("<polygon") && line.contains(opacity) && corners(line) == 10)
            .count()
    };
    assert_eq!((shades("opacity=\"0.09\""), shades("opacity=\"0.13\"")), (1, 1));
    // With few seeds the means decide, and nothing is called undecided.
    let few = figures(fixture::digits(3));
    let front = named(&few, "front");
    assert!(!front.svg.contains("undecided") && !front.svg.contains("attained by"));
    assert!(front.caption.starts_with("Filled: on the front of the seed means."), "{}", front.caption);
}

/// With three seeds a quarter of them is one: the shades would be the same twice.
#[test]
fn bands_of_few_seeds_are_drawn_once() {
    let mut inputs = seven();
    inputs.front.seeds = 3;
    for (band, seeds) in inputs.uncertainty.bands.iter_mut().zip([1, 1, 2, 3, 3]) {
        band.seeds = seeds;
    }
    let all = figures(inputs);
    let front = named(&all, "front");
    assert!(front.svg.contains("\n1 to 3 of 3 seeds\n"));
    assert_eq!(front.caption.matches("Shaded").count(), 1);
    assert!(!front.caption.contains("darker"), "{}", front.caption);
}

#[test]
fn every_defense_has_a_panel_of_its_own() {
    let all = figures(fixture::three_defenses(5));
    let each = named(&all, "front-defenses");
    for name in ["adversarial", "trades", "noise"] {
        assert!(each.svg.contains(&format!("\n{name}\n")), "{name}");
    }
    assert_well_formed(&each.svg);
    assert!(each.title.contains("joint front"), "{}", each.title);
    let alone = figures(fixture::digits(3));
    assert!(alone.iter().all(|figure| figure.name != "front-defenses"));
}

#[test]
fn rates_that_are_no_numbers_are_drawn_as_what_they_are() {
    let mut inputs = fixture::digits(3);
    inputs.rates.truncate(4);
    inputs.rates[0].outcome = Outcome::NoPrice;
    inputs.rates[0].rate = Rate::HalfLine {
        rate: -0.3,
        parts: vec![(f64::NEG_INFINITY, -0.125), (0.5, f64::INFINITY)],
        words: "the change is not distinguishable from 0; the cost lies below −0.50 or above 0.13".to_owned(),
    };
    inputs.rates[1].outcome = Outcome::NoPrice;
    inputs.rates[1].rate =
        Rate::NotMeasurable { words: "the change in security is lost in noise".to_owned() };
    inputs.rates[2].outcome = Outcome::WinWin;
    inputs.rates[3].outcome = Outcome::Price;
    inputs.rates[3].rate = Rate::Bounded { rate: -0.1, low: -0.2, high: -0.05 };
    let all = figures(inputs);
    let figure = named(&all, "exchange-rate");
    for text in [
        "≤ −0.50 or ≥ 0.12",
        "not measurable: the change in security is lost in noise",
        "nothing was paid",
        "0.10 [0.05, 0.20]",
        // One sign everywhere: what was paid is positive, and less of it lies to the right.
        "cost in points of accuracy per point of robust accuracy (less is better →, axis reversed; below 0: gained)",
        "From the lowest strength",
    ] {
        assert!(figure.svg.contains(&format!("\n{text}\n")), "{text}: {}", figure.svg);
    }
    // Of the four steps one rate is a mark.
    assert_eq!(count(figure, "<circle"), 1, "a mark is one element, filled and outlined");
    assert_eq!(
        figure.title,
        "From strength 0 to 0.2, a point of robust accuracy cost 0.10 [0.05, 0.20] points of accuracy"
    );
}

/// Whether a text of the drawing is bold.
fn is_bold(figure: &Figure, text: &str) -> bool {
    let (before, _) = figure.svg.split_once(&format!("\n{text}\n")).unwrap_or_else(|| panic!("{text}"));
    before.lines().next_back().unwrap().contains("font-weight=\"bold\"")
}

/// Strength 0.3, the seventh point, is worse than 0.25 at both objectives: no step to it is quoted. The step to 0.25 is the widest of the others.
#[test]
fn steps_that_are_not_quoted_are_hollow_and_do_not_stretch_the_axis() {
    let mut inputs = fixture::digits(3);
    for (rate, cost) in inputs.rates.iter_mut().zip([0.02, 0.04, 0.06, 0.08, 0.1, 7.5]) {
        rate.outcome = Outcome::Price;
        rate.rate = Rate::Bounded { rate: -cost, low: -1.2 * cost, high: -0.001 };
    }
    let figure = named(&figures(inputs), "exchange-rate").clone();
    let circles = |figure: &Figure, paint: &str| {
        figure.svg.lines().filter(|line| line.starts_with("<circle") && line.contains(paint)).count()
    };
    let (filled, hollow) = ("fill=\"#282C34\"", "fill=\"#FFFFFF\"");
    // Of six steps five are marks; that to 0.3 lies far beyond what is quoted, and leaves by an arrow.
    assert_eq!((circles(&figure, filled), circles(&figure, hollow)), (5, 0));
    assert!(figure.svg.contains("\n7.500 [0.001, 9.000]\n"), "its number is there: {}", figure.svg);
    for far in ["1", "2", "2.5", "5", "5.0", "1.0"] {
        assert!(!figure.svg.contains(&format!("\n{far}\n")), "a tick at {far}");
    }
    assert!(is_bold(&figure, "0 → 0.25") && !is_bold(&figure, "0 → 0.2") && !is_bold(&figure, "0 → 0.3"));
    // By hand: an end of 0.001 is not 0, and is not written so.
    assert!(figure.svg.contains("\n0.100 [0.001, 0.120]\n"), "{}", figure.svg);
    assert!(figure.caption.contains("Hollow: not quoted"), "{}", figure.caption);
    // Where it is near it is drawn, hollow.
    let mut inputs = fixture::digits(3);
    for rate in &mut inputs.rates {
        rate.outcome = Outcome::Price;
        rate.rate = Rate::Bounded { rate: -0.1, low: -0.12, high: -0.08 };
    }
    let figure = named(&figures(inputs), "exchange-rate").clone();
    assert_eq!((circles(&figure, filled), circles(&figure, hollow)), (5, 1));
}

#[test]
fn the_title_of_the_exchange_says_what_came_of_the_widest_steps() {
    let title = |inputs: Inputs| named(&figures(inputs), "exchange-rate").title.clone();
    let mut inputs = fixture::digits(3);
    for rate in &mut inputs.rates {
        rate.outcome = Outcome::LoseLose;
        rate.security_change = (-0.07, Some((-0.094, -0.045)));
    }
    assert_eq!(
        title(inputs),
        "From strength 0 to 0.25, no security was gained: robust accuracy −7.0 points [−9.4, −4.5]"
    );
    // Three defenses, one step each, to strength 0.4.
    let with = |costs: [Option<f64>; 3]| {
        let mut inputs = fixture::three_defenses(5);
        for (rate, cost) in inputs.rates.iter_mut().zip(costs) {
            rate.outcome = cost.map_or(Outcome::NoPrice, |_| Outcome::Price);
            let cost = cost.unwrap_or(0.01);
            rate.rate = Rate::Bounded { rate: -cost, low: -cost - 0.05, high: -cost + 0.05 };
        }
        title(inputs)
    };
    assert_eq!(
        with([Some(0.2), None, None]),
        "From `adversarial` 0 to 0.4, a point of robust accuracy cost 0.20 [0.15, 0.25] points of accuracy; \
         with `trades` and `noise` no price was measurable"
    );
    assert_eq!(
        with([Some(0.2), None, Some(0.3)]),
        "A point of robust accuracy cost 0.20 [0.15, 0.25] points of accuracy with `adversarial` and 0.30 [0.25, 0.35] with `noise`; \
         with `trades` no price was measurable"
    );
    assert_eq!(
        with([Some(0.2), Some(0.1), Some(0.3)]),
        "A point of robust accuracy cost from 0.10 [0.05, 0.15] (`trades`) to 0.30 [0.25, 0.35] (`noise`) points of accuracy, \
         where a price can be stated"
    );
    assert_eq!(with([None, None, None]), "In all 3 widest steps no price was measurable");
}

/// Strengths 0 to 0.4 of three defenses are points 0 to 4, 5 to 9 and 10 to 14.
#[test]
fn panels_of_defenses_say_of_whom_the_joint_front_is() {
    let title = |members: &[usize]| {
        let mut inputs = fixture::three_defenses(5);
        inputs.front.members = members.to_vec();
        named(&figures(inputs), "front-defenses").title.clone()
    };
    assert_eq!(
        title(&[0, 1, 5]),
        "Of the 3 points of the joint front 2 are of `adversarial` and 1 of `trades`"
    );
    assert_eq!(
        title(&[0, 5, 6, 12]),
        "Of the 4 points of the joint front 2 are of `trades`, 1 of `adversarial` and 1 of `noise`"
    );
    assert_eq!(title(&[10, 11]), "Both points of the joint front are of `noise`");
    assert_eq!(title(&[10]), "The one point of the joint front is of `noise`");
}

/// Three constant predictors at one place off scale: one mark, and three names that can be found.
#[test]
fn every_trivial_model_can_be_found() {
    let mut inputs = fixture::digits(3);
    let first = inputs.anchors[0].clone();
    inputs.anchors = ["always `1`", "always `2`", "always `3`"]
        .map(|label| equipoise::points::Anchor { label: label.to_owned(), ..first.clone() })
        .to_vec();
    let words = |figure: &Figure| {
        figure.svg.lines().filter(|line| !line.starts_with('<')).collect::<Vec<_>>().join(" ")
    };
    let figure = named(&figures(inputs), "front").clone();
    assert!(figure.svg.contains("\na, b, c\n"), "{}", words(&figure));
    for name in ["always ‘1’: 0.102, 0.102", "always ‘2’: 0.102, 0.102", "always ‘3’: 0.102, 0.102"]
    {
        assert!(words(&figure).contains(name), "{name}: {}", words(&figure));
    }
    assert!(!figure.svg.contains("\ntrivial model\n"));
}

/// Names come from data files, and may have characters that no XML can hold; a drawing is made all the same, in every format.
#[test]
fn control_characters_in_names_break_no_drawing() {
    let mut inputs = fixture::digits(3);
    inputs.breakdowns[0].title = "cl\u{1b}ass".to_owned();
    inputs.breakdowns[0].members[3].0 = "thr\u{1}ee".to_owned();
    inputs.attacks[0].attack = "fg\u{7}sm".to_owned();
    if let Some(threat) = &mut inputs.threat {
        threat.words = "fast\u{1} attack".to_owned();
    }
    let outputs = super::rendered(inputs);
    for output in outputs.iter().filter(|output| super::is(output, "svg")) {
        let svg = std::str::from_utf8(&output.bytes).unwrap();
        super::assert_well_formed(svg);
        assert!(!svg.contains(|c: char| c.is_control() && c != '\n'), "{}", output.path);
    }
    let summary = super::file(&outputs, "summary.md");
    assert!(summary.contains("fast\u{fffd} attack") && !summary.contains('\u{1}'), "{summary}");
}

#[test]
fn every_attack_has_a_bar_where_numbers_may_be_stated() {
    let all = figures(fixture::digits(3));
    let figure = named(&all, "attacks-standing");
    for text in ["no attack", "fgsm", "pgd", "pgd-margin", "Strength 0.25"] {
        assert!(figure.svg.contains(&format!("\n{text}\n")), "{text}");
    }
    // 0.519 stand against all, and 0.11 more against the first attack.
    assert_eq!(figure.title, "At strength 0.25, `fgsm` leaves 0.629 of the rows standing");
}

/// Confidences by hand: half the rows at 0.5, of which half are right, the others at 0.9, all right.
pub(super) fn confident(inputs: &mut Inputs) {
    for point in [0, 1, 5] {
        for attack in [None, Some(AttackKey::new(fixture::PROTOCOL, Norm::Linf, 0.2))] {
            let bin = |confidence, accuracy| ConfidenceBin {
                share: 0.5,
                confidence,
                accuracy,
                seeds: (accuracy, accuracy),
            };
            let risk = |coverage: f64| {
                let risk = if coverage > 0.5 { 0.5 * (coverage - 0.5) / coverage } else { 0.0 };
                Risk { coverage, risk, seeds: (risk, risk) }
            };
            inputs.confidences.push(Confidence {
                point,
                attack,
                withheld: None,
                confidence: 0.7,
                accuracy: 0.75,
                bins: vec![bin(0.5, 0.5), bin(0.9, 1.0)],
                risks: (1..=50).map(|k| risk(f64::from(k) / 50.0)).collect(),
            });
        }
    }
}

#[test]
fn confidences_are_drawn_where_they_may_be_stated() {
    let mut inputs = fixture::digits(3);
    confident(&mut inputs);
    let all = figures(inputs.clone());
    let reliability = named(&all, "reliability");
    assert_eq!(
        reliability.title,
        // The accuracies of these are not those of the fixture, and have no intervals.
        "At strength 0.25 the model says 0.700 and is right 0.750; under attack it says 0.700 and is right 0.750"
    );
    assert!(
        reliability.svg.contains("\nclean 0.70, 0.75\n")
            && reliability.svg.contains("\nattacked 0.70, 0.75\n")
    );
    let coverage = named(&all, "risk-coverage");
    assert!(coverage.svg.contains("\nunder attack\n"));
    assert_eq!(
        coverage.title,
        "Under attack, of the surest half of rows 0.0 % are wrong at every point shown"
    );
    for confidence in inputs.confidences.iter_mut().filter(|one| one.attack.is_some()) {
        confidence.withheld = Some("withheld: check `black-box` failed".to_owned());
    }
    let all = figures(inputs);
    assert!(!named(&all, "reliability").svg.contains("attacked"));
    assert!(!named(&all, "risk-coverage").svg.contains("under attack"));
    let none = figures(fixture::digits(3));
    assert!(none.iter().all(|figure| figure.name != "reliability" && figure.name != "risk-coverage"));
}

fn wanted(formats: &[Format], look: Look, dark: bool) -> Wanted {
    Wanted { formats: formats.iter().copied().collect::<BTreeSet<_>>(), look, dark, ..Wanted::default() }
}

fn attribute(svg: &str, name: &str) -> f64 {
    let (_, rest) = svg.split_once(&format!(" {name}=\"")).unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}

fn bytes<'a>(outputs: &'a [Output], path: &str) -> &'a [u8] {
    let output = outputs.iter().find(|output| output.path == path);
    &output.unwrap_or_else(|| panic!("no {path} among {:?}", paths(outputs))).bytes
}

#[test]
fn only_what_is_asked_for_is_written() {
    let view = View::new(fixture::digits(3));
    let outputs = rendered(&view, &wanted(&[Format::Pdf], Look::SCREEN, false)).unwrap();
    assert!(outputs[2..].iter().all(
        |output| output.path.starts_with("figures/") && output.path.split('.').next_back() == Some("pdf")
    ));
    assert_eq!(paths(&outputs)[..2], ["summary.txt", "report.json"]);
    let outputs = rendered(&view, &wanted(&[Format::Md], Look::SCREEN, false)).unwrap();
    assert_eq!(paths(&outputs), ["summary.txt", "summary.md", "report.json"]);
    assert!(!file(&outputs, "summary.md").contains("!["), "no links to pictures that are not there");
    let outputs = rendered(&view, &wanted(&[Format::Md, Format::Png], Look::SCREEN, false)).unwrap();
    assert!(file(&outputs, "summary.md").contains("](figures/front.png)"));
}

/// 3.4 inches are 326.4 CSS pixels and 244.8 points.
#[test]
fn figures_for_print_have_its_size_and_leave_the_words_to_it() {
    let view = View::new(fixture::three_defenses(5));
    for (width, pixels) in [(Width::Column, 326.4), (Width::Full, 672.0)] {
        let look = Look::of(Theme::Paper, width);
        let outputs = rendered(&view, &wanted(&[Format::Svg, Format::Pdf], look, false)).unwrap();
        let captions = file(&outputs, "figures/captions.md");
        for figure in figure::drawn(&view, look) {
            let svg = file(&outputs, &format!("figures/{}.svg", figure.name));
            assert_well_formed(svg);
            assert!((attribute(svg, "width") - pixels).abs() < 1e-9, "{}", figure.name);
            assert!(captions.contains(&format!("## {}\n", figure.name)), "{}", figure.name);
            // The title is there for screen readers, and no text of the drawing.
            let (head, drawing) = svg.split_once('>').unwrap();
            assert!(head.contains("aria-label=") && !drawing.contains("test rows"), "{}", figure.name);
            let pdf = bytes(&outputs, &format!("figures/{}.pdf", figure.name));
            assert!(pdf.starts_with(b"%PDF-"), "{}", figure.name);
            let text = String::from_utf8_lossy(pdf);
            let page = text.split_once("/MediaBox[0 0 ").unwrap().1;
            let points: f64 = page.split(' ').next().unwrap().parse().unwrap();
            assert!((points - 0.75 * pixels).abs() < 1e-3, "{}: {points}", figure.name);
            assert!(!text.contains("CreationDate") && !text.contains("ModDate"));
            assert_eq!(pdf, figure::pdf(svg).unwrap(), "{}: the same bytes every time", figure.name);
        }
    }
}

#[test]
fn dark_figures_have_dark_ground_and_no_light_color() {
    let mut inputs = fixture::digits(3);
    confident(&mut inputs);
    let view = View::new(inputs);
    let outputs = rendered(&view, &wanted(&[Format::Svg], Look::SCREEN, true)).unwrap();
    let dark: Vec<&Output> = outputs.iter().filter(|output| output.path.ends_with("-dark.svg")).collect();
    assert_eq!(2 * dark.len(), outputs.len() - 2);
    for output in dark {
        let svg = std::str::from_utf8(&output.bytes).unwrap();
        assert_well_formed(svg);
        for light in ["#FFFFFF", "#282C34", "#0072B2"] {
            assert!(!svg.contains(light), "{}: {light}", output.path);
        }
        // In every other respect it is the light drawing.
        let bare = |svg: &str| {
            let mut parts = svg.split("=\"#");
            let first = parts.next().unwrap().to_owned();
            parts.fold(first, |text, part| text + &part[6..])
        };
        let light = file(&outputs, &output.path.replace("-dark", ""));
        assert_eq!(bare(svg), bare(light), "{}", output.path);
    }
}

/// A drawing's file name is all that a file system has to tell it from others.
#[test]
fn attributes_of_alike_names_have_figures_of_their_own() {
    let mut inputs = fixture::people();
    let sex = inputs.breakdowns.iter().find(|one| one.title == "sex").unwrap().clone();
    for title in ["Sex", "s*x", "s-x", "性别", "人种", "class"] {
        let twin = equipoise::report::Breakdown { title: title.to_owned(), ..sex.clone() };
        inputs.breakdowns.push(twin);
    }
    let outputs = rendered(&View::new(inputs), &Wanted { dark: true, ..Wanted::default() }).unwrap();
    let all: BTreeSet<String> = outputs.iter().map(|output| output.path.to_lowercase()).collect();
    assert_eq!(all.len(), outputs.len());
    let groups =
        |path: &&String| path.starts_with("figures/groups-") && path.rsplit('.').next() == Some("svg");
    assert_eq!(all.iter().filter(groups).count(), 2 * 7, "{all:?}");
    let page = file(&outputs, "report.html");
    // The plotting library has such words of its own.
    let marked =
        page.split("<script").map(|part| part.split_once("</script>").map_or(part, |(_, rest)| rest));
    let marked: String = marked.collect();
    let ids: Vec<&str> = marked.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is there twice");
}

/// An import may have strengths below 0: the axis begins there, so that every mark lies inside its panel.
#[test]
fn strengths_below_0_stay_inside_their_panels() {
    for shared in [true, false] {
        let mut inputs = fixture::digits(3);
        for (i, point) in inputs.points.iter_mut().enumerate() {
            point.strength -= 0.2;
            point.coordinates.insert("strength".to_owned(), point.strength.to_string());
            if !shared && i % 2 == 1 {
                "other".clone_into(&mut point.defense);
                point.coordinates.insert("defense".to_owned(), "other".to_owned());
            }
        }
        let all = figures(inputs);
        let figure = named(&all, "strength");
        let left: Vec<f64> = figure
            .svg
            .lines()
            .filter_map(|line| line.strip_prefix("<circle cx=\"")?.split('"').next()?.parse().ok())
            .collect();
        // Of several defenses the legend has a mark as well. Panels of three columns begin 54 units behind a third of the sheet, drawn at eight.
        let third = 8.0 * 900.0 / 3.0;
        let left = &left[usize::from(!shared)..];
        assert!(!left.is_empty() && left.iter().all(|x| x % third > 8.0 * 54.0), "{left:?}");
    }
}

/// Two hundred models of one seed are as many points: marks and lines must not take the page beyond what it may weigh.
#[test]
fn a_page_of_two_hundred_points_stays_small() {
    let outputs = super::rendered(fixture::three_defenses(67));
    let page = file(&outputs, "report.html");
    assert!(page.len() < 3_000_000, "{}", page.len());
    let strength = file(&outputs, "figures/strength.svg");
    // An element a mark, a path a line: nothing that goes without saying is said.
    for said in ["opacity=\"1\"", "stroke=\"none\"", "stroke-width=\"0\"", " \"/>"] {
        assert_eq!(strength.matches(said).count(), 0, "{said}");
    }
    let marks = strength.lines().filter(|line| line.starts_with("<circle") || line.starts_with("<polygon"));
    let lines = strength.lines().filter(|line| line.starts_with("<polyline") || line.starts_with("<path"));
    let (marks, lines) = (marks.count(), lines.count());
    // Each mark has a bar beside it; a dashed line is one path.
    assert!(marks >= 201 && lines < marks + 100, "{marks} marks, {lines} lines");
    assert!(strength.len() < 300 * marks, "{} bytes for {marks} marks", strength.len());
}
