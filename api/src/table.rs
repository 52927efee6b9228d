//! Packs an [`Api`] into the binary table that the core embeds and `keyturn::api` reads.
//!
//! Everything is a byte or an unsigned LEB128 integer ("varint"); names are indices into one string
//! pool, ordered by use so that the frequent ones take one byte. Sections, in order:
//!
//! | section | rows |
//! |---|---|
//! | header | format version, number of strings, enums, messages, operations |
//! | strings | length and UTF-8 bytes each |
//! | enums | number of values, value names (only with [`Options::enums`]; otherwise none) |
//! | messages | number of fields, then per field: kind and shape, flags, name, and what the flags announce |
//! | operations | see [`operation`] |

use crate::model::{Api, Effect, Field, Kind, Method, Operation, Place, Shape};
use crate::naming;
use std::collections::HashMap;

/// The format version: the reader refuses any other.
pub const VERSION: u64 = 1;

/// What goes into the table besides the facts that encoding and decoding need.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The values of every enumeration. The core does not need them (enumerations are open); the sandbox does.
    pub enums: bool,
}

/// Field flags, second byte of a field.
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
}

/// Operation flags.
pub mod operation_flag {
    /// A body message and its wrapper field follow.
    pub const BODY: u8 = 1;
    /// Paging facts follow.
    pub const PAGED: u8 = 1 << 1;
    /// The page token travels in the query.
    pub const PAGED_IN_QUERY: u8 = 1 << 2;
    /// Names of release 1.2.2 for the body's and the response's field follow.
    pub const NAMES_122: u8 = 1 << 3;
    /// Two bits for the effect: 0 read, 1 write, 2 one-time secret.
    pub const EFFECT_SHIFT: u8 = 4;
}

/// Why an API cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackError(pub String);

impl std::fmt::Display for PackError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot pack the API table: {}", self.0)
    }
}

impl std::error::Error for PackError {}

/// Packs `api`.
///
/// # Errors
/// When a field or an operation refers to a message or an enumeration that `api` does not define.
pub fn pack(api: &Api, options: Options) -> Result<Vec<u8>, PackError> {
    // The first pass only counts how often each name is used; the second writes with the final order.
    let mut counting = Packer::new(api, options, Pool::default());
    counting.body()?;
    let mut packer = Packer::new(api, options, counting.pool.by_use());
    packer.body()?;

    let mut out = Vec::with_capacity(packer.out.len() * 2);
    for count in [
        VERSION,
        packer.pool.names.len() as u64,
        if options.enums { api.enums.len() as u64 } else { 0 },
        api.messages.len() as u64,
        api.operations.len() as u64,
    ] {
        varint(&mut out, count);
    }
    for name in &packer.pool.names {
        varint(&mut out, name.len() as u64);
        out.extend_from_slice(name.as_bytes());
    }
    out.append(&mut packer.out);
    Ok(out)
}

struct Packer<'a> {
    api: &'a Api,
    options: Options,
    messages: HashMap<&'a str, usize>,
    enums: HashMap<&'a str, usize>,
    pool: Pool,
    out: Vec<u8>,
}

impl<'a> Packer<'a> {
    fn new(api: &'a Api, options: Options, pool: Pool) -> Self {
        let messages = api.messages.iter().enumerate().map(|(i, m)| (m.key.as_str(), i)).collect();
        let enums = api.enums.iter().enumerate().map(|(i, e)| (e.name.as_str(), i)).collect();
        Self { api, options, messages, enums, pool, out: Vec::new() }
    }

    fn body(&mut self) -> Result<(), PackError> {
        if self.options.enums {
            for list in &self.api.enums {
                self.number(list.values.len());
                for value in &list.values {
                    self.name(value);
                }
            }
        }
        for message in &self.api.messages {
            self.number(message.fields.len());
            for field in &message.fields {
                self.field(field)?;
            }
        }
        for op in &self.api.operations {
            self.operation(op)?;
        }
        Ok(())
    }

    fn field(&mut self, field: &Field) -> Result<(), PackError> {
        let shape = match field.shape {
            Shape::One => 0,
            Shape::List => 1,
            Shape::Map => 2,
        };
        let mut flags = 0;
        for (set, flag) in [
            (field.nullable, field_flag::NULLABLE),
            (field.read_only, field_flag::READ_ONLY),
            (field.required, field_flag::REQUIRED),
            (field.secret, field_flag::SECRET),
            (field.name != field.wire, field_flag::RENAMED),
            (field.sdk122.is_some(), field_flag::RENAMED_122),
            (field.oneof.is_some(), field_flag::ONEOF),
        ] {
            if set {
                flags |= flag;
            }
        }
        self.out.push(kind_code(&field.kind) | shape << 4);
        self.out.push(flags);
        self.name(&field.wire);
        if field.name != field.wire {
            self.name(&field.name);
        }
        if let Some(name) = &field.sdk122 {
            self.name(name);
        }
        if let Some(group) = field.oneof {
            self.number(group.into());
        }
        match &field.kind {
            Kind::Message(key) => {
                let index = self.message(key)?;
                self.number(index);
            }
            Kind::Enum(name) if self.options.enums => {
                let index =
                    *self.enums.get(name.as_str()).ok_or_else(|| PackError(format!("no enumeration {name}")))?;
                self.number(index);
            }
            _ => {}
        }
        Ok(())
    }

