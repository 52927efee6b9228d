//! Reads the facts out of the OpenAPI document of a JSON:API, whose schemas describe whole documents: for a resource
//! `thing` the schemas `thing` (everything that it holds), `thingCreate`, `thingUpdate`, `thingResponse` and
//! `thingResponseList`. Every construct is either understood or an error. Descriptions are not read.
//!
//! If the document contradicts itself, the better source is used: the type of a relationship comes from `thing` (in
//! `thingResponse` it is the singular), and its multiplicity from the tags of the path that follows it.

use std::collections::HashMap;

use keyturn_api::{
    model::{
        Api, Attribute, Effect, Enum, Field, Kind, Message, Method, Operation, Param, Place, Relationship, Resource,
        Settable, Shape,
    },
    naming::{pascal, snake},
};

use super::document::{Document, Node, Object, Read};

const MEDIA_TYPE: &str = "application/vnd.api+json";

/// Returns the title of a document.
///
/// # Errors
/// Fails if it has none.
pub fn title<'a>(document: &'a Document<'_>) -> Read<&'a str> {
    document.root().object()?.need("info")?.object()?.need("title")?.text()
}

/// Reads a document.
///
/// # Errors
/// Returns the first construct that is not understood, with its path and line.
pub fn read(name: &str, document: &Document<'_>) -> Read<Api> {
    let mut root = document.root().object()?;
    let version = root.need("openapi")?;
    if !version.text()?.starts_with("3.0.") {
        return Err(version.error("only OpenAPI 3.0 is known to the importer of a JSON:API"));
    }
    let version = root.need("info")?.object()?.need("version")?.text()?.to_owned();
    root.ignore(&["servers", "security", "tags"]);
    let mut components = root.need("components")?.object()?;
    components.ignore(&["securitySchemes"]);
    let schemas = components.need("schemas")?.entries()?;
    components.end()?;
    let paths = root.need("paths")?.entries()?;
    root.end()?;

    let mut api = Api { name: name.to_owned(), version: Some(version), ..Api::default() };
    let mut reader = Reader { schemas: schemas.iter().cloned().collect(), types: HashMap::new() };
    for (key, schema) in &schemas {
        if ["Create", "Update", "Response", "ResponseList"].iter().all(|suffix| !key.ends_with(suffix)) {
            let resource = reader.resource(&mut api.enums, key, schema)?;
            reader.types.insert(key, resource.key.clone());
            api.resources.push(resource);
        }
    }
    for (path, item) in paths {
        for (method, node) in item.entries()? {
            let operation = reader.operation(&mut api, path, method, &node)?;
            if api.operations.iter().any(|other| other.id == operation.id) {
                return Err(node.error(format!("there are two operations `{}`", operation.id)));
            }
            api.operations.push(operation);
        }
    }
    check_fetchers(&api, document)?;
    Ok(api)
}

struct Reader<'a> {
    schemas: HashMap<&'a str, Node<'a>>,
    /// The types of the resources by the names of their schemas.
    types: HashMap<&'a str, String>,
}

