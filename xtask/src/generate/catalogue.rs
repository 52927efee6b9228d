//! `cli-catalogue.js`: the facts of each operation that `keyturn api` needs besides its name: how it is requested, its
//! fields, and the secret parts of its answer. It is derived from the facts of [`super::reference`], without types that
//! no request uses and without default values.

#![allow(clippy::indexing_slicing, reason = "indexing a `Value` does not panic: a missing member is null")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    error::Error,
    path::Path,
};

use serde_json::{Map, Value, json};

use super::{reference, string};

/// The declaration file of the script.
pub const TYPES: &str = "/** The facts of every operation as JSON: a `Catalogue` of `cli/api/catalogue.ts`. */\nexport declare const CATALOGUE: string;\n";

/// Operations that cannot be undone begin with, or contain, one of these words. A person must confirm them.
const FINAL: [&str; 9] =
    ["delete", "remove", "revoke", "rotate", "clear", "cancel", "unassign", "terminate", "hardReset"];

/// Returns the script: the facts as JSON in a string literal, which is parsed many times faster than an object literal.
///
/// # Errors
/// Fails if a file cannot be read.
pub fn script(root: &Path) -> Result<String, Box<dyn Error>> {
    let facts = reference::reference(root)?;
    Ok(format!("export const CATALOGUE =\n  {};\n", string(&catalogue(&facts).to_string())))
}

fn catalogue(facts: &Value) -> Value {
    let types = Types::new(&facts["c1"]);
    let mut met = BTreeSet::new();
    let groups: Map<String, Value> = list(&facts["c1"]["groups"])
        .map(|group| {
            let operations: Map<String, Value> = list(&group["operations"])
                .map(|operation| (text(&operation["name"]).to_owned(), c1_operation(&types, &mut met, operation)))
                .collect();
            (text(&group["name"]).to_owned(), lean(json!({ "about": group["about"], "operations": operations })))
        })
        .collect();
    let resources: Map<String, Value> = list(&facts["commercelayer"]["resources"])
        .map(|resource| (text(&resource["name"]).to_owned(), commercelayer_resource(resource)))
        .collect();
    let types: BTreeMap<&str, Value> = met.iter().map(|name| (name.as_str(), types.written(name))).collect();
    json!({ "c1": groups, "commercelayer": resources, "types": types })
}

/// The types of C1, by each of their names.
struct Types<'a>(HashMap<&'a str, &'a Value>);

impl<'a> Types<'a> {
    fn new(c1: &'a Value) -> Self {
        let all = list(&c1["types"]).chain(list(&c1["enums"]));
        let named = |one: &'a Value| {
            [&one["name"], &one["input"]].into_iter().filter_map(Value::as_str).map(move |name| (name, one))
        };
        Self(all.flat_map(named).collect())
    }

    /// Returns the types that the text of a type mentions.
    fn in_text(&self, text_of_type: &str) -> Vec<&'a Value> {
        names(text_of_type).filter_map(|name| self.0.get(name).copied()).collect()
    }

    /// Adds a type, and all types that its fields lead to, to `met`, the types to write.
    fn meet(&self, met: &mut BTreeSet<String>, text_of_type: &str) {
        for one in self.in_text(text_of_type) {
            if met.insert(text(&one["name"]).to_owned()) {
                for field in sent(one) {
                    self.meet(met, text(&field["type"]));
                }
            }
        }
    }

    /// Returns the text of a type in which each type has the name under which [`Types::written`] lists it; a type
    /// without fields becomes `any`.
    fn spelled(&self, text_of_type: &str) -> String {
        let mut spelled = text_of_type.to_owned();
        for name in names(text_of_type).filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase())) {
            let known = self.0.get(name).map(|one| text(&one["name"]));
            if !["Array", "Date"].contains(&name) && known != Some(name) {
                spelled = spelled.replace(name, known.unwrap_or("any"));
            }
        }
        spelled
    }

    /// Returns a type in the form that the command reads: the values of an enumeration, or the fields that can be sent.
    fn written(&self, name: &str) -> Value {
        match self.0.get(name) {
            Some(one) if one["values"].is_array() => one["values"].clone(),
            Some(one) => {
                json!({ "about": one["about"], "fields": sent(one).map(|field| self.field(field)).collect::<Vec<_>>() })
            }
            None => Value::Null,
        }
    }

    fn field(&self, field: &Value) -> Value {
        lean(json!({
            "name": field["name"], "type": self.spelled(text(&field["type"])), "about": field["about"],
            "place": field["place"], "whole": field["whole"], "required": field["required"], "secret": field["secret"],
            "deprecated": field["deprecated"],
        }))
    }

    /// Returns the names of the fields that hold a secret, in a type and in all types that it leads to.
    fn secrets(&self, text_of_type: &str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = self.in_text(text_of_type);
        while let Some(one) = open.pop() {
            if !seen.insert(text(&one["name"])) {
                continue;
            }
            for field in list(&one["fields"]) {
                if field["secret"] == true {
                    found.insert(text(&field["name"]));
                }
                open.extend(self.in_text(text(&field["type"])));
            }
        }
        found
    }
}

