//! Reads a response in one pass, against the table, and reports what `JSON.parse` alone would get wrong.
//!
//! `JSON.parse` still makes the objects, because passing them field by field costs more than twice as much (measured).
//! This pass only returns
//! - **slots**: the numbers for the fields that are dates or 64-bit integers, in an order that lets the reviver find
//!   them without reading a single date itself;
//! - **patches**: the few values that have to be replaced one by one;
//! - **problems**: what did not match the table. A response is never refused because of them.
//!
//! # Slots
//! Every object whose message is *live* (it or a message below it has a date or an int64) owns a block: the index after
//! its last descendant's block, one slot for each of its own numbers, and one for each live child, holding the index
//! where that child's block (for a list, its first element's block) begins. The reviver may therefore visit fields in
//! any order, independent of the order in which the server sent them. Values under a map are patched instead, because
//! JavaScript reorders integer-like keys.

use super::date::parse_rfc3339;
use super::json::{Cursor, MAX_DEPTH, Malformed, Text, Token, decimal, push_string};
use super::reach::Reach;
use crate::api::{Field, Kind, Message, Shape, Table};
use alloc::{
    borrow::{Cow, ToOwned},
    string::String,
    vec::Vec,
};
use core::cell::{Cell, OnceCell};

/// The slot of a value that stays as `JSON.parse` made it.
pub const KEEP: f64 = f64::NAN;
/// The slot of a value that becomes `undefined`: servers send an empty string for a date that is not set.
pub const UNSET: f64 = f64::INFINITY;
/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;
/// The maximum number of problems that are reported; further ones are only counted.
const MAX_PROBLEMS: usize = 32;

/// The result of the pass.
#[derive(Debug, Default)]
pub struct Decoded {
    /// See the module's description. Empty if the message is not live.
    pub slots: Vec<f64>,
    /// Values to replace.
    pub patches: Vec<Patch>,
    /// What did not match the table, at most 32 entries.
    pub problems: Vec<Problem>,
    /// The number of further problems.
    pub more_problems: usize,
    /// Whether the text is entirely ASCII, which some platforms turn into a string much faster.
    pub ascii: bool,
}

/// A step of a path into the parsed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Key(String),
    /// An element of an array.
    Index(usize),
}

/// A value to replace.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// The path to the value.
    pub path: Vec<Step>,
    /// The replacement.
    pub value: Replacement,
}

/// The replacement of a patch. Each variant also says what it replaces, because a name may occur twice: `JSON.parse`
/// keeps the last value, which a patch of an earlier one must not touch.
#[derive(Debug, Clone, PartialEq)]
pub enum Replacement {
    /// A `Date` of this many milliseconds, in place of this text.
    Date(i64, String),
    /// A number, read from this text as JavaScript's `Number()` does.
    Number(String),
    /// These digits as text in place of a number, because the field is text in JavaScript.
    Text(String),
    /// These digits as text in place of a number that cannot hold them.
    Digits(String),
    /// `undefined` in place of an empty text.
    Unset,
}

/// Something in the response that did not match the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path to the value.
    pub path: Vec<Step>,
    /// What was expected, in words.
    pub expected: &'static str,
    /// What was found, in words; never the value itself.
    pub found: &'static str,
}

/// What the reader needs to know about a table's messages: which of them are live, and where each of their fields has
/// its slot. A message's layout is made when it is first needed.
#[derive(Debug)]
pub struct Layouts {
    layouts: Vec<OnceCell<Layout>>,
    live: Reach,
}

#[derive(Debug)]
struct Layout {
    /// The size of the message's block; 0 if the message is not live, because neither it nor a message below it has a
    /// date or an int64.
    size: usize,
    /// One row for the beginning of the message, followed by one for each of its fields.
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    /// The name on the wire.
    name: &'static str,
    /// The name in quotes and the colon, as they precede a value without white space.
    key: Vec<u8>,
    /// The offset in the block; 0 for none.
    offset: u16,
    /// The row of the field that followed this one last time, because servers send fields in a fixed order. [`NO_ROW`]
    /// at first.
    next: Cell<u16>,
    /// Whether the field is a single string that needs no change.
    plain: bool,
}

const NO_ROW: u16 = u16::MAX;

impl Layouts {
    /// Creates the layouts of a table.
    pub fn new(table: &Table) -> Self {
        let layouts = (0..table.message_count()).map(|_| OnceCell::new()).collect();
        Self { layouts, live: Reach::new(table) }
    }

