//! The state machine from its driver's point of view: journals are lines, and everything else is JSON. There is no I/O,
//! and no state that could not be rebuilt from the journal.

use serde::{Deserialize, Serialize};

use crate::{
    chain::{self, Broken, Head},
    event::{Entry, Event, Time},
    machine::{Machine, Progress, Reply, Request},
    next::{self, Effect, Hands, Next, Outcome},
    operate::{self, Command, Refusal},
    pace::Failures,
    policy::Policy,
    state::Target,
};

/// The version of a [`Stream`]'s text form. It changes whenever the fields of the state, or their meaning, change.
const FORM: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Fold<Body> {
    form: u32,
    #[serde(flatten)]
    stream: Body,
}

/// The state of a target's stream, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    head: Head,
    target: Target,
    failures: Failures,
}

impl Stream {
    /// Applies the lines that follow those already read.
    ///
    /// # Errors
    /// Fails at the first line that cannot be read. The lines before it were applied.
    pub fn feed(&mut self, lines: &[String]) -> Result<(), Broken> {
        for line in lines {
            let (entry, head) = chain::read(&self.head, line)?;
            self.head = head;
            self.target.apply(&entry);
            self.failures.apply(&entry);
        }
        Ok(())
    }

    /// Returns the state as text, from which [`Stream::unfold`] restores it without reading the lines.
    #[must_use]
    pub fn fold(&self) -> String {
        serde_json::to_string(&Fold { form: FORM, stream: self }).unwrap_or_default()
    }

    /// Restores a stream from the text of [`Stream::fold`]; `None` if another build wrote it in a different form.
    #[must_use]
    pub fn unfold(text: &str) -> Option<Self> {
        // A newer form may have the same fields with another meaning.
        let Fold { form, .. } = serde_json::from_str::<Fold<serde::de::IgnoredAny>>(text).ok()?;
        if form != FORM {
            return None;
        }
        serde_json::from_str::<Fold<Self>>(text).ok().map(|fold| fold.stream)
    }

    /// Returns the number of the last line.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.head.sequence
    }

    /// Returns the hash of the last line.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.head.hash
    }

    /// Returns the state of the target.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Returns how often a rotation of the target has failed since the last success.
    #[must_use]
    pub fn failures(&self) -> Failures {
        self.failures
    }

    /// Returns the result that a call of `advance` would have now.
    #[must_use]
    pub fn outlook(&self, policy: &Policy, hands: &Hands, now: Time) -> Progress {
        match next::next(&self.target, policy, hands, now) {
            Next::Append(_) | Next::Do(_) => Progress::Again,
            Next::Wake(at) => Progress::Wake(at),
            Next::Blocked(reason, about) => Progress::Blocked(reason, about),
            Next::AwaitsApproval => Progress::AwaitsApproval,
            Next::Idle => Progress::Idle,
        }
    }

    /// Returns the events that carry out a command.
    ///
    /// # Errors
    /// Fails if the target's state does not allow the command.
    pub fn operate(&self, policy: &Policy, command: &Command, now: Time) -> Result<Vec<Event>, Refusal> {
        operate::operate(&self.target, policy, command, now)
    }

    /// Returns the next line for an event that an operator writes.
    #[must_use]
    pub fn line(&self, event: Event, at: Time, by: &str) -> String {
        chain::write(&self.head, &Entry { at, by: by.to_owned(), event }).0
    }
}

/// A request of a [`Run`] to its driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum DriverRequest {
    /// Read the lines from this number on.
    Read {
        /// The number of the first line.
        from: u64,
    },
    /// Append this line at this number.
    Append {
        /// The number of the line.
        sequence: u64,
        /// The line.
        line: String,
    },
    /// Carry out this effect.
    Do {
        /// The effect.
        effect: Effect,
    },
    /// The run is over.
    Finish {
        /// The result of the call.
        progress: Progress,
    },
}

