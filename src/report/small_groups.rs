//! Groups and classes with few rows, each attribute in one sentence: what rests on them rests on little.

use crate::measure::MetricKey;
use crate::metrics::FEW_ROWS;

use super::format;
use super::view::View;

/// Groups that a sentence names at most: the smallest.
const NAMED: usize = 4;

/// Rows of one group.
struct Group {
    name: String,
    rows: usize,
    /// Of the positive class and of the others, where there is a positive class.
    outcomes: Option<(usize, usize)>,
}

impl Group {
    fn is_small(&self) -> bool {
        let fewest = self.outcomes.map_or(self.rows, |(positives, negatives)| positives.min(negatives));
        (fewest.min(self.rows) as f64) < FEW_ROWS
    }

    /// Whether a rate of its own has no rows.
    fn lacks_some(&self) -> bool {
        self.rows == 0 || self.outcomes.is_some_and(|(positives, negatives)| positives == 0 || negatives == 0)
    }

    /// `Asian (8 rows: 1 positive, 7 negative)`.
    fn words(&self) -> String {
        let rows = format::count(self.rows, "row");
        match self.outcomes {
            Some((positives, negatives)) => {
                format!("`{}` ({rows}: {positives} positive, {negatives} negative)", self.name)
            }
            None => format!("`{}` ({rows})", self.name),
        }
    }
}

/// One sentence per attribute that has small groups, intersections included, and one for small classes.
pub(super) fn remarks(view: &View) -> Vec<String> {
    let mut attributes: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for key in view.keys().iter().filter(|key| key.id == GROUPS && key.attack.is_none()) {
        let Some((attribute, group)) = key.group.as_deref().and_then(|part| part.split_once('=')) else {
            continue;
        };
        let member = (group.to_owned(), format!("{attribute}={group}"));
        match attributes.iter_mut().find(|(name, _)| name == attribute) {
            Some((_, members)) => members.push(member),
            None => attributes.push((attribute.to_owned(), vec![member])),
        }
    }
    // Attributes before their intersections.
    attributes.sort_by_key(|(name, _)| name.contains('*'));
    let classes = view.given.breakdowns.iter().find(|breakdown| breakdown.is_by_class());
    let classes =
        classes.and_then(|breakdown| remark(view, "classes", &breakdown.clean, &breakdown.members, false));
    let groups = attributes.iter().filter_map(|(name, members)| {
        let is_own = view.given.data.attributes.iter().any(|(own, _)| own == name);
        let is_of_two = name.contains('*') && !is_own;
        remark(view, &format!("groups of `{name}`"), GROUPS, members, is_of_two)
    });
    classes.into_iter().chain(groups).collect()
}

/// The metric that every group has.
const GROUPS: &str = "group_accuracy";

fn remark(view: &View, of: &str, id: &str, members: &[(String, String)], is_of_two: bool) -> Option<String> {
    let n = |id: &str, part: &str| {
        let key = MetricKey { group: Some(part.to_owned()), ..MetricKey::plain(id) };
        (0..view.given.points.len()).filter_map(|point| Some(view.measured(point, &key)?.estimate.n)).max()
    };
    let group = |(name, part): &'_ (String, String)| -> Option<Group> {
        let outcomes = n("true_positive_rate", part).zip(n("false_positive_rate", part));
        Some(Group { name: name.clone(), rows: n(id, part)?, outcomes })
    };
    let all: Vec<Group> = members.iter().filter_map(group).collect();
    let mut small: Vec<&Group> = all.iter().filter(|group| group.is_small()).collect();
    small.sort_by_key(|group| group.rows);
    if small.is_empty() {
        return None;
    }
    let mut named: Vec<String> = small.iter().take(NAMED).map(|group| group.words()).collect();
    if small.len() > NAMED {
        named.push(format!("{} more", small.len() - NAMED));
    }
    let lacking = small.iter().filter(|group| group.lacks_some()).count();
    let left_out = match lacking {
        0 => String::new(),
        1 => "; one of them has no rows of one kind, so that a rate is undefined and gaps leave it out"
            .to_owned(),
        n => format!(
            "; {n} of them have no rows of one kind, so that rates are undefined and gaps leave them out"
        ),
    };
    let kinds = if small.iter().any(|group| group.outcomes.is_some()) {
        "of the positive class, or of the others"
    } else {
        "in all"
    };
    let (have, their) = if small.len() == 1 { ("has", "its") } else { ("have", "their") };
    let advice = if is_of_two {
        format!(
            "Gaps and worst cases that rest on fewer than {FEW_ROWS} rows of one of them are left out of tables and panels; `points.csv` has them"
        )
    } else {
        format!("Read {their} numbers, and gaps and worst cases over all {of}, with care")
    };
    Some(format!(
        "{} of {} {of} {have} fewer than {FEW_ROWS} rows {kinds}: {}{left_out}. {advice}",
        small.len(),
        all.len(),
        format::list(&named),
    ))
}
