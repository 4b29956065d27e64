//! The tables, built once: terminal, Markdown and HTML write out the same cells.

use crate::experiment::INTERPOLATED;
use crate::measure::{AttackKey, Direction, MetricKey};
use crate::pareto::exchange::{ArcRate, Outcome, Rate};

use super::chance;
use super::curves;
use super::format;
use super::further;
use super::inputs::{AttackRow, Convergence};
use super::remarks::{intervals_of, seeds};
use super::uncertain;
use super::view::View;

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) text: String,
    /// Numbers are aligned to the right.
    pub(super) numeric: bool,
}

/// Head and rows; the first cell of a row names it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) title: &'static str,
    pub(super) caption: String,
    pub(super) head: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
}

pub(super) fn words(text: &str) -> Column {
    Column { text: text.to_owned(), numeric: false }
}

pub(super) fn numeric(text: impl Into<String>) -> Column {
    Column { text: text.into(), numeric: true }
}

/// One row per point: who it is, the objectives with intervals, its place, its marks, then what else is at `keys`, which begin with the objectives: what the front says of a point is
/// read beside what it is about. The primary threat need not be named in `brief` heads.
pub(super) fn points(view: &View, keys: &[MetricKey], brief: bool) -> Table {
    let mut head: Vec<Column> = view.columns().into_iter().map(words).collect();
    let primary = |key: &MetricKey| {
        let at = |attack: &AttackKey| view.given.threat.as_ref().is_some_and(|t| t.holds_at(attack));
        key.attack.as_ref().is_some_and(at)
    };
    let by_chance = |key: &MetricKey| !brief && chance::is_known(view, key);
    let verdicts = uncertain::has_verdicts(view);
    let marks: Vec<String> = (0..view.given.points.len()).map(|point| marks(view, point)).collect();
    let marked = marks.iter().any(|mark| !mark.is_empty());
    let objectives = objectives(view, keys);
    for (at, key) in keys.iter().enumerate() {
        if at == objectives {
            head.extend(about_place(verdicts, marked));
        }
        let title = if brief && primary(key) { view.metric_title(key) } else { view.title(key) };
        head.push(numeric(format!("{title}{}", format::arrow(view.direction(key)))));
        head.extend(by_chance(key).then(|| numeric("by chance alone")));
    }
    if objectives == keys.len() {
        head.extend(about_place(verdicts, marked));
    }
    let rows = marks
        .into_iter()
        .enumerate()
        .map(|(point, mark)| {
            let mut row: Vec<String> = view.varying.iter().map(|(_, values)| values[point].clone()).collect();
            let mut own = vec![place(view, point)];
            own.extend(verdicts.then(|| uncertain::verdict(view, point)));
            own.extend(marked.then_some(mark));
            for (at, key) in keys.iter().enumerate() {
                if at == objectives {
                    row.append(&mut own);
                }
                row.push(format::estimate(view.measured(point, key)));
                row.extend(by_chance(key).then(|| chance::cell(view, point, key)));
            }
            row.append(&mut own);
            row
        })
        .collect();
    let mut caption = points_caption(view, keys);
    if let (false, Some(more)) = (brief, further::elsewhere(view, keys.len())) {
        caption = format!("{caption} {more}");
    }
    if keys.iter().any(by_chance) {
        caption = format!("{caption} {}", chance::MEANING);
    }
    Table { title: "Points", caption, head, rows }
}

/// How many of `keys`, which begin with them, are objectives.
fn objectives(view: &View, keys: &[MetricKey]) -> usize {
    let is_one = |key: &&MetricKey| view.given.front.objectives.iter().any(|one| one.key == **key);
    keys.iter().take_while(is_one).count()
}

/// The columns that say where a point stands.
fn about_place(verdicts: bool, marked: bool) -> impl Iterator<Item = Column> {
    let named = [(true, "on front"), (verdicts, "verdict"), (marked, "marks")];
    named.into_iter().filter(|(there, _)| *there).map(|(_, name)| words(name))
}

/// The column of the key at this place among `keys`, in a brief table of [`points`].
pub(super) fn column_of(view: &View, keys: &[MetricKey], at: usize, table: &Table) -> usize {
    let between = table.head.len() - view.varying.len() - keys.len();
    view.varying.len() + at + if at < objectives(view, keys) { 0 } else { between }
}

fn points_caption(view: &View, keys: &[MetricKey]) -> String {
    let chosen = if view.given.choice.is_some() {
        " Not chosen: on validation rows another was at least as good at every objective and better at one."
    } else {
        ""
    };
    let votes = if view.is_about_votes() {
        " Base model: the numbers of the model itself, another predictor than its vote under noise."
    } else {
        ""
    };
    format!(
        "Means over {}; {}. ↑ higher is better, ↓ lower is better. On front: with the share of bootstrap resamples in which the point is on it.{}{chosen}{votes}",
        seeds(view),
        intervals_of(view, keys, "in brackets"),
        uncertain::caption(view),
    )
}

