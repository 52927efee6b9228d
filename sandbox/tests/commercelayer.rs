//! The Provisioning API: its objects, their changes, and refusals.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking, and need no documentation"
)]

mod common;

use common::commercelayer::{MEDIA_TYPE, Shop, document, oauth, update};
use common::{URL, header, text};
use keyturn_sandbox::commercelayer::schema::{self, Act};
use serde_json::{Value, json};

#[test]
fn a_credential_is_created_shown_changed_and_deleted() {
    let shop = Shop::new();
    let before = shop.count("api_credentials");
    let made = shop.integration(json!({ "reference": "one", "metadata": { "team": "ops" } }));
    let id = text(&made, "id");
    let own = &made["attributes"];
    for (name, value) in [
        ("name", json!("Sync")),
        ("kind", json!("integration")),
        ("confidential", json!(true)),
        ("redirect_uri", json!(null)),
        ("expires_in", json!(7200)),
        ("mode", json!("test")),
        ("custom", json!(false)),
        ("reference", json!("one")),
        ("metadata", json!({ "team": "ops" })),
        ("created_at", json!("2026-09-21T14:13:20.000Z")),
        ("scopes", json!("market:all")),
    ] {
        assert_eq!(own[name], value, "{name}");
    }
    assert_eq!(text(own, "client_id").len(), 43);
    assert_eq!(made["links"]["self"], json!(format!("{URL}/api/api_credentials/{id}")));
    assert_eq!(
        made["relationships"]["role"],
        json!({ "links": {
            "self": format!("{URL}/api/api_credentials/{id}/relationships/role"),
            "related": format!("{URL}/api/api_credentials/{id}/role"),
        } })
    );
    // Every read returns the secret.
    assert_eq!(shop.get(&format!("api_credentials/{id}"))["data"], made);
    let path = "api_credentials?filter[q][reference_eq]=one";
    assert_eq!(shop.first(path), made);
    assert_eq!(shop.count("api_credentials"), before + 1);

    shop.world.later(5_000);
    let path = format!("api_credentials/{id}");
    let change = update("api_credentials", &id, json!({ "name": "Sync 2", "reference": null }));
    let (status, changed) = shop.call("PATCH", &path, change);
    assert_eq!(status, 200);
    assert_eq!(changed["data"]["attributes"]["name"], json!("Sync 2"));
    assert_eq!(changed["data"]["attributes"]["reference"], json!(null));
    assert_eq!(changed["data"]["attributes"]["updated_at"], json!("2026-09-21T14:13:25.000Z"));
    assert_eq!(changed["data"]["attributes"]["client_secret"], own["client_secret"]);

    assert_eq!(shop.call("DELETE", &path, json!(null)), (204, json!(null)));
    let gone = (404, vec![("RECORD_NOT_FOUND".to_owned(), String::new())]);
    assert_eq!(shop.refused("GET", &path, json!(null)), gone);
    assert_eq!(shop.refused("DELETE", &path, json!(null)), gone);
    assert_eq!(shop.count("api_credentials"), before);
}

#[test]
fn the_demo_can_be_walked_through_its_links() {
    let shop = Shop::new();
    for resource in [
        "api_credentials",
        "application_memberships",
        "identity_providers",
        "memberships",
        "membership_profiles",
        "organizations",
        "permissions",
        "roles",
        "versions",
        "user",
    ] {
        let document = shop.get(resource);
        let data = if resource == "user" {
            vec![document["data"].clone()]
        } else {
            document["data"].as_array().unwrap().clone()
        };
        assert!(!data.is_empty(), "{resource}");
        for object in data {
            let own = text(&object["links"], "self");
            assert_eq!(shop.get(own.strip_prefix(&format!("{URL}/api/")).unwrap())["data"], object);
            for (_, relationship) in object["relationships"].as_object().into_iter().flatten() {
                let related = text(&relationship["links"], "related");
                shop.get(related.strip_prefix(&format!("{URL}/api/")).unwrap());
            }
        }
    }
}

fn at(pointer: &str) -> (String, String) {
    ("VALIDATION_ERROR".to_owned(), pointer.to_owned())
}

fn not_allowed(pointer: &str) -> (String, String) {
    ("PARAM_NOT_ALLOWED".to_owned(), pointer.to_owned())
}

