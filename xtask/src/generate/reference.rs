//! `cargo xtask reference`: prints the facts of every operation as JSON, for the pages of the documentation
//! (`xtask/docs.mjs`).

use std::{error::Error, path::Path};

use keyturn_api::{
    documents,
    model::{Api, Effect, Field, Kind, Operation, Place, Resource, Settable, Shape},
    naming::{self, Namespace},
};
use serde_json::{Value, json};

use super::{Index, Side, classes, docs::Docs, of_today, read};

/// The nesting depth of an example's request.
const DEPTH: usize = 4;

/// Returns the facts of both APIs.
///
/// # Errors
/// Fails if a file cannot be read.
pub fn reference(root: &Path) -> Result<Value, Box<dyn Error>> {
    let (api, mut docs) = read(root, "c1")?;
    let c1 = c1(&of_today(&api), &mut docs);
    let (api, mut docs) = read(root, "commercelayer")?;
    Ok(json!({ "c1": c1, "commercelayer": commercelayer(&api, &mut docs) }))
}

fn c1(api: &Api, docs: &mut Docs) -> Value {
    // Types of every kind share one namespace here.
    let index = Index { enums: "", ..Index::new(api) };
    let groups: Vec<Value> = classes::groups(api)
        .into_iter()
        .filter_map(|operations| {
            let (_, first) = operations.first()?;
            let property = naming::property(first);
            let about = docs.get(&property).to_owned();
            let operations: Vec<Value> =
                operations.iter().map(|(_, operation)| c1_operation(&index, docs, operation)).collect();
            Some(json!({ "name": property, "title": first.group, "about": about, "operations": operations }))
        })
        .collect();
    let types: Vec<Value> = api
        .messages
        .iter()
        .map(|message| {
            let about = docs.get(&message.name).to_owned();
            let fields: Vec<Value> = message
                .fields
                .iter()
                .map(|field| field_facts(&index, docs, &message.name, field, Side::Output))
                .collect();
            json!({ "name": message.name, "input": message.input_name, "about": about, "fields": fields })
        })
        .collect();
    let enums: Vec<Value> = api.enums.iter().map(|item| json!({ "name": item.name, "values": item.values })).collect();
    json!({ "groups": groups, "types": types, "enums": enums })
}

fn c1_operation(index: &Index<'_>, docs: &mut Docs, operation: &Operation) -> Value {
    let api = index.api;
    let (property, method) = (naming::property(operation), naming::method(operation));
    let about = docs.get(&format!("{property}.{method}")).to_owned();
    let mut request: Vec<Value> = operation
        .params
        .iter()
        .map(|param| {
            json!({
                "name": param.name,
                "type": index.value_type(&param.kind, None, Side::Input, "", ""),
                "place": if param.place == Place::Path { "path" } else { "query" },
                "required": param.place == Place::Path,
            })
        })
        .collect();
    let body = operation.body.as_deref().and_then(|key| naming::message(api, key));
    if let Some(message) = body {
        match naming::body_field(api, operation) {
            Some(name) => request.push(json!({
                "name": name, "type": naming::input_type(message), "place": "body", "required": false, "whole": true,
            })),
            None => request.extend(message.fields.iter().filter(|field| !field.read_only).map(|field| {
                let mut facts = field_facts(index, docs, &message.name, field, Side::Input);
                if let Some(facts) = facts.as_object_mut() {
                    facts.insert("place".to_owned(), "body".into());
                }
                facts
            })),
        }
    }
    let answer = naming::message(api, &operation.response);
    let items = operation.paging.as_ref().map(|paging| {
        json!({
            "tokenIn": paging.token_in, "tokenOut": paging.token_out, "items": paging.items,
            "type": classes::item_type(index, operation).unwrap_or_default().replace("shared.", ""),
        })
    });
    json!({
        "id": operation.id,
        "name": method,
        "method": operation.method.as_str(),
        "path": operation.path,
        "about": about,
        "effect": effect(operation.effect),
        "stability": operation.stability,
        "deprecated": operation.deprecated,
        "request": request,
        "paging": items,
        "answer": answer.map(|message| json!({
            "field": naming::response_field(api, operation), "type": message.name,
        })),
        "example": c1_example(index, operation),
    })
}

