//! The data sets against the check figures that were counted independently.

use std::path::{Path, PathBuf};

use equipoise::data::{self, Amount, Dataset, Domain, Manifest, MissingLevel, Shape, Source, SplitSpec};
use equipoise::evidence::SplitFacts;

use crate::shared;

fn datasets() -> Option<PathBuf> {
    shared::folder().map(|folder| folder.join("datasets"))
}

fn source(name: &str) -> Source {
    Source::Dataset { name: name.to_owned(), manifest: None }
}

fn load(name: &str, folder: &Path) -> Dataset {
    data::load(&source(name), &SplitSpec::default(), folder).unwrap()
}

fn manifest(name: &str) -> Manifest {
    data::find(name, None, Path::new("datasets")).unwrap().manifest
}

fn parts(data: &Dataset) -> [&SplitFacts; 3] {
    [&data.train.facts, &data.validation.facts, &data.test.facts]
}

/// (positive rows, rows) over the given parts, of one group or of all.
fn count(parts: &[&SplitFacts], group: Option<(&str, &str)>) -> (usize, usize) {
    let (mut positive, mut all) = (0, 0);
    for facts in parts {
        let of = |facts: &SplitFacts| -> Vec<bool> {
            let Some((attribute, group)) = group else { return vec![true; facts.len()] };
            let attribute = facts.attributes.iter().find(|known| known.name == attribute).unwrap();
            let code = attribute.groups.iter().position(|known| known == group).map_or(-1, |at| at as i16);
            attribute.codes.iter().map(|known| *known == code).collect()
        };
        let members = of(facts);
        all += members.iter().filter(|member| **member).count();
        let chosen = facts.labels.iter().zip(&members).filter(|(_, member)| **member);
        positive += chosen.filter(|(label, _)| Some(**label) == facts.positive).count();
    }
    (positive, all)
}

fn class_counts(parts: &[&SplitFacts]) -> Vec<usize> {
    let mut counts = vec![0; parts[0].classes.len()];
    parts.iter().flat_map(|facts| &facts.labels).for_each(|label| counts[usize::from(*label)] += 1);
    counts
}

/// Labels by row number, over all parts.
fn labels_in_order(parts: &[&SplitFacts]) -> Vec<u16> {
    let pairs = parts.iter().flat_map(|facts| facts.rows.iter().zip(&facts.labels));
    let mut pairs: Vec<(u32, u16)> = pairs.map(|(row, label)| (*row, *label)).collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(_, label)| label).collect()
}