#[test]
fn a_new_credential_is_checked() {
    let shop = Shop::new();
    let (organization, role) = (shop.organization(), shop.role("Admin"));
    let links = |role: &str| {
        json!({
            "organization": { "data": { "type": "organizations", "id": organization } },
            "role": { "data": if role.is_empty() { json!(null) } else { json!({ "type": "roles", "id": role }) } },
        })
    };
    let before = shop.count("api_credentials");
    let refused = |attributes: Value, relationships: Value| {
        let body =
            json!({ "data": { "type": "api_credentials", "attributes": attributes, "relationships": relationships } });
        shop.refused("POST", "api_credentials", body)
    };
    let missing = ["/data/attributes/name", "/data/attributes/kind", "/data/relationships/organization"].map(at);
    assert_eq!(refused(json!({}), json!({})), (422, missing.to_vec()));
    let good = |name: &str, value: Value| {
        let mut attributes = json!({ "name": "Sync", "kind": "integration" });
        attributes[name] = value;
        attributes
    };
    for (attributes, role, pointer) in [
        (good("name", json!("  ")), &role, "/data/attributes/name"),
        (good("name", json!(null)), &role, "/data/attributes/name"),
        (good("name", json!(7)), &role, "/data/attributes/name"),
        (good("kind", json!("Robot!")), &role, "/data/attributes/kind"),
        (good("kind", json!("imports")), &role, "/data/attributes/custom"),
        (good("mode", json!("staging")), &role, "/data/attributes/mode"),
        (good("expires_in", json!(7199)), &role, "/data/attributes/expires_in"),
        (good("expires_in", json!(31_536_001)), &role, "/data/attributes/expires_in"),
        (good("expires_in", json!("7200")), &role, "/data/attributes/expires_in"),
        (good("metadata", json!([])), &role, "/data/attributes/metadata"),
        (good("kind", json!("integration")), &String::new(), "/data/relationships/role"),
        (good("kind", json!("sales_channel")), &role, "/data/relationships/role"),
        (good("kind", json!("webapp")), &role, "/data/relationships/role"),
        (good("kind", json!("integration")), &"nobody".to_owned(), "/data/relationships/role"),
    ] {
        assert_eq!(refused(attributes.clone(), links(role)), (422, vec![at(pointer)]), "{attributes}");
    }
    // A role of another organization.
    let foreign = text(&shop.first("roles?filter[q][organization_slug_eq]=northwind-labs"), "id");
    assert_eq!(refused(good("mode", json!("live")), links(&foreign)), (422, vec![at("/data/relationships/role")]));
    // Read-only attributes and unknown ones, in alphabetical order, which is also that of a map without an insertion
    // order.
    let several =
        json!({ "name": "x", "kind": "integration", "client_secret": "mine", "colour": "red", "created_at": "now" });
    let wanted = ["client_secret", "colour", "created_at"].map(|name| not_allowed(&format!("/data/attributes/{name}")));
    assert_eq!(refused(several, links(&role)), (400, wanted.to_vec()));
    let wrong_type = json!({ "organization": { "data": { "type": "roles", "id": role } } });
    let (status, problems) = refused(good("mode", json!("live")), wrong_type);
    assert_eq!((status, problems[0].0.as_str()), (400, "TYPE_MISMATCH"));
    let (status, problems) = refused(good("mode", json!("live")), json!({ "organization": { "id": organization } }));
    assert_eq!((status, problems[0].0.as_str()), (400, "INVALID_LINKS_OBJECT"));
    assert_eq!(shop.count("api_credentials"), before);

    let organization = [("organization", "organizations", organization.as_str())];
    let channel = shop.create(json!({ "name": "Shop", "kind": "sales_channel", "mode": "live" }), &organization);
    assert_eq!(channel["attributes"]["expires_in"], json!(14_400));
    assert_eq!(channel["attributes"]["confidential"], json!(false));
    let fork = shop.create(json!({ "name": "Fork", "kind": "imports", "custom": true }), &organization);
    assert_eq!(fork["attributes"]["custom"], json!(true));
}

