//! `equipoise report`: judge and draw again what results folders hold, one by itself or several side by side.

use std::path::{Component, Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{exit, history, telling, terminal};
use crate::error::{Error, Result};
use crate::files;
use crate::report::compare::{self, Member};
use crate::report::figure::{Look, Theme, Width};
use crate::report::{self, Format, Inputs, View, Wanted};
use crate::run::Results;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A results folder, also an unfinished one; several are compared: their fronts in one figure, a table of what each comes to, the settings that
    /// differ. With --history also a table of windows.
    #[arg(required_unless_present = "schema")]
    results: Vec<PathBuf>,
    /// Record the present results as a window of history.csv, under a label of yours: a commit, a release, a date.
    #[arg(long, value_name = "LABEL")]
    record: Option<String>,
    /// Judge escalation rules over all windows instead: history.md, history.json and figures/history, as --format, --theme, --width and --dark say.
    #[arg(long)]
    history: bool,
    /// The escalation rules (TOML). Without --history the page gets a section about them: the timeline, what was raised and why.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// What is written, as in `html,pdf`; the report then consists of these files, summary.txt and report.json alone: files of other formats that an
    /// earlier report left are removed, and it is said which. `card`: model cards of the knee and of each end of the front, in cards/.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "html,md,csv,json,svg,png")]
    format: Vec<Format>,
    /// What the files under figures/ are for: `paper` leaves titles and captions out (they are in figures/captions.md) and has the size of print. The
    /// pages always carry figures for a screen.
    #[arg(long, value_enum, default_value_t = ThemeWord::Screen)]
    theme: ThemeWord,
    /// How wide they are: on paper one column is 3.4 inches, the full text 7.
    #[arg(long, value_enum, default_value_t = WidthWord::Full)]
    width: WidthWord,
    /// Write every figure for dark pages as well, as `<name>-dark`.
    #[arg(long)]
    dark: bool,
    /// Open the page, in what the system opens pages with.
    #[arg(long)]
    open: bool,
    /// Where a comparison of several folders goes [default: results/comparison].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the report, or the comparison, as JSON instead of the summary.
    #[arg(long)]
    json: bool,
    /// Say in the page on which machine and when the folder was run; its bytes are then no longer the same for the same numbers.
    #[arg(long, conflicts_with = "history")]
    with_run_info: bool,
    /// Print the JSON Schema of report.json, or of the file named, and do nothing else.
    #[arg(long, value_enum, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "report", conflicts_with_all = ["results", "history"])]
    schema: Option<SchemaWord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ThemeWord {
    Screen,
    Paper,
}

/// Files for machines, without their ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaWord {
    Report,
    History,
    Comparison,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WidthWord {
    Column,
    Full,
}

impl Arguments {
    fn wanted(&self) -> Wanted {
        let theme = match self.theme {
            ThemeWord::Screen => Theme::Screen,
            ThemeWord::Paper => Theme::Paper,
        };
        let width = match self.width {
            WidthWord::Column => Width::Column,
            WidthWord::Full => Width::Full,
        };
        Wanted {
            formats: self.format.iter().copied().collect(),
            look: Look::of(theme, width),
            dark: self.dark,
            run_info: Vec::new(),
            history: None,
        }
    }
}

/// Makes the report from the evidence in the folders; trains nothing.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    if let Some(file) = arguments.schema {
        terminal::product(match file {
            SchemaWord::Report => report::SCHEMA_FILE,
            SchemaWord::History => report::history::SCHEMA_FILE,
            SchemaWord::Comparison => compare::SCHEMA_FILE,
        })?;
        return Ok(exit::FINE);
    }
    if arguments.history && arguments.rules.is_none() {
        return Err(Error::input("--history judges escalation rules, and none are named")
            .help("name their file with --rules, such as configs/rules/quick.toml"));
    }
    if arguments.history && arguments.open {
        return Err(Error::input("--open opens the page, and --history writes none")
            .help("leave --history out: with --rules the page has a section about the history"));
    }
    let mut wanted = arguments.wanted();
    if arguments.open && !wanted.formats.contains(&Format::Html) {
        return Err(Error::input("--open opens the page, and the page is not written")
            .help("add html to --format, or leave --open out"));
    }
    let [folder] = arguments.results.as_slice() else { return several(arguments, &wanted, quiet) };
    let timeline = arguments.rules.as_deref().filter(|_| arguments.history);
    if let (Some(rules), None) = (timeline, &arguments.record) {
        return history::tell(folder, rules, &wanted, arguments.json, quiet);
    }
    if arguments.rules.is_some() && folder.is_file() {
        return Err(Error::input(format!("`{}` is a table of windows, and has no page", folder.display()))
            .help("judge the rules over it with --history"));
    }
    if let Some(out) = &arguments.out {
        return Err(Error::input(format!(
            "--out {} says where a comparison goes, and one results folder is named",
            out.display()
        ))
        .help("a report of one folder is written into it: leave --out out, or name further folders"));
    }
    let results = Results::open(folder)?;
    let found = results.look()?;
    let label = arguments.record.as_deref();
    let judged = label.map(|label| history::record(&results, &found, label, quiet)).transpose()?;
    if let Some(rules) = timeline {
        drop(found);
        return history::tell(folder, rules, &wanted, arguments.json, quiet);
    }
    if arguments.with_run_info {
        wanted.run_info = results.machine_and_time()?;
    }
    if let Some(rules) = &arguments.rules {
        wanted.history = Some(history::judged(&results, &found, rules)?);
    }
    let told = telling::make_again(&found, judged, &wanted)?;
    let page = results.folder().join(telling::PAGE);
    let code = telling::tell(&results, &found, &told, arguments.json, quiet)?;
    if arguments.open {
        open(&page)?;
    }
    Ok(code)
}

