//! The system log: the events of the tenant in OCSF's format.
//!
//! C1's description of an event is "a JSON OCSF event" and no more. The class of each event, the members that name the
//! credential and the actor, and the calls that are logged at all are therefore guesses based on OCSF 1.3: changes are
//! API Activity (6003), and tokens are Authentication (3002). Code that depends on the log should search for ids
//! anywhere in an event, and be tested with [`Detail::Sparse`] and [`Detail::Off`] as well.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::paging::Page;
use crate::random::{Dice, hash};
use crate::seed;
use crate::shape::{Row, text};
use crate::status::Status;
use crate::time::{self, Millis};

/// The number of events that are kept. C1 does not document how long it keeps them.
const LENGTH: usize = 10_000;

/// The amount of detail in the tenant's system log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// Events also name the credential that a call created.
    #[default]
    Full,
    /// The event of a creating call names only the owner of the new object: the connector, the service principal or the
    /// bridge.
    Sparse,
    /// Nothing is logged.
    Off,
}

impl Detail {
    /// All values, with their names.
    pub const NAMES: &[(Self, &str)] = &[(Self::Full, "full"), (Self::Sparse, "sparse"), (Self::Off, "off")];
}

/// The activities of OCSF's class API Activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the variants say everything")]
pub enum Activity {
    Create = 1,
    Update = 3,
    Delete = 4,
    Other = 99,
}

impl Activity {
    /// Returns the activity of an API method, by its name.
    pub fn of(method: &str) -> Self {
        let begins = |words: &[&str]| words.iter().any(|word| method.starts_with(word));
        match () {
            // The client remains, and its secret changes.
            () if begins(&["Update", "RotateClientSecret"]) => Self::Update,
            () if begins(&["Create", "Rotate"]) => Self::Create,
            () if begins(&["Delete", "Revoke"]) => Self::Delete,
            () => Self::Other,
        }
    }
}

/// The originator of an event.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    /// The client id that the token was issued to.
    pub client_id: &'a str,
    /// The id of the user that it acts for.
    pub user_id: &'a str,
    /// Its `User-Agent`.
    pub agent: &'a str,
}

/// An object that an event is about. It never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The kind of object, such as `connector_credential`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its display name, if known.
    pub name: String,
    /// Its client id, if it is a credential.
    pub client_id: String,
}

/// Returns the event of a successful change through the API.
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

/// Returns the event of an issued token.
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
        // The sandbox is only used from its own machine.
        "src_endpoint": { "ip": "127.0.0.1" },
        "http_request": { "user_agent": actor.agent },
    });
    event.as_object().cloned().unwrap_or_default()
}

/// The events, oldest first. An event's number is its position among all events, including those that are no longer
/// kept.
#[derive(Debug, Clone, Default)]
pub struct SystemLog {
    /// The number of events that are no longer kept.
    forgotten: usize,
    events: VecDeque<Event>,
}

#[derive(Debug, Clone)]
struct Event {
    at: Millis,
    uid: String,
    /// The event as JSON text, which takes a fifth of the memory of a parsed one.
    body: String,
}

/// The selection of events to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Events from this time on.
    pub since: Option<Millis>,
    /// Events before this time.
    pub until: Option<Millis>,
    /// Events after the one with this uid; empty for all.
    pub since_uid: &'a str,
    /// Events before the one with this uid; empty for all.
    pub until_uid: &'a str,
    /// Whether the newest come first.
    pub newest_first: bool,
    /// Events up to this time, because a log is written with a delay.
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

    /// Returns one page of the events that pass the filter, and the token of the next page.
    ///
    /// # Errors
    /// Returns code 3 for a token of another list, and for an unknown uid.
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

    /// Returns the log as JSON.
    pub fn snapshot(&self) -> Value {
        let events: Value = self.events.iter().map(|event| event.body.parse().unwrap_or(Value::Null)).collect();
        json!({ "forgotten": self.forgotten, "events": events })
    }

    /// Reads the output of [`SystemLog::snapshot`]; returns `None` for anything else.
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
    fn the_oldest_are_forgotten_and_numbers_are_kept() {
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