/// The parts of a document's schema.
struct Parts<'a> {
    key: String,
    attributes: Vec<(&'a str, Node<'a>)>,
    required_attributes: Vec<&'a str>,
    relationships: Vec<(&'a str, Node<'a>)>,
    required_relationships: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn resource(&self, enums: &mut Vec<Enum>, schema: &str, node: &Node<'a>) -> Read<Resource> {
        let name = pascal(schema);
        let parts = parts(node, &["type"])?;
        let mut resource =
            Resource { key: parts.key, name, singleton: false, attributes: Vec::new(), relationships: Vec::new() };
        for (attribute, node) in parts.attributes {
            let attribute = attribute_of(enums, &resource.name, attribute, &node)?;
            resource.attributes.push(attribute);
        }
        for (relationship, node) in parts.relationships {
            let target = target(&node)?.to_owned();
            let set = Settable::default();
            resource.relationships.push(Relationship { name: relationship.to_owned(), target, many: false, set });
        }
        if let Some(node) = self.schemas.get(format!("{schema}Create").as_str()) {
            self.settable(&mut resource, node, true)?;
        }
        if let Some(node) = self.schemas.get(format!("{schema}Update").as_str()) {
            self.settable(&mut resource, node, false)?;
        }
        self.check_response(&resource, schema)?;
        Ok(resource)
    }

    /// Records which members a create or an update may set.
    fn settable(&self, resource: &mut Resource, node: &Node<'a>, create: bool) -> Read<()> {
        let parts = parts(node, if create { &["type"] } else { &["type", "id"] })?;
        if parts.key != resource.key {
            return Err(node.error(format!("expected the type `{}`, found `{}`", resource.key, parts.key)));
        }
        let note = |set: &mut Settable, required: bool| {
            if create {
                (set.create, set.required) = (true, required);
            } else {
                set.update = true;
            }
        };
        for (name, node) in parts.attributes {
            let found = attribute_of(&mut Vec::new(), &resource.name, name, &node)?;
            let attributes = &mut resource.attributes;
            let known = match attributes.iter_mut().position(|attribute| attribute.name == name) {
                Some(index) => attributes.get_mut(index),
                None => {
                    attributes.push(Attribute { trigger: true, nullable: false, ..found.clone() });
                    attributes.last_mut()
                }
            };
            let Some(known) = known else { continue };
            // The schema of a create does not state which values may be null.
            if known.kind != found.kind || (!create && known.nullable != found.nullable) {
                return Err(node.error("this type differs from that of the resource"));
            }
            note(&mut known.set, parts.required_attributes.contains(&name));
        }
        for (name, node) in parts.relationships {
            let known = resource.relationships.iter_mut().find(|relationship| relationship.name == name);
            let known = known.ok_or_else(|| node.error("the resource has no such relationship"))?;
            if known.target != target(&node)? {
                return Err(node.error("this type differs from that of the resource"));
            }
            note(&mut known.set, parts.required_relationships.contains(&name));
        }
        Ok(())
    }

    /// Checks that an answer has the same content as the resource.
    fn check_response(&self, resource: &Resource, schema: &str) -> Read<()> {
        let key = format!("{schema}Response");
        let Some(node) = self.schemas.get(key.as_str()) else { return Ok(()) };
        let mut data = only(node, "data")?;
        data.need("type")?;
        data.ignore(&["id", "links"]);
        let attributes = data.need("attributes")?;
        let reference = format!("#/components/schemas/{schema}/properties/data/properties/attributes");
        attributes.object()?.need("$ref")?.exactly(&reference)?;
        let relationships = properties(&data.need("relationships")?)?;
        data.end()?;
        let names: Vec<&str> = relationships.iter().map(|(name, _)| *name).collect();
        let known: Vec<&str> = resource.relationships.iter().map(|relationship| relationship.name.as_str()).collect();
        if names != known {
            return Err(node.error(format!("the answer has the relationships {names:?}, the resource {known:?}")));
        }
        Ok(())
    }

    fn operation(&self, api: &mut Api, path: &str, method: &str, node: &Node<'a>) -> Read<Operation> {
        let http = Method::from_name(&method.to_ascii_uppercase())
            .ok_or_else(|| node.error(format!("`{method}` is not known to the importer")))?;
        let mut object = node.object()?;
        object.ignore(&["operationId", "summary", "description"]);
        let tags = object.need("tags")?.texts()?;
        let parameters = object.take("parameters").map_or_else(|| Ok(Vec::new()), |node| node.list())?;
        let request = object.take("requestBody");
        let response = Response::read(&object.need("responses")?)?;
        object.end()?;

        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (group, has_id, rest) = match segments.as_slice() {
            [group] => (*group, false, None),
            [group, id] if id.starts_with('{') => (*group, true, None),
            [group, id, rest] if id.starts_with('{') => (*group, true, Some(*rest)),
            _ => return Err(node.error("a path of this form is not known to the importer")),
        };
        if parameters.len() != usize::from(has_id) {
            return Err(node.error("expected a parameter for the id in the path, and no other"));
        }
        for parameter in &parameters {
            check_id(parameter, segments.get(1).copied().unwrap_or_default())?;
        }
        let singleton = tags.contains(&"singleton");
        let key = if singleton { self.type_of(&response, node)? } else { group };
        let Some(resource) = api.resources.iter_mut().find(|resource| resource.key == key) else {
            return Err(node.error(format!("there is no resource `{key}`")));
        };
        resource.singleton |= singleton;
        let one = || Some(key.to_owned());
        let (name, status, body, answer) = match (http, has_id || singleton, rest) {
            (Method::Get, false, None) => ("list", "200", None, Some(format!("{key}[]"))),
            (Method::Post, false, None) => ("create", "201", Some("create"), one()),
            (Method::Get, true, None) => ("retrieve", "200", None, one()),
            (Method::Patch, true, None) => ("update", "200", Some("update"), one()),
            (Method::Delete, true, None) => ("delete", "204", None, None),
            (Method::Get, true, Some(name)) => {
                let known = resource.relationships.iter_mut().find(|relationship| relationship.name == name);
                let known = known.ok_or_else(|| node.error("the resource has no such relationship"))?;
                known.many = match tags.as_slice() {
                    [_, "has_many"] => true,
                    [_, "has_one"] => false,
                    _ => return Err(node.error("expected the tag `has_many` or `has_one`")),
                };
                (name, "200", None, Some(format!("{}{}", known.target, if known.many { "[]" } else { "" })))
            }
            (Method::Post | Method::Patch, true, Some(name)) => (name, "202", Some(name), None),
            _ => return Err(node.error("a method of this kind is not known to the importer")),
        };
        if response.status != status {
            return Err(node.error(format!("expected the status {status}, found {}", response.status)));
        }
        // Relationships and actions do not state the type of their answer.
        if rest.is_none() {
            let said = response.schema.map(|schema| self.answer(schema, node)).transpose()?;
            if said != answer {
                return Err(node.error(format!("expected the answer {answer:?}, found {said:?}")));
            }
        }
        let body = match (body, request) {
            (None, None) => None,
            (Some(body), Some(request)) => {
                let body = format!("{key}.{body}");
                if rest.is_some() {
                    api.messages.push(action(&body, name, &request)?);
                } else {
                    self.check_body(&body, key, &request)?;
                }
                Some(body)
            }
            _ => return Err(node.error("a body is missing or unexpected")),
        };
        let id = || Param {
            wire: "id".to_owned(),
            name: "id".to_owned(),
            place: Place::Path,
            kind: Kind::String,
            added: false,
        };
        let mut own = vec![group];
        own.extend(has_id.then_some("{id}"));
        own.extend(rest);
        Ok(Operation {
            id: format!("{group}.{name}"),
            group: group.to_owned(),
            name: name.to_owned(),
            method: http,
            path: format!("/{}", own.join("/")),
            params: has_id.then(id).into_iter().collect(),
            body,
            response: answer.unwrap_or_else(|| "none".to_owned()),
            effect: if http == Method::Get { Effect::Read } else { Effect::Write },
            paging: None,
            deprecated: false,
            stability: String::new(),
            sdk122: None,
            in_sdk122: false,
        })
    }

    fn type_of(&self, response: &Response<'_>, node: &Node<'_>) -> Read<&str> {
        let schema = response.schema.and_then(|schema| schema.strip_suffix("Response"));
        let key = schema.and_then(|schema| self.types.get(schema));
        key.map(String::as_str).ok_or_else(|| node.error("the answer is not a resource"))
    }

    /// Returns the answer that a schema describes.
    fn answer(&self, schema: &str, node: &Node<'_>) -> Read<String> {
        let (schema, many) = match schema.strip_suffix("List") {
            Some(schema) => (schema, "[]"),
            None => (schema, ""),
        };
        let key = schema.strip_suffix("Response").and_then(|schema| self.types.get(schema));
        let key = key.ok_or_else(|| node.error(format!("`{schema}` is not an answer that the importer knows")))?;
        Ok(format!("{key}{many}"))
    }

    fn check_body(&self, body: &str, key: &str, request: &Node<'_>) -> Read<()> {
        let schema = content(&mut request.object()?.need("content")?.object()?)?;
        let schema = schema.ok_or_else(|| request.error("expected a schema"))?;
        let reference = schema.object()?.need("$ref")?;
        let kind = body.rsplit('.').next().unwrap_or_default();
        let found = reference.text()?.strip_prefix("#/components/schemas/").unwrap_or_default();
        let of = found.strip_suffix(&pascal(kind)).and_then(|schema| self.types.get(schema));
        if of.is_some_and(|of| of == key) { Ok(()) } else { Err(reference.error(format!("this is not {body}"))) }
    }
}

