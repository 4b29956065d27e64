//! The security curve: every attack of a suite, and their worst case, over ascending radii.
//!
//! An attack works through the radii with one record of what it found, so a row that fell at a smaller
//! radius stays fallen, and later runs start from the points found before.

use std::collections::BTreeMap;

use crate::attacks::{Found, Spec, Stop, Target, ThreatModel};
use crate::data::{Feature, Rows};
use crate::error::{Error, Result};
use crate::evidence::{EvasionFacts, Outputs, UNION};
use crate::measure::Norm;
use crate::models::Network;
use crate::seed::Seed;

/// What to attack with, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// How distance is measured.
    pub norm: Norm,
    /// Radii, strictly ascending, each finite and at least 0; 0 is the clean row.
    pub epsilons: Vec<f64>,
    /// Attacks by name; the name is part of the key of an attack's draws. Not empty.
    pub suite: BTreeMap<String, Spec>,
}

impl Recipe {
    /// # Errors
    ///
    /// Where the radii or the names cannot be worked with.
    pub fn check(&self) -> Result<()> {
        if self.suite.is_empty() {
            return Err(Error::input("there is no attack to evaluate with").help("add one to the suite"));
        }
        if self.suite.contains_key(UNION) {
            return Err(Error::input(format!("an attack cannot be named `{UNION}`"))
                .help("that is the worst case over all attacks; choose another name"));
        }
        if let Some(epsilon) = self.epsilons.iter().find(|epsilon| !(epsilon.is_finite() && **epsilon >= 0.0))
        {
            return Err(Error::input(format!(
                "an evaluation epsilon must be finite and at least 0, got `{epsilon}`"
            )));
        }
        if self.epsilons.is_empty() || !self.epsilons.is_sorted_by(|a, b| a < b) {
            return Err(Error::input("the evaluation epsilons must be at least one, ascending and distinct"));
        }
        Ok(())
    }
}

/// Facts per radius: one entry per attack in the order of names, then their union.
///
/// `clean` are the model's outputs on the unchanged rows.
///
/// # Errors
///
/// Those of [`Recipe::check`]; and where an attack cannot attack this model, meets a number that is not finite, or was told to stop.
pub fn evasion(
    network: &mut dyn Network,
    rows: &Rows,
    clean: &Outputs,
    features: &[Feature],
    recipe: &Recipe,
    seed: Seed,
    stop: Stop<'_>,
) -> Result<Vec<EvasionFacts>> {
    recipe.check()?;
    let norm = recipe.norm;
    let mut union_exact = false;
    let union_protocol = Spec::union_protocol(recipe.suite.values());
    let no_points = Found::new(&[], &rows.facts.labels, clean);
    let mut unions = vec![no_points; recipe.epsilons.len()];
    let mut per_radius: Vec<Vec<EvasionFacts>> = vec![Vec::new(); recipe.epsilons.len()];
    for (name, spec) in &recipe.suite {
        let (attack, protocol) = (spec.build(), spec.protocol());
        if network.access() < attack.access() {
            return Err(Error::input(format!(
                "attack `{name}` needs {:?}, and the model offers {:?} only",
                attack.access(),
                network.access()
            ))
            .help("use an attack that needs less"));
        }
        union_exact |= attack.exact();
        let mut found = Found::new(&rows.x, &rows.facts.labels, clean);
        let mut warm = false;
        for (index, &epsilon) in recipe.epsilons.iter().enumerate() {
            if epsilon > 0.0 {
                let threat = ThreatModel::new(norm, epsilon, features);
                let mut target =
                    Target { network: &mut *network, rows, threat: &threat, warm, seed, name, stop };
                let at = || format!("attack `{name}` at {} {epsilon}", norm.sign());
                attack.run(&mut target, &mut found).map_err(|error| error.context(at()))?;
                warm = true;
            }
            per_radius[index].push(found.facts(name, &protocol, norm, epsilon, attack.exact()));
            unions[index].unite(&found);
        }
    }
    let mut facts = Vec::new();
    for ((mut at_radius, union), &epsilon) in per_radius.into_iter().zip(&unions).zip(&recipe.epsilons) {
        facts.append(&mut at_radius);
        facts.push(union.facts(UNION, &union_protocol, norm, epsilon, union_exact));
    }
    Ok(facts)
}
