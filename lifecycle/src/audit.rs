//! Converts the events of a journal to records of the Open Cybersecurity Schema Framework, which security tools read.
//!
//! Each event is one record of the class Entity Management (3004). The entity is the credential if the event names one,
//! and the target otherwise. Data for which the class has no attribute is kept under `unmapped`, with the journal's own
//! names.

use serde_json::{Value, json};

use crate::event::{Entry, Event};

/// The version of the schema that the records follow.
pub const SCHEMA: &str = "1.3.0";

const CLASS: u32 = 3004;
const CATEGORY: u32 = 3;

/// The position of an event in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The target's name.
    pub target: &'a str,
    /// The kind of its provider.
    pub provider: &'a str,
    /// The event's number in the target's stream.
    pub sequence: u64,
}

/// The activity, as the class numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    Create,
    Update,
    Delete,
    /// Not an activity of the class; the event's name in the journal is used.
    Other,
}

impl Activity {
    fn number(self) -> u32 {
        match self {
            Self::Create => 1,
            Self::Update => 3,
            Self::Delete => 4,
            Self::Other => 99,
        }
    }

    fn name(self, word: &str) -> &str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
            Self::Other => word,
        }
    }
}

/// The severity and the status of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Weight {
    /// The severity: 1 informational, 2 low, 3 medium, 4 high.
    severity: u32,
    /// The status: 0 unknown, 1 success, 2 failure.
    status: u32,
}

const SUCCEEDED: Weight = Weight { severity: 1, status: 1 };
const FAILED: Weight = Weight { severity: 2, status: 2 };
const NEEDS_ATTENTION: Weight = Weight { severity: 3, status: 2 };
const IN_DOUBT: Weight = Weight { severity: 4, status: 0 };

/// Converts an event to a record.
#[must_use]
pub fn record(place: &Place<'_>, entry: &Entry) -> Value {
    let mut fields = match serde_json::to_value(&entry.event) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let word = match fields.remove("event") {
        Some(Value::String(word)) => word,
        _ => String::new(),
    };
    let (activity, weight) = classify(&entry.event);
    let mut record = json!({
        "category_uid": CATEGORY,
        "category_name": "Identity & Access Management",
        "class_uid": CLASS,
        "class_name": "Entity Management",
        "activity_id": activity.number(),
        "activity_name": activity.name(&word),
        "type_uid": CLASS * 100 + activity.number(),
        "time": entry.at,
        "severity_id": weight.severity,
        "status_id": weight.status,
        "message": format!("{}: {}", place.target, word.replace('-', " ")),
        "metadata": {
            "version": SCHEMA,
            "product": { "name": "keyturn", "vendor_name": "Keyturn", "version": env!("CARGO_PKG_VERSION") },
            "uid": format!("{}/{}", place.target, place.sequence),
            "event_code": word,
            "sequence": place.sequence,
        },
        "actor": { "app_name": "keyturn", "user": { "name": entry.by } },
        "entity": entity(place, &entry.event),
        "unmapped": { "target": place.target, "provider": place.provider },
    });
    if let Some(Value::Object(unmapped)) = record.get_mut("unmapped") {
        unmapped.extend(fields);
    }
    record
}

fn classify(event: &Event) -> (Activity, Weight) {
    match event {
        Event::Issued { .. } | Event::Late { .. } => (Activity::Create, SUCCEEDED),
        Event::Retired { .. } => (Activity::Delete, SUCCEEDED),
        Event::Delivered { .. } | Event::Restored { .. } | Event::Adopted { .. } => (Activity::Update, SUCCEEDED),
        Event::Unknown { .. } => (Activity::Other, IN_DOUBT),
        Event::Stopped { .. } | Event::Lost { .. } => (Activity::Other, NEEDS_ATTENTION),
        Event::Failed { .. } | Event::NotIssued { .. } => (Activity::Other, FAILED),
        _ => (Activity::Other, SUCCEEDED),
    }
}

/// Returns the credential that the event names, or else the target.
fn entity(place: &Place<'_>, event: &Event) -> Value {
    let credential = |id: &str, client_id: Option<&str>| {
        let mut entity = json!({ "type": "credential", "type_id": 99, "uid": id });
        if let (Some(name), Value::Object(entity)) = (client_id, &mut entity) {
            entity.insert("name".to_owned(), Value::from(name));
        }
        entity
    };
    match event {
        Event::Adopted { credential: known, .. }
        | Event::Issued { credential: known, .. }
        | Event::Late { credential: known, .. } => credential(&known.id, Some(&known.client_id)),
        Event::Lost { credential: id, .. } | Event::Retiring { credential: id } | Event::Retired { credential: id } => {
            credential(id, None)
        }
        _ => json!({ "type": "rotation target", "type_id": 99, "uid": place.target, "name": place.target }),
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::event::{Credential, Stop};

    const PLACE: Place<'_> = Place { target: "order-export", provider: "example", sequence: 4 };

    fn at(event: Event) -> Value {
        record(&PLACE, &Entry { at: 1_700_000_000_000, by: "keyturn:w".to_owned(), event })
    }

    #[test]
    fn a_credential_that_is_issued_is_created() {
        let credential =
            Credential { id: "c1".into(), client_id: "c1@x".into(), created_at: None, expires_at: Some(5) };
        let record = at(Event::Issued { intent: 1, credential, hold_until: 9 });
        let expected = json!({
            "category_uid": 3, "category_name": "Identity & Access Management",
            "class_uid": 3004, "class_name": "Entity Management",
            "activity_id": 1, "activity_name": "Create", "type_uid": 300_401,
            "time": 1_700_000_000_000_i64, "severity_id": 1, "status_id": 1,
            "message": "order-export: issued",
            "metadata": {
                "version": "1.3.0", "uid": "order-export/4", "event_code": "issued", "sequence": 4,
                "product": { "name": "keyturn", "vendor_name": "Keyturn", "version": env!("CARGO_PKG_VERSION") },
            },
            "actor": { "app_name": "keyturn", "user": { "name": "keyturn:w" } },
            "entity": { "type": "credential", "type_id": 99, "uid": "c1", "name": "c1@x" },
            "unmapped": {
                "target": "order-export", "provider": "example", "intent": 1, "holdUntil": 9,
                "credential": { "id": "c1", "clientId": "c1@x", "expiresAt": 5 },
            },
        });
        assert_eq!(record, expected);
    }

    #[test]
    fn events_that_need_a_person_stand_out() {
        let stopped = at(Event::Stopped { reason: Stop::SinkDiffers, about: "env".into() });
        let in_doubt = at(Event::Unknown { intent: 1 });
        let retired = at(Event::Retired { credential: "c0".into() });
        let table = [
            (&stopped, "/severity_id", json!(3)),
            (&stopped, "/activity_name", json!("stopped")),
            (&stopped, "/entity/uid", json!("order-export")),
            (&stopped, "/unmapped/reason", json!("sink-differs")),
            (&in_doubt, "/severity_id", json!(4)),
            (&retired, "/type_uid", json!(300_404)),
            (&retired, "/entity/uid", json!("c0")),
        ];
        for (record, path, expected) in table {
            assert_eq!(record.pointer(path), Some(&expected), "{path}");
        }
    }
}
