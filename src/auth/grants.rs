//! The OAuth grants of Commerce Layer: what each sends to the token endpoint, and what it keeps from the answer.
//!
//! ```text
//! client_credentials   client_id, client_secret?                        repeated for each token
//! password             client_id, client_secret?, username, password    then refresh token; repeated if refused
//! jwt-bearer           client_id, client_secret?, assertion             then refresh token; repeated if refused
//! authorization_code   client_id, client_secret?, code, redirect_uri, code_verifier?    then refresh token
//! refresh_token        client_id, client_secret?, refresh_token         replaced by an answer's refresh token
//! ```

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use zeroize::{Zeroize, Zeroizing};

use super::error::{ConfigError, errors};
use super::token_request::Form;
use super::token_response::{TokenError, TokenErrorKind};
use super::{base64, bearer, json, paste};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The length limit of a value. An assertion may be longer, see [`bearer::parse`].
const MAX_LEN: usize = 8192;

errors! {
    /// The reason why a value cannot be part of a grant.
    GrantError {
        Missing "grant_missing" "this grant needs it, and it is empty"
        Long "grant_long" "it is longer than any issued value"
        Character "grant_character" "it has white space or an invalid character in it"
        Token "grant_is_token" "this is a token (a JWT); a token is given as accessToken"
        Secret "grant_is_secret" "this is a client secret of another API: it begins with secret-token:"
        Same "grant_same" "it is the same text as the client id; one of the two was pasted twice"
        Redirect "grant_redirect" "it is not an absolute URL, with the scheme at its beginning"
        Verifier "grant_verifier" "a PKCE verifier is 43 to 128 letters, digits, or one of - . _ ~"
        Fields "grant_fields" "there is a NUL character in it"
    }
}

impl GrantError {
    fn for_option(self, option: &'static str) -> ConfigError {
        ConfigError::new(option, self.text())
    }
}

/// The type of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantType {
    /// A program that acts on its own behalf.
    ClientCredentials,
    /// A customer's name and password.
    Password,
    /// A refresh token that the caller already has.
    RefreshToken,
    /// The code that a browser returned with, which is valid once.
    AuthorizationCode,
    /// A signed statement of identity, supplied for each request.
    JwtBearer,
}

impl GrantType {
    /// Returns the value of `grant_type`.
    fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::RefreshToken => "refresh_token",
            Self::AuthorizationCode => "authorization_code",
            Self::JwtBearer => JWT_BEARER,
        }
    }

    /// Whether the grant uses the value at `index`. All grants except client credentials may receive a refresh token.
    fn accepts(self, index: usize) -> bool {
        match index {
            at::CLIENT_ID | at::CLIENT_SECRET => true,
            at::USERNAME | at::PASSWORD => self == Self::Password,
            at::REFRESH_TOKEN => self != Self::ClientCredentials,
            _ => self == Self::AuthorizationCode,
        }
    }

    /// Whether the grant requires the value at `index`.
    fn requires(self, index: usize) -> bool {
        match index {
            at::CLIENT_SECRET | at::CODE_VERIFIER => false,
            at::REFRESH_TOKEN => self == Self::RefreshToken,
            _ => self.accepts(index),
        }
    }
}

/// A grant with all of its values.
pub struct OAuth {
    grant: GrantType,
    /// The values in the order of [`FIELDS`]; empty if absent.
    values: [Zeroizing<String>; COUNT],
}

const COUNT: usize = 8;

/// The index of each value.
mod at {
    pub const CLIENT_ID: usize = 0;
    pub const CLIENT_SECRET: usize = 1;
    pub const USERNAME: usize = 2;
    pub const PASSWORD: usize = 3;
    pub const REFRESH_TOKEN: usize = 4;
    pub const CODE: usize = 5;
    pub const REDIRECT_URI: usize = 6;
    pub const CODE_VERIFIER: usize = 7;
}

/// The name of each value as an option and on the wire.
const FIELDS: [(&str, &str); COUNT] = [
    ("clientId", "client_id"),
    ("clientSecret", "client_secret"),
    ("username", "username"),
    ("password", "password"),
    ("refreshToken", "refresh_token"),
    ("code", "code"),
    ("redirectUri", "redirect_uri"),
    ("codeVerifier", "code_verifier"),
];

impl core::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let id = self.values[at::CLIENT_ID].as_str();
        f.debug_struct("OAuth").field("grant", &self.grant).field("client_id", &id).finish_non_exhaustive()
    }
}

