//! The address of a tenant: one checked base URL, determined from a server URL, from a tenant's name, host or URL, or
//! from the host in a client id. No other module builds URLs that tokens are sent to.

use super::client_id::ClientId;
use super::error::{ConfigError, errors};
use super::host::{self, HostError};
use super::paste;
use crate::wire::json::decimal;
use alloc::{borrow::ToOwned, string::String};

/// The domain of tenants that are given by name alone.
const DOMAIN: &str = ".conductor.one";

/// The placeholder for the tenant's name in the API's own description.
const TEMPLATE: &str = "{tenantDomain}";

errors! {
    /// The reason why a text does not name a tenant.
    TenantError {
        Missing "tenant_missing" "no tenant is named; give a serverURL, a tenantDomain or a client id"
        Empty "url_empty" "the value is empty"
        Secret "url_has_secret" "there is a client secret (secret-token:) in it; the options may be swapped"
        ClientId "tenant_is_client_id" "this is a client id; give it as clientID, the tenant follows from it"
        SchemeMissing "url_scheme_missing" "the URL does not begin with https://"
        Scheme "url_scheme" "the URL's scheme is neither https nor http"
        Insecure "url_insecure" "plain http would send tokens in the clear; it is allowed to localhost, 127.0.0.0/8 and [::1] only"
        UserInfo "url_user_info" "the URL has a user name or password in it"
        Space "url_space" "the URL has white space or a control character in it"
        Backslash "url_backslash" "the URL has a backslash in it"
        Path "url_path" "the URL's path has a character that must be percent-encoded"
        PathEscape "url_path_escape" "the URL's path has a percent sign without two hexadecimal digits"
        PathSegment "url_path_segment" "the URL's path has an empty part, or one that is . or .."
        Template "url_template" "the URL has braces in it; the only placeholder is {tenantDomain}"
        TemplateTenant "url_template_tenant" "the URL needs a tenantDomain for its placeholder"
        TemplateName "url_template_name" "for a URL with a placeholder the tenantDomain must be a tenant's name, not another host"
        ShortHost "tenant_short_host" "the client id's host has no dot in it; give a serverURL"
        NamePort "tenant_name_port" "a tenant's name takes no port; give the whole host"
    }
    + Host(HostError)
}

impl TenantError {
    fn for_option(self, option: &'static str) -> ConfigError {
        ConfigError::new(option, self.text())
    }
}

/// The protocol by which a tenant is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP, which is allowed for loopback hosts only.
    Http,
    /// HTTPS, which is allowed for every host.
    Https,
}

impl Scheme {
    fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// Returns the scheme for a host that was given without one. A loopback host is a sandbox, which has no
    /// certificate.
    fn for_host(host: &str) -> Self {
        if host::is_loopback(host) { Self::Http } else { Self::Https }
    }
}

/// An absolute URL that paths are appended to. URLs of the same tenant compare equal: the host is in lower case, the
/// scheme's default port is left out, and there is no slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    /// The offset in `text` at which the path begins.
    path: usize,
    scheme: Scheme,
    host: String,
    port: Option<u16>,
}

impl BaseUrl {
    /// Checks an absolute URL. A path is kept as a prefix; query and fragment are dropped.
    ///
    /// # Errors
    /// Returns the first part that is wrong.
    pub fn parse(url: &str) -> Result<Self, TenantError> {
        let url = checked(url)?;
        let (scheme, rest) = paste::split(url, "://").ok_or(TenantError::SchemeMissing)?;
        let scheme = if scheme.eq_ignore_ascii_case("https") {
            Scheme::Https
        } else if scheme.eq_ignore_ascii_case("http") {
            Scheme::Http
        } else {
            return Err(TenantError::Scheme);
        };
        let rest = paste::before(rest, b"?#");
        let authority = paste::before(rest, b"/");
        let mut path = rest.get(authority.len()..).unwrap_or_default();
        if authority.as_bytes().contains(&b'@') {
            return Err(TenantError::UserInfo);
        }
        if rest.as_bytes().contains(&b'\\') {
            return Err(TenantError::Backslash);
        }
        if rest.bytes().any(|b| b == b'{' || b == b'}') {
            return Err(TenantError::Template);
        }
        let (host, port) = host::parse(authority)?;
        if scheme == Scheme::Http && !host::is_loopback(&host) {
            return Err(TenantError::Insecure);
        }
        while let Some(shorter) = path.strip_suffix("/") {
            path = shorter;
        }
        check_path(path)?;
        Ok(Self::new(scheme, host, port, path))
    }

    /// Reads a tenant as people name it: `acme`, `acme.conductor.one` or `https://acme.conductor.one/anything`. The
    /// rules are those of the Go SDK's `NormalizeTenant`: a name without a dot is a subdomain of `conductor.one`, and
    /// the path is dropped from a URL of such a tenant.
    ///
    /// # Errors
    /// Returns the first part that is wrong.
    pub fn from_tenant(tenant: &str) -> Result<Self, TenantError> {
        let tenant = checked(tenant)?;
        if paste::split(tenant, "://").is_some() {
            let url = Self::parse(tenant)?;
            return Ok(match url.name() {
                Some(_) => Self::new(url.scheme, url.host, url.port, ""),
                None => url,
            });
        }
        if paste::is_client_id(tenant.as_bytes()) {
            return Err(TenantError::ClientId);
        }
        // The name is checked together with its domain: `1234` alone would be an address, but is a valid tenant.
        let bare = paste::before(tenant, b":");
        let is_name = !bare.is_empty()
            && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !host::is_loopback(&bare.to_ascii_lowercase());
        let (host, port) = if is_name && bare.len() == tenant.len() {
            host::parse(&[bare, DOMAIN].concat())?
        } else {
            host::parse(tenant)?
        };
        if is_name && port.is_some() {
            return Err(TenantError::NamePort);
        }
        Ok(Self::new(Scheme::for_host(&host), host, port, ""))
    }

