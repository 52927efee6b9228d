//! Reads a response once, against the table, and says what `JSON.parse` alone would get wrong.
//!
//! The objects themselves are made by `JSON.parse`: handing them over field by field costs more than twice as
//! much (measured). What this pass hands over instead is
//! - **slots**: the numbers for the fields that are dates or 64-bit integers, in an order in which the reviver finds
//!   them without reading a single date itself;
//! - **patches**: the few values that have to be replaced one by one;
//! - **problems**: what did not fit the table. A response is never refused for them.
//!
//! # Slots
//! Every object whose message is *live* (it or a message below it has a date or an int64) owns a block:
//! the index after its last descendant's block, one slot for each of its own numbers, and one for each child that is
//! live, holding the index where that child's block (for a list: its first element's block) begins. So the reviver may
//! visit fields in any order, whatever order the server sent them in. Values under a map are patched instead,
//! because JavaScript reorders integer-like keys.

use super::date::parse_rfc3339;
use super::json::{Cursor, MAX_DEPTH, Malformed, Text, Token, push_string};
use crate::api::{Field, Kind, Message, Shape, Table};
use std::borrow::Cow;

/// Leaves the value as `JSON.parse` made it.
pub const KEEP: f64 = f64::NAN;
/// Replaces the value by `undefined`: the server's way to say that a date is not set, as an empty string.
pub const UNSET: f64 = f64::INFINITY;
/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE: i64 = (1 << 53) - 1;
/// Problems beyond this many are only counted.
const MAX_PROBLEMS: usize = 32;

/// What the pass found.
#[derive(Debug, Default)]
pub struct Decoded {
    /// See the module's description. Empty if the message is not live.
    pub slots: Vec<f64>,
    /// Values to replace.
    pub patches: Vec<Patch>,
    /// What did not fit, at most 32.
    pub problems: Vec<Problem>,
    /// How many more problems there were.
    pub more_problems: usize,
    /// The text is ASCII throughout, which some platforms turn into a string much faster.
    pub ascii: bool,
}

/// A step of a path into the parsed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member.
    Key(String),
    /// An element.
    Index(usize),
}

/// A value to replace.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// Where.
    pub path: Vec<Step>,
    /// By what.
    pub value: Replacement,
}

/// What a patch puts in.
#[derive(Debug, Clone, PartialEq)]
pub enum Replacement {
    /// A `Date` of so many milliseconds.
    Date(i64),
    /// A number, as JavaScript's `Number()` reads it.
    Number(String),
    /// Text: digits that a number cannot hold.
    Text(String),
    /// `undefined`.
    Unset,
}

/// Something in the response did not fit the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub path: Vec<Step>,
    /// What was expected, in words.
    pub expected: &'static str,
    /// What was there, in words: never the value.
    pub found: &'static str,
}

/// Which messages are live, and where each of their fields has its slot.
#[derive(Debug)]
pub struct Layouts {
    layouts: Vec<Layout>,
}

#[derive(Debug, Default)]
struct Layout {
    live: bool,
    /// For each field its offset in the block, 0 for none.
    offsets: Vec<u16>,
    size: u16,
}

