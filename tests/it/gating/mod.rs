//! The gate: tests, verdicts, formats, and the commands `gate` and `baseline`.

mod confirming;
mod formats;
mod level;
mod life_cycle;
mod program;
mod schema;
mod simulation;
mod verdicts;
