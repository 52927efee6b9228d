//! Answers of the token endpoint: a token, an OAuth error, C1's own error form, or something else.

use alloc::string::String;
use zeroize::Zeroizing;

use super::bearer::{self, BearerError};
use super::error::errors;
use super::json::{self, Value};
use super::paste;
use super::redact::{redact, replaced};
use crate::wire::json::{Cursor, Text as Quoted};

errors! {
    /// What went wrong at the token endpoint.
    TokenErrorKind {
        Refused "token_refused" "the token endpoint refused the credential"
        RateLimited "token_rate_limited" "the token endpoint limits requests"
        Server "token_server_error" "the token endpoint failed"
        NotFound "token_endpoint_not_found" "there is no token endpoint at this address"
        Status "token_unexpected_status" "the token endpoint answered with an unexpected status"
        Html "token_html" "the token endpoint answered with a web page"
        EmptyBody "token_empty_body" "the token endpoint's answer is empty"
        TooLarge "token_too_large" "the token endpoint's answer is larger than 1 MB"
        Truncated "token_truncated" "the token endpoint's answer ends too early"
        Syntax "token_not_json" "the token endpoint's answer is not JSON"
        NotObject "token_not_object" "the token endpoint's answer is not a JSON object"
        Missing "token_missing" "the token endpoint's answer has no access_token"
        NotText "token_not_text" "the access_token in the token endpoint's answer is not text"
        Blank "token_blank" "the access_token in the token endpoint's answer is empty"
        Unsafe "token_unsafe" "the access_token in the token endpoint's answer cannot be sent in a header"
        Type "token_type_unknown" "the token endpoint issued a token of an unknown type"
        TypeDpop "token_type_dpop" "the token endpoint issued a token that is bound to a DPoP key, which was not asked for"
        Expired "token_expired_on_arrival" "the token endpoint issued a token that has already expired"
        DeviceCodes "device_codes" "the answer of the device authorization endpoint has no code, or no address to confirm it at"
        DeviceExpired "device_expired" "nobody confirmed the code before it expired"
    }
}

/// Those of C1's reasons for a refusal that people can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the variants say everything")]
pub enum Reason {
    TrustNotFound,
    IssuerMismatch,
    CelConditionNotMet,
    TokenTooOld,
    SpDisabled,
}

impl Reason {
    const ALL: [Self; 5] =
        [Self::TrustNotFound, Self::IssuerMismatch, Self::CelConditionNotMet, Self::TokenTooOld, Self::SpDisabled];

    /// Returns the reason as C1 writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TrustNotFound => "trust_not_found",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::CelConditionNotMet => "cel_condition_not_met",
            Self::TokenTooOld => "token_too_old",
            Self::SpDisabled => "sp_disabled",
        }
    }

    /// Returns advice on what to check.
    pub fn hint(self) -> &'static str {
        match self {
            Self::TrustNotFound => {
                "no federation trust has this client id: check that it ends in /wfe and belongs to this tenant, and that the trust still exists"
            }
            Self::IssuerMismatch => {
                "the identity token comes from another issuer than the trust names: compare its iss with the trust's issuer URL, including the slash"
            }
            Self::CelConditionNotMet => {
                "the identity token does not meet the trust's condition: compare its claims (repository, branch, environment) with the condition"
            }
            Self::TokenTooOld => {
                "the identity token was issued more than ten minutes ago: fetch it right before it is exchanged, and check this machine's clock"
            }
            Self::SpDisabled => "the service principal is disabled: an administrator can enable it again",
        }
    }
}

/// The reason why there is no token. Everything in it is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenError {
    /// What went wrong.
    pub kind: TokenErrorKind,
    /// The HTTP status of the answer.
    pub status: u16,
    /// OAuth's `error`, such as `invalid_client`; letters, digits, `_`, `-` and `.` only.
    pub oauth_error: Option<String>,
    /// The server's own words: at most 300 characters, on one line, without anything that looks like a secret.
    pub description: Option<String>,
    /// The `code` of C1's own error form, a gRPC status such as 16 for UNAUTHENTICATED.
    pub api_code: Option<u32>,
    /// C1's reason, if it is a known one.
    pub reason: Option<Reason>,
    /// The number of seconds by which this machine's clock is behind the server's, if that may be the cause.
    pub clock_offset: Option<i32>,
}

