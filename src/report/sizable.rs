//! A number over groups as headlines state it: without the groups of few rows, and with what chance alone would show.

use crate::measure::MetricKey;
use crate::metrics::{self, HEADLINE_ROWS};
use crate::points::{ByChance, Measured};

use super::format;
use super::view::View;

/// Groups that a sentence names at most.
const NAMED: usize = 4;

/// What a headline says of one number at one point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stated<'a> {
    pub(super) value: f64,
    pub(super) interval: Option<(f64, f64)>,
    pub(super) by_chance: Option<&'a ByChance>,
    /// Groups left out with the fewest rows of what the number is over.
    pub(super) left_out: &'a [(String, usize)],
}

impl Stated<'_> {
    /// Whether groups without any disparity would be as far apart in more than one of twenty samples.
    pub(super) fn is_chance(&self) -> bool {
        self.by_chance.is_some_and(|chance| within_chance(self.value, chance))
    }
}

/// Whether groups without any disparity would be as far apart in more than one of twenty samples.
pub(super) fn within_chance(value: f64, chance: &ByChance) -> bool {
    value <= chance.quantile_95
}

/// Whether the number over all groups is no wider than chance alone would show.
pub(super) fn is_chance(measured: &Measured) -> bool {
    let value = measured.estimate.value.get();
    value.zip(measured.by_chance.as_ref()).is_some_and(|(value, chance)| within_chance(value, chance))
}

/// What is said beside such a number: with groups of few rows in it, it is not the one to judge by.
pub(super) fn chance_words(measured: Option<&Measured>) -> &'static str {
    let again = measured.and_then(|measured| measured.sizable.as_ref());
    let beyond = again.is_some_and(|again| {
        let value = again.value.get().zip(again.by_chance.as_ref());
        value.is_some_and(|(value, chance)| !within_chance(value, chance))
    });
    if beyond {
        ", not to be judged over all groups, small ones included"
    } else {
        ", not distinguishable from chance"
    }
}

/// The number over the groups of enough rows; `None` where it is undefined.
pub(super) fn stated<'a>(view: &'a View, point: usize, key: &MetricKey) -> Option<Stated<'a>> {
    let measured = view.measured(point, key)?;
    match &measured.sizable {
        None => Some(Stated {
            value: measured.estimate.value.get()?,
            interval: measured.estimate.interval,
            by_chance: measured.by_chance.as_ref(),
            left_out: &[],
        }),
        Some(sizable) => Some(Stated {
            value: sizable.value.get()?,
            interval: sizable.interval,
            by_chance: sizable.by_chance.as_ref(),
            left_out: &sizable.left_out,
        }),
    }
}

/// ``the 2 groups of fewer than 30 positives (`Asian` 1, `Native American` 2)``.
pub(super) fn words(id: &str, left_out: &[(String, usize)]) -> String {
    let mut groups: Vec<(&str, usize)> =
        left_out.iter().map(|(group, rows)| (MetricKey::member(group), *rows)).collect();
    groups.sort_by_key(|(_, rows)| *rows);
    let mut named: Vec<String> =
        groups.iter().take(NAMED).map(|(name, rows)| format!("`{name}` {rows}")).collect();
    if groups.len() > NAMED {
        named.push(format!("{} more", groups.len() - NAMED));
    }
    format!(
        "the {} of fewer than {HEADLINE_ROWS} {} ({})",
        if groups.len() == 1 { "group".to_owned() } else { format::count(groups.len(), "group") },
        metrics::kind_of(id),
        named.join(", ")
    )
}
