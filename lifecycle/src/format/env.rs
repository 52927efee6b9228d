//! Files of `NAME=value` lines, in the dialects of their readers, which have little in common.
//!
//! | dialect | reader | values |
//! |---|---|---|
//! | portable | all of the below | characters that none of them treats specially, without quotes |
//! | dotenv | npm `dotenv` | bare, or in `'`, `"` or `` ` ``, with no escapes but `\n` and `\r` in `"` |
//! | docker | `docker run --env-file` | taken literally: quotes are part of the value |
//! | systemd | `EnvironmentFile=` | in `"`, with `\` before `"`, `\`, `` ` `` and `$` |
//! | shell | `source`, `.` | in `'`, with `'\''` for `'` |

use super::{Error, Result};
use std::ops::Range;

/// The dialect of a file, named after its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// All readers: only values that need no quotes anywhere.
    Portable,
    /// npm's `dotenv`.
    Dotenv,
    /// `docker run --env-file`.
    Docker,
    /// `EnvironmentFile=` of systemd.
    Systemd,
    /// `source` and `.` of a POSIX shell.
    Shell,
}

impl Dialect {
    /// Returns the dialect of this name.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "portable" => Self::Portable,
            "dotenv" => Self::Dotenv,
            "docker" => Self::Docker,
            "systemd" => Self::Systemd,
            "shell" => Self::Shell,
            _ => return None,
        })
    }
}

/// One assignment of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The name of the variable.
    pub name: String,
    /// The value as its reader sees it; `None` if only a shell can determine it, such as `$(date)`.
    pub value: Option<String>,
    /// The position of the value in the text, including its quotes.
    pub span: Range<usize>,
}

/// Returns the assignments that readers of the dialect find in a text, in order. The last assignment of a name counts.
pub fn parse(dialect: Dialect, text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        let end = line_end(text, at);
        let next = match assignment(dialect, text, at, end) {
            Line::Assignment(assignment) => {
                let after = assignment.span.end;
                found.push(assignment);
                line_end(text, after)
            }
            Line::Other(end) => end,
        };
        at = next + 1;
    }
    found
}

enum Line {
    Assignment(Assignment),
    /// A comment, or anything that is not understood, up to this line end.
    Other(usize),
}

fn assignment(dialect: Dialect, text: &str, begin: usize, end: usize) -> Line {
    let line = slice(text, begin..end);
    let trimmed = line.trim_start_matches([' ', '\t']);
    let mut at = begin + (line.len() - trimmed.len());
    let comment = trimmed.starts_with('#') || dialect == Dialect::Systemd && trimmed.starts_with(';');
    if comment {
        // A backslash at the end of a line continues a comment, too.
        let mut end = end;
        if dialect == Dialect::Systemd {
            let mut from = begin;
            while slice(text, from..end).ends_with('\\') && end < text.len() {
                from = end + 1;
                end = line_end(text, from);
            }
        }
        return Line::Other(end);
    }
    if matches!(dialect, Dialect::Dotenv | Dialect::Shell | Dialect::Portable)
        && let Some(rest) = slice(text, at..end).strip_prefix("export")
        && rest.starts_with([' ', '\t'])
    {
        at = end - rest.trim_start_matches([' ', '\t']).len();
    }
    let rest = slice(text, at..end);
    let length = rest.find(|c: char| !is_name(c, dialect)).unwrap_or(rest.len());
    let (name, rest) = (slice(rest, 0..length), slice(rest, length..rest.len()));
    if name.is_empty() {
        return Line::Other(end);
    }
    let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let after = slice(rest, spaces..rest.len());
    let skip = match after.chars().next() {
        Some('=') if spaces == 0 || matches!(dialect, Dialect::Dotenv | Dialect::Systemd) => spaces + 1,
        Some(':')
            if dialect == Dialect::Dotenv && spaces == 0 && (after.starts_with(": ") || after.starts_with(":\t")) =>
        {
            1
        }
        _ => return Line::Other(end),
    };
    let from = at + length + skip;
    let (value, span) = match dialect {
        Dialect::Dotenv => dotenv(text, from, end),
        Dialect::Docker => {
            let value = slice(text, from..end);
            let value = value.strip_suffix('\r').unwrap_or(value);
            (Some(value.to_owned()), from..from + value.len())
        }
        Dialect::Systemd => systemd(text, from),
        Dialect::Shell | Dialect::Portable => shell(text, from),
    };
    Line::Assignment(Assignment { name: name.to_owned(), value, span })
}

fn is_name(c: char, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Docker => c != '=' && !c.is_whitespace(),
        Dialect::Dotenv => c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'),
        _ => c.is_ascii_alphanumeric() || c == '_',
    }
}

