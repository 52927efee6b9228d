//! The rate limits of the API and the token endpoint. The windows slide: each ends with the current request.

use std::collections::{HashMap, VecDeque};

use crate::time::{Millis, SECOND};

/// A number of requests per period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The number of requests.
    pub count: usize,
    /// The length of the period in seconds.
    pub seconds: i64,
}

/// The limits of the service, by the kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests for tokens, of all clients.
    pub token: Limit,
    /// All reads.
    pub read: Limit,
    /// Reads of one endpoint.
    pub read_burst: Limit,
    /// All writes.
    pub write: Limit,
    /// Writes of one endpoint.
    pub write_burst: Limit,
}

impl Limits {
    /// The limits in Commerce Layer's documentation.
    pub const DOCUMENTED: Self = Self {
        token: Limit { count: 30, seconds: 60 },
        read: Limit { count: 1_000, seconds: 60 },
        read_burst: Limit { count: 250, seconds: 10 },
        write: Limit { count: 200, seconds: 60 },
        write_burst: Limit { count: 50, seconds: 10 },
    };
}

/// The state of a limit, as it is reported for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitState {
    /// The limit that is closest to being reached.
    pub limit: Limit,
    /// The number of further requests that it allows.
    pub remaining: usize,
    /// The number of seconds until the next request is allowed, if this one exceeded the limit.
    pub retry_after: Option<i64>,
}

/// The requests of the last minute.
#[derive(Debug, Default)]
pub struct Limiter(HashMap<String, VecDeque<Millis>>);

impl Limiter {
    /// Counts a request under each of the names, unless a limit is reached. Returns `None` if there is no limit.
    pub fn take(&mut self, limits: &[(String, Limit)], now: Millis) -> Option<LimitState> {
        let mut nearest: Option<LimitState> = None;
        for (name, limit) in limits {
            let times = self.0.entry(name.clone()).or_default();
            // The clock may have been set back, so times in the future are removed, too.
            times.retain(|at| *at > now - limit.seconds * SECOND && *at <= now);
            let remaining = limit.count.saturating_sub(times.len());
            let oldest = times.front().copied().unwrap_or(now);
            let wait = (oldest + limit.seconds * SECOND - now + SECOND - 1) / SECOND;
            let retry_after = (remaining == 0).then_some(wait.max(1));
            let limit_state = LimitState { limit: *limit, remaining: remaining.saturating_sub(1), retry_after };
            let nearer = nearest.is_none_or(|nearest| {
                (limit_state.retry_after.is_some(), std::cmp::Reverse(limit_state.remaining))
                    > (nearest.retry_after.is_some(), std::cmp::Reverse(nearest.remaining))
            });
            if nearer {
                nearest = Some(limit_state);
            }
        }
        if nearest.is_some_and(|limit_state| limit_state.retry_after.is_none()) {
            for (name, _) in limits {
                self.0.entry(name.clone()).or_default().push_back(now);
            }
        }
        nearest
    }

    /// Removes all requests.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_slide() {
        let limit = Limit { count: 2, seconds: 10 };
        let limits = [("all".to_owned(), Limit { count: 100, seconds: 60 }), ("one".to_owned(), limit)];
        let mut limiter = Limiter::default();
        let take = |limiter: &mut Limiter, at| limiter.take(&limits, at).unwrap();
        assert_eq!(take(&mut limiter, 0), LimitState { limit, remaining: 1, retry_after: None });
        assert_eq!(take(&mut limiter, 4_500), LimitState { limit, remaining: 0, retry_after: None });
        assert_eq!(take(&mut limiter, 5_500).retry_after, Some(5));
        assert_eq!(take(&mut limiter, 10_000).retry_after, None);
        assert_eq!(take(&mut limiter, 10_001).retry_after, Some(5));
        assert_eq!(limiter.take(&[], 0), None);
    }
}
