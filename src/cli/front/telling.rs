//! The front for the terminal.

use super::super::sheet::{as_listed, visible};
use super::super::terminal;
use super::asked::Asked;
use super::read::Records;
use super::work::{Against, Found, NoKnee, Origin, Said};
use crate::measure::Direction;
use crate::pareto::indicators::Against as Measured;
use crate::words::count;

/// Members that are listed at most.
const MEMBERS: usize = 40;
/// Columns beside the objectives that are listed at most.
const BESIDE: usize = 5;
/// Dominated rows that are named at most.
const NAMED: usize = 12;
/// Characters of a cell at most.
const CELL: usize = 32;

/// Everything, in paragraphs.
pub(super) fn table(name: &str, found: &Found, asked: &Asked, records: &Records) -> String {
    let axes: Vec<String> = asked
        .objectives
        .iter()
        .map(|objective| format!("{} {}", visible(&objective.name), arrow(objective.direction)))
        .collect();
    let by: Vec<String> = asked.by.iter().map(|name| visible(name)).collect();
    let grouped = if by.is_empty() {
        String::new()
    } else {
        format!(" of {} by {}", count(found.configurations, "configuration"), by.join(", "))
    };
    let mut text =
        format!("{}: {}{grouped}; {}.\n", visible(name), count(found.rows, "row"), axes.join(", "));
    let verb = if found.members.len() == 1 { "is" } else { "are" };
    let which =
        if by.is_empty() { "" } else { "; a configuration is named by its first row, and its means compete" };
    text.push_str(&format!(
        "On the front {verb} {} of {}; rows count from 0{which}.\n",
        found.members.len(),
        found.configurations
    ));
    let (least, most) = found.replicates;
    if least < most {
        text.push_str(&format!(
            "Configurations have {least} to {most} rows: means of few rows are the less sure.\n"
        ));
    }
    text.push('\n');
    text.push_str(&members(found, asked, records));
    text.push('\n');
    text.push_str(&others(found));
    text.push_str(&volume(found, asked));
    text.push_str(&knees(found, asked));
    if let Some(against) = &found.against {
        text.push_str(&indicators(against, asked));
    }
    text
}

/// Every indicator, this way and the other.
fn indicators(against: &Against, asked: &Asked) -> String {
    let scale = if asked.bounds.is_some() {
        "differences on the scales of --bounds"
    } else {
        "differences in the columns' own units, mixed; --bounds makes them comparable"
    };
    let mut text = format!("\nAgainst {} ({scale})\n", visible(&against.name));
    let said = |said: &Said| said.as_ref().map_or_else(|_| "undefined".to_owned(), |x| number(*x));
    let lines: Vec<Vec<String>> = against
        .indicators
        .iter()
        .map(|(indicator, this, other)| {
            let better = match indicator.direction {
                Direction::Higher => "more is better",
                Direction::Lower => "less is better",
            };
            let title = match indicator.against {
                Measured::Set => indicator.title.to_owned(),
                Measured::ReferencePoint => format!("{} (each up to the reference)", indicator.title),
                Measured::UtopianPoint => format!("{} (each from the best on every axis)", indicator.title),
            };
            vec![title, said(this), said(other), better.to_owned()]
        })
        .collect();
    text.push_str(&terminal::table(&["", "this one", "the other one", ""], &lines, &[1, 2]));
    for (indicator, this, other) in &against.indicators {
        if let Some(reason) = this.as_ref().err().or(other.as_ref().err()) {
            text.push_str(&format!("  no {}: {reason}\n", indicator.title));
        }
    }
    text
}

/// The members: row number, objectives, what each adds, other columns.
fn members(found: &Found, asked: &Asked, (names, records): &Records) -> String {
    let place = |name: &String| names.iter().position(|known| known == name);
    let objectives: Vec<usize> =
        asked.objectives.iter().filter_map(|objective| place(&objective.name)).collect();
    let beside: Vec<usize> =
        (0..names.len()).filter(|column| !objectives.contains(column)).take(BESIDE).collect();
    let mut header: Vec<String> = vec!["row".to_owned()];
    header.extend(objectives.iter().map(|column| cell(&names[*column])));
    if found.contributions.is_ok() {
        header.push("adds".to_owned());
    }
    let right: Vec<usize> = (0..header.len()).collect();
    header.extend(beside.iter().map(|column| cell(&names[*column])));
    let lines: Vec<Vec<String>> = found
        .members
        .iter()
        .zip(records)
        .enumerate()
        .take(MEMBERS)
        .map(|(at, (row, record))| {
            let mut line = vec![row.to_string()];
            line.extend(objectives.iter().map(|column| cell(&record[*column])));
            line.extend(found.contributions.as_ref().ok().map(|own| number(own[at])));
            line.extend(beside.iter().map(|column| cell(&record[*column])));
            line
        })
        .collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut text = terminal::table(&header, &lines, &right);
    let mut more = Vec::new();
    if found.members.len() > MEMBERS {
        more.push(count(found.members.len() - MEMBERS, "more member"));
    }
    let hidden = names.len() - objectives.len() - beside.len();
    if hidden > 0 {
        more.push(count(hidden, "more column"));
    }
    if !more.is_empty() {
        text.push_str(&format!("{}: --csv has them all\n", more.join(" and ")));
    }
    if let Err(reason) = &found.contributions {
        text.push_str(&format!("What each adds to the hypervolume is not told: {reason}.\n"));
    }
    text
}

