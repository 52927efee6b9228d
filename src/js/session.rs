//! One client's credentials and tokens, as JavaScript holds them: by a handle.

use super::{JsonObject, effect_of};
use crate::auth::{Attempt, BaseUrl, ConfigError, Failure, Need, Next, Policy, Rejection, Source, TokenError, Tokens};
use crate::auth::{Moment, bearer, resolve};
use crate::call::budget::Budget;
use crate::call::retry::{self, Ending, Progress};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use zeroize::Zeroize;

/// Credentials in custody: what goes in comes out only as `Authorization` values and token requests.
#[wasm_bindgen]
pub struct Session {
    base: BaseUrl,
    state: RefCell<State>,
}

struct State {
    source: Source,
    /// A failed refresh is told as the JSON that the facade makes an error of.
    tokens: Tokens<String>,
    running: Option<Attempt>,
    budget: Budget,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

/// `kind` of [`Session::new`].
const BEARER: u8 = 0;
const EXTERNAL: u8 = 1;

#[wasm_bindgen]
impl Session {
    /// Kind 0 takes a token as `secret`, 1 nothing (tokens come from a function), 2 client id and secret.
    ///
    /// # Errors
    /// JSON with `option`, `reason` and `message`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        kind: u8,
        client_id: Option<String>,
        mut secret: Vec<u8>,
        server_url: Option<String>,
        tenant: Option<String>,
    ) -> Result<Session, JsValue> {
        let source = match kind {
            BEARER => Source::bearer(&secret),
            EXTERNAL => Ok(Source::External),
            _ => Source::assertion(client_id.as_deref().unwrap_or_default(), &secret),
        };
        secret.zeroize();
        let source = source.map_err(config_error)?;
        let base = resolve(server_url.as_deref(), tenant.as_deref(), source.client_id()).map_err(config_error)?;
        let tokens = Tokens::new(Policy::C1);
        Ok(Self { base, state: RefCell::new(State { source, tokens, running: None, budget: Budget::default() }) })
    }

    /// Hands the secret over, to be carried from an instance that broke into a fresh one. Nothing if even this is broken.
    pub fn custody(&self) -> Option<Vec<u8>> {
        Some(self.state.try_borrow().ok()?.source.custody().to_vec())
    }

