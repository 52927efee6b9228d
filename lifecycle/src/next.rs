//! The next step for a target: a pure function of its state, its policy, what the worker holds, and the time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    event::{Credential, Event, Evidence, Proof, Step, Stop, Time},
    policy::Policy,
    state::{Known, Phase, Role, Rotation, SINK_DIFFERS, Sealed, Target},
};

/// A worker's knowledge that is not in the journal: what it has in memory, and what its ports can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hands {
    /// The worker's own name.
    pub worker: String,
    /// The ids of the credentials whose secrets the worker has.
    pub secrets: BTreeSet<String>,
    /// The intent that the worker wrote and whose call it has not made yet, by rotation and number.
    pub intent: Option<(u32, u32)>,
    /// The intent whose append the journal has not acknowledged: it may be stored. Its call has not been made.
    pub tried: Option<(u32, u32)>,
    /// The target's sinks, and whether each can be read back.
    pub sinks: BTreeMap<String, bool>,
    /// Whether the control plane's records show the outcome of a call whose response was lost.
    pub evidence: bool,
    /// Whether the control plane can return the secret of an active credential again.
    pub recalls: bool,
    /// Whether the worker seals a copy of each response for use after a restart, and can open those of other workers.
    pub seals: bool,
    /// The markers of the sealed copies that the worker could not open, with the error's code and whether another
    /// attempt may succeed.
    pub unsealed: BTreeMap<String, (String, bool)>,
    /// The prefix of a marker, before the numbers of rotation and intent.
    pub marker: String,
}

/// An action of a worker besides reading and writing the journal. Each effect can be repeated, except for
/// [`Effect::Issue`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "effect", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Effect {
    /// Issue a credential. This is done once, by the worker that wrote the intent.
    Issue {
        /// The number of the rotation.
        rotation: u32,
        /// The number of the intent.
        intent: u32,
        /// The marker to leave in the control plane's records.
        marker: String,
        /// The deadline of the call.
        until: Time,
        /// The client ids that a sink may hold. If a sink holds anything else, somebody else wrote it, and nothing is
        /// issued. Empty if a sink may hold anything.
        expected: BTreeSet<String>,
    },
    /// Search the control plane's records for the result of an intent.
    Search {
        /// The number of the intent.
        intent: u32,
        /// The marker to search for.
        marker: String,
        /// The beginning of the period.
        since: Time,
        /// The end of the period.
        until: Time,
    },
    /// Read the secret of an active credential again.
    Recall {
        /// The id of the credential.
        credential: String,
    },
    /// Open the sealed copy of a response.
    Unseal {
        /// The number of the rotation.
        rotation: u32,
        /// The number of the intent.
        intent: u32,
        /// The marker of the copy.
        marker: String,
    },
    /// Delete the sealed copy of a response.
    Discard {
        /// The marker of the copy.
        marker: String,
    },
    /// Check that the pair is well formed.
    Parse {
        /// The id of the credential.
        credential: String,
    },
    /// Obtain a token with the new credential.
    Login {
        /// The id of the credential.
        credential: String,
    },
    /// Find out whether the control plane ended the old credential when it issued the new one.
    Observe {
        /// The id of the old credential.
        credential: String,
    },
    /// Write the new credential to a sink.
    Deliver {
        /// The id of the credential.
        credential: String,
        /// Its client id.
        client_id: String,
        /// The name of the sink.
        sink: String,
        /// The client ids that the sink may hold. If it holds anything else, somebody else wrote it. Empty if it may
        /// hold anything.
        expected: BTreeSet<String>,
    },
    /// Find out whether a sink already holds the new credential, written by a worker that died.
    Peek {
        /// The id of the credential.
        credential: String,
        /// Its client id.
        client_id: String,
        /// The name of the sink.
        sink: String,
    },
    /// Check that a sink holds the new credential.
    ReadBack {
        /// Its client id.
        client_id: String,
        /// The name of the sink.
        sink: String,
    },
    /// Look for a proof of use.
    Prove {
        /// The proof.
        proof: Proof,
        /// The id of the new credential.
        new: String,
        /// The id of the old credential.
        old: Option<String>,
        /// The time before which a use does not count.
        since: Time,
    },
    /// Restore the old credential in a sink.
    Restore {
        /// Its client id.
        client_id: String,
        /// The name of the sink.
        sink: String,
    },
    /// End a credential.
    End {
        /// The id of the credential.
        credential: String,
    },
}

