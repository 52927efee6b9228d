//! `NAME-models.ts`: for each resource its type, the types of a create and an update, and the attributes that lists can
//! be sorted by; and the keys of filters and the paths of `include`. Types only.

use std::fmt::Write as _;

use keyturn_api::model::{Attribute, Kind, Relationship, Resource};

use super::{Facade, union};
use crate::generate::{comment, docs::Docs, key};

pub fn write(facade: &Facade<'_>, docs: &mut Docs) -> String {
    let mut out = String::from(
        "import type {\n  \
           Nullable, Resource, ResourceCreate, ResourceRel, ResourceSort, ResourceUpdate, SingletonUpdate,\n\
         } from \"../commercelayer/model.js\";\n",
    );
    for item in &facade.api.enums {
        let values = union(item.values.iter().map(String::as_str));
        say(&mut out, format_args!("\nexport type {} = {values};\n", item.name));
    }
    for message in &facade.api.messages {
        if message.fields.is_empty() {
            continue;
        }
        out.push('\n');
        out += &comment("", &[docs.get(&message.name)]);
        say(&mut out, format_args!("export type {} = {{\n", message.name));
        for field in &message.fields {
            say(&mut out, format_args!("  {}: {};\n", key(&field.wire), value_type(&field.kind)));
        }
        // The name in older code, which repeats that of the resource.
        let resource = message.key.split('.').next().unwrap_or_default();
        say(&mut out, format_args!("  readonly type?: {};\n  readonly id?: string;\n}};\n", union([resource])));
    }
    for resource in &facade.api.resources {
        types(&mut out, facade, docs, resource);
    }
    whole(&mut out, facade);
    out
}

fn types(out: &mut String, facade: &Facade<'_>, docs: &mut Docs, resource: &Resource) {
    let name = &resource.name;
    let sortable: Vec<&str> =
        facade.own(resource).filter(|attribute| attribute.sortable).map(|attribute| attribute.name.as_str()).collect();
    let sortable = union([&["id"], sortable.as_slice()].concat());
    say(
        out,
        format_args!(
            "\nexport type {name}Type = {};\n\
             export type {name}Rel = ResourceRel & {{ type: {name}Type }};\n\
             export type {name}Sort = Pick<{name}, {sortable}> & ResourceSort;\n\n",
            union([resource.key.as_str()])
        ),
    );
    *out += &comment("", &[docs.get(name)]);
    say(out, format_args!("export interface {name} extends Resource {{\n  readonly type: {name}Type;\n"));
    for attribute in facade.own(resource).filter(|attribute| !attribute.trigger) {
        field(out, docs, name, attribute);
        let (mark, value) = nullable(attribute.nullable, &value_type(&attribute.kind));
        say(out, format_args!("  {}{mark}: {value};\n", key(&attribute.name)));
    }
    for relationship in &resource.relationships {
        let target = related(facade, relationship, "");
        say(out, format_args!("  {}?: Nullable<{target}>;\n", key(&relationship.name)));
    }
    *out += "}\n";
    if facade.has(resource, "create") {
        say(out, format_args!("\nexport interface {name}Create extends ResourceCreate {{\n"));
        for attribute in facade.own(resource).filter(|attribute| attribute.set.create) {
            field(out, docs, name, attribute);
            let (mark, value) = optional(!attribute.set.required, &value_type(&attribute.kind));
            say(out, format_args!("  {}{mark}: {value};\n", key(&attribute.name)));
        }
        for relationship in resource.relationships.iter().filter(|relationship| relationship.set.create) {
            let (mark, value) = optional(!relationship.set.required, &related(facade, relationship, "Rel"));
            say(out, format_args!("  {}{mark}: {value};\n", key(&relationship.name)));
        }
        *out += "}\n";
    }
    if facade.has(resource, "update") {
        let base = if resource.singleton { "SingletonUpdate" } else { "ResourceUpdate" };
        say(out, format_args!("\nexport interface {name}Update extends {base} {{\n"));
        for attribute in facade.own(resource).filter(|attribute| attribute.set.update) {
            field(out, docs, name, attribute);
            let (mark, value) = optional(true, &value_type(&attribute.kind));
            say(out, format_args!("  {}{mark}: {value};\n", key(&attribute.name)));
        }
        for relationship in resource.relationships.iter().filter(|relationship| relationship.set.update) {
            let (mark, value) = optional(true, &related(facade, relationship, "Rel"));
            say(out, format_args!("  {}{mark}: {value};\n", key(&relationship.name)));
        }
        *out += "}\n";
    }
}