fn mean_and_deviation(rows: &[&[f32]]) -> (f64, f64) {
    let all = || rows.iter().flat_map(|x| x.iter()).map(|x| f64::from(*x));
    let n = all().count() as f64;
    let mean = all().sum::<f64>() / n;
    (mean, (all().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt())
}

#[test]
fn digits_are_carried_by_the_program_and_hold_the_published_figures() {
    let data = load("digits", Path::new("/nonexistent"));
    assert_eq!(data.shape, Shape::Image { channels: 1, height: 8, width: 8 });
    assert_eq!(class_counts(&parts(&data)), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    let (mean, _) = mean_and_deviation(&[&data.train.x, &data.validation.x, &data.test.x]);
    assert!((mean * 16.0 - 4.884_164).abs() < 1e-6, "{mean}");
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (1213, 135, 449));
    // The first row of the file: a zero.
    let first = data.train.facts.rows.iter().position(|row| *row == 0);
    let (rows, at) = first.map_or((&data.test, 0), |at| (&data.train, at));
    if rows.facts.rows[at] == 0 {
        let expected = [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0].map(|pixel: f32| pixel / 16.0);
        assert_eq!(&rows.row(at)[..8], &expected);
        assert_eq!(rows.facts.labels[at], 0);
    }
    assert!(data.features.iter().all(|f| f.mutable && f.lower >= 0.0 && f.upper <= 1.0));
    assert_eq!(data.features[9].name, "pixel 1,1");
}

#[test]
fn adult_holds_the_published_figures_in_both_parts() {
    let Some(folder) = datasets() else { return };
    let data = load("adult", &folder);
    let (train, test) = ([&*data.train.facts, &*data.validation.facts], [&*data.test.facts]);
    for (group, in_train, in_test) in [
        (None, (7841, 32561), (3846, 16281)),
        (Some(("sex", "Male")), (6662, 21790), (3256, 10860)),
        (Some(("sex", "Female")), (1179, 10771), (590, 5421)),
        (Some(("race", "White")), (7117, 27816), (3490, 13946)),
        (Some(("race", "Black")), (387, 3124), (179, 1561)),
        (Some(("race", "Asian-Pac-Islander")), (276, 1039), (133, 480)),
        (Some(("race", "Amer-Indian-Eskimo")), (36, 311), (19, 159)),
        (Some(("race", "Other")), (25, 271), (25, 135)),
    ] {
        assert_eq!(count(&train, group), in_train, "{group:?}");
        assert_eq!(count(&test, group), in_test, "{group:?}");
    }
    assert_eq!(data.validation.len(), 3256);
}

#[test]
fn adult_without_missing_values_is_smaller_as_published() {
    let Some(folder) = datasets() else { return };
    let mut manifest = manifest("adult");
    manifest.missing.categorical = MissingLevel::Drop;
    let data = data::load_manifest(&manifest, &SplitSpec::default(), &folder).unwrap();
    assert_eq!(count(&[&data.train.facts, &data.validation.facts], None), (7508, 30162));
    assert_eq!(count(&[&data.test.facts], None), (3700, 15060));
    assert_ne!(data.fingerprint, load("adult", &folder).fingerprint);
}

#[test]
fn adult_is_scaled_on_training_rows_and_moves_only_what_an_adversary_could_change() {
    let Some(folder) = datasets() else { return };
    let data = load("adult", &folder);
    let moved: Vec<&str> = data.features.iter().filter(|f| f.mutable).map(|f| f.name.as_str()).collect();
    assert_eq!(moved, ["capital-gain", "capital-loss", "hours-per-week"]);
    assert!(data.features.iter().all(|f| !f.name.starts_with("fnlwgt") && !f.name.starts_with("education=")));
    assert!(data.features.iter().any(|f| f.name == "workclass=missing"));
    let d = data.features.len();
    for (at, feature) in data.features.iter().enumerate() {
        let column = || data.train.x.iter().skip(at).step_by(d).map(|x| f64::from(*x));
        let n = data.train.len() as f64;
        if feature.domain == Domain::Integer {
            let mean = column().sum::<f64>() / n;
            let deviation = (column().map(|x| x * x).sum::<f64>() / n).sqrt();
            assert!(
                mean.abs() < 1e-6 && (deviation - 1.0).abs() < 1e-6,
                "{} {mean} {deviation}",
                feature.name
            );
            let low = column().fold(f64::INFINITY, f64::min);
            assert!((low - f64::from(feature.lower)).abs() < 1e-9, "{}", feature.name);
        } else {
            assert!(column().all(|x| [0.0, 1.0].contains(&x)), "{}", feature.name);
        }
    }
    // Every training row has exactly one member of every block.
    let blocks =
        data.features.iter().filter_map(|f| if let Domain::OneHot(b) = f.domain { Some(b) } else { None });
    let count = blocks.max().unwrap() + 1;
    for row in 0..data.train.len() {
        let mut sums = vec![0.0; count];
        for (feature, x) in data.features.iter().zip(data.train.row(row)) {
            if let Domain::OneHot(block) = feature.domain {
                sums[block] += x;
            }
        }
        assert!(sums.iter().all(|sum: &f32| sum.to_bits() == 1.0_f32.to_bits()), "row {row}");
    }
}

/// Figures by Python 3.11.7, `statistics.fmean` and `statistics.pstdev`, over the columns of adult.data.
#[test]
fn adult_is_scaled_by_the_means_and_deviations_of_its_training_file() {
    let Some(folder) = datasets() else { return };
    let split = SplitSpec { validation: Amount::Rows(0), ..SplitSpec::default() };
    let data = data::load(&source("adult"), &split, &folder).unwrap();
    assert_eq!(data.train.len(), 32561);
    for (name, mean, deviation, most) in [
        ("age", 38.581_646_755_320_78, 13.640_223_092_304_277, 90.0),
        ("education-num", 10.080_679_340_315_1, 2.572_680_825_601_286_5, 16.0),
        ("capital-gain", 1_077.648_843_708_731_2, 7_385.178_676_947_627_5, 99_999.0),
        ("capital-loss", 87.303_829_734_959, 402.954_030_827_486_46, 4356.0),
        ("hours-per-week", 40.437_455_852_092_995, 12.347_239_075_707_988, 99.0),
    ] {
        let feature = data.features.iter().find(|feature| feature.name == name).unwrap();
        assert!((feature.offset / mean - 1.0).abs() < 1e-10, "{name}: mean {}", feature.offset);
        assert!((feature.scale / deviation - 1.0).abs() < 1e-10, "{name}: deviation {}", feature.scale);
        let upper = (most - mean) / deviation;
        assert!((f64::from(feature.upper) / upper - 1.0).abs() < 1e-6, "{name}: upper {}", feature.upper);
    }
}

#[test]
fn compas_holds_the_published_figures_before_and_after_the_filter() {
    let Some(folder) = datasets() else { return };
    let filtered = load("compas", &folder);
    let mut whole = manifest("compas");
    whole.filters.clear();
    let whole = data::load_manifest(&whole, &SplitSpec::default(), &folder).unwrap();
    for (group, all, kept) in [
        (None, (3251, 7214), (2809, 6172)),
        (Some(("race", "African-American")), (1901, 3696), (1661, 3175)),
        (Some(("race", "Caucasian")), (966, 2454), (822, 2103)),
        (Some(("race", "Hispanic")), (232, 637), (189, 509)),
        (Some(("race", "Other")), (133, 377), (124, 343)),
        (Some(("race", "Asian")), (9, 32), (8, 31)),
        (Some(("race", "Native American")), (10, 18), (5, 11)),
        (Some(("sex", "Male")), (2753, 5819), (2396, 4997)),
        (Some(("sex", "Female")), (498, 1395), (413, 1175)),
    ] {
        assert_eq!(count(&parts(&whole), group), all, "{group:?}");
        assert_eq!(count(&parts(&filtered), group), kept, "{group:?}");
    }
}

#[test]
fn nothing_of_a_compas_row_points_at_a_person() {
    let Some(folder) = datasets() else { return };
    let data = load("compas", &folder);
    let names: Vec<&str> = data.features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "sex=Female",
            "sex=Male",
            "age",
            "juv_fel_count",
            "juv_misd_count",
            "juv_other_count",
            "priors_count",
            "c_charge_degree=F",
            "c_charge_degree=M"
        ]
    );
    let groups: Vec<&str> =
        data.test.facts.attributes.iter().flat_map(|a| &a.groups).map(String::as_str).collect();
    assert_eq!(groups.len(), 6 + 2 + 3, "{groups:?}");
}

