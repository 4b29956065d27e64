//! Interval bounds and their gradients against a plain double-precision form, and the schedule.

use super::Settings;
use super::intervals::Intervals;
use crate::data::Shape;
use crate::losses::Loss;
use crate::models::{Architecture, Block, LANES, Layer, Parameters};
use crate::seed::{Seed, Stream};
use crate::simd::InstructionSet;

/// The largest `z_j − z_y` by the textbook form `W⁺ l + W⁻ u`, in double precision, plainly; and their cross-entropy.
fn reference(
    architecture: &Architecture,
    weights: &[Vec<f64>],
    low: &[f32],
    high: &[f32],
    label: usize,
) -> (Vec<f64>, f64) {
    let mut ends: Vec<(f64, f64)> =
        low.iter().zip(high).map(|(l, h)| (f64::from(*l), f64::from(*h))).collect();
    let low_of = |w: f64, (l, h): (f64, f64)| if w > 0.0 { w * l } else { w * h };
    let high_of = |w: f64, (l, h): (f64, f64)| if w > 0.0 { w * h } else { w * l };
    for (index, layer) in architecture.layers().iter().enumerate() {
        let (weight, bias) = (&weights[2 * index], &weights[2 * index + 1]);
        match *layer {
            Layer::Linear { inputs, outputs, relu: true } => {
                ends = (0..outputs)
                    .map(|o| {
                        let row = &weight[o * inputs..][..inputs];
                        let sum = |of: &dyn Fn(f64, (f64, f64)) -> f64| {
                            bias[o] + row.iter().zip(&ends).map(|(w, ends)| of(*w, *ends)).sum::<f64>()
                        };
                        (sum(&low_of).max(0.0), sum(&high_of).max(0.0))
                    })
                    .collect();
            }
            Layer::Linear { inputs, outputs, relu: false } => {
                let row = |class: usize| &weight[class * inputs..][..inputs];
                let worst: Vec<f64> = (0..outputs)
                    .map(|j| {
                        let differences = row(j).iter().zip(row(label)).map(|(other, own)| other - own);
                        let terms = differences.zip(&ends).map(|(w, ends)| high_of(w, *ends));
                        bias[j] - bias[label] + terms.sum::<f64>()
                    })
                    .collect();
                let loss = libm::log(worst.iter().map(|z| libm::exp(*z)).sum::<f64>());
                return (worst, loss);
            }
            Layer::ConvPool { inputs, outputs, height, width } => {
                let at = |o: usize, y: usize, x: usize, of: &dyn Fn(f64, (f64, f64)) -> f64| {
                    let mut sum = bias[o];
                    for (i, ky, kx) in (0..inputs * 9).map(|t| (t / 9, t % 9 / 3, t % 3)) {
                        let (row, column) = (y + ky, x + kx);
                        if (1..=height).contains(&row) && (1..=width).contains(&column) {
                            let from = ends[(i * height + row - 1) * width + column - 1];
                            sum += of(weight[(o * inputs + i) * 9 + ky * 3 + kx], from);
                        }
                    }
                    sum
                };
                let mut pooled = Vec::new();
                for (o, y, x) in (0..outputs).flat_map(|o| {
                    (0..height / 2).flat_map(move |y| (0..width / 2).map(move |x| (o, 2 * y, 2 * x)))
                }) {
                    let top = |of: &dyn Fn(f64, (f64, f64)) -> f64| {
                        let window = [(0, 0), (0, 1), (1, 0), (1, 1)];
                        window.iter().fold(0.0, |top: f64, (a, b)| top.max(at(o, y + a, x + b, of)))
                    };
                    pooled.push((top(&low_of), top(&high_of)));
                }
                ends = pooled;
            }
        }
    }
    unreachable!("the last layer has no ReLU")
}

struct Case {
    architecture: Architecture,
    parameters: Parameters,
    low: Vec<f32>,
    high: Vec<f32>,
    labels: [u16; LANES],
}

const ROWS: usize = 3;

/// A dense and a convolutional model, whose widths fill register tiles and do not.
fn cases() -> Vec<Case> {
    let image = Shape::Image { channels: 2, height: 5, width: 6 };
    let dense = Architecture::mlp(image, 4, &[7, 5]);
    let convolutional = Architecture::cnn(image, 4, &[5, 6], &[5]);
    let case = |architecture: Architecture| {
        let parameters = Parameters::init(&architecture, Seed(3));
        let mut stream = Seed(4).stream("rows");
        let low: Vec<f32> = (0..ROWS * architecture.inputs()).map(|_| stream.uniform()).collect();
        let high = low.iter().map(|low| low + 0.2 * stream.uniform()).collect();
        Case { architecture, parameters, low, high, labels: std::array::from_fn(|lane| lane as u16 % 4) }
    };
    [dense, convolutional].map(case).into()
}

