//! The features that a program for rotating credentials relies on: the system log, the last use, the end of older
//! credentials, bridges, SSO clients, and consumers.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking, and need no documentation"
)]

mod common;

use common::{HOST, START, World, signing_key, text};
use keyturn_sandbox::time;
use serde_json::{Value, json};

const NONE: Value = Value::Null;
const BRIDGES: &str = "/api/v1/iam/tunnel/bridges";

fn rotate(world: &World) -> Value {
    let ready = world.ready();
    let place = json!({ "appId": ready["appId"], "connectorId": ready["connectorId"] });
    world.ok("POST", "/api/v1/apps/connectors/credentials", place)["credential"].clone()
}

fn path(credential: &Value) -> String {
    let [app, connector, id] = ["appId", "connectorId", "id"].map(|field| text(credential, field));
    format!("/api/v1/apps/{app}/connectors/{connector}/credentials/{id}")
}

fn logs_in(world: &World, credential: &Value) -> bool {
    world.ask_token(&text(credential, "clientId"), &text(credential, "clientSecret")).0 == 200
}

/// Returns all events that pass a filter.
fn events(world: &World, filter: Value) -> Vec<Value> {
    let (mut events, mut token) = (Vec::new(), String::new());
    loop {
        let mut body = filter.clone();
        body["pageToken"] = json!(token);
        let page = world.ok("POST", "/api/v1/systemlog/events", body);
        events.extend(page["list"].as_array().unwrap().iter().cloned());
        token = text(&page, "nextPageToken");
        if token.is_empty() {
            return events;
        }
    }
}

/// Returns the changes in the log: the method, and the resources as `kind id`.
fn changes(world: &World) -> Vec<(String, Vec<String>)> {
    let change = |event: &Value| {
        let resource = |resource: &Value| format!("{} {}", text(resource, "type"), text(resource, "uid"));
        let method = text(&event["api"], "operation").rsplit('.').next().unwrap().to_owned();
        (method, event["resources"].as_array().unwrap().iter().map(resource).collect())
    };
    events(world, json!({})).iter().filter(|event| event["class_uid"] == 6003).map(change).collect()
}

