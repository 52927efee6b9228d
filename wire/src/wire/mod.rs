//! Requests and responses as text. [`encode`] checks and writes requests and [`decode`] reads responses, both against
//! the API table; [`plan`] lists what is left for the facade to do. [`json`] finds values in JSON text, and [`date`]
//! reads RFC 3339.

pub mod date;
pub mod decode;
pub mod encode;
pub mod json;
pub mod plan;
mod reach;

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests;
