//! The operations: those that keep state, and the examples of all others.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking, and need no documentation"
)]

mod common;

use std::collections::BTreeSet;

use common::{HOST, START, URL, World, object, text};
use keyturn_wire::api::{self, Field, Kind, Message, Shape, Table};
use serde_json::{Value, json};

const NONE: Value = Value::Null;

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|row| text(row, "id")).collect()
}

/// Returns all items of a list, and the number of its pages.
fn all(world: &World, path: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages, mut token) = (Vec::new(), 0, String::new());
    loop {
        let page = world.ok("GET", &format!("{path}?page_size=100&page_token={token}"), NONE);
        rows.extend(page["list"].as_array().unwrap().iter().cloned());
        pages += 1;
        token = text(&page, "nextPageToken");
        if token.is_empty() {
            return (rows, pages);
        }
    }
}

/// Checks that the value matches the table: complete, of the right types, and without additional fields.
fn well_formed(table: &Table, message: Message, value: &Value, path: &str) {
    let row = value.as_object().unwrap_or_else(|| panic!("{path}: {value}"));
    let fields = table.fields(message);
    for field in fields {
        let name = table.wire_name(field);
        match row.get(name) {
            Some(value) => field_is_well_formed(table, field, value, &format!("{path}.{name}")),
            None => assert!(field.oneof != 0 && !field.nullable(), "{path}.{name} is missing"),
        }
    }
    let known: BTreeSet<_> = fields.iter().map(|field| table.wire_name(field)).collect();
    assert!(row.keys().all(|name| known.contains(name.as_str())), "{path}: {row:?}");
    let mut set = BTreeSet::new();
    for field in fields.iter().filter(|field| field.oneof != 0 && row.contains_key(table.wire_name(field))) {
        let value = &row[table.wire_name(field)];
        let is_set = !(value.is_null() || *value == json!([]) || *value == json!({}));
        assert!(!is_set || set.insert(field.oneof), "{path}: two members of a oneof");
    }
}

fn field_is_well_formed(table: &Table, field: &Field, value: &Value, path: &str) {
    let one = |value: &Value, path: &str| {
        let text = value.as_str();
        let fits = match field.kind {
            Kind::String => text.is_some(),
            Kind::Bytes => text.is_some(),
            Kind::Bool => value.is_boolean(),
            Kind::Int32 => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            Kind::Uint32 => value.as_u64().is_some_and(|number| u32::try_from(number).is_ok()),
            Kind::Int64 => text.is_some_and(|text| text.parse::<i64>().is_ok()),
            Kind::Uint64 => text.is_some_and(|text| text.parse::<u64>().is_ok()),
            Kind::Double => value.is_number(),
            Kind::Date => text.is_some_and(|text| keyturn_sandbox::time::parse(text).is_some()),
            Kind::Duration => text.is_some_and(|text| keyturn_sandbox::time::duration(text).is_some()),
            Kind::Any => value["@type"].is_string(),
            Kind::Struct => value.is_object(),
            Kind::Empty => *value == json!({}),
            Kind::Value => true,
            Kind::Enum => text.is_some_and(|text| table.enum_values(field).contains(&text)),
            Kind::Message => {
                well_formed(table, field.message(), value, path);
                true
            }
        };
        assert!(fits, "{path}: {value}");
    };
    match field.shape {
        Shape::One if value.is_null() => {
            assert!(field.nullable() || matches!(field.kind, Kind::Value | Kind::Message), "{path} is null");
        }
        Shape::One => one(value, path),
        Shape::List => value.as_array().unwrap().iter().for_each(|value| one(value, path)),
        Shape::Map => object(value).values().for_each(|value| one(value, path)),
    }
}

