//! Packs an [`Api`] into the table that `keyturn_wire::api` reads.
//!
//! A table is text, since a script carries it: as text it is a tenth smaller there, compressed, than bytes behind any disguise. What
//! it costs is what it costs compressed, so like stands beside like: each kind of fact has a column of its own. A table is the
//! format version, the number of strings, enums, messages and operations, the length of each column in bytes of UTF-8, and the
//! columns in the order of [`Column`]. A number is a character (see [`character`]); names are indices into the strings, of
//! which the most used come first and take one byte each, the others in alphabetical order.

use crate::model::{Api, Effect, Field, Kind, Method, Operation, Param, Place, Shape};
use crate::{documents, naming};
use std::collections::HashMap;

/// The format version: the reader refuses any other.
pub const VERSION: usize = 3;

/// What separates the strings.
const SEPARATOR: char = ' ';

/// The character for 0: the first after the quotation mark.
const FIRST: usize = 0x23;

const SURROGATES: usize = 0xd800;

/// Whom a table is for: what goes into it besides the facts that encoding and decoding need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// A client with today's names.
    Client,
    /// A client that speaks release 1.2.2 of the official SDK too: with its names, and the fields that only it knows.
    Compat,
    /// A server: with the values of every enumeration, which a client does not need.
    Server,
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
    /// Only release 1.2.2 of the official SDK knows it.
    pub const GONE: u8 = 1 << 7;
}

/// Operation flags.
pub mod operation_flag {
    /// A body is declared.
    pub const BODY: u8 = 1;
    /// Paging facts follow.
    pub const PAGED: u8 = 1 << 1;
    /// The page token travels in the query.
    pub const PAGED_IN_QUERY: u8 = 1 << 2;
    /// Names of release 1.2.2 for the body's and the response's field follow.
    pub const NAMES_122: u8 = 1 << 3;
    /// Two bits for the effect: 0 read, 1 write, 2 one-time secret.
    pub const EFFECT_SHIFT: u8 = 4;
    /// The name of the response's field does not follow from the operation's, and is given.
    pub const RESPONSE_FIELD: u8 = 1 << 6;
    /// The name of the body's field does not follow from the operation's, and is given.
    pub const BODY_FIELD: u8 = 1 << 7;
}

/// The columns, in order.
#[derive(Debug, Clone, Copy)]
enum Column {
    /// The strings, each followed by a space.
    Strings,
    /// Each enumeration's number of values, and their names.
    Enums,
    /// Each message's number of fields.
    Counts,
    /// Each field's kind and shape.
    Kinds,
    /// Each field's flags.
    FieldFlags,
    /// Each field's name.
    FieldNames,
    /// What the flags announce: other names, a oneof's number.
    Extras,
    /// What a field refers to: a message as the signed distance from its own, an enumeration as its number.
    References,
    /// Each operation's method.
    Methods,
    /// Each operation's flags.
    OperationFlags,
    /// Each operation's service and name.
    OperationNames,
    /// Each operation's path: the number of segments, then for each what it is and its text.
    Segments,
    /// Each operation's query: the number of parameters, then for each its kind, wire name and name.
    Queries,
    /// Each operation's response as the signed distance from that of the one before, and its body from its response.
    Messages,
    /// Names that the flags announce: response's and body's field, paging, those of release 1.2.2.
    FieldsOfCalls,
}

const COLUMNS: usize = Column::FieldsOfCalls as usize + 1;

/// Why an API cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackError(pub String);

impl std::fmt::Display for PackError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot pack the API table: {}", self.0)
    }
}

impl std::error::Error for PackError {}

/// Packs `api`, a JSON:API with the messages of [`documents`].
///
/// # Errors
/// When a field or an operation refers to a message or an enumeration that `api` does not define, or a name has a space in it.
pub fn pack(api: &Api, whom: For) -> Result<String, PackError> {
    let api = &*documents::with_messages(api);
    // The first pass only counts how often each name is used; the second writes with the final order.
    let mut counting = Packer::new(api, whom, Pool::default());
    counting.rows()?;
    let mut packer = Packer::new(api, whom, counting.pool.ordered());
    packer.rows()?;
    let names = std::mem::take(&mut packer.pool.names);
    for name in &names {
        if name.contains(SEPARATOR) {
            return Err(PackError(format!("a space in the name {name:?}")));
        }
        packer.column(Column::Strings).extend([name, " "]);
    }

    let mut out = String::new();
    let enums = if whom == For::Server { api.enums.len() } else { 0 };
    let counts = [VERSION, names.len(), enums, api.messages.len(), api.operations.len()];
    for number in counts.into_iter().chain(packer.columns.iter().map(String::len)) {
        out.push(character(number)?);
    }
    out.extend(packer.columns);
    Ok(out)
}

