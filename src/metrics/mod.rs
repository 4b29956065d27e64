//! The metric catalog: every number the tool can report, as data.
//!
//! A metric is a pure function of [counts](Context) of one model's rows on one split, together with
//! the facts a reader needs to judge it. It sees no model, no tensor, no file.
//!
//! To add one: add a table to a family file under `safety/` or `security/` (or a new file, and its
//! line below) and list it in [`CATALOG`]. The catalog tests do the rest.

mod cases;
mod counts;
mod explained;
mod measuring;
mod naming;
mod needs;
mod notes;
mod safety;
mod scores;
mod security;
mod shares;
mod shift;
mod table;

pub use cases::{Case, Cases};
pub use counts::{Context, View};
pub use explained::{Agreement, Measure, agreement};
pub use measuring::{Reading, Task, expected, measure, tasks, tasks_and_behind, under_shift};
pub use naming::{describe, find, resolve};
pub use needs::{About, Material, Needs, Under};
pub(crate) use notes::resamples as resamples_note;
pub use notes::{FEW_ROWS, HEADLINE_ROWS, NoteKind, note_kind};
pub use scores::{
    AbstentionCurve, AbstentionStep, Bin, COVERAGES, Diagram, Evaded, GroupScores, LEAST_PROBABILITY,
    Matched, Sums, TEMPERATURES, abstention_curves, diagrams, temperature,
};
pub use shift::{Detection, SCORES, ShiftSums, Shifts, TableSums};
pub use table::{Folded, Parts, Table};

use crate::measure::{Bound, Cause, Direction, Harm, Pillar, Unit, Value};
use crate::stats::{Joined, Scale};

/// Bumped when any metric is defined anew: numbers of two versions are not compared.
///
/// 2: `explanation_agreement` of gradients ranks features by size, as deletion and insertion do.
pub const VERSION: u32 = 2;