/// Worst logits, loss and gradient; after a full block, whose numbers must not be seen again.
fn found(case: &Case, set: InstructionSet) -> (Block, f64, Parameters) {
    let (features, classes) = (case.architecture.inputs(), case.architecture.classes());
    let mut intervals = Intervals::new(&case.architecture, set);
    intervals.load(&case.parameters);
    let (mut low, mut high, mut worst) = (Block::new(features), Block::new(features), Block::new(classes));
    let (mut values, mut d_worst) = ([0.0; LANES], Block::new(classes));
    let mut gradient = Parameters::zeros(&case.architecture);
    let mut stream = Seed(5).stream("noise");
    let noise = |stream: &mut Stream| (0..features).map(|_| stream.uniform()).collect::<Vec<f32>>();
    let others: Vec<Vec<f32>> = (0..LANES).map(|_| noise(&mut stream)).collect();
    let mut loss = 0.0;
    for pass in 0..2 {
        if pass == 0 {
            low.gather(others.iter().map(Vec::as_slice));
            high.gather(others.iter().map(Vec::as_slice));
        } else {
            low.gather(case.low.chunks_exact(features));
            high.gather(case.high.chunks_exact(features));
        }
        gradient.values_mut().fill(0.0);
        intervals.forward(&low, &high, &case.labels, &mut worst);
        Loss::CrossEntropy.evaluate(&worst, &case.labels, &mut values, &mut d_worst);
        intervals.backward(&d_worst, &case.labels, &mut gradient);
        loss = values[..ROWS].iter().map(|value| f64::from(*value)).sum();
    }
    (worst, loss, gradient)
}

/// Single precision against differences of double precision; 10⁻⁵ is a hundred roundings of the largest slopes, which are about 1.
#[test]
fn bounds_and_gradients_are_the_textbooks() {
    for case in cases() {
        let (worst, loss, gradient) = found(&case, InstructionSet::chosen_or_portable());
        let features = case.architecture.inputs();
        let mut weights: Vec<Vec<f64>> = (0..case.parameters.specs().len())
            .map(|index| case.parameters.tensor(index).iter().map(|w| f64::from(*w)).collect())
            .collect();
        let total = |weights: &[Vec<f64>]| {
            (0..ROWS)
                .map(|row| {
                    let span = row * features..(row + 1) * features;
                    let (low, high) = (&case.low[span.clone()], &case.high[span]);
                    reference(&case.architecture, weights, low, high, usize::from(case.labels[row]))
                })
                .collect::<Vec<_>>()
        };
        let expected = total(&weights);
        for (row, (margins, _)) in expected.iter().enumerate() {
            for (class, margin) in margins.iter().enumerate() {
                assert!((f64::from(worst.get(class, row)) - margin).abs() < 1e-5);
            }
        }
        let sum = |rows: &[(Vec<f64>, f64)]| rows.iter().map(|row| row.1).sum::<f64>();
        assert!((loss - sum(&expected)).abs() < 1e-5);
        let mut steep = 0;
        for index in 0..weights.len() {
            for place in 0..weights[index].len() {
                let at = weights[index][place];
                let mut loss_at = |weight: f64| {
                    weights[index][place] = weight;
                    sum(&total(&weights))
                };
                let slope = (loss_at(at + 1e-6) - loss_at(at - 1e-6)) / 2e-6;
                weights[index][place] = at;
                let found = f64::from(gradient.tensor(index)[place]);
                assert!((found - slope).abs() < 1e-5, "tensor {index}, {place}: {found}, not {slope}");
                steep += usize::from(slope.abs() > 1e-2);
            }
        }
        assert!(steep > 50, "only {steep} slopes");
    }
}

#[test]
fn every_instruction_set_gives_the_same_bytes() {
    for case in cases() {
        let bits = |set: InstructionSet| {
            let (worst, loss, gradient) = found(&case, set);
            let worst = (0..4).flat_map(|class| worst.feature(class)[..ROWS].to_vec());
            let numbers: Vec<u32> =
                worst.chain(gradient.values().iter().copied()).map(f32::to_bits).collect();
            (loss.to_bits(), numbers)
        };
        let portable = bits(InstructionSet::named("portable").unwrap());
        for set in InstructionSet::available() {
            assert!(bits(set) == portable, "{}", set.name());
        }
    }
}

/// By hand: of 100 epochs the first is plain, and after 61 the bounds are all there; half-way is at 31.
#[test]
fn bounds_enter_along_the_schedule() {
    let settings = Settings { kappa: 0.5, start: 0.01, ramp: 0.6 };
    for (done, expected) in [(0.0, 0.0), (0.01, 0.0), (0.31, 0.5), (0.61, 1.0), (1.0, 1.0)] {
        assert!((settings.share(done) - expected).abs() < 1e-12, "{done}");
    }
}
