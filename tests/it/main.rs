//! The one integration-test binary: every further one would link everything again.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod data;
mod data_errors;
mod data_generators;
mod fetch;
mod shared;
