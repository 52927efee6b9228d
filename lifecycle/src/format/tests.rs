//! Properties of the formats. The tests with the actual readers are written in JavaScript.

use super::env::{self, Dialect};
use super::{Kind, import, json, quote, render, sealed};
use crypto_box::SecretKey;
use proptest::prelude::*;

const DIALECTS: [Dialect; 5] = [Dialect::Portable, Dialect::Dotenv, Dialect::Docker, Dialect::Systemd, Dialect::Shell];

fn values(dialect: Dialect, text: &str) -> Vec<(String, Option<String>)> {
    env::parse(dialect, text).into_iter().map(|found| (found.name, found.value)).collect()
}

fn pair(name: &str, value: &str) -> (String, Option<String>) {
    (name.to_owned(), Some(value.to_owned()))
}

/// Generates texts that consist mostly of characters that readers treat specially.
fn hostile() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            Just("'".to_owned()),
            Just("\"".to_owned()),
            Just("`".to_owned()),
            Just("\\".to_owned()),
            Just("\n".to_owned()),
            Just("\r".to_owned()),
            Just("$".to_owned()),
            Just("${A}".to_owned()),
            Just("%{".to_owned()),
            Just("#".to_owned()),
            Just("=".to_owned()),
            Just(" ".to_owned()),
            Just("\t".to_owned()),
            Just("\0".to_owned()),
            Just("\u{1f511}".to_owned()),
            Just("\u{e9}".to_owned()),
            Just("\\n".to_owned()),
            "[a-z]{1,3}",
            any::<char>().prop_map(String::from),
        ],
        0..8,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn a_value_is_refused_or_round_trips(value in hostile(), other in hostile()) {
        for dialect in DIALECTS {
            let Ok(first) = env::merge(dialect, "# kept\nA=1\n", &[("B", &value)]) else { continue };
            prop_assert_eq!(values(dialect, &first), vec![pair("A", "1"), pair("B", &value)]);
            prop_assert!(first.starts_with("# kept\nA=1\nB="));
            let Ok(second) = env::merge(dialect, &first, &[("B", &other), ("C", "2")]) else { continue };
            prop_assert_eq!(values(dialect, &second), vec![pair("A", "1"), pair("B", &other), pair("C", "2")]);
        }
    }

    #[test]
    fn any_text_is_read_and_merged_without_a_panic_and_keeps_the_rest(text in hostile(), more in hostile()) {
        let text = format!("{text}\nA={more}\n{text}");
        for dialect in DIALECTS {
            let before = values(dialect, &text);
            if let Ok(merged) = env::merge(dialect, &text, &[("A", "new")]) {
                let others = |all: Vec<(String, Option<String>)>| -> Vec<_> {
                    all.into_iter().filter(|(name, _)| name != "A").collect()
                };
                prop_assert_eq!(others(values(dialect, &merged)), others(before));
            }
        }
    }

    #[test]
    fn json_is_changed_in_one_place(value in hostile(), key in hostile(), other in hostile()) {
        let text = format!("{{\n  \"a\": 1.50,\n  {}: {}\n}}\n", quote::json(&key), quote::json(&other));
        let path = vec!["new".to_owned(), key.clone()];
        let written = json::write(&text, &path, &value).unwrap();
        if key != "new" {
            prop_assert_eq!(json::read(&written, &path).unwrap(), Some(value.clone()));
            prop_assert_eq!(json::read(&written, std::slice::from_ref(&key)).unwrap(), Some(other));
        }
        prop_assert!(key == "a" || written.contains("\"a\": 1.50"));
        let replaced = json::write(&text, std::slice::from_ref(&key), &value).unwrap();
        prop_assert_eq!(json::read(&replaced, &[key]).unwrap(), Some(value));
    }

    #[test]
    fn nothing_panics(text in hostile()) {
        let _ = json::write(&text, &["a".to_owned()], &text);
        let _ = json::read(&text, &["a".to_owned()]);
        let _ = import::kubernetes(&text);
        let _ = import::terraform(&text);
        let _ = import::csv(&text, None);
        let _ = quote::hcl(&text);
        import::is_client_id(&text);
    }

    #[test]
    fn a_sealed_box_opens_with_the_secret_key(text in hostile(), seed: [u8; 32], entropy: [u8; 32]) {
        let secret = SecretKey::from_bytes(seed);
        let sealed = sealed::seal(secret.public_key().as_bytes(), &text, entropy).unwrap();
        prop_assert_eq!(secret.unseal(&sealed).unwrap(), text.as_bytes());
    }
}

#[test]
fn comments_order_and_style_are_kept() {
    let text = "\u{feff}# head\n\nexport A = 'x' # why\nB: yaml\nA=two\r\n  C=3";
    let merged = env::merge(Dialect::Dotenv, text, &[("A", "n"), ("D", "4 4")]).unwrap();
    assert_eq!(merged, "\u{feff}# head\n\nexport A = n # why\nB: yaml\nA=n\r\n  C=3\r\nD='4 4'\r\n");
}

