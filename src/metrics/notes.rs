//! What a reader should know of a number, in words; and what kind of remark it is, so that a report can say once what concerns many numbers.

use crate::words::count;

/// Below this many rows a share is reported with a warning (metrics sheet, 3.1).
pub const FEW_ROWS: f64 = 10.0;

/// A group with fewer rows of what a number is over is not told of in headlines, and left out of gaps and worst cases there: between groups of 30 rows without any disparity a gap of 0.1 to 0.2 is
/// nothing unusual (metrics sheet, 3.1).
pub const HEADLINE_ROWS: usize = 30;

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// A group or class with few rows, or with none.
    SmallGroup,
    /// Resamples in which the number is undefined: how many.
    Resamples(usize),
    /// Anything else.
    Other,
}

const FEW: &str = " has only ";
const PARTIAL: &str = "partial: ";
const UNDEFINED_IN: &str = "undefined in ";
const RESAMPLES: &str = " resamples, which are left out";

/// So few rows stand behind a share.
pub(super) fn few(name: &str, rows: f64) -> String {
    format!("{name}{FEW}{}", count(rows as usize, "row"))
}

/// A group or class does not count, having no rows.
pub(super) fn partial(name: &str) -> String {
    format!("{PARTIAL}{name} has no rows and is left out")
}

/// So many of all resamples are not behind an interval.
pub(crate) fn resamples(undefined: usize, all: usize) -> String {
    format!("{UNDEFINED_IN}{undefined} of {all}{RESAMPLES}")
}

/// What `note` is about.
#[must_use]
pub fn note_kind(note: &str) -> NoteKind {
    if note.starts_with(PARTIAL) || note.contains(FEW) {
        return NoteKind::SmallGroup;
    }
    let undefined = note.strip_prefix(UNDEFINED_IN).filter(|rest| rest.ends_with(RESAMPLES));
    match undefined.and_then(|rest| rest.split(' ').next()?.parse().ok()) {
        Some(undefined) => NoteKind::Resamples(undefined),
        None => NoteKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_known_again() {
        assert_eq!(few("`sex=F`", 1.0), "`sex=F` has only 1 row");
        assert_eq!(note_kind(&few("`sex=F`", 1.0)), NoteKind::SmallGroup);
        assert_eq!(note_kind(&partial("`sex=F`")), NoteKind::SmallGroup);
        assert_eq!(note_kind(&resamples(127, 1000)), NoteKind::Resamples(127));
        for other in
            ["1 row without `sex` is left out", "undefined at some of 3 explained rows, which are left out"]
        {
            assert_eq!(note_kind(other), NoteKind::Other, "{other}");
        }
    }
}