struct Response<'a> {
    status: &'a str,
    /// The name of the schema, if the document gives one.
    schema: Option<&'a str>,
}

impl<'a> Response<'a> {
    fn read(node: &Node<'a>) -> Read<Self> {
        let entries = node.entries()?;
        let [(status, response)] = entries.as_slice() else {
            return Err(node.error("expected one response"));
        };
        let mut response = response.object()?;
        response.ignore(&["description"]);
        let schema = match response.take("content") {
            Some(content_node) => content(&mut content_node.object()?)?,
            None => None,
        };
        response.end()?;
        let schema = match schema {
            Some(schema) => {
                let reference = schema.object()?.need("$ref")?;
                let name = reference.text()?.strip_prefix("#/components/schemas/");
                Some(name.ok_or_else(|| reference.error("this is not a schema of the document"))?)
            }
            None => None,
        };
        Ok(Self { status, schema })
    }
}

/// Returns the schema of `{application/vnd.api+json: {schema}}`.
fn content<'a>(content: &mut Object<'a>) -> Read<Option<Node<'a>>> {
    match content.take(MEDIA_TYPE) {
        Some(node) => Ok(node.object()?.take("schema")),
        None => Ok(None),
    }
}

/// Returns the attributes in the document of an action; none if the document does not describe it.
fn action(key: &str, name: &str, request: &Node<'_>) -> Read<Message> {
    let mut fields = Vec::new();
    if let Some(schema) = content(&mut request.object()?.need("content")?.object()?)? {
        for (name, node) in parts(&schema, &["type", "id"])?.attributes {
            let attribute = attribute_of(&mut Vec::new(), "", name, &node)?;
            fields.push(Field {
                wire: attribute.name.clone(),
                name: attribute.name,
                sdk122: None,
                kind: attribute.kind,
                type_name: None,
                shape: Shape::One,
                nullable: attribute.nullable,
                read_only: false,
                required: true,
                deprecated: false,
                secret: false,
                oneof: None,
                gone: false,
            });
        }
    }
    Ok(Message { key: key.to_owned(), name: pascal(name), input_name: None, fields })
}

