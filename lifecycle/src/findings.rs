//! Findings: problems that follow from the journal, the policies, and observations of control planes and sinks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    duration::Span,
    event::Time,
    policy::MINUTE,
    schedule::{self, Schedule, Why},
    state::{Known, Role, Target},
};

/// The kinds of findings, as stable codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The credential in use has expired.
    Expired,
    /// The control plane no longer has the credential in use, or has ended it, although the journal does not say so.
    Gone,
    /// The credential in use expires within 30, 14, 7 or 1 days.
    Expiring,
    /// The policy requires a rotation that has not taken place.
    Overdue,
    /// The credential in use is old, regardless of the policy.
    Stale,
    /// The credential in use was never used.
    NeverUsed,
    /// The credential in use has not been used for a long time.
    Idle,
    /// More credentials are active than the policy allows.
    TooManyActive,
    /// An active credential belongs to no consumer: nobody has its secret, or the journal does not know it.
    Orphan,
    /// It is unknown whether a credential was issued.
    WindowOfDoubt,
    /// A sink does not hold the credential that it should.
    SinkDiffers,
    /// A sink could not be read.
    SinkUnreadable,
    /// The target's credentials could not be read from the control plane.
    ControlPlaneUnreadable,
    /// The target has no named owner.
    OwnerMissing,
    /// No policy determines when to rotate.
    NoPolicy,
}

/// The severity, in the terms of OCSF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something is already broken.
    Critical,
    /// Something will break soon, or a credential is unaccounted for.
    High,
    /// Something needs attention.
    Medium,
    /// Something is untidy.
    Low,
}

/// The limits beyond which something counts as a finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The number of credentials that may be active at a time. A rotation needs two.
    pub max_active: usize,
    /// The time, counted from its first opportunity, after which a rotation is overdue.
    pub overdue_after: Span,
    /// The age at which a credential is stale.
    pub stale_after: Option<Span>,
    /// The time for which a credential may be known without being used.
    pub unused_after: Option<Span>,
    /// The time for which a credential may go unused.
    pub idle_after: Option<Span>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_active: 2,
            overdue_after: Span::Days(1),
            stale_after: Some(Span::Days(180)),
            unused_after: Some(Span::Days(7)),
            idle_after: Some(Span::Days(30)),
        }
    }
}

/// An observation of a target, besides its journal. Data that was not read is left out, and nothing is concluded from
/// its absence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Seen {
    /// The last use of each credential, by its id; `null` if it was never used.
    pub last_used_at: BTreeMap<String, Option<Time>>,
    /// The ids of all active credentials, if the control plane can list them. The list has to be read before the
    /// journal that it is compared with, so that it contains nothing that was issued after the journal was read.
    pub alive: Option<BTreeSet<String>>,
    /// The time at which the control plane was read, by this machine's clock.
    pub at: Option<Time>,
    /// The code of the error, if the control plane could not be read.
    pub error: Option<String>,
    /// The content of each sink, by its name.
    pub sinks: BTreeMap<String, Held>,
    /// The owner of the target.
    pub owner: Option<String>,
    /// The consumers of the credential.
    pub consumers: Vec<String>,
}

/// The content of a sink as it was read. Its version is irrelevant here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Held {
    /// The client id in the sink; `null` if it holds none.
    pub client_id: Option<String>,
    /// The code of the error, if the sink could not be read.
    pub error: Option<String>,
}

/// A target with all that is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The name.
    pub name: &'a str,
    /// The state from its journal.
    pub target: &'a Target,
    /// Its schedule; `None` without a policy.
    pub schedule: Option<&'a Schedule>,
    /// The limits that apply to it.
    pub limits: &'a Limits,
    /// The observation of it.
    pub seen: &'a Seen,
}

/// One problem. It contains no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The kind of problem.
    pub code: Code,
    /// The severity.
    pub severity: Severity,
    /// The target.
    pub target: String,
    /// The id of the credential concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The object of the finding: a sink's name, or a marker to search for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The time since which the problem exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// For an expiry, the number of days: 30, 14, 7 or 1. For too many credentials, the number of active ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// The consumers, if the problem affects them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<String>,
    /// The finding in a sentence.
    pub message: String,
}

/// The days before an expiry at which it is reported, with the severity of each. The last one reached applies.
const STEPS: [(u32, Severity); 4] =
    [(30, Severity::Low), (14, Severity::Medium), (7, Severity::High), (1, Severity::Critical)];

