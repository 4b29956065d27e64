//! How close the engine comes to this machine's limit, measured in the same run.
//!
//! The limit is a loop of fused multiply-adds on registers alone, in the same instruction set. Only necessary
//! operations count (`Workload::operations`), so loading, noise, losses, steps, projections, the optimizer and all
//! bookkeeping show as loss; in convolutions the taps on the border count too, as they are computed.
//!
//! Passes are the fastest of many short rounds; cells, sweeps and growth the median of rounds after a warm-up, the limit
//! being measured beside each; the largest limit of the run counts, so that a busy machine flatters nothing. Cells are processor time of their thread, sweeps wall-clock time.
//!
//! ```text
//! cargo bench --bench peak                    everything
//! cargo bench --bench peak -- kernels         forward, input gradient and weight gradient alone
//! cargo bench --bench peak -- cells [a64 …]   whole cells, one thread
//! cargo bench --bench peak -- sweep [a64 …]   eight cells on two threads, against the limit of two threads
//! cargo bench --bench peak -- linear          cost over rows and over steps
//! cargo bench --bench peak -- fashion         60,000 rows of Fashion-MNIST's shape, PGD-7, 10 epochs
//! EXECUTABLE time a64 [--cells 8 --threads 2] one measurement as a line of JSON, for scripts
//! ```
//!
//! `EQUIPOISE_SIMD=avx2` measures another instruction set.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod workloads;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};
use equipoise::data::Shape;
use equipoise::models::EngineKind::Fused;
use equipoise::models::{Architecture, Block, LANES, Parameters, build};
use equipoise::seed::Seed;
use equipoise::simd::{InstructionSet, Simd, Task};
use workloads::{Kind, NAMES, Workload, multiply_adds};

/// Multiply-adds on registers alone, in so many rounds.
struct Peak(usize);

impl Task for Peak {
    /// Multiply-adds of a round.
    type Output = usize;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiled for the instruction set")]
    fn run<S: Simd>(self, s: S) -> usize {
        // Independent chains: four pipes with a latency of four cycles need 16, two need 8; no more than registers hold.
        if S::REGISTERS > 16 { self.chains::<S, 24>(s) } else { self.chains::<S, 12>(s) }
    }
}

impl Peak {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiled for the instruction set")]
    fn chains<S: Simd, const N: usize>(self, s: S) -> usize {
        let (factor, summand) = (s.splat(black_box(0.5)), s.splat(black_box(1.0)));
        let mut chains = [s.splat(0.0); N];
        for _ in 0..self.0 {
            for chain in &mut chains {
                *chain = s.fma(*chain, factor, summand);
            }
        }
        let mut out = [0.0; 16];
        for chain in chains {
            let sum = s.add(chain, s.load(&out));
            s.store(sum, &mut out);
        }
        black_box(out[0]);
        N * S::LANES
    }
}

/// 10⁹ operations per second of the register-only loop on one thread: the best of short rounds, for about 20 ms.
fn peak(set: InstructionSet) -> f64 {
    let rounds = if set.name() == "portable" { 2_000 } else { 10_000 };
    let (mut best, mut multiply_adds) = (Duration::MAX, 0);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(20) {
        let start = Instant::now();
        multiply_adds = set.run(Peak(black_box(rounds)));
        best = best.min(start.elapsed());
    }
    (2 * rounds * multiply_adds) as f64 / best.as_secs_f64() / 1e9
}

/// The largest [`peak`] of this process so far: a busy machine slows the limit too, and must not flatter a fraction.
fn limit(set: InstructionSet) -> f64 {
    static BEST: AtomicU64 = AtomicU64::new(0);
    // Positive numbers are in the order of their bits.
    let now = peak(set).to_bits();
    f64::from_bits(BEST.fetch_max(now, Ordering::Relaxed).max(now))
}

/// [`peak`] on `threads` threads at once, summed.
fn peak_of(set: InstructionSet, threads: usize) -> f64 {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let each = |_| {
            scope.spawn(|| {
                barrier.wait();
                peak(set)
            })
        };
        let threads: Vec<_> = (0..threads).map(each).collect();
        threads.into_iter().map(|thread| thread.join().expect("the loop ends")).sum()
    })
}