/// Calls every operation of the table, with ids of existing objects if there is state, and checks that the answer is
/// well formed.
#[test]
fn every_operation_answers_a_complete_message() {
    let table = api::c1();
    let (world, other) = (World::new(), World::new());
    for operation in table.operations() {
        let ready = world.control("POST", "reset", json!({}));
        let state = world.control("GET", "state", NONE);
        let first = |collection: &str| text(&state[collection][0], "id");
        let id = table.operation_id(operation);
        let path: String = table
            .segments(operation)
            .iter()
            .map(|segment| match (segment.param, table.segment_text(segment)) {
                (None, text) => format!("/{text}"),
                (Some(Kind::Int64), _) => "/7".to_owned(),
                (Some(_), "appId") if id.contains("SSOApplicationService") => {
                    format!("/{}", text(&state["ssoApplications"][0], "appId"))
                }
                (Some(_), "id") if id.contains("SSOApplicationService") => format!("/{}", first("ssoApplications")),
                (Some(_), "bridgeId") => format!("/{}", first("bridges")),
                (Some(_), "id") if id.ends_with("RevokeBridgeCredential") => {
                    format!("/{}", first("bridgeCredentials"))
                }
                (Some(_), "id") if id.contains("TunnelCredentials") => format!("/{}", first("bridges")),
                (Some(_), "appId" | "connectorAppId") => format!("/{}", text(&ready, "appId")),
                (Some(_), "connectorId") => format!("/{}", text(&ready, "connectorId")),
                (Some(_), "servicePrincipalId") => format!("/{}", first("servicePrincipals")),
                (Some(_), "id") if id.contains(".Apps.") => format!("/{}", text(&ready, "appId")),
                (Some(_), "id") if id.contains("ConnectorService") && id.contains("Credential") => {
                    format!("/{}", first("connectorCredentials"))
                }
                (Some(_), "id") if id.contains("ConnectorService") => format!("/{}", text(&ready, "connectorId")),
                (Some(_), "id") if id.contains("PersonalClient") => format!("/{}", first("personalClients")),
                (Some(_), "id") if id.contains("ServicePrincipalService") && id.contains("Credential") => {
                    format!("/{}", first("servicePrincipalCredentials"))
                }
                (Some(_), "id") if id.contains("ServicePrincipalService") => {
                    format!("/{}", first("servicePrincipals"))
                }
                (Some(_), name) => format!("/{name}-of-mine"),
            })
            .collect();
        let client = json!({ "displayName": "Mine", "authentication": { "clientSecretPost": {} } });
        let same = json!({ "displayName": "Mine", "authentication": { "clientSecretBasic": {} } });
        let body = match id.rsplit('.').next().unwrap() {
            _ if operation.body.is_none() => NONE,
            "Create" if id.contains("SSOApplicationService") => {
                json!({ "displayName": "Mine", "oidc": {}, "initialClient": client })
            }
            "Update" if id.contains("SSOApplicationService") => {
                json!({ "application": {}, "updateMask": "description" })
            }
            "CreateClient" if id.contains("SSOApplicationService") => json!({ "client": client }),
            "UpdateClient" | "DeleteClient" | "RotateClientSecret" if id.contains("SSOApplicationService") => {
                json!({ "clientId": state["ssoClients"][0]["clientId"], "client": same })
            }
            "CreateBridge" => json!({ "displayName": "Mine" }),
            "ConfirmSyncValid" => continue,
            "RotateCredential" => json!({ "appId": ready["appId"], "connectorId": ready["connectorId"] }),
            "Create" => json!({ "displayName": "Mine" }),
            "Update" | "UpdateDelegated" | "UpdateCredential" => json!({
                "app": {}, "connector": {}, "client": {}, "servicePrincipal": {}, "credential": {},
            }),
            _ => json!({}),
        };
        let (status, answer) = world.call(operation.method.as_str(), &path, body);
        assert_eq!(status, 200, "{id} {path}: {answer}");
        well_formed(table, operation.response, &answer, &id);
        assert!(answer.to_string().len() < 20_000, "{id} is long");
        if keyturn_sandbox::c1::handler(&id).is_none() {
            let body = if operation.body.is_some() { json!({ "displayName": "Mine" }) } else { NONE };
            let one = world.ok(operation.method.as_str(), &path, body.clone());
            assert_eq!(one, other.ok(operation.method.as_str(), &path, body), "{id}");
        }
    }
}

#[test]
fn an_example_repeats_what_the_request_named() {
    let world = World::new();
    let policy = world.ok("GET", "/api/v1/policies/my-policy", NONE);
    assert_eq!(policy["policy"]["id"], "my-policy");
    let made = world.ok("POST", "/api/v1/policies", json!({ "displayName": "Two people" }));
    assert_eq!(made["policy"]["displayName"], "Two people");
    let listed = world.ok("GET", "/api/v1/policies", NONE);
    assert_eq!((listed["nextPageToken"].as_str(), listed["list"].as_array().map(Vec::len)), (Some(""), Some(1)));
}

