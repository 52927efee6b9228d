//! The current state: the fold of a target's events.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::event::{Credential, Entry, Event, Proof, Reason, Step, Stop, Time};

/// How the code begins with which nothing was issued because of what a sink holds; the sink's name follows.
pub(crate) const SINK_DIFFERS: &str = "sink_differs:";

/// What a credential is to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Consumers use it.
    Current,
    /// It is to take the current one's place.
    New,
    /// Its secret was lost while it was on its way. It may be in a sink, so it lives until another is.
    Leftover,
    /// Nobody has its secret and no sink can get it.
    Orphan,
    /// It has ended.
    Ended,
}

/// A credential of a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// What it is.
    pub credential: Credential,
    /// What it is to the target.
    pub role: Role,
    /// Whether ending it has been announced: it will not be put into use again.
    pub retiring: bool,
    /// When it became known.
    pub since: Time,
    /// How often ending it has failed.
    pub failures: u32,
    /// It is not tried again before this.
    pub retry_at: Time,
}

impl Known {
    /// Whether ending it was announced, and has not been done.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.retiring && self.role != Role::Ended
    }
}

/// The sealed copy of an answer, which has to be deleted once nobody needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sealed {
    /// How often deleting it has failed.
    pub failures: u32,
    /// It is not tried again before this.
    pub retry_at: Time,
}

/// How far a rotation has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Phase {
    /// Nothing is on its way.
    Planned,
    /// Somebody is about to make the call, or makes it, or died over it.
    Issuing {
        /// The intent's number.
        intent: u32,
        /// Who.
        by: String,
        /// Since when.
        since: Time,
        /// When the call ends at the latest.
        until: Time,
        /// What to search for.
        marker: String,
    },
    /// Nobody knows what became of the call.
    Unknown {
        /// The intent's number.
        intent: u32,
        /// The window in which a credential may have been issued.
        since: Time,
        /// Its end.
        until: Time,
        /// What to search for.
        marker: String,
    },
    /// A new credential exists.
    Issued {
        /// Its id.
        credential: String,
        /// The worker that has the secret.
        by: String,
        /// Until when nobody else may call it lost.
        hold_until: Time,
        /// The marker of the intent that it was issued for, under which a copy may be sealed.
        marker: String,
    },
    /// Every sink holds the new credential and it is proven; the old one remains valid for a while.
    Grace {
        /// The new credential's id.
        credential: String,
        /// Until when.
        until: Time,
    },
}

/// A rotation that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// Its number within the target.
    pub number: u32,
    /// Why it was begun.
    pub reason: Reason,
    /// When it was begun.
    pub since: Time,
    /// The credential that it replaces.
    pub old: Option<String>,
    /// How far it has come.
    pub phase: Phase,
    /// How many intents were written.
    pub intents: u32,
    /// How many of them count against the policy's limit.
    pub counted: u32,
    /// The sinks that hold the new credential.
    pub delivered: BTreeSet<String>,
    /// The sinks that were read back, and when last.
    pub read_back: BTreeMap<String, Time>,
    /// The proofs that the new credential has, and when they were had.
    pub proofs: BTreeMap<Proof, Time>,
    /// What was observed of the old credential after the new one was issued: false if it ended at once.
    pub overlap: Option<bool>,
    /// Whether the control plane has made a credential for it, whatever became of that one.
    pub made: bool,
    /// Whether a person has approved that the old one ends.
    pub approved: bool,
    /// Whether it is being undone.
    pub rolling_back: bool,
    /// The sinks that were put back.
    pub restored: BTreeSet<String>,
    /// Why a person is needed, and what it is about.
    pub stopped: Option<(Stop, String)>,
    /// How often a step has failed since it last went well.
    pub failures: BTreeMap<Step, u32>,
    /// Nothing is tried before this.
    pub retry_at: Time,
}

impl Rotation {
    /// Whether any credential was issued for it, or may have been.
    #[must_use]
    pub fn has_issued(&self, target: &Target) -> bool {
        !matches!(self.phase, Phase::Planned) || target.with_role(Role::Leftover).next().is_some()
    }
}

/// How the last rotation that is over ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// With the new credential in use.
    Done,
    /// With the old one in use.
    RolledBack,
}

