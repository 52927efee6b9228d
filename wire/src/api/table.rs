//! The reader of the packed table. The layout is described where it is written: `api/src/table/mod.rs`.

use crate::boundary::Effect;
use alloc::{
    borrow::{Cow, ToOwned},
    string::String,
    vec::Vec,
};

/// The facts of one API.
#[derive(Debug, Default)]
pub struct Table {
    names: Vec<&'static str>,
    enums: Vec<Vec<&'static str>>,
    fields: Vec<Field>,
    messages: Vec<Range>,
    segments: Vec<Segment>,
    params: Vec<Param>,
    operations: Vec<Operation>,
}

/// The error for a table that this version of the core cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableError;

#[derive(Debug, Clone, Copy, Default)]
struct Range {
    start: u32,
    len: u32,
}

impl Range {
    fn of<T>(self, all: &[T]) -> &[T] {
        let start = self.start as usize;
        all.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// The index of a name in the table's string pool.
type Name = u16;
const NO_NAME: Name = Name::MAX;

/// A message type, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message(pub u16);

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    wire: Name,
    name: Name,
    name_122: Name,
    target: u16,
    /// The type of a value.
    pub kind: Kind,
    /// The number of values that the field holds.
    pub shape: Shape,
    /// The group number of a oneof; 0 for none.
    pub oneof: u8,
    flags: u8,
}

/// The type of a value on the wire and in JavaScript; see the IDL for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the variants say everything")]
pub enum Kind {
    String,
    Bool,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Double,
    Date,
    Duration,
    Bytes,
    Any,
    Struct,
    Value,
    Empty,
    Enum,
    Message,
}

const KINDS: [Kind; 16] = [
    Kind::String,
    Kind::Bool,
    Kind::Int32,
    Kind::Uint32,
    Kind::Int64,
    Kind::Uint64,
    Kind::Double,
    Kind::Date,
    Kind::Duration,
    Kind::Bytes,
    Kind::Any,
    Kind::Struct,
    Kind::Value,
    Kind::Empty,
    Kind::Enum,
    Kind::Message,
];

/// The number of values that a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    One,
    /// A JSON array.
    List,
    /// A JSON object with free keys.
    Map,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the variants say everything")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// Returns the method as HTTP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A segment of a path template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    text: Name,
    /// `None` for literal text; otherwise the kind of the parameter that the text names.
    pub param: Option<Kind>,
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    wire: Name,
    name: Name,
    /// The type of a value.
    pub kind: Kind,
}

/// How an operation is paged.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    token_in: Name,
    token_out: Name,
    items: Name,
    /// Whether the token is sent in the query; otherwise it is in the body.
    pub in_query: bool,
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The HTTP method.
    pub method: Method,
    /// The effect of repeating the request.
    pub effect: Effect,
    /// The body's message, if the operation declares a body.
    pub body: Option<Message>,
    /// The message that a successful answer decodes to.
    pub response: Message,
    /// How the operation is paged.
    pub paging: Option<Paging>,
    service: Name,
    name: Name,
    segments: Range,
    query: Range,
    response_field: CallField,
    body_field: CallField,
    body_field_122: Name,
    response_field_122: Name,
}

/// The origin of the name under which a call holds the message of its body or its response.
#[derive(Debug, Clone, Copy)]
enum CallField {
    Given(Name),
    /// A response's name, derived from the operation's service and name.
    OfBoth,
    /// A response's name, derived from the operation's name.
    OfName,
    /// A body's name, derived from that of the response.
    OfResponse,
}

impl Table {
    /// Unpacks text that the packer wrote.
    ///
    /// # Errors
    /// Fails if the text does not have the expected format.
    pub fn unpack(text: &'static str) -> Result<Self, TableError> {
        Self::read(text).ok_or(TableError)
    }

    /// Returns all operations. An operation's position is its number.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Returns the number of messages.
    pub fn message_count(&self) -> usize {
        self.messages.len()
    }

    /// Returns the fields of a message, in document order.
    pub fn fields(&self, message: Message) -> &[Field] {
        self.messages.get(usize::from(message.0)).copied().unwrap_or_default().of(&self.fields)
    }

