//! `comparison.html`: one self-contained page. No script, no request, no time, no machine.

use minijinja::{Value, context};

use crate::error::Result;
use crate::report::figure::{self, Figure};
use crate::report::html::{self, table_value};
use crate::report::table::Table;

static TEMPLATE: &str = include_str!("page.html");
static STYLE: &str = include_str!("page.css");

/// The page. Only the drawing, which escapes its own text, and the style rules are inserted as they are.
pub(super) fn page(
    title: &str,
    sentences: &[String],
    figures: &[Figure],
    tables: &[Table],
) -> Result<String> {
    let style = format!(
        "{STYLE}{}@media (prefers-color-scheme: dark) {{\n{}}}\n",
        html::SCROLL,
        figure::plain_dark_rules()
    );
    let tables: Value = tables.iter().map(|table| table_value("", table)).collect();
    html::filled(
        TEMPLATE,
        context! {
            title => title.replace('`', ""),
            sentences => sentences.to_vec(),
            policy => html::policy(None, &[&style]),
            style => Value::from_safe_string(style),
            figures => figures
                .iter()
                .map(|figure| context! { title => figure.title.as_str(), svg => Value::from_safe_string(figure.svg.clone()) })
                .collect::<Value>(),
            tables => tables,
        },
    )
}
