//! One client's credentials and tokens, to which JavaScript holds a handle.

use super::JsonObject;
use crate::auth::device::Prompt;
use crate::auth::dpop::{Audience, Dpop, Proof};
use crate::auth::{
    Answer, Attempt, BaseUrl, ClientId, ConfigError, Failure, GrantType, Login, Need, Next, OAuth, Places, Policy,
    Rejection, Source, Step, TokenError, TokenOptions, TokenType, Tokens, bearer, places, resolve,
};
use crate::boundary::{C1Login, CommerceLayerGrant, Effect};
use crate::call::budget::Budget;
use crate::call::retry::{self, Ending, Progress};
use crate::wire::json::decimal;
use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};
use core::cell::RefCell;
use wasm_bindgen::prelude::*;
use zeroize::Zeroize;

/// The lifetime in seconds of a token whose expiry only the API knows: longer than any program runs.
const UNBOUNDED_LIFE: f64 = 1e15;

/// Credentials in custody. They leave it in `Authorization` values and token requests, and through
/// [`Session::custody`], [`Session::held`] and [`Session::refresh_token`].
#[wasm_bindgen]
pub struct Session {
    base: BaseUrl,
    /// The base URL of token requests.
    auth: BaseUrl,
    state: RefCell<State>,
}

struct State {
    login: Login,
    /// The tokens, as header values. The error of a failed refresh is the JSON from which the facade makes an error.
    tokens: Tokens<String>,
    running: Option<Attempt>,
    budget: Budget,
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Session")
    }
}

