//! The operations: reads through [`Query`] and [`Writer`], changes through [`Change`] and [`rules`].

use serde_json::{Value, json};

use super::change::{self, Change, Verb};
use super::document::Writer;
use super::problem::{Problem, Problems};
use super::query::Query;
use super::rules::{self, Sources};
use super::schema::{self, Act, Operation, Resource};
use super::store::Record;
use super::{Answer, CommerceLayer, Incoming, date, seed};
use crate::shape::{Row, text};
use crate::tenant::Tenant;
use crate::time::Millis;

/// Answers an operation. The caller is already authenticated as a user.
///
/// # Errors
/// Returns the reasons for a refusal.
pub fn perform(
    tenant: &mut Tenant,
    operation: &'static Operation,
    id: &str,
    incoming: &Incoming<'_>,
    now: Millis,
) -> Result<Answer, Problems> {
    let resource = schema::resource(operation.resource).ok_or_else(|| vec![Problem::nowhere()])?;
    let id = if resource.singleton { seed::USER } else { id };
    let one = |problem| vec![problem];
    let url = tenant.options.url.clone();
    let read = matches!(operation.act, Act::List | Act::Retrieve | Act::Related(_));
    if read {
        return self::read(&tenant.commercelayer, operation, resource, id, incoming, &url).map_err(one);
    }
    // An invalid query is refused before anything is done.
    let query = Query::read(resource, false, incoming.query).map_err(one)?;
    let (api, entropy) = (&mut tenant.commercelayer, &mut tenant.entropy);
    let mut sources = Sources { entropy, now };
    let (status, shown) = match operation.act {
        Act::Create => (201, Some(create(api, resource, incoming.body, &mut sources)?)),
        Act::Update => {
            update(api, resource, id, incoming.body, &mut sources)?;
            (200, Some(id.to_owned()))
        }
        Act::Delete => {
            delete(api, resource, id, now)?;
            (204, None)
        }
        Act::Action("resend") => {
            resend(api, id, now)?;
            (202, None)
        }
        Act::Action("transfer_ownership") => {
            transfer_ownership(api, id, incoming.body, now)?;
            (202, None)
        }
        _ => return Err(one(Problem::nowhere())),
    };
    tenant.revision += 1;
    let Some(id) = shown else { return Ok(Answer { status, body: None, headers: Vec::new() }) };
    let api = &tenant.commercelayer;
    let document = Writer::new(api, &query, &url).one(api.store.get(resource.key, &id));
    let location = format!("{url}/api/{}/{id}", resource.path());
    let headers = if status == 201 { vec![("location", location)] } else { Vec::new() };
    Ok(Answer { status, body: Some(document), headers })
}

fn read(
    api: &CommerceLayer,
    operation: &Operation,
    resource: &'static Resource,
    id: &str,
    incoming: &Incoming<'_>,
    url: &str,
) -> Result<Answer, Problem> {
    let record = || api.store.get(resource.key, id).ok_or_else(|| Problem::not_found(id));
    let document = match operation.act {
        Act::Related(name) => {
            let relationship = resource.relationship(name).ok_or_else(Problem::nowhere)?;
            let target = relationship.resource().ok_or_else(Problem::nowhere)?;
            let query = Query::read(target, relationship.many, incoming.query)?;
            let found = api.store.related(record()?, relationship);
            let writer = Writer::new(api, &query, url);
            if relationship.many {
                writer.list(&query.select(&api.store, found), &format!("/{}/{id}/{name}", resource.key))
            } else {
                writer.one(found.first().copied())
            }
        }
        Act::List => {
            let query = Query::read(resource, true, incoming.query)?;
            let found = query.select(&api.store, api.store.all(resource.key).collect());
            Writer::new(api, &query, url).list(&found, &format!("/{}", resource.key))
        }
        _ => {
            let query = Query::read(resource, false, incoming.query)?;
            Writer::new(api, &query, url).one(Some(record()?))
        }
    };
    Ok(Answer { status: 200, body: Some(document), headers: Vec::new() })
}

fn create(
    api: &mut CommerceLayer,
    resource: &'static Resource,
    body: &str,
    sources: &mut Sources<'_>,
) -> Result<String, Problems> {
    let mut change = Change::read(api, resource, Verb::Create, body)?;
    let id = api.store.new_id();
    let attributes = resource.attributes.iter().filter(|attribute| !attribute.trigger && !attribute.secret);
    let mut attributes: Row = attributes.map(|attribute| (attribute.name.to_owned(), Value::Null)).collect();
    attributes.insert("metadata".to_owned(), json!({}));
    let mut record = Record { resource, id: id.clone(), attributes, links: Default::default() };
    let secrets = apply(&mut record, &mut change);
    api.may_write(&record).map_err(|problem| vec![problem])?;
    record.set("created_at", date(sources.now));
    record.set("updated_at", date(sources.now));
    rules::check(api, &mut record, &change, Verb::Create, sources)?;
    finish(api, record, None, &change, secrets, sources.now);
    if resource.key == "organizations" {
        seed::add_organization_defaults(&mut api.store, &id, sources.now);
    }
    Ok(id)
}

fn update(
    api: &mut CommerceLayer,
    resource: &'static Resource,
    id: &str,
    body: &str,
    sources: &mut Sources<'_>,
) -> Result<(), Problems> {
    let before = api.store.get(resource.key, id).cloned().ok_or_else(|| vec![Problem::not_found(id)])?;
    let mut change = Change::read(api, resource, Verb::Update(id), body)?;
    api.may_write(&before).map_err(|problem| vec![problem])?;
    let mut record = before.clone();
    let secrets = apply(&mut record, &mut change);
    record.set("updated_at", date(sources.now));
    rules::check(api, &mut record, &change, Verb::Update(id), sources)?;
    if change.triggers.contains(&"_add_missing_base_permissions") {
        add_missing_permissions(api, &record, sources.now);
    }
    finish(api, record, Some(&before), &change, secrets, sources.now);
    Ok(())
}