/// Every metric, in the order of reports.
pub static CATALOG: &[&Metric] = &[
    &safety::accuracy::ACCURACY,
    &safety::accuracy::BALANCED_ACCURACY,
    &safety::accuracy::WORST_CLASS_ACCURACY,
    &safety::accuracy::CLASS_DISPARITY,
    &safety::accuracy::CLASS_ACCURACY,
    &safety::group_accuracy::WORST_GROUP_ACCURACY,
    &safety::group_accuracy::ACCURACY_GAP,
    &safety::group_accuracy::GROUP_ACCURACY_SIGNED,
    &safety::group_accuracy::GROUP_ACCURACY,
    &safety::group_rates::DEMOGRAPHIC_PARITY_DIFFERENCE,
    &safety::group_rates::DEMOGRAPHIC_PARITY_RATIO,
    &safety::group_rates::EQUAL_OPPORTUNITY_DIFFERENCE,
    &safety::group_rates::EQUALIZED_ODDS_DIFFERENCE_MAX,
    &safety::group_rates::EQUALIZED_ODDS_DIFFERENCE_MEAN,
    &safety::group_rates::EQUALIZED_ODDS_DIFFERENCE_SUM,
    &safety::group_rates::SELECTION_RATE_SIGNED,
    &safety::group_rates::TRUE_POSITIVE_RATE_SIGNED,
    &safety::group_rates::SELECTION_RATE,
    &safety::group_rates::TRUE_POSITIVE_RATE,
    &safety::group_rates::FALSE_POSITIVE_RATE,
    &safety::group_scores::PARITY_MATCHED,
    &safety::group_scores::OPPORTUNITY_MATCHED,
    &safety::group_scores::ODDS_MATCHED,
    &safety::group_scores::ABCC,
    &safety::calibration::ECE,
    &safety::calibration::ECE_NULL,
    &safety::calibration::ECE_EQUAL_MASS,
    &safety::calibration::ECE_CLASSWISE,
    &safety::calibration::MAXIMUM_ERROR,
    &safety::calibration::OVERCONFIDENCE,
    &safety::calibration::UNDERCONFIDENCE,
    &safety::calibration::BRIER_BINARY,
    &safety::calibration::BRIER_MULTI,
    &safety::calibration::NLL,
    &safety::abstention::AURC,
    &safety::abstention::EXCESS_AURC,
    &safety::abstention::AUGRC,
    &safety::abstention::COVERAGE_AT_RISK_5,
    &safety::abstention::RISK_AT_COVERAGE_80,
    &safety::abstention::FAILURE_AUROC,
    &safety::explanations::RELEVANCE_GAIN,
    &safety::explanations::DELETION,
    &safety::explanations::INSERTION,
    &safety::explanations::INFIDELITY,
    &safety::explanations::SCALED_INFIDELITY,
    &safety::explanations::MAX_SENSITIVITY,
    &safety::explanations::AGREEMENT,
    &safety::explanations::COMPLETENESS_GAP,
    &safety::shift::MEAN_CORRUPTION_ACCURACY,
    &safety::shift::KIND_OF_CORRUPTION_ACCURACY,
    &safety::shift::CORRUPTION_ACCURACY,
    &safety::shift::WORST_CORRUPTION_ACCURACY,
    &safety::shift::WORST_CLASS_CORRUPTION_ACCURACY,
    &safety::shift::WORST_GROUP_CORRUPTION_ACCURACY,
    &safety::shift::MEAN_CORRUPTION_ERROR,
    &safety::shift::RELATIVE_MEAN_CORRUPTION_ERROR,
    &safety::shift::EFFECTIVE_ROBUSTNESS,
    &safety::shift::LABEL_SHIFT_ACCURACY,
    &safety::shift::SHIFTED_ACCURACY,
    &safety::shift::SHIFTED_ACCURACY_DROP,
    &safety::shift::SHIFTED_EFFECTIVE_ROBUSTNESS,
    &safety::ood::AUROC[0],
    &safety::ood::AUROC[1],
    &safety::ood::AUROC[2],
    &safety::ood::AUROC[3],
    &safety::ood::AUPR_ID[0],
    &safety::ood::AUPR_ID[1],
    &safety::ood::AUPR_ID[2],
    &safety::ood::AUPR_ID[3],
    &safety::ood::AUPR_OOD[0],
    &safety::ood::AUPR_OOD[1],
    &safety::ood::AUPR_OOD[2],
    &safety::ood::AUPR_OOD[3],
    &safety::ood::FPR95_ID[0],
    &safety::ood::FPR95_ID[1],
    &safety::ood::FPR95_ID[2],
    &safety::ood::FPR95_ID[3],
    &safety::ood::FPR95_OOD[0],
    &safety::ood::FPR95_OOD[1],
    &safety::ood::FPR95_OOD[2],
    &safety::ood::FPR95_OOD[3],
    &security::robust_accuracy::ROBUST_ACCURACY,
    &security::robust_accuracy::ROBUST_BALANCED_ACCURACY,
    &security::robust_accuracy::BOUNDARY_ERROR,
    &security::robust_accuracy::ROBUST_GIVEN_CORRECT,
    &security::robust_classes::ROBUST_WORST_CLASS_ACCURACY,
    &security::robust_classes::ROBUST_CLASS_DISPARITY,
    &security::robust_classes::ROBUST_CLASS_ACCURACY,
    &security::robust_groups::ROBUST_WORST_GROUP_ACCURACY,
    &security::robust_groups::ROBUST_ACCURACY_GAP,
    &security::robust_groups::ROBUST_GROUP_ACCURACY,
    &security::robust_groups::VULNERABILITY_GAP,
    &security::robust_groups::GROUP_VULNERABILITY,
    &security::robust_group_rates::PARITY_FIRST_SUCCESS,
    &security::robust_group_rates::ODDS_FIRST_SUCCESS,
    &security::robust_group_rates::SELECTION_FIRST_SUCCESS,
    &security::robust_group_rates::TRUE_POSITIVE_FIRST_SUCCESS,
    &security::robust_group_rates::FALSE_POSITIVE_FIRST_SUCCESS,
    &security::robust_group_rates::PARITY_MAX_LOSS,
    &security::robust_group_rates::ODDS_MAX_LOSS,
    &security::robust_group_rates::SELECTION_MAX_LOSS,
    &security::robust_group_rates::TRUE_POSITIVE_MAX_LOSS,
    &security::robust_group_rates::FALSE_POSITIVE_MAX_LOSS,
    &security::robust_calibration::ECE_FIRST_SUCCESS,
    &security::robust_calibration::BRIER_FIRST_SUCCESS,
    &security::robust_calibration::NLL_FIRST_SUCCESS,
    &security::robust_calibration::OVERCONFIDENCE_FIRST_SUCCESS,
    &security::robust_calibration::ECE_MAX_LOSS,
    &security::robust_calibration::BRIER_MAX_LOSS,
    &security::robust_calibration::NLL_MAX_LOSS,
    &security::robust_calibration::OVERCONFIDENCE_MAX_LOSS,
    &security::robust_abstention::CONFIDENT_EVASION_80,
    &security::robust_abstention::CONFIDENT_EVASION_95,
    &security::robust_abstention::FORCED_ABSTENTION_80,
    &security::robust_abstention::FORCED_ABSTENTION_95,
    &security::explanation_stability::EXPLANATION_STABILITY,
    &security::certified::CERTIFIED_ACCURACY,
    &security::certified::CERTIFIED_WORST_CLASS_ACCURACY,
    &security::certified::CERTIFIED_WORST_GROUP_ACCURACY,
    &security::certified::SMOOTHED_ACCURACY,
    &security::certified::SMOOTHED_ABSTENTION,
    &security::certified::SMOOTHED_CERTIFIED_ACCURACY,
    &security::certified::SMOOTHED_ROBUST_ACCURACY,
];

