//! Reads the packed table. Its layout is described where it is written: `api/src/table.rs`.

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

/// The table is not what this version of the core can read.
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

/// Index of a name in the table's string pool.
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
    /// What a value is.
    pub kind: Kind,
    /// How many values the field holds.
    pub shape: Shape,
    /// Group number of a oneof; 0 for none.
    pub oneof: u8,
    flags: u8,
}

/// What a value is on the wire and in JavaScript; see the IDL for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
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

/// How many values a field holds.
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
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As HTTP spells it.
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

/// What repeating a request can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something.
    Write,
    /// Answers with a secret that is shown once.
    Secret,
}

/// A segment of a path template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    text: Name,
    /// `None`: the text itself; otherwise the kind of the parameter that the text names.
    pub param: Option<Kind>,
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    wire: Name,
    name: Name,
    /// What a value is.
    pub kind: Kind,
}

/// How an operation pages.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    token_in: Name,
    token_out: Name,
    items: Name,
    /// The token travels in the query, otherwise in the body.
    pub in_query: bool,
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The HTTP method.
    pub method: Method,
    /// What repeating the request can do.
    pub effect: Effect,
    /// The body's message, if the operation declares a body.
    pub body: Option<Message>,
    /// What a successful answer decodes to.
    pub response: Message,
    /// How the operation pages.
    pub paging: Option<Paging>,
    service: Name,
    name: Name,
    segments: Range,
    query: Range,
    body_field: Name,
    response_field: Name,
    body_field_122: Name,
    response_field_122: Name,
}

impl Table {
    /// Unpacks the text that the packer made.
    ///
    /// # Errors
    /// If the text does not fit the format.
    pub fn unpack(text: &'static str) -> Result<Self, TableError> {
        Self::read(text).ok_or(TableError)
    }

    /// All operations; the position is the operation's number.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// How many messages there are.
    pub fn message_count(&self) -> usize {
        self.messages.len()
    }

    /// The fields of a message, in document order.
    pub fn fields(&self, message: Message) -> &[Field] {
        self.messages.get(usize::from(message.0)).copied().unwrap_or_default().of(&self.fields)
    }

    /// A number for the beginning of a message; its fields' numbers follow. No two messages share one.
    pub fn first_seat(&self, message: Message) -> usize {
        let index = usize::from(message.0);
        self.messages.get(index).map_or(0, |range| range.start as usize) + index
    }

    /// How many such numbers there are.
    pub fn seats(&self) -> usize {
        self.fields.len() + self.messages.len()
    }

    /// The values of the enumeration that a field of kind [`Kind::Enum`] names; empty in a table without enumerations.
    pub fn enum_values(&self, field: &Field) -> &[&'static str] {
        self.enums.get(usize::from(field.target)).map(Vec::as_slice).unwrap_or_default()
    }

    fn name(&self, name: Name) -> &'static str {
        self.names.get(usize::from(name)).copied().unwrap_or_default()
    }

    fn alternative(&self, name: Name, other: Name) -> &'static str {
        self.name(if other == NO_NAME { name } else { other })
    }

    /// The field's name on the wire.
    pub fn wire_name(&self, field: &Field) -> &'static str {
        self.name(field.wire)
    }

    /// True if a field of any message has this name on the wire and holds a secret.
    pub fn is_secret(&self, wire_name: &str) -> bool {
        self.fields.iter().any(|field| field.secret() && self.wire_name(field) == wire_name)
    }

    /// The field's name in JavaScript; `sdk122` asks for the name in release 1.2.2 of the official SDK.
    pub fn js_name(&self, field: &Field, sdk122: bool) -> &'static str {
        self.alternative(field.name, if sdk122 { field.name_122 } else { NO_NAME })
    }

    /// The operation's id in the API document.
    pub fn operation_id(&self, operation: &Operation) -> String {
        [self.name(operation.service), ".", self.name(operation.name)].concat()
    }

    /// The segments of the path template.
    pub fn segments(&self, operation: &Operation) -> &[Segment] {
        operation.segments.of(&self.segments)
    }

    /// A segment's text, or the name that its parameter has in the request object.
    pub fn segment_text(&self, segment: &Segment) -> &'static str {
        self.name(segment.text)
    }

    /// The query parameters.
    pub fn query(&self, operation: &Operation) -> &[Param] {
        operation.query.of(&self.params)
    }

    /// A query parameter's name on the wire and in the request object.
    pub fn param_names(&self, param: &Param) -> (&'static str, &'static str) {
        (self.name(param.wire), self.name(param.name))
    }

    /// True if the request object wraps parameters (and a body); false if it is the body itself.
    pub fn wraps(&self, operation: &Operation) -> bool {
        operation.query.len > 0 || self.segments(operation).iter().any(|s| s.param.is_some())
    }

    /// The name that the body has in a request object that wraps it.
    pub fn body_field(&self, operation: &Operation, sdk122: bool) -> Cow<'static, str> {
        let of_122 = if sdk122 { operation.body_field_122 } else { NO_NAME };
        self.call_field(operation, operation.body_field, of_122, "Request")
    }

    /// The name that the decoded body has in the envelope.
    pub fn response_field(&self, operation: &Operation, sdk122: bool) -> Cow<'static, str> {
        let of_122 = if sdk122 { operation.response_field_122 } else { NO_NAME };
        self.call_field(operation, operation.response_field, of_122, "Response")
    }

    /// The given name, or else the one that follows from the operation's, as most do.
    fn call_field(&self, operation: &Operation, given: Name, of_122: Name, suffix: &str) -> Cow<'static, str> {
        match (of_122, given) {
            (NO_NAME, NO_NAME) => {
                let class = self.name(operation.service).rsplit('.').next().unwrap_or_default();
                camel(&[class, self.name(operation.name), suffix].concat()).into()
            }
            (NO_NAME, name) | (name, _) => self.name(name).into(),
        }
    }

    /// The names that paging needs: request field of the token, response field of the token, response field of the items.
    pub fn paging_names(&self, paging: &Paging) -> [&'static str; 3] {
        [self.name(paging.token_in), self.name(paging.token_out), self.name(paging.items)]
    }
}

