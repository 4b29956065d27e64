//! From the texts of a column to classes, groups and filters.
//!
//! A column is a list of distinct texts (`levels`) and one code per row, so every decision is made once per text.

use super::manifest::{Class, Filter, Group, Label, Sensitive};
use crate::error::{Error, Result};
use crate::evidence::Attribute;

/// What the texts of a label column mean.
pub(crate) struct Classes {
    /// The class of each level; `None` for a level that no row has.
    pub(crate) of_level: Vec<Option<u16>>,
    pub(crate) names: Vec<String>,
    pub(crate) positive: Option<u16>,
}

pub(crate) fn classes(label: &Label, levels: &[String], codes: &[u32]) -> Result<Classes> {
    let used = used(levels, codes);
    let column = label.column.as_deref().unwrap_or("y");
    let declared: Vec<Class> = if label.classes.is_empty() {
        let mut present: Vec<&String> =
            levels.iter().zip(&used).filter(|(_, used)| **used).map(|(level, _)| level).collect();
        sort_naturally(&mut present);
        present.into_iter().cloned().map(Class::Plain).collect()
    } else {
        label.classes.clone()
    };
    if declared.len() > MOST_CLASSES {
        return Err(Error::input(format!("label column `{column}` has {} distinct values", declared.len()))
            .help("a label has few values; is this the right column?"));
    }
    let class = |(level, used): (&String, bool)| {
        if !used {
            return Ok(None);
        }
        let found = declared.iter().position(|class| class.values().contains(level));
        found.map(|class| Some(class as u16)).ok_or_else(|| {
            let known: Vec<&str> = declared.iter().flat_map(Class::values).map(String::as_str).collect();
            Error::input(format!("label column `{column}` holds `{level}`, which means no class"))
                .help(format!("the manifest knows `{}`", known.join("`, `")))
        })
    };
    let of_level = levels.iter().zip(used).map(class).collect::<Result<_>>()?;
    let names: Vec<String> = declared.iter().map(|class| class.name().to_owned()).collect();
    let positive = label.positive.as_ref().map(|positive| {
        names.iter().position(|name| name == positive).map(|class| class as u16).ok_or_else(|| {
            Error::input(format!("the positive class `{positive}` is none of `{}`", names.join("`, `")))
        })
    });
    Ok(Classes { of_level, names, positive: positive.transpose()? })
}

/// More distinct labels than this are no classes but numbers.
pub(super) const MOST_CLASSES: usize = 1000;

/// The groups of a sensitive attribute and each row's code.
pub(crate) fn attribute(
    sensitive: &Sensitive,
    missing: &[String],
    levels: &[String],
    codes: &[u32],
) -> Result<Attribute> {
    let used = used(levels, codes);
    let is_missing =
        |level: &String| level.is_empty() || missing.contains(level) || sensitive.missing.contains(level);
    let mut groups: Vec<String> = sensitive.groups.iter().map(|group| group.name.clone()).collect();
    if groups.is_empty() {
        let with = levels.iter().zip(&used).filter(|(level, used)| **used && !is_missing(level));
        let mut present: Vec<&String> = with.map(|(level, _)| level).collect();
        sort_naturally(&mut present);
        groups = present.into_iter().cloned().collect();
        if groups.len() > MOST_GROUPS {
            return Err(Error::input(format!(
                "sensitive attribute `{}` has {} distinct values",
                sensitive.name,
                groups.len()
            ))
            .help("put them together with `groups` in the manifest"));
        }
    }
    let of_level: Vec<i16> = levels
        .iter()
        .zip(&used)
        .map(|(level, used)| {
            if !used || is_missing(level) {
                return Ok(-1);
            }
            let found = if sensitive.groups.is_empty() {
                groups.iter().position(|group| group == level)
            } else {
                sensitive.groups.iter().position(|group| belongs(group, level))
            };
            found.map(|code| code as i16).ok_or_else(|| {
                Error::input(format!("`{level}` is in no group of sensitive attribute `{}`", sensitive.name))
                    .help("add it to a group's `values`, or to `missing`, in the manifest")
            })
        })
        .collect::<Result<_>>()?;
    let codes = codes.iter().map(|code| of_level[*code as usize]).collect();
    Ok(Attribute { name: sensitive.name.clone(), groups, codes })
}

