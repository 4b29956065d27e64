//! `equipoise gate`: whether a results folder got worse than a baseline, and what escalation rules say of its history.

mod confirm;
pub(super) mod escalation;
mod judge;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{DatasetsFolder, exit, terminal};
use crate::error::{Error, Result, did_you_mean};
use crate::experiment;
use crate::files;
use crate::gate::{self, Policy, Requirement, Shape, Verdict, Word};
use crate::measure::Pillar;
use crate::report::figure::{self, Look};
use crate::report::gate::{self as telling, Story};
use crate::run::Results;
use crate::run::baseline::Baseline;

pub(super) use confirm::fresh;
pub(super) use judge::{Judged, Question, held, judge};

/// Arguments of `gate`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A results folder that `run` made; with --rules and without --baseline also a table of windows, `window,point,metric,value,low,high`.
    #[arg(required_unless_present = "schema")]
    results: Option<PathBuf>,
    /// The baseline to hold it to; without one only --rules are judged.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["schema", "rules"])]
    baseline: Option<PathBuf>,
    /// Escalation rules (TOML), judged over the windows of history.csv and the present results as the newest.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// What the present results are called among the windows; numbers that the history has under it join them [default: present].
    #[arg(long, value_name = "LABEL", requires = "rules")]
    window: Option<String>,
    /// What must be shown [default: the baseline's].
    #[arg(long)]
    policy: Option<PolicyWord>,
    /// Probability of a false alarm over all endpoints together [default: the baseline's].
    #[arg(long, value_parser = level)]
    alpha: Option<f64>,
    /// Further verdicts (or shapes) to fail on, such as `inconclusive,slide`.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = failing)]
    fail_on: Vec<String>,
    /// A limit that must be kept, besides the baseline's, quoted: a metric key, one of >=, >, <=, < and a number, such as `worst_group_accuracy>=0.6`, or `… at strength=0.1` for single points.
    #[arg(long, value_name = "LIMIT", requires = "baseline")]
    require: Vec<Requirement>,
    /// The pillar that the change claims to improve: then a gain in it must be shown, and that the other is no worse.
    #[arg(long, requires = "baseline")]
    claim: Option<PillarWord>,
    /// Ask alarms again on fresh seeds before believing them; runs what alarmed.
    #[arg(long, requires = "baseline")]
    confirm: bool,
    /// The program that made the baseline, to run the baseline's side on the fresh seeds as well.
    #[arg(long, value_name = "PATH", requires = "confirm")]
    base_binary: Option<PathBuf>,
    /// Cells at once while confirming [default: cores].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// The results folder that the baseline was made of: gains under attack are then cross-checked.
    #[arg(long, value_name = "DIR", requires = "baseline")]
    base_results: Option<PathBuf>,
    /// Where to write the verdict as JSON, folders included; for results that can only be read, say where [default: verdict.json in the results folder].
    #[arg(long, value_name = "FILE")]
    verdict: Option<PathBuf>,
    /// Append the verdict as Markdown, as in `--summary "$GITHUB_STEP_SUMMARY"`; missing folders are made.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Write the verdict as JUnit XML; missing folders are made.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Draw baseline and run over each other, with every difference, as gate.svg and gate.png in this folder.
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Print annotations for GitHub Actions, at most 10.
    #[arg(long)]
    github: bool,
    /// The experiment's file, for annotations to point at.
    #[arg(long, value_name = "FILE", requires = "github")]
    config: Option<PathBuf>,
    /// Print the verdict as JSON instead of text.
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of verdict.json, and do nothing else.
    #[arg(long)]
    schema: bool,
    #[command(flatten)]
    datasets: DatasetsFolder,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum PolicyWord {
    /// Fail where a regression beyond the margin is shown.
    Detect,
    /// Fail unless every endpoint is shown to be no worse than its margin.
    Certify,
}

