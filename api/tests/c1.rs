//! Invariants of the committed facts about the C1 API.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use keyturn_api::{
    model::{Api, Effect, Kind, Method, Operation, Place, Shape},
    naming::{self, Namespace},
    text::{parse, print},
};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Returns the content of the document, without additions.
fn c1() -> Api {
    let mut api = parse(&read("c1.idl")).unwrap();
    for message in &mut api.messages {
        message.fields.retain(|field| !field.gone);
    }
    api
}

fn operation<'a>(api: &'a Api, name: &str) -> &'a Operation {
    let (group, method) = name.split_once('.').unwrap();
    api.operations.iter().find(|o| o.group == group && o.name == method).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn the_file_is_complete_and_in_canonical_form() {
    let (text, api) = (read("c1.idl"), c1());
    let whole = parse(&text).unwrap();
    assert!(print(&whole) == text, "api/c1.idl was edited by hand; use the overlay");
    assert_eq!(whole.messages.iter().flat_map(|m| &m.fields).filter(|field| field.gone).count(), 3);
    assert_eq!(api.operations.len(), 638);
    assert_eq!(api.messages.len(), 1955);
    let groups: HashSet<_> = api.operations.iter().map(|o| &o.group).collect();
    assert_eq!(groups.len(), 133);
    assert_eq!(api.messages.iter().map(|m| m.fields.len()).sum::<usize>(), 6301);
    assert_eq!(api.messages.iter().filter(|m| m.fields.is_empty()).count(), 275);
}

#[test]
fn every_kind_is_as_frequent_as_in_the_document() {
    let api = c1();
    let mut counts: HashMap<(Shape, bool, String), usize> = HashMap::new();
    for field in api.messages.iter().flat_map(|m| &m.fields) {
        let kind = match &field.kind {
            Kind::Enum(_) => "Enum".to_owned(),
            Kind::Message(_) => "Message".to_owned(),
            kind => format!("{kind:?}"),
        };
        *counts.entry((field.shape, field.nullable, kind)).or_default() += 1;
    }
    let count = |shape, nullable, kind: &str| counts.get(&(shape, nullable, kind.to_owned())).copied().unwrap_or(0);
    for (kind, one, null, list, map) in [
        ("String", 2190, 98, 336, 42),
        ("Message", 0, 1348, 410, 8),
        ("Date", 0, 439, 0, 0),
        ("Bool", 413, 22, 0, 2),
        ("Enum", 334, 4, 88, 0),
        ("Int32", 183, 4, 10, 0),
        ("Uint32", 43, 0, 4, 0),
        ("Int64", 65, 2, 6, 0),
        ("Uint64", 25, 0, 4, 0),
        ("Double", 19, 1, 5, 0),
        ("Duration", 0, 58, 2, 0),
        ("Bytes", 10, 3, 4, 3),
        ("Any", 0, 3, 76, 0),
        ("Struct", 0, 27, 5, 0),
        ("Empty", 0, 4, 0, 0),
        ("Value", 1, 0, 0, 0),
    ] {
        let found = [
            count(Shape::One, false, kind),
            count(Shape::One, true, kind),
            count(Shape::List, true, kind),
            count(Shape::Map, false, kind),
        ];
        assert_eq!(found, [one, null, list, map], "{kind}");
    }
    assert_eq!(counts.values().sum::<usize>(), 6301);
    let fields = || api.messages.iter().flat_map(|m| &m.fields);
    assert_eq!(fields().filter(|f| f.read_only).count(), 545);
    assert_eq!(fields().filter(|f| f.required).count(), 62);
    assert_eq!(fields().filter(|f| f.oneof.is_some()).count(), 639);
    let groups = api.messages.iter().flat_map(|m| m.fields.iter().filter_map(move |f| Some((&m.key, f.oneof?))));
    assert_eq!(groups.collect::<HashSet<_>>().len(), 156);
    assert_eq!(fields().filter(|f| f.sdk122.is_some()).count(), 353);
    assert_eq!(api.operations.iter().filter(|o| o.in_sdk122).count(), 400);
    assert_eq!(api.operations.iter().filter(|o| o.sdk122.is_some()).count(), 9);
    let params = || api.operations.iter().flat_map(|o| &o.params).filter(|p| !p.added);
    assert_eq!(params().filter(|p| p.place == Place::Path).count(), 742);
    assert_eq!(params().filter(|p| p.place == Place::Query).count(), 186);
    assert_eq!(api.operations.iter().filter(|o| o.body.is_some()).count(), 408);
}

