//! What is said under distribution shift, as files.

use serde::{Deserialize, Serialize};

use super::Bundle;
use crate::error::Result;
use crate::evidence::{LabelShift, OodFacts, Shift, ShiftFacts, TableFacts};

#[derive(Serialize, Deserialize)]
struct ShiftHeader {
    /// (corruption, severity).
    corrupted: Vec<(String, u8)>,
    /// (severity, factor).
    reweighted: Vec<(u8, f64)>,
    /// (set, near, rows).
    ood: Vec<(String, bool, usize)>,
    /// Names of other tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tables: Vec<String>,
}

/// What is said under distribution shift, as bytes; `rows` is the number of rows of every set without classes.
///
/// # Errors
///
/// Only on a defect of this program.
pub(in crate::run) fn encode_shift(shift: &Shift, rows: usize) -> Result<Vec<u8>> {
    let mut bundle = Bundle::default();
    for (index, facts) in shift.corrupted.iter().enumerate() {
        let n = facts.predictions.len();
        bundle.put_u16(format!("corrupted/{index}/predictions"), &[n], &facts.predictions);
    }
    for (index, facts) in shift.ood.iter().enumerate() {
        let classes = facts.logits.len().checked_div(rows).unwrap_or(0);
        bundle.put_f32(format!("ood/{index}/logits"), &[rows, classes], &facts.logits);
    }
    for (index, facts) in shift.tables.iter().enumerate() {
        let n = facts.predictions.len();
        bundle.put_u16(format!("tables/{index}/labels"), &[n], &facts.labels);
        bundle.put_u16(format!("tables/{index}/predictions"), &[n], &facts.predictions);
    }
    let header = ShiftHeader {
        corrupted: shift.corrupted.iter().map(|facts| (facts.shift.clone(), facts.severity)).collect(),
        reweighted: shift.reweighted.iter().map(|shift| (shift.severity, shift.factor)).collect(),
        ood: shift.ood.iter().map(|facts| (facts.set.clone(), facts.near, rows)).collect(),
        tables: shift.tables.iter().map(|facts| facts.name.clone()).collect(),
    };
    bundle.encode("shift", &header)
}

/// What is said under distribution shift, from bytes.
///
/// # Errors
///
/// When the bytes are damaged.
pub(in crate::run) fn decode_shift(bytes: &[u8]) -> Result<Shift> {
    let (mut bundle, header): (_, ShiftHeader) = Bundle::decode("shift", bytes)?;
    let mut shift = Shift::default();
    for (index, (name, severity)) in header.corrupted.into_iter().enumerate() {
        shift.corrupted.push(ShiftFacts {
            shift: name,
            severity,
            predictions: bundle.get_u16(&format!("corrupted/{index}/predictions"))?,
        });
    }
    shift.reweighted =
        header.reweighted.into_iter().map(|(severity, factor)| LabelShift { severity, factor }).collect();
    for (index, (set, near, _)) in header.ood.into_iter().enumerate() {
        shift.ood.push(OodFacts { set, near, logits: bundle.get_f32(&format!("ood/{index}/logits"))? });
    }
    for (index, name) in header.tables.into_iter().enumerate() {
        let mut get = |what: &str| bundle.get_u16(&format!("tables/{index}/{what}"));
        shift.tables.push(TableFacts { name, labels: get("labels")?, predictions: get("predictions")? });
    }
    Ok(shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_read_back_as_written() {
        let shift = Shift {
            corrupted: vec![ShiftFacts { shift: "haze".to_owned(), severity: 3, predictions: vec![1, 0, 9] }],
            reweighted: vec![LabelShift { severity: 1, factor: 0.1 + 0.2 }],
            ood: vec![OodFacts { set: "mnist".to_owned(), near: true, logits: vec![0.25, -1.0, 3.0, 4.0] }],
            tables: vec![TableFacts {
                name: "2019".to_owned(),
                labels: vec![1, 0, 1],
                predictions: vec![0, 0, 1],
            }],
            company: None,
        };
        let bytes = encode_shift(&shift, 2).unwrap();
        assert_eq!(decode_shift(&bytes).unwrap(), shift);
        assert_eq!(encode_shift(&shift, 2).unwrap(), bytes);
        assert!(super::super::decode_clean(&bytes).is_err(), "one kind of evidence is not read as another");
        assert_eq!(decode_shift(&encode_shift(&Shift::default(), 0).unwrap()).unwrap(), Shift::default());
    }
}
