//! A rule file from its text: everything in it checked, each fault with its line and column.

use toml::Spanned;

use super::book::{Combine, Domain, Rule, RuleBook, Signal};
use super::expression::{Question, RESERVED, parse};
use super::settings::{CombineSettings, RuleSettings, Settings, SignalSettings, Source};
use crate::error::{Error, Result, did_you_mean};
use crate::measure::MetricKey;
use crate::metrics;
use crate::toml_errors::{check_texts, toml_error};

/// The schema of rule files that this version reads.
const SCHEMA: u32 = 1;
/// Windows that a rule may be unknown before it is blind, where the file says nothing.
const BLIND_AFTER: usize = 3;
/// The level of a blind rule, where there is one of that name and the file says nothing.
const BLIND: &str = "watch";
/// More windows than this no rule looks back.
const LONGEST: usize = 1000;

impl RuleBook {
    /// Reads a rule file.
    ///
    /// # Errors
    ///
    /// Unknown keys, levels, signals and rules; names that are taken or are words of conditions; conditions that cannot be read; rules that rest on
    /// one another in a circle: each with line and column.
    pub fn parse(text: &str) -> Result<Self> {
        let settings: Settings = toml::from_str(text).map_err(|error| toml_error(&error))?;
        check_texts(text)?;
        let source = Source(text);
        let escalation = &settings.escalation;
        if *escalation.schema.get_ref() != SCHEMA {
            let found = escalation.schema.get_ref();
            return Err(source.error(
                &escalation.schema.span(),
                format!("this version reads schema {SCHEMA}, not {found}"),
            ));
        }
        let levels = levels(source, &escalation.levels)?;
        let level = |name: &Spanned<String>| level(source, &levels, name);
        let fail = escalation.fail.as_ref().map_or(Ok(0), level)?;
        let usual = levels.iter().position(|level| level == BLIND).unwrap_or(0);
        let blind = escalation.blind.as_ref().map_or(Ok(usual), level)?;
        let blind_after = match &escalation.blind_after {
            Some(count) if *count.get_ref() < 1 => {
                return Err(source.error(&count.span(), "expected a whole number of at least 1, got `0`"));
            }
            Some(count) => *count.get_ref() as usize,
            None => BLIND_AFTER,
        };
        if settings.rule.is_empty() {
            return Err(Error::input("there is no [[rule]]")
                .help("write at least one, with `id`, `level` and `when`"));
        }
        let ids = settings.signal.iter().map(|signal| &signal.id);
        let ids = ids.chain(settings.rule.iter().map(|rule| &rule.id));
        names(source, ids.chain(settings.combine.iter().filter_map(|combine| combine.id.as_ref())))?;
        let signals: Vec<Signal> =
            settings.signal.iter().map(|signal| self::signal(source, signal)).collect::<Result<_>>()?;
        let known = (
            signals.iter().map(|signal| signal.id.as_str()).collect::<Vec<_>>(),
            settings.rule.iter().map(|rule| rule.id.get_ref().as_str()).collect::<Vec<_>>(),
        );
        let mut rules: Vec<Rule> =
            settings.rule.iter().map(|one| rule(source, one, &known, level)).collect::<Result<_>>()?;
        let order = order(source, &rules, &settings.rule)?;
        asked_of_the_newest(source, &rules, &order, &settings.rule)?;
        for &at in &order {
            if rules[at].domain.is_none() {
                rules[at].domain = domain(&rules[at], &rules, &signals);
            }
        }
        let combines = settings.combine.iter().enumerate();
        let combines = combines
            .map(|(index, one)| combine(source, (index, one), &rules, level))
            .collect::<Result<Vec<_>>>()?;
        let baseline = escalation.baseline.clone();
        Ok(Self { levels, fail, blind, blind_after, baseline, signals, rules, order, combines })
    }
}

fn levels(source: Source<'_>, written: &[Spanned<String>]) -> Result<Vec<String>> {
    let mut levels: Vec<String> = Vec::new();
    for level in written {
        let name = level.get_ref();
        if name.trim().is_empty() {
            return Err(source.error(&level.span(), "a level needs a name"));
        }
        if levels.contains(name) {
            return Err(source.error(&level.span(), format!("level `{name}` is listed twice")));
        }
        levels.push(name.clone());
    }
    if levels.is_empty() {
        return Err(Error::input("`levels` in [escalation] is empty")
            .help("list them, the mildest first: levels = [\"info\", \"watch\", \"alert\", \"incident\"]"));
    }
    Ok(levels)
}

fn level(source: Source<'_>, levels: &[String], name: &Spanned<String>) -> Result<usize> {
    let wanted = name.get_ref();
    levels.iter().position(|level| level == wanted).ok_or_else(|| {
        let hint = did_you_mean(wanted, levels.iter().map(String::as_str));
        let known: Vec<String> = levels.iter().map(|level| format!("`{level}`")).collect();
        source
            .error(&name.span(), format!("unknown level `{wanted}`{hint}"))
            .help(format!("`levels` in [escalation] lists {}", known.join(", ")))
    })
}

