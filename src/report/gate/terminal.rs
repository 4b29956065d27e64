//! The verdict for the terminal.

use super::{Story, rules};
use crate::gate::Word;
use crate::report::terminal::indented;

/// The verdict in text; `folder` holds the results, where what to do with them is to be told.
#[must_use]
pub fn terminal(story: &Story<'_>, folder: Option<&str>) -> String {
    told(story, "verdict.json", story.advice(folder))
}

/// The verdict on a proposed baseline: what can be done with it is another thing.
#[must_use]
pub fn review(story: &Story<'_>) -> String {
    let baseline = story.baseline.unwrap_or("DIR");
    let allowed = if story.verdict.word == Word::NotComparable { "--allow-incomparable " } else { "" };
    let advice = format!(
        "To take these numbers over: `equipoise baseline accept {baseline} {allowed}--by NAME --reason TEXT`; to drop them: `equipoise baseline reject {baseline}`."
    );
    told(story, &format!("`equipoise baseline review {baseline} --json`"), Some(advice))
}

/// With where the whole verdict is, and what to do next.
fn told(story: &Story<'_>, whole: &str, advice: Option<String>) -> String {
    let against = story.baseline.map_or_else(String::new, |baseline| format!(" against {baseline}"));
    let mut text = format!("{}: {}{against}\n\n", story.name, story.word());
    for reason in story.reasons() {
        indented(&mut text, &reason, "  ");
    }
    let (rows, left) = story.rows();
    if !rows.is_empty() {
        text.push('\n');
        // The margin is left to the other formats: a line has 100 characters.
        let shown = [0, 1, 2, 3, 5, 6];
        let width = |column: usize| {
            let of = |row: &[String; 7]| row[column].chars().count();
            rows.iter().map(of).max().unwrap_or(0).max(Story::HEAD[column].chars().count())
        };
        let widths: Vec<usize> = shown.into_iter().map(width).collect();
        let mut line = |cells: Vec<&str>| {
            let mut out = String::from(" ");
            for (cell, width) in cells.iter().zip(&widths) {
                out.push_str(&format!(" {cell:width$} "));
            }
            text.push_str(out.trim_end());
            text.push('\n');
        };
        line(shown.iter().map(|column| Story::HEAD[*column]).collect());
        for row in &rows {
            line(shown.iter().map(|column| row[*column].as_str()).collect());
        }
        if left > 0 {
            text.push_str(&format!("  and {left} more in {whole}\n"));
        }
    }
    if let Some(course) = &story.verdict.rules {
        text.push('\n');
        for line in rules::table(course) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text.push('\n');
    for remark in story.remarks(whole) {
        indented(&mut text, &remark, "");
    }
    if let Some(advice) = advice {
        indented(&mut text, &advice, "");
    }
    text
}
