//! The initial rows of a sandbox. The same seed at the same time produces the same rows, including ids. Nobody knows
//! the secrets of seeded credentials; only the ready-made credential can log in.

use serde_json::{Value, json};

use crate::c1::new_principal;
use crate::shape::Row;
use crate::state::{State, is_live};
use crate::time::{self, DAY, Millis};

/// The credential whose secret the sandbox provides. Every seed contains it.
pub const READY_CREDENTIAL: &str = "steady-heron-10001";
/// The service principal that the ready-made credential belongs to.
pub const READY_PRINCIPAL: &str = "2SandboxAdministrator000001";
/// The tenant's id.
pub const TENANT_ID: &str = "2SandboxTenant0000000000001";

/// The name of a seed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Name {
    /// Six apps, with connectors and credentials in every state that a console must show.
    #[default]
    Demo,
    /// Only the ready-made credential.
    Empty,
    /// 500 connectors in 40 apps, each with a credential.
    Large,
}

impl Name {
    /// Parses `demo`, `empty` or `large`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "demo" => Some(Self::Demo),
            "empty" => Some(Self::Empty),
            "large" => Some(Self::Large),
            _ => None,
        }
    }

    /// Returns the name as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Empty => "empty",
            Self::Large => "large",
        }
    }
}

/// Returns the rows of a seed, planted at a time.
pub fn plant(name: Name, now: Millis) -> State {
    let mut planter = Planter { state: State::new(name.as_str()), now };
    planter.principal(READY_PRINCIPAL, "Sandbox administrator", "ENABLED");
    planter.principal_credential(READY_PRINCIPAL, READY_CREDENTIAL, "Ready-made credential", None, None);
    match name {
        Name::Empty => {}
        Name::Demo => planter.demo(),
        Name::Large => planter.large(),
    }
    planter.state
}

/// Returns the connector to try first.
pub fn ready_connector(state: &State) -> Option<&Row> {
    state.connectors.iter().find(|row| is_live(row))
}

struct Planter {
    state: State,
    now: Millis,
}

/// The state of a connector's synchronization.
#[derive(Clone, Copy)]
enum Sync {
    Never,
    Running,
    Done,
    Failed(&'static str),
    Paused,
}

/// Days from now; negative in the past.
type Days = Option<i64>;

impl Planter {
    fn date(&self, days: Days) -> Value {
        days.map_or(Value::Null, |days| Value::from(time::format(self.now.saturating_add(days.saturating_mul(DAY)))))
    }

    fn app(&mut self, name: &str, description: &str, directory: bool) -> String {
        let id = self.state.dice.id();
        let app = json!({
            "id": id,
            "displayName": name,
            "description": description,
            "isDirectory": directory,
            "userCount": (self.state.dice.below(900) + 10).to_string(),
            "identityMatching": "APP_USER_IDENTITY_MATCHING_STRICT",
            "accessModel": "APP_ACCESS_MODEL_CLASSIC",
            "createdAt": self.date(Some(-400)),
            "updatedAt": self.date(Some(-12)),
        });
        self.state.apps.extend(app.as_object().cloned());
        id
    }

    fn connector(&mut self, app: &str, name: &str, catalog: &str, sync: Sync) -> String {
        let id = self.state.dice.id();
        let (today, yesterday, long_ago) = (self.date(Some(0)), self.date(Some(-1)), self.date(Some(-200)));
        let status = match sync {
            Sync::Never => json!({ "status": "SYNC_STATUS_UNSPECIFIED" }),
            Sync::Running => json!({ "status": "SYNC_STATUS_RUNNING", "startedAt": today, "updatedAt": today }),
            Sync::Done => json!({
                "status": "SYNC_STATUS_DONE", "startedAt": yesterday, "completedAt": today, "updatedAt": today,
            }),
            Sync::Failed(why) => json!({
                "status": "SYNC_STATUS_ERROR", "lastError": why,
                "startedAt": yesterday, "completedAt": today, "updatedAt": today,
            }),
            Sync::Paused => json!({ "status": "SYNC_STATUS_DISABLED", "updatedAt": today }),
        };
        // A connector that was never configured has null in all its dates but one.
        let configured = !matches!(sync, Sync::Never);
        let paused = matches!(sync, Sync::Paused);
        let config = json!({ "@type": "type.googleapis.com/c1.api.app.v1.EnvConfig", "env": {} });
        let connector = json!({
            "id": id,
            "appId": app,
            "displayName": name,
            "catalogId": catalog,
            "connectorApiVersion": 1,
            "userIds": [READY_PRINCIPAL],
            "createdAt": long_ago,
            "updatedAt": configured.then(|| self.date(Some(-3))),
            "config": configured.then_some(config),
            "configUpdatedAt": configured.then_some(long_ago),
            "syncDisabledAt": paused.then_some(yesterday),
            "syncDisabledCategory": if paused { "user" } else { "" },
            "syncDisabledReason": if paused { "Paused by an administrator" } else { "" },
            "status": status,
        });
        self.state.connectors.extend(connector.as_object().cloned());
        id
    }

