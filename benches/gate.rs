//! How often the gate alarms, by simulation: `cargo bench --bench gate [-- REPLICATIONS] [margin]`; `margin`: what is about the default margin alone.
//!
//! No confirmation: at margin 0 the level where nothing changed, against the highest that so many seeds attain at or below the nominal one; and the power at two
//! changes, at margin 0 and at the default one, beside how often what did not change alarms there. The curves are those of the reference sheet: 8 strengths, noise with standard deviation 0.015. BENCHMARKS.md has a table.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "its product is what it prints")]

#[path = "../tests/it/gating/simulation.rs"]
mod simulation;

use equipoise::gate::DEFAULT_MARGIN;
use equipoise::stats;
use rayon::prelude::*;
use simulation::{Change, Simulation};

fn main() {
    let asked = std::env::args().filter_map(|word| word.parse().ok()).next_back();
    let replications: u64 = asked.unwrap_or(2000);
    let rate = |simulation: Simulation, alpha: f64| {
        let failed =
            (0..replications).into_par_iter().filter(|number| simulation.fails(*number, alpha)).count();
        failed as f64 / replications as f64
    };
    let all = std::env::args().all(|word| word != "margin");
    println!(
        "{replications} replications, 16 numbers, hypervolume and epsilon, no confirmation; margin 0 but where said\n"
    );
    if all {
        level(&rate, replications);
    }
    println!(
        "power at level 0.01           seeds  correlation  alarms   at margin {DEFAULT_MARGIN}   the sheet's max-T"
    );
    for (name, change, sheet) in [
        ("-0.02 everywhere", Change::Everywhere(0.02), [0.998, 0.64, 0.99]),
        ("one point -0.04", Change::OnePoint(0.04), [1.0, 0.82, 1.0]),
    ] {
        for ((seeds, correlation), sheet) in [(10, 0.7), (10, 0.0), (20, 0.0)].into_iter().zip(sheet) {
            let at = |margin| rate(Simulation { seeds, correlation, change, margin }, 0.01);
            let found = if all { format!("{:.4}", at(0.0)) } else { "-".to_owned() };
            let within = at(DEFAULT_MARGIN);
            println!("{name:29} {seeds:5}  {correlation:11}  {found:>6}   {within:15.4}   {sheet}");
        }
    }
    println!("\nnothing changed, margin {DEFAULT_MARGIN}  seeds  correlation  nominal  alarms");
    for (seeds, correlation) in [(7, 0.7), (10, 0.0), (10, 0.7)] {
        let simulation = Simulation { seeds, correlation, change: Change::None, margin: DEFAULT_MARGIN };
        let found = rate(simulation, 0.05);
        println!("{:29} {seeds:5}  {correlation:11}  {:7}  {found:6.4}", "", 0.05);
    }
}

/// The level at margin 0, against what so many seeds attain.
fn level(rate: &impl Fn(Simulation, f64) -> f64, replications: u64) {
    println!(
        "level, nothing changed        seeds  correlation  nominal  attainable  alarms  standard errors off"
    );
    let mut worst: f64 = 0.0;
    for (seeds, correlation) in [(7, 0.7), (10, 0.0), (10, 0.7), (20, 0.7)] {
        for alpha in [0.05, 0.01] {
            let found = rate(Simulation { seeds, correlation, change: Change::None, margin: 0.0 }, alpha);
            let attainable = stats::attainable(alpha, seeds);
            let error = (attainable * (1.0 - attainable) / replications as f64).sqrt();
            let off = (found - attainable) / error;
            worst = worst.max(off.abs());
            println!(
                "{:29} {seeds:5}  {correlation:11}  {alpha:7}  {attainable:10.4}  {found:6.4}  {off:+19.1}",
                ""
            );
        }
    }
    println!("largest distance: {worst:.1} standard errors\n");
}
