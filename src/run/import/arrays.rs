//! Named arrays from a file that somebody else wrote: NumPy's `.npz`, or safetensors. Strict: what is not a plain array of numbers is refused.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use npyz::{DType, NpyFile, NpyHeader, Order, TypeChar};
use safetensors::{Dtype, SafeTensors};

use crate::error::{Error, Result, did_you_mean};

/// The arrays of one file, each to be taken once.
#[derive(Debug)]
pub(super) struct Arrays {
    held: BTreeMap<String, Array>,
    /// Every name asked for, to be named where an array has another one.
    asked: Vec<String>,
}

/// One array, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) values: Values,
}

/// What an array holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    Flags(Vec<bool>),
    Integers(Vec<i64>),
    Floats(Vec<f64>),
}

impl Values {
    /// What the values are, for people.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Flags(_) => "true or false",
            Self::Integers(_) => "integers",
            Self::Floats(_) => "floating-point numbers",
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Flags(values) => values.len(),
            Self::Integers(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }

    /// The same in another order: `from[i]` stands at place `i`.
    fn picked(&self, from: &[usize]) -> Self {
        match self {
            Self::Flags(values) => Self::Flags(from.iter().map(|at| values[*at]).collect()),
            Self::Integers(values) => Self::Integers(from.iter().map(|at| values[*at]).collect()),
            Self::Floats(values) => Self::Floats(from.iter().map(|at| values[*at]).collect()),
        }
    }
}

impl Arrays {
    /// Reads the arrays in `bytes`, the content of the file at `path`.
    ///
    /// # Errors
    ///
    /// When the file is of neither kind, damaged, or holds an array of something else than numbers and flags.
    pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Self> {
        let extension = path.extension().map(|text| text.to_string_lossy().to_ascii_lowercase());
        let held = match extension.as_deref() {
            Some("npz") => npz(bytes)?,
            Some("safetensors") => tensors(bytes)?,
            _ => {
                return Err(Error::input("arrays are read from `.npz` and `.safetensors` files")
                    .help("write them with `numpy.savez` or `safetensors.numpy.save_file`"));
            }
        };
        Ok(Self { held, asked: Vec::new() })
    }

    /// The array called `name`, where there is one.
    pub(super) fn take(&mut self, name: &str) -> Option<Array> {
        self.asked.push(name.to_owned());
        self.held.remove(name)
    }

    /// The array called `name`.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub(super) fn need(&mut self, name: &str, why: &str) -> Result<Array> {
        let found = self.take(name);
        found.ok_or_else(|| self.missing(name, why))
    }

    /// That there is no array `name`, and why there must be.
    pub(super) fn missing(&self, name: &str, why: &str) -> Error {
        let near =
            did_you_mean(name, self.held.keys().map(String::as_str)).replace("did you mean", "is it called");
        Error::input(format!("there is no array `{name}`{near}")).help(why)
    }

    /// # Errors
    ///
    /// Where an array was left that nobody asked for: most likely its name is misspelled, and something is missing.
    pub(super) fn done(self) -> Result<()> {
        let Some(name) = self.held.keys().next() else { return Ok(()) };
        let hint = did_you_mean(name, self.asked.iter().map(String::as_str));
        let mut asked = self.asked.clone();
        asked.sort_unstable();
        asked.dedup();
        Err(Error::input(format!("array `{name}` means nothing here{hint}"))
            .help(format!("leave it out; arrays that mean something are `{}`", asked.join("`, `"))))
    }
}

fn npz(bytes: &[u8]) -> Result<BTreeMap<String, Array>> {
    let damaged = |error: &dyn std::fmt::Display| {
        Error::input(format!("it is no whole `.npz` file: {error}")).help("write it again with `numpy.savez`")
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let mut all = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| damaged(&error))?;
        let file = entry.name().map_err(|error| damaged(&error))?.into_owned();
        let Some(name) = file.strip_suffix(".npy").map(str::to_owned) else {
            return Err(damaged(&format!("it holds `{file}`, which is no array")));
        };
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| damaged(&format!("`{file}`: {error}")))?;
        let array = npy(&content).map_err(|error| error.context(format!("array `{name}`")))?;
        if all.insert(name.clone(), array).is_some() {
            return Err(damaged(&format!("it holds `{name}` twice")));
        }
    }
    Ok(all)
}

