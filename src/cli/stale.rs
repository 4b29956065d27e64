//! Files that an earlier command left and that would pass for a part of what stands there now.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Result;
use crate::files;
use crate::report::Output;

/// Removes those of `files` that are in `folder` and are none of these `outputs`, and returns them.
pub(super) fn removed(folder: &Path, files: Vec<String>, outputs: &[Output]) -> Result<Vec<String>> {
    let is_stale =
        |file: &String| outputs.iter().all(|output| output.path != *file) && folder.join(file).is_file();
    let there: Vec<String> = files.into_iter().filter(is_stale).collect();
    for file in &there {
        files::remove(&folder.join(file))?;
    }
    Ok(there)
}

/// `removed, since the report has no such files now: figures/*.png (14), report.html`; none where nothing is. `what` has none.
pub(super) fn words(files: &[String], what: &str) -> Option<String> {
    let mut kinds: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for file in files {
        let path = Path::new(file);
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let kind = match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => format!("{}/*.{ending}", folder.display()),
            None => file.clone(),
        };
        kinds.entry(kind).or_default().push(file);
    }
    let name = |(kind, files): (String, Vec<&str>)| match files.as_slice() {
        [one] => (*one).to_owned(),
        several => format!("{kind} ({})", several.len()),
    };
    let names: Vec<String> = kinds.into_iter().map(name).collect();
    (!names.is_empty())
        .then(|| format!("removed, since the {what} has no such files now: {}", names.join(", ")))
}