    #[inline]
    fn layout(&self, table: &Table, message: Message) -> Option<&Layout> {
        let cell = self.layouts.get(usize::from(message.0))?;
        Some(cell.get_or_init(|| self.make(table, message)))
    }

    #[inline(never)]
    fn make(&self, table: &Table, message: Message) -> Layout {
        let mut rows = vec![Row { name: "", key: Vec::new(), offset: 0, next: Cell::new(NO_ROW), plain: false }];
        let mut slots = 0;
        for field in table.fields(message) {
            let slot = has_number(field) || follows(field) && self.is_live(table, field.message());
            slots += u16::from(slot);
            let offset = if slot { slots } else { 0 };
            let plain = field.shape == Shape::One && is_text(field.kind);
            let name = table.wire_name(field);
            rows.push(Row {
                name,
                key: ["\"", name, "\":"].concat().into_bytes(),
                offset,
                next: Cell::new(NO_ROW),
                plain,
            });
        }
        Layout { size: if slots > 0 { usize::from(slots) + 1 } else { 0 }, rows }
    }

    fn is_live(&self, table: &Table, message: Message) -> bool {
        self.live.leads(table, message, &has_number, &follows)
    }

    /// Returns the offset of a field in its message's block; 0 if it has none.
    pub fn offset(&self, table: &Table, message: Message, field: usize) -> usize {
        let row = self.layout(table, message).and_then(|layout| layout.rows.get(field + 1));
        row.map_or(0, |row| usize::from(row.offset))
    }
}

/// Whether the field has a slot for its own number.
fn has_number(field: &Field) -> bool {
    field.shape == Shape::One && matches!(field.kind, Kind::Date | Kind::Int64)
}

/// Whether the field has a slot if there are numbers below it.
fn follows(field: &Field) -> bool {
    field.kind == Kind::Message && field.shape != Shape::Map
}

/// Reads `text` as a `message`.
///
/// # Errors
/// Fails if the text is not a JSON object, or nests too deeply.
pub fn decode(table: &Table, layouts: &Layouts, message: Message, text: &[u8]) -> Result<Decoded, Malformed> {
    let mut decoder = Decoder { table, layouts, cursor: Cursor::from_bytes(text), found: Decoded::default() };
    if decoder.cursor.peek()? != Token::Object {
        return Err(Malformed { offset: decoder.cursor.offset() });
    }
    decoder.message(message, true, None)?;
    if !decoder.cursor.at_end() {
        return Err(Malformed { offset: decoder.cursor.offset() });
    }
    decoder.found.ascii = decoder.cursor.only_ascii();
    Ok(decoder.found)
}

/// A step of the path during the pass. It is converted to a [`Step`] only when something is reported.
#[derive(Clone, Copy)]
enum At<'a> {
    Field(&'static str),
    Key(&'a [u8]),
    Index(usize),
}

/// The path to a value. It is kept on the stack, where adding and removing a step costs nothing.
#[derive(Clone, Copy)]
struct Path<'a> {
    up: Option<&'a Path<'a>>,
    at: At<'a>,
    depth: usize,
}

impl<'a> Path<'a> {
    fn to(up: Option<&'a Path<'a>>, at: At<'a>) -> Self {
        Self { up, at, depth: up.map_or(0, |up| up.depth) + 1 }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut path = Some(self);
        while let Some(here) = path {
            steps.push(match here.at {
                At::Field(name) => Step::Key(name.to_owned()),
                At::Key(bytes) => {
                    let text = Text { bytes, escaped: bytes.contains(&b'\\') };
                    Step::Key(string_of(&unescaped(text)))
                }
                At::Index(index) => Step::Index(index),
            });
            path = here.up;
        }
        steps.reverse();
        steps
    }
}

struct Decoder<'a> {
    table: &'a Table,
    layouts: &'a Layouts,
    cursor: Cursor<'a>,
    found: Decoded,
}

/// Whether the value is text both on the wire and in JavaScript.
fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::String | Kind::Enum | Kind::Duration | Kind::Bytes | Kind::Uint64)
}

/// The destination of a value.
#[derive(Clone, Copy)]
enum Destination {
    /// The slot with this index.
    Slot(usize),
    /// A patch.
    Patch,
}

