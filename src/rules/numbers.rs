//! What a signal comes to in a window, and how it changed: with the ends of intervals by interval arithmetic.

use std::collections::BTreeSet;

use super::book::{End, Signal};
use super::history::{Number, Window};
use crate::error::{Error, Result, did_you_mean};
use crate::measure::{MetricKey, Norm};
use crate::metrics::CATALOG;

/// A number with its interval, or why there is none; in the unit of its metric.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quantity {
    /// The number.
    pub value: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// Why there is no number.
    pub reason: Option<String>,
}

impl Quantity {
    pub(super) fn none(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::default() }
    }

    fn of(number: Number) -> Self {
        let reason = number.value.is_none().then(|| "it is withheld".to_owned());
        Self { value: number.value, low: number.low, high: number.high, reason }
    }

    fn exactly(x: f64) -> Self {
        Self { value: Some(x), low: Some(x), high: Some(x), reason: None }
    }

    /// What is compared, or why there is nothing to compare.
    ///
    /// # Errors
    ///
    /// The reason, a fragment: no number, or none at this end.
    pub fn at(&self, end: End) -> std::result::Result<f64, String> {
        let Some(value) = self.value else {
            return Err(self.reason.clone().unwrap_or_else(|| "there is no number".to_owned()));
        };
        // An estimate is never taken for an end of its interval.
        match end {
            End::Point => Ok(value),
            End::Low => self.low.ok_or_else(|| "its interval has no lower end".to_owned()),
            End::High => self.high.ok_or_else(|| "its interval has no upper end".to_owned()),
        }
    }

    /// This less another. The ends are those that no two true values can pass; paired values may be known better than that.
    pub(super) fn less(&self, other: &Self) -> Self {
        self.with(other, |a, b| a - b, (other.high, other.low))
    }

    /// This divided by another, which must be above 0 with its whole interval.
    pub(super) fn over(&self, other: &Self) -> Self {
        let Some(divisor) = other.value else { return Self::none(other.reason.clone().unwrap_or_default()) };
        if divisor <= 0.0 {
            return Self::none(format!("the divisor {divisor} is not above 0"));
        }
        let above = |x: &f64| *x > 0.0;
        let (Some(least), most) = (other.low.filter(above), other.high.filter(above)) else {
            let bare = Self { low: None, high: None, ..self.clone() };
            return bare.with(other, |a, b| a / b, (None, None));
        };
        // The end of the divisor that makes the quotient smallest depends on the sign of the dividend.
        let low_by = if self.low.is_some_and(|low| low < 0.0) { Some(least) } else { most };
        let high_by = if self.high.is_some_and(|high| high < 0.0) { most } else { Some(least) };
        self.with(other, |a, b| a / b, (low_by, high_by))
    }

    fn with(&self, other: &Self, of: impl Fn(f64, f64) -> f64, ends: (Option<f64>, Option<f64>)) -> Self {
        let (Some(a), Some(b)) = (self.value, other.value) else {
            let reason = if self.value.is_none() { &self.reason } else { &other.reason };
            return Self { reason: reason.clone(), ..Self::default() };
        };
        let end = |own: Option<f64>, by: Option<f64>| own.zip(by).map(|(own, by)| of(own, by));
        Self { value: Some(of(a, b)), low: end(self.low, ends.0), high: end(self.high, ends.1), reason: None }
    }

    /// Slope per step of the least-squares line through the values, in order; at least two.
    pub(super) fn slope(values: &[&Self]) -> Self {
        let n = values.len() as f64;
        let middle = 0.5 * (n - 1.0);
        let weight = |at: usize| (at as f64 - middle) / (n * (n * n - 1.0) / 12.0);
        let sum = |pick: &dyn Fn(&Self, bool) -> Option<f64>| {
            let each = values.iter().enumerate();
            each.map(|(at, one)| Some(weight(at) * pick(one, weight(at) >= 0.0)?)).sum::<Option<f64>>()
        };
        Self {
            value: sum(&|one, _| one.value),
            low: sum(&|one, rising| if rising { one.low } else { one.high }),
            high: sum(&|one, rising| if rising { one.high } else { one.low }),
            reason: values.iter().find_map(|one| one.reason.clone()),
        }
    }

    /// No change: of a window against itself.
    pub(super) fn unchanged(&self, by: f64) -> Self {
        if self.value.is_some() { Self::exactly(by) } else { self.clone() }
    }
}

