//! Determines which messages lead to something. This is computed for the requested messages only: a program uses few of
//! an API's messages, and visiting all of them would dominate the time of its first call.

use crate::api::{Field, Kind, Message, Table};
use alloc::vec::Vec;
use core::cell::Cell;

/// What is known about each message so far.
#[derive(Debug)]
pub struct Reach {
    known: Vec<Cell<Option<bool>>>,
}

impl Reach {
    /// Creates a state in which nothing is known.
    pub fn new(table: &Table) -> Self {
        Self { known: vec![Cell::new(None); table.message_count()] }
    }

    fn known(&self, message: Message) -> Option<&Cell<Option<bool>>> {
        self.known.get(usize::from(message.0))
    }

    /// Whether the message, or one below it by fields that are followed, has a field that is a goal. The two predicates
    /// must be the same in all calls.
    pub fn leads(
        &self,
        table: &Table,
        message: Message,
        is_goal: &dyn Fn(&Field) -> bool,
        follows: &dyn Fn(&Field) -> bool,
    ) -> bool {
        if let Some(known) = self.known(message).and_then(Cell::get) {
            return known;
        }
        let mut seen = vec![message];
        let mut next = 0;
        let mut found = false;
        while let Some(here) = seen.get(next).copied().filter(|_| !found) {
            next += 1;
            for field in table.fields(here) {
                if is_goal(field) {
                    found = true;
                } else if field.kind == Kind::Message && follows(field) {
                    let below = field.message();
                    match self.known(below).and_then(Cell::get) {
                        Some(true) => found = true,
                        Some(false) => {}
                        None if seen.contains(&below) => {}
                        None => seen.push(below),
                    }
                }
            }
        }
        // If nothing was found, that holds for all messages that were visited.
        for looked in if found { seen.get(..1) } else { seen.get(..) }.unwrap_or_default() {
            if let Some(known) = self.known(*looked) {
                known.set(Some(found));
            }
        }
        found
    }
}