impl TokenError {
    pub(super) fn new(kind: TokenErrorKind, status: u16) -> Self {
        Self { kind, status, oauth_error: None, description: None, api_code: None, reason: None, clock_offset: None }
    }

    /// Whether the same request may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        use TokenErrorKind as Kind;
        matches!(self.kind, Kind::RateLimited | Kind::Server | Kind::Truncated | Kind::EmptyBody)
            || matches!(self.status, 408 | 425)
            || self.oauth_error.as_deref() == Some("temporarily_unavailable")
    }

    /// Whether the proof of possession was refused, or is missing.
    pub fn concerns_proof(&self) -> bool {
        matches!(self.oauth_error.as_deref(), Some("use_dpop_nonce" | "invalid_dpop_proof"))
    }

    /// Returns advice for a request that was refused although it carried a proof.
    pub(super) fn proof_hint(&self) -> &'static str {
        "the server refused the DPoP proof: check that this machine's clock is right to a few seconds, that serverURL is the server's own address, and that the credential is bound to no other key"
    }

    /// Returns advice on what to check, if there is any.
    pub fn hint(&self) -> Option<&'static str> {
        use TokenErrorKind as Kind;
        if let Some(reason) = self.reason {
            return Some(reason.hint());
        }
        if self.clock_offset.is_some() {
            return Some("this machine's clock is wrong: set it, or give the client a correct `clock` option");
        }
        Some(match (self.oauth_error.as_deref(), self.kind) {
            (Some("expired_token"), _) => "begin again, and confirm the new code in time",
            (Some("access_denied"), _) => "the login was denied in the browser: begin again if that was a mistake",
            _ if self.concerns_proof() || self.kind == Kind::TypeDpop => {
                "this credential requires DPoP: give the client the option `dpop: true`"
            }
            (Some("unsupported_grant_type" | "unauthorized_client"), _) => {
                "this credential may not get tokens this way: a /wfe client id exchanges identity tokens, the others sign with their secret"
            }
            (_, Kind::Refused) => {
                "check that client id and secret were issued together, that the credential is neither revoked nor expired, that this address may use it, and that this machine's clock is right to two minutes"
            }
            (_, Kind::Html | Kind::NotFound | Kind::Syntax | Kind::NotObject | Kind::Status | Kind::Missing) => {
                "check serverURL and tenantDomain: this address does not answer like a C1 tenant; there may be a proxy or login page before it"
            }
            _ => return None,
        })
    }
}

impl core::fmt::Display for TokenError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.kind.message())?;
        for text in [&self.oauth_error, &self.description].into_iter().flatten() {
            f.write_str(": ")?;
            f.write_str(text)?;
        }
        Ok(())
    }
}

impl core::error::Error for TokenError {}

/// The way in which a token is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// A token that anybody who holds it may use.
    Bearer,
    /// A token bound to a key, possession of which is proved with each request (RFC 9449).
    Dpop,
}

/// An issued token.
pub struct Grant {
    /// The token, which is safe to send in a header.
    pub token: Zeroizing<String>,
    /// The way in which it is sent.
    pub token_type: TokenType,
    /// The lifetime in seconds, above zero; `None` if the server does not state it in a known form.
    pub expires_in: Option<f64>,
    /// The refresh token, if the answer has one.
    pub refresh_token: Option<Zeroizing<String>>,
}

