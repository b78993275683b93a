//! Spans of time as they are typed: `90`, `90s`, `10m`, `1h30m`.

use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How long something may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound(pub(crate) Duration);

/// Text that is no span of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a span of time is a number of seconds, or like `90s`, `10m`, `1h30m`")]
pub(crate) struct NoBound;

impl FromStr for Bound {
    type Err = NoBound;

    fn from_str(text: &str) -> Result<Self, NoBound> {
        if let Ok(seconds) = text.parse() {
            return Ok(Self(Duration::from_secs(seconds)));
        }
        let parsed: SignedDuration = text.parse().map_err(|_| NoBound)?;
        parsed.try_into().map(Self).map_err(|_| NoBound)
    }
}

/// A point in time: `10m` ago, or `2026-11-22T10:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// So long ago.
    Ago(Duration),
    /// Then.
    At(Timestamp),
}

/// Text that is no point in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a point in time is a span like `10m`, which counts back from now, or like `2026-11-22T10:00:00Z`"
)]
pub(crate) struct NoSince;

impl FromStr for Since {
    type Err = NoSince;

    fn from_str(text: &str) -> Result<Self, NoSince> {
        match text.parse::<Bound>() {
            Ok(Bound(duration)) => Ok(Self::Ago(duration)),
            Err(NoBound) => text.parse().map(Self::At).map_err(|_| NoSince),
        }
    }
}

impl Since {
    /// As a timestamp, seen from `now`.
    pub(crate) fn timestamp(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(duration) => now
                .checked_sub(duration)
                .unwrap_or(Timestamp::UNIX_EPOCH)
                .max(Timestamp::UNIX_EPOCH),
            Self::At(then) => then,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_seconds_or_has_units() {
        let seconds = |text: &str| text.parse::<Bound>().map(|bound| bound.0.as_secs());
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert_eq!(seconds("0"), Ok(0));
        assert_eq!(seconds("-5s"), Err(NoBound));
        assert_eq!(seconds("soon"), Err(NoBound));
    }

    #[test]
    fn since_counts_back_or_names_a_time() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let at = |text: &str| text.parse::<Since>().unwrap().timestamp(now).to_string();
        assert_eq!(at("10m"), "2026-11-22T09:50:00Z");
        assert_eq!(at("2026-11-21T00:00:00Z"), "2026-11-21T00:00:00Z");
        assert_eq!(at("999999h"), "1970-01-01T00:00:00Z");
    }
}