/// # Errors
///
/// Where a name cannot stand in a condition, or stands for two things.
fn names<'a>(source: Source<'_>, ids: impl Iterator<Item = &'a Spanned<String>>) -> Result<()> {
    let mut seen: Vec<&str> = Vec::new();
    for id in ids {
        let name = id.get_ref().as_str();
        let first = name.chars().next();
        let fits = first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if !fits {
            return Err(source
                .error(&id.span(), format!("`{name}` is no name"))
                .help("write letters, digits, _ and -, a letter first"));
        }
        if RESERVED.contains(&name) {
            return Err(source
                .error(&id.span(), format!("`{name}` is a word of conditions"))
                .help("choose another name"));
        }
        if seen.contains(&name) {
            return Err(source
                .error(&id.span(), format!("`{name}` is taken"))
                .help("signals, rules and combinations need names of their own"));
        }
        seen.push(name);
    }
    Ok(())
}

fn signal(source: Source<'_>, written: &SignalSettings) -> Result<Signal> {
    let metric = written.metric.get_ref();
    if metric.trim().is_empty() {
        return Err(source.error(&written.metric.span(), "the metric is empty"));
    }
    if let Some(at) = written.at.as_ref().filter(|at| at.get_ref().trim().is_empty()) {
        return Err(source.error(&at.span(), "the point is empty").help(
            "write coordinates, as in at = \"strength=0.1\"; leave `at` out for numbers about the whole",
        ));
    }
    let known = metric.parse::<MetricKey>().ok().and_then(|key| metrics::find(&key.id));
    let pillar = known.map(|metric| Domain::from(metric.pillar()));
    let domain = written.domain.as_ref().map(|domain| *domain.get_ref());
    if let Some(place) = written.domain.as_ref().filter(|domain| *domain.get_ref() == Domain::Cross) {
        return Err(source
            .error(&place.span(), "a single number is about one domain")
            .help("write `safety`, `security` or `hybrid`; rules over several are `cross`"));
    }
    if let (Some(own), Some(pillar), Some(place)) = (domain, pillar, &written.domain)
        && own != pillar
        // Unfairness under attack is on both sides.
        && pillar != Domain::Hybrid
    {
        let message = format!("`{metric}` is a metric of {}, not of {}", pillar.word(), own.word());
        return Err(source.error(&place.span(), message).help("leave `domain` out: the catalog knows it"));
    }
    Ok(Signal {
        id: written.id.get_ref().clone(),
        metric: metric.trim().to_owned(),
        at: written.at.as_ref().map(|at| at.get_ref().trim().to_owned()),
        domain: domain.or(pillar),
        side: written.side,
    })
}

fn rule(
    source: Source<'_>,
    written: &RuleSettings,
    (signals, rules): &(Vec<&str>, Vec<&str>),
    level: impl Fn(&Spanned<String>) -> Result<usize>,
) -> Result<Rule> {
    let read = |text: &Spanned<String>| {
        parse(text.get_ref(), signals, rules).map_err(|fault| source.fault(text, fault))
    };
    let when = read(&written.when)?;
    let clear = match &written.clear {
        Some(text) => Some((read(text)?, text.get_ref().clone())),
        None => None,
    };
    let lasting = match &written.lasting {
        Some(text) => lasting(text.get_ref()).ok_or_else(|| {
            source.error(&text.span(), format!("`{}` is no `k of n`", text.get_ref())).help(format!(
                "write for = \"2 of 3\": in 2 of the last 3 windows; k from 1 to n, n up to {LONGEST}"
            ))
        })?,
        None => (1, 1),
    };
    let mut asked = (when.signals(), when.rules());
    if let Some((clear, _)) = &clear {
        asked.0.extend(clear.signals());
        asked.1.extend(clear.rules());
    }
    Ok(Rule {
        id: written.id.get_ref().clone(),
        level: level(&written.level)?,
        domain: written.domain,
        when,
        when_text: written.when.get_ref().trim().to_owned(),
        lasting,
        clear,
        because: written.because.clone(),
        signals: asked.0.into_iter().collect(),
        rests_on: asked.1.into_iter().collect(),
    })
}

/// `2 of 3`.
fn lasting(text: &str) -> Option<(usize, usize)> {
    let (k, n) = text.split_once(" of ")?;
    let (k, n) = (k.trim().parse::<usize>().ok()?, n.trim().parse::<usize>().ok()?);
    (k >= 1 && k <= n && n <= LONGEST).then_some((k, n))
}

