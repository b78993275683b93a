//! The database has the schema of the release, and connections to spare.

use std::collections::BTreeSet;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::problem::Problem;

pub(crate) const STATE: &str = "select current_setting('server_version'), \
     current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, \
     (select count(*) from pg_stat_activity where backend_type = 'client backend'), \
     pg_encoding_to_char(encoding), to_regclass('schema_migrations') is not null \
     from pg_database where datname = current_database()";
pub(crate) const APPLIED: &str = "select version from schema_migrations order by version";
/// Lists the release's migrations, from the image's working directory.
pub(crate) const LIST: &[&str] = &["ls", "db/migrate", "db/post_migrate"];

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let rows = examination.sql(STATE).await?;
    let state = State::read(&rows)?;
    if !state.prepared {
        return Err(Problem::known(
            "the database has no tables",
            Diagnosis::new(
                "the schema job has not run, or did not end well",
                "`masto up` runs it; `masto logs schema` says what went wrong",
            )
            .because("there is no table `schema_migrations`"),
        ));
    }
    let (applied, listing) = tokio::join!(examination.sql(APPLIED), examination.exec("web", LIST));
    let applied: BTreeSet<String> = applied?
        .into_iter()
        .filter_map(|row| row.into_iter().next())
        .collect();
    // Where the release's own list cannot be read, the schema is web's affair: it refuses to
    // work with an older one.
    let pending = listing.map_or(Pending::default(), |listing| pending(&listing, &applied));
    judge(&state, &pending)
}

/// The database at one moment.
struct State {
    version: String,
    /// For everyone but superusers.
    connections: u64,
    used: u64,
    encoding: String,
    prepared: bool,
}

impl State {
    fn read(rows: &[Vec<String>]) -> Result<Self, Problem> {
        let row: &[String; 5] = rows
            .first()
            .and_then(|row| row.as_slice().try_into().ok())
            .ok_or_else(|| Problem::not_run("the database did not describe itself"))?;
        let [version, connections, used, encoding, prepared] = row;
        Ok(Self {
            version: version.split(' ').next().unwrap_or_default().to_owned(),
            connections: connections.parse().unwrap_or_default(),
            used: used.parse().unwrap_or_default(),
            encoding: encoding.clone(),
            prepared: matches!(prepared.as_str(), "t" | "true"),
        })
    }
}

/// Migrations of the release that the database does not have.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pending {
    /// Those that must run before the release works.
    before: Vec<String>,
    /// Those that run after it was rolled out.
    after: Vec<String>,
}

/// The migrations in a listing of the two directories that are not applied.
fn pending(listing: &str, applied: &BTreeSet<String>) -> Pending {
    let mut pending = Pending::default();
    let mut after = false;
    for line in listing.lines().map(str::trim) {
        if let Some(directory) = line.strip_suffix(':') {
            after = directory.ends_with("post_migrate");
            continue;
        }
        let version = line.split('_').next().unwrap_or_default();
        let is_version = version.len() == 14 && version.bytes().all(|byte| byte.is_ascii_digit());
        if !is_version || applied.contains(version) {
            continue;
        }
        let list = if after {
            &mut pending.after
        } else {
            &mut pending.before
        };
        list.push(version.to_owned());
    }
    pending
}

