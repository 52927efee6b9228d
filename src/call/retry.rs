//! When a call may be sent again.
//!
//! | effect | no answer, maybe received | never sent | 429 | 503 with `Retry-After` | 408, 500, 502, 504, other 503 |
//! |---|---|---|---|---|---|
//! | read | again | again | again | again | again |
//! | write | never | again | again | again | never |
//! | one-time secret | never | again | never | never | never |
//!
//! A login is a read: an additional token does no harm.
//!
//! A caller's own policy widens the rows for reads and writes, but never the last one: only [`Policy::repeat_secrets`],
//! which must be requested explicitly, does that.

use crate::api::Effect;
use crate::auth::token_response::seconds;
use alloc::vec::Vec;

/// The conditions and limits for repeating a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The total number of attempts, including the first. The official SDK has no limit; here the elapsed time is
    /// bounded as well.
    pub attempts: u32,
    /// The first delay in milliseconds, before jitter.
    pub initial_ms: f64,
    /// The longest delay in milliseconds, before jitter.
    pub max_ms: f64,
    /// The factor between one delay and the next.
    pub exponent: f64,
    /// The longest time from the start of the first attempt to that of the last, in milliseconds.
    pub max_elapsed_ms: f64,
    /// Whether to repeat a call that got no answer, for whatever reason.
    pub connection_errors: bool,
    /// The statuses after which to repeat, as inclusive ranges.
    pub statuses: Vec<(u16, u16)>,
    /// Whether the caller set this policy. It then applies to writes as well as reads.
    pub explicit: bool,
    /// Whether the caller accepts the risk that a secret is issued twice.
    pub repeat_secrets: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 3,
            initial_ms: 500.0,
            max_ms: 8_000.0,
            exponent: 2.0,
            max_elapsed_ms: 60_000.0,
            connection_errors: true,
            statuses: vec![(408, 408), (429, 429), (500, 500), (502, 504)],
            explicit: false,
            repeat_secrets: false,
        }
    }
}

/// The unsuccessful end of an attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ending {
    /// An answer with this status, and the milliseconds that its `Retry-After` asks for.
    Status(u16, Option<f64>),
    /// No answer, or a truncated one. `received` is false only if the request provably never left.
    NoAnswer {
        /// Whether the server may have received the request.
        received: bool,
    },
}

/// The progress of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The number of attempts made, at least 1.
    pub attempts: u32,
    /// The milliseconds since the first attempt began.
    pub elapsed_ms: f64,
    /// The milliseconds until the deadline; infinite without one.
    pub left_ms: f64,
    /// A number from 0 to 1, for the jitter.
    pub random: f64,
}

/// Returns the delay in milliseconds before the next attempt, or `None` to give up. A `Retry-After` that ends before
/// the deadline is obeyed; waiting for a later one would be futile. Without the header, the delay is exponential with
/// full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").
pub fn next_attempt(policy: &Policy, effect: Effect, ending: Ending, progress: Progress) -> Option<f64> {
    if progress.attempts >= policy.attempts || !may_repeat(policy, effect, ending) {
        return None;
    }
    let delay = match ending {
        Ending::Status(_, Some(asked)) => asked,
        _ => {
            let step = power(policy.exponent, progress.attempts - 1);
            (policy.initial_ms * step).min(policy.max_ms) * progress.random
        }
    };
    let in_time = delay < progress.left_ms && progress.elapsed_ms + delay <= policy.max_elapsed_ms;
    in_time.then_some(delay)
}

/// Raises `base` to a power; `powi` is not in `core`.
fn power(mut base: f64, mut exponent: u32) -> f64 {
    let mut power = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            power *= base;
        }
        base *= base;
        exponent /= 2;
    }
    power
}

fn may_repeat(policy: &Policy, effect: Effect, ending: Ending) -> bool {
    let listed = |status: u16| policy.statuses.iter().any(|(from, to)| (*from..=*to).contains(&status));
    let wanted = match ending {
        Ending::Status(status, _) => listed(status),
        Ending::NoAnswer { .. } => policy.connection_errors,
    };
    let unprocessed = match ending {
        Ending::Status(status, after) => status == 429 || status == 503 && after.is_some(),
        Ending::NoAnswer { received } => !received,
    };
    let never_left = matches!(ending, Ending::NoAnswer { received: false });
    wanted
        && match effect {
            Effect::Read => true,
            Effect::Write => unprocessed || policy.explicit,
            Effect::Secret => never_left || policy.repeat_secrets,
        }
}

