//! Who owns which stretch of the front, and what validation rows chose: in words and as tables.

use super::format;
use super::headline::these_seeds;
use super::table::{Table, numeric, words};
use super::view::{Plane, View};
use crate::measure::Direction;
use crate::pareto::Stretch;

/// How optimistic the choice on validation rows was.
pub(super) fn chosen(view: &View) -> Option<String> {
    let choice = view.given.choice.as_ref()?;
    let front = &view.given.front;
    let counted = format!(
        "Validation rows chose {} of {}",
        choice.distinct(choice.chosen.iter().copied()),
        format::count(choice.distinct(choice.candidates.iter().copied()), "configuration")
    );
    let moved: Vec<String> = choice
        .optimism
        .iter()
        .map(|row| {
            let (title, unit) = (view.metric_title(&row.key), view.unit(&row.key));
            format!(
                "{title} {} (all candidates: {})",
                format::change(row.difference(), unit),
                format::change(row.all, unit)
            )
        })
        .collect();
    let beaten = choice.distinct(front.dominated.iter().map(|(point, _)| *point));
    let out = choice.distinct(front.excluded.iter().map(|(point, _)| *point));
    let on_test = match (beaten, out) {
        (0, 0) => "none of them is dominated on test rows".to_owned(),
        (0, out) => format!("none of them is dominated on test rows, {out} cannot be judged there"),
        (beaten, 0) => format!("{beaten} of them {} dominated on test rows", format::are(beaten)),
        (beaten, out) => {
            format!(
                "{beaten} of them {} dominated on test rows, {out} cannot be judged there",
                format::are(beaten)
            )
        }
    };
    if moved.is_empty() {
        return Some(format!("{counted}; {on_test}."));
    }
    Some(format!(
        "{counted}; validation minus test, mean over the chosen: {}; {on_test}.",
        format::list(&moved)
    ))
}

/// Who owns which stretch of the joint front.
pub(super) fn owned(view: &View) -> Option<String> {
    const LISTED: usize = 4;
    let stretches = &view.given.ownership;
    let (security, safety) = view.owned_axes()?;
    if stretches.is_empty() {
        return None;
    }
    let mut parts: Vec<String> = stretches
        .iter()
        .take(LISTED)
        .map(|stretch| {
            let (owners, to) = (View::owners(stretch, View::quoted), format::number(stretch.to));
            match (stretch.probability, likelier(stretch)) {
                (Some(share), Some((name, most))) => format!(
                    "no defense for sure up to {to} ({owners} by the seed means, with probability {share:.2}; {} {most:.2})",
                    View::quoted(name)
                ),
                (Some(share), None) => format!("{owners} up to {to} (probability {share:.2})"),
                (None, _) => format!("{owners} up to {to}"),
            }
        })
        .collect();
    if stretches.len() > LISTED {
        let more = stretches.len() - LISTED;
        parts.push(format!("{more} more stretch{} in the table", if more == 1 { "" } else { "es" }));
    }
    let seeds =
        these_seeds(view.given.front.seeds).map_or_else(String::new, |these| format!(", for {these}"));
    Some(format!(
        "Most {} at a required {} is given by {}{seeds}.",
        view.metric_title(safety),
        view.metric_title(security),
        format::list(&parts)
    ))
}

/// Who gives most safety at which level of security, as a title of that plane: all stretches where they are few and each has an owner at least as likely as
/// not, else the longest that has one.
pub(super) fn leader(view: &View, plane: &Plane) -> Option<String> {
    const FEW: usize = 3;
    let stretches = &view.given.ownership;
    let (security, safety) = view.owned_axes()?;
    let is_of_plane = plane.x == *security && plane.y == *safety;
    if !is_of_plane || view.direction(security) != Some(Direction::Higher) {
        return None;
    }
    let is_owned = |stretch: &&Stretch| {
        likelier(stretch).is_none() && stretch.probability.is_none_or(|share| share >= 0.5)
    };
    let likely = |stretch: &Stretch| {
        stretch.probability.map_or_else(String::new, |share| format!(" (probability {share:.2})"))
    };
    let (more, level) = (view.metric_title(safety), view.metric_title(security));
    let who = |stretch: &Stretch| View::owners(stretch, View::quoted);
    if stretches.len() <= FEW && stretches.iter().all(|stretch| is_owned(&stretch)) {
        let parts: Vec<String> = stretches
            .iter()
            .enumerate()
            .map(|(i, stretch)| {
                let level = if i == 0 { format!("{level} ") } else { String::new() };
                format!("by {} up to {level}{}{}", who(stretch), format::number(stretch.to), likely(stretch))
            })
            .collect();
        return (!parts.is_empty()).then(|| format!("Most {more} is given {}", format::list(&parts)));
    }
    let (place, longest) = stretches
        .iter()
        .enumerate()
        .filter(|(_, stretch)| is_owned(stretch))
        .max_by(|(_, a), (_, b)| (a.to - a.from).total_cmp(&(b.to - b.from)))?;
    let (from, to) = (format::number(longest.from), format::number(longest.to));
    let stretch =
        if place == 0 { format!("up to {level} {to}") } else { format!("from {level} {from} to {to}") };
    Some(format!("Most {more} {stretch} is given by {}{}", who(longest), likely(longest)))
}

