//! RFC 3339 dates, read leniently.

/// Milliseconds since 1970 of an RFC 3339 date-time, as JavaScript's `Date` counts them.
///
/// Accepted beyond the RFC because servers send it: no seconds, any number of fraction digits (cut to
/// milliseconds as `Date` does), offsets as `+07:00`, `+0700` or `+07`, a space or lower-case letters for `T` and `Z`,
/// a leap second (counted as the first of the next minute). Refused: no offset, because the moment would be a guess,
/// and days that do not exist.
pub fn parse_rfc3339(text: &[u8]) -> Option<f64> {
    let mut digits = Digits { rest: text };
    let year = digits.number(4)?;
    digits.byte(b"-")?;
    let month = digits.number(2)?;
    digits.byte(b"-")?;
    let day = digits.number(2)?;
    digits.byte(b"Tt ")?;
    let hour = digits.number(2)?;
    digits.byte(b":")?;
    let minute = digits.number(2)?;
    let second = if digits.byte(b":").is_some() { digits.number(2)? } else { 0 };
    let mut millis = 0;
    if digits.byte(b".").is_some() {
        let fraction = digits.run();
        if fraction.is_empty() {
            return None;
        }
        for i in 0..3 {
            millis = millis * 10 + i64::from(fraction.get(i).map_or(0, |d| d - b'0'));
        }
    }
    let offset = match digits.byte(b"Zz+-")? {
        b'Z' | b'z' => 0,
        sign => {
            let hours = digits.number(2)?;
            let colon = digits.byte(b":").is_some();
            let minutes = if colon || !digits.rest.is_empty() { digits.number(2)? } else { 0 };
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 60 + minutes;
            if sign == b'-' { -offset } else { offset }
        }
    };
    let real = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && digits.rest.is_empty();
    if !real {
        return None;
    }
    let seconds = ((days_from_epoch(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second;
    Some((seconds * 1000 + millis) as f64)
}

struct Digits<'a> {
    rest: &'a [u8],
}

impl<'a> Digits<'a> {
    fn number(&mut self, len: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))
    }

    fn run(&mut self) -> &'a [u8] {
        let len = self.rest.iter().take_while(|d| d.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at_checked(len).unwrap_or_default();
        self.rest = rest;
        digits
    }

    fn byte(&mut self, allowed: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        allowed.contains(first).then(|| {
            self.rest = rest;
            *first
        })
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, with years counted from March so that the leap day comes last.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse_rfc3339;
    use proptest::prelude::*;

    #[test]
    fn known_moments() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("2021-02-03T04:05:06.789Z", 1_612_325_106_789.0),
            ("2021-02-03T04:05:06.789456123Z", 1_612_325_106_789.0),
            ("2021-02-03T04:05Z", 1_612_325_100_000.0),
            ("2021-02-03t04:05:06z", 1_612_325_106_000.0),
            ("2021-02-03 04:05:06+00:00", 1_612_325_106_000.0),
            ("2021-02-03T04:05:06-0730", 1_612_352_106_000.0),
            ("2021-02-03T04:05:06+07", 1_612_299_906_000.0),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000.0),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000.0),
            ("1969-12-31T23:59:59.999Z", -1.0),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999.0),
            ("2000-02-29T00:00:00Z", 951_782_400_000.0),
        ] {
            assert_eq!(parse_rfc3339(text.as_bytes()), Some(ms), "{text}");
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "2021",
            "2021-02-03",
            "2021-02-03T04:05:06",
            "2021-02-30T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2021-13-01T00:00:00Z",
            "2021-00-01T00:00:00Z",
            "2021-01-00T00:00:00Z",
            "2021-02-03T24:00:00Z",
            "2021-02-03T23:60:00Z",
            "2021-02-03T23:59:61Z",
            "2021-02-03T04:05:06.Z",
            "2021-02-03T04:05:06Z ",
            "2021-02-03T04:05:06+24:00",
            "2021-02-03T04:05:06+1",
            "10000-01-01T00:00:00Z",
            "１９７０-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = parse_rfc3339(text.as_bytes());
        }

        #[test]
        fn an_offset_shifts(h in 0i64..24, m in 0i64..60) {
            let shifted = parse_rfc3339(format!("2024-05-06T07:08:09+{h:02}:{m:02}").as_bytes());
            let utc = parse_rfc3339(b"2024-05-06T07:08:09Z");
            prop_assert_eq!(shifted.zip(utc).map(|(a, b)| b - a), Some(((h * 60 + m) * 60_000) as f64));
        }
    }
}
