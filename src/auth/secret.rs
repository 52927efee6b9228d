//! Client secrets, `secret-token:conductorone.com:v1:<base64 of a JWK>`: an Ed25519 private key for signing, which
//! leaves this module only through [`ClientSecret::to_text`]. The JWK has the form of RFC 8037.

use alloc::{boxed::Box, string::String};
use salty::Keypair;
use zeroize::{Zeroize, Zeroizing};

use super::error::{ConfigError, errors};
use super::json::{self, Value};
use super::{base64, paste};

errors! {
    /// The part of a client secret that is wrong.
    SecretError {
        Empty "secret_empty" "the client secret is empty"
        Long "secret_long" "the client secret is longer than any that C1 issues"
        ClientId "secret_is_client_id" "this is a client id, not a client secret; the two may be swapped"
        Token "secret_is_token" "this is a token, not a client secret; give it as security.bearerAuth"
        Jwk "secret_is_jwk" "this is a bare JWK; the client secret is the whole text that begins with secret-token:"
        Prefix "secret_prefix_missing" "the client secret does not begin with secret-token:, which is part of the value"
        Space "secret_space" "the client secret has white space or a line end in it"
        Issuer "secret_issuer" "the second part of the client secret is not conductorone.com; it was issued by someone else"
        Parts "secret_parts" "the client secret has fewer than its four parts; it was cut off"
        Version "secret_version" "the third part of the client secret is not v1, the only version known"
        KeyEmpty "secret_key_empty" "the key, after v1: of the client secret, is missing; it was cut off"
        KeyCharacter "secret_key_character" "the key, after v1: of the client secret, has a character that is not base64"
        KeyLength "secret_key_length" "the key, after v1: of the client secret, has a length that base64 cannot have; a character is missing or too many"
        KeyBits "secret_key_bits" "the key, after v1: of the client secret, ends in a character that base64 cannot end in; it was cut off or mistyped"
        JwkTruncated "secret_jwk_truncated" "the key in the client secret ends too early; it was cut off"
        JwkSyntax "secret_jwk_syntax" "the key in the client secret is not JSON"
        JwkObject "secret_jwk_object" "the key in the client secret is not a JSON object"
        JwkTwice "secret_jwk_twice" "the key in the client secret has a member twice"
        KtyMissing "secret_jwk_kty_missing" "the key in the client secret does not say its type (kty)"
        Kty "secret_jwk_kty" "the key in the client secret is not of type OKP (kty)"
        CrvMissing "secret_jwk_crv_missing" "the key in the client secret does not say its curve (crv)"
        Crv "secret_jwk_crv" "the key in the client secret is not on the curve Ed25519 (crv)"
        Public "secret_jwk_public" "the key in the client secret is a public key: it has no private part (d)"
        D "secret_jwk_d" "the private part (d) of the key in the client secret is not base64 text"
        DLength "secret_jwk_d_length" "the private part (d) of the key in the client secret is not 32 bytes long"
        XMissing "secret_jwk_x_missing" "the key in the client secret has no public part (x)"
        X "secret_jwk_x" "the public part (x) of the key in the client secret is not base64 text"
        XLength "secret_jwk_x_length" "the public part (x) of the key in the client secret is not 32 bytes long"
        Mismatch "secret_jwk_mismatch" "the public part (x) of the key in the client secret does not belong to its private part (d)"
    }
}

impl From<SecretError> for ConfigError {
    fn from(error: SecretError) -> Self {
        Self::new("clientSecret", error.text())
    }
}

/// The length limit; real secrets have about 200 characters.
const MAX_LEN: usize = 4096;

/// The private key of a client secret. Its bytes stay in one place on the heap from parsing until they are wiped on
/// drop. Nothing prints them.
pub struct ClientSecret {
    seed: Box<Zeroizing<[u8; 32]>>,
    public: [u8; 32],
}

impl core::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ClientSecret([redacted])")
    }
}

impl ClientSecret {
    /// Reads a secret as people paste it: quotes and white space around it are ignored, and base64 may use either
    /// alphabet, padded or not. Wiping `text` is left to the caller.
    ///
    /// # Errors
    /// Returns the first part that is wrong. The message never repeats the text.
    pub fn parse(text: &[u8]) -> Result<Self, SecretError> {
        let text = paste::trim(text);
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        if text.len() > MAX_LEN {
            return Err(SecretError::Long);
        }
        let Some(rest) = text.strip_prefix(paste::SECRET_SCHEME.as_bytes()) else {
            return Err(match text {
                [b'{', ..] => SecretError::Jwk,
                _ if paste::has_secret(text) => SecretError::Prefix,
                _ if paste::is_jwt(text) => SecretError::Token,
                _ if paste::is_client_id(text) => SecretError::ClientId,
                _ => SecretError::Prefix,
            });
        };
        if rest.iter().any(u8::is_ascii_whitespace) {
            return Err(SecretError::Space);
        }
        let mut parts = rest.splitn(3, |&b| b == b':');
        let (issuer, version, key) = (parts.next(), parts.next(), parts.next());
        match (issuer, version, key) {
            (Some(b"conductorone.com"), Some(b"v1"), Some(b"")) => Err(SecretError::KeyEmpty),
            (Some(b"conductorone.com"), Some(b"v1"), Some(key)) => Self::parse_key(key),
            (Some(b"conductorone.com"), Some(_), Some(_)) => Err(SecretError::Version),
            (Some(_), Some(_), Some(_)) => Err(SecretError::Issuer),
            _ => Err(SecretError::Parts),
        }
    }

