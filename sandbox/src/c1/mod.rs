//! The operations of C1 that keep state. A handler receives a checked request and returns the fields that it knows; the
//! table completes them.

mod apps;
mod auth;
mod bridges;
mod connectors;
mod personal_clients;
mod principals;
pub(crate) mod sso;
mod system_log;

pub use connectors::{Synced, synced};
pub use principals::new_principal;

use keyturn_wire::api::{Effect, Kind, Message, Operation, Table};
use serde_json::Value;

use crate::example::example;
use crate::paging::Page;
use crate::shape::{self, Row, text};
use crate::status::{Code, Status};
use crate::tenant::{Caller, Tenant};
use crate::time::{self, Millis};

/// A checked request.
#[derive(Debug)]
pub struct Call<'a> {
    /// The table that describes it.
    pub table: &'a Table,
    /// Its row in the table.
    pub operation: &'a Operation,
    /// The path parameters, by their names in a request object.
    pub params: Row,
    /// The requested page.
    pub page: Page,
    /// The body without the fields that only the server sets.
    pub body: Row,
    /// The time.
    pub now: Millis,
    /// The caller.
    pub caller: Caller,
    /// The `User-Agent` of the caller.
    pub agent: String,
}

impl Call<'_> {
    fn param(&self, name: &str) -> &str {
        text(&self.params, name)
    }

    /// Returns the type of the message in a field of the body.
    fn body_message(&self, name: &str) -> Result<Message, Status> {
        let fields = self.operation.body.map(|body| self.table.fields(body)).unwrap_or_default();
        let field = fields.iter().find(|field| self.table.wire_name(field) == name && field.kind == Kind::Message);
        Ok(field.ok_or_else(|| Status::new(Code::Internal, format!("{name} is not in the API table")))?.message())
    }

    /// Applies an update request, `{<name>: ..., updateMask}`, to a row. Nothing changes if both are missing. A mask
    /// alone is refused: it would clear the fields that it names, which is never intended.
    fn update(&self, name: &str, fixed: &[&str], row: &mut Row) -> Result<(), Status> {
        let mask = text(&self.body, "updateMask");
        match shape::object(&self.body, name) {
            Some(source) => shape::update(self.table, self.body_message(name)?, fixed, row, source, Some(mask)),
            None if mask.is_empty() => Ok(()),
            None => {
                Err(Status::invalid(format!("updateMask: names fields of {name}, which the request does not have")))
            }
        }
    }

    fn date(&self) -> Value {
        Value::from(time::format(self.now))
    }

    /// Returns the expiry for the duration in a field of the body; null if there is none.
    fn expiry(&self, field: &str) -> Result<Value, Status> {
        let Some(life) = self.body.get(field).and_then(Value::as_str) else { return Ok(Value::Null) };
        let life = time::duration(life).filter(|life| *life > 0);
        let life = life.ok_or_else(|| Status::invalid(format!("{field} must be a positive duration")))?;
        Ok(Value::from(time::format(self.now.saturating_add(life))))
    }
}