#[test]
fn an_update_names_its_object_and_changes_allowed_attributes() {
    let shop = Shop::new();
    let made = shop.integration(json!({}));
    let id = text(&made, "id");
    let path = format!("api_credentials/{id}");
    let code = |body: Value| {
        let (status, problems) = shop.refused("PATCH", &path, body);
        (status, problems[0].clone())
    };
    let body = |id: Value, attributes: Value| json!({ "data": { "type": "api_credentials", "id": id, "attributes": attributes } });
    let key = (400, ("KEY_NOT_INCLUDED_IN_URL".to_owned(), "/data/id".to_owned()));
    assert_eq!(code(body(json!(null), json!({}))), key);
    assert_eq!(code(body(json!("other"), json!({}))), key);
    let mut other = update("roles", &id, json!({}));
    assert_eq!(code(other.clone()).1.0, "INVALID_RESOURCE");
    other["data"] = json!([]);
    assert_eq!(code(other), (400, ("PARAM_MISSING".to_owned(), "/data".to_owned())));
    for name in ["kind", "mode", "custom", "client_id"] {
        let wanted = (400, not_allowed(&format!("/data/attributes/{name}")));
        assert_eq!(code(body(json!(id), json!({ name: "live" }))), wanted);
    }
    let role = shop.role("Read only");
    let mut document = update("api_credentials", &id, json!({ "expires_in": 86_400 }));
    document["data"]["relationships"] = json!({ "role": { "data": { "type": "roles", "id": role } } });
    assert_eq!(shop.call("PATCH", &path, document.clone()).0, 200);
    assert_eq!(shop.get(&format!("{path}/role"))["data"]["id"], json!(role));
    document["data"]["relationships"]["role"]["data"] = json!(null);
    assert_eq!(shop.refused("PATCH", &path, document), (422, vec![at("/data/relationships/role")]));

    // With this setting, values that may not be set are ignored.
    shop.world.control("POST", "commercelayer", json!({ "readOnly": "ignore" }));
    let (status, answer) =
        shop.call("PATCH", &path, body(json!(id), json!({ "kind": "webapp", "name": "New", "nope": 1 })));
    assert_eq!((status, &answer["data"]["attributes"]["kind"]), (200, &json!("integration")));
    assert_eq!(answer["data"]["attributes"]["name"], json!("New"));
}

#[test]
fn objects_that_others_depend_on_are_locked() {
    let shop = Shop::new();
    let membership = shop.first("application_memberships");
    let credential =
        text(&shop.get(&format!("application_memberships/{}/api_credential", text(&membership, "id")))["data"], "id");
    let path = format!("api_credentials/{credential}");
    let locked = (423, vec![("LOCKED".to_owned(), String::new())]);
    assert_eq!(shop.refused("DELETE", &path, json!(null)), locked);
    let profile = text(&shop.first("membership_profiles"), "id");
    assert_eq!(shop.refused("DELETE", &format!("membership_profiles/{profile}"), json!(null)), locked);
    let owner = text(&shop.first("memberships?filter[q][owner_true]=true"), "id");
    assert_eq!(shop.refused("DELETE", &format!("memberships/{owner}"), json!(null)), locked);

    // The same for another credential: a row of its own, which is then deleted.
    let role = text(&shop.get(&format!("{path}/role"))["data"], "id");
    let body = document(
        "application_memberships",
        json!({ "filters": { "market_id_in": [1] } }),
        &[
            ("organization", "organizations", &shop.organization()),
            ("api_credential", "api_credentials", &text(&shop.integration(json!({})), "id")),
            ("role", "roles", &role),
        ],
    );
    let (status, made) = shop.call("POST", "application_memberships", body);
    assert_eq!(status, 201, "{made}");
    let own = text(&made["data"], "id");
    let other = text(&shop.get(&format!("application_memberships/{own}/api_credential"))["data"], "id");
    let other = format!("api_credentials/{other}");
    assert_eq!(shop.refused("DELETE", &other, json!(null)), locked);
    assert_eq!(shop.call("DELETE", &format!("application_memberships/{own}"), json!(null)).0, 204);

    // A lock that a test sets.
    let id = other.split('/').next_back().unwrap();
    shop.world.control("POST", "commercelayer/lock", json!({ "id": id }));
    assert_eq!(shop.refused("DELETE", &other, json!(null)), locked);
    shop.world.control("POST", "commercelayer/lock", json!({ "id": id, "locked": false }));
    assert_eq!(shop.call("DELETE", &other, json!(null)).0, 204);
}

