//! Tables for papers: none is wider than the page, numbers stand in cells and sentences below.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use equipoise::files;
use equipoise::pareto::exchange::{Outcome, Rate};
use equipoise::report::{Format, Inputs, Output, View, Wanted, rendered};

use super::{file, fixture, samples};

fn tables(inputs: Inputs) -> Vec<Output> {
    let wanted = Wanted { formats: BTreeSet::from([Format::Latex]), ..Wanted::default() };
    let outputs = rendered(&View::new(inputs), &wanted).unwrap();
    outputs.into_iter().filter(|output| output.path.starts_with("tables/")).collect()
}

/// Steps of every kind that a rate can be of, under a defense with a long name and several.
fn every_rate() -> Inputs {
    let mut inputs = fixture::three_defenses(6);
    let words = "the change in robust accuracy (L∞ 0.2) is not distinguishable from 0; the cost lies below −17.84 or above 33.95".to_owned();
    let kinds = [
        (Outcome::Price, Rate::Bounded { rate: -12.345, low: -23.456, high: -1.234 }),
        (
            Outcome::NoPrice,
            Rate::HalfLine {
                rate: 12.0,
                parts: vec![(f64::NEG_INFINITY, -33.95), (17.84, f64::INFINITY)],
                words,
            },
        ),
        (
            Outcome::NoGain,
            Rate::NotMeasurable { words: "the seeds do not differ, so there is no interval".to_owned() },
        ),
        (Outcome::WinWin, Rate::Bounded { rate: 0.1, low: 0.0, high: 0.2 }),
    ];
    inputs.rates = inputs.rates.iter().cycle().take(9).cloned().collect();
    for (i, arc) in inputs.rates.iter_mut().enumerate() {
        let (outcome, rate) = &kinds[i % kinds.len()];
        arc.outcome = *outcome;
        arc.rate = rate.clone();
    }
    for point in &mut inputs.points {
        if point.defense == "adversarial" {
            "adversarial training with label smoothing".clone_into(&mut point.defense);
            point.coordinates.insert("defense".to_owned(), point.defense.clone());
        }
    }
    inputs
}

/// Points whose first coordinate is a list, as a sweep over layers has it, and a star.
fn lists() -> Inputs {
    let mut inputs = fixture::three_defenses(6);
    for (i, point) in inputs.points.iter_mut().enumerate() {
        let name = ["[32]", "*", "[64, 64]"][i % 3];
        point.coordinates.insert("a".to_owned(), name.to_owned());
        name.clone_into(&mut point.defense);
        point.coordinates.insert("defense".to_owned(), name.to_owned());
    }
    inputs
}

#[test]
fn rates_are_numbers_in_cells_and_sentences_below() {
    let outputs = tables(every_rate());
    let text = file(&outputs, "tables/exchange-rates.tex");
    let (tabular, notes) = text.split_once("\\begin{minipage}").unwrap();
    assert!(tabular.contains("12.345 [1.234, 23.456]"), "a price is positive: {text}");
    assert!(tabular.contains("$\\leq$ $-$17.84 or $\\geq$ 33.95\\textsuperscript{a}"), "{text}");
    assert!(!tabular.contains("distinguishable"), "{text}");
    for said in [
        "\\textsuperscript{a}~no price was measurable; the change in robust accuracy",
        "\\textsuperscript{b}~no gain was measurable; the seeds do not differ, so there is no interval.",
        "\\textsuperscript{c}~nothing was paid.",
    ] {
        assert!(notes.contains(said), "{said}: {notes}");
    }
    // Each is said once, whatever the number of steps.
    assert_eq!(notes.matches("\\textsuperscript").count(), 3, "{notes}");
}

/// Stands for the package of that name, where there is none: rules as wide as the table, so that only widths can be measured with it.
const RULES: &str =
    "\\newcommand{\\toprule}{\\hline}\\newcommand{\\midrule}{\\hline}\\newcommand{\\bottomrule}{\\hline}\n";

/// Lines of the log that say that something is wider or taller than the page.
fn too_large(folder: &Path, outputs: &[Output]) -> Vec<String> {
    let mut document = String::from(
        "\\documentclass[10pt,a4paper]{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage{booktabs,longtable}\n\\begin{document}\n",
    );
    files::write_atomic(&folder.join("booktabs.sty"), RULES.as_bytes(), None).unwrap();
    for (i, output) in outputs.iter().enumerate() {
        let name = format!("table-{i}.tex");
        files::write_atomic(&folder.join(&name), &output.bytes, None).unwrap();
        document.push_str(&format!("\\input{{{name}}}\n\\clearpage\n"));
    }
    document.push_str("\\end{document}\n");
    files::write_atomic(&folder.join("all.tex"), document.as_bytes(), None).unwrap();
    let run = Command::new("pdflatex")
        .args(["-interaction=nonstopmode", "-halt-on-error", "all.tex"])
        .current_dir(folder)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{log}");
    let is_told = |line: &&str| line.starts_with("Overfull \\hbox") || line.contains("Float too large");
    log.lines().filter(is_told).map(str::to_owned).collect()
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must be seen")]
fn no_table_is_larger_than_the_page() {
    if Command::new("pdflatex").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `pdflatex` to measure the tables with");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("latex");
    let mut all = samples();
    all.push(("every rate", every_rate()));
    all.push(("lists", lists()));
    all.push(("many points", fixture::three_defenses(45)));
    for (i, (name, inputs)) in all.into_iter().enumerate() {
        let outputs = tables(inputs);
        let folder = folder.join(i.to_string());
        let told = too_large(&folder, &outputs);
        assert!(told.is_empty(), "{name}: {told:?}, see {}", folder.display());
    }
    // The check itself: a table that is a hair too wide or too tall is noticed.
    for rule in ["{346pt}{1pt}", "{1pt}{600pt}"] {
        let bytes = format!("\\begin{{table}}\\centering\\rule{rule}\\end{{table}}\n").into_bytes();
        let large = Output { path: "tables/large.tex".to_owned(), bytes };
        assert_eq!(too_large(&folder, &[large]).len(), 1, "{rule}");
    }
}

/// What a float cannot hold goes on from page to page, each with the heads.
#[test]
fn many_rows_are_a_long_table() {
    let text = |inputs| file(&tables(inputs), "tables/points.tex").to_owned();
    let few = text(fixture::three_defenses(2));
    assert!(few.contains("\\begin{table}") && !few.contains("longtable"), "{few}");
    let many = text(fixture::three_defenses(45));
    assert!(
        many.starts_with("% ") && many.lines().next().unwrap().contains("\\usepackage{booktabs, longtable}")
    );
    assert!(!many.contains("\\begin{table}"), "{many}");
    // What goes on in further columns has no number of its own.
    let blocks = many.matches("\\begin{longtable}").count();
    assert_eq!(many.matches("\\addtocounter{table}{-1}").count(), blocks - 1);
    for word in ["\\endfirsthead", "\\endhead", "\\endfoot", "\\label{tab:"] {
        assert_eq!(
            many.matches(word).count(),
            if word == "\\label{tab:" { 1 } else { many.matches("\\begin{longtable}").count() },
            "{word}"
        );
    }
}
