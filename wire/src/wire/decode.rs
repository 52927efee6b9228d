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
use super::json::{Cursor, MAX_DEPTH, Malformed, Text, Token, decimal, push_string};
use super::reach::Reach;
use crate::api::{Field, Kind, Message, Shape, Table};
use alloc::{
    borrow::{Cow, ToOwned},
    string::String,
    vec::Vec,
};
use core::cell::{Cell, OnceCell};

/// Leaves the value as `JSON.parse` made it.
pub const KEEP: f64 = f64::NAN;
/// Replaces the value by `undefined`: the server's way to say that a date is not set, as an empty string.
pub const UNSET: f64 = f64::INFINITY;
/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;
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

/// What a patch puts in. Each also says what it replaces, because a name may come twice: the last value is the one that `JSON.parse`
/// keeps, and a patch of an earlier one must not touch it.
#[derive(Debug, Clone, PartialEq)]
pub enum Replacement {
    /// A `Date` of so many milliseconds, for this text.
    Date(i64, String),
    /// A number, as JavaScript's `Number()` reads this text.
    Number(String),
    /// These digits as text, for a number: the field is text in JavaScript.
    Text(String),
    /// These digits as text, for a number that does not hold them.
    Digits(String),
    /// `undefined`, for an empty text.
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

/// What the reader of a table's messages uses: which of them are live, and where each of their fields has its slot. Each
/// message's is made when it is first needed.
#[derive(Debug)]
pub struct Layouts {
    layouts: Vec<OnceCell<Layout>>,
    live: Reach,
}

#[derive(Debug)]
struct Layout {
    /// The size of the message's block; 0 if it is not live, because neither it nor a message below it has a date or an int64.
    size: usize,
    /// A row for the beginning of the message, and after it one for each of its fields.
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    /// Name on the wire.
    name: &'static str,
    /// The name as it is before a value, when there is no white space.
    key: Vec<u8>,
    /// Offset in the block, 0 for none.
    offset: u16,
    /// The row of the field that came next the last time: servers send fields in a fixed order. [`NOWHERE`] at first.
    next: Cell<u16>,
    /// One string, as it is: nothing is to be done.
    plain: bool,
}

const NOWHERE: u16 = u16::MAX;

impl Layouts {
    /// Those of a table.
    pub fn of(table: &Table) -> Self {
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
        let mut rows = vec![Row { name: "", key: Vec::new(), offset: 0, next: Cell::new(NOWHERE), plain: false }];
        let mut slots = 0;
        for field in table.fields(message) {
            let slot = has_number(field) || is_way(field) && self.is_live(table, field.message());
            slots += u16::from(slot);
            let offset = if slot { slots } else { 0 };
            let plain = field.shape == Shape::One && is_text(field.kind);
            let name = table.wire_name(field);
            rows.push(Row {
                name,
                key: ["\"", name, "\":"].concat().into_bytes(),
                offset,
                next: Cell::new(NOWHERE),
                plain,
            });
        }
        Layout { size: if slots > 0 { usize::from(slots) + 1 } else { 0 }, rows }
    }

    fn is_live(&self, table: &Table, message: Message) -> bool {
        self.live.leads(table, message, &has_number, &is_way)
    }

