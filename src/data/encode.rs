//! From columns to model inputs. Means, deviations, levels and bounds come from training rows only.

use super::raw::{Cells, TableColumn, Values};
use super::split::Partition;
use super::{Domain, Feature, Shape};

/// Part of every fingerprint: raised whenever the same data would be encoded to other numbers.
pub(crate) const VERSION: &str = "encoding 1";

/// Rows of the three parts (row-major), their shape, and one feature per number of a row.
pub(crate) struct Encoded {
    pub(crate) shape: Shape,
    pub(crate) features: Vec<Feature>,
    pub(crate) train: Vec<f32>,
    pub(crate) validation: Vec<f32>,
    pub(crate) test: Vec<f32>,
}

pub(crate) fn encode(values: &Values, parts: &Partition) -> Encoded {
    let all = [&parts.train, &parts.validation, &parts.test];
    let (shape, features, [train, validation, test]) = match values {
        Values::Pixels { bytes, shape, maximum } => {
            let scaled: [f32; 256] = std::array::from_fn(|byte| byte as f32 / f32::from(*maximum));
            let d = shape.features();
            let pick = |rows: &Vec<u32>| {
                let mut x = Vec::with_capacity(rows.len() * d);
                for row in rows {
                    x.extend(bytes[*row as usize * d..][..d].iter().map(|byte| scaled[*byte as usize]));
                }
                x
            };
            (*shape, pixels(*shape, *maximum), all.map(pick))
        }
        Values::Dense { x, shape, features } => {
            let d = shape.features();
            let pick =
                |rows: &Vec<u32>| rows.iter().flat_map(|row| &x[*row as usize * d..][..d]).copied().collect();
            (*shape, features.clone(), all.map(pick))
        }
        Values::Table(columns) => {
            let plans = plan(columns, &parts.train);
            let features: Vec<Feature> = plans.iter().flat_map(|plan| plan.features.clone()).collect();
            let d = features.len();
            let fill = |rows: &Vec<u32>| {
                let mut x = vec![0.0; rows.len() * d];
                for (column, plan) in columns.iter().zip(&plans) {
                    for (out, row) in x.chunks_exact_mut(d).zip(rows) {
                        plan.write(column, *row as usize, &mut out[plan.first..]);
                    }
                }
                x
            };
            (Shape::Flat(d), features, all.map(fill))
        }
    };
    Encoded { shape, features, train, validation, test }
}

fn pixels(shape: Shape, maximum: u8) -> Vec<Feature> {
    let Shape::Image { channels, height, width } = shape else {
        unreachable!("pixels have the shape of an image");
    };
    let pixel = |index: usize| {
        let (channel, row, column) = (index / (height * width), index / width % height, index % width);
        let name = if channels == 1 {
            format!("pixel {row},{column}")
        } else {
            format!("pixel {channel},{row},{column}")
        };
        Feature {
            name,
            domain: Domain::Continuous,
            mutable: true,
            lower: 0.0,
            upper: 1.0,
            offset: 0.0,
            scale: f64::from(maximum),
        }
    };
    (0..shape.features()).map(pixel).collect()
}

/// How one column becomes features.
struct Plan {
    /// Index of its first feature.
    first: usize,
    features: Vec<Feature>,
    /// For each level code the member of the block that is 1; `None` for a level that training rows do not have:
    /// such a row gets an all-zero block.
    members: Vec<Option<usize>>,
}

impl Plan {
    fn write(&self, column: &TableColumn, row: usize, out: &mut [f32]) {
        match &column.cells {
            Cells::Numbers { values, integer } => {
                let Feature { offset, scale, .. } = self.features[0];
                let value = values[row];
                let value = if !value.is_nan() {
                    value
                } else if *integer {
                    offset.round()
                } else {
                    offset
                };
                out[0] = ((value - offset) / scale) as f32;
            }
            Cells::Levels { codes, .. } => {
                if let Some(member) = self.members[codes[row] as usize] {
                    out[member] = 1.0;
                }
            }
        }
    }
}

fn plan(columns: &[TableColumn], train: &[u32]) -> Vec<Plan> {
    let (mut first, mut blocks) = (0, 0);
    let mut plans = Vec::with_capacity(columns.len());
    for column in columns {
        let plan = match &column.cells {
            Cells::Numbers { values, integer } => {
                Plan { first, features: vec![numeric(column, values, *integer, train)], members: Vec::new() }
            }
            Cells::Levels { codes, levels, keep } => {
                let plan = one_hot(column, codes, levels, *keep, train, first, blocks);
                blocks += 1;
                plan
            }
        };
        first += plan.features.len();
        plans.push(plan);
    }
    plans
}

fn numeric(column: &TableColumn, values: &[f64], integer: bool, train: &[u32]) -> Feature {
    let known = || train.iter().map(|row| values[*row as usize]).filter(|value| !value.is_nan());
    let n = known().count();
    let mean = if n == 0 { 0.0 } else { known().sum::<f64>() / n as f64 };
    let variance = known().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n.max(1) as f64;
    // A constant column carries nothing; rounding may leave it a tiny variance.
    let constant = !known().any(|value| value.to_bits() != known().next().unwrap_or(0.0).to_bits());
    let scale = if constant || variance <= 0.0 { 1.0 } else { variance.sqrt() };
    let bound = |extreme: f64| if n == 0 { 0.0 } else { ((extreme - mean) / scale) as f32 };
    Feature {
        name: column.name.clone(),
        domain: if integer { Domain::Integer } else { Domain::Continuous },
        mutable: column.mutable,
        lower: bound(known().fold(f64::INFINITY, f64::min)),
        upper: bound(known().fold(f64::NEG_INFINITY, f64::max)),
        offset: mean,
        scale,
    }
}

