//! What is not as it should be: computed from the journal, the policies, and what was observed of control planes and sinks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    duration::Span,
    event::Time,
    schedule::{self, Schedule, Why},
    state::{Known, Role, Target},
};

/// What is found. Each is a stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The credential in use has expired.
    Expired,
    /// It expires within 30, 14, 7 or 1 days.
    Expiring,
    /// The policy has asked for a rotation, and it has not happened.
    Overdue,
    /// The credential in use is old, whatever the policy says.
    Stale,
    /// The credential in use was never used.
    NeverUsed,
    /// The credential in use has not been used for long.
    Idle,
    /// More credentials are alive than the policy allows.
    TooManyActive,
    /// A credential is alive that no consumer has: nobody has its secret, or the journal does not know it.
    Orphan,
    /// It is unknown whether a credential was issued.
    WindowOfDoubt,
    /// A sink does not hold the credential that it should.
    SinkDiffers,
    /// A sink could not be read.
    SinkUnreadable,
    /// Nobody is named who answers for the target.
    OwnerMissing,
    /// No policy says when to rotate.
    NoPolicy,
}

/// How bad it is, in the words of OCSF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something is out of order already.
    Critical,
    /// It will be soon, or a credential is out of control.
    High,
    /// It needs attention.
    Medium,
    /// It is untidy.
    Low,
}

/// From when on something counts as a finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// How many credentials may be alive at a time. A rotation needs two.
    pub max_active: usize,
    /// How long after the first opportunity a rotation is overdue.
    pub overdue_after: Span,
    /// The age at which a credential is stale.
    pub stale_after: Option<Span>,
    /// How long a credential may be known and never be used.
    pub unused_after: Option<Span>,
    /// How long a credential may go unused.
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

/// What was seen of a target, besides its journal. What was not looked at is left out, and nothing is concluded from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Seen {
    /// When each credential was last used, by its id; `null` if it never was.
    pub last_used_at: BTreeMap<String, Option<Time>>,
    /// The ids of all the credentials that are alive at the control plane, where it has such a list.
    pub alive: Option<BTreeSet<String>>,
    /// What each sink holds, by its name.
    pub sinks: BTreeMap<String, Held>,
    /// Who answers for the target.
    pub owner: Option<String>,
    /// What uses the credential.
    pub consumers: Vec<String>,
}

/// What a sink holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Held {
    /// The client id in it; `null` if it holds none.
    pub client_id: Option<String>,
    /// The code of the error, if it could not be read.
    pub error: Option<String>,
}

/// A target with all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name.
    pub name: &'a str,
    /// What its journal says.
    pub target: &'a Target,
    /// When it is to be rotated; `None` without a policy.
    pub schedule: Option<&'a Schedule>,
    /// From when on something counts.
    pub limits: &'a Limits,
    /// What was observed.
    pub seen: &'a Seen,
}

/// One thing that is not as it should be. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// The target.
    pub target: String,
    /// The id of the credential that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// What else it is about: a sink's name, a marker to look for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Since when it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// For what expires: within how many days, 30, 14, 7 or 1. For too many: how many are alive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// What uses the credential, where consumers are hurt by it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<String>,
    /// The finding in a sentence.
    pub message: String,
}

/// The days before an expiry at which it is reported, and how bad each is. The last that has come is the one.
const STEPS: [(u32, Severity); 4] =
    [(30, Severity::Low), (14, Severity::Medium), (7, Severity::High), (1, Severity::Critical)];

/// The findings of many targets: the worst first, and among equals in the order of the targets and of [`Code`]. Takes time linear in what
/// is given.
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
    /// The findings of this target, in the order of [`Code`]. One that is forgotten has none.
    #[must_use]
    pub fn findings(&self, now: Time) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.target.forgotten {
            return found;
        }
        if let Some(known) = schedule::in_use(self.target) {
            found.extend(self.expiry(known, now));
            found.extend(self.overdue(known, now));
            found.extend(self.stale(known, now));
            found.extend(self.unused(known, now));
        }
        self.count(now, &mut found);
        found.extend(self.doubt(now));
        self.sinks(&mut found);
        if self.seen.owner.as_ref().is_none_or(|owner| owner.trim().is_empty()) {
            found.push(self.finding(
                Code::OwnerMissing,
                Severity::Low,
                "nobody is named who answers for it".to_owned(),
            ));
        }
        if !self.schedule.is_some_and(|schedule| schedule.rotate_every.or(schedule.rotate_before).is_some()) {
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
        // It could not begin before the first window, unless the credential would have expired by then.
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
            // Known, not issued: whoever has adopted an old credential sees at once that nothing uses it.
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

    /// Too many that are alive, and those of them that nobody has.
    fn count(&self, now: Time, found: &mut Vec<Finding>) {
        let is_alive = |known: &&Known| {
            let listed = self.seen.alive.as_ref().is_none_or(|alive| alive.contains(&known.credential.id));
            known.role != Role::Ended && listed && known.credential.expires_at.is_none_or(|expires| now < expires)
        };
        let known = self.target.credentials.values().filter(is_alive);
        // What the journal calls ended and the control plane calls alive is out of control too.
        let stray = self
            .seen
            .alive
            .iter()
            .flatten()
            .filter(|id| self.target.credentials.get(*id).is_none_or(|known| known.role == Role::Ended));
        let active = known.clone().count() + stray.clone().count();
        if active > self.limits.max_active {
            let message = format!("{active} credentials are alive, and the policy allows {}", self.limits.max_active);
            found
                .push(Finding { number: Some(active), ..self.finding(Code::TooManyActive, Severity::Medium, message) });
        }
        // What is left over in a rotation may be in a sink: the rotation ends it.
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
        // Until its deadline, the call is only under way.
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
        // A target without a credential has nothing that a sink should hold.
        let current = target.current();
        if current.is_none() && rotation.is_none() {
            return;
        }
        // By client id, so that each sink costs one look.
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
                // On its way, a sink may hold the old one, the new one, or one in between whose secret was lost after it was written.
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
                    credential: target.current.clone(),
                    about: Some(sink.clone()),
                    consumers: self.seen.consumers.clone(),
                    ..self.finding(Code::SinkDiffers, severity, format!("the sink {sink} {what}"))
                });
            }
        }
        found.append(&mut unreadable);
    }
}
