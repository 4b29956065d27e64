//! What is observed under distribution shift.

use std::sync::Arc;

/// What a model says on rows that are not as in training, or would score if classes were more or less frequent; test rows only.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shift {
    /// One entry per (corruption, severity), in the order of the experiment.
    pub corrupted: Vec<ShiftFacts>,
    /// One entry per severity of label shift.
    pub reweighted: Vec<LabelShift>,
    /// One entry per set of rows that belong to no class.
    pub ood: Vec<OodFacts>,
    /// One entry per other table of rows.
    pub tables: Vec<TableFacts>,
    /// Other models of the same seed, which some numbers compare with.
    pub company: Option<Arc<Company>>,
}

/// The models of one seed of a sweep.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Company {
    /// The undefended model.
    pub reference: Option<Arc<Peer>>,
    /// Every trained model that the front is about.
    pub peers: Vec<Arc<Peer>>,
}

/// What another model says: `n` predictions each, of the same rows under the same corruptions.
#[derive(Debug, Clone, PartialEq)]
pub struct Peer {
    /// On the unchanged rows.
    pub clean: Vec<u16>,
    /// Under every (corruption, severity), in the order of [`Shift::corrupted`].
    pub corrupted: Vec<Vec<u16>>,
    /// On every other table of rows, in the order of [`Shift::tables`].
    pub tables: Vec<Vec<u16>>,
}

impl Shift {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.corrupted.is_empty()
            && self.reweighted.is_empty()
            && self.ood.is_empty()
            && self.tables.is_empty()
    }

    /// Whether other models of the same seed matter to some number.
    #[must_use]
    pub fn has_company(&self) -> bool {
        !self.corrupted.is_empty() || !self.tables.is_empty()
    }

    /// Takes over what another piece of evidence holds.
    pub fn extend(&mut self, other: Self) {
        self.corrupted.extend(other.corrupted);
        self.reweighted.extend(other.reweighted);
        self.ood.extend(other.ood);
        self.tables.extend(other.tables);
        self.company = self.company.take().or(other.company);
    }
}

/// What a model says on the test rows under one corruption.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftFacts {
    /// The corruption, such as `gaussian-noise`.
    pub shift: String,
    /// 1 (mild) to 5.
    pub severity: u8,
    /// `n` predicted classes.
    pub predictions: Vec<u16>,
}

/// A label shift: outputs are the clean ones, and one class has more weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelShift {
    /// 1 (mild) to 5.
    pub severity: u8,
    /// How many times its weight a class gets.
    pub factor: f64,
}

impl LabelShift {
    /// The factors of severities 1 to 5; ours.
    pub const FACTORS: [f64; 5] = [2.0, 4.0, 8.0, 16.0, 32.0];

    /// The label shift of `severity` (1 to 5), where there is one.
    #[must_use]
    pub fn of(severity: u8) -> Option<Self> {
        let factor = *Self::FACTORS.get(usize::from(severity).checked_sub(1)?)?;
        Some(Self { severity, factor })
    }
}

/// What a model says on rows that belong to no class.
#[derive(Debug, Clone, PartialEq)]
pub struct OodFacts {
    /// The set's name, such as `shuffled-pixels`.
    pub set: String,
    /// Whether the set is near what the model was trained on.
    pub near: bool,
    /// `m × classes` logits, row-major, `m` at most the number of test rows; row `i` goes with test row `i` in every resample.
    pub logits: Vec<f32>,
}

/// What a model says on labeled rows of another table: another year, another place.
#[derive(Debug, Clone, PartialEq)]
pub struct TableFacts {
    /// The table's name.
    pub name: String,
    /// `m` classes; `m` has nothing to do with the number of test rows. In every resample row `j` goes with test row `j mod n`.
    pub labels: Vec<u16>,
    /// `m` predicted classes.
    pub predictions: Vec<u16>,
}
