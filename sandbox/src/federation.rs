//! Workload federation (RFC 8693): a trust, and the issuer of identity tokens that it trusts, which is the sandbox
//! itself.

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use crate::assertion::Assertion;
use crate::clients::without_port;
use crate::seed;
use crate::shape::{Row, text};
use crate::state::is_live;
use crate::status::Status;
use crate::tenant::{Holder, Tenant};
use crate::time::{Millis, SECOND};
use crate::token::{Form, Issue, Refusal};

/// The name of the only trust, before the `@` of its client id.
pub const TRUST: &str = "clever-fox-10002";
/// The condition of the trust: a claim, and its value.
const CONDITION: (&str, &str) = ("repository", "acme/deploy");
/// The maximum age of an identity token.
const OLDEST: Millis = 10 * 60 * SECOND;
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Returns the trust's client id.
pub fn client_id(tenant: &Tenant) -> String {
    format!("{TRUST}@{}/wfe", tenant.host())
}

fn issuer(tenant: &Tenant) -> String {
    format!("{}/_sandbox/issuer", tenant.options.url)
}

/// Returns an identity token that meets the trust's condition, signed by the issuer. `claims` override the default
/// ones.
///
/// # Errors
/// Returns code 3 if `claims` is not an object.
pub fn identity_token(tenant: &Tenant, key: &SigningKey, claims: &Value, now: Millis) -> Result<String, Status> {
    let claims = match claims {
        Value::Null => Row::new(),
        Value::Object(claims) => claims.clone(),
        _ => return Err(Status::invalid("claims: an object")),
    };
    let mut token = json!({
        "iss": issuer(tenant),
        "sub": "repo:acme/deploy:ref:refs/heads/main",
        "aud": tenant.options.url,
        "iat": now / SECOND,
        "exp": now / SECOND + 600,
        CONDITION.0: CONDITION.1,
    });
    if let Some(token) = token.as_object_mut() {
        token.extend(claims);
    }
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&json!({ "alg": "EdDSA", "typ": "JWT" })), part(&token));
    let signature = Base64UrlUnpadded::encode_string(&key.sign(signed.as_bytes()).to_bytes());
    Ok(format!("{signed}.{signature}"))
}

/// Exchanges an identity token.
///
/// # Errors
/// Returns the OAuth error to answer with. Its description contains one of the reasons that C1 gives.
pub fn exchange(tenant: &mut Tenant, form: &Form, issue: &Issue, now: Millis) -> Result<Value, Refusal> {
    let refuse = |reason: &str| Refusal { status: 400, error: "invalid_grant", description: reason.to_owned() };
    if form.get("subject_token_type") != Some(JWT) {
        return Err(Refusal::request("subject_token_type is not supported"));
    }
    let token = form.get("subject_token").ok_or_else(|| Refusal::request("subject_token is missing"))?;
    let asked = form.get("client_id").unwrap_or_default();
    let known = asked.split_once('@').zip(asked.rsplit_once('/')).is_some_and(|((name, rest), (_, kind))| {
        let host = rest.split('/').next().unwrap_or_default();
        name == TRUST && kind == "wfe" && without_port(host).eq_ignore_ascii_case(without_port(tenant.host()))
    });
    if !known {
        return Err(refuse("trust_not_found"));
    }
    let token = Assertion::parse(token).map_err(refuse)?;
    if token.issuer() != issuer(tenant) {
        return Err(refuse("issuer_mismatch"));
    }
    if !token.is_signed_by(&tenant.issuer_key().verifying_key()) {
        return Err(refuse("the identity token's signature is wrong"));
    }
    let time = |name: &str| token.claims().get(name).and_then(Value::as_i64).map_or(0, |seconds| seconds * SECOND);
    if time("exp") <= now || now - time("iat") > OLDEST {
        return Err(refuse("token_too_old"));
    }
    if text(token.claims(), CONDITION.0) != CONDITION.1 {
        return Err(refuse("cel_condition_not_met"));
    }
    let principal = tenant.state.principals.iter().find(|row| text(row, "id") == seed::READY_PRINCIPAL && is_live(row));
    let status = principal.and_then(|row| row.get("user")?.get("status")?.as_str());
    if principal.is_none() || status == Some("DISABLED") {
        return Err(refuse("sp_disabled"));
    }
    let mut answer = issue.token(tenant, Holder::Workload, now);
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("issued_token_type".to_owned(), json!("urn:ietf:params:oauth:token-type:access_token"));
    }
    Ok(answer)
}