#[test]
fn every_name_resolves_and_is_unique() {
    let api = c1();
    let keys: HashSet<&str> = api.messages.iter().map(|m| m.key.as_str()).collect();
    let enums: HashSet<&str> = api.enums.iter().map(|e| e.name.as_str()).collect();
    let mut types: HashSet<String> = HashSet::new();
    let names = api.messages.iter().flat_map(|m| [Some(&m.name), m.input_name.as_ref()]).flatten();
    for name in names.chain(api.enums.iter().map(|e| &e.name)) {
        // File systems and readers confuse names that differ only in case.
        assert!(types.insert(name.to_ascii_lowercase()), "{name}");
    }
    for message in &api.messages {
        let mut fields = HashSet::new();
        for field in &message.fields {
            assert!(fields.insert(&field.name), "{}.{}", message.key, field.name);
            match &field.kind {
                Kind::Message(key) => assert!(keys.contains(key.as_str()), "{key}"),
                Kind::Enum(name) => assert!(enums.contains(name.as_str()), "{name}"),
                _ => {}
            }
        }
    }
    let mut methods = HashSet::new();
    let mut routes = HashSet::new();
    for operation in &api.operations {
        assert!(keys.contains(operation.response.as_str()), "{}", operation.id);
        assert!(operation.body.as_ref().is_none_or(|body| keys.contains(body.as_str())), "{}", operation.id);
        assert!(methods.insert(naming::function(operation)), "{}", operation.id);
        assert!(routes.insert((operation.method.as_str(), &operation.path)), "{}", operation.id);
    }
    for item in &api.enums {
        let members: HashSet<String> = item.values.iter().map(|value| naming::pascal(value)).collect();
        assert_eq!(members.len(), item.values.len(), "{}", item.name);
    }
}

/// Returns the surface in the form of the facts, from the IDL, without the parameters that the document fails to
/// declare.
fn surface(api: &Api) -> Vec<String> {
    let operations = api.operations.iter().map(|operation| {
        let declared =
            Operation { params: operation.params.iter().filter(|p| !p.added).cloned().collect(), ..operation.clone() };
        let request =
            naming::request_type(api, &declared).map_or_else(String::new, |request| match request.namespace {
                Namespace::Shared => format!("shared.{}", request.name),
                Namespace::Operations => format!("operations.{}", request.name),
            });
        [
            "op".to_owned(),
            operation.id.clone(),
            naming::property(operation),
            naming::class(operation),
            naming::method(operation),
            naming::function(operation),
            operation.method.as_str().to_owned(),
            operation.path.clone(),
            request,
            format!("operations.{}", naming::response_type(operation)),
            naming::body_field(api, &declared).unwrap_or_default(),
            naming::response_field(api, operation),
        ]
        .join("\t")
    });
    let messages = api.messages.iter().map(|message| {
        let fields = message.fields.iter().map(|field| {
            if field.name == field.wire { field.wire.clone() } else { format!("{}={}", field.wire, field.name) }
        });
        let fields: Vec<String> = fields.collect();
        let input = message.input_name.as_deref().unwrap_or_default();
        format!("type\t{}\t{}\t{input}\t{}", message.key, message.name, fields.join(","))
    });
    operations.chain(messages).collect()
}

#[test]
fn the_surface_is_the_one_of_the_facts() {
    let facts = read("../tests/facts/c1-surface.tsv");
    let mut facts: Vec<&str> = facts.lines().filter(|line| !line.starts_with('#')).collect();
    let mut found = surface(&c1());
    assert_eq!(found.len(), facts.len());
    // The order of the operations differs between the document and the IDL.
    facts.sort_unstable();
    found.sort_unstable();
    for (found, fact) in found.iter().zip(facts) {
        assert_eq!(found, fact);
    }
}

#[test]
fn operations_of_a_group_are_adjacent() {
    let mut groups: Vec<String> = c1().operations.into_iter().map(|operation| operation.group).collect();
    groups.dedup();
    assert_eq!(groups.len(), 133);
}

#[test]
fn inline_types_have_the_names_of_the_lock() {
    let api = c1();
    let lock = read("c1.names");
    let mut inline: HashMap<&str, &str> = HashMap::new();
    for line in lock.lines() {
        if let ["inline", site, name] = line.split(' ').collect::<Vec<_>>().as_slice() {
            inline.insert(site, name);
        }
    }
    let mut compared = 0;
    for message in &api.messages {
        for field in &message.fields {
            let name = match &field.kind {
                Kind::Enum(name) => Some(name),
                _ => field.type_name.as_ref(),
            };
            let site = format!("{}#{}", message.key, field.wire);
            assert_eq!(name.map(String::as_str), inline.get(site.as_str()).copied(), "{site}");
            compared += usize::from(name.is_some());
        }
    }
    assert_eq!(compared, 510);
}

