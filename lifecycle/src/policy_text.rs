//! A policy in the JSON form that users write, and its parts for the protocol, the schedule and the findings.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{
    duration::{self, Span, SpanError},
    event::{Proof, Time},
    findings::Limits,
    policy::Policy,
    schedule::{Schedule, Window},
};

/// A duration, or `"never"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// It does not happen.
    Never,
    /// It happens after, or before, this duration.
    Span(Span),
}

impl When {
    fn span(self) -> Option<Span> {
        match self {
            Self::Never => None,
            Self::Span(span) => Some(span),
        }
    }
}

impl From<Option<Span>> for When {
    fn from(span: Option<Span>) -> Self {
        span.map_or(Self::Never, Self::Span)
    }
}

impl FromStr for When {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        if text == "never" { Ok(Self::Never) } else { text.parse().map(Self::Span) }
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str("never"),
            Self::Span(span) => span.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        duration::parsed(deserializer, &SpanError::Malformed)
    }
}

/// A time zone, by its name in the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(pub Tz);

/// The error for a text that does not name a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneError;

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time zone is named as in the IANA database, such as \"Europe/Berlin\" or \"UTC\"")
    }
}

impl std::error::Error for ZoneError {}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        text.parse().map(Self).map_err(|_| ZoneError)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        duration::parsed(deserializer, &ZoneError)
    }
}

/// The written form of a policy. A field that is missing or `null` has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyText {
    /// The age at which a credential is replaced: `"60d"`. By default `"never"`.
    pub rotate_every: Option<When>,
    /// How long before its expiry a credential is replaced. By default `"14d"`.
    pub rotate_before: Option<When>,
    /// The hours in which rotations may begin. By default at any time.
    pub windows: Option<Vec<Window>>,
    /// The time zone of windows and days. By default UTC.
    pub zone: Option<Zone>,
    /// See [`Policy::grace`]. Here and in the fields up to `max_backoff`, days have twenty-four hours.
    pub grace: Option<Span>,
    /// See [`Policy::proofs`].
    pub proofs: Option<BTreeSet<Proof>>,
    /// See [`Policy::token_life`].
    pub token_life: Option<Span>,
    /// See [`Policy::approval`].
    pub approval: Option<bool>,
    /// See [`Policy::call_deadline`].
    pub call_deadline: Option<Span>,
    /// See [`Policy::margin`].
    pub margin: Option<Span>,
    /// See [`Policy::hold`].
    pub hold: Option<Span>,
    /// See [`Policy::poll`].
    pub poll: Option<Span>,
    /// See [`Policy::max_intents`].
    pub max_intents: Option<u32>,
    /// See [`Policy::max_failures`].
    pub max_failures: Option<u32>,
    /// See [`Policy::backoff`].
    pub backoff: Option<Span>,
    /// See [`Policy::max_backoff`].
    pub max_backoff: Option<Span>,
    /// See [`Limits::max_active`].
    pub max_active: Option<usize>,
    /// See [`Limits::overdue_after`].
    pub overdue_after: Option<Span>,
    /// See [`Limits::stale_after`].
    pub stale_after: Option<When>,
    /// See [`Limits::unused_after`].
    pub unused_after: Option<When>,
    /// See [`Limits::idle_after`].
    pub idle_after: Option<When>,
}

/// A policy, divided into the parts that the protocol, the schedule and the findings use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The settings of the protocol.
    pub policy: Policy,
    /// The schedule of rotations.
    pub schedule: Schedule,
    /// The limits of the findings.
    pub limits: Limits,
}

