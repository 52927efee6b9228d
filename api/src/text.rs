//! The text form of an API: the `*.idl` files beside this crate's manifest.
//!
//! It is meant for reviews and line-by-line comparison, so it holds one fact per line and nothing that could be
//! derived:
//!
//! ```text
//! api c1
//!
//! op c1.api.app.v1.AppService.List Apps.List GET /api/v1/apps -> c1.api.app.v1.ListAppsResponse read page=query,pageToken,nextPageToken,list
//!   query page_size pageSize int32
//!
//! message c1.api.app.v1.App App input=AppInput
//!   createdAt date? read-only
//!   userIds list<string>?
//!   grantPolicy msg:c1.api.policy.v1.Policy?
//!   status enum:AppStatus
//!
//! enum AppStatus
//!   APP_STATUS_ACTIVE
//! ```
//!
//! A JSON:API has resources instead of messages, and its operations name them:
//!
//! ```text
//! api commercelayer version=1.0.15
//!
//! op api_credentials.list api_credentials.list GET /api/api_credentials -> api_credentials[] read
//!
//! resource api_credentials ApiCredential
//!   name string create! update filter
//!   expires_in int32? create update filter range=7200,31536000
//!   client_secret string secret
//!   organization -> organizations create!
//!   role -> roles create update
//! ```
//!
//! The kind of an attribute, or the target of a relationship (`roles[]` for any number), is followed by the requests in
//! which a client may send it: `create`, `create!` if it must, `update`. Without any of these, only the server sets it.
//! A `trigger` is never returned.
//!
//! A line is a list of words separated by spaces; a `#` starts a comment line. Characters that would be mistaken for
//! syntax are written as `%` and their hexadecimal code, an empty word as `%`. [`parse`] is the exact inverse of
//! [`print()`].

use std::fmt::{self, Write as _};

use crate::model::{
    Api, Attribute, Effect, Enum, Field, Kind, Message, Method, Operation, OperationNames122, Paging, Param, Place,
    Relationship, Resource, Settable, Shape,
};

/// The reason why a text is not an IDL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Line number, counted from one.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Writes an API as text.
#[must_use]
pub fn print(api: &Api) -> String {
    let mut out = format!("api {}", word(&api.name));
    attribute(&mut out, "version", api.version.as_deref());
    out.push('\n');
    for operation in &api.operations {
        out.push('\n');
        print_operation(&mut out, operation);
    }
    for message in &api.messages {
        out.push('\n');
        print_message(&mut out, message);
    }
    for item in &api.enums {
        out.push('\n');
        line(&mut out, format_args!("enum {}", word(&item.name)));
        attribute(&mut out, "1.2.2", item.sdk122.as_deref());
        out.push('\n');
        for value in &item.values {
            line(&mut out, format_args!("  {}\n", word(value)));
        }
    }
    for resource in &api.resources {
        out.push('\n');
        print_resource(&mut out, resource);
    }
    out
}

fn print_operation(out: &mut String, operation: &Operation) {
    line(
        out,
        format_args!(
            "op {} {}.{} {} {}",
            word(&operation.id),
            word(&operation.group).replace('.', "%2e"),
            word(&operation.name),
            operation.method.as_str(),
            word(&operation.path)
        ),
    );
    attribute(out, "body", operation.body.as_deref());
    line(out, format_args!(" -> {}", word(&operation.response)));
    flag(out, operation.effect.as_str(), true);
    if let Some(paging) = &operation.paging {
        let place = if paging.in_query { "query" } else { "body" };
        let names = [&paging.token_in, &paging.token_out, &paging.items].map(|name| word(name));
        line(out, format_args!(" page={place},{}", names.join(",")));
        flag(out, "iterator-1.2.2", paging.sdk122);
    }
    flag(out, "deprecated", operation.deprecated);
    if !operation.stability.is_empty() {
        attribute(out, "stability", Some(&operation.stability));
    }
    flag(out, "1.2.2", operation.in_sdk122);
    if let Some(names) = &operation.sdk122 {
        flag(out, "names-1.2.2", true);
        attribute(out, "body-1.2.2", names.body.as_deref());
        attribute(out, "response-1.2.2", names.response.as_deref());
    }
    out.push('\n');
    for param in &operation.params {
        line(
            out,
            format_args!(
                "  {} {} {} {}",
                param.place.as_str(),
                word(&param.wire),
                word(&param.name),
                kind_text(&param.kind)
            ),
        );
        flag(out, "added", param.added);
        out.push('\n');
    }
}

