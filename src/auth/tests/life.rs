use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::auth::{Attempt, Failure, Next, Policy, Rejection, Tokens};

fn tokens() -> Tokens<&'static str> {
    Tokens::new(Policy::C1)
}

fn token(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

/// Returns a client that holds a token with a lifetime of `life` seconds, fetched at 0 without delay.
fn holding(life: f64) -> Tokens<&'static str> {
    let mut tokens = tokens();
    let attempt = tokens.started(0.0);
    tokens.accept(attempt, token("first"), Some(life), 0.5, 0.0);
    tokens
}

#[test]
fn the_first_call_fetches_and_the_others_wait() {
    let mut tokens = tokens();
    assert_eq!(tokens.next(0.0), Next::Refresh);
    let attempt = tokens.started(0.0);
    for now in 0..99 {
        assert_eq!(tokens.next(f64::from(now)), Next::Wait { attempt });
    }
    tokens.accept(attempt, token("abc"), Some(600.0), 0.5, 100.0);
    assert_eq!(tokens.next(101.0), Next::Use { generation: 1 });
    assert_eq!(tokens.bearer(1), Some("abc"));
    assert_eq!(tokens.bearer(0), None);
    assert_eq!(tokens.bearer(2), None);
    assert!(!format!("{tokens:?}").contains("abc"));
}

#[test]
fn a_token_is_renewed_at_four_fifths_and_used_meanwhile() {
    let mut tokens = holding(600.0);
    assert_eq!(tokens.next(479_999.0), Next::Use { generation: 1 });
    assert_eq!(tokens.next(480_000.0), Next::UseAndRefresh { generation: 1 });
    let attempt = tokens.started(480_000.0);
    assert_eq!(tokens.next(500_000.0), Next::Use { generation: 1 });
    // The token is no longer sent in the last ten seconds of its lifetime.
    assert_eq!(tokens.next(589_999.0), Next::Use { generation: 1 });
    assert_eq!(tokens.next(590_000.0), Next::Wait { attempt });
    tokens.accept(attempt, token("second"), Some(600.0), 0.5, 590_001.0);
    assert_eq!(tokens.next(590_002.0), Next::Use { generation: 2 });
    // The lifetime is counted from the moment at which the request was sent.
    assert_eq!(tokens.next(480_000.0 + 480_000.0), Next::UseAndRefresh { generation: 2 });
}

#[test]
fn jitter_and_margin_keep_their_bounds() {
    let renewed_at = |life: f64, random: f64| {
        let mut tokens = tokens();
        let attempt = tokens.started(0.0);
        tokens.accept(attempt, token("a"), Some(life), random, 0.0);
        // Steps are thousandths of the lifetime.
        (0..1000).find(|step| tokens.next(f64::from(*step) * life) != Next::Use { generation: 1 }).unwrap()
    };
    // In floating point, 0.8 * 1.1 is slightly more than 0.88.
    assert_eq!((renewed_at(3600.0, 0.0), renewed_at(3600.0, 0.5), renewed_at(3600.0, 1.0)), (720, 800, 881));
    // No later than thirty seconds before the end, which is at 0.7 of 100 s.
    assert_eq!((renewed_at(100.0, 0.5), renewed_at(100.0, 1.0)), (700, 700));
    // No later than half of a short lifetime.
    assert_eq!((renewed_at(2.0, 0.0), renewed_at(2.0, 1.0)), (450, 500));
}

#[test]
fn a_missing_lifetime_is_the_shortest_documented() {
    let mut tokens = tokens();
    let attempt = tokens.started(0.0);
    tokens.accept(attempt, token("a"), None, 0.5, 0.0);
    assert_eq!(tokens.next(479_999.0), Next::Use { generation: 1 });
    assert_eq!(tokens.next(480_000.0), Next::UseAndRefresh { generation: 1 });
}

#[test]
fn a_slow_token_is_used_by_the_waiting_calls() {
    for life in [0.000_001, 2.0] {
        let mut tokens = tokens();
        let attempt = tokens.started(0.0);
        tokens.accept(attempt, token("a"), Some(life), 0.5, 60_000.0);
        assert_eq!(tokens.next(60_050.0), Next::UseAndRefresh { generation: 1 });
        assert_eq!(tokens.next(61_000.0), Next::Refresh);
    }
}

