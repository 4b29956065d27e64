//! `comparison.html`: one self-contained page in the clothes of the report. No request, no time, no machine.

use minijinja::{Value, context};

use crate::error::Result;
use crate::report::figure::{self, Figure};
use crate::report::html::{self, table_value};
use crate::report::table::Table;

/// What both kinds of pages are made of, then this one.
static TEMPLATE: &str = concat!(include_str!("../assets/parts.html"), include_str!("page.html"));
/// The page's scripts, in the order in which they use each other.
static SCRIPTS: [&str; 5] = [
    include_str!("../assets/csv.js"),
    include_str!("../assets/copying.js"),
    include_str!("../assets/paper.js"),
    include_str!("../assets/theme.js"),
    include_str!("../assets/beside.js"),
];

/// The page. Only the drawings, which escape their own text, the style rules and the script are inserted as they are. `tables` have the ids of their sections.
pub(super) fn page(
    title: &str,
    sentences: &[String],
    figures: &[Figure],
    tables: &[(&str, Table)],
) -> Result<String> {
    let style = html::style();
    let dark = html::dark(&figure::plain_dark_rules());
    let script = html::scoped(&SCRIPTS);
    html::filled(
        TEMPLATE,
        context! {
            title => title,
            sentences => sentences.to_vec(),
            policy => html::policy(Some(&script), &[&style, html::PRINT, &dark]),
            style => Value::from_safe_string(style),
            print => Value::from_safe_string(html::PRINT.to_owned()),
            dark => Value::from_safe_string(dark),
            script => Value::from_safe_string(script),
            figures => figures.iter().map(html::drawing).collect::<Value>(),
            tables => tables.iter().map(|(id, table)| table_value(id, table)).collect::<Value>(),
        },
    )
}
