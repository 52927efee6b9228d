//! Selects which of many due targets begin now, according to groups that rotate together, caps, and rests after
//! failures.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    duration::Span,
    event::{Entry, Event, Time},
    schedule::{self, Due, Schedule, Why},
    state::{Phase, Target},
};

/// The limits on simultaneous rotations. A rotation counts until every sink holds the new credential: during the grace
/// period, only the end of the old credential is left. A rotation that waits for a person counts, so that a fault that
/// affects every rotation stops at the cap.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Caps {
    /// The limit for all targets.
    pub at_a_time: usize,
    /// The limit for each provider, by its name.
    pub per_provider: BTreeMap<String, usize>,
    /// The time for which a target rests after its rotation failed; it doubles with each consecutive failure.
    pub rest: Span,
    /// The longest rest.
    pub longest_rest: Span,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            at_a_time: 10,
            per_provider: BTreeMap::new(),
            rest: Span::Exact(15 * crate::policy::MINUTE),
            longest_rest: Span::Days(1),
        }
    }
}

impl Caps {
    /// Returns the time until which a target rests.
    #[must_use]
    pub fn rests_until(&self, failures: Failures) -> Time {
        if failures.count == 0 {
            return Time::MIN;
        }
        let doubled = self.rest.millis().saturating_mul(1 << (failures.count - 1).min(40));
        failures.at.saturating_add(doubled.min(self.longest_rest.millis()))
    }
}

/// The number of failed rotations of a target since the last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failures {
    /// The number of failures.
    pub count: u32,
    /// The time of the last failure.
    pub at: Time,
}

impl Failures {
    /// Applies one event of the target. A rotation counts as failed once it is undone.
    pub fn apply(&mut self, entry: &Entry) {
        match entry.event {
            Event::RolledBack => *self = Self { count: self.count.saturating_add(1), at: entry.at },
            // A credential that somebody adopted is a new beginning.
            Event::Done | Event::Adopted { .. } => *self = Self::default(),
            _ => {}
        }
    }
}

/// The properties of a target that determine its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its name.
    pub name: &'a str,
    /// The provider whose cap applies.
    pub provider: &'a str,
    /// The group that it rotates with.
    pub group: Option<&'a str>,
    /// The time at which it is due.
    pub due: Option<Due>,
    /// The beginning of the rotation in progress.
    pub moving_since: Option<Time>,
    /// Whether that rotation counts against the caps.
    pub counts: bool,
    /// The time of its last change: its credential began, or its last rotation ended. `None` if it cannot be rotated by
    /// itself, because it is forgotten or has no credential.
    pub changed_at: Option<Time>,
    /// The failures of its rotations.
    pub failures: Failures,
}

impl<'a> Candidate<'a> {
    /// Creates a candidate from a target. Without a schedule, it is never due but still rotates with its group.
    #[must_use]
    pub fn new(name: &'a str, provider: &'a str, target: &Target, schedule: Option<&Schedule>, now: Time) -> Self {
        let rotation = target.rotation.as_ref();
        let ended = target.last.map_or(Time::MIN, |(_, at)| at);
        Self {
            name,
            provider,
            group: None,
            due: schedule.and_then(|schedule| schedule.next_due(target, now)),
            moving_since: rotation.map(|rotation| rotation.since),
            counts: rotation.is_some_and(|rotation| !matches!(rotation.phase, Phase::Grace { .. })),
            changed_at: target.current().filter(|_| !target.forgotten).map(|known| schedule::begun(known).max(ended)),
            failures: Failures::default(),
        }
    }

    /// Returns the candidate as a member of a group.
    #[must_use]
    pub fn in_group(self, group: Option<&'a str>) -> Self {
        Self { group, ..self }
    }

    /// Returns the candidate with these failures.
    #[must_use]
    pub fn after(self, failures: Failures) -> Self {
        Self { failures, ..self }
    }
}

/// The result of a selection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// The targets to begin with now, the most urgent first.
    pub begin: Vec<String>,
    /// The targets that only wait for the caps, the most urgent first.
    pub waiting: Vec<String>,
    /// The earliest time at which another target could begin; `None` if none will without a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Time>,
}

/// Targets that begin together or not at all. They are ordered by urgency: expiries before ages, the earliest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Unit<'a> {
    why: Why,
    at: Time,
    names: Vec<(&'a str, &'a str)>,
}

