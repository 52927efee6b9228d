//! One tenant: its rows, its clock, its tokens and its settings.

use std::collections::HashMap;

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use crate::clients::{self, Kind, NewKey};
use crate::commercelayer::settings::Settings;
use crate::commercelayer::{self, CommerceLayer};
use crate::device::Device;
use crate::dpop::{self, Mode};
use crate::events::{self, Actor, Detail};
use crate::fault::Faults;
use crate::federation;
use crate::log::Log;
use crate::random::Entropy;
use crate::seed;
use crate::shape::{Row, text};
use crate::state::{self, State};
use crate::status::{Code, Status};
use crate::time::{self, Clock, Millis, SECOND};

/// The default lifetime of a token, in seconds.
const TOKEN_TTL: i64 = 3_600;

/// The options with which a sandbox is created.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The address that it answers at, such as `https://tenant.sandbox.invalid` or `http://127.0.0.1:8080`, without a
    /// path.
    pub url: String,
    /// The initial rows.
    pub seed: seed::Name,
    /// The lifetime of a token in seconds; 0 for the default of an hour.
    pub token_ttl: i64,
    /// The initial time of its clock; `None` for the caller's time.
    pub clock: Option<Millis>,
    /// The other origins whose pages may call it.
    pub cors: Option<Cors>,
    /// The answers to questions that C1's documents leave open.
    pub switches: Switches,
    /// The switches of the Provisioning API.
    pub commercelayer: Settings,
}

/// The origins whose pages may call a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// All of them.
    Any,
    /// This one, in the form in which browsers send it.
    Origin(String),
}

impl Cors {
    /// Parses `*` or an origin: a scheme and a host, optionally with a port. A browser writes both in lower case and
    /// omits the scheme's default port, so an origin in another form would never match.
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (scheme, host) = text.split_once("://")?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._:[]".contains(&byte);
        if scheme.is_empty() || host.is_empty() || !scheme.bytes().chain(host.bytes()).all(is_name) {
            return None;
        }
        let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
        let usual = match scheme.as_str() {
            "http" => ":80",
            "https" => ":443",
            _ => "",
        };
        Some(Self::Origin(format!("{scheme}://{}", host.strip_suffix(usual).unwrap_or(&host))))
    }
}

/// The effect of rotating a connector's credential on its older ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AfterRotate {
    /// They continue to work until they are revoked.
    #[default]
    Keep,
    /// They are revoked.
    Revoke,
    /// They still exist, but have expired.
    Expire,
}

/// Behaviour that C1 does not document, or documents ambiguously.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Switches {
    /// The effect of rotating a connector's credential on its older ones.
    pub after_rotate: AfterRotate,
    /// Whether a bridge's older credentials continue to work when it gets another one, as C1's manual says. Otherwise
    /// they are revoked, as its API description says.
    pub bridge_keeps: bool,
    /// Whether a revoked credential is still shown, with `deletedAt`, and can be revoked again. Otherwise it no longer
    /// exists (404).
    pub shows_revoked: bool,
    /// The treatment of DPoP proofs.
    pub dpop: Mode,
    /// Whether a proof names the request's URL with its query, as C1's own middleware compares it. Otherwise the query
    /// is left out, as in RFC 9449.
    pub proves_query: bool,
    /// Whether an assertion without a nonce or `jti` is identified by its signature, so that two from the same second
    /// count as one. Otherwise its reuse is not detected.
    pub remembers_signatures: bool,
    /// The amount of detail in the system log.
    pub log_detail: Detail,
    /// The delay after which an event appears in it.
    pub log_delay: Millis,
}

const SYSTEM_LOG_DELAY: &str = "systemLogDelayMs";

/// A switch with several values: its name, and the values with their names.
struct Choice<T: 'static>(&'static str, &'static [(T, &'static str)]);

const OLD_AFTER_ROTATE: Choice<AfterRotate> = Choice(
    "oldAfterRotate",
    &[(AfterRotate::Keep, "keep"), (AfterRotate::Revoke, "revoke"), (AfterRotate::Expire, "expire")],
);
const BRIDGE_AFTER_ROTATE: Choice<bool> = Choice("bridgeAfterRotate", &[(false, "revoke"), (true, "keep")]);
const REVOKED: Choice<bool> = Choice("revoked", &[(false, "gone"), (true, "shown")]);
const DPOP: Choice<Mode> = Choice("dpop", Mode::NAMES);
const DPOP_URL: Choice<bool> = Choice("dpopUrl", &[(false, "without-query"), (true, "with-query")]);
const REPLAY: Choice<bool> = Choice("replay", &[(false, "by-nonce"), (true, "by-signature")]);
const SYSTEM_LOG: Choice<Detail> = Choice("systemLog", Detail::NAMES);