fn print_message(out: &mut String, message: &Message) {
    line(out, format_args!("message {} {}", word(&message.key), word(&message.name)));
    attribute(out, "input", message.input_name.as_deref());
    out.push('\n');
    for field in &message.fields {
        line(out, format_args!("  {} {}{}", word(&field.wire), field_type(field), field_flags(field)));
        attribute(out, "type", field.type_name.as_deref());
        if field.name != field.wire {
            attribute(out, "name", Some(&field.name));
        }
        attribute(out, "1.2.2", field.sdk122.as_deref());
        out.push('\n');
    }
}

fn print_resource(out: &mut String, resource: &Resource) {
    line(out, format_args!("resource {} {}", word(&resource.key), word(&resource.name)));
    flag(out, "singleton", resource.singleton);
    out.push('\n');
    for attribute in &resource.attributes {
        line(out, format_args!("  {} {}\n", word(&attribute.name), attribute_facts(attribute)));
    }
    for relationship in &resource.relationships {
        line(out, format_args!("  {} {}\n", word(&relationship.name), relationship_facts(relationship)));
    }
}

/// Returns what the IDL writes after the name of an attribute.
#[must_use]
pub fn attribute_facts(attribute: &Attribute) -> String {
    let mut out = kind_text(&attribute.kind);
    out.push_str(if attribute.nullable { "?" } else { "" });
    set_flags(&mut out, attribute.set);
    flag(&mut out, "trigger", attribute.trigger);
    flag(&mut out, "secret", attribute.secret);
    flag(&mut out, "sort", attribute.sortable);
    flag(&mut out, "filter", attribute.filterable);
    if let Some((least, greatest)) = attribute.range {
        line(&mut out, format_args!(" range={least},{greatest}"));
    }
    out
}

/// Returns what the IDL writes after the name of a relationship.
#[must_use]
pub fn relationship_facts(relationship: &Relationship) -> String {
    let mut out = format!("-> {}", word(&relationship.target).replace('[', "%5b"));
    out.push_str(if relationship.many { "[]" } else { "" });
    set_flags(&mut out, relationship.set);
    out
}

fn set_flags(out: &mut String, set: Settable) {
    flag(out, if set.required { "create!" } else { "create" }, set.create || set.required);
    flag(out, "update", set.update);
}

/// Returns the type of a field in the syntax of the IDL, such as `list<string>?`.
#[must_use]
pub fn field_type(field: &Field) -> String {
    let kind = kind_text(&field.kind);
    let null = if field.nullable { "?" } else { "" };
    match field.shape {
        Shape::One => format!("{kind}{null}"),
        Shape::List => format!("list<{kind}>{null}"),
        Shape::Map => format!("map<{kind}>{null}"),
    }
}

/// Returns the flags of a field in the syntax of the IDL, each preceded by a space.
#[must_use]
pub fn field_flags(field: &Field) -> String {
    let mut out = String::new();
    flag(&mut out, "read-only", field.read_only);
    flag(&mut out, "required", field.required);
    flag(&mut out, "deprecated", field.deprecated);
    flag(&mut out, "secret", field.secret);
    flag(&mut out, "gone", field.gone);
    if let Some(group) = field.oneof {
        line(&mut out, format_args!(" oneof={group}"));
    }
    out
}

fn line(out: &mut String, text: fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

fn flag(out: &mut String, name: &str, set: bool) {
    if set {
        out.push(' ');
        out.push_str(name);
    }
}

fn attribute(out: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        line(out, format_args!(" {name}={}", word(value)));
    }
}

fn kind_text(kind: &Kind) -> String {
    match kind {
        Kind::Enum(name) => format!("enum:{}", word(name)),
        Kind::Message(key) => format!("msg:{}", word(key)),
        plain => PLAIN_KINDS
            .iter()
            .find(|(_, candidate)| candidate == plain)
            .map_or_else(String::new, |(name, _)| (*name).to_owned()),
    }
}

const PLAIN_KINDS: [(&str, Kind); 14] = [
    ("string", Kind::String),
    ("bool", Kind::Bool),
    ("int32", Kind::Int32),
    ("uint32", Kind::Uint32),
    ("int64", Kind::Int64),
    ("uint64", Kind::Uint64),
    ("double", Kind::Double),
    ("date", Kind::Date),
    ("duration", Kind::Duration),
    ("bytes", Kind::Bytes),
    ("any", Kind::Any),
    ("struct", Kind::Struct),
    ("value", Kind::Value),
    ("empty", Kind::Empty),
];