struct Packer<'a> {
    api: &'a Api,
    whom: For,
    messages: HashMap<&'a str, usize>,
    enums: HashMap<&'a str, usize>,
    pool: Pool,
    columns: [String; COLUMNS],
}

impl<'a> Packer<'a> {
    fn new(api: &'a Api, whom: For, pool: Pool) -> Self {
        let messages = api.messages.iter().enumerate().map(|(i, m)| (m.key.as_str(), i)).collect();
        let enums = api.enums.iter().enumerate().map(|(i, e)| (e.name.as_str(), i)).collect();
        Self { api, whom, messages, enums, pool, columns: Default::default() }
    }

    fn rows(&mut self) -> Result<(), PackError> {
        if self.whom == For::Server {
            for list in &self.api.enums {
                self.number(Column::Enums, list.values.len())?;
                for value in &list.values {
                    self.name(Column::Enums, value)?;
                }
            }
        }
        for (index, message) in self.api.messages.iter().enumerate() {
            let fields: Vec<&Field> =
                message.fields.iter().filter(|field| self.whom == For::Compat || !field.gone).collect();
            self.number(Column::Counts, fields.len())?;
            for field in fields {
                self.field(index, field)?;
            }
        }
        let mut response = 0;
        for operation in &self.api.operations {
            response = self.operation(operation, response)?;
        }
        Ok(())
    }

