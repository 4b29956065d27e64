//! The exchange rate along the strengths: what a point of security cost or gained in safety, step by step, with its interval.

use crate::measure::MetricKey;
use crate::pareto::exchange::{ArcRate, Outcome, Rate};
use crate::report::format;
use crate::report::prices::{half_line, widest_arcs};
use crate::report::table::is_price;
use crate::report::view::View;
use crate::words::{decimal, decimals};

use super::axis::{Axis, Panel};
use super::canvas::{BODY, Canvas, HEADING, Marker, SMALL, Side, Type};
use super::fitting::{cut, lines, width, wrapped};
use super::look::Look;
use super::theme::{Color, INK, QUIET, SURFACE};
use super::{Figure, basis, framed};

const ROW: f64 = 19.0;
/// From one line of a text to the next.
const LINE: f64 = 15.0;
/// With more steps than this only the widest of each sweep is shown.
const MOST: usize = 34;
/// What lies farther out than so many spans of the rates is cut off, with an arrow.
const REACH: f64 = 1.0;

/// A heading with its steps.
struct Block<'a> {
    heading: String,
    /// Whose step it is where that is not in the heading, and from where to where.
    steps: Vec<((String, String), &'a ArcRate)>,
}

/// The figure, where there are steps between strengths.
pub(super) fn draw(view: &View, look: Look) -> Option<Figure> {
    let blocks = blocks(view);
    let steps = || blocks.iter().flat_map(|block| block.steps.iter().map(|(_, arc)| *arc));
    let first = steps().next()?;
    let scale = scale(view, &steps().collect::<Vec<_>>());
    let axis = axis(&steps().collect::<Vec<_>>(), scale);
    let room = look.width - 30.0;
    let headings: Vec<Vec<String>> =
        blocks.iter().map(|block| lines(&block.heading, HEADING, room, 3)).collect();
    let above = |heading: &[String]| 11.0 + LINE * heading.len() as f64;
    let named = blocks.iter().flat_map(|block| &block.steps).any(|((whose, _), _)| !whose.is_empty());
    // In a column whose step it is stands above from where to where.
    let is_stacked = named && look.is_narrow();
    let size = match (look.is_narrow(), is_stacked) {
        (true, true) => 10.0,
        (true, false) => 11.0,
        (false, _) => BODY.size,
    };
    let kind = Type { size, ..BODY };
    let row = if is_stacked { ROW + 11.0 } else { ROW };
    let rows = blocks.iter().map(|block| row * block.steps.len() as f64).sum::<f64>();
    let (names, numbers) = if look.is_narrow() { (98.0, 124.0) } else { (200.0, 150.0) };
    let across = wrapped(&across(view, first, &blocks), BODY, look.width - 24.0);
    let below = 30.0 + LINE * across.len() as f64;
    let height = headings.iter().map(|heading| above(heading)).sum::<f64>() + rows + below + 12.0;
    let widest = if blocks.len() == 1 && view.given.rates.len() > MOST {
        " Of every sweep the widest step that is quoted; the table of exchange rates has all."
    } else {
        ""
    };
    let caption = format!(
        "Cost: safety given up per unit of security gained between two strengths of one defense, as declared, with its Fieller interval over paired seeds, for these test rows (95 %, from 3 seeds on); above 0, left of the line, security was paid for, and below 0 safety rose with it. An arrow leaves the axis; a line without a mark is a half-line: the cost itself cannot be told; in words where none can be stated, or both pillars went the same way.{widest} {}",
        basis(view, "")
    );
    let words = (title(view, &steps().collect::<Vec<_>>()), caption);
    Some(framed(look, "exchange-rate", height, words, |canvas, top| {
        let panel = Panel {
            left: names,
            top: top + 4.0,
            right: look.width - numbers,
            bottom: top + height - below,
            x: axis.clone().with_ticks(if look.is_narrow() { 3 } else { 6 }),
            y: Axis::exactly(0.0, 1.0, 1),
        };
        panel.across(canvas);
        if (panel.x.low..=panel.x.high).contains(&0.0) {
            let zero = panel.x(0.0);
            canvas.line(&[(zero, panel.top), (zero, panel.bottom)], QUIET, 1.0, 1.2);
        }
        let mut y = panel.top;
        for (block, heading) in blocks.iter().zip(&headings) {
            for (i, line) in heading.iter().enumerate() {
                grounded(canvas, line, (18.0, y + 14.0 + LINE * i as f64), HEADING);
            }
            y += above(heading);
            for ((whose, change), arc) in &block.steps {
                let middle = y + 0.5 * row;
                let texts = if is_stacked {
                    vec![(whose.clone(), middle - 6.0), (change.clone(), middle + 6.0)]
                } else {
                    vec![(format!("{whose} {change}").trim().to_owned(), middle)]
                };
                for (text, y) in texts {
                    canvas.text(&cut(&text, kind, names - 10.0), (names - 8.0, y), kind, Side::End);
                }
                step(canvas, (arc, scale), &panel, middle, look);
                y += row;
            }
        }
        for (i, line) in across.iter().enumerate() {
            let at = (0.5 * look.width, panel.bottom + 34.0 + LINE * i as f64);
            canvas.text(line, at, BODY, Side::Middle);
        }
    }))
}

