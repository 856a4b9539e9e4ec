//! Owns the instant as the rules use it. It reads no clock.

/// Milliseconds since 1970-01-01T00:00:00Z. Stamped at intake, before any retry loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This instant and so many milliseconds; stays at the far end where that is out of range.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}