impl OAuth {
    /// Reads what [`custody`](Self::custody) writes: client id, client secret, username, password, refresh token, code,
    /// redirect URI and PKCE verifier, separated by NUL. Values that the grant does not use are dropped.
    ///
    /// # Errors
    /// Names the first value that cannot be right.
    pub fn parse(grant: GrantType, fields: &[u8]) -> Result<Self, ConfigError> {
        if fields.iter().filter(|&&b| b == 0).count() != COUNT - 1 {
            return Err(GrantError::Fields.for_option("credentials"));
        }
        let mut oauth = Self { grant, values: Default::default() };
        let parts = fields.split(|&b| b == 0).zip(FIELDS).zip(&mut oauth.values);
        for (index, ((bytes, (option, _)), value)) in parts.enumerate() {
            if grant.accepts(index) {
                *value = read(index, bytes).map_err(|error| error.for_option(option))?;
            }
        }
        let value = |index: usize| oauth.values.get(index).is_some_and(|value| !value.is_empty());
        // Once a code has been exchanged, only the refresh token is left.
        let code_is_spent = grant == GrantType::AuthorizationCode && value(at::REFRESH_TOKEN);
        for (index, (option, _)) in FIELDS.into_iter().enumerate() {
            if grant.requires(index) && !value(index) && !(index == at::CODE && code_is_spent) {
                return Err(GrantError::Missing.for_option(option));
            }
        }
        if oauth.values[at::CLIENT_ID] == oauth.values[at::CLIENT_SECRET] {
            return Err(GrantError::Same.for_option("clientSecret"));
        }
        Ok(oauth)
    }

    /// Returns all values as they are now, in the form that [`parse`](Self::parse) reads.
    pub fn custody(&self) -> Zeroizing<Vec<u8>> {
        let mut all = Zeroizing::new(Vec::with_capacity(self.values.iter().map(|value| value.len() + 1).sum()));
        for (index, value) in self.values.iter().enumerate() {
            if index > 0 {
                all.push(0);
            }
            all.extend_from_slice(value.as_bytes());
        }
        all
    }

    /// Whether the next request requires an assertion from the caller.
    pub fn needs_assertion(&self) -> bool {
        self.grant == GrantType::JwtBearer && self.refresh_token().is_empty()
    }

    /// Returns the refresh token that the next request sends; empty if none was issued.
    pub fn refresh_token(&self) -> &str {
        &self.values[at::REFRESH_TOKEN]
    }

    /// Replaces the refresh token with one from an answer or from another worker, and wipes the spent code.
    pub fn renew_with(&mut self, refresh_token: &[u8]) {
        if let Ok(token) = checked(refresh_token)
            && !token.is_empty()
            && self.grant != GrantType::ClientCredentials
        {
            self.values[at::REFRESH_TOKEN] = token;
            self.values[at::CODE].zeroize();
        }
    }

    /// Returns the values that must not be shown.
    pub(super) fn secrets(&self) -> [&str; 5] {
        [at::CLIENT_SECRET, at::PASSWORD, at::REFRESH_TOKEN, at::CODE, at::CODE_VERIFIER]
            .map(|index| self.values.get(index).map_or("", |value| value.as_str()))
    }

    /// Writes the fields of a token request.
    pub(super) fn write(&self, form: &mut Form, assertion: &str) {
        let renews = !self.refresh_token().is_empty();
        form.field("grant_type", if renews { "refresh_token" } else { self.grant.name() });
        for (index, ((_, name), value)) in FIELDS.into_iter().zip(&self.values).enumerate() {
            // A renewal sends only the refresh token and the application's own credentials.
            let sent = if renews { index <= at::CLIENT_SECRET || index == at::REFRESH_TOKEN } else { true };
            if sent && !value.is_empty() {
                form.field(name, value);
            }
        }
        if !renews && self.grant == GrantType::JwtBearer {
            form.field("assertion", assertion);
        }
    }

    /// Handles an issued token, which may have come with a refresh token.
    pub(super) fn granted(&mut self, refresh_token: Option<&str>) {
        if let Some(token) = refresh_token {
            self.renew_with(token.as_bytes());
        }
    }

    /// Handles a refused request. Returns true if the refresh token was refused and the original grant is worth trying
    /// again.
    pub(super) fn refused(&mut self, error: &TokenError) -> bool {
        let again = error.kind == TokenErrorKind::Refused
            && !self.refresh_token().is_empty()
            && matches!(self.grant, GrantType::Password | GrantType::JwtBearer);
        if again {
            self.values[at::REFRESH_TOKEN].zeroize();
        }
        again
    }

