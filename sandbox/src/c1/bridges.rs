//! Bridges and their credentials, which C1's API calls tunnels.

use serde_json::{Value, json};

use super::{Call, page, wrap};
use crate::clients::{self, Kind};
use crate::shape::{Row, only, text};
use crate::state::{self, find, find_mut, is_live};
use crate::status::Status;
use crate::tenant::Tenant;
use crate::time::Millis;

const WHAT: &str = "bridge";

/// Returns a bridge with the state of its appliance, which is connected once it has used a credential that is still
/// valid. How long C1 takes to notice a disconnection is not documented.
fn view(tenant: &Tenant, bridge: &Row, now: Millis) -> Row {
    let id = text(bridge, "id");
    let used = |row: &&Row| text(row, "bridgeId") == id && row.get("lastUsedAt").is_some_and(Value::is_string);
    let used: Vec<&Row> = tenant.state.bridge_credentials.iter().filter(used).collect();
    let good = |row: &&Row| clients::unusable(&tenant.state, row, Kind::Bridge, now).is_none();
    let status = match used.is_empty() {
        true => "NEVER_CONNECTED",
        false if used.iter().any(good) => "CONNECTED",
        false => "DISCONNECTED",
    };
    let last = used.iter().map(|row| text(row, "lastUsedAt")).max();
    let appliance = json!({ "status": format!("TUNNEL_APPLIANCE_STATUS_{status}"), "lastSeenAt": last, "announcedServiceCount": 0 });
    let mut bridge = bridge.clone();
    bridge.insert("appliance".to_owned(), appliance);
    bridge
}

pub fn list(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (rows, next) = call.page.of("bridges", &tenant.state.bridges, is_live)?;
    Ok(page(rows.into_iter().map(|row| view(tenant, row, call.now)).collect(), next))
}

pub fn get(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let bridge = find(&tenant.state.bridges, WHAT, call.param("id"))?;
    Ok(wrap("bridge", view(tenant, bridge, call.now)))
}

/// Creates a bridge without a credential.
pub fn create(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let mut bridge = only(&call.body, &["description", "displayName"]);
    bridge.insert("id".to_owned(), Value::from(tenant.state.dice.id()));
    bridge.insert("createdAt".to_owned(), call.date());
    bridge.insert("updatedAt".to_owned(), call.date());
    tenant.state.bridges.push(bridge.clone());
    Ok(wrap("bridge", view(tenant, &bridge, call.now)))
}

/// Changes the fields that the mask names or, without a mask, those in the request.
pub fn update(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let fields = ["description", "displayName"];
    let mask = text(&call.body, "updateMask");
    let masked: Vec<&str> = mask.split(',').filter(|path| !path.is_empty()).collect();
    if let Some(path) = masked.iter().find(|path| !fields.contains(path) && **path != "*") {
        return Err(Status::invalid(format!("updateMask: there is no field {path:?}")));
    }
    let bridge = find_mut(&mut tenant.state.bridges, WHAT, call.param("id"))?;
    for field in fields {
        match call.body.get(field) {
            Some(value) if masked.is_empty() || masked.contains(&field) || masked.contains(&"*") => {
                bridge.insert(field.to_owned(), value.clone());
            }
            None if masked.contains(&field) || masked.contains(&"*") => {
                bridge.remove(field);
            }
            _ => {}
        }
    }
    state::touch(bridge, call.now);
    let bridge = bridge.clone();
    Ok(wrap("bridge", view(tenant, &bridge, call.now)))
}

/// Deletes a bridge with all its credentials.
pub fn delete(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let id = call.param("id");
    state::delete(find_mut(&mut tenant.state.bridges, WHAT, id)?, call.now);
    let credentials = tenant.state.bridge_credentials.iter_mut();
    credentials.filter(|row| is_live(row) && text(row, "bridgeId") == id).for_each(|row| state::delete(row, call.now));
    Ok(Row::new())
}

/// Returns the services that the bridge's appliance announces; the sandbox has none.
pub fn announced_services(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    find(&tenant.state.bridges, WHAT, call.param("bridgeId"))?;
    Ok(Row::new())
}

fn credential_view(tenant: &Tenant, row: &Row, now: Millis) -> Row {
    let status = match clients::unusable(&tenant.state, row, Kind::Bridge, now) {
        None => "ACTIVE",
        Some(_) if is_revoked(row) => "REVOKED",
        Some(_) => "EXPIRED",
    };
    let mut row = tenant.with_client_id(row, Kind::Bridge);
    row.insert("credentialStatus".to_owned(), Value::from(format!("TUNNEL_CREDENTIAL_STATUS_{status}")));
    row
}

fn is_revoked(row: &Row) -> bool {
    row.get("revokedAt").is_some_and(|at| !at.is_null())
}

fn revoke(row: &mut Row, call: &Call<'_>) {
    if !is_revoked(row) {
        row.insert("revokedAt".to_owned(), call.date());
        state::touch(row, call.now);
    }
}

/// Returns all credentials of a bridge, including the revoked ones.
pub fn list_credentials(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let bridge = call.param("bridgeId");
    find(&tenant.state.bridges, WHAT, bridge)?;
    let keep = |row: &Row| is_live(row) && text(row, "bridgeId") == bridge;
    let (rows, next) = call.page.of(&format!("credentials of {bridge}"), &tenant.state.bridge_credentials, keep)?;
    Ok(page(rows.into_iter().map(|row| credential_view(tenant, row, call.now)).collect(), next))
}

/// Issues a credential and returns its secret, which is shown only this once. According to C1's API description, this
/// revokes an active credential; according to its manual, the old one stays valid. A switch decides which. The
/// credential does not expire.
pub fn create_credential(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let bridge = call.param("bridgeId");
    find(&tenant.state.bridges, WHAT, bridge)?;
    if !tenant.options.switches.bridge_keeps {
        let credentials = tenant.state.bridge_credentials.iter_mut();
        credentials.filter(|row| is_live(row) && text(row, "bridgeId") == bridge).for_each(|row| revoke(row, call));
    }
    let (id, _, secret) = tenant.new_client(Kind::Bridge);
    let mut credential = Row::new();
    credential.insert("id".to_owned(), Value::from(id));
    credential.insert("bridgeId".to_owned(), Value::from(bridge));
    credential.insert("createdAt".to_owned(), call.date());
    credential.insert("updatedAt".to_owned(), call.date());
    tenant.state.bridge_credentials.push(credential.clone());
    let mut answer = credential_view(tenant, &credential, call.now);
    answer.insert("clientSecret".to_owned(), Value::from(secret));
    Ok(wrap("credential", answer))
}

/// Revokes a credential. One that is already revoked is left unchanged; that this is not an error is a guess.
pub fn revoke_credential(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    revoke(find_mut(&mut tenant.state.bridge_credentials, "credential", call.param("id"))?, call);
    Ok(Row::new())
}
