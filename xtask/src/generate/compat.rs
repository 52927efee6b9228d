//! `compat/`: the names of release 1.2.2 of the official TypeScript SDK that differ, and its standalone functions.
//!
//! The types come from the same generator, applied to the API under its former names. Only types that differ are
//! written: a module re-exports the current ones, and its own declarations take precedence.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
};

use keyturn_api::{
    model::{Api, Field, Kind, Message, Operation, Place, Shape},
    naming::{self, Namespace},
    table::{For, PackError, pack},
};

use super::{Index, Side, classes, docs::Docs, key, types};

/// Returns the name and text of each file.
pub fn files(api: &Api) -> Result<[(&'static str, String); 6], PackError> {
    let then = of_122(api);
    let index = Index::of_122(&then, "shared.");
    let differing = differing(api, &index);
    let numbers = pack(api, For::Compat)?.messages;
    Ok([
        ("compat/models.ts", models(&index, &differing)),
        ("compat/operations.ts", operations(&index, &differing)),
        ("compat/groups.ts", groups(&index)),
        ("compat/funcs.ts", functions(&index)),
        ("compat/json.ts", json(&index, &numbers)),
        ("compat/facts.ts", facts(api)),
    ])
}

/// Returns the API as release 1.2.2 has it: with its names, and with requests that include nullable read-only fields. A
/// newer message with the name of another one gets a number, according to the naming rules.
fn of_122(api: &Api) -> Api {
    let mut then = api.clone();
    let mut renamed: HashMap<&str, &str> = HashMap::new();
    for operation in &api.operations {
        let Some(names) = &operation.sdk122 else { continue };
        if let (Some(body), Some(name)) = (&operation.body, &names.body) {
            renamed.insert(body, name);
        }
        if let Some(name) = &names.response {
            renamed.insert(&operation.response, name);
        }
    }
    let taken: HashSet<&str> = renamed.values().copied().collect();
    for message in &mut then.messages {
        if let Some(name) = renamed.get(message.key.as_str()) {
            message.name = (*name).to_owned();
        } else if taken.contains(message.name.as_str()) {
            message.name.push('1');
        }
        for field in &mut message.fields {
            if let Some(name) = field.sdk122.take() {
                field.name = name;
            }
            field.read_only &= !(field.nullable && field.shape == Shape::One);
        }
    }
    then
}

/// Returns the keys of the messages whose types differ, or contain one that does.
fn differing<'a>(today: &Api, then: &Index<'a>) -> HashSet<&'a str> {
    let requests = types::request_only(then);
    let of_itself = today.messages.iter().zip(&then.api.messages).filter(|(today, then)| {
        let received = !requests.contains(then.key.as_str());
        let sent = then.input_name.is_some() || !received;
        let differs = |(a, b): (&Field, &Field)| {
            b.gone || a.name != b.name || sent && a.read_only != b.read_only || received && b.required
        };
        today.name != then.name || today.fields.iter().zip(&then.fields).any(differs)
    });
    let mut differing: HashSet<&str> = of_itself.map(|(_, then)| then.key.as_str()).collect();
    loop {
        let holds_one = |message: &&Message| {
            message
                .fields
                .iter()
                .any(|field| matches!(&field.kind, Kind::Message(key) if differing.contains(key.as_str())))
        };
        let more: Vec<&str> = then.api.messages.iter().filter(holds_one).map(|message| message.key.as_str()).collect();
        let before = differing.len();
        differing.extend(more);
        if differing.len() == before {
            return differing;
        }
    }
}

fn models(index: &Index<'_>, differing: &HashSet<&str>) -> String {
    let mut out = String::from("import type * as shared from \"./models.js\";\nexport * from \"../models.js\";\n");
    let docs = &mut Docs::default();
    types::inline(&mut out, index.api.messages.iter().flat_map(|message| &message.fields).filter(|field| field.gone));
    let requests = types::request_only(index);
    for message in index.api.messages.iter().filter(|message| differing.contains(message.key.as_str())) {
        let side = if requests.contains(message.key.as_str()) { Side::Input } else { Side::Output };
        types::message_type(&mut out, index, docs, message, &message.name, side);
        if let Some(name) = &message.input_name {
            types::message_type(&mut out, index, docs, message, name, Side::Input);
        }
    }
    out
}

