//! The rules of this crate.

use crate::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        impl Code {
            $($(#[$doc])* pub const $name: Self = Self::new(concat!("topology::", $text));)+

            /// Every rule of this crate.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

codes! {
    // The file as text.

    /// The file is larger than any topology.
    TOO_LARGE = "too-large";
    /// The file is not UTF-8.
    NOT_UTF8 = "not-utf8";
    /// The file has control characters in it.
    CONTROL_CHARACTER = "control-character";
    /// The file is not YAML.
    SYNTAX = "syntax";
    /// The file is nested, or unfolds by its aliases, beyond any topology.
    TOO_COMPLEX = "too-complex";
    /// The file has nothing in it.
    EMPTY = "empty";
    /// The file has more than one document.
    SEVERAL_DOCUMENTS = "several-documents";
    /// A tag (`!name`), which has no meaning here.
    TAG = "tag";
    /// An alias (`*name`) without its anchor, or inside of it.
    ALIAS = "alias";
    /// More problems than are worth showing.
    MORE = "more-problems";

    // Its shape.

    /// A key that masto does not know.
    UNKNOWN_KEY = "unknown-key";
    /// A key that stands twice in one mapping.
    DUPLICATE_KEY = "duplicate-key";
    /// A key that must be there.
    MISSING_KEY = "missing-key";
    /// A secret, which never stands in the file.
    SECRET = "secret-in-file";
    /// A value of another kind: a list for a number.
    WRONG_TYPE = "wrong-type";
    /// A word that is none of those possible here.
    UNKNOWN_VALUE = "unknown-value";
    /// A number outside its bounds.
    OUT_OF_RANGE = "out-of-range";

    // Its values.

    /// `name` and `sidekiq[].name`.
    NAME = "name";
    /// Host names.
    DOMAIN = "domain";
    /// Mail addresses.
    EMAIL = "email";
    /// `owner.username`.
    USERNAME = "username";
    /// Image references.
    IMAGE = "image";
    /// `mastodon.version`.
    MASTODON_VERSION = "mastodon-version";
    /// `postgres.version`, `redis.version`.
    STORE_VERSION = "store-version";
    /// Memory and disk.
    SIZE = "size";
    /// `cpu`.
    CPU = "cpu";
    /// `postgres.backups`.
    RETENTION = "retention";
    /// Names and values in `mastodon.env`.
    ENV = "env";
    /// `aws.region`.
    REGION = "region";

    // Their combinations.

    /// Two Sidekiq processes of one name.
    DUPLICATE_NAME = "duplicate-name";
    /// A queue listed twice in one process.
    DUPLICATE_QUEUE = "duplicate-queue";
    /// A list that must have an entry.
    EMPTY_LIST = "empty-list";
    /// Bounds of scaling that exclude each other, or the replicas.
    AUTOSCALE = "autoscale";
    /// Two published ports that are one.
    SAME_PORT = "same-port";
    /// TLS of one kind on the port of the other, or a password without TLS.
    MAIL_TLS = "mail-tls";
    /// A way to deliver mail that AWS does not have.
    MAIL_ON_AWS = "mail-on-aws";
    /// A domain that nobody can prove to own.
    DOMAIN_NOT_PUBLIC = "domain-not-public";
    /// A domain outside of the zone that shall answer for it.
    DOMAIN_OUTSIDE_ZONE = "domain-outside-zone";
    /// A local domain that does not lead to this machine by itself.
    LOCAL_DOMAIN = "local-domain";
    /// A value that only repeats another.
    REDUNDANT = "redundant";
    /// CPU and memory that Fargate does not sell together.
    FARGATE = "fargate-size";
    /// A database that RDS does not sell.
    RDS = "rds";
    /// A key-value store that ElastiCache does not sell.
    ELASTICACHE = "elasticache";
}
