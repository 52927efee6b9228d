//! The system log: reading it, and recording changes.

use serde_json::Value;

use super::{Call, page};
use crate::clients::{self, Kind};
use crate::events::{self, Activity, Actor, Detail, Filter, Resource};
use crate::shape::{Row, object, text};
use crate::status::Status;
use crate::tenant::Tenant;
use crate::time::{self, Millis};

/// Lists events. `since` is inclusive and `until` exclusive, the events that `sinceEventUid` and `untilEventUid` name
/// are both excluded, and the oldest come first by default. C1's description specifies none of this, so all of it is a
/// guess.
pub fn list_events(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let body = &call.body;
    let delay = tenant.options.switches.log_delay;
    let filter = Filter {
        since: time::parse(text(body, "since")),
        until: time::parse(text(body, "until")),
        since_uid: text(body, "sinceEventUid"),
        until_uid: text(body, "untilEventUid"),
        newest_first: text(body, "sortDirection") == "SORT_DIRECTION_DESC",
        visible: if delay == 0 { Millis::MAX } else { call.now.saturating_sub(delay) },
    };
    let (events, next) = tenant.state.log.list(&filter, &call.page)?;
    let events = events.into_iter().filter_map(|event| match event {
        Value::Object(event) => Some(event),
        _ => None,
    });
    Ok(page(events.collect(), next))
}

/// The subject of a service's operations: the name of the service, the kind of its objects, and the kind of their
/// credentials if they have any.
struct Service(&'static str, &'static str, Option<(&'static str, Kind)>);

const SERVICES: [Service; 6] = [
    Service("c1.api.app.v1.Apps", "app", None),
    Service("c1.api.app.v1.ConnectorService", "connector", Some(("connector_credential", Kind::Connector))),
    Service("c1.api.iam.v1.PersonalClientService", "personal_client", None),
    Service("c1.api.iam.v1.TunnelCredentialsService", "tunnel_bridge", Some(("tunnel_credential", Kind::Bridge))),
    Service(
        "c1.api.service_principal.v1.ServicePrincipalService",
        "service_principal",
        Some(("service_principal_credential", Kind::Principal)),
    ),
    Service("c1.api.sso.v1.SSOApplicationService", "sso_application", None),
];

/// The owners of objects: the field that names each, and its kind.
const OWNERS: [(&str, &str); 7] = [
    ("appId", "app"),
    ("connectorAppId", "app"),
    ("connectorId", "connector"),
    ("servicePrincipalId", "service_principal"),
    ("bridgeId", "tunnel_bridge"),
    ("ssoApplicationId", "sso_application"),
    ("userId", "user"),
];

/// Records a successful change, based on its request and answer. No separate event is logged when issuing a credential
/// ends older ones, since nobody made a call for that; this is a guess.
pub fn note(tenant: &mut Tenant, call: &Call<'_>, operation: &str, answer: &Row) {
    let detail = tenant.options.switches.log_detail;
    let (service, method) = operation.rsplit_once('.').unwrap_or_default();
    let Some(Service(_, kind, credential)) = SERVICES.iter().find(|known| known.0 == service) else {
        return;
    };
    if detail == Detail::Off {
        return;
    }
    let activity = Activity::of(method);
    let of_client = method.contains("Client") && *kind == "sso_application";
    let of_credential = credential.filter(|_| method.contains("Credential"));
    let made = object_of(answer, of_client);
    let named = |field: &str| {
        let values =
            [made.map(|made| text(made, field)), Some(text(&call.params, field)), Some(text(&call.body, field))];
        values.into_iter().flatten().find(|value| !value.is_empty()).unwrap_or_default().to_owned()
    };

    let mut resources = Vec::new();
    // Some paths name only a connector, and call it `connectorId`.
    let fields: &[&str] = match (of_client, *kind) {
        (true, _) => &["clientId"],
        (false, "connector") => &["id", "connectorId"],
        (false, _) => &["id"],
    };
    let id = fields.iter().map(|field| named(field)).find(|id| !id.is_empty()).unwrap_or_default();
    let client_id = match of_credential.map(|(_, kind)| kind) {
        Some(kind) => clients::client_id(&id, tenant.host(), kind),
        None if *kind == "personal_client" => clients::client_id(&id, tenant.host(), Kind::Personal),
        None => String::new(),
    };
    let kind = of_credential.map_or(if of_client { "sso_client" } else { kind }, |(kind, _)| kind);
    if !id.is_empty() && (detail == Detail::Full || activity != Activity::Create) {
        resources.push(Resource { kind, id: id.clone(), name: named("displayName"), client_id });
    }
    if of_client {
        let owner = text(&call.params, "id").to_owned();
        resources.push(Resource { kind: "sso_application", id: owner, name: String::new(), client_id: String::new() });
    }
    for (field, kind) in OWNERS {
        let owner = named(field);
        if !owner.is_empty() && owner != id && !resources.iter().any(|known| known.id == owner) {
            resources.push(Resource { kind, id: owner, name: String::new(), client_id: String::new() });
        }
    }
    let caller = &call.caller;
    let actor = Actor { client_id: &caller.client_id, user_id: &caller.user_id, agent: &call.agent };
    tenant.state.log.add(events::api_activity(operation, activity, &actor, &resources), call.now);
}

/// Returns the object in an answer.
fn object_of(answer: &Row, of_client: bool) -> Option<&Row> {
    let view = object(answer, "connectorView").and_then(|view| object(view, "connector"));
    let names: &[&str] = if of_client {
        &["client"]
    } else {
        &["credential", "application", "client", "bridge", "servicePrincipal", "app"]
    };
    view.or_else(|| names.iter().find_map(|name| object(answer, name)))
}
