//! What binds the columns of a table, and which adversaries its manifest knows, put in terms of the encoded features.

use super::manifest::{Column, ColumnKind, Direction, Manifest, Threat};
use super::relation::{Formula, Levels, Members};
use super::{Domain, Feature};
use crate::error::{Error, Result, did_you_mean};

/// The name for a threat model without constraints: a ball, a box and mutable features.
pub const UNCONSTRAINED: &str = "unconstrained";

/// What every row of a table obeys, and who could change what; empty for data that are no table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// The columns that a model sees, in order.
    pub columns: Vec<Bound>,
    /// The relations, in the manifest's order.
    pub relations: Vec<Rule>,
    /// Named adversaries.
    pub threats: Vec<Threat>,
}

/// A column and the features that it became.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Its name.
    pub name: String,
    /// Its first feature.
    pub first: usize,
    /// How many features it became: 1 for a number, one per level for a category.
    pub count: usize,
    /// Whether it is a one-hot block.
    pub category: bool,
    /// Whether an adversary could change it.
    pub mutable: bool,
    /// The one way in which it can be changed.
    pub direction: Option<Direction>,
    /// How far it can be changed, in native units; such a column has no part in the ball.
    pub budget: Option<f64>,
    /// The members that a one-hot block can be changed to; any when absent.
    pub to: Option<Members>,
}

/// A relation between columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// As written.
    pub text: String,
    /// What it says of the columns.
    pub formula: Formula,
}

impl Bound {
    /// Whether a one-hot block can be changed to this member.
    #[must_use]
    pub fn may_become(&self, member: usize) -> bool {
        self.to.as_ref().is_none_or(|to| to.allows(member as f64))
    }
}

impl Rules {
    /// The rules of `manifest` for rows encoded as `features`. `known` lists all levels of a categorical column (by its number among the
    /// model's columns), whether or not training rows have them.
    pub(crate) fn new<'a>(
        manifest: &Manifest,
        features: &[Feature],
        known: &dyn Fn(usize) -> &'a [String],
    ) -> Result<Self> {
        let mut first = 0;
        let mut columns = Vec::new();
        for column in manifest.feature_columns() {
            let bound = Self::bind(column, first, features);
            first += bound.count;
            columns.push(bound);
        }
        assert_eq!(first, features.len(), "every feature belongs to a column");
        let keeps: Vec<bool> = manifest.feature_columns().map(|column| column.keep.is_some()).collect();
        let meant = |columns: &[Bound], column: usize, levels: &Levels| {
            let bound = &columns[column];
            let block = &features[bound.first..bound.first + bound.count];
            members(bound, block, levels, known(column), keeps[column])
        };
        for (number, column) in manifest.feature_columns().enumerate().filter(|(_, c)| !c.to.is_empty()) {
            let levels = Levels { names: column.to.clone(), not: false };
            columns[number].to = Some(meant(&columns, number, &levels)?);
        }
        let mut relations = Vec::new();
        for (index, relation) in manifest.relations.iter().enumerate() {
            let mut members = |column: usize, levels: &Levels| meant(&columns, column, levels);
            let formula = manifest
                .formula(index)?
                .bind(&mut members)
                .map_err(|error: Error| error.context(format!("relation `{}`", relation.rule)))?;
            let text = relation.rule.split_whitespace().collect::<Vec<_>>().join(" ");
            relations.push(Rule { text, formula });
        }
        Ok(Self { columns, relations, threats: manifest.threats.clone() })
    }

    fn bind(column: &Column, first: usize, features: &[Feature]) -> Bound {
        let category = column.kind == ColumnKind::Categorical;
        let count = match features.get(first).map(|feature| feature.domain) {
            Some(Domain::OneHot(block)) if category => {
                features[first..].iter().take_while(|f| f.domain == Domain::OneHot(block)).count()
            }
            // A category of which training rows have no level became nothing.
            _ if category => 0,
            _ => 1,
        };
        let Column { name, mutable, direction, budget, .. } = column.clone();
        Bound { name, first, count, category, mutable, direction, budget, to: None }
    }

    /// The threat model called `name`.
    ///
    /// # Errors
    ///
    /// When there is none; the help lists those there are.
    pub fn threat(&self, name: &str) -> Result<&Threat> {
        self.threats.iter().find(|threat| threat.name == name).ok_or_else(|| {
            let names = || self.threats.iter().map(|threat| threat.name.as_str()).chain([UNCONSTRAINED]);
            let near = did_you_mean(name, names());
            let known = names().collect::<Vec<_>>().join("`, `");
            Error::input(format!("the data set knows no threat model `{name}`{near}")).help(format!(
                "there is `{known}`; others are listed as `[[threats]]` in the data set's manifest"
            ))
        })
    }

    /// One number per column: native units (to the nearest whole number where the domain has whole ones), the member of a one-hot block,
    /// −1 for a block of zeros.
    pub fn native(&self, features: &[Feature], row: &[f32], native: &mut Vec<f64>) {
        Self::decode(&self.columns, features, row, native);
    }

    /// What `f32` leaves unknown of each column's native number: nothing of whole numbers and categories.
    pub fn slack(&self, features: &[Feature], row: &[f32], slack: &mut Vec<f64>) {
        Self::unknown(&self.columns, features, row, slack);
    }

    pub(crate) fn decode(columns: &[Bound], features: &[Feature], row: &[f32], native: &mut Vec<f64>) {
        native.clear();
        native.extend(columns.iter().map(|column| {
            let x = &row[column.first..column.first + column.count];
            if column.category {
                // A block that is not one-hot has the member with the largest number above a half.
                let member = (0..x.len()).filter(|i| x[*i] > 0.5).max_by(|a, b| x[*a].total_cmp(&x[*b]));
                return member.map_or(-1.0, |member| member as f64);
            }
            let feature = &features[column.first];
            let value = feature.native(x[0]);
            if feature.domain == Domain::Integer { value.round() } else { value }
        }));
    }

    /// How many of the `rows` (each as many numbers as features) break each relation by themselves.
    #[must_use]
    pub fn broken<'a>(&self, features: &[Feature], rows: impl Iterator<Item = &'a [f32]>) -> Vec<usize> {
        let mut counts = vec![0; self.relations.len()];
        let (mut native, mut slack) = (Vec::new(), Vec::new());
        for row in rows {
            self.native(features, row, &mut native);
            self.slack(features, row, &mut slack);
            for (count, rule) in counts.iter_mut().zip(&self.relations) {
                *count += usize::from(rule.formula.violation(&native, &slack) > 0.0);
            }
        }
        counts
    }

    pub(crate) fn unknown(columns: &[Bound], features: &[Feature], row: &[f32], slack: &mut Vec<f64>) {
        slack.clear();
        slack.extend(columns.iter().map(|column| {
            let continuous = !column.category && features[column.first].domain == Domain::Continuous;
            if continuous { features[column.first].resolution(row[column.first]) } else { 0.0 }
        }));
    }
}

