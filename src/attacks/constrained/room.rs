//! The room that an adversary has around one row, and points in it: whole numbers are whole and categories categories from the start.

use super::Constraints;
use crate::attacks::ThreatModel;
use crate::data::{Direction, Domain, Rule};
use crate::measure::Norm;

/// A valid or almost valid row: as the model sees it, and one native number per column (see `Rules::native`).
#[derive(Debug, Clone, Default)]
pub(super) struct Point {
    pub(super) x: Vec<f32>,
    pub(super) native: Vec<f64>,
    /// What `f32` leaves unknown of each native number.
    pub(super) slack: Vec<f64>,
}

impl Point {
    /// Takes over a row of a one-hot encoding.
    pub(super) fn decode(&mut self, constraints: &Constraints, row: &[f32]) {
        self.x.clear();
        self.x.extend_from_slice(row);
        constraints.native(row, &mut self.native);
        constraints.slack(row, &mut self.slack);
    }

    /// Takes over any numbers: whole numbers need not be whole, and the category of a block is its largest member.
    pub(super) fn relax(&mut self, constraints: &Constraints, row: &[f32]) {
        self.decode(constraints, row);
        for (native, column) in self.native.iter_mut().zip(&constraints.columns) {
            let x = &row[column.first..column.first + column.count];
            *native = if column.category {
                (0..x.len())
                    .reduce(|best, i| if x[i] > x[best] { i } else { best })
                    .map_or(-1.0, |i| i as f64)
            } else {
                constraints.features[column.first].native(x[0])
            };
        }
    }
}

/// What one clean row may become, column by column; whether the columns fit together is for `Room::settle`.
#[derive(Debug, Clone, Default)]
pub(super) struct Room {
    pub(super) clean: Point,
    /// Numbers, one per column: the window in model input space, which contains the clean value.
    pub(super) lo: Vec<f32>,
    pub(super) hi: Vec<f32>,
    /// The same in native units; whole where the column is.
    pub(super) low: Vec<f64>,
    pub(super) high: Vec<f64>,
    /// Columns that can change at all, ascending.
    pub(super) free: Vec<usize>,
    /// How far the clean row breaks each relation by itself.
    pub(super) base: Vec<f64>,
    pub(super) epsilon: f64,
}

impl Room {
    /// The room around `clean`.
    pub(super) fn enter(&mut self, constraints: &Constraints, threat: &ThreatModel, clean: &[f32]) {
        self.epsilon = threat.epsilon();
        self.clean.decode(constraints, clean);
        self.base.clear();
        let violation = |rule: &Rule| rule.formula.violation(&self.clean.native, &self.clean.slack);
        self.base.extend(constraints.relations.iter().map(violation));
        for edge in [&mut self.lo, &mut self.hi] {
            edge.clear();
            edge.resize(constraints.columns.len(), 0.0);
        }
        self.low.clone_from(&self.clean.native);
        self.high.clone_from(&self.clean.native);
        self.free.clear();
        for number in 0..constraints.columns.len() {
            let column = &constraints.columns[number];
            if column.category {
                if column.mutable
                    && constraints.categories > 0
                    && self.others(constraints, number).next().is_some()
                {
                    self.free.push(number);
                }
                continue;
            }
            (self.lo[number], self.hi[number]) = self.window(constraints, threat, number);
            self.set_native_window(constraints, number);
            if self.lo[number] < self.hi[number] && self.low[number] < self.high[number] {
                self.free.push(number);
            }
        }
    }

    /// The window of a number in model input space: box, direction, and its budget or the ball.
    fn window(&self, constraints: &Constraints, threat: &ThreatModel, number: usize) -> (f32, f32) {
        let column = &constraints.columns[number];
        let feature = &constraints.features[column.first];
        let x = self.clean.x[column.first];
        if !column.mutable {
            return (x, x);
        }
        let (lower, upper) = threat.bounds(column.first, x);
        let (low, high) = if let Some(budget) = column.budget {
            let from = feature.native(x);
            (feature.encode(from - budget), feature.encode(from + budget))
        } else {
            reach(x, threat.epsilon())
        };
        let (mut lo, mut hi) = (lower.max(low), upper.min(high));
        match column.direction {
            Some(Direction::Up) => lo = x,
            Some(Direction::Down) => hi = x,
            None => {}
        }
        (lo.min(x), hi.max(x))
    }

