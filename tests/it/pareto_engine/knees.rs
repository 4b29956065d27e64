//! Knees by hand.

use equipoise::pareto::Costs;
use equipoise::pareto::knees::{DEFINITIONS, Knee, angle, chord, contribution, kneedle, on_bounds};

use super::generator::points;

fn front(values: &[f64]) -> Costs<'static> {
    Costs::new(values.to_vec(), 2).unwrap()
}

fn is(found: Option<Knee>, member: usize, size: f64) {
    let found = found.unwrap();
    assert!(found.member == member && (found.size - size).abs() < 1e-12, "{found:?}");
}

/// (0, 1), (0.1, 0.4), (0.2, 0.1), (1, 0), given out of order; the chord is x + y = 1.
/// Depths 0.5 / √2 and 0.7 / √2; turns of atan2(cross, dot) with steps (0.1, −0.6), (0.1, −0.3), (0.8, −0.1): cross 0.1 · −0.3 + 0.6 · 0.1 = 0.03 over dot 0.19, and
/// −0.01 + 0.24 = 0.23 over 0.11; boxes up to the neighbors and to the worst: 0.1 · 0.6 = 0.06 and 0.8 · 0.3 = 0.24.
#[test]
fn four_points_by_hand() {
    let front = front(&[0.2, 0.1, 1.0, 0.0, 0.0, 1.0, 0.1, 0.4]);
    is(chord(&front), 0, 0.7 / 2.0_f64.sqrt());
    is(angle(&front), 0, libm::atan2(0.23, 0.11));
    is(kneedle(&front), 0, 0.7);
    is(contribution(&front), 0, 0.24);
}

#[test]
fn straight_and_short_fronts_have_no_knee() {
    let straight: Vec<f64> =
        (0..=20).flat_map(|i| [f64::from(i), 20.0 - f64::from(i)]).map(|x| x / 20.0).collect();
    let bulging = points("concave", 2, 50, 1);
    for costs in
        [front(&straight), front(&[0.0, 1.0, 1.0, 0.0]), front(&[0.5, 0.5]), front(&[]), front(&bulging)]
    {
        for definition in &DEFINITIONS[..3] {
            assert_eq!((definition.find)(&costs), None, "{} of {costs:?}", definition.id);
        }
    }
    assert_eq!(contribution(&front(&[0.0, 1.0, 1.0, 0.0])), None, "both are ends");
    assert_eq!(contribution(&front(&[])), None);
}

/// One step down, a long flat stretch with a small dent, a second step: two peaks that come back, the first the higher.
#[test]
fn kneedle_takes_the_highest_of_several_peaks() {
    let found = kneedle(&front(&[0.0, 1.0, 0.1, 0.4, 0.5, 0.39, 0.55, 0.1, 1.0, 0.0]));
    // Depths 0.5, 0.11 and 0.35.
    is(found, 1, 0.5);
}

/// The plane through (1, 0, 0), (0, 1, 0) and (0, 0, 1) is 1/√3 · (1 − 0.6) from (0.2, 0.2, 0.2).
#[test]
fn three_axes_have_a_plane_in_place_of_a_chord() {
    let costs = Costs::new(vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.2, 0.2, 0.2, 0.0, 0.0, 1.0], 3).unwrap();
    is(chord(&costs), 2, 0.4 / 3.0_f64.sqrt());
    assert_eq!((angle(&costs), kneedle(&costs)), (None, None));
    is(contribution(&costs), 2, 0.8 * 0.8 * 0.8);
}

#[test]
fn bounds_make_axes_comparable_and_must_have_an_extent() {
    let costs = front(&[0.0, 500.0, 10.0, 1000.0]);
    let scaled = on_bounds(&costs, &[0.0, 0.0], &[20.0, 1000.0]).unwrap();
    assert_eq!(scaled.rows().collect::<Vec<_>>(), [[0.0, 0.5], [0.5, 1.0]]);
    assert!(on_bounds(&costs, &[0.0, 5.0], &[20.0, 5.0]).unwrap_err().to_string().contains("axis 1"));
}