/// Selects the targets whose rotation is to begin now.
/// A group begins as a whole once one of its members is due, but not before all of its members have rested. While some
/// members rotate, an idle one begins in two cases only: it has not changed since the others began, which means that
/// the worker that was to begin all of them died; or its credential expires, which does not wait for others.
/// The most urgent target goes first, and one that does not fit under a cap keeps its place: nothing less urgent
/// overtakes it there. A group that is larger than a cap begins when nothing else counts against that cap.
/// Workers that select at the same moment make the same selection. If their views differ, they may exceed a cap between
/// them; each rotation still begins only once, because of the journal.
#[must_use]
pub fn select(candidates: &[Candidate<'_>], caps: &Caps, now: Time) -> Turn {
    let mut turn = Turn::default();
    let mut units = Vec::new();
    for members in grouped(candidates) {
        match unit(&members, caps, now) {
            Ok(Some(unit)) => units.push(unit),
            Ok(None) => {}
            Err(later) => turn.wake_at = Some(turn.wake_at.map_or(later, |at| at.min(later))),
        }
    }
    units.sort();

    let mut all = candidates.iter().filter(|candidate| candidate.counts).count();
    let mut used = count(candidates.iter().filter(|candidate| candidate.counts).map(|candidate| candidate.provider));
    let mut closed = BTreeSet::new();
    let mut full = false;
    for unit in &units {
        let wanted = count(unit.names.iter().map(|(_, provider)| *provider));
        let fits = |used: usize, more: usize, cap: usize| used.saturating_add(more) <= cap || (used == 0 && cap > 0);
        full = full || !fits(all, unit.names.len(), caps.at_a_time);
        let held = wanted.iter().any(|(provider, more)| {
            let cap = caps.per_provider.get(*provider).copied().unwrap_or(usize::MAX);
            closed.contains(provider) || !fits(used.get(provider).copied().unwrap_or(0), *more, cap)
        });
        let names = unit.names.iter().map(|(name, _)| (*name).to_owned());
        if full || held {
            closed.extend(wanted.keys().copied());
            turn.waiting.extend(names);
            continue;
        }
        all += unit.names.len();
        for (provider, more) in wanted {
            *used.entry(provider).or_default() += more;
        }
        turn.begin.extend(names);
    }
    turn
}

fn count<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// Returns the members of each group. A target without one is its own group.
fn grouped<'a, 'b>(candidates: &'b [Candidate<'a>]) -> Vec<Vec<&'b Candidate<'a>>> {
    let mut groups: BTreeMap<&str, Vec<&Candidate<'_>>> = BTreeMap::new();
    let mut found = Vec::new();
    for candidate in candidates {
        match candidate.group {
            Some(group) => groups.entry(group).or_default().push(candidate),
            None => found.push(vec![candidate]),
        }
    }
    found.extend(groups.into_values());
    found
}

/// Returns the part of a group that begins now, if any. The error is the time before which nothing begins.
fn unit<'a>(members: &[&Candidate<'a>], caps: &Caps, now: Time) -> Result<Option<Unit<'a>>, Time> {
    let moving_since = members.iter().filter_map(|member| member.moving_since).min();
    let idle = |member: &&&Candidate<'a>| member.moving_since.is_none() && member.changed_at.is_some();
    // The most urgent due member determines the urgency of the group.
    let dues = members.iter().filter_map(|member| member.due);
    let urgency = dues.clone().filter(|due| due.at <= now).map(|due| urgency(&due)).min();
    let (ready, beginning): (_, Vec<_>) = match moving_since {
        Some(since) => {
            let late = |member: &&&Candidate<'a>| member.changed_at < Some(since) || expires(member, now);
            (now, members.iter().filter(|member| idle(member) && late(member)).collect())
        }
        None => {
            let Some(first) = dues.map(|due| due.at).min() else { return Ok(None) };
            (first, members.iter().filter(idle).collect())
        }
    };
    if beginning.is_empty() {
        return Ok(None);
    }
    let rested = beginning.iter().map(|member| caps.rests_until(member.failures)).max().unwrap_or(Time::MIN);
    let ready = ready.max(rested);
    if ready > now {
        return Err(ready);
    }
    let mut names: Vec<_> = beginning.iter().map(|member| (member.name, member.provider)).collect();
    names.sort_unstable();
    let (why, at) = urgency.unwrap_or((Why::Age, moving_since.unwrap_or(ready)));
    Ok(Some(Unit { why, at, names }))
}

fn urgency(due: &Due) -> (Why, Time) {
    match due.why {
        Why::Expiry => (Why::Expiry, due.expires_at.unwrap_or(due.since)),
        Why::Age => (Why::Age, due.since),
    }
}