/// Reads `Retry-After`, which is a number of seconds, with or without a fraction, or an HTTP date (RFC 9110, 10.2.3),
/// as milliseconds from now. `now_s` is the wall clock in seconds. Negative values and those above a day count as
/// absent.
pub fn retry_after_ms(value: &str, now_s: f64) -> Option<f64> {
    let value = value.trim_ascii();
    let ms = match seconds(value) {
        Some(seconds) => seconds * 1000.0,
        None => (http_date(value)? - now_s).max(0.0) * 1000.0,
    };
    (0.0..=86_400_000.0).contains(&ms).then_some(ms)
}

/// Reads an IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970. The two obsolete forms are no
/// longer sent.
pub fn http_date(value: &str) -> Option<f64> {
    let comma = value.bytes().position(|b| b == b',')?;
    let mut parts = value.as_bytes().get(comma + 1..)?.trim_ascii_start().split(|&b| b == b' ');
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next() != Some(b"GMT") || parts.next().is_some() {
        return None;
    }
    const MONTHS: [[&str; 2]; 12] = [
        ["Jan", "01"],
        ["Feb", "02"],
        ["Mar", "03"],
        ["Apr", "04"],
        ["May", "05"],
        ["Jun", "06"],
        ["Jul", "07"],
        ["Aug", "08"],
        ["Sep", "09"],
        ["Oct", "10"],
        ["Nov", "11"],
        ["Dec", "12"],
    ];
    let [_, month] = *MONTHS.iter().find(|[name, _]| name.as_bytes() == month)?;
    let ms = crate::wire::date::parse_rfc3339(&[year, b"-", month.as_bytes(), b"-", day, b"T", time, b"Z"].concat())?;
    Some(ms / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(attempts: u32) -> Progress {
        Progress { attempts, elapsed_ms: 0.0, left_ms: f64::INFINITY, random: 1.0 }
    }

    fn repeats(effect: Effect, ending: Ending) -> bool {
        next_attempt(&Policy::default(), effect, ending, progress(1)).is_some()
    }

    #[test]
    fn the_documented_table_holds() {
        let endings = [
            Ending::NoAnswer { received: true },
            Ending::NoAnswer { received: false },
            Ending::Status(429, None),
            Ending::Status(503, Some(100.0)),
            Ending::Status(503, None),
            Ending::Status(500, None),
        ];
        let row = |effect| endings.map(|ending| repeats(effect, ending));
        assert_eq!(row(Effect::Read), [true; 6]);
        assert_eq!(row(Effect::Write), [false, true, true, true, false, false]);
        assert_eq!(row(Effect::Secret), [false, true, false, false, false, false]);
    }

    #[test]
    fn other_statuses_are_final() {
        for status in [400, 401, 403, 404, 409, 412, 422, 501] {
            assert!(!repeats(Effect::Read, Ending::Status(status, Some(1.0))), "{status}");
        }
    }

    #[test]
    fn a_retry_policy_does_not_apply_to_one_time_secrets() {
        let lost = Ending::NoAnswer { received: true };
        let mut policy = Policy { explicit: true, attempts: 10, ..Policy::default() };
        assert!(next_attempt(&policy, Effect::Write, lost, progress(1)).is_some());
        assert!(next_attempt(&policy, Effect::Secret, lost, progress(1)).is_none());
        policy.repeat_secrets = true;
        assert!(next_attempt(&policy, Effect::Secret, lost, progress(1)).is_some());
    }

    #[test]
    fn delays_grow_to_the_cap_and_attempts_end() {
        let policy = Policy { attempts: 8, max_elapsed_ms: f64::INFINITY, ..Policy::default() };
        let end = Ending::Status(500, None);
        let delays: Vec<_> = (1..9).map(|n| next_attempt(&policy, Effect::Read, end, progress(n))).collect();
        let want = [500.0, 1000.0, 2000.0, 4000.0, 8000.0, 8000.0, 8000.0].map(Some);
        assert_eq!(delays, [&want[..], &[None]].concat());
    }

    #[test]
    fn the_deadline_bounds_the_wait() {
        let late = Progress { left_ms: 900.0, ..progress(1) };
        let policy = Policy::default();
        assert_eq!(next_attempt(&policy, Effect::Read, Ending::Status(429, Some(1000.0)), late), None);
        assert_eq!(next_attempt(&policy, Effect::Read, Ending::Status(429, Some(800.0)), late), Some(800.0));
    }

    #[test]
    fn retry_after_forms() {
        let now = 784_111_777.0;
        for (value, ms) in [
            ("10", Some(10_000.0)),
            ("1.5", Some(1_500.0)),
            (" 0 ", Some(0.0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000.0)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(0.0)),
            ("-1", None),
            ("NaN", None),
            ("1e9", None),
            ("soon", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ] {
            assert_eq!(retry_after_ms(value, now), ms, "{value}");
        }
    }
}
