//! The rows of the Provisioning API. A to-one relationship is kept with its row as an id. A to-many relationship is the
//! inverse of one, so it is looked up and never stored.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::schema::{self, Relationship, Resource};
use crate::random::Dice;
use crate::shape::{Row, text};
use crate::status::Status;

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its resource.
    pub resource: &'static Resource,
    /// Its id.
    pub id: String,
    /// Its attributes, without secrets.
    pub attributes: Row,
    /// The targets of its to-one relationships: ids by name.
    pub links: BTreeMap<String, String>,
}

impl Record {
    /// Returns the text in an attribute; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        text(&self.attributes, name)
    }

    /// Returns whether the attribute is `true`.
    pub fn is(&self, name: &str) -> bool {
        self.attributes.get(name) == Some(&Value::Bool(true))
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.attributes.insert(name.to_owned(), value.into());
    }

    /// Returns the id of a to-one relationship's target; empty if there is none.
    pub fn link(&self, name: &str) -> &str {
        self.links.get(name).map_or("", String::as_str)
    }

    /// Sets the target of a to-one relationship.
    pub fn set_link(&mut self, name: &str, id: &str) {
        self.links.insert(name.to_owned(), id.to_owned());
    }

    /// Returns the key under which secrets are kept.
    pub fn key(&self) -> String {
        format!("{}/{}", self.resource.key, self.id)
    }
}

/// All objects of one type, in the order of their creation.
#[derive(Debug, Clone, Default)]
struct Collection {
    records: BTreeMap<u64, Record>,
    places: HashMap<String, u64>,
    next: u64,
}

/// All objects.
#[derive(Debug, Clone)]
pub struct Store {
    /// The pseudo-random sequence that ids are drawn from.
    pub dice: Dice,
    collections: BTreeMap<&'static str, Collection>,
}

impl Store {
    /// Creates an empty store.
    pub fn new(dice: Dice) -> Self {
        Self { dice, collections: BTreeMap::new() }
    }

    /// Returns a new id in Commerce Layer's format: ten letters.
    pub fn new_id(&mut self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        (0..10).map(|_| LETTERS.get(self.dice.below(LETTERS.len())).copied().map_or('A', char::from)).collect()
    }

    /// Adds an object, or replaces the one with its id.
    pub fn put(&mut self, record: Record) {
        let collection = self.collections.entry(record.resource.key).or_default();
        let place = collection.places.get(&record.id).copied().unwrap_or_else(|| {
            collection.next += 1;
            collection.places.insert(record.id.clone(), collection.next);
            collection.next
        });
        collection.records.insert(place, record);
    }

    /// Returns the object with this id.
    pub fn get(&self, key: &str, id: &str) -> Option<&Record> {
        let collection = self.collections.get(key)?;
        collection.records.get(collection.places.get(id)?)
    }

    /// Returns the object with this id mutably.
    pub fn get_mut(&mut self, key: &str, id: &str) -> Option<&mut Record> {
        let collection = self.collections.get_mut(key)?;
        collection.records.get_mut(collection.places.get(id)?)
    }

    /// Removes an object.
    pub fn remove(&mut self, key: &str, id: &str) -> Option<Record> {
        let collection = self.collections.get_mut(key)?;
        collection.records.remove(&collection.places.remove(id)?)
    }

    /// Returns all objects of a type, oldest first.
    pub fn all<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Record> + use<'a> {
        self.collections.get(key).into_iter().flat_map(|collection| collection.records.values())
    }

    /// Returns the objects of a type whose to-one relationship `name` has the target `id`.
    pub fn linked<'a, 'n>(
        &'a self,
        key: &str,
        name: &'n str,
        id: &'n str,
    ) -> impl Iterator<Item = &'a Record> + use<'a, 'n> {
        self.all(key).filter(move |record| record.link(name) == id)
    }

    /// Returns the targets of an object's relationship, oldest first.
    pub fn related<'a>(&'a self, record: &'a Record, relationship: &Relationship) -> Vec<&'a Record> {
        if !relationship.many {
            return self.get(relationship.target, record.link(relationship.name)).into_iter().collect();
        }
        if relationship.target == "versions" {
            let of = |version: &&Record| {
                version.text("resource_id") == record.id && version.text("resource_type") == record.resource.key
            };
            return self.all("versions").filter(of).collect();
        }
        self.linked(relationship.target, record.resource.singular, &record.id).collect()
    }

    /// Returns all rows as JSON.
    pub fn snapshot(&self) -> Value {
        let show = |record: &Record| json!({ "id": record.id, "attributes": record.attributes, "links": record.links });
        let types: Row = schema::resources()
            .iter()
            .map(|resource| (resource.key.to_owned(), self.all(resource.key).map(show).collect()))
            .collect();
        json!({ "dice": self.dice.position().to_string(), "resources": types })
    }

    /// Reads the output of [`Store::snapshot`].
    ///
    /// # Errors
    /// Returns code 3 if it is malformed.
    pub fn restore(snapshot: &Value) -> Result<Self, Status> {
        let wrong = |what: &str| Status::invalid(format!("state: commercelayer: {what}"));
        let position = snapshot.get("dice").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let mut store = Self::new(Dice::new(position.ok_or_else(|| wrong("dice is missing"))?));
        let types =
            snapshot.get("resources").and_then(Value::as_object).ok_or_else(|| wrong("resources is missing"))?;
        for resource in schema::resources() {
            for row in types.get(resource.key).and_then(Value::as_array).into_iter().flatten() {
                let part = |name: &str| row.get(name).and_then(Value::as_object).cloned();
                let id = row.get("id").and_then(Value::as_str).ok_or_else(|| wrong("an id is missing"))?.to_owned();
                let mut attributes = part("attributes").ok_or_else(|| wrong("attributes are missing"))?;
                // A secret that somebody added to the file is ignored.
                attributes.retain(|name, _| resource.attribute(name).is_some_and(|attribute| !attribute.secret));
                let links = part("links").unwrap_or_default();
                let links = links.into_iter().filter_map(|(name, id)| Some((name, id.as_str()?.to_owned()))).collect();
                store.put(Record { resource, id, attributes, links });
            }
        }
        Ok(store)
    }
}
