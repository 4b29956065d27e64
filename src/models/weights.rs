//! Weights as safetensors files, under PyTorch's names and layouts.
//!
//! `linear1.weight` (out, in), `linear1.bias` (out), …; `conv1.weight` (out, in, 3, 3), `conv1.bias` (out), …;
//! the first dense layer after convolutions takes its input channel-major (C, H, W). Single precision only.

use std::fmt::Write;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::data::Shape;
use crate::error::{Error, Result};
use crate::models::{Architecture, Parameters, Spec};

/// The bytes of a safetensors file; the same parameters give the same bytes.
#[must_use]
pub fn to_safetensors(parameters: &Parameters) -> Vec<u8> {
    let tensors: Vec<(&str, &[usize], Vec<u8>)> = parameters
        .specs()
        .iter()
        .enumerate()
        .map(|(index, spec)| {
            let bytes = parameters.tensor(index).iter().flat_map(|value| value.to_le_bytes()).collect();
            (spec.name.as_str(), spec.shape.as_slice(), bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("four bytes per number");
        (*name, view)
    });
    safetensors::serialize(views, None).expect("names and shapes can be written")
}

/// The weights of a model of this architecture.
///
/// # Errors
///
/// When the bytes are no safetensors file, a tensor is missing, too many, of another shape or type, or holds a number that is not finite.
pub fn from_safetensors(bytes: &[u8], architecture: &Architecture) -> Result<Parameters> {
    let file = open(bytes)?;
    let mut parameters = Parameters::zeros(architecture);
    let specs = parameters.specs().to_vec();
    let mut names = file.names();
    names.sort_unstable();
    if let Some(stranger) = names.iter().find(|name| specs.iter().all(|spec| spec.name != **name)) {
        let expected: Vec<_> = specs.iter().map(|spec| spec.name.as_str()).collect();
        return Err(Error::input(format!("the model has no tensor `{stranger}`"))
            .help(format!("its tensors are: {}", expected.join(", "))));
    }
    for (index, spec) in specs.iter().enumerate() {
        let tensor = tensor(&file, &spec.name)?;
        if tensor.shape() != spec.shape {
            return Err(Error::input(format!(
                "tensor `{}` has shape {}, the model needs {}",
                spec.name,
                shape_text(tensor.shape()),
                shape_text(&spec.shape)
            )));
        }
        for (at, (value, bytes)) in
            parameters.tensor_mut(index).iter_mut().zip(tensor.data().as_chunks::<4>().0).enumerate()
        {
            *value = f32::from_le_bytes(*bytes);
            if !value.is_finite() {
                return Err(Error::input(format!("tensor `{}` holds {value} at position {at}", spec.name)));
            }
        }
    }
    Ok(parameters)
}

/// The architecture that these weights belong to, for rows of `shape`.
///
/// # Errors
///
/// When the bytes are no safetensors file, the layers do not follow one another, or do not fit `shape`.
pub fn infer(bytes: &[u8], shape: Shape) -> Result<Architecture> {
    let file = open(bytes)?;
    let widths = |layer: &str, dimensions: usize| -> Result<Vec<usize>> {
        let mut widths = Vec::new();
        while let Ok(weight) = file.tensor(&format!("{layer}{}.weight", widths.len() + 1)) {
            let found = weight.shape();
            if found.len() != dimensions {
                return Err(Error::input(format!(
                    "tensor `{layer}{}.weight` has shape {}, expected {dimensions} dimensions",
                    widths.len() + 1,
                    shape_text(found)
                )));
            }
            widths.push(found[0]);
        }
        Ok(widths)
    };
    let channels = widths("conv", 4)?;
    let mut hidden = widths("linear", 2)?;
    let Some(classes) = hidden.pop() else {
        let mut names = file.names();
        names.sort_unstable();
        return Err(Error::input("no tensor `linear1.weight`: not a model this tool knows").help(format!(
            "layers are linear1.weight, linear1.bias, …, after conv1.weight, conv1.bias, …; the file holds: {}",
            names.join(", ")
        )));
    };
    let spec = match (channels.is_empty(), hidden.is_empty()) {
        (true, true) => Spec::Logistic { weights: None },
        (true, false) => Spec::Mlp { hidden, weights: None },
        (false, _) => Spec::Cnn { channels, hidden, weights: None },
    };
    let architecture = spec.architecture(shape, classes)?;
    from_safetensors(bytes, &architecture)?;
    Ok(architecture)
}

fn open(bytes: &[u8]) -> Result<SafeTensors<'_>> {
    SafeTensors::deserialize(bytes)
        .map_err(|source| Error::input(source.to_string()).context("not a safetensors file"))
}

