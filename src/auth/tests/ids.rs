use proptest::prelude::*;

use super::check_corpus;
use crate::auth::client_id::Kind;
use crate::auth::{ClientId, ClientIdError, ConfigError, HostError};

#[test]
fn good_ids_are_parsed() {
    for (text, name, host, port, kind, kind_text) in [
        (
            "strange-hydra-68836@acme.conductor.one/pcc",
            "strange-hydra-68836",
            "acme.conductor.one",
            None,
            Kind::Personal,
            "pcc",
        ),
        (
            "blue-whale-12345@acme.conductor.one/spc",
            "blue-whale-12345",
            "acme.conductor.one",
            None,
            Kind::ServicePrincipal,
            "spc",
        ),
        ("x@ACME.Conductor.One:8443/wfe", "x", "acme.conductor.one", Some(8443), Kind::Federation, "wfe"),
        ("x@localhost:9/tcc", "x", "localhost", Some(9), Kind::Tunnel, "tcc"),
        ("a_b.c~d+e=@127.0.0.1:65535/new-kind_2", "a_b.c~d+e=", "127.0.0.1", Some(65535), Kind::Other, "new-kind_2"),
        ("x@[::1]:80/pcc", "x", "[::1]", Some(80), Kind::Personal, "pcc"),
        ("x@xn--bcher-kva.example/pcc", "x", "xn--bcher-kva.example", None, Kind::Personal, "pcc"),
        ("x@sandbox/pcc", "x", "sandbox", None, Kind::Personal, "pcc"),
    ] {
        let id = ClientId::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((id.as_str(), id.name(), id.host(), id.port()), (text, name, host, port));
        assert_eq!((id.kind(), id.kind_text()), (kind, kind_text));
    }
}

#[test]
fn pasted_quotes_and_white_space_are_dropped() {
    for text in [
        " x@acme.conductor.one/pcc\r\n",
        "\"x@acme.conductor.one/pcc\"",
        "\u{feff}'x@acme.conductor.one/pcc' ",
        "` x@acme.conductor.one/pcc`",
    ] {
        assert_eq!(ClientId::parse(text).map(|id| id.as_str().to_owned()).as_deref(), Ok("x@acme.conductor.one/pcc"));
    }
}

