//! The token endpoint: it reads a form, and returns a token or an OAuth error. There is one function for each grant
//! type.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use ed25519_dalek::SigningKey;

use crate::assertion::{Assertion, base64url, public_key};
use crate::c1::sso;
use crate::clients::{self, without_port};
use crate::dpop::{self, Mode};
use crate::tenant::{Holder, Tenant};
use crate::time::Millis;
use crate::{device, federation};

/// The assertion type of RFC 7523.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const AUTHORIZATION_CODE: &str = "authorization_code";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The reason why no token is issued (RFC 6749, section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The registered error code.
    pub error: &'static str,
    /// The human-readable description.
    pub description: String,
}

impl Refusal {
    pub(crate) fn request(description: impl Into<String>) -> Self {
        Self { status: 400, error: "invalid_request", description: description.into() }
    }

    fn client(description: impl Into<String>) -> Self {
        Self { status: 401, error: "invalid_client", description: description.into() }
    }

    /// Returns the body: `{error, error_description}`.
    pub fn body(&self) -> Value {
        json!({ "error": self.error, "error_description": self.description })
    }
}

/// The fields of a form.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Parses `application/x-www-form-urlencoded` text, and query strings.
    pub fn parse(text: &str) -> Self {
        let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        };
        Self(text.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// Returns a field's value; `None` if it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Returns all fields in order, including empty ones.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Returns whether a field is given twice.
    fn ambiguous(&self) -> bool {
        self.0
            .iter()
            .enumerate()
            .any(|(place, (name, _))| self.0.iter().skip(place + 1).any(|(other, _)| other == name))
    }
}

/// A request for a token.
#[derive(Debug)]
pub struct Request<'a> {
    /// The parameters.
    pub form: &'a Form,
    /// The host that it was sent to.
    pub host: &'a str,
    /// The proof that was sent with it.
    pub proof: dpop::Request<'a>,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `User-Agent` of the program.
    pub agent: &'a str,
}

/// How tokens are issued for a request: bound to the key of its proof, if it has one.
#[derive(Debug)]
pub struct Issue {
    key: Option<String>,
    agent: String,
}

impl Issue {
    /// Checks the proof, as the tenant's mode requires.
    fn new(tenant: &mut Tenant, request: &dpop::Request, agent: &str, now: Millis) -> Result<Self, Refusal> {
        let agent = agent.to_owned();
        let mode = tenant.options.switches.dpop;
        let wanted = matches!(mode, Mode::Require | Mode::Nonce);
        if mode == Mode::Ignore || (request.proof.is_none() && !wanted) {
            return Ok(Self { key: None, agent });
        }
        let refuse = |why: &str| {
            let error = if why == dpop::NONCE_REQUIRED { dpop::NONCE_REQUIRED } else { "invalid_dpop_proof" };
            Refusal { status: 400, error, description: why.to_owned() }
        };
        let proven = dpop::check(request, None, mode == Mode::Nonce, now).map_err(refuse)?;
        if !tenant.first_use(format!("proof {} {}", proven.key, proven.jti), now + dpop::MEMORY, now) {
            return Err(refuse("the proof was used before"));
        }
        Ok(Self { key: Some(proven.key), agent })
    }

    /// Issues a token.
    pub fn token(&self, tenant: &mut Tenant, holder: Holder, now: Millis) -> Value {
        tenant.note_login(&holder, &self.agent, now);
        let token = tenant.issue(holder, self.key.clone(), now);
        let token_type = if self.key.is_some() { "DPoP" } else { "Bearer" };
        json!({ "access_token": token, "token_type": token_type, "expires_in": tenant.token_ttl })
    }
}

/// Answers a token request.
///
/// # Errors
/// Returns the OAuth error to answer with.
pub fn exchange(tenant: &mut Tenant, request: &Request<'_>, now: Millis) -> Result<Value, Refusal> {
    let Request { form, host, .. } = *request;
    if form.ambiguous() {
        return Err(Refusal::request("a parameter is given more than once"));
    }
    let issue = Issue::new(tenant, &request.proof, request.agent, now)?;
    match form.get("grant_type") {
        Some("client_credentials") => client_credentials(tenant, form, host, &issue, now),
        Some(TOKEN_EXCHANGE) => federation::exchange(tenant, form, &issue, now),
        Some(AUTHORIZATION_CODE) => Err(authorization_code(tenant, request)),
        Some(DEVICE_CODE) => device::exchange(tenant, form, &issue, now),
        Some(other) => Err(Refusal {
            status: 400,
            error: "unsupported_grant_type",
            description: format!("grant_type {other:?} is not supported"),
        }),
        None => Err(Refusal::request("grant_type is missing")),
    }
}

fn client_credentials(
    tenant: &mut Tenant,
    form: &Form,
    host: &str,
    issue: &Issue,
    now: Millis,
) -> Result<Value, Refusal> {
    if let (Some(secret), None) = (form.get("client_secret"), form.get("client_assertion")) {
        return with_secret(tenant, form, secret, issue, now);
    }
    match form.get("client_assertion_type") {
        Some(JWT_BEARER) => {}
        Some(_) => return Err(Refusal::request("client_assertion_type is not supported")),
        None => return Err(Refusal::request("client_assertion_type is missing")),
    }
    let token = form.get("client_assertion").ok_or_else(|| Refusal::request("client_assertion is missing"))?;
    let assertion = Assertion::parse(token).map_err(Refusal::client)?;
    let client_id = form.get("client_id").unwrap_or_else(|| assertion.issuer());

    // The client is identified and authenticated before anything is revealed about the credential.
    let (name, kind) = known(tenant, client_id)?;
    let (own_host, asked_host) = (without_port(tenant.host()), without_port(host));
    let key = tenant.state.keys.get(name).and_then(|key| public_key(key)).ok_or_else(unknown)?;
    if !assertion.is_signed_by(&key) {
        return Err(Refusal::client("the assertion's signature is wrong"));
    }
    assertion.check(client_id, &[asked_host, own_host], now).map_err(Refusal::client)?;
    usable(tenant, name, kind, issue, now)?;
    let identity = assertion.identity(tenant.options.switches.remembers_signatures);
    if identity.is_some_and(|own| !tenant.first_use(format!("{name} {own}"), assertion.expires(), now)) {
        return Err(Refusal::client("the assertion was used before"));
    }
    Ok(issue.token(tenant, Holder::Client(name.to_owned(), kind), now))
}

