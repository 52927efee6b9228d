//! The facade of a JSON:API: `NAME-models.ts` (types only), `NAME.ts` (a class for each resource) and `NAME-facts.ts`
//! (what the client needs to know at run time). Attributes keep their names on the wire.

mod classes;
mod facts;
mod models;
#[cfg(test)]
mod tests;

use keyturn_api::{
    model::{Api, Attribute, Operation, Resource},
    naming::{pascal, snake},
};

use super::docs::Docs;

/// Returns the name and text of each file.
///
/// # Errors
/// Fails if a doc comment has no subject.
pub fn files(api: &Api, docs: &mut Docs) -> Result<Vec<(String, String)>, String> {
    let facade = Facade::new(api);
    let name = &api.name;
    let files = vec![
        (format!("{name}-models.ts"), models::write(&facade, docs)),
        (format!("{name}.ts"), classes::write(&facade, docs)),
        (format!("{name}-facts.ts"), facts::write(&facade)),
    ];
    docs.end()?;
    Ok(files)
}

/// An API, with the attributes that all its resources have in common.
struct Facade<'a> {
    api: &'a Api,
    /// Names of the attributes that every resource has.
    common: Vec<&'a str>,
}

impl<'a> Facade<'a> {
    fn new(api: &'a Api) -> Self {
        let in_all = |name: &str| api.resources.iter().all(|other| other.attributes.iter().any(|a| a.name == name));
        let first = api.resources.first().map(|resource| resource.attributes.as_slice()).unwrap_or_default();
        Self { api, common: first.iter().map(|a| a.name.as_str()).filter(|name| in_all(name)).collect() }
    }

    /// Returns the attributes of a resource that are not common to all.
    fn own(&self, resource: &'a Resource) -> impl Iterator<Item = &'a Attribute> {
        resource.attributes.iter().filter(|attribute| !self.common.contains(&attribute.name.as_str()))
    }

    /// Returns the operations of a resource, each with its number.
    fn operations(&self, resource: &Resource) -> impl Iterator<Item = (usize, &'a Operation)> {
        let group = property(resource);
        self.api.operations.iter().enumerate().filter(move |(_, operation)| operation.group == group)
    }

    fn has(&self, resource: &Resource, name: &str) -> bool {
        self.operations(resource).any(|(_, operation)| operation.name == name)
    }

    fn resource(&self, key: &str) -> Option<&'a Resource> {
        self.api.resources.iter().find(|resource| resource.key == key)
    }
}

/// Returns the client's property, which is also the group of the operations.
pub(super) fn property(resource: &Resource) -> String {
    if resource.singleton { snake(&resource.name) } else { resource.key.clone() }
}

fn class(resource: &Resource) -> String {
    pascal(&resource.key)
}

/// Returns `"a" | "b"`, or `never` if there are no names.
fn union<'t>(names: impl IntoIterator<Item = &'t str>) -> String {
    let names: Vec<String> = names.into_iter().map(super::string).collect();
    if names.is_empty() { "never".to_owned() } else { names.join(" | ") }
}
