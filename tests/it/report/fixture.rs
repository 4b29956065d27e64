//! Views to test with. The digits numbers are the table of the reference training (plain PyTorch, two seeds) that
//! `configs/digits.toml` is checked against; what that table lacks (other radii, classes, intervals) is made up
//! from it by the simple rules below.

use std::collections::BTreeMap;

use equipoise::measure::{AttackKey, Bound, Direction, Estimate, MetricKey, Norm, Pillar, Unit, Value};
use equipoise::pareto::exchange::{ArcRate, Outcome, Rate};
use equipoise::pareto::{Front, Objective, Uncertainty};
use equipoise::points::{Anchor, Measured, Point};
use equipoise::report::{AttackRow, Breakdown, Convergence, Curve, DataSummary, Described, Inputs, Threat};

pub(crate) const ROWS: usize = 360;
pub(crate) const PROTOCOL: &str = "union-5f3a";
const STRENGTHS: [f64; 8] = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4];
const CLEAN: [f64; 8] = [0.974, 0.980, 0.977, 0.969, 0.958, 0.921, 0.812, 0.074];
const WORST: [f64; 8] = [0.895, 0.895, 0.917, 0.872, 0.791, 0.581, 0.267, 0.0];
const ROBUST_1: [f64; 8] = [0.389, 0.727, 0.804, 0.829, 0.818, 0.789, 0.675, 0.074];
const ROBUST_2: [f64; 8] = [0.002, 0.074, 0.266, 0.412, 0.479, 0.519, 0.474, 0.074];

pub(crate) fn under(id: &str, epsilon: f64) -> MetricKey {
    MetricKey { attack: Some(AttackKey::new(PROTOCOL, Norm::Linf, epsilon)), ..MetricKey::plain(id) }
}

pub(crate) fn of(id: &str, group: &str) -> MetricKey {
    MetricKey { group: Some(group.to_owned()), ..MetricKey::plain(id) }
}

/// `value` at every seed (a little apart), with the interval of a share of `ROWS` rows.
pub(crate) fn share(value: f64, bound: Bound, seeds: usize) -> Measured {
    let half = 1.96 * (value * (1.0 - value) / ROWS as f64).sqrt() + 0.004;
    let apart = |seed: usize| (value + 0.002 * (seed as f64 - 1.0)).clamp(0.0, 1.0);
    let enough = seeds >= 3;
    Measured {
        estimate: Estimate {
            value: Value::Defined(value),
            interval: enough.then(|| ((value - half).max(0.0), (value + half).min(1.0))),
            level: 0.95,
            method: if enough {
                format!(
                    "crossed variance components of {seeds} seeds and {ROWS} rows, t with 2.4 degrees of freedom"
                )
            } else {
                format!("no interval: {seeds} seeds, seed variance unknown")
            },
            n: ROWS,
            bound,
        },
        per_seed: (0..seeds).map(|seed| Value::Defined(apart(seed))).collect(),
        sd_seed: enough.then_some(0.002),
        sd_row: Some(half / 1.96),
        by_chance: None,
        sizable: None,
        notes: Vec::new(),
    }
}

pub(crate) fn withheld(reason: &str, seeds: usize) -> Measured {
    let mut measured = share(0.0, Bound::Exact, seeds);
    measured.estimate.value = Value::undefined(reason);
    measured.estimate.interval = None;
    measured.per_seed = vec![Value::undefined(reason); seeds];
    measured.sd_seed = None;
    measured
}

pub(crate) fn described(
    id: &str,
    title: &str,
    pillar: Pillar,
    direction: Direction,
    bound: Bound,
) -> Described {
    Described {
        id: id.to_owned(),
        title: title.to_owned(),
        meaning: format!("What {title} means, in one sentence; 1 is best."),
        pillar,
        direction: Some(direction),
        unit: Unit::Fraction,
        range: (0.0, 1.0),
        chance: "the share of the largest class".to_owned(),
        undefined: "where there are no rows".to_owned(),
        bound,
        source: "Somebody 2020, A paper, A venue".to_owned(),
    }
}

