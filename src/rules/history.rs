//! The history of a results folder: a long table of windows, which anyone can write.
//!
//! `window,point,metric,value,low,high`, a row per number. A window is one state of a results folder, under a label that its user gave; windows are in
//! the order in which they first appear. `point` holds sweep coordinates (`defense=at,strength=0.1`) and is empty for numbers about the whole.

use std::collections::BTreeMap;

use crate::error::{Error, Result, did_you_mean};
use crate::words::{FORMULA, WITHOUT_CONTROL, control_character, is_formula};

/// The columns, in the order in which they are written.
pub const COLUMNS: [&str; 6] = ["window", "point", "metric", "value", "low", "high"];

/// The label of results that are recorded under none.
pub const PRESENT: &str = "present";

/// One number; in the unit of its metric.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Number {
    /// The number; `None` where it is withheld.
    pub value: Option<f64>,
    /// Lower end of its interval, where it has one.
    pub low: Option<f64>,
    /// Upper end of its interval, where it has one.
    pub high: Option<f64>,
}

impl Number {
    /// The same number, bit for bit.
    fn is(&self, other: &Self) -> bool {
        let bits = |x: Option<f64>| x.map(f64::to_bits);
        bits(self.value) == bits(other.value)
            && bits(self.low) == bits(other.low)
            && bits(self.high) == bits(other.high)
    }
}

/// Numbers by point and metric, in that order.
pub type Numbers = BTreeMap<(String, String), Number>;

/// One state of a results folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// What its user calls it: a commit, a release, a date.
    pub label: String,
    /// What is known of it.
    pub numbers: Numbers,
}

/// Windows, the oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The windows.
    pub windows: Vec<Window>,
}