fn field(out: &mut String, docs: &mut Docs, resource: &str, attribute: &Attribute) {
    let text = docs.get(&format!("{resource}.{}", attribute.name)).to_owned();
    let range = attribute.range.map_or_else(String::new, |(least, most)| format!("From {least} to {most}."));
    *out += &comment("  ", &[&text, &range]);
}

fn nullable(yes: bool, value: &str) -> (&'static str, String) {
    if yes { ("?", format!("Nullable<{value}>")) } else { ("", value.to_owned()) }
}

/// Returns the mark and the type of a sent value, for which `undefined` is the same as absent.
fn optional(yes: bool, value: &str) -> (&'static str, String) {
    if yes { ("?", format!("Nullable<{value}> | undefined")) } else { ("", value.to_owned()) }
}

fn value_type(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "boolean".to_owned(),
        Kind::Int32 | Kind::Double => "number".to_owned(),
        Kind::Struct => "Record<string, any>".to_owned(),
        Kind::Enum(name) => name.clone(),
        _ => "string".to_owned(),
    }
}

fn related(facade: &Facade<'_>, relationship: &Relationship, suffix: &str) -> String {
    let name = facade.resource(&relationship.target).map_or("unknown", |resource| resource.name.as_str());
    format!("{name}{suffix}{}", if relationship.many { "[]" } else { "" })
}

/// Writes the types that concern all resources.
fn whole(out: &mut String, facade: &Facade<'_>) {
    let resources = &facade.api.resources;
    let all = |has: &dyn Fn(&Resource) -> bool| {
        union(resources.iter().filter(|resource| has(resource)).map(|resource| resource.key.as_str()))
    };
    say(out, format_args!("\nexport type ResourceTypeLock = {};\n", all(&|_| true)));
    let can = |name: &'static str| move |resource: &Resource| facade.has(resource, name);
    // The single object of a singleton is updated by a different call.
    for (word, types) in [
        ("Retrievable", all(&can("retrieve"))),
        ("Listable", all(&can("list"))),
        ("Creatable", all(&can("create"))),
        ("Updatable", all(&|resource| facade.has(resource, "update") && !resource.singleton)),
        ("Deletable", all(&can("delete"))),
        ("Versionable", all(&can("versions"))),
    ] {
        say(out, format_args!("\nexport type {word}ResourceType = {types};\n"));
        let more = if word == "Versionable" { "; versions?: Nullable<VersionRel[]>" } else { "" };
        say(out, format_args!("export type {word}Resource = Resource & {{ type: {word}ResourceType{more} }};\n"));
    }
    for (name, suffix) in [("ResourceFields", ""), ("ResourceSortFields", "Sort")] {
        let doc = if suffix.is_empty() {
            "The type of each resource."
        } else {
            "The attributes that lists of each can be sorted by."
        };
        *out += "\n";
        *out += &comment("", &[doc]);
        say(out, format_args!("export type {name} = {{\n"));
        for resource in resources {
            say(out, format_args!("  {}: {}{suffix};\n", resource.key, resource.name));
        }
        *out += "};\n";
    }
    *out += "\n";
    *out +=
        &comment("", &["The attributes that lists of each can be filtered by, besides those of related resources."]);
    *out += "export interface ResourceFilterFields {\n";
    for resource in resources {
        let own = resource.attributes.iter().filter(|attribute| attribute.filterable);
        let names = ["id"].into_iter().chain(own.map(|attribute| attribute.name.as_str()));
        say(out, format_args!("  {}: {};\n", resource.key, union(names)));
    }
    *out += "}\n\n";
    *out += &comment("", &["The targets of each relationship."]);
    *out += "export interface ResourceRelationships {\n";
    for resource in resources {
        let pairs: Vec<String> = resource
            .relationships
            .iter()
            .map(|r| format!("{}: {}", key(&r.name), union([r.target.as_str()])))
            .collect();
        say(out, format_args!("  {}: {{ {} }};\n", resource.key, pairs.join("; ")));
    }
    *out += "}\n\n";
    *out += &comment("", &["The attributes of each that are times."]);
    *out += "export interface ResourceDates {\n";
    for resource in resources {
        let dates = resource.attributes.iter().filter(|attribute| attribute.kind == Kind::Date);
        say(out, format_args!("  {}: {};\n", resource.key, union(dates.map(|attribute| attribute.name.as_str()))));
    }
    *out += "}\n";
    *out += QUERIES;
}