/// Parses a value like the regular expression that the package `dotenv` has used since version 15.
fn dotenv(text: &str, from: usize, end: usize) -> (Option<String>, Range<usize>) {
    let line = slice(text, from..end);
    let lead = line.len() - line.trim_start_matches([' ', '\t']).len();
    let begin = from + lead;
    if let Some(quote @ ('\'' | '"' | '`')) = slice(text, begin..end).chars().next()
        && let Some(close) = closing(text, begin + 1, quote)
    {
        let inner = slice(text, begin + 1..close).replace("\r\n", "\n").replace('\r', "\n");
        let value = if quote == '"' { inner.replace("\\n", "\n").replace("\\r", "\r") } else { inner };
        return (Some(value), begin..close + 1);
    }
    let bare = line.find('#').map_or(line, |comment| slice(line, 0..comment));
    let trimmed = bare.trim_start().trim_end();
    let begin = from + (bare.len() - bare.trim_start().len()).min(bare.len());
    (Some(trimmed.to_owned()), begin..begin + trimmed.len())
}

/// Finds the quote that ends a value: the first one without a preceding backslash or, failing that, the last one with a
/// backslash, if only a comment follows on its line.
fn closing(text: &str, from: usize, quote: char) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut escaped = Vec::new();
    let mut at = from;
    let mut plain = None;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && bytes.get(at + 1) == Some(&(quote as u8)) {
            escaped.push(at + 1);
            at += 2;
        } else if byte == quote as u8 {
            plain = Some(at);
            break;
        } else {
            at += 1;
        }
    }
    plain.into_iter().chain(escaped.into_iter().rev()).find(|&close| {
        let rest = slice(text, close + 1..line_end(text, close)).trim_start();
        rest.is_empty() || rest.starts_with('#')
    })
}

/// Parses a value like `parse_env_file` of systemd.
fn systemd(text: &str, from: usize) -> (Option<String>, Range<usize>) {
    let mut value = String::new();
    // The length of the value up to its last byte that is not a space outside of quotes.
    let mut kept = 0;
    let (mut state, mut end, mut begin) = (State::Before, from, from);
    let mut started = false;
    for (index, c) in slice(text, from..text.len()).char_indices() {
        let at = from + index;
        let newline = c == '\n' || c == '\r';
        match state {
            State::Before | State::Bare if newline => break,
            State::Before if c == ' ' || c == '\t' => continue,
            State::Before | State::Bare if c == '\\' => state = State::BareEscape,
            State::Before if c == '\'' => state = State::Single,
            State::Before if c == '"' => state = State::Double,
            State::Before | State::Bare => {
                state = State::Bare;
                value.push(c);
                if c != ' ' && c != '\t' {
                    kept = value.len();
                }
            }
            State::BareEscape => {
                state = State::Bare;
                if !newline {
                    value.push(c);
                    kept = value.len();
                }
            }
            State::Single if c == '\'' => {
                state = State::Before;
                kept = value.len();
            }
            State::Double if c == '"' => {
                state = State::Before;
                kept = value.len();
            }
            State::Double if c == '\\' => state = State::DoubleEscape,
            State::Single | State::Double => value.push(c),
            State::DoubleEscape => {
                state = State::Double;
                if matches!(c, '"' | '\\' | '`' | '$') {
                    value.push(c);
                } else if !newline {
                    value.push('\\');
                    value.push(c);
                }
            }
        }
        if !started {
            started = true;
            begin = at;
        }
        end = at + c.len_utf8();
    }
    if state == State::Bare {
        let trimmed = slice(text, begin..end).trim_end_matches([' ', '\t']).len();
        end = begin + trimmed;
        value.truncate(kept);
    }
    (Some(value), begin..end)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A position in which a quote begins a quoted part.
    Before,
    Bare,
    BareEscape,
    Single,
    Double,
    DoubleEscape,
}

/// Parses a value by the rules of POSIX shells, as far as it can be determined without executing anything.
fn shell(text: &str, from: usize) -> (Option<String>, Range<usize>) {
    let mut value = Some(String::new());
    let mut push = |c: Option<char>| match (&mut value, c) {
        (Some(value), Some(c)) => value.push(c),
        (value, None) => *value = None,
        (None, _) => {}
    };
    let mut state = State::Bare;
    let mut end = text.len();
    for (index, c) in slice(text, from..text.len()).char_indices() {
        match state {
            State::Bare | State::Before => match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => {
                    end = from + index;
                    break;
                }
                '\'' => state = State::Single,
                '"' => state = State::Double,
                '\\' => state = State::BareEscape,
                '$' | '`' | '~' => push(None),
                _ => push(Some(c)),
            },
            State::BareEscape => {
                state = State::Bare;
                if c != '\n' {
                    push(Some(c));
                }
            }
            State::Single if c == '\'' => state = State::Bare,
            State::Single => push(Some(c)),
            State::Double => match c {
                '"' => state = State::Bare,
                '\\' => state = State::DoubleEscape,
                '$' | '`' => push(None),
                _ => push(Some(c)),
            },
            State::DoubleEscape => {
                state = State::Double;
                if !matches!(c, '"' | '\\' | '`' | '$' | '\n') {
                    push(Some('\\'));
                }
                if c != '\n' {
                    push(Some(c));
                }
            }
        }
    }
    if matches!(state, State::Single | State::Double | State::DoubleEscape | State::BareEscape) {
        push(None);
    }
    (value, from..end)
}

