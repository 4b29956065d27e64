//! How training went, epoch by epoch, and whether it was still moving at the end.

use serde::{Deserialize, Serialize};

/// One epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 0.
    pub epoch: u32,
    /// Mean loss of the rows when they were trained on (under the defense), weights moving meanwhile.
    pub loss: f64,
    /// Share classified correctly at the points trained on.
    pub accuracy: f64,
    /// Clean accuracy on validation rows after the epoch, where there are any.
    pub validation_accuracy: Option<f64>,
    /// Accuracy on validation rows under the selection attack, in epochs where it was measured.
    pub validation_robust: Option<f64>,
    /// Accuracy on the first validation rows under PGD-5 at the training radius, for defenses that are watched for
    /// catastrophic overfitting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<f64>,
}

/// Where training ended and how fast it still moved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Loss of the last epoch.
    pub loss: f64,
    /// Accuracy of the last epoch.
    pub accuracy: f64,
    /// Epochs in the last quarter, at least 1.
    pub quarter: u32,
    /// Least-squares slope of the loss over the last quarter, per epoch; 0 for a single epoch.
    pub loss_slope: f64,
    /// The same of the accuracy.
    pub accuracy_slope: f64,
}

impl Trend {
    /// Whether the loss had stopped falling: less than 1 % of it per epoch, over the last quarter.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.loss_slope > -0.01 * self.loss
    }
}

/// How validation accuracy under attack went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overfitting {
    /// The best of any epoch, minus that of the last epoch measured; at least 0. None where only the few rows of a defense that is watched
    /// were attacked: the best of many epochs lies above the last by chance there.
    pub gap: Option<f64>,
    /// The largest fall from one epoch measured to the next; at least 0.
    pub steepest: f64,
}

/// Robust and catastrophic overfitting; none where validation accuracy under attack was measured less than twice. The falls of a defense
/// that is watched are those of the accuracies watched, which are there after every epoch.
#[must_use]
pub fn overfitting(records: &[EpochRecord]) -> Option<Overfitting> {
    let robust: Vec<f64> = records.iter().filter_map(|record| record.validation_robust).collect();
    let watched: Vec<f64> = records.iter().filter_map(|record| record.watched).collect();
    let falls = if watched.is_empty() { &robust } else { &watched };
    let steepest = falls.windows(2).map(|pair| pair[0] - pair[1]).fold(0.0, f64::max);
    let gap = match robust.as_slice() {
        [_, .., last] => Some(robust.iter().copied().fold(0.0, f64::max) - last),
        _ => None,
    };
    (falls.len() > 1).then_some(Overfitting { gap, steepest })
}

/// The end of training and its trend over the last quarter of the epochs; none where nothing was trained.
#[must_use]
pub fn trend(records: &[EpochRecord]) -> Option<Trend> {
    let last = records.last()?;
    let quarter = &records[records.len() - records.len().div_ceil(4)..];
    Some(Trend {
        loss: last.loss,
        accuracy: last.accuracy,
        quarter: quarter.len() as u32,
        loss_slope: slope(quarter.iter().map(|record| record.loss)),
        accuracy_slope: slope(quarter.iter().map(|record| record.accuracy)),
    })
}

/// Least-squares slope of equally spaced values.
fn slope(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let n = values.len() as f64;
    if values.len() < 2 {
        return 0.0;
    }
    let middle = (n - 1.0) / 2.0;
    let weighted: f64 = values.enumerate().map(|(i, value)| (i as f64 - middle) * value).sum();
    weighted * 12.0 / (n * (n * n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overfitting_is_the_way_down_from_the_best() {
        let record = |robust: Option<f64>| EpochRecord {
            epoch: 0,
            loss: 1.0,
            accuracy: 0.5,
            validation_accuracy: None,
            validation_robust: robust,
            watched: None,
        };
        let records: Vec<EpochRecord> =
            [Some(0.25), None, Some(0.5), Some(0.125), Some(0.375)].map(record).into();
        let found = overfitting(&records).unwrap();
        assert!(
            (found.gap.unwrap() - 0.125).abs() < 1e-12 && (found.steepest - 0.375).abs() < 1e-12,
            "{found:?}"
        );
        assert!(overfitting(&records[..2]).is_none());
        let watched = |accuracy: f64, robust| EpochRecord { watched: Some(accuracy), ..record(robust) };
        let found = overfitting(&[watched(0.75, Some(0.5)), watched(0.25, Some(0.375))]).unwrap();
        assert!((found.steepest - 0.5).abs() < 1e-12, "what is watched counts: {found:?}");
        assert!(
            (found.gap.unwrap() - 0.125).abs() < 1e-12,
            "the gap is that of all validation rows: {found:?}"
        );
        let found = overfitting(&[watched(0.5, None), watched(0.25, None)]).unwrap();
        assert!(found.gap.is_none() && (found.steepest - 0.25).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn the_trend_is_the_slope_of_the_last_quarter() {
        let record = |epoch: u32, loss: f64| EpochRecord {
            epoch,
            loss,
            accuracy: 0.5 + 0.01 * f64::from(epoch),
            validation_accuracy: None,
            validation_robust: None,
            watched: None,
        };
        let records: Vec<EpochRecord> = (0..12)
            .map(|epoch| record(epoch, if epoch < 9 { 9.0 } else { 4.0 - 0.25 * f64::from(epoch) }))
            .collect();
        let trend = trend(&records).unwrap();
        assert_eq!(trend.quarter, 3);
        assert!((trend.loss - 1.25).abs() < 1e-12 && (trend.loss_slope + 0.25).abs() < 1e-12);
        assert!((trend.accuracy_slope - 0.01).abs() < 1e-12);
        assert!(super::trend(&[]).is_none());
    }
}
