//! Which Mastodon release is played, and what differs between them.

use std::fmt;
use std::str::FromStr;

/// A release line; ordered from oldest to newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    /// 4.4
    V4_4,
    /// 4.5
    V4_5,
    /// 4.6
    V4_6,
    /// 4.7
    V4_7,
}

/// A release: its line and its patch number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release {
    /// `4.7` of `4.7.5`.
    pub(crate) line: Line,
    /// `5` of `4.7.5`.
    pub(crate) patch: u8,
}

/// Played when nothing says otherwise.
pub(crate) const NEWEST: Release = Release {
    line: Line::V4_7,
    patch: 5,
};

impl Release {
    /// Version of the Puma gem, as its banner says it.
    pub(crate) fn puma(self) -> &'static str {
        match self.line {
            Line::V4_4 | Line::V4_5 => "7.2.1",
            Line::V4_6 | Line::V4_7 => "8.0.2",
        }
    }

    /// Version of the Sidekiq gem.
    pub(crate) fn sidekiq(self) -> &'static str {
        match self.line {
            Line::V4_4 => "7.3.9",
            Line::V4_5 => "8.0.9",
            Line::V4_6 | Line::V4_7 => "8.1.6",
        }
    }

    /// Sidekiq 8 writes the times of a job as integer milliseconds, 7 as float seconds.
    pub(crate) fn job_times_in_milliseconds(self) -> bool {
        self.line >= Line::V4_5
    }

    /// Version of Ruby in the image.
    pub(crate) fn ruby(self) -> &'static str {
        match self.line {
            Line::V4_4 => "3.4.4",
            Line::V4_5 => "3.4.7",
            Line::V4_6 => "4.0.5",
            Line::V4_7 => "4.0.6",
        }
    }

    /// Version of Rails.
    pub(crate) fn rails(self) -> &'static str {
        match self.line {
            Line::V4_4 | Line::V4_5 => "8.0.4.1",
            Line::V4_6 => "8.1.3",
            Line::V4_7 => "8.1.3.1",
        }
    }

    /// Oldest PostgreSQL that migrates, as `server_version_num` and as people say it.
    pub(crate) fn oldest_postgres(self) -> (i32, &'static str) {
        match self.line {
            Line::V4_4 => (130_000, "13.0"),
            Line::V4_5 | Line::V4_6 | Line::V4_7 => (140_000, "14.0"),
        }
    }

    /// Oldest Redis that Sidekiq accepts, as (major, minor).
    pub(crate) fn oldest_redis(self) -> (u32, u32) {
        match self.line {
            Line::V4_4 => (6, 2),
            Line::V4_5 | Line::V4_6 | Line::V4_7 => (7, 0),
        }
    }

    /// Oldest schema from which a migration without downtime is possible, and its release.
    pub(crate) fn oldest_live_schema(self) -> (i64, &'static str) {
        match self.line {
            Line::V4_4 | Line::V4_5 | Line::V4_6 => (20230907150100, "4.2"),
            Line::V4_7 => (20241007071624, "4.3"),
        }
    }

    /// The gem behind hiredis speaks TLS only since 4.6.
    pub(crate) fn hiredis_speaks_tls(self) -> bool {
        self.line >= Line::V4_6
    }

    /// Private keys of local accounts live encrypted in `keypairs`.
    pub(crate) fn encrypts_private_keys(self) -> bool {
        self.line >= Line::V4_7
    }

    /// New local accounts have numeric ActivityPub ids.
    pub(crate) fn numeric_actor_ids(self) -> bool {
        self.line >= Line::V4_5
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self.line {
            Line::V4_4 => "4.4",
            Line::V4_5 => "4.5",
            Line::V4_6 => "4.6",
            Line::V4_7 => "4.7",
        };
        write!(f, "{line}.{}", self.patch)
    }
}

/// A text that names no release the stand-in can play.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "MASTODON_KIT_VERSION is `{0}`, but the stand-in plays 4.4.x to 4.7.x; set it to one of them, for example 4.7.5"
)]
pub(crate) struct UnknownRelease(String);

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let unknown = || UnknownRelease(text.to_owned());
        let (line, patch) = text
            .trim_start_matches('v')
            .rsplit_once('.')
            .ok_or_else(unknown)?;
        let line = match line {
            "4.4" => Line::V4_4,
            "4.5" => Line::V4_5,
            "4.6" => Line::V4_6,
            "4.7" => Line::V4_7,
            _ => return Err(unknown()),
        };
        Ok(Self {
            line,
            patch: patch.parse().map_err(|_| unknown())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supported_line_is_played_with_or_without_v() {
        for text in ["4.4.27", "v4.5.20", "4.6.9", "v4.7.5"] {
            let release: Release = text.parse().unwrap();
            assert_eq!(release.to_string(), text.trim_start_matches('v'));
        }
    }

    #[test]
    fn other_releases_are_refused_by_name() {
        for text in ["4.3.23", "5.0.0", "latest", "4.7", ""] {
            let error = text.parse::<Release>().unwrap_err();
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn releases_order_by_line_then_patch() {
        assert!("4.6.9".parse::<Release>().unwrap() < "4.7.0".parse().unwrap());
        assert!("4.7.0".parse::<Release>().unwrap() < NEWEST);
    }
}
