//! The half of the core that every byte of a call passes through: the facts of the APIs, and the encoding and decoding
//! of requests and responses. It is a separate crate only so that it can be compiled for speed and everything else for
//! size.

#![cfg_attr(not(any(test, feature = "built-in")), no_std)]

#[macro_use]
extern crate alloc;

pub mod api;
pub mod boundary;
pub mod steps;
pub mod wire;
