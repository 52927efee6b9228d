//! The grants of Commerce Layer: what they accept, send and keep.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{check_corpus, encode};
use crate::auth::grants::life;
use crate::auth::places::{DomainError, places};
use crate::auth::{
    Answer, BaseUrl, GrantError, GrantType, HostError, Login, OAuth, Source, Step, TokenError, TokenErrorKind,
    TokenOptions,
};

const NOW: f64 = 1_700_000_000.0;
const VERIFIER: &str = "0123456789-._~abcdefghijklmnopqrstuvwxyzABCDEF";
const ALL: [GrantType; 5] = [
    GrantType::ClientCredentials,
    GrantType::Password,
    GrantType::RefreshToken,
    GrantType::AuthorizationCode,
    GrantType::JwtBearer,
];

/// The values of all fields: id, secret, username, password, refresh token, code, redirect URI, verifier.
fn fields(values: [&str; 8]) -> Vec<u8> {
    values.join("\0").into_bytes()
}

fn oauth(grant: GrantType) -> OAuth {
    let all = fields(["id", "secret", "u@x", " p\"\u{e9} ", "", "code", "https://a.example/b", VERIFIER]);
    let with_refresh = fields(["id", "secret", "", "", "refresh-0", "", "", ""]);
    OAuth::parse(grant, if grant == GrantType::RefreshToken { &with_refresh } else { &all }).unwrap()
}

fn login(grant: GrantType) -> Login {
    let mut login = Login::new(
        Source::OAuth(oauth(grant)),
        TokenOptions { scope: "market:all".to_owned(), ..TokenOptions::default() },
    );
    login.begin();
    login
}

fn sent(login: &Login, assertion: &[u8]) -> BTreeMap<String, String> {
    let base = BaseUrl::parse("https://auth.commercelayer.io").unwrap();
    let request = login.request(&base, NOW, [1; 16], assertion).unwrap();
    assert_eq!(request.url, "https://auth.commercelayer.io/oauth/token");
    serde_json::from_str(&request.body).unwrap()
}

fn answer(login: &mut Login, status: u16, body: &str) -> Step {
    let answer = Answer { status, body: body.as_bytes(), date: None, retry_after: None, nonce: None };
    login.answer(&answer, NOW, 0.0)
}

fn granted(login: &mut Login, body: &str) -> Option<f64> {
    match answer(login, 200, body) {
        Step::Granted(grant) => grant.expires_in,
        other => panic!("{other:?}"),
    }
}

