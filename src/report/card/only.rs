//! A view of one point by itself, so that every table can be written of it alone.

use crate::pareto::Uncertainty;
use crate::report::inputs::{Certified, Inputs};
use crate::report::view::View;

/// What is known of `point`, its place in `view` aside: no other point, no steps between points, no headlines.
pub(super) fn only(view: &View, point: usize) -> View {
    let given = &view.given;
    let mut front = given.front.clone();
    front.members = if view.on_front(point) { vec![0] } else { Vec::new() };
    front.dominated = Vec::new();
    front.excluded.retain(|(other, _)| *other == point);
    front.excluded.iter_mut().for_each(|(other, _)| *other = 0);
    front.stability = vec![front.stability.get(point).copied().flatten()];
    let certified = given.certified.as_ref().map(|certified| Certified {
        rows: of(&certified.rows, |row| &mut row.point, point),
        proven: None,
        ..certified.clone()
    });
    let inputs = Inputs {
        points: vec![given.points[point].clone()],
        front,
        defense_fronts: Vec::new(),
        choice: None,
        ownership: Vec::new(),
        rates: Vec::new(),
        uncertainty: Uncertainty::default(),
        curves: Vec::new(),
        sensitivity: Vec::new(),
        attacks: of(&given.attacks, |row| &mut row.point, point),
        certified,
        temperatures: of(&given.temperatures, |row| &mut row.point, point),
        abstentions: of(&given.abstentions, |row| &mut row.point, point),
        confidences: of(&given.confidences, |row| &mut row.point, point),
        pairs: Vec::new(),
        convergence: of(&given.convergence, |row| &mut row.point, point),
        checks: of(&given.checks, |row| &mut row.point, point),
        ..given.clone()
    };
    View {
        given: inputs,
        headlines: Vec::new(),
        shown: view.shown.clone(),
        labels: vec![view.labels[point].clone()],
        varying: vec![("strength".to_owned(), vec![view.plain_strength(point)])],
        defenses: vec![given.points[point].defense.clone()],
        strengths: vec![given.points[point].strength],
        planes: Vec::new(),
    }
}

/// The rows about `point`, which is the first one from now on.
fn of<T: Clone>(rows: &[T], place: fn(&mut T) -> &mut usize, point: usize) -> Vec<T> {
    let mut all = rows.to_vec();
    all.retain_mut(|row| *place(row) == point);
    for row in &mut all {
        *place(row) = 0;
    }
    all
}
