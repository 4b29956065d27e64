//! The `equipoise` command: parse, call, exit.

fn main() {}
