//! Faults, the request log, the clock, snapshots, and pages of other origins.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking, and need no documentation"
)]

mod common;

use common::{START, URL, World, header, text};
use keyturn_sandbox::{Incoming, Options, Sandbox};
use serde_json::{Value, json};

const NONE: Value = Value::Null;
const ROTATE: &str = "/api/v1/apps/connectors/credentials";
const ROTATE_ID: &str = "c1.api.app.v1.ConnectorService.RotateCredential";

fn place(world: &World) -> Value {
    let ready = world.ready();
    json!({ "appId": ready["appId"], "connectorId": ready["connectorId"] })
}

fn credentials(world: &World) -> usize {
    world.control("GET", "state", NONE)["connectorCredentials"].as_array().unwrap().len()
}

fn fault(world: &World, operation: &str, times: Value, action: Value) {
    world.control("POST", "faults", json!({ "operation": operation, "times": times, "action": action }));
}

#[test]
fn a_dropped_request_has_no_effect_but_a_dropped_answer_has() {
    let world = World::new();
    let before = credentials(&world);
    fault(&world, "connector.rotateCredential", json!(1), json!("drop"));
    assert!(world.reply("POST", ROTATE, place(&world)).dropped);
    assert_eq!(credentials(&world), before);
    fault(&world, ROTATE_ID, json!(1), json!("drop-answer"));
    assert!(world.reply("POST", ROTATE, place(&world)).dropped);
    assert_eq!(credentials(&world), before + 1);
    world.ok("POST", ROTATE, place(&world));

    let log = world.control("GET", "requests?operation=connector.rotateCredential", NONE);
    let seen: Vec<_> =
        log.as_array().unwrap().iter().map(|entry| [&entry["status"], &entry["answered"], &entry["fault"]]).collect();
    assert_eq!(
        seen,
        [
            [&json!(null), &json!(false), &json!("drop")],
            [&json!(200), &json!(false), &json!("drop-answer")],
            [&json!(200), &json!(true), &json!(null)],
        ]
    );
}

#[test]
fn an_answer_by_rule() {
    let world = World::new();
    fault(&world, "apps.list", json!(2), json!({ "status": 503, "headers": { "Retry-After": "7", "X-N": 1 } }));
    for _ in 0..2 {
        let reply = world.reply("GET", "/api/v1/apps", NONE);
        assert_eq!((reply.status, header(&reply, "retry-after"), header(&reply, "x-n")), (503, Some("7"), Some("1")));
        assert_eq!(serde_json::from_str::<Value>(&reply.body).unwrap()["code"], 14);
    }
    world.ok("GET", "/api/v1/apps", NONE);

    fault(
        &world,
        "apps.list",
        json!(1),
        json!({ "status": 502, "body": "<h1>Bad gateway</h1>", "headers": { "content-type": "text/html" } }),
    );
    let reply = world.reply("GET", "/api/v1/apps", NONE);
    assert_eq!((reply.body.as_str(), header(&reply, "content-type")), ("<h1>Bad gateway</h1>", Some("text/html")));
    fault(&world, "apps.list", json!(1), json!({ "status": 200, "body": { "list": null } }));
    assert_eq!(world.ok("GET", "/api/v1/apps", NONE), json!({ "list": null }));

    // The sandbox did not act.
    let before = credentials(&world);
    fault(&world, ROTATE_ID, json!(1), json!({ "status": 500 }));
    world.refused(500, 13, "POST", ROTATE, place(&world));
    assert_eq!(credentials(&world), before);
}

#[test]
fn faults_of_the_token_endpoint_have_oauth_form() {
    let world = World::new();
    let ready = world.ready();
    let ask = || world.ask_token(&text(&ready, "clientId"), &text(&ready, "clientSecret"));
    for (status, error) in
        [(400, "invalid_request"), (401, "invalid_client"), (429, "temporarily_unavailable"), (500, "server_error")]
    {
        fault(&world, "token", json!(1), json!({ "status": status }));
        let (found, answer) = ask();
        assert_eq!((found, &answer["error"]), (status, &json!(error)));
    }
    assert_eq!(ask().0, 200);
}