/// Rates of one group, class or corruption that only stand behind others of [`CATALOG`], for their intervals: measured, never reported.
static BEHIND: &[&Metric] = &[
    &safety::group_scores::SELECTION_MATCHED,
    &safety::group_scores::TRUE_POSITIVES_MATCHED,
    &safety::group_scores::FALSE_POSITIVES_MATCHED,
    &safety::shift::CLASS_CORRUPTION_ACCURACY,
    &safety::shift::GROUP_CORRUPTION_ACCURACY,
    &safety::shift::CLASS_LABEL_SHIFT_ACCURACY,
    &security::certified::CERTIFIED_CLASS_ACCURACY,
    &security::certified::CERTIFIED_GROUP_ACCURACY,
];

/// (lower, upper): numbers that bound the same truth from both sides at one radius, both about the model itself.
const SANDWICHES: [(&str, &str); 3] = [
    ("certified_accuracy", "robust_accuracy"),
    ("certified_worst_class_accuracy", "robust_worst_class_accuracy"),
    ("certified_worst_group_accuracy", "robust_worst_group_accuracy"),
];

/// The metric that bounds from the other side what `id` bounds from one.
#[must_use]
pub fn counterpart(id: &str) -> Option<&'static str> {
    SANDWICHES.iter().find_map(|(lower, upper)| match id {
        _ if id == *lower => Some(*upper),
        _ if id == *upper => Some(*lower),
        _ => None,
    })
}

/// What kind of number a metric is; decides which interval it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A share of rows.
    Share,
    /// The mean of several shares.
    Shares,
    /// The smallest of these shares, each about one group, class or corruption.
    Smallest(&'static [&'static str]),
    /// How far apart the groups or classes are in these metrics about one of them, joined.
    Gap(&'static [&'static str], Joined, Scale),
    /// This share of the first group minus that of the second.
    Signed(&'static [&'static str]),
    /// A number that no known interval fits, for this reason.
    Bare(&'static str),
    /// A mean over rows, or anything else.
    Other,
    /// A mean over pairs of seeds; at one seed, over its pairs with the others.
    Pairs,
}