/// Processor time of the calling thread so far, in seconds, where the system tells it.
#[allow(clippy::unnecessary_wraps, reason = "not every system tells it")]
fn processor_seconds() -> Option<f64> {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
    }
    #[cfg(not(unix))]
    None
}

/// Seconds of one cell on this thread: processor time, or wall-clock time where only that is known.
fn seconds(workload: &Workload) -> f64 {
    let (before, start) = (processor_seconds(), Instant::now());
    workload.run(0);
    let after = processor_seconds();
    before.zip(after).map_or_else(|| start.elapsed().as_secs_f64(), |(before, after)| after - before)
}

/// Wall-clock time of `cells` cells on `threads` threads, which take the next cell when they are done with one.
fn time(workload: &Workload, cells: usize, threads: usize) -> Duration {
    let (next, barrier) = (AtomicUsize::new(0), Barrier::new(threads));
    let work = || {
        barrier.wait();
        let start = Instant::now();
        loop {
            let cell = next.fetch_add(1, Ordering::Relaxed);
            if cell >= cells {
                return start.elapsed();
            }
            workload.run(cell as u64);
        }
    };
    if threads == 1 {
        return work();
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("the cells end well")).max()
    })
    .expect("at least one thread")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Rounds of measurements for `seconds`, at least three; each returns a number.
fn rounds(seconds: f64, mut round: impl FnMut() -> f64) -> Vec<f64> {
    let begin = Instant::now();
    let mut values = Vec::new();
    while values.len() < 3 || begin.elapsed().as_secs_f64() < seconds {
        values.push(round());
    }
    values
}

fn cells(set: InstructionSet, names: &[&str]) {
    println!("\nwhole cells, {}, one thread", set.name());
    println!(
        "{:<36}{:>8}{:>10}{:>8}{:>8}{:>10}{:>8}",
        "", "GFLOP", "seconds", "GF/s", "limit", "fraction", "best"
    );
    for name in names {
        let workload = Workload::named(name).expect("a known name");
        workload.run(0);
        let times = rounds(3.0, || {
            limit(set);
            seconds(&workload)
        });
        let limit = limit(set);
        let fractions: Vec<f64> =
            times.iter().map(|time| workload.operations() / time / 1e9 / limit).collect();
        let seconds = median(times);
        println!(
            "{:<36}{:>8.1}{seconds:>10.4}{:>8.1}{:>8.1}{:>9.1}%{:>7.1}%",
            format!("{:<5}{}", workload.name, workload.what),
            workload.operations() / 1e9,
            workload.operations() / seconds / 1e9,
            limit,
            100.0 * median(fractions.clone()),
            100.0 * fractions.iter().fold(0.0, |best: f64, fraction| best.max(*fraction))
        );
    }
}

/// Eight cells on two threads: how much faster than one after the other, against how much faster two threads multiply and add.
fn sweep(set: InstructionSet, names: &[&str]) {
    const CELLS: usize = 8;
    println!("\n{CELLS} cells on two threads, {}", set.name());
    println!(
        "{:<36}{:>11}{:>11}{:>10}{:>10}{:>8}",
        "", "1 thread s", "2 threads", "speed-up", "limit's", "ratio"
    );
    for name in names {
        let workload = Workload::named(name).expect("a known name");
        workload.run(0);
        let (mut alone, mut together, mut gains, mut limits) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let ratios = rounds(6.0, || {
            let before = peak_of(set, 2) / peak_of(set, 1);
            let one = time(&workload, CELLS, 1).as_secs_f64();
            let two = time(&workload, CELLS, 2).as_secs_f64();
            let limit = f64::midpoint(before, peak_of(set, 2) / peak_of(set, 1));
            alone.push(one);
            together.push(two);
            gains.push(one / two);
            limits.push(limit);
            one / two / limit
        });
        println!(
            "{:<36}{:>11.3}{:>11.3}{:>10.3}{:>10.3}{:>8.3}",
            format!("{:<5}{}", workload.name, workload.what),
            median(alone),
            median(together),
            median(gains),
            median(limits),
            median(ratios)
        );
    }
}

