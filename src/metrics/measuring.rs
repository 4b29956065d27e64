//! From evidence to every number the catalog can state about it.

use std::collections::BTreeMap;

use super::cases::{Cases, cases};
use super::counts::{Context, Over};
use super::notes::{self, FEW_ROWS};
use super::table::{Folded, Table};
use super::{About, BEHIND, CATALOG, LEAST_PROBABILITY, Material, Metric, Shifts, Support, Under};
use crate::evidence::{Evidence, SplitFacts};
use crate::measure::{Bound, MetricKey, Unit, Value};
use crate::words::count;

/// One number to measure: a metric, and what it is about.
#[derive(Debug, Clone)]
pub struct Task {
    /// The metric.
    pub metric: &'static Metric,
    /// The number's name.
    pub key: MetricKey,
    /// How it relates to the truth.
    pub bound: Bound,
    /// Position among the cases.
    pub case: Option<usize>,
    /// Index of the sensitive attribute.
    pub attribute: Option<usize>,
    /// Group code or class.
    pub member: Option<usize>,
}

/// A measured number of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The number, or the reason why there is none.
    pub value: Value,
    /// How it relates to the truth.
    pub bound: Bound,
    /// Rows that it rests on; for a number over several classes or groups, the fewest in any that counts.
    pub n: usize,
    /// What a reader should know: classes or groups left out, or resting on few rows.
    pub notes: Vec<String>,
}

/// Every number that can be measured on a split under these attacks, certificates and votes, in catalog order; not those [under shift](under_shift).
///
/// Group metrics appear for every sensitive attribute; those about decisions only where a positive class is declared.
#[must_use]
pub fn expected(facts: &SplitFacts, cases: &Cases) -> Vec<Task> {
    expected_of(CATALOG, facts, cases)
}