fn operations(index: &Index<'_>, differing: &HashSet<&str>) -> String {
    let mut out = String::from(
        "import type { Envelope } from \"../../c1/envelope.js\";\n\
         import type * as shared from \"./models.js\";\n\
         export * from \"../operations.js\";\n",
    );
    for operation in &index.api.operations {
        let differs = |key: &str| differing.contains(key);
        let nullable = operation.in_sdk122 && operation.params.iter().any(|param| param.place == Place::Path);
        if nullable || !operation.params.is_empty() && operation.body.as_deref().is_some_and(differs) {
            request(&mut out, index, operation);
        }
        if differs(&operation.response) {
            types::response(&mut out, index, operation);
        }
    }
    out
}

/// Writes the wrapper of a request. Release 1.2.2 allows null for most path parameters, which no server ever received:
/// such calls fail before anything is sent, but programs that pass null compile.
fn request(out: &mut String, index: &Index<'_>, operation: &Operation) {
    say(out, format_args!("\nexport type {}Request = {{\n", naming::opid(&operation.id)));
    for param in &operation.params {
        let value = index.value_type(&param.kind, None, Side::Input, "shared.", "shared.");
        let (mark, or) = match param.place {
            Place::Query => ("?", " | null | undefined"),
            Place::Path if operation.in_sdk122 => ("", " | null"),
            Place::Path => ("", ""),
        };
        say(out, format_args!("  {}{mark}: {value}{or};\n", key(&param.name)));
    }
    let body = operation.body.as_deref().and_then(|key| index.messages.get(key));
    if let (Some(field), Some(body)) = (naming::body_field(index.api, operation), body) {
        say(out, format_args!("  {field}?: shared.{} | null | undefined;\n", naming::input_type(body)));
    }
    *out += "};\n";
}

/// The types of the request and of the answer.
struct Signature {
    request: Option<(String, bool)>,
    response: String,
    item: Option<String>,
}

fn signature(index: &Index<'_>, operation: &Operation) -> Signature {
    let request = naming::request_type(index.api, operation).map(|request| {
        let namespace = if request.namespace == Namespace::Shared { "shared" } else { "operations" };
        (format!("Sendable<{namespace}.{}>", request.name), request.optional)
    });
    let response = format!("operations.{}", naming::response_type(operation));
    Signature { request, response, item: classes::item_type(index, operation) }
}

fn groups(index: &Index<'_>) -> String {
    let mut out = String::from(
        "import type { Sendable } from \"../../compat/func.js\";\n\
         import type { Pages } from \"../../compat/paging.js\";\n\
         import type { RequestOptions } from \"../../compat/options.js\";\n\
         import type * as shared from \"./models.js\";\n\
         import type * as operations from \"./operations.js\";\n",
    );
    let groups = classes::groups(index.api);
    for operations in &groups {
        let Some((_, first)) = operations.first() else { continue };
        say(&mut out, format_args!("\nexport interface {} {{\n", naming::class(first)));
        for (_, operation) in operations {
            let Signature { request, response, item } = signature(index, operation);
            let argument = request.map_or_else(String::new, |(name, optional)| {
                if optional { format!("request?: {name} | undefined, ") } else { format!("request: {name}, ") }
            });
            let name = naming::method(operation);
            let returns =
                item.map_or_else(|| format!("Promise<{response}>"), |item| format!("Pages<{response}, {item}>"));
            say(&mut out, format_args!("  /** `{} {}` */\n", operation.method.as_str(), operation.path));
            if options_only(operation) {
                say(&mut out, format_args!("  {name}(options?: RequestOptions): {returns};\n"));
            }
            say(&mut out, format_args!("  {name}({argument}options?: RequestOptions): {returns};\n"));
        }
        out += "}\n";
    }
    out += "\n/** The groups of operations. */\nexport interface Groups {\n";
    for operations in &groups {
        let Some((_, first)) = operations.first() else { continue };
        say(&mut out, format_args!("  readonly {}: {};\n", naming::property(first), naming::class(first)));
    }
    out += "}\n";
    out
}

