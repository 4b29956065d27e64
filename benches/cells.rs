//! Criterion benches of whole cells: training and evaluation as a run does them, from weights to result.
//!
//! Throughput is in necessary floating-point operations ("elements" are operations).
//! `cargo bench --bench cells`; `benches/peak.rs` sets the same cells against the machine's limit.

mod workloads;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use equipoise::data::Shape;
use equipoise::models::Architecture;
use workloads::{Kind, NAMES, Workload};

/// The workloads that are also compared with other software.
fn cells(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cells");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(6));
    for name in NAMES {
        let workload = Workload::named(name).expect("a known name");
        group.throughput(Throughput::Elements(workload.operations() as u64));
        group
            .bench_function(format!("{name}, {}", workload.what), |bencher| bencher.iter(|| workload.run(0)));
    }
}

/// One epoch over more and more rows, and with more and more steps: cost must grow in proportion.
fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("growth");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let settings =
        [(1_000, 10), (4_000, 10), (16_000, 10), (64_000, 10), (4_000, 5), (4_000, 20), (4_000, 80)];
    for (rows, steps) in settings {
        let architecture = Architecture::mlp(Shape::Flat(64), 10, &[128, 128]);
        let kind = Kind::Training { epochs: 1, batch: 64 };
        let workload = Workload::new("growth", "", architecture, rows, steps, kind);
        group.throughput(Throughput::Elements(workload.operations() as u64));
        let id = BenchmarkId::new(format!("{steps} steps"), format!("{rows} rows"));
        group.bench_function(id, |bencher| bencher.iter(|| workload.run(0)));
    }
}

criterion_group!(benches, cells, growth);
criterion_main!(benches);
