//! Three axes: a sweep along the third over the staircases of runs and levels.

use crate::pareto::costs::Costs;
use crate::pareto::filter::{self, Ties};

/// Steps in a plane, the first axis rising and the second falling.
type Steps = Vec<[f64; 2]>;

/// The points of each level, the lowest first.
///
/// A point that a run did not attain yet adds one to the count of everything it dominates and the run did not. So level k + 1 gains where level k was attained already there: at the
/// joins of the point with the steps of level k.
pub(super) fn surfaces(runs: &[Costs<'_>]) -> Vec<Vec<[f64; 3]>> {
    let mut points: Vec<([f64; 3], u32)> = Vec::new();
    for (run, costs) in (0..).zip(runs) {
        points.extend(costs.arrays::<3>().iter().map(|point| (*point, run)));
    }
    points.sort_by(|(a, i), (b, j)| {
        let orders = [2, 0, 1].map(|axis: usize| (a[axis] + 0.0).total_cmp(&(b[axis] + 0.0)));
        orders.into_iter().fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then(i.cmp(j))
    });
    let mut of_runs: Vec<Steps> = vec![Vec::new(); runs.len()];
    let mut of_levels: Vec<Steps> = vec![Vec::new(); runs.len()];
    let mut found: Vec<Vec<[f64; 3]>> = vec![Vec::new(); runs.len()];
    let mut joins: Steps = Vec::new();
    for ([x, y, z], run) in points {
        let own = &of_runs[run as usize];
        if covers(own, [x, y]) {
            continue;
        }
        for level in (0..runs.len()).rev() {
            joins.clear();
            if level == 0 {
                joins.push([x, y]);
            } else {
                join(&of_levels[level - 1], [x, y], &mut joins);
            }
            for join in &joins {
                if !covers(own, *join) && insert(&mut of_levels[level], *join) {
                    found[level].push([join[0], join[1], z]);
                }
            }
        }
        insert(&mut of_runs[run as usize], [x, y]);
    }
    let standing = |points: Vec<[f64; 3]>| -> Vec<[f64; 3]> {
        let costs = Costs::new(points.as_flattened(), 3).expect("made of valid points");
        filter::nondominated(&costs, Ties::First).into_iter().map(|at| points[at]).collect()
    };
    found.into_iter().map(standing).collect()
}

/// Whether a step is nowhere worse.
fn covers(steps: &Steps, [x, y]: [f64; 2]) -> bool {
    let before = steps.partition_point(|step| step[0] <= x);
    before > 0 && steps[before - 1][1] <= y
}

/// Adds the corners of what both the point and the steps dominate.
fn join(steps: &Steps, [x, y]: [f64; 2], joins: &mut Steps) {
    let from = steps.partition_point(|step| step[0] <= x).saturating_sub(1);
    for step in &steps[from..] {
        joins.push([step[0].max(x), step[1].max(y)]);
        if step[1] <= y {
            return;
        }
    }
}

/// Takes a point in, and those out that it covers; `false` where a step covers it.
fn insert(steps: &mut Steps, point: [f64; 2]) -> bool {
    if covers(steps, point) {
        return false;
    }
    let from = steps.partition_point(|step| step[0] < point[0]);
    let gone = steps[from..].iter().take_while(|step| step[1] >= point[1]).count();
    steps.splice(from..from + gone, [point]);
    true
}