/// Answers a request that contains the secret itself.
fn with_secret(tenant: &mut Tenant, form: &Form, secret: &str, issue: &Issue, now: Millis) -> Result<Value, Refusal> {
    let client_id = form.get("client_id").ok_or_else(|| Refusal::request("client_id is missing"))?;
    let (name, kind) = proven(tenant, client_id, secret)?;
    usable(tenant, name, kind, issue, now)?;
    Ok(issue.token(tenant, Holder::Client(name.to_owned(), kind), now))
}

/// Returns the name and kind of the client if this is its secret, which is checked by comparing public keys.
fn proven<'a>(tenant: &Tenant, client_id: &'a str, secret: &str) -> Result<(&'a str, clients::Kind), Refusal> {
    let (name, kind) = known(tenant, client_id)?;
    let public = || {
        let jwk = base64url(secret.strip_prefix("secret-token:conductorone.com:v1:")?)?;
        let jwk: Value = serde_json::from_slice(&jwk).ok()?;
        let seed: [u8; 32] = base64url(jwk.get("d")?.as_str()?)?.try_into().ok()?;
        Some(Base64UrlUnpadded::encode_string(SigningKey::from_bytes(&seed).verifying_key().as_bytes()))
    };
    if public().is_none_or(|public| tenant.state.keys.get(name) != Some(&public)) {
        return Err(Refusal::client("the client secret is wrong"));
    }
    Ok((name, kind))
}

/// Logs in with a client id and secret, and returns the name and kind of the credential.
///
/// # Errors
/// Returns the OAuth error that the program would get.
pub fn authenticate<'a>(
    tenant: &mut Tenant,
    (client_id, secret): (&'a str, &str),
    agent: &str,
    now: Millis,
) -> Result<(&'a str, clients::Kind), Refusal> {
    let issue = Issue { key: None, agent: agent.to_owned() };
    let (name, kind) = proven(tenant, client_id, secret)?;
    usable(tenant, name, kind, &issue, now)?;
    issue.token(tenant, Holder::Client(name.to_owned(), kind), now);
    Ok((name, kind))
}

/// Returns the reason why a client of an SSO application gets no token. Nobody can sign in at the sandbox, so no code
/// is ever valid. However, the client is checked before its code (RFC 6749, section 4.1.3), so `invalid_grant` proves
/// its secret and `invalid_client` disproves it. That C1 serves these clients at this path is a guess.
fn authorization_code(tenant: &Tenant, request: &Request<'_>) -> Refusal {
    let form = request.form;
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let basic = request.authorization.and_then(|header| {
        let (scheme, encoded) = header.split_once(' ')?;
        let pair = Base64::decode_vec(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let (id, secret) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
        Some((decode(id), decode(secret)))
    });
    let (id, method, secret) = match (basic, form.get("client_secret")) {
        (Some(_), Some(_)) => return Refusal::request("the client authenticates in two ways"),
        (Some((id, secret)), None) => (id, "clientSecretBasic", Some(secret)),
        (None, secret) => {
            let method = if secret.is_some() { "clientSecretPost" } else { "none" };
            (form.get("client_id").unwrap_or_default().to_owned(), method, secret.map(str::to_owned))
        }
    };
    if !sso::is_authentic(&tenant.state, &id, method, secret.as_deref()) {
        return Refusal::client("the client is unknown, or did not authenticate correctly");
    }
    Refusal { status: 400, error: "invalid_grant", description: "the code is unknown, or was used".to_owned() }
}

fn unknown() -> Refusal {
    Refusal::client("the client is unknown")
}

/// Returns the name and kind of one of this tenant's clients.
fn known<'a>(tenant: &Tenant, client_id: &'a str) -> Result<(&'a str, clients::Kind), Refusal> {
    let (name, host, kind) = clients::parse(client_id).ok_or_else(unknown)?;
    if !without_port(host).eq_ignore_ascii_case(without_port(tenant.host())) {
        return Err(unknown());
    }
    clients::find(&tenant.state, name, kind).ok_or_else(unknown)?;
    Ok((name, kind))
}

fn usable(tenant: &Tenant, name: &str, kind: clients::Kind, issue: &Issue, now: Millis) -> Result<(), Refusal> {
    let row = clients::find(&tenant.state, name, kind).ok_or_else(unknown)?;
    if let Some(why) = clients::unusable(&tenant.state, row, kind, now) {
        return Err(Refusal::client(why));
    }
    if row.get("requireDpop") == Some(&Value::Bool(true)) && issue.key.is_none() {
        let description = "the credential requires a DPoP proof".to_owned();
        return Err(Refusal { status: 400, error: "invalid_dpop_proof", description });
    }
    Ok(())
}
