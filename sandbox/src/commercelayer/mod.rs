//! Commerce Layer's Provisioning API and its token endpoint, on the same origin as C1's API: `/api/<type>...`,
//! `/oauth/...` and `/.well-known/jwks.json`.
//!
//! [`schema`] is the content of the API table; [`store`] keeps the rows that [`seed`] plants; [`query`] and [`filter`]
//! read the parameters of a request, and [`document`] writes its answer; [`change`] reads the changes of a request,
//! [`rules`] checks and completes them, and [`operations`] combines all of these. [`oauth`] issues the tokens that
//! [`jwt`] signs, [`limits`] counts requests, [`settings`] are the switches of a test, and [`problem`] defines the
//! errors.

pub mod change;
pub mod control;
pub mod document;
pub mod filter;
pub mod jwt;
pub mod limits;
pub mod oauth;
pub mod operations;
pub mod problem;
pub mod query;
pub mod routes;
pub mod rules;
pub mod schema;
pub mod seed;
pub mod settings;
pub mod store;

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::random::{Dice, Entropy};
use crate::seed::Name;
use crate::shape::Row;
use crate::status::Status;
use crate::tenant::Tenant;
use crate::time::{self, Millis};
use limits::{LimitState, Limiter};
use problem::{Problem, Problems};
use routes::{Endpoint, Found};
use settings::Settings;
use store::{Record, Store};

/// The media type of all requests and answers of the API.
pub const MEDIA_TYPE: &str = "application/vnd.api+json";
/// The client id of the user's personal credential. It is not listed, because the API does not show it.
pub const CLIENT_ID: &str = "sandbox-provisioning-0000000000000000000001";
/// The id of the personal credential's application.
const APPLICATION_ID: &str = "SbxPrvsnng";
/// The customer of the password grant.
pub const CUSTOMER: &str = "casey.customer@example.com";
const CUSTOMER_ID: &str = "CsyCstmrXX";

/// The Provisioning API of a tenant.
pub struct CommerceLayer {
    /// Its rows, without secrets.
    pub store: Store,
    /// The secrets of its rows, by [`Record::key`].
    pub secrets: HashMap<String, String>,
    /// Its switches.
    pub settings: Settings,
    /// The ids of objects that cannot be deleted.
    pub locked: BTreeSet<String>,
    /// The tokens that it issued.
    pub tokens: oauth::Tokens,
    /// The secret of the personal credential.
    pub client_secret: String,
    /// The password of the customer.
    pub customer_password: String,
    key: jwt::Key,
    limiter: Limiter,
}

/// Omits secrets.
impl std::fmt::Debug for CommerceLayer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CommerceLayer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The parts of a request that this API reads.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The method.
    pub method: &'a str,
    /// The query's parameters, in order.
    pub query: &'a [(String, String)],
    /// `Accept`; empty if absent.
    pub accept: &'a str,
    /// `Content-Type`; empty if absent.
    pub content_type: &'a str,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// The body.
    pub body: &'a str,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The document; a string is an HTML page.
    pub body: Option<Value>,
    /// More header fields.
    pub headers: Vec<(&'static str, String)>,
}

/// Formats a time as Commerce Layer does, always with milliseconds.
pub fn date(now: Millis) -> Value {
    let text = time::format(now);
    Value::from(if text.contains('.') { text } else { text.replace('Z', ".000Z") })
}

impl CommerceLayer {
    /// Creates an empty API.
    pub fn new(entropy: &mut Entropy) -> Self {
        Self {
            store: Store::new(Dice::new(0)),
            secrets: HashMap::new(),
            settings: Settings::default(),
            locked: BTreeSet::new(),
            tokens: oauth::Tokens::default(),
            client_secret: entropy.token(),
            customer_password: entropy.token(),
            key: jwt::Key::draw(entropy),
            limiter: Limiter::default(),
        }
    }

    /// Resets everything to its initial state. The personal credential and its tokens are kept.
    pub fn reset(&mut self, name: Name, settings: Settings, entropy: &mut Entropy, now: Millis) {
        self.settings = settings;
        self.secrets.clear();
        self.locked.clear();
        self.tokens = oauth::Tokens::default();
        self.limiter.clear();
        seed::plant(self, name, entropy, now);
    }

