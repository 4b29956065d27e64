//! Many cells at once, one thread inside each.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::events::Event;
use super::pipeline::{self, Ended, Work};
use crate::error::{Error, Kind, Result};
use crate::experiment::Cell;
use crate::simd;

/// How long to wait before looking again at a cell that another process works on.
const PATIENCE: Duration = Duration::from_millis(200);

const UNPOISONED: &str = "no worker panics with the lock";

/// Works on `waiting` in order, `jobs` at once; returns how many are done. Stops early, without an error, when cancelled.
pub(super) fn all(work: &Work<'_>, waiting: &[&Cell], jobs: usize) -> Result<usize> {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let elsewhere: Mutex<Vec<&Cell>> = Mutex::new(Vec::new());
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let attend = |cell| match one(work, cell) {
        Ok(Some(())) => {
            done.fetch_add(1, Ordering::SeqCst);
        }
        Ok(None) => elsewhere.lock().expect(UNPOISONED).push(cell),
        Err(error) => {
            failure.lock().expect(UNPOISONED).get_or_insert(error);
        }
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.min(waiting.len()).max(1))
        .build()
        .map_err(|error| Error::internal(format!("cannot start threads: {error}")))?;
    // Workers take cells from one queue, so that cells are begun in the order of the plan: seed-major.
    pool.broadcast(|_| {
        while let Some(&cell) = waiting.get(next.fetch_add(1, Ordering::SeqCst)) {
            if stopped(work, &failure) {
                return;
            }
            attend(cell);
        }
    });
    // Cells of another process: wait until they are done, or until it is gone and they are ours.
    loop {
        let rest = std::mem::take(&mut *elsewhere.lock().expect(UNPOISONED));
        if rest.is_empty() || stopped(work, &failure) {
            break;
        }
        for cell in rest {
            if stopped(work, &failure) {
                break;
            }
            attend(cell);
        }
        if !elsewhere.lock().expect(UNPOISONED).is_empty() {
            std::thread::sleep(PATIENCE);
        }
    }
    match failure.into_inner().expect(UNPOISONED) {
        Some(error) => Err(error),
        None => Ok(done.into_inner()),
    }
}

fn state(work: &Work<'_>, cell: &Cell) -> Result<super::State> {
    pipeline::state(work.store.root(), work.loaded, &work.prepared.dataset, cell)
}

fn stopped(work: &Work<'_>, failure: &Mutex<Option<Error>>) -> bool {
    work.options.cancel.load(Ordering::SeqCst) || failure.lock().expect(UNPOISONED).is_some()
}

/// `None` when another process holds the cell.
fn one(work: &Work<'_>, cell: &Cell) -> Result<Option<()>> {
    let Some(_claim) = work.store.claim(&cell.run)? else { return Ok(None) };
    // Another process may have finished it between planning and claiming.
    if state(work, cell)? != super::State::ToRun {
        work.options.observer.notice(&Event::DoneElsewhere(cell));
        return Ok(Some(()));
    }
    let started = Instant::now();
    work.options.observer.notice(&Event::Started(cell));
    record(work, cell, "started", None)?;
    match pipeline::cell(work, cell) {
        Ok(Ended::Done) => {
            work.options.observer.notice(&Event::Finished(cell, started.elapsed()));
            record(work, cell, "finished", Some(started.elapsed()))?;
        }
        Ok(Ended::Failed(reason)) => {
            work.options.observer.notice(&Event::Failed(cell, &reason));
            record(work, cell, "failed", Some(started.elapsed()))?;
        }
        // Interrupted: what the cell had finished is stored; `all` stops at the flag.
        Err(error) if error.kind() == Kind::Incomplete && work.options.cancel.load(Ordering::SeqCst) => {
            return Ok(None);
        }
        Err(error) => return Err(error.context(format!("cell {}", cell.name()))),
    }
    Ok(Some(()))
}

/// One line of `events.jsonl`.
fn record(work: &Work<'_>, cell: &Cell, what: &str, took: Option<Duration>) -> Result<()> {
    let line = json!({
        "time": unix_time(),
        "event": what,
        "run": cell.run,
        "cell": cell.name(),
        "seconds": took.map(|took| took.as_secs_f64()),
        "process": std::process::id(),
    });
    work.store.append_line("events.jsonl", &line.to_string())
}

/// `run.json`: the machine and the time, which stand in no other file.
pub(super) fn run_record(work: &Work<'_>, trained: usize, jobs: usize, took: Duration) -> Vec<u8> {
    let record = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "instruction_set": simd::instruction_set(),
        "operating_system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "config": work.loaded.path,
        "overrides": work.loaded.overrides.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "datasets": work.options.datasets,
        "jobs": jobs,
        "cells_run": trained,
        "seconds": took.as_secs_f64(),
        "finished": unix_time(),
    });
    format!("{record:#}\n").into_bytes()
}

/// Seconds since 1970.
fn unix_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