/// The cost of a step, in what the axis counts.
fn cost(arc: &ArcRate, scale: f64) -> Rate {
    match arc.rate.cost() {
        Rate::Bounded { rate, low, high } => {
            Rate::Bounded { rate: scale * rate, low: scale * low, high: scale * high }
        }
        Rate::HalfLine { rate, parts, words } => {
            let parts = parts.into_iter().map(|(from, to)| (scale * from, scale * to)).collect();
            Rate::HalfLine { rate: scale * rate, parts, words }
        }
        Rate::NotMeasurable { words } => Rate::NotMeasurable { words },
    }
}

/// What a cost in units of both metrics is multiplied by: shares are counted in points, where the steps agree in their metrics.
fn scale(view: &View, arcs: &[&ArcRate]) -> f64 {
    let one = |arc: &ArcRate| view.unit(&arc.safety).per(view.unit(&arc.security));
    let alike = arcs.iter().all(|arc| arc.safety == arcs[0].safety && arc.security == arcs[0].security);
    arcs.first().filter(|_| alike).map_or(1.0, |arc| one(arc))
}

fn step(canvas: &mut Canvas<'_>, (arc, scale): (&ArcRate, f64), panel: &Panel, y: f64, look: Look) {
    let right = Type { size: if look.is_narrow() { 9.5 } else { 11.0 }, ..SMALL };
    let color = match arc.outcome {
        Outcome::Price | Outcome::Reverse => INK,
        _ => QUIET,
    };
    let told = |canvas: &mut Canvas<'_>, text: &str| {
        canvas.text(text, (panel.right + 8.0, y), right, Side::Start);
    };
    match &cost(arc, scale) {
        Rate::Bounded { rate, low, high } if is_price(arc) => {
            stretch(canvas, panel, y, (*low, *high), color);
            if (panel.x.low..=panel.x.high).contains(rate) {
                canvas.marker(Marker::Circle, (panel.x(*rate), y), 4.2, color, color, 1.0);
            }
            let digits = decimals(&[*rate, *low, *high]);
            let [rate, low, high] = [rate, low, high].map(|x| decimal(*x, digits));
            told(canvas, &format!("{rate} [{low}, {high}]"));
        }
        Rate::HalfLine { parts, .. } if is_price(arc) => {
            for part in parts {
                stretch(canvas, panel, y, *part, color);
            }
            told(canvas, &half_line(parts));
        }
        Rate::NotMeasurable { words } if is_price(arc) => {
            let text = cut(&format!("not measurable: {words}"), right, look.width - panel.left - 10.0);
            grounded(canvas, &text, (panel.left + 6.0, y), right);
        }
        Rate::Bounded { .. } | Rate::HalfLine { .. } | Rate::NotMeasurable { .. } => {
            grounded(canvas, &arc.happened(), (panel.left + 6.0, y), right);
        }
    }
}

/// A text on a ground of its own, above the lines of the axis.
fn grounded(canvas: &mut Canvas<'_>, text: &str, (x, y): (f64, f64), look: Type) {
    let end = x + width(text, look) + 2.0;
    canvas.rectangle((x - 2.0, y - 0.6 * look.size), (end, y + 0.65 * look.size), SURFACE, 1.0);
    canvas.text(text, (x, y), look, Side::Start);
}

