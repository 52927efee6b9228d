//! The server's own checks and defaults, beyond the table: one function for each resource.

use serde_json::{Value, json};

use super::CommerceLayer;
use super::change::{Change, Verb};
use super::problem::{Problem, Problems};
use super::seed;
use super::store::Record;
use crate::random::Entropy;
use crate::time::Millis;

/// The kinds of credential that people create; the others belong to Commerce Layer's own applications.
const KINDS: [&str; 3] = ["webapp", "sales_channel", "integration"];
const MODES: [&str; 2] = ["test", "live"];
const SCOPES_OF_ACCESS: [&str; 3] = ["live_access", "test_access", "all_access"];

/// The sources of values that the server determines.
pub struct Sources<'a> {
    /// The source of secrets.
    pub entropy: &'a mut Entropy,
    /// The time.
    pub now: Millis,
}

impl std::fmt::Debug for Sources<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sources")
    }
}

/// Checks a record before it is saved, and sets the values that the server determines. `change` is the content of the
/// request.
///
/// # Errors
/// Returns everything that is wrong (422).
pub fn check(
    api: &mut CommerceLayer,
    record: &mut Record,
    change: &Change,
    verb: Verb<'_>,
    sources: &mut Sources<'_>,
) -> Result<(), Problems> {
    let mut problems = Problems::new();
    same_organization(api, record, &mut problems);
    match record.resource.key {
        "api_credentials" => api_credential(api, record, change, verb, sources, &mut problems),
        "application_memberships" => {}
        "identity_providers" => identity_provider(record, change, verb, sources),
        "memberships" => membership(api, record, verb, &mut problems),
        "membership_profiles" => access_scope(record, &mut problems),
        "organizations" => organization(api, record, verb, &mut problems),
        "permissions" => permission(api, record, verb, &mut problems),
        "roles" => role(record, verb),
        "users" => email(record, "email", &mut problems),
        _ => {}
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn attribute(name: &str, error: &'static str, why: &str) -> Problem {
    Problem::invalid(&format!("/data/attributes/{name}"), error, why)
}

fn relationship(name: &str, error: &'static str, why: &str) -> Problem {
    Problem::invalid(&format!("/data/relationships/{name}"), error, why)
}

/// Checks that an object's targets belong to its organization.
fn same_organization(api: &CommerceLayer, record: &Record, problems: &mut Problems) {
    let own = record.link("organization");
    for (name, id) in record.links.iter().filter(|(name, _)| *name != "organization") {
        let Some(target) = record.resource.relationship(name).and_then(|known| api.store.get(known.target, id)) else {
            continue;
        };
        let theirs = target.link("organization");
        if !own.is_empty() && !theirs.is_empty() && own != theirs {
            problems.push(relationship(name, "invalid", "it belongs to another organization"));
        }
    }
}

fn one_of(record: &Record, name: &str, known: &[&str], problems: &mut Problems) {
    let value = record.text(name);
    if !value.is_empty() && !known.contains(&value) {
        problems.push(attribute(name, "inclusion", &format!("one of {} is expected", known.join(", "))));
    }
}

fn email(record: &Record, name: &str, problems: &mut Problems) {
    let good = record.text(name).split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if !good {
        problems.push(attribute(name, "invalid", "this is not an e-mail address"));
    }
}

/// Returns whether an attribute is missing or null.
fn unset(record: &Record, name: &str) -> bool {
    record.attributes.get(name).is_none_or(Value::is_null)
}

fn api_credential(
    api: &mut CommerceLayer,
    record: &mut Record,
    change: &Change,
    verb: Verb<'_>,
    sources: &mut Sources<'_>,
    problems: &mut Problems,
) {
    let kind = record.text("kind").to_owned();
    let is_name = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !is_name {
        problems.push(attribute("kind", "inclusion", "this is not a kind of application"));
    }
    one_of(record, "mode", &MODES, problems);
    if kind == "integration" && record.link("role").is_empty() {
        problems.push(relationship("role", "blank", "an integration requires a role"));
    }
    if matches!(kind.as_str(), "sales_channel" | "webapp") && change.one.get("role").is_some_and(Option::is_some) {
        problems.push(relationship("role", "present", &format!("a {kind} has no role")));
    }
    // A fork of one of Commerce Layer's applications must be declared as such.
    if is_name && !KINDS.contains(&kind.as_str()) && !record.is("custom") {
        problems.push(attribute("custom", "accepted", "an application of this kind must be custom"));
    }
    if !problems.is_empty() {
        return;
    }
    if unset(record, "expires_in") {
        record.set("expires_in", usual_lifetime(&kind));
    }
    if verb == Verb::Create {
        for (name, usual) in [("mode", json!("test")), ("custom", json!(false))] {
            if unset(record, name) {
                record.set(name, usual);
            }
        }
        record.set("confidential", kind != "sales_channel");
        record.set("scopes", "market:all");
        record.set("client_id", client_id(api));
        api.secrets.insert(record.key(), sources.entropy.token());
    }
}

/// Returns the default lifetime of a credential's tokens, in seconds.
pub fn usual_lifetime(kind: &str) -> i64 {
    if kind == "sales_channel" { 14_400 } else { 7_200 }
}

/// Returns a new client id in Commerce Layer's format: 43 characters.
pub fn client_id(api: &mut CommerceLayer) -> String {
    const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let dice = &mut api.store.dice;
    (0..43).map(|_| CHARACTERS.get(dice.below(CHARACTERS.len())).copied().map_or('A', char::from)).collect()
}

fn identity_provider(record: &mut Record, change: &Change, verb: Verb<'_>, sources: &mut Sources<'_>) {
    if verb == Verb::Create {
        record.set("status", "pending");
        let mark: String = sources.entropy.token().chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        record.set("txt_record", format!("cl-verification={mark}"));
        record.set("disabled_at", Value::Null);
        record.set_link("user", seed::USER);
    }
    for trigger in &change.triggers {
        match *trigger {
            "_disable" => record.set("disabled_at", super::date(sources.now)),
            "_enable" => record.set("disabled_at", Value::Null),
            _ => {}
        }
    }
}

/// Sets the scope of access, and what follows from it.
fn access_scope(record: &mut Record, problems: &mut Problems) {
    if unset(record, "access_scope") {
        record.set("access_scope", "live_access");
    }
    one_of(record, "access_scope", &SCOPES_OF_ACCESS, problems);
    record.set("test_enabled", record.text("access_scope") != "live_access");
}

fn membership(api: &CommerceLayer, record: &mut Record, verb: Verb<'_>, problems: &mut Problems) {
    access_scope(record, problems);
    if verb != Verb::Create {
        return;
    }
    email(record, "user_email", problems);
    let email = record.text("user_email");
    let mut others = api.store.linked("memberships", "organization", record.link("organization"));
    let taken = others.any(|other| other.text("user_email").eq_ignore_ascii_case(email));
    drop(others);
    if taken {
        problems.push(attribute("user_email", "taken", "this person is already a member"));
    }
    for (name, value) in [("status", json!("pending")), ("owner", json!(false))] {
        record.set(name, value);
    }
    for name in ["user_first_name", "user_last_name"] {
        record.set(name, Value::Null);
    }
}

fn organization(api: &CommerceLayer, record: &mut Record, verb: Verb<'_>, problems: &mut Problems) {
    if verb != Verb::Create {
        return;
    }
    let slug = slug(record.text("name"));
    if slug.is_empty() || api.store.all("organizations").any(|other| other.text("slug") == slug) {
        problems.push(attribute("name", "taken", "another organization has this name"));
        return;
    }
    seed::fill_organization(record, &slug);
}

/// Converts a name to a part of a URL.
fn slug(name: &str) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

fn permission(api: &CommerceLayer, record: &mut Record, verb: Verb<'_>, problems: &mut Problems) {
    let Some(role) = api.store.get("roles", record.link("role")) else { return };
    if role.text("kind") != "custom" {
        problems.push(relationship("role", "invalid", "only the permissions of a custom role can be set"));
    }
    if verb == Verb::Create {
        let mut others = api.store.linked("permissions", "role", &role.id);
        if others.any(|other| other.text("subject") == record.text("subject")) {
            problems.push(attribute("subject", "taken", "the role has a permission for this subject"));
        }
        record.set_link("organization", role.link("organization"));
        record.set("restrictions", json!({}));
    }
}

fn role(record: &mut Record, verb: Verb<'_>) {
    if verb == Verb::Create {
        record.set("kind", "custom");
    }
}
