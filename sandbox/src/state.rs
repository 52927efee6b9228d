//! The state of the tenant: rows in collections, in their wire form. Rows are never removed, only marked as deleted, so
//! a row's position in its collection is a stable cursor.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::assertion::{base64url, public_key};
use crate::events::SystemLog;
use crate::random::Dice;
use crate::shape::{Row, text};
use crate::status::Status;
use crate::time::{self, Millis};

/// The version of the snapshot format. Snapshots of other versions are refused.
pub const SCHEMA: u64 = 1;

/// Collections that older snapshots of this version lack, and that are then restored empty.
const LATER: [&str; 4] = ["bridges", "bridgeCredentials", "ssoApplications", "ssoClients"];

/// Everything that a snapshot contains. There is no secret in it: of key pairs only the public half is kept.
#[derive(Debug, Clone)]
pub struct State {
    /// The seed of the initial rows.
    pub seed: String,
    /// The pseudo-random sequence that ids are drawn from.
    pub dice: Dice,
    /// `c1.api.app.v1.App`
    pub apps: Vec<Row>,
    /// `c1.api.app.v1.Connector`
    pub connectors: Vec<Row>,
    /// `c1.api.app.v1.ConnectorCredential`
    pub connector_credentials: Vec<Row>,
    /// `c1.api.iam.v1.PersonalClient`
    pub personal_clients: Vec<Row>,
    /// `c1.api.service_principal.v1.ServicePrincipal`
    pub principals: Vec<Row>,
    /// `c1.api.service_principal.v1.ServicePrincipalCredential`
    pub principal_credentials: Vec<Row>,
    /// `c1.api.iam.v1.TunnelBridge`
    pub bridges: Vec<Row>,
    /// `c1.api.iam.v1.TunnelCredential`
    pub bridge_credentials: Vec<Row>,
    /// `c1.api.sso.v1.SSOApplication`
    pub sso_applications: Vec<Row>,
    /// `c1.api.sso.v1.SSOApplicationOIDCClient`
    pub sso_clients: Vec<Row>,
    /// Public keys in base64url, by credential id.
    pub keys: BTreeMap<String, String>,
    /// The hashes of secrets that are not keys: their SHA-512 in base64url, by client id.
    pub hashes: BTreeMap<String, String>,
    /// The system log.
    pub log: SystemLog,
}

/// Returns whether the row is not marked as deleted.
pub fn is_live(row: &Row) -> bool {
    row.get("deletedAt").is_none_or(Value::is_null)
}

/// Marks a row as deleted.
pub fn delete(row: &mut Row, now: Millis) {
    row.insert("deletedAt".to_owned(), Value::from(time::format(now)));
}

/// Records the time of a change.
pub fn touch(row: &mut Row, now: Millis) {
    row.insert("updatedAt".to_owned(), Value::from(time::format(now)));
}

/// Returns the live row with this id.
///
/// # Errors
/// Returns code 5 if there is none.
pub fn find<'a>(rows: &'a [Row], what: &str, id: &str) -> Result<&'a Row, Status> {
    rows.iter().find(|row| is_live(row) && text(row, "id") == id).ok_or_else(|| Status::not_found(what))
}

/// Returns the live row with this id mutably.
///
/// # Errors
/// Returns code 5 if there is none.
pub fn find_mut<'a>(rows: &'a mut [Row], what: &str, id: &str) -> Result<&'a mut Row, Status> {
    rows.iter_mut().find(|row| is_live(row) && text(row, "id") == id).ok_or_else(|| Status::not_found(what))
}

impl State {
    /// Creates an empty state.
    pub fn new(seed: &str) -> Self {
        Self {
            seed: seed.to_owned(),
            dice: Dice::new(crate::random::hash(seed)),
            apps: Vec::new(),
            connectors: Vec::new(),
            connector_credentials: Vec::new(),
            personal_clients: Vec::new(),
            principals: Vec::new(),
            principal_credentials: Vec::new(),
            bridges: Vec::new(),
            bridge_credentials: Vec::new(),
            sso_applications: Vec::new(),
            sso_clients: Vec::new(),
            keys: BTreeMap::new(),
            hashes: BTreeMap::new(),
            log: SystemLog::default(),
        }
    }

