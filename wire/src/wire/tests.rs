//! Tests of encoding and decoding, against a small API that has every kind and shape.

use super::decode::{Decoded, Layouts, Problem, Replacement, Step, decode};
use super::encode::{EncodeOptions, Encoded, Unfit, Unknown, encode};
use super::json::decimal;
use super::plan::Plans;
use crate::api::{Message, Table, commercelayer};
use proptest::prelude::*;
use std::borrow::Cow;

const IDL: &str = "\
api test

op t.Things.Get Things.Get GET /api/v1/things/{app_id}/parts/{id} -> t.Thing read
  path app_id appId string
  path id id string
  query page_size pageSize int32
  query query query string

op t.Things.Update Things.Update POST /api/v1/things/{id} body=t.UpdateRequest -> t.Thing write
  path id id string

op t.Things.Search Things.Search POST /api/v1/search/things body=t.Thing -> t.Thing read

op t.Things.Trigger Things.Trigger POST /api/v1/trigger body=t.Nothing -> t.Nothing write

message t.Thing Thing
  text string
  flag bool
  small int32
  count uint32
  big int64
  huge uint64
  ratio double
  createdAt date? read-only
  life duration?
  data bytes
  config any?
  free struct?
  marker empty?
  color enum:Color
  child msg:t.Thing?
  children list<msg:t.Thing>?
  byName map<msg:t.Thing>
  tags list<string>?
  expanded list<any>?
  bigs list<int64>?
  labels map<string>
  Odd string name=odd
  secret msg:t.Nothing? 1.2.2=paperSecret

message t.UpdateRequest UpdateRequest
  thing msg:t.Thing?
  updateMask string

message t.Nothing Nothing

enum Color
  RED
";

fn table() -> Table {
    let api = keyturn_api::text::parse(IDL).unwrap_or_else(|e| panic!("{e}"));
    let bytes = keyturn_api::table::pack(&api, keyturn_api::table::For::Compat).unwrap().text;
    Table::unpack(bytes.leak()).unwrap()
}

fn encoded(operation: usize, request: &str) -> Result<Encoded<'_>, Unfit> {
    let table = Box::leak(Box::new(table()));
    encode(table, &table.operations()[operation], request, EncodeOptions { unknown: Unknown::Refuse })
}

/// Returns the body that a search sends for this request.
fn body(request: &str) -> Result<String, Unfit> {
    encoded(2, request).map(|encoded| encoded.body.unwrap_or_default().into_owned())
}

fn refused(operation: usize, request: &str) -> (String, String) {
    let unfit = encoded(operation, request).expect_err(request);
    (unfit.path, unfit.problem.into_owned())
}