#[test]
fn delays_and_how_often() {
    let world = World::new();
    fault(&world, "*", json!("always"), json!({ "delayMs": 250 }));
    for _ in 0..3 {
        let reply = world.reply("GET", "/api/v1/apps", NONE);
        assert_eq!((reply.status, reply.delay_ms, reply.dropped), (200, 250, false));
    }
    assert_eq!(world.control("GET", "faults", NONE)[0]["times"], "always");
    fault(&world, "apps.get", json!(3), json!({ "status": 429, "delayMs": 10 }));
    assert_eq!(world.control("GET", "faults", NONE)[1]["times"], 3);
    // The oldest rule wins.
    assert_eq!(world.reply("GET", "/api/v1/apps/x", NONE).status, 404);
    world.control("DELETE", "faults", NONE);
    assert_eq!(world.reply("GET", "/api/v1/apps", NONE).delay_ms, 0);
    // Once by default.
    world.control("POST", "faults", json!({ "operation": "apps.list", "action": "drop" }));
    assert!(world.reply("GET", "/api/v1/apps", NONE).dropped);
    world.ok("GET", "/api/v1/apps", NONE);
}

#[test]
fn an_invalid_rule_is_refused() {
    let world = World::new();
    for (rule, part) in [
        (json!([]), "object"),
        (json!({ "operation": "connector.explode", "action": "drop" }), "connector.explode"),
        (json!({ "action": "drop" }), "operation"),
        (json!({ "operation": "token" }), "action"),
        (json!({ "operation": "token", "action": "explode" }), "action"),
        (json!({ "operation": "token", "action": {} }), "action"),
        (json!({ "operation": "token", "action": { "delay": 1 } }), "\"delay\""),
        (json!({ "operation": "token", "action": { "status": 99 } }), "action.status"),
        (json!({ "operation": "token", "action": { "delayMs": -1 } }), "action.delayMs"),
        (json!({ "operation": "token", "action": { "body": {} } }), "need a status"),
        (json!({ "operation": "token", "action": "drop", "times": 0 }), "times"),
        (json!({ "operation": "token", "action": "drop", "times": "often" }), "times"),
    ] {
        let (status, answer) = world.try_control("POST", "faults", rule.clone());
        assert_eq!(status, 400, "{rule}");
        assert!(text(&answer, "message").contains(part), "{rule}: {answer}");
    }
    assert_eq!(world.control("GET", "faults", NONE), json!([]));
}

#[test]
fn the_log_holds_no_secret() {
    let world = World::new();
    world.ok("POST", ROTATE, place(&world));
    world.ok("GET", "/api/v1/apps?page_size=11", NONE);
    world.refused(404, 5, "GET", "/api/v1/nothing", NONE);
    let log = world.control("GET", "requests", NONE);
    let entries = log.as_array().unwrap();
    assert_eq!(entries[0]["operation"], "token");
    assert_eq!(entries[1]["operation"], ROTATE_ID);
    assert_eq!(
        entries[2],
        json!({
            "at": START, "method": "GET", "path": "/api/v1/apps", "operation": "c1.api.app.v1.Apps.List",
            "status": 200, "answered": true, "fault": null,
        })
    );
    assert_eq!((&entries[3]["operation"], &entries[3]["status"]), (&NONE, &json!(404)));
    assert!(!log.to_string().contains(&world.token));
    assert!(!log.to_string().contains("secret-token"));
    let count = |query: &str| world.control("GET", &format!("requests?{query}"), NONE).as_array().unwrap().len();
    assert_eq!((count("method=GET"), count("status=200"), count("operation=token")), (2, 3, 1));
    assert_eq!(world.try_control("GET", "requests?operation=nope", NONE).0, 400);
    world.control("DELETE", "requests", NONE);
    assert_eq!(count(""), 0);
    let shown = format!("{:?}", world.sandbox);
    assert!(!shown.contains("secret-token") && !shown.contains(&world.token));
}

