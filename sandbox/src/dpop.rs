//! Proofs of possession (RFC 9449): reads a proof and checks all of its claims and its signature.

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::signature::Verifier;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::assertion::{base64url, public_key};
use crate::shape::{Row, text};
use crate::time::{Millis, SECOND};

/// The maximum age of a proof, and the maximum by which the clock that dated it may be ahead.
const LIFE: Millis = 5 * 60 * SECOND;
/// The time for which a proof is remembered, so that it cannot be used twice.
pub const MEMORY: Millis = 10 * 60 * SECOND;
/// The period for which a nonce is handed out; it is accepted for as long again. A nonce is therefore valid for at
/// least the default lifetime of a token, so a client that keeps one is not refused when it renews its token.
const NONCE_LIFE: Millis = 60 * 60 * SECOND;

/// The error for a proof without the required nonce.
pub const NONCE_REQUIRED: &str = "use_dpop_nonce";

/// The tenant's treatment of proofs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// A token that is requested with a proof is bound to its key.
    #[default]
    Accept,
    /// Proofs are ignored.
    Ignore,
    /// No token is issued without a proof.
    Require,
    /// Like `Require`, and each proof must contain a nonce of the tenant.
    Nonce,
}

impl Mode {
    /// All modes, with their names.
    pub const NAMES: &[(Self, &str)] =
        &[(Self::Accept, "accept"), (Self::Ignore, "ignore"), (Self::Require, "require"), (Self::Nonce, "nonce")];
}

/// The request that a proof was sent with.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The `DPoP` field, if there is one.
    pub proof: Option<&'a str>,
    /// Its method.
    pub method: &'a str,
    /// The URLs without fragment that the proof may name: at the tenant's own address, and at the address of the
    /// request.
    pub urls: [&'a str; 2],
}

/// A valid proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The thumbprint of its key (RFC 7638).
    pub key: String,
    /// The proof's unique id.
    pub jti: String,
}

/// Returns the nonce of a time.
pub fn nonce(now: Millis) -> String {
    format!("nonce-{}", now.div_euclid(NONCE_LIFE))
}

/// Checks a proof. With `token` it must be made for that token; with `wants_nonce` it must contain a valid nonce.
///
/// # Errors
/// Returns the reason; [`NONCE_REQUIRED`] if only the nonce is missing or invalid.
pub fn check(request: &Request, token: Option<&str>, wants_nonce: bool, now: Millis) -> Result<Proven, &'static str> {
    let proof = request.proof.ok_or("the DPoP proof is missing")?;
    let mut parts = proof.split('.');
    let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("the proof must have three parts");
    };
    let json = |part: &str| -> Option<Row> {
        match serde_json::from_slice(&base64url(part)?).ok()? {
            Value::Object(row) => Some(row),
            _ => None,
        }
    };
    let signed = proof.get(..header.len() + 1 + claims.len()).unwrap_or_default();
    let (header, claims) = json(header).zip(json(claims)).ok_or("the proof's header or claims are not JSON objects")?;
    if text(&header, "typ") != "dpop+jwt" {
        return Err("typ must be dpop+jwt");
    }
    let jwk = header.get("jwk").and_then(Value::as_object).ok_or("the proof has no jwk")?;
    if jwk.contains_key("d") {
        return Err("the proof holds a private key");
    }
    let signature = base64url(signature).ok_or("the proof's signature is not base64url")?;
    let key =
        verify(text(&header, "alg"), jwk, signed.as_bytes(), &signature).ok_or("the proof's signature is wrong")?;
    if text(&claims, "htm") != request.method {
        return Err("htm is not the request's method");
    }
    if !request.urls.contains(&text(&claims, "htu")) {
        return Err("htu is not the request's URL");
    }
    let issued = claims.get("iat").and_then(Value::as_i64).ok_or("iat is missing")?.saturating_mul(SECOND);
    if (now - issued).abs() > LIFE {
        return Err("the proof is too old, or from the future");
    }
    let jti = text(&claims, "jti");
    if jti.is_empty() {
        return Err("jti is missing");
    }
    if token.is_some_and(|token| text(&claims, "ath") != hash(token)) {
        return Err("ath is not the hash of the token");
    }
    let given = text(&claims, "nonce");
    if wants_nonce && given != nonce(now) && given != nonce(now - NONCE_LIFE) {
        return Err(NONCE_REQUIRED);
    }
    Ok(Proven { key, jti: jti.to_owned() })
}

/// Returns the SHA-256 hash as base64url.
fn hash(text: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(text.as_bytes()))
}

