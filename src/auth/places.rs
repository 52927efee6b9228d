//! The addresses of Commerce Layer: its API and its authentication server are two hosts of one domain, or one origin
//! that serves both.

use super::error::{ConfigError, errors};
use super::host::{self, HostError};
use super::paste;
use super::tenant::BaseUrl;
use crate::wire::json::decimal;
use alloc::{borrow::ToOwned, string::String};

/// The domain of the service itself.
pub const DOMAIN: &str = "commercelayer.io";

errors! {
    /// The reason why a text is not a domain of Commerce Layer.
    DomainError {
        Url "domain_is_url" "a domain is a name such as commercelayer.io; a URL is given as serverURL"
        Whole "domain_has_service" "give the domain alone, without provisioning. or auth. before it"
    }
    + Host(HostError)
}

/// The two addresses that tokens and secrets are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The base URL of the API, such as `https://provisioning.commercelayer.io/api`.
    pub api: BaseUrl,
    /// The base URL of `/oauth/token`, `/oauth/revoke` and `/.well-known/jwks.json`.
    pub auth: BaseUrl,
}

/// Determines the addresses from a client's options. `server_url` serves both `/api` and `/oauth`; `auth_url` takes
/// precedence for the latter.
///
/// # Errors
/// Names the option at fault.
pub fn places(server_url: Option<&str>, auth_url: Option<&str>, domain: Option<&str>) -> Result<Places, ConfigError> {
    let (api, auth) = match server_url {
        Some(url) => {
            let given = parse("serverURL", url)?;
            let origin = given.as_str().strip_suffix("/api").unwrap_or(given.as_str());
            ([origin, "/api"].concat(), origin.to_owned())
        }
        None => {
            let domain =
                check_domain(domain.unwrap_or(DOMAIN)).map_err(|error| ConfigError::new("domain", error.text()))?;
            (["https://provisioning.", &domain, "/api"].concat(), ["https://auth.", &domain].concat())
        }
    };
    let (option, auth) = auth_url.map_or(("serverURL", auth.as_str()), |url| ("authURL", url));
    Ok(Places { auth: parse(option, auth)?, api: parse("serverURL", &api)? })
}

fn parse(option: &'static str, url: &str) -> Result<BaseUrl, ConfigError> {
    BaseUrl::parse(url).map_err(|error| ConfigError::new(option, error.text()))
}

fn check_domain(text: &str) -> Result<String, DomainError> {
    let text = paste::trim_text(text);
    if paste::split(text, "://").is_some() {
        return Err(DomainError::Url);
    }
    let (name, port) = host::parse(text)?;
    if name.starts_with("provisioning.") || name.starts_with("auth.") {
        return Err(DomainError::Whole);
    }
    // With a name before it, a loopback address would no longer be one.
    if host::is_loopback(&name) {
        return Err(HostError::Ipv4.into());
    }
    Ok(match port {
        Some(port) => [name.as_str(), ":", &decimal(port.into())].concat(),
        None => name,
    })
}
