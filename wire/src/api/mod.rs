//! The APIs: the packed table of operations and messages, and its reader. Everything that differs between two
//! operations is a row here; nothing else in the core is specific to an operation.

mod table;

pub use crate::boundary::Effect;
pub use table::{Field, Kind, Message, Method, Operation, Paging, Param, Segment, Shape, Table, TableError};

#[cfg(any(test, feature = "built-in"))]
use std::sync::OnceLock;

/// Returns the table of the C1 API, for programs that have it built in: the sandbox and the tests. It is unpacked on
/// first use (about 0.2 ms) and kept. The core itself gets its tables as separate files, so that no program loads the
/// table of an API that it does not call.
#[cfg(any(test, feature = "built-in"))]
pub fn c1() -> &'static Table {
    static C1: OnceLock<Table> = OnceLock::new();
    // The build script packs the table from the committed IDL, and a test unpacks it.
    C1.get_or_init(|| Table::unpack(include_str!(concat!(env!("OUT_DIR"), "/c1.table"))).unwrap_or_default())
}

/// Returns the table of the Commerce Layer Provisioning API, like [`c1`]. Its messages are those of
/// `keyturn_api::documents`.
#[cfg(any(test, feature = "built-in"))]
pub fn commercelayer() -> &'static Table {
    static COMMERCE_LAYER: OnceLock<Table> = OnceLock::new();
    COMMERCE_LAYER.get_or_init(|| {
        Table::unpack(include_str!(concat!(env!("OUT_DIR"), "/commercelayer.table"))).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyturn_api::{
        documents, model, naming,
        table::{For, pack},
        text,
    };

    fn facts(name: &str) -> model::Api {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../api/{name}.idl"));
        text::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// Describes a field of a table in the terms of the facts.
    fn described(table: &Table, field: &Field, whom: For) -> (Vec<&'static str>, String, Vec<bool>, Option<u16>) {
        let names = vec![table.wire_name(field), table.js_name(field, false), table.js_name(field, true)];
        let message = (field.kind == Kind::Message).then(|| field.message().0);
        let nullable = whom != For::Client && field.nullable();
        let flags = vec![nullable, field.read_only(), field.required(), field.secret(), field.gone()];
        (names, format!("{:?} {:?} {}", field.kind, field.shape, field.oneof), flags, message)
    }

    #[test]
    fn a_table_holds_all_facts() {
        for name in keyturn_api::APIS {
            let facts = facts(name);
            let api = documents::with_messages(&facts);
            for whom in [For::Client, For::Compat, For::Server] {
                let packed = pack(&facts, whom).unwrap();
                let table = Table::unpack(packed.text.leak()).unwrap();
                for message in &api.messages {
                    let Some(number) = packed.messages.get(&message.key) else {
                        assert!(whom == For::Client, "{name} {whom:?} {}", message.key);
                        continue;
                    };
                    let fields: Vec<_> = message.fields.iter().filter(|f| whom == For::Compat || !f.gone).collect();
                    let told_fields = table.fields(Message(u16::try_from(*number).unwrap()));
                    assert_eq!(fields.len(), told_fields.len(), "{}", message.key);
                    for (field, table_field) in fields.into_iter().zip(told_fields) {
                        let name_122 = field.sdk122.as_deref().filter(|_| whom == For::Compat).unwrap_or(&field.name);
                        let server = whom == For::Server;
                        let (kind, message) = match &field.kind {
                            model::Kind::Enum(_) => ("Enum".to_owned(), None),
                            model::Kind::Message(key) => ("Message".to_owned(), Some(packed.messages[key] as u16)),
                            kind => (format!("{kind:?}"), None),
                        };
                        let oneof = field.oneof.filter(|_| server).unwrap_or(0);
                        let nullable = whom != For::Client && field.nullable;
                        let flags = vec![nullable, field.read_only, server && field.required, field.secret, field.gone];
                        let expected = (
                            vec![field.wire.as_str(), &field.name, name_122],
                            format!("{kind} {:?} {oneof}", field.shape),
                            flags,
                            message,
                        );
                        assert_eq!(described(&table, table_field, whom), expected, "{name} {whom:?}");
                        if let (true, model::Kind::Enum(key)) = (server, &field.kind) {
                            let list = api.enums.iter().find(|list| list.name == *key).unwrap();
                            assert_eq!(table.enum_values(table_field), list.values, "{key}");
                        }
                    }
                }
                assert_eq!(table.operations().len(), api.operations.len());
                for (operation, expected) in table.operations().iter().zip(&api.operations) {
                    operation_is(&table, operation, &api, expected, whom);
                    let number = |key: &str| Message(packed.messages[key] as u16);
                    assert_eq!(operation.response, number(&expected.response), "{}", expected.id);
                    assert_eq!(operation.body, expected.body.as_deref().map(number), "{}", expected.id);
                }
            }
        }
    }

    fn operation_is(table: &Table, described: &Operation, api: &model::Api, expected: &model::Operation, whom: For) {
        let id = &expected.id;
        assert_eq!(table.operation_id(described), *id);
        assert_eq!(described.method.as_str(), expected.method.as_str(), "{id}");
        assert_eq!(format!("{:?}", described.effect), format!("{:?}", expected.effect), "{id}");
        let (mut path, mut kinds) = (String::new(), Vec::new());
        for segment in table.segments(described) {
            let text = table.segment_text(segment);
            match segment.param {
                None => path += &format!("/{text}"),
                Some(kind) => {
                    path += &format!("/{{{text}}}");
                    kinds.push(format!("{kind:?}"));
                }
            }
        }
        let mut expected_path = expected.path.clone();
        for param in &expected.params {
            expected_path = expected_path.replace(&format!("{{{}}}", param.wire), &format!("{{{}}}", param.name));
        }
        assert_eq!(path, expected_path, "{id}");
        for kind in kinds {
            assert!(
                kind == "String" || expected.params.iter().any(|param| format!("{:?}", param.kind) == kind),
                "{id}"
            );
        }
        let query: Vec<_> = table.query(described).iter().map(|param| table.param_names(param)).collect();
        let in_query = expected.params.iter().filter(|param| param.place == model::Place::Query);
        assert_eq!(query, in_query.map(|param| (param.wire.as_str(), param.name.as_str())).collect::<Vec<_>>(), "{id}");
        let paging = described.paging.map(|paging| (table.paging_names(&paging).map(str::to_owned), paging.in_query));
        let paged = |paging: &model::Paging| {
            ([paging.token_in.clone(), paging.token_out.clone(), paging.items.clone()], paging.in_query)
        };
        assert_eq!(paging, expected.paging.as_ref().map(paged), "{id}");
        assert_eq!(table.response_field(described, false), naming::response_field(api, expected), "{id}");
        if let Some(field) = naming::body_field(api, expected) {
            assert_eq!(table.body_field(described, false), field, "{id}");
        }
        let names_122 = naming::fields_122(api, expected).filter(|_| whom == For::Compat);
        if let Some((body, response)) = names_122 {
            assert_eq!(
                (table.body_field(described, true).into_owned(), table.response_field(described, true)),
                (body, response.into())
            );
        } else {
            assert_eq!(table.response_field(described, true), table.response_field(described, false), "{id}");
        }
    }

    #[test]
    fn identical_messages_are_merged() {
        let one = "api t\n\nop t.A.Get A.Get GET /a/{id} -> t.One read\n  path id id string\n\n\
                   op t.A.Put A.Put PUT /a -> t.Other write\n\n\
                   message t.One One\n  next msg:t.One?\n  value string\n\n\
                   message t.Other Other\n  next msg:t.Other?\n  value string\n";
        let numbers = |idl: &str| pack(&text::parse(idl).unwrap(), For::Client).unwrap().messages;
        assert_eq!(numbers(one)["t.One"], numbers(one)["t.Other"]);
        let other = numbers(&one.replacen("value string", "value int32", 1));
        assert_ne!(other["t.One"], other["t.Other"]);
    }

    #[test]
    fn names_that_a_table_cannot_hold_are_refused_when_it_is_packed() {
        let idl = "api t\n\nop t.A.Get A.Get GET /a -> t.One read\n\nmessage t.One One\n  value string\n";
        let mut api = text::parse(idl).unwrap();
        assert!(pack(&api, For::Client).is_ok());
        for name in ["", "a.b", "a!", "ä"] {
            api.messages[0].fields[0].wire = name.to_owned();
            assert!(pack(&api, For::Client).is_err(), "{name}");
        }
    }

    #[test]
    fn a_table_that_is_cut_off_is_refused() {
        let text = pack(&facts("commercelayer"), For::Compat).unwrap().text;
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(Table::unpack(text[..end].to_owned().leak()).is_err(), "{end}");
        }
    }

    #[test]
    fn the_tables_that_are_built_in_unpack() {
        assert_eq!(c1().operations().len(), 638);
        let rotate =
            c1().operations().iter().find(|o| c1().operation_id(o).ends_with("ConnectorService.RotateCredential"));
        assert_eq!(rotate.map(|o| o.effect), Some(Effect::Secret));
        let table = commercelayer();
        assert_eq!(table.operations().len(), 70);
        let writes = table.operations().iter().filter(|operation| operation.effect == Effect::Write).count();
        assert_eq!(writes, 9 + 10 + 5);
        assert_eq!(table.operations().iter().filter(|operation| operation.effect == Effect::Secret).count(), 0);
        assert!(table.is_secret("client_secret") && !table.is_secret("client_id"));
    }
}
