//! From a CSV file with predictions to evidence: a pure function of its bytes and of what was asked for.

use std::sync::Arc;

use super::classes::{self, Classes, listed};
use super::columns::{self, MISSING, Text, Texts};
use crate::error::{Error, Result};
use crate::evidence::{Attribute, Evidence, Outputs, Split, SplitFacts, Units};
use crate::words::count;

/// Groups of an attribute at most: every pair of groups is compared in every resample.
const MOST_GROUPS: usize = 200;
/// More groups than this are worth a word.
const MANY_GROUPS: usize = 50;

/// What a file holds, and what was made of it.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) evidence: Evidence,
    /// What was left out, made or assumed: sentences.
    pub(super) notes: Vec<String>,
    /// Of score columns, each with the class it is about, in their order.
    pub(super) about: Vec<(String, String)>,
}

/// What each column is, and how probabilities become decisions.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The column with the true class.
    pub(super) label: String,
    /// The column with the probability of the positive class.
    pub(super) score: Option<String>,
    /// The columns with the probability of each class.
    pub(super) scores: Vec<String>,
    /// The column with the decision.
    pub(super) prediction: Option<String>,
    /// Columns with sensitive attributes.
    pub(super) groups: Vec<String>,
    /// The column whose values say which rows belong together.
    pub(super) unit: Option<String>,
    /// The class of each of `scores`; empty where the file tells them.
    pub(super) classes: Vec<String>,
    /// The positive class, where it is not the one that is called 1, true or yes, or the larger.
    pub(super) positive: Option<String>,
    /// From this probability on the decision is the positive class; 0 to 1.
    pub(super) threshold: f64,
    /// What separates fields.
    pub(super) separator: u8,
}

/// The evidence in a CSV file.
///
/// Classes are sorted by value (those of `scores` stand in the order of their columns), groups too; several group columns are followed by their
/// intersections, two by two. Probabilities stay as written.
/// The decision is that of `prediction`, where it is asked for; else positive from the threshold on; else the most probable class, the
/// first of several. Combinations of two attributes that are too many to compare are left out with a note.
///
/// # Errors
///
/// Everything that makes a number of it meaningless; the message names line and column.
pub(super) fn evidence(bytes: &[u8], asked: &Asked) -> Result<Read> {
    check(asked)?;
    let mut texts = vec![Text { name: &asked.label, may_miss: false }];
    texts.extend(asked.prediction.iter().map(|name| Text { name, may_miss: false }));
    texts.extend(asked.groups.iter().map(|name| Text { name, may_miss: true }));
    texts.extend(asked.unit.iter().map(|name| Text { name, may_miss: false }));
    let scores: Vec<&str> = asked.score.iter().chain(&asked.scores).map(String::as_str).collect();
    let mut columns = columns::read(bytes, asked.separator, &texts, &scores)?;
    let units = asked.unit.as_ref().and_then(|_| columns.texts.pop());
    let units = units.map(|Texts { name, codes, .. }| Units { name, codes });
    let groups = columns.texts.split_off(1 + usize::from(asked.prediction.is_some()));
    let (labels, predicted) = (&columns.texts[0], columns.texts.get(1));
    let classes = classes_of(labels, predicted, asked)?;
    let positive = classes.positive(asked.positive.as_deref(), asked.score.as_deref())?;
    let label_codes = classes.codes(labels)?;
    let probabilities = match (&asked.score, positive) {
        (Some(_), Some(positive)) => Some(pairs(&columns.probabilities, positive)),
        _ => (!scores.is_empty()).then_some(columns.probabilities),
    };
    let predictions = match (predicted, &probabilities, positive) {
        (Some(predicted), ..) => classes.codes(predicted)?,
        (None, Some(rows), Some(positive)) if asked.score.is_some() => {
            let chosen =
                |p: &[f64]| if p[usize::from(positive)] >= asked.threshold { positive } else { 1 - positive };
            rows.chunks_exact(2).map(chosen).collect()
        }
        (None, Some(rows), _) => rows.chunks_exact(classes.names.len()).map(most_probable).collect(),
        (None, None, _) => return Err(Error::internal("neither scores nor predictions were asked for")),
    };
    let mut notes = columns.notes;
    let about = about(asked, &classes, positive);
    if classes.by_place {
        let one = |(column, class): &(String, String)| format!("{column} {class}");
        let all = about.iter().map(one).collect::<Vec<_>>().join(", ");
        notes.push(format!(
            "Score columns are matched to classes by their places: {all}; --classes says otherwise."
        ));
    }
    notes.extend(groups.iter().filter_map(Texts::missing_note));
    notes.extend(probabilities.as_deref().and_then(|rows| other_decisions(rows, &predictions)));
    if let Some(Units { name, .. }) = &units {
        notes.push(format!(
            "Each row counts on its own in the calibration error if calibrated and in what it takes to see a gap, whichever {name} it is of."
        ));
    }
    let facts = SplitFacts {
        split: Split::Test,
        rows: (0..columns.rows as u32).collect(),
        labels: label_codes,
        classes: classes.names,
        positive,
        attributes: groups.into_iter().map(attribute).collect::<Result<_>>()?,
        units,
    };
    let facts = crossed(facts, &mut notes)?;
    let clean = Outputs { predictions, logits: Vec::new() };
    Ok(Read { evidence: Evidence { probabilities, ..Evidence::of(Arc::new(facts), clean) }, notes, about })
}

