//! Proofs of possession (RFC 9449): reads one and checks all that it says, its signature included.

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::signature::Verifier;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::assertion::{base64url, public_key};
use crate::shape::{Row, text};
use crate::time::{Millis, SECOND};

/// How long a proof is good, and how far ahead the clock that dated it may be.
const LIFE: Millis = 5 * 60 * SECOND;
/// How long a proof is remembered, so that it is not good twice.
pub const MEMORY: Millis = 10 * 60 * SECOND;
/// How long a nonce is handed out; it is taken for as long again.
const NONCE_LIFE: Millis = 5 * 60 * SECOND;

/// What is answered to a proof without the nonce that is wanted.
pub const NONCE_WANTED: &str = "use_dpop_nonce";

/// What the tenant makes of proofs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// A token that is asked for with a proof is bound to its key.
    #[default]
    Accept,
    /// Proofs are not looked at.
    Ignore,
    /// No token without a proof.
    Require,
    /// The same, and each proof must have a nonce that the tenant gave.
    Nonce,
}

impl Mode {
    const NAMES: [(Self, &str); 4] =
        [(Self::Accept, "accept"), (Self::Ignore, "ignore"), (Self::Require, "require"), (Self::Nonce, "nonce")];

    /// Reads a mode's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(mode, _)| *mode)
    }

    /// The mode's name.
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(mode, _)| *mode == self).map_or("", |(_, name)| name)
    }
}

/// The request that a proof came with.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The `DPoP` field, if there is one.
    pub proof: Option<&'a str>,
    /// Its method.
    pub method: &'a str,
    /// Its URL, without query and fragment, as it may be named: at the tenant's own address, or at the one it came to.
    pub urls: [&'a str; 2],
}

/// A proof that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The thumbprint of its key (RFC 7638).
    pub key: String,
    /// What tells it from any other.
    pub jti: String,
}

/// The nonce of a time.
pub fn nonce(now: Millis) -> String {
    format!("nonce-{}", now.div_euclid(NONCE_LIFE))
}

/// Checks a proof. With `token` it must be made for that token; with `wants_nonce` it must have one that was given.
///
/// # Errors
/// Says what is wrong; [`NONCE_WANTED`] if it is the nonce alone.
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
    let (header, claims) = json(header).zip(json(claims)).ok_or("the proof's header or claims are no JSON object")?;
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
        return Err(NONCE_WANTED);
    }
    Ok(Proven { key, jti: jti.to_owned() })
}

/// SHA-256 as base64url.
fn hash(text: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(text.as_bytes()))
}

/// The key's thumbprint, if it signed this.
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
