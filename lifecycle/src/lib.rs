//! The lifecycle of credentials: what is known about each, and how a rotation takes a target from one credential to the
//! next without an outage and without losing a secret.
//!
//! ```text
//! journal -> fold -> state of a target -> next step -> one effect -> journal
//! ```
//! [`event`] defines what can be recorded, [`state`] folds events into the current state, [`next`] decides the next
//! step, and [`machine`] combines these into a state machine without I/O, which a model checker explores and
//! `pkg/src/lifecycle` drives over real journals, providers and sinks. [`mod@format`] writes the formats of the systems
//! that credentials are delivered to. Nothing here reads a clock, draws a random number or keeps a secret.
//!
//! [`policy_text`] reads a user's policy, [`schedule`] determines when a target is due, [`pace`] selects which due
//! targets begin, and [`findings`] reports problems. [`audit`] writes the events of a journal for other tools.

pub mod audit;
mod calendar;
pub mod chain;
pub mod duration;
pub mod engine;
pub mod event;
pub mod findings;
pub mod format;
#[cfg(target_arch = "wasm32")]
pub mod js;
pub mod machine;
pub mod next;
pub mod operate;
pub mod pace;
pub mod policy;
pub mod policy_text;
pub mod schedule;
pub mod state;

pub use event::{Credential, Entry, Event};
pub use machine::{Machine, Progress, Reply, Request};
pub use next::{Effect, Hands, Next, Outcome};
pub use policy::Policy;
pub use state::{Phase, Role, Target};
