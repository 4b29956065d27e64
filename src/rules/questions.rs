//! Conditions answered in a window, with what each answer rests on.

use super::book::{RuleBook, Signal};
use super::course::{Finding, RuleState};
use super::expression::{Against, Expression, Question, Term};
use super::history::Window;
use super::kleene::Truth;
use super::numbers::{Observation, Quantity};
use super::sentences;
use crate::measure::Pillar;
use crate::words::count;

/// What the gate found of one number of the newest window, held against a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// The side of the trade-off; none for the front as a whole.
    pub pillar: Option<Pillar>,
    /// A metric key, `hypervolume` or `epsilon`.
    pub metric: String,
    /// Where.
    pub point: String,
    /// Whether it got worse by more than its margin.
    pub regressed: Truth,
}

impl Endpoint {
    /// Whether the pattern (`security.*`, `safety.accuracy`, `hypervolume`) is about it.
    fn is_meant(&self, pattern: &str) -> bool {
        let id = self.metric.split('!').next().unwrap_or_default();
        let pillar = self.pillar.map_or("front", Pillar::word);
        [self.metric.as_str(), id]
            .iter()
            .any(|name| matches(pattern, name) || matches(pattern, &format!("{pillar}.{name}")))
    }
}

/// Whether `text` is as `pattern` says, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Everything that is known up to a window.
pub(super) struct Known<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) windows: &'a [Window],
    /// By window, then by signal.
    pub(super) seen: &'a [Vec<Observation>],
    /// By rule: the states up to now, this window's last where the rule has been judged.
    pub(super) states: &'a [Vec<RuleState>],
    /// The window.
    pub(super) now: usize,
    /// The window that changes are seen from.
    pub(super) baseline: usize,
    /// What the gate found; of the newest window alone.
    pub(super) endpoints: Option<&'a [Endpoint]>,
}

/// What a condition asks, answered.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) findings: Vec<Finding>,
    /// Whether something is unknown that could have been known: a number is missing, which makes blind in the end.
    pub(super) lacking: bool,
}

/// Why a question has no answer.
struct Unanswered {
    why: String,
    /// Whether nothing is amiss: there are too few windows yet, or what is asked is known of the newest window alone.
    excused: bool,
}

impl Unanswered {
    fn excused(why: impl Into<String>) -> Self {
        Self { why: why.into(), excused: true }
    }
}

impl From<String> for Unanswered {
    fn from(why: String) -> Self {
        Self { why, excused: false }
    }
}

fn is_excused(unanswered: &Unanswered) -> bool {
    unanswered.excused
}

/// An answer, what is said of it, and whether an unknown one is excused.
type Answer = (Truth, String, bool);

