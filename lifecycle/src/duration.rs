//! Durations in the form in which people write them: `60d`, `24h`, `90m`, `30s`, `1w`, `250ms`.

use std::{fmt, str::FromStr};

use chrono::Days;
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    calendar,
    event::Time,
    policy::{DAY, HOUR, MINUTE, SECOND},
};

/// A duration. Days are calendar days when they are counted from a date ([`Span::after`], [`Span::before`]), and have
/// twenty-four hours when only a length is needed ([`Span::millis`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// Calendar days: the same time of day, whether or not clocks are set in between.
    Days(u32),
    /// An exact number of milliseconds, written in hours, minutes, seconds or milliseconds.
    Exact(Time),
}

/// The longest duration that can be written, in days: a hundred years.
pub const LONGEST: u32 = 36_525;

/// The reason why a text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanError {
    /// The text is not a whole number with a unit.
    Malformed,
    /// The duration is longer than [`LONGEST`].
    TooLong,
}

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str(
                "a duration is a whole number with a unit: ms, s, m, h, d or w for milliseconds, seconds, minutes, hours, days or weeks, as in \"60d\"",
            ),
            Self::TooLong => write!(f, "a duration is at most {LONGEST} days"),
        }
    }
}

impl std::error::Error for SpanError {}

impl Span {
    /// Returns the length in milliseconds, with days of twenty-four hours.
    #[must_use]
    pub fn millis(self) -> Time {
        match self {
            Self::Days(days) => Time::from(days).saturating_mul(DAY),
            Self::Exact(millis) => millis,
        }
    }

    /// Returns the moment that is this much later than `at`, with days counted in `zone`.
    #[must_use]
    pub fn after(self, at: Time, zone: Tz) -> Time {
        let moved = match self {
            Self::Days(days) if days > 0 => calendar::local(at, zone)
                .and_then(|shown| shown.checked_add_days(Days::new(days.into())))
                .and_then(|shown| calendar::moment(shown, zone)),
            _ => None,
        };
        moved.unwrap_or_else(|| at.saturating_add(self.millis()))
    }

    /// Returns the moment that is this much earlier than `at`, with days counted in `zone`.
    #[must_use]
    pub fn before(self, at: Time, zone: Tz) -> Time {
        let moved = match self {
            Self::Days(days) if days > 0 => calendar::local(at, zone)
                .and_then(|shown| shown.checked_sub_days(Days::new(days.into())))
                .and_then(|shown| calendar::moment(shown, zone)),
            _ => None,
        };
        moved.unwrap_or_else(|| at.saturating_sub(self.millis()))
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let digits = text.trim_end_matches(|last: char| last.is_ascii_lowercase());
        let unit = text.strip_prefix(digits).unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SpanError::Malformed);
        }
        let length = match unit {
            "ms" => 1,
            "s" => SECOND,
            "m" => MINUTE,
            "h" => HOUR,
            "d" => DAY,
            "w" => 7 * DAY,
            _ => return Err(SpanError::Malformed),
        };
        // Digits only fail to parse if there are too many of them.
        let millis = digits.parse::<Time>().ok().and_then(|number| number.checked_mul(length));
        let millis = millis.filter(|millis| *millis <= Time::from(LONGEST) * DAY).ok_or(SpanError::TooLong)?;
        if length < DAY {
            return Ok(Self::Exact(millis));
        }
        u32::try_from(millis / DAY).map(Self::Days).map_err(|_| SpanError::TooLong)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{days}d"),
            Self::Exact(millis) if millis % HOUR == 0 => write!(f, "{}h", millis / HOUR),
            Self::Exact(millis) if millis % MINUTE == 0 => write!(f, "{}m", millis / MINUTE),
            Self::Exact(millis) if millis % SECOND == 0 => write!(f, "{}s", millis / SECOND),
            Self::Exact(millis) => write!(f, "{millis}ms"),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, &SpanError::Malformed)
    }
}

