//! What a manifest must not say.

use super::{Class, ColumnKind, Format, Manifest};
use crate::error::{Error, Result};

impl Manifest {
    /// Refuses what contradicts itself, before any file is read.
    pub(super) fn check(&self) -> Result<()> {
        let bad = |message: String| Err(Error::input(message));
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if self.name.is_empty() || !self.name.chars().all(is_plain) {
            return bad(format!("the name `{}` may hold lower-case letters, digits, `-` and `_`", self.name));
        }
        if self.files.is_empty() {
            return bad("it names no file".to_owned());
        }
        for file in &self.files {
            if file.name.is_empty() || file.name.starts_with('.') || file.name.contains(['/', '\\']) {
                return bad(format!("`{}` is not a plain file name", file.name));
            }
            let is_digest =
                |sum: &String| sum.len() == 64 && sum.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
            if !file.sha256.as_ref().is_none_or(is_digest) {
                return bad(format!("the sha256 of `{}` is not 64 lower-case hexadecimal digits", file.name));
            }
        }
        let parts = self.files.iter().filter(|file| file.part.is_some()).count();
        if parts != 0 && parts != self.files.len() {
            return bad("either every file has a `part` or none".to_owned());
        }
        for (index, column) in self.columns.iter().enumerate() {
            if self.columns[..index].iter().any(|other| other.name == column.name) {
                return Err(Error::input(format!("column `{}` is listed twice", column.name)).help(format!(
                    "where a header repeats a name, write `{}#2` for the second",
                    column.name
                )));
            }
            if column.keep.is_some() && column.kind != ColumnKind::Categorical {
                return bad(format!("`keep` is for categorical columns, `{}` is none", column.name));
            }
        }
        for name in self.roles() {
            if self.column(name).is_some_and(|column| column.kind == ColumnKind::Personal) {
                return bad(format!(
                    "column `{name}` is personal and serves no purpose, but is used for one"
                ));
            }
        }
        if let Some(positive) = &self.label.positive {
            let known: Vec<&str> = self.label.classes.iter().map(Class::name).collect();
            if !known.is_empty() && !known.contains(&positive.as_str()) {
                return bad(format!("the positive class `{positive}` is none of `{}`", known.join("`, `")));
            }
        }
        if self.label.classes.len() == 1 {
            return bad("one class is nothing to tell apart".to_owned());
        }
        if let Some(image) = self.image
            && (image.channels * image.height * image.width == 0 || image.maximum == 0)
        {
            return bad("an image has at least one pixel and a maximum above 0".to_owned());
        }
        if let Some([low, high]) = self.bounds
            && (low.is_nan() || high.is_nan() || low >= high)
        {
            return bad(format!("bounds [{low}, {high}] are empty"));
        }
        match self.format {
            Format::Csv => self.check_csv(),
            Format::Idx if self.image.is_none() => bad("an idx data set needs `[image]`".to_owned()),
            Format::Idx if self.files.iter().any(|file| file.holds.is_none()) => {
                bad("every idx file needs `holds = \"images\"` or `holds = \"labels\"`".to_owned())
            }
            Format::Idx | Format::Safetensors => Ok(()),
        }
    }

    fn check_csv(&self) -> Result<()> {
        let bad = |message: &str| Err(Error::input(message));
        if self.label.column.is_none() {
            return bad("a csv data set needs `column` in `[label]`");
        }
        let marks = [Some(self.csv.separator), Some(self.csv.quote), self.csv.comment];
        if marks.iter().flatten().any(|mark| !mark.is_ascii()) {
            return bad("separator, quote and comment are single ASCII characters");
        }
        if self.columns.is_empty() && self.image.is_none() {
            return bad("it lists no columns");
        }
        for sensitive in &self.sensitive {
            if sensitive.column.is_none() {
                return Err(Error::input(format!(
                    "sensitive attribute `{}` names no column",
                    sensitive.name
                )));
            }
            for group in &sensitive.groups {
                let numeric = group.above.is_some() || group.at_most.is_some();
                if numeric != group.values.is_empty() {
                    return Err(Error::input(format!(
                        "group `{}` of `{}` needs either `values` or `above` / `at_most`",
                        group.name, sensitive.name
                    )));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
name = "mine"
format = "csv"
files = [{ name = "mine.csv" }]
columns = [{ name = "a", kind = "continuous" }, { name = "who", kind = "personal" }]
[label]
column = "y"
classes = ["no", "yes"]
positive = "yes"
"#;

    #[test]
    fn a_short_manifest_is_enough() {
        let manifest = Manifest::parse(GOOD, "mine").unwrap();
        assert!(manifest.csv.header && manifest.files[0].sha256.is_none());
    }

    #[test]
    fn every_contradiction_is_named() {
        for (from, to, words) in [
            ("name = \"mine\"", "name = \"My Set\"", "the name `My Set` may hold"),
            ("mine.csv", "../mine.csv", "is not a plain file name"),
            ("{ name = \"mine.csv\" }", "", "it names no file"),
            ("\"mine.csv\"", "\"mine.csv\", sha256 = \"abc\"", "is not 64 lower-case hexadecimal digits"),
            ("\"who\"", "\"a\"", "column `a` is listed twice"),
            ("\"continuous\"", "\"continuous\", keep = 3", "`keep` is for categorical columns"),
            ("column = \"y\"", "column = \"who\"", "column `who` is personal"),
            ("positive = \"yes\"", "positive = \"yep\"", "the positive class `yep` is none of `no`, `yes`"),
            ("[\"no\", \"yes\"]", "[\"yes\"]", "one class is nothing to tell apart"),
            ("column = \"y\"\n", "", "needs `column` in `[label]`"),
            ("\"csv\"", "\"idx\"", "needs `[image]`"),
            ("\"csv\"", "\"csw\"", "unknown variant `csw`"),
            ("[label]", "[labels]", "unknown field `labels`"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = Manifest::parse(&GOOD.replacen(from, to, 1), "mine").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