#[test]
fn the_clock_is_set_moved_and_ticks_on() {
    let mut world = World::with(json!({ "clock": "2030-01-01T00:00:00Z" }));
    let date = |world: &World| text(&world.control("GET", "clock", NONE), "date");
    assert_eq!(date(&world), "2030-01-01T00:00:00Z");
    world.later(1_500);
    assert_eq!(date(&world), "2030-01-01T00:00:01.500Z");
    world.control("POST", "clock", json!({ "advance": 86_400_000 }));
    assert_eq!(date(&world), "2030-01-02T00:00:01.500Z");
    world.control("POST", "clock", json!({ "set": 0 }));
    assert_eq!(date(&world), "1970-01-01T00:00:00Z");
    world.control("POST", "clock", json!({ "set": "2031-05-06T07:08:09Z" }));
    assert_eq!(world.control("GET", "clock", NONE)["date"], "2031-05-06T07:08:09Z");
    let ready = world.ready();
    world.token = world.authenticate(&text(&ready, "clientId"), &text(&ready, "clientSecret"));
    let reply = world.reply("GET", "/api/v1/apps", NONE);
    assert_eq!(header(&reply, "date"), Some("Tue, 06 May 2031 07:08:09 GMT"));
    let made = world.ok("POST", "/api/v1/apps", json!({ "displayName": "x" }));
    assert_eq!(made["app"]["createdAt"], "2031-05-06T07:08:09Z");
    world.control("POST", "reset", json!({}));
    assert_eq!(date(&world), "2030-01-01T00:00:00Z");
    for wrong in [json!({}), json!({ "set": "noon" }), json!({ "set": 1, "advance": 1 }), json!({ "advance": "1" })] {
        assert_eq!(world.try_control("POST", "clock", wrong).0, 400);
    }
}

#[test]
fn a_reset_keeps_the_client_logged_in() {
    let world = World::new();
    let (ready, state) = (world.ready(), world.control("GET", "state", NONE));
    world.ok("POST", ROTATE, place(&world));
    fault(&world, "*", json!("always"), json!("drop"));
    assert_eq!(world.control("POST", "reset", json!({})), ready);
    let mut after = world.control("GET", "state", NONE);
    // The only difference after a reset is the initial login.
    after["servicePrincipalCredentials"][0]["lastUsedAt"] =
        state["servicePrincipalCredentials"][0]["lastUsedAt"].clone();
    assert_eq!(after["systemLog"]["events"], json!([]));
    after["systemLog"] = state["systemLog"].clone();
    assert_eq!(after, state);
    assert_eq!(world.control("GET", "requests", NONE), json!([]));
    world.ok("GET", "/api/v1/apps", NONE);
    assert_eq!(world.control("POST", "reset", json!({ "seed": "empty" }))["appId"], "");
    assert_eq!(world.ok("GET", "/api/v1/apps", NONE)["list"], json!([]));
    assert_eq!(world.try_control("POST", "reset", json!({ "seed": "tiny" })).0, 400);
}

#[test]
fn a_snapshot_restores_everything_but_secrets() {
    let world = World::new();
    let made = world.ok("POST", ROTATE, place(&world))["credential"].clone();
    let snapshot = world.control("GET", "state", NONE);
    let mut searched = snapshot.clone();
    // The names of authentication methods contain the word.
    searched["ssoClients"].take();
    assert!(!searched.to_string().contains("ecret"), "{snapshot}");
    let key = common::signing_key(&text(&made, "clientSecret"));
    assert!(snapshot.to_string().contains(&public(&key)));

    let options = Options::read(&json!({ "url": URL, "seed": "empty" }).to_string()).unwrap();
    let mut other = World::with(json!({ "seed": "empty" }));
    other.sandbox = Sandbox::new(options, [1; 32], START);
    other.control("PUT", "state", snapshot.clone());
    // The ready-made credential has a new key, and the rotated one works with its old secret.
    assert_eq!(other.ready()["clientId"], world.ready()["clientId"]);
    assert_ne!(other.ready()["clientSecret"], world.ready()["clientSecret"]);
    assert_eq!(other.ready()["appId"], world.ready()["appId"]);
    let secret = |world: &World| text(&world.ready(), "clientSecret");
    let id = text(&world.ready(), "clientId");
    assert_eq!(other.ask_token(&id, &secret(&other)).0, 200);
    assert_eq!(other.ask_token(&id, &secret(&world)).0, 401);
    assert_eq!(other.ask_token(&text(&made, "clientId"), &text(&made, "clientSecret")).0, 200);

    // Ids continue where they were.
    other.token = other.authenticate(&id, &secret(&other));
    let next = |world: &World| text(&world.ok("POST", ROTATE, place(world))["credential"], "id");
    assert_eq!(next(&other), next(&world));
}

