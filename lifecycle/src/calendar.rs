//! Conversions between moments and local times in a time zone.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use crate::{
    event::Time,
    policy::{DAY, HOUR},
};

/// An upper bound of the offset from UTC of any zone, past or present.
const MAX_OFFSET: Time = 16 * HOUR;

/// Returns the local time at a moment; `None` outside of the calendar, which ends after some 260,000 years.
pub(crate) fn local(at: Time, zone: Tz) -> Option<NaiveDateTime> {
    // The years at the very ends of the calendar count as outside, because adding an offset could overflow there.
    const ENDS: Time = 90_000_000 * DAY;
    if at.checked_abs()? > ENDS {
        return None;
    }
    Some(DateTime::from_timestamp_millis(at)?.with_timezone(&zone).naive_local())
}

/// Returns the first moment at which the local time is `shown` or later. A local time that occurs twice (when clocks
/// are set back) yields its first occurrence; one that does not occur (when clocks are set forward) yields the moment
/// of the change.
pub(crate) fn moment(shown: NaiveDateTime, zone: Tz) -> Option<Time> {
    match zone.from_local_datetime(&shown) {
        MappedLocalTime::Single(at) => Some(at.timestamp_millis()),
        MappedLocalTime::Ambiguous(one, other) => Some(one.timestamp_millis().min(other.timestamp_millis())),
        MappedLocalTime::None => {
            let about = shown.and_utc().timestamp_millis();
            let (mut before, mut after) = (about.checked_sub(MAX_OFFSET)?, about.checked_add(MAX_OFFSET)?);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if local(middle, zone)? < shown {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            Some(after)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {

    use super::*;
    use proptest::prelude::*;

    /// Parses a moment in RFC 3339 form.
    pub(crate) fn at(text: &str) -> Time {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    #[test]
    fn changes_of_clocks() {
        let table = [
            // Forward: 02:00 becomes 03:00.
            ("Europe/Berlin", "2026-03-29T01:59:00", "2026-03-29T00:59:00Z"),
            ("Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
            ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:00:00Z"),
            // Forward by half an hour.
            ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:30:00Z"),
            ("Australia/Lord_Howe", "2026-10-04T02:30:00", "2026-10-03T15:30:00Z"),
            // Back: the first of two occurrences.
            ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
            ("Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
            ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z"),
            ("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00Z"),
            // No change of clocks, and an offset that includes three quarters of an hour.
            ("Asia/Kathmandu", "2026-03-29T02:30:00", "2026-03-28T20:45:00Z"),
            // As far ahead as anyone plans.
            ("Europe/Berlin", "2060-07-01T12:00:00", "2060-07-01T10:00:00Z"),
            // A day that a country skipped.
            ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z"),
        ];
        for (zone, shown, expected) in table {
            let zone: Tz = zone.parse().unwrap();
            assert_eq!(moment(shown.parse().unwrap(), zone), Some(at(expected)), "{zone} {shown}");
        }
    }

    proptest! {
        /// The local time is the given one or later at the result, and earlier just before it.
        #[test]
        fn the_first_moment(days in 0_i64..30_000, minutes in 0_i64..1440, zone in 0..chrono_tz::TZ_VARIANTS.len()) {
            let zone = chrono_tz::TZ_VARIANTS.get(zone).copied().unwrap();
            let shown = DateTime::from_timestamp_millis(days * DAY + minutes * 60_000).unwrap().naive_utc();
            let found = moment(shown, zone).unwrap();
            prop_assert!(local(found, zone).unwrap() >= shown);
            prop_assert!(local(found - 1, zone).unwrap() < shown);
        }
    }
}