    /// Returns the values of the enumeration that a field of kind [`Kind::Enum`] names; empty in a table without
    /// enumerations.
    pub fn enum_values(&self, field: &Field) -> &[&'static str] {
        self.enums.get(usize::from(field.target)).map(Vec::as_slice).unwrap_or_default()
    }

    fn name(&self, name: Name) -> &'static str {
        self.names.get(usize::from(name)).copied().unwrap_or_default()
    }

    fn alternative(&self, name: Name, other: Name) -> &'static str {
        self.name(if other == NO_NAME { name } else { other })
    }

    /// Returns the field's name on the wire.
    pub fn wire_name(&self, field: &Field) -> &'static str {
        self.name(field.wire)
    }

    /// Whether a field of any message has this name and holds a secret. Servers may also spell a name in the style of
    /// their own language, so `config_fields` counts as `configFields` too.
    pub fn is_secret(&self, name: &str) -> bool {
        let letters = |name: &[u8]| -> Vec<u8> {
            name.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
        };
        let name = letters(name.as_bytes());
        let mut secrets = self.fields.iter().filter(|field| field.secret());
        secrets.any(|field| letters(self.wire_name(field).as_bytes()) == name)
    }

    /// Returns the field's name in JavaScript; `sdk122` selects the name in release 1.2.2 of the official SDK.
    pub fn js_name(&self, field: &Field, sdk122: bool) -> &'static str {
        self.alternative(field.name, if sdk122 { field.name_122 } else { NO_NAME })
    }

    /// Returns the operation's id in the API document.
    pub fn operation_id(&self, operation: &Operation) -> String {
        [self.name(operation.service), ".", self.name(operation.name)].concat()
    }

    /// Returns the segments of the path template.
    pub fn segments(&self, operation: &Operation) -> &[Segment] {
        operation.segments.of(&self.segments)
    }

    /// Returns a segment's text, or the name that its parameter has in the request object.
    pub fn segment_text(&self, segment: &Segment) -> &'static str {
        self.name(segment.text)
    }

    /// Returns the query parameters.
    pub fn query(&self, operation: &Operation) -> &[Param] {
        operation.query.of(&self.params)
    }

    /// Returns a query parameter's names on the wire and in the request object.
    pub fn param_names(&self, param: &Param) -> (&'static str, &'static str) {
        (self.name(param.wire), self.name(param.name))
    }

    /// Whether the request object wraps parameters and possibly a body; otherwise it is the body itself.
    pub fn wraps(&self, operation: &Operation) -> bool {
        operation.query.len > 0 || self.segments(operation).iter().any(|s| s.param.is_some())
    }

    /// Returns the name of the body in a request object that wraps it.
    pub fn body_field(&self, operation: &Operation, sdk122: bool) -> Cow<'static, str> {
        let of_122 = if sdk122 { operation.body_field_122 } else { NO_NAME };
        self.call_field(operation, operation.body_field, of_122)
    }

    /// Returns the name of the decoded body in the envelope.
    pub fn response_field(&self, operation: &Operation, sdk122: bool) -> Cow<'static, str> {
        let of_122 = if sdk122 { operation.response_field_122 } else { NO_NAME };
        self.call_field(operation, operation.response_field, of_122)
    }

    fn call_field(&self, operation: &Operation, field: CallField, of_122: Name) -> Cow<'static, str> {
        let name = self.name(operation.name);
        match field {
            _ if of_122 != NO_NAME => self.name(of_122).into(),
            CallField::Given(name) => self.name(name).into(),
            CallField::OfBoth => {
                let service = self.name(operation.service);
                let class = service.bytes().rposition(|byte| byte == b'.').and_then(|dot| service.get(dot + 1..));
                let class = class.unwrap_or(service);
                camel(&[class, name, "Response"].concat()).into()
            }
            CallField::OfName => camel(&[name, "Response"].concat()).into(),
            CallField::OfResponse => {
                let response = self.call_field(operation, operation.response_field, NO_NAME);
                [response.strip_suffix("Response").unwrap_or(&response), "Request"].concat().into()
            }
        }
    }

    /// Returns the names that paging needs: the request field of the token, the response field of the token, and the
    /// response field of the items.
    pub fn paging_names(&self, paging: &Paging) -> [&'static str; 3] {
        [self.name(paging.token_in), self.name(paging.token_out), self.name(paging.items)]
    }
}