    fn credential(&mut self, app: &str, connector: &str, name: &str, [created, expires, used, deleted]: [Days; 4]) {
        let credential = json!({
            "id": self.state.dice.cute_name(),
            "appId": app,
            "connectorId": connector,
            "displayName": name,
            "createdAt": self.date(created),
            "updatedAt": self.date(created),
            "expiresTime": self.date(expires),
            "lastUsedAt": self.date(used),
            "deletedAt": self.date(deleted),
        });
        self.state.connector_credentials.extend(credential.as_object().cloned());
    }

    fn principal(&mut self, id: &str, name: &str, status: &str) {
        let mut row = new_principal(id, name, self.date(Some(-300)));
        if let Some(user) = row.get_mut("user").and_then(Value::as_object_mut) {
            user.insert("status".to_owned(), Value::from(status));
        }
        self.state.principals.push(row);
    }

    fn principal_credential(&mut self, owner: &str, id: &str, name: &str, expires: Days, used: Days) {
        let credential = json!({
            "id": id,
            "servicePrincipalId": owner,
            "displayName": name,
            "createdAt": self.date(Some(-60)),
            "expiresAt": self.date(expires),
            "lastUsedAt": self.date(used),
        });
        self.state.principal_credentials.extend(credential.as_object().cloned());
    }

    fn personal_client(&mut self, user: &str, name: &str, roles: &[&str], expires: Days, used: Days) {
        let client = json!({
            "id": self.state.dice.cute_name(),
            "userId": user,
            "displayName": name,
            "scopedRoles": roles,
            "allowSourceCidr": if used.is_some() { json!(["10.0.0.0/8", "2001:db8::/32"]) } else { json!([]) },
            "createdAt": self.date(Some(-45)),
            "updatedAt": self.date(Some(-45)),
            "expiresTime": self.date(expires),
            "lastUsedAt": self.date(used),
        });
        self.state.personal_clients.extend(client.as_object().cloned());
    }

    fn bridge(&mut self, name: &str, credentials: &[[Days; 3]]) {
        let id = self.state.dice.id();
        let bridge = json!({
            "id": id,
            "displayName": name,
            "createdAt": self.date(Some(-50)),
            "updatedAt": self.date(Some(-50)),
        });
        self.state.bridges.extend(bridge.as_object().cloned());
        for [created, used, revoked] in credentials {
            let credential = json!({
                "id": self.state.dice.cute_name(),
                "bridgeId": id,
                "createdAt": self.date(*created),
                "updatedAt": self.date(revoked.or(*created)),
                "lastUsedAt": self.date(*used),
                "revokedAt": self.date(*revoked),
            });
            self.state.bridge_credentials.extend(credential.as_object().cloned());
        }
    }

