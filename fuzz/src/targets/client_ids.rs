//! Client ids, `name@host/kind`.
//!
//! An accepted id can be split and reassembled, is parsed to the same result again, does not depend on quotes and white
//! space around it, and names a host that the `url` crate reads as the same host.

use crate::harness::Target;
use keyturn::auth::{BaseUrl, ClientId};
use url::Url;

pub(super) const TARGET: Target = Target {
    name: "client_ids",
    property,
    read: None,
    words: &["@", "/pcc", "/spc", ".conductor.one", ":8443", "[::1]", "secret-token:"],
};

fn property(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let parsed = ClientId::parse(text);
    // A byte order mark is dropped only at the beginning of a text.
    if !text.starts_with('\u{feff}') {
        assert_eq!(parsed, ClientId::parse(&format!(" \"{text}\"\n")));
    }
    let Ok(id) = parsed else { return };
    let again = id.as_str();
    assert_eq!(ClientId::parse(again).as_ref(), Ok(&id));
    assert!(again.is_ascii() && again.len() <= 512 && text.contains(again));
    let (name, rest) = again.split_once('@').unwrap();
    let (host, kind) = rest.split_once('/').unwrap();
    assert_eq!((id.name(), id.kind_text()), (name, kind));
    let port = id.port().map_or(String::new(), |port| format!(":{port}"));
    assert_eq!(format!("{}{port}", id.host()).len(), host.to_ascii_lowercase().len().min(id.host().len() + port.len()));
    // Whether a label is valid Punycode is left to the platform.
    if let Ok(base) = BaseUrl::from_client_id(&id)
        && !id.host().contains("xn--")
    {
        let url = Url::parse(base.as_str()).unwrap();
        assert_eq!(url.host_str(), Some(id.host()), "{again}");
        assert_eq!(url.port(), base.port());
        assert!(url.scheme() == "https" || is_loopback(&url), "{url}");
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
