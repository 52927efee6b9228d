//! The current state of a target: the fold of its events.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::event::{Credential, Entry, Event, Proof, Reason, Step, Stop, Time};

/// The prefix of the error code when nothing was issued because of a sink's content. The sink's name follows it.
pub(crate) const SINK_DIFFERS: &str = "sink_differs:";

/// The role of a credential for its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Consumers use it.
    Current,
    /// It is to replace the current one.
    New,
    /// Its secret was lost during the rotation. A sink may hold it, so it is not ended before another replaces it.
    Leftover,
    /// Nobody has its secret, and no sink can receive it.
    Orphan,
    /// It has ended.
    Ended,
}

/// A credential of a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// The credential.
    pub credential: Credential,
    /// Its role.
    pub role: Role,
    /// Whether its end has been announced, so that it will not be used again.
    pub retiring: bool,
    /// The time at which it became known.
    pub since: Time,
    /// The number of failed attempts to end it.
    pub failures: u32,
    /// The earliest time of the next attempt.
    pub retry_at: Time,
}

impl Known {
    /// Returns whether its end was announced but not yet reported.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.retiring && self.role != Role::Ended
    }
}

/// A sealed copy of a response, which has to be deleted once it is no longer needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sealed {
    /// The number of failed attempts to delete it.
    pub failures: u32,
    /// The earliest time of the next attempt.
    pub retry_at: Time,
}

/// The phase of a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Phase {
    /// Nothing has been issued.
    Planned,
    /// A worker is about to make the call, is making it, or died while doing so.
    Issuing {
        /// The intent's number.
        intent: u32,
        /// The worker.
        by: String,
        /// The time of the intent.
        since: Time,
        /// The deadline of the call.
        until: Time,
        /// The marker to search for.
        marker: String,
    },
    /// The outcome of the call is unknown.
    Unknown {
        /// The intent's number.
        intent: u32,
        /// The beginning of the period in which a credential may have been issued.
        since: Time,
        /// The end of that period.
        until: Time,
        /// The marker to search for.
        marker: String,
    },
    /// A new credential exists.
    Issued {
        /// Its id.
        credential: String,
        /// The worker that has the secret.
        by: String,
        /// The time until which no other worker may declare it lost.
        hold_until: Time,
        /// The marker of the intent that it was issued for, under which a copy may be sealed.
        marker: String,
    },
    /// Every sink holds the new credential and it is verified; the old one remains valid for a while.
    Grace {
        /// The new credential's id.
        credential: String,
        /// The end of the grace period.
        until: Time,
    },
}

/// A rotation that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// Its number within the target.
    pub number: u32,
    /// The reason.
    pub reason: Reason,
    /// The time at which it began.
    pub since: Time,
    /// The credential that it replaces.
    pub old: Option<String>,
    /// The phase.
    pub phase: Phase,
    /// The number of intents that were written.
    pub intents: u32,
    /// The number of intents that count against the policy's limit.
    pub counted: u32,
    /// The sinks that hold the new credential.
    pub delivered: BTreeSet<String>,
    /// The sinks that were read back, with the time of the last read.
    pub read_back: BTreeMap<String, Time>,
    /// The proofs for the new credential, with their times.
    pub proofs: BTreeMap<Proof, Time>,
    /// The effect of issuing the new credential on the old one, if it was observed: false if the old one ended at once.
    pub overlap: Option<bool>,
    /// Whether the control plane has issued a credential for it, whatever happened to that credential.
    pub made: bool,
    /// Whether a person has approved the end of the old credential.
    pub approved: bool,
    /// Whether it is being undone.
    pub rolling_back: bool,
    /// The sinks in which the old credential was restored.
    pub restored: BTreeSet<String>,
    /// The reason why a person is needed, and its object.
    pub stopped: Option<(Stop, String)>,
    /// The number of failures of each step since its last success.
    pub failures: BTreeMap<Step, u32>,
    /// The earliest time of the next attempt.
    pub retry_at: Time,
}

impl Rotation {
    /// Returns whether a credential was, or may have been, issued for it.
    #[must_use]
    pub fn has_issued(&self, target: &Target) -> bool {
        !matches!(self.phase, Phase::Planned) || target.with_role(Role::Leftover).next().is_some()
    }
}

/// The result of the last completed rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The new credential is in use.
    Done,
    /// The old credential is in use.
    RolledBack,
}

/// A period in which a credential may have been issued without anybody noticing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Doubt {
    /// The number of the rotation.
    pub rotation: u32,
    /// The number of the intent.
    pub intent: u32,
    /// The marker to look for.
    pub marker: String,
    /// The beginning of the period.
    pub since: Time,
    /// The end of the period.
    pub until: Time,
}

