//! The half of the core that every byte of a call passes through: what the APIs are, and requests and responses as text.
//! It is a crate of its own only so that it can be compiled for speed, and all else for size.

#![cfg_attr(not(any(test, feature = "built-in")), no_std)]

#[macro_use]
extern crate alloc;

pub mod api;
pub mod boundary;
pub mod steps;
pub mod wire;
