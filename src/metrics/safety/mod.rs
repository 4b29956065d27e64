//! Safety: harm that nobody intended. One file per family.

pub(super) mod abstention;
pub(super) mod accuracy;
pub(super) mod calibration;
pub(super) mod explanations;
pub(super) mod group_accuracy;
pub(super) mod group_rates;
pub(super) mod group_scores;
pub(super) mod ood;
pub(super) mod shift;
