//! The difference-of-logits ratio (Croce and Hein 2020, arXiv 2003.01690, eqs. 6 and 7): a margin that neither a shift nor a scaling of the logits changes.
//!
//! ```text
//! untargeted  −(z_y − max_{j≠y} z_j) / (z(1) − z(3)),             z(1) ≥ z(2) ≥ … the logits in order
//! targeted    −(z_y − z_t) / (z(1) − (z(3) + z(4)) / 2)
//! ```
//!
//! The order is a constant to the gradient. The denominators carry the 1e-12 of the authors' implementation.

use super::{PerLane, set_label_apart};
use crate::models::{Block, LANES};

/// Keeps a denominator above 0 where the leading logits tie.
const TINY: f32 = 1e-12;

/// Value, and the gradient times the denominator; at least 3 classes.
#[inline(always)]
pub(super) fn climb(logits: &Block, labels: &[u16], values: &mut PerLane, d_logits: &mut Block) {
    let ranks = Ranks::<3>::of(logits);
    let (own, rival) = set_label_apart(logits, labels, d_logits);
    d_logits.data_mut().fill(0.0);
    for lane in 0..logits.rows() {
        let label = u32::from(labels[lane]);
        let spread = ranks.values[0][lane] - ranks.values[2][lane] + TINY;
        let ratio = (own[lane] - rival[lane]) / spread;
        values[lane] = -ratio;
        // The strongest rival is the first in order that is not the label itself.
        let strongest =
            if ranks.classes[0][lane] == label { ranks.classes[1][lane] } else { ranks.classes[0][lane] };
        for (class, slope) in [
            (label, -1.0),
            (strongest, 1.0),
            (ranks.classes[0][lane], ratio),
            (ranks.classes[2][lane], -ratio),
        ] {
            d_logits.data_mut()[class as usize * LANES + lane] += slope;
        }
    }
}

/// Value toward `targets`, and the gradient times the denominator; at least 4 classes.
#[inline(always)]
pub(super) fn climb_targeted(
    logits: &Block,
    labels: &[u16],
    targets: &[u16],
    values: &mut PerLane,
    d_logits: &mut Block,
) {
    let ranks = Ranks::<4>::of(logits);
    d_logits.set_rows(logits.rows());
    d_logits.data_mut().fill(0.0);
    for lane in 0..logits.rows() {
        let (label, target) = (usize::from(labels[lane]), usize::from(targets[lane]));
        let [first, _, third, fourth] = &ranks.values;
        let spread = first[lane] - 0.5 * (third[lane] + fourth[lane]) + TINY;
        let ratio = (logits.get(label, lane) - logits.get(target, lane)) / spread;
        values[lane] = -ratio;
        let [first, _, third, fourth] = &ranks.classes;
        let into = d_logits.data_mut();
        into[label * LANES + lane] -= 1.0;
        into[target * LANES + lane] += 1.0;
        into[first[lane] as usize * LANES + lane] += ratio;
        into[third[lane] as usize * LANES + lane] -= 0.5 * ratio;
        into[fourth[lane] as usize * LANES + lane] -= 0.5 * ratio;
    }
}

/// Value `z_t − z_y` and its gradient.
#[inline(always)]
pub(super) fn margin_to(
    logits: &Block,
    labels: &[u16],
    targets: &[u16],
    values: &mut PerLane,
    d_logits: &mut Block,
) {
    d_logits.set_rows(logits.rows());
    d_logits.data_mut().fill(0.0);
    for lane in 0..logits.rows() {
        let (label, target) = (usize::from(labels[lane]), usize::from(targets[lane]));
        values[lane] = logits.get(target, lane) - logits.get(label, lane);
        d_logits.data_mut()[label * LANES + lane] = -1.0;
        d_logits.data_mut()[target * LANES + lane] = 1.0;
    }
}

/// The `N` largest logits of every lane in order, and their classes; the lower class first on ties.
struct Ranks<const N: usize> {
    values: [PerLane; N],
    classes: [[u32; LANES]; N],
}

