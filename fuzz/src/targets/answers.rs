//! The wire reader: responses of C1 as JSON. The input is a line with an operation's id, followed by the body.
//!
//! - It never panics, and accepts every object that `serde_json` accepts.
//! - Slots hold the dates and integers that an independent walk of the parsed value finds, patches refer to existing
//!   values, and the notes for the facade are JSON.
//! - The number of its steps is linear in the length of the text.

use super::{operation, split_line};
use crate::{harness::Target, oracle};
use chrono::DateTime;
use keyturn_wire::api::{Kind, Message, Shape, c1};
use keyturn_wire::wire::decode::{Decoded, Layouts, Replacement, Step, decode};
use serde_json::{Map, Value};

pub(super) const TARGET: Target = Target {
    name: "answers",
    property,
    read: Some(|input| drop(read(input))),
    words: &[
        "\"createdAt\":",
        "\"expanded\":[",
        "\"@type\":",
        "\"list\":[",
        "\"2024-02-29T23:59:60.999999999+07:30\"",
        "\"\"",
    ],
};

thread_local! {
    static LAYOUTS: Layouts = Layouts::new(c1());
}

fn read(input: &[u8]) -> Option<Decoded> {
    let (name, body) = split_line(input);
    LAYOUTS.with(|layouts| decode(c1(), layouts, operation(name).response, body).ok())
}

fn property(input: &[u8]) {
    let decoded = read(input);
    let (name, body) = split_line(input);
    let value = oracle::json(body);
    if let Some(Value::Object(_)) = value {
        assert!(decoded.is_some(), "JSON is refused");
    }
    let Some(decoded) = decoded else { return };
    assert!(decoded.problems.len() <= 32 && (decoded.more_problems == 0 || decoded.problems.len() == 32));
    let notes = decoded.notes();
    assert!(notes.is_empty() || oracle::json(notes.as_bytes()).is_some(), "{notes}");
    let Some(Value::Object(object)) = oracle::unique_json(body) else { return };
    if decoded.ascii {
        assert!(body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).is_ascii());
    }
    LAYOUTS.with(|layouts| {
        let mut walk = Walk { layouts, slots: &decoded.slots };
        walk.message(operation(name).response, &object, 0);
    });
    let root = Value::Object(object);
    for patch in &decoded.patches {
        let there = patch.path.iter().try_fold(&root, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        });
        let there = there.unwrap_or_else(|| panic!("no value at {:?}", patch.path));
        match &patch.value {
            Replacement::Date(millis, text) => {
                assert_eq!(there.as_str(), Some(text.as_str()));
                is_date(text, *millis as f64);
            }
            Replacement::Number(text) => assert_eq!(there.as_str(), Some(text.as_str())),
            Replacement::Unset => assert_eq!(there.as_str(), Some("")),
            Replacement::Text(_) | Replacement::Digits(_) => assert!(there.is_number()),
        }
    }
}

/// Checks that `chrono`, if it can read the date, reads the same moment.
fn is_date(text: &str, millis: f64) {
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        assert_eq!(millis, date.timestamp_millis() as f64, "{text}");
    }
}

/// Finds the slots like the facade, in an order of its own, and compares them with the values.
struct Walk<'a> {
    layouts: &'a Layouts,
    slots: &'a [f64],
}

impl Walk<'_> {
    /// Visits the object whose block begins at `base`; returns where the next block begins.
    fn message(&mut self, message: Message, object: &Map<String, Value>, base: usize) -> usize {
        let table = c1();
        let fields = table.fields(message);
        let live = (0..fields.len()).any(|index| self.layouts.offset(table, message, index) > 0);
        if !live {
            return base;
        }
        for (index, field) in fields.iter().enumerate().rev() {
            let offset = self.layouts.offset(table, message, index);
            let Some(value) = object.get(table.wire_name(field)).filter(|_| offset > 0) else { continue };
            let slot = self.slots[base + offset];
            match (field.kind, field.shape, value) {
                (Kind::Date, Shape::One, Value::String(text)) if text.is_empty() => assert_eq!(slot, f64::INFINITY),
                (Kind::Date, Shape::One, Value::String(text)) => match DateTime::parse_from_rfc3339(text) {
                    Ok(_) => is_date(text, slot),
                    Err(_) => assert!(slot.is_nan() || slot.is_finite()),
                },
                (Kind::Int64, Shape::One, Value::String(text)) => {
                    let safe = text.parse::<i64>().ok().filter(|number| number.unsigned_abs() < 1 << 53);
                    match safe {
                        Some(number) => assert_eq!(slot, number as f64),
                        None => assert!(slot.is_nan(), "{text}"),
                    }
                }
                (Kind::Message, Shape::One, Value::Object(child)) => {
                    self.message(field.message(), child, slot as usize);
                }
                (Kind::Message, Shape::List, Value::Array(list)) => {
                    let mut next = slot as usize;
                    for child in list.iter().filter_map(Value::as_object) {
                        next = self.message(field.message(), child, next);
                    }
                }
                _ => assert!(slot.is_nan(), "{value}"),
            }
        }
        let end = self.slots[base] as usize;
        assert!(end > base && end <= self.slots.len());
        end
    }
}