/// The largest assumed difference between the clocks of two machines.
const SKEW: Time = 2 * MINUTE;

/// Returns the findings of many targets, the most severe first; those of equal severity are in the order of the
/// targets, then of [`Code`]. Takes linear time.
#[must_use]
pub fn findings<'a>(subjects: impl IntoIterator<Item = Subject<'a>>, now: Time) -> Vec<Finding> {
    let (mut critical, mut high, mut medium, mut low) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for finding in subjects.into_iter().flat_map(|subject| subject.findings(now)) {
        match finding.severity {
            Severity::Critical => critical.push(finding),
            Severity::High => high.push(finding),
            Severity::Medium => medium.push(finding),
            Severity::Low => low.push(finding),
        }
    }
    critical.append(&mut high);
    critical.append(&mut medium);
    critical.append(&mut low);
    critical
}

impl Subject<'_> {
    /// Returns the findings of this target, in the order of [`Code`]. A forgotten target has none.
    #[must_use]
    pub fn findings(&self, now: Time) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.target.forgotten {
            return found;
        }
        if let Some(known) = schedule::in_use(self.target) {
            found.extend(self.gone(known, now));
            found.extend(self.expiry(known, now));
            found.extend(self.overdue(known, now));
            found.extend(self.stale(known, now));
            found.extend(self.unused(known, now));
        }
        self.count(now, &mut found);
        found.extend(self.doubt(now));
        self.sinks(&mut found);
        if let Some(code) = &self.seen.error {
            let message = format!("the control plane could not be asked for the target's credentials: {code}");
            found.push(self.finding(Code::ControlPlaneUnreadable, Severity::Medium, message));
        }
        if self.seen.owner.as_ref().is_none_or(|owner| owner.trim().is_empty()) {
            found.push(self.finding(
                Code::OwnerMissing,
                Severity::Low,
                "nobody is named who answers for it".to_owned(),
            ));
        }
        if self.schedule.is_none_or(|schedule| schedule.rotate_every.or(schedule.rotate_before).is_none()) {
            let message = "no policy says when to rotate it".to_owned();
            found.push(self.finding(Code::NoPolicy, Severity::Medium, message));
        }
        found
    }

    fn finding(&self, code: Code, severity: Severity, message: String) -> Finding {
        Finding {
            code,
            severity,
            target: self.name.to_owned(),
            credential: None,
            about: None,
            since: None,
            number: None,
            consumers: Vec::new(),
            message,
        }
    }

    fn zone(&self) -> chrono_tz::Tz {
        self.schedule.map_or(chrono_tz::Tz::UTC, |schedule| schedule.zone)
    }

    /// Returns the finding of a credential that is gone. Considers only a credential that had been known for a while
    /// when the control plane was read, because the control plane's list may be older than the journal.
    fn gone(&self, known: &Known, now: Time) -> Option<Finding> {
        let (alive, at) = (self.seen.alive.as_ref()?, self.seen.at?);
        let expired = known.credential.expires_at.is_some_and(|expires| now >= expires);
        let settled = known.since.saturating_add(SKEW) < at;
        let message = "the control plane no longer has the credential in use: rotate now";
        (settled && !expired && !alive.contains(&known.credential.id)).then(|| Finding {
            credential: Some(known.credential.id.clone()),
            consumers: self.seen.consumers.clone(),
            ..self.finding(Code::Gone, Severity::Critical, message.to_owned())
        })
    }

    fn expiry(&self, known: &Known, now: Time) -> Option<Finding> {
        let expires = known.credential.expires_at?;
        let (finding, since) = if now >= expires {
            let message = "the credential in use has expired: rotate now".to_owned();
            (self.finding(Code::Expired, Severity::Critical, message), expires)
        } else {
            let begins = |days: u32| Span::Days(days).before(expires, self.zone());
            let (days, severity) = STEPS.into_iter().rfind(|(days, _)| now >= begins(*days))?;
            let unit = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
            let message = format!("the credential in use expires within {unit}");
            let number = usize::try_from(days).ok();
            (Finding { number, ..self.finding(Code::Expiring, severity, message) }, begins(days))
        };
        Some(Finding {
            credential: Some(known.credential.id.clone()),
            since: Some(since),
            consumers: self.seen.consumers.clone(),
            ..finding
        })
    }

    fn overdue(&self, known: &Known, now: Time) -> Option<Finding> {
        let schedule = self.schedule?;
        let (wanted, why) = schedule.wanted(known)?;
        if now < wanted {
            return None;
        }
        // The rotation could not begin before the first window, unless the credential would have expired by then.
        let opening = schedule.opening(wanted);
        let possible =
            if known.credential.expires_at.is_some_and(|expires| opening >= expires) { wanted } else { opening };
        if now < self.limits.overdue_after.after(possible, schedule.zone) {
            return None;
        }
        let (severity, reason) = match why {
            Why::Expiry => (Severity::High, "it expires"),
            Why::Age => (Severity::Medium, "it is as old as the policy allows"),
        };
        let message = match &self.target.rotation {
            Some(rotation) if rotation.stopped.is_some() => {
                format!(
                    "the credential in use should have been replaced, because {reason}: its rotation waits for a person"
                )
            }
            Some(_) => {
                format!("the credential in use should have been replaced, because {reason}: its rotation is under way")
            }
            None => format!("the credential in use should have been replaced, because {reason}: no rotation has begun"),
        };
        Some(Finding {
            credential: Some(known.credential.id.clone()),
            since: Some(possible),
            ..self.finding(Code::Overdue, severity, message)
        })
    }

    fn stale(&self, known: &Known, now: Time) -> Option<Finding> {
        let limit = self.limits.stale_after?;
        let since = limit.after(schedule::begun(known), self.zone());
        let message = format!("the credential in use is older than {limit}");
        (now >= since).then(|| Finding {
            credential: Some(known.credential.id.clone()),
            since: Some(since),
            ..self.finding(Code::Stale, Severity::Medium, message)
        })
    }

    fn unused(&self, known: &Known, now: Time) -> Option<Finding> {
        let used = self.seen.last_used_at.get(&known.credential.id)?;
        let (code, limit, from) = match used {
            None => (Code::NeverUsed, self.limits.unused_after?, schedule::begun(known)),
            Some(at) => (Code::Idle, self.limits.idle_after?, *at),
        };
        let since = limit.after(from, self.zone());
        let message = match code {
            Code::NeverUsed => {
                format!("the credential in use was never used, and is older than {limit}: does it reach its consumers?")
            }
            _ => format!("the credential in use has not been used for {limit}: is it still needed?"),
        };
        (now >= since).then(|| Finding {
            credential: Some(known.credential.id.clone()),
            since: Some(since),
            ..self.finding(code, Severity::Low, message)
        })
    }

    /// Adds the finding of too many active credentials, and those of orphans.
    fn count(&self, now: Time, found: &mut Vec<Finding>) {
        let is_alive = |known: &&Known| {
            let listed = self.seen.alive.as_ref().is_none_or(|alive| alive.contains(&known.credential.id));
            known.role != Role::Ended && listed && known.credential.expires_at.is_none_or(|expires| now < expires)
        };
        let known = self.target.credentials.values().filter(is_alive);
        // A credential that has ended according to the journal but is active in the control plane is unaccounted for,
        // too. While the outcome of an intent is unknown, an unknown credential may be its result, and is not reported
        // as an orphan.
        let in_doubt = self.target.doubt().is_some();
        let stray = self.seen.alive.iter().flatten().filter(|id| match self.target.credentials.get(*id) {
            Some(known) => known.role == Role::Ended,
            None => !in_doubt,
        });
        let active = known.clone().count() + stray.clone().count();
        if active > self.limits.max_active {
            let message = format!("{active} credentials are alive, and the policy allows {}", self.limits.max_active);
            found
                .push(Finding { number: Some(active), ..self.finding(Code::TooManyActive, Severity::Medium, message) });
        }
        // A sink may hold a leftover of a rotation; the rotation ends it.
        let rotating = self.target.rotation.is_some();
        let lost = |known: &&Known| known.role == Role::Orphan || known.role == Role::Leftover && !rotating;
        for known in known.filter(lost) {
            found.push(Finding {
                credential: Some(known.credential.id.clone()),
                since: Some(known.since),
                ..self.finding(
                    Code::Orphan,
                    Severity::Medium,
                    "a credential is alive whose secret nobody has".to_owned(),
                )
            });
        }
        for id in stray {
            let message = if self.target.credentials.contains_key(id) {
                "a credential is alive that the journal says has ended: revoke it"
            } else {
                "a credential is alive that the journal does not know: adopt it, or revoke it"
            };
            found.push(Finding {
                credential: Some(id.clone()),
                ..self.finding(Code::Orphan, Severity::High, message.to_owned())
            });
        }
    }

    fn doubt(&self, now: Time) -> Option<Finding> {
        // Until its deadline, the call is merely in progress.
        let doubt = self.target.doubt().filter(|doubt| now >= doubt.until)?;
        let message = format!(
            "it is unknown whether a credential was issued: look for {} in the control plane's records and settle it",
            doubt.marker
        );
        Some(Finding {
            about: Some(doubt.marker),
            since: Some(doubt.since),
            ..self.finding(Code::WindowOfDoubt, Severity::High, message)
        })
    }

    fn sinks(&self, found: &mut Vec<Finding>) {
        let target = self.target;
        let rotation = target.rotation.as_ref();
        // No sink is expected to hold anything for a target without a credential.
        let current = target.current();
        if current.is_none() && rotation.is_none() {
            return;
        }
        // Indexes the roles by client id, so that each sink costs one look-up.
        let mut roles = BTreeMap::new();
        for known in target.credentials.values() {
            let role = if known.role == Role::Ended { None } else { Some(known.role) };
            let best = roles.entry(known.credential.client_id.as_str()).or_insert(role);
            *best = (*best).or(role);
        }
        let mut unreadable = Vec::new();
        for (sink, held) in &self.seen.sinks {
            if let Some(code) = &held.error {
                let message = format!("the sink {sink} could not be read: {code}");
                unreadable.push(Finding {
                    about: Some(sink.clone()),
                    ..self.finding(Code::SinkUnreadable, Severity::Medium, message)
                });
                continue;
            }
            let differs = match held.client_id.as_deref().map(|client_id| roles.get(client_id)) {
                // During a rotation, a sink may hold the old credential, the new one, or one in between whose secret
                // was lost after it was written.
                Some(Some(Some(role))) if rotation.is_some() => {
                    let delivered = rotation.is_some_and(|rotation| {
                        !rotation.rolling_back && rotation.delivered.contains(sink) && target.new_credential().is_some()
                    });
                    (delivered && *role != Role::New)
                        .then_some((Severity::High, "no longer holds the new credential that was delivered to it"))
                }
                Some(Some(Some(Role::Current))) => None,
                Some(Some(Some(_))) => {
                    Some((Severity::High, "holds another credential of the target than the one in use"))
                }
                Some(Some(None)) => Some((Severity::Critical, "holds a credential that has ended")),
                Some(None) => Some((Severity::High, "holds a credential that the journal does not know")),
                // Before the first credential is delivered, a sink is empty.
                None if current.is_none() && !rotation.is_some_and(|rotation| rotation.delivered.contains(sink)) => {
                    None
                }
                None => Some((Severity::Critical, "holds no credential")),
            };
            if let Some((severity, what)) = differs {
                found.push(Finding {
                    credential: schedule::in_use(target).map(|known| known.credential.id.clone()),
                    about: Some(sink.clone()),
                    consumers: self.seen.consumers.clone(),
                    ..self.finding(Code::SinkDiffers, severity, format!("the sink {sink} {what}"))
                });
            }
        }
        found.append(&mut unreadable);
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::{
        calendar::tests::at,
        event::{Credential, Entry, Event, Reason},
        policy::{DAY, HOUR, MINUTE},
        schedule::Window,
    };
    use proptest::prelude::*;

    fn credential(name: &str, created_at: Option<Time>, expires_at: Option<Time>) -> Credential {
        Credential { id: name.to_owned(), client_id: format!("client-{name}"), created_at, expires_at }
    }

    fn apply(target: &mut Target, at: Time, events: impl IntoIterator<Item = Event>) {
        for event in events {
            target.apply(&Entry { at, by: "worker".to_owned(), event });
        }
    }

    fn adopted(credential: Credential) -> Target {
        let mut target = Target::default();
        apply(&mut target, 0, [Event::Adopted { credential, source: "test".to_owned() }]);
        target
    }

    /// Returns a target with a rotation from `old` that has issued `new`.
    fn issued() -> Target {
        let mut target = adopted(credential("old", Some(0), None));
        let events = [
            Event::Planned { rotation: 1, reason: Reason::Due },
            Event::Issuing { intent: 1, marker: "keyturn:t:1.1".to_owned(), until: MINUTE, sealed: false },
            Event::Issued { intent: 1, credential: credential("new", Some(0), None), hold_until: HOUR },
        ];
        apply(&mut target, 0, events);
        target
    }

    fn owned() -> Seen {
        Seen { owner: Some("team".to_owned()), ..Seen::default() }
    }

    fn of(target: &Target, schedule: &Schedule, seen: &Seen, now: Time) -> Vec<Finding> {
        let (limits, name) = (Limits::default(), "t");
        findings([Subject { name, target, schedule: Some(schedule), limits: &limits, seen }], now)
    }

    /// Returns code, severity and object of each finding.
    fn short(found: &[Finding]) -> Vec<(Code, Severity, &str)> {
        found
            .iter()
            .map(|finding| {
                let about = finding.about.as_deref().or(finding.credential.as_deref());
                (finding.code, finding.severity, about.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn words_are_stable() {
        use Code::*;
        let codes = [
            Expired,
            Gone,
            Expiring,
            Overdue,
            Stale,
            NeverUsed,
            Idle,
            TooManyActive,
            Orphan,
            WindowOfDoubt,
            SinkDiffers,
            SinkUnreadable,
            ControlPlaneUnreadable,
            OwnerMissing,
            NoPolicy,
        ];
        let words = r#"["expired","gone","expiring","overdue","stale","never-used","idle","too-many-active","orphan","window-of-doubt","sink-differs","sink-unreadable","control-plane-unreadable","owner-missing","no-policy"]"#;
        assert_eq!(serde_json::to_string(&codes).unwrap(), words);
        let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];
        assert_eq!(serde_json::to_string(&severities).unwrap(), r#"["critical","high","medium","low"]"#);
    }

    #[test]
    fn a_credential_that_the_control_plane_no_longer_has() {
        let schedule = Schedule { rotate_every: Some(Span::Days(3650)), ..Schedule::default() };
        let target = adopted(credential("one", Some(0), Some(50 * DAY)));
        let seen = |alive: Option<&[&str]>, at: Time| Seen {
            alive: alive.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect()),
            at: Some(at),
            ..owned()
        };
        let gone = [(Code::Gone, Severity::Critical, "one")];
        assert_eq!(short(&of(&target, &schedule, &seen(Some(&[]), HOUR), HOUR)), gone);
        assert_eq!(short(&of(&target, &schedule, &seen(Some(&["one"]), HOUR), HOUR)), []);
        // Nothing is concluded from data that was not read, or from a list that may be older than the credential.
        assert_eq!(short(&of(&target, &schedule, &seen(None, HOUR), HOUR)), []);
        assert_eq!(short(&of(&target, &schedule, &seen(Some(&[]), MINUTE), HOUR)), []);
        // An expired credential is reported as expired.
        let expired = of(&target, &schedule, &seen(Some(&[]), 50 * DAY), 50 * DAY);
        assert!(expired.iter().all(|finding| finding.code != Code::Gone));
        let refused = Seen { error: Some("forbidden".to_owned()), ..owned() };
        let found = of(&target, &schedule, &refused, HOUR);
        assert_eq!(short(&found), [(Code::ControlPlaneUnreadable, Severity::Medium, "")]);
    }

    #[test]
    fn expiry_by_the_calendar_of_the_zone() {
        // At noon in Berlin, after the clocks were set forward on 2026-03-29.
        let expires = at("2026-04-10T12:00:00+02:00");
        let target = adopted(credential("one", Some(expires - 100 * DAY), Some(expires)));
        let schedule = Schedule {
            rotate_every: Some(Span::Days(3650)),
            rotate_before: None,
            zone: chrono_tz::Europe::Berlin,
            ..Schedule::default()
        };
        let table = [
            ("2026-03-11T11:59:59.999+01:00", None),
            ("2026-03-11T12:00:00+01:00", Some((Code::Expiring, Severity::Low, Some(30)))),
            ("2026-03-27T11:59:59.999+01:00", Some((Code::Expiring, Severity::Low, Some(30)))),
            ("2026-03-27T12:00:00+01:00", Some((Code::Expiring, Severity::Medium, Some(14)))),
            ("2026-04-03T11:59:59.999+02:00", Some((Code::Expiring, Severity::Medium, Some(14)))),
            ("2026-04-03T12:00:00+02:00", Some((Code::Expiring, Severity::High, Some(7)))),
            ("2026-04-09T11:59:59.999+02:00", Some((Code::Expiring, Severity::High, Some(7)))),
            ("2026-04-09T12:00:00+02:00", Some((Code::Expiring, Severity::Critical, Some(1)))),
            ("2026-04-10T11:59:59.999+02:00", Some((Code::Expiring, Severity::Critical, Some(1)))),
            ("2026-04-10T12:00:00+02:00", Some((Code::Expired, Severity::Critical, None))),
        ];
        for (now, expected) in table {
            let found = of(&target, &schedule, &owned(), at(now));
            let found = found.first().map(|finding| (finding.code, finding.severity, finding.number));
            assert_eq!(found, expected, "{now}");
        }
    }

    #[test]
    fn expiry_on_either_side_of_a_leap_day_and_a_year() {
        let utc = Schedule { rotate_every: Some(Span::Days(3650)), rotate_before: None, ..Schedule::default() };
        for (expires, first) in [
            ("2028-03-30T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("2027-03-30T00:00:00Z", "2027-02-28T00:00:00Z"),
            ("2027-01-15T08:00:00Z", "2026-12-16T08:00:00Z"),
        ] {
            let target = adopted(credential("one", Some(at(expires) - 90 * DAY), Some(at(expires))));
            assert_eq!(of(&target, &utc, &owned(), at(first) - 1), [], "{expires}");
            assert_eq!(of(&target, &utc, &owned(), at(first)).len(), 1, "{expires}");
        }
    }

    #[test]
    fn overdue_from_a_day_after_the_first_window() {
        let windows: Vec<Window> = serde_json::from_str(r#"[{"days":["sun"],"from":"02:00","to":"04:00"}]"#).unwrap();
        let schedule = Schedule { rotate_every: Some(Span::Days(60)), windows, ..Schedule::default() };
        // Sixty days later is Monday, 2026-03-02, and the Sunday after that is 2026-03-08.
        let created = at("2026-01-01T00:00:00Z");
        let mut target = adopted(credential("one", Some(created), None));
        let opens = at("2026-03-08T02:00:00Z");
        assert_eq!(of(&target, &schedule, &owned(), opens + DAY - 1), []);
        let found = of(&target, &schedule, &owned(), opens + DAY);
        assert_eq!(short(&found), [(Code::Overdue, Severity::Medium, "one")]);
        assert_eq!(found.first().unwrap().since, Some(opens));
        assert!(found.first().unwrap().message.contains("no rotation has begun"));
        // With a rotation that makes no progress the target stays overdue, until every sink holds the new credential.
        apply(&mut target, opens, [Event::Planned { rotation: 1, reason: Reason::Due }]);
        assert!(of(&target, &schedule, &owned(), opens + DAY).first().unwrap().message.contains("under way"));
        apply(
            &mut target,
            opens,
            [
                Event::Issuing { intent: 1, marker: "m".to_owned(), until: opens, sealed: false },
                Event::Issued { intent: 1, credential: credential("two", Some(opens), None), hold_until: opens },
                Event::Grace { until: opens + 2 * DAY },
            ],
        );
        assert_eq!(of(&target, &schedule, &owned(), opens + DAY), []);
        // An expiry is more severe, and does not wait for a window that comes too late.
        let expires = at("2026-03-06T00:00:00Z");
        let target = adopted(credential("one", Some(created), Some(expires)));
        let daily = Schedule { rotate_every: None, rotate_before: Some(Span::Days(3)), ..schedule };
        let found = of(&target, &daily, &owned(), expires - 2 * DAY);
        assert!(short(&found).contains(&(Code::Overdue, Severity::High, "one")));
    }

    #[test]
    fn age_and_use() {
        let schedule = Schedule { rotate_every: Some(Span::Days(3650)), ..Schedule::default() };
        let target = adopted(credential("one", Some(0), None));
        let seen = |used: Option<Option<Time>>| Seen {
            last_used_at: used.map(|used| ("one".to_owned(), used)).into_iter().collect(),
            ..owned()
        };
        let table = [
            (None, 100 * DAY, None),
            (None, 180 * DAY - 1, None),
            (None, 180 * DAY, Some(Code::Stale)),
            (Some(None), 7 * DAY - 1, None),
            (Some(None), 7 * DAY, Some(Code::NeverUsed)),
            (Some(Some(DAY)), 31 * DAY - 1, None),
            (Some(Some(DAY)), 31 * DAY, Some(Code::Idle)),
        ];
        for (used, now, code) in table {
            let found = of(&target, &schedule, &seen(used), now);
            assert_eq!(found.first().map(|finding| finding.code), code, "{used:?} {now}");
        }
    }

    #[test]
    fn living_credentials() {
        let schedule = Schedule::default();
        let alive = |ids: &[&str]| Seen { alive: Some(ids.iter().map(|id| (*id).to_owned()).collect()), ..owned() };
        let mut target = issued();
        assert_eq!(of(&target, &schedule, &alive(&["old", "new"]), 0), []);
        let found = of(&target, &schedule, &alive(&["old", "new", "other"]), 0);
        assert_eq!(
            short(&found),
            [(Code::Orphan, Severity::High, "other"), (Code::TooManyActive, Severity::Medium, "")]
        );
        assert_eq!(found.last().unwrap().number, Some(3));
        // A credential that has ended according to the journal, but is active.
        apply(
            &mut target,
            0,
            [Event::Grace { until: 0 }, Event::Retired { credential: "old".to_owned() }, Event::Done],
        );
        assert_eq!(of(&target, &schedule, &alive(&["new"]), 0), []);
        assert_eq!(short(&of(&target, &schedule, &alive(&["old", "new"]), 0)), [(Code::Orphan, Severity::High, "old")]);
        // After adoption of another credential the first one is an orphan, until it expires or disappears.
        let mut target = adopted(credential("first", Some(0), Some(100 * DAY)));
        apply(
            &mut target,
            0,
            [Event::Adopted { credential: credential("second", Some(0), None), source: String::new() }],
        );
        assert_eq!(short(&of(&target, &schedule, &owned(), 0)), [(Code::Orphan, Severity::Medium, "first")]);
        assert_eq!(of(&target, &schedule, &owned(), 100 * DAY), []);
        assert_eq!(of(&target, &schedule, &alive(&["second"]), 0), []);
    }

    #[test]
    fn a_window_of_doubt_is_reported_from_its_deadline() {
        let mut target = adopted(credential("old", Some(0), None));
        let seen = Seen { alive: Some(["old", "perhaps"].map(str::to_owned).into()), ..owned() };
        let marker = "keyturn:t:1.1".to_owned();
        apply(
            &mut target,
            5,
            [
                Event::Planned { rotation: 1, reason: Reason::Asked },
                Event::Issuing { intent: 1, marker: marker.clone(), until: MINUTE, sealed: false },
            ],
        );
        // A credential that the call may just have issued is not reported as an orphan.
        assert_eq!(of(&target, &Schedule::default(), &seen, MINUTE - 1), []);
        for _ in 0..2 {
            let found = of(&target, &Schedule::default(), &seen, MINUTE);
            assert_eq!(short(&found), [(Code::WindowOfDoubt, Severity::High, marker.as_str())]);
            assert_eq!(found.first().unwrap().since, Some(5));
            apply(&mut target, MINUTE, [Event::Unknown { intent: 1 }]);
        }
    }

    #[test]
    fn sinks() {
        let held = |sink: &str, client_id: Option<&str>| Seen {
            sinks: [(sink.to_owned(), Held { client_id: client_id.map(str::to_owned), error: None })].into(),
            consumers: vec!["pod".to_owned()],
            ..owned()
        };
        let found = |target: &Target, client_id: Option<&str>| {
            let found = of(target, &Schedule::default(), &held("env", client_id), 0);
            assert!(found.iter().all(|finding| finding.consumers == ["pod"] && finding.code == Code::SinkDiffers));
            found.first().map(|finding| finding.severity)
        };
        let (old, new, other) = (Some("client-old"), Some("client-new"), Some("client-other"));
        let settled = adopted(credential("old", Some(0), None));
        assert_eq!(
            [old, other, None].map(|id| found(&settled, id)),
            [None, Some(Severity::High), Some(Severity::Critical)]
        );
        // During a rotation, either credential; after the delivery, the new one.
        let mut target = issued();
        assert_eq!([old, new, other].map(|id| found(&target, id)), [None, None, Some(Severity::High)]);
        apply(&mut target, 0, [Event::Delivered { sink: "env".to_owned(), replaced: None }]);
        assert_eq!([old, new, other].map(|id| found(&target, id)), [Some(Severity::High), None, Some(Severity::High)]);
        // During a rollback, either credential.
        let mut back = target.clone();
        apply(&mut back, 0, [Event::RollingBack]);
        assert_eq!([old, new].map(|id| found(&back, id)), [None, None]);
        // After the rotation, the old credential is more severe than an unknown one.
        apply(
            &mut target,
            0,
            [Event::Grace { until: 0 }, Event::Retired { credential: "old".to_owned() }, Event::Done],
        );
        assert_eq!([old, new].map(|id| found(&target, id)), [Some(Severity::Critical), None]);
        // Nothing is expected for a target that never had a credential.
        assert_eq!(found(&Target::default(), None), None);
        let unreadable = Seen {
            sinks: [("env".to_owned(), Held { client_id: None, error: Some("forbidden".to_owned()) })].into(),
            ..owned()
        };
        let found = of(&settled, &Schedule::default(), &unreadable, 0);
        assert_eq!(short(&found), [(Code::SinkUnreadable, Severity::Medium, "env")]);
    }

    #[test]
    fn owner_and_policy() {
        let (target, limits) = (adopted(credential("one", Some(0), None)), Limits::default());
        let never = Schedule { rotate_before: None, ..Schedule::default() };
        for schedule in [None, Some(&never)] {
            let seen = Seen { owner: Some("  ".to_owned()), ..Seen::default() };
            let found = findings([Subject { name: "t", target: &target, schedule, limits: &limits, seen: &seen }], 0);
            assert_eq!(
                short(&found),
                [(Code::NoPolicy, Severity::Medium, ""), (Code::OwnerMissing, Severity::Low, "")]
            );
        }
        let mut forgotten = target;
        apply(&mut forgotten, 0, [Event::Forgotten]);
        assert_eq!(of(&forgotten, &never, &Seen::default(), 0), []);
    }

    #[test]
    fn observations_and_findings_as_json() {
        let seen: Seen = serde_json::from_str(
            r#"{"lastUsedAt":{"one":null,"two":5},"alive":["one"],"sinks":{"env":{"clientId":null,"version":"7"},"vault":{"error":"timeout"}},"owner":null,"consumers":["pod"]}"#,
        )
        .unwrap();
        assert_eq!(seen.last_used_at, BTreeMap::from([("one".to_owned(), None), ("two".to_owned(), Some(5))]));
        let target = adopted(credential("one", Some(0), None));
        let found = of(&target, &Schedule::default(), &seen, 0);
        assert_eq!(
            serde_json::to_string(&found).unwrap(),
            concat!(
                r#"[{"code":"sink-differs","severity":"critical","target":"t","credential":"one","about":"env","consumers":["pod"],"#,
                r#""message":"the sink env holds no credential"},"#,
                r#"{"code":"sink-unreadable","severity":"medium","target":"t","about":"vault","message":"the sink vault could not be read: timeout"},"#,
                r#"{"code":"owner-missing","severity":"low","target":"t","message":"nobody is named who answers for it"}]"#
            )
        );
    }

    proptest! {
        /// Nothing panics, the most severe comes first, and each target has the same findings as if it were alone.
        #[test]
        fn many_targets(
            rows in prop::collection::vec((any::<Option<i64>>(), any::<Option<i64>>(), any::<Option<i64>>()), 0..12),
            now in prop_oneof![any::<i64>(), 0_i64..4_000_000_000_000],
        ) {
            let (limits, schedule) = (Limits::default(), Schedule { rotate_every: Some(Span::Days(60)), ..Schedule::default() });
            let targets: Vec<_> = rows.iter().map(|(created, expires, used)| {
                let seen = Seen { last_used_at: BTreeMap::from([("one".to_owned(), *used)]), ..owned() };
                (adopted(credential("one", *created, *expires)), seen)
            }).collect();
            let subjects = targets.iter().map(|(target, seen)| {
                Subject { name: "t", target, schedule: Some(&schedule), limits: &limits, seen }
            });
            let found = findings(subjects.clone(), now);
            prop_assert!(found.is_sorted_by_key(|finding| finding.severity));
            let alone: usize = subjects.map(|subject| subject.findings(now).len()).sum();
            prop_assert_eq!(found.len(), alone);
        }
    }
}
