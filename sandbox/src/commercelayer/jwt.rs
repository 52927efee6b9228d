//! Signed tokens (RFC 7519). The sandbox signs with ES256, while Commerce Layer itself signs with RS512, whose keys
//! take seconds to generate. A client finds the algorithm and the key through the key set either way.

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

use crate::assertion::base64url;
use crate::random::Entropy;
use crate::shape::{Row, text};

/// The key that signs tokens.
#[derive(Clone)]
pub struct Key(SigningKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Key").field(&self.id()).finish()
    }
}

impl Key {
    /// Generates a new key.
    pub fn draw(entropy: &mut Entropy) -> Self {
        loop {
            // All but a fraction of 2^-32 of the numbers are valid keys.
            if let Ok(key) = SigningKey::from_slice(&entropy.bytes()) {
                return Self(key);
            }
        }
    }

    fn coordinates(&self) -> (String, String) {
        let point = VerifyingKey::from(&self.0).to_encoded_point(false);
        let text = |part: Option<&[u8]>| Base64UrlUnpadded::encode_string(part.unwrap_or_default());
        (text(point.x().map(|x| x.as_slice())), text(point.y().map(|y| y.as_slice())))
    }

    /// Returns the key's id, which is its thumbprint (RFC 7638).
    pub fn id(&self) -> String {
        let (x, y) = self.coordinates();
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Base64UrlUnpadded::encode_string(&Sha256::digest(members))
    }

    /// Returns the key set: `{keys: [...]}`.
    pub fn set(&self) -> Value {
        let (x, y) = self.coordinates();
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.id(), "use": "sig", "alg": "ES256",
        }] })
    }

    /// Returns a signed token.
    pub fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.id() });
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature: Signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature.to_bytes()))
    }

    /// Returns the claims of a token that this key signed. Their times are not checked.
    pub fn verify(&self, token: &str) -> Option<Row> {
        let (header, claims, signed, signature) = parse(token)?;
        let signature = Signature::from_slice(&signature).ok()?;
        let good = VerifyingKey::from(&self.0).verify(signed.as_bytes(), &signature).is_ok();
        (text(&header, "alg") == "ES256" && good).then_some(claims)
    }
}

/// Returns the claims of an assertion that was signed with a shared key (HS512).
pub fn verify_shared(token: &str, key: &[u8]) -> Option<Row> {
    let (header, claims, signed, signature) = parse(token)?;
    let mac = Hmac::<Sha512>::new_from_slice(key).ok()?.chain_update(signed);
    (text(&header, "alg") == "HS512" && mac.verify_slice(&signature).is_ok()).then_some(claims)
}

/// Returns the parts of a token: its header, its claims, the signed text, and the signature.
fn parse(token: &str) -> Option<(Row, Row, &str, Vec<u8>)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let row = |part: &str| match serde_json::from_slice(&base64url(part)?).ok()? {
        Value::Object(row) => Some(row),
        _ => None,
    };
    Some((row(header)?, row(claims)?, signed, base64url(signature)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_of_the_key_verify() {
        let mut entropy = Entropy::new([7; 32]);
        let (key, other) = (Key::draw(&mut entropy), Key::draw(&mut entropy));
        let token = key.sign(&json!({ "sub": "one" }));
        assert_eq!(text(&key.verify(&token).unwrap(), "sub"), "one");
        assert_eq!(other.verify(&token), None);
        let (head, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(key.verify(&format!("{head}A.{signature}")), None);
        assert_eq!(key.verify(head), None);
        assert_ne!(key.id(), other.id());
        assert!(!format!("{key:?}").contains(&key.coordinates().0));
    }
}
