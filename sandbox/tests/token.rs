//! The token endpoint and the bearer check.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking, and need no documentation"
)]

mod common;

use common::{HOST, START, URL, World, sign, text};
use serde_json::{Value, json};

fn refusal(world: &World, edit: impl FnOnce(&mut Value, &mut Value)) -> String {
    let ready = world.ready();
    let id = text(&ready, "clientId");
    let (mut header, mut claims) = world.claims(&id);
    edit(&mut header, &mut claims);
    let (status, answer) = world.ask_with(&id, &sign(&text(&ready, "clientSecret"), &header, &claims));
    assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")), "{answer}");
    text(&answer, "error_description")
}

#[test]
fn a_valid_assertion_gets_a_working_token() {
    let world = World::new();
    let answer = world.ok("GET", "/api/v1/auth/introspect", json!(null));
    assert_eq!(answer["roles"], json!(["super-administrator"]));
    assert_eq!(answer["deviceClientId"], "");
    assert_eq!(answer["disabledModules"], json!([]));
}

#[test]
fn the_claims_of_an_assertion_are_checked() {
    let world = World::new();
    let now = START / 1000;
    let cases: [(&str, &str, Value); 12] = [
        ("aud must be", "aud", json!([format!("{HOST}:443")])),
        ("aud must be", "aud", json!("https://tenant.sandbox.invalid")),
        ("aud must be", "aud", json!("other.example")),
        ("aud must be", "aud", json!(null)),
        ("iss must be", "iss", json!("somebody")),
        ("sub must be", "sub", json!("somebody")),
        ("exp must be within", "exp", json!(now + 301)),
        ("expired", "exp", json!(now)),
        ("a time is not a number", "exp", json!("soon")),
        ("not valid yet", "nbf", json!(now + 1)),
        ("in the future", "iat", json!(now + 121)),
        ("a time is not a number", "iat", json!({})),
    ];
    for (expected, claim, value) in cases {
        let said = refusal(&world, |_, claims| claims[claim] = value.clone());
        assert!(said.contains(expected), "{claim} {value}: {said}");
    }
    let without =
        |claim: &'static str| refusal(&world, move |_, claims| drop(claims.as_object_mut().unwrap().remove(claim)));
    assert_eq!(without("exp"), "exp is missing");
    assert!(without("sub").contains("sub must be"));
    assert!(refusal(&world, |header, _| header["alg"] = json!("none")).contains("alg"));
    assert!(refusal(&world, |header, _| header["alg"] = json!("HS256")).contains("alg"));
    assert!(refusal(&world, |header, _| header["crit"] = json!(["b64"])).contains("extension"));
}

#[test]
fn the_audience_may_be_text_and_the_host_of_the_request() {
    let world = World::with(json!({ "url": "http://127.0.0.1:4321" }));
    let ready = world.ready();
    assert!(text(&ready, "clientId").ends_with("@127.0.0.1:4321/spc"));
    // The test helper sends to another host than the one in the client id: both are valid audiences.
    for audience in ["127.0.0.1", HOST] {
        let (header, mut claims) = world.claims(&text(&ready, "clientId"));
        claims["aud"] = json!(audience);
        let assertion = sign(&text(&ready, "clientSecret"), &header, &claims);
        assert_eq!(world.ask_with(&text(&ready, "clientId"), &assertion).0, 200, "{audience}");
    }
}

#[test]
fn expiry_is_limited_to_five_minutes_and_nbf_and_iat_are_optional() {
    let world = World::new();
    let ready = world.ready();
    let (header, mut claims) = world.claims(&text(&ready, "clientId"));
    claims["exp"] = json!(START / 1000 + 300);
    claims.as_object_mut().unwrap().retain(|name, _| name != "nbf" && name != "iat");
    let assertion = sign(&text(&ready, "clientSecret"), &header, &claims);
    assert_eq!(world.ask_with(&text(&ready, "clientId"), &assertion).0, 200);
}

#[test]
fn an_assertion_works_once() {
    let world = World::with(json!({ "replay": "by-signature" }));
    let ready = world.ready();
    let (id, secret) = (text(&ready, "clientId"), text(&ready, "clientSecret"));
    // It is recognized by its nonce, its jti, or else its signature.
    let (with_nonce, claims) = world.claims(&id);
    let mut with_jti = claims.clone();
    with_jti["jti"] = json!("one");
    let plain = json!({ "alg": "EdDSA" });
    for (header, claims) in [(&with_nonce, &claims), (&with_nonce, &with_jti), (&plain, &claims)] {
        let assertion = sign(&secret, header, claims);
        assert_eq!(world.ask_with(&id, &assertion).0, 200);
        let (status, answer) = world.ask_with(&id, &assertion);
        assert_eq!((status, text(&answer, "error_description").as_str()), (401, "the assertion was used before"));
    }
    // The same jti in another assertion makes it the same assertion.
    let (other, _) = world.claims(&id);
    assert_eq!(world.ask_with(&id, &sign(&secret, &other, &with_jti)).0, 401);
}

