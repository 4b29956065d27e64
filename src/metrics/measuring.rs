//! From evidence to every number the catalog can state about it.

use std::collections::BTreeMap;

use super::counts::{Context, Over, Table};
use super::{CATALOG, Metric, Support};
use crate::evidence::{Evidence, SplitFacts, UNION};
use crate::measure::{AttackKey, Bound, MetricKey, Value};

/// Below this many rows a share is reported with a warning (metrics sheet, 3.1).
const FEW_ROWS: f64 = 10.0;

/// The unions of attacks behind a model's evidence, in the order of its facts: key part, and whether the attack is exact.
pub type Unions = Vec<(AttackKey, bool)>;

/// One number to measure: a metric, and what it is about.
#[derive(Debug, Clone)]
pub struct Task {
    /// The metric.
    pub metric: &'static Metric,
    /// The number's name.
    pub key: MetricKey,
    /// How it relates to the truth.
    pub bound: Bound,
    /// Position among the unions.
    pub union: Option<usize>,
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

/// The key part of every union in `evidence`.
#[must_use]
pub(crate) fn unions(evidence: &Evidence) -> Unions {
    let unions = evidence.evasion.iter().filter(|facts| facts.attack == UNION);
    unions.map(|facts| (AttackKey::new(&facts.protocol, facts.norm, facts.epsilon), facts.exact)).collect()
}

/// Every number that can be measured on a split under these unions of attacks, in catalog order.
///
/// Group metrics appear for every sensitive attribute; those about decisions only where a positive class is declared.
#[must_use]
pub fn expected(facts: &SplitFacts, unions: &Unions) -> Vec<Task> {
    let mut tasks = Vec::new();
    for metric in CATALOG {
        let needs = metric.needs;
        if needs.positive && facts.positive.is_none() {
            continue;
        }
        let attacks: Vec<Option<usize>> =
            if needs.evasion { (0..unions.len()).map(Some).collect() } else { vec![None] };
        for union in attacks {
            for (attribute, member, group) in subjects(metric, facts) {
                let attack = union.map(|u| unions[u].0.clone());
                tasks.push(Task {
                    metric,
                    key: MetricKey { id: metric.id.to_owned(), group, attack },
                    bound: metric.bound_under(union.is_some_and(|u| unions[u].1)),
                    union,
                    attribute,
                    member,
                });
            }
        }
    }
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
    pub fn context<'a>(&self, facts: &'a SplitFacts, table: &'a Table, counts: &'a [f64]) -> Context<'a> {
        let Self { union, attribute, member, .. } = *self;
        Context { facts, table, counts, union, attribute, member }
    }

    /// The number alone, unless the sanity checks withhold it.
    #[must_use]
    pub fn value(&self, context: &Context<'_>) -> Value {
        match &context.table.withheld {
            Some(reason) if self.metric.needs.evasion => Value::undefined(reason.as_str()),
            _ => (self.metric.compute)(context),
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
        let support = context.support(self.metric.support, over);
        let n =
            support.iter().map(|(_, rows)| *rows).filter(|rows| *rows >= 1.0).fold(f64::INFINITY, f64::min);
        let mut notes = Vec::new();
        if value.get().is_some() {
            for (name, rows) in &support {
                if *rows < 1.0 {
                    notes.push(format!("partial: {name} has no rows and is left out"));
                } else if *rows < FEW_ROWS {
                    notes.push(format!("{name} has only {rows} rows"));
                }
            }
            if let Some(attribute) = self.attribute.map(|a| &context.facts.attributes[a]) {
                let missing = attribute.codes.iter().filter(|code| **code < 0).count();
                if missing > 0 {
                    notes.push(format!("{missing} rows without `{}` are left out", attribute.name));
                }
            }
        }
        Reading { value, bound: self.bound, n: if n.is_finite() { n as usize } else { 0 }, notes }
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
    let mut counts = Vec::new();
    table.count(weights.unwrap_or(&ones), &mut counts);
    expected(facts, &unions(evidence))
        .into_iter()
        .map(|task| {
            let reading = task.read(&task.context(facts, &table, &counts));
            (task.key, reading)
        })
        .collect()
}
