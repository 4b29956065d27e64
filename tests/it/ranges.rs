//! Every metric of the catalog on random evidence of every kind: values and the ends of intervals lie in the range that the catalog states.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use equipoise::evidence::{
    Attribute, AttributionFacts, CertificateFacts, Certificates, Company, Effort, EvasionFacts, Evidence,
    ExplanationFacts, Explanations, LabelShift, OodFacts, Outputs, Peer, Shift, ShiftFacts, SmoothedAttack,
    SmoothedFacts, Split, SplitFacts, TableFacts, UNION, Units,
};
use equipoise::measure::{AttackKey, Norm};
use equipoise::metrics::{self, CATALOG};
use equipoise::points::{CellEvidence, Options, Study, alone};
use equipoise::seed::{Seed, Stream};
use proptest::prelude::*;

/// Draws whatever evidence may hold.
struct Random {
    stream: Stream,
    classes: u64,
    rows: usize,
}

impl Random {
    fn class(&mut self) -> u16 {
        self.stream.below(self.classes) as u16
    }

    fn said(&mut self, rows: usize) -> Vec<u16> {
        (0..rows).map(|_| self.class()).collect()
    }

    fn flags(&mut self, of: &[bool]) -> Vec<bool> {
        of.iter().map(|flag| *flag && self.stream.below(3) > 0).collect()
    }

    /// Logits of all sizes, from such that all classes are alike to such that one is certain.
    fn logits(&mut self, rows: usize) -> Vec<f32> {
        let scale = [0.0, 0.3, 3.0, 300.0][self.stream.below(4) as usize];
        (0..rows * self.classes as usize).map(|_| (scale * self.stream.normal()) as f32).collect()
    }

    fn outputs(&mut self) -> Outputs {
        let logits = self.logits(self.rows);
        let largest = |logits: &[f32]| {
            let first = (0..logits.len()).rev().max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
            first.unwrap_or_default() as u16
        };
        let predictions = logits.chunks_exact(self.classes as usize).map(largest).collect();
        Outputs { predictions, logits }
    }

    /// A number per row from `low` to `high`, undefined now and then.
    fn numbers(&mut self, rows: usize, (low, high): (f64, f64)) -> Vec<f32> {
        let one = |stream: &mut Stream| match stream.below(8) {
            0 => f64::NAN,
            1 => low,
            2 => high,
            _ => low + (high - low) * stream.uniform_f64(),
        };
        (0..rows).map(|_| one(&mut self.stream) as f32).collect()
    }

    fn peer(&mut self, tables: &[TableFacts]) -> Arc<Peer> {
        Arc::new(Peer {
            clean: self.said(self.rows),
            corrupted: (0..PAIRS.len()).map(|_| self.said(self.rows)).collect(),
            tables: tables.iter().map(|table| self.said(table.labels.len())).collect(),
        })
    }

    fn shift(&mut self) -> Shift {
        let table = TableFacts { name: "2019".into(), labels: self.said(7), predictions: self.said(7) };
        let corrupted = PAIRS.iter().map(|(shift, severity)| ShiftFacts {
            shift: (*shift).into(),
            severity: *severity,
            predictions: self.said(self.rows),
        });
        let corrupted = corrupted.collect();
        let outside = 1 + self.stream.below(self.rows as u64) as usize;
        let peers: Vec<Arc<Peer>> = (0..4).map(|_| self.peer(std::slice::from_ref(&table))).collect();
        Shift {
            corrupted,
            reweighted: [1, 5].into_iter().filter_map(LabelShift::of).collect(),
            ood: vec![
                OodFacts { set: "shuffled".into(), near: true, logits: self.logits(outside) },
                OodFacts { set: "noise".into(), near: false, logits: self.logits(self.rows) },
            ],
            tables: vec![table],
            company: Some(Arc::new(Company { reference: peers.first().cloned(), peers })),
        }
    }

    fn explanations(&mut self) -> Explanations {
        let rows: Vec<u32> = (0..self.rows as u32).step_by(2).collect();
        let n = rows.len();
        let mut entry = |method: &str, name: &str, gap: bool| ExplanationFacts {
            method: method.into(),
            baseline: "mean".into(),
            deletion: self.numbers(n, (0.0, 1.0)),
            insertion: self.numbers(n, (0.0, 1.0)),
            attribution: Some(AttributionFacts {
                name: name.into(),
                values: (0..3 * n).map(|_| self.stream.below(4) as f32 - 1.5).collect(),
                infidelity: self.numbers(n, (0.0, 50.0)),
                infidelity_scaled: self.numbers(n, (0.0, 5.0)),
                sensitivity: self.numbers(n, (0.0, 20.0)),
                stability: self.numbers(n, (0.0, 1.0)),
                gap: if gap { self.numbers(n, (0.0, 2.0)) } else { Vec::new() },
            }),
        };
        let entries = vec![
            entry("gradient", "gradient", false),
            entry("integrated-gradients", "integrated-gradients/mean", true),
        ];
        Explanations {
            rows,
            features: 3,
            top: 1,
            attack: Some(AttackKey::new("p", Norm::Linf, 0.1)),
            entries,
        }
    }