impl Effect {
    /// Returns the step that fails when this effect does.
    #[must_use]
    pub fn step(&self) -> Step {
        match self {
            Self::Issue { .. } => Step::Issue,
            Self::Search { .. } => Step::Search,
            Self::Recall { .. } => Step::Recall,
            Self::Unseal { .. } => Step::Unseal,
            Self::Discard { .. } => Step::Discard,
            Self::Parse { .. } => Step::Parse,
            Self::Login { .. } => Step::Login,
            Self::Observe { .. } | Self::Prove { .. } => Step::Look,
            Self::Deliver { .. } => Step::Deliver,
            Self::Peek { .. } | Self::ReadBack { .. } => Step::ReadBack,
            Self::Restore { .. } => Step::Restore,
            Self::End { .. } => Step::End,
        }
    }
}

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Next {
    /// Append this event.
    Append(Event),
    /// Carry out this effect, and write its outcome.
    Do(Effect),
    /// Nothing can be done before this time.
    Wake(Time),
    /// A person is needed.
    Blocked(Stop, String),
    /// A person has to approve the end of the old credential.
    AwaitsApproval,
    /// No rotation is in progress.
    Idle,
}

/// The outcome of an effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
pub enum Outcome {
    /// A credential was issued, and the worker has its secret.
    Issued(Credential),
    /// The records show what an intent issued.
    Found(Vec<Credential>),
    /// The effect succeeded, or the answer to the question is yes.
    Yes,
    /// The effect did not succeed, or the answer is no, and that is final.
    No,
    /// There is no answer yet.
    NotYet,
    /// The sink holds an unknown credential: its client id, or the sink's name if nothing was issued for that reason.
    Differs(String),
    /// The sink was written, and held this client id before.
    Written(Option<String>),
    /// The journal grew before anything was done, or the sink changed in the meantime.
    Moved,
    /// The effect failed, and nothing happened.
    Failed {
        /// The error's code.
        code: String,
        /// Whether another attempt makes sense.
        again: bool,
    },
    /// The effect failed, and it is unknown what happened.
    Uncertain,
}

