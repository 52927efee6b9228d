//! The system log: what happened in the tenant, as events in the form of OCSF.
//!
//! C1's description says of an event that it is "a JSON OCSF event" and no more. Which class it has, where it names the
//! credential and who made it, and which calls are logged at all is therefore a guess, made from OCSF 1.3 itself: changes are
//! API Activity (6003), tokens are Authentication (3002). What depends on it should look for ids anywhere in an event,
//! and be tried with [`Detail::Sparse`] and [`Detail::Off`] as well.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::paging::Page;
use crate::random::{Dice, hash};
use crate::seed;
use crate::shape::{Row, text};
use crate::status::Status;
use crate::time::{self, Millis};

/// How many events are kept. C1 does not say how long it keeps them.
const LENGTH: usize = 10_000;

/// How much the tenant's system log tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// Which credential a call made, too.
    #[default]
    Full,
    /// A call that made something names only what it was made for: the connector, the service principal, the bridge.
    Sparse,
    /// Nothing is logged.
    Off,
}

impl Detail {
    /// All of them, with their names.
    pub const NAMES: &[(Self, &str)] = &[(Self::Full, "full"), (Self::Sparse, "sparse"), (Self::Off, "off")];
}

/// OCSF's activities of the class API Activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Activity {
    Create = 1,
    Update = 3,
    Delete = 4,
    Other = 99,
}

impl Activity {
    /// What a method of the API does, by its name.
    pub fn of(method: &str) -> Self {
        let begins = |words: &[&str]| words.iter().any(|word| method.starts_with(word));
        match () {
            // The client stays, its secret changes.
            () if begins(&["Update", "RotateClientSecret"]) => Self::Update,
            () if begins(&["Create", "Rotate"]) => Self::Create,
            () if begins(&["Delete", "Revoke"]) => Self::Delete,
            () => Self::Other,
        }
    }
}

/// Who did something, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    /// The client id that the token was issued to.
    pub client_id: &'a str,
    /// Whom it acts for.
    pub user_id: &'a str,
    /// What it calls itself.
    pub agent: &'a str,
}

/// Something that an event is about. There is never a secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// What it is, such as `connector_credential`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its display name, if that is known.
    pub name: String,
    /// Its client id, if it is a credential.
    pub client_id: String,
}

/// A successful change through the API.
pub fn api_activity(operation: &str, activity: Activity, actor: &Actor<'_>, resources: &[Resource]) -> Row {
    let (service, _) = operation.rsplit_once('.').unwrap_or((operation, ""));
    let name = match activity {
        Activity::Create => "Create",
        Activity::Update => "Update",
        Activity::Delete => "Delete",
        Activity::Other => "Other",
    };
    let resource = |resource: &Resource| {
        let mut shown = Row::new();
        shown.insert("type".to_owned(), Value::from(resource.kind));
        shown.insert("uid".to_owned(), Value::from(resource.id.as_str()));
        if !resource.name.is_empty() {
            shown.insert("name".to_owned(), Value::from(resource.name.as_str()));
        }
        if !resource.client_id.is_empty() {
            shown.insert("data".to_owned(), json!({ "client_id": resource.client_id }));
        }
        Value::Object(shown)
    };
    let mut event = event((6003, "API Activity"), (6, "Application Activity"), (activity as u32, name), actor);
    event.insert("api".to_owned(), json!({ "operation": operation, "service": { "name": service } }));
    event.insert("resources".to_owned(), resources.iter().map(resource).collect());
    event
}

/// A token was issued.
pub fn authentication(actor: &Actor<'_>) -> Row {
    let mut event = event((3002, "Authentication"), (3, "Identity & Access Management"), (1, "Logon"), actor);
    event.insert("user".to_owned(), json!({ "uid": actor.user_id, "credential_uid": actor.client_id }));
    event.insert("auth_protocol".to_owned(), Value::from("OAUTH 2.0"));
    event
}

fn event(class: (u32, &str), category: (u32, &str), activity: (u32, &str), actor: &Actor<'_>) -> Row {
    let event = json!({
        "category_uid": category.0,
        "category_name": category.1,
        "class_uid": class.0,
        "class_name": class.1,
        "activity_id": activity.0,
        "activity_name": activity.1,
        "type_uid": class.0 * 100 + activity.0,
        "type_name": format!("{}: {}", class.1, activity.1),
        "severity_id": 1,
        "severity": "Informational",
        "status_id": 1,
        "status": "Success",
        "actor": {
            "user": { "uid": actor.user_id, "credential_uid": actor.client_id },
            "app_uid": actor.client_id,
        },
        // The sandbox is asked from its own machine only.
        "src_endpoint": { "ip": "127.0.0.1" },
        "http_request": { "user_agent": actor.agent },
    });
    event.as_object().cloned().unwrap_or_default()
}

/// The events, oldest first. An event's number is its place in the whole of them, also of those that are not kept.
#[derive(Debug, Clone, Default)]
pub struct SystemLog {
    /// How many are not kept any more.
    forgotten: usize,
    events: VecDeque<Event>,
}

#[derive(Debug, Clone)]
struct Event {
    at: Millis,
    uid: String,
    /// As text, which takes a fifth of the space.
    body: String,
}

