//! Device login (RFC 8628): a person confirms a code in a browser while the client polls for the result. This is a pure
//! state machine; times are monotonic milliseconds.

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
};
use zeroize::Zeroizing;

use super::json::{self, Value};
use super::paste;
use super::redact::redact;
use super::tenant::BaseUrl;
use super::token_response::{self, TokenError, TokenErrorKind, seconds};

/// The polling interval in seconds if the server does not state one (RFC 8628, 3.2).
const INTERVAL: f64 = 5.0;

/// The number of seconds that `slow_down` permanently adds to the interval (RFC 8628, 3.5).
const SLOW_DOWN: f64 = 5.0;

/// The lifetime of a code in seconds if the server omits `expires_in`, which is required.
const LIFE: f64 = 600.0;

/// What a person needs to confirm a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The code to compare or to type in.
    pub user_code: String,
    /// The page to open.
    pub url: String,
    /// The same page with the code filled in; empty if the server sends none.
    pub url_with_code: String,
    /// Seconds until the code expires.
    pub expires_in: u32,
}

/// A login that waits for its confirmation.
pub struct Device {
    code: Zeroizing<String>,
    interval_ms: f64,
    expires_at: f64,
}

impl core::fmt::Debug for Device {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Device").field("interval_ms", &self.interval_ms).finish_non_exhaustive()
    }
}

impl Device {
    /// Reads the answer to the request that begins a login.
    ///
    /// # Errors
    /// Fails if the server refused the request, or if its answer lacks a device code or a usable page.
    pub fn parse(status: u16, body: &[u8], now: f64) -> Result<(Self, Prompt), TokenError> {
        let text = |value: Value| match value {
            Value::Text(text) => text.unescape().map(|text| Zeroizing::new(text.into_owned())),
            Value::Number(digits) => Some(Zeroizing::new(digits.to_owned())),
            _ => None,
        };
        let [mut device_code, mut user_code, mut url, mut url_with_code, mut expires_in, mut interval] =
            [const { None }; 6];
        let read = json::each_member(body, &mut |name, value| {
            let slot = match name {
                "device_code" => &mut device_code,
                "user_code" => &mut user_code,
                // `verification_url` is an older name that is still in use.
                "verification_uri" | "verification_url" => &mut url,
                "verification_uri_complete" => &mut url_with_code,
                "expires_in" => &mut expires_in,
                "interval" => &mut interval,
                _ => return,
            };
            *slot = text(value);
        });
        let (Ok(()), 200..300, Some(code)) = (read, status, device_code.filter(|code| !code.is_empty())) else {
            // Whatever this answer is, it does not contain a token.
            return Err(match token_response::parse(status, body) {
                Err(error) if error.kind != TokenErrorKind::Missing => error,
                _ => TokenError::new(TokenErrorKind::DeviceCodes, status),
            });
        };
        let number = |text: Option<Zeroizing<String>>, default: f64| {
            text.and_then(|text| seconds(text.trim_ascii())).filter(|&seconds| seconds > 0.0).unwrap_or(default)
        };
        let (life, interval) = (number(expires_in, LIFE), number(interval, INTERVAL));
        let page = |url: Option<Zeroizing<String>>| url.filter(|url| is_page(url)).map(|url| url.to_string());
        let (url, url_with_code) = (page(url), page(url_with_code).unwrap_or_default());
        let url = url.unwrap_or_else(|| url_with_code.clone());
        if url.is_empty() {
            return Err(TokenError::new(TokenErrorKind::DeviceCodes, status));
        }
        let user_code = user_code.map(|code| redact(&code, 64)).unwrap_or_default();
        let device = Self { code, interval_ms: interval * 1000.0, expires_at: now + life * 1000.0 };
        Ok((device, Prompt { user_code, url, url_with_code, expires_in: life as u32 }))
    }

    /// Returns the device code, with which the token is requested.
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// Returns how long to wait before the next poll.
    pub fn interval_ms(&self) -> f64 {
        self.interval_ms
    }

    /// Handles an error answer to a poll and returns how long to wait before the next one.
    ///
    /// # Errors
    /// Returns the reason why the login is over.
    pub fn refused(&mut self, error: TokenError, retry_after: Option<f64>, now: f64) -> Result<f64, TokenError> {
        match error.oauth_error.as_deref() {
            Some("authorization_pending") => {}
            Some("slow_down") => self.interval_ms += SLOW_DOWN * 1000.0,
            // An overloaded server is polled less and less often.
            _ if error.is_transient() => self.interval_ms *= 2.0,
            _ => return Err(error),
        }
        self.wait(retry_after, now)
    }

    /// Handles a poll that got no answer and returns how long to wait before the next one.
    ///
    /// # Errors
    /// Fails if the code has expired.
    pub fn unanswered(&mut self, now: f64) -> Result<f64, TokenError> {
        self.interval_ms *= 2.0;
        self.wait(None, now)
    }

    fn wait(&self, retry_after: Option<f64>, now: f64) -> Result<f64, TokenError> {
        let wait = self.interval_ms.max(retry_after.unwrap_or(0.0));
        if now + wait < self.expires_at { Ok(wait) } else { Err(expired()) }
    }
}

/// The error for a code that nobody confirmed in time.
fn expired() -> TokenError {
    let mut error = TokenError::new(TokenErrorKind::DeviceExpired, 0);
    error.oauth_error = Some("expired_token".to_owned());
    error
}

/// Whether a person can be sent to this address. A browser would execute `javascript:` and open `file:`.
fn is_page(url: &str) -> bool {
    url.len() <= 2048 && url.bytes().all(|b| b.is_ascii_graphic()) && BaseUrl::parse(paste::before(url, b"?#")).is_ok()
}
