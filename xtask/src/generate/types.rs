//! `models.ts` with the messages (`shared`), and `operations.ts` with each operation's wrapper and envelope. Types
//! only.

use std::{
    collections::{BTreeSet, HashSet},
    fmt::Write as _,
};

use keyturn_api::{
    model::{Field, Kind, Message, Operation, Place},
    naming,
};

use super::{Index, Side, comment, docs::Docs, key};

pub fn models(index: &Index<'_>, docs: &mut Docs) -> String {
    let mut out = String::from(
        "import type * as enums from \"./enums.js\";\n\
         export * from \"./enums.js\";\n\n",
    );
    out += &comment("", &["A message of any type, named by `atType`."]);
    out += "export type AnyMessage = {\n  \
              atType?: string | undefined;\n  \
              additionalProperties?: { [key: string]: any } | undefined;\n};\n";
    inline(&mut out, index.api.messages.iter().flat_map(|message| &message.fields));
    let requests = request_only(index);
    for message in &index.api.messages {
        let side = if requests.contains(message.key.as_str()) { Side::Input } else { Side::Output };
        message_type(&mut out, index, docs, message, &message.name, side);
        if let Some(name) = &message.input_name {
            message_type(&mut out, index, docs, message, name, Side::Input);
        }
    }
    out
}

/// Writes the inline object types.
pub fn inline<'a>(out: &mut String, fields: impl Iterator<Item = &'a Field>) {
    let names: BTreeSet<(&str, &str)> = fields
        .filter_map(|field| {
            let is = match field.kind {
                Kind::Any => "AnyMessage",
                Kind::Empty => "{}",
                _ => "any",
            };
            Some((field.type_name.as_deref()?, is))
        })
        .collect();
    for (name, is) in names {
        say(out, format_args!("export type {name} = {is};\n"));
    }
}

pub fn message_type(out: &mut String, index: &Index<'_>, docs: &mut Docs, message: &Message, name: &str, side: Side) {
    out.push('\n');
    *out += &comment("", &[docs.get(&message.name)]);
    let fields: Vec<&Field> = message.fields.iter().filter(|field| side == Side::Output || !field.read_only).collect();
    if fields.is_empty() {
        say(out, format_args!("export type {name} = {{}};\n"));
        return;
    }
    // An alias instead of an interface, because only an alias is assignable to `Record<string, unknown>`.
    say(out, format_args!("export type {name} = {{\n"));
    for field in fields {
        let text = docs.get(&format!("{}.{}", message.name, field.wire)).to_owned();
        *out += &comment("  ", &[&text, if field.deprecated { "@deprecated" } else { "" }]);
        // A request must have the required fields. An answer may lack any, which release 1.2.2 does not account for.
        let required = field.required && (side == Side::Input || index.of_122);
        let (mark, missing) = if required { ("", "") } else { ("?", " | undefined") };
        // In a request, `null` is the same as absent. In an answer, it occurs only if the API's description declares
        // it.
        let null = if field.nullable || side == Side::Input { " | null" } else { "" };
        say(out, format_args!("  {}{mark}: {}{null}{missing};\n", key(&field.name), index.field_type(field, side)));
    }
    *out += "};\n";
}

/// Returns the messages that only requests use, whose read-only fields are left out.
pub fn request_only<'a>(index: &Index<'a>) -> HashSet<&'a str> {
    let mut sent = HashSet::new();
    let mut received = HashSet::new();
    for operation in &index.api.operations {
        if let Some(body) = &operation.body {
            reach(index, body, Side::Input, &mut sent);
        }
        reach(index, &operation.response, Side::Output, &mut received);
    }
    &sent - &received
}

pub fn reach<'a>(index: &Index<'a>, key: &'a str, side: Side, seen: &mut HashSet<&'a str>) {
    let Some(message) = index.messages.get(key) else { return };
    if !seen.insert(key) {
        return;
    }
    for field in message.fields.iter().filter(|field| side == Side::Output || !field.read_only) {
        if let Kind::Message(target) = &field.kind {
            reach(index, target, side, seen);
        }
    }
}

pub fn operations(index: &Index<'_>, docs: &mut Docs) -> String {
    let mut out = String::from(
        "import type { Envelope } from \"../c1/envelope.js\";\n\
         import type * as shared from \"./models.js\";\n",
    );
    for operation in &index.api.operations {
        request(&mut out, index, docs, operation);
        response(&mut out, index, operation);
    }
    out
}

pub fn response(out: &mut String, index: &Index<'_>, operation: &Operation) {
    let field = naming::response_field(index.api, operation);
    let Some(response) = index.messages.get(operation.response.as_str()) else { return };
    say(
        out,
        format_args!(
            "\nexport type {} = Envelope & {{\n  {field}?: shared.{} | undefined;\n}};\n",
            naming::response_type(operation),
            response.name
        ),
    );
}

fn request(out: &mut String, index: &Index<'_>, docs: &mut Docs, operation: &Operation) {
    if operation.params.is_empty() {
        return;
    }
    let name = naming::opid(&operation.id) + "Request";
    say(out, format_args!("\nexport type {name} = {{\n"));
    for param in &operation.params {
        let value = index.value_type(&param.kind, None, Side::Input, "shared.", "shared.");
        let added = if param.added { "Sent although the API's description does not declare it." } else { "" };
        *out += &comment("  ", &[added]);
        match param.place {
            Place::Path => say(out, format_args!("  {}: {value};\n", key(&param.name))),
            Place::Query => say(out, format_args!("  {}?: {value} | null | undefined;\n", key(&param.name))),
        }
    }
    let body = operation.body.as_deref().and_then(|key| index.messages.get(key));
    if let (Some(field), Some(body)) = (naming::body_field(index.api, operation), body) {
        *out += &comment("  ", &[docs.get(&body.name)]);
        say(out, format_args!("  {field}?: shared.{} | null | undefined;\n", naming::input_type(body)));
    }
    *out += "};\n";
}

fn say(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}
