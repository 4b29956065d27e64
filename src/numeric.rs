//! Elementary functions that give the same bytes on every machine.
//!
//! The standard library leaves exp, ln, powers and trigonometry to the
//! platform; everything that reaches a result goes through here or `libm`.

/// eˣ in single precision: relative error below 2e-7, 0 below −87.3, infinite above 88.7, NaN stays NaN.
///
/// Multiplications, additions and bit shifts only, each rounded, so that a loop over lanes becomes vectors without changing
/// a bit. Cody and Waite's reduction to `|r| ≤ ln 2 / 2`, then a Taylor polynomial of degree 7.
#[must_use]
#[inline(always)]
#[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
pub fn exp(x: f32) -> f32 {
    // Adding 1.5 · 2²³ rounds to a whole number, whose low bits are then the float's.
    const ROUNDER: f32 = 12_582_912.0;
    // ln 2 in two parts; the first has so few bits that its multiples are exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let within = if x < -87.3 { -87.3 } else { x };
    let within = if within > 88.7 { 88.7 } else { within };
    let shifted = within * std::f32::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = (within - n * LN_2_HIGH) - n * LN_2_LOW;
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = (p * r) * r + r + 1.0;
    // 2ⁿ in two factors, as 2¹²⁸ is no f32.
    let power = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()) as i32;
    let half = power >> 1;
    let factor = |power: i32| f32::from_bits(((power + 127) as u32) << 23);
    let result = p * factor(half) * factor(power - half);
    let result = if x < -87.3 { 0.0 } else { result };
    let result = if x > 88.7 { f32::INFINITY } else { result };
    if x.is_nan() { x } else { result }
}

/// ln x in single precision: error below 1e-7 or 1.5e-7 of the result, whichever is larger; −∞ at 0 (and below the smallest normal number), NaN below 0 and for NaN.
///
/// Made of rounded multiplications, additions and bit shifts like [`exp`], for the same reason. Moshier's reduction and polynomial (Cephes, `logf`):
/// `x = 2ᵉ (1 + f)` with `√½ ≤ 1 + f < √2`.
#[must_use]
#[inline(always)]
#[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
pub fn ln(x: f32) -> f32 {
    const ROOT_OF_HALF: u32 = 0x3f35_04f3;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let above = x.to_bits().wrapping_sub(ROOT_OF_HALF) as i32;
    let power = above >> 23;
    let f = f32::from_bits(x.to_bits().wrapping_sub((power << 23) as u32)) - 1.0;
    let e = power as f32;
    let square = f * f;
    let p = 7.037_683_6e-2;
    let p = p * f - 0.115_146_1;
    let p = p * f + 0.116_769_99;
    let p = p * f - 0.124_201_41;
    let p = p * f + 0.142_493_23;
    let p = p * f - 0.166_680_58;
    let p = p * f + 0.200_007_15;
    let p = p * f - 0.249_999_94;
    let p = p * f + 0.333_333_3;
    let p = p * f * square + LN_2_LOW * e - 0.5 * square;
    let result = f + p + LN_2_HIGH * e;
    let result = if x < f32::MIN_POSITIVE { f32::NEG_INFINITY } else { result };
    let result = if x < 0.0 { f32::NAN } else { result };
    let result = if x > f32::MAX { f32::INFINITY } else { result };
    if x.is_nan() { x } else { result }
}

/// Cosine and sine of `turns · 2π` in single precision, for turns in `[0, 1]`: errors below 1.5e-7.
///
/// Made of rounded multiplications, additions and bit shifts like [`exp`], for the same reason: Taylor polynomials within an eighth of a
/// turn around each quarter.
#[must_use]
#[inline(always)]
#[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
pub fn cos_sin_of_turns(turns: f32) -> (f32, f32) {
    // Adding 1.5 · 2²³ rounds to a whole number, whose low bits are then the float's.
    const ROUNDER: f32 = 12_582_912.0;
    let quarters = 4.0 * turns;
    let shifted = quarters + ROUNDER;
    let quadrant = shifted.to_bits();
    let x = (quarters - (shifted - ROUNDER)) * std::f32::consts::FRAC_PI_2;
    let square = x * x;
    let p = 1.0 / 362_880.0;
    let p = p * square - 1.0 / 5040.0;
    let p = p * square + 1.0 / 120.0;
    let p = p * square - 1.0 / 6.0;
    let sine = p * square * x + x;
    let p = 1.0 / 40_320.0;
    let p = p * square - 1.0 / 720.0;
    let p = p * square + 1.0 / 24.0;
    let p = p * square - 0.5;
    let cosine = p * square + 1.0;
    // A quarter turns (c, s) into (−s, c).
    let odd = quadrant & 1 != 0;
    let (c, s) = if odd { (sine, cosine) } else { (cosine, sine) };
    let flip_cosine = (quadrant.wrapping_add(1) & 2) << 30;
    let flip_sine = (quadrant & 2) << 30;
    (f32::from_bits(c.to_bits() ^ flip_cosine), f32::from_bits(s.to_bits() ^ flip_sine))
}

