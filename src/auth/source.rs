//! Sources of tokens. Each way to authenticate is a variant of [`Source`], which determines what is sent and what is
//! accepted.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use zeroize::Zeroizing;

use super::client_id::{ClientId, ClientIdError};
use super::error::ConfigError;
use super::grants::{self, OAuth};
use super::secret::ClientSecret;
use super::token_request::Form;
use super::{assertion, bearer, paste};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A way to authenticate.
#[derive(Debug)]
#[non_exhaustive]
pub enum Source {
    /// A token that the caller already has. It cannot be renewed.
    Bearer(Bearer),
    /// A function of the caller that is invoked before each call. Its result goes through [`bearer::parse`].
    External,
    /// A client id and the secret that signs an assertion, which is exchanged for a token.
    Assertion(Assertion),
    /// A client id and secret that are both sent: the private key goes over the wire with each token request.
    SecretPost(SecretPost),
    /// An identity token of another issuer, fetched for each request and exchanged for a C1 token (RFC 8693).
    Exchange(ClientId),
    /// A code that a person confirms in a browser (RFC 8628). The client id names a program and has any form.
    Device(String),
    /// A grant of Commerce Layer.
    OAuth(OAuth),
    /// A token that the caller already has, and a function of the caller that returns another one when the API refuses
    /// it.
    Renewable(Bearer),
}

/// See [`Source::Bearer`].
pub struct Bearer(Zeroizing<String>);

/// See [`Source::Assertion`].
#[derive(Debug)]
pub struct Assertion {
    client_id: ClientId,
    secret: ClientSecret,
}

/// See [`Source::SecretPost`].
pub struct SecretPost {
    client_id: ClientId,
    secret: Zeroizing<String>,
}

/// What a call has to do to get a token.
#[derive(Debug)]
pub enum Need<'a> {
    /// Send this token.
    Send(SendToken<'a>),
    /// Ask the caller's function.
    Ask,
    /// Follow [`Tokens`](super::Tokens): fetch a token with [`Login::request`](super::Login::request), and renew it.
    Fetch,
}

/// A token to send. Its debug output is redacted.
pub struct SendToken<'a>(pub &'a str);

impl core::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Bearer([redacted])")
    }
}

impl core::fmt::Debug for SecretPost {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SecretPost").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for SendToken<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SendToken([redacted])")
    }
}

/// The inputs of a token request that are new for each request.
#[derive(Debug, Clone, Copy)]
pub struct FreshInputs {
    /// The wall-clock time in seconds since 1970.
    pub unix_seconds: i64,
    /// Bytes from a cryptographic random number generator.
    pub random: [u8; 16],
}

impl Source {
    /// Creates a source with a fixed token. A preceding word `Bearer` is stripped.
    ///
    /// # Errors
    /// Fails if the text cannot be a token.
    pub fn bearer(token: &[u8]) -> Result<Self, ConfigError> {
        Ok(Self::Bearer(Bearer(bearer::parse(token)?)))
    }

    /// Creates a source of client credentials that authenticates by a signed assertion.
    ///
    /// # Errors
    /// Fails if the id or the secret is wrong, and says which part of it.
    pub fn assertion(client_id: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        let client_id = ClientId::parse(client_id)?;
        let secret = ClientSecret::parse(secret)?;
        Ok(Self::Assertion(Assertion { client_id, secret }))
    }

    /// Creates a source of client credentials that sends the secret in the body.
    ///
    /// # Errors
    /// The same as for [`Source::assertion`]: the secret is checked, although it is sent unchanged.
    pub fn secret_post(client_id: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        let client_id = ClientId::parse(client_id)?;
        ClientSecret::parse(secret)?;
        // The secret is sent as it was given, because a server may compare texts and the same key can be written in
        // several ways.
        let text = core::str::from_utf8(paste::trim(secret)).unwrap_or_default();
        Ok(Self::SecretPost(SecretPost { client_id, secret: Zeroizing::new(text.to_owned()) }))
    }

    /// Creates a source that exchanges identity tokens for the federation trust with this client id.
    ///
    /// # Errors
    /// Fails if the id is wrong, and says which part of it.
    pub fn exchange(client_id: &str) -> Result<Self, ConfigError> {
        Ok(Self::Exchange(ClientId::parse(client_id)?))
    }

