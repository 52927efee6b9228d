//! Packs an [`Api`] into the table that `keyturn_wire::api` reads.
//!
//! A table is text, because scripts contain it, and its size matters after compression. Facts that follow from others
//! are therefore not written, and each kind of fact has a column of its own:
//! - Messages with the same fields are merged into one.
//! - Messages are numbered in the order of their first references, so a first reference only says that it is one.
//! - A field with the same facts as an earlier one is a number. Any other is its name, spelled out where it occurs, and
//!   a character for its type: such adjacent names compress better than numbers and a sorted list of names.
//! - A path contains only the difference from the previous one.
//!
//! A table consists of the format version, the numbers of types, enumerations, messages, manners and operations, the
//! length of each column in bytes of UTF-8, and the columns in the order of [`Column`]. A number is a [`character`];
//! among names it is one from [`HIGH`] on, which no name contains. Words end with a space.

mod rows;

pub use rows::field_flag;

use crate::model::{Api, Effect, Kind, Method, Operation, Param, Place};
use crate::{documents, naming};
use rows::{Row, Type, classes, numbered, rows};
use std::collections::HashMap;

/// The format version. The reader refuses any other.
pub const VERSION: usize = 4;

/// Ends a word.
const SPACE: &str = " ";

/// Ends the fields of a message.
const END: &str = ".";

/// A field's name ends with the number of its type; the most frequent types have these characters. No name contains
/// them, and none has to be escaped in a script.
const TYPES: &str = "!#%&()*+,/:;<=>?@[]^{|}~";

/// The character for 0: the first after the quotation mark.
const FIRST: usize = 0x23;

/// The character for 0 among names.
const HIGH: usize = 0xa1;

const SURROGATES: usize = 0xd800;

/// The user of a table, who determines its content besides the facts for encoding and decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// A client with the current names.
    Client,
    /// A client that also supports release 1.2.2 of the official SDK: with its names, and the fields that only it
    /// knows.
    Compat,
    /// A server: with the values of every enumeration, which a client does not need.
    Server,
}

/// Operation flags.
pub mod operation_flag {
    /// A body is declared.
    pub const BODY: usize = 1;
    /// Paging facts follow.
    pub const PAGED: usize = 1 << 1;
    /// The page token is sent in the query.
    pub const PAGED_IN_QUERY: usize = 1 << 2;
    /// Names of release 1.2.2 for the body's and the response's field are given.
    pub const NAMES_122: usize = 1 << 3;
    /// Two bits for the effect: 0 read, 1 write, 2 one-time secret.
    pub const EFFECT_SHIFT: usize = 4;
    /// The name of the response's field follows from the operation's name alone, not together with that of its service.
    pub const RESPONSE_OF_NAME: usize = 1 << 6;
    /// The name of the response's field follows from neither, and is given.
    pub const RESPONSE_GIVEN: usize = 1 << 7;
    /// The name of the body's field does not follow from the response's, and is given.
    pub const BODY_GIVEN: usize = 1 << 8;
}

/// The columns, in order.
#[derive(Debug, Clone, Copy)]
enum Column {
    /// The types that fields have, the most frequent first: kind and shape, and flags.
    Types,
    /// Each enumeration's number of values, and the values as words.
    Enums,
    /// The facts that operations share: method, flags, query (the number of parameters, then for each its kind and, as
    /// words, its wire name and its name) and, if they are paged, as words, the fields of the token in the request and
    /// in the response, and of the items.
    Manners,
    /// Each operation's manner.
    MannerOf,
    /// Each operation's path: the number of segments that it shares with the previous one, and the others, separated by
    /// slashes, as a word. A parameter is its name after a brace, or after a hash if it is an integer.
    Paths,
    /// Each operation's name, after its service and a colon if that differs from the previous one.
    Names,
    /// Field names that flags announce: of the response and of the body, and those of release 1.2.2 for body and
    /// response.
    FieldsOfCalls,
    /// The messages that operations (response, then body) and fields refer to: 0 for the next one without an earlier
    /// reference, otherwise its number plus one.
    References,
    /// The fields of each message. A field is its number, if it has occurred before. Otherwise it is its name and its
    /// type, followed by what the flags announce: other names, as words, a oneof's number, and the number of its
    /// enumeration.
    Fields,
}

