//! Client assertions (RFC 7523). `serde_json` reads the expected header and claims, whatever characters the client id
//! and the audience contain, and `ed25519-dalek` verifies the signature.

use crate::{harness::Target, oracle};
use ed25519_dalek::{Signature, VerifyingKey};
use keyturn::auth::{ClientSecret, assertion};
use serde_json::json;
use zeroize::Zeroizing;

pub(super) const TARGET: Target =
    Target { name: "assertions", property, read: None, words: &["\u{7f}", "\u{10ffff}", "\u{0}"] };

/// The input is a seed, a nonce and a time, in that order, followed by the client id and the audience on a line each.
fn property(input: &[u8]) {
    let (head, text) = input.split_at(input.len().min(56));
    let mut bytes = [7; 56];
    bytes[..head.len()].copy_from_slice(head);
    let seed: [u8; 32] = bytes[..32].try_into().unwrap();
    let nonce: [u8; 16] = bytes[32..48].try_into().unwrap();
    // A plausible clock time in seconds.
    let now = i64::from_le_bytes(bytes[48..].try_into().unwrap()) >> 12;
    let text = String::from_utf8_lossy(text);
    let (client_id, audience) = text.split_once('\n').unwrap_or((&text, ""));
    let secret = ClientSecret::from_seed(Zeroizing::new(seed));
    let signed = assertion::sign(&secret, client_id, audience, now, &nonce);
    let parts: Vec<_> = signed.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{} parts", parts.len()) };
    let decode = |part| oracle::base64(part).unwrap();
    let hex: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(oracle::unique_json(&decode(header)).unwrap(), json!({ "alg": "EdDSA", "nonce": hex }));
    let expected = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": [audience],
        "iat": now,
        "nbf": now - assertion::BACKDATE,
        "exp": now + assertion::LIFETIME,
    });
    assert_eq!(oracle::unique_json(&decode(claims)).unwrap(), expected);
    let key = VerifyingKey::from_bytes(secret.public_key()).unwrap();
    let signature = Signature::from_slice(&decode(signature)).unwrap();
    key.verify_strict(format!("{header}.{claims}").as_bytes(), &signature).unwrap();
}
