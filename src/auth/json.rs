//! The members of one flat JSON object, such as a JWK or an answer of the token endpoint. It builds on the cursor of
//! `wire::json`; nested values are passed on as text.

use crate::wire::json::{Cursor, Members, Text, Token};

/// The reason why a text is not a JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The text is empty or white space.
    Empty,
    /// The text is JSON of another kind.
    NotObject,
    /// The text ends too early.
    Truncated,
    /// The text is not JSON.
    Syntax,
}

/// The value of a member.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A string, not yet unescaped.
    Text(Text<'a>),
    /// The text of a number.
    Number(&'a str),
    /// `null`.
    Null,
    /// The text of an array or an object.
    Nested(&'a str),
    /// A boolean.
    Other,
}

/// Calls `member` with the name and value of each member, in order. This function is not generic, because each caller
/// would then get its own copy.
pub fn each_member<'a>(bytes: &'a [u8], member: &mut dyn FnMut(&str, Value<'a>)) -> Result<(), Error> {
    let text = core::str::from_utf8(bytes).map_err(|_| Error::Syntax)?;
    let mut cursor = Cursor::new(text);
    if cursor.at_end() {
        return Err(Error::Empty);
    }
    match cursor.peek() {
        Ok(Token::Object) => {}
        Ok(Token::Array | Token::String | Token::Number) => return Err(Error::NotObject),
        // `true`, `false` and `null` are recognized by their first letter, which any other text may begin with.
        Ok(_) => return Err(if cursor.skip().is_ok() && cursor.at_end() { Error::NotObject } else { Error::Syntax }),
        Err(_) => return Err(Error::Syntax),
    }
    let mut read = || {
        let mut members = Members::begin(&mut cursor)?;
        while let Some(name) = members.next(&mut cursor)? {
            let value = match cursor.peek()? {
                Token::String => Value::Text(cursor.string()?),
                Token::Number => Value::Number(cursor.number()),
                Token::Object | Token::Array => Value::Nested(cursor.value()?),
                token => {
                    cursor.skip()?;
                    if token == Token::Null { Value::Null } else { Value::Other }
                }
            };
            // An escaped name is compared in its unescaped form.
            member(&name.unescape().unwrap_or_default(), value);
        }
        Ok::<_, crate::wire::json::Malformed>(())
    };
    if read().is_err() {
        // Text that ends inside a string or with an open bracket was cut off.
        return Err(if ends_open(text) { Error::Truncated } else { Error::Syntax });
    }
    if cursor.at_end() { Ok(()) } else { Err(Error::Syntax) }
}

/// Whether the text ends inside a string or with an open bracket.
fn ends_open(text: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for b in text.bytes() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    quoted || depth > 0
}
