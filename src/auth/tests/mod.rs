//! Tests of this folder. Every error code has an input here that produces it, and no error repeats its input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod answers;
mod assertions;
mod grants;
mod ids;
mod life;
mod logins;
mod secrets;
mod tenants;

use std::collections::BTreeSet;

use super::ClientSecret;
use super::base64;
use zeroize::Zeroizing;

/// Returns the secret that the tests share.
fn secret() -> ClientSecret {
    ClientSecret::from_seed(Zeroizing::new([7; 32]))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    let mut text = String::new();
    base64::push(&mut text, bytes.as_ref());
    text
}

fn decode(text: &str) -> Vec<u8> {
    base64::decode(text.as_bytes()).unwrap().to_vec()
}

/// Checks that every input produces its code, and that together they produce every code of the type except those in
/// `passed_on`, which come from an inner error.
fn check_corpus(cases: &[(&str, &str, &str)], codes: &[&str], passed_on: &[&str]) {
    let mut seen = BTreeSet::new();
    for (input, expected, got) in cases {
        assert_eq!(expected, got, "for {input:?}");
        seen.insert(*got);
    }
    let known: BTreeSet<_> = codes.iter().chain(passed_on).copied().collect();
    assert_eq!(seen, known);
}
