//! The boundary to JavaScript, in WebAssembly.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, missing_docs, reason = "tests fail by panicking, and need no documentation")]

use js_sys::Array;
use keyturn_sandbox::js::Tenant;
use wasm_bindgen_test::wasm_bindgen_test;

const OPTIONS: &str = r#"{"url":"https://tenant.sandbox.invalid","seed":"empty"}"#;
/// A time that does not fit in 32 bits.
const NOW: f64 = 1_790_000_000_000.0;

#[wasm_bindgen_test]
fn a_request_goes_in_and_a_reply_comes_out() {
    let tenant = Tenant::new(OPTIONS, &[7; 32], NOW).ok().unwrap();
    let ask = |path: &str| {
        let headers = ["accept", "application/json"].map(str::to_owned).to_vec();
        let url = format!("https://tenant.sandbox.invalid{path}");
        tenant.handle("GET".to_owned(), url, headers, String::new(), NOW)
    };
    let reply = ask("/_sandbox/clock");
    assert_eq!(reply.get(0).as_f64(), Some(200.0));
    let headers: Vec<_> = Array::from(&reply.get(1)).iter().filter_map(|text| text.as_string()).collect();
    assert_eq!(headers.len() % 2, 0);
    assert!(headers.windows(2).any(|pair| pair == ["content-type", "application/json"]));
    assert_eq!(reply.get(2).as_string().unwrap(), r#"{"date":"2026-09-21T14:13:20Z","now":1790000000000}"#);
    assert_eq!((reply.get(3).as_f64(), reply.get(4).as_bool()), (Some(0.0), Some(false)));
    assert_eq!(ask("/api/v1/apps").get(0).as_f64(), Some(401.0));
    assert!(tenant.revision() > 0.0);
}

#[wasm_bindgen_test]
fn wrong_options_are_refused() {
    assert!(Tenant::new("{}", &[7; 32], NOW).is_err());
    assert!(Tenant::new(OPTIONS, &[7; 31], NOW).is_err());
}
