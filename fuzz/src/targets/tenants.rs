//! Tenants and base URLs. An accepted URL is parsed to the same result again, and the `url` crate finds the same origin
//! and path in it: plain http is used for loopback only, and no spelling leads to another host.

use crate::harness::Target;
use keyturn::auth::BaseUrl;
use url::Url;

pub(super) const TARGET: Target = Target {
    name: "tenants",
    property,
    read: None,
    words: &[
        "https://",
        "HTTP://",
        "localhost",
        "127.0.0.1",
        "0x7f",
        "%2f",
        "\\",
        "@",
        "..",
        ".conductor.one",
        ":443",
        "?",
        "#",
        "xn--",
    ],
};

fn property(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for base in [BaseUrl::parse(text), BaseUrl::from_tenant(text)].into_iter().flatten() {
        let again = BaseUrl::parse(base.as_str()).unwrap();
        assert_eq!(again.as_str(), base.as_str());
        let url = match Url::parse(base.as_str()) {
            Ok(url) => url,
            // Whether a label is valid Punycode is left to the platform, which refuses the request before it is sent.
            Err(_) if base.host().contains("xn--") => continue,
            Err(error) => panic!("{}: {error}", base.as_str()),
        };
        assert_eq!(url.origin().ascii_serialization(), base.origin(), "{text:?}");
        assert_eq!(url.path().trim_end_matches('/'), base.path(), "{text:?}");
        assert!(url.username().is_empty() && url.password().is_none());
        if url.scheme() == "http" {
            let loopback = match url.host() {
                Some(url::Host::Domain(name)) => name == "localhost",
                Some(url::Host::Ipv4(address)) => address.is_loopback(),
                Some(url::Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            };
            assert!(loopback, "{url}");
        }
        let joined = Url::parse(&base.join("/api/v1/x")).unwrap();
        assert_eq!(joined.origin(), url.origin());
        assert_eq!(joined.path(), format!("{}/api/v1/x", base.path()));
    }
}
