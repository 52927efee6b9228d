//! The controls of the sandbox for tests and consoles, under `/_sandbox/`. They are not part of the API and not logged.

use serde_json::{Value, json};

use crate::c1;
use crate::clients::Kind;
use crate::commercelayer;
use crate::device;
use crate::federation;
use crate::log::Filter;
use crate::routes::Routes;
use crate::seed;
use crate::status::{Code, Status};
use crate::tenant::Tenant;
use crate::time::{self, Millis};
use crate::token::{self, Form};

/// The prefix of all control paths.
pub const PREFIX: &str = "/_sandbox/";

/// The default `User-Agent` of a consumer.
const CONSUMER: &str = "sandbox-consumer";

/// Answers a control request. `path` is the part after the prefix; `real` is the host's time, not the tenant's.
///
/// # Errors
/// Returns the status to answer with.
pub fn control(
    tenant: &mut Tenant,
    routes: &Routes,
    (method, path, query): (&str, &str, &Form),
    body: &Value,
    real: Millis,
) -> Result<Value, Status> {
    let clock = |tenant: &Tenant| {
        let now = tenant.clock.at(real);
        json!({ "now": now, "date": time::format(now) })
    };
    Ok(match (method, path) {
        ("GET", "health") => json!({ "ok": true, "seed": tenant.state.seed, "revision": tenant.revision }),
        ("GET", "tenant") => tenant.ready(),

        ("GET", "faults") => tenant.faults.list(),
        ("POST", "faults") => {
            tenant.faults.add(routes, body)?;
            tenant.faults.list()
        }
        ("DELETE", "faults") => {
            tenant.faults.clear();
            json!([])
        }

        ("GET", "clock") => clock(tenant),
        ("POST", "clock") => {
            set_clock(tenant, body, real)?;
            clock(tenant)
        }

        ("GET", "token-ttl") => json!({ "seconds": tenant.token_ttl }),
        ("POST", "token-ttl") => {
            let seconds = body.get("seconds").and_then(Value::as_i64).filter(|seconds| *seconds > 0);
            tenant.token_ttl = seconds.ok_or_else(|| Status::invalid("seconds: a positive whole number"))?;
            json!({ "seconds": tenant.token_ttl })
        }

        ("GET", "switches") => tenant.options.switches.show(),
        ("POST", "switches") => {
            tenant.options.switches = tenant.options.switches.read(body)?;
            tenant.options.switches.show()
        }

        ("POST", "reset") => {
            let seed = seed_of(body)?.unwrap_or(tenant.options.seed);
            tenant.reset(seed, real);
            tenant.ready()
        }

        ("GET", "requests") => tenant.log.list(routes, &filter(routes, query)?),
        ("DELETE", "requests") => {
            tenant.log.clear();
            json!([])
        }

        // Issues the token that a workload's platform would issue.
        ("POST", "identity-token") => {
            let claims = body.get("claims").unwrap_or(&Value::Null);
            json!({ "token": federation::identity_token(tenant, tenant.issuer_key(), claims, tenant.clock.at(real))? })
        }

        // Acts as a program that has a client id and secret.
        ("POST", "consume") => consume(tenant, body, real)?,

        // Acts for the person on the page.
        ("POST", "device") => {
            let code = body.get("userCode").and_then(Value::as_str).unwrap_or_default();
            let approve = body.get("approve").and_then(Value::as_bool).unwrap_or(true);
            let now = tenant.clock.at(real);
            if !device::decide(tenant, code, approve, now) {
                return Err(Status::invalid("userCode: no login waits for this code"));
            }
            json!({ "approve": approve })
        }

        (_, path) if path == "commercelayer" || path.starts_with("commercelayer/") => {
            let path = path.strip_prefix("commercelayer").unwrap_or_default().trim_start_matches('/');
            let now = tenant.clock.at(real);
            commercelayer::control::control(tenant, method, path, body, now)?
        }

        ("GET", "state") => tenant.snapshot(),
        ("PUT", "state") => {
            tenant.restore(body)?;
            json!({ "revision": tenant.revision })
        }

        _ => return Err(Status::new(Code::NotFound, "the sandbox has no such control")),
    })
}

/// Sets the tenant's clock to a time, or advances it by milliseconds.
fn set_clock(tenant: &mut Tenant, body: &Value, real: Millis) -> Result<(), Status> {
    match (body.get("set"), body.get("advance").and_then(Value::as_i64)) {
        (Some(shown), None) => {
            let shown = shown.as_i64().or_else(|| shown.as_str().and_then(time::parse));
            let shown = shown.ok_or_else(|| Status::invalid("set: milliseconds or an RFC 3339 date"))?;
            tenant.clock.set(real, shown);
        }
        (None, Some(by)) => tenant.clock.advance(by),
        _ => return Err(Status::invalid("set (a time) or advance (milliseconds), one of them")),
    }
    Ok(())
}

/// Reads the name of a seed, if there is one.
fn seed_of(body: &Value) -> Result<Option<seed::Name>, Status> {
    match body.get("seed") {
        None | Some(Value::Null) => Ok(None),
        Some(name) => match name.as_str().and_then(seed::Name::parse) {
            None => Err(Status::invalid("seed: \"demo\", \"empty\" or \"large\"")),
            seed => Ok(seed),
        },
    }
}

/// Reads the filter of the request log.
fn filter(routes: &Routes, query: &Form) -> Result<Filter, Status> {
    let target = match query.get("operation") {
        None => None,
        Some(name) => {
            let target = routes.named(name);
            Some(target.ok_or_else(|| Status::invalid(format!("operation: there is no {name:?}")))?)
        }
    };
    let status = match query.get("status") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| Status::invalid("status: a number"))?),
    };
    Ok(Filter { target, method: query.get("method").map(str::to_owned), status })
}

/// Logs in with a client id and secret, and synchronizes the connector that they belong to.
fn consume(tenant: &mut Tenant, body: &Value, real: Millis) -> Result<Value, Status> {
    let given = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let wanted = |name: &str| given(name).ok_or_else(|| Status::invalid(format!("{name}: text")));
    let pair = (wanted("clientId")?, wanted("clientSecret")?);
    let agent = given("userAgent").unwrap_or(CONSUMER);
    let now = tenant.clock.at(real);
    Ok(match token::authenticate(tenant, pair, agent, now) {
        Err(refusal) => json!({ "accepted": false, "reason": refusal.description }),
        Ok((name, Kind::Connector)) => {
            let synced = c1::synced(&mut tenant.state, name, given("syncError"), now)?;
            tenant.revision += 1;
            json!({ "accepted": true, "sync": { "appId": synced.app, "connectorId": synced.connector, "status": synced.status } })
        }
        Ok(_) => json!({ "accepted": true }),
    })
}