fn functions(index: &Index<'_>) -> String {
    let mut out = String::from(
        "import { bare, func, type Func, type FuncOf, type OptionalFunc, type PagesFunc, type Sendable } from \"../../compat/func.js\";\n\
         import type * as shared from \"./models.js\";\n\
         import type * as operations from \"./operations.js\";\n\n",
    );
    for (number, operation) in index.api.operations.iter().enumerate() {
        let Signature { request, response, item } = signature(index, operation);
        let make = if request.is_some() { "func" } else { "bare" };
        let of = match (request, item) {
            (None, None) => format!("Func<{response}>"),
            (Some((request, true)), None) => format!("OptionalFunc<{request}, {response}>"),
            (Some((request, false)), None) => format!("FuncOf<{request}, {response}>"),
            (Some((request, optional)), Some(_)) => {
                let request = if optional {
                    format!("[request?: {request} | undefined]")
                } else {
                    format!("[request: {request}]")
                };
                format!("PagesFunc<{request}, {response}>")
            }
            (None, Some(_)) => format!("PagesFunc<[], {response}>"),
        };
        let of = if options_only(operation) { format!("PagesFunc<[], {response}> & {of}") } else { of };
        say(
            &mut out,
            format_args!("export const {}: {of} = /* @__PURE__ */ {make}({number});\n", naming::function(operation)),
        );
    }
    out
}

/// Returns whether release 1.2.2 has the operation without a request, because all its request fields were added later.
fn options_only(operation: &Operation) -> bool {
    let all_added = !operation.params.is_empty() && operation.params.iter().all(|param| param.added);
    operation.in_sdk122 && operation.body.is_none() && all_added
}

fn facts(api: &Api) -> String {
    let numbers = api.operations.iter().enumerate().filter(|(_, operation)| options_only(operation));
    let numbers: Vec<String> = numbers.map(|(number, _)| number.to_string()).collect();
    format!(
        "/** The operations that took no request in release 1.2.2 and now take one. */\n\
         export const OPTIONS_ONLY: ReadonlySet<number> = new Set([{}]);\n",
        numbers.join(", ")
    )
}

/// Writes functions that read and write the JSON of a type, for the types for which release 1.2.2 has them: reading for
/// received types, writing for sent ones, and both for types that no operation leads to. A message is identified by its
/// number in the table.
fn json(index: &Index<'_>, numbers: &HashMap<String, usize>) -> String {
    let reached = Reached::of(index);
    let mut readers = BTreeMap::new();
    let mut writers = BTreeMap::new();
    for message in &index.api.messages {
        let key = message.key.as_str();
        let Some(number) = numbers.get(key) else { continue };
        let (received, sent, alone) =
            (reached.received.contains(key), reached.sent.contains(key), reached.alone.contains(key));
        let mut reader = |name: &str| readers.insert(name.to_owned(), format!("fromJSON({number})"));
        let mut writer = |name: &str| writers.insert(name.to_owned(), format!("toJSON({number})"));
        if received || alone {
            reader(&message.name);
        }
        // Release 1.2.2 lacks some of the current input twins, and writes those messages by their own names.
        if sent || alone {
            writer(&message.name);
        }
        if sent {
            writer(naming::input_type(message));
        }
        // The inline types.
        for field in &message.fields {
            let (Some(name), Some(kind)) = (&field.type_name, in_place(&field.kind)) else { continue };
            if received || alone {
                readers.insert(name.clone(), format!("{kind}FromJSON()"));
            }
            if sent && !field.read_only || alone {
                writers.insert(name.clone(), format!("{kind}ToJSON()"));
            }
        }
    }
    let mut out = String::from(
        "import {\n  \
           anyFromJSON, anyToJSON, emptyFromJSON, emptyToJSON, fromJSON, toJSON, type FromJSON, type ToJSON,\n\
         } from \"../../compat/json.js\";\n\
         import type * as shared from \"./models.js\";\n\n",
    );
    for (of, functions) in [("FromJSON", readers), ("ToJSON", writers)] {
        for (name, make) in functions {
            let function = naming::camel(&name);
            say(&mut out, format_args!("export const {function}{of}: {of}<shared.{name}> = /* @__PURE__ */ {make};\n"));
        }
    }
    out
}

fn in_place(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Any => Some("any"),
        Kind::Empty => Some("empty"),
        _ => None,
    }
}

/// The keys of the messages that the operations of release 1.2.2 receive and send, and of those that no operation leads
/// to.
struct Reached<'a> {
    received: HashSet<&'a str>,
    sent: HashSet<&'a str>,
    alone: HashSet<&'a str>,
}

impl<'a> Reached<'a> {
    fn of(index: &Index<'a>) -> Self {
        let (mut received, mut sent, mut known) = (HashSet::new(), HashSet::new(), HashSet::new());
        for operation in &index.api.operations {
            for (key, side) in [(operation.body.as_ref(), Side::Input), (Some(&operation.response), Side::Output)] {
                let Some(key) = key else { continue };
                types::reach(index, key, Side::Output, &mut known);
                if operation.in_sdk122 {
                    let seen = if side == Side::Input { &mut sent } else { &mut received };
                    types::reach(index, key, side, seen);
                }
            }
        }
        let mut alone = HashSet::new();
        for message in index.api.messages.iter().filter(|message| !known.contains(message.key.as_str())) {
            types::reach(index, &message.key, Side::Output, &mut alone);
        }
        Self { received, sent, alone }
    }
}

