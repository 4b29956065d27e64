//! Many cells at once, one thread inside each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::ancestry;
use super::events::Event;
use super::pipeline::{self, Ended, Work};
use super::store::{Claim, Store};
use crate::error::{Error, Kind, Result};
use crate::experiment::Cell;
use crate::simd;

/// How long to wait before looking again at cells that another process works on, or that wait for others.
const PATIENCE: Duration = Duration::from_millis(200);

const UNPOISONED: &str = "no worker panics with the lock";

/// Cells that nobody has begun, and those that this process works on.
struct Queue<'a> {
    waiting: Vec<&'a Cell>,
    working: Vec<&'a Cell>,
}

/// What a worker is to do next.
enum Next<'a> {
    Attend(&'a Cell, Claim),
    /// All that is left waits for other cells or belongs to another process.
    Wait,
    Stop,
}

impl<'a> Queue<'a> {
    /// The first cell, in the order of the plan, that waits for no other and that no one works on.
    fn next(&mut self, store: &Store) -> Result<Next<'a>> {
        for index in 0..self.waiting.len() {
            let cell = self.waiting[index];
            let expected = || self.waiting.iter().chain(&self.working).copied().collect::<Vec<_>>();
            if cell.origin.parents().next().is_some() && ancestry::waits(store, cell, &expected()) {
                continue;
            }
            if let Some(claim) = store.claim(&cell.run)? {
                self.working.push(self.waiting.remove(index));
                return Ok(Next::Attend(cell, claim));
            }
        }
        Ok(if self.waiting.is_empty() { Next::Stop } else { Next::Wait })
    }
}

/// Works on `waiting` in order, `jobs` at once; returns how many are done. Stops early, without an error, when cancelled.
///
/// A cell begins once the training of those it starts from is over. Cells of another process are waited for until they are done, or until
/// it is gone and they are ours.
pub(super) fn all(work: &Work<'_>, waiting: &[&Cell], jobs: usize) -> Result<usize> {
    let queue = Mutex::new(Queue { waiting: waiting.to_vec(), working: Vec::new() });
    let changed = Condvar::new();
    let done = AtomicUsize::new(0);
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let fail = |error| {
        failure.lock().expect(UNPOISONED).get_or_insert(error);
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.min(waiting.len()).max(1))
        .build()
        .map_err(|error| Error::internal(format!("cannot start threads: {error}")))?;
    // Workers take cells from one queue, so that cells are begun in the order of the plan: seed-major.
    pool.broadcast(|_| {
        let mut held = queue.lock().expect(UNPOISONED);
        while !stopped(work, &failure) {
            match held.next(work.store) {
                Ok(Next::Attend(cell, claim)) => {
                    drop(held);
                    match one(work, cell, claim) {
                        Ok(true) => {
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(false) => {}
                        Err(error) => fail(error),
                    }
                    held = queue.lock().expect(UNPOISONED);
                    held.working.retain(|other| !std::ptr::eq(*other, cell));
                    changed.notify_all();
                }
                Ok(Next::Wait) => held = changed.wait_timeout(held, PATIENCE).expect(UNPOISONED).0,
                Ok(Next::Stop) => return,
                Err(error) => fail(error),
            }
        }
    });
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

/// Does a cell that is claimed; false when interrupted.
fn one(work: &Work<'_>, cell: &Cell, _claim: Claim) -> Result<bool> {
    // Another process may have finished it between planning and claiming.
    if state(work, cell)? != super::State::ToRun {
        work.options.observer.notice(&Event::DoneElsewhere(cell));
        return Ok(true);
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
            return Ok(false);
        }
        Err(error) => return Err(error.context(format!("cell {}", cell.name()))),
    }
    Ok(true)
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
