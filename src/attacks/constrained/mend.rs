//! Mending relations: the smallest change of one column that makes a relation hold, else the clean values.

use super::Constraints;
use super::room::{Point, Room};
use crate::data::{Formula, Term};

/// So often are all relations gone through: mending one may break another.
const PASSES: usize = 4;

/// Newton steps towards a column's value; one is enough where the column occurs once and not below a fraction bar.
const NEWTON: usize = 6;

impl Room {
    /// Whether the relation is broken, further than the clean row breaks it.
    fn is_broken(&self, constraints: &Constraints, point: &Point, index: usize) -> bool {
        let formula = &constraints.relations[index].formula;
        formula.violation(&point.native, &point.slack) > self.base[index]
    }

    /// Whether every relation holds as far as it is asked to.
    pub(super) fn obeys(&self, constraints: &Constraints, point: &Point) -> bool {
        !constraints.live.iter().any(|index| self.is_broken(constraints, point, *index))
    }

    /// Makes every relation hold: by changing a column, else by giving all columns that it binds their clean values back.
    pub(super) fn mend(&self, constraints: &Constraints, point: &mut Point) {
        for _ in 0..PASSES {
            let mut whole = true;
            for &index in &constraints.live {
                if self.is_broken(constraints, point, index) {
                    whole = false;
                    self.mend_formula(constraints, &constraints.relations[index].formula, point);
                }
            }
            if whole {
                return;
            }
        }
        // Every round gives at least one column back, since a relation holds (as far as asked) on the clean row.
        while let Some(&index) =
            constraints.live.iter().find(|index| self.is_broken(constraints, point, **index))
        {
            constraints.relations[index].formula.columns(&mut |number| {
                self.revert(constraints, point, number);
            });
        }
    }

    /// Mends the equations of a point that need not have whole numbers and categories, in place.
    pub(super) fn mend_equations(&self, constraints: &Constraints, point: &mut Point) {
        for &index in &constraints.live {
            if let Formula::Equal(term) = &constraints.relations[index].formula
                && self.is_broken(constraints, point, index)
            {
                self.mend_term(constraints, term, true, false, point);
            }
        }
    }

    /// Returns whether the formula holds now.
    fn mend_formula(&self, constraints: &Constraints, formula: &Formula, point: &mut Point) -> bool {
        let holds = |formula: &Formula, point: &Point| formula.violation(&point.native, &point.slack) <= 0.0;
        if holds(formula, point) {
            return true;
        }
        match formula {
            Formula::All(parts) => {
                for part in parts {
                    self.mend_formula(constraints, part, point);
                }
                holds(formula, point)
            }
            Formula::Any(parts) => {
                let before = point.clone();
                let mut order: Vec<(f64, usize)> = parts
                    .iter()
                    .enumerate()
                    .map(|(index, part)| (self.effort(constraints, part, point), index))
                    .collect();
                order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                for (effort, index) in order {
                    if effort.is_finite() && self.mend_formula(constraints, &parts[index], point) {
                        return true;
                    }
                    point.clone_from(&before);
                }
                false
            }
            Formula::AtMost(term) => self.mend_term(constraints, term, false, true, point),
            Formula::Equal(term) => self.mend_term(constraints, term, true, true, point),
            Formula::Is(number, members) => {
                if self.free.binary_search(number).is_err() {
                    return false;
                }
                if members.allows(self.clean.native[*number]) {
                    self.revert(constraints, point, *number);
                    return true;
                }
                let others = self.changed_categories(constraints, point)
                    - usize::from(self.is_changed(constraints, point, *number));
                let allowed = self.others(constraints, *number).find(|member| members.allowed[*member]);
                match allowed.filter(|_| others < constraints.categories) {
                    Some(member) => {
                        self.set_member(constraints, point, *number, member);
                        true
                    }
                    None => false,
                }
            }
        }
    }

    /// About how far in model input space the point is from obeying; infinite where that cannot be mended.
    pub(super) fn effort(&self, constraints: &Constraints, formula: &Formula, point: &Point) -> f64 {
        let violation = formula.violation(&point.native, &point.slack);
        if violation <= 0.0 {
            return 0.0;
        }
        match formula {
            Formula::All(parts) => parts.iter().map(|part| self.effort(constraints, part, point)).sum(),
            Formula::Any(parts) => {
                let efforts = parts.iter().map(|part| self.effort(constraints, part, point));
                efforts.fold(f64::INFINITY, f64::min)
            }
            Formula::AtMost(term) | Formula::Equal(term) => {
                let slope = self.slope(constraints, term, point);
                let length = slope.iter().map(|s| s * s).sum::<f64>().sqrt();
                if length > 0.0 { violation / length } else { f64::INFINITY }
            }
            Formula::Is(number, _) => {
                if self.free.binary_search(number).is_ok() {
                    1.0
                } else {
                    f64::INFINITY
                }
            }
        }
    }

