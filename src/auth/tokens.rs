//! The life of an access token: when it is used, when it is renewed, and which calls wait for a renewal. This is a pure
//! state machine; the caller provides the time (monotonic milliseconds from any origin) and the randomness, and sends
//! the requests.
//!
//! ```text
//! on a call    next(now)   Use: take bearer(generation) and send
//!                          UseAndRefresh: the same, and begin a refresh that no call waits for
//!                          Refresh: begin a refresh, wait for it, call next again
//!                          Wait: wait for the running refresh, call next again
//!                          Blocked: fail with the error of the last refresh
//! a refresh    started(now), then exactly one of accept, fail, abandon
//! on a 401     rejected(generation, now); if it returns Replay: call next again, send once more
//! ```

use alloc::string::String;
use zeroize::Zeroizing;

/// The parameters of a token's life, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// The share of its lifetime after which a token is renewed.
    pub refresh_at: f64,
    /// The share by which `refresh_at` varies randomly, so that clients that start together do not renew together.
    pub jitter: f64,
    /// The minimum time between the renewal and the end of the lifetime. A token that lives less than twice as long is
    /// renewed after half of its lifetime.
    pub margin: f64,
    /// The time before a token's end during which it is no longer sent, because it must arrive before it expires. At
    /// most a quarter of the lifetime.
    pub guard: f64,
    /// The lifetime of a token if the answer does not state it. C1 documents 10, 30 and 60 minutes for different
    /// credentials.
    pub default_life: f64,
    /// The pause before the next refresh after a refusal, or after any other failure that time alone does not fix.
    pub refused_pause: f64,
    /// The pause before the next refresh after a transient failure. It doubles with each further one.
    pub failed_pause: f64,
    /// The upper bound of `failed_pause`.
    pub failed_pause_max: f64,
    /// The upper bound of a server's `Retry-After`.
    pub retry_after_max: f64,
    /// The time after its arrival during which the replacement for a refused token is kept even if it is refused
    /// itself, because another one would be refused as well. At most half of the lifetime.
    pub futile: f64,
}

impl Policy {
    /// The policy for C1.
    pub const C1: Self = Self {
        refresh_at: 0.8,
        jitter: 0.1,
        margin: 30_000.0,
        guard: 10_000.0,
        default_life: 600_000.0,
        refused_pause: 5_000.0,
        failed_pause: 250.0,
        failed_pause_max: 30_000.0,
        retry_after_max: 3_600_000.0,
        futile: 5_000.0,
    };

    /// The policy for Commerce Layer, whose tokens live at least two hours.
    pub const COMMERCE_LAYER: Self = Self { default_life: 7_200_000.0, ..Self::C1 };
}

/// One refresh, from [`Tokens::started`] to its end.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    number: u32,
    sent_at: f64,
}

/// Compares by number alone, because the clock may be arbitrary.
impl PartialEq for Attempt {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Attempt {
    /// Returns the number of the refresh, which is unique within a client.
    pub fn number(&self) -> u32 {
        self.number
    }
}

/// What a call does next.
#[derive(Debug, PartialEq)]
pub enum Next<'a, E> {
    /// Send with the token of this generation.
    Use {
        /// The argument for [`Tokens::bearer`] and [`Tokens::rejected`].
        generation: u32,
    },
    /// Send with the token of this generation, and begin a refresh.
    UseAndRefresh {
        /// The argument for [`Tokens::bearer`] and [`Tokens::rejected`].
        generation: u32,
    },
    /// Begin a refresh, wait for its end, and call [`Tokens::next`] again.
    Refresh,
    /// Wait for the end of the running refresh, and call [`Tokens::next`] again.
    Wait {
        /// The running refresh.
        attempt: Attempt,
    },
    /// Fail, because the last refresh has just failed.
    Blocked {
        /// The error of the last refresh.
        error: &'a E,
        /// The time at which the next refresh may begin.
        until: f64,
    },
}

/// What a call does after a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Call [`Tokens::next`] again and, if the call is safe to repeat, send once more.
    Replay,
    /// A fresh token was refused as well, so the 401 is the result of the call.
    Futile,
}

/// Whether time alone can fix a failed refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The credential was refused, or the answer made no sense.
    Permanent,
    /// The network failed, or the server is overloaded or failing.
    Transient,
}

/// The tokens of one credential, one at a time. `E` is the error of a failed refresh.
pub struct Tokens<E> {
    policy: Policy,
    held: Option<Held>,
    running: Option<Attempt>,
    blocked: Option<Blocked<E>>,
    /// The generation of the last token; 0 before the first.
    generation: u32,
    /// The number of refreshes begun.
    attempts: u32,
    /// The number of consecutive transient failures.
    failures: u32,
    /// Whether the API refused the last token.
    refused: bool,
}

struct Held {
    token: Zeroizing<String>,
    sent_at: f64,
    accepted_at: f64,
    life: f64,
    refresh_at: f64,
    usable_until: f64,
    /// Whether the token was fetched because the API refused its predecessor.
    replaces_refused: bool,
}

struct Blocked<E> {
    error: E,
    until: f64,
}

impl<E> core::fmt::Debug for Tokens<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Tokens")
            .field("generation", &self.generation)
            .field("held", &self.held.is_some())
            .field("running", &self.running)
            .field("blocked", &self.blocked.is_some())
            .finish_non_exhaustive()
    }
}