/// Checks that a parameter is the id in the path.
fn check_id(node: &Node<'_>, segment: &str) -> Read<()> {
    let mut parameter = node.object()?;
    let name = parameter.need("name")?;
    parameter.need("in")?.exactly("path")?;
    parameter.need("schema")?.object()?.need("type")?.exactly("string")?;
    if !parameter.flag("required")? || segment != format!("{{{}}}", name.text()?) {
        return Err(name.error("expected the parameter of the path"));
    }
    parameter.ignore(&["description"]);
    parameter.end()
}

/// Returns the properties of `{type: object, properties}`, with or without `required`.
fn properties<'a>(node: &Node<'a>) -> Read<Vec<(&'a str, Node<'a>)>> {
    let mut schema = node.object()?;
    schema.need("type")?.exactly("object")?;
    schema.ignore(&["required"]);
    let properties = schema.take("properties").map_or_else(|| Ok(Vec::new()), |node| node.entries())?;
    schema.end()?;
    Ok(properties)
}

fn required<'a>(node: &Node<'a>) -> Read<Vec<&'a str>> {
    node.object()?.take("required").map_or_else(|| Ok(Vec::new()), |node| node.texts())
}

/// Returns the properties of the only property that an object has.
fn only<'a>(node: &Node<'a>, key: &str) -> Read<Object<'a>> {
    let entries = properties(node)?;
    let [(name, inner)] = entries.as_slice() else {
        return Err(node.error(format!("expected `{key}` alone")));
    };
    if *name != key {
        return Err(inner.error(format!("expected `{key}`")));
    }
    let mut schema = inner.object()?;
    schema.need("type")?.exactly("object")?;
    schema.need("properties")?.object()
}

