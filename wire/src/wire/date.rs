//! A lenient reader of RFC 3339 dates.

/// Returns the milliseconds since 1970 of an RFC 3339 date-time, as in JavaScript's `Date`. It accepts more than the
/// RFC does, because servers send it: missing seconds, any number of fraction digits (truncated to milliseconds as in
/// `Date`), offsets such as `+07:00`, `+0700` or `+07`, a space or lower-case letters for `T` and `Z`, and a leap
/// second (counted as the first of the next minute). It refuses a missing offset, because the moment would be a guess,
/// and days that do not exist.
pub fn parse_rfc3339(text: &[u8]) -> Option<f64> {
    let (date, rest) = text.split_first_chunk()?;
    let (time, mut rest) = rest.split_first_chunk()?;
    let (date, time) = (DATE.pairs(date)?, TIMES.iter().find_map(|pattern| pattern.pairs(time))?);
    let year = pair(date, 0) * 100 + pair(date, 2);
    let [month, day, hour, minute] = [pair(date, 5), pair(time, 0), pair(time, 3), pair(time, 6)];
    let mut second = 0;
    if let [b':', s1 @ b'0'..=b'9', s2 @ b'0'..=b'9', more @ ..] = rest {
        second = number(*s1, *s2)?;
        rest = more;
    }
    let mut millis = 0;
    if let [b'.', b'0'..=b'9', ..] = rest {
        let mut unit = 100;
        while let [_, digit @ b'0'..=b'9', ..] = rest {
            millis += unit * i32::from(digit - b'0');
            unit /= 10;
            rest = rest.get(1..)?;
        }
        rest = rest.get(1..)?;
    }
    let offset = match *rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, ref minutes @ ..] => {
            let minutes = match *minutes {
                [] => 0,
                [b':', m1, m2] | [m1, m2] => number(m1, m2)?,
                _ => return None,
            };
            let hours = number(h1, h2)?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 60 + minutes;
            if sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let real = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !real {
        return None;
    }
    // 32 bits hold the milliseconds of a few days only, so days are added as a float: 64-bit integers divide and
    // multiply slowly.
    let time = ((hour * 60 + minute - offset) * 60 + second) * 1000 + millis;
    Some(f64::from(days_from_epoch(year, month, day)) * 86_400_000.0 + f64::from(time))
}

/// Whether a moment, in milliseconds since 1970, can be sent: within the years 1 to 9999 in UTC, which RFC 3339 can
/// write and `google.protobuf.Timestamp` can hold.
pub fn is_sendable(millis: f64) -> bool {
    (-62_135_596_800_000.0..=253_402_300_799_999.0).contains(&millis)
}

/// Eight characters, in which `0` stands for any digit.
struct Pattern {
    characters: u64,
    /// The addend that sets the high bit of each byte that exceeds its maximum: 9 for a digit, 0 for any other
    /// character.
    room: u64,
}

const DATE: Pattern = Pattern::new(*b"0000-00-");
const TIMES: [Pattern; 3] = [Pattern::new(*b"00T00:00"), Pattern::new(*b"00t00:00"), Pattern::new(*b"00 00:00")];

const ONES: u64 = 0x0101_0101_0101_0101;

impl Pattern {
    const fn new(characters: [u8; 8]) -> Self {
        let characters = u64::from_le_bytes(characters);
        // Of all characters in the patterns, only `0` has the first of these bits and neither of the others.
        let digits = characters >> 4 & !(characters >> 3) & !(characters >> 6) & ONES;
        Self { characters, room: ONES * 0x7f - digits * 9 }
    }

    /// Returns the numbers in a text that matches the pattern: each byte holds the two-digit number that begins there.
    fn pairs(&self, text: &[u8; 8]) -> Option<u64> {
        let digits = u64::from_le_bytes(*text) ^ self.characters;
        let too_large = (digits.wrapping_add(self.room) | digits) & (ONES << 7);
        if too_large == 0 { Some(digits * 10 + (digits >> 8)) } else { None }
    }
}

fn pair(pairs: u64, at: u32) -> i32 {
    (pairs >> (8 * at) & 0xff) as i32
}

fn number(tens: u8, ones: u8) -> Option<i32> {
    let digit = |d: u8| d.is_ascii_digit().then(|| i32::from(d - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days since 1970-01-01 in the proleptic Gregorian calendar, with years counted from March so that the
/// leap day comes last.
fn days_from_epoch(year: i32, month: i32, day: i32) -> i32 {
    // Four centuries, which have a constant length, keep the year 0 from becoming negative.
    let (year, month) = if month <= 2 { (year + 399, month + 9) } else { (year + 400, month - 3) };
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469 - 146_097
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
