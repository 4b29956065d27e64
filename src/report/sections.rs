//! What a report consists of behind its answer, in order: the page and `summary.md` write out the same sections. A selection of these stands in the
//! terminal ([`terminal`]) and in `tables/*.tex`.

use super::behind::Place;
use super::by_group;
use super::causes;
use super::certificates;
use super::checks;
use super::contest;
use super::curves;
use super::explanations;
use super::figure::Figure;
use super::further;
use super::optima;
use super::pairs;
use super::shift;
use super::table::{self, Table};
use super::temperatures;
use super::terminal;
use super::uncertain;
use super::verdicts;
use super::view::View;

/// A section with a heading of its own.
pub(super) struct Section {
    /// What links go by.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// Its name in a row of links.
    pub(super) short: &'static str,
    /// Paragraphs before anything else.
    pub(super) says: Vec<String>,
    pub(super) parts: Vec<Part>,
}

/// Figures, then tables; under a heading where it is not what the section is about.
pub(super) struct Part {
    /// What links go by, where it has a heading.
    pub(super) id: String,
    pub(super) heading: Option<String>,
    /// Places among the figures of the report.
    pub(super) figures: Vec<usize>,
    /// Each with an id that no other table has.
    pub(super) tables: Vec<(String, Table)>,
}

/// The sections that have something to show.
pub(super) fn all(view: &View, figures: &[Figure]) -> Vec<Section> {
    let drawn = |section: &str| -> Vec<usize> {
        (0..figures.len()).filter(|&at| Place::of(&figures[at].name).section == section).collect()
    };
    let lead = |section: &str, id: &str, table: Option<Table>| Part {
        id: id.to_owned(),
        heading: None,
        figures: drawn(section),
        tables: table.into_iter().map(|table| (id.to_owned(), table)).collect(),
    };
    let section = |id, (title, short), says, parts: Vec<Part>| Section {
        id,
        title,
        short,
        says,
        parts: parts.into_iter().filter(|part| !part.is_empty()).collect(),
    };
    let mut front = vec![lead("fronts", "points", Some(table::points(view, further::leading(view), false)))];
    front.extend(headed("pairs", pairs::table(view)));
    front.extend(headed("optima", optima::table(view)));
    front.extend(headed("causes", causes::table(view)));
    front.extend(headed("knees", uncertain::knees(view)));
    front.extend(headed("ownership", contest::ownership(view)));
    front.extend(headed("choice", contest::choice(view)));

    let mut rates = vec![lead("rates", "rates", table::rates(view))];
    rates.extend(headed("along", curves::table(view)));
    rates.extend(headed("decomposition", curves::decomposition(view)));

    let mut groups = vec![lead("groups", "groups", None)];
    let by_group = by_group::all(view, false, |_| true).into_iter();
    let by_group = by_group.chain(by_group::intersections(view, |_| true));
    groups.extend(by_group.enumerate().map(|(at, table)| {
        let heading = by_group::heading(view, &table);
        Part { heading: Some(heading), ..Part::of(format!("group-{}", at + 1), table) }
    }));

    let robustness = [
        Part { heading: Some("Security curve".to_owned()), ..lead("curves", "curve", None) },
        Part {
            heading: Some("Attack by attack".to_owned()),
            ..lead("attacks", "attacks", table::attacks(view))
        },
    ];
    let robustness: Vec<Part> = robustness
        .into_iter()
        .chain(headed("checks", checks::table(view)))
        .chain(headed("certificates", certificates::tables(view, false)))
        .filter(|part| !part.is_empty())
        .collect();
    let nothing = robustness.is_empty().then(|| "Nothing was attacked, and nothing certified.".to_owned());

    let mut calibration = vec![lead("calibration", "calibration", None)];
    calibration.extend(headed("temperatures", temperatures::table(view)));
    calibration.extend(headed("shift", shift::tables(view, false)));

    let mut explained: Vec<Part> = headed("explanations", explanations::tables(view, false)).collect();
    if let Some(first) = explained.first_mut() {
        first.heading = None;
    }

    let mut metrics = vec![lead("strengths", "strengths", None)];
    metrics.extend(headed("further", further::table(view)));

    let mut glossary = vec![Part { heading: None, ..Part::of("glossary".to_owned(), table::glossary(view)) }];
    glossary.extend(headed("verdicts", verdicts::table(view)));

    let provenance = headed("convergence", table::convergence(view));
    let provenance = provenance.chain(headed("settings", Some(table::settings(view)))).collect();

    let about = "Robustness and its checks";
    let sections = [
        section("front", ("Front", "Front"), uncertain::hypervolume(view).into_iter().collect(), front),
        section("rates", ("Exchange rates", "Exchange rates"), Vec::new(), rates),
        section("groups", ("Fairness: classes and groups", "Fairness"), Vec::new(), groups),
        section("robustness", (about, "Robustness"), nothing.into_iter().collect(), robustness),
        section("calibration", ("Calibration and shift", "Calibration and shift"), Vec::new(), calibration),
        section("explanations", ("Explanations", "Explanations"), Vec::new(), explained),
        section("metrics", ("All metrics", "All metrics"), Vec::new(), metrics),
        section("provenance", ("Provenance", "Provenance"), origin(view), provenance),
        section("glossary", ("Glossary", "Glossary"), Vec::new(), glossary),
    ];
    sections.into_iter().filter(|section| !section.says.is_empty() || !section.parts.is_empty()).collect()
}

impl Part {
    /// A table under its own title.
    fn of(id: String, table: Table) -> Self {
        Self {
            heading: Some(table.title.to_owned()),
            id: id.clone(),
            figures: Vec::new(),
            tables: vec![(id, table)],
        }
    }

    fn is_empty(&self) -> bool {
        self.figures.is_empty() && self.tables.is_empty()
    }
}

/// Tables under their own titles: `id`, `id-2`, …
fn headed(id: &str, tables: impl IntoIterator<Item = Table>) -> impl Iterator<Item = Part> {
    tables.into_iter().enumerate().map(move |(at, table)| {
        Part::of(if at == 0 { id.to_owned() } else { format!("{id}-{}", at + 1) }, table)
    })
}

/// Which data it was, and whom to cite for them.
fn origin(view: &View) -> Vec<String> {
    let given = &view.given.data;
    let about = format!("{} {}", terminal::data_line(view), given.description);
    let license =
        if given.license.is_empty() { String::new() } else { format!(" License: {}.", given.license) };
    let cited =
        (!given.citation.is_empty()).then(|| format!("Cite the data as: {}{license}", given.citation));
    std::iter::once(about.trim_end().to_owned()).chain(cited).collect()
}
