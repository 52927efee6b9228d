//! Fuzz targets. Each holds one reader of outside text to properties, for any bytes at all: it does not panic, it agrees with an
//! independent oracle, and the work it does grows in proportion to the input.
//!
//! [`targets`] has the properties, one module per reader. [`harness`] runs them: over the committed corpus, over edits of it, and over
//! random bytes in `cargo test`; for as long as wanted, guided by coverage, in `npm run fuzz`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// What is printed shows with a test that fails.
#![allow(clippy::print_stdout)]

pub mod harness;
pub mod oracle;
pub mod targets;
