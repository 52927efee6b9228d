//! A digest for names that must not reveal their content, such as the keys of tokens in a store.

use super::base64;
use alloc::string::String;

/// The number of bytes of the hash that are kept, which is the size of a SHA-256 hash.
const KEPT: usize = 32;

/// Returns the first half of the SHA-512 of the bytes, in base64url. Signing needs SHA-512 anyway, and unlike
/// `crypto.subtle` it is available on every page.
pub fn digest(bytes: &[u8]) -> String {
    let hash = salty::Sha512::new().updated(bytes).finalize();
    let mut text = String::with_capacity(base64::encoded_len(KEPT));
    base64::push(&mut text, hash.get(..KEPT).unwrap_or_default());
    text
}