    fn collections(&mut self) -> [(&'static str, &mut Vec<Row>); 10] {
        [
            ("apps", &mut self.apps),
            ("connectors", &mut self.connectors),
            ("connectorCredentials", &mut self.connector_credentials),
            ("personalClients", &mut self.personal_clients),
            ("servicePrincipals", &mut self.principals),
            ("servicePrincipalCredentials", &mut self.principal_credentials),
            ("bridges", &mut self.bridges),
            ("bridgeCredentials", &mut self.bridge_credentials),
            ("ssoApplications", &mut self.sso_applications),
            ("ssoClients", &mut self.sso_clients),
        ]
    }

    /// Returns the state as JSON.
    pub fn snapshot(&self) -> Value {
        let mut copy = self.clone();
        let mut snapshot = json!({
            "schema": SCHEMA,
            "seed": self.seed,
            // A string, because it has 64 bits.
            "dice": self.dice.position().to_string(),
            "publicKeys": self.keys,
            "hashes": self.hashes,
            "systemLog": self.log.snapshot(),
        });
        if let Value::Object(members) = &mut snapshot {
            for (name, rows) in copy.collections() {
                members.insert(name.to_owned(), std::mem::take(rows).into_iter().map(Value::Object).collect());
            }
        }
        snapshot
    }

    /// Reads the output of [`State::snapshot`].
    ///
    /// # Errors
    /// Returns code 3 if it is malformed or of another version.
    pub fn restore(snapshot: &Value) -> Result<Self, Status> {
        let wrong = |what: &str| Status::invalid(format!("state: {what}"));
        match snapshot.get("schema").and_then(Value::as_u64) {
            Some(SCHEMA) => {}
            Some(other) => return Err(wrong(&format!("schema {other} is not {SCHEMA}"))),
            None => return Err(wrong("this is not a sandbox state")),
        }
        let seed = snapshot.get("seed").and_then(Value::as_str).ok_or_else(|| wrong("seed is missing"))?;
        let position = snapshot.get("dice").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let mut state = Self::new(seed);
        state.dice = Dice::new(position.ok_or_else(|| wrong("dice is missing"))?);
        for (name, rows) in state.collections() {
            let items = match snapshot.get(name) {
                None if LATER.contains(&name) => continue,
                items => items.and_then(Value::as_array),
            };
            for item in items.ok_or_else(|| wrong(&format!("{name} is missing")))? {
                let mut row = item.as_object().cloned().ok_or_else(|| wrong(&format!("{name} must hold objects")))?;
                // A secret that somebody added to the file is ignored.
                row.remove("clientSecret");
                rows.push(row);
            }
        }
        let keys = snapshot.get("publicKeys").and_then(Value::as_object);
        for (id, key) in keys.ok_or_else(|| wrong("publicKeys is missing"))? {
            let key = key.as_str().filter(|key| public_key(key).is_some());
            state.keys.insert(id.clone(), key.ok_or_else(|| wrong("publicKeys must hold Ed25519 keys"))?.to_owned());
        }
        for (id, hash) in snapshot.get("hashes").and_then(Value::as_object).into_iter().flatten() {
            let hash = hash.as_str().filter(|hash| base64url(hash).is_some_and(|bytes| bytes.len() == 64));
            state.hashes.insert(id.clone(), hash.ok_or_else(|| wrong("hashes must hold hashes"))?.to_owned());
        }
        if let Some(log) = snapshot.get("systemLog") {
            state.log = SystemLog::restore(log).ok_or_else(|| wrong("systemLog must hold events"))?;
        }
        Ok(state)
    }
}
