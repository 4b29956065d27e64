//! From the bytes of a CSV file to costs, and back to the rows as they were written.

use super::super::sheet::Sheet;
use super::asked::Asked;
use crate::error::{Error, Result};
use crate::measure::Direction;
use crate::pareto::Costs;

/// The objectives of all rows.
pub(super) fn rows(bytes: &[u8], asked: &Asked, separator: u8) -> Result<Costs<'static>> {
    let mut sheet = Sheet::open(bytes, separator, "front")?;
    let fields: Vec<usize> =
        asked.objectives.iter().map(|objective| sheet.find(&objective.name)).collect::<Result<_>>()?;
    let mut values = Vec::new();
    while sheet.advance()? {
        for (field, objective) in fields.iter().zip(&asked.objectives) {
            let value = number(&sheet.record()[*field], objective.direction);
            values.push(value.map_err(|(problem, help)| {
                let text = String::from_utf8_lossy(&sheet.record()[*field]).into_owned();
                Error::input(format!(
                    "line {}, column `{}`: `{text}` {problem}",
                    sheet.line(),
                    objective.name
                ))
                .help(help)
            })?);
        }
    }
    if values.is_empty() {
        return Err(Error::input("the file has a header but no rows").help("add a row per candidate"));
    }
    Costs::new(values, asked.objectives.len())
}

type Problem = (&'static str, &'static str);

/// The cost of a cell. An infinitely bad value is one: it is worse than any reference.
fn number(field: &[u8], direction: Direction) -> std::result::Result<f64, Problem> {
    const LEAVE: &str = "fill it in, or leave the row out: no front is defined with it";
    if field.is_empty() {
        return Err(("is no number: the cell is empty", LEAVE));
    }
    let value: Option<f64> = std::str::from_utf8(field).ok().and_then(|text| text.parse().ok());
    match value.map(|value| direction.as_cost(value)) {
        None => Err(("is not a number", "write numbers with a decimal point, such as 0.25 or 2.5e-1")),
        Some(cost) if cost.is_nan() => Err(("is not a number", LEAVE)),
        Some(cost) if cost == f64::NEG_INFINITY => Err(("is infinitely good", LEAVE)),
        Some(cost) => Ok(cost),
    }
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
