//! The commands that a person gives for a target: when each is allowed, and which events carry it out.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{
    event::{Credential, Event, Evidence, Reason, Stop, Time},
    policy::Policy,
    state::{Phase, Role, Target},
};

/// A command of a person.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Command {
    /// This credential is the one that consumers use.
    Adopt {
        /// The credential.
        credential: Credential,
        /// The source of this knowledge.
        source: String,
    },
    /// Rotate.
    Plan {
        /// The reason.
        reason: Reason,
    },
    /// The old credential may end.
    Approve,
    /// Undo the rotation.
    RollBack,
    /// Somebody has found out what an attempt with an unknown outcome issued.
    Settle {
        /// All credentials that it issued.
        found: Vec<Credential>,
    },
    /// The problem that stopped the rotation has been resolved.
    Resume,
    /// The new credential is unusable: issue another, and end this one after that.
    Reissue,
    /// The old credential was restored in a sink by hand.
    Restored {
        /// The sink's name.
        sink: String,
    },
    /// Somebody has put the new credential into a sink that was added too late for the delivery.
    Provisioned {
        /// The sink's name.
        sink: String,
    },
    /// The target is no longer managed.
    Forget,
}

/// The reason why a command is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code.
    pub reason: &'static str,
    /// A description of the reason.
    pub message: String,
}

fn refuse<T>(reason: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { reason, message: message.into() })
}

/// Returns the events that carry out a command, in order.
///
/// # Errors
/// Fails if the target's state does not allow the command.
pub fn operate(target: &Target, policy: &Policy, command: &Command, now: Time) -> Result<Vec<Event>, Refusal> {
    let Some(rotation) = &target.rotation else { return without_rotation(target, command) };
    match command {
        Command::Adopt { .. } | Command::Plan { .. } | Command::Forget => {
            refuse("rotation_active", format!("rotation {} is under way: finish it or roll it back", rotation.number))
        }
        Command::Approve if rotation.rolling_back => refuse("rolling_back", "the rotation is being undone"),
        Command::Approve => Ok(vec![Event::Approved]),
        Command::RollBack => match target.cannot_roll_back() {
            Some(why) => refuse("cannot_roll_back", why),
            None => Ok(vec![Event::RollingBack]),
        },
        Command::Settle { found } => settle(target, &rotation.phase, policy, found, now),
        Command::Resume if rotation.stopped.is_none() && !has_failures(target) => {
            refuse("not_stopped", "the rotation is not stopped")
        }
        Command::Resume => Ok(vec![Event::Resumed]),
        Command::Reissue => match target.new_credential() {
            _ if rotation.rolling_back => refuse("rolling_back", "the rotation is being undone"),
            None => refuse("nothing_issued", "the rotation has no new credential that could be replaced"),
            // No worker acts between the two events, because the rotation is stopped until the second one.
            Some(known) => {
                let credential = known.credential.id.clone();
                Ok(vec![Event::Lost { credential, code: String::new() }, Event::Resumed])
            }
        },
        Command::Restored { sink } => match &rotation.stopped {
            Some((Stop::RestoreByHand, about)) if about == sink => {
                Ok(vec![Event::Restored { sink: sink.clone() }, Event::Resumed])
            }
            _ => refuse("not_stopped", format!("the rotation does not wait for {sink} to be put back by hand")),
        },
        Command::Provisioned { sink } => match &rotation.stopped {
            Some((Stop::SinkAdded, about)) if about == sink => {
                Ok(vec![Event::Delivered { sink: sink.clone(), replaced: None }, Event::Resumed])
            }
            _ => refuse("not_stopped", format!("the rotation does not wait for {sink} to get the new credential")),
        },
    }
}

