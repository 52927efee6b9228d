//! The OAuth grants of Commerce Layer: what each sends to the token endpoint, and what its answer leaves behind.
//!
//! ```text
//! client_credentials   client_id, client_secret?                        anew each time
//! password             client_id, client_secret?, username, password    then by refresh token, anew if that is refused
//! jwt-bearer           client_id, client_secret?, assertion             then by refresh token, anew if that is refused
//! authorization_code   client_id, client_secret?, code, redirect_uri, code_verifier?    then by refresh token
//! refresh_token        client_id, client_secret?, refresh_token         a new one in an answer takes its place
//! ```

use zeroize::{Zeroize, Zeroizing};

use super::error::{ConfigError, errors};
use super::token_request::Form;
use super::token_response::{TokenError, TokenErrorKind};
use super::{base64, bearer, json, paste};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Longest value; an assertion may be longer, see [`bearer::parse`].
const MAX_LEN: usize = 8192;

errors! {
    /// Why a value cannot be part of a grant.
    GrantError {
        Missing "grant_missing" "this grant needs it, and there is nothing in it"
        Long "grant_long" "it is longer than any that is issued"
        Character "grant_character" "it has white space in it, or a character that none has"
        Token "grant_is_token" "this is a token (a JWT); a token is given as accessToken"
        Secret "grant_is_secret" "this is a client secret of another API: it begins with secret-token:"
        Same "grant_same" "it is the same text as the client id; one of the two was pasted twice"
        Redirect "grant_redirect" "it is not an absolute URL, with the scheme at its beginning"
        Verifier "grant_verifier" "a PKCE verifier is 43 to 128 letters, digits, or one of - . _ ~"
        Fields "grant_fields" "there is a NUL character in it"
    }
}

impl GrantError {
    fn of(self, option: &'static str) -> ConfigError {
        ConfigError { option, code: self.code(), message: self.message() }
    }
}

/// Which grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantType {
    /// A program by itself.
    ClientCredentials,
    /// A customer's name and password.
    Password,
    /// A refresh token that the caller has.
    RefreshToken,
    /// What a browser came back with; good once.
    AuthorizationCode,
    /// A signed statement of who somebody is, given for each request.
    JwtBearer,
}

/// A grant with all its values.
pub struct OAuth {
    grant: GrantType,
    client_id: String,
    /// Empty for an application that has none.
    client_secret: Zeroizing<String>,
    username: Zeroizing<String>,
    password: Zeroizing<String>,
    refresh_token: Zeroizing<String>,
    code: Zeroizing<String>,
    redirect_uri: String,
    code_verifier: Zeroizing<String>,
}

