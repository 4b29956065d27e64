//! From what people write to keys, and from keys to what people read.

use super::{About, CATALOG, Material, Metric, Under};
use crate::error::{Error, Result, did_you_mean};
use crate::measure::{MetricKey, Norm};

/// The metric called `id`, where there is one.
#[must_use]
pub fn find(id: &str) -> Option<&'static Metric> {
    CATALOG.iter().copied().find(|metric| metric.id == id)
}

/// A key in words: `robust accuracy (L∞ 0.2)`, `selection rate (sex=Female)`.
#[must_use]
pub fn describe(key: &MetricKey) -> String {
    let title = find(&key.id).map_or(key.id.as_str(), |metric| metric.title);
    let mut parts = Vec::new();
    parts.extend(key.group.clone());
    // The radius of a vote as it is, 0, says nothing.
    let at_radius = find(&key.id).is_none_or(|metric| metric.needs.under != Under::Vote);
    let attack = key.attack.as_ref().filter(|_| at_radius);
    parts.extend(attack.map(|attack| format!("{} {}", attack.norm.sign(), attack.epsilon)));
    if parts.is_empty() { title.to_owned() } else { format!("{title} ({})", parts.join(", ")) }
}

/// The key that `text` means among the `available` ones.
///
/// `text` is a whole key, or `id[@group]`: then the attack is the one at the `primary` threat, and a
/// sole sensitive attribute need not be named.
///
/// # Errors
///
/// A misspelled metric; a sensitive attribute needed where the data has none, or several and none is named; a
/// positive class needed where none is declared; a number that is not measured (the message lists what is).
pub fn resolve(text: &str, available: &[MetricKey], primary: Option<(Norm, f64)>) -> Result<MetricKey> {
    let wanted: MetricKey = text.parse().map_err(|error| unwritten(text, available, error))?;
    let Some(metric) = find(&wanted.id) else {
        let hint = did_you_mean(&wanted.id, CATALOG.iter().map(|metric| metric.id));
        return Err(Error::input(format!("unknown metric `{}`{hint}", wanted.id))
            .help("`equipoise ls metrics` lists them all"));
    };
    let same_id: Vec<&MetricKey> = available.iter().filter(|key| key.id == wanted.id).collect();
    if same_id.is_empty() {
        return Err(not_measured(metric, available));
    }
    let group = resolve_group(metric, &wanted, &same_id)?;
    let matching: Vec<&MetricKey> = same_id
        .into_iter()
        .filter(|key| key.group == group)
        .filter(|key| match (&wanted.attack, &key.attack, primary) {
            (Some(wanted), attack, _) => attack.as_ref() == Some(wanted),
            (None, Some(_), _) if metric.needs.under == Under::Vote => true,
            (None, Some(attack), Some((norm, epsilon))) => {
                attack.norm == norm && attack.epsilon().to_bits() == epsilon.to_bits()
            }
            (None, _, _) => true,
        })
        .collect();
    match matching.as_slice() {
        [key] => Ok((*key).clone()),
        [] => {
            let all = available.iter().filter(|key| key.id == wanted.id && key.group == group);
            Err(Error::input(format!("`{text}` is not measured")).help(format!("measured are {}", few(all))))
        }
        several => Err(Error::input(format!("`{text}` could mean several numbers"))
            .help(format!("write one of {}", few(several.iter().copied())))),
    }
}

/// Keys that a message names at most.
const NAMED: usize = 8;