/// Cost over rows and over steps; the last column is the power of growth between neighbors (1 is linear).
fn linear(set: InstructionSet) {
    println!(
        "\ncost over rows and steps, MLP 64-128-128-10, one epoch of training, batch 64, {}",
        set.name()
    );
    println!("{:>8}{:>8}{:>10}{:>16}{:>10}", "rows", "steps", "seconds", "us/row/step", "power");
    let one = |rows: usize, steps: usize| {
        let architecture = Architecture::mlp(Shape::Flat(64), 10, &[128, 128]);
        let kind = Kind::Training { epochs: 1, batch: 64 };
        let workload = Workload::new("linear", "", architecture, rows, steps, kind);
        workload.run(0);
        (median(rounds(0.5, || seconds(&workload))), workload.operations())
    };
    let report = |settings: &[(usize, usize)]| {
        let mut before: Option<(f64, f64)> = None;
        for &(rows, steps) in settings {
            let (seconds, operations) = one(rows, steps);
            let power = before.map_or(String::new(), |(time, work)| {
                format!("{:.3}", libm::log(seconds / time) / libm::log(operations / work))
            });
            let each = seconds / (rows * steps) as f64 * 1e6;
            println!("{rows:>8}{steps:>8}{seconds:>10.4}{each:>16.4}{power:>10}");
            before = Some((seconds, operations));
        }
    };
    report(&[1, 2, 4, 8, 16, 32, 64].map(|thousands| (thousands * 1000, 10)));
    report(&[5, 10, 20, 40, 80].map(|steps| (4000, steps)));
}

/// The work of a full Fashion-MNIST cell. Its rows are synthetic.
fn fashion(set: InstructionSet) {
    let image = Shape::Image { channels: 1, height: 28, width: 28 };
    let architecture = Architecture::mlp(image, 10, &[256, 256]);
    let kind = Kind::Training { epochs: 10, batch: 128 };
    let workload = Workload::new("fashion", "", architecture, 60_000, 7, kind);
    limit(set);
    let seconds = seconds(&workload);
    let limit = limit(set);
    println!(
        "\nMLP 784-256-256-10, 60,000 rows, PGD-7, 10 epochs, {}, one thread: {:.2} minutes, {:.1} % of the limit",
        set.name(),
        seconds / 60.0,
        100.0 * workload.operations() / seconds / 1e9 / limit
    );
}

/// The engine's passes alone, on blocks that stay in cache: the fastest of many short rounds.
fn kernels(set: InstructionSet) {
    println!(
        "\npasses, {}, one thread; attack: forward + input gradient; train: load + forward + weight gradient",
        set.name()
    );
    println!("{:<8}{:>12}{:>18}{:>10}{:>18}{:>10}", "", "limit GF/s", "attack GF/s", "", "train GF/s", "");
    for name in ["a64", "a128", "b", "c", "d"] {
        let workload = Workload::named(name).expect("a known name");
        let Kind::Training { batch, .. } = workload.kind else { continue };
        let architecture = &workload.architecture;
        let parameters = Parameters::init(architecture, Seed(0));
        let mut network = build(Fused, architecture, &parameters).expect("the instruction set is there");
        let (inputs, classes) = (architecture.inputs(), architecture.classes());
        let mut stream = Seed(1).stream("bench");
        let mut x = Block::new(inputs);
        let mut d_logits = Block::new(classes);
        for block in [&mut x, &mut d_logits] {
            block.set_rows(LANES);
            block.data_mut().iter_mut().for_each(|v| *v = stream.uniform_in(-1.0, 1.0));
        }
        let (mut logits, mut d_x) = (Block::new(classes), Block::new(inputs));
        let mut into = Parameters::zeros(architecture);
        let (all, first) = multiply_adds(architecture);
        // Rounds of about half a millisecond.
        let repeats = (12_000_000 / (all * LANES * 2)).max(1);
        limit(set);
        let attack = fastest(|| {
            for _ in 0..repeats {
                network.forward(&x, &mut logits);
                network.input_gradient(&d_logits, &mut d_x);
            }
        });
        let train = fastest(|| {
            for _ in 0..repeats.div_ceil(batch / LANES) {
                network.load(&parameters);
                for _ in 0..batch / LANES {
                    network.forward(&x, &mut logits);
                    network.weight_gradient(&x, &d_logits, &mut into);
                }
            }
        });
        let limit = limit(set);
        let rate = |operations: usize, time: Duration| operations as f64 / time.as_secs_f64() / 1e9;
        let attack = rate(repeats * LANES * 2 * 2 * all, attack);
        let train = rate(repeats.div_ceil(batch / LANES) * batch * 2 * (3 * all - first), train);
        println!(
            "{name:<8}{limit:>12.1}{attack:>18.1}{:>9.1}%{train:>18.1}{:>9.1}%",
            100.0 * attack / limit,
            100.0 * train / limit
        );
    }
}

