//! The part of the API table that describes the Provisioning API: its resources and its operations. The build script
//! writes the rows from `api/commercelayer.idl`.

/// A resource.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its `type`, such as `api_credentials`.
    pub key: &'static str,
    /// The name of one object, such as `api_credential`.
    pub singular: &'static str,
    /// Whether there is only one object, whose path has no id.
    pub singleton: bool,
    /// Its attributes.
    pub attributes: &'static [Attribute],
    /// Its relationships.
    pub relationships: &'static [Relationship],
}

/// An attribute.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// The type of a value.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// When it may be set.
    pub set: Settable,
    /// Whether it is a trigger: it is sent and never returned, and causes an action.
    pub trigger: bool,
    /// Whether it is a secret.
    pub secret: bool,
    /// Whether lists can be sorted by it.
    pub sortable: bool,
    /// Whether lists can be filtered by it.
    pub filterable: bool,
    /// The least and the greatest number.
    pub range: Option<(i64, i64)>,
}

/// A relationship.
#[derive(Debug, PartialEq, Eq)]
pub struct Relationship {
    /// Its name.
    pub name: &'static str,
    /// The `type` of its targets.
    pub target: &'static str,
    /// Whether it has any number of targets.
    pub many: bool,
    /// When it may be set.
    pub set: Settable,
}

/// The requests in which a client may send something.
#[derive(Debug, PartialEq, Eq)]
pub struct Settable {
    /// Allowed on create.
    pub create: bool,
    /// Required on create.
    pub required: bool,
    /// Allowed on update.
    pub update: bool,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the variants say everything")]
pub enum Kind {
    Text,
    Bool,
    Int,
    Number,
    Date,
    Object,
}

/// An operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its id, such as `api_credentials.list`.
    pub id: &'static str,
    /// Its HTTP method.
    pub method: &'static str,
    /// Its path, such as `/api/api_credentials/{id}`.
    pub path: &'static str,
    /// The `type` of the resource that its path begins with.
    pub resource: &'static str,
    /// Its action.
    pub act: Act,
}

/// The action of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Lists all objects.
    List,
    /// Reads one object.
    Retrieve,
    /// Creates an object.
    Create,
    /// Changes an object.
    Update,
    /// Deletes an object.
    Delete,
    /// Reads the targets of a relationship.
    Related(&'static str),
    /// A special action.
    Action(&'static str),
}

include!(concat!(env!("OUT_DIR"), "/commercelayer.rs"));

/// Returns all operations. The position is the operation's number.
pub fn operations() -> &'static [Operation] {
    OPERATIONS
}

/// Returns all resources.
pub fn resources() -> &'static [Resource] {
    RESOURCES
}

/// Returns the resource of this type.
pub fn resource(key: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.key == key)
}

impl Resource {
    /// Returns the attribute with this name. Triggers are not found, because they have no value.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name && !attribute.trigger)
    }

    /// Returns the relationship with this name.
    pub fn relationship(&self, name: &str) -> Option<&'static Relationship> {
        self.relationships.iter().find(|relationship| relationship.name == name)
    }

    /// Returns the part of its path after `/api/`.
    pub fn path(&self) -> &'static str {
        if self.singleton { self.singular } else { self.key }
    }
}

impl Relationship {
    /// Returns the resource of its targets. A test of the table ensures that it exists.
    pub fn resource(&self) -> Option<&'static Resource> {
        resource(self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_resolves() {
        assert_eq!((RESOURCES.len(), OPERATIONS.len()), (10, 70));
        for relationship in RESOURCES.iter().flat_map(|resource| resource.relationships) {
            assert!(relationship.resource().is_some(), "{relationship:?}");
        }
        for operation in OPERATIONS {
            let resource = resource(operation.resource).unwrap();
            if let Act::Related(name) = operation.act {
                assert!(resource.relationship(name).is_some(), "{operation:?}");
            }
        }
        let actions = OPERATIONS.iter().filter(|operation| matches!(operation.act, Act::Action(_)));
        let actions: Vec<_> = actions.map(|operation| operation.id).collect();
        assert_eq!(actions, ["memberships.resend", "organizations.transfer_ownership"]);
    }
}
