//! SSO applications, and the OAuth clients that sign people in through them. A client's secret is random text, of which
//! only a hash is kept, as C1's description says. The format of its ids and secrets is not documented.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use super::{Call, contains, page, required, wrap};
use crate::shape::{Row, object, only, text, texts};
use crate::state::{self, State, find, is_live};
use crate::status::{Code, Status};
use crate::tenant::Tenant;

const WHAT: &str = "SSO application";
const PKCE: &str = "SSO_APPLICATION_OIDC_PKCE_POLICY_REQUIRED_S256";
/// The authentication methods that use a secret.
const WITH_SECRET: [&str; 2] = ["clientSecretBasic", "clientSecretPost"];
const METHODS: [&str; 4] = ["clientSecretBasic", "clientSecretPost", "none", "privateKeyJwt"];

fn find_application<'a>(state: &'a mut State, app: &str, id: &str) -> Result<&'a mut Row, Status> {
    find(&state.apps, "app", app)?;
    let mut rows = state.sso_applications.iter_mut();
    let row = rows.find(|row| is_live(row) && text(row, "appId") == app && text(row, "id") == id);
    row.ok_or_else(|| Status::not_found(WHAT))
}

pub fn list(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let app = call.param("appId");
    find(&tenant.state.apps, "app", app)?;
    let keep = |row: &Row| is_live(row) && text(row, "appId") == app;
    let (rows, next) = call.page.of(&format!("SSO applications of {app}"), &tenant.state.sso_applications, keep)?;
    Ok(page(rows.into_iter().cloned().collect(), next))
}

pub fn search(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (query, apps) = (text(&call.body, "query"), texts(&call.body, "appIds").collect::<Vec<_>>());
    let keep = |row: &Row| {
        is_live(row)
            && (apps.is_empty() || apps.contains(&text(row, "appId")))
            && (contains(text(row, "displayName"), query) || contains(text(row, "description"), query))
    };
    let (rows, next) = call.page.of("SSO applications", &tenant.state.sso_applications, keep)?;
    Ok(page(rows.into_iter().cloned().collect(), next))
}

pub fn get(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    Ok(wrap("application", find_application(&mut tenant.state, call.param("appId"), call.param("id"))?.clone()))
}

/// Creates an application and, for OIDC, its first client, whose secret is shown only this once.
pub fn create(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let app = call.param("appId");
    find(&tenant.state.apps, "app", app)?;
    required(&call.body, "displayName")?;
    let (oidc, saml) = (call.body.contains_key("oidc"), call.body.contains_key("saml"));
    if oidc && saml {
        return Err(Status::invalid("oidc and saml: only one of them can be set"));
    }
    let config = object(&call.body, "initialClient");
    match config {
        Some(_) if saml => return Err(Status::invalid("initialClient: a SAML application has no clients")),
        Some(config) => check_client(config)?,
        None => {}
    }
    let fields = [
        "assertionLifetime",
        "description",
        "displayName",
        "oidc",
        "saml",
        "sectorId",
        "subjectCompatibility",
        "subjectType",
    ];
    let mut application = only(&call.body, &fields);
    let id = tenant.state.dice.id();
    application.insert("id".to_owned(), Value::from(id.as_str()));
    application.insert("appId".to_owned(), Value::from(app));
    application.insert("appEntitlementId".to_owned(), Value::from(tenant.state.dice.id()));
    application.insert("createdAt".to_owned(), call.date());
    application.insert("updatedAt".to_owned(), call.date());
    tenant.state.sso_applications.push(application.clone());
    let mut answer = wrap("application", application);
    if let Some(config) = config {
        answer.extend(new_client(tenant, call, &id, config));
    }
    Ok(answer)
}

pub fn update(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    required(&call.body, "updateMask")?;
    let application = find_application(&mut tenant.state, call.param("appId"), call.param("id"))?;
    let fixed = ["id", "appId", "appEntitlementId", "sectorId", "createdAt", "updatedAt"];
    call.update("application", &fixed, application)?;
    state::touch(application, call.now);
    Ok(wrap("application", application.clone()))
}

/// Deletes an application. Its clients can still be listed and deleted, but no longer sign anybody in.
pub fn delete(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    state::delete(find_application(&mut tenant.state, call.param("appId"), call.param("id"))?, call.now);
    Ok(Row::new())
}

fn check_client(config: &Row) -> Result<(), Status> {
    required(config, "displayName")?;
    let authentication =
        object(config, "authentication").ok_or_else(|| Status::invalid("authentication is required"))?;
    match METHODS.iter().filter(|method| authentication.contains_key(**method)).count() {
        // A client without a method has no secret.
        0 | 1 => Ok(()),
        _ => Err(Status::invalid("authentication: only one method can be set")),
    }
}

fn is_confidential(client: &Row) -> bool {
    let methods = object(client, "authentication");
    methods.is_some_and(|methods| WITH_SECRET.iter().any(|method| methods.contains_key(*method)))
}

