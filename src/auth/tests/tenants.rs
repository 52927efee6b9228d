use proptest::prelude::*;

use super::check_corpus;
use crate::auth::host;
use crate::auth::tenant::Scheme;
use crate::auth::{BaseUrl, ClientId, HostError, TenantError, resolve};

fn code<T>(result: Result<T, TenantError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "accepted")
}

#[test]
fn server_urls_are_normalised() {
    for (url, text, origin, path, audience) in [
        (
            "https://acme.conductor.one",
            "https://acme.conductor.one",
            "https://acme.conductor.one",
            "",
            "acme.conductor.one",
        ),
        (
            "HTTPS://ACME.Conductor.ONE:443//",
            "https://acme.conductor.one",
            "https://acme.conductor.one",
            "",
            "acme.conductor.one",
        ),
        (
            "https://acme.conductor.one:8443/",
            "https://acme.conductor.one:8443",
            "https://acme.conductor.one:8443",
            "",
            "acme.conductor.one",
        ),
        (
            " https://proxy.example/c1/?tenant=x#y ",
            "https://proxy.example/c1",
            "https://proxy.example",
            "/c1",
            "proxy.example",
        ),
        (
            "https://proxy.example/a/B%2fc;v=1/",
            "https://proxy.example/a/B%2fc;v=1",
            "https://proxy.example",
            "/a/B%2fc;v=1",
            "proxy.example",
        ),
        ("https://proxy.example?x", "https://proxy.example", "https://proxy.example", "", "proxy.example"),
        ("http://localhost:80", "http://localhost", "http://localhost", "", "localhost"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000", "http://127.0.0.1:3000", "", "127.0.0.1"),
        (
            "http://127.255.255.254:443",
            "http://127.255.255.254:443",
            "http://127.255.255.254:443",
            "",
            "127.255.255.254",
        ),
        ("http://[::1]:3000/x", "http://[::1]:3000/x", "http://[::1]:3000", "/x", "[::1]"),
        ("https://10.0.0.1", "https://10.0.0.1", "https://10.0.0.1", "", "10.0.0.1"),
        (
            "https://xn--bcher-kva.example",
            "https://xn--bcher-kva.example",
            "https://xn--bcher-kva.example",
            "",
            "xn--bcher-kva.example",
        ),
    ] {
        let base = BaseUrl::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!((base.as_str(), base.origin(), base.path(), base.audience()), (text, origin, path, audience));
        assert_eq!(base.join("/auth/v1/token"), format!("{text}/auth/v1/token"));
        assert_eq!(BaseUrl::parse(base.as_str()), Ok(base));
    }
}

#[test]
fn tenants_are_read_as_people_name_them() {
    for (tenant, expected) in [
        ("acme", "https://acme.conductor.one"),
        ("ACME ", "https://acme.conductor.one"),
        ("acme.conductor.one", "https://acme.conductor.one"),
        ("acme.conductor.one:443", "https://acme.conductor.one"),
        ("https://acme.conductor.one/", "https://acme.conductor.one"),
        ("https://acme.conductor.one/apps/2abc?tab=1", "https://acme.conductor.one"),
        ("https://proxy.example/c1", "https://proxy.example/c1"),
        // A URL parser would take each of these on its own for an IPv4 address.
        ("1234", "https://1234.conductor.one"),
        ("007", "https://007.conductor.one"),
        ("0xfee", "https://0xfee.conductor.one"),
        ("127", "https://127.conductor.one"),
        ("c1.example.com", "https://c1.example.com"),
        ("c1.example.com:8443", "https://c1.example.com:8443"),
        ("localhost:3000", "http://localhost:3000"),
        ("localhost", "http://localhost"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://localhost:3000", "https://localhost:3000"),
        ("127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("[::1]:3000", "http://[::1]:3000"),
    ] {
        assert_eq!(BaseUrl::from_tenant(tenant).as_ref().map(BaseUrl::as_str), Ok(expected), "{tenant}");
    }
}

#[test]
fn every_malformed_place_says_what_is_wrong() {
    let url = |text| code(BaseUrl::parse(text));
    let tenant = |text| code(BaseUrl::from_tenant(text));
    let mut cases: Vec<(&str, &str, &str)> = [
        ("", "url_empty"),
        ("secret-token:conductorone.com:v1:x", "url_has_secret"),
        ("https://x/?s=secret-token:conductorone.com:v1:x", "url_has_secret"),
        ("acme.conductor.one", "url_scheme_missing"),
        ("https:acme.conductor.one", "url_scheme_missing"),
        ("//acme.conductor.one", "url_scheme_missing"),
        ("ftp://acme.conductor.one", "url_scheme"),
        ("javascript://acme.conductor.one/%0aalert(1)", "url_scheme"),
        ("://acme.conductor.one", "url_scheme"),
        ("http://acme.conductor.one", "url_insecure"),
        ("http://128.0.0.1", "url_insecure"),
        ("http://127.0.0.1.evil.example", "url_insecure"),
        ("http://127.evil.example", "url_insecure"),
        ("http://localhost.evil.example", "url_insecure"),
        ("http://app.localhost", "url_insecure"),
        ("https://user:password@acme.conductor.one", "url_user_info"),
        ("https://acme.conductor.one@evil.example", "url_user_info"),
        ("https://acme.conductor.one\\@evil.example", "url_user_info"),
        ("https://acme .conductor.one", "url_space"),
        ("https://acme.con\nductor.one", "url_space"),
        ("https://acme.conductor.one/\u{0}", "url_space"),
        ("https://acme\u{a0}.conductor.one", "url_space"),
        ("https://acme.conductor.one\\x", "url_backslash"),
        ("https://acme.conductor.one/a\\..\\b", "url_backslash"),
        ("https://acme.conductor.one/\u{e9}", "url_path"),
        ("https://acme.conductor.one/<x>", "url_path"),
        ("https://acme.conductor.one/a%2", "url_path_escape"),
        ("https://acme.conductor.one/%zz", "url_path_escape"),
        ("https://acme.conductor.one/%\u{e9}", "url_path"),
        ("https://acme.conductor.one/a//b", "url_path_segment"),
        ("https://acme.conductor.one/./b", "url_path_segment"),
        ("https://acme.conductor.one/a/..", "url_path_segment"),
        ("https://acme.conductor.one/a/%2E%2e/b", "url_path_segment"),
        ("https://acme.conductor.one/.%2e", "url_path_segment"),
        ("https://{tenant}.conductor.one", "url_template"),
        ("https://acme.conductor.one/{x}", "url_template"),
        ("https://", "host_empty"),
        ("https:///x", "host_empty"),
        ("https://b\u{fc}cher.example", "host_not_ascii"),
        ("https://evil.example%2f.conductor.one", "host_percent"),
        ("https://ac*me.conductor.one", "host_character"),
        ("https://acme..one", "host_empty_label"),
        ("https://acme.conductor.one.", "host_empty_label"),
        ("https://-a.one", "host_hyphen"),
        ("https://127.1", "host_ipv4"),
        ("https://[::ffff:127.0.0.1]", "host_ipv6"),
        ("https://acme.conductor.one:99999", "host_port"),
        ("https://acme.conductor.one:", "host_port"),
    ]
    .map(|(text, expected)| (text, expected, url(text)))
    .to_vec();
    cases.extend(
        [
            ("x@acme.conductor.one/pcc", "tenant_is_client_id"),
            ("acme:8443", "tenant_name_port"),
            ("evil.com/#", "host_path"),
            ("evil.com/", "host_path"),
            ("evil.com?", "host_path"),
            ("a@evil.com", "host_user_info"),
            ("evil.com\\", "host_backslash"),
            ("ac_me", "host_character"),
            ("acme{}", "host_character"),
            ("acme ltd", "url_space"),
            ("http://acme.conductor.one", "url_insecure"),
            ("0x7f.1", "host_ipv4"),
        ]
        .map(|(text, expected)| (text, expected, tenant(text))),
    );
    let resolved = |url, tenant, id: Option<&str>| {
        let id = id.map(|id| ClientId::parse(id).unwrap());
        resolve(url, tenant, id.as_ref()).map_or_else(|error| error.code, |_| "accepted")
    };
    cases.extend([
        ("nothing", "tenant_missing", resolved(None, None, None)),
        ("template alone", "url_template_tenant", resolved(Some("https://{tenantDomain}.conductor.one"), None, None)),
        (
            "template, host",
            "url_template_name",
            resolved(Some("https://{tenantDomain}.conductor.one"), Some("c1.example.com"), None),
        ),
        ("short host", "tenant_short_host", resolved(None, None, Some("x@intranet/pcc"))),
    ]);
    let long_ones = [
        ("long label", "host_long_label", code(BaseUrl::from_tenant(&"a".repeat(64)))),
        ("long host", "host_long", code(BaseUrl::from_tenant("abc.".repeat(70).trim_end_matches('.')))),
    ];
    cases.extend(long_ones);
    // White space and control characters are found before the host is examined.
    let hosts: Vec<_> =
        HostError::CODES.iter().copied().filter(|code| !matches!(*code, "host_control" | "host_space")).collect();
    check_corpus(&cases, TenantError::CODES, &hosts);
}

#[test]
fn a_server_url_comes_before_a_tenant_and_that_before_the_client_id() {
    let id = ClientId::parse("x@acme.conductor.one/pcc").unwrap();
    let local = ClientId::parse("x@127.0.0.1:4000/pcc").unwrap();
    let template = Some("https://{tenantDomain}.conductor.one/");
    for (url, tenant, id, expected) in [
        (Some("https://a.example"), Some("b"), Some(&id), "https://a.example"),
        (Some("https://a.example"), None, None, "https://a.example"),
        (None, Some("b"), Some(&id), "https://b.conductor.one"),
        (None, None, Some(&id), "https://acme.conductor.one"),
        (None, None, Some(&local), "http://127.0.0.1:4000"),
        (template, Some("b"), Some(&id), "https://b.conductor.one"),
        (template, Some("https://b.conductor.one"), None, "https://b.conductor.one"),
        (template, None, Some(&id), "https://acme.conductor.one"),
        (Some("https://proxy.example/{tenantDomain}"), Some("b"), None, "https://proxy.example/b"),
    ] {
        assert_eq!(resolve(url, tenant, id).map(|base| base.as_str().to_owned()).as_deref(), Ok(expected));
    }
    for (url, tenant, option) in [
        (Some("x"), Some("b"), "serverURL"),
        (template, Some("evil.com/#"), "tenantDomain"),
        (None, Some("evil.com/#"), "tenantDomain"),
        (None, None, "serverURL"),
    ] {
        assert_eq!(resolve(url, tenant, None).unwrap_err().option, option);
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,40}", url in "(https?://)?[a-z0-9.:@/%\\\\\\[\\]{}?#-]{0,30}") {
        let _ = BaseUrl::parse(&text);
        let _ = BaseUrl::from_tenant(&text);
        let _ = BaseUrl::from_tenant(&url);
        let _ = resolve(Some(&url), Some(&text), None);
    }

    /// Whatever is accepted has one form that no parser can read differently, and uses http for loopback only.
    #[test]
    fn accepted_urls_are_unambiguous(url in "(https?://)?[a-z0-9.:@/%\\\\\\[\\]?# -]{0,30}") {
        for base in [BaseUrl::parse(&url), BaseUrl::from_tenant(&url)].into_iter().flatten() {
            prop_assert!(base.host() == "[::1]" || base.host().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.'));
            prop_assert!(base.scheme() == Scheme::Https || host::is_loopback(base.host()));
            prop_assert!(!base.as_str().ends_with('/') && !base.origin().contains('@') && !base.as_str().contains(['\\', '?', '#', ' ']));
            prop_assert_eq!(BaseUrl::parse(base.as_str()), Ok(base.clone()));
        }
    }
}
