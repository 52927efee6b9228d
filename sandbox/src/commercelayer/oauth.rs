//! The token endpoint of Commerce Layer: its grants, and the revocation of tokens. Errors have the API's format, with
//! the OAuth code in `meta.error`.

use std::collections::{BTreeMap, HashMap};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::jwt;
use super::store::Record;
use super::{Answer, CommerceLayer, rules, seed};
use crate::shape::{Row, text};
use crate::tenant::Tenant;
use crate::time::{DAY, Millis, SECOND};
use crate::token::Form;

/// The audience of the personal credential's tokens.
pub const PROVISIONING: &str = "provisioning-api";
/// The default lifetime of the personal credential's tokens, in seconds.
const USER_LIFETIME: i64 = 7_200;
/// The lifetime of a refresh token.
const REFRESH_LIFETIME: Millis = 14 * DAY;
/// The lifetime of an authorization code.
const CODE_LIFETIME: Millis = 10 * 60 * SECOND;
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The key of assertions in the JWT bearer grant. It is public, because the client's own secret is sent along with
/// them.
const ASSERTION_KEY: &[u8] = b"cl";
/// The claim in which such an assertion names its subject.
const ASSERTION_CLAIM: &str = "https://commercelayer.io/claims";

/// The parameters of a request, from JSON or a form.
pub type Parameters = BTreeMap<String, String>;

/// The reason why no token is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    error: &'static str,
    detail: String,
}

impl Refusal {
    fn new(status: u16, error: &'static str, detail: impl Into<String>) -> Self {
        Self { status, error, detail: detail.into() }
    }

    fn request(detail: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", detail)
    }

    fn client() -> Self {
        Self::new(401, "invalid_client", "the client is unknown, or its secret is wrong")
    }

    fn grant(detail: &str) -> Self {
        Self::new(400, "invalid_grant", detail)
    }

    /// Returns the refusal that matches an HTTP status, for faults.
    pub fn of_http(status: u16) -> Self {
        let error = match status {
            401 => "invalid_client",
            429 => "too_many_requests",
            500.. => "server_error",
            _ => "invalid_request",
        };
        Self::new(status, error, "a fault of the sandbox")
    }

    /// Returns the corresponding answer.
    pub fn answer(&self) -> Answer {
        Answer { status: self.status, body: Some(self.body()), headers: Vec::new() }
    }

    /// Returns the body: `{errors: [...]}`.
    pub fn body(&self) -> Value {
        let (code, title) = match self.status {
            401 => ("UNAUTHORIZED", "Not authorized"),
            429 => ("TOO_MANY_REQUESTS", "Too many requests"),
            500.. => ("INTERNAL_SERVER_ERROR", "Internal server error"),
            _ => ("BAD_REQUEST", "Bad request"),
        };
        json!({ "errors": [{
            "title": title,
            "detail": self.detail,
            "code": code,
            "status": self.status,
            "meta": { "error": self.error },
        }] })
    }
}

/// The user that a token of an organization's application acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    kind: String,
    id: String,
}

/// The grant that a refresh token stands for.
#[derive(Debug, Clone)]
struct Refresh {
    client_id: String,
    owner: Option<Owner>,
    scope: String,
    expires: Millis,
}

/// The grant that an authorization code stands for.
#[derive(Debug, Clone)]
struct Code {
    client_id: String,
    redirect_uri: String,
    scope: String,
    challenge: Option<String>,
    expires: Millis,
}

/// The state of the tokens that were issued.
#[derive(Debug, Default)]
pub struct Tokens {
    /// Revoked tokens by their `jti`, with the time at which they would have expired.
    revoked: HashMap<String, Millis>,
    refresh: HashMap<String, Refresh>,
    codes: HashMap<String, Code>,
    /// The last checked access token with its claims, cached because verifying a signature takes longer than all the
    /// rest.
    checked: Option<(String, Row)>,
}

