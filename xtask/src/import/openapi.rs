//! Reads the facts out of an OpenAPI document. Every construct is either understood or an error.
//!
//! The names of messages are still those of the document here, and every inline type (enumerations, objects) is named
//! by its site, `message#field`; [`super::names`] gives them names.

use std::collections::{HashMap, HashSet};

use keyturn_api::{
    model::{Api, Effect, Enum, Field, Kind, Message, Method, Operation, Param, Place, Shape},
    naming,
};

use super::document::{Document, Node, Object, Read};

/// The text before the list of a oneof's members in a message's description.
const ONEOF: &str = "This message contains a oneof named ";
const ONEOF_TAIL: &str = "Only a single field of the following list may be set at a time:";

/// Reads a document.
///
/// # Errors
/// Returns the first construct that is not understood, with its path and line.
pub fn read(name: &str, document: &Document<'_>) -> Read<Api> {
    let mut api = Api { name: name.to_owned(), ..Api::default() };
    let mut root = document.root().object()?;
    let version = root.need("openapi")?;
    if !version.text()?.starts_with("3.1.") {
        return Err(version.error("only OpenAPI 3.1 is known to the importer"));
    }
    root.ignore(&["info", "servers", "security"]);
    let mut components = root.need("components")?.object()?;
    components.ignore(&["securitySchemes"]);
    let schemas = components.need("schemas")?.entries()?;
    components.end()?;
    let keys: HashSet<&str> = schemas.iter().map(|(key, _)| *key).collect();
    let paths = root.need("paths")?.entries()?;
    root.end()?;

    let mut reader = Reader { keys, enums: Vec::new() };
    for (key, schema) in &schemas {
        api.messages.push(reader.message(key, schema)?);
    }
    let mut seen = HashMap::new();
    for (path, item) in paths {
        for (method, node) in item.entries()? {
            let operation = reader.operation(path, method, &node)?;
            let method = format!("{}.{}", operation.group, operation.name);
            for unique in [operation.id.clone(), method] {
                if let Some(other) = seen.insert(unique.clone(), operation.path.clone()) {
                    return Err(node.error(format!("`{unique}` is also the operation at {other}")));
                }
            }
            api.operations.push(operation);
        }
    }
    api.enums = reader.enums;
    Ok(api)
}

struct Reader<'a> {
    keys: HashSet<&'a str>,
    enums: Vec<Enum>,
}

/// The type of a value, and the other facts of its schema.
struct Type {
    kind: Kind,
    shape: Shape,
    nullable: bool,
    read_only: bool,
    deprecated: bool,
}

impl Type {
    fn of(kind: Kind) -> Self {
        Self { kind, shape: Shape::One, nullable: false, read_only: false, deprecated: false }
    }
}

