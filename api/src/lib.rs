//! The facts of each API as a readable IDL (`*.idl` beside this crate's manifest), and the compact table
//! that the core embeds. [`model`] is the shared vocabulary; [`text`] reads and writes the IDL.

pub mod model;
pub mod naming;
pub mod table;
pub mod text;