impl Layouts {
    /// Computes the layout of every message. Linear in the table but for the few rounds that cycles need.
    pub fn of(table: &Table) -> Self {
        let messages: Vec<Message> = (0..table.message_count()).map(|i| Message(i as u16)).collect();
        let mut layouts: Vec<Layout> = messages.iter().map(|_| Layout::default()).collect();
        loop {
            let mut changed = false;
            for (i, message) in messages.iter().enumerate() {
                let live = table.fields(*message).iter().any(|field| has_slot(&layouts, field));
                if let Some(layout) = layouts.get_mut(i).filter(|layout| layout.live != live) {
                    layout.live = live;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        for (i, message) in messages.iter().enumerate() {
            let fields = table.fields(*message);
            let mut size = 1;
            let offsets = fields
                .iter()
                .map(|field| {
                    if !has_slot(&layouts, field) {
                        return 0;
                    }
                    size += 1;
                    size - 1
                })
                .collect();
            if let Some(layout) = layouts.get_mut(i) {
                (layout.offsets, layout.size) = (offsets, size);
            }
        }
        Self { layouts }
    }

    /// The message or one below it has a date or an int64.
    pub fn live(&self, message: Message) -> bool {
        self.layouts.get(usize::from(message.0)).is_some_and(|layout| layout.live)
    }

    /// The offset of a field in its message's block; 0 if it has none.
    pub fn offset(&self, message: Message, field: usize) -> usize {
        let layout = self.layouts.get(usize::from(message.0));
        layout.and_then(|l| l.offsets.get(field)).copied().map_or(0, usize::from)
    }

    fn size(&self, message: Message) -> usize {
        self.layouts.get(usize::from(message.0)).map_or(1, |layout| usize::from(layout.size))
    }
}

fn has_slot(layouts: &[Layout], field: &Field) -> bool {
    match (field.kind, field.shape) {
        (Kind::Date | Kind::Int64, Shape::One) => true,
        (Kind::Message, Shape::One | Shape::List) => {
            layouts.get(usize::from(field.message().0)).is_some_and(|layout| layout.live)
        }
        _ => false,
    }
}

/// Reads `text` as a `message`.
///
/// # Errors
/// If the text is not a JSON object, or nests too deep.
pub fn decode(table: &Table, layouts: &Layouts, message: Message, text: &[u8]) -> Result<Decoded, Malformed> {
    let mut decoder = Decoder {
        table,
        layouts,
        cursor: Cursor::of_bytes(text),
        found: Decoded::default(),
        path: Vec::with_capacity(16),
        // Too short a text would not repay the making of it.
        after: if text.len() < 2048 { Vec::new() } else { vec![0; table.seats()] },
    };
    if decoder.cursor.peek()? != Token::Object {
        return Err(Malformed { offset: decoder.cursor.offset() });
    }
    decoder.message(message, true)?;
    if !decoder.cursor.at_end() {
        return Err(Malformed { offset: decoder.cursor.offset() });
    }
    decoder.found.ascii = decoder.cursor.only_ascii();
    Ok(decoder.found)
}

/// A step while reading: cheap to push, spelled out only when something has to be reported.
#[derive(Clone, Copy)]
enum At<'a> {
    Field(&'static str),
    Key(&'a [u8]),
    Index(usize),
}

struct Decoder<'a> {
    table: &'a Table,
    layouts: &'a Layouts,
    cursor: Cursor<'a>,
    found: Decoded,
    path: Vec<At<'a>>,
    /// For each field, and for the beginning of each message, the index of the field that followed it the last time.
    after: Vec<u16>,
}

/// Text on the wire and in JavaScript.
fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::String | Kind::Enum | Kind::Duration | Kind::Bytes | Kind::Uint64)
}

/// What a value is to become of.
#[derive(Clone, Copy)]
enum Goal {
    /// The slot of this index.
    Slot(usize),
    /// A patch.
    Patch,
}

impl<'a> Decoder<'a> {
    /// Reads an object. `slotted` is false under a map, where blocks are not made.
    fn message(&mut self, message: Message, slotted: bool) -> Result<(), Malformed> {
        if self.path.len() > MAX_DEPTH {
            return Err(Malformed { offset: self.cursor.offset() });
        }
        let slotted = slotted && self.layouts.live(message);
        let base = self.found.slots.len();
        if slotted {
            self.found.slots.resize(base + self.layouts.size(message), KEEP);
        }
        let fields = self.table.fields(message);
        let mut seat = self.table.first_seat(message);
        self.cursor.expect(b'{')?;
        if !self.cursor.take(b'}') {
            loop {
                match self.key(fields, seat)? {
                    Some((index, field)) => {
                        seat = self.table.first_seat(message) + index + 1;
                        let offset = if slotted { self.layouts.offset(message, index) } else { 0 };
                        self.path.push(At::Field(self.table.wire_name(field)));
                        self.field(field, (offset != 0).then_some(base + offset), slotted)?;
                        self.path.pop();
                    }
                    // A newer server's field, or one with an escape in its name: kept as it is.
                    None => self.cursor.skip()?,
                }
                if !self.cursor.more(b'}')? {
                    break;
                }
            }
        }
        if slotted {
            let end = self.found.slots.len();
            self.set(base, end as f64);
        }
        Ok(())
    }

    /// Takes a key and says whose it is. Servers send fields in a fixed order, so whatever followed the same field the
    /// last time is tried first.
    #[inline]
    fn key(&mut self, fields: &'a [Field], seat: usize) -> Result<Option<(usize, &'a Field)>, Malformed> {
        let expected = self.after.get(seat).copied().map(usize::from);
        if let Some((index, field)) = expected.and_then(|index| Some((index, fields.get(index)?)))
            && self.cursor.take_key(self.table.wire_name(field))
        {
            return Ok(Some((index, field)));
        }
        let key = self.cursor.string()?;
        self.cursor.expect(b':')?;
        let found = fields.iter().enumerate().find(|(_, field)| self.table.wire_name(field).as_bytes() == key.bytes);
        if let (Some((index, _)), Some(expected)) = (found, self.after.get_mut(seat)) {
            *expected = index as u16;
        }
        Ok(found)
    }

