//! RFC 3339 dates. If `chrono` reads one, the result is the same moment; anything else that is accepted is sendable, or
//! its year is outside 1 to 9999.

use crate::harness::Target;
use chrono::DateTime;
use keyturn_wire::wire::date::{is_sendable, parse_rfc3339};

pub(super) const TARGET: Target = Target {
    name: "dates",
    property,
    read: None,
    words: &["T", "t", "Z", "z", " ", "+07:30", "-0000", ":60", ".999999999", "02-29"],
};

fn property(input: &[u8]) {
    let millis = parse_rfc3339(input);
    let Ok(text) = std::str::from_utf8(input) else {
        assert_eq!(millis, None);
        return;
    };
    match DateTime::parse_from_rfc3339(text) {
        // A leap second counts as the first second of the next minute.
        Ok(date) => assert_eq!(millis, Some(date.timestamp_millis() as f64), "{text}"),
        // Only these forms go beyond the RFC: missing seconds, and other offsets.
        Err(_) => assert!(millis.is_none() || text.len() >= 17, "{text}"),
    }
    if let Some(millis) = millis {
        let year = text.get(..4).unwrap_or_default();
        assert!(is_sendable(millis) || matches!(year, "0000" | "0001" | "9999"), "{text}");
    }
}