impl Tokens {
    /// Forgets the grants of a deleted client. Its access tokens remain valid, because they are signed.
    pub fn forget_client(&mut self, client_id: &str) {
        self.refresh.retain(|_, refresh| refresh.client_id != client_id);
        self.codes.retain(|_, code| code.client_id != client_id);
    }

    /// Returns whether the token was revoked.
    pub fn is_revoked(&self, claims: &Row) -> bool {
        self.revoked.contains_key(text(claims, "jti"))
    }
}

/// Reads the body of a request.
///
/// # Errors
/// Returns 400 if it is neither a form nor a JSON object of strings.
pub fn parameters(content_type: &str, body: &str) -> Result<Parameters, Refusal> {
    if content_type == "application/x-www-form-urlencoded" {
        return Ok(Form::parse(body).pairs().iter().cloned().collect());
    }
    let document: Value =
        serde_json::from_str(body).map_err(|_| Refusal::request("the body is neither JSON nor a form"))?;
    let members = document.as_object().ok_or_else(|| Refusal::request("the body is not an object"))?;
    Ok(members.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect())
}

fn given<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn needed<'a>(parameters: &'a Parameters, name: &str) -> Result<&'a str, Refusal> {
    given(parameters, name).ok_or_else(|| Refusal::request(format!("{name} is missing")))
}

/// Issues a token.
///
/// # Errors
/// Returns the OAuth error to answer with.
pub fn token(tenant: &mut Tenant, parameters: &Parameters, now: Millis) -> Result<Value, Refusal> {
    let client_id = needed(parameters, "client_id")?;
    let grant = needed(parameters, "grant_type")?;
    if client_id == super::CLIENT_ID {
        return match grant {
            "client_credentials" => personal(tenant, parameters, now),
            _ => Err(Refusal::new(400, "unauthorized_client", "the client cannot use this grant")),
        };
    }
    let api = &tenant.commercelayer;
    let credential = api.credential(client_id).ok_or_else(Refusal::client)?.clone();
    let kind = credential.text("kind");
    let public = kind == "sales_channel";
    let secret = given(parameters, "client_secret");
    let right = secret.is_some() && secret == api.secret(&credential);
    let proves = grant == "authorization_code" && secret.is_none() && given(parameters, "code_verifier").is_some();
    if !(right || proves || (public && secret.is_none())) {
        return Err(Refusal::client());
    }
    let only = |kinds: &[&str]| match kinds.contains(&kind) {
        true => Ok(()),
        false => Err(Refusal::new(400, "unauthorized_client", format!("a {kind} cannot use this grant"))),
    };
    match grant {
        "client_credentials" => {
            let scope = scope(&credential, given(parameters, "scope"))?;
            Ok(issue(tenant, &credential, scope, None, false, now))
        }
        "password" => {
            only(&["sales_channel"])?;
            let scope = scope(&credential, given(parameters, "scope"))?;
            let user = (needed(parameters, "username")?, needed(parameters, "password")?);
            if user != (super::CUSTOMER, api.customer_password.as_str()) {
                return Err(Refusal::new(401, "invalid_grant", "the customer is unknown, or the password is wrong"));
            }
            let owner = Owner { kind: "Customer".to_owned(), id: super::CUSTOMER_ID.to_owned() };
            Ok(issue(tenant, &credential, scope, Some(owner), true, now))
        }
        "refresh_token" => {
            only(&["sales_channel", "webapp"])?;
            let token = needed(parameters, "refresh_token")?;
            let refresh = tenant.commercelayer.tokens.refresh.get(token).cloned();
            let refresh = refresh.filter(|refresh| refresh.client_id == client_id && refresh.expires > now);
            let refresh = refresh.ok_or_else(|| Refusal::grant("the refresh token is invalid or no longer valid"))?;
            // Each refresh token is valid once.
            tenant.commercelayer.tokens.refresh.remove(token);
            Ok(issue(tenant, &credential, refresh.scope, refresh.owner, true, now))
        }
        "authorization_code" => {
            only(&["webapp"])?;
            let code = redeem(tenant, client_id, parameters, now)?;
            let owner = Owner { kind: "User".to_owned(), id: seed::USER.to_owned() };
            Ok(issue(tenant, &credential, code.scope, Some(owner), true, now))
        }
        JWT_BEARER => {
            only(&["sales_channel", "webapp", "integration"])?;
            let scope = scope(&credential, given(parameters, "scope"))?;
            let owner = assertion(needed(parameters, "assertion")?, now)?;
            Ok(issue(tenant, &credential, scope, Some(owner), kind != "integration", now))
        }
        other => Err(Refusal::new(400, "unsupported_grant_type", format!("grant_type {other:?} is not supported"))),
    }
}