fn tensor<'a>(file: &SafeTensors<'a>, name: &str) -> Result<TensorView<'a>> {
    let tensor = file.tensor(name).map_err(|_| {
        let mut names = file.names();
        names.sort_unstable();
        Error::input(format!("there is no tensor `{name}`"))
            .help(format!("the file holds: {}", names.join(", ")))
    })?;
    if tensor.dtype() != Dtype::F32 {
        return Err(Error::input(format!("tensor `{name}` is {:?}", tensor.dtype()))
            .help("only single precision (F32) is read: convert the weights with .float() before saving"));
    }
    Ok(tensor)
}

/// `(10, 128)`
fn shape_text(shape: &[usize]) -> String {
    let mut text = String::from("(");
    for (index, size) in shape.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{separator}{size}");
    }
    text + ")"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    const IMAGE: Shape = Shape::Image { channels: 2, height: 5, width: 7 };

    #[test]
    fn weights_come_back_as_they_were_and_tell_their_architecture() {
        for architecture in [
            Architecture::logistic(IMAGE, 3),
            Architecture::mlp(IMAGE, 3, &[4, 5]),
            Architecture::cnn(IMAGE, 3, &[4, 2], &[6]),
            Architecture::cnn(IMAGE, 3, &[4], &[]),
        ] {
            let parameters = Parameters::init(&architecture, Seed(1));
            let bytes = to_safetensors(&parameters);
            assert_eq!(bytes, to_safetensors(&parameters.clone()));
            assert_eq!(from_safetensors(&bytes, &architecture).unwrap(), parameters);
            assert_eq!(infer(&bytes, IMAGE).unwrap(), architecture);
        }
    }

    fn refusal(bytes: &[u8], architecture: &Architecture) -> String {
        from_safetensors(bytes, architecture).unwrap_err().to_string()
    }

    #[test]
    fn a_file_that_does_not_fit_is_refused_with_the_reason() {
        let deep = Architecture::mlp(IMAGE, 3, &[4]);
        let flat = Architecture::logistic(IMAGE, 3);
        let mut parameters = Parameters::init(&deep, Seed(1));
        let bytes = to_safetensors(&parameters);
        assert!(refusal(&bytes, &flat).contains("no tensor `linear2.bias`"));
        let bytes_of_flat = to_safetensors(&Parameters::zeros(&flat));
        let message = refusal(&bytes_of_flat, &deep);
        assert!(message.contains("`linear1.weight` has shape (3, 70), the model needs (4, 70)"), "{message}");
        let wider = Architecture::mlp(IMAGE, 3, &[4, 4]);
        assert!(refusal(&bytes, &wider).contains("shape"), "{}", refusal(&bytes, &wider));
        assert!(refusal(b"nonsense", &flat).contains("not a safetensors file"));
        parameters.tensor_mut(1)[2] = f32::NAN;
        let message = refusal(&to_safetensors(&parameters), &deep);
        assert!(message.contains("`linear1.bias` holds NaN at position 2"), "{message}");
    }

    #[test]
    fn other_types_and_foreign_files_are_refused() {
        let flat = Architecture::logistic(Shape::Flat(2), 2);
        let file = |name: &str, dtype, shape: &[usize], bytes: &[u8]| {
            let view = TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
            safetensors::serialize([(name, view)], None).unwrap()
        };
        let half = file("linear1.weight", Dtype::F16, &[2, 2], &[0; 8]);
        assert!(refusal(&half, &flat).contains("is F16"), "{}", refusal(&half, &flat));
        assert!(
            refusal(&file("linear1.bias", Dtype::F32, &[2], &[0; 8]), &flat)
                .contains("no tensor `linear1.weight`")
        );
        let foreign = file("fc.weight", Dtype::F32, &[2], &[0; 8]);
        let message = infer(&foreign, Shape::Flat(2)).unwrap_err().to_string();
        assert!(message.contains("the file holds: fc.weight"), "{message}");
    }
}
