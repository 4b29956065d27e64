//! The `equipoise` command: parse, call, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    equipoise::cli::main()
}
