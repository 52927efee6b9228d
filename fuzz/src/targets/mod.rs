//! The targets: each reader, and its properties for arbitrary bytes.

mod answers;
mod assertions;
mod client_ids;
mod dates;
mod redaction;
mod requests;
mod secrets;
mod tables;
mod tenants;
mod token_answers;

use crate::harness::Target;
use std::{collections::HashMap, sync::OnceLock};

/// All targets, by the names of their corpus folders.
pub const ALL: [Target; 10] = [
    answers::TARGET,
    assertions::TARGET,
    client_ids::TARGET,
    dates::TARGET,
    redaction::TARGET,
    requests::TARGET,
    secrets::TARGET,
    tables::TARGET,
    tenants::TARGET,
    token_answers::TARGET,
];

/// Splits an input into its first line, which selects the test, and the rest.
fn split_line(input: &[u8]) -> (&str, &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n');
    let (line, rest) = at.map_or((&b""[..], input), |at| (&input[..at], &input[at + 1..]));
    (std::str::from_utf8(line).unwrap_or_default(), rest)
}

/// Returns the operation that a line names, or else one that the line's length selects.
fn operation(name: &str) -> &'static keyturn_wire::api::Operation {
    static NUMBERS: OnceLock<HashMap<String, usize>> = OnceLock::new();
    let table = keyturn_wire::api::c1();
    let operations = table.operations();
    let numbers = NUMBERS.get_or_init(|| {
        operations.iter().enumerate().map(|(number, operation)| (table.operation_id(operation), number)).collect()
    });
    &operations[numbers.get(name).copied().unwrap_or(name.len() % operations.len())]
}
