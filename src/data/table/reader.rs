//! From the bytes of CSV files to columns in memory.

use std::collections::HashMap;

use crate::data::manifest::{ColumnKind, Csv, Image, Manifest};
use crate::error::{Error, Result, did_you_mean};

/// What is kept of each column that is read.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) name: String,
    /// Numbers, NaN where missing; for numeric features.
    pub(super) numbers: Option<Vec<f64>>,
    /// Codes into `levels`; for everything else.
    pub(super) texts: Option<Texts>,
    pub(super) integer: bool,
}

/// Texts, each distinct one stored once.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) codes: Vec<u32>,
    pub(crate) levels: Vec<String>,
    index: HashMap<Vec<u8>, u32>,
}

impl Texts {
    fn push(&mut self, field: &[u8]) -> std::result::Result<(), ()> {
        let code = if let Some(code) = self.index.get(field) {
            *code
        } else {
            let code = self.levels.len() as u32;
            self.levels.push(String::from_utf8(field.to_vec()).map_err(|_| ())?);
            self.index.insert(field.to_vec(), code);
            code
        };
        self.codes.push(code);
        Ok(())
    }

    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut flags = keep.iter();
        self.codes.retain(|_| flags.next().is_some_and(|keep| *keep));
    }
}

#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) columns: Vec<Gathered>,
    pub(super) pixels: Vec<u8>,
    pub(super) rows: usize,
    /// The line of every row that is added from now on, where wanted.
    pub(super) lines: Option<Vec<u64>>,
}

impl Reader {
    /// The place of the column called `name`; makes one where there is none yet.
    pub(super) fn place(&mut self, name: &str) -> usize {
        self.columns.iter().position(|column| column.name == name).unwrap_or_else(|| {
            self.columns.push(Gathered { name: name.to_owned(), ..Gathered::default() });
            self.columns.len() - 1
        })
    }

    pub(super) fn texts(&self, name: &str) -> &Texts {
        let column = self.columns.iter().find(|column| column.name == name);
        column.and_then(|column| column.texts.as_ref()).expect("columns with a role are read as text")
    }

    /// Adds the rows of one file.
    pub(super) fn add(&mut self, manifest: &Manifest, bytes: &[u8]) -> Result<()> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut csv = open(&manifest.csv, bytes);
        let mut record = csv::ByteRecord::new();
        let mut next = |record: &mut csv::ByteRecord| {
            csv.read_byte_record(record).map_err(|source| Error::input(source.to_string()))
        };
        let names: Vec<String> = if manifest.csv.header {
            if !next(&mut record)? {
                return Err(Error::input("the file is empty"));
            }
            number_repeats(record.iter().map(|field| String::from_utf8_lossy(field).trim().to_owned()))
        } else if manifest.columns.is_empty() {
            Vec::new()
        } else {
            manifest.columns.iter().map(|column| column.name.clone()).collect()
        };
        let mut names = names;
        let mut jobs: Option<Vec<Job>> = None;
        while next(&mut record)? {
            let line = || line(bytes, record.position(), &manifest.csv);
            if names.is_empty() {
                names = (1..=record.len()).map(|number| number.to_string()).collect();
            }
            if record.len() != names.len() {
                return Err(Error::input(format!(
                    "line {} has {} fields, expected {}",
                    line(),
                    record.len(),
                    names.len()
                ))
                .help("check separator, quote and header in [csv] of the manifest"));
            }
            if jobs.is_none() {
                jobs = Some(self.jobs(manifest, &names)?);
            }
            for job in jobs.iter().flatten() {
                let field = record.get(job.field).expect("the number of fields was checked");
                self.take(manifest, job, field).map_err(|problem| {
                    let text = String::from_utf8_lossy(field);
                    let (line, column) = (line(), &names[job.field]);
                    Error::input(format!("line {line}, column `{column}`: `{text}` {problem}"))
                        .help(job.help())
                })?;
            }
            self.rows += 1;
            if let Some(lines) = &mut self.lines {
                lines.push(line());
            }
        }
        Ok(())
    }

    /// What to do with each field that is of use.
    fn jobs(&mut self, manifest: &Manifest, names: &[String]) -> Result<Vec<Job>> {
        let find = |name: &str, purpose: &str| {
            names.iter().position(|known| known == name).ok_or_else(|| {
                let near = did_you_mean(name, names.iter().map(String::as_str));
                Error::input(format!("there is no {purpose} column `{name}`{near}"))
                    .help(format!("the file has the columns {}", names.join(", ")))
            })
        };
        let mut jobs = Vec::new();
        let label = manifest.label.column.as_deref().expect("checked with the manifest");
        find(label, "label")?;
        for sensitive in &manifest.sensitive {
            find(sensitive.column.as_deref().expect("checked with the manifest"), "sensitive")?;
        }
        let mut as_text: Vec<&str> = manifest.roles().collect();
        for column in &manifest.columns {
            let field = find(&column.name, "feature")?;
            match column.kind {
                ColumnKind::Continuous | ColumnKind::Integer => {
                    let integer = column.kind == ColumnKind::Integer;
                    let at = self.place(&column.name);
                    self.columns[at].integer = integer;
                    self.columns[at].numbers.get_or_insert_default();
                    jobs.push(Job { field, what: What::Number { integer }, column: at });
                }
                ColumnKind::Categorical => as_text.push(&column.name),
                ColumnKind::Ignore | ColumnKind::Personal => {}
            }
        }
        as_text.sort_unstable();
        as_text.dedup();
        for name in &as_text {
            let field = find(name, "needed")?;
            let at = self.place(name);
            self.columns[at].texts.get_or_insert_default();
            jobs.push(Job { field, what: What::Text, column: at });
        }
        if let Some(image) = manifest.image {
            let pixels: Vec<usize> =
                (0..names.len()).filter(|i| !as_text.contains(&names[*i].as_str())).collect();
            let expected = image.channels * image.height * image.width;
            if pixels.len() != expected {
                return Err(Error::input(format!(
                    "{} columns hold pixels, expected {expected}",
                    pixels.len()
                ))
                .help("check [image] of the manifest"));
            }
            let pixel = |field| Job { field, what: What::Pixel(image), column: 0 };
            jobs.extend(pixels.into_iter().map(pixel));
        }
        Ok(jobs)
    }

    fn take(&mut self, manifest: &Manifest, job: &Job, field: &[u8]) -> std::result::Result<(), String> {
        match job.what {
            What::Pixel(image) => {
                let text = std::str::from_utf8(field).unwrap_or_default().trim();
                let value = text.parse::<u8>().ok().or_else(|| whole_byte(text));
                let value = value.filter(|value| *value <= image.maximum);
                self.pixels
                    .push(value.ok_or_else(|| format!("is not a whole number from 0 to {}", image.maximum))?);
            }
            What::Text => {
                let texts = self.columns[job.column].texts.as_mut().expect("made with the job");
                texts.push(field).map_err(|()| "is not UTF-8 text".to_owned())?;
            }
            What::Number { integer } => {
                let text = std::str::from_utf8(field).unwrap_or("\u{fffd}").trim();
                let value = if is_missing(&manifest.missing.values, text) {
                    f64::NAN
                } else {
                    number(text, integer)?
                };
                self.columns[job.column].numbers.as_mut().expect("made with the job").push(value);
            }
        }
        Ok(())
    }
}

