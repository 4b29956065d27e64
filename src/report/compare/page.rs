//! `comparison.html`: one self-contained page. No script, no request, no time, no machine.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};

use crate::error::{Error, Result};
use crate::report::figure::{self, Figure};
use crate::report::table::Table;

static TEMPLATE: &str = include_str!("page.html");

/// The page. Only the drawing, which escapes its own text, and the style rules are inserted as they are.
pub(super) fn page(title: &str, sentences: &[String], figure: &Figure, tables: &[Table]) -> Result<String> {
    let defect =
        |error: minijinja::Error| Error::internal(error.to_string()).context("cannot fill the HTML template");
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(defect)?;
    environment.set_syntax(syntax);
    environment.add_template("comparison.html", TEMPLATE).map_err(defect)?;
    let tables: Value = tables
        .iter()
        .map(|table| {
            let cell = |text: &str, numeric: bool| context! { text => text, numeric => numeric };
            context! {
                title => table.title,
                caption => table.caption.as_str(),
                head => table.head.iter().map(|column| cell(&column.text, column.numeric)).collect::<Value>(),
                rows => table.rows.iter().map(|row| {
                    row.iter().zip(&table.head).map(|(text, column)| cell(text, column.numeric)).collect::<Value>()
                }).collect::<Value>(),
            }
        })
        .collect();
    let page = environment.get_template("comparison.html").map_err(defect)?;
    let mut page = page
        .render(context! {
            title => title.replace('`', ""),
            sentences => sentences.iter().map(|sentence| sentence.replace('`', "")).collect::<Vec<_>>(),
            dark => Value::from_safe_string(figure::plain_dark_rules()),
            figure => context! { title => figure.title.as_str(), svg => Value::from_safe_string(figure.svg.clone()) },
            tables => tables,
        })
        .map_err(defect)?;
    if !page.ends_with('\n') {
        page.push('\n');
    }
    Ok(page)
}
