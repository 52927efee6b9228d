//! Maps requests to the table's operations, or to the endpoints besides them.

use percent_encoding::percent_decode_str;

use super::schema::{self, Operation};

/// The prefix of the names of this API's operations in faults and in the request log.
pub const PREFIX: &str = "commercelayer.";

/// The endpoints besides the operations: name, method, path.
const ENDPOINTS: [(Endpoint, &str, &str, &str); 5] = [
    (Endpoint::Token, "token", "POST", "/oauth/token"),
    (Endpoint::Revoke, "revoke", "POST", "/oauth/revoke"),
    (Endpoint::Keys, "jwks", "GET", "/.well-known/jwks.json"),
    (Endpoint::AuthorizePage, "authorize", "GET", "/oauth/authorize"),
    (Endpoint::Authorize, "authorize_answer", "POST", "/oauth/authorize"),
];

/// An endpoint besides the operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Issues tokens.
    Token,
    /// Revokes tokens.
    Revoke,
    /// The keys that tokens are signed with.
    Keys,
    /// Asks a person whether an application may act for them.
    AuthorizePage,
    /// Receives the person's answer.
    Authorize,
}

/// The target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An operation, by its number, for the object with this id (empty if the path has none).
    Operation(u16, String),
    /// An endpoint.
    Endpoint(Endpoint),
    /// The path is known, but not with this method.
    OtherMethod,
    /// An unknown path.
    Nothing,
}

/// Returns the target of a request; `None` if its path does not belong to this API.
pub fn find(method: &str, path: &str) -> Option<Found> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let known = |own: &str| ENDPOINTS.iter().any(|(_, _, _, path)| *path == own);
    if known(path) {
        let found = ENDPOINTS.iter().find(|(_, _, own, known)| *own == method && *known == path);
        return Some(found.map_or(Found::OtherMethod, |(endpoint, ..)| Found::Endpoint(*endpoint)));
    }
    if parts.first() != Some(&"api") || parts.get(1) == Some(&"v1") {
        return None;
    }
    let mut other = false;
    for (number, operation) in (0..).zip(schema::operations()) {
        let Some(id) = fits(operation, &parts) else { continue };
        if operation.method == method {
            return Some(Found::Operation(number, percent_decode_str(id).decode_utf8_lossy().into_owned()));
        }
        other = true;
    }
    Some(if other { Found::OtherMethod } else { Found::Nothing })
}

/// Returns the id in a path if the path is that of the operation.
fn fits<'a>(operation: &Operation, parts: &[&'a str]) -> Option<&'a str> {
    let template = operation.path.split('/').skip(1);
    if template.clone().count() != parts.len() {
        return None;
    }
    let mut id = "";
    for (wanted, part) in template.zip(parts) {
        if wanted.starts_with('{') && !part.is_empty() {
            id = part;
        } else if wanted != *part {
            return None;
        }
    }
    Some(id)
}

impl Found {
    /// Returns the number of the target, if it has one: that of an operation or, for an endpoint, one after those of
    /// all operations.
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::Operation(number, _) => Some(*number),
            Self::Endpoint(endpoint) => {
                let place = ENDPOINTS.iter().position(|(known, ..)| known == endpoint)?;
                u16::try_from(schema::operations().len() + place).ok()
            }
            Self::OtherMethod | Self::Nothing => None,
        }
    }
}

/// Returns the names in the order of their numbers, without the prefix.
fn names() -> impl Iterator<Item = &'static str> {
    let operations = schema::operations().iter().map(|operation| operation.id);
    operations.chain(ENDPOINTS.iter().map(|(_, name, _, _)| *name))
}

/// Returns the number of a name: `commercelayer.api_credentials.list`, or the same without the prefix if no operation
/// of C1 has that name; `commercelayer.token` for the token endpoint.
pub fn named(name: &str) -> Option<u16> {
    let bare = name.strip_prefix(PREFIX);
    let operations = schema::operations().len();
    let place = names().position(|known| known == bare.unwrap_or(name))?;
    (bare.is_some() || place < operations).then(|| u16::try_from(place).ok())?
}

/// Returns the name with this number, without the prefix.
pub fn name(number: u16) -> &'static str {
    names().nth(usize::from(number)).unwrap_or_default()
}

/// Returns whether the number belongs to an operation and not to an endpoint.
pub fn is_operation(number: u16) -> bool {
    usize::from(number) < schema::operations().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_path_and_by_name() {
        for (number, operation) in (0..).zip(schema::operations()) {
            let path = operation.path.replace("{id}", "a%2Fb");
            let id = if path == operation.path { "" } else { "a/b" };
            let found = find(operation.method, &path).unwrap();
            assert_eq!(found, Found::Operation(number, id.to_owned()));
            assert_eq!(found.number(), Some(number));
            assert_eq!(named(operation.id), Some(number));
            assert_eq!(named(&format!("{PREFIX}{}", name(number))), Some(number));
        }
        assert_eq!(find("POST", "/oauth/token").unwrap().number(), named("commercelayer.token"));
        assert_eq!((named("token"), named("api_credentials.explode")), (None, None));
    }

    #[test]
    fn unknown_paths() {
        assert_eq!(find("GET", "/api/nonsense"), Some(Found::Nothing));
        assert_eq!(find("GET", "/api/roles//versions"), Some(Found::Nothing));
        assert_eq!(find("GET", "/api/roles/"), Some(Found::Nothing));
        assert_eq!(find("DELETE", "/api/roles/x"), Some(Found::OtherMethod));
        assert_eq!(find("GET", "/oauth/token"), Some(Found::OtherMethod));
        assert_eq!(find("GET", "/api/v1/apps"), None);
        assert_eq!(find("GET", "/elsewhere"), None);
    }
}
