//! Where evidence about a model lies: one file per question, named by everything that decides the answer.

use crate::error::Result;
use crate::evidence::Split;
use crate::experiment::{self, Experiment};

pub(super) fn evidence_file(id: &str) -> String {
    format!("evidence/{id}.safetensors")
}

/// The files with the evidence about one model on one split.
pub(super) struct EvidenceFiles {
    pub(super) clean: String,
    pub(super) evasion: String,
    /// What the sanity checks saw; on test rows only, where numbers are stated.
    pub(super) checks: Option<String>,
    /// One per certificate that the experiment lists; on validation rows only where these choose between checkpoints: nothing else reads them there.
    pub(super) certificates: Vec<String>,
    /// What explanations came to, where they are asked for; on test rows only.
    pub(super) explanations: Option<String>,
    /// One per question under distribution shift; on test rows only.
    pub(super) shift: Vec<String>,
}

impl EvidenceFiles {
    pub(super) fn new(
        experiment: &Experiment,
        run: &str,
        seed: u64,
        epoch: usize,
        split: Split,
        chooses: bool,
    ) -> Result<Self> {
        let clean = serde_json::json!({ "kind": "clean" });
        let mut evasion = experiment::evasion_settings(experiment, split)?;
        evasion["seed"] = serde_json::json!(seed);
        let mut checks = experiment::checks_settings(experiment, split)?;
        checks["seed"] = serde_json::json!(seed);
        let file = |probe: &_| evidence_file(&experiment::evidence_id(run, epoch, split, probe));
        let mut certificates = Vec::new();
        let is_read = split == Split::Test || chooses;
        for certificate in experiment.certificates.iter().filter(|_| is_read) {
            let mut settings = experiment::certificate_settings(experiment, split, certificate)?;
            settings["seed"] = serde_json::json!(seed);
            certificates.push(file(&settings));
        }
        let explanations = match experiment::explanation_settings(experiment)? {
            Some(mut settings) if split == Split::Test => {
                settings["seed"] = serde_json::json!(seed);
                Some(file(&settings))
            }
            _ => None,
        };
        let asked = experiment.shift.as_ref().filter(|_| split == Split::Test);
        let questions = |spec: &experiment::ShiftSpec| -> Result<Vec<String>> {
            Ok(spec.questions()?.into_iter().map(|question| file(&spec.settings(question))).collect())
        };
        Ok(Self {
            certificates,
            explanations,
            shift: asked.map_or_else(|| Ok(Vec::new()), questions)?,
            clean: file(&clean),
            evasion: file(&evasion),
            checks: (split == Split::Test).then(|| file(&checks)),
        })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        let attacked = [&self.clean, &self.evasion].into_iter().chain(&self.checks);
        attacked.chain(&self.certificates).chain(&self.explanations).chain(&self.shift)
    }
}
