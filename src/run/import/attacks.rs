//! What attacks did to a model, as somebody states it, and the worst case over them, which is worked out here.

use super::arrays::{Array, Arrays, Values};
use super::facts::{classes, shaped};
use super::model::{decided, floats, largest, logits};
use crate::error::{Error, Result};
use crate::evidence::{Effort, EvasionFacts, Outputs, SplitFacts, UNION, UNSTATED};
use crate::experiment::{Imported, StatedAttack};
use crate::measure::Norm;

/// A distance may be so much longer than the radius it lies in, relatively: single precision.
const SLACK: f64 = 1e-5;

/// What was read.
pub(super) struct Read {
    /// Attack by attack and radius by radius, then the union at every radius.
    pub(super) facts: Vec<EvasionFacts>,
    pub(super) remarks: Vec<String>,
}

/// Reads every attack of `imported` on the rows of `facts`, of a model that says `clean` of them.
pub(super) fn read(
    arrays: &mut Arrays,
    facts: &SplitFacts,
    clean: &Outputs,
    imported: &Imported,
) -> Result<Read> {
    let mut remarks = Vec::new();
    let mut all = Vec::new();
    for attack in &imported.attacks {
        let subject = Subject { attack, facts, clean };
        let own = subject.read(arrays)?;
        remarks.extend(subject.risen(&own));
        all.push(own);
    }
    let mut unions = Vec::new();
    for (norm, epsilon) in imported.radii() {
        let protocol = imported.protocol(norm, epsilon);
        let at: Vec<&EvasionFacts> = imported
            .at(norm, epsilon)
            .filter_map(|(place, _)| {
                all[place].iter().find(|facts| facts.epsilon.to_bits() == epsilon.to_bits())
            })
            .collect();
        contradiction(&at, facts)?;
        unions.push(union(&at, facts, (norm, epsilon), protocol));
    }
    Ok(Read { facts: all.into_iter().flatten().chain(unions).collect(), remarks })
}

/// One attack on one model.
struct Subject<'a> {
    attack: &'a StatedAttack,
    facts: &'a SplitFacts,
    clean: &'a Outputs,
}

