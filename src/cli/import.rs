//! `equipoise import`: somebody's models into a results folder, without training them here.

use std::path::PathBuf;

use clap::Args;

use super::{exit, terminal};
use crate::error::Result;
use crate::evidence::Split;
use crate::files;
use crate::run::import::{Import, SCHEMA_FILE, robustbench};

const EXAMPLES: &str = "\
Examples:
  equipoise import theirs --check
      read theirs/import.json and the arrays it names, and say what is wrong with them
  equipoise import theirs --out results/theirs && equipoise report results/theirs
      judge models made elsewhere like those made here
  equipoise import --schema > import.schema.json
      the JSON schema of import.json; what the files of arrays hold is in its description
  equipoise import --robustbench robustbench/model_info/cifar10/Linf --out cifar10.csv
      a leaderboard as points without evidence, for `equipoise front cifar10.csv --max accuracy --max robust_accuracy`";

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A folder with import.json and the .npz or .safetensors files that it names.
    #[arg(value_name = "FOLDER", required_unless_present_any = ["schema", "robustbench"])]
    folder: Option<PathBuf>,
    /// The results folder to be made [default: results/<name>]; with --robustbench the CSV file [default: standard output].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only say whether all is in order; write nothing.
    #[arg(long, conflicts_with = "out")]
    check: bool,
    /// Print the JSON schema of import.json.
    #[arg(long, conflicts_with_all = ["folder", "robustbench", "check", "out"])]
    schema: bool,
    /// Model files of RobustBench, one or a folder of them: a CSV of points, one line per model. They have no rows and no seeds, so they are
    /// points without intervals and stand in no results folder.
    #[arg(long, value_name = "FILE_OR_FOLDER", conflicts_with_all = ["folder", "check"])]
    robustbench: Option<PathBuf>,
}

/// Reads, checks and writes.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    if arguments.schema {
        terminal::product(SCHEMA_FILE)?;
        return Ok(exit::FINE);
    }
    if let Some(path) = &arguments.robustbench {
        let (text, remarks) = robustbench::csv(path)?;
        for remark in remarks.iter().filter(|_| !quiet) {
            terminal::talk(&format!("remark: {remark}"));
        }
        match &arguments.out {
            Some(out) => files::write_atomic(out, text.as_bytes(), None)?,
            None => terminal::product(&text)?,
        }
        return Ok(exit::FINE);
    }
    // The command line has it, as there is neither of the others.
    let folder = arguments.folder.clone().unwrap_or_default();
    let import = match Import::read(&folder) {
        Ok(import) => import,
        Err(problems) => {
            for problem in &problems {
                terminal::complain(problem);
            }
            return Ok(exit::BAD_INPUT);
        }
    };
    let failed = match import.failed() {
        0 => String::new(),
        n => format!(" ({n} of them failed)"),
    };
    let said = format!(
        "{} models{failed} on {} validation and {} test rows",
        import.models(),
        import.rows(Split::Validation),
        import.rows(Split::Test)
    );
    if !quiet {
        for remark in import.remarks() {
            terminal::talk(&format!("remark: {remark}"));
        }
    }
    if arguments.check {
        if !quiet {
            terminal::talk(&format!("`{}` is in order: {said}", folder.display()));
        }
        return Ok(exit::FINE);
    }
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from("results").join(import.name()));
    import.write(&out)?;
    if !quiet {
        let out = out.display();
        terminal::talk(&format!("imported {said} into {out}; `equipoise report {out}` judges them"));
    }
    Ok(exit::FINE)
}