/// Returns the key's thumbprint if it signed this text.
fn verify(alg: &str, jwk: &Row, signed: &[u8], signature: &[u8]) -> Option<String> {
    let (x, y) = (text(jwk, "x"), text(jwk, "y"));
    match (alg, text(jwk, "kty"), text(jwk, "crv")) {
        ("ES256", "EC", "P-256") => {
            let point = [&[4][..], &base64url(x)?, &base64url(y)?].concat();
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
            key.verify(signed, &p256::ecdsa::Signature::from_slice(signature).ok()?).ok()?;
            Some(hash(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)))
        }
        ("EdDSA" | "Ed25519", "OKP", "Ed25519") => {
            let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
            public_key(x)?.verify_strict(signed, &signature).ok()?;
            Some(hash(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use p256::ecdsa::signature::Signer;
    use serde_json::json;

    const NOW: Millis = 1_790_000_000_000;
    const URL: &str = "https://tenant.sandbox.invalid/auth/v1/token";

    /// Returns a proof with some members of its header and claims changed.
    fn proof(header: Value, claims: Value) -> String {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let point = key.verifying_key().to_encoded_point(false);
        let part = |bytes: Option<&_>| {
            Base64UrlUnpadded::encode_string(bytes.map_or(&[][..], |bytes: &p256::FieldBytes| bytes))
        };
        let mut all_header = json!({
            "typ": "dpop+jwt",
            "alg": "ES256",
            "jwk": { "kty": "EC", "crv": "P-256", "x": part(point.x()), "y": part(point.y()) },
        });
        let mut all_claims = json!({ "jti": "jti-1", "htm": "POST", "htu": URL, "iat": NOW / SECOND });
        for (all, changed) in [(&mut all_header, header), (&mut all_claims, claims)] {
            all.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        }
        let text = |value: Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let signed = format!("{}.{}", text(all_header), text(all_claims));
        let signature: p256::ecdsa::Signature = key.sign(signed.as_bytes());
        format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature.to_bytes()))
    }

    fn checked(proof: &str, token: Option<&str>, wants_nonce: bool) -> Result<Proven, &'static str> {
        let urls = [URL, "http://127.0.0.1:8080/auth/v1/token"];
        check(&Request { proof: Some(proof), method: "POST", urls }, token, wants_nonce, NOW)
    }

    #[test]
    fn a_valid_proof() {
        let proven = checked(&proof(json!({}), json!({})), None, false).unwrap();
        assert_eq!((proven.jti.as_str(), proven.key.len()), ("jti-1", 43));
        let at_the_other_address = json!({ "htu": "http://127.0.0.1:8080/auth/v1/token" });
        assert_eq!(checked(&proof(json!({}), at_the_other_address), None, false).unwrap().key, proven.key);
        let bound = json!({ "ath": hash("token") });
        assert!(checked(&proof(json!({}), bound.clone()), Some("token"), false).is_ok());
        assert!(checked(&proof(json!({}), bound), Some("another"), false).is_err());
        for now in [NOW, NOW - NONCE_LIFE] {
            assert!(checked(&proof(json!({}), json!({ "nonce": nonce(now) })), None, true).is_ok());
        }
    }

    #[test]
    fn invalid_proofs() {
        for (header, claims, why) in [
            (json!({ "typ": "JWT" }), json!({}), "typ"),
            (json!({ "alg": "none" }), json!({}), "signature"),
            (json!({ "alg": "EdDSA" }), json!({}), "signature"),
            (json!({ "jwk": null }), json!({}), "jwk"),
            (json!({ "jwk": { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" } }), json!({}), "signature"),
            (json!({ "jwk": { "kty": "EC", "d": "AA" } }), json!({}), "private"),
            (json!({}), json!({ "htm": "GET" }), "htm"),
            (json!({}), json!({ "htu": "https://other.example/auth/v1/token" }), "htu"),
            (json!({}), json!({ "htu": "https://tenant.sandbox.invalid/auth/v1/token?x=1" }), "htu"),
            (json!({}), json!({ "iat": NOW / SECOND - 301 }), "too old"),
            (json!({}), json!({ "iat": NOW / SECOND + 301 }), "future"),
            (json!({}), json!({ "iat": "now" }), "iat"),
            (json!({}), json!({ "jti": "" }), "jti"),
        ] {
            let error = checked(&proof(header, claims), None, false).unwrap_err();
            assert!(error.contains(why), "{error}, not {why}");
        }
        let good = proof(json!({}), json!({}));
        for (text, why) in [
            (good.replace('.', ""), "three parts"),
            (format!("{good}.x"), "three parts"),
            (format!("!{good}"), "JSON"),
            (good[..good.len() - 4].to_owned(), "signature"),
        ] {
            assert!(checked(&text, None, false).unwrap_err().contains(why), "{why}");
        }
        for old in [json!({}), json!({ "nonce": "" }), json!({ "nonce": nonce(NOW - 2 * NONCE_LIFE) })] {
            assert_eq!(checked(&proof(json!({}), old), None, true).unwrap_err(), NONCE_REQUIRED);
        }
        let none = Request { proof: None, method: "POST", urls: [URL, URL] };
        assert!(check(&none, None, false, NOW).unwrap_err().contains("missing"));
    }

    #[test]
    fn an_ed25519_key_proves_as_well() {
        use ed25519_dalek::Signer;
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let x = Base64UrlUnpadded::encode_string(key.verifying_key().as_bytes());
        let text = |value: Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        let header = text(json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk }));
        let claims = text(json!({ "jti": "j", "htm": "POST", "htu": URL, "iat": NOW / SECOND }));
        let signed = format!("{header}.{claims}");
        let signature = Base64UrlUnpadded::encode_string(&key.sign(signed.as_bytes()).to_bytes());
        assert!(checked(&format!("{signed}.{signature}"), None, false).is_ok());
        assert!(checked(&format!("{signed}x.{signature}"), None, false).is_err());
    }
}
