//! What a row of a table must obey when an adversary hands it in, and by how much it does not.

use std::fmt;

use crate::attacks::ThreatModel;
use crate::data::{Bound, Direction, Domain, Feature, Rule, Rules, UNCONSTRAINED};
use crate::error::Result;

/// A threat model for tables, apart from norm and radius.
///
/// A row that is handed in obeys all of this, in `f64`, as the model sees it (its `f32` numbers decoded to native units):
///
/// - immutable columns have the clean row's bits;
/// - numbers stay within the training rows' bounds (the clean value is always allowed), go only the way they can go, and whole ones stay
///   whole: what `f32` rounds off counts as whole, 2⁻²² of the magnitudes involved and never more than 1/16;
/// - a number with a budget of its own stays within it; all others are inside the ball of radius epsilon, in model input space;
/// - one-hot blocks have one 1 and else 0, or the clean row's bits; no more of them change than the Hamming budget allows;
/// - every relation holds. One that the clean row breaks by itself is not asked of it, but must not be broken any further.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraints {
    name: String,
    /// Mutable are the numbers that this adversary may change.
    pub(super) features: Vec<Feature>,
    /// Mutable are the columns that this adversary may change.
    pub(super) columns: Vec<Bound>,
    pub(super) relations: Vec<Rule>,
    /// The relations in which a mutable column occurs: the others stay as they are.
    pub(super) live: Vec<usize>,
    /// How many categorical columns may change.
    pub(super) categories: usize,
}

/// Which constraint a row breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// The numbers of this column are finite.
    Finite(String),
    /// This column cannot be changed.
    Immutable(String),
    /// This column stays within its bounds.
    Bounds(String),
    /// This column can be changed one way only, or to some levels only.
    Direction(String),
    /// This column holds whole numbers.
    Whole(String),
    /// This column has a budget of its own.
    Budget(String),
    /// This column is a one-hot block.
    OneHot(String),
    /// No more categories change than allowed.
    Categories,
    /// The row is inside the ball.
    Ball,
    /// This relation holds.
    Relation(String),
}

/// A broken constraint.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Which.
    pub constraint: Constraint,
    /// By how much, above 0: native units for numbers and relations (beyond what the clean row breaks itself), model input space for
    /// the ball, the distance to a one-hot block, a count of categories; infinite for what is no number.
    pub by: f64,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.constraint {
            Constraint::Finite(column) => write!(f, "`{column}` is not finite"),
            Constraint::Immutable(column) => write!(f, "`{column}` is immutable, changed by {}", self.by),
            Constraint::Bounds(column) => write!(f, "`{column}` leaves its bounds by {}", self.by),
            Constraint::Direction(column) => write!(f, "`{column}` goes the wrong way by {}", self.by),
            Constraint::Whole(column) => write!(f, "`{column}` is {} off a whole number", self.by),
            Constraint::Budget(column) => write!(f, "`{column}` exceeds its budget by {}", self.by),
            Constraint::OneHot(column) => write!(f, "`{column}` is no category, by {}", self.by),
            Constraint::Categories => write!(f, "{} categories too many are changed", self.by),
            Constraint::Ball => write!(f, "the row is outside the ball by {}", self.by),
            Constraint::Relation(rule) => write!(f, "the relation `{rule}` is broken by {}", self.by),
        }
    }
}

impl Constraints {
    /// The adversary called `name` in the rules of a data set with these features; none for [`UNCONSTRAINED`].
    ///
    /// # Errors
    ///
    /// When there is none of that name; the help lists those there are.
    pub fn named(name: &str, features: &[Feature], rules: &Rules) -> Result<Option<Self>> {
        if name == UNCONSTRAINED {
            return Ok(None);
        }
        let threat = rules.threat(name)?;
        let (mut features, mut columns) = (features.to_vec(), rules.columns.clone());
        for column in &mut columns {
            let listed = threat.columns.as_ref().is_none_or(|names| names.contains(&column.name));
            column.mutable &= listed && (!column.category || threat.categories > 0);
            for feature in &mut features[column.first..column.first + column.count] {
                feature.mutable = column.mutable && !column.category;
            }
        }
        Ok(Some(Self::new(name, features, columns, rules.relations.clone(), threat.categories)))
    }

    /// Nothing beyond ball, box and mutable features: every feature is a column of its own and may be any number.
    #[must_use]
    pub fn none(threat: &ThreatModel) -> Self {
        let feature = |number: usize| {
            let (lower, upper) = threat.edges(number);
            let (name, mutable) = (number.to_string(), threat.mutable(number));
            Feature { name, domain: Domain::Continuous, mutable, lower, upper, offset: 0.0, scale: 1.0 }
        };
        let features: Vec<Feature> = (0..threat.features()).map(feature).collect();
        let columns = features.iter().enumerate().map(|(first, feature)| Bound {
            name: feature.name.clone(),
            first,
            count: 1,
            category: false,
            mutable: feature.mutable,
            direction: None,
            budget: None,
            to: None,
        });
        let columns = columns.collect();
        Self::new(UNCONSTRAINED, features, columns, Vec::new(), 0)
    }

    fn new(
        name: &str,
        features: Vec<Feature>,
        columns: Vec<Bound>,
        relations: Vec<Rule>,
        categories: usize,
    ) -> Self {
        let is_live = |rule: &Rule| {
            let mut live = false;
            rule.formula.columns(&mut |column| live |= columns[column].mutable);
            live
        };
        let live = (0..relations.len()).filter(|index| is_live(&relations[*index])).collect();
        Self { name: name.to_owned(), features, columns, relations, live, categories }
    }

