//! Filters: `filter[q][<attributes>_<predicate>]=<value>`. Attributes are joined by `_or_`; an attribute of another
//! resource is prefixed with the names of the relationships that lead to it.

use std::cmp::Ordering;

use serde_json::Value;

use super::problem::Problem;
use super::schema::{Attribute, Kind, Resource};
use super::store::{Record, Store};
use crate::time;

/// A filter. An object passes it if the value at one of the places does.
#[derive(Debug, Clone)]
pub struct Filter {
    places: Vec<Place>,
    predicate: Predicate,
    values: Vec<String>,
}

/// The location of a compared value: the relationships to follow, then an attribute, which may be `id`.
#[derive(Debug, Clone)]
struct Place {
    path: Vec<&'static str>,
    attribute: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
struct Predicate {
    test: Test,
    not: bool,
    or_null: bool,
    /// The way in which several values are combined.
    quantity: Quantity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    One,
    Any,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Equal,
    Matches,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Present,
    Null,
    In,
    Start,
    End,
    Contains,
    True,
    False,
    Json,
}

/// The predicates without suffixes: name, test, negation, and the suffixes that each accepts.
const PREDICATES: [(&str, Test, bool, Suffixes); 23] = [
    ("eq", Test::Equal, false, Suffixes::OrNull),
    ("not_eq", Test::Equal, true, Suffixes::OrNull),
    ("matches", Test::Matches, false, Suffixes::AnyAll),
    ("does_not_match", Test::Matches, true, Suffixes::AnyAll),
    ("lt", Test::Less, false, Suffixes::AnyAll),
    ("lteq", Test::LessOrEqual, false, Suffixes::AnyAll),
    ("gt", Test::Greater, false, Suffixes::AnyAll),
    ("gteq", Test::GreaterOrEqual, false, Suffixes::AnyAll),
    ("present", Test::Present, false, Suffixes::None),
    ("blank", Test::Present, true, Suffixes::None),
    ("null", Test::Null, false, Suffixes::None),
    ("not_null", Test::Null, true, Suffixes::None),
    ("in", Test::In, false, Suffixes::OrNull),
    ("not_in", Test::In, true, Suffixes::OrNull),
    ("start", Test::Start, false, Suffixes::AnyAll),
    ("not_start", Test::Start, true, Suffixes::AnyAll),
    ("end", Test::End, false, Suffixes::AnyAll),
    ("not_end", Test::End, true, Suffixes::AnyAll),
    ("cont", Test::Contains, false, Suffixes::AnyAll),
    ("not_cont", Test::Contains, true, Suffixes::AnyAll),
    ("true", Test::True, false, Suffixes::None),
    ("false", Test::False, false, Suffixes::None),
    ("jcont", Test::Json, false, Suffixes::None),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suffixes {
    None,
    OrNull,
    AnyAll,
}

impl Filter {
    /// Parses a filter for lists of `resource`.
    ///
    /// # Errors
    /// Returns 400 if it names something that lists cannot be filtered by, or if a value is invalid.
    pub fn read(resource: &'static Resource, parameter: &str, key: &str, value: &str) -> Result<Self, Problem> {
        let refuse = |why: String| Problem::query("FILTER_NOT_ALLOWED", parameter, why);
        // An attribute's own name may end like a predicate, so the longest valid attribute is used.
        let mut readings = readings(key);
        readings.sort_by_key(|(names, _)| std::cmp::Reverse(names.len()));
        if readings.is_empty() {
            return Err(refuse(format!("{key:?} does not end in a predicate")));
        }
        let reading = readings.into_iter().find_map(|(names, predicate)| Some((places(resource, names)?, predicate)));
        let Some((places, predicate)) = reading else {
            return Err(refuse(format!("{key:?} names nothing that {} can be filtered by", resource.key)));
        };
        let many = predicate.quantity != Quantity::One || predicate.test == Test::In;
        let values: Vec<String> =
            if many { value.split(',').map(str::to_owned).collect() } else { vec![value.to_owned()] };
        let bad = |why: &str| Problem::query("INVALID_FILTER_VALUE", parameter, why);
        if predicate.test == Test::Json && !serde_json::from_str::<Value>(value).is_ok_and(|value| value.is_object()) {
            return Err(bad("the value is not a JSON object"));
        }
        let compares = matches!(
            predicate.test,
            Test::Equal | Test::In | Test::Less | Test::LessOrEqual | Test::Greater | Test::GreaterOrEqual
        );
        for place in places.iter().filter(|_| compares) {
            for value in &values {
                let fits = match place.kind {
                    Kind::Date => date(value).is_some(),
                    Kind::Int | Kind::Number => value.parse::<f64>().is_ok(),
                    Kind::Bool => matches!(value.as_str(), "true" | "false" | "1" | "0"),
                    Kind::Text | Kind::Object => true,
                };
                if !fits {
                    return Err(bad("the value does not fit the attribute"));
                }
            }
        }
        Ok(Self { places, predicate, values })
    }

    /// Returns whether the object passes.
    pub fn passes(&self, store: &Store, record: &Record) -> bool {
        self.places.iter().any(|place| self.passes_at(store, record, place, &place.path))
    }

    fn passes_at(&self, store: &Store, record: &Record, place: &Place, path: &[&'static str]) -> bool {
        if let Some((first, rest)) = path.split_first() {
            let Some(relationship) = record.resource.relationship(first) else { return false };
            return store.related(record, relationship).iter().any(|next| self.passes_at(store, next, place, rest));
        }
        let id;
        let value = if place.attribute == "id" {
            id = Value::from(record.id.as_str());
            &id
        } else {
            record.attributes.get(place.attribute).unwrap_or(&Value::Null)
        };
        self.holds(value, place.kind)
    }

    fn holds(&self, value: &Value, kind: Kind) -> bool {
        let Predicate { test, not, or_null, quantity } = self.predicate;
        let positive = |given: &str| test_one(test, value, kind, given);
        match test {
            // The value of such a filter decides whether its condition must hold or must not.
            Test::Present | Test::Null | Test::True | Test::False => {
                let meant = !matches!(self.values.first().map(String::as_str), Some("false" | "0"));
                return (positive("") != not) == meant;
            }
            _ => {}
        }
        // As in SQL, a null value satisfies neither a test nor its negation.
        if value.is_null() {
            return or_null;
        }
        let one = |given: &String| positive(given) != not;
        match (quantity, test) {
            (_, Test::In) => self.values.iter().any(|given| positive(given)) != not,
            (Quantity::All, _) => self.values.iter().all(one),
            (Quantity::Any | Quantity::One, _) => self.values.iter().any(one),
        }
    }
}

fn test_one(test: Test, value: &Value, kind: Kind, given: &str) -> bool {
    let text = || value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase();
    let order = || compare(value, kind, given);
    match test {
        Test::Equal | Test::In => order() == Some(Ordering::Equal),
        Test::Less => order() == Some(Ordering::Less),
        Test::LessOrEqual => order().is_some_and(Ordering::is_le),
        Test::Greater => order() == Some(Ordering::Greater),
        Test::GreaterOrEqual => order().is_some_and(Ordering::is_ge),
        Test::Matches => like(&text(), &given.to_lowercase()),
        Test::Start => text().starts_with(&given.to_lowercase()),
        Test::End => text().ends_with(&given.to_lowercase()),
        Test::Contains => text().contains(&given.to_lowercase()),
        Test::Present => !value.is_null() && value.as_str() != Some(""),
        Test::Null => value.is_null(),
        Test::True => value == &Value::Bool(true),
        Test::False => value == &Value::Bool(false),
        Test::Json => serde_json::from_str(given).is_ok_and(|part: Value| holds_json(value, &part)),
    }
}

/// Compares a value with another one of its kind, given as text.
fn compare(value: &Value, kind: Kind, given: &str) -> Option<Ordering> {
    match kind {
        Kind::Date => date(value.as_str()?).zip(date(given)).map(|(mine, theirs)| mine.cmp(&theirs)),
        Kind::Int | Kind::Number => value.as_f64()?.partial_cmp(&given.parse().ok()?),
        Kind::Bool => Some(value.as_bool()?.cmp(&matches!(given, "true" | "1"))),
        Kind::Text | Kind::Object => {
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str().cmp(given))
        }
    }
}

/// Parses a time, or a date as the beginning of its day.
fn date(text: &str) -> Option<time::Millis> {
    time::parse(text).or_else(|| time::parse(&format!("{text}T00:00:00Z")))
}

/// Implements SQL's `LIKE`: `%` is any text, `_` any character.
fn like(text: &str, pattern: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = rest.as_str();
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| text.get(at..).is_some_and(|text| like(text, rest)))
        }
        Some(wanted) => {
            let mut own = text.chars();
            own.next().is_some_and(|found| wanted == '_' || found == wanted) && like(own.as_str(), rest.as_str())
        }
    }
}