/// The state of a target, according to its journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The number of the last event. It only grows, which fences off workers that have read fewer events.
    pub sequence: u64,
    /// The id of the credential that consumers use.
    pub current: Option<String>,
    /// Every credential that the journal names, by its id.
    pub credentials: BTreeMap<String, Known>,
    /// Whether the control plane keeps the old credential alive when it issues a new one; `None` if that was never
    /// observed.
    pub overlap: Option<bool>,
    /// The sealed copies of responses that may exist, by their markers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sealed: BTreeMap<String, Sealed>,
    /// The rotation in progress.
    pub rotation: Option<Rotation>,
    /// The number of rotations begun.
    pub rotations: u32,
    /// The result and the end of the last rotation.
    pub last: Option<(Ended, Time)>,
    /// Whether the target is no longer managed.
    pub forgotten: bool,
}

impl Target {
    /// Returns the state after these events.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut target = Self::default();
        for entry in events {
            target.apply(entry);
        }
        target
    }

    /// Returns the current credential.
    #[must_use]
    pub fn current(&self) -> Option<&Known> {
        self.current.as_ref().and_then(|id| self.credentials.get(id))
    }

    /// Returns the credentials with a role.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Known> {
        self.credentials.values().filter(move |known| known.role == role)
    }

    /// Returns the credentials whose end was announced but not yet reported.
    pub fn ending(&self) -> impl Iterator<Item = &Known> {
        self.credentials.values().filter(|known| known.is_ending())
    }

    /// Returns why the rotation cannot be undone; `None` if it can. Once the end of the old credential is announced, a
    /// worker may be about to end it, so the rotation can no longer be undone.
    #[must_use]
    pub fn cannot_roll_back(&self) -> Option<&'static str> {
        let Some(rotation) = &self.rotation else { return Some("no rotation is under way") };
        let old = rotation.old.as_ref().and_then(|id| self.credentials.get(id));
        match old {
            _ if rotation.rolling_back => Some("it is being undone already"),
            None if rotation.has_issued(self) => Some("there is no old credential to go back to"),
            Some(old) if old.retiring => Some("the old credential is ending or has ended"),
            Some(_) if rotation.overlap == Some(false) => Some("the control plane ended the old credential at once"),
            _ => None,
        }
    }

    /// Returns the new credential of the rotation, if there is one.
    #[must_use]
    pub fn new_credential(&self) -> Option<&Known> {
        self.with_role(Role::New).next()
    }

    /// Returns the marker of the intent whose response a worker may still need, because the credential is being issued
    /// or is not yet delivered everywhere.
    #[must_use]
    pub fn needed(&self, delivered: impl Fn(&Rotation) -> bool) -> Option<&str> {
        let rotation = self.rotation.as_ref()?;
        match &rotation.phase {
            Phase::Issuing { marker, .. } | Phase::Unknown { marker, .. } => Some(marker),
            Phase::Issued { marker, .. } if !rotation.rolling_back && !delivered(rotation) => Some(marker),
            _ => None,
        }
    }

    /// Returns the open window of doubt.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        let rotation = self.rotation.as_ref()?;
        let (Phase::Issuing { intent, since, until, marker, .. } | Phase::Unknown { intent, since, until, marker }) =
            &rotation.phase
        else {
            return None;
        };
        Some(Doubt { rotation: rotation.number, intent: *intent, marker: marker.clone(), since: *since, until: *until })
    }

    /// Applies one event. An event that does not match the state changes nothing: the compare-and-set of the journal
    /// prevents such events, but a reader must not fail if there is one anyway.
    pub fn apply(&mut self, entry: &Entry) {
        self.sequence += 1;
        let Entry { at, by, event } = entry;
        match event {
            Event::Adopted { credential, .. } => self.adopt(credential, *at),
            Event::Planned { rotation, reason } => self.begin(*rotation, reason, *at),
            Event::Late { rotation, intent, credential, hold_until } => {
                self.late(*rotation, *intent, credential, by, *hold_until, *at);
            }
            Event::Retiring { credential } => {
                if let Some(known) = self.credentials.get_mut(credential) {
                    known.retiring = true;
                }
            }
            Event::Retired { credential } => self.retired(credential),
            Event::Failed { step: Step::End, about, retry_at, .. } => {
                if let Some(known) = self.credentials.get_mut(about) {
                    known.failures += 1;
                    known.retry_at = *retry_at;
                }
            }
            Event::Failed { step: Step::Discard, about, retry_at, .. } => {
                if let Some(sealed) = self.sealed.get_mut(about) {
                    sealed.failures += 1;
                    sealed.retry_at = *retry_at;
                }
            }
            Event::Discarded { marker } => {
                self.sealed.remove(marker);
            }
            Event::Done => self.end(Ended::Done, *at),
            Event::RolledBack => self.end(Ended::RolledBack, *at),
            Event::Forgotten => self.forgotten = true,
            Event::Resumed => {
                // A credential may have to be ended after its rotation is over.
                for known in self.credentials.values_mut() {
                    (known.failures, known.retry_at) = (0, 0);
                }
                for sealed in self.sealed.values_mut() {
                    *sealed = Sealed::default();
                }
                self.advance(event, by, *at);
            }
            _ => self.advance(event, by, *at),
        }
    }

    fn record(&mut self, credential: &Credential, role: Role, since: Time) {
        self.credentials.entry(credential.id.clone()).or_insert_with(|| Known {
            credential: credential.clone(),
            role,
            retiring: false,
            since,
            failures: 0,
            retry_at: 0,
        });
    }

    fn adopt(&mut self, credential: &Credential, at: Time) {
        if self.rotation.is_some() {
            return;
        }
        self.record(credential, Role::Current, at);
        if let Some(known) = self.current.take().and_then(|id| self.credentials.get_mut(&id))
            && known.role == Role::Current
        {
            known.role = Role::Orphan;
        }
        if let Some(known) = self.credentials.get_mut(&credential.id) {
            known.role = Role::Current;
        }
        self.current = Some(credential.id.clone());
        self.forgotten = false;
    }

    fn begin(&mut self, number: u32, reason: &Reason, at: Time) {
        if self.rotation.is_some() {
            return;
        }
        self.rotations = self.rotations.max(number);
        self.rotation = Some(Rotation {
            number,
            reason: reason.clone(),
            since: at,
            old: self.current.clone(),
            phase: Phase::Planned,
            intents: 0,
            counted: 0,
            delivered: BTreeSet::new(),
            read_back: BTreeMap::new(),
            proofs: BTreeMap::new(),
            overlap: None,
            made: false,
            approved: false,
            rolling_back: false,
            restored: BTreeSet::new(),
            stopped: None,
            failures: BTreeMap::new(),
            retry_at: 0,
        });
    }

    fn late(&mut self, number: u32, which: u32, credential: &Credential, by: &str, hold_until: Time, at: Time) {
        let open = self.rotation.as_ref().filter(|rotation| rotation.number == number && rotation.is_in_doubt(which));
        let wanted = open.is_some_and(|rotation| !rotation.rolling_back);
        let marker = open.and_then(|rotation| match &rotation.phase {
            Phase::Unknown { marker, .. } => Some(marker.clone()),
            _ => None,
        });
        self.record(credential, if wanted { Role::New } else { Role::Orphan }, at);
        if let (Some(marker), Some(rotation)) = (marker, &mut self.rotation) {
            rotation.stopped = None;
            rotation.made = true;
            rotation.reset_progress();
            if wanted {
                let credential = credential.id.clone();
                rotation.phase = Phase::Issued { credential, by: by.to_owned(), hold_until, marker };
            }
        }
    }

    fn retired(&mut self, id: &str) {
        if let Some(known) = self.credentials.get_mut(id) {
            known.role = Role::Ended;
            known.retiring = true;
        }
    }

    fn end(&mut self, how: Ended, at: Time) {
        let Some(rotation) = self.rotation.take() else { return };
        self.last = Some((how, at));
        self.overlap = rotation.overlap.or(self.overlap);
        if how == Ended::Done
            && let Phase::Grace { credential, .. } = &rotation.phase
            && let Some(known) = self.credentials.get_mut(credential)
        {
            known.role = Role::Current;
            self.current = Some(credential.clone());
        }
    }

    /// Applies an event of the rotation in progress: to the rotation, then to the credentials and copies that it names.
    fn advance(&mut self, event: &Event, by: &str, at: Time) {
        let Some(rotation) = &mut self.rotation else { return };
        if matches!(event, Event::Settled { intent, .. } if !rotation.is_in_doubt(*intent)) {
            return;
        }
        rotation.advance(event, by, at);
        match event {
            Event::Issuing { marker, sealed: true, .. } => {
                self.sealed.insert(marker.clone(), Sealed::default());
            }
            Event::Issued { credential, .. } => self.record(credential, Role::New, at),
            Event::Settled { found, .. } => {
                for credential in found {
                    self.record(credential, Role::Orphan, at);
                }
            }
            Event::Lost { credential, .. } => {
                if let Some(known) = self.credentials.get_mut(credential) {
                    known.role = Role::Leftover;
                }
            }
            Event::Observed { overlap } => self.overlap = Some(*overlap),
            _ => {}
        }
    }
}