/// Decides the next step.
#[must_use]
pub fn next(target: &Target, policy: &Policy, hands: &Hands, now: Time) -> Next {
    if let Some(marker) = discardable(target, hands)
        .find(|(_, sealed)| now >= sealed.retry_at && !policy.gives_up(Step::Discard, sealed.failures))
    {
        return Next::Do(Effect::Discard { marker: marker.0.clone() });
    }
    let given_up = |known: &Known| policy.gives_up(Step::End, known.failures);
    if let Some(known) = target.ending().find(|known| now >= known.retry_at && !given_up(known)) {
        return Next::Do(Effect::End { credential: known.credential.id.clone() });
    }
    if let Some(orphan) = target.with_role(Role::Orphan).find(|known| !known.retiring) {
        return Next::Append(Event::Retiring { credential: orphan.credential.id.clone() });
    }
    let Some(rotation) = &target.rotation else {
        // Only leftovers of a completed rotation can remain. The target itself is fine.
        let ends = target.ending().map(|known| (known.credential.id.as_str(), given_up(known), known.retry_at));
        let discards = discardable(target, hands).map(|(marker, sealed)| {
            (marker.as_str(), policy.gives_up(Step::Discard, sealed.failures), sealed.retry_at)
        });
        let unfinished: Vec<_> = ends.chain(discards).collect();
        return match unfinished.iter().filter(|(_, given_up, _)| !given_up).map(|(_, _, retry_at)| *retry_at).min() {
            Some(at) => Next::Wake(at),
            None => unfinished
                .first()
                .map_or(Next::Idle, |(about, ..)| Next::Blocked(Stop::TooManyFailures, (*about).to_owned())),
        };
    };
    if let Some((reason, about)) = &rotation.stopped {
        // The worker that has the secret keeps it, because a person may take a while to act.
        return Next::Blocked(*reason, about.clone());
    }
    if let Some((step, _)) = rotation.failures.iter().find(|(step, count)| policy.gives_up(**step, **count)) {
        if let (Step::Search, Phase::Unknown { marker, .. }) = (step, &rotation.phase) {
            // The records do not show the outcome, so a person has to settle it, as for control planes without records.
            return Next::Append(Event::Stopped { reason: Stop::OutcomeUnknown, about: marker.clone() });
        }
        let about = serde_json::to_value(step).ok().and_then(|word| word.as_str().map(str::to_owned));
        return Next::Append(Event::Stopped { reason: Stop::TooManyFailures, about: about.unwrap_or_default() });
    }
    match &rotation.phase {
        Phase::Issuing { intent, by, until, marker, .. } => {
            issuing(target, rotation, policy, hands, now, (*intent, by, *until, marker))
        }
        Phase::Unknown { intent, since, until, marker } => {
            if let Some(effect) = unseal(target, rotation.number, *intent, marker, hands, true) {
                return if now < rotation.retry_at { Next::Wake(rotation.retry_at) } else { Next::Do(effect) };
            }
            if !hands.evidence {
                return Next::Append(Event::Stopped { reason: Stop::OutcomeUnknown, about: marker.clone() });
            }
            // A call that was in flight at the deadline may still take effect a little later.
            let settled = until.saturating_add(policy.margin);
            if now < settled.max(rotation.retry_at) {
                return Next::Wake(settled.max(rotation.retry_at));
            }
            let (intent, since) = (*intent, since.saturating_sub(policy.margin));
            Next::Do(Effect::Search { intent, marker: marker.clone(), since, until: settled })
        }
        _ if rotation.rolling_back => rolling_back(target, rotation, policy, hands, now),
        Phase::Planned => planned(rotation, policy, hands, now),
        Phase::Issued { credential, by, hold_until, marker } => {
            let Some(new) = target.credentials.get(credential) else { return Next::Idle };
            issued(target, rotation, policy, hands, now, (new, by, *hold_until, marker))
        }
        Phase::Grace { credential, until } => {
            let Some(new) = target.credentials.get(credential) else { return Next::Idle };
            in_grace(target, rotation, policy, hands, now, (new, *until))
        }
    }
}

/// Returns the sealed copies that are no longer needed. A worker that does not seal cannot delete copies either.
fn discardable<'a>(target: &'a Target, hands: &'a Hands) -> impl Iterator<Item = (&'a String, &'a Sealed)> {
    let delivered = |rotation: &Rotation| hands.sinks.keys().all(|sink| rotation.delivered.contains(sink));
    let needed = target.needed(delivered);
    target.sealed.iter().filter(move |(marker, _)| hands.seals && needed != Some(marker.as_str()))
}

/// Returns the effect that opens a sealed copy, if there may be one and the worker has not failed to open it yet.
/// `last` means that no other worker is expected to have the secret, so an attempt that may still succeed is repeated.
fn unseal(target: &Target, rotation: u32, intent: u32, marker: &str, hands: &Hands, last: bool) -> Option<Effect> {
    let tried = hands.unsealed.get(marker);
    let open = hands.seals && target.sealed.contains_key(marker);
    (open && tried.is_none_or(|(_, again)| *again && last)).then(|| Effect::Unseal {
        rotation,
        intent,
        marker: marker.to_owned(),
    })
}

/// Returns the next step for a credential whose end is not yet reported: another attempt later, or a stop.
fn end_again(known: &Known, policy: &Policy) -> Next {
    if policy.gives_up(Step::End, known.failures) {
        Next::Append(Event::Stopped { reason: Stop::TooManyFailures, about: known.credential.id.clone() })
    } else {
        Next::Wake(known.retry_at)
    }
}

