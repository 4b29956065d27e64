//! The gate: tests, verdicts, formats, and the commands `gate` and `baseline`.

mod confirming;
mod formats;
mod level;
mod life_cycle;
mod program;
pub(crate) mod schema;
mod simulation;
mod verdicts;

pub(crate) use program::{prepared, rewrite};