/// The fault of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The text is not a JSON object.
    NotAnObject(String),
    /// The field cannot be read; the text says what is allowed.
    Malformed(String),
    /// The field has to be more than zero.
    Zero,
    /// The field has to be less than another.
    NotBelow(&'static str),
    /// The field is more than another.
    Above(&'static str),
}

/// A policy that cannot be followed, with the field to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The field: `rotateEvery`, or `windows[1]`; empty for the policy as a whole.
    pub field: String,
    /// The fault.
    pub problem: Problem,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match &self.problem {
            Problem::NotAnObject(why) => write!(f, "a policy is a JSON object: {why}"),
            Problem::Malformed(why) => write!(f, "{field}: {why}"),
            Problem::Zero => write!(f, "{field} has to be more than zero"),
            Problem::NotBelow(other) => write!(f, "{field} has to be below {other}"),
            Problem::Above(other) => write!(f, "{field} must not be above {other}"),
        }
    }
}

impl std::error::Error for PolicyError {}

fn error(field: impl Into<String>, problem: Problem) -> PolicyError {
    PolicyError { field: field.into(), problem }
}

impl FromStr for PolicyText {
    type Err = PolicyError;

    fn from_str(json: &str) -> Result<Self, PolicyError> {
        let not_an_object = |why: serde_json::Error| error("", Problem::NotAnObject(why.to_string()));
        let fields: Map<String, Value> = serde_json::from_str(json).map_err(not_an_object)?;
        // Each field is read separately first, because serde does not report which field it cannot read.
        for (name, value) in &fields {
            if let ("windows", Value::Array(windows)) = (name.as_str(), value) {
                for (number, window) in windows.iter().enumerate() {
                    Window::deserialize(window)
                        .map_err(|why| error(format!("windows[{number}]"), Problem::Malformed(why.to_string())))?;
                }
            }
            let alone = Map::from_iter([(name.clone(), value.clone())]);
            Self::deserialize(Value::Object(alone))
                .map_err(|why| error(name.clone(), Problem::Malformed(why.to_string())))?;
        }
        Self::deserialize(Value::Object(fields)).map_err(not_an_object)
    }
}

impl PolicyText {
    /// Returns the rules of the policy, with defaults filled in.
    ///
    /// # Errors
    /// Fails if the policy cannot be followed: for example, a deadline of zero, or a grace period that lasts until the
    /// next rotation is due.
    pub fn rules(&self) -> Result<Rules, PolicyError> {
        let defaults = Rules::default();
        let millis = |span: Option<Span>, default: Time| span.map_or(default, Span::millis);
        let when = |when: Option<When>, default: Option<Span>| when.map_or(default, When::span);
        let policy = Policy {
            grace: millis(self.grace, defaults.policy.grace),
            proofs: self.proofs.clone().unwrap_or(defaults.policy.proofs),
            token_life: millis(self.token_life, defaults.policy.token_life),
            approval: self.approval.unwrap_or(defaults.policy.approval),
            call_deadline: millis(self.call_deadline, defaults.policy.call_deadline),
            margin: millis(self.margin, defaults.policy.margin),
            hold: millis(self.hold, defaults.policy.hold),
            poll: millis(self.poll, defaults.policy.poll),
            max_intents: self.max_intents.unwrap_or(defaults.policy.max_intents),
            max_failures: self.max_failures.unwrap_or(defaults.policy.max_failures),
            backoff: millis(self.backoff, defaults.policy.backoff),
            max_backoff: millis(self.max_backoff, defaults.policy.max_backoff),
        };
        let schedule = Schedule {
            rotate_every: when(self.rotate_every, defaults.schedule.rotate_every),
            rotate_before: when(self.rotate_before, defaults.schedule.rotate_before),
            windows: self.windows.clone().unwrap_or(defaults.schedule.windows),
            zone: self.zone.map_or(defaults.schedule.zone, |zone| zone.0),
        };
        let limits = Limits {
            max_active: self.max_active.unwrap_or(defaults.limits.max_active),
            overdue_after: self.overdue_after.unwrap_or(defaults.limits.overdue_after),
            stale_after: when(self.stale_after, defaults.limits.stale_after),
            unused_after: when(self.unused_after, defaults.limits.unused_after),
            idle_after: when(self.idle_after, defaults.limits.idle_after),
        };
        let rules = Rules { policy, schedule, limits };
        rules.check()?;
        Ok(rules)
    }
}

