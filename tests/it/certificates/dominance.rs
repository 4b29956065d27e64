//! Dominance is proven where what is certified of one point reaches what the attacks left of the other.

use std::collections::BTreeMap;

use equipoise::measure::{Bound, Direction, Estimate, MetricKey, Value};
use equipoise::pareto::{self, Front, Objective};
use equipoise::points::{Measured, Point};

fn measured(value: f64, bound: Bound) -> Measured {
    Measured {
        estimate: Estimate {
            value: Value::Defined(value),
            interval: None,
            level: 0.95,
            method: String::new(),
            n: 12,
            bound,
        },
        per_seed: Vec::new(),
        sd_seed: None,
        sd_row: None,
        by_chance: None,
        sizable: None,
        notes: Vec::new(),
    }
}

/// A point with this accuracy, under attack, and certified.
fn point(accuracy: f64, robust: f64, certified: f64) -> Point {
    let key = |text: &str| text.parse::<MetricKey>().unwrap();
    Point {
        coordinates: BTreeMap::new(),
        defense: "at".to_owned(),
        strength: accuracy,
        model: "last".to_owned(),
        seeds: vec![0],
        failed: Vec::new(),
        measures: BTreeMap::from([
            (key("accuracy"), measured(accuracy, Bound::Exact)),
            (key("robust_accuracy!suite:linf:0.2"), measured(robust, Bound::Upper)),
            (key("certified_accuracy!cert:linf:0.2"), measured(certified, Bound::Lower)),
            // At another radius: of no use.
            (key("certified_accuracy!cert:linf:0.1"), measured(0.9, Bound::Lower)),
        ]),
        degenerate: None,
    }
}

fn proven(points: &[Point], objectives: &[&str]) -> Vec<(usize, usize)> {
    let objectives: Vec<Objective> =
        objectives.iter().map(|key| Objective::of(&key.parse().unwrap()).unwrap()).collect();
    let costs: Vec<Vec<f64>> = points
        .iter()
        .map(|point| objectives.iter().map(|o| o.direction.as_cost(point.value(&o.key).unwrap())).collect())
        .collect();
    assert!(objectives.iter().all(|objective| objective.direction == Direction::Higher));
    let members = pareto::nondominated(&costs);
    let dominated = (0..points.len())
        .filter(|point| !members.contains(point))
        .map(|point| {
            let by = members.iter().find(|by| pareto::beats(&costs[**by], &costs[point])).unwrap();
            (point, *by)
        })
        .collect();
    let front = Front {
        objectives,
        members,
        dominated,
        excluded: Vec::new(),
        hypervolume: 0.0,
        hypervolume_interval: None,
        stability: vec![None; points.len()],
        seeds: 1,
    };
    pareto::proven(points, &front)
}

#[test]
fn dominance_is_proven_where_the_certificate_reaches_the_attack() {
    let points = [
        point(0.95, 0.80, 0.60), // on the front
        point(0.95, 0.60, 0.00), // the certificate just reaches it, and accuracy is no better: not proven to be worse
        point(0.94, 0.60, 0.10), // worse in accuracy, and 0.60 reaches 0.60: proven
        point(0.90, 0.61, 0.10), // 0.60 does not reach 0.61
        point(0.90, 0.30, 0.10), // proven
        point(0.96, 0.10, 0.00), // on the front
    ];
    let at_attack = ["robust_accuracy!suite:linf:0.2", "accuracy"];
    assert_eq!(proven(&points, &at_attack), [(2, 0), (4, 0)]);
    // On the axis of what is certified the truth is the same.
    let certified = ["certified_accuracy!cert:linf:0.2", "accuracy"];
    assert_eq!(proven(&points, &certified), [(2, 0), (4, 0)]);
    // Without a certificate nothing is.
    let mut bare = points.to_vec();
    for point in &mut bare {
        point.measures.retain(|key, _| key.id != "certified_accuracy");
    }
    assert!(proven(&bare, &at_attack).is_empty());
    // The exact worst case of linear models needs none.
    let robust: MetricKey = at_attack[0].parse().unwrap();
    for point in &mut bare {
        point.measures.get_mut(&robust).unwrap().estimate.bound = Bound::Exact;
    }
    assert_eq!(proven(&bare, &at_attack).len(), 4);
}

/// The mean of 0.7, 0.7 and 0.7 comes out below that of 0.8, 0.7 and 0.6.
#[test]
fn rounding_takes_no_proof_away() {
    let points = [point(0.699_999_999_999_999_8, 0.8, 0.6), point(0.700_000_000_000_000_1, 0.5, 0.1)];
    assert_eq!(proven(&points, &["robust_accuracy!suite:linf:0.2", "accuracy"]), [(1, 0)]);
}
