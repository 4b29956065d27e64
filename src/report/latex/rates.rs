//! Exchange rates as numbers; what cannot be a number is said once, in a note.

use super::layout::{Cell, Grid};
use crate::experiment::INTERPOLATED;
use crate::measure::{MetricKey, Unit};
use crate::pareto::exchange::{ArcRate, Outcome, Rate};
use crate::report::format;
use crate::report::prices::half_line;
use crate::report::table::{is_price, numeric, words};
use crate::report::view::View;

/// The table, its caption and its notes; none where there are no steps.
pub(super) fn table(view: &View) -> Option<(Grid, String, Vec<String>)> {
    let rates = &view.given.rates;
    let first = rates.first()?;
    let shared =
        |(name, _): &&(String, Vec<String>)| !matches!(name.as_str(), "strength" | "model" | INTERPOLATED);
    let mut head: Vec<_> =
        view.varying.iter().filter(shared).map(|(name, _)| words(view.column(name))).collect();
    head.push(words("from → to"));
    let single = rates.iter().all(|arc| arc.security == first.security && arc.safety == first.safety);
    let unit = |key: &MetricKey| if view.unit(key) == Unit::Fraction { " (points)" } else { "" };
    if single {
        for key in [&first.security, &first.safety] {
            head.push(numeric(format!("{} gained{}", view.metric_title(key), unit(key))));
        }
    } else {
        head.extend([words("security"), words("safety")]);
        head.extend(["security gained", "safety gained"].map(numeric));
    }
    let leading = head.len() - 2;
    // Half-lines may be long, and are broken like words.
    head.push(words("cost"));
    head.extend(view.given.sensitivity.iter().map(|found| words(&format!("cost with {}", found.setting))));
    let mut notes = Notes(Vec::new());
    let mut rows = Vec::new();
    for (index, arc) in rates.iter().enumerate() {
        let strength = |point: usize| view.given.points[point].strength;
        let mut row: Vec<Cell> =
            view.varying.iter().filter(shared).map(|(_, values)| Cell::plain(&values[arc.from])).collect();
        row.push(Cell::plain(&format!("{} → {}", strength(arc.from), strength(arc.to))));
        if !single {
            row.extend([&arc.security, &arc.safety].map(|key| Cell::plain(&view.metric_title(key))));
        }
        for (change, key) in [(arc.security_change, &arc.security), (arc.safety_change, &arc.safety)] {
            let text = format::change_interval(change, view.unit(key));
            // One pair of axes has its unit in the head.
            row.push(Cell::plain(&if single { text.replacen(" points", "", 1) } else { text }));
        }
        row.push(cost(arc, "", &mut notes));
        row.extend(view.given.sensitivity.iter().map(|found| {
            let again = found.rates.iter().find(|recheck| recheck.rate == index);
            again.map_or_else(
                || Cell::plain("—"),
                |recheck| cost(&recheck.again, if recheck.turned { "other sign" } else { "" }, &mut notes),
            )
        }));
        rows.push(row);
    }
    let titles = |pick: fn(&ArcRate) -> &MetricKey| {
        let mut titles: Vec<String> = Vec::new();
        for title in rates.iter().map(|arc| view.title(pick(arc))) {
            if !titles.contains(&title) {
                titles.push(title);
            }
        }
        format::list(&titles)
    };
    let caption = format!(
        "What security cost between two strengths of one defense. Gains: positive is better on both sides. Cost: safety given up per unit of security gained, positive where security was paid for; in brackets 95 % Fieller intervals over paired seeds. Security: {}; safety: {}.",
        titles(|arc| &arc.security),
        titles(|arc| &arc.safety)
    );
    Some((Grid { head, rows, leading }, caption, notes.0))
}

/// Distinct remarks, each with its letter.
struct Notes(Vec<String>);

impl Notes {
    /// The letter of `text`, which is said once however often it is true.
    fn letter(&mut self, text: &str) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        let place = self.0.iter().position(|known| known == text).unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        });
        Some(letter(place))
    }
}

/// `a` to `z`, then `aa`.
pub(super) fn letter(place: usize) -> String {
    let last = char::from(b'a' + (place % 26) as u8);
    if place < 26 { last.to_string() } else { format!("{}{last}", letter(place / 26 - 1)) }
}

fn cost(arc: &ArcRate, remark: &str, notes: &mut Notes) -> Cell {
    let happened = if arc.outcome == Outcome::Price { String::new() } else { arc.happened() };
    let (text, why) = match arc.rate.cost() {
        _ if !is_price(arc) => ("—".to_owned(), String::new()),
        Rate::Bounded { rate, low, high } => (format::beside_zero(rate, Some((low, high))), String::new()),
        Rate::HalfLine { parts, words, .. } => (half_line(&parts), words),
        Rate::NotMeasurable { words } => ("—".to_owned(), words),
    };
    let said: Vec<&str> =
        [happened.as_str(), why.as_str(), remark].into_iter().filter(|text| !text.is_empty()).collect();
    Cell { text, is_bold: false, note: notes.letter(&said.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 25, 26, 51, 52].map(letter), ["a", "z", "aa", "az", "ba"]);
    }
}