impl<T: Copy + PartialEq> Choice<T> {
    /// Returns the value that `options` names; `unset` if there is none.
    fn read(&self, options: &Value, unset: T) -> Result<T, Status> {
        let Some(value) = options.get(self.0).filter(|value| !value.is_null()) else { return Ok(unset) };
        let found = self.1.iter().find(|(_, name)| value == name).map(|(found, _)| *found);
        found.ok_or_else(|| {
            let names: Vec<String> = self.1.iter().map(|(_, name)| format!("{name:?}")).collect();
            Status::invalid(format!("{}: one of {}", self.0, names.join(", ")))
        })
    }

    fn show(&self, set: T) -> (String, Value) {
        let name = self.1.iter().find(|(value, _)| *value == set).map_or("", |(_, name)| name);
        (self.0.to_owned(), Value::from(name))
    }
}

impl Switches {
    /// Returns the switches as JSON, in the format that [`Switches::read`] reads.
    pub fn show(self) -> Value {
        Value::Object(Row::from_iter([
            OLD_AFTER_ROTATE.show(self.after_rotate),
            BRIDGE_AFTER_ROTATE.show(self.bridge_keeps),
            REVOKED.show(self.shows_revoked),
            DPOP.show(self.dpop),
            DPOP_URL.show(self.proves_query),
            REPLAY.show(self.remembers_signatures),
            SYSTEM_LOG.show(self.log_detail),
            (SYSTEM_LOG_DELAY.to_owned(), Value::from(self.log_delay)),
        ]))
    }

    /// Returns the switches with those that `options` names replaced: `{oldAfterRotate: "keep" | "revoke" | "expire",
    /// bridgeAfterRotate: "revoke" | "keep", revoked: "gone" | "shown", dpop: "accept" | "ignore" | "require" |
    /// "nonce", dpopUrl: "without-query" | "with-query", replay: "by-nonce" | "by-signature", systemLog: "full" |
    /// "sparse" | "off", systemLogDelayMs}`.
    ///
    /// # Errors
    /// Returns code 3 for any other value.
    pub fn read(self, options: &Value) -> Result<Self, Status> {
        let log_delay = match options.get(SYSTEM_LOG_DELAY).filter(|delay| !delay.is_null()) {
            None => self.log_delay,
            Some(delay) => delay
                .as_i64()
                .filter(|delay| *delay >= 0)
                .ok_or_else(|| Status::invalid(format!("{SYSTEM_LOG_DELAY}: a whole number of milliseconds")))?,
        };
        Ok(Self {
            after_rotate: OLD_AFTER_ROTATE.read(options, self.after_rotate)?,
            bridge_keeps: BRIDGE_AFTER_ROTATE.read(options, self.bridge_keeps)?,
            shows_revoked: REVOKED.read(options, self.shows_revoked)?,
            dpop: DPOP.read(options, self.dpop)?,
            proves_query: DPOP_URL.read(options, self.proves_query)?,
            remembers_signatures: REPLAY.read(options, self.remembers_signatures)?,
            log_detail: SYSTEM_LOG.read(options, self.log_detail)?,
            log_delay,
        })
    }
}

