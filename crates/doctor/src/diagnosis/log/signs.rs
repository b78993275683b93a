//! The lines themselves.

use super::Sign;

const fn sign_of(any: &'static [&'static str], cause: &'static str, fix: &'static str) -> Sign {
    Sign {
        any,
        all: &[],
        cause,
        fix,
        store: None,
    }
}

impl Sign {
    const fn and(mut self, all: &'static [&'static str]) -> Self {
        self.all = all;
        self
    }

    const fn of(mut self, store: &'static str) -> Self {
        self.store = Some(store);
        self
    }
}

/// The more telling before the more general: the first one that fits a line is taken.
pub(super) const SIGNS: &[Sign] = &[
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
        &["command not allowed when used memory"],
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
        "PostgreSQL refuses the password of `{process}`",
        "`masto up` gives it the right one; if nobody gets in, the volume was made with other secrets: restore those, or, if the data may go, `masto down --data` and `masto up`",
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
    sign_of(
        &["no pg_hba.conf entry"],
        "PostgreSQL demands TLS and `{process}` speaks without",
        "set `DB_SSLMODE` (`require`; streaming also needs the CA in `NODE_EXTRA_CA_CERTS`), then `masto up`",
    )
    .and(&["no encryption"]),
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
    sign_of(
        &["relation \"", "column \""],
        "the database's schema is older than the release",
        "`masto up` runs the migrations; by hand: `masto run rails db:migrate`",
    )
    .and(&["does not exist"]),
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
        &[
            "Aws::S3::Errors::InternalError",
            "Aws::S3::Errors::XMinioStorageFull",
            "Aws::S3::Errors::SlowDownWrite",
        ],
        "the bucket's store fails with an error of its own: its disk is full, or its files are damaged",
        "look at `masto logs media`; `docker system df` shows what takes the space",
    )
    .of("media"),
    sign_of(
        &["Seahorse::Client::NetworkingError"],
        "`{process}` does not reach the bucket's store",
        "`masto up` starts it; compare `S3_ENDPOINT` with `masto status`",
    )
    .of("media"),
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
    sign_of(
        &[
            "Connection refused",
            "ECONNREFUSED",
            "could not connect to server",
            "PG::ConnectionBad",
        ],
        "`{process}` does not reach PostgreSQL",
        "look at `masto logs postgres`, then `masto up`",
    )
    .and(&["5432"])
    .of("postgres"),
    sign_of(
        &[
            "the database system is starting up",
            "the database system is shutting down",
            "PG::ConnectionBad",
            "ActiveRecord::ConnectionNotEstablished",
        ],
        "`{process}` does not reach PostgreSQL",
        "look at `masto logs postgres`, then `masto up`",
    )
    .of("postgres"),
    sign_of(
        &["Connection refused", "ECONNREFUSED"],
        "`{process}` does not reach Redis",
        "look at `masto logs redis`, then `masto up`",
    )
    .and(&["6379"])
    .of("redis"),
    sign_of(
        &[
            "RedisClient::CannotConnectError",
            "Redis::CannotConnectError",
            "Error connecting to Redis",
        ],
        "`{process}` does not reach Redis",
        "look at `masto logs redis`, then `masto up`",
    )
    .of("redis"),
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
