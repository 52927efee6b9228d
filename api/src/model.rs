//! What an API is, as plain data. The importer fills it, the text form prints and parses it,
//! the table is packed from it and the facade is generated from it.

/// One API: everything the SDK knows about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Api {
    /// Short name, such as `c1`.
    pub name: String,
    /// The version that the document gives itself, where the SDK tells it to its users.
    pub version: Option<String>,
    /// Operations in document order. Their position is the operation number of the table and of the facade.
    pub operations: Vec<Operation>,
    /// Messages in document order.
    pub messages: Vec<Message>,
    /// Enumerations, one per place that names one, in order of first use.
    pub enums: Vec<Enum>,
    /// The resources of a JSON:API, in document order; an API of another kind has none. In an API that has some, the bodies
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
    /// What repeating the request can do.
    pub effect: Effect,
    /// How the operation pages, if it does.
    pub paging: Option<Paging>,
    /// The document marks the operation as deprecated.
    pub deprecated: bool,
    /// `draft`, `alpha`, `beta`, `stable`, or empty where the document does not say.
    pub stability: String,
    /// Names that release 1.2.2 of the official SDK uses, where they differ from today's.
    pub sdk122: Option<OperationNames122>,
    /// Part of release 1.2.2 of the official SDK.
    pub in_sdk122: bool,
}

/// The HTTP methods the APIs use.
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

/// What repeating a request can do; decides which failures may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing: may be repeated freely. Every GET, and the POST searches and reads.
    Read,
    /// Changes something: repeated only where the request provably was not processed.
    Write,
    /// Answers with a secret that is shown once and has no idempotency key: never repeated once it may have arrived.
    Secret,
}

/// A path or query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Wire name, such as `page_size`.
    pub wire: String,
    /// Name in the request object, such as `pageSize`.
    pub name: String,
    /// Where it goes.
    pub place: Place,
    /// `String`, `Int32`, `Int64` or `Enum`.
    pub kind: Kind,
    /// True for a paging parameter that the document forgot to declare.
    pub added: bool,
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A segment of the path; always required.
    Path,
    /// The query string; always optional.
    Query,
}

/// How an operation pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Request field that takes the token: a query parameter's or a body field's name (`pageToken`).
    pub token_in: String,
    /// Response field that carries the next token (`nextPageToken`, once `pageToken`).
    pub token_out: String,
    /// Response field that holds the items.
    pub items: String,
    /// The token travels in the query (true) or in the body (false).
    pub in_query: bool,
    /// Release 1.2.2 of the official SDK returns a page iterator for it.
    pub sdk122: bool,
}

/// Names of release 1.2.2 that differ from today's.
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
    /// TypeScript name of its input twin (read-only fields left out), where it has one.
    pub input_name: Option<String>,
    /// Fields in document order.
    pub fields: Vec<Field>,
}

/// One field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Wire name, such as `createdAt`.
    pub wire: String,
    /// Name in TypeScript; differs from `wire` in two fields of C1.
    pub name: String,
    /// Name in release 1.2.2 of the official SDK, where it differs from `name`.
    pub sdk122: Option<String>,
    /// What a value is.
    pub kind: Kind,
    /// TypeScript name of the object type written in place ([`Kind::Any`] and [`Kind::Empty`] have one).
    pub type_name: Option<String>,
    /// One value, a list or a map with string keys.
    pub shape: Shape,
    /// `null` is a declared value.
    pub nullable: bool,
    /// The server sets it: left out of requests.
    pub read_only: bool,
    /// The document lists it as required.
    pub required: bool,
    /// The document marks it as deprecated.
    pub deprecated: bool,
    /// Holds a secret: never shown in a log, an error or an inspection.
    pub secret: bool,
    /// Fields of one message with the same number exclude each other.
    pub oneof: Option<u8>,
    /// The document has it no more: only release 1.2.2 of the official SDK sends and reads it.
    pub gone: bool,
}

/// How many values a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One value.
    One,
    /// A JSON array.
    List,
    /// A JSON object with free keys.
    Map,
}

/// What a value is on the wire and in JavaScript.
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
    /// Name in release 1.2.2 of the official SDK, where it differs.
    pub sdk122: Option<String>,
    /// Wire values in document order.
    pub values: Vec<String>,
}

/// A resource of a JSON:API: what its objects hold and what of it a client may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its `type` on the wire, such as `api_credentials`.
    pub key: String,
    /// TypeScript name of one object, such as `ApiCredential`.
    pub name: String,
    /// There is one object, which has no id in paths.
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
    /// What a value is.
    pub kind: Kind,
    /// `null` is a declared value.
    pub nullable: bool,
    /// What a client may do with it.
    pub set: Settable,
    /// Sent, and never returned: what it asks for is done.
    pub trigger: bool,
    /// Holds a secret: never shown in a log, an error or an inspection.
    pub secret: bool,
    /// Lists can be sorted by it.
    pub sortable: bool,
    /// Lists can be filtered by it.
    pub filterable: bool,
    /// The least and the greatest number that the server takes.
    pub range: Option<(i64, i64)>,
}

impl Attribute {
    /// One that only the server sets, and of which nothing else is known.
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
    /// The `type` of what it leads to, such as `organizations`.
    pub target: String,
    /// It leads to any number of objects.
    pub many: bool,
    /// What a client may do with it.
    pub set: Settable,
}

/// When a client may send an attribute or a relationship. What it may never send the server sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settable {
    /// On create.
    pub create: bool,
    /// On create it is required.
    pub required: bool,
    /// On update.
    pub update: bool,
}

impl Settable {
    /// Only the server sets it.
    #[must_use]
    pub fn read_only(self) -> bool {
        !self.create && !self.update
    }
}