impl Options {
    /// Parses `{url, seed?, tokenTtl?, clock?, cors?, commercelayer?}` and the options of [`Switches::read`]. `clock`
    /// is in milliseconds or an RFC 3339 date, `tokenTtl` is in seconds, and `commercelayer` has the format of
    /// [`Settings::read`].
    ///
    /// # Errors
    /// Returns code 3, naming the option that is wrong.
    pub fn read(text: &str) -> Result<Self, Status> {
        let options: Value = serde_json::from_str(text).map_err(|_| Status::invalid("the options are not JSON"))?;
        let option = |name: &str| options.get(name).filter(|value| !value.is_null());
        let wrong = |name: &str, expected: &str| Status::invalid(format!("{name}: expected {expected}"));
        let url = option("url").and_then(Value::as_str).unwrap_or_default();
        let host = url.strip_prefix("https://").or(url.strip_prefix("http://")).unwrap_or_default();
        if host.is_empty() || host.contains(['/', '@', '?', '#']) {
            return Err(wrong("url", "a scheme and a host"));
        }
        let seed = match option("seed") {
            None => seed::Name::default(),
            Some(name) => name
                .as_str()
                .and_then(seed::Name::parse)
                .ok_or_else(|| wrong("seed", "\"demo\", \"empty\" or \"large\""))?,
        };
        let token_ttl = match option("tokenTtl") {
            None => 0,
            Some(seconds) => seconds
                .as_i64()
                .filter(|seconds| *seconds > 0)
                .ok_or_else(|| wrong("tokenTtl", "a positive whole number of seconds"))?,
        };
        let clock = match option("clock") {
            None => None,
            Some(shown) => Some(
                shown
                    .as_i64()
                    .or_else(|| time::parse(shown.as_str()?))
                    .ok_or_else(|| wrong("clock", "milliseconds or an RFC 3339 date"))?,
            ),
        };
        let cors = match option("cors") {
            None => None,
            Some(origin) => Some(
                origin
                    .as_str()
                    .and_then(Cors::parse)
                    .ok_or_else(|| wrong("cors", "an origin such as http://localhost:5173, or \"*\""))?,
            ),
        };
        let switches = Switches::default().read(&options)?;
        let commercelayer = match option("commercelayer") {
            None => Settings::default(),
            Some(settings) => Settings::default().read(settings)?,
        };
        Ok(Self { url: url.to_owned(), seed, token_ttl, clock, cors, switches, commercelayer })
    }
}

/// The tenant.
pub struct Tenant {
    /// The options with which it was created.
    pub options: Options,
    /// Its clock.
    pub clock: Clock,
    /// The lifetime of a token, in seconds.
    pub token_ttl: i64,
    /// Its rows.
    pub state: State,
    /// The active fault rules.
    pub faults: Faults,
    /// The log of requests.
    pub log: Log,
    /// The source of keys and tokens.
    pub entropy: Entropy,
    /// A counter of the changes to `state`.
    pub revision: u64,
    /// Logins that wait for a person.
    pub devices: Vec<Device>,
    /// Its Provisioning API.
    pub commercelayer: CommerceLayer,
    ready: NewKey,
    /// The key that signs identity tokens.
    issuer: SigningKey,
    /// Access tokens in force.
    tokens: HashMap<String, Grant>,
    /// Used assertions and proofs, with the time until which they must be remembered.
    used: HashMap<String, Millis>,
}

/// Omits tokens and secrets.
impl std::fmt::Debug for Tenant {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Tenant");
        shown.field("options", &self.options).field("revision", &self.revision).finish_non_exhaustive()
    }
}

/// The grant that a token stands for.
#[derive(Debug, Clone)]
struct Grant {
    holder: Holder,
    /// The thumbprint of the key that it is bound to.
    key: Option<String>,
    expires: Millis,
}

/// The holder of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A credential, by its id.
    Client(String, Kind),
    /// The person who confirmed a login. The sandbox has only one, its administrator.
    Person,
    /// A workload with an identity token. The trust acts as the administrator too.
    Workload,
}

/// The caller of an operation.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The credential's client id.
    pub client_id: String,
    /// The id of the user that it acts for.
    pub user_id: String,
    /// The roles that it is restricted to; empty for no restriction.
    pub roles: Vec<String>,
}

impl Caller {
    /// Returns whether it is restricted to read-only roles.
    pub fn only_reads(&self) -> bool {
        !self.roles.is_empty() && self.roles.iter().all(|role| role.contains("read-only"))
    }
}

impl Tenant {
    /// Creates a tenant with the rows of its seed. `entropy` is 32 bytes from the host's secure source.
    pub fn new(options: Options, entropy: [u8; 32], real: Millis) -> Self {
        let mut entropy = Entropy::new(entropy);
        let ready = NewKey::draw(&mut entropy);
        let issuer = SigningKey::from_bytes(&entropy.bytes());
        let commercelayer = CommerceLayer::new(&mut entropy);
        let mut tenant = Self {
            clock: Clock::default(),
            token_ttl: TOKEN_TTL,
            state: State::new(""),
            faults: Faults::default(),
            log: Log::default(),
            entropy,
            revision: 0,
            devices: Vec::new(),
            commercelayer,
            ready,
            issuer,
            tokens: HashMap::new(),
            used: HashMap::new(),
            options,
        };
        tenant.reset(tenant.options.seed, real);
        tenant
    }

