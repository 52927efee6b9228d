//! What is sent to the token endpoint.

use zeroize::Zeroizing;

/// Path of the token endpoint.
pub const PATH: &str = "/auth/v1/token";

/// The request's headers besides those of every request.
pub const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A POST to the token endpoint, with [`HEADERS`].
pub struct TokenRequest {
    /// Absolute URL.
    pub url: String,
    /// Form-encoded; holds the assertion.
    pub body: Zeroizing<String>,
}

impl core::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TokenRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The body for client credentials with a signed assertion (RFC 7523 section 2.2).
pub fn with_assertion(client_id: &str, assertion: &str) -> Zeroizing<String> {
    form(&[
        ("client_id", client_id),
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ])
}

/// Encodes a form, as `URLSearchParams` does. The text is allocated once, so no copy of a value is left behind.
fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let len = fields.iter().map(|(name, value)| 2 + 3 * (name.len() + value.len())).sum();
    let mut body = Zeroizing::new(String::with_capacity(len));
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        push_encoded(&mut body, name);
        body.push('=');
        push_encoded(&mut body, value);
    }
    body
}

fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(byte.into()),
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    out.push(char::from_digit(nibble.into(), 16).unwrap_or('0').to_ascii_uppercase());
                }
            }
        }
    }
}
