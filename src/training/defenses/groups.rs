//! What fairness-aware defenses know of the groups: who belongs where, and how each group fares on validation rows.

use super::EpochEnd;
use crate::attacks::{Attack, Found, Pgd, Target, ThreatModel, outputs};
use crate::data::{Dataset, Rows};
use crate::error::Result;
use crate::losses::Loss;
use crate::models::Network;

/// The word for the classes themselves as groups.
pub(super) const CLASSES: &str = "class";

/// The group of every training and validation row.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    count: usize,
    train: Vec<Option<u16>>,
    validation: Vec<Option<u16>>,
}

impl Groups {
    /// The classes, or the groups of the sensitive attribute `by`; none where the data have no such attribute.
    pub(super) fn new(by: &str, data: &Dataset) -> Option<Self> {
        if by == CLASSES {
            let codes = |rows: &Rows| rows.facts.labels.iter().map(|label| Some(*label)).collect();
            let (train, validation) = (codes(&data.train), codes(&data.validation));
            return Some(Self { count: data.classes.len(), train, validation });
        }
        let position = data.train.facts.attributes.iter().position(|attribute| attribute.name == by)?;
        let codes = |rows: &Rows| {
            let codes = &rows.facts.attributes[position].codes;
            codes.iter().map(|code| u16::try_from(*code).ok()).collect()
        };
        let count = data.train.facts.attributes[position].groups.len();
        Some(Self { count, train: codes(&data.train), validation: codes(&data.validation) })
    }

    /// How many groups there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The group of training row `row`; none where it is not known.
    pub(super) fn of(&self, row: u32) -> Option<usize> {
        self.train[row as usize].map(usize::from)
    }

    /// Errors of each group on the validation rows, under PGD-20 in `threat` where its radius is above 0; none for a group without rows.
    ///
    /// # Errors
    ///
    /// Where the model's outputs or gradients are not finite, or the attack was stopped.
    pub(super) fn errors(
        &self,
        network: &mut dyn Network,
        end: &EpochEnd<'_>,
        threat: &ThreatModel,
    ) -> Result<Errors> {
        let rows = end.validation;
        let labels = &rows.facts.labels;
        let outputs = outputs(network, rows).map_err(|error| error.context("validation"))?;
        let mut found = Found::new(&rows.x, labels, &outputs);
        if threat.epsilon() > 0.0 {
            let attack = Pgd { steps: 20, step: 0.25, restarts: 1, loss: Loss::Margin, random_start: true };
            let mut target = Target {
                network,
                rows,
                threat,
                constraints: None,
                warm: false,
                only: None,
                seed: end.seed,
                name: "fairness",
                stop: end.stop,
            };
            attack.run(&mut target, &mut found).map_err(|error| error.context("validation"))?;
        }
        let right: Vec<bool> = labels.iter().zip(&outputs.predictions).map(|(y, p)| y == p).collect();
        Ok(Errors::of(self.count, &self.validation, &right, found.standing()))
    }
}

/// Shares of a group's rows, per group and over all rows that belong to one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Errors {
    /// Wrong without an attack.
    pub(super) clean: Vec<Option<f64>>,
    /// Right without an attack, and wrong under it.
    pub(super) boundary: Vec<Option<f64>>,
    /// The same over all rows.
    pub(super) all: [f64; 2],
}

impl Errors {
    fn of(count: usize, groups: &[Option<u16>], right: &[bool], standing: &[bool]) -> Self {
        let mut counts = vec![[0.0_f64; 3]; count];
        for ((group, right), standing) in groups.iter().zip(right).zip(standing) {
            let Some(group) = group else { continue };
            let counts = &mut counts[usize::from(*group)];
            counts[0] += 1.0;
            counts[1] += f64::from(u8::from(!right));
            counts[2] += f64::from(u8::from(*right && !standing));
        }
        let share = |which: usize| {
            counts.iter().map(|counts| (counts[0] > 0.0).then(|| counts[which] / counts[0])).collect()
        };
        let total = |which: usize| counts.iter().map(|counts| counts[which]).sum::<f64>();
        let rows = total(0).max(1.0);
        Self { clean: share(1), boundary: share(2), all: [total(1) / rows, total(2) / rows] }
    }

    /// Wrong without an attack or under it, per group.
    pub(super) fn robust(&self) -> impl Iterator<Item = Option<f64>> {
        self.clean.iter().zip(&self.boundary).map(|(clean, boundary)| Some((*clean)? + (*boundary)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: group 0 has two rows, one wrong; group 1 two rows, one falls; group 2 none; one row belongs nowhere.
    #[test]
    fn errors_are_counted_by_group() {
        let groups = [Some(0), Some(0), Some(1), Some(1), None];
        let right = [true, false, true, true, false];
        let standing = [true, false, false, true, false];
        let errors = Errors::of(3, &groups, &right, &standing);
        assert_eq!(errors.clean, [Some(0.5), Some(0.0), None]);
        assert_eq!(errors.boundary, [Some(0.0), Some(0.5), None]);
        assert!(errors.all.iter().all(|share| (share - 0.25).abs() < 1e-12), "{:?}", errors.all);
        assert_eq!(errors.robust().collect::<Vec<_>>(), [Some(0.5), Some(0.5), None]);
    }
}
