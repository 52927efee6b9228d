//! What JavaScript sees of the core. Each export only forwards; text goes across as it is, structure as JSON.
//! No user of the package meets these names: the facade in `pkg/src` owns errors, types and memory.

mod session;

use crate::api::{self, Effect, Message};
use crate::call::failure;
use crate::wire::decode::{self, Layouts};
use crate::wire::encode::{self, Reading, Unfit, Unknown};
use crate::wire::json::push_string;
use crate::wire::plan::Plans;
use std::cell::RefCell;
use std::sync::OnceLock;
use wasm_bindgen::prelude::*;

/// Whatever passes through the core may be a secret, and the glue frees without wiping: so everything that is freed is wiped.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn layouts() -> &'static Layouts {
    static LAYOUTS: OnceLock<Layouts> = OnceLock::new();
    LAYOUTS.get_or_init(|| Layouts::of(api::c1()))
}

/// The facts of an operation that the driver needs, as JSON.
#[wasm_bindgen]
pub fn operation(number: usize, sdk122: bool) -> String {
    let table = api::c1();
    let Some(operation) = table.operations().get(number) else {
        return String::new();
    };
    let mut json = JsonObject::default();
    json.text("id", &table.operation_id(operation));
    json.text("method", operation.method.as_str());
    json.number("effect", effect_code(operation.effect).into());
    json.number("message", operation.response.0.into());
    json.text("field", &table.response_field(operation, sdk122));
    json.number("empty", u8::from(table.fields(operation.response).is_empty()).into());
    json.number("body", u8::from(operation.body.is_some()).into());
    if let Some(paging) = &operation.paging {
        let [token_in, token_out, items] = table.paging_names(paging);
        json.text("tokenIn", token_in);
        json.text("tokenOut", token_out);
        json.text("items", items);
        let wrapped = !paging.in_query && table.wraps(operation);
        let under = if wrapped { table.body_field(operation, sdk122) } else { "".into() };
        json.text("tokenUnder", &under);
    }
    json.end()
}

/// Encodes a request: the target, then after a line feed the body if there is one. The request is given as UTF-8, because
/// the glue passes long strings a character at a time; a body that is the request to the letter comes back as `=`.
///
/// # Errors
/// JSON with `path` and `problem`.
#[wasm_bindgen]
pub fn encode(number: usize, request: &[u8], drop_unknown: bool) -> Result<String, JsValue> {
    let table = api::c1();
    let operation = table.operations().get(number).ok_or(JsValue::NULL)?;
    // The facade's encoder writes nothing else.
    let request = std::str::from_utf8(request).unwrap_or_default();
    let encoded = encode::encode(table, operation, request, reading(drop_unknown)).map_err(unfit_error)?;
    let mut text = encoded.target;
    if let Some(body) = encoded.body {
        text.push('\n');
        text.push_str(if body == request { "=" } else { &body });
    }
    Ok(text)
}

/// Encodes a message by itself, as JSON.
///
/// # Errors
/// JSON with `path` and `problem`.
#[wasm_bindgen]
pub fn encode_message(message: u16, value: &str, drop_unknown: bool) -> Result<String, JsValue> {
    encode::encode_message(api::c1(), Message(message), value, reading(drop_unknown)).map_err(unfit_error)
}

fn reading(drop_unknown: bool) -> Reading {
    Reading { unknown: if drop_unknown { Unknown::Drop } else { Unknown::Refuse } }
}

fn unfit_error(unfit: Unfit) -> JsValue {
    let mut json = JsonObject::default();
    json.text("path", &unfit.path);
    json.text("problem", &unfit.problem);
    json.end().into()
}

thread_local! {
    static NOTES: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Reads a response: its slots (see `wire::decode`), and at the end 1 if there are [`notes`] plus 2 if it is all ASCII.
///
/// # Errors
/// The offset of the byte at which the text stops being JSON, or an object.
#[wasm_bindgen]
pub fn decode(message: u16, body: &[u8]) -> Result<Vec<f64>, JsValue> {
    let decoded = decode::decode(api::c1(), layouts(), Message(message), body)
        .map_err(|malformed| JsValue::from(malformed.offset as f64))?;
    let notes = decoded.notes();
    let mut slots = decoded.slots;
    slots.push(f64::from(u8::from(!notes.is_empty()) + 2 * u8::from(decoded.ascii)));
    NOTES.set(notes);
    Ok(slots)
}

/// Patches and problems of the last [`decode`], as JSON.
#[wasm_bindgen]
pub fn notes() -> String {
    NOTES.take()
}

/// The plan of a message, as JSON (see `wire::plan`).
#[wasm_bindgen]
pub fn plan(message: u16, sdk122: bool) -> String {
    static PLANS: [OnceLock<Plans>; 2] = [OnceLock::new(), OnceLock::new()];
    let [today, of_122] = &PLANS;
    let plans = if sdk122 { of_122 } else { today }.get_or_init(|| Plans::of(api::c1(), sdk122));
    plans.of_message(api::c1(), layouts(), Message(message))
}

/// Reads the body of an answer that is not a success, as JSON with `code`, `message`, `details`, `excerpt`.
/// `authorization` is the value that went out with the request.
#[wasm_bindgen]
pub fn failure(body: &str, authorization: &str) -> String {
    let sent = authorization.split_once(' ').map_or(authorization, |(_, token)| token);
    let failure = failure::read(body, sent);
    let mut json = JsonObject::default();
    json.text("code", &failure.code);
    json.text("message", &failure.message);
    json.text("details", &failure.details);
    json.text("excerpt", &failure.excerpt);
    json.end()
}

/// The beginning of a JSON body, for a log: the values of fields that the table calls secret are replaced.
#[wasm_bindgen]
pub fn shown(body: &str) -> String {
    let table = api::c1();
    failure::shown(body, |name| table.is_secret(name))
}

fn effect_code(effect: Effect) -> u8 {
    match effect {
        Effect::Read => 0,
        Effect::Write => 1,
        Effect::Secret => 2,
    }
}

fn effect_of(code: u8) -> Effect {
    match code {
        0 => Effect::Read,
        1 => Effect::Write,
        _ => Effect::Secret,
    }
}

/// A flat JSON object, written as it goes.
#[derive(Default)]
struct JsonObject {
    out: String,
}

impl JsonObject {
    fn name(&mut self, name: &str) {
        self.out.push(if self.out.is_empty() { '{' } else { ',' });
        push_string(&mut self.out, name);
        self.out.push(':');
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        push_string(&mut self.out, value);
    }

    fn number(&mut self, name: &str, value: u32) {
        self.name(name);
        self.out.push_str(&value.to_string());
    }

    fn end(mut self) -> String {
        if self.out.is_empty() {
            self.out.push('{');
        }
        self.out.push('}');
        self.out
    }
}
