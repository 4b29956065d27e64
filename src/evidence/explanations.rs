//! Facts of explanations: of some rows, with one model's numbers per row.

use crate::measure::AttackKey;

/// What a method says of a model's predictions, row by row, and what that came to; one entry per explained row, NaN where it is undefined.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttributionFacts {
    /// The method, with its baseline where the attributions depend on it, as in metric keys: `gradient`, `integrated-gradients/mean`.
    pub name: String,
    /// `rows × features` attributions of the predicted class's logit, in model input space.
    pub values: Vec<f32>,
    /// Mean squared error of what the attribution foretells of small changes; in squared logits.
    pub infidelity: Vec<f32>,
    /// The same after the scaling that makes it smallest, row by row.
    pub infidelity_scaled: Vec<f32>,
    /// The largest relative change of the attribution among neighbors; undefined where the attribution is 0.
    pub sensitivity: Vec<f32>,
    /// The share of the most important features that are so at the adversarial point, too; undefined where no attribution stands out or none was made.
    pub stability: Vec<f32>,
    /// How far the attributions' sum is from the change of the logit that it should be, in logits; of integrated gradients alone, else empty.
    pub gap: Vec<f32>,
}

/// What explanations of one model by one method came to when features are replaced by one baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplanationFacts {
    /// The method, such as `integrated-gradients`.
    pub method: String,
    /// What stands in the place of a feature that is taken away: `mean` or `zero`.
    pub baseline: String,
    /// Per explained row, the area under the class's probability as the most important features are taken away first, 0 to 1; NaN where no attribution stands out.
    pub deletion: Vec<f32>,
    /// The same with the least important first; read backwards, the most important ones are put into the baseline first.
    pub insertion: Vec<f32>,
    /// The attributions; none where they do not depend on the baseline and stand in an entry before this.
    pub attribution: Option<AttributionFacts>,
}

/// What explanations of one model's predictions came to, on some of the rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explanations {
    /// Places of the explained rows among the split's, ascending.
    pub rows: Vec<u32>,
    /// Numbers per row.
    pub features: usize,
    /// How many features count as the most important ones.
    pub top: usize,
    /// What the adversarial points were made by; none where there are none.
    pub attack: Option<AttackKey>,
    /// One per method and baseline.
    pub entries: Vec<ExplanationFacts>,
}

/// How important `method` says that a feature is to which it gives `value`, for everything that ranks features: areas, stability and agreement alike.
///
/// A gradient is important by its size, as it does not know which way a feature goes; with the other methods what speaks against the class comes last.
#[must_use]
pub fn importance(method: &str, value: f32) -> f32 {
    if method == "gradient" { value.abs() } else { value }
}

impl AttributionFacts {
    /// The method, without the baseline.
    #[must_use]
    pub fn method(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

impl ExplanationFacts {
    /// Method and baseline, as in metric keys: `gradient/zero`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.method, self.baseline)
    }

    /// The symmetric relevance gain per explained row: area with the least important features first, minus that with the most important first; −1 to 1,
    /// NaN where no attribution stands out.
    #[must_use]
    pub fn relevance_gain(&self) -> Vec<f32> {
        self.insertion.iter().zip(&self.deletion).map(|(least, most)| least - most).collect()
    }
}