#[test]
fn unknown_routes() {
    let world = World::new();
    world.refused(404, 5, "GET", "/api/v1/nothing", NONE);
    world.refused(404, 5, "GET", "/", NONE);
    world.refused(501, 12, "PUT", "/api/v1/apps", NONE);
    world.refused(404, 5, "GET", "/api/v1/apps//connectors", NONE);
    let reply = world.raw("GET", &format!("{URL}/auth/v1/token"), &[], "");
    assert_eq!(reply.status, 405);
}

#[test]
fn bodies_are_checked_against_the_table() {
    let world = World::new();
    let refuse = |body: Value| world.refused(400, 3, "POST", "/api/v1/apps", body);
    assert!(refuse(json!({ "displayName": 5 })).starts_with("displayName: expected a string, found a number"));
    assert!(refuse(json!({ "displayName": "x", "monthlyCostUsd": 1.5 })).contains("int32"));
    assert!(refuse(json!({ "displayName": "x", "monthlyCostUsd": 3_000_000_000_u64 })).contains("int32"));
    assert!(refuse(json!({ "displayName": "x", "owners": "one" })).contains("owners: expected a list"));
    assert!(refuse(json!({ "displayName": "x", "owners": ["a", 1] })).contains("owners[1]"));
    assert!(refuse(json!({ "displayName": "x", "annotations": [] })).contains("annotations: expected an object"));
    assert!(refuse(json!({ "displayName": "x", "matchBatonRef": { "appId": true } })).contains("matchBatonRef.appId"));
    assert!(refuse(json!([])).contains("the body: expected an object"));
    assert_eq!(refuse(json!({})), "displayName is required");
    let reply = world.raw(
        "POST",
        &format!("{URL}/api/v1/apps"),
        &[("authorization", &format!("Bearer {}", world.token))],
        "{\"displayName\": \"secret",
    );
    assert_eq!(reply.status, 400);
    assert!(!reply.body.contains("secret"), "{}", reply.body);
    // Unknown members and nulls are ignored, and so are fields that only the server sets.
    let app = world.ok("POST", "/api/v1/apps", json!({ "displayName": "x", "other": 1, "description": null }));
    world.ok("POST", &format!("/api/v1/apps/{}", text(&app["app"], "id")), json!({ "app": { "userCount": "9" } }));
    assert_eq!(world.ok("GET", &format!("/api/v1/apps/{}", text(&app["app"], "id")), NONE)["app"]["userCount"], "0");
    let dated = json!({ "client": { "expiresTime": "tomorrow" } });
    let client = text(&world.control("GET", "state", NONE)["personalClients"][0], "id");
    let said = world.refused(400, 3, "POST", &format!("/api/v1/iam/personal_clients/{client}"), dated);
    assert!(said.contains("client.expiresTime: expected an RFC 3339 date"), "{said}");
}

/// Whatever a body contains, the answer is a success or says what is wrong with the request.
#[test]
fn no_body_breaks_a_stateful_operation() {
    let table = api::c1();
    let world = World::new();
    let odd = [
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("-1"),
        json!([]),
        json!([null]),
        json!(["x"]),
        json!([{}]),
        json!({}),
        json!({ "id": 1 }),
        json!({ "paths": "*", "cronSpec": "* * * * *", "displayName": "x" }),
    ];
    for operation in table.operations() {
        let id = table.operation_id(operation);
        let Some(body) = operation.body.filter(|_| keyturn_sandbox::c1::handler(&id).is_some()) else { continue };
        let ready = world.control("POST", "reset", json!({}));
        let path: String = table
            .segments(operation)
            .iter()
            .map(|segment| match (segment.param, table.segment_text(segment)) {
                (None, text) => format!("/{text}"),
                (Some(_), "appId" | "connectorAppId") => format!("/{}", text(&ready, "appId")),
                (Some(_), _) if id.contains(".Apps.") => format!("/{}", text(&ready, "appId")),
                (Some(_), "servicePrincipalId") => "/2SandboxAdministrator000001".to_owned(),
                (Some(_), _) if id.contains("ServicePrincipal") => "/2SandboxAdministrator000001".to_owned(),
                (Some(_), _) => format!("/{}", text(&ready, "connectorId")),
            })
            .collect();
        for field in table.fields(body) {
            for value in &odd {
                let mut sent = json!({ "displayName": "x" });
                sent[table.wire_name(field)] = value.clone();
                let (status, answer) = world.call(operation.method.as_str(), &path, sent.clone());
                assert!(matches!(status, 200 | 400 | 404), "{id} {sent}: {status} {answer}");
                world.control("POST", "reset", json!({}));
            }
        }
    }
}

