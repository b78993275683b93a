//! What a change of release means for the database.

use topology::Version;

use crate::Schema;
use crate::version::adjacent;

/// How the database comes to a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// There is none yet: `db:prepare`.
    Prepare,
    /// It is there.
    UpToDate,
    /// Older processes run: migrate, roll the processes, migrate the rest.
    TwoPhase,
    /// It cannot.
    Refused {
        /// Why.
        cause: String,
        /// What to type instead.
        hint: String,
    },
}

impl Schema {
    /// How a database in this state comes to the release `to`. Ask it before deriving a
    /// deployment: a refusal is the caller's to report.
    #[must_use]
    pub fn transition(&self, to: Version) -> Transition {
        let from = match *self {
            Self::New => return Transition::Prepare,
            Self::Prepared(from) | Self::Migrated(from) => from,
        };
        if from == to {
            Transition::UpToDate
        } else if from > to {
            Transition::Refused {
                cause: format!(
                    "the database was migrated to {from}, and Mastodon cannot take it back to {to}"
                ),
                hint: format!(
                    "set `mastodon.version` to {from} or newer, or restore a backup from before \
                     the upgrade"
                ),
            }
        } else if adjacent(from.series(), to.series()) {
            Transition::TwoPhase
        } else {
            let next = topology::Series::ALL
                .into_iter()
                .find(|&series| series > from.series());
            let step = next.map_or(to, topology::Series::newest);
            Transition::Refused {
                cause: format!(
                    "from {from} to {to} a series is left out, and Mastodon wants one release of \
                     each on the way"
                ),
                hint: format!("set `mastodon.version` to {step}, run `masto up`, then go on"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn releases_are_reached_upwards_and_series_by_series() {
        let version = |text: &str| -> Version { text.parse().unwrap() };
        let told = |from: &str, to: &str| {
            let transition = Schema::Migrated(version(from)).transition(version(to));
            assert_eq!(
                Schema::Prepared(version(from)).transition(version(to)),
                transition
            );
            match transition {
                Transition::Refused { cause, hint } => format!("{cause}: {hint}"),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(
            Schema::New.transition(version("v4.4.0")),
            Transition::Prepare
        );
        assert_eq!(told("v4.7.5", "v4.7.5"), "UpToDate");
        assert_eq!(told("v4.7.0", "v4.7.5"), "TwoPhase");
        assert_eq!(told("v4.6.9", "v4.7.5"), "TwoPhase");
        expect!["the database was migrated to v4.7.5, and Mastodon cannot take it back to v4.7.4: set `mastodon.version` to v4.7.5 or newer, or restore a backup from before the upgrade"]
            .assert_eq(&told("v4.7.5", "v4.7.4"));
        expect!["from v4.4.22 to v4.6.9 a series is left out, and Mastodon wants one release of each on the way: set `mastodon.version` to v4.5.20, run `masto up`, then go on"]
            .assert_eq(&told("v4.4.22", "v4.6.9"));
    }
}