/// Which events to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// From this time on.
    pub since: Option<Millis>,
    /// Before this time.
    pub until: Option<Millis>,
    /// After the event with this uid; empty for all.
    pub since_uid: &'a str,
    /// Before the event with this uid; empty for all.
    pub until_uid: &'a str,
    /// The newest first.
    pub newest_first: bool,
    /// Those that happened up to this time: a log is written with a delay.
    pub visible: Millis,
}

impl SystemLog {
    /// Adds an event that happened at a time.
    pub fn add(&mut self, mut event: Row, at: Millis) {
        if self.events.len() == LENGTH {
            self.events.pop_front();
            self.forgotten += 1;
        }
        let number = self.forgotten + self.events.len();
        let uid = Dice::new(hash(&format!("event {number}"))).id();
        let metadata = json!({
            "version": "1.3.0",
            "uid": uid,
            "tenant_uid": seed::TENANT_ID,
            "product": { "name": "ConductorOne", "vendor_name": "ConductorOne" },
        });
        event.insert("metadata".to_owned(), metadata);
        event.insert("time".to_owned(), Value::from(at));
        event.insert("time_dt".to_owned(), Value::from(time::format(at)));
        self.events.push_back(Event { at, uid, body: Value::Object(event).to_string() });
    }

    /// One page of the events that pass the filter, and the token of the next page.
    ///
    /// # Errors
    /// Code 3 for a token of another list, and for a uid that no event has.
    pub fn list(&self, filter: &Filter<'_>, page: &Page) -> Result<(Vec<Value>, String), Status> {
        let number = |field: &str, uid: &str| {
            let place = self.events.iter().position(|event| event.uid == uid);
            place.map(|place| place + self.forgotten).ok_or_else(|| Status::invalid(format!("{field}: no such event")))
        };
        let after = match filter.since_uid {
            "" => None,
            uid => Some(number("sinceEventUid", uid)?),
        };
        let before = match filter.until_uid {
            "" => None,
            uid => Some(number("untilEventUid", uid)?),
        };
        let Filter { since, until, newest_first, visible, .. } = *filter;
        let list = format!("events {since:?} {until:?} {after:?} {before:?} {newest_first}");
        let start = page.start(&list)?;
        let passes = |(number, event): &(usize, &Event)| {
            since.is_none_or(|since| event.at >= since)
                && until.is_none_or(|until| event.at < until)
                && after.is_none_or(|after| *number > after)
                && before.is_none_or(|before| *number < before)
                && event.at <= visible
        };
        let numbered = (self.forgotten..).zip(&self.events).filter(passes);
        let (found, next) = if newest_first {
            let numbered: Vec<_> = numbered.filter(|(number, _)| start.is_none_or(|start| *number <= start)).collect();
            page.cut(&list, numbered.into_iter().rev())
        } else {
            page.cut(&list, numbered.filter(|(number, _)| start.is_none_or(|start| *number >= start)))
        };
        Ok((found.into_iter().map(|event| event.body.parse().unwrap_or_default()).collect(), next))
    }

    /// The log as JSON.
    pub fn snapshot(&self) -> Value {
        let events: Value = self.events.iter().map(|event| event.body.parse().unwrap_or(Value::Null)).collect();
        json!({ "forgotten": self.forgotten, "events": events })
    }

    /// Reads what [`SystemLog::snapshot`] wrote; `None` for anything else.
    pub fn restore(snapshot: &Value) -> Option<Self> {
        let forgotten = usize::try_from(snapshot.get("forgotten")?.as_u64()?).ok()?;
        let event = |event: &Value| {
            let uid = text(event.get("metadata")?.as_object()?, "uid").to_owned();
            let at = event.get("time")?.as_i64()?;
            (!uid.is_empty()).then(|| Event { at, uid, body: event.to_string() })
        };
        let events = snapshot.get("events")?.as_array()?.iter().map(event).collect::<Option<VecDeque<_>>>()?;
        (events.len() <= LENGTH).then_some(Self { forgotten, events })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ACTOR: Actor<'_> = Actor { client_id: "a@b/spc", user_id: "u", agent: "test" };

    fn times(log: &SystemLog, filter: &Filter<'_>) -> Vec<i64> {
        let (mut times, mut page) = (Vec::new(), Page { size: 10, token: String::new() });
        loop {
            let (events, next) = log.list(filter, &page).unwrap();
            times.extend(events.iter().map(|event| event.get("time").and_then(Value::as_i64).unwrap()));
            if next.is_empty() {
                return times;
            }
            page.token = next;
        }
    }

    #[test]
    fn the_oldest_are_forgotten_and_numbers_stay() {
        let mut log = SystemLog::default();
        for at in 0..LENGTH as i64 + 25 {
            log.add(authentication(&ACTOR), at);
        }
        let all = Filter { visible: i64::MAX, ..Filter::default() };
        assert_eq!(times(&log, &all), (25..LENGTH as i64 + 25).collect::<Vec<_>>());
        let newest = Filter { newest_first: true, since: Some(LENGTH as i64), ..all };
        assert_eq!(times(&log, &newest), (LENGTH as i64..LENGTH as i64 + 25).rev().collect::<Vec<_>>());

        let mut copy = SystemLog::restore(&log.snapshot()).unwrap();
        copy.add(authentication(&ACTOR), 1);
        log.add(authentication(&ACTOR), 1);
        assert_eq!(copy.snapshot(), log.snapshot());
        assert!(SystemLog::restore(&json!({ "forgotten": 0, "events": [{}] })).is_none());
    }
}