#[test]
fn apps() {
    let world = World::new();
    let listed = world.ok("GET", "/api/v1/apps", NONE);
    assert_eq!(listed["list"].as_array().unwrap().len(), 6);
    assert_eq!(listed["nextPageToken"], "");

    let made = world.ok("POST", "/api/v1/apps", json!({ "displayName": "Neu", "owners": ["u1"] }))["app"].clone();
    let path = format!("/api/v1/apps/{}", text(&made, "id"));
    assert_eq!(world.ok("GET", &path, NONE)["app"], made);
    assert_eq!(made["appOwners"][0]["id"], "u1");
    assert_eq!((&made["deletedAt"], &made["annotations"], &made["userCount"]), (&NONE, &json!({}), &json!("0")));

    world.later(60_000);
    let change = json!({ "app": { "displayName": "Neuer", "description": "d" }, "updateMask": "displayName" });
    let changed = world.ok("POST", &path, change)["app"].clone();
    assert_eq!((&changed["displayName"], &changed["description"]), (&json!("Neuer"), &json!("")));
    assert_ne!(changed["updatedAt"], made["updatedAt"]);
    assert_eq!(changed["createdAt"], made["createdAt"]);

    let search = |body: Value| ids(&world.ok("POST", "/api/v1/search/apps", body)["list"]);
    assert_eq!(search(json!({ "query": "nEUe" })), [text(&made, "id")]);
    assert_eq!(search(json!({ "onlyDirectories": true })).len(), 1);
    assert_eq!(search(json!({ "excludeAppIds": [made["id"]] })).len(), 6);
    assert_eq!(search(json!({ "appIds": [made["id"]] })).len(), 1);

    world.ok("DELETE", &path, json!({}));
    assert_eq!(world.refused(404, 5, "GET", &path, NONE), "app not found");
    world.refused(404, 5, "DELETE", &path, json!({}));
    world.refused(404, 5, "POST", &path, json!({ "app": {} }));
    assert_eq!(world.ok("GET", "/api/v1/apps", NONE)["list"].as_array().unwrap().len(), 6);
}

#[test]
fn update_masks() {
    let world = World::new();
    let path = format!("/api/v1/apps/{}", text(&world.ready(), "appId"));
    let send = |mask: Value| {
        let app = json!({ "displayName": "A", "description": "B", "userCount": "5" });
        json!({ "app": app, "updateMask": mask })
    };
    for mask in ["nonsense", "userCount", "displayName,", "display_name", "displayName.x", "id"] {
        world.refused(400, 3, "POST", &path, send(json!(mask)));
    }
    world.refused(400, 3, "POST", &path, json!({ "updateMask": "displayName" }));
    // Neither a mask nor anything to change: the API's description requires neither.
    let before = world.ok("GET", &path, NONE)["app"].clone();
    for body in [json!({}), json!({ "app": null }), json!({ "app": {}, "updateMask": null })] {
        let app = world.ok("POST", &path, body)["app"].clone();
        assert_eq!((&app["displayName"], &app["description"]), (&before["displayName"], &before["description"]));
    }
    // A field that the mask names and the body lacks is cleared.
    let app = world.ok("POST", &path, json!({ "app": {}, "updateMask": "description" }))["app"].clone();
    assert_eq!((app["description"].as_str(), app["displayName"].as_str()), (Some(""), Some("GitHub")));
    // Without a mask, the fields in the body are changed.
    let app = world.ok("POST", &path, send(NONE))["app"].clone();
    assert_eq!((app["description"].as_str(), app["displayName"].as_str()), (Some("B"), Some("A")));
    assert_ne!(app["userCount"], "5");
    // A mask for all fields.
    let app = world.ok("POST", &path, json!({ "app": { "displayName": "C" }, "updateMask": "*" }))["app"].clone();
    assert_eq!((app["description"].as_str(), app["displayName"].as_str()), (Some(""), Some("C")));
    assert!(app["id"].is_string());
}

