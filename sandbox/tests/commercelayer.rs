//! The Provisioning API: documents, queries, changes, refusals.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{START, URL, World, header, text};
use keyturn_sandbox::Reply;
use serde_json::{Value, json};

const MEDIA_TYPE: &str = "application/vnd.api+json";

/// A tenant with a token for the Provisioning API.
struct Shop {
    world: World,
    token: String,
}

impl Shop {
    fn new() -> Self {
        Self::with(json!({}))
    }

    fn with(options: Value) -> Self {
        let world = World::with(options);
        let ready = world.ready()["commercelayer"].clone();
        let asked = json!({
            "grant_type": "client_credentials", "client_id": ready["clientId"], "client_secret": ready["clientSecret"],
        });
        let (status, answer) = oauth(&world, "token", &asked);
        assert_eq!(status, 200, "{answer}");
        Self { token: text(&answer, "access_token"), world }
    }

    fn raw(&self, method: &str, path: &str, body: &Value) -> Reply {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str()), ("content-type", MEDIA_TYPE), ("accept", MEDIA_TYPE)];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.world.raw(method, &format!("{URL}/api/{path}"), &headers, &body)
    }

    fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let reply = self.raw(method, path, &body);
        if reply.body.is_empty() {
            return (reply.status, json!(null));
        }
        assert_eq!(header(&reply, "content-type"), Some(MEDIA_TYPE), "{}", reply.body);
        (reply.status, serde_json::from_str(&reply.body).unwrap())
    }

    fn get(&self, path: &str) -> Value {
        let (status, document) = self.call("GET", path, json!(null));
        assert_eq!(status, 200, "{path}: {document}");
        document
    }

    /// The values of an attribute in a list.
    fn values(&self, path: &str, attribute: &str) -> Vec<Value> {
        self.get(path)["data"].as_array().unwrap().iter().map(|item| item["attributes"][attribute].clone()).collect()
    }

    fn count(&self, path: &str) -> u64 {
        self.get(path)["meta"]["record_count"].as_u64().unwrap()
    }

    /// A refusal: status, and of each error code, where, and why.
    fn refused(&self, method: &str, path: &str, body: Value) -> (u16, Vec<(String, String)>) {
        let (status, document) = self.call(method, path, body);
        let errors = document["errors"].as_array().unwrap_or_else(|| panic!("{method} {path}: {status} {document}"));
        let one = |error: &Value| {
            assert_eq!(error["status"], json!(status.to_string()));
            assert!(error["title"].is_string() && error["detail"].is_string());
            let place = error["source"]["pointer"].as_str().or(error["source"]["parameter"].as_str());
            (text(error, "code"), place.unwrap_or_default().to_owned())
        };
        (status, errors.iter().map(one).collect())
    }

    fn first(&self, path: &str) -> Value {
        self.get(path)["data"][0].clone()
    }

    fn organization(&self) -> String {
        text(&self.first("organizations?filter[q][slug_eq]=northwind-outfitters"), "id")
    }

    fn role(&self, name: &str) -> String {
        let organization = self.organization();
        let path = format!("organizations/{organization}/roles?filter[q][name_eq]={name}");
        text(&self.first(&path), "id")
    }

    fn create(&self, attributes: Value, relationships: &[(&str, &str, &str)]) -> Value {
        let document = document("api_credentials", attributes, relationships);
        let (status, answer) = self.call("POST", "api_credentials", document);
        assert_eq!(status, 201, "{answer}");
        answer["data"].clone()
    }

    /// An integration that works.
    fn integration(&self, attributes: Value) -> Value {
        let mut whole = json!({ "name": "Sync", "kind": "integration" });
        whole.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
        let links = [("organization", "organizations", self.organization()), ("role", "roles", self.role("Admin"))];
        self.create(whole, &links.each_ref().map(|(name, key, id)| (*name, *key, id.as_str())))
    }
}

fn oauth(world: &World, endpoint: &str, parameters: &Value) -> (u16, Value) {
    let url = format!("{URL}/oauth/{endpoint}");
    let reply = world.raw("POST", &url, &[("content-type", "application/json")], &parameters.to_string());
    assert_eq!(header(&reply, "content-type"), Some("application/json"));
    (reply.status, serde_json::from_str(&reply.body).unwrap())
}

fn document(key: &str, attributes: Value, relationships: &[(&str, &str, &str)]) -> Value {
    let links = relationships.iter().map(|(name, key, id)| {
        let data = if id.is_empty() { json!(null) } else { json!({ "type": key, "id": id }) };
        ((*name).to_owned(), json!({ "data": data }))
    });
    json!({ "data": {
        "type": key, "attributes": attributes, "relationships": links.collect::<serde_json::Map<_, _>>(),
    } })
}

fn update(key: &str, id: &str, attributes: Value) -> Value {
    let mut document = document(key, attributes, &[]);
    document["data"]["id"] = json!(id);
    document
}

#[test]
fn a_credential_is_made_shown_changed_and_removed() {
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
    // The secret is returned by every read.
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
fn a_pair_gets_tokens_until_its_credential_is_removed() {
    let shop = Shop::new();
    let made = shop.integration(json!({ "mode": "live", "expires_in": 9000 }));
    let pair = json!({
        "grant_type": "client_credentials",
        "client_id": made["attributes"]["client_id"],
        "client_secret": made["attributes"]["client_secret"],
    });
    let (status, answer) = oauth(&shop.world, "token", &pair);
    assert_eq!((status, &answer["expires_in"], &answer["scope"]), (200, &json!(9000), &json!("market:all")));
    let claims = text(&answer, "access_token");
    let claims = claims.split('.').nth(1).unwrap();
    let claims = <base64ct::Base64UrlUnpadded as base64ct::Encoding>::decode_vec(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["organization"]["id"], json!(shop.organization()));
    assert_eq!(claims["application"]["id"], made["id"]);
    assert_eq!(claims["application"]["kind"], json!("integration"));
    assert_eq!(claims["application"]["client_id"], made["attributes"]["client_id"]);
    assert_eq!((&claims["test"], &claims["iss"]), (&json!(false), &json!(URL)));
    assert_eq!(claims["exp"], json!(START / 1000 + 9000));
    // It is a token of another kind.
    let other = Shop { token: text(&answer, "access_token"), world: shop.world };
    assert_eq!(other.refused("GET", "user", json!(null)).1[0].0, "UNAUTHORIZED");
    let shop = Shop { token: Shop::new().token, world: other.world };
    assert_eq!(shop.call("DELETE", &format!("api_credentials/{}", text(&made, "id")), json!(null)).0, 204);
    let (status, answer) = oauth(&shop.world, "token", &pair);
    assert_eq!((status, &answer["errors"][0]["meta"]["error"]), (401, &json!("invalid_client")));
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
        let data = if resource == "user" { vec![document["data"].clone()] } else { document["data"].as_array().unwrap().clone() };
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
