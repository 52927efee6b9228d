//! Reads the document of a create or an update, and checks it against the table.

use std::collections::BTreeMap;

use serde_json::Value;

use super::CommerceLayer;
use super::problem::{Problem, Problems};
use super::schema::{Attribute, Kind, Relationship, Resource, Settable};
use crate::shape::{Row, text};

/// The changes that a request makes.
#[derive(Debug, Default)]
pub struct Change {
    /// Attributes, secrets included.
    pub attributes: Row,
    /// The targets of to-one relationships; `None` clears the relationship.
    pub one: BTreeMap<&'static str, Option<String>>,
    /// The targets of to-many relationships.
    pub many: BTreeMap<&'static str, Vec<String>>,
    /// The triggers that are set.
    pub triggers: Vec<&'static str>,
}

/// The kind of request that a change comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb<'a> {
    /// A create.
    Create,
    /// An update of the object with this id.
    Update(&'a str),
}

impl Verb<'_> {
    fn allows(self, set: &Settable) -> bool {
        if self == Verb::Create { set.create } else { set.update }
    }
}

/// Returns the `data` of a body.
///
/// # Errors
/// Returns 400 if there is none.
pub fn data(body: &str) -> Result<Row, Problem> {
    let missing = || Problem::body("PARAM_MISSING", "/data", "the document has no data object");
    let document: Value =
        serde_json::from_str(body).map_err(|_| Problem::body("INVALID_DATA_FORMAT", "", "the body is not JSON"))?;
    document.get("data").and_then(Value::as_object).cloned().ok_or_else(missing)
}

impl Change {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// Returns everything that is wrong with it: first the form (400), then the values (422).
    pub fn read(
        api: &CommerceLayer,
        resource: &'static Resource,
        verb: Verb<'_>,
        body: &str,
    ) -> Result<Self, Problems> {
        let data = data(body).map_err(|problem| vec![problem])?;
        if text(&data, "type") != resource.key {
            let why = format!("the type of the data is not {}", resource.key);
            return Err(vec![Problem::body("INVALID_RESOURCE", "/data/type", why)]);
        }
        if let Verb::Update(id) = verb
            && !resource.singleton
        {
            match data.get("id").and_then(Value::as_str) {
                None => return Err(vec![Problem::body("KEY_NOT_INCLUDED_IN_URL", "/data/id", "the data has no id")]),
                Some(own) if own != id => {
                    let why = "the id of the data is not the one in the URL";
                    return Err(vec![Problem::body("KEY_NOT_INCLUDED_IN_URL", "/data/id", why)]);
                }
                Some(_) => {}
            }
        }
        let mut reader = Reader { api, resource, verb, change: Self::default(), form: Vec::new(), values: Vec::new() };
        reader.attributes(data.get("attributes"));
        reader.relationships(data.get("relationships"));
        reader.required();
        let Reader { change, form, values, .. } = reader;
        match (form.is_empty(), values.is_empty()) {
            (false, _) => Err(form),
            (true, false) => Err(values),
            (true, true) => Ok(change),
        }
    }
}

struct Reader<'a> {
    api: &'a CommerceLayer,
    resource: &'static Resource,
    verb: Verb<'a>,
    change: Change,
    form: Problems,
    values: Problems,
}

