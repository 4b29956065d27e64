//! Numbers that begin at a cache line.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the longest vector.
const LINE: usize = 64;

/// A fixed number of numbers, the first at the beginning of a cache line.
///
/// A vector of 16 that begins anywhere else straddles two lines: that costs a matrix product a tenth of its speed.
#[derive(Debug, Default)]
pub struct Aligned {
    numbers: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// `len` zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        let spare = LINE / size_of::<f32>() - 1;
        let numbers = vec![0.0_f32; len + spare];
        // The standard allows `align_offset` to know no answer; nothing but speed depends on it.
        let start = numbers.as_ptr().align_offset(LINE);
        Self { numbers, start: if start <= spare { start } else { 0 }, len }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    #[inline]
    fn deref(&self) -> &[f32] {
        &self.numbers[self.start..][..self.len]
    }
}

impl DerefMut for Aligned {
    #[inline]
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[self.start..][..self.len]
    }
}

impl Clone for Aligned {
    fn clone(&self) -> Self {
        let mut copy = Self::zeros(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl PartialEq for Aligned {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_equal_and_as_aligned_as_the_original() {
        for len in [0, 1, 15, 16, 1000] {
            let mut numbers = Aligned::zeros(len);
            numbers.iter_mut().enumerate().for_each(|(place, number)| *number = place as f32);
            let copy = numbers.clone();
            assert_eq!(copy, numbers);
            assert_eq!((copy.len(), copy.as_ptr().align_offset(LINE)), (len, 0));
        }
    }
}