#[test]
fn connectors() {
    let world = World::new();
    let ready = world.ready();
    let connectors = format!("/api/v1/apps/{}/connectors", text(&ready, "appId"));
    let path = format!("{connectors}/{}", text(&ready, "connectorId"));
    let listed = world.ok("GET", &connectors, NONE);
    assert_eq!(listed["list"].as_array().unwrap().len(), 3);
    assert_eq!(listed["list"][0]["connector"]["id"], ready["connectorId"]);
    assert_eq!((listed["list"][0]["appPath"].as_str(), &listed["expanded"]), (Some(""), &json!([])));

    let got = world.ok("GET", &path, NONE);
    let connector = &got["connectorView"]["connector"];
    assert_eq!(connector["displayName"], "GitHub production");
    assert_eq!((&connector["deletedAt"], &connector["syncConfig"]), (&NONE, &NONE));
    assert_eq!(connector["config"]["@type"], "type.googleapis.com/c1.api.app.v1.EnvConfig");

    let body = json!({
        "catalogId": "github", "description": "d", "userIds": ["u1", "u2"],
        "config": { "@type": "type.googleapis.com/c1.api.app.v1.EnvConfig" },
        "expandMask": { "paths": ["*"] },
    });
    let made = world.ok("POST", &format!("{connectors}/create"), body);
    assert_eq!(made["connectorView"]["appPath"], "$.expanded[0]");
    assert_eq!(made["expanded"][0]["@type"], "type.googleapis.com/c1.api.app.v1.App");
    assert_eq!(made["expanded"].as_array().unwrap().len(), 3);
    let connector = &made["connectorView"]["connector"];
    assert_eq!(connector["status"]["status"], "SYNC_STATUS_UNSPECIFIED");
    assert!(connector["configUpdatedAt"].is_string());
    let delegated = world.ok("POST", &connectors, json!({ "displayName": "Später" }));
    assert_eq!(delegated["connectorView"]["connector"]["displayName"], "Später");
    assert_eq!(delegated["connectorView"]["connector"]["config"], NONE);

    let path = format!("{connectors}/{}", text(connector, "id"));
    let change = json!({ "connector": { "id": "other", "appId": "other", "displayName": "Neu" } });
    let changed = world.ok("POST", &path, change.clone())["connectorView"]["connector"].clone();
    assert_eq!((&changed["id"], &changed["appId"]), (&connector["id"], &connector["appId"]));
    assert_eq!(changed["displayName"], "Neu");
    assert_eq!(world.ok("POST", &path, json!({}))["connectorView"]["connector"]["displayName"], "Neu");
    let masked = json!({ "connector": { "status": {} }, "updateMask": "status" });
    world.refused(400, 3, "POST", &path, masked);
    let nested = json!({
        "connector": { "syncConfig": { "syncResourceTypeIds": ["user"] } },
        "updateMask": "syncConfig.syncResourceTypeIds",
    });
    let changed = world.ok("POST", &path, nested)["connectorView"]["connector"].clone();
    assert_eq!(changed["syncConfig"], json!({ "syncResourceTypeIds": ["user"] }));
    world.ok("POST", &format!("{path}/delegated"), change);

    world.ok("DELETE", &path, json!({}));
    assert_eq!(world.refused(404, 5, "GET", &path, NONE), "connector not found");
    world.refused(404, 5, "GET", "/api/v1/apps/none/connectors", NONE);
    world.refused(404, 5, "POST", "/api/v1/apps/none/connectors/create", json!({}));
}