/// Which class each score column is about.
fn about(asked: &Asked, classes: &Classes, positive: Option<u16>) -> Vec<(String, String)> {
    match (&asked.score, positive) {
        (Some(score), Some(positive)) => vec![(score.clone(), classes.names[usize::from(positive)].clone())],
        _ => asked.scores.iter().cloned().zip(classes.names.iter().cloned()).collect(),
    }
}

/// With the combinations of attributes, two by two, as far as they can be compared.
fn crossed(facts: SplitFacts, notes: &mut Vec<String>) -> Result<SplitFacts> {
    let own = facts.attributes.len();
    let mut facts = facts.with_intersections()?;
    let mut place = 0;
    facts.attributes.retain(|attribute| {
        place += 1;
        let groups = attribute.groups.len();
        let is_kept = place <= own || groups <= MOST_GROUPS;
        if !is_kept {
            notes.push(format!(
                "{} is left out: {groups} combinations, more than {MOST_GROUPS}.",
                attribute.name
            ));
        } else if groups > MANY_GROUPS {
            notes.push(format!(
                "{} has {groups} groups: with so many some gaps are wide by chance, and few rows stand behind each.",
                attribute.name
            ));
        }
        is_kept
    });
    Ok(facts)
}

/// A column has one meaning.
fn check(asked: &Asked) -> Result<()> {
    let mut said: Vec<(&str, &str)> = vec![("--label", &asked.label)];
    said.extend(asked.score.iter().map(|name| ("--score", name.as_str())));
    said.extend(asked.scores.iter().map(|name| ("--scores", name.as_str())));
    said.extend(asked.prediction.iter().map(|name| ("--prediction", name.as_str())));
    let outcomes = said.len();
    said.extend(asked.groups.iter().map(|name| ("--group", name.as_str())));
    for (at, (option, name)) in said.iter().enumerate() {
        // Whether a class or an answer may be a group, too, is for the user to judge.
        let others = if at < outcomes { &said[..at] } else { &said[outcomes..at] };
        if let Some((other, _)) = others.iter().find(|(_, known)| known == name) {
            return Err(Error::input(format!("column `{name}` is asked for twice, by {other} and {option}"))
                .help("name every column once"));
        }
    }
    if asked.scores.len() == 1 {
        return Err(Error::input(format!("--scores names one column, `{}`", asked.scores[0]))
            .help("name one column per class, or the positive class's alone with --score"));
    }
    Ok(())
}

