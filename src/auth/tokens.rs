//! The life of an access token: when to use it, when to renew it, who waits for whom. A pure state machine; the caller
//! brings the time (monotonic milliseconds from any origin), the randomness, and does the requests.
//!
//! ```text
//! on a call    next(now)   Use: take bearer(generation) and send
//!                          UseAndRefresh: the same, and begin a refresh that nobody waits for
//!                          Refresh: begin a refresh, wait for it, ask again
//!                          Wait: wait for the refresh that runs, ask again
//!                          Blocked: fail with the error of the last refresh
//! a refresh    started(now), then exactly one of accept, fail, abandon
//! on a 401     rejected(generation, now); if it says Replay: ask again, send once more
//! ```

use alloc::string::String;
use zeroize::Zeroizing;

/// The numbers of a token's life, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// A token is renewed after this share of its life ...
    pub refresh_at: f64,
    /// ... give or take this share of that, so that many clients which began together do not renew together ...
    pub jitter: f64,
    /// ... but this long before its end. A token that lives less than twice as long is renewed at half of its life.
    pub margin: f64,
    /// This long before its end a token is not sent any more: it has to arrive before it expires. At most a quarter of
    /// its life.
    pub guard: f64,
    /// Life of a token whose answer does not tell. C1 documents 10, 30 and 60 minutes for different credentials.
    pub default_life: f64,
    /// After a refusal, and after anything else that time alone does not fix, no refresh for this long.
    pub refused_pause: f64,
    /// After a passing failure, no refresh for this long; twice as long after each further one ...
    pub failed_pause: f64,
    /// ... up to this.
    pub failed_pause_max: f64,
    /// A server's Retry-After counts up to this.
    pub retry_after_max: f64,
    /// A token that the API refuses within this time of being issued, in place of one that it refused before, is kept:
    /// another would be refused as well. At most half of its life.
    pub futile: f64,
}

impl Policy {
    /// For C1.
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

    /// For Commerce Layer, whose tokens live two hours at least.
    pub const COMMERCE_LAYER: Self = Self { default_life: 7_200_000.0, ..Self::C1 };
}

/// One refresh, from [`Tokens::started`] to its end.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    number: u32,
    sent_at: f64,
}

/// By number alone: the clock may have said anything.
impl PartialEq for Attempt {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Attempt {
    /// A name for the refresh, unlike that of any other of the same client.
    pub fn number(&self) -> u32 {
        self.number
    }
}

/// What a call does next.
#[derive(Debug, PartialEq)]
pub enum Next<'a, E> {
    /// Send with the token of this generation.
    Use {
        /// For [`Tokens::bearer`] and [`Tokens::rejected`].
        generation: u32,
    },
    /// Send with the token of this generation, and begin a refresh.
    UseAndRefresh {
        /// For [`Tokens::bearer`] and [`Tokens::rejected`].
        generation: u32,
    },
    /// Begin a refresh, wait for its end, ask again.
    Refresh,
    /// Wait for the end of the refresh that runs, ask again.
    Wait {
        /// The refresh that runs.
        attempt: Attempt,
    },
    /// Fail: the last refresh did, a moment ago.
    Blocked {
        /// Why it did.
        error: &'a E,
        /// When the next refresh may begin.
        until: f64,
    },
}

/// What a call does after a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Ask [`Tokens::next`] again and, if the call is safe to repeat, send once more.
    Replay,
    /// A fresh token was refused as well: the 401 is the answer.
    Futile,
}

/// Whether time alone can fix a failed refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The credential was refused, or the answer made no sense.
    Lasting,
    /// The network, an overloaded or failing server.
    Passing,
}

/// The tokens of one credential, one at a time. `E` is the error of a failed refresh.
pub struct Tokens<E> {
    policy: Policy,
    held: Option<Held>,
    running: Option<Attempt>,
    blocked: Option<Blocked<E>>,
    /// Of the last token; 0 before the first.
    generation: u32,
    /// Refreshes begun.
    attempts: u32,
    /// Passing failures in a row.
    failures: u32,
    /// The API refused the last token.
    refused: bool,
}

