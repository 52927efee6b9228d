//! Errors the way the Provisioning API answers them: a list of JSON:API error objects under one status.

use serde_json::{Value, json};

/// One error object.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The code that programs read, such as `RECORD_NOT_FOUND`.
    pub code: &'static str,
    /// What kind of error it is.
    pub title: &'static str,
    /// What a person reads.
    pub detail: String,
    /// What is wrong: `pointer` and a JSON pointer into the body, or `parameter` and a name in the query.
    pub source: Option<(&'static str, String)>,
    /// Why a value is not accepted, in a word.
    pub error: Option<&'static str>,
}

/// Why a request is refused: one error or more, the first one's status is the answer's.
pub type Problems = Vec<Problem>;

impl Problem {
    /// An error without a place.
    pub fn new(status: u16, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), source: None, error: None }
    }

    /// Something is wrong with the query (400).
    pub fn query(code: &'static str, parameter: &str, detail: impl Into<String>) -> Self {
        let problem = Self::new(400, code, "Bad query parameter", detail);
        Self { source: Some(("parameter", parameter.to_owned())), ..problem }
    }

    /// Something is wrong with the form of the body (400).
    pub fn body(code: &'static str, pointer: &str, detail: impl Into<String>) -> Self {
        let problem = Self::new(400, code, "Bad request body", detail);
        Self { source: Some(("pointer", pointer.to_owned())), ..problem }
    }

    /// A value is not accepted (422). `error` says why in a word, `name` is the attribute's or relationship's.
    pub fn invalid(pointer: &str, error: &'static str, why: &str) -> Self {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        let problem = Self::new(422, "VALIDATION_ERROR", "Value not accepted", format!("{name}: {why}"));
        Self { source: Some(("pointer", pointer.to_owned())), error: Some(error), ..problem }
    }

    /// There is no such object (404).
    pub fn not_found(id: &str) -> Self {
        Self::new(404, "RECORD_NOT_FOUND", "Record not found", format!("there is no record with the id {id:?}"))
    }

    /// Nothing is there (404).
    pub fn nowhere() -> Self {
        Self::new(404, "NOT_FOUND", "Not found", "the API has no such path")
    }

    /// The caller may not do this (401).
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(401, "UNAUTHORIZED", "Not authorized", detail)
    }

    /// The token is not good, or not any more (401).
    pub fn token(detail: impl Into<String>) -> Self {
        Self::new(401, "INVALID_TOKEN", "Invalid token", detail)
    }

    /// Something else depends on it (423).
    pub fn locked(detail: impl Into<String>) -> Self {
        Self::new(423, "LOCKED", "Locked", detail)
    }

    /// It is about this place in the body.
    pub fn is_at(&self, pointer: &str) -> bool {
        self.source.as_ref().is_some_and(|(_, place)| place == pointer)
    }

    /// As a JSON:API error object.
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

    /// The error that fits an HTTP status, for faults.
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

/// The document: `{errors: [...]}`.
pub fn document(problems: &[Problem]) -> Value {
    json!({ "errors": problems.iter().map(Problem::show).collect::<Vec<_>>() })
}
