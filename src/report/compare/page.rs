//! `comparison.html`: one self-contained page. No script, no request, no time, no machine.

use minijinja::{Value, context};

use crate::error::Result;
use crate::report::figure::{self, Figure};
use crate::report::html::{self, table_value};
use crate::report::table::Table;

static TEMPLATE: &str = include_str!("page.html");

/// The page. Only the drawing, which escapes its own text, and the style rules are inserted as they are.
pub(super) fn page(
    title: &str,
    sentences: &[String],
    figures: &[Figure],
    tables: &[Table],
) -> Result<String> {
    let tables: Value = tables.iter().map(|table| table_value("", table)).collect();
    html::filled(
        TEMPLATE,
        context! {
            title => title.replace('`', ""),
            sentences => sentences.to_vec(),
            dark => Value::from_safe_string(figure::plain_dark_rules()),
            scroll => Value::from_safe_string(html::SCROLL.to_owned()),
            figures => figures
                .iter()
                .map(|figure| context! { title => figure.title.as_str(), svg => Value::from_safe_string(figure.svg.clone()) })
                .collect::<Value>(),
            tables => tables,
        },
    )
}