/// Returns whether a target is due because its credential expires.
fn expires(candidate: &Candidate<'_>, now: Time) -> bool {
    candidate.due.is_some_and(|due| due.why == Why::Expiry && due.at <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn due(since: Time, why: Why) -> Option<Due> {
        let expires_at = (why == Why::Expiry).then_some(since + 100);
        Some(Due { since, at: since, why, in_window: true, expires_at })
    }

    fn candidate<'a>(name: &'a str, due: Option<Due>) -> Candidate<'a> {
        Candidate {
            name,
            provider: "c1",
            group: None,
            due,
            moving_since: None,
            counts: false,
            changed_at: Some(0),
            failures: Failures::default(),
        }
    }

    fn moving<'a>(name: &'a str, since: Time, counts: bool) -> Candidate<'a> {
        Candidate { moving_since: Some(since), counts, ..candidate(name, None) }
    }

    fn caps(at_a_time: usize) -> Caps {
        Caps { at_a_time, rest: Span::Exact(10), longest_rest: Span::Exact(100), ..Caps::default() }
    }

    #[test]
    fn the_most_urgent_first() {
        let all = [
            candidate("old", due(5, Why::Age)),
            candidate("expires later", due(9, Why::Expiry)),
            candidate("later", due(2000, Why::Age)),
            candidate("older", due(2, Why::Age)),
            candidate("expires", due(7, Why::Expiry)),
            candidate("never", None),
        ];
        let turn = select(&all, &caps(3), 1000);
        assert_eq!(turn.begin, ["expires", "expires later", "older"]);
        assert_eq!(turn.waiting, ["old"]);
        assert_eq!(turn.wake_at, Some(2000));
    }

    #[test]
    fn caps_count_rotations_before_their_grace_period() {
        let all = [
            moving("a", 1, true),
            moving("b", 1, false),
            candidate("c", due(5, Why::Age)),
            candidate("d", due(6, Why::Age)),
        ];
        assert_eq!(select(&all, &caps(2), 10).begin, ["c"]);
        assert_eq!(select(&all, &caps(1), 10).waiting, ["c", "d"]);
        assert_eq!(select(&all, &caps(0), 10).begin, [""; 0]);
    }

    #[test]
    fn a_providers_cap_affects_only_that_provider() {
        let all = [
            candidate("a", due(1, Why::Age)),
            candidate("b", due(2, Why::Age)),
            Candidate { provider: "cl", ..candidate("c", due(3, Why::Age)) },
        ];
        let caps = Caps { per_provider: BTreeMap::from([("c1".to_owned(), 1)]), ..caps(9) };
        let turn = select(&all, &caps, 10);
        assert_eq!(turn.begin, ["a", "c"]);
        assert_eq!(turn.waiting, ["b"]);
    }

    #[test]
    fn a_group_begins_as_a_whole_and_nothing_overtakes_it() {
        let group = Some("g");
        let all = [
            moving("running", 1, true),
            candidate("a", None).in_group(group),
            candidate("b", due(1, Why::Age)).in_group(group),
            candidate("c", due(5, Why::Age)),
        ];
        assert_eq!(select(&all, &caps(3), 10).begin, ["a", "b"]);
        let held = select(&all, &caps(2), 10);
        assert_eq!(held.begin, [""; 0]);
        assert_eq!(held.waiting, ["a", "b", "c"]);
        // The overall cap also holds back a target of another provider; the cap of one provider does not.
        let elsewhere = Candidate { provider: "cl", ..candidate("elsewhere", due(6, Why::Age)) };
        let more: Vec<_> = all.iter().cloned().chain([elsewhere]).collect();
        assert_eq!(select(&more, &caps(2), 10).waiting, ["a", "b", "c", "elsewhere"]);
        let of_c1 = Caps { per_provider: BTreeMap::from([("c1".to_owned(), 2)]), ..caps(9) };
        let held = select(&more, &of_c1, 10);
        assert_eq!(
            (held.begin, held.waiting),
            (vec!["elsewhere".to_owned()], ["a", "b", "c"].map(str::to_owned).into())
        );
        // A group that is larger than the cap begins alone.
        let alone = all.get(1..).unwrap_or_default();
        assert_eq!(select(alone, &caps(1), 10).begin, ["a", "b"]);
    }

    #[test]
    fn members_that_were_left_behind_follow() {
        let group = Some("g");
        let late = candidate("late", None).in_group(group);
        let moved = Candidate { changed_at: Some(7), ..candidate("moved", due(6, Why::Age)) }.in_group(group);
        let all = [moving("first", 5, true).in_group(group), late, moved];
        assert_eq!(select(&all, &caps(9), 10).begin, ["late"]);
        let at_once = Candidate { changed_at: Some(5), ..candidate("at once", None) }.in_group(group);
        assert_eq!(select(&[moving("first", 5, true).in_group(group), at_once], &caps(9), 10), Turn::default());
        // A member that was rotated waits for the others, unless it expires.
        let expiring = Candidate { changed_at: Some(7), ..candidate("expiring", due(6, Why::Expiry)) }.in_group(group);
        assert_eq!(select(&[moving("first", 5, true).in_group(group), expiring], &caps(9), 10).begin, ["expiring"]);
        // Members without a credential and forgotten ones stay idle.
        let none = Candidate { changed_at: None, ..candidate("none", None) }.in_group(group);
        assert_eq!(select(&[moving("first", 5, true).in_group(group), none], &caps(9), 10), Turn::default());
    }

    #[test]
    fn rests_double_with_each_failure() {
        let rests = |count| caps(1).rests_until(Failures { count, at: 1000 });
        assert_eq!([1, 2, 3, 4, 5, 99, u32::MAX].map(rests), [1010, 1020, 1040, 1080, 1100, 1100, 1100]);
        assert_eq!(rests(0), Time::MIN);
        let tired = candidate("tired", due(1, Why::Age)).after(Failures { count: 1, at: 1000 });
        assert_eq!(select(std::slice::from_ref(&tired), &caps(1), 1009).wake_at, Some(1010));
        assert_eq!(select(std::slice::from_ref(&tired), &caps(1), 1010).begin, ["tired"]);
        // The group waits for it.
        let pair = [tired.in_group(Some("g")), candidate("fresh", due(1, Why::Age)).in_group(Some("g"))];
        assert_eq!(select(&pair, &caps(9), 1009), Turn { wake_at: Some(1010), ..Turn::default() });
    }

    #[test]
    fn consecutive_failures_are_counted() {
        let mut failures = Failures::default();
        for (at, event) in [(1, Event::RolledBack), (2, Event::Approved), (3, Event::RolledBack)] {
            failures.apply(&Entry { at, by: "a".into(), event });
        }
        assert_eq!(failures, Failures { count: 2, at: 3 });
        failures.apply(&Entry { at: 4, by: "a".into(), event: Event::Done });
        assert_eq!(failures, Failures::default());
    }

    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

    prop_compose! {
        fn any_candidate(name: &'static str)(
            at in 0_i64..100,
            expiry: bool,
            is_due: bool,
            group in prop::option::of(0_usize..3),
            provider in 0_usize..2,
            moving in prop::option::of(0_i64..50),
            counts: bool,
            changed in 0_i64..50,
            failures in 0_u32..3,
        ) -> Candidate<'static> {
            let why = if expiry { Why::Expiry } else { Why::Age };
            Candidate {
                name,
                provider: if provider == 0 { "c1" } else { "cl" },
                group: group.and_then(|group| ["x", "y", "z"].get(group).copied()),
                due: if is_due && moving.is_none() { due(at, why) } else { None },
                moving_since: moving,
                counts: counts && moving.is_some(),
                changed_at: Some(changed),
                failures: Failures { count: failures, at: changed },
            }
        }
    }

    fn any_candidates() -> impl Strategy<Value = Vec<Candidate<'static>>> {
        Vec::from(NAMES.map(any_candidate)).prop_shuffle()
    }

    proptest! {
        #[test]
        fn selections_are_valid(all in any_candidates(), at_a_time in 1_usize..6, of_c1 in 1_usize..4, now in 0_i64..150) {
            let caps = Caps { per_provider: BTreeMap::from([("c1".to_owned(), of_c1)]), ..caps(at_a_time) };
            let turn = select(&all, &caps, now);
            let begins = |candidate: &&Candidate<'_>| turn.begin.iter().any(|name| name == candidate.name);
            // The order of the candidates is irrelevant.
            let mut sorted = all.clone();
            sorted.sort_by_key(|candidate| candidate.name);
            prop_assert_eq!(&select(&sorted, &caps, now), &turn);
            // No target begins twice, while it rotates, or before it has rested.
            let named: BTreeSet<_> = turn.begin.iter().chain(&turn.waiting).collect();
            prop_assert_eq!(named.len(), turn.begin.len() + turn.waiting.len());
            for candidate in all.iter().filter(begins) {
                prop_assert!(candidate.moving_since.is_none() && caps.rests_until(candidate.failures) <= now);
                if candidate.group.is_none() {
                    prop_assert!(candidate.due.is_some_and(|due| due.at <= now));
                }
            }
            // The caps hold, except for a group that is alone.
            let running = all.iter().filter(|candidate| candidate.counts).count();
            let grouped = all.iter().any(|candidate| candidate.group.is_some());
            prop_assert!(turn.begin.is_empty() || running + turn.begin.len() <= at_a_time || grouped);
            // A group rotates as a whole.
            for group in ["x", "y", "z"] {
                let members = all.iter().filter(|candidate| candidate.group == Some(group));
                let idle: Vec<_> = members.clone().filter(|member| member.moving_since.is_none()).collect();
                if members.count() == idle.len() && idle.iter().any(&begins) {
                    prop_assert!(idle.iter().all(&begins));
                }
            }
            // Everything that can begin does so once nothing else counts.
            if turn.begin.is_empty() && running == 0 {
                prop_assert!(turn.waiting.is_empty());
            }
        }
    }
}
