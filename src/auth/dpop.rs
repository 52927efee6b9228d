//! Proofs of possession (RFC 9449). The private key belongs to the platform and never leaves it, so this module builds
//! the signing input; the holder of the key signs it and appends the signature.

use super::base64;
use super::paste;
use crate::wire::json::{decimal, push_string};
use alloc::{borrow::ToOwned, string::String};

/// The server that a proof is made for. Each has its own nonces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The token endpoint.
    Token,
    /// The API.
    Api,
}

/// The public half of a key, and the nonces that the servers require.
#[derive(Debug, Clone)]
pub struct Dpop {
    alg: &'static str,
    jwk: String,
    nonces: [Option<String>; 2],
}

/// The request that a proof is made for.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// The server that receives the request.
    pub audience: Audience,
    /// The request's method.
    pub method: &'a str,
    /// The request's URL. The fragment is left out, and so is the query unless `with_query` is set.
    pub url: &'a str,
    /// Whether the proof covers the query. RFC 9449 (section 4.2) leaves it out, but some servers compare it.
    pub with_query: bool,
    /// The hash of the access token that accompanies the proof, in base64url; empty if there is none.
    pub token_hash: &'a str,
    /// The wall-clock time in seconds since 1970, by the server's clock.
    pub unix_seconds: i64,
    /// Random bytes that make the proof unique.
    pub random: &'a [u8; 16],
}

impl Dpop {
    /// Creates the state for a P-256 key (`ES256`), given by the coordinates of its public half, or for an Ed25519 key,
    /// given by `x` alone. Both are in base64url.
    pub fn new(x: &str, y: Option<&str>) -> Self {
        // The key's thumbprint is computed from exactly these members in this order (RFC 7638).
        let mut jwk = String::from(if y.is_some() {
            "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":"
        } else {
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":"
        });
        push_string(&mut jwk, x);
        if let Some(y) = y {
            jwk.push_str(",\"y\":");
            push_string(&mut jwk, y);
        }
        jwk.push('}');
        Self { alg: if y.is_some() { "ES256" } else { "EdDSA" }, jwk, nonces: [None, None] }
    }

    /// Returns the public key as a JWK, in the form from which its thumbprint is computed.
    pub fn jwk(&self) -> &str {
        &self.jwk
    }

    /// Stores the nonce that a server requires in proofs from now on. Returns true if it differs from the last one. A
    /// nonce that cannot be a header value is ignored.
    pub fn use_nonce(&mut self, audience: Audience, nonce: &str) -> bool {
        let fits = (1..=1024).contains(&nonce.len()) && nonce.bytes().all(|b| b.is_ascii_graphic());
        let slot = self.slot(audience);
        let other = fits && slot.as_deref() != Some(nonce);
        if other {
            *slot = Some(nonce.to_owned());
        }
        other
    }

    /// Returns the signing input: header and claims, joined by a dot. A proof is this text, a dot, and the signature in
    /// base64url.
    pub fn signing_input(&self, proof: &Proof) -> String {
        let mut header = String::with_capacity(64 + self.jwk.len());
        for part in ["{\"typ\":\"dpop+jwt\",\"alg\":\"", self.alg, "\",\"jwk\":", &self.jwk, "}"] {
            header.push_str(part);
        }

        let url = paste::before(proof.url, if proof.with_query { b"#" } else { b"?#" });
        let mut claims = String::with_capacity(256 + url.len());
        claims.push_str("{\"jti\":\"");
        base64::push(&mut claims, proof.random);
        claims.push_str("\",\"htm\":");
        push_string(&mut claims, proof.method);
        claims.push_str(",\"htu\":");
        push_string(&mut claims, url);
        claims.push_str(",\"iat\":");
        claims.push_str(&decimal(proof.unix_seconds));
        if !proof.token_hash.is_empty() {
            claims.push_str(",\"ath\":");
            push_string(&mut claims, proof.token_hash);
        }
        let [token, api] = &self.nonces;
        if let Some(nonce) = if proof.audience == Audience::Token { token } else { api } {
            claims.push_str(",\"nonce\":");
            push_string(&mut claims, nonce);
        }
        claims.push('}');

        let len = base64::encoded_len(header.len()) + base64::encoded_len(claims.len()) + 1;
        let mut input = String::with_capacity(len);
        base64::push(&mut input, header.as_bytes());
        input.push('.');
        base64::push(&mut input, claims.as_bytes());
        input
    }

    fn slot(&mut self, audience: Audience) -> &mut Option<String> {
        let [token, api] = &mut self.nonces;
        if audience == Audience::Token { token } else { api }
    }
}