#[wasm_bindgen]
impl Session {
    /// Creates a session for C1. `login` is a [`C1Login`].
    ///
    /// # Errors
    /// Returns JSON with `option`, `reason` and `message`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        login: u8,
        client_id: Option<String>,
        mut secret: Vec<u8>,
        server_url: Option<String>,
        tenant: Option<String>,
        scope: String,
        audience: String,
    ) -> Result<Session, JsValue> {
        let id = client_id.as_deref().unwrap_or_default();
        let source = match C1Login::from_number(login).ok_or(JsValue::NULL)? {
            C1Login::Token => Source::bearer(&secret),
            C1Login::Function => Ok(Source::External),
            C1Login::Assertion => Source::assertion(id, &secret),
            C1Login::SecretPost => Source::secret_post(id, &secret),
            C1Login::TokenExchange => Source::exchange(id),
            C1Login::DeviceLogin => Source::device(id),
        };
        secret.zeroize();
        let source = source.map_err(config_error)?;
        // The id that accompanies a token has one use: it names the tenant.
        let beside = match (&source, client_id) {
            (Source::Bearer(_) | Source::External, Some(id)) => {
                Some(ClientId::parse(&id).map_err(|error| config_error(error.into()))?)
            }
            _ => None,
        };
        let named = beside.as_ref().or(source.client_id());
        let base = resolve(server_url.as_deref(), tenant.as_deref(), named).map_err(config_error)?;
        let login = Login::new(source, TokenOptions { scope, audience });
        Ok(Self::open(base.clone(), base, login, Tokens::new(Policy::C1)))
    }

    /// Creates a session for Commerce Layer. `grant` is a [`CommerceLayerGrant`]; `secret` is a token, or the fields
    /// that `OAuth::parse` reads.
    ///
    /// # Errors
    /// Returns JSON with `option`, `reason` and `message`.
    pub fn commercelayer(
        grant: u8,
        mut secret: Vec<u8>,
        server_url: Option<String>,
        auth_url: Option<String>,
        domain: Option<String>,
        scope: String,
    ) -> Result<Session, JsValue> {
        let oauth = |grant| OAuth::parse(grant, &secret).map(Source::OAuth);
        let source = match CommerceLayerGrant::from_number(grant).ok_or(JsValue::NULL)? {
            CommerceLayerGrant::Token => {
                Source::bearer(&secret).map_err(|error| ConfigError { option: "accessToken", ..error })
            }
            CommerceLayerGrant::Function => Ok(Source::External),
            CommerceLayerGrant::Renewable => Source::renewable(&secret),
            CommerceLayerGrant::ClientCredentials => oauth(GrantType::ClientCredentials),
            CommerceLayerGrant::Password => oauth(GrantType::Password),
            CommerceLayerGrant::RefreshToken => oauth(GrantType::RefreshToken),
            CommerceLayerGrant::AuthorizationCode => oauth(GrantType::AuthorizationCode),
            CommerceLayerGrant::JwtBearer => oauth(GrantType::JwtBearer),
        };
        secret.zeroize();
        let source = source.map_err(config_error)?;
        let Places { api, auth } =
            places(server_url.as_deref(), auth_url.as_deref(), domain.as_deref()).map_err(config_error)?;
        let mut tokens = Tokens::new(Policy::COMMERCE_LAYER);
        if let Some(token) = source.held() {
            // The token is valid until the API refuses it: its claims may be unreadable, and this machine's clock may
            // be wrong.
            let attempt = tokens.started(0.0);
            tokens.accept(attempt, bearer::header(TokenType::Bearer, token), Some(UNBOUNDED_LIFE), 0.0, 0.0);
        }
        let login = Login::new(source, TokenOptions { scope, audience: String::new() });
        Ok(Self::open(api, auth, login, tokens))
    }

    /// Returns the secret, so that it can be moved from a broken instance to a new one; nothing if the instance is too
    /// broken even for that.
    pub fn custody(&self) -> Option<Vec<u8>> {
        Some(self.state.try_borrow().ok()?.login.source().custody().to_vec())
    }

    /// Binds tokens to a key from now on. `x` and `y` are the coordinates of its public half for P-256; an Ed25519 key
    /// has `x` alone. Returns the public half in the form from which its thumbprint is computed.
    pub fn bind(&self, x: &str, y: Option<String>) -> String {
        let key = Dpop::new(x, y.as_deref());
        let jwk = key.jwk().to_owned();
        self.state.borrow_mut().login.bind(key);
        jwk
    }

    /// Returns the signing input that proves a request. `token_hash` is the hash of the token that a request to the API
    /// is sent with, and empty for a request to the token endpoint. `with_query` says whether the proof covers the
    /// URL's query; `random` is 16 fresh bytes.
    pub fn proof(
        &self,
        method: &str,
        url: &str,
        with_query: bool,
        token_hash: &str,
        unix_seconds: f64,
        random: &[u8],
    ) -> Option<String> {
        let audience = if token_hash.is_empty() { Audience::Token } else { Audience::Api };
        let random = random.try_into().ok()?;
        let proof = Proof { audience, method, url, with_query, token_hash, unix_seconds: 0, random };
        self.state.borrow().login.proof(&proof, unix_seconds)
    }

    /// Stores the nonce that the API requires in proofs. Returns true if it differs from the last one.
    pub fn nonce(&self, nonce: &str) -> bool {
        self.state.borrow_mut().login.dpop().is_some_and(|dpop| dpop.use_nonce(Audience::Api, nonce))
    }

    /// Learns the API's time from its refusal of a proof; `date` is the answer's `Date` header. Returns true if the
    /// clock was so wrong that another attempt makes sense.
    pub fn learn(&self, date: &str, unix_seconds: f64) -> bool {
        retry::http_date(date).is_some_and(|date| self.state.borrow_mut().login.learn(date, unix_seconds))
    }

    /// Returns the number of seconds that are added to this machine's clock.
    pub fn clock_offset(&self) -> f64 {
        self.state.borrow().login.clock().offset()
    }

    /// Returns the base URL, without a slash at its end.
    pub fn base(&self) -> String {
        self.base.as_str().to_owned()
    }

    /// Returns the base URL of the authentication server, without a slash at its end.
    pub fn auth(&self) -> String {
        self.auth.as_str().to_owned()
    }

    /// Returns the token that the caller's function renews; nothing for any other way to authenticate.
    pub fn held(&self) -> Option<String> {
        self.state.borrow().login.source().held().map(str::to_owned)
    }

    /// Whether the next request of the refresh needs a `subject`.
    pub fn needs_subject(&self) -> bool {
        self.state.borrow().login.source().needs_subject()
    }

    /// Returns the refresh token, for workers that share it; empty if there is none.
    pub fn refresh_token(&self) -> String {
        match self.state.borrow().login.source() {
            Source::OAuth(source) => source.refresh_token().to_owned(),
            _ => String::new(),
        }
    }

    /// Replaces the refresh token after another worker has renewed the token.
    pub fn renew_with(&self, mut refresh_token: Vec<u8>) {
        if let Source::OAuth(source) = self.state.borrow_mut().login.source_mut() {
            source.renew_with(&refresh_token);
        }
        refresh_token.zeroize();
    }

    /// Ends the refresh with a token that the caller's function returned.
    ///
    /// # Errors
    /// Returns JSON with `option`, `reason` and `message` if the value cannot be a token; the refresh continues.
    pub fn renewed(&self, mut token: Vec<u8>, now: f64) -> Result<(), JsValue> {
        let source = Source::renewable(&token);
        token.zeroize();
        let source = source.map_err(config_error)?;
        let mut state = self.state.borrow_mut();
        if let (Some(token), Some(attempt)) = (source.held(), state.running.take()) {
            let value = bearer::header(TokenType::Bearer, token);
            state.tokens.accept(attempt, value, Some(UNBOUNDED_LIFE), 0.0, now);
            *state.login.source_mut() = source;
        }
        Ok(())
    }

    /// Returns what a call has to do to get a token, as a letter followed by its argument. `U`: use this header value.
    /// `F`: use it too, and begin a refresh, which is due. `R`: refresh and call this again. `W`: wait for the running
    /// refresh. `B`: fail with this JSON. `A`: ask the caller's function.
    pub fn authorize(&self, now: f64) -> String {
        let state = self.state.borrow();
        let with = |letter: &str, text: &str| {
            let mut out = String::with_capacity(letter.len() + text.len());
            out.push_str(letter);
            out.push_str(text);
            out
        };
        match state.login.source().need() {
            Need::Send(token) => with("UBearer ", token.0),
            Need::Ask => "A".to_owned(),
            Need::Fetch => match state.tokens.next(now) {
                Next::Use { generation } => with("U", state.tokens.bearer(generation).unwrap_or_default()),
                Next::UseAndRefresh { generation } => {
                    let letter = if state.login.source().is_interactive() { "U" } else { "F" };
                    with(letter, state.tokens.bearer(generation).unwrap_or_default())
                }
                Next::Refresh => "R".to_owned(),
                Next::Wait { .. } => "W".to_owned(),
                Next::Blocked { error, .. } => with("B", error),
            },
        }
    }

    /// Begins a refresh.
    pub fn begin(&self, now: f64) {
        let mut state = self.state.borrow_mut();
        state.login.begin();
        state.running = Some(state.tokens.started(now));
    }

    /// Returns the next request of the refresh: the URL, a line feed, and the form or JSON to post there. `random` is
    /// 16 fresh bytes. `subject` is the identity token or the assertion; it is ignored unless
    /// [`Session::needs_subject`].
    ///
    /// # Errors
    /// Returns JSON with `option`, `reason` and `message` if `subject` cannot be a token.
    pub fn request(&self, unix_seconds: f64, random: &[u8], mut subject: Vec<u8>) -> Result<String, JsValue> {
        let state = self.state.borrow();
        let random = random.try_into().map_err(|_| JsValue::NULL)?;
        let request = state.login.request(&self.auth, unix_seconds, random, &subject);
        subject.zeroize();
        let request = request.map_err(config_error)?;
        Ok([&request.url, "\n", request.body.as_str()].concat())
    }

    /// Handles the answer to a request of the refresh. Returns the milliseconds until the next request; negative if the
    /// refresh is over.
    #[allow(clippy::too_many_arguments, reason = "an argument crosses the boundary without being packed")]
    pub fn answered(
        &self,
        status: u16,
        mut body: Vec<u8>,
        date: Option<String>,
        retry_after: Option<String>,
        nonce: Option<String>,
        request_id: Option<String>,
        now: f64,
        unix_seconds: f64,
        random: f64,
    ) -> f64 {
        let mut state = self.state.borrow_mut();
        let retry_after = retry_after.and_then(|value| retry::retry_after_ms(&value, unix_seconds));
        let date = date.and_then(|value| retry::http_date(&value));
        let answer = Answer { status, body: &body, date, retry_after, nonce: nonce.as_deref() };
        let step = state.login.answer(&answer, unix_seconds, now);
        body.zeroize();
        state.finish(step, retry_after, request_id.as_deref(), random, now)
    }

    /// Handles a request of the refresh that got no answer. `failure` is the JSON that waiting calls fail with, unless
    /// the refresh continues. Returns the milliseconds until the next request; negative if the refresh is over.
    pub fn unanswered(&self, failure: String, now: f64) -> f64 {
        let mut state = self.state.borrow_mut();
        if let Some(step) = state.login.unanswered(now) {
            return state.finish(step, None, None, 0.0, now);
        }
        if let Some(attempt) = state.running.take() {
            state.tokens.fail(attempt, failure, Failure::Transient, None, now);
        }
        -1.0
    }

    /// Whether a person has a code to confirm. Until it is confirmed, the code determines the polling interval.
    pub fn waits_for_person(&self) -> bool {
        self.state.borrow().login.waits_for_person()
    }

    /// Takes the prompt to show to a person: JSON with `userCode`, `verificationUri`, `verificationUriComplete`,
    /// `expiresIn`. It is returned once.
    pub fn prompt(&self) -> Option<String> {
        let Prompt { user_code, url, url_with_code, expires_in } = self.state.borrow_mut().login.prompt()?;
        let mut json = JsonObject::default();
        json.text("userCode", &user_code);
        json.text("verificationUri", &url);
        json.text("verificationUriComplete", &url_with_code);
        json.number("expiresIn", expires_in);
        Some(json.end())
    }

    /// Returns what a shared store should keep of the refresh: the token's lifetime and the time that it has left, or 0
    /// and the time for which the failure holds, in milliseconds. Empty if there is neither.
    pub fn outcome(&self, now: f64) -> Vec<f64> {
        let state = self.state.borrow();
        match state.tokens.pause(now) {
            pause if pause > 0.0 => vec![0.0, pause],
            _ => state.tokens.life(now).map_or_else(Vec::new, |(life, left)| vec![life, left]),
        }
    }

    /// Ends the refresh with what another worker left in the store: a header value with a lifetime of `life`
    /// milliseconds, `left` of which remain, or, if `life` is 0, the JSON of a failure that holds for `left`
    /// milliseconds.
    pub fn adopt(&self, text: String, life: f64, left: f64, random: f64, now: f64) {
        let mut state = self.state.borrow_mut();
        let Some(attempt) = state.running.take() else { return };
        if life > 0.0 {
            // Without this check, anybody who can write to the store could put anything into a header.
            let Some(value) = bearer::checked(&text) else { return state.tokens.abandon(attempt) };
            state.tokens.adopt(attempt, value, life, left, random, now);
        } else {
            state.tokens.fail(attempt, text, Failure::Transient, Some(left), now);
        }
    }

    /// Returns the header value for a token that the caller's function returned.
    ///
    /// # Errors
    /// Returns JSON with `option`, `reason` and `message`.
    pub fn external(&self, mut token: Vec<u8>) -> Result<String, JsValue> {
        let parsed = bearer::parse(&token);
        token.zeroize();
        let token = parsed.map_err(|error| config_error(error.into()))?;
        Ok(bearer::header(TokenType::Bearer, &token).to_string())
    }

    /// Ends the refresh without a result, because the client was closed.
    pub fn abandon(&self) {
        let mut state = self.state.borrow_mut();
        if let Some(attempt) = state.running.take() {
            state.tokens.abandon(attempt);
        }
    }

    /// Returns the generation of the token that [`Session::authorize`] returned last, for [`Session::rejected`].
    pub fn generation(&self) -> u32 {
        self.state.borrow().tokens.generation()
    }

    /// Handles the API's 401 for the token of this generation. Returns true if another attempt makes sense.
    pub fn rejected(&self, generation: u32, now: f64) -> bool {
        let mut state = self.state.borrow_mut();
        matches!(state.login.source().need(), Need::Fetch)
            && state.tokens.rejected(generation, now) == Rejection::Replay
    }

    /// Returns the milliseconds to wait before the next attempt; negative to give up. `status` is 0 if no answer came,
    /// and `retry_after` is what [`retry_after`](super::retry_after) read from the answer's header. `policy` is empty
    /// for the default policy, or has the form that [`policy_of`] reads.
    #[allow(clippy::too_many_arguments, reason = "an argument crosses the boundary without being packed")]
    pub fn next_attempt(
        &self,
        effect: u8,
        status: u16,
        received: bool,
        retry_after: Option<f64>,
        attempts: u32,
        elapsed_ms: f64,
        left_ms: f64,
        random: f64,
        policy: &[f64],
    ) -> f64 {
        let policy = policy_of(policy);
        let ending = if status == 0 { Ending::NoAnswer { received } } else { Ending::Status(status, retry_after) };
        let progress = Progress { attempts, elapsed_ms, left_ms, random };
        // An unknown effect is treated as the strictest one.
        let effect = Effect::from_number(effect).unwrap_or(Effect::Secret);
        match retry::next_attempt(&policy, effect, ending, progress) {
            Some(delay) if self.state.borrow_mut().budget.take() => delay,
            _ => -1.0,
        }
    }

    /// Records a successful call, which returns a part of the retry budget.
    pub fn succeeded(&self) {
        self.state.borrow_mut().budget.succeeded();
    }
}

