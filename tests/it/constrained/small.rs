//! Where everything can be enumerated, everything is found.

use std::fmt::Write;

use equipoise::data::{Rows, Shape};
use equipoise::measure::Norm;
use equipoise::models::{Architecture, Network};
use equipoise::probes::clean;

use super::{JOBS, KINDS, attack, labeled, load, suite};
use crate::problems::random_network;

/// A table of whole numbers and categories alone.
const SMALL: &str = r#"
name = "orders"
format = "csv"
files = [{ name = "orders.csv" }]
columns = [
    { name = "a", kind = "integer", mutable = true },
    { name = "b", kind = "integer", mutable = true },
    { name = "job", kind = "categorical", mutable = true },
    { name = "kind", kind = "categorical", mutable = true },
    { name = "c", kind = "integer", mutable = true, budget = 2 },
]
relations = [{ rule = "a + b <= 7" }, { rule = "job != 'poet' or b >= 2" }]
threats = [{ name = "all", categories = 1 }]
[label]
column = "y"
classes = ["0", "1"]
"#;

/// All 6 · 6 · 3 · 4 · 6 rows of the small table, as (a, b, job, kind, c).
fn everything() -> Vec<[usize; 5]> {
    let mut all = Vec::new();
    for code in 0..6 * 6 * 3 * 4 * 6 {
        all.push([code % 6, code / 6 % 6, code / 36 % 3, code / 108 % 4, code / 432]);
    }
    all
}

#[test]
fn in_a_small_table_every_breakable_row_is_found() {
    let obeys = |[a, b, job, _, _]: &[usize; 5]| a + b <= 7 && (JOBS[*job] != "poet" || *b >= 2);
    let rows: Vec<[usize; 5]> = everything().into_iter().filter(obeys).collect();
    let mut text = "a,b,job,kind,c,y\n".to_owned();
    for (index, [a, b, job, kind, c]) in rows.iter().enumerate() {
        writeln!(text, "{a},{b},{},{},{c},{}", JOBS[*job], KINDS[*kind], index % 2).unwrap();
    }
    let data = load(SMALL, &text, "test = 0.1\nvalidation = 0");
    let width = data.features.len();
    let encode = |row: &[usize; 5]| {
        let mut x = vec![0.0_f32; width];
        for (i, feature) in data.features.iter().enumerate() {
            let number = |value: usize| ((value as f64 - feature.offset) / feature.scale) as f32;
            x[i] = match feature.name.as_str() {
                "a" => number(row[0]),
                "b" => number(row[1]),
                "c" => number(row[4]),
                name => {
                    let own = [format!("job={}", JOBS[row[2]]), format!("kind={}", KINDS[row[3]])];
                    f32::from(own.iter().any(|own| own == name))
                }
            };
        }
        x
    };
    let all: Vec<[usize; 5]> = rows.clone();
    let x: Vec<f32> = all.iter().flat_map(&encode).collect();
    let mut found_by_search = [0, 0];
    for seed in 0..4 {
        let mut network = random_network(&Architecture::mlp(Shape::Flat(width), 2, &[24]), seed);
        let mut facts = (*data.test.facts).clone();
        facts.rows = (0..all.len() as u32).collect();
        facts.labels = vec![0; all.len()];
        let said = clean(network.as_mut(), &Rows { x: x.clone(), facts: facts.into() }).unwrap().predictions;
        let tests = labeled(network.as_mut(), &data.test);
        let natives: Vec<[usize; 5]> = (0..tests.len())
            .map(|row| {
                *all.iter().find(|native| encode(native) == tests.row(row)).expect("a row of the table")
            })
            .collect();
        for (epsilon, norm) in [(0.7, Norm::Linf), (1.4, Norm::Linf), (1.1, Norm::L2)] {
            let breakable: Vec<bool> = natives
                .iter()
                .enumerate()
                .map(|(row, native)| {
                    let clean = tests.row(row);
                    all.iter().zip(&said).any(|(other, said)| {
                        let point = encode(other);
                        let steps: Vec<f64> = ["a", "b"]
                            .iter()
                            .map(|name| {
                                let i = data.features.iter().position(|f| f.name == *name).unwrap();
                                (f64::from(point[i]) - f64::from(clean[i])).abs()
                            })
                            .collect();
                        let distance =
                            if norm == Norm::L2 { steps[0].hypot(steps[1]) } else { steps[0].max(steps[1]) };
                        let categories =
                            usize::from(native[2] != other[2]) + usize::from(native[3] != other[3]);
                        distance <= epsilon
                            && categories <= 1
                            && native[4].abs_diff(other[4]) <= 2
                            && *said != tests.facts.labels[row]
                    })
                })
                .collect();
            let standing = |network: &mut dyn Network, text: &str| {
                attack(network, &tests, &data, "all", norm, &[epsilon], &suite(&[text]))[0].0.standing.clone()
            };
            // At most 6 · 6 · 5 · (1 + 2 + 3) = 1080 rows: they are all tried.
            let exact = standing(network.as_mut(), "kind = \"block-search\"\nqueries = 1080");
            let caa = standing(network.as_mut(), "kind = \"caa\"\nqueries = 1080");
            let search = standing(network.as_mut(), "kind = \"block-search\"\nqueries = 150");
            for (row, breakable) in breakable.iter().enumerate() {
                assert_eq!(
                    exact[row], !breakable,
                    "seed {seed}, {norm:?} {epsilon}, row {row}: {:?}",
                    natives[row]
                );
                assert_eq!(caa[row], !breakable);
                assert!(search[row] || *breakable, "the search found what cannot be");
                found_by_search[0] += usize::from(*breakable);
                found_by_search[1] += usize::from(!search[row]);
            }
        }
    }
    let [breakable, found] = found_by_search;
    assert!(breakable > 200, "{breakable} rows are breakable");
    assert!(found as f64 >= 0.97 * breakable as f64, "with 150 queries {found} of {breakable} rows");
}
