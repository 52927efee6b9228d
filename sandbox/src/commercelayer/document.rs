//! JSON:API documents: resource objects, included objects, links and counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::CommerceLayer;
use super::query::{Include, Query};
use super::schema::Relationship;
use super::store::Record;
use crate::shape::Row;

/// A writer of documents.
#[derive(Debug)]
pub struct Writer<'a> {
    api: &'a CommerceLayer,
    query: &'a Query,
    /// The prefix of every path, such as `https://tenant.sandbox.invalid/api`.
    base: String,
}

/// An object that a document shows.
struct Shown<'a> {
    record: &'a Record,
    /// The relationships whose linkage is shown.
    linked: BTreeSet<&'static str>,
}

/// The objects that a document shows, in the order in which they were reached, by type and id.
#[derive(Default)]
struct Graph<'a> {
    places: BTreeMap<(&'static str, &'a str), usize>,
    shown: Vec<Shown<'a>>,
}

impl<'a> Graph<'a> {
    fn add(&mut self, record: &'a Record) -> usize {
        *self.places.entry((record.resource.key, &record.id)).or_insert_with(|| {
            self.shown.push(Shown { record, linked: BTreeSet::new() });
            self.shown.len() - 1
        })
    }
}

impl<'a> Writer<'a> {
    /// Creates a writer for answers to `query`. `origin` is the address of the API.
    pub fn new(api: &'a CommerceLayer, query: &'a Query, origin: &str) -> Self {
        Self { api, query, base: format!("{origin}/api") }
    }

    /// Returns the document of one object, or of none.
    pub fn one(&self, record: Option<&'a Record>) -> Value {
        let mut document = self.document(&record.into_iter().collect::<Vec<_>>());
        let data = document.get_mut("data").and_then(Value::as_array_mut).and_then(Vec::pop);
        document.insert("data".to_owned(), data.unwrap_or_default());
        Value::Object(document)
    }

    /// Returns the document of one page of a list; `path` is the path of the list after `/api`.
    pub fn list(&self, records: &[&'a Record], path: &str) -> Value {
        let Query { page, size, .. } = *self.query;
        let pages = records.len().div_ceil(size);
        let mut document = self.document(&self.query.cut(records));
        let link = |page: usize| Value::from(format!("{}{path}?{}", self.base, self.query.page_query(page)));
        let mut links = Row::from_iter([("first".to_owned(), link(1))]);
        if page > 1 {
            links.insert("prev".to_owned(), link(page - 1));
        }
        if page < pages {
            links.insert("next".to_owned(), link(page + 1));
        }
        links.insert("last".to_owned(), link(pages.max(1)));
        document.insert("meta".to_owned(), json!({ "record_count": records.len(), "page_count": pages }));
        document.insert("links".to_owned(), Value::Object(links));
        Value::Object(document)
    }

    fn document(&self, records: &[&'a Record]) -> Row {
        let mut graph = Graph::default();
        for record in records {
            graph.add(record);
        }
        for record in records {
            self.follow(&mut graph, record, &self.query.include);
        }
        let (primary, included) = graph.shown.split_at(records.len());
        let mut document =
            Row::from_iter([("data".to_owned(), primary.iter().map(|shown| self.object(shown)).collect())]);
        if !self.query.include.0.is_empty() {
            document.insert("included".to_owned(), included.iter().map(|shown| self.object(shown)).collect());
        }
        document
    }

    fn follow(&self, graph: &mut Graph<'a>, record: &'a Record, include: &Include) {
        for (name, next) in &include.0 {
            let Some(relationship) = record.resource.relationship(name) else { continue };
            let place = graph.add(record);
            if let Some(shown) = graph.shown.get_mut(place) {
                shown.linked.insert(relationship.name);
            }
            // A relationship whose linkage is not shown is not followed, so its targets are not included.
            if !self.query.shows(record.resource.key, name) {
                continue;
            }
            for target in self.api.store.related(record, relationship) {
                graph.add(target);
                self.follow(graph, target, next);
            }
        }
    }

    fn object(&self, shown: &Shown<'_>) -> Value {
        let record = shown.record;
        let resource = record.resource;
        let path =
            if resource.singleton { resource.singular.to_owned() } else { format!("{}/{}", resource.key, record.id) };
        let this = format!("{}/{path}", self.base);
        let mut attributes = Row::new();
        for attribute in resource.attributes.iter().filter(|attribute| !attribute.trigger) {
            if !self.query.shows(resource.key, attribute.name) {
                continue;
            }
            let value = match attribute.secret {
                true => self.api.secret(record).map_or(Value::Null, Value::from),
                false => record.attributes.get(attribute.name).cloned().unwrap_or_default(),
            };
            attributes.insert(attribute.name.to_owned(), value);
        }
        let relationships: Row = resource
            .relationships
            .iter()
            .filter(|relationship| self.query.shows(resource.key, relationship.name))
            .map(|relationship| (relationship.name.to_owned(), self.relationship(&this, shown, relationship)))
            .collect();
        let mut object = json!({
            "id": record.id,
            "type": resource.key,
            "links": { "self": this },
            "attributes": attributes,
        });
        if let Value::Object(object) = &mut object
            && !relationships.is_empty()
        {
            object.insert("relationships".to_owned(), Value::Object(relationships));
        }
        object
    }

    fn relationship(&self, this: &str, shown: &Shown<'_>, relationship: &Relationship) -> Value {
        let name = relationship.name;
        let mut object = json!({
            "links": { "self": format!("{this}/relationships/{name}"), "related": format!("{this}/{name}") },
        });
        if shown.linked.contains(name) {
            let targets = self.api.store.related(shown.record, relationship);
            let mut data = targets.iter().map(|target| json!({ "type": target.resource.key, "id": target.id }));
            let data = if relationship.many { data.collect() } else { data.next().unwrap_or_default() };
            if let Value::Object(object) = &mut object {
                object.insert("data".to_owned(), data);
            }
        }
        object
    }
}
