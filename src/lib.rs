//! The Keyturn core: everything about a call that is not I/O.
//!
//! ```text
//! js  ->  call  ->  auth, wire  ->  api
//! ```
//! [`api`] holds the facts of every operation, [`wire`] encodes requests and decodes answers, [`auth`] signs and keeps
//! tokens fresh, and [`call`] decides what to do after each attempt. None of them does I/O, reads a clock or draws a
//! random number, so all of them are tested natively. `js` exports them to JavaScript, whose driver
//! (`pkg/src/http/driver.ts`) carries out their decisions.

#![cfg_attr(not(test), no_std)]

#[macro_use]
extern crate alloc;

pub mod auth;
pub mod call;
#[cfg(all(feature = "js", target_arch = "wasm32"))]
mod js;

pub use keyturn_wire::{api, boundary, steps, wire};

/// Turns a panic into a trap, which JavaScript sees as a `WebAssembly.RuntimeError`. The message is dropped, because
/// nobody would see it.
#[cfg(all(feature = "alone", target_arch = "wasm32"))]
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
