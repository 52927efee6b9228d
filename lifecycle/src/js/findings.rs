//! The boundary of policies, schedules and findings. `pkg/src/lifecycle/lifecycle.ts` and its neighbours are the only
//! callers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::engine::Stream;
use crate::event::Time;
use crate::findings::{Finding, Seen, Subject};
use crate::pace::{self, Candidate, Caps, Failures};
use crate::policy_text;
use crate::schedule::Due;

type Result<T> = std::result::Result<T, JsValue>;

/// Formats an error as its kind, a colon and the message. It is thrown as text, like those of the formats.
fn refused(message: impl std::fmt::Display) -> JsValue {
    JsValue::from(format!("refused:{message}"))
}

fn parsed<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(refused)
}

fn as_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

// A double is exact to the millisecond until long after the year 200,000.
fn time(now: f64) -> Time {
    now as Time
}

/// See [`policy_text::Rules`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct Rules(policy_text::Rules);

#[wasm_bindgen]
impl Rules {
    /// Reads a policy. The error names the field that is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(json: &str) -> Result<Self> {
        policy_text::Rules::parse(json).map(Self).map_err(refused)
    }

    /// Returns the part that the protocol uses, with every field.
    #[must_use]
    pub fn protocol(&self) -> String {
        as_json(&self.0.policy)
    }

    /// Returns the policy with every field, in the form in which users write it.
    #[must_use]
    pub fn text(&self) -> String {
        as_json(&self.0.text())
    }

    /// Returns when a rotation is due: a [`Due`], or null.
    #[must_use]
    pub fn due(&self, stream: &Stream, now: f64) -> String {
        as_json(&self.0.schedule.next_due(stream.0.target(), time(now)))
    }
}

/// The findings of many targets.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Survey(Vec<Finding>);

#[wasm_bindgen]
impl Survey {
    /// Creates an empty survey.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the findings of a target. `seen` is a [`Seen`].
    pub fn add(&mut self, name: &str, stream: &Stream, rules: &Rules, seen: &str, now: f64) -> Result<()> {
        let seen: Seen = parsed(seen)?;
        let policy_text::Rules { schedule, limits, .. } = &rules.0;
        let subject = Subject { name, target: stream.0.target(), schedule: Some(schedule), limits, seen: &seen };
        self.0.extend(subject.findings(time(now)));
        Ok(())
    }

    /// Takes all findings, the most severe first; those of equal severity are in the order in which they were added.
    #[must_use]
    pub fn take(&mut self) -> String {
        let mut found = std::mem::take(&mut self.0);
        found.sort_by_key(|finding| finding.severity);
        as_json(&found)
    }
}

/// The owned data of a [`Candidate`].
#[derive(Debug)]
struct Entrant {
    name: String,
    provider: String,
    group: Option<String>,
    due: Option<Due>,
    moving_since: Option<Time>,
    counts: bool,
    changed_at: Option<Time>,
    failures: Failures,
}

/// The targets from which those to begin with are selected.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Pace(Vec<Entrant>);

#[wasm_bindgen]
impl Pace {
    /// Creates an empty selection.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a target.
    pub fn add(
        &mut self,
        name: String,
        provider: String,
        group: Option<String>,
        stream: &Stream,
        rules: &Rules,
        now: f64,
    ) {
        let target = stream.0.target();
        let Candidate { due, moving_since, counts, changed_at, .. } =
            Candidate::new(&name, &provider, target, Some(&rules.0.schedule), time(now));
        let failures = stream.0.failures();
        self.0.push(Entrant { name, provider, group, due, moving_since, counts, changed_at, failures });
    }

    /// Returns a [`pace::Turn`] under these [`Caps`].
    pub fn select(&self, caps: &str, now: f64) -> Result<String> {
        let caps: Caps = parsed(caps)?;
        let candidates: Vec<_> = self.0.iter().map(Entrant::candidate).collect();
        Ok(as_json(&pace::select(&candidates, &caps, time(now))))
    }
}

impl Entrant {
    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            name: &self.name,
            provider: &self.provider,
            group: self.group.as_deref(),
            due: self.due,
            moving_since: self.moving_since,
            counts: self.counts,
            changed_at: self.changed_at,
            failures: self.failures,
        }
    }
}

/// Checks caps. Throws a description of the problem if they are invalid.
#[wasm_bindgen(js_name = checkCaps)]
pub fn check_caps(json: &str) -> Result<()> {
    parsed::<Caps>(json).map(drop)
}

/// Converts a line of a journal to a record of OCSF. See [`crate::audit::record`].
#[wasm_bindgen(js_name = auditRecord)]
pub fn audit_record(target: &str, provider: &str, sequence: f64, line: &str) -> Result<String> {
    let entry = parsed(line)?;
    let place = crate::audit::Place { target, provider, sequence: sequence as u64 };
    Ok(as_json(&crate::audit::record(&place, &entry)))
}
