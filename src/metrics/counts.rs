//! Rows folded into counts: what all share-type metrics are functions of.
//!
//! A [`Kinds`] merges the rows that no such metric can tell apart, once per model. A resample then
//! costs one pass over the rows and a short pass over the kinds of rows, whatever the number of metrics.

use std::collections::BTreeMap;

use super::cases::{Basis, bases};
use super::explained::{Mean, Measure};
use super::scores::{Evaded, GroupScores, Sums};
use super::shift::ShiftSums;
use super::table::{Folded, Table};
use crate::evidence::{Evidence, SplitFacts};

/// Which outputs a share is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The unchanged rows; good = classified correctly.
    Clean,
    /// The attacked rows at the first success; good = still standing.
    FirstSuccess,
    /// The attacked rows at the largest loss; it has no counts of good rows.
    MaxLoss,
    /// Good = right, and proven to stay so.
    Certified,
    /// Good = the majority vote under noise is right.
    Vote,
    /// Good = the majority vote under noise abstains.
    Abstained,
    /// Good = the majority vote under noise is right, and proven to stay so.
    VoteCertified,
    /// Good = the majority vote under noise is right, and no attack on it succeeded.
    VoteStanding,
}

impl View {
    /// Its place among all views of a model.
    pub(super) fn place(self, case: Option<usize>) -> usize {
        let case = || case.expect("a metric that needs a case is given one");
        match self {
            Self::Clean => 0,
            Self::FirstSuccess | Self::Certified | Self::Vote | Self::VoteCertified => 1 + 2 * case(),
            Self::MaxLoss | Self::Abstained | Self::VoteStanding => 2 + 2 * case(),
        }
    }
}

/// Where each count lives in a flat list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layout {
    classes: usize,
    /// Groups of each attribute.
    groups: Vec<usize>,
    /// For each attribute, groups of all attributes before it.
    offsets: Vec<usize>,
    all_groups: usize,
    views: usize,
}

impl Layout {
    fn new(facts: &SplitFacts, cases: usize) -> Self {
        let groups: Vec<usize> = facts.attributes.iter().map(|a| a.groups.len()).collect();
        let offsets = groups
            .iter()
            .scan(0, |sum, n| {
                let start = *sum;
                *sum += n;
                Some(start)
            })
            .collect();
        let all_groups = groups.iter().sum();
        Self { classes: facts.classes.len(), groups, offsets, all_groups, views: 1 + 2 * cases }
    }

    fn group(&self, attribute: usize, group: usize) -> usize {
        self.offsets[attribute] + group
    }

    /// The list starts with the rows of each class. `part` 0: rows, 1: positives, 2: negatives.
    fn group_base(&self, attribute: usize, group: usize, part: usize) -> usize {
        self.classes + 3 * self.group(attribute, group) + part
    }

    fn view_start(&self, view: usize) -> usize {
        (1 + view) * (self.classes + 3 * self.all_groups)
    }

    /// Good rows of a class.
    fn class_good(&self, view: usize, class: usize) -> usize {
        self.view_start(view) + class
    }

    /// `part` 0: good rows, 1: positives predicted positive, 2: negatives predicted positive.
    fn group_view(&self, view: usize, attribute: usize, group: usize, part: usize) -> usize {
        self.view_start(view) + self.classes + 3 * self.group(attribute, group) + part
    }

    fn len(&self) -> usize {
        self.view_start(self.views)
    }
}

/// The rows of one model on one split, merged into kinds; rows of one kind add to the same counts.
#[derive(Debug, Clone)]
pub(super) struct Kinds {
    layout: Layout,
    /// Row numbers, sorted by kind.
    order: Vec<u32>,
    /// Per kind: start in `order`, then start in `slots`; one closing entry.
    starts: Vec<(u32, u32)>,
    /// Counts that each kind adds to.
    slots: Vec<u32>,
}