fn planned(rotation: &Rotation, policy: &Policy, hands: &Hands, now: Time) -> Next {
    if now < rotation.retry_at {
        return Next::Wake(rotation.retry_at);
    }
    if rotation.counted >= policy.max_intents {
        return Next::Append(Event::Stopped { reason: Stop::TooManyIntents, about: String::new() });
    }
    let intent = rotation.intents + 1;
    let marker = format!("{}{}.{intent}", hands.marker, rotation.number);
    let until = now.saturating_add(policy.call_deadline);
    Next::Append(Event::Issuing { intent, marker, until, sealed: hands.seals })
}

fn issuing(
    target: &Target,
    rotation: &Rotation,
    policy: &Policy,
    hands: &Hands,
    now: Time,
    (intent, by, until, marker): (u32, &str, Time, &str),
) -> Next {
    let mine = by == hands.worker && hands.intent == Some((rotation.number, intent));
    if mine {
        // A worker that was paused here must not make the call once others may have given up on it.
        return if now < until {
            let (marker, expected) = (marker.to_owned(), expected(target, rotation));
            Next::Do(Effect::Issue { rotation: rotation.number, intent, marker, until, expected })
        } else {
            Next::Append(Event::NotIssued { intent, code: "out_of_time".to_owned(), retry_at: Some(now) })
        };
    }
    if by == hands.worker && hands.tried == Some((rotation.number, intent)) {
        // The intent was stored after the worker had stopped waiting. The call was not made, and its deadline may have
        // passed.
        return Next::Append(Event::NotIssued { intent, code: "journal_failed".to_owned(), retry_at: Some(now) });
    }
    let given_up = until.saturating_add(policy.margin);
    if now < given_up { Next::Wake(given_up) } else { Next::Append(Event::Unknown { intent }) }
}

fn issued(
    target: &Target,
    rotation: &Rotation,
    policy: &Policy,
    hands: &Hands,
    now: Time,
    (new, by, hold_until, marker): (&Known, &str, Time, &str),
) -> Next {
    let lost = hold_until.saturating_add(policy.margin);
    let (id, client_id) = (&new.credential.id, &new.credential.client_id);
    let undelivered = hands.sinks.keys().find(|sink| !rotation.delivered.contains(*sink));
    let has_secret = hands.secrets.contains(id);
    // Another worker that has the secret takes over once the hold of the first one has expired.
    let holds = has_secret && (by == hands.worker || now >= lost);
    if holds && now.saturating_add(policy.hold / 2) >= hold_until && undelivered.is_some() {
        return Next::Append(Event::Held { hold_until: now.saturating_add(policy.hold) });
    }
    if now < rotation.retry_at {
        let holding = if holds { hold_until.saturating_sub(policy.hold / 2) } else { rotation.retry_at };
        return Next::Wake(rotation.retry_at.min(holding));
    }
    if let Some(sink) = undelivered {
        if !has_secret {
            if hands.recalls {
                return Next::Do(Effect::Recall { credential: id.clone() });
            }
            if let Some(effect) = unseal(target, rotation.number, rotation.intents, marker, hands, now >= lost) {
                return Next::Do(effect);
            }
            if now < lost {
                return Next::Wake(lost);
            }
            // The worker that had the secret may have died after it wrote to the sink.
            let readable = hands.sinks.get(sink).copied().unwrap_or(false);
            return if readable && rotation.proofs.contains_key(&Proof::Token) {
                Next::Do(Effect::Peek { credential: id.clone(), client_id: client_id.clone(), sink: sink.clone() })
            } else {
                Next::Append(lost_for(target, hands, id, marker))
            };
        }
        // The credential is verified before its delivery, so that a sink always holds one that works.
        if !rotation.proofs.contains_key(&Proof::Parsed) {
            return Next::Do(Effect::Parse { credential: id.clone() });
        }
        if !rotation.proofs.contains_key(&Proof::Token) {
            return Next::Do(Effect::Login { credential: id.clone() });
        }
        return Next::Do(Effect::Deliver {
            credential: id.clone(),
            client_id: client_id.clone(),
            sink: sink.clone(),
            expected: expected(target, rotation),
        });
    }
    if let Some(sink) = unread(rotation, hands, 0) {
        return Next::Do(Effect::ReadBack { client_id: client_id.clone(), sink });
    }
    // The new credential is already in use, so this is not urgent.
    if rotation.overlap.is_none()
        && let Some(old) = &rotation.old
    {
        return Next::Do(Effect::Observe { credential: old.clone() });
    }
    Next::Append(Event::Grace { until: now.saturating_add(policy.grace) })
}

