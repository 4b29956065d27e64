//! `tables/*.tex`: tables for a paper, with booktabs rules; the best of a column in bold, with what cannot be told from it. None is wider than the text of `article` at 10
//! points on A4, and those that are taller go on from page to page.

mod layout;
mod rates;
mod widths;

use layout::{Cell, Grid};

use crate::points;
use crate::stats::SEEDS_FOR_VARIANCE;

use super::table::{self, Table};
use super::terminal;
use super::uncertain;
use super::view::View;

/// The tables, each with its name and text. Every file stands alone: `\input` it where `booktabs` is loaded.
pub(super) fn tables(view: &View) -> Vec<(&'static str, String)> {
    // As many columns as a page is wide; the rest is in Markdown and CSV.
    let keys = terminal::fitting(view);
    let points = table::points(view, &keys, true);
    let mut best: Vec<(usize, usize)> = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        if let Some(direction) = view.direction(key) {
            // As the sentences: of several models of one training those that the front is about.
            let all: Vec<usize> = (0..view.given.points.len()).filter(|&i| view.competes(i)).collect();
            let leaders = points::leaders(all.iter().map(|&i| &view.given.points[i]), key, direction);
            let column = table::column_of(view, &keys, at, &points);
            best.extend(leaders.into_iter().map(|at| (all[at], column)));
        }
    }
    let bold = match points::fullest_seeds(view.given.points.iter()).len() {
        0 | 1 => " In bold: the best of a column at this one seed.",
        seeds if seeds < SEEDS_FOR_VARIANCE => {
            " In bold: the best of a column by the means of these seeds, too few to test anything."
        }
        _ => {
            " In bold: the best of a column, and what paired differences over seeds cannot tell from it (t intervals, 95 % together)."
        }
    };
    let caption = format!("{}{bold}", points.caption);
    let own = view.varying.len().max(1);
    let grid = grid(&points, own, |row, column| best.contains(&(row, column)));
    let mut made = vec![("points", written(view, "points", &grid, &caption, &[]))];
    made.extend(rates::table(view).map(|(grid, caption, notes)| {
        ("exchange-rates", written(view, "exchange-rates", &grid, &caption, &notes))
    }));
    for (name, table, leading) in
        [("knees", uncertain::knees(view), 1), ("attacks", table::attacks(view), own)]
    {
        let Some(table) = table else { continue };
        let grid = self::grid(&table, leading, |_, _| false);
        made.push((name, written(view, name, &grid, &table.caption, &[])));
    }
    made
}

/// The cells of `table`, of which the first `leading` columns say what a row is about.
fn grid(table: &Table, leading: usize, is_bold: impl Fn(usize, usize) -> bool) -> Grid {
    let cell = |at: usize, (column, text): (usize, &String)| Cell {
        text: text.clone(),
        is_bold: is_bold(at, column),
        note: None,
    };
    let rows = table.rows.iter().enumerate();
    let rows = rows.map(|(at, row)| row.iter().enumerate().map(|one| cell(at, one)).collect()).collect();
    Grid { head: table.head.clone(), rows, leading: leading.min(table.head.len()) }
}

/// What a page of `article` at 10 points on A4 holds is 598 points high; so much less as lines of heads and captions may be more than counted.
const PAGE: f64 = 570.0;
/// Points from line to line of a caption, and of notes.
const LINE: f64 = 12.0;
/// Letters on a line.
const LETTERS: f64 = 76.0;

