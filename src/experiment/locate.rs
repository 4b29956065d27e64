//! Where in a TOML text a setting stands, so that errors found after parsing can still point at it.

use toml::de::{DeTable, DeValue};

/// Line and column (from 1) of the value at `path`; a number picks a member of a list. `None` where it is not written.
pub(super) fn position(text: &str, path: &[&str]) -> Option<(usize, usize)> {
    let document = DeTable::parse(text).ok()?;
    let (first, rest) = path.split_first()?;
    let mut value = document.get_ref().get(*first)?;
    for key in rest {
        value = match value.get_ref() {
            DeValue::Table(table) => table.get(*key)?,
            DeValue::Array(list) => list.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    let before = &text[..value.span().start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    Some((line, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_in_tables_and_lists() {
        let text = "name = \"x\"\n[front]\nobjectives = [\"a\",\n  \"b\"]\n[[attack]]\nsteps = 4\n";
        assert_eq!(position(text, &["name"]), Some((1, 8)));
        assert_eq!(position(text, &["front", "objectives", "1"]), Some((4, 3)));
        assert_eq!(position(text, &["attack", "0", "steps"]), Some((6, 9)));
        assert_eq!(position(text, &["front", "nothing"]), None);
    }
}
