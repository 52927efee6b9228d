//! What people paste: values with quotes and line ends around them, and one kind of value where another belongs.

/// Every C1 client secret begins with this (RFC 8959).
pub const SECRET_SCHEME: &str = "secret-token:";

/// Without the white space, quotes and byte order mark that copying leaves around a value.
pub fn trim(mut text: &[u8]) -> &[u8] {
    text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).trim_ascii();
    while let [quote @ (b'"' | b'\'' | b'`'), inner @ .., last] = text
        && quote == last
    {
        text = inner.trim_ascii();
    }
    text
}

/// [`trim`] for text.
pub fn trim_text(text: &str) -> &str {
    core::str::from_utf8(trim(text.as_bytes())).unwrap_or(text)
}

/// There is the beginning of a client secret in it.
pub fn has_secret(text: &[u8]) -> bool {
    text.windows(SECRET_SCHEME.len()).any(|part| part.eq_ignore_ascii_case(SECRET_SCHEME.as_bytes()))
}

/// It is a JSON web token: an access token, an OIDC token or an assertion.
pub fn is_jwt(text: &[u8]) -> bool {
    text.starts_with(b"eyJ") && text.iter().filter(|&&b| b == b'.').count() >= 2 && !text.contains(&b'@')
}

/// It has the shape of a client id, `name@host/kind`.
pub fn is_client_id(text: &[u8]) -> bool {
    let at = text.iter().position(|&b| b == b'@');
    let slash = text.iter().position(|&b| b == b'/');
    text.len() <= 512 && matches!((at, slash), (Some(at), Some(slash)) if at < slash)
}

/// The text before and after the first `mark`. Looks at every place in turn: the searchers of the standard library are
/// made for long texts and are 2.5 KB of code for a text, and half of that for each kind of character.
pub fn split<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = text.as_bytes().windows(mark.len()).position(|part| part == mark.as_bytes())?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// The text before the first of these bytes, which are ASCII: all of it if there is none.
pub fn before<'a>(text: &'a str, ends: &[u8]) -> &'a str {
    let end = text.bytes().position(|b| ends.contains(&b)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}
