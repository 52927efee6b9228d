//! Fuzz targets. Each checks properties of one reader of external text for arbitrary bytes: it does not panic, it
//! agrees with an independent oracle, and its work grows in proportion to the input.
//!
//! [`targets`] contains the properties, one module for each reader. [`harness`] runs them: in `cargo test` over the
//! committed corpus, over edits of it, and over random bytes; in `npm run fuzz` for as long as desired, guided by
//! coverage.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![allow(clippy::print_stdout, reason = "the output is shown with a failing test")]

pub mod harness;
pub mod oracle;
pub mod targets;
