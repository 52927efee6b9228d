//! Lists the fields of a parsed message that still have to be converted: dates, integers, `Any` values, renamed fields,
//! and children that contain such fields. `pkg/src/core/revive.ts` carries out the plan, which it requests once for
//! each message.

use super::decode::Layouts;
use super::json::{decimal, push_string};
use super::reach::Reach;
use crate::api::{Field, Kind, Message, Shape, Table};
use crate::boundary::StepKind;
use alloc::string::String;

/// The plans of one table, for the current names or for those of release 1.2.2 of the official SDK.
#[derive(Debug)]
pub struct Plans {
    sdk122: bool,
    needs: Reach,
}

impl Plans {
    /// Creates the plans of a table.
    pub fn new(table: &Table, sdk122: bool) -> Self {
        Self { sdk122, needs: Reach::new(table) }
    }

    fn needs(&self, table: &Table, message: Message) -> bool {
        let is_goal = |field: &Field| field.renamed(self.sdk122) || kind(field, false).is_some();
        self.needs.leads(table, message, &is_goal, &|_| true)
    }

    /// Returns the plan of a message: a JSON array with `[wire name, name or null, kind, slot, message]` for each field
    /// that has to be converted. The kind is a [`StepKind`].
    pub fn of_message(&self, table: &Table, layouts: &Layouts, message: Message) -> String {
        let mut out = String::from("[");
        for (index, field) in table.fields(message).iter().enumerate() {
            let renamed = field.renamed(self.sdk122);
            let below = field.kind == Kind::Message && self.needs(table, field.message());
            let kind = match kind(field, below) {
                Some(kind) => kind,
                None if renamed => StepKind::Rename,
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
            let numbers = [i32::from(kind as u8), layouts.offset(table, message, index) as i32, child];
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

/// Returns the conversion that a field's value needs. `below` says whether its messages need any.
fn kind(field: &Field, below: bool) -> Option<StepKind> {
    match (field.kind, field.shape) {
        (Kind::Date, Shape::One) => Some(StepKind::Date),
        (Kind::Int64, Shape::One) => Some(StepKind::Integer),
        (Kind::Message, Shape::One) if below => Some(StepKind::Child),
        (Kind::Message, Shape::List) if below => Some(StepKind::Children),
        (Kind::Message, Shape::Map) if below => Some(StepKind::ChildMap),
        (Kind::Any, Shape::One) => Some(StepKind::Any),
        (Kind::Any, Shape::List) => Some(StepKind::Anys),
        (Kind::Any, Shape::Map) => Some(StepKind::AnyMap),
        _ => None,
    }
}