impl Feature {
    /// The native number that `x` stands for.
    #[must_use]
    pub fn native(&self, x: f32) -> f64 {
        f64::from(x) * self.scale + self.offset
    }

    /// The model's input for a native number.
    #[must_use]
    pub fn encode(&self, native: f64) -> f32 {
        ((native - self.offset) / self.scale) as f32
    }

    /// How far, in native units, the number that `x` was made of may lie from what it stands for: a rounding step of `f32`, and the
    /// rounding of `f64` on the way there and back.
    #[must_use]
    pub fn resolution(&self, x: f32) -> f64 {
        let scaled = f64::from(x) * self.scale;
        f64::from(f32::EPSILON) * scaled.abs() + 4.0 * f64::EPSILON * (scaled.abs() + self.offset.abs())
    }
}

/// The members of a one-hot block that `levels` means; with `rest`, rare levels share a member.
fn members(
    column: &Bound,
    block: &[Feature],
    levels: &Levels,
    known: &[String],
    rest: bool,
) -> Result<Members> {
    let level_of = |feature: &Feature| feature.name[column.name.len() + 1..].to_owned();
    for level in &levels.names {
        if !known.contains(level) {
            let near = did_you_mean(level, known.iter().map(String::as_str));
            return Err(Error::input(format!("column `{}` has no level '{level}'{near}", column.name)));
        }
        if rest && !block.iter().any(|feature| level_of(feature) == *level) {
            return Err(Error::input(format!(
                "level '{level}' of `{}` is rare and shares a feature with others",
                column.name
            ))
            .help("raise the column's `keep`, or leave the level out"));
        }
    }
    let is = |feature: &Feature| levels.names.contains(&level_of(feature));
    Ok(Members { allowed: block.iter().map(|feature| is(feature) != levels.not).collect(), none: levels.not })
}