/// Issues a token for the user's own credential. Whatever the requested scope, the token is for the Provisioning API.
fn personal(tenant: &mut Tenant, parameters: &Parameters, now: Millis) -> Result<Value, Refusal> {
    if given(parameters, "client_secret") != Some(&tenant.commercelayer.client_secret) {
        return Err(Refusal::client());
    }
    let lifetime = tenant.commercelayer.settings.token_ttl.unwrap_or(USER_LIFETIME);
    let claims = json!({
        "application": { "id": super::APPLICATION_ID, "client_id": super::CLIENT_ID, "kind": "user", "public": false },
        "user": { "id": seed::USER },
        "scope": PROVISIONING,
    });
    Ok(sign(tenant, claims, lifetime, PROVISIONING, now))
}

/// Returns the scope of a token: the requested one, or that of the credential.
fn scope(credential: &Record, requested: Option<&str>) -> Result<String, Refusal> {
    let wrong = |why: &str| Refusal::new(400, "invalid_scope", why);
    let Some(requested) = requested else {
        return match credential.text("kind") {
            "sales_channel" => Err(wrong("a sales channel must name a market")),
            _ => Ok(credential.text("scopes").to_owned()),
        };
    };
    let known = |part: &str| {
        ["market:", "stock_location:"].iter().any(|head| part.len() > head.len() && part.starts_with(head))
    };
    if requested.split_whitespace().all(known) { Ok(requested.to_owned()) } else { Err(wrong("the scope is unknown")) }
}

fn issue(
    tenant: &mut Tenant,
    credential: &Record,
    scope: String,
    owner: Option<Owner>,
    refreshes: bool,
    now: Millis,
) -> Value {
    let api = &tenant.commercelayer;
    let organization = api.store.get("organizations", credential.link("organization"));
    let part = |name: &str| organization.map_or("", |organization| organization.text(name));
    let kind = credential.text("kind");
    let mut claims = json!({
        "organization": {
            "id": credential.link("organization"),
            "slug": part("slug"),
            "region": part("region"),
            "enterprise": false,
        },
        "application": {
            "id": credential.id,
            "client_id": credential.text("client_id"),
            "kind": kind,
            "public": !credential.is("confidential"),
        },
        "scope": scope,
        "test": credential.text("mode") != "live",
    });
    if let (Some(claims), Some(owner)) = (claims.as_object_mut(), &owner) {
        claims.insert("owner".to_owned(), json!({ "id": owner.id, "type": owner.kind }));
    }
    let own = credential.attributes.get("expires_in").and_then(Value::as_i64);
    let lifetime = api.settings.token_ttl.or(own).unwrap_or_else(|| rules::usual_lifetime(kind));
    let mut answer = sign(tenant, claims, lifetime, &scope, now);
    if let Some(answer) = answer.as_object_mut() {
        if let Some(owner) = &owner {
            answer.insert("owner_id".to_owned(), json!(owner.id));
            answer.insert("owner_type".to_owned(), json!(owner.kind.to_lowercase()));
        }
        if refreshes {
            let token = tenant.entropy.token();
            answer.insert("refresh_token".to_owned(), json!(token));
            let client_id = credential.text("client_id").to_owned();
            let refresh = Refresh { client_id, owner, scope, expires: now + REFRESH_LIFETIME };
            tenant.commercelayer.tokens.refresh.insert(token, refresh);
        }
    }
    answer
}

