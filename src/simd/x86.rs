//! AVX-512 and AVX2 with FMA.
#![expect(
    unsafe_code,
    reason = "vector intrinsics; a value of these types exists only on processors that have them"
)]

use std::arch::x86_64::{
    __m256, __m512, _CMP_NLE_UQ, _MM_HINT_T0, _mm_prefetch, _mm256_add_ps, _mm256_and_ps, _mm256_and_si256,
    _mm256_blendv_ps, _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpeq_epi32, _mm256_fmadd_ps,
    _mm256_loadu_ps, _mm256_movemask_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_epi32,
    _mm256_setzero_ps, _mm256_storeu_ps, _mm512_add_ps, _mm512_cmp_ps_mask, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_mask_blend_ps, _mm512_maskz_mov_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};

use super::{Simd, Task};

pub(super) fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// Must be called only where [`has_avx512`] holds: [`super::InstructionSet`] sees to it.
#[inline]
pub(super) fn run_avx512<T: Task>(task: T) -> T::Output {
    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
    fn compiled<T: Task>(task: T) -> T::Output {
        task.run(Avx512(()))
    }
    // SAFETY: an `InstructionSet` of this kind exists only after `has_avx512` has held.
    unsafe { compiled(task) }
}

/// Must be called only where [`has_avx2`] holds: [`super::InstructionSet`] sees to it.
#[inline]
pub(super) fn run_avx2<T: Task>(task: T) -> T::Output {
    #[target_feature(enable = "avx2,fma")]
    fn compiled<T: Task>(task: T) -> T::Output {
        task.run(Avx2(()))
    }
    // SAFETY: an `InstructionSet` of this kind exists only after `has_avx2` has held.
    unsafe { compiled(task) }
}

// SAFETY, of every block below: the value itself is the proof that the processor has the instructions (it is made
// only in `run_avx512` and `run_avx2`), and pointers come from arrays of exactly one vector.

#[derive(Clone, Copy)]
pub(super) struct Avx512(());

impl Simd for Avx512 {
    type V = __m512;
    const LANES: usize = 16;
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> __m512 {
        let from: &[f32; 16] = from.first_chunk().expect("a whole vector");
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, vector: __m512, to: &mut [f32]) {
        let to: &mut [f32; 16] = to.first_chunk_mut().expect("a whole vector");
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), vector) }
    }

    #[inline(always)]
    fn prefetch(self, from: &[f32], at: usize) {
        // A hint: any address will do, also one outside the slice.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.as_ptr().wrapping_add(at).cast()) }
    }

    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn exceeds(self, a: __m512, b: __m512) -> u16 {
        unsafe { _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(a, b) }
    }

    #[inline(always)]
    fn keep(self, bits: u16, vector: __m512) -> __m512 {
        unsafe { _mm512_maskz_mov_ps(bits, vector) }
    }

    #[inline(always)]
    fn select(self, bits: u16, yes: __m512, no: __m512) -> __m512 {
        unsafe { _mm512_mask_blend_ps(bits, no, yes) }
    }

    #[inline(always)]
    fn where_positive(self, test: __m512, value: __m512) -> __m512 {
        self.keep(self.exceeds(test, unsafe { _mm512_setzero_ps() }), value)
    }
}

#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// All ones in the lanes whose bit is set.
    #[inline(always)]
    fn spread(self, bits: u16) -> __m256 {
        unsafe {
            let each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let hit = _mm256_and_si256(_mm256_set1_epi32(i32::from(bits)), each);
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(hit, each))
        }
    }
}

impl Simd for Avx2 {
    type V = __m256;
    const LANES: usize = 8;
    const REGISTERS: usize = 16;

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> __m256 {
        let from: &[f32; 8] = from.first_chunk().expect("a whole vector");
        unsafe { _mm256_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, vector: __m256, to: &mut [f32]) {
        let to: &mut [f32; 8] = to.first_chunk_mut().expect("a whole vector");
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), vector) }
    }

    #[inline(always)]
    fn prefetch(self, from: &[f32], at: usize) {
        // A hint: any address will do, also one outside the slice.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.as_ptr().wrapping_add(at).cast()) }
    }

    #[inline(always)]
    fn fma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn exceeds(self, a: __m256, b: __m256) -> u16 {
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NLE_UQ>(a, b)) as u16 }
    }

    #[inline(always)]
    fn keep(self, bits: u16, vector: __m256) -> __m256 {
        unsafe { _mm256_and_ps(self.spread(bits), vector) }
    }

    #[inline(always)]
    fn select(self, bits: u16, yes: __m256, no: __m256) -> __m256 {
        unsafe { _mm256_blendv_ps(no, yes, self.spread(bits)) }
    }

    #[inline(always)]
    fn where_positive(self, test: __m256, value: __m256) -> __m256 {
        unsafe { _mm256_and_ps(_mm256_cmp_ps::<_CMP_NLE_UQ>(test, _mm256_setzero_ps()), value) }
    }
}
