//! A cursor over JSON text. It finds where values begin and end but does not build them, and leaves the final decision
//! on well-formedness to the parser that runs afterwards.

use crate::steps;
use alloc::{borrow::Cow, string::String};

/// The error for text that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// The offset of the offending byte.
    pub offset: usize,
}

/// The deepest nesting that is accepted. No API sends more, and the bound keeps hostile text from exhausting the stack.
pub const MAX_DEPTH: usize = 192;

/// A string token, without its quotes.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// The bytes as they are in the JSON text. They are UTF-8 if the sender obeys the standard.
    pub bytes: &'a [u8],
    /// Whether it contains a backslash.
    pub escaped: bool,
}

/// The type of the next value, as determined by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the variants say everything")]
pub enum Token {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

impl Token {
    /// Returns a name for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::True | Self::False => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A position in JSON text. The cursor reads bytes: checking that megabytes are UTF-8 would cost as much as reading
/// them, so only the parts that are used are checked.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Remains 0 as long as all strings are ASCII.
    beyond_ascii: u32,
}

// A build for the browser lowers the inlining threshold of `#[inline]` hints (`xtask/src/build/tools.rs`), so whatever
// runs for every byte or every value is marked `#[inline(always)]`.
impl<'a> Cursor<'a> {
    /// Creates a cursor at the start of `text`, after a byte order mark.
    pub fn new(text: &'a str) -> Self {
        Self::from_bytes(text.as_bytes())
    }

    /// Creates a cursor at the start of bytes that should be UTF-8.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        Self { bytes, at, beyond_ascii: 0 }
    }

    /// Whether all strings so far consist of ASCII.
    pub fn only_ascii(&self) -> bool {
        self.beyond_ascii == 0
    }

    /// Returns the current offset.
    pub fn offset(&self) -> usize {
        self.at
    }

    #[inline]
    fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    fn malformed<T>(&self) -> Result<T, Malformed> {
        Err(Malformed { offset: self.at })
    }

    #[inline(always)]
    fn byte(&self) -> u8 {
        steps::add(1);
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        // Without white space, as in machine-written JSON, this takes a single comparison.
        while self.byte() <= b' ' && matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Skips white space and returns the type of the value that follows.
    ///
    /// # Errors
    /// Fails if no value begins here.
    #[inline(always)]
    pub fn peek(&mut self) -> Result<Token, Malformed> {
        self.skip_space();
        Ok(match self.byte() {
            b'"' => Token::String,
            b'{' => Token::Object,
            b'[' => Token::Array,
            b'-' | b'0'..=b'9' => Token::Number,
            b't' => Token::True,
            b'f' => Token::False,
            b'n' => Token::Null,
            _ => return self.malformed(),
        })
    }

    /// Calls [`Cursor::peek`] without inlining it, for use outside of hot loops.
    ///
    /// # Errors
    /// Fails if no value begins here.
    #[inline(never)]
    pub fn token(&mut self) -> Result<Token, Malformed> {
        self.peek()
    }

    /// Takes `byte` if it is next, ignoring white space.
    #[inline(always)]
    pub fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let taken = self.byte() == byte;
        if taken {
            self.at += 1;
        }
        taken
    }