    /// Method, flags, service and method part of the id, path segments (text or parameter), query
    /// parameters, response message and field, then what the flags announce.
    fn operation(&mut self, op: &Operation) -> Result<(), PackError> {
        let names_122 = naming::fields_122(self.api, op);
        let effect = match op.effect {
            Effect::Read => 0,
            Effect::Write => 1,
            Effect::Secret => 2,
        };
        let mut flags = effect << operation_flag::EFFECT_SHIFT;
        for (set, flag) in [
            (op.body.is_some(), operation_flag::BODY),
            (op.paging.is_some(), operation_flag::PAGED),
            (op.paging.as_ref().is_some_and(|p| p.in_query), operation_flag::PAGED_IN_QUERY),
            (names_122.is_some(), operation_flag::NAMES_122),
        ] {
            if set {
                flags |= flag;
            }
        }
        self.out.push(match op.method {
            Method::Get => 0,
            Method::Post => 1,
            Method::Put => 2,
            Method::Patch => 3,
            Method::Delete => 4,
        });
        self.out.push(flags);
        let (service, method) = op.id.rsplit_once('.').unwrap_or(("", &op.id));
        self.name(service);
        self.name(method);

        let segments: Vec<&str> = op.path.trim_start_matches('/').split('/').collect();
        self.number(segments.len());
        for segment in segments {
            match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                None => {
                    self.out.push(0);
                    self.name(segment);
                }
                Some(wire) => {
                    let param = op
                        .params
                        .iter()
                        .find(|p| p.place == Place::Path && p.wire == wire)
                        .ok_or_else(|| PackError(format!("{}: no parameter {wire}", op.id)))?;
                    self.out.push(if param.kind == Kind::Int64 { 2 } else { 1 });
                    self.name(&param.name);
                }
            }
        }
        let query: Vec<_> = op.params.iter().filter(|p| p.place == Place::Query).collect();
        self.number(query.len());
        for param in query {
            self.out.push(kind_code(&param.kind));
            self.name(&param.wire);
            self.name(&param.name);
        }
        let response = self.message(&op.response)?;
        self.number(response);
        self.name(&naming::response_field(self.api, op));
        if let Some(body) = &op.body {
            let body = self.message(body)?;
            self.number(body);
            self.name(&naming::body_field(self.api, op).unwrap_or_default());
        }
        if let Some(paging) = &op.paging {
            self.name(&paging.token_in);
            self.name(&paging.token_out);
            self.name(&paging.items);
        }
        if let Some((body, response)) = names_122 {
            self.name(&body);
            self.name(&response);
        }
        Ok(())
    }

    fn message(&self, key: &str) -> Result<usize, PackError> {
        self.messages.get(key).copied().ok_or_else(|| PackError(format!("no message {key}")))
    }

    fn number(&mut self, value: usize) {
        varint(&mut self.out, value as u64);
    }

    fn name(&mut self, name: &str) {
        let index = self.pool.index(name);
        self.number(index);
    }
}

fn kind_code(kind: &Kind) -> u8 {
    match kind {
        Kind::String => 0,
        Kind::Bool => 1,
        Kind::Int32 => 2,
        Kind::Uint32 => 3,
        Kind::Int64 => 4,
        Kind::Uint64 => 5,
        Kind::Double => 6,
        Kind::Date => 7,
        Kind::Duration => 8,
        Kind::Bytes => 9,
        Kind::Any => 10,
        Kind::Struct => 11,
        Kind::Value => 12,
        Kind::Empty => 13,
        Kind::Enum(_) => 14,
        Kind::Message(_) => 15,
    }
}

/// The string pool: names in order, and how often each was asked for.
#[derive(Default)]
struct Pool {
    names: Vec<String>,
    uses: Vec<usize>,
    index: HashMap<String, usize>,
}

impl Pool {
    fn index(&mut self, name: &str) -> usize {
        let index = match self.index.get(name) {
            Some(index) => *index,
            None => {
                self.names.push(name.to_owned());
                self.uses.push(0);
                self.index.insert(name.to_owned(), self.names.len() - 1);
                self.names.len() - 1
            }
        };
        if let Some(uses) = self.uses.get_mut(index) {
            *uses += 1;
        }
        index
    }

    /// The same names, the most used first; ties in alphabetical order so that the bytes do not depend on chance.
    fn by_use(self) -> Self {
        let mut order: Vec<(usize, String)> = self.uses.into_iter().zip(self.names).collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let names: Vec<String> = order.into_iter().map(|(_, name)| name).collect();
        let index = names.iter().enumerate().map(|(i, n)| (n.clone(), i)).collect();
        Self { uses: vec![0; names.len()], names, index }
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