/// Deserializes a value from a string. `form` is the error for anything but a string.
pub(crate) fn parsed<'de, D, T, E>(deserializer: D, form: &E) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = E>,
    E: fmt::Display,
{
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => text.parse().map_err(de::Error::custom),
        _ => Err(de::Error::custom(form)),
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::calendar::tests::at;
    use proptest::prelude::*;

    #[test]
    fn texts() {
        let table = [
            ("60d", Ok(Span::Days(60))),
            ("1w", Ok(Span::Days(7))),
            ("24h", Ok(Span::Exact(DAY))),
            ("90m", Ok(Span::Exact(90 * MINUTE))),
            ("30s", Ok(Span::Exact(30_000))),
            ("0s", Ok(Span::Exact(0))),
            ("36525d", Ok(Span::Days(36_525))),
            ("36526d", Err(SpanError::TooLong)),
            ("99999999999999999999w", Err(SpanError::TooLong)),
            ("9223372036854775807w", Err(SpanError::TooLong)),
            ("", Err(SpanError::Malformed)),
            ("d", Err(SpanError::Malformed)),
            ("60", Err(SpanError::Malformed)),
            ("60 d", Err(SpanError::Malformed)),
            ("-1d", Err(SpanError::Malformed)),
            ("+1d", Err(SpanError::Malformed)),
            ("1.5h", Err(SpanError::Malformed)),
            ("1d12h", Err(SpanError::Malformed)),
            ("60D", Err(SpanError::Malformed)),
            ("60ms", Ok(Span::Exact(60))),
            ("60sm", Err(SpanError::Malformed)),
            ("٦d", Err(SpanError::Malformed)),
            ("6é", Err(SpanError::Malformed)),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Span>(), expected, "{text}");
        }
    }

    #[test]
    fn a_value_that_is_not_text_gets_the_form() {
        let refused = serde_json::from_str::<Span>("60").unwrap_err().to_string();
        assert!(refused.contains("\"60d\""), "{refused}");
        assert_eq!(serde_json::to_string(&Span::Exact(90 * MINUTE)).unwrap(), "\"90m\"");
    }

    #[test]
    fn days_are_calendar_days() {
        let table = [
            // A day of 23 hours, and one of 25.
            ("Europe/Berlin", "2026-03-28T12:00:00+01:00", "1d", "2026-03-29T12:00:00+02:00"),
            ("Europe/Berlin", "2026-10-24T12:00:00+02:00", "1d", "2026-10-25T12:00:00+01:00"),
            ("Europe/Berlin", "2026-03-28T12:00:00+01:00", "24h", "2026-03-29T13:00:00+02:00"),
            // Into the gap, and into the repeated hour.
            ("Europe/Berlin", "2026-03-28T02:30:00+01:00", "1d", "2026-03-29T03:00:00+02:00"),
            ("Europe/Berlin", "2026-10-24T02:30:00+02:00", "1d", "2026-10-25T02:30:00+02:00"),
            ("America/New_York", "2026-03-07T02:30:00-05:00", "1d", "2026-03-08T03:00:00-04:00"),
            ("America/New_York", "2026-10-31T01:30:00-04:00", "1w", "2026-11-07T01:30:00-05:00"),
            ("Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", "1d", "2026-10-04T12:00:00+11:00"),
            ("Australia/Lord_Howe", "2026-10-03T02:10:00+10:30", "1d", "2026-10-04T02:30:00+11:00"),
            ("Asia/Kathmandu", "2026-02-28T00:10:00+05:45", "1d", "2026-03-01T00:10:00+05:45"),
            // Leap days, and a year that is divisible by four but not a leap year.
            ("UTC", "2028-02-28T00:00:00Z", "1d", "2028-02-29T00:00:00Z"),
            ("UTC", "2028-02-29T00:00:00Z", "365d", "2029-02-28T00:00:00Z"),
            ("UTC", "2027-02-28T00:00:00Z", "1d", "2027-03-01T00:00:00Z"),
            ("UTC", "2100-02-28T00:00:00Z", "1d", "2100-03-01T00:00:00Z"),
            // The end of the year.
            ("America/New_York", "2026-12-31T23:59:59-05:00", "1d", "2027-01-01T23:59:59-05:00"),
            ("Asia/Kathmandu", "2026-12-31T18:30:00Z", "1w", "2027-01-07T18:30:00Z"),
        ];
        for (zone, from, span, to) in table {
            let (zone, span) = (zone.parse().unwrap(), span.parse::<Span>().unwrap());
            assert_eq!(span.after(at(from), zone), at(to), "{zone} {from} {span}");
        }
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(Span::Days(1).before(at("2026-03-29T12:00:00+02:00"), berlin), at("2026-03-28T12:00:00+01:00"));
        assert_eq!(Span::Days(30).before(at("2028-03-30T00:00:00+02:00"), berlin), at("2028-02-29T00:00:00+01:00"));
    }

    #[test]
    fn outside_of_the_calendar_days_have_24_hours() {
        let utc = Tz::UTC;
        assert_eq!(Span::Days(1).after(Time::MAX - 5, utc), Time::MAX);
        assert_eq!(Span::Days(1).before(Time::MIN, utc), Time::MIN);
        assert_eq!(Span::Days(1).after(Time::MAX / 2, utc), Time::MAX / 2 + DAY);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,12}") {
            let _ = text.parse::<Span>();
        }

        #[test]
        fn durations_round_trip(number in 0_u32..20_000, unit in "(ms|[smhdw])") {
            if let Ok(span) = format!("{number}{unit}").parse::<Span>() {
                prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
            }
        }

        /// A calendar day differs from 24 hours by no more than the largest change of clocks, and time moves forward.
        #[test]
        fn days_are_about_24_hours(
            at in 0_i64..4_000_000_000_000,
            days in 1_u32..1000,
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
        ) {
            let zone = chrono_tz::TZ_VARIANTS.get(zone).copied().unwrap();
            let later = Span::Days(days).after(at, zone);
            prop_assert!(later > at);
            prop_assert!((later - at - Span::Days(days).millis()).abs() <= 26 * HOUR);
            prop_assert!(Span::Days(days).before(at, zone) < at);
        }

        #[test]
        fn nothing_panics(at: i64, days in 0..=LONGEST) {
            let _ = Span::Days(days).after(at, chrono_tz::America::New_York);
            let _ = Span::Days(days).before(at, chrono_tz::Australia::Lord_Howe);
        }
    }
}