/// The folder of a comparison where none is named.
const COMPARISON: &str = "results/comparison";

fn several(arguments: &Arguments, wanted: &Wanted, quiet: bool) -> Result<u8> {
    let cards = arguments.format.contains(&Format::Card);
    if arguments.rules.is_some() || arguments.record.is_some() || arguments.with_run_info || cards {
        return Err(Error::input(
            "--history, --rules, --record, --with-run-info and cards are about one results folder",
        )
        .help("name one, or leave them out to compare several"));
    }
    if arguments.format.contains(&Format::Latex) {
        return Err(Error::input("a comparison has no LaTeX tables")
            .help("--format takes html, md, csv, json, svg, png and pdf of several folders"));
    }
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from(COMPARISON));
    let real = out.canonicalize().unwrap_or_else(|_| out.clone());
    if let Some(folder) = real.ancestors().find(|folder| Results::is_in(folder)) {
        let what = if folder == real { "is" } else { "lies in" };
        return Err(Error::input(format!("--out {} {what} a results folder", out.display()))
            .help("a comparison is about several: name another folder, or a new one"));
    }
    let mut members: Vec<Member> = Vec::new();
    let mut code = exit::FINE;
    for (folder, name) in arguments.results.iter().zip(names(&arguments.results)?) {
        let results = Results::open(folder)?;
        let found = results.look()?;
        if found.count() < results.planned() || !found.failed().is_empty() {
            terminal::talk(&format!("incomplete: {}: the comparison covers what is there", folder.display()));
            code = exit::INCOMPLETE;
        }
        members.push(Member { name, view: View::new(Inputs::of(found.judge()?)?) });
    }
    let mut wanted = wanted.clone();
    if arguments.json {
        wanted.formats.insert(Format::Json);
    }
    let outputs = compare::compare(&members, &wanted)?;
    // Nothing is taken from a folder that no comparison was in.
    let is_mine = compare::TABLES.iter().any(|file| out.join(file).is_file());
    for output in &outputs {
        files::write_atomic(&out.join(&output.path), &output.bytes, None)?;
    }
    let stale = if is_mine { super::stale::removed(&out, compare::files(), &outputs)? } else { Vec::new() };
    files::remove_empty_folder(&out.join("figures"))?;
    let file = outputs.iter().find(|output| output.path == compare::JSON);
    match file.filter(|_| arguments.json) {
        Some(output) => terminal::product(&String::from_utf8_lossy(&output.bytes))?,
        None => terminal::product(&compare::terminal(&members))?,
    }
    if !quiet {
        terminal::talk(&format!("\ncomparison: {}", out.display()));
        if let Some(words) = super::stale::words(&stale, "comparison") {
            terminal::talk(&words);
        }
    }
    if arguments.open {
        open(&out.join("comparison.html"))?;
    }
    Ok(code)
}