#[test]
fn members_are_invited_and_organizations_change_hands() {
    let shop = Shop::new();
    let (organization, role) = (shop.organization(), shop.role("Read only"));
    let invite = |email: &str| {
        let links = [("organization", "organizations", organization.as_str()), ("role", "roles", role.as_str())];
        document("memberships", json!({ "user_email": email, "access_scope": "all_access" }), &links)
    };
    let (status, made) = shop.call("POST", "memberships", invite("new@example.com"));
    assert_eq!(status, 201, "{made}");
    let own = &made["data"]["attributes"];
    assert_eq!((&own["status"], &own["owner"], &own["test_enabled"]), (&json!("pending"), &json!(false), &json!(true)));
    let email = at("/data/attributes/user_email");
    assert_eq!(shop.refused("POST", "memberships", invite("NEW@example.com")), (422, vec![email.clone()]));
    assert_eq!(shop.refused("POST", "memberships", invite("new")), (422, vec![email]));
    let id = text(&made["data"], "id");
    let reply = shop.raw("POST", &format!("memberships/{id}/resend"), &json!({ "data": {} }));
    assert_eq!((reply.status, reply.body.as_str()), (202, ""));
    let owner = text(&shop.first(&format!("organizations/{organization}/memberships?filter[q][owner_true]=1")), "id");
    assert_eq!(shop.refused("POST", &format!("memberships/{owner}/resend"), json!({ "data": {} })).0, 422);

    // Its changes are recorded.
    let change = update("memberships", &id, json!({ "access_scope": "test_access" }));
    assert_eq!(shop.call("PATCH", &format!("memberships/{id}"), change).0, 200);
    let versions = shop.get(&format!("memberships/{id}/versions"))["data"].clone();
    let events: Vec<_> =
        versions.as_array().unwrap().iter().map(|version| version["attributes"]["event"].clone()).collect();
    assert_eq!(events, [json!("create"), json!("update")]);
    assert_eq!(versions[1]["attributes"]["changes"], json!({ "access_scope": ["all_access", "test_access"] }));

    let path = format!("organizations/{organization}/transfer_ownership");
    let give = |email: &str| {
        let attributes = json!({ "new_owner_email": email });
        json!({ "data": { "type": "organizations", "id": organization, "attributes": attributes } })
    };
    let wrong = (422, vec![at("/data/attributes/new_owner_email")]);
    for email in ["", "nobody@example.com", "new@example.com"] {
        assert_eq!(shop.refused("PATCH", &path, give(email)), wrong, "{email}");
    }
    assert_eq!(shop.call("PATCH", &path, give("lee.marsh@example.com")), (202, json!(null)));
    let owners =
        shop.values(&format!("organizations/{organization}/memberships?filter[q][owner_true]=1"), "user_email");
    assert_eq!(owners, ["lee.marsh@example.com"]);
    assert_eq!(shop.refused("PATCH", &path, give("sam.sample@example.com")).0, 401);
}

#[test]
fn only_administrators_change_an_organization() {
    let shop = Shop::new();
    let organization = shop.organization();
    let role = shop.role("Read only");
    let own = shop.first(&format!("organizations/{organization}/memberships?filter[q][user_email_start]=sam."));
    let path = format!("memberships/{}", text(&own, "id"));
    let mut change = update("memberships", &text(&own, "id"), json!({}));
    change["data"]["relationships"] = json!({ "role": { "data": { "type": "roles", "id": role } } });
    assert_eq!(shop.call("PATCH", &path, change).0, 200);
    let credential = text(&shop.first(&format!("organizations/{organization}/api_credentials")), "id");
    let unauthorized = (401, vec![("UNAUTHORIZED".to_owned(), String::new())]);
    let path = format!("api_credentials/{credential}");
    assert_eq!(shop.refused("DELETE", &path, json!(null)), unauthorized);
    assert_eq!(
        shop.refused("PATCH", &path, update("api_credentials", &credential, json!({ "name": "x" }))),
        unauthorized
    );
    assert_eq!(shop.call("GET", &path, json!(null)).0, 200);
    // In other organizations they still are.
    let other = text(&shop.first("organizations?filter[q][slug_eq]=northwind-labs"), "id");
    let change = update("organizations", &other, json!({ "name": "Labs" }));
    assert_eq!(shop.call("PATCH", &format!("organizations/{other}"), change).0, 200);
}

