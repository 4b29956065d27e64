//! Sorting of many records by a floating-point number, in time linear in their count where the numbers are spread out.

/// Below this many records a comparison sort is as fast.
const FEW: usize = 192;
/// Records that end in the same place twice are put in order by insertion up to this many.
const RUN: usize = 24;
/// Records in a first-level bucket that fit the processor's nearest cache.
const BUCKET: usize = 256;
/// Places of a bucket at most.
const PLACES: usize = 1 << 12;

/// An integer in the order of the numbers, −0 and 0 being the same.
fn key(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    bits ^ (((bits as i64 >> 63) as u64) | 1 << 63)
}

/// Sorts `records` by `less`, which must order them by `number` first and then in any way. Numbers must not be NaN.
///
/// Two rounds of counting: into buckets by the leading bits of the number's place between the least and the largest, then the same within each
/// bucket; what ends in one place is sorted by comparison. The result is that of any sort by `less`. `O(n)` on numbers
/// that are spread out, `O(n log n)` on any.
pub(super) fn sort<R: Copy>(
    records: &mut [R],
    number: impl Fn(&R) -> f64 + Copy,
    less: impl Fn(&R, &R) -> bool + Copy,
) {
    if records.len() < FEW {
        return by_comparison(records, less);
    }
    let key = |record: &R| key(number(record));
    let mut spare = records.to_vec();
    let mut starts = [0_u32; PLACES];
    let places = Places::of(records, key, records.len() / BUCKET);
    let mut ends = vec![0_u32; places.count];
    spread(records, &mut spare, places, key, &mut ends);
    let mut from = 0;
    for end in ends {
        let end = end as usize;
        let (bucket, sorted) = (&spare[from..end], &mut records[from..end]);
        if bucket.len() <= RUN {
            sorted.copy_from_slice(bucket);
            by_insertion(sorted, less);
        } else {
            let places = Places::of(bucket, key, bucket.len());
            let ends = &mut starts[..places.count];
            spread(bucket, sorted, places, key, ends);
            let mut from = 0;
            for end in ends {
                let run = &mut sorted[from..*end as usize];
                if run.len() > 1 {
                    by_comparison(run, less);
                }
                from = *end as usize;
            }
        }
        from = end;
    }
}

/// Lexicographic order from the last axis on.
#[inline]
pub(super) fn less<const D: usize>(a: &[f64; D], b: &[f64; D]) -> bool {
    for axis in (0..D).rev() {
        if a[axis] < b[axis] {
            return true;
        }
        if a[axis] > b[axis] {
            return false;
        }
    }
    false
}

/// How keys are told apart: by `(key − least) >> shift`.
#[derive(Clone, Copy)]
struct Places {
    least: u64,
    shift: u32,
    count: usize,
}

impl Places {
    /// About `wanted` of them.
    fn of<R>(records: &[R], key: impl Fn(&R) -> u64, wanted: usize) -> Self {
        let (mut least, mut most) = (u64::MAX, 0);
        for record in records {
            let key = key(record);
            least = least.min(key);
            most = most.max(key);
        }
        let bits = wanted.next_power_of_two().clamp(2, PLACES).trailing_zeros();
        let shift = (u64::BITS - (most - least).leading_zeros()).saturating_sub(bits);
        Self { least, shift, count: ((most - least) >> shift) as usize + 1 }
    }
}

/// Puts the records into their places; `ends` receives where each place ends.
fn spread<R: Copy>(from: &[R], to: &mut [R], places: Places, key: impl Fn(&R) -> u64, ends: &mut [u32]) {
    let place = |record: &R| ((key(record) - places.least) >> places.shift) as usize;
    ends.fill(0);
    for record in from {
        ends[place(record)] += 1;
    }
    let mut sum = 0;
    for end in ends.iter_mut() {
        let count = *end;
        *end = sum;
        sum += count;
    }
    for record in from {
        let end = &mut ends[place(record)];
        to[*end as usize] = *record;
        *end += 1;
    }
}

fn by_comparison<R: Copy>(records: &mut [R], less: impl Fn(&R, &R) -> bool + Copy) {
    if records.len() <= RUN {
        by_insertion(records, less);
    } else {
        // The sort asks only whether one is less.
        records.sort_unstable_by(|a, b| {
            if less(a, b) {
                std::cmp::Ordering::Less
            } else if less(b, a) {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        });
    }
}

pub(super) fn by_insertion<R: Copy>(records: &mut [R], less: impl Fn(&R, &R) -> bool) {
    for at in 1..records.len() {
        let record = records[at];
        let mut to = at;
        while to > 0 && less(&record, &records[to - 1]) {
            records[to] = records[to - 1];
            to -= 1;
        }
        records[to] = record;
    }
}

/// Whether two points are equal, −0 and 0 being the same.
#[allow(clippy::float_cmp, reason = "equal, not near")]
pub(super) fn same<const D: usize>(a: &[f64; D], b: &[f64; D]) -> bool {
    a == b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numbers: &[f64]) {
        let mut records: Vec<(f64, u32)> = numbers.iter().zip(0..).map(|(x, at)| (*x, at)).collect();
        let mut expected = records.clone();
        expected.sort_by(|a, b| (a.0 + 0.0).total_cmp(&(b.0 + 0.0)).then(a.1.cmp(&b.1)));
        sort(&mut records, |r| r.0, |a, b| a.0 < b.0 || a.0.total_cmp(&b.0).is_eq() && a.1 < b.1);
        let places = |records: &[(f64, u32)]| records.iter().map(|r| r.1).collect::<Vec<_>>();
        assert_eq!(places(&records), places(&expected));
    }

    /// Spread out, crowded, over all magnitudes, all the same, with infinities; every size around the thresholds.
    #[test]
    fn every_kind_of_numbers_is_sorted() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for n in [0, 1, 2, RUN, RUN + 1, FEW - 1, FEW, 1000, 20_000] {
            let uniform: Vec<f64> = (0..n).map(|_| next() - 0.5).collect();
            check(&uniform);
            check(&uniform.iter().map(|x| libm::exp(1000.0 * x)).collect::<Vec<_>>());
            check(&uniform.iter().map(|x| 1.0 + 1e-13 * x).collect::<Vec<_>>());
            check(&uniform.iter().map(|x| (4.0 * x).floor() + 0.0).collect::<Vec<_>>());
            check(&vec![0.25; n]);
            check(&uniform.iter().map(|x| if *x > 0.4 { f64::INFINITY } else { *x }).collect::<Vec<_>>());
            check(&uniform.iter().map(|x| if *x > 0.0 { 1e300 } else { *x }).collect::<Vec<_>>());
            let mut rising = uniform.clone();
            rising.sort_by(f64::total_cmp);
            check(&rising);
        }
    }

    #[test]
    fn zeros_of_both_signs_have_one_key() {
        assert_eq!(key(-0.0), key(0.0));
        let rising = [f64::MIN, -1.0, -f64::MIN_POSITIVE, 0.0, 5e-324, 1.0, f64::MAX, f64::INFINITY];
        assert!(rising.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
    }
}
