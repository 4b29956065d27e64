//! Vector instructions, chosen at run time: AVX-512, AVX2 with FMA, NEON, or portable code.
//!
//! A kernel is written once, as a [`Task`] over a [`Simd`] type, and compiled for
//! every instruction set. Nothing a [`Simd`] does depends on the vector length, so
//! a kernel whose vectors run over independent outputs gives the same bytes on all.
//!
//! Plain loops beside the kernels go through [`vectorized`], and buffers are [`Aligned`] to cache lines.
//!
//! This is the one place where `unsafe` is: a [`Simd`] value exists only where the
//! processor has its instructions, and [`InstructionSet::run`] makes it. Intrinsics,
//! because the compiler keeps plain arrays in registers in a matrix product (the same
//! speed to 1 %), but not in a convolution (a third of the speed).

#![allow(clippy::inline_always, reason = "only what is inlined is compiled with the caller's instructions")]
#![allow(clippy::unused_self, reason = "the value is the proof that the instructions may be used")]

mod aligned;
mod grid;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

pub use aligned::Aligned;
pub use grid::{Numbers, Vectors, VectorsMut};

use crate::error::{Error, Result, did_you_mean};

/// The environment variable that forces an instruction set.
pub const VARIABLE: &str = "EQUIPOISE_SIMD";

/// A set of vector instructions that this processor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstructionSet(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

/// All names, fastest first, whether or not this processor has the instructions.
const NAMES: [&str; 4] = ["avx512", "avx2", "neon", "portable"];

impl InstructionSet {
    /// The sets that this processor has, fastest first; `portable` is always the last.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut sets = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if x86::has_avx512() {
                sets.push(Self(Kind::Avx512));
            }
            if x86::has_avx2() {
                sets.push(Self(Kind::Avx2));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if neon::has_neon() {
            sets.push(Self(Kind::Neon));
        }
        sets.push(Self(Kind::Portable));
        sets
    }

    /// The set of this name.
    ///
    /// # Errors
    ///
    /// When there is no such set, or this processor does not have it.
    pub fn named(name: &str) -> Result<Self> {
        let available = Self::available();
        if let Some(set) = available.iter().find(|set| set.name() == name) {
            return Ok(*set);
        }
        let names: Vec<_> = available.iter().map(|set| set.name()).collect();
        let message = if NAMES.contains(&name) {
            format!("this processor cannot run the instruction set `{name}`")
        } else {
            format!("unknown instruction set `{name}`{}", did_you_mean(name, NAMES))
        };
        Err(Error::input(message).help(format!("this processor runs: {}", names.join(", "))))
    }

    /// The fastest set, or the one that `EQUIPOISE_SIMD` names; decided once.
    ///
    /// # Errors
    ///
    /// When the variable names a set that is unknown or that this processor does not have.
    pub fn chosen() -> Result<Self> {
        static CHOSEN: OnceLock<Result<InstructionSet>> = OnceLock::new();
        CHOSEN
            .get_or_init(|| match std::env::var_os(VARIABLE) {
                Some(name) if !name.is_empty() => {
                    Self::named(&name.to_string_lossy()).map_err(|error| error.context(VARIABLE))
                }
                _ => Ok(Self::available()[0]),
            })
            .clone()
    }

    /// [`chosen`](Self::chosen), or portable code where that fails: for functions that cannot fail and give the same bytes anyway.
    #[must_use]
    pub fn chosen_or_portable() -> Self {
        static CHOSEN: OnceLock<InstructionSet> = OnceLock::new();
        *CHOSEN.get_or_init(|| Self::chosen().unwrap_or(Self(Kind::Portable)))
    }

    /// `avx512`, `avx2`, `neon` or `portable`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
            Kind::Portable => "portable",
        }
    }

    /// Runs plain loops, compiled for this instruction set, so that the compiler makes the longest vectors of them.
    ///
    /// The closure needs `#[inline(always)]`, and so does everything it calls that is to become vectors. Results do not
    /// depend on the set, as the compiler changes no rounding and no order of additions; but let [`crate::numeric::clip`] choose between zeros, not `f32::max`.
    #[inline]
    pub fn vectorized<R>(self, work: impl FnOnce() -> R) -> R {
        self.run(Loops(work))
    }

    /// Runs the task, compiled for this instruction set.
    #[inline]
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => x86::run_avx512(task),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => x86::run_avx2(task),
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => neon::run_neon(task),
            Kind::Portable => task.run(portable::Portable),
        }
    }
}

