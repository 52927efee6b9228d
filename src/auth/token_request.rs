//! Requests to the token endpoint.

use alloc::string::String;
use zeroize::Zeroizing;

use crate::wire::json::push_string;

/// The path of the token endpoint.
pub const PATH: &str = "/auth/v1/token";

/// The path of Commerce Layer's token endpoint.
pub const OAUTH_PATH: &str = "/oauth/token";

/// The path of the endpoint that begins a device login.
pub const DEVICE_PATH: &str = "/auth/v1/device_authorization";

/// The headers of a token request besides those of every request. A request to [`OAUTH_PATH`] has a JSON body instead
/// of a form.
pub const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];

/// A POST to one of these paths.
pub struct TokenRequest {
    /// Absolute URL.
    pub url: String,
    /// The body, form-encoded or JSON. It holds an assertion, a secret or a code.
    pub body: Zeroizing<String>,
}

impl core::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TokenRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A form, encoded as by `URLSearchParams`, or a JSON object of strings.
#[derive(Default)]
pub(super) struct Form {
    text: Zeroizing<String>,
    json: bool,
}

impl Form {
    /// Creates a form that is written as JSON.
    pub(super) fn json() -> Self {
        Self { json: true, ..Self::default() }
    }

    /// Adds a field. A form that outgrows its buffer is copied into a new one and the old one is wiped, so that no copy
    /// of a value is left behind.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        // A byte becomes up to three in a form and up to six in JSON. Name and value are surrounded by up to six more,
        // and a brace follows at the end.
        let needed = self.text.len() + 8 + 6 * (name.len() + value.len());
        if self.text.capacity() < needed {
            let mut larger = Zeroizing::new(String::with_capacity(2 * needed));
            larger.push_str(&self.text);
            self.text = larger;
        }
        let text = &mut self.text;
        if self.json {
            let first = text.is_empty();
            text.push(if first { '{' } else { ',' });
            push_string(text, name);
            text.push(':');
            push_string(text, value);
            return;
        }
        if !text.is_empty() {
            text.push('&');
        }
        push_encoded(text, name);
        text.push('=');
        push_encoded(text, value);
    }

    /// Returns the text.
    pub(super) fn end(mut self) -> Zeroizing<String> {
        if self.json {
            self.text.push('}');
        }
        self.text
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