#[test]
fn assertions_of_the_same_second_differ_unless_the_signature_counts() {
    let world = World::new();
    let ready = world.ready();
    let (id, secret) = (text(&ready, "clientId"), text(&ready, "clientSecret"));
    let (with_nonce, claims) = world.claims(&id);
    for (header, second) in [(&json!({ "alg": "EdDSA" }), 200), (&with_nonce, 401)] {
        let assertion = sign(&secret, header, &claims);
        assert_eq!([world.ask_with(&id, &assertion).0, world.ask_with(&id, &assertion).0], [200, second]);
    }
}

#[test]
fn the_signature_must_be_the_clients_own() {
    let world = World::new();
    let ready = world.ready();
    let id = text(&ready, "clientId");
    let rotated = world.ok(
        "POST",
        "/api/v1/apps/connectors/credentials",
        json!({ "appId": ready["appId"], "connectorId": ready["connectorId"] }),
    );
    let foreign = text(&rotated["credential"], "clientSecret");
    let (header, claims) = world.claims(&id);
    let (status, answer) = world.ask_with(&id, &sign(&foreign, &header, &claims));
    assert_eq!((status, text(&answer, "error_description").as_str()), (401, "the assertion's signature is wrong"));

    // Changed after it was signed.
    let assertion = sign(&text(&ready, "clientSecret"), &header, &claims);
    let mut parts: Vec<&str> = assertion.split('.').collect();
    let (_, mut longer) = world.claims(&id);
    longer["exp"] = json!(START / 1000 + 300);
    let forged = sign(&foreign, &header, &longer);
    parts[1] = forged.split('.').nth(1).unwrap();
    assert_eq!(world.ask_with(&id, &parts.join(".")).0, 401);
}

#[test]
fn malformed_assertions() {
    let world = World::new();
    let id = text(&world.ready(), "clientId");
    for (assertion, expected) in [
        ("x", "three parts"),
        ("a.b", "three parts"),
        ("a.b.c.d", "three parts"),
        ("!.e30.AA", "header"),
        ("e30.W10.AA", "claims"),
        ("e30.e30.AA", "signature"),
    ] {
        let (status, answer) = world.ask_with(&id, assertion);
        assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
        assert!(text(&answer, "error_description").contains(expected), "{answer}");
    }
}

#[test]
fn unknown_clients() {
    let world = World::new();
    let ready = world.ready();
    let secret = text(&ready, "clientSecret");
    let own = text(&ready, "clientId");
    for id in [
        "nobody".to_owned(),
        format!("nobody@{HOST}/spc"),
        own.replace("/spc", "/pcc"),
        own.replace("/spc", "/xyz"),
        own.replace(HOST, "tenant.example"),
        format!("@{HOST}/spc"),
    ] {
        let (status, answer) = world.ask_token(&id, &secret);
        assert_eq!((status, text(&answer, "error_description").as_str()), (401, "the client is unknown"), "{id}");
    }
}

#[test]
fn malformed_requests() {
    let world = World::new();
    let ready = world.ready();
    let (header, claims) = world.claims(&text(&ready, "clientId"));
    let assertion = sign(&text(&ready, "clientSecret"), &header, &claims);
    const TYPE: (&str, &str) = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    const GRANT: (&str, &str) = ("grant_type", "client_credentials");
    for (error, fields) in [
        ("invalid_request", vec![]),
        ("unsupported_grant_type", vec![("grant_type", "password")]),
        ("invalid_request", vec![GRANT]),
        ("invalid_request", vec![GRANT, TYPE]),
        ("invalid_request", vec![GRANT, ("client_assertion_type", "saml"), ("client_assertion", &assertion)]),
        ("invalid_request", vec![GRANT, GRANT, TYPE, ("client_assertion", &assertion)]),
    ] {
        let (status, answer) = world.ask(&fields);
        assert_eq!((status, &answer["error"]), (400, &json!(error)), "{fields:?}");
    }
    let reply = world.raw("POST", &format!("{URL}/auth/v1/token"), &[("content-type", "application/json")], "{}");
    assert_eq!(reply.status, 400);
    // The client id can be omitted, because the assertion names it.
    assert_eq!(world.ask(&[GRANT, TYPE, ("client_assertion", &assertion)]).0, 200);
}