/// Applies a change to a record, and returns its secrets, which are kept elsewhere.
fn apply(record: &mut Record, change: &mut Change) -> Vec<String> {
    let mut secrets = Vec::new();
    for (name, value) in std::mem::take(&mut change.attributes) {
        if record.resource.attribute(&name).is_some_and(|attribute| attribute.secret) {
            secrets.extend(value.as_str().map(str::to_owned));
        } else {
            record.attributes.insert(name, value);
        }
    }
    for (name, id) in &change.one {
        match id {
            Some(id) => record.set_link(name, id),
            None => drop(record.links.remove(*name)),
        }
    }
    secrets
}

/// Saves a record and applies all consequences.
fn finish(
    api: &mut CommerceLayer,
    record: Record,
    before: Option<&Record>,
    change: &Change,
    secrets: Vec<String>,
    now: Millis,
) {
    api.secrets.extend(secrets.into_iter().map(|secret| (record.key(), secret)));
    for (name, ids) in &change.many {
        let Some(relationship) = record.resource.relationship(name) else { continue };
        let side = record.resource.singular;
        let had: Vec<String> =
            api.store.linked(relationship.target, side, &record.id).map(|other| other.id.clone()).collect();
        for id in had.iter().filter(|id| !ids.contains(id)) {
            if let Some(other) = api.store.get_mut(relationship.target, id) {
                other.links.remove(side);
            }
        }
        for id in ids {
            if let Some(other) = api.store.get_mut(relationship.target, id) {
                other.set_link(side, &record.id);
            }
        }
    }
    let event = if before.is_some() { "update" } else { "create" };
    api.note_version(&record, before, event, now);
    api.store.put(record);
}

fn delete(api: &mut CommerceLayer, resource: &Resource, id: &str, now: Millis) -> Result<(), Problems> {
    let one = |problem| vec![problem];
    let record = api.store.get(resource.key, id).cloned().ok_or_else(|| one(Problem::not_found(id)))?;
    api.may_write(&record).map_err(one)?;
    if api.locked.contains(id) {
        return Err(one(Problem::locked(format!("{} {id} is protected", resource.singular))));
    }
    if record.is("owner") {
        return Err(one(Problem::locked("the owner of an organization stays a member")));
    }
    if matches!(resource.key, "api_credentials" | "membership_profiles") {
        let used = api.store.linked("application_memberships", resource.singular, id).count();
        if used > 0 {
            return Err(one(Problem::locked(format!("{used} application memberships depend on it"))));
        }
    }
    let own: Vec<String> = match resource.key {
        "memberships" => {
            api.store.linked("application_memberships", "membership", id).map(|own| own.id.clone()).collect()
        }
        _ => Vec::new(),
    };
    for id in own {
        api.store.remove("application_memberships", &id);
    }
    api.note_version(&record, Some(&record), "destroy", now);
    api.secrets.remove(&record.key());
    api.tokens.forget_client(record.text("client_id"));
    api.store.remove(resource.key, id);
    Ok(())
}

fn resend(api: &mut CommerceLayer, id: &str, now: Millis) -> Result<(), Problems> {
    let record = api.store.get("memberships", id).cloned().ok_or_else(|| vec![Problem::not_found(id)])?;
    api.may_write(&record).map_err(|problem| vec![problem])?;
    if record.text("status") != "pending" {
        return Err(vec![Problem::invalid("/data", "invalid", "the invitation was accepted")]);
    }
    if let Some(record) = api.store.get_mut("memberships", id) {
        record.set("updated_at", date(now));
    }
    Ok(())
}

fn transfer_ownership(api: &mut CommerceLayer, id: &str, body: &str, now: Millis) -> Result<(), Problems> {
    const POINTER: &str = "/data/attributes/new_owner_email";
    let one = |problem| vec![problem];
    if api.store.get("organizations", id).is_none() {
        return Err(one(Problem::not_found(id)));
    }
    let data = change::data(body).map_err(one)?;
    let email =
        data.get("attributes").and_then(Value::as_object).map_or("", |attributes| text(attributes, "new_owner_email"));
    if email.is_empty() {
        return Err(one(Problem::invalid(POINTER, "blank", "a value is required")));
    }
    if !api.own_membership(id).is_some_and(|member| member.is("owner")) {
        return Err(one(Problem::unauthorized("only the owner of an organization can transfer it")));
    }
    let members = || api.store.linked("memberships", "organization", id);
    let old: Vec<String> = members().filter(|member| member.is("owner")).map(|member| member.id.clone()).collect();
    let new = members().find(|member| member.text("user_email").eq_ignore_ascii_case(email));
    let new = new.filter(|member| member.text("status") == "active").map(|member| member.id.clone());
    let new = new.ok_or_else(|| one(Problem::invalid(POINTER, "invalid", "this is not an active member")))?;
    for (id, owner) in old.iter().map(|id| (id, false)).chain([(&new, true)]) {
        if let Some(member) = api.store.get_mut("memberships", id) {
            member.set("owner", owner);
            member.set("updated_at", date(now));
        }
    }
    Ok(())
}

fn add_missing_permissions(api: &mut CommerceLayer, role: &Record, now: Millis) {
    let own = api.store.linked("permissions", "role", &role.id);
    let known: Vec<String> = own.map(|permission| permission.text("subject").to_owned()).collect();
    for subject in seed::SUBJECTS.into_iter().filter(|subject| !known.iter().any(|known| known == subject)) {
        seed::permission(&mut api.store, role.link("organization"), &role.id, subject, false, now);
    }
}