    fn parse_key(key: &[u8]) -> Result<Self, SecretError> {
        let jwk = base64::decode(key).map_err(|error| match error {
            base64::Error::Character => SecretError::KeyCharacter,
            base64::Error::Length => SecretError::KeyLength,
            base64::Error::Bits => SecretError::KeyBits,
        })?;
        // Escapes are not decoded, because none of the four values needs one.
        let [mut kty, mut crv, mut d, mut x] = [None; 4];
        let mut twice = false;
        json::each_member(&jwk, &mut |name, value| {
            let slot = match name {
                "kty" => &mut kty,
                "crv" => &mut crv,
                "d" => &mut d,
                "x" => &mut x,
                _ => return,
            };
            twice |= slot.replace(value).is_some();
        })
        .map_err(|error| match error {
            json::Error::Empty | json::Error::Truncated => SecretError::JwkTruncated,
            json::Error::NotObject => SecretError::JwkObject,
            json::Error::Syntax => SecretError::JwkSyntax,
        })?;
        if twice {
            return Err(SecretError::JwkTwice);
        }
        expect(kty, "OKP", SecretError::KtyMissing, SecretError::Kty)?;
        expect(crv, "Ed25519", SecretError::CrvMissing, SecretError::Crv)?;
        let mut seed = Box::new(Zeroizing::new([0; 32]));
        read_key(d, &mut seed, [SecretError::Public, SecretError::D, SecretError::DLength])?;
        let mut public = [0; 32];
        read_key(x, &mut public, [SecretError::XMissing, SecretError::X, SecretError::XLength])?;
        let secret = Self { public: derive_public(&seed), seed };
        scrub_stack();
        if secret.public == public { Ok(secret) } else { Err(SecretError::Mismatch) }
    }

    /// Creates a secret from 32 random bytes, as C1 does; for the sandbox and for tests.
    pub fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        let seed = Box::new(seed);
        let secret = Self { public: derive_public(&seed), seed };
        scrub_stack();
        secret
    }

    /// Returns the secret in the form in which C1 shows it, once: base64url without padding.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut jwk = Zeroizing::new(String::with_capacity(160));
        jwk.push_str("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"");
        base64::push(&mut jwk, &self.public);
        jwk.push_str("\",\"d\":\"");
        base64::push(&mut jwk, self.seed.as_slice());
        jwk.push_str("\"}");
        let mut text = Zeroizing::new(String::with_capacity(64 + base64::encoded_len(jwk.len())));
        text.push_str("secret-token:conductorone.com:v1:");
        base64::push(&mut text, jwk.as_bytes());
        text
    }

    /// Returns the public key, with which the server verifies signatures.
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public
    }

    /// Returns the Ed25519 signature of `message`.
    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = sign(&self.seed, message);
        scrub_stack();
        signature
    }
}

fn expect(value: Option<Value>, text: &str, missing: SecretError, wrong: SecretError) -> Result<(), SecretError> {
    match value {
        None | Some(Value::Null) => Err(missing),
        Some(Value::Text(value)) if value.raw() == text => Ok(()),
        Some(_) => Err(wrong),
    }
}

/// Decodes a key of 32 bytes. `errors` are those for a missing value, for text that is not base64, and for a wrong
/// length.
fn read_key(value: Option<Value>, key: &mut [u8; 32], errors: [SecretError; 3]) -> Result<(), SecretError> {
    let [missing, text, length] = errors;
    let raw = match value {
        None | Some(Value::Null) => return Err(missing),
        Some(Value::Text(value)) if value.raw().is_empty() => return Err(missing),
        Some(Value::Text(value)) => value.raw(),
        Some(_) => return Err(text),
    };
    let bytes = base64::decode(raw.as_bytes()).map_err(|_| text)?;
    if bytes.len() != key.len() {
        return Err(length);
    }
    key.copy_from_slice(&bytes);
    Ok(())
}

// The two functions that compute with the seed are never inlined, so that everything they leave on the stack lies below
// their caller, where `scrub_stack` reaches it. For example, SHA-512's block buffer holds the seed, and its crate does
// not wipe it.

#[inline(never)]
fn derive_public(seed: &[u8; 32]) -> [u8; 32] {
    *Keypair::from(seed).public.as_bytes()
}

/// Signs a message. The public key is derived again instead of being passed in, because signing with one that does not
/// match leaks the private key.
#[inline(never)]
fn sign(seed: &[u8; 32], message: &[u8]) -> [u8; 64] {
    Keypair::from(seed).sign(message).to_bytes()
}

/// Wipes the part of the stack that the functions above used.
#[inline(never)]
fn scrub_stack() {
    let mut below = [0u8; 16 * 1024];
    below.zeroize();
}
