//! Runs a target: its corpus, edits of its corpus, and random bytes.
//!
//! A reader of structured text refuses nearly all random bytes at once, so most runs start from a corpus file and edit
//! it: they set, delete, repeat and move bytes, insert the target's own words, and splice in parts of other files.
//! `bolero` draws the edits and shrinks those that fail. Compiled with `--cfg fuzzing_libfuzzer`, the target is driven
//! by libFuzzer instead, which chooses its edits by the code that they reach.

use bolero::TypeGenerator;
use keyturn_wire::steps;
use std::path::PathBuf;

/// A reader and its properties.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Panics if the reader violates a property for this input.
    pub property: fn(&[u8]),
    /// Reads the input and does nothing else, so that its steps can be counted; `None` if the reader counts none.
    pub read: Option<fn(&[u8])>,
    /// The words and marks of the format that edits insert.
    pub words: &'static [&'static str],
}

/// The number of runs of a target in `cargo test`, unless `KEYTURN_RUNS` is set.
const RUNS: usize = 1_500;

/// The size limit of edited inputs, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// Runs a target over its corpus, edits of its corpus, and random bytes. Does not return when libFuzzer drives it.
pub fn run(target: &'static Target) {
    if cfg!(fuzzing_libfuzzer) {
        bolero::check!().for_each(|input: &[u8]| (target.property)(input));
        return;
    }
    let corpus = corpus(target.name);
    assert!(!corpus.is_empty(), "fuzz/corpus/{} is empty", target.name);
    for (path, input) in &corpus {
        println!("{}", path.display());
        (target.property)(input);
    }
    let runs = std::env::var("KEYTURN_RUNS").ok().map_or(RUNS, |runs| runs.parse().expect("KEYTURN_RUNS is a number"));
    let files: Vec<_> = corpus.into_iter().map(|(_, input)| input).collect();
    bolero::check!().with_iterations(runs).with_type::<Edits>().for_each(|edits: &Edits| {
        let input = edits.apply(&files, target.words);
        (target.property)(&input);
        if let Some(read) = target.read.filter(|_| edits.pump.1 < 32) {
            edits.linear(&input, read);
        }
    });
    bolero::check!().with_iterations(runs / 4).for_each(|input: &[u8]| (target.property)(input));
}

/// Returns the committed inputs of a target, in the order of their names.
pub fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// A corpus file and its edits.
#[derive(Debug, Clone, TypeGenerator)]
pub struct Edits {
    file: u16,
    #[generator(bolero::generator::produce::<Vec<Edit>>().with().len(0usize..=6))]
    edits: Vec<Edit>,
    /// The beginning and the length of the part that is repeated to measure how the work grows.
    pump: (u16, u8),
}

/// An edit. Positions are taken modulo the length of the text.
#[derive(Debug, Clone, TypeGenerator)]
enum Edit {
    Set { at: u16, byte: u8 },
    Flip { at: u16, bit: u8 },
    Delete { at: u16, len: u8 },
    Repeat { at: u16, len: u8, times: u8 },
    Insert { at: u16, bytes: [u8; 3] },
    Word { at: u16, word: u8 },
    OtherWord { at: u16, word: u8 },
    Move { from: u16, len: u8, to: u16 },
    Splice { file: u16, from: u16, len: u16, at: u16 },
    Cut { at: u16 },
}

impl Edits {
    fn apply(&self, files: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
        let mut text = files[usize::from(self.file) % files.len()].clone();
        for edit in &self.edits {
            let place = |at: u16| usize::from(at) % (text.len() + 1);
            let part = |at: u16, len: u8| place(at)..(place(at) + usize::from(len)).min(text.len());
            match *edit {
                Edit::Set { at, byte } => {
                    let at = place(at);
                    text.splice(at..(at + 1).min(text.len()), [byte]);
                }
                Edit::Flip { at, bit } => {
                    let at = place(at);
                    if let Some(byte) = text.get_mut(at) {
                        *byte ^= 1 << (bit % 8);
                    }
                }
                Edit::Delete { at, len } => drop(text.drain(part(at, len))),
                Edit::Repeat { at, len, times } => {
                    let range = part(at, len);
                    let copy = text[range.clone()].repeat(usize::from(times));
                    text.splice(range.end..range.end, copy);
                }
                Edit::Insert { at, bytes } => {
                    let at = place(at);
                    text.splice(at..at, bytes);
                }
                Edit::Word { at, word } if !words.is_empty() => {
                    let at = place(at);
                    text.splice(at..at, words[usize::from(word) % words.len()].bytes());
                }
                Edit::Word { at, word } | Edit::OtherWord { at, word } => {
                    let at = place(at);
                    text.splice(at..at, WORDS[usize::from(word) % WORDS.len()].iter().copied());
                }
                Edit::Move { from, len, to } => {
                    let moved: Vec<u8> = text.drain(part(from, len)).collect();
                    let to = usize::from(to) % (text.len() + 1);
                    text.splice(to..to, moved);
                }
                Edit::Splice { file, from, len, at } => {
                    let other = &files[usize::from(file) % files.len()];
                    let from = usize::from(from) % (other.len() + 1);
                    let other = other[from..(from + usize::from(len)).min(other.len())].to_vec();
                    let at = place(at);
                    text.splice(at..at, other);
                }
                Edit::Cut { at } => text.truncate(place(at)),
            }
            text.truncate(MAX_LENGTH);
        }
        text
    }

    /// Repeats a part of the input, and asserts that eight times as many repetitions take about eight times as many
    /// steps. Quadratic work takes 64 times as many.
    fn linear(&self, input: &[u8], read: fn(&[u8])) {
        let at = usize::from(self.pump.0) % (input.len() + 1);
        let end = (at + 1 + usize::from(self.pump.1)).min(input.len());
        let count = |times: usize| {
            let text = [&input[..at], &input[at..end].repeat(times), &input[end..]].concat();
            steps::take();
            read(&text);
            steps::take()
        };
        // Readers may look ahead up to a bound; below it, their work grows faster.
        let (few, many) = (count(100), count(800));
        assert!(
            many <= 16 * few + 20_000,
            "{few} steps become {many} with eight times as many repetitions of {at}..{end}"
        );
    }
}

/// Words that are difficult for readers of any text: the marks of JSON, of UTF-8 and of line ends, and special names of
/// JavaScript.
const WORDS: [&[u8]; 32] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b":",
    b",",
    b"{}",
    b"[]",
    b"\"\"",
    b"null",
    b"true",
    b"-0",
    b"1e400",
    b"9007199254740993",
    b"-9223372036854775808",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00",
    b"\\ud83d\\ude00",
    b"\"__proto__\":{},",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xff",
    b"\0",
    b"\r\n",
    "\u{2028}".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{e9}".as_bytes(),
    b"%2e%2e",
    b"/../",
];