#[test]
fn a_fresh_connector_credential_logs_in_until_it_is_revoked_or_expires() {
    let world = World::new();
    let ready = world.ready();
    let place = json!({ "appId": ready["appId"], "connectorId": ready["connectorId"] });
    let rotate = || world.ok("POST", "/api/v1/apps/connectors/credentials", place.clone())["credential"].clone();
    let (one, two) = (rotate(), rotate());
    let mut as_connector = World::new();
    for credential in [&one, &two] {
        assert!(text(credential, "clientId").ends_with(&format!("@{HOST}/ccc")));
        as_connector.token = world.authenticate(&text(credential, "clientId"), &text(credential, "clientSecret"));
    }
    let path = |credential: &Value| {
        format!(
            "/api/v1/apps/{}/connectors/{}/credentials/{}",
            text(credential, "appId"),
            text(credential, "connectorId"),
            text(credential, "id")
        )
    };
    assert!(world.ok("GET", &path(&one), json!(null))["credential"]["lastUsedAt"].is_string());
    world.ok("POST", &path(&one), json!({}));
    let (status, answer) = world.ask_token(&text(&one, "clientId"), &text(&one, "clientSecret"));
    assert_eq!((status, text(&answer, "error_description").as_str()), (401, "the credential is revoked"));
    assert_eq!(world.ask_token(&text(&two, "clientId"), &text(&two, "clientSecret")).0, 200);

    world.control("POST", "clock", json!({ "advance": 91 * 86_400_000_i64 }));
    let (status, answer) = world.ask_token(&text(&two, "clientId"), &text(&two, "clientSecret"));
    assert_eq!((status, text(&answer, "error_description").as_str()), (401, "the credential is expired"));
}

#[test]
fn a_deleted_principal_and_a_credential_that_needs_dpop_get_no_token() {
    let world = World::new();
    let principal = world.ok("POST", "/api/v1/service_principals", json!({ "displayName": "CI" }));
    let path = format!("/api/v1/service_principals/{}", text(&principal["servicePrincipal"], "id"));
    let plain = world.ok("POST", &format!("{path}/credentials"), json!({}));
    let bound = world.ok("POST", &format!("{path}/credentials"), json!({ "requireDpop": true }));
    let ask = |made: &Value| world.ask_token(&text(&made["credential"], "clientId"), &text(made, "clientSecret"));
    assert_eq!(ask(&plain).0, 200);
    assert_eq!((ask(&bound).0, ask(&bound).1["error"].clone()), (400, json!("invalid_dpop_proof")));
    world.ok("DELETE", &path, json!({}));
    assert_eq!(ask(&plain).1["error_description"], "the credential is revoked");
}

#[test]
fn a_disabled_principal_gets_no_token() {
    let world = World::new();
    let principal = world.ok("POST", "/api/v1/service_principals", json!({ "displayName": "CI" }));
    let id = text(&principal["servicePrincipal"], "id");
    let made = world.ok("POST", &format!("/api/v1/service_principals/{id}/credentials"), json!({}));
    let mut state = world.control("GET", "state", json!(null));
    for row in state["servicePrincipals"].as_array_mut().unwrap() {
        if row["id"] == json!(id) {
            row["user"]["status"] = json!("DISABLED");
        }
    }
    world.control("PUT", "state", state);
    let (status, answer) = world.ask_token(&text(&made["credential"], "clientId"), &text(&made, "clientSecret"));
    assert_eq!((status, answer["error_description"].as_str().unwrap()), (401, "the service principal is disabled"));
}

#[test]
fn bearer_tokens_are_checked() {
    let mut world = World::with(json!({ "tokenTtl": 2 }));
    let path = "/api/v1/apps";
    world.ok("GET", path, json!(null));
    world.later(1_999);
    world.ok("GET", path, json!(null));
    world.later(1);
    assert_eq!(world.refused(401, 16, "GET", path, json!(null)), "access token is expired");
    world.token = "made-up".to_owned();
    assert_eq!(world.refused(401, 16, "GET", path, json!(null)), "invalid access token");
    let reply = world.raw("GET", &format!("{URL}{path}"), &[], "");
    assert_eq!((reply.status, common::header(&reply, "www-authenticate")), (401, Some("Bearer")));
    let reply = world.raw("GET", &format!("{URL}{path}"), &[("authorization", "Basic abc")], "");
    assert_eq!(reply.status, 401);
}

#[test]
fn the_answer_states_the_tokens_lifetime() {
    let world = World::new();
    let ready = world.ready();
    let life = || world.ask_token(&text(&ready, "clientId"), &text(&ready, "clientSecret")).1["expires_in"].clone();
    assert_eq!(life(), 3_600);
    world.control("POST", "token-ttl", json!({ "seconds": 5 }));
    assert_eq!(life(), 5);
    world.control("POST", "reset", json!({}));
    assert_eq!(life(), 3_600);
}

#[test]
fn a_read_only_credential_cannot_write() {
    let mut world = World::new();
    let made = world.ok(
        "POST",
        "/api/v1/iam/personal_clients",
        json!({ "displayName": "Reader", "scopedRoles": ["read-only-administrator"] }),
    );
    world.token = world.authenticate(&text(&made["client"], "clientId"), &text(&made, "clientSecret"));
    world.ok("GET", "/api/v1/apps", json!(null));
    world.refused(403, 7, "POST", "/api/v1/apps", json!({ "displayName": "No" }));
    let answer = world.ok("GET", "/api/v1/auth/introspect", json!(null));
    assert_eq!(answer["permissions"], json!(["app.read", "connector.read"]));
}