/// A function that answers an operation.
pub type Handler = fn(&mut Tenant, &Call<'_>) -> Result<Row, Status>;

/// Answers a call with the complete form of its response message.
///
/// # Errors
/// Returns the status to answer with.
pub fn answer(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let id = call.table.operation_id(call.operation);
    let Some(handler) = handler(&id) else {
        let mut named = call.body.clone();
        named.extend(call.body.values().filter_map(Value::as_object).flatten().map(|(k, v)| (k.clone(), v.clone())));
        named.extend(call.params.clone());
        return Ok(example(call.table, call.operation.response, &named));
    };
    let row = handler(tenant, call)?;
    if call.operation.effect != Effect::Read {
        system_log::note(tenant, call, &id, &row);
    }
    Ok(shape::complete(call.table, call.operation.response, &row))
}

/// Returns the handler of an operation that keeps state.
pub fn handler(id: &str) -> Option<Handler> {
    Some(match id {
        "c1.api.auth.v1.Auth.Introspect" => auth::introspect,

        "c1.api.app.v1.Apps.List" => apps::list,
        "c1.api.app.v1.Apps.Get" => apps::get,
        "c1.api.app.v1.Apps.Create" => apps::create,
        "c1.api.app.v1.Apps.Update" => apps::update,
        "c1.api.app.v1.Apps.Delete" => apps::delete,
        "c1.api.app.v1.AppSearch.Search" => apps::search,

        "c1.api.app.v1.ConnectorService.List" => connectors::list,
        "c1.api.app.v1.ConnectorService.Get" => connectors::get,
        "c1.api.app.v1.ConnectorService.Create" => connectors::create,
        "c1.api.app.v1.ConnectorService.CreateDelegated" => connectors::create,
        "c1.api.app.v1.ConnectorService.Update" => connectors::update,
        "c1.api.app.v1.ConnectorService.UpdateDelegated" => connectors::update,
        "c1.api.app.v1.ConnectorService.Delete" => connectors::delete,
        "c1.api.app.v1.ConnectorService.ForceSync" => connectors::force_sync,
        "c1.api.app.v1.ConnectorService.PauseSync" => connectors::pause_sync,
        "c1.api.app.v1.ConnectorService.ResumeSync" => connectors::resume_sync,
        "c1.api.app.v1.ConnectorService.ConfirmSyncValid" => connectors::confirm_sync_valid,
        "c1.api.app.v1.ConnectorService.UpdateConnectorSchedule" => connectors::schedule,
        "c1.api.app.v1.ConnectorService.GetConnectorSyncDownloadURL" => connectors::download_url,
        "c1.api.app.v1.ConnectorService.RotateCredential" => connectors::rotate_credential,
        "c1.api.app.v1.ConnectorService.GetCredentials" => connectors::get_credential,
        "c1.api.app.v1.ConnectorService.RevokeCredential" => connectors::revoke_credential,

        "c1.api.iam.v1.PersonalClientService.List" => personal_clients::list,
        "c1.api.iam.v1.PersonalClientService.Get" => personal_clients::get,
        "c1.api.iam.v1.PersonalClientService.Create" => personal_clients::create,
        "c1.api.iam.v1.PersonalClientService.Update" => personal_clients::update,
        "c1.api.iam.v1.PersonalClientService.Delete" => personal_clients::delete,
        "c1.api.iam.v1.PersonalClientSearchService.Search" => personal_clients::search,

        "c1.api.service_principal.v1.ServicePrincipalService.List" => principals::list,
        "c1.api.service_principal.v1.ServicePrincipalService.Get" => principals::get,
        "c1.api.service_principal.v1.ServicePrincipalService.Create" => principals::create,
        "c1.api.service_principal.v1.ServicePrincipalService.Update" => principals::update,
        "c1.api.service_principal.v1.ServicePrincipalService.Delete" => principals::delete,
        "c1.api.service_principal.v1.ServicePrincipalService.ListCredentials" => principals::list_credentials,
        "c1.api.service_principal.v1.ServicePrincipalService.GetCredential" => principals::get_credential,
        "c1.api.service_principal.v1.ServicePrincipalService.CreateCredential" => principals::create_credential,
        "c1.api.service_principal.v1.ServicePrincipalService.UpdateCredential" => principals::update_credential,
        "c1.api.service_principal.v1.ServicePrincipalService.RevokeCredential" => principals::revoke_credential,

        "c1.api.iam.v1.TunnelCredentialsService.ListBridges" => bridges::list,
        "c1.api.iam.v1.TunnelCredentialsService.GetBridge" => bridges::get,
        "c1.api.iam.v1.TunnelCredentialsService.CreateBridge" => bridges::create,
        "c1.api.iam.v1.TunnelCredentialsService.UpdateBridge" => bridges::update,
        "c1.api.iam.v1.TunnelCredentialsService.DeleteBridge" => bridges::delete,
        "c1.api.iam.v1.TunnelCredentialsService.ListBridgeAnnouncedServices" => bridges::announced_services,
        "c1.api.iam.v1.TunnelCredentialsService.ListBridgeCredentials" => bridges::list_credentials,
        "c1.api.iam.v1.TunnelCredentialsService.CreateBridgeCredential" => bridges::create_credential,
        "c1.api.iam.v1.TunnelCredentialsService.RevokeBridgeCredential" => bridges::revoke_credential,

        "c1.api.sso.v1.SSOApplicationService.List" => sso::list,
        "c1.api.sso.v1.SSOApplicationService.Search" => sso::search,
        "c1.api.sso.v1.SSOApplicationService.Get" => sso::get,
        "c1.api.sso.v1.SSOApplicationService.Create" => sso::create,
        "c1.api.sso.v1.SSOApplicationService.Update" => sso::update,
        "c1.api.sso.v1.SSOApplicationService.Delete" => sso::delete,
        "c1.api.sso.v1.SSOApplicationService.ListClients" => sso::list_clients,
        "c1.api.sso.v1.SSOApplicationService.CreateClient" => sso::create_client,
        "c1.api.sso.v1.SSOApplicationService.UpdateClient" => sso::update_client,
        "c1.api.sso.v1.SSOApplicationService.DeleteClient" => sso::delete_client,
        "c1.api.sso.v1.SSOApplicationService.RotateClientSecret" => sso::rotate_client_secret,

        "c1.api.systemlog.v1.SystemLogService.ListEvents" => system_log::list_events,
        _ => return None,
    })
}

/// Returns `{<name>: <row>}`.
fn wrap(name: &str, row: Row) -> Row {
    Row::from_iter([(name.to_owned(), Value::Object(row))])
}

/// Returns `{list, nextPageToken}`.
fn page(rows: Vec<Row>, next: String) -> Row {
    Row::from_iter([
        ("list".to_owned(), rows.into_iter().map(Value::Object).collect()),
        ("nextPageToken".to_owned(), Value::from(next)),
    ])
}

/// Checks that the source ranges of a credential are CIDRs, at most 32 of them.
fn check_cidrs(body: &Row, field: &str) -> Result<(), Status> {
    let ranges: Vec<&str> = shape::texts(body, field).collect();
    if ranges.len() > 32 {
        return Err(Status::invalid(format!("{field}: at most 32 ranges")));
    }
    let is_cidr = |range: &str| {
        let (address, length) = range.split_once('/')?;
        let bits = if address.contains(':') {
            address.parse::<std::net::Ipv6Addr>().ok().map(|_| 128)?
        } else {
            address.parse::<std::net::Ipv4Addr>().ok().map(|_| 32)?
        };
        length.parse::<u8>().ok().filter(|length| *length <= bits)
    };
    match ranges.iter().position(|range| is_cidr(range).is_none()) {
        Some(place) => Err(Status::invalid(format!("{field}[{place}]: not a CIDR such as 10.0.0.0/24"))),
        None => Ok(()),
    }
}

/// Returns a text that the body must have.
fn required<'a>(body: &'a Row, field: &str) -> Result<&'a str, Status> {
    match text(body, field).trim() {
        "" => Err(Status::invalid(format!("{field} is required"))),
        _ => Ok(text(body, field)),
    }
}

/// Returns whether `text` contains `part`, ignoring case.
fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}