    /// The offset of a field in its message's block; 0 if it has none.
    pub fn offset(&self, table: &Table, message: Message, field: usize) -> usize {
        let row = self.layout(table, message).and_then(|layout| layout.rows.get(field + 1));
        row.map_or(0, |row| usize::from(row.offset))
    }
}

/// A field with a slot for its own number.
fn has_number(field: &Field) -> bool {
    field.shape == Shape::One && matches!(field.kind, Kind::Date | Kind::Int64)
}

/// A field that has a slot if there are numbers below it.
fn is_way(field: &Field) -> bool {
    field.kind == Kind::Message && field.shape != Shape::Map
}

/// Reads `text` as a `message`.
///
/// # Errors
/// If the text is not a JSON object, or nests too deep.
pub fn decode(table: &Table, layouts: &Layouts, message: Message, text: &[u8]) -> Result<Decoded, Malformed> {
    let mut decoder = Decoder { table, layouts, cursor: Cursor::of_bytes(text), found: Decoded::default() };
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

/// A step while reading: spelled out only when something has to be reported.
#[derive(Clone, Copy)]
enum At<'a> {
    Field(&'static str),
    Key(&'a [u8]),
    Index(usize),
}

/// The way to a value. It lies on the stack, where a step costs nothing to take and nothing to take back.
#[derive(Clone, Copy)]
struct Way<'a> {
    up: Option<&'a Way<'a>>,
    at: At<'a>,
    depth: usize,
}

impl<'a> Way<'a> {
    fn to(up: Option<&'a Way<'a>>, at: At<'a>) -> Self {
        Self { up, at, depth: up.map_or(0, |up| up.depth) + 1 }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut way = Some(self);
        while let Some(here) = way {
            steps.push(match here.at {
                At::Field(name) => Step::Key(name.to_owned()),
                At::Key(bytes) => {
                    let text = Text { bytes, escaped: bytes.contains(&b'\\') };
                    Step::Key(string_of(&meant(text)))
                }
                At::Index(index) => Step::Index(index),
            });
            way = here.up;
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
    fn message(&mut self, message: Message, slotted: bool, way: Option<&Way<'_>>) -> Result<(), Malformed> {
        if way.is_some_and(|way| way.depth > MAX_DEPTH) {
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
                                // A name that comes twice: the last value counts.
                                self.set(slot, KEEP);
                            }
                            if token == Token::Null {
                                self.cursor.pass(token)?;
                            } else if let Some(field) = fields.get(here - 1) {
                                self.field(field, token, slot, size > 0, &Way::to(way, At::Field(row.name)))?;
                            }
                        }
                    }
                    // A newer server's field: kept as it is.
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

    /// Takes a key and says whose it is, by the number of its row. Whatever followed the same field the last time is tried first.
    #[inline]
    fn key(&mut self, rows: &'a [Row], before: usize) -> Result<Option<(usize, &'a Row)>, Malformed> {
        let next = rows.get(before).map_or(NOWHERE, |row| row.next.get());
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
        let name = meant(key);
        let found = rows.iter().enumerate().skip(1).find(|(_, row)| row.name.as_bytes() == &*name);
        if let (Some((here, _)), Some(row)) = (found, rows.get(before)) {
            row.next.set(u16::try_from(here).unwrap_or(NOWHERE));
        }
        Ok(found)
    }

    fn field(
        &mut self,
        field: &Field,
        token: Token,
        slot: Option<usize>,
        slotted: bool,
        way: &Way<'_>,
    ) -> Result<(), Malformed> {
        match (field.shape, token) {
            (Shape::One, _) => match field.kind {
                Kind::Message if token == Token::Object => {
                    self.block(slot);
                    self.message(field.message(), slotted, Some(way))
                }
                kind => self.value(kind, token, slot.map_or(Goal::Patch, Goal::Slot), way),
            },
            (Shape::List, Token::Array) => {
                self.block(slot);
                self.list(field, slotted, way)
            }
            (Shape::Map, Token::Object) => self.map(field, way),
            (Shape::List, _) => self.misfit("an array", token, way),
            (Shape::Map, _) => self.misfit("an object", token, way),
        }
    }

    /// Notes where the next block begins.
    fn block(&mut self, slot: Option<usize>) {
        if let Some(slot) = slot {
            let base = self.found.slots.len();
            self.set(slot, base as f64);
        }
    }

    fn list(&mut self, field: &Field, slotted: bool, way: &Way<'_>) -> Result<(), Malformed> {
        self.cursor.expect(b'[')?;
        if self.cursor.take(b']') {
            return Ok(());
        }
        for index in 0.. {
            self.element(field, slotted, &Way::to(Some(way), At::Index(index)))?;
            if !self.cursor.more(b']')? {
                break;
            }
        }
        Ok(())
    }

    fn map(&mut self, field: &Field, way: &Way<'_>) -> Result<(), Malformed> {
        self.cursor.expect(b'{')?;
        if self.cursor.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.cursor.string()?;
            self.cursor.expect(b':')?;
            self.element(field, false, &Way::to(Some(way), At::Key(key.bytes)))?;
            if !self.cursor.more(b'}')? {
                break;
            }
        }
        Ok(())
    }

    /// One element of a list or a map.
    fn element(&mut self, field: &Field, slotted: bool, way: &Way<'_>) -> Result<(), Malformed> {
        let token = self.cursor.peek()?;
        match (field.kind, token) {
            (_, Token::Null) => self.cursor.pass(token),
            (Kind::Message, Token::Object) => self.message(field.message(), slotted, Some(way)),
            (kind, _) => self.value(kind, token, Goal::Patch, way),
        }
    }

    /// One value that is not a message in good order.
    fn value(&mut self, kind: Kind, token: Token, goal: Goal, way: &Way<'_>) -> Result<(), Malformed> {
        match (kind, token) {
            (Kind::Date, Token::String) => self.date(goal, way),
            (Kind::Int64, Token::String) => self.int64(goal, way),
            (Kind::Int64 | Kind::Uint64, Token::Number) => self.bare_integer(kind, way),
            (Kind::Int32 | Kind::Uint32 | Kind::Double, Token::String) => self.number_in_quotes(kind, way),
            (kind, Token::String) if is_text(kind) => self.cursor.pass(token),
            (Kind::Enum | Kind::Int32 | Kind::Uint32 | Kind::Double, Token::Number)
            | (Kind::Bool, Token::True | Token::False)
            | (Kind::Any | Kind::Struct | Kind::Empty, Token::Object)
            | (Kind::Value, _) => self.cursor.pass(token),
            (kind, _) => self.misfit(expected(kind), token, way),
        }
    }

    fn date(&mut self, goal: Goal, way: &Way<'_>) -> Result<(), Malformed> {
        let text = meant(self.cursor.string()?);
        let millis = match parse_rfc3339(&text) {
            Some(millis) => millis,
            None if text.is_empty() => UNSET,
            None => {
                self.problem("a date as RFC 3339 has it", "other text", way);
                return Ok(());
            }
        };
        match goal {
            Goal::Slot(slot) => self.set(slot, millis),
            Goal::Patch if millis == UNSET => self.patch(Replacement::Unset, way),
            Goal::Patch => self.patch(Replacement::Date(millis as i64, string_of(&text)), way),
        }
        Ok(())
    }

    fn int64(&mut self, goal: Goal, way: &Way<'_>) -> Result<(), Malformed> {
        let text = string_of(&meant(self.cursor.string()?));
        match text.parse::<i64>() {
            Ok(value) if is_safe(value) => match goal {
                Goal::Slot(slot) => self.set(slot, value as f64),
                Goal::Patch => self.patch(Replacement::Number(text), way),
            },
            Ok(_) => self.problem("an integer within 2^53", "a larger one, kept as text", way),
            Err(_) => self.problem("an integer", "other text", way),
        }
        Ok(())
    }

    /// A 64-bit integer without quotes: `JSON.parse` would round it.
    fn bare_integer(&mut self, kind: Kind, way: &Way<'_>) -> Result<(), Malformed> {
        let digits = self.cursor.number().to_owned();
        if kind == Kind::Uint64 {
            self.patch(Replacement::Text(digits), way);
        } else if !digits.parse().is_ok_and(is_safe) {
            let whole = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            let found = if whole { "a larger one, kept as text" } else { "another number, kept as text" };
            self.problem("an integer within 2^53", found, way);
            self.patch(Replacement::Digits(digits), way);
        }
        Ok(())
    }

    /// `"5"` where a number belongs; for a double also `"NaN"` and `"Infinity"`, which is how proto JSON spells them.
    fn number_in_quotes(&mut self, kind: Kind, way: &Way<'_>) -> Result<(), Malformed> {
        let text = string_of(&meant(self.cursor.string()?));
        let fits = match kind {
            Kind::Double => matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") || is_number(text.as_bytes()),
            _ => text.parse().is_ok_and(is_safe),
        };
        if fits {
            self.patch(Replacement::Number(text), way);
        } else {
            self.problem(expected(kind), "other text", way);
        }
        Ok(())
    }

    fn misfit(&mut self, expected: &'static str, token: Token, way: &Way<'_>) -> Result<(), Malformed> {
        self.problem(expected, token.describe(), way);
        self.cursor.pass(token)
    }

    fn set(&mut self, slot: usize, value: f64) {
        if let Some(slot) = self.found.slots.get_mut(slot) {
            *slot = value;
        }
    }

    fn patch(&mut self, value: Replacement, way: &Way<'_>) {
        self.found.patches.push(Patch { path: way.steps(), value });
    }

    fn problem(&mut self, expected: &'static str, found: &'static str, way: &Way<'_>) {
        if self.found.problems.len() < MAX_PROBLEMS {
            self.found.problems.push(Problem { path: way.steps(), expected, found });
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
    /// Patches and problems as JSON:
    /// `{"patches":[[path,kind,text,milliseconds],...],"problems":[{path,expected,found},...],"more":n}`, where kind is `d` (the
    /// only one with milliseconds), `n`, `t`, `i` or `u`, in the order of [`Replacement`], and the text is what is replaced. Empty
    /// if there is nothing to say, which is nearly always.
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

/// The characters of a string: some writers escape what they need not, `+` in the offset of a date for one. What has no meaning,
/// such as half of a surrogate pair, stays as it stands.
#[inline]
fn meant(text: Text<'_>) -> Cow<'_, [u8]> {
    if !text.escaped {
        return text.bytes.into();
    }
    text.unescape().map_or(text.bytes.into(), |meant| meant.into_owned().into_bytes().into())
}

fn string_of(text: &[u8]) -> String {
    core::str::from_utf8(text).unwrap_or_default().to_owned()
}

/// A JavaScript number holds it exactly.
fn is_safe(value: i64) -> bool {
    value.unsigned_abs() <= MAX_SAFE
}

/// As JSON spells numbers: `-12.5e+3`.
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