impl<'a> Decoder<'a> {
    /// Reads an object. `slotted` is false under a map, where no blocks are made.
    fn message(&mut self, message: Message, slotted: bool, path: Option<&Path<'_>>) -> Result<(), Malformed> {
        if path.is_some_and(|path| path.depth > MAX_DEPTH) {
            return Err(Malformed { offset: self.cursor.offset() });
        }
        let base = self.found.slots.len();
        let Some(Layout { size, rows }) = self.layouts.layout(self.table, message) else {
            return self.cursor.skip();
        };
        let size = if slotted { *size } else { 0 };
        if size > 0 {
            self.found.slots.resize(base + size, KEEP);
        }
        let fields = self.table.fields(message);
        let mut before = 0;
        self.cursor.expect(b'{')?;
        if !self.cursor.take(b'}') {
            loop {
                match self.key(rows, before)? {
                    Some((here, row)) => {
                        before = here;
                        let token = self.cursor.peek()?;
                        if row.plain && token == Token::String {
                            self.cursor.pass_string()?;
                        } else {
                            let slot =
                                if size > 0 && row.offset > 0 { Some(base + usize::from(row.offset)) } else { None };
                            if let Some(slot) = slot {
                                // If a name occurs twice, the last value counts.
                                self.set(slot, KEEP);
                            }
                            if token == Token::Null {
                                self.cursor.pass(token)?;
                            } else if let Some(field) = fields.get(here - 1) {
                                self.field(field, token, slot, size > 0, &Path::to(path, At::Field(row.name)))?;
                            }
                        }
                    }
                    // A field of a newer server is kept unchanged.
                    None => self.cursor.skip()?,
                }
                if !self.cursor.more(b'}')? {
                    break;
                }
            }
        }
        if size > 0 {
            let end = self.found.slots.len();
            self.set(base, end as f64);
        }
        Ok(())
    }

    /// Takes a key and returns its row and the row's number. The field that followed last time is tried first.
    #[inline]
    fn key(&mut self, rows: &'a [Row], before: usize) -> Result<Option<(usize, &'a Row)>, Malformed> {
        let next = rows.get(before).map_or(NO_ROW, |row| row.next.get());
        if let Some(row) = rows.get(usize::from(next))
            && self.cursor.take_text(&row.key)
        {
            return Ok(Some((usize::from(next), row)));
        }
        self.other_key(rows, before)
    }

    /// Takes a key that is not the expected one.
    #[inline(never)]
    fn other_key(&mut self, rows: &'a [Row], before: usize) -> Result<Option<(usize, &'a Row)>, Malformed> {
        let key = self.cursor.string()?;
        self.cursor.expect(b':')?;
        let name = unescaped(key);
        let found = rows.iter().enumerate().skip(1).find(|(_, row)| row.name.as_bytes() == &*name);
        if let (Some((here, _)), Some(row)) = (found, rows.get(before)) {
            row.next.set(u16::try_from(here).unwrap_or(NO_ROW));
        }
        Ok(found)
    }

    fn field(
        &mut self,
        field: &Field,
        token: Token,
        slot: Option<usize>,
        slotted: bool,
        path: &Path<'_>,
    ) -> Result<(), Malformed> {
        match (field.shape, token) {
            (Shape::One, _) => match field.kind {
                Kind::Message if token == Token::Object => {
                    self.block(slot);
                    self.message(field.message(), slotted, Some(path))
                }
                kind => self.value(kind, token, slot.map_or(Destination::Patch, Destination::Slot), path),
            },
            (Shape::List, Token::Array) => {
                self.block(slot);
                self.list(field, slotted, path)
            }
            (Shape::Map, Token::Object) => self.map(field, path),
            (Shape::List, _) => self.misfit("an array", token, path),
            (Shape::Map, _) => self.misfit("an object", token, path),
        }
    }

    /// Records where the next block begins.
    fn block(&mut self, slot: Option<usize>) {
        if let Some(slot) = slot {
            let base = self.found.slots.len();
            self.set(slot, base as f64);
        }
    }

    fn list(&mut self, field: &Field, slotted: bool, path: &Path<'_>) -> Result<(), Malformed> {
        self.cursor.expect(b'[')?;
        if self.cursor.take(b']') {
            return Ok(());
        }
        for index in 0.. {
            self.element(field, slotted, &Path::to(Some(path), At::Index(index)))?;
            if !self.cursor.more(b']')? {
                break;
            }
        }
        Ok(())
    }

