//! Device login, poll by poll.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking, and need no documentation"
)]

mod common;

use common::World;
use keyturn_sandbox::{Incoming, Reply};
use serde_json::{Value, json};

impl World {
    fn form(&self, path: &str, body: &str) -> (u16, Value) {
        let Reply { status, body, .. } = self.post(path, "application/x-www-form-urlencoded", body);
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    fn post(&self, path: &str, content_type: &str, body: &str) -> Reply {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let url = format!("{}{path}", common::URL);
        self.sandbox.handle(Incoming { method: "POST".into(), url, headers, body: body.into() }, self.real.get())
    }

    fn question(&self, code: &Value) -> Value {
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
        let code = code["device_code"].as_str().unwrap();
        let (status, answer) =
            self.form("/auth/v1/token", &format!("client_id=program&grant_type={grant}&device_code={code}"));
        assert_eq!(status == 200, answer["error"].is_null());
        if status == 200 { answer["token_type"].clone() } else { answer["error"].clone() }
    }

    fn begin(&self) -> Value {
        let (status, codes) = self.form("/auth/v1/device_authorization", "client_id=program");
        assert_eq!(status, 200);
        codes
    }

    fn pass(&self, ms: i64) {
        self.real.set(self.real.get() + ms);
    }
}

#[test]
fn polls_are_answered_by_their_interval() {
    let world = World::new();
    let codes = world.begin();
    let page = codes["verification_uri_complete"].as_str().unwrap();
    assert_eq!(page, format!("{}/device?user_code={}", common::URL, codes["user_code"].as_str().unwrap()));
    assert_eq!(world.question(&codes), "authorization_pending");
    assert_eq!(world.question(&codes), "slow_down");
    world.pass(1_000);
    assert_eq!(world.question(&codes), "slow_down", "the interval is six seconds now");
    world.pass(11_000);
    assert_eq!(world.question(&codes), "authorization_pending");
    let user_code = &codes["user_code"];
    let decide = json!({ "userCode": user_code, "approve": true }).to_string();
    assert_eq!(world.post("/_sandbox/device", "application/json", &decide).status, 200);
    assert_eq!(world.post("/_sandbox/device", "application/json", &decide).status, 400, "it is decided");
    assert_eq!(world.question(&codes), "Bearer");
    assert_eq!(world.question(&codes), "invalid_grant", "a code is good once");
}

#[test]
fn denied_late_and_unknown() {
    let world = World::new();
    let codes = world.begin();
    let answer = format!("user_code={}&answer=deny", codes["user_code"].as_str().unwrap());
    assert!(world.post("/device", "application/x-www-form-urlencoded", &answer).body.contains("Done"));
    assert_eq!(world.question(&codes), "access_denied");
    let codes = world.begin();
    world.pass(601_000);
    assert_eq!(world.question(&codes), "expired_token");
    assert_eq!(world.question(&json!({ "device_code": "x" })), "invalid_grant");
    let (status, _) = world.form("/auth/v1/device_authorization", "");
    assert_eq!(status, 400);
    let hostile = "user_code=%22%3E%3Cscript%3E&answer=approve";
    assert!(!world.post("/device", "application/x-www-form-urlencoded", hostile).body.contains("script"));
}
