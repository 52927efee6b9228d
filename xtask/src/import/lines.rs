//! Fact files: each line is a keyword followed by words, and `#` starts a comment.

use std::{error::Error, fs, path::Path};

/// One line of a fact file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// The line number, counted from one.
    pub number: usize,
    /// The words; the first one is the keyword. Never empty.
    pub words: Vec<&'a str>,
}

/// Returns the lines of a fact file that are neither empty nor comments.
#[must_use]
pub fn lines(text: &str) -> Vec<Line<'_>> {
    let facts = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    facts
        .map(|(index, line)| Line { number: index + 1, words: line.split_whitespace().collect() })
        .filter(|line| !line.words.is_empty())
        .collect()
}

/// Returns the text of a file, empty if the file does not exist.
pub fn read_or_empty(path: &Path) -> Result<String, Box<dyn Error>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(format!("{}: {error}", path.display()).into()),
    }
}
