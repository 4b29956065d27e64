//! What a metric needs besides clean outputs, and what it is a function of.

use super::{Measure, View};

/// What a number holds under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// The rows as they are.
    Nothing,
    /// An attack at a radius.
    Attack,
    /// Deterministic certificates at a radius.
    Certificate,
    /// The majority vote under noise.
    Vote,
    /// The majority vote under noise, at a radius.
    VoteAt,
    /// Explanations by one method, features replaced by one baseline.
    Explained,
    /// The attributions of one method.
    Attributed,
    /// Attributions that should add up to the change of the logit.
    Additive,
    /// The attributions of one method beside those at adversarial points.
    AttributedAt,
}

/// What a metric needs besides clean outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// An attack, a certificate or a vote (key part `!protocol:norm:epsilon`), or explanations (key part `@method/baseline`).
    pub under: Under,
    /// A sensitive attribute (one value per attribute; key part `@attribute`).
    pub attribute: bool,
    /// One group of an attribute (one value per group; key part `@attribute=group`).
    pub group: bool,
    /// One class (one value per class; key part `@class`).
    pub class: bool,
    /// A positive class.
    pub positive: bool,
    /// Exactly two classes.
    pub binary: bool,
    /// An attribute of exactly two groups.
    pub two_groups: bool,
    /// What it is a function of.
    pub material: Material,
}

/// What a metric is a function of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Material {
    /// Counts of rows.
    Counts,
    /// [`Sums`](super::Sums) over the probabilities at one view.
    Scores(View),
    /// What [abstention](super::Evaded) does against an attack.
    Evasions,
    /// How the [positive class's probability](super::GroupScores) falls on groups.
    Ranks,
    /// The mean of a measure over the explained rows.
    Explanations(Measure),
    /// [`ShiftSums`](super::ShiftSums) over shifted rows.
    Shift(About),
}

/// What a number under distribution shift is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// All corruptions together.
    Corruptions,
    /// All corruptions together, beside those of the sweep's other models.
    Company,
    /// One corruption at one severity (one value each; key part `@corruption:severity`).
    Corruption,
    /// One corruption at all its severities (one value each).
    Kind,
    /// One severity of label shift (one value each; key part `@label-shift:severity`).
    Labels,
    /// One class under one severity of label shift (one value each).
    LabelsOfClass,
    /// One other table of labeled rows (one value each; key part `@table`).
    Tables,
    /// One set of rows without a class, or the mean over near or far ones (key parts `@set`, `@near`, `@far`).
    Sets,
}

impl Needs {
    /// Clean outputs alone.
    pub const NOTHING: Self = Self {
        under: Under::Nothing,
        attribute: false,
        group: false,
        class: false,
        positive: false,
        binary: false,
        two_groups: false,
        material: Material::Counts,
    };
    /// Probabilities of the unchanged rows.
    pub const PROBABILITIES: Self = Self { material: Material::Scores(View::Clean), ..Self::NOTHING };
    /// One class.
    pub const CLASS: Self = Self { class: true, ..Self::NOTHING };
    /// A sensitive attribute.
    pub const ATTRIBUTE: Self = Self { attribute: true, ..Self::NOTHING };
    /// One group of a sensitive attribute.
    pub const GROUP: Self = Self { group: true, ..Self::ATTRIBUTE };

    /// Whether there is one value for each of several shifts, or sets of rows without a class.
    #[must_use]
    pub fn is_of_parts(&self) -> bool {
        matches!(
            self.material,
            Material::Shift(
                About::Corruption
                    | About::Kind
                    | About::Labels
                    | About::LabelsOfClass
                    | About::Tables
                    | About::Sets
            )
        )
    }

    /// Outputs under distribution shift.
    #[must_use]
    pub const fn shifted(self, about: About) -> Self {
        Self { material: Material::Shift(about), ..self }
    }

    /// The same, and an attack.
    #[must_use]
    pub const fn under_attack(self) -> Self {
        Self { under: Under::Attack, ..self }
    }

    /// The same, and a certificate.
    #[must_use]
    pub const fn proven(self) -> Self {
        Self { under: Under::Certificate, ..self }
    }

    /// The same, of the majority vote under noise.
    #[must_use]
    pub const fn of_the_vote(self) -> Self {
        Self { under: Under::Vote, ..self }
    }

    /// The same, of the majority vote under noise at a radius.
    #[must_use]
    pub const fn of_the_vote_at_a_radius(self) -> Self {
        Self { under: Under::VoteAt, ..self }
    }

    /// A measure of explanations, of the kind that `under` says.
    #[must_use]
    pub const fn of_explanations(under: Under, measure: Measure) -> Self {
        Self { under, material: Material::Explanations(measure), ..Self::NOTHING }
    }

    /// Probabilities of the attacked rows at one of the iterates that attacks keep.
    #[must_use]
    pub const fn probabilities_at(view: View) -> Self {
        Self { under: Under::Attack, material: Material::Scores(view), ..Self::NOTHING }
    }

    /// The same, and an attribute of exactly two groups.
    #[must_use]
    pub const fn of_two_groups(self) -> Self {
        Self { two_groups: true, ..self }
    }

    /// The same, and exactly two classes.
    #[must_use]
    pub const fn of_two_classes(self) -> Self {
        Self { binary: true, ..self }
    }

    /// The same, and a positive class.
    #[must_use]
    pub const fn with_positive(self) -> Self {
        Self { positive: true, ..self }
    }
}
