//! The pure modules in their target environment: WebAssembly with 32-bit pointers.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, missing_docs, reason = "tests fail by panicking, and need no documentation")]

use base64ct::Encoding;
use ed25519_dalek::{Signature, VerifyingKey};
use keyturn::api::{self, Operation, Table};
use keyturn::auth::{ClientSecret, assertion};
use keyturn::wire::decode::{Layouts, decode};
use keyturn::wire::encode::{EncodeOptions, Unknown, encode};
use wasm_bindgen_test::wasm_bindgen_test;
use zeroize::Zeroizing;

fn operation(id: &str) -> (&'static Table, &'static Operation) {
    let table = api::c1();
    (table, table.operations().iter().find(|operation| table.operation_id(operation) == id).unwrap())
}

#[wasm_bindgen_test]
fn the_table_holds_every_operation() {
    assert_eq!(api::c1().operations().len(), 638);
}

#[wasm_bindgen_test]
fn a_request_becomes_a_target() {
    let (table, get) = operation("c1.api.app.v1.ConnectorService.GetCredentials");
    let request = r#"{"appId":"an app","connectorId":"c","id":"ü"}"#;
    let encoded = encode(table, get, request, EncodeOptions { unknown: Unknown::Refuse }).unwrap();
    assert_eq!(encoded.target, "/api/v1/apps/an%20app/connectors/c/credentials/%C3%BC");
    assert_eq!(encoded.body, None);
}

#[wasm_bindgen_test]
fn a_date_becomes_a_number_that_no_32_bits_hold() {
    let (table, get) = operation("c1.api.app.v1.ConnectorService.GetCredentials");
    let text = br#"{"credential":{"id":"x","createdAt":"2033-05-18T03:33:20.125Z"}}"#;
    let decoded = decode(table, &Layouts::new(table), get.response, text).unwrap();
    assert!(decoded.slots.contains(&2_000_000_000_125.0), "{:?}", decoded.slots);
    assert!(decoded.problems.is_empty());
}

#[wasm_bindgen_test]
fn a_signature_holds() {
    let secret = ClientSecret::from_seed(Zeroizing::new([7; 32]));
    let jwt = assertion::sign(&secret, "x@acme.conductor.one/pcc", "acme.conductor.one", 2_000_000_000, &[9; 16]);
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let mut bytes = [0; 64];
    base64ct::Base64UrlUnpadded::decode(signature, &mut bytes).unwrap();
    let key = VerifyingKey::from_bytes(secret.public_key()).unwrap();
    key.verify_strict(signed.as_bytes(), &Signature::from_bytes(&bytes)).unwrap();
}