fn decoded(text: &str) -> Decoded {
    let table = table();
    decode(&table, &Layouts::new(&table), Message(0), text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

#[test]
fn parameters_go_where_they_belong() {
    let target = |request| encoded(0, request).map(|e| e.target);
    assert_eq!(target(r#"{"appId":"a","id":"b"}"#).unwrap(), "/api/v1/things/a/parts/b");
    assert_eq!(
        target(r#"{"pageSize":0,"id":"Zürich/?#%2e","appId":"~tilde!*()'","query":""}"#).unwrap(),
        "/api/v1/things/~tilde!*()'/parts/Z%C3%BCrich%2F%3F%23%252e?page_size=0&query="
    );
    assert_eq!(target(r#"{"appId":7,"id":"\u0000I12","query":null}"#).unwrap(), "/api/v1/things/7/parts/12");
}

#[test]
fn values_that_would_change_the_route_are_refused() {
    for (request, path) in [
        (r#"{"appId":"","id":"b"}"#, "appId"),
        (r#"{"appId":".","id":"b"}"#, "appId"),
        (r#"{"appId":"a","id":".."}"#, "id"),
        (r#"{"appId":"a","id":"\u002e."}"#, "id"),
        (r#"{"appId":"a"}"#, "id"),
        (r#"{"appId":"a","id":null}"#, "id"),
        ("null", "appId"),
        ("{}", "appId"),
        (r#"{"appId":"a","id":{}}"#, "id"),
        (r#"{"appId":"a","id":["x"]}"#, "id"),
        (r#"{"appId":"a","id":"\u0000N"}"#, "id"),
        (r#"{"appId":"a","id":"\ud800"}"#, "id"),
        (r#"{"appId":"a","id":"b","pageSize":1.5}"#, "pageSize"),
        (r#"{"appId":"a","id":"b","pageSize":"ten"}"#, "pageSize"),
    ] {
        assert_eq!(refused(0, request).0, path, "{request}");
    }
}

#[test]
fn a_body_is_sent_only_if_there_is_one() {
    assert_eq!(encoded(1, r#"{"id":"x"}"#).unwrap().body, None);
    assert_eq!(encoded(1, r#"{"id":"x","updateRequest":null}"#).unwrap().body, None);
    assert_eq!(encoded(1, r#"{"id":"x","updateRequest":{}}"#).unwrap().body.unwrap(), "{}");
    assert_eq!(encoded(2, "null").unwrap().body, None);
    assert_eq!(encoded(2, "{}").unwrap().body.unwrap(), "{}");
    assert_eq!(encoded(3, "{}").unwrap().body, None);
}

#[test]
fn every_kind_is_written_as_the_wire_has_it() {
    for (given, sent) in [
        (r#"{"text":"a\"b","flag":true,"ratio":-1.5e3}"#, r#"{"text":"a\"b","flag":true,"ratio":-1.5e3}"#),
        (r#"{"big":12,"huge":13}"#, r#"{"big":"12","huge":"13"}"#),
        (
            r#"{"big":"\u0000I-9007199254740993","huge":"18446744073709551615"}"#,
            r#"{"big":"-9007199254740993","huge":"18446744073709551615"}"#,
        ),
        (r#"{"data":"\u0000BAQI=","life":"3600s"}"#, r#"{"data":"AQI=","life":"3600s"}"#),
        (r#"{"text":"\u0000S\u0000x"}"#, r#"{"text":"\u0000x"}"#),
        (r#"{"marker":{"x":1}}"#, r#"{"marker":{}}"#),
        (r#"{"color":"BLUE"}"#, r#"{"color":"BLUE"}"#),
        (
            r#"{"config":{"atType":"t/x","additionalProperties":{"a":["\u0000D2020-01-01T00:00:00.000Z"]}}}"#,
            r#"{"config":{"@type":"t/x","a":["2020-01-01T00:00:00.000Z"]}}"#,
        ),
        (r#"{"config":{"@type":"t/x","a":1}}"#, r#"{"config":{"@type":"t/x","a":1}}"#),
        (
            r#"{"free":{"n":"\u0000I99999999999999999999","z":[null,{}]}}"#,
            r#"{"free":{"n":99999999999999999999,"z":[null,{}]}}"#,
        ),
        (r#"{"odd":"x","paperSecret":{},"text":null}"#, r#"{"Odd":"x","secret":{},"text":null}"#),
        (
            r#"{"tags":[],"labels":{"1":"a","b":"c"},"bigs":[1,"2"]}"#,
            r#"{"tags":[],"labels":{"1":"a","b":"c"},"bigs":["1","2"]}"#,
        ),
        (r#"{"child":{"children":[{"text":"deep"}]}}"#, r#"{"child":{"children":[{"text":"deep"}]}}"#),
    ] {
        assert_eq!(body(given).as_deref(), Ok(sent), "{given}");
    }
}

#[test]
fn misfits_are_named() {
    for (given, path) in [
        (r#"{"text":1}"#, "text"),
        (r#"{"text":{}}"#, "text"),
        (r#"{"text":"\u0000D2020-01-01T00:00:00Z"}"#, "text"),
        (r#"{"flag":"true"}"#, "flag"),
        (r#"{"small":1.5}"#, "small"),
        (r#"{"small":2147483648}"#, "small"),
        (r#"{"count":-1}"#, "count"),
        (r#"{"big":9007199254740993}"#, "big"),
        (r#"{"big":"12abc"}"#, "big"),
        (r#"{"huge":"\u0000I-1"}"#, "huge"),
        (r#"{"ratio":"\u0000N"}"#, "ratio"),
        (r#"{"data":5}"#, "data"),
        (r#"{"config":[]}"#, "config"),
        (r#"{"free":"x"}"#, "free"),
        (r#"{"free":{"a":["\u0000N"]}}"#, "free.a[0]"),
        (r#"{"free":{"a":"\u0000D"}}"#, "free.a"),
        (r#"{"free":{"a":"\u0000F"}}"#, "free.a"),
        (r#"{"tags":"x"}"#, "tags"),
        (r#"{"tags":["x",null]}"#, "tags[1]"),
        (r#"{"children":[{},{"child":{"small":"x"}}]}"#, "children[1].child.small"),
        (r#"{"byName":{"k":{"flag":0}}}"#, "byName.k.flag"),
        (r#"{"labels":[]}"#, "labels"),
        ("[]", ""),
        ("\"x\"", ""),
    ] {
        assert_eq!(refused(2, given).0, path, "{given}");
    }
    assert_eq!(
        refused(1, r#"{"id":"x","updateRequest":{"thing":{"createdAt":"\u0000D"},"updateMask":"createdAt"}}"#).0,
        "updateRequest.thing.createdAt"
    );
}

#[test]
fn unknown_fields_are_refused_with_advice_or_dropped() {
    assert_eq!(
        refused(2, r#"{"createdat":"x"}"#),
        ("createdat".into(), "is not a field here; did you mean createdAt?".into())
    );
    assert_eq!(refused(0, r#"{"app_id":"x"}"#), ("app_id".into(), "is not a field here; did you mean appId?".into()));
    assert_eq!(refused(2, r#"{"child":{"nonsense":1}}"#).0, "child.nonsense");
    let table = table();
    let options = EncodeOptions { unknown: Unknown::Drop };
    let sent = encode(&table, &table.operations()[2], r#"{"x":{"y":[1]},"text":"a","z":0}"#, options).unwrap();
    assert_eq!(sent.body.unwrap(), r#"{"text":"a"}"#);
}

#[test]
fn read_only_fields_are_sent_only_if_the_mask_names_them() {
    let date = r#""createdAt":"\u0000D2020-01-01T00:00:00.000Z""#;
    let sent = |mask: &str| {
        encoded(1, &format!(r#"{{"id":"x","updateRequest":{{"thing":{{{date},"text":"a"}},"updateMask":"{mask}"}}}}"#))
            .unwrap()
            .body
            .unwrap()
            .into_owned()
    };
    assert_eq!(sent("text"), r#"{"thing":{"text":"a"},"updateMask":"text"}"#);
    assert_eq!(
        sent("text, createdAt"),
        r#"{"thing":{"createdAt":"2020-01-01T00:00:00.000Z","text":"a"},"updateMask":"text, createdAt"}"#
    );
}

#[test]
fn requests_of_122_are_unchanged() {
    let idl = IDL.replace("  updateMask string\n", "  updateMask string\n  left string gone 1.2.2=wasLeft\n");
    let api = keyturn_api::text::parse(&idl).unwrap_or_else(|e| panic!("{e}"));
    let pack = |enums| {
        let bytes = keyturn_api::table::pack(
            &api,
            if enums { keyturn_api::table::For::Server } else { keyturn_api::table::For::Compat },
        )
        .unwrap()
        .text;
        Table::unpack(bytes.leak()).unwrap()
    };
    let request = r#"{"id":"x","updateRequest":{"wasLeft":"a","thing":{"createdAt":null,"count":-1}}}"#;
    let sent = |table: &Table, unknown| {
        encode(table, &table.operations()[1], request, EncodeOptions { unknown })
            .map(|sent| sent.body.unwrap().into_owned())
    };
    assert_eq!(sent(&pack(false), Unknown::Drop).unwrap(), r#"{"left":"a","thing":{"createdAt":null,"count":-1}}"#);
    assert_eq!(sent(&pack(true), Unknown::Drop).unwrap(), r#"{"thing":{"createdAt":null,"count":-1}}"#);
    assert_eq!(sent(&pack(false), Unknown::Refuse).unwrap_err().path, "updateRequest.wasLeft");
    let table = table();
    let trigger = |unknown| encode(&table, &table.operations()[3], "{}", EncodeOptions { unknown }).unwrap().body;
    assert_eq!((trigger(Unknown::Drop), trigger(Unknown::Refuse)), (None, None));
}

#[test]
fn unchanged_requests_are_not_copied() {
    let request = r#"{"text":"a","tags":["b","\\"],"child":{"child":{},"ratio":1.5},"flag":null}"#;
    assert!(matches!(encoded(2, request).unwrap().body, Some(Cow::Borrowed(body)) if body == request));
    let wrapped = r#"{"id":"x","updateRequest":{"thing":{"text":"a"},"updateMask":"text"}}"#;
    let kept = r#"{"thing":{"text":"a"},"updateMask":"text"}"#;
    assert!(matches!(encoded(1, wrapped).unwrap().body, Some(Cow::Borrowed(body)) if body == kept));
    assert_eq!(
        body(r#"{"big":1,"text":"a", "tags":[],"big":"2"}"#).unwrap(),
        r#"{"big":"1","text":"a","tags":[],"big":"2"}"#
    );
    assert_eq!(body(r#"{ "text" : "a" }"#).unwrap(), r#"{"text":"a"}"#);
}

/// Reads the slots as the reviver does, and returns the dates and integers by path.
fn revived(text: &str) -> Vec<(String, f64)> {
    let table = table();
    let layouts = Layouts::new(&table);
    let found = decode(&table, &layouts, Message(0), text.as_bytes()).unwrap();
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut out = Vec::new();
    walk(&table, &layouts, &found.slots, &value, 0, "", &mut out);
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

fn walk(
    table: &Table,
    layouts: &Layouts,
    slots: &[f64],
    value: &serde_json::Value,
    base: usize,
    path: &str,
    out: &mut Vec<(String, f64)>,
) {
    for (index, field) in table.fields(Message(0)).iter().enumerate() {
        let (name, offset) = (table.wire_name(field), layouts.offset(table, Message(0), index));
        let path = format!("{path}/{name}");
        match (name, &value[name]) {
            // The reviver looks at an integer before it replaces it, but not at a date.
            ("createdAt", _) | ("big", serde_json::Value::String(_)) if !slots[base + offset].is_nan() => {
                out.push((path, slots[base + offset]));
            }
            ("child", child @ serde_json::Value::Object(_)) => {
                walk(table, layouts, slots, child, slots[base + offset] as usize, &path, out);
            }
            ("children", serde_json::Value::Array(list)) => {
                let mut at = slots[base + offset] as usize;
                for (i, item) in list.iter().enumerate().filter(|(_, item)| item.is_object()) {
                    walk(table, layouts, slots, item, at, &format!("{path}[{i}]"), out);
                    at = slots[at] as usize;
                }
            }
            _ => {}
        }
    }
}

#[test]
fn slots_are_found_in_any_field_order() {
    let text = r#"{"children":[{"big":"1"},null,7,{"children":[{"createdAt":"1970-01-01T00:00:02Z"}],"big":"3"}],
        "createdAt":"1970-01-01T00:00:04Z","child":{"big":"5","child":{"big":"6"}},"big":"7"}"#;
    let want = [("/big", 7.0), ("/child/big", 5.0), ("/child/child/big", 6.0), ("/children[0]/big", 1.0)];
    let want = want.into_iter().chain([
        ("/children[3]/big", 3.0),
        ("/children[3]/children[0]/createdAt", 2000.0),
        ("/createdAt", 4000.0),
    ]);
    assert_eq!(revived(text), want.map(|(p, n)| (p.to_owned(), n)).collect::<Vec<_>>());
}

#[test]
fn duplicate_fields_match_json_parse() {
    assert_eq!(revived(r#"{"child":{"big":"1"},"child":{"big":"2"}}"#), [("/child/big".to_owned(), 2.0)]);
    assert_eq!(revived(r#"{"big":"1","big":"2"}"#), [("/big".to_owned(), 2.0)]);
    let date = r#""createdAt":"2020-01-01T00:00:00Z""#;
    assert_eq!(revived(&format!("{{\"createdAt\":null,{date}}}")).len(), 1);
    for last in ["null", "1", "\"then\"", "{}"] {
        assert_eq!(revived(&format!("{{{date},\"createdAt\":{last}}}")), [], "{last}");
    }
}

#[test]
fn nothing_a_newer_server_sends_is_refused() {
    let found = decoded(
        r#"{"text":null,"flag":null,"child":null,"children":null,"color":7,"small":"5","ratio":"NaN","huge":12,
            "createdAt":"","newField":{"a":[1,{"b":"}"}]},"text":5,"tags":"x","expanded":[{"@type":"t"},null],
            "byName":{"2":{"createdAt":"1970-01-01T00:00:01Z","big":"9007199254740993"},"1":null},
            "bigs":["1",2,9007199254740993],"child":[],"children":[[{}],"x"]}"#,
    );
    let key = |k: &str| Step::Key(k.to_owned());
    assert!(found.patches.iter().any(|p| p.path == [key("small")] && p.value == Replacement::Number("5".into())));
    assert!(found.patches.iter().any(|p| p.path == [key("huge")] && p.value == Replacement::Text("12".into())));
    assert!(found.patches.iter().any(|p| p.path == [key("byName"), key("2"), key("createdAt")]
        && p.value == Replacement::Date(1000, "1970-01-01T00:00:01Z".into())));
    assert!(
        found
            .patches
            .iter()
            .any(|p| p.path == [key("bigs"), Step::Index(0)] && p.value == Replacement::Number("1".into()))
    );
    assert!(
        found
            .patches
            .iter()
            .any(|p| p.path == [key("bigs"), Step::Index(2)]
                && p.value == Replacement::Digits("9007199254740993".into()))
    );
    assert!(found.problems.contains(&Problem { path: vec![key("text")], expected: "a string", found: "a number" }));
    let notes: serde_json::Value = serde_json::from_str(&found.notes()).unwrap();
    assert_eq!(notes["patches"].as_array().map(Vec::len), Some(found.patches.len()));
}

#[test]
fn digits_are_never_lost() {
    let found = decoded(r#"{"big":"9007199254740993"}"#);
    assert!(found.slots.iter().skip(1).all(|slot| slot.is_nan()), "kept as text");
    assert_eq!(found.problems.len(), 1);
    let found = decoded(r#"{"big":9007199254740993}"#);
    assert_eq!(found.patches[0].value, Replacement::Digits("9007199254740993".into()));
    assert_eq!(found.problems[0].found, "a larger one, kept as text");
    let found = decoded(r#"{"big":1.5}"#);
    assert_eq!(found.patches[0].value, Replacement::Digits("1.5".into()));
    assert_eq!(found.problems[0].found, "another number, kept as text");
}

#[test]
fn anything_but_an_object_is_malformed() {
    let table = table();
    let layouts = Layouts::new(&table);
    for text in
        ["", "null", "[]", "5", "{", "{\"text\":", "{\"text\":\"a", "{\"text\":\"a\"", "{} x", "{\"a\" 1}", "<html>"]
    {
        assert!(decode(&table, &layouts, Message(0), text.as_bytes()).is_err(), "{text}");
    }
    let deep = format!("{}1{}", "{\"child\":".repeat(5000), "}".repeat(5000));
    assert!(decode(&table, &layouts, Message(0), deep.as_bytes()).is_err());
    assert!(decode(&table, &layouts, Message(0), "\u{feff}{}".as_bytes()).is_ok());
}

#[test]
fn plans_list_the_remaining_steps() {
    let table = table();
    let layouts = Layouts::new(&table);
    let plan = Plans::new(&table, false).of_message(&table, &layouts, Message(0));
    let steps: Vec<(String, Option<String>, u8, usize, i32)> = serde_json::from_str(&plan).unwrap();
    let kinds: Vec<_> = steps.iter().map(|s| (s.0.as_str(), s.2)).collect();
    let want = [
        ("big", 2),
        ("createdAt", 1),
        ("config", 6),
        ("child", 3),
        ("children", 4),
        ("byName", 5),
        ("expanded", 7),
        ("Odd", 0),
    ];
    assert_eq!(kinds, want);
    let of_122 = Plans::new(&table, true).of_message(&table, &layouts, Message(0));
    assert!(of_122.contains(r#"["secret","paperSecret",0,0,2]"#), "{of_122}");
    assert_eq!(Plans::new(&table, false).of_message(&table, &layouts, Message(2)), "[]");
}

/// Encodes a request of a JSON:API.
fn document<'a>(operation: &str, request: &'a str) -> Result<Encoded<'a>, Unfit> {
    let table = commercelayer();
    let operation = table.operations().iter().find(|o| table.operation_id(o) == operation).unwrap();
    encode(table, operation, request, EncodeOptions { unknown: Unknown::Keep })
}

#[test]
fn a_document_is_sent_as_its_resource_allows() {
    let create = document(
        "api_credentials.create",
        r#"{"data":{"type":"api_credentials","attributes":{"name":"a","kind":"integration","redirect_uri":null,"expires_in":7200,
            "client_secret":"s","created_at":"x","metadata":{"type":"roles","id":1}},
            "relationships":{"organization":{"data":{"type":"organizations","id":"o"}},"role":{"data":null}}}}"#,
    );
    assert_eq!(
        create.unwrap(),
        Encoded {
            target: "/api/api_credentials".into(),
            body: Some(
                r#"{"data":{"type":"api_credentials","attributes":{"name":"a","kind":"integration","redirect_uri":null,"expires_in":7200,"metadata":{"type":"roles","id":1}},"relationships":{"organization":{"data":{"type":"organizations","id":"o"}},"role":{"data":null}}}}"#
                    .into()
            ),
        }
    );
    // An update omits the attributes that only a create sets, and relationships of other resources.
    let update = document(
        "api_credentials.update",
        r#"{"id":"a/b","document":{"data":{"type":"api_credentials","attributes":{"name":"a","kind":"k","mode":"test","scopes":"s"},
            "relationships":{"organization":{"data":{"type":"organizations","id":"o"}}},"id":"a/b"}}}"#,
    )
    .unwrap();
    assert_eq!(update.target, "/api/api_credentials/a%2Fb");
    let body = r#"{"data":{"type":"api_credentials","attributes":{"name":"a"},"relationships":{},"id":"a/b"}}"#;
    assert_eq!(update.body.as_deref(), Some(body));
    let user = document("user.update", r#"{"data":{"type":"users","attributes":{"email":"e"},"relationships":{}}}"#);
    assert_eq!(user.unwrap().target, "/api/user");
    let resend = document("memberships.resend", r#"{"id":"m","document":{"data":{}}}"#).unwrap();
    assert_eq!((resend.target.as_str(), resend.body.as_deref()), ("/api/memberships/m/resend", Some(r#"{"data":{}}"#)));
}

#[test]
fn unknown_fields_are_kept() {
    let body = r#"{"data":{"type":"roles","attributes":{"name":"n","new_one":[1,{"a":"b"}],"at":"\u0000D2026-01-02T03:04:05.000Z","n":"\u0000I9"},"relationships":{"new_rel":{"data":[]}},"meta":{"x":null}}}"#;

    let kept = document("roles.create", body).unwrap().body.unwrap();
    assert_eq!(kept, body.replace(r"\u0000D", "").replace(r#""\u0000I9""#, "9"));
}

#[test]
fn misfits_in_a_document_have_the_callers_path() {
    for (operation, request, path, problem) in [
        ("roles.create", r#"{"data":{"attributes":{"name":1}}}"#, "name", "must be a string, not a number"),
        ("roles.create", r#"{"data":{"attributes":{"metadata":[]}}}"#, "metadata", "must be an object, not an array"),
        (
            "roles.create",
            r#"{"data":{"attributes":{"metadata":{"attributes":{"x":"\u0000N"}}}}}"#,
            "metadata.attributes.x",
            "must be a finite number, not NaN or Infinity",
        ),
        ("roles.create", r#"{"data":{"attributes":{"new":{"x":"\u0000F"}}}}"#, "new.x", "must be JSON, not"),
        ("roles.create", r#"{"data":{"attributes":1}}"#, "data.attributes", "must be an object, not a number"),
        (
            "roles.create",
            r#"{"data":{"relationships":{"organization":1}}}"#,
            "organization",
            "must be an object, not a number",
        ),
        (
            "roles.create",
            r#"{"data":{"relationships":{"organization":{"data":{"type":"organizations","id":7}}}}}"#,
            "organization.id",
            "must be a string, not a number",
        ),
        (
            "memberships.create",
            r#"{"data":{"relationships":{"application_memberships":{"data":[{"id":"a"},null]}}}}"#,
            "application_memberships[1]",
            "must not be null",
        ),
        (
            "roles.update",
            r#"{"id":"r","document":{"data":{"attributes":{"name":true}}}}"#,
            "name",
            "must be a string, not a boolean",
        ),
        (
            "api_credentials.update",
            r#"{"id":"r","document":{"data":{"attributes":{"expires_in":7200.5}}}}"#,
            "expires_in",
            "must be a whole number",
        ),
        ("roles.update", r#"{"id":"..","document":{"data":{}}}"#, "id", "must not be a dot segment"),
        ("roles.retrieve", r#"{"id":""}"#, "id", "must not be empty"),
    ] {
        let unfit = document(operation, request).expect_err(request);
        assert_eq!(unfit.path, path, "{request}");
        assert!(unfit.problem.starts_with(problem), "{request}: {}", unfit.problem);
    }
}

#[test]
fn the_longest_numbers_are_written_whole() {
    for number in [0, 9, 10, -1, i64::MAX, i64::MIN] {
        assert_eq!(decimal(number), number.to_string());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}:,\"\\\\a-z0-9. \u{0}é-]{0,80}") {
        let table = table();
        let _ = decode(&table, &Layouts::new(&table), Message(0), text.as_bytes());
        for operation in table.operations() {
            for unknown in [Unknown::Drop, Unknown::Keep] {
                let _ = encode(&table, operation, &text, EncodeOptions { unknown });
            }
        }
    }

    #[test]
    fn no_path_parameter_changes_the_route(value in "\\PC{0,30}") {
        let request = serde_json::json!({ "appId": value, "id": "x" }).to_string();
        if let Ok(encoded) = encoded(0, &request) {
            let segments: Vec<&str> = encoded.target.split('/').collect();
            prop_assert_eq!(segments.len(), 7);
            prop_assert!(!segments[4].is_empty() && !["", ".", ".."].contains(&segments[4]));
            prop_assert!(!encoded.target.contains(['?', '#', '\\', '\n']));
        }
    }

    #[test]
    fn text_round_trips(text in "\\PC{0,30}") {
        let sent = body(&serde_json::json!({ "text": text }).to_string()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&sent).unwrap();
        prop_assert_eq!(value["text"].as_str(), Some(text.as_str()));
    }

    #[test]
    fn plain_members_are_copied_among_others(picks in prop::collection::vec(0usize..9, 0..12), space in "[ \n]{0,2}") {
        // Each member as it is given, and as it is sent.
        const MEMBERS: [(&str, Option<&str>); 9] = [
            (r#""text":"a""#, Some(r#""text":"a""#)),
            (r#""text":"\u0000Sb""#, Some(r#""text":"b""#)),
            (r#""color":"RED""#, Some(r#""color":"RED""#)),
            (r#""flag":true"#, Some(r#""flag":true"#)),
            (r#""createdAt":null"#, Some(r#""createdAt":null"#)),
            (r#""odd":"c""#, Some(r#""Odd":"c""#)),
            (r#""tags":["d","\u0000Se"]"#, Some(r#""tags":["d","e"]"#)),
            (r#""child":{"text":"f","nonsense":[1],"color":"x"}"#, Some(r#""child":{"text":"f","color":"x"}"#)),
            (r#""nonsense":"g""#, None),
        ];
        let mut members: Vec<&str> = Vec::new();
        let mut expected: Vec<&str> = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for (given, sent) in picks.into_iter().map(|pick| MEMBERS[pick]) {
            // Each name is given once, because JavaScript objects have no duplicates.
            let name = given.split(':').next().unwrap();
            if !names.contains(&name) {
                names.push(name);
                members.push(given);
                expected.extend(sent);
            }
        }
        let request = format!("{{{space}{}{space}}}", members.join(&format!("{space},{space}")));
        let table = table();
        let sent = encode(&table, &table.operations()[2], &request, EncodeOptions { unknown: Unknown::Drop }).unwrap();
        let without: String = sent.body.unwrap().chars().filter(|c| !c.is_whitespace()).collect();
        prop_assert_eq!(without, format!("{{{}}}", expected.join(",")));
    }

    #[test]
    fn numbers_match_the_standard_formatting(number in any::<i64>(), digits in 0..64) {
        let number = number >> digits;
        prop_assert_eq!(decimal(number), number.to_string());
    }
}
