//! One way to authenticate, and the conversation with the token endpoint that it requires. Most logins take one
//! request; a wrong clock or a nonce requires a second one, and a person's confirmation any number of them.

use alloc::string::String;
use zeroize::Zeroizing;

use super::clock::{self, Clock};
use super::device::{Device, Prompt};
use super::dpop::{Audience, Dpop, Proof};
use super::error::ConfigError;
use super::grants;
use super::source::{FreshInputs, Source};
use super::tenant::BaseUrl;
use super::token_request::{DEVICE_PATH, Form, OAUTH_PATH, PATH, TokenRequest};
use super::token_response::{self, Grant, TokenError, TokenErrorKind, TokenType};

/// The maximum number of requests that a conversation repeats with a new nonce.
const MOST_NONCES: u8 = 5;

/// Optional properties of the requested token. An empty one is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenOptions {
    /// `scope`: names, separated by spaces.
    pub scope: String,
    /// `audience`: the service that the token is for (RFC 8693, 2.1).
    pub audience: String,
}

/// An answer of the token endpoint, or of the endpoint that begins a device login.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
    /// `Date`, in seconds since 1970, if it is readable.
    pub date: Option<f64>,
    /// `Retry-After`, in milliseconds from now.
    pub retry_after: Option<f64>,
    /// `DPoP-Nonce`.
    pub nonce: Option<&'a str>,
}

/// What an answer leads to.
#[derive(Debug)]
pub enum Step {
    /// The token was issued.
    Granted(Grant),
    /// Send another request after this many milliseconds.
    Again(f64),
    /// The login failed.
    Failed(TokenError),
}

/// A source, and what has been learned from the endpoint.
#[derive(Debug)]
pub struct Login {
    source: Source,
    options: TokenOptions,
    clock: Clock,
    dpop: Option<Dpop>,
    device: Option<Device>,
    prompt: Option<Prompt>,
    /// Whether this conversation has already been repeated with a corrected clock, which is tried only once.
    tried_clock: bool,
    /// The number of requests repeated with a new nonce, which another client may invalidate at any time.
    tried_nonces: u8,
}

impl Login {
    /// Creates a login that has sent nothing yet.
    pub fn new(source: Source, options: TokenOptions) -> Self {
        Self {
            source,
            options,
            clock: Clock::default(),
            dpop: None,
            device: None,
            prompt: None,
            tried_clock: false,
            tried_nonces: 0,
        }
    }

    /// Returns the source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the source mutably, for passing on what was learned elsewhere.
    pub fn source_mut(&mut self) -> &mut Source {
        &mut self.source
    }

