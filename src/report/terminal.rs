//! The terminal summary: the answer in words, then one compact table. Plain text, at most 100 columns.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table as Drawn, TableStyle, Width,
};

use crate::measure::MetricKey;
use crate::words::printable;

use super::by_group;
use super::certificates;
use super::chance;
use super::checks;
use super::contest;
use super::explanations;
use super::format;
use super::pairs;
use super::remarks;
use super::shift;
use super::table::{self, Table};
use super::temperatures;
use super::uncertain;
use super::view::View;
use super::worst_off;

const WIDTH: usize = 100;
/// Least width of a column of numbers with its padding, for the words of its head.
const HEAD: usize = 13;
/// Least width of a column of words, for the words of its head.
const LABEL: usize = 12;

/// The summary without color codes, ending in a line break.
#[must_use]
pub fn terminal(view: &View) -> String {
    let given = &view.given;
    let mut text = String::new();
    line(&mut text, &format!("{}: {}", given.name, given.question));
    line(&mut text, "");
    for sentence in &view.headlines {
        indented(&mut text, sentence, "  ");
    }
    line(&mut text, "");
    line(&mut text, &data_line(view));
    if let Some(threat) = threat_line(view) {
        line(&mut text, &threat);
    }
    line(&mut text, "");
    let keys = fitting(view);
    let points = table::points(view, &keys, true);
    text.push_str(&drawn(&points));
    line(&mut text, &points.caption);
    if let Some(sentence) = uncertain::hypervolume(view) {
        line(&mut text, &sentence);
    }
    if keys.len() < view.shown.len() {
        let more = format::count(view.shown.len() - keys.len(), "more metric");
        line(&mut text, &format!("{more} in summary.md, all numbers in points.csv."));
    }
    for sentence in chance::sentences(view) {
        line(&mut text, &sentence);
    }
    // Gaps and worst cases never stand alone; the attributes without one on show are in summary.md.
    let about: Vec<&str> = keys.iter().filter_map(worst_off::attribute_of).collect();
    let wanted = |attribute: &str| about.contains(&attribute);
    let tables = by_group::all(view, true, wanted).into_iter();
    // Of the many combinations, those that an objective asks for.
    let objectives = || view.given.front.objectives.iter().map(|objective| &objective.key);
    let asked = |name: &str| objectives().any(|key| worst_off::attribute_of(key) == Some(name));
    for table in tables.chain(by_group::intersections(view, asked)) {
        text.push('\n');
        line(&mut text, &table.caption);
        text.push_str(&drawn(&table));
    }
    let asked = certificates::tables(view, true).into_iter().chain(explanations::tables(view, true));
    for table in asked.chain(shift::tables(view, true)) {
        text.push('\n');
        line(&mut text, &table.caption);
        text.push_str(&drawn(&table));
    }
    let told = pairs::table(view).into_iter().chain(contest::ownership(view));
    for table in told.chain(contest::choice(view)) {
        text.push('\n');
        text.push_str(&drawn(&table));
        line(&mut text, &table.caption);
    }
    let remarks = temperatures::remark(view).into_iter().chain(remarks::withheld(view));
    for reason in remarks.chain(checks::remarks(view)) {
        line(&mut text, &format!("{}.", format::capitalized(reason.trim_end_matches('.'))));
    }
    for note in &given.notes {
        line(&mut text, &format!("Note: {note}"));
    }
    // Names from data files steer no terminal.
    printable(&text).into_owned()
}

/// Adds `content`, wrapped, as lines of its own.
fn line(text: &mut String, content: &str) {
    indented(text, content, "");
}

pub(super) fn indented(text: &mut String, content: &str, indent: &str) {
    for wrapped in wrapped(content, WIDTH - indent.len()) {
        text.push_str(indent);
        text.push_str(&wrapped);
        text.push('\n');
    }
}

/// `digits: 1078 training, 359 validation and 360 test rows, 10 classes`.
pub(super) fn data_line(view: &View) -> String {
    let data = &view.given.data;
    let attributes: Vec<String> =
        data.attributes.iter().map(|(name, groups)| format!("{name} ({})", groups.join(", "))).collect();
    let attributes =
        if attributes.is_empty() { String::new() } else { format!("; sensitive: {}", attributes.join("; ")) };
    // What is selected is whom a rate is about: a fine thing or a bad one.
    let positive = match &data.positive {
        Some(positive) if !attributes.is_empty() => format!("; positive: `{positive}`"),
        _ => String::new(),
    };
    // How many rows imported models were trained on may be unknown.
    let training = if data.train == 0 { String::new() } else { format!("{} training, ", data.train) };
    format!(
        "Data: {}, {training}{} validation and {} test rows, {}{positive}{attributes}.",
        data.name,
        data.validation,
        data.test,
        match data.classes.len() {
            1 => "1 class".to_owned(),
            n => format!("{n} classes"),
        },
    )
}

