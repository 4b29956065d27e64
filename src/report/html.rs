//! `report.html`: one self-contained page that opens offline. No script, no request, no time, no machine.
//!
//! Everything that comes from data passes through the template engine's escaping; only the drawings, which escape
//! their own text, and the style sheets are inserted as they are.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};

use crate::error::{Error, Result};

use super::by_group;
use super::certificates;
use super::checks;
use super::contest;
use super::curves;
use super::explanations;
use super::figure::{self, Figure};
use super::format;
use super::further;
use super::pairs;
use super::remarks;
use super::shift;
use super::table::{self, Table};
use super::temperatures;
use super::terminal;
use super::uncertain;
use super::verdicts;
use super::view::View;

static TEMPLATE: &str = include_str!("assets/report.html");
static STYLE: &str = include_str!("assets/report.css");

/// The page.
pub(super) fn page(view: &View, figures: &[Figure]) -> Result<String> {
    let defect =
        |error: minijinja::Error| Error::internal(error.to_string()).context("cannot fill the HTML template");
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(defect)?;
    environment.set_syntax(syntax);
    environment.add_filter("marked", marked);
    environment.add_template("report.html", TEMPLATE).map_err(defect)?;
    let named = |prefix: &'static str| -> Value {
        figures.iter().filter(|figure| figure.name.starts_with(prefix)).map(figure_value).collect()
    };
    let given = &view.given;
    let remarks: Vec<String> = remarks::withheld(view)
        .iter()
        .chain(&checks::remarks(view))
        .map(|remark| format::capitalized(remark))
        .chain(given.notes.iter().cloned())
        .collect();
    let groups: Value = figures
        .iter()
        .filter(|figure| figure.name == "classes" || figure.name.starts_with("groups-"))
        .map(figure_value)
        .collect();
    let mut page = environment
        .get_template("report.html")
        .map_err(defect)?
        .render(context! {
            style => Value::from_safe_string(STYLE.to_owned()),
            dark => Value::from_safe_string(figure::dark_rules(view)),
            name => given.name.as_str(),
            question => given.question.as_str(),
            headlines => view.headlines.iter().map(String::as_str).collect::<Value>(),
            remarks => remarks.iter().map(String::as_str).collect::<Value>(),
            data => terminal::data_line(view),
            about => given.data.description.as_str(),
            citation => given.data.citation.as_str(),
            license => given.data.license.as_str(),
            threat => terminal::threat_line(view),
            fronts => named("front"),
            hypervolume => uncertain::hypervolume(view),
            curves => named("security-curve"),
            strengths => named("strength"),
            groups => groups,
            points => table_value("points", &table::points(view, further::leading(view), false)),
            knees => uncertain::knees(view).map(|table| table_value("knees", &table)),
            pairs => pairs::table(view).map(|table| table_value("pairs", &table)),
            temperatures => temperatures::table(view).map(|table| table_value("temperatures", &table)),
            ownership => contest::ownership(view).map(|table| table_value("ownership", &table)),
            choice => contest::choice(view).map(|table| table_value("choice", &table)),
            by_group => by_group::all(view, false, |_| true)
                .iter()
                .chain(&by_group::intersections(view, |_| true))
                .enumerate()
                .map(|(i, table)| table_value(&format!("group-{}", i + 1), table))
                .collect::<Value>(),
            certificates => certificates::tables(view, false)
                .iter()
                .enumerate()
                .map(|(i, table)| table_value(&format!("certificates-{}", i + 1), table))
                .collect::<Value>(),
            explanations => explanations::tables(view, false)
                .iter()
                .enumerate()
                .map(|(i, table)| table_value(&format!("explanations-{}", i + 1), table))
                .collect::<Value>(),
            shift => shift::tables(view, false)
                .iter()
                .enumerate()
                .map(|(i, table)| table_value(&format!("shift-{}", i + 1), table))
                .collect::<Value>(),
            further => further::table(view).map(|table| table_value("further", &table)),
            rates => table::rates(view).map(|table| table_value("rates", &table)),
            along => curves::table(view).map(|table| table_value("along", &table)),
            decomposition => curves::decomposition(view).map(|table| table_value("decomposition", &table)),
            attacks => table::attacks(view).map(|table| table_value("attacks", &table)),
            checks => checks::table(view).map(|table| table_value("checks", &table)),
            convergence => table::convergence(view).map(|table| table_value("convergence", &table)),
            glossary => table_value("glossary", &table::glossary(view)),
            verdicts => verdicts::table(view).map(|table| table_value("verdicts", &table)),
            settings => table_value("settings", &table::settings(view)),
        })
        .map_err(defect)?;
    if !page.ends_with('\n') {
        page.push('\n');
    }
    Ok(page)
}

/// Text with what stands between backticks marked as names, everything escaped.
#[expect(clippy::needless_pass_by_value, reason = "as the template engine calls a filter")]
fn marked(text: String) -> Value {
    let parts: Vec<&str> = text.split('`').collect();
    let paired = !parts.len().is_multiple_of(2);
    let mut safe = String::with_capacity(text.len() + 16);
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            safe.push_str(match (paired, i % 2) {
                (false, _) => "`",
                (true, 1) => "<code>",
                (true, _) => "</code>",
            });
        }
        for letter in part.chars() {
            match letter {
                '&' => safe.push_str("&amp;"),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '"' => safe.push_str("&quot;"),
                '\'' => safe.push_str("&#x27;"),
                other => safe.push(other),
            }
        }
    }
    Value::from_safe_string(safe)
}

fn figure_value(figure: &Figure) -> Value {
    context! {
        name => figure.name.as_str(),
        title => figure.title.as_str(),
        caption => figure.caption.as_str(),
        svg => Value::from_safe_string(figure.svg.clone()),
    }
}

fn table_value(id: &str, table: &Table) -> Value {
    context! {
        id => id,
        title => table.title,
        caption => table.caption.as_str(),
        head => table.head.iter().map(|column| context! { text => column.text.as_str(), numeric => column.numeric }).collect::<Value>(),
        rows => table
            .rows
            .iter()
            .map(|row| {
                row.iter()
                    .zip(&table.head)
                    .map(|(cell, column)| context! { text => cell.as_str(), numeric => column.numeric })
                    .collect::<Value>()
            })
            .collect::<Value>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_marked_and_nothing_else_gets_through() {
        let said = |text: &str| marked(text.to_owned()).to_string();
        assert_eq!(said("with `at` 0.1 & `awp`"), "with <code>at</code> 0.1 &amp; <code>awp</code>");
        assert_eq!(said("`<b>\"x\"</b>`"), "<code>&lt;b&gt;&quot;x&quot;&lt;/b&gt;</code>");
        assert_eq!(said("it's ` alone"), "it&#x27;s ` alone");
    }
}