fn fastest(mut work: impl FnMut()) -> Duration {
    work();
    let each = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..400).map(each).min().expect("at least one round")
}

/// One measurement after a warm-up, as a line of JSON.
fn measure(set: InstructionSet, name: &str, cells: usize, threads: usize) {
    let workload = Workload::named(name).expect("clap knows the names");
    workload.run(0);
    let before = peak_of(set, threads);
    let before_cells = processor_seconds();
    let wall = time(&workload, cells, threads).as_secs_f64();
    let on_this_thread = processor_seconds().zip(before_cells).map(|(after, before)| after - before);
    let line = serde_json::json!({
        "workload": workload.name,
        "cells": cells,
        "threads": threads,
        "cpu_seconds": if threads == 1 { on_this_thread } else { None },
        "wall_seconds": wall,
        "gflop": workload.operations() * cells as f64 / 1e9,
        "peak_gflops": before.max(peak_of(set, threads)),
        "instruction_set": set.name(),
    });
    println!("{line}");
}

/// How close the engine comes to this machine's limit.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Cargo says so.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum What {
    /// Forward pass, input gradient and weight gradient alone
    Kernels,
    /// Whole cells on one thread
    Cells {
        /// All without
        #[arg(value_parser = PossibleValuesParser::new(NAMES))]
        workloads: Vec<String>,
    },
    /// Eight cells on two threads
    Sweep {
        /// All without
        #[arg(value_parser = PossibleValuesParser::new(SWEPT))]
        workloads: Vec<String>,
    },
    /// Cost over rows and over steps
    Linear,
    /// 60,000 rows of Fashion-MNIST's shape
    Fashion,
    /// One measurement as a line of JSON
    Time {
        #[arg(value_parser = PossibleValuesParser::new(NAMES))]
        workload: String,
        #[arg(long, default_value = "1")]
        cells: NonZeroUsize,
        #[arg(long, default_value = "1")]
        threads: NonZeroUsize,
    },
}

/// Workloads that are swept.
const SWEPT: [&str; 4] = ["a64", "b", "c", "d"];

fn or_all<'a>(chosen: &'a [String], all: &[&'a str]) -> Vec<&'a str> {
    if chosen.is_empty() { all.to_vec() } else { chosen.iter().map(String::as_str).collect() }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let set = match InstructionSet::chosen() {
        Ok(set) => set,
        Err(error) => {
            println!("{error}");
            return ExitCode::from(2);
        }
    };
    match &arguments.what {
        Some(What::Kernels) => kernels(set),
        Some(What::Cells { workloads }) => cells(set, &or_all(workloads, &NAMES)),
        Some(What::Sweep { workloads }) => sweep(set, &or_all(workloads, &SWEPT)),
        Some(What::Linear) => linear(set),
        Some(What::Fashion) => fashion(set),
        Some(What::Time { workload, cells, threads }) => measure(set, workload, cells.get(), threads.get()),
        None => {
            kernels(set);
            cells(set, &NAMES);
            sweep(set, &SWEPT);
            linear(set);
            fashion(set);
        }
    }
    ExitCode::SUCCESS
}
