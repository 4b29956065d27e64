//! Plain Rust: right everywhere, slow where fused multiply-add is done in software.

use super::Simd;

#[derive(Clone, Copy)]
pub(super) struct Portable;

const LANES: usize = 16;

impl Simd for Portable {
    type V = [f32; LANES];
    const LANES: usize = LANES;
    const REGISTERS: usize = 16;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [value; LANES]
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::V {
        *from.first_chunk().expect("a whole vector")
    }

    #[inline(always)]
    fn store(self, vector: Self::V, to: &mut [f32]) {
        *to.first_chunk_mut().expect("a whole vector") = vector;
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn exceeds(self, a: Self::V, b: Self::V) -> u16 {
        (0..LANES).fold(0, |bits, i| bits | (u16::from(exceeds(a[i], b[i])) << i))
    }

    #[inline(always)]
    fn keep(self, bits: u16, vector: Self::V) -> Self::V {
        self.select(bits, vector, [0.0; LANES])
    }

    #[inline(always)]
    fn select(self, bits: u16, yes: Self::V, no: Self::V) -> Self::V {
        std::array::from_fn(|i| if bits >> i & 1 == 1 { yes[i] } else { no[i] })
    }

    #[inline(always)]
    fn where_positive(self, test: Self::V, value: Self::V) -> Self::V {
        std::array::from_fn(|i| if exceeds(test[i], 0.0) { value[i] } else { 0.0 })
    }
}

#[inline(always)]
fn exceeds(a: f32, b: f32) -> bool {
    a > b || a.is_nan() || b.is_nan()
}