impl Kinds {
    /// Merges the clean outputs and, two views each, everything that numbers hold under.
    pub(super) fn new(evidence: &Evidence) -> Self {
        let facts = &*evidence.facts;
        // Of explanations, which come last, nothing is counted.
        let bases: Vec<Basis<'_>> =
            bases(evidence).into_iter().take_while(|basis| !basis.is_of_explanations()).collect();
        let layout = Layout::new(facts, bases.len());
        let mut kinds: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
        for row in 0..facts.len() {
            let label = facts.labels[row];
            let class = usize::from(label);
            let mut slots = vec![class as u32];
            let groups: Vec<(usize, usize)> = facts
                .attributes
                .iter()
                .enumerate()
                .filter_map(|(a, attribute)| Some((a, usize::try_from(attribute.codes[row]).ok()?)))
                .collect();
            let positive = facts.positive.map(|positive| positive == label);
            for (a, g) in &groups {
                slots.push(layout.group_base(*a, *g, 0) as u32);
                if let Some(positive) = positive {
                    slots.push(layout.group_base(*a, *g, if positive { 1 } else { 2 }) as u32);
                }
            }
            let mut add = |view: usize, good: bool, prediction: Option<u16>| {
                if good {
                    slots.push(layout.class_good(view, class) as u32);
                }
                for (a, g) in &groups {
                    if good {
                        slots.push(layout.group_view(view, *a, *g, 0) as u32);
                    }
                    if facts.positive.is_some() && facts.positive == prediction {
                        let part = if prediction == Some(label) { 1 } else { 2 };
                        slots.push(layout.group_view(view, *a, *g, part) as u32);
                    }
                }
            };
            let clean = evidence.clean.predictions[row];
            add(0, clean == label, Some(clean));
            for (case, basis) in bases.iter().enumerate() {
                let (first, second) = (1 + 2 * case, 2 + 2 * case);
                match basis {
                    Basis::Attack(union) => {
                        add(first, union.standing[row], Some(union.first_success.predictions[row]));
                        add(second, false, Some(union.max_loss.predictions[row]));
                    }
                    Basis::Certificate(union) => add(first, union.certified[row], None),
                    Basis::Vote(vote) => {
                        add(first, vote.predictions[row] == Some(label), None);
                        add(second, vote.predictions[row].is_none(), None);
                    }
                    Basis::Explained(..)
                    | Basis::Attributed(..)
                    | Basis::Additive(..)
                    | Basis::AttributedAt(..) => {}
                    Basis::VoteAt(vote, attacked) => {
                        add(first, vote.certifies(row, label, attacked.epsilon), None);
                        add(second, attacked.standing[row], None);
                    }
                }
            }
            kinds.entry(slots).or_default().push(row as u32);
        }
        let (order, starts, slots) = (Vec::new(), vec![(0, 0)], Vec::new());
        let mut table = Self { layout, order, starts, slots };
        for (slots, rows) in kinds {
            table.order.extend(rows);
            table.slots.extend(slots);
            table.starts.push((table.order.len() as u32, table.slots.len() as u32));
        }
        table
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.order.len()
    }

    /// The counts when row `i` counts `weights[i]` times, lane by lane.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
    pub(super) fn count<W: Copy + Into<f64>, const L: usize>(&self, weights: &[[W; L]]) -> Vec<[f64; L]> {
        let mut counts = vec![[0.0; L]; self.layout.len()];
        for pair in self.starts.windows(2) {
            let ((row, slot), (row_end, slot_end)) = (pair[0], pair[1]);
            let mut kind = [0.0; L];
            for row in &self.order[row as usize..row_end as usize] {
                let weights = &weights[*row as usize];
                for lane in 0..L {
                    kind[lane] += weights[lane].into();
                }
            }
            for slot in &self.slots[slot as usize..slot_end as usize] {
                let count = &mut counts[*slot as usize];
                for lane in 0..L {
                    count[lane] += kind[lane];
                }
            }
        }
        counts
    }
}

/// What a metric is given: the counts and sums, and what the number is about.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Names of classes, attributes and groups; the positive class.
    pub facts: &'a SplitFacts,
    /// Where the counts live.
    pub table: &'a Table,
    /// The counts and sums, from [`Table::fold`].
    pub folded: &'a Folded,
    /// Position among the model's cases, for metrics under attack, certificates or votes.
    pub case: Option<usize>,
    /// Index of the sensitive attribute, for metrics that need one.
    pub attribute: Option<usize>,
    /// Group code (of the attribute) or class, for metrics about one of them.
    pub member: Option<usize>,
}