impl core::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OAuth").field("grant", &self.grant).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl OAuth {
    /// Reads what [`custody`](Self::custody) writes: client id, client secret, username, password, refresh token, code, redirect
    /// URI and PKCE verifier, with a NUL between each two. What a grant does not use is empty.
    ///
    /// # Errors
    /// The first value that cannot be right, by its name.
    pub fn parse(grant: GrantType, fields: &[u8]) -> Result<Self, ConfigError> {
        let parts: Vec<&[u8]> = fields.split(|&b| b == 0).collect();
        let [id, secret, username, password, refresh, code, redirect, verifier] = parts.as_slice() else {
            return Err(GrantError::Fields.of("credentials"));
        };
        let client_id = checked(id).and_then(required).map_err(|error| error.of("clientId"))?;
        if paste::is_jwt(client_id.as_bytes()) {
            return Err(GrantError::Token.of("clientId"));
        }
        let client_secret = checked(secret).map_err(|error| error.of("clientSecret"))?;
        if paste::is_jwt(client_secret.as_bytes()) {
            return Err(GrantError::Token.of("clientSecret"));
        }
        if *client_secret == *client_id {
            return Err(GrantError::Same.of("clientSecret"));
        }
        let mut oauth = Self {
            grant,
            client_id: client_id.as_str().to_owned(),
            client_secret,
            username: Zeroizing::default(),
            password: Zeroizing::default(),
            refresh_token: checked(refresh).map_err(|error| error.of("refreshToken"))?,
            code: Zeroizing::default(),
            redirect_uri: String::new(),
            code_verifier: Zeroizing::default(),
        };
        match grant {
            GrantType::ClientCredentials | GrantType::JwtBearer => {}
            GrantType::Password => {
                oauth.username = typed(username).map_err(|error| error.of("username"))?;
                oauth.password = typed(password).map_err(|error| error.of("password"))?;
            }
            GrantType::RefreshToken => {
                if oauth.refresh_token.is_empty() {
                    return Err(GrantError::Missing.of("refreshToken"));
                }
            }
            GrantType::AuthorizationCode => {
                oauth.code = checked(code).map_err(|error| error.of("code"))?;
                // A code is gone once it was exchanged; what is left then is the refresh token.
                if oauth.code.is_empty() && oauth.refresh_token.is_empty() {
                    return Err(GrantError::Missing.of("code"));
                }
                oauth.redirect_uri = redirect_uri(redirect).map_err(|error| error.of("redirectUri"))?;
                oauth.code_verifier = checked(verifier).map_err(|error| error.of("codeVerifier"))?;
                let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
                if !(oauth.code_verifier.is_empty()
                    || (43..=128).contains(&oauth.code_verifier.len()) && oauth.code_verifier.bytes().all(fits))
                {
                    return Err(GrantError::Verifier.of("codeVerifier"));
                }
            }
        }
        Ok(oauth)
    }

    /// All values as they are now, in the form that [`parse`](Self::parse) reads.
    pub fn custody(&self) -> Zeroizing<Vec<u8>> {
        let fields: [&str; 8] = [
            &self.client_id,
            &self.client_secret,
            &self.username,
            &self.password,
            &self.refresh_token,
            &self.code,
            &self.redirect_uri,
            &self.code_verifier,
        ];
        let mut all = Zeroizing::new(Vec::with_capacity(fields.iter().map(|field| field.len() + 1).sum()));
        for (number, field) in fields.into_iter().enumerate() {
            if number > 0 {
                all.push(0);
            }
            all.extend_from_slice(field.as_bytes());
        }
        all
    }

    /// The next request takes an assertion from outside.
    pub fn needs_assertion(&self) -> bool {
        self.grant == GrantType::JwtBearer && self.refresh_token.is_empty()
    }

    /// What renews the token next; empty if nothing was issued for that.
    pub fn refresh_token(&self) -> &str {
        &self.refresh_token
    }

    /// Another program that shares this one's tokens got this refresh token, in place of the one held.
    pub fn renew_with(&mut self, refresh_token: &[u8]) {
        if let Ok(token) = checked(refresh_token)
            && !token.is_empty()
            && self.grant != GrantType::ClientCredentials
        {
            self.refresh_token = token;
            self.code.zeroize();
        }
    }

    /// Writes the fields of a token request.
    pub(super) fn write(&self, form: &mut Form, assertion: &str) {
        let renews = !self.refresh_token.is_empty();
        form.field(
            "grant_type",
            match self.grant {
                _ if renews => "refresh_token",
                GrantType::ClientCredentials => "client_credentials",
                GrantType::Password => "password",
                GrantType::RefreshToken => "refresh_token",
                GrantType::AuthorizationCode => "authorization_code",
                GrantType::JwtBearer => JWT_BEARER,
            },
        );
        form.field("client_id", &self.client_id);
        let own: [(&str, &str); 3] = match self.grant {
            _ if renews => [("refresh_token", &self.refresh_token), ("", ""), ("", "")],
            GrantType::ClientCredentials | GrantType::RefreshToken => [("", ""); 3],
            GrantType::Password => [("username", &self.username), ("password", &self.password), ("", "")],
            GrantType::AuthorizationCode => {
                [("code", &self.code), ("redirect_uri", &self.redirect_uri), ("code_verifier", &self.code_verifier)]
            }
            GrantType::JwtBearer => [("assertion", assertion), ("", ""), ("", "")],
        };
        for (name, value) in [("client_secret", self.client_secret.as_str())].into_iter().chain(own) {
            if !value.is_empty() {
                form.field(name, value);
            }
        }
    }

    /// A token was issued, and perhaps one to renew it with.
    pub(super) fn granted(&mut self, refresh_token: Option<&str>) {
        if let Some(token) = refresh_token {
            self.renew_with(token.as_bytes());
        }
    }

    /// The request was refused. True if there is another way that is worth trying now: the one that the refresh token came by.
    pub(super) fn refused(&mut self, error: &TokenError) -> bool {
        let again = error.kind == TokenErrorKind::Refused
            && !self.refresh_token.is_empty()
            && matches!(self.grant, GrantType::Password | GrantType::JwtBearer);
        if again {
            self.refresh_token.zeroize();
        }
        again
    }

    /// What to check after a failure, where something useful can be said.
    pub(super) fn hint(&self, error: &TokenError) -> Option<&'static str> {
        use TokenErrorKind as Kind;
        Some(match (error.kind, self.grant) {
            (Kind::RateLimited, _) => {
                "Commerce Layer answers 30 token requests a minute: share tokens with a `tokenStore`"
            }
            (Kind::Refused, _) if !self.refresh_token.is_empty() => {
                "the refresh token has expired, was revoked, or belongs to another application: sign in again"
            }
            (Kind::Refused, GrantType::ClientCredentials) => {
                "check that client id and client secret belong together and still exist; the Provisioning API takes those of the profile menu, Provisioning API"
            }
            (Kind::Refused, GrantType::Password) => {
                "check username and password, and that the scope names a market of this application"
            }
            (Kind::Refused, GrantType::AuthorizationCode) => {
                "a code is good once and for minutes, with the redirectUri and the verifier that it was asked for with: sign in again"
            }
            (Kind::Refused, GrantType::JwtBearer) => {
                "check the assertion's claims, and that this application may use it"
            }
            (Kind::Refused, GrantType::RefreshToken) => "sign in again",
            (Kind::Html | Kind::NotFound | Kind::Syntax | Kind::NotObject | Kind::Status | Kind::Missing, _) => {
                "check domain, serverURL and authURL: this address does not answer as the authentication server does; a proxy may stand before it"
            }
            _ => return None,
        })
    }
}