    fn set_native_window(&mut self, constraints: &Constraints, number: usize) {
        let column = &constraints.columns[number];
        let feature = &constraints.features[column.first];
        let (lo, hi, own) = (self.lo[number], self.hi[number], self.clean.native[number]);
        let (mut low, mut high) = (feature.native(lo), feature.native(hi));
        if feature.domain == Domain::Integer {
            (low, high) = (low.ceil(), high.floor());
            // Decoding rounds: the last whole number inside may seem outside, and the other way round.
            if feature.encode(low - 1.0) >= lo {
                low -= 1.0;
            }
            if feature.encode(low) < lo {
                low += 1.0;
            }
            if feature.encode(high + 1.0) <= hi {
                high += 1.0;
            }
            if feature.encode(high) > hi {
                high -= 1.0;
            }
            if let Some(budget) = column.budget {
                (low, high) = (low.max((own - budget).ceil()), high.min((own + budget).floor()));
            }
        }
        (self.low[number], self.high[number]) = (low.min(own), high.max(own));
    }

    pub(super) fn is_whole(constraints: &Constraints, number: usize) -> bool {
        let column = &constraints.columns[number];
        !column.category && constraints.features[column.first].domain == Domain::Integer
    }

    /// The members that a mutable block may have in place of the clean row's, ascending.
    pub(super) fn others<'a>(
        &self,
        constraints: &'a Constraints,
        number: usize,
    ) -> impl Iterator<Item = usize> + use<'a> {
        let (column, own) = (&constraints.columns[number], self.clean.native[number]);
        let is_own = move |member: usize| own >= 0.0 && member == own as usize;
        (0..column.count).filter(move |member| !is_own(*member) && column.may_become(*member))
    }

    /// Puts the clean row into `point`.
    pub(super) fn start(&self, point: &mut Point) {
        point.clone_from(&self.clean);
    }

    /// Whether the column differs from the clean row's.
    pub(super) fn is_changed(&self, constraints: &Constraints, point: &Point, number: usize) -> bool {
        let column = &constraints.columns[number];
        if column.category || Self::is_whole(constraints, number) {
            return point.native[number].to_bits() != self.clean.native[number].to_bits();
        }
        point.x[column.first].to_bits() != self.clean.x[column.first].to_bits()
    }

    /// Gives the column back its clean value.
    pub(super) fn revert(&self, constraints: &Constraints, point: &mut Point, number: usize) {
        let column = &constraints.columns[number];
        let span = column.first..column.first + column.count;
        point.x[span.clone()].copy_from_slice(&self.clean.x[span]);
        point.native[number] = self.clean.native[number];
        point.slack[number] = self.clean.slack[number];
    }

    /// Sets a number, given in native units, to the nearest that it may be.
    pub(super) fn set_native(
        &self,
        constraints: &Constraints,
        point: &mut Point,
        number: usize,
        native: f64,
    ) {
        let native = native.clamp(self.low[number], self.high[number]);
        let column = &constraints.columns[number];
        let feature = &constraints.features[column.first];
        if feature.domain == Domain::Integer {
            let native = native.round();
            if native.to_bits() == self.clean.native[number].to_bits() {
                // Its bits need not be those that this program would have written.
                self.revert(constraints, point, number);
            } else {
                point.native[number] = native;
                point.x[column.first] = feature.encode(native);
            }
        } else {
            self.set_model(constraints, point, number, feature.encode(native));
        }
    }

    /// Sets a number that need not be whole, given in model input space, to the nearest that it may be.
    pub(super) fn set_model(&self, constraints: &Constraints, point: &mut Point, number: usize, x: f32) {
        let column = &constraints.columns[number];
        let x = x.clamp(self.lo[number], self.hi[number]);
        point.x[column.first] = x;
        point.native[number] = constraints.features[column.first].native(x);
        point.slack[number] = constraints.features[column.first].resolution(x);
    }

    /// Sets a category.
    pub(super) fn set_member(
        &self,
        constraints: &Constraints,
        point: &mut Point,
        number: usize,
        member: usize,
    ) {
        if member as f64 - self.clean.native[number] == 0.0 {
            self.revert(constraints, point, number);
            return;
        }
        let column = &constraints.columns[number];
        let block = &mut point.x[column.first..column.first + column.count];
        block.fill(0.0);
        block[member] = 1.0;
        point.native[number] = member as f64;
    }

    /// How many categories differ from the clean row's.
    pub(super) fn changed_categories(&self, constraints: &Constraints, point: &Point) -> usize {
        let changed = |number: &&usize| {
            constraints.columns[**number].category && self.is_changed(constraints, point, **number)
        };
        self.free.iter().filter(changed).count()
    }

    /// The valid row nearest at hand to `relaxed` (one number per feature, model input space): whole numbers are rounded towards the
    /// clean value, of the categories those change that lead by most, and what does not fit together is settled. False where that failed.
    pub(super) fn finish(
        &self,
        constraints: &Constraints,
        threat: &ThreatModel,
        relaxed: &[f32],
        point: &mut Point,
    ) -> bool {
        self.start(point);
        // (lead, column, member), largest lead first, then by column.
        let mut leads: Vec<(f32, usize, usize)> = Vec::new();
        for &number in &self.free {
            let column = &constraints.columns[number];
            let wish = &relaxed[column.first..column.first + column.count];
            if column.category {
                let others = self.others(constraints, number);
                let best = others.reduce(|best, i| if wish[i] > wish[best] { i } else { best });
                let Some(best) = best else { continue };
                let own = self.clean.native[number];
                let lead = wish[best] - if own >= 0.0 { wish[own as usize] } else { 0.5 };
                if lead > 0.0 {
                    leads.push((lead, number, best));
                }
            } else if Self::is_whole(constraints, number) {
                let native = self.towards_clean(constraints, number, wish[0]);
                self.set_native(constraints, point, number, native);
            } else if !wish[0].is_nan() {
                self.set_model(constraints, point, number, wish[0]);
            }
        }
        leads.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for &(_, number, member) in leads.iter().take(constraints.categories) {
            self.set_member(constraints, point, number, member);
        }
        self.settle(constraints, threat, point)
    }

    /// The whole number at `x` or next to it on the clean value's side.
    fn towards_clean(&self, constraints: &Constraints, number: usize, x: f32) -> f64 {
        let feature = &constraints.features[constraints.columns[number].first];
        let (native, own) = (feature.native(x), self.clean.native[number]);
        if native >= own {
            let below = native.floor();
            // What encodes a whole number may decode to a little less.
            if feature.encode(below + 1.0) <= x { below + 1.0 } else { below }
        } else {
            let above = native.ceil();
            if feature.encode(above - 1.0) >= x { above - 1.0 } else { above }
        }
    }

    /// Makes the columns fit together: into the ball, and every relation mended, or what it binds reverted. False where that failed.
    pub(super) fn settle(&self, constraints: &Constraints, threat: &ThreatModel, point: &mut Point) -> bool {
        /// Mending a relation may lead out of the ball, and shortening a change may break a relation.
        const ROUNDS: u32 = 4;
        for round in 0..ROUNDS {
            self.shorten(constraints, threat, point, f64::from(round));
            self.mend(constraints, point);
            if threat.norm() == Norm::Linf
                || constraints.distance(threat, &self.clean.x, &point.x) <= threat.epsilon()
            {
                return true;
            }
        }
        false
    }

    /// Shortens the change to the ball; later rounds go a little further in. In L∞ the windows are the ball already.
    fn shorten(&self, constraints: &Constraints, threat: &ThreatModel, point: &mut Point, round: f64) {
        if threat.norm() == Norm::Linf {
            return;
        }
        let distance = constraints.distance(threat, &self.clean.x, &point.x);
        if distance <= threat.epsilon() {
            return;
        }
        let share = (threat.epsilon() * (1.0 - 1e-6) / distance * (1.0 - 0.05 * round)) as f32;
        for &number in &self.free {
            let column = &constraints.columns[number];
            if column.category || column.budget.is_some() {
                continue;
            }
            let clean = self.clean.x[column.first];
            let x = clean + (point.x[column.first] - clean) * share;
            if Self::is_whole(constraints, number) {
                self.set_native(constraints, point, number, self.towards_clean(constraints, number, x));
            } else {
                self.set_model(constraints, point, number, x);
            }
        }
    }
}

/// The numbers farthest from `x` that are no farther than `epsilon` in `f64`: in any norm, a change of the row is at least that of each number.
fn reach(x: f32, epsilon: f64) -> (f32, f32) {
    let (mut low, mut high) = (x - epsilon as f32, x + epsilon as f32);
    while f64::from(x) - f64::from(low) > epsilon {
        low = low.next_up();
    }
    while f64::from(high) - f64::from(x) > epsilon {
        high = high.next_down();
    }
    (low, high)
}