#[test]
fn organizations_roles_and_permissions() {
    let shop = Shop::new();
    let body = document("organizations", json!({ "name": "The Blue Brand" }), &[]);
    let (status, made) = shop.call("POST", "organizations", body.clone());
    assert_eq!(status, 201, "{made}");
    let own = &made["data"]["attributes"];
    assert_eq!((&own["slug"], &own["domain"]), (&json!("the-blue-brand"), &json!("the-blue-brand.commercelayer.io")));
    assert_eq!((&own["region"], &own["coupons_max_code_length"]), (&json!("eu-west-1"), &json!(40)));
    assert_eq!(shop.refused("POST", "organizations", body), (422, vec![at("/data/attributes/name")]));
    let id = text(&made["data"], "id");
    assert_eq!(shop.refused("DELETE", &format!("organizations/{id}"), json!(null)).0, 405);
    assert_eq!(shop.values(&format!("organizations/{id}/roles"), "kind"), ["admin", "read_only"]);

    let body = document("roles", json!({ "name": "Custom role" }), &[("organization", "organizations", &id)]);
    let role = text(&shop.call("POST", "roles", body).1["data"], "id");
    let permission = |role: &str, subject: &str| {
        let can = json!({ "can_create": false, "can_read": true, "can_update": true, "can_destroy": false, "subject": subject });
        document("permissions", can, &[("role", "roles", role)])
    };
    let (status, made) = shop.call("POST", "permissions", permission(&role, "Order"));
    assert_eq!(status, 201, "{made}");
    let own = text(&made["data"], "id");
    assert_eq!(shop.get(&format!("permissions/{own}/organization"))["data"]["id"], json!(id));
    assert_eq!(
        shop.refused("POST", "permissions", permission(&role, "Order")),
        (422, vec![at("/data/attributes/subject")])
    );
    let admin = shop.role("Admin");
    let refused = (422, vec![at("/data/relationships/role")]);
    assert_eq!(shop.refused("POST", "permissions", permission(&admin, "Extra")), refused);
    let trigger = update("roles", &role, json!({ "_add_missing_base_permissions": true }));
    let (status, answer) = shop.call("PATCH", &format!("roles/{role}?include=permissions"), trigger);
    assert_eq!((status, answer["included"].as_array().unwrap().len()), (200, 8));
    assert!(answer["data"]["attributes"].get("_add_missing_base_permissions").is_none());
}

#[test]
fn identity_providers_and_the_user() {
    let shop = Shop::new();
    let mut attributes = json!({ "client_secret": "hush" });
    for name in ["name", "client_id", "issuer", "domains", "token_url", "authorize_url", "jwks_url"] {
        attributes[name] = json!("https://login.example/");
    }
    let (status, made) = shop.call("POST", "identity_providers", document("identity_providers", attributes, &[]));
    assert_eq!(status, 201, "{made}");
    let own = &made["data"]["attributes"];
    assert_eq!((&own["status"], &own["client_secret"]), (&json!("pending"), &json!("hush")));
    let id = text(&made["data"], "id");
    let path = format!("identity_providers/{id}");
    for (trigger, disabled) in [("_disable", true), ("_enable", false)] {
        let (status, answer) = shop.call("PATCH", &path, update("identity_providers", &id, json!({ trigger: true })));
        assert_eq!((status, answer["data"]["attributes"]["disabled_at"].is_string()), (200, disabled));
    }
    assert_eq!(shop.call("PATCH", &path, update("identity_providers", &id, json!({ "client_secret": "new" }))).0, 200);
    assert_eq!(shop.get(&path)["data"]["attributes"]["client_secret"], json!("new"));
    let user = shop.get(&format!("{path}/user"))["data"].clone();
    assert_eq!(user, shop.get("user")["data"]);
    assert_eq!(user["links"]["self"], json!(format!("{URL}/api/user")));

    let change = document("users", json!({ "first_name": "Sasha" }), &[]);
    let (status, answer) = shop.call("PATCH", "user", change);
    assert_eq!((status, &answer["data"]["attributes"]["first_name"]), (200, &json!("Sasha")));
    assert_eq!(shop.refused("PATCH", "user", document("users", json!({ "email": "x" }), &[])).0, 422);
    assert_eq!(shop.refused("DELETE", "user", json!(null)).0, 405);
}