/// A line with ends where it ends, and arrows where it leaves the panel; a lone arrow where all of it lies beyond.
fn stretch(canvas: &mut Canvas<'_>, panel: &Panel, y: f64, (from, to): (f64, f64), color: Color) {
    // In shares of the way across, whichever way the axis runs.
    let (one, other) = (panel.x.share(from), panel.x.share(to));
    let (first, last) = (one.min(other), one.max(other));
    let inside = |share: f64| panel.left + share.clamp(0.0, 1.0) * (panel.right - panel.left);
    let (start, end) = (inside(first), inside(last));
    let outside = |share: f64| !(0.0..=1.0).contains(&share);
    for (is_beyond, at, way) in [(last < 0.0, start, 1.0), (first > 1.0, end, -1.0)] {
        if is_beyond {
            let head = [(at, y), (at + 7.0 * way, y - 4.0), (at + 7.0 * way, y + 4.0)];
            canvas.polygon(&head, color, 0.9);
            return;
        }
    }
    canvas.line(&[(start, y), (end, y)], color, 0.7, 2.0);
    for (share, at, way) in [(first, start, 1.0), (last, end, -1.0)] {
        if outside(share) {
            let head = [(at, y), (at + 7.0 * way, y - 4.0), (at + 7.0 * way, y + 4.0)];
            canvas.polygon(&head, color, 0.9);
        } else {
            canvas.line(&[(at, y - 4.0), (at, y + 4.0)], color, 0.7, 1.4);
        }
    }
}

/// From the costs, and from the ends of intervals as far as they do not hide them; the less a step cost the further right it lies.
fn axis(arcs: &[&ArcRate], scale: f64) -> Axis {
    let shown = || arcs.iter().filter(|arc| is_price(arc));
    let mut rates = vec![0.0];
    let mut ends = Vec::new();
    for arc in shown() {
        match &cost(arc, scale) {
            Rate::Bounded { rate, low, high } => {
                rates.push(*rate);
                ends.extend([*low, *high]);
            }
            Rate::HalfLine { parts, .. } => ends.extend(parts.iter().flat_map(|(from, to)| [*from, *to])),
            Rate::NotMeasurable { .. } => {}
        }
    }
    rates.sort_by(f64::total_cmp);
    let (low, high) = (rates[0], rates[rates.len() - 1]);
    let span = (high - low).max(0.05 * scale);
    let near = |end: &f64| (low - REACH * span..=high + REACH * span).contains(end);
    let cut = ends.iter().any(|end| !near(end));
    let mut values: Vec<f64> = rates.iter().copied().chain(ends.into_iter().filter(near)).collect();
    if cut {
        values.extend([low - 0.5 * span, high + 0.5 * span]);
    }
    Axis::around(&values, (f64::NEG_INFINITY, f64::INFINITY), true, 6)
}

/// `0.1 → 0.2`
fn change(view: &View, arc: &ArcRate) -> String {
    format!("{} → {}", view.plain_strength(arc.from), view.plain_strength(arc.to))
}

/// The steps of every sweep and pair of axes: one after the other, then from the lowest strength on.
fn blocks(view: &View) -> Vec<Block<'_>> {
    let rates = &view.given.rates;
    if rates.len() > MOST {
        let steps = widest_arcs(view);
        let label = |arc: &ArcRate| (view.sweep(arc.from).replace('`', ""), change(view, arc));
        let steps = steps.into_iter().map(|arc| (label(arc), arc)).collect();
        return vec![Block { heading: "the widest step of each".to_owned(), steps }];
    }
    let mut groups: Vec<Vec<&ArcRate>> = Vec::new();
    for arc in rates {
        let alike = |other: &ArcRate| {
            view.sweep(other.from) == view.sweep(arc.from)
                && view.given.points[other.from].model == view.given.points[arc.from].model
                && other.security == arc.security
                && other.safety == arc.safety
        };
        match groups.iter_mut().find(|group| alike(group[0])) {
            Some(group) => group.push(arc),
            None => groups.push(vec![arc]),
        }
    }
    let several = groups.len() > 1;
    let pairs: Vec<(&MetricKey, &MetricKey)> =
        groups.iter().map(|group| (&group[0].security, &group[0].safety)).collect();
    let many_axes = pairs.iter().any(|pair| *pair != pairs[0]);
    let mut blocks = Vec::new();
    for group in groups {
        let strength = |point: usize| view.given.points[point].strength;
        let lowest = group.iter().map(|arc| strength(arc.from)).fold(f64::INFINITY, f64::min);
        let next = |arc: &ArcRate| {
            !group
                .iter()
                .any(|other| strength(other.to) > strength(arc.from) && strength(other.to) < strength(arc.to))
        };
        let mut whose = if several { view.sweep(group[0].from).replace('`', "") } else { String::new() };
        if many_axes {
            let axes = format!(
                "{} for {}",
                view.metric_title(&group[0].safety),
                view.metric_title(&group[0].security)
            );
            whose = if whose.is_empty() { axes } else { format!("{whose}: {axes}") };
        }
        let named = |what: &str| {
            if whose.is_empty() { format::capitalized(what) } else { format!("{whose}, {what}") }
        };
        let mut along: Vec<&ArcRate> = group.iter().copied().filter(|arc| next(arc)).collect();
        along.sort_by(|a, b| strength(a.from).total_cmp(&strength(b.from)));
        let mut from_lowest: Vec<&ArcRate> =
            group.iter().copied().filter(|arc| strength(arc.from) <= lowest && !next(arc)).collect();
        from_lowest.sort_by(|a, b| strength(a.to).total_cmp(&strength(b.to)));
        for (what, arcs) in [("step by step", along), ("from the lowest strength", from_lowest)] {
            if !arcs.is_empty() {
                let steps = arcs.into_iter().map(|arc| ((String::new(), change(view, arc)), arc)).collect();
                blocks.push(Block { heading: named(what), steps });
            }
        }
    }
    blocks
}

