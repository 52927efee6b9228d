//! The request encoder. The input is a line with an operation's id, followed by the request as the facade's JSON.
//!
//! - It never panics, and refuses malformed and invalid requests.
//! - A target is a path of the operation's shape, in characters that need no escaping, and its segments decode to the
//!   given values.
//! - A body is JSON if the request is.

use super::{operation, split_line};
use crate::{harness::Target, oracle};
use keyturn_wire::api::{Operation, c1};
use keyturn_wire::wire::encode::{EncodeOptions, Encoded, Unknown, encode};
use serde_json::Value;

pub(super) const TARGET: Target = Target {
    name: "requests",
    property,
    read: Some(|input| {
        let (name, request) = split_line(input);
        if let Ok(request) = std::str::from_utf8(request) {
            let _ = encode(c1(), operation(name), request, EncodeOptions { unknown: Unknown::Keep });
        }
    }),
    words: &[
        "\"appId\":",
        "\"\\u0000D2024-01-02T03:04:05Z\"",
        "\"\\u0000I7\"",
        "\"\\u0000BAQI=\"",
        "\"\\u0000S\"",
        "\"updateMask\":\"",
        "\"..\"",
    ],
};

fn property(input: &[u8]) {
    let (name, request) = split_line(input);
    let Ok(request) = std::str::from_utf8(request) else { return };
    let operation = operation(name);
    let value = oracle::unique_json(request.as_bytes());
    for unknown in [Unknown::Refuse, Unknown::Drop, Unknown::Keep] {
        let Ok(encoded) = encode(c1(), operation, request, EncodeOptions { unknown }) else { continue };
        fits(operation, &encoded);
        if let Some(value) = &value {
            if let Some(body) = &encoded.body {
                let body = oracle::json(body.as_bytes()).unwrap_or_else(|| panic!("the body is not JSON: {body}"));
                assert!(body.is_object());
            }
            holds(operation, &encoded, value);
        }
    }
}

/// Checks that the target has the shape of the operation's path.
fn fits(operation: &Operation, encoded: &Encoded<'_>) {
    let (path, query) = encoded.target.split_once('?').unwrap_or((&encoded.target, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()%".contains(&byte);
    assert!(query.bytes().all(|byte| plain(byte) || b"=&".contains(&byte)), "{query}");
    let segments: Vec<_> = path.strip_prefix('/').unwrap().split('/').collect();
    let expected = c1().segments(operation);
    assert_eq!(segments.len(), expected.len(), "{path}");
    for (segment, expected) in segments.into_iter().zip(expected) {
        if expected.param.is_none() {
            assert_eq!(segment, c1().segment_text(expected));
        } else {
            assert!(segment.bytes().all(plain) && !matches!(segment, "" | "." | ".."), "{path}");
        }
    }
}

/// Checks that texts among the parameters are recovered when the target is decoded.
fn holds(operation: &Operation, encoded: &Encoded<'_>, request: &Value) {
    let path = encoded.target.split('?').next().unwrap_or_default();
    for (segment, expected) in path[1..].split('/').zip(c1().segments(operation)) {
        let given = expected.param.and_then(|_| request.get(c1().segment_text(expected))?.as_str());
        if let Some(given) = given.filter(|text| !text.starts_with('\0')) {
            assert_eq!(decoded(segment), given);
        }
    }
}

fn decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let hex = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