#[test]
fn a_failure_pauses_all_calls_briefly() {
    let mut tokens = tokens();
    let attempt = tokens.started(0.0);
    tokens.fail(attempt, "refused", Failure::Permanent, None, 100.0);
    assert_eq!(tokens.next(5_099.0), Next::Blocked { error: &"refused", until: 5_100.0 });
    assert_eq!(tokens.next(5_100.0), Next::Refresh);

    // Transient failures: a short pause that doubles each time up to a limit.
    let mut pauses = Vec::new();
    let mut now = 10_000.0;
    for _ in 0..10 {
        let attempt = tokens.started(now);
        tokens.fail(attempt, "down", Failure::Transient, None, now);
        let Next::Blocked { until, .. } = tokens.next(now) else { panic!() };
        pauses.push(until - now);
        now = until;
    }
    assert_eq!(pauses, [250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0, 30_000.0, 30_000.0, 30_000.0]);

    // A success resets the pause.
    let attempt = tokens.started(now);
    tokens.accept(attempt, token("a"), Some(1.0), 0.5, now);
    now += 2_000.0;
    let attempt = tokens.started(now);
    tokens.fail(attempt, "down", Failure::Transient, None, now);
    assert_eq!(tokens.next(now), Next::Blocked { error: &"down", until: now + 250.0 });
}

#[test]
fn retry_after_is_bounded() {
    for (failure, asked, pause) in [
        (Failure::Transient, Some(7_000.0), 7_000.0),
        (Failure::Permanent, Some(7_000.0), 7_000.0),
        (Failure::Permanent, Some(1_000.0), 5_000.0),
        (Failure::Transient, Some(0.0), 250.0),
        (Failure::Transient, Some(-1.0), 250.0),
        (Failure::Transient, Some(f64::NAN), 250.0),
        (Failure::Transient, Some(f64::INFINITY), 3_600_000.0),
    ] {
        let mut tokens = tokens();
        let attempt = tokens.started(0.0);
        tokens.fail(attempt, "x", failure, asked, 0.0);
        assert!(matches!(tokens.next(0.0), Next::Blocked { until, .. } if until == pause), "{asked:?}");
    }
}

#[test]
fn a_failed_refresh_leaves_a_good_token_in_use() {
    let mut tokens = holding(600.0);
    let attempt = tokens.started(480_000.0);
    tokens.fail(attempt, "down", Failure::Transient, Some(20_000.0), 480_100.0);
    assert_eq!(tokens.next(500_000.0), Next::Use { generation: 1 });
    assert_eq!(tokens.next(500_100.0), Next::UseAndRefresh { generation: 1 });
    let attempt = tokens.started(585_000.0);
    tokens.fail(attempt, "down", Failure::Permanent, Some(20_000.0), 585_100.0);
    assert_eq!(tokens.next(589_000.0), Next::Use { generation: 1 });
    assert_eq!(tokens.next(590_000.0), Next::Blocked { error: &"down", until: 605_100.0 });
    assert_eq!(tokens.next(605_100.0), Next::Refresh);
}

#[test]
fn only_the_first_of_many_401s_counts() {
    let mut tokens = holding(600.0);
    for _ in 0..100 {
        assert_eq!(tokens.rejected(1, 1_000.0), Rejection::Replay);
        assert_eq!(tokens.bearer(1), None);
    }
    assert_eq!(tokens.next(1_000.0), Next::Refresh);
    let attempt = tokens.started(1_000.0);
    assert_eq!(tokens.rejected(1, 1_050.0), Rejection::Replay);
    assert_eq!(tokens.next(1_050.0), Next::Wait { attempt });
    tokens.accept(attempt, token("second"), Some(600.0), 0.5, 1_100.0);
    // Late answers for the old generation do not affect the new token.
    assert_eq!(tokens.rejected(1, 1_200.0), Rejection::Replay);
    assert_eq!(tokens.next(1_200.0), Next::Use { generation: 2 });
}

#[test]
fn a_server_that_refuses_every_token_is_not_hammered() {
    let mut tokens = holding(600.0);
    assert_eq!(tokens.rejected(1, 1_000.0), Rejection::Replay);
    let attempt = tokens.started(1_000.0);
    tokens.accept(attempt, token("second"), Some(600.0), 0.5, 1_100.0);
    for now in [1_200.0, 3_000.0, 6_099.0] {
        assert_eq!(tokens.rejected(2, now), Rejection::Futile);
        assert_eq!(tokens.next(now), Next::Use { generation: 2 });
    }
    assert_eq!(tokens.rejected(2, 6_100.0), Rejection::Replay);
    assert_eq!(tokens.next(6_100.0), Next::Refresh);
}

