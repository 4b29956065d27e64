//! `report.html`: one self-contained page that opens offline. No request, no time, no machine.
//!
//! It is complete without scripts; its own add the explorer, the choice of light or dark, and copies of numbers. What may run or set styles is named by
//! hash in the page's content-security policy, so that nothing else does. Everything that comes from data passes through the template engine's escaping;
//! only the drawings, which escape their own text, the style sheets, the scripts and the block of numbers ([`explorer`]) are inserted as they are.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::measure::MetricKey;

use super::behind::Place;
use super::explorer;
use super::figure::{self, Figure, Look};
use super::format;
use super::formats::{History, Wanted};
use super::history;
use super::remarks;
use super::sections::{self, Part, Section};
use super::table::Table;
use super::terminal;
use super::uncertain;
use super::view::View;

/// What both kinds of pages are made of, then this one.
static TEMPLATE: &str = concat!(include_str!("assets/parts.html"), include_str!("assets/report.html"));
static STYLE: &str = include_str!("assets/report.css");
/// How whatever is wider than its place shows that it is.
static SCROLL: &str = include_str!("assets/scroll.css");
/// How pages print.
pub(super) static PRINT: &str = include_str!("assets/print.css");
static DARK: &str = include_str!("assets/dark.css");
static LIBRARY: &str = include_str!("assets/vendor/chart.umd.min.js");
static LIBRARY_LICENSES: [&str; 2] =
    [include_str!("assets/vendor/LICENSE-chart.js"), include_str!("assets/vendor/LICENSE-kurkle-color")];
/// The page's own scripts, in the order in which they use each other.
static SCRIPTS: [&str; 10] = [
    include_str!("assets/csv.js"),
    include_str!("assets/numbers.js"),
    include_str!("assets/copying.js"),
    include_str!("assets/plot.js"),
    include_str!("assets/detail.js"),
    include_str!("assets/lists.js"),
    include_str!("assets/paper.js"),
    include_str!("assets/explorer.js"),
    include_str!("assets/theme.js"),
    include_str!("assets/page.js"),
];

/// What a report may say of the machine and the time: names and values, as they are shown.
pub type RunInfo = [(String, String)];

/// The page; with `run_info` it speaks of machine and time, and is no longer the same for the same numbers.
pub(super) fn page(view: &View, figures: &[Figure], wanted: &Wanted) -> Result<String> {
    let given = &view.given;
    let run_info: &RunInfo = &wanted.run_info;
    let remarks = remarks::all(view);
    let sections = sections::all(view, figures);
    // The tables that figures point to.
    let tables: BTreeMap<&str, &Table> = sections
        .iter()
        .flat_map(|section| section.parts.iter().flat_map(|part| &part.tables))
        .map(|(id, table)| (id.as_str(), table))
        .collect();
    let behind: Vec<Vec<MetricKey>> =
        figures.iter().map(|figure| Place::of(&figure.name).keys(view, &figure.name)).collect();
    let keys = explorer::keys(view, behind.iter().flatten().cloned());
    let drawn: Vec<Value> = figures
        .iter()
        .zip(&behind)
        .map(|(figure, behind)| figure_value(view, figure, behind, &keys, &tables))
        .collect();
    let dark = dark(&figure::dark_rules(view));
    let script = script();
    let style = style();
    filled(
        TEMPLATE,
        context! {
            policy => policy(Some(&script), &[&style, PRINT, &dark]),
            style => Value::from_safe_string(style),
            print => Value::from_safe_string(PRINT.to_owned()),
            dark => Value::from_safe_string(dark),
            script => Value::from_safe_string(script),
            numbers => Value::from_safe_string(explorer::block(view, &keys)?),
            name => given.name.as_str(),
            question => given.question.as_str(),
            headlines => view.headlines.iter().map(String::as_str).collect::<Value>(),
            undecided => uncertain::undecided(view),
            remarks => remarks.iter().map(String::as_str).collect::<Value>(),
            data => terminal::data_line(view),
            threat => terminal::threat_line(view),
            sections => sections.iter().map(|section| section_value(section, &drawn)).collect::<Value>(),
            history => wanted.history.as_ref().map(|history| history_value(view, history)),
            run_info => run_info.iter().map(|(name, value)| context! { name => name.as_str(), value => value.as_str() }).collect::<Value>(),
        },
    )
}

