use super::picture::Picture;
use super::*;
use crate::data::{self, Amount, Domain, Feature, Rules, Source, SplitSpec};
use crate::evidence::{Split, SplitFacts};

/// Rows of the digits, as an experiment has them.
pub(super) fn digits() -> Dataset {
    let source = Source::Dataset { name: "digits".to_owned(), manifest: None };
    let split = SplitSpec { test: Some(Amount::Rows(500)), ..SplitSpec::default() };
    data::load(&source, &split, std::path::Path::new("datasets")).unwrap()
}

fn feature(domain: Domain, (offset, scale): (f64, f64), (lower, upper): (f32, f32)) -> Feature {
    Feature { name: "f".to_owned(), domain, mutable: true, lower, upper, offset, scale }
}

fn dataset(shape: Shape, features: Vec<Feature>, x: &[f32]) -> Dataset {
    let n = x.len() / shape.features();
    let facts = |split| SplitFacts {
        split,
        rows: (0..n as u32).map(|row| 7 * row).collect(),
        labels: vec![0; n],
        classes: vec!["no".to_owned(), "yes".to_owned()],
        positive: None,
        attributes: Vec::new(),
        units: None,
    };
    let rows = |split, x: &[f32]| Rows { x: x.to_vec(), facts: Arc::new(facts(split)) };
    Dataset {
        name: "toy".to_owned(),
        fingerprint: String::new(),
        shape,
        features,
        rules: Rules::default(),
        classes: vec!["no".to_owned(), "yes".to_owned()],
        train: rows(Split::Train, x),
        validation: rows(Split::Validation, &[]),
        test: rows(Split::Test, x),
    }
}

/// Gray pictures of this size.
fn pictures(height: usize, width: usize, x: &[f32]) -> Dataset {
    let pixel = feature(Domain::Continuous, (0.0, 255.0), (0.0, 1.0));
    dataset(Shape::Image { channels: 1, height, width }, vec![pixel; height * width], x)
}

/// Rows of a number (native mean 10, deviation 2), a whole number (0 to 9) and a category of three.
pub(super) fn table() -> Dataset {
    let mut stream = Seed(11).stream("test");
    let whole = (4.5, 2.5);
    let mut x = Vec::new();
    for _ in 0..2000 {
        x.push(stream.normal() as f32);
        x.push(((stream.below(10) as f64 - whole.0) / whole.1) as f32);
        let member = stream.below(3);
        x.extend((0..3).map(|one| if one == member { 1.0_f32 } else { 0.0 }));
    }
    let category = feature(Domain::OneHot(0), (0.0, 1.0), (0.0, 1.0));
    let features = vec![
        feature(Domain::Continuous, (10.0, 2.0), (-4.0, 4.0)),
        feature(Domain::Integer, whole, (-1.8, 1.8)),
        category.clone(),
        category.clone(),
        category,
    ];
    dataset(Shape::Flat(5), features, &x)
}

fn after(word: &str, severity: u8, dataset: &Dataset) -> Vec<f32> {
    find(word).unwrap().corrupt(severity, dataset, &dataset.test).x
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-6, "{found:?}\n{expected:?}");
    }
}

/// Root mean square distance between rows.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let square: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b) * f64::from(a - b)).sum();
    libm::sqrt(square / a.len() as f64)
}

#[test]
fn there_are_eighteen_for_pictures_and_all_is_said_of_each() {
    let mut words: Vec<&str> = all().map(|corruption| corruption.word).collect();
    let pictures = all().filter(|corruption| corruption.about() == "pictures").count();
    assert_eq!((pictures, words.len()), (18, 22));
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), 22);
    assert!(all().all(|corruption| !corruption.what.is_empty() && !corruption.constants.is_empty()));
}