/// What people count the metric in: one, and several.
fn nouns(view: &View, key: &MetricKey) -> (&'static str, &'static str) {
    let (_, one, several) = view.unit(key).counted();
    (one, several)
}

fn across(view: &View, arc: &ArcRate, blocks: &[Block<'_>]) -> String {
    let alike = |other: &ArcRate| other.security == arc.security && other.safety == arc.safety;
    if blocks.iter().flat_map(|block| &block.steps).all(|(_, other)| alike(other)) {
        format!(
            "cost in {} of {} per {} of {} (less is better →, axis reversed; below 0: gained)",
            nouns(view, &arc.safety).1,
            view.metric_title(&arc.safety),
            nouns(view, &arc.security).0,
            view.metric_title(&arc.security)
        )
    } else {
        "cost in safety per unit of security (less is better →, axis reversed; below 0: gained)".to_owned()
    }
}

/// What the widest step came to.
fn title(view: &View, shown: &[&ArcRate]) -> String {
    let widest = widest_arcs(view);
    if let [arc] = widest.as_slice() {
        let steps = format!("From {} to {}", view.long_label(arc.from), view.plain_strength(arc.to));
        let (safety, security) = (view.metric_title(&arc.safety), view.metric_title(&arc.security));
        return match (&arc.rate, arc.outcome) {
            (Rate::Bounded { rate, low, high }, Outcome::Price) => {
                let scale = -scale(view, &[arc]);
                let cost = decimal(rate * scale, decimals(&[rate, low, high].map(|rate| rate * scale)));
                let (of, counted) = (nouns(view, &arc.security).0, nouns(view, &arc.safety).1);
                format!("{steps}, a {of} of {security} cost {cost} {counted} of {safety}")
            }
            _ => format!("{steps}: {}", arc.happened()),
        };
    }
    let prices: Vec<(f64, &ArcRate)> = widest
        .iter()
        .filter_map(|arc| match (&arc.rate, arc.outcome) {
            (Rate::Bounded { rate, .. }, Outcome::Price) => Some((-rate * scale(view, &[arc]), *arc)),
            _ => None,
        })
        .collect();
    let alike = shown.iter().all(|arc| arc.safety == shown[0].safety && arc.security == shown[0].security);
    let (Some(least), Some(most)) =
        (prices.iter().min_by(|a, b| a.0.total_cmp(&b.0)), prices.iter().max_by(|a, b| a.0.total_cmp(&b.0)))
    else {
        return "No price of security is measurable in any sweep".to_owned();
    };
    if !alike || prices.len() == 1 {
        let of = format::count(widest.len(), "widest step");
        return format!("Security had a measurable price in {} of {of}", prices.len());
    }
    let named = |arc: &ArcRate| view.sweep(arc.from);
    let digits = decimals(&[least.0, most.0]);
    format!(
        "A {} of {} cost from {} ({}) to {} ({}) {} of {}, where it cost any",
        nouns(view, &shown[0].security).0,
        view.metric_title(&shown[0].security),
        decimal(least.0, digits),
        named(least.1),
        decimal(most.0, digits),
        named(most.1),
        nouns(view, &shown[0].safety).1,
        view.metric_title(&shown[0].safety)
    )
}
