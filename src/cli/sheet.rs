//! A CSV file of somebody's: its header, its records, and where in it something is wrong.
//!
//! Lines are counted as an editor counts them, from 1 with the header, quoted line breaks included.

use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result, did_you_mean, nearest};
use crate::files;

/// Columns that a message names at most where it names all of them.
const NAMED: usize = 10;
/// Columns that it names of more: those that are spelled most alike.
const NEAREST: usize = 3;

/// A file that is read record by record.
pub(super) struct Sheet<'a> {
    bytes: &'a [u8],
    separator: u8,
    csv: csv::Reader<&'a [u8]>,
    record: csv::ByteRecord,
    /// Where the last record begins.
    last: usize,
    /// The columns' names.
    pub(super) names: Vec<String>,
}

impl<'a> Sheet<'a> {
    /// Reads the header; `command` is whom a message tells to pipe a compressed file to.
    ///
    /// # Errors
    ///
    /// An empty file, a compressed one, UTF-16.
    pub(super) fn open(bytes: &'a [u8], separator: u8, command: &str) -> Result<Self> {
        let bytes = plain_text(bytes, command)?;
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let record = csv::ByteRecord::new();
        let mut sheet = Self { bytes, separator, csv, record, last: 0, names: Vec::new() };
        if !sheet.read()? {
            return Err(Error::input("the file is empty").help("its first line names the columns"));
        }
        sheet.names = sheet.record.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
        Ok(sheet)
    }

    fn read(&mut self) -> Result<bool> {
        self.csv.read_byte_record(&mut self.record).map_err(|source| Error::input(source.to_string()))
    }

    /// Reads the next record, of as many fields as there are columns; `false` at the end. There, an unclosed quote is an error: it would have swallowed all rows below it.
    pub(super) fn advance(&mut self) -> Result<bool> {
        if !self.read()? {
            if let Some(line) = unclosed(self.bytes, self.last, self.separator) {
                return Err(Error::input(format!("line {line}: a quote is opened and never closed"))
                    .help("close it; inside quotes, write a quote twice"));
            }
            return Ok(false);
        }
        self.last = self.record.position().map_or(0, |position| position.byte() as usize);
        if self.record.len() != self.names.len() {
            let (has, expected) = (self.record.len(), self.names.len());
            return Err(Error::input(format!(
                "line {} has {has} fields, but the header has {expected} columns",
                self.line()
            ))
            .help("quote fields that hold a separator or a line break, and close every quote"));
        }
        Ok(true)
    }

    /// The last record.
    pub(super) fn record(&self) -> &csv::ByteRecord {
        &self.record
    }

    /// The line of the last record. Its position is where the previous one ended: line ends and empty lines may lie between.
    pub(super) fn line(&self) -> u64 {
        let Some(position) = self.record.position() else { return 0 };
        let rest = &self.bytes[position.byte() as usize..];
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
        position.line() + blank.filter(|byte| **byte == b'\n').count() as u64
    }

    /// The place of the one column called `name`.
    ///
    /// # Errors
    ///
    /// When there is none, or several.
    pub(super) fn find(&self, name: &str) -> Result<usize> {
        let names = self.names.as_slice();
        let mut places = names.iter().enumerate().filter(|(_, known)| *known == name).map(|(place, _)| place);
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (Some(first), Some(second)) => Err(Error::input(format!(
                "line 1, column `{name}`: columns {} and {} are both called that",
                first + 1,
                second + 1
            ))
            .help("rename or remove one of them")),
            (None, _) => {
                let alike = names.iter().find(|known| known.to_lowercase() == name.to_lowercase());
                let near = alike.map_or_else(
                    || did_you_mean(name, names.iter().map(String::as_str)),
                    |alike| format!(", did you mean `{alike}`?"),
                );
                let error = Error::input(format!("line 1: there is no column `{name}`{near}"));
                let other = [(b',', ","), (b';', ";"), (b'\t', "\\t"), (b'|', "|")]
                    .into_iter()
                    .find(|(byte, _)| *byte != self.separator && names[0].as_bytes().contains(byte));
                if let ([_], Some((_, shown))) = (names, other) {
                    return Err(error.help(format!(
                        "the header is one column, `{}`: pass --separator '{shown}'",
                        names[0]
                    )));
                }
                let list = |some: &[&str]| {
                    some.iter().map(|name| format!("`{}`", visible(name))).collect::<Vec<_>>().join(", ")
                };
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                Err(error.help(if known.len() <= NAMED {
                    format!("the columns are {}", list(&known))
                } else {
                    // `robust_accuracy` of `robust_accuracy!d25a6083:linf:0.2`.
                    let begun = known.iter().copied().filter(|known| known.starts_with(name));
                    let mut near: Vec<&str> = begun.take(NEAREST).collect();
                    let others = nearest(name, known.iter().copied(), NEAREST);
                    near.extend(others.into_iter().filter(|other| !other.starts_with(name)));
                    near.truncate(NEAREST);
                    format!("of {} columns the nearest are {}", known.len(), list(&near))
                }))
            }
        }
    }
}

/// The bytes of a file, or of standard input where the path is `-`, and what to call it in a message and in a heading.
pub(super) fn bytes(path: &Path) -> Result<(Vec<u8>, String, String)> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|source| Error::input(source.to_string()).context("cannot read standard input"))?;
        return Ok((bytes, "standard input".to_owned(), "standard input".to_owned()));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok((files::read(path)?, format!("`{}`", path.display()), name))
}

/// The parts of a list on the command line: commas separate them, but not within double quotes, of which two stand for one.
///
/// # Errors
///
/// A quote that is not closed.
pub(super) fn listed(text: &str) -> Result<Vec<String>> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let mut quoted = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => part.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    if quoted {
        return Err(Error::input(format!("`{text}` opens a quote and does not close it")).help(
            "write a name that holds a comma as '\"accuracy, clean\"', and a double quote in it twice",
        ));
    }
    parts.push(part);
    Ok(parts)
}

/// A name as [`listed`] takes it.
pub(super) fn as_listed(name: &str) -> String {
    if name.contains([',', '"']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
}

/// One character of the command line, or `\t`.
pub(super) fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("a separator is one ASCII character, such as ; or \\t".to_owned()),
    }
}

/// A name without line breaks and other control characters, which would break the table or steer the terminal.
pub(super) fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The bytes without a byte-order mark.
fn plain_text<'a>(bytes: &'a [u8], command: &str) -> Result<&'a [u8]> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(Error::input("the file is compressed")
            .help(format!("pipe it in: gunzip -c FILE | equipoise {command} - …")));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Error::input("the file is UTF-16 text").help("save it as UTF-8"));
    }
    Ok(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

/// The line of a quote that the last record, which starts at byte `last`, opens and does not close.
fn unclosed(bytes: &[u8], last: usize, separator: u8) -> Option<usize> {
    let mut opened = None;
    let mut rest = bytes[last..].iter().enumerate().peekable();
    let mut starts_field = true;
    while let Some((at, byte)) = rest.next() {
        match (opened, *byte) {
            (None, b'"') if starts_field => opened = Some(last + at),
            // Twice inside quotes, it stands for itself.
            (Some(_), b'"') if rest.next_if(|(_, next)| **next == b'"').is_none() => opened = None,
            _ => {}
        }
        starts_field = *byte == separator || matches!(byte, b'\n' | b'\r');
    }
    opened.map(|at| bytes[..at].split(|byte| *byte == b'\n').count())
}