/// Implements Postgres's `@>`: every member of `part` is in `whole`.
fn holds_json(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| holds_json(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            part.iter().all(|part| whole.iter().any(|whole| holds_json(whole, part)))
        }
        _ => whole == part,
    }
}

/// Returns every way to split a key into attributes and a predicate.
fn readings(key: &str) -> Vec<(&str, Predicate)> {
    let mut found = Vec::new();
    for (suffix, kind, quantity) in [
        ("", None, Quantity::One),
        ("_or_null", Some(Suffixes::OrNull), Quantity::One),
        ("_any", Some(Suffixes::AnyAll), Quantity::Any),
        ("_all", Some(Suffixes::AnyAll), Quantity::All),
    ] {
        let Some(stem) = key.strip_suffix(suffix) else { continue };
        for (name, test, not, suffixes) in PREDICATES {
            if kind.is_some_and(|kind| kind != suffixes) {
                continue;
            }
            if let Some(names) = stem.strip_suffix(name).and_then(|stem| stem.strip_suffix('_')) {
                found.push((names, Predicate { test, not, or_null: suffix == "_or_null", quantity }));
            }
        }
    }
    found
}

fn places(resource: &'static Resource, names: &str) -> Option<Vec<Place>> {
    // A name that contains `_or_` would be ambiguous; no attribute has such a name.
    names.split("_or_").map(|name| place(resource, name, 0)).collect()
}

fn place(resource: &'static Resource, name: &str, depth: usize) -> Option<Place> {
    if name == "id" {
        return Some(Place { path: Vec::new(), attribute: "id", kind: Kind::Text });
    }
    if let Some(Attribute { name, kind, .. }) = resource.attribute(name).filter(|attribute| attribute.filterable) {
        return Some(Place { path: Vec::new(), attribute: name, kind: *kind });
    }
    // Longer names come first: `membership_profile_name` is not a `profile_name` of `membership`.
    let mut relationships: Vec<_> = resource.relationships.iter().collect();
    relationships.sort_by_key(|relationship| std::cmp::Reverse(relationship.name.len()));
    relationships.into_iter().filter(|_| depth < 3).find_map(|relationship| {
        let rest = name.strip_prefix(relationship.name)?.strip_prefix('_')?;
        let mut place = place(relationship.resource()?, rest, depth + 1)?;
        place.path.insert(0, relationship.name);
        Some(place)
    })
}