    /// Returns advice on what to check after a failure.
    pub fn hint(&self, error: &TokenError) -> Option<&'static str> {
        match &self.source {
            Source::OAuth(source) => source.hint(error),
            _ if self.dpop.is_some() && error.concerns_proof() => Some(error.proof_hint()),
            _ => error.hint(),
        }
    }

    /// Returns what is known about the clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Learns the time of a server that refused a request with a timestamp. Returns true if that makes a difference.
    pub fn learn(&mut self, server: f64, unix_seconds: f64) -> bool {
        self.clock.learn(server, unix_seconds, self.tolerance())
    }

    /// The number of seconds by which the clock may be off before requests are refused because of it.
    fn tolerance(&self) -> f64 {
        if self.dpop.is_some() { clock::PROOF_TOLERANCE } else { clock::ASSERTION_TOLERANCE }
    }

    /// Binds tokens to this key from now on, and proves requests with it. If the key is already bound, its nonces are
    /// kept, because they belong to the servers and outlive a token.
    pub fn bind(&mut self, key: Dpop) {
        if self.dpop.as_ref().is_none_or(|bound| bound.jwk() != key.jwk()) {
            self.dpop = Some(key);
        }
    }

    /// Returns the bound key, if there is one.
    pub fn dpop(&mut self) -> Option<&mut Dpop> {
        self.dpop.as_mut()
    }

    /// Whether a person has a code to confirm.
    pub fn waits_for_person(&self) -> bool {
        self.device.is_some()
    }

    /// Takes the prompt to show to a person. It is returned only once.
    pub fn prompt(&mut self) -> Option<Prompt> {
        self.prompt.take()
    }

    /// Begins a new conversation, in which each remedy may be tried again.
    pub fn begin(&mut self) {
        (self.device, self.prompt) = (None, None);
        (self.tried_clock, self.tried_nonces) = (false, 0);
    }

    /// Returns the next request. `subject` is the identity token or the assertion, for a source that needs one.
    ///
    /// # Errors
    /// Fails if `subject` cannot be a token.
    pub fn request(
        &self,
        base: &BaseUrl,
        unix_seconds: f64,
        random: [u8; 16],
        subject: &[u8],
    ) -> Result<TokenRequest, ConfigError> {
        let mut form = if matches!(self.source, Source::OAuth(_)) { Form::json() } else { Form::default() };
        let path = match (&self.source, &self.device) {
            (Source::Device(client_id), None) => {
                form.field("client_id", client_id);
                DEVICE_PATH
            }
            (source, device) => {
                let subject = if source.needs_subject() { source.subject(subject)? } else { Zeroizing::default() };
                let fresh = FreshInputs { unix_seconds: self.clock.correct(unix_seconds) as i64, random };
                let proof = device.as_ref().map_or(subject.as_str(), Device::code);
                source.write(&mut form, base.audience(), &fresh, proof);
                if matches!(source, Source::OAuth(_)) { OAUTH_PATH } else { PATH }
            }
        };
        if self.device.is_none() {
            for (name, value) in [("scope", &self.options.scope), ("audience", &self.options.audience)] {
                if !value.is_empty() {
                    form.field(name, value);
                }
            }
        }
        Ok(TokenRequest { url: base.join(path), body: form.end() })
    }

    /// Interprets the answer to [`request`](Self::request). `now` is in monotonic milliseconds.
    pub fn answer(&mut self, answer: &Answer, unix_seconds: f64, now: f64) -> Step {
        if let Some((dpop, nonce)) = self.dpop.as_mut().zip(answer.nonce) {
            dpop.use_nonce(Audience::Token, nonce);
        }
        if matches!(self.source, Source::Device(_)) && self.device.is_none() {
            return match Device::parse(answer.status, answer.body, now) {
                Ok((device, prompt)) => {
                    let wait = device.interval_ms();
                    (self.device, self.prompt) = (Some(device), Some(prompt));
                    Step::Again(wait)
                }
                Err(error) if self.wants_nonce(&error, answer) => Step::Again(0.0),
                Err(error) => Step::Failed(error),
            };
        }
        match self.read(answer) {
            Ok(mut grant) => {
                if let Source::OAuth(source) = &mut self.source {
                    source.granted(grant.refresh_token.as_deref().map(String::as_str));
                    grant.expires_in = grant.expires_in.or_else(|| grants::life(&grant.token));
                }
                Step::Granted(grant)
            }
            Err(error) => self.after(error, answer, unix_seconds, now),
        }
    }

    /// Handles a request that got no answer. A device login that waits for a person continues, because one lost request
    /// is no reason to start over; any other login returns `None`.
    pub fn unanswered(&mut self, now: f64) -> Option<Step> {
        Some(match self.device.as_mut()?.unanswered(now) {
            Ok(wait) => Step::Again(wait),
            Err(error) => Step::Failed(error),
        })
    }

    /// Returns the signing input that proves a request, or `None` without a key.
    pub fn proof(&self, proof: &Proof, unix_seconds: f64) -> Option<String> {
        let unix_seconds = self.clock.correct(unix_seconds) as i64;
        Some(self.dpop.as_ref()?.signing_input(&Proof { unix_seconds, ..*proof }))
    }

    fn read(&self, answer: &Answer) -> Result<Grant, TokenError> {
        // All other secrets are recognized by their form.
        let sent = match (&self.source, &self.device) {
            (Source::OAuth(source), _) => source.secrets(),
            (_, Some(device)) => [device.code(), "", "", "", ""],
            _ => [""; 5],
        };
        let grant = token_response::parse_without(answer.status, answer.body, &sent)?;
        match (grant.token_type, &self.dpop) {
            // A server that does not bind tokens issues a bearer token, which is allowed.
            (TokenType::Bearer, _) | (TokenType::Dpop, Some(_)) => Ok(grant),
            // The token would only be refused if it were sent as a bearer token.
            (TokenType::Dpop, None) => Err(TokenError::new(TokenErrorKind::TypeDpop, answer.status)),
        }
    }

    /// Whether the request was refused only for its nonce and has to be sent again with the one in the answer. Counts
    /// the repeats.
    fn wants_nonce(&mut self, error: &TokenError, answer: &Answer) -> bool {
        let wanted = error.oauth_error.as_deref() == Some("use_dpop_nonce")
            && answer.nonce.is_some()
            && self.dpop.is_some()
            && self.tried_nonces < MOST_NONCES;
        self.tried_nonces += u8::from(wanted);
        wanted
    }

    fn after(&mut self, mut error: TokenError, answer: &Answer, unix_seconds: f64, now: f64) -> Step {
        if self.wants_nonce(&error, answer) {
            return Step::Again(0.0);
        }
        if let Source::OAuth(source) = &mut self.source
            && source.refused(&error)
        {
            return Step::Again(0.0);
        }
        let dated = self.source.is_dated() || self.dpop.is_some();
        if dated && error.kind == TokenErrorKind::Refused && error.reason.is_none() {
            if let Some(date) = answer.date
                && !self.tried_clock
                && self.learn(date, unix_seconds)
            {
                self.tried_clock = true;
                return Step::Again(0.0);
            }
            if self.tried_clock {
                self.clock.forget();
            }
            error.clock_offset = self.clock.suspect(self.tolerance());
        }
        let Some(device) = self.device.as_mut() else { return Step::Failed(error) };
        match device.refused(error, answer.retry_after, now) {
            Ok(wait) => Step::Again(wait),
            Err(error) => Step::Failed(error),
        }
    }
}