    fn map(&mut self, field: &Field, path: &Path<'_>) -> Result<(), Malformed> {
        self.cursor.expect(b'{')?;
        if self.cursor.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.cursor.string()?;
            self.cursor.expect(b':')?;
            self.element(field, false, &Path::to(Some(path), At::Key(key.bytes)))?;
            if !self.cursor.more(b'}')? {
                break;
            }
        }
        Ok(())
    }

    /// Reads one element of a list or a map.
    fn element(&mut self, field: &Field, slotted: bool, path: &Path<'_>) -> Result<(), Malformed> {
        let token = self.cursor.peek()?;
        match (field.kind, token) {
            (_, Token::Null) => self.cursor.pass(token),
            (Kind::Message, Token::Object) => self.message(field.message(), slotted, Some(path)),
            (kind, _) => self.value(kind, token, Destination::Patch, path),
        }
    }

    /// Reads one value other than a well-formed message.
    fn value(&mut self, kind: Kind, token: Token, destination: Destination, path: &Path<'_>) -> Result<(), Malformed> {
        match (kind, token) {
            (Kind::Date, Token::String) => self.date(destination, path),
            (Kind::Int64, Token::String) => self.int64(destination, path),
            (Kind::Int64 | Kind::Uint64, Token::Number) => self.bare_integer(kind, path),
            (Kind::Int32 | Kind::Uint32 | Kind::Double, Token::String) => self.number_in_quotes(kind, path),
            (kind, Token::String) if is_text(kind) => self.cursor.pass(token),
            (Kind::Enum | Kind::Int32 | Kind::Uint32 | Kind::Double, Token::Number)
            | (Kind::Bool, Token::True | Token::False)
            | (Kind::Any | Kind::Struct | Kind::Empty, Token::Object)
            | (Kind::Value, _) => self.cursor.pass(token),
            (kind, _) => self.misfit(expected(kind), token, path),
        }
    }

    fn date(&mut self, destination: Destination, path: &Path<'_>) -> Result<(), Malformed> {
        let text = unescaped(self.cursor.string()?);
        let millis = match parse_rfc3339(&text) {
            Some(millis) => millis,
            None if text.is_empty() => UNSET,
            None => {
                self.problem("a date in RFC 3339 form", "other text", path);
                return Ok(());
            }
        };
        match destination {
            Destination::Slot(slot) => self.set(slot, millis),
            Destination::Patch if millis == UNSET => self.patch(Replacement::Unset, path),
            Destination::Patch => self.patch(Replacement::Date(millis as i64, string_of(&text)), path),
        }
        Ok(())
    }

    fn int64(&mut self, destination: Destination, path: &Path<'_>) -> Result<(), Malformed> {
        let text = string_of(&unescaped(self.cursor.string()?));
        match text.parse::<i64>() {
            Ok(value) if is_safe(value) => match destination {
                Destination::Slot(slot) => self.set(slot, value as f64),
                Destination::Patch => self.patch(Replacement::Number(text), path),
            },
            Ok(_) => self.problem("an integer within 2^53", "a larger one, kept as text", path),
            Err(_) => self.problem("an integer", "other text", path),
        }
        Ok(())
    }

    /// Reads a 64-bit integer without quotes, which `JSON.parse` would round.
    fn bare_integer(&mut self, kind: Kind, path: &Path<'_>) -> Result<(), Malformed> {
        let digits = self.cursor.number().to_owned();
        if kind == Kind::Uint64 {
            self.patch(Replacement::Text(digits), path);
        } else if !digits.parse().is_ok_and(is_safe) {
            let whole = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            let found = if whole { "a larger one, kept as text" } else { "another number, kept as text" };
            self.problem("an integer within 2^53", found, path);
            self.patch(Replacement::Digits(digits), path);
        }
        Ok(())
    }

    /// Reads `"5"` in place of a number; for a double also `"NaN"` and `"Infinity"`, as in proto JSON.
    fn number_in_quotes(&mut self, kind: Kind, path: &Path<'_>) -> Result<(), Malformed> {
        let text = string_of(&unescaped(self.cursor.string()?));
        let fits = match kind {
            Kind::Double => matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") || is_number(text.as_bytes()),
            _ => text.parse().is_ok_and(is_safe),
        };
        if fits {
            self.patch(Replacement::Number(text), path);
        } else {
            self.problem(expected(kind), "other text", path);
        }
        Ok(())
    }

    fn misfit(&mut self, expected: &'static str, token: Token, path: &Path<'_>) -> Result<(), Malformed> {
        self.problem(expected, token.describe(), path);
        self.cursor.pass(token)
    }

    fn set(&mut self, slot: usize, value: f64) {
        if let Some(slot) = self.found.slots.get_mut(slot) {
            *slot = value;
        }
    }

    fn patch(&mut self, value: Replacement, path: &Path<'_>) {
        self.found.patches.push(Patch { path: path.steps(), value });
    }

    fn problem(&mut self, expected: &'static str, found: &'static str, path: &Path<'_>) {
        if self.found.problems.len() < MAX_PROBLEMS {
            self.found.problems.push(Problem { path: path.steps(), expected, found });
        } else {
            self.found.more_problems += 1;
        }
    }
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::String | Kind::Enum | Kind::Duration | Kind::Bytes | Kind::Uint64 => "a string",
        Kind::Bool => "a boolean",
        Kind::Int32 | Kind::Uint32 | Kind::Double => "a number",
        Kind::Int64 => "an integer",
        Kind::Date => "a date",
        Kind::Any | Kind::Struct | Kind::Empty | Kind::Message => "an object",
        Kind::Value => "a value",
    }
}