fn c1_operation(types: &Types<'_>, met: &mut BTreeSet<String>, operation: &Value) -> Value {
    for field in list(&operation["request"]) {
        types.meet(met, text(&field["type"]));
    }
    let fields: Vec<Value> = list(&operation["request"]).map(|field| types.field(field)).collect();
    lean(json!({
        "method": operation["method"], "path": operation["path"], "about": operation["about"],
        "effect": operation["effect"], "final": is_final(operation),
        "deprecated": operation["deprecated"], "stability": operation["stability"],
        "fields": fields, "answer": operation["answer"]["field"], "items": operation["paging"]["items"],
        "secrets": types.secrets(text(&operation["answer"]["type"])),
    }))
}

fn commercelayer_resource(resource: &Value) -> Value {
    let operations: Map<String, Value> = list(&resource["operations"])
        .map(|operation| {
            let facts = lean(json!({
                "method": operation["method"], "path": operation["path"], "about": operation["about"],
                "effect": operation["effect"], "final": is_final(operation), "many": operation["answer"]["many"],
            }));
            (text(&operation["name"]).to_owned(), facts)
        })
        .collect();
    let attributes = list(&resource["attributes"]).map(|one| {
        lean(json!({
            "name": one["name"], "type": one["type"], "about": one["about"], "set": one["set"], "secret": one["secret"],
            "trigger": one["trigger"], "sort": one["sort"], "filter": one["filter"],
        }))
    });
    let relationships = list(&resource["relationships"]).map(|one| {
        lean(json!({ "name": one["name"], "target": one["target"], "many": one["many"], "set": one["set"] }))
    });
    lean(json!({
        "about": resource["about"], "operations": operations,
        "attributes": attributes.collect::<Vec<_>>(), "relationships": relationships.collect::<Vec<_>>(),
    }))
}

/// Returns whether the effect of an operation cannot be undone by another one.
fn is_final(operation: &Value) -> bool {
    let name = text(&operation["name"]);
    let has = |word: &str| {
        let (first, rest) = word.split_at(1);
        name.starts_with(word) || name.contains(&format!("{}{rest}", first.to_uppercase()))
    };
    operation["effect"] != "read" && (operation["method"] == "DELETE" || FINAL.iter().any(|word| has(word)))
}

/// Returns an object without members that are empty, null or false.
fn lean(object: Value) -> Value {
    match object {
        Value::Object(members) => Value::Object(members.into_iter().filter(|(_, value)| !is_usual(value)).collect()),
        other => other,
    }
}

fn is_usual(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Returns the words in the text of a type: `Array` and `App` for `Array<App>`.
fn names(text_of_type: &str) -> impl Iterator<Item = &str> {
    text_of_type.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|name| !name.is_empty())
}

/// Returns the fields of a type that a request can have.
fn sent(one: &Value) -> impl Iterator<Item = &Value> {
    list(&one["fields"]).filter(|field| field["readOnly"] != true)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {

    use super::*;

    fn facts() -> Value {
        catalogue(&reference::reference(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap())
    }

    #[test]
    fn every_operation_is_there() {
        let facts = facts();
        let count = |groups: &Value| -> usize {
            groups.as_object().unwrap().values().map(|group| group["operations"].as_object().unwrap().len()).sum()
        };
        assert_eq!(count(&facts["c1"]) + count(&facts["commercelayer"]), 708);
    }

    #[test]
    fn every_type_that_a_request_leads_to_is_there() {
        let facts = facts();
        let types = facts["types"].as_object().unwrap();
        let known = |text_of_type: &str| {
            names(text_of_type)
                .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()) && !["Array", "Date"].contains(name))
                .all(|name| types.contains_key(name))
        };
        let groups = facts["c1"].as_object().unwrap().values();
        let requests = groups.flat_map(|group| group["operations"].as_object().unwrap().values());
        for field in requests.chain(types.values()).flat_map(|one| list(&one["fields"])) {
            assert!(known(text(&field["type"])), "{field}");
        }
    }

    #[test]
    fn an_answer_that_shows_a_secret_once_says_where() {
        for group in facts()["c1"].as_object().unwrap().values() {
            for (name, operation) in group["operations"].as_object().unwrap() {
                assert!(operation["effect"] != "secret" || operation["secrets"].is_array(), "{name}");
            }
        }
    }

    #[test]
    fn what_cannot_be_taken_back_is_marked() {
        let facts = facts();
        let is = |group: &str, name: &str| facts["c1"][group]["operations"][name]["final"] == true;
        assert!(is("connector", "revokeCredential") && is("connector", "rotateCredential") && is("apps", "delete"));
        assert!(is("taskActions", "hardReset") && is("ssoApplication", "batchDeleteSubjectCompatibility"));
        assert!(!is("apps", "list") && !is("apps", "create") && !is("apps", "update"));
        assert!(facts["commercelayer"]["api_credentials"]["operations"]["delete"]["final"] == true);
    }
}
