//! The introspection of the caller.

use serde_json::json;

use super::Call;
use crate::seed;
use crate::shape::Row;
use crate::status::Status;
use crate::tenant::Tenant;

/// The permissions of an unrestricted credential.
const PERMISSIONS: [&str; 8] = [
    "app.read",
    "app.write",
    "connector.read",
    "connector.write",
    "connector.credential.rotate",
    "connector.credential.revoke",
    "personal_client.write",
    "service_principal.write",
];

pub fn introspect(_: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let caller = &call.caller;
    let reads = |permission: &&&str| !caller.only_reads() || permission.ends_with(".read");
    let permissions: Vec<_> = PERMISSIONS.iter().filter(reads).collect();
    let roles = if caller.roles.is_empty() { vec!["super-administrator".to_owned()] } else { caller.roles.clone() };
    let answer = json!({
        "principleId": caller.user_id,
        "userId": caller.user_id,
        "tenantId": seed::TENANT_ID,
        "roles": roles,
        "permissions": permissions,
        "features": ["SANDBOX"],
    });
    Ok(answer.as_object().cloned().unwrap_or_default())
}
