//! Redaction of a server's text, so that it can be part of an error message.

use super::paste;
use crate::steps;
use crate::wire::json::{Cursor, Token, push_string};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// The replacement for anything that may be a secret.
pub const REDACTED: &str = "[redacted]";

/// What is known about the secrets that may occur in a text.
pub struct Redactor<'a> {
    /// Whether a member or parameter of this name holds a secret, in addition to those of [`is_secret_name`].
    pub is_secret: &'a dyn Fn(&str) -> bool,
    /// The token that was sent with the request, because some servers repeat it.
    pub sent: &'a str,
}

impl core::fmt::Debug for Redactor<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Redactor")
    }
}

/// Redacts text like [`Redactor::line`], without knowledge of a particular API.
pub fn redact(text: &str, max: usize) -> String {
    Redactor { is_secret: &|_| false, sent: "" }.line(text, max)
}

impl Redactor<'_> {
    /// Returns at most `max` characters of the text on one line. Secrets are replaced as in [`Redactor::text`]; control
    /// and invisible characters become spaces. Nothing is cut before it is redacted, so a secret is never shown in
    /// part.
    pub fn line(&self, text: &str, max: usize) -> String {
        let mut out = String::new();
        for c in self.text(text).chars() {
            if visible(c) {
                out.push(c);
            } else if !out.ends_with(" ") {
                out.push(' ');
            }
            // No message needs more, however long a hostile body is.
            if out.len() > 4 * max + 8 {
                break;
            }
        }
        // All other white space has already become spaces.
        let out = out.trim_ascii();
        match out.char_indices().nth(max) {
            Some((end, _)) => {
                let mut cut = out.get(..end).unwrap_or_default().trim_ascii_end().to_owned();
                cut.push('\u{2026}');
                cut
            }
            None => out.to_owned(),
        }
    }

    /// Returns the text with `[redacted]` in place of whatever looks like a client secret, a JWT or a long key, and of
    /// whatever follows the name of a secret or an authentication scheme: in a form, a header, XML, quotes, or JSON,
    /// complete or truncated.
    pub fn text(&self, text: &str) -> String {
        let without;
        let text = if self.sent.len() >= 8 {
            without = replaced(text, self.sent);
            &without
        } else {
            text
        };
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        let mut last = "";
        // Text that consists of brackets alone would be read again and again, so the number of failed attempts is
        // limited.
        let mut tries = 8;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if tries > 0
                && let [b'{' | b'[', ..] = rest.as_bytes()
            {
                let json = Cursor::new(rest).value().unwrap_or_default();
                if let Some(redacted) = self.json(json).filter(|_| !json.is_empty()) {
                    out.push_str(&redacted);
                    at += json.len();
                    last = "";
                    continue;
                }
                tries -= 1;
            }
            let len = until(rest.as_bytes(), 0, &|b| !word_character(b));
            if len == 0 {
                // The bytes that end a run are ASCII, so a run ends between two characters.
                let end = until(rest.as_bytes(), 1, &|b| word_character(b) || matches!(b, b'{' | b'['));
                out.push_str(rest.get(..end).unwrap_or_default());
                at += end;
                continue;
            }
            let (run, after) = rest.split_at_checked(len).unwrap_or((rest, ""));
            if let Some((start, end)) = password_of_url(rest.as_bytes(), len) {
                out.push_str(rest.get(..start).unwrap_or_default());
                out.push_str(REDACTED);
                at += end;
                last = "";
                continue;
            }
            at += run.len();
            let mut name = run;
            while let Some(shorter) = name.strip_suffix(":").or(name.strip_suffix("=")) {
                name = shorter;
            }
            let equals = until(run.as_bytes(), 0, &|b| b == b'=');
            let mark = if equals < run.len() { equals } else { until(run.as_bytes(), 0, &|b| b == b':') };
            match mark {
                _ if suspicious(run.as_bytes()) || is_scheme(last) && opaque(run.as_bytes()) => out.push_str(REDACTED),
                // `name=value` or `name:value` in one word, or `user:password` in a curl command.
                mark if mark < name.len()
                    && (self.names_secret(run.get(..mark).unwrap_or_default()) || matches!(last, "-u" | "--user")) =>
                {
                    out.push_str(run.get(..=mark).unwrap_or_default());
                    out.push_str(REDACTED);
                }
                _ => {
                    out.push_str(run);
                    let marked = name.len() < run.len();
                    if self.names_secret(name)
                        && let Some((start, end)) = value_after(after, marked)
                    {
                        out.push_str(after.get(..start).unwrap_or_default());
                        out.push_str(REDACTED);
                        at += end;
                    }
                }
            }
            last = run;
        }
        out
    }

    /// Returns JSON text with the values of secret members replaced, and with the replacements of [`Redactor::text`] in
    /// all other strings, including JSON within them. A member such as `value` is secret if a sibling string names a
    /// secret: `{"field":"clientSecret","value":...}`. Truncated text is copied up to its end. Returns `None` if
    /// something other than JSON occurs between the strings, because it may be a secret.
    pub fn json(&self, text: &str) -> Option<String> {
        let mut found = Found { edits: Vec::new(), open: vec![Open::default()] };
        let end = self.find(text, &mut found)?;
        let Found { mut edits, open } = found;
        for rest in open.into_iter().filter(|open| open.names_secret) {
            hide(&mut edits, rest.values);
        }
        sort(&mut edits);
        Some(edited(text, edits, end))
    }

    /// Finds what to replace in JSON text, and returns the offset up to which the text may be shown; `None` if
    /// something other than JSON occurs between the strings.
    fn find(&self, text: &str, found: &mut Found) -> Option<usize> {
        let mut cursor = Cursor::new(text);
        // One flat pass over all tokens: a string followed by a colon is a member's name.
        while !cursor.at_end() {
            let start = cursor.offset();
            let Ok(string) = cursor.string() else {
                if !cursor.step_from(start) {
                    // The string does not end, so its content may be half a secret.
                    return Some(start);
                }
                match text.as_bytes().get(start) {
                    Some(brace @ (b'{' | b'[')) => found.begin(*brace == b'{'),
                    Some(b'}' | b']') => found.end(),
                    // Only punctuation and the characters of numbers and literals are allowed: no word that looks like
                    // a secret consists of them.
                    Some(byte) if !b",:-+.0123456789truefalsnE".contains(byte) => return None,
                    _ => {}
                }
                continue;
            };
            let shown = string.unescape().map_or_else(|| string.raw().to_owned(), Into::into);
            let after_string = cursor.offset();
            let safe = self.text(&shown);
            if safe != shown {
                let mut json = String::new();
                push_string(&mut json, &safe);
                // The cursor has passed the white space before the quote.
                let quote = after_string - string.bytes.len() - 2;
                found.edits.push((quote, after_string, Some(json)));
            }
            if cursor.take(b':') {
                if !self.member(text, &shown, &mut cursor, found) {
                    break;
                }
            } else if let Some(around) = found.open.last_mut().filter(|around| around.is_object) {
                let is_name = !shown.bytes().any(|b| b.is_ascii_whitespace());
                around.names_secret |= is_name && self.names_secret(&shown);
            }
        }
        Some(text.len())
    }

    /// Handles the value of a member, which is next: redacts it, notes it, or leaves it to the caller. Returns false if
    /// a secret value does not end.
    fn member(&self, text: &str, name: &str, cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
        let from = {
            let mut look = cursor.clone();
            let _ = look.at_end();
            look.offset()
        };
        let mut value = cursor.clone();
        let secret = match value.peek() {
            Ok(Token::True | Token::False | Token::Null) => false,
            _ if self.names_secret(name) => true,
            Ok(Token::String) => is_weak_name(name) && value.clone().string().is_ok_and(|text| opaque(text.bytes)),
            // If no value begins here, the caller finds out whether the text ends or is not JSON.
            Ok(_) | Err(_) => false,
        };
        if secret {
            let whole = value.skip().is_ok();
            found.edits.push((from, if whole { value.offset() } else { text.len() }, None));
            if whole {
                *cursor = value;
            }
            return whole;
        }
        if repeats_value(name)
            && found.open.len() < 64
            && value.skip().is_ok()
            && let Some(around) = found.open.last_mut()
        {
            around.values.push((from, value.offset()));
        }
        true
    }

    fn names_secret(&self, name: &str) -> bool {
        is_secret_name(name) || (self.is_secret)(name)
    }
}