#[test]
fn severities_go_further_and_further_and_stay_in_the_box() {
    let (digits, table) = (digits(), table());
    let mut looked = 0;
    for dataset in [&digits, &table] {
        for corruption in all().filter(|one| one.suits(dataset.shape) && !one.is_label_shift()) {
            let mut before = 0.0;
            for severity in 1..=5 {
                let x = corruption.corrupt(severity, dataset, &dataset.test).x;
                let now = distance(&x, &dataset.test.x);
                assert!(now > before, "{} {severity}: {now} after {before}", corruption.word);
                before = now;
                if std::ptr::eq(dataset, &raw const digits) {
                    assert!(x.iter().all(|pixel| (0.0..=1.0).contains(pixel)), "{}", corruption.word);
                }
                looked += 1;
            }
        }
    }
    assert_eq!(looked, 5 * (18 + 3));
}

#[test]
fn a_row_is_corrupted_the_same_in_any_company() {
    let (digits, table) = (digits(), table());
    for dataset in [&digits, &table] {
        let d = dataset.shape.features();
        let chosen = [3_usize, 1, 400];
        let mut facts = (*dataset.test.facts).clone();
        facts.rows = chosen.iter().map(|row| dataset.test.facts.rows[*row]).collect();
        facts.labels = chosen.iter().map(|row| dataset.test.facts.labels[*row]).collect();
        let x = chosen.iter().flat_map(|row| dataset.test.row(*row)).copied().collect();
        let few = Rows { x, facts: Arc::new(facts) };
        for corruption in all().filter(|one| one.suits(dataset.shape)) {
            let whole = corruption.corrupt(2, dataset, &dataset.test);
            let alone = corruption.corrupt(2, dataset, &few);
            for (place, row) in chosen.iter().enumerate() {
                assert_eq!(alone.x[place * d..(place + 1) * d], *whole.row(*row), "{}", corruption.word);
            }
        }
    }
}

#[test]
fn rows_with_the_same_content_are_corrupted_in_different_ways_where_chance_is_in_it() {
    let two = pictures(8, 8, &[0.5; 128]);
    for word in ["gaussian-noise", "impulse-noise", "spatter", "occlusion", "haze"] {
        let x = after(word, 5, &two);
        assert_ne!(x[..64], x[64..], "{word}");
    }
}

fn moments(x: &[f32]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    (mean, x.iter().map(|x| (f64::from(*x) - mean) * (f64::from(*x) - mean)).sum::<f64>() / n)
}

/// Gray 0.5 and σ = 0.08: clipping is beyond six deviations. 40,000 pixels, 5 standard errors of mean and variance allowed.
#[test]
fn noise_has_the_moments_that_it_should() {
    let gray = pictures(20, 20, &vec![0.5; 40_000]);
    let near = |word: &str, severity: u8, variance: f64| {
        let (mean, found) = moments(&after(word, severity, &gray));
        assert!((mean - 0.5).abs() < 5.0 * libm::sqrt(variance / 40_000.0), "{word}: mean {mean}");
        assert!((found / variance - 1.0).abs() < 5.0 * libm::sqrt(2.0 / 40_000.0), "{word}: {found}");
    };
    near("gaussian-noise", 1, 0.08 * 0.08);
    near("speckle-noise", 1, 0.5 * 0.15 * 0.5 * 0.15);
    // Poisson of mean 30 over 60: variance 30 / 60².
    near("shot-noise", 1, 30.0 / 3600.0);
    let x = after("impulse-noise", 5, &gray);
    let share = |value: f32| x.iter().filter(|x| x.to_bits() == value.to_bits()).count() as f64 / 40_000.0;
    let error = 5.0 * libm::sqrt(0.135 * 0.865 / 40_000.0);
    assert!((share(0.0) - 0.135).abs() < error && (share(1.0) - 0.135).abs() < error);
    assert!((share(0.5) - 0.73).abs() < 2.0 * error);
}