#[test]
fn changes_of_credentials_are_in_the_system_log() {
    let world = World::new();
    let ready = world.ready();
    let [app, connector] = ["appId", "connectorId"].map(|field| text(&ready, field));
    let made = rotate(&world);
    world.ok("POST", &path(&made), json!({}));

    let principal = world.ok("POST", "/api/v1/service_principals", json!({ "displayName": "Robot" }));
    let principal = text(&principal["servicePrincipal"], "id");
    let list = format!("/api/v1/service_principals/{principal}/credentials");
    let key = world.ok("POST", &list, json!({ "displayName": "marker-1" }))["credential"].clone();
    world.ok("DELETE", &format!("{list}/{}", text(&key, "id")), json!({}));

    let client = world.ok("POST", "/api/v1/iam/personal_clients", json!({ "displayName": "marker-2" }));
    let client = text(&client["client"], "id");
    world.ok("DELETE", &format!("/api/v1/iam/personal_clients/{client}"), json!({}));

    let bridge = text(&world.ok("POST", BRIDGES, json!({ "displayName": "North" }))["bridge"], "id");
    let list = format!("{BRIDGES}/{bridge}/credentials");
    let tunnel = text(&world.ok("POST", &list, json!({}))["credential"], "id");
    world.ok("DELETE", &format!("/api/v1/iam/tunnel/credentials/{tunnel}"), json!({}));

    let sso = format!("/api/v1/apps/{app}/sso/applications");
    let config = json!({ "displayName": "Web", "authentication": { "clientSecretBasic": {} } });
    let body = json!({ "displayName": "Shop", "oidc": {}, "initialClient": config });
    let made_sso = world.ok("POST", &sso, body);
    let (application, web) = (text(&made_sso["application"], "id"), text(&made_sso["client"], "clientId"));
    world.ok("POST", &format!("{sso}/{application}/clients/rotate-secret"), json!({ "clientId": web }));
    // Refused calls and reads are not changes.
    world.refused(404, 5, "POST", &path(&made), json!({}));
    world.ok("GET", &sso, NONE);

    let id = text(&made, "id");
    let of = |kind: &str, id: &str| format!("{kind} {id}");
    let of_connector = vec![of("connector_credential", &id), of("app", &app), of("connector", &connector)];
    let of_principal = vec![of("service_principal_credential", &text(&key, "id")), of("service_principal", &principal)];
    let user = "2SandboxAdministrator000001";
    let of_tunnel = of("tunnel_credential", &tunnel);
    let of_sso = vec![of("sso_client", &web), of("sso_application", &application), of("app", &app)];
    let expected: Vec<(&str, Vec<String>)> = vec![
        ("RotateCredential", of_connector.clone()),
        ("RevokeCredential", of_connector),
        ("Create", vec![of("service_principal", &principal)]),
        ("CreateCredential", of_principal.clone()),
        ("RevokeCredential", of_principal),
        ("Create", vec![of("personal_client", &client), of("user", user)]),
        ("Delete", vec![of("personal_client", &client)]),
        ("CreateBridge", vec![of("tunnel_bridge", &bridge)]),
        ("CreateBridgeCredential", vec![of_tunnel.clone(), of("tunnel_bridge", &bridge)]),
        ("RevokeBridgeCredential", vec![of_tunnel]),
        ("Create", vec![of("sso_application", &application), of("app", &app)]),
        ("RotateClientSecret", of_sso),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(method, resources)| (method.to_owned(), resources)).collect();
    assert_eq!(changes(&world), expected);

    let all = events(&world, json!({}));
    let rotated = all.iter().find(|event| event["activity_name"] == "Create").unwrap();
    let (resource, actor) = (&rotated["resources"][0], &rotated["actor"]);
    assert_eq!((rotated["time"].as_i64(), &rotated["time_dt"]), (Some(START), &json!(time::format(START))));
    assert_eq!(resource["data"]["client_id"], made["clientId"]);
    assert_eq!((&actor["user"]["uid"], &actor["app_uid"]), (&json!(user), &ready["clientId"]));
    assert_eq!((&rotated["type_uid"], &rotated["status"]), (&json!(600_301), &json!("Success")));
    let marked = all.iter().find(|event| event["resources"][0]["name"] == "marker-1").unwrap();
    assert_eq!(marked["resources"][0]["data"]["client_id"], json!(format!("{}@{HOST}/spc", text(&key, "id"))));
    let uids: std::collections::BTreeSet<_> = all.iter().map(|event| text(&event["metadata"], "uid")).collect();
    assert_eq!(uids.len(), all.len());

    let whole = json!(all).to_string();
    for secret in [&made["clientSecret"], &made_sso["clientSecret"]] {
        assert!(!whole.contains(secret.as_str().unwrap()));
    }
    assert!(!whole.contains("secret-token"));
}

#[test]
fn tokens_are_in_the_system_log_with_their_holder() {
    let world = World::new();
    let credential = rotate(&world);
    let since = text(&events(&world, json!({ "sortDirection": "SORT_DIRECTION_DESC" }))[0]["metadata"], "uid");
    let (client_id, secret) = (text(&credential, "clientId"), text(&credential, "clientSecret"));
    let body = format!("grant_type=client_credentials&client_id={client_id}&client_secret={secret}");
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("user-agent", "baton-okta/1.0")];
    let url = format!("{}/auth/v1/token", common::URL);
    assert_eq!(world.raw("POST", &url, &headers, &body).status, 200);
    assert_eq!(world.raw("POST", &url, &headers, &body.replace("secret-token", "x")).status, 401);
    let found = events(&world, json!({ "sinceEventUid": since }));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["class_uid"], &found[0]["activity_name"]), (&json!(3002), &json!("Logon")));
    assert_eq!(found[0]["user"]["credential_uid"], credential["clientId"]);
    assert_eq!(found[0]["user"]["uid"], credential["connectorId"]);
    assert_eq!(found[0]["http_request"]["user_agent"], "baton-okta/1.0");
}