/// A replacement for the text between two offsets; `None` stands for [`REDACTED`].
type Edit = (usize, usize, Option<String>);

/// Applies the edits, which are sorted, to the text up to `end`. An edit that begins within an earlier one is skipped.
fn edited(text: &str, edits: Vec<Edit>, end: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (start, stop, instead) in edits {
        if start >= copied {
            out.push_str(text.get(copied..start).unwrap_or_default());
            match instead {
                Some(text) => out.push_str(&text),
                None => ["\"", REDACTED, "\""].iter().for_each(|part| out.push_str(part)),
            }
            copied = stop;
        }
    }
    out.push_str(text.get(copied..end.max(copied)).unwrap_or_default());
    out
}

fn hide(edits: &mut Vec<Edit>, values: Vec<(usize, usize)>) {
    for (start, end) in values {
        edits.push((start, end, None));
    }
}

/// Sorts by start; of several edits with the same start, [`REDACTED`] comes first. This is a heap sort, because the
/// sorts of the standard library take 5 KB of code.
fn sort(edits: &mut [Edit]) {
    let key = |edits: &[Edit], at: usize| edits.get(at).map(|(start, _, text)| (*start, text.is_some()));
    let sift = |edits: &mut [Edit], mut at: usize, end: usize| {
        loop {
            let mut child = 2 * at + 1;
            if child + 1 < end && key(edits, child) < key(edits, child + 1) {
                child += 1;
            }
            if child >= end || key(edits, at) >= key(edits, child) {
                return;
            }
            edits.swap(at, child);
            at = child;
        }
    };
    let len = edits.len();
    for at in (0..len / 2).rev() {
        sift(edits, at, len);
    }
    for end in (1..len).rev() {
        edits.swap(0, end);
        sift(edits, 0, end);
    }
}

