//! The content of an error answer, bounded and without secrets.

use crate::auth::redact::Redactor;
use crate::wire::json::{Cursor, Malformed, Members, Token};
use alloc::{borrow::ToOwned, string::String};

/// An error answer, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// `code` of `{code, message, details}` (a gRPC status number as text), an OAuth `error`, or the first `code` of
    /// JSON:API's `errors`.
    pub code: String,
    /// `message`, an OAuth `error_description`, or the first `detail` of JSON:API's `errors`, else its `title`.
    pub message: String,
    /// `details` or JSON:API's `errors`, as JSON text with secrets replaced; empty if there are none.
    pub details: String,
    /// The beginning of the body with secrets replaced.
    pub excerpt: String,
}

/// The length limit of the texts, in characters.
const LONGEST: usize = 512;

/// Reads the body of an error answer, which may be anything: JSON of three kinds, HTML, or nothing.
pub fn read(body: &str, redactor: &Redactor<'_>) -> Failure {
    let mut failure = Failure { excerpt: excerpt(body, redactor), ..Failure::default() };
    let mut cursor = Cursor::new(body);
    // A body that is not an object adds nothing to the excerpt.
    let _ = each_member(&mut cursor, &mut |key, cursor| {
        let token = cursor.peek()?;
        let slot = match key {
            "code" | "error" => &mut failure.code,
            "message" | "error_description" => &mut failure.message,
            "details" if token == Token::Array => {
                failure.details = redactor.json(cursor.value()?).unwrap_or_default();
                return Ok(());
            }
            "errors" if token == Token::Array => {
                let errors = cursor.value()?;
                failure.details = redactor.json(errors).unwrap_or_default();
                return failure.first_of(&mut Cursor::new(errors), redactor);
            }
            _ => return cursor.skip(),
        };
        set(slot, cursor, redactor)
    });
    failure
}

impl Failure {
    /// Takes the code and the message from the first of JSON:API's `errors`.
    fn first_of(&mut self, errors: &mut Cursor<'_>, redactor: &Redactor<'_>) -> Result<(), Malformed> {
        errors.expect(b'[')?;
        let mut title = String::new();
        each_member(errors, &mut |key, cursor| match key {
            "code" => set(&mut self.code, cursor, redactor),
            "detail" => set(&mut self.message, cursor, redactor),
            "title" => set(&mut title, cursor, redactor),
            _ => cursor.skip(),
        })?;
        if self.message.is_empty() {
            self.message = title;
        }
        Ok(())
    }
}

/// Reads text or a number, and skips anything else.
fn set(slot: &mut String, cursor: &mut Cursor<'_>, redactor: &Redactor<'_>) -> Result<(), Malformed> {
    match cursor.peek()? {
        Token::String => *slot = redactor.line(&cursor.string()?.unescape().unwrap_or_default(), LONGEST),
        Token::Number => *slot = cursor.number().to_owned(),
        _ => cursor.skip()?,
    }
    Ok(())
}

fn each_member<'a>(
    cursor: &mut Cursor<'a>,
    member: &mut dyn FnMut(&str, &mut Cursor<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut members = Members::begin(cursor)?;
    while let Some(key) = members.next(cursor)? {
        member(&key.unescape().unwrap_or_default(), cursor)?;
    }
    Ok(())
}