fn npy(bytes: &[u8]) -> Result<Array> {
    let damaged = |error: &dyn std::fmt::Display| Error::input(format!("it is damaged: {error}"));
    let mut rest = bytes;
    let header = NpyHeader::from_reader(&mut rest).map_err(|error| damaged(&error))?;
    let file = NpyFile::with_header(header, rest);
    let unfit = |kind: &DType| {
        Error::input(format!("it holds `{}`", kind.descr()))
            .help("write booleans, integers or floating-point numbers of up to 64 bits, such as with `.astype(\"f4\")`")
    };
    let kind = file.dtype();
    if kind.descr().contains("|O") {
        return Err(Error::input("it holds Python objects (dtype `object`)")
            .help("save it with a numeric dtype, such as with `.astype(\"f4\")`; rows of different lengths make objects, too"));
    }
    let DType::Plain(plain) = &kind else { return Err(unfit(&kind)) };
    let size = plain.num_bytes().unwrap_or(0);
    let shape: Vec<usize> = file.shape().iter().map(|length| *length as usize).collect();
    let numbers = shape.iter().try_fold(1_usize, |product, length| product.checked_mul(*length));
    if numbers.and_then(|numbers| numbers.checked_mul(size)) != Some(rest.len()) {
        return Err(damaged(&format!("{} bytes do not hold {shape:?} numbers of {size} bytes", rest.len())));
    }
    let order = file.order();
    let broken = |error: std::io::Error| damaged(&error);
    let wide = |values: Vec<i64>| Values::Integers(values);
    let values = match (plain.type_char(), size) {
        (TypeChar::Bool, 1) => Values::Flags(file.into_vec().map_err(broken)?),
        (TypeChar::Float, 4) => {
            Values::Floats(file.into_vec::<f32>().map_err(broken)?.into_iter().map(f64::from).collect())
        }
        (TypeChar::Float, 8) => Values::Floats(file.into_vec().map_err(broken)?),
        (TypeChar::Int, 1) => {
            wide(file.into_vec::<i8>().map_err(broken)?.into_iter().map(i64::from).collect())
        }
        (TypeChar::Int, 2) => {
            wide(file.into_vec::<i16>().map_err(broken)?.into_iter().map(i64::from).collect())
        }
        (TypeChar::Int, 4) => {
            wide(file.into_vec::<i32>().map_err(broken)?.into_iter().map(i64::from).collect())
        }
        (TypeChar::Int, 8) => wide(file.into_vec().map_err(broken)?),
        (TypeChar::Uint, 1) => {
            wide(file.into_vec::<u8>().map_err(broken)?.into_iter().map(i64::from).collect())
        }
        (TypeChar::Uint, 2) => {
            wide(file.into_vec::<u16>().map_err(broken)?.into_iter().map(i64::from).collect())
        }
        (TypeChar::Uint, 4) => {
            wide(file.into_vec::<u32>().map_err(broken)?.into_iter().map(i64::from).collect())
        }
        (TypeChar::Uint, 8) => wide(narrowed(&file.into_vec().map_err(broken)?)?),
        _ => return Err(unfit(&kind)),
    };
    let array = Array { shape, values };
    Ok(if order == Order::Fortran { array.turned() } else { array })
}

fn narrowed(values: &[u64]) -> Result<Vec<i64>> {
    let narrow = |value: &u64| {
        i64::try_from(*value)
            .map_err(|_| Error::input(format!("it holds {value}, which nothing here can be")))
    };
    values.iter().map(narrow).collect()
}

impl Array {
    /// Column-major values in row-major order.
    fn turned(self) -> Self {
        let mut strides = vec![1; self.shape.len()];
        for axis in 1..self.shape.len() {
            strides[axis] = strides[axis - 1] * self.shape[axis - 1];
        }
        let place = |mut at: usize| {
            let mut from = 0;
            for axis in (0..self.shape.len()).rev() {
                from += at % self.shape[axis] * strides[axis];
                at /= self.shape[axis];
            }
            from
        };
        let from: Vec<usize> = (0..self.values.len()).map(place).collect();
        Self { values: self.values.picked(&from), shape: self.shape }
    }
}