/// The driver's reply to a request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum DriverReply {
    /// The lines that were read.
    Lines {
        /// The lines, in order.
        lines: Vec<String>,
    },
    /// Whether the line was appended.
    Appended {
        /// False if the number was already taken.
        stored: bool,
    },
    /// The outcome of the effect.
    Outcome {
        /// The outcome.
        outcome: Outcome,
    },
}

/// One call of `advance`.
#[derive(Clone, Debug)]
pub struct Run {
    machine: Machine,
    head: Head,
    policy: Policy,
    hands: Hands,
    /// The common prefix of all markers of the target.
    prefix: String,
    /// The head after the requested line is stored.
    next: Head,
    failures: Failures,
    /// The failures after that line is stored.
    next_failures: Failures,
    effect: Option<Effect>,
}

impl Run {
    /// Creates a run that continues from what was read of the stream.
    #[must_use]
    pub fn new(stream: &Stream, policy: Policy, hands: Hands) -> Self {
        Self {
            machine: Machine::new(stream.target.clone()),
            head: stream.head.clone(),
            policy,
            prefix: hands.marker.clone(),
            hands,
            next: Head::default(),
            failures: stream.failures,
            next_failures: Failures::default(),
            effect: None,
        }
    }

    /// Takes the reply to the last request, and returns the next request.
    ///
    /// # Errors
    /// Fails if a line cannot be read.
    pub fn resume(&mut self, answer: Option<DriverReply>, now: Time, random: f64) -> Result<DriverRequest, Broken> {
        let reply = match answer {
            Some(DriverReply::Lines { lines }) => Some(Reply::Entries(self.read(&lines)?)),
            Some(DriverReply::Appended { stored }) => {
                if stored {
                    self.head = std::mem::take(&mut self.next);
                    self.failures = self.next_failures;
                }
                Some(Reply::Appended(stored))
            }
            Some(DriverReply::Outcome { outcome }) => {
                self.receive(&outcome);
                Some(Reply::Outcome(outcome))
            }
            None => None,
        };
        // A recreated journal repeats the numbers of the old one, so the first line's hash distinguishes their markers.
        self.hands.marker = format!("{}{}:", self.prefix, self.head.origin);
        Ok(match self.machine.resume(reply, &self.policy, &mut self.hands, now, random) {
            Request::Read(from) => DriverRequest::Read { from },
            Request::Append(sequence, entry) => {
                let (line, next) = chain::write(&self.head, &entry);
                self.next = next;
                self.next_failures = self.failures;
                self.next_failures.apply(&entry);
                DriverRequest::Append { sequence, line }
            }
            Request::Do(effect) => {
                self.effect = Some(effect.clone());
                DriverRequest::Do { effect }
            }
            Request::Finish(progress) => DriverRequest::Finish { progress },
        })
    }

    /// Returns whether the current effect may continue, given the lines that follow those already read.
    ///
    /// # Errors
    /// Fails if a line cannot be read.
    pub fn still_wanted(&mut self, lines: &[String]) -> Result<bool, Broken> {
        let entries = self.read(lines)?;
        let Some(effect) = &self.effect else { return Ok(false) };
        Ok(self.machine.still_wanted(&entries, effect))
    }

    /// Returns whether an effect was carried out whose outcome is not yet written.
    #[must_use]
    pub fn has_outcome(&self) -> bool {
        self.machine.has_outcome()
    }

    /// Returns what the worker holds.
    #[must_use]
    pub fn hands(&self) -> &Hands {
        &self.hands
    }

