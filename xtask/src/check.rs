//! `cargo xtask check-names MAPPING`: compares every name that `keyturn_api::naming` derives from
//! `api/c1.idl` with a file of expected names.

use std::{collections::HashMap, error::Error, fs, path::Path};

use keyturn_api::{
    model::{Api, Field, Kind, Message, Operation, Place},
    naming::{self, Namespace},
    text,
};
use serde_json::Value;

/// Compares the names, and prints how many were compared and which differ.
///
/// # Errors
/// Fails if a file cannot be read or a name differs.
pub fn check_names(api_folder: &Path, args: &[String]) -> Result<(), Box<dyn Error>> {
    let [mapping] = args else { return Err("usage: cargo xtask check-names MAPPING".into()) };
    let mapping: Value = serde_json::from_str(&fs::read_to_string(mapping)?)?;
    let mut api = text::parse(&fs::read_to_string(api_folder.join("c1.idl"))?)?;
    // The expected names are those of the document, which lacks the fields that only release 1.2.2 has.
    api.messages.iter_mut().for_each(|message| message.fields.retain(|field| !field.gone));
    let mut check = Check::default();
    let expected = mapping.get("operations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    check.that("operations", "number", &api.operations.len().to_string(), &expected.len().to_string());
    // The order differs: the IDL groups the operations.
    let id_of = |expected: &Value| expected.get("operationId").and_then(Value::as_str).map(str::to_owned);
    let by_id: HashMap<String, &Value> = expected.iter().filter_map(|value| Some((id_of(value)?, value))).collect();
    for operation in &api.operations {
        check_operation(&mut check, &api, operation, by_id.get(&operation.id).copied().unwrap_or(&Value::Null));
    }
    let empty = serde_json::Map::new();
    let expected = mapping.get("schemas").and_then(Value::as_object).unwrap_or(&empty);
    let inline = mapping.get("inline").and_then(Value::as_object).unwrap_or(&empty);
    check.that("messages", "number", &api.messages.len().to_string(), &expected.len().to_string());
    let mut sites: HashMap<&str, &str> =
        inline.iter().filter_map(|(site, value)| Some((site.as_str(), value.get("locked")?.as_str()?))).collect();
    for (message, (key, expected)) in api.messages.iter().zip(expected) {
        check.that("message", "key", &message.key, key);
        check_message(&mut check, message, expected, &mut sites);
    }
    for site in sites.keys() {
        check.that(site, "inline type", "missing", "present");
    }
    println!("{} names compared, {} differ", check.compared, check.differing);
    if check.differing == 0 { Ok(()) } else { Err("names differ".into()) }
}

#[derive(Default)]
struct Check {
    compared: usize,
    differing: usize,
}

impl Check {
    fn that(&mut self, place: &str, what: &str, found: &str, expected: &str) {
        self.compared += 1;
        if found != expected {
            self.differing += 1;
            println!("{place}: {what} is `{found}`, expected `{expected}`");
        }
    }
}

fn check_operation(check: &mut Check, api: &Api, operation: &Operation, expected: &Value) {
    let text = |key: &str| expected.get(key).and_then(Value::as_str).unwrap_or_default();
    let place = operation.id.as_str();
    // The expected names are those of the document, without the parameters that the overlay adds.
    let declared = Operation {
        params: operation.params.iter().filter(|param| !param.added).cloned().collect(),
        ..operation.clone()
    };
    let request = naming::request_type(api, &declared);
    let request_name = request.as_ref().map_or_else(String::new, |request| match request.namespace {
        Namespace::Shared => format!("shared.{}", request.name),
        Namespace::Operations => format!("operations.{}", request.name),
    });
    let body_field = naming::body_field(api, &declared);
    let shared = |key: Option<&str>, input: bool| {
        key.and_then(|key| naming::message(api, key)).map_or_else(String::new, |message| {
            format!("shared.{}", if input { naming::input_type(message) } else { &message.name })
        })
    };
    // The mapping names the body only if it is a field of a wrapper.
    let body_type = shared(operation.body.as_deref().filter(|_| body_field.is_some()), true);
    for (what, found) in [
        ("operationId", operation.id.clone()),
        ("method", operation.method.as_str().to_owned()),
        ("path", operation.path.clone()),
        ("group", operation.group.clone()),
        ("cls", naming::class(operation)),
        ("prop", naming::property(operation)),
        ("tsMethod", naming::method(operation)),
        ("func", naming::function(operation)),
        ("requestType", request_name),
        ("bodyField", body_field.unwrap_or_default()),
        ("bodyType", body_type),
        ("responseType", format!("operations.{}", naming::response_type(operation))),
        ("responseField", naming::response_field(api, operation)),
        ("responseBodyType", shared(Some(&operation.response), false)),
        ("stability", operation.stability.clone()),
    ] {
        check.that(place, what, &found, text(what));
    }
    for (what, found) in [
        ("hasRequest", request.is_some()),
        ("inSdk122", operation.in_sdk122),
        ("deprecated", operation.deprecated),
        ("requestOptional", request.is_some_and(|request| request.optional)),
    ] {
        let expected = expected.get(what).and_then(Value::as_bool).unwrap_or_default();
        check.that(place, what, &found.to_string(), &expected.to_string());
    }
    let params = expected.get("params").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    check.that(place, "number of parameters", &declared.params.len().to_string(), &params.len().to_string());
    for (param, expected) in declared.params.iter().zip(params) {
        let text = |key: &str| expected.get(key).and_then(Value::as_str).unwrap_or_default();
        check.that(place, "parameter", &param.wire, text("wire"));
        check.that(place, "parameter", &param.name, text("ts"));
        check.that(place, "parameter", param.place.as_str(), text("in"));
        let required = expected.get("required").and_then(Value::as_bool).unwrap_or_default();
        check.that(place, "parameter", &(param.place == Place::Path).to_string(), &required.to_string());
    }
    let (body_122, response_122) = naming::fields_122(api, operation).unwrap_or_default();
    let old = |key: &str| expected.pointer(&format!("/sdk122/{key}")).and_then(Value::as_str).unwrap_or_default();
    if operation.sdk122.is_some() || expected.get("sdk122").is_some() {
        check.that(place, "1.2.2 body field", &body_122, old("bodyField"));
        check.that(place, "1.2.2 response field", &response_122, old("responseField"));
    }
    let iterator = operation.paging.as_ref().is_some_and(|paging| paging.sdk122);
    check.that(place, "pagination", &iterator.to_string(), &expected.get("pagination").is_some().to_string());
}

fn check_message(check: &mut Check, message: &Message, expected: &Value, sites: &mut HashMap<&str, &str>) {
    let text = |key: &str| expected.get(key).and_then(Value::as_str).unwrap_or_default();
    let place = message.key.as_str();
    check.that(place, "ts", &message.name, text("ts"));
    check.that(place, "tsInput", message.input_name.as_deref().unwrap_or_default(), text("tsInput"));
    let fields = expected.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    check.that(place, "number of fields", &message.fields.len().to_string(), &fields.len().to_string());
    let lookup = |map: &str, field: &Field| {
        expected.get(map).and_then(|map| map.get(&field.wire)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    for (field, wire) in message.fields.iter().zip(fields) {
        check.that(place, "field", &field.wire, wire.as_str().unwrap_or_default());
        let renamed = if field.name == field.wire { "" } else { &field.name };
        check.that(place, "renamed field", renamed, &lookup("renamed", field));
        check.that(place, "1.2.2 field", field.sdk122.as_deref().unwrap_or_default(), &lookup("sdk122Fields", field));
        let inline = match &field.kind {
            Kind::Enum(name) => Some(name.as_str()),
            _ => field.type_name.as_deref(),
        };
        let site = format!("{}#{}", message.key, field.wire);
        check.that(&site, "inline type", inline.unwrap_or_default(), sites.remove(site.as_str()).unwrap_or_default());
    }
}
