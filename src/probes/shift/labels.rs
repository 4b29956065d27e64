//! Label shift: one class becomes more likely, what rows of a class look like stays.

use super::{Change, Corruption};
use crate::evidence::LabelShift;

pub(super) const ALL: &[Corruption] = &[Corruption {
    word: "label-shift",
    what: "the class that suffers most from it gets so many times its weight (tweak-one shift, Lipton, Wang and Smola 2018); no output is made anew",
    constants: &[("weight", LabelShift::FACTORS)],
    change: Change::Labels,
}];
