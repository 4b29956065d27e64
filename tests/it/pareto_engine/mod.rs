//! The Pareto engine against brute force, hand-worked cases, published check values and another library.

mod attained;
mod edges;
mod generator;
mod knees;
mod oracle;
mod peer;
mod properties;
mod volumes;
