//! Determines from which messages a field of interest can be reached. This is computed only for the messages that are
//! asked for: a program uses few of an API's messages, and visiting all of them would dominate the time of its first
//! call.

use crate::api::{Field, Kind, Message, Table};
use alloc::vec::Vec;
use core::cell::Cell;

/// The results so far, one for each message.
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

    /// Whether the message, or one below it that `follows` leads to, has a field that `is_goal`. The two predicates
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
        // If nothing was found, the result holds for all visited messages.
        for looked in if found { seen.get(..1) } else { seen.get(..) }.unwrap_or_default() {
            if let Some(known) = self.known(*looked) {
                known.set(Some(found));
            }
        }
        found
    }
}