impl core::fmt::Debug for Grant {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Grant")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// Reads an answer. Wiping `body` is left to the caller.
///
/// # Errors
/// Fails if the answer holds no usable token.
pub fn parse(status: u16, body: &[u8]) -> Result<Grant, TokenError> {
    parse_without(status, body, &[])
}

/// Reads an answer like [`parse`]. None of the secrets in `sent` is shown if the server repeats it, unless it is so
/// short that it may be a part of any word.
pub(super) fn parse_without(status: u16, body: &[u8], sent: &[&str]) -> Result<Grant, TokenError> {
    let ok = (200..300).contains(&status);
    let mut fields = Fields::default();
    let read = if body.len() > 1 << 20 {
        Err(TokenErrorKind::TooLarge)
    } else {
        json::each_member(body, &mut |name, value| fields.set(name, value)).map_err(|error| match error {
            json::Error::Empty => TokenErrorKind::EmptyBody,
            json::Error::NotObject => TokenErrorKind::NotObject,
            json::Error::Truncated => TokenErrorKind::Truncated,
            json::Error::Syntax if body.trim_ascii().starts_with(b"<") => TokenErrorKind::Html,
            json::Error::Syntax => TokenErrorKind::Syntax,
        })
    };
    if read.is_ok() && ok && fields.oauth_error.is_none() && !fields.failed {
        return fields.grant().map_err(|kind| TokenError::new(kind, status));
    }
    let kind = match (status, read) {
        (429, _) => TokenErrorKind::RateLimited,
        (500.., _) => TokenErrorKind::Server,
        (404 | 405, _) if fields.oauth_error.is_none() => TokenErrorKind::NotFound,
        (_, Err(TokenErrorKind::Html)) => TokenErrorKind::Html,
        (200..300, Err(kind)) => kind,
        (200..300 | 400..500, _) => TokenErrorKind::Refused,
        _ => TokenErrorKind::Status,
    };
    let mut error = TokenError::new(kind, status);
    // Text that is not JSON may be anything, such as a login page with a token in it, so none of it is shown.
    if read.is_ok() {
        error.oauth_error = fields.oauth_error.as_deref().and_then(|text| oauth_code(text));
        let secrets = sent.iter().filter(|secret| secret.len() >= 4);
        let description =
            fields.description.map(|text| secrets.fold(text, |text, secret| Zeroizing::new(replaced(&text, secret))));
        error.description = description.map(|text| redact(&text, 300)).filter(|text| !text.is_empty());
        error.api_code = fields.api_code;
        error.reason = Reason::ALL.into_iter().find(|reason| contains_word(body, reason.as_str().as_bytes()));
    }
    Err(error)
}

type Text = Option<Zeroizing<String>>;

/// The members of an answer that matter.
#[derive(Default)]
struct Fields {
    token: Option<Text>,
    token_type: Text,
    expires_in: Option<f64>,
    refresh_token: Text,
    oauth_error: Text,
    /// Whether there is a list of errors.
    failed: bool,
    description: Text,
    api_code: Option<u32>,
}

impl Fields {
    /// Stores a member. Of two with the same name the last one counts, as in `JSON.parse`.
    fn set(&mut self, name: &str, value: Value) {
        let text = match value {
            Value::Text(text) => text.unescape().map(|text| Zeroizing::new(text.into_owned())),
            _ => None,
        };
        match name {
            "access_token" => self.token = (!matches!(value, Value::Null)).then_some(text),
            "token_type" => self.token_type = text,
            "refresh_token" => self.refresh_token = text,
            // In the form of JSON:API, {errors: [{title, detail, code, status, meta: {error}}]}, the first error is
            // used.
            "errors" => {
                if let Value::Nested(list) = value {
                    self.failed |= self.first_of(list).is_some();
                }
            }
            "expires_in" => {
                self.expires_in = match value {
                    Value::Number(digits) => seconds(digits),
                    _ => text.and_then(|digits| seconds(digits.trim_ascii())),
                }
            }
            // C1 writes an empty `error` where there is none.
            "error" => self.oauth_error = text.filter(|text| !text.is_empty()),
            "code" => {
                self.api_code = match value {
                    Value::Number(digits) => digits.parse().ok(),
                    _ => None,
                }
            }
            // OAuth's description takes precedence over that of C1's form, {code, message, details}.
            "error_description" if text.is_some() => self.description = text,
            "message" if self.description.is_none() => self.description = text,
            _ => {}
        }
    }

