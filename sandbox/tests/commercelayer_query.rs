//! Queries of the Provisioning API: filters, order, pages, sparse fields and included objects.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking, and need no documentation"
)]

mod common;

use common::commercelayer::{Shop, document};
use common::{URL, text};
use serde_json::{Value, json};

/// Returns the number of credentials that pass a filter.
fn passing(shop: &Shop, filter: &str) -> u64 {
    shop.count(&format!("api_credentials?filter[q]{filter}"))
}

#[test]
fn every_predicate() {
    let shop = Shop::new();
    let all = shop.count("api_credentials");
    assert_eq!(all, 9);
    for (filter, expected) in [
        ("[name_eq]=ERP%20sync", 2),
        ("[name_eq]=erp+sync", 0),
        ("[name_not_eq]=ERP+sync", 7),
        ("[reference_eq]=erp-sync-live", 1),
        ("[reference_not_eq]=erp-sync-live", 2),
        ("[reference_not_eq_or_null]=erp-sync-live", 8),
        ("[reference_eq_or_null]=erp-sync-live", 7),
        ("[name_matches]=%25sync", 2),
        ("[name_matches]=_rp%20s%25", 2),
        ("[name_does_not_match]=%25sync", 7),
        ("[name_matches_any]=%25sync,pop%25", 3),
        ("[name_matches_all]=%25sync,pop%25", 0),
        ("[name_does_not_match_all]=%25sync,pop%25", 6),
        ("[name_does_not_match_any]=%25sync,pop%25", 9),
        ("[expires_in_lt]=14400", 6),
        ("[expires_in_lteq]=14400", 9),
        ("[expires_in_gt]=7200", 3),
        ("[expires_in_gteq]=7200", 9),
        ("[expires_in_gt_any]=7200,99999", 3),
        ("[expires_in_gt_all]=7200,99999", 0),
        ("[expires_in_eq]=7200", 6),
        ("[expires_in_in]=7200,1", 6),
        ("[reference_present]=true", 3),
        ("[reference_present]=false", 6),
        ("[reference_blank]=true", 6),
        ("[reference_null]=true", 6),
        ("[reference_null]=false", 3),
        ("[reference_not_null]=1", 3),
        ("[kind_in]=webapp,sales_channel", 4),
        ("[kind_not_in]=webapp,sales_channel", 5),
        ("[reference_not_in]=erp-sync-live,x", 2),
        ("[reference_not_in_or_null]=erp-sync-live,x", 8),
        ("[name_start]=store", 2),
        ("[name_not_start]=store", 7),
        ("[name_start_any]=store,erp", 4),
        ("[name_end]=eu", 2),
        ("[name_not_end]=eu", 7),
        ("[name_end_all]=eu,front%20eu", 2),
        ("[name_cont]=FRONT", 2),
        ("[name_not_cont]=front", 7),
        ("[name_not_cont_all]=front,erp", 5),
        ("[name_not_cont_any]=front,erp", 9),
        ("[confidential_true]=true", 6),
        ("[confidential_false]=true", 3),
        ("[confidential_true]=false", 3),
        ("[confidential_eq]=false", 3),
        ("[custom_true]=1", 0),
        ("[created_at_gt]=2026-06-01", 4),
        ("[created_at_lteq]=2026-06-01T00:00:00Z", 5),
        ("[id_null]=false", 9),
        ("[name_or_reference_cont]=erp", 2),
        ("[name_or_reference_or_kind_start]=st", 2),
        ("[mode_eq]=live&filter[q][kind_eq]=integration", 3),
        ("[organization_name_start]=northwind%20l", 2),
        ("[organization_slug_or_name_cont]=pop", 1),
        ("[role_kind_eq]=custom", 1),
        ("[role_organization_slug_eq]=northwind-labs", 1),
        ("[role_id_not_null]=1", 5),
        ("[organization_memberships_status_eq]=pending", 7),
    ] {
        assert_eq!(passing(&shop, filter), expected, "{filter}");
    }
    // A value with a comma is one value, unless the predicate takes a list.
    shop.integration(json!({ "name": "a,b", "metadata": { "team": "ops", "tags": ["x", "y"], "deep": { "n": 1 } } }));
    assert_eq!(passing(&shop, "[name_eq]=a,b"), 1);
    assert_eq!(passing(&shop, "[name_in]=a,b"), 0);
    for (part, expected) in [
        (r#"{"team":"ops"}"#, 1),
        (r#"{"deep":{"n":1}}"#, 1),
        (r#"{"tags":["y"]}"#, 1),
        (r#"{"team":"dev"}"#, 0),
        ("{}", 10),
    ] {
        let part: String = part.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(passing(&shop, &format!("[metadata_jcont]={part}")), expected);
    }
}

#[test]
fn invalid_filters_are_refused() {
    let shop = Shop::new();
    for (query, code) in [
        ("filter[q][bogus_eq]=1", "FILTER_NOT_ALLOWED"),
        ("filter[q][name]=1", "FILTER_NOT_ALLOWED"),
        ("filter[q][name_equals]=1", "FILTER_NOT_ALLOWED"),
        ("filter[q][client_secret_eq]=1", "FILTER_NOT_ALLOWED"),
        ("filter[q][name_or_bogus_eq]=1", "FILTER_NOT_ALLOWED"),
        ("filter[q][name_eq_any]=1", "FILTER_NOT_ALLOWED"),
        ("filter[q][role_bogus_eq]=1", "FILTER_NOT_ALLOWED"),
        ("filter[name_eq]=1", "INVALID_FILTERS_SYNTAX"),
        ("filter[q][expires_in_gt]=soon", "INVALID_FILTER_VALUE"),
        ("filter[q][created_at_gt]=soon", "INVALID_FILTER_VALUE"),
        ("filter[q][custom_eq]=maybe", "INVALID_FILTER_VALUE"),
        ("filter[q][metadata_jcont]=x", "INVALID_FILTER_VALUE"),
        ("sort=name", "INVALID_SORT_CRITERIA"),
        ("sort=-client_secret", "INVALID_SORT_CRITERIA"),
        ("page[size]=26", "INVALID_PAGE_VALUE"),
        ("page[size]=0", "INVALID_PAGE_VALUE"),
        ("page[number]=0", "INVALID_PAGE_VALUE"),
        ("page[number]=x", "INVALID_PAGE_VALUE"),
        ("page[offset]=1", "INVALID_PAGE_OBJECT"),
        ("include=bogus", "INVALID_INCLUDE"),
        ("include=role.bogus", "INVALID_INCLUDE"),
        ("fields[api_credentials]=bogus", "INVALID_FIELD"),
        ("fields[bogus]=id", "INVALID_FIELD"),
        ("nonsense=1", "PARAM_NOT_ALLOWED"),
    ] {
        let name = query.split('=').next().unwrap().to_owned();
        let refused = shop.refused("GET", &format!("api_credentials?{query}"), json!(null));
        assert_eq!(refused, (400, vec![(code.to_owned(), name)]), "{query}");
    }
    // A single object has no pages, no order and no filters.
    assert_eq!(shop.refused("GET", "user?page[size]=1", json!(null)).0, 400);
}

#[test]
fn pages_order_and_links() {
    let shop = Shop::new();
    let first = shop.get("permissions?page[size]=5");
    assert_eq!(first["meta"], json!({ "record_count": 36, "page_count": 8 }));
    let link = |number: u8| json!(format!("{URL}/api/permissions?page%5Bnumber%5D={number}&page%5Bsize%5D=5"));
    assert_eq!(first["links"], json!({ "first": link(1), "next": link(2), "last": link(8) }));
    let last = shop.get("permissions?page[size]=5&page[number]=8");
    assert_eq!(last["links"], json!({ "first": link(1), "prev": link(7), "last": link(8) }));
    assert_eq!(last["data"].as_array().unwrap().len(), 1);
    assert_eq!(shop.get("permissions?page[number]=9")["data"], json!([]));
    assert_eq!(shop.get("permissions")["data"].as_array().unwrap().len(), 10);

    // Following the links shows each object once, and the links repeat the parameters.
    let (mut seen, mut path) = (Vec::new(), "permissions?filter[q][can_read_true]=1&sort=-id&page[size]=25".to_owned());
    loop {
        let page = shop.get(&path);
        seen.extend(page["data"].as_array().unwrap().iter().map(|item| text(item, "id")));
        let Some(next) = page["links"]["next"].as_str() else { break };
        path = next.strip_prefix(&format!("{URL}/api/")).unwrap().to_owned();
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    sorted.reverse();
    assert_eq!((seen.len(), seen), (36, sorted));

    let modes =
        shop.values("api_credentials?sort=-mode,created_at&fields[api_credentials]=mode,name&page[size]=25", "mode");
    assert!(modes.is_sorted_by(|one, two| one.as_str() >= two.as_str()));
    let dates = shop.values("api_credentials?sort=created_at", "created_at");
    assert!(dates.is_sorted_by(|one, two| one.as_str() <= two.as_str()));
    let references = shop.values("api_credentials?sort=reference", "reference");
    assert_eq!((&references[0], &references[8]), (&json!("erp-sync-live"), &json!(null)));
    // Lists of related objects are lists, too.
    let organization = shop.organization();
    let related = shop.get(&format!("organizations/{organization}/api_credentials?page[size]=2&sort=-created_at"));
    assert_eq!(related["meta"], json!({ "record_count": 7, "page_count": 4 }));
    assert!(text(&related["links"], "next").contains(&format!("/organizations/{organization}/api_credentials?sort=")));
}

#[test]
fn sparse_fields() {
    let shop = Shop::new();
    let item = shop.first("api_credentials?fields[api_credentials]=name,role");
    assert_eq!(item["attributes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["name"]);
    assert_eq!(item["relationships"].as_object().unwrap().keys().collect::<Vec<_>>(), ["role"]);
    let item = shop.first("api_credentials?fields=id");
    assert_eq!(item["attributes"], json!({}));
    assert!(item.get("relationships").is_none());
    let document = shop.get(
        "api_credentials?include=organization&fields[organizations]=slug&fields[api_credentials]=name,organization",
    );
    assert_eq!(document["included"][0]["attributes"], json!({ "slug": "northwind-outfitters" }));
    // A relationship that is not shown is not followed.
    let document = shop.get("api_credentials?include=organization&fields[api_credentials]=name");
    assert_eq!(document["included"], json!([]));
}

fn names(document: &Value) -> Vec<String> {
    let items = document["included"].as_array().unwrap().iter();
    let mut names: Vec<String> = items.map(|item| format!("{}/{}", text(item, "type"), text(item, "id"))).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "something is included twice");
    names
}

#[test]
fn included_objects() {
    let shop = Shop::new();
    let plain = shop.get("api_credentials");
    assert!(plain.get("included").is_none());
    assert!(plain["data"][0]["relationships"]["role"].get("data").is_none());
    let document = shop.get("api_credentials?include=organization,role");
    assert_eq!(names(&document).len(), 2 + 4);
    let channel =
        document["data"].as_array().unwrap().iter().find(|item| item["attributes"]["kind"] == "sales_channel").unwrap();
    assert_eq!(channel["relationships"]["role"]["data"], json!(null));
    let linkage = &channel["relationships"]["organization"]["data"];
    assert!(names(&document).contains(&format!("organizations/{}", text(linkage, "id"))));

    // Nested paths: an object that is reached twice is included once, with the linkage of both paths.
    let document = shop.get("memberships?include=organization.memberships,organization.roles.permissions&page[size]=1");
    let own = &document["data"][0];
    let organization =
        &document["included"].as_array().unwrap().iter().find(|item| item["type"] == "organizations").unwrap();
    let members = organization["relationships"]["memberships"]["data"].as_array().unwrap();
    assert!(members.iter().any(|member| member["id"] == own["id"]));
    assert!(!names(&document).contains(&format!("memberships/{}", text(own, "id"))));
    assert_eq!(organization["relationships"]["roles"]["data"].as_array().unwrap().len(), 3);
    assert!(organization["relationships"]["permissions"].get("data").is_none());
    assert!(names(&document).iter().any(|name| name.starts_with("permissions/")));

    // Includes also work for a single object, a relationship and a create.
    let organization = shop.organization();
    assert!(!names(&shop.get(&format!("organizations/{organization}?include=api_credentials"))).is_empty());
    assert!(!names(&shop.get(&format!("organizations/{organization}/roles?include=permissions"))).is_empty());
    let body = document_of(&organization);
    let (status, made) = shop.call("POST", "api_credentials?include=organization&fields[organizations]=name", body);
    assert_eq!((status, names(&made).len()), (201, 1));
}

fn document_of(organization: &str) -> Value {
    document(
        "api_credentials",
        json!({ "name": "x", "kind": "webapp" }),
        &[("organization", "organizations", organization)],
    )
}