pub(crate) fn objective(key: MetricKey, direction: Direction) -> Objective {
    let (reference, ideal) = match direction {
        Direction::Higher => (0.0, 1.0),
        Direction::Lower => (1.0, 0.0),
    };
    Objective { key, direction, reference, ideal }
}

/// The front of points by two objectives where more is better, worked out the plain way.
pub(crate) fn front(points: &[Point], x: &MetricKey, y: &MetricKey, seeds: usize) -> Front {
    let value = |i: usize, key: &MetricKey| points[i].measures[key].estimate.value.get();
    let mut excluded = Vec::new();
    let mut candidates = Vec::new();
    for (i, point) in points.iter().enumerate() {
        match (&point.degenerate, value(i, x), value(i, y)) {
            (Some(reason), ..) => excluded.push((i, reason.clone())),
            (None, Some(a), Some(b)) => candidates.push((i, a, b)),
            _ => excluded.push((i, "an objective is undefined".to_owned())),
        }
    }
    let dominator = |&(_, a, b): &(usize, f64, f64)| {
        candidates.iter().find(|(_, c, d)| *c >= a && *d >= b && (*c > a || *d > b)).map(|(j, ..)| *j)
    };
    let members: Vec<usize> = candidates.iter().filter(|c| dominator(c).is_none()).map(|c| c.0).collect();
    let dominated = candidates.iter().filter_map(|c| Some((c.0, dominator(c)?))).collect();
    let share = |i: usize| if members.contains(&i) { 0.91 } else { 0.0 };
    let competed = |i: usize| excluded.iter().all(|(other, _)| *other != i);
    let stability = (0..points.len()).map(|i| competed(i).then(|| share(i))).collect();
    Front {
        objectives: vec![objective(y.clone(), Direction::Higher), objective(x.clone(), Direction::Higher)],
        hypervolume: if members.is_empty() { 0.0 } else { 0.505 },
        hypervolume_interval: (seeds >= 3 && !members.is_empty()).then_some((0.467, 0.541)),
        members,
        dominated,
        excluded,
        stability,
        seeds,
    }
}