/// `x` between `lo` and `hi` (which must not be above it); NaN stays NaN.
///
/// By comparisons: which zero `f32::max` and `f32::min` return for two zeros of different sign is left to the machine.
#[must_use]
#[inline(always)]
#[allow(clippy::inline_always, reason = "a loop becomes vectors only with the body in it")]
pub fn clip(x: f32, lo: f32, hi: f32) -> f32 {
    let x = if x > hi { hi } else { x };
    if x < lo { lo } else { x }
}

/// The standard normal distribution function Φ(x).
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The standard normal quantile Φ⁻¹(p), by bisection on [`normal_cdf`] to the last bit; ±∞ at 0 and 1, NaN outside `[0, 1]`.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (-40.0_f64, 40.0_f64);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if normal_cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The standard normal quantile for `p` in (0, 1), fast: Acklam's rational approximation and one step of Halley's method on [`normal_cdf`]. For `p` from
/// 1e-9 to 1 − 1e-6 it is within 1e-9 of [`normal_quantile`]; nearer to 1 the last bit of `p` itself is worth more than that.
#[must_use]
pub fn probit(p: f64) -> f64 {
    const A: [f64; 6] = [
        -39.696_830_286_653_76,
        220.946_098_424_520_5,
        -275.928_510_446_968_7,
        138.357_751_867_269,
        -30.664_798_066_147_16,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -54.476_098_798_224_06,
        161.585_836_858_040_9,
        -155.698_979_859_886_6,
        66.801_311_887_719_72,
        -13.280_681_552_885_72,
    ];
    const C: [f64; 6] = [
        -0.007_784_894_002_430_293,
        -0.322_396_458_041_136_5,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [0.007_784_695_709_041_462, 0.322_467_129_070_039_8, 2.445_134_137_142_996, 3.754_408_661_907_416];
    const TAIL: f64 = 0.024_25;
    let polynomial = |list: &[f64], x: f64| list.iter().fold(0.0, |sum, factor| sum * x + factor);
    let tail = |p: f64| {
        let q = libm::sqrt(-2.0 * libm::log(p));
        polynomial(&C, q) / (polynomial(&D, q) * q + 1.0)
    };
    let x = if p < TAIL {
        tail(p)
    } else if p > 1.0 - TAIL {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        let r = q * q;
        polynomial(&A, r) * q / (polynomial(&B, r) * r + 1.0)
    };
    // f = (Φ(x) − p) / φ(x); f'' / f' = −x.
    let off = (normal_cdf(x) - p) * libm::sqrt(std::f64::consts::TAU) * libm::exp(0.5 * x * x);
    x - off / (1.0 + 0.5 * x * off)
}

/// The regularized incomplete beta function `I_x(a, b)` for `a, b > 0`; 0 below and 1 above `[0, 1]`.
///
/// Continued fraction by Lentz's method (Numerical Recipes, 3rd edition, 6.4), on the side where
/// it converges quickly.
#[must_use]
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let log_front =
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    let front = libm::exp(log_front);
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(a, b, x) / a
    } else {
        1.0 - front * continued_fraction(b, a, 1.0 - x) / b
    }
}

fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guarded = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // Convergence takes about sqrt(max(a, b)) terms; the cap is far above that for any count of rows.
    for m in 1..100_000_u32 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guarded(1.0 + even * d);
        c = guarded(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guarded(1.0 + odd * d);
        c = guarded(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// The quantile of the beta distribution, by bisection on [`incomplete_beta`] to the last bit.
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if incomplete_beta(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// `Σ_{j=1..count} 1/(start + j)` for `start ≥ 0` and `count ≥ 0`: the difference of two harmonic numbers, also between whole numbers.
#[must_use]
pub fn harmonic_span(start: f64, count: f64) -> f64 {
    // Few terms are summed; many, or a part of one, come from ψ(start + count + 1) − ψ(start + 1).
    if count <= 32.0 && count.fract() <= 0.0 {
        return (1..=count as u32).fold(0.0, |sum, j| sum + 1.0 / (start + f64::from(j)));
    }
    digamma(start + count + 1.0) - digamma(start + 1.0)
}

/// ψ(x) for x > 0 by recurrence up to 10 and Stirling's series (Abramowitz and Stegun, 6.3.5 and 6.3.18); error about 1e-14.
fn digamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 10.0 {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = 1.0 / 240.0 - square * (1.0 / 132.0 - square * (691.0 / 32_760.0 - square / 12.0));
    let series = square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square * series)));
    shift + libm::log(x) - 0.5 / x - series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz and Stegun, table 26.1 and 26.5.
    #[test]
    fn the_normal_distribution_matches_its_tables() {
        assert!((normal_cdf(1.0) - 0.841_344_746_068_543).abs() < 1e-14);
        assert!((normal_cdf(-2.0) - 0.022_750_131_948_179_2).abs() < 1e-15);
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn the_fast_quantile_is_the_exact_one() {
        for step in 1..2000 {
            let p = f64::from(step) / 2000.0;
            for p in [p, 1e-6 * p, 1.0 - 1e-3 * p] {
                let (fast, exact) = (probit(p), normal_quantile(p));
                assert!((fast - exact).abs() < 1e-9 * exact.abs().max(1.0), "{p}: {fast} {exact}");
            }
        }
    }

    /// Every 997th number of the whole range; the exact values are those of `libm` in double precision.
    #[test]
    fn exponentials_agree_with_double_precision() {
        for bits in (0..f32::INFINITY.to_bits()).step_by(997) {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                if (-87.3..=88.7).contains(&x) {
                    let expected = libm::exp(f64::from(x));
                    let error = (f64::from(exp(x)) - expected).abs() / expected;
                    assert!(error < 2e-7, "{x}: {error}");
                }
            }
        }
    }

    #[test]
    fn logarithms_agree_with_double_precision() {
        for bits in (f32::MIN_POSITIVE.to_bits()..f32::INFINITY.to_bits()).step_by(997) {
            let x = f32::from_bits(bits);
            let expected = libm::log(f64::from(x));
            let error = (f64::from(ln(x)) - expected).abs();
            assert!(error <= f64::max(1e-7, 1.5e-7 * expected.abs()), "{x}: {error}");
        }
        assert_eq!(ln(1.0).to_bits(), 0);
        assert!(ln(f32::NAN).is_nan() && ln(-1.0).is_nan());
        assert!(ln(0.0) <= f32::NEG_INFINITY && ln(f32::INFINITY) >= f32::INFINITY);
    }

    #[test]
    fn cosines_and_sines_agree_with_double_precision() {
        for step in 0..=1_000_003 {
            let turns = step as f32 / 1_000_003.0;
            let angle = f64::from(turns) * std::f64::consts::TAU;
            let (cosine, sine) = cos_sin_of_turns(turns);
            assert!((f64::from(cosine) - libm::cos(angle)).abs() < 1.5e-7, "{turns}: {cosine}");
            assert!((f64::from(sine) - libm::sin(angle)).abs() < 1.5e-7, "{turns}: {sine}");
        }
    }

    /// Hand-made sums; ψ(1/2) = −γ − 2 ln 2 gives H at one half as 2 − 2 ln 2.
    #[test]
    fn harmonic_numbers_match_sums_and_the_closed_form() {
        assert!((harmonic_span(0.0, 4.0) - 25.0 / 12.0).abs() < 1e-15);
        let long: f64 = (1..=1000).map(|j| 1.0 / (7.0 + f64::from(j))).sum();
        assert!((harmonic_span(7.0, 1000.0) - long).abs() < 1e-12);
        assert!((harmonic_span(0.0, 0.5) - (2.0 - 2.0 * std::f64::consts::LN_2)).abs() < 1e-13);
        assert_eq!(harmonic_span(5.0, 0.0).to_bits(), 0);
    }

    #[test]
    fn the_ends_of_the_range_are_kept() {
        let inf = f32::INFINITY;
        for (x, expected) in
            [(0.0, 1.0), (-0.0, 1.0), (88.8, inf), (inf, inf), (-87.4, 0.0), (-1000.0, 0.0), (-inf, 0.0)]
        {
            assert_eq!(exp(x).to_bits(), f32::to_bits(expected), "{x}");
        }
        assert!(exp(f32::NAN).is_nan());
    }
}
