//! Certificates of one model: stored one by one, read together, held against the attacks.

use super::evidence_files::EvidenceFiles;
use super::pipeline::{self, Work};
use super::{Store, encoding};
use crate::data::Dataset;
use crate::error::Result;
use crate::evidence::{Certificates, EvasionFacts, Outputs, Split, SplitFacts, UNION};
use crate::experiment::{Cell, Experiment};
use crate::measure::Norm;
use crate::models::{self, Network, Parameters};
use crate::points::{CellEvidence, Study};
use crate::probes::{Certification, checks};
use crate::seed::Seed;

/// The share of test rows that one certificate certifies, mean over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct CertifiedShare {
    /// Index of the point.
    pub point: usize,
    /// The certificate's kind.
    pub certificate: String,
    /// Norm of the threat model.
    pub norm: Norm,
    /// Radius of the threat model.
    pub epsilon: f64,
    /// 0 to 1.
    pub share: f64,
}

/// Certificate by certificate: the share of rows that it certifies, mean over seeds.
pub(super) fn shares(study: &Study, evidence: &[CellEvidence]) -> Vec<CertifiedShare> {
    let mut rows = Vec::new();
    for (index, point) in study.points.iter().enumerate() {
        let own =
            evidence.iter().filter(|cell| cell.coordinates == point.coordinates && cell.model == point.model);
        let cells: Vec<&Certificates> =
            own.filter_map(|cell| Some(&cell.outcome.as_deref().ok()?.certificates)).collect();
        let Some(first) = cells.first() else { continue };
        for (position, facts) in first.proven.iter().enumerate().filter(|(_, f)| f.certificate != UNION) {
            let shares = cells.iter().map(|certificates| {
                let certified = &certificates.proven[position].certified;
                certified.iter().filter(|certified| **certified).count() as f64
                    / certified.len().max(1) as f64
            });
            rows.push(CertifiedShare {
                point: index,
                certificate: facts.certificate.clone(),
                norm: facts.norm,
                epsilon: facts.epsilon,
                share: shares.sum::<f64>() / cells.len() as f64,
            });
        }
    }
    rows
}

/// One model of one cell, to be certified on the rows of one split.
pub(super) struct Subject<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) cell: &'a Cell,
    pub(super) experiment: &'a Experiment,
    pub(super) dataset: &'a Dataset,
    pub(super) split: Split,
    pub(super) epoch: usize,
    pub(super) files: &'a EvidenceFiles,
}

impl Subject<'_> {
    /// Makes what is missing. Then: why the certificates and the attacks cannot both be right, where that is so.
    pub(super) fn certify(&self) -> Result<Option<String>> {
        let Self { work, experiment, .. } = *self;
        let store = work.store;
        let mut model: Option<(Box<dyn Network>, Parameters)> = None;
        let clean = pipeline::read_clean(store, &self.files.clean)?;
        for (spec, file) in experiment.certificates.iter().zip(&self.files.certificates) {
            if store.has(file) {
                continue;
            }
            let (network, parameters) = match &mut model {
                Some(model) => model,
                none => none.insert(self.model()?),
            };
            let certification = Certification {
                network: network.as_mut(),
                parameters,
                rows: self.dataset.rows(self.split),
                clean: &clean,
                features: &self.dataset.features,
                norm: experiment.threat.norm,
                epsilons: &experiment.threat.epsilons_on(self.split),
                seed: Seed(self.cell.seed),
                stop: &|| work.is_cancelled(),
            };
            store.write(file, &encoding::encode_certificates(&certification.ask(spec)?)?)?;
        }
        let facts = &self.dataset.rows(self.split).facts;
        let evasion = pipeline::read(store, &self.files.evasion, encoding::decode_evasion)?;
        Ok(contradiction(facts, &clean, &evasion, &read(store, self.files)?))
    }

    fn model(&self) -> Result<(Box<dyn Network>, Parameters)> {
        let (architecture, parameters) =
            pipeline::stored(self.work, self.experiment, &self.cell.run, self.epoch)?;
        Ok((models::build(self.experiment.engine.kind, &architecture, &parameters)?, parameters))
    }
}

/// All that certificates say of one model on one split.
pub(super) fn read(store: &Store, files: &EvidenceFiles) -> Result<Certificates> {
    let mut all = Certificates::default();
    for file in &files.certificates {
        let one = pipeline::read(store, file, encoding::decode_certificates)?;
        all.proven.extend(one.proven);
        all.smoothed.extend(one.smoothed);
    }
    Ok(Certificates::of(all.proven, all.smoothed))
}

