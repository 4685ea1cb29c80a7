//! What a mention is counted as.

use serde::{Deserialize, Serialize};

/// The counts that every question may be about: all mentions, and the negative ones among them. What
/// else is counted, the caller decides.
pub const ALL: usize = 0;
/// See [`ALL`].
pub const NEGATIVE: usize = 1;

/// Which of at most eight counts a mention adds to, [`ALL`] and [`NEGATIVE`] first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted(u8);

impl Counted {
    /// Whether it adds to the count at `at`.
    pub const fn is(self, at: usize) -> bool {
        at < u8::BITS as usize && self.0 >> at & 1 == 1
    }

    /// What it adds to each of so many counts: one or nothing.
    pub(super) fn ones(self, counts: usize) -> impl Iterator<Item = f32> {
        (0..counts).map(move |at| if self.is(at) { 1.0 } else { 0.0 })
    }

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<bool> for Counted {
    fn from_iter<I: IntoIterator<Item = bool>>(each: I) -> Self {
        let bits = each.into_iter().take(u8::BITS as usize).enumerate();
        Self(bits.fold(0, |bits, (at, is)| bits | u8::from(is) << at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told_again() {
        let counted: Counted = [true, false, true].into_iter().collect();
        assert_eq!(
            [0, 1, 2, 3, 8, 64].map(|at| counted.is(at)),
            [true, false, true, false, false, false]
        );
        assert_eq!(counted.ones(4).collect::<Vec<_>>(), [1.0, 0.0, 1.0, 0.0]);
        let many: Counted = [false; 8].into_iter().chain([true]).collect();
        assert_eq!(many, Counted::default(), "no more than there is room for");
    }
}
