//! An API as plain data. The importer creates it, the text form prints and parses it, and the table and the facade are
//! generated from it.

/// One API, with everything that the SDK knows about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Api {
    /// Short name, such as `c1`.
    pub name: String,
    /// The version that the document states, if the SDK reports it to its users.
    pub version: Option<String>,
    /// Operations in document order. Their position is the operation number of the table and of the facade.
    pub operations: Vec<Operation>,
    /// Messages in document order.
    pub messages: Vec<Message>,
    /// Enumerations, one for each place that names one, in order of first use.
    pub enums: Vec<Enum>,
    /// The resources of a JSON:API, in document order; empty for an API of another kind. If there are any, the bodies
    /// and answers of the operations are documents that follow from them (see [`crate::documents`]).
    pub resources: Vec<Resource>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The operation's id in the API document, such as `c1.api.app.v1.ConnectorService.RotateCredential`.
    pub id: String,
    /// The group that becomes a class and a client property, as the document spells it, such as `Connector`.
    pub group: String,
    /// The method's name as the document spells it, such as `RotateCredential`.
    pub name: String,
    /// The HTTP method.
    pub method: Method,
    /// The path template with wire parameter names, such as `/api/v1/apps/{app_id}/connectors`.
    pub path: String,
    /// Path and query parameters, in document order.
    pub params: Vec<Param>,
    /// Key of the message sent as the JSON body, if the operation declares one.
    pub body: Option<String>,
    /// Key of the message that a successful answer decodes to.
    pub response: String,
    /// The effect of repeating the request.
    pub effect: Effect,
    /// How the operation is paged, if it is.
    pub paging: Option<Paging>,
    /// Whether the document marks the operation as deprecated.
    pub deprecated: bool,
    /// `draft`, `alpha`, `beta`, `stable`, or empty if the document does not say.
    pub stability: String,
    /// The names that release 1.2.2 of the official SDK uses, if they differ from the current ones.
    pub sdk122: Option<OperationNames122>,
    /// Whether the operation is part of release 1.2.2 of the official SDK.
    pub in_sdk122: bool,
}

/// The HTTP methods that the APIs use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// The effect of repeating a request, which decides which failures may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing, so it may be repeated freely. This applies to every GET, and to the POST searches and reads.
    Read,
    /// Changes something, so it is repeated only if the request provably was not processed.
    Write,
    /// Answers with a secret that is shown once, without an idempotency key, so it is never repeated once it may have
    /// arrived.
    Secret,
}

/// A path or query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Wire name, such as `page_size`.
    pub wire: String,
    /// Name in the request object, such as `pageSize`.
    pub name: String,
    /// The place in which it is sent.
    pub place: Place,
    /// `String`, `Int32`, `Int64` or `Enum`.
    pub kind: Kind,
    /// Whether it is a paging parameter that the document fails to declare.
    pub added: bool,
}

/// The place of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A segment of the path; always required.
    Path,
    /// The query string; always optional.
    Query,
}

/// How an operation is paged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// The request field of the token: a query parameter's or a body field's name (`pageToken`).
    pub token_in: String,
    /// Response field that carries the next token (`nextPageToken`, once `pageToken`).
    pub token_out: String,
    /// Response field that holds the items.
    pub items: String,
    /// Whether the token is sent in the query; otherwise it is in the body.
    pub in_query: bool,
    /// Whether release 1.2.2 of the official SDK returns a page iterator for it.
    pub sdk122: bool,
}

/// Names of release 1.2.2 that differ from the current ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationNames122 {
    /// Type name of the body.
    pub body: Option<String>,
    /// Type name of the response.
    pub response: Option<String>,
}

/// One message type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Key in the API document, such as `c1.api.app.v1.ConnectorCredential`.
    pub key: String,
    /// TypeScript name, such as `ConnectorCredential`.
    pub name: String,
    /// TypeScript name of its input twin (without read-only fields), if it has one.
    pub input_name: Option<String>,
    /// Fields in document order.
    pub fields: Vec<Field>,
}

