//! Proofs of possession (RFC 9449). The private key is the platform's and does not leave it, so a proof is put together
//! here up to what is signed; whoever has the key signs that, and appends the signature.

use super::base64;
use super::paste;
use crate::wire::json::{decimal, push_string};
use alloc::{borrow::ToOwned, string::String};

/// Which of the two servers a proof is for; each has nonces of its own.
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

/// What a proof is made for.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// Whom it goes to.
    pub audience: Audience,
    /// The request's method.
    pub method: &'a str,
    /// The request's URL; the fragment is left out, and the query unless it is wanted.
    pub url: &'a str,
    /// Whether the query is part of the URL that is proven. RFC 9449 (section 4.2) leaves it out; some servers compare it.
    pub with_query: bool,
    /// The hash of the access token that goes along, in base64url; empty if none does.
    pub token_hash: &'a str,
    /// Wall-clock time in seconds since 1970, as the server has it.
    pub unix_seconds: i64,
    /// Makes the proof one of a kind.
    pub random: &'a [u8; 16],
}

impl Dpop {
    /// A P-256 key (`ES256`) by the coordinates of its public half, or an Ed25519 key by its `x` alone; both in base64url.
    pub fn new(x: &str, y: Option<&str>) -> Self {
        // The members in this order, and no others, are also what the key's thumbprint is made of (RFC 7638).
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

    /// The public key as a JWK, in the form that its thumbprint is the hash of.
    pub fn jwk(&self) -> &str {
        &self.jwk
    }

    /// A server wants this nonce in proofs from now on. True if it is another than the last. What no header may hold is not
    /// taken.
    pub fn use_nonce(&mut self, audience: Audience, nonce: &str) -> bool {
        let fits = (1..=1024).contains(&nonce.len()) && nonce.bytes().all(|b| b.is_ascii_graphic());
        let slot = self.slot(audience);
        let other = fits && slot.as_deref() != Some(nonce);
        if other {
            *slot = Some(nonce.to_owned());
        }
        other
    }

    /// The signing input: header and claims, joined by a dot. A proof is this, a dot, and the signature in base64url.
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