const METHODS: [(&str, Method); 5] = [
    ("GET", Method::Get),
    ("POST", Method::Post),
    ("PUT", Method::Put),
    ("PATCH", Method::Patch),
    ("DELETE", Method::Delete),
];

const EFFECTS: [(&str, Effect); 3] = [("read", Effect::Read), ("write", Effect::Write), ("secret", Effect::Secret)];

const PLACES: [(&str, Place); 2] = [("path", Place::Path), ("query", Place::Query)];

fn name_of<T: PartialEq>(names: &'static [(&'static str, T)], value: &T) -> &'static str {
    names.iter().find(|(_, candidate)| candidate == value).map_or("", |(name, _)| name)
}

fn value_of<T: Clone>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|(candidate, _)| *candidate == name).map(|(_, value)| value.clone())
}

impl Method {
    /// Returns the method as HTTP spells it, such as `GET`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        name_of(&METHODS, &self)
    }

    /// Returns the method that HTTP spells `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        value_of(&METHODS, name)
    }
}

impl Effect {
    /// Returns the effect in the syntax of the IDL: `read`, `write` or `secret`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        name_of(&EFFECTS, &self)
    }
}

impl Place {
    /// Returns the place in the syntax of the IDL: `path` or `query`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        name_of(&PLACES, &self)
    }
}