fn classes_of(labels: &Texts, predicted: Option<&Texts>, asked: &Asked) -> Result<Classes> {
    if !asked.scores.is_empty() {
        return Classes::of_scores(labels, &asked.scores, &asked.classes);
    }
    let columns: Vec<&Texts> = std::iter::once(labels).chain(predicted).collect();
    let classes = Classes::of_values(&columns, asked.positive.as_deref())?;
    let count = classes.names.len();
    if let Some(predicted) = predicted
        && count > 2
        && !predicted
            .levels
            .iter()
            .any(|(text, _)| labels.levels.iter().any(|(label, _)| classes.code(label) == classes.code(text)))
    {
        let texts = |column: &Texts| column.levels.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
        return Err(Error::input(format!(
            "no value of column `{}` ({}) occurs in column `{}` ({})",
            predicted.name,
            listed(&classes::sorted(texts(predicted), true)),
            labels.name,
            listed(&classes::sorted(texts(labels), true))
        ))
        .help("call the classes alike in both columns"));
    }
    let Some(score) = asked.score.as_deref().filter(|_| count != 2) else { return Ok(classes) };
    if count < 2 {
        let (label, only) = (&labels.name, &classes.names[0]);
        return Err(Error::input(format!(
            "column `{label}` holds only `{only}`, so whether `{score}` is its probability is unknown"
        ))
        .help("name the class that `--score` is about: --positive VALUE"));
    }
    let third = columns.iter().flat_map(|column| column.levels.iter().map(|level| (&column.name, level)));
    let mut known: Vec<u16> = Vec::new();
    for (column, (text, line)) in third {
        let code = classes.code(text).expect("classes are made of the columns' values");
        if !known.contains(&code) {
            known.push(code);
        }
        if known.len() == 3 {
            let names: Vec<String> =
                known[..2].iter().map(|code| classes.names[usize::from(*code)].clone()).collect();
            return Err(Error::input(format!(
                "line {line}, column `{column}`: `{text}` is a class beside {}, and --score is about two ({count} in all)",
                listed(&names)
            ))
            .help("correct the class; or name one score column per class with --scores"));
        }
    }
    Err(Error::internal("more than two classes, but no third one"))
}

/// `n × 2` probabilities from those of the positive class.
fn pairs(scores: &[f64], positive: u16) -> Vec<f64> {
    let pair = |p: &f64| if positive == 1 { [1.0 - p, *p] } else { [*p, 1.0 - p] };
    scores.iter().flat_map(pair).collect()
}

/// That in some rows another class than the most probable one was decided on, if so: what is made of confidences is not about decisions there.
fn other_decisions(probabilities: &[f64], predictions: &[u16]) -> Option<String> {
    let classes = probabilities.len() / predictions.len().max(1);
    let is_other = |(row, decided): &(&[f64], &u16)| {
        let of_decided = row[usize::from(**decided)];
        row.iter().any(|p| *p > of_decided)
    };
    let rows = probabilities.chunks_exact(classes.max(1)).zip(predictions);
    let other = rows.filter(is_other).count();
    (other > 0).then(|| {
        format!(
            "Calibration, confidence when wrong and abstention are about the most probable class, which is not the decision in {} of {}.",
            other,
            count(predictions.len(), "row")
        )
    })
}

/// The first of the most probable classes.
fn most_probable(probabilities: &[f64]) -> u16 {
    let mut best = 0;
    for (class, p) in probabilities.iter().enumerate() {
        if *p > probabilities[best] {
            best = class;
        }
    }
    best as u16
}

/// A sensitive attribute; empty cells are missing.
fn attribute(column: Texts) -> Result<Attribute> {
    let Texts { name, codes, levels, .. } = column;
    let groups = classes::sorted(levels.iter().map(|(text, _)| text.clone()).collect(), false);
    if groups.len() > MOST_GROUPS {
        return Err(Error::input(format!(
            "column `{name}` has {} groups, more than {MOST_GROUPS}: is this an id?",
            groups.len()
        ))
        .help("name a column of groups; put numbers into bins and rare groups together first"));
    }
    let mut places: Vec<i16> = vec![-1; levels.len()];
    let by_text: std::collections::BTreeMap<&str, i16> =
        groups.iter().enumerate().map(|(code, group)| (group.as_str(), code as i16)).collect();
    for (place, (text, _)) in places.iter_mut().zip(&levels) {
        *place = by_text[text.as_str()];
    }
    let code = |code: u32| if code == MISSING { -1 } else { places[code as usize] };
    let codes = codes.into_iter().map(code).collect();
    Ok(Attribute { name, groups, codes })
}