const COLUMNS: usize = Column::Fields as usize + 1;

/// The reason why an API cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackError(pub String);

impl std::fmt::Display for PackError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot pack the API table: {}", self.0)
    }
}

impl std::error::Error for PackError {}

/// A packed table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The table.
    pub text: String,
    /// The number of each message in the table, by its key.
    pub messages: HashMap<String, usize>,
}

/// Packs `api`; a JSON:API with the messages of [`documents`].
///
/// # Errors
/// Fails if a field or an operation refers to a message or an enumeration that `api` does not define, or if a name
/// contains a character with a special meaning in a table.
pub fn pack(api: &Api, whom: For) -> Result<Packed, PackError> {
    let api = &*documents::with_messages(api);
    let rows = rows(api, whom)?;
    let classes = classes(&rows);
    let mut packer = Packer::new(api, whom, &classes, &rows);
    packer.types()?;
    let enums = if whom == For::Server { api.enums.as_slice() } else { &[] };
    for list in enums {
        packer.number(Column::Enums, list.values.len())?;
        for value in &list.values {
            packer.word(Column::Enums, value)?;
        }
    }
    for operation in &api.operations {
        packer.operation(operation)?;
    }
    // Messages that no operation leads to: a client can be asked for the JSON of any message.
    let mut others = if whom == For::Client { 0..0 } else { 0..rows.len() };
    let mut written = 0;
    loop {
        if let Some(message) = packer.order.get(written).copied() {
            packer.message(rows.get(message).map(Vec::as_slice).unwrap_or_default())?;
            written += 1;
        } else if let Some(message) = others.next() {
            packer.number_of(message);
        } else {
            break;
        }
    }

    let mut text = String::new();
    let counts = [VERSION, packer.types.len(), enums.len(), written, packer.manners.len(), api.operations.len()];
    for number in counts.into_iter().chain(packer.columns.iter().map(String::len)) {
        text.push(character(number)?);
    }
    text.extend(packer.columns.iter().map(String::as_str));
    let number = |message: usize| packer.numbers.get(classes.get(message)?).copied();
    let keys = api.messages.iter().map(|message| message.key.clone()).enumerate();
    Ok(Packed { text, messages: keys.filter_map(|(message, key)| Some((key, number(message)?))).collect() })
}

struct Packer<'a> {
    api: &'a Api,
    whom: For,
    /// Each message's class.
    classes: &'a [usize],
    messages: HashMap<&'a str, usize>,
    types: Vec<Type>,
    manners: Vec<String>,
    /// The number of each class that has been referred to.
    numbers: HashMap<usize, usize>,
    /// One message of each class, in the order of these numbers.
    order: Vec<usize>,
    /// The number of each field that has occurred; a message in it is represented by its class.
    fields: HashMap<Row<'a>, usize>,
    path: Vec<String>,
    service: &'a str,
    columns: [String; COLUMNS],
}

