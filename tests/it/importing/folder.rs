//! Folders for `equipoise import`, written in safetensors by the tests.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value as Json, json};

/// What an array holds.
#[derive(Debug, Clone)]
pub(super) enum Array {
    Flags(Vec<bool>),
    Integers(Vec<i64>),
    Singles(Vec<f32>),
    Floats(Vec<f64>),
}

/// Name, shape and content.
pub(super) type Named = (&'static str, Vec<usize>, Array);

/// A folder before it is written.
pub(super) struct Folder {
    pub(super) description: Json,
    /// Files in safetensors.
    files: BTreeMap<String, Vec<Named>>,
    /// Files as they are.
    plain: BTreeMap<String, Vec<u8>>,
}

impl Folder {
    /// One model on four test rows of two classes, right on all of them, under one attack that fells none.
    pub(super) fn of_two_classes() -> Self {
        let description = json!({
            "schema": 1,
            "name": "mine",
            "data": { "name": "rows", "classes": ["no", "yes"], "positive": "yes", "test": "facts.safetensors" },
            "attacks": [{ "name": "pgd", "norm": "l2", "epsilons": [0.5] }],
            "front": { "resamples": 100 },
            "cells": [{ "coordinates": { "defense": "mine" }, "seed": 0, "test": "a.safetensors" }],
        });
        let mut folder = Self { description, files: BTreeMap::new(), plain: BTreeMap::new() };
        folder.put("facts.safetensors", vec![("labels", vec![4], Array::Integers(vec![0, 1, 0, 1]))]);
        folder.put(
            "a.safetensors",
            vec![
                ("logits", vec![4, 2], Array::Singles(vec![1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.0, 4.0])),
                ("pgd/standing", vec![4], Array::Flags(vec![true; 4])),
            ],
        );
        folder
    }

    /// A folder that is there.
    pub(super) fn read(folder: &Path) -> Self {
        let mut plain = BTreeMap::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            plain.insert(name, std::fs::read(&path).unwrap());
        }
        let description = serde_json::from_slice(&plain.remove("import.json").unwrap()).unwrap();
        Self { description, files: BTreeMap::new(), plain }
    }

    /// Puts a file in place.
    pub(super) fn put(&mut self, file: &str, arrays: Vec<Named>) {
        self.files.insert(file.to_owned(), arrays);
    }

    /// Puts one array more into a file.
    pub(super) fn put_into(&mut self, file: &str, array: Named) {
        self.files.get_mut(file).unwrap().push(array);
    }

    /// Takes an array out of a file.
    pub(super) fn remove(&mut self, file: &str, name: &str) {
        let arrays = self.files.get_mut(file).unwrap();
        let before = arrays.len();
        arrays.retain(|(own, ..)| *own != name);
        assert_eq!(arrays.len() + 1, before, "{file} has no `{name}`");
    }

    /// Puts another array in the place of one.
    pub(super) fn replace(&mut self, file: &str, name: &str, array: Named) {
        self.remove(file, name);
        self.put_into(file, array);
    }

    /// Writes it.
    pub(super) fn write(&mut self, to: &Path) {
        let write = |name: &str, bytes: &[u8]| {
            equipoise::files::write_atomic(&to.join(name), bytes, None).unwrap();
        };
        write("import.json", self.description.to_string().as_bytes());
        for (name, bytes) in &self.plain {
            write(name, bytes);
        }
        for (name, arrays) in &self.files {
            let encoded: Vec<(Dtype, Vec<u8>)> = arrays.iter().map(|(_, _, array)| array.bytes()).collect();
            let views = arrays.iter().zip(&encoded).map(|((name, shape, _), (kind, bytes))| {
                ((*name).to_owned(), TensorView::new(*kind, shape.clone(), bytes).unwrap())
            });
            write(name, &safetensors::serialize(views, None).unwrap());
        }
    }
}

impl Array {
    fn bytes(&self) -> (Dtype, Vec<u8>) {
        match self {
            Self::Flags(values) => (Dtype::BOOL, values.iter().map(|value| u8::from(*value)).collect()),
            Self::Integers(values) => {
                (Dtype::I64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
            }
            Self::Singles(values) => {
                (Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect())
            }
            Self::Floats(values) => {
                (Dtype::F64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
            }
        }
    }
}