fn expected_of(metrics: &[&'static Metric], facts: &SplitFacts, cases: &Cases) -> Vec<Task> {
    let mut tasks = Vec::new();
    for metric in metrics {
        let needs = metric.needs;
        if (needs.positive && facts.positive.is_none())
            || (needs.binary && facts.classes.len() != 2)
            || matches!(needs.material, Material::Shift(_))
        {
            continue;
        }
        let places: Vec<Option<usize>> = match needs.under {
            Under::Nothing => vec![None],
            under => (0..cases.len()).filter(|case| cases[*case].under == under).map(Some).collect(),
        };
        for case in places {
            for (attribute, member, group) in subjects(metric, facts) {
                let attack = case.and_then(|case| cases[case].key.clone());
                let group = group.or_else(|| case.and_then(|case| cases[case].group.clone()));
                tasks.push(Task {
                    metric,
                    key: MetricKey { id: metric.id.to_owned(), group, attack },
                    bound: metric.bound_under(case.is_some_and(|case| cases[case].exact)),
                    case,
                    attribute,
                    member,
                });
            }
        }
    }
    tasks
}

/// Every number that can be measured under these distribution shifts, in catalog order.
#[must_use]
pub fn under_shift(facts: &SplitFacts, shifts: &Shifts) -> Vec<Task> {
    under_shift_of(CATALOG, facts, shifts)
}

fn under_shift_of(metrics: &[&'static Metric], facts: &SplitFacts, shifts: &Shifts) -> Vec<Task> {
    let mut tasks = Vec::new();
    for metric in metrics {
        let Material::Shift(about) = metric.needs.material else { continue };
        let subjects: Vec<Subject> = match about {
            About::Corruptions | About::Company if shifts.corruptions.is_empty() => Vec::new(),
            About::Corruptions | About::Company => subjects(metric, facts),
            _ => {
                let parts = shifts.parts(about, facts.classes.len()).into_iter().enumerate();
                parts.map(|(member, part)| (None, Some(member), Some(part))).collect()
            }
        };
        for (attribute, member, group) in subjects {
            let key = MetricKey { id: metric.id.to_owned(), group, attack: None };
            tasks.push(Task { metric, key, bound: metric.bound, case: None, attribute, member });
        }
    }
    tasks
}

/// Every number of one model.
#[must_use]
pub fn tasks(evidence: &Evidence) -> Vec<Task> {
    let mut tasks = expected(&evidence.facts, &cases(evidence));
    tasks.extend(under_shift(&evidence.facts, &Shifts::of(&evidence.shift)));
    tasks
}

/// Every number of one model, then the rates that only stand behind some of them: members of what has an interval over groups, classes or corruptions.
#[must_use]
pub fn tasks_and_behind(evidence: &Evidence) -> Vec<Task> {
    let mut tasks = tasks(evidence);
    tasks.extend(expected_of(BEHIND, &evidence.facts, &cases(evidence)));
    tasks.extend(under_shift_of(BEHIND, &evidence.facts, &Shifts::of(&evidence.shift)));
    tasks
}

type Subject = (Option<usize>, Option<usize>, Option<String>);

/// What a metric is about, one entry per number: attribute, group or class, and the key part.
fn subjects(metric: &Metric, facts: &SplitFacts) -> Vec<Subject> {
    // `!` separates the attack in a key.
    let part = |text: String| Some(text.replace('!', "_"));
    if metric.needs.class {
        let names = facts.classes.iter().enumerate();
        return names.map(|(class, name)| (None, Some(class), part(name.clone()))).collect();
    }
    if !metric.needs.attribute {
        return vec![(None, None, None)];
    }
    let mut subjects = Vec::new();
    for (a, attribute) in facts.attributes.iter().enumerate() {
        if metric.needs.two_groups && attribute.groups.len() != 2 {
            continue;
        }
        if metric.needs.group {
            for (g, group) in attribute.groups.iter().enumerate() {
                subjects.push((Some(a), Some(g), part(format!("{}={group}", attribute.name))));
            }
        } else {
            subjects.push((Some(a), None, part(attribute.name.clone())));
        }
    }
    subjects
}

impl Task {
    /// What the metric's function is given.
    #[must_use]
    pub fn context<'a>(&self, facts: &'a SplitFacts, table: &'a Table, folded: &'a Folded) -> Context<'a> {
        let Self { case, attribute, member, .. } = *self;
        Context { facts, table, folded, case, attribute, member }
    }

    /// The number alone, unless the sanity checks withhold it.
    #[must_use]
    pub fn value(&self, context: &Context<'_>) -> Value {
        let withheld = match self.metric.needs.under {
            Under::Attack | Under::AttributedAt => &context.table.withheld,
            Under::Vote | Under::VoteAt => &context.table.withheld_vote,
            Under::Nothing | Under::Certificate | Under::Explained | Under::Attributed | Under::Additive => {
                &None
            }
        };
        match withheld {
            Some(reason) => Value::undefined(reason.as_str()),
            None => (self.metric.compute)(context),
        }
    }

    /// The number with what it rests on.
    #[must_use]
    pub fn read(&self, context: &Context<'_>) -> Reading {
        let needs = self.metric.needs;
        let over = match (needs.group, needs.attribute, needs.class, self.member) {
            (true, _, _, Some(group)) => Over::Groups(group..group + 1),
            (false, true, _, _) => Over::Groups(0..context.groups()),
            (_, _, true, Some(class)) => Over::Classes(class..class + 1),
            _ if self.metric.support == Support::Classes => Over::Classes(0..context.classes()),
            _ => Over::All,
        };
        let value = self.value(context);
        let support = match needs.material {
            Material::Explanations(measure) => {
                vec![("the explained part".to_owned(), context.explained(measure).weight)]
            }
            Material::Shift(About::Tables) => context.table_support(),
            Material::Shift(About::Sets) => context.sides(),
            Material::Shift(About::LabelsOfClass) => context.reweighted_support(),
            _ => context.support(self.metric.support, over),
        };
        let n =
            support.iter().map(|(_, rows)| *rows).filter(|rows| *rows >= 1.0).fold(f64::INFINITY, f64::min);
        let mut said = Vec::new();
        if value.get().is_some() {
            for (name, rows) in &support {
                if *rows < 1.0 {
                    said.push(notes::partial(name));
                } else if *rows < FEW_ROWS {
                    said.push(notes::few(name, *rows));
                }
            }
            if let Material::Explanations(measure) = needs.material {
                let found = context.explained(measure);
                if found.weight < found.rows {
                    said.push(format!(
                        "undefined at some of {} explained rows, which are left out",
                        found.rows
                    ));
                }
            }
            // Under attack a likelihood near 0 is what the attack is for.
            if self.metric.unit == Unit::Nats
                && needs.under == Under::Nothing
                && let Material::Scores(view) = needs.material
            {
                let clipped = context.table.clipped(view.place(self.case));
                if clipped > 0 {
                    let rows = count(clipped, "row");
                    said.push(format!("the likelihood of {rows} is clipped at {LEAST_PROBABILITY:e}"));
                }
            }
            if let Some(attribute) = self.attribute.map(|a| &context.facts.attributes[a]) {
                let missing = attribute.codes.iter().filter(|code| **code < 0).count();
                if missing > 0 {
                    let (rows, are) = (count(missing, "row"), if missing == 1 { "is" } else { "are" });
                    said.push(format!("{rows} without `{}` {are} left out", attribute.name));
                }
            }
        }
        Reading { value, bound: self.bound, n: if n.is_finite() { n as usize } else { 0 }, notes: said }
    }
}

/// Every number of one model, row `i` counting `weights[i]` times (once where `None`).
///
/// Pure: the same evidence and weights give the same numbers; the order of rows does not matter.
#[must_use]
pub fn measure(evidence: &Evidence, weights: Option<&[f64]>) -> BTreeMap<MetricKey, Reading> {
    let facts = &*evidence.facts;
    let table = Table::new(evidence);
    let ones = vec![1.0; facts.len()];
    let tasks = tasks(evidence);
    let folded = table.fold(weights.unwrap_or(&ones), &table.parts(&tasks));
    tasks
        .into_iter()
        .map(|task| {
            let reading = task.read(&task.context(facts, &table, &folded));
            (task.key, reading)
        })
        .collect()
}