    /// Restores a store. A snapshot contains no secrets: a row that this tenant knows keeps its own, the others get new
    /// ones.
    pub fn restore(&mut self, store: Store, entropy: &mut Entropy) {
        let secretive = schema::resources().iter().filter(|resource| resource.attributes.iter().any(|one| one.secret));
        let keys: Vec<String> = secretive.flat_map(|resource| store.all(resource.key)).map(Record::key).collect();
        self.secrets.retain(|key, _| keys.contains(key));
        for key in keys {
            self.secrets.entry(key).or_insert_with(|| entropy.token());
        }
        self.store = store;
    }

    /// Returns the secret of a row.
    pub fn secret(&self, record: &Record) -> Option<&str> {
        self.secrets.get(&record.key()).map(String::as_str)
    }

    /// Returns the credential with this client id.
    pub fn credential(&self, client_id: &str) -> Option<&Record> {
        self.store.all("api_credentials").find(|record| record.text("client_id") == client_id)
    }

    /// Returns the data that a client needs to start: the address, the personal credential, and the customer's login.
    pub fn ready(&self, url: &str) -> Value {
        json!({
            "serverURL": url,
            "clientId": CLIENT_ID,
            "clientSecret": self.client_secret,
            "customer": { "username": CUSTOMER, "password": self.customer_password },
        })
    }

    /// Returns the user's membership in an organization.
    pub fn own_membership(&self, organization: &str) -> Option<&Record> {
        let email = self.store.get("users", seed::USER).map_or("", |user| user.text("email"));
        self.store.linked("memberships", "organization", organization).find(|member| member.text("user_email") == email)
    }

    /// Checks that the user is an administrator of the record's organization, as every change requires.
    ///
    /// # Errors
    /// Returns 401 for anybody else.
    pub fn may_write(&self, record: &Record) -> Result<(), Problem> {
        let role = |id: &str| self.store.get("roles", id);
        let organization = match record.resource.key {
            "organizations" => record.id.as_str(),
            "permissions" => role(record.link("role")).map_or("", |role| role.link("organization")),
            _ => record.link("organization"),
        };
        // Objects that belong to no organization belong to the user.
        if self.store.get("organizations", organization).is_none() {
            return Ok(());
        }
        let own = self.own_membership(organization).and_then(|member| role(member.link("role")));
        match own.is_some_and(|role| role.text("kind") == "admin") {
            true => Ok(()),
            false => Err(Problem::unauthorized("only an administrator of the organization may do this")),
        }
    }

    fn who(&self) -> Value {
        json!({
            "application": { "id": APPLICATION_ID, "kind": "user", "public": false },
            "user": { "id": seed::USER },
        })
    }

    /// Records a change of a resource that has versions. `before` is its previous state.
    pub fn note_version(&mut self, record: &Record, before: Option<&Record>, event: &str, now: Millis) {
        if record.resource.relationship("versions").is_none() {
            return;
        }
        let changes: Row = record
            .attributes
            .iter()
            .filter_map(|(name, value)| {
                let old = before.and_then(|before| before.attributes.get(name)).unwrap_or(&Value::Null);
                let differs = old != value || event == "destroy";
                let new = if event == "destroy" { &Value::Null } else { value };
                (differs && name != "updated_at").then(|| (name.clone(), json!([old, new])))
            })
            .collect();
        let attributes = json!({
            "resource_type": record.resource.key,
            "resource_id": record.id,
            "event": event,
            "changes": changes,
            "who": self.who(),
            "created_at": date(now),
            "updated_at": date(now),
            "metadata": {},
        });
        let Some(resource) = schema::resource("versions") else { return };
        let id = self.store.new_id();
        let attributes = attributes.as_object().cloned().unwrap_or_default();
        self.store.put(Record { resource, id, attributes, links: Default::default() });
    }

    fn limit(&mut self, found: &Found, method: &str, now: Millis) -> Option<LimitState> {
        let limits = self.settings.limits?;
        let reads = method == "GET";
        let (all, burst) = if reads { (limits.read, limits.read_burst) } else { (limits.write, limits.write_burst) };
        let limits = match found {
            Found::Endpoint(Endpoint::Token) => vec![("token".to_owned(), limits.token)],
            Found::Endpoint(_) => return None,
            _ => {
                let name = found.number().map_or("", routes::name);
                vec![(format!("reads {reads}"), all), (name.to_owned(), burst)]
            }
        };
        self.limiter.take(&limits, now)
    }
}