/// Returns the event for a lost secret. If a sealed copy was expected, the event tells why the copy is unusable.
fn lost_for(target: &Target, hands: &Hands, credential: &str, marker: &str) -> Event {
    let code = match hands.unsealed.get(marker) {
        Some((code, _)) => code.clone(),
        None if target.sealed.contains_key(marker) => "no_key".to_owned(),
        None => String::new(),
    };
    Event::Lost { credential: credential.to_owned(), code }
}

/// Returns the client ids that a sink may hold before the delivery. It is empty, which allows anything, if the target
/// had no credential.
fn expected(target: &Target, rotation: &Rotation) -> BTreeSet<String> {
    if rotation.old.is_none() {
        return BTreeSet::new();
    }
    target.credentials.values().map(|known| known.credential.client_id.clone()).collect()
}

/// Returns a sink that the new credential was neither delivered to nor found in, and whether the sink is readable.
fn added<'a>(rotation: &Rotation, hands: &'a Hands) -> Option<(&'a String, bool)> {
    let has = |sink: &String| rotation.delivered.contains(sink) || rotation.read_back.contains_key(sink);
    hands.sinks.iter().find(|(sink, _)| !has(sink)).map(|(sink, readable)| (sink, *readable))
}

/// Returns a readable sink that was not read back at or after `since`.
fn unread(rotation: &Rotation, hands: &Hands, since: Time) -> Option<String> {
    let fresh = |sink: &String| rotation.read_back.get(sink).is_some_and(|at| *at >= since);
    hands.sinks.iter().find(|(sink, readable)| **readable && !fresh(sink)).map(|(sink, _)| sink.clone())
}

fn in_grace(
    target: &Target,
    rotation: &Rotation,
    policy: &Policy,
    hands: &Hands,
    now: Time,
    (new, until): (&Known, Time),
) -> Next {
    // The consumers of an added sink have the old credential, or none, and the secret of the new one is gone. The
    // earlier a person learns of this, the more time is left to act.
    match added(rotation, hands) {
        Some((sink, true)) => {
            if now < rotation.retry_at {
                return Next::Wake(rotation.retry_at);
            }
            let client_id = new.credential.client_id.clone();
            return Next::Do(Effect::ReadBack { client_id, sink: sink.clone() });
        }
        Some((sink, false)) => {
            return Next::Append(Event::Stopped { reason: Stop::SinkAdded, about: sink.clone() });
        }
        None => {}
    }
    let mut ending = target.credentials.values().filter(|known| {
        (rotation.old.as_ref() == Some(&known.credential.id) || known.role == Role::Leftover)
            && known.role != Role::Ended
    });
    let Some(old) = ending.next() else { return Next::Append(Event::Done) };
    if old.retiring {
        return end_again(old, policy);
    }
    if now < until.max(rotation.retry_at) {
        return Next::Wake(until.max(rotation.retry_at));
    }
    let missing = policy.proofs.iter().find(|proof| !rotation.proofs.contains_key(proof));
    if let Some(proof) = missing {
        return Next::Do(Effect::Prove {
            proof: *proof,
            new: new.credential.id.clone(),
            old: rotation.old.clone(),
            since: rotation.proofs.get(&Proof::Token).copied().unwrap_or(rotation.since),
        });
    }
    if policy.approval && !rotation.approved {
        return Next::AwaitsApproval;
    }
    // A sink that was read before the end of the grace period may have changed since.
    if let Some(sink) = unread(rotation, hands, until) {
        return Next::Do(Effect::ReadBack { client_id: new.credential.client_id.clone(), sink });
    }
    Next::Append(Event::Retiring { credential: old.credential.id.clone() })
}