impl Decoded {
    /// Returns patches and problems as JSON:
    /// `{"patches":[[path,kind,text,milliseconds],...],"problems":[{path,expected,found},...],"more":n}`. The kind is
    /// `d` (the only one with milliseconds), `n`, `t`, `i` or `u`, in the order of [`Replacement`], and the text is
    /// that of the value to replace. The result is empty if there is nothing to report, as is usual.
    pub fn notes(&self) -> String {
        if self.patches.is_empty() && self.problems.is_empty() {
            return String::new();
        }
        let mut out = String::from("{\"patches\":[");
        for (i, patch) in self.patches.iter().enumerate() {
            out.push_str(if i > 0 { ",[" } else { "[" });
            push_path(&mut out, &patch.path);
            let (kind, text) = match &patch.value {
                Replacement::Date(_, text) => ("d", text.as_str()),
                Replacement::Number(text) => ("n", text.as_str()),
                Replacement::Text(text) => ("t", text.as_str()),
                Replacement::Digits(text) => ("i", text.as_str()),
                Replacement::Unset => ("u", ""),
            };
            for part in [kind, text] {
                out.push(',');
                push_string(&mut out, part);
            }
            if let Replacement::Date(millis, _) = patch.value {
                out.push(',');
                out.push_str(&decimal(millis));
            }
            out.push(']');
        }
        out.push_str("],\"problems\":[");
        for (i, problem) in self.problems.iter().enumerate() {
            out.push_str(if i > 0 { ",{\"path\":" } else { "{\"path\":" });
            push_path(&mut out, &problem.path);
            out.push_str(",\"expected\":");
            push_string(&mut out, problem.expected);
            out.push_str(",\"found\":");
            push_string(&mut out, problem.found);
            out.push('}');
        }
        out.push_str("],\"more\":");
        out.push_str(&decimal(self.more_problems as i64));
        out.push('}');
        out
    }
}

/// Returns the characters that a string stands for: some writers escape more than they must, such as `+` in the offset
/// of a date. An invalid escape, such as half of a surrogate pair, is left unchanged.
#[inline]
fn unescaped(text: Text<'_>) -> Cow<'_, [u8]> {
    if !text.escaped {
        return text.bytes.into();
    }
    text.unescape().map_or(text.bytes.into(), |unescaped| unescaped.into_owned().into_bytes().into())
}

fn string_of(text: &[u8]) -> String {
    core::str::from_utf8(text).unwrap_or_default().to_owned()
}

/// Whether a JavaScript number holds the value exactly.
fn is_safe(value: i64) -> bool {
    value.unsigned_abs() <= MAX_SAFE
}

/// Whether the text is a number in JSON's syntax: `-12.5e+3`.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &mut &[u8]| {
        let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *text = text.get(len..).unwrap_or_default();
        len > 0
    };
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    let leading_zero = matches!(rest, [b'0', b'0'..=b'9', ..]);
    let mut good = !leading_zero && digits(&mut rest);
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = fraction;
        good &= digits(&mut rest);
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        rest = match exponent {
            [b'+' | b'-', exponent @ ..] => exponent,
            exponent => exponent,
        };
        good &= digits(&mut rest);
    }
    good && rest.is_empty()
}

fn push_path(out: &mut String, path: &[Step]) {
    out.push('[');
    for (i, step) in path.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        match step {
            Step::Key(key) => push_string(out, key),
            Step::Index(index) => out.push_str(&decimal(*index as i64)),
        }
    }
    out.push(']');
}