    /// The derivatives of a term by the free numbers in model input space, one per column.
    pub(super) fn slope(&self, constraints: &Constraints, term: &Term, point: &Point) -> Vec<f64> {
        let mut slope = vec![0.0; constraints.columns.len()];
        term.slope(&point.native, 1.0, &mut slope);
        for (number, slope) in slope.iter_mut().enumerate() {
            let column = &constraints.columns[number];
            let free = !column.category && self.free.binary_search(&number).is_ok();
            *slope = if free && slope.is_finite() {
                *slope * constraints.features[column.first].scale
            } else {
                0.0
            };
        }
        slope
    }

    /// Brings a term to 0, or to at most 0, by changing as few columns as it takes, the one that has to move least first; returns
    /// whether that worked. Without `whole`, whole numbers may be any.
    fn mend_term(
        &self,
        constraints: &Constraints,
        term: &Term,
        equal: bool,
        whole: bool,
        point: &mut Point,
    ) -> bool {
        let mut numbers = Vec::new();
        term.columns(&mut |number| {
            if self.free.binary_search(&number).is_ok() && !numbers.contains(&number) {
                numbers.push(number);
            }
        });
        let off = |point: &Point| {
            let (value, slack) = term.value(&point.native, &point.slack);
            let value = if equal { value.abs() } else { value };
            if value <= slack {
                0.0
            } else if value.is_nan() {
                f64::INFINITY
            } else {
                value
            }
        };
        while !numbers.is_empty() {
            // (what is left, how far it moved, column, value): least first.
            let mut best: Option<(f64, f64, usize, f64)> = None;
            let before = point.clone();
            for &number in &numbers {
                let feature = &constraints.features[constraints.columns[number].first];
                for native in self.solve(constraints, term, equal, whole, number, point) {
                    self.put(constraints, point, number, native, whole);
                    let moved = (point.native[number] - before.native[number]).abs() / feature.scale.abs();
                    let (left, native) = (off(point), point.native[number]);
                    let better =
                        best.is_none_or(|(least, way, ..)| left < least || (left <= least && moved < way));
                    if better {
                        best = Some((left, moved, number, native));
                    }
                    point.clone_from(&before);
                }
            }
            let Some((left, _, number, native)) = best else { return false };
            self.put(constraints, point, number, native, whole);
            if left <= 0.0 {
                return true;
            }
            numbers.retain(|other| *other != number);
        }
        false
    }

    fn put(&self, constraints: &Constraints, point: &mut Point, number: usize, native: f64, whole: bool) {
        if whole {
            self.set_native(constraints, point, number, native);
        } else {
            let feature = &constraints.features[constraints.columns[number].first];
            self.set_model(constraints, point, number, feature.encode(native));
        }
    }

    /// Values of one column, at most two, at which the term is 0 or next to it.
    fn solve(
        &self,
        constraints: &Constraints,
        term: &Term,
        equal: bool,
        whole: bool,
        number: usize,
        point: &Point,
    ) -> Vec<f64> {
        let mut at = point.native.clone();
        let mut slope = vec![0.0; at.len()];
        for _ in 0..NEWTON {
            let (value, slack) = term.value(&at, &point.slack);
            if value.abs() <= slack {
                break;
            }
            slope.fill(0.0);
            term.slope(&at, 1.0, &mut slope);
            let step = value / slope[number];
            if !step.is_finite() {
                return Vec::new();
            }
            at[number] = (at[number] - step).clamp(self.low[number], self.high[number]);
        }
        let native = at[number];
        if whole && Self::is_whole(constraints, number) {
            return vec![native.floor(), native.ceil()];
        }
        if equal {
            return vec![native];
        }
        // On its way to f32 the number may be rounded to the wrong side; the neighbor is on the right one.
        let feature = &constraints.features[constraints.columns[number].first];
        let step = feature.resolution(feature.encode(native));
        slope.fill(0.0);
        term.slope(&at, 1.0, &mut slope);
        vec![native, native - step * slope[number].signum()]
    }
}