fn tensors(bytes: &[u8]) -> Result<BTreeMap<String, Array>> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        Error::input(format!("it is no whole safetensors file: {error}"))
            .help("write it again with `safetensors.numpy.save_file`")
    })?;
    let mut all = BTreeMap::new();
    for (name, tensor) in file.iter() {
        let data = tensor.data();
        macro_rules! numbers {
            ($type:ty) => {
                data.as_chunks::<{ size_of::<$type>() }>()
                    .0
                    .iter()
                    .map(|bytes| <$type>::from_le_bytes(*bytes))
            };
        }
        let values = match tensor.dtype() {
            Dtype::BOOL => Values::Flags(data.iter().map(|byte| *byte != 0).collect()),
            Dtype::F32 => Values::Floats(numbers!(f32).map(f64::from).collect()),
            Dtype::F64 => Values::Floats(numbers!(f64).collect()),
            Dtype::I8 => Values::Integers(numbers!(i8).map(i64::from).collect()),
            Dtype::I16 => Values::Integers(numbers!(i16).map(i64::from).collect()),
            Dtype::I32 => Values::Integers(numbers!(i32).map(i64::from).collect()),
            Dtype::I64 => Values::Integers(numbers!(i64).collect()),
            Dtype::U8 => Values::Integers(numbers!(u8).map(i64::from).collect()),
            Dtype::U16 => Values::Integers(numbers!(u16).map(i64::from).collect()),
            Dtype::U32 => Values::Integers(numbers!(u32).map(i64::from).collect()),
            Dtype::U64 => {
                let wide: Vec<u64> = numbers!(u64).collect();
                Values::Integers(narrowed(&wide).map_err(|error| error.context(format!("array `{name}`")))?)
            }
            other => {
                return Err(Error::input(format!("it holds {other:?}"))
                    .help("write booleans, integers or floating-point numbers of 32 or 64 bits")
                    .context(format!("array `{name}`")));
            }
        };
        all.insert(name.to_owned(), Array { shape: tensor.shape().to_vec(), values });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `.npy` file by the letter of NumPy's format description, version 1.0.
    fn written(kind: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
        let fortran = if fortran { "True" } else { "False" };
        let mut header = format!("{{'descr': '{kind}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        while (10 + header.len() + 1) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn both_orders_and_both_byte_orders_give_the_same_rows() {
        // [[1, 2, 3], [4, 5, 6]]
        let rows = Array { shape: vec![2, 3], values: Values::Integers(vec![1, 2, 3, 4, 5, 6]) };
        let plain: Vec<u8> = [1_i16, 2, 3, 4, 5, 6].iter().flat_map(|value| value.to_le_bytes()).collect();
        let turned: Vec<u8> = [1_i16, 4, 2, 5, 3, 6].iter().flat_map(|value| value.to_be_bytes()).collect();
        assert_eq!(npy(&written("<i2", false, "(2, 3)", &plain)).unwrap(), rows);
        assert_eq!(npy(&written(">i2", true, "(2, 3)", &turned)).unwrap(), rows);
    }

    #[test]
    fn what_is_no_plain_array_of_numbers_is_refused() {
        for (kind, shape, data, said) in [
            ("<U1", "(1,)", &[0_u8; 4][..], "it holds `'<U1'`"),
            ("<f4", "(2,)", &[0; 4], "4 bytes do not hold [2] numbers of 4 bytes"),
            ("<f4", "(1,)", &[0; 8], "8 bytes do not hold [1] numbers"),
            ("<c8", "(1,)", &[0; 8], "it holds `'<c8'`"),
            ("|O", "(2,)", b"a pickle of whatever", "it holds Python objects (dtype `object`)"),
            ("<u8", "(1,)", &[255; 8], "18446744073709551615"),
        ] {
            let message = npy(&written(kind, false, shape, data)).unwrap_err().to_string();
            assert!(message.contains(said), "{message}");
        }
        assert!(npy(b"\x93NUMPY").unwrap_err().to_string().contains("damaged"));
        assert!(npz(b"PK").unwrap_err().to_string().contains("numpy.savez"));
        assert!(tensors(b"").unwrap_err().to_string().contains("safetensors"));
    }
}