impl Rotation {
    /// Returns whether the outcome of this intent's call is unknown.
    fn is_in_doubt(&self, which: u32) -> bool {
        matches!(&self.phase, Phase::Unknown { intent, .. } if *intent == which)
    }

    /// Applies an event to the rotation itself.
    fn advance(&mut self, event: &Event, by: &str, at: Time) {
        match event {
            Event::Issuing { intent, marker, until, .. } => {
                let (by, marker) = (by.to_owned(), marker.clone());
                self.intents = *intent;
                self.counted += 1;
                self.phase = Phase::Issuing { intent: *intent, by, since: at, until: *until, marker };
            }
            Event::NotIssued { code, retry_at, .. } => self.not_issued(code, *retry_at),
            Event::Issued { credential, hold_until, .. } => self.issued(&credential.id, by, *hold_until),
            Event::Unknown { .. } => {
                if let Phase::Issuing { intent, since, until, marker, .. } = &self.phase {
                    let (intent, since, until) = (*intent, *since, (*until).max(at));
                    self.phase = Phase::Unknown { intent, since, until, marker: marker.clone() };
                }
            }
            Event::Settled { found, .. } => {
                self.phase = Phase::Planned;
                self.stopped = None;
                self.made |= !found.is_empty();
                self.succeeded(Step::Search);
            }
            Event::Held { hold_until: later } => {
                if let Phase::Issued { by: holder, hold_until, .. } = &mut self.phase {
                    by.clone_into(holder);
                    *hold_until = *later;
                }
            }
            Event::Lost { .. } => self.reset_progress(),
            Event::Observed { overlap } => {
                self.overlap = Some(*overlap);
                if !overlap {
                    // There is nothing to restore, so the rotation can only go forward.
                    self.rolling_back = false;
                    self.restored.clear();
                }
            }
            Event::Verified { proof } => {
                self.proofs.insert(*proof, at);
                self.succeeded(match proof {
                    Proof::Parsed => Step::Parse,
                    Proof::Token => Step::Login,
                    Proof::Used | Proof::Quiet | Proof::Healthy => Step::Look,
                });
            }
            Event::Delivered { sink, .. } => {
                self.delivered.insert(sink.clone());
                self.succeeded(Step::Deliver);
            }
            Event::ReadBack { sink } => {
                self.read_back.insert(sink.clone(), at);
                self.succeeded(Step::ReadBack);
            }
            Event::Grace { until } => {
                if let Phase::Issued { credential, .. } = &self.phase {
                    self.phase = Phase::Grace { credential: credential.clone(), until: *until };
                }
            }
            Event::Approved => self.approved = true,
            Event::RollingBack => {
                self.rolling_back = true;
                self.resume();
            }
            Event::Restored { sink } => {
                self.restored.insert(sink.clone());
                self.succeeded(Step::Restore);
            }
            Event::Failed { step, retry_at, .. } => {
                *self.failures.entry(*step).or_default() += 1;
                self.retry_at = *retry_at;
            }
            Event::Stopped { reason, about } => self.stopped = Some((*reason, about.clone())),
            Event::Resumed => {
                self.counted = 0;
                self.resume();
            }
            _ => {}
        }
    }

