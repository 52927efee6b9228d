//! Client assertions (RFC 7523): reads and checks a signed token, without deciding who may sign.

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;

use crate::shape::Row;
use crate::time::{Millis, SECOND};

/// The maximum time until an assertion expires.
const LONGEST_LIFE: Millis = 5 * 60 * SECOND;
/// How far a client's clock may be ahead of the server when it signs; clients backdate `nbf` by this much.
const CLOCK_LEEWAY: Millis = 2 * 60 * SECOND;

/// A well-formed assertion. Its content is not verified before [`Assertion::is_signed_by`] returns `true`.
#[derive(Debug)]
pub struct Assertion {
    header: Row,
    claims: Row,
    signed: String,
    signature: Signature,
}

/// Decodes base64url, with or without padding.
pub fn base64url(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text.trim_end_matches('=')).ok()
}

/// Decodes a public key from base64url.
pub fn public_key(text: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = base64url(text)?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}

impl Assertion {
    /// Parses the compact serialization (RFC 7515).
    ///
    /// # Errors
    /// Names the part that is wrong.
    pub fn parse(token: &str) -> Result<Self, &'static str> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("the assertion must have three parts");
        };
        let json = |part: &str| -> Option<Row> {
            match serde_json::from_slice(&base64url(part)?).ok()? {
                Value::Object(row) => Some(row),
                _ => None,
            }
        };
        Ok(Self {
            signed: format!("{header}.{claims}"),
            header: json(header).ok_or("the assertion's header is not a JSON object")?,
            claims: json(claims).ok_or("the assertion's claims are not a JSON object")?,
            signature: base64url(signature)
                .and_then(|bytes| Signature::from_slice(&bytes).ok())
                .ok_or("the assertion's signature is not an Ed25519 signature")?,
        })
    }

    /// Returns whether the owner of this key signed the assertion.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.verify_strict(self.signed.as_bytes(), &self.signature).is_ok()
    }

    /// Returns the claims.
    pub fn claims(&self) -> &Row {
        &self.claims
    }

    /// Returns the issuer that the assertion names.
    pub fn issuer(&self) -> &str {
        self.claims.get("iss").and_then(Value::as_str).unwrap_or_default()
    }

    /// Checks the claims of the assertion: algorithm, client, audience and times.
    ///
    /// # Errors
    /// Names the claim that is wrong.
    pub fn check(&self, client_id: &str, audiences: &[&str], now: Millis) -> Result<(), &'static str> {
        let claim = |name: &str| self.claims.get(name);
        let time = |name: &str| match claim(name) {
            None => Ok(None),
            Some(value) => {
                value.as_f64().map(|seconds| Some((seconds * 1_000.0) as Millis)).ok_or("a time is not a number")
            }
        };
        if self.header.get("alg").and_then(Value::as_str) != Some("EdDSA") {
            return Err("alg must be EdDSA");
        }
        if self.header.contains_key("crit") {
            return Err("the header names an extension that is not understood");
        }
        if self.issuer() != client_id {
            return Err("iss must be the client id");
        }
        if claim("sub").and_then(Value::as_str) != Some(client_id) {
            return Err("sub must be the client id");
        }
        let meant_for = |value: &Value| {
            value.as_str().is_some_and(|text| audiences.iter().any(|host| host.eq_ignore_ascii_case(text)))
        };
        match claim("aud") {
            Some(Value::Array(hosts)) if hosts.iter().any(meant_for) => {}
            Some(value) if meant_for(value) => {}
            _ => return Err("aud must be the tenant's host, without a port"),
        }
        let expires = time("exp")?.ok_or("exp is missing")?;
        if expires <= now {
            return Err("the assertion is expired");
        }
        if expires > now.saturating_add(LONGEST_LIFE) {
            return Err("exp must be within five minutes");
        }
        if time("nbf")?.is_some_and(|not_before| not_before > now) {
            return Err("the assertion is not valid yet");
        }
        if time("iat")?.is_some_and(|issued| issued > now.saturating_add(CLOCK_LEEWAY)) {
            return Err("the assertion was issued in the future");
        }
        Ok(())
    }

    /// Returns the time until which the assertion must be remembered, so that it cannot be used twice.
    pub fn expires(&self) -> Millis {
        self.claims.get("exp").and_then(Value::as_f64).map_or(0, |seconds| (seconds * 1_000.0) as Millis)
    }

    /// Returns the text that identifies this assertion: its `jti` or nonce or, if it has neither and `by_signature` is
    /// set, its signature. Two assertions that a client makes within the same second have the same content and
    /// signature.
    pub fn identity(&self, by_signature: bool) -> Option<String> {
        let text = |row: &Row, name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        let own = text(&self.claims, "jti").map(|jti| format!("jti {jti}"));
        let nonce = || text(&self.header, "nonce").map(|nonce| format!("nonce {nonce}"));
        let signature = || by_signature.then(|| Base64UrlUnpadded::encode_string(&self.signature.to_bytes()));
        own.or_else(nonce).or_else(signature)
    }
}