/// Writes one word of a line, with everything escaped that could be taken for syntax.
fn word(text: &str) -> String {
    if text.is_empty() {
        return "%".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || "%#,<>?".contains(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                line(&mut out, format_args!("%{byte:02x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn unescape(word: &str) -> Result<String, String> {
    if !word.contains('%') {
        return Ok(word.to_owned());
    }
    if word == "%" {
        return Ok(String::new());
    }
    let mut bytes = Vec::with_capacity(word.len());
    let mut parts = word.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let escape = part.split_at_checked(2).and_then(|(hex, rest)| Some((u8::from_str_radix(hex, 16).ok()?, rest)));
        let Some((byte, rest)) = escape else {
            return Err(format!("bad escape in `{word}`"));
        };
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| format!("bad escape in `{word}`"))
}

/// Reads an API from its text.
///
/// # Errors
/// Returns the first line that is not understood, with its number.
pub fn parse(text: &str) -> Result<Api, ParseError> {
    let mut api = Api::default();
    let mut section = Section::Start;
    for (index, raw) in text.lines().enumerate() {
        let trimmed = raw.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let words = Words(trimmed.split_ascii_whitespace());
        let indented = trimmed.len() < raw.len();
        parse_line(&mut api, &mut section, words, indented)
            .map_err(|message| ParseError { line: index + 1, message })?;
    }
    match section {
        Section::Start => Err(ParseError { line: 1, message: "`api NAME` is missing".to_owned() }),
        _ => Ok(api),
    }
}

#[derive(Clone, Copy)]
enum Section {
    Start,
    Api,
    Operation,
    Message,
    Enum,
    Resource,
}

fn parse_line(api: &mut Api, section: &mut Section, mut words: Words<'_>, indented: bool) -> Result<(), String> {
    if !indented {
        let keyword = words.raw("a keyword")?;
        *section = match (keyword, *section) {
            ("api", Section::Start) => {
                api.name = words.text("the API's name")?;
                for word in words.0 {
                    match word.split_once('=') {
                        Some(("version", value)) => api.version = Some(unescape(value)?),
                        _ => return Err(unknown(word)),
                    }
                }
                Section::Api
            }
            (_, Section::Start) => return Err("the first line must be `api NAME`".to_owned()),
            ("op", _) => {
                api.operations.push(parse_operation(words)?);
                Section::Operation
            }
            ("message", _) => {
                api.messages.push(parse_message(words)?);
                Section::Message
            }
            ("enum", _) => {
                api.enums.push(parse_enum(words)?);
                Section::Enum
            }
            ("resource", _) => {
                api.resources.push(parse_resource(words)?);
                Section::Resource
            }
            _ => return Err(format!("unknown keyword `{keyword}`")),
        };
        return Ok(());
    }
    match section {
        Section::Operation => {
            let param = parse_param(words)?;
            if let Some(operation) = api.operations.last_mut() {
                operation.params.push(param);
            }
        }
        Section::Message => {
            let field = parse_field(words)?;
            if let Some(message) = api.messages.last_mut() {
                message.fields.push(field);
            }
        }
        Section::Enum => {
            let value = words.text("a value")?;
            words.end()?;
            if let Some(item) = api.enums.last_mut() {
                item.values.push(value);
            }
        }
        Section::Resource => {
            if let Some(resource) = api.resources.last_mut() {
                parse_part(resource, words)?;
            }
        }
        Section::Start | Section::Api => {
            return Err("an indented line belongs to nothing".to_owned());
        }
    }
    Ok(())
}

fn parse_operation(mut words: Words<'_>) -> Result<Operation, String> {
    let id = words.text("the operation's id")?;
    let (group, name) = words.raw("GROUP.NAME")?.split_once('.').ok_or("expected GROUP.NAME")?;
    let method = words.raw("the HTTP method")?;
    let mut operation = Operation {
        id,
        group: unescape(group)?,
        name: unescape(name)?,
        method: Method::from_name(method).ok_or_else(|| format!("unknown HTTP method `{method}`"))?,
        path: words.text("the path")?,
        params: Vec::new(),
        body: None,
        response: String::new(),
        effect: Effect::Write,
        paging: None,
        deprecated: false,
        stability: String::new(),
        sdk122: None,
        in_sdk122: false,
    };
    let mut word = words.raw("-> and the response")?;
    if let Some(body) = word.strip_prefix("body=") {
        operation.body = Some(unescape(body)?);
        word = words.raw("-> and the response")?;
    }
    if word != "->" {
        return Err(format!("expected `->`, found `{word}`"));
    }
    operation.response = words.text("the response")?;
    let effect = words.raw("the effect")?;
    operation.effect = value_of(&EFFECTS, effect).ok_or_else(|| format!("unknown effect `{effect}`"))?;
    let mut iterator = false;
    let mut names = None::<OperationNames122>;
    for word in words.0 {
        match word.split_once('=') {
            None => match word {
                "iterator-1.2.2" => iterator = true,
                "deprecated" => operation.deprecated = true,
                "1.2.2" => operation.in_sdk122 = true,
                "names-1.2.2" => names = Some(OperationNames122::default()),
                _ => return Err(unknown(word)),
            },
            Some(("page", value)) => operation.paging = Some(parse_paging(value)?),
            Some(("stability", value)) => operation.stability = unescape(value)?,
            Some(("body-1.2.2", value)) => {
                names.as_mut().ok_or_else(|| unknown(word))?.body = Some(unescape(value)?);
            }
            Some(("response-1.2.2", value)) => {
                names.as_mut().ok_or_else(|| unknown(word))?.response = Some(unescape(value)?);
            }
            Some(_) => return Err(unknown(word)),
        }
    }
    if iterator {
        let paging = operation.paging.as_mut();
        paging.ok_or("`iterator-1.2.2` without `page=`")?.sdk122 = true;
    }
    operation.sdk122 = names;
    Ok(operation)
}

fn parse_paging(value: &str) -> Result<Paging, String> {
    let mut parts = value.split(',');
    let (Some(place), Some(token_in), Some(token_out), Some(items), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("expected page=PLACE,TOKEN,NEXT,ITEMS".to_owned());
    };
    Ok(Paging {
        token_in: unescape(token_in)?,
        token_out: unescape(token_out)?,
        items: unescape(items)?,
        in_query: match place {
            "query" => true,
            "body" => false,
            _ => return Err(format!("unknown place `{place}`")),
        },
        sdk122: false,
    })
}

fn parse_param(mut words: Words<'_>) -> Result<Param, String> {
    let place = words.raw("`path` or `query`")?;
    let mut param = Param {
        place: value_of(&PLACES, place).ok_or_else(|| format!("unknown place `{place}`"))?,
        wire: words.text("the wire name")?,
        name: words.text("the name")?,
        kind: parse_kind(words.raw("the kind")?)?,
        added: false,
    };
    for word in words.0 {
        match word {
            "added" => param.added = true,
            _ => return Err(unknown(word)),
        }
    }
    Ok(param)
}

fn parse_message(mut words: Words<'_>) -> Result<Message, String> {
    let mut message = Message {
        key: words.text("the message's key")?,
        name: words.text("the message's name")?,
        input_name: None,
        fields: Vec::new(),
    };
    for word in words.0 {
        match word.split_once('=') {
            Some(("input", value)) => message.input_name = Some(unescape(value)?),
            _ => return Err(unknown(word)),
        }
    }
    Ok(message)
}

/// Parses the words that describe a field on its line of the IDL.
///
/// # Errors
/// Names the first word that is not understood.
pub fn field(words: &str) -> Result<Field, String> {
    parse_field(Words(words.split_ascii_whitespace()))
}

fn parse_field(mut words: Words<'_>) -> Result<Field, String> {
    let wire = words.text("the field's name")?;
    let declared = words.raw("the kind")?;
    let (kind, nullable) = match declared.strip_suffix('?') {
        Some(kind) => (kind, true),
        None => (declared, false),
    };
    let inner = |prefix| kind.strip_prefix(prefix).and_then(|rest: &str| rest.strip_suffix('>'));
    let (kind, shape) = match (inner("list<"), inner("map<")) {
        (Some(kind), _) => (kind, Shape::List),
        (_, Some(kind)) => (kind, Shape::Map),
        _ => (kind, Shape::One),
    };
    let mut field = Field {
        name: wire.clone(),
        wire,
        sdk122: None,
        kind: parse_kind(kind)?,
        type_name: None,
        shape,
        nullable,
        read_only: false,
        required: false,
        deprecated: false,
        secret: false,
        oneof: None,
        gone: false,
    };
    for word in words.0 {
        match word.split_once('=') {
            None => match word {
                "read-only" => field.read_only = true,
                "required" => field.required = true,
                "deprecated" => field.deprecated = true,
                "secret" => field.secret = true,
                "gone" => field.gone = true,
                _ => return Err(unknown(word)),
            },
            Some(("oneof", value)) => {
                let group = value.parse().map_err(|_| unknown(word))?;
                field.oneof = Some(group);
            }
            Some(("type", value)) => field.type_name = Some(unescape(value)?),
            Some(("name", value)) => field.name = unescape(value)?,
            Some(("1.2.2", value)) => field.sdk122 = Some(unescape(value)?),
            Some(_) => return Err(unknown(word)),
        }
    }
    Ok(field)
}

fn parse_enum(mut words: Words<'_>) -> Result<Enum, String> {
    let mut item = Enum { name: words.text("the enum's name")?, sdk122: None, values: Vec::new() };
    for word in words.0 {
        match word.split_once('=') {
            Some(("1.2.2", value)) => item.sdk122 = Some(unescape(value)?),
            _ => return Err(unknown(word)),
        }
    }
    Ok(item)
}

fn parse_resource(mut words: Words<'_>) -> Result<Resource, String> {
    let mut resource = Resource {
        key: words.text("the resource's type")?,
        name: words.text("the resource's name")?,
        singleton: false,
        attributes: Vec::new(),
        relationships: Vec::new(),
    };
    for word in words.0 {
        match word {
            "singleton" => resource.singleton = true,
            _ => return Err(unknown(word)),
        }
    }
    Ok(resource)
}

/// Parses an attribute or, with `->` after its name, a relationship.
fn parse_part(resource: &mut Resource, mut words: Words<'_>) -> Result<(), String> {
    let name = words.text("the attribute's name")?;
    let declared = words.raw("the kind")?;
    if declared == "->" {
        let target = words.raw("the target")?;
        let (target, many) = target.strip_suffix("[]").map_or((target, false), |target| (target, true));
        let mut relationship = Relationship { name, target: unescape(target)?, many, set: Settable::default() };
        for word in words.0 {
            set_word(&mut relationship.set, word)?;
        }
        resource.relationships.push(relationship);
        return Ok(());
    }
    let (kind, nullable) = declared.strip_suffix('?').map_or((declared, false), |kind| (kind, true));
    let mut attribute = Attribute::new(name, parse_kind(kind)?, nullable);
    for word in words.0 {
        match (word, word.split_once('=')) {
            ("trigger", _) => attribute.trigger = true,
            ("secret", _) => attribute.secret = true,
            ("sort", _) => attribute.sortable = true,
            ("filter", _) => attribute.filterable = true,
            (_, Some(("range", value))) => attribute.range = Some(parse_range(value)?),
            _ => set_word(&mut attribute.set, word)?,
        }
    }
    resource.attributes.push(attribute);
    Ok(())
}

/// Parses `LEAST,GREATEST`.
///
/// # Errors
/// Fails if these are not two whole numbers.
pub fn parse_range(text: &str) -> Result<(i64, i64), String> {
    let ends = text.split_once(',').and_then(|(least, most)| Some((least.parse().ok()?, most.parse().ok()?)));
    ends.ok_or_else(|| format!("expected range=LEAST,GREATEST, found `{text}`"))
}

fn set_word(set: &mut Settable, word: &str) -> Result<(), String> {
    match word {
        "create" => set.create = true,
        "create!" => (set.create, set.required) = (true, true),
        "update" => set.update = true,
        _ => return Err(unknown(word)),
    }
    Ok(())
}

fn parse_kind(word: &str) -> Result<Kind, String> {
    match word.split_once(':') {
        Some(("enum", name)) => Ok(Kind::Enum(unescape(name)?)),
        Some(("msg", key)) => Ok(Kind::Message(unescape(key)?)),
        _ => value_of(&PLAIN_KINDS, word).ok_or_else(|| format!("unknown kind `{word}`")),
    }
}

fn unknown(word: &str) -> String {
    format!("unexpected `{word}`")
}

/// The words of one line.
struct Words<'a>(std::str::SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    fn raw(&mut self, what: &str) -> Result<&'a str, String> {
        self.0.next().ok_or_else(|| format!("{what} is missing"))
    }

    fn text(&mut self, what: &str) -> Result<String, String> {
        unescape(self.raw(what)?)
    }

    fn end(mut self) -> Result<(), String> {
        self.0.next().map_or(Ok(()), |word| Err(unknown(word)))
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    /// A small generator, so that the property test needs no dependency (xorshift64*).
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            let wide = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
            usize::try_from(wide).unwrap() % limit
        }

        fn yes(&mut self) -> bool {
            self.below(2) == 0
        }

        fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
            if self.yes() { Some(make(self)) } else { None }
        }

        fn many<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
            (0..self.below(4)).map(|_| make(self)).collect()
        }

        /// Returns arbitrary text with many characters of the syntax.
        fn text(&mut self) -> String {
            let alphabet: Vec<char> = "aZ9._-{}[]/=:%#,<>?!\n\t \u{85}\u{a0}\u{2028}é😀@".chars().collect();
            (0..self.below(7)).map(|_| alphabet[self.below(alphabet.len())]).collect()
        }

        fn kind(&mut self) -> Kind {
            match self.below(PLAIN_KINDS.len() + 2) {
                0 => Kind::Enum(self.text()),
                1 => Kind::Message(self.text()),
                n => PLAIN_KINDS[n - 2].1.clone(),
            }
        }

        fn operation(&mut self) -> Operation {
            Operation {
                id: self.text(),
                group: self.text(),
                name: self.text(),
                method: METHODS[self.below(5)].1,
                path: self.text(),
                params: self.many(|r| Param {
                    wire: r.text(),
                    name: r.text(),
                    place: PLACES[r.below(2)].1,
                    kind: r.kind(),
                    added: r.yes(),
                }),
                body: self.maybe(Self::text),
                response: self.text(),
                effect: EFFECTS[self.below(3)].1,
                paging: self.maybe(|r| Paging {
                    token_in: r.text(),
                    token_out: r.text(),
                    items: r.text(),
                    in_query: r.yes(),
                    sdk122: r.yes(),
                }),
                deprecated: self.yes(),
                stability: self.text(),
                sdk122: self.maybe(|r| OperationNames122 { body: r.maybe(Self::text), response: r.maybe(Self::text) }),
                in_sdk122: self.yes(),
            }
        }

        fn field(&mut self) -> Field {
            let wire = self.text();
            Field {
                name: if self.yes() { wire.clone() } else { self.text() },
                wire,
                sdk122: self.maybe(Self::text),
                kind: self.kind(),
                type_name: self.maybe(Self::text),
                shape: [Shape::One, Shape::List, Shape::Map][self.below(3)],
                nullable: self.yes(),
                read_only: self.yes(),
                required: self.yes(),
                deprecated: self.yes(),
                secret: self.yes(),
                oneof: self.maybe(|r| u8::try_from(r.below(256)).unwrap()),
                gone: self.yes(),
            }
        }

        fn api(&mut self) -> Api {
            Api {
                name: self.text(),
                version: self.maybe(Self::text),
                operations: self.many(Self::operation),
                messages: self.many(|r| Message {
                    key: r.text(),
                    name: r.text(),
                    input_name: r.maybe(Self::text),
                    fields: r.many(Self::field),
                }),
                enums: self.many(|r| Enum { name: r.text(), sdk122: r.maybe(Self::text), values: r.many(Self::text) }),
                resources: self.many(Self::resource),
            }
        }

        fn settable(&mut self) -> Settable {
            let create = self.yes();
            Settable { create, required: create && self.yes(), update: self.yes() }
        }

        fn resource(&mut self) -> Resource {
            Resource {
                key: self.text(),
                name: self.text(),
                singleton: self.yes(),
                attributes: self.many(|r| Attribute {
                    name: r.text(),
                    kind: r.kind(),
                    nullable: r.yes(),
                    set: r.settable(),
                    trigger: r.yes(),
                    secret: r.yes(),
                    sortable: r.yes(),
                    filterable: r.yes(),
                    range: r.maybe(|r| {
                        let ends = [i64::MIN, -1, 0, 7_200, i64::MAX];
                        (ends[r.below(5)], ends[r.below(5)])
                    }),
                }),
                relationships: self.many(|r| Relationship {
                    name: r.text(),
                    target: r.text(),
                    many: r.yes(),
                    set: r.settable(),
                }),
            }
        }
    }

    #[test]
    fn parse_inverts_print_for_any_api() {
        let mut random = Random(0x1234_5678_9abc_def1);
        for _ in 0..5_000 {
            let api = random.api();
            let text = print(&api);
            match parse(&text) {
                Ok(back) => assert_eq!(back, api, "{text}"),
                Err(error) => panic!("{error} in\n{text}"),
            }
        }
    }

    #[test]
    fn broken_text_is_refused_with_its_line() {
        let cases = [
            ("", 1),
            ("op a", 1),
            ("api c1\n  stray", 2),
            ("api c1\nfoo", 2),
            ("api c1\n\n# note\nenum", 4),
            ("api c1\nenum A\n  X Y", 3),
            ("api c1\nmessage k K\n  f strin", 3),
            ("api c1\nmessage k K\n  f string sekret", 3),
            ("api c1\nmessage k K\n  f list<string", 3),
            ("api c1\nmessage k K\n  f string oneof=256", 3),
            ("api c1\nmessage %zz K", 2),
            ("api c1\nmessage %é K", 2),
            ("api c1\nop i G.n GETS /p -> r read", 2),
            ("api c1\nop i Gn GET /p -> r read", 2),
            ("api c1\nop i G.n GET /p r read", 2),
            ("api c1\nop i G.n GET /p -> r", 2),
            ("api c1\nop i G.n GET /p -> r red", 2),
            ("api c1\nop i G.n GET /p -> r read page=query,a,b", 2),
            ("api c1\nop i G.n GET /p -> r read iterator-1.2.2", 2),
            ("api c1\nop i G.n GET /p -> r read body-1.2.2=x", 2),
            ("api c1\nop i G.n GET /p -> r read\n  header x x string", 3),
            ("api c1 1.0", 1),
            ("api c1\nresource r", 2),
            ("api c1\nresource r R only", 2),
            ("api c1\nresource r R\n  name", 3),
            ("api c1\nresource r R\n  name text", 3),
            ("api c1\nresource r R\n  name string created", 3),
            ("api c1\nresource r R\n  name string range=1", 3),
            ("api c1\nresource r R\n  name string range=1,x", 3),
            ("api c1\nresource r R\n  name ->", 3),
            ("api c1\nresource r R\n  name -> rs secret", 3),
        ];
        for (text, line) in cases {
            match parse(text) {
                Ok(_) => panic!("accepted {text:?}"),
                Err(error) => assert_eq!(error.line, line, "{text:?}: {error}"),
            }
        }
    }

    #[test]
    fn no_prefix_of_a_text_and_no_flipped_byte_panics() {
        let mut random = Random(7);
        let text = print(&random.api());
        for end in 0..text.len() {
            let _ = text.get(..end).map(parse);
            let mut bytes = text.clone().into_bytes();
            bytes[end] = b'%';
            let _ = String::from_utf8(bytes).map(|text| parse(&text));
        }
    }
}