impl Reader<'_> {
    fn message(&mut self, key: &str, node: &Node<'_>) -> Read<Message> {
        let mut schema = node.object()?;
        schema.need("type")?.exactly("object")?;
        let name = schema.need("x-speakeasy-name-override")?.text()?.to_owned();
        let description = schema.take("description");
        let properties = schema.take("properties");
        let required = schema.take("required");
        schema.ignore(&["title", "deprecated", "x-speakeasy-entity", "x-speakeasy-include"]);
        schema.end()?;

        let mut fields = Vec::new();
        for (wire, property) in properties.map_or_else(|| Ok(Vec::new()), |p| p.entries())? {
            fields.push(self.field(key, wire, &property)?);
        }
        if let Some(required) = required {
            for wire in required.texts()? {
                field_mut(&mut fields, wire, &required)?.required = true;
            }
        }
        if let Some(description) = description {
            for (group, members) in oneofs(&description)?.into_iter().enumerate() {
                for wire in members {
                    let number = u8::try_from(group).map_err(|_| description.error("too many oneofs"))?;
                    field_mut(&mut fields, wire, &description)?.oneof = Some(number);
                }
            }
        }
        Ok(Message { key: key.to_owned(), name, input_name: None, fields })
    }

    fn field(&mut self, message: &str, wire: &str, node: &Node<'_>) -> Read<Field> {
        let site = format!("{message}#{wire}");
        let found = self.value(&site, node)?;
        let inline = matches!(found.kind, Kind::Any | Kind::Empty | Kind::Value);
        Ok(Field {
            wire: wire.to_owned(),
            name: naming::camel(wire),
            sdk122: None,
            kind: found.kind,
            type_name: inline.then_some(site),
            shape: found.shape,
            nullable: found.nullable,
            read_only: found.read_only,
            required: false,
            deprecated: found.deprecated,
            secret: false,
            oneof: None,
            gone: false,
        })
    }

    /// Returns the type of a property or a parameter.
    fn value(&mut self, site: &str, node: &Node<'_>) -> Read<Type> {
        let mut schema = node.object()?;
        let read_only = schema.flag("readOnly")?;
        let deprecated = schema.flag("deprecated")?;
        schema.ignore(&["title", "description", "x-sunset", "x-speakeasy-terraform-plan-modifier"]);
        let mut found = if let Some(target) = schema.take("$ref") {
            Type::of(self.reference(&target)?)
        } else if let Some(choice) = schema.take("oneOf") {
            Type { nullable: true, ..Type::of(self.message_or_null(&choice)?) }
        } else {
            self.typed(site, &mut schema)?
        };
        schema.end()?;
        found.read_only = read_only;
        found.deprecated = deprecated;
        Ok(found)
    }

    /// Reads `oneOf: [$ref, null]`, the only kind of choice.
    fn message_or_null(&self, node: &Node<'_>) -> Read<Kind> {
        let choices = node.list()?;
        let [message, null] = choices.as_slice() else {
            return Err(node.error("expected a reference and null"));
        };
        let mut null = null.object()?;
        null.need("type")?.exactly("null")?;
        null.end()?;
        let mut message = message.object()?;
        let kind = self.reference(&message.need("$ref")?)?;
        message.end()?;
        Ok(kind)
    }

    fn typed(&mut self, site: &str, schema: &mut Object<'_>) -> Read<Type> {
        let type_node = schema.need("type")?;
        let (name, nullable) = if type_node.is_text() {
            (type_node.text()?, false)
        } else {
            match type_node.texts()?.as_slice() {
                [name, "null"] => (*name, true),
                ["string", "number", "object", "array", "boolean", "null"] => return Ok(Type::of(Kind::Value)),
                _ => return Err(type_node.error("this combination of types is not known to the importer")),
            }
        };
        let format = schema.take("format");
        let format_name = format.as_ref().map(Node::text).transpose()?;
        let mut shape = Shape::One;
        let kind = match (name, format_name) {
            ("string", None) => self.string(site, schema)?,
            ("string", Some("date-time")) => Kind::Date,
            ("string", Some("duration")) => Kind::Duration,
            ("string", Some("base64")) => Kind::Bytes,
            ("string", Some("int64")) => Kind::Int64,
            ("string", Some("uint64")) => Kind::Uint64,
            ("integer", Some("int32")) => Kind::Int32,
            ("integer", Some("uint32")) => Kind::Uint32,
            ("number", None) => Kind::Double,
            ("boolean", None) => Kind::Bool,
            ("array", None) => {
                shape = Shape::List;
                self.element(site, &schema.need("items")?)?
            }
            ("object", None) => self.object(site, schema, &mut shape)?,
            _ => {
                let described = format_name.map_or("no format".to_owned(), |format| format!("format `{format}`"));
                let place = format.unwrap_or(type_node);
                return Err(place.error(format!("type `{name}` with {described} is not known to the importer")));
            }
        };
        Ok(Type { shape, nullable, ..Type::of(kind) })
    }

    fn string(&mut self, site: &str, schema: &mut Object<'_>) -> Read<Kind> {
        let Some(values) = schema.take("enum") else {
            return Ok(Kind::String);
        };
        schema.need("x-speakeasy-unknown-values")?.exactly("allow")?;
        let values = values.texts()?.into_iter().map(str::to_owned).collect();
        self.enums.push(Enum { name: site.to_owned(), sdk122: None, values });
        Ok(Kind::Enum(site.to_owned()))
    }

    /// Reads an inline object: a map, a struct, a typed message of any kind, or an empty marker.
    fn object(&mut self, site: &str, schema: &mut Object<'_>, shape: &mut Shape) -> Read<Kind> {
        let properties = schema.take("properties");
        let additional = schema.take("additionalProperties");
        match (properties, additional) {
            (None, None) => Ok(Kind::Empty),
            (None, Some(additional)) if additional.is_true() => Ok(Kind::Struct),
            (None, Some(additional)) => {
                *shape = Shape::Map;
                self.element(site, &additional)
            }
            (Some(properties), Some(additional)) if additional.is_true() => {
                let mut properties = properties.object()?;
                let mut tag = properties.need("@type")?.object()?;
                properties.end()?;
                tag.need("type")?.exactly("string")?;
                tag.ignore(&["description"]);
                tag.end()?;
                Ok(Kind::Any)
            }
            (Some(_), _) => Err(schema.error("an object with fields written in place is not known to the importer")),
        }
    }

    /// Reads an element of a list or a map: one value that cannot be null.
    fn element(&mut self, site: &str, node: &Node<'_>) -> Read<Kind> {
        match self.value(site, node)? {
            Type { kind, shape: Shape::One, nullable: false, .. } => Ok(kind),
            _ => Err(node.error("nested lists and elements that can be null are not known to the importer")),
        }
    }

    fn reference(&self, node: &Node<'_>) -> Read<Kind> {
        let target = node.text()?;
        match target.strip_prefix("#/components/schemas/") {
            Some(key) if self.keys.contains(key) => Ok(Kind::Message(key.to_owned())),
            _ => Err(node.error(format!("`{target}` is not a schema of the document"))),
        }
    }

    fn operation(&mut self, path: &str, method: &str, node: &Node<'_>) -> Read<Operation> {
        let http = Method::from_name(&method.to_ascii_uppercase())
            .filter(|_| method.bytes().all(|b| b.is_ascii_lowercase()))
            .ok_or_else(|| node.error(format!("`{method}` is not known to the importer")))?;
        let mut object = node.object()?;
        object.ignore(&[
            "description",
            "summary",
            "tags",
            "x-speakeasy-entity-operation",
            "x-speakeasy-entity-missing-codes",
        ]);
        if let Some(pagination) = object.take("x-speakeasy-pagination") {
            check_pagination(&pagination)?;
        }
        let id = object.need("operationId")?.text()?.to_owned();
        let mut params = Vec::new();
        for param in object.take("parameters").map_or_else(|| Ok(Vec::new()), |p| p.list())? {
            params.push(self.param(&id, &param)?);
        }
        let body = match object.take("requestBody") {
            None => None,
            Some(body) => {
                let mut body = body.object()?;
                let key = self.content(&mut body)?;
                body.end()?;
                Some(key)
            }
        };
        let mut responses = object.need("responses")?.object()?;
        let mut response = responses.need("200")?.object()?;
        responses.end()?;
        let response_key = self.content(&mut response)?;
        response.ignore(&["description"]);
        response.end()?;

        let stability = object.take("x-stability-level");
        let stability_name = stability.as_ref().map(Node::text).transpose()?.unwrap_or_default();
        if let Some(stability) = stability
            && !["draft", "alpha", "beta", "stable"].contains(&stability_name)
        {
            return Err(stability.error(format!("stability `{stability_name}` is not known to the importer")));
        }
        let operation = Operation {
            id,
            group: object.need("x-speakeasy-group")?.text()?.to_owned(),
            name: object.need("x-speakeasy-name-override")?.text()?.to_owned(),
            method: http,
            path: path.to_owned(),
            params,
            body,
            response: response_key,
            effect: if http == Method::Get { Effect::Read } else { Effect::Write },
            paging: None,
            deprecated: object.flag("deprecated")?,
            stability: stability_name.to_owned(),
            sdk122: None,
            in_sdk122: false,
        };
        object.end()?;
        check_template(&operation, node)?;
        Ok(operation)
    }

    fn param(&mut self, operation: &str, node: &Node<'_>) -> Read<Param> {
        let mut object = node.object()?;
        let wire = object.need("name")?.text()?;
        let place = object.need("in")?;
        let place = match place.text()? {
            "path" => Place::Path,
            "query" => Place::Query,
            other => return Err(place.error(format!("a parameter in `{other}` is not known to the importer"))),
        };
        if object.flag("required")? != (place == Place::Path) {
            return Err(node.error("expected every path parameter and no query parameter to be required"));
        }
        let schema = object.need("schema")?;
        let found = self.value(&format!("{operation}#{wire}"), &schema)?;
        object.ignore(&["description"]);
        object.end()?;
        match found {
            Type { kind, shape: Shape::One, nullable: false, .. }
                if matches!(kind, Kind::String | Kind::Int32 | Kind::Int64 | Kind::Enum(_)) =>
            {
                Ok(Param { wire: wire.to_owned(), name: naming::camel(wire), place, kind, added: false })
            }
            _ => Err(schema.error("a parameter of this type is not known to the importer")),
        }
    }

    /// Returns the message of `content: {application/json: {schema: {$ref}}}`.
    fn content(&self, object: &mut Object<'_>) -> Read<String> {
        let mut content = object.need("content")?.object()?;
        let mut json = content.need("application/json")?.object()?;
        content.end()?;
        let mut schema = json.need("schema")?.object()?;
        json.end()?;
        let target = schema.need("$ref")?;
        schema.end()?;
        match self.reference(&target)? {
            Kind::Message(key) => Ok(key),
            _ => Err(target.error("expected a message")),
        }
    }
}

