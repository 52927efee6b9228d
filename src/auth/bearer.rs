//! Access tokens as text. They are checked before they reach a header, because the platform's error for an invalid
//! header value repeats that value.

use alloc::{borrow::ToOwned, string::String};
use zeroize::Zeroizing;

use super::error::{ConfigError, errors};
use super::paste;
use super::token_response::TokenType;

errors! {
    /// The reason why a text cannot be sent as a token.
    BearerError {
        Empty "bearer_empty" "the token is empty"
        Secret "bearer_is_secret" "this is a client secret (it has secret-token: in it), not a token; give it as clientSecret, which never leaves this program"
        Space "bearer_space" "the token has white space in it"
        Character "bearer_character" "the token has a character that no header allows"
        Long "bearer_long" "the token is longer than 64 KB"
    }
}

impl From<BearerError> for ConfigError {
    fn from(error: BearerError) -> Self {
        error.for_option("security")
    }
}

impl BearerError {
    /// Converts this into an error of the option in which the token was given.
    pub(super) fn for_option(self, option: &'static str) -> ConfigError {
        ConfigError::new(option, self.text())
    }
}

/// Checks a token and strips what surrounds it: white space, quotes and the word `Bearer`.
///
/// # Errors
/// Returns the reason why the text is not a token, without repeating the text.
pub fn parse(text: &[u8]) -> Result<Zeroizing<String>, BearerError> {
    const WORD: &[u8] = b"bearer";
    let mut token = paste::trim(text);
    if let Some((word, rest)) = token.split_at_checked(WORD.len())
        && word.eq_ignore_ascii_case(WORD)
        && let [b' ' | b':' | b'\t', ..] | [] = rest
    {
        token = paste::trim(rest.strip_prefix(b":").unwrap_or(rest));
    }
    if token.is_empty() {
        return Err(BearerError::Empty);
    }
    if paste::has_secret(token) {
        return Err(BearerError::Secret);
    }
    if token.len() > 64 * 1024 {
        return Err(BearerError::Long);
    }
    if token.iter().any(u8::is_ascii_whitespace) {
        return Err(BearerError::Space);
    }
    match core::str::from_utf8(token) {
        Ok(text) if token.iter().all(u8::is_ascii_graphic) => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(BearerError::Character),
    }
}

/// Returns the value of the `Authorization` header.
pub fn header(token_type: TokenType, token: &str) -> Zeroizing<String> {
    let mut value = Zeroizing::new(String::with_capacity(7 + token.len()));
    value.push_str(match token_type {
        TokenType::Bearer => "Bearer ",
        TokenType::Dpop => "DPoP ",
    });
    value.push_str(token);
    value
}

/// Accepts an `Authorization` value from elsewhere if [`header`] could have made it.
pub fn checked(value: &str) -> Option<Zeroizing<String>> {
    let (scheme, token) = paste::split(value, " ")?;
    let is_token = parse(token.as_bytes()).is_ok_and(|parsed| parsed.as_str() == token);
    (is_token && matches!(scheme, "Bearer" | "DPoP")).then(|| Zeroizing::new(value.to_owned()))
}
