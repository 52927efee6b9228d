//! The boundary of the formats. `pkg/src/lifecycle/formats.ts` is the only caller.

use crate::format::env::{self, Dialect};
use crate::format::{Error, import, json, render, sealed};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

type Result<T> = std::result::Result<T, JsValue>;

/// Formats an error as its kind, a colon and the message. Errors are thrown as text, because an `Error` would look like
/// a trap.
fn thrown(error: Error) -> JsValue {
    JsValue::from(format!("{}:{}", error.kind.code(), error.message))
}

fn dialect(name: &str) -> Result<Dialect> {
    Dialect::of(name).ok_or_else(|| JsValue::from(format!("refused:there is no dialect {name:?} of .env files")))
}

fn as_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Returns the names and values of a file of `NAME=value` lines, as JSON; `null` for a value that only a shell can
/// determine.
#[wasm_bindgen(js_name = envRead)]
pub fn env_read(by: &str, text: &str) -> Result<String> {
    let found = env::parse(dialect(by)?, text);
    let pairs: Vec<_> = found.iter().map(|found| (&found.name, &found.value)).collect();
    Ok(as_json(&pairs))
}

/// Returns the text with values set. `pairs` contains names and values alternately.
#[wasm_bindgen(js_name = envMerge)]
pub fn env_merge(by: &str, text: &str, pairs: Vec<String>) -> Result<String> {
    let values: Vec<_> =
        pairs.chunks_exact(2).filter_map(|pair| Some((pair.first()?.as_str(), pair.get(1)?.as_str()))).collect();
    env::merge(dialect(by)?, text, &values).map_err(thrown)
}

/// Returns the string at a path of a JSON text.
#[wasm_bindgen(js_name = jsonRead)]
pub fn json_read(text: &str, path: Vec<String>) -> Result<Option<String>> {
    json::read(text, &path).map_err(thrown)
}

/// Returns the JSON text with a string set at a path.
#[wasm_bindgen(js_name = jsonWrite)]
pub fn json_write(text: &str, path: Vec<String>, value: &str) -> Result<String> {
    json::write(text, &path, value).map_err(thrown)
}

/// Renders a document, see [`render::Document`].
#[wasm_bindgen(js_name = renderDocument)]
pub fn render_document(document: &str) -> Result<String> {
    let document: render::Document = serde_json::from_str(document)
        .map_err(|error| JsValue::from(format!("refused:this document cannot be rendered: {error}")))?;
    render::render(&document).map_err(thrown)
}

/// Returns the client ids in a text, as JSON. `kind` is `env`, `kubernetes`, `terraform` or `csv`; `detail` is a
/// dialect, or the name of a column.
#[wasm_bindgen(js_name = importFrom)]
pub fn import_from(kind: &str, text: &str, detail: Option<String>) -> Result<String> {
    let found = match kind {
        "env" => import::env(dialect(detail.as_deref().unwrap_or("dotenv"))?, text),
        "kubernetes" => import::kubernetes(text).map_err(thrown)?,
        "terraform" => import::terraform(text).map_err(thrown)?,
        "csv" => import::csv(text, detail.as_deref()).map_err(thrown)?,
        _ => return Err(JsValue::from(format!("refused:nothing can be imported from {kind:?}"))),
    };
    Ok(as_json(&found))
}

/// Returns a sealed box of libsodium.
#[wasm_bindgen]
pub fn seal(public_key: &[u8], text: &str, entropy: &[u8]) -> Result<Vec<u8>> {
    let entropy = entropy.try_into().map_err(|_| JsValue::from("refused:32 random bytes are needed"))?;
    sealed::seal(public_key, text, entropy).map_err(thrown)
}
