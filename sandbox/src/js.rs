//! The boundary to JavaScript, and nothing else. `pkg/src/sandbox/tenant.ts` is its only caller.

use js_sys::Array;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

use crate::app::{Incoming, Sandbox};
use crate::tenant::Options;

/// A sandbox.
#[derive(Debug)]
#[wasm_bindgen(js_name = Tenant)]
pub struct Tenant(Sandbox);

#[wasm_bindgen(js_class = Tenant)]
impl Tenant {
    /// Makes a sandbox from its options in JSON (see [`Options::read`]), 32 random bytes and the time.
    ///
    /// # Errors
    /// When an option is wrong, naming it.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, entropy: &[u8], now: f64) -> Result<Tenant, JsError> {
        let entropy = entropy.try_into().map_err(|_| JsError::new("entropy: 32 bytes"))?;
        let options = Options::read(options).map_err(|status| JsError::new(&status.message))?;
        Ok(Self(Sandbox::new(options, entropy, now as i64)))
    }

    /// Answers a request. `headers` holds names and values in turn. The answer is
    /// `[status, headers, body, delayMs, dropped]`, its headers in the same form.
    pub fn handle(&self, method: String, url: String, headers: Vec<String>, body: String, now: f64) -> Array {
        let mut pairs = headers.into_iter();
        let mut headers = Vec::new();
        while let (Some(name), Some(value)) = (pairs.next(), pairs.next()) {
            headers.push((name, value));
        }
        let reply = self.0.handle(Incoming { method, url, headers, body }, now as i64);
        let headers: Array =
            reply.headers.iter().flat_map(|(name, value)| [JsValue::from(name), JsValue::from(value)]).collect();
        Array::of5(&reply.status.into(), &headers, &reply.body.into(), &reply.delay_ms.into(), &reply.dropped.into())
    }

    /// Counts the changes of what a state file would hold.
    #[wasm_bindgen(getter)]
    pub fn revision(&self) -> f64 {
        self.0.revision() as f64
    }
}