fn rolling_back(target: &Target, rotation: &Rotation, policy: &Policy, hands: &Hands, now: Time) -> Next {
    if now < rotation.retry_at {
        return Next::Wake(rotation.retry_at);
    }
    // The old credential can only be restored if the control plane did not end it when it issued the new one.
    if let (true, None, Some(old)) = (rotation.made, rotation.overlap, &rotation.old) {
        return Next::Do(Effect::Observe { credential: old.clone() });
    }
    if !rotation.has_issued(target) {
        return Next::Append(Event::RolledBack);
    }
    // Every sink is rewritten, even one that nothing was delivered to, so that a late worker finds it changed.
    if let Some(old) = rotation.old.as_ref().and_then(|id| target.credentials.get(id))
        && let Some(sink) = hands.sinks.keys().find(|sink| !rotation.restored.contains(*sink))
    {
        return Next::Do(Effect::Restore { client_id: old.credential.client_id.clone(), sink: sink.clone() });
    }
    let mut issued = target.credentials.values().filter(|known| matches!(known.role, Role::New | Role::Leftover));
    match issued.next() {
        Some(known) if known.retiring => end_again(known, policy),
        Some(known) => Next::Append(Event::Retiring { credential: known.credential.id.clone() }),
        None => Next::Append(Event::RolledBack),
    }
}

/// Returns the event for an effect's outcome, given the current journal, which may have grown while the effect was in
/// progress. `None` if there is nothing to write.
#[must_use]
pub fn conclude(
    target: &Target,
    policy: &Policy,
    hands: &Hands,
    effect: &Effect,
    outcome: &Outcome,
    now: Time,
    random: f64,
) -> Option<Event> {
    match effect {
        Effect::Issue { rotation, intent, .. } => {
            issue_outcome(target, policy, (*rotation, *intent), outcome, now, random)
        }
        Effect::End { credential } => end_outcome(target, policy, credential, outcome, now, random),
        Effect::Discard { marker } => discard_outcome(target, policy, marker, outcome, now, random),
        _ => {
            let rotation = target.rotation.as_ref().filter(|rotation| !is_recorded(rotation, effect))?;
            step_outcome(target, rotation, policy, hands, (effect, outcome), now, random)
        }
    }
}

/// Returns the event for the outcome of a step of the rotation in progress.
fn step_outcome(
    target: &Target,
    rotation: &Rotation,
    policy: &Policy,
    hands: &Hands,
    (effect, outcome): (&Effect, &Outcome),
    now: Time,
    random: f64,
) -> Option<Event> {
    match (effect, outcome) {
        (Effect::Search { intent: which, .. }, _) if !matches!(&rotation.phase, Phase::Unknown { intent, .. } if intent == which) => {
            None
        }
        (Effect::Unseal { rotation: number, intent, .. }, Outcome::Issued(_)) => {
            issue_outcome(target, policy, (*number, *intent), outcome, now, random)
        }
        // The worker remembers that it cannot open the copy. Other workers need not know before the hold of the worker
        // that has the secret has expired.
        (Effect::Unseal { .. }, Outcome::Failed { again: false, .. }) => None,
        (Effect::Unseal { .. }, _) if matches!(&rotation.phase, Phase::Issued { hold_until, .. } if now < hold_until.saturating_add(policy.margin)) => {
            None
        }
        (Effect::Prove { .. }, Outcome::No | Outcome::NotYet) => Some(Event::Failed {
            step: Step::Look,
            about: String::new(),
            code: "not_yet".to_owned(),
            retry_at: now.saturating_add(policy.poll),
        }),
        (_, Outcome::Failed { .. } | Outcome::NotYet | Outcome::Uncertain) => {
            failed(rotation, policy, effect.step(), outcome, now, random)
        }
        _ => answered(target, rotation, hands, effect, outcome),
    }
}

