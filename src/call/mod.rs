//! What to do after each attempt of a call: finish, send again after a delay, log in again, or give up. [`retry`]
//! decides, [`budget`] keeps an outage from being amplified, and [`failure`] reads error answers.

pub mod budget;
pub mod failure;
pub mod retry;
