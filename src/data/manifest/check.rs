//! What a manifest must not say.

use super::{Class, Column, ColumnKind, Format, Manifest, Threat};
use crate::data::relation::{self, Formula, Levels};
use crate::data::rules::UNCONSTRAINED;
use crate::error::{Error, Result, did_you_mean};

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
        self.check_adversaries()?;
        match self.format {
            Format::Csv => self.check_csv(),
            Format::Idx if self.image.is_none() => bad("an idx data set needs `[image]`".to_owned()),
            Format::Idx if self.files.iter().any(|file| file.holds.is_none()) => {
                bad("every idx file needs `holds = \"images\"` or `holds = \"labels\"`".to_owned())
            }
            Format::Idx | Format::Safetensors => Ok(()),
        }
    }

    /// Directions, budgets, relations and threat models.
    fn check_adversaries(&self) -> Result<()> {
        let bad = |message: String| Err(Error::input(message));
        for column in &self.columns {
            let limited = column.direction.is_some() || column.budget.is_some();
            let number = matches!(column.kind, ColumnKind::Continuous | ColumnKind::Integer);
            if limited && !(number && column.mutable) {
                return bad(format!(
                    "`direction` and `budget` are for mutable numbers, column `{}` is none",
                    column.name
                ));
            }
            let category = column.kind == ColumnKind::Categorical && column.mutable;
            if !(column.to.is_empty() || category) {
                return bad(format!("`to` is for mutable categories, column `{}` is none", column.name));
            }
            if let Some(budget) = column.budget.filter(|budget| !(budget.is_finite() && *budget > 0.0)) {
                return bad(format!("the budget of `{}` must be above 0, got `{budget}`", column.name));
            }
        }
        if !(self.relations.is_empty() && self.threats.is_empty())
            && (self.format != Format::Csv || self.image.is_some())
        {
            return bad("relations and threats are for tables (csv without `[image]`)".to_owned());
        }
        for index in 0..self.relations.len() {
            self.formula(index)?;
        }
        for (index, threat) in self.threats.iter().enumerate() {
            if self.threats[..index].iter().any(|other| other.name == threat.name) {
                return bad(format!("threat model `{}` is listed twice", threat.name));
            }
            self.check_threat(threat)
                .map_err(|error| error.context(format!("threat model `{}`", threat.name)))?;
        }
        Ok(())
    }

    fn check_threat(&self, threat: &Threat) -> Result<()> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if threat.name.is_empty() || !threat.name.chars().all(is_plain) || threat.name == UNCONSTRAINED {
            return Err(Error::input(format!(
                "a threat model's name has lower-case letters, digits and `-`, and is not `{UNCONSTRAINED}`"
            )));
        }
        let mutable = || self.feature_columns().filter(|column| column.mutable);
        if let Some(name) = threat.columns.iter().flatten().find(|name| !mutable().any(|c| c.name == **name))
        {
            let near = did_you_mean(name, mutable().map(|column| column.name.as_str()));
            return Err(Error::input(format!("`{name}` is no mutable column{near}"))
                .help("mark the column `mutable = true` and say why, or drop it from `columns`"));
        }
        let taken = |column: &&Column| {
            threat.columns.as_ref().is_none_or(|columns| columns.contains(&column.name))
                && (column.kind != ColumnKind::Categorical || threat.categories > 0)
        };
        if !mutable().any(|column| taken(&column)) {
            return Err(Error::input("there is nothing that it may change"));
        }
        if threat.categories > 0
            && !mutable().any(|column| column.kind == ColumnKind::Categorical && taken(&column))
        {
            return Err(Error::input(format!(
                "it may change {} categories, but no categorical column is mutable",
                threat.categories
            ))
            .help("mark a categorical column `mutable = true`, or drop `categories`"));
        }
        Ok(())
    }

    /// Relation number `index`, its columns numbered as in [`feature_columns`](Self::feature_columns).
    pub(crate) fn formula(&self, index: usize) -> Result<Formula<Levels>> {
        let known = |name: &str| {
            let at = self.feature_columns().position(|column| column.name == name)?;
            let category = self.column(name)?.kind == ColumnKind::Categorical;
            Some((at, if category { relation::Kind::Category } else { relation::Kind::Number }))
        };
        relation::parse(&self.relations[index].rule, &known)
            .map_err(|error| error.context(format!("relation {}", index + 1)))
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

    /// An adversary's part, to be put before `[label]`.
    const ADVERSARY: &str = r#"
[[columns]]
name = "b"
kind = "integer"
mutable = true
why = "Said by the row itself."
[[columns]]
name = "job"
kind = "categorical"
mutable = true
[[columns]]
name = "sex"
kind = "categorical"
[[relations]]
rule = "a <= b or job = 'x'"
[[threats]]
name = "all"
categories = 1
columns = ["b", "job"]
"#;

    fn with_adversary(from: &str, to: &str) -> Result<Manifest> {
        let columns =
            "columns = [{ name = \"a\", kind = \"continuous\" }, { name = \"who\", kind = \"personal\" }]\n";
        let adversary = format!(
            "[[columns]]\nname = \"a\"\nkind = \"continuous\"\n[[columns]]\nname = \"who\"\nkind = \"personal\"\n{ADVERSARY}[label]"
        );
        assert!(ADVERSARY.contains(from) && GOOD.contains(columns), "{from}");
        let text = GOOD.replace(columns, "").replace("[label]", &adversary).replacen(from, to, 1);
        Manifest::parse(&text, "mine")
    }

    #[test]
    fn what_an_adversary_cannot_be_is_named() {
        with_adversary("b", "b").unwrap();
        for (from, to, words) in [
            ("mutable = true\nwhy", "mutable = true\nbudget = 0\nwhy", "the budget of `b` must be above 0"),
            ("mutable = true\nwhy", "budget = 3\nwhy", "`direction` and `budget` are for mutable numbers"),
            (
                "\"categorical\"\nmutable = true",
                "\"categorical\"\nmutable = true\ndirection = \"up\"",
                "column `job` is none",
            ),
            ("mutable = true\nwhy", "mutable = true\ndirection = \"left\"\nwhy", "unknown word `left`"),
            (
                "mutable = true\nwhy",
                "mutable = true\nto = [\"x\"]\nwhy",
                "`to` is for mutable categories, column `b`",
            ),
            ("a <= b", "a < b", "relation 1: `<` has no nearest value on its edge, at character 3"),
            ("a <= b", "who <= b", "`who` is no column that a model sees"),
            ("\"all\"", "\"unconstrained\"", "and is not `unconstrained`"),
            ("\"all\"", "\"All\"", "has lower-case letters"),
            ("[\"b\", \"job\"]", "[\"b\", \"jub\"]", "`jub` is no mutable column, did you mean `job`?"),
            ("[\"b\", \"job\"]", "[\"b\", \"sex\"]", "`sex` is no mutable column"),
            ("[\"b\", \"job\"]", "[\"b\"]", "it may change 1 categories, but no categorical column"),
            (
                "categories = 1\ncolumns = [\"b\", \"job\"]",
                "columns = [\"job\"]",
                "nothing that it may change",
            ),
            (
                "columns = [\"b\", \"job\"]",
                "[[threats]]\nname = \"all\"",
                "threat model `all` is listed twice",
            ),
            ("rule", "rul", "unknown key `rul`, did you mean `rule`?"),
        ] {
            let error = with_adversary(from, to).unwrap_err().to_string();
            assert!(error.contains(words), "{to}: {error}");
        }
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
            ("\"csv\"", "\"csw\"", "unknown word `csw`, did you mean `csv`?"),
            ("[label]", "[labels]", "unknown key `labels`, did you mean `label`?"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = Manifest::parse(&GOOD.replacen(from, to, 1), "mine").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
