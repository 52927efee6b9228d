//! The content of a table for each message, and the messages that are equal in a table.

use super::{For, PackError, find};
use crate::model::{Api, Field, Kind, Shape};
use std::collections::HashMap;
use std::hash::Hash;

/// Field flags.
pub mod field_flag {
    /// `null` is a declared value.
    pub const NULLABLE: u8 = 1;
    /// Left out of requests.
    pub const READ_ONLY: u8 = 1 << 1;
    /// Listed as required.
    pub const REQUIRED: u8 = 1 << 2;
    /// Holds a secret.
    pub const SECRET: u8 = 1 << 3;
    /// The name in JavaScript differs from the wire name and follows.
    pub const RENAMED: u8 = 1 << 4;
    /// The name in release 1.2.2 of the official SDK differs and follows.
    pub const RENAMED_122: u8 = 1 << 5;
    /// A oneof group number follows.
    pub const ONEOF: u8 = 1 << 6;
    /// Only release 1.2.2 of the official SDK knows it.
    pub const GONE: u8 = 1 << 7;
}

/// The kind of a value with its shape, and [`field_flag`]s.
pub type Type = (u8, u8);

/// The content of a table for a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row<'a> {
    pub wire: &'a str,
    /// The names in JavaScript and in release 1.2.2, if they differ.
    pub names: [Option<&'a str>; 2],
    pub oneof: Option<u8>,
    pub type_: Type,
    pub enumeration: Option<usize>,
    pub message: Option<usize>,
}

/// Returns each message's fields, with the numbers of messages in `api`.
pub fn rows(api: &Api, whom: For) -> Result<Vec<Vec<Row<'_>>>, PackError> {
    let messages = numbered(api.messages.iter().map(|message| message.key.as_str()));
    let enums = numbered(api.enums.iter().map(|list| list.name.as_str()));
    let row = |field| row(field, whom, &messages, &enums);
    api.messages
        .iter()
        .map(|message| message.fields.iter().filter(|field| whom == For::Compat || !field.gone).map(row).collect())
        .collect()
}

/// Returns the positions of the names in a list.
pub fn numbered<'a>(names: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    names.enumerate().map(|(number, name)| (name, number)).collect()
}

fn row<'a>(
    field: &'a Field,
    whom: For,
    messages: &HashMap<&str, usize>,
    enums: &HashMap<&str, usize>,
) -> Result<Row<'a>, PackError> {
    let server = whom == For::Server;
    let name = Some(field.name.as_str()).filter(|name| *name != field.wire);
    let name_122 = field.sdk122.as_deref().filter(|_| whom == For::Compat);
    let oneof = field.oneof.filter(|_| server);
    let mut flags = 0;
    for (set, flag) in [
        // A current client sends `null` whenever it is given.
        (field.nullable && whom != For::Client, field_flag::NULLABLE),
        (field.read_only, field_flag::READ_ONLY),
        (field.required && server, field_flag::REQUIRED),
        (field.secret, field_flag::SECRET),
        (name.is_some(), field_flag::RENAMED),
        (name_122.is_some(), field_flag::RENAMED_122),
        (oneof.is_some(), field_flag::ONEOF),
        (field.gone, field_flag::GONE),
    ] {
        if set {
            flags |= flag;
        }
    }
    let message = match &field.kind {
        Kind::Message(key) => Some(find(messages, "message", key)?),
        _ => None,
    };
    let enumeration = match &field.kind {
        Kind::Enum(name) if server => Some(find(enums, "enumeration", name)?),
        _ => None,
    };
    let shape = match field.shape {
        Shape::One => 0,
        Shape::List => 1,
        Shape::Map => 2,
    };
    let type_ = (super::kind_code(&field.kind) | shape << 4, flags);
    Ok(Row { wire: &field.wire, names: [name, name_122], oneof, type_, enumeration, message })
}

/// Returns the number of each message's class. Messages belong to the same class if their fields are the same and refer
/// to messages of the same classes. As in the minimization of finite automata, all begin in one class, which is split
/// as long as two of its members differ.
pub fn classes(rows: &[Vec<Row<'_>>]) -> Vec<usize> {
    let mut classes = vec![0; rows.len()];
    let mut count = 1;
    loop {
        let described = rows.iter().map(|fields| fields.iter().map(|row| row.with_class(&classes)).collect::<Vec<_>>());
        let (next, found) = distinct(described);
        if found == count {
            return next;
        }
        (classes, count) = (next, found);
    }
}

impl Row<'_> {
    /// Returns the row with its message replaced by the message's class.
    pub fn with_class(&self, classes: &[usize]) -> Self {
        Self { message: self.message.and_then(|message| classes.get(message).copied()), ..self.clone() }
    }
}

/// Numbers things so that only equal ones share a number. Also returns how many numbers there are.
fn distinct<T: Hash + Eq>(things: impl Iterator<Item = T>) -> (Vec<usize>, usize) {
    let mut numbers = HashMap::new();
    let numbered = things
        .map(|thing| {
            let next = numbers.len();
            *numbers.entry(thing).or_insert(next)
        })
        .collect();
    (numbered, numbers.len())
}