impl<E> Tokens<E> {
    /// Creates a state without a token.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            held: None,
            running: None,
            blocked: None,
            generation: 0,
            attempts: 0,
            failures: 0,
            refused: false,
        }
    }

    /// Returns what a call does at `now`, without changing anything.
    pub fn next(&self, now: f64) -> Next<'_, E> {
        let blocked = self.blocked.as_ref().filter(|blocked| now < blocked.until);
        if let Some(held) = self.held.as_ref().filter(|held| now < held.usable_until) {
            let generation = self.generation;
            let rest = now < held.refresh_at || self.running.is_some() || blocked.is_some();
            return if rest { Next::Use { generation } } else { Next::UseAndRefresh { generation } };
        }
        match (self.running, blocked) {
            (Some(attempt), _) => Next::Wait { attempt },
            (None, Some(blocked)) => Next::Blocked { error: &blocked.error, until: blocked.until },
            (None, None) => Next::Refresh,
        }
    }

    /// Begins a refresh whose request is sent now. The token's lifetime is counted from here, because the server starts
    /// counting later.
    pub fn started(&mut self, now: f64) -> Attempt {
        self.attempts = self.attempts.wrapping_add(1);
        let attempt = Attempt { number: self.attempts, sent_at: now };
        self.running = Some(attempt);
        attempt
    }

    /// Accepts the token of a refresh. `expires_in` is its lifetime in seconds, if the server stated it. `random` is
    /// from 0 to 1.
    pub fn accept(
        &mut self,
        attempt: Attempt,
        token: Zeroizing<String>,
        expires_in: Option<f64>,
        random: f64,
        now: f64,
    ) {
        if !self.finish(attempt) {
            return;
        }
        let policy = &self.policy;
        let life = expires_in.map_or(policy.default_life, |seconds| seconds * 1000.0).max(0.0);
        let latest = life - policy.margin.min(life / 2.0);
        let planned = (life * policy.refresh_at).min(latest);
        let jitter = 1.0 + policy.jitter * (2.0 * random.clamp(0.0, 1.0) - 1.0);
        let guard = policy.guard.min(life / 4.0);
        self.held = Some(Held {
            token,
            sent_at: attempt.sent_at,
            accepted_at: now,
            life,
            refresh_at: attempt.sent_at + (planned * jitter).min(latest),
            // Every waiting call may use the token once, even if the answer took longer than the token lives: the token
            // was most likely issued at the end of that time, and another request would not be faster.
            usable_until: (attempt.sent_at + life - guard).max(now + guard.clamp(100.0, 1000.0)),
            replaces_refused: self.refused,
        });
        self.generation = self.generation.wrapping_add(1);
        self.blocked = None;
        self.failures = 0;
        self.refused = false;
    }

    /// Accepts a token that another worker fetched, with a lifetime of `life` milliseconds, `left` of which remain.
    pub fn adopt(&mut self, attempt: Attempt, token: Zeroizing<String>, life: f64, left: f64, random: f64, now: f64) {
        let sent_at = now - (life - left).max(0.0);
        self.accept(Attempt { sent_at, ..attempt }, token, Some(life / 1000.0), random, now);
    }

    /// Returns the milliseconds until another refresh may begin after a failed one.
    pub fn pause(&self, now: f64) -> f64 {
        self.blocked.as_ref().map_or(0.0, |blocked| (blocked.until - now).max(0.0))
    }

    /// Returns the lifetime of the token in use and the time that it has left, in milliseconds, for workers that share
    /// it.
    pub fn life(&self, now: f64) -> Option<(f64, f64)> {
        self.held.as_ref().map(|held| (held.life, (held.sent_at + held.life - now).max(0.0)))
    }

    /// Records a failed refresh. No other begins for as long as the server asks (`retry_after`, in milliseconds), and
    /// at least as long as the policy says. A token that is still valid remains in use.
    pub fn fail(&mut self, attempt: Attempt, error: E, failure: Failure, retry_after: Option<f64>, now: f64) {
        if !self.finish(attempt) {
            return;
        }
        let policy = &self.policy;
        let pause = match failure {
            Failure::Permanent => policy.refused_pause,
            Failure::Transient => {
                let doubled = policy.failed_pause * f64::from(1u32 << self.failures.min(20));
                self.failures = self.failures.saturating_add(1);
                doubled.min(policy.failed_pause_max)
            }
        };
        // In this order, a NaN counts as absent.
        let asked = retry_after.unwrap_or(0.0).max(0.0).min(policy.retry_after_max);
        self.blocked = Some(Blocked { error, until: now + pause.max(asked) });
    }

    /// Ends a refresh without a result; the next call may begin another.
    pub fn abandon(&mut self, attempt: Attempt) {
        self.finish(attempt);
    }

    /// Handles the API's 401 for the token of `generation`. If several requests with one token are refused, only the
    /// first refusal takes it out of use.
    pub fn rejected(&mut self, generation: u32, now: f64) -> Rejection {
        if generation != self.generation {
            return Rejection::Replay;
        }
        if let Some(held) = &self.held {
            let fresh = now - held.accepted_at < self.policy.futile.min(held.life / 2.0);
            if held.replaces_refused && fresh {
                return Rejection::Futile;
            }
            self.held = None;
            self.refused = true;
        }
        Rejection::Replay
    }

    /// Returns the generation of the token in use, or of the last one.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns the token of `generation`, unless it was replaced or taken out of use.
    pub fn bearer(&self, generation: u32) -> Option<&str> {
        let held = self.held.as_ref().filter(|_| generation == self.generation)?;
        Some(&held.token)
    }

    /// Wipes the token and forgets the running and the failed refresh.
    pub fn clear(&mut self) {
        self.held = None;
        self.running = None;
        self.blocked = None;
    }

    /// Ends `attempt` and returns true if it is the running one. An attempt that was abandoned earlier is ignored.
    fn finish(&mut self, attempt: Attempt) -> bool {
        let runs = self.running == Some(attempt);
        if runs {
            self.running = None;
        }
        runs
    }
}