impl Reader<'_> {
    fn attributes(&mut self, attributes: Option<&Value>) {
        let Some(attributes) = self.object(attributes, "/data/attributes") else { return };
        for (name, value) in attributes {
            let pointer = format!("/data/attributes/{name}");
            let known = self.resource.attributes.iter().find(|attribute| attribute.name == name);
            let Some(attribute) = known.filter(|attribute| self.verb.allows(&attribute.set)) else {
                self.not_allowed(&pointer, name);
                continue;
            };
            if let Err(problem) = fits(attribute, value, &pointer) {
                self.values.push(problem);
            } else if attribute.trigger {
                self.change.triggers.extend((value == &Value::Bool(true)).then_some(attribute.name));
            } else {
                self.change.attributes.insert(name.clone(), value.clone());
            }
        }
    }

    fn relationships(&mut self, relationships: Option<&Value>) {
        let Some(relationships) = self.object(relationships, "/data/relationships") else { return };
        for (name, value) in relationships {
            let pointer = format!("/data/relationships/{name}");
            let known = self.resource.relationship(name);
            let Some(relationship) = known.filter(|relationship| self.verb.allows(&relationship.set)) else {
                self.not_allowed(&pointer, name);
                continue;
            };
            let linkage = value.get("data");
            let targets = match (linkage, relationship.many) {
                (Some(Value::Null), false) => Some(Vec::new()),
                (Some(one @ Value::Object(_)), false) => self.target(one, relationship, &pointer).map(|id| vec![id]),
                (Some(Value::Array(items)), true) => {
                    items.iter().map(|item| self.target(item, relationship, &pointer)).collect()
                }
                _ => {
                    let why = format!("{name} has no data, or data of another form");
                    self.form.push(Problem::body("INVALID_LINKS_OBJECT", &pointer, why));
                    None
                }
            };
            let Some(targets) = targets else { continue };
            if relationship.many {
                self.change.many.insert(relationship.name, targets);
            } else {
                self.change.one.insert(relationship.name, targets.into_iter().next());
            }
        }
    }

    /// Returns the id in an identifier, if such an object exists.
    fn target(&mut self, identifier: &Value, relationship: &Relationship, pointer: &str) -> Option<String> {
        let part = |name: &str| identifier.get(name).and_then(Value::as_str).unwrap_or_default();
        if part("type") != relationship.target {
            let why = format!("{} leads to {}, not to {:?}", relationship.name, relationship.target, part("type"));
            self.form.push(Problem::body("TYPE_MISMATCH", pointer, why));
            return None;
        }
        if self.api.store.get(relationship.target, part("id")).is_none() {
            self.values.push(Problem::invalid(pointer, "not_found", "there is no such record"));
            return None;
        }
        Some(part("id").to_owned())
    }

    fn required(&mut self) {
        if self.verb != Verb::Create {
            return;
        }
        for attribute in self.resource.attributes.iter().filter(|attribute| attribute.set.required) {
            let there = self.change.attributes.contains_key(attribute.name);
            self.require(there, format!("/data/attributes/{}", attribute.name));
        }
        for relationship in self.resource.relationships.iter().filter(|relationship| relationship.set.required) {
            let there = self.change.one.get(relationship.name).is_some_and(Option::is_some);
            self.require(there, format!("/data/relationships/{}", relationship.name));
        }
    }

    /// Reports a missing value, unless it was already reported.
    fn require(&mut self, there: bool, pointer: String) {
        if !there && !self.values.iter().chain(&self.form).any(|problem| problem.is_at(&pointer)) {
            self.values.push(Problem::invalid(&pointer, "blank", "a value is required"));
        }
    }

    fn object<'v>(&mut self, value: Option<&'v Value>, pointer: &str) -> Option<&'v Row> {
        match value {
            None => None,
            Some(Value::Object(row)) => Some(row),
            Some(_) => {
                self.form.push(Problem::body("INVALID_DATA_FORMAT", pointer, "this is not an object"));
                None
            }
        }
    }

    fn not_allowed(&mut self, pointer: &str, name: &str) {
        if !self.api.settings.ignores_read_only {
            let why = format!("{name} of {} cannot be set by this request", self.resource.key);
            self.form.push(Problem::body("PARAM_NOT_ALLOWED", pointer, why));
        }
    }
}

/// Checks a value against its attribute.
fn fits(attribute: &Attribute, value: &Value, pointer: &str) -> Result<(), Problem> {
    if value.is_null() {
        return if attribute.nullable {
            Ok(())
        } else {
            Err(Problem::invalid(pointer, "blank", "a value is required"))
        };
    }
    let (fits, expected) = match attribute.kind {
        Kind::Text | Kind::Date => (value.is_string(), "text is expected"),
        Kind::Bool => (value.is_boolean(), "true or false is expected"),
        Kind::Int => (value.is_i64(), "a whole number is expected"),
        Kind::Number => (value.is_number(), "a number is expected"),
        Kind::Object => (value.is_object(), "an object is expected"),
    };
    if !fits {
        return Err(Problem::invalid(pointer, "invalid", expected));
    }
    if attribute.set.required && value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Err(Problem::invalid(pointer, "blank", "a value is required"));
    }
    if let Some((least, most)) = attribute.range
        && value.as_i64().is_some_and(|number| !(least..=most).contains(&number))
    {
        return Err(Problem::invalid(pointer, "inclusion", &format!("a number from {least} to {most} is expected")));
    }
    Ok(())
}
