//! `tables/*.tex`: tables for a paper, with booktabs rules; the best of a column in bold, with what cannot be told from it.

use crate::points;

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
            let leaders = points::leaders(&view.given.points, key, direction);
            let column = table::column_of(view, &keys, at, &points);
            best.extend(leaders.into_iter().map(|row| (row, column)));
        }
    }
    let bold = "In bold: the best of a column, and what paired differences over seeds cannot tell from it (t intervals, 95 \\% together).";
    let mut made =
        vec![("points", written(view, &points, "points", bold, |row, column| best.contains(&(row, column))))];
    let others = [
        ("exchange-rates", table::rates(view)),
        ("knees", uncertain::knees(view)),
        ("attacks", table::attacks(view)),
    ];
    for (name, table) in others {
        made.extend(table.map(|table| (name, written(view, &table, name, "", |_, _| false))));
    }
    made
}

fn written(
    view: &View,
    table: &Table,
    name: &str,
    more: &str,
    is_bold: impl Fn(usize, usize) -> bool,
) -> String {
    let mut text = format!(
        "% {}, by Equipoise {}. Needs \\usepackage{{booktabs}}.\n",
        plain(&view.given.name),
        env!("CARGO_PKG_VERSION")
    );
    let caption = escaped(&table.caption);
    let caption = if more.is_empty() { caption } else { format!("{caption} {more}") };
    text.push_str(&format!(
        "\\begin{{table}}\n\\centering\\small\n\\caption{{{caption}}}\n\\label{{tab:{}-{name}}}\n",
        label(&view.given.name)
    ));
    let alignment: String = table.head.iter().map(|column| if column.numeric { 'r' } else { 'l' }).collect();
    text.push_str(&format!("\\begin{{tabular}}{{{alignment}}}\n\\toprule\n"));
    let head: Vec<String> = table.head.iter().map(|column| escaped(&column.text)).collect();
    text.push_str(&format!("{} \\\\\n\\midrule\n", head.join(" & ")));
    for (at, row) in table.rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let cell = escaped(cell);
                if is_bold(at, column) { emphasized(&cell) } else { cell }
            })
            .collect();
        text.push_str(&format!("{} \\\\\n", cells.join(" & ")));
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n\\end{table}\n");
    text
}

/// The number in bold, its interval as it is.
fn emphasized(cell: &str) -> String {
    match cell.split_once(' ') {
        Some((number, interval)) => format!("\\textbf{{{number}}} {interval}"),
        None => format!("\\textbf{{{cell}}}"),
    }
}

/// A comment must not end before its line does.
fn plain(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Letters, digits and hyphens.
fn label(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
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
            '→' => out.push_str("$\\rightarrow$"),
            '↑' => out.push_str("$\\uparrow$"),
            '↓' => out.push_str("$\\downarrow$"),
            '≥' => out.push_str("$\\geq$"),
            '≤' => out.push_str("$\\leq$"),
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
        assert_eq!(emphasized("0.374 [0.333, 0.415]"), "\\textbf{0.374} [0.333, 0.415]");
        assert_eq!(label("a b/c"), "a-b-c");
    }
}