impl Subject<'_> {
    fn is_right(&self, row: usize) -> bool {
        self.clean.predictions[row] == self.facts.labels[row]
    }

    /// The array of this attack, its first axis the radii.
    fn array(&self, arrays: &mut Arrays, name: &str, of_classes: bool) -> Result<Option<Array>> {
        let Some(mut array) = arrays.take(name) else { return Ok(None) };
        let radii = self.attack.epsilons.len();
        let mut shape = vec![self.facts.len()];
        if of_classes {
            shape.push(self.facts.classes.len());
        }
        if radii == 1 && array.shape == shape {
            array.shape.insert(0, 1);
        }
        shape.insert(0, radii);
        shaped(name, &array, &shape)?;
        Ok(Some(array))
    }

    fn read(&self, arrays: &mut Arrays) -> Result<Vec<EvasionFacts>> {
        let (n, k) = (self.facts.len(), self.facts.classes.len());
        let part = |part: &str| format!("{}/{part}", self.attack.name);
        let name = part("standing");
        let Some(array) = self.array(arrays, &name, false)? else {
            return Err(arrays.missing(
                &name,
                "every attack in `attacks` needs to say of every model which rows still stand, radius by radius",
            ));
        };
        let standing = flags(&name, array, n)?;
        for (at, stands) in standing.iter().enumerate() {
            let row = at % n;
            if *stands && !self.is_right(row) {
                return Err(Error::input(format!(
                    "array `{name}`, row {row}: it stands at radius {}, but the model takes the unchanged row for {} and it is {}",
                    self.attack.epsilons[at / n], self.clean.predictions[row], self.facts.labels[row]
                ))
                .help("a row that is wrong already stands at no radius: standing = standing & (predictions == labels)"));
            }
        }
        let name = part("distance");
        let distance = match self.array(arrays, &name, false)? {
            Some(array) => Some(self.distances(&name, array, &standing)?),
            None => None,
        };
        let mut iterates = Vec::new();
        for iterate in ["first_success", "max_loss"] {
            let name = part(&format!("{iterate}/predictions"));
            let stated = match self.array(arrays, &name, false)? {
                Some(array) => Some(classes(&name, array, n, &self.facts.classes)?),
                None => None,
            };
            let scores = part(&format!("{iterate}/logits"));
            let logits = match self.array(arrays, &scores, true)? {
                Some(array) => {
                    let shape = array.shape.clone();
                    Some(logits(&scores, array, &shape, n)?)
                }
                None => None,
            };
            if let (Some(stated), Some(logits)) = (&stated, &logits) {
                decided(&name, &scores, stated, logits, k)?;
            }
            let said = stated.or_else(|| logits.as_ref().map(|logits| largest(logits, k)));
            if said.is_none() && k > 2 && self.facts.positive.is_some() {
                return Err(Error::input(format!(
                    "there is neither `{name}` nor `{scores}`, and of several classes one is positive"
                ))
                .help("selection rates under attack need to know what rows were taken for: write one of them, or drop `positive`"));
            }
            if iterate == "first_success" {
                self.agree(&name, said.as_deref(), &standing)?;
            }
            iterates.push((said, logits));
        }
        let each = |radius: usize| {
            let own = radius * n..(radius + 1) * n;
            let standing = standing[own.clone()].to_vec();
            let mut outputs = iterates.iter().map(|(said, logits)| {
                let said = said.as_ref().map(|said| &said[own.clone()]);
                let logits = logits.as_ref().map(|logits| &logits[own.start * k..own.end * k]);
                self.outputs(said, logits, &standing)
            });
            let distance = (0..n).map(|row| match &distance {
                _ if !self.is_right(row) => 0.0,
                _ if standing[row] => f32::INFINITY,
                Some(distance) => distance[own.start + row],
                None => f32::NAN,
            });
            EvasionFacts {
                attack: self.attack.name.clone(),
                protocol: self.attack.protocol(),
                norm: self.attack.norm,
                epsilon: self.attack.epsilons[radius],
                exact: self.attack.exact,
                tried: (0..n).map(|row| self.is_right(row)).collect(),
                effort: Effort::default(),
                distance: distance.collect(),
                first_success: outputs.next().unwrap_or_default(),
                max_loss: outputs.next().unwrap_or_default(),
                standing,
            }
        };
        Ok((0..self.attack.epsilons.len()).map(each).collect())
    }

    /// Distances of the first success, where the row fell.
    fn distances(&self, name: &str, array: Array, standing: &[bool]) -> Result<Vec<f32>> {
        let n = self.facts.len();
        let values = floats(name, array)?;
        for (at, value) in values.iter().enumerate() {
            let (row, epsilon) = (at % n, self.attack.epsilons[at / n]);
            let fell = self.is_right(row) && !standing[at];
            if fell && !(0.0..=epsilon * (1.0 + SLACK)).contains(value) {
                return Err(Error::input(format!(
                    "array `{name}`, row {row}: the row fell at radius {epsilon} at the distance {value}"
                ))
                .help("a row falls within the radius; where it stands or was wrong already, what stands there does not matter"));
            }
        }
        Ok(values.into_iter().map(|value| value as f32).collect())
    }

    /// What stands and what fell is in keeping with what the rows were taken for at the first success.
    fn agree(&self, name: &str, said: Option<&[u16]>, standing: &[bool]) -> Result<()> {
        let n = self.facts.len();
        for (at, class) in said.into_iter().flatten().enumerate() {
            let row = at % n;
            let right = *class == self.facts.labels[row];
            if self.is_right(row) && right != standing[at] {
                let (stands, taken) =
                    if right { ("fell", "for what it is") } else { ("stands", "for something else") };
                return Err(Error::input(format!(
                    "array `{name}`, row {row}: at radius {} the row {stands}, and is taken {taken}",
                    self.attack.epsilons[at / n]
                ))
                .help("where a row fell, write what it was first mistaken for; where it stands, what the attack ended with"));
            }
        }
        Ok(())
    }

    /// Outputs at one iterate of one radius: the clean ones where the row was wrong already, what is stated, and where nothing is, what follows.
    fn outputs(&self, said: Option<&[u16]>, logits: Option<&[f32]>, standing: &[bool]) -> Outputs {
        let k = self.facts.classes.len();
        let prediction = |row: usize| match said {
            _ if !self.is_right(row) => self.clean.predictions[row],
            Some(said) => said[row],
            None if standing[row] => self.facts.labels[row],
            // Of two classes, the other one.
            None if k == 2 => 1 - self.facts.labels[row],
            None => UNSTATED,
        };
        let mut outputs =
            Outputs { predictions: (0..standing.len()).map(prediction).collect(), logits: Vec::new() };
        if let Some(logits) = logits {
            outputs.logits = logits.to_vec();
            // Without clean logits a row that was wrong already keeps what is stated of it.
            let clean = self.clean.logits.chunks_exact(k);
            for (row, (own, clean)) in outputs.logits.chunks_exact_mut(k).zip(clean).enumerate() {
                if !self.is_right(row) {
                    own.copy_from_slice(clean);
                }
            }
        }
        outputs
    }

    /// A row that fell stays fallen at larger radii: its adversarial row lies in them, too.
    fn risen(&self, radii: &[EvasionFacts]) -> Option<String> {
        let risen = |pair: &[EvasionFacts]| {
            let rows = pair[0].standing.iter().zip(&pair[1].standing);
            rows.filter(|(near, far)| !**near && **far).count()
        };
        let rows: usize = radii.windows(2).map(risen).sum();
        (rows > 0).then(|| {
            format!(
                "under `{}`, {rows} rows that fell at one radius stand at the next one, where what felled them could be tried as well: robust accuracy at larger radii is lower than stated",
                self.attack.name
            )
        })
    }
}