fn say(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {

    use super::*;
    use keyturn_api::text::parse;

    const IDL: &str = "\
api t

op t.Get Thing.Get GET /things/{id} -> t.Answer read 1.2.2
  path id id string

op t.List Thing.List GET /things -> t.Answer read page=query,pageToken,nextPageToken,list 1.2.2
  query page_token pageToken string added

op t.Set Thing.Set POST /things/{id} body=t.NewSet -> t.Other write 1.2.2 names-1.2.2 body-1.2.2=OldSet
  path id id string

op t.New Thing.New POST /new -> t.OldSet secret

message t.Answer Answer
  thing msg:t.Thing? 1.2.2=theThing
  list list<string>?
  nextPageToken string

message t.Thing Thing input=ThingInput
  id string read-only
  at date? read-only
  left string gone

message t.NewSet NewSet
  thing msg:t.Thing?

message t.Other Other
  text string

message t.OldSet OldSet
  text string
";

    fn made(name: &str) -> String {
        let api = parse(IDL).unwrap();
        let (_, text) =
            files(&api).unwrap().into_iter().find(|(file, _)| *file == format!("compat/{name}.ts")).unwrap();
        text
    }

    #[test]
    fn types_have_the_names_and_fields_of_then() {
        let models = made("models");
        for text in [
            "export type Answer = {\n  theThing?: shared.Thing | null | undefined;\n",
            "export type Thing = {\n  id?: string | undefined;\n  at?: Date | null | undefined;\n  left?: string | undefined;\n};\n",
            "export type ThingInput = {\n  at?: Date | null | undefined;\n  left?: string | null | undefined;\n};\n",
            "export type OldSet = {\n  thing?: shared.ThingInput | null | undefined;\n};\n",
            // The type that has the name today is renamed.
            "export type OldSet1 = {\n  text?: string | undefined;\n};\n",
        ] {
            assert!(models.contains(text), "missing: {text}\n{models}");
        }
        assert!(!models.contains("type Other"), "what is the same is re-exported\n{models}");
        let operations = made("operations");
        for text in [
            "export type TGetRequest = {\n  id: string | null;\n};\n",
            "export type TSetRequest = {\n  id: string | null;\n  oldSet?: shared.OldSet | null | undefined;\n};\n",
            "export type TNewResponse = Envelope & {\n  oldSet?: shared.OldSet1 | undefined;\n};\n",
        ] {
            assert!(operations.contains(text), "missing: {text}\n{operations}");
        }
    }

    #[test]
    fn methods_and_functions_take_what_they_took_then() {
        let groups = made("groups");
        for text in [
            "  get(request: Sendable<operations.TGetRequest>, options?: RequestOptions): Promise<operations.TGetResponse>;\n",
            "  list(options?: RequestOptions): Pages<operations.TListResponse, string>;\n",
            "  list(request?: Sendable<operations.TListRequest> | undefined, options?: RequestOptions): Pages<",
            "  new(options?: RequestOptions): Promise<operations.TNewResponse>;\n",
            "  readonly thing: Thing;\n",
        ] {
            assert!(groups.contains(text), "missing: {text}\n{groups}");
        }
        let functions = made("funcs");
        for text in [
            "export const thingGet: FuncOf<Sendable<operations.TGetRequest>, operations.TGetResponse> = /* @__PURE__ */ func(0);\n",
            "export const thingNew: Func<operations.TNewResponse> = /* @__PURE__ */ bare(3);\n",
        ] {
            assert!(functions.contains(text), "missing: {text}\n{functions}");
        }
        assert!(made("facts").contains("new Set([1])"));
    }

    #[test]
    fn only_messages_of_then_are_read_and_written_alone() {
        let json = made("json");
        for text in ["thingFromJSON", "thingInputToJSON", "oldSetToJSON", "answerFromJSON"] {
            assert!(json.contains(&format!("export const {text}: ")), "missing: {text}\n{json}");
        }
        for text in ["oldSet1", "answerToJSON"] {
            assert!(!json.contains(text), "{text}\n{json}");
        }
    }
}