struct Held {
    token: Zeroizing<String>,
    sent_at: f64,
    accepted_at: f64,
    life: f64,
    refresh_at: f64,
    usable_until: f64,
    /// It was fetched because the API refused the one before.
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
    /// No token yet.
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

    /// What a call does at `now`. Asking changes nothing.
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

    /// A refresh is being sent. The token's life is counted from here: the server begins to count later.
    pub fn started(&mut self, now: f64) -> Attempt {
        self.attempts = self.attempts.wrapping_add(1);
        let attempt = Attempt { number: self.attempts, sent_at: now };
        self.running = Some(attempt);
        attempt
    }

    /// The refresh brought a token that lives `expires_in` seconds, if the server told. `random` is from 0 up to 1.
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
            // Every waiting call may use the token once, even if its answer took longer than it lives: it was most likely
            // issued at the end of that time, and asking again would not be faster.
            usable_until: (attempt.sent_at + life - guard).max(now + guard.clamp(100.0, 1000.0)),
            replaces_refused: self.refused,
        });
        self.generation = self.generation.wrapping_add(1);
        self.blocked = None;
        self.failures = 0;
        self.refused = false;
    }

    /// Another program that shares this one's tokens fetched one that lives `life` milliseconds and has `left` of them left.
    pub fn adopt(&mut self, attempt: Attempt, token: Zeroizing<String>, life: f64, left: f64, random: f64, now: f64) {
        let sent_at = now - (life - left).max(0.0);
        self.accept(Attempt { sent_at, ..attempt }, token, Some(life / 1000.0), random, now);
    }

    /// Milliseconds until a refresh may begin again after one that failed.
    pub fn pause(&self, now: f64) -> f64 {
        self.blocked.as_ref().map_or(0.0, |blocked| (blocked.until - now).max(0.0))
    }

    /// Milliseconds that the token in use lives and has left, for those who share it.
    pub fn life(&self, now: f64) -> Option<(f64, f64)> {
        self.held.as_ref().map(|held| (held.life, (held.sent_at + held.life - now).max(0.0)))
    }

    /// The refresh failed. No other begins for a while: as long as the server asks (`retry_after`, in milliseconds), and at
    /// least as long as the policy says. A token that is still good goes on to be used.
    pub fn fail(&mut self, attempt: Attempt, error: E, failure: Failure, retry_after: Option<f64>, now: f64) {
        if !self.finish(attempt) {
            return;
        }
        let policy = &self.policy;
        let pause = match failure {
            Failure::Lasting => policy.refused_pause,
            Failure::Passing => {
                let doubled = policy.failed_pause * f64::from(1u32 << self.failures.min(20));
                self.failures = self.failures.saturating_add(1);
                doubled.min(policy.failed_pause_max)
            }
        };
        // In this order a NaN counts as absent.
        let asked = retry_after.unwrap_or(0.0).max(0.0).min(policy.retry_after_max);
        self.blocked = Some(Blocked { error, until: now + pause.max(asked) });
    }

    /// The refresh ended without a verdict; the next call may begin another.
    pub fn abandon(&mut self, attempt: Attempt) {
        self.finish(attempt);
    }

    /// The API answered 401 to the token of `generation`. Of many that were sent with one token only the first takes it
    /// out of use.
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

    /// Of the token in use, or the last one that was.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The token of `generation`, unless it was replaced or taken out of use.
    pub fn bearer(&self, generation: u32) -> Option<&str> {
        let held = self.held.as_ref().filter(|_| generation == self.generation)?;
        Some(&held.token)
    }

    /// Wipes the token and forgets what ran and failed.
    pub fn clear(&mut self) {
        self.held = None;
        self.running = None;
        self.blocked = None;
    }

    /// Ends `attempt`, if it is the one that runs; one that was given up before has nothing to say any more.
    fn finish(&mut self, attempt: Attempt) -> bool {
        let runs = self.running == Some(attempt);
        if runs {
            self.running = None;
        }
        runs
    }
}
