//! Criterion benches of what an attack step and a training step are made of.
//!
//! Throughput is in necessary floating-point operations where a pass is one ("elements" are operations), else in rows.
//! `cargo bench --bench kernels`; `benches/peak.rs` sets the same passes against the machine's limit.

mod workloads;

use std::hint::black_box;

use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use equipoise::losses::Loss;
use equipoise::models::{Block, EngineKind, LANES, Parameters, build};
use equipoise::seed::Seed;
use equipoise::training::{Optimizer, OptimizerSpec};
use workloads::{Workload, multiply_adds};

/// A full block of numbers in `[low, 1]`.
fn block(features: usize, low: f32) -> Block {
    let mut stream = Seed(1).stream("bench/block");
    let mut block = Block::new(features);
    block.set_rows(LANES);
    block.data_mut().iter_mut().for_each(|value| *value = stream.uniform_in(low, 1.0));
    block
}

/// Forward pass, input gradient, weight gradient and taking over weights, for each architecture and engine.
fn passes(criterion: &mut Criterion) {
    for name in ["a64", "b", "c", "d"] {
        let workload = Workload::named(name).expect("a known name");
        let mut group = criterion.benchmark_group(format!("passes/{name}"));
        passes_of(&mut group, &workload, EngineKind::Fused, "fused");
        // The reference engine, for comparison; its convolutions take too long for a bench.
        if name != "c" {
            passes_of(&mut group, &workload, EngineKind::Candle, "candle");
        }
    }
}

fn passes_of(group: &mut BenchmarkGroup<'_, WallTime>, workload: &Workload, kind: EngineKind, engine: &str) {
    let architecture = &workload.architecture;
    let parameters = Parameters::init(architecture, Seed(0));
    let mut network = build(kind, architecture, &parameters).expect("the instruction set is there");
    let (x, d_logits) = (block(architecture.inputs(), 0.0), block(architecture.classes(), -1.0));
    let (mut logits, mut d_x) = (Block::new(architecture.classes()), Block::new(architecture.inputs()));
    let mut gradient = Parameters::zeros(architecture);
    let (all, first) = multiply_adds(architecture);
    let operations = |multiply_adds: usize| Throughput::Elements((2 * multiply_adds * LANES) as u64);
    network.forward(&x, &mut logits);
    group.throughput(operations(all));
    group.bench_function(format!("{engine}/forward"), |bencher| {
        bencher.iter(|| network.forward(black_box(&x), &mut logits));
    });
    group.bench_function(format!("{engine}/input gradient"), |bencher| {
        bencher.iter(|| network.input_gradient(black_box(&d_logits), &mut d_x));
    });
    group.throughput(operations(2 * all - first));
    group.bench_function(format!("{engine}/weight gradient"), |bencher| {
        bencher.iter(|| network.weight_gradient(&x, black_box(&d_logits), &mut gradient));
    });
    group.throughput(Throughput::Elements(parameters.values().len() as u64));
    group.bench_function(format!("{engine}/load"), |bencher| {
        bencher.iter(|| network.load(black_box(&parameters)));
    });
}

/// What is no pass: the loss an attack climbs, the loss trained on, the update of the weights, random starts.
fn the_rest(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rest");
    let (logits, mut d_logits) = (block(10, -1.0), Block::new(10));
    let (labels, mut values) = ([3_u16; LANES], [0.0; LANES]);
    group.throughput(Throughput::Elements(LANES as u64));
    group.bench_function("cross-entropy, climbed", |bencher| {
        bencher.iter(|| Loss::CrossEntropy.climb(black_box(&logits), &labels, &mut values, &mut d_logits));
    });
    group.bench_function("cross-entropy, trained on", |bencher| {
        bencher.iter(|| Loss::CrossEntropy.evaluate(black_box(&logits), &labels, &mut values, &mut d_logits));
    });
    let streams = Seed(0).streams("bench/starts");
    let rows: Vec<u32> = (0..LANES as u32).collect();
    let mut draws = vec![[0.0; LANES]; 64];
    group.bench_function("64 draws per row", |bencher| {
        bencher.iter(|| streams.uniforms(black_box(&rows), 0, &mut draws));
    });
    let workload = Workload::named("a64").expect("a known name");
    let mut parameters = Parameters::init(&workload.architecture, Seed(0));
    let gradient = parameters.clone();
    let count = parameters.values().len();
    let mut adam = Optimizer::new(OptimizerSpec::default(), count);
    group.throughput(Throughput::Elements(count as u64));
    group.bench_function("Adam", |bencher| {
        // A step leaves zeros behind: every one gets a gradient of its own.
        bencher.iter_batched_ref(
            || gradient.clone(),
            |gradient| adam.step(parameters.values_mut(), gradient.values_mut(), LANES, 1.0),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, passes, the_rest);
criterion_main!(benches);