#[test]
fn synchronisation() {
    let world = World::new();
    let ready = world.ready();
    let path = format!("/api/v1/apps/{}/connectors/{}", text(&ready, "appId"), text(&ready, "connectorId"));
    let connector = || world.ok("GET", &path, NONE)["connectorView"]["connector"].clone();
    let status = || text(&connector()["status"], "status");
    let post = |what: &str| world.ok("POST", &format!("{path}/{what}"), json!({}));
    assert_eq!(status(), "SYNC_STATUS_DONE");
    assert_eq!(
        world.refused(400, 9, "POST", &format!("{path}/confirm_sync_valid/x"), json!({})),
        "the connector's last sync did not fail"
    );

    post("force_sync");
    assert_eq!(status(), "SYNC_STATUS_RUNNING");
    assert_eq!(connector()["status"]["completedAt"], NONE);
    world.later(5_000);
    assert_eq!(status(), "SYNC_STATUS_DONE");
    assert_eq!(connector()["status"]["completedAt"], keyturn_sandbox::time::format(START + 5_000));

    post("pause");
    assert_eq!(status(), "SYNC_STATUS_DISABLED");
    assert!(connector()["syncDisabledAt"].is_string());
    world.refused(400, 9, "POST", &format!("{path}/force_sync"), json!({}));
    post("resume");
    assert_eq!((status().as_str(), &connector()["syncDisabledAt"]), ("SYNC_STATUS_RUNNING", &NONE));

    let cron = json!({ "cron": { "cronSpec": "0 3 * * *", "timezone": "Europe/Berlin" } });
    world.ok("POST", &format!("{path}/schedule"), cron);
    assert_eq!(connector()["connectorSyncCronSchedule"]["timezone"], "Europe/Berlin");
    world.refused(400, 3, "POST", &format!("{path}/schedule"), json!({ "cron": { "cronSpec": "daily" } }));
    post("schedule");
    assert_eq!(connector()["connectorSyncCronSchedule"], NONE);

    let url = world.ok("GET", &format!("{path}/syncs/s1/download_url"), NONE);
    assert!(text(&url, "downloadUrl").starts_with(URL));

    // A failed synchronization can be confirmed.
    let state = world.control("GET", "state", NONE);
    let failed = state["connectors"].as_array().unwrap().iter();
    let failed = failed.clone().find(|row| row["status"]["status"] == "SYNC_STATUS_ERROR").unwrap();
    let path = format!("/api/v1/apps/{}/connectors/{}", text(failed, "appId"), text(failed, "id"));
    world.ok("POST", &format!("{path}/confirm_sync_valid/x"), json!({}));
    let view = world.ok("GET", &path, NONE)["connectorView"]["connector"].clone();
    assert_eq!(
        (view["status"]["status"].as_str(), view["status"]["lastError"].as_str()),
        (Some("SYNC_STATUS_RUNNING"), Some(""))
    );
    assert!(!view.to_string().contains("_sync"));
}

fn rotate(world: &World) -> (Value, String) {
    let ready = world.ready();
    let place = json!({ "appId": ready["appId"], "connectorId": ready["connectorId"] });
    let credential = world.ok("POST", "/api/v1/apps/connectors/credentials", place)["credential"].clone();
    let path = format!(
        "/api/v1/apps/{}/connectors/{}/credentials/{}",
        text(&ready, "appId"),
        text(&ready, "connectorId"),
        text(&credential, "id")
    );
    (credential, path)
}

