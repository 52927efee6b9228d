//! Determines when a target is due, and in which hours a rotation may begin.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    calendar,
    duration::{self, Span},
    event::Time,
    state::{Known, Phase, Target},
};

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

/// A time of day, in minutes from midnight up to 24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Clock(u16);

impl Clock {
    const MIDNIGHT: Self = Self(0);
    const END: Self = Self(24 * 60);
}

/// The error for a text that is not a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockError;

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time of day is written as \"HH:MM\", from \"00:00\" to \"24:00\"")
    }
}

impl std::error::Error for ClockError {}

impl FromStr for Clock {
    type Err = ClockError;

    fn from_str(text: &str) -> Result<Self, ClockError> {
        let two = |digits: &str| {
            let fits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if fits { digits.parse::<u16>().map_err(|_| ClockError) } else { Err(ClockError) }
        };
        let (hour, minute) = text.split_once(':').ok_or(ClockError)?;
        let (hour, minute) = (two(hour)?, two(minute)?);
        let clock = Self(hour * 60 + minute);
        if minute < 60 && clock <= Self::END { Ok(clock) } else { Err(ClockError) }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        duration::parsed(deserializer, &ClockError)
    }
}

/// Hours in which rotations may begin, in the local time of the schedule's zone. A window opens when the clock first
/// shows `from` or a later time, and closes when it first shows `to` or a later time. If `to` is not after `from`, it
/// closes on the next day. A window wholly within an hour that the clocks skip does not open on that day.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "WindowText")]
pub struct Window {
    days: BTreeSet<Day>,
    from: Clock,
    to: Clock,
}

/// The written form of a window: `{ "days": ["sat", "sun"], "from": "22:00", "to": "04:00" }`. Without days it opens on
/// each day, and without times it lasts for the whole day.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WindowText {
    days: Option<BTreeSet<Day>>,
    from: Option<Clock>,
    to: Option<Clock>,
}

/// The reason why something is not a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowError {
    /// The set of days is empty.
    NoDays,
    /// The window ends at the time at which it begins.
    Empty,
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDays => "a window needs a day: leave days out for each day of the week",
            Self::Empty => {
                "a window must not end at the time at which it begins: a whole day is from \"00:00\" to \"24:00\", and \"24:00\" cannot be a beginning"
            }
        })
    }
}

impl std::error::Error for WindowError {}

impl TryFrom<WindowText> for Window {
    type Error = WindowError;

    fn try_from(text: WindowText) -> Result<Self, WindowError> {
        use Day::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        let days = text.days.unwrap_or_else(|| BTreeSet::from([Mon, Tue, Wed, Thu, Fri, Sat, Sun]));
        Self::new(days, text.from.unwrap_or(Clock::MIDNIGHT), text.to.unwrap_or(Clock::END))
    }
}

impl Window {
    /// Creates a window that opens on these days.
    ///
    /// # Errors
    /// Fails if there are no days, or if the two times are equal.
    pub fn new(days: BTreeSet<Day>, from: Clock, to: Clock) -> Result<Self, WindowError> {
        if days.is_empty() {
            return Err(WindowError::NoDays);
        }
        if from == to || from == Clock::END {
            return Err(WindowError::Empty);
        }
        Ok(Self { days, from, to })
    }

    /// Returns when the window that begins on this date opens and closes, if it does.
    fn on(&self, date: NaiveDate, zone: Tz) -> Option<(Time, Time)> {
        if !self.days.contains(&date.weekday().into()) {
            return None;
        }
        let end = if self.to > self.from { date } else { date.succ_opt()? };
        let shown = |date: NaiveDate, clock: Clock| {
            date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(clock.0.into()))
        };
        let opens = calendar::moment(shown(date, self.from)?, zone)?;
        let closes = calendar::moment(shown(end, self.to)?, zone)?;
        (opens < closes).then_some((opens, closes))
    }
}

/// The reason why a rotation is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The credential expires.
    Expiry,
    /// The credential is as old as the policy allows.
    Age,
}