/// Another defense that owns the stretch in more resamples than its owner by the seed means does: then nobody owns it for sure.
fn likelier(stretch: &Stretch) -> Option<(&str, f64)> {
    let share = stretch.probability?;
    stretch.runner_up.as_ref().filter(|(_, most)| *most > share).map(|(name, most)| (name.as_str(), *most))
}

/// What the choice on validation rows promised, and what test rows say of it.
pub(super) fn choice(view: &View) -> Option<Table> {
    let choice = view.given.choice.as_ref()?;
    if choice.optimism.is_empty() {
        return None;
    }
    let head = vec![
        words("objective"),
        numeric("on validation rows"),
        numeric("on test rows"),
        numeric("validation − test"),
        numeric("the same over all candidates"),
    ];
    let rows = choice
        .optimism
        .iter()
        .map(|row| {
            let unit = view.unit(&row.key);
            vec![
                format!("{}{}", view.title(&row.key), format::arrow(Some(row.direction))),
                format::number(row.validation),
                format::number(row.test),
                format::change(row.difference(), unit),
                format::change(row.all, unit),
            ]
        })
        .collect();
    Some(Table {
        title: "Choice on validation rows",
        caption: format!(
            "Means over the {} of {} that {} validation rows chose (none was at least as good there at every objective and better at one). What the chosen lose on test rows beyond what all candidates lose is the optimism of the choice. Validation rows are attacked at the threat's radius alone.",
            choice.distinct(choice.chosen.iter().copied()),
            format::count(choice.distinct(choice.candidates.iter().copied()), "configuration"),
            view.given.data.validation,
        ),
        head,
        rows,
    })
}

/// Which defense owns which stretch of the joint front.
pub(super) fn ownership(view: &View) -> Option<Table> {
    let given = &view.given;
    let (security, safety) = view.owned_axes()?;
    if given.ownership.is_empty() {
        return None;
    }
    let head = vec![
        words("defense"),
        numeric(format!("{} from", view.title(security))),
        numeric("to"),
        words("points"),
        numeric("probability"),
        words("runner-up"),
        numeric("out of reach"),
    ];
    let share = |share: Option<f64>| share.map_or_else(|| "—".to_owned(), |share| format!("{share:.2}"));
    let rows = given
        .ownership
        .iter()
        .map(|stretch| {
            let strengths: Vec<String> =
                stretch.members.iter().map(|&point| view.strength_label(point)).collect();
            let mut strengths: Vec<String> = strengths;
            strengths.dedup();
            let runner = stretch.runner_up.as_ref();
            let owners = View::owners(stretch, str::to_owned);
            vec![
                if likelier(stretch).is_some() {
                    format!("none for sure ({owners} by the means)")
                } else {
                    owners
                },
                format::number(stretch.from),
                format::number(stretch.to),
                strengths.join(", "),
                share(stretch.probability),
                runner.map_or_else(|| "—".to_owned(), |(name, most)| format!("{name} {most:.2}")),
                share(stretch.unreached),
            ]
        })
        .collect();
    let seeds = these_seeds(given.front.seeds)
        .map_or_else(String::new, |these| format!(" That holds for {these}, not for seeds in general."));
    Some(Table {
        title: "Who owns the front",
        caption: format!(
            "For a required {}, the defense that gives the best {}, by the seed means. Probability: the mean share of the stretch over which that is so when seeds and rows are resampled together; runner-up: the other defense with the largest share; out of reach: the share that no resampled point attains. None for sure: the runner-up owns the stretch in more resamples.{seeds}",
            view.title(security),
            view.title(safety),
        ),
        head,
        rows,
    })
}
