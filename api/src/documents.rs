//! The documents of a JSON:API as messages. The document of a create or an update follows from the resource, so the
//! core checks and encodes it like the messages of any other API.
//!
//! | message | fields |
//! |---|---|
//! | `api_credentials.create` | `data`: `type`, `attributes`, `relationships` |
//! | `api_credentials.update` | the same and `id` |
//! | `organizations.transfer_ownership` | `data`: `type`, `id`, `attributes` (those that the IDL's message of this key lists) |
//! | `memberships.resend` | `data`: nothing (the IDL's message lists none) |
//! | `none` | none: every answer, because these are not read by the core |
//!
//! Attributes and relationships that a request may not set are included as read-only fields. A relationship is an
//! object whose `data` is an identifier (`type`, `id`) or a list of them. The `type` of each is an enumeration with one
//! value.

use std::{borrow::Cow, collections::BTreeSet};

use crate::model::{Api, Enum, Field, Kind, Message, Operation, Resource, Settable, Shape};

/// The key of the message that stands for every answer.
pub const NONE: &str = "none";

/// The name of the document in a request object that also holds parameters.
pub const DOCUMENT: &str = "document";

/// Returns the API with its documents as messages, or the API itself if it has no resources.
#[must_use]
pub fn with_messages(api: &Api) -> Cow<'_, Api> {
    if api.resources.is_empty() {
        return Cow::Borrowed(api);
    }
    let mut whole = Api { messages: vec![message(NONE, Vec::new())], ..api.clone() };
    let used: BTreeSet<&str> = api.operations.iter().filter_map(|operation| operation.body.as_deref()).collect();
    let mut targets = BTreeSet::new();
    for resource in &api.resources {
        let create = format!("{}.create", resource.key);
        if used.contains(create.as_str()) {
            add_document(&mut whole.messages, resource, &create, |set| set.create, &mut targets);
        }
        let update = format!("{}.update", resource.key);
        if used.contains(update.as_str()) {
            add_document(&mut whole.messages, resource, &update, |set| set.update, &mut targets);
        }
        whole.enums.push(Enum { name: type_of(&resource.key), sdk122: None, values: vec![resource.key.clone()] });
    }
    for action in api.messages.iter().filter(|message| used.contains(message.key.as_str())) {
        add_action(&mut whole.messages, action);
    }
    for (target, many) in targets {
        add_linkage(&mut whole.messages, target, many);
    }
    for operation in &mut whole.operations {
        operation.response = NONE.to_owned();
    }
    Cow::Owned(whole)
}

/// Returns the resource that an operation answers with, and whether the answer is a list; `None` if the answer is not a
/// resource.
#[must_use]
pub fn answer<'a>(api: &'a Api, operation: &Operation) -> Option<(&'a Resource, bool)> {
    let (key, many) = match operation.response.strip_suffix("[]") {
        Some(key) => (key, true),
        None => (operation.response.as_str(), false),
    };
    Some((resource(api, key)?, many))
}

/// Returns the resource of this `type`.
#[must_use]
pub fn resource<'a>(api: &'a Api, key: &str) -> Option<&'a Resource> {
    api.resources.iter().find(|resource| resource.key == key)
}

fn type_of(key: &str) -> String {
    format!("{key}.type")
}

fn add_document<'a>(
    messages: &mut Vec<Message>,
    resource: &'a Resource,
    key: &str,
    may: impl Fn(Settable) -> bool,
    targets: &mut BTreeSet<(&'a str, bool)>,
) {
    let is_create = key.ends_with(".create");
    let attributes = resource.attributes.iter().map(|attribute| Field {
        nullable: attribute.nullable,
        read_only: !may(attribute.set),
        required: is_create && attribute.set.required,
        secret: attribute.secret,
        ..field(&attribute.name, attribute.kind.clone())
    });
    let relationships = resource.relationships.iter().map(|relationship| {
        targets.insert((relationship.target.as_str(), relationship.many));
        Field {
            read_only: !may(relationship.set),
            required: is_create && relationship.set.required,
            ..field(&relationship.name, Kind::Message(linkage(&relationship.target, relationship.many)))
        }
    });
    let (attributes, relationships) = (attributes.collect(), relationships.collect());
    let [data, attributes_key, relationships_key] =
        ["data", "attributes", "relationships"].map(|part| format!("{key}.{part}"));
    let mut fields = vec![field("type", Kind::Enum(type_of(&resource.key)))];
    if !is_create {
        fields.push(field("id", Kind::String));
    }
    fields.push(field("attributes", Kind::Message(attributes_key.clone())));
    fields.push(field("relationships", Kind::Message(relationships_key.clone())));
    messages.push(message(key, vec![field("data", Kind::Message(data.clone()))]));
    messages.push(message(&data, fields));
    messages.push(message(&attributes_key, attributes));
    messages.push(message(&relationships_key, relationships));
}

/// Adds the document of an action, whose attributes are the fields of the IDL's message.
fn add_action(messages: &mut Vec<Message>, action: &Message) {
    let key = &action.key;
    let resource = key.split('.').next().unwrap_or_default();
    let data = format!("{key}.data");
    messages.push(message(key, vec![field("data", Kind::Message(data.clone()))]));
    if action.fields.is_empty() {
        messages.push(message(&data, Vec::new()));
        return;
    }
    let attributes = format!("{key}.attributes");
    let fields = vec![
        field("type", Kind::Enum(type_of(resource))),
        field("id", Kind::String),
        field("attributes", Kind::Message(attributes.clone())),
    ];
    messages.push(message(&data, fields));
    messages.push(message(&attributes, action.fields.clone()));
}

fn linkage(target: &str, many: bool) -> String {
    format!("{target}.{}", if many { "many" } else { "one" })
}

fn add_linkage(messages: &mut Vec<Message>, target: &str, many: bool) {
    let id = format!("{target}.id");
    let shape = if many { Shape::List } else { Shape::One };
    let data = Field { shape, nullable: !many, ..field("data", Kind::Message(id.clone())) };
    messages.push(message(&linkage(target, many), vec![data]));
    if messages.iter().all(|message| message.key != id) {
        messages.push(message(&id, vec![field("type", Kind::Enum(type_of(target))), field("id", Kind::String)]));
    }
}

fn message(key: &str, fields: Vec<Field>) -> Message {
    Message { key: key.to_owned(), name: DOCUMENT.to_owned(), input_name: None, fields }
}

fn field(wire: &str, kind: Kind) -> Field {
    Field {
        wire: wire.to_owned(),
        name: wire.to_owned(),
        sdk122: None,
        kind,
        type_name: None,
        shape: Shape::One,
        nullable: false,
        read_only: false,
        required: false,
        deprecated: false,
        secret: false,
        oneof: None,
        gone: false,
    }
}