impl Field {
    /// Returns the message that a field of kind [`Kind::Message`] holds.
    pub fn message(&self) -> Message {
        Message(self.target)
    }

    /// Whether `null` is a declared value.
    pub fn nullable(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether only the server sets the field, so that requests leave it out.
    pub fn read_only(&self) -> bool {
        self.flags & 1 << 1 != 0
    }

    /// Whether the field is listed as required.
    pub fn required(&self) -> bool {
        self.flags & 1 << 2 != 0
    }

    /// Whether the field holds a secret.
    pub fn secret(&self) -> bool {
        self.flags & 1 << 3 != 0
    }

    /// Whether only release 1.2.2 of the official SDK sends and reads the field.
    pub fn gone(&self) -> bool {
        self.flags & 1 << 7 != 0
    }

    /// Whether the name in JavaScript differs from the name on the wire.
    pub fn renamed(&self, sdk122: bool) -> bool {
        self.wire != self.name || sdk122 && self.name_122 != NO_NAME
    }
}

/// The number of columns that the packer writes.
const COLUMNS: usize = 9;

/// The characters of the most frequent types; see the packer.
const TYPES: &str = "!#%&()*+,/:;<=>?@[]^{|}~";

/// Whether tables for servers can be read too. The core gets none and has no code for them.
const SERVER: bool = cfg!(any(test, feature = "built-in"));

/// The state of unpacking.
struct Unpacking {
    table: Table,
    /// The number of messages that have been referred to.
    referred: u16,
    references: Reader,
}

impl Table {
    fn read(text: &'static str) -> Option<Self> {
        let mut head = Reader { text };
        if head.number()? != 4 {
            return None;
        }
        let [types, enums, messages, manners, operations] =
            [head.number()?, head.number()?, head.number()?, head.number()?, head.number()?];
        let mut lengths = [0; COLUMNS];
        for length in &mut lengths {
            *length = head.number()?;
        }
        let mut rest = head.text;
        let mut columns = [""; COLUMNS];
        for (column, length) in columns.iter_mut().zip(lengths) {
            (*column, rest) = rest.split_at_checked(length)?;
        }
        // The columns are in the order of the packer's `Column`.
        let [types_of, enums_of, manners_of, manner_of, paths, names, fields_of_calls, references, fields] =
            columns.map(|text| Reader { text });

        let types = read_types(types_of, types)?;
        // Reserves room for most rows at once: growing is expensive with an allocator that wipes what it frees.
        let mut unpacking = Unpacking {
            table: Self {
                names: Vec::with_capacity(fields.text.len() / 8),
                enums: Vec::with_capacity(enums),
                fields: Vec::with_capacity(fields.text.len() / 6),
                messages: Vec::with_capacity(messages),
                segments: Vec::with_capacity(8 * operations),
                params: Vec::new(),
                operations: Vec::with_capacity(operations),
            },
            referred: 0,
            references,
        };
        if SERVER {
            unpacking.enums(enums_of, enums)?;
        }
        let manners = unpacking.manners(manners_of, manners)?;
        unpacking.operations(&manners, OperationColumns { manner_of, paths, names, fields_of_calls }, operations)?;
        unpacking.messages(fields, &types, messages)?;
        (rest.is_empty() && usize::from(unpacking.referred) <= messages).then_some(unpacking.table)
    }
}

type Type = (Kind, Shape, u8);

fn read_types(mut column: Reader, count: usize) -> Option<Vec<Type>> {
    (0..count)
        .map(|_| {
            let code = column.byte()?;
            let shape = match code >> 4 {
                0 => Shape::One,
                1 => Shape::List,
                2 => Shape::Map,
                _ => return None,
            };
            Some((kind(code & 15)?, shape, column.byte()?))
        })
        .collect()
}

struct OperationColumns {
    manner_of: Reader,
    paths: Reader,
    names: Reader,
    fields_of_calls: Reader,
}

impl Unpacking {
    fn enums(&mut self, mut column: Reader, count: usize) -> Option<()> {
        for _ in 0..count {
            let values = column.number()?;
            let values = (0..values).map(|_| column.word()).collect::<Option<_>>()?;
            self.table.enums.push(values);
        }
        Some(())
    }