/// Returns the event for a step's definite outcome.
fn answered(target: &Target, rotation: &Rotation, hands: &Hands, effect: &Effect, outcome: &Outcome) -> Option<Event> {
    let new_is = |id: &String| matches!(&rotation.phase, Phase::Issued { credential, .. } if credential == id);
    match (effect, outcome) {
        (Effect::Search { intent, .. }, Outcome::Found(found)) => {
            Some(Event::Settled { intent: *intent, found: found.clone(), evidence: Evidence::Provider })
        }
        (Effect::Recall { credential }, Outcome::No) => {
            new_is(credential).then(|| Event::Lost { credential: credential.clone(), code: String::new() })
        }
        (Effect::Parse { credential }, Outcome::Yes) => {
            new_is(credential).then_some(Event::Verified { proof: Proof::Parsed })
        }
        (Effect::Login { credential }, Outcome::Yes) => {
            new_is(credential).then_some(Event::Verified { proof: Proof::Token })
        }
        (Effect::Parse { credential } | Effect::Login { credential }, Outcome::No) => {
            new_is(credential).then(|| Event::Stopped { reason: Stop::NewCredentialRefused, about: credential.clone() })
        }
        (Effect::Observe { credential }, Outcome::Yes | Outcome::No) => (rotation.old.as_ref() == Some(credential)
            && rotation.overlap.is_none())
        .then_some(Event::Observed { overlap: *outcome == Outcome::Yes }),
        (Effect::Deliver { credential, sink, .. }, Outcome::Written(replaced)) => (new_is(credential)
            && !rotation.rolling_back)
            .then(|| Event::Delivered { sink: sink.clone(), replaced: replaced.clone() }),
        (Effect::Deliver { sink, .. }, Outcome::Differs(_)) => {
            Some(Event::Stopped { reason: Stop::SinkDiffers, about: sink.clone() })
        }
        (Effect::Peek { credential, sink, .. }, Outcome::Yes) => {
            new_is(credential).then(|| Event::Delivered { sink: sink.clone(), replaced: None })
        }
        (Effect::Peek { credential, .. }, Outcome::No) => match &rotation.phase {
            Phase::Issued { marker, .. } if new_is(credential) => Some(lost_for(target, hands, credential, marker)),
            _ => None,
        },
        (Effect::ReadBack { client_id, sink }, Outcome::Yes | Outcome::No) => {
            let new = target.new_credential().is_some_and(|known| known.credential.client_id == *client_id);
            new.then(|| match outcome {
                Outcome::Yes => Event::ReadBack { sink: sink.clone() },
                _ => {
                    let had = rotation.delivered.contains(sink) || rotation.read_back.contains_key(sink);
                    let reason = if had { Stop::SinkChanged } else { Stop::SinkAdded };
                    Event::Stopped { reason, about: sink.clone() }
                }
            })
        }
        (Effect::Prove { proof, .. }, Outcome::Yes) => Some(Event::Verified { proof: *proof }),
        (Effect::Restore { sink, .. }, Outcome::Yes) => {
            rotation.rolling_back.then(|| Event::Restored { sink: sink.clone() })
        }
        (Effect::Restore { sink, .. }, Outcome::No) => {
            rotation.rolling_back.then(|| Event::Stopped { reason: Stop::RestoreByHand, about: sink.clone() })
        }
        _ => None,
    }
}

/// Returns whether another worker has already recorded what the effect was meant to establish.
fn is_recorded(rotation: &Rotation, effect: &Effect) -> bool {
    match effect {
        Effect::Parse { .. } => rotation.proofs.contains_key(&Proof::Parsed),
        Effect::Login { .. } => rotation.proofs.contains_key(&Proof::Token),
        Effect::Prove { proof, .. } => rotation.proofs.contains_key(proof),
        Effect::Deliver { sink, .. } | Effect::Peek { sink, .. } => rotation.delivered.contains(sink),
        Effect::ReadBack { sink, .. } => {
            let since = if let Phase::Grace { until, .. } = rotation.phase { until } else { Time::MIN };
            rotation.read_back.get(sink).is_some_and(|at| *at >= since)
        }
        Effect::Restore { sink, .. } => rotation.restored.contains(sink),
        _ => false,
    }
}

