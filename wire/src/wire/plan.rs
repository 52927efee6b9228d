//! Says which fields of a parsed message still need a hand: dates, integers, `Any` values, renamed fields, and the
//! children below which there are any. `pkg/src/revive.ts` carries the plan out; it asks for each message's once.

use super::decode::Layouts;
use super::json::{decimal, push_string};
use crate::api::{Field, Kind, Message, Shape, Table};
use alloc::{string::String, vec::Vec};

/// The plans of one table, for today's names or for those of release 1.2.2 of the official SDK.
#[derive(Debug)]
pub struct Plans {
    sdk122: bool,
    needs: Vec<bool>,
}

impl Plans {
    /// Finds out which messages need anything. Cycles take a few rounds.
    pub fn of(table: &Table, sdk122: bool) -> Self {
        let mut needs = vec![false; table.message_count()];
        loop {
            let mut changed = false;
            for index in 0..needs.len() {
                let fields = table.fields(Message(index as u16));
                let now = fields.iter().any(|field| field.renamed(sdk122) || kind(&needs, field).is_some());
                if let Some(need) = needs.get_mut(index).filter(|need| **need != now) {
                    *need = now;
                    changed = true;
                }
            }
            if !changed {
                return Self { sdk122, needs };
            }
        }
    }

    /// The plan of a message: a JSON array with `[wire name, name or null, kind, slot, message]` for each field that needs
    /// something; the kinds are numbered as in `revive.ts`.
    pub fn of_message(&self, table: &Table, layouts: &Layouts, message: Message) -> String {
        let mut out = String::from("[");
        for (index, field) in table.fields(message).iter().enumerate() {
            let renamed = field.renamed(self.sdk122);
            let kind = match kind(&self.needs, field) {
                Some(kind) => kind,
                None if renamed => RENAME,
                None => continue,
            };
            if out.len() > 1 {
                out.push(',');
            }
            out.push('[');
            push_string(&mut out, table.wire_name(field));
            out.push(',');
            if renamed {
                push_string(&mut out, table.js_name(field, self.sdk122));
            } else {
                out.push_str("null");
            }
            let child = if field.kind == Kind::Message { i32::from(field.message().0) } else { -1 };
            let numbers = [i32::from(kind), layouts.offset(table, message, index) as i32, child];
            for number in numbers {
                out.push(',');
                out.push_str(&decimal(number.into()));
            }
            out.push(']');
        }
        out.push(']');
        out
    }
}

const RENAME: u8 = 0;

/// What a field's value needs, numbered as in `revive.ts`.
fn kind(needs: &[bool], field: &Field) -> Option<u8> {
    let child_needs = || needs.get(usize::from(field.message().0)).copied().unwrap_or_default();
    match (field.kind, field.shape) {
        (Kind::Date, Shape::One) => Some(1),
        (Kind::Int64, Shape::One) => Some(2),
        (Kind::Message, Shape::One) if child_needs() => Some(3),
        (Kind::Message, Shape::List) if child_needs() => Some(4),
        (Kind::Message, Shape::Map) if child_needs() => Some(5),
        (Kind::Any, Shape::One) => Some(6),
        (Kind::Any, Shape::List) => Some(7),
        (Kind::Any, Shape::Map) => Some(8),
        _ => None,
    }
}