fn public(key: &ed25519_dalek::SigningKey) -> String {
    use base64ct::Encoding;
    base64ct::Base64UrlUnpadded::encode_string(key.verifying_key().as_bytes())
}

#[test]
fn a_state_of_another_form_is_refused_and_changes_nothing() {
    let world = World::new();
    let good = world.control("GET", "state", NONE);
    let edit = |change: fn(&mut Value)| {
        let mut state = good.clone();
        change(&mut state);
        let (status, answer) = world.try_control("PUT", "state", state);
        assert_eq!(status, 400);
        text(&answer, "message")
    };
    assert!(edit(|state| *state = json!({})).contains("not a sandbox state"));
    assert!(edit(|state| state["schema"] = json!(2)).contains("schema 2"));
    assert!(edit(|state| state["apps"] = json!(null)).contains("apps"));
    assert!(edit(|state| state["apps"] = json!([1])).contains("apps"));
    assert!(edit(|state| state["dice"] = json!(1)).contains("dice"));
    assert!(edit(|state| state["publicKeys"]["x"] = json!("short")).contains("publicKeys"));
    assert!(edit(|state| state["servicePrincipalCredentials"] = json!([])).contains("ready-made"));
    assert_eq!(world.control("GET", "state", NONE), good);
    let mut planted = good.clone();
    planted["connectorCredentials"][0]["clientSecret"] = json!("planted");
    world.control("PUT", "state", planted);
    assert_eq!(world.control("GET", "state", NONE), good);
}

#[test]
fn only_changes_count_as_revisions() {
    let world = World::new();
    let revision = world.sandbox.revision();
    world.ok("GET", "/api/v1/apps", NONE);
    world.ok("POST", "/api/v1/search/apps", json!({}));
    world.refused(400, 3, "POST", "/api/v1/apps", json!({}));
    assert_eq!(world.sandbox.revision(), revision);
    world.ok("POST", "/api/v1/apps", json!({ "displayName": "x" }));
    assert!(world.sandbox.revision() > revision);
}

#[test]
fn unknown_and_malformed_controls() {
    let world = World::new();
    assert_eq!(world.control("GET", "health", NONE)["ok"], true);
    assert_eq!(world.try_control("GET", "nothing", NONE).0, 404);
    assert_eq!(world.try_control("POST", "switches", json!({ "revoked": "maybe" })).0, 400);
    assert_eq!(world.try_control("POST", "token-ttl", json!({ "seconds": 0 })).0, 400);
    // A form on a page of another origin could send this.
    let form = [("content-type", "text/plain")];
    assert_eq!(world.raw("POST", &format!("{URL}/_sandbox/reset"), &form, "{}").status, 400);
}

