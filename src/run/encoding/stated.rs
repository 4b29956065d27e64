//! Clean outputs of an imported model, with probabilities beside them where somebody stated these in the place of logits.

use super::Bundle;
use crate::error::Result;
use crate::evidence::Outputs;

/// The array of probabilities in a file of clean outputs.
const PROBABILITIES: &str = "probabilities";

/// Clean outputs as bytes, to be read like those of any other model; `probabilities` are `n × classes`.
///
/// # Errors
///
/// Only on a defect of this program.
pub(in crate::run) fn encode_stated(outputs: &Outputs, probabilities: Option<&[f64]>) -> Result<Vec<u8>> {
    let mut bundle = Bundle::default();
    bundle.put_outputs("", outputs);
    if let Some(probabilities) = probabilities {
        let rows = outputs.predictions.len();
        let shape = [rows, probabilities.len().checked_div(rows).unwrap_or(0)];
        bundle.put_f64(PROBABILITIES.to_owned(), &shape, probabilities);
    }
    bundle.encode("clean", &())
}

/// The probabilities in a file of clean outputs, where there are any.
///
/// # Errors
///
/// When the bytes are damaged.
pub(in crate::run) fn decode_probabilities(bytes: &[u8]) -> Result<Option<Vec<f64>>> {
    let (mut bundle, ()) = Bundle::decode("clean", bytes)?;
    if bundle.arrays.contains_key(PROBABILITIES) { bundle.get_f64(PROBABILITIES).map(Some) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::super::decode_clean;
    use super::*;

    #[test]
    fn probabilities_stand_beside_outputs_that_read_as_always() {
        let outputs = Outputs { predictions: vec![1, 0], logits: Vec::new() };
        let stated = [0.25, 0.75, 1.0, 0.0];
        let bytes = encode_stated(&outputs, Some(&stated)).unwrap();
        assert_eq!(decode_clean(&bytes).unwrap(), outputs);
        assert_eq!(decode_probabilities(&bytes).unwrap(), Some(stated.to_vec()));
        let bytes = encode_stated(&outputs, None).unwrap();
        assert_eq!(decode_probabilities(&bytes).unwrap(), None);
    }
}
