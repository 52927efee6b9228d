//! The controls of the Provisioning API, under `/_sandbox/commercelayer`.

use serde_json::{Value, json};

use super::oauth;
use crate::status::{Code, Status};
use crate::tenant::Tenant;
use crate::time::Millis;

/// Answers a control request; `path` is the part after `commercelayer`, without a slash.
///
/// # Errors
/// Returns the status to answer with.
pub fn control(tenant: &mut Tenant, method: &str, path: &str, body: &Value, now: Millis) -> Result<Value, Status> {
    Ok(match (method, path) {
        ("GET", "") => tenant.commercelayer.settings.show(),
        ("POST", "") => {
            let api = &mut tenant.commercelayer;
            api.settings = api.settings.read(body)?;
            api.settings.show()
        }
        // Simulates an invisible dependency on an object.
        ("POST", "lock") => {
            let id = body.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| Status::invalid("id: the id of an object"))?.to_owned();
            let api = &mut tenant.commercelayer;
            if body.get("locked").and_then(Value::as_bool).unwrap_or(true) {
                api.locked.insert(id);
            } else {
                api.locked.remove(&id);
            }
            json!({ "locked": api.locked })
        }
        // Acts for the person on the authorization page.
        ("POST", "authorize") => {
            let parameters = oauth::parameters("application/json", &body.to_string());
            let location = parameters.and_then(|parameters| oauth::authorize(tenant, &parameters, now));
            json!({ "location": location.map_err(|refusal| Status::invalid(refusal.body().to_string()))? })
        }
        _ => return Err(Status::new(Code::NotFound, "the sandbox has no such control")),
    })
}