#[test]
fn the_system_log_is_filtered_and_paged() {
    let world = World::new();
    for _ in 0..30 {
        rotate(&world);
        world.later(1_000);
    }
    let at = |number: i64| time::format(START + number * 1_000);
    let all = events(&world, json!({}));
    // The first event is the login of the test's own client.
    assert_eq!((all.len(), &all[0]["class_uid"]), (31, &json!(3002)));
    let uid = |number: usize| all[number]["metadata"]["uid"].clone();

    let pages = world.ok("POST", "/api/v1/systemlog/events", json!({ "pageSize": 20 }));
    assert_eq!(pages["list"].as_array().unwrap().len(), 20);
    let next = json!({ "pageSize": 20, "pageToken": pages["nextPageToken"] });
    // Events that happen in between appear on the next page, neither lost nor twice.
    rotate(&world);
    let rest = world.ok("POST", "/api/v1/systemlog/events", next.clone());
    assert_eq!(rest["list"].as_array().unwrap().len(), 12);
    let other = json!({ "pageToken": pages["nextPageToken"], "since": at(3) });
    assert_eq!(world.refused(400, 3, "POST", "/api/v1/systemlog/events", other), "invalid page token");

    assert_eq!(events(&world, json!({ "since": at(10), "until": at(13) })), all[11..14]);
    assert_eq!(events(&world, json!({ "sinceEventUid": uid(27), "until": at(30) })), all[28..]);
    assert_eq!(events(&world, json!({ "untilEventUid": uid(2) })), all[..2]);
    let newest = json!({ "sortDirection": "SORT_DIRECTION_DESC", "until": at(30), "pageSize": 10 });
    assert_eq!(events(&world, newest), all.iter().rev().cloned().collect::<Vec<_>>());
    let said = world.refused(400, 3, "POST", "/api/v1/systemlog/events", json!({ "sinceEventUid": "none" }));
    assert_eq!(said, "sinceEventUid: no such event");
}

#[test]
fn the_system_log_may_be_delayed_sparse_or_off() {
    let world = World::with(json!({ "systemLogDelayMs": 60_000 }));
    rotate(&world);
    assert_eq!(events(&world, json!({})), [NONE; 0]);
    world.later(59_999);
    assert_eq!(events(&world, json!({})), [NONE; 0]);
    world.later(1);
    assert_eq!(changes(&world).len(), 1);

    world.control("POST", "switches", json!({ "systemLog": "sparse", "systemLogDelayMs": 0 }));
    let made = rotate(&world);
    world.ok("POST", &path(&made), json!({}));
    let found = changes(&world);
    let [app, connector, id] = ["appId", "connectorId", "id"].map(|field| text(&made, field));
    assert_eq!(found[1].1, [format!("app {app}"), format!("connector {connector}")]);
    assert_eq!(found[2].1[0], format!("connector_credential {id}"));

    world.control("POST", "switches", json!({ "systemLog": "off" }));
    rotate(&world);
    assert_eq!(changes(&world), found);
}

