//! The search part: needs scores only, and every point it asks about is a valid row.
//!
//! Where a row can become no more rows than there are queries, all of them are tried, and the answer is exact. Elsewhere it is a block random
//! search, the tabular analogue of Square (Andriushchenko et al. 2020, arXiv 1912.00049): at every query a run of neighboring columns is
//! redrawn (one-hot blocks whole, whole numbers whole, the Hamming budget kept), the row is settled, and the change stays where the loss went up.

use super::bench::Bench;
use super::room::{Point, Room};
use super::{Caa, Constraints};
use crate::attacks::{Found, Target, stopped};
use crate::error::Result;
use crate::models::LANES;
use crate::seed::{Stream, Streams};

/// The share of columns that is redrawn at first.
const FIRST_SHARE: f64 = 0.8;

/// Of a search as long as 10,000 queries: after so many, the first share is divided by so much.
const SCHEDULE: [(u32, f64); 9] = [
    (10, 2.0),
    (50, 4.0),
    (200, 8.0),
    (500, 16.0),
    (1000, 32.0),
    (2000, 64.0),
    (4000, 128.0),
    (6000, 256.0),
    (8000, 512.0),
];

/// All rows that one row may become, in a fixed order.
#[derive(Debug, Clone, Default)]
pub(super) struct Enumeration {
    /// Per free column, how many values it has beside the clean one.
    others: Vec<u64>,
    is_category: Vec<bool>,
    digits: Vec<u64>,
    categories: usize,
}

impl Enumeration {
    /// How many rows there are, the clean one and those that break a relation or leave the ball included; none where a column is continuous or
    /// there are more than `most`.
    pub(super) fn count(room: &Room, constraints: &Constraints, most: u64) -> Option<u64> {
        let mut numbers = 1_u64;
        // Ways to change exactly so many of the categories seen so far.
        let mut ways = vec![0_u64; constraints.categories.min(room.free.len()) + 1];
        ways[0] = 1;
        for &number in &room.free {
            let others = others(room, constraints, number)?;
            if constraints.columns[number].category {
                for changed in (1..ways.len()).rev() {
                    ways[changed] = ways[changed].saturating_add(ways[changed - 1].saturating_mul(others));
                }
            } else {
                numbers = numbers.saturating_mul(others.saturating_add(1));
            }
        }
        let categories = ways.iter().fold(0_u64, |sum, ways| sum.saturating_add(*ways));
        Some(numbers.saturating_mul(categories)).filter(|count| *count <= most)
    }

    /// Begins at the clean row.
    fn enter(&mut self, room: &Room, constraints: &Constraints) {
        let count = |number: &usize| others(room, constraints, *number).unwrap_or(0);
        self.others = room.free.iter().map(count).collect();
        self.is_category = room.free.iter().map(|number| constraints.columns[*number].category).collect();
        self.digits = vec![0; self.others.len()];
        self.categories = constraints.categories;
    }

    /// The next row; false after the last.
    fn advance(&mut self, room: &Room, constraints: &Constraints, point: &mut Point) -> bool {
        let Some(place) = (0..self.digits.len()).rev().find(|place| self.may_grow(*place)) else {
            return false;
        };
        self.digits[place] += 1;
        self.digits[place + 1..].fill(0);
        room.start(point);
        for (place, &number) in room.free.iter().enumerate() {
            let digit = self.digits[place];
            if digit == 0 {
                continue;
            }
            if self.is_category[place] {
                let member = room.others(constraints, number).nth(digit as usize - 1);
                room.set_member(constraints, point, number, member.expect("counted"));
            } else {
                // The clean value is digit 0: those from it on move up by one.
                let value = room.low[number] + digit as f64 - 1.0;
                let beyond = value >= room.clean.native[number];
                room.set_native(constraints, point, number, if beyond { value + 1.0 } else { value });
            }
        }
        true
    }

    /// Whether the digit can be raised with all after it 0.
    fn may_grow(&self, place: usize) -> bool {
        if self.digits[place] >= self.others[place] {
            return false;
        }
        let changed = (0..place).filter(|p| self.is_category[*p] && self.digits[*p] > 0).count();
        !self.is_category[place] || self.digits[place] > 0 || changed < self.categories
    }
}

/// How many values a free column has beside the clean one; none where it is continuous.
fn others(room: &Room, constraints: &Constraints, number: usize) -> Option<u64> {
    let column = &constraints.columns[number];
    if column.category {
        return Some(room.others(constraints, number).count() as u64);
    }
    Room::is_whole(constraints, number).then(|| (room.high[number] - room.low[number]) as u64)
}

/// A row under search.
struct Job {
    row: usize,
    room: Room,
    /// Where set, all rows are tried.
    all: Option<Enumeration>,
    stream: Stream,
    queries: u32,
    score: f32,
    best: Point,
    candidate: Point,
}

