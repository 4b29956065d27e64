//! How close the fused engine comes to this machine's limit, measured in the same run.
//!
//! The limit is a loop of fused multiply-adds on registers alone, one thread, in the same instruction set.
//! Only necessary operations count (a multiply-add is two): an attack step is a forward pass and an input
//! gradient, a training step a load, a forward pass, the hidden gradients and the weight gradients.
//! Every figure is the fastest of many short rounds, so that other work on the machine disturbs little.
//!
//! `cargo bench --bench kernels`; `EQUIPOISE_SIMD=avx2 cargo bench --bench kernels` for another instruction set, and a word such as `cnn` for the
//! workloads whose name contains it.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use equipoise::data::Shape;
use equipoise::models::EngineKind::Fused;
use equipoise::models::{Architecture, Block, LANES, Layer, Parameters, build};
use equipoise::seed::Seed;
use equipoise::simd::{InstructionSet, Simd, Task};

/// Independent chains: more than any processor needs to hide the latency of a multiply-add.
const CHAINS: usize = 12;
const ROUNDS: usize = 400;

struct Peak(usize);

impl Task for Peak {
    type Output = f32;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiled for the instruction set")]
    fn run<S: Simd>(self, s: S) -> f32 {
        let (factor, summand) = (s.splat(black_box(0.5)), s.splat(black_box(1.0)));
        let mut chains = [s.splat(0.0); CHAINS];
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
        out[0]
    }
}

/// Lanes of a vector of the chosen instruction set.
struct Lanes;

impl Task for Lanes {
    type Output = usize;

    fn run<S: Simd>(self, _: S) -> usize {
        S::LANES
    }
}

fn fastest(mut work: impl FnMut()) -> Duration {
    work();
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .min()
        .expect("at least one round")
}

/// 10⁹ operations per second of the register-only loop.
fn peak(set: InstructionSet) -> f64 {
    let steps = if set.name() == "portable" { 2_000 } else { 20_000 };
    let time = fastest(|| {
        black_box(set.run(Peak(steps)));
    });
    (2 * steps * CHAINS * set.run(Lanes)) as f64 / time.as_secs_f64() / 1e9
}

/// Multiply-adds per row of a forward pass, and those of the first layer.
fn multiply_adds(architecture: &Architecture) -> (usize, usize) {
    let each = |layer: &Layer| match *layer {
        Layer::Linear { inputs, outputs, .. } => inputs * outputs,
        Layer::ConvPool { inputs, outputs, height, width } => inputs * outputs * 9 * height * width,
    };
    (architecture.layers().iter().map(each).sum(), each(&architecture.layers()[0]))
}

fn main() {
    let set = InstructionSet::chosen().expect("EQUIPOISE_SIMD names a set of this machine");
    let image = Shape::Image { channels: 1, height: 28, width: 28 };
    let workloads = [
        ("a64  64-128-128-10", Architecture::mlp(Shape::Flat(64), 10, &[128, 128]), 64),
        ("a128 64-128-128-10", Architecture::mlp(Shape::Flat(64), 10, &[128, 128]), 128),
        ("b    784-256-256-10", Architecture::mlp(image, 10, &[256, 256]), 128),
        ("c    cnn 16-32-128-10", Architecture::cnn(image, 10, &[16, 32], &[128]), 128),
        ("d    100-64-64-2", Architecture::mlp(Shape::Flat(100), 2, &[64, 64]), 256),
    ];
    println!("instruction set {}, one thread; % of the register-only multiply-add peak", set.name());
    println!("{:<24}{:>12}{:>18}{:>10}{:>18}{:>10}", "", "peak GF/s", "attack GF/s", "", "train GF/s", "");
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    for (name, architecture, batch) in workloads.iter().filter(|workload| workload.0.contains(&filter)) {
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
        let peak_before = peak(set);
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
        let peak = peak_before.max(peak(set));
        let rate = |operations: usize, time: Duration| operations as f64 / time.as_secs_f64() / 1e9;
        let attack = rate(repeats * LANES * 2 * 2 * all, attack);
        let train = rate(repeats.div_ceil(batch / LANES) * batch * 2 * (3 * all - first), train);
        println!(
            "{name:<24}{peak:>12.1}{attack:>18.1}{:>9.1}%{train:>18.1}{:>9.1}%",
            100.0 * attack / peak,
            100.0 * train / peak
        );
    }
}
