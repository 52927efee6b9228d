//! The core's bytes, and the tables, as JavaScript text.
//!
//! Base64 is a third larger before compression and a quarter larger after it. Here each byte is one character below
//! U+0100, which compresses almost as well as the file itself. All bytes are first shifted by a constant, chosen so
//! that the frequent ones become characters that neither this script nor a bundler after it has to escape.
//! `pkg/src/core/unpack.ts` is the inverse.

use std::fmt::Write;

/// The types of [`script`]'s exports.
pub const TYPES: &str = "\
/** The shift that was added to each byte, modulo 256, to get its character. */
export declare const shift: number;
/** The number of bytes. */
export declare const length: number;
/** The bytes, one character each. */
export declare const text: string;
";

/// Returns a module with the bytes.
pub fn script(bytes: &[u8]) -> String {
    let shift = best_shift(bytes);
    let mut script =
        format!("export const shift = {shift};\nexport const length = {};\nexport const text = \"", bytes.len());
    for byte in bytes {
        push(&mut script, byte.wrapping_add(shift));
    }
    script.push_str("\";\n");
    script
}

/// The types of [`table`]'s exports.
pub const TABLE_TYPES: &str = "\
/** The number of UTF-16 units in the text. */
export declare const length: number;
/** The packed table. */
export declare const text: string;
";

/// Returns a module with a table.
pub fn table(text: &str) -> String {
    let literal = serde_json::Value::from(text).to_string();
    format!("export const length = {};\nexport const text = {literal};\n", text.encode_utf16().count())
}

fn push(script: &mut String, character: u8) {
    match character {
        b'"' | b'\\' => script.extend(['\\', character.into()]),
        // Editors, servers and pages may reject these.
        0..0x20 | 0x7f => {
            let _ = write!(script, "\\x{character:02x}");
        }
        _ => script.push(character.into()),
    }
}

/// Returns the shift that makes the text shortest when everything that is not ASCII is escaped, as some bundlers do.
/// Within 0.2 % it is also the one that compresses best, escaped or not.
fn best_shift(bytes: &[u8]) -> u8 {
    let mut counts = [0_usize; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let cost = |shift: u8| -> usize {
        let cost_of = |byte: u8| match byte.wrapping_add(shift) {
            b'"' | b'\\' => 2,
            0x20..0x7f => 1,
            _ => 4,
        };
        (0..=u8::MAX).zip(counts).map(|(byte, count)| count * cost_of(byte)).sum()
    };
    (0..=u8::MAX).min_by_key(|shift| cost(*shift)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a script as JavaScript does.
    fn read(script: &str) -> Vec<u8> {
        let constant =
            |name: &str| script.split(&format!("export const {name} = ")).nth(1).unwrap().split(";\n").next().unwrap();
        let shift: u8 = constant("shift").parse().unwrap();
        let text = constant("text").strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        let mut bytes = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let code = match character {
                '\\' => match characters.next().unwrap() {
                    'x' => u8::from_str_radix(&characters.by_ref().take(2).collect::<String>(), 16).unwrap(),
                    escaped => u8::try_from(escaped).unwrap(),
                },
                plain => u8::try_from(plain).unwrap(),
            };
            bytes.push(code.wrapping_sub(shift));
        }
        assert_eq!(constant("length").parse(), Ok(bytes.len()));
        bytes
    }

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(1000).collect();
        assert_eq!(read(&script(&bytes)), bytes);
        assert!(read(&script(&[])).is_empty());
    }

    #[test]
    fn frequent_bytes_need_no_escape() {
        let script = script(&[0, 0, 0, b'\n', b'"', b'\\']);
        let text = script.split("text = ").nth(1).unwrap();
        assert!(text.chars().all(|character| character != '\\' && character.is_ascii()), "{text}");
    }

    #[test]
    fn no_ascii_control_character_stands_in_the_text() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert!(script(&all).chars().all(|character| character == '\n' || !character.is_ascii_control()));
    }
}