#[test]
fn every_malformed_id_says_which_part_is_wrong() {
    let long_name = format!("{}@acme.conductor.one/pcc", "x".repeat(512));
    let long_label = format!("x@{}.conductor.one/pcc", "a".repeat(64));
    let long_host = format!("x@{}one/pcc", "abcdefgh.".repeat(30));
    let cases = [
        ("", "client_id_empty"),
        (" \n", "client_id_empty"),
        ("\"\"", "client_id_empty"),
        ("secret-token:conductorone.com:v1:eyJrdHkiOiJPS1AifQ", "client_id_is_secret"),
        ("SECRET-TOKEN:conductorone.com:v1:x@y/z", "client_id_is_secret"),
        ("CONDUCTORONE_CLIENT_SECRET=secret-token:x", "client_id_is_secret"),
        ("eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJ4In0.c2ln", "client_id_is_token"),
        ("https://acme.conductor.one/pcc", "client_id_is_url"),
        ("https://x@acme.conductor.one/pcc", "client_id_is_url"),
        (&long_name, "client_id_long"),
        ("strange-hydra-68836", "client_id_at"),
        ("acme.conductor.one/pcc", "client_id_at"),
        ("x@y@acme.conductor.one/pcc", "client_id_ats"),
        ("x@acme.conductor.one@evil.example/pcc", "client_id_ats"),
        ("@acme.conductor.one/pcc", "client_id_name_empty"),
        ("strange hydra@acme.conductor.one/pcc", "client_id_name_character"),
        ("a/b@acme.conductor.one/pcc", "client_id_name_character"),
        ("a\u{0}b@acme.conductor.one/pcc", "client_id_name_character"),
        ("h\u{e9}ros@acme.conductor.one/pcc", "client_id_name_character"),
        ("a\"b@acme.conductor.one/pcc", "client_id_name_character"),
        ("x@acme.conductor.one", "client_id_slash"),
        ("x@", "client_id_slash"),
        ("x@acme.conductor.one/", "client_id_kind_empty"),
        ("x@acme.conductor.one/pcc/", "client_id_kind_character"),
        ("x@acme.conductor.one/p c", "client_id_kind_character"),
        ("x@acme.conductor.one/pcc?", "client_id_kind_character"),
        ("x@acme.conductor.one/pcc#y", "client_id_kind_character"),
        ("x@/pcc", "host_empty"),
        ("x@:80/pcc", "host_empty"),
        ("x@b\u{fc}cher.example/pcc", "host_not_ascii"),
        ("x@acme\u{3002}conductor.one/pcc", "host_not_ascii"),
        ("x@\u{ff41}cme.conductor.one/pcc", "host_not_ascii"),
        ("x@acme\u{7f}.conductor.one/pcc", "host_control"),
        ("x@acme\u{0}.conductor.one/pcc", "host_control"),
        ("x@acme .conductor.one/pcc", "host_space"),
        ("x@acme\t.conductor.one/pcc", "host_space"),
        ("x@evil.example\\.conductor.one/pcc", "host_backslash"),
        ("x@evil.example%2f.conductor.one/pcc", "host_percent"),
        ("x@evil.example#.conductor.one/pcc", "host_path"),
        ("x@evil.example?.conductor.one/pcc", "host_path"),
        ("x@ac_me.conductor.one/pcc", "host_character"),
        ("x@ac$me.conductor.one/pcc", "host_character"),
        ("x@acme..conductor.one/pcc", "host_empty_label"),
        ("x@.conductor.one/pcc", "host_empty_label"),
        ("x@acme.conductor.one./pcc", "host_empty_label"),
        ("x@-acme.conductor.one/pcc", "host_hyphen"),
        ("x@acme-.conductor.one/pcc", "host_hyphen"),
        (&long_label, "host_long_label"),
        (&long_host, "host_long"),
        ("x@127.1/pcc", "host_ipv4"),
        ("x@2130706433/pcc", "host_ipv4"),
        ("x@0x7f000001/pcc", "host_ipv4"),
        ("x@0177.0.0.1/pcc", "host_ipv4"),
        ("x@256.0.0.1/pcc", "host_ipv4"),
        ("x@1.2.3.4.5/pcc", "host_ipv4"),
        ("x@acme.0x/pcc", "host_ipv4"),
        ("x@[2001:db8::1]/pcc", "host_ipv6"),
        ("x@::1/pcc", "host_ipv6"),
        ("x@acme.conductor.one:/pcc", "host_port"),
        ("x@acme.conductor.one:0/pcc", "host_port"),
        ("x@acme.conductor.one:65536/pcc", "host_port"),
        ("x@acme.conductor.one:8a/pcc", "host_port"),
        ("x@[::1]:+80/pcc", "host_port"),
        ("x@[::1]x/pcc", "host_port"),
    ];
    let got =
        cases.map(|(text, code)| (text, code, ClientId::parse(text).map_or_else(|error| error.code(), |_| "accepted")));
    // An @ splits the id before its host is examined.
    let hosts: Vec<_> = HostError::CODES.iter().copied().filter(|code| *code != "host_user_info").collect();
    check_corpus(&got, ClientIdError::CODES, &hosts);
}

#[test]
fn an_error_never_repeats_the_input() {
    let error = ClientId::parse("CaNaRy@@secret-token:CaNaRy").unwrap_err();
    assert!(
        !format!("{error} {error:?} {:?} {}", ConfigError::from(error), ConfigError::from(error)).contains("CaNaRy")
    );
    assert_eq!(ConfigError::from(error).option, "clientID");
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = ClientId::parse(&text);
    }

    #[test]
    fn accepted_ids_consist_of_their_parts(
        name in "[a-z0-9-]{1,20}", host in "[a-z]{1,10}(\\.[a-z][a-z0-9]{0,9}){0,3}", port in proptest::option::of(1u16..), kind in "[a-z]{3}",
    ) {
        let port_text = port.map(|port| format!(":{port}")).unwrap_or_default();
        let text = format!("{name}@{host}{port_text}/{kind}");
        let id = ClientId::parse(&text).unwrap();
        prop_assert_eq!((id.as_str(), id.name(), id.host(), id.port(), id.kind_text()), (&*text, &*name, &*host, port, &*kind));
    }
}