    fn field(&mut self, field: &'a Field, slot: Option<usize>, slotted: bool) -> Result<(), Malformed> {
        let token = self.cursor.peek()?;
        if token == Token::String && field.shape == Shape::One && is_text(field.kind) {
            return self.cursor.string().map(|_| ());
        }
        match (field.shape, token) {
            (_, Token::Null) => self.pass(),
            (Shape::One, _) => match field.kind {
                Kind::Message if token == Token::Object => {
                    if let Some(slot) = slot {
                        let base = self.found.slots.len();
                        self.set(slot, base as f64);
                    }
                    self.message(field.message(), slotted)
                }
                kind => self.value(kind, token, slot.map_or(Goal::Patch, Goal::Slot)),
            },
            (Shape::List, Token::Array) => {
                if let Some(slot) = slot {
                    let base = self.found.slots.len();
                    self.set(slot, base as f64);
                }
                self.list(field, slotted)
            }
            (Shape::Map, Token::Object) => self.map(field),
            (Shape::List, _) => self.misfit("an array", token),
            (Shape::Map, _) => self.misfit("an object", token),
        }
    }

    fn list(&mut self, field: &'a Field, slotted: bool) -> Result<(), Malformed> {
        self.cursor.expect(b'[')?;
        if self.cursor.take(b']') {
            return Ok(());
        }
        for index in 0.. {
            self.path.push(At::Index(index));
            self.element(field, slotted)?;
            self.path.pop();
            if !self.cursor.more(b']')? {
                break;
            }
        }
        Ok(())
    }

    fn map(&mut self, field: &'a Field) -> Result<(), Malformed> {
        self.cursor.expect(b'{')?;
        if self.cursor.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.cursor.string()?;
            self.cursor.expect(b':')?;
            self.path.push(At::Key(key.bytes));
            self.element(field, false)?;
            self.path.pop();
            if !self.cursor.more(b'}')? {
                break;
            }
        }
        Ok(())
    }

    /// One element of a list or a map.
    fn element(&mut self, field: &'a Field, slotted: bool) -> Result<(), Malformed> {
        let token = self.cursor.peek()?;
        if token == Token::String && is_text(field.kind) {
            return self.cursor.string().map(|_| ());
        }
        match (field.kind, token) {
            (_, Token::Null) => self.pass(),
            (Kind::Message, Token::Object) => self.message(field.message(), slotted),
            (kind, _) => self.value(kind, token, Goal::Patch),
        }
    }

    /// One value that is not a message in good order.
    fn value(&mut self, kind: Kind, token: Token, goal: Goal) -> Result<(), Malformed> {
        match (kind, token) {
            (Kind::Date, Token::String) => self.date(goal),
            (Kind::Int64, Token::String) => self.int64(goal),
            (Kind::Int64 | Kind::Uint64, Token::Number) => self.bare_integer(kind),
            (Kind::Int32 | Kind::Uint32 | Kind::Double, Token::String) => self.number_in_quotes(),
            (kind, Token::String) if is_text(kind) => self.pass(),
            (Kind::Enum | Kind::Int32 | Kind::Uint32 | Kind::Double, Token::Number)
            | (Kind::Bool, Token::True | Token::False)
            | (Kind::Any | Kind::Struct | Kind::Empty, Token::Object)
            | (Kind::Value, _) => self.pass(),
            (kind, _) => self.misfit(expected(kind), token),
        }
    }

    fn date(&mut self, goal: Goal) -> Result<(), Malformed> {
        let text = self.cursor.string()?;
        let millis = match parse_rfc3339(text.bytes) {
            Some(millis) => millis,
            None if text.bytes.is_empty() => UNSET,
            None => {
                self.problem("a date as RFC 3339 has it", "other text");
                return Ok(());
            }
        };
        match goal {
            Goal::Slot(slot) => self.set(slot, millis),
            Goal::Patch if millis == UNSET => self.patch(Replacement::Unset),
            Goal::Patch => self.patch(Replacement::Date(millis as i64)),
        }
        Ok(())
    }