/// Seconds that a token lives by its own claims. Both are the server's times, so this machine's clock does not matter.
pub fn life(token: &str) -> Option<f64> {
    let claims = base64::decode(token.split('.').nth(1)?.as_bytes()).ok()?;
    let (mut expires, mut issued) = (None, None);
    json::each_member(&claims, |name, value| {
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

/// A value that was issued: printable, without what copying leaves around it. Empty if there is none.
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

fn required(text: Zeroizing<String>) -> Result<Zeroizing<String>, GrantError> {
    if text.is_empty() { Err(GrantError::Missing) } else { Ok(text) }
}

/// A value that a person chose: every character of it counts.
fn typed(bytes: &[u8]) -> Result<Zeroizing<String>, GrantError> {
    if bytes.len() > MAX_LEN {
        return Err(GrantError::Long);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| GrantError::Character)?;
    required(Zeroizing::new(text.to_owned()))
}

/// Programs on a phone have schemes of their own, so any is taken.
fn redirect_uri(bytes: &[u8]) -> Result<String, GrantError> {
    let text = required(checked(bytes)?)?;
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let absolute = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if absolute { Ok(text.as_str().to_owned()) } else { Err(GrantError::Redirect) }
}

/// Checks an assertion: it is sent as it is, and has to be a token.
pub(super) fn assertion(bytes: &[u8]) -> Result<Zeroizing<String>, ConfigError> {
    bearer::parse(bytes).map_err(|error| error.of("assertion"))
}
