//! Turns a request object into a path, a query and a JSON body, and checks it against the table before any I/O.
//!
//! The request arrives as JSON text. The facade marks what JSON cannot express in strings that begin with NUL: one
//! letter for the kind, then the value (see `Mark`). A caller's own string that begins with NUL is marked too, so that
//! no text of a caller can pass for a mark.

pub use crate::boundary::Unknown;

use super::date::{is_sendable, parse_rfc3339};
use super::json::{Cursor, MAX_DEPTH, Malformed, Members, Text, Token, decimal, push_string, same};
use crate::api::{Field, Kind, Message, Operation, Shape, Table};
use alloc::{
    borrow::{Cow, ToOwned},
    string::String,
    vec::Vec,
};

/// A request that is ready to be sent to the base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded<'a> {
    /// The path and query, beginning with `/`. Every value in it is percent-encoded.
    pub target: String,
    /// The JSON body; `None` if the operation has none or the caller gave none. It is borrowed if the request contains
    /// it verbatim.
    pub body: Option<Cow<'a, str>>,
}

/// The error for a request that does not match its operation. Nothing has been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The path to the field, such as `connector.userIds[2]`; empty for the request itself.
    pub path: String,
    /// What is wrong and what to do. The text never repeats the value.
    pub problem: Cow<'static, str>,
}

/// Options for reading requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeOptions {
    /// The treatment of fields that the table does not know.
    pub unknown: Unknown,
}

impl EncodeOptions {
    /// Whether the request is one of release 1.2.2 of the official SDK, which sends some things that it should not:
    /// fields that the API no longer has, read-only fields that may be null (mostly dates), and numbers beyond 32 bits.
    fn is_of_122(self) -> bool {
        self.unknown == Unknown::Drop
    }

    fn leaves_out(self, field: &Field) -> bool {
        field.read_only() && !(self.is_of_122() && field.nullable() && field.shape == Shape::One)
    }
}

// Functions that run once per request are `#[inline]`, so that they are compiled in the calling crate, which is
// optimized for size.

/// Encodes `request`, the JSON text of the request object or `null`.
///
/// # Errors
/// Names the first field that is wrong.
#[inline]
pub fn encode<'a>(
    table: &'a Table,
    operation: &Operation,
    request: &'a str,
    options: EncodeOptions,
) -> Result<Encoded<'a>, Unfit> {
    Ok(Encoder::new(table, request, options).request(operation)?)
}

/// Encodes `value`, the JSON text of an object or `null`, as the JSON text of a message.
///
/// # Errors
/// Names the first field that is wrong.
#[inline]
pub fn encode_message(table: &Table, message: Message, value: &str, options: EncodeOptions) -> Result<String, Unfit> {
    let text = Encoder::new(table, value, options).optional_body(message)?;
    Ok(text.map_or_else(|| "null".to_owned(), Cow::into_owned))
}

enum Failure {
    /// The facade's text is not JSON, which a caller's `toJSON` can cause.
    Malformed,
    Unfit(Unfit),
}

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<Failure> for Unfit {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unfit(unfit) => unfit,
            Failure::Malformed => Self { path: String::new(), problem: "the request could not be read as JSON".into() },
        }
    }
}

type Fit<T> = Result<T, Failure>;

/// The beginning of a marked string, with NUL as JSON spells it.
const MARK: [u8; 6] = *b"\\u0000";

#[inline(always)]
fn is_marked(text: Text<'_>) -> bool {
    text.bytes.first_chunk() == Some(&MARK)
}

