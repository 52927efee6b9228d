//! The parameters of a query: paging, order, filters, sparse fields and included relationships.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::filter::Filter;
use super::problem::Problem;
use super::schema::{self, Resource};
use super::store::{Record, Store};

/// The maximum number of objects on a page.
const LARGEST_PAGE: usize = 25;
/// The default number of objects on a page.
const USUAL_PAGE: usize = 10;

/// The relationships to include, each with those to include of its targets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Include(pub BTreeMap<&'static str, Include>);

/// The content of a query.
#[derive(Debug, Clone)]
pub struct Query {
    /// The number of the page, from 1.
    pub page: usize,
    /// The number of objects on a page.
    pub size: usize,
    /// The relationships to include.
    pub include: Include,
    /// The only attributes and relationships to show, by type.
    fields: BTreeMap<&'static str, BTreeSet<&'static str>>,
    sort: Vec<(&'static str, bool)>,
    filters: Vec<Filter>,
    /// The parameters that the links of a list repeat.
    repeated: Vec<(String, String)>,
}

impl Query {
    /// Parses the parameters of a request for one object, or a list of objects, of `resource`.
    ///
    /// # Errors
    /// Returns an error for the first parameter that is wrong.
    pub fn read(resource: &'static Resource, list: bool, parameters: &[(String, String)]) -> Result<Self, Problem> {
        let mut query = Self {
            page: 1,
            size: USUAL_PAGE,
            include: Include::default(),
            fields: BTreeMap::new(),
            sort: Vec::new(),
            filters: Vec::new(),
            repeated: Vec::new(),
        };
        for (name, value) in parameters {
            let inner = |head: &str| name.strip_prefix(head)?.strip_prefix('[')?.strip_suffix(']');
            if name == "include" {
                for path in value.split(',').filter(|path| !path.is_empty()) {
                    query.include.add(resource, path)?;
                }
            } else if name == "fields" || inner("fields").is_some() {
                query.read_fields(inner("fields").unwrap_or(resource.key), name, value)?;
            } else if list && name == "sort" {
                query.read_sort(resource, value)?;
            } else if let Some(part) = inner("page").filter(|_| list) {
                query.read_page(part, name, value)?;
            } else if let Some(key) = name.strip_prefix("filter[q][").and_then(|rest| rest.strip_suffix(']'))
                && list
            {
                query.filters.push(Filter::read(resource, name, key, value)?);
            } else if name.starts_with("filter") && list {
                return Err(Problem::query(
                    "INVALID_FILTERS_SYNTAX",
                    name,
                    "a filter has the form filter[q][name_predicate]",
                ));
            } else {
                return Err(Problem::query(
                    "PARAM_NOT_ALLOWED",
                    name,
                    format!("{name} is not a parameter of this request"),
                ));
            }
            if !name.starts_with("page") {
                query.repeated.push((name.clone(), value.clone()));
            }
        }
        Ok(query)
    }

    fn read_fields(&mut self, key: &str, parameter: &str, value: &str) -> Result<(), Problem> {
        let wrong = |why: String| Problem::query("INVALID_FIELD", parameter, why);
        let resource = schema::resource(key).ok_or_else(|| wrong(format!("{key:?} is not a type")))?;
        let fields = self.fields.entry(resource.key).or_default();
        for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            // `id` and `type` are always present, so requesting them is harmless.
            if matches!(name, "id" | "type") {
                continue;
            }
            let attribute = resource.attribute(name).map(|attribute| attribute.name);
            let known = attribute.or_else(|| resource.relationship(name).map(|relationship| relationship.name));
            fields.insert(known.ok_or_else(|| wrong(format!("{key} has no field {name:?}")))?);
        }
        Ok(())
    }

    fn read_sort(&mut self, resource: &'static Resource, value: &str) -> Result<(), Problem> {
        for part in value.split(',').filter(|part| !part.is_empty()) {
            let (name, down) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            let attribute = resource.attribute(name).filter(|attribute| attribute.sortable);
            let name = if name == "id" { Some("id") } else { attribute.map(|attribute| attribute.name) };
            let wrong = || format!("{} cannot be sorted by {part:?}", resource.key);
            self.sort.push((name.ok_or_else(|| Problem::query("INVALID_SORT_CRITERIA", "sort", wrong()))?, down));
        }
        Ok(())
    }

    fn read_page(&mut self, part: &str, parameter: &str, value: &str) -> Result<(), Problem> {
        let wrong = |why: &str| Problem::query("INVALID_PAGE_VALUE", parameter, why);
        let number = value.parse().ok().filter(|number| *number > 0);
        match part {
            "number" => self.page = number.ok_or_else(|| wrong("a page's number is 1 or more"))?,
            "size" => {
                let size = number.filter(|size| *size <= LARGEST_PAGE);
                self.size = size.ok_or_else(|| wrong("a page has 1 to 25 objects"))?;
            }
            _ => return Err(Problem::query("INVALID_PAGE_OBJECT", parameter, "a page has a number and a size")),
        }
        Ok(())
    }

    /// Returns whether the field of a type is to be shown.
    pub fn shows(&self, key: &str, field: &str) -> bool {
        self.fields.get(key).is_none_or(|fields| fields.contains(field))
    }

    /// Returns the objects that pass the filters, in order.
    pub fn select<'a>(&self, store: &Store, records: Vec<&'a Record>) -> Vec<&'a Record> {
        let mut found: Vec<&Record> = records
            .into_iter()
            .filter(|record| self.filters.iter().all(|filter| filter.passes(store, record)))
            .collect();
        found.sort_by(|one, two| {
            let orders = self.sort.iter().map(|(name, down)| {
                let order = compare(one, two, name);
                if *down { order.reverse() } else { order }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        found
    }

    /// Returns the objects of the page.
    pub fn cut<'a>(&self, records: &[&'a Record]) -> Vec<&'a Record> {
        let start = self.size.saturating_mul(self.page - 1);
        records.iter().skip(start).take(self.size).copied().collect()
    }

    /// Returns the query string of another page of the same list.
    pub fn page_query(&self, page: usize) -> String {
        let page = [("page[number]".to_owned(), page.to_string()), ("page[size]".to_owned(), self.size.to_string())];
        let pairs = self.repeated.iter().chain(&page);
        pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
    }
}

impl Include {
    fn add(&mut self, resource: &'static Resource, path: &str) -> Result<(), Problem> {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let wrong =
            || Problem::query("INVALID_INCLUDE", "include", format!("{} has no relationship {name:?}", resource.key));
        let relationship = resource.relationship(name).ok_or_else(wrong)?;
        let next = self.0.entry(relationship.name).or_default();
        if rest.is_empty() { Ok(()) } else { next.add(relationship.resource().ok_or_else(wrong)?, rest) }
    }
}

/// Compares two objects by an attribute. Nulls come last, as in Postgres.
fn compare<'a>(one: &'a Record, two: &'a Record, name: &str) -> Ordering {
    if name == "id" {
        return one.id.cmp(&two.id);
    }
    let value = |record: &'a Record| record.attributes.get(name).filter(|value| !value.is_null());
    match (value(one), value(two)) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Greater,
        (_, None) => Ordering::Less,
        (Some(Value::String(one)), Some(Value::String(two))) => one.cmp(two),
        (Some(one), Some(two)) => one.as_f64().partial_cmp(&two.as_f64()).unwrap_or(Ordering::Equal),
    }
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