/// Works off the queue; returns when every row fell or has had its queries.
pub(super) fn search(
    settings: &Caa,
    queue: &[(usize, bool)],
    constraints: &Constraints,
    target: &mut Target<'_>,
    found: &mut Found,
) -> Result<()> {
    let streams = target.seed.streams(&format!("attack/{}/search", target.name));
    let mut bench = Bench::new(found.features, found.classes);
    let mut waiting = queue.iter();
    let mut jobs: Vec<Job> = Vec::new();
    loop {
        if (target.stop)() {
            return Err(stopped());
        }
        while jobs.len() < LANES {
            let Some(&(row, all)) = waiting.next() else { break };
            jobs.push(Job::new(row, all, constraints, target, found, &streams));
        }
        jobs.retain_mut(|job| job.propose(settings, constraints, target));
        if jobs.is_empty() {
            if waiting.len() == 0 {
                return Ok(());
            }
            continue;
        }
        for (lane, job) in jobs.iter().enumerate() {
            bench.x.set_lane(lane, &job.candidate.x);
        }
        let rows: Vec<usize> = jobs.iter().map(|job| job.row).collect();
        bench.ask(settings.loss, &rows, target, found)?;
        bench.judge(&rows, constraints, target, found);
        for (lane, job) in jobs.iter_mut().enumerate() {
            if job.queries == 1 || bench.values[lane] > job.score {
                job.score = bench.values[lane];
                std::mem::swap(&mut job.best, &mut job.candidate);
            }
        }
        // All rows are gone through to the end, so that the largest loss is known as well.
        jobs.retain(|job| job.all.is_some() || found.standing[job.row]);
    }
}

impl Job {
    fn new(
        row: usize,
        all: bool,
        constraints: &Constraints,
        target: &Target<'_>,
        found: &Found,
        streams: &Streams,
    ) -> Self {
        let mut room = Room::default();
        room.enter(constraints, target.threat, target.rows.row(row));
        let mut enumeration = Enumeration::default();
        enumeration.enter(&room, constraints);
        let mut best = Point::default();
        best.decode(constraints, found.max_loss(row));
        Self {
            row,
            all: all.then_some(enumeration),
            stream: streams.stream(target.rows.facts.rows[row], 0),
            queries: 0,
            score: f32::NEG_INFINITY,
            candidate: best.clone(),
            best,
            room,
        }
    }

    /// Puts the next row to ask about into `candidate`; false where there is none.
    fn propose(&mut self, settings: &Caa, constraints: &Constraints, target: &Target<'_>) -> bool {
        if let Some(all) = &mut self.all {
            self.queries += 1;
            while all.advance(&self.room, constraints, &mut self.candidate) {
                if self.room.obeys(constraints, &self.candidate)
                    && constraints.distance(target.threat, &self.room.clean.x, &self.candidate.x)
                        <= target.threat.epsilon()
                {
                    return true;
                }
            }
            return false;
        }
        if self.queries >= settings.queries || self.room.free.is_empty() {
            return false;
        }
        // The first query asks about the best point known so far.
        if self.queries > 0 {
            self.redraw(settings, constraints, target);
        }
        self.queries += 1;
        true
    }

    fn redraw(&mut self, settings: &Caa, constraints: &Constraints, target: &Target<'_>) {
        let free = &self.room.free;
        let size = size(self.queries, settings.queries, free.len());
        let begin = self.stream.below(free.len() as u64) as usize;
        self.candidate.clone_from(&self.best);
        for number in (0..size).map(|place| free[(begin + place) % free.len()]) {
            let column = &constraints.columns[number];
            if column.category {
                let now = self.candidate.native[number];
                let own = self.room.clean.native[number];
                // Any that it may have but the present one.
                let mut choices: Vec<usize> = self.room.others(constraints, number).collect();
                if own >= 0.0 {
                    choices.push(own as usize);
                }
                choices.retain(|member| now < 0.0 || *member != now as usize);
                if !choices.is_empty() {
                    let member = choices[self.stream.below(choices.len() as u64) as usize];
                    self.room.set_member(constraints, &mut self.candidate, number, member);
                }
            } else {
                let end = self.stream.below(4);
                let share = self.stream.uniform_f64();
                let (low, high) = (self.room.low[number], self.room.high[number]);
                let native = match end {
                    0 => low,
                    1 => high,
                    _ => low + share * (high - low),
                };
                self.room.set_native(constraints, &mut self.candidate, number, native);
            }
        }
        self.keep_budget(constraints);
        if !self.room.settle(constraints, target.threat, &mut self.candidate) {
            self.candidate.clone_from(&self.best);
        }
    }

    /// Gives categories back at random until no more are changed than may be.
    fn keep_budget(&mut self, constraints: &Constraints) {
        loop {
            let is_changed = |number: &usize| {
                constraints.columns[*number].category
                    && self.room.is_changed(constraints, &self.candidate, *number)
            };
            let changed: Vec<usize> = self.room.free.iter().copied().filter(is_changed).collect();
            if changed.len() <= constraints.categories {
                return;
            }
            let out = changed[self.stream.below(changed.len() as u64) as usize];
            self.room.revert(constraints, &mut self.candidate, out);
        }
    }
}

/// How many of `free` columns are redrawn at query number `query` of `queries`.
fn size(query: u32, queries: u32, free: usize) -> usize {
    let at = u64::from(query) * 10_000 / u64::from(queries.max(1));
    let divisor = SCHEDULE.iter().rev().find(|(after, _)| at > u64::from(*after)).map_or(1.0, |(_, by)| *by);
    ((FIRST_SHARE / divisor * free as f64).round() as usize).clamp(1, free)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shares of the sheet (Andriushchenko et al. 2020, as published): 0.8 of 100 columns at first, at least one column at last.
    #[test]
    fn fewer_columns_are_redrawn_as_the_search_goes_on() {
        for (query, expected) in
            [(1, 80), (10, 80), (11, 40), (50, 40), (51, 20), (201, 10), (501, 5), (1001, 3), (9000, 1)]
        {
            assert_eq!(size(query, 10_000, 100), expected, "query {query}");
        }
        assert_eq!(size(100, 1000, 100), 5, "the schedule is stretched to the queries there are");
        assert_eq!(size(1, 1000, 1), 1);
    }
}
