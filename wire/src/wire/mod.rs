//! Requests and responses as text: [`encode`] checks and writes, [`decode`] reads, both against the API table;
//! [`plan`] tells the facade what is left to do. [`json`] finds values in JSON text, [`date`] reads RFC 3339.

pub mod date;
pub mod decode;
pub mod encode;
pub mod json;
pub mod plan;
mod reach;

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