#[test]
fn an_abandoned_refresh_is_ignored() {
    let mut tokens = tokens();
    let first = tokens.started(0.0);
    tokens.abandon(first);
    assert_eq!(tokens.next(1.0), Next::Refresh);
    let second = tokens.started(1.0);
    assert_ne!(first.number(), second.number());
    tokens.accept(first, token("late"), Some(600.0), 0.5, 2.0);
    tokens.fail(first, "late", Failure::Permanent, None, 2.0);
    tokens.abandon(first);
    assert_eq!(tokens.next(3.0), Next::Wait { attempt: second });
    tokens.accept(second, token("a"), Some(600.0), 0.5, 3.0);
    tokens.fail(second, "twice", Failure::Permanent, None, 3.0);
    assert_eq!(tokens.next(4.0), Next::Use { generation: 1 });
    tokens.clear();
    assert_eq!((tokens.bearer(1), tokens.next(5.0)), (None, Next::Refresh));
}

#[test]
fn an_odd_clock_does_no_harm() {
    let mut tokens = holding(600.0);
    assert_eq!(tokens.next(-1e12), Next::Use { generation: 1 });
    assert_eq!(tokens.next(f64::NAN), Next::Refresh);
    assert_eq!(tokens.next(f64::INFINITY), Next::Refresh);
    let attempt = tokens.started(f64::NAN);
    // An attempt is identified by its number, whatever the clock said.
    tokens.abandon(attempt);
    assert_eq!(tokens.next(0.0), Next::Use { generation: 1 });
}

/// A server and its clients in virtual time, which advances in steps of a millisecond.
struct Simulation {
    life: f64,
    /// The delay in one direction.
    latency: f64,
    /// The time between two calls.
    period: f64,
    /// The token endpoint fails every refresh whose number is a multiple of this; 0 for never.
    fail_every: u32,
}

#[derive(Debug, Default)]
struct Outcome {
    calls: u32,
    waited: u32,
    blocked: u32,
    expired: u32,
    token_requests: u32,
}

impl Simulation {
    fn run(&self, length: f64, mut random: impl FnMut() -> f64) -> Outcome {
        let mut tokens = tokens();
        let mut outcome = Outcome::default();
        let mut running: Option<(Attempt, f64)> = None;
        // The time at which the server issued the token of each generation.
        let mut issued = vec![f64::NAN];
        let mut waiting = 0;
        let mut next_call = 0.0;
        let mut now = 0.0;
        while now < length {
            if let Some((attempt, sent)) = running
                && now >= sent + 2.0 * self.latency
            {
                running = None;
                if self.fail_every > 0 && attempt.number() % self.fail_every == 0 {
                    tokens.fail(attempt, "down", Failure::Transient, None, now);
                } else {
                    issued.push(sent + self.latency);
                    tokens.accept(attempt, token("t"), Some(self.life), random(), now);
                }
            }
            let due = if now >= next_call { 1 } else { 0 };
            if due == 1 {
                next_call += self.period;
                outcome.calls += 1;
            }
            let asking = if running.is_none() { waiting + due } else { due };
            waiting = if running.is_none() { 0 } else { waiting };
            for _ in 0..asking {
                let (generation, refresh) = match tokens.next(now) {
                    Next::Use { generation } => (Some(generation), false),
                    Next::UseAndRefresh { generation } => (Some(generation), true),
                    Next::Refresh => (None, true),
                    Next::Wait { .. } => (None, false),
                    Next::Blocked { .. } => {
                        outcome.blocked += 1;
                        continue;
                    }
                };
                if refresh {
                    assert!(running.is_none(), "two refreshes at once");
                    running = Some((tokens.started(now), now));
                    outcome.token_requests += 1;
                }
                match generation {
                    Some(generation) => {
                        assert!(tokens.bearer(generation).is_some());
                        let arrives = now + self.latency;
                        outcome.expired += u32::from(arrives >= issued[generation as usize] + self.life * 1000.0);
                    }
                    None => {
                        waiting += 1;
                        outcome.waited += 1;
                    }
                }
            }
            now += 1.0;
        }
        outcome
    }
}

/// Returns a reproducible generator of pseudorandom numbers.
fn noise() -> impl FnMut() -> f64 {
    let mut state = 1u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state) / 2f64.powi(32)
    }
}