/// The meaning of a marked string.
enum Mark<'a> {
    /// `D`: a `Date` in the form of `toISOString`; empty for an invalid one.
    Date(Cow<'a, str>),
    /// `I`: a `bigint`.
    BigInt(Cow<'a, str>),
    /// `N`: `NaN` or an infinity.
    NotFinite,
    /// `B`: bytes, as base64.
    Bytes(Cow<'a, str>),
    /// `S`: a string that really begins with NUL.
    Plain(Cow<'a, str>),
    /// `C`: an object that contains itself.
    Cycle,
    /// `E`: a value that threw an error when it was read.
    Failed,
    /// `F` and others: a function, a symbol or another value that no API accepts.
    Alien,
}

#[derive(Clone, Copy)]
enum At<'a> {
    /// A member, by its name in the JSON text.
    Field(&'a [u8]),
    Index(usize),
}

/// The output: `text`, followed by the part of the source that ends at `to`. Most requests are sent unchanged, so
/// nothing is copied before the first difference.
struct Output<'a> {
    source: &'a str,
    text: String,
    from: usize,
    to: usize,
}

impl<'a> Output<'a> {
    /// Begins at the position in the source that most likely contains what follows.
    fn begin(&mut self, at: usize) {
        (self.from, self.to) = (at, at);
    }

    /// Writes a part of the source, including this many bytes before and after it, such as its quotes.
    #[inline(never)]
    fn keep(&mut self, part: &[u8], around: usize) {
        let at = (part.as_ptr() as usize).wrapping_sub(self.source.as_ptr() as usize).wrapping_sub(around);
        if at != self.to {
            self.flush();
            self.begin(at);
        }
        self.to += part.len() + 2 * around;
    }

    /// Writes a byte, which is kept from the source if it is next there.
    #[inline(never)]
    fn push(&mut self, byte: u8) {
        if self.source.as_bytes().get(self.to) == Some(&byte) {
            self.to += 1;
        } else {
            self.flush();
            self.text.push(byte.into());
        }
    }

    #[inline(never)]
    fn push_str(&mut self, text: &str) {
        let next = self.source.as_bytes().get(self.to..self.to + text.len());
        if next.is_some_and(|next| same(next, text.as_bytes())) {
            self.to += text.len();
        } else {
            self.flush();
            self.text.push_str(text);
        }
    }

    #[inline(never)]
    fn flush(&mut self) {
        if self.text.is_empty() {
            self.text.reserve(self.source.len() + 16);
        }
        self.text.push_str(self.source.get(self.from..self.to).unwrap_or_default());
        self.from = self.to;
    }

    /// Returns everything that was written.
    fn take(&mut self) -> Cow<'a, str> {
        if self.text.is_empty() {
            return self.source.get(self.from..self.to).unwrap_or_default().into();
        }
        self.flush();
        core::mem::take(&mut self.text).into()
    }
}

struct Encoder<'a> {
    table: &'a Table,
    cursor: Cursor<'a>,
    options: EncodeOptions,
    out: Output<'a>,
    path: Vec<At<'a>>,
    /// The wire names that the body's `updateMask` lists. They are sent even if the document calls them read-only.
    mask: Vec<&'a [u8]>,
}

impl<'a> Encoder<'a> {
    fn new(table: &'a Table, json: &'a str, options: EncodeOptions) -> Self {
        let out = Output { source: json, text: String::new(), from: 0, to: 0 };
        Self { table, cursor: Cursor::new(json), options, out, path: Vec::new(), mask: Vec::new() }
    }