/// An object or array that is still open.
#[derive(Default)]
struct Open {
    is_object: bool,
    /// Whether a string in it is the name of a secret.
    names_secret: bool,
    /// The positions of the values that such a name may refer to.
    values: Vec<(usize, usize)>,
}

/// What was found in JSON text so far.
struct Found {
    edits: Vec<Edit>,
    /// The objects and arrays around the current position. The first one is the text itself.
    open: Vec<Open>,
}

impl Found {
    fn begin(&mut self, is_object: bool) {
        self.open.push(Open { is_object, ..Open::default() });
    }

    /// Closes the innermost object or array. What an object says about its own values may also apply to those of the
    /// object around it.
    fn end(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        let mut closed = self.open.pop().unwrap_or_default();
        if closed.names_secret {
            hide(&mut self.edits, closed.values);
            closed.values = Vec::new();
        }
        if let Some(around) = self.open.last_mut().filter(|around| around.is_object && closed.is_object) {
            around.names_secret |= closed.names_secret;
            around.values.append(&mut closed.values);
        }
    }
}

/// Returns the start and end of a secret's value in the text that follows its name, if there is one. `marked` says that
/// the name ends in a colon or an equals sign.
fn value_after(text: &str, mut marked: bool) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let is_quote = |b: u8| matches!(b, b'"' | b'\'' | b'`');
    let until = |from: usize, is_end: &dyn Fn(u8) -> bool| until(bytes, from, is_end);
    let past = |at: usize, skipped: &dyn Fn(u8) -> bool| until(at, &|b| !skipped(b));
    let is_space = |b: u8| b.is_ascii_whitespace();
    if byte(0) == b'>' {
        return Some((1, until(1, &|b| b == b'<'))).filter(|(start, end)| start < end);
    }
    // The quote that closes the name, after backslashes if this is JSON within JSON.
    let closing = past(0, &|b| b == b'\\');
    let quoted = !marked && is_quote(byte(closing));
    let mut at = past(if quoted { closing + 1 } else { 0 }, &is_space);
    if matches!(byte(at), b':' | b'=') {
        marked = true;
        at = past(at, &|b| matches!(b, b':' | b'=' | b'>'));
    }
    at = past(at, &is_space);
    if marked && matches!(byte(at), b'|' | b'>') {
        // A block of YAML.
        at = past(past(at, &|b| b"|>+-".contains(&b)), &is_space);
    } else if byte(at) == b'(' {
        // The argument of a function with this name.
        marked |= is_quote(byte(at + 1));
        at += 1;
    }
    let opening = past(at, &|b| b == b'\\');
    let quote = byte(opening);
    if is_quote(quote) {
        if quoted && !marked {
            return None;
        }
        let backslashes = opening - at;
        let mut end = opening + 1;
        loop {
            end = until(end, &|b| b == quote || b == b'\\');
            let close = past(end, &|b| b == b'\\');
            if end >= bytes.len() || byte(close) == quote && close - end == backslashes {
                return Some((opening + 1, end)).filter(|(start, end)| start < end);
            }
            end = if close > end { close + 1 } else { end + 1 }.min(bytes.len());
        }
    }
    if marked && quoted && matches!(quote, b'{' | b'[') {
        return Some((at, bytes.len()));
    }
    let end = until(at, &|b| !word_character(b));
    let word = bytes.get(at..end)?;
    let is_literal = matches!(word, b"true" | b"false" | b"null" | b"");
    if !is_literal && (marked && quoted || opaque(word)) { Some((at, end)) } else { None }
}

/// Returns the start and end of the password in a URL, `scheme://user:password@host`, whose scheme is in the first
/// `len` bytes. A user without a password counts as one if it may be a token.
fn password_of_url(bytes: &[u8], len: usize) -> Option<(usize, usize)> {
    let scheme = bytes.get(..len)?.windows(3).position(|three| three == b"://")?;
    let start = scheme + 3;
    let end = until(bytes, start, &|b| b.is_ascii_whitespace() || b"/?#\"'<>`\\".contains(&b));
    let host = start + bytes.get(start..end)?.iter().rposition(|b| *b == b'@')?;
    let colon = until(bytes, start, &|b| matches!(b, b':' | b'@'));
    let from = if colon < host { colon + 1 } else { start };
    let user_alone = colon >= host && !opaque(bytes.get(from..host)?);
    if user_alone || from >= host { None } else { Some((from, host)) }
}