/// e^−2 · 2^k / k! for k = 0 to 4.
#[test]
fn counts_of_photons_are_poisson() {
    let mut stream = Seed(1).stream("test");
    let mut counts = [0_u32; 5];
    for _ in 0..100_000 {
        let count = noise::poisson(2.0, &mut stream) as usize;
        if count < 5 {
            counts[count] += 1;
        }
    }
    for (count, p) in counts.iter().zip([0.135_335, 0.270_671, 0.270_671, 0.180_447, 0.090_224]) {
        let error = 5.0 * libm::sqrt(p * (1.0 - p) / 100_000.0);
        assert!((f64::from(*count) / 100_000.0 - p).abs() < error, "{counts:?}");
    }
    assert!(noise::poisson(0.0, &mut stream) < 0.5, "black stays black");
}

#[test]
fn blur_leaves_a_constant_picture_and_the_sum_of_a_dot() {
    let gray = pictures(8, 8, &[0.3; 64]);
    let mut dot = vec![0.0; 28 * 28];
    dot[14 * 28 + 13] = 1.0;
    let dot = pictures(28, 28, &dot);
    for word in
        ["gaussian-blur", "defocus-blur", "motion-blur", "zoom-blur", "glass-blur", "elastic", "pixelate"]
    {
        close(&after(word, 5, &gray), &[0.3; 64]);
    }
    for word in ["gaussian-blur", "defocus-blur", "motion-blur", "glass-blur", "pixelate"] {
        let x = after(word, 3, &dot);
        let sum: f64 = x.iter().map(|x| f64::from(*x)).sum();
        assert!((sum - 1.0).abs() < 1e-5 && x.iter().all(|x| *x < 0.9), "{word}: {sum}");
    }
}

/// Severity 5 at 25 pixels is σ = 3: of the weights e^(−k²/18), k = −12 to 12, whose sum is w = 7.519480, the middle one is 1 / w and
/// the next e^(−1/18) / w = 0.945959 / w.
#[test]
fn a_gaussian_blur_is_the_product_of_two() {
    let mut dot = vec![0.0; 625];
    dot[12 * 25 + 12] = 1.0;
    let x = after("gaussian-blur", 5, &pictures(25, 25, &dot));
    let w = 7.519_48_f32;
    for (at, expected) in [(312, 1.0), (313, 0.945_959), (287, 0.945_959), (338, 0.945_959 * 0.945_959)] {
        assert!((x[at] * w * w - expected).abs() < 1e-4, "{at}: {}", x[at] * w * w);
    }
}

/// Severity 1 at 8 pixels is a radius of 0.64. Of the 5 × 5 points of the middle pixel all lie within (√0.32 < 0.64), of each neighbor's the three at
/// 0.6 across and −0.2, 0, 0.2 along (0.36 + 0.04 < 0.4096); of diagonal ones none.
#[test]
fn a_disk_counts_pixels_by_the_share_that_lies_in_it() {
    let mut dot = vec![0.0; 64];
    dot[3 * 8 + 3] = 1.0;
    let x = after("defocus-blur", 1, &pictures(8, 8, &dot));
    let (middle, side) = (25.0 / 37.0, 3.0 / 37.0);
    let mut expected = vec![0.0; 64];
    for (at, value) in [(27, middle), (26, side), (28, side), (19, side), (35, side)] {
        expected[at] = value;
    }
    close(&x, &expected);
}

/// One row of three pixels: the middle is the middle of every zoom, and a zoom by f looks 1 / f to the right of it. Factors 1, 1.01, …, 1.1.
#[test]
fn a_zoom_looks_nearer_to_the_middle() {
    let x = after("zoom-blur", 1, &pictures(1, 3, &[0.0, 0.2, 1.0]));
    let inverse: f32 = (0..=10).map(|k| 1.0 / (1.0 + 0.01 * k as f32)).sum::<f32>() / 11.0;
    close(&x, &[0.2 - 0.2 * inverse, 0.2, 0.2 + 0.8 * inverse]);
}

