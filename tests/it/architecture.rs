//! The import direction: a module may use those listed above it in `src/lib.rs` and never those below.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Module names in the order of `src/lib.rs`, lowest first.
fn modules() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned))
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every `crate::name` in `text`, braces included: `crate::{error::Error, files}`; comments do not count.
fn crate_uses(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            let mut naming = true;
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.push(std::mem::take(&mut name));
                        naming = true;
                    }
                    ':' if depth == 0 => naming = false,
                    c if naming && depth == 0 && (c.is_alphanumeric() || c == '_') => name.push(c),
                    _ => {}
                }
            }
            names.push(name);
        } else {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn no_module_uses_one_below_it_in_the_list() {
    let order: BTreeMap<String, usize> =
        modules().into_iter().enumerate().map(|(i, name)| (name, i)).collect();
    assert!(order.len() > 10, "the module list of src/lib.rs was not found");
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let relative = file.strip_prefix(root().join("src")).unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        if module == "lib" || module == "main" {
            continue;
        }
        let own = order.get(&module).unwrap_or_else(|| panic!("src/lib.rs does not list `{module}`"));
        for used in crate_uses(&std::fs::read_to_string(&file).unwrap()) {
            if let Some(other) = order.get(&used) {
                seen += 1;
                if other > own {
                    wrong.push(format!("{} uses crate::{used}", relative.display()));
                }
            }
        }
    }
    assert!(seen > 30, "only {seen} imports were found: the reader of imports is broken");
    assert!(wrong.is_empty(), "against the layers of src/lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_paths_and_groups() {
    let text = "use crate::error::Error;\nuse crate::{files, seed::{Seed, Stream}, stats};\n// crate::cli\nfn f() { crate::run::go() }";
    assert_eq!(crate_uses(text), ["error", "files", "seed", "stats", "run"]);
}

#[test]
fn judging_and_telling_know_no_tensors_and_open_no_files() {
    for module in ["stats", "metrics", "points", "pareto", "rules", "report"] {
        let mut files = Vec::new();
        sources(&root().join("src").join(module), &mut files);
        assert!(!files.is_empty(), "{module} was not found");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for word in ["candle", "std::fs", "crate::files", "crate::models", "crate::training::train"] {
                assert!(!text.contains(word), "{} mentions {word}", file.display());
            }
        }
    }
}
