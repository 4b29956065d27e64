//! Numbers that are equal, and that arithmetic left unequal.

/// Numbers between 0 and 1 that differ by no more are equal: the mean of 0.8, 0.7 and 0.6 comes out as 0.7000000000000001, that of three times 0.7 as 0.6999999999999998. What a single row of a
/// million changes is a million times as much.
pub(super) const ROUNDING: f64 = crate::requirement::ROUNDING;

/// Makes equal what differs by [`ROUNDING`] alone: in each column, numbers with no larger step between them all become the least of them; all others keep their bits. Rows have the same length.
pub(super) fn level(rows: &mut [&mut [f64]]) {
    level_within(rows, |_| ROUNDING);
}

/// The same with what is rounding said for each column.
pub(super) fn level_within(rows: &mut [&mut [f64]], rounding: impl Fn(usize) -> f64) {
    let columns = rows.first().map_or(0, |row| row.len());
    let mut order: Vec<usize> = (0..rows.len()).collect();
    for (column, rounding) in (0..columns).map(|column| (column, rounding(column))) {
        order.sort_unstable_by(|a, b| rows[*a][column].total_cmp(&rows[*b][column]));
        let mut run: Option<(f64, f64)> = None;
        for &at in &order {
            let x = rows[at][column];
            run = match run {
                Some((least, last)) if x - last <= rounding => {
                    rows[at][column] = least;
                    Some((least, x))
                }
                _ => Some((x, x)),
            };
        }
    }
}

/// Whether `a` is nowhere worse than `b` and somewhere better, by more than rounding (10⁻¹²).
#[must_use]
pub fn beats(a: &[f64], b: &[f64]) -> bool {
    assert_eq!(a.len(), b.len(), "costs on the same axes");
    a.iter().zip(b).all(|(a, b)| a - b <= ROUNDING) && a.iter().zip(b).any(|(a, b)| b - a > ROUNDING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_rounding_become_one_number_and_others_keep_their_bits() {
        let third = 1.0 / 3.0;
        let mut rows = [
            [0.7, third],
            [0.700_000_000_000_000_1, 0.5],
            [0.699_999_999_999_999_8, -0.0],
            [0.7 + 1e-9, 0.0],
        ];
        let mut slices: Vec<&mut [f64]> = rows.iter_mut().map(<[f64; 2]>::as_mut_slice).collect();
        level(&mut slices);
        let bits = |x: f64| x.to_bits();
        assert!((0..3).all(|row| bits(rows[row][0]) == bits(0.699_999_999_999_999_8)), "{rows:?}");
        assert_eq!(bits(rows[3][0]), bits(0.7 + 1e-9));
        assert_eq!((bits(rows[0][1]), bits(rows[1][1])), (bits(third), bits(0.5)));
        assert_eq!(bits(rows[2][1]), bits(rows[3][1]), "zeros of both signs");
        level(&mut []);
    }

    #[test]
    fn rounding_beats_nobody() {
        let (a, b) = ([0.300_000_000_000_000_2, 0.5], [0.299_999_999_999_999_9, 0.6]);
        assert!(beats(&a, &b) && !beats(&b, &a) && !beats(&a, &a));
        assert!(!beats(&[0.3, 0.5], &[0.3 - 1e-9, 0.6]));
        assert!(!beats(&a, &[0.3, 0.5]) && !beats(&[0.3, 0.5], &a));
    }
}
