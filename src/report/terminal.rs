//! The terminal summary: the answer in words, then one compact table. Plain text, at most 100 columns.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table as Drawn, TableStyle, Width,
};

use crate::measure::MetricKey;

use super::certificates;
use super::checks;
use super::contest;
use super::explanations;
use super::format;
use super::pairs;
use super::remarks;
use super::shift;
use super::table::{self, Table};
use super::temperatures;
use super::view::{View, is_group_difference};

const WIDTH: usize = 100;
/// Least width of a column, for the words of its head.
const HEAD: usize = 13;

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
    if keys.len() < view.shown.len() {
        let more = format::count(view.shown.len() - keys.len(), "more metric");
        line(&mut text, &format!("{more} in summary.md, all numbers in points.csv."));
    }
    // Gaps between groups never stand alone; the attributes without one on show are in summary.md.
    let gaps: Vec<&str> =
        keys.iter().filter(|key| is_group_difference(key)).filter_map(|key| key.group.as_deref()).collect();
    for table in table::all_groups(view, true, |attribute| gaps.contains(&attribute)) {
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
    text
}

/// Adds `content`, wrapped, as lines of its own.
fn line(text: &mut String, content: &str) {
    indented(text, content, "");
}

fn indented(text: &mut String, content: &str, indent: &str) {
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
    format!(
        "Data: {}, {} training, {} validation and {} test rows, {}{attributes}.",
        data.name,
        data.train,
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
fn fitting(view: &View) -> Vec<MetricKey> {
    let mut keys = view.shown.clone();
    loop {
        let table = table::points(view, &keys, true);
        if table_width(&table) <= WIDTH || keys.len() <= view.given.front.objectives.len().max(1) {
            return keys;
        }
        keys.pop();
    }
}

/// Of column `i` with its padding: all of its cells, of a number's head at least a part.
fn column_width(table: &Table, i: usize) -> usize {
    let cell = |text: &str| text.chars().count() + 2;
    let column = &table.head[i];
    let body = table.rows.iter().map(|row| cell(&row[i])).max().unwrap_or(0);
    let word = column.text.split(' ').map(|word| word.chars().count() + 2).max().unwrap_or(0);
    let head = cell(&column.text);
    body.max(if column.numeric { head.min(HEAD).max(word) } else { head })
}

/// All columns with a space between them.
fn table_width(table: &Table) -> usize {
    (0..table.head.len()).map(|i| column_width(table, i) + 1).sum::<usize>() - 1
}

fn drawn(table: &Table) -> String {
    let mut drawn = Drawn::new();
    drawn.load_style(
        TableStyle::new()
            .header_separator(LineStyle::none().fill('─').junction('─'))
            .bottom_border(LineStyle::none().fill('─').junction('─')),
    );
    drawn.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
    let align = |numeric| if numeric { CellAlignment::Right } else { CellAlignment::Left };
    drawn.set_header(
        table.head.iter().map(|column| Cell::new(&column.text).set_alignment(align(column.numeric))),
    );
    for row in &table.rows {
        drawn.add_row(
            row.iter()
                .zip(&table.head)
                .map(|(cell, column)| Cell::new(cell).set_alignment(align(column.numeric))),
        );
    }
    // Numbers keep their line; heads wrap.
    if table_width(table) <= WIDTH {
        drawn.set_constraints((0..table.head.len()).map(|i| {
            let width = column_width(table, i) as u16;
            ColumnConstraint::Absolute(Width::Fixed(width))
        }));
    }
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
