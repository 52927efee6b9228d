//! Errors in C1's format: a gRPC status in JSON, under the HTTP status that corresponds to its code.

use serde_json::{Value, json};

/// The reason why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The gRPC code.
    pub code: Code,
    /// The human-readable message.
    pub message: String,
    /// Whether the proof of possession was refused, and not the token.
    pub unproven: bool,
}

/// The gRPC codes in use. The number is the wire value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the variants say everything")]
pub enum Code {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl Code {
    /// Returns the HTTP status that a gRPC gateway answers with.
    pub fn http(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists => 409,
            Self::ResourceExhausted => 429,
            Self::Cancelled => 499,
            Self::Unknown | Self::Internal => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }

    /// Returns the code that matches an HTTP status best.
    pub fn of_http(status: u16) -> Self {
        match status {
            400 | 422 => Self::InvalidArgument,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::AlreadyExists,
            412 => Self::FailedPrecondition,
            429 => Self::ResourceExhausted,
            499 => Self::Cancelled,
            500 => Self::Internal,
            501 => Self::Unimplemented,
            502 | 503 => Self::Unavailable,
            504 => Self::DeadlineExceeded,
            _ => Self::Unknown,
        }
    }
}

impl Status {
    /// Creates a refusal with this code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), unproven: false }
    }

    /// Creates the refusal of an invalid proof of possession (401).
    pub fn unproven(message: impl Into<String>) -> Self {
        Self { unproven: true, ..Self::new(Code::Unauthenticated, message) }
    }

    /// Creates the refusal of an invalid request (400).
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// Creates the refusal for a missing object (404).
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("{what} not found"))
    }

    /// Returns the body: `{code, message, details}`.
    pub fn body(&self) -> Value {
        json!({ "code": self.code as u8, "message": self.message, "details": [] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_http_statuses_agree() {
        for status in [400, 401, 403, 404, 409, 429, 499, 500, 501, 503, 504] {
            assert_eq!(Code::of_http(status).http(), status);
        }
        assert_eq!(Status::not_found("app").body(), json!({"code": 5, "message": "app not found", "details": []}));
    }
}
