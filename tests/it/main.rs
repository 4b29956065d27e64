//! The one integration-test binary: every further one would link everything again.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod allocations;
mod architecture;
mod attacking;
mod attacks;
mod bad_input;
mod bounds;
mod broken;
mod cards;
mod catalog;
mod chains;
mod certificates;
mod checks;
mod choosing;
mod commands;
mod configs;
mod conformance;
mod constrained;
mod crossed;
mod data;
mod disparity;
mod data_errors;
mod data_generators;
mod engine;
mod defenses;
mod escalation;
mod explanations;
mod fetch;
mod few_rows;
mod gating;
mod fronts;
mod ibp;
mod json_schema;
mod later;
mod importing;
mod metrics;
mod one_epoch;
mod pareto;
mod picking;
mod pareto_engine;
mod planted;
mod points;
mod problems;
mod program;
mod ranges;
mod reference_scores;
mod reliability;
mod report;
mod reporting;
mod scores;
mod scoring;
mod scoring_bad_files;
mod scoring_caution;
mod scoring_formats;
mod sensitivity;
mod shared;
mod shift;
mod shift_metrics;
mod suites;
mod sweep;
mod training;
mod uncertain;

/// Counts allocations per thread, for the tests that promise none.
#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;
