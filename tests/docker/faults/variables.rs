//! Processes that were started with another environment than the rest.

use super::Fault;
use super::surgery::with_variables;

pub(super) const TABLE: &[Fault] = &[
    Fault {
        name: "wrong LOCAL_DOMAIN in Sidekiq",
        seed: |scenario| {
            with_variables(
                scenario,
                "sidekiq-all-1",
                &[("LOCAL_DOMAIN", Some("other.example"))],
            )
        },
        cause: "`sidekiq-all` runs with a wrong `LOCAL_DOMAIN`",
    },
    Fault {
        name: "wrong LOCAL_DOMAIN in web",
        seed: |scenario| {
            with_variables(
                scenario,
                "web-1",
                &[("LOCAL_DOMAIN", Some("other.example"))],
            )
        },
        cause: "LOCAL_DOMAIN=other.example",
    },
    Fault {
        name: "CA missing in Sidekiq",
        seed: |scenario| with_variables(scenario, "sidekiq-all-1", &[("SSL_CERT_FILE", None)]),
        cause: "`sidekiq-all` does not trust the CA",
    },
    Fault {
        name: "private addresses blocked in Sidekiq",
        seed: |scenario| {
            with_variables(
                scenario,
                "sidekiq-all-1",
                &[("ALLOWED_PRIVATE_ADDRESSES", None)],
            )
        },
        cause: "ALLOWED_PRIVATE_ADDRESSES",
    },
    Fault {
        name: "untrusted proxy",
        seed: |scenario| {
            with_variables(scenario, "web-1", &[("TRUSTED_PROXY_IP", Some("10.1.2.3"))])
        },
        cause: "does not trust the address of the proxy",
    },
    Fault {
        name: "pool too small",
        seed: |scenario| with_variables(scenario, "sidekiq-all-1", &[("DB_POOL", Some("1"))]),
        cause: "more threads than connections in its pool",
    },
    Fault {
        name: "wrong database password",
        seed: |scenario| with_variables(scenario, "web-1", &[("DB_PASS", Some("wrong"))]),
        cause: "PostgreSQL refuses the password of `web`",
    },
    Fault {
        name: "wrong key of the bucket",
        seed: |scenario| {
            with_variables(
                scenario,
                "web-1",
                &[("AWS_SECRET_ACCESS_KEY", Some("wrong"))],
            )
        },
        cause: "refuses the access key of `web`",
    },
    Fault {
        name: "media host not in CSP",
        seed: |scenario| {
            with_variables(
                scenario,
                "web-1",
                &[("S3_ALIAS_HOST", Some("files.example"))],
            )
        },
        cause: "as the media host",
    },
    Fault {
        name: "SMTP refused",
        seed: |scenario| with_variables(scenario, "sidekiq-all-1", &[("SMTP_PORT", Some("1"))]),
        cause: "mailpit:1 refuses the connection",
    },
    Fault {
        name: "streaming on another Redis",
        seed: |scenario| {
            with_variables(
                scenario,
                "streaming-1",
                &[("REDIS_URL", Some("redis://nowhere:6379/0"))],
            )
        },
        cause: "web and `streaming` are configured differently (REDIS_URL)",
    },
];