fn one_hot(
    column: &TableColumn,
    codes: &[u32],
    levels: &[String],
    keep: Option<usize>,
    train: &[u32],
    first: usize,
    block: usize,
) -> Plan {
    let mut counts = vec![0_usize; levels.len()];
    for row in train {
        counts[codes[*row as usize] as usize] += 1;
    }
    // The most frequent first, equal ones by name; then the kept ones by name.
    let mut kept: Vec<usize> = (0..levels.len()).filter(|code| counts[*code] > 0).collect();
    kept.sort_by_key(|code| (std::cmp::Reverse(counts[*code]), &levels[*code]));
    let rest = keep.is_some_and(|keep| kept.len() > keep);
    kept.truncate(keep.unwrap_or(usize::MAX));
    kept.sort_by_key(|code| &levels[*code]);
    let mut members = vec![rest.then_some(kept.len()); levels.len()];
    for (member, code) in kept.iter().enumerate() {
        members[*code] = Some(member);
    }
    let names = kept.iter().map(|code| levels[*code].as_str()).chain(rest.then_some("other"));
    let features = names
        .map(|level| Feature {
            name: format!("{}={level}", column.name),
            domain: Domain::OneHot(block),
            // Norm-bounded threat models move numbers; half a category is no category.
            mutable: false,
            lower: 0.0,
            upper: 1.0,
            offset: 0.0,
            scale: 1.0,
        })
        .collect();
    Plan { first, features, members }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(values: &[f64], integer: bool) -> TableColumn {
        let cells = Cells::Numbers { values: values.to_vec(), integer };
        TableColumn { name: "n".to_owned(), mutable: true, cells }
    }

    fn parts(train: &[u32], test: &[u32]) -> Partition {
        Partition { train: train.to_vec(), validation: Vec::new(), test: test.to_vec() }
    }

    /// By hand: training values 1, 3 have mean 2 and (population) deviation 1.
    #[test]
    fn scaling_and_bounds_come_from_training_rows_only() {
        let table = Values::Table(vec![numbers(&[1.0, 3.0, 100.0], false)]);
        let encoded = encode(&table, &parts(&[0, 1], &[2]));
        assert_eq!(encoded.train, [-1.0, 1.0]);
        assert_eq!(encoded.test, [98.0]);
        let feature = &encoded.features[0];
        assert_eq!((feature.lower, feature.upper), (-1.0, 1.0));
        assert_eq!((feature.offset, feature.scale), (2.0, 1.0));
    }

    #[test]
    fn a_constant_column_becomes_zero_and_keeps_scale_one() {
        let encoded = encode(&Values::Table(vec![numbers(&[0.1; 3], false)]), &parts(&[0, 1, 2], &[]));
        assert!((encoded.features[0].scale - 1.0).abs() < f64::EPSILON);
        assert!(encoded.train.iter().all(|x| x.abs() < 1e-6));
    }

    #[test]
    fn a_missing_number_is_the_training_mean_and_whole_in_an_integer_column() {
        let nan = f64::NAN;
        let encoded =
            encode(&Values::Table(vec![numbers(&[1.0, 4.0, 4.0, nan], false)]), &parts(&[0, 1, 2], &[3]));
        assert_eq!(encoded.test, [0.0]);
        let encoded =
            encode(&Values::Table(vec![numbers(&[1.0, 4.0, 5.0, nan], true)]), &parts(&[0, 1, 2], &[3]));
        let feature = &encoded.features[0];
        let native = f64::from(encoded.test[0]) * feature.scale + feature.offset;
        assert!((native - 3.0).abs() < 1e-6, "{native}");
    }

    fn levels(texts: &[&str], keep: Option<usize>) -> Values {
        let mut levels: Vec<String> = Vec::new();
        let codes = texts
            .iter()
            .map(|text| {
                levels.iter().position(|level| level == text).unwrap_or_else(|| {
                    levels.push((*text).to_owned());
                    levels.len() - 1
                }) as u32
            })
            .collect();
        let cells = Cells::Levels { codes, levels, keep };
        Values::Table(vec![TableColumn { name: "c".to_owned(), mutable: true, cells }])
    }

    #[test]
    fn levels_are_sorted_and_one_unseen_in_training_gives_an_empty_block() {
        let encoded = encode(&levels(&["b", "a", "b", "z"], None), &parts(&[0, 1], &[2, 3]));
        let names: Vec<&str> = encoded.features.iter().map(|feature| feature.name.as_str()).collect();
        assert_eq!(names, ["c=a", "c=b"]);
        assert_eq!(encoded.train, [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(encoded.test, [0.0, 1.0, 0.0, 0.0]);
        assert!(encoded.features.iter().all(|f| f.domain == Domain::OneHot(0) && !f.mutable));
    }

    #[test]
    fn rare_levels_share_one_column_and_unseen_ones_join_them() {
        let encoded = encode(&levels(&["b", "b", "a", "c", "z"], Some(1)), &parts(&[0, 1, 2, 3], &[4]));
        let names: Vec<&str> = encoded.features.iter().map(|feature| feature.name.as_str()).collect();
        assert_eq!(names, ["c=b", "c=other"]);
        assert_eq!(encoded.test, [0.0, 1.0]);
    }
}