/// Returns the position of the first matching byte at or after `from`, or the length if there is none.
#[inline(never)]
fn until(bytes: &[u8], from: usize, is_end: &dyn Fn(u8) -> bool) -> usize {
    let mut at = from.min(bytes.len());
    while bytes.get(at).is_some_and(|byte| !is_end(*byte)) {
        at += 1;
    }
    steps::add(at - from.min(bytes.len()) + 1);
    at
}

/// Returns `text` with `[redacted]` in place of each `secret`. It works on bytes, because a text search of `str` costs
/// 3 KB of code.
pub(super) fn replaced(text: &str, secret: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let (mut at, first) = (0, secret.bytes().next());
    while let Some(byte) = rest.as_bytes().get(at) {
        if Some(*byte) == first && rest.as_bytes().get(at..).is_some_and(|here| here.starts_with(secret.as_bytes())) {
            out.push_str(rest.get(..at).unwrap_or_default());
            out.push_str(REDACTED);
            rest = rest.get(at + secret.len()..).unwrap_or_default();
            at = 0;
        } else {
            at += 1;
        }
    }
    out.push_str(rest);
    out
}

/// Whether the word is an authentication scheme, which a secret may follow.
fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "dpop"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// Whether the word cannot be part of a sentence.
fn opaque(word: &[u8]) -> bool {
    word.len() >= 6 && word.iter().any(u8::is_ascii_digit) && word.iter().any(u8::is_ascii_alphabetic)
}

/// Returns the letters and digits of a name in lower case, so that `client_secret`, `clientSecret` and `Client-Secret`
/// compare equal.
fn normalized(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether the value of a member with this name must not be shown, in any API. This covers the names that documents
/// list, and all names that end like them.
pub fn is_secret_name(name: &str) -> bool {
    let normalized = normalized(name);
    const ENDINGS: [&str; 26] = [
        "secret",
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "token",
        "apikey",
        "privatekey",
        "secretkey",
        "signingkey",
        "encryptionkey",
        "plaintextkey",
        "assertion",
        "secretaccesskey",
        "encryptedcontent",
        "encryptedbytes",
        "authorization",
        "cookie",
        "pushauthtokenplaintext",
        "material",
        "signature",
        "connectionstring",
        "credentialsjson",
        "privatekeypem",
        "devicecode",
        "codeverifier",
    ];
    // Pagination tokens are not secret, and are useful to see.
    !matches!(normalized.as_str(), "pagetoken" | "nextpagetoken")
        && ENDINGS.iter().any(|ending| normalized.ends_with(ending))
}

/// Whether the name may be that of a secret. The value decides: it is secret if it cannot be part of a sentence.
fn is_weak_name(name: &str) -> bool {
    const NAMES: [&str; 13] = [
        "key",
        "code",
        "pin",
        "otp",
        "pass",
        "dsn",
        "session",
        "sessionid",
        "private",
        "credentials",
        "bearer",
        "jwt",
        "sig",
    ];
    let normalized = normalized(name);
    NAMES.contains(&normalized.as_str())
}

/// Whether a member with this name repeats the value of a field that a sibling member names.
fn repeats_value(name: &str) -> bool {
    const NAMES: [&str; 9] =
        ["value", "val", "actual", "actualvalue", "received", "given", "got", "input", "rejectedvalue"];
    let normalized = normalized(name);
    NAMES.contains(&normalized.as_str())
}

/// Whether the byte may be part of a token.
fn word_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.+/=:~".contains(&byte)
}

/// Whether the character is visible: not a control character, a line separator, or one that hides or reorders its
/// surroundings.
fn visible(c: char) -> bool {
    !(c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
}

/// Whether the word looks like a secret. A JWT is recognized by its first characters (`{"` in base64) and a key by its
/// length: no UUID and hardly any name has 40 characters. A path may have that many, so a word with slashes must also
/// mix characters as base64 does.
fn suspicious(word: &[u8]) -> bool {
    let jwt = |part: &[u8]| part.starts_with(b"eyJ") && part.len() >= 16;
    let mixed = |part: &[u8]| {
        [u8::is_ascii_uppercase, u8::is_ascii_lowercase, u8::is_ascii_digit].iter().all(|class| part.iter().any(class))
    };
    paste::has_secret(word)
        || word.split(|b| b".:=/".contains(b)).any(|part| jwt(part) || part.len() >= 40)
        || word.split(|b| b".:=".contains(b)).any(|part| part.len() >= 40 && mixed(part))
}