/// One field of every row and what becomes of it.
#[derive(Debug)]
struct Job {
    field: usize,
    what: What,
    /// Place among the gathered columns; of no meaning for pixels.
    column: usize,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Number { integer: bool },
    Text,
    Pixel(Image),
}

impl Job {
    fn help(&self) -> &'static str {
        match self.what {
            What::Number { .. } => {
                "make the column `categorical` or `ignore` in the manifest, or add the text to `values` in [missing]"
            }
            What::Text => "save the file as UTF-8",
            What::Pixel(_) => "check [image] of the manifest",
        }
    }
}

fn open<'a>(format: &Csv, bytes: &'a [u8]) -> csv::Reader<&'a [u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(format.separator as u8)
        .quote(format.quote as u8)
        .trim(if format.trim { csv::Trim::All } else { csv::Trim::None })
        .comment(format.comment.map(|c| c as u8))
        .from_reader(bytes)
}

/// The line of a record. Its position is where the previous one ended: line ends and skipped lines may lie between.
fn line(bytes: &[u8], position: Option<&csv::Position>, format: &Csv) -> u64 {
    let Some(position) = position else { return 0 };
    let (mut line, mut rest) = (position.line(), &bytes[position.byte() as usize..]);
    while let [first, tail @ ..] = rest {
        match *first {
            b'\n' => line += 1,
            b'\r' => {}
            mark if format.comment.is_some_and(|comment| comment as u8 == mark) => {
                let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                rest = &rest[end..];
                continue;
            }
            _ => break,
        }
        rest = tail;
    }
    line
}

/// The second of two equal names becomes `name#2`, the third `name#3`.
fn number_repeats(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    names
        .map(|name| {
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 { name } else { format!("{name}#{count}") }
        })
        .collect()
}

pub(super) fn is_missing(values: &[String], text: &str) -> bool {
    text.is_empty() || values.iter().any(|value| value == text)
}

fn number(text: &str, integer: bool) -> std::result::Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "is not a number".to_owned())?;
    if !value.is_finite() {
        return Err("is not a finite number".to_owned());
    }
    if integer && value.fract() != 0.0 {
        return Err("is not a whole number".to_owned());
    }
    Ok(value)
}

/// A byte written as a float, such as `13.0`.
fn whole_byte(text: &str) -> Option<u8> {
    let value: f64 = text.parse().ok()?;
    ((0.0..=255.0).contains(&value) && value.fract() == 0.0).then_some(value as u8)
}