    /// Returns to the planned phase after a call that issued nothing. Without a time for the next attempt, a person is
    /// needed.
    fn not_issued(&mut self, code: &str, retry_at: Option<Time>) {
        self.phase = Phase::Planned;
        *self.failures.entry(Step::Issue).or_default() += 1;
        self.counted = self.counted.saturating_sub(1);
        match retry_at {
            Some(retry_at) => self.retry_at = retry_at,
            None => {
                self.stopped = Some(match code.strip_prefix(SINK_DIFFERS) {
                    Some(sink) => (Stop::SinkDiffers, sink.to_owned()),
                    None => (Stop::Refused, code.to_owned()),
                });
            }
        }
    }

    /// Begins to verify and deliver a new credential, whose secret the worker has.
    fn issued(&mut self, id: &str, by: &str, hold_until: Time) {
        let marker = match &self.phase {
            Phase::Issuing { marker, .. } => marker.clone(),
            _ => String::new(),
        };
        self.reset_progress();
        self.made = true;
        self.phase = Phase::Issued { credential: id.to_owned(), by: by.to_owned(), hold_until, marker };
    }

    /// Allows every step to be tried again at once.
    fn resume(&mut self) {
        self.stopped = None;
        self.failures.clear();
        self.retry_at = 0;
    }

    /// Resets everything that was recorded for an earlier credential.
    fn reset_progress(&mut self) {
        self.phase = Phase::Planned;
        self.delivered.clear();
        self.read_back.clear();
        self.proofs.clear();
        self.failures.clear();
        self.retry_at = 0;
    }

    fn succeeded(&mut self, step: Step) {
        self.failures.remove(&step);
        self.retry_at = 0;
    }
}