/// A section with its parts; `drawn` are the figures of the report.
fn section_value(section: &Section, drawn: &[Value]) -> Value {
    let part = |part: &Part| {
        context! {
            id => part.id.as_str(),
            heading => part.heading.as_deref(),
            figures => part.figures.iter().map(|&at| drawn[at].clone()).collect::<Value>(),
            tables => part.tables.iter().map(|(id, table)| titled(id, part.heading.as_deref().unwrap_or(table.title), table)).collect::<Value>(),
        }
    };
    context! {
        id => section.id,
        title => section.title,
        short => section.short,
        says => section.says.iter().map(String::as_str).collect::<Value>(),
        parts => section.parts.iter().map(part).collect::<Value>(),
    }
}

/// The timeline, and what stands behind it.
fn history_value(view: &View, History { course, rules }: &History) -> Value {
    let drawn = figure::history(course, &view.given.name, Look::PAGE);
    context! {
        says => history::failures(course),
        sentences => course.sentences().iter().chain(&course.remarks).map(|said| format!("{}.", format::capitalized(said))).collect::<Value>(),
        rules => rules.as_str(),
        figure => drawing(&drawn),
        tables => history::tables(course).iter().map(|(id, table)| table_value(id, table)).collect::<Value>(),
    }
}

/// A figure without anything beside it. It carries no words of its own: the page does.
pub(super) fn drawing(figure: &Figure) -> Value {
    context! {
        name => figure.name.as_str(),
        title => figure.title.as_str(),
        caption => figure.caption.as_str(),
        svg => Value::from_safe_string(figure.svg.clone()),
    }
}

/// The style sheet of pages, light.
pub(super) fn style() -> String {
    format!("{STYLE}{SCROLL}")
}

/// What is other on a dark page; `drawings` are the rules of the drawings in it.
pub(super) fn dark(drawings: &str) -> String {
    format!("{DARK}{drawings}")
}

/// A template of a page with its values; text is escaped, `marked` marks the names in it, and `bare` leaves their marks out where nothing can be marked.
pub(super) fn filled(template: &'static str, values: Value) -> Result<String> {
    let defect =
        |error: minijinja::Error| Error::internal(error.to_string()).context("cannot fill the HTML template");
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(defect)?;
    environment.set_syntax(syntax);
    environment.add_filter("marked", marked);
    environment.add_filter("bare", |text: String| text.replace('`', ""));
    environment.add_template("page", template).map_err(defect)?;
    let mut page = environment.get_template("page").map_err(defect)?.render(values).map_err(defect)?;
    if !page.ends_with('\n') {
        page.push('\n');
    }
    Ok(page)
}

/// The one script of the page: the library with its licenses, then the page's own in a scope of their own.
fn script() -> String {
    let licenses: String = LIBRARY_LICENSES.iter().map(|text| format!("/*\n{}\n*/\n", text.trim())).collect();
    // The map of the library's sources is not there to be asked for.
    let library: String = LIBRARY
        .lines()
        .filter(|line| !line.starts_with("//# sourceMappingURL"))
        .map(|line| format!("{line}\n"))
        .collect();
    format!("\n{licenses}{library}{}", scoped(&SCRIPTS).trim_start())
}

/// Scripts in a scope of their own.
pub(super) fn scoped(scripts: &[&str]) -> String {
    format!("\n(() => {{\n\"use strict\";\n{}}})();\n", scripts.concat())
}

/// What the page may do: run this script, where it has one, use these style sheets, and nothing else.
pub(super) fn policy(script: Option<&str>, styles: &[&str]) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)));
    let styles: Vec<String> = styles.iter().map(|style| hash(style)).collect();
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'",
        script.map_or_else(|| "'none'".to_owned(), hash),
        styles.join(" ")
    )
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

/// A figure with what stands behind it: `behind` are the numbers drawn, `keys` those of the page's block, `tables` those of the page.
fn figure_value(
    view: &View,
    figure: &Figure,
    behind: &[MetricKey],
    keys: &[MetricKey],
    tables: &BTreeMap<&str, &Table>,
) -> Value {
    let place = Place::of(&figure.name);
    let metrics: Vec<String> = behind
        .iter()
        .filter_map(|key| keys.iter().position(|other| other == key))
        .map(|index| index.to_string())
        .collect();
    context! {
        name => figure.name.as_str(),
        title => figure.title.as_str(),
        caption => figure.caption.as_str(),
        svg => Value::from_safe_string(figure.svg.clone()),
        metrics => metrics.join(" "),
        tables => place.tables.iter().filter_map(|id| Some(context! { id => *id, title => tables.get(id)?.title })).collect::<Value>(),
        table => place.table(view, behind).map(|table| table_value(&format!("numbers-{}", figure.name), &table)),
    }
}

