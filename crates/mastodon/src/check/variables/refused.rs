//! Variables that cannot be set by hand, and why.

/// Why a variable cannot be set by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// masto sets it, or something that would contradict it.
    Owned {
        /// What for.
        why: &'static str,
        /// Where to say it.
        instead: &'static str,
    },
    /// It stops the server, or destroys it.
    Harmful {
        /// How.
        why: &'static str,
    },
    /// Nothing reads it.
    Dead {
        /// What became of it.
        why: &'static str,
        /// What to do.
        instead: &'static str,
    },
}

/// Why the variable called `name` cannot be set by hand; `None` when it can.
pub(super) fn refused(name: &str) -> Option<Refused> {
    harmful(name).or_else(|| dead(name)).or_else(|| owned(name))
}

fn harmful(name: &str) -> Option<Refused> {
    let why = match name {
        "REDIS_NAMESPACE" => {
            "with it Mastodon 4.4 and newer do not start, not even when it is empty"
        }
        "SELF_DESTRUCT" => "it makes Sidekiq delete the server from the whole network",
        "SECRET_KEY_BASE_DUMMY" => "it replaces the secrets by ones that everybody knows",
        "SKIP_POST_DEPLOYMENT_MIGRATIONS" => {
            "with any value, `false` too, a new database cannot be set up and migrations stay undone"
        }
        "SAFETY_ASSURED" | "IGNORE_ALREADY_SET_SECRETS" | "MIGRATION_IGNORE_INVALID_OTP_SECRET" => {
            "it belongs to one command, not to every process: `masto run`"
        }
        _ => return None,
    };
    Some(Refused::Harmful { why })
}

fn dead(name: &str) -> Option<Refused> {
    let (why, instead) = match name {
        "STREAMING_CLUSTER_NUM" => ("no release reads it any more", "write `streaming.replicas`"),
        "LOG_LEVEL" => (
            "only streaming reads it, and `mastodon.env` is for the Rails processes",
            "set RAILS_LOG_LEVEL",
        ),
        "LOCAL_HTTPS" => (
            "it means nothing in production, which is always HTTPS",
            "remove it",
        ),
        "SIDEKIQ_CONCURRENCY" => (
            "Sidekiq is started with `-c`, which wins",
            "write `sidekiq[].threads`",
        ),
        _ if name.starts_with("STATSD_") => ("Mastodon dropped StatsD in 4.3", "remove it"),
        _ => return None,
    };
    Some(Refused::Dead { why, instead })
}

fn owned(name: &str) -> Option<Refused> {
    let (why, instead) = match name {
        "LOCAL_DOMAIN" => ("it is the server's identity", "write `domain`"),
        "WEB_DOMAIN" => ("it is where the server answers", "write `web_domain`"),
        "STREAMING_API_BASE_URL" => ("it follows from the domain", "remove it"),
        "RAILS_ENV" | "NODE_ENV" => ("the images run in production only", "remove it"),
        "SECRET_KEY_BASE" | "VAPID_PRIVATE_KEY" | "VAPID_PUBLIC_KEY" => SECRET,
        "DB_POOL" => (
            "one pool for all processes is wrong for each: Rails takes as many as it has threads, \
             streaming takes ten",
            "write `web.threads` or `sidekiq[].threads`",
        ),
        "DATABASE_URL" | "PGSSLROOTCERT" => DATABASE,
        "CACHE_REDIS_URL" | "SIDEKIQ_REDIS_URL" => return None,
        "WEB_CONCURRENCY" => ("the file has a key for it", "write `web.workers`"),
        "MAX_THREADS" => ("the file has a key for it", "write `web.threads`"),
        "PERSISTENT_TIMEOUT" => (
            "it must be longer than the ingress waits, and is",
            "remove it",
        ),
        "PORT" | "BIND" | "SOCKET" | "PROXY_PROTO_V1" | "RAILS_SERVE_STATIC_FILES" => {
            ("the ingress and the health checks rely on it", "remove it")
        }
        "MASTODON_SIDEKIQ_READY_FILENAME" => ("the health check looks for that file", "remove it"),
        "TRUSTED_PROXY_IP" => ("masto knows which proxies are in front", "remove it"),
        "ALLOWED_PRIVATE_ADDRESSES" => {
            ("masto knows which private networks are peers", "remove it")
        }
        "SSL_CERT_FILE" | "NODE_EXTRA_CA_CERTS" => {
            ("masto brings the certificates it needs", "remove it")
        }
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => MEDIA,
        "SMTP_REPLY_TO" | "SMTP_RETURN_PATH" | "SMTP_CA_FILE" => return None,
        "S3_KEY_PREFIX"
        | "S3_OPEN_TIMEOUT"
        | "S3_READ_TIMEOUT"
        | "S3_RETRY_LIMIT"
        | "S3_MULTIPART_THRESHOLD"
        | "S3_STORAGE_CLASS"
        | "S3_BATCH_DELETE_LIMIT"
        | "S3_BATCH_DELETE_RETRY" => return None,
        _ if name.starts_with("ACTIVE_RECORD_ENCRYPTION_") => SECRET,
        _ if name.starts_with("CACHE_REDIS_") => (
            "port, user and password are not inherited beside it",
            "set CACHE_REDIS_URL to the whole address",
        ),
        _ if name.starts_with("SIDEKIQ_REDIS_") => (
            "port, user and password are not inherited beside it",
            "set SIDEKIQ_REDIS_URL to the whole address",
        ),
        _ if name.starts_with("REDIS_") => ("masto runs the server it names", "write `redis`"),
        _ if name.starts_with("DB_") => DATABASE,
        _ if name.starts_with("SMTP_") => ("the file has keys for it", "write `mail`"),
        _ if ["S3_", "SWIFT_", "AZURE_", "PAPERCLIP_"]
            .iter()
            .any(|start| name.starts_with(start)) =>
        {
            MEDIA
        }
        _ => return None,
    };
    Some(Refused::Owned { why, instead })
}

const SECRET: (&str, &str) = (
    "masto makes it once and keeps it out of the file",
    "remove it",
);
const DATABASE: (&str, &str) = ("masto runs the database it names", "write `postgres`");
const MEDIA: (&str, &str) = ("masto keeps media in a bucket of its own", "remove it");
