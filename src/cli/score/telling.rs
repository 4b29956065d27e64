//! The sections as a table for the terminal and as Markdown.

use std::collections::BTreeSet;

use super::super::sheet::visible;
use super::Scored;
use super::sections::{Figures, Line, Section, UNDEFINED, letter, sections};
use crate::words::count;

/// The table fits a terminal of this many columns.
const WIDTH: usize = 80;
/// Labels get so many columns at least, where they need them; longer ones go on in the next line.
const LABEL: usize = 30;
/// Notes below a section at most.
const NOTES: usize = 26;

/// What was scored, how, and what was not: sentences.
fn head(scored: &Scored) -> Vec<String> {
    let facts = &*scored.evidence.facts;
    let class = |code: u16| visible(&facts.classes[usize::from(code)]);
    let mut said = vec![format!(
        "{}: {}, {}",
        scored.origin,
        count(facts.len(), "row"),
        if facts.classes.len() == 1 {
            "1 class".to_owned()
        } else {
            format!("{} classes", facts.classes.len())
        }
    )];
    if facts.classes.len() <= 10 {
        let names: Vec<String> = facts.classes.iter().map(|name| visible(name)).collect();
        said[0].push_str(&format!(" ({})", names.join(", ")));
    }
    if let Some(positive) = facts.positive {
        said[0].push_str(&format!(", positive: {}", class(positive)));
    }
    said[0].push('.');
    said.push(format!("Decisions: {}.", scored.decisions));
    said.extend(scored.notes.iter().map(|note| visible(note)));
    if let Some(units) = &facts.units {
        let own: BTreeSet<u32> = units.codes.iter().copied().collect();
        said.push(format!(
            "Rows of one {} are drawn together: {} in all; intervals and p-values count rows as if those of one said the same.",
            visible(&units.name),
            own.len()
        ));
    }
    let options = &scored.options;
    if options.resamples > 0 {
        said.push(format!(
            "In brackets: {} % intervals, {} of the rows.",
            percent(options.level),
            count(options.resamples, "resample")
        ));
    } else {
        said.push(
            "No resamples: intervals only where they are in closed form (shares, the smallest of several, two groups), and nothing on what chance alone would show of a gap.".to_owned(),
        );
    }
    said.push("n: rows behind a number, the fewest of any group. ↑ higher, ↓ lower is better.".to_owned());
    if options.resamples > 0 {
        said.push(
            "By chance alone: gaps of groups without disparity, by permutation. To see a gap: with a two-sided test of two proportions at 5 % and a power of 80 %."
                .to_owned(),
        );
    }
    if let Some(positive) = facts.positive.filter(|_| facts.classes.len() > 2 && !facts.attributes.is_empty())
    {
        said.push(format!(
            "Selection, true and false positive rates, and gaps made of them, are about {} against the other classes: ask for those with --positive.",
            class(positive)
        ));
    }
    said
}

/// What to ask for to see more.
fn tail(scored: &Scored) -> Vec<String> {
    let facts = &*scored.evidence.facts;
    let mut said = Vec::new();
    if facts.attributes.is_empty() {
        said.push("No fairness: name the columns of sensitive attributes with --group.".to_owned());
    } else if facts.positive.is_none() {
        said.push(
            "No selection rates, and nothing made of them: name the positive class with --positive."
                .to_owned(),
        );
    }
    if scored.evidence.probabilities.is_none() {
        said.push("No calibration and abstention: they need probabilities (--score, --scores).".to_owned());
    }
    said
}

/// `95`, `99.5`.
pub(super) fn percent(level: f64) -> String {
    format!("{:.4}", 100.0 * level).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What stands in place of the notes left out.
fn more(notes: &[String]) -> String {
    format!("{}: --json and --csv have them all", count(notes.len() - NOTES, "more note"))
}

/// A fragment with a capital and a full stop.
fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase).collect::<String>();
    format!("{first}{}.", visible(letters.as_str()))
}

