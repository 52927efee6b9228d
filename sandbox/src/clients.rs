//! OAuth clients: the credentials that can obtain a token. Their rows live in several collections; this module is the
//! only one that knows all of them.

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::SigningKey;
use serde_json::json;

use crate::random::Entropy;
use crate::shape::{Row, text, texts};
use crate::state::{State, is_live};
use crate::time::{self, Millis};

/// The kind of a client. Its text is the last part of the client id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person's API key.
    Personal,
    /// A credential of a service principal.
    Principal,
    /// A connector's credential.
    Connector,
    /// A bridge's credential; C1's API calls bridges tunnels.
    Bridge,
}

/// The kinds, with the suffixes of their client ids.
const KINDS: [(Kind, &str); 4] =
    [(Kind::Personal, "pcc"), (Kind::Principal, "spc"), (Kind::Connector, "ccc"), (Kind::Bridge, "tcc")];

impl Kind {
    /// Returns the last part of the client id.
    pub fn suffix(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, suffix)| suffix)
    }

    fn rows(self, state: &State) -> &Vec<Row> {
        match self {
            Self::Personal => &state.personal_clients,
            Self::Principal => &state.principal_credentials,
            Self::Connector => &state.connector_credentials,
            Self::Bridge => &state.bridge_credentials,
        }
    }

    fn rows_mut(self, state: &mut State) -> &mut Vec<Row> {
        match self {
            Self::Personal => &mut state.personal_clients,
            Self::Principal => &mut state.principal_credentials,
            Self::Connector => &mut state.connector_credentials,
            Self::Bridge => &mut state.bridge_credentials,
        }
    }
}

/// Returns the client id of the credential `id`: `<id>@<host>/<kind>`.
pub fn client_id(id: &str, host: &str, kind: Kind) -> String {
    format!("{id}@{host}/{}", kind.suffix())
}

/// Returns the host without its port.
pub fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Splits a client id into name, host and kind.
pub fn parse(client_id: &str) -> Option<(&str, &str, Kind)> {
    let (name, rest) = client_id.split_once('@')?;
    let (host, suffix) = rest.split_once('/')?;
    let (kind, _) = KINDS.iter().find(|(_, known)| *known == suffix)?;
    (!name.is_empty() && !host.is_empty()).then_some((name, host, *kind))
}

/// Returns the row of a credential.
pub fn find<'a>(state: &'a State, id: &str, kind: Kind) -> Option<&'a Row> {
    kind.rows(state).iter().find(|row| text(row, "id") == id)
}

/// Returns whether a credential of any kind has this id.
pub fn is_taken(state: &State, id: &str) -> bool {
    KINDS.iter().any(|(kind, _)| find(state, id, *kind).is_some())
}

/// Returns the row of a credential mutably.
pub fn find_mut<'a>(state: &'a mut State, id: &str, kind: Kind) -> Option<&'a mut Row> {
    kind.rows_mut(state).iter_mut().find(|row| text(row, "id") == id)
}

/// Returns the reason why a credential cannot be used, if there is one.
pub fn unusable(state: &State, row: &Row, kind: Kind, now: Millis) -> Option<&'static str> {
    if !is_live(row) || row.get("revokedAt").is_some_and(|at| !at.is_null()) {
        return Some("the credential is revoked");
    }
    let field = if kind == Kind::Principal { "expiresAt" } else { "expiresTime" };
    if time::parse(text(row, field)).is_some_and(|expires| expires <= now) {
        return Some("the credential is expired");
    }
    if kind == Kind::Principal {
        let owner = text(row, "servicePrincipalId");
        let principal = state.principals.iter().find(|row| is_live(row) && text(row, "id") == owner);
        let status = principal.and_then(|row| row.get("user")?.get("status")?.as_str());
        if principal.is_none() || status == Some("DISABLED") {
            return Some("the service principal is disabled");
        }
    }
    None
}

/// Returns the id of the user that this credential acts as.
pub fn user_id(row: &Row, kind: Kind) -> &str {
    match kind {
        Kind::Personal => text(row, "userId"),
        Kind::Principal => text(row, "servicePrincipalId"),
        Kind::Connector => text(row, "connectorId"),
        Kind::Bridge => text(row, "bridgeId"),
    }
}

/// Returns the roles that a credential is restricted to; empty for no restriction.
pub fn scoped_roles(row: &Row, kind: Kind) -> Vec<String> {
    let field = if kind == Kind::Principal { "scopedRoleIds" } else { "scopedRoles" };
    texts(row, field).map(str::to_owned).collect()
}

/// A new key pair: the secret in the form that a person copies, and the public key, which the tenant keeps.
pub struct NewKey {
    /// `secret-token:conductorone.com:v1:` and the private JWK.
    pub secret: String,
    /// The public key in base64url.
    pub public: String,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NewKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl NewKey {
    /// Generates a key pair.
    pub fn draw(entropy: &mut Entropy) -> Self {
        let seed = entropy.bytes();
        let public = Base64UrlUnpadded::encode_string(SigningKey::from_bytes(&seed).verifying_key().as_bytes());
        let private = Base64UrlUnpadded::encode_string(&seed);
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": public, "d": private}).to_string();
        let encoded = Base64UrlUnpadded::encode_string(jwk.as_bytes());
        Self { secret: format!("secret-token:conductorone.com:v1:{encoded}"), public }
    }
}
