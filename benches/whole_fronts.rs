//! Whole fronts for less: what continuation along strengths and interpolation between them reach against training every
//! strength from scratch, at equal compute, and how exchange rates move with the budget.
//!
//! `cargo bench --bench whole_fronts` (some minutes on two cores) prints the tables of BENCHMARKS.md. Everything but the time is
//! reproducible: it runs experiments as `equipoise run` does, in a temporary folder.

#![allow(clippy::print_stdout, reason = "a study prints its tables")]

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use equipoise::experiment;
use equipoise::files;
use equipoise::measure::MetricKey;
use equipoise::pareto::exchange::Outcome;
use equipoise::pareto::hypervolume;
use equipoise::run::{self, Judgement, Options, Silent};
use equipoise::stats::{mean, student_quantile, variance};

const SEEDS: u64 = 3;
/// Epochs per strength when each is trained from scratch.
const BUDGETS: [u32; 5] = [3, 5, 10, 20, 40];
const STRENGTHS: &str = "[0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]";
/// Every other one: three in between are interpolated.
const HALF: &str = "[0, 0.1, 0.2, 0.3]";
/// Network passes per training row and epoch: one for plain training, one more for each step of PGD-10.
const PASSES: (f64, f64) = (1.0, 11.0);

/// Of 500 test rows; a smaller change of a mean over seeds makes any ratio absurd.
const ROW: f64 = 1.0 / 500.0;

/// A way to a front.
struct Way {
    name: &'static str,
    strengths: &'static str,
    /// Strengths above 0 that are trained.
    defended: u32,
    /// Times the budget's epochs, so that the compute is equal.
    longer: u32,
    keys: &'static str,
}

const WAYS: [Way; 5] = [
    Way { name: "from scratch", strengths: STRENGTHS, defended: 6, longer: 1, keys: "" },
    Way { name: "continuation", strengths: STRENGTHS, defended: 6, longer: 1, keys: "continuation = true" },
    Way {
        name: "every other strength twice as long, 1 in between",
        strengths: HALF,
        defended: 3,
        longer: 2,
        keys: "interpolate = 1",
    },
    Way {
        name: "from scratch, 1 in between",
        strengths: STRENGTHS,
        defended: 6,
        longer: 1,
        keys: "interpolate = 1",
    },
    Way {
        name: "continuation, 1 in between",
        strengths: STRENGTHS,
        defended: 6,
        longer: 1,
        keys: "continuation = true\ninterpolate = 1",
    },
];

impl Way {
    fn config(&self, budget: u32) -> String {
        format!(
            "name = \"fronts\"\nseeds = {SEEDS}\nsuite = \"quick\"\n\
             [data]\nkind = \"dataset\"\nname = \"digits\"\n\
             [split]\ntest = 500\nvalidation = 147\n\
             [model]\nkind = \"mlp\"\nhidden = [128, 128]\n\
             [training]\nepochs = {}\n{}\n\
             [[defense]]\nmethod = {{ kind = \"at\", steps = 10, step = 0.25 }}\nstrengths = {}\n\
             [threat]\nnorm = \"linf\"\nepsilon = 0.2\n\
             [checks]\nrows = 0\n",
            self.longer * budget,
            self.keys,
            self.strengths,
        )
    }

    /// Passes per training row over the whole front, in those of a PGD-10 epoch.
    fn compute(&self, budget: u32) -> f64 {
        let epochs = f64::from(self.longer * budget);
        epochs * (PASSES.0 + PASSES.1 * f64::from(self.defended)) / PASSES.1
    }
}

fn main() {
    // `cargo test --benches` only asks whether it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let started = Instant::now();
    let mut found: Vec<(u32, Vec<Judgement>)> = Vec::new();
    for budget in BUDGETS {
        let ways = WAYS.iter().enumerate();
        let judged = ways.map(|(index, way)| judge(folder.path(), &format!("{budget}-{index}"), way, budget));
        found.push((budget, judged.collect()));
    }
    fronts(&found);
    for way in [0, 1] {
        rates(&found, way);
    }
    println!("All of it took {:.0} s.", started.elapsed().as_secs_f64());
}

fn judge(folder: &Path, name: &str, way: &Way, budget: u32) -> Judgement {
    let config = folder.join(format!("{name}.toml"));
    files::write_atomic(&config, way.config(budget).as_bytes(), None).expect("the folder can be written to");
    let loaded = experiment::load(&config, &[]).expect("the config is valid");
    let options = Options {
        out: &folder.join(name),
        datasets: folder,
        jobs: None,
        shard: None,
        observer: &Silent,
        cancel: &AtomicBool::new(false),
    };
    let results = run::run(&loaded, &options).expect("digits are embedded and the settings fit");
    results.look().and_then(|found| found.judge()).expect("every cell is there")
}

