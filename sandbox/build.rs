//! Writes the data that the sandbox needs and the core's table leaves out: the names of the operations in the client,
//! and the resources of the JSON:APIs.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use keyturn_api::model::{Api, Kind, Operation, Resource, Settable};
use keyturn_api::naming;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut names = String::new();
    for operation in &read("c1")?.operations {
        names.push_str(&format!("{}.{}\n", naming::property(operation), naming::method(operation)));
    }
    fs::write(out.join("c1.names"), names)?;
    fs::write(out.join("commercelayer.rs"), schema(&read("commercelayer")?)?)?;
    Ok(())
}

fn read(name: &str) -> Result<Api, Box<dyn Error>> {
    let idl = format!("../api/{name}.idl");
    println!("cargo::rerun-if-changed={idl}");
    Ok(keyturn_api::text::parse(&fs::read_to_string(idl)?)?)
}

/// Returns Rust source of `RESOURCES` and `OPERATIONS`, with the types in `src/commercelayer/schema.rs`.
fn schema(api: &Api) -> Result<String, Box<dyn Error>> {
    let mut source = "static RESOURCES: &[Resource] = &[\n".to_owned();
    for resource in &api.resources {
        source.push_str(&resource_source(resource)?);
    }
    source.push_str("];\nstatic OPERATIONS: &[Operation] = &[\n");
    for operation in &api.operations {
        let resource = resource_of(api, operation).ok_or_else(|| format!("{} has no resource", operation.id))?;
        let name = operation.id.rsplit('.').next().unwrap_or_default();
        let act = match name {
            "list" => "Act::List".to_owned(),
            "retrieve" => "Act::Retrieve".to_owned(),
            "create" => "Act::Create".to_owned(),
            "update" => "Act::Update".to_owned(),
            "delete" => "Act::Delete".to_owned(),
            _ if resource.relationships.iter().any(|relationship| relationship.name == name) => {
                format!("Act::Related({name:?})")
            }
            _ => format!("Act::Action({name:?})"),
        };
        source.push_str(&format!(
            "    Operation {{ id: {:?}, method: {:?}, path: {:?}, resource: {:?}, act: {act} }},\n",
            operation.id,
            operation.method.as_str(),
            operation.path,
            resource.key,
        ));
    }
    source.push_str("];\n");
    Ok(source)
}

/// Returns the resource of the operation's path: `/api/<type>...`, or the singleton's.
fn resource_of<'a>(api: &'a Api, operation: &Operation) -> Option<&'a Resource> {
    let name = operation.path.strip_prefix("/api/")?.split('/').next()?;
    api.resources.iter().find(|resource| {
        let key = if resource.singleton { naming::snake(&resource.name) } else { resource.key.clone() };
        key == name
    })
}

fn resource_source(resource: &Resource) -> Result<String, Box<dyn Error>> {
    let set = |set: Settable| format!("create: {}, required: {}, update: {}", set.create, set.required, set.update);
    let mut source = format!(
        "    Resource {{\n        key: {:?}, singular: {:?}, singleton: {},\n        attributes: &[\n",
        resource.key,
        naming::snake(&resource.name),
        resource.singleton
    );
    for attribute in &resource.attributes {
        let kind = match &attribute.kind {
            // The enumerations are open: any text is a valid value.
            Kind::String | Kind::Enum(_) => "Text",
            Kind::Bool => "Bool",
            Kind::Int32 | Kind::Uint32 => "Int",
            Kind::Double => "Number",
            Kind::Date => "Date",
            Kind::Struct => "Object",
            other => return Err(format!("{}.{}: {other:?}", resource.key, attribute.name).into()),
        };
        source.push_str(&format!(
            "            Attribute {{ name: {:?}, kind: Kind::{kind}, nullable: {}, set: Settable {{ {} }}, trigger: {}, \
             secret: {}, sortable: {}, filterable: {}, range: {:?} }},\n",
            attribute.name,
            attribute.nullable,
            set(attribute.set),
            attribute.trigger,
            attribute.secret,
            attribute.sortable,
            attribute.filterable,
            attribute.range,
        ));
    }
    source.push_str("        ],\n        relationships: &[\n");
    for relationship in &resource.relationships {
        source.push_str(&format!(
            "            Relationship {{ name: {:?}, target: {:?}, many: {}, set: Settable {{ {} }} }},\n",
            relationship.name,
            relationship.target,
            relationship.many,
            set(relationship.set),
        ));
    }
    source.push_str("        ],\n    },\n");
    Ok(source)
}
