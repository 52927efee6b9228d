//! Answers of the operations for which the sandbox keeps no state. They are made from the API table, are always the
//! same for the same request, and have the shape that C1 sends.

use keyturn_wire::api::{Field, Kind, Message, Shape, Table};
use serde_json::{Value, json};

use crate::random::{Dice, hash};
use crate::shape::{Row, unset};

/// The nesting depth below which messages are left unset.
const DEPTH: usize = 4;

/// The date of all examples.
const DATE: &str = "2026-01-15T09:30:00Z";

/// Returns an example of a message. Texts that the request named are repeated: an object that is requested by id has
/// that id, and a created object has the given name.
pub fn example(table: &Table, message: Message, named: &Row) -> Row {
    Maker { table, named, stack: Vec::new() }.message(message)
}

struct Maker<'a> {
    table: &'a Table,
    named: &'a Row,
    /// The messages in progress, outermost first.
    stack: Vec<Message>,
}

impl Maker<'_> {
    fn message(&mut self, message: Message) -> Row {
        self.stack.push(message);
        let mut row = Row::new();
        let mut taken = Vec::new();
        for field in self.table.fields(message) {
            let name = self.table.wire_name(field);
            // Only the first member of a oneof is set.
            let loses = field.oneof != 0 && taken.contains(&field.oneof);
            let value = if loses { None } else { self.field(field, name) };
            if field.oneof != 0 && value.is_some() {
                taken.push(field.oneof);
            }
            if let Some(value) = value.or_else(|| unset(self.table, field)) {
                row.insert(name.to_owned(), value);
            }
        }
        self.stack.pop();
        row
    }

    /// Returns a value for the field; `None` to leave it unset.
    fn field(&mut self, field: &Field, name: &str) -> Option<Value> {
        // There is only one page, and deleted objects are not shown.
        if matches!(name, "nextPageToken" | "pageToken" | "hasMore" | "deletedAt") {
            return None;
        }
        let value = self.value(field, name)?;
        Some(match field.shape {
            Shape::One => value,
            Shape::List => json!([value]),
            Shape::Map => json!({ "example": value }),
        })
    }

    fn value(&mut self, field: &Field, name: &str) -> Option<Value> {
        Some(match field.kind {
            Kind::String => Value::from(self.text(field, name)),
            Kind::Bool => Value::from(true),
            Kind::Int32 | Kind::Uint32 => Value::from(self.number(name) % 100),
            Kind::Int64 | Kind::Uint64 => Value::from((self.number(name) % 100_000).to_string()),
            Kind::Double => Value::from((self.number(name) % 1_000) as f64 / 8.0),
            Kind::Date => Value::from(DATE),
            Kind::Duration => Value::from("3600s"),
            Kind::Bytes => Value::from("c2FuZGJveA=="),
            Kind::Any => json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "sandbox"}),
            Kind::Struct => json!({ "example": "sandbox" }),
            Kind::Value => Value::from("sandbox"),
            Kind::Empty => json!({}),
            Kind::Enum => {
                let values = self.table.enum_values(field);
                Value::from(values.get(1).or(values.first()).copied().unwrap_or_default())
            }
            Kind::Message => {
                let message = field.message();
                if self.stack.len() >= DEPTH || self.stack.contains(&message) {
                    return None;
                }
                Value::Object(self.message(message))
            }
        })
    }

    fn text(&self, field: &Field, name: &str) -> String {
        if field.shape == Shape::One
            && let Some(Value::String(text)) = self.named.get(name).filter(|_| self.stack.len() <= 3)
        {
            return text.clone();
        }
        let lower = name.to_ascii_lowercase();
        let ends = |end: &str| lower.ends_with(end);
        match () {
            () if field.secret() => format!("sandbox-{}", self.dice(name).id()),
            () if ends("id") || ends("ids") || ends("ref") => self.dice(name).id(),
            () if ends("email") || ends("emails") => "sam.sample@example.com".to_owned(),
            () if ends("url") || ends("uri") || ends("urls") => format!("https://example.com/{lower}"),
            () if ends("path") || ends("token") || ends("cursor") => String::new(),
            () if ends("cidr") || ends("cidrs") => "192.0.2.0/24".to_owned(),
            () if lower == "updatemask" || lower == "fieldmask" => "displayName".to_owned(),
            () => format!("Sample {lower}"),
        }
    }

    /// Returns a number that depends only on the message and the field.
    fn number(&self, name: &str) -> u64 {
        self.dice(name).below(1 << 30) as u64
    }

    fn dice(&self, name: &str) -> Dice {
        let message = self.stack.last().map_or(0, |message| u64::from(message.0));
        Dice::new(hash(name) ^ message << 32)
    }
}
