//! Our own words about the types and methods that people meet first: `api/c1.docs`.

use std::collections::BTreeMap;

use crate::import::lines::lines;

/// Doc comments by what they belong to: `connector` (a group), `connector.list` (a method), `App` (a
/// message and its input twin), `App.id` (a field).
#[derive(Debug, Default)]
pub struct Docs {
    texts: BTreeMap<String, String>,
    used: BTreeMap<String, bool>,
}

impl Docs {
    /// Reads the file: one comment a line, its first word says what it belongs to.
    pub fn parse(text: &str) -> Self {
        let mut docs = Self::default();
        for line in lines(text) {
            if let Some((key, words)) = line.words.split_first() {
                docs.used.insert((*key).to_owned(), false);
                docs.texts.insert((*key).to_owned(), words.join(" "));
            }
        }
        docs
    }

    /// The comment, empty where there is none.
    pub fn get(&mut self, key: &str) -> &str {
        if let Some(used) = self.used.get_mut(key) {
            *used = true;
        }
        self.texts.get(key).map_or("", String::as_str)
    }

    /// Refuses comments that nothing asked for.
    pub fn end(&self) -> Result<(), String> {
        let unused: Vec<&str> = self.used.iter().filter(|(_, used)| !**used).map(|(key, _)| key.as_str()).collect();
        if unused.is_empty() { Ok(()) } else { Err(format!("there is no {}", unused.join(", "))) }
    }
}