#[test]
fn german_holds_the_published_figures_with_the_age_cut_at_25() {
    let Some(folder) = datasets() else { return };
    let data = load("german", &folder);
    for (group, expected) in [
        (None, (300, 1000)),
        (Some(("sex", "female")), (109, 310)),
        (Some(("sex", "male")), (191, 690)),
        (Some(("age", "25 or younger")), (80, 190)),
        (Some(("age", "over 25")), (220, 810)),
        (Some(("foreign_worker", "yes")), (296, 963)),
        (Some(("foreign_worker", "no")), (4, 37)),
    ] {
        assert_eq!(count(&parts(&data), group), expected, "{group:?}");
    }
}

#[test]
fn bank_marketing_holds_the_published_figures() {
    let Some(folder) = datasets() else { return };
    let data = load("bank-marketing", &folder);
    for (group, expected) in [
        (None, (5289, 45211)),
        (Some(("marital", "single")), (1912, 12790)),
        (Some(("marital", "married")), (2755, 27214)),
        (Some(("marital", "divorced")), (622, 5207)),
        (Some(("age", "under 25")), (207, 809)),
        (Some(("age", "25 or older")), (5082, 44402)),
    ] {
        assert_eq!(count(&parts(&data), group), expected, "{group:?}");
    }
    assert!(data.features.iter().all(|feature| feature.name != "duration"));
    for (column, expected) in [("job", 288), ("education", 1857), ("contact", 13020), ("poutcome", 36959)] {
        let name = format!("{column}=missing");
        let at = data.features.iter().position(|feature| feature.name == name).unwrap();
        let d = data.features.len();
        let of = |x: &[f32]| x.iter().skip(at).step_by(d).filter(|x| **x > 0.5).count();
        assert_eq!(of(&data.train.x) + of(&data.validation.x) + of(&data.test.x), expected, "{column}");
    }
}

#[test]
fn law_school_holds_the_published_figures() {
    let Some(folder) = datasets() else { return };
    let data = load("law-school", &folder);
    for (group, expected) in [
        (None, (18505, 20798)),
        (Some(("race", "White")), (16114, 17491)),
        (Some(("race", "Non-White")), (2391, 3307)),
        (Some(("sex", "male")), (10496, 11675)),
        (Some(("sex", "female")), (8009, 9123)),
    ] {
        assert_eq!(count(&parts(&data), group), expected, "{group:?}");
    }
}

