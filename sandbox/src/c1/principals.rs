//! Service principals and their credentials.

use serde_json::{Value, json};

use super::{Call, check_cidrs, page, wrap};
use crate::clients::Kind;
use crate::shape::{Row, only, text};
use crate::state::{self, find, find_mut, is_live};
use crate::status::Status;
use crate::tenant::Tenant;

const WHAT: &str = "service principal";

pub fn list(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (rows, next) = call.page.of("service principals", &tenant.state.principals, is_live)?;
    Ok(page(rows.into_iter().cloned().collect(), next))
}

pub fn get(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    Ok(wrap("servicePrincipal", find(&tenant.state.principals, WHAT, call.param("id"))?.clone()))
}

pub fn create(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let name = text(&call.body, "displayName");
    let row = new_principal(&tenant.state.dice.id(), name, call.date());
    tenant.state.principals.push(row.clone());
    Ok(wrap("servicePrincipal", row))
}

/// Returns the row of a new service principal, including its user.
pub fn new_principal(id: &str, name: &str, now: Value) -> Row {
    let principal = json!({
        "id": id,
        "displayName": name,
        "createdAt": now,
        "updatedAt": now,
        "objectPermissions": { "read": true, "edit": true, "delete": true },
        "user": {
            "id": id,
            "displayName": name,
            "status": "ENABLED",
            "directoryStatus": "ENABLED",
            "type": "USER_TYPE_SERVICE",
            "origin": "USER_ORIGIN_LOCAL",
            "createdAt": now,
            "updatedAt": now,
        },
    });
    principal.as_object().cloned().unwrap_or_default()
}

/// Changes the name, the only field that can be changed.
pub fn update(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let row = find_mut(&mut tenant.state.principals, WHAT, call.param("id"))?;
    call.update("servicePrincipal", &["objectPermissions", "user"], row)?;
    let name = row.get("displayName").cloned().unwrap_or_default();
    if let Some(user) = row.get_mut("user").and_then(Value::as_object_mut) {
        user.insert("displayName".to_owned(), name);
    }
    state::touch(row, call.now);
    Ok(wrap("servicePrincipal", row.clone()))
}

/// Deletes a principal with all its credentials.
pub fn delete(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let id = call.param("id");
    state::delete(find_mut(&mut tenant.state.principals, WHAT, id)?, call.now);
    tenant
        .state
        .principal_credentials
        .iter_mut()
        .filter(|row| is_live(row) && text(row, "servicePrincipalId") == id)
        .for_each(|row| state::delete(row, call.now));
    Ok(Row::new())
}

pub fn list_credentials(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let owner = call.param("servicePrincipalId");
    find(&tenant.state.principals, WHAT, owner)?;
    let keep = |row: &Row| is_live(row) && text(row, "servicePrincipalId") == owner;
    let (rows, next) = call.page.of(&format!("credentials of {owner}"), &tenant.state.principal_credentials, keep)?;
    Ok(page(rows.into_iter().map(|row| tenant.with_client_id(row, Kind::Principal)).collect(), next))
}

fn find_credential<'a>(tenant: &'a mut Tenant, call: &Call<'_>) -> Result<&'a mut Row, Status> {
    let owner = call.param("servicePrincipalId");
    find(&tenant.state.principals, WHAT, owner)?;
    let row = find_mut(&mut tenant.state.principal_credentials, "credential", call.param("id"))?;
    if text(row, "servicePrincipalId") == owner { Ok(row) } else { Err(Status::not_found("credential")) }
}

pub fn get_credential(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let row = find_credential(tenant, call)?.clone();
    Ok(wrap("credential", tenant.with_client_id(&row, Kind::Principal)))
}

/// Issues a credential and returns its secret, which is shown only this once.
pub fn create_credential(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let owner = call.param("servicePrincipalId");
    find(&tenant.state.principals, WHAT, owner)?;
    check_cidrs(&call.body, "allowSourceCidrs")?;
    let expires = call.expiry("expires")?;
    let (id, _, secret) = tenant.new_client(Kind::Principal);
    let mut credential = only(&call.body, &["allowSourceCidrs", "displayName", "requireDpop"]);
    if let Some(roles) = call.body.get("scopedRoles") {
        credential.insert("scopedRoleIds".to_owned(), roles.clone());
    }
    credential.insert("id".to_owned(), Value::from(id));
    credential.insert("servicePrincipalId".to_owned(), Value::from(owner));
    credential.insert("expiresAt".to_owned(), expires);
    credential.insert("createdAt".to_owned(), call.date());
    tenant.state.principal_credentials.push(credential.clone());
    let mut answer = wrap("credential", tenant.with_client_id(&credential, Kind::Principal));
    answer.insert("clientSecret".to_owned(), Value::from(secret));
    Ok(answer)
}

pub fn update_credential(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let row = find_credential(tenant, call)?;
    call.update("credential", &[], row)?;
    let row = row.clone();
    Ok(wrap("credential", tenant.with_client_id(&row, Kind::Principal)))
}

pub fn revoke_credential(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    state::delete(find_credential(tenant, call)?, call.now);
    Ok(Row::new())
}
