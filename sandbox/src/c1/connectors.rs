//! Connectors, their synchronizations, and their credentials.

use serde_json::{Value, json};

use super::{Call, page, required, wrap};
use crate::clients::Kind;
use crate::shape::{Row, object, only, text, texts};
use crate::state::{self, State, find, is_live};
use crate::status::{Code, Status};
use crate::tenant::{AfterRotate, Tenant};
use crate::time::{self, DAY, Millis, SECOND};

/// The duration of a requested synchronization.
const SYNC: Millis = 5 * SECOND;
/// The field with the end of a synchronization. It is private to the sandbox, and no answer shows it.
const SYNC_ENDS: &str = "_syncEnds";
/// The lifetime of a connector's credential. C1 does not document it, and the API cannot set it.
const CREDENTIAL_LIFE: Millis = 90 * DAY;

/// Returns the app and the connector that the path names. Some operations use other names for these parameters.
fn place<'a>(call: &'a Call<'_>) -> (&'a str, &'a str) {
    let first = |names: [&str; 2]| names.into_iter().map(|name| call.param(name)).find(|value| !value.is_empty());
    (first(["appId", "connectorAppId"]).unwrap_or_default(), first(["connectorId", "id"]).unwrap_or_default())
}

fn find_connector<'a>(state: &'a mut State, app: &str, id: &str, now: Millis) -> Result<&'a mut Row, Status> {
    find(&state.apps, "app", app)?;
    let row =
        state.connectors.iter_mut().find(|row| is_live(row) && text(row, "appId") == app && text(row, "id") == id);
    let row = row.ok_or_else(|| Status::not_found("connector"))?;
    settle(row, now);
    Ok(row)
}

/// Ends a synchronization whose duration has elapsed.
fn settle(row: &mut Row, now: Millis) {
    if let Some(ends) = time::parse(text(row, SYNC_ENDS)).filter(|ends| *ends <= now) {
        row.remove(SYNC_ENDS);
        let ended = Value::from(time::format(ends));
        set_status(row, "SYNC_STATUS_DONE", &[("completedAt", ended.clone()), ("updatedAt", ended)]);
    }
}

fn set_status(row: &mut Row, status: &str, changes: &[(&str, Value)]) {
    let mut whole = object(row, "status").cloned().unwrap_or_default();
    whole.insert("status".to_owned(), Value::from(status));
    whole.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    row.insert("status".to_owned(), Value::Object(whole));
}

fn start_sync(row: &mut Row, call: &Call<'_>) {
    row.insert(SYNC_ENDS.to_owned(), Value::from(time::format(call.now.saturating_add(SYNC))));
    let (now, none) = (call.date(), Value::Null);
    let changes = [("startedAt", now.clone()), ("updatedAt", now), ("completedAt", none.clone()), ("lastError", none)];
    set_status(row, "SYNC_STATUS_RUNNING", &changes);
}

pub fn list(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let app = call.param("appId");
    find(&tenant.state.apps, "app", app)?;
    tenant.state.connectors.iter_mut().for_each(|row| settle(row, call.now));
    let keep = |row: &Row| is_live(row) && text(row, "appId") == app;
    let (rows, next) = call.page.of(&format!("connectors of {app}"), &tenant.state.connectors, keep)?;
    Ok(page(rows.into_iter().map(|row| wrap("connector", row.clone())).collect(), next))
}

pub fn get(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, id) = place(call);
    let connector = find_connector(&mut tenant.state, app, id, call.now)?.clone();
    Ok(view(tenant, call, connector))
}

/// Returns `{connectorView, expanded}`: the view says where in `expanded` the additionally requested objects are.
fn view(tenant: &Tenant, call: &Call<'_>, connector: Row) -> Row {
    let empty = Row::new();
    let mask = object(&call.body, "expandMask").unwrap_or(&empty);
    let wants = |path: &str| texts(mask, "paths").any(|wanted| wanted == path || wanted == "*");
    let (mut expanded, mut view) = (Vec::new(), Row::new());
    if wants("app_id")
        && let Ok(app) = find(&tenant.state.apps, "app", text(&connector, "appId"))
    {
        view.insert("appPath".to_owned(), Value::from(format!("$.expanded[{}]", expanded.len())));
        expanded.push(any("c1.api.app.v1.App", app));
    }
    if wants("user_ids") && texts(&connector, "userIds").next().is_some() {
        view.insert("usersPath".to_owned(), Value::from(format!("$.expanded[{}:]", expanded.len())));
        for id in texts(&connector, "userIds") {
            let user = json!({ "id": id, "displayName": format!("User {id}"), "status": "ENABLED" });
            expanded.extend(user.as_object().map(|user| any("c1.api.user.v1.User", user)));
        }
    }
    view.insert("connector".to_owned(), Value::Object(connector));
    let mut answer = wrap("connectorView", view);
    answer.insert("expanded".to_owned(), Value::Array(expanded));
    answer
}

