//! How often the model is right when rows are not as in training.
//!
//! Means over corruptions give every corruption and severity the same weight; label shift is not among them. Numbers that compare with other models do
//! so seed by seed, on the same rows.

use crate::measure::{Bound, Cause, Direction, Harm, Unit, Value};
use crate::metrics::counts::Context;
use crate::metrics::{About, Form, Metric, Needs, ShiftSums, Support};
use crate::numeric::{normal_cdf, probit};

const HENDRYCKS: &str = "Hendrycks and Dietterich 2019, Benchmarking neural network robustness to common corruptions and perturbations, ICLR";

/// What all of the family share.
const OF_CORRUPTIONS: Metric = Metric {
    id: "",
    title: "",
    meaning: "",
    cause: Cause::Unintended,
    harm: Harm::Performance,
    direction: Some(Direction::Higher),
    unit: Unit::Fraction,
    range: (0.0, 1.0),
    chance: "the share of the most frequent class",
    undefined: "where there are no rows",
    bound: Bound::Exact,
    bound_when_exact: Bound::Exact,
    needs: Needs::NOTHING.shifted(About::Corruptions),
    form: Form::Share,
    support: Support::Rows,
    source: HENDRYCKS,
    compute: |_| Value::Undefined(String::new()),
};

/// Share classified correctly, mean over corruptions and severities.
pub(crate) static MEAN_CORRUPTION_ACCURACY: Metric = Metric {
    id: "mean_corruption_accuracy",
    title: "mean corruption accuracy",
    meaning: "Share classified correctly under a corruption, mean over all corruptions and severities: 1 is every row always, 0 none ever.",
    source: "Croce et al. 2021, RobustBench, NeurIPS datasets and benchmarks (mean over corruptions), after Hendrycks and Dietterich 2019, ICLR",
    compute: |c| {
        let sums = c.shift();
        share(sums.pairs.iter().sum(), sums.weight * sums.pairs.len() as f64)
    },
    ..OF_CORRUPTIONS
};

/// Share classified correctly under one corruption at one severity.
pub(crate) static CORRUPTION_ACCURACY: Metric = Metric {
    id: "corruption_accuracy",
    title: "corruption accuracy",
    meaning: "Share classified correctly under one corruption at one severity: 1 is every row, 0 none.",
    needs: Needs::NOTHING.shifted(About::Corruption),
    compute: |c| share(c.shift().pairs[member(c)], c.shift().weight),
    ..OF_CORRUPTIONS
};

/// Smallest share classified correctly under any corruption, mean over severities.
pub(crate) static WORST_CORRUPTION_ACCURACY: Metric = Metric {
    id: "worst_corruption_accuracy",
    title: "worst-corruption accuracy",
    meaning: "Smallest share classified correctly under any corruption, mean over its severities: 1 is every row under all of them, 0 none under one.",
    form: Form::Smallest(&["kind_of_corruption_accuracy"]),
    compute: |c| {
        let sums = c.shift();
        let mean = |(_, places): &(String, Vec<usize>)| {
            places.iter().map(|place| sums.pairs[*place]).sum::<f64>() / places.len() as f64
        };
        share(sums.corruptions.iter().map(mean).fold(f64::INFINITY, f64::min), sums.weight)
    },
    ..OF_CORRUPTIONS
};

/// Smallest share of any class classified correctly, mean over corruptions and severities.
pub(crate) static WORST_CLASS_CORRUPTION_ACCURACY: Metric = Metric {
    id: "worst_class_corruption_accuracy",
    title: "worst-class corruption accuracy",
    meaning: "Smallest share of any class classified correctly, mean over all corruptions and severities: 1 is every row, 0 a class that is never recognized.",
    harm: Harm::Unfairness,
    chance: "0: a constant predictor never recognizes the other classes",
    undefined: "where there are no rows; classes without rows are left out and named",
    support: Support::Classes,
    source: "the smallest class accuracy of Xu et al. 2021, ICML, on the corrupted rows of Hendrycks and Dietterich 2019, ICLR",
    form: Form::Smallest(&["class_corruption_accuracy"]),
    compute: |c| smallest(c.shift().classes.iter().map(|[rows, _, right]| (*right, *rows)), c.shift()),
    ..OF_CORRUPTIONS
};