#[test]
fn diabetes_holds_the_published_figures_and_no_patient_is_on_two_sides() {
    let Some(folder) = datasets() else { return };
    let data = load("diabetes130", &folder);
    for (group, expected) in [
        (None, (11357, 101_766)),
        (Some(("race", "Caucasian")), (8592, 76099)),
        (Some(("race", "AfricanAmerican")), (2155, 19210)),
        (Some(("race", "Hispanic")), (212, 2037)),
        (Some(("race", "Asian")), (65, 641)),
        (Some(("race", "Other")), (145, 1506)),
        (Some(("race", "no such group: missing")), (188, 2273)),
        (Some(("gender", "Female")), (6152, 54708)),
        (Some(("gender", "Male")), (5205, 47055)),
        (Some(("gender", "no such group: missing")), (0, 3)),
    ] {
        assert_eq!(count(&parts(&data), group), expected, "{group:?}");
    }
    let patients = patients(&folder);
    let of = |facts: &SplitFacts| -> std::collections::BTreeSet<String> {
        facts.rows.iter().map(|row| patients[*row as usize].clone()).collect()
    };
    let [train, validation, test] = parts(&data).map(of);
    assert!(train.is_disjoint(&test) && train.is_disjoint(&validation) && validation.is_disjoint(&test));
    assert_eq!(train.len() + validation.len() + test.len(), 71518);
    assert!(data.features.iter().any(|feature| feature.name == "A1Cresult=None"));
}

/// The patient of every row, read by plain splitting: the file quotes nothing in its first two columns.
fn patients(folder: &Path) -> Vec<String> {
    let packed = std::fs::read(folder.join("diabetes130/diabetic_data.csv.gz")).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut text).unwrap();
    text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn mnist_and_fashion_mnist_hold_the_published_figures() {
    let Some(folder) = datasets() else { return };
    for (name, train, test, first_train, first_test) in [
        (
            "mnist",
            (0.130_660, 0.308_108),
            (0.132_515, 0.310_480),
            [5, 0, 4, 1, 9, 2, 1, 3, 1, 4],
            [7, 2, 1, 0, 4, 1, 4, 9, 5, 9],
        ),
        (
            "fashion-mnist",
            (0.286_041, 0.353_024),
            (0.286_849, 0.352_444),
            [9, 0, 0, 3, 0, 2, 7, 2, 5, 5],
            [9, 2, 1, 1, 6, 1, 4, 6, 5, 7],
        ),
    ] {
        let data = load(name, &folder);
        let close = |found: (f64, f64), expected: (f64, f64)| {
            let near = (found.0 - expected.0).abs() < 2e-6 && (found.1 - expected.1).abs() < 2e-6;
            assert!(near, "{name}: {found:?}, expected {expected:?}");
        };
        close(mean_and_deviation(&[&data.train.x, &data.validation.x]), train);
        close(mean_and_deviation(&[&data.test.x]), test);
        let fitted = [&*data.train.facts, &*data.validation.facts];
        assert_eq!(&labels_in_order(&fitted)[..10], &first_train);
        assert_eq!(&labels_in_order(&[&data.test.facts])[..10], &first_test);
        if name == "mnist" {
            let expected = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
            assert_eq!(class_counts(&fitted), expected);
            assert_eq!(
                class_counts(&[&data.test.facts]),
                [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
            );
        } else {
            assert_eq!(class_counts(&fitted), [6000; 10]);
            assert_eq!(data.classes[9], "Ankle boot");
        }
    }
}

#[test]
fn the_rows_of_a_conformance_case_are_all_test_rows() {
    let Some(shared) = shared::folder() else { return };
    let path = shared.join("conformance/digits-at0/rows.safetensors");
    let rows = Source::Safetensors { path, shape: None, bounds: Some([0.0, 1.0]), classes: None };
    let data = data::load(&rows, &SplitSpec::default(), Path::new("datasets")).unwrap();
    assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (0, 0, 500));
    assert_eq!(data.shape, Shape::Image { channels: 1, height: 8, width: 8 });
    assert_eq!(data.test.facts.rows, (0..500).collect::<Vec<u32>>());
    assert_eq!(data.classes.len(), 10);
    // The same rows as in the carried data set: every one occurs there, with its label.
    let digits = load("digits", Path::new("datasets"));
    let mut known = std::collections::BTreeMap::new();
    for part in [&digits.train, &digits.validation, &digits.test] {
        for row in 0..part.len() {
            let bits: Vec<u32> = part.row(row).iter().map(|x| x.to_bits()).collect();
            known.insert(bits, part.facts.labels[row]);
        }
    }
    for row in 0..data.test.len() {
        let bits: Vec<u32> = data.test.row(row).iter().map(|x| x.to_bits()).collect();
        assert_eq!(known.get(&bits), Some(&data.test.facts.labels[row]), "row {row}");
    }
}

#[test]
#[ignore = "measures time; run with --ignored"]
fn loading_is_fast() {
    let Some(folder) = datasets() else { return };
    for (name, limit) in [("digits", 0.05), ("adult", 0.3), ("diabetes130", 1.0), ("mnist", 0.5)] {
        let start = std::time::Instant::now();
        let data = load(name, &folder);
        let seconds = start.elapsed().as_secs_f64();
        assert!(seconds < limit, "{name} took {seconds} s for {} features", data.features.len());
    }
}
