//! Suites: several attacks that together stand for the adversary, and the one pass over the radii that gives the security curve.
//!
//! The worst case over all attacks counts, row by row. A row that fell at a smaller radius stays fallen at the larger
//! ones, so every curve is monotone. In a *cascade* each attack works only on the rows that the ones before left
//! standing; otherwise every attack works on every row, and its own number is known.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::spec::short_hash;
use super::{Constraints, Found, Spec, Stop, Target, ThreatModel, attempt, under};
use crate::data::{Feature, Rows};
use crate::error::{Error, Result};
use crate::evidence::{Effort, EvasionFacts, Outputs, UNION};
use crate::measure::Norm;
use crate::models::{Architecture, Network};
use crate::seed::Seed;

/// A suite that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The four attacks of `AutoAttack` (Croce and Hein 2020), each on the rows still standing.
    Standard,
    /// The same four, each on every row.
    Individual,
    /// A cascade within a budget for sweeps, its weaker attacks as checks on a sample of the rows.
    Quick,
}

/// The rows that the `quick` suite's checks work on.
const SAMPLE: usize = 100;

impl Preset {
    /// The attacks of the preset in this norm.
    #[must_use]
    pub fn suite(self, norm: Norm) -> Suite {
        let attacks: &[(&str, Option<usize>)] = match self {
            Self::Standard | Self::Individual => &[
                ("kind = \"apgd\"", None),
                ("kind = \"apgd-t\"", None),
                ("kind = \"fab-t\"", None),
                ("kind = \"square\"", None),
            ],
            Self::Quick => &[
                ("kind = \"apgd\"\nsteps = 50", None),
                ("kind = \"apgd-t\"\nsteps = 50\ntargets = 3", None),
                ("kind = \"fab-t\"\nsteps = 50", Some(SAMPLE)),
                ("kind = \"square\"\nqueries = 1000", Some(SAMPLE)),
            ],
        };
        let member = |(text, sample): &(&str, Option<usize>)| {
            let spec = Spec::written(text);
            Member { name: spec.name(), spec, sample: *sample }
        };
        let knows = |member: &Member| {
            norm != Norm::L1 || matches!(member.spec, Spec::Apgd { .. } | Spec::ApgdT { .. })
        };
        let members = attacks.iter().map(member).filter(knows).collect();
        Suite { members, cascade: self != Self::Individual }
    }
}

/// One attack of a suite.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Names it in reports; part of the key of its draws.
    pub name: String,
    /// The attack.
    pub spec: Spec,
    /// Where set, it works on that many rows only (see [`sample`]): a check on the others, not an attack on all.
    pub sample: Option<usize>,
}

/// Several attacks, in the order in which they attack.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    /// The attacks, at least one, with distinct names.
    pub members: Vec<Member>,
    /// Whether each attack works only on rows still standing after those before.
    pub cascade: bool,
}

/// Where a suite attacks.
pub struct Arena<'a> {
    /// The model.
    pub network: &'a mut dyn Network,
    /// The rows.
    pub rows: &'a Rows,
    /// The model's outputs on the unchanged rows.
    pub clean: &'a Outputs,
    /// What may be changed, and how far; as many as numbers in a row.
    pub features: &'a [Feature],
    /// What a row must obey besides, where this is a threat model for tables. The features that may change are then its own.
    pub constraints: Option<&'a Constraints>,
    /// How distance is measured.
    pub norm: Norm,
    /// Radii, strictly ascending, each finite and at least 0; 0 is the clean row.
    pub epsilons: &'a [f64],
    /// The replicate's seed.
    pub seed: Seed,
    /// Whether to stop early.
    pub stop: Stop<'a>,
}

/// What one attack of a suite has done at one radius, or all of them ([`UNION`], after the last).
pub struct Bout<'a> {
    /// Index of the radius.
    pub radius: usize,
    /// What is now known. In a cascade `standing` counts what the attacks before found as well.
    pub facts: EvasionFacts,
    /// The points; those of a union that is no cascade are kept only where asked for.
    pub found: &'a Found,
    /// Time taken; 0 for the union.
    pub seconds: f64,
}

/// Told of every bout as it ends.
pub type Observer<'a> = dyn FnMut(&Bout<'_>) -> Result<()> + 'a;

impl Suite {
    /// The same and, last, the search for valid rows `caa`, where no attack of the suite heeds constraints: without it a threat model's
    /// categories would never change.
    #[must_use]
    pub fn for_tables(mut self, norm: Norm) -> Self {
        let heeds = |member: &Member| member.spec.build().knows_constraints();
        if norm != Norm::L1 && !self.members.iter().any(heeds) {
            let spec = Spec::written("kind = \"caa\"");
            self.members.push(Member { name: spec.name(), spec, sample: None });
        }
        self
    }

