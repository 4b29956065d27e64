//! Explanations of one model: made where they are missing.

use super::encoding;
use super::evidence_files::EvidenceFiles;
use super::pipeline::{self, Work};
use crate::data::Dataset;
use crate::error::Result;
use crate::evidence::Split;
use crate::experiment::{Cell, Experiment};
use crate::probes::explanation::{Inquiry, explain};
use crate::seed::Seed;

/// One model of one cell, to be explained on test rows.
pub(super) struct Subject<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) cell: &'a Cell,
    pub(super) experiment: &'a Experiment,
    pub(super) dataset: &'a Dataset,
    pub(super) epoch: usize,
    pub(super) files: &'a EvidenceFiles,
}

impl Subject<'_> {
    /// Makes what is missing, where explanations are asked for.
    pub(super) fn explain(&self) -> Result<()> {
        let Self { work, cell, experiment, dataset, epoch, files } = *self;
        let store = work.store;
        let (Some(settings), Some(file)) = (&experiment.explanations, &files.explanations) else {
            return Ok(());
        };
        if store.has(file) {
            return Ok(());
        }
        let clean = pipeline::read_clean(store, &files.clean)?;
        let mut network = pipeline::network(work, experiment, &cell.run, epoch)?;
        let constraints = experiment.threat.constraints(dataset)?;
        let explanations = explain(Inquiry {
            network: network.as_mut(),
            rows: dataset.rows(Split::Test),
            training: dataset.rows(Split::Train),
            clean: &clean,
            features: &dataset.features,
            constraints: constraints.as_ref(),
            norm: experiment.threat.norm,
            epsilon: experiment.threat.epsilon,
            settings,
            seed: Seed(cell.seed),
            stop: &|| work.is_cancelled(),
        })?;
        store.write(file, &encoding::encode_explanations(&explanations)?)
    }
}
