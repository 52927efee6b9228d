//! Where tokens come from. A new way to authenticate is a variant here, with what it sends and what it accepts.

use zeroize::Zeroizing;

use super::client_id::ClientId;
use super::error::ConfigError;
use super::secret::ClientSecret;
use super::tenant::BaseUrl;
use super::token_request::{self, TokenRequest};
use super::token_response::{self, Grant, TokenError, TokenErrorKind, TokenType};
use super::{assertion, bearer};

/// A way to authenticate. Those to come (a secret in the body, token exchange, device login, DPoP) are [`Need::Fetch`] too.
#[derive(Debug)]
#[non_exhaustive]
pub enum Source {
    /// A token that the caller has; it cannot be renewed.
    Bearer(Bearer),
    /// A function of the caller's, asked before each call; its answer goes through [`bearer::parse`].
    External,
    /// A client id and secret: an assertion is signed here and exchanged for a token.
    Assertion(Assertion),
}

/// See [`Source::Bearer`].
pub struct Bearer(Zeroizing<String>);

/// See [`Source::Assertion`].
#[derive(Debug)]
pub struct Assertion {
    client_id: ClientId,
    secret: ClientSecret,
}

/// What a call has to do for a token.
#[derive(Debug)]
pub enum Need<'a> {
    /// Nothing: send this one.
    Send(SendToken<'a>),
    /// Ask the caller's function.
    Ask,
    /// Follow [`Tokens`](super::Tokens): fetch one with [`Source::request`], and renew it.
    Fetch,
}

/// A token to send; not printed.
pub struct SendToken<'a>(pub &'a str);

impl core::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Bearer([redacted])")
    }
}

impl core::fmt::Debug for SendToken<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SendToken([redacted])")
    }
}

/// What a token request takes from outside, fresh for each.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Wall-clock time in seconds since 1970.
    pub unix_seconds: i64,
    /// From a cryptographic generator.
    pub random: [u8; 16],
}

impl Source {
    /// A fixed token; the word `Bearer` before it is dropped.
    ///
    /// # Errors
    /// If the text cannot be a token.
    pub fn bearer(token: &[u8]) -> Result<Self, ConfigError> {
        Ok(Self::Bearer(Bearer(bearer::parse(token)?)))
    }

    /// Client credentials by signed assertion.
    ///
    /// # Errors
    /// Says whether the id or the secret is wrong, and which part of it.
    pub fn assertion(client_id: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        let client_id = ClientId::parse(client_id)?;
        let secret = ClientSecret::parse(secret)?;
        Ok(Self::Assertion(Assertion { client_id, secret }))
    }

    /// The client id, where there is one: it may name the tenant.
    pub fn client_id(&self) -> Option<&ClientId> {
        match self {
            Self::Assertion(source) => Some(&source.client_id),
            Self::Bearer(_) | Self::External => None,
        }
    }

    /// The secret as it was given, to be carried into a new instance of the core.
    pub fn custody(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Bearer(bearer) => bearer.0.as_bytes().to_vec(),
            Self::External => Vec::new(),
            Self::Assertion(source) => source.secret.to_text().as_bytes().to_vec(),
        })
    }

    /// What a call has to do for a token.
    pub fn need(&self) -> Need<'_> {
        match self {
            Self::Bearer(bearer) => Need::Send(SendToken(&bearer.0)),
            Self::External => Need::Ask,
            Self::Assertion(_) => Need::Fetch,
        }
    }

    /// The request for a token, for sources with [`Need::Fetch`]. `audience` is what an assertion is made out to:
    /// [`BaseUrl::audience`], unless `base` is a proxy before a tenant of another name.
    pub fn request(&self, base: &BaseUrl, audience: &str, moment: &Moment) -> Option<TokenRequest> {
        let body = match self {
            Self::Bearer(_) | Self::External => return None,
            Self::Assertion(source) => {
                let id = source.client_id.as_str();
                let assertion = assertion::sign(&source.secret, id, audience, moment.unix_seconds, &moment.random);
                token_request::with_assertion(id, &assertion)
            }
        };
        Some(TokenRequest { url: base.join(token_request::PATH), body })
    }

    /// Reads the answer to [`request`](Self::request).
    ///
    /// # Errors
    /// If it holds no token that this source can use.
    pub fn answer(&self, status: u16, body: &[u8]) -> Result<Grant, TokenError> {
        let grant = token_response::parse(status, body)?;
        match grant.token_type {
            TokenType::Bearer => Ok(grant),
            // Sent as a bearer token it would only be refused.
            TokenType::Dpop => Err(TokenError::new(TokenErrorKind::TypeDpop, status)),
        }
    }
}
