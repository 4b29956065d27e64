//! The gate: tests, verdicts, formats, and the commands `gate` and `baseline`.

mod confirming;
mod formats;
mod interrupted;
mod level;
mod life_cycle;
mod losses;
mod program;
mod read_only;
pub(crate) mod schema;
mod simulation;
mod terms;
mod verdicts;

pub(crate) use program::{accepting, prepared, rewrite};
