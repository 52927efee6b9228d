//! A name for what must not be visible: the names of tokens in a store are made from it.

use super::base64;
use alloc::string::String;

/// Bytes of the hash that are kept: as many as SHA-256 has.
const KEPT: usize = 32;

/// The first half of the bytes' SHA-512, in base64url. The signatures bring that hash along, and it is at hand where a page has no
/// `crypto.subtle`.
pub fn digest(bytes: &[u8]) -> String {
    let hash = salty::Sha512::new().updated(bytes).finalize();
    let mut text = String::with_capacity(base64::encoded_len(KEPT));
    base64::push(&mut text, hash.get(..KEPT).unwrap_or_default());
    text
}