impl History {
    /// Reads the table.
    ///
    /// # Errors
    ///
    /// A column that is missing or unknown, a row that does not fit, a number that is none, an interval that ends before it begins, a number that
    /// stands twice; each with its line.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let damaged = |error: &csv::Error| {
            let line = error.position().map_or_else(String::new, |place| format!("line {}: ", place.line()));
            let what = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("{len} cells, where the header has {expected_len}")
                }
                csv::ErrorKind::Utf8 { .. } => "not UTF-8 text".to_owned(),
                other => format!("{other:?}"),
            };
            Error::input(format!("{line}{what}"))
        };
        let header = reader.headers().map_err(|error| damaged(&error))?.clone();
        let columns = columns(&header)?;
        let mut history = Self::default();
        for record in reader.records() {
            let record = record.map_err(|error| damaged(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let at = |error: Error| error.context(format!("line {line}"));
            let cell = |column: usize| columns[column].and_then(|place| record.get(place)).unwrap_or("");
            let (label, point, metric) = (cell(0), cell(1), cell(2));
            check_label(label).map_err(at)?;
            if metric.is_empty() {
                return Err(at(Error::input("the metric is missing")));
            }
            if let Some(why) = [point, metric].into_iter().find_map(control_character) {
                return Err(at(Error::input(why)).help(WITHOUT_CONTROL));
            }
            let read = |column: usize| number(COLUMNS[column], cell(column)).map_err(at);
            let number = Number { value: read(3)?, low: read(4)?, high: read(5)? };
            if let (Some(low), Some(high)) = (number.low, number.high)
                && low > high
            {
                return Err(at(Error::input(format!("the interval begins at {low} and ends at {high}"))));
            }
            let numbers = history.window(label);
            if numbers.insert((point.to_owned(), metric.to_owned()), number).is_some() {
                let place = if point.is_empty() { String::new() } else { format!(" at {point}") };
                return Err(at(Error::input(format!("`{metric}`{place} stands twice in window `{label}`")))
                    .help("remove one of the two rows"));
            }
        }
        Ok(history)
    }

    /// The numbers of the window `label`, which is the newest where there is none yet.
    fn window(&mut self, label: &str) -> &mut Numbers {
        let at = self.windows.iter().position(|window| window.label == label).unwrap_or_else(|| {
            self.windows.push(Window { label: label.to_owned(), numbers: Numbers::new() });
            self.windows.len() - 1
        });
        &mut self.windows[at].numbers
    }

    /// The labels, the oldest first.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        self.windows.iter().map(|window| window.label.as_str()).collect()
    }

    /// Those of `numbers` that the window `label` does not have yet; all where there is no such window.
    ///
    /// # Errors
    ///
    /// When the window has another value for one of them, or the label is none.
    pub fn missing(&self, label: &str, numbers: &Numbers) -> Result<Numbers> {
        check_label(label)?;
        if is_formula(label) {
            let (why, help) = FORMULA;
            return Err(Error::input(format!("`{label}` is no label for a window: {why}")).help(help));
        }
        let Some(window) = self.windows.iter().find(|window| window.label == label) else {
            return Ok(numbers.clone());
        };
        let mut new = Numbers::new();
        for (key, number) in numbers {
            match window.numbers.get(key) {
                None => {
                    new.insert(key.clone(), *number);
                }
                Some(before) if before.is(number) => {}
                Some(before) => {
                    let (point, metric) = key;
                    let place = if point.is_empty() { String::new() } else { format!(" at {point}") };
                    return Err(Error::input(format!(
                        "window `{label}` is recorded with other numbers: `{metric}`{place} was {} and is {}",
                        words(before),
                        words(number)
                    ))
                    .help(format!(
                        "give these results a label of their own; or, where the old numbers were a mistake, remove the rows of `{label}` from the history first"
                    )));
                }
            }
        }
        Ok(new)
    }

    /// Adds `numbers` to the window `label`, the newest where there is none yet.
    ///
    /// # Errors
    ///
    /// As [`missing`](Self::missing).
    pub fn join(&mut self, label: &str, numbers: &Numbers) -> Result<()> {
        let new = self.missing(label, numbers)?;
        self.window(label).extend(new);
        Ok(())
    }

    /// Makes the newest window that of the `numbers` of today: under `label`, or where none is given the newest of the history where it has the same
    /// numbers, else [`PRESENT`].
    ///
    /// # Errors
    ///
    /// As [`missing`](Self::missing), and where newer windows than `label` are there.
    pub fn end_with(&mut self, label: Option<&str>, numbers: &Numbers) -> Result<()> {
        if label.is_none() && self.ends_with(numbers) {
            return Ok(());
        }
        let label = label.unwrap_or(PRESENT);
        if let Some(at) = self.windows.iter().position(|window| window.label == label)
            && let Some(newer) = self.windows.get(at + 1)
        {
            return Err(Error::input(format!(
                "window `{label}` is not the newest: `{}` comes after it",
                newer.label
            ))
            .help(
                "give the present results a label that is not in the history, or that of its last window",
            ));
        }
        self.join(label, numbers)
    }

    /// Whether the newest window has all of these `numbers`.
    #[must_use]
    pub fn ends_with(&self, numbers: &Numbers) -> bool {
        self.windows.last().is_some_and(|last| {
            numbers.iter().all(|(key, number)| last.numbers.get(key).is_some_and(|own| own.is(number)))
        })
    }
}

