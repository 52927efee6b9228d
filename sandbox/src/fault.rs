//! Faults that the sandbox injects on purpose, by rule.

use serde_json::{Value, json};

use crate::commercelayer;
use crate::routes::{Routes, Target};
use crate::shape::Row;
use crate::status::{Code, Status};

const JSON: &str = "application/json";

/// The longest delay that a rule may request, in milliseconds.
const LONGEST_DELAY: u64 = 3_600_000;

/// A rule: the requests that it applies to, how often, and its action.
#[derive(Debug, Clone)]
pub struct Rule {
    target: Option<Target>,
    /// The number of remaining uses; `None` for no limit.
    left: Option<u64>,
    action: Action,
    /// The rule as it was given.
    text: Row,
}

/// The effect of a rule on a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Action {
    /// The answer to send instead of acting.
    pub answer: Option<Answer>,
    /// The milliseconds to delay the answer. The request counts as received: the sandbox acts at once.
    pub delay_ms: u32,
    /// The point at which the connection is lost.
    pub drop: Option<Drop>,
}

/// The answer that a rule prescribes.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body: a string is sent as it is, anything else as JSON; `None` stands for the default error body.
    pub body: Option<Value>,
    /// Header fields to set.
    pub headers: Vec<(String, String)>,
}

/// The point at which the connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drop {
    /// Before the sandbox acts.
    Request,
    /// After it has acted, so that the caller cannot know the outcome.
    Answer,
}

/// The active rules, oldest first.
#[derive(Debug, Default)]
pub struct Faults(Vec<Rule>);

impl Faults {
    /// Adds a rule: `{operation, times, action}`. `operation` is an operation's id, its name in the client
    /// (`connector.rotateCredential`), a name of Commerce Layer's (`commercelayer.api_credentials.create`), `token` or
    /// `*`. `times` is a number or `"always"` (once if absent). `action` is `"drop"`, `"drop-answer"`, or an object
    /// with some of `status`, `body`, `headers` and `delayMs`.
    ///
    /// # Errors
    /// Returns code 3, naming the member that is wrong.
    pub fn add(&mut self, routes: &Routes, rule: &Value) -> Result<(), Status> {
        let text = rule.as_object().ok_or_else(|| Status::invalid("a fault is an object"))?;
        let name = text.get("operation").and_then(Value::as_str).unwrap_or_default();
        let target = match name {
            "*" => None,
            _ => Some(routes.named(name).ok_or_else(|| Status::invalid(format!("operation: there is no {name:?}")))?),
        };
        let left = match text.get("times") {
            None | Some(Value::Null) => Some(1),
            Some(Value::String(always)) if always == "always" => None,
            Some(times) => Some(
                times
                    .as_u64()
                    .filter(|times| *times > 0)
                    .ok_or_else(|| Status::invalid("times: a positive number or \"always\""))?,
            ),
        };
        let action = Action::read(text.get("action").unwrap_or(&Value::Null))?;
        self.0.push(Rule { target, left, action, text: text.clone() });
        Ok(())
    }

    /// Returns the action of the oldest rule for this request, and counts it as used.
    pub fn take(&mut self, target: Option<Target>) -> Option<Action> {
        let fits = |rule: &Rule| rule.target.is_none() || rule.target == target;
        let place = self.0.iter().position(fits)?;
        let rule = self.0.get_mut(place)?;
        let action = rule.action.clone();
        match &mut rule.left {
            Some(1) => {
                self.0.remove(place);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        Some(action)
    }

    /// Removes all rules.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the active rules as they were given, each with its number of remaining uses.
    pub fn list(&self) -> Value {
        let one = |rule: &Rule| {
            let mut text = rule.text.clone();
            text.insert("times".to_owned(), rule.left.map_or(json!("always"), Value::from));
            Value::Object(text)
        };
        self.0.iter().map(one).collect()
    }
}

impl Action {
    fn read(action: &Value) -> Result<Self, Status> {
        const EXPECTED: &str = "action: \"drop\", \"drop-answer\", or an object with status, body, headers, delayMs";
        match action {
            Value::String(text) if text == "drop" => Ok(Self { drop: Some(Drop::Request), ..Self::default() }),
            Value::String(text) if text == "drop-answer" => Ok(Self { drop: Some(Drop::Answer), ..Self::default() }),
            Value::Object(parts) if !parts.is_empty() => Self::read_parts(parts),
            _ => Err(Status::invalid(EXPECTED)),
        }
    }

    fn read_parts(parts: &Row) -> Result<Self, Status> {
        let mut action = Self::default();
        let number = |name: &str, least: u64, most: u64| match parts.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_u64()
                .filter(|number| (least..=most).contains(number))
                .map(Some)
                .ok_or_else(|| Status::invalid(format!("action.{name}: a number from {least} to {most}"))),
        };
        if let Some(unknown) =
            parts.keys().find(|key| !["status", "body", "headers", "delayMs"].contains(&key.as_str()))
        {
            return Err(Status::invalid(format!("action: {unknown:?} is unknown")));
        }
        action.delay_ms = number("delayMs", 0, LONGEST_DELAY)?.unwrap_or(0) as u32;
        let mut headers = Vec::new();
        for (name, value) in parts.get("headers").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
            headers.push((name.clone(), value));
        }
        if let Some(status) = number("status", 200, 599)? {
            let body = parts.get("body").filter(|body| !body.is_null()).cloned();
            action.answer = Some(Answer { status: status as u16, body, headers });
        } else if parts.contains_key("body") || parts.contains_key("headers") {
            return Err(Status::invalid("action: body and headers need a status"));
        }
        Ok(action)
    }

    /// Returns the name that the request log uses.
    pub fn name(&self) -> &'static str {
        match (self.drop, &self.answer) {
            (Some(Drop::Request), _) => "drop",
            (Some(Drop::Answer), _) => "drop-answer",
            (None, Some(_)) => "answer",
            (None, None) => "delay",
        }
    }
}

impl Answer {
    /// Returns the body to send and its content type. The default is the error that the API or its token endpoint would
    /// send.
    pub fn body(&self, target: Option<Target>) -> (String, &'static str) {
        match &self.body {
            Some(Value::String(text)) => (text.clone(), "text/plain; charset=utf-8"),
            Some(body) => (body.to_string(), JSON),
            None if self.status < 300 => ("{}".to_owned(), JSON),
            None => self.usual(target),
        }
    }

    fn usual(&self, target: Option<Target>) -> (String, &'static str) {
        match target {
            Some(Target::CommerceLayer(number)) if commercelayer::routes::is_operation(number) => {
                let problem = commercelayer::problem::Problem::of_http(self.status);
                (commercelayer::problem::document(&[problem]).to_string(), commercelayer::MEDIA_TYPE)
            }
            Some(Target::CommerceLayer(_)) => {
                (commercelayer::oauth::Refusal::of_http(self.status).body().to_string(), JSON)
            }
            Some(Target::Token) => {
                let error = match self.status {
                    401 => "invalid_client",
                    429 | 503 => "temporarily_unavailable",
                    500.. => "server_error",
                    _ => "invalid_request",
                };
                (json!({"error": error, "error_description": "a fault of the sandbox"}).to_string(), JSON)
            }
            _ => {
                let status = Status::new(Code::of_http(self.status), "a fault of the sandbox");
                (status.body().to_string(), JSON)
            }
        }
    }
}