/// A float, or where it would be taller than a page a table that goes on from page to page.
fn written(view: &View, name: &str, grid: &Grid, caption: &str, notes: &[String]) -> String {
    let lines = |text: &str| (text.chars().count() as f64 / LETTERS).ceil();
    let words = LINE * (2.0 + lines(caption) + notes.iter().map(|note| lines(note)).sum::<f64>());
    let is_long = grid.height() + words > PAGE;
    let mut text = format!(
        "% {}, by Equipoise {}. Needs \\usepackage{{{}}}.\n",
        plain(&view.given.name),
        env!("CARGO_PKG_VERSION"),
        if is_long { "booktabs, longtable" } else { "booktabs" }
    );
    let caption = format!("\\caption{{{}}}", escaped(caption));
    let label = format!("\\label{{tab:{}-{name}}}", label(&view.given.name));
    if is_long {
        text.push_str("\\begingroup\n\\setlength{\\LTcapwidth}{\\textwidth}\n");
        text.push_str(&grid.long(&format!("{caption}{label}")));
    } else {
        text.push_str(&format!("\\begin{{table}}\n\\centering\n{caption}\n{label}\n"));
        text.push_str(&grid.written());
    }
    if !notes.is_empty() {
        let note = |(place, note): (usize, &String)| {
            format!("\\textsuperscript{{{}}}~{}.", rates::letter(place), escaped(note))
        };
        let notes = notes.iter().enumerate().map(note).collect::<Vec<_>>().join(" \\\\\n");
        // In a box the notes of a float keep its width; those of a long table may go on over the page, too.
        text.push_str(&if is_long {
            format!("{{\\footnotesize\\raggedright\\noindent\n{notes}\\par}}\n")
        } else {
            format!(
                "\\par\\medskip\n\\begin{{minipage}}{{\\textwidth}}\\footnotesize\\raggedright\n{notes}\n\\end{{minipage}}\n"
            )
        });
    }
    text.push_str(if is_long { "\\endgroup\n" } else { "\\end{table}\n" });
    text
}

/// A comment must not end before its line does.
fn plain(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Letters, digits and hyphens.
fn label(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}

/// What stands at the beginning of a row: a bracket or star there would be taken for an argument of the row's end or of the rule before it.
fn guarded(latex: &str) -> String {
    let open = if latex.trim_start().starts_with(['[', '*']) { "{}" } else { "" };
    format!("{open}{latex}")
}

/// Text as LaTeX: its special characters, and the signs of this report as mathematics; names between backticks as code.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut in_code, paired) = (false, text.matches('`').count().is_multiple_of(2));
    for letter in text.chars() {
        match letter {
            '`' if paired => {
                out.push_str(if in_code { "}" } else { "\\texttt{" });
                in_code = !in_code;
            }
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(letter);
            }
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("$<$"),
            '>' => out.push_str("$>$"),
            '−' => out.push_str("$-$"),
            '±' => out.push_str("$\\pm$"),
            '×' => out.push_str("$\\times$"),
            '∞' => out.push_str("$\\infty$"),
            'ε' => out.push_str("$\\varepsilon$"),
            'σ' => out.push_str("$\\sigma$"),
            '‘' => out.push('`'),
            '’' => out.push('\''),
            '→' => out.push_str("$\\rightarrow$"),
            '↑' => out.push_str("$\\uparrow$"),
            '↓' => out.push_str("$\\downarrow$"),
            '≥' => out.push_str("$\\geq$"),
            '≤' => out.push_str("$\\leq$"),
            '²' => out.push_str("$^2$"),
            '·' => out.push_str("$\\cdot$"),
            '—' => out.push_str("---"),
            '…' => out.push_str("\\dots{}"),
            '\u{a0}' => out.push('~'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_command() {
        assert_eq!(
            escaped("50 % of a_b & c#1 {x} $y$ \\input"),
            "50 \\% of a\\_b \\& c\\#1 \\{x\\} \\$y\\$ \\textbackslash{}input"
        );
        assert_eq!(escaped("L∞ ε = 0.2\u{a0}↑ −0.1"), "L$\\infty$ $\\varepsilon$ = 0.2~$\\uparrow$ $-$0.1");
        assert_eq!(escaped("with `label_smoothing`"), "with \\texttt{label\\_smoothing}");
        assert_eq!(escaped("an odd `"), "an odd `");
        assert_eq!(label("a b/c"), "a-b-c");
    }
}