/// Returns a call with its required arguments, as TypeScript.
fn c1_example(index: &Index<'_>, operation: &Operation) -> String {
    let api = index.api;
    let mut given: Vec<String> = operation
        .params
        .iter()
        .filter(|param| param.place == Place::Path)
        .map(|param| format!("{}: {}", super::key(&param.name), value(index, &param.kind, &param.name, 0)))
        .collect();
    let is_shared = naming::request_type(api, operation).is_some_and(|request| request.namespace == Namespace::Shared);
    if let Some(message) = operation.body.as_deref().and_then(|key| naming::message(api, key)) {
        let fields = some_fields(index, &message.fields, 0);
        match naming::body_field(api, operation) {
            Some(name) if !fields.is_empty() => {
                given.push(format!("{}: {{ {} }}", super::key(&name), fields.join(", ")))
            }
            None if is_shared || !fields.is_empty() => given.extend(fields),
            _ => {}
        }
    }
    let request = match (naming::request_type(api, operation), given.is_empty()) {
        (None, _) => String::new(),
        (Some(request), true) if request.optional => String::new(),
        _ => format!("{{ {} }}", given.join(", ")),
    };
    let call = format!("c1.{}.{}({request})", naming::property(operation), naming::method(operation));
    if operation.paging.is_some() && classes::item_type(index, operation).is_some() {
        return format!("for await (const item of {call}) console.log(item);");
    }
    let field = naming::response_field(api, operation);
    if operation.effect == Effect::Secret {
        return format!(
            "const answer = await {call};\n// Holds a secret that is shown once: store it.\nconst issued = answer.{field};"
        );
    }
    format!("const answer = await {call};\nconsole.log(answer.{field});")
}

/// Returns the fields that an example shows: the required ones, and two more that are simple.
fn some_fields(index: &Index<'_>, fields: &[Field], depth: usize) -> Vec<String> {
    let simple = |field: &Field| {
        field.shape == Shape::One && matches!(field.kind, Kind::String | Kind::Bool | Kind::Int32 | Kind::Date)
    };
    let mut more = if depth == 0 { 2 } else { 1 };
    fields
        .iter()
        .filter(|field| !field.read_only && !field.deprecated)
        .filter(|field| {
            let extra = simple(field) && field.oneof.is_none() && more > 0 && !field.name.starts_with("page");
            more -= usize::from(extra && !field.required);
            field.required || extra
        })
        .map(|field| {
            let one = value(index, &field.kind, &field.name, depth);
            let all = match field.shape {
                Shape::One => one,
                Shape::List => format!("[{one}]"),
                Shape::Map => format!("{{ key: {one} }}"),
            };
            format!("{}: {all}", super::key(&field.name))
        })
        .collect()
}

fn value(index: &Index<'_>, kind: &Kind, name: &str, depth: usize) -> String {
    match kind {
        Kind::String | Kind::Duration | Kind::Bytes | Kind::Uint64 => super::string(match kind {
            Kind::Duration => "3600s",
            Kind::Bytes => "aGVsbG8=",
            Kind::Uint64 => "1",
            _ => name,
        }),
        Kind::Bool => "true".to_owned(),
        Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Double => "1".to_owned(),
        Kind::Date => "new Date(\"2030-01-01\")".to_owned(),
        Kind::Any | Kind::Struct | Kind::Value | Kind::Empty => "{}".to_owned(),
        Kind::Enum(name) => {
            // The first of C1's values means unspecified.
            super::string(first_value(index.api, name, 1))
        }
        Kind::Message(key) => match index.messages.get(key.as_str()) {
            Some(message) if depth < DEPTH => {
                let fields = some_fields(index, &message.fields, depth + 1);
                if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
            }
            _ => "{}".to_owned(),
        },
    }
}

fn first_value<'a>(api: &'a Api, name: &str, place: usize) -> &'a str {
    let found = api.enums.iter().find(|item| item.name == name).and_then(|item| item.values.get(place));
    found.map_or("", String::as_str)
}

fn field_facts(index: &Index<'_>, docs: &mut Docs, owner: &str, field: &Field, side: Side) -> Value {
    json!({
        "name": field.name,
        "type": index.field_type(field, side),
        "about": docs.get(&format!("{owner}.{}", field.name)),
        "required": field.required,
        "nullable": field.nullable,
        "readOnly": field.read_only,
        "deprecated": field.deprecated,
        "secret": field.secret,
    })
}

const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Write => "write",
        Effect::Secret => "secret",
    }
}