/// Returns the event for the outcome of an issuing call. The call is made only once, so its outcome is written whatever
/// has happened to the rotation.
fn issue_outcome(
    target: &Target,
    policy: &Policy,
    (number, which): (u32, u32),
    outcome: &Outcome,
    now: Time,
    random: f64,
) -> Option<Event> {
    let rotation = target.rotation.as_ref().filter(|rotation| rotation.number == number);
    let phase = rotation.map(|rotation| &rotation.phase);
    let waiting = matches!(phase, Some(Phase::Issuing { intent, .. }) if *intent == which);
    let given_up = matches!(phase, Some(Phase::Unknown { intent, .. }) if *intent == which);
    let hold_until = now.saturating_add(policy.hold);
    match outcome {
        Outcome::Issued(credential) if waiting => {
            Some(Event::Issued { intent: which, credential: credential.clone(), hold_until })
        }
        Outcome::Issued(credential) => (!target.credentials.contains_key(&credential.id)).then(|| Event::Late {
            rotation: number,
            intent: which,
            credential: credential.clone(),
            hold_until,
        }),
        Outcome::Failed { code, again } if waiting => Some(if *again {
            let failures = rotation.and_then(|rotation| rotation.failures.get(&Step::Issue)).copied().unwrap_or(0);
            let retry_at = now.saturating_add(policy.delay(failures, random));
            Event::NotIssued { intent: which, code: code.clone(), retry_at: Some(retry_at) }
        } else {
            Event::NotIssued { intent: which, code: code.clone(), retry_at: None }
        }),
        Outcome::Differs(sink) if waiting => {
            Some(Event::NotIssued { intent: which, code: format!("{SINK_DIFFERS}{sink}"), retry_at: None })
        }
        Outcome::Failed { .. } | Outcome::Differs(_) if given_up => {
            Some(Event::Settled { intent: which, found: Vec::new(), evidence: Evidence::Answer })
        }
        Outcome::Uncertain if waiting => Some(Event::Unknown { intent: which }),
        _ => None,
    }
}

/// Returns the event for the outcome of ending a credential, which may happen after its rotation is over.
fn end_outcome(target: &Target, policy: &Policy, id: &str, outcome: &Outcome, now: Time, random: f64) -> Option<Event> {
    let known = target.credentials.get(id).filter(|known| known.role != Role::Ended)?;
    let code = match outcome {
        Outcome::Yes => return Some(Event::Retired { credential: id.to_owned() }),
        Outcome::Failed { code, .. } => code.clone(),
        Outcome::Uncertain => "outcome_unknown".to_owned(),
        _ => return None,
    };
    let retry_at = now.saturating_add(policy.delay(known.failures, random));
    Some(Event::Failed { step: Step::End, about: id.to_owned(), code, retry_at })
}

/// Returns the event for the outcome of deleting the sealed copy of a response.
fn discard_outcome(
    target: &Target,
    policy: &Policy,
    marker: &str,
    outcome: &Outcome,
    now: Time,
    random: f64,
) -> Option<Event> {
    let sealed = target.sealed.get(marker)?;
    let code = match outcome {
        Outcome::Yes => return Some(Event::Discarded { marker: marker.to_owned() }),
        Outcome::Failed { code, .. } => code.clone(),
        _ => "outcome_unknown".to_owned(),
    };
    let retry_at = now.saturating_add(policy.delay(sealed.failures, random));
    Some(Event::Failed { step: Step::Discard, about: marker.to_owned(), code, retry_at })
}

/// Returns the event for a step that did not succeed: another attempt later, or a stop.
fn failed(
    rotation: &Rotation,
    policy: &Policy,
    step: Step,
    outcome: &Outcome,
    now: Time,
    random: f64,
) -> Option<Event> {
    let failures = rotation.failures.get(&step).copied().unwrap_or(0);
    let (code, again) = match outcome {
        Outcome::Failed { code, again } => (code.clone(), *again),
        Outcome::NotYet => ("not_yet".to_owned(), true),
        Outcome::Uncertain => ("outcome_unknown".to_owned(), true),
        _ => return None,
    };
    if !again {
        return Some(Event::Stopped { reason: Stop::Refused, about: code });
    }
    Some(Event::Failed {
        step,
        about: String::new(),
        code,
        retry_at: now.saturating_add(policy.delay(failures, random)),
    })
}
