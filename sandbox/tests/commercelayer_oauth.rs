//! Commerce Layer's token endpoint: grants, the claims of tokens, their end, and rate limits.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking, and need no documentation"
)]

mod common;

use base64ct::{Base64UrlUnpadded, Encoding};
use common::commercelayer::{Shop, oauth};
use common::{START, URL, World, header, text};
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap()
}

/// Returns the OAuth error of a refusal.
fn error((status, answer): (u16, Value)) -> (u16, String) {
    assert_eq!(answer["errors"][0]["status"], json!(status), "{answer}");
    (status, text(&answer["errors"][0]["meta"], "error"))
}

fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// Returns the demo credential that a filter finds.
fn credential(shop: &Shop, filter: &str) -> Value {
    shop.first(&format!("api_credentials?filter[q]{filter}"))["attributes"].clone()
}

/// Returns a token request with a credential.
fn asked(credential: &Value, more: Value) -> Value {
    let mut whole = json!({ "client_id": credential["client_id"], "client_secret": credential["client_secret"] });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    whole.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    whole
}

#[test]
fn the_personal_credential_gets_a_token_for_the_api() {
    let shop = Shop::new();
    let own = claims(&shop.token);
    assert_eq!((&own["application"]["kind"], &own["scope"]), (&json!("user"), &json!("provisioning-api")));
    assert_eq!(own["user"]["id"], shop.get("user")["data"]["id"]);
    assert_eq!(
        (&own["iss"], &own["iat"], &own["exp"]),
        (&json!(URL), &json!(START / 1000), &json!(START / 1000 + 7200))
    );
    assert!(own.get("organization").is_none());

    // Anybody can verify it with the key set.
    let keys = shop.world.raw("GET", &format!("{URL}/.well-known/jwks.json"), &[], "");
    let keys: Value = serde_json::from_str(&keys.body).unwrap();
    let key = &keys["keys"][0];
    let (signed, signature) = shop.token.rsplit_once('.').unwrap();
    let point: Vec<u8> = [
        &[4u8][..],
        &Base64UrlUnpadded::decode_vec(key["x"].as_str().unwrap()).unwrap(),
        &Base64UrlUnpadded::decode_vec(key["y"].as_str().unwrap()).unwrap(),
    ]
    .concat();
    let signature = Signature::from_slice(&Base64UrlUnpadded::decode_vec(signature).unwrap()).unwrap();
    VerifyingKey::from_sec1_bytes(&point).unwrap().verify(signed.as_bytes(), &signature).unwrap();
    let head: Value =
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(signed.split('.').next().unwrap()).unwrap()).unwrap();
    assert_eq!((&head["alg"], &head["kid"]), (&json!("ES256"), &key["kid"]));

    let ready = shop.world.ready()["commercelayer"].clone();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        ready["clientId"].as_str().unwrap(),
        ready["clientSecret"].as_str().unwrap()
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(shop.world.raw("POST", &format!("{URL}/oauth/token"), &headers, &form).status, 200);
    for (change, expected) in [
        (json!({ "client_secret": "wrong" }), refused(401, "invalid_client")),
        (json!({ "client_secret": null }), refused(401, "invalid_client")),
        (json!({ "client_id": null }), refused(400, "invalid_request")),
        (json!({ "client_id": "nobody" }), refused(401, "invalid_client")),
        (json!({ "grant_type": null }), refused(400, "invalid_request")),
        (json!({ "grant_type": "password" }), refused(400, "unauthorized_client")),
    ] {
        let mut request = json!({ "client_id": ready["clientId"], "client_secret": ready["clientSecret"], "grant_type": "client_credentials" });
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(error(oauth(&shop.world, "token", &request)), expected, "{change}");
    }
}