/// Who is not on the front.
fn others(found: &Found) -> String {
    let mut text = String::new();
    if found.dominated.is_empty() {
        text.push_str("No row is dominated.\n");
    } else {
        let named = found.dominated.iter().take(NAMED).map(|(row, by)| format!("{row} (by {by})"));
        let mut named = named.collect::<Vec<_>>().join(", ");
        if found.dominated.len() > NAMED {
            named.push_str(&format!(" and {} more (--json)", found.dominated.len() - NAMED));
        }
        let verb = if found.dominated.len() == 1 { "is" } else { "are" };
        text.push_str(&format!("Dominated {verb} {}: {named}.\n", found.dominated.len()));
    }
    if !found.repeated.is_empty() {
        text.push_str(&format!("Equal to an earlier member: {}.\n", rows(&found.repeated)));
    }
    text
}

fn volume(found: &Found, asked: &Asked) -> String {
    let reference: Vec<String> = asked
        .objectives
        .iter()
        .zip(&found.reference)
        .map(|(objective, x)| format!("{}={}", as_listed(&visible(&objective.name)), written(*x)))
        .collect();
    let error = found
        .error
        .map_or_else(String::new, |error| format!(" ± {} (approximate, 99 % interval)", number(error)));
    let share = found.share.map_or_else(String::new, |share| {
        format!(", {} % of the box to the best ends", number(100.0 * share))
    });
    let mut text = format!(
        "\nHypervolume {}{error} up to {}{share}.\n",
        number(found.hypervolume),
        reference.join(", ")
    );
    if let Some(unreached) = &found.unreached {
        text.push_str(&format!("Warning: {unreached}.\n"));
    } else if !found.outside.is_empty() {
        text.push_str(&format!(
            "Not better than the reference on every objective, so without any part in it: {}.\n",
            rows(&found.outside)
        ));
    }
    match found.origin {
        Origin::Given => {}
        Origin::Bounds => text.push_str("The reference is the worst ends of --bounds.\n"),
        Origin::Front(divisions) => text.push_str(&format!(
            "The reference lies 1/{divisions} of the front's extent beyond its worst on every axis, rounded. To compare with other files, keep it:\n  --ref {}\n",
            quoted(&reference.join(","))
        )),
    }
    text
}

fn knees(found: &Found, asked: &Asked) -> String {
    let scale =
        if asked.bounds.is_some() { "on the scales of --bounds" } else { "on the front's own extent" };
    let mut text = format!("\nKnees, {scale}\n");
    for (definition, knee) in &found.knees {
        let said = match knee {
            Ok(knee) => format!("row {} ({})", knee.member, number(knee.size)),
            Err(NoKnee { defined: true, reason }) => reason.clone(),
            Err(NoKnee { reason, .. }) => format!("not defined: {reason}"),
        };
        text.push_str(&format!("  {}: {said}\n", definition.title));
    }
    text
}

fn arrow(direction: Direction) -> char {
    match direction {
        Direction::Higher => '↑',
        Direction::Lower => '↓',
    }
}

/// Row numbers, not more than a few.
fn rows(numbers: &[usize]) -> String {
    let mut named: Vec<String> = numbers.iter().take(NAMED).map(usize::to_string).collect();
    if numbers.len() > NAMED {
        named.push(format!("and {} more (--json)", numbers.len() - NAMED));
    }
    named.join(", ")
}

/// Four significant digits, with a real minus sign.
pub(super) fn number(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let digits = (3 - libm::floor(libm::log10(x.abs())) as i32).clamp(0, 12);
    let text = if (1e-9..1e9).contains(&x.abs()) {
        let text = format!("{x:.*}", digits as usize);
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        format!("{x:.3e}")
    };
    text.replacen('-', "−", usize::from(x < 0.0))
}

/// With all digits, and few characters: as `--ref` takes it.
fn written(x: f64) -> String {
    if x == 0.0 || (1e-4..1e9).contains(&x.abs()) { x.to_string() } else { format!("{x:e}") }
}

/// A cell that fits its column.
fn cell(text: &str) -> String {
    let text = visible(text);
    if text.chars().count() <= CELL {
        return text;
    }
    text.chars().take(CELL - 1).chain(['…']).collect()
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "=,._-+/:@%".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_significant_digits() {
        let shown = [0.123_456, -12.5, 1234.56, 0.0, 3e-12, 1e12, 0.5, -2e-4].map(number);
        assert_eq!(shown, ["0.1235", "−12.5", "1235", "0", "3.000e-12", "1.000e12", "0.5", "−0.0002"]);
    }

    #[test]
    fn a_reference_is_written_short_and_with_all_digits() {
        let shown = [0.725, -8e199, 1.1234e-9, 0.0, -0.15, 123_456.75].map(written);
        assert_eq!(shown, ["0.725", "-8e199", "1.1234e-9", "0", "-0.15", "123456.75"]);
        assert!(shown.iter().all(|text| written(text.parse().unwrap()) == *text));
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!([quoted("acc=0,gap=-1"), quoted("a b=1")], ["acc=0,gap=-1", "'a b=1'"]);
    }
}