    fn first_of(&mut self, list: &str) -> Option<()> {
        let mut cursor = Cursor::new(list);
        cursor.expect(b'[').ok()?;
        let first = cursor.value().ok()?;
        let [mut code, mut error, mut title, mut detail] = [const { None }; 4];
        let owned = |text: Quoted<'_>| text.unescape().map(|text| Zeroizing::new(text.into_owned()));
        json::each_member(first.as_bytes(), &mut |name, value| match (name, value) {
            ("code", Value::Text(text)) => code = owned(text),
            ("title", Value::Text(text)) => title = owned(text),
            ("detail", Value::Text(text)) => detail = owned(text),
            // The OAuth error. It is optional, so an unreadable value is ignored.
            ("meta", Value::Nested(meta)) => {
                let _ = json::each_member(meta.as_bytes(), &mut |name, value| {
                    if let ("error", Value::Text(text)) = (name, value) {
                        error = owned(text);
                    }
                });
            }
            _ => {}
        })
        .ok()?;
        self.oauth_error = self.oauth_error.take().or(error).or(code);
        self.description = self.description.take().or(detail).or(title);
        Some(())
    }

    fn grant(self) -> Result<Grant, TokenErrorKind> {
        let text = self.token.ok_or(TokenErrorKind::Missing)?.ok_or(TokenErrorKind::NotText)?;
        let token = bearer::parse(text.as_bytes()).map_err(|error| match error {
            BearerError::Empty => TokenErrorKind::Blank,
            _ => TokenErrorKind::Unsafe,
        })?;
        let token_type = match self.token_type.as_deref().map(|text| text.trim_ascii()) {
            None | Some("") => TokenType::Bearer,
            Some(text) if text.eq_ignore_ascii_case("bearer") => TokenType::Bearer,
            Some(text) if text.eq_ignore_ascii_case("dpop") => TokenType::Dpop,
            Some(_) => return Err(TokenErrorKind::Type),
        };
        if self.expires_in.is_some_and(|seconds| seconds <= 0.0) {
            return Err(TokenErrorKind::Expired);
        }
        // An invalid refresh token is treated as absent.
        let refresh_token = self.refresh_token.filter(|text| bearer::parse(text.as_bytes()).is_ok());
        Ok(Grant { token, token_type, expires_in: self.expires_in, refresh_token })
    }
}

/// Returns the error code if it is a short word. Anything else in its place is not shown.
fn oauth_code(text: &str) -> Option<String> {
    let word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    (word && (1..=64).contains(&text.len())).then(|| redact(text, 64))
}

/// Whether `word` occurs in `text` as a word of its own. C1's reasons are searched for everywhere, because the member
/// that holds them (description, message, details) is not documented.
fn contains_word(text: &[u8], word: &[u8]) -> bool {
    let ends = |b: Option<&u8>| !b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    (0..text.len()).any(|at| {
        text.get(at..).is_some_and(|rest| rest.starts_with(word) && ends(rest.get(word.len())))
            && ends(at.checked_sub(1).and_then(|before| text.get(before)))
    })
}

/// Reads a time in whole seconds since 1970, which exceeds the limit of [`seconds`].
pub(super) fn unix(text: &str) -> Option<f64> {
    let whole = paste::before(text, b".");
    (whole.len() <= 12).then(|| whole.parse::<u64>().ok())?.map(|time| time as f64)
}

/// Reads a JSON number without the tables of a float parser, whose precision no number of seconds needs. The magnitude
/// is limited to 1e9 seconds, about 31 years.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let (negative, digits) = text.strip_prefix("-").map_or((false, text), |digits| (true, digits));
    let (digits, exponent) = paste::split(digits, "e").or_else(|| paste::split(digits, "E")).unwrap_or((digits, "0"));
    let (whole, fraction) = paste::split(digits, ".").unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let power = exponent.parse::<i32>().ok()?.clamp(-400, 400);
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digit = |value: f64, b: u8| value * 10.0 + f64::from(b - b'0');
    let fraction = fraction.bytes().rev().fold(0.0, |value, b| (value + f64::from(b - b'0')) / 10.0);
    let mut value = whole.bytes().fold(0.0, digit) + fraction;
    for _ in 0..power.unsigned_abs() {
        value = if power < 0 { value / 10.0 } else { value * 10.0 };
    }
    let value = if value.is_finite() { value.min(1e9) } else { 1e9 };
    Some(if negative { -value } else { value })
}
