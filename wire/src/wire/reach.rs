//! Which messages lead to something. This is computed for the requested ones: a program needs few of an API's messages, and
//! to look at all of them would be most of what its first call takes.

use crate::api::{Field, Kind, Message, Table};
use alloc::vec::Vec;
use core::cell::Cell;

/// What is known of each message so far.
#[derive(Debug)]
pub struct Reach {
    known: Vec<Cell<Option<bool>>>,
}

impl Reach {
    /// Nothing is known yet.
    pub fn new(table: &Table) -> Self {
        Self { known: vec![Cell::new(None); table.message_count()] }
    }

    fn known(&self, message: Message) -> Option<&Cell<Option<bool>>> {
        self.known.get(usize::from(message.0))
    }

    /// True if the message has a field that is a goal, or one below it has, by fields that are followed. Goal and way have to
    /// be the same in all calls.
    pub fn leads(
        &self,
        table: &Table,
        message: Message,
        is_goal: &dyn Fn(&Field) -> bool,
        is_way: &dyn Fn(&Field) -> bool,
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
                } else if field.kind == Kind::Message && is_way(field) {
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
        // If nothing was found, that holds for all that were looked at.
        for looked in if found { seen.get(..1) } else { seen.get(..) }.unwrap_or_default() {
            if let Some(known) = self.known(*looked) {
                known.set(Some(found));
            }
        }
        found
    }
}