/// `yes 0.93`, `no 0.12`, `degenerate`, `left out` for another reason, or `—` where it did not compete.
pub(super) fn place(view: &View, point: usize) -> String {
    let front = &view.given.front;
    if front.excluded.iter().any(|(excluded, _)| *excluded == point) {
        return if view.given.points[point].degenerate.is_some() { "degenerate" } else { "left out" }
            .to_owned();
    }
    if view.was_passed_over(point) {
        return "not chosen".to_owned();
    }
    if let Some(choice) = &view.given.choice
        && choice.excluded.iter().any(|(excluded, _)| *excluded == point)
    {
        return "left out".to_owned();
    }
    if !view.competes(point) {
        return "—".to_owned();
    }
    let word = if view.on_front(point) { "yes" } else { "no" };
    match front.stability.get(point).copied().flatten() {
        Some(share) => format!("{word} {share:.2}"),
        None => word.to_owned(),
    }
}

fn marks(view: &View, point: usize) -> String {
    let given = &view.given.points[point];
    let mut marks = Vec::new();
    if given.degenerate.is_some() && !view.competes(point) {
        marks.push("degenerate".to_owned());
    }
    if !given.failed.is_empty() {
        marks.push(format!("{} failed", format::count(given.failed.len(), "seed")));
    }
    marks.join(", ")
}

/// What one point of security costs, step by step.
pub(super) fn rates(view: &View) -> Option<Table> {
    let first = view.given.rates.first()?;
    // What the steps of one sweep have in common: the defense, and what is swept beside it.
    let shared =
        |(name, _): &&(String, Vec<String>)| !matches!(name.as_str(), "strength" | "model" | INTERPOLATED);
    let mut head: Vec<Column> =
        view.varying.iter().filter(shared).map(|(name, _)| words(view.column(name))).collect();
    head.push(words("from → to"));
    // One pair of axes is named in the head; several stand in columns of their own.
    let single =
        view.given.rates.iter().all(|arc| arc.security == first.security && arc.safety == first.safety);
    if single {
        head.push(numeric(format!("{} gained", view.title(&first.security))));
        head.push(numeric(format!("{} gained", view.title(&first.safety))));
    } else {
        head.extend([
            words("security"),
            words("safety"),
            numeric("security gained"),
            numeric("safety gained"),
        ]);
    }
    head.extend([words("what happened"), numeric("cost in safety per security"), numeric("in probit units")]);
    head.extend(view.given.sensitivity.iter().map(|found| numeric(format!("with {}", found.setting))));
    let rows = view
        .given
        .rates
        .iter()
        .enumerate()
        .map(|(index, arc)| {
            let strength = |point: usize| view.given.points[point].strength;
            let mut row: Vec<String> =
                view.varying.iter().filter(shared).map(|(_, values)| values[arc.from].clone()).collect();
            row.push(format!("{} → {}", strength(arc.from), strength(arc.to)));
            if !single {
                row.extend([view.title(&arc.security), view.title(&arc.safety)]);
            }
            row.extend([
                format::change_interval(arc.security_change, view.unit(&arc.security)),
                format::change_interval(arc.safety_change, view.unit(&arc.safety)),
                arc.happened(),
                cost(arc, &arc.rate),
                cost(arc, &arc.probit_rate),
            ]);
            row.extend(view.given.sensitivity.iter().map(|found| curves::again(found, index)));
            row
        })
        .collect();
    Some(Table {
        title: "Exchange rates",
        caption: "Gains between two strengths of one defense, positive is better on both sides; the cost is safety given up per unit of security gained (negative: safety rose with it), with its Fieller interval over paired seeds.".to_owned(),
        head,
        rows,
    })
}

/// Whether something may have been exchanged: where both pillars went the same way, neither moved, or security fell and nothing is known to have been had for it, a ratio would
/// mislead.
pub(super) fn is_price(arc: &ArcRate) -> bool {
    use Outcome::{LoseLose, SecurityLost, Unclear, WinWin};
    !matches!(arc.outcome, WinWin | LoseLose | SecurityLost | Unclear)
}

/// A rate of the step as a cost, positive where security was paid for.
pub(super) fn cost(arc: &ArcRate, rate: &Rate) -> String {
    if !is_price(arc) {
        return "—".to_owned();
    }
    match rate.cost() {
        Rate::Bounded { rate, low, high } => format::beside_zero(rate, Some((low, high))),
        Rate::HalfLine { rate, words, .. } => format!("{}; {words}", format::number(rate)),
        Rate::NotMeasurable { words } => words,
    }
}

