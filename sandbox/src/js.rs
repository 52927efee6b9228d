//! The boundary to JavaScript. `pkg/src/sandbox/tenant.ts` is the only caller.

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
    /// Creates a sandbox from its options in JSON (see [`Options::read`]), 32 random bytes and the time.
    ///
    /// # Errors
    /// Fails if an option is invalid; the error names it.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, entropy: &[u8], now: f64) -> Result<Tenant, JsError> {
        let entropy = entropy.try_into().map_err(|_| JsError::new("entropy: 32 bytes"))?;
        let options = Options::read(options).map_err(|status| JsError::new(&status.message))?;
        Ok(Self(Sandbox::new(options, entropy, now as i64)))
    }

    /// Answers a request. `headers` contains names and values alternately. Returns `[status, headers, body, delayMs,
    /// dropped]`, with the headers in the same form.
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

    /// Returns a counter that increases with every change to the data of a state file.
    #[wasm_bindgen(getter)]
    pub fn revision(&self) -> f64 {
        self.0.revision() as f64
    }
}