#[test]
fn to_many_relationships_are_set_as_a_whole() {
    let shop = Shop::new();
    let row = text(&shop.first("application_memberships"), "id");
    let member = text(&shop.get(&format!("application_memberships/{row}/membership"))["data"], "id");
    let path = format!("memberships/{member}");
    let set = |ids: &[&str]| {
        let mut body = update("memberships", &member, json!({}));
        let data: Vec<_> = ids.iter().map(|id| json!({ "type": "application_memberships", "id": id })).collect();
        body["data"]["relationships"] = json!({ "application_memberships": { "data": data } });
        assert_eq!(shop.call("PATCH", &path, body).0, 200);
        shop.count(&format!("{path}/application_memberships"))
    };
    assert_eq!(set(&[]), 0);
    assert_eq!(shop.get(&format!("application_memberships/{row}/membership"))["data"], json!(null));
    assert_eq!(set(&[&row]), 1);
}

/// Each of the table's operations reaches its own handler.
#[test]
fn every_operation_is_served() {
    let mut shop = Shop::new();
    for operation in schema::operations() {
        let resource = schema::resource(operation.resource).unwrap();
        // Only the permissions of a custom role can be changed.
        let filter = if resource.key == "permissions" { "?filter[q][role_kind_eq]=custom" } else { "" };
        let first = || text(&shop.first(&format!("{}{filter}", resource.key)), "id");
        let id = if resource.singleton { String::new() } else { first() };
        let path = operation.path.strip_prefix("/api/").unwrap().replace("{id}", &id);
        let (body, expected) = match operation.act {
            Act::List | Act::Retrieve | Act::Related(_) => (json!(null), [200, 200]),
            Act::Create => (document(resource.key, json!({}), &[]), [422, 422]),
            Act::Update => (update(resource.key, &id, json!({ "reference": "touched" })), [200, 200]),
            Act::Delete => (json!(null), [204, 423]),
            Act::Action(_) => (json!({ "data": {} }), [202, 422]),
        };
        let (status, answer) = shop.call(operation.method, &path, body);
        assert!(expected.contains(&status), "{}: {status} {answer}", operation.id);
        if operation.act == Act::Delete {
            shop = Shop::new();
        }
    }
}

#[test]
fn media_types_methods_and_paths() {
    let shop = Shop::new();
    let bearer = format!("Bearer {}", shop.token);
    let ask = |method: &str, content_type: &str, accept: &str| {
        let headers = [("authorization", bearer.as_str()), ("content-type", content_type), ("accept", accept)];
        let reply = shop.world.raw(method, &format!("{URL}/api/roles"), &headers, "{}");
        assert_eq!(header(&reply, "content-type"), Some(MEDIA_TYPE));
        reply.status
    };
    assert_eq!(ask("POST", "application/json", "*/*"), 415);
    assert_eq!(ask("POST", "application/vnd.api+json; charset=utf-8", "*/*"), 415);
    assert_eq!(ask("POST", MEDIA_TYPE, "*/*"), 400);
    assert_eq!(ask("GET", "", "application/json"), 406);
    assert_eq!(ask("GET", "", "text/html, application/*;q=0.8"), 200);
    assert_eq!(ask("GET", "", MEDIA_TYPE), 200);
    assert_eq!(shop.refused("PUT", "roles", json!({})).0, 405);
    assert_eq!(shop.refused("GET", "nonsense", json!(null)).0, 404);
    assert_eq!(shop.refused("GET", "roles/nobody/permissions", json!(null)).1[0].0, "RECORD_NOT_FOUND");
    let reply = shop.raw("POST", "roles", &json!({ "data": "x" }));
    assert_eq!(reply.status, 400);
}