    /// The threat model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The features, of which the numbers are mutable that this adversary may change; for a [`ThreatModel`] that fits.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Names of the columns that this adversary may change.
    pub fn mutable(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| column.mutable).map(|column| column.name.as_str())
    }

    /// Distance in the norm over the numbers that have no budget of their own: what the ball bounds.
    #[must_use]
    pub fn distance(&self, threat: &ThreatModel, clean: &[f32], point: &[f32]) -> f64 {
        let mut counted = point.to_vec();
        for column in self.columns.iter().filter(|column| column.category || column.budget.is_some()) {
            let span = column.first..column.first + column.count;
            counted[span.clone()].copy_from_slice(&clean[span]);
        }
        threat.distance(clean, &counted)
    }

    /// Every constraint that `point` breaks as a change of the row `clean`, in the order of the columns, then of the whole row, then of
    /// the relations; empty for a valid row.
    #[must_use]
    pub fn violations(&self, threat: &ThreatModel, clean: &[f32], point: &[f32]) -> Vec<Violation> {
        assert!(clean.len() == self.features.len() && point.len() == clean.len(), "one number per feature");
        let mut found = Vec::new();
        let mut changed = 0_usize;
        let mut native = Vec::new();
        for column in &self.columns {
            let span = column.first..column.first + column.count;
            let (x, p) = (&clean[span.clone()], &point[span]);
            if x.iter().zip(p).all(|(x, p)| x.to_bits() == p.to_bits()) {
                continue;
            }
            let mut broken = |constraint: fn(String) -> Constraint, by: f64| {
                found.push(Violation { constraint: constraint(column.name.clone()), by });
            };
            if !p.iter().all(|p| p.is_finite()) {
                broken(Constraint::Finite, f64::INFINITY);
            } else if !column.mutable {
                let unit = if column.category { 1.0 } else { self.features[column.first].scale.abs() };
                let steps = x.iter().zip(p).map(|(x, p)| (f64::from(*p) - f64::from(*x)).abs() * unit);
                broken(Constraint::Immutable, steps.fold(0.0, f64::max).max(f64::MIN_POSITIVE));
            } else if column.category {
                changed += 1;
                let off = off_one_hot(p);
                if off > 0.0 {
                    broken(Constraint::OneHot, off);
                } else if !(0..column.count).any(|member| p[member] > 0.5 && column.may_become(member)) {
                    broken(Constraint::Direction, 1.0);
                }
            } else {
                self.check_number(column, x[0], p[0], &mut broken);
            }
        }
        if changed > self.categories {
            let by = (changed - self.categories) as f64;
            found.push(Violation { constraint: Constraint::Categories, by });
        }
        let beyond = self.distance(threat, clean, point) - threat.epsilon();
        if beyond > 0.0 {
            found.push(Violation { constraint: Constraint::Ball, by: beyond });
        }
        let mut slack = Vec::new();
        for rule in &self.relations {
            let mut off = |row: &[f32]| {
                self.native(row, &mut native);
                self.slack(row, &mut slack);
                rule.formula.violation(&native, &slack)
            };
            let (by, base) = (off(point), off(clean));
            if by > base {
                let constraint = Constraint::Relation(rule.text.clone());
                found.push(Violation { constraint, by: if by.is_finite() { by - base } else { by } });
            }
        }
        found
    }

    fn check_number(
        &self,
        column: &Bound,
        x: f32,
        p: f32,
        broken: &mut dyn FnMut(fn(String) -> Constraint, f64),
    ) {
        let feature = &self.features[column.first];
        let (from, to) = (feature.native(x), feature.native(p));
        let (lower, upper) = (feature.lower.min(x), feature.upper.max(x));
        if p < lower || p > upper {
            let edge = if p < lower { lower } else { upper };
            broken(Constraint::Bounds, (to - feature.native(edge)).abs());
        }
        let whole = feature.domain == Domain::Integer;
        if whole && (to - to.round()).abs() > whole_tolerance(feature, p) {
            broken(Constraint::Whole, (to - to.round()).abs());
        }
        if matches!(column.direction, Some(Direction::Up) if p < x)
            || matches!(column.direction, Some(Direction::Down) if p > x)
        {
            broken(Constraint::Direction, (to - from).abs());
        }
        if let Some(budget) = column.budget {
            let (change, slack) = if whole {
                ((to.round() - from.round()).abs(), 0.0)
            } else {
                ((to - from).abs(), feature.resolution(x) + feature.resolution(p))
            };
            if change > budget + slack {
                broken(Constraint::Budget, change - budget);
            }
        }
    }

    /// See [`Rules::native`].
    pub(super) fn native(&self, row: &[f32], native: &mut Vec<f64>) {
        Rules::decode(&self.columns, &self.features, row, native);
    }

    /// See [`Rules::slack`].
    pub(super) fn slack(&self, row: &[f32], slack: &mut Vec<f64>) {
        Rules::unknown(&self.columns, &self.features, row, slack);
    }
}

/// How far from a whole number what `f32` made of one may lie, in native units.
fn whole_tolerance(feature: &Feature, x: f32) -> f64 {
    let magnitudes = (f64::from(x) * feature.scale).abs() + feature.offset.abs();
    (2.0 * f64::from(f32::EPSILON) * magnitudes).min(1.0 / 16.0)
}

/// The largest difference between a block and the nearest one-hot block; 0 exactly for one.
fn off_one_hot(block: &[f32]) -> f64 {
    let member = (0..block.len()).max_by(|a, b| block[*a].total_cmp(&block[*b]));
    let target = |i: usize| if Some(i) == member { 1.0 } else { 0.0 };
    block.iter().enumerate().map(|(i, x)| (f64::from(*x) - target(i)).abs()).fold(0.0, f64::max)
}
