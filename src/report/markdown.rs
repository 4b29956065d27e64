//! `summary.md`: the answer, the figures by link, the tables.

use std::fmt::Write as _;

use crate::words::is_control;

use super::figure::Figure;
use super::remarks;
use super::sections;
use super::table::Table;
use super::terminal;
use super::view::View;

/// `comparison.md`: what folders come to side by side, with the figures where they are written, and their files' ending.
pub(super) fn comparison(
    title: &str,
    sentences: &[String],
    (figures, ending): (&[Figure], &str),
    tables: &[(&str, Table)],
) -> String {
    let mut text = format!("# {}\n\n", prose(title));
    for sentence in sentences {
        let _ = writeln!(text, "- {}", prose(sentence));
    }
    text.push('\n');
    for figure in figures {
        let _ = writeln!(text, "![{}](figures/{}.{ending})\n", alternative(figure), figure.name);
    }
    for (_, table) in tables {
        write_table(&mut text, 2, table.title, table);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// What stands in the place of a figure: its title, in which nothing is marked.
fn alternative(figure: &Figure) -> String {
    // Between brackets, any of them counts.
    escaped(&figure.title.replace('`', "").replace('[', "(").replace(']', ")"))
}

/// `captions.md`: title and caption of every figure, for drawings that do not carry them.
pub(super) fn captions(figures: &[Figure]) -> String {
    let mut text = String::from("# Figures\n");
    // A dark twin has the words of the figure.
    for figure in figures.iter().filter(|figure| !figure.name.ends_with("-dark")) {
        let _ = write!(
            text,
            "\n## {}\n\n**{}.** {}\n",
            escaped(&figure.name),
            prose(figure.title.trim_end_matches('.')),
            prose(&figure.caption)
        );
    }
    text
}

/// The Markdown page; `ending` is that of the files with the figures.
pub(super) fn page(view: &View, figures: &[Figure], ending: &str) -> String {
    let mut text = String::new();
    let mut line = |content: &str| {
        text.push_str(content);
        text.push('\n');
    };
    line(&format!("# {}", escaped(&view.given.name)));
    line("");
    line(&format!("*{}*", escaped(&view.given.question)));
    line("");
    for sentence in &view.headlines {
        line(&format!("- {}", prose(sentence)));
    }
    line("");
    line(&prose(&terminal::data_line(view)));
    if let Some(threat) = terminal::threat_line(view) {
        line(&prose(&threat));
    }
    line("");
    let remarks = remarks::all(view);
    if !remarks.is_empty() {
        line("## Remarks");
        line("");
        for remark in &remarks {
            line(&format!("- {}", prose(remark)));
        }
        line("");
    }
    for section in sections::all(view, figures) {
        line(&format!("## {}", escaped(section.title)));
        line("");
        for paragraph in &section.says {
            line(&prose(paragraph));
            line("");
        }
        for part in &section.parts {
            if let Some(heading) = &part.heading {
                line(&format!("### {}", escaped(heading)));
                line("");
            }
            for figure in part.figures.iter().map(|&at| &figures[at]) {
                line(&format!("![{}](figures/{}.{ending})", alternative(figure), figure.name));
                line("");
            }
            for (_, table) in &part.tables {
                line(&rows(table));
            }
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// A table under a heading of this `level`.
pub(super) fn write_table(text: &mut String, level: usize, heading: &str, table: &Table) {
    let marks = "#".repeat(level);
    let _ = writeln!(text, "{marks} {}\n\n{}", escaped(heading), rows(table));
}

/// Caption, head and rows, ending in a line break.
fn rows(table: &Table) -> String {
    let mut text = format!("{}\n\n", prose(&table.caption));
    let cells = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push_str(&cells(table.head.iter().map(|column| prose(&column.text)).collect()));
    text.push_str(&cells(
        table.head.iter().map(|column| if column.numeric { "---:" } else { "---" }.to_owned()).collect(),
    ));
    for row in &table.rows {
        text.push_str(&cells(row.iter().map(|cell| prose(cell)).collect()));
    }
    text
}

/// Sentences: what stands between backticks is a name, and stays marked as one.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let name = |part: &str| {
        // In a code span nothing can be escaped, and nothing but the end of a cell or a line means anything.
        if part.trim().is_empty() || part.contains(['|', '\n', '\r', '\\']) || part.contains(is_control) {
            escaped(&format!("`{part}`"))
        } else {
            format!("`{part}`")
        }
    };
    let one = |(i, part): (usize, &&str)| if i % 2 == 1 { name(part) } else { escaped(part) };
    parts.iter().enumerate().map(one).collect()
}

/// Data may not turn into markup, nor end a table cell. What is common in words and numbers (`robust_accuracy`, `[0.95, 0.99]`, `~0.15`) stays as it is
/// where it marks nothing.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut before = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied();
        let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        match letter {
            '\\' | '|' | '*' | '`' => safe.extend(['\\', letter]),
            // Emphasis begins and ends at the borders of words.
            '_' if !(is_inside(before) && is_inside(after)) => safe.push_str("\\_"),
            '~' if !after.is_some_and(|c| c.is_ascii_digit()) => safe.push_str("\\~"),
            // What makes a link or a picture of brackets, or a note that they refer to.
            ']' if matches!(after, Some('(' | '[' | ':')) => safe.push_str("\\]"),
            // A heading, or a box to tick.
            '#' | '[' if safe.trim_start().is_empty() => safe.extend(['\\', letter]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\n' | '\r' => safe.push(' '),
            other if is_control(other) => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
        before = Some(letter);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `CommonMark` 0.31.2, sections 4.2 (headings), 4.7 (definitions), 6.2 (emphasis) and 6.3 (links); GFM 0.29, 5.3 (boxes) and 6.5 (strikethrough).
    #[test]
    fn data_makes_no_links_pictures_headings_or_emphasis() {
        let said = [
            ("[here](javascript:alert(1))", r"\[here\](javascript:alert(1))"),
            ("see [here](//x) or ![it](//x)", r"see [here\](//x) or ![it\](//x)"),
            ("a [b][c] and", r"a [b\][c] and"),
            ("[c]: //x", r"\[c\]: //x"),
            ("# large", r"\# large"),
            ("_so_ and __so__", r"\_so\_ and \_\_so\_\_"),
            ("~~gone~~", r"\~\~gone\~\~"),
            ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
        ];
        for (given, wanted) in said {
            assert_eq!(escaped(given), wanted);
        }
        for plain in ["robust_accuracy 0.97 [0.95, 0.99]", "strength ~0.15, run #3", "50 % at L∞ ε = 0.2"]
        {
            assert_eq!(escaped(plain), plain);
        }
    }

    #[test]
    fn names_stay_marked_and_what_stands_between_two_of_them_makes_no_link() {
        assert_eq!(prose("`at` against `trades_2`"), "`at` against `trades_2`");
        // A code span binds closer than a tag that begins within it, or behind it (CommonMark 0.31.2, 6.1).
        assert_eq!(prose("of `>50K` and `<b>` <b>"), "of `>50K` and `<b>` &lt;b&gt;");
        // The end of a cell binds closer than a code span (GFM 0.29, 4.10).
        assert_eq!(prose("of `a|b`"), r"of \`a\|b\`");
        assert_eq!(prose("`x`](//y) [`x`](//y)"), r"`x`\](//y) [`x`\](//y)");
        assert_eq!(prose("[`[`](//y)"), r"\[`[`\](//y)");
    }
}