#[test]
fn faults_and_the_log_know_these_operations() {
    let shop = Shop::new();
    let count = || shop.count("api_credentials");
    let links = [("organization", "organizations", shop.organization())];
    let links = links.each_ref().map(|(name, key, id)| (*name, *key, id.as_str()));
    let make = || {
        shop.raw(
            "POST",
            "api_credentials",
            &document("api_credentials", json!({ "name": "x", "kind": "webapp" }), &links),
        )
    };
    let before = count();
    for (action, made) in [("drop", 0), ("drop-answer", 1)] {
        shop.world.control("POST", "faults", json!({ "operation": "api_credentials.create", "action": action }));
        assert!(make().dropped);
        assert_eq!(count(), before + made, "{action}");
    }
    let slow =
        json!({ "operation": "commercelayer.api_credentials.create", "action": { "status": 503, "delayMs": 700 } });
    shop.world.control("POST", "faults", slow);
    let reply = make();
    assert_eq!((reply.status, reply.delay_ms, header(&reply, "content-type")), (503, 700, Some(MEDIA_TYPE)));
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(body["errors"][0]["status"], json!("503"));
    shop.world.control("POST", "faults", json!({ "operation": "commercelayer.token", "action": { "status": 500 } }));
    let (status, answer) = oauth(&shop.world, "token", &json!({}));
    assert_eq!((status, &answer["errors"][0]["meta"]["error"]), (500, &json!("server_error")));

    let log = shop.world.control("GET", "requests?operation=api_credentials.create", json!(null));
    let seen: Vec<_> = log.as_array().unwrap().iter().map(|entry| (&entry["status"], &entry["fault"])).collect();
    assert_eq!(
        seen,
        [(&json!(null), &json!("drop")), (&json!(201), &json!("drop-answer")), (&json!(503), &json!("answer"))]
    );
    assert_eq!(log[0]["operation"], json!("commercelayer.api_credentials.create"));
    // C1 has operations of this name, which take precedence without a prefix.
    assert_eq!(shop.world.control("GET", "requests?operation=roles.list", json!(null)), json!([]));
    let own = shop.world.control("GET", "requests?operation=commercelayer.organizations.list", json!(null));
    assert!(!own.as_array().unwrap().is_empty());
}

#[test]
fn a_snapshot_has_the_rows_and_no_secret() {
    let shop = Shop::new();
    let made = shop.integration(json!({ "reference": "kept" }));
    let snapshot = shop.world.control("GET", "state", json!(null));
    assert!(!snapshot.to_string().contains(&text(&made["attributes"], "client_secret")));
    // This tenant still knows the secret; another one generates a new one.
    shop.world.control("POST", "reset", json!({ "seed": "empty" }));
    assert_eq!(shop.count("api_credentials?filter[q][reference_eq]=kept"), 0);
    let other = Shop::new();
    // All tenants of the tests use the same entropy, so this one is advanced to another position.
    other.world.control("POST", "reset", json!({ "seed": "empty" }));
    other.world.control("PUT", "state", snapshot);
    let kept = other.first("api_credentials?filter[q][reference_eq]=kept");
    assert_eq!((&kept["id"], &kept["attributes"]["client_id"]), (&made["id"], &made["attributes"]["client_id"]));
    assert_ne!(kept["attributes"]["client_secret"], made["attributes"]["client_secret"]);
    let again = other.world.control("GET", "state", json!(null));
    other.world.control("PUT", "state", again);
    assert_eq!(other.first("api_credentials?filter[q][reference_eq]=kept"), kept);
    let (status, _) = other.world.try_control("PUT", "state", json!({ "schema": 1, "commercelayer": {} }));
    assert_eq!(status, 400);
}

#[test]
fn the_other_seeds() {
    let shop = Shop::with(json!({ "seed": "empty" }));
    assert_eq!((shop.count("organizations"), shop.count("api_credentials"), shop.count("roles")), (1, 0, 2));
    let shop = Shop::with(json!({ "seed": "large" }));
    let page = shop.get("api_credentials?page[size]=25&page[number]=40");
    assert_eq!(page["meta"], json!({ "record_count": 1000, "page_count": 40 }));
    assert_eq!(page["data"].as_array().unwrap().len(), 25);
    assert!(page["links"].get("next").is_none());
}