/// Strengths 0 to 0.4 on digits, ten classes, `seeds` seeds.
pub(crate) fn digits(seeds: usize) -> Inputs {
    let epsilons = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3];
    let points: Vec<Point> = (0..8)
        .map(|i| {
            let mut measures = BTreeMap::new();
            let mut put = |key: MetricKey, value: f64, bound: Bound| {
                measures.insert(key, share(value, bound, seeds));
            };
            put(MetricKey::plain("accuracy"), CLEAN[i], Bound::Exact);
            put(MetricKey::plain("worst_class_accuracy"), WORST[i], Bound::Exact);
            put(MetricKey::plain("class_accuracy_gap"), 1.0 - WORST[i], Bound::Exact);
            let (clean, one, two) = (CLEAN[i], ROBUST_1[i], ROBUST_2[i]);
            let curve = [f64::midpoint(clean, one), one, f64::midpoint(one, two), two, 0.5 * two, 0.2 * two];
            for (epsilon, value) in epsilons.iter().zip(curve) {
                put(under("robust_accuracy", *epsilon), value, Bound::Upper);
            }
            for class in 0..10 {
                let worse = f64::from((class * 7) % 10) / 9.0;
                let clean = 1.0 - (1.0 - WORST[i]) * worse;
                put(of("class_accuracy", &class.to_string()), clean, Bound::Exact);
                let mut key = under("robust_class_accuracy", 0.2);
                key.group = Some(class.to_string());
                put(key, (two * (1.5 - worse)).clamp(0.0, clean), Bound::Upper);
            }
            Point {
                coordinates: BTreeMap::from([
                    ("defense".to_owned(), "adversarial".to_owned()),
                    ("strength".to_owned(), STRENGTHS[i].to_string()),
                ]),
                defense: "adversarial".to_owned(),
                strength: STRENGTHS[i],
                model: "last".to_owned(),
                seeds: (0..seeds as u64).collect(),
                failed: Vec::new(),
                measures,
                degenerate: (i == 7)
                    .then(|| "a constant predictor is at least as good (accuracy 0.102)".to_owned()),
            }
        })
        .collect();
    let (x, y) = (under("robust_accuracy", 0.2), MetricKey::plain("accuracy"));
    let front = front(&points, &x, &y, seeds);
    let rates = (1..7).map(|to| arc(&points, 0, to, &x, &y)).collect();
    let anchor = |label: &str, clean: f64| Anchor {
        label: label.to_owned(),
        values: epsilons
            .iter()
            .map(|e| (under("robust_accuracy", *e), clean))
            .chain([(MetricKey::plain("accuracy"), clean)])
            .map(|(key, value)| (key, Value::Defined(value)))
            .collect(),
    };
    let attacks = (0..8)
        .flat_map(|point| {
            [("fgsm", 0.11), ("pgd", 0.01), ("pgd-margin", 0.004)].map(|(attack, more)| AttackRow {
                point,
                attack: attack.to_owned(),
                norm: Norm::Linf,
                epsilon: 0.2,
                standing: (ROBUST_2[point] + more).min(CLEAN[point]),
                exact: false,
            })
        })
        .collect();
    let convergence = (0..8)
        .flat_map(|point| (0..seeds as u64).map(move |seed| (point, seed)))
        .map(|(point, seed)| Convergence {
            point,
            seed,
            loss: 0.05 + 0.2 * point as f64,
            accuracy: 1.0 - 0.09 * point as f64,
            loss_trend: -0.0004 * point as f64,
            settled: point < 3,
        })
        .collect();
    let (safety, security) = (Pillar::Safety, Pillar::Security);
    let (higher, exact, upper) = (Direction::Higher, Bound::Exact, Bound::Upper);
    Inputs {
        name: "digits".to_owned(),
        question: "What does robustness against small pixel changes cost in accuracy on handwritten digits?"
            .to_owned(),
        version: "equipoise 0.1.0".to_owned(),
        data: DataSummary {
            name: "digits".to_owned(),
            description: "Handwritten digits as 8×8 gray images.".to_owned(),
            train: 1078,
            validation: 359,
            test: ROWS,
            classes: (0..10).map(|class| class.to_string()).collect(),
            positive: None,
            attributes: Vec::new(),
            citation: "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998."
                .to_owned(),
            license: "CC BY 4.0".to_owned(),
            fingerprint: "6b".repeat(32),
        },
        settings: vec![
            ("model".to_owned(), "mlp 64-128-128-10".to_owned()),
            ("training".to_owned(), "adam 1e-3, batch 64, 40 epochs".to_owned()),
            ("defense".to_owned(), "adversarial, PGD-10, step ε/4".to_owned()),
        ],
        recipe: None,
        metrics: vec![
            described("accuracy", "accuracy", safety, higher, exact),
            described("worst_class_accuracy", "worst-class accuracy", safety, higher, exact),
            described("class_accuracy_gap", "class gap", safety, Direction::Lower, exact),
            described("class_accuracy", "class accuracy", safety, higher, exact),
            described("robust_accuracy", "robust accuracy", security, higher, upper),
            described("robust_class_accuracy", "robust class accuracy", Pillar::Hybrid, higher, upper),
        ],
        shown: vec![
            MetricKey::plain("accuracy"),
            MetricKey::plain("worst_class_accuracy"),
            MetricKey::plain("class_accuracy_gap"),
            under("robust_accuracy", 0.1),
            x,
        ],
        points,
        front,
        defense_fronts: Vec::new(),
        choice: None,
        ownership: Vec::new(),
        rates,
        uncertainty: Uncertainty::default(),
        curves: Vec::new(),
        sensitivity: Vec::new(),
        anchors: vec![anchor("always `3` (the most frequent class)", 0.102), anchor("random guess", 0.1)],
        threat: Some(Threat {
            norm: Norm::Linf,
            epsilon: 0.2,
            protocol: PROTOCOL.to_owned(),
            words: "FGSM, PGD-40 × 2 restarts, margin PGD-40 × 2 restarts".to_owned(),
        }),
        continued: false,
        curve: Some(Curve {
            metric: "robust_accuracy".to_owned(),
            clean: Some(MetricKey::plain("accuracy")),
            epsilons: epsilons.to_vec(),
        }),
        breakdowns: vec![Breakdown {
            title: "class".to_owned(),
            clean: "class_accuracy".to_owned(),
            attacked: Some("robust_class_accuracy".to_owned()),
            members: (0..10).map(|class| (class.to_string(), class.to_string())).collect(),
        }],
        attacks,
        certified: None,
        explanations: None,
        temperatures: Vec::new(),
        abstentions: Vec::new(),
        confidences: Vec::new(),
        pairs: Vec::new(),
        fared: Vec::new(),
        convergence,
        checks: Vec::new(),
        notes: Vec::new(),
        warnings: Vec::new(),
    }
}

