//! Writing to the terminal: the product to stdout, talk to stderr.

use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::error::{Error, Result};
use crate::words::printable;

/// Writes the product; names from data files steer no terminal. A reader that has gone away (`| head`) is no failure.
///
/// # Errors
///
/// When stdout cannot be written, for instance on a full disk.
pub(super) fn product(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(printable(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::input(error.to_string()).context("cannot write to stdout"))
        }
        _ => Ok(()),
    }
}

/// Rows under a header; columns in `right` (by number) are aligned to the right. Not wrapped: the reader's pager knows its width.
pub(super) fn table(header: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// One line of talk.
pub(super) fn talk(text: &str) {
    colored(&printable(text));
}

fn colored(text: &str) {
    // Nobody is left to be told when stderr fails.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// An error: the chain from the outside in, one cause per line, then the help.
pub(super) fn complain(error: &Error) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let cyan = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
    let mut lines = String::new();
    for (depth, message) in error.chain().iter().enumerate() {
        let head = if depth == 0 { format!("{red}error:{red:#} ") } else { "  cause: ".to_owned() };
        lines.push_str(&format!("{head}{}\n", printable(message).replace('\n', "\n    ")));
    }
    if let Some(help) = error.help_text() {
        lines.push_str(&format!("{cyan}help:{cyan:#} {}\n", printable(help).replace('\n', "\n      ")));
    }
    colored(lines.trim_end());
}