pub(super) fn table_value(id: &str, table: &Table) -> Value {
    titled(id, table.title, table)
}

fn titled(id: &str, title: &str, table: &Table) -> Value {
    context! {
        id => id,
        title => title,
        caption => table.caption.as_str(),
        head => table.head.iter().map(|column| context! { text => column.text.as_str(), numeric => column.numeric }).collect::<Value>(),
        rows => table
            .rows
            .iter()
            .map(|row| {
                row.iter()
                    .zip(&table.head)
                    .enumerate()
                    .map(|(at, (cell, column))| context! { text => cell.as_str(), kind => kind(cell, column.numeric, at == 0) })
                    .collect::<Value>()
            })
            .collect::<Value>(),
    }
}

/// How a cell stands: numbers at the right, sentences in their place at the left, and short names unbroken.
fn kind(cell: &str, is_numeric: bool, is_first: bool) -> &'static str {
    /// So many words are a sentence, as in `no gain could be told`.
    const SENTENCE: usize = 3;
    /// The longest name that is not broken, in letters.
    const SHORT: usize = 24;
    let words = || cell.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic)).count();
    match (is_numeric, is_first) {
        (true, _) if words() >= SENTENCE => "said",
        (true, _) => "number",
        (false, true) if cell.chars().count() <= SHORT => "short",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script element ends at the first `</script`, and `<!--` begins an escape that hides that end (HTML standard, 4.12.1.3).
    #[test]
    fn nothing_in_the_script_ends_its_element() {
        let script = script();
        for word in ["</script", "<script", "<!--", "sourceMappingURL"] {
            assert!(!script.contains(word), "{word}");
        }
        for word in ["Permission is hereby granted", "Chart.js v4", "@kurkle/color"] {
            assert!(script.contains(word), "{word}");
        }
    }

    /// What `tests/page/vendor.mjs` copied is what is there.
    #[test]
    fn the_vendored_library_is_that_of_its_package() {
        let sums = include_str!("assets/vendor/SHA256SUMS");
        let [chart, color] = LIBRARY_LICENSES;
        let files =
            [("LICENSE-chart.js", chart), ("LICENSE-kurkle-color", color), ("chart.umd.min.js", LIBRARY)];
        for (name, text) in files {
            let sum: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(sums.lines().any(|line| line == format!("{sum}  {name}")), "{name}");
        }
        assert_eq!(sums.lines().count(), files.len());
    }

    /// SHA-256 of `abc` (FIPS 180-4, example 1), in base 64 as the policy writes hashes.
    #[test]
    fn the_policy_names_scripts_and_styles_by_hash() {
        let said = policy(Some("abc"), &["abc"]);
        let abc = "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='";
        assert!(said.contains(&format!("script-src {abc}; style-src {abc};")), "{said}");
        assert!(!said.contains("unsafe"));
        assert!(policy(None, &["abc"]).contains(&format!("script-src 'none'; style-src {abc};")));
    }

    #[test]
    fn sentences_among_numbers_stand_at_the_left() {
        let among = |cell: &str| kind(cell, true, false);
        for cell in [
            "0.374 [0.333, 0.416] at 0.2",
            "+4.3 points [3.7, 4.9]",
            "7 of 7",
            "—",
            "undefined",
            "−0.3, worse",
        ] {
            assert_eq!(among(cell), "number", "{cell}");
        }
        for cell in [
            "a share is 0 or 1 at some seed",
            "−4.207; the cost lies below −1.33",
            "safety lost, nothing bought",
        ] {
            assert_eq!(among(cell), "said", "{cell}");
        }
        assert_eq!(kind("2026-09-22", false, true), "short");
        assert_eq!(kind("largest contribution to the hypervolume", false, true), "");
        assert_eq!(kind("at 0.1", false, false), "");
    }

    #[test]
    fn names_are_marked_and_nothing_else_gets_through() {
        let said = |text: &str| marked(text.to_owned()).to_string();
        assert_eq!(said("with `at` 0.1 & `awp`"), "with <code>at</code> 0.1 &amp; <code>awp</code>");
        assert_eq!(said("`<b>\"x\"</b>`"), "<code>&lt;b&gt;&quot;x&quot;&lt;/b&gt;</code>");
        assert_eq!(said("it's ` alone"), "it&#x27;s ` alone");
    }
}
