//! A sandbox, a clock and a client for the tests.

#![allow(dead_code, reason = "each test file uses only a part of this module")]

pub mod commercelayer;

use std::cell::Cell;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use keyturn_sandbox::{Incoming, Options, Reply, Sandbox};
use serde_json::{Map, Value, json};

pub const START: i64 = 1_790_000_000_000;
pub const URL: &str = "https://tenant.sandbox.invalid";
pub const HOST: &str = "tenant.sandbox.invalid";

pub struct World {
    pub sandbox: Sandbox,
    pub real: Cell<i64>,
    pub token: String,
    nonce: Cell<u64>,
}

/// Returns the private key in a client secret.
pub fn signing_key(secret: &str) -> SigningKey {
    let jwk = secret.strip_prefix("secret-token:conductorone.com:v1:").unwrap();
    let jwk: Value = serde_json::from_slice(&Base64UrlUnpadded::decode_vec(jwk).unwrap()).unwrap();
    assert_eq!((&jwk["kty"], &jwk["crv"]), (&json!("OKP"), &json!("Ed25519")));
    let seed = Base64UrlUnpadded::decode_vec(jwk["d"].as_str().unwrap()).unwrap();
    let key = SigningKey::from_bytes(&seed.try_into().unwrap());
    assert_eq!(jwk["x"], Base64UrlUnpadded::encode_string(key.verifying_key().as_bytes()));
    key
}

pub fn sign(secret: &str, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = signing_key(secret).sign(signed.as_bytes());
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature.to_bytes()))
}

impl World {
    pub fn new() -> Self {
        Self::with(json!({}))
    }

    /// Creates a sandbox with options, logged in with the ready-made credential.
    pub fn with(mut options: Value) -> Self {
        if options.get("url").is_none() {
            options["url"] = json!(URL);
        }
        let options = Options::read(&options.to_string()).unwrap();
        let sandbox = Sandbox::new(options, [42; 32], START);
        let mut world = Self { sandbox, real: Cell::new(START), token: String::new(), nonce: Cell::new(0) };
        let ready = world.ready();
        world.token = world.authenticate(&text(&ready, "clientId"), &text(&ready, "clientSecret"));
        world
    }

    pub fn ready(&self) -> Value {
        self.control("GET", "tenant", json!(null))
    }

    pub fn later(&self, millis: i64) {
        self.real.set(self.real.get() + millis);
    }

    pub fn raw(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let incoming = Incoming { method: method.to_owned(), url: url.to_owned(), headers, body: body.to_owned() };
        self.sandbox.handle(incoming, self.real.get())
    }

    /// Makes an API call with the token.
    pub fn reply(&self, method: &str, path: &str, body: Value) -> Reply {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.raw(method, &format!("{URL}{path}"), &headers, &body)
    }

    pub fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let reply = self.reply(method, path, body);
        assert!(!reply.dropped);
        assert_eq!(header(&reply, "content-type"), Some("application/json"));
        (reply.status, serde_json::from_str(&reply.body).unwrap())
    }

    /// Makes an API call, and checks that it succeeds.
    pub fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// Makes an API call, and checks that it is refused with this HTTP status and gRPC code.
    pub fn refused(&self, status: u16, code: u8, method: &str, path: &str, body: Value) -> String {
        let (found, answer) = self.call(method, path, body);
        assert_eq!((found, &answer["code"], &answer["details"]), (status, &json!(code), &json!([])), "{answer}");
        answer["message"].as_str().unwrap().to_owned()
    }

    pub fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.try_control(method, path, body);
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub fn try_control(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let url = format!("{URL}/_sandbox/{path}");
        let reply = self.raw(method, &url, &[("content-type", "application/json")], &body);
        (reply.status, serde_json::from_str(&reply.body).unwrap())
    }

    /// Returns the header and claims of a valid assertion.
    pub fn claims(&self, client_id: &str) -> (Value, Value) {
        let now = self.control("GET", "clock", json!(null))["now"].as_i64().unwrap() / 1000;
        self.nonce.set(self.nonce.get() + 1);
        (
            json!({ "alg": "EdDSA", "nonce": format!("n{}", self.nonce.get()) }),
            json!({
                "iss": client_id, "sub": client_id, "aud": [HOST],
                "exp": now + 120, "iat": now, "nbf": now - 120,
            }),
        )
    }

    pub fn ask(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let reply = self.raw(
            "POST",
            &format!("{URL}/auth/v1/token"),
            &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
            &form.join("&"),
        );
        (reply.status, serde_json::from_str(&reply.body).unwrap())
    }

    pub fn ask_with(&self, client_id: &str, assertion: &str) -> (u16, Value) {
        self.ask(&[
            ("client_id", client_id),
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ])
    }

    /// Makes a token request with a valid assertion.
    pub fn ask_token(&self, client_id: &str, secret: &str) -> (u16, Value) {
        let (header, claims) = self.claims(client_id);
        self.ask_with(client_id, &sign(secret, &header, &claims))
    }

    pub fn authenticate(&self, client_id: &str, secret: &str) -> String {
        let (status, answer) = self.ask_token(client_id, secret);
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["token_type"], "Bearer");
        text(&answer, "access_token")
    }
}

pub fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{field} is not text in {value}")).to_owned()
}

pub fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}