#[test]
fn invalid_options_are_refused() {
    for (options, part) in [
        ("", "JSON"),
        ("{}", "url"),
        (r#"{"url":"ftp://x"}"#, "url"),
        (r#"{"url":"https://x/y"}"#, "url"),
        (r#"{"url":"https://x","seed":"tiny"}"#, "seed"),
        (r#"{"url":"https://x","tokenTtl":0}"#, "tokenTtl"),
        (r#"{"url":"https://x","clock":"noon"}"#, "clock"),
        (r#"{"url":"https://x","cors":1}"#, "cors"),
        (r#"{"url":"https://x","cors":""}"#, "cors"),
        (r#"{"url":"https://x","cors":"localhost"}"#, "cors"),
        (r#"{"url":"https://x","cors":"http://"}"#, "cors"),
        (r#"{"url":"https://x","cors":"http://localhost:5173/"}"#, "cors"),
        (r#"{"url":"https://x","cors":"http://a, http://b"}"#, "cors"),
        (r#"{"url":"https://x","oldAfterRotate":"burn"}"#, "oldAfterRotate"),
    ] {
        assert!(Options::read(options).unwrap_err().message.contains(part), "{options}");
    }
}

#[test]
fn other_origins_are_allowed_only_by_name() {
    let preflight = |world: &World, origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        world.raw("OPTIONS", &format!("{URL}{ROTATE}"), &headers, "")
    };
    let closed = World::new();
    let reply = preflight(&closed, "https://console.example");
    assert_eq!((reply.status, header(&reply, "access-control-allow-origin")), (501, None));

    let open = World::with(json!({ "cors": "https://console.example" }));
    let reply = preflight(&open, "https://console.example");
    assert_eq!(reply.status, 204);
    assert_eq!(header(&reply, "access-control-allow-origin"), Some("https://console.example"));
    assert_eq!(header(&reply, "access-control-allow-headers"), Some("authorization,content-type"));
    assert!(header(&reply, "access-control-allow-methods").unwrap().contains("PATCH"));
    assert_eq!(header(&preflight(&open, "https://evil.example"), "access-control-allow-origin"), None);
    let reply = open.raw("GET", &format!("{URL}/api/v1/apps"), &[("origin", "https://console.example")], "");
    assert_eq!((reply.status, header(&reply, "vary")), (401, Some("Origin")));

    // Only the form in which browsers send it is accepted.
    for cors in ["HTTPS://Console.Example", "https://console.example:443"] {
        let reply = preflight(&World::with(json!({ "cors": cors })), "https://console.example");
        assert_eq!(header(&reply, "access-control-allow-origin"), Some("https://console.example"), "{cors}");
    }
    let any = World::with(json!({ "cors": "*" }));
    for origin in ["https://console.example", "https://evil.example", "null"] {
        let reply = preflight(&any, origin);
        assert_eq!((reply.status, header(&reply, "access-control-allow-origin")), (204, Some("*")), "{origin}");
    }
}

#[test]
fn a_page_may_read_the_headers_that_a_client_needs() {
    let world = World::with(json!({ "cors": "https://console.example", "dpop": "accept" }));
    let ask = || {
        let headers = [("origin", "https://console.example")];
        let reply = world.raw("GET", &format!("{URL}/api/v1/apps"), &headers, "");
        let exposed = header(&reply, "access-control-expose-headers").unwrap().to_owned();
        (reply, exposed.split(", ").map(str::to_owned).collect::<Vec<_>>())
    };
    let (reply, exposed) = ask();
    for name in ["date", "dpop-nonce", "retry-after", "www-authenticate", "x-request-id"] {
        assert!(exposed.iter().any(|known| known == name), "{name} in {exposed:?}");
    }
    assert!(header(&reply, "date").is_some() && header(&reply, "www-authenticate").is_some());
    // Other headers are exposed, too.
    let answer = json!({ "status": 429, "headers": { "Retry-After": "7", "CF-Ray": "r1" } });
    fault(&world, "apps.list", json!(1), answer);
    let (reply, exposed) = ask();
    assert_eq!((header(&reply, "retry-after"), header(&reply, "cf-ray")), (Some("7"), Some("r1")));
    assert!(exposed.contains(&"cf-ray".to_owned()), "{exposed:?}");
}

#[test]
fn a_malformed_http_request_is_an_error() {
    let world = World::new();
    for (method, url) in [("GE T", URL), ("GET", "http://[oops"), ("GET", ""), ("", URL)] {
        let incoming = Incoming { method: method.to_owned(), url: url.to_owned(), ..Incoming::default() };
        assert!(world.sandbox.handle(incoming, START).status >= 400);
    }
    let reply = world.raw("GET", &format!("{URL}/api/v1/apps"), &[("bad header", "x")], "");
    assert_eq!(reply.status, 400);
}