fn without_rotation(target: &Target, command: &Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Adopt { credential, source } => match target.credentials.get(&credential.id) {
            Some(known) if known.retiring || known.role == Role::Ended => {
                refuse("ended", format!("the journal says that credential {} has ended or is ending", credential.id))
            }
            _ => Ok(vec![Event::Adopted { credential: credential.clone(), source: source.clone() }]),
        },
        Command::Plan { .. } if target.forgotten => {
            refuse("forgotten", "the target is no longer managed: adopt a credential to begin again")
        }
        Command::Plan { reason } => Ok(vec![Event::Planned { rotation: target.rotations + 1, reason: reason.clone() }]),
        Command::Resume if has_failures(target) => Ok(vec![Event::Resumed]),
        Command::Forget if target.forgotten => Ok(Vec::new()),
        Command::Forget => Ok(vec![Event::Forgotten]),
        _ => refuse("no_rotation", "no rotation is under way"),
    }
}

/// Returns whether something that is retried independently of the rotation has failed.
fn has_failures(target: &Target) -> bool {
    target.ending().any(|known| known.failures > 0) || target.sealed.values().any(|sealed| sealed.failures > 0)
}

fn settle(
    target: &Target,
    phase: &Phase,
    policy: &Policy,
    found: &[Credential],
    now: Time,
) -> Result<Vec<Event>, Refusal> {
    let Phase::Unknown { intent, until, .. } = phase else {
        return refuse("nothing_to_settle", "no attempt has an unknown outcome");
    };
    let earliest = until.saturating_add(policy.margin);
    if now < earliest {
        return refuse(
            "too_early",
            format!("the call may still be acted on: look for its result, but not before {earliest} ms since 1970"),
        );
    }
    if let Some(known) = found.iter().find(|credential| target.credentials.contains_key(&credential.id)) {
        return refuse(
            "known_credential",
            format!("credential {} is known already, so it is not the result of the attempt", known.id),
        );
    }
    let ids: BTreeSet<_> = found.iter().map(|credential| &credential.id).collect();
    if ids.len() != found.len() {
        return refuse("known_credential", "a credential was named twice");
    }
    Ok(vec![Event::Settled { intent: *intent, found: found.to_vec(), evidence: Evidence::Person }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Entry, Step};

    fn credential(id: &str) -> Credential {
        Credential { id: id.to_owned(), client_id: format!("{id}@"), created_at: None, expires_at: None }
    }

    fn after(events: &[Event]) -> Target {
        let entries: Vec<_> =
            events.iter().map(|event| Entry { at: 10, by: "w".to_owned(), event: event.clone() }).collect();
        Target::fold(&entries)
    }

    fn reason(target: &Target, command: &Command) -> &'static str {
        operate(target, &Policy { margin: 5, ..Policy::default() }, command, 100)
            .map_or_else(|refusal| refusal.reason, |_| "done")
    }

    fn adopted() -> Vec<Event> {
        vec![Event::Adopted { credential: credential("old"), source: "sink".to_owned() }]
    }

    fn planned() -> Vec<Event> {
        [adopted(), vec![Event::Planned { rotation: 1, reason: Reason::Asked }]].concat()
    }

    fn issuing(until: Time) -> Vec<Event> {
        [planned(), vec![Event::Issuing { intent: 1, marker: "m".to_owned(), until, sealed: false }]].concat()
    }

    fn issued() -> Vec<Event> {
        let issued = Event::Issued { intent: 1, credential: credential("new"), hold_until: 50 };
        [issuing(20), vec![issued]].concat()
    }

    #[test]
    fn one_rotation_at_a_time() {
        let plan = Command::Plan { reason: Reason::Asked };
        assert_eq!(reason(&after(&adopted()), &plan), "done");
        for command in [&plan, &Command::Forget, &Command::Adopt { credential: credential("x"), source: String::new() }]
        {
            assert_eq!(reason(&after(&planned()), command), "rotation_active");
        }
        let forgotten = [adopted(), vec![Event::Forgotten]].concat();
        assert_eq!(reason(&after(&forgotten), &plan), "forgotten");
        for command in [Command::Approve, Command::RollBack, Command::Resume, Command::Reissue] {
            assert_eq!(reason(&after(&adopted()), &command), "no_rotation");
        }
    }

    #[test]
    fn only_an_unknown_outcome_is_settled_after_its_deadline() {
        let settle = |found: &[&str]| Command::Settle { found: found.iter().map(|id| credential(id)).collect() };
        let unknown = |until| after(&[issuing(until), vec![Event::Unknown { intent: 1 }]].concat());
        assert_eq!(reason(&after(&issuing(20)), &settle(&[])), "nothing_to_settle");
        assert_eq!(reason(&unknown(96), &settle(&[])), "too_early");
        assert_eq!(reason(&unknown(95), &settle(&[])), "done");
        assert_eq!(reason(&unknown(20), &settle(&["new"])), "done");
        assert_eq!(reason(&unknown(20), &settle(&["old"])), "known_credential");
        assert_eq!(reason(&unknown(20), &settle(&["new", "new"])), "known_credential");
    }

    #[test]
    fn a_rollback_is_refused_once_the_old_credential_is_ending() {
        assert_eq!(reason(&after(&issued()), &Command::RollBack), "done");
        let retiring = [issued(), vec![Event::Retiring { credential: "old".to_owned() }]].concat();
        assert_eq!(reason(&after(&retiring), &Command::RollBack), "cannot_roll_back");
        let cut = [issued(), vec![Event::Observed { overlap: false }]].concat();
        assert_eq!(reason(&after(&cut), &Command::RollBack), "cannot_roll_back");
    }

    #[test]
    fn a_stopped_rotation_resumes_on_command() {
        assert_eq!(reason(&after(&issued()), &Command::Resume), "not_stopped");
        let stopped = Event::Stopped { reason: Stop::SinkChanged, about: "s".to_owned() };
        let target = after(&[issued(), vec![stopped]].concat());
        assert_eq!(reason(&target, &Command::Resume), "done");
        let events = operate(&target, &Policy::default(), &Command::Reissue, 0).unwrap();
        assert_eq!(events, [Event::Lost { credential: "new".to_owned(), code: String::new() }, Event::Resumed]);
        assert_eq!(reason(&after(&planned()), &Command::Reissue), "nothing_issued");
        assert_eq!(reason(&target, &Command::Restored { sink: "s".to_owned() }), "not_stopped");
        let by_hand = Event::Stopped { reason: Stop::RestoreByHand, about: "s".to_owned() };
        let target = after(&[issued(), vec![Event::RollingBack, by_hand]].concat());
        assert_eq!(reason(&target, &Command::Restored { sink: "s".to_owned() }), "done");
        assert_eq!(reason(&target, &Command::Restored { sink: "t".to_owned() }), "not_stopped");
        let added = Event::Stopped { reason: Stop::SinkAdded, about: "s".to_owned() };
        let grace = Event::Grace { until: 50 };
        let target = after(&[issued(), vec![grace, added]].concat());
        let events = operate(&target, &Policy::default(), &Command::Provisioned { sink: "s".to_owned() }, 0).unwrap();
        assert_eq!(events, [Event::Delivered { sink: "s".to_owned(), replaced: None }, Event::Resumed]);
        for sink in ["t", ""] {
            assert_eq!(reason(&target, &Command::Provisioned { sink: sink.to_owned() }), "not_stopped");
        }
    }

    #[test]
    fn ending_a_credential_is_retried_after_its_rotation() {
        let failed =
            Event::Failed { step: Step::End, about: "old".to_owned(), code: "forbidden".to_owned(), retry_at: 900 };
        let target = after(&[adopted(), vec![Event::Retiring { credential: "old".to_owned() }, failed]].concat());
        let events = operate(&target, &Policy::default(), &Command::Resume, 0).unwrap();
        let mut target = target;
        target.apply(&Entry { at: 0, by: String::new(), event: events.first().cloned().unwrap() });
        assert!(target.ending().all(|known| known.failures == 0 && known.retry_at == 0));
        assert_eq!(target.ending().count(), 1);
    }
}
