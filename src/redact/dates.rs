//! Dates and times in values, and how far they are from the start of the request.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;

use crate::model::Class;

use super::clock::Clock;

/// Beyond this many seconds from the request (400 days) an offset says nothing.
const FARTHEST: i64 = 400 * 86_400;

const FORMATS: &[&str] = &[
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S.%f%:z",
    "%Y-%m-%dT%H:%M:%S%:z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%Y%m%dT%H%M%SZ",
    "%Y%m%dT%H%M%S",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%Y-%m",
];

/// A date or a date and time between 1990 and 2100, in one of the usual formats.
pub(super) fn date(text: &str, clock: &Clock) -> Option<Class> {
    if !(7..=40).contains(&text.len()) || text.bytes().filter(u8::is_ascii_digit).count() < 6 {
        return None;
    }
    FORMATS.iter().filter(|format| may_fit(format, text)).find_map(|format| {
        let at = parse(format, text)?;
        let offset = clock.now().and_then(|now| near(at, now));
        Some(Class::Date { format: (*format).to_owned(), offset })
    })
}

/// False where the beginnings differ: a number or a weekday, then the first separator. Most values are no dates, and parsing
/// one in vain costs far more than this.
fn may_fit(format: &str, text: &str) -> bool {
    if format.starts_with("%a") {
        return text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    }
    let separator = format.split('%').find_map(|part| part.chars().nth(1));
    text.starts_with(|letter: char| letter.is_ascii_digit())
        && text.find(|letter: char| !letter.is_ascii_digit()).and_then(|at| text[at..].chars().next())
            == separator
}

fn parse(format: &str, text: &str) -> Option<Timestamp> {
    let civil = if format == "%Y-%m" { format!("{text}-01") } else { text.to_owned() };
    let format = if format == "%Y-%m" { "%Y-%m-%d" } else { format };
    let time = BrokenDownTime::parse(format, &civil).ok()?;
    let at = if format.contains("%z") || format.contains("%:z") {
        time.to_timestamp().ok()?
    } else {
        let date = time.to_date().ok()?;
        let time = time.to_time().unwrap_or_default();
        let moment: DateTime = date.to_datetime(time);
        moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
    };
    // 1990-01-01 to 2100-01-01.
    (631_152_000..4_102_444_800).contains(&at.as_second()).then_some(at)
}

/// A number that counts the time since 1970 in seconds, milli-, micro- or nanoseconds, close enough to the request.
pub(super) fn timestamp(text: &str, clock: &Clock) -> Option<Class> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits_only(whole) || !digits_only(fraction) || fraction.len() > 9 {
        return None;
    }
    let digits =
        u8::try_from(whole.len().checked_sub(10)?).ok().filter(|digits| matches!(digits, 0 | 3 | 6 | 9))?;
    if !fraction.is_empty() && digits > 0 {
        return None;
    }
    let seconds: i64 = whole[..10].parse().ok()?;
    let offset = near(Timestamp::from_second(seconds).ok()?, clock.now()?)?;
    Some(Class::Timestamp { digits, offset })
}

fn near(at: Timestamp, now: Timestamp) -> Option<i64> {
    let offset = at.as_second() - now.as_second();
    (offset.abs() <= FARTHEST).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_the_request() {
        let clock = Clock::at("2026-11-22T09:00:00Z".parse().ok());
        for (text, format, offset) in [
            ("2026-11-15", "%Y-%m-%d", Some(-7 * 86_400 - 9 * 3600)),
            ("2024-01-01", "%Y-%m-%d", None),
            ("2026-11-22T08:59:50Z", "%Y-%m-%dT%H:%M:%SZ", Some(-10)),
            ("2026-11-22T08:59:50.123456", "%Y-%m-%dT%H:%M:%S.%f", Some(-10)),
            ("2026-11-22T10:59:50+02:00", "%Y-%m-%dT%H:%M:%S%:z", Some(-10)),
            ("2026-11-22 08:59:50", "%Y-%m-%d %H:%M:%S", Some(-10)),
            ("22/11/2026", "%d/%m/%Y", Some(-9 * 3600)),
            ("11/22/2026", "%m/%d/%Y", Some(-9 * 3600)),
            ("Sun, 22 Nov 2026 08:59:50 GMT", "%a, %d %b %Y %H:%M:%S GMT", Some(-10)),
            ("20261122T085950Z", "%Y%m%dT%H%M%SZ", Some(-10)),
        ] {
            assert_eq!(date(text, &clock), Some(Class::Date { format: format.into(), offset }), "{text}");
        }
        for text in ["2026-13-01", "12345678", "hello-world", "1850-01-01", "20261122T99"] {
            assert_eq!(date(text, &clock), None, "{text}");
        }
    }

    #[test]
    fn counts_of_seconds_are_told_from_the_request() {
        let clock = Clock::at(Timestamp::from_second(1_795_338_000).ok());
        assert_eq!(timestamp("1795337990", &clock), Some(Class::Timestamp { digits: 0, offset: -10 }));
        assert_eq!(timestamp("1795337990123456", &clock), Some(Class::Timestamp { digits: 6, offset: -10 }));
        assert_eq!(timestamp("1795337990.5", &clock), Some(Class::Timestamp { digits: 0, offset: -10 }));
        assert_eq!(timestamp("1495337990", &clock), None);
        assert_eq!(timestamp("12345678901", &clock), None);
    }
}