impl Field {
    /// The message that a field of kind [`Kind::Message`] holds.
    pub fn message(&self) -> Message {
        Message(self.target)
    }

    /// `null` is a declared value.
    pub fn nullable(&self) -> bool {
        self.flags & 1 != 0
    }

    /// The server sets it: left out of requests.
    pub fn read_only(&self) -> bool {
        self.flags & 1 << 1 != 0
    }

    /// Listed as required.
    pub fn required(&self) -> bool {
        self.flags & 1 << 2 != 0
    }

    /// Holds a secret.
    pub fn secret(&self) -> bool {
        self.flags & 1 << 3 != 0
    }

    /// Only release 1.2.2 of the official SDK sends and reads it.
    pub fn gone(&self) -> bool {
        self.flags & 1 << 7 != 0
    }

    /// The name in JavaScript differs from the name on the wire.
    pub fn renamed(&self, sdk122: bool) -> bool {
        self.wire != self.name || sdk122 && self.name_122 != NO_NAME
    }
}

/// How many columns the packer writes.
const COLUMNS: usize = 15;

struct Columns {
    enums: Reader,
    counts: Reader,
    kinds: Reader,
    field_flags: Reader,
    field_names: Reader,
    extras: Reader,
    references: Reader,
    methods: Reader,
    operation_flags: Reader,
    operation_names: Reader,
    segments: Reader,
    queries: Reader,
    messages: Reader,
    fields_of_calls: Reader,
}

impl Table {
    fn read(text: &'static str) -> Option<Self> {
        let mut head = Reader { text };
        if head.number()? != 3 {
            return None;
        }
        let [names, enums, messages, operations] = [head.number()?, head.number()?, head.number()?, head.number()?];
        let mut lengths = [0; COLUMNS];
        for length in &mut lengths {
            *length = head.number()?;
        }
        let mut rest = head.text;
        let mut lengths = lengths.into_iter();
        let mut column = || -> Option<Reader> {
            let (text, after) = rest.split_at_checked(lengths.next()?)?;
            rest = after;
            Some(Reader { text })
        };
        // In the order of the packer's `Column`.
        let strings = column()?;
        let mut columns = Columns {
            enums: column()?,
            counts: column()?,
            kinds: column()?,
            field_flags: column()?,
            field_names: column()?,
            extras: column()?,
            references: column()?,
            methods: column()?,
            operation_flags: column()?,
            operation_names: column()?,
            segments: column()?,
            queries: column()?,
            messages: column()?,
            fields_of_calls: column()?,
        };

        // Room for all rows at once: an allocator that wipes what it frees makes growing dear.
        let mut table = Self {
            names: Vec::with_capacity(names),
            enums: Vec::with_capacity(enums),
            fields: Vec::with_capacity(columns.kinds.text.len()),
            messages: Vec::with_capacity(messages),
            segments: Vec::with_capacity(columns.segments.text.len() / 2),
            params: Vec::with_capacity(columns.queries.text.len() / 3),
            operations: Vec::with_capacity(operations),
        };
        table.names.extend(strings.text.split_terminator(' '));
        for _ in 0..enums {
            let count = columns.enums.number()?;
            let values = (0..count).map(|_| Some(table.name(columns.enums.name()?))).collect::<Option<_>>()?;
            table.enums.push(values);
        }
        for index in 0..messages {
            let len = columns.counts.number()?;
            let start = table.fields.len() as u32;
            for _ in 0..len {
                let field = columns.field(index, enums > 0)?;
                table.fields.push(field);
            }
            table.messages.push(Range { start, len: len as u32 });
        }
        let mut response = 0;
        for _ in 0..operations {
            let operation = columns.operation(&mut table, response)?;
            response = usize::from(operation.response.0);
            table.operations.push(operation);
        }
        (table.names.len() == names && rest.is_empty()).then_some(table)
    }
}