/// The hypervolume of the front of one seed alone; the reference is the worst of both axes, 0.
fn of_seed(judgement: &Judgement, seed: usize) -> f64 {
    let objectives = &judgement.front.objectives;
    let out = |index: usize| judgement.front.excluded.iter().any(|(excluded, _)| *excluded == index);
    let costs: Vec<Vec<f64>> = judgement
        .points
        .iter()
        .enumerate()
        .filter(|(index, _)| !out(*index))
        .filter_map(|(_, point)| {
            let value = |key: &MetricKey| point.measures.get(key)?.per_seed.get(seed)?.get();
            objectives.iter().map(|objective| Some(objective.cost(value(&objective.key)?))).collect()
        })
        .collect();
    hypervolume(&costs, &vec![1.0; objectives.len()])
}

fn fronts(found: &[(u32, Vec<Judgement>)]) {
    println!(
        "Hypervolume above (0, 0) of the front of robust accuracy at L∞ 0.2 and clean accuracy, digits test rows, {SEEDS} seeds; in \
         brackets the difference from scratch, mean over seeds ± half of its 95 % t interval.\n"
    );
    println!("| epochs per strength | {} |", WAYS.iter().map(|way| way.name).collect::<Vec<_>>().join(" | "));
    println!("|---:|{}", "---:|".repeat(WAYS.len()));
    for (budget, judged) in found {
        let seeds =
            |way: usize| (0..SEEDS as usize).map(|seed| of_seed(&judged[way], seed)).collect::<Vec<_>>();
        let scratch = seeds(0);
        let cells: Vec<String> = (0..WAYS.len())
            .map(|way| {
                let volume = judged[way].front.hypervolume;
                if way == 0 {
                    return format!("{volume:.4}");
                }
                let differences: Vec<f64> = seeds(way).iter().zip(&scratch).map(|(a, b)| a - b).collect();
                let n = differences.len() as f64;
                let error = (variance(&differences).unwrap_or(0.0) / n).sqrt();
                let half = student_quantile(0.975, n - 1.0) * error;
                format!("{volume:.4} ({:+.4} ± {half:.4})", mean(&differences).unwrap_or(0.0))
                    .replace('-', "−")
            })
            .collect();
        println!("| {budget} | {} |", cells.join(" | "));
    }
    let compute: Vec<String> = WAYS.iter().map(|way| format!("{:.2}", way.compute(1))).collect();
    println!("| compute per budget epoch, in PGD-10 epochs | {} |\n", compute.join(" | "));
}

/// Clean accuracy gained per unit of robust accuracy gained, step by step, at every budget.
fn rates(found: &[(u32, Vec<Judgement>)], way: usize) {
    println!(
        "Exchange rate (clean accuracy gained per robust accuracy gained, ratio of seed means) between neighboring strengths, {}. Negative: one was \
         paid for the other. ↓: robust accuracy fell (so positive with ↓: both fell). ~: one of the changes cannot be told from none (95 %, \
         {SEEDS} seeds). !: the sign differs from the budget before. —: robust accuracy changed by less than one row.\n",
        WAYS[way].name
    );
    let budgets: Vec<String> = found.iter().map(|(budget, _)| format!("{budget} epochs")).collect();
    println!("| from → to | {} |", budgets.join(" | "));
    println!("|---|{}", "---:|".repeat(found.len()));
    let steps = |judgement: &Judgement| -> Vec<(f64, f64)> {
        let strength = |index: usize| judgement.points[index].strength;
        let mut steps: Vec<(f64, f64)> =
            judgement.rates.iter().map(|arc| (strength(arc.from), strength(arc.to))).collect();
        steps.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        steps.retain(|(from, to)| to - from < 0.051);
        steps.dedup_by(|a, b| a.0.to_bits() == b.0.to_bits() && a.1.to_bits() == b.1.to_bits());
        steps
    };
    let (mut changed, mut clearly, mut all) = (0, 0, 0);
    for (from, to) in steps(&found[0].1[way]) {
        let mut before: Option<(f64, bool)> = None;
        let mut cells = Vec::new();
        for (_, judged) in found {
            let judgement = &judged[way];
            let arc = judgement.rates.iter().find(|arc| {
                judgement.points[arc.from].strength.to_bits() == from.to_bits()
                    && judgement.points[arc.to].strength.to_bits() == to.to_bits()
            });
            let Some(arc) = arc else {
                cells.push("—".to_owned());
                continue;
            };
            let (security, safety) = (arc.security_change.0, arc.safety_change.0);
            if security.abs() < ROW {
                cells.push("—".to_owned());
                before = None;
                continue;
            }
            let rate = safety / security;
            let unclear = matches!(arc.outcome, Outcome::NoPrice | Outcome::NoGain | Outcome::Unclear);
            let turned = before.is_some_and(|(before, _)| before * rate < 0.0);
            all += usize::from(before.is_some());
            changed += usize::from(turned);
            clearly += usize::from(turned && !unclear && before.is_some_and(|(_, unclear)| !unclear));
            let fell = if security < 0.0 { "↓" } else { "" };
            let marks = format!("{fell}{}{}", if unclear { "~" } else { "" }, if turned { "!" } else { "" });
            cells.push(format!("{rate:+.2}{marks}").replace('-', "−"));
            before = Some((rate, unclear));
        }
        println!("| {from} → {to} | {} |", cells.join(" | "));
    }
    println!(
        "\n{changed} of {all} rates change their sign from one budget to the next, {clearly} of them between two that are told from none.\n"
    );
}
