//! Facts that the document lacks, from `api/*.overlay`, and the state of release 1.2.2 of the official SDK, from
//! `api/*.sdk122`. A line that matches nothing (any more) is reported and not silently ignored.

use std::collections::HashMap;

use keyturn_api::{
    model::{Api, Effect, Field, Kind, Operation, OperationNames122, Paging, Param, Place, Shape},
    text,
};

use super::lines::{Line, lines};

/// Applies `api/*.overlay` and determines how operations are paged. Returns notes on lines that match nothing and on
/// operations that seem to be paged but are not understood.
///
/// # Errors
/// Returns the first line that is not understood.
pub fn apply(api: &mut Api, text: &str) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    let mut items: HashMap<String, String> = HashMap::new();
    for line in lines(text) {
        let fits = match line.words.as_slice() {
            ["read", name] => set_effect(api, name, Effect::Read),
            ["secret", name] => set_effect(api, name, Effect::Secret),
            ["redact", what] => redact(api, what, true),
            ["show", what] => redact(api, what, false),
            ["page", name] => operation(api, name).is_some_and(add_paging_input),
            ["items", name, field] => {
                items.insert((*name).to_owned(), (*field).to_owned());
                operation(api, name).is_some()
            }
            ["paging", name, place @ ("query" | "body"), token_in, token_out, items] => {
                let paging = Paging {
                    token_in: (*token_in).to_owned(),
                    token_out: (*token_out).to_owned(),
                    items: (*items).to_owned(),
                    in_query: *place == "query",
                    sdk122: false,
                };
                operation(api, name).map(|operation| operation.paging = Some(paging)).is_some()
            }
            _ => return Err(unknown(&line)),
        };
        if !fits {
            notes.push(format!("line {} fits nothing: {}", line.number, line.words.join(" ")));
        }
    }
    find_paging(api, &items, &mut notes);
    Ok(notes)
}

/// Applies `api/*.sdk122`. Lines about parts that the document no longer has are history and have no effect.
///
/// # Errors
/// Returns the first line that is not understood.
pub fn apply_sdk122(api: &mut Api, facts: &str) -> Result<(), String> {
    let mut operations: HashMap<&str, Line<'_>> = HashMap::new();
    let mut fields: HashMap<(&str, &str), &str> = HashMap::new();
    let mut gone: Vec<(&str, Field)> = Vec::new();
    for line in lines(facts) {
        match line.words.as_slice() {
            ["op", id, ..] => {
                operations.insert(id, line);
            }
            ["field", message, wire, name] => {
                fields.insert((message, wire), name);
            }
            ["gone", message, words @ ..] => {
                let field = text::field(&words.join(" ")).map_err(|error| format!("line {}: {error}", line.number))?;
                gone.push((message, Field { gone: true, ..field }));
            }
            _ => return Err(unknown(&line)),
        }
    }
    for operation in &mut api.operations {
        let Some(line) = operations.get(operation.id.as_str()) else { continue };
        operation.in_sdk122 = true;
        let mut names = OperationNames122::default();
        for word in line.words.iter().skip(2) {
            match word.split_once('=') {
                Some(("body", name)) => names.body = Some(name.to_owned()),
                Some(("response", name)) => names.response = Some(name.to_owned()),
                None if *word == "iterator" => {
                    if let Some(paging) = &mut operation.paging {
                        paging.sdk122 = true;
                    }
                }
                _ => return Err(unknown(line)),
            }
        }
        operation.sdk122 = (names != OperationNames122::default()).then_some(names);
    }
    for message in &mut api.messages {
        for field in &mut message.fields {
            field.sdk122 = fields.get(&(message.key.as_str(), field.wire.as_str())).map(|name| (*name).to_owned());
        }
        for (_, field) in gone.iter().filter(|(key, _)| *key == message.key) {
            if !message.fields.iter().any(|other| other.wire == field.wire) {
                message.fields.push(field.clone());
            }
        }
    }
    Ok(())
}

fn unknown(line: &Line<'_>) -> String {
    format!("line {}: not understood: {}", line.number, line.words.join(" "))
}

/// Returns the operation that the overlay calls `Group.Name`.
fn operation<'a>(api: &'a mut Api, name: &str) -> Option<&'a mut Operation> {
    let (group, name) = name.split_once('.')?;
    api.operations.iter_mut().find(|operation| operation.group == group && operation.name == name)
}

fn set_effect(api: &mut Api, name: &str, effect: Effect) -> bool {
    operation(api, name).map(|operation| operation.effect = effect).is_some()
}

/// Marks the text fields of this name, or the single field `message#field`, as secret or not.
fn redact(api: &mut Api, what: &str, secret: bool) -> bool {
    let (message_key, wire) = what.split_once('#').unwrap_or(("", what));
    let mut fits = false;
    for message in &mut api.messages {
        for field in &mut message.fields {
            let named = field.wire == wire
                && if message_key.is_empty() {
                    matches!(field.kind, Kind::String | Kind::Bytes)
                } else {
                    message.key == message_key
                };
            if named {
                field.secret = secret;
                fits = true;
            }
        }
    }
    fits
}

/// Adds the paging parameters that the document fails to declare.
fn add_paging_input(operation: &mut Operation) -> bool {
    for (wire, name, kind) in [("page_size", "pageSize", Kind::Int32), ("page_token", "pageToken", Kind::String)] {
        if operation.params.iter().all(|param| param.wire != wire) {
            let place = Place::Query;
            operation.params.push(Param { wire: wire.to_owned(), name: name.to_owned(), place, kind, added: true });
        }
    }
    true
}

/// Determines which operations are paged: those whose answer has a `nextPageToken` and whose request has a `pageToken`.
/// The items are the only list of the answer besides `expanded`.
fn find_paging(api: &mut Api, items: &HashMap<String, String>, notes: &mut Vec<String>) {
    let messages: HashMap<&str, &[Field]> =
        api.messages.iter().map(|message| (message.key.as_str(), message.fields.as_slice())).collect();
    let fields = |key: &str| messages.get(key).copied().unwrap_or_default();
    for operation in &mut api.operations {
        let response = fields(&operation.response);
        if operation.paging.is_some() || !response.iter().any(|field| field.wire == "nextPageToken") {
            continue;
        }
        let name = format!("{}.{}", operation.group, operation.name);
        let in_query = operation.params.iter().any(|param| param.name == "pageToken");
        let body = operation.body.as_deref().map(fields).unwrap_or_default();
        if !in_query && !body.iter().any(|field| field.wire == "pageToken") {
            notes.push(format!("{name} answers with a page token and takes none; to add it: page {name}"));
            continue;
        }
        let lists: Vec<&str> = response
            .iter()
            .filter(|field| field.shape == Shape::List && field.wire != "expanded")
            .map(|field| field.wire.as_str())
            .collect();
        let item = match (items.get(&name), lists.as_slice()) {
            (Some(item), _) => item.clone(),
            (None, [item]) => (*item).to_owned(),
            (None, _) => {
                notes.push(format!("the items of {name} are one of {lists:?}; to choose: items {name} FIELD"));
                continue;
            }
        };
        operation.paging = Some(Paging {
            token_in: "pageToken".to_owned(),
            token_out: "nextPageToken".to_owned(),
            items: item,
            in_query,
            sdk122: false,
        });
    }
}