/// Every rule behind those that it rests on, else as written.
fn order(source: Source<'_>, rules: &[Rule], written: &[RuleSettings]) -> Result<Vec<usize>> {
    let mut order: Vec<usize> = Vec::with_capacity(rules.len());
    while order.len() < rules.len() {
        let is_next =
            |at: &usize| !order.contains(at) && rules[*at].rests_on.iter().all(|other| order.contains(other));
        if let Some(next) = (0..rules.len()).find(is_next) {
            order.push(next);
            continue;
        }
        let first = (0..rules.len()).find(|at| !order.contains(at)).unwrap_or(0);
        let circle = circle(rules, &order, first);
        let names: Vec<String> = circle.iter().map(|at| format!("`{}`", rules[*at].id)).collect();
        let place = written[circle[0]].when.span();
        return Err(source
            .error(&place, format!("rules rest on one another in a circle: {}", names.join(" → ")))
            .help("let one of them ask signals instead"));
    }
    Ok(order)
}

/// # Errors
///
/// Where a rule asks the gate, or rests on one that does, and counts windows or stays until something holds: what the gate found is known of the newest
/// window alone, so that older ones would be forgotten.
fn asked_of_the_newest(
    source: Source<'_>,
    rules: &[Rule],
    order: &[usize],
    written: &[RuleSettings],
) -> Result<()> {
    let mut asks: Vec<usize> = Vec::new();
    for &at in order {
        let rule = &rules[at];
        let clear = rule.clear.iter().flat_map(|(clear, _)| clear.questions());
        let mut questions = rule.when.questions().into_iter().chain(clear);
        let behind = rule.rests_on.iter().find(|other| asks.contains(other));
        if behind.is_none() && !questions.any(|(question, _)| matches!(question, Question::Regressed(_))) {
            continue;
        }
        asks.push(at);
        let lasting = written[at].lasting.as_ref().filter(|_| rule.lasting != (1, 1));
        let Some((key, text)) =
            lasting.map(|text| ("for", text)).or_else(|| Some(("clear", written[at].clear.as_ref()?)))
        else {
            continue;
        };
        let what = match behind {
            Some(other) => format!("the rule rests on `{}`, which asks `regressed`", rules[*other].id),
            None => "the rule asks `regressed`".to_owned(),
        };
        return Err(source
            .error(
                &text.span(),
                format!("{what}: that is known of the newest window alone, and `{key}` looks at older ones"),
            )
            .help(format!("leave `{key}` out; what lasts over windows can be asked of signals")));
    }
    Ok(())
}

/// From `start` along rules that wait until one comes again: that circle, its first rule at both ends.
fn circle(rules: &[Rule], done: &[usize], start: usize) -> Vec<usize> {
    let mut path = vec![start];
    loop {
        let here = path[path.len() - 1];
        let waits = |other: &&usize| !done.contains(other);
        // A rule that cannot be placed waits for another one.
        let next = rules[here].rests_on.iter().find(waits).copied().unwrap_or(here);
        if let Some(at) = path.iter().position(|other| *other == next) {
            let mut circle = path.split_off(at);
            circle.push(next);
            return circle;
        }
        path.push(next);
    }
}

/// What all that the rule asks for is about, or `cross`.
fn domain(rule: &Rule, rules: &[Rule], signals: &[Signal]) -> Option<Domain> {
    let asked = rule.signals.iter().filter_map(|at| signals[*at].domain);
    let mut all: Vec<Domain> = asked.chain(rule.rests_on.iter().filter_map(|at| rules[*at].domain)).collect();
    let clear = rule.clear.iter().flat_map(|(clear, _)| clear.questions());
    for (question, _) in rule.when.questions().into_iter().chain(clear) {
        if let Question::Regressed(pattern) = question {
            let pillar = pattern.split('.').next().unwrap_or_default();
            let known = [Domain::Safety, Domain::Security, Domain::Hybrid];
            all.extend(known.into_iter().find(|domain| domain.word() == pillar));
        }
    }
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [] => None,
        [one] => Some(*one),
        _ => Some(Domain::Cross),
    }
}

fn combine(
    source: Source<'_>,
    (index, written): (usize, &CombineSettings),
    rules: &[Rule],
    level: impl Fn(&Spanned<String>) -> Result<usize>,
) -> Result<Combine> {
    let (from, to) = (level(&written.from)?, level(&written.to)?);
    if to <= from {
        return Err(source
            .error(&written.to.span(), "a combination must amount to more than what it is made of")
            .help("name a level behind that of `from`"));
    }
    let mut domains = written.domains.get_ref().clone();
    domains.sort_unstable();
    domains.dedup();
    if domains.len() < 2 || domains.len() < written.domains.get_ref().len() {
        return Err(
            source.error(&written.domains.span(), "a combination needs two different domains or more")
        );
    }
    for domain in &domains {
        if !rules.iter().any(|rule| rule.domain == Some(*domain) && rule.level >= from) {
            return Err(source.error(
                &written.domains.span(),
                format!(
                    "no rule of {} has the level `{}` or a higher one",
                    domain.word(),
                    written.from.get_ref()
                ),
            ));
        }
    }
    let id = written.id.as_ref().map_or_else(|| format!("combine-{}", index + 1), |id| id.get_ref().clone());
    Ok(Combine { id, domains, from, to, because: written.because.clone() })
}