fn sign(tenant: &mut Tenant, mut claims: Value, lifetime: i64, scope: &str, now: Millis) -> Value {
    if let Some(claims) = claims.as_object_mut() {
        claims.insert("iss".to_owned(), json!(tenant.options.url));
        claims.insert("iat".to_owned(), json!(now / SECOND));
        claims.insert("exp".to_owned(), json!(now / SECOND + lifetime));
        claims.insert("jti".to_owned(), json!(tenant.entropy.token()));
    }
    json!({
        "access_token": tenant.commercelayer.key.sign(&claims),
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": scope,
        "created_at": now / SECOND,
    })
}

/// Returns the owner that an assertion of the JWT bearer grant names.
fn assertion(token: &str, now: Millis) -> Result<Owner, Refusal> {
    let claims = jwt::verify_shared(token, ASSERTION_KEY)
        .ok_or_else(|| Refusal::grant("the assertion is not signed correctly"))?;
    if claims.get("exp").and_then(Value::as_i64).is_some_and(|expires| expires.saturating_mul(SECOND) <= now) {
        return Err(Refusal::grant("the assertion is expired"));
    }
    let owner = claims.get(ASSERTION_CLAIM).and_then(|claim| claim.get("owner"));
    let part = |name: &str| owner.and_then(|owner| owner.get(name)?.as_str()).unwrap_or_default().to_owned();
    let owner = Owner { kind: part("type"), id: part("id") };
    if owner.id.is_empty() || !matches!(owner.kind.as_str(), "Customer" | "User") {
        return Err(Refusal::grant("the assertion names no owner"));
    }
    Ok(owner)
}

/// Redeems an authorization code.
fn redeem(tenant: &mut Tenant, client_id: &str, parameters: &Parameters, now: Millis) -> Result<Code, Refusal> {
    let bad = || Refusal::grant("the code is invalid or no longer valid");
    // The first attempt uses up the code.
    let code = tenant.commercelayer.tokens.codes.remove(needed(parameters, "code")?).ok_or_else(bad)?;
    if code.client_id != client_id || code.expires <= now || needed(parameters, "redirect_uri")? != code.redirect_uri {
        return Err(bad());
    }
    match (&code.challenge, given(parameters, "code_verifier")) {
        (None, None) => Ok(code),
        (Some(challenge), Some(verifier))
            if *challenge == Base64UrlUnpadded::encode_string(&Sha256::digest(verifier)) =>
        {
            Ok(code)
        }
        _ => Err(Refusal::grant("the code verifier does not match")),
    }
}

/// Returns the URL to continue at, with a code, after a person allowed the request on the authorization page.
///
/// # Errors
/// Returns the reason why the request cannot be allowed.
pub fn authorize(tenant: &mut Tenant, parameters: &Parameters, now: Millis) -> Result<String, Refusal> {
    let client_id = needed(parameters, "client_id")?.to_owned();
    let credential = tenant.commercelayer.credential(&client_id).ok_or_else(Refusal::client)?;
    if credential.text("kind") != "webapp" {
        return Err(Refusal::new(400, "unauthorized_client", "the client is not a web application"));
    }
    let redirect_uri = needed(parameters, "redirect_uri")?.to_owned();
    if !credential.text("redirect_uri").split_whitespace().any(|known| known == redirect_uri) {
        return Err(Refusal::request("redirect_uri is not the client's"));
    }
    if needed(parameters, "response_type")? != "code" {
        return Err(Refusal::new(400, "unsupported_response_type", "response_type must be code"));
    }
    let scope = scope(credential, given(parameters, "scope"))?;
    let challenge = given(parameters, "code_challenge").map(str::to_owned);
    if challenge.is_some() && given(parameters, "code_challenge_method") != Some("S256") {
        return Err(Refusal::request("code_challenge_method must be S256"));
    }
    let code = tenant.entropy.token();
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    let mut location = format!("{redirect_uri}{separator}code={code}");
    if let Some(state) = given(parameters, "state") {
        let state = percent_encoding::utf8_percent_encode(state, percent_encoding::NON_ALPHANUMERIC);
        location.push_str(&format!("&state={state}"));
    }
    let expires = now + CODE_LIFETIME;
    tenant.commercelayer.tokens.codes.insert(code, Code { client_id, redirect_uri, scope, challenge, expires });
    Ok(location)
}