fn parts<'a>(node: &Node<'a>, envelope: &[&str]) -> Read<Parts<'a>> {
    let mut data = only(node, "data")?;
    let type_node = data.need("type")?;
    let types = type_node.object()?.need("enum")?.texts()?;
    let [key] = types.as_slice() else {
        return Err(type_node.error("expected one type"));
    };
    let attributes = data.need("attributes")?;
    let relationships = data.take("relationships");
    data.ignore(envelope);
    data.end()?;
    let (related, required_relationships) = match &relationships {
        Some(node) => (properties(node)?, required(node)?),
        None => (Vec::new(), Vec::new()),
    };
    Ok(Parts {
        key: (*key).to_owned(),
        required_attributes: required(&attributes)?,
        attributes: properties(&attributes)?,
        relationships: related,
        required_relationships,
    })
}

/// Returns the type of a relationship's target.
fn target<'a>(node: &Node<'a>) -> Read<&'a str> {
    let mut identifier = only(node, "data")?;
    identifier.need("id")?;
    let type_node = identifier.need("type")?;
    identifier.end()?;
    match type_node.object()?.need("enum")?.texts()?.as_slice() {
        [key] => Ok(key),
        _ => Err(type_node.error("expected one type")),
    }
}

fn attribute_of(enums: &mut Vec<Enum>, resource: &str, name: &str, node: &Node<'_>) -> Read<Attribute> {
    let mut schema = node.object()?;
    schema.ignore(&["description", "example", "readOnly"]);
    let nullable = schema.flag("nullable")?;
    let type_node = schema.need("type")?;
    let kind = match (type_node.text()?, schema.take("enum")) {
        ("string", None) => Kind::String,
        ("string", Some(values)) => {
            let site = format!("{resource}{}", pascal(name));
            let values = values.texts()?.into_iter().map(str::to_owned).collect();
            enums.push(Enum { name: site.clone(), sdk122: None, values });
            Kind::Enum(site)
        }
        ("boolean", None) => Kind::Bool,
        ("integer", None) => Kind::Int32,
        ("number", None) => Kind::Double,
        ("object", None) => Kind::Struct,
        (other, _) => return Err(type_node.error(format!("type `{other}` is not known to the importer"))),
    };
    schema.end()?;
    Ok(Attribute::new(name.to_owned(), kind, nullable))
}

/// Checks that every relationship can be followed and leads to a resource. The group of a singleton is the singular of
/// its type.
fn check_fetchers(api: &Api, document: &Document<'_>) -> Read<()> {
    for resource in &api.resources {
        let group = if resource.singleton { snake(&resource.name) } else { resource.key.clone() };
        for relationship in &resource.relationships {
            let id = format!("{group}.{}", relationship.name);
            let known = api.resources.iter().any(|other| other.key == relationship.target);
            if !known || api.operations.iter().all(|operation| operation.id != id) {
                return Err(document.root().error(format!("`{id}` leads nowhere")));
            }
        }
        if api.operations.iter().all(|operation| operation.group != group) {
            return Err(document.root().error(format!("`{group}` has no operations")));
        }
    }
    Ok(())
}