/// The keys of filters and the paths of `include`.
const QUERIES: &str = r#"
/** A resource of one type, by its id or itself. */
export type IdOf<R extends Resource> = string | { readonly id: string; readonly type: R["type"] };

type Step<T extends ResourceTypeLock> = T extends unknown ? keyof ResourceRelationships[T] & string : never;
type Target<T extends ResourceTypeLock, K> = K extends keyof ResourceRelationships[T] ? ResourceRelationships[T][K] & ResourceTypeLock : never;
type Steps2<T extends ResourceTypeLock> = T extends unknown ? { [K in Step<T>]: `${K}.${Step<Target<T, K>>}` }[Step<T>] : never;
type Steps3<T extends ResourceTypeLock> = T extends unknown ? { [K in Step<T>]: `${K}.${Steps2<Target<T, K>>}` }[Step<T>] : never;

/** A path of relationships, such as `role.organization`. From the fourth step on it is not checked. */
export type IncludePath<T extends ResourceTypeLock = ResourceTypeLock> = Step<T> | Steps2<T> | Steps3<T> | `${Steps3<T>}.${string}`;

type AnyOrAll =
  | "matches" | "does_not_match" | "lt" | "lteq" | "gt" | "gteq" | "start" | "not_start" | "end" | "not_end" | "cont" | "not_cont";

/** The predicates of a filter. */
export type Predicate =
  | "eq" | "not_eq" | "in" | "not_in" | `${"eq" | "not_eq" | "in" | "not_in"}_or_null`
  | AnyOrAll | `${AnyOrAll}_${"any" | "all"}`
  | "present" | "blank" | "null" | "not_null" | "true" | "false" | "jcont";

/** The end of every predicate. */
type Ending =
  | "eq" | "in" | "null" | "matches" | "match" | "lt" | "lteq" | "gt" | "gteq" | "start" | "end" | "cont" | "any" | "all"
  | "present" | "blank" | "true" | "false" | "jcont";

/** The value that a filter compares with: lists for `_in`, `_any` and `_all`, an object for `_jcont`. */
export type FilterValue = string | number | boolean | object;

type KnownFilter<T extends ResourceTypeLock> = `${ResourceFilterFields[T]}_${Predicate}`;

/**
 * A key of `filters`: an attribute and a predicate (`name_eq`), attributes of which one is enough (`name_or_kind_cont`), an attribute
 * of what a relationship leads to (`organization_name_start`). Of the last two only begin and end are checked.
 */
export type FilterKey<T extends ResourceTypeLock = ResourceTypeLock> =
  | KnownFilter<T>
  | `${ResourceFilterFields[T]}_or_${string}_${Ending}`
  | `${Step<T>}_${string}_${Ending}`;

/**
 * Filters of lists; all of them must hold. An editor knows the keys that the API's description leads to; others are accepted, since the
 * server may have more.
 */
export type Filters<T extends ResourceTypeLock = ResourceTypeLock> = { [key: string]: FilterValue } & ([
  ResourceTypeLock,
] extends [T]
  ? unknown
  : { [K in KnownFilter<T>]?: FilterValue });

type CamelName<S extends string> = S extends `_${infer Rest}`
  ? `_${CamelName<Rest>}`
  : S extends `${infer Word}_${infer Rest}` ? `${Word}${Capitalize<CamelName<Rest>>}` : S;

type CamelValue<V> = V extends Resource ? CamelCased<V> : V extends (infer Item extends Resource)[] ? CamelCased<Item>[] : V;

/**
 * A resource as a client with `names: "camel"` has it, or what its creates and updates take: `redirectUri`, times as `Date`. Such a client
 * has the same types as any other; this is what to say instead.
 */
export type CamelCased<T> = T extends Resource
  ? { [K in keyof T as CamelName<K & string>]: K extends ResourceDates[T["type"]] ? Date | Exclude<T[K], string> : CamelValue<T[K]> }
  : { [K in keyof T as CamelName<K & string>]: T[K] };
"#;

fn say(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}