    /// Takes `byte`.
    ///
    /// # Errors
    /// Fails if another byte is next.
    #[inline(always)]
    pub fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.take(byte) { Ok(()) } else { self.malformed() }
    }

    /// Takes the separator between two members or elements. Returns true after a comma and false after `close`.
    ///
    /// # Errors
    /// Fails if neither is next.
    #[inline(always)]
    pub fn more(&mut self, close: u8) -> Result<bool, Malformed> {
        if self.take(b',') {
            Ok(true)
        } else if self.take(close) {
            Ok(false)
        } else {
            self.malformed()
        }
    }

    /// Whether nothing but white space is left.
    pub fn at_end(&mut self) -> bool {
        self.skip_space();
        self.at >= self.bytes.len()
    }

    /// Takes a string.
    ///
    /// # Errors
    /// Fails if no string begins here or it does not end.
    pub fn string(&mut self) -> Result<Text<'a>, Malformed> {
        self.skip_space();
        if self.byte() != b'"' {
            return self.malformed();
        }
        let start = self.at + 1;
        let escaped = self.pass_string()?;
        let bytes = self.bytes.get(start..self.at - 1).unwrap_or_default();
        Ok(Text { bytes, escaped })
    }

    /// Skips the string whose quote is the next byte. Returns whether it contains a backslash.
    ///
    /// # Errors
    /// Fails if the string does not end.
    #[inline(always)]
    pub fn pass_string(&mut self) -> Result<bool, Malformed> {
        let mut escaped = false;
        self.at += 1;
        loop {
            let run = plain_run(self.bytes.get(self.at..).unwrap_or_default(), &mut self.beyond_ascii);
            steps::add(run);
            self.at += run;
            match self.byte() {
                b'"' => {
                    self.at += 1;
                    return Ok(escaped);
                }
                b'\\' if self.at + 1 < self.bytes.len() => {
                    escaped = true;
                    self.at += 2;
                }
                _ => return self.malformed(),
            }
        }
    }

    /// Goes back to `start` and skips white space and one byte, for a reader that only looks for strings. Returns false
    /// if that byte begins a string, or if nothing is left.
    pub fn step_from(&mut self, start: usize) -> bool {
        self.at = start;
        self.skip_space();
        let found = self.bytes.get(self.at);
        self.at += usize::from(found.is_some());
        found.is_some_and(|byte| *byte != b'"')
    }

    /// Takes `"name":` if exactly that is next, for a reader that knows the order of the members.
    #[inline]
    pub fn take_key(&mut self, name: &str) -> bool {
        self.skip_space();
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.split_at_checked(name.len() + 1).is_some_and(|(quoted, rest)| {
            rest.first_chunk() == Some(b"\":")
                && quoted.split_first().is_some_and(|(quote, text)| *quote == b'"' && same(text, name.as_bytes()))
        });
        if taken {
            self.at += name.len() + 3;
        }
        taken
    }

    /// Takes this text if it is next.
    #[inline(always)]
    pub fn take_text(&mut self, text: &[u8]) -> bool {
        self.skip_space();
        let taken = self.bytes.get(self.at..self.at + text.len()).is_some_and(|here| same(here, text));
        if taken {
            self.at += text.len();
        }
        taken
    }

    /// Takes a number and returns its text.
    #[inline]
    pub fn number(&mut self) -> &'a str {
        let start = self.at;
        while matches!(self.byte(), b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') {
            self.at += 1;
        }
        text_of(self.since(start))
    }

    /// Takes `true`, `false` or `null`.
    #[inline]
    fn word<const N: usize>(&mut self, word: &[u8; N]) -> Result<(), Malformed> {
        if self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) == Some(word) {
            self.at += N;
            Ok(())
        } else {
            self.malformed()
        }
    }

    /// Takes any value and returns its text.
    ///
    /// # Errors
    /// Fails if no value begins here or it does not end.
    pub fn value(&mut self) -> Result<&'a str, Malformed> {
        self.token()?;
        let start = self.at;
        self.skip()?;
        Ok(text_of(self.since(start)))
    }

    /// Advances to the position of a copy of this cursor, and returns the bytes in between.
    pub fn take_to(&mut self, there: &Self) -> &'a [u8] {
        let start = core::mem::replace(&mut self.at, there.at);
        self.since(start)
    }

    /// Skips any value.
    ///
    /// # Errors
    /// Fails if no value begins here or it does not end.
    pub fn skip(&mut self) -> Result<(), Malformed> {
        let token = self.peek()?;
        self.pass(token)
    }

    /// Skips the value that [`Cursor::peek`] has just found.
    ///
    /// # Errors
    /// Fails if the value does not end.
    #[inline]
    pub fn pass(&mut self, token: Token) -> Result<(), Malformed> {
        match token {
            Token::String => {
                self.pass_string()?;
            }
            Token::Number => {
                self.number();
            }
            Token::True => self.word(b"true")?,
            Token::False => self.word(b"false")?,
            Token::Null => self.word(b"null")?,
            // Brackets are counted but not paired, because the parser that runs afterwards pairs them.
            Token::Object | Token::Array => {
                let mut depth = 0usize;
                loop {
                    match self.byte() {
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => {
                            depth = depth.saturating_sub(1);
                            if depth == 0 {
                                self.at += 1;
                                break;
                            }
                        }
                        b'"' => {
                            self.pass_string()?;
                            continue;
                        }
                        0 => return self.malformed(),
                        _ => {}
                    }
                    self.at += 1;
                }
            }
        }
        Ok(())
    }
}

/// The members of an object, one key at a time. The caller takes each value before it asks for the next key.
#[derive(Debug)]
pub struct Members {
    begun: bool,
    done: bool,
}

impl Members {
    /// Takes the opening brace.
    ///
    /// # Errors
    /// Fails if no object begins here.
    pub fn begin(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        cursor.expect(b'{')?;
        Ok(Self { begun: false, done: cursor.take(b'}') })
    }

    /// Records that the caller has read a whole member itself, including the comma before it.
    pub fn passed(&mut self) {
        self.begun = true;
    }

    /// Takes the next key; `None` after the closing brace.
    ///
    /// # Errors
    /// Fails if neither is next.
    pub fn next<'a>(&mut self, cursor: &mut Cursor<'a>) -> Result<Option<Text<'a>>, Malformed> {
        if !self.done && self.begun {
            self.done = !cursor.more(b'}')?;
        }
        self.begun = true;
        if self.done {
            return Ok(None);
        }
        let key = cursor.string()?;
        cursor.expect(b':')?;
        Ok(Some(key))
    }
}

/// Returns the bytes as text; empty if they are not UTF-8.
fn text_of(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}

