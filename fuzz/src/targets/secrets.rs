//! Client secrets. A secret is accepted if and only if its key is valid according to `serde_json`, plain base64 and
//! `ed25519-dalek`. It can be written and read again, and neither errors nor `Debug` repeat a part of it.

use crate::{harness::Target, oracle};
use ed25519_dalek::SigningKey;
use keyturn::auth::{ClientSecret, bearer};
use serde_json::Value;

pub(super) const TARGET: Target = Target {
    name: "secrets",
    property,
    read: None,
    words: &["secret-token:", "conductorone.com", ":v1:", "=", "==", "eyJrdHkiOiJPS1Ai", "+", "/", "-", "_"],
};

const PREFIX: &str = "secret-token:conductorone.com:v1:";

fn property(input: &[u8]) {
    let parsed = ClientSecret::parse(input);
    if let Ok(secret) = &parsed {
        let text = secret.to_text();
        let again = ClientSecret::parse(text.as_bytes()).unwrap();
        assert_eq!(again.public_key(), secret.public_key());
        assert_eq!(format!("{secret:?}"), "ClientSecret([redacted])");
        assert!(bearer::parse(input).is_err(), "a secret is sent as a token");
    }
    let Some(key) = std::str::from_utf8(input).ok().and_then(|text| text.strip_prefix(PREFIX)) else { return };
    // Skips what the oracle does not model: the length limit, trimming and, below, escapes in the JWK.
    if key.len() > 4000 || key.ends_with(['"', '\'', '`']) || key.trim_ascii() != key {
        return;
    }
    let Some(jwk) = oracle::base64(key) else {
        assert!(parsed.is_err(), "{key}");
        return;
    };
    if jwk.contains(&b'\\') {
        return;
    }
    if let Some(jwk) = oracle::unique_json(&jwk) {
        assert_eq!(public_key(&jwk), parsed.ok().map(|secret| *secret.public_key()));
    }
}

/// Returns the public key of a JWK that is an Ed25519 key pair (RFC 8037).
fn public_key(jwk: &Value) -> Option<[u8; 32]> {
    let text = |name: &str| jwk.get(name)?.as_str();
    let bytes = |name: &str| <[u8; 32]>::try_from(oracle::base64(text(name)?)?).ok();
    if (text("kty"), text("crv")) != (Some("OKP"), Some("Ed25519")) {
        return None;
    }
    let (d, x) = (bytes("d")?, bytes("x")?);
    (SigningKey::from_bytes(&d).verifying_key().to_bytes() == x).then_some(x)
}
