//! The initial rows of the Provisioning API.

use serde_json::{Map, Value, json};

use super::store::{Record, Store};
use super::{CommerceLayer, date, rules, schema};
use crate::random::{Dice, Entropy, hash};
use crate::seed::Name;
use crate::time::{DAY, Millis};

/// The id of the user whose personal credential the sandbox provides.
pub const USER: &str = "XgZsmHTaVo";
/// The subjects of permissions that every custom role begins with.
pub const SUBJECTS: [&str; 8] = ["Address", "Customer", "Market", "Order", "Price", "Shipment", "Sku", "StockItem"];
/// The number of credentials in the organization of the large seed.
const MANY: usize = 1_000;

/// Plants the rows of a seed into an empty store.
pub fn plant(api: &mut CommerceLayer, name: Name, entropy: &mut Entropy, now: Millis) {
    api.store = Store::new(Dice::new(hash(name.as_str()) ^ hash("commercelayer")));
    let mut planter = Planter { api, entropy, now };
    planter.user();
    match name {
        Name::Empty => {
            planter.organization("Blank Slate", -1);
        }
        Name::Demo => planter.demo(),
        Name::Large => planter.large(),
    }
}

/// Sets the attributes that the server sets in a new organization.
pub fn fill_organization(record: &mut Record, slug: &str) {
    record.set("slug", slug);
    record.set("domain", format!("{slug}.commercelayer.io"));
    if record.text("region").is_empty() {
        record.set("region", "eu-west-1");
    }
    let usual: Value = serde_json::from_str(include_str!("organization.json")).unwrap_or_default();
    for (name, value) in usual.as_object().into_iter().flatten() {
        record.set(name, value.clone());
    }
}

/// Adds the roles that every organization begins with, and its owner's membership.
pub fn add_organization_defaults(store: &mut Store, organization: &str, now: Millis) -> Defaults {
    let mut role = |name: &str, kind: &str| {
        let id = store.new_id();
        let links = [("organization", organization)];
        put(store, "roles", &id, json!({ "name": name, "kind": kind }), &links, now);
        id
    };
    let (admin, read_only) = (role("Admin", "admin"), role("Read only", "read_only"));
    for (role, writes) in [(&admin, true), (&read_only, false)] {
        for subject in SUBJECTS {
            permission(store, organization, role, subject, writes, now);
        }
    }
    let id = store.new_id();
    let user = store.get("users", USER).map(|user| user.attributes.clone()).unwrap_or_default();
    let owner = json!({
        "user_email": user.get("email"),
        "user_first_name": user.get("first_name"),
        "user_last_name": user.get("last_name"),
        "status": "active",
        "owner": true,
        "access_scope": "all_access",
        "test_enabled": true,
    });
    put(store, "memberships", &id, owner, &[("organization", organization), ("role", &admin)], now);
    Defaults { admin, read_only }
}

/// Adds a permission to do everything, or only to read.
pub fn permission(store: &mut Store, organization: &str, role: &str, subject: &str, writes: bool, now: Millis) {
    let id = store.new_id();
    let attributes = json!({
        "can_create": writes,
        "can_read": true,
        "can_update": writes,
        "can_destroy": writes,
        "subject": subject,
        "restrictions": {},
    });
    put(store, "permissions", &id, attributes, &[("organization", organization), ("role", role)], now);
}

/// The ids of the objects that every organization begins with.
#[derive(Debug)]
pub struct Defaults {
    admin: String,
    read_only: String,
}

fn put(store: &mut Store, key: &str, id: &str, attributes: Value, links: &[(&str, &str)], now: Millis) {
    let Some(resource) = schema::resource(key) else { return };
    let mut whole: Map<String, Value> =
        ["reference", "reference_origin"].map(|name| (name.to_owned(), Value::Null)).into_iter().collect();
    whole.insert("metadata".to_owned(), json!({}));
    whole.insert("created_at".to_owned(), date(now));
    whole.insert("updated_at".to_owned(), date(now));
    whole.extend(attributes.as_object().cloned().unwrap_or_default());
    let links = links.iter().filter(|(_, id)| !id.is_empty());
    let links = links.map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
    store.put(Record { resource, id: id.to_owned(), attributes: whole, links });
}

struct Planter<'a> {
    api: &'a mut CommerceLayer,
    entropy: &'a mut Entropy,
    now: Millis,
}

/// A credential to plant.
struct Credential<'a> {
    name: &'a str,
    kind: &'a str,
    mode: &'a str,
    /// The id of its role; empty if there is none.
    role: &'a str,
    reference: Option<&'a str>,
    /// The age in days.
    age: i64,
}

