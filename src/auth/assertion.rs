//! Client assertions (RFC 7523): a JWT that proves possession of the key without sending it.

use alloc::string::String;
use zeroize::Zeroizing;

use super::base64;
use super::secret::ClientSecret;
use crate::wire::json::{decimal, push_string};

/// The number of seconds that an assertion stays valid. C1 accepts up to five minutes; its own clients use two.
pub const LIFETIME: i64 = 120;

/// The number of seconds by which an assertion is backdated, for a client whose clock runs ahead.
pub const BACKDATE: i64 = 120;

/// Signs an assertion. The issuer and the subject are the client id, and the audience is the tenant's host without a
/// port ([`BaseUrl::audience`](super::BaseUrl::audience)). `now` is in seconds since 1970. `nonce` is random: the
/// server remembers it and accepts each assertion once.
pub fn sign(secret: &ClientSecret, client_id: &str, audience: &str, now: i64, nonce: &[u8; 16]) -> Zeroizing<String> {
    let mut header = String::with_capacity(80);
    header.push_str("{\"alg\":\"EdDSA\",\"nonce\":\"");
    for nibble in nonce.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        header.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
    }
    header.push_str("\"}");

    let mut claims = String::with_capacity(160 + 2 * client_id.len() + audience.len());
    claims.push_str("{\"iss\":");
    push_string(&mut claims, client_id);
    claims.push_str(",\"sub\":");
    push_string(&mut claims, client_id);
    // An array even for a single audience, as C1's own clients send it.
    claims.push_str(",\"aud\":[");
    push_string(&mut claims, audience);
    for (name, time) in [("],\"exp\":", now + LIFETIME), (",\"iat\":", now), (",\"nbf\":", now - BACKDATE)] {
        claims.push_str(name);
        claims.push_str(&decimal(time));
    }
    claims.push('}');

    // Allocated once: a string that grows would leave copies behind.
    let len = base64::encoded_len(header.len()) + base64::encoded_len(claims.len()) + base64::encoded_len(64) + 2;
    let mut assertion = Zeroizing::new(String::with_capacity(len));
    base64::push(&mut assertion, header.as_bytes());
    assertion.push('.');
    base64::push(&mut assertion, claims.as_bytes());
    let signature = secret.sign(assertion.as_bytes());
    assertion.push('.');
    base64::push(&mut assertion, &signature);
    assertion
}
