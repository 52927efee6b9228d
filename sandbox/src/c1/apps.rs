//! Applications.

use serde_json::{Value, json};

use super::{Call, contains, page, required, wrap};
use crate::shape::{Row, only, text, texts};
use crate::state::{self, find, find_mut, is_live};
use crate::status::Status;
use crate::tenant::Tenant;

const WHAT: &str = "app";

pub fn list(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let (rows, next) = call.page.of("apps", &tenant.state.apps, is_live)?;
    Ok(page(rows.into_iter().cloned().collect(), next))
}

pub fn search(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let body = &call.body;
    let (query, name) = (text(body, "query"), text(body, "displayName"));
    let (wanted, unwanted): (Vec<_>, Vec<_>) =
        (texts(body, "appIds").collect(), texts(body, "excludeAppIds").collect());
    let only_directories = body.get("onlyDirectories") == Some(&Value::Bool(true));
    let keep = |row: &Row| {
        let id = text(row, "id");
        is_live(row)
            && (wanted.is_empty() || wanted.contains(&id))
            && !unwanted.contains(&id)
            && (!only_directories || row.get("isDirectory") == Some(&Value::Bool(true)))
            && contains(text(row, "displayName"), name)
            && (contains(text(row, "displayName"), query) || contains(text(row, "description"), query))
    };
    let (rows, next) = call.page.of("apps", &tenant.state.apps, keep)?;
    Ok(page(rows.into_iter().cloned().collect(), next))
}

pub fn get(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    Ok(wrap("app", find(&tenant.state.apps, WHAT, call.param("id"))?.clone()))
}

pub fn create(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    required(&call.body, "displayName")?;
    let mut app = only(
        &call.body,
        &[
            "annotations",
            "certifyPolicyId",
            "description",
            "displayName",
            "grantPolicyId",
            "identityMatching",
            "instructions",
            "matchBatonRef",
            "monthlyCostUsd",
            "revokePolicyId",
            "strictAccessEntitlementProvisioning",
        ],
    );
    let owners: Value = texts(&call.body, "owners").map(|id| json!({ "id": id })).collect();
    app.insert("id".to_owned(), Value::from(tenant.state.dice.id()));
    app.insert("isManuallyManaged".to_owned(), Value::from(true));
    app.insert("appOwners".to_owned(), owners);
    app.insert("createdAt".to_owned(), call.date());
    app.insert("updatedAt".to_owned(), call.date());
    tenant.state.apps.push(app.clone());
    Ok(wrap("app", app))
}

pub fn update(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let app = find_mut(&mut tenant.state.apps, WHAT, call.param("id"))?;
    call.update("app", &[], app)?;
    state::touch(app, call.now);
    Ok(wrap("app", app.clone()))
}

pub fn delete(tenant: &mut Tenant, call: &Call<'_>) -> Result<Row, Status> {
    let id = call.param("id");
    let state = &mut tenant.state;
    state::delete(find_mut(&mut state.apps, WHAT, id)?, call.now);
    for rows in [&mut state.connectors, &mut state.connector_credentials, &mut state.sso_applications] {
        rows.iter_mut()
            .filter(|row| is_live(row) && text(row, "appId") == id)
            .for_each(|row| state::delete(row, call.now));
    }
    Ok(Row::new())
}
