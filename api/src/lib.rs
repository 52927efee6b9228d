//! The facts of each API as a readable IDL (`*.idl` beside this crate's manifest), and the compact table that is built
//! from it for the core. [`model`] is the shared vocabulary; [`text`] reads and writes the IDL.
//!
//! | file | what | written by |
//! |---|---|---|
//! | `c1.idl` | every operation, message and enumeration | `cargo xtask import DOCUMENT` |
//! | `c1.names` | names that were given once and stay | the same, and hand |
//! | `c1.overlay` | facts that the document lacks: effects, paging, secrets | hand |
//! | `c1.sdk122` | names of release 1.2.2 of the official SDK | history |
//! | `c1.docs` | doc comments of the types and methods met first | hand |
//! | `commercelayer.idl` | every resource and operation | `cargo xtask import DOCUMENT --api commercelayer` |
//! | `commercelayer.overlay` | corrections of the document, and facts that it lacks: order, filters, secrets | hand |
//! | `commercelayer.docs` | as `c1.docs` | hand |

pub mod documents;
pub mod model;
pub mod naming;
pub mod table;
pub mod text;

/// The APIs whose facts are beside this crate's manifest, by the names of their files.
pub const APIS: [&str; 2] = ["c1", "commercelayer"];
