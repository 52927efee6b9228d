//! What is sent to the token endpoint.

use zeroize::Zeroizing;

/// Path of the token endpoint.
pub const PATH: &str = "/auth/v1/token";

/// Path of the endpoint that begins a device login.
pub const DEVICE_PATH: &str = "/auth/v1/device_authorization";

/// The request's headers besides those of every request.
pub const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];

/// A POST to one of the two, with [`HEADERS`].
pub struct TokenRequest {
    /// Absolute URL.
    pub url: String,
    /// Form-encoded; holds an assertion, a secret or a code.
    pub body: Zeroizing<String>,
}

impl core::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TokenRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A form, encoded as `URLSearchParams` does.
#[derive(Default)]
pub(super) struct Form(Zeroizing<String>);

impl Form {
    /// Adds a field. A form that grows is written anew, so that no copy of a value is left behind.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        let needed = self.0.len() + 2 + 3 * (name.len() + value.len());
        if self.0.capacity() < needed {
            let mut larger = Zeroizing::new(String::with_capacity(2 * needed));
            larger.push_str(&self.0);
            self.0 = larger;
        }
        if !self.0.is_empty() {
            self.0.push('&');
        }
        push_encoded(&mut self.0, name);
        self.0.push('=');
        push_encoded(&mut self.0, value);
    }

    /// The text.
    pub(super) fn end(self) -> Zeroizing<String> {
        self.0
    }
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
