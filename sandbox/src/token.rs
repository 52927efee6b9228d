//! The token endpoint: form in, token or OAuth error out. One function per grant type; more of them find their place
//! beside `client_credentials`.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::assertion::{Assertion, public_key};
use crate::clients::{self, without_port};
use crate::tenant::Tenant;
use crate::time::Millis;

/// The assertion type of RFC 7523.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why no token is given (RFC 6749, section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The registered error code.
    pub error: &'static str,
    /// What a person reads.
    pub description: String,
}

impl Refusal {
    pub(crate) fn request(description: impl Into<String>) -> Self {
        Self { status: 400, error: "invalid_request", description: description.into() }
    }

    fn client(description: impl Into<String>) -> Self {
        Self { status: 401, error: "invalid_client", description: description.into() }
    }

    /// The body: `{error, error_description}`.
    pub fn body(&self) -> Value {
        json!({ "error": self.error, "error_description": self.description })
    }
}

/// The fields of a form.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded` text, and query strings.
    pub fn parse(text: &str) -> Self {
        let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        };
        Self(text.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// A field's value; `None` if it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A field is given twice.
    fn ambiguous(&self) -> bool {
        self.0
            .iter()
            .enumerate()
            .any(|(place, (name, _))| self.0.iter().skip(place + 1).any(|(other, _)| other == name))
    }
}

/// Answers a token request that was sent to `host`.
///
/// # Errors
/// The OAuth error to answer with.
pub fn exchange(tenant: &mut Tenant, form: &Form, host: &str, now: Millis) -> Result<Value, Refusal> {
    if form.ambiguous() {
        return Err(Refusal::request("a parameter is given more than once"));
    }
    match form.get("grant_type") {
        Some("client_credentials") => client_credentials(tenant, form, host, now),
        Some(other) => Err(Refusal {
            status: 400,
            error: "unsupported_grant_type",
            description: format!("grant_type {other:?} is not supported"),
        }),
        None => Err(Refusal::request("grant_type is missing")),
    }
}

fn client_credentials(tenant: &mut Tenant, form: &Form, host: &str, now: Millis) -> Result<Value, Refusal> {
    match form.get("client_assertion_type") {
        Some(JWT_BEARER) => {}
        Some(_) => return Err(Refusal::request("client_assertion_type is not supported")),
        None => return Err(Refusal::request("client_assertion_type is missing")),
    }
    let token = form.get("client_assertion").ok_or_else(|| Refusal::request("client_assertion is missing"))?;
    let assertion = Assertion::parse(token).map_err(Refusal::client)?;
    let client_id = form.get("client_id").unwrap_or_else(|| assertion.issuer());

    // Who it is, and a proof of that, before anything is said about the credential.
    let unknown = || Refusal::client("the client is unknown");
    let (name, client_host, kind) = clients::parse(client_id).ok_or_else(unknown)?;
    let own_host = without_port(tenant.host());
    let asked_host = without_port(host);
    if !without_port(client_host).eq_ignore_ascii_case(own_host) {
        return Err(unknown());
    }
    let row = clients::find(&tenant.state, name, kind).ok_or_else(unknown)?;
    let key = tenant.state.keys.get(name).and_then(|key| public_key(key)).ok_or_else(unknown)?;
    if !assertion.is_signed_by(&key) {
        return Err(Refusal::client("the assertion's signature is wrong"));
    }
    assertion.check(client_id, &[asked_host, own_host], now).map_err(Refusal::client)?;
    if let Some(why) = clients::unusable(&tenant.state, row, kind, now) {
        return Err(Refusal::client(why));
    }
    if row.get("requireDpop") == Some(&Value::Bool(true)) {
        let description = "the credential asks for a DPoP proof, which this sandbox does not check yet".to_owned();
        return Err(Refusal { status: 400, error: "invalid_dpop_proof", description });
    }
    if !tenant.first_use(format!("{name} {}", assertion.identity()), assertion.expires(), now) {
        return Err(Refusal::client("the assertion was used before"));
    }
    let token = tenant.issue(name, kind, now);
    Ok(json!({ "access_token": token, "token_type": "Bearer", "expires_in": tenant.token_ttl }))
}
