//! Responses of the token endpoint. The input is a status, a space and the body.
//!
//! A body that `serde_json` reads as a good response yields its token; only a success yields a token; a token is valid
//! in a header; errors show one line without secrets.

use crate::{harness::Target, oracle};
use keyturn::auth::token_response::{TokenType, parse};
use serde_json::Value;

pub(super) const TARGET: Target = Target {
    name: "token_answers",
    property,
    read: Some(|input| drop(parse(split(input).0, split(input).1))),
    words: &[
        "\"access_token\":\"abc\",",
        "\"token_type\":\"DPoP\",",
        "\"expires_in\":",
        "\"error\":\"invalid_client\",",
        "\"error_description\":\"",
        "\"errors\":[{\"title\":\"no\"}],",
        "secret-token:conductorone.com:v1:Q0FOQVJZQ0FOQVJZ",
        "token_too_old",
    ],
};

fn split(input: &[u8]) -> (u16, &[u8]) {
    let (status, body) = input.split_at(input.len().min(4));
    let status = std::str::from_utf8(status).ok().and_then(|text| text.trim_end().parse().ok());
    (status.unwrap_or(200), body)
}

fn property(input: &[u8]) {
    let (status, body) = split(input);
    let answer = parse(status, body);
    if let Some(value) = oracle::unique_json(body).filter(|_| (200..300).contains(&status))
        && let Some(token) = ordinary_token(&value)
    {
        let grant = answer.as_ref().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(grant.token.as_str(), token);
        let dpop = value["token_type"].as_str().is_some_and(|text| text.eq_ignore_ascii_case("dpop"));
        assert_eq!(grant.token_type == TokenType::Dpop, dpop);
        let seconds = value["expires_in"].as_u64().map(|seconds| (seconds as f64).min(1e9));
        assert_eq!(grant.expires_in, seconds);
    }
    match answer {
        Ok(grant) => {
            assert!((200..300).contains(&status));
            assert!(!grant.token.is_empty() && grant.token.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(!format!("{grant:?}").contains(grant.token.as_str()) || grant.token.len() < 16);
            assert!(grant.expires_in.is_none_or(|seconds| seconds > 0.0 && seconds <= 1e9));
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
            assert!(!text.to_ascii_lowercase().contains("secret-token:"), "{text}");
            let shown = error.description.as_ref().map_or(0, |text| text.chars().count());
            assert!(shown <= 301, "{shown} characters");
        }
    }
}

/// Returns the token of an ordinary response.
fn ordinary_token(value: &Value) -> Option<&str> {
    let token = value.get("access_token")?.as_str()?;
    let fits = !token.is_empty()
        && token.len() < 60_000
        && token.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'`:".contains(&byte))
        && !token.to_ascii_lowercase().starts_with("bearer");
    let plain = match &value["token_type"] {
        Value::Null => true,
        Value::String(text) => text.eq_ignore_ascii_case("bearer") || text.eq_ignore_ascii_case("dpop"),
        _ => false,
    };
    let lives = match &value["expires_in"] {
        Value::Null => true,
        seconds => seconds.as_u64().is_some_and(|seconds| seconds > 0),
    };
    let good = value.get("error").is_none() && value.get("errors").is_none();
    (fits && plain && lives && good).then_some(token)
}