#[test]
fn effects_distinguish_repeatable_operations() {
    let api = c1();
    for operation in &api.operations {
        match operation.method {
            Method::Get => assert_eq!(operation.effect, Effect::Read, "{}", operation.id),
            Method::Delete | Method::Patch => assert_eq!(operation.effect, Effect::Write, "{}", operation.id),
            Method::Post | Method::Put => {}
        }
    }
    for name in [
        "Connector.RotateCredential",
        "PersonalClient.Create",
        "Principal.CreateCredential",
        "TunnelCredentials.CreateBridgeCredential",
        "GatewayKey.Mint",
        "SSOApplication.CreateClient",
        "SSOApplication.RotateClientSecret",
        "Decoy.Create",
        "Decoy.Rotate",
    ] {
        assert_eq!(operation(&api, name).effect, Effect::Secret, "{name}");
    }
    for name in ["AppSearch.Search", "Principal.ListBindings", "SystemLog.ListEvents", "User.Introspect"] {
        assert_eq!(operation(&api, name).effect, Effect::Read, "{name}");
    }
    for name in ["Connector.Create", "Connector.RevokeCredential", "Connector.ForceSync", "Webhooks.Test"] {
        assert_eq!(operation(&api, name).effect, Effect::Write, "{name}");
    }
}

/// A secret that only a write answers with is shown once.
#[test]
fn every_answer_with_a_new_secret_is_marked() {
    let api = c1();
    let one_time = [
        "clientSecret",
        "plaintextKey",
        "accessToken",
        "webhookHmacSecret",
        "pushAuthTokenPlaintext",
        "encryptedContent",
    ];
    // These hold secrets that their owner sent and that are never returned.
    let settings = ["TenantEmailProvider.Update", "SSFReceiverStream.Update"];
    for operation in api.operations.iter().filter(|o| o.effect == Effect::Write) {
        let name = format!("{}.{}", operation.group, operation.name);
        let mut seen = HashSet::new();
        let mut waiting = vec![operation.response.as_str()];
        while let Some(key) = waiting.pop().filter(|_| !settings.contains(&name.as_str())) {
            if !seen.insert(key) {
                continue;
            }
            for field in &naming::message(&api, key).unwrap().fields {
                assert!(!one_time.contains(&field.wire.as_str()), "{name} answers with {}", field.wire);
                if let Kind::Message(target) = &field.kind {
                    waiting.push(target);
                }
            }
        }
    }
}

#[test]
fn all_169_lists_page_and_say_where_their_items_are() {
    let api = c1();
    let paged: Vec<&Operation> = api.operations.iter().filter(|o| o.paging.is_some()).collect();
    assert_eq!(paged.len(), 169);
    assert_eq!(paged.iter().filter(|o| o.params.iter().any(|p| p.added)).count(), 24);
    assert_eq!(paged.iter().filter(|o| o.paging.as_ref().unwrap().sdk122).count(), 7);
    for operation in paged {
        let paging = operation.paging.as_ref().unwrap();
        let response = naming::message(&api, &operation.response).unwrap();
        let field = |name: &str| response.fields.iter().find(|f| f.name == name);
        assert_eq!(field(&paging.items).unwrap().shape, Shape::List, "{}", operation.id);
        assert_eq!(field(&paging.token_out).unwrap().kind, Kind::String, "{}", operation.id);
        if paging.in_query {
            let param = operation.params.iter().find(|p| p.name == paging.token_in).unwrap();
            assert_eq!((&param.kind, param.place), (&Kind::String, Place::Query), "{}", operation.id);
        } else {
            let body = naming::message(&api, operation.body.as_ref().unwrap()).unwrap();
            assert!(body.fields.iter().any(|f| f.name == paging.token_in), "{}", operation.id);
        }
    }
    let answers_with_token =
        |o: &&Operation| naming::message(&api, &o.response).unwrap().fields.iter().any(|f| f.wire == "nextPageToken");
    assert_eq!(api.operations.iter().filter(answers_with_token).count(), 168);
}

#[test]
fn fields_that_hold_secrets_are_marked() {
    let api = c1();
    let secret = |message: &str, wire: &str| {
        naming::message(&api, message).unwrap().fields.iter().find(|f| f.wire == wire).unwrap().secret
    };
    assert!(secret("c1.api.app.v1.ConnectorCredential", "clientSecret"));
    assert!(secret("c1.api.llm_gateway.v1.MintGatewayKeyResponse", "plaintextKey"));
    assert!(secret("c1.api.app.v1.EncryptedData", "encryptedBytes"));
    assert!(secret("c1.api.functions.v1.Function", "secret"));
    assert!(!secret("c1.api.app.v1.ConnectorCredential", "clientId"));
    assert!(!secret("c1.api.integration.connector.v1.StringField", "secret"));
    assert!(!secret("c1.api.app.v1.ListAppsResponse", "nextPageToken"));
}
