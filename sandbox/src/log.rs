//! The log of requests to the sandbox. An entry records the operation, the time and the result, but never a header, a
//! body or a query.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::routes::{Routes, Target};
use crate::time::Millis;

/// The number of requests that are remembered.
const LENGTH: usize = 10_000;

/// One request.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The time by the sandbox's clock.
    pub at: Millis,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The operation, if the path belongs to one.
    pub target: Option<Target>,
    /// The status that was sent or, if the answer was lost, would have been sent; `None` if the sandbox never acted.
    pub status: Option<u16>,
    /// Whether the answer was sent.
    pub answered: bool,
    /// The fault that a rule injected.
    pub fault: Option<&'static str>,
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub struct Log(VecDeque<Entry>);

/// The selection of entries to list; `None` selects all.
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
    /// Adds an entry.
    pub fn add(&mut self, entry: Entry) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the entries that pass the filter, as JSON.
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