    /// The attacks as listed, each on every row, named by kind and loss, and by a number where two share both.
    #[must_use]
    pub fn of(specs: &[Spec]) -> Self {
        let mut members: Vec<Member> = Vec::new();
        for spec in specs {
            let name = spec.name();
            let alike = |member: &&Member| {
                member.name == name
                    || member.name.starts_with(&format!("{name}-")) && member.spec.name() == name
            };
            let number = members.iter().filter(alike).count();
            let name = if number == 0 { name } else { format!("{name}-{}", number + 1) };
            members.push(Member { name, spec: spec.clone(), sample: None });
        }
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Self { members, cascade: false }
    }

    /// # Errors
    ///
    /// Where the suite is empty, a name is taken, or an attack cannot attack such a model in this norm.
    pub fn check(&self, architecture: &Architecture, norm: Norm) -> Result<()> {
        if self.members.is_empty() {
            return Err(Error::input("there is no attack to evaluate with").help("add one to the suite"));
        }
        for (index, member) in self.members.iter().enumerate() {
            if member.name == UNION || self.members[..index].iter().any(|other| other.name == member.name) {
                return Err(Error::input(format!("two attacks are named `{}`", member.name)));
            }
            member.spec.check(architecture, norm)?;
        }
        Ok(())
    }

    /// 8 hexadecimal digits that name the worst case over the suite: every attack with every setting; their order does not matter.
    #[must_use]
    pub fn protocol(&self) -> String {
        self.protocol_of(self.members.len())
    }

    /// The protocol of member number `index`: its own, or in a cascade that of all up to it.
    #[must_use]
    pub fn member_protocol(&self, index: usize) -> String {
        if self.cascade { self.protocol_of(index + 1) } else { self.members[index].spec.protocol() }
    }

    fn protocol_of(&self, members: usize) -> String {
        let protocol = |member: &Member| match member.sample {
            None => member.spec.protocol(),
            Some(rows) => format!("{} on {rows}", member.spec.protocol()),
        };
        let mut protocols: Vec<String> = self.members[..members].iter().map(protocol).collect();
        protocols.sort_unstable();
        short_hash(&if self.cascade {
            serde_json::json!({ "rules": super::spec::RULES, "cascade": protocols })
        } else {
            serde_json::json!({ "rules": super::spec::RULES, "union": protocols })
        })
    }

    /// Whether one of the attacks computes the exact worst case.
    #[must_use]
    pub fn exact(&self) -> bool {
        self.members.iter().any(|member| member.sample.is_none() && member.spec.build().exact())
    }

    /// For people: the attacks with their effort.
    #[must_use]
    pub fn words(&self) -> String {
        let words = |member: &Member| match member.sample {
            None => member.spec.words(),
            Some(rows) => format!("{} on {rows} rows", member.spec.words()),
        };
        self.members.iter().map(words).collect::<Vec<_>>().join(", ")
    }

    /// Attacks at every radius, and tells `observe` of each bout: attacks in order, then their union, at each radius.
    ///
    /// Without a cascade the radii are the inner loop, and the unions follow when all attacks are through; `points` says whether they keep theirs.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check); radii that cannot be worked with; a number that is not finite; a stop; what `observe` returns.
    pub fn run(&self, arena: &mut Arena<'_>, points: bool, observe: &mut Observer<'_>) -> Result<()> {
        self.check(arena.network.architecture(), arena.norm)?;
        check_radii(arena.epsilons)?;
        for member in &self.members {
            let needs = member.spec.build().access();
            if arena.network.access() < needs {
                return Err(Error::input(format!(
                    "attack `{}` needs {needs:?}, and the model offers {:?} only",
                    member.name,
                    arena.network.access()
                ))
                .help("use an attack that needs less"));
            }
        }
        if self.cascade { self.run_cascade(arena, observe) } else { self.run_each(arena, points, observe) }
    }

    fn run_cascade(&self, arena: &mut Arena<'_>, observe: &mut Observer<'_>) -> Result<()> {
        let mut found = Found::new(&arena.rows.x, &arena.rows.facts.labels, arena.clean);
        let (protocol, exact) = (arena.under(self.protocol()), self.exact() && arena.constraints.is_none());
        for (radius, epsilon) in arena.epsilons.iter().copied().enumerate() {
            let (mut effort, mut tried) = (Effort::default(), vec![false; found.len()]);
            for (index, member) in self.members.iter().enumerate() {
                let seconds = member.attack(arena, epsilon, &mut found)?;
                effort.forwards += found.effort.forwards;
                effort.backwards += found.effort.backwards;
                tried.iter_mut().zip(&found.tried).for_each(|(all, own)| *all |= own);
                let exact = arena.constraints.is_none()
                    && self.members[..=index].iter().any(|m| m.sample.is_none() && m.spec.build().exact());
                let protocol = arena.under(self.member_protocol(index));
                let facts = found.facts(&member.name, &protocol, arena.norm, epsilon, exact);
                observe(&Bout { radius, facts, found: &found, seconds })?;
            }
            let union = found.facts(UNION, &protocol, arena.norm, epsilon, exact);
            let facts = EvasionFacts { tried, effort, ..union };
            observe(&Bout { radius, facts, found: &found, seconds: 0.0 })?;
        }
        Ok(())
    }

