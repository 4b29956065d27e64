//! Two axes: one sweep with the runs' heights in order.

use crate::pareto::costs::Costs;
use crate::pareto::filter::steps;
use crate::pareto::sorting::sort;

/// The steps of each level, the lowest first.
pub(super) fn surfaces(runs: &[Costs<'_>]) -> Vec<Vec<[f64; 2]>> {
    let mut changes: Vec<(f64, f64, u32)> = Vec::new();
    for (run, costs) in (0..).zip(runs) {
        changes.extend(steps(costs.arrays()).into_iter().map(|[x, y]| (x, y, run)));
    }
    sort(&mut changes, |change| change.0, |a, b| a.0 < b.0 || a.0 <= b.0 && a.2 < b.2);
    let levels = runs.len();
    let mut surfaces: Vec<Vec<[f64; 2]>> = vec![Vec::new(); levels];
    // What each run has fallen to, and the same in order: entry k − 1 is what k runs have fallen to.
    let mut heights = vec![f64::INFINITY; levels];
    let mut sorted = vec![f64::INFINITY; levels];
    let mut at = 0;
    while at < changes.len() {
        let x = changes[at].0;
        let (mut lowest, mut highest) = (levels, 0);
        while at < changes.len() && changes[at].0 <= x {
            let (_, y, run) = changes[at];
            let old = std::mem::replace(&mut heights[run as usize], y);
            let from = sorted.partition_point(|height| *height < old);
            let to = sorted.partition_point(|height| *height <= y);
            sorted.copy_within(to..from, to + 1);
            sorted[to] = y;
            (lowest, highest) = (lowest.min(to), highest.max(from + 1));
            at += 1;
        }
        for level in lowest..highest {
            let y = sorted[level];
            if y < surfaces[level].last().map_or(f64::INFINITY, |step| step[1]) {
                surfaces[level].push([x, y]);
            }
        }
    }
    surfaces
}