fn commercelayer(api: &Api, docs: &mut Docs) -> Value {
    let index = Index::new(api);
    let resources: Vec<Value> = api
        .resources
        .iter()
        .map(|resource| {
            let property = super::resources::property(resource);
            let about = docs.get(&property).to_owned();
            let operations: Vec<Value> = api
                .operations
                .iter()
                .filter(|operation| operation.group == property || operation.group == resource.key)
                .map(|operation| {
                    let about = docs.get(&format!("{property}.{}", operation.name)).to_owned();
                    json!({
                        "name": operation.name,
                        "method": operation.method.as_str(),
                        "path": operation.path,
                        "about": about,
                        "effect": effect(operation.effect),
                        "answer": documents::answer(api, operation).map(|(of, many)| json!({ "type": of.key, "many": many })),
                        "example": resource_example(api, resource, &property, operation),
                    })
                })
                .collect();
            let attributes: Vec<Value> = resource
                .attributes
                .iter()
                .map(|attribute| {
                    json!({
                        "name": attribute.name,
                        "type": index.value_type(&attribute.kind, None, Side::Output, "", ""),
                        "about": docs.get(&format!("{}.{}", resource.name, attribute.name)),
                        "nullable": attribute.nullable,
                        "set": set(attribute.set),
                        "trigger": attribute.trigger,
                        "secret": attribute.secret,
                        "sort": attribute.sortable,
                        "filter": attribute.filterable,
                        "range": attribute.range.map(|(least, most)| [least, most]),
                    })
                })
                .collect();
            let relationships: Vec<Value> = resource
                .relationships
                .iter()
                .map(|one| {
                    json!({ "name": one.name, "target": one.target, "many": one.many, "set": set(one.set) })
                })
                .collect();
            json!({
                "name": property, "key": resource.key, "title": resource.name, "about": about,
                "operations": operations, "attributes": attributes, "relationships": relationships,
            })
        })
        .collect();
    json!({ "resources": resources })
}

fn set(set: Settable) -> Vec<&'static str> {
    [(set.create && set.required, "create (required)"), (set.create && !set.required, "create"), (set.update, "update")]
        .into_iter()
        .filter_map(|(is, word)| is.then_some(word))
        .collect()
}

/// Returns a call with its required arguments, as TypeScript.
fn resource_example(api: &Api, resource: &Resource, property: &str, operation: &Operation) -> String {
    let many = documents::answer(api, operation).is_some_and(|(_, many)| many);
    let call = |arguments: &str| format!("cl.{property}.{}({arguments})", operation.name);
    let required = |when: fn(Settable) -> bool| -> Vec<String> {
        let attributes = resource.attributes.iter().filter(|attribute| when(attribute.set)).map(|attribute| {
            let value = match attribute.kind {
                Kind::Bool => "true".to_owned(),
                Kind::Int32 | Kind::Int64 => attribute.range.map_or(1, |(least, _)| least).to_string(),
                Kind::Enum(ref name) => super::string(first_value(api, name, 0)),
                _ => super::string(&attribute.name),
            };
            format!("{}: {value}", attribute.name)
        });
        let relationships = resource.relationships.iter().filter(|one| when(one.set)).map(|one| {
            let of = format!("{{ type: {}, id: \"id\" }}", super::string(&one.target));
            format!("{}: {}", one.name, if one.many { format!("[{of}]") } else { of })
        });
        attributes.chain(relationships).collect()
    };
    match operation.name.as_str() {
        "list" => format!("for await (const one of {}) console.log(one.id);", call("{ pageSize: 25 }")),
        "create" => {
            let fields = required(|set| set.create && set.required);
            format!("const made = await {};\nconsole.log(made.id);", call(&format!("{{ {} }}", fields.join(", "))))
        }
        "update" => {
            let first = resource.attributes.iter().find(|attribute| attribute.set.update && !attribute.trigger);
            let field = first.map_or_else(String::new, |attribute| match attribute.kind {
                Kind::Bool => format!("{}: true", attribute.name),
                Kind::Int32 | Kind::Int64 => format!("{}: 7200", attribute.name),
                Kind::String => format!("{}: {}", attribute.name, super::string(&attribute.name)),
                _ => "metadata: { key: \"value\" }".to_owned(),
            });
            let id = if resource.singleton { "" } else { "id: \"id\", " };
            format!("const changed = await {};\nconsole.log(changed.id);", call(&format!("{{ {id}{field} }}")))
        }
        "retrieve" if resource.singleton => format!("console.log(await {});", call("")),
        "delete" | "resend" => format!("await {};", call("\"id\"")),
        "transfer_ownership" => {
            format!("await {};", call("\"id\", { new_owner_email: \"new@example.com\" }"))
        }
        _ if many => format!("for (const one of await {}) console.log(one.id);", call("\"id\"")),
        _ => format!("console.log(await {});", call("\"id\"")),
    }
}