#[test]
fn a_backslash_before_a_closing_quote_is_not_written() {
    assert_eq!(env::quote(Dialect::Dotenv, "a b\\").unwrap(), "a b\\");
    assert_eq!(env::quote(Dialect::Dotenv, "a # b\\").unwrap_err().kind, Kind::Refused);
}

#[test]
fn an_open_quote_is_refused() {
    for dialect in [Dialect::Shell, Dialect::Systemd] {
        let error = env::merge(dialect, "A='never closed\n", &[("B", "1")]).unwrap_err();
        assert_eq!(error.kind, Kind::Malformed);
        assert!(error.message.contains("quote"));
    }
}

#[test]
fn invalid_names_are_refused() {
    for name in ["", "1A", "A B", "A=B", "A-B", "\u{e9}"] {
        assert_eq!(env::merge(Dialect::Shell, "", &[(name, "1")]).unwrap_err().kind, Kind::Refused);
    }
}

#[test]
fn json_keeps_its_style() {
    let path = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    assert_eq!(json::write("{\"a\":{}}", &path(&["a", "b"]), "1").unwrap(), "{\"a\":{\"b\": \"1\"}}");
    assert_eq!(json::write("{\n\t\"a\": 1\n}", &path(&["b"]), "2").unwrap(), "{\n\t\"a\": 1,\n\t\"b\": \"2\"\n}");
    assert_eq!(json::write("", &path(&["b", "c"]), "2").unwrap(), "{\"b\": {\"c\": \"2\"}}\n");
    assert_eq!(json::write("{\"a\":1,\"a\":2}", &path(&["a"]), "3").unwrap(), "{\"a\":1,\"a\":\"3\"}");
    let error = json::write("{\"a\": [1]}", &path(&["a", "b"]), "2").unwrap_err();
    assert!(error.message.contains("a is not an object"), "{error}");
    let error = json::write("{\"a\": secret}", &path(&["a"]), "2").unwrap_err();
    assert!(!error.message.contains("secret") && error.message.contains("line 1"), "{error}");
}

#[test]
fn only_client_ids_are_found() {
    let manifests = "kind: Secret\nmetadata: {name: s, namespace: n}\ndata:\n  BATON_CLIENT_ID: Ymx1ZS13aGFsZS0xQGFjbWUuY29uZHVjdG9yLm9uZS9wY2M=\n  BATON_CLIENT_SECRET: c2VjcmV0LXRva2VuOng=\n---\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{env: [{name: BATON_CLIENT_ID, value: a-b-1@x.conductor.one/spc}]}]}}}\n";
    let found = import::kubernetes(manifests).unwrap();
    let places: Vec<_> = found.iter().map(|found| (found.client_id.as_str(), found.place.as_str())).collect();
    assert_eq!(
        places,
        [
            ("blue-whale-1@acme.conductor.one/pcc", "Secret n/s, BATON_CLIENT_ID"),
            ("a-b-1@x.conductor.one/spc", "Deployment d, BATON_CLIENT_ID"),
        ]
    );

    let state = r#"{"version":4,"resources":[{"module":"module.m","mode":"managed","type":"conductorone_connector_credential","name":"c","instances":[{"index_key":0,"attributes":{"id":"i1","app_id":"A","connector_id":"C","client_id":"i1@acme.conductor.one/pcc","client_secret":"secret-token:x"}}]}]}"#;
    let found = import::terraform(state).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place, "module.m.conductorone_connector_credential.c[0], client_id");
    assert_eq!(found[0].credential_id.as_deref(), Some("i1"));
    assert_eq!(found[0].facts[0], ("appId".to_owned(), "A".to_owned()));

    let found = import::csv("\u{feff}Client ID;Owner;Client Secret\na@b.c/d;\"Ann; ops\";hush\n;;\n", None).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].facts, [("Owner".to_owned(), "Ann; ops".to_owned())]);
    assert_eq!(found[0].place, "line 2");
    assert!(import::csv("a,b\n1,2\n", None).unwrap_err().message.contains("client_id"));

    let found =
        import::env(Dialect::Dotenv, "# x\nBATON_CLIENT_ID='a-1@acme.conductor.one/pcc'\nCLIENT_ID=plain\nURL=x\n");
    assert_eq!(
        found.iter().map(|f| f.place.as_str()).collect::<Vec<_>>(),
        ["line 2, BATON_CLIENT_ID", "line 3, CLIENT_ID"]
    );
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    assert_eq!(import::kubernetes(&text).unwrap_err().kind, Kind::Malformed);
}

#[test]
fn terraform_never_evaluates_a_value() {
    assert_eq!(quote::hcl("${a} %{b} $${c} $ %").unwrap(), "\"$${a} %%{b} $$${c} $ %\"");
    let document = render::Document::TerraformConnectorCredential {
        name: "orders".to_owned(),
        app_id: "A\"${x}".to_owned(),
        connector_id: "C".to_owned(),
        credential_id: Some("i".to_owned()),
    };
    let text = render::render(&document).unwrap();
    assert!(text.contains("create_before_destroy = true"));
    assert!(text.contains("app_id       = \"A\\\"$${x}\""));
    assert!(text.contains(r#"id = "{\"app_id\":\"A\\\"$${x}\",\"connector_id\":\"C\",\"id\":\"i\"}""#), "{text}");
}