    /// Creates a device login for the program with this client id.
    ///
    /// # Errors
    /// Fails if the id is empty, a secret, or has a character that no id has.
    pub fn device(client_id: &str) -> Result<Self, ConfigError> {
        let id = paste::trim_text(client_id);
        if id.is_empty() {
            return Err(ClientIdError::Empty.into());
        }
        if paste::has_secret(id.as_bytes()) {
            return Err(ClientIdError::Secret.into());
        }
        if id.len() > 512 {
            return Err(ClientIdError::Long.into());
        }
        if !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ClientIdError::NameCharacter.into());
        }
        Ok(Self::Device(id.to_owned()))
    }

    /// Creates a source whose token is renewed by a function of the caller.
    ///
    /// # Errors
    /// Fails if the text cannot be a token.
    pub fn renewable(token: &[u8]) -> Result<Self, ConfigError> {
        let token = bearer::parse(token).map_err(|error| error.for_option("accessToken"))?;
        Ok(Self::Renewable(Bearer(token)))
    }

    /// Returns the token that a function of the caller renews.
    pub fn held(&self) -> Option<&str> {
        match self {
            Self::Renewable(bearer) => Some(&bearer.0),
            _ => None,
        }
    }

    /// Returns the client id, if the source has one that may name the tenant.
    pub fn client_id(&self) -> Option<&ClientId> {
        match self {
            Self::Assertion(source) => Some(&source.client_id),
            Self::SecretPost(source) => Some(&source.client_id),
            Self::Exchange(client_id) => Some(client_id),
            _ => None,
        }
    }

    /// Returns the secret as it was given, to be passed to a new instance of the core.
    pub fn custody(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::OAuth(source) => return source.custody(),
            Self::Bearer(bearer) | Self::Renewable(bearer) => bearer.0.as_bytes().to_vec(),
            Self::External | Self::Exchange(_) | Self::Device(_) => Vec::new(),
            Self::Assertion(source) => source.secret.to_text().as_bytes().to_vec(),
            Self::SecretPost(source) => source.secret.as_bytes().to_vec(),
        })
    }

    /// Returns what a call has to do to get a token.
    pub fn need(&self) -> Need<'_> {
        match self {
            Self::Bearer(bearer) => Need::Send(SendToken(&bearer.0)),
            Self::External => Need::Ask,
            _ => Need::Fetch,
        }
    }

    /// Whether requests are signed with a timestamp, so that they may be refused because of a wrong clock.
    pub fn is_dated(&self) -> bool {
        matches!(self, Self::Assertion(_))
    }

    /// Whether getting a token requires a person, who must not be asked before the last token has expired.
    pub fn is_interactive(&self) -> bool {
        matches!(self, Self::Device(_))
    }

    /// Whether the next request needs a token from a third party: an identity token or an assertion.
    pub fn needs_subject(&self) -> bool {
        match self {
            Self::Exchange(_) => true,
            Self::OAuth(source) => source.needs_assertion(),
            _ => false,
        }
    }

    /// Checks the token that [`needs_subject`](Self::needs_subject) asks for.
    pub(super) fn subject(&self, subject: &[u8]) -> Result<Zeroizing<String>, ConfigError> {
        match self {
            Self::OAuth(_) => grants::assertion(subject),
            _ => bearer::parse(subject).map_err(|error| error.for_option("subjectToken")),
        }
    }

    /// Writes the fields of a token request. `audience` is that of an assertion; `proof` is what a third party
    /// provides: an identity token, an assertion or a device code.
    pub(super) fn write(&self, form: &mut Form, audience: &str, fresh: &FreshInputs, proof: &str) {
        match self {
            Self::Bearer(_) | Self::External | Self::Renewable(_) => {}
            Self::OAuth(source) => source.write(form, proof),
            Self::Assertion(source) => {
                let id = source.client_id.as_str();
                let assertion = assertion::sign(&source.secret, id, audience, fresh.unix_seconds, &fresh.random);
                form.field("client_id", id);
                form.field("grant_type", "client_credentials");
                form.field("client_assertion_type", ASSERTION_TYPE);
                form.field("client_assertion", &assertion);
            }
            Self::SecretPost(source) => {
                form.field("client_id", source.client_id.as_str());
                form.field("grant_type", "client_credentials");
                form.field("client_secret", &source.secret);
            }
            Self::Exchange(client_id) => {
                form.field("client_id", client_id.as_str());
                form.field("grant_type", EXCHANGE);
                form.field("subject_token", proof);
                form.field("subject_token_type", JWT);
            }
            Self::Device(client_id) => {
                form.field("client_id", client_id);
                form.field("grant_type", DEVICE_CODE);
                form.field("device_code", proof);
            }
        }
    }
}