/// A signal in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// What it comes to.
    pub quantity: Quantity,
    /// The number's whole name in that window; none where there is no such number.
    pub metric: Option<String>,
    /// The point it is about; empty for the whole.
    pub point: String,
}

impl Observation {
    /// Whether both are about the same point.
    pub(super) fn is_where(&self, other: &Self) -> bool {
        self.point == other.point
            || (concerns(&self.point, &other.point) && concerns(&other.point, &self.point))
    }

    /// The point in a sentence.
    pub(super) fn place(&self) -> String {
        if self.point.is_empty() { "the whole".to_owned() } else { format!("`{}`", self.point) }
    }
}

/// So many names are listed at most where several could be meant.
const LISTED: usize = 20;

/// The signal in the window. `threat` says at which norm and radius a number under attack is meant where its key does not.
///
/// # Errors
///
/// Where several numbers could be meant.
pub(super) fn observe(signal: &Signal, window: &Window, threat: Option<(Norm, f64)>) -> Result<Observation> {
    let named = named(signal, window, threat);
    let is_meant = |point: &str| signal.at.as_ref().map_or(point.is_empty(), |at| concerns(at, point));
    let mut points: Vec<(&String, &String, Number)> =
        named.iter().filter(|(point, _, _)| is_meant(point)).copied().collect();
    if points.is_empty() && signal.at.is_none() {
        points.clone_from(&named);
    }
    match points.as_slice() {
        [(point, metric, number)] => Ok(Observation {
            quantity: Quantity::of(*number),
            metric: Some((*metric).clone()),
            point: (*point).clone(),
        }),
        [] => {
            let at = signal.at.as_ref().filter(|_| !named.is_empty());
            let place = at.map_or_else(String::new, |at| format!(" at {at}"));
            let reason = format!("`{}`{place} is not there", signal.metric);
            Ok(Observation { quantity: Quantity::none(reason), metric: None, point: String::new() })
        }
        several => {
            let context = |error: Error| {
                error.context(format!("cannot tell signal `{}` in window `{}`", signal.id, window.label))
            };
            let metrics: BTreeSet<&String> = several.iter().map(|(_, metric, _)| *metric).collect();
            let points: BTreeSet<&String> = several.iter().map(|(point, _, _)| *point).collect();
            let listed = |all: BTreeSet<&String>| {
                let more = all.len().saturating_sub(LISTED);
                let more = if more > 0 { format!(" or one of {more} more") } else { String::new() };
                let quoted: Vec<String> =
                    all.into_iter().take(LISTED).map(|one| format!("`{one}`")).collect();
                format!("{}{more}", quoted.join(", "))
            };
            Err(context(if metrics.len() > 1 {
                Error::input(format!("`{}` could mean several numbers", signal.metric))
                    .help(format!("write one of {}", listed(metrics)))
            } else {
                Error::input(format!("`{}` is there at several points", signal.metric))
                    .help(format!("say at which one, with `at`: {}", listed(points)))
            }))
        }
    }
}

