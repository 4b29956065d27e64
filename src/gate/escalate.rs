//! Verdicts and escalation rules: what rules may ask a verdict, and what a verdict becomes under rules.

use super::assess::State;
use super::side::Side;
use super::verdict::{Verdict, Word};
use crate::rules::{self, Course, Truth};

/// The verdict where nothing is compared with a baseline: rules will say the word.
#[must_use]
pub fn unjudged() -> Verdict {
    Verdict::of(Word::Quiet)
}

/// What the verdict says of single numbers, as rules ask for it; `None` where nothing was compared.
#[must_use]
pub fn looked_at(verdict: &Verdict, baseline: &Side) -> Option<Vec<rules::Endpoint>> {
    if let Some(examination) = &verdict.examination {
        let endpoint = |one: &super::Assessed| rules::Endpoint {
            pillar: one.endpoint.pillar,
            metric: one.endpoint.subject.metric(),
            point: one.endpoint.subject.place().to_owned(),
            regressed: match one.state {
                State::Worse => Truth::True,
                State::Undecided => Truth::Unknown,
                State::Better | State::WorseWithin | State::BetterWithin | State::NoWorse => Truth::False,
            },
        };
        return Some(examination.endpoints.iter().map(endpoint).collect());
    }
    // Without tests all is the same bit for bit, or nothing could be compared.
    if !matches!(verdict.word, Word::Identical | Word::Violated) {
        return None;
    }
    let whole = ["hypervolume", "epsilon"].map(|metric| (None, metric.to_owned()));
    let gated = baseline.gated.iter().map(|gated| (Some(gated.pillar), gated.key.to_string()));
    let endpoint = |(pillar, metric)| rules::Endpoint {
        pillar,
        metric,
        point: "every point".to_owned(),
        regressed: Truth::False,
    };
    Some(gated.chain(whole).map(endpoint).collect())
}

impl Verdict {
    /// The verdict with what escalation rules found: a verdict that passes does so no longer where a rule is at the level that fails.
    #[must_use]
    pub fn escalated(mut self, course: Course) -> Self {
        let sentences = course.sentences();
        let passes = match self.word {
            Word::Identical
            | Word::NoChange
            | Word::Improved
            | Word::ChangedWithinMargin
            | Word::Inconclusive
            | Word::Quiet
            | Word::Unknown => true,
            Word::Regressed
            | Word::Suspect
            | Word::Violated
            | Word::NotCertified
            | Word::NotComparable
            | Word::Incomplete
            | Word::Error
            | Word::Escalated => false,
        };
        if course.fails() {
            if passes {
                self.word = Word::Escalated;
                self.reasons.splice(0..0, sentences);
            } else {
                self.reasons.extend(sentences);
            }
        } else if self.word == Word::Quiet {
            if !course.open().is_empty() {
                self.word = Word::Unknown;
            }
            self.reasons.push(format!(
                "no rule is at the level `{}` or a higher one",
                course.book.levels[course.book.fail]
            ));
            self.reasons.extend(sentences);
        } else {
            self.notes.extend(sentences);
        }
        self.notes.extend(course.remarks.iter().cloned());
        self.rules = Some(course);
        self
    }
}
