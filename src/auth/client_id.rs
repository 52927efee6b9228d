//! Client ids, `name@host/kind`: `strange-hydra-68836@acme.conductor.one/pcc`. The host names the tenant.

use super::error::{ConfigError, errors};
use super::host::{self, HostError};
use super::paste;
use alloc::{borrow::ToOwned, string::String};

errors! {
    /// The part of a client id that is wrong.
    ClientIdError {
        Empty "client_id_empty" "the client id is empty"
        Secret "client_id_is_secret" "this is a client secret (it has secret-token: in it), not a client id; the two may be swapped"
        Token "client_id_is_token" "this is a token, not a client id"
        Url "client_id_is_url" "this is a URL; a client id has the form name@host/kind"
        Long "client_id_long" "the client id is longer than 512 characters"
        At "client_id_at" "the client id has no @; its form is name@host/kind"
        Ats "client_id_ats" "the client id has more than one @; its form is name@host/kind"
        NameEmpty "client_id_name_empty" "the name, before the @ of the client id, is empty"
        NameCharacter "client_id_name_character" "the name, before the @ of the client id, has a character that is not allowed"
        Slash "client_id_slash" "the client id has no / after its host; it may have been cut off"
        KindEmpty "client_id_kind_empty" "the kind, after the / of the client id, is empty; it may have been cut off"
        KindCharacter "client_id_kind_character" "the kind, after the / of the client id, has a character that is not a letter, a digit, a hyphen or an underscore"
    }
    + Host(HostError)
}

impl From<ClientIdError> for ConfigError {
    fn from(error: ClientIdError) -> Self {
        Self::new("clientID", error.text())
    }
}

/// The kind of principal that holds the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `pcc`: a personal client.
    Personal,
    /// `spc`: a service principal.
    ServicePrincipal,
    /// `wfe`: a workload federation trust. It has no secret; it exchanges tokens.
    Federation,
    /// `tcc`: a tunnel, as used by bridges.
    Tunnel,
    /// A kind unknown to this version. It works like the others.
    Other,
}

/// A checked client id. It is not a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId {
    text: String,
    name: usize,
    slash: usize,
    host: String,
    port: Option<u16>,
}

impl ClientId {
    /// Checks `text`, ignoring quotes and white space around it.
    ///
    /// # Errors
    /// Returns the first part that is wrong.
    pub fn parse(text: &str) -> Result<Self, ClientIdError> {
        let text = paste::trim_text(text);
        if text.is_empty() {
            return Err(ClientIdError::Empty);
        }
        if paste::has_secret(text.as_bytes()) {
            return Err(ClientIdError::Secret);
        }
        if paste::is_jwt(text.as_bytes()) {
            return Err(ClientIdError::Token);
        }
        if paste::split(text, "://").is_some() {
            return Err(ClientIdError::Url);
        }
        if text.len() > 512 {
            return Err(ClientIdError::Long);
        }
        let (name, rest) = paste::split(text, "@").ok_or(ClientIdError::At)?;
        if rest.as_bytes().contains(&b'@') {
            return Err(ClientIdError::Ats);
        }
        if name.is_empty() {
            return Err(ClientIdError::NameEmpty);
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~+=".contains(&b)) {
            return Err(ClientIdError::NameCharacter);
        }
        let (host, kind) = paste::split(rest, "/").ok_or(ClientIdError::Slash)?;
        let (host, port) = host::parse(host)?;
        if kind.is_empty() {
            return Err(ClientIdError::KindEmpty);
        }
        if !kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(ClientIdError::KindCharacter);
        }
        Ok(Self { name: name.len(), slash: text.len() - kind.len() - 1, text: text.to_owned(), host, port })
    }

    /// Returns the id as it was given, which is the value of `client_id`, `iss` and `sub`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the part before the `@`. For personal clients and service principals it is the credential's own id.
    pub fn name(&self) -> &str {
        self.text.get(..self.name).unwrap_or_default()
    }

    /// Returns the tenant's host in lower case, without a port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port, if the id names one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the part after the `/`.
    pub fn kind_text(&self) -> &str {
        self.text.get(self.slash + 1..).unwrap_or_default()
    }

    /// Returns the kind of principal that holds the credential.
    pub fn kind(&self) -> Kind {
        match self.kind_text() {
            "pcc" => Kind::Personal,
            "spc" => Kind::ServicePrincipal,
            "wfe" => Kind::Federation,
            "tcc" => Kind::Tunnel,
            _ => Kind::Other,
        }
    }
}