#[test]
fn light_is_added_and_contrast_taken() {
    let x = vec![0.0, 0.2, 0.9, 0.5];
    close(&after("brightness", 3, &pictures(2, 2, &x)), &[0.3, 0.5, 1.0, 0.8]);
    // The mean is 0.4, and a tenth of the distance to it is left.
    close(&after("contrast", 4, &pictures(2, 2, &x)), &[0.36, 0.38, 0.45, 0.41]);
}

/// (0.3 + 0.5 · cloud) / 1.5, with a cloud that reaches from 0 to 1.
#[test]
fn haze_lies_between_none_and_a_full_cloud() {
    let x = after("haze", 2, &pictures(8, 8, &[0.3; 64]));
    let (least, most) = x.iter().fold((1.0_f32, 0.0_f32), |(l, m), x| (l.min(*x), m.max(*x)));
    assert!((least - 0.2).abs() < 1e-6 && (most - 0.8 / 1.5).abs() < 1e-6, "{least} {most}");
}

#[test]
fn covers_hide_as_much_as_they_should() {
    close(&after("spatter", 5, &pictures(8, 8, &[0.75; 64])), &[0.75; 64]);
    let (spattered, _) = moments(&after("spatter", 5, &pictures(28, 28, &vec![0.0; 28 * 28 * 50])));
    // 13 drops of mean area π E[r²] = π (0.1² + 0.04² / 3) of the frame, at most, as they overlap and hang over the edge.
    assert!((0.15..0.75 * 0.431).contains(&spattered), "{spattered}");
    for (severity, share) in [(1, 0.2), (4, 0.5), (5, 0.6)] {
        let (mean, _) = moments(&after("occlusion", severity, &pictures(8, 8, &[1.0; 64 * 10])));
        assert!((mean - (1.0 - share * share)).abs() < 1e-6, "{severity}: {mean}");
    }
}

#[test]
fn large_pixels_are_means_of_small_ones() {
    let x: Vec<f32> = (0..16).map(|at| at as f32 / 16.0).collect();
    // Blocks {0, 1, 4, 5}, {2, 3, 6, 7}, …: means 2.5, 4.5, 10.5, 12.5.
    let (a, b, c, d) = (2.5 / 16.0, 4.5 / 16.0, 10.5 / 16.0, 12.5 / 16.0);
    let expected = [a, a, b, b, a, a, b, b, c, c, d, d, c, c, d, d];
    close(&after("pixelate", 3, &pictures(4, 4, &x)), &expected);
    // Three pixels become two of one and a half, (0.1 + 0.2 / 2) / 1.5 and (0.2 / 2 + 0.7) / 1.5, and the middle one lies in both.
    let (left, right) = (0.2 / 1.5, 0.8 / 1.5);
    let expected = [left, 0.5 * left + 0.5 * right, right];
    close(&after("pixelate", 3, &pictures(1, 3, &[0.1, 0.2, 0.7])), &expected);
}

#[test]
fn a_right_angle_and_a_whole_step_move_pixels_to_pixels() {
    let mut x: Vec<f32> = (1..10).map(|at| at as f32 / 10.0).collect();
    let shape = Shape::Image { channels: 1, height: 3, width: 3 };
    geometry::turn(&mut Picture::new(&mut x, shape), 90.0);
    close(&x, &[0.3, 0.6, 0.9, 0.2, 0.5, 0.8, 0.1, 0.4, 0.7]);
    geometry::shift(&mut Picture::new(&mut x, shape), (1.0, 0.0));
    close(&x, &[0.0, 0.0, 0.0, 0.3, 0.6, 0.9, 0.2, 0.5, 0.8]);
    geometry::shift(&mut Picture::new(&mut x, shape), (0.0, -0.5));
    close(&x, &[0.0, 0.0, 0.0, 0.45, 0.75, 0.45, 0.35, 0.65, 0.4]);
}