impl<const N: usize> Ranks<N> {
    #[inline(always)]
    fn of(logits: &Block) -> Self {
        let mut ranks = Self { values: [[f32::NEG_INFINITY; LANES]; N], classes: [[0; LANES]; N] };
        for (class, logits) in logits.data().chunks_exact(LANES).enumerate() {
            let (mut value, mut which) = ([0.0; LANES], [class as u32; LANES]);
            value.copy_from_slice(logits);
            // Every rank keeps the larger and hands the smaller down: an exchange under a mask of bits. Written as four
            // selects on `value > values` it comes out wrong under AVX2 and AVX-512 (LLVM 22.1 at opt-level 2 and 3: some
            // ranks lose their class); a test below holds all instruction sets to sorting.
            for (values, classes) in ranks.values.iter_mut().zip(&mut ranks.classes) {
                for lane in 0..LANES {
                    // What was handed down goes before its equals that came later.
                    let mask = |is: bool| u32::from(is).wrapping_neg();
                    let larger = mask(value[lane] > values[lane])
                        | (mask(value[lane] >= values[lane]) & mask(which[lane] < classes[lane]));
                    let (down, up) = (value[lane].to_bits(), values[lane].to_bits());
                    let exchanged = (down ^ up) & larger;
                    value[lane] = f32::from_bits(down ^ exchanged);
                    values[lane] = f32::from_bits(up ^ exchanged);
                    let exchanged = (which[lane] ^ classes[lane]) & larger;
                    which[lane] ^= exchanged;
                    classes[lane] ^= exchanged;
                }
            }
        }
        ranks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::simd::InstructionSet;

    fn block(logits: &[f32]) -> Block {
        let mut block = Block::new(logits.len());
        block.gather([logits]);
        block
    }

    fn untargeted(logits: &[f32], label: u16) -> (f32, Vec<f32>) {
        let (mut values, mut gradient) = ([0.0; LANES], Block::new(logits.len()));
        climb(&block(logits), &[label], &mut values, &mut gradient);
        (values[0], (0..logits.len()).map(|class| gradient.get(class, 0)).collect())
    }

    fn targeted(logits: &[f32], label: u16, target: u16) -> (f32, Vec<f32>) {
        let (mut values, mut gradient) = ([0.0; LANES], Block::new(logits.len()));
        climb_targeted(&block(logits), &[label], &[target], &mut values, &mut gradient);
        (values[0], (0..logits.len()).map(|class| gradient.get(class, 0)).collect())
    }

    /// By hand: logits 5, 1, 3, 2, label 0: −(5 − 3)/(5 − 2) = −2/3; label 1: −(1 − 5)/(5 − 2) = 4/3;
    /// from 0 to 3: −(5 − 2)/(5 − (2 + 1)/2) = −6/7.
    #[test]
    fn ratios_match_the_hand_worked_cases() {
        let logits = [5.0, 1.0, 3.0, 2.0];
        assert!((untargeted(&logits, 0).0 + 2.0 / 3.0).abs() < 1e-6);
        assert!((untargeted(&logits, 1).0 - 4.0 / 3.0).abs() < 1e-6);
        assert!((targeted(&logits, 0, 3).0 + 6.0 / 7.0).abs() < 1e-6);
    }

    /// Full blocks, every instruction set and both numbers of ranks, against sorting each lane.
    #[test]
    fn ranks_are_those_of_sorting_on_every_instruction_set() {
        let mut stream = Seed(5).stream("ranks");
        for classes in [3_usize, 4, 7, 10, 100] {
            // Few distinct values, so that ties come up: the lower class goes first.
            let rows: Vec<Vec<f32>> = (0..LANES)
                .map(|_| (0..classes).map(|_| (stream.uniform() * 40.0).floor() - 20.0).collect())
                .collect();
            let mut logits = Block::new(classes);
            logits.gather(rows.iter().map(Vec::as_slice));
            for set in InstructionSet::available() {
                let three = set.vectorized(
                    #[inline(always)]
                    || Ranks::<3>::of(&logits),
                );
                let four = set.vectorized(
                    #[inline(always)]
                    || Ranks::<4>::of(&logits),
                );
                for (lane, row) in rows.iter().enumerate() {
                    let mut order: Vec<usize> = (0..classes).collect();
                    order.sort_by(|a, b| row[*b].total_cmp(&row[*a]));
                    let name = set.name();
                    for (rank, &class) in order.iter().take(3).enumerate() {
                        assert_eq!(
                            three.classes[rank][lane] as usize, class,
                            "{name}, lane {lane}, rank {rank} of 3"
                        );
                        assert_eq!(
                            three.values[rank][lane].to_bits(),
                            row[class].to_bits(),
                            "{name}, lane {lane}, rank {rank} of 3"
                        );
                    }
                    for (rank, &class) in order.iter().take(4).enumerate() {
                        assert_eq!(
                            four.classes[rank][lane] as usize, class,
                            "{name}, lane {lane}, rank {rank} of 4"
                        );
                        assert_eq!(
                            four.values[rank][lane].to_bits(),
                            row[class].to_bits(),
                            "{name}, lane {lane}, rank {rank} of 4"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn gradients_are_those_of_finite_differences_times_the_denominator() {
        let cases: [([f32; 5], u16, u16); 3] = [
            ([5.0, 1.0, 3.0, 2.0, -1.0], 0, 3),
            ([0.2, 1.4, -0.3, 0.9, 0.5], 3, 0),
            ([0.2, 1.4, -0.3, 0.9, 0.5], 2, 1),
        ];
        for (logits, label, target) in cases {
            let mut sorted = logits;
            sorted.sort_by(|a, b| b.total_cmp(a));
            let spreads = [sorted[0] - sorted[2], sorted[0] - 0.5 * (sorted[2] + sorted[3])];
            for (which, spread) in spreads.into_iter().enumerate() {
                let of = |logits: &[f32]| {
                    if which == 0 { untargeted(logits, label) } else { targeted(logits, label, target) }
                };
                let gradient = of(&logits).1;
                for class in 0..5 {
                    let shifted = |h: f32| {
                        let mut moved = logits;
                        moved[class] += h;
                        of(&moved).0
                    };
                    let slope = (shifted(0.01) - shifted(-0.01)) / 0.02 * spread;
                    assert!(
                        (slope - gradient[class]).abs() < 2e-3,
                        "{which} {class}: {slope} {}",
                        gradient[class]
                    );
                }
            }
        }
    }

    #[test]
    fn neither_shift_nor_scale_changes_the_ratios() {
        let logits = [0.2_f32, 1.4, -0.3, 0.9, 0.5];
        let moved = logits.map(|z| 8.0 * z + 16.0);
        assert!((untargeted(&logits, 3).0 - untargeted(&moved, 3).0).abs() < 1e-5);
        assert!((targeted(&logits, 3, 4).0 - targeted(&moved, 3, 4).0).abs() < 1e-5);
    }

    #[test]
    fn ties_of_the_leading_logits_stay_finite() {
        let (value, gradient) = untargeted(&[1.0, 1.0, 1.0, 0.0], 0);
        assert!(value.abs() < 1e-6 && gradient.iter().all(|g| g.is_finite()));
    }
}