/// Returns the beginning of a body, safe for a message or a log: secret members of JSON, and tokens and control
/// characters in any text, are replaced.
pub fn excerpt(body: &str, redactor: &Redactor<'_>) -> String {
    let mut body = body;
    while let Some(after_mark) = body.strip_prefix("\u{feff}") {
        body = after_mark;
    }
    let trimmed = body.trim_ascii_start();
    if matches!(trimmed.as_bytes(), [b'{' | b'[', ..]) {
        redactor.line(redactor.json(trimmed).as_deref().unwrap_or(trimmed), LONGEST)
    } else {
        redactor.line(trimmed, LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str, sent: &str) -> Failure {
        super::read(body, &Redactor { is_secret: &|name| name == "headerValue", sent })
    }

    fn excerpt(body: &str) -> String {
        read(body, "").excerpt
    }

    #[test]
    fn rpc_and_oauth_bodies() {
        let rpc = read(r#"{"code":7,"message":"no\nway","details":[{"@type":"x","clientSecret":"hush"}]}"#, "");
        assert_eq!((rpc.code.as_str(), rpc.message.as_str()), ("7", "no way"));
        assert_eq!(rpc.details, r#"[{"@type":"x","clientSecret":"[redacted]"}]"#);
        // Redaction does not depend on the length of what precedes the secret.
        let long = format!(r#"{{"details":["{}",{{"clientSecret":"hush"}}]}}"#, "many words ".repeat(500));
        assert!(!read(&long, "").details.contains("hush"));
        let oauth = read(r#"{"error":"invalid_client","error_description":"unknown"}"#, "");
        assert_eq!((oauth.code.as_str(), oauth.message.as_str()), ("invalid_client", "unknown"));
    }

    #[test]
    fn json_api_bodies() {
        let body = r#"{"errors":[{"title":"is blank","detail":"name can't be blank","code":"VALIDATION_ERROR","status":"422",
            "meta":{"client_secret":"hush"}},{"code":"OTHER","detail":"second"}]}"#;
        let failure = read(body, "");
        assert_eq!((failure.code.as_str(), failure.message.as_str()), ("VALIDATION_ERROR", "name can't be blank"));
        assert!(failure.details.contains("second") && !failure.details.contains("hush"), "{}", failure.details);
        assert_eq!(read(r#"{"errors":[{"title":"gone","status":404}]}"#, "").message, "gone");
        for odd in [r#"{"errors":[]}"#, r#"{"errors":{}}"#, r#"{"errors":[1]}"#, r#"{"errors":[{"detail":[]}]}"#] {
            assert_eq!(read(odd, "").message, "", "{odd}");
        }
    }

    #[test]
    fn bodies_without_information() {
        for body in ["", " ", "null", "[]", "<html><body>Bad Gateway</body></html>", "{\"code\":", "{\"message\":{}}"] {
            let failure = read(body, "");
            assert_eq!((failure.code.as_str(), failure.message.as_str()), ("", ""), "{body}");
        }
        assert_eq!(read("<b>Bad\r\n Gateway</b>", "").excerpt, "<b>Bad Gateway</b>");
    }

    #[test]
    fn secrets_are_replaced_everywhere() {
        for body in [
            r#"{"a":{"clientSecret":"canary"},"b":1}"#,
            r#"{"a":[{"access_token": "canary"}]}"#,
            r#"{"client\u0053ecret":"canary"}"#,
            r#"{"password":{"nested":["canary"]}}"#,
            r#"{"request":{"device_code":"canary","code_verifier":"canary"}}"#,
            r#"{"token":"canary-cut-off"#,
            r#"{"x":"eyJhbGciOiJcanary.x.y"}"#,
            "Bearer eyJhbGciOiJFZERTQSJ9canary.a.b failed",
            "secret-token:conductorone.com:v1:canary",
            // Brackets around text that is not JSON.
            "no such key [secret-token:conductorone.com:v1:canary]",
            "{secret-token:conductorone.com:v1:canary}",
            r#"{"message":"[bad] assertion [eyJhbGciOiJFZERTQSJ9canary.a.b] {client_secret=canary1}"}"#,
            r#"{"message":"[E1] {\"field\":\"clientSecret\",\"value\":\"canary1\"}"}"#,
            r#"{"a"b:"x" secret-token:conductorone.com:v1:canary "y"}"#,
        ] {
            let failure = read(body, "");
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        }
    }

    #[test]
    fn a_token_that_the_server_repeats_is_replaced() {
        let failure = read(r#"{"message":"no such token: opaque-canary"}"#, "opaque-canary");
        assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
    }

    #[test]
    fn text_is_bounded() {
        assert!(excerpt(&"word ".repeat(10_000)).chars().count() <= LONGEST + 32);
        assert!(excerpt(&"x y\u{1F680}".repeat(10_000)).chars().count() <= LONGEST + 32);
        assert!(excerpt(&"z".repeat(100_000)).chars().count() <= LONGEST + 32);
    }

    proptest! {
        #[test]
        fn anything_can_be_read(body in "[\\[\\]{}:,\"\\\\a-z0-9\u{0}é ]{0,60}") {
            let _ = read(&body, "");
        }
    }
}
