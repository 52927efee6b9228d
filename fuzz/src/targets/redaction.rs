//! Redaction of texts from a server. A secret that is planted anywhere in any text is not shown, JSON remains JSON, and
//! the work is linear.

use crate::{harness::Target, oracle};
use keyturn::auth::redact::{Redactor, redact};

pub(super) const TARGET: Target = Target {
    name: "redaction",
    property,
    read: Some(|input| {
        let text = String::from_utf8_lossy(input);
        drop((redactor().text(&text), redactor().json(&text)));
    }),
    words: &[
        "Bearer ",
        "clientSecret",
        "client_secret=",
        "\"value\":",
        "{\"field\":\"password\",\"value\":",
        "\"key\":\"a1b2c3d4\"",
        "<secret>",
        "password: ",
        "{\"value\":",
        "\\\"",
        "token=",
        "&",
    ],
};

const SENT: &str = "canary-of-the-sent-token-0042";
const CLIENT_SECRET: &str = "secret-token:conductorone.com:v1:Q0FOQVJZLW9mLWEtc2VjcmV0LTAwNDI";
const JWT: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJjYW5hcnktMDA0MiJ9.Q0FOQVJZLXNpZ25hdHVyZS0wMDQy";

fn redactor() -> Redactor<'static> {
    Redactor { is_secret: &|name| name == "configuration", sent: SENT }
}

fn property(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    // libFuzzer sees the values that the canaries are compared with, and inserts them by itself.
    if ["Q0FOQVJZ", "eyJzdWIiOiJjYW5h", "canary"].iter().any(|part| text.contains(part)) {
        return;
    }
    let mut at = text.len() / 2;
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let (before, after) = text.split_at(at);
    // A backslash before the planted text would form an escape with its first letter.
    let before = before.trim_end_matches('\\');
    for planted in [CLIENT_SECRET, JWT] {
        let whole = format!("{before} {planted} {after}");
        let quoted = serde_json::json!({ "a": [whole] }).to_string();
        for shown in [redactor().text(&whole), redact(&whole, 300), redactor().json(&quoted).unwrap()] {
            assert!(!shown.contains("Q0FOQVJZ"), "{shown}");
            assert!(!shown.contains("eyJzdWIiOiJjYW5h"), "{shown}");
        }
    }
    let whole = format!("{before}{SENT}{after}");
    assert!(!redactor().text(&whole).contains(SENT));
    let line = redact(&text, 80);
    assert!(line.chars().count() <= 81 && !line.contains(|c: char| c.is_control()), "{line:?}");
    if let Some(value) = oracle::json(input).filter(|_| !text.starts_with('\u{feff}')) {
        let shown = redactor().json(&text).unwrap();
        assert!(oracle::json(shown.as_bytes()).is_some(), "{shown}");
        let whole = format!("{{\"other\":{value},\"client_secret\":\"canary-member-0042\"}}");
        let shown = redactor().json(&whole).unwrap();
        assert!(!shown.contains("canary-member"), "{shown}");
        assert!(oracle::json(shown.as_bytes()).is_some(), "{shown}");
    }
}
