//! A client-wide allowance for retries.

/// A reserve of tokens: each retry takes one, and each successful call returns a tenth of one. Once the reserve is
/// spent, retries thus add at most a tenth to a client's requests, however many calls fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    tokens: f64,
}

const RESERVE: f64 = 20.0;
const REFUND: f64 = 0.1;

impl Default for Budget {
    fn default() -> Self {
        Self { tokens: RESERVE }
    }
}

impl Budget {
    /// Takes one retry out of the budget. Returns false if none is left.
    pub fn take(&mut self) -> bool {
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }

    /// Records a successful call.
    pub fn succeeded(&mut self) {
        self.tokens = (self.tokens + REFUND).min(RESERVE);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn an_outage_is_not_amplified() {
        let mut budget = Budget::default();
        let retried = (0..1000).filter(|_| budget.take()).count();
        assert_eq!(retried, 20);
        for _ in 0..11 {
            budget.succeeded();
        }
        assert!(budget.take());
        assert!(!budget.take());
    }
}