#[test]
fn the_last_use_is_the_time_of_the_last_token() {
    let world = World::new();
    let connector = rotate(&world);
    let owner = "/api/v1/service_principals/2SandboxAdministrator000001/credentials";
    let made = world.ok("POST", owner, json!({ "displayName": "one" }));
    let with_secret = |object: &Value, answer: &Value| {
        let mut object = object.clone();
        object["clientSecret"] = answer["clientSecret"].clone();
        object
    };
    let principal = with_secret(&made["credential"], &made);
    let made = world.ok("POST", "/api/v1/iam/personal_clients", json!({ "displayName": "one" }));
    let personal = with_secret(&made["client"], &made);
    let bridge = text(&world.ok("POST", BRIDGES, json!({ "displayName": "one" }))["bridge"], "id");
    let tunnels = format!("{BRIDGES}/{bridge}/credentials");
    let tunnel = world.ok("POST", &tunnels, json!({}))["credential"].clone();

    let shown = || {
        [
            world.ok("GET", &path(&connector), NONE)["credential"].clone(),
            world.ok("GET", &format!("{owner}/{}", text(&principal, "id")), NONE)["credential"].clone(),
            world.ok("GET", &format!("/api/v1/iam/personal_clients/{}", text(&personal, "id")), NONE)["client"].clone(),
            world.ok("GET", &tunnels, NONE)["list"][0].clone(),
        ]
        .map(|row| row["lastUsedAt"].clone())
    };
    assert_eq!(shown(), [NONE; 4]);
    for pass in 1..3 {
        world.control("POST", "clock", json!({ "advance": 1_000_000 }));
        for credential in [&connector, &principal, &personal, &tunnel] {
            assert!(logs_in(&world, credential));
        }
        let now = json!(time::format(START + pass * 1_000_000));
        world.later(10);
        assert_eq!(shown(), [(); 4].map(|()| now.clone()));
        world.real.set(START);
    }
}