/// The name of the instruction set in use, for `--version` and the record of a run.
#[must_use]
pub fn instruction_set() -> &'static str {
    InstructionSet::chosen_or_portable().name()
}

/// [`InstructionSet::vectorized`] with the set in use.
#[inline]
pub fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    InstructionSet::chosen_or_portable().vectorized(work)
}

struct Loops<F>(F);

impl<R, F: FnOnce() -> R> Task for Loops<F> {
    type Output = R;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> R {
        (self.0)()
    }
}

/// Work that is compiled once per instruction set.
///
/// `run` and everything it calls must be `#[inline(always)]`: only what is inlined into the caller is compiled with the caller's instructions.
pub trait Task {
    /// What it returns.
    type Output;

    /// Does the work.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Vectors of [`LANES`](Self::LANES) single-precision numbers.
///
/// Every operation is exact or rounded once, lane by lane, so results do not depend on the number of lanes.
pub trait Simd: Copy {
    /// A vector.
    type V: Copy;
    /// Numbers per vector: 4, 8 or 16.
    const LANES: usize;
    /// Vector registers.
    const REGISTERS: usize;

    /// `value` in every lane.
    fn splat(self, value: f32) -> Self::V;
    /// The first [`LANES`](Self::LANES) numbers.
    fn load(self, from: &[f32]) -> Self::V;
    /// Writes the first [`LANES`](Self::LANES) numbers.
    fn store(self, vector: Self::V, to: &mut [f32]);
    /// May bring the cache line of number `at` closer; changes nothing else.
    fn prefetch(self, _from: &[f32], _at: usize) {}
    /// `a · b + c`, rounded once.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// One bit per lane, lowest first: `!(a <= b)`, so that a NaN counts as exceeding.
    fn exceeds(self, a: Self::V, b: Self::V) -> u16;
    /// `vector` where the lane's bit is set, else `+0`.
    fn keep(self, bits: u16, vector: Self::V) -> Self::V;
    /// `yes` where the lane's bit is set, else `no`.
    fn select(self, bits: u16, yes: Self::V, no: Self::V) -> Self::V;
    /// `value` where `!(test <= 0)`, else `+0`: ReLU and its derivative, without a detour over bits.
    fn where_positive(self, test: Self::V, value: Self::V) -> Self::V;
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Exercise;

    impl Task for Exercise {
        type Output = Vec<u32>;

        fn run<S: Simd>(self, s: S) -> Vec<u32> {
            let numbers: Vec<f32> =
                (0..16).map(|i| [0.1, -0.0, 0.0, -3.5, f32::NAN, 1e-40, 7.0][i % 7]).collect();
            let others: Vec<f32> = (0..16).map(|i| [0.0, 1.0 / 3.0, -2.0][i % 3]).collect();
            let mut out = vec![[0.0; 16]; 6];
            let (mut bits, mut lane) = (0, 0);
            while lane < 16 {
                let (a, b) = (s.load(&numbers[lane..]), s.load(&others[lane..]));
                let over = s.exceeds(a, b);
                bits |= u32::from(over) << lane;
                s.store(s.fma(a, b, s.splat(0.7)), &mut out[0][lane..]);
                s.store(s.add(a, b), &mut out[1][lane..]);
                s.store(s.keep(over, b), &mut out[2][lane..]);
                s.store(s.select(over, a, b), &mut out[3][lane..]);
                s.store(s.where_positive(a, b), &mut out[4][lane..]);
                s.store(s.where_positive(a, a), &mut out[5][lane..]);
                lane += S::LANES;
            }
            let mut all: Vec<u32> =
                out.iter().flatten().map(|x| if x.is_nan() { u32::MAX } else { x.to_bits() }).collect();
            all.push(bits);
            all
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bytes() {
        let portable = InstructionSet::named("portable").unwrap().run(Exercise);
        for set in InstructionSet::available() {
            assert_eq!(set.run(Exercise), portable, "{}", set.name());
        }
    }

    #[test]
    fn an_unknown_set_is_refused_with_the_ones_there_are() {
        let message = InstructionSet::named("portabel").unwrap_err().to_string();
        assert!(message.contains("did you mean `portable`?") && message.contains("portable"), "{message}");
        let foreign = if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" };
        let message = InstructionSet::named(foreign).unwrap_err().to_string();
        assert!(message.contains("cannot run"), "{message}");
    }
}
