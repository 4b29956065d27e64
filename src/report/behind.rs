//! Where a figure stands in the page, and the numbers behind it: a reader who cannot see it, or wants to compute with it, gets those.

use crate::measure::{AttackKey, MetricKey};

use super::figure;
use super::format;
use super::remarks::{intervals_of, seeds};
use super::table::{Column, Table, numeric, words};
use super::view::View;

/// Where the figures of one kind stand.
pub(super) struct Place {
    /// The section, as the template calls its list of figures.
    pub(super) section: &'static str,
    /// How their names begin.
    prefix: &'static str,
    /// The numbers drawn, given the figure's name.
    keys: fn(&View, &str) -> Vec<MetricKey>,
    /// The page's tables (their ids) that hold these numbers anyway; a figure without such gets a table of its own.
    pub(super) tables: &'static [&'static str],
}

/// Every kind of figure. The longest beginning that fits a name counts.
const PLACES: &[Place] = &[
    Place { section: "fronts", prefix: "front", keys: plane, tables: &["points"] },
    Place { section: "rates", prefix: "exchange-rate", keys: none, tables: &["rates"] },
    Place { section: "groups", prefix: "classes", keys: members, tables: &[] },
    Place { section: "groups", prefix: "groups-", keys: members, tables: &[] },
    Place { section: "curves", prefix: "security-curve", keys: radii, tables: &[] },
    Place { section: "attacks", prefix: "attacks-standing", keys: none, tables: &["attacks"] },
    Place { section: "calibration", prefix: "reliability", keys: calibration, tables: &[] },
    Place { section: "calibration", prefix: "risk-coverage", keys: abstention, tables: &[] },
    Place { section: "strengths", prefix: "strength", keys: shown, tables: &["points", "further"] },
];

/// A figure of no known kind is shown all the same, with the further numbers.
const ELSEWHERE: Place = Place { section: "strengths", prefix: "", keys: none, tables: &[] };

/// With more cells than this a table behind a figure is no help: `measurements.csv` has the numbers.
const MOST: usize = 6_000;

impl Place {
    /// The place of the figure `name`.
    pub(super) fn of(name: &str) -> &'static Self {
        PLACES
            .iter()
            .filter(|place| name.starts_with(place.prefix))
            .max_by_key(|place| place.prefix.len())
            .unwrap_or(&ELSEWHERE)
    }

    /// The numbers that the figure `name` draws, those that some point has.
    pub(super) fn keys(&self, view: &View, name: &str) -> Vec<MetricKey> {
        let mut keys = (self.keys)(view, name);
        keys.retain(|key| view.given.points.iter().any(|point| point.measures.contains_key(key)));
        keys
    }

    /// A table of `keys`, where no other table of the page has them.
    pub(super) fn table(&self, view: &View, keys: &[MetricKey]) -> Option<Table> {
        let points = view.given.points.len();
        if !self.tables.is_empty() || keys.is_empty() || keys.len() * points > MOST {
            return None;
        }
        let mut head: Vec<Column> = view.columns().into_iter().map(words).collect();
        head.extend(
            keys.iter()
                .map(|key| numeric(format!("{}{}", view.title(key), format::arrow(view.direction(key))))),
        );
        let rows = (0..points)
            .map(|point| {
                let mut row: Vec<String> =
                    view.varying.iter().map(|(_, values)| values[point].clone()).collect();
                row.extend(keys.iter().map(|key| format::estimate(view.measured(point, key))));
                row
            })
            .collect();
        Some(Table {
            title: "Numbers of the figure",
            caption: format!("Means over {}; {}.", seeds(view), intervals_of(view, keys, "in brackets")),
            head,
            rows,
        })
    }
}

fn none(_: &View, _: &str) -> Vec<MetricKey> {
    Vec::new()
}

fn shown(view: &View, _: &str) -> Vec<MetricKey> {
    view.shown.clone()
}

/// What a reliability diagram comes to: the calibration errors among the numbers shown.
fn calibration(view: &View, _: &str) -> Vec<MetricKey> {
    begun(view, &["ece_"])
}

/// What a curve of risk against coverage comes to.
fn abstention(view: &View, _: &str) -> Vec<MetricKey> {
    begun(view, &["aurc", "excess_aurc", "risk_at_", "coverage_at_"])
}

/// The numbers shown whose ids begin so.
fn begun(view: &View, beginnings: &[&str]) -> Vec<MetricKey> {
    let is_meant = |key: &&MetricKey| beginnings.iter().any(|beginning| key.id.starts_with(beginning));
    view.shown.iter().filter(is_meant).cloned().collect()
}

/// `front` is the first pair of objectives, `front-2` the second; a front of one defense is drawn on the first.
fn plane(view: &View, name: &str) -> Vec<MetricKey> {
    let number = name.strip_prefix("front-").and_then(|rest| rest.parse::<usize>().ok()).unwrap_or(1);
    let plane = view.planes.get(number.saturating_sub(1)).or_else(|| view.planes.first());
    plane.map_or_else(Vec::new, |plane| vec![plane.x.clone(), plane.y.clone()])
}

/// The security curve: without an attack, then radius by radius.
fn radii(view: &View, _: &str) -> Vec<MetricKey> {
    let Some(curve) = &view.given.curve else { return Vec::new() };
    let attacked = curve.epsilons.iter().filter_map(|epsilon| view.attacked(&curve.metric, None, *epsilon));
    curve.clean.iter().cloned().chain(attacked).collect()
}

/// Classes, or the groups of the attribute that the figure is called after: clean, then under the primary threat.
fn members(view: &View, name: &str) -> Vec<MetricKey> {
    let threat = view.given.threat.as_ref().map(|t| AttackKey::new(&t.protocol, t.norm, t.epsilon));
    let all = &view.given.breakdowns;
    let breakdowns = all.iter().zip(figure::names(all)).filter(|(_, own)| own == name);
    let key = |id: &str, part: &str, attack: Option<AttackKey>| MetricKey {
        id: id.to_owned(),
        group: Some(part.to_owned()),
        attack,
    };
    breakdowns
        .flat_map(|(breakdown, _)| {
            let clean = breakdown.members.iter().map(|(_, part)| key(&breakdown.clean, part, None));
            let attacked = breakdown.attacked.iter().flat_map(|id| {
                let threat = threat.clone();
                breakdown.members.iter().map(move |(_, part)| key(id, part, threat.clone()))
            });
            clean.chain(attacked).collect::<Vec<_>>()
        })
        .collect()
}
