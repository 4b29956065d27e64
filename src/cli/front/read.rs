//! From the bytes of a CSV file to costs, and back to the rows as they were written.

use std::collections::BTreeMap;

use super::super::sheet::{Sheet, as_listed};
use super::asked::Asked;
use crate::error::{Error, Result};
use crate::pareto::Costs;

/// The configurations of a file.
#[derive(Debug)]
pub(super) struct Read {
    /// Their objectives: of a configuration with several rows the means.
    pub(super) costs: Costs<'static>,
    /// The first row of each, ascending.
    pub(super) first: Vec<usize>,
    /// How many rows each has.
    pub(super) counts: Vec<usize>,
    /// Rows of the file.
    pub(super) rows: usize,
}

/// The objectives of all configurations.
pub(super) fn rows(bytes: &[u8], asked: &Asked, separator: u8) -> Result<Read> {
    let mut sheet = Sheet::open(bytes, separator, "front")?;
    let axes = asked.objectives.len();
    let place = |name: &String| {
        // Perhaps it is a part of a name that holds a comma.
        let part = |known: &&String| known.contains(',') && known.split(',').any(|part| part.trim() == name);
        sheet.find(name).map_err(|error| match sheet.names.iter().find(part) {
            Some(whole) => error
                .help(format!("a name that holds a comma stands in double quotes: '{}'", as_listed(whole))),
            None => error,
        })
    };
    let fields: Vec<usize> =
        asked.objectives.iter().map(|objective| place(&objective.name)).collect::<Result<_>>()?;
    let by: Vec<usize> = asked.by.iter().map(place).collect::<Result<_>>()?;
    let mut known: BTreeMap<Vec<Vec<u8>>, usize> = BTreeMap::new();
    let mut values: Vec<f64> = Vec::new();
    let (mut first, mut counts, mut rows) = (Vec::new(), Vec::new(), 0);
    while sheet.advance()? {
        let new = first.len();
        let place = if by.is_empty() {
            new
        } else {
            let name = by.iter().map(|field| sheet.record()[*field].to_vec()).collect();
            *known.entry(name).or_insert(new)
        };
        if place == new {
            first.push(rows);
            counts.push(0_usize);
            values.resize(values.len() + axes, 0.0);
        }
        counts[place] += 1;
        rows += 1;
        for (axis, field) in fields.iter().enumerate() {
            let cost = number(&sheet.record()[*field], axis, asked).map_err(|(problem, help)| {
                let text = String::from_utf8_lossy(&sheet.record()[*field]).into_owned();
                Error::input(format!(
                    "line {}, column `{}`: `{text}` {problem}",
                    sheet.line(),
                    asked.objectives[axis].name
                ))
                .help(help)
            })?;
            values[place * axes + axis] += cost;
        }
    }
    if values.is_empty() {
        return Err(Error::input("the file has a header but no rows").help("add a row per candidate"));
    }
    for (own, count) in values.chunks_exact_mut(axes).zip(&counts) {
        for sum in own {
            *sum /= *count as f64;
        }
    }
    let costs = Costs::new(values, axes)?;
    // Sums depend on the order of the rows, and what was written in single rows on nothing.
    let costs = if by.is_empty() { costs } else { costs.leveled() };
    Ok(Read { costs, first, counts, rows })
}

type Problem = (String, &'static str);

/// The cost of a cell. An infinitely bad value is one: it is worse than any reference, and than any end of a scale.
fn number(field: &[u8], axis: usize, asked: &Asked) -> std::result::Result<f64, Problem> {
    const LEAVE: &str = "fill it in, or leave the row out: no front is defined with it";
    let problem = |text: &str, help| Err((text.to_owned(), help));
    if field.is_empty() {
        return problem("is no number: the cell is empty", LEAVE);
    }
    let value: Option<f64> = std::str::from_utf8(field).ok().and_then(|text| text.parse().ok());
    let Some(value) = value else {
        return problem("is not a number", "write numbers with a decimal point, such as 0.25 or 2.5e-1");
    };
    let cost = asked.objectives[axis].direction.as_cost(value);
    if cost.is_nan() {
        return problem("is not a number", LEAVE);
    }
    if cost == f64::NEG_INFINITY {
        return problem("is infinitely good", LEAVE);
    }
    let bounds = asked.bounds.as_ref().map(|bounds| bounds[axis]);
    // What is infinitely bad is a failure, and no value on the scale.
    if let Some((low, high)) =
        bounds.filter(|(low, high)| value.is_finite() && !(*low..=*high).contains(&value))
    {
        let problem = format!("lies outside --bounds {}={low}:{high}", asked.objectives[axis].name);
        return Err((problem, "name the ends of the scale: no value can lie beyond them"));
    }
    Ok(cost)
}

/// The header, and the fields of the rows with these ascending numbers.
pub(super) type Records = (Vec<String>, Vec<Vec<String>>);

/// All columns of the chosen rows.
pub(super) fn records(bytes: &[u8], separator: u8, chosen: &[usize]) -> Result<Records> {
    let mut sheet = Sheet::open(bytes, separator, "front")?;
    let mut records = Vec::with_capacity(chosen.len());
    let mut chosen = chosen.iter().peekable();
    let mut row = 0;
    while chosen.peek().is_some() && sheet.advance()? {
        if chosen.next_if_eq(&&row).is_some() {
            let fields = sheet.record().iter();
            records.push(fields.map(|field| String::from_utf8_lossy(field).into_owned()).collect());
        }
        row += 1;
    }
    Ok((sheet.names, records))
}

/// Of configurations with several rows, what these have in common: the columns that name them, the means of the objectives as `shown`, and the number of rows.
pub(super) fn means(
    (names, records): &Records,
    asked: &Asked,
    values: &[Vec<f64>],
    counts: &[usize],
    shown: fn(f64) -> String,
) -> Records {
    let places: Vec<usize> =
        asked.by.iter().filter_map(|name| names.iter().position(|known| known == name)).collect();
    let mut header: Vec<String> = asked.by.clone();
    header.extend(asked.objectives.iter().map(|objective| objective.name.clone()));
    header.push("rows".to_owned());
    let lines = records.iter().zip(values).zip(counts).map(|((record, values), count)| {
        let mut line: Vec<String> = places.iter().map(|place| record[*place].clone()).collect();
        line.extend(values.iter().map(|value| shown(*value)));
        line.push(count.to_string());
        line
    });
    (header, lines.collect())
}
