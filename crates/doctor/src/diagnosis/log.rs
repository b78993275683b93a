//! Lines in logs that name a cause: the errors of Rails, Sidekiq, Node, PostgreSQL, Redis and S3
//! as these programs write them.

use super::{Diagnosis, Facts, involved};
use crate::problem::Symptom;

/// How many of a log's last lines are looked at.
const LINES: usize = 200;

/// A line that names a cause. `{process}` in the texts is the process that printed it.
struct Sign {
    /// The line holds one of these…
    any: &'static [&'static str],
    /// …and all of these.
    all: &'static [&'static str],
    cause: &'static str,
    fix: &'static str,
}

const fn sign_of(any: &'static [&'static str], cause: &'static str, fix: &'static str) -> Sign {
    Sign {
        any,
        all: &[],
        cause,
        fix,
    }
}

/// The more telling before the more general: the first one that fits a line is taken.
const SIGNS: &[Sign] = &[
    sign_of(
        &["No space left on device", "PG::DiskFull", "ENOSPC"],
        "the disk that `{process}` writes to is full",
        "free space (`docker system df` shows what takes it), or enlarge `storage` in the topology, then `masto up`",
    ),
    sign_of(
        &["MISCONF"],
        "Redis cannot save to its disk and refuses writes",
        "free space on the disk of Redis (`masto logs redis` says what failed), then `masto up`",
    ),
    sign_of(
        &["OOM command not allowed"],
        "Redis is full and takes nothing more",
        "raise `redis.size` in the topology, then `masto up`",
    ),
    sign_of(
        &["READONLY You can't write against a read only"],
        "`{process}` writes to a Redis replica that only reads",
        "point `REDIS_*` to the primary, then `masto up`",
    ),
    sign_of(
        &["password authentication failed for user"],
        "PostgreSQL refuses the password: the volume was made with other secrets than those of today",
        "restore the secrets that belong to this data; if the data may go, `masto down --data` and `masto up`",
    ),
    sign_of(
        &["WRONGPASS", "NOAUTH", "invalid username-password pair"],
        "Redis refuses the password",
        "`masto up` gives Redis and the processes the same one",
    ),
    sign_of(
        &[
            "too many clients already",
            "remaining connection slots are reserved",
            "too many connections for",
        ],
        "PostgreSQL has no free connection: the pools together are larger than `max_connections`",
        "lower `threads` or `replicas`, or raise `postgres.size` in the topology, then `masto up`",
    ),
    Sign {
        any: &["no pg_hba.conf entry"],
        all: &["no encryption"],
        cause: "PostgreSQL demands TLS and `{process}` speaks without",
        fix: "set `DB_SSLMODE` (`require`; streaming also needs the CA in `NODE_EXTRA_CA_CERTS`), then `masto up`",
    },
    sign_of(
        &["no pg_hba.conf entry"],
        "PostgreSQL does not let `{process}` in from its address",
        "`masto up` makes the database anew with the rules it needs, unless you changed `pg_hba.conf`",
    ),
    sign_of(
        &["database files are incompatible with server"],
        "the volume was written by another major version of PostgreSQL",
        "set `postgres.version` back, dump, change it and restore; or `masto down --data` if the data may go",
    ),
    sign_of(
        &[
            "ActiveRecord::NoDatabaseError",
            "database \"mastodon_production\" does not exist",
        ],
        "the database has not been made",
        "`masto up` runs the schema job",
    ),
    sign_of(
        &[
            "PendingMigrationError",
            "Migrations are pending",
            "PG::UndefinedTable",
            "PG::UndefinedColumn",
            "UndefinedTable: ERROR",
            "UndefinedColumn: ERROR",
        ],
        "the database's schema is older than the release",
        "`masto up` runs the migrations; by hand: `masto run rails db:migrate`",
    ),
    Sign {
        any: &["relation \"", "column \""],
        all: &["does not exist"],
        cause: "the database's schema is older than the release",
        fix: "`masto up` runs the migrations; by hand: `masto run rails db:migrate`",
    },
    sign_of(
        &[
            "could not obtain a connection from the pool",
            "ConnectionTimeoutError",
            "ConnectionPool::TimeoutError",
        ],
        "`{process}` has more threads than connections in its pool",
        "leave `DB_POOL` out, or set it to at least the number of threads; then `masto up`",
    ),
    sign_of(
        &["ACTIVE_RECORD_ENCRYPTION_"],
        "`{process}` lacks the keys that encrypt the database (`ACTIVE_RECORD_ENCRYPTION_*`)",
        "`masto up` gives it the keys of this deployment; if they are lost, restore them from your backup and never make new ones",
    ),
    sign_of(
        &["secret_key_base", "SECRET_KEY_BASE"],
        "`{process}` has no `SECRET_KEY_BASE`",
        "`masto up` gives it the one of this deployment",
    ),
    sign_of(
        &["REDIS_NAMESPACE"],
        "`REDIS_NAMESPACE` is set, which Mastodon refuses since 4.4",
        "take `REDIS_NAMESPACE` out of the environment, then `masto up`",
    ),
    sign_of(
        &[
            "Sidekiq requires Redis",
            "requires Redis 7",
            "You are connecting to Redis",
        ],
        "this release needs a newer Redis",
        "set `redis.version: 7` or later in the topology, then `masto up`",
    ),
    sign_of(
        &["IpSpoofAttackError", "IP spoofing attack"],
        "web does not trust the address of the proxy in front of it",
        "put the proxy's network into `TRUSTED_PROXY_IP` (it replaces the default), then `masto up`",
    ),
    sign_of(
        &["PrivateNetworkAddressError"],
        "`{process}` may not speak to another server because its address is private",
        "put that network into `ALLOWED_PRIVATE_ADDRESSES` of web and Sidekiq, then `masto up`",
    ),
    sign_of(
        &[
            "RequestTimeTooSkewed",
            "Signed request date outside acceptable time window",
            "Invalid Date header",
        ],
        "the clock of `{process}` is wrong, so its signatures are refused",
        "set the clock (`timedatectl set-ntp true` on the machine it runs on)",
    ),
    sign_of(
        &[
            "Errors::InvalidAccessKeyId",
            "Errors::SignatureDoesNotMatch",
        ],
        "the bucket's store refuses the access key of `{process}`",
        "`masto up` gives the store and the processes the same one",
    ),
    sign_of(
        &["Errors::AccessControlListNotSupported"],
        "the bucket takes no ACLs, and Mastodon sends one",
        "set `S3_PERMISSION` to empty (not unset), then `masto up`",
    ),
    sign_of(
        &["Errors::NoSuchBucket"],
        "the bucket does not exist",
        "`masto up` makes it",
    ),
    sign_of(
        &[
            "Aws::S3::Errors::AccessDenied",
            "Aws::S3::Errors::Forbidden",
        ],
        "the bucket refuses what `{process}` stores",
        "`masto up` sets its policy and keys again",
    ),
    sign_of(
        &["Seahorse::Client::NetworkingError"],
        "`{process}` does not reach the bucket's store",
        "`masto up` starts it; compare `S3_ENDPOINT` with `masto status`",
    ),
    sign_of(
        &[
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "SELF_SIGNED_CERT_IN_CHAIN",
            "unable to get local issuer certificate",
            "certificate verify failed",
        ],
        "`{process}` does not trust the CA of the server it speaks to",
        "give it the CA: `SSL_CERT_FILE` for web and Sidekiq, `NODE_EXTRA_CA_CERTS` for streaming; then `masto up`",
    ),
    sign_of(
        &[
            "could not translate host name",
            "ENOTFOUND",
            "EAI_AGAIN",
            "getaddrinfo: ",
            "getaddrinfo(3)",
            "Temporary failure in name resolution",
        ],
        "`{process}` does not find the address of a name it needs",
        "`masto up` connects it to its networks again",
    ),
    Sign {
        any: &[
            "Connection refused",
            "ECONNREFUSED",
            "could not connect to server",
            "PG::ConnectionBad",
        ],
        all: &["5432"],
        cause: "`{process}` does not reach PostgreSQL",
        fix: "look at `masto logs postgres`, then `masto up`",
    },
    sign_of(
        &[
            "the database system is starting up",
            "the database system is shutting down",
            "PG::ConnectionBad",
            "ActiveRecord::ConnectionNotEstablished",
        ],
        "`{process}` does not reach PostgreSQL",
        "look at `masto logs postgres`, then `masto up`",
    ),
    Sign {
        any: &["Connection refused", "ECONNREFUSED"],
        all: &["6379"],
        cause: "`{process}` does not reach Redis",
        fix: "look at `masto logs redis`, then `masto up`",
    },
    sign_of(
        &[
            "RedisClient::CannotConnectError",
            "Redis::CannotConnectError",
            "Error connecting to Redis",
        ],
        "`{process}` does not reach Redis",
        "look at `masto logs redis`, then `masto up`",
    ),
    sign_of(
        &["ddress already in use", "EADDRINUSE"],
        "the port that `{process}` wants is taken",
        "stop what holds it (`masto status`), then `masto up`",
    ),
    sign_of(
        &[
            "JavaScript heap out of memory",
            "NoMemoryError",
            "Cannot allocate memory",
        ],
        "`{process}` is out of memory",
        "raise its `memory` in the topology, then `masto up`",
    ),
    sign_of(
        &["exec format error"],
        "the image of `{process}` is for another processor",
        "use an image for this machine's architecture, then `masto up`",
    ),
    sign_of(
        &[
            "Read-only file system",
            "EROFS",
            "Permission denied @",
            "EACCES",
        ],
        "`{process}` may not write where it has to",
        "let user 991 write to `/opt/mastodon/tmp` (and to `public/system` without a bucket), then `masto up`",
    ),
];

