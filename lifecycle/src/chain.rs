//! The lines of a journal: each is an event in canonical JSON, chained to the previous line by its hash.
//!
//! ```text
//! {"v":1,"n":3,"prev":"<hash of line 2>","at":...,"by":"...","event":"issuing",...,"hash":"<SHA-256 of all before it>"}
//! ```
//! The hash covers the number and the hash of the previous line, so a line that was changed, moved, removed or inserted
//! does not match, and a change within a line is detected from the line alone. Anybody who can rewrite the whole
//! journal can make a valid chain; this is detected by comparing the last hash with a copy that is kept elsewhere.
//!
//! A line with a correct hash but an unknown version, event or field was written by a newer build. Reading stops there,
//! because skipping an event would mean acting on a wrong state.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::event::Entry;

/// The version of the lines that this build writes.
pub const VERSION: u64 = 1;

/// The position up to which a stream was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Head {
    /// The number of the last line; 0 before the first.
    pub sequence: u64,
    /// The hash of the last line; empty before the first.
    pub hash: String,
    /// The beginning of the first line's hash, which distinguishes this stream from another one of the same name.
    pub origin: String,
}

impl Head {
    fn after(&self, hash: String) -> Self {
        let origin = if self.origin.is_empty() { hash.chars().take(8).collect() } else { self.origin.clone() };
        Self { sequence: self.sequence + 1, hash, origin }
    }
}

/// The fault of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The line is not what was written.
    Damaged,
    /// The line was written by a newer build.
    Newer,
    /// The line is intact but misplaced: its number or the hash of the previous line does not match.
    OutOfPlace,
}

impl Fault {
    /// Returns the stable code of the fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Newer => "newer",
            Self::OutOfPlace => "out_of_place",
        }
    }
}

/// A line that cannot be read. Nothing is lost, because the journal is not changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broken {
    /// The number of the line.
    pub sequence: u64,
    /// The kind of fault.
    pub fault: Fault,
    /// A description of the fault.
    pub message: String,
}

#[derive(Serialize, Deserialize)]
struct Line<Body> {
    v: u64,
    n: u64,
    prev: String,
    #[serde(flatten)]
    entry: Body,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

const HASH: &str = ",\"hash\":\"";
/// The length of a line's end: 64 digits, a quote and a brace.
const END: usize = 64 + 2;

/// Returns the line for the next event, and the head after it.
#[must_use]
pub fn write(head: &Head, entry: &Entry) -> (String, Head) {
    let body = body(head.sequence + 1, &head.hash, entry);
    let hash = digest(&body);
    let line = format!("{body}{HASH}{hash}\"}}");
    (line, head.after(hash))
}

/// Reads the next line.
///
/// # Errors
/// Fails if the line is damaged or out of place, or if a newer build wrote it.
pub fn read(head: &Head, line: &str) -> Result<(Entry, Head), Broken> {
    let sequence = head.sequence + 1;
    let broken = |fault, message: &str| Err(Broken { sequence, fault, message: message.to_owned() });
    let Ok(Version { v }) = serde_json::from_str(line) else {
        return broken(Fault::Damaged, "it is not a line of a journal");
    };
    if v > VERSION {
        return broken(Fault::Newer, &format!("it has version {v}, and this build knows {VERSION}"));
    }
    let split = line.len().checked_sub(END + HASH.len()).and_then(|at| line.split_at_checked(at));
    let Some((text, tail)) = split.filter(|(text, tail)| *tail == format!("{HASH}{}\"}}", digest(text))) else {
        return broken(Fault::Damaged, "its hash does not match");
    };
    let Ok(Line { n, prev, .. }) = serde_json::from_str::<Line<serde::de::IgnoredAny>>(line) else {
        return broken(Fault::Damaged, "it has no number, or no hash of the line before it");
    };
    if n != sequence {
        return broken(Fault::OutOfPlace, &format!("it has the number {n}"));
    }
    if prev != head.hash {
        return broken(Fault::OutOfPlace, "the hash of the line before it does not match");
    }
    let Ok(Line { entry, .. }) = serde_json::from_str::<Line<Entry>>(line) else {
        return broken(Fault::Newer, "this build does not know its event");
    };
    if body(n, &prev, &entry) != text {
        return broken(Fault::Newer, "it has a field that this build does not know");
    }
    let hash = tail.get(HASH.len()..HASH.len() + 64).unwrap_or_default().to_owned();
    Ok((entry, head.after(hash)))
}

/// Returns the line up to its hash.
fn body(n: u64, prev: &str, entry: &Entry) -> String {
    let line = Line { v: VERSION, n, prev: prev.to_owned(), entry };
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    text.pop();
    text
}

fn digest(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
