//! The security curve: every attack of a suite, and their worst case, over ascending radii.

use crate::attacks::{Arena, Constraints, Stop, Suite};
use crate::data::{Feature, Rows};
use crate::error::Result;
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
    /// The attacks.
    pub suite: Suite,
}

/// The adversarial points that a suite found at one radius, one per row.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// The radius.
    pub epsilon: f64,
    /// `n × features`: the first success; the clean row where there is none.
    pub x: Vec<f32>,
    /// `n` flags: right as it is, and broken.
    pub fell: Vec<bool>,
}

/// A model, its rows, and how it is to be attacked.
pub struct Question<'a> {
    /// The model.
    pub network: &'a mut dyn Network,
    /// The rows.
    pub rows: &'a Rows,
    /// The model's outputs on the unchanged rows.
    pub clean: &'a Outputs,
    /// What may be changed, and how far.
    pub features: &'a [Feature],
    /// What a row must obey to be handed in, where that is more than ball, box and mask: nothing else counts, whichever attack found it.
    pub constraints: Option<&'a Constraints>,
    /// The attacks.
    pub recipe: &'a Recipe,
    /// The replicate's seed.
    pub seed: Seed,
    /// Whether to stop early.
    pub stop: Stop<'a>,
}

/// Facts per radius: one entry per attack in the order of the suite, then their union.
///
/// `clean` are the model's outputs on the unchanged rows.
///
/// # Errors
///
/// Those of [`Suite::run`].
pub fn evasion(
    network: &mut dyn Network,
    rows: &Rows,
    clean: &Outputs,
    features: &[Feature],
    recipe: &Recipe,
    seed: Seed,
    stop: Stop<'_>,
) -> Result<Vec<EvasionFacts>> {
    let question = Question { network, rows, clean, features, constraints: None, recipe, seed, stop };
    Ok(question.ask(None)?.0)
}

impl Question<'_> {
    /// The same, and the points found at the radius `keep`, where one is named.
    ///
    /// # Errors
    ///
    /// Those of [`Suite::run`].
    pub fn ask(self, keep: Option<f64>) -> Result<(Vec<EvasionFacts>, Option<Points>)> {
        let Self { network, rows, clean, features, constraints, recipe, seed, stop } = self;
        let Recipe { norm, epsilons, suite } = recipe;
        let mut arena =
            Arena { network, rows, clean, features, constraints, norm: *norm, epsilons, seed, stop };
        let mut per_radius: Vec<Vec<EvasionFacts>> = vec![Vec::new(); epsilons.len()];
        let mut points =
            keep.map(|epsilon| Points { epsilon, x: rows.x.clone(), fell: vec![false; rows.len()] });
        let labels = &rows.facts.labels;
        suite.run(&mut arena, false, &mut |bout| {
            if let Some(points) = &mut points
                && bout.facts.attack != UNION
                && epsilons[bout.radius].to_bits() == points.epsilon.to_bits()
            {
                for row in (0..rows.len()).filter(|row| clean.predictions[*row] == labels[*row]) {
                    if let (false, Some(point)) = (points.fell[row], bout.found.first_success(row)) {
                        points.fell[row] = true;
                        points.x[row * features.len()..(row + 1) * features.len()].copy_from_slice(point);
                    }
                }
            }
            per_radius[bout.radius].push(bout.facts.clone());
            Ok(())
        })?;
        Ok((per_radius.into_iter().flatten().collect(), points))
    }
}