    /// Resets everything to its initial state, with the rows of `seed`. The ready-made credential and its tokens are
    /// kept.
    pub fn reset(&mut self, seed: seed::Name, real: Millis) {
        self.clock = Clock::default();
        if let Some(shown) = self.options.clock {
            self.clock.set(real, shown);
        }
        self.token_ttl = if self.options.token_ttl > 0 { self.options.token_ttl } else { TOKEN_TTL };
        self.faults.clear();
        self.log.clear();
        self.devices.clear();
        let ready = Holder::Client(seed::READY_CREDENTIAL.to_owned(), Kind::Principal);
        self.tokens.retain(|_, grant| grant.holder == ready);
        self.state = seed::plant(seed, self.clock.at(real));
        self.state.keys.insert(seed::READY_CREDENTIAL.to_owned(), self.ready.public.clone());
        let now = self.clock.at(real);
        self.commercelayer.reset(seed, self.options.commercelayer, &mut self.entropy, now);
        self.revision += 1;
    }

    /// Returns all rows as JSON, without secrets.
    pub fn snapshot(&self) -> Value {
        let mut snapshot = self.state.snapshot();
        if let Value::Object(members) = &mut snapshot {
            members.insert("commercelayer".to_owned(), self.commercelayer.store.snapshot());
        }
        snapshot
    }

    /// Restores a snapshot. Its ready-made credential gets the key of this tenant, because the old secret was not kept.
    ///
    /// # Errors
    /// Returns code 3 if it is not a snapshot of this version, and then changes nothing.
    pub fn restore(&mut self, snapshot: &Value) -> Result<(), Status> {
        let mut state = State::restore(snapshot)?;
        if clients::find(&state, seed::READY_CREDENTIAL, Kind::Principal).is_none() {
            return Err(Status::invalid("state: the ready-made credential is missing"));
        }
        state.keys.insert(seed::READY_CREDENTIAL.to_owned(), self.ready.public.clone());
        // Older snapshots lack it, and then the rows are left unchanged.
        if let Some(store) = commercelayer::restored(snapshot)? {
            self.commercelayer.restore(store, &mut self.entropy);
        }
        self.state = state;
        self.revision += 1;
        Ok(())
    }

    /// Returns the host in client ids, including its port.
    pub fn host(&self) -> &str {
        self.options.url.split_once("://").map_or(self.options.url.as_str(), |(_, host)| host)
    }

    /// Returns the data that a client needs to start: an address, a credential, and a connector to try.
    pub fn ready(&self) -> Value {
        let connector = seed::ready_connector(&self.state);
        json!({
            "url": self.options.url,
            "clientId": clients::client_id(seed::READY_CREDENTIAL, self.host(), Kind::Principal),
            "clientSecret": self.ready.secret,
            "trustId": federation::client_id(self),
            "appId": connector.map_or("", |row| text(row, "appId")),
            "connectorId": connector.map_or("", |row| text(row, "id")),
            "commercelayer": self.commercelayer.ready(&self.options.url),
        })
    }

    /// Returns a new credential's id, its client id, and its key. The tenant remembers the public half.
    pub fn new_client(&mut self, kind: Kind) -> (String, String, String) {
        let id = loop {
            let id = self.state.dice.cute_name();
            if !clients::is_taken(&self.state, &id) {
                break id;
            }
        };
        let key = NewKey::draw(&mut self.entropy);
        self.state.keys.insert(id.clone(), key.public);
        let client_id = clients::client_id(&id, self.host(), kind);
        (id, client_id, key.secret)
    }

    /// Returns a row with its client id at this address.
    pub fn with_client_id(&self, row: &Row, kind: Kind) -> Row {
        let mut row = row.clone();
        let client_id = clients::client_id(text(&row, "id"), self.host(), kind);
        row.insert("clientId".to_owned(), Value::from(client_id));
        row
    }

