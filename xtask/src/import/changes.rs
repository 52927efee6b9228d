//! Describes what a new import changed.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
};

use keyturn_api::{
    model::{Api, Enum, Field, Message, Operation, Resource},
    text,
};

/// Returns a readable summary of the differences, one per line; empty if there are none.
#[must_use]
pub fn summary(old: &Api, new: &Api) -> String {
    let mut out = String::new();
    operations(&mut out, old, new);
    messages(&mut out, old, new);
    enums(&mut out, old, new);
    resources(&mut out, old, new);
    out
}

fn say(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

fn operations(out: &mut String, old: &Api, new: &Api) {
    let label = |o: &Operation| format!("operation {}.{} ({} {})", o.group, o.name, o.method.as_str(), o.path);
    let before: HashMap<&str, &Operation> = old.operations.iter().map(|o| (o.id.as_str(), o)).collect();
    let after: HashSet<&str> = new.operations.iter().map(|o| o.id.as_str()).collect();
    // An operation with the same method and path but a new id is the same operation.
    let mut gone: HashMap<(&str, &str), &Operation> = old
        .operations
        .iter()
        .filter(|o| !after.contains(o.id.as_str()))
        .map(|o| ((o.method.as_str(), o.path.as_str()), o))
        .collect();
    for operation in &new.operations {
        let was = before.get(operation.id.as_str()).copied();
        let was = was.or_else(|| gone.remove(&(operation.method.as_str(), operation.path.as_str())));
        let Some(was) = was else {
            say(out, format_args!("added    {}", label(operation)));
            continue;
        };
        let changes = operation_changes(was, operation);
        if !changes.is_empty() {
            say(out, format_args!("changed  {}: {}", label(operation), changes.join("; ")));
        }
    }
    for operation in &old.operations {
        if gone.contains_key(&(operation.method.as_str(), operation.path.as_str()))
            && !after.contains(operation.id.as_str())
        {
            say(out, format_args!("removed  {}", label(operation)));
        }
    }
}

fn operation_changes(old: &Operation, new: &Operation) -> Vec<String> {
    let mut changes = Vec::new();
    let mut compare = |what: &str, old: &str, new: &str| {
        if old != new {
            let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
            changes.push(format!("{what} {} -> {}", shown(old), shown(new)));
        }
    };
    compare("renamed, id", &old.id, &new.id);
    compare("renamed, method", &format!("{}.{}", old.group, old.name), &format!("{}.{}", new.group, new.name));
    compare("HTTP method", old.method.as_str(), new.method.as_str());
    compare("path", &old.path, &new.path);
    compare("body", old.body.as_deref().unwrap_or_default(), new.body.as_deref().unwrap_or_default());
    compare("response", &old.response, &new.response);
    compare("effect", old.effect.as_str(), new.effect.as_str());
    compare("stability", &old.stability, &new.stability);
    compare("deprecated", &old.deprecated.to_string(), &new.deprecated.to_string());
    let paging =
        |o: &Operation| o.paging.as_ref().map(|p| format!("{} by {}", p.items, p.token_in)).unwrap_or_default();
    compare("paging", &paging(old), &paging(new));
    for param in &new.params {
        match old.params.iter().find(|p| p.wire == param.wire && p.place == param.place) {
            None => changes.push(format!("added {} parameter {}", param.place.as_str(), param.wire)),
            Some(was) if was.kind != param.kind => {
                changes.push(format!("parameter {} {:?} -> {:?}", param.wire, was.kind, param.kind));
            }
            Some(_) => {}
        }
    }
    for param in &old.params {
        if !new.params.iter().any(|p| p.wire == param.wire && p.place == param.place) {
            changes.push(format!("removed {} parameter {}", param.place.as_str(), param.wire));
        }
    }
    changes
}

fn messages(out: &mut String, old: &Api, new: &Api) {
    let before: HashMap<&str, &Message> = old.messages.iter().map(|m| (m.key.as_str(), m)).collect();
    let after: HashSet<&str> = new.messages.iter().map(|m| m.key.as_str()).collect();
    for message in &new.messages {
        let label = format!("message {} ({})", message.name, message.key);
        let Some(was) = before.get(message.key.as_str()) else {
            say(out, format_args!("added    {label}, {} fields", message.fields.len()));
            continue;
        };
        if was.name != message.name {
            say(out, format_args!("renamed  {label}, was {}", was.name));
        }
        if was.input_name != message.input_name {
            let shown = |m: &Message| m.input_name.clone().unwrap_or_else(|| "none".to_owned());
            say(out, format_args!("changed  {label}: input twin {} -> {}", shown(was), shown(message)));
        }
        fields(out, &message.name, &was.fields, &message.fields);
    }
    for message in old.messages.iter().filter(|m| !after.contains(m.key.as_str())) {
        say(out, format_args!("removed  message {} ({})", message.name, message.key));
    }
}

fn fields(out: &mut String, message: &str, old: &[Field], new: &[Field]) {
    let mut added: Vec<&Field> = new.iter().filter(|f| !old.iter().any(|o| o.wire == f.wire)).collect();
    let mut removed: Vec<&Field> = old.iter().filter(|o| !new.iter().any(|f| f.wire == o.wire)).collect();
    if let ([field], [was]) = (added.as_slice(), removed.as_slice())
        && text::field_type(field) == text::field_type(was)
    {
        say(
            out,
            format_args!("renamed  field {message}.{} -> {} (same type, so probably renamed)", was.wire, field.wire),
        );
        (added, removed) = (Vec::new(), Vec::new());
    }
    for field in added {
        say(out, format_args!("added    field {message}.{}: {}", field.wire, text::field_type(field)));
    }
    for field in removed {
        say(out, format_args!("removed  field {message}.{}: {}", field.wire, text::field_type(field)));
    }
    for field in new {
        let Some(was) = old.iter().find(|o| o.wire == field.wire) else { continue };
        let (from, to) = (text::field_type(was), text::field_type(field));
        if from != to {
            say(out, format_args!("retyped  field {message}.{}: {from} -> {to}", field.wire));
        }
        let (from, to) = (text::field_flags(was), text::field_flags(field));
        if from != to {
            say(out, format_args!("changed  field {message}.{}: [{}] -> [{}]", field.wire, from.trim(), to.trim()));
        }
    }
}

fn enums(out: &mut String, old: &Api, new: &Api) {
    let before: HashMap<&str, &Enum> = old.enums.iter().map(|e| (e.name.as_str(), e)).collect();
    for item in &new.enums {
        let Some(was) = before.get(item.name.as_str()) else { continue };
        for value in item.values.iter().filter(|value| !was.values.contains(value)) {
            say(out, format_args!("added    value {}.{value}", item.name));
        }
        for value in was.values.iter().filter(|value| !item.values.contains(value)) {
            say(out, format_args!("removed  value {}.{value}", item.name));
        }
    }
}

fn resources(out: &mut String, old: &Api, new: &Api) {
    for resource in &new.resources {
        let label = format!("resource {} ({})", resource.name, resource.key);
        let Some(was) = old.resources.iter().find(|other| other.key == resource.key) else {
            say(out, format_args!("added    {label}, {} attributes", resource.attributes.len()));
            continue;
        };
        if was.singleton != resource.singleton {
            say(out, format_args!("changed  {label}: singleton {} -> {}", was.singleton, resource.singleton));
        }
        parts(out, "attribute", &resource.name, &attributes(was), &attributes(resource));
        parts(out, "relationship", &resource.name, &relationships(was), &relationships(resource));
    }
    for resource in old.resources.iter().filter(|old| new.resources.iter().all(|new| new.key != old.key)) {
        say(out, format_args!("removed  resource {} ({})", resource.name, resource.key));
    }
}

/// Returns the name of each attribute, with the facts that the IDL states about it.
fn attributes(resource: &Resource) -> Vec<(&str, String)> {
    resource.attributes.iter().map(|a| (a.name.as_str(), text::attribute_facts(a))).collect()
}

fn relationships(resource: &Resource) -> Vec<(&str, String)> {
    resource.relationships.iter().map(|r| (r.name.as_str(), text::relationship_facts(r))).collect()
}

fn parts(out: &mut String, what: &str, resource: &str, old: &[(&str, String)], new: &[(&str, String)]) {
    for (name, facts) in new {
        match old.iter().find(|(other, _)| other == name) {
            None => say(out, format_args!("added    {what} {resource}.{name}: {facts}")),
            Some((_, was)) if was != facts => {
                say(out, format_args!("changed  {what} {resource}.{name}: [{was}] -> [{facts}]"));
            }
            Some(_) => {}
        }
    }
    for (name, facts) in old.iter().filter(|(name, _)| new.iter().all(|(other, _)| other != name)) {
        say(out, format_args!("removed  {what} {resource}.{name}: {facts}"));
    }
}