impl Columns {
    fn field(&mut self, owner: usize, enums: bool) -> Option<Field> {
        let code = self.kinds.byte()?;
        let kind = kind(code & 15)?;
        let shape = match code >> 4 {
            0 => Shape::One,
            1 => Shape::List,
            2 => Shape::Map,
            _ => return None,
        };
        let flags = self.field_flags.byte()?;
        let wire = self.field_names.name()?;
        let name = if flags & 1 << 4 != 0 { self.extras.name()? } else { wire };
        let name_122 = if flags & 1 << 5 != 0 { self.extras.name()? } else { NO_NAME };
        let oneof = if flags & 1 << 6 != 0 { self.extras.number()?.try_into().ok()? } else { 0 };
        let target = match kind {
            Kind::Message => self.references.message(owner)?.0,
            Kind::Enum if enums => self.references.name()?,
            _ => 0,
        };
        Some(Field { wire, name, name_122, target, kind, shape, oneof, flags })
    }

    fn operation(&mut self, table: &mut Table, before: usize) -> Option<Operation> {
        let method = match self.methods.byte()? {
            0 => Method::Get,
            1 => Method::Post,
            2 => Method::Put,
            3 => Method::Patch,
            4 => Method::Delete,
            _ => return None,
        };
        let flags = self.operation_flags.byte()?;
        let has = |bit: u8| flags & 1 << bit != 0;
        let effect = match flags >> 4 & 3 {
            0 => Effect::Read,
            1 => Effect::Write,
            2 => Effect::Secret,
            _ => return None,
        };
        let (service, name) = (self.operation_names.name()?, self.operation_names.name()?);

        let segments = Range { start: table.segments.len() as u32, len: self.segments.number()? as u32 };
        for _ in 0..segments.len {
            let param = match self.segments.byte()? {
                0 => None,
                1 => Some(Kind::String),
                2 => Some(Kind::Int64),
                _ => return None,
            };
            table.segments.push(Segment { text: self.segments.name()?, param });
        }
        let query = Range { start: table.params.len() as u32, len: self.queries.number()? as u32 };
        for _ in 0..query.len {
            let kind = kind(self.queries.byte()?)?;
            table.params.push(Param { kind, wire: self.queries.name()?, name: self.queries.name()? });
        }
        let response = self.messages.message(before)?;
        let body = if has(0) { Some(self.messages.message(usize::from(response.0))?) } else { None };
        let names = &mut self.fields_of_calls;
        let response_field = if has(6) { names.name()? } else { NO_NAME };
        let body_field = if has(7) { names.name()? } else { NO_NAME };
        let mut paging = None;
        if has(1) {
            let [token_in, token_out, items] = [names.name()?, names.name()?, names.name()?];
            paging = Some(Paging { token_in, token_out, items, in_query: has(2) });
        }
        let (mut body_field_122, mut response_field_122) = (NO_NAME, NO_NAME);
        if has(3) {
            (body_field_122, response_field_122) = (names.name()?, names.name()?);
        }
        Some(Operation {
            method,
            effect,
            body,
            response,
            paging,
            service,
            name,
            segments,
            query,
            body_field,
            response_field,
            body_field_122,
            response_field_122,
        })
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
        let mut rest = self.text.chars();
        let code = u32::from(rest.next()?);
        self.text = rest.as_str();
        let code = if code < 0xd800 { code } else { code - 0x800 };
        code.checked_sub(0x23)?.try_into().ok()
    }

    /// A name or an enumeration's index: all of them fit 16 bits.
    fn name(&mut self) -> Option<Name> {
        self.number()?.try_into().ok()
    }

    /// A message, as its distance from another: 0, 1, 2, 3, ... are 0, -1, 1, -2, ...
    fn message(&mut self, from: usize) -> Option<Message> {
        let distance = self.number()?;
        let half = distance.div_ceil(2);
        let to = if distance % 2 == 1 { from.checked_sub(half)? } else { from.checked_add(half)? };
        to.try_into().ok().map(Message)
    }
}

fn kind(code: u8) -> Option<Kind> {
    KINDS.get(usize::from(code)).copied()
}

/// Lower-cases the capitals that a name begins with, but for the last one if a lower-case letter follows it.
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
