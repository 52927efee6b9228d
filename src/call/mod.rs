//! What to do after each attempt of a call: done, again (when?), log in again, or give up.
//! [`retry`] decides, [`budget`] keeps an outage from being amplified, [`failure`] reads what an error answer says.

pub mod budget;
pub mod failure;
pub mod retry;
