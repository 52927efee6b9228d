//! Policies and durations. What needs the state of a target is exported with it.

use crate::duration::Span;
use crate::policy_text::{Rules, Zone};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

type Result<T> = std::result::Result<T, JsValue>;

/// What is thrown is a text, as in the formats: the kind, a colon, the message.
fn refused(message: impl std::fmt::Display) -> JsValue {
    JsValue::from(format!("refused:{message}"))
}

/// A policy as JSON, with every field that was left out. The error names the field that is wrong.
#[wasm_bindgen(js_name = policyRead)]
pub fn policy_read(json: &str) -> Result<String> {
    let rules = Rules::parse(json).map_err(refused)?;
    serde_json::to_string(&rules.text()).map_err(refused)
}

/// The earliest moment at or after `at` (milliseconds since 1970) at which the policy lets a rotation begin.
#[wasm_bindgen(js_name = policyOpening)]
pub fn policy_opening(json: &str, at: f64) -> Result<f64> {
    let rules = Rules::parse(json).map_err(refused)?;
    Ok(rules.schedule.opening(at as i64) as f64)
}

/// The length of a duration in milliseconds, with days of twenty-four hours.
#[wasm_bindgen(js_name = durationMillis)]
pub fn duration_millis(text: &str) -> Result<f64> {
    Ok(text.parse::<Span>().map_err(refused)?.millis() as f64)
}

/// The moment that is a duration later in a time zone.
#[wasm_bindgen(js_name = durationAfter)]
pub fn duration_after(text: &str, at: f64, zone: &str) -> Result<f64> {
    let (span, zone) = (text.parse::<Span>().map_err(refused)?, zone.parse::<Zone>().map_err(refused)?);
    Ok(span.after(at as i64, zone.0) as f64)
}