/// The time at which a rotation is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    /// The time since which the policy requires it.
    pub since: Time,
    /// The time at which it may begin: in a window, and not in the past.
    pub at: Time,
    /// The reason.
    pub why: Why,
    /// False if no window is left before the credential expires, so that the rotation begins outside of one.
    pub in_window: bool,
    /// The time at which the credential expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
}

/// The times at which to rotate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// The age at which a credential is replaced.
    pub rotate_every: Option<Span>,
    /// The time before its expiry at which a credential is replaced.
    pub rotate_before: Option<Span>,
    /// The hours in which rotations may begin; at any time if it is empty.
    pub windows: Vec<Window>,
    /// The time zone of days and hours.
    pub zone: Tz,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { rotate_every: None, rotate_before: Some(Span::Days(14)), windows: Vec::new(), zone: Tz::UTC }
    }
}

/// Returns when a credential began, as far as that is known: when it was issued, or else when the journal first named
/// it.
#[must_use]
pub fn begun(known: &Known) -> Time {
    known.credential.created_at.unwrap_or(known.since)
}

/// Returns the credential that consumers use according to the journal: the new one from the moment at which every sink
/// holds it.
#[must_use]
pub fn in_use(target: &Target) -> Option<&Known> {
    match target.rotation.as_ref() {
        Some(rotation) if !rotation.rolling_back => match &rotation.phase {
            Phase::Grace { credential, .. } => target.credentials.get(credential),
            _ => target.current(),
        },
        _ => target.current(),
    }
}

impl Schedule {
    /// Returns since when, and why, the policy requires a replacement of the credential; `None` if it never does.
    /// A credential is not replaced for its expiry in the first half of its life: if credentials expire sooner than
    /// `rotate_before`, each would otherwise be due as soon as it is issued.
    #[must_use]
    pub fn wanted(&self, known: &Known) -> Option<(Time, Why)> {
        let begun = begun(known);
        let age = self.rotate_every.map(|every| (every.after(begun, self.zone), Why::Age));
        let expiry = self.rotate_before.zip(known.credential.expires_at).map(|(before, expires)| {
            let half = begun.saturating_add(expires.saturating_sub(begun).max(0) / 2);
            (before.before(expires, self.zone).max(half.min(expires)), Why::Expiry)
        });
        age.into_iter().chain(expiry).min()
    }

    /// Returns the earliest moment, at or after this one, at which a rotation may begin. A moment outside of the
    /// calendar is returned unchanged.
    #[must_use]
    pub fn opening(&self, at: Time) -> Time {
        let Some(date) = calendar::local(at, self.zone).map(|shown| shown.date()) else { return at };
        // A window may have opened yesterday (or two dates ago, if a zone skipped a day), and one that opens once a
        // week may be skipped once.
        let Some(first) = date.checked_sub_days(Days::new(2)) else { return at };
        let dates = first.iter_days().take(2 + 15);
        let openings = dates.flat_map(|date| self.windows.iter().filter_map(move |window| window.on(date, self.zone)));
        openings.filter(|(_, closes)| at < *closes).map(|(opens, _)| opens.max(at)).min().unwrap_or(at)
    }

