//! The lifecycle of credentials: the formats of the systems that they are delivered to.

pub mod format;

#[cfg(target_arch = "wasm32")]
pub mod js;