impl<'a> Packer<'a> {
    fn new(api: &'a Api, whom: For, classes: &'a [usize], rows: &[Vec<Row<'_>>]) -> Self {
        let mut uses: HashMap<Type, usize> = HashMap::new();
        for row in rows.iter().flatten() {
            *uses.entry(row.type_).or_default() += 1;
        }
        let mut types: Vec<(Type, usize)> = uses.into_iter().collect();
        types.sort_by_key(|(type_, uses)| (usize::MAX - uses, *type_));
        Self {
            api,
            whom,
            classes,
            messages: numbered(api.messages.iter().map(|message| message.key.as_str())),
            types: types.into_iter().map(|(type_, _)| type_).collect(),
            manners: Vec::new(),
            numbers: HashMap::new(),
            order: Vec::new(),
            fields: HashMap::new(),
            path: Vec::new(),
            service: "",
            columns: Default::default(),
        }
    }

    fn types(&mut self) -> Result<(), PackError> {
        for (kind, flags) in self.types.clone() {
            self.number(Column::Types, kind.into())?;
            self.number(Column::Types, flags.into())?;
        }
        Ok(())
    }

    fn operation(&mut self, op: &'a Operation) -> Result<(), PackError> {
        let names_122 = naming::fields_122(self.api, op).filter(|_| self.whom == For::Compat);
        let response_field = naming::response_field(self.api, op);
        let body_field = naming::body_field(self.api, op);
        let (service, name) = op.id.rsplit_once('.').unwrap_or(("", &op.id));
        let class = service.rsplit('.').next().unwrap_or_default();
        let of_response = response_field.strip_suffix("Response").unwrap_or(&response_field).to_owned() + "Request";
        let body_given = body_field.as_ref().is_some_and(|field| *field != of_response);
        let usual = response_field == naming::camel(&[class, name, "Response"].concat());
        let of_name = !usual && response_field == naming::camel(&[name, "Response"].concat());
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
            (of_name, operation_flag::RESPONSE_OF_NAME),
            (!usual && !of_name, operation_flag::RESPONSE_GIVEN),
            (body_given, operation_flag::BODY_GIVEN),
        ] {
            if set {
                flags |= flag;
            }
        }
        self.manner(op, flags)?;
        self.path(op)?;
        if service != self.service {
            self.service = service;
            self.column(Column::Names).extend([service, ":"]);
        }
        if op.id.contains(':') {
            return Err(PackError(format!("a colon in the name {:?}", op.id)));
        }
        self.word(Column::Names, name)?;
        if flags & operation_flag::RESPONSE_GIVEN != 0 {
            self.word(Column::FieldsOfCalls, &response_field)?;
        }
        if let Some(field) = body_field.filter(|_| body_given) {
            self.word(Column::FieldsOfCalls, &field)?;
        }
        if let Some((body, response)) = names_122 {
            self.word(Column::FieldsOfCalls, &body)?;
            self.word(Column::FieldsOfCalls, &response)?;
        }
        for key in [Some(&op.response), op.body.as_ref()].into_iter().flatten() {
            let message = find(&self.messages, "message", key)?;
            self.reference(message)?;
        }
        Ok(())
    }

    /// Writes the number of the operation's manner, and the manner itself if the operation is the first that has it.
    fn manner(&mut self, op: &Operation, flags: usize) -> Result<(), PackError> {
        let before = self.column(Column::Manners).len();
        let verb = match op.method {
            Method::Get => 0,
            Method::Post => 1,
            Method::Put => 2,
            Method::Patch => 3,
            Method::Delete => 4,
        };
        let query: Vec<&Param> = op.params.iter().filter(|p| p.place == Place::Query).collect();
        for number in [verb, flags, query.len()] {
            self.number(Column::Manners, number)?;
        }
        for param in query {
            self.number(Column::Manners, kind_code(&param.kind).into())?;
            self.word(Column::Manners, &param.wire)?;
            self.word(Column::Manners, &param.name)?;
        }
        if let Some(paging) = &op.paging {
            for name in [&paging.token_in, &paging.token_out, &paging.items] {
                self.word(Column::Manners, name)?;
            }
        }
        let manner = self.column(Column::Manners).split_off(before);
        let known = self.manners.iter().position(|known| *known == manner);
        if known.is_none() {
            self.column(Column::Manners).push_str(&manner);
            self.manners.push(manner);
        }
        self.number(Column::MannerOf, known.unwrap_or(self.manners.len() - 1))
    }