/// Returns `{client, clientSecret}`; the secret is missing for a client that has none.
fn new_client(tenant: &mut Tenant, call: &Call<'_>, application: &str, config: &Row) -> Row {
    let id = tenant.state.dice.id();
    let mut client = only(config, &["authentication", "displayName", "pkcePolicy", "redirectUris"]);
    if !client.contains_key("pkcePolicy") {
        client.insert("pkcePolicy".to_owned(), Value::from(PKCE));
    }
    client.insert("clientId".to_owned(), Value::from(id.as_str()));
    client.insert("appId".to_owned(), Value::from(call.param("appId")));
    client.insert("ssoApplicationId".to_owned(), Value::from(application));
    client.insert("createdAt".to_owned(), call.date());
    client.insert("updatedAt".to_owned(), call.date());
    tenant.state.sso_clients.push(client.clone());
    let secret = is_confidential(&client).then(|| new_secret(tenant, &id));
    let mut answer = wrap("client", client);
    answer.extend(secret.map(|secret| ("clientSecret".to_owned(), Value::from(secret))));
    answer
}

fn new_secret(tenant: &mut Tenant, client: &str) -> String {
    let secret = tenant.entropy.token();
    tenant.state.hashes.insert(client.to_owned(), hash(&secret));
    secret
}

fn hash(secret: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha512::digest(secret.as_bytes()))
}

/// Finds the client that the path and the body name. The application may have been deleted.
fn find_client<'a>(tenant: &'a mut Tenant, call: &Call<'_>) -> Result<&'a mut Row, Status> {
    let (app, application, id) = (call.param("appId"), call.param("id"), required(&call.body, "clientId")?);
    find(&tenant.state.apps, "app", app)?;
    let mut rows = tenant.state.sso_clients.iter_mut();
    let row = rows.find(|row| {
        is_live(row)
            && text(row, "appId") == app
            && text(row, "ssoApplicationId") == application
            && text(row, "clientId") == id
    });
    row.ok_or_else(|| Status::not_found("SSO client"))
}

pub fn list_clients(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, application) = (call.param("appId"), call.param("id"));
    find(&tenant.state.apps, "app", app)?;
    let mut known = tenant.state.sso_applications.iter();
    if !known.any(|row| text(row, "appId") == app && text(row, "id") == application) {
        return Err(Status::not_found(WHAT));
    }
    let keep = |row: &Row| is_live(row) && text(row, "ssoApplicationId") == application;
    let (rows, next) = call.page.of(&format!("clients of {application}"), &tenant.state.sso_clients, keep)?;
    Ok(page(rows.into_iter().cloned().collect(), next))
}

/// Creates a client and returns its secret, which is shown only this once.
pub fn create_client(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let application = find_application(&mut tenant.state, call.param("appId"), call.param("id"))?;
    if !application.contains_key("oidc") {
        return Err(Status::new(Code::FailedPrecondition, "a SAML application has no clients"));
    }
    let config = object(&call.body, "client").ok_or_else(|| Status::invalid("client is required"))?;
    check_client(config)?;
    Ok(new_client(tenant, call, call.param("id"), config))
}

/// Updates a client, but not its authentication method.
pub fn update_client(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let config = object(&call.body, "client").ok_or_else(|| Status::invalid("client is required"))?;
    check_client(config)?;
    let client = find_client(tenant, call)?;
    let method = |client: &Row| {
        let by = object(client, "authentication");
        METHODS.into_iter().find(|method| by.is_some_and(|by| by.contains_key(*method)))
    };
    if method(client) != method(config) {
        return Err(Status::invalid("client.authentication: the method cannot be changed"));
    }
    for field in ["authentication", "displayName", "redirectUris"] {
        match config.get(field) {
            Some(value) => client.insert(field.to_owned(), value.clone()),
            None => client.remove(field),
        };
    }
    if text(config, "pkcePolicy") == PKCE {
        client.insert("pkcePolicy".to_owned(), Value::from(PKCE));
    }
    state::touch(client, call.now);
    Ok(wrap("client", client.clone()))
}

pub fn delete_client(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    state::delete(find_client(tenant, call)?, call.now);
    tenant.state.hashes.remove(text(&call.body, "clientId"));
    Ok(Row::new())
}

/// Replaces the secret and returns the new one, which is shown only this once. The old one stops working immediately.
pub fn rotate_client_secret(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let client = find_client(tenant, call)?;
    if !is_confidential(client) {
        return Err(Status::new(Code::FailedPrecondition, "the client has no secret"));
    }
    state::touch(client, call.now);
    let secret = new_secret(tenant, text(&call.body, "clientId"));
    Ok(Row::from_iter([("clientSecret".to_owned(), Value::from(secret))]))
}

/// Returns whether a client authenticates correctly, by the method that it was registered with (`clientSecretBasic`,
/// `clientSecretPost` or `none`).
pub fn is_authentic(state: &State, client_id: &str, method: &str, secret: Option<&str>) -> bool {
    let client = state.sso_clients.iter().find(|row| is_live(row) && text(row, "clientId") == client_id);
    let Some(client) = client.filter(|row| object(row, "authentication").is_some_and(|by| by.contains_key(method)))
    else {
        return false;
    };
    let application = state.sso_applications.iter().find(|row| text(row, "id") == text(client, "ssoApplicationId"));
    let open = application.is_some_and(|row| is_live(row) && row.get("disabled") != Some(&json!(true)));
    let proven = match secret {
        None => !is_confidential(client),
        Some(secret) => state.hashes.get(client_id).is_some_and(|known| *known == hash(secret)),
    };
    open && proven
}
