use std::{collections::HashMap, fs, path::Path};

use keyturn_api::text::parse;

use super::files;
use crate::generate::docs::Docs;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

fn generated() -> HashMap<String, String> {
    let api = parse(&read("api/commercelayer.idl")).unwrap();
    files(&api, &mut Docs::parse(&read("api/commercelayer.docs"))).unwrap().into_iter().collect()
}

fn small(idl: &str, docs: &str) -> Result<HashMap<String, String>, String> {
    Ok(files(&parse(idl).unwrap(), &mut Docs::parse(docs))?.into_iter().collect())
}

/// Returns the text of a declaration up to the line that closes it.
fn block<'a>(text: &'a str, declaration: &str) -> &'a str {
    let start = text.find(&format!("\n{declaration}")).unwrap_or_else(|| unreachable!("no {declaration}")) + 1;
    let rest = &text[start..];
    &rest[..rest.find("\n}").map_or(rest.len(), |at| at + 2)]
}

#[test]
fn every_operation_has_its_method_and_number() {
    let files = generated();
    let (classes, facts) = (&files["commercelayer.ts"], &files["commercelayer-facts.ts"]);
    let api = parse(&read("api/commercelayer.idl")).unwrap();
    for line in read("tests/facts/commercelayer-surface.tsv").lines() {
        let ["operation", id, method, path, answer] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        let (group, name) = id.split_once('.').unwrap();
        let resource = api.resources.iter().find(|r| super::property(r) == group).unwrap();
        let number = api.operations.iter().position(|o| o.id == id).unwrap();
        let facts = facts.split(&format!("\n  {}: {{\n", resource.key)).nth(1).unwrap().split("\n  },").next().unwrap();
        let ops = facts.lines().find(|line| line.starts_with("    ops: ")).unwrap();
        assert!(ops.contains(&format!(" {name}: {number}")), "{id}: {ops}");
        let class = block(classes, &format!("export class {} ", super::class(resource)));
        if ["list", "retrieve"].contains(&name) {
            continue;
        }
        let declared = [format!("\n  {name}("), format!("\n  override {name}(")];
        let (before, signature) = declared.iter().find_map(|start| class.split_once(start)).unwrap();
        let signature = signature.lines().next().unwrap();
        let doc = before.lines().rev().take(4).collect::<String>();
        assert!(doc.contains(&format!("`{method} {path}`")), "{id}: {doc}");
        assert_eq!(doc.contains("Read: retried"), method == "GET", "{id}");
        let returns = match answer.strip_suffix("[]") {
            Some(key) => format!("PagedList<models.{}> {{", documents_name(&api, key)),
            None if answer == "none" => "Promise<void> {".to_owned(),
            None => format!("Promise<models.{}> {{", documents_name(&api, answer)),
        };
        assert!(signature.ends_with(&returns), "{id}: {signature}");
    }
    let versions = block(classes, "export class Versions ");
    assert!(!versions.contains("update") && !versions.contains("create"));
}

fn documents_name<'a>(api: &'a keyturn_api::model::Api, key: &str) -> &'a str {
    &keyturn_api::documents::resource(api, key).unwrap().name
}

#[test]
fn the_types_tell_what_may_be_sent() {
    let files = generated();
    let models = &files["commercelayer-models.ts"];
    let read = block(models, "export interface ApiCredential ");
    let create = block(models, "export interface ApiCredentialCreate ");
    let update = block(models, "export interface ApiCredentialUpdate ");
    for (text, line) in [
        (read, "  name: string;"),
        (read, "  client_secret: string;"),
        (read, "  expires_in?: Nullable<number>;"),
        (read, "  organization?: Nullable<Organization>;"),
        (create, "  name: string;"),
        (create, "  mode?: Nullable<string> | undefined;"),
        (create, "  organization: OrganizationRel;"),
        (create, "  role?: Nullable<RoleRel> | undefined;"),
        (update, "  name?: Nullable<string> | undefined;"),
        (update, "  role?: Nullable<RoleRel> | undefined;"),
    ] {
        assert!(text.contains(&format!("\n{line}\n")), "{line} in {text}");
    }
    for name in ["client_id", "client_secret", "scopes", "confidential"] {
        assert!(!create.contains(&format!("  {name}")) && !update.contains(&format!("  {name}")), "{name}");
    }
    assert!(!update.contains("  mode") && !update.contains("  organization"));
    // Common attributes are in the base types.
    assert!(!read.contains("created_at") && !create.contains("metadata"));
    assert!(
        block(models, "export interface Membership ")
            .contains("application_memberships?: Nullable<ApplicationMembership[]>")
    );
    assert!(!block(models, "export interface IdentityProvider ").contains("_disable"));
    assert!(
        block(models, "export interface IdentityProviderUpdate ").contains("_disable?: Nullable<boolean> | undefined")
    );
    assert!(models.contains("export interface UserUpdate extends SingletonUpdate {"));
    assert!(models.contains("\nexport type DeletableResourceType = \"api_credentials\" | \"application_memberships\" | \"identity_providers\" | \"memberships\" | \"membership_profiles\";\n"));
    assert!(
        models.contains("\nexport type VersionableResourceType = \"memberships\" | \"permissions\" | \"roles\";\n")
    );
}