/// Returns a value in the form in which it follows `NAME=`.
///
/// # Errors
/// Fails if the dialect's readers would not get back exactly this value.
pub fn quote(dialect: Dialect, value: &str) -> Result<String> {
    if value.contains('\0') {
        return Err(Error::refused("the value has a NUL character, which no environment variable can hold"));
    }
    let refuse = |why: &str| Err(Error::refused(why.to_owned()));
    match dialect {
        Dialect::Portable if value.is_empty() || value.chars().all(plain) => Ok(value.to_owned()),
        Dialect::Portable => refuse(
            "the value has characters that readers of .env files treat differently; name the reader of the file: dotenv, docker, systemd or shell",
        ),
        Dialect::Docker if value.contains(['\n', '\r']) => {
            refuse("the value has a line end, which docker --env-file cannot carry")
        }
        Dialect::Docker => Ok(value.to_owned()),
        Dialect::Systemd if value.chars().any(|c| c.is_ascii_control() && c != '\n' && c != '\t') => {
            refuse("the value has a control character, which systemd refuses in environment variables")
        }
        Dialect::Systemd if !value.is_empty() && value.chars().all(plain) => Ok(value.to_owned()),
        Dialect::Systemd => Ok(enclosed('"', value, |c| matches!(c, '"' | '\\' | '`' | '$'))),
        Dialect::Shell if !value.is_empty() && value.chars().all(plain) => Ok(value.to_owned()),
        Dialect::Shell => Ok(format!("'{}'", value.replace('\'', "'\\''"))),
        Dialect::Dotenv if value.chars().all(plain) => Ok(value.to_owned()),
        Dialect::Dotenv => {
            // A backslash before the closing quote would escape it.
            let quotes = ['\'', '`', '"'].into_iter().filter(|_| !value.ends_with('\\'));
            for quote in quotes {
                let clean = !value.contains([quote, '\r']);
                // In double quotes, these two escapes become line ends, and a backslash cannot be escaped.
                if clean && (quote != '"' || !value.contains("\\n") && !value.contains("\\r")) {
                    return Ok(format!("{quote}{value}{quote}"));
                }
            }
            // A carriage return can only be written as an escape.
            if !value.contains('"') && !value.contains("\\n") && !value.contains("\\r") && !value.ends_with('\\') {
                return Ok(format!("\"{}\"", value.replace('\r', "\\r")));
            }
            let bare = !value.contains(['#', '\n', '\r', '\u{2028}', '\u{2029}'])
                && value.trim() == value
                && value.trim_matches('\u{feff}') == value
                && !value.starts_with(['\'', '"', '`']);
            if bare {
                return Ok(value.to_owned());
            }
            refuse(
                "the value has all three kinds of quotes, or line ends or backslashes that npm dotenv cannot carry beside them",
            )
        }
    }
}

fn enclosed(quote: char, value: &str, escaped: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push(quote);
    for c in value.chars() {
        if escaped(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push(quote);
    out
}

/// Returns whether no reader treats the character specially, anywhere in a value.
fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | ':' | '@' | '%' | '+' | ',' | '=' | '-')
}

/// Sets values in a text: in place if the name is already assigned, at the end otherwise. Everything else is left
/// exactly as it is.
///
/// # Errors
/// Fails if a name or a value cannot be represented, or if readers of the text would not find exactly the requested
/// change, for example because a quote is never closed.
pub fn merge(dialect: Dialect, text: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut merged = text.to_owned();
    for (name, value) in values {
        let first_bad = name.chars().next().is_none_or(|c| c.is_ascii_digit());
        if first_bad || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Error::refused(format!("{name:?} is not the name of a variable: letters, digits and _")));
        }
        let quoted = quote(dialect, value).map_err(|error| Error { message: format!("{name}: {error}"), ..error })?;
        let before = parse(dialect, &merged);
        // Proceeds from the end so that the earlier positions stay valid.
        let places: Vec<_> =
            before.iter().filter(|found| found.name == *name).map(|found| found.span.clone()).collect();
        for span in places.iter().rev() {
            merged.replace_range(span.clone(), &quoted);
        }
        if places.is_empty() {
            let end = if text.contains("\r\n") && dialect != Dialect::Shell { "\r\n" } else { "\n" };
            if !merged.is_empty() && !merged.ends_with('\n') {
                merged.push_str(end);
            }
            merged.push_str(&format!("{name}={quoted}{end}"));
        }
        let mut wanted: Vec<_> = before.into_iter().map(|found| (found.name, found.value)).collect();
        for entry in wanted.iter_mut().filter(|entry| entry.0 == *name) {
            entry.1 = Some((*value).to_owned());
        }
        if places.is_empty() {
            wanted.push(((*name).to_owned(), Some((*value).to_owned())));
        }
        let after: Vec<_> = parse(dialect, &merged).into_iter().map(|found| (found.name, found.value)).collect();
        if after != wanted {
            return Err(Error::malformed(format!(
                "{name} cannot be put into this text: something in it, such as a quote that is never closed, changes what follows"
            )));
        }
    }
    Ok(merged)
}

fn line_end(text: &str, from: usize) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    rest.iter().position(|&byte| byte == b'\n').map_or(text.len(), |at| from + at)
}

fn slice(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}
