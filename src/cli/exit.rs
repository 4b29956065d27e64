//! Exit codes; scripts rely on them.

use std::process::ExitCode;

use crate::error::Kind;

/// Everything asked for was done.
pub(super) const FINE: u8 = 0;
/// A check found something off: a regression, or a value of the self-test.
pub(super) const CHECK_FAILED: u8 = 1;
/// Bad usage, configuration or input.
pub(super) const BAD_INPUT: u8 = 2;
/// The results cannot be compared, or there is nothing to compare with.
pub(super) const NOT_COMPARABLE: u8 = 3;
/// Nothing could be told, where that was asked to be a failure.
pub(super) const INCONCLUSIVE: u8 = 4;
/// Cells are missing: they failed, or the run was interrupted.
pub(super) const INCOMPLETE: u8 = 5;
/// A defect of this program (the code that a panic has, too).
pub(super) const BUG: u8 = 101;

/// The exit code of a failure.
#[must_use]
pub(super) fn code(kind: Kind) -> ExitCode {
    ExitCode::from(number(kind))
}

/// The same as a number.
#[must_use]
pub(super) fn number(kind: Kind) -> u8 {
    match kind {
        Kind::Input => BAD_INPUT,
        Kind::CheckFailed => CHECK_FAILED,
        Kind::NotComparable => NOT_COMPARABLE,
        Kind::Diverged | Kind::Incomplete => INCOMPLETE,
        Kind::Internal => BUG,
    }
}
