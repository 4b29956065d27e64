//! The history of a results folder under escalation rules, told: `history.md`, `history.json` and the timeline.

pub(super) mod json;
mod markdown;
mod tables;

pub use json::SCHEMA_FILE;

pub(super) use tables::tables;

use super::Output;
use super::figure::{self, Figure};
use super::format;
use super::formats::{Format, Wanted};
use super::terminal::indented;
use crate::error::Result;
use crate::rules::{Course, PRESENT, RuleState, Truth};

/// The file with the words of a drawing that carries none.
const CAPTION: &str = "figures/history-caption.md";

/// Every file that [`render`] may write.
#[must_use]
pub fn files() -> Vec<String> {
    let drawn = ["history", "history-dark"]
        .into_iter()
        .flat_map(|name| ["svg", "png", "pdf"].map(|ending| format!("figures/{name}.{ending}")));
    ["history.md", "history.json", CAPTION].map(str::to_owned).into_iter().chain(drawn).collect()
}

/// Every file that is `wanted`, in a fixed order: `history.md`, `history.json` and `figures/history.*`; `rules` is the rule file, as given. Other formats
/// have nothing to say of a history.
///
/// # Errors
///
/// Only on a defect of this program: a figure that cannot be drawn.
pub fn render(course: &Course, name: &str, rules: &str, wanted: &Wanted) -> Result<Vec<Output>> {
    let has = |format| wanted.formats.contains(&format);
    let mut outputs = Vec::new();
    if has(Format::Md) {
        outputs.push(Output::new("history.md", markdown::page(course, name, rules, wanted.linked())));
    }
    if has(Format::Json) {
        outputs.push(Output::new("history.json", json::file(course, rules)?));
    }
    let light: Figure = figure::history(course, name, wanted.look);
    let dark = wanted.dark.then(|| light.plainly_darkened());
    let drawn: Vec<Figure> = std::iter::once(light).chain(dark).collect();
    let mut pictures = super::pictures(&drawn, wanted, "figures")?;
    // The captions of the report's own figures are another file.
    for output in pictures.iter_mut().filter(|output| output.path == "figures/captions.md") {
        CAPTION.clone_into(&mut output.path);
    }
    outputs.extend(pictures);
    Ok(outputs)
}

/// The same in short, for the terminal.
#[must_use]
pub fn terminal(course: &Course, name: &str) -> String {
    let mut text = format!("{name}: {}\n\n", headline(course));
    for sentence in course.sentences() {
        indented(&mut text, &format!("{}.", format::capitalized(&sentence)), "  ");
    }
    let spans = spans(course);
    if !spans.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    for span in &spans {
        let line = format!("{}  {} ({})", span.place(course), span.name(course), span.level(course));
        text.push_str(&format!("  {line}\n"));
    }
    if !course.remarks.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    for remark in &course.remarks {
        indented(&mut text, &format!("{}.", format::capitalized(remark)), "");
    }
    text
}

/// Where a rule stands, for people: what is active may be blind as well.
pub(super) fn told(rule: &RuleState) -> &'static str {
    if rule.active && rule.blind { "active, blind" } else { state(rule) }
}

/// Where a rule stands, in a word.
pub(super) fn state(state: &RuleState) -> &'static str {
    match state {
        RuleState { active: true, .. } => "active",
        RuleState { blind: true, .. } => "blind",
        RuleState { fires: Truth::Unknown, .. } => "unknown",
        _ => "quiet",
    }
}

/// Where a combination stands, in a word.
pub(super) fn combined(holds: Truth) -> &'static str {
    match holds {
        Truth::True => "active",
        Truth::Unknown => "unknown",
        Truth::False => "quiet",
    }
}

/// Why rule `at` is not quiet in window `now`; `None` where it is.
fn says(course: &Course, at: usize, now: usize) -> Option<String> {
    let state = &course.rules[at][now];
    if state.active {
        Some(course.firing(at, now))
    } else if state.blind {
        Some(course.blindness(at, now))
    } else {
        (state.fires == Truth::Unknown).then(|| course.doubt(at, now))
    }
}

/// What is active without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A rule.
    Rule(usize),
    /// A rule that is blind.
    Blind(usize),
    /// A combination.
    Combine(usize),
}