/// The folders' last names; where some are alike, of every path the shortest end that tells it from the others, since where a folder lies on a machine is
/// nobody's business.
///
/// # Errors
///
/// The same folder twice, whatever it is called.
fn names(folders: &[PathBuf]) -> Result<Vec<String>> {
    // What is not there is told of where it is opened.
    let real: Vec<PathBuf> =
        folders.iter().map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.clone())).collect();
    for (i, path) in real.iter().enumerate() {
        if let Some(first) = real[..i].iter().position(|other| other == path) {
            return Err(Error::input(format!(
                "`{}` and `{}` are the same results folder",
                folders[first].display(),
                folders[i].display()
            ))
            .help("name two folders at least that are not the same"));
        }
    }
    Ok(told_apart(folders).or_else(|| told_apart(&real)).unwrap_or_else(|| {
        // Nothing but the root differs.
        folders.iter().map(|folder| folder.display().to_string()).collect()
    }))
}

/// The shortest ends of the paths that no two share, of all the same number of parts; none where there are none, or a part is `..`.
fn told_apart(paths: &[PathBuf]) -> Option<Vec<String>> {
    let parts = |path: &PathBuf| -> Option<Vec<String>> {
        path.components()
            .filter(|part| !matches!(part, Component::RootDir | Component::Prefix(_) | Component::CurDir))
            .map(|part| match part {
                Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                _ => None,
            })
            .collect()
    };
    let all: Vec<Vec<String>> = paths.iter().map(parts).collect::<Option<_>>()?;
    let longest = all.iter().map(Vec::len).max()?;
    (1..=longest).find_map(|length| {
        let ends: Vec<String> =
            all.iter().map(|parts| parts[parts.len().saturating_sub(length)..].join("/")).collect();
        let are_different = (1..ends.len()).all(|i| !ends[..i].contains(&ends[i]));
        (are_different && ends.iter().all(|end| !end.is_empty())).then_some(ends)
    })
}

fn open(page: &Path) -> Result<()> {
    open::that_detached(page).map_err(|error| {
        let why = if error.kind() == std::io::ErrorKind::NotFound {
            "this system has nothing that opens pages".to_owned()
        } else {
            error.to_string()
        };
        Error::input(format!("cannot open `{}`: {why}", page.display()))
            .help("the page is there all the same: open it in a browser")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(paths: &[&str]) -> Option<Vec<String>> {
        told_apart(&paths.iter().map(PathBuf::from).collect::<Vec<_>>())
    }

    #[test]
    fn folders_are_called_by_as_little_as_tells_them_apart() {
        assert_eq!(told(&["results/a", "/home/me/b/"]).unwrap(), ["a", "b"]);
        assert_eq!(told(&["/home/me/one/x", "/home/me/two/x"]).unwrap(), ["one/x", "two/x"]);
        assert_eq!(told(&["/home/p/one/x", "/home/q/one/x"]).unwrap(), ["p/one/x", "q/one/x"]);
        assert_eq!(told(&["x", "./y/x"]).unwrap(), ["x", "y/x"]);
        assert_eq!(told(&[".", "b"]), None, "a dot has no name");
        assert_eq!(told(&["../x", "y/x"]), None);
    }
}
