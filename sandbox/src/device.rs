//! Device login (RFC 8628): codes that wait for a person, and the page on which the person approves or denies.

use serde_json::{Value, json};

use crate::tenant::{Holder, Tenant};
use crate::time::{Millis, SECOND};
use crate::token::{Form, Issue, Refusal};

/// The path at which a login begins.
pub const PATH: &str = "/auth/v1/device_authorization";
/// The path of the page.
pub const PAGE: &str = "/device";
/// The lifetime of a code, in seconds.
const LIFE: i64 = 600;
/// The polling interval in seconds.
const INTERVAL: i64 = 1;
/// The letters of a user code. None of them is easily confused with another, and without vowels they form no words.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A login in progress.
#[derive(Debug, Clone)]
pub struct Device {
    code: String,
    user_code: String,
    client_id: String,
    expires: Millis,
    last_poll: Option<Millis>,
    interval: i64,
    answer: Option<bool>,
}

/// Begins a login.
///
/// # Errors
/// Returns the OAuth error to answer with.
pub fn begin(tenant: &mut Tenant, form: &Form, now: Millis) -> Result<Value, Refusal> {
    let client_id = form.get("client_id").ok_or_else(|| Refusal::request("client_id is missing"))?.to_owned();
    let bytes = tenant.entropy.bytes();
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 20)).copied().map_or('X', char::from);
    let letters = |from: usize| bytes.iter().skip(from).take(4).map(letter).collect::<String>();
    let user_code = format!("{}-{}", letters(0), letters(4));
    let code = tenant.entropy.token();
    let expires = now.saturating_add(LIFE * SECOND);
    tenant.devices.retain(|device| device.expires > now);
    tenant.devices.push(Device {
        code: code.clone(),
        user_code: user_code.clone(),
        client_id,
        expires,
        last_poll: None,
        interval: INTERVAL,
        answer: None,
    });
    let page = format!("{}{PAGE}", tenant.options.url);
    Ok(json!({
        "device_code": code,
        "user_code": user_code,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "verification_uri": page,
        "expires_in": LIFE,
        "interval": INTERVAL,
    }))
}

/// Records a person's decision. Returns false if no login waits for this code.
pub fn decide(tenant: &mut Tenant, user_code: &str, approve: bool, now: Millis) -> bool {
    let waiting = |device: &&mut Device| {
        device.user_code.eq_ignore_ascii_case(user_code) && device.answer.is_none() && device.expires > now
    };
    let found = tenant.devices.iter_mut().find(waiting);
    let decided = found.is_some();
    if let Some(device) = found {
        device.answer = Some(approve);
    }
    decided
}

/// Answers a poll for the token.
///
/// # Errors
/// Returns the OAuth error to answer with.
pub fn exchange(tenant: &mut Tenant, form: &Form, issue: &Issue, now: Millis) -> Result<Value, Refusal> {
    let code = form.get("device_code").ok_or_else(|| Refusal::request("device_code is missing"))?;
    let refuse = |error, description: &str| Refusal { status: 400, error, description: description.to_owned() };
    let place = tenant.devices.iter().position(|device| device.code == code);
    let place = place.ok_or_else(|| refuse("invalid_grant", "the device code is unknown, or was used"))?;
    let Some(device) = tenant.devices.get_mut(place) else { return Err(Refusal::request("device_code")) };
    if form.get("client_id") != Some(device.client_id.as_str()) {
        return Err(refuse("invalid_grant", "the device code was given to another client"));
    }
    if device.expires <= now {
        return Err(refuse("expired_token", "the code was not confirmed in time"));
    }
    // A client may be a little early, because its timers differ from the server's.
    let too_early = device.last_poll.is_some_and(|last_poll| now - last_poll < device.interval * SECOND - 200);
    device.last_poll = Some(now);
    match device.answer {
        None if too_early => {
            device.interval += 5;
            Err(refuse("slow_down", "poll less often"))
        }
        None => Err(refuse("authorization_pending", "the code was not confirmed yet")),
        Some(false) => {
            tenant.devices.remove(place);
            Err(refuse("access_denied", "the login was denied"))
        }
        Some(true) => {
            tenant.devices.remove(place);
            Ok(issue.token(tenant, Holder::Person, now))
        }
    }
}

/// Returns the page. `user_code` is untrusted input.
pub fn page(user_code: &str, done: Option<bool>) -> String {
    let code: String = user_code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(16).collect();
    let inner = match done {
        Some(true) => "<p role=status>Done. Go back to the program that asked.</p>".to_owned(),
        Some(false) => "<p role=status>No login waits for this code.</p>".to_owned(),
        None => format!(
            "<form method=post><label>Code <input name=user_code value=\"{code}\" required autocomplete=off></label>\
             <p>Is it the code that the program shows?</p>\
             <button name=answer value=approve>Approve</button> <button name=answer value=deny>Deny</button></form>"
        ),
    };
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Log in to the sandbox</title><h1>Log in to the sandbox</h1>{inner}</html>\n"
    )
}