#[test]
fn a_token_ends_by_time_or_when_it_is_revoked() {
    let shop = Shop::with(json!({ "commercelayer": { "tokenTtl": 600 } }));
    let code = || shop.refused("GET", "user", json!(null));
    let ended = (401, vec![("INVALID_TOKEN".to_owned(), String::new())]);
    shop.world.later(599_999);
    shop.get("user");
    shop.world.later(1);
    assert_eq!(code(), ended);
    shop.world.control("POST", "clock", json!({ "advance": -600_000 }));
    shop.get("user");

    let ready = shop.world.ready()["commercelayer"].clone();
    let revoke = |token: &str, secret: &Value| {
        let request = json!({ "client_id": ready["clientId"], "client_secret": secret, "token": token });
        oauth(&shop.world, "revoke", &request)
    };
    assert_eq!(error(revoke(&shop.token, &json!("wrong"))), refused(401, "invalid_client"));
    let other = credential(&shop, "[kind_eq]=integration");
    let foreign = asked(&other, json!({ "token": shop.token }));
    assert_eq!(error(oauth(&shop.world, "revoke", &foreign)), refused(403, "unauthorized_client"));
    assert_eq!(revoke("nonsense", &ready["clientSecret"]), (200, json!({})));
    assert_eq!(revoke(&shop.token, &ready["clientSecret"]), (200, json!({})));
    assert_eq!(code(), ended);
    for header in ["", "Basic x", "Bearer x"] {
        let reply = shop.world.raw("GET", &format!("{URL}/api/user"), &[("authorization", header)], "");
        assert_eq!(reply.status, 401);
    }
}

#[test]
fn a_pair_gets_tokens_until_its_credential_is_removed() {
    let shop = Shop::new();
    let made = shop.integration(json!({ "mode": "live", "expires_in": 9000 }));
    let pair = asked(&made["attributes"], json!({ "grant_type": "client_credentials" }));
    let (status, answer) = oauth(&shop.world, "token", &pair);
    assert_eq!((status, &answer["expires_in"], &answer["scope"]), (200, &json!(9000), &json!("market:all")));
    assert!(answer.get("refresh_token").is_none());
    let own = claims(&text(&answer, "access_token"));
    assert_eq!(own["organization"]["id"], json!(shop.organization()));
    assert_eq!(own["organization"]["slug"], json!("northwind-outfitters"));
    assert_eq!(own["application"]["id"], made["id"]);
    assert_eq!(own["application"]["kind"], json!("integration"));
    assert_eq!(own["application"]["client_id"], made["attributes"]["client_id"]);
    assert_eq!((&own["test"], &own["exp"]), (&json!(false), &json!(START / 1000 + 9000)));
    // This is a token of another kind.
    let bearer = format!("Bearer {}", text(&answer, "access_token"));
    let reply = shop.world.raw("GET", &format!("{URL}/api/user"), &[("authorization", &bearer)], "");
    assert!(reply.status == 401 && reply.body.contains("UNAUTHORIZED"), "{}", reply.body);

    let test = shop.integration(json!({ "mode": "test" }));
    let request = asked(&test["attributes"], json!({ "grant_type": "client_credentials", "scope": "market:id:7" }));
    let answer = oauth(&shop.world, "token", &request).1;
    assert_eq!(
        (&claims(&text(&answer, "access_token"))["test"], &answer["scope"]),
        (&json!(true), &json!("market:id:7"))
    );
    let request =
        asked(&test["attributes"], json!({ "grant_type": "client_credentials", "scope": "provisioning-api" }));
    assert_eq!(error(oauth(&shop.world, "token", &request)), refused(400, "invalid_scope"));

    assert_eq!(shop.call("DELETE", &format!("api_credentials/{}", text(&made, "id")), json!(null)).0, 204);
    assert_eq!(error(oauth(&shop.world, "token", &pair)), refused(401, "invalid_client"));
}

