//! The wall clock of a machine that may be wrong. Assertions and proofs contain the time, and a server that refuses one
//! says in its `Date` what time it has.

/// Seconds that a clock may be off before an assertion is refused for it: it is good two minutes either way, and the transport
/// takes some of that.
pub const OF_ASSERTION: f64 = 60.0;

/// The same for a proof. Servers differ in how far off one may be (C1 takes 30 seconds), so whatever exceeds what the transport
/// and the whole seconds of a `Date` can explain may be the reason of a refusal.
pub const OF_PROOF: f64 = 5.0;

/// What is known of this machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset: f64,
    /// The offset before the last one was learned.
    before: f64,
    /// The last difference that was found, whether it was taken over or not.
    measured: f64,
}

impl Clock {
    /// The server's time, as far as it is known, from this machine's. Both in seconds since 1970.
    pub fn correct(&self, unix_seconds: f64) -> f64 {
        unix_seconds + self.offset
    }

    /// Seconds to add to this machine's time.
    pub fn offset(&self) -> f64 {
        self.offset
    }

    /// Compares with the server's time. True if it differs by more than `tolerance` seconds from what was sent, so that trying
    /// again with it makes sense.
    pub fn learn(&mut self, server: f64, unix_seconds: f64, tolerance: f64) -> bool {
        let measured = server - unix_seconds;
        // To the nearest second. `round` is not in `core`.
        self.measured = (measured + 0.5_f64.copysign(measured)) as i64 as f64;
        let differs = (self.measured - self.offset).abs() > tolerance;
        if differs {
            self.before = self.offset;
            self.offset = self.measured;
        }
        differs
    }

    /// The new time did not help: goes back to the one before.
    pub fn forget(&mut self) {
        self.offset = self.before;
    }

    /// The last difference, in seconds, if it exceeds `tolerance` and so can be the reason of a refusal.
    pub fn suspect(&self, tolerance: f64) -> Option<i32> {
        (self.measured.abs() > tolerance).then_some(self.measured as i32)
    }
}
