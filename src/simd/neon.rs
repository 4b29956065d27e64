//! NEON, which every 64-bit ARM processor has.
#![expect(
    unsafe_code,
    reason = "vector intrinsics; a value of this type exists only on processors that have them"
)]

use std::arch::aarch64::{
    float32x4_t, uint32x4_t, vaddq_f32, vaddvq_u32, vandq_u32, vbslq_f32, vcleq_f32, vdupq_n_f32,
    vdupq_n_u32, vfmaq_f32, vld1q_f32, vld1q_u32, vmvnq_u32, vst1q_f32, vtstq_u32,
};

use super::{Simd, Task};

pub(super) fn has_neon() -> bool {
    std::arch::is_aarch64_feature_detected!("neon")
}

/// Must be called only where [`has_neon`] holds: [`super::InstructionSet`] sees to it.
#[inline]
pub(super) fn run_neon<T: Task>(task: T) -> T::Output {
    #[target_feature(enable = "neon")]
    fn compiled<T: Task>(task: T) -> T::Output {
        task.run(Neon(()))
    }
    // SAFETY: an `InstructionSet` of this kind exists only after `has_neon` has held.
    unsafe { compiled(task) }
}

// SAFETY, of every block below: the value itself is the proof that the processor has the instructions (it is made
// only in `run_neon`), and pointers come from arrays of exactly one vector.

#[derive(Clone, Copy)]
pub(super) struct Neon(());

const EACH: [u32; 4] = [1, 2, 4, 8];

impl Neon {
    /// All ones in the lanes whose bit is set.
    #[inline(always)]
    fn spread(self, bits: u16) -> uint32x4_t {
        unsafe { vtstq_u32(vdupq_n_u32(u32::from(bits)), vld1q_u32(EACH.as_ptr())) }
    }
}

impl Simd for Neon {
    type V = float32x4_t;
    const LANES: usize = 4;
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn splat(self, value: f32) -> float32x4_t {
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> float32x4_t {
        let from: &[f32; 4] = from.first_chunk().expect("a whole vector");
        unsafe { vld1q_f32(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, vector: float32x4_t, to: &mut [f32]) {
        let to: &mut [f32; 4] = to.first_chunk_mut().expect("a whole vector");
        unsafe { vst1q_f32(to.as_mut_ptr(), vector) }
    }

    #[inline(always)]
    fn fma(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn exceeds(self, a: float32x4_t, b: float32x4_t) -> u16 {
        unsafe { vaddvq_u32(vandq_u32(vmvnq_u32(vcleq_f32(a, b)), vld1q_u32(EACH.as_ptr()))) as u16 }
    }

    #[inline(always)]
    fn keep(self, bits: u16, vector: float32x4_t) -> float32x4_t {
        self.select(bits, vector, self.splat(0.0))
    }

    #[inline(always)]
    fn select(self, bits: u16, yes: float32x4_t, no: float32x4_t) -> float32x4_t {
        unsafe { vbslq_f32(self.spread(bits), yes, no) }
    }

    #[inline(always)]
    fn where_positive(self, test: float32x4_t, value: float32x4_t) -> float32x4_t {
        let zero = self.splat(0.0);
        unsafe { vbslq_f32(vcleq_f32(test, zero), zero, value) }
    }
}
