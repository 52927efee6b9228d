//! Sealed boxes of libsodium, the form in which GitHub accepts secrets: anonymous messages to the holder of a key.

use super::{Error, Result};
use crypto_box::PublicKey;
use crypto_box::aead::rand_core::{self, CryptoRng, RngCore};

/// Seals a text for the holder of a public key. `entropy` determines the key pair of this one box.
///
/// # Errors
/// Fails if the key does not have 32 bytes.
pub fn seal(public_key: &[u8], text: &str, entropy: [u8; 32]) -> Result<Vec<u8>> {
    let key =
        PublicKey::from_slice(public_key).map_err(|_| Error::malformed("the public key does not have 32 bytes"))?;
    key.seal(&mut Once(entropy), text.as_bytes()).map_err(|_| Error::malformed("the public key cannot be used"))
}

/// Random bytes that were drawn in advance, for the one key that a box needs.
struct Once([u8; 32]);

impl RngCore for Once {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for (to, from) in dest.iter_mut().zip(self.0.iter_mut()) {
            *to = std::mem::take(from);
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> std::result::Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Once {}
