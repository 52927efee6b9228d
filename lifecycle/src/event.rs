//! What can be recorded about a target. No event has a field that could hold a secret.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970.
pub type Time = i64;

/// A credential, by what is known of it without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// The control plane's id: what it is looked up and ended by.
    pub id: String,
    /// What consumers log in as, and what a sink is recognised by.
    pub client_id: String,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
}

/// Why a rotation was begun.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Somebody requested it.
    Asked,
    /// The policy says that it is time.
    Due,
    /// The target has no credential yet.
    First,
}

/// Whose word a settlement rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The control plane's own records: a reference, a marker in a list, a log.
    Provider,
    /// A person who has looked.
    Person,
    /// The answer itself, which came after the intent had been given up.
    Answer,
}

/// A step of the ladder of proofs that a credential works where it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The pair is well formed, and id and secret fit each other as far as that can be seen without a server.
    Parsed,
    /// A token was obtained with it.
    Token,
    /// A consumer has used it: it was used later than our own probe.
    Used,
    /// The old one has not been used for twice the longest life of a token.
    Quiet,
    /// What runs with it (a connector's sync) succeeded after the delivery.
    Healthy,
}

/// Why a rotation waits for a person, as stable codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// It is unknown whether a credential was issued, and the control plane has no record that would tell.
    OutcomeUnknown,
    /// As many credentials as the policy allows were issued for this rotation, and none was delivered.
    TooManyIntents,
    /// The control plane refuses: a right is missing, or the target is gone.
    Refused,
    /// The control plane issued a credential that does not log in.
    NewCredentialRefused,
    /// A sink holds a credential that the journal does not know.
    SinkDiffers,
    /// A sink cannot put the old credential back; somebody else must.
    RestoreByHand,
    /// A sink no longer holds what was delivered to it.
    SinkChanged,
    /// A sink was named once the new credential was delivered to the others. It does not hold that one, or cannot be read, and the secret
    /// is gone.
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
    /// Searching the control plane's records for a lost answer.
    Search,
    /// Reading the secret of a living credential again.
    Recall,
    /// Checking that the pair is well formed.
    Parse,
    /// Obtaining a token.
    Login,
    /// Looking at a credential.
    Look,
    /// Writing to a sink.
    Deliver,
    /// Reading a sink back.
    ReadBack,
    /// Putting the old credential back into a sink.
    Restore,
    /// Ending a credential.
    End,
    /// Opening the sealed copy of an answer.
    Unseal,
    /// Deleting that copy.
    Discard,
}

/// Something that happened to a target. The order of the events in a target's stream is the truth about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A credential that exists is the one that consumers use.
    Adopted {
        /// Which.
        credential: Credential,
        /// Where it was learned from: a sink's name, a file, a person.
        source: String,
    },
    /// A rotation begins.
    Planned {
        /// Counted from 1 within the target.
        rotation: u32,
        /// Why.
        reason: Reason,
    },
    /// A credential is about to be issued. Written before the call, by the one who makes it.
    Issuing {
        /// Counted from 1 within the rotation.
        intent: u32,
        /// What the control plane's records can be searched for.
        marker: String,
        /// When the call ends at the latest.
        until: Time,
        /// Whether a copy of the answer will be sealed for a restart, under the marker.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sealed: bool,
    },
    /// The call was made, or not even that, and provably nothing was issued.
    NotIssued {
        /// Which intent.
        intent: u32,
        /// The code of the error.
        code: String,
        /// Not before this is another attempt made; `None` if another attempt cannot go better, so that a person is needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Time>,
    },
    /// The credential was issued. The worker that wrote this has the secret, only in memory.
    Issued {
        /// Which intent.
        intent: u32,
        /// What was issued.
        credential: Credential,
        /// Until when nobody else may call the secret lost.
        hold_until: Time,
    },
    /// It is not known whether the credential was issued.
    Unknown {
        /// Which intent.
        intent: u32,
    },
    /// It is known now.
    Settled {
        /// Which intent.
        intent: u32,
        /// What had been issued. Nobody has the secrets.
        found: Vec<Credential>,
        /// Who says so.
        evidence: Evidence,
    },
    /// The answer to an intent that had been given up.
    Late {
        /// Which rotation it belongs to: another may have begun.
        rotation: u32,
        /// Which intent.
        intent: u32,
        /// What was issued.
        credential: Credential,
        /// Until when nobody else may call the secret lost, if it is still wanted.
        hold_until: Time,
    },
    /// The worker that has the secret needs more time, or another that has it too takes over.
    Held {
        /// Until when nobody else may call it lost.
        hold_until: Time,
    },
    /// The secret is gone before the credential was delivered everywhere. Another will be issued; this one ends after that.
    Lost {
        /// Which.
        credential: String,
        /// Why the sealed copy of the secret is of no use, where there should be one.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        code: String,
    },
    /// The sealed copy of an answer is deleted.
    Discarded {
        /// The marker under which it was.
        marker: String,
    },
    /// What happened to the old credential when the new one was issued.
    Observed {
        /// False if the control plane ended the old one at once.
        overlap: bool,
    },
    /// A proof that the new credential works.
    Verified {
        /// Which.
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
    /// A sink was read, and holds the new credential.
    ReadBack {
        /// The sink's name.
        sink: String,
    },
    /// Everything is delivered and verified. The old credential remains valid until then.
    Grace {
        /// When the old one may end.
        until: Time,
    },
    /// A person says that the old credential may end, where the policy leaves that to one.
    Approved,
    /// A credential is about to be ended. From here on it is not put into use again.
    Retiring {
        /// Which.
        credential: String,
    },
    /// It has ended.
    Retired {
        /// Which.
        credential: String,
    },
    /// The rotation is over: the new credential is the current one.
    Done,
    /// The rotation is to be undone: the old credential goes back into use.
    RollingBack,
    /// A sink holds the old credential, by a write of its own: whoever comes late with another finds the sink changed.
    Restored {
        /// The sink's name.
        sink: String,
    },
    /// The rotation is undone.
    RolledBack,
    /// A step failed and will be tried again.
    Failed {
        /// Which.
        step: Step,
        /// What it is about, where that is not said by the step: the credential to be ended, the marker of a sealed copy.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        about: String,
        /// The code of the error.
        code: String,
        /// Not before this.
        retry_at: Time,
    },
    /// A person is needed.
    Stopped {
        /// Why.
        reason: Stop,
        /// What it is about: a sink's name, an error's code.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        about: String,
    },
    /// A person has dealt with it: go on.
    Resumed,
    /// The target is no longer managed.
    Forgotten,
}

/// An event with when and by whom it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// By which worker or person.
    pub by: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}