/// More distinct values than this are no groups but numbers.
const MOST_GROUPS: usize = 64;

fn belongs(group: &Group, level: &str) -> bool {
    if !group.values.is_empty() {
        return group.values.iter().any(|value| value == level);
    }
    level.trim().parse::<f64>().is_ok_and(|value| {
        group.above.is_none_or(|above| value > above) && group.at_most.is_none_or(|most| value <= most)
    })
}

/// For each level whether rows that have it are kept.
pub(crate) fn keeps(filter: &Filter, missing: &[String], levels: &[String]) -> Result<Vec<bool>> {
    let numeric = filter.at_least.is_some() || filter.at_most.is_some();
    let keeps = |level: &String| {
        if numeric {
            if level.is_empty() || missing.contains(level) {
                return Ok(false);
            }
            let value: f64 = level.trim().parse().map_err(|_| {
                Error::input(format!("column `{}` is filtered by number, but holds `{level}`", filter.column))
            })?;
            if !(filter.at_least.is_none_or(|least| value >= least)
                && filter.at_most.is_none_or(|most| value <= most))
            {
                return Ok(false);
            }
        }
        Ok((filter.is.is_empty() || filter.is.contains(level)) && !filter.not.contains(level))
    };
    levels.iter().map(keeps).collect()
}

fn used(levels: &[String], codes: &[u32]) -> Vec<bool> {
    let mut used = vec![false; levels.len()];
    for code in codes {
        used[*code as usize] = true;
    }
    used
}

/// By value where all are numbers, else by text.
fn sort_naturally(texts: &mut [&String]) {
    let numbers: Option<Vec<f64>> = texts.iter().map(|text| text.parse().ok()).collect();
    if numbers.is_some() {
        texts.sort_by(|a, b| {
            let number = |text: &str| text.parse::<f64>().unwrap_or_default();
            number(a).total_cmp(&number(b)).then_with(|| a.cmp(b))
        });
    } else {
        texts.sort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn numeric_classes_are_sorted_by_value() {
        let label = Label { column: Some("y".to_owned()), classes: Vec::new(), positive: None };
        let found = classes(&label, &strings(&["10", "9", "2"]), &[0, 1, 2]).unwrap();
        assert_eq!(found.names, ["2", "9", "10"]);
        assert_eq!(found.of_level, [Some(2), Some(1), Some(0)]);
    }

    #[test]
    fn an_age_cut_counts_its_upper_end_as_inside() {
        let group =
            |name: &str, above, at_most| Group { name: name.to_owned(), values: Vec::new(), above, at_most };
        let sensitive = Sensitive {
            name: "age".to_owned(),
            column: Some("age".to_owned()),
            groups: vec![group("young", None, Some(25.0)), group("old", Some(25.0), None)],
            missing: Vec::new(),
        };
        let levels = strings(&["25", "26", "", "?"]);
        let found = attribute(&sensitive, &strings(&["?"]), &levels, &[0, 1, 2, 3]).unwrap();
        assert_eq!(found.codes, [0, 1, -1, -1]);
    }

    #[test]
    fn a_missing_number_fails_a_numeric_filter() {
        let filter = Filter {
            column: "days".to_owned(),
            at_least: Some(-30.0),
            at_most: Some(30.0),
            is: Vec::new(),
            not: Vec::new(),
        };
        let levels = strings(&["-30", "30", "31", ""]);
        assert_eq!(keeps(&filter, &[], &levels).unwrap(), [true, true, false, false]);
    }
}