impl Session {
    fn open(base: BaseUrl, auth: BaseUrl, login: Login, tokens: Tokens<String>) -> Self {
        let state = State { login, tokens, running: None, budget: Budget::default() };
        Self { base, auth, state: RefCell::new(state) }
    }
}

impl State {
    /// Ends the running refresh, unless the step asks for another request.
    fn finish(&mut self, step: Step, retry_after: Option<f64>, request_id: Option<&str>, random: f64, now: f64) -> f64 {
        if let Step::Again(wait) = step {
            return wait;
        }
        if let Some(attempt) = self.running.take() {
            match step {
                Step::Granted(grant) => {
                    let value = bearer::header(grant.token_type, &grant.token);
                    self.tokens.accept(attempt, value, grant.expires_in, random, now);
                }
                Step::Failed(error) => {
                    let kind = if error.is_transient() { Failure::Transient } else { Failure::Permanent };
                    let json = token_error(&error, self.login.hint(&error), request_id);
                    self.tokens.fail(attempt, json, kind, retry_after, now);
                }
                Step::Again(_) => {}
            }
        }
        -1.0
    }
}

/// Reads `[attempts, initial, max, exponent, max elapsed, connection errors, explicit, repeat secrets, from, to, ...]`.
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

fn token_error(error: &TokenError, hint: Option<&str>, request_id: Option<&str>) -> String {
    let mut json = JsonObject::default();
    json.text("message", &error.to_string());
    json.number("status", error.status.into());
    let reason = error.reason.map(|reason| reason.as_str()).or(error.oauth_error.as_deref());
    json.text("reason", reason.unwrap_or(error.kind.code()));
    json.text("hint", hint.unwrap_or_default());
    json.text("requestId", request_id.unwrap_or_default());
    if let Some(seconds) = error.clock_offset {
        json.text("clockOffset", &decimal(seconds.into()));
    }
    json.end()
}
