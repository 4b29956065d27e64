//! Model cards: what they must say of one point, what they leave to their author, and that their commands do what they say.

use equipoise::measure::{MetricKey, Value};
use equipoise::report::card::{self, Chosen};
use equipoise::report::{Format, Output, View, Wanted, rendered};

use crate::program::{Program, TINY};
use crate::report::fixture;

fn cards(inputs: equipoise::report::Inputs) -> Vec<Output> {
    let wanted = Wanted { formats: [Format::Card].into(), ..Wanted::default() };
    let outputs = rendered(&View::new(inputs), &wanted).unwrap();
    outputs.into_iter().filter(|output| output.path.starts_with("cards/")).collect()
}

/// The card; arrows stand behind a space that does not break.
fn text(output: &Output) -> String {
    std::str::from_utf8(&output.bytes).unwrap().replace('\u{a0}', " ")
}

#[test]
fn the_ends_of_the_front_have_cards_that_leave_to_the_author_what_is_theirs() {
    let all = cards(fixture::people());
    let view = View::new(fixture::people());
    assert!(!all.is_empty() && all.len() <= 1 + view.given.front.objectives.len());
    for output in &all {
        let text = text(output);
        // The sections of Mitchell et al. 2019, figure 1.
        for section in [
            "Model details",
            "Intended use",
            "Factors",
            "Data",
            "Metrics and results",
            "Limits found",
            "Ethical considerations",
        ] {
            assert!(text.contains(&format!("\n## {section}\n")), "{}: {section}", output.path);
        }
        assert!(text.matches("**To be filled in by the author:**").count() >= 10, "{text}");
        assert!(text.contains(&"6b".repeat(32)), "the checksum of the data");
        assert!(text.contains("### Group by group: "), "{text}");
        let mut headings: Vec<&str> = text.lines().filter(|line| line.starts_with("##")).collect();
        let count = headings.len();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), count, "a heading occurs twice");
    }
}

/// The digits of the fixture: the best accuracy is 0.980 at strength 0.05, the best robust accuracy 0.519 at 0.25.
#[test]
fn a_card_is_about_its_point_alone() {
    let all = cards(fixture::digits(3));
    let paths: Vec<&str> = all.iter().map(|output| output.path.as_str()).collect();
    assert_eq!(paths, ["cards/adversarial-0.05.md", "cards/adversarial-0.25.md"]);
    let (clean, robust) = (&*text(&all[0]), &*text(&all[1]));
    let row = |text: &str, name: &str| -> Option<Vec<String>> {
        let line = text.lines().find(|line| line.starts_with(&format!("| {name} | ")))?;
        Some(line.split(" | ").map(str::to_owned).collect())
    };
    assert!(row(clean, "accuracy ↑").unwrap()[1].starts_with("0.980 ["));
    assert!(row(robust, "accuracy ↑").unwrap()[1].starts_with("0.921 ["));
    assert_eq!(row(robust, "accuracy ↑").unwrap()[2], "360");
    assert!(row(robust, "pgd").is_none());
    // Attack by attack: this point's row and no other.
    let attacks = robust.split_once("### Attack by attack").unwrap().1.split_once("\n## ").unwrap().0;
    let rows: Vec<&str> = attacks.lines().filter(|line| line.starts_with("| 0")).collect();
    assert_eq!(rows, ["| 0.25 | 0.629 | 0.529 | 0.523 |"]);
    // Few seeds, and training that had not settled, are limits; nothing of the point that collapsed is said.
    for limit in ["The numbers hold for these 3 seeds", "3 of 3 models had not settled"] {
        assert!(robust.contains(limit), "{limit}\n{robust}");
    }
    assert!(!robust.to_lowercase().contains("degenerate:"), "{robust}");
    assert_eq!(all, cards(fixture::digits(3)), "the same bytes every time");
}

/// Always `3` has 0.102 in the fixture; at 0.6 it would be above the best robust accuracy, 0.519.
#[test]
fn a_card_says_where_a_trivial_model_does_as_well() {
    let limits = |value: f64| {
        let mut inputs = fixture::digits(3);
        inputs.anchors[0].values.insert(fixture::under("robust_accuracy", 0.2), Value::Defined(value));
        let robust = cards(inputs).into_iter().find(|card| card.path == "cards/adversarial-0.25.md").unwrap();
        let text = text(&robust);
        text.split_once("## Limits found").unwrap().1.split_once("\n## ").unwrap().0.to_owned()
    };
    let said = limits(0.6);
    assert!(
        said.contains("always `3` (the most frequent class) has 0.600, at least as good as strength 0.25"),
        "{said}"
    );
    assert!(!limits(0.102).contains("always `3`"));
}

#[test]
fn what_is_undefined_partial_or_failed_is_a_limit() {
    let mut inputs = fixture::digits(7);
    inputs.points[5].failed.push((7, "the loss is not finite".to_owned()));
    let withheld = fixture::withheld("no row has the class `<b>7</b>`", 7);
    inputs.points[5].measures.insert(MetricKey::plain("class_accuracy_gap"), withheld);
    let view = View::new(inputs);
    let said = card::of_chosen(&view, 5, Chosen { command: "equipoise choose x", answer: "```\nit" })
        .replace('\u{a0}', " ");
    for limit in ["Partial: no model at seed 7: the loss is not finite", "`<b>7</b>`"] {
        assert!(said.contains(limit), "{limit}\n{said}");
    }
    // Code is text; outside it nothing is a tag.
    assert!(!said.replace("`<b>7</b>`", "").contains("<b>"), "{said}");
    assert!(said.contains("| class gap ↓ | undefined | "), "{said}");
    assert!(
        said.contains("```sh\nequipoise choose x\n```\n\n```text\n'''\nit\n```\n"),
        "an answer ends no fence\n{said}"
    );
}

