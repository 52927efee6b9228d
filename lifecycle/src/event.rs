//! The events of a target. No event has a field that could hold a secret.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970.
pub type Time = i64;

/// A credential without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// The control plane's id, by which it is looked up and revoked.
    pub id: String,
    /// The client id that consumers log in with, by which sinks recognize the credential.
    pub client_id: String,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
}

/// The reason for a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Somebody requested it.
    Asked,
    /// The policy requires it.
    Due,
    /// The target has no credential yet.
    First,
}

/// The source of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The control plane's own records: a reference, a marker in a list, a log.
    Provider,
    /// A person who has looked.
    Person,
    /// The response itself, which arrived after the intent had been given up.
    Answer,
}

/// A proof that a credential works where it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The pair is well formed, and id and secret match as far as can be checked without a server.
    Parsed,
    /// A token was obtained with it.
    Token,
    /// A consumer has used it: its last use is later than our own probe.
    Used,
    /// The old credential has not been used for twice the longest lifetime of a token.
    Quiet,
    /// A job that depends on it (such as a connector's sync) succeeded after the delivery.
    Healthy,
}

/// The reason why a rotation waits for a person, as a stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// It is unknown whether a credential was issued, and the control plane's records do not show it.
    OutcomeUnknown,
    /// As many credentials as the policy allows were issued for this rotation, and none was delivered.
    TooManyIntents,
    /// The control plane refuses: a permission is missing, or the target no longer exists.
    Refused,
    /// The control plane issued a credential that does not log in.
    NewCredentialRefused,
    /// A sink holds a credential that the journal does not know.
    SinkDiffers,
    /// A sink cannot restore the old credential, so somebody else must.
    RestoreByHand,
    /// A sink no longer holds what was delivered to it.
    SinkChanged,
    /// A sink was added after the new credential was delivered to the others. It does not hold that credential, or
    /// cannot be read, and the secret is gone.
    SinkAdded,
    /// The same step has failed as often as the policy allows.
    TooManyFailures,
}

/// A step that failed, as a stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Issuing a credential.
    Issue,
    /// Searching the control plane's records for the outcome of a call whose response was lost.
    Search,
    /// Reading the secret of an active credential again.
    Recall,
    /// Checking that the pair is well formed.
    Parse,
    /// Obtaining a token.
    Login,
    /// Inspecting a credential.
    Look,
    /// Writing to a sink.
    Deliver,
    /// Reading back a sink.
    ReadBack,
    /// Restoring the old credential in a sink.
    Restore,
    /// Ending a credential.
    End,
    /// Opening the sealed copy of a response.
    Unseal,
    /// Deleting that copy.
    Discard,
}

/// An event in a target's stream. The order of the events is authoritative.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// An existing credential is the one that consumers use.
    Adopted {
        /// The credential.
        credential: Credential,
        /// The source of this knowledge: a sink's name, a file, a person.
        source: String,
    },
    /// A rotation begins.
    Planned {
        /// The number of the rotation, counted from 1 within the target.
        rotation: u32,
        /// The reason.
        reason: Reason,
    },
    /// A credential is about to be issued. The worker that makes the call writes this first.
    Issuing {
        /// The number of the intent, counted from 1 within the rotation.
        intent: u32,
        /// The marker to search for in the control plane's records.
        marker: String,
        /// The deadline of the call.
        until: Time,
        /// Whether a copy of the response will be sealed under the marker, for use after a restart.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sealed: bool,
    },
    /// It is certain that nothing was issued, whether or not the call was made.
    NotIssued {
        /// The number of the intent.
        intent: u32,
        /// The code of the error.
        code: String,
        /// The earliest time of the next attempt; `None` if another attempt cannot succeed and a person is needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Time>,
    },
    /// The credential was issued. The worker that wrote this has the secret, in memory only.
    Issued {
        /// The number of the intent.
        intent: u32,
        /// The credential.
        credential: Credential,
        /// The time until which no other worker may declare the secret lost.
        hold_until: Time,
    },
    /// It is unknown whether the credential was issued.
    Unknown {
        /// The number of the intent.
        intent: u32,
    },
    /// The outcome of an unknown intent is now known.
    Settled {
        /// The number of the intent.
        intent: u32,
        /// The credentials that were issued. Nobody has their secrets.
        found: Vec<Credential>,
        /// The source of this knowledge.
        evidence: Evidence,
    },
    /// The response to an intent that had been given up arrived.
    Late {
        /// The rotation that it belongs to; another may have begun.
        rotation: u32,
        /// The number of the intent.
        intent: u32,
        /// The credential.
        credential: Credential,
        /// The time until which no other worker may declare the secret lost, if it is still needed.
        hold_until: Time,
    },
    /// The worker that has the secret needs more time, or another worker that also has it takes over.
    Held {
        /// The time until which no other worker may declare it lost.
        hold_until: Time,
    },
    /// The secret is gone before the credential was delivered everywhere. Another one will be issued, and this one ends
    /// after that.
    Lost {
        /// The id of the credential.
        credential: String,
        /// The error code of the sealed copy, if one was expected but is unusable.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        code: String,
    },
    /// The sealed copy of a response was deleted.
    Discarded {
        /// The marker of the copy.
        marker: String,
    },
    /// The effect of issuing the new credential on the old one was observed.
    Observed {
        /// False if the control plane ended the old credential at once.
        overlap: bool,
    },
    /// A proof that the new credential works was found.
    Verified {
        /// The proof.
        proof: Proof,
    },
    /// A sink holds the new credential.
    Delivered {
        /// The sink's name.
        sink: String,
        /// The client id that it held before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaced: Option<String>,
    },
    /// A sink was read back and holds the new credential.
    ReadBack {
        /// The sink's name.
        sink: String,
    },
    /// Everything is delivered and verified. The old credential remains valid until the end of the grace period.
    Grace {
        /// The time from which the old credential may end.
        until: Time,
    },
    /// A person approved the end of the old credential, if the policy requires that.
    Approved,
    /// A credential is about to be ended. It must not be put into use again.
    Retiring {
        /// The id of the credential.
        credential: String,
    },
    /// A credential has ended.
    Retired {
        /// The id of the credential.
        credential: String,
    },
    /// The rotation is complete: the new credential is the current one.
    Done,
    /// The rotation is being undone: the old credential returns to use.
    RollingBack,
    /// The old credential was written to a sink again, even if the sink still held it, so that a late writer finds the
    /// sink changed.
    Restored {
        /// The sink's name.
        sink: String,
    },
    /// The rotation is undone.
    RolledBack,
    /// A step failed and will be tried again.
    Failed {
        /// The step.
        step: Step,
        /// The object of the step, if the step alone does not identify it: the credential to be ended, or the marker of
        /// a sealed copy.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        about: String,
        /// The code of the error.
        code: String,
        /// The earliest time of the next attempt.
        retry_at: Time,
    },
    /// A person is needed.
    Stopped {
        /// The reason.
        reason: Stop,
        /// The object of the reason: a sink's name, or an error's code.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        about: String,
    },
    /// A person has resolved the problem, and the rotation continues.
    Resumed,
    /// The target is no longer managed.
    Forgotten,
}

/// An event with its time and its author.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// The time of writing.
    pub at: Time,
    /// The worker or person that wrote it.
    pub by: String,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}
