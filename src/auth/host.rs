//! Checks of host names. They are stricter than a URL parser on purpose: whatever two parsers could read differently is
//! refused, because tokens are sent to the result.

use super::error::errors;
use super::paste;
use alloc::string::String;

errors! {
    /// The reason why a text is not a host.
    HostError {
        Empty "host_empty" "the host is empty"
        NotAscii "host_not_ascii" "the host has a character outside ASCII; write an international name in its xn-- form"
        Control "host_control" "the host has a control character in it"
        Space "host_space" "the host has white space in it"
        UserInfo "host_user_info" "the host has an @ in it; a user name or password does not belong there"
        Backslash "host_backslash" "the host has a backslash in it"
        Percent "host_percent" "the host has a percent sign in it; write the name itself"
        Path "host_path" "the host has a /, ? or # in it; give the host alone"
        Character "host_character" "the host has a character that is not a letter, a digit, a hyphen or a dot"
        EmptyLabel "host_empty_label" "the host has an empty part: it begins or ends with a dot, or has two in a row"
        Hyphen "host_hyphen" "a part of the host begins or ends with a hyphen"
        LongLabel "host_long_label" "a part of the host is longer than 63 characters"
        Long "host_long" "the host is longer than 253 characters"
        Ipv4 "host_ipv4" "the host is a number but not an IPv4 address of four decimal parts"
        Ipv6 "host_ipv6" "of IPv6 addresses only [::1] is supported; use a host name"
        Port "host_port" "the port is not a number from 1 to 65535"
    }
}

/// Splits `name:port` and checks both. The name is returned in lower case, `[::1]` with its brackets.
pub fn parse(text: &str) -> Result<(String, Option<u16>), HostError> {
    if text.is_empty() {
        return Err(HostError::Empty);
    }
    let (name, port) = match text.strip_prefix("[::1]") {
        Some("") => ("[::1]", None),
        Some(rest) => ("[::1]", Some(rest.strip_prefix(":").ok_or(HostError::Port)?)),
        None => {
            text.chars().try_for_each(check_character)?;
            match paste::split(text, ":") {
                Some((_, port)) if port.as_bytes().contains(&b':') => return Err(HostError::Ipv6),
                Some((name, port)) => (name, Some(port)),
                None => (text, None),
            }
        }
    };
    let port = port.map(parse_port).transpose()?;
    let name = name.to_ascii_lowercase();
    if !name.starts_with("[") {
        check_name(&name)?;
    }
    Ok((name, port))
}

/// Whether plain http is allowed to this host: `localhost`, 127.0.0.0/8 or `[::1]`. `name` is a result of [`parse`].
pub fn is_loopback(name: &str) -> bool {
    name == "localhost" || name == "[::1]" || (name.starts_with("127.") && last_label_is_number(name))
}

fn check_character(c: char) -> Result<(), HostError> {
    Err(match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | ':' => return Ok(()),
        '[' | ']' => HostError::Ipv6,
        '\\' => HostError::Backslash,
        '%' => HostError::Percent,
        '@' => HostError::UserInfo,
        '/' | '?' | '#' => HostError::Path,
        ' ' | '\t' | '\n' | '\r' => HostError::Space,
        _ if !c.is_ascii() => HostError::NotAscii,
        _ if c.is_ascii_control() => HostError::Control,
        _ => HostError::Character,
    })
}

fn check_name(name: &str) -> Result<(), HostError> {
    if name.is_empty() {
        return Err(HostError::Empty);
    }
    let labels = || name.as_bytes().split(|&b| b == b'.');
    for label in labels() {
        if label.is_empty() {
            return Err(HostError::EmptyLabel);
        }
        if label.starts_with(b"-") || label.ends_with(b"-") {
            return Err(HostError::Hyphen);
        }
        if label.len() > 63 {
            return Err(HostError::LongLabel);
        }
    }
    if name.len() > 253 {
        return Err(HostError::Long);
    }
    // A URL parser turns `2130706433`, `0x7f.1` and `127.1` into 127.0.0.1, so only the plain form is accepted.
    if last_label_is_number(name) {
        let octet = |part: &[u8]| match part {
            b"0" => true,
            [b'1'..=b'9', ..] => core::str::from_utf8(part).is_ok_and(|part| part.parse::<u8>().is_ok()),
            _ => false,
        };
        if labels().count() != 4 || !labels().all(octet) {
            return Err(HostError::Ipv4);
        }
    }
    Ok(())
}

/// Whether the last label makes a URL parser take the whole name for an IPv4 address.
fn last_label_is_number(name: &str) -> bool {
    let last = name.as_bytes().rsplit(|&b| b == b'.').next().unwrap_or_default();
    last.iter().all(u8::is_ascii_digit)
        || last.strip_prefix(b"0x").is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
}

fn parse_port(text: &str) -> Result<u16, HostError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(HostError::Port),
    }
}
