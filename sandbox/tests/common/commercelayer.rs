//! A tenant whose Provisioning API is tested.

use keyturn_sandbox::Reply;
use serde_json::{Value, json};

use super::{URL, World, header, text};

pub const MEDIA_TYPE: &str = "application/vnd.api+json";

/// A tenant with a token for the Provisioning API.
pub struct Shop {
    pub world: World,
    pub token: String,
}

impl Shop {
    pub fn new() -> Self {
        Self::with(json!({}))
    }

    pub fn with(options: Value) -> Self {
        let world = World::with(options);
        let ready = world.ready()["commercelayer"].clone();
        let asked = json!({
            "grant_type": "client_credentials", "client_id": ready["clientId"], "client_secret": ready["clientSecret"],
        });
        let (status, answer) = oauth(&world, "token", &asked);
        assert_eq!(status, 200, "{answer}");
        Self { token: text(&answer, "access_token"), world }
    }

    pub fn raw(&self, method: &str, path: &str, body: &Value) -> Reply {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str()), ("content-type", MEDIA_TYPE), ("accept", MEDIA_TYPE)];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.world.raw(method, &format!("{URL}/api/{path}"), &headers, &body)
    }

    pub fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let reply = self.raw(method, path, &body);
        if reply.body.is_empty() {
            return (reply.status, json!(null));
        }
        assert_eq!(header(&reply, "content-type"), Some(MEDIA_TYPE), "{}", reply.body);
        (reply.status, serde_json::from_str(&reply.body).unwrap())
    }

    pub fn get(&self, path: &str) -> Value {
        let (status, document) = self.call("GET", path, json!(null));
        assert_eq!(status, 200, "{path}: {document}");
        document
    }

    /// Returns the values of an attribute in a list.
    pub fn values(&self, path: &str, attribute: &str) -> Vec<Value> {
        self.get(path)["data"].as_array().unwrap().iter().map(|item| item["attributes"][attribute].clone()).collect()
    }

    pub fn count(&self, path: &str) -> u64 {
        self.get(path)["meta"]["record_count"].as_u64().unwrap()
    }

    /// Returns the status of a refusal, and the location and reason of each error.
    pub fn refused(&self, method: &str, path: &str, body: Value) -> (u16, Vec<(String, String)>) {
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

    pub fn first(&self, path: &str) -> Value {
        self.get(path)["data"][0].clone()
    }

    pub fn organization(&self) -> String {
        text(&self.first("organizations?filter[q][slug_eq]=northwind-outfitters"), "id")
    }

    pub fn role(&self, name: &str) -> String {
        let organization = self.organization();
        let path = format!("organizations/{organization}/roles?filter[q][name_eq]={}", name.replace(' ', "+"));
        text(&self.first(&path), "id")
    }

    pub fn create(&self, attributes: Value, relationships: &[(&str, &str, &str)]) -> Value {
        let document = document("api_credentials", attributes, relationships);
        let (status, answer) = self.call("POST", "api_credentials", document);
        assert_eq!(status, 201, "{answer}");
        answer["data"].clone()
    }

    /// Creates an integration.
    pub fn integration(&self, attributes: Value) -> Value {
        let mut whole = json!({ "name": "Sync", "kind": "integration" });
        whole.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
        let links = [("organization", "organizations", self.organization()), ("role", "roles", self.role("Admin"))];
        self.create(whole, &links.each_ref().map(|(name, key, id)| (*name, *key, id.as_str())))
    }
}

/// Sends a request to `/oauth/<endpoint>` with a JSON body.
pub fn oauth(world: &World, endpoint: &str, parameters: &Value) -> (u16, Value) {
    let url = format!("{URL}/oauth/{endpoint}");
    let reply = world.raw("POST", &url, &[("content-type", "application/json")], &parameters.to_string());
    assert_eq!(header(&reply, "content-type"), Some("application/json"));
    (reply.status, serde_json::from_str(&reply.body).unwrap())
}

/// Returns the body of a create. A relationship is its name, the type of its target, and an id (empty for none).
pub fn document(resource: &str, attributes: Value, relationships: &[(&str, &str, &str)]) -> Value {
    let links = relationships.iter().map(|(name, key, id)| {
        let data = if id.is_empty() { json!(null) } else { json!({ "type": key, "id": id }) };
        ((*name).to_owned(), json!({ "data": data }))
    });
    json!({ "data": {
        "type": resource, "attributes": attributes, "relationships": links.collect::<serde_json::Map<_, _>>(),
    } })
}

/// Returns the body of an update.
pub fn update(key: &str, id: &str, attributes: Value) -> Value {
    let mut document = document(key, attributes, &[]);
    document["data"]["id"] = json!(id);
    document
}
