//! Security, and hybrids: harm under attack. One file per family.

pub(super) mod certified;
pub(super) mod explanation_stability;
pub(super) mod robust_abstention;
pub(super) mod robust_accuracy;
pub(super) mod robust_calibration;
pub(super) mod robust_classes;
pub(super) mod robust_group_rates;
pub(super) mod robust_groups;
