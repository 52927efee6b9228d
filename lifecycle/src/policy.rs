//! What a target's owner wants: when to rotate, what has to be proven, and when the old credential may end.

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

/// The settings of the protocol. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Policy {
    /// How long the old credential remains valid after the new one is delivered and verified.
    pub grace: Time,
    /// The proofs that the new credential needs before the old one ends, besides being read back from every sink.
    pub proofs: BTreeSet<Proof>,
    /// The longest life of a token: the old credential is quiet once it was not used for twice as long.
    pub token_life: Time,
    /// Whether the old credential ends only once a person approves.
    pub approval: bool,
    /// How long the call that issues may take.
    pub call_deadline: Time,
    /// How far clocks of different machines may be apart and how long after its deadline a call may still be acted on, together.
    pub margin: Time,
    /// How long the worker that has a new secret may take to deliver it before others may consider it lost.
    pub hold: Time,
    /// How often a proof is looked for that is not there yet.
    pub poll: Time,
    /// How many credentials may be issued for one rotation.
    pub max_intents: u32,
    /// How often a step may fail before a person is needed.
    pub max_failures: u32,
    /// The first delay after a failure; it doubles with each.
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
    /// How long to wait after a step has failed this often. `luck`, from 0 to below 1, spreads workers that failed together.
    #[must_use]
    pub fn delay(&self, failures: u32, luck: f64) -> Time {
        let doubled = self.backoff.saturating_mul(1 << failures.min(20));
        let longest = doubled.min(self.max_backoff);
        // Half of it is fixed. A fraction of a delay fits in a double exactly enough.
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        let spread = (longest as f64 / 2.0 * luck) as Time;
        longest / 2 + spread
    }

    /// Whether a step that has failed this often needs a person. A step that only reads can wait indefinitely.
    #[must_use]
    pub fn gives_up(&self, step: Step, failures: u32) -> bool {
        !matches!(step, Step::Look) && failures >= self.max_failures
    }
}