/// The numbers that the signal's metric could mean, whatever the point.
fn named<'a>(
    signal: &Signal,
    window: &'a Window,
    threat: Option<(Norm, f64)>,
) -> Vec<(&'a String, &'a String, Number)> {
    let all = || window.numbers.iter().map(|((point, metric), number)| (point, metric, *number));
    let exact: Vec<_> = all().filter(|(_, metric, _)| **metric == signal.metric).collect();
    if !exact.is_empty() {
        return exact;
    }
    let Ok(wanted) = signal.metric.parse::<MetricKey>() else { return Vec::new() };
    if wanted.attack.is_some() {
        return Vec::new();
    }
    let keyed = all().filter_map(|number| Some((number.1.parse::<MetricKey>().ok()?, number)));
    let same: Vec<(MetricKey, _)> = keyed.filter(|(key, _)| key.id == wanted.id).collect();
    let groups: BTreeSet<&Option<String>> = same.iter().map(|(key, _)| &key.group).collect();
    // A sole sensitive attribute need not be named; where only groups are there and several of them, any could be meant.
    let any = wanted.group.is_none() && !groups.contains(&None);
    let fits = |key: &MetricKey| {
        let group = key.group == wanted.group || any;
        let attack = match (&key.attack, threat) {
            (Some(attack), Some((norm, epsilon))) => {
                attack.norm == norm && attack.epsilon().to_bits() == epsilon.to_bits()
            }
            _ => true,
        };
        group && attack
    };
    same.iter().filter(|(key, _)| fits(key)).map(|(_, number)| *number).collect()
}

/// Whether a point of this name has the coordinates `at`, or is called so.
fn concerns(at: &str, point: &str) -> bool {
    let parts = |text: &str| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>();
    let own = parts(point);
    let same = |wanted: &str, own: &str| {
        let number = |text: &str| text.parse::<f64>().ok().map(f64::to_bits);
        wanted == own
            || wanted.split_once('=').zip(own.split_once('=')).is_some_and(|((key, value), (other, text))| {
                key.trim() == other.trim()
                    && (value.trim() == text.trim()
                        || number(value.trim()).is_some() && number(value.trim()) == number(text.trim()))
            })
    };
    !point.is_empty() && parts(at).iter().all(|wanted| own.iter().any(|own| same(wanted, own)))
}