#[test]
fn every_type_of_the_official_client_has_its_name() {
    let files = generated();
    let resources = "ApiCredential ApplicationMembership IdentityProvider Membership MembershipProfile Organization Permission Role User Version";
    for name in resources.split(' ') {
        for suffix in ["", "Create", "Update", "Sort"] {
            let missing = matches!((name, suffix), ("User", "Create") | ("Version", "Create" | "Update"));
            let kind = if suffix == "Sort" { "type" } else { "interface" };
            let there = files["commercelayer-models.ts"].contains(&format!("\nexport {kind} {name}{suffix} "));
            assert_eq!(there, !missing, "{name}{suffix}");
        }
        assert!(files["commercelayer.ts"].contains(&format!("\nexport class {name}s extends Api")), "{name}s");
        assert!(
            files["commercelayer.ts"].contains(&format!("  is{name}(resource: any): resource is models.{name} {{"))
        );
    }
    let common = "ResourceTypeLock ResourceFields ResourceSortFields RetrievableResource RetrievableResourceType ListableResource \
        ListableResourceType CreatableResource CreatableResourceType UpdatableResource UpdatableResourceType DeletableResource \
        DeletableResourceType VersionableResource VersionableResourceType";
    for name in common.split_whitespace() {
        assert!(files["commercelayer-models.ts"].contains(&format!("\nexport type {name} = ")), "{name}");
    }
}

const SMALL: &str = "api small version=2\n\
    op things.list things.list GET /things -> things[] read\n\
    op things.poke things.poke POST /things/{id}/poke body=things.poke -> none write\n\x20 path id id string\n\
    message things.poke Poke\n\x20 how_hard int32 required\n\
    resource things Thing\n\x20 size int32 update range=-1,5\n\x20 key string secret\n\x20 not-a-word bool\n\x20 parts -> things[]\n";

#[test]
fn facts_are_short_and_whole() {
    let facts = small(SMALL, "").unwrap()["small-facts.ts"].clone();
    assert!(facts.contains("export const SCHEMA_VERSION = \"2\";\n"));
    let thing = facts.split("\n  things: {\n").nth(1).unwrap();
    // With a single resource, all attributes are common ones.
    assert!(facts.contains("const common = [\"size\", \"key\", \"not-a-word\"];\n"), "{facts}");
    assert!(thing.contains("    to: { parts: [\"things\", 1] },\n    ops: { list: 0, poke: 1 },\n"), "{facts}");
}

#[test]
fn an_action_sends_its_attributes() {
    let classes = small(SMALL, "things.poke  Pokes it.").unwrap()["small.ts"].clone();
    assert!(classes.contains("  poke(id: models.IdOf<models.Thing>, payload: models.Poke, options?: ResourcesConfig): Promise<void> {\n    return this.act(\"poke\", id, { how_hard: payload?.how_hard }, options);\n"), "{classes}");
    assert!(classes.contains("   * Pokes it.\n"));
}

#[test]
fn a_comment_that_belongs_to_nothing_is_refused() {
    assert_eq!(small(SMALL, "Thing  Fine.\nthings.prod  No such method.").unwrap_err(), "there is no things.prod");
}
