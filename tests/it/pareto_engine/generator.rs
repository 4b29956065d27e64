//! Points that any language makes bit by bit: integers, +, ×, / and √ only.

use sha2::{Digest, Sha256};

/// Draw `i` of a counter stream: SplitMix64.
fn draw(seed: u64, i: u64) -> f64 {
    let mut z = seed.wrapping_add((i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// `n × d` costs: `random` in the unit cube, `concave` on the part of the unit sphere where all are positive, `convex` one minus that.
pub(super) fn points(shape: &str, d: usize, n: usize, seed: u64) -> Vec<f64> {
    let mut points = Vec::with_capacity(n * d);
    let mut i = 0;
    while points.len() < n * d {
        let u: Vec<f64> = (0..d as u64).map(|axis| draw(seed, i + axis)).collect();
        i += d as u64;
        let s = u[1..].iter().fold(u[0] * u[0], |s, x| s + x * x);
        let accepted = s > 0.0 && s <= 1.0 && u.iter().all(|x| *x > 0.0);
        match shape {
            "random" => points.extend(u),
            _ if !accepted => {}
            "concave" => points.extend(u.iter().map(|x| x / s.sqrt())),
            "convex" => points.extend(u.iter().map(|x| 1.0 - x / s.sqrt())),
            other => panic!("no shape `{other}`"),
        }
    }
    points
}

/// The sheet's check values: the first 16 hexadecimal digits of SHA-256 over 1,000 points, little-endian.
#[test]
fn the_points_are_the_published_ones() {
    for (shape, d, expected) in [
        ("random", 2, "d9ad98445a4a24d3"),
        ("random", 3, "4374a43ce74b13cf"),
        ("random", 6, "f179fb31ee08536b"),
        ("concave", 2, "e72c83b510259d3e"),
        ("concave", 3, "dfa9ff8724d22d0c"),
        ("concave", 6, "f9dca1ff3e1ef525"),
        ("convex", 2, "70005d3ec0eed53d"),
        ("convex", 3, "94699027c27c040e"),
        ("convex", 6, "f0d65dbe1e01d7c4"),
    ] {
        let mut hash = Sha256::new();
        for x in points(shape, d, 1000, 1000 + d as u64) {
            hash.update(x.to_le_bytes());
        }
        let hex: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected, "{shape} {d}");
    }
}
