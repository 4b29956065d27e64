//! How fast the Pareto engine is on points that any language makes, on one thread.
//!
//! Times are the least of several runs, of the processor, around the library's call alone: checking the costs is part of it, making them is not.
//!
//! ```text
//! cargo bench --bench pareto                      a table, about a minute
//! cargo bench --bench pareto -- small             10,000 hypervolumes of eight points, in one memory
//! cargo bench --bench pareto -- memory OP SHAPE D N    what one call adds to the largest size of the process
//! EXECUTABLE serve                                answers lines `OP SHAPE D N` with a line of JSON each, for benches/peers/pareto.py
//! ```

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

use equipoise::pareto::Costs;
use equipoise::pareto::filter::{self, Ties};
use equipoise::pareto::indicators::{additive_epsilon, igd_plus, r2_exact};
use equipoise::pareto::volume::{BUDGET, Fronts, contributions, hypervolume};

const SHAPES: [&str; 3] = ["random", "concave", "convex"];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve"] => serve(),
        ["small"] => small(),
        ["memory", what @ ..] => memory(what),
        _ => table(),
    }
}

/// Draw `i` of SplitMix64 as a counter stream.
fn draw(seed: u64, i: u64) -> f64 {
    let mut z = seed.wrapping_add((i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// `n × d` costs in the unit cube, on the sphere, or one minus that.
fn points(shape: &str, d: usize, n: usize, seed: u64) -> Vec<f64> {
    let mut points = Vec::with_capacity(n * d);
    let mut i = 0;
    let mut u = vec![0.0; d];
    while points.len() < n * d {
        for x in &mut u {
            *x = draw(seed, i);
            i += 1;
        }
        let s = u[1..].iter().fold(u[0] * u[0], |s, x| s + x * x);
        let accepted = s > 0.0 && s <= 1.0 && u.iter().all(|x| *x > 0.0);
        match shape {
            "random" => points.extend(&u),
            _ if !accepted => {}
            "concave" => points.extend(u.iter().map(|x| x / s.sqrt())),
            _ => points.extend(u.iter().map(|x| 1.0 - x / s.sqrt())),
        }
    }
    points
}

/// One operation on two sets of points; a number that tells whether it was right.
fn once(operation: &str, values: &[f64], others: &[f64], d: usize) -> f64 {
    let costs = Costs::new(values, d).expect("made of numbers");
    let other = || Costs::new(others, d).expect("made of numbers");
    let reference = vec![1.1; d];
    match operation {
        "nd" => filter::nondominated(&costs, Ties::Keep).len() as f64,
        "rank" => filter::ranks(&costs).into_iter().max().unwrap_or(0) as f64,
        "hv" => hypervolume(&costs, &reference, BUDGET).expect("within the budget"),
        "contributions" => contributions(&costs, &reference, BUDGET).expect("within the budget").iter().sum(),
        "epsilon" => additive_epsilon(&costs, &other()).expect("two sets"),
        "igd_plus" => igd_plus(&costs, &other()).expect("two sets"),
        "r2" => r2_exact(&costs, &[0.0, 0.0]).expect("two axes"),
        _ => panic!("no operation `{operation}`"),
    }
}

/// Processor time of this thread, so that neighbors count less; wall-clock time where that is not to be had.
fn milliseconds(work: impl FnOnce() -> f64) -> (f64, f64) {
    let (wall, start) = (Instant::now(), processor_seconds());
    let value = black_box(work());
    let seconds = match (start, processor_seconds()) {
        (Some(start), Some(end)) => end - start,
        _ => wall.elapsed().as_secs_f64(),
    };
    (seconds * 1e3, value)
}

#[cfg_attr(unix, allow(clippy::unnecessary_wraps, reason = "elsewhere there is none"))]
fn processor_seconds() -> Option<f64> {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
    }
    #[cfg(not(unix))]
    None
}

/// Answers until the input ends; points are kept for the next line about the same.
fn serve() {
    let mut made: Option<(String, Vec<f64>, Vec<f64>)> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[operation, shape, d, n] = words.as_slice() else { panic!("`{line}` is not OP SHAPE D N") };
        let (d, n): (usize, usize) = (d.parse().expect("a number"), n.parse().expect("a number"));
        let name = format!("{shape} {d} {n}");
        if made.as_ref().is_none_or(|made| made.0 != name) {
            let seed = 1000 + d as u64;
            made = Some((name, points(shape, d, n, seed), points(shape, d, n, seed + 77)));
        }
        let Some((_, values, others)) = &made else { unreachable!("made above") };
        let (milliseconds, value) = milliseconds(|| once(operation, black_box(values), others, d));
        println!("{{\"ms\": {milliseconds}, \"value\": {value}}}");
        std::io::stdout().flush().expect("a reader");
    }
}

fn table() {
    small();
    println!("{:<14}{:<9}{:>2}{:>9}{:>12}  value", "", "", "d", "n", "ms");
    for (operation, dimensions, sizes) in [
        ("nd", 2..=3, [10_000, 100_000, 1_000_000]),
        ("nd", 4..=6, [1000, 10_000, 100_000]),
        ("rank", 2..=4, [1000, 10_000, 100_000]),
        ("hv", 2..=3, [10_000, 100_000, 1_000_000]),
        ("hv", 4..=4, [1000, 10_000, 100_000]),
        ("hv", 5..=5, [100, 1000, 10_000]),
        ("hv", 6..=6, [10, 100, 1000]),
        ("contributions", 2..=4, [100, 1000, 10_000]),
        ("epsilon", 2..=3, [1000, 10_000, 100_000]),
        ("igd_plus", 2..=3, [1000, 10_000, 100_000]),
        ("r2", 2..=2, [1000, 10_000, 100_000]),
    ] {
        for d in dimensions {
            for shape in SHAPES {
                for n in sizes {
                    let seed = 1000 + d as u64;
                    let (values, others) = (points(shape, d, n, seed), points(shape, d, n, seed + 77));
                    let runs = (0..5).map(|_| milliseconds(|| once(operation, &values, &others, d)));
                    let (least, value) =
                        runs.fold((f64::INFINITY, 0.0), |(least, _), (ms, value)| (ms.min(least), value));
                    println!("{operation:<14}{shape:<9}{d:>2}{n:>9}{least:>12.3}  {value:.12}");
                }
            }
        }
    }
}

fn small() {
    let values = points("concave", 2, 80_000, 1002);
    let mut fronts = Fronts::new(2);
    let mut all = || {
        values.chunks_exact(16).fold(0.0, |sum, front| {
            fronts.clear();
            front.chunks_exact(2).for_each(|costs| fronts.push(costs));
            sum + fronts.hypervolume(&[1.1, 1.1])
        })
    };
    let mut runs: Vec<f64> = (0..201).map(|_| milliseconds(&mut all).0).collect();
    runs.sort_by(f64::total_cmp);
    println!(
        "10,000 hypervolumes of 8 points in 2-D: {:.3} ms at best, {:.3} ms in the median of 201 runs",
        runs[0], runs[100]
    );
}

/// Linux: the largest size so far stands in `/proc/self/status`.
fn memory(what: &[&str]) {
    let &[operation, shape, d, n] = what else { panic!("memory OP SHAPE D N") };
    let (d, n): (usize, usize) = (d.parse().expect("a number"), n.parse().expect("a number"));
    let values = points(shape, d, n, 1000 + d as u64);
    let others = if ["epsilon", "igd_plus"].contains(&operation) {
        points(shape, d, n, 1077 + d as u64)
    } else {
        Vec::new()
    };
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
    };
    let before = peak();
    black_box(once(operation, &values, &others, d));
    let points = (values.len() + others.len()) as f64 * 8.0 / f64::from(1 << 20);
    println!("{operation} {shape} {d} {n}: {:.1} MiB beside {points:.1} MiB of points", peak() - before);
}