    /// Returns when a rotation of this target is due; `None` if the policy does not require one, the target has no
    /// credential or is forgotten, or a rotation is in progress.
    #[must_use]
    pub fn next_due(&self, target: &Target, now: Time) -> Option<Due> {
        if target.rotation.is_some() || target.forgotten {
            return None;
        }
        let known = target.current()?;
        let (since, why) = self.wanted(known)?;
        let earliest = since.max(now);
        let at = self.opening(earliest);
        let expires_at = known.credential.expires_at;
        // An outage is worse than a rotation outside of the windows.
        let in_window = at == earliest || expires_at.is_none_or(|expires| at < expires);
        Some(Due { since, at: if in_window { at } else { earliest }, why, in_window, expires_at })
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::{
        calendar::tests::at,
        event::{Credential, Entry, Event, Reason},
        policy::DAY,
    };
    use chrono::Timelike;
    use proptest::prelude::*;

    fn windows(text: &str) -> Vec<Window> {
        serde_json::from_str(text).unwrap()
    }

    fn schedule(zone: &str, text: &str) -> Schedule {
        Schedule { windows: windows(text), zone: zone.parse().unwrap(), ..Schedule::default() }
    }

    pub(crate) fn target(created: Option<Time>, adopted: Time, expires: Option<Time>) -> Target {
        let credential =
            Credential { id: "one".into(), client_id: "client-one".into(), created_at: created, expires_at: expires };
        Target::fold([&Entry {
            at: adopted,
            by: "person".into(),
            event: Event::Adopted { credential, source: "test".into() },
        }])
    }

    #[test]
    fn openings() {
        let nights = r#"[{"days":["sat","sun"],"from":"22:00","to":"04:00"}]"#;
        let table = [
            // 2026-03-27 is a Friday.
            ("UTC", nights, "2026-03-27T12:00:00Z", "2026-03-28T22:00:00Z"),
            ("UTC", nights, "2026-03-28T22:00:00Z", "2026-03-28T22:00:00Z"),
            ("UTC", nights, "2026-03-28T21:59:59.999Z", "2026-03-28T22:00:00Z"),
            // Past midnight: early on Monday, Sunday's window is still open.
            ("UTC", nights, "2026-03-30T03:59:59.999Z", "2026-03-30T03:59:59.999Z"),
            ("UTC", nights, "2026-03-30T04:00:00Z", "2026-04-04T22:00:00Z"),
            // A window that loses an hour closes at its usual local time.
            ("Europe/Berlin", nights, "2026-03-29T03:59:59+02:00", "2026-03-29T03:59:59+02:00"),
            ("Europe/Berlin", nights, "2026-03-29T04:00:00+02:00", "2026-03-29T22:00:00+02:00"),
            // A window that gains an hour.
            ("Europe/Berlin", nights, "2026-10-25T03:59:59+01:00", "2026-10-25T03:59:59+01:00"),
            // A window that begins in the skipped hour.
            ("Europe/Berlin", r#"[{"from":"02:30","to":"05:00"}]"#, "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"),
            // A window that is skipped as a whole, once also on the only day of the week.
            ("Europe/Berlin", r#"[{"from":"02:15","to":"02:45"}]"#, "2026-03-29T00:00:00Z", "2026-03-30T00:15:00Z"),
            (
                "Europe/Berlin",
                r#"[{"days":["sun"],"from":"02:15","to":"02:45"}]"#,
                "2026-03-23T00:00:00Z",
                "2026-04-05T00:15:00Z",
            ),
            // A window in the hour that occurs twice opens once.
            ("America/New_York", r#"[{"from":"01:15","to":"01:45"}]"#, "2026-11-01T05:00:00Z", "2026-11-01T05:15:00Z"),
            ("America/New_York", r#"[{"from":"01:15","to":"01:45"}]"#, "2026-11-01T06:15:00Z", "2026-11-02T06:15:00Z"),
            // Clocks that are set by half an hour, and an offset that includes three quarters of an hour.
            ("Australia/Lord_Howe", r#"[{"from":"02:10"}]"#, "2026-10-03T15:00:00Z", "2026-10-03T15:30:00Z"),
            (
                "Australia/Lord_Howe",
                r#"[{"from":"01:30","to":"02:00"}]"#,
                "2026-04-04T14:59:00Z",
                "2026-04-04T14:59:00Z",
            ),
            (
                "Australia/Lord_Howe",
                r#"[{"from":"01:30","to":"02:00"}]"#,
                "2026-04-04T15:30:00Z",
                "2026-04-05T15:00:00Z",
            ),
            ("Asia/Kathmandu", r#"[{"from":"00:00","to":"01:00"}]"#, "2026-06-01T00:00:00Z", "2026-06-01T18:15:00Z"),
            // Leap days, and the end of a year, which is a Thursday.
            ("UTC", r#"[{"days":["tue"]}]"#, "2028-02-28T12:00:00Z", "2028-02-29T00:00:00Z"),
            ("UTC", r#"[{"days":["fri"],"to":"06:00"}]"#, "2026-12-31T23:00:00Z", "2027-01-01T00:00:00Z"),
            (
                "UTC",
                r#"[{"days":["thu"],"from":"23:00","to":"01:00"}]"#,
                "2027-01-01T00:30:00Z",
                "2027-01-01T00:30:00Z",
            ),
            // Two windows that overlap, and no windows.
            (
                "UTC",
                r#"[{"from":"10:00","to":"12:00"},{"from":"08:00","to":"11:00"}]"#,
                "2026-06-01T07:00:00Z",
                "2026-06-01T08:00:00Z",
            ),
            ("UTC", "[]", "2026-06-01T07:00:00Z", "2026-06-01T07:00:00Z"),
            // A Friday that a country skipped.
            ("Pacific/Apia", r#"[{"days":["fri"]}]"#, "2011-12-29T12:00:00-10:00", "2012-01-06T00:00:00+14:00"),
        ];
        for (zone, text, from, expected) in table {
            assert_eq!(schedule(zone, text).opening(at(from)), at(expected), "{zone} {text} {from}");
        }
    }

    #[test]
    fn windows_as_text() {
        for (text, part) in [
            (r#"[{"days":[]}]"#, "needs a day"),
            (r#"[{"from":"10:00","to":"10:00"}]"#, "must not end"),
            (r#"[{"from":"24:00","to":"10:00"}]"#, "cannot be a beginning"),
            (r#"[{"from":"9:00"}]"#, "HH:MM"),
            (r#"[{"from":"24:01"}]"#, "HH:MM"),
            (r#"[{"from":"10:60"}]"#, "HH:MM"),
            (r#"[{"from":9}]"#, "HH:MM"),
            (r#"[{"days":["sunday"]}]"#, "`sun`"),
            (r#"[{"until":"10:00"}]"#, "`to`"),
        ] {
            let refused = serde_json::from_str::<Vec<Window>>(text).unwrap_err().to_string();
            assert!(refused.contains(part), "{text}: {refused}");
        }
        let text = r#"[{"days":["mon","sun"],"from":"22:00","to":"24:00"}]"#;
        assert_eq!(serde_json::to_string(&windows(text)).unwrap(), text);
    }

    #[test]
    fn due_by_age_and_by_expiry() {
        let (every, before) = (Some(Span::Days(60)), Some(Span::Days(14)));
        let created = at("2026-01-01T00:00:00Z");
        let utc = |rotate_every, rotate_before| Schedule { rotate_every, rotate_before, ..Schedule::default() };
        let expires = Some(at("2026-04-01T00:00:00Z"));
        let table = [
            (utc(None, None), expires, None),
            (utc(None, before), None, None),
            (utc(every, before), None, Some(("2026-03-02T00:00:00Z", Why::Age))),
            (utc(every, before), expires, Some(("2026-03-02T00:00:00Z", Why::Age))),
            (utc(None, before), expires, Some(("2026-03-18T00:00:00Z", Why::Expiry))),
            // The credential lives for ten days, and is not replaced in the first half.
            (utc(None, before), Some(at("2026-01-11T00:00:00Z")), Some(("2026-01-06T00:00:00Z", Why::Expiry))),
        ];
        for (schedule, expires, expected) in table {
            let due = schedule.next_due(&target(Some(created), created + DAY, expires), created);
            assert_eq!(due.map(|due| (due.since, due.why)), expected.map(|(since, why)| (at(since), why)));
        }
        // A credential of unknown age counts from when it became known.
        let due = utc(every, None).next_due(&target(None, created + DAY, None), created).unwrap();
        assert_eq!(due.since, at("2026-03-03T00:00:00Z"));
    }

    #[test]
    fn a_due_rotation_waits_for_its_window_unless_the_credential_expires() {
        let weekly = schedule("UTC", r#"[{"days":["sun"],"from":"02:00","to":"04:00"}]"#);
        let created = at("2026-01-01T00:00:00Z");
        // 2026-03-18, fourteen days before, is a Wednesday, and so is 2026-04-01.
        let target = target(Some(created), created, Some(at("2026-04-01T00:00:00Z")));
        let table = [
            ("2026-03-01T00:00:00Z", "2026-03-22T02:00:00Z", true),
            ("2026-03-22T03:00:00Z", "2026-03-22T03:00:00Z", true),
            ("2026-03-22T04:00:00Z", "2026-03-29T02:00:00Z", true),
            ("2026-03-29T04:00:00Z", "2026-03-29T04:00:00Z", false),
            ("2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z", false),
            ("2026-05-03T02:30:00Z", "2026-05-03T02:30:00Z", true),
        ];
        for (now, begins, in_window) in table {
            let due = weekly.next_due(&target, at(now)).unwrap();
            assert_eq!((due.at, due.in_window), (at(begins), in_window), "{now}");
            assert_eq!(due.since, at("2026-03-18T00:00:00Z"));
        }
    }

    #[test]
    fn nothing_is_due_while_a_rotation_is_under_way() {
        let mut target = target(Some(0), 0, None);
        let schedule = Schedule { rotate_every: Some(Span::Days(1)), ..Schedule::default() };
        assert!(schedule.next_due(&target, 10 * DAY).is_some());
        target.apply(&Entry { at: 0, by: "a".into(), event: Event::Planned { rotation: 1, reason: Reason::Due } });
        assert_eq!(schedule.next_due(&target, 10 * DAY), None);
        assert_eq!(schedule.next_due(&Target::default(), 10 * DAY), None);
    }

    prop_compose! {
        fn any_window()(days in 1_u8..128, from in 0_u16..1440, to in 0_u16..=1440) -> Option<Window> {
            use Day::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
            let all = [Mon, Tue, Wed, Thu, Fri, Sat, Sun];
            let days = all.into_iter().zip(0..).filter(|(_, bit)| days >> bit & 1 == 1).map(|(day, _)| day).collect();
            Window::new(days, Clock(from), Clock(to)).ok()
        }
    }

    proptest! {
        /// An opening is never before the given moment, is its own opening, and comes within two weeks and a day.
        #[test]
        fn an_opening_is_open(
            window in any_window(),
            at in 0_i64..4_000_000_000_000,
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
        ) {
            let zone = chrono_tz::TZ_VARIANTS.get(zone).copied().unwrap();
            let schedule = Schedule { windows: window.clone().into_iter().collect(), zone, ..Schedule::default() };
            let opens = schedule.opening(at);
            prop_assert!(opens >= at && opens <= at + 15 * DAY);
            prop_assert_eq!(schedule.opening(opens), opens);
            // Nothing is open in between: an earlier start would have found an earlier opening.
            prop_assert_eq!(schedule.opening(at + (opens - at) / 2), opens);
            if let Some(window) = window {
                // The local time is in the window, unless an hour occurs for the second time.
                let shown = calendar::local(opens, zone).unwrap();
                if calendar::moment(shown, zone) == Some(opens) {
                    let minute = i64::from(shown.num_seconds_from_midnight()) / 60;
                    let (from, to) = (i64::from(window.from.0), i64::from(window.to.0));
                    let inside = if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to };
                    prop_assert!(inside, "{shown} is not from {from} to {to}");
                }
            }
        }

        #[test]
        fn nothing_panics(at: i64, now: i64, expires: Option<i64>, window in any_window()) {
            let zone = chrono_tz::America::New_York;
            let windows = window.into_iter().collect();
            let schedule = Schedule { rotate_every: Some(Span::Days(60)), windows, zone, ..Schedule::default() };
            let due = schedule.next_due(&target(Some(at), at, expires), now);
            prop_assert!(due.is_some_and(|due| due.at >= now));
        }
    }
}
