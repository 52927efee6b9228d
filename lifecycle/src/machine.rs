//! One call of `advance` as a state machine: what it asks for, and what it does with the reply.
//!
//! It reads the journal, writes what has to be written before an effect, does at most one effect, and writes its result. Between
//! any two of these the process may die, stop for an hour, or be overtaken: whatever it wants to write is written at the number after
//! the last event that it has read, so a journal that moved on refuses it, and it reads again.

use serde::Serialize;

use crate::{
    event::{Entry, Event, Time},
    next::{self, Effect, Hands, Next, Outcome},
    policy::Policy,
    state::{Phase, Target},
};

/// What the machine wants done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// The events from this number on.
    Read(u64),
    /// This event at this number.
    Append(u64, Entry),
    /// This effect. While it is under way, [`Machine::still_wanted`] says whether it may go on.
    Do(Effect),
    /// Nothing more.
    Finish(Progress),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The events.
    Entries(Vec<Entry>),
    /// Whether the event was written; false if the number was taken.
    Appended(bool),
    /// What came of the effect.
    Outcome(Outcome),
}

/// How far a call of `advance` has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
pub enum Progress {
    /// An effect was done: there is more to do at once.
    Again,
    /// No rotation is under way.
    Idle,
    /// Nothing can be done before this time.
    Wake(Time),
    /// A person is needed.
    Blocked(crate::event::Stop, String),
    /// A person has to approve that the old credential ends.
    AwaitsApproval,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Start,
    Reading,
    Appending(Entry),
    Doing(Effect),
    /// The effect is done; the journal is read again before its outcome is written.
    Rereading(Effect, Outcome),
    Concluding(Effect, Outcome, Entry),
}

/// One call of `advance`. Dropping it at any moment is what a crash is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    target: Target,
    stage: Stage,
}