/// Answers a request.
pub fn answer(tenant: &mut Tenant, found: &Found, incoming: &Incoming<'_>, now: Millis) -> Answer {
    let limit_state = tenant.commercelayer.limit(found, incoming.method, now);
    let mut answer = if limit_state.is_some_and(|limit_state| limit_state.retry_after.is_some()) {
        match found {
            Found::Endpoint(_) => oauth::Refusal::of_http(429).answer(),
            _ => refused(&[Problem { detail: "too many requests".to_owned(), ..Problem::of_http(429) }]),
        }
    } else {
        match found {
            Found::Endpoint(endpoint) => endpoint_answer(tenant, *endpoint, incoming, now),
            Found::Operation(number, id) => {
                operation(tenant, *number, id, incoming, now).unwrap_or_else(|problems| refused(&problems))
            }
            Found::OtherMethod => refused(&[Problem {
                detail: "the path is not used with this method".to_owned(),
                ..Problem::of_http(405)
            }]),
            Found::Nothing => refused(&[Problem::nowhere()]),
        }
    };
    if let Some(LimitState { limit, remaining, retry_after }) = limit_state {
        answer.headers.push(("x-ratelimit-limit", limit.count.to_string()));
        answer.headers.push(("x-ratelimit-interval", limit.seconds.to_string()));
        answer.headers.push(("x-ratelimit-remaining", remaining.to_string()));
        answer.headers.extend(retry_after.map(|seconds| ("retry-after", seconds.to_string())));
    }
    answer
}

fn refused(problems: &[Problem]) -> Answer {
    let status = problems.first().map_or(500, |problem| problem.status);
    Answer { status, body: Some(problem::document(problems)), headers: Vec::new() }
}

fn operation(
    tenant: &mut Tenant,
    number: u16,
    id: &str,
    incoming: &Incoming<'_>,
    now: Millis,
) -> Result<Answer, Problems> {
    let one = |problem| vec![problem];
    let operation = schema::operations().get(usize::from(number)).ok_or_else(|| one(Problem::nowhere()))?;
    oauth::caller(&mut tenant.commercelayer, incoming.authorization, now).map_err(one)?;
    let is_ours = |part: &str| part.trim().eq_ignore_ascii_case(MEDIA_TYPE);
    if !matches!(incoming.method, "GET" | "DELETE") && !is_ours(incoming.content_type) {
        let detail = format!("the body must be {MEDIA_TYPE}, without parameters");
        return Err(one(Problem { detail, ..Problem::of_http(415) }));
    }
    let accepts = |part: &str| {
        is_ours(part) || matches!(part.split(';').next().unwrap_or_default().trim(), "*/*" | "application/*")
    };
    if !incoming.accept.is_empty() && !incoming.accept.split(',').any(accepts) {
        let detail = format!("the answer would be {MEDIA_TYPE}");
        return Err(one(Problem { detail, ..Problem::of_http(406) }));
    }
    operations::perform(tenant, operation, id, incoming, now)
}

fn endpoint_answer(tenant: &mut Tenant, endpoint: Endpoint, incoming: &Incoming<'_>, now: Millis) -> Answer {
    let content_type = incoming.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let parameters = oauth::parameters(&content_type, incoming.body);
    let result = match endpoint {
        Endpoint::Keys => Ok(tenant.commercelayer.key.set()),
        Endpoint::AuthorizePage => Ok(Value::from(oauth::page(incoming.query))),
        Endpoint::Token => parameters.and_then(|parameters| oauth::token(tenant, &parameters, now)),
        Endpoint::Revoke => parameters.and_then(|parameters| oauth::revoke(tenant, &parameters, now)),
        Endpoint::Authorize => {
            let allowed = parameters.and_then(|parameters| oauth::authorize(tenant, &parameters, now));
            return allowed.map_or_else(
                |refusal| refusal.answer(),
                |location| Answer { status: 302, body: None, headers: vec![("location", location)] },
            );
        }
    };
    result.map_or_else(|refusal| refusal.answer(), |body| Answer { status: 200, body: Some(body), headers: Vec::new() })
}

/// Reads the snapshot of this API's rows.
///
/// # Errors
/// Returns code 3 if it is malformed.
pub fn restored(snapshot: &Value) -> Result<Option<Store>, Status> {
    snapshot.get("commercelayer").map(Store::restore).transpose()
}
