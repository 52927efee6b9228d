//! `NAME-facts.ts`: what the client needs to know about each resource at run time. It is shipped, so it is compact:
//! what all resources have in common is written once.

use keyturn_api::{
    model::{Attribute, Kind, Resource, Settable},
    naming::snake,
};

use super::Facade;
use crate::generate::{key, string};

pub fn write(facade: &Facade<'_>) -> String {
    let mut out = String::from(TYPES);
    let version = string(facade.api.version.as_deref().unwrap_or_default());
    out += &format!("\n/** The version of the API's description. */\nexport const SCHEMA_VERSION = {version};\n\n");
    let Some(first) = facade.api.resources.first() else { return out };
    let common = || first.attributes.iter().filter(|attribute| facade.common.contains(&attribute.name.as_str()));
    out += &format!("const common = {};\n", list(common().map(|a| a.name.as_str())));
    out += &format!("const settable = {};\n", list(common().filter(|a| a.set.create).map(|a| a.name.as_str())));
    out += &format!("const dates = {};\n", list(common().filter(|a| a.kind == Kind::Date).map(|a| a.name.as_str())));
    out += &format!("const nested = {};\n", list(common().filter(|a| a.kind == Kind::Struct).map(|a| a.name.as_str())));
    // Bundlers assume that a list within a list may have effects; inside a function they may drop it.
    out += "\n/** The facts of each resource. */\n";
    out += "export const RESOURCES: Readonly<Record<ResourceTypeLock, ResourceFacts>> = /* @__PURE__ */ (() => ({\n";
    for resource in &facade.api.resources {
        out += &format!("  {}: {{\n", key(&resource.key));
        for line in lines(facade, resource) {
            out += &format!("    {line},\n");
        }
        out += "  },\n";
    }
    out += "}))();\n";
    out
}

fn lines(facade: &Facade<'_>, resource: &Resource) -> Vec<String> {
    let mut lines = vec![format!("singular: {}", string(&snake(&resource.name)))];
    if resource.singleton {
        lines.push("singleton: true".to_owned());
    }
    let named = |choose: &dyn Fn(&Attribute) -> bool| -> Vec<&str> {
        facade.own(resource).filter(|attribute| choose(attribute)).map(|attribute| attribute.name.as_str()).collect()
    };
    let with = |base: &str, names: Vec<&str>| {
        if names.is_empty() { base.to_owned() } else { format!("[{}, ...{base}]", quoted(names)) }
    };
    lines.push(format!("attributes: {}", with("common", named(&|attribute| !attribute.trigger))));
    lines.push(format!("dates: {}", with("dates", named(&|attribute| attribute.kind == Kind::Date))));
    let secrets = named(&|attribute| attribute.secret);
    if !secrets.is_empty() {
        lines.push(format!("secrets: [{}]", quoted(secrets)));
    }
    lines.push(format!("nested: {}", with("nested", named(&|attribute| attribute.kind == Kind::Struct))));
    let settable = |may: &dyn Fn(Settable) -> bool| {
        let mut names = named(&|attribute| may(attribute.set));
        names.extend(resource.relationships.iter().filter(|r| may(r.set)).map(|r| r.name.as_str()));
        with("settable", names)
    };
    if facade.has(resource, "create") {
        lines.push(format!("create: {}", settable(&|set| set.create)));
    }
    if facade.has(resource, "update") {
        lines.push(format!("update: {}", settable(&|set| set.update)));
    }
    let ranges: Vec<String> = facade
        .own(resource)
        .filter_map(|attribute| Some((attribute, attribute.range?)))
        .map(|(attribute, (least, most))| format!("{}: [{least}, {most}]", key(&attribute.name)))
        .collect();
    if !ranges.is_empty() {
        lines.push(format!("ranges: {{ {} }}", ranges.join(", ")));
    }
    let relationships: Vec<String> = resource
        .relationships
        .iter()
        .map(|r| format!("{}: [{}, {}]", key(&r.name), string(&r.target), u8::from(r.many)))
        .collect();
    lines.push(format!("to: {{ {} }}", relationships.join(", ")).replace("{  }", "{}"));
    let numbers: Vec<String> =
        facade.operations(resource).map(|(number, operation)| format!("{}: {number}", key(&operation.name))).collect();
    lines.push(format!("ops: {{ {} }}", numbers.join(", ")));
    lines
}

fn list<'t>(names: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", quoted(names))
}

fn quoted<'t>(names: impl IntoIterator<Item = &'t str>) -> String {
    names.into_iter().map(string).collect::<Vec<_>>().join(", ")
}

const TYPES: &str = r#"import type { ResourceTypeLock } from "./commercelayer-models.js";

/** The facts of a resource at run time. Names are those on the wire. */
export interface ResourceFacts {
  /** Its name in the singular, such as `api_credential`. */
  readonly singular: string;
  /** Whether there is only one, without an id. */
  readonly singleton?: true;
  /** Everything that it holds except `id` and `type`, relationships and triggers. */
  readonly attributes: readonly string[];
  /** The attributes that are times. */
  readonly dates: readonly string[];
  /** The attributes that are secrets. */
  readonly secrets?: readonly string[];
  /** The attributes that are objects of any form, passed as they are. */
  readonly nested: readonly string[];
  /** The members that a create may set: attributes, triggers and relationships. */
  readonly create?: readonly string[];
  /** The members that an update may set. */
  readonly update?: readonly string[];
  /** The least and the greatest number that an attribute accepts. */
  readonly ranges?: Readonly<Record<string, readonly [least: number, greatest: number]>>;
  /** The target of each relationship, and whether it has any number of targets. */
  readonly to: Readonly<Record<string, readonly [type: ResourceTypeLock, many: 0 | 1]>>;
  /** The number of each operation in the table. */
  readonly ops: Readonly<Record<string, number>>;
}
"#;
