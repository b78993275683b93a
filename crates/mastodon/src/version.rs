//! What differs between the series of Mastodon that masto supports.

use topology::{Series, StoreVersion};

/// What one series demands of the stores.
///
/// Source: the release notes, `Gemfile.lock`, `lib/tasks/db.rake` and `docker-compose.yml` of each
/// series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// Oldest major version of PostgreSQL that `db:migrate` accepts.
    pub postgres: u8,
    /// Oldest minor version of the oldest major: the migrations refuse 14.0 to 14.3.
    pub postgres_minor: Option<u8>,
    /// Oldest Redis; Sidekiq 8 refuses to boot on an older one.
    pub redis: StoreVersion,
    /// Oldest Valkey.
    pub valkey: StoreVersion,
}

impl Requirements {
    /// The requirements of `series`. Every difference between the series is a line of this match.
    #[must_use]
    pub fn of(series: Series) -> Self {
        match series {
            Series::V4_4 => Self {
                postgres: 13,
                postgres_minor: None,
                redis: version(6, 2),
                valkey: version(7, 2),
            },
            Series::V4_5 | Series::V4_6 | Series::V4_7 => Self {
                postgres: 14,
                postgres_minor: Some(4),
                redis: version(7, 0),
                valkey: version(7, 2),
            },
        }
    }
}

const fn version(major: u8, minor: u8) -> StoreVersion {
    StoreVersion {
        major,
        minor: Some(minor),
    }
}

/// The last series that reads `variable`; `None` when every supported series reads it or Mastodon
/// never knew it.
#[must_use]
pub(crate) fn last_series_to_read(variable: &str) -> Option<Series> {
    match variable {
        "MASTODON_USE_LIBVIPS" | "ENABLE_SIDEKIQ_UNIQUE_JOBS_UI" => Some(Series::V4_5),
        _ if variable.starts_with("MAX_FOLLOWS_") => Some(Series::V4_5),
        _ if variable.starts_with("FETCH_REPLIES_") => Some(Series::V4_4),
        _ => None,
    }
}

/// Whether an upgrade from `from` to `to` leaves out no series in between. Mastodon asks that at
/// least one release of every minor version is deployed on the way.
#[must_use]
pub(crate) fn adjacent(from: Series, to: Series) -> bool {
    let place = |wanted| Series::ALL.into_iter().position(|series| series == wanted);
    place(to) <= place(from).map(|place| place + 1)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn each_series_has_its_minimums() {
        let table: Vec<_> = Series::ALL
            .into_iter()
            .map(|series| {
                let Requirements {
                    postgres,
                    postgres_minor,
                    redis,
                    valkey,
                } = Requirements::of(series);
                let patch = postgres_minor
                    .map(|minor| format!(".{minor}"))
                    .unwrap_or_default();
                format!("{series}: PostgreSQL {postgres}{patch}, Redis {redis}, Valkey {valkey}\n")
            })
            .collect();
        expect![[r#"
            4.4: PostgreSQL 13, Redis 6.2, Valkey 7.2
            4.5: PostgreSQL 14.4, Redis 7.0, Valkey 7.2
            4.6: PostgreSQL 14.4, Redis 7.0, Valkey 7.2
            4.7: PostgreSQL 14.4, Redis 7.0, Valkey 7.2
        "#]]
        .assert_eq(&table.concat());
    }

    #[test]
    fn variables_that_were_dropped_know_their_last_series() {
        for (variable, last) in [
            ("FETCH_REPLIES_ENABLED", Some(Series::V4_4)),
            ("MASTODON_USE_LIBVIPS", Some(Series::V4_5)),
            ("MAX_FOLLOWS_THRESHOLD", Some(Series::V4_5)),
            ("AUTHORIZED_FETCH", None),
        ] {
            assert_eq!(last_series_to_read(variable), last, "{variable}");
        }
    }
}