/// Smallest share of any group classified correctly, mean over corruptions and severities.
pub(crate) static WORST_GROUP_CORRUPTION_ACCURACY: Metric = Metric {
    id: "worst_group_corruption_accuracy",
    title: "worst-group corruption accuracy",
    meaning: "Smallest share of any group classified correctly, mean over all corruptions and severities: 1 is every row, 0 a group that is always failed.",
    harm: Harm::Unfairness,
    chance: "the smallest share of the predicted class in any group",
    undefined: "where no group has rows; groups without rows are left out and named",
    needs: Needs::ATTRIBUTE.shifted(About::Corruptions),
    source: "the smallest group accuracy of Sagawa et al. 2020, ICLR, on the corrupted rows of Hendrycks and Dietterich 2019, ICLR",
    form: Form::Smallest(&["group_corruption_accuracy"]),
    compute: |c| {
        let attribute = c.attribute.expect("a group metric is given an attribute");
        smallest(c.shift().groups[attribute].iter().map(|[rows, right]| (*right, *rows)), c.shift())
    },
    ..OF_CORRUPTIONS
};

/// Share classified correctly under one corruption, mean over its severities.
pub(crate) static KIND_OF_CORRUPTION_ACCURACY: Metric = Metric {
    id: "kind_of_corruption_accuracy",
    title: "accuracy under one corruption",
    meaning: "Share classified correctly under one corruption, mean over its severities: 1 is every row, 0 none.",
    needs: Needs::NOTHING.shifted(About::Kind),
    compute: |c| {
        let sums = c.shift();
        let (_, places) = &sums.corruptions[member(c)];
        share(places.iter().map(|place| sums.pairs[*place]).sum(), sums.weight * places.len() as f64)
    },
    ..OF_CORRUPTIONS
};

/// Share of one class classified correctly, mean over corruptions and severities; it stands behind the smallest.
pub(crate) static CLASS_CORRUPTION_ACCURACY: Metric = Metric {
    id: "class_corruption_accuracy",
    title: "class corruption accuracy",
    meaning: "Share of one class classified correctly, mean over all corruptions and severities: 1 is every row, 0 none.",
    undefined: "where the class has no rows",
    needs: Needs::CLASS.shifted(About::Corruptions),
    support: Support::Classes,
    compute: |c| {
        let [rows, _, right] = c.shift().classes[member(c)];
        share(right, rows * c.shift().pairs.len() as f64)
    },
    ..OF_CORRUPTIONS
};

/// Share of one group classified correctly, mean over corruptions and severities; it stands behind the smallest.
pub(crate) static GROUP_CORRUPTION_ACCURACY: Metric = Metric {
    id: "group_corruption_accuracy",
    title: "group corruption accuracy",
    meaning: "Share of one group classified correctly, mean over all corruptions and severities: 1 is every row, 0 none.",
    undefined: "where the group has no rows",
    needs: Needs::GROUP.shifted(About::Corruptions),
    compute: |c| {
        let attribute = c.attribute.expect("a group metric is given an attribute");
        let [rows, right] = c.shift().groups[attribute][member(c)];
        share(right, rows * c.shift().pairs.len() as f64)
    },
    ..OF_CORRUPTIONS
};

/// Corruption error over that of the undefended model.
pub(crate) static MEAN_CORRUPTION_ERROR: Metric = Metric {
    id: "mean_corruption_error",
    title: "mean corruption error (mCE of Hendrycks)",
    meaning: "Error summed over a corruption's severities, over that of the undefended model of the same seed (a ratio of sums), mean over corruptions: 1 is as good as undefended, less is better.",
    direction: Some(Direction::Lower),
    unit: Unit::Ratio,
    range: (0.0, f64::INFINITY),
    chance: "1 for the undefended model",
    undefined: "where the undefended model of the same seed is missing, or some corruption costs it nothing",
    needs: Needs::NOTHING.shifted(About::Company),
    form: Form::Other,
    compute: |c| relative(c.shift(), |weight, _| weight),
    ..OF_CORRUPTIONS
};

