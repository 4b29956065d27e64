//! Checks of what the attacks have recorded anyway: they cost nothing.

use std::collections::BTreeMap;

use super::{Bar, Bench, Check, Look, Sight};
use crate::attacks::Arena;
use crate::error::Result;
use crate::evidence::{EvasionFacts, UNION};
use crate::models::Access;

/// Warm starts make every curve monotone; this verifies it.
pub(super) static MONOTONE: Check = Check {
    id: "monotone",
    number: 2,
    rule: "a row that fell at one radius does not stand at a larger one",
    advice: "this is a defect of an attack: report it",
    source: "Carlini et al. 2019, arXiv 1902.06705",
    bar: Bar::Never,
    look: Look::Model(monotone),
};

fn monotone(bench: &mut Bench<'_>) -> Result<Sight> {
    let mut curves: BTreeMap<&str, Vec<&EvasionFacts>> = BTreeMap::new();
    for facts in bench.subject.facts {
        curves.entry(&facts.attack).or_default().push(facts);
    }
    let (mut hits, mut of) = (0, 0);
    for curve in curves.values_mut() {
        curve.sort_by(|a, b| a.epsilon.total_cmp(&b.epsilon));
        for pair in curve.windows(2) {
            of += pair[0].standing.len();
            hits +=
                pair[0].standing.iter().zip(&pair[1].standing).filter(|(near, far)| !**near && **far).count();
        }
    }
    if of == 0 {
        return Ok(Sight::nothing("there is one radius only"));
    }
    Ok(Sight::count(
        hits,
        of,
        format!("{hits} of {of} rows, counted per attack and radius, rose again at a larger radius"),
    ))
}

pub(super) static SILENT_SUCCESS: Check = Check {
    id: "silent-success",
    number: 18,
    rule: "a row counts as fallen if any point tried was misclassified",
    advice: "this is a defect of an attack: report it",
    source: "Pintor et al. 2022, arXiv 2106.09947",
    bar: Bar::Never,
    look: Look::Model(silent_success),
};

fn silent_success(bench: &mut Bench<'_>) -> Result<Sight> {
    let labels = &bench.subject.rows.facts.labels;
    // An exact attack decides by exact arithmetic, also where f32 outputs at a margin of 0 disagree.
    let all: Vec<&EvasionFacts> = bench.subject.facts.iter().filter(|facts| !facts.exact).collect();
    let missed = |facts: &&EvasionFacts| {
        let rows = facts.standing.iter().zip(&facts.max_loss.predictions).zip(labels);
        rows.filter(|((standing, said), label)| **standing && said != label).count()
    };
    let (hits, of) = (all.iter().map(missed).sum(), all.iter().map(|facts| facts.standing.len()).sum());
    Ok(Sight::count(
        hits,
        of,
        format!(
            "{hits} of {of} rows, counted per attack and radius, count as standing though a point that was tried is misclassified"
        ),
    ))
}

pub(super) static IDLE_ATTACK: Check = Check {
    id: "idle-attack",
    number: 21,
    rule: "every attack that took rows on has asked the model, and for gradients if it needs them",
    advice: "the attack did nothing, and proves nothing: report it",
    source: "Cina et al. 2025, AttackBench, whose caught exceptions count as robustness",
    bar: Bar::Never,
    look: Look::Model(idle_attack),
};

fn idle_attack(bench: &mut Bench<'_>) -> Result<Sight> {
    let (mut idle, mut of) = (Vec::new(), 0);
    for member in &bench.subject.suite.members {
        let attack = member.spec.build();
        let own =
            bench.subject.facts.iter().filter(|facts| facts.attack == member.name && facts.epsilon > 0.0);
        let mut ran = false;
        for facts in own {
            ran = true;
            if !facts.tried.contains(&true) {
                continue;
            }
            of += 1;
            // Where few rows are possible, `caa` tries them all and needs no gradients.
            let searches = attack.knows_constraints();
            let needs_gradients = attack.access() == Access::Gradients && !attack.exact() && !searches;
            if facts.effort.forwards == 0 || (needs_gradients && facts.effort.backwards == 0) {
                idle.push(format!("`{}` at radius {}", member.name, facts.epsilon));
            }
        }
        if !ran && bench.subject.epsilon > 0.0 {
            of += 1;
            idle.push(format!("`{}` at every radius", member.name));
        }
    }
    if of == 0 {
        return Ok(Sight::nothing("no attack had a row to take on"));
    }
    let words = match idle.as_slice() {
        [] => format!("all {of} runs of attacks asked the model for what they need"),
        idle => format!("{} took rows on and never asked the model for what it needs", idle.join(", ")),
    };
    Ok(Sight::count(idle.len(), of, words))
}

pub(super) static ZERO_RADIUS: Check = Check {
    id: "zero-radius",
    number: 22,
    rule: "at radius 0 exactly the rows that are right stand",
    advice: "this is a defect of an attack: report it",
    source: "torchattacks issue 124",
    bar: Bar::Never,
    look: Look::Model(zero_radius),
};

fn zero_radius(bench: &mut Bench<'_>) -> Result<Sight> {
    let differs = |standing: &[bool], correct: &[bool]| {
        standing.iter().zip(correct).filter(|(standing, correct)| standing != correct).count()
    };
    let labels = &bench.subject.rows.facts.labels;
    let correct: Vec<bool> =
        labels.iter().zip(&bench.subject.clean.predictions).map(|(y, p)| y == p).collect();
    let (mut hits, mut of) = (0, 0);
    for facts in bench.subject.facts.iter().filter(|facts| facts.epsilon <= 0.0) {
        (hits, of) = (hits + differs(&facts.standing, &correct), of + correct.len());
    }
    let sample = &bench.sample;
    let mut arena = Arena {
        network: &mut *bench.subject.network,
        rows: &sample.rows,
        clean: &sample.clean,
        features: bench.subject.features,
        constraints: bench.subject.constraints,
        norm: bench.subject.norm,
        epsilons: &[0.0],
        seed: bench.subject.seed,
        stop: bench.subject.stop,
    };
    bench.subject.suite.run(&mut arena, false, &mut |bout| {
        if bout.facts.attack == UNION {
            (hits, of) = (hits + differs(&bout.facts.standing, &sample.correct), of + sample.correct.len());
        }
        Ok(())
    })?;
    Ok(Sight::count(hits, of, format!("{hits} of {of} rows differ between radius 0 and no attack")))
}