    #[inline]
    fn request(mut self, operation: &Operation) -> Fit<Encoded<'a>> {
        if self.table.wraps(operation) {
            return self.wrapped(operation);
        }
        let body = match (operation.body, self.cursor.token()?) {
            (_, Token::Null) => None,
            (None, Token::Object) => {
                self.empty_object("this operation takes no request")?;
                None
            }
            // A body without fields is equivalent to no body; release 1.2.2 sends none either.
            (Some(message), Token::Object) if self.table.fields(message).is_empty() => {
                self.empty_object("this operation takes no fields")?;
                None
            }
            (Some(message), Token::Object) => {
                self.body(message)?;
                Some(self.out.take())
            }
            (_, token) => return self.other("an object", token),
        };
        Ok(Encoded { target: self.target(operation, &[])?, body })
    }

    /// Encodes a request object that holds parameters and, under its own name, the body.
    #[inline]
    fn wrapped(mut self, operation: &Operation) -> Fit<Encoded<'a>> {
        let mut values: Vec<(&str, Cow<'a, str>)> = Vec::new();
        let mut body = None;
        match self.cursor.token()? {
            Token::Null => {}
            Token::Object => {
                let body_names =
                    operation.body.map(|_| [false, true].map(|sdk122| self.table.body_field(operation, sdk122)));
                let mut members = Members::begin(&mut self.cursor)?;
                while let Some(key) = members.next(&mut self.cursor)? {
                    if let (Some(message), true) = (
                        operation.body,
                        body_names.as_ref().is_some_and(|names| names.iter().any(|name| name == key.raw())),
                    ) {
                        self.path.push(At::Field(key.bytes));
                        body = self.optional_body(message)?;
                        self.path.pop();
                    } else if let Some((name, kind)) = self.parameter(operation, key.raw()) {
                        self.path.push(At::Field(key.bytes));
                        if let Some(value) = self.parameter_value(kind)? {
                            values.push((name, value));
                        }
                        self.path.pop();
                    } else {
                        self.unknown(key, |table| wrapper_names(table, operation))?;
                    }
                }
            }
            token => return self.other("an object", token),
        }
        Ok(Encoded { target: self.target(operation, &values)?, body })
    }

    #[inline]
    fn optional_body(&mut self, message: Message) -> Fit<Option<Cow<'a, str>>> {
        match self.cursor.token()? {
            Token::Null => {
                self.cursor.skip()?;
                Ok(None)
            }
            Token::Object => {
                self.body(message)?;
                Ok(Some(self.out.take()))
            }
            token => self.other("an object", token),
        }
    }

    fn body(&mut self, message: Message) -> Fit<()> {
        self.mask = self.update_mask(message);
        self.out.begin(self.cursor.offset());
        self.message(message)
    }

    /// Returns the first segments of the paths in the body's own `updateMask`.
    #[inline]
    fn update_mask(&self, message: Message) -> Vec<&'a [u8]> {
        let has_mask = |field: &Field| self.table.wire_name(field) == "updateMask" && field.kind == Kind::String;
        if !self.table.fields(message).iter().any(has_mask) {
            return Vec::new();
        }
        let mut look = self.cursor.clone();
        let mut find = || -> Result<Option<&'a str>, Malformed> {
            let mut members = Members::begin(&mut look)?;
            while let Some(key) = members.next(&mut look)? {
                if key.raw() == "updateMask" && look.token()? == Token::String {
                    return Ok(Some(look.string()?.raw()));
                }
                look.skip()?;
            }
            Ok(None)
        };
        let mask = find().ok().flatten().unwrap_or_default();
        let paths = mask.as_bytes().split(|b| *b == b',');
        paths
            .filter_map(|path| path.trim_ascii().split(|b| *b == b'.').next())
            .filter(|name| !name.is_empty())
            .collect()
    }

    #[inline]
    fn parameter(&self, operation: &Operation, key: &str) -> Option<(&'static str, Kind)> {
        let in_path = self.table.segments(operation).iter().find_map(|segment| {
            let name = self.table.segment_text(segment);
            segment.param.filter(|_| name == key).map(|kind| (name, kind))
        });
        in_path.or_else(|| {
            self.table.query(operation).iter().find_map(|param| {
                let (_, name) = self.table.param_names(param);
                (name == key).then_some((name, param.kind))
            })
        })
    }

    /// Returns the text of a parameter; `None` for `null`.
    #[inline]
    fn parameter_value(&mut self, kind: Kind) -> Fit<Option<Cow<'a, str>>> {
        let token = self.cursor.token()?;
        let integer = matches!(kind, Kind::Int32 | Kind::Int64);
        Ok(match token {
            Token::Null => {
                self.cursor.skip()?;
                None
            }
            Token::Number => {
                let digits = self.cursor.number();
                if integer && whole(digits).is_none() {
                    return self.unfit("must be a whole number");
                }
                Some(digits.into())
            }
            Token::String => {
                let text = self.cursor.string()?;
                match self.marked(text)? {
                    None if integer => match whole(text.raw()) {
                        Some(_) => Some(text.raw().into()),
                        None => return self.unfit("must be a whole number"),
                    },
                    None => Some(self.characters(text)?),
                    Some(Mark::BigInt(digits)) => Some(digits),
                    Some(Mark::Plain(text)) if !integer => Some(text),
                    Some(mark) => return self.unfit(mark.problem().unwrap_or("must be a string or a number")),
                }
            }
            token => return self.misfit("a string", token.describe()),
        })
    }

    /// Returns the path and the query with the values filled in.
    #[inline]
    fn target(&self, operation: &Operation, values: &[(&str, Cow<'a, str>)]) -> Fit<String> {
        let value_of = |name: &str| values.iter().rev().find(|(n, _)| *n == name).map(|(_, value)| value.as_ref());
        let mut target = String::with_capacity(128);
        for segment in self.table.segments(operation) {
            let text = self.table.segment_text(segment);
            target.push('/');
            if segment.param.is_none() {
                target.push_str(text);
                continue;
            }
            let refuse = |problem: &'static str| Unfit { path: text.to_owned(), problem: problem.into() };
            let problem = match value_of(text) {
                None => "is required",
                Some("") => "must not be empty: it would address another route",
                Some("." | "..") => "must not be a dot segment: it would address another route",
                Some(value) => {
                    percent_encode(&mut target, value);
                    continue;
                }
            };
            return Err(Failure::Unfit(refuse(problem)));
        }
        let mut separator = '?';
        for param in self.table.query(operation) {
            let (wire, name) = self.table.param_names(param);
            if let Some(value) = value_of(name) {
                target.push(separator);
                target.push_str(wire);
                target.push('=');
                percent_encode(&mut target, value);
                separator = '&';
            }
        }
        Ok(target)
    }

    fn message(&mut self, message: Message) -> Fit<()> {
        if self.path.len() > MAX_DEPTH {
            return self.unfit("nests too deep");
        }
        let fields = self.table.fields(message);
        let mut members = Members::begin(&mut self.cursor)?;
        self.out.push(b'{');
        let mut first = true;
        let mut next = 0;
        loop {
            if let Some(field) = fields.get(next)
                && self.plain_member(field, first)
            {
                members.passed();
                first = false;
                next += 1;
                continue;
            }
            let Some(key) = members.next(&mut self.cursor)? else { break };
            let Some((index, field)) = self.find(fields, key.bytes, next) else {
                if self.options.unknown == Unknown::Keep {
                    self.comma(&mut first);
                    self.key(key);
                    self.path.push(At::Field(key.bytes));
                    self.free()?;
                    self.path.pop();
                    continue;
                }
                self.unknown(key, |table| {
                    let known = fields.iter().filter(|field| !field.gone());
                    known.map(|field| table.js_name(field, false).into()).collect()
                })?;
                continue;
            };
            next = index + 1;
            let wire = self.table.wire_name(field);
            if self.options.leaves_out(field) && !self.mask.contains(&wire.as_bytes()) {
                self.cursor.skip()?;
                continue;
            }
            self.comma(&mut first);
            if wire.as_bytes() == key.bytes {
                self.kept(key);
            } else {
                self.quoted(wire);
            }
            self.out.push(b':');
            self.path.push(At::Field(key.bytes));
            self.field(field)?;
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Copies a whole member and returns true if it is the expected field under its wire name and its value is an
    /// unmarked string, as for most members. Otherwise nothing is taken.
    fn plain_member(&mut self, field: &Field, first: bool) -> bool {
        let is_plain = field.shape == Shape::One && matches!(field.kind, Kind::String | Kind::Enum);
        if !is_plain || field.gone() || field.read_only() {
            return false;
        }
        let mut look = self.cursor.clone();
        let is_next = (first || look.take(b',')) && look.take_key(self.table.wire_name(field));
        if !is_next || !look.string().is_ok_and(|text| !is_marked(text)) {
            return false;
        }
        self.out.keep(self.cursor.take_to(&look), 0);
        true
    }

    /// Finds the field that `key` names: in JavaScript, in release 1.2.2, or on the wire.
    fn find(&self, fields: &'a [Field], key: &[u8], next: usize) -> Option<(usize, &'a Field)> {
        let is = |name: &str| name.len() == key.len() && same(name.as_bytes(), key);
        let is_it = |field: &Field| {
            is(self.table.wire_name(field))
                || is(self.table.js_name(field, false))
                || is(self.table.js_name(field, true))
        };
        let is_it = |field: &Field| (!field.gone() || self.options.is_of_122()) && is_it(field);
        // Callers write fields in any order, but the next one is the most likely.
        if let Some(field) = fields.get(next).filter(|field| is(self.table.wire_name(field)) && !field.gone()) {
            return Some((next, field));
        }
        fields.iter().enumerate().find(|(_, field)| is_it(field))
    }

    fn field(&mut self, field: &'a Field) -> Fit<()> {
        match (field.shape, self.cursor.peek()?) {
            (_, Token::Null) => self.copy(),
            (Shape::One, token) => self.value(field, token),
            (Shape::List, Token::Array) => self.list(field),
            (Shape::Map, Token::Object) => self.map(field),
            (Shape::List, token) => self.other("an array", token),
            (Shape::Map, token) => self.other("an object", token),
        }
    }

    fn list(&mut self, field: &'a Field) -> Fit<()> {
        if matches!(field.kind, Kind::String | Kind::Enum) && self.plain_strings()? {
            return Ok(());
        }
        self.array(|encoder| encoder.element(field))
    }

    /// Writes an array, each element of which `element` writes.
    fn array(&mut self, mut element: impl FnMut(&mut Self) -> Fit<()>) -> Fit<()> {
        self.cursor.expect(b'[')?;
        self.out.push(b'[');
        if !self.cursor.take(b']') {
            for index in 0.. {
                if index > 0 {
                    self.out.push(b',');
                }
                self.path.push(At::Index(index));
                element(self)?;
                self.path.pop();
                if !self.cursor.more(b']')? {
                    break;
                }
            }
        }
        self.out.push(b']');
        Ok(())
    }

    /// Copies a whole list if it contains only unmarked strings, as long lists of ids do. Returns whether it did.
    fn plain_strings(&mut self) -> Fit<bool> {
        let mut look = self.cursor.clone();
        look.expect(b'[')?;
        if !look.take(b']') {
            loop {
                if look.peek()? != Token::String || is_marked(look.string()?) {
                    return Ok(false);
                }
                if !look.more(b']')? {
                    break;
                }
            }
        }
        self.out.keep(self.cursor.take_to(&look), 0);
        Ok(true)
    }

    fn map(&mut self, field: &'a Field) -> Fit<()> {
        let mut members = Members::begin(&mut self.cursor)?;
        self.out.push(b'{');
        let mut first = true;
        while let Some(key) = members.next(&mut self.cursor)? {
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.key(key);
            self.path.push(At::Field(key.bytes));
            self.element(field)?;
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    fn element(&mut self, field: &'a Field) -> Fit<()> {
        match self.cursor.peek()? {
            Token::Null => self.unfit("must not be null"),
            token => self.value(field, token),
        }
    }

    fn value(&mut self, field: &'a Field, token: Token) -> Fit<()> {
        match (field.kind, token) {
            (Kind::Message, Token::Object) => self.message(field.message()),
            (Kind::Any, Token::Object) => self.any(),
            (Kind::Empty, Token::Object) => {
                self.cursor.skip()?;
                self.out.push_str("{}");
                Ok(())
            }
            (Kind::Struct, Token::Object) | (Kind::Value, _) => self.free(),
            (_, Token::String) => {
                let text = self.cursor.string()?;
                match self.marked(text)? {
                    None => self.text_value(field.kind, text),
                    Some(mark) => self.mark_value(field.kind, mark),
                }
            }
            (Kind::Bool, Token::True | Token::False) => self.copy(),
            (kind, Token::Number) => self.number_value(kind),
            (kind, token) => self.misfit(wanted(kind), token.describe()),
        }
    }

    fn text_value(&mut self, kind: Kind, text: Text<'a>) -> Fit<()> {
        match kind {
            Kind::String | Kind::Enum | Kind::Duration | Kind::Bytes | Kind::Uint64 => {}
            Kind::Int64 if whole(text.raw()).is_some() => {}
            Kind::Date => match parse_rfc3339(text.bytes) {
                Some(millis) if is_sendable(millis) => {}
                Some(_) => return self.unfit(OUT_OF_RANGE),
                None => return self.unfit("must be a Date, or a string in the form 2026-01-31T00:00:00Z"),
            },
            kind => return self.misfit(wanted(kind), "a string"),
        }
        self.kept(text);
        Ok(())
    }

    fn number_value(&mut self, kind: Kind) -> Fit<()> {
        let digits = self.cursor.number();
        let whole = whole(digits);
        match kind {
            Kind::Int32 | Kind::Uint32 if fits(kind, digits) => self.out.push_str(digits),
            Kind::Int32 | Kind::Uint32 if whole.is_some() && self.options.is_of_122() => self.out.push_str(digits),
            Kind::Double | Kind::Enum => self.out.push_str(digits),
            // From 2^53 on, the caller's number may already be rounded.
            Kind::Int64 | Kind::Uint64 if whole.is_some_and(|n| n.unsigned_abs() < 1 << 53) => self.quoted(digits),
            Kind::Int32 => return self.unfit("must be a whole number within 32 bits"),
            Kind::Uint32 => return self.unfit("must be a whole number from 0 to 4294967295"),
            Kind::Int64 | Kind::Uint64 => {
                return self.unfit("must be a whole number within 2^53; pass a bigint beyond it");
            }
            kind => return self.misfit(wanted(kind), "a number"),
        }
        Ok(())
    }

    fn mark_value(&mut self, kind: Kind, mark: Mark<'_>) -> Fit<()> {
        if let Some(problem) = mark.problem() {
            return self.unfit(problem);
        }
        match (kind, mark) {
            (Kind::Date, Mark::Date(iso)) => self.quoted(&iso),
            (Kind::Bytes, Mark::Bytes(base64)) => self.quoted(&base64),
            (Kind::Int64 | Kind::Uint64, Mark::BigInt(digits)) if fits(kind, &digits) => self.quoted(&digits),
            (Kind::Int32 | Kind::Uint32, Mark::BigInt(digits)) if fits(kind, &digits) => self.out.push_str(&digits),
            (Kind::Int64 | Kind::Uint64 | Kind::Int32 | Kind::Uint32, Mark::BigInt(_)) => {
                return self.unfit("is a bigint outside the field's range");
            }
            (Kind::String | Kind::Enum, Mark::Plain(text)) => self.string(&text),
            (kind, mark) => return self.misfit(wanted(kind), mark.describe()),
        }
        Ok(())
    }

    /// Turns `{atType, additionalProperties}` into `{"@type", ...}`. An object in its wire form is not changed.
    fn any(&mut self) -> Fit<()> {
        let mut members = Members::begin(&mut self.cursor)?;
        self.out.push(b'{');
        let mut first = true;
        while let Some(key) = members.next(&mut self.cursor)? {
            let token = self.cursor.token()?;
            self.path.push(At::Field(key.bytes));
            match (key.raw(), token) {
                ("additionalProperties", Token::Object) => {
                    let mut inner = Members::begin(&mut self.cursor)?;
                    while let Some(key) = inner.next(&mut self.cursor)? {
                        self.comma(&mut first);
                        self.key(key);
                        self.path.push(At::Field(key.bytes));
                        self.free()?;
                        self.path.pop();
                    }
                }
                ("atType" | "additionalProperties", Token::Null) => {
                    self.cursor.skip()?;
                }
                ("atType", _) => {
                    self.comma(&mut first);
                    self.out.push_str("\"@type\":");
                    self.free()?;
                }
                _ => {
                    self.comma(&mut first);
                    self.key(key);
                    self.free()?;
                }
            }
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Copies any JSON, replacing only the marks in it.
    fn free(&mut self) -> Fit<()> {
        if self.path.len() > MAX_DEPTH {
            return self.unfit("nests too deep");
        }
        match self.cursor.token()? {
            Token::Object => {
                let mut members = Members::begin(&mut self.cursor)?;
                self.out.push(b'{');
                let mut first = true;
                while let Some(key) = members.next(&mut self.cursor)? {
                    self.comma(&mut first);
                    self.key(key);
                    self.path.push(At::Field(key.bytes));
                    self.free()?;
                    self.path.pop();
                }
                self.out.push(b'}');
                Ok(())
            }
            Token::Array => self.array(Self::free),
            Token::String => {
                let text = self.cursor.string()?;
                let mark = self.marked(text)?;
                if let Some(problem) = mark.as_ref().and_then(Mark::problem) {
                    return self.unfit(problem);
                }
                match mark {
                    None => self.kept(text),
                    Some(Mark::Date(text) | Mark::Bytes(text)) => self.quoted(&text),
                    Some(Mark::BigInt(digits)) => self.out.push_str(&digits),
                    Some(Mark::Plain(text)) => self.string(&text),
                    Some(mark) => return self.misfit("JSON", mark.describe()),
                }
                Ok(())
            }
            _ => self.copy(),
        }
    }

    fn copy(&mut self) -> Fit<()> {
        let mut after = self.cursor.clone();
        after.skip()?;
        self.out.keep(self.cursor.take_to(&after), 0);
        Ok(())
    }

    fn comma(&mut self, first: &mut bool) {
        if !*first {
            self.out.push(b',');
        }
        *first = false;
    }

    fn key(&mut self, key: Text<'a>) {
        self.kept(key);
        self.out.push(b':');
    }

    /// Copies a string of the source.
    fn kept(&mut self, text: Text<'a>) {
        self.out.keep(text.bytes, 1);
    }

    /// Writes `raw`, which is JSON text already, in quotes.
    fn quoted(&mut self, raw: &str) {
        self.out.push(b'"');
        self.out.push_str(raw);
        self.out.push(b'"');
    }

    fn string(&mut self, text: &str) {
        let mut json = String::new();
        push_string(&mut json, text);
        self.out.push_str(&json);
    }

    fn unknown(&mut self, key: Text<'a>, known: impl Fn(&Table) -> Vec<Cow<'static, str>>) -> Fit<()> {
        if self.options.unknown == Unknown::Refuse {
            let known = known(self.table);
            let near = nearest(key.raw(), &known);
            self.path.push(At::Field(key.bytes));
            return match near {
                Some(near) => self.unfit(["is not a field here; did you mean ", near, "?"].concat()),
                None => self.unfit("is not a field here"),
            };
        }
        self.cursor.skip()?;
        Ok(())
    }

    fn empty_object(&mut self, problem: &'static str) -> Fit<()> {
        let mut members = Members::begin(&mut self.cursor)?;
        while let Some(key) = members.next(&mut self.cursor)? {
            if self.options.unknown == Unknown::Refuse {
                self.path.push(At::Field(key.bytes));
                return self.unfit(problem);
            }
            self.cursor.skip()?;
        }
        Ok(())
    }

    /// Returns the mark that the string carries; `None` for an ordinary string.
    fn marked(&self, text: Text<'a>) -> Fit<Option<Mark<'a>>> {
        if !is_marked(text) {
            return Ok(None);
        }
        let mut chars = text.raw().get(MARK.len()..).unwrap_or_default().chars();
        let kind = chars.next();
        let value = match (Text { bytes: chars.as_str().as_bytes(), escaped: true }).unescape() {
            Some(value) => Cow::Owned(value.into_owned()),
            None => return self.unfit("holds half of a surrogate pair"),
        };
        Ok(Some(match kind {
            Some('D') => Mark::Date(value),
            Some('I') => Mark::BigInt(value),
            Some('N') => Mark::NotFinite,
            Some('B') => Mark::Bytes(value),
            Some('S') => Mark::Plain(value),
            Some('C') => Mark::Cycle,
            Some('E') => Mark::Failed,
            _ => Mark::Alien,
        }))
    }

    fn characters(&self, text: Text<'a>) -> Fit<Cow<'a, str>> {
        if !text.escaped {
            return Ok(text.raw().into());
        }
        match text.unescape() {
            Some(characters) => Ok(characters.into_owned().into()),
            None => self.unfit("holds half of a surrogate pair"),
        }
    }

    /// Refuses a value that is neither an array nor an object, or a mark in its place.
    #[inline(never)]
    fn other<T>(&mut self, wanted: &str, token: Token) -> Fit<T> {
        if token == Token::String {
            let text = self.cursor.string()?;
            if let Some(mark) = self.marked(text)? {
                return match mark.problem() {
                    Some(problem) => self.unfit(problem),
                    None => self.misfit(wanted, mark.describe()),
                };
            }
        }
        self.misfit(wanted, token.describe())
    }

    fn misfit<T>(&self, wanted: &str, found: &str) -> Fit<T> {
        self.unfit(["must be ", wanted, ", not ", found].concat())
    }

    fn unfit<T>(&self, problem: impl Into<Cow<'static, str>>) -> Fit<T> {
        Err(Failure::Unfit(self.locate(problem.into())))
    }

    /// Returns the problem with its path. This is a separate function so that it is compiled once and not for each
    /// type.
    #[inline(never)]
    fn locate(&self, problem: Cow<'static, str>) -> Unfit {
        let mut path = String::new();
        let (around, data) = if self.options.unknown == Unknown::Keep { wrapping(&self.path) } else { (0, None) };
        for (index, at) in self.path.iter().enumerate().skip(around) {
            if Some(index) == data {
                continue;
            }
            match at {
                At::Field(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(core::str::from_utf8(name).unwrap_or_default());
                }
                At::Index(index) => {
                    path.push('[');
                    path.push_str(&decimal(*index as i64));
                    path.push(']');
                }
            }
        }
        Unfit { path, problem }
    }
}

/// Returns the parts of a path that callers of a JSON:API do not write: the number of levels around an attribute or a
/// relationship, and the position of a relationship's `data`.
fn wrapping(path: &[At<'_>]) -> (usize, Option<usize>) {
    let parts = path.iter().position(|at| matches!(at, At::Field(b"attributes" | b"relationships")));
    match parts {
        Some(parts) if parts <= 2 && parts + 1 < path.len() => {
            let related = matches!(
                (path.get(parts), path.get(parts + 2)),
                (Some(At::Field(b"relationships")), Some(At::Field(b"data")))
            );
            (parts + 1, related.then_some(parts + 2))
        }
        _ => (0, None),
    }
}

const OUT_OF_RANGE: &str = "is a date outside the years 1 to 9999";

impl Mark<'_> {
    /// Returns what is wrong with the value, regardless of its place.
    fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Date(iso) if iso.is_empty() => Some("is an invalid Date"),
            Self::Date(iso) if !parse_rfc3339(iso.as_bytes()).is_some_and(is_sendable) => Some(OUT_OF_RANGE),
            Self::NotFinite => Some("must be a finite number, not NaN or Infinity"),
            Self::Cycle => Some("refers to an object that contains it: a request cannot have cycles"),
            Self::Failed => Some("could not be read: reading it threw an error"),
            _ => None,
        }
    }

    fn describe(&self) -> &'static str {
        match self {
            Self::Date(_) => "a Date",
            Self::BigInt(_) => "a bigint",
            Self::NotFinite => "NaN or Infinity",
            Self::Bytes(_) => "bytes",
            Self::Plain(_) => "a string",
            Self::Cycle | Self::Failed | Self::Alien => "a function, a symbol or a value that JSON cannot express",
        }
    }
}

/// Returns the names that a request object of this operation may contain.
#[inline]
fn wrapper_names(table: &Table, operation: &Operation) -> Vec<Cow<'static, str>> {
    let segments = table.segments(operation).iter().filter(|segment| segment.param.is_some());
    let mut names: Vec<Cow<'static, str>> = segments.map(|segment| table.segment_text(segment).into()).collect();
    names.extend(table.query(operation).iter().map(|param| Cow::from(table.param_names(param).1)));
    if operation.body.is_some() {
        names.push(table.body_field(operation, false));
    }
    names
}

/// Parses a whole number. This is a separate function so that it is compiled once and not for each use.
#[inline(never)]
fn whole(digits: &str) -> Option<i64> {
    digits.parse().ok()
}

/// Whether the whole number is within the range of a field of this kind.
fn fits(kind: Kind, digits: &str) -> bool {
    match kind {
        Kind::Int32 => whole(digits).is_some_and(|n| i32::try_from(n).is_ok()),
        Kind::Uint32 => whole(digits).is_some_and(|n| u32::try_from(n).is_ok()),
        Kind::Uint64 => digits.parse::<u64>().is_ok(),
        _ => whole(digits).is_some(),
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::String | Kind::Enum | Kind::Duration => "a string",
        Kind::Bytes => "base64 text or a Uint8Array",
        Kind::Bool => "a boolean",
        Kind::Int32 | Kind::Uint32 | Kind::Double => "a number",
        Kind::Int64 | Kind::Uint64 => "a whole number",
        Kind::Date => "a Date",
        Kind::Any | Kind::Struct | Kind::Empty | Kind::Message => "an object",
        Kind::Value => "JSON",
    }
}

/// Returns the known name that `key` most likely stands for: one with the same letters, or at most two edits away.
fn nearest<'n>(key: &str, known: &'n [Cow<'static, str>]) -> Option<&'n str> {
    let plain =
        |s: &str| s.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase()).collect::<Vec<_>>();
    let key = plain(key);
    known
        .iter()
        .map(|name| (distance(&key, &plain(name)), name.as_ref()))
        .filter(|(d, name)| *d <= 2 && *d < name.len())
        .min_by_key(|(d, _)| *d)
        .map(|(_, name)| name)
}

/// Returns the number of bytes that have to be inserted, removed or replaced.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b) {
            left = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = core::mem::replace(cell, left);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Escapes everything but `A-Z a-z 0-9 - _ . ! ~ * ' ( )`, like `encodeURIComponent`.
#[inline]
fn percent_encode(out: &mut String, text: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(nibble)).copied().unwrap_or('0'));
            }
        }
    }
}