#[test]
fn customers_log_in_and_refresh() {
    let shop = Shop::new();
    let channel = credential(&shop, "[kind_eq]=sales_channel");
    let customer = shop.world.ready()["commercelayer"]["customer"].clone();
    let request = |change: Value| {
        let mut request = json!({
            "grant_type": "password",
            "client_secret": null,
            "username": customer["username"],
            "password": customer["password"],
            "scope": "market:all",
        });
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        oauth(&shop.world, "token", &asked(&channel, request))
    };
    assert_eq!(error(request(json!({ "password": "wrong" }))), refused(401, "invalid_grant"));
    assert_eq!(error(request(json!({ "scope": null }))), refused(400, "invalid_scope"));
    let (status, first) = request(json!({}));
    assert_eq!((status, &first["owner_type"]), (200, &json!("customer")));
    assert_eq!(claims(&text(&first, "access_token"))["owner"]["type"], json!("Customer"));

    let refresh = |token: &str| {
        let request = json!({ "grant_type": "refresh_token", "client_secret": null, "refresh_token": token });
        oauth(&shop.world, "token", &asked(&channel, request))
    };
    let (status, second) = refresh(&text(&first, "refresh_token"));
    assert_eq!((status, &second["owner_id"]), (200, &first["owner_id"]));
    // A refresh token is valid once, and for two weeks.
    assert_eq!(error(refresh(&text(&first, "refresh_token"))), refused(400, "invalid_grant"));
    shop.world.later(14 * 86_400_000);
    assert_eq!(error(refresh(&text(&second, "refresh_token"))), refused(400, "invalid_grant"));
}

#[test]
fn a_person_authorizes_a_web_application() {
    let shop = Shop::new();
    let webapp = credential(&shop, "[kind_eq]=webapp");
    let verifier = "a-verifier-of-at-least-forty-three-characters-00";
    let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(verifier));
    let page = json!({
        "client_id": webapp["client_id"], "redirect_uri": webapp["redirect_uri"], "response_type": "code",
        "scope": "market:all", "state": "a b", "code_challenge": challenge, "code_challenge_method": "S256",
    });
    let code = || {
        let location = text(&shop.world.control("POST", "commercelayer/authorize", page.clone()), "location");
        let (url, query) = location.split_once("?code=").unwrap();
        assert_eq!(webapp["redirect_uri"], json!(url));
        query.strip_suffix("&state=a%20b").unwrap().to_owned()
    };
    let exchange = |code: &str, change: Value| {
        let mut request = json!({
            "grant_type": "authorization_code", "code": code, "redirect_uri": webapp["redirect_uri"], "code_verifier": verifier,
        });
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        oauth(&shop.world, "token", &asked(&webapp, request))
    };
    let first = code();
    let (status, answer) = exchange(&first, json!({}));
    assert_eq!((status, &answer["owner_type"], &answer["scope"]), (200, &json!("user"), &json!("market:all")));
    assert!(answer["refresh_token"].is_string());
    assert_eq!(error(exchange(&first, json!({}))), refused(400, "invalid_grant"));
    assert_eq!(exchange(&code(), json!({ "client_secret": null })).0, 200);
    for change in [
        json!({ "code_verifier": "another" }),
        json!({ "code_verifier": null }),
        json!({ "redirect_uri": "https://elsewhere.example/" }),
    ] {
        assert_eq!(error(exchange(&code(), change.clone())), refused(400, "invalid_grant"), "{change}");
    }
    assert_eq!(error(exchange(&code(), json!({ "client_secret": "wrong" }))), refused(401, "invalid_client"));
    let late = code();
    shop.world.later(600_001);
    assert_eq!(error(exchange(&late, json!({}))), refused(400, "invalid_grant"));
    for (name, value) in
        [("redirect_uri", "https://elsewhere.example/"), ("response_type", "token"), ("code_challenge_method", "plain")]
    {
        let mut page = page.clone();
        page[name] = json!(value);
        assert_eq!(shop.world.try_control("POST", "commercelayer/authorize", page).0, 400, "{name}");
    }

    // The page shows a form that leads back to the application.
    let query = format!("client_id={}&state=%22%3E", webapp["client_id"].as_str().unwrap());
    let shown = shop.world.raw("GET", &format!("{URL}/oauth/authorize?{query}"), &[], "");
    assert!(shown.body.contains("name=\"state\" value=\"&quot;>\""), "{}", shown.body);
    let form: String =
        page.as_object().unwrap().iter().map(|(name, value)| format!("{name}={}&", value.as_str().unwrap())).collect();
    let send = |origin: &str| {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin)];
        shop.world.raw("POST", &format!("{URL}/oauth/authorize"), &headers, &form)
    };
    let sent = send(URL);
    assert_eq!(sent.status, 302);
    assert!(header(&sent, "location").unwrap().starts_with(webapp["redirect_uri"].as_str().unwrap()));
    assert_eq!(send("https://evil.example").status, 403);
}