    fn keep(&mut self, name: &'static str) -> Option<Name> {
        let number = self.table.names.len().try_into().ok()?;
        self.table.names.push(name);
        Some(number)
    }

    /// Reads the next word of a column.
    fn word(&mut self, column: &mut Reader) -> Option<Name> {
        self.keep(column.word()?)
    }

    /// Reads the manners, which are the facts that operations share: each is an operation without its other facts, and
    /// the flags.
    fn manners(&mut self, mut column: Reader, count: usize) -> Option<Vec<(Operation, usize)>> {
        (0..count).map(|_| self.manner(&mut column)).collect()
    }

    fn manner(&mut self, column: &mut Reader) -> Option<(Operation, usize)> {
        let method = match column.byte()? {
            0 => Method::Get,
            1 => Method::Post,
            2 => Method::Put,
            3 => Method::Patch,
            4 => Method::Delete,
            _ => return None,
        };
        let flags = column.number()?;
        let effect = Effect::from_number((flags >> 4 & 3) as u8)?;
        let query = Range { start: self.table.params.len() as u32, len: column.number()? as u32 };
        for _ in 0..query.len {
            let kind = kind(column.byte()?)?;
            let param = Param { kind, wire: self.word(column)?, name: self.word(column)? };
            self.table.params.push(param);
        }
        let mut paging = None;
        if flags & 1 << 1 != 0 {
            let [token_in, token_out, items] = [self.word(column)?, self.word(column)?, self.word(column)?];
            paging = Some(Paging { token_in, token_out, items, in_query: flags & 1 << 2 != 0 });
        }
        let operation = Operation {
            method,
            effect,
            body: None,
            response: Message(0),
            paging,
            service: NO_NAME,
            name: NO_NAME,
            segments: Range::default(),
            query,
            response_field: if flags & 1 << 6 != 0 { CallField::OfName } else { CallField::OfBoth },
            body_field: CallField::OfResponse,
            body_field_122: NO_NAME,
            response_field_122: NO_NAME,
        };
        Some((operation, flags))
    }

    fn operations(&mut self, manners: &[(Operation, usize)], columns: OperationColumns, count: usize) -> Option<()> {
        let OperationColumns { mut manner_of, mut paths, mut names, mut fields_of_calls } = columns;
        let mut service = NO_NAME;
        let mut before = Range::default();
        for _ in 0..count {
            let (mut operation, flags) = *manners.get(manner_of.number()?)?;
            operation.segments = self.path(&mut paths, before)?;
            before = operation.segments;
            let mut name = names.word()?;
            if let Some((another, rest)) = name.split_once(':') {
                service = self.keep(another)?;
                name = rest;
            }
            operation.service = service;
            operation.name = self.keep(name)?;
            if flags & 1 << 7 != 0 {
                operation.response_field = CallField::Given(self.word(&mut fields_of_calls)?);
            }
            if flags & 1 << 8 != 0 {
                operation.body_field = CallField::Given(self.word(&mut fields_of_calls)?);
            }
            if flags & 1 << 3 != 0 {
                operation.body_field_122 = self.word(&mut fields_of_calls)?;
                operation.response_field_122 = self.word(&mut fields_of_calls)?;
            }
            operation.response = self.reference()?;
            if flags & 1 != 0 {
                operation.body = Some(self.reference()?);
            }
            self.table.operations.push(operation);
        }
        Some(())
    }

    /// Reads the segments of a path, which may share a prefix with the previous one.
    fn path(&mut self, column: &mut Reader, before: Range) -> Option<Range> {
        let start = self.table.segments.len();
        let shared = column.number()?;
        for place in 0..shared {
            let segment = *before.of(&self.table.segments).get(place)?;
            self.table.segments.push(segment);
        }
        for segment in column.word()?.split('/').filter(|segment| !segment.is_empty()) {
            let (param, text) = match (segment.strip_prefix('{'), segment.strip_prefix('#')) {
                (Some(name), _) => (Some(Kind::String), name),
                (_, Some(name)) => (Some(Kind::Int64), name),
                _ => (None, segment),
            };
            let text = self.keep(text)?;
            self.table.segments.push(Segment { text, param });
        }
        Some(Range { start: start as u32, len: (self.table.segments.len() - start) as u32 })
    }

