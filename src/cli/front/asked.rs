//! What the command line asks for: objectives, a reference, ends of scales.

use crate::error::{Error, Result, did_you_mean};
use crate::measure::Direction;
use crate::pareto::filter::Ties;

/// A column and which way it is better.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Objective {
    /// The column's name.
    pub(super) name: String,
    pub(super) direction: Direction,
}

/// Everything but the files.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Those to maximize first; at least two.
    pub(super) objectives: Vec<Objective>,
    /// A value for each objective, in its own unit.
    pub(super) reference: Option<Vec<f64>>,
    /// Low and high end of each objective, in its own unit.
    pub(super) bounds: Option<Vec<(f64, f64)>>,
    pub(super) ties: Ties,
    /// Columns that name a configuration: rows that agree on them are its replicates. Without any, every row is one of its own.
    pub(super) by: Vec<String>,
}

impl Asked {
    /// Checks what can be checked without a file.
    ///
    /// # Errors
    ///
    /// Fewer than two objectives, one named twice or as a column of configurations; a reference or bounds that are no numbers, of something that is no objective, or not of all objectives.
    pub(super) fn of(
        max: &[String],
        min: &[String],
        reference: &[String],
        bounds: &[String],
        ties: Ties,
        by: &[String],
    ) -> Result<Self> {
        let named = |names: &[String], direction| -> Vec<Objective> {
            names.iter().map(|name| Objective { name: name.trim().to_owned(), direction }).collect()
        };
        let mut objectives = named(max, Direction::Higher);
        objectives.extend(named(min, Direction::Lower));
        for (at, Objective { name, .. }) in objectives.iter().enumerate() {
            if objectives[..at].iter().any(|known| known.name == *name) {
                return Err(Error::input(format!("column `{name}` is named twice by --max and --min"))
                    .help("an objective has one direction: name every column once"));
            }
        }
        if let [only] = objectives.as_slice() {
            return Err(Error::input(format!(
                "a front is of two objectives at least, and `{}` is one",
                only.name
            ))
            .help("name another column with --max or --min"));
        }
        let reference = of_all(&objectives, reference, "--ref", "acc=0,gap=1", |text| {
            text.parse().ok().filter(|x: &f64| x.is_finite())
        })?;
        let bounds = of_all(&objectives, bounds, "--bounds", "acc=0:1,gap=0:1", |text| {
            let (low, high) = text.split_once(':')?;
            let number = |text: &str| text.trim().parse().ok().filter(|x: &f64| x.is_finite());
            Some((number(low)?, number(high)?)).filter(|(low, high)| low < high)
        })?;
        let by: Vec<String> = by.iter().map(|name| name.trim().to_owned()).collect();
        if let Some(name) = by.iter().find(|name| objectives.iter().any(|objective| objective.name == **name))
        {
            return Err(Error::input(format!("`{name}` is an objective, and --by names it, too"))
                .help("name the columns that say which configuration a row is of"));
        }
        let asked = Self { objectives, reference, bounds, ties, by };
        if let (Some(reference), Some(_)) = (&asked.reference, &asked.bounds) {
            let (best, _) = asked.box_ends().expect("there are bounds");
            let costs = asked.costs(reference);
            if let Some(axis) = (0..costs.len()).find(|axis| costs[*axis] <= best[*axis]) {
                let name = &asked.objectives[axis].name;
                return Err(Error::input(format!(
                    "--ref {name}={} is not worse than the best end of --bounds",
                    reference[axis]
                ))
                .help("the reference is a value that rows are better than"));
            }
        }
        Ok(asked)
    }

    /// Values of the objectives as costs.
    pub(super) fn costs(&self, values: &[f64]) -> Vec<f64> {
        values.iter().zip(&self.objectives).map(|(x, objective)| objective.direction.as_cost(*x)).collect()
    }

    /// Costs as values of the objectives.
    pub(super) fn values(&self, costs: &[f64]) -> Vec<f64> {
        // The sign is turned once more.
        self.costs(costs)
    }

    /// Which way each objective is better.
    pub(super) fn directions(&self) -> Vec<Direction> {
        self.objectives.iter().map(|objective| objective.direction).collect()
    }

    /// The best and the worst ends of the objectives as costs.
    pub(super) fn box_ends(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        let bounds = self.bounds.as_ref()?;
        let ends = bounds.iter().zip(&self.objectives).map(|((low, high), objective)| {
            let (a, b) = (objective.direction.as_cost(*low), objective.direction.as_cost(*high));
            (a.min(b), a.max(b))
        });
        Some(ends.unzip())
    }
}

/// What an option says of each objective, in their order; nothing where it says nothing.
fn of_all<T>(
    objectives: &[Objective],
    said: &[String],
    option: &str,
    example: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<Vec<T>>> {
    let said: Vec<&String> = said.iter().filter(|part| !part.trim().is_empty()).collect();
    if said.is_empty() {
        return Ok(None);
    }
    let mut values: Vec<Option<T>> = objectives.iter().map(|_| None).collect();
    for part in said {
        let wrong = |what: String| {
            Error::input(format!("{option} {part}: {what}")).help(format!("write it as {option} {example}"))
        };
        // A column's name may hold an equals sign, its value may not.
        let Some((name, text)) = part.rsplit_once('=') else {
            return Err(wrong("there is no `=`".to_owned()));
        };
        let (name, text) = (name.trim(), text.trim());
        let Some(at) = objectives.iter().position(|objective| objective.name == name) else {
            let near = did_you_mean(name, objectives.iter().map(|objective| objective.name.as_str()));
            let names: Vec<String> =
                objectives.iter().map(|objective| format!("`{}`", objective.name)).collect();
            return Err(Error::input(format!("{option} {part}: `{name}` is no objective{near}"))
                .help(format!("the objectives are {}", names.join(", "))));
        };
        let Some(value) = parse(text) else {
            return Err(wrong(format!(
                "`{text}` is {}",
                if option == "--ref" { "no finite number" } else { "no two numbers, the lower first" }
            )));
        };
        if values[at].replace(value).is_some() {
            return Err(wrong(format!("`{name}` is named twice")));
        }
    }
    match values.iter().position(Option::is_none) {
        Some(at) => Err(Error::input(format!("{option} says nothing of `{}`", objectives[at].name))
            .help("name every objective")),
        None => Ok(Some(values.into_iter().flatten().collect())),
    }
}