    /// The base URL, without a slash at its end.
    pub fn base(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    /// What a call has to do for a token, as a letter and what belongs to it: `U` and `F` use this header value, and with
    /// `F` a refresh is due; `R` refresh and ask again; `W` wait for the refresh that runs; `B` fail with this
    /// JSON; `A` ask the caller's function.
    pub fn authorize(&self, now: f64) -> String {
        let state = self.state.borrow();
        let with = |letter: &str, text: &str| {
            let mut out = String::with_capacity(letter.len() + text.len());
            out.push_str(letter);
            out.push_str(text);
            out
        };
        match state.source.need() {
            Need::Send(token) => with("UBearer ", token.0),
            Need::Ask => "A".to_owned(),
            Need::Fetch => match state.tokens.next(now) {
                Next::Use { generation } => with("UBearer ", state.tokens.bearer(generation).unwrap_or_default()),
                Next::UseAndRefresh { generation } => {
                    with("FBearer ", state.tokens.bearer(generation).unwrap_or_default())
                }
                Next::Refresh => "R".to_owned(),
                Next::Wait { .. } => "W".to_owned(),
                Next::Blocked { error, .. } => with("B", error),
            },
        }
    }

    /// Begins a refresh: the URL, a line feed, and the form to post there. `random` is 16 fresh bytes.
    pub fn refresh(&self, now: f64, unix_seconds: f64, random: &[u8]) -> Option<String> {
        let mut state = self.state.borrow_mut();
        let moment = Moment { unix_seconds: unix_seconds as i64, random: random.try_into().ok()? };
        let request = state.source.request(&self.base, self.base.audience(), &moment)?;
        state.running = Some(state.tokens.started(now));
        Some([&request.url, "\n", request.body.as_str()].concat())
    }

    /// The refresh was answered.
    #[allow(clippy::too_many_arguments)]
    pub fn refreshed(
        &self,
        status: u16,
        mut body: Vec<u8>,
        retry_after: Option<String>,
        request_id: Option<String>,
        now: f64,
        unix_seconds: f64,
        random: f64,
    ) {
        let mut state = self.state.borrow_mut();
        let answer = state.source.answer(status, &body);
        body.zeroize();
        let Some(attempt) = state.running.take() else { return };
        match answer {
            Ok(grant) => state.tokens.accept(attempt, grant.token, grant.expires_in, random, now),
            Err(error) => {
                let failure = if error.is_transient() { Failure::Passing } else { Failure::Lasting };
                let retry_after = retry_after.and_then(|value| retry::retry_after_ms(&value, unix_seconds));
                let told = token_error(&error, request_id.as_deref());
                state.tokens.fail(attempt, told, failure, retry_after, now);
            }
        }
    }

    /// The refresh got no answer; `told` is the JSON that waiting calls fail with.
    pub fn refresh_failed(&self, told: String, now: f64) {
        let mut state = self.state.borrow_mut();
        if let Some(attempt) = state.running.take() {
            state.tokens.fail(attempt, told, Failure::Passing, None, now);
        }
    }

    /// The header value for a token that the caller's function gave.
    ///
    /// # Errors
    /// JSON with `option`, `reason` and `message`.
    pub fn external(&self, mut token: Vec<u8>) -> Result<String, JsValue> {
        let parsed = bearer::parse(&token);
        token.zeroize();
        let token = parsed.map_err(|error| config_error(error.into()))?;
        Ok(bearer::header(&token).to_string())
    }

    /// The refresh ended without a verdict, because the client did.
    pub fn abandon(&self) {
        let mut state = self.state.borrow_mut();
        if let Some(attempt) = state.running.take() {
            state.tokens.abandon(attempt);
        }
    }

    /// Which token [`Session::authorize`] gave last, for [`Session::rejected`].
    pub fn generation(&self) -> u32 {
        self.state.borrow().tokens.generation()
    }

    /// The API answered 401 to the token of this generation. True if another try makes sense.
    pub fn rejected(&self, generation: u32, now: f64) -> bool {
        let mut state = self.state.borrow_mut();
        matches!(state.source.need(), Need::Fetch) && state.tokens.rejected(generation, now) == Rejection::Replay
    }

    /// Milliseconds to wait before the next attempt; negative to give up. `status` is 0 if no answer came.
    /// `policy` is empty for the usual one, or as [`policy_of`] reads it.
    #[allow(clippy::too_many_arguments)]
    pub fn next_attempt(
        &self,
        effect: u8,
        status: u16,
        received: bool,
        retry_after: Option<String>,
        attempts: u32,
        elapsed_ms: f64,
        left_ms: f64,
        random: f64,
        unix_seconds: f64,
        policy: &[f64],
    ) -> f64 {
        let policy = policy_of(policy);
        let after = retry_after.and_then(|value| retry::retry_after_ms(&value, unix_seconds));
        let ending = if status == 0 { Ending::NoAnswer { received } } else { Ending::Status(status, after) };
        let progress = Progress { attempts, elapsed_ms, left_ms, random };
        match retry::next_attempt(&policy, effect_of(effect), ending, progress) {
            Some(delay) if self.state.borrow_mut().budget.take() => delay,
            _ => -1.0,
        }
    }

    /// A call has succeeded: a part of the retry budget comes back.
    pub fn succeeded(&self) {
        self.state.borrow_mut().budget.succeeded();
    }
}

/// `[attempts, initial, max, exponent, max elapsed, connection errors, explicit, repeat secrets, from, to, ...]`
fn policy_of(numbers: &[f64]) -> retry::Policy {
    let [
        attempts,
        initial_ms,
        max_ms,
        exponent,
        max_elapsed_ms,
        connection_errors,
        explicit,
        repeat_secrets,
        statuses @ ..,
    ] = numbers
    else {
        return retry::Policy::default();
    };
    retry::Policy {
        attempts: *attempts as u32,
        initial_ms: *initial_ms,
        max_ms: *max_ms,
        exponent: *exponent,
        max_elapsed_ms: *max_elapsed_ms,
        connection_errors: *connection_errors != 0.0,
        explicit: *explicit != 0.0,
        repeat_secrets: *repeat_secrets != 0.0,
        statuses: statuses.as_chunks::<2>().0.iter().map(|[from, to]| (*from as u16, *to as u16)).collect(),
    }
}

fn config_error(error: ConfigError) -> JsValue {
    let mut json = JsonObject::default();
    json.text("option", error.option);
    json.text("reason", error.code);
    json.text("message", error.message);
    json.end().into()
}

fn token_error(error: &TokenError, request_id: Option<&str>) -> String {
    let mut json = JsonObject::default();
    json.text("message", &error.to_string());
    json.number("status", error.status.into());
    let reason = error.reason.map(|reason| reason.as_str()).or(error.oauth_error.as_deref());
    json.text("reason", reason.unwrap_or(error.kind.code()));
    json.text("hint", error.hint().unwrap_or_default());
    json.text("requestId", request_id.unwrap_or_default());
    json.end()
}