#[test]
fn a_tenant_may_end_the_old_credential_at_once() {
    for (switch, works) in [("keep", true), ("revoke", false), ("expire", false)] {
        let world = World::with(json!({ "revoked": "shown" }));
        let old = rotate(&world);
        let was = world.ok("GET", &path(&old), NONE)["credential"].clone();
        world.later(1_000);
        // The switch also works while the sandbox runs.
        world.control("POST", "switches", json!({ "oldAfterRotate": switch }));
        let new = rotate(&world);
        assert_eq!((logs_in(&world, &old), logs_in(&world, &new)), (works, true), "{switch}");
        let is = world.ok("GET", &path(&old), NONE)["credential"].clone();
        let now = json!(time::format(START + 1_000));
        let end = |row: &Value| (row["expiresTime"].clone(), row["deletedAt"].clone());
        let expected = match switch {
            "revoke" => (was["expiresTime"].clone(), now.clone()),
            "expire" => (now.clone(), NONE),
            _ => end(&was),
        };
        assert_eq!(end(&is), expected, "{switch}");
        if !works {
            assert_eq!(is["updatedAt"], now);
        }
        let fresh = world.ok("GET", &path(&new), NONE)["credential"].clone();
        assert_eq!(fresh["deletedAt"], NONE);
        world.control("POST", "switches", json!({ "revoked": "gone" }));
        let status = world.call("GET", &path(&old), NONE).0;
        assert_eq!(status, if switch == "revoke" { 404 } else { 200 });
        // An ended credential does not end again.
        if switch == "expire" {
            world.later(1_000);
            rotate(&world);
            assert_eq!(world.ok("GET", &path(&old), NONE)["credential"]["expiresTime"], now);
        }
    }
    let world = World::new();
    let shown = world.control("GET", "switches", NONE);
    assert_eq!(shown["oldAfterRotate"], "keep");
    let (status, said) = world.try_control("POST", "switches", json!({ "oldAfterRotate": "burn" }));
    assert_eq!(
        (status, text(&said, "message").as_str()),
        (400, r#"oldAfterRotate: one of "keep", "revoke", "expire""#)
    );
}

#[test]
fn bridges_and_their_credentials() {
    let world = World::new();
    let made = world.ok("POST", BRIDGES, json!({ "displayName": "North", "description": "d" }))["bridge"].clone();
    let at = format!("{BRIDGES}/{}", text(&made, "id"));
    let status = || text(&world.ok("GET", &at, NONE)["bridge"]["appliance"], "status");
    assert_eq!(status(), "TUNNEL_APPLIANCE_STATUS_NEVER_CONNECTED");
    // The API's description leaves the name optional.
    world.ok("POST", BRIDGES, json!({}));
    let listed = world.ok("GET", BRIDGES, NONE);
    assert!(listed["list"].as_array().unwrap().iter().any(|bridge| bridge["id"] == made["id"]));
    let changed = world.ok("PATCH", &at, json!({ "displayName": "South", "updateMask": "displayName" }));
    assert_eq!((&changed["bridge"]["displayName"], &changed["bridge"]["description"]), (&json!("South"), &json!("d")));
    world.refused(400, 3, "PATCH", &at, json!({ "updateMask": "id" }));
    assert_eq!(world.ok("GET", &format!("{at}/announced_services"), NONE)["list"], json!([]));

    let credentials = format!("{at}/credentials");
    let issue = || world.ok("POST", &credentials, json!({}))["credential"].clone();
    let list = || {
        let row = |row: &Value| (text(row, "id"), text(row, "credentialStatus"), text(row, "clientSecret"));
        world.ok("GET", &credentials, NONE)["list"].as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    let row = |credential: &Value, status: &str| {
        (text(credential, "id"), format!("TUNNEL_CREDENTIAL_STATUS_{status}"), String::new())
    };
    let first = issue();
    signing_key(&text(&first, "clientSecret"));
    assert_eq!(text(&first, "clientId"), format!("{}@{HOST}/tcc", text(&first, "id")));
    assert!(logs_in(&world, &first));
    assert_eq!(status(), "TUNNEL_APPLIANCE_STATUS_CONNECTED");

    // According to the API description, the previous one is revoked.
    let second = issue();
    assert!(!logs_in(&world, &first));
    assert_eq!(list(), [row(&first, "REVOKED"), row(&second, "ACTIVE")]);
    assert_eq!(status(), "TUNNEL_APPLIANCE_STATUS_DISCONNECTED");
    // According to the manual, it is kept.
    world.control("POST", "switches", json!({ "bridgeAfterRotate": "keep" }));
    let third = issue();
    assert!(logs_in(&world, &second) && logs_in(&world, &third));

    let revoke = |credential: &Value| format!("/api/v1/iam/tunnel/credentials/{}", text(credential, "id"));
    world.ok("DELETE", &revoke(&second), json!({}));
    world.ok("DELETE", &revoke(&second), json!({}));
    assert_eq!(
        world.ask_token(&text(&second, "clientId"), &text(&second, "clientSecret")).1["error_description"],
        "the credential is revoked"
    );
    assert_eq!(list(), [row(&first, "REVOKED"), row(&second, "REVOKED"), row(&third, "ACTIVE")]);
    world.refused(404, 5, "DELETE", "/api/v1/iam/tunnel/credentials/none", json!({}));

    // A snapshot restores them, and the log.
    let (before, log) = (list(), changes(&world));
    let state = world.control("GET", "state", NONE);
    assert!(!state.to_string().contains("secret-token"));
    world.control("POST", "reset", json!({}));
    assert_eq!(changes(&world), []);
    world.control("PUT", "state", state);
    assert_eq!((list(), changes(&world)), (before, log));
    assert!(logs_in(&world, &third));

    world.ok("DELETE", &at, json!({}));
    world.refused(404, 5, "GET", &credentials, NONE);
    world.refused(404, 5, "DELETE", &revoke(&third), json!({}));
    assert!(!logs_in(&world, &third));
}

#[test]
fn an_older_snapshot_has_no_bridges_and_no_log() {
    let world = World::new();
    let mut state = world.control("GET", "state", NONE);
    for later in ["bridges", "bridgeCredentials", "ssoApplications", "ssoClients", "hashes", "systemLog"] {
        state.as_object_mut().unwrap().remove(later).unwrap();
    }
    world.control("PUT", "state", state.clone());
    assert_eq!(world.ok("GET", BRIDGES, NONE)["list"], json!([]));
    for (member, wrong) in [("bridges", json!(1)), ("hashes", json!({ "a": "b" })), ("systemLog", json!([]))] {
        let mut state = state.clone();
        state[member] = wrong;
        assert_eq!(world.try_control("PUT", "state", state).0, 400, "{member}");
    }
}

#[test]
fn sso_clients_and_their_secrets() {
    let world = World::new();
    let app = text(&world.ready(), "appId");
    let applications = format!("/api/v1/apps/{app}/sso/applications");
    let config = |name: &str, method: &str| json!({ "displayName": name, "authentication": { method: {} } });
    let body = |config: Value| json!({ "displayName": "Shop", "oidc": {}, "initialClient": config });
    let made = world.ok("POST", &applications, body(config("Web", "clientSecretBasic")));
    let at = format!("{applications}/{}", text(&made["application"], "id"));
    let first = (text(&made["client"], "clientId"), text(&made, "clientSecret"));
    let made = world.ok("POST", &format!("{at}/clients"), json!({ "client": config("Post", "clientSecretPost") }));
    let second = (text(&made["client"], "clientId"), text(&made, "clientSecret"));
    let public = world.ok("POST", &format!("{at}/clients"), json!({ "client": config("Phone", "none") }));
    assert_eq!(public["clientSecret"], "");

    // The client is authenticated before its code is checked.
    let probe = |(id, secret): &(String, String), basic: bool| {
        let pair = <base64ct::Base64 as base64ct::Encoding>::encode_string(format!("{id}:{secret}").as_bytes());
        let authorization = format!("Basic {pair}");
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        let mut form = "grant_type=authorization_code&code=x".to_owned();
        if basic {
            headers.push(("authorization", &authorization));
        } else {
            form += &format!("&client_id={id}&client_secret={secret}");
        }
        let reply = world.raw("POST", &format!("{}/auth/v1/token", common::URL), &headers, &form);
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        (reply.status, text(&answer, "error"))
    };
    let good = (400, "invalid_grant".to_owned());
    let bad = (401, "invalid_client".to_owned());
    assert_eq!([probe(&first, true), probe(&second, false)], [good.clone(), good.clone()]);
    assert_eq!([probe(&first, false), probe(&second, true)], [bad.clone(), bad.clone()]);
    assert_eq!(probe(&(first.0.clone(), second.1.clone()), true), bad);

    let rotated = world.ok("POST", &format!("{at}/clients/rotate-secret"), json!({ "clientId": first.0 }));
    let renewed = (first.0.clone(), text(&rotated, "clientSecret"));
    assert_eq!([probe(&first, true), probe(&renewed, true)], [bad.clone(), good.clone()]);
    let of_public = json!({ "clientId": public["client"]["clientId"] });
    world.refused(400, 9, "POST", &format!("{at}/clients/rotate-secret"), of_public.clone());
    world.refused(404, 5, "POST", &format!("{at}/clients/rotate-secret"), json!({ "clientId": "none" }));

    let update = |client: Value| json!({ "clientId": first.0, "client": client });
    world.ok("POST", &format!("{at}/clients/update"), update(config("Web 2", "clientSecretBasic")));
    world.refused(400, 3, "POST", &format!("{at}/clients/update"), update(config("Web 2", "none")));
    let list = world.ok("GET", &format!("{at}/clients"), NONE);
    let names: Vec<_> = list["list"].as_array().unwrap().iter().map(|row| text(row, "displayName")).collect();
    assert_eq!(names, ["Web 2", "Post", "Phone"]);
    assert!(!list.to_string().contains(&renewed.1));
    let state = world.control("GET", "state", NONE).to_string();
    assert!(!state.contains(&renewed.1) && !state.contains(&second.1));

    world.ok("POST", &format!("{at}/clients/delete"), json!({ "clientId": second.0 }));
    assert_eq!(probe(&second, false), bad);
    let found = world.ok("POST", "/api/v1/search/sso/applications", json!({ "query": "shop", "appIds": [app] }));
    assert_eq!(found["list"].as_array().unwrap().len(), 1);
    // A deleted application signs nobody in, but its clients can still be listed and deleted.
    world.ok("DELETE", &at, json!({}));
    assert_eq!(probe(&renewed, true), bad);
    world.refused(404, 5, "GET", &at, NONE);
    assert_eq!(world.ok("GET", &format!("{at}/clients"), NONE)["list"].as_array().unwrap().len(), 2);
    world.ok("POST", &format!("{at}/clients/delete"), of_public);

    let both = json!({ "displayName": "x", "oidc": {}, "saml": { "acsUrls": ["https://a"], "spEntityId": "e" } });
    world.refused(400, 3, "POST", &applications, both);
    // Members that the API's description leaves optional can be missing.
    for bare in [json!({ "displayName": "x", "oidc": {} }), json!({ "displayName": "x" })] {
        let made = world.ok("POST", &applications, bare);
        assert_eq!((&made["client"], &made["clientSecret"]), (&NONE, &json!("")));
    }
    let saml = json!({ "displayName": "x", "saml": { "acsUrls": ["https://a"], "spEntityId": "e" } });
    let saml = world.ok("POST", &applications, saml);
    assert_eq!((&saml["client"], &saml["clientSecret"]), (&NONE, &json!("")));
}

#[test]
fn a_consumer_logs_in_with_its_pair_and_synchronises() {
    let world = World::new();
    let ready = world.ready();
    let at = format!("/api/v1/apps/{}/connectors/{}", text(&ready, "appId"), text(&ready, "connectorId"));
    let connector = || world.ok("GET", &at, NONE)["connectorView"]["connector"].clone();
    let credential = rotate(&world);
    let consume = |more: Value| {
        let mut body = json!({ "clientId": credential["clientId"], "clientSecret": credential["clientSecret"] });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        world.control("POST", "consume", body)
    };
    world.later(2_000);
    let now = json!(time::format(START + 2_000));
    let sync = json!({ "appId": ready["appId"], "connectorId": ready["connectorId"], "status": "SYNC_STATUS_DONE" });
    assert_eq!(consume(json!({})), json!({ "accepted": true, "sync": sync }));
    let status = connector()["status"].clone();
    assert_eq!((&status["status"], &status["completedAt"]), (&json!("SYNC_STATUS_DONE"), &now));
    assert_eq!(world.ok("GET", &path(&credential), NONE)["credential"]["lastUsedAt"], now);
    let logins = events(&world, json!({ "since": now }));
    assert_eq!(logins[0]["http_request"]["user_agent"], "sandbox-consumer");

    assert_eq!(consume(json!({ "syncError": "the source answered 503" }))["sync"]["status"], "SYNC_STATUS_ERROR");
    assert_eq!(connector()["status"]["lastError"], "the source answered 503");
    consume(json!({}));
    assert_eq!(connector()["status"]["lastError"], "");

    world.ok("POST", &format!("{at}/pause"), json!({}));
    assert_eq!(consume(json!({}))["sync"]["status"], "SYNC_STATUS_DISABLED");

    let before = connector();
    world.ok("POST", &path(&credential), json!({}));
    assert_eq!(consume(json!({})), json!({ "accepted": false, "reason": "the credential is revoked" }));
    assert_eq!(connector(), before);
    let own = world.control(
        "POST",
        "consume",
        json!({ "clientId": ready["clientId"], "clientSecret": ready["clientSecret"] }),
    );
    assert_eq!(own, json!({ "accepted": true }));
    assert_eq!(world.try_control("POST", "consume", json!({ "clientId": "x" })).0, 400);
}
