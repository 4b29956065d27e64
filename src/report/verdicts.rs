//! The words of verdicts, explained: what came of a step between strengths, and where a point stands.

use super::leading;
use super::table::{Table, place, words};
use super::uncertain;
use super::view::View;
use crate::pareto::exchange::{ArcRate, Outcome};

/// What is said of a step, and what it means; none where no step is told of. Of single seeds `seen` stands for `measurable`.
fn of_step(outcome: Outcome, exact: bool) -> (&'static str, &'static str) {
    match (outcome, exact) {
        (Outcome::Price, _) => {
            ("security was paid for", "security rose and safety fell: the rate is the price")
        }
        (Outcome::Reverse, _) => {
            ("safety was paid for", "safety rose and security fell: the trade ran backwards")
        }
        (Outcome::WinWin, true) => ("nothing was paid", "both rose"),
        (Outcome::LoseLose, true) => ("nothing was gained", "both fell"),
        (Outcome::NoPrice, true) => (
            "no price was measurable",
            "one rose, and the change of the other cannot be told from none: a price may hide in its interval",
        ),
        (Outcome::SecurityLost, true) => {
            ("security was lost", "security fell, and the change of safety cannot be told from none")
        }
        (Outcome::NoGain, true) => {
            ("no gain was measurable", "safety fell, and the change of security cannot be told from none")
        }
        (Outcome::Unclear, true) => ("no change was measurable", "neither change can be told from none"),
        (Outcome::WinWin | Outcome::NoPrice, false) => {
            ("no price was seen", "nothing fell and something rose, in the means")
        }
        (Outcome::LoseLose | Outcome::SecurityLost | Outcome::NoGain, false) => {
            ("no gain was seen", "nothing rose and something fell, in the means")
        }
        (Outcome::Unclear, false) => ("no change was seen", "both means are as before"),
    }
}

/// What a point is called in the column `on front`.
const PLACES: [(&str, &str); 6] = [
    ("yes", "no other point is at least as good at every objective and better at one, by the seed means"),
    ("no", "another point is"),
    ("degenerate", "a constant predictor is as good: it may not be on the front"),
    ("left out", "a number is undefined or a seed is missing: the remarks say which"),
    ("not chosen", "on validation rows another was at least as good at every objective and better at one"),
    ("—", "the front is about other models of the same training"),
];

/// What a point is called in the column `verdict`.
const SURE: [(&str, &str); 3] = [
    ("on the front", "over seeds and rows in general, every other point is worse at some objective"),
    ("dominated by", "over seeds and rows in general, the named point is better at every objective"),
    ("undecided", "neither can be said: noise may have put it on either side"),
];

/// The words that occur in this report; none where there are neither steps nor points.
pub(super) fn table(view: &View) -> Option<Table> {
    let exact = |arc: &ArcRate| arc.safety_change.1.is_some() && arc.security_change.1.is_some();
    let mut steps: Vec<(Outcome, bool)> =
        view.given.rates.iter().map(|arc| (arc.outcome, exact(arc))).collect();
    let all = [
        Outcome::Price,
        Outcome::NoPrice,
        Outcome::WinWin,
        Outcome::Unclear,
        Outcome::NoGain,
        Outcome::SecurityLost,
        Outcome::LoseLose,
        Outcome::Reverse,
    ];
    steps.sort_by_key(|(outcome, exact)| (all.iter().position(|other| other == outcome), !exact));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut add = |at: &str, (word, meaning): (&str, &str)| {
        let row = vec![word.to_owned(), at.to_owned(), meaning.to_owned()];
        if !rows.contains(&row) {
            rows.push(row);
        }
    };
    for (outcome, exact) in steps {
        add("a step between strengths", of_step(outcome, exact));
    }
    let places: Vec<String> = (0..view.given.points.len()).map(|point| place(view, point)).collect();
    for (word, meaning) in PLACES {
        let is_said = |place: &String| {
            place == word
                || place
                    .strip_prefix(word)
                    .is_some_and(|rest| rest.starts_with(" 0.") || rest.starts_with(" 1."))
        };
        if places.iter().any(is_said) {
            add("a point, on the front", (word, meaning));
        }
    }
    let verdicts: Vec<String> =
        (0..view.given.points.len()).map(|point| uncertain::verdict(view, point)).collect();
    for (word, meaning) in SURE {
        if verdicts.iter().any(|verdict| verdict.starts_with(word)) {
            add("a point, verdict", (word, meaning));
        }
    }
    if let Some(meaning) = leading::meaning(view) {
        add("the best at an objective", ("not told from", meaning));
    }
    (!rows.is_empty()).then(|| Table {
        title: "Verdicts",
        caption: "A change counts as one where its 95 % interval over paired seeds does not contain 0; without intervals (fewer than 3 seeds) the means of these seeds decide.".to_owned(),
        head: ["word", "said of", "meaning"].map(words).into(),
        rows,
    })
}