/// A period in which a credential may have been issued without anybody seeing it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Doubt {
    /// Which rotation.
    pub rotation: u32,
    /// Which intent.
    pub intent: u32,
    /// The marker to look for.
    pub marker: String,
    /// From when.
    pub since: Time,
    /// Until when.
    pub until: Time,
}

/// All that a target's journal says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// How many events there are: the number of the last one. It only grows, and so fences off whoever read an older one.
    pub sequence: u64,
    /// The credential that consumers use, by its id.
    pub current: Option<String>,
    /// Every credential that the journal names, by its id.
    pub credentials: BTreeMap<String, Known>,
    /// Whether the control plane leaves the old credential alive when a new one is issued; `None` if that was never seen.
    pub overlap: Option<bool>,
    /// The sealed copies of answers that may exist, by their markers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sealed: BTreeMap<String, Sealed>,
    /// The rotation that is not over.
    pub rotation: Option<Rotation>,
    /// How many rotations were begun.
    pub rotations: u32,
    /// How the last one ended, and when.
    pub last: Option<(Ended, Time)>,
    /// Whether the target is no longer managed.
    pub forgotten: bool,
}

impl Target {
    /// The state after these events.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut target = Self::default();
        for entry in events {
            target.apply(entry);
        }
        target
    }

    /// The current credential.
    #[must_use]
    pub fn current(&self) -> Option<&Known> {
        self.current.as_ref().and_then(|id| self.credentials.get(id))
    }

    /// The credentials in a role.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Known> {
        self.credentials.values().filter(move |known| known.role == role)
    }

    /// The credentials whose end was announced and not yet reported.
    pub fn ending(&self) -> impl Iterator<Item = &Known> {
        self.credentials.values().filter(|known| known.is_ending())
    }

    /// Why the rotation cannot be undone; `None` if it can. Once the end of the old credential is announced, some worker may be about to
    /// end it, so there is no way back.
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

    /// The new credential of the rotation, if there is one.
    #[must_use]
    pub fn new_credential(&self) -> Option<&Known> {
        self.with_role(Role::New).next()
    }

    /// The marker of the intent whose answer somebody may still need: it is being issued, or was and is not yet everywhere.
    #[must_use]
    pub fn needed(&self, delivered: impl Fn(&Rotation) -> bool) -> Option<&str> {
        let rotation = self.rotation.as_ref()?;
        match &rotation.phase {
            Phase::Issuing { marker, .. } | Phase::Unknown { marker, .. } => Some(marker),
            Phase::Issued { marker, .. } if !rotation.rolling_back && !delivered(rotation) => Some(marker),
            _ => None,
        }
    }

    /// The window of doubt that is open.
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

    /// Takes up one event. An event that does not fit the state changes nothing: the compare-and-set of the journal keeps such
    /// events out, and a reader must not fail over one that slipped in.
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
                // A credential may still have to be ended after its rotation is over.
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

    fn know(&mut self, credential: &Credential, role: Role, since: Time) {
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
        self.know(credential, Role::Current, at);
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
        let wanted = self.rotation.as_ref().is_some_and(|rotation| {
            rotation.number == number
                && !rotation.rolling_back
                && matches!(&rotation.phase, Phase::Unknown { intent, .. } if *intent == which)
        });
        let open = self.rotation.as_ref().and_then(|rotation| match &rotation.phase {
            Phase::Unknown { intent, marker, .. } if rotation.number == number && *intent == which => {
                Some(marker.clone())
            }
            _ => None,
        });
        self.know(credential, if wanted { Role::New } else { Role::Orphan }, at);
        if let (Some(marker), Some(rotation)) = (open, &mut self.rotation) {
            rotation.stopped = None;
            rotation.made = true;
            rotation.starts_over();
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

    /// The events of a rotation that is not over.
    fn advance(&mut self, event: &Event, by: &str, at: Time) {
        let Some(rotation) = &mut self.rotation else { return };
        match event {
            Event::Issuing { intent, marker, until, sealed } => {
                if *sealed {
                    self.sealed.insert(marker.clone(), Sealed::default());
                }
                rotation.intents = *intent;
                rotation.counted += 1;
                rotation.phase = Phase::Issuing {
                    intent: *intent,
                    by: by.to_owned(),
                    since: at,
                    until: *until,
                    marker: marker.clone(),
                };
            }
            Event::NotIssued { code, retry_at, .. } => {
                rotation.phase = Phase::Planned;
                *rotation.failures.entry(Step::Issue).or_default() += 1;
                rotation.counted = rotation.counted.saturating_sub(1);
                match retry_at {
                    Some(retry_at) => rotation.retry_at = *retry_at,
                    None => {
                        rotation.stopped = Some(match code.strip_prefix(SINK_DIFFERS) {
                            Some(sink) => (Stop::SinkDiffers, sink.to_owned()),
                            None => (Stop::Refused, code.clone()),
                        });
                    }
                }
            }
            Event::Issued { credential, hold_until, .. } => {
                let marker = match &rotation.phase {
                    Phase::Issuing { marker, .. } => marker.clone(),
                    _ => String::new(),
                };
                rotation.starts_over();
                rotation.made = true;
                rotation.phase = Phase::Issued {
                    credential: credential.id.clone(),
                    by: by.to_owned(),
                    hold_until: *hold_until,
                    marker,
                };
                self.know(credential, Role::New, at);
            }
            Event::Unknown { .. } => {
                if let Phase::Issuing { intent, since, until, marker, .. } = &rotation.phase {
                    rotation.phase = Phase::Unknown {
                        intent: *intent,
                        since: *since,
                        until: (*until).max(at),
                        marker: marker.clone(),
                    };
                }
            }
            Event::Settled { intent: which, found, .. } => {
                if !matches!(&rotation.phase, Phase::Unknown { intent, .. } if intent == which) {
                    return;
                }
                rotation.phase = Phase::Planned;
                rotation.stopped = None;
                rotation.failures.remove(&Step::Search);
                rotation.made |= !found.is_empty();
                rotation.retry_at = 0;
                for credential in found {
                    self.know(credential, Role::Orphan, at);
                }
            }
            Event::Held { hold_until: later } => {
                if let Phase::Issued { by: holder, hold_until, .. } = &mut rotation.phase {
                    by.clone_into(holder);
                    *hold_until = *later;
                }
            }
            Event::Lost { credential, .. } => {
                rotation.starts_over();
                if let Some(known) = self.credentials.get_mut(credential) {
                    known.role = Role::Leftover;
                }
            }
            Event::Observed { overlap } => {
                rotation.overlap = Some(*overlap);
                self.overlap = Some(*overlap);
                if !overlap {
                    // There is nothing to go back to: the way out is forward.
                    rotation.rolling_back = false;
                    rotation.restored.clear();
                }
            }
            Event::Verified { proof } => {
                rotation.proofs.insert(*proof, at);
                rotation.went_well(match proof {
                    Proof::Parsed => Step::Parse,
                    Proof::Token => Step::Login,
                    Proof::Used | Proof::Quiet | Proof::Healthy => Step::Look,
                });
            }
            Event::Delivered { sink, .. } => {
                rotation.delivered.insert(sink.clone());
                rotation.went_well(Step::Deliver);
            }
            Event::ReadBack { sink } => {
                rotation.read_back.insert(sink.clone(), at);
                rotation.went_well(Step::ReadBack);
            }
            Event::Grace { until: end } => {
                if let Phase::Issued { credential, .. } = &rotation.phase {
                    rotation.phase = Phase::Grace { credential: credential.clone(), until: *end };
                }
            }
            Event::Approved => rotation.approved = true,
            Event::RollingBack => {
                rotation.rolling_back = true;
                rotation.stopped = None;
                rotation.failures.clear();
                rotation.retry_at = 0;
            }
            Event::Restored { sink } => {
                rotation.restored.insert(sink.clone());
                rotation.went_well(Step::Restore);
            }
            Event::Failed { step, retry_at, .. } => {
                *rotation.failures.entry(*step).or_default() += 1;
                rotation.retry_at = *retry_at;
            }
            Event::Stopped { reason, about } => rotation.stopped = Some((*reason, about.clone())),
            Event::Resumed => {
                rotation.stopped = None;
                rotation.failures.clear();
                rotation.counted = 0;
                rotation.retry_at = 0;
            }
            _ => {}
        }
    }
}

impl Rotation {
    /// Nothing of an earlier credential counts for the next one.
    fn starts_over(&mut self) {
        self.phase = Phase::Planned;
        self.delivered.clear();
        self.read_back.clear();
        self.proofs.clear();
        self.failures.clear();
        self.retry_at = 0;
    }

    fn went_well(&mut self, step: Step) {
        self.failures.remove(&step);
        self.retry_at = 0;
    }
}