/// For the terminal; `ids` stand at the end of lines, beyond its width.
pub(super) fn table(scored: &Scored, ids: bool) -> String {
    let sections = sections(scored);
    let indented =
        |line: &Line| format!("{}{}", if line.inner { "    " } else { "  " }, visible(&line.label));
    let lines = || sections.iter().flat_map(|section| &section.lines);
    let width = |of: fn(&Figures) -> usize| lines().filter_map(|line| line.figures.as_ref()).map(of).max();
    let interval = width(|figures| figures.interval.chars().count()).unwrap_or(0);
    let value = if interval > 0 { 6 } else { UNDEFINED.len() };
    let n = width(|figures| figures.n.to_string().len()).unwrap_or(0);
    let marks = width(|figures| figures.letters().len()).unwrap_or(0);
    let room = WIDTH.saturating_sub(2 + value + 2 + interval + 2 + n + 2 + marks).max(LABEL);
    let numbers = lines().filter(|line| line.figures.is_some());
    let label = numbers.map(|line| indented(line).chars().count()).max().unwrap_or(0).min(room);
    let mut text = String::new();
    for said in head(scored) {
        text.push_str(&paragraph(&said, "", ""));
    }
    for Section { title, lines, remarks, notes, .. } in &sections {
        text.push_str(&format!("\n{}\n", visible(title)));
        for remark in remarks {
            text.push_str(&paragraph(&sentence(remark), "  ", "  "));
        }
        for line in lines {
            let pad = if line.inner { "      " } else { "    " };
            let width = if line.figures.is_some() { label } else { WIDTH };
            let mut parts = wrapped(&indented(line), width, pad);
            let last = parts.pop().unwrap_or_default();
            for part in parts {
                text.push_str(&format!("{part}\n"));
            }
            let Some(figures) = &line.figures else {
                text.push_str(&format!("{last}\n"));
                continue;
            };
            let middle = if figures.value == UNDEFINED {
                let both = if interval > 0 { value + 2 + interval } else { value };
                format!("{:<both$}", figures.value)
            } else if interval > 0 {
                format!("{:>value$}  {:<interval$}", figures.value, figures.interval)
            } else {
                format!("{:>value$}", figures.value)
            };
            let id = if ids { visible(&figures.id) } else { String::new() };
            let row =
                format!("{last:<label$}  {middle}  {:>n$}  {:<marks$}  {id}", figures.n, figures.letters());
            text.push_str(&format!("{}\n", row.trim_end()));
        }
        for (at, note) in notes.iter().enumerate().take(NOTES) {
            text.push_str(&paragraph(&visible(note), &format!("  {}  ", letter(at)), "     "));
        }
        if notes.len() > NOTES {
            text.push_str(&format!("  {}\n", more(notes)));
        }
    }
    let tail = tail(scored);
    if !tail.is_empty() {
        text.push('\n');
    }
    for said in tail {
        text.push_str(&paragraph(&said, "", ""));
    }
    text
}

/// For a README or a paper's draft.
pub(super) fn markdown(scored: &Scored, ids: bool) -> String {
    let cell = |text: &str| {
        visible(text)
            .replace('\\', "\\\\")
            .replace('|', "\\|")
            .replace('*', "\\*")
            .replace('_', "\\_")
            .replace('<', "&lt;")
    };
    let mut text = String::new();
    for said in head(scored) {
        text.push_str(&format!("{}\n", cell(&said)));
    }
    for Section { title, lines, remarks, notes, .. } in sections(scored) {
        text.push_str(&format!("\n## {}\n\n", cell(&title)));
        for remark in remarks {
            text.push_str(&format!("{}\n\n", cell(&sentence(&remark))));
        }
        let (head, rule, none) = if ids { (" id |", ":--|", " |") } else { ("", "", "") };
        text.push_str(&format!("| | value | interval | n | notes |{head}\n|:--|--:|:--|--:|:--|{rule}\n"));
        for line in lines {
            let label = cell(&line.label);
            let label = if line.inner { format!("&emsp;{label}") } else { label };
            text.push_str(&match &line.figures {
                None if line.inner => format!("| {label} | | | | |{none}\n"),
                None => format!("| **{label}** | | | | |{none}\n"),
                Some(figures) => {
                    let (Figures { value, interval, n, .. }, letters) = (figures, figures.letters());
                    let id = if ids { format!(" {} |", cell(&figures.id)) } else { String::new() };
                    format!("| {label} | {value} | {interval} | {n} | {letters} |{id}\n")
                }
            });
        }
        for (at, note) in notes.iter().enumerate().take(NOTES) {
            let lead = if at == 0 { "\n" } else { "" };
            text.push_str(&format!("{lead}{}: {}  \n", letter(at), cell(note)));
        }
        if notes.len() > NOTES {
            text.push_str(&format!("{}\n", more(&notes)));
        }
    }
    let tail = tail(scored);
    if !tail.is_empty() {
        text.push_str(&format!("\n{}\n", cell(&tail.join(" "))));
    }
    text
}

/// Lines of at most [`WIDTH`] columns, the first behind `first`, the others behind `next`.
fn paragraph(text: &str, first: &str, next: &str) -> String {
    wrapped(&format!("{first}{text}"), WIDTH, next).iter().map(|line| format!("{line}\n")).collect()
}

/// `text` broken at spaces into lines of at most `width` characters, those after the first behind `next`; a longer word is cut.
fn wrapped(text: &str, width: usize, next: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest: Vec<char> = text.chars().collect();
    while rest.len() > width {
        let start = rest.iter().position(|c| *c != ' ').unwrap_or(0);
        let space = (start + 1..=width).rev().find(|at| rest[*at] == ' ');
        let (end, skip) = space.map_or((width, 0), |at| (at, 1));
        lines.push(rest[..end].iter().collect::<String>().trim_end().to_owned());
        rest = next.chars().chain(rest[end + skip..].iter().copied()).collect();
    }
    lines.push(rest.iter().collect());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_labels_go_on_in_the_next_line_and_long_words_are_cut() {
        assert_eq!(wrapped("  one two three", 9, "    "), ["  one two", "    three"]);
        assert_eq!(wrapped("  abcdefghij", 8, "    "), ["  abcdef", "    ghij"]);
        assert_eq!(wrapped("  short", 9, "    "), ["  short"]);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(visible("a\n\u{1b}[31mb"), "a\u{fffd}\u{fffd}[31mb");
    }

    #[test]
    fn levels_are_said_in_percent() {
        assert_eq!([0.95, 0.9, 0.995, 1.0 / 3.0].map(percent), ["95", "90", "99.5", "33.3333"]);
    }
}
