//! How often the API and the token endpoint may be asked. Windows slide: what counts is the time before each request.

use std::collections::{HashMap, VecDeque};

use crate::time::{Millis, SECOND};

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub count: usize,
    /// In how many seconds.
    pub seconds: i64,
}

/// The limits of the service, by what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tokens, whoever asks.
    pub token: Limit,
    /// Reads, of everything.
    pub read: Limit,
    /// Reads, of one endpoint.
    pub read_burst: Limit,
    /// Writes, of everything.
    pub write: Limit,
    /// Writes, of one endpoint.
    pub write_burst: Limit,
}

impl Limits {
    /// What Commerce Layer's documents say.
    pub const DOCUMENTED: Self = Self {
        token: Limit { count: 30, seconds: 60 },
        read: Limit { count: 1_000, seconds: 60 },
        read_burst: Limit { count: 250, seconds: 10 },
        write: Limit { count: 200, seconds: 60 },
        write_burst: Limit { count: 50, seconds: 10 },
    };
}

/// What a request was told about a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The limit that is nearest to its end.
    pub limit: Limit,
    /// How many more requests it allows.
    pub remaining: usize,
    /// If this request was one too many: in how many seconds the next one is allowed.
    pub retry_after: Option<i64>,
}

/// The requests of the last minute.
#[derive(Debug, Default)]
pub struct Limiter(HashMap<String, VecDeque<Millis>>);

impl Limiter {
    /// Counts a request under each of the names, unless a limit is reached. `None` if there is no limit.
    pub fn take(&mut self, limits: &[(String, Limit)], now: Millis) -> Option<Told> {
        let mut nearest: Option<Told> = None;
        for (name, limit) in limits {
            let times = self.0.entry(name.clone()).or_default();
            // The clock can be set back: what then lies ahead is forgotten too.
            times.retain(|at| *at > now - limit.seconds * SECOND && *at <= now);
            let remaining = limit.count.saturating_sub(times.len());
            let oldest = times.front().copied().unwrap_or(now);
            let wait = (oldest + limit.seconds * SECOND - now + SECOND - 1) / SECOND;
            let retry_after = (remaining == 0).then_some(wait.max(1));
            let told = Told { limit: *limit, remaining: remaining.saturating_sub(1), retry_after };
            let nearer = nearest.is_none_or(|nearest| {
                (told.retry_after.is_some(), std::cmp::Reverse(told.remaining))
                    > (nearest.retry_after.is_some(), std::cmp::Reverse(nearest.remaining))
            });
            if nearer {
                nearest = Some(told);
            }
        }
        if nearest.is_some_and(|told| told.retry_after.is_none()) {
            for (name, _) in limits {
                self.0.entry(name.clone()).or_default().push_back(now);
            }
        }
        nearest
    }

    /// Forgets all requests.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn windows_slide() {
        let limit = Limit { count: 2, seconds: 10 };
        let limits = [("all".to_owned(), Limit { count: 100, seconds: 60 }), ("one".to_owned(), limit)];
        let mut limiter = Limiter::default();
        let take = |limiter: &mut Limiter, at| limiter.take(&limits, at).unwrap();
        assert_eq!(take(&mut limiter, 0), Told { limit, remaining: 1, retry_after: None });
        assert_eq!(take(&mut limiter, 4_500), Told { limit, remaining: 0, retry_after: None });
        assert_eq!(take(&mut limiter, 5_500).retry_after, Some(5));
        assert_eq!(take(&mut limiter, 10_000).retry_after, None);
        assert_eq!(take(&mut limiter, 10_001).retry_after, Some(5));
        assert_eq!(limiter.take(&[], 0), None);
    }
}