/// The table `before` (none: an empty one) with those of `numbers` that it lacks as rows of the window `label` behind its own, and how many they are;
/// `None` where it lacks none. Rows that are there stay as they were written, where the columns are.
///
/// # Errors
///
/// As [`History::parse`] and [`History::missing`].
pub fn appended(before: Option<&[u8]>, label: &str, numbers: &Numbers) -> Result<Option<(Vec<u8>, usize)>> {
    let history = before.map(History::parse).transpose()?.unwrap_or_default();
    let new = history.missing(label, numbers)?;
    if new.is_empty() {
        return Ok(None);
    }
    let fail = |error: &dyn std::fmt::Display| Error::internal(format!("cannot write CSV: {error}"));
    let head = format!("{}\n", COLUMNS.join(","));
    let mut bytes = match before {
        Some(before) if before.starts_with(head.as_bytes()) => before.to_vec(),
        Some(before) => {
            let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(before);
            let columns = columns(&reader.headers().map_err(|error| fail(&error))?.clone())?;
            let mut writer = csv::Writer::from_writer(head.into_bytes());
            for record in reader.records() {
                let record = record.map_err(|error| fail(&error))?;
                let cell = |column: Option<usize>| {
                    column.and_then(|place| record.get(place)).unwrap_or("").to_owned()
                };
                writer.write_record(columns.map(cell)).map_err(|error| fail(&error))?;
            }
            writer.into_inner().map_err(|error| fail(&error))?
        }
        None => head.into_bytes(),
    };
    if !bytes.ends_with(b"\n") {
        bytes.push(b'\n');
    }
    let mut writer = csv::Writer::from_writer(bytes);
    for ((point, metric), number) in &new {
        let text = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
        let row = [
            label.to_owned(),
            point.clone(),
            metric.clone(),
            text(number.value),
            text(number.low),
            text(number.high),
        ];
        writer.write_record(row).map_err(|error| fail(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| fail(&error))?;
    Ok(Some((bytes, new.len())))
}

/// # Errors
///
/// Where `label` names no window: empty, or with characters that no line can hold.
fn check_label(label: &str) -> Result<()> {
    let odd = label.is_empty() || label.trim() != label || label.chars().any(char::is_control);
    if odd {
        return Err(Error::input(format!("`{}` is no label for a window", label.escape_default()))
            .help("write a commit, a release or a date: text without line breaks"));
    }
    Ok(())
}

/// Where each of [`COLUMNS`] stands.
fn columns(header: &csv::StringRecord) -> Result<[Option<usize>; 6]> {
    let help = format!("the header is `{}`; point, low and high may be left out", COLUMNS.join(","));
    let mut found = [None; 6];
    for (place, name) in header.iter().enumerate() {
        let name = name.trim_start_matches('\u{feff}');
        let Some(column) = COLUMNS.iter().position(|column| *column == name) else {
            let hint = did_you_mean(name, COLUMNS);
            return Err(Error::input(format!("line 1: unknown column `{name}`{hint}")).help(help));
        };
        if found[column].replace(place).is_some() {
            return Err(Error::input(format!("line 1: column `{name}` stands twice")).help(help));
        }
    }
    for column in [0, 2, 3] {
        if found[column].is_none() {
            return Err(
                Error::input(format!("line 1: the column `{}` is missing", COLUMNS[column])).help(help)
            );
        }
    }
    Ok(found)
}

fn number(column: &str, cell: &str) -> Result<Option<f64>> {
    if cell.is_empty() {
        return Ok(None);
    }
    let number = cell.parse::<f64>().ok().filter(|x| x.is_finite());
    number.map(Some).ok_or_else(|| {
        Error::input(format!("{column}: `{cell}` is not a finite number"))
            .help("leave the cell empty where there is no number")
    })
}

/// `0.97 [0.95, 0.98]`.
fn words(number: &Number) -> String {
    let text = |x: Option<f64>| x.map_or_else(|| "nothing".to_owned(), |x| x.to_string());
    match (number.low, number.high) {
        (None, None) => text(number.value),
        (low, high) => format!("{} [{}, {}]", text(number.value), text(low), text(high)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(metric: &str, value: f64) -> Numbers {
        let number = Number { value: Some(value), ..Number::default() };
        Numbers::from([(("strength=0.1".to_owned(), metric.to_owned()), number)])
    }

    #[test]
    fn windows_are_in_the_order_of_their_first_row_and_columns_in_any() {
        let text = "metric,value,window\na,1,b\na,2,a\nx,3,b\n";
        let history = History::parse(text.as_bytes()).unwrap();
        assert_eq!(history.labels(), ["b", "a"]);
        assert_eq!(history.windows[0].numbers.len(), 2);
        assert_eq!(history.windows[1].numbers[&(String::new(), "a".to_owned())].value, Some(2.0));
    }

    /// It would stand in a cell of its own in `history.csv`.
    #[test]
    fn no_label_is_recorded_that_a_spreadsheet_calculates() {
        for label in ["=1+1", "+cmd", "-rc1", "@v1"] {
            let error = appended(None, label, &one("accuracy", 0.9)).unwrap_err().to_string();
            assert!(error.contains("a spreadsheet would take it for a formula"), "{label}: {error}");
        }
        assert!(appended(None, "-1", &one("accuracy", 0.9)).unwrap().is_some());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, expected) in [
            ("window,metric\n", "line 1: the column `value` is missing"),
            ("window,metrc,value\n", "line 1: unknown column `metrc`, did you mean `metric`?"),
            ("window,metric,value,value\n", "line 1: column `value` stands twice"),
            ("window,metric,value\na,b,x\n", "line 2: value: `x` is not a finite number"),
            ("window,metric,value\na,b,inf\n", "line 2: value: `inf` is not a finite number"),
            ("window,metric,value\na,b\n", "line 2: 2 cells, where the header has 3"),
            ("window,metric,value\na,,1\n", "line 2: the metric is missing"),
            ("window,metric,value\n,b,1\n", "line 2: `` is no label for a window"),
            ("window,metric,value\na,b,1\na,b,1\n", "line 3: `b` stands twice in window `a`"),
            ("window,metric,value,low,high\na,b,1,2,1\n", "line 2: the interval begins at 2 and ends at 1"),
        ] {
            let error = History::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_same_numbers_again_change_nothing_and_others_are_refused() {
        let (first, new) = appended(None, "v1", &one("a", 0.1)).unwrap().unwrap();
        assert_eq!(new, 1);
        assert_eq!(
            String::from_utf8(first.clone()).unwrap(),
            "window,point,metric,value,low,high\nv1,strength=0.1,a,0.1,,\n"
        );
        assert_eq!(appended(Some(&first), "v1", &one("a", 0.1)).unwrap(), None);
        let error = appended(Some(&first), "v1", &one("a", 0.2)).unwrap_err().to_string();
        assert!(error.contains("`a` at strength=0.1 was 0.1 and is 0.2"), "{error}");
        let (second, _) = appended(Some(&first), "v2", &one("a", 0.2)).unwrap().unwrap();
        assert!(second.starts_with(&first), "what is there stays as it is");
        assert_eq!(History::parse(&second).unwrap().labels(), ["v1", "v2"]);
    }

    #[test]
    fn a_table_that_others_wrote_is_joined() {
        let theirs = b"metric,value,window\nanomaly_rate,0.02,v1";
        let (joined, _) = appended(Some(theirs), "v1", &one("a", 0.1)).unwrap().unwrap();
        let text = "window,point,metric,value,low,high\nv1,,anomaly_rate,0.02,,\nv1,strength=0.1,a,0.1,,\n";
        assert_eq!(String::from_utf8(joined).unwrap(), text);
    }

    #[test]
    fn the_newest_window_is_recognized() {
        let mut history = History::default();
        history.join("v1", &one("a", 0.1)).unwrap();
        assert!(history.ends_with(&one("a", 0.1)));
        assert!(!history.ends_with(&one("a", 0.2)) && !history.ends_with(&one("b", 0.1)));
        history.end_with(None, &one("a", 0.1)).unwrap();
        assert_eq!(history.labels(), ["v1"], "it is recorded already");
        history.end_with(Some("v1"), &one("b", 0.1)).unwrap();
        assert_eq!(history.windows[0].numbers.len(), 2, "signals of others joined it before");
        history.end_with(None, &one("a", 0.2)).unwrap();
        assert_eq!(history.labels(), ["v1", PRESENT]);
        let error = history.end_with(Some("v1"), &one("a", 0.1)).unwrap_err().to_string();
        assert!(error.contains("window `v1` is not the newest: `present` comes after it"), "{error}");
    }
}