/// The arc between two points, with made-up interval widths; both axes count up.
pub(crate) fn arc(points: &[Point], from: usize, to: usize, x: &MetricKey, y: &MetricKey) -> ArcRate {
    let value = |i: usize, key: &MetricKey| points[i].measures[key].estimate.value.get().unwrap();
    let security = value(to, x) - value(from, x);
    let safety = value(to, y) - value(from, y);
    let rate = safety / security;
    let enough = points[from].seeds.len() >= 3;
    let around = |middle: f64, half: f64| (middle, enough.then_some((middle - half, middle + half)));
    let (security_change, safety_change) = (around(security, 0.03), around(safety, 0.012));
    ArcRate {
        defense: points[from].defense.clone(),
        from,
        to,
        security: x.clone(),
        safety: y.clone(),
        security_change,
        safety_change,
        outcome: Outcome::of(security_change, safety_change),
        seeds: points[from].seeds.len(),
        rate: Rate::Bounded { rate, low: rate - 0.05, high: rate + 0.05 },
        probit_rate: Rate::NotMeasurable {
            words: "robust accuracy at strength 0 is 0 in one seed".to_owned(),
        },
        sentence: if safety < 0.0 {
            format!(
                "from strength {} to {}, one point of robust accuracy costs {:.2} points of accuracy [{:.2}, {:.2}]",
                points[from].strength,
                points[to].strength,
                -rate,
                -rate - 0.05,
                -rate + 0.05
            )
        } else {
            format!("from strength {} to {} both improved", points[from].strength, points[to].strength)
        },
    }
}

