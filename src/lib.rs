//! The Keyturn core: everything about a call that is not I/O.
//!
//! ```text
//! js  ->  call  ->  auth, wire  ->  api
//! ```
//! [`api`] holds the facts of every operation, [`wire`] turns requests into text and text into values, [`auth`] signs and
//! keeps tokens fresh, [`call`] decides what to do after each attempt. None of them does I/O, reads a clock or draws a random
//! number, so all of them are tested natively. `js` exports them to JavaScript, whose driver (`pkg/src/call.ts`)
//! does what they say.

pub mod auth;
pub mod call;
#[cfg(all(feature = "js", target_arch = "wasm32"))]
mod js;

pub use keyturn_wire::{api, wire};
