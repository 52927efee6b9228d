//! A machine's wall clock, which may be wrong. Assertions and proofs contain the time; a server that refuses one
//! reports its own time in the `Date` header.

/// The number of seconds by which a clock may be off before an assertion is refused because of it. An assertion is
/// valid for two minutes in either direction, and the transport takes some of that.
pub const ASSERTION_TOLERANCE: f64 = 60.0;

/// The equivalent of [`ASSERTION_TOLERANCE`] for a proof. Servers differ in how far off a proof may be (C1 allows 30
/// seconds), so any difference beyond what the transport and the whole seconds of a `Date` explain may be the reason
/// for a refusal.
pub const PROOF_TOLERANCE: f64 = 5.0;

/// What is known about this machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset: f64,
    /// The offset that the current one replaced.
    before: f64,
    /// The last measured difference, whether or not it became the offset.
    measured: f64,
}

impl Clock {
    /// Converts this machine's time to the server's time, as far as that is known. Both are in seconds since 1970.
    pub fn correct(&self, unix_seconds: f64) -> f64 {
        unix_seconds + self.offset
    }

    /// Returns the number of seconds to add to this machine's time.
    pub fn offset(&self) -> f64 {
        self.offset
    }

    /// Compares the time with the server's. Returns true if the server's time differs by more than `tolerance` seconds
    /// from the one that was sent, so that another attempt makes sense.
    pub fn learn(&mut self, server: f64, unix_seconds: f64, tolerance: f64) -> bool {
        let measured = server - unix_seconds;
        // Rounds to the nearest second; `round` is not in `core`.
        self.measured = (measured + 0.5_f64.copysign(measured)) as i64 as f64;
        let differs = (self.measured - self.offset).abs() > tolerance;
        if differs {
            self.before = self.offset;
            self.offset = self.measured;
        }
        differs
    }

    /// Restores the previous offset, because the new one did not help.
    pub fn forget(&mut self) {
        self.offset = self.before;
    }

    /// Returns the last difference in seconds if it exceeds `tolerance`, so that it may be the reason for a refusal.
    pub fn suspect(&self, tolerance: f64) -> Option<i32> {
        (self.measured.abs() > tolerance).then_some(self.measured as i32)
    }
}