/// Which rows a metric's value rests on; for a metric over several classes or groups, in each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// All rows, or all of the class or group.
    Rows,
    /// The rows that are classified correctly without attack.
    Correct,
    /// The rows of each class.
    Classes,
    /// The rows of the positive class.
    Positives,
    /// The rows of the other classes.
    Negatives,
    /// The rows of the positive class, and those of the others: the fewer.
    BothOutcomes,
    /// The explained rows of which it is defined.
    Explained,
}

impl Support {
    /// What the rows are called where they are counted: `rows`, `positives`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Positives => "positives",
            Self::Negatives => "negatives",
            Self::BothOutcomes => "rows of the class that the larger gap is over",
            Self::Rows | Self::Correct | Self::Classes | Self::Explained => "rows",
        }
    }
}

/// What the rows behind the metric `id` are [called](Support::kind).
#[must_use]
pub fn kind_of(id: &str) -> &'static str {
    find(id).map_or("rows", |metric| metric.support.kind())
}

/// One metric. Every field is mandatory, so that a direction can never be defaulted.
#[derive(Debug)]
pub struct Metric {
    /// Stable id, used in keys; names the convention where conventions differ.
    pub id: &'static str,
    /// Short name for people.
    pub title: &'static str,
    /// One sentence: what it is, and what its best and worst value mean.
    pub meaning: &'static str,
    /// What caused the harm.
    pub cause: Cause,
    /// What was harmed.
    pub harm: Harm,
    /// Which way is better; `None` for descriptive numbers that may not be objectives (selection rate).
    pub direction: Option<Direction>,
    /// Unit of the stored value.
    pub unit: Unit,
    /// Smallest and largest possible value.
    pub range: (f64, f64),
    /// What a trivial model scores, in words.
    pub chance: &'static str,
    /// When there is no number, in words that go on from "undefined"; a failed sanity check [withholds](Metric::when_undefined) those under attack besides.
    pub undefined: &'static str,
    /// How it relates to the truth it stands for, when the attack is not known to find the worst case.
    pub bound: Bound,
    /// How it relates to the truth when every row's worst case is exact (linear models).
    pub bound_when_exact: Bound,
    /// What it needs besides clean outputs.
    pub needs: Needs,
    /// What kind of number it is.
    pub form: Form,
    /// Which rows it rests on.
    pub support: Support,
    /// Where the definition comes from.
    pub source: &'static str,
    /// The value.
    pub compute: fn(&Context<'_>) -> Value,
}

impl Metric {
    /// The pillar that follows from cause and harm.
    #[must_use]
    pub fn pillar(&self) -> Pillar {
        Pillar::of(self.cause, self.harm)
    }

    /// How a value relates to the truth, given whether the attack behind it is exact.
    #[must_use]
    pub fn bound_under(&self, exact_attack: bool) -> Bound {
        if exact_attack { self.bound_when_exact } else { self.bound }
    }

    /// When there is no number, in words that go on from "undefined".
    #[must_use]
    pub fn when_undefined(&self) -> String {
        let withheld = match self.needs.under {
            Under::Attack | Under::AttributedAt => "; withheld where a sanity check of the attacks fails",
            Under::Vote | Under::VoteAt => "; withheld where a sanity check of the vote fails",
            _ => "",
        };
        format!("{}{withheld}", self.undefined)
    }

    /// What a number over several classes or groups compares, in the plural.
    #[must_use]
    pub fn compared(&self) -> &'static str {
        if self.needs.attribute { "groups" } else { "classes" }
    }

    /// Whether reports state it; some rates only stand behind others.
    #[must_use]
    pub fn is_reported(&self) -> bool {
        !BEHIND.iter().any(|metric| metric.id == self.id)
    }
}
