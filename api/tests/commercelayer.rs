//! Invariants of the committed facts about the Commerce Layer Provisioning API.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use keyturn_api::{
    documents,
    model::{Api, Attribute, Effect, Field, Kind, Message, Method, Relationship, Resource, Settable},
    table::{For, pack},
    text::{parse, print},
};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn api() -> Api {
    parse(&read("commercelayer.idl")).unwrap()
}

fn resource<'a>(api: &'a Api, key: &str) -> &'a Resource {
    documents::resource(api, key).unwrap_or_else(|| panic!("no {key}"))
}

fn attribute<'a>(api: &'a Api, key: &str, name: &str) -> &'a Attribute {
    resource(api, key).attributes.iter().find(|a| a.name == name).unwrap_or_else(|| panic!("no {key}.{name}"))
}

fn relationship<'a>(api: &'a Api, key: &str, name: &str) -> &'a Relationship {
    resource(api, key).relationships.iter().find(|r| r.name == name).unwrap_or_else(|| panic!("no {key}.{name}"))
}

#[test]
fn the_file_is_complete_and_in_canonical_form() {
    let (text, api) = (read("commercelayer.idl"), api());
    assert!(print(&api) == text, "api/commercelayer.idl was edited by hand; use the overlay");
    assert_eq!(api.version.as_deref(), Some("1.0.15"));
    assert_eq!((api.resources.len(), api.operations.len()), (10, 70));
    for (method, count) in [(Method::Get, 46), (Method::Post, 9), (Method::Patch, 10), (Method::Delete, 5)] {
        assert_eq!(api.operations.iter().filter(|o| o.method == method).count(), count, "{method:?}");
    }
    let singletons: Vec<&str> = api.resources.iter().filter(|r| r.singleton).map(|r| r.key.as_str()).collect();
    assert_eq!(singletons, ["users"]);
}

fn set(create: &str, update: &str) -> Settable {
    Settable { create: create != "-", required: create == "create!", update: update != "-" }
}

fn kind(api: &Api, attribute: &Attribute) -> String {
    match &attribute.kind {
        Kind::String | Kind::Date => "string".to_owned(),
        Kind::Bool => "boolean".to_owned(),
        Kind::Int32 | Kind::Double => "number".to_owned(),
        Kind::Struct => "object".to_owned(),
        Kind::Enum(name) => api.enums.iter().find(|item| item.name == *name).unwrap().values.join("|"),
        other => panic!("{} is {other:?}", attribute.name),
    }
}

#[test]
fn the_surface_is_the_one_of_the_facts() {
    let api = api();
    let (mut attributes, mut relationships, mut operations, mut sorted) = (0, 0, 0, 0);
    for line in read("../tests/facts/commercelayer-surface.tsv").lines().filter(|line| !line.starts_with('#')) {
        match line.split('\t').collect::<Vec<_>>().as_slice() {
            ["attribute", key, name, of_kind, null, create, update] => {
                let found = attribute(&api, key, name);
                assert_eq!(kind(&api, found), *of_kind, "{line}");
                assert_eq!(found.set, set(create, update), "{line}");
                assert_eq!(found.nullable, *null == "null", "{line}");
                attributes += 1;
            }
            ["relationship", key, name, target, many, create, update] => {
                let found = relationship(&api, key, name);
                assert_eq!((found.target.as_str(), found.many), (*target, *many == "many"), "{line}");
                assert_eq!(found.set, set(create, update), "{line}");
                relationships += 1;
            }
            ["sort", key, names] => {
                let own = resource(&api, key).attributes.iter().filter(|a| a.sortable).map(|a| a.name.as_str());
                assert_eq!(own.chain(["id"]).collect::<BTreeSet<_>>(), names.split(',').collect(), "{line}");
                sorted += 1;
            }
            ["operation", id, method, path, answer] => {
                let found = api.operations.iter().find(|o| o.id == *id).unwrap_or_else(|| panic!("no {id}"));
                assert_eq!(found.id, format!("{}.{}", found.group, found.name));
                assert_eq!((found.method.as_str(), found.path.as_str()), (*method, *path));
                assert_eq!(found.response, *answer, "{line}");
                let effect = if *method == "GET" { Effect::Read } else { Effect::Write };
                assert_eq!(found.effect, effect, "{line}");
                operations += 1;
            }
            _ => panic!("{line}"),
        }
    }
    assert_eq!(attributes, api.resources.iter().map(|r| r.attributes.len()).sum::<usize>());
    assert_eq!(relationships, api.resources.iter().map(|r| r.relationships.len()).sum::<usize>());
    assert_eq!((operations, sorted), (70, 10));
}