/// What corruption adds to the error, over what it adds for the undefended model.
pub(crate) static RELATIVE_MEAN_CORRUPTION_ERROR: Metric = Metric {
    id: "relative_mean_corruption_error",
    title: "relative mean corruption error",
    meaning: "What a corruption adds to the error without it, summed over severities, over what it adds for the undefended model of the same seed, mean over corruptions: 1 is as good as undefended, less is better; undefined where a corruption costs the undefended model nothing.",
    direction: Some(Direction::Lower),
    unit: Unit::Ratio,
    range: (f64::NEG_INFINITY, f64::INFINITY),
    chance: "1 for the undefended model, 0 for a constant predictor",
    undefined: "where the undefended model of the same seed is missing, or some corruption costs it nothing beyond its error without corruption",
    needs: Needs::NOTHING.shifted(About::Company),
    form: Form::Other,
    // Error above the clean one is the clean accuracy minus the accuracy under corruption.
    compute: |c| relative(c.shift(), |_, clean| clean),
    ..OF_CORRUPTIONS
};

/// Corruption accuracy above what the sweep's clean accuracy makes expect.
pub(crate) static EFFECTIVE_ROBUSTNESS: Metric = Metric {
    id: "effective_robustness",
    title: "effective robustness",
    meaning: "Mean corruption accuracy minus what the sweep makes expect at this clean accuracy (least squares through all its trained models of the same seed, both accuracies as probits): 0 is on the line, above 0 gains more than clean accuracy explains.",
    range: (-1.0, 1.0),
    chance: "0 on average over the sweep",
    undefined: "where the sweep has fewer than three models of the same seed, or all of them the same clean accuracy",
    needs: Needs::NOTHING.shifted(About::Company),
    form: Form::Other,
    source: "Taori et al. 2020, Measuring robustness to natural distribution shifts in image classification, NeurIPS; probits as in Miller et al. 2021, Accuracy on the line, ICML; accuracies within half a row of 0 or 1 are taken as half a row away",
    compute: |c| effective(c.shift()),
    ..OF_CORRUPTIONS
};

/// Accuracy when the class that suffers most from it becomes more frequent.
pub(crate) static LABEL_SHIFT_ACCURACY: Metric = Metric {
    id: "label_shift_accuracy",
    title: "accuracy under label shift",
    meaning: "Share classified correctly when the rows of one class count 2, 4, 8, 16 or 32 times (severity 1 to 5), for the class where that is worst: 1 is every row, 0 none.",
    harm: Harm::Performance,
    chance: "near 0 for a constant predictor at severity 5",
    needs: Needs::NOTHING.shifted(About::Labels),
    form: Form::Smallest(&["class_label_shift_accuracy"]),
    support: Support::Classes,
    source: "Lipton, Wang and Smola 2018, Detecting and correcting for label shift with black box predictors, ICML (tweak-one shift), by reweighting the test rows",
    compute: |c| label_shift(c.shift(), c.shift().factors[member(c)]),
    ..OF_CORRUPTIONS
};

/// Accuracy when one class becomes more frequent; it stands behind the smallest.
pub(crate) static CLASS_LABEL_SHIFT_ACCURACY: Metric = Metric {
    id: "class_label_shift_accuracy",
    title: "accuracy under label shift towards one class",
    meaning: "Share classified correctly when the rows of one class count 2, 4, 8, 16 or 32 times (severity 1 to 5): 1 is every row, 0 none.",
    undefined: "where the class has no rows",
    needs: Needs::NOTHING.shifted(About::LabelsOfClass),
    support: Support::Classes,
    source: LABEL_SHIFT_ACCURACY.source,
    compute: |c| {
        let (class, factor) = c.shift().towards(member(c));
        match c.shift().classes[class][0] {
            rows if rows > 0.0 => Value::finite(shifted_towards(c.shift(), class, factor)),
            _ => Value::Undefined(format!("{} has no rows", c.class_name(class))),
        }
    },
    ..OF_CORRUPTIONS
};

