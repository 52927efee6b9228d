//! Wire dates and durations, and the sandbox's clock. All times are milliseconds since 1970, and nothing here reads the
//! machine's clock.

/// Milliseconds since the Unix epoch, as in JavaScript.
pub type Millis = i64;

/// One second.
pub const SECOND: Millis = 1_000;
/// One day.
pub const DAY: Millis = 86_400 * SECOND;

/// The tenant's clock: the caller's time plus an offset, so that it can be set and moved and keeps running.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset: Millis,
}

impl Clock {
    /// Returns the time of the clock when the machine's clock shows `real`.
    pub fn at(self, real: Millis) -> Millis {
        real.saturating_add(self.offset)
    }

    /// Sets the clock to `shown`.
    pub fn set(&mut self, real: Millis, shown: Millis) {
        self.offset = shown.saturating_sub(real);
    }

    /// Advances the clock, or sets it back if `by` is negative.
    pub fn advance(&mut self, by: Millis) {
        self.offset = self.offset.saturating_add(by);
    }
}

/// Formats a time as RFC 3339 text like Go: in UTC, with a fraction only if it is not zero.
pub fn format(at: Millis) -> String {
    let (days, rest) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let (hour, minute, second, fraction) = (rest / 3_600_000, rest / 60_000 % 60, rest / SECOND % 60, rest % SECOND);
    let head = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction == 0 { format!("{head}Z") } else { format!("{head}.{fraction:03}Z") }
}

/// Formats a time for HTTP's `Date` header (RFC 9110, section 5.6.7).
pub fn http_date(at: Millis) -> String {
    // 1970 began on a Thursday.
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, rest) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let name = |names: &[&'static str], place: i64| names.get(place as usize).copied().unwrap_or_default();
    let (weekday, month) = (name(&WEEKDAYS, days.rem_euclid(7)), name(&MONTHS, month - 1));
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / SECOND % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Parses RFC 3339 text; returns `None` for anything else. Digits below a millisecond are truncated.
pub fn parse(text: &str) -> Option<Millis> {
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
    };
    let mark = |at: usize, any: &[u8]| text.as_bytes().get(at).filter(|byte| any.contains(byte)).map(|_| ());
    mark(4, b"-")?;
    mark(7, b"-")?;
    mark(10, b"T")?;
    mark(13, b":")?;
    mark(16, b":")?;
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut fraction = 0;
    if let Some(tail) = rest.strip_prefix('.') {
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        for position in 0..3 {
            let digit = tail.bytes().take(digits).nth(position).unwrap_or(b'0');
            fraction = fraction * 10 + i64::from(digit - b'0');
        }
        rest = tail.get(digits..)?;
    }
    let zone = zone_minutes(rest)?;
    let minutes = (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - zone;
    Some((minutes * 60 + second) * SECOND + fraction)
}

fn zone_minutes(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u8>().ok())?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (i64::from(hours) * 60 + i64::from(minutes)))
}

/// Parses a duration in its JSON form: seconds, optionally with a fraction, and the suffix `s`.
pub fn duration(text: &str) -> Option<Millis> {
    let seconds = text.strip_suffix('s')?;
    let (sign, digits) = seconds.strip_prefix('-').map_or((1, seconds), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let thousandths = format!("{fraction:0<3}");
    let millis: Millis = thousandths.get(..3)?.parse().ok()?;
    // The largest duration of the JSON form is 315,576,000,000 seconds.
    let whole: Millis = whole.parse().ok().filter(|whole| *whole <= 315_576_000_000)?;
    Some(sign * (whole * SECOND + millis))
}

/// Returns the days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted in 400-year eras that begin
/// in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Returns the year, month and day of such a number of days: the inverse of [`days_from_civil`].
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_round_trip() {
        for text in [
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999Z",
            "2000-02-29T12:30:45.120Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2026-11-21T10:55:00.007Z",
        ] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
        for day in (-720_000..2_900_000).step_by(97) {
            assert_eq!(parse(&format(day * DAY / 10)).unwrap(), day * DAY / 10);
        }
    }

    #[test]
    fn http_dates() {
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(parse("1994-11-06T08:49:37.9Z").unwrap()), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
    }

    #[test]
    fn dates_with_zones_and_long_fractions() {
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(parse("1969-12-31T16:30:00-07:30"), Some(0));
        assert_eq!(parse("1970-01-01T00:00:00.123456789Z"), Some(123));
        assert_eq!(parse("1970-01-01T00:00:00.5Z"), Some(500));
    }

    #[test]
    fn invalid_dates() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+5",
            "2026-01-01T00:00:00+25:00",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Zé",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("3600s"), Some(3_600_000));
        assert_eq!(duration("1.5s"), Some(1_500));
        assert_eq!(duration("-0.25s"), Some(-250));
        assert_eq!(duration("0.123456789s"), Some(123));
        for text in ["", "s", "5", "1.s", ".5s", "1h", "+1s", "1e3s", "315576000001s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn the_clock_ticks_on_after_it_was_set() {
        let mut clock = Clock::default();
        assert_eq!(clock.at(50), 50);
        clock.set(100, 5_000);
        assert_eq!(clock.at(100), 5_000);
        assert_eq!(clock.at(101), 5_001);
        clock.advance(-1);
        assert_eq!(clock.at(101), 5_000);
    }
}
