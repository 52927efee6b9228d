//! Reads and changes one string of a JSON text, and leaves everything around it exactly as it is.

use super::{Error, Result, quote};
use serde_json::Value;
use std::ops::Range;

/// Returns the string at a path of keys; `None` if there is none, or the value is not a string.
///
/// # Errors
/// Fails if the text is not JSON.
pub fn read(text: &str, path: &[String]) -> Result<Option<String>> {
    let value: Value = checked(text)?;
    Ok(path
        .iter()
        .try_fold(&value, |value, key| value.as_object()?.get(key))
        .and_then(Value::as_str)
        .map(str::to_owned))
}

/// Sets a string at a path of keys. Missing objects on the path are created; an empty text becomes an object.
///
/// # Errors
/// Fails if the text is not JSON, or if a value on the path is not an object.
pub fn write(text: &str, path: &[String], value: &str) -> Result<String> {
    if path.is_empty() {
        return Err(Error::refused("the path has no key"));
    }
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    checked(text)?;
    let mut at = skip(text, start(text));
    let mut keys = path.iter();
    while let Some(key) = keys.next() {
        if text.as_bytes().get(at) != Some(&b'{') {
            return Err(Error::malformed(format!(
                "the value at {} is not an object",
                shown(path, path.len() - keys.len() - 1)
            )));
        }
        let members = members(text, at);
        // Of several members with the same name, readers take the last one.
        match members.entries.iter().rev().find(|(name, _)| name == key) {
            Some((_, span)) if keys.len() == 0 => {
                let mut text = text.to_owned();
                text.replace_range(span.clone(), &quote::json(value));
                return Ok(text);
            }
            Some((_, span)) => at = span.start,
            None => {
                let rest: Vec<&String> = keys.collect();
                let mut made = quote::json(value);
                for key in rest.iter().rev() {
                    made = format!("{{{}: {made}}}", quote::json(key));
                }
                return Ok(insert(text, &members, &format!("{}: {made}", quote::json(key))));
            }
        }
    }
    Err(Error::refused("the path has no key"))
}

/// Adds a member at the end of an object, in the style of the object.
fn insert(text: &str, members: &Members, member: &str) -> String {
    let mut text = text.to_owned();
    match members.entries.last() {
        // The text between the brace and the first name is repeated before the new name.
        Some((_, span)) => {
            let space = text.get(members.open + 1..members.first).unwrap_or_default().to_owned();
            text.insert_str(span.end, &format!(",{}{member}", if space.is_empty() { " " } else { &space }));
        }
        None => text.replace_range(members.open + 1..members.close, member),
    }
    text
}

fn checked(text: &str) -> Result<Value> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    // The message names a line and a column, but no content.
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        Error::malformed(format!("the text is not JSON: line {}, column {}", error.line(), error.column()))
    })
}

struct Members {
    /// The position of the opening brace.
    open: usize,
    /// The position of the first name.
    first: usize,
    /// The position of the closing brace.
    close: usize,
    /// The names, and the positions of their values.
    entries: Vec<(String, Range<usize>)>,
}

/// Returns the members of the object that begins at `open`, in a text that is valid JSON.
fn members(text: &str, open: usize) -> Members {
    let first = skip(text, open + 1);
    let mut members = Members { open, first, close: first, entries: Vec::new() };
    let mut at = first;
    while byte(text, at) == Some(b'"') {
        let end = value_end(text, at);
        let name = text.get(at..end).and_then(|name| serde_json::from_str(name).ok()).unwrap_or_default();
        let begin = skip(text, skip(text, end) + 1);
        let end = value_end(text, begin);
        members.entries.push((name, begin..end));
        at = skip(text, end);
        if byte(text, at) == Some(b',') {
            at = skip(text, at + 1);
        }
    }
    members.close = at;
    members
}

fn value_end(text: &str, begin: usize) -> usize {
    let bytes = text.as_bytes();
    match byte(text, begin) {
        Some(b'"') => string_end(bytes, begin),
        Some(b'{' | b'[') => {
            let (mut depth, mut at) = (0_usize, begin);
            while let Some(&c) = bytes.get(at) {
                match c {
                    b'"' => {
                        at = string_end(bytes, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            at
        }
        _ => {
            let rest = bytes.get(begin..).unwrap_or_default();
            let length = rest.iter().position(|c| matches!(c, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
            begin + length.unwrap_or(rest.len())
        }
    }
}

fn string_end(bytes: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(&c) = bytes.get(at) {
        match c {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

fn start(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

fn skip(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    at + rest.iter().position(|c| !matches!(c, b' ' | b'\n' | b'\r' | b'\t')).unwrap_or(rest.len())
}

fn byte(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

fn shown(path: &[String], length: usize) -> String {
    if length == 0 { "the top".to_owned() } else { path.iter().take(length).cloned().collect::<Vec<_>>().join(".") }
}
