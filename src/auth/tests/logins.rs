//! Conversations with the token endpoint: clocks, nonces, identity tokens and people.

use std::collections::BTreeMap;

use super::{decode, secret};
use crate::auth::device::Device;
use crate::auth::dpop::{Audience, Dpop, Proof};
use crate::auth::{Answer, BaseUrl, Login, Source, Step, TokenError, TokenErrorKind, TokenOptions, digest};

const NOW: f64 = 1_700_000_000.0;
const GRANT: &[u8] = br#"{"access_token":"T","token_type":"Bearer","expires_in":600}"#;
const REFUSAL: &[u8] = br#"{"error":"invalid_client"}"#;
const PENDING: &[u8] = br#"{"error":"authorization_pending"}"#;
const CODES: &[u8] = br#"{"device_code":"D-1","user_code":"ABCD-EFGH","verification_uri":"https://acme.conductor.one/device","verification_uri_complete":"https://acme.conductor.one/device?code=ABCD-EFGH","expires_in":60,"interval":2}"#;

fn base() -> BaseUrl {
    BaseUrl::parse("https://acme.conductor.one").unwrap()
}

fn assertion() -> Login {
    let source = Source::assertion("x@acme.conductor.one/pcc", secret().to_text().as_bytes()).unwrap();
    Login::new(source, TokenOptions::default())
}

fn device() -> Login {
    Login::new(
        Source::device("program-1").unwrap(),
        TokenOptions { scope: "read write".to_owned(), ..TokenOptions::default() },
    )
}

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, body, date: None, retry_after: None, nonce: None }
}