impl Planter<'_> {
    fn at(&self, days: i64) -> Millis {
        self.now.saturating_add(days.saturating_mul(DAY))
    }

    fn put(&mut self, key: &str, attributes: Value, links: &[(&str, &str)], days: i64) -> String {
        let id = self.api.store.new_id();
        let now = self.at(days);
        put(&mut self.api.store, key, &id, attributes, links, now);
        id
    }

    fn user(&mut self) {
        let user = json!({
            "email": "sam.sample@example.com",
            "first_name": "Sam",
            "last_name": "Sample",
            "time_zone": "UTC",
            "otp_required_for_login": true,
        });
        let now = self.at(-700);
        put(&mut self.api.store, "users", USER, user, &[], now);
    }

    fn organization(&mut self, name: &str, days: i64) -> (String, Defaults) {
        let slug = name.to_lowercase().replace(' ', "-");
        let id = self.put("organizations", json!({ "name": name }), &[], days);
        if let Some(record) = self.api.store.get_mut("organizations", &id) {
            fill_organization(record, &slug);
            record.set("support_email", format!("support@{slug}.example"));
        }
        let now = self.at(days);
        let furniture = add_organization_defaults(&mut self.api.store, &id, now);
        (id, furniture)
    }

    fn credential(&mut self, organization: &str, credential: &Credential<'_>) -> String {
        let Credential { name, kind, mode, role, reference, age } = *credential;
        let client_id = rules::client_id(self.api);
        let redirect_uri = (kind == "webapp").then_some("https://app.northwind.example/callback");
        let attributes = json!({
            "name": name,
            "kind": kind,
            "confidential": kind != "sales_channel",
            "redirect_uri": redirect_uri,
            "client_id": client_id,
            "scopes": "market:all",
            "expires_in": rules::usual_lifetime(kind),
            "mode": mode,
            "custom": false,
            "reference": reference,
            "reference_origin": reference.map(|_| "terraform"),
        });
        let links = [("organization", organization), ("role", role)];
        let id = self.put("api_credentials", attributes, &links, age);
        self.api.secrets.insert(format!("api_credentials/{id}"), self.entropy.token());
        id
    }

    fn member(
        &mut self,
        organization: &str,
        role: &str,
        (first, last): (&str, &str),
        status: &str,
        days: i64,
    ) -> String {
        let names = |name: &str| (status == "active").then(|| name.to_owned());
        let member = json!({
            "user_email": format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase()),
            "user_first_name": names(first),
            "user_last_name": names(last),
            "status": status,
            "owner": false,
            "access_scope": "live_access",
            "test_enabled": false,
        });
        self.put("memberships", member, &[("organization", organization), ("role", role)], days)
    }

    /// Adds a role with permissions of its own, and the version that records its creation.
    fn custom_role(&mut self, organization: &str, name: &str, days: i64) -> String {
        let role =
            self.put("roles", json!({ "name": name, "kind": "custom" }), &[("organization", organization)], days);
        for subject in ["Order", "Price", "Sku", "StockItem"] {
            let now = self.at(days);
            permission(&mut self.api.store, organization, &role, subject, subject != "Price", now);
        }
        let version = json!({
            "resource_type": "roles",
            "resource_id": role,
            "event": "create",
            "changes": { "name": [null, name] },
            "who": self.api.who(),
        });
        self.put("versions", version, &[], days);
        role
    }

    fn demo(&mut self) {
        let (north, roles) = self.organization("Northwind Outfitters", -640);
        let catalog = self.custom_role(&north, "Catalog manager", -200);
        let credential = |name, kind, mode, role, reference, age| Credential { name, kind, mode, role, reference, age };
        self.credential(
            &north,
            &credential("ERP sync", "integration", "live", &roles.admin, Some("erp-sync-live"), -410),
        );
        self.credential(
            &north,
            &credential("ERP sync", "integration", "test", &roles.admin, Some("erp-sync-test"), -410),
        );
        let importer = credential("Catalog importer", "integration", "live", &catalog, None, -150);
        let importer = self.credential(&north, &importer);
        self.credential(&north, &credential("Reporting", "integration", "live", &roles.read_only, None, -90));
        self.credential(&north, &credential("Storefront EU", "sales_channel", "live", "", Some("storefront-eu"), -400));
        self.credential(&north, &credential("Storefront EU", "sales_channel", "test", "", None, -400));
        self.credential(&north, &credential("Back office", "webapp", "test", "", None, -30));

        let lee = self.member(&north, &catalog, ("Lee", "Marsh"), "active", -200);
        self.member(&north, &roles.read_only, ("Robin", "Vale"), "active", -120);
        self.member(&north, &roles.read_only, ("Alex", "Ito"), "pending", -2);
        let profile = json!({ "name": "Merchandising", "access_scope": "all_access", "test_enabled": true });
        let profile = self.put("membership_profiles", profile, &[("organization", &north)], -180);
        let links = [
            ("organization", north.as_str()),
            ("api_credential", &importer),
            ("role", &catalog),
            ("membership", &lee),
            ("membership_profile", &profile),
        ];
        self.put("application_memberships", json!({ "filters": { "market_id_in": [202, 203] } }), &links, -150);

        let provider = json!({
            "name": "Northwind SSO",
            "client_id": "northwind-commerce",
            "issuer": "https://login.northwind.example/",
            "status": "verified",
            "domains": "northwind.example",
            "token_url": "https://login.northwind.example/oauth/token",
            "authorize_url": "https://login.northwind.example/authorize",
            "jwks_url": "https://login.northwind.example/.well-known/jwks.json",
            "txt_record": "cl-verification=nw7Qk2",
            "organization": north,
            "disabled_at": null,
        });
        let provider = self.put("identity_providers", provider, &[("user", USER)], -300);
        self.api.secrets.insert(format!("identity_providers/{provider}"), self.entropy.token());

        let (labs, roles) = self.organization("Northwind Labs", -80);
        self.credential(&labs, &credential("Prototype", "integration", "test", &roles.admin, None, -60));
        self.credential(&labs, &credential("Pop-up shop", "sales_channel", "test", "", None, -20));
        self.member(&labs, &roles.admin, ("Lee", "Marsh"), "active", -79);
    }

    fn large(&mut self) {
        let (organization, roles) = self.organization("Everything Store", -900);
        for number in 0..MANY {
            let integrates = number % 4 != 0;
            let name = format!("{} {number:04}", if integrates { "Integration" } else { "Storefront" });
            let credential = Credential {
                name: &name,
                kind: if integrates { "integration" } else { "sales_channel" },
                mode: if number % 2 == 0 { "live" } else { "test" },
                role: if integrates { &roles.admin } else { "" },
                reference: None,
                age: -((MANY - number) as i64) / 2,
            };
            self.credential(&organization, &credential);
        }
    }
}
