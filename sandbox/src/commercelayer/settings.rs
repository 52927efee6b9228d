//! The switches of the Provisioning API, which are set when the sandbox is created or later.

use serde_json::{Value, json};

use super::limits::{Limit, Limits};
use crate::status::Status;

/// The behaviour of the API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// The lifetime of every token in seconds; `None` for that of its credential.
    pub token_ttl: Option<i64>,
    /// Whether values that a request may not set are ignored. Otherwise the request is refused.
    pub ignores_read_only: bool,
    /// The rate limits; `None` for no limits.
    pub limits: Option<Limits>,
}

impl Settings {
    /// Returns the settings as JSON: `{tokenTtl, readOnly: "refuse" | "ignore", rateLimits: "off" | {token, read,
    /// write}}`.
    pub fn show(&self) -> Value {
        let limits = self.limits.map_or(
            json!("off"),
            |limits| json!({ "token": limits.token.count, "read": limits.read.count, "write": limits.write.count }),
        );
        json!({
            "tokenTtl": self.token_ttl,
            "readOnly": if self.ignores_read_only { "ignore" } else { "refuse" },
            "rateLimits": limits,
        })
    }

    /// Returns the settings with those that `options` names replaced. `rateLimits` is `"on"` for the documented limits,
    /// `"off"` for none, or requests per minute by kind; `tokenTtl` is null for the lifetime of each credential.
    ///
    /// # Errors
    /// Returns code 3 for an invalid value.
    pub fn read(mut self, options: &Value) -> Result<Self, Status> {
        let wrong = |text: &str| Err(Status::invalid(format!("commercelayer: {text}")));
        match options.get("tokenTtl") {
            None => {}
            Some(Value::Null) => self.token_ttl = None,
            Some(value) => match value.as_i64().filter(|seconds| *seconds > 0) {
                Some(seconds) => self.token_ttl = Some(seconds),
                None => return wrong("tokenTtl: a positive whole number of seconds"),
            },
        }
        match options.get("readOnly").and_then(Value::as_str) {
            None => {}
            Some("refuse") => self.ignores_read_only = false,
            Some("ignore") => self.ignores_read_only = true,
            Some(_) => return wrong("readOnly: \"refuse\" or \"ignore\""),
        }
        match options.get("rateLimits") {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text == "off" => self.limits = None,
            Some(Value::String(text)) if text == "on" => self.limits = Some(Limits::DOCUMENTED),
            Some(Value::Object(given)) => {
                let mut limits = Limits::DOCUMENTED;
                for (name, count) in given {
                    let Some(count) = count.as_u64().filter(|count| *count > 0) else {
                        return wrong("rateLimits: numbers of requests per minute");
                    };
                    let limit = |seconds| Limit { count: usize::try_from(count).unwrap_or(usize::MAX), seconds };
                    match name.as_str() {
                        "token" => limits.token = limit(60),
                        // A burst cannot exceed the limit per minute.
                        "read" => (limits.read, limits.read_burst) = (limit(60), limit(60)),
                        "write" => (limits.write, limits.write_burst) = (limit(60), limit(60)),
                        _ => return wrong("rateLimits: token, read and write"),
                    }
                }
                self.limits = Some(limits);
            }
            Some(_) => return wrong("rateLimits: \"on\", \"off\" or requests per minute"),
        }
        Ok(self)
    }
}
