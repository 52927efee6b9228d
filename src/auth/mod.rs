//! Authentication: client ids, secrets, tenants, signed assertions, and the life of tokens.
//! Everything here is pure: time and randomness are passed in, requests are described, answers are read, and nothing
//! does I/O.

mod base64;
mod digest;
mod error;
mod host;
mod json;
mod paste;

pub mod assertion;
pub mod bearer;
pub mod client_id;
pub mod clock;
pub mod device;
pub mod dpop;
pub mod grants;
pub mod login;
pub mod places;
pub mod redact;
pub mod secret;
pub mod source;
pub mod tenant;
pub mod token_request;
pub mod token_response;
pub mod tokens;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

pub use client_id::{ClientId, ClientIdError};
pub use digest::digest;
pub use error::ConfigError;
pub use grants::{GrantError, GrantType, OAuth};
pub use host::HostError;
pub use login::{Answer, Login, Step, TokenOptions};
pub use places::{DomainError, Places, places};
pub use secret::{ClientSecret, SecretError};
pub use source::{FreshInputs, Need, Source};
pub use tenant::{BaseUrl, TenantError, resolve};
pub use token_request::TokenRequest;
pub use token_response::{Grant, TokenError, TokenErrorKind, TokenType};
pub use tokens::{Attempt, Failure, Next, Policy, Rejection, Tokens};