impl PolicyWord {
    pub(super) fn policy(self) -> Policy {
        match self {
            Self::Detect => Policy::Detect,
            Self::Certify => Policy::Certify,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PillarWord {
    Safety,
    Security,
}

pub(super) fn level(text: &str) -> std::result::Result<f64, String> {
    let number = text.parse().ok().filter(|alpha: &f64| *alpha > 0.0 && *alpha <= 0.5);
    number.ok_or_else(|| "it must be a number above 0 and at most 0.5".to_owned())
}

const SHAPES: [Shape; 5] = [Shape::Regressed, Shape::Improved, Shape::Slide, Shape::Bent, Shape::Mixed];

fn failing(text: &str) -> std::result::Result<String, String> {
    let words = Word::ALL.into_iter().map(Word::word).chain(SHAPES.into_iter().map(Shape::word));
    if words.clone().any(|word| word == text) {
        return Ok(text.to_owned());
    }
    let hint = did_you_mean(text, words.clone());
    let all: std::collections::BTreeSet<&str> = words.collect();
    Err(format!("unknown verdict{hint}; there are {}", all.into_iter().collect::<Vec<_>>().join(", ")))
}

/// The file in the results folder.
const VERDICT: &str = "verdict.json";

/// Judges and tells.
pub(super) fn execute(arguments: &Arguments, quiet: bool) -> Result<u8> {
    let (Some(results), false) = (&arguments.results, arguments.schema) else {
        // What is required is missing only where the schema is asked for.
        terminal::product(telling::SCHEMA_FILE)?;
        return Ok(exit::FINE);
    };
    let baseline = arguments.baseline.as_ref().map(|path| path.display().to_string());
    let rules = arguments.rules.as_deref().map(escalation::name);
    let outcome = match outcome(arguments, results, quiet) {
        Ok(outcome) => outcome,
        Err(error) => {
            // Scripts that look at the file find why, and never the verdict of an earlier run.
            let code = exit::number(error.kind());
            let verdict = failure(&error, code);
            let name = results.file_name().unwrap_or_default().to_string_lossy();
            let story = Story {
                name: &name,
                baseline: baseline.as_deref(),
                rules: rules.as_deref(),
                samples: None,
                alpha: arguments.alpha.unwrap_or(gate::DEFAULT_ALPHA),
                policy: arguments.policy.map_or(Policy::Detect, PolicyWord::policy).word(),
                code,
                verdict: &verdict,
            };
            // What cannot be written either leaves the error itself to say so.
            let _ = publish(arguments, &story, results, None);
            return Err(error);
        }
    };
    let code = code(&outcome.verdict, &arguments.fail_on, outcome.policy);
    let story = Story {
        name: &outcome.name,
        baseline: baseline.as_deref(),
        rules: rules.as_deref(),
        samples: outcome.samples.as_deref(),
        alpha: outcome.alpha,
        policy: outcome.policy.word(),
        code,
        verdict: &outcome.verdict,
    };
    let Published { json, unwritten, others } = publish(arguments, &story, results, outcome.store.as_ref())?;
    let drawn = arguments.figures.as_ref().map_or(Ok(()), |to| draw(outcome.overlay.as_ref(), &story, to));
    // The verdict is told whatever becomes of other files.
    terminal::product(&if arguments.json {
        json
    } else {
        telling::terminal(&story, Some(&results.display().to_string()))
    })?;
    others.and(drawn)?;
    Ok(unwritten.map_or(code, |unwritten| unwritten.told(code)))
}

/// What came of the files of a verdict.
struct Published {
    /// The verdict as JSON.
    json: String,
    /// What of it could not be written to where it belongs.
    unwritten: Option<Unwritten>,
    /// Whether the other files that were asked for were written.
    others: Result<()>,
}

/// A verdict file that could not be written to where it belongs, in results that can only be read.
struct Unwritten {
    path: PathBuf,
    error: Error,
    /// Whether another verdict stands there, and whoever looks at the file takes it for this one.
    stale: bool,
}

impl Unwritten {
    /// Says so, and returns the exit code: that of the verdict, which was told; bad usage where a script that reads the file would be misled.
    fn told(&self, code: u8) -> u8 {
        let why = self.error.chain().join(": ");
        let path = self.path.display();
        if self.stale {
            terminal::talk(&format!(
                "error: {why}; what stands in `{path}` is another verdict, so the exit code is {}, not {code}\nhelp: say where to write this one: --verdict FILE",
                exit::BAD_INPUT
            ));
            return exit::BAD_INPUT;
        }
        terminal::talk(&format!(
            "warning: no `{path}` was written: {why}\nhelp: say where to write it: --verdict FILE; the exit code is that of the verdict"
        ));
        code
    }
}

/// A verdict with what is told beside it.
struct Outcome {
    name: String,
    /// The results folder, where it is one.
    store: Option<Results>,
    samples: Option<String>,
    alpha: f64,
    policy: Policy,
    verdict: Verdict,
    /// Both sides on one plane, where there are two and they are to be drawn.
    overlay: Option<gate::Overlay>,
}

/// Judges: against a baseline, under rules, or both.
fn outcome(arguments: &Arguments, results: &Path, quiet: bool) -> Result<Outcome> {
    experiment::possible(&arguments.require)?;
    let book = arguments.rules.as_deref().map(escalation::read).transpose()?;
    let window = arguments.window.as_deref();
    let Some(baseline) = &arguments.baseline else {
        // The command line asks for one of the two.
        let book = book.ok_or_else(|| Error::input("there is neither a baseline nor a rule file"))?;
        // A gate that forgot its baseline must not be green.
        if let Some(rule) = book.asks_of_baseline() {
            return Err(Error::input(format!(
                "rule `{}` asks `regressed`, which is known against a baseline only",
                rule.id
            ))
            .help("name the baseline with --baseline, or keep such rules in a file of their own"));
        }
        let (name, store, verdict) = if results.is_file() {
            if window.is_some() {
                return Err(
                    Error::input("the windows of a table have their labels").help("leave --window out")
                );
            }
            (
                escalation::table_name(results),
                None,
                gate::unjudged().escalated(escalation::over_table(&book, results)?),
            )
        } else {
            let store = Results::open(results)?;
            let found = store.look()?;
            let name = found.experiment().name.clone();
            let verdict = escalation::verdict(&book, (&store, &found), window)?;
            drop(found);
            (name, Some(store), verdict)
        };
        return Ok(Outcome {
            name,
            store,
            samples: None,
            alpha: arguments.alpha.unwrap_or(gate::DEFAULT_ALPHA),
            policy: arguments.policy.map_or(Policy::Detect, PolicyWord::policy),
            verdict,
            overlay: None,
        });
    };
    let question = Question {
        results,
        baseline,
        policy: arguments.policy.map(PolicyWord::policy),
        alpha: arguments.alpha,
        claim: arguments.claim.map(|claim| match claim {
            PillarWord::Safety => Pillar::Safety,
            PillarWord::Security => Pillar::Security,
        }),
        require: &arguments.require,
        base_results: arguments.base_results.as_deref(),
        datasets: &arguments.datasets.datasets,
        confirm: arguments.confirm.then_some(confirm::How {
            base_binary: arguments.base_binary.as_deref(),
            jobs: arguments.jobs.map(usize::from),
            quiet,
        }),
    };
    let mut judged = judge(&question)?;
    if let (Some(book), true) = (&book, judged.side.is_some()) {
        let found = judged.results.look()?;
        let baseline = judged.baseline.as_ref();
        let endpoints = baseline.and_then(|baseline| gate::looked_at(&judged.verdict, &baseline.side));
        let course = escalation::over_folder(book, (&judged.results, &found), window, endpoints.as_deref())?;
        drop(found);
        judged.verdict = judged.verdict.escalated(course);
    }
    let sides = judged.baseline.as_ref().zip(judged.side.as_ref()).filter(|_| arguments.figures.is_some());
    let overlay = sides.and_then(|(baseline, side)| gate::overlay(&baseline.side, side));
    Ok(Outcome {
        name: judged.name,
        overlay,
        store: Some(judged.results),
        samples: judged.baseline.map(|baseline: Baseline| baseline.manifest.samples),
        alpha: judged.rules.alpha,
        policy: judged.rules.policy,
        verdict: judged.verdict,
    })
}

/// The verdict of an error that ends with `code`.
fn failure(error: &Error, code: u8) -> Verdict {
    let reasons = judge::said(error);
    match code {
        exit::NOT_COMPARABLE => gate::not_comparable(reasons),
        exit::INCOMPLETE => gate::incomplete(reasons),
        _ => gate::error(reasons),
    }
}

/// Writes every file that was asked for, and prints annotations. `store` is the results folder, where it is one.
fn publish(
    arguments: &Arguments,
    story: &Story<'_>,
    folder: &Path,
    store: Option<&Results>,
) -> Result<Published> {
    let json = telling::json(story)?;
    let mut unwritten = None;
    if let Some(path) = &arguments.verdict {
        files::write_atomic(path, json.as_bytes(), None)?;
    } else {
        // Of a table, beside it.
        let path = if folder.is_file() { folder.with_extension(VERDICT) } else { folder.join(VERDICT) };
        let written = match store {
            Some(store) => store.write(VERDICT, json.as_bytes()),
            None if folder.exists() => files::write_atomic(&path, json.as_bytes(), None),
            None => Ok(()),
        };
        if let Err(error) = written {
            // The same verdict, from before, misleads nobody.
            let stale = files::read(&path).is_ok_and(|there| there != json.as_bytes());
            unwritten = Some(Unwritten { path, error, stale });
        }
    }
    let text = || telling::markdown(story, Some(&folder.display().to_string()));
    let summary = arguments.summary.as_ref().map_or(Ok(()), |path| append(path, &text()));
    let junit = || telling::junit(story);
    let write = |path: &PathBuf| files::write_atomic(path, junit()?.as_bytes(), None);
    let others = summary.and(arguments.junit.as_ref().map_or(Ok(()), write));
    if arguments.github {
        let line = arguments.config.as_deref().map(line_of_sweep).transpose()?;
        let config = arguments.config.as_deref().map(|path| path.display().to_string());
        let place = config.as_deref().map(|config| (config, line.flatten()));
        let annotations = telling::annotations(story, place);
        if arguments.json {
            terminal::talk(annotations.trim_end());
        } else {
            terminal::product(&annotations)?;
        }
    }
    Ok(Published { json, unwritten, others })
}

/// Draws the figure, where there is something to lay over each other.
fn draw(overlay: Option<&gate::Overlay>, story: &Story<'_>, folder: &Path) -> Result<()> {
    let Some(overlay) = overlay else {
        terminal::talk("no figure: it takes a baseline, results and a front of two objectives");
        return Ok(());
    };
    let figure = figure::gate(story, overlay, Look::SCREEN);
    files::write_atomic(&folder.join("gate.svg"), figure.svg.as_bytes(), None)?;
    files::write_atomic(&folder.join("gate.png"), &figure::png(&figure.svg)?, None)
}

/// Appends, as a step summary is appended to by every step.
fn append(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    let mut file = files::append(path)?;
    file.write_all(text.as_bytes()).map_err(|error| Error::io("write", path, &error))
}

/// The line with the strengths of the first defense.
fn line_of_sweep(config: &Path) -> Result<Option<usize>> {
    let place = experiment::load(config, &[])?.place(&["defense", "0", "strengths"]);
    Ok(place.rsplit(':').nth(1).and_then(|line| line.parse().ok()))
}

/// The exit code of a verdict.
pub(super) fn code(verdict: &Verdict, fail_on: &[String], policy: Policy) -> u8 {
    let listed = |word: &str| fail_on.iter().any(|other| other == word);
    let asked = listed(verdict.word.word()) || verdict.shape.is_some_and(|shape| listed(shape.word()));
    match verdict.word {
        Word::NotComparable => exit::NOT_COMPARABLE,
        Word::Incomplete => exit::INCOMPLETE,
        Word::Error => exit::BAD_INPUT,
        Word::Regressed | Word::Suspect | Word::Violated | Word::NotCertified | Word::Escalated => {
            exit::CHECK_FAILED
        }
        // To certify is to ask for an answer.
        Word::Inconclusive | Word::Unknown if asked || policy == Policy::Certify => exit::INCONCLUSIVE,
        _ if asked => exit::CHECK_FAILED,
        _ => exit::FINE,
    }
}

impl Judged {
    /// What the formats tell.
    pub(super) fn story<'a>(&'a self, baseline: &'a str, code: u8) -> Story<'a> {
        Story {
            name: &self.name,
            baseline: Some(baseline),
            rules: None,
            samples: self.baseline.as_ref().map(|baseline: &Baseline| baseline.manifest.samples.as_str()),
            alpha: self.rules.alpha,
            policy: self.rules.policy.word(),
            code,
            verdict: &self.verdict,
        }
    }
}