#[test]
fn secrets_are_marked_and_neither_sorted_nor_filtered_by() {
    let api = api();
    let mut secrets = Vec::new();
    for resource in &api.resources {
        for attribute in resource.attributes.iter().filter(|a| a.secret) {
            assert!(!attribute.sortable && !attribute.filterable);
            secrets.push((resource.key.as_str(), attribute.name.as_str(), attribute.set.read_only()));
        }
    }
    assert_eq!(secrets, [("api_credentials", "client_secret", true), ("identity_providers", "client_secret", false)]);
}

#[test]
fn facts_that_the_document_lacks_are_present() {
    let api = api();
    let filters = resource(&api, "api_credentials").attributes.iter().filter(|a| a.filterable).map(|a| a.name.as_str());
    assert_eq!(
        filters.collect::<Vec<_>>().join(" "),
        "name kind confidential redirect_uri client_id scopes expires_in mode custom created_at updated_at reference reference_origin metadata"
    );
    assert_eq!(attribute(&api, "api_credentials", "expires_in").range, Some((7_200, 31_536_000)));
    assert_eq!(attribute(&api, "identity_providers", "disabled_at").kind, Kind::Date);
    let triggers = api.resources.iter().flat_map(|r| &r.attributes).filter(|a| a.trigger).map(|a| a.name.as_str());
    assert_eq!(triggers.collect::<Vec<_>>(), ["_disable", "_enable", "_add_missing_base_permissions"]);
    for resource in &api.resources {
        for name in ["created_at", "updated_at"] {
            assert_eq!(attribute(&api, &resource.key, name).kind, Kind::Date);
        }
    }
}

fn message<'a>(api: &'a Api, key: &str) -> &'a Message {
    api.messages.iter().find(|message| message.key == key).unwrap_or_else(|| panic!("no {key}"))
}

fn field<'a>(api: &'a Api, key: &str, wire: &str) -> &'a Field {
    message(api, key).fields.iter().find(|f| f.wire == wire).unwrap_or_else(|| panic!("no {key}#{wire}"))
}

#[test]
fn documents_follow_from_the_resources() {
    let api = api();
    let whole = documents::with_messages(&api);
    let names = |key: &str| -> Vec<&str> { message(&whole, key).fields.iter().map(|f| f.wire.as_str()).collect() };
    assert_eq!(names("api_credentials.create"), ["data"]);
    assert_eq!(names("api_credentials.create.data"), ["type", "attributes", "relationships"]);
    assert_eq!(names("api_credentials.update.data"), ["type", "id", "attributes", "relationships"]);
    assert_eq!(names("organizations.transfer_ownership.data"), ["type", "id", "attributes"]);
    assert_eq!(names("organizations.transfer_ownership.attributes"), ["new_owner_email"]);
    assert!(names("memberships.resend.data").is_empty());
    for key in ["api_credentials.create.attributes", "api_credentials.update.attributes"] {
        let secret = field(&whole, key, "client_secret");
        assert!(secret.secret && secret.read_only);
        assert_eq!(names(key).len(), resource(&api, "api_credentials").attributes.len());
    }
    assert!(!field(&whole, "api_credentials.create.attributes", "mode").read_only);
    assert!(field(&whole, "api_credentials.update.attributes", "mode").read_only);
    assert!(field(&whole, "api_credentials.create.attributes", "name").required);
    assert!(!field(&whole, "api_credentials.update.attributes", "name").required);
    assert!(field(&whole, "memberships.create.relationships", "versions").read_only);
    let target = |key: &str, wire: &str| field(&whole, key, wire).kind.clone();
    let one = "organizations.one".to_owned();
    assert_eq!(target("memberships.create.relationships", "organization"), Kind::Message(one));
    let many = "application_memberships.many".to_owned();
    assert_eq!(target("memberships.create.relationships", "application_memberships"), Kind::Message(many));
    // Keys are unique, and a table can be packed for clients and for servers.
    let keys: BTreeSet<&str> = whole.messages.iter().map(|m| m.key.as_str()).collect();
    assert_eq!(keys.len(), whole.messages.len());
    for whom in [For::Client, For::Server] {
        pack(&api, whom).unwrap();
    }
}

#[test]
fn an_api_without_resources_has_no_other_messages() {
    let c1 = parse(&read("c1.idl")).unwrap();
    assert_eq!(*documents::with_messages(&c1), c1);
}