    fn sso_application(&mut self, app: &str, name: &str, method: &str) {
        let (id, client, entitlement) = (self.state.dice.id(), self.state.dice.id(), self.state.dice.id());
        let (then, subject) = (self.date(Some(-70)), "SSO_SUBJECT_TYPE_PAIRWISE");
        let application = json!({
            "id": id, "appId": app, "appEntitlementId": entitlement, "displayName": name, "subjectType": subject,
            "oidc": {}, "createdAt": then, "updatedAt": then,
        });
        self.state.sso_applications.extend(application.as_object().cloned());
        let client = json!({
            "clientId": client, "appId": app, "ssoApplicationId": id, "displayName": name,
            "authentication": { method: {} },
            "pkcePolicy": "SSO_APPLICATION_OIDC_PKCE_POLICY_REQUIRED_S256",
            "redirectUris": ["https://app.example/callback"], "createdAt": then, "updatedAt": then,
        });
        self.state.sso_clients.extend(client.as_object().cloned());
    }

    fn demo(&mut self) {
        let github = self.app("GitHub", "Source code and build pipelines", false);
        let production = self.connector(&github, "GitHub production", "github", Sync::Done);
        let enterprise = self.connector(&github, "GitHub Enterprise Server", "github-enterprise", Sync::Running);
        let archive = self.connector(&github, "GitHub archive", "github", Sync::Paused);
        // Two at once, because one is being replaced.
        self.credential(&github, &production, "", [Some(-80), Some(10), Some(0), None]);
        self.credential(&github, &production, "", [Some(-1), Some(89), None, None]);
        self.credential(&github, &enterprise, "", [Some(-87), Some(3), Some(-1), None]);
        self.credential(&github, &archive, "", [Some(-230), Some(-140), Some(-200), None]);

        let okta = self.app("Okta", "The company's directory", true);
        let directory = self.connector(&okta, "Okta", "okta", Sync::Done);
        let failed = "rpc error: code = Unauthenticated desc = the API token is not valid";
        let preview = self.connector(&okta, "Okta preview", "okta", Sync::Failed(failed));
        self.credential(&okta, &directory, "", [Some(-76), Some(14), Some(0), None]);
        self.credential(&okta, &preview, "", [Some(-61), Some(29), Some(-9), None]);

        let aws = self.app("Amazon Web Services", "Eight accounts, one connector each", false);
        for (number, sync) in (1..).zip([
            Sync::Done,
            Sync::Done,
            Sync::Running,
            Sync::Failed("the sync would remove 94 % of the users; confirm that it is valid"),
            Sync::Done,
            Sync::Paused,
            Sync::Never,
            Sync::Done,
        ]) {
            let account = self.connector(&aws, &format!("AWS account {number}"), "aws-v2", sync);
            match number {
                1 => self.credential(&aws, &account, "", [Some(-59), Some(31), Some(0), None]),
                // Idle for a long time, and without an expiry.
                2 => self.credential(&aws, &account, "", [Some(-390), None, Some(-200), None]),
                // Never used.
                3 => self.credential(&aws, &account, "", [Some(-30), Some(60), None, None]),
                // Revoked, without a replacement.
                6 => self.credential(&aws, &account, "", [Some(-100), Some(-10), Some(-20), Some(-15)]),
                7 => {}
                _ => self.credential(&aws, &account, "", [Some(-20), Some(70), Some(-1), None]),
            }
        }

        let payroll = self.app("Löhne & Gehälter 給与 🧾", "Übernommen aus dem Altsystem", false);
        let first = self.connector(&payroll, "Lohnlauf „Süd“ – 東京", "custom", Sync::Done);
        self.connector(&payroll, "مرتبات", "custom", Sync::Never);
        self.credential(&payroll, &first, "Zürich ‹primär›", [Some(-5), Some(85), Some(-2), None]);

        let devops = self.app("Azure DevOps", "", false);
        let only = self.connector(&devops, "Azure DevOps", "azure-devops", Sync::Done);
        // Without any dates.
        self.credential(&devops, &only, "", [None, None, None, None]);

        let sales = self.app("Salesforce", "Customer relations", false);
        self.connector(&sales, "Salesforce", "salesforce", Sync::Never);

        let (deploy, retired) = (self.state.dice.id(), self.state.dice.id());
        self.principal(&deploy, "Deploy pipeline", "ENABLED");
        self.principal(&retired, "Nightly report (retired)", "DISABLED");
        for (owner, name, expires, used) in [
            (&deploy, "GitHub Actions", Some(25), Some(0)),
            (&deploy, "Laptop of Kim", Some(-4), Some(-30)),
            (&retired, "Report", Some(120), Some(-90)),
        ] {
            let id = self.state.dice.cute_name();
            self.principal_credential(owner, &id, name, expires, used);
        }

        let other = self.state.dice.id();
        self.personal_client(READY_PRINCIPAL, "Terminal", &[], Some(30), Some(0));
        self.personal_client(READY_PRINCIPAL, "Dashboard, read-only", &["read-only-administrator"], None, Some(-2));
        self.personal_client(READY_PRINCIPAL, "Old laptop", &[], Some(-12), None);
        self.personal_client(&other, "Zoë’s script", &["basic-user"], Some(7), Some(-1));
        self.personal_client(&other, "Backup", &[], None, None);

        self.bridge("Data centre north", &[[Some(-50), Some(-21), Some(-20)], [Some(-20), Some(0), None]]);
        self.bridge("Branch office", &[]);
        self.sso_application(&payroll, "Payroll", "clientSecretBasic");
        self.sso_application(&payroll, "Payroll on the phone", "none");
    }