/// What all about another table of rows share.
const OF_TABLES: Metric = Metric {
    needs: Needs::NOTHING.shifted(About::Tables),
    source: "Taori et al. 2020, Measuring robustness to natural distribution shifts in image classification, NeurIPS",
    ..OF_CORRUPTIONS
};

/// Share classified correctly of the rows of another table.
pub(crate) static SHIFTED_ACCURACY: Metric = Metric {
    id: "shifted_accuracy",
    title: "accuracy on another table",
    meaning: "Share classified correctly of the labeled rows of another table (another year, another place): 1 is every row, 0 none.",
    undefined: "where the other table has no rows",
    compute: |c| {
        let table = &c.shift().tables[member(c)];
        share(table.right, table.weight)
    },
    ..OF_TABLES
};

/// Accuracy on test rows minus that on the rows of another table.
pub(crate) static SHIFTED_ACCURACY_DROP: Metric = Metric {
    id: "shifted_accuracy_drop",
    title: "accuracy lost on another table",
    meaning: "Accuracy on test rows minus accuracy on the labeled rows of another table: 0 loses nothing, above 0 loses that share of rows, below 0 gains.",
    direction: Some(Direction::Lower),
    range: (-1.0, 1.0),
    chance: "how much rarer the predicted class is in the other table, for a constant predictor",
    undefined: "where the split or the other table has no rows",
    form: Form::Other,
    compute: |c| {
        let table = &c.shift().tables[member(c)];
        match (share(c.shift().clean, c.shift().weight), share(table.right, table.weight)) {
            (Value::Defined(clean), Value::Defined(shifted)) => Value::finite(clean - shifted),
            (undefined @ Value::Undefined(_), _) | (_, undefined) => undefined,
        }
    },
    ..OF_TABLES
};

/// Accuracy on another table above what the sweep's clean accuracy makes expect.
pub(crate) static SHIFTED_EFFECTIVE_ROBUSTNESS: Metric = Metric {
    id: "shifted_effective_robustness",
    title: "effective robustness on another table",
    meaning: "Accuracy on the labeled rows of another table minus what the sweep makes expect at this clean accuracy (least squares through all its trained models of the same seed, both accuracies as probits): 0 is on the line, above 0 keeps more than clean accuracy explains.",
    range: (-1.0, 1.0),
    chance: "0 on average over the sweep",
    undefined: "where the sweep has fewer than three models of the same seed, or all of them the same clean accuracy",
    form: Form::Other,
    source: EFFECTIVE_ROBUSTNESS.source,
    compute: |c| {
        let (sums, table) = (c.shift(), &c.shift().tables[member(c)]);
        let of = |(clean, _): &(f64, f64), right: &f64| [*clean, *right];
        let peers: Vec<[f64; 2]> =
            sums.peers.iter().zip(&table.peers).map(|(peer, right)| of(peer, right)).collect();
        beyond_the_line(&peers, [sums.clean, table.right], [sums.weight, table.weight], 1.0)
    },
    ..OF_TABLES
};

fn member(c: &Context<'_>) -> usize {
    c.member.expect("a metric about one shift is given it")
}

fn share(part: f64, whole: f64) -> Value {
    if whole > 0.0 { Value::finite(part / whole) } else { Value::undefined("there are no rows") }
}

/// Smallest mean over pairs, where there are rows.
fn smallest(parts: impl Iterator<Item = (f64, f64)>, sums: &ShiftSums) -> Value {
    let pairs = sums.pairs.len() as f64;
    let shares = parts.filter(|(_, rows)| *rows > 0.0).map(|(right, rows)| right / (rows * pairs));
    let least = shares.fold(f64::INFINITY, f64::min);
    if least.is_finite() { Value::Defined(least) } else { Value::undefined("there are no rows") }
}