    fn int64(&mut self, goal: Goal) -> Result<(), Malformed> {
        let text = self.cursor.string()?;
        match text.raw().parse::<i64>() {
            Ok(value) if value.abs() <= MAX_SAFE => match goal {
                Goal::Slot(slot) => self.set(slot, value as f64),
                Goal::Patch => self.patch(Replacement::Number(text.raw().to_owned())),
            },
            Ok(_) => self.problem("an integer within 2^53", "a larger one, kept as text"),
            Err(_) => self.problem("an integer", "other text"),
        }
        Ok(())
    }

    /// A 64-bit integer without quotes: `JSON.parse` would round it.
    fn bare_integer(&mut self, kind: Kind) -> Result<(), Malformed> {
        let digits = self.cursor.number();
        let exact = kind == Kind::Int64 && digits.parse::<i64>().is_ok_and(|value| value.abs() <= MAX_SAFE);
        if !exact {
            if kind == Kind::Int64 {
                self.problem("an integer within 2^53", "a larger one, kept as text");
            }
            self.patch(Replacement::Text(digits.to_owned()));
        }
        Ok(())
    }

    /// `"5"`, `"NaN"`, `"Infinity"` where a number belongs: the latter are how proto JSON spells them.
    fn number_in_quotes(&mut self) -> Result<(), Malformed> {
        let text = self.cursor.string()?;
        if matches!(text.raw(), "NaN" | "Infinity" | "-Infinity") || is_number(text.raw()) {
            self.patch(Replacement::Number(text.raw().to_owned()));
        } else {
            self.problem("a number", "other text");
        }
        Ok(())
    }

    fn pass(&mut self) -> Result<(), Malformed> {
        self.cursor.skip()
    }

    fn misfit(&mut self, expected: &'static str, token: Token) -> Result<(), Malformed> {
        self.problem(expected, token.describe());
        self.pass()
    }

    fn set(&mut self, slot: usize, value: f64) {
        if let Some(slot) = self.found.slots.get_mut(slot) {
            *slot = value;
        }
    }

    fn patch(&mut self, value: Replacement) {
        let path = self.spelled_path();
        self.found.patches.push(Patch { path, value });
    }

    fn problem(&mut self, expected: &'static str, found: &'static str) {
        if self.found.problems.len() < MAX_PROBLEMS {
            let path = self.spelled_path();
            self.found.problems.push(Problem { path, expected, found });
        } else {
            self.found.more_problems += 1;
        }
    }

    fn spelled_path(&self) -> Vec<Step> {
        let spell = |at: &At<'_>| match at {
            At::Field(name) => Step::Key((*name).to_owned()),
            At::Key(bytes) => {
                let text = Text { bytes, escaped: bytes.contains(&b'\\') };
                Step::Key(text.unescape().unwrap_or_default().into_owned())
            }
            At::Index(index) => Step::Index(*index),
        };
        self.path.iter().map(spell).collect()
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
    /// Patches and problems as JSON: `{"patches":[[path,kind,text],...],"problems":[{path,expected,found},...],"more":n}`,
    /// where kind is `d`, `n`, `t` or `u` as in [`Replacement`]. Empty if there is nothing to say, which is nearly always.
    pub fn notes(&self) -> String {
        if self.patches.is_empty() && self.problems.is_empty() {
            return String::new();
        }
        let mut out = String::from("{\"patches\":[");
        for (i, patch) in self.patches.iter().enumerate() {
            out.push_str(if i > 0 { ",[" } else { "[" });
            push_path(&mut out, &patch.path);
            let (kind, text) = match &patch.value {
                Replacement::Date(ms) => ("d", Cow::Owned(ms.to_string())),
                Replacement::Number(number) => ("n", Cow::Borrowed(number.as_str())),
                Replacement::Text(text) => ("t", Cow::Borrowed(text.as_str())),
                Replacement::Unset => ("u", Cow::Borrowed("")),
            };
            for part in [kind, &text] {
                out.push(',');
                push_string(&mut out, part);
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
        out.push_str(&self.more_problems.to_string());
        out.push('}');
        out
    }
}

/// As JSON spells numbers.
fn is_number(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    cursor.peek() == Ok(Token::Number) && cursor.number() == text && text.ends_with(|c: char| c.is_ascii_digit())
}

fn push_path(out: &mut String, path: &[Step]) {
    out.push('[');
    for (i, step) in path.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        match step {
            Step::Key(key) => push_string(out, key),
            Step::Index(index) => out.push_str(&index.to_string()),
        }
    }
    out.push(']');
}