    fn path(&mut self, op: &Operation) -> Result<(), PackError> {
        let mut path = Vec::new();
        for segment in op.path.trim_start_matches('/').split('/') {
            path.push(match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                None if segment.is_empty() || segment.starts_with(['{', '#']) => {
                    return Err(PackError(format!("{}: the segment {segment:?} of its path", op.id)));
                }
                None => segment.to_owned(),
                Some(wire) => {
                    let param = op.params.iter().find(|p| p.place == Place::Path && p.wire == wire);
                    let param = param.ok_or_else(|| PackError(format!("{}: no parameter {wire}", op.id)))?;
                    let mark = if param.kind == Kind::Int64 { "#" } else { "{" };
                    [mark, &param.name].concat()
                }
            });
        }
        let shared = path.iter().zip(&self.path).take_while(|(a, b)| a == b).count();
        self.number(Column::Paths, shared)?;
        self.word(Column::Paths, &path.get(shared..).unwrap_or_default().join("/"))?;
        self.path = path;
        Ok(())
    }

    /// Writes a reference to a message. A class without a number gets one.
    fn reference(&mut self, message: usize) -> Result<(), PackError> {
        let seen = self.order.len();
        let number = self.number_of(message);
        self.number(Column::References, if number == seen { 0 } else { number + 1 })
    }

    fn number_of(&mut self, message: usize) -> usize {
        let class = self.classes.get(message).copied().unwrap_or_default();
        let next = self.order.len();
        let number = *self.numbers.entry(class).or_insert(next);
        if number == next {
            self.order.push(message);
        }
        number
    }

    fn message(&mut self, rows: &[Row<'a>]) -> Result<(), PackError> {
        for row in rows {
            let next = self.fields.len();
            let number = *self.fields.entry(row.with_class(self.classes)).or_insert(next);
            if number == next {
                self.field(row)?;
            } else {
                self.high(number)?;
            }
        }
        self.column(Column::Fields).push_str(END);
        Ok(())
    }

    fn field(&mut self, row: &Row<'_>) -> Result<(), PackError> {
        if row.wire.is_empty() || !row.wire.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
            return Err(PackError(format!("a field with the name {:?}", row.wire)));
        }
        let type_ = self.types.iter().position(|known| *known == row.type_).unwrap_or_default();
        self.column(Column::Fields).push_str(row.wire);
        match TYPES.chars().nth(type_) {
            Some(character) => self.column(Column::Fields).push(character),
            None => self.high(type_ - TYPES.len())?,
        }
        for name in row.names.into_iter().flatten() {
            self.word(Column::Fields, name)?;
        }
        for number in [row.oneof.map(usize::from), row.enumeration].into_iter().flatten() {
            self.high(number)?;
        }
        row.message.map_or(Ok(()), |message| self.reference(message))
    }

    fn column(&mut self, column: Column) -> &mut String {
        #[allow(clippy::indexing_slicing, reason = "the array has an element for each column")]
        &mut self.columns[column as usize]
    }

    fn number(&mut self, column: Column, value: usize) -> Result<(), PackError> {
        let character = character(value)?;
        self.column(column).push(character);
        Ok(())
    }

    /// Writes a number among the names of fields.
    fn high(&mut self, value: usize) -> Result<(), PackError> {
        self.number(Column::Fields, value + HIGH - FIRST)
    }

    fn word(&mut self, column: Column, word: &str) -> Result<(), PackError> {
        if word.contains(SPACE) {
            return Err(PackError(format!("a space in the name {word:?}")));
        }
        self.column(column).extend([word, SPACE]);
        Ok(())
    }
}

fn find(index: &HashMap<&str, usize>, what: &str, key: &str) -> Result<usize, PackError> {
    index.get(key).copied().ok_or_else(|| PackError(format!("no {what} {key}")))
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

/// Returns the character for a number: those below 92 are printable ASCII without the quotation mark, and take one
/// byte. Surrogates are not characters, so numbers from there on are shifted.
fn character(number: usize) -> Result<char, PackError> {
    let code = number + FIRST;
    let code = if code < SURROGATES { code } else { code + 0x800 };
    u32::try_from(code).ok().and_then(char::from_u32).ok_or_else(|| PackError(format!("{number} is too large")))
}