/// `n` strengths under each of three defenses, on made-up arcs.
pub(crate) fn three_defenses(n: usize) -> Inputs {
    let mut inputs = digits(3);
    let (x, y) = (under("robust_accuracy", 0.2), MetricKey::plain("accuracy"));
    let mut points = Vec::new();
    for (d, defense) in ["adversarial", "trades", "noise"].into_iter().enumerate() {
        for i in 0..n {
            let t = i as f64 / (n - 1) as f64;
            let reach = 0.56 - 0.11 * d as f64;
            let robust = reach * (1.0 - (1.0 - t) * (1.0 - t));
            let clean = 0.98 - (0.16 + 0.05 * d as f64) * t * t + 0.004 * ((i * 7 + d) % 5) as f64 / 4.0;
            let mut point = inputs.points[0].clone();
            point.strength = (400.0 * t).round() / 1000.0;
            defense.clone_into(&mut point.defense);
            point.coordinates = BTreeMap::from([
                ("defense".to_owned(), defense.to_owned()),
                ("strength".to_owned(), point.strength.to_string()),
            ]);
            point.measures.insert(y.clone(), share(clean, Bound::Exact, 3));
            for epsilon in [0.05, 0.1, 0.15, 0.2, 0.25, 0.3] {
                let value = clean + (robust - clean) * (epsilon / 0.2_f64).min(1.6).sqrt().min(1.2);
                let value = if (epsilon - 0.2_f64).abs() < 1e-9 { robust } else { value.max(0.0) };
                point.measures.insert(under("robust_accuracy", epsilon), share(value, Bound::Upper, 3));
            }
            points.push(point);
        }
    }
    inputs.front = front(&points, &x, &y, 3);
    inputs.defense_fronts = ["adversarial", "trades", "noise"]
        .into_iter()
        .enumerate()
        .map(|(d, defense)| {
            let own = front(&points[d * n..(d + 1) * n], &x, &y, 3);
            (defense.to_owned(), own.members.iter().map(|i| i + d * n).collect())
        })
        .collect();
    inputs.rates = (0..3).map(|d| arc(&points, d * n, d * n + n - 1, &x, &y)).collect();
    inputs.points = points;
    inputs.attacks.clear();
    inputs.convergence.clear();
    "defenses".clone_into(&mut inputs.name);
    inputs
}

/// Three objectives on people: accuracy, a group gap where less is better, robust accuracy; one attribute of two groups.
pub(crate) fn people() -> Inputs {
    let mut inputs = digits(3);
    let parity = of("demographic_parity_difference", "sex");
    let keys = [
        ("demographic_parity_difference", "demographic parity difference", Direction::Lower),
        ("balanced_accuracy", "balanced accuracy", Direction::Higher),
        ("selection_rate", "selection rate", Direction::Higher),
        ("true_positive_rate", "true positive rate", Direction::Higher),
        ("false_positive_rate", "false positive rate", Direction::Higher),
        ("group_accuracy", "group accuracy", Direction::Higher),
        ("robust_group_accuracy", "robust group accuracy", Direction::Higher),
    ];
    for (id, title, direction) in keys {
        let mut metric = described(id, title, Pillar::Safety, direction, Bound::Exact);
        if id.ends_with("_rate") {
            metric.direction = None;
        }
        inputs.metrics.push(metric);
    }
    for (i, point) in inputs.points.iter_mut().enumerate() {
        let t = i as f64 / 7.0;
        let mut put = |key: MetricKey, value: f64| point.measures.insert(key, share(value, Bound::Exact, 3));
        put(parity.clone(), 0.18 - 0.15 * t);
        put(MetricKey::plain("balanced_accuracy"), 0.77 - 0.2 * t);
        for (group, shift) in [("sex=Female", -0.06), ("sex=Male", 0.06)] {
            put(of("selection_rate", group), 0.2 - 0.1 * t + shift * (1.0 - t));
            put(of("true_positive_rate", group), 0.6 - 0.3 * t + shift);
            put(of("false_positive_rate", group), 0.08 - 0.01 * t + 0.2 * shift);
            put(of("group_accuracy", group), 0.85 - 0.08 * t - shift);
            let mut robust = under("robust_group_accuracy", 0.2);
            robust.group = Some(group.to_owned());
            put(robust, 0.4 + 0.3 * t - shift);
        }
    }
    inputs.front.objectives.push(objective(parity, Direction::Lower));
    inputs.data.classes = ["<=50K", ">50K"].map(str::to_owned).to_vec();
    inputs.data.attributes = vec![("sex".to_owned(), ["Female", "Male"].map(str::to_owned).to_vec())];
    inputs.breakdowns = Breakdown::all(&inputs.data);
    "people".clone_into(&mut inputs.name);
    inputs
}