    fn model(&mut self, facts: &Arc<SplitFacts>) -> Evidence {
        let clean = self.outputs();
        let right: Vec<bool> = clean.predictions.iter().zip(&facts.labels).map(|(a, b)| a == b).collect();
        let standing = self.flags(&right);
        // Where a row was wrong already both iterates are the clean one.
        let mut attacked = |standing: &[bool]| {
            let mut outputs = self.outputs();
            let classes = self.classes as usize;
            for row in (0..self.rows).filter(|row| standing[*row] || !right[*row]) {
                outputs.predictions[row] = clean.predictions[row];
                let at = row * classes..(row + 1) * classes;
                outputs.logits[at.clone()].copy_from_slice(&clean.logits[at]);
            }
            outputs
        };
        let (first_success, max_loss) = (attacked(&standing), attacked(&standing));
        let union = EvasionFacts {
            attack: UNION.into(),
            protocol: "suite".into(),
            norm: Norm::Linf,
            epsilon: 0.2,
            exact: false,
            tried: vec![true; self.rows],
            effort: Effort::default(),
            distance: standing.iter().map(|stands| if *stands { f32::INFINITY } else { 0.1 }).collect(),
            standing: standing.clone(),
            first_success,
            max_loss,
        };
        let proof = CertificateFacts {
            certificate: "crown".into(),
            protocol: "proof".into(),
            norm: Norm::Linf,
            epsilon: 0.2,
            certified: self.flags(&standing),
        };
        let vote = SmoothedFacts {
            protocol: "vote".into(),
            sigma: 0.5,
            alpha: 0.01,
            predictions: (0..self.rows).map(|_| (self.stream.below(4) > 0).then(|| self.class())).collect(),
            radius: (0..self.rows).map(|_| 0.5 * self.stream.uniform_f64()).collect(),
            attacked: vec![SmoothedAttack { epsilon: 0.2, standing: self.flags(&vec![true; self.rows]) }],
        };
        Evidence {
            evasion: vec![union],
            certificates: Certificates::of(vec![proof], vec![vote]),
            explanations: Some(self.explanations()),
            shift: self.shift(),
            ..Evidence::of(Arc::clone(facts), clean)
        }
    }
}

const PAIRS: [(&str, u8); 4] = [("haze", 1), ("haze", 5), ("noise", 1), ("noise", 5)];

/// Models of three seeds on one split: of two classes or of three, rows alone or in units, one class or group now and then without rows.
fn cells(seed: u64) -> Vec<CellEvidence> {
    let mut stream = Seed(seed).stream("test/ranges");
    let classes = 2 + stream.below(2);
    let rows = 1 + stream.below(40) as usize;
    let units = stream.below(2) > 0;
    let mut random = Random { stream, classes, rows };
    let attribute = |random: &mut Random, name: &str, groups: &[&str]| Attribute {
        name: name.into(),
        groups: groups.iter().map(|group| (*group).into()).collect(),
        codes: (0..rows).map(|_| random.stream.below(groups.len() as u64 + 1) as i16 - 1).collect(),
    };
    let facts = Arc::new(SplitFacts {
        split: Split::Test,
        rows: (0..rows as u32).collect(),
        labels: random.said(rows),
        classes: ["a", "b", "c"][..classes as usize].iter().map(|class| (*class).into()).collect(),
        positive: Some(1),
        attributes: vec![
            attribute(&mut random, "race", &["p", "q", "r"]),
            attribute(&mut random, "sex", &["F", "M"]),
        ],
        units: units.then(|| Units {
            name: "patient".into(),
            codes: (0..rows).map(|_| random.stream.below(20) as u32).collect(),
        }),
    });
    (0..3)
        .map(|seed| CellEvidence {
            coordinates: BTreeMap::from([("defense".into(), "at".into())]),
            defense: "at".into(),
            strength: 0.0,
            model: "last".into(),
            seed,
            outcome: Ok(Arc::new(random.model(&facts))),
        })
        .collect()
}

/// Ids of everything that has a value, at any seed; fails with all that lie outside their range, or whose intervals do.
fn measured(cells: &[CellEvidence]) -> Result<BTreeSet<String>, String> {
    let options = Options { resamples: 24, ..Options::default() };
    let mut points = Study::new(cells, options).map_err(|error| error.to_string())?.points;
    let mut all = vec![points.remove(0).measures];
    let alone = cells.iter().filter_map(|cell| cell.outcome.as_ref().ok()).map(|model| alone(model, options));
    all.extend(alone);
    let (mut found, mut outside) = (BTreeSet::new(), Vec::new());
    for (key, measured) in all.iter().flatten() {
        let (least, most) = metrics::find(&key.id).ok_or_else(|| key.to_string())?.range;
        let estimate = &measured.estimate;
        let values =
            measured.per_seed.iter().filter_map(equipoise::measure::Value::get).chain(estimate.value.get());
        for value in values {
            if !(least..=most).contains(&value) {
                outside.push(format!("{key} = {value}, outside {least} to {most}"));
            }
            found.insert(key.id.clone());
        }
        if let (Some((low, high)), Some(value)) = (estimate.interval, estimate.value.get())
            && !(least <= low && low <= value && value <= high && high <= most)
        {
            outside.push(format!("{key} = {value} [{low}, {high}], outside {least} to {most}"));
        }
    }
    if outside.is_empty() { Ok(found) } else { Err(outside.join("; ")) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_value_and_interval_lies_in_its_metrics_range(seed in any::<u64>()) {
        prop_assert!(measured(&cells(seed)).is_ok(), "{}", measured(&cells(seed)).unwrap_err());
    }
}

/// The test above is about the whole catalog: no metric is left out for want of evidence.
#[test]
fn random_evidence_reaches_every_metric() {
    let found: BTreeSet<String> = (0..24).flat_map(|seed| measured(&cells(seed)).unwrap()).collect();
    let all: BTreeSet<String> = CATALOG.iter().map(|metric| metric.id.to_owned()).collect();
    assert_eq!(all.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
}