/// Returns the page of the authorization endpoint: a button that submits the same parameters.
pub fn page(query: &[(String, String)]) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let field = |(name, value): &(String, String)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
    };
    let fields: String = query.iter().map(field).collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sandbox: authorize</title>\
         <h1>Let an application act for you?</h1><form method=\"post\">{fields}<button>Authorize</button></form></html>"
    )
}

/// Revokes a token. According to RFC 7009, an unknown token is not an error.
///
/// # Errors
/// Fails if the token was issued to another client, or the client does not authenticate correctly.
pub fn revoke(tenant: &mut Tenant, parameters: &Parameters, now: Millis) -> Result<Value, Refusal> {
    let token = needed(parameters, "token")?;
    let client_id = needed(parameters, "client_id")?;
    let api = &tenant.commercelayer;
    let secret = given(parameters, "client_secret");
    if client_id == super::CLIENT_ID {
        if secret != Some(&api.client_secret) {
            return Err(Refusal::client());
        }
    } else {
        let credential = api.credential(client_id).ok_or_else(Refusal::client)?;
        let public = !credential.is("confidential") && secret.is_none();
        if !public && (secret.is_none() || secret != api.secret(credential)) {
            return Err(Refusal::client());
        }
    }
    let foreign = || Refusal::new(403, "unauthorized_client", "the token was given to another client");
    if let Some(claims) = api.key.verify(token) {
        let owner = claims.get("application").and_then(|application| application.get("client_id"));
        if owner.and_then(Value::as_str) != Some(client_id) {
            return Err(foreign());
        }
        let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or_default().saturating_mul(SECOND);
        let tokens = &mut tenant.commercelayer.tokens;
        tokens.revoked.retain(|_, until| *until > now);
        tokens.revoked.insert(text(&claims, "jti").to_owned(), expires);
    } else if let Some(refresh) = api.tokens.refresh.get(token) {
        if refresh.client_id != client_id {
            return Err(foreign());
        }
        tenant.commercelayer.tokens.refresh.remove(token);
    }
    Ok(json!({}))
}

/// Returns the user of a token for the Provisioning API.
///
/// # Errors
/// Returns 401: `INVALID_TOKEN` for a token that is invalid or no longer valid, `UNAUTHORIZED` for a missing token or
/// one for another API.
pub fn caller(
    api: &mut CommerceLayer,
    authorization: Option<&str>,
    now: Millis,
) -> Result<(), super::problem::Problem> {
    use super::problem::Problem;
    let header = authorization.ok_or_else(|| Problem::unauthorized("there is no access token"))?;
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::unauthorized("the authorization scheme must be Bearer"));
    }
    let token = token.trim();
    let known = api.tokens.checked.take().filter(|(known, _)| known == token).map(|(_, claims)| claims);
    let claims =
        known.or_else(|| api.key.verify(token)).ok_or_else(|| Problem::token("the access token is not valid"))?;
    let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or_default().saturating_mul(SECOND);
    if expires <= now {
        return Err(Problem::token("the access token is expired"));
    }
    if api.tokens.is_revoked(&claims) {
        return Err(Problem::token("the access token was revoked"));
    }
    if !text(&claims, "scope").split_whitespace().any(|scope| scope == PROVISIONING) {
        return Err(Problem::unauthorized("the access token is not for the Provisioning API"));
    }
    api.tokens.checked = Some((token.to_owned(), claims));
    Ok(())
}
