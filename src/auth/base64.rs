//! Constant-time base64 (crate `base64ct`) for key material: no table look-up depends on the bytes.

use alloc::{string::String, vec::Vec};
use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

/// The reason why a text is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// A character belongs to neither alphabet.
    Character,
    /// No number of bytes encodes to this many characters, so the text was cut off.
    Length,
    /// The unused bits of the last character are not zero.
    Bits,
}

/// Decodes base64 or base64url, padded or not, without leaving another copy of the bytes behind.
pub fn decode(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let text = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let mut url = Zeroizing::new(Vec::with_capacity(text.len()));
    for &b in text {
        url.push(match b {
            b'+' => b'-',
            b'/' => b'_',
            _ if b.is_ascii_alphanumeric() || b == b'-' || b == b'_' => b,
            _ => return Err(Error::Character),
        });
    }
    if url.len() % 4 == 1 {
        return Err(Error::Length);
    }
    let mut bytes = Zeroizing::new(vec![0; url.len() / 4 * 3 + (url.len() % 4).saturating_sub(1)]);
    Base64UrlUnpadded::decode(url.as_slice(), &mut bytes).map_err(|_| Error::Bits)?;
    Ok(bytes)
}

/// Appends `bytes` as base64url without padding. Does not allocate if `out` has room for [`encoded_len`] more bytes.
pub fn push(out: &mut String, bytes: &[u8]) {
    let mut buffer = Zeroizing::new([0u8; 64]);
    for chunk in bytes.chunks(48) {
        // 48 bytes fill the buffer, so this cannot fail.
        out.push_str(Base64UrlUnpadded::encode(chunk, buffer.as_mut()).unwrap_or_default());
    }
}

/// Returns the number of characters that [`push`] appends.
pub fn encoded_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}