/// Windows in a row in which something is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) what: What,
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Span {
    pub(super) fn name<'a>(&self, course: &'a Course) -> &'a str {
        match self.what {
            What::Rule(at) | What::Blind(at) => &course.book.rules[at].id,
            What::Combine(at) => &course.book.combines[at].id,
        }
    }

    pub(super) fn level(&self, course: &Course) -> String {
        let book = &course.book;
        match self.what {
            What::Rule(at) => book.levels[book.rules[at].level].clone(),
            What::Blind(_) => format!("{}, blind", book.levels[book.blind]),
            What::Combine(at) => book.levels[book.combines[at].to].clone(),
        }
    }

    /// `c4`, `c4 to c5`, or `since c4`.
    pub(super) fn place(&self, course: &Course) -> String {
        let label = |at: usize| course.windows[at].as_str();
        if self.last == course.newest() && self.first < self.last {
            format!("since {}", label(self.first))
        } else if self.first == self.last {
            label(self.first).to_owned()
        } else {
            format!("{} to {}", label(self.first), label(self.last))
        }
    }

    /// Why, as it was seen in its first window.
    fn why(&self, course: &Course) -> String {
        match self.what {
            What::Rule(at) => course.firing(at, self.first),
            What::Blind(at) => course.blindness(at, self.first),
            What::Combine(at) => course.combination(at, self.first),
        }
    }

    /// The same in its author's words, else the condition.
    pub(super) fn because(&self, course: &Course) -> String {
        let book = &course.book;
        match self.what {
            What::Rule(at) => {
                book.rules[at].because.clone().unwrap_or_else(|| book.rules[at].when_text.clone())
            }
            What::Blind(_) => "its condition cannot be told".to_owned(),
            What::Combine(at) => book.combines[at].because.clone().unwrap_or_else(|| {
                let domains: Vec<String> =
                    book.combines[at].domains.iter().map(|domain| domain.word().to_owned()).collect();
                format!("{} at once", format::list(&domains))
            }),
        }
    }
}

/// Everything that was ever active, in the order in which it began.
pub(super) fn spans(course: &Course) -> Vec<Span> {
    let count = course.windows.len();
    let mut found: Vec<Span> = Vec::new();
    let mut collect = |what: What, is_on: &dyn Fn(usize) -> bool| {
        let mut begun: Option<usize> = None;
        for now in 0..=count {
            match (begun, now < count && is_on(now)) {
                (None, true) => begun = Some(now),
                (Some(first), false) => {
                    found.push(Span { what, first, last: now - 1 });
                    begun = None;
                }
                _ => {}
            }
        }
    };
    for (at, states) in course.rules.iter().enumerate() {
        collect(What::Rule(at), &|now| states[now].active);
        collect(What::Blind(at), &|now| states[now].blind);
    }
    for (at, states) in course.combines.iter().enumerate() {
        collect(What::Combine(at), &|now| states[now].holds == Truth::True);
    }
    found.sort_by_key(|span| (span.first, span.last));
    found
}

/// Where things stand, and what was: `incident in window c5 (X1); something was raised in 3 of 6 windows, up to incident; in 2 of them the gate fails`.
pub(super) fn headline(course: &Course) -> String {
    let is_told = course.book.fail > 0 && course.windows.len() > 1;
    let is_told = is_told && course.levels.iter().any(Option::is_some);
    let fails =
        if is_told { format!("; in {} of them the gate fails", failing(course)) } else { String::new() };
    format!("{}{fails}", finding(course))
}

/// `The gate fails in 2 of 6 windows.`
pub(super) fn failures(course: &Course) -> String {
    format!("The gate fails in {} of {}.", failing(course), format::count(course.windows.len(), "window"))
}

/// In how many windows the gate fails.
fn failing(course: &Course) -> usize {
    course.levels.iter().filter(|level| level.is_some_and(|at| at >= course.book.fail)).count()
}

/// The same in short: without what the gate makes of it.
pub(super) fn finding(course: &Course) -> String {
    let now = course.newest();
    let label = &course.windows[now];
    let place = if label == PRESENT { "at present".to_owned() } else { format!("in window {label}") };
    let spans = spans(course);
    let mut current: Vec<&str> =
        spans.iter().filter(|span| span.last == now).map(|span| span.name(course)).collect();
    current.dedup();
    let standing = match course.level() {
        Some(level) => format!("{} {place} ({})", course.book.levels[level], current.join(", ")),
        None => format!("{} {place}", course.word()),
    };
    let raised = course.levels.iter().filter(|level| level.is_some()).count();
    let highest = course.levels.iter().copied().max().flatten();
    let past = match highest {
        // What is counted is anything active or blind at any level: what fails is another question.
        Some(level) if course.windows.len() > 1 => format!(
            "; something was raised in {raised} of {} windows, up to {}",
            course.windows.len(),
            course.book.levels[level]
        ),
        None if course.windows.len() > 1 => {
            format!("; nothing was active in {} windows", course.windows.len())
        }
        _ => String::new(),
    };
    format!("{standing}{past}")
}
