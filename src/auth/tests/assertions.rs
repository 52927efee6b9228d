use std::collections::BTreeMap;

use ed25519_dalek::{Signature, VerifyingKey};
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{decode, secret};
use crate::auth::json::{Value, each_member};
use crate::auth::{
    BaseUrl, ClientSecret, ConfigError, Login, Need, Source, TokenOptions, TokenType, assertion, bearer, token_request,
};

/// Verifies an assertion as a server does, with the public key alone.
fn verify(jwt: &str, public: &[u8; 32]) -> (String, String) {
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&decode(signature)).unwrap();
    VerifyingKey::from_bytes(public).unwrap().verify_strict(signed.as_bytes(), &signature).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    (String::from_utf8(decode(header)).unwrap(), String::from_utf8(decode(claims)).unwrap())
}

#[test]
fn an_assertion_has_the_official_form() {
    let secret = secret();
    let nonce = *b"\x00\x01\x7f\x80\xff\xfe\x10\x20abcdefgh";
    let jwt = assertion::sign(&secret, "x@acme.conductor.one:8443/pcc", "acme.conductor.one", 1_700_000_000, &nonce);
    let (header, claims) = verify(&jwt, secret.public_key());
    assert_eq!(header, r#"{"alg":"EdDSA","nonce":"00017f80fffe10206162636465666768"}"#);
    assert_eq!(
        claims,
        r#"{"iss":"x@acme.conductor.one:8443/pcc","sub":"x@acme.conductor.one:8443/pcc","aud":["acme.conductor.one"],"exp":1700000120,"iat":1700000000,"nbf":1699999880}"#
    );
}

#[test]
fn a_token_request_is_what_the_endpoint_expects() {
    let source = Source::assertion("x@acme.conductor.one/pcc", secret().to_text().as_bytes()).unwrap();
    assert!(matches!(source.need(), Need::Fetch));
    assert_eq!(source.client_id().map(|id| id.host()), Some("acme.conductor.one"));
    let base = BaseUrl::parse("https://proxy.example:8443/c1/").unwrap();
    let login = Login::new(source, TokenOptions::default());
    let request = login.request(&base, 1_700_000_000.9, [9; 16], b"").unwrap();
    assert_eq!(request.url, "https://proxy.example:8443/c1/auth/v1/token");
    let fields: BTreeMap<_, _> = request.body.split('&').map(|field| field.split_once('=').unwrap()).collect();
    assert_eq!(fields.len(), 4);
    assert_eq!(fields["client_id"], "x%40acme.conductor.one%2Fpcc");
    assert_eq!(fields["grant_type"], "client_credentials");
    assert_eq!(fields["client_assertion_type"], "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer");
    let (_, claims) = verify(fields["client_assertion"], secret().public_key());
    assert!(claims.contains(r#""aud":["proxy.example"]"#));
    assert!(!format!("{request:?} {login:?} {:?}", login.source().need()).contains(fields["client_assertion"]));
}

#[test]
fn sources_say_what_is_wrong_and_where() {
    let good = secret().to_text();
    let fault = |error: ConfigError| (error.option, error.code);
    assert_eq!(Source::assertion("x", good.as_bytes()).map_err(fault).unwrap_err(), ("clientID", "client_id_at"));
    assert_eq!(
        Source::assertion("x@acme.conductor.one/pcc", b"x").map_err(fault).unwrap_err(),
        ("clientSecret", "secret_prefix_missing")
    );
    assert_eq!(
        Source::assertion(&good, b"x@acme.conductor.one/pcc").map_err(fault).unwrap_err(),
        ("clientID", "client_id_is_secret")
    );
    assert_eq!(Source::bearer(good.as_bytes()).map_err(fault).unwrap_err(), ("security", "bearer_is_secret"));
}

#[test]
fn a_fixed_token_is_sanitized_for_a_header() {
    for text in ["abc.def", "Bearer abc.def", "bearer  abc.def\n", "BEARER: abc.def", "\"abc.def\""] {
        let source = Source::bearer(text.as_bytes()).unwrap();
        assert!(matches!(source.need(), Need::Send(token) if token.0 == "abc.def"), "{text}");
        assert!(!format!("{source:?} {:?}", source.need()).contains("abc.def"));
    }
    assert_eq!(*bearer::header(TokenType::Bearer, "abc"), "Bearer abc");
    assert_eq!(*bearer::parse(b"bearerish").unwrap(), "bearerish");
    let long = "a".repeat(70_000);
    let cases = [
        ("", "bearer_empty"),
        ("Bearer ", "bearer_empty"),
        ("bearer:", "bearer_empty"),
        ("secret-token:conductorone.com:v1:x", "bearer_is_secret"),
        ("a\nb", "bearer_space"),
        ("DPoP abc", "bearer_space"),
        ("a\u{0}b", "bearer_character"),
        ("caf\u{e9}", "bearer_character"),
        (&long, "bearer_long"),
    ]
    .map(|(text, expected)| {
        (text, expected, bearer::parse(text.as_bytes()).map_or_else(|error| error.code(), |_| "accepted"))
    });
    super::check_corpus(&cases, bearer::BearerError::CODES, &[]);
}

proptest! {
    // Unoptimized Ed25519 is slow.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_assertion_verifies_with_the_given_claims(
        seed in any::<[u8; 32]>(), id in "\\PC{0,40}|[\u{0}-\u{7f}]{0,20}", audience in "[a-z.\"\\\\\n]{0,20}", now in 0i64..1 << 40, nonce in any::<[u8; 16]>(),
    ) {
        let secret = ClientSecret::from_seed(Zeroizing::new(seed));
        let jwt = assertion::sign(&secret, &id, &audience, now, &nonce);
        let (header, claims) = verify(&jwt, secret.public_key());
        let mut seen = BTreeMap::new();
        for json in [&header, &claims] {
            each_member(json.as_bytes(), &mut |name, value| {
                let text = match value {
                    Value::Text(text) => text.unescape().unwrap().into_owned(),
                    Value::Number(text) => text.to_owned(),
                    Value::Null | Value::Nested(_) | Value::Other => String::new(),
                };
                seen.insert(name.to_owned(), text);
            }).unwrap();
        }
        prop_assert_eq!(&seen["iss"], &id);
        prop_assert_eq!(&seen["sub"], &id);
        prop_assert_eq!(&seen["iat"], &now.to_string());
        prop_assert_eq!(&seen["exp"], &(now + 120).to_string());
        prop_assert_eq!(&seen["nbf"], &(now - 120).to_string());
        prop_assert_eq!(seen["nonce"].len(), 32);
        prop_assert_eq!(jwt.capacity(), jwt.len(), "it was allocated once");
    }

    #[test]
    fn forms_round_trip(id in "\\PC{0,30}|[\u{0}-\u{7f}]{0,30}", assertion in "[ -~]{0,30}") {
        let mut form = token_request::Form::default();
        form.field("client_id", &id);
        form.field("client_assertion", &assertion);
        let body = form.end();
        let fields: Vec<_> = body.split('&').map(|field| field.split_once('=').unwrap()).collect();
        let read = |text: &str| {
            let bytes = text.as_bytes();
            let (mut out, mut at) = (Vec::new(), 0);
            while at < bytes.len() {
                out.push(match bytes[at] {
                    b'+' => b' ',
                    b'%' => { at += 2; u8::from_str_radix(&text[at - 1..=at], 16).unwrap() }
                    b => b,
                });
                at += 1;
            }
            String::from_utf8(out).unwrap()
        };
        prop_assert_eq!(read(fields[0].1), id);
        prop_assert_eq!(read(fields[1].1), assertion);
        prop_assert!(body.bytes().all(|b| b.is_ascii_alphanumeric() || b"*-._+%=&".contains(&b)));
    }
}