    fn field(&mut self, owner: usize, field: &Field) -> Result<(), PackError> {
        let shape = match field.shape {
            Shape::One => 0,
            Shape::List => 1,
            Shape::Map => 2,
        };
        let all = self.whom == For::Server;
        let oneof = field.oneof.filter(|_| all);
        let name_122 = field.sdk122.as_ref().filter(|_| self.whom == For::Compat);
        let mut flags = 0;
        for (set, flag) in [
            (field.nullable, field_flag::NULLABLE),
            (field.read_only, field_flag::READ_ONLY),
            (all && field.required, field_flag::REQUIRED),
            (field.secret, field_flag::SECRET),
            (field.name != field.wire, field_flag::RENAMED),
            (name_122.is_some(), field_flag::RENAMED_122),
            (oneof.is_some(), field_flag::ONEOF),
            (field.gone, field_flag::GONE),
        ] {
            if set {
                flags |= flag;
            }
        }
        self.number(Column::Kinds, usize::from(kind_code(&field.kind) | shape << 4))?;
        self.number(Column::FieldFlags, flags.into())?;
        self.name(Column::FieldNames, &field.wire)?;
        if field.name != field.wire {
            self.name(Column::Extras, &field.name)?;
        }
        if let Some(name) = name_122 {
            self.name(Column::Extras, name)?;
        }
        if let Some(group) = oneof {
            self.number(Column::Extras, group.into())?;
        }
        match &field.kind {
            Kind::Message(key) => {
                let message = self.message(key)?;
                self.distance(Column::References, owner, message)?;
            }
            Kind::Enum(name) if self.whom == For::Server => {
                let index = self.enums.get(name.as_str()).ok_or_else(|| PackError(format!("no enumeration {name}")))?;
                self.number(Column::References, *index)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the number of the response's message, from which the next one's is counted.
    fn operation(&mut self, op: &Operation, before: usize) -> Result<usize, PackError> {
        let names_122 = naming::fields_122(self.api, op).filter(|_| self.whom == For::Compat);
        let response_field = naming::response_field(self.api, op);
        let body_field = naming::body_field(self.api, op).unwrap_or_default();
        let (service, method) = op.id.rsplit_once('.').unwrap_or(("", &op.id));
        let usual = |suffix: &str| {
            let class = service.rsplit('.').next().unwrap_or_default();
            naming::camel(&[class, method, suffix].concat())
        };
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
            (response_field != usual("Response"), operation_flag::RESPONSE_FIELD),
            (op.body.is_some() && body_field != usual("Request"), operation_flag::BODY_FIELD),
        ] {
            if set {
                flags |= flag;
            }
        }
        let verb = match op.method {
            Method::Get => 0,
            Method::Post => 1,
            Method::Put => 2,
            Method::Patch => 3,
            Method::Delete => 4,
        };
        self.number(Column::Methods, verb)?;
        self.number(Column::OperationFlags, flags.into())?;
        self.name(Column::OperationNames, service)?;
        self.name(Column::OperationNames, method)?;
        self.path(op)?;

        let query: Vec<_> = op.params.iter().filter(|p| p.place == Place::Query).collect();
        self.number(Column::Queries, query.len())?;
        for param in query {
            self.number(Column::Queries, kind_code(&param.kind).into())?;
            self.name(Column::Queries, &param.wire)?;
            self.name(Column::Queries, &param.name)?;
        }
        let response = self.message(&op.response)?;
        self.distance(Column::Messages, before, response)?;
        if let Some(body) = &op.body {
            let body = self.message(body)?;
            self.distance(Column::Messages, response, body)?;
        }
        if flags & operation_flag::RESPONSE_FIELD != 0 {
            self.name(Column::FieldsOfCalls, &response_field)?;
        }
        if flags & operation_flag::BODY_FIELD != 0 {
            self.name(Column::FieldsOfCalls, &body_field)?;
        }
        if let Some(paging) = &op.paging {
            for name in [&paging.token_in, &paging.token_out, &paging.items] {
                self.name(Column::FieldsOfCalls, name)?;
            }
        }
        if let Some((body, response)) = names_122 {
            self.name(Column::FieldsOfCalls, &body)?;
            self.name(Column::FieldsOfCalls, &response)?;
        }
        Ok(response)
    }

    fn path(&mut self, op: &Operation) -> Result<(), PackError> {
        let segments: Vec<&str> = op.path.trim_start_matches('/').split('/').collect();
        self.number(Column::Segments, segments.len())?;
        for segment in segments {
            let (what, text) = match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                None => (0, segment),
                Some(wire) => {
                    let of_path = |p: &&Param| p.place == Place::Path && p.wire == wire;
                    let param = op.params.iter().find(of_path);
                    let param = param.ok_or_else(|| PackError(format!("{}: no parameter {wire}", op.id)))?;
                    (if param.kind == Kind::Int64 { 2 } else { 1 }, param.name.as_str())
                }
            };
            self.number(Column::Segments, what)?;
            self.name(Column::Segments, text)?;
        }
        Ok(())
    }

    fn message(&self, key: &str) -> Result<usize, PackError> {
        self.messages.get(key).copied().ok_or_else(|| PackError(format!("no message {key}")))
    }

    fn column(&mut self, column: Column) -> &mut String {
        // The array has one for each.
        #[allow(clippy::indexing_slicing)]
        &mut self.columns[column as usize]
    }

    fn number(&mut self, column: Column, value: usize) -> Result<(), PackError> {
        let character = character(value)?;
        self.column(column).push(character);
        Ok(())
    }

    /// A signed number, small for what is near: 0, -1, 1, -2, ... are 0, 1, 2, 3, ...
    fn distance(&mut self, column: Column, from: usize, to: usize) -> Result<(), PackError> {
        let (ahead, behind) = (to.saturating_sub(from), from.saturating_sub(to));
        self.number(column, if behind > 0 { 2 * behind - 1 } else { 2 * ahead })
    }

    fn name(&mut self, column: Column, name: &str) -> Result<(), PackError> {
        let index = self.pool.index(name);
        self.number(column, index)
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

    /// The same names in their final order.
    fn ordered(self) -> Self {
        let mut order: Vec<(usize, String)> = self.uses.into_iter().zip(self.names).collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let mut names: Vec<String> = order.into_iter().map(|(_, name)| name).collect();
        if let Some((_, rare)) = names.split_at_mut_checked(0x80 - FIRST) {
            rare.sort();
        }
        let index = names.iter().enumerate().map(|(i, n)| (n.clone(), i)).collect();
        Self { uses: vec![0; names.len()], names, index }
    }
}

/// The character for a number: those below 92 are printable ASCII, but for the quotation mark, and take one byte. Surrogates are no
/// characters, so what would fall on one, and all above, moves up.
fn character(number: usize) -> Result<char, PackError> {
    let code = number + FIRST;
    let code = if code < SURROGATES { code } else { code + 0x800 };
    u32::try_from(code).ok().and_then(char::from_u32).ok_or_else(|| PackError(format!("{number} is too large")))
}