#[test]
fn connector_credentials_show_their_secret_once() {
    let world = World::new();
    let (credential, path) = rotate(&world);
    let secret = text(&credential, "clientSecret");
    common::signing_key(&secret);
    assert_eq!(text(&credential, "clientId"), format!("{}@{HOST}/ccc", text(&credential, "id")));
    assert_eq!((&credential["lastUsedAt"], &credential["deletedAt"]), (&NONE, &NONE));
    let got = world.ok("GET", &path, NONE)["credential"].clone();
    assert_eq!(got["clientSecret"], "");
    assert_eq!((&got["clientId"], &got["expiresTime"]), (&credential["clientId"], &credential["expiresTime"]));
    assert!(!world.control("GET", "state", NONE).to_string().contains(r#""clientSecret""#));

    world.refused(400, 3, "POST", "/api/v1/apps/connectors/credentials", json!({}));
    world.refused(404, 5, "POST", "/api/v1/apps/connectors/credentials", json!({ "appId": "a", "connectorId": "b" }));
    world.refused(404, 5, "GET", &format!("{path}x"), NONE);
}

#[test]
fn the_old_credential_keeps_working_by_default() {
    for (switches, status) in [(json!({}), 200), (json!({ "oldAfterRotate": "revoke" }), 401)] {
        let world = World::with(switches);
        let (old, _) = rotate(&world);
        rotate(&world);
        assert_eq!(world.ask_token(&text(&old, "clientId"), &text(&old, "clientSecret")).0, status);
    }
}

#[test]
fn a_revoked_credential_is_gone_by_default() {
    let world = World::new();
    let (_, path) = rotate(&world);
    assert_eq!(world.ok("POST", &path, json!({})), json!({}));
    world.refused(404, 5, "POST", &path, json!({}));
    assert_eq!(world.refused(404, 5, "GET", &path, NONE), "connector credential not found");
    world.control("POST", "switches", json!({ "revoked": "shown" }));
    assert!(world.ok("GET", &path, NONE)["credential"]["deletedAt"].is_string());
    world.ok("POST", &path, json!({}));
}

#[test]
fn deleting_an_app_deletes_its_contents() {
    let world = World::new();
    let (credential, path) = rotate(&world);
    world.ok("DELETE", &format!("/api/v1/apps/{}", text(&world.ready(), "appId")), json!({}));
    world.refused(404, 5, "GET", &path, NONE);
    assert_eq!(world.ask_token(&text(&credential, "clientId"), &text(&credential, "clientSecret")).0, 401);
    assert_ne!(world.ready()["appId"], credential["appId"]);
}

#[test]
fn personal_clients() {
    let world = World::new();
    let path = "/api/v1/iam/personal_clients";
    assert_eq!(world.ok("GET", path, NONE)["list"].as_array().unwrap().len(), 3);
    let search = |body: Value| world.ok("POST", "/api/v1/search/iam/personal_clients", body)["list"].clone();
    assert_eq!(search(json!({})).as_array().unwrap().len(), 5);
    assert_eq!(search(json!({ "query": "laptop" })).as_array().unwrap().len(), 1);
    let other = text(&search(json!({ "query": "zoë" }))[0], "userId");
    assert_eq!(search(json!({ "users": [{ "id": other }] })).as_array().unwrap().len(), 2);

    let body = json!({
        "displayName": "Skript", "expires": "86400s", "allowSourceCidr": ["10.0.0.0/8", "::/0"], "scopedRoles": ["r"],
    });
    let made = world.ok("POST", path, body);
    let client = &made["client"];
    assert!(text(&made, "clientSecret").starts_with("secret-token:conductorone.com:v1:"));
    assert_eq!(client["expiresTime"], keyturn_sandbox::time::format(START + 86_400_000));
    assert_eq!(client["userId"], world.ok("GET", "/api/v1/auth/introspect", NONE)["userId"]);
    let own = format!("{path}/{}", text(client, "id"));
    assert_eq!(world.ok("GET", &own, NONE)["client"], *client);
    let changed = world.ok("POST", &own, json!({ "client": { "displayName": "Neu" }, "updateMask": "displayName" }));
    assert_eq!((&changed["client"]["displayName"], &changed["client"]["scopedRoles"]), (&json!("Neu"), &json!(["r"])));
    assert_eq!(world.ok("POST", &own, json!({}))["client"]["displayName"], "Neu");
    world.refused(400, 3, "POST", &own, json!({ "client": {}, "updateMask": "clientId" }));
    world.ok("DELETE", &own, json!({}));
    world.refused(404, 5, "GET", &own, NONE);
    assert_eq!(world.ask_token(&text(client, "clientId"), &text(&made, "clientSecret")).0, 401);

    for (field, value) in [
        ("expires", json!("-1s")),
        ("expires", json!("soon")),
        ("allowSourceCidr", json!(["10.0.0.0"])),
        ("allowSourceCidr", json!(["10.0.0.0/33"])),
        ("allowSourceCidr", json!(["::/129"])),
        ("allowSourceCidr", json!(vec!["10.0.0.0/8"; 33])),
    ] {
        let mut body = json!({ "displayName": "x" });
        body[field] = value;
        assert!(world.refused(400, 3, "POST", path, body).contains(field));
    }
}

#[test]
fn service_principals() {
    let world = World::new();
    let path = "/api/v1/service_principals";
    assert_eq!(world.ok("GET", path, NONE)["list"].as_array().unwrap().len(), 3);
    let made = world.ok("POST", path, json!({ "displayName": "CI" }))["servicePrincipal"].clone();
    assert_eq!((&made["user"]["id"], &made["user"]["type"]), (&made["id"], &json!("USER_TYPE_SERVICE")));
    let own = format!("{path}/{}", text(&made, "id"));
    let change = json!({ "servicePrincipal": { "displayName": "CD" }, "updateMask": "displayName" });
    let changed = world.ok("PATCH", &own, change)["servicePrincipal"].clone();
    assert_eq!((&changed["displayName"], &changed["user"]["displayName"]), (&json!("CD"), &json!("CD")));
    assert_eq!(world.ok("GET", &own, NONE)["servicePrincipal"], changed);
    assert_eq!(world.ok("PATCH", &own, json!({}))["servicePrincipal"]["displayName"], "CD");

    let list = format!("{own}/credentials");
    assert_eq!(world.ok("GET", &list, NONE)["list"], json!([]));
    let body =
        json!({ "displayName": "Haupt", "expires": "60s", "scopedRoles": ["r"], "allowSourceCidrs": ["10.0.0.0/8"] });
    let first = world.ok("POST", &list, body);
    let credential = &first["credential"];
    assert_eq!(text(credential, "clientId"), format!("{}@{HOST}/spc", text(credential, "id")));
    assert_eq!((&credential["scopedRoleIds"], &credential["requireDpop"]), (&json!(["r"]), &json!(false)));
    world.ok("POST", &list, json!({}));
    assert_eq!(world.ok("GET", &list, NONE)["list"].as_array().unwrap().len(), 2);
    let one = format!("{list}/{}", text(credential, "id"));
    assert_eq!(world.ok("GET", &one, NONE)["credential"], *credential);
    let change = json!({ "credential": { "displayName": "Neu" }, "updateMask": "displayName" });
    assert_eq!(world.ok("PATCH", &one, change)["credential"]["displayName"], "Neu");
    assert_eq!(world.ok("PATCH", &one, json!({}))["credential"]["displayName"], "Neu");
    world.refused(400, 3, "PATCH", &one, json!({ "credential": {}, "updateMask": "expiresAt" }));
    world.ok("DELETE", &one, json!({}));
    world.refused(404, 5, "GET", &one, NONE);
    world.refused(404, 5, "GET", &format!("{path}/none/credentials"), NONE);
    world.refused(404, 5, "GET", &one.replace(&text(&made, "id"), "2SandboxAdministrator000001"), NONE);

    world.ok("DELETE", &own, json!({}));
    world.refused(404, 5, "GET", &list, NONE);
    // The API's description leaves the name optional.
    world.ok("POST", path, json!({}));
}

#[test]
fn lists_are_paginated() {
    let world = World::with(json!({ "seed": "large" }));
    let (apps, pages) = all(&world, "/api/v1/apps");
    assert_eq!((apps.len(), pages), (40, 1));
    assert_eq!(world.ok("GET", "/api/v1/apps", NONE)["list"].as_array().unwrap().len(), 25);
    assert_eq!(world.ok("GET", "/api/v1/apps?page_size=1", NONE)["list"].as_array().unwrap().len(), 10);
    let mut seen = BTreeSet::new();
    for app in &apps {
        let (connectors, _) = all(&world, &format!("/api/v1/apps/{}/connectors", text(app, "id")));
        seen.extend(connectors.iter().map(|view| text(&view["connector"], "id")));
    }
    assert_eq!(seen.len(), 500);
    assert_eq!(all(&world, "/api/v1/service_principals").0.len(), 31);
    assert_eq!(all(&world, "/api/v1/iam/personal_clients").0.len(), 30);

    // The page can be given in the body as well, and a token belongs to its list.
    let first = world.ok("POST", "/api/v1/search/iam/personal_clients", json!({ "pageSize": 50 }));
    assert_eq!(first["list"].as_array().unwrap().len(), 50);
    let rest = json!({ "pageSize": 50, "pageToken": first["nextPageToken"] });
    let rest = world.ok("POST", "/api/v1/search/iam/personal_clients", rest);
    assert_eq!((rest["list"].as_array().unwrap().len(), &rest["nextPageToken"]), (10, &json!("")));
    let token = text(&first, "nextPageToken");
    assert_eq!(world.refused(400, 3, "GET", &format!("/api/v1/apps?page_token={token}"), NONE), "invalid page token");
    world.refused(400, 3, "GET", "/api/v1/apps?page_token=zzz", NONE);
    world.refused(400, 3, "GET", "/api/v1/apps?page_size=-1", NONE);
    world.refused(400, 3, "GET", "/api/v1/apps?page_size=ten", NONE);

    // A row that is deleted between two pages shifts nothing.
    let first = world.ok("GET", "/api/v1/apps?page_size=10", NONE);
    world.ok("DELETE", &format!("/api/v1/apps/{}", text(&first["list"][0], "id")), json!({}));
    let token = text(&first, "nextPageToken");
    let second = world.ok("GET", &format!("/api/v1/apps?page_size=10&page_token={token}"), NONE);
    assert_eq!(second["list"][0]["id"], apps[10]["id"]);
}