/// What to tell of a signal that no window has: the nearest name that one has, or that the catalog knows.
pub(super) fn never_seen(signal: &Signal, windows: &[Window]) -> String {
    let there = || windows.iter().flat_map(|window| window.numbers.keys());
    let id = |name: &str| name.split(['@', '!']).next().unwrap_or_default().to_owned();
    let wanted = id(&signal.metric);
    let called: Vec<&str> =
        there().filter(|(_, metric)| id(metric) == wanted).map(|(point, _)| point.as_str()).collect();
    if let (Some(at), false) = (&signal.at, called.is_empty()) {
        let points: BTreeSet<&str> = called.into_iter().collect();
        let points: Vec<String> = points.into_iter().take(LISTED).map(|point| format!("`{point}`")).collect();
        return format!(
            "signal `{}` is in no window: `{}` is there at {}, none of which is `{at}`",
            signal.id,
            signal.metric,
            points.join(", ")
        );
    }
    let names: BTreeSet<String> = there()
        .map(|(_, metric)| id(metric))
        .chain(CATALOG.iter().map(|metric| metric.id.to_owned()))
        .collect();
    let hint = did_you_mean(&wanted, names.iter().map(String::as_str).filter(|name| *name != wanted));
    // A question of its own would end the sentence that this is a part of.
    let hint = if hint.is_empty() { hint } else { format!(" ({})", hint.trim_start_matches([',', ' '])) };
    format!("signal `{}` is in no window: `{}` is not there{hint}", signal.id, signal.metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(value: f64, low: f64, high: f64) -> Quantity {
        Quantity { value: Some(value), low: Some(low), high: Some(high), reason: None }
    }

    #[test]
    fn interval_arithmetic_by_hand() {
        let (now, before) = (quantity(0.5, 0.4, 0.6), quantity(0.25, 0.2, 0.4));
        let near = |found: &Quantity, value: f64, low: f64, high: f64| {
            let each = [(found.value, value), (found.low, low), (found.high, high)];
            assert!(each.iter().all(|(a, b)| (a.unwrap() - b).abs() < 1e-12), "{found:?}");
        };
        near(&now.less(&before), 0.25, 0.0, 0.4);
        near(&now.over(&before), 2.0, 1.0, 3.0);
        // A negative dividend: the smallest quotient has the smallest divisor.
        near(&quantity(-0.5, -0.6, -0.4).over(&before), -2.0, -3.0, -1.0);
        // Three values: weights −1/2, 0, 1/2.
        let rising = [&quantity(1.0, 0.9, 1.1), &quantity(5.0, 0.0, 9.0), &quantity(2.0, 1.8, 2.4)];
        near(&Quantity::slope(&rising), 0.5, 0.35, 0.75);
        // Through (0, 1), (1, 2), (2, 4), (3, 5) the slope is 1.4.
        let four = [1.0, 2.0, 4.0, 5.0].map(|x| quantity(x, x, x));
        near(&Quantity::slope(&four.iter().collect::<Vec<_>>()), 1.4, 1.4, 1.4);
    }

    #[test]
    fn what_is_not_known_stays_so() {
        let bare = Quantity { value: Some(1.0), ..Quantity::default() };
        assert_eq!(bare.at(End::Point), Ok(1.0));
        assert!(bare.at(End::Low).is_err(), "an estimate is no end of an interval");
        let zero = quantity(0.0, 0.0, 0.0);
        assert_eq!(bare.over(&zero).value, None);
        let open = quantity(1.0, 0.9, 1.1).over(&quantity(1.0, -1.0, 2.0));
        assert_eq!((open.value, open.high), (Some(1.0), None), "the divisor may be 0");
        assert_eq!(bare.less(&Quantity::none("gone")).reason.as_deref(), Some("gone"));
        assert_eq!(Quantity::slope(&[&bare, &Quantity::none("gone")]).value, None);
    }

    #[test]
    fn points_are_found_by_their_coordinates() {
        for (at, point, expected) in [
            ("strength=0.10", "defense=at,strength=0.1", true),
            ("defense=at, strength=0.1", "defense=at,strength=0.1", true),
            ("strength=0.1", "defense=at,strength=0.15", false),
            ("release-a", "release-a", true),
            ("strength=0.1", "", false),
        ] {
            assert_eq!(concerns(at, point), expected, "{at} {point}");
        }
    }

    #[test]
    fn a_number_under_attack_is_found_at_the_threats_radius() {
        let signal = |metric: &str| Signal {
            id: "s".to_owned(),
            metric: metric.to_owned(),
            at: None,
            domain: None,
            side: End::Point,
        };
        let rows =
            ["robust_accuracy!p:linf:0.1", "robust_accuracy!p:linf:0.2", "group_accuracy@sex=F", "rate"];
        let number = |value: f64| Number { value: Some(value), ..Number::default() };
        let numbers =
            rows.iter().enumerate().map(|(at, key)| ((String::new(), (*key).to_owned()), number(at as f64)));
        let window = Window { label: "w".to_owned(), numbers: numbers.collect() };
        let value =
            |metric: &str, threat| observe(&signal(metric), &window, threat).map(|seen| seen.quantity.value);
        assert_eq!(value("robust_accuracy", Some((Norm::Linf, 0.2))).unwrap(), Some(1.0));
        assert_eq!(value("robust_accuracy", Some((Norm::L2, 0.2))).unwrap(), None);
        assert_eq!(value("group_accuracy", None).unwrap(), Some(2.0));
        assert_eq!(value("rate", None).unwrap(), Some(3.0));
        assert_eq!(value("nothing", None).unwrap(), None);
        let error = value("robust_accuracy", None).unwrap_err().to_string();
        assert!(error.contains("write one of `robust_accuracy!p:linf:0.1`"), "{error}");
    }
}
