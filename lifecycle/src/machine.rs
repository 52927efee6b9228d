//! One call of `advance` as a state machine: its requests, and its reactions to the replies.
//!
//! It reads the journal, writes what has to be written before an effect, carries out at most one effect, and writes its
//! outcome. Between any two of these the process may die, pause for an hour, or be overtaken. Every event is therefore
//! written at the number after the last event that was read: a journal that has grown refuses it, and the machine reads
//! again.

use serde::Serialize;

use crate::{
    event::{Entry, Event, Time},
    next::{self, Effect, Hands, Next, Outcome},
    policy::Policy,
    state::{Phase, Target},
};

/// A request of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// Read the events from this number on.
    Read(u64),
    /// Append this event at this number.
    Append(u64, Entry),
    /// Carry out this effect. While it is in progress, [`Machine::still_wanted`] tells whether it may continue.
    Do(Effect),
    /// The call is over.
    Finish(Progress),
}

/// The reply to a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The events that were read.
    Entries(Vec<Entry>),
    /// Whether the event was appended; false if the number was already taken.
    Appended(bool),
    /// The outcome of the effect.
    Outcome(Outcome),
}

/// The result of a call of `advance`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
pub enum Progress {
    /// An effect was carried out, and there is more to do at once.
    Again,
    /// No rotation is in progress.
    Idle,
    /// Nothing can be done before this time.
    Wake(Time),
    /// A person is needed.
    Blocked(crate::event::Stop, String),
    /// A person has to approve the end of the old credential.
    AwaitsApproval,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Start,
    Reading,
    Appending(Entry),
    Doing(Effect),
    /// The effect is over; the journal is read again before its outcome is written.
    Rereading(Effect, Outcome),
    Concluding(Effect, Outcome, Entry),
}

/// One call of `advance`. A crash is equivalent to dropping it at any moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    target: Target,
    stage: Stage,
}

impl Machine {
    /// Creates a machine that begins with what is already known about the target; with [`Target::default`] it reads
    /// everything.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { target, stage: Stage::Start }
    }

    /// Returns the state of the target, as far as it was read.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Takes the reply to the last request, and returns the next request.
    pub fn resume(
        &mut self,
        reply: Option<Reply>,
        policy: &Policy,
        hands: &mut Hands,
        now: Time,
        random: f64,
    ) -> Request {
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
                Request::Read(self.target.sequence + 1)
            }
            (Stage::Rereading(effect, outcome), Some(Reply::Entries(entries))) => {
                self.take(&entries);
                self.conclude(effect, outcome, policy, hands, now, random)
            }
            (Stage::Concluding(_, _, entry), Some(Reply::Appended(true))) => {
                self.take(&[entry]);
                self.finish(Progress::Again, hands)
            }
            (Stage::Concluding(effect, outcome, _), Some(Reply::Appended(false))) => {
                self.stage = Stage::Rereading(effect, outcome);
                Request::Read(self.target.sequence + 1)
            }
            // The start, a number that was taken, or a reply that does not match the request.
            _ => {
                self.stage = Stage::Reading;
                Request::Read(self.target.sequence + 1)
            }
        }
    }

    /// Returns whether an effect was carried out whose outcome is not yet written. A worker that stops now loses that
    /// outcome, which nobody else knows.
    #[must_use]
    pub fn has_outcome(&self) -> bool {
        matches!(self.stage, Stage::Rereading(..) | Stage::Concluding(..))
    }

    /// Returns whether an effect may still be carried out, given the events that follow those read so far. It is called
    /// with fresh events between reading a sink's version and writing to the sink, so that a worker that was paused in
    /// between either learns here that it is late, or finds the sink changed.
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

    fn decide(&mut self, policy: &Policy, hands: &mut Hands, now: Time) -> Request {
        match next::next(&self.target, policy, hands, now) {
            Next::Append(event) => {
                if let (Event::Issuing { intent, .. }, Some(rotation)) = (&event, &self.target.rotation) {
                    // Until the journal acknowledges the event, it is unknown whether it is stored.
                    hands.tried = Some((rotation.number, *intent));
                }
                let entry = Entry { at: now, by: hands.worker.clone(), event };
                self.stage = Stage::Appending(entry.clone());
                Request::Append(self.target.sequence + 1, entry)
            }
            Next::Do(effect) => {
                if let Effect::Issue { .. } = effect {
                    // From now on the call counts as made, whatever happens to this worker.
                    hands.intent = None;
                    hands.tried = None;
                }
                self.stage = Stage::Doing(effect.clone());
                Request::Do(effect)
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
        random: f64,
    ) -> Request {
        match next::conclude(&self.target, policy, hands, &effect, &outcome, now, random) {
            Some(event) => {
                let entry = Entry { at: now, by: hands.worker.clone(), event };
                self.stage = Stage::Concluding(effect, outcome, entry.clone());
                Request::Append(self.target.sequence + 1, entry)
            }
            None => self.finish(Progress::Again, hands),
        }
    }

    /// Drops the secrets that are no longer needed, and ends the call.
    fn finish(&self, progress: Progress, hands: &mut Hands) -> Request {
        let undelivered = |id: &String| {
            let rotation = self.target.rotation.as_ref();
            rotation.is_some_and(|rotation| {
                matches!(&rotation.phase, Phase::Issued { credential, .. } if credential == id)
                    && hands.sinks.keys().any(|sink| !rotation.delivered.contains(sink))
            })
        };
        let keep = hands.secrets.iter().filter(|id| undelivered(id)).cloned().collect();
        hands.secrets = keep;
        // An unacknowledged intent can no longer be stored once its rotation is over, or has another intent of the same
        // number.
        hands.tried.take_if(|(number, intent)| {
            let rotation = self.target.rotation.as_ref();
            rotation.is_none_or(|rotation| rotation.number != *number || rotation.intents >= *intent)
        });
        hands.unsealed.retain(|marker, _| self.target.sealed.contains_key(marker));
        Request::Finish(progress)
    }
}
