//! Text from a server, made fit for an error message.

use super::paste;
use alloc::{borrow::ToOwned, string::String};

/// What stands in the place of something that may be a secret.
pub const REDACTED: &str = "[redacted]";

/// At most `max` characters of `text` on one line: control and invisible characters become spaces, and whatever looks
/// like a client secret, a JWT or a long key becomes `[redacted]`, and so does what stands after the name of a secret or
/// of an authentication scheme.
pub fn redact(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut last = "";
    // Words are judged whole, before anything is cut; a word never ends up half shown.
    while let Some(first) = rest.chars().next() {
        let is_word = word_character(first);
        let len = rest.char_indices().find(|(_, c)| word_character(*c) != is_word).map_or(rest.len(), |(at, _)| at);
        let (run, after) = rest.split_at_checked(len).unwrap_or((rest, ""));
        if is_word {
            match paste::split(run, "=") {
                _ if suspicious(run.as_bytes()) || announces(last) && opaque(run.as_bytes()) => out.push_str(REDACTED),
                Some((name, value)) if !value.is_empty() && is_secret_name(name) => {
                    out.push_str(name);
                    out.push('=');
                    out.push_str(REDACTED);
                }
                _ => out.push_str(run),
            }
            last = run;
        } else {
            run.chars().for_each(|c| {
                if visible(c) {
                    out.push(c)
                } else if !out.ends_with(" ") {
                    out.push(' ')
                }
            });
        }
        // No message needs more, however long a hostile body is.
        if out.len() > 4 * max {
            break;
        }
        rest = after;
    }
    // Every other white space has become a space.
    let out = out.trim_ascii();
    match out.char_indices().nth(max) {
        Some((end, _)) => {
            let mut cut = out.get(..end).unwrap_or_default().trim_ascii_end().to_owned();
            cut.push('\u{2026}');
            cut
        }
        None => out.to_owned(),
    }
}

/// What follows may be a secret: `Bearer`, or `client_secret:`.
fn announces(word: &str) -> bool {
    let schemes = ["bearer", "basic", "dpop"];
    schemes.iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) || word.strip_suffix(":").is_some_and(is_secret_name)
}

/// Not a word of a sentence.
fn opaque(word: &[u8]) -> bool {
    word.len() >= 8 && word.iter().any(u8::is_ascii_digit) && word.iter().any(u8::is_ascii_alphabetic)
}

/// True for a member name whose value must not be shown, in any API: the names that documents list, and anything
/// that ends like them.
pub fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    const ENDINGS: [&str; 14] = [
        "secret",
        "password",
        "token",
        "apikey",
        "privatekey",
        "plaintextkey",
        "assertion",
        "secretaccesskey",
        "encryptedcontent",
        "encryptedbytes",
        "authorization",
        "cookie",
        "pushauthtokenplaintext",
        "material",
    ];
    // Tokens that only say where a list goes on are not secrets, and worth seeing.
    !matches!(plain.as_str(), "pagetoken" | "nextpagetoken") && ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// May be part of a token.
fn word_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | ':' | '~')
}

/// Not a control character, a line separator, or one that hides or reorders what stands around it.
fn visible(c: char) -> bool {
    !(c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
}

/// A JWT shows in its first characters (`{"` in base64), a key in its length: no UUID and hardly a name has 40 characters.
/// A path may, so with slashes it takes the mixture that base64 has.
fn suspicious(word: &[u8]) -> bool {
    let jwt = |part: &[u8]| part.starts_with(b"eyJ") && part.len() >= 16;
    let mixed = |part: &[u8]| {
        [u8::is_ascii_uppercase, u8::is_ascii_lowercase, u8::is_ascii_digit].iter().all(|class| part.iter().any(class))
    };
    paste::has_secret(word)
        || word.split(|b| b".:=/".contains(b)).any(|part| jwt(part) || part.len() >= 40)
        || word.split(|b| b".:=".contains(b)).any(|part| part.len() >= 40 && mixed(part))
}
