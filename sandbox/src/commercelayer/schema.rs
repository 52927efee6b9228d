//! What the API table says about the Provisioning API: its resources and its operations. The build script writes the
//! rows from `api/commercelayer.idl`.

/// A resource.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its `type`, such as `api_credentials`.
    pub key: &'static str,
    /// What one object is called, such as `api_credential`.
    pub singular: &'static str,
    /// There is one object, whose path has no id.
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
    /// What a value is.
    pub kind: Kind,
    /// It may be null.
    pub nullable: bool,
    /// Who sets it.
    pub set: Settable,
    /// Sent and never returned: what it asks for is done.
    pub trigger: bool,
    /// A secret.
    pub secret: bool,
    /// Lists can be sorted by it.
    pub sortable: bool,
    /// Lists can be filtered by it.
    pub filterable: bool,
    /// The least and the greatest number.
    pub range: Option<(i64, i64)>,
}

/// A relationship.
#[derive(Debug, PartialEq, Eq)]
pub struct Relationship {
    /// Its name.
    pub name: &'static str,
    /// The `type` that it leads to.
    pub target: &'static str,
    /// It leads to any number of objects.
    pub many: bool,
    /// Who sets it.
    pub set: Settable,
}

/// When a client may send something.
#[derive(Debug, PartialEq, Eq)]
pub struct Settable {
    /// On create.
    pub create: bool,
    /// On create it must be there.
    pub required: bool,
    /// On update.
    pub update: bool,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
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
    /// What it does.
    pub act: Act,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Lists all.
    List,
    /// Reads one.
    Retrieve,
    /// Makes one.
    Create,
    /// Changes one.
    Update,
    /// Removes one.
    Delete,
    /// Reads what a relationship leads to.
    Related(&'static str),
    /// Something of its own.
    Action(&'static str),
}

include!(concat!(env!("OUT_DIR"), "/commercelayer.rs"));

/// All operations; a place in here is an operation's number.
pub fn operations() -> &'static [Operation] {
    OPERATIONS
}

/// All resources.
pub fn resources() -> &'static [Resource] {
    RESOURCES
}

/// The resource of this type.
pub fn resource(key: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.key == key)
}

impl Resource {
    /// The attribute with this name. Triggers are not found: they have no value.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name && !attribute.trigger)
    }

    /// The relationship with this name.
    pub fn relationship(&self, name: &str) -> Option<&'static Relationship> {
        self.relationships.iter().find(|relationship| relationship.name == name)
    }

    /// What its path begins with after `/api/`.
    pub fn path(&self) -> &'static str {
        if self.singleton { self.singular } else { self.key }
    }
}

impl Relationship {
    /// The resource that it leads to. The table's own test says that there is one.
    pub fn resource(&self) -> Option<&'static Resource> {
        resource(self.target)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_somewhere() {
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