impl Rules {
    /// Reads the rules from a policy in JSON.
    ///
    /// # Errors
    /// Fails if the text is not a policy, or is one that cannot be followed. The error names the field.
    pub fn parse(json: &str) -> Result<Self, PolicyError> {
        json.parse::<PolicyText>()?.rules()
    }

    fn check(&self) -> Result<(), PolicyError> {
        let Self { policy, schedule, limits } = self;
        let every = schedule.rotate_every.map(Span::millis);
        let above_zero = [
            ("rotateEvery", every.unwrap_or(1)),
            ("callDeadline", policy.call_deadline),
            ("hold", policy.hold),
            ("poll", policy.poll),
            ("backoff", policy.backoff),
            ("maxIntents", policy.max_intents.into()),
            ("maxFailures", policy.max_failures.into()),
            ("maxActive", Time::try_from(limits.max_active).unwrap_or(Time::MAX)),
        ];
        if let Some((field, _)) = above_zero.iter().find(|(_, value)| *value <= 0) {
            return Err(error(*field, Problem::Zero));
        }
        // Otherwise the next rotation would be due before this one is over.
        if every.is_some_and(|every| policy.grace >= every) {
            return Err(error("grace", Problem::NotBelow("rotateEvery")));
        }
        if policy.backoff > policy.max_backoff {
            return Err(error("backoff", Problem::Above("maxBackoff")));
        }
        Ok(())
    }

