use std::sync::LazyLock;

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{check_corpus, encode, secret};
use crate::auth::redact::{REDACTED, redact};
use crate::auth::token_response::{Reason, TokenType, parse};
use crate::auth::{TokenError, TokenErrorKind};

#[test]
fn tokens_are_read_from_every_form() {
    for (body, expires_in) in [
        (r#"{"access_token":"T.o-k_en","token_type":"Bearer","expires_in":3600}"#, Some(3600.0)),
        (r#"{"access_token":"T.o-k_en","token_type":"bearer","expires_in":"600"}"#, Some(600.0)),
        (r#"{"access_token":"Bearer T.o-k_en","expires_in":" 2 "}"#, Some(2.0)),
        (r#"{"access_token":"T.o-k_en","expires_in":1.5}"#, Some(1.5)),
        (r#"{"access_token":"T.o-k_en","expires_in":36e2}"#, Some(3600.0)),
        (r#"{"access_token":"T.o-k_en","expires_in":3600.0E-1}"#, Some(360.0)),
        (r#"{"access_token":"T.o-k_en","expires_in":1e999}"#, Some(1e9)),
        (r#"{"access_token":"T.o-k_en","expires_in":null,"token_type":null}"#, None),
        (r#"{"access_token":"T.o-k_en","expires_in":"soon"}"#, None),
        (r#"{"access_token":"T.o-k_en","expires_in":{"seconds":9}}"#, None),
        (r#"{"access_token":"T.o-k_en","expires_in":true}"#, None),
        (r#"{"access_token":"T.o-k_en","token_type":""}"#, None),
        ("\u{feff} {\"scope\":[\"a\"],\"access_token\":\"T.o-k\\u005fen\"}\n", None),
        (r#"{"access_token":"old","access_token":"T.o-k_en","error":""}"#, None),
        (r#"{"access_token":"T.o-k_en","error":null,"code":0,"message":""}"#, None),
    ] {
        for status in [200, 201] {
            let grant = parse(status, body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
            assert_eq!(
                (&**grant.token, grant.token_type, grant.expires_in),
                ("T.o-k_en", TokenType::Bearer, expires_in),
                "{body}"
            );
            assert!(!format!("{grant:?}").contains("T.o-k_en"));
        }
    }
    let dpop = br#"{"access_token":"T","token_type":"DPoP","expires_in":60}"#;
    assert_eq!(parse(200, dpop).unwrap().token_type, TokenType::Dpop);
}

#[test]
fn every_bad_answer_has_its_own_error() {
    let large = format!("{{\"access_token\":\"{}\"}}", "a".repeat(1 << 20));
    let cases: Vec<(u16, &str, &str)> = vec![
        (400, r#"{"error":"invalid_client"}"#, "token_refused"),
        (401, r#"{"error":"invalid_client","error_description":"no"}"#, "token_refused"),
        (401, r#"{"code":16,"message":"unauthenticated","details":[]}"#, "token_refused"),
        (401, "", "token_refused"),
        (403, "Forbidden", "token_refused"),
        (404, r#"{"error":"invalid_request"}"#, "token_refused"),
        (200, r#"{"error":"invalid_client"}"#, "token_refused"),
        (200, r#"{"access_token":"a","error":"invalid_client"}"#, "token_refused"),
        (429, "", "token_rate_limited"),
        (429, "<html>", "token_rate_limited"),
        (500, r#"{"code":13,"message":"internal"}"#, "token_server_error"),
        (503, "<html>", "token_server_error"),
        (404, r#"{"code":5,"message":"not found"}"#, "token_endpoint_not_found"),
        (404, "<!doctype html><title>Not found</title>", "token_endpoint_not_found"),
        (405, "", "token_endpoint_not_found"),
        (302, "", "token_unexpected_status"),
        (100, "", "token_unexpected_status"),
        (0, "", "token_unexpected_status"),
        (200, "<!doctype html><html><body>Sign in</body></html>", "token_html"),
        (200, " \n<a>", "token_html"),
        (403, "<html>blocked</html>", "token_html"),
        (200, "", "token_empty_body"),
        (200, " \r\n", "token_empty_body"),
        (200, &large, "token_too_large"),
        (200, "{", "token_truncated"),
        (200, r#"{"access_token":"eyJ"#, "token_truncated"),
        (200, r#"{"access_token":"a","expires_in":36"#, "token_truncated"),
        (200, r#"{"access_token":"a","#, "token_truncated"),
        (200, r#"{"access_token":"a\"#, "token_truncated"),
        (200, "ok", "token_not_json"),
        (200, "access_token=a&expires_in=3600", "token_not_json"),
        (200, "{access_token:\"a\"}", "token_not_json"),
        (200, r#"{"access_token":"a"} x"#, "token_not_json"),
        (200, r#"{"access_token":"a"}{}"#, "token_not_json"),
        (200, r#"{"access_token" "a"}"#, "token_not_json"),
        (200, r#"[{"access_token":"a"}]"#, "token_not_object"),
        (200, "\"a\"", "token_not_object"),
        (200, "null", "token_not_object"),
        (200, "12", "token_not_object"),
        (200, "{}", "token_missing"),
        (200, r#"{"accessToken":"a"}"#, "token_missing"),
        (200, r#"{"access_token":null}"#, "token_missing"),
        (200, r#"{"data":{"access_token":"a"}}"#, "token_missing"),
        (200, r#"{"access_token":7}"#, "token_not_text"),
        (200, r#"{"access_token":["a"]}"#, "token_not_text"),
        (200, r#"{"access_token":"\ud800"}"#, "token_not_text"),
        (200, r#"{"access_token":""}"#, "token_blank"),
        (200, r#"{"access_token":"Bearer "}"#, "token_blank"),
        (200, r#"{"access_token":"a\r\nx-evil: 1"}"#, "token_unsafe"),
        (200, r#"{"access_token":"a b"}"#, "token_unsafe"),
        (200, r#"{"access_token":"caf\u00e9"}"#, "token_unsafe"),
        (200, r#"{"access_token":"secret-token:conductorone.com:v1:x"}"#, "token_unsafe"),
        (200, r#"{"access_token":"a","token_type":"mac"}"#, "token_type_unknown"),
        (200, r#"{"access_token":"a","token_type":"Bearer x"}"#, "token_type_unknown"),
        (200, r#"{"access_token":"a","expires_in":0}"#, "token_expired_on_arrival"),
        (200, r#"{"access_token":"a","expires_in":-5}"#, "token_expired_on_arrival"),
        (200, r#"{"access_token":"a","expires_in":"-0.5"}"#, "token_expired_on_arrival"),
    ];
    let got: Vec<_> = cases
        .iter()
        .map(|(status, body, expected)| {
            (*body, *expected, parse(*status, body.as_bytes()).map_or_else(|error| error.kind.code(), |_| "accepted"))
        })
        .collect();
    // These take more than one answer, and are covered by the tests of logins.
    let elsewhere = ["token_type_dpop", "device_codes", "device_expired"];
    let codes: Vec<_> = TokenErrorKind::CODES.iter().copied().filter(|code| !elsewhere.contains(code)).collect();
    check_corpus(&got, &codes, &[]);
}

fn error(status: u16, body: &str) -> TokenError {
    parse(status, body.as_bytes()).map(|_| ()).expect_err("an error")
}

#[test]
fn the_servers_own_words_are_kept() {
    let oauth = error(401, r#"{"error":"invalid_client","error_description":"unknown client","message":"other"}"#);
    assert_eq!(
        (oauth.oauth_error.as_deref(), oauth.description.as_deref(), oauth.status),
        (Some("invalid_client"), Some("unknown client"), 401)
    );
    assert_eq!(oauth.to_string(), "the token endpoint refused the credential: invalid_client: unknown client");
    let rpc = error(401, r#"{"code":16,"message":"credential was revoked","details":[{"@type":"x"}]}"#);
    assert_eq!(
        (rpc.oauth_error.as_deref(), rpc.description.as_deref(), rpc.api_code),
        (None, Some("credential was revoked"), Some(16))
    );
    assert!(error(401, "<html>eyJhbGciOiJFZERTQSJ9.secret").description.is_none());
    assert_eq!(error(401, r#"{"error":"invalid client!"}"#).oauth_error, None);
    assert_eq!(error(401, &format!(r#"{{"error":"{}"}}"#, "a".repeat(65))).oauth_error, None);
    assert_eq!(error(401, &format!(r#"{{"error":"{}"}}"#, "a".repeat(60))).oauth_error.as_deref(), Some(REDACTED));
}

#[test]
fn known_reasons_have_hints_in_every_position() {
    for (word, reason) in [
        ("trust_not_found", Reason::TrustNotFound),
        ("issuer_mismatch", Reason::IssuerMismatch),
        ("cel_condition_not_met", Reason::CelConditionNotMet),
        ("token_too_old", Reason::TokenTooOld),
        ("sp_disabled", Reason::SpDisabled),
    ] {
        for body in [
            format!(r#"{{"error":"invalid_grant","error_description":"exchange failed: {word}"}}"#),
            format!(r#"{{"error":"{word}"}}"#),
            format!(r#"{{"code":16,"message":"no","details":[{{"reason":"{word}"}}]}}"#),
        ] {
            let error = error(401, &body);
            assert_eq!((error.reason, error.hint()), (Some(reason), Some(reason.hint())), "{body}");
            assert_eq!(reason.as_str(), word);
        }
        assert_eq!(error(401, &format!(r#"{{"error":"x_{word}"}}"#)).reason, None);
        assert_eq!(error(401, &format!(r#"{{"error":"{word}er"}}"#)).reason, None);
    }
}

#[test]
fn hints_and_retries_follow_from_the_answer() {
    let hint = |status, body| error(status, body).hint().unwrap_or_default();
    assert!(hint(401, r#"{"error":"invalid_client"}"#).contains("clock"));
    assert!(hint(400, r#"{"error":"use_dpop_nonce"}"#).contains("DPoP"));
    assert!(hint(400, r#"{"error":"unauthorized_client"}"#).contains("/wfe"));
    assert!(hint(200, "<html>").contains("serverURL"));
    assert!(hint(404, "").contains("serverURL"));
    assert_eq!(hint(503, ""), "");
    for (status, body, transient) in [
        (429, "", true),
        (503, "", true),
        (408, "", true),
        (200, "{", true),
        (200, "", true),
        (400, r#"{"error":"temporarily_unavailable"}"#, true),
        (401, "", false),
        (200, "<html>", false),
        (404, "", false),
        (200, "{}", false),
    ] {
        assert_eq!(error(status, body).is_transient(), transient, "{status} {body}");
    }
}

#[test]
fn text_from_outside_is_made_harmless() {
    let jwt = format!("{}.{}.{}", encode(r#"{"alg":"EdDSA"}"#), encode(r#"{"iss":"x"}"#), encode([9; 64]));
    let secret = secret().to_text();
    let key = encode([0xfb; 32]);
    for (text, expected) in [
        ("plain words, kept as they are: 42%", "plain words, kept as they are: 42%"),
        ("a\r\nb\tc\u{0}d\u{1b}[31m", "a b c d [31m"),
        ("a\u{202e}b\u{200b}c\u{2028}d\u{feff}", "a b c d"),
        (
            "id 123e4567-e89b-12d3-a456-426614174000 of strange-hydra-68836@acme.conductor.one/pcc",
            "id 123e4567-e89b-12d3-a456-426614174000 of strange-hydra-68836@acme.conductor.one/pcc",
        ),
        (
            "see https://www.conductorone.com/docs/conductorone-api/authenticate/",
            "see https://www.conductorone.com/docs/conductorone-api/authenticate/",
        ),
        (&format!("bad token {jwt}, sorry"), "bad token [redacted], sorry"),
        (&format!("client_assertion={jwt}"), "[redacted]"),
        (&format!("\"{jwt}\""), "\"[redacted]\""),
        (&format!("got {}", &*secret), "got [redacted]"),
        (&format!("<{}>", secret.to_uppercase()), "<[redacted]>"),
        (&secret.replace(':', "%3A"), "secret-token%3Aconductorone.com%3Av1%[redacted]"),
        (&format!("key {key} and Zm9v/{}", "aB3+".repeat(12)), "key [redacted] and [redacted]"),
        ("Bearer opaque42value and basic dXNlcjpwYXNz1 end", "Bearer [redacted] and basic [redacted] end"),
        (
            "Bearer authentication is required: invalid token: expired",
            "Bearer authentication is required: invalid token: expired",
        ),
        (
            "client_secret=hunter2&grant_type=x, accessToken: abc123def456",
            "client_secret=[redacted]&grant_type=x, accessToken: [redacted]",
        ),
        ("at postgres://app:hunter-2!x@db.example/a", "at postgres://app:[redacted]@db.example/a"),
        ("clone https://gh0123456@host.example/r.git", "clone https://[redacted]@host.example/r.git"),
        ("ask git://me@host.example:9418/a:b@c", "ask git://me@host.example:9418/a:b@c"),
        ("run curl -u id:hunter-2 https://a.example", "run curl -u id:[redacted] https://a.example"),
        ("clientSecret(\"hunter-2\") is wrong", "clientSecret(\"[redacted]\") is wrong"),
        ("client_secret: |\n  hunter-2x\nid: 5", "client_secret: | [redacted] id: 5"),
        ("token (of a person) has expired", "token (of a person) has expired"),
        ("  \u{e9}t\u{e9} \u{1f600}  ", "\u{e9}t\u{e9} \u{1f600}"),
    ] {
        assert_eq!(redact(text, 300), expected);
    }
    assert_eq!(redact(&"word ".repeat(1000), 20), "word word word word\u{2026}");
    assert_eq!(redact(&format!("{} {}", "a ".repeat(140), &*secret), 300).matches("conductorone").count(), 0);
}

/// A secret that is made only once, because unoptimized Ed25519 is slow.
static SECRET: LazyLock<Zeroizing<String>> = LazyLock::new(|| secret().to_text());

proptest! {
    #[test]
    fn no_answer_panics(status in any::<u16>(), bytes in proptest::collection::vec(any::<u8>(), 0..100), json in "[{}\\[\\]\":,a-z0-9\\\\. -]{0,60}") {
        let _ = parse(status, &bytes);
        let _ = parse(status, json.as_bytes());
        let _ = parse(status, format!("{{\"access_token\":\"a\",\"expires_in\":{json}}}").as_bytes());
    }

    #[test]
    fn truncated_answers_are_rejected(cut in 0usize..60) {
        let body = r#"{"access_token":"abc","token_type":"Bearer","expires_in":3600}"#;
        prop_assert!(parse(200, &body.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn seconds_match_the_standard_parser(value in 0.001f64..1e8) {
        for text in [format!("{value}"), format!("{value:e}"), format!("\"{value:.3}\"")] {
            let grant = parse(200, format!("{{\"access_token\":\"a\",\"expires_in\":{text}}}").as_bytes()).unwrap();
            let read = grant.expires_in.unwrap();
            prop_assert!((read - value).abs() <= 0.000_51 + value * 1e-9, "{} {}", text, read);
        }
    }

    #[test]
    fn redacted_text_is_short_and_shows_no_secret(text in "\\PC{0,200}", before in "[a-z =:\"(]{0,5}", max in 1usize..80) {
        let short = redact(&text, max);
        prop_assert!(short.chars().count() <= max + 1);
        prop_assert!(!short.chars().any(|c| c.is_control()));
        let planted = redact(&format!("{before}{} {text}", &**SECRET), 300);
        prop_assert!(!planted.contains("conductorone.com:v1"), "{}", planted);
    }
}