    /// Returns advice on what to check after a failure, if there is any.
    pub(super) fn hint(&self, error: &TokenError) -> Option<&'static str> {
        use TokenErrorKind as Kind;
        Some(match (error.kind, self.grant) {
            (Kind::RateLimited, _) => {
                "Commerce Layer answers 30 token requests a minute: share tokens with a `tokenStore`"
            }
            (Kind::Refused, _) if !self.refresh_token().is_empty() => {
                "the refresh token has expired, was revoked, or belongs to another application: sign in again"
            }
            (Kind::Refused, GrantType::ClientCredentials) => {
                "check that client id and client secret belong together and still exist; the Provisioning API takes those of the profile menu, Provisioning API"
            }
            (Kind::Refused, GrantType::Password) => {
                "check username and password, and that the scope names a market of this application"
            }
            (Kind::Refused, GrantType::AuthorizationCode) => {
                "a code is valid once, for minutes, and with the redirectUri and verifier of its request: sign in again"
            }
            (Kind::Refused, GrantType::JwtBearer) => {
                "check the assertion's claims, and that this application may use it"
            }
            (Kind::Refused, GrantType::RefreshToken) => "sign in again",
            (Kind::Html | Kind::NotFound | Kind::Syntax | Kind::NotObject | Kind::Status | Kind::Missing, _) => {
                "check domain, serverURL and authURL: this address does not answer like the authentication server; there may be a proxy before it"
            }
            _ => return None,
        })
    }
}

/// Returns the lifetime of a token in seconds, from its own claims `exp` and `iat`. Both are the server's times, so
/// this machine's clock does not matter.
pub fn life(token: &str) -> Option<f64> {
    let claims = base64::decode(token.as_bytes().split(|&b| b == b'.').nth(1)?).ok()?;
    let (mut expires, mut issued) = (None, None);
    json::each_member(&claims, &mut |name, value| {
        let json::Value::Number(digits) = value else { return };
        match name {
            "exp" => expires = super::token_response::unix(digits),
            "iat" => issued = super::token_response::unix(digits),
            _ => {}
        }
    })
    .ok()?;
    Some(expires? - issued?).filter(|&life| life > 0.0)
}

/// Checks that an issued value is printable, and strips what copying leaves around it. An empty value is returned as it
/// is.
fn checked(bytes: &[u8]) -> Result<Zeroizing<String>, GrantError> {
    let bytes = paste::trim(bytes);
    if bytes.len() > MAX_LEN {
        return Err(GrantError::Long);
    }
    if paste::has_secret(bytes) {
        return Err(GrantError::Secret);
    }
    if !bytes.iter().all(u8::is_ascii_graphic) {
        return Err(GrantError::Character);
    }
    Ok(Zeroizing::new(core::str::from_utf8(bytes).unwrap_or_default().to_owned()))
}

/// Reads the value at `index` and checks it.
fn read(index: usize, bytes: &[u8]) -> Result<Zeroizing<String>, GrantError> {
    if matches!(index, at::USERNAME | at::PASSWORD) {
        return read_verbatim(bytes);
    }
    let text = checked(bytes)?;
    let problem = match index {
        at::CLIENT_ID | at::CLIENT_SECRET if paste::is_jwt(text.as_bytes()) => GrantError::Token,
        at::REDIRECT_URI if !text.is_empty() && !is_absolute(&text) => GrantError::Redirect,
        at::CODE_VERIFIER if !text.is_empty() && !is_verifier(&text) => GrantError::Verifier,
        _ => return Ok(text),
    };
    Err(problem)
}

/// Reads a value that a person chose, in which every character counts.
fn read_verbatim(bytes: &[u8]) -> Result<Zeroizing<String>, GrantError> {
    if bytes.len() > MAX_LEN {
        return Err(GrantError::Long);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| GrantError::Character)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Whether the text is an absolute URL. Any scheme is accepted, because mobile applications have their own.
fn is_absolute(text: &str) -> bool {
    paste::split(text, ":").is_some_and(|(scheme, _)| {
        scheme.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// Whether `text` is a code verifier (RFC 7636, 4.1).
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

/// Checks that an assertion, which is sent unchanged, is a token.
pub(super) fn assertion(bytes: &[u8]) -> Result<Zeroizing<String>, ConfigError> {
    bearer::parse(bytes).map_err(|error| error.for_option("assertion"))
}