/// `Attacked: L∞, ε = 0.2, PGD-40 (protocol …)`.
pub(super) fn threat_line(view: &View) -> Option<String> {
    let threat = view.given.threat.as_ref()?;
    Some(format!(
        "Attack: {} ε = {}, {}; protocol {}.",
        threat.norm.sign(),
        threat.epsilon,
        threat.words,
        threat.protocol
    ))
}

/// As many shown keys as fit the width; the objectives always, wrapped where they must.
pub(super) fn fitting(view: &View) -> Vec<MetricKey> {
    let mut keys = view.shown.clone();
    loop {
        let table = table::points(view, &keys, true);
        if table_width(&table) <= WIDTH || keys.len() <= view.given.front.objectives.len().max(1) {
            return keys;
        }
        keys.pop();
    }
}

/// The head of column `i` in lines: words wrap, and long names of settings break behind a dot or an underscore; nothing is cut elsewhere.
fn head(table: &Table, i: usize) -> Vec<String> {
    let column = &table.head[i];
    let body = table.rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let room = if column.numeric { body.max(HEAD - 2) } else { body.max(LABEL) };
    let mut lines: Vec<String> = Vec::new();
    // What cannot be told apart by a break keeps its space: an arrow stays with its word.
    for word in column.text.split(' ') {
        let parts: Vec<&str> =
            if word.chars().count() > room { word.split_inclusive(['.', '_']).collect() } else { vec![word] };
        for (n, part) in parts.into_iter().enumerate() {
            let space = usize::from(n == 0);
            match lines.last_mut() {
                Some(last) if last.chars().count() + space + part.chars().count() <= room => {
                    if n == 0 {
                        last.push(' ');
                    }
                    last.push_str(part);
                }
                _ => lines.push(part.to_owned()),
            }
        }
    }
    lines
}

/// Of column `i` with its padding: all of its cells, and every line of its head.
fn column_width(table: &Table, i: usize) -> usize {
    let cell = |text: &str| text.chars().count() + 2;
    let body = table.rows.iter().map(|row| cell(&row[i])).max().unwrap_or(0);
    head(table, i).iter().map(|line| cell(line)).max().unwrap_or(0).max(body)
}

/// All columns with a space between them.
fn table_width(table: &Table) -> usize {
    (0..table.head.len()).map(|i| column_width(table, i) + 1).sum::<usize>() - 1
}

/// The widths of all columns: where they do not fit, columns of words give way to what their longest word needs. A table that does not fit
/// even so is wider than it should be, rather than cut inside words.
fn widths(table: &Table) -> Vec<usize> {
    let mut widths: Vec<usize> = (0..table.head.len()).map(|i| column_width(table, i)).collect();
    let mut excess = table_width(table).saturating_sub(WIDTH);
    let longest = |text: &str| text.split(' ').map(|word| word.chars().count() + 2).max().unwrap_or(0);
    for i in (0..widths.len()).filter(|i| !table.head[*i].numeric) {
        let body = table.rows.iter().map(|row| longest(&row[i])).max().unwrap_or(0);
        let least = head(table, i).iter().map(|line| longest(line)).max().unwrap_or(0).max(body);
        let given = excess.min(widths[i].saturating_sub(least));
        widths[i] -= given;
        excess -= given;
    }
    widths
}

fn drawn(table: &Table) -> String {
    let mut drawn = Drawn::new();
    drawn.load_style(
        TableStyle::new()
            .header_separator(LineStyle::none().fill('─').junction('─'))
            .bottom_border(LineStyle::none().fill('─').junction('─')),
    );
    let widths = widths(table);
    let total = widths.iter().map(|width| width + 1).sum::<usize>() - 1;
    drawn.set_content_arrangement(ContentArrangement::Dynamic).set_width(total.max(WIDTH) as u16);
    let align = |numeric| if numeric { CellAlignment::Right } else { CellAlignment::Left };
    drawn.set_header(
        table
            .head
            .iter()
            .enumerate()
            .map(|(i, column)| Cell::new(head(table, i).join("\n")).set_alignment(align(column.numeric))),
    );
    for row in &table.rows {
        drawn.add_row(
            row.iter()
                .zip(&table.head)
                .map(|(cell, column)| Cell::new(cell).set_alignment(align(column.numeric))),
        );
    }
    drawn.set_constraints(widths.iter().map(|width| ColumnConstraint::Absolute(Width::Fixed(*width as u16))));
    drawn.trim_fmt() + "\n"
}

/// Lines of at most `width` characters, broken at spaces; a longer word stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
