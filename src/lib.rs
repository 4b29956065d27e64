//! Equipoise measures what security costs in safety, and the other way round.
//!
//! It trains small models at varying adversarial-training strength, measures
//! safety and security on the same rows, computes the Pareto front between
//! them with its uncertainty, and draws it.
//!
//! The modules below are listed lowest first: a module may use those above it
//! and never those below. `tests/it/architecture.rs` reads the sources and
//! enforces it.

// 0 words: plain values; no tensors, no command line.
pub mod error;
pub mod words;
pub mod toml_errors;
pub mod files;
pub mod simd;
pub mod numeric;
pub mod seed;
pub mod bounded;
pub mod measure;
pub mod requirement;
pub mod evidence;
// 1 making: knows tensors.
pub mod data;
pub mod models;
pub mod losses;
pub mod attacks;
pub mod bounds;
pub mod training;
pub mod probes;
// 2 judging: pure functions of numbers; no files, no tensors, no training.
pub mod stats;
pub mod metrics;
pub mod points;
pub mod pareto;
pub mod rules;
pub mod gate;
// 3 doing.
pub mod experiment;
pub mod run;
// 4 telling: reads values only.
pub mod report;
// 5 asking.
pub mod cli;

pub use error::{Error, Result};
