//! What is said of a number that did not vary.

use crate::metrics::{Form, Metric};
use crate::stats;
use crate::words::count;

/// Whether a standard deviation is nothing but the rounding of sums.
pub(super) fn is_rounding(sd: f64, value: f64) -> bool {
    sd <= (1e-12 * value.abs()).max(1e-15)
}

/// The interval of a number that never varied `over` what was drawn anew, and its method. The draws know no uncertainty; of a share at an end, `rows` independent rows still leave some.
pub(super) fn interval(
    metric: &Metric,
    value: f64,
    rows: f64,
    level: f64,
    over: &str,
) -> (Option<(f64, f64)>, String) {
    let (least, most) = metric.range;
    if matches!(metric.form, Form::Share | Form::Shares) && rows >= 1.0 && (value <= least || value >= most) {
        let hits = if value >= most { rows } else { 0.0 };
        let method = format!(
            "exact binomial over {}: nothing varied over {over}",
            count(rows.round() as usize, "row")
        );
        return (Some(stats::clopper_pearson(hits, rows, level)), method);
    }
    (None, format!("no interval: nothing varied over {over}"))
}