fn any(name: &str, row: &Row) -> Value {
    let mut row = row.clone();
    row.insert("@type".to_owned(), Value::from(format!("type.googleapis.com/{name}")));
    Value::Object(row)
}

/// Creates a connector, either with its configuration or, if it is delegated, to be configured by somebody else.
pub fn create(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let app = call.param("appId").to_owned();
    find(&tenant.state.apps, "app", &app)?;
    let mut connector = only(&call.body, &["catalogId", "config", "description", "displayName", "userIds"]);
    if text(&connector, "displayName").is_empty() {
        connector.insert("displayName".to_owned(), Value::from("New connector"));
    }
    if connector.contains_key("config") {
        connector.insert("configUpdatedAt".to_owned(), call.date());
    }
    connector.insert("id".to_owned(), Value::from(tenant.state.dice.id()));
    connector.insert("appId".to_owned(), Value::from(app));
    connector.insert("connectorApiVersion".to_owned(), Value::from(1));
    connector.insert("createdAt".to_owned(), call.date());
    connector.insert("updatedAt".to_owned(), call.date());
    set_status(&mut connector, "SYNC_STATUS_UNSPECIFIED", &[]);
    tenant.state.connectors.push(connector.clone());
    Ok(view(tenant, call, connector))
}

/// The fields that an update cannot change, although the API document does not mark them as read-only.
const FIXED: [&str; 8] = [
    "id",
    "appId",
    "status",
    "oauthAuthorizedAs",
    "canResumeSync",
    "connectorSyncCronSchedule",
    "syncDisabledCategory",
    "syncDisabledReason",
];

pub fn update(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, id) = place(call);
    let connector = find_connector(&mut tenant.state, app, id, call.now)?;
    let config = connector.get("config").cloned();
    call.update("connector", &FIXED, connector)?;
    if config.as_ref() != connector.get("config") {
        connector.insert("configUpdatedAt".to_owned(), call.date());
    }
    state::touch(connector, call.now);
    let connector = connector.clone();
    Ok(view(tenant, call, connector))
}

pub fn delete(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, id) = place(call);
    state::delete(find_connector(&mut tenant.state, app, id, call.now)?, call.now);
    revoke_all(&mut tenant.state, app, id, call.now);
    Ok(Row::new())
}

fn is_paused(connector: &Row) -> bool {
    connector.get("syncDisabledAt").is_some_and(|at| !at.is_null())
}

pub fn force_sync(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, id) = place(call);
    let connector = find_connector(&mut tenant.state, app, id, call.now)?;
    if is_paused(connector) {
        return Err(Status::new(Code::FailedPrecondition, "the connector's sync is paused"));
    }
    start_sync(connector, call);
    Ok(Row::new())
}

pub fn pause_sync(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, id) = place(call);
    let connector = find_connector(&mut tenant.state, app, id, call.now)?;
    connector.remove(SYNC_ENDS);
    connector.insert("syncDisabledAt".to_owned(), call.date());
    connector.insert("syncDisabledCategory".to_owned(), Value::from("user"));
    connector.insert("syncDisabledReason".to_owned(), Value::from("Paused by an administrator"));
    set_status(connector, "SYNC_STATUS_DISABLED", &[("updatedAt", call.date())]);
    Ok(Row::new())
}

pub fn resume_sync(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, id) = place(call);
    let connector = find_connector(&mut tenant.state, app, id, call.now)?;
    for field in ["syncDisabledAt", "syncDisabledCategory", "syncDisabledReason"] {
        connector.remove(field);
    }
    start_sync(connector, call);
    Ok(Row::new())
}

/// Confirms a failed synchronization as valid, and starts the next one. Refused if the last one did not fail.
pub fn confirm_sync_valid(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, id) = place(call);
    let connector = find_connector(&mut tenant.state, app, id, call.now)?;
    if object(connector, "status").map(|status| text(status, "status")) != Some("SYNC_STATUS_ERROR") {
        return Err(Status::new(Code::FailedPrecondition, "the connector's last sync did not fail"));
    }
    start_sync(connector, call);
    Ok(Row::new())
}

pub fn schedule(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, id) = place(call);
    let connector = find_connector(&mut tenant.state, app, id, call.now)?;
    match object(&call.body, "cron") {
        None => {
            connector.remove("connectorSyncCronSchedule");
        }
        Some(cron) if text(cron, "cronSpec").split_whitespace().count() == 5 => {
            let mut cron = only(cron, &["cronSpec", "timezone"]);
            cron.insert("start".to_owned(), call.date());
            connector.insert("connectorSyncCronSchedule".to_owned(), Value::Object(cron));
        }
        Some(_) => return Err(Status::invalid("cron.cronSpec must have five fields")),
    }
    state::touch(connector, call.now);
    Ok(Row::new())
}