    /// Returns the number of the last line that was read.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.head.sequence
    }

    /// Returns the stream, as far as this run has read it.
    #[must_use]
    pub fn stream(&self) -> Stream {
        Stream { head: self.head.clone(), target: self.machine.target().clone(), failures: self.failures }
    }

    /// Records that the worker now has a secret, if the outcome contains one.
    fn receive(&mut self, outcome: &Outcome) {
        match (&self.effect, outcome) {
            (_, Outcome::Issued(credential)) => self.hands.secrets.insert(credential.id.clone()),
            (Some(Effect::Recall { credential }), Outcome::Yes) => self.hands.secrets.insert(credential.clone()),
            _ => false,
        };
    }

    fn read(&mut self, lines: &[String]) -> Result<Vec<Entry>, Broken> {
        let mut entries = Vec::with_capacity(lines.len());
        let mut head = self.head.clone();
        for line in lines {
            let (entry, next) = chain::read(&head, line)?;
            head = next;
            entries.push(entry);
        }
        self.head = head;
        for entry in &entries {
            self.failures.apply(entry);
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Credential, Evidence, Proof, Reason, Step, Stop};

    fn credential(id: &str) -> Credential {
        Credential { id: id.to_owned(), client_id: format!("{id}@"), created_at: Some(1), expires_at: None }
    }

    /// Returns every kind of event, in an order that fills as much of the state as possible.
    fn events() -> Vec<Event> {
        let (about, code, sink) = (String::new(), "code".to_owned(), "sink".to_owned());
        vec![
            Event::Adopted { credential: credential("old"), source: "person".to_owned() },
            Event::Planned { rotation: 1, reason: Reason::Due },
            Event::Issuing { intent: 1, marker: "m1".to_owned(), until: 20, sealed: true },
            Event::Unknown { intent: 1 },
            Event::Settled { intent: 1, found: vec![credential("orphan")], evidence: Evidence::Person },
            Event::Issuing { intent: 2, marker: "m2".to_owned(), until: 40, sealed: false },
            Event::NotIssued { intent: 2, code: code.clone(), retry_at: Some(50) },
            Event::Issuing { intent: 3, marker: "m3".to_owned(), until: 60, sealed: true },
            Event::Issued { intent: 3, credential: credential("lost"), hold_until: 70 },
            Event::Lost { credential: "lost".to_owned(), code: code.clone() },
            Event::Discarded { marker: "m3".to_owned() },
            Event::Issuing { intent: 4, marker: "m4".to_owned(), until: 80, sealed: false },
            Event::Issued { intent: 4, credential: credential("new"), hold_until: 90 },
            Event::Verified { proof: Proof::Parsed },
            Event::Failed { step: Step::Login, about: about.clone(), code: code.clone(), retry_at: 95 },
            Event::Verified { proof: Proof::Token },
            Event::Delivered { sink: sink.clone(), replaced: Some("old@".to_owned()) },
            Event::ReadBack { sink: sink.clone() },
            Event::Observed { overlap: true },
            Event::Grace { until: 100 },
            Event::Stopped { reason: Stop::SinkChanged, about },
            Event::Resumed,
            Event::Approved,
            Event::RollingBack,
            Event::Restored { sink },
            Event::Retiring { credential: "new".to_owned() },
            Event::Failed { step: Step::End, about: "new".to_owned(), code, retry_at: 120 },
            Event::Retired { credential: "new".to_owned() },
            Event::RolledBack,
            Event::Forgotten,
        ]
    }

    #[test]
    fn a_fold_is_the_stream_after_each_event() {
        let mut stream = Stream::default();
        for (index, event) in events().into_iter().enumerate() {
            let line = stream.line(event, Time::try_from(index).unwrap(), "w");
            stream.feed(&[line]).unwrap();
            assert_eq!(Stream::unfold(&stream.fold()).as_ref(), Some(&stream));
        }
        assert_eq!(stream.failures().count, 1);
    }

    #[test]
    fn a_fold_of_another_form_is_none() {
        let text = Stream::default().fold();
        assert!(Stream::unfold(&text).is_some());
        for other in [text.replace("\"form\":1", "\"form\":2"), "{}".to_owned(), "x".to_owned(), String::new()] {
            assert_eq!(Stream::unfold(&other), None);
        }
    }
}