/// Compares two texts of equal length. In WebAssembly, a comparison of slices is a call that proceeds byte by byte,
/// which is slow for short names.
#[inline]
pub fn same(text: &[u8], name: &[u8]) -> bool {
    // The last word may overlap the previous one.
    if let (Some(last), Some(other)) = (text.last_chunk::<8>(), name.last_chunk::<8>()) {
        u64::from_le_bytes(*last) == u64::from_le_bytes(*other)
            && text
                .as_chunks::<8>()
                .0
                .iter()
                .zip(name.as_chunks::<8>().0)
                .all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
    } else if let (Some(last), Some(other)) = (text.last_chunk::<4>(), name.last_chunk::<4>()) {
        u32::from_le_bytes(*last) == u32::from_le_bytes(*other) && text.first_chunk::<4>() == name.first_chunk::<4>()
    } else {
        text.iter().zip(name).all(|(a, b)| a == b)
    }
}

/// Returns the number of bytes before the next quote or backslash, sixteen at a time. Sets a bit of `beyond_ascii` if
/// one of the visited bytes is not ASCII.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
fn plain_run(bytes: &[u8], beyond_ascii: &mut u32) -> usize {
    let (blocks, tail) = bytes.as_chunks::<16>();
    let mut passed = 0;
    for block in blocks {
        let (ends, high) = marks(*block);
        *beyond_ascii |= high;
        if ends != 0 {
            return passed + ends.trailing_zeros() as usize;
        }
        passed += 16;
    }
    for byte in tail {
        *beyond_ascii |= u32::from(byte >> 7);
        if matches!(byte, b'"' | b'\\') {
            break;
        }
        passed += 1;
    }
    passed
}

/// Returns two bit masks: the bytes that are a quote or a backslash, and the bytes that are not ASCII.
#[cfg(target_arch = "wasm32")]
#[inline]
#[target_feature(enable = "simd128")]
fn marks(block: [u8; 16]) -> (u32, u32) {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128_or};
    let block = u128::from_le_bytes(block);
    let block = u64x2(block as u64, (block >> 64) as u64);
    let ends = v128_or(u8x16_eq(block, u8x16_splat(b'"')), u8x16_eq(block, u8x16_splat(b'\\')));
    (u8x16_bitmask(ends).into(), u8x16_bitmask(block).into())
}

#[cfg(not(target_arch = "wasm32"))]
fn marks(block: [u8; 16]) -> (u32, u32) {
    let bits = |test: fn(u8) -> bool| block.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(test(*byte)));
    (bits(|byte| matches!(byte, b'"' | b'\\')), bits(|byte| !byte.is_ascii()))
}

impl<'a> Text<'a> {
    /// Returns the characters as they are in the JSON text; empty if they are not UTF-8.
    pub fn raw(&self) -> &'a str {
        text_of(self.bytes)
    }

    /// Returns the characters that the text stands for; `None` for a bad escape or half of a surrogate pair.
    pub fn unescape(&self) -> Option<Cow<'a, str>> {
        let raw = self.raw();
        if !self.escaped {
            return Some(raw.into());
        }
        let mut out = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.bytes().position(|b| b == b'\\') {
            out.push_str(rest.get(..at)?);
            let escape = rest.get(at + 1..)?;
            let mut chars = escape.chars();
            let (decoded, len) = match chars.next()? {
                'n' => ('\n', 1),
                'r' => ('\r', 1),
                't' => ('\t', 1),
                'b' => ('\u{8}', 1),
                'f' => ('\u{c}', 1),
                'u' => {
                    let unit = hex4(escape.get(1..5)?)?;
                    if (0xd800..0xdc00).contains(&unit) {
                        let low = hex4(escape.get(5..11)?.strip_prefix("\\u")?)?;
                        if !(0xdc00..0xe000).contains(&low) {
                            return None;
                        }
                        (char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?, 11)
                    } else {
                        (char::from_u32(unit)?, 5)
                    }
                }
                c @ ('"' | '\\' | '/') => (c, 1),
                _ => return None,
            };
            out.push(decoded);
            rest = escape.get(len..)?;
        }
        out.push_str(rest);
        Some(out.into())
    }
}

fn hex4(digits: &str) -> Option<u32> {
    if digits.bytes().all(|b| b.is_ascii_hexdigit()) { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// Formats a whole number in decimal like `to_string`, but without the formatting code of the standard library, which
/// takes 1.5 KB.
#[inline(never)]
pub fn decimal(number: i64) -> String {
    let mut digits = [0; 20];
    let (mut rest, mut len) = (number.unsigned_abs(), 0);
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        len += 1;
        if rest == 0 {
            break;
        }
    }
    let digits = digits.get(digits.len() - len..).unwrap_or_default();
    let mut out = String::with_capacity(20);
    if number < 0 {
        out.push('-');
    }
    out.push_str(text_of(digits));
    out
}

/// Appends `text` as a JSON string, quotes included.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                out.push_str("\\u00");
                for nibble in [c as u32 >> 4, c as u32 & 15] {
                    out.push(char::from_digit(nibble, 16).unwrap_or('0'));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
