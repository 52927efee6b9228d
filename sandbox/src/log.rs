//! What was asked of the sandbox. An entry says which operation, when and how it ended; never a header, a body or a
//! query.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::routes::{Routes, Target};
use crate::time::Millis;

/// How many requests are remembered.
const LENGTH: usize = 10_000;

/// One request.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When, by the sandbox's clock.
    pub at: Millis,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The operation, if the path is one.
    pub target: Option<Target>,
    /// The status that was sent or, if the answer was lost, would have been; `None` if the sandbox never acted.
    pub status: Option<u16>,
    /// The answer was sent.
    pub answered: bool,
    /// The fault that a rule made.
    pub fault: Option<&'static str>,
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub struct Log(VecDeque<Entry>);

/// Which entries to list; `None` for any.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only this operation.
    pub target: Option<Target>,
    /// Only this HTTP method.
    pub method: Option<String>,
    /// Only this status.
    pub status: Option<u16>,
}

impl Log {
    /// Adds one.
    pub fn add(&mut self, entry: Entry) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The entries that pass the filter, as JSON.
    pub fn list(&self, routes: &Routes, filter: &Filter) -> Value {
        let passes = |entry: &&Entry| {
            (filter.target.is_none() || filter.target == entry.target)
                && filter.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&entry.method))
                && (filter.status.is_none() || filter.status == entry.status)
        };
        let show = |entry: &Entry| {
            json!({
                "at": entry.at,
                "method": entry.method,
                "path": entry.path,
                "operation": entry.target.map(|target| routes.id(target)),
                "status": entry.status,
                "answered": entry.answered,
                "fault": entry.fault,
            })
        };
        self.0.iter().filter(passes).map(show).collect()
    }
}
