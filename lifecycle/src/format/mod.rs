//! The text formats of other systems: what can be written into them, and what they contain. There is no I/O.
//!
//! [`mod@env`] reads and changes `.env` files in the dialects of their readers, [`mod@json`] changes one string of a
//! JSON text, [`mod@quote`] writes strings of YAML and HCL, [`render`] writes whole documents, [`import`] finds client
//! ids, and [`sealed`] makes sealed boxes.
//!
//! A value that a format cannot pass to its readers unchanged is refused before anything is written: no writer here
//! changes a value.

pub mod env;
pub mod import;
pub mod json;
pub mod quote;
pub mod render;
pub mod sealed;

#[cfg(test)]
mod tests;

use std::fmt;

/// The reason why a text cannot be written or read. It never quotes a value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind of failure.
    pub kind: Kind,
    /// A description of the failure.
    pub message: String,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The format cannot represent the value or the name.
    Refused,
    /// The existing text does not have the format.
    Malformed,
}

impl Kind {
    /// Returns the stable code of the kind.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Refused => "refused",
            Kind::Malformed => "malformed",
        }
    }
}

impl Error {
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self { kind: Kind::Refused, message: message.into() }
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self { kind: Kind::Malformed, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

type Result<T> = std::result::Result<T, Error>;