/// On a ramp from left to right a displacement shows as a difference, on one from top to bottom too; both pictures have the same draws.
#[test]
fn elastic_displacements_have_the_root_mean_square_that_they_should() {
    let ramp = |down: bool| {
        let value = |at: usize| (if down { at / 28 } else { at % 28 }) as f32 / 27.0;
        pictures(28, 28, &(0..784).map(value).collect::<Vec<f32>>())
    };
    let moved = |down: bool| {
        let ramp = ramp(down);
        distance(&after("elastic", 3, &ramp), &ramp.test.x) * 27.0
    };
    let (down, right) = (moved(true), moved(false));
    let length = libm::sqrt(down * down + right * right);
    // What points beyond the edge shows the edge, which takes a little of it.
    assert!((0.8..=1.0).contains(&(length / (0.05 * 28.0))), "{length}");
}

#[test]
fn tables_keep_their_categories_and_whole_numbers() {
    let table = table();
    for word in ["column-noise", "column-missing", "column-scaling"] {
        let x = after(word, 4, &table);
        for (row, before) in x.chunks(5).zip(table.test.x.chunks(5)) {
            assert_eq!(row[2..], before[2..], "{word}");
            let native = f64::from(row[1]) * 2.5 + 4.5;
            assert!((native - native.round()).abs() < 1e-5, "{word}: {native}");
        }
    }
}

#[test]
fn column_corruptions_do_what_they_say() {
    let table = table();
    let before: Vec<f32> = table.test.x.chunks(5).map(|row| row[0]).collect();
    let first = |word: &str, severity| -> Vec<f32> {
        after(word, severity, &table).chunks(5).map(|row| row[0]).collect()
    };
    let (_, variance) = moments(&before);
    let added: Vec<f32> = first("column-noise", 4).iter().zip(&before).map(|(a, b)| a - b).collect();
    let (mean, found) = moments(&added);
    let expected = 0.49 * variance;
    assert!(mean.abs() < 5.0 * libm::sqrt(expected / 2000.0), "{mean}");
    assert!((found / expected - 1.0).abs() < 5.0 * libm::sqrt(2.0 / 2000.0), "{found} {expected}");

    let (training_mean, _) = moments(&before);
    let missing = first("column-missing", 5);
    let replaced: Vec<f32> =
        missing.iter().zip(&before).filter(|(a, b)| a.to_bits() != b.to_bits()).map(|(a, _)| *a).collect();
    assert!(replaced.iter().all(|value| (f64::from(*value) - training_mean).abs() < 1e-6));
    let error = 5.0 * libm::sqrt(0.25 / 2000.0);
    assert!((replaced.len() as f64 / 2000.0 - 0.5).abs() < error, "{}", replaced.len());

    let scaled = first("column-scaling", 3);
    let moved: Vec<(f64, f64)> = scaled
        .iter()
        .zip(&before)
        .filter(|(a, b)| a.to_bits() != b.to_bits())
        .map(|(a, b)| (f64::from(*a) * 2.0 + 10.0, f64::from(*b) * 2.0 + 10.0))
        .collect();
    assert!(moved.iter().all(|(now, before)| (now / before - 10.0).abs() < 1e-4));
    assert!((moved.len() as f64 / 2000.0 - 0.1).abs() < 5.0 * libm::sqrt(0.09 / 2000.0), "{}", moved.len());
}

#[test]
fn what_does_not_suit_the_rows_is_refused() {
    let (digits, table) = (digits(), table());
    assert!(all().filter(|one| one.suits(digits.shape)).all(|one| one.check(&digits).is_ok()));
    assert!(all().filter(|one| one.suits(table.shape)).all(|one| one.check(&table).is_ok()));
    let says = |word: &str, dataset: &Dataset, part: &str| {
        let message = find(word).unwrap().check(dataset).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    says("haze", &table, "`haze` is about pictures, and the rows of `toy` are rows of a table");
    says("column-noise", &digits, "is about tables, and the rows of `digits` are pictures");
    let mut wide = pictures(2, 2, &[0.0; 4]);
    wide.features[3].upper = f32::INFINITY;
    says("haze", &wide, "pixels from 0 to 1");
}