#[test]
fn an_assertion_names_an_owner() {
    let shop = Shop::new();
    let channel = credential(&shop, "[kind_eq]=integration");
    let ask = |alg: &str, key: &[u8], claims: Value| {
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&json!({ "alg": alg, "typ": "JWT" })), part(&claims));
        let mac = Hmac::<Sha512>::new_from_slice(key).unwrap().chain_update(&signed).finalize().into_bytes();
        let assertion = format!("{signed}.{}", Base64UrlUnpadded::encode_string(&mac));
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        oauth(&shop.world, "token", &asked(&channel, json!({ "grant_type": grant, "assertion": assertion })))
    };
    let owner = |kind: &str| json!({ "https://commercelayer.io/claims": { "owner": { "type": kind, "id": "1234" } } });
    let (status, answer) = ask("HS512", b"cl", owner("User"));
    assert_eq!((status, &answer["owner_id"], &answer["owner_type"]), (200, &json!("1234"), &json!("user")));
    let bad = refused(400, "invalid_grant");
    assert_eq!(error(ask("HS512", b"other", owner("User"))), bad);
    assert_eq!(error(ask("none", b"cl", owner("User"))), bad);
    assert_eq!(error(ask("HS512", b"cl", owner("Robot"))), bad);
    let mut old = owner("Customer");
    old["exp"] = json!(START / 1000);
    assert_eq!(error(ask("HS512", b"cl", old)), bad);
}

#[test]
fn limits_are_reported_and_enforced() {
    let shop = Shop::with(json!({ "seed": "empty" }));
    let switch = |limits: Value| shop.world.control("POST", "commercelayer", json!({ "rateLimits": limits }));
    assert_eq!(header(&shop.raw("GET", "roles", &json!(null)), "x-ratelimit-limit"), None);
    switch(json!({ "read": 2 }));
    let fields = |path: &str| {
        let reply = shop.raw("GET", path, &json!(null));
        let field = |name: &str| header(&reply, name).map(str::to_owned);
        (reply.status, field("x-ratelimit-limit"), field("x-ratelimit-remaining"), field("retry-after"))
    };
    let limit_state = |status, remaining: &str, wait: Option<&str>| {
        (status, Some("2".to_owned()), Some(remaining.to_owned()), wait.map(str::to_owned))
    };
    assert_eq!(fields("roles"), limit_state(200, "1", None));
    shop.world.later(1_500);
    assert_eq!(fields("user"), limit_state(200, "0", None));
    assert_eq!(fields("user"), limit_state(429, "0", Some("59")));
    shop.world.later(58_500);
    assert_eq!(fields("user"), limit_state(200, "0", None));

    switch(json!("on"));
    let reply = shop.raw("GET", "versions", &json!(null));
    assert_eq!(
        (header(&reply, "x-ratelimit-limit"), header(&reply, "x-ratelimit-interval")),
        (Some("250"), Some("10"))
    );
    let statuses: Vec<u16> = (0..31).map(|_| oauth(&shop.world, "token", &json!({})).0).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 1);
    assert_eq!(error(oauth(&shop.world, "token", &json!({}))), refused(429, "too_many_requests"));
    switch(json!("off"));
    assert_eq!(oauth(&shop.world, "token", &json!({})).0, 400);
    let shown = shop.world.control("GET", "commercelayer", json!(null));
    assert_eq!(shown, json!({ "tokenTtl": null, "readOnly": "refuse", "rateLimits": "off" }));
    for wrong in [
        json!({ "rateLimits": 7 }),
        json!({ "rateLimits": { "read": 0 } }),
        json!({ "tokenTtl": 0 }),
        json!({ "readOnly": "x" }),
    ] {
        assert_eq!(shop.world.try_control("POST", "commercelayer", wrong).0, 400);
    }
    assert_eq!(World::new().try_control("POST", "commercelayer/nonsense", json!({})).0, 404);
}
