//! One way to authenticate, and the conversation with the token endpoint that it takes: most get their token with one
//! request, a wrong clock or a nonce takes a second, a person as many as it takes.

use alloc::string::String;
use zeroize::Zeroizing;

use super::clock::{self, Clock};
use super::device::{Device, Prompt};
use super::dpop::{Audience, Dpop, Proof};
use super::error::ConfigError;
use super::grants;
use super::source::{Moment, Source};
use super::tenant::BaseUrl;
use super::token_request::{DEVICE_PATH, Form, OAUTH_PATH, PATH, TokenRequest};
use super::token_response::{self, Grant, TokenError, TokenErrorKind, TokenType};

/// Optional properties of the requested token. Empty means not requested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `scope`: names, separated by spaces.
    pub scope: String,
    /// `audience`: whom the token is for (RFC 8693, 2.1).
    pub audience: String,
}

/// An answer of the token endpoint, or of the one that begins a device login.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
    /// `Date`, in seconds since 1970, if the answer shows it.
    pub date: Option<f64>,
    /// `Retry-After`, in milliseconds from now.
    pub retry_after: Option<f64>,
    /// `DPoP-Nonce`.
    pub nonce: Option<&'a str>,
}

/// What comes after an answer.
#[derive(Debug)]
pub enum Step {
    /// Here is the token.
    Granted(Grant),
    /// Send another request, after so many milliseconds.
    Again(f64),
    /// There is none.
    Failed(TokenError),
}

/// A source, with what was learned in talking to the endpoint.
#[derive(Debug)]
pub struct Login {
    source: Source,
    wishes: Wishes,
    clock: Clock,
    dpop: Option<Dpop>,
    device: Option<Device>,
    prompt: Option<Prompt>,
    /// What this conversation has tried: each once.
    tried_clock: bool,
    tried_nonce: bool,
}

impl Login {
    /// Nothing sent yet.
    pub fn new(source: Source, wishes: Wishes) -> Self {
        Self {
            source,
            wishes,
            clock: Clock::default(),
            dpop: None,
            device: None,
            prompt: None,
            tried_clock: false,
            tried_nonce: false,
        }
    }

    /// The source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The source, to hand it what was learned elsewhere.
    pub fn source_mut(&mut self) -> &mut Source {
        &mut self.source
    }

    /// What to check after a failure.
    pub fn hint(&self, error: &TokenError) -> Option<&'static str> {
        match &self.source {
            Source::OAuth(source) => source.hint(error),
            _ if self.dpop.is_some() && error.is_of_proof() => Some(error.hint_of_proof()),
            _ => error.hint(),
        }
    }

    /// What is known of the clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A server that refused something with the time in it says what time it has. True if it makes a difference.
    pub fn learn(&mut self, server: f64, unix_seconds: f64) -> bool {
        self.clock.learn(server, unix_seconds, self.tolerance())
    }

    /// Seconds that the clock may be off before what is sent is refused for it.
    fn tolerance(&self) -> f64 {
        if self.dpop.is_some() { clock::OF_PROOF } else { clock::OF_ASSERTION }
    }

    /// Tokens are bound to this key from now on, and requests proven with it. The nonces of a key that is bound already stay:
    /// they are the servers', and outlive a token.
    pub fn bind(&mut self, key: Dpop) {
        if self.dpop.as_ref().is_none_or(|bound| bound.jwk() != key.jwk()) {
            self.dpop = Some(key);
        }
    }

    /// The key, if there is one.
    pub fn dpop(&mut self) -> Option<&mut Dpop> {
        self.dpop.as_mut()
    }

    /// A person has a code to confirm.
    pub fn waits_for_person(&self) -> bool {
        self.device.is_some()
    }

    /// What is to be shown to a person now; once.
    pub fn prompt(&mut self) -> Option<Prompt> {
        self.prompt.take()
    }

    /// A new conversation: what the last one tried may be tried again.
    pub fn begin(&mut self) {
        (self.device, self.prompt) = (None, None);
        (self.tried_clock, self.tried_nonce) = (false, false);
    }

    /// The next request. `subject` is the identity token, for a source that exchanges one.
    ///
    /// # Errors
    /// If `subject` cannot be a token.
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
                let moment = Moment { unix_seconds: self.clock.correct(unix_seconds) as i64, random };
                let proof = device.as_ref().map_or(subject.as_str(), Device::code);
                source.write(&mut form, base.audience(), &moment, proof);
                if matches!(source, Source::OAuth(_)) { OAUTH_PATH } else { PATH }
            }
        };
        if self.device.is_none() {
            for (name, value) in [("scope", &self.wishes.scope), ("audience", &self.wishes.audience)] {
                if !value.is_empty() {
                    form.field(name, value);
                }
            }
        }
        Ok(TokenRequest { url: base.join(path), body: form.end() })
    }

    /// What the answer to [`request`](Self::request) means. `now` is monotonic, in milliseconds.
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

    /// No answer arrived. A device login continues: one lost request is no reason to begin again.
    pub fn unanswered(&mut self, now: f64) -> Option<Step> {
        Some(match self.device.as_mut()?.unanswered(now) {
            Ok(wait) => Step::Again(wait),
            Err(error) => Step::Failed(error),
        })
    }

    /// What is signed to prove a request; nothing without a key.
    pub fn proof(&self, proof: &Proof, unix_seconds: f64) -> Option<String> {
        let unix_seconds = self.clock.correct(unix_seconds) as i64;
        Some(self.dpop.as_ref()?.signing_input(&Proof { unix_seconds, ..*proof }))
    }

    fn read(&self, answer: &Answer) -> Result<Grant, TokenError> {
        let grant = token_response::parse(answer.status, answer.body)?;
        match (grant.token_type, &self.dpop) {
            // A server that does not bind tokens answers with a bearer token, and may.
            (TokenType::Bearer, _) | (TokenType::Dpop, Some(_)) => Ok(grant),
            // Sent as a bearer token it would only be refused.
            (TokenType::Dpop, None) => Err(TokenError::new(TokenErrorKind::TypeDpop, answer.status)),
        }
    }

    fn after(&mut self, mut error: TokenError, answer: &Answer, unix_seconds: f64, now: f64) -> Step {
        if error.oauth_error.as_deref() == Some("use_dpop_nonce")
            && answer.nonce.is_some()
            && self.dpop.is_some()
            && !core::mem::replace(&mut self.tried_nonce, true)
        {
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