#[test]
fn tokens_of_two_seconds_last_for_thirty() {
    let outcome = Simulation { life: 2.0, latency: 50.0, period: 3.0, fail_every: 0 }.run(30_000.0, noise());
    assert_eq!((outcome.calls, outcome.expired, outcome.blocked), (10_000, 0, 0));
    // One renewal per second; only the calls of the first 100 ms wait.
    assert!((30..=34).contains(&outcome.token_requests) && outcome.waited <= 34, "{outcome:?}");
}

#[test]
fn tokens_of_two_seconds_survive_a_flaky_token_endpoint() {
    let outcome = Simulation { life: 2.0, latency: 50.0, period: 10.0, fail_every: 3 }.run(30_000.0, noise());
    assert_eq!((outcome.expired, outcome.blocked), (0, 0), "{outcome:?}");
}

#[test]
fn tokens_of_ten_minutes_last_for_two_hours() {
    let outcome = Simulation { life: 600.0, latency: 50.0, period: 500.0, fail_every: 0 }.run(7_200_000.0, noise());
    assert_eq!((outcome.calls, outcome.expired, outcome.blocked), (14_400, 0, 0));
    assert!((14..=17).contains(&outcome.token_requests) && outcome.waited == 1, "{outcome:?}");
}

#[test]
fn rare_calls_never_send_an_expired_token() {
    let outcome = Simulation { life: 2.0, latency: 200.0, period: 777.0, fail_every: 0 }.run(120_000.0, noise());
    assert_eq!(outcome.expired, 0, "{outcome:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// This holds for all lifetimes and delays, provided that a request takes less than a quarter of a token's
    /// lifetime.
    #[test]
    fn no_expired_token_is_ever_sent(
        life in 1.0f64..30.0, share in 0.0f64..0.24, period in 1.0f64..2_000.0, fail_every in 0u32..4, seed in proptest::collection::vec(0.0f64..1.0, 16),
    ) {
        let mut at = 0;
        let outcome = Simulation { life, latency: (life * 1000.0 * share).floor(), period, fail_every: if fail_every == 1 { 0 } else { fail_every } }
            .run(60_000.0, || { at += 1; seed[at % seed.len()] });
        prop_assert_eq!(outcome.expired, 0);
        prop_assert!(outcome.calls > 0);
    }

    /// The invariants hold for any order of events: no token before one is accepted, no second refresh while one runs,
    /// and a refused token is gone.
    #[test]
    fn any_order_of_events_keeps_the_invariants(events in proptest::collection::vec((0u8..6, 0.0f64..5_000.0, 0u32..4), 0..80)) {
        let mut tokens = tokens();
        let (mut now, mut running, mut generation) = (0.0, None, 0u32);
        for (event, delay, back) in events {
            now += delay;
            match (event, running) {
                (0 | 1, _) => match tokens.next(now) {
                    Next::Use { generation: g } | Next::UseAndRefresh { generation: g } => {
                        prop_assert_eq!(g, generation);
                        prop_assert!(tokens.bearer(g).is_some());
                    }
                    Next::Refresh => prop_assert!(running.is_none()),
                    Next::Wait { attempt } => prop_assert_eq!(Some(attempt), running),
                    Next::Blocked { until, .. } => prop_assert!(running.is_none() && until > now),
                },
                (2, None) => running = Some(tokens.started(now)),
                (3, Some(attempt)) => {
                    tokens.accept(attempt, token("t"), Some(delay / 100.0), 0.3, now);
                    (running, generation) = (None, generation + 1);
                    prop_assert_eq!(tokens.bearer(generation), Some("t"));
                    let usable = matches!(tokens.next(now), Next::Use { .. } | Next::UseAndRefresh { .. });
                    prop_assert!(usable);
                }
                (4, Some(attempt)) => {
                    tokens.fail(attempt, "e", if back == 0 { Failure::Permanent } else { Failure::Transient }, None, now);
                    running = None;
                    let hasty = matches!(tokens.next(now), Next::Refresh | Next::UseAndRefresh { .. });
                    prop_assert!(!hasty);
                }
                (5, _) => {
                    let old = generation.saturating_sub(back);
                    let had = tokens.bearer(generation).is_some();
                    let said = tokens.rejected(old, now);
                    let has = tokens.bearer(generation).is_some();
                    prop_assert_eq!(has, had && (old != generation || said == Rejection::Futile));
                }
                _ => {}
            }
        }
    }
}
