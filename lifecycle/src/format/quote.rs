//! Strings in the syntax of JSON, YAML and HCL.

use super::{Error, Result};
use std::fmt::Write;

/// Returns a JSON string that is also a YAML string: characters that YAML treats as unprintable or as line ends are
/// escaped.
pub fn json(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Returns a quoted string of HCL in which Terraform evaluates nothing.
///
/// # Errors
/// Fails if the value has a NUL character, or one that Terraform would replace when it converts strings to Unicode's
/// normal form C. The tables that define these characters are not included here, so all characters beyond Latin letters
/// with accents are refused.
pub fn hcl(value: &str) -> Result<String> {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\0' => return Err(Error::refused("the value has a NUL character, which Terraform cannot carry")),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            '\u{1}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            // All characters below this are in normal form C, and none of them combines with a preceding one.
            _ if u32::from(c) < 0x300 => out.push(c),
            _ => {
                return Err(Error::refused(
                    "the value has a character that Terraform may change: it brings strings to Unicode's normal form C",
                ));
            }
        }
    }
    out.push('"');
    Ok(out)
}
