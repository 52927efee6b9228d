//! Personal clients: people's API keys.

use serde_json::Value;

use super::{Call, check_cidrs, contains, page, wrap};
use crate::clients::Kind;
use crate::shape::{Row, only, text};
use crate::state::{self, find, find_mut, is_live};
use crate::status::Status;
use crate::tenant::Tenant;

const WHAT: &str = "personal client";

fn pages(tenant: &Tenant, call: &Call<'_>, list: &str, keep: impl Fn(&Row) -> bool) -> Result<Row, Status> {
    let keep = |row: &Row| is_live(row) && keep(row);
    let (rows, next) = call.page.of(list, &tenant.state.personal_clients, keep)?;
    Ok(page(rows.into_iter().map(|row| tenant.with_client_id(row, Kind::Personal)).collect(), next))
}

/// Lists the caller's own clients.
pub fn list(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let user = &call.caller.user_id;
    pages(tenant, call, &format!("clients of {user}"), |row| text(row, "userId") == user)
}

/// Searches the clients of all users.
pub fn search(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let query = text(&call.body, "query");
    let users = call.body.get("users").and_then(Value::as_array).into_iter().flatten();
    let users: Vec<&str> = users.filter_map(|user| user.get("id")?.as_str()).collect();
    pages(tenant, call, "clients", |row| {
        contains(text(row, "displayName"), query) && (users.is_empty() || users.contains(&text(row, "userId")))
    })
}

pub fn get(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let row = find(&tenant.state.personal_clients, WHAT, call.param("id"))?;
    Ok(wrap("client", tenant.with_client_id(row, Kind::Personal)))
}

/// Creates a client and returns its secret, which is shown only this once.
pub fn create(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    check_cidrs(&call.body, "allowSourceCidr")?;
    let expires = call.expiry("expires")?;
    let (id, _, secret) = tenant.new_client(Kind::Personal);
    let mut client = only(&call.body, &["allowSourceCidr", "displayName", "scopedRoles"]);
    client.insert("id".to_owned(), Value::from(id));
    client.insert("userId".to_owned(), Value::from(call.caller.user_id.as_str()));
    client.insert("expiresTime".to_owned(), expires);
    client.insert("createdAt".to_owned(), call.date());
    client.insert("updatedAt".to_owned(), call.date());
    tenant.state.personal_clients.push(client.clone());
    let mut answer = wrap("client", tenant.with_client_id(&client, Kind::Personal));
    answer.insert("clientSecret".to_owned(), Value::from(secret));
    Ok(answer)
}

pub fn update(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    if let Some(client) = call.body.get("client").and_then(Value::as_object) {
        check_cidrs(client, "allowSourceCidr")?;
    }
    let row = find_mut(&mut tenant.state.personal_clients, WHAT, call.param("id"))?;
    call.update("client", &[], row)?;
    state::touch(row, call.now);
    let row = row.clone();
    Ok(wrap("client", tenant.with_client_id(&row, Kind::Personal)))
}

pub fn delete(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    state::delete(find_mut(&mut tenant.state.personal_clients, WHAT, call.param("id"))?, call.now);
    Ok(Row::new())
}
