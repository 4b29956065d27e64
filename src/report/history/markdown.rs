//! `history.md`.

use super::tables::numbers;
use super::{combined, headline, spans, told};
use crate::report::format;
use crate::report::markdown::{escaped, prose};
use crate::rules::Course;

/// The page, with a link to the timeline with this ending, where there is one.
pub(super) fn page(course: &Course, name: &str, file: &str, ending: Option<&str>) -> String {
    let book = &course.book;
    let mut text = format!("# {}: history\n\n", escaped(name));
    text.push_str(&format!("**{}.**\n\n", prose(&format::capitalized(&headline(course)))));
    let sentences = course.sentences();
    for sentence in &sentences {
        text.push_str(&format!("- {}.\n", prose(&format::capitalized(sentence))));
    }
    if !sentences.is_empty() {
        text.push('\n');
    }
    if let Some(ending) = ending {
        text.push_str(&format!(
            "![Signals over windows, and the rules below them](figures/history.{ending})\n\n"
        ));
    }
    text.push_str("## Windows\n\n");
    let signals = book.signals.iter().map(|signal| signal.id.clone());
    let rules = book.rules.iter().map(|rule| rule.id.clone());
    let combines = book.combines.iter().map(|combine| combine.id.clone());
    let head: Vec<String> = signals.chain(rules).chain(combines).map(|id| escaped(&id)).collect();
    text.push_str(&format!("| window | {} | level |\n", head.join(" | ")));
    text.push_str(&format!(
        "| --- |{}{} --- |\n",
        " ---: |".repeat(book.signals.len()),
        " --- |".repeat(head.len() - book.signals.len())
    ));
    let signals: Vec<Vec<String>> = course.signals.iter().map(|seen| numbers(seen)).collect();
    for (now, label) in course.windows.iter().enumerate() {
        let signals = signals.iter().map(|cells| cells[now].clone());
        let rules = course.rules.iter().map(|states| told(&states[now]).to_owned());
        let combines = course.combines.iter().map(|states| combined(states[now].holds).to_owned());
        let cells: Vec<String> = signals.chain(rules).chain(combines).map(|cell| prose(&cell)).collect();
        let level = course.levels[now].map_or("", |level| book.levels[level].as_str());
        text.push_str(&format!("| {} | {} | {} |\n", escaped(label), cells.join(" | "), escaped(level)));
    }
    text.push_str(&format!(
        "\nIn brackets: intervals. Changes against the baseline are seen from window `{}`.\n",
        course.windows[course.baseline].replace('`', "'")
    ));
    let spans = spans(course);
    if !spans.is_empty() {
        text.push_str("\n## What was raised, and why\n\n");
    }
    for span in &spans {
        text.push_str(&format!(
            "- **{}, {}** ({}): {}.\n",
            escaped(span.name(course)),
            escaped(&span.place(course)),
            escaped(&span.level(course)),
            prose(&span.why(course))
        ));
    }
    text.push_str(&format!("\n## Rules of `{}`\n\n", file.replace('`', "'")));
    text.push_str("| rule | level | domain | when | in | until |\n| --- | --- | --- | --- | --- | --- |\n");
    for rule in &book.rules {
        let (needed, of) = rule.lasting;
        let until = rule.clear.as_ref().map_or("", |(_, clear)| clear.as_str());
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            escaped(&rule.id),
            escaped(&book.levels[rule.level]),
            rule.domain.map_or("", |domain| domain.word()),
            prose(&rule.when_text),
            if of == 1 { "this window".to_owned() } else { format!("{needed} of {of} windows") },
            prose(until)
        ));
    }
    for combine in &book.combines {
        let domains: Vec<String> = combine.domains.iter().map(|domain| domain.word().to_owned()).collect();
        text.push_str(&format!(
            "| {} | {} | cross | rules of {} active at once, at {} or above | this window | |\n",
            escaped(&combine.id),
            escaped(&book.levels[combine.to]),
            format::list(&domains),
            escaped(&book.levels[combine.from])
        ));
    }
    text.push_str(&format!(
        "\nThe gate fails from the level {} on. A rule whose condition is unknown for {} is blind ({}): a missing number is never taken for a good one.\n",
        escaped(&book.levels[book.fail]),
        format::count(book.blind_after, "window"),
        escaped(&book.levels[book.blind])
    ));
    for remark in &course.remarks {
        text.push_str(&format!("\n{}.\n", prose(&format::capitalized(remark))));
    }
    text
}