/// The text between the last ```` ```toml ```` and its end.
fn configuration(card: &str) -> &str {
    card.rsplit_once("```toml\n").unwrap().1.split_once("\n```").unwrap().0
}

/// The arguments of the commands in the last shell block, as a shell reads them: single quotes, and a quote behind a backslash between them.
fn commands(card: &str) -> Vec<Vec<String>> {
    let block = card.rsplit_once("```sh\n").unwrap().1.split_once("```").unwrap().0;
    let words = |line: &str| {
        let mut words = vec![String::new()];
        let mut quoted = false;
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\'' => quoted = !quoted,
                '\\' if !quoted => words.last_mut().unwrap().extend(letters.next()),
                ' ' if !quoted => words.push(String::new()),
                other => words.last_mut().unwrap().push(other),
            }
        }
        words.split_off(1)
    };
    block.lines().filter(|line| line.starts_with("equipoise ")).map(words).collect()
}

/// The lines of `points.csv` under its head, by everything that tells the point from others.
fn lines(program: &Program, folder: &str) -> Vec<String> {
    let text = std::fs::read_to_string(program.path(&format!("{folder}/points.csv"))).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn what_a_card_says_to_do_makes_the_same_numbers() {
    let program = Program::new();
    let two = TINY.replace("models = [\"last\", \"best-clean\", \"best-robust\"]", "").replace(
        "[threat]",
        "[[defense]]\nmethod = { kind = \"label-smoothing\" }\nname = \"it's soft\"\nstrengths = [0.1, 0.2]\n\n[sweep]\ngrid = { \"training.batch\" = [32, 64] }\n\n[threat]",
    );
    for (name, config, kept) in [("tiny", TINY, "0.1"), ("two", two.as_str(), "0.2")] {
        program.file(&format!("{name}-given.toml"), config);
        let given = format!("{name}-given");
        program.must(&["run", &format!("{name}-given.toml"), "--out", &given, "--quiet"]);
        program.must(&["report", &given, "--format", "card,csv", "--quiet"]);
        let mut folder: Vec<_> = std::fs::read_dir(program.path(&format!("{given}/cards")))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        folder.sort();
        let card = folder.iter().find(|path| path.to_string_lossy().contains(kept)).unwrap_or(&folder[0]);
        let card = std::fs::read_to_string(card).unwrap();
        // A card does not tell where it was made.
        assert!(!card.contains(&*program.path("").to_string_lossy()), "{card}");
        let made = commands(&card);
        assert_eq!(made.len(), 2, "{made:?}");
        let file = made[0][1].clone();
        program.file(&file, configuration(&card));
        for arguments in &made {
            let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            arguments.push("--quiet");
            program.must(&arguments);
        }
        let out = |arguments: &[String]| arguments.last().unwrap().clone();
        let (given, whole, alone) =
            (lines(&program, &given), lines(&program, &out(&made[0])), lines(&program, &out(&made[1])));
        assert_eq!(given, whole, "the whole experiment");
        assert!(alone.len() < whole.len() && alone.len() >= 2, "{} lines", alone.len());
        let place = |line: &str| line.split(',').take(3).map(str::to_owned).collect::<Vec<_>>();
        // Everything measured of a point is measured of it alone; its place on a front is another question.
        let numbers = |head: &str, line: &str| -> Vec<(String, String)> {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let cells = reader.records().next().unwrap().unwrap();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(head.as_bytes());
            let head = reader.records().next().unwrap().unwrap();
            let wanted = |name: &str| {
                name.starts_with("accuracy")
                    || name.starts_with("robust_accuracy")
                    || name.starts_with("worst_class")
            };
            head.iter()
                .zip(&cells)
                .filter(|(name, _)| wanted(name))
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .collect()
        };
        for line in &alone[1..] {
            let twin = whole[1..].iter().find(|other| place(other) == place(line));
            let twin = twin.unwrap_or_else(|| panic!("{line} is no point of the whole"));
            let found = numbers(&alone[0], line);
            assert!(found.len() > 6, "{found:?}");
            assert_eq!(found, numbers(&whole[0], twin));
        }
    }
}

#[test]
fn what_is_chosen_gets_a_card_and_what_is_not_gets_none() {
    let program = Program::new();
    program.file("tiny.toml", TINY);
    program.must(&["run", "tiny.toml", "--quiet"]);
    let choose = [
        "choose",
        "results/tiny",
        "--require",
        "accuracy>=0.3",
        "--max",
        "robust_accuracy",
        "--card",
        "cards/mine.md",
    ];
    let said = program.must(&choose);
    assert!(said.stderr.contains("card: cards/mine.md"), "{}", said.stderr);
    let card = || std::fs::read_to_string(program.path("cards/mine.md")).unwrap();
    let first = card();
    assert!(first.starts_with("# Model card: tiny, "), "{first}");
    assert!(
        first.contains("equipoise choose results/tiny --require 'accuracy>=0.3' --max 'robust_accuracy'\n"),
        "{first}"
    );
    // The answer stands in the card as it was given.
    assert!(first.contains(said.stdout.trim_end()), "{}\n{first}", said.stdout);
    program.must(&choose);
    assert_eq!(card(), first, "the same bytes every time");
    let none = program.run(&[
        "choose",
        "results/tiny",
        "--require",
        "accuracy>=0.999",
        "--max",
        "robust_accuracy",
        "--card",
        "none.md",
    ]);
    assert_eq!(none.code, Some(1), "{}", none.stderr);
    assert!(none.stderr.contains("nothing is chosen, so none.md is not written"), "{}", none.stderr);
    assert!(!program.path("none.md").exists());
}
