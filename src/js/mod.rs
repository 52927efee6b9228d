//! The core's interface to JavaScript. Each export only forwards; text is passed unchanged, structures as JSON. Users
//! of the package do not see these names: the facade in `pkg/src` owns errors, types and memory.

mod session;

use crate::api::{Message, Table};
use crate::auth::redact::Redactor;
use crate::boundary::{DecodeFlag, Unknown};
use crate::call::{failure, retry};
use crate::wire::decode::{self, Layouts};
use crate::wire::encode::{self, EncodeOptions, Unfit};
use crate::wire::json::{decimal, push_string};
use crate::wire::plan::Plans;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::cell::RefCell;
use wasm_bindgen::prelude::*;

/// An allocator that wipes all freed memory: anything that passes through the core may be a secret, and the glue frees
/// without wiping.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<rlsf::SmallGlobalTlsf> =
    zeroizing_alloc::ZeroAlloc(rlsf::SmallGlobalTlsf::new());

/// The facts of one API, and the work that uses them. It is opened once and never freed, because an API's table is
/// needed as long as the program runs.
#[wasm_bindgen]
pub struct Api {
    table: &'static Table,
    layouts: Layouts,
    /// The plans for the current names, and for those of release 1.2.2 of the official SDK.
    plans: [Plans; 2],
    /// The patches and problems of the last [`Api::decode`].
    notes: RefCell<String>,
}

impl core::fmt::Debug for Api {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Api")
    }
}

#[wasm_bindgen]
impl Api {
    /// Opens a table that `keyturn_api::table::pack` wrote. An unreadable table yields an API without operations.
    #[wasm_bindgen(constructor)]
    pub fn new(packed: String) -> Api {
        let table: &'static Table = Box::leak(Box::new(Table::unpack(packed.leak()).unwrap_or_default()));
        Self {
            table,
            layouts: Layouts::new(table),
            plans: [false, true].map(|sdk122| Plans::new(table, sdk122)),
            notes: RefCell::default(),
        }
    }

    /// Returns the facts about an operation that the driver needs, as JSON.
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

    /// Encodes a request. Returns the target, followed by a line feed and the body if there is one. The request is
    /// given as UTF-8, because the glue passes long strings one character at a time. A body that is identical to the
    /// request is returned as `=`.
    ///
    /// # Errors
    /// Returns JSON with `path` and `problem`.
    pub fn encode(&self, number: usize, request: &[u8], unknown: u8) -> Result<String, JsValue> {
        let operation = self.table.operations().get(number).ok_or(JsValue::NULL)?;
        // The facade's encoder writes nothing but UTF-8.
        let request = core::str::from_utf8(request).unwrap_or_default();
        let encoded = encode::encode(self.table, operation, request, options(unknown)).map_err(unfit_error)?;
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
    /// Returns JSON with `path` and `problem`.
    pub fn encode_message(&self, message: u16, value: &str, unknown: u8) -> Result<String, JsValue> {
        encode::encode_message(self.table, Message(message), value, options(unknown)).map_err(unfit_error)
    }

    /// Reads a response. Returns its slots (see `wire::decode`), followed by a sum of [`DecodeFlag`]s. If the sum
    /// contains `Notes`, call [`notes`](Api::notes) for the patches and problems.
    ///
    /// # Errors
    /// Returns the offset of the byte at which the text turns out not to be a JSON object, or to nest too deeply.
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

    /// Returns the patches and problems of the last [`Api::decode`], as JSON.
    pub fn notes(&self) -> String {
        self.notes.take()
    }

    /// Returns the plan of a message, as JSON (see `wire::plan`).
    pub fn plan(&self, message: u16, sdk122: bool) -> String {
        let [today, of_122] = &self.plans;
        let plans = if sdk122 { of_122 } else { today };
        plans.of_message(self.table, &self.layouts, Message(message))
    }

    /// Returns the beginning of a body for a log, with secrets replaced as in [`Api::failure`].
    pub fn shown(&self, body: &str, authorization: &str) -> String {
        failure::excerpt(body, &redactor(&|name| self.table.is_secret(name), authorization))
    }

    /// Reads the body of an error answer and returns JSON with `code`, `message`, `details` and `excerpt`. Values that
    /// the table declares secret or that look like a secret are replaced. `authorization` is the header value that was
    /// sent with the request.
    pub fn failure(&self, body: &str, authorization: &str) -> String {
        failure_of(body, &redactor(&|name| self.table.is_secret(name), authorization))
    }
}

fn options(unknown: u8) -> EncodeOptions {
    EncodeOptions { unknown: Unknown::from_number(unknown).unwrap_or(Unknown::Refuse) }
}

fn unfit_error(unfit: Unfit) -> JsValue {
    let mut json = JsonObject::default();
    json.text("path", &unfit.path);
    json.text("problem", &unfit.problem);
    json.end().into()
}

/// Reads an error answer like [`Api::failure`], for a server that belongs to no API, such as an authentication server.
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

/// Returns a digest of the bytes; see [`crate::auth::digest`].
#[wasm_bindgen]
pub fn digest(bytes: &[u8]) -> String {
    crate::auth::digest(bytes)
}

/// Returns the delay that a `Retry-After` asks for, in milliseconds, if the value is valid.
#[wasm_bindgen]
pub fn retry_after(value: &str, unix_seconds: f64) -> Option<f64> {
    retry::retry_after_ms(value, unix_seconds)
}

/// A writer of one flat JSON object.
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
