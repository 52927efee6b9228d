//! The boundary of the engine. `pkg/src/lifecycle/driver.ts` and its neighbours are the only callers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::chain::Broken;
use crate::engine;
use crate::event::{Event, Time};

type Result<T> = std::result::Result<T, JsValue>;

/// Formats an error as its code, the line's number and the message, separated by colons. Errors are thrown as text,
/// because an `Error` would look like a trap.
fn broken(broken: Broken) -> JsValue {
    JsValue::from(format!("{}:{}:{}", broken.fault.code(), broken.sequence, broken.message))
}

fn parsed<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| JsValue::from(format!("invalid:0:{error}")))
}

fn as_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

// A double is exact to the millisecond until long after the year 200,000.
fn time(now: f64) -> Time {
    now as Time
}

fn number(sequence: u64) -> f64 {
    sequence as f64
}

/// See [`engine::Stream`].
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Stream(pub(super) engine::Stream);

#[wasm_bindgen]
impl Stream {
    /// Creates an empty stream.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies lines.
    pub fn feed(&mut self, lines: Vec<String>) -> Result<()> {
        self.0.feed(&lines).map_err(broken)
    }

    /// Returns the state as text.
    #[must_use]
    pub fn fold(&self) -> String {
        self.0.fold()
    }

    /// Restores a stream from the text of `fold`. Returns an empty one if another build wrote it in a different form.
    #[must_use]
    pub fn unfold(text: &str) -> Self {
        Self(engine::Stream::unfold(text).unwrap_or_default())
    }

    /// Takes over what a run of the same stream has read, if it has read further.
    pub fn follow(&mut self, run: &Run) {
        if run.0.sequence() > self.0.sequence() {
            self.0 = run.0.stream();
        }
    }

    /// Returns the number of the last line.
    #[must_use]
    pub fn sequence(&self) -> f64 {
        number(self.0.sequence())
    }

    /// Returns the hash of the last line.
    #[must_use]
    pub fn hash(&self) -> String {
        self.0.hash().to_owned()
    }

    /// Returns the state of the target.
    #[must_use]
    pub fn state(&self) -> String {
        as_json(self.0.target())
    }

    /// Returns the open window of doubt.
    #[must_use]
    pub fn doubt(&self) -> String {
        as_json(&self.0.target().doubt())
    }

    /// Returns why the rotation cannot be undone.
    #[wasm_bindgen(js_name = cannotRollBack)]
    #[must_use]
    pub fn cannot_roll_back(&self) -> Option<String> {
        self.0.target().cannot_roll_back().map(str::to_owned)
    }

    /// Returns the result that a call of `advance` would have now.
    pub fn outlook(&self, policy: &str, hands: &str, now: f64) -> Result<String> {
        Ok(as_json(&self.0.outlook(&parsed(policy)?, &parsed(hands)?, time(now))))
    }

    /// Returns the events that carry out a command.
    pub fn operate(&self, policy: &str, command: &str, now: f64) -> Result<String> {
        let events = self.0.operate(&parsed(policy)?, &parsed(command)?, time(now));
        let events = events.map_err(|refusal| JsValue::from(format!("{}:0:{}", refusal.reason, refusal.message)))?;
        Ok(as_json(&events))
    }

    /// Returns the next line for an event.
    pub fn line(&self, event: &str, at: f64, by: &str) -> Result<String> {
        Ok(self.0.line(parsed::<Event>(event)?, time(at), by))
    }
}

/// See [`engine::Run`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct Run(engine::Run);

#[wasm_bindgen]
impl Run {
    /// Creates a run.
    #[wasm_bindgen(constructor)]
    pub fn new(stream: &Stream, policy: &str, hands: &str) -> Result<Self> {
        Ok(Self(engine::Run::new(&stream.0, parsed(policy)?, parsed(hands)?)))
    }

    /// Takes the reply to the last request, and returns the next request.
    pub fn resume(&mut self, answer: Option<String>, now: f64, random: f64) -> Result<String> {
        let answer = answer.as_deref().map(parsed).transpose()?;
        self.0.resume(answer, time(now), random).map(|wanted| as_json(&wanted)).map_err(broken)
    }

    /// Returns whether the current effect may continue.
    #[wasm_bindgen(js_name = stillWanted)]
    pub fn still_wanted(&mut self, lines: Vec<String>) -> Result<bool> {
        self.0.still_wanted(&lines).map_err(broken)
    }

    /// Returns whether an effect was carried out whose outcome is not yet written.
    #[wasm_bindgen(js_name = hasOutcome)]
    #[must_use]
    pub fn has_outcome(&self) -> bool {
        self.0.has_outcome()
    }

    /// Returns what the worker holds.
    #[must_use]
    pub fn hands(&self) -> String {
        as_json(self.0.hands())
    }

    /// Returns the number of the last line that was read.
    #[must_use]
    pub fn sequence(&self) -> f64 {
        number(self.0.sequence())
    }
}
