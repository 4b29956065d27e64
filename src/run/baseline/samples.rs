//! `samples.csv`: every value that is gated or required, one row per point, number and seed; sorted, shortest floats, line feeds.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::gate::{Sampled, Side};
use crate::measure::{MetricKey, Value};

const HEAD: [&str; 8] = ["point", "model", "seed", "metric", "n", "value", "status", "reason"];

/// The file of the values of `keys`.
pub(super) fn write(side: &Side, keys: &[MetricKey]) -> Result<Vec<u8>> {
    let mut rows = Vec::new();
    for point in &side.points {
        for key in keys {
            let Some(values) = point.values.get(key) else { continue };
            for (seed, value) in side.seeds.iter().zip(values) {
                rows.push((
                    point.model.clone(),
                    point.name.clone(),
                    key.to_string(),
                    *seed,
                    point.rows,
                    value,
                ));
            }
        }
    }
    rows.sort_by(|a, b| (&a.0, &a.1, &a.2, a.3).cmp(&(&b.0, &b.1, &b.2, b.3)));
    let fail = |error: csv::Error| Error::internal(error.to_string()).context("cannot write CSV");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD).map_err(fail)?;
    for (model, point, key, seed, n, value) in rows {
        let (number, status, reason) = match value {
            Value::Defined(x) => (x.to_string(), "ok", ""),
            Value::Undefined(reason) => (String::new(), "undefined", reason.as_str()),
        };
        let (seed, n) = (seed.to_string(), n.to_string());
        writer.write_record([&point, &model, &seed, &key, &n, &number, status, reason]).map_err(fail)?;
    }
    writer.into_inner().map_err(|error| Error::internal(error.to_string()).context("cannot write CSV"))
}

/// What the file holds: the points, and the seeds of their values.
pub(super) type Read = (Vec<Sampled>, Vec<u64>);

/// Rows, and the values by number and seed.
type Values = (usize, BTreeMap<MetricKey, BTreeMap<u64, Value>>);

/// Reads the file.
pub(super) fn read(bytes: &[u8]) -> Result<Read> {
    let mut points: BTreeMap<(String, String), Values> = BTreeMap::new();
    let mut seeds = std::collections::BTreeSet::new();
    let mut reader = csv::Reader::from_reader(bytes);
    let damaged = |what: String| Error::input(what).context("samples.csv is damaged");
    let head = reader.headers().map_err(|error| damaged(error.to_string()))?;
    if head.iter().ne(HEAD) {
        return Err(damaged(format!("its columns are not {}", HEAD.join(", "))));
    }
    for (index, record) in reader.records().enumerate() {
        let line = index + 2;
        let record = record.map_err(|error| damaged(error.to_string()))?;
        let field = |at: usize| record.get(at).unwrap_or_default();
        let bad = |what: &str| damaged(format!("line {line}: {what}"));
        let seed: u64 = field(2).parse().map_err(|_| bad("the seed is no whole number"))?;
        let key: MetricKey = field(3).parse().map_err(|error: Error| bad(&error.to_string()))?;
        let rows = field(4).parse().map_err(|_| bad("n is no whole number"))?;
        let value = match field(6) {
            "ok" => {
                let number = field(5).parse().ok().filter(|number: &f64| number.is_finite());
                Value::Defined(number.ok_or_else(|| bad("the value is no finite number"))?)
            }
            "undefined" => Value::undefined(field(7)),
            other => return Err(bad(&format!("unknown status `{other}`"))),
        };
        seeds.insert(seed);
        let point =
            points.entry((field(1).to_owned(), field(0).to_owned())).or_insert((rows, BTreeMap::new()));
        if point.1.entry(key).or_default().insert(seed, value).is_some() {
            return Err(bad("the same point, number and seed came before"));
        }
    }
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let complete = |values: BTreeMap<u64, Value>| {
        let missing = || Value::undefined("not in the baseline");
        seeds.iter().map(|seed| values.get(seed).cloned().unwrap_or_else(missing)).collect()
    };
    let points = points.into_iter().map(|((model, name), (rows, values))| Sampled {
        coordinates: coordinates(&name),
        name,
        model,
        rows,
        values: values.into_iter().map(|(key, values)| (key, complete(values))).collect(),
    });
    Ok((points.collect(), seeds.clone()))
}

/// `defense=at,strength=0.1` one by one. A value may hold commas (`model.hidden=[32, 16]`): what has no `=` goes on with the value before.
fn coordinates(name: &str) -> BTreeMap<String, String> {
    let mut found: Vec<(String, String)> = Vec::new();
    for part in name.split(',') {
        match (part.split_once('='), found.last_mut()) {
            (Some((key, value)), _) => found.push((key.to_owned(), value.to_owned())),
            (None, Some((_, value))) => value.extend([",", part]),
            (None, None) => {}
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::coordinates;

    #[test]
    fn coordinates_are_read_from_the_name_of_a_point() {
        let found = coordinates("defense=at,model.hidden=[32, 16],strength=0.1");
        let pairs: Vec<(&str, &str)> =
            found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("defense", "at"), ("model.hidden", "[32, 16]"), ("strength", "0.1")]);
        assert!(coordinates("").is_empty());
    }
}
