//! The settings of a target: when to rotate, which proofs are required, and when the old credential may end.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::event::{Proof, Step, Time};

/// A second, in milliseconds.
pub const SECOND: Time = 1000;
/// A minute.
pub const MINUTE: Time = 60 * SECOND;
/// An hour.
pub const HOUR: Time = 60 * MINUTE;
/// A day of twenty-four hours.
pub const DAY: Time = 24 * HOUR;

/// The settings of the protocol. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Policy {
    /// The time for which the old credential remains valid after the new one is delivered and verified.
    pub grace: Time,
    /// The proofs that are required of the new credential before the old one ends, besides reading back every sink.
    pub proofs: BTreeSet<Proof>,
    /// The longest lifetime of a token. The old credential is quiet once it has not been used for twice as long.
    pub token_life: Time,
    /// Whether the end of the old credential requires a person's approval.
    pub approval: bool,
    /// The time that the issuing call may take.
    pub call_deadline: Time,
    /// The largest difference between the clocks of two machines, plus the time after its deadline at which a call may
    /// still take effect.
    pub margin: Time,
    /// The time that the worker that has a new secret may take to deliver it before others may declare it lost.
    pub hold: Time,
    /// The interval between attempts to find a missing proof.
    pub poll: Time,
    /// The number of credentials that may be issued for one rotation.
    pub max_intents: u32,
    /// The number of failures of a step after which a person is needed.
    pub max_failures: u32,
    /// The first delay after a failure; it doubles with each further one.
    pub backoff: Time,
    /// The longest delay.
    pub max_backoff: Time,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            grace: 24 * HOUR,
            proofs: BTreeSet::from([Proof::Parsed, Proof::Token]),
            token_life: HOUR,
            approval: false,
            call_deadline: MINUTE,
            margin: 2 * MINUTE,
            hold: 15 * MINUTE,
            poll: 15 * MINUTE,
            max_intents: 3,
            max_failures: 8,
            backoff: 5 * SECOND,
            max_backoff: HOUR,
        }
    }
}

impl Policy {
    /// Returns how long to wait after a step has failed this often. `random`, at least 0 and below 1, spreads workers
    /// that failed together.
    #[must_use]
    pub fn delay(&self, failures: u32, random: f64) -> Time {
        let doubled = self.backoff.saturating_mul(1 << failures.min(20));
        let longest = doubled.min(self.max_backoff);
        // Half of the delay is fixed. A double is precise enough for a fraction of a delay.
        let spread = (longest as f64 / 2.0 * random) as Time;
        longest / 2 + spread
    }

    /// Returns whether a step that has failed this often needs a person. A step that only reads may be retried
    /// indefinitely.
    #[must_use]
    pub fn gives_up(&self, step: Step, failures: u32) -> bool {
        !matches!(step, Step::Look) && failures >= self.max_failures
    }
}