    /// Returns the policy as text, with every field.
    #[must_use]
    pub fn text(&self) -> PolicyText {
        let Self { policy, schedule, limits } = self;
        let span = |millis: Time| Some(Span::Exact(millis));
        PolicyText {
            rotate_every: Some(schedule.rotate_every.into()),
            rotate_before: Some(schedule.rotate_before.into()),
            windows: Some(schedule.windows.clone()),
            zone: Some(Zone(schedule.zone)),
            grace: span(policy.grace),
            proofs: Some(policy.proofs.clone()),
            token_life: span(policy.token_life),
            approval: Some(policy.approval),
            call_deadline: span(policy.call_deadline),
            margin: span(policy.margin),
            hold: span(policy.hold),
            poll: span(policy.poll),
            max_intents: Some(policy.max_intents),
            max_failures: Some(policy.max_failures),
            backoff: span(policy.backoff),
            max_backoff: span(policy.max_backoff),
            max_active: Some(limits.max_active),
            overdue_after: Some(limits.overdue_after),
            stale_after: Some(limits.stale_after.into()),
            unused_after: Some(limits.unused_after.into()),
            idle_after: Some(limits.idle_after.into()),
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::policy::{DAY, HOUR, MINUTE};
    use proptest::prelude::*;

    #[test]
    fn an_empty_policy_is_the_default() {
        assert_eq!(Rules::parse("{}"), Ok(Rules::default()));
        assert_eq!(Rules::parse(r#"{"grace":null}"#), Ok(Rules::default()));
        assert_eq!(Rules::default().check(), Ok(()));
    }

    #[test]
    fn every_field() {
        let json = r#"{
            "rotateEvery": "60d", "rotateBefore": "2w", "grace": "1d", "proofs": ["token", "used", "quiet"], "tokenLife": "2h",
            "approval": true, "windows": [{ "days": ["sat"], "from": "22:00", "to": "04:00" }], "zone": "Europe/Berlin",
            "callDeadline": "30s", "margin": "1m", "hold": "10m", "poll": "5m", "maxIntents": 2, "maxFailures": 4,
            "backoff": "1s", "maxBackoff": "30m", "maxActive": 3, "overdueAfter": "3d", "staleAfter": "90d",
            "unusedAfter": "never", "idleAfter": "8h"
        }"#;
        let rules = Rules::parse(json).unwrap();
        let policy = Policy {
            grace: DAY,
            proofs: BTreeSet::from([Proof::Token, Proof::Used, Proof::Quiet]),
            token_life: 2 * HOUR,
            approval: true,
            call_deadline: 30_000,
            margin: MINUTE,
            hold: 10 * MINUTE,
            poll: 5 * MINUTE,
            max_intents: 2,
            max_failures: 4,
            backoff: 1000,
            max_backoff: 30 * MINUTE,
        };
        assert_eq!(rules.policy, policy);
        assert_eq!(rules.schedule.rotate_every, Some(Span::Days(60)));
        assert_eq!(rules.schedule.rotate_before, Some(Span::Days(14)));
        assert_eq!(rules.schedule.zone, chrono_tz::Europe::Berlin);
        assert_eq!(rules.schedule.windows.len(), 1);
        let limits = Limits {
            max_active: 3,
            overdue_after: Span::Days(3),
            stale_after: Some(Span::Days(90)),
            unused_after: None,
            idle_after: Some(Span::Exact(8 * HOUR)),
        };
        assert_eq!(rules.limits, limits);
        // The text with every field is parsed to the same rules.
        assert_eq!(Rules::parse(&serde_json::to_string(&rules.text()).unwrap()), Ok(rules));
    }

    #[test]
    fn errors_name_the_field_and_say_what_is_allowed() {
        let table = [
            ("", "", "JSON object"),
            ("[]", "", "JSON object"),
            (r#"{"rotateEvery":"60"}"#, "rotateEvery", "\"60d\""),
            (r#"{"rotateEvery":60}"#, "rotateEvery", "\"60d\""),
            (r#"{"rotateEvery":"0d"}"#, "rotateEvery", "more than zero"),
            (r#"{"rotateEvery":"200000d"}"#, "rotateEvery", "at most 36525 days"),
            (r#"{"grace":"never"}"#, "grace", "whole number with a unit"),
            (r#"{"rotateEvery":"1d","grace":"24h"}"#, "grace", "below rotateEvery"),
            (r#"{"rotateEvery":"24h"}"#, "grace", "below rotateEvery"),
            (r#"{"backoff":"2h"}"#, "backoff", "above maxBackoff"),
            (r#"{"proofs":["tokn"]}"#, "proofs", "`token`"),
            (r#"{"proofs":"token"}"#, "proofs", "a sequence"),
            (r#"{"zone":"Berlin"}"#, "zone", "Europe/Berlin"),
            (r#"{"zone":null,"windows":[{},{"from":"25:00"}]}"#, "windows[1]", "HH:MM"),
            (r#"{"windows":{}}"#, "windows", "a sequence"),
            (r#"{"maxIntents":0}"#, "maxIntents", "more than zero"),
            (r#"{"maxIntents":-1}"#, "maxIntents", "u32"),
            (r#"{"maxIntents":5000000000}"#, "maxIntents", "u32"),
            (r#"{"maxActive":0}"#, "maxActive", "more than zero"),
            (r#"{"approval":"yes"}"#, "approval", "a boolean"),
            (r#"{"rotateevery":"60d"}"#, "rotateevery", "`rotateEvery`"),
        ];
        for (json, field, part) in table {
            let error = Rules::parse(json).unwrap_err();
            assert_eq!(error.field, field, "{json}");
            assert!(error.to_string().contains(part) && error.to_string().contains(field), "{json}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(json in ".{0,60}") {
            let _ = Rules::parse(&json);
        }

        #[test]
        fn any_value_is_read_or_refused(
            field in prop::sample::select(vec!["rotateEvery", "windows", "grace", "zone", "proofs", "maxIntents", "x"]),
            value in prop::sample::select(vec!["0", "-1", "1e99", "\"\"", "\"9d\"", "[]", "[[]]", "[{}]", "{}", "true", "null"]),
        ) {
            if let Err(error) = Rules::parse(&format!("{{\"{field}\":{value}}}")) {
                let names = [format!("{field}[0]"), field.to_owned(), "grace".to_owned()];
                prop_assert!(names.contains(&error.field), "{error}");
            }
        }
    }
}