/// The cause that the last telling line of a process's log names.
pub(super) fn sign(process: &str, facts: &Facts) -> Option<Diagnosis> {
    facts
        .last_lines(process, LINES)
        .iter()
        .rev()
        .find_map(|line| recognise(process, line))
}

/// The cause that a line, or an error, names.
pub(super) fn recognise(process: &str, line: &str) -> Option<Diagnosis> {
    let sign = SIGNS.iter().find(|sign| {
        sign.any.iter().any(|needle| line.contains(needle))
            && sign.all.iter().all(|needle| line.contains(needle))
    })?;
    Some(
        Diagnosis::new(
            sign.cause.replace("{process}", process),
            sign.fix.replace("{process}", process),
        )
        .because(format!("{process}: {}", shorten(line))),
    )
}

/// The cause that the log of a process on the symptom's way names. Not asked where the answer
/// itself proves that the process works.
pub(super) fn sign_of_involved(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    match symptom {
        Symptom::LoginRefused => return None,
        Symptom::Answer(answered) if answered.status < 500 => return None,
        _ => {}
    }
    involved(symptom, facts)
        .iter()
        .find_map(|process| sign(process, facts))
}

/// A line short enough to stand in a report.
pub(super) fn shorten(line: &str) -> String {
    const LENGTH: usize = 200;
    let line = line.trim();
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