fn few<'a>(keys: impl Iterator<Item = &'a MetricKey>) -> String {
    let all: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
    let more = all.len().saturating_sub(NAMED);
    let shown = all[..all.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Why `text` is no key, with the keys that it may mean: those of its id, at its radius where there is one. A protocol is a hash that nobody knows by heart.
fn unwritten(text: &str, available: &[MetricKey], error: Error) -> Error {
    let Some((head, tail)) = text.split_once('!') else { return error };
    let (id, group) = head.split_once('@').map_or((head, None), |(id, group)| (id, Some(group)));
    let alike = |key: &&MetricKey| {
        key.id == id && key.attack.is_some() && (group.is_none() || key.group.as_deref() == group)
    };
    let radius = tail.trim_start_matches(':');
    let there = |key: &&MetricKey| !radius.is_empty() && key.to_string().ends_with(&format!(":{radius}"));
    let all: Vec<&MetricKey> = available.iter().filter(alike).collect();
    let same: Vec<&MetricKey> = all.iter().copied().filter(there).collect();
    match (same.as_slice(), all.as_slice()) {
        ([], []) => error,
        ([], all) => error.help(format!("there are {}", few(all.iter().copied()))),
        ([only], _) => error.help(format!("write `{only}`")),
        (several, _) => error.help(format!("write one of {}", few(several.iter().copied()))),
    }
}

fn not_measured(metric: &Metric, available: &[MetricKey]) -> Error {
    let needs_met =
        |wanted: fn(&Metric) -> bool| available.iter().any(|key| find(&key.id).is_some_and(wanted));
    let id = metric.id;
    if metric.needs.attribute && !needs_met(|m| m.needs.attribute) {
        return Error::input(format!(
            "metric `{id}` needs a sensitive attribute, but the data set declares none"
        ))
        .help("declare sensitive columns in the data set's manifest, or drop the metric");
    }
    if let Material::Shift(about) = metric.needs.material
        && !needs_met(|m| matches!(m.needs.material, Material::Shift(_)))
    {
        let what = if about == About::Sets { "rows without a class" } else { "shifted rows" };
        return Error::input(format!("metric `{id}` is about {what}, but none are looked at"))
            .help("add `[shift]` to the experiment, with `ood = [\"uniform-noise\"]` for rows without a class, or drop the metric");
    }
    if metric.needs.positive && !needs_met(|m| m.needs.positive) {
        return Error::input(format!("metric `{id}` needs a positive class, but the data set declares none"))
            .help("declare the positive class in the data set's manifest, or use an accuracy-type metric");
    }
    if metric.needs.under == Under::Certificate {
        return Error::input(format!("metric `{id}` needs a certificate of the model, but none is listed"))
            .help("add `[[certificate]]` with `kind = \"crown\"` to the experiment, or drop the metric");
    }
    if matches!(metric.needs.material, Material::Explanations(_)) {
        return Error::input(format!("metric `{id}` is about explanations, and it is not measured here"))
            .help("add `[explanations]` with the methods to the experiment, or drop the metric");
    }
    if matches!(metric.needs.under, Under::Vote | Under::VoteAt) {
        return Error::input(format!("metric `{id}` is about a smoothed classifier, but nothing is smoothed"))
            .help("add `[[certificate]]` with `kind = \"smoothing\"` and `sigma` to the experiment, or drop the metric");
    }
    if metric.needs.under == Under::Attack && !needs_met(|m| m.needs.under == Under::Attack) {
        return Error::input(format!("metric `{id}` holds under attack, but no attack is run"))
            .help("add an attack and an epsilon to the experiment, or drop the metric");
    }
    let mut ids: Vec<&str> = available.iter().map(|key| key.id.as_str()).collect();
    ids.dedup();
    Error::input(format!("metric `{id}` is not measured")).help(format!("measured are {}", ids.join(", ")))
}

fn resolve_group(metric: &Metric, wanted: &MetricKey, same_id: &[&MetricKey]) -> Result<Option<String>> {
    let mut groups: Vec<&str> = same_id.iter().filter_map(|key| key.group.as_deref()).collect();
    groups.sort_unstable();
    groups.dedup();
    match (&wanted.group, groups.as_slice()) {
        (None, []) => Ok(None),
        (Some(group), []) => {
            let attacked = same_id.iter().copied().filter(|key| key.attack.is_some());
            let radii = few(attacked);
            let radii =
                if radii.is_empty() { radii } else { format!(" (the threat's radius), or one of {radii}") };
            Err(Error::input(format!("metric `{}` is not split by `{group}`", metric.id))
                .help(format!("write `{}`{radii}", metric.id)))
        }
        (None, [only]) => Ok(Some((*only).to_owned())),
        (None, several) => Err(Error::input(format!("metric `{}` needs to know of what", metric.id))
            .help(format!("write one of {}", listed(metric, several)))),
        (Some(group), known) if known.contains(&group.as_str()) => Ok(Some(group.clone())),
        (Some(group), known) => {
            let hint = did_you_mean(group, known.iter().copied());
            Err(Error::input(format!("metric `{}` has no `{group}`{hint}", metric.id))
                .help(format!("write one of {}", listed(metric, known))))
        }
    }
}

fn listed(metric: &Metric, groups: &[&str]) -> String {
    groups.iter().map(|group| format!("`{}@{group}`", metric.id)).collect::<Vec<_>>().join(", ")
}
