//! The verdict as annotations of GitHub Actions: workflow commands, one a line.

use super::{Story, title};
use crate::gate::{Assessed, State, Word};
use crate::report::format;
use crate::rules::Course;

/// GitHub shows at most so many of one kind per step.
pub const MOST_ANNOTATIONS: usize = 10;

/// Annotations, worst first, at most [`MOST_ANNOTATIONS`]; the last says how many more there are. `place` is the file (and line) they point at.
#[must_use]
pub fn annotations(story: &Story<'_>, place: Option<(&str, Option<usize>)>) -> String {
    let kind = match (story.code, story.verdict.word) {
        (0, Word::Identical | Word::NoChange | Word::Improved | Word::ChangedWithinMargin | Word::Quiet) => {
            "notice"
        }
        (0 | 4, _) => "warning",
        _ => "error",
    };
    let mut lines: Vec<String> = Vec::new();
    let title_of = format!("Equipoise gate: {}", story.word());
    let command = |message: &str| {
        let mut properties = vec![format!("title={}", property(&title_of))];
        if let Some((file, line)) = place {
            properties.insert(0, format!("file={}", property(file)));
            if let Some(line) = line {
                properties.insert(1, format!("line={line}"));
            }
        }
        format!("::{kind} {}::{}\n", properties.join(","), data(message))
    };
    let worst: Vec<&Assessed> = story
        .ranked()
        .into_iter()
        .filter(|one| one.state == State::Worse && story.state(one) == State::Worse.word())
        .collect();
    if story.verdict.word == Word::Regressed {
        for one in &worst {
            let change = format::change_interval((one.mean, one.interval), one.endpoint.unit);
            lines.push(format!(
                "{} at {}: worse by {change}, margin {}, p {}",
                title(one),
                one.endpoint.subject.place(),
                super::margin(one.endpoint.margin, one.endpoint.unit),
                super::p_value(one.worse)
            ));
        }
        lines.extend(story.verdict.rules.iter().filter(|course| course.fails()).flat_map(Course::sentences));
    } else {
        lines.extend(story.reasons());
    }
    let left = lines.len().saturating_sub(MOST_ANNOTATIONS);
    if left > 0 {
        lines.truncate(MOST_ANNOTATIONS - 1);
        lines.push(format!("and {} more in verdict.json", left + 1));
    }
    lines.iter().map(|line| command(line)).collect()
}

/// Escapes of the message: `%`, carriage return, line feed.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes of a property: those of the message, `:` and `,`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The escapes of `@actions/core`'s `escapeData` and `escapeProperty`.
    #[test]
    fn nothing_in_a_message_can_end_it() {
        assert_eq!(data("50 % a\r\nb: c, d"), "50 %25 a%0D%0Ab: c, d");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
