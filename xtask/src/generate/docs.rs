//! Doc comments for the most important types and methods: `api/c1.docs`.

use std::collections::BTreeMap;

use crate::import::lines::lines;

/// Doc comments by their subject: `connector` (a group), `connector.list` (a method), `App` (a message and its input
/// twin), or `App.id` (a field).
#[derive(Debug, Default)]
pub struct Docs {
    texts: BTreeMap<String, String>,
    used: BTreeMap<String, bool>,
}

impl Docs {
    /// Parses the file: one comment per line, whose first word names its subject.
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

    /// Returns the comment, empty if there is none.
    pub fn get(&mut self, key: &str) -> &str {
        if let Some(used) = self.used.get_mut(key) {
            *used = true;
        }
        self.texts.get(key).map_or("", String::as_str)
    }

    /// Refuses comments that were not used.
    pub fn end(&self) -> Result<(), String> {
        let unused: Vec<&str> = self.used.iter().filter(|(_, used)| !**used).map(|(key, _)| key.as_str()).collect();
        if unused.is_empty() { Ok(()) } else { Err(format!("there is no {}", unused.join(", "))) }
    }
}