/// Flags of rows, for each of several radii.
fn flags(name: &str, array: Array, n: usize) -> Result<Vec<bool>> {
    match array.values {
        Values::Flags(values) => Ok(values),
        Values::Integers(values) => {
            let flag = |(at, value): (usize, i64)| match value {
                0 => Ok(false),
                1 => Ok(true),
                other => Err(Error::input(format!("array `{name}`, row {}: {other} is no flag", at % n))
                    .help("write true and false, or 1 and 0")),
            };
            values.into_iter().enumerate().map(flag).collect()
        }
        other @ Values::Floats(_) => {
            Err(Error::input(format!("array `{name}` holds {}, expected true or false", other.words()))
                .help("convert it, such as with `.astype(bool)`"))
        }
    }
}

/// An attack that finds the exact worst case leaves no row standing that another one fells.
fn contradiction(at: &[&EvasionFacts], facts: &SplitFacts) -> Result<()> {
    for exact in at.iter().filter(|one| one.exact) {
        for other in at {
            let pairs = exact.standing.iter().zip(&other.standing);
            if let Some(row) = pairs.into_iter().position(|(stands, standing)| *stands && !standing) {
                return Err(Error::input(format!(
                    "array `{}/standing`, row {row} of the {} rows: it stands at radius {}, where `{}` felled it",
                    exact.attack,
                    facts.split.word(),
                    exact.epsilon,
                    other.attack
                ))
                .help(format!("`{}` is said to be exact, so one of the two is wrong", exact.attack)));
            }
        }
    }
    Ok(())
}

/// The worst case over the attacks `at` one radius: a row stands if it stands under all of them.
fn union(
    at: &[&EvasionFacts],
    facts: &SplitFacts,
    (norm, epsilon): (Norm, f64),
    protocol: String,
) -> EvasionFacts {
    let n = facts.len();
    let k = facts.classes.len();
    let felled_by = |row: usize| at.iter().position(|facts| !facts.standing[row]);
    let standing: Vec<bool> = (0..n).map(|row| felled_by(row).is_none()).collect();
    // Cross-entropy at an attack's largest loss.
    let loss = |place: usize, row: usize| {
        let logits = &at[place].max_loss.logits[row * k..(row + 1) * k];
        let own = f64::from(logits[usize::from(facts.labels[row])]);
        let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let sum: f64 = logits.iter().map(|logit| libm::exp(f64::from(*logit) - most)).sum();
        libm::log(sum) + most - own
    };
    let all_have = |logits: fn(&EvasionFacts) -> &Vec<f32>| at.iter().all(|facts| !logits(facts).is_empty());
    let compared = all_have(|facts| &facts.max_loss.logits);
    let worst = |row: usize| {
        let mut worst = 0;
        for other in 1..at.len() {
            let is_worse = if compared {
                loss(other, row) > loss(worst, row)
            } else {
                // Without logits, a mistake is worse than none.
                let wrong = |place: usize| at[place].max_loss.predictions[row] != facts.labels[row];
                wrong(other) && !wrong(worst)
            };
            if is_worse {
                worst = other;
            }
        }
        worst
    };
    let gathered = |from: &dyn Fn(usize) -> usize, of: fn(&EvasionFacts) -> &Outputs, with_logits: bool| {
        let mut outputs = Outputs::default();
        for row in 0..n {
            let own = of(at[from(row)]);
            outputs.predictions.push(own.predictions[row]);
            if with_logits {
                outputs.logits.extend_from_slice(&own.logits[row * k..(row + 1) * k]);
            }
        }
        outputs
    };
    // What a row that stands under all ends with is the output at the largest loss.
    let first = |row: usize| felled_by(row).unwrap_or_else(|| worst(row));
    let exact = at.iter().any(|facts| facts.exact);
    EvasionFacts {
        attack: UNION.to_owned(),
        protocol,
        norm,
        epsilon,
        exact,
        tried: at.first().map_or_else(Vec::new, |facts| facts.tried.clone()),
        effort: Effort::default(),
        distance: (0..n)
            .map(|row| {
                let known = at.iter().map(|facts| facts.distance[row]).filter(|distance| !distance.is_nan());
                let least = known.fold(f32::INFINITY, f32::min);
                if least == f32::INFINITY && !standing[row] { f32::NAN } else { least }
            })
            .collect(),
        first_success: gathered(
            &first,
            |facts| &facts.first_success,
            all_have(|facts| &facts.first_success.logits),
        ),
        max_loss: gathered(&worst, |facts| &facts.max_loss, compared),
        standing,
    }
}