impl Known<'_> {
    /// Whether the condition holds; what was found is appended, question by question, also where it does not matter any more.
    pub(super) fn judge(&self, expression: &Expression, answers: &mut Answers) -> Truth {
        match expression {
            Expression::Ask(question, text) => {
                let (finding, excused) = self.ask(question, text);
                let truth = finding.truth;
                answers.lacking |= truth == Truth::Unknown && !excused;
                answers.findings.push(finding);
                truth
            }
            Expression::Not(inner) => !self.judge(inner, answers),
            Expression::All(parts) => {
                parts.iter().fold(Truth::True, |so_far, part| so_far.and(self.judge(part, answers)))
            }
            Expression::Any(parts) => {
                parts.iter().fold(Truth::False, |so_far, part| so_far.or(self.judge(part, answers)))
            }
        }
    }

    /// The answer, and whether an unknown one is excused.
    fn ask(&self, question: &Question, text: &str) -> (Finding, bool) {
        let (truth, says, excused) = match question {
            Question::Compare(left, relation, right) => {
                let sides = [self.term(left), self.term(right)];
                let says: Vec<String> = [left, right]
                    .iter()
                    .zip(&sides)
                    .filter_map(|(term, side)| self.say(term, side))
                    .collect();
                let truth = match &sides {
                    [Ok((a, _)), Ok((b, _))] => Truth::from(relation.holds(*a, *b)),
                    _ => Truth::Unknown,
                };
                (truth, says.join("; "), sides.iter().filter_map(|side| side.as_ref().err()).all(is_excused))
            }
            Question::Holds(signal) => {
                let side = self.term(&Term::Signal(*signal));
                let truth = side.as_ref().map_or(Truth::Unknown, |(x, _)| Truth::from(x.abs() > 0.0));
                (truth, self.say(&Term::Signal(*signal), &side).unwrap_or_default(), false)
            }
            Question::Active(rule) => self.active(*rule),
            Question::Regressed(pattern) => self.regressed(pattern),
        };
        (Finding { text: text.to_owned(), truth, says }, excused)
    }

    /// A rule that is quiet since something is unknown is not known to be quiet.
    fn active(&self, rule: usize) -> Answer {
        let states = &self.states[rule];
        let id = &self.book.rules[rule].id;
        match states.get(self.now) {
            Some(state) if state.active => {
                let since = &self.windows[state.since.unwrap_or(self.now)].label;
                (Truth::True, format!("`{id}` is active since window `{since}`"), false)
            }
            Some(state) if state.fires == Truth::False => {
                (Truth::False, format!("`{id}` is not active"), false)
            }
            _ => {
                let of = self.book.rules[rule].lasting.1;
                let recent = states.iter().take(self.now + 1).rev().take(of);
                let excused = recent
                    .filter(|state| state.condition == Truth::Unknown)
                    .all(|state| state.unknown_for == 0);
                (Truth::Unknown, format!("it is unknown whether `{id}` is"), excused)
            }
        }
    }

    fn regressed(&self, pattern: &str) -> Answer {
        let Some(endpoints) = self.endpoints else {
            // Verdicts are not kept with their windows.
            return (Truth::Unknown, "no verdict of the gate is known of this window".to_owned(), true);
        };
        let meant: Vec<&Endpoint> = endpoints.iter().filter(|one| one.is_meant(pattern)).collect();
        if meant.is_empty() {
            let said = format!("the gate looked at nothing that is called `{pattern}`");
            return (Truth::Unknown, said, false);
        }
        let of = |wanted: Truth| meant.iter().filter(|one| one.regressed == wanted).count();
        if let Some(worse) = meant.iter().find(|one| one.regressed == Truth::True) {
            let more = of(Truth::True) - 1;
            let others = if more > 0 { format!(" and {more} more") } else { String::new() };
            let said = format!("the gate found `{}` worse at {}{others}", worse.metric, worse.point);
            return (Truth::True, said, false);
        }
        if of(Truth::Unknown) > 0 {
            let said = format!("the gate could not tell {} of {}", of(Truth::Unknown), meant.len());
            return (Truth::Unknown, said, false);
        }
        (Truth::False, format!("the gate found none of {} worse", meant.len()), false)
    }

    /// What is compared with the quantity that it is an end of, or why there is nothing.
    fn term(&self, term: &Term) -> Result<(f64, Quantity), Unanswered> {
        let Some(signal) = term.signal() else {
            return match term {
                Term::Number(x) => Ok((*x, Quantity::default())),
                _ => Err("there is no signal".to_owned().into()),
            };
        };
        let quantity = self.quantity(term, signal)?;
        Ok(quantity.at(self.signal(signal).side).map(|x| (x, quantity))?)
    }

    fn quantity(&self, term: &Term, signal: usize) -> Result<Quantity, Unanswered> {
        let here = &self.seen[self.now][signal].quantity;
        // What is missing now is so however many windows there are.
        let young = |why: String| match here.value {
            Some(_) => Unanswered::excused(why),
            None => here.reason.clone().unwrap_or_default().into(),
        };
        let other = |against: &Against| match against {
            Against::Baseline => Ok(self.baseline),
            Against::Previous => {
                self.now.checked_sub(1).ok_or_else(|| young("there is no window before".to_owned()))
            }
        };
        Ok(match term {
            Term::Delta(_, against) => {
                let other = other(against)?;
                if other == self.now {
                    here.unchanged(0.0)
                } else {
                    here.less(self.alike(other, signal, *against)?)
                }
            }
            Term::Ratio(_, against) => {
                let other = other(against)?;
                if other == self.now {
                    here.unchanged(1.0)
                } else {
                    here.over(self.alike(other, signal, *against)?)
                }
            }
            Term::Slope(_, windows) => {
                let first = (self.now + 1).checked_sub(*windows).ok_or_else(|| {
                    let there = count(self.now + 1, "window");
                    young(format!(
                        "up to here there {} only {there}",
                        if self.now == 0 { "is" } else { "are" }
                    ))
                })?;
                let all: Vec<&Quantity> = (first..=self.now)
                    .map(|at| self.alike(at, signal, Against::Previous))
                    .collect::<Result<_, _>>()?;
                Quantity::slope(&all)
            }
            Term::Signal(_) | Term::Number(_) => here.clone(),
        })
    }

    /// The signal in window `at`, where it is the same number, measured as now: numbers of different points, or under different attacks, are no change of
    /// anything.
    fn alike(&self, at: usize, signal: usize, against: Against) -> Result<&Quantity, Unanswered> {
        let (then, now) = (&self.seen[at][signal], &self.seen[self.now][signal]);
        let label = &self.windows[at].label;
        if let (Some(before), Some(after)) = (&then.metric, &now.metric) {
            if before != after {
                return Err(format!("in window `{label}` it was measured otherwise, as `{before}`").into());
            }
            if !then.is_where(now) {
                return Err(
                    format!("in window `{label}` it was about another point, {}", then.place()).into()
                );
            }
        }
        if then.quantity.value.is_none() && now.quantity.value.is_some() {
            let why = format!("in window `{label}` {}", then.quantity.reason.as_deref().unwrap_or_default());
            let is_before = self.seen[..=at].iter().all(|seen| seen[signal].quantity.value.is_none());
            // A signal that begins later is young; a baseline without it stays without it.
            return Err(if is_before && against == Against::Previous {
                Unanswered::excused(why)
            } else {
                why.into()
            });
        }
        Ok(&then.quantity)
    }

    /// The term in words; nothing of a constant.
    fn say(&self, term: &Term, side: &Result<(f64, Quantity), Unanswered>) -> Option<String> {
        let at = term.signal()?;
        let signal = self.signal(at);
        let seen = &self.seen[self.now][at];
        let id = &signal.id;
        let name = match term {
            Term::Delta(_, against) => format!("the change of `{id}` {}", self.since(*against)),
            Term::Ratio(_, against) => format!("the ratio of `{id}` {}", self.since(*against)),
            Term::Slope(_, count) => format!("the slope of `{id}` over {count} windows"),
            Term::Signal(_) | Term::Number(_) => format!("`{id}`"),
        };
        let place = if seen.point.is_empty() { String::new() } else { format!(" at {}", seen.point) };
        Some(match side {
            Ok((_, quantity)) => {
                format!("{name}{place} is {}", sentences::quantity(quantity, signal.side))
            }
            Err(unanswered) => format!("{name}{place} is unknown: {}", unanswered.why),
        })
    }

    fn since(&self, against: Against) -> String {
        match against {
            Against::Baseline => format!("against window `{}`", self.windows[self.baseline].label),
            Against::Previous => match self.now.checked_sub(1) {
                Some(before) => format!("against window `{}`", self.windows[before].label),
                None => "against the window before".to_owned(),
            },
        }
    }

    fn signal(&self, at: usize) -> &Signal {
        &self.book.signals[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_by_hand() {
        for (pattern, text, expected) in [
            ("security.*", "security.robust_accuracy", true),
            ("security.*", "safety.accuracy", false),
            ("*", "anything", true),
            ("*accuracy", "safety.accuracy", true),
            ("*accuracy", "safety.accuracy@x", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("accuracy", "accuracy", true),
            ("accuracy", "accuracy2", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn an_endpoint_is_meant_by_key_or_id_with_or_without_its_pillar() {
        let endpoint = |pillar, metric: &str| Endpoint {
            pillar,
            metric: metric.to_owned(),
            point: "p".to_owned(),
            regressed: Truth::False,
        };
        let robust = endpoint(Some(Pillar::Security), "robust_accuracy!ab:linf:0.2");
        for pattern in ["security.robust_accuracy", "robust_accuracy", "security.*", "*linf:0.2"] {
            assert!(robust.is_meant(pattern), "{pattern}");
        }
        assert!(!robust.is_meant("safety.*"));
        assert!(endpoint(None, "hypervolume").is_meant("front.*"));
    }
}
