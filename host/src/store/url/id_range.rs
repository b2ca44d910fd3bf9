//! Which blob ids something is for.

use std::fmt;

/// The first bytes of blob ids that a store is for: both ends are part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// The first.
    pub start: u8,
    /// The last; not below `start`.
    pub end: u8,
}

/// Something for a range of blob ids. On a command line `00-7f=URL`; with no range it is for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranged<T> {
    /// Which ids.
    pub range: IdRange,
    /// What is for them.
    pub value: T,
}

impl IdRange {
    /// Every blob id.
    pub const ALL: IdRange = IdRange { start: 0, end: 0xff };

    /// Whether ids that begin with `first_byte` are meant.
    pub fn contains(&self, first_byte: u8) -> bool {
        (self.start..=self.end).contains(&first_byte)
    }

    /// The first ids that none of the ranges covers.
    pub fn first_gap(ranges: impl Iterator<Item = IdRange> + Clone) -> Option<IdRange> {
        let covered = |byte: u8| ranges.clone().any(|range| range.contains(byte));
        let start = (0..=u8::MAX).find(|&byte| !covered(byte))?;
        let end = (start..=u8::MAX).take_while(|&byte| !covered(byte)).last()?;
        Some(IdRange { start, end })
    }
}

impl<T> Ranged<T> {
    /// `value`, for every blob id.
    pub fn all(value: T) -> Self {
        Ranged { range: IdRange::ALL, value }
    }
}

/// `00-7f`.
impl fmt::Display for IdRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}-{:02x}", self.start, self.end)
    }
}
