//! Reads the packed table. Its layout is described where it is written: `api/src/table.rs`.

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

/// The table's bytes are not what this version of the core can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableError {
    /// Where in the bytes.
    pub offset: usize,
}

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
    /// Unpacks the bytes that the build script made.
    ///
    /// # Errors
    /// With the offset of the first byte that does not fit the format.
    pub fn unpack(bytes: &'static [u8]) -> Result<Self, TableError> {
        let mut reader = Reader { bytes, at: 0 };
        reader.table().ok_or(TableError { offset: reader.at })
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

    /// The field's name in JavaScript; `sdk122` asks for the name in release 1.2.2 of the official SDK.
    pub fn js_name(&self, field: &Field, sdk122: bool) -> &'static str {
        self.alternative(field.name, if sdk122 { field.name_122 } else { NO_NAME })
    }

    /// The operation's id in the API document.
    pub fn operation_id(&self, operation: &Operation) -> String {
        format!("{}.{}", self.name(operation.service), self.name(operation.name))
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
    pub fn body_field(&self, operation: &Operation, sdk122: bool) -> &'static str {
        self.alternative(operation.body_field, if sdk122 { operation.body_field_122 } else { NO_NAME })
    }

    /// The name that the decoded body has in the envelope.
    pub fn response_field(&self, operation: &Operation, sdk122: bool) -> &'static str {
        self.alternative(operation.response_field, if sdk122 { operation.response_field_122 } else { NO_NAME })
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

    /// The name in JavaScript differs from the name on the wire.
    pub fn renamed(&self, sdk122: bool) -> bool {
        self.wire != self.name || sdk122 && self.name_122 != NO_NAME
    }
}

struct Reader {
    bytes: &'static [u8],
    at: usize,
}

impl Reader {
    fn table(&mut self) -> Option<Table> {
        let mut table = Table::default();
        if self.number()? != 1 {
            return None;
        }
        let [names, enums, messages, operations] = [self.number()?, self.number()?, self.number()?, self.number()?];
        for _ in 0..names {
            let len = self.number()?;
            let bytes = self.bytes.get(self.at..self.at.checked_add(len)?)?;
            self.at += len;
            table.names.push(std::str::from_utf8(bytes).ok()?);
        }
        for _ in 0..enums {
            let count = self.number()?;
            let values = (0..count).map(|_| Some(table.name(self.name()?))).collect::<Option<_>>()?;
            table.enums.push(values);
        }
        for _ in 0..messages {
            let count = self.number()?;
            let start = table.fields.len() as u32;
            for _ in 0..count {
                let field = self.field(enums > 0)?;
                table.fields.push(field);
            }
            table.messages.push(Range { start, len: count as u32 });
        }
        for _ in 0..operations {
            let operation = self.operation(&mut table)?;
            table.operations.push(operation);
        }
        (self.at == self.bytes.len()).then_some(table)
    }

    fn field(&mut self, enums: bool) -> Option<Field> {
        let code = self.byte()?;
        let kind = kind(code & 15)?;
        let shape = match code >> 4 {
            0 => Shape::One,
            1 => Shape::List,
            2 => Shape::Map,
            _ => return None,
        };
        let flags = self.byte()?;
        let wire = self.name()?;
        let name = if flags & 1 << 4 != 0 { self.name()? } else { wire };
        let name_122 = if flags & 1 << 5 != 0 { self.name()? } else { NO_NAME };
        let oneof = if flags & 1 << 6 != 0 { self.number()?.try_into().ok()? } else { 0 };
        let refers = kind == Kind::Message || enums && kind == Kind::Enum;
        let target = if refers { self.name()? } else { 0 };
        Some(Field { wire, name, name_122, target, kind, shape, oneof, flags })
    }

    fn operation(&mut self, table: &mut Table) -> Option<Operation> {
        let method = match self.byte()? {
            0 => Method::Get,
            1 => Method::Post,
            2 => Method::Put,
            3 => Method::Patch,
            4 => Method::Delete,
            _ => return None,
        };
        let flags = self.byte()?;
        let effect = match flags >> 4 & 3 {
            0 => Effect::Read,
            1 => Effect::Write,
            2 => Effect::Secret,
            _ => return None,
        };
        let (service, name) = (self.name()?, self.name()?);

        let segments = Range { start: table.segments.len() as u32, len: self.number()? as u32 };
        for _ in 0..segments.len {
            let param = match self.byte()? {
                0 => None,
                1 => Some(Kind::String),
                2 => Some(Kind::Int64),
                _ => return None,
            };
            let text = self.name()?;
            table.segments.push(Segment { text, param });
        }
        let query = Range { start: table.params.len() as u32, len: self.number()? as u32 };
        for _ in 0..query.len {
            let param = Param { kind: kind(self.byte()?)?, wire: self.name()?, name: self.name()? };
            table.params.push(param);
        }
        let (response, response_field) = (Message(self.name()?), self.name()?);
        let (mut body, mut body_field) = (None, NO_NAME);
        if flags & 1 != 0 {
            body = Some(Message(self.name()?));
            body_field = self.name()?;
        }
        let mut paging = None;
        if flags & 1 << 1 != 0 {
            let in_query = flags & 1 << 2 != 0;
            paging = Some(Paging { token_in: self.name()?, token_out: self.name()?, items: self.name()?, in_query });
        }
        let (mut body_field_122, mut response_field_122) = (NO_NAME, NO_NAME);
        if flags & 1 << 3 != 0 {
            (body_field_122, response_field_122) = (self.name()?, self.name()?);
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

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn number(&mut self) -> Option<usize> {
        let (mut value, mut shift) = (0usize, 0);
        loop {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
        }
    }

    /// A name, message or enumeration index: all of them fit 16 bits.
    fn name(&mut self) -> Option<Name> {
        self.number()?.try_into().ok()
    }
}

fn kind(code: u8) -> Option<Kind> {
    KINDS.get(usize::from(code)).copied()
}