fn failed(login: &mut Login, status: u16, body: &str) -> TokenError {
    match answer(login, status, body) {
        Step::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

fn refresh_token(login: &Login) -> &str {
    match login.source() {
        Source::OAuth(source) => source.refresh_token(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_grant_sends_its_own_fields() {
    let common = [("client_id", "id"), ("client_secret", "secret"), ("scope", "market:all")];
    for (grant, own) in [
        (GrantType::ClientCredentials, vec![("grant_type", "client_credentials")]),
        (GrantType::Password, vec![("grant_type", "password"), ("username", "u@x"), ("password", " p\"\u{e9} ")]),
        (GrantType::RefreshToken, vec![("grant_type", "refresh_token"), ("refresh_token", "refresh-0")]),
        (
            GrantType::AuthorizationCode,
            vec![
                ("grant_type", "authorization_code"),
                ("code", "code"),
                ("redirect_uri", "https://a.example/b"),
                ("code_verifier", VERIFIER),
            ],
        ),
        (
            GrantType::JwtBearer,
            vec![("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", "a.b.c")],
        ),
    ] {
        let expected: BTreeMap<String, String> =
            common.into_iter().chain(own).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(sent(&login(grant), b" a.b.c\n"), expected);
    }
    // Empty values are left out.
    let public = OAuth::parse(GrantType::ClientCredentials, &fields(["id", "", "", "", "", "", "", ""])).unwrap();
    let names: Vec<_> = sent(&Login::new(Source::OAuth(public), TokenOptions::default()), b"").into_keys().collect();
    assert_eq!(names, ["client_id", "grant_type"]);
}

#[test]
fn every_malformed_field_says_what_is_wrong() {
    let (long, longer, plus) = ("a".repeat(8193), VERIFIER.repeat(3), VERIFIER.replace('a', "+"));
    let (ok, none) = (["id", "secret", "u", "p", "r", "c", "https://a", ""], "");
    let cases: Vec<(GrantType, usize, &str, &str, &str)> = vec![
        (GrantType::ClientCredentials, 0, none, "clientId", "grant_missing"),
        (GrantType::ClientCredentials, 0, " '' ", "clientId", "grant_missing"),
        (GrantType::ClientCredentials, 0, "a b", "clientId", "grant_character"),
        (GrantType::ClientCredentials, 0, "a\u{7f}", "clientId", "grant_character"),
        (GrantType::ClientCredentials, 0, "\u{e9}", "clientId", "grant_character"),
        (GrantType::ClientCredentials, 0, &long, "clientId", "grant_long"),
        (GrantType::ClientCredentials, 0, "eyJhbGciOiJub25lIn0.e30.x", "clientId", "grant_is_token"),
        (GrantType::ClientCredentials, 0, "secret-token:x", "clientId", "grant_is_secret"),
        (GrantType::ClientCredentials, 1, "id", "clientSecret", "grant_same"),
        (GrantType::ClientCredentials, 1, "secret-token:x", "clientSecret", "grant_is_secret"),
        (GrantType::ClientCredentials, 1, "eyJhbGciOiJub25lIn0.e30.x", "clientSecret", "grant_is_token"),
        (GrantType::ClientCredentials, 1, "a\nb", "clientSecret", "grant_character"),
        (GrantType::ClientCredentials, 1, &long, "clientSecret", "grant_long"),
        (GrantType::Password, 4, "a b", "refreshToken", "grant_character"),
        (GrantType::ClientCredentials, 7, "\0", "credentials", "grant_fields"),
        (GrantType::Password, 2, none, "username", "grant_missing"),
        (GrantType::Password, 2, &long, "username", "grant_long"),
        (GrantType::Password, 3, none, "password", "grant_missing"),
        (GrantType::Password, 3, &long, "password", "grant_long"),
        (GrantType::RefreshToken, 4, none, "refreshToken", "grant_missing"),
        (GrantType::RefreshToken, 4, "a\tb", "refreshToken", "grant_character"),
        (GrantType::AuthorizationCode, 5, "a b", "code", "grant_character"),
        (GrantType::AuthorizationCode, 6, none, "redirectUri", "grant_missing"),
        (GrantType::AuthorizationCode, 6, "/back", "redirectUri", "grant_redirect"),
        (GrantType::AuthorizationCode, 6, "1a:back", "redirectUri", "grant_redirect"),
        (GrantType::AuthorizationCode, 6, "a b:back", "redirectUri", "grant_character"),
        (GrantType::AuthorizationCode, 7, "short", "codeVerifier", "grant_verifier"),
        (GrantType::AuthorizationCode, 7, &longer, "codeVerifier", "grant_verifier"),
        (GrantType::AuthorizationCode, 7, &plus, "codeVerifier", "grant_verifier"),
    ];
    let got: Vec<_> = cases
        .iter()
        .map(|&(grant, place, value, option, code)| {
            let mut values = ok;
            values[place] = value;
            let error = OAuth::parse(grant, &fields(values)).unwrap_err();
            assert_eq!(error.option, option, "{value:?}");
            assert!(value.len() < 3 || !error.to_string().contains(value), "{error}");
            (value, code, error.code)
        })
        .collect();
    check_corpus(&got, GrantError::CODES, &[]);
    // Bytes that are not text, and a grant with neither a code nor a refresh token.
    let bytes = OAuth::parse(GrantType::Password, b"id\0\0\xff\0p\0\0\0\0").unwrap_err();
    assert_eq!((bytes.option, bytes.code), ("username", "grant_character"));
    let code = OAuth::parse(GrantType::AuthorizationCode, &fields(["id", "", "", "", "", "", "https://a", ""]));
    assert_eq!(code.map(|_| ()).unwrap_err().option, "code");
    // An assertion is only checked when it is needed.
    let refused =
        login(GrantType::JwtBearer).request(&BaseUrl::parse("https://a.example").unwrap(), NOW, [1; 16], b"a b");
    assert_eq!(refused.map(|_| ()).unwrap_err().option, "assertion");
}

#[test]
fn a_refresh_token_replaces_the_original_grant() {
    for grant in [GrantType::Password, GrantType::RefreshToken, GrantType::AuthorizationCode, GrantType::JwtBearer] {
        let mut login = login(grant);
        for number in 1..4 {
            granted(&mut login, &format!(r#"{{"access_token":"T","refresh_token":"refresh-{number}"}}"#));
            let next = sent(&login, b"");
            assert_eq!(next["grant_type"], "refresh_token");
            assert_eq!(next["refresh_token"], format!("refresh-{number}"));
            assert!(
                !["password", "username", "code", "code_verifier", "assertion"].iter().any(|n| next.contains_key(*n))
            );
            assert!(!login.source().needs_subject());
        }
        // A missing or invalid refresh token leaves the old one in use.
        for more in ["", ",\"refresh_token\":null", ",\"refresh_token\":\"\"", ",\"refresh_token\":[\"x\"]"] {
            granted(&mut login, &format!("{{\"access_token\":\"T\"{more}}}"));
            assert_eq!(refresh_token(&login), "refresh-3");
        }
        for bad in ["7", "true", "{}", "\"a b\"", "\"a\\nb\"", "\"\\u00e9\"", "\"secret-token:x\""] {
            granted(&mut login, &format!(r#"{{"access_token":"T","refresh_token":{bad}}}"#));
            assert_eq!(refresh_token(&login), "refresh-3", "{bad}");
        }
    }
    // Client credentials are sent again instead: a refresh token would only be one more secret.
    let mut login = login(GrantType::ClientCredentials);
    granted(&mut login, r#"{"access_token":"T","refresh_token":"refresh-1"}"#);
    assert_eq!(refresh_token(&login), "");
}

#[test]
fn a_refused_refresh_token_falls_back_to_the_original_grant_once() {
    let refusal = r#"{"error":"invalid_grant"}"#;
    for (grant, back) in [
        (GrantType::Password, true),
        (GrantType::JwtBearer, true),
        (GrantType::AuthorizationCode, false),
        (GrantType::RefreshToken, false),
    ] {
        let mut login = login(grant);
        granted(&mut login, r#"{"access_token":"T","refresh_token":"refresh-1"}"#);
        login.begin();
        // A transient failure is not a refusal.
        assert_eq!(failed(&mut login, 503, "").kind, TokenErrorKind::Server);
        assert_eq!(refresh_token(&login), "refresh-1");
        if back {
            assert!(matches!(answer(&mut login, 400, refusal), Step::Again(wait) if wait == 0.0));
            assert_ne!(sent(&login, b"a.b.c")["grant_type"], "refresh_token");
            assert_eq!(login.source().needs_subject(), grant == GrantType::JwtBearer);
        }
        let error = failed(&mut login, 400, refusal);
        assert_eq!(error.oauth_error.as_deref(), Some("invalid_grant"));
        assert!(login.hint(&error).unwrap().len() > 10);
    }
}

#[test]
fn the_lifetime_comes_from_the_answer_or_the_token() {
    let token = |claims: &str| format!("{}.{}.sig", encode("{}"), encode(claims));
    for (claims, expected) in [
        (r#"{"exp":1700003600,"iat":1700000000}"#, Some(3600.0)),
        (r#"{"iat":5,"exp":7205,"application":{"exp":1},"aud":["iat"]}"#, Some(7200.0)),
        (r#"{"exp":1700003600.5,"iat":1700000000.9}"#, Some(3600.0)),
        (r#"{"exp":1700003600}"#, None),
        (r#"{"iat":1700003600}"#, None),
        (r#"{"exp":5,"iat":5}"#, None),
        (r#"{"exp":5,"iat":6}"#, None),
        (r#"{"exp":"1700003600","iat":1700000000}"#, None),
        (r#"{"exp":-5,"iat":1}"#, None),
        (r#"{"exp":1e99,"iat":1}"#, None),
        (r#"{"exp":99999999999999999999,"iat":1}"#, None),
        ("[]", None),
        ("", None),
        ("{", None),
    ] {
        assert_eq!(life(&token(claims)), expected, "{claims}");
        let body = |more: &str| format!(r#"{{"access_token":"{}"{more}}}"#, token(claims));
        assert_eq!(granted(&mut login(GrantType::ClientCredentials), &body("")), expected);
        assert_eq!(granted(&mut login(GrantType::ClientCredentials), &body(",\"expires_in\":60")), Some(60.0));
    }
    for opaque in ["", "opaque", "a.b", "a.%.c", "..", "a..c"] {
        assert_eq!(life(opaque), None);
    }
}

#[test]
fn errors_in_json_api_form_are_read() {
    for (status, body, code, description) in [
        (
            401,
            r#"{"errors":[{"title":"No","detail":"no such client","code":"UNAUTHORIZED","status":"401"}]}"#,
            Some("UNAUTHORIZED"),
            Some("no such client"),
        ),
        (401, r#"{"errors":[{"title":"No","meta":{"code":"x"},"source":null},{"code":"SECOND"}]}"#, None, Some("No")),
        (
            401,
            r#"{"errors":[{"code":"UNAUTHORIZED","meta":{"a":[1],"error":"invalid_client"},"title":"No"}]}"#,
            Some("invalid_client"),
            Some("No"),
        ),
        (401, r#"{"errors":[{"meta":{"error":["x"]},"code":"UNAUTHORIZED"}]}"#, Some("UNAUTHORIZED"), None),
        (200, r#"{"access_token":"T","errors":[{"code":"UNAUTHORIZED"}]}"#, Some("UNAUTHORIZED"), None),
        (
            401,
            r#"{"error":"invalid_client","error_description":"words","errors":[{"detail":"other"}]}"#,
            Some("invalid_client"),
            Some("words"),
        ),
        (401, r#"{"errors":[{"code":7,"detail":["x"],"title":{}}]}"#, None, None),
        (
            401,
            r#"{"errors":[{"code":"two words","detail":"eyJhbGciOiJSUzUxMiJ9.canary.x"}]}"#,
            None,
            Some("[redacted]"),
        ),
    ] {
        let error = failed(&mut login(GrantType::ClientCredentials), status, body);
        assert_eq!(error.kind, TokenErrorKind::Refused, "{body}");
        assert_eq!((error.oauth_error.as_deref(), error.description.as_deref()), (code, description), "{body}");
    }
    // An empty list is not a failure, and neither is any other value of that name.
    for errors in ["[]", "null", "{}", "\"x\"", "[7]", "[[]]"] {
        granted(&mut login(GrantType::ClientCredentials), &format!(r#"{{"access_token":"T","errors":{errors}}}"#));
    }
}

#[test]
fn what_was_sent_is_not_repeated_in_an_error() {
    let values = ["an-id", "opensesame", "u@x", "hunter two", "refresh-0", "abc-123", "https://a.example/b", VERIFIER];
    for (grant, in_list) in ALL.into_iter().flat_map(|grant| [(grant, false), (grant, true)]) {
        let source = Source::OAuth(OAuth::parse(grant, &fields(values)).unwrap());
        let mut login = Login::new(source, TokenOptions::default());
        let error = loop {
            let said = sent(&login, b"a.b.c").into_values().collect::<Vec<_>>().join(", ");
            let text = serde_json::to_string(&format!("refused: {said}; {}", "words ".repeat(60))).unwrap();
            let body = if in_list {
                format!(r#"{{"errors":[{{"code":"invalid_grant","detail":{text}}}]}}"#)
            } else {
                format!(r#"{{"error":"invalid_grant","error_description":{text}}}"#)
            };
            // A refused refresh token is followed by the original grant.
            if let Step::Failed(error) = answer(&mut login, 400, &body) {
                break error;
            }
        };
        let shown = error.description.unwrap();
        assert!(shown.contains("[redacted]") && shown.contains("an-id"), "{grant:?}: {shown}");
        for secret in ["opensesame", "hunter", "refresh-0", "abc-123", "0123456789"] {
            assert!(!shown.contains(secret), "{grant:?}: {shown}");
        }
    }
}

#[test]
fn custody_round_trips() {
    for grant in ALL {
        let mut first = login(grant);
        granted(&mut first, r#"{"access_token":"T","refresh_token":"refresh-1"}"#);
        let custody = first.source().custody();
        let again = Login::new(Source::OAuth(OAuth::parse(grant, &custody).unwrap()), TokenOptions::default());
        assert_eq!(again.source().custody(), custody);
        let mut expected = sent(&first, b"a.b.c");
        expected.remove("scope");
        assert_eq!(sent(&again, b"a.b.c"), expected);
        for shown in [format!("{first:?}"), format!("{again:?}")] {
            for secret in ["secret\"", "u@x", "code", "refresh-1", VERIFIER] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
    let renewable = Source::renewable(b" Bearer old\n").unwrap();
    assert_eq!((renewable.custody().as_slice(), renewable.held()), (b"old".as_slice(), Some("old")));
    assert!(!format!("{renewable:?}").contains("old"));
    assert_eq!(Source::renewable(b"").map(|_| ()).unwrap_err().option, "accessToken");
}

#[test]
fn another_workers_refresh_token_is_adopted_if_valid() {
    let mut code = oauth(GrantType::AuthorizationCode);
    for bad in [b"".as_slice(), b"a b", b"\xff"] {
        code.renew_with(bad);
        assert_eq!(code.refresh_token(), "");
    }
    code.renew_with(b"refresh-9");
    assert_eq!(code.refresh_token(), "refresh-9");
}

#[test]
fn places_follow_from_the_options() {
    let at = |server, auth, domain| {
        let places = places(server, auth, domain).unwrap();
        (places.api.as_str().to_owned(), places.auth.as_str().to_owned())
    };
    let pair = |api: &str, auth: &str| (api.to_owned(), auth.to_owned());
    let official = pair("https://provisioning.commercelayer.io/api", "https://auth.commercelayer.io");
    assert_eq!(at(None, None, None), official);
    assert_eq!(at(None, None, Some(" CommerceLayer.io ")), official);
    let port = pair("https://provisioning.a.example:8443/api", "https://auth.a.example:8443");
    assert_eq!(at(None, None, Some("a.example:8443")), port);
    let sandbox = pair("http://127.0.0.1:1/api", "http://127.0.0.1:1");
    assert_eq!(at(Some("http://127.0.0.1:1/"), None, Some("ignored")), sandbox);
    assert_eq!(at(Some("http://127.0.0.1:1/api/"), None, None), sandbox);
    assert_eq!(at(Some("https://a/p"), Some("https://b/q/"), None), pair("https://a/p/api", "https://b/q"));
}

#[test]
fn every_malformed_domain_says_what_is_wrong() {
    let cases: Vec<_> = [
        ("https://commercelayer.io", "domain_is_url"),
        ("auth.commercelayer.io", "domain_has_service"),
        ("Provisioning.commercelayer.io", "domain_has_service"),
        ("", "host_empty"),
        ("a b", "host_space"),
        ("a\u{1}", "host_control"),
        ("\u{e9}.io", "host_not_ascii"),
        ("a@b", "host_user_info"),
        ("a\\b", "host_backslash"),
        ("a%2eb", "host_percent"),
        ("a/b", "host_path"),
        ("a_b", "host_character"),
        ("a..b", "host_empty_label"),
        ("-a.io", "host_hyphen"),
        (&"a".repeat(64), "host_long_label"),
        ("a.".repeat(130).trim_end_matches('.'), "host_long"),
        ("127.1", "host_ipv4"),
        ("localhost", "host_ipv4"),
        ("[::2]", "host_ipv6"),
        ("a:0", "host_port"),
    ]
    .map(|(domain, code)| {
        let error = places(None, None, Some(domain)).unwrap_err();
        assert_eq!(error.option, "domain");
        (domain.to_owned(), code, error.code)
    })
    .into();
    let cases: Vec<_> = cases.iter().map(|(domain, code, got)| (domain.as_str(), *code, *got)).collect();
    check_corpus(&cases, DomainError::CODES, HostError::CODES);
    for (server, auth, option) in [(Some("ftp://a"), None, "serverURL"), (None, Some("http://a.example"), "authURL")] {
        assert_eq!(places(server, auth, None).unwrap_err().option, option);
    }
}

proptest! {
    #[test]
    fn no_fields_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a-z0-9\\u{0}\"' :/.-]{0,80}") {
        for grant in ALL {
            for fields in [bytes.as_slice(), text.as_bytes()] {
                if let Ok(oauth) = OAuth::parse(grant, fields) {
                    let custody = oauth.custody();
                    prop_assert_eq!(OAuth::parse(grant, &custody).unwrap().custody(), custody);
                }
            }
        }
        let _ = life(&text);
        let _ = places(None, None, Some(&text));
    }

    #[test]
    fn every_password_is_sent_unchanged(password in "\\PC{1,40}", name in "[^\\u{0}]{1,40}") {
        let fields = fields(["id", "", &name, &password, "", "", "", ""]);
        let login = Login::new(Source::OAuth(OAuth::parse(GrantType::Password, &fields).unwrap()), TokenOptions::default());
        let sent = sent(&login, b"");
        prop_assert_eq!((&sent["password"], &sent["username"]), (&password, &name));
    }
}