    fn run_each(&self, arena: &mut Arena<'_>, points: bool, observe: &mut Observer<'_>) -> Result<()> {
        let kept = if points { arena.rows.x.as_slice() } else { &[] };
        let mut unions = vec![Found::new(kept, &arena.rows.facts.labels, arena.clean); arena.epsilons.len()];
        for member in &self.members {
            let exact = member.spec.build().exact() && arena.constraints.is_none();
            let protocol = arena.under(member.spec.protocol());
            let mut found = Found::new(&arena.rows.x, &arena.rows.facts.labels, arena.clean);
            for (radius, epsilon) in arena.epsilons.iter().copied().enumerate() {
                let seconds = member.attack(arena, epsilon, &mut found)?;
                let facts = found.facts(&member.name, &protocol, arena.norm, epsilon, exact);
                observe(&Bout { radius, facts, found: &found, seconds })?;
                unions[radius].unite(&found);
            }
        }
        let (protocol, exact) = (arena.under(self.protocol()), self.exact() && arena.constraints.is_none());
        for (radius, (epsilon, union)) in arena.epsilons.iter().zip(&unions).enumerate() {
            let facts = union.facts(UNION, &protocol, arena.norm, *epsilon, exact);
            observe(&Bout { radius, facts, found: union, seconds: 0.0 })?;
        }
        Ok(())
    }
}

impl Arena<'_> {
    /// See [`under`].
    fn under(&self, protocol: String) -> String {
        under(self.constraints.map(Constraints::name), protocol)
    }
}

impl Member {
    /// One bout; returns the seconds it took.
    fn attack(&self, arena: &mut Arena<'_>, epsilon: f64, found: &mut Found) -> Result<f64> {
        let begin = Instant::now();
        found.begin();
        if epsilon > 0.0 {
            let features = arena.constraints.map_or(arena.features, Constraints::features);
            let threat = ThreatModel::new(arena.norm, epsilon, features);
            let sample = self.sample.map(|rows| sample(&arena.rows.facts.rows, rows));
            let mut target = Target {
                network: &mut *arena.network,
                rows: arena.rows,
                threat: &threat,
                constraints: arena.constraints,
                warm: found.attacked,
                only: sample.as_deref(),
                seed: arena.seed,
                name: &self.name,
                stop: arena.stop,
            };
            let at = || format!("attack `{}` at {} {epsilon}", self.name, arena.norm.sign());
            attempt(self.spec.build().as_ref(), arena.clean, &mut target, found)
                .map_err(|error| error.context(at()))?;
            if let Some(constraints) = arena.constraints {
                check_valid(constraints, &threat, arena.rows, found).map_err(|error| error.context(at()))?;
            }
            found.attacked = true;
        }
        Ok(begin.elapsed().as_secs_f64())
    }
}

/// Flags of `count` of the rows with these numbers (all, where there are no more), chosen by number alone: the same for every model, seed and strength.
#[must_use]
pub fn sample(numbers: &[u32], count: usize) -> Vec<bool> {
    let streams = Seed(0).streams("sample");
    let mut order: Vec<(u64, usize)> = numbers
        .iter()
        .enumerate()
        .map(|(index, number)| (streams.stream(*number, 0).below(1 << 40), index))
        .collect();
    order.sort_unstable();
    let mut flags = vec![false; numbers.len()];
    order.iter().take(count).for_each(|(_, index)| flags[*index] = true);
    flags
}

/// Whatever attacked: a row that fell without a valid point is a defect, never a number.
fn check_valid(constraints: &Constraints, threat: &ThreatModel, rows: &Rows, found: &Found) -> Result<()> {
    for row in (0..found.len()).filter(|row| found.correct[*row]) {
        let points = found.first_success(row).into_iter().chain([found.max_loss(row)]);
        for point in points {
            if let Some(violation) = constraints.violations(threat, rows.row(row), point).first() {
                let number = rows.facts.rows[row];
                return Err(Error::internal(format!(
                    "an invalid point was kept for data-set row {number}: {violation}"
                )));
            }
        }
    }
    Ok(())
}

fn check_radii(epsilons: &[f64]) -> Result<()> {
    if let Some(epsilon) = epsilons.iter().find(|epsilon| !(epsilon.is_finite() && **epsilon >= 0.0)) {
        return Err(Error::input(format!(
            "an evaluation epsilon must be finite and at least 0, got `{epsilon}`"
        )));
    }
    if epsilons.is_empty() || !epsilons.is_sorted_by(|a, b| a < b) {
        return Err(Error::input("the evaluation epsilons must be at least one, ascending and distinct"));
    }
    Ok(())
}