pub fn download_url(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, id) = place(call);
    find_connector(&mut tenant.state, app, id, call.now)?;
    let url = format!("{}/_sandbox/syncs/{}", tenant.options.url, text(&call.params, "syncId"));
    Ok(Row::from_iter([("downloadUrl".to_owned(), Value::from(url))]))
}

/// Returns the credentials of a connector that are not revoked.
fn of_connector<'a>(state: &'a mut State, app: &str, connector: &str) -> impl Iterator<Item = &'a mut Row> {
    let of_this =
        move |row: &&mut Row| is_live(row) && text(row, "appId") == app && text(row, "connectorId") == connector;
    state.connector_credentials.iter_mut().filter(of_this)
}

fn revoke_all(state: &mut State, app: &str, connector: &str, now: Millis) {
    of_connector(state, app, connector).for_each(|row| {
        state::delete(row, now);
        state::touch(row, now);
    });
}

/// Expires all credentials of a connector now. Those that have already expired are left unchanged.
fn expire_all(state: &mut State, app: &str, connector: &str, now: Millis) {
    of_connector(state, app, connector)
        .filter(|row| time::parse(text(row, "expiresTime")).is_none_or(|expires| expires > now))
        .for_each(|row| {
            row.insert("expiresTime".to_owned(), Value::from(time::format(now)));
            state::touch(row, now);
        });
}

/// A synchronization that a connector started by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// The connector's app.
    pub app: String,
    /// The connector.
    pub connector: String,
    /// The status of the synchronization, such as `SYNC_STATUS_DONE`.
    pub status: String,
}

/// Synchronizes the connector that a credential belongs to, immediately, with success or with an error. A paused
/// connector does not synchronize.
///
/// # Errors
/// Returns code 5 if the connector does not exist.
pub fn synced(state: &mut State, credential: &str, error: Option<&str>, now: Millis) -> Result<Synced, Status> {
    let row = find(&state.connector_credentials, "connector credential", credential)?;
    let (app, id) = (text(row, "appId").to_owned(), text(row, "connectorId").to_owned());
    let connector = find_connector(state, &app, &id, now)?;
    if !is_paused(connector) {
        connector.remove(SYNC_ENDS);
        let date = Value::from(time::format(now));
        let status = if error.is_some() { "SYNC_STATUS_ERROR" } else { "SYNC_STATUS_DONE" };
        let mut changes: Vec<_> = ["startedAt", "completedAt", "updatedAt"].map(|name| (name, date.clone())).into();
        changes.push(("lastError", error.map_or(Value::Null, Value::from)));
        set_status(connector, status, &changes);
    }
    let status = object(connector, "status").map(|status| text(status, "status")).unwrap_or_default().to_owned();
    Ok(Synced { app, connector: id, status })
}

/// Issues another credential for the connector and returns its secret, which is shown only this once.
pub fn rotate_credential(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (app, connector) = (required(&call.body, "appId")?, required(&call.body, "connectorId")?);
    find_connector(&mut tenant.state, app, connector, call.now)?;
    match tenant.options.switches.after_rotate {
        AfterRotate::Keep => {}
        AfterRotate::Revoke => revoke_all(&mut tenant.state, app, connector, call.now),
        AfterRotate::Expire => expire_all(&mut tenant.state, app, connector, call.now),
    }
    let (id, _, secret) = tenant.new_client(Kind::Connector);
    let mut credential = only(&call.body, &["appId", "connectorId"]);
    credential.insert("id".to_owned(), Value::from(id));
    credential.insert("createdAt".to_owned(), call.date());
    credential.insert("updatedAt".to_owned(), call.date());
    credential.insert("expiresTime".to_owned(), Value::from(time::format(call.now.saturating_add(CREDENTIAL_LIFE))));
    tenant.state.connector_credentials.push(credential.clone());
    let mut answer = tenant.with_client_id(&credential, Kind::Connector);
    answer.insert("clientSecret".to_owned(), Value::from(secret));
    Ok(wrap("credential", answer))
}

fn find_credential<'a>(tenant: &'a mut Tenant, call: &Call<'_>) -> Result<&'a mut Row, Status> {
    let (app, connector, id) = (call.param("appId"), call.param("connectorId"), call.param("id"));
    find_connector(&mut tenant.state, app, connector, call.now)?;
    let shows_revoked = tenant.options.switches.shows_revoked;
    let rows = tenant.state.connector_credentials.iter_mut();
    let mut rows = rows.filter(|row| shows_revoked || is_live(row));
    let row =
        rows.find(|row| text(row, "id") == id && text(row, "connectorId") == connector && text(row, "appId") == app);
    row.ok_or_else(|| Status::not_found("connector credential"))
}

pub fn get_credential(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let credential = find_credential(tenant, call)?.clone();
    Ok(wrap("credential", tenant.with_client_id(&credential, Kind::Connector)))
}

pub fn revoke_credential(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let credential = find_credential(tenant, call)?;
    if is_live(credential) {
        state::delete(credential, call.now);
        state::touch(credential, call.now);
    }
    Ok(Row::new())
}