impl Machine {
    /// Begins with what is already known about the target; [`Target::default`] reads everything.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { target, stage: Stage::Start }
    }

    /// The state of the target, as far as it was read.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Takes the reply to the last request, and makes the next request.
    pub fn resume(&mut self, reply: Option<Reply>, policy: &Policy, hands: &mut Hands, now: Time, luck: f64) -> Ask {
        match (std::mem::replace(&mut self.stage, Stage::Start), reply) {
            (Stage::Reading, Some(Reply::Entries(entries))) => {
                self.take(&entries);
                self.decide(policy, hands, now)
            }
            (Stage::Appending(entry), Some(Reply::Appended(true))) => {
                if let (Event::Issuing { intent, .. }, Some(rotation)) = (&entry.event, &self.target.rotation) {
                    hands.intent = Some((rotation.number, *intent));
                    hands.tried = None;
                }
                self.take(&[entry]);
                self.decide(policy, hands, now)
            }
            (Stage::Doing(effect), Some(Reply::Outcome(outcome))) => {
                if let (Effect::Unseal { marker, .. }, Outcome::Failed { code, again }) = (&effect, &outcome) {
                    hands.unsealed.insert(marker.clone(), (code.clone(), *again));
                }
                self.stage = Stage::Rereading(effect, outcome);
                Ask::Read(self.target.sequence + 1)
            }
            (Stage::Rereading(effect, outcome), Some(Reply::Entries(entries))) => {
                self.take(&entries);
                self.conclude(effect, outcome, policy, hands, now, luck)
            }
            (Stage::Concluding(_, _, entry), Some(Reply::Appended(true))) => {
                self.take(&[entry]);
                self.finish(Progress::Again, hands)
            }
            (Stage::Concluding(effect, outcome, _), Some(Reply::Appended(false))) => {
                self.stage = Stage::Rereading(effect, outcome);
                Ask::Read(self.target.sequence + 1)
            }
            // The start, a number that was taken, or a reply that does not belong to what was asked.
            _ => {
                self.stage = Stage::Reading;
                Ask::Read(self.target.sequence + 1)
            }
        }
    }

    /// Whether an effect was done whose outcome is not written yet: a worker that stops now loses what only it knows.
    #[must_use]
    pub fn has_outcome(&self) -> bool {
        matches!(self.stage, Stage::Rereading(..) | Stage::Concluding(..))
    }

    /// Whether a delivery may still be written, by what the journal holds after the events read so far. Asked with fresh events between
    /// reading a sink's version and writing to it, so that a worker that was stopped in between either sees here that it is late, or finds
    /// the sink changed.
    #[must_use]
    pub fn still_wanted(&mut self, entries: &[Entry], effect: &Effect) -> bool {
        self.take(entries);
        let Some(rotation) = &self.target.rotation else { return false };
        match effect {
            Effect::Deliver { credential: id, .. } => {
                !rotation.rolling_back
                    && rotation.stopped.is_none()
                    && matches!(&rotation.phase, Phase::Issued { credential, .. } if credential == id)
            }
            Effect::Restore { .. } => rotation.rolling_back,
            _ => true,
        }
    }

    fn take(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.target.apply(entry);
        }
    }

    fn decide(&mut self, policy: &Policy, hands: &mut Hands, now: Time) -> Ask {
        match next::next(&self.target, policy, hands, now) {
            Next::Append(event) => {
                if let (Event::Issuing { intent, .. }, Some(rotation)) = (&event, &self.target.rotation) {
                    // Until the journal has answered, nobody knows whether it is stored.
                    hands.tried = Some((rotation.number, *intent));
                }
                let entry = Entry { at: now, by: hands.worker.clone(), event };
                self.stage = Stage::Appending(entry.clone());
                Ask::Append(self.target.sequence + 1, entry)
            }
            Next::Do(effect) => {
                if let Effect::Issue { .. } = effect {
                    // From here on the call counts as made, whatever becomes of this worker.
                    hands.intent = None;
                    hands.tried = None;
                }
                self.stage = Stage::Doing(effect.clone());
                Ask::Do(effect)
            }
            Next::Wake(at) => self.finish(Progress::Wake(at), hands),
            Next::Blocked(reason, about) => self.finish(Progress::Blocked(reason, about), hands),
            Next::AwaitsApproval => self.finish(Progress::AwaitsApproval, hands),
            Next::Idle => self.finish(Progress::Idle, hands),
        }
    }

    fn conclude(
        &mut self,
        effect: Effect,
        outcome: Outcome,
        policy: &Policy,
        hands: &mut Hands,
        now: Time,
        luck: f64,
    ) -> Ask {
        match next::conclude(&self.target, policy, hands, &effect, &outcome, now, luck) {
            Some(event) => {
                let entry = Entry { at: now, by: hands.worker.clone(), event };
                self.stage = Stage::Concluding(effect, outcome, entry.clone());
                Ask::Append(self.target.sequence + 1, entry)
            }
            None => self.finish(Progress::Again, hands),
        }
    }

    /// Secrets that nobody needs any more are dropped with the end of a call.
    fn finish(&self, progress: Progress, hands: &mut Hands) -> Ask {
        let undelivered = |id: &String| {
            let rotation = self.target.rotation.as_ref();
            rotation.is_some_and(|rotation| {
                matches!(&rotation.phase, Phase::Issued { credential, .. } if credential == id)
                    && hands.sinks.keys().any(|sink| !rotation.delivered.contains(sink))
            })
        };
        let keep = hands.secrets.iter().filter(|id| undelivered(id)).cloned().collect();
        hands.secrets = keep;
        // Once another event has the number of an intent that may have been written, that one was not.
        hands.tried.take_if(|(number, intent)| {
            let rotation = self.target.rotation.as_ref();
            rotation.is_none_or(|rotation| rotation.number != *number || rotation.intents >= *intent)
        });
        hands.unsealed.retain(|marker, _| self.target.sealed.contains_key(marker));
        Ask::Finish(progress)
    }
}
