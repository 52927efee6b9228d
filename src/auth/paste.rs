//! Pasted values: removes the quotes and line ends around them, and recognizes one kind of value in the place of
//! another.

/// The beginning of every C1 client secret (RFC 8959).
pub const SECRET_SCHEME: &str = "secret-token:";

/// Strips the white space, quotes and byte order mark that copying leaves around a value.
pub fn trim(mut text: &[u8]) -> &[u8] {
    text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).trim_ascii();
    while let [quote @ (b'"' | b'\'' | b'`'), inner @ .., last] = text
        && quote == last
    {
        text = inner.trim_ascii();
    }
    text
}

/// Like [`trim`], for text.
pub fn trim_text(text: &str) -> &str {
    core::str::from_utf8(trim(text.as_bytes())).unwrap_or(text)
}

/// Whether the text contains the beginning of a client secret.
pub fn has_secret(text: &[u8]) -> bool {
    text.windows(SECRET_SCHEME.len()).any(|part| part.eq_ignore_ascii_case(SECRET_SCHEME.as_bytes()))
}

/// Whether the text is a JSON web token: an access token, an OIDC token or an assertion.
pub fn is_jwt(text: &[u8]) -> bool {
    text.starts_with(b"eyJ") && text.iter().filter(|&&b| b == b'.').count() >= 2 && !text.contains(&b'@')
}

/// Whether the text has the shape of a client id, `name@host/kind`.
pub fn is_client_id(text: &[u8]) -> bool {
    let at = text.iter().position(|&b| b == b'@');
    let slash = text.iter().position(|&b| b == b'/');
    text.len() <= 512 && matches!((at, slash), (Some(at), Some(slash)) if at < slash)
}

/// Returns the text before and after the first `mark`. It compares at every position: the searchers of the standard
/// library are made for long texts, and cost 2.5 KB of code for a string pattern and half of that for each kind of
/// character pattern.
pub fn split<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = text.as_bytes().windows(mark.len()).position(|part| part == mark.as_bytes())?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// Returns the text before the first of these ASCII bytes, or all of it if there is none.
pub fn before<'a>(text: &'a str, ends: &[u8]) -> &'a str {
    let end = text.bytes().position(|b| ends.contains(&b)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}
