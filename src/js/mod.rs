//! The core's interface to JavaScript. Each export only forwards; text is passed unchanged, structure as JSON.
//! No user of the package meets these names: the facade in `pkg/src` owns errors, types and memory.

mod session;

use crate::api::{Message, Table};
use crate::auth::redact::Redactor;
use crate::boundary::{DecodeFlag, Unknown};
use crate::call::{failure, retry};
use crate::wire::decode::{self, Layouts};
use crate::wire::encode::{self, Reading, Unfit};
use crate::wire::json::{decimal, push_string};
use crate::wire::plan::Plans;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::cell::RefCell;
use wasm_bindgen::prelude::*;

/// Whatever passes through the core may be a secret, and the glue frees without wiping: so everything that is freed is wiped.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<rlsf::SmallGlobalTlsf> =
    zeroizing_alloc::ZeroAlloc(rlsf::SmallGlobalTlsf::new());

/// The facts of one API, and the work that uses them. Opened once, and kept: an API's table is needed as long as the program
/// runs.
#[wasm_bindgen]
pub struct Api {
    table: &'static Table,
    layouts: Layouts,
    /// Plans in today's names, and in those of release 1.2.2 of the official SDK.
    plans: [Plans; 2],
    /// Patches and problems of the last [`Api::decode`].
    notes: RefCell<String>,
}

impl core::fmt::Debug for Api {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Api")
    }
}

#[wasm_bindgen]
impl Api {
    /// Opens a table that `keyturn_api::table::pack` made. One that cannot be read has no operations.
    #[wasm_bindgen(constructor)]
    pub fn new(packed: String) -> Api {
        let table: &'static Table = Box::leak(Box::new(Table::unpack(packed.leak()).unwrap_or_default()));
        Self {
            table,
            layouts: Layouts::of(table),
            plans: [false, true].map(|sdk122| Plans::of(table, sdk122)),
            notes: RefCell::default(),
        }
    }

    /// The facts of an operation that the driver needs, as JSON.
    pub fn operation(&self, number: usize, sdk122: bool) -> String {
        let table = self.table;
        let Some(operation) = table.operations().get(number) else {
            return String::new();
        };
        let mut json = JsonObject::default();
        json.text("id", &table.operation_id(operation));
        json.text("method", operation.method.as_str());
        json.number("effect", (operation.effect as u8).into());
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
    /// the glue passes long strings a character at a time; a body that is identical to the request is returned as `=`.
    ///
    /// # Errors
    /// JSON with `path` and `problem`.
    pub fn encode(&self, number: usize, request: &[u8], unknown: u8) -> Result<String, JsValue> {
        let operation = self.table.operations().get(number).ok_or(JsValue::NULL)?;
        // The facade's encoder writes nothing else.
        let request = core::str::from_utf8(request).unwrap_or_default();
        let encoded = encode::encode(self.table, operation, request, reading(unknown)).map_err(unfit_error)?;
        let mut text = encoded.target;
        if let Some(body) = encoded.body {
            text.push('\n');
            text.push_str(if body.as_ptr() == request.as_ptr() && body.len() == request.len() { "=" } else { &body });
        }
        Ok(text)
    }

    /// Encodes a single message, as JSON.
    ///
    /// # Errors
    /// JSON with `path` and `problem`.
    pub fn encode_message(&self, message: u16, value: &str, unknown: u8) -> Result<String, JsValue> {
        encode::encode_message(self.table, Message(message), value, reading(unknown)).map_err(unfit_error)
    }

    /// Reads a response: its slots (see `wire::decode`), and at the end a sum of [`DecodeFlag`]s; with `Notes` there are
    /// [`notes`](Api::notes).
    ///
    /// # Errors
    /// The offset of the byte at which the text stops being JSON, or an object.
    pub fn decode(&self, message: u16, body: &[u8]) -> Result<Vec<f64>, JsValue> {
        let decoded = decode::decode(self.table, &self.layouts, Message(message), body)
            .map_err(|malformed| JsValue::from(malformed.offset as f64))?;
        let notes = decoded.notes();
        let mut slots = decoded.slots;
        let flag = |is: bool, flag: DecodeFlag| if is { flag as u8 } else { 0 };
        let flags = flag(!notes.is_empty(), DecodeFlag::Notes) + flag(decoded.ascii, DecodeFlag::Ascii);
        slots.push(flags.into());
        self.notes.replace(notes);
        Ok(slots)
    }

    /// Patches and problems of the last [`Api::decode`], as JSON.
    pub fn notes(&self) -> String {
        self.notes.take()
    }

    /// The plan of a message, as JSON (see `wire::plan`).
    pub fn plan(&self, message: u16, sdk122: bool) -> String {
        let [today, of_122] = &self.plans;
        let plans = if sdk122 { of_122 } else { today };
        plans.of_message(self.table, &self.layouts, Message(message))
    }

    /// The beginning of a body, for a log: secrets are replaced as in [`Api::failure`].
    pub fn shown(&self, body: &str, authorization: &str) -> String {
        failure::excerpt(body, &redactor(&|name| self.table.is_secret(name), authorization))
    }

    /// Reads the body of an answer that is not a success, as JSON with `code`, `message`, `details`, `excerpt`. What the table calls
    /// secret is replaced, and what looks like a secret. `authorization` is the value that went out with the request.
    pub fn failure(&self, body: &str, authorization: &str) -> String {
        failure_of(body, &redactor(&|name| self.table.is_secret(name), authorization))
    }
}

fn reading(unknown: u8) -> Reading {
    Reading { unknown: Unknown::of(unknown).unwrap_or(Unknown::Refuse) }
}

fn unfit_error(unfit: Unfit) -> JsValue {
    let mut json = JsonObject::default();
    json.text("path", &unfit.path);
    json.text("problem", &unfit.problem);
    json.end().into()
}

/// [`Api::failure`] for an answer of no API, such as that of an authentication server.
#[wasm_bindgen]
pub fn failure(body: &str) -> String {
    failure_of(body, &redactor(&|_| false, ""))
}

fn redactor<'a>(is_secret: &'a dyn Fn(&str) -> bool, authorization: &'a str) -> Redactor<'a> {
    Redactor { is_secret, sent: authorization.split_once(' ').map_or(authorization, |(_, token)| token) }
}

fn failure_of(body: &str, redactor: &Redactor<'_>) -> String {
    let failure = failure::read(body, redactor);
    let mut json = JsonObject::default();
    json.text("code", &failure.code);
    json.text("message", &failure.message);
    json.text("details", &failure.details);
    json.text("excerpt", &failure.excerpt);
    json.end()
}

/// A hash of bytes: see [`crate::auth::digest`].
#[wasm_bindgen]
pub fn digest(bytes: &[u8]) -> String {
    crate::auth::digest(bytes)
}

/// The milliseconds that a `Retry-After` asks to wait, if it makes sense.
#[wasm_bindgen]
pub fn retry_after(value: &str, unix_seconds: f64) -> Option<f64> {
    retry::retry_after_ms(value, unix_seconds)
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
        self.out.push_str(&decimal(value.into()));
    }

    fn end(mut self) -> String {
        if self.out.is_empty() {
            self.out.push('{');
        }
        self.out.push('}');
        self.out
    }
}
