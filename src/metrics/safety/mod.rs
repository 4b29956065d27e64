//! Safety: harm that nobody intended. One file per family.

pub(super) mod accuracy;
pub(super) mod group_accuracy;
pub(super) mod group_rates;
