//! The sandbox tenant: a stand-in that behaves like the control planes, keeps state, and injects faults on request.
//!
//! [`Sandbox::handle`] takes a request and the time and returns a reply. It does no I/O, reads no clock and draws no
//! randomness of its own, so it behaves the same in Node, in a page and in a native test.
//!
//! [`app`] is the router; [`token`] is the token endpoint, with [`assertion`], [`clients`], [`federation`], [`device`]
//! and [`dpop`]; [`c1`] contains the operations that keep [`state`]; [`example`] answers the others from the API table;
//! [`commercelayer`] is another API on the same origin; [`control`], [`fault`] and [`log`] are for tests.

pub mod app;
pub mod assertion;
pub mod c1;
pub mod clients;
pub mod commercelayer;
pub mod control;
pub mod device;
pub mod dpop;
pub mod events;
pub mod example;
pub mod fault;
pub mod federation;
#[cfg(target_arch = "wasm32")]
pub mod js;
pub mod log;
pub mod paging;
pub mod random;
pub mod routes;
pub mod seed;
pub mod shape;
pub mod state;
pub mod status;
pub mod tenant;
pub mod time;
pub mod token;

pub use app::{Incoming, Reply, Sandbox};
pub use tenant::{Options, Switches};