/// One field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Wire name, such as `createdAt`.
    pub wire: String,
    /// Name in TypeScript, which differs from `wire` in two fields of C1.
    pub name: String,
    /// Name in release 1.2.2 of the official SDK, if it differs from `name`.
    pub sdk122: Option<String>,
    /// The type of a value.
    pub kind: Kind,
    /// TypeScript name of an inline object type ([`Kind::Any`] and [`Kind::Empty`] have one).
    pub type_name: Option<String>,
    /// One value, a list or a map with string keys.
    pub shape: Shape,
    /// Whether `null` is a declared value.
    pub nullable: bool,
    /// Whether only the server sets it, so that requests leave it out.
    pub read_only: bool,
    /// Whether the document lists it as required.
    pub required: bool,
    /// Whether the document marks it as deprecated.
    pub deprecated: bool,
    /// Whether it holds a secret, which is never shown in a log, an error or an inspection.
    pub secret: bool,
    /// Fields of one message with the same number exclude each other.
    pub oneof: Option<u8>,
    /// Whether the document no longer has it, so that only release 1.2.2 of the official SDK sends and reads it.
    pub gone: bool,
}

/// The number of values that a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One value.
    One,
    /// A JSON array.
    List,
    /// A JSON object with free keys.
    Map,
}

/// The type of a value on the wire and in JavaScript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// `true` or `false`.
    Bool,
    /// A JSON number without fraction.
    Int32,
    /// A JSON number without fraction and sign.
    Uint32,
    /// A decimal string on the wire, a `number` in JavaScript.
    Int64,
    /// A decimal string on the wire and in JavaScript.
    Uint64,
    /// A JSON number.
    Double,
    /// RFC 3339 text on the wire, a `Date` in JavaScript.
    Date,
    /// Seconds with the suffix `s`, text on both sides.
    Duration,
    /// Base64 text on both sides.
    Bytes,
    /// `{"@type": ...}` on the wire, `{atType, additionalProperties}` in JavaScript.
    Any,
    /// A JSON object passed as it is.
    Struct,
    /// Any JSON value passed as it is.
    Value,
    /// An object without fields whose presence is its value.
    Empty,
    /// An open enumeration: the TypeScript name of an [`Enum`].
    Enum(String),
    /// Another message: its key.
    Message(String),
}

/// A named, open enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// TypeScript name.
    pub name: String,
    /// Name in release 1.2.2 of the official SDK, if it differs.
    pub sdk122: Option<String>,
    /// Wire values in document order.
    pub values: Vec<String>,
}

/// A resource of a JSON:API: the content of its objects, and what a client may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its `type` on the wire, such as `api_credentials`.
    pub key: String,
    /// TypeScript name of one object, such as `ApiCredential`.
    pub name: String,
    /// Whether there is only one object, which has no id in paths.
    pub singleton: bool,
    /// Attributes in document order.
    pub attributes: Vec<Attribute>,
    /// Relationships in document order.
    pub relationships: Vec<Relationship>,
}

/// An attribute of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Wire name, such as `redirect_uri`.
    pub name: String,
    /// The type of a value.
    pub kind: Kind,
    /// Whether `null` is a declared value.
    pub nullable: bool,
    /// When a client may set it.
    pub set: Settable,
    /// Whether it is a trigger: it is sent and never returned, and causes an action.
    pub trigger: bool,
    /// Whether it holds a secret, which is never shown in a log, an error or an inspection.
    pub secret: bool,
    /// Whether lists can be sorted by it.
    pub sortable: bool,
    /// Whether lists can be filtered by it.
    pub filterable: bool,
    /// The least and the greatest number that the server accepts.
    pub range: Option<(i64, i64)>,
}

impl Attribute {
    /// Creates an attribute that only the server sets, with default facts.
    #[must_use]
    pub fn new(name: String, kind: Kind, nullable: bool) -> Self {
        Self {
            name,
            kind,
            nullable,
            set: Settable::default(),
            trigger: false,
            secret: false,
            sortable: false,
            filterable: false,
            range: None,
        }
    }
}

/// A relationship of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relationship {
    /// Wire name, such as `organization`.
    pub name: String,
    /// The `type` of its targets, such as `organizations`.
    pub target: String,
    /// Whether it has any number of targets.
    pub many: bool,
    /// When a client may set it.
    pub set: Settable,
}

/// The requests in which a client may send an attribute or a relationship. In no request means that only the server
/// sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settable {
    /// Allowed on create.
    pub create: bool,
    /// Required on create.
    pub required: bool,
    /// Allowed on update.
    pub update: bool,
}

impl Settable {
    /// Whether only the server sets it.
    #[must_use]
    pub fn read_only(self) -> bool {
        !self.create && !self.update
    }
}
