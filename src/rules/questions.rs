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

impl Known<'_> {
    /// Whether the condition holds; what was found is appended, question by question, also where it does not matter any more.
    pub(super) fn judge(&self, expression: &Expression, findings: &mut Vec<Finding>) -> Truth {
        match expression {
            Expression::Ask(question, text) => {
                let finding = self.ask(question, text);
                let truth = finding.truth;
                findings.push(finding);
                truth
            }
            Expression::Not(inner) => !self.judge(inner, findings),
            Expression::All(parts) => {
                parts.iter().fold(Truth::True, |so_far, part| so_far.and(self.judge(part, findings)))
            }
            Expression::Any(parts) => {
                parts.iter().fold(Truth::False, |so_far, part| so_far.or(self.judge(part, findings)))
            }
        }
    }

    fn ask(&self, question: &Question, text: &str) -> Finding {
        let (truth, says) = match question {
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
                (truth, says.join("; "))
            }
            Question::Holds(signal) => {
                let side = self.term(&Term::Signal(*signal));
                let truth = side.as_ref().map_or(Truth::Unknown, |(x, _)| Truth::from(x.abs() > 0.0));
                (truth, self.say(&Term::Signal(*signal), &side).unwrap_or_default())
            }
            Question::Active(rule) => self.active(*rule),
            Question::Regressed(pattern) => self.regressed(pattern),
        };
        Finding { text: text.to_owned(), truth, says }
    }

    /// A rule that is quiet since something is unknown is not known to be quiet.
    fn active(&self, rule: usize) -> (Truth, String) {
        let state = self.states[rule].get(self.now);
        let id = &self.book.rules[rule].id;
        match state {
            Some(state) if state.active => {
                let since = &self.windows[state.since.unwrap_or(self.now)].label;
                (Truth::True, format!("`{id}` is active since window `{since}`"))
            }
            Some(state) if state.fires == Truth::False => (Truth::False, format!("`{id}` is not active")),
            _ => (Truth::Unknown, format!("it is unknown whether `{id}` is")),
        }
    }

    fn regressed(&self, pattern: &str) -> (Truth, String) {
        let Some(endpoints) = self.endpoints else {
            return (Truth::Unknown, "no verdict of the gate is known of this window".to_owned());
        };
        let meant: Vec<&Endpoint> = endpoints.iter().filter(|one| one.is_meant(pattern)).collect();
        if meant.is_empty() {
            return (Truth::Unknown, format!("the gate looked at nothing that is called `{pattern}`"));
        }
        let of = |wanted: Truth| meant.iter().filter(|one| one.regressed == wanted).count();
        if let Some(worse) = meant.iter().find(|one| one.regressed == Truth::True) {
            let more = of(Truth::True) - 1;
            let others = if more > 0 { format!(" and {more} more") } else { String::new() };
            return (
                Truth::True,
                format!("the gate found `{}` worse at {}{others}", worse.metric, worse.point),
            );
        }
        if of(Truth::Unknown) > 0 {
            let said = format!("the gate could not tell {} of {}", of(Truth::Unknown), meant.len());
            return (Truth::Unknown, said);
        }
        (Truth::False, format!("the gate found none of {} worse", meant.len()))
    }

    /// What is compared with the quantity that it is an end of, or why there is nothing.
    fn term(&self, term: &Term) -> Result<(f64, Quantity), String> {
        let Some(signal) = term.signal() else {
            return match term {
                Term::Number(x) => Ok((*x, Quantity::default())),
                _ => Err("there is no signal".to_owned()),
            };
        };
        let quantity = self.quantity(term, signal)?;
        quantity.at(self.signal(signal).side).map(|x| (x, quantity))
    }

    fn quantity(&self, term: &Term, signal: usize) -> Result<Quantity, String> {
        let here = &self.seen[self.now][signal].quantity;
        let other = |against: &Against| match against {
            Against::Baseline => Ok(self.baseline),
            Against::Previous => {
                self.now.checked_sub(1).ok_or_else(|| "there is no window before".to_owned())
            }
        };
        Ok(match term {
            Term::Delta(_, against) => {
                let other = other(against)?;
                if other == self.now { here.unchanged(0.0) } else { here.less(self.alike(other, signal)?) }
            }
            Term::Ratio(_, against) => {
                let other = other(against)?;
                if other == self.now { here.unchanged(1.0) } else { here.over(self.alike(other, signal)?) }
            }
            Term::Slope(_, windows) => {
                let first = (self.now + 1)
                    .checked_sub(*windows)
                    .ok_or_else(|| format!("up to here there is only {}", count(self.now + 1, "window")))?;
                let all: Vec<&Quantity> =
                    (first..=self.now).map(|at| self.alike(at, signal)).collect::<Result<_, _>>()?;
                Quantity::slope(&all)
            }
            Term::Signal(_) | Term::Number(_) => here.clone(),
        })
    }

    /// The signal in window `at`, where it was measured as it is now: numbers under different attacks are no change of anything.
    fn alike(&self, at: usize, signal: usize) -> Result<&Quantity, String> {
        let (then, now) = (&self.seen[at][signal], &self.seen[self.now][signal]);
        let label = &self.windows[at].label;
        if let (Some(before), Some(after)) = (&then.metric, &now.metric)
            && before != after
        {
            return Err(format!("in window `{label}` it was measured otherwise, as `{before}`"));
        }
        if then.quantity.value.is_none() && now.quantity.value.is_some() {
            let reason = then.quantity.reason.clone().unwrap_or_default();
            return Err(format!("in window `{label}` {reason}"));
        }
        Ok(&then.quantity)
    }

    /// The term in words; nothing of a constant.
    fn say(&self, term: &Term, side: &Result<(f64, Quantity), String>) -> Option<String> {
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
            Err(reason) => format!("{name}{place} is unknown: {reason}"),
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