impl Context<'_> {
    fn layout(&self) -> &Layout {
        &self.table.kinds.layout
    }

    fn view(&self, view: View) -> usize {
        view.place(self.case)
    }

    /// The sums over probabilities at `view`; nothing where the model states none.
    #[must_use]
    pub fn sums(&self, view: View) -> Option<&Sums> {
        self.folded.sums(self.view(view))
    }

    /// What the probabilities say of the attribute's groups; nothing where the model states none.
    #[must_use]
    pub fn group_scores(&self) -> Option<&GroupScores> {
        self.folded.groups(self.its_attribute())
    }

    /// The sums over shifted rows.
    #[must_use]
    pub fn shift(&self) -> &ShiftSums {
        self.folded.shift()
    }

    /// What abstention does against the attack; nothing where the model states no probabilities.
    #[must_use]
    pub fn evaded(&self) -> Option<&Evaded> {
        self.folded.evaded(self.case.expect("a metric under attack is given a case"))
    }

    /// The mean of a measure of explanations, with what it rests on.
    #[must_use]
    pub fn explained(&self, measure: Measure) -> Mean {
        self.folded.explained(self.case.expect("a metric of explanations is given a case"), measure)
    }

    pub(super) fn its_attribute(&self) -> usize {
        self.attribute.expect("a group metric is given an attribute")
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.layout().classes
    }

    /// The number of groups of the attribute.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.layout().groups[self.its_attribute()]
    }

    /// Weight of the rows of `class`.
    #[must_use]
    pub fn class_rows(&self, class: usize) -> f64 {
        self.folded.counts[class]
    }

    /// Weight of the good rows of `class`.
    #[must_use]
    pub fn class_good(&self, view: View, class: usize) -> f64 {
        self.folded.counts[self.layout().class_good(self.view(view), class)]
    }

    /// Weight of all rows.
    #[must_use]
    pub fn rows(&self) -> f64 {
        (0..self.classes()).map(|class| self.class_rows(class)).sum()
    }

    /// Weight of the good rows.
    #[must_use]
    pub fn good(&self, view: View) -> f64 {
        (0..self.classes()).map(|class| self.class_good(view, class)).sum()
    }

    /// Weight of the rows of `group`.
    #[must_use]
    pub fn group_rows(&self, group: usize) -> f64 {
        self.folded.counts[self.layout().group_base(self.its_attribute(), group, 0)]
    }

    /// Weight of the rows of `group` in the positive class.
    #[must_use]
    pub fn positives(&self, group: usize) -> f64 {
        self.folded.counts[self.layout().group_base(self.its_attribute(), group, 1)]
    }

    /// Weight of the rows of `group` in the other classes.
    #[must_use]
    pub fn negatives(&self, group: usize) -> f64 {
        self.folded.counts[self.layout().group_base(self.its_attribute(), group, 2)]
    }

    /// Weight of the good rows of `group`.
    #[must_use]
    pub fn group_good(&self, view: View, group: usize) -> f64 {
        self.folded.counts[self.layout().group_view(self.view(view), self.its_attribute(), group, 0)]
    }

    /// Weight of the positives of `group` that are predicted positive.
    #[must_use]
    pub fn hits(&self, view: View, group: usize) -> f64 {
        self.folded.counts[self.layout().group_view(self.view(view), self.its_attribute(), group, 1)]
    }

    /// Weight of the negatives of `group` that are predicted positive.
    #[must_use]
    pub fn false_alarms(&self, view: View, group: usize) -> f64 {
        self.folded.counts[self.layout().group_view(self.view(view), self.its_attribute(), group, 2)]
    }

    /// ``class `7` ``.
    #[must_use]
    pub fn class_name(&self, class: usize) -> String {
        format!("class `{}`", self.facts.classes[class])
    }

    /// `` `sex=Female` ``.
    #[must_use]
    pub fn group_name(&self, group: usize) -> String {
        let attribute = &self.facts.attributes[self.its_attribute()];
        format!("`{}={}`", attribute.name, attribute.groups[group])
    }

    /// Of the other table that the metric is about: its name to the weight of its rows.
    pub(super) fn table_support(&self) -> Vec<(String, f64)> {
        let table = self.member.and_then(|member| self.folded.shift().tables.get(member));
        table.map(|table| ("the other table".to_owned(), table.weight)).into_iter().collect()
    }

    /// Of the rows under a label shift towards one class: its name to how many rows of equal weight tell as much (Kish 1965), nothing where the class has none.
    pub(super) fn reweighted_support(&self) -> Vec<(String, f64)> {
        let sums = self.folded.shift();
        let (class, factor) = sums.towards(self.member.unwrap_or_default());
        let rows = sums.classes[class][0];
        let (weight, squares) =
            (sums.weight + (factor - 1.0) * rows, sums.weight + (factor * factor - 1.0) * rows);
        vec![(self.class_name(class), if rows > 0.0 { weight * weight / squares } else { 0.0 })]
    }

    /// Of the set without classes (or the smallest of several) that the metric is about: both sides' names and rows.
    pub(super) fn sides(&self) -> Vec<(String, f64)> {
        let outside = self.member.and_then(|member| self.table.rows_outside(member));
        let outside = outside.map(|rows| ("the set without classes".to_owned(), rows as f64));
        std::iter::once(("the split".to_owned(), self.rows())).chain(outside).collect()
    }

    /// Which rows a support means for one class or group: name and weight.
    #[must_use]
    pub fn support(&self, support: super::Support, over: Over) -> Vec<(String, f64)> {
        use super::Support;
        match over {
            Over::All => {
                if support == Support::Correct {
                    return vec![("the correctly classified part".to_owned(), self.good(View::Clean))];
                }
                vec![("the split".to_owned(), self.rows())]
            }
            Over::Classes(range) => {
                range.map(|class| (self.class_name(class), self.class_rows(class))).collect()
            }
            Over::Groups(range) => range
                .map(|group| {
                    let (what, weight) = match support {
                        Support::Positives => (" (positives)", self.positives(group)),
                        Support::BothOutcomes if self.positives(group) <= self.negatives(group) => {
                            (" (positives)", self.positives(group))
                        }
                        Support::Negatives | Support::BothOutcomes => (" (negatives)", self.negatives(group)),
                        _ => ("", self.group_rows(group)),
                    };
                    (format!("{}{what}", self.group_name(group)), weight)
                })
                .collect(),
        }
    }
}

/// The classes or groups that a metric runs over.
#[derive(Debug, Clone)]
pub enum Over {
    /// Neither.
    All,
    /// These classes.
    Classes(std::ops::Range<usize>),
    /// These groups of the attribute.
    Groups(std::ops::Range<usize>),
}