fn fields(login: &Login, subject: &[u8]) -> (String, BTreeMap<String, String>) {
    let request = login.request(&base(), NOW, [1; 16], subject).unwrap();
    let pairs = request.body.split('&').map(|pair| pair.split_once('=').unwrap());
    (request.url.clone(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn failed(step: Step) -> TokenError {
    match step {
        Step::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

fn again(step: Step) -> f64 {
    match step {
        Step::Again(wait) => wait,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_source_sends_its_own_fields() {
    let text = secret().to_text();
    let options = TokenOptions { scope: "a b".to_owned(), audience: "https://x".to_owned() };
    let post = Login::new(Source::secret_post("x@acme.conductor.one/pcc", text.as_bytes()).unwrap(), options.clone());
    let (url, sent) = fields(&post, b"");
    assert_eq!(url, "https://acme.conductor.one/auth/v1/token");
    assert_eq!(sent["grant_type"], "client_credentials");
    assert_eq!(sent["client_secret"], text.replace(':', "%3A"));
    assert_eq!((sent["scope"].as_str(), sent["audience"].as_str(), sent.len()), ("a+b", "https%3A%2F%2Fx", 5));
    assert!(!format!("{post:?}").contains("secret-token"));
    assert_eq!(post.source().custody().as_slice(), text.as_bytes());

    let exchange = Login::new(Source::exchange("x@acme.conductor.one/wfe").unwrap(), TokenOptions::default());
    let (_, sent) = fields(&exchange, b" eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n");
    assert_eq!(sent["grant_type"], "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange");
    assert_eq!(sent["subject_token"], "eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
    assert_eq!(sent["subject_token_type"], "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt");
    assert_eq!((sent["client_id"].as_str(), sent.len()), ("x%40acme.conductor.one%2Fwfe", 4));
    let refused = exchange.request(&base(), NOW, [1; 16], b"").unwrap_err();
    assert_eq!((refused.option, refused.code), ("subjectToken", "bearer_empty"));

    for (id, code) in [
        ("", "client_id_empty"),
        ("secret-token:x", "client_id_is_secret"),
        ("a b", "client_id_name_character"),
        (&"a".repeat(513), "client_id_long"),
    ] {
        assert_eq!(Source::device(id).map(|_| ()).unwrap_err().code, code);
    }
}

#[test]
fn a_wrong_clock_is_learned_from_a_refusal_and_tried_once() {
    for slow in [240.0, -240.0, 86_400.0] {
        let mut login = assertion();
        login.begin();
        let refused = Answer { date: Some(NOW + slow), ..answer(401, REFUSAL) };
        assert_eq!(again(login.answer(&refused, NOW, 0.0)), 0.0);
        assert_eq!(login.clock().offset(), slow);
        let (_, sent) = fields(&login, b"");
        let claims = String::from_utf8(decode(sent["client_assertion"].split('.').nth(1).unwrap())).unwrap();
        assert!(claims.contains(&format!("\"iat\":{}", NOW + slow)), "{claims}");
        assert!(matches!(login.answer(&answer(200, GRANT), NOW, 0.0), Step::Granted(_)));
        // The offset outlives the conversation.
        login.begin();
        assert_eq!(login.clock().correct(NOW), NOW + slow);
    }

    // The offset did not help: the refusal is reported with the difference, and the clock is reset.
    let mut login = assertion();
    login.begin();
    let refused = Answer { date: Some(NOW + 240.0), ..answer(401, REFUSAL) };
    assert_eq!(again(login.answer(&refused, NOW, 0.0)), 0.0);
    let error = failed(login.answer(&refused, NOW, 0.0));
    assert_eq!((error.kind, error.clock_offset), (TokenErrorKind::Refused, Some(240)));
    assert!(error.hint().unwrap().contains("clock"));
    assert_eq!(login.clock().offset(), 0.0);
}

#[test]
fn a_refused_proof_corrects_the_clock_by_seconds() {
    const UNPROVEN: &[u8] = br#"{"error":"invalid_dpop_proof"}"#;
    for (off, learned) in [(35.0, true), (-59.0, true), (6.0, true), (5.0, false), (0.0, false)] {
        let mut login = assertion();
        login.bind(Dpop::new("eHg", Some("eXk")));
        login.begin();
        let refused = Answer { date: Some(NOW + off), ..answer(401, UNPROVEN) };
        let step = login.answer(&refused, NOW, 0.0);
        assert_eq!(matches!(step, Step::Again(_)), learned, "{off}");
        assert_eq!(login.clock().offset(), if learned { off } else { 0.0 });
    }

    // The key is present, so a missing key is not the reason.
    let mut login = assertion();
    login.bind(Dpop::new("eHg", Some("eXk")));
    let error = failed(login.answer(&answer(401, UNPROVEN), NOW, 0.0));
    assert!(!login.hint(&error).unwrap().contains("dpop: true"));
    let error = failed(assertion().answer(&answer(401, UNPROVEN), NOW, 0.0));
    assert!(assertion().hint(&error).unwrap().contains("dpop: true"));

    // A refusal that has nothing to do with the clock does not discard what was learned before.
    let mut login = assertion();
    assert!(login.learn(NOW + 600.0, NOW));
    login.begin();
    let refused = Answer { date: Some(NOW + 900.0), ..answer(401, REFUSAL) };
    assert_eq!(again(login.answer(&refused, NOW, 0.0)), 0.0);
    failed(login.answer(&refused, NOW, 0.0));
    assert_eq!(login.clock().offset(), 600.0);
}

#[test]
fn nonces_outlive_a_token() {
    let mut login = assertion();
    login.bind(Dpop::new("eHg", Some("eXk")));
    assert!(login.dpop().unwrap().use_nonce(Audience::Api, "n-1"));
    login.bind(Dpop::new("eHg", Some("eXk")));
    assert!(!login.dpop().unwrap().use_nonce(Audience::Api, "n-1"));
    login.bind(Dpop::new("eHg", None));
    assert!(login.dpop().unwrap().use_nonce(Audience::Api, "n-1"));
}

#[test]
fn a_digest_is_the_first_half_of_sha_512() {
    let half = |hex: &str| -> Vec<u8> {
        (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    // The examples of FIPS 180-4, and one with several blocks.
    for (text, hex) in [
        ("", "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"),
        ("abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"),
        (&"a".repeat(1000), "67ba5535a46e3f86dbfbed8cbbaf0125c76ed549ff8b0b9e03e0c88cf90fa634"),
    ] {
        assert_eq!(decode(&digest(text.as_bytes())), half(hex), "{text}");
    }
}

#[test]
fn a_right_clock_is_not_blamed() {
    for (status, body, date) in [
        (401, REFUSAL, Some(NOW + 45.0)),
        (401, REFUSAL, None),
        (500, REFUSAL, Some(NOW + 4000.0)),
        (401, br#"{"error":"sp_disabled"}"#.as_slice(), Some(NOW + 4000.0)),
    ] {
        let mut login = assertion();
        login.begin();
        let error = failed(login.answer(&Answer { date, ..answer(status, body) }, NOW, 0.0));
        assert_eq!((error.clock_offset, login.clock().offset()), (None, 0.0));
    }
    // An exchange does not contain this machine's time.
    let mut login = Login::new(Source::exchange("x@acme.conductor.one/wfe").unwrap(), TokenOptions::default());
    login.begin();
    failed(login.answer(&Answer { date: Some(NOW + 4000.0), ..answer(401, REFUSAL) }, NOW, 0.0));
}

#[test]
fn a_device_login_polls_until_it_is_confirmed() {
    let mut login = device();
    login.begin();
    let (url, sent) = fields(&login, b"");
    assert_eq!(url, "https://acme.conductor.one/auth/v1/device_authorization");
    assert_eq!((sent["client_id"].as_str(), sent["scope"].as_str(), sent.len()), ("program-1", "read+write", 2));
    assert_eq!(again(login.answer(&answer(200, CODES), NOW, 0.0)), 2000.0);
    let prompt = login.prompt().unwrap();
    assert_eq!((prompt.user_code.as_str(), prompt.expires_in), ("ABCD-EFGH", 60));
    assert_eq!(prompt.url_with_code, "https://acme.conductor.one/device?code=ABCD-EFGH");
    assert!(login.prompt().is_none());
    let (url, sent) = fields(&login, b"");
    assert_eq!(url, "https://acme.conductor.one/auth/v1/token");
    assert_eq!((sent["device_code"].as_str(), sent.len()), ("D-1", 3));
    assert!(!format!("{login:?}").contains("D-1"));

    assert_eq!(again(login.answer(&answer(400, PENDING), NOW, 2000.0)), 2000.0);
    let slow_down = br#"{"error":"slow_down"}"#;
    assert_eq!(again(login.answer(&answer(400, slow_down), NOW, 4000.0)), 7000.0);
    assert_eq!(again(login.answer(&answer(400, PENDING), NOW, 11_000.0)), 7000.0);
    assert_eq!(again(login.answer(&answer(400, slow_down), NOW, 18_000.0)), 12_000.0);
    assert_eq!(again(login.unanswered(30_000.0).unwrap()), 24_000.0);
    assert!(matches!(login.answer(&answer(200, GRANT), NOW, 54_000.0), Step::Granted(_)));
}

#[test]
fn denial_and_expiry_of_a_device_login_differ() {
    let begin = || {
        let mut login = device();
        login.begin();
        again(login.answer(&answer(200, CODES), NOW, 0.0));
        login
    };
    let denied = failed(begin().answer(&answer(400, br#"{"error":"access_denied"}"#), NOW, 2000.0));
    assert_eq!((denied.kind, denied.oauth_error.as_deref()), (TokenErrorKind::Refused, Some("access_denied")));
    assert!(denied.hint().unwrap().contains("denied"));
    let repeats = br#"{"error":"access_denied","error_description":"denied: opensesame-1"}"#;
    let mut login = device();
    login.begin();
    again(login.answer(&answer(200, &[br#"{"device_code":"opensesame-1","#, &CODES[21..]].concat()), NOW, 0.0));
    let denied = failed(login.answer(&answer(400, repeats), NOW, 2000.0));
    assert_eq!(denied.description.as_deref(), Some("denied: [redacted]"));
    let expired = failed(begin().answer(&answer(400, br#"{"error":"expired_token"}"#), NOW, 2000.0));
    assert_eq!(expired.oauth_error.as_deref(), Some("expired_token"));
    // Polling ends even if the server never reports that the code has expired.
    let late = failed(begin().answer(&answer(400, PENDING), NOW, 59_000.0));
    assert_eq!((late.kind, late.oauth_error.as_deref()), (TokenErrorKind::DeviceExpired, Some("expired_token")));
    let late = Answer { retry_after: Some(90_000.0), ..answer(429, b"") };
    assert_eq!(failed(begin().answer(&late, NOW, 2000.0)).kind, TokenErrorKind::DeviceExpired);
    assert_eq!(again(begin().answer(&answer(503, b""), NOW, 2000.0)), 4000.0);
    assert!(assertion().unanswered(0.0).is_none());
}

#[test]
fn malformed_device_codes_are_rejected() {
    let parse = |body: &str| Device::parse(200, body.as_bytes(), 0.0);
    let (device, prompt) =
        parse(r#"{"device_code":"D","user_code":"1\u00002","verification_uri":"https://a.example/x"}"#).unwrap();
    assert_eq!((device.interval_ms(), prompt.expires_in, prompt.user_code.as_str()), (5000.0, 600, "1 2"));
    assert_eq!(prompt.url_with_code, "");
    let (_, prompt) = parse(r#"{"device_code":"D","verification_uri_complete":"https://a.example/x?c=1"}"#).unwrap();
    assert_eq!(prompt.url, "https://a.example/x?c=1");
    for body in [
        "{}",
        r#"{"device_code":"","verification_uri":"https://a.example"}"#,
        r#"{"device_code":"D"}"#,
        r#"{"device_code":"D","verification_uri":"javascript:alert(1)"}"#,
        r#"{"device_code":"D","verification_uri":"http://a.example/x"}"#,
        r#"{"device_code":"D","verification_uri":"https://good.example@a.example/x"}"#,
        r#"{"device_code":["D"],"verification_uri":"https://a.example"}"#,
    ] {
        assert_eq!(parse(body).unwrap_err().kind, TokenErrorKind::DeviceCodes, "{body}");
    }
    for (status, body, kind) in [
        (400, r#"{"error":"unauthorized_client"}"#, TokenErrorKind::Refused),
        (404, "", TokenErrorKind::NotFound),
        (200, "<html>", TokenErrorKind::Html),
        (503, "", TokenErrorKind::Server),
        (200, r#"{"access_token":"T"}"#, TokenErrorKind::DeviceCodes),
    ] {
        assert_eq!(Device::parse(status, body.as_bytes(), 0.0).unwrap_err().kind, kind, "{status} {body}");
    }
}

#[test]
fn a_proof_names_its_request() {
    let mut key = Dpop::new("eHg", Some("eXk"));
    assert_eq!(key.jwk(), r#"{"crv":"P-256","kty":"EC","x":"eHg","y":"eXk"}"#);
    let proof = Proof {
        audience: Audience::Api,
        method: "POST",
        url: "https://acme.conductor.one/api/v1/x?y=1#z",
        with_query: false,
        token_hash: "aGFzaA",
        unix_seconds: 1_700_000_000,
        random: &[0; 16],
    };
    let parts = |input: String| {
        let (header, claims) = input.split_once('.').map(|(a, b)| (decode(a), decode(b))).unwrap();
        (String::from_utf8(header).unwrap(), String::from_utf8(claims).unwrap())
    };
    let (header, claims) = parts(key.signing_input(&proof));
    assert_eq!(header, format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{}}}"#, key.jwk()));
    assert_eq!(
        claims,
        r#"{"jti":"AAAAAAAAAAAAAAAAAAAAAA","htm":"POST","htu":"https://acme.conductor.one/api/v1/x","iat":1700000000,"ath":"aGFzaA"}"#
    );
    let whole = parts(key.signing_input(&Proof { with_query: true, ..proof })).1;
    assert!(whole.contains(r#""htu":"https://acme.conductor.one/api/v1/x?y=1","#), "{whole}");
    assert!(key.use_nonce(Audience::Token, "n-1"));
    assert!(!key.use_nonce(Audience::Token, "n-1"));
    for bad in ["", "a b", "a\"\u{e9}", &"a".repeat(1025)] {
        assert!(!key.use_nonce(Audience::Token, bad));
    }
    assert!(!parts(key.signing_input(&proof)).1.contains("nonce"));
    let to_token = Proof { audience: Audience::Token, token_hash: "", ..proof };
    let claims = parts(key.signing_input(&to_token)).1;
    assert!(claims.ends_with(r#""iat":1700000000,"nonce":"n-1"}"#), "{claims}");
    let (header, _) = parts(Dpop::new("eHg", None).signing_input(&proof));
    assert_eq!(header, r#"{"typ":"dpop+jwt","alg":"EdDSA","jwk":{"crv":"Ed25519","kty":"OKP","x":"eHg"}}"#);
}

#[test]
fn nonces_are_answered_a_few_times_and_a_bound_token_requires_a_key() {
    const BOUND: &[u8] = br#"{"access_token":"T","token_type":"DPoP","expires_in":60}"#;
    let mut login = assertion();
    assert_eq!(failed(login.answer(&answer(200, BOUND), NOW, 0.0)).kind, TokenErrorKind::TypeDpop);
    login.bind(Dpop::new("eHg", Some("eXk")));
    login.begin();
    let challenge = Answer { nonce: Some("n-1"), ..answer(400, br#"{"error":"use_dpop_nonce"}"#) };
    assert_eq!(again(login.answer(&challenge, NOW, 0.0)), 0.0);
    let proof = Proof {
        audience: Audience::Token,
        method: "POST",
        url: "https://acme.conductor.one/auth/v1/token",
        with_query: false,
        token_hash: "",
        unix_seconds: 0,
        random: &[0; 16],
    };
    let claims = login.proof(&proof, NOW).unwrap().split_once('.').map(|(_, claims)| decode(claims)).unwrap();
    assert!(String::from_utf8(claims).unwrap().contains("n-1"));
    // Another client may end a nonce before it is used.
    for _ in 0..4 {
        assert_eq!(again(login.answer(&challenge, NOW, 0.0)), 0.0);
    }
    assert_eq!(failed(login.answer(&challenge, NOW, 0.0)).oauth_error.as_deref(), Some("use_dpop_nonce"));
    login.begin();
    assert!(matches!(login.answer(&answer(200, BOUND), NOW, 0.0), Step::Granted(_)));
    assert!(matches!(login.answer(&answer(200, GRANT), NOW, 0.0), Step::Granted(_)));
    assert!(assertion().proof(&proof, NOW).is_none());
}