fn judge(state: &State, pending: &Pending) -> Finding {
    if let Some(first) = pending.before.first() {
        return Err(Problem::known(
            format!(
                "{} migrations have not run, from {first} on",
                pending.before.len()
            ),
            Diagnosis::new(
                "the database's schema is older than the release",
                "`masto up` runs the migrations; by hand: `masto run rails db:migrate`",
            )
            .because(format!(
                "schema_migrations lacks {first}, which web's image has"
            )),
        ));
    }
    if state.encoding != "UTF8" {
        return Err(Problem::known(
            format!("the encoding is {}", state.encoding),
            Diagnosis::new(
                "the database is not in UTF-8: posts in other scripts are refused",
                "make it anew with UTF-8 (`masto up` does for its own), and restore into it",
            )
            .because(format!("pg_database.encoding is {}", state.encoding)),
        ));
    }
    // Four fifths: a rolling update doubles the pools of what it replaces.
    if state.used * 5 > state.connections * 4 {
        let problem = Problem::known(
            format!("{} of {} connections are in use", state.used, state.connections),
            Diagnosis::new(
                "PostgreSQL is short of connections",
                "lower `threads` or `replicas`, or raise `postgres.size` in the topology, then `masto up`",
            )
            .because(format!("pg_stat_activity shows {} clients", state.used)),
        );
        let full = state.used + 3 > state.connections;
        return Err(if full {
            problem
        } else {
            problem.into_warning()
        });
    }
    if let Some(first) = pending.after.first() {
        return Err(Problem::known(
            format!(
                "{} post-deployment migrations have not run, from {first} on",
                pending.after.len()
            ),
            Diagnosis::new(
                "an update has not been finished",
                "`masto up` runs the rest; by hand: `masto run rails db:migrate`",
            )
            .because(format!("schema_migrations lacks {first}")),
        )
        .into_warning());
    }
    Ok(format!(
        "PostgreSQL {}, {} of {} connections in use",
        state.version, state.used, state.connections
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diagnosis::testing::shown;

    fn check(row: [&str; 5], before: &[&str], after: &[&str], expected: &Expect) {
        let row = row.map(str::to_owned).to_vec();
        let state = State::read(&[row]).unwrap_or_else(|_| panic!("five columns"));
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let pending = Pending {
            before: owned(before),
            after: owned(after),
        };
        expected.assert_eq(&shown(judge(&state, &pending)));
    }

    const GOOD: [&str; 5] = ["17.2 (Debian 17.2-1)", "97", "12", "UTF8", "t"];

    #[test]
    fn an_up_to_date_database_with_room_is_right() {
        check(
            GOOD,
            &[],
            &[],
            &expect!["pass: PostgreSQL 17.2, 12 of 97 connections in use"],
        );
    }

    #[test]
    fn pending_migrations_fail_and_post_deployment_ones_warn() {
        check(
            GOOD,
            &["20260101000000", "20260102000000"],
            &[],
            &expect![[r#"
            fail: 2 migrations have not run, from 20260101000000 on
              cause: the database's schema is older than the release
              - schema_migrations lacks 20260101000000, which web's image has
              fix: `masto up` runs the migrations; by hand: `masto run rails db:migrate`"#]],
        );
        check(
            GOOD,
            &[],
            &["20260103000000"],
            &expect![[r#"
            warn: 1 post-deployment migrations have not run, from 20260103000000 on
              cause: an update has not been finished
              - schema_migrations lacks 20260103000000
              fix: `masto up` runs the rest; by hand: `masto run rails db:migrate`"#]],
        );
    }

    #[test]
    fn few_connections_left_warn_and_none_left_fail() {
        check(
            ["17.2", "97", "78", "UTF8", "t"],
            &[],
            &[],
            &expect![[r#"
            warn: 78 of 97 connections are in use
              cause: PostgreSQL is short of connections
              - pg_stat_activity shows 78 clients
              fix: lower `threads` or `replicas`, or raise `postgres.size` in the topology, then `masto up`"#]],
        );
        check(
            ["17.2", "97", "96", "UTF8", "t"],
            &[],
            &[],
            &expect![[r#"
            fail: 96 of 97 connections are in use
              cause: PostgreSQL is short of connections
              - pg_stat_activity shows 96 clients
              fix: lower `threads` or `replicas`, or raise `postgres.size` in the topology, then `masto up`"#]],
        );
    }

    #[test]
    fn only_files_of_migrations_count() {
        let applied = BTreeSet::from(["20160220174730".to_owned()]);
        let listing = "db/migrate:\n20160220174730_create_accounts.rb\n20260101000000_add_x.rb\n.keep\n\n\
                       db/post_migrate:\n20260102000000_drop_x.rb\nREADME_first.md\n";
        assert_eq!(
            pending(listing, &applied),
            Pending {
                before: vec!["20260101000000".into()],
                after: vec!["20260102000000".into()],
            }
        );
    }
}