    fn reference(&mut self) -> Option<Message> {
        let number = match self.references.number()?.checked_sub(1) {
            Some(number) => number.try_into().ok()?,
            None => {
                let next = self.referred;
                self.referred = next.checked_add(1)?;
                next
            }
        };
        Some(Message(number))
    }

    fn messages(&mut self, mut column: Reader, types: &[Type], count: usize) -> Option<()> {
        // The positions of the fields that are spelled out.
        let mut spelled: Vec<u16> = Vec::with_capacity(self.table.fields.capacity() / 2);
        for number in 0..count {
            // A message to which nothing refers has a number too.
            self.referred = self.referred.max(u16::try_from(number).ok()? + 1);
            let start = self.table.fields.len();
            loop {
                let text = column.text;
                let field = match text.as_bytes().first()? {
                    b'.' => {
                        column.text = text.get(1..)?;
                        break;
                    }
                    byte if byte.is_ascii() => {
                        spelled.push(self.table.fields.len().try_into().ok()?);
                        self.field(&mut column, types)?
                    }
                    _ => *self.table.fields.get(usize::from(*spelled.get(column.high()?)?))?,
                };
                self.table.fields.push(field);
            }
            let len = (self.table.fields.len() - start) as u32;
            self.table.messages.push(Range { start: start as u32, len });
        }
        column.text.is_empty().then_some(())
    }

    fn field(&mut self, column: &mut Reader, types: &[Type]) -> Option<Field> {
        let text = column.text;
        let end = text.bytes().position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-'))?;
        let (wire, rest) = text.split_at_checked(end)?;
        let wire = self.keep(wire)?;
        column.text = rest;
        let first = rest.as_bytes().first()?;
        let number = match TYPES.bytes().position(|byte| byte == *first) {
            Some(number) => {
                column.text = rest.get(1..)?;
                number
            }
            None => TYPES.len() + column.high()?,
        };
        let (kind, shape, flags) = *types.get(number)?;
        let name = if flags & 1 << 4 != 0 { self.word(column)? } else { wire };
        let name_122 = if flags & 1 << 5 != 0 { self.word(column)? } else { NO_NAME };
        let oneof = if SERVER && flags & 1 << 6 != 0 { column.high()?.try_into().ok()? } else { 0 };
        let target = match kind {
            Kind::Message => self.reference()?.0,
            Kind::Enum if SERVER && !self.table.enums.is_empty() => column.high()?.try_into().ok()?,
            _ => 0,
        };
        Some(Field { wire, name, name_122, target, kind, shape, oneof, flags })
    }
}

struct Reader {
    text: &'static str,
}

impl Reader {
    fn byte(&mut self) -> Option<u8> {
        self.number()?.try_into().ok()
    }

    fn number(&mut self) -> Option<usize> {
        self.character()?.checked_sub(0x23)
    }

    /// Reads a number that occurs among names.
    fn high(&mut self) -> Option<usize> {
        self.character()?.checked_sub(0xa1)
    }

    fn character(&mut self) -> Option<usize> {
        let mut rest = self.text.chars();
        let code = u32::from(rest.next()?) as usize;
        self.text = rest.as_str();
        Some(if code < 0xd800 { code } else { code - 0x800 })
    }

    fn word(&mut self) -> Option<&'static str> {
        let (word, rest) = self.text.split_once(' ')?;
        self.text = rest;
        Some(word)
    }
}

fn kind(code: u8) -> Option<Kind> {
    KINDS.get(usize::from(code)).copied()
}

/// Lower-cases the capitals at the beginning of a name, except for the last of several if a lower-case letter follows
/// it.
fn camel(name: &str) -> String {
    let capitals = name.bytes().take_while(u8::is_ascii_uppercase).count();
    let next_is_lower = name.as_bytes().get(capitals).is_some_and(u8::is_ascii_lowercase);
    let lowered = if next_is_lower { capitals.saturating_sub(1).max(1) } else { capitals };
    let mut name = name.to_owned();
    if let Some(head) = name.get_mut(..lowered) {
        head.make_ascii_lowercase();
    }
    name
}