/// The reason for which a cell is failed.
pub(super) fn contradiction(
    facts: &SplitFacts,
    clean: &Outputs,
    evasion: &[EvasionFacts],
    certificates: &Certificates,
) -> Option<String> {
    let broken = checks::contradiction(facts, clean, evasion, certificates)?;
    Some(format!("evaluation on {} rows: {broken}", facts.split.word()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::experiment::{self, Loaded};
    use crate::run::{self, Options, Results, Silent, record};

    const EXPERIMENT: &str = r#"
name = "planted"
seeds = 1

[data]
kind = "dataset"
name = "digits"

[split]
test = 100
validation = 50

[model]
kind = "mlp"
hidden = [8]

[training]
epochs = 2

[[defense]]
method = { kind = "at", steps = 1 }
strengths = [0, 0.1]

[[certificate]]
kind = "interval"

[threat]
norm = "linf"
epsilon = 0.1

[[attack]]
kind = "fgsm"

[checks]
rows = 0

[front]
resamples = 100
"#;

    fn run(loaded: &Loaded, out: &Path) -> Results {
        let cancel = AtomicBool::new(false);
        let options = Options {
            out,
            datasets: Path::new("datasets"),
            jobs: Some(1),
            shard: None,
            observer: &Silent,
            cancel: &cancel,
        };
        run::run(loaded, &options).unwrap()
    }

    /// Certifies the first row that the attack broke, behind the program's back; returns its number in the data set.
    fn plant(results: &Results) -> u32 {
        let (store, sweep) = (&results.store, &results.sweep);
        let experiment = &sweep.variants[0];
        let cell = &sweep.cells[0];
        let epoch = 2;
        let files = EvidenceFiles::new(experiment, &cell.run, cell.seed, epoch, Split::Test, false).unwrap();
        let facts_file = run::sweep::facts_file(&sweep.data.fingerprint, Split::Test);
        let facts = pipeline::read(store, &facts_file, encoding::decode_facts).unwrap();
        let clean = pipeline::read_clean(store, &files.clean).unwrap();
        let evasion = pipeline::read(store, &files.evasion, encoding::decode_evasion).unwrap();
        let fell = |row: &usize| clean.predictions[*row] == facts.labels[*row] && !evasion[0].standing[*row];
        let row = (0..facts.len()).find(fell).expect("the attack breaks a row of an undefended model");
        let mut proof = pipeline::read(store, &files.certificates[0], encoding::decode_certificates).unwrap();
        proof.proven[0].certified[row] = true;
        store.write(&files.certificates[0], &encoding::encode_certificates(&proof).unwrap()).unwrap();
        facts.rows[row]
    }

    #[test]
    fn a_broken_certificate_fails_its_cell_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("planted.toml");
        crate::files::write_atomic(&config, EXPERIMENT.as_bytes(), None).unwrap();
        let loaded = experiment::load(&config, &[]).unwrap();
        let out = folder.path().join("out");
        let results = run(&loaded, &out);
        assert!(results.look().unwrap().failed().is_empty());

        let row = plant(&results);
        let failed = results.look().unwrap().failed();
        assert_eq!(failed.len(), 1, "{failed:?}");
        let (cell, reason) = &failed[0];
        assert!(cell.contains("strength=0,"), "{cell}");
        for part in [&format!("data-set row {row} "), "check 28", "`interval`", "`fgsm-ce`", "L∞ ε = 0.1"]
        {
            assert!(reason.contains(part), "`{part}` is missing in: {reason}");
        }
        let judgement = results.look().unwrap().judge().unwrap();
        assert_eq!(judgement.points[0].failed, [(0, reason.clone())]);
        assert_eq!(judgement.points[1].seeds, [0], "the other cell stands");

        // Work on the cell finds it too, and records it nowhere: a mended certificate is asked again.
        let file = out.join(record::file(&results.sweep.cells[0].run));
        let before = crate::files::read_text(&file).unwrap();
        let experiment = &results.sweep.variants[0];
        let cell = &results.sweep.cells[0];
        let files = EvidenceFiles::new(experiment, &cell.run, cell.seed, 2, Split::Test, false).unwrap();
        results.store.remove(files.checks.as_ref().unwrap()).unwrap();
        drop(results);
        let results = run(&loaded, &out);
        assert_eq!(crate::files::read_text(&file).unwrap(), before);
        assert_eq!(results.look().unwrap().failed().len(), 1);
        drop(results);

        // Where nothing else is there to judge, the message speaks of the certificate, not of training.
        let alone = "defense.0.strengths=[0]".parse().unwrap();
        let results = run(&experiment::load(&config, &[alone]).unwrap(), &out);
        let error = results.look().unwrap().judge().unwrap_err();
        assert!(
            error.to_string().starts_with("no cell is left to judge: evaluation on test rows"),
            "{error}"
        );
        let help = error.help_text().unwrap();
        assert!(help.contains("training went well") && help.contains("[[certificate]]"), "{help}");
        drop(results);

        // Without the certificate its contradiction is gone, and nothing is trained anew.
        let without = EXPERIMENT.replace("[[certificate]]\nkind = \"interval\"\n", "");
        crate::files::write_atomic(&config, without.as_bytes(), None).unwrap();
        let results = run(&experiment::load(&config, &[]).unwrap(), &out);
        assert!(results.look().unwrap().failed().is_empty());
        assert_eq!(results.look().unwrap().judge().unwrap().points[0].seeds, [0]);
        assert_eq!(crate::files::read_text(&file).unwrap(), before);
    }
}