    /// Issues a token, bound to a key if there is one.
    pub fn issue(&mut self, holder: Holder, key: Option<String>, now: Millis) -> String {
        self.tokens.retain(|_, grant| grant.expires > now);
        let token = self.entropy.token();
        let expires = now.saturating_add(self.token_ttl.saturating_mul(SECOND));
        if let Holder::Client(client, kind) = &holder {
            self.note_use(client, *kind, now);
        }
        self.tokens.insert(token.clone(), Grant { holder, key, expires });
        token
    }

    /// Returns the key that signs identity tokens.
    pub fn issuer_key(&self) -> &SigningKey {
        &self.issuer
    }

    /// Records the use of an assertion or a proof. Returns `false` if it was used before.
    pub fn first_use(&mut self, identity: String, expires: Millis, now: Millis) -> bool {
        self.used.retain(|_, until| *until > now);
        self.used.insert(identity, expires).is_none()
    }

    /// Returns the caller that a token belongs to. As in C1, a token outlives the credential that it was issued for. A
    /// token that is bound to a key requires a proof.
    ///
    /// # Errors
    /// Returns code 16.
    pub fn caller(
        &mut self,
        authorization: Option<&str>,
        request: &dpop::Request,
        now: Millis,
    ) -> Result<Caller, Status> {
        let refuse = |why: &str| Status::new(Code::Unauthenticated, why);
        let header = authorization.ok_or_else(|| refuse("missing access token"))?;
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        let (token, proven) = (token.trim(), scheme.eq_ignore_ascii_case("dpop"));
        if !proven && !scheme.eq_ignore_ascii_case("bearer") {
            return Err(refuse("the authorization scheme must be Bearer or DPoP"));
        }
        let grant = self.tokens.get(token).cloned().ok_or_else(|| refuse("invalid access token"))?;
        if grant.expires <= now {
            return Err(refuse("access token is expired"));
        }
        match &grant.key {
            None if proven => return Err(refuse("the token is not bound to a key")),
            Some(_) if !proven => return Err(refuse("the token is bound to a key and requires a proof")),
            None => {}
            Some(key) => {
                let wants_nonce = self.options.switches.dpop == Mode::Nonce;
                let proof = dpop::check(request, Some(token), wants_nonce, now).map_err(Status::unproven)?;
                if proof.key != *key {
                    return Err(Status::unproven("the proof was made with another key than the token's"));
                }
                if !self.first_use(format!("proof {} {}", proof.key, proof.jti), now + dpop::MEMORY, now) {
                    return Err(Status::unproven("the proof was used before"));
                }
            }
        }
        let Holder::Client(client, kind) = &grant.holder else {
            let (client_id, user_id) = self.identity(&grant.holder);
            return Ok(Caller { client_id, user_id, roles: Vec::new() });
        };
        let row = clients::find(&self.state, client, *kind).ok_or_else(|| refuse("invalid access token"))?;
        let roles = clients::scoped_roles(row, *kind);
        let (client_id, user_id) = self.identity(&grant.holder);
        self.note_use(client, *kind, now);
        Ok(Caller { client_id, user_id, roles })
    }

    /// Returns the client id that a token is issued to, and the id of the user that it acts for.
    fn identity(&self, holder: &Holder) -> (String, String) {
        match holder {
            Holder::Client(id, kind) => {
                let user_id = clients::find(&self.state, id, *kind).map_or("", |row| clients::user_id(row, *kind));
                (clients::client_id(id, self.host(), *kind), user_id.to_owned())
            }
            Holder::Person | Holder::Workload => (federation::client_id(self), seed::READY_PRINCIPAL.to_owned()),
        }
    }

    /// Records in the system log that a token was issued to a program with the `User-Agent` `agent`.
    pub fn note_login(&mut self, holder: &Holder, agent: &str, now: Millis) {
        if self.options.switches.log_detail != Detail::Off {
            let (client_id, user_id) = self.identity(holder);
            let actor = Actor { client_id: &client_id, user_id: &user_id, agent };
            self.state.log.add(events::authentication(&actor), now);
        }
    }

    fn note_use(&mut self, client: &str, kind: Kind, now: Millis) {
        if let Some(row) = clients::find_mut(&mut self.state, client, kind).filter(|row| state::is_live(row)) {
            row.insert("lastUsedAt".to_owned(), Value::from(time::format(now)));
        }
    }
}