/// Mean over corruptions of `Σ_s (base − right_s)` over the same of the reference; `base` of (all rows, right rows without corruption).
fn relative(sums: &ShiftSums, base: fn(f64, f64) -> f64) -> Value {
    let Some((reference, clean)) = &sums.reference else {
        return Value::undefined("there is no undefended model of the same seed to compare with");
    };
    let (mut total, mut n) = (0.0, 0.0);
    for (name, places) in &sums.corruptions {
        let lost = |right: &[f64], clean: f64| {
            let base = base(sums.weight, clean);
            places.iter().map(|place| base - right[*place]).sum::<f64>()
        };
        let whole = lost(reference, *clean);
        if whole <= 0.0 {
            return Value::undefined(format!("`{name}` costs the undefended model nothing"));
        }
        total += lost(&sums.pairs, sums.clean) / whole;
        n += 1.0;
    }
    Value::finite(total / n)
}

/// Fewest models that a line is laid through: two fit any.
const FEWEST: usize = 3;

fn effective(sums: &ShiftSums) -> Value {
    let peers: Vec<[f64; 2]> = sums.peers.iter().map(|(clean, right)| [*clean, *right]).collect();
    let own = [sums.clean, sums.pairs.iter().sum()];
    beyond_the_line(&peers, own, [sums.weight; 2], sums.pairs.len() as f64)
}

/// How far a model's accuracy on shifted rows is above the line through its `peers`: weights of right rows without and with shift, in all so many of
/// `weights`; with shift the rows are looked at `times` times.
fn beyond_the_line(peers: &[[f64; 2]], own: [f64; 2], weights: [f64; 2], times: f64) -> Value {
    if peers.len() < FEWEST {
        return Value::undefined(format!(
            "a line through the sweep needs at least {FEWEST} models of the same seed"
        ));
    }
    if weights.iter().any(|weight| *weight <= 0.0) {
        return Value::undefined("there are no rows");
    }
    let accuracies = |right: &[f64; 2]| [right[0] / weights[0], right[1] / (weights[1] * times)];
    let scaled = |accuracy: f64, weight: f64| {
        let half = 0.5 / weight;
        probit(accuracy.clamp(half, 1.0 - half))
    };
    let place = |right: &[f64; 2]| {
        let [clean, shifted] = accuracies(right);
        (scaled(clean, weights[0]), scaled(shifted, weights[1]))
    };
    let places: Vec<(f64, f64)> = peers.iter().map(place).collect();
    let n = places.len() as f64;
    let (x, y) = places.iter().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x / n, sy + y / n));
    let spread: f64 = places.iter().map(|(px, _)| (px - x) * (px - x)).sum();
    if spread <= 1e-12 {
        return Value::undefined("all models of the sweep have the same clean accuracy");
    }
    let slope = places.iter().map(|(px, py)| (px - x) * (py - y)).sum::<f64>() / spread;
    let expected = normal_cdf(y + slope * (place(&own).0 - x));
    Value::finite(accuracies(&own)[1] - expected)
}

fn label_shift(sums: &ShiftSums, factor: f64) -> Value {
    let there = (0..sums.classes.len()).filter(|class| sums.classes[*class][0] > 0.0);
    let least = there.map(|class| shifted_towards(sums, class, factor)).fold(f64::INFINITY, f64::min);
    if least.is_finite() { Value::Defined(least) } else { Value::undefined("there are no rows") }
}

/// The accuracy where the rows of `class` count `factor` times.
fn shifted_towards(sums: &ShiftSums, class: usize, factor: f64) -> f64 {
    let [rows, right, _] = sums.classes[class];
    (sums.clean + (factor - 1.0) * right) / (sums.weight + (factor - 1.0) * rows)
}
