//! Errors in the format of the Provisioning API: a list of JSON:API error objects under one status.

use serde_json::{Value, json};

/// One error object.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The machine-readable code, such as `RECORD_NOT_FOUND`.
    pub code: &'static str,
    /// The kind of error.
    pub title: &'static str,
    /// The human-readable description.
    pub detail: String,
    /// The location of the error: `pointer` and a JSON pointer into the body, or `parameter` and a name in the query.
    pub source: Option<(&'static str, String)>,
    /// The one-word reason why a value is not accepted.
    pub error: Option<&'static str>,
}

/// The reasons why a request is refused, at least one. The status of the first is that of the answer.
pub type Problems = Vec<Problem>;

impl Problem {
    /// Creates an error without a location.
    pub fn new(status: u16, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), source: None, error: None }
    }

    /// Creates an error in the query (400).
    pub fn query(code: &'static str, parameter: &str, detail: impl Into<String>) -> Self {
        let problem = Self::new(400, code, "Bad query parameter", detail);
        Self { source: Some(("parameter", parameter.to_owned())), ..problem }
    }

    /// Creates an error in the structure of the body (400).
    pub fn body(code: &'static str, pointer: &str, detail: impl Into<String>) -> Self {
        let problem = Self::new(400, code, "Bad request body", detail);
        Self { source: Some(("pointer", pointer.to_owned())), ..problem }
    }

    /// Creates the error of a value that is not accepted (422). `error` is the one-word reason; the last part of the
    /// pointer names the attribute or relationship.
    pub fn invalid(pointer: &str, error: &'static str, why: &str) -> Self {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        let problem = Self::new(422, "VALIDATION_ERROR", "Value not accepted", format!("{name}: {why}"));
        Self { source: Some(("pointer", pointer.to_owned())), error: Some(error), ..problem }
    }

    /// Creates the error of a missing object (404).
    pub fn not_found(id: &str) -> Self {
        Self::new(404, "RECORD_NOT_FOUND", "Record not found", format!("there is no record with the id {id:?}"))
    }

    /// Creates the error of an unknown path (404).
    pub fn nowhere() -> Self {
        Self::new(404, "NOT_FOUND", "Not found", "the API has no such path")
    }

    /// Creates the error of a caller without permission (401).
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(401, "UNAUTHORIZED", "Not authorized", detail)
    }

    /// Creates the error of a token that is invalid or no longer valid (401).
    pub fn token(detail: impl Into<String>) -> Self {
        Self::new(401, "INVALID_TOKEN", "Invalid token", detail)
    }

    /// Creates the error of an object that another one depends on (423).
    pub fn locked(detail: impl Into<String>) -> Self {
        Self::new(423, "LOCKED", "Locked", detail)
    }

    /// Returns whether the error is at this location in the body.
    pub fn is_at(&self, pointer: &str) -> bool {
        self.source.as_ref().is_some_and(|(_, place)| place == pointer)
    }

    /// Converts the error to a JSON:API error object.
    pub fn show(&self) -> Value {
        let mut shown = json!({
            "title": self.title,
            "detail": self.detail,
            "code": self.code,
            "status": self.status.to_string(),
        });
        if let Value::Object(row) = &mut shown {
            if let Some((kind, place)) = &self.source {
                row.insert("source".to_owned(), json!({ *kind: place }));
            }
            if let Some(error) = self.error {
                row.insert("meta".to_owned(), json!({ "error": error }));
            }
        }
        shown
    }

    /// Returns the error that matches an HTTP status, for faults.
    pub fn of_http(status: u16) -> Self {
        let (code, title) = match status {
            400 => ("BAD_REQUEST", "Bad request"),
            401 => ("INVALID_TOKEN", "Invalid token"),
            404 => ("RECORD_NOT_FOUND", "Record not found"),
            405 => ("METHOD_NOT_ALLOWED", "Method not allowed"),
            406 => ("NOT_ACCEPTABLE", "Not acceptable"),
            409 => ("KEY_ORDER_MISMATCH", "Conflict"),
            415 => ("UNSUPPORTED_MEDIA_TYPE", "Unsupported media type"),
            422 => ("VALIDATION_ERROR", "Value not accepted"),
            423 => ("LOCKED", "Locked"),
            429 => ("TOO_MANY_REQUESTS", "Too many requests"),
            _ => ("INTERNAL_SERVER_ERROR", "Internal server error"),
        };
        Self::new(status, code, title, "a fault of the sandbox")
    }
}

/// Returns the document: `{errors: [...]}`.
pub fn document(problems: &[Problem]) -> Value {
    json!({ "errors": problems.iter().map(Problem::show).collect::<Vec<_>>() })
}