    fn large(&mut self) {
        let apps: Vec<String> =
            (1..=40).map(|number| self.app(&format!("Application {number:02}"), "", false)).collect();
        for number in 0..500_i64 {
            // The first app has 110 of them, so that its list has several pages.
            let place = if number < 110 { 0 } else { number as usize % apps.len() };
            let Some(app) = apps.get(place) else { continue };
            let sync = match number % 7 {
                0 => Sync::Failed("the source answered 503"),
                1 => Sync::Running,
                2 => Sync::Paused,
                _ => Sync::Done,
            };
            let connector = self.connector(app, &format!("Connector {:03}", number + 1), "custom", sync);
            let age = number % 95;
            let used = (number % 5 != 0).then_some(-(number % 40).min(age));
            self.credential(app, &connector, "", [Some(-age), Some(90 - age), used, None]);
        }
        for number in 1..=30 {
            let id = self.state.dice.id();
            self.principal(&id, &format!("Service {number:02}"), "ENABLED");
            let credential = self.state.dice.cute_name();
            self.principal_credential(&id, &credential, "Main", Some(number * 4), Some(-number));
        }
        for number in 1..=60 {
            let user = if number % 2 == 0 { READY_PRINCIPAL.to_owned() } else { self.state.dice.id() };
            self.personal_client(&user, &format!("Key {number:02}"), &[], Some(number), Some(-1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::text;
    use std::collections::BTreeSet;

    const NOW: Millis = 1_790_000_000_000;

    fn id(row: &Row) -> &str {
        text(row, "id")
    }

    #[test]
    fn a_seed_is_always_the_same() {
        for name in [Name::Demo, Name::Empty, Name::Large] {
            assert_eq!(plant(name, NOW).snapshot(), plant(name, NOW).snapshot());
            assert_eq!(Name::parse(name.as_str()), Some(name));
        }
        assert_eq!(Name::parse("Demo"), None);
    }

    #[test]
    fn ids_are_unique() {
        for name in [Name::Demo, Name::Large] {
            let state = plant(name, NOW);
            let credentials =
                [&state.connector_credentials, &state.personal_clients, &state.principal_credentials].into_iter();
            let credentials = credentials.chain([&state.bridge_credentials]);
            let others = [&state.apps, &state.connectors, &state.principals, &state.bridges, &state.sso_applications];
            let rows = credentials.chain(others).flatten();
            let ids: Vec<_> = rows.map(id).collect();
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        }
    }

    #[test]
    fn sizes() {
        let demo = plant(Name::Demo, NOW);
        assert_eq!(demo.apps.len(), 6);
        let of = |app: &Row| demo.connectors.iter().filter(|row| text(row, "appId") == id(app)).count();
        assert_eq!(demo.apps.iter().map(of).collect::<Vec<_>>(), [3, 2, 8, 2, 1, 1]);
        let large = plant(Name::Large, NOW);
        assert_eq!((large.connectors.len(), large.connector_credentials.len()), (500, 500));
        assert_eq!(plant(Name::Empty, NOW).apps.len(), 0);
    }
}