    /// Returns the address of the tenant that a client id names.
    ///
    /// # Errors
    /// Returns [`TenantError::ShortHost`] for a host that is only resolvable in a local network.
    pub fn from_client_id(id: &ClientId) -> Result<Self, TenantError> {
        if !id.host().as_bytes().contains(&b'.') && !host::is_loopback(id.host()) {
            return Err(TenantError::ShortHost);
        }
        Ok(Self::new(Scheme::for_host(id.host()), id.host().to_owned(), id.port(), ""))
    }

    fn new(scheme: Scheme, host: String, port: Option<u16>, path: &str) -> Self {
        let port = port.filter(|&port| port != scheme.default_port());
        let mut text = String::from(scheme.prefix());
        text.push_str(&host);
        if let Some(port) = port {
            text.push(':');
            text.push_str(&decimal(port.into()));
        }
        let origin = text.len();
        text.push_str(path);
        Self { text, path: origin, scheme, host, port }
    }

    /// Returns the whole URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the origin (scheme, host and port), which the origin of an answer must equal.
    pub fn origin(&self) -> &str {
        self.text.get(..self.path).unwrap_or_default()
    }

    /// Returns the path prefix. It is empty, or begins with a slash and does not end with one.
    pub fn path(&self) -> &str {
        self.text.get(self.path..).unwrap_or_default()
    }

    /// Returns the scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host in lower case, without a port; `[::1]` has its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port, unless it is the scheme's default.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the audience of assertions for this tenant: the host *without* the port, as in C1's own clients.
    pub fn audience(&self) -> &str {
        &self.host
    }

    /// Returns the URL of `path`, which begins with a slash.
    pub fn join(&self, path: &str) -> String {
        let mut url = String::with_capacity(self.text.len() + path.len());
        url.push_str(&self.text);
        url.push_str(path);
        url
    }

    /// Returns the tenant's name, for `name.conductor.one`.
    fn name(&self) -> Option<&str> {
        self.host.strip_suffix(DOMAIN).filter(|name| !name.as_bytes().contains(&b'.'))
    }
}

/// Determines the base URL from a client's options: the server URL if there is one, else the tenant, else the client
/// id's host. A server URL may contain `{tenantDomain}`, as in the API's description.
///
/// # Errors
/// Names the option at fault.
pub fn resolve(
    server_url: Option<&str>,
    tenant: Option<&str>,
    client_id: Option<&ClientId>,
) -> Result<BaseUrl, ConfigError> {
    if let Some((before, after)) = server_url.and_then(|url| paste::split(url, TEMPLATE)) {
        let tenant = match (tenant, client_id) {
            (Some(tenant), _) => BaseUrl::from_tenant(tenant).map_err(|error| error.for_option("tenantDomain"))?,
            (None, Some(id)) => BaseUrl::from_client_id(id).map_err(|error| error.for_option("clientID"))?,
            (None, None) => return Err(TenantError::TemplateTenant.for_option("tenantDomain")),
        };
        let name = tenant.name().ok_or(TenantError::TemplateName.for_option("tenantDomain"))?;
        return BaseUrl::parse(&[before, name, after].concat()).map_err(|error| error.for_option("serverURL"));
    }
    match (server_url, tenant, client_id) {
        (Some(url), _, _) => BaseUrl::parse(url).map_err(|error| error.for_option("serverURL")),
        (None, Some(tenant), _) => BaseUrl::from_tenant(tenant).map_err(|error| error.for_option("tenantDomain")),
        (None, None, Some(id)) => BaseUrl::from_client_id(id).map_err(|error| error.for_option("clientID")),
        (None, None, None) => Err(TenantError::Missing.for_option("serverURL")),
    }
}

/// Trims the value of an option and refuses what cannot name an address.
fn checked(text: &str) -> Result<&str, TenantError> {
    let text = paste::trim_text(text);
    if text.is_empty() {
        return Err(TenantError::Empty);
    }
    if paste::has_secret(text.as_bytes()) {
        return Err(TenantError::Secret);
    }
    // A URL parser drops tabs and line ends anywhere, whereas a person who reads the text does not notice them.
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(TenantError::Space);
    }
    Ok(text)
}

/// Checks that every URL parser leaves the prefix `path` unchanged. It is empty or begins with a slash.
fn check_path(path: &str) -> Result<(), TenantError> {
    if !path.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>^`|".contains(&b)) {
        return Err(TenantError::Path);
    }
    for after in path.as_bytes().split(|&b| b == b'%').skip(1) {
        if !after.get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
            return Err(TenantError::PathEscape);
        }
    }
    for segment in path.as_bytes().split(|&b| b == b'/').skip(1) {
        if segment.is_empty() || after_dot(segment).is_some_and(|rest| rest.is_empty() || after_dot(rest) == Some(b""))
        {
            return Err(TenantError::PathSegment);
        }
    }
    Ok(())
}

/// Returns what follows a dot. `%2e` counts as a dot when a URL parser looks for `..`.
fn after_dot(segment: &[u8]) -> Option<&[u8]> {
    ["%2e", "%2E", "."].iter().find_map(|dot| segment.strip_prefix(dot.as_bytes()))
}
