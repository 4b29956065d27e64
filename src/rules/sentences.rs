//! What rules found, in words; fragments without a full stop.

use super::book::{End, Rule};
use super::course::{Course, Finding};
use super::expression::{Against, Question, Term};
use super::kleene::Truth;
use super::numbers::Quantity;
use crate::words::count;

/// At most four decimals, none that say nothing, a real minus sign; very small and very large numbers with a power of ten.
#[must_use]
pub fn number(x: f64) -> String {
    let size = x.abs();
    let text = if size > 0.0 && !(1e-3..1e9).contains(&size) {
        format!("{x:.3e}")
    } else {
        let text = format!("{x:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
}

/// `0.78 [0.76, 0.8]`, with what is compared where that is not the number itself.
pub(super) fn quantity(quantity: &Quantity, side: End) -> String {
    let value = quantity.value.map_or_else(|| "unknown".to_owned(), number);
    let interval = match (quantity.low, quantity.high) {
        (None, None) => String::new(),
        (low, high) => {
            let end = |x: Option<f64>| x.map_or_else(|| "?".to_owned(), number);
            format!(" [{}, {}]", end(low), end(high))
        }
    };
    let compared = match side {
        End::Point => "",
        End::Low => ", its lower end compared",
        End::High => ", its upper end compared",
    };
    format!("{value}{interval}{compared}")
}

impl Rule {
    /// Whether it asks for a change against the baseline.
    pub(super) fn looks_at_baseline(&self) -> bool {
        let is = |term: &Term| {
            matches!(term, Term::Delta(_, Against::Baseline) | Term::Ratio(_, Against::Baseline))
        };
        let clear = self.clear.iter().flat_map(|(clear, _)| clear.questions());
        self.when.questions().into_iter().chain(clear).any(|(question, _)| match question {
            Question::Compare(left, _, right) => is(left) || is(right),
            _ => false,
        })
    }
}

impl Course {
    /// What is active, blind or cannot be told in the newest window: one fragment each, the highest level first.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let now = self.newest();
        let mut all: Vec<(usize, String)> = Vec::new();
        for (at, states) in self.combines.iter().enumerate() {
            if states[now].holds == Truth::True {
                all.push((self.book.combines[at].to, self.combination(at, now)));
            }
        }
        for at in 0..self.rules.len() {
            let state = &self.rules[at][now];
            if state.active {
                all.push((self.book.rules[at].level, self.firing(at, now)));
            }
            if state.blind {
                all.push((self.book.blind, self.blindness(at, now)));
            }
        }
        all.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
        let mut sentences: Vec<String> = all.into_iter().map(|(_, sentence)| sentence).collect();
        for at in self.open() {
            if !self.rules[at][now].blind {
                sentences.push(self.doubt(at, now));
            }
        }
        sentences
    }

    /// The rule with its level and domain.
    fn name(&self, at: usize) -> String {
        let rule = &self.book.rules[at];
        let domain = rule.domain.map_or_else(String::new, |domain| format!(", {}", domain.word()));
        format!("rule `{}` ({}{domain})", rule.id, self.book.levels[rule.level])
    }

    /// Why rule `at` is active in window `now`.
    #[must_use]
    pub fn firing(&self, at: usize, now: usize) -> String {
        let (rule, state) = (&self.book.rules[at], &self.rules[at][now]);
        let since = state.since.unwrap_or(now);
        let mut text = if since == now {
            format!("{} became active in window `{}`", self.name(at), self.windows[now])
        } else {
            format!("{} is active since window `{}`", self.name(at), self.windows[since])
        };
        if let Some(because) = &rule.because {
            text.push_str(&format!(": {}", because.trim().trim_end_matches('.')));
        }
        if rule.lasting != (1, 1) {
            text.push_str(&format!(
                "; it held in {} of the last {} windows ({} needed){}",
                state.held.len(),
                rule.lasting.1,
                rule.lasting.0,
                self.labels(&state.held)
            ));
        }
        text.push_str(&told(&state.findings));
        if let (Some((_, clear)), true) = (&rule.clear, state.fires != Truth::True || since != now) {
            let found = match state.clearing.as_slice() {
                [one] => format!(", which is {}: {}", one.truth.word(), one.says),
                several => told(several),
            };
            text.push_str(&format!("; it stays until {clear}{found}"));
        }
        text.push_str(&self.foundation(at));
        text
    }

    /// Which rules it rests on, all the way down.
    fn foundation(&self, at: usize) -> String {
        let path = self.path(at);
        if path.is_empty() {
            return String::new();
        }
        let names: Vec<String> =
            path.iter().map(|other| format!("`{}`", self.book.rules[*other].id)).collect();
        format!("; it rests on {}", names.join(", "))
    }

    /// Every rule that rule `at` rests on, the nearest first.
    #[must_use]
    pub fn path(&self, at: usize) -> Vec<usize> {
        let mut path: Vec<usize> = Vec::new();
        let mut waiting = self.book.rules[at].rests_on.clone();
        while let Some(&other) = waiting.first() {
            waiting.remove(0);
            if !path.contains(&other) {
                path.push(other);
                waiting.extend(&self.book.rules[other].rests_on);
            }
        }
        path
    }

    /// Why rule `at` is blind in window `now`.
    #[must_use]
    pub fn blindness(&self, at: usize, now: usize) -> String {
        let state = &self.rules[at][now];
        format!(
            "{} is blind: unknown for {} ({}){}",
            self.name(at),
            count(state.unknown_for, "window"),
            self.book.levels[self.book.blind],
            told(&unknown(&state.findings))
        )
    }

    /// What is missing to tell rule `at` in window `now`.
    #[must_use]
    pub fn doubt(&self, at: usize, now: usize) -> String {
        format!("{} cannot be told{}", self.name(at), told(&unknown(&self.rules[at][now].findings)))
    }

    /// What combination `at` is made of in window `now`.
    #[must_use]
    pub fn combination(&self, at: usize, now: usize) -> String {
        let (combine, state) = (&self.book.combines[at], &self.combines[at][now]);
        let domains: Vec<&str> = combine.domains.iter().map(|domain| domain.word()).collect();
        let rules: Vec<String> =
            state.made_of.iter().map(|rule| format!("`{}`", self.book.rules[*rule].id)).collect();
        let because = combine
            .because
            .as_ref()
            .map_or_else(String::new, |because| format!(": {}", because.trim().trim_end_matches('.')));
        format!(
            "{} together ({}) since window `{}`{because}; it is made of {}",
            domains.join(" and "),
            self.book.levels[combine.to],
            self.windows[state.since.unwrap_or(now)],
            rules.join(", ")
        )
    }

    fn labels(&self, windows: &[usize]) -> String {
        if windows.is_empty() {
            return String::new();
        }
        let names: Vec<String> = windows.iter().map(|at| format!("`{}`", self.windows[*at])).collect();
        format!(": {}", names.join(", "))
    }
}

fn unknown(findings: &[Finding]) -> Vec<Finding> {
    findings.iter().filter(|finding| finding.truth == Truth::Unknown).cloned().collect()
}

fn told(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(|finding| format!("; {} is {}: {}", finding.text, finding.truth.word(), finding.says))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_no_more_than_they_must() {
        let texts = [0.8, -0.05, 0.0, -0.000_001, 12.0, 0.123_456, 1e12].map(number);
        assert_eq!(texts, ["0.8", "−0.05", "0", "−1.000e−6", "12", "0.1235", "1.000e12"]);
    }
}
