//! The verdict for a pull request or a step summary.

use super::{Story, rules};
use crate::gate::Word;
use crate::report::markdown::{escaped, prose};

/// A hidden line by which a bot finds its own comment, to update it.
pub const MARKER: &str = "<!-- equipoise-gate -->";

/// The verdict as Markdown, a few kilobytes at most; `folder` holds the results, where what to do with them is to be told.
#[must_use]
pub fn markdown(story: &Story<'_>, folder: Option<&str>) -> String {
    let sign = match story.code {
        0 if matches!(story.verdict.word, Word::Inconclusive | Word::Unknown) => "⚠️",
        0 => "✅",
        4 => "⚠️",
        _ => "❌",
    };
    let mut text = format!("{MARKER}\n## {sign} {}: {}\n\n", escaped(story.name), escaped(&story.word()));
    if let Some(baseline) = story.baseline {
        text.push_str(&format!("Against `{}`.\n\n", baseline.replace('`', "'")));
    }
    for reason in story.reasons() {
        text.push_str(&format!("**{}**\n\n", prose(&reason)));
    }
    let (rows, left) = story.rows();
    if !rows.is_empty() {
        text.push_str(&format!(
            "| {} |\n| --- | --- | --- | --- | ---: | ---: | --- |\n",
            Story::HEAD.join(" | ")
        ));
        for row in &rows {
            let cells: Vec<String> = row.iter().map(|cell| prose(cell)).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        if left > 0 {
            text.push_str(&format!("\nand {left} more in `verdict.json`\n"));
        }
        text.push('\n');
    }
    if let Some(course) = &story.verdict.rules {
        text.push_str(&format!("| {} |\n| --- | --- | --- | --- | --- |\n", rules::HEAD.join(" | ")));
        for row in rules::rows(course) {
            let cells: Vec<String> = row.iter().map(|cell| prose(cell)).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        text.push('\n');
    }
    for remark in story.remarks("`verdict.json`") {
        text.push_str(&format!("- {}\n", prose(&remark)));
    }
    if let Some(advice) = story.advice(folder) {
        text.push_str(&format!("\n{advice}\n"));
    }
    limited(text)
}

/// GitHub takes comments of at most 65,536 characters.
const MOST: usize = 60_000;

fn limited(text: String) -> String {
    if text.chars().count() <= MOST {
        return text;
    }
    let mut short: String = text.chars().take(MOST).collect();
    short.truncate(short.rfind('\n').unwrap_or(short.len()));
    short.push_str("\n\n…cut short; everything is in `verdict.json`\n");
    short
}