/// Share of rows that stand, one column per attack at the primary radius.
pub(super) fn attacks(view: &View) -> Option<Table> {
    let threat = view.given.threat.as_ref()?;
    let at_primary =
        |row: &&AttackRow| row.norm == threat.norm && row.epsilon.to_bits() == threat.epsilon.to_bits();
    let rows: Vec<_> = view.given.attacks.iter().filter(at_primary).collect();
    let mut names: Vec<(&str, bool)> = Vec::new();
    for row in &rows {
        if !names.iter().any(|(name, _)| *name == row.attack) {
            names.push((&row.attack, row.exact));
        }
    }
    if names.is_empty() {
        return None;
    }
    let mut head: Vec<Column> = view.columns().into_iter().map(words).collect();
    head.extend(
        names.iter().map(|(name, exact)| {
            numeric(if *exact { format!("{name} (exact)") } else { (*name).to_owned() })
        }),
    );
    let cells = (0..view.given.points.len())
        .map(|point| {
            let mut cells: Vec<String> =
                view.varying.iter().map(|(_, values)| values[point].clone()).collect();
            cells.extend(names.iter().map(|(name, _)| {
                rows.iter()
                    .find(|row| row.point == point && row.attack == *name)
                    .map_or_else(|| "—".to_owned(), |row| format::number(row.standing))
            }));
            cells
        })
        .collect();
    Some(Table {
        title: "Attack by attack",
        caption: format!(
            "Share of test rows still classified correctly against each attack at {} ε = {}, mean over {}. An attack that is not exact gives an upper bound; a row counts as robust only if it stands against all. Where the suite is a cascade a number counts what the attacks before broke as well, and an attack tried on some rows only leaves the others standing.",
            threat.norm.sign(),
            threat.epsilon,
            seeds(view),
        ),
        head,
        rows: cells,
    })
}

/// How training ended, seeds taken together.
pub(super) fn convergence(view: &View) -> Option<Table> {
    if view.given.convergence.is_empty() {
        return None;
    }
    let mut head: Vec<Column> = view.columns().into_iter().map(words).collect();
    head.extend([
        numeric("training loss"),
        numeric("its change per epoch"),
        numeric("training accuracy"),
        numeric("settled"),
    ]);
    let rows = (0..view.given.points.len())
        .filter_map(|point| {
            let cells: Vec<_> = view.given.convergence.iter().filter(|row| row.point == point).collect();
            if cells.is_empty() {
                return None;
            }
            let mean = |of: fn(&Convergence) -> f64| {
                cells.iter().map(|row| of(row)).sum::<f64>() / cells.len() as f64
            };
            let mut row: Vec<String> = view.varying.iter().map(|(_, values)| values[point].clone()).collect();
            row.extend([
                format::number(mean(|row| row.loss)),
                small(mean(|row| row.loss_trend)),
                format::number(mean(|row| row.accuracy)),
                format!("{} of {}", cells.iter().filter(|row| row.settled).count(), cells.len()),
            ]);
            Some(row)
        })
        .collect();
    Some(Table {
        title: "Convergence",
        caption: "At the end of the training budget, on the rows as trained on (attacked ones under adversarial training), mean over seeds; settled: models whose training had stopped improving. The front compares budgets as given, not trainings run to their end.".to_owned(),
        head,
        rows,
    })
}

/// Trends are small: five decimals.
fn small(x: f64) -> String {
    let text = format!("{x:+.5}");
    if text.contains(|c: char| ('1'..='9').contains(&c)) { text.replace('-', "−") } else { "0".to_owned() }
}

/// Every metric shown: title, meaning, direction, source.
pub(super) fn glossary(view: &View) -> Table {
    let keys = view.keys();
    let rows = view
        .given
        .metrics
        .iter()
        .filter(|metric| keys.iter().any(|key| key.id == metric.id))
        .map(|metric| {
            let direction = match metric.direction {
                Some(Direction::Higher) => "higher",
                Some(Direction::Lower) => "lower",
                None => "descriptive",
            };
            vec![
                metric.title.clone(),
                metric.id.clone(),
                metric.pillar.word().to_owned(),
                direction.to_owned(),
                metric.meaning.clone(),
                metric.chance.clone(),
                metric.source.clone(),
            ]
        })
        .collect();
    Table {
        title: "Glossary",
        caption: "Every metric that was measured.".to_owned(),
        head: ["metric", "id", "pillar", "better", "meaning", "a trivial model", "source"].map(words).into(),
        rows,
    }
}

/// The settings in order.
pub(super) fn settings(view: &View) -> Table {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut add = |key: &str, value: String| {
        if !value.is_empty() {
            rows.push(vec![key.to_owned(), value]);
        }
    };
    add("made by", view.given.version.clone());
    add("data fingerprint", view.given.data.fingerprint.clone());
    if let Some(threat) = &view.given.threat {
        add("attack protocol", format!("{} ({})", threat.words, threat.protocol));
    }
    for (key, value) in &view.given.settings {
        add(key, value.clone());
    }
    Table {
        title: "Settings",
        caption: "Resolved settings: the same ones with the same data give the same bytes.".to_owned(),
        head: ["setting", "value"].map(words).into(),
        rows,
    }
}
