//! The lifecycle of credentials: what is known of each, and how a rotation takes a target from one credential to the next without an
//! outage and without a lost secret.
//!
//! ```text
//! journal -> fold -> state of a target -> next step -> one effect -> journal
//! ```
//! [`event`] has what can be recorded, [`state`] folds a record into the current state, [`next`] decides the next
//! step, and [`machine`] puts these in order as a state machine without I/O, which a model checker explores and
//! `pkg/src/lifecycle` drives over real journals, providers and sinks. [`mod@format`] writes the formats of the systems
//! that credentials are delivered to. Nothing here reads a clock, draws a random number or keeps a secret.
//!
//! [`policy_text`] reads what a user wants, [`schedule`] says when a target is due, [`pace`] selects which of those that are due begin, and
//! [`findings`] reports problems. [`audit`] writes the events of a journal for other tools.

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
pub use machine::{Ask, Machine, Progress, Reply};
pub use next::{Effect, Hands, Next, Outcome};
pub use policy::Policy;
pub use state::{Phase, Role, Target};