fn field_mut<'f>(fields: &'f mut [Field], wire: &str, node: &Node<'_>) -> Read<&'f mut Field> {
    fields.iter_mut().find(|field| field.wire == wire).ok_or_else(|| node.error(format!("there is no field `{wire}`")))
}

/// Returns the members of each oneof that the description of a message lists.
fn oneofs<'a>(description: &Node<'a>) -> Read<Vec<Vec<&'a str>>> {
    let mut groups = Vec::new();
    let mut lines = description.text()?.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((_, rest)) = line.split_once(ONEOF) else {
            continue;
        };
        if !rest.trim_end().ends_with(ONEOF_TAIL) {
            return Err(description.error("this wording of a oneof is not known to the importer"));
        }
        let mut members = Vec::new();
        while let Some(member) = lines.peek().and_then(|line| line.trim().strip_prefix("- ")) {
            members.push(member);
            lines.next();
        }
        if members.is_empty() {
            return Err(description.error("a oneof without members"));
        }
        groups.push(members);
    }
    Ok(groups)
}

/// Checks the only kind of declared pagination. Its facts follow from the names of the fields.
fn check_pagination(node: &Node<'_>) -> Read<()> {
    let mut object = node.object()?;
    object.need("type")?.exactly("cursor")?;
    let inputs = object.need("inputs")?;
    let inputs_list = inputs.list()?;
    let [input] = inputs_list.as_slice() else {
        return Err(inputs.error("expected one input"));
    };
    let mut input = input.object()?;
    input.need("in")?.exactly("requestBody")?;
    input.need("name")?.exactly("pageToken")?;
    input.need("type")?.exactly("cursor")?;
    input.end()?;
    let mut outputs = object.need("outputs")?.object()?;
    outputs.need("nextCursor")?.exactly("$.nextPageToken")?;
    outputs.end()?;
    object.end()
}

/// Checks that every `{name}` of the path is a whole segment and a path parameter, and vice versa.
fn check_template(operation: &Operation, node: &Node<'_>) -> Read<()> {
    let mut names: Vec<&str> = Vec::new();
    for segment in operation.path.split('/') {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => names.push(name),
            None if segment.contains(['{', '}']) => {
                return Err(node.error(format!("path segment `{segment}` is not known to the importer")));
            }
            None => {}
        }
    }
    let mut declared: Vec<&str> =
        operation.params.iter().filter(|param| param.place == Place::Path).map(|param| param.wire.as_str()).collect();
    names.sort_unstable();
    declared.sort_unstable();
    if names == declared {
        Ok(())
    } else {
        Err(node.error(format!("the path names {names:?}, the parameters are {declared:?}")))
    }
}
