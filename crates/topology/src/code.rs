//! The rules of this crate.

use crate::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $label:literal;)+) => {
        impl Code {
            $($(#[$doc])* pub const $name: Self = Self::new(concat!("topology::", $text));)+

            /// Every rule of this crate.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// What to write under the marked text where the rule knows no better.
            pub(crate) fn label(self) -> &'static str {
                $(if self == Self::$name { return $label; })+
                ""
            }
        }
    };
}

codes! {
    // The file as text.

    /// The file is larger than any topology.
    TOO_LARGE = "too-large", "";
    /// The file is not UTF-8.
    NOT_UTF8 = "not-utf8", "no character";
    /// The file has control characters in it.
    CONTROL_CHARACTER = "control-character", "cannot stand in a text file";
    /// The file is not YAML.
    SYNTAX = "syntax", "here";
    /// The file is nested, or unfolds by its aliases, beyond any topology.
    TOO_COMPLEX = "too-complex", "too much from here on";
    /// The file has nothing in it.
    EMPTY = "empty", "";
    /// The file has more than one document.
    SEVERAL_DOCUMENTS = "several-documents", "a second document starts here";
    /// A tag (`!name`), which has no meaning here.
    TAG = "tag", "a tag";
    /// An alias (`*name`) without its anchor, or inside of it.
    ALIAS = "alias", "an alias";
    /// More problems than are worth showing.
    MORE = "more-problems", "";

    // Its shape.

    /// A key that masto does not know.
    UNKNOWN_KEY = "unknown-key", "unknown key";
    /// A key that stands twice in one mapping.
    DUPLICATE_KEY = "duplicate-key", "again";
    /// A key that must be there.
    MISSING_KEY = "missing-key", "something is missing here";
    /// A secret, which never stands in the file.
    SECRET = "secret-in-file", "anyone who reads the file would know it";
    /// A value of another kind: a list for a number.
    WRONG_TYPE = "wrong-type", "another kind of value";
    /// A word that is none of those possible here.
    UNKNOWN_VALUE = "unknown-value", "not a known word";
    /// A number outside its bounds.
    OUT_OF_RANGE = "out-of-range", "out of range";

    // Its values.

    /// `name` and `sidekiq[].name`.
    NAME = "name", "not a name";
    /// Host names.
    DOMAIN = "domain", "not a host name";
    /// Mail addresses.
    EMAIL = "email", "not a mail address";
    /// `owner.username`.
    USERNAME = "username", "not a user name";
    /// Image references.
    IMAGE = "image", "not an image";
    /// `mastodon.version`.
    MASTODON_VERSION = "mastodon-version", "not a release that masto supports";
    /// `postgres.version`, `redis.version`.
    STORE_VERSION = "store-version", "not a version that masto supports";
    /// Memory and disk.
    SIZE = "size", "not a size";
    /// `cpu`.
    CPU = "cpu", "not a number of processors";
    /// `postgres.backups`.
    RETENTION = "retention", "not a number of days";
    /// Names and values in `mastodon.env`.
    ENV = "env", "not possible in an environment";
    /// `aws.region`.
    REGION = "region", "not a region";

    // Their combinations.

    /// Two Sidekiq processes of one name.
    DUPLICATE_NAME = "duplicate-name", "again";
    /// A queue listed twice in one process.
    DUPLICATE_QUEUE = "duplicate-queue", "again";
    /// A list that must have an entry.
    EMPTY_LIST = "empty-list", "empty";
    /// Bounds of scaling that exclude each other, or the replicas.
    AUTOSCALE = "autoscale", "does not fit the bounds";
    /// Two published ports that are one.
    SAME_PORT = "same-port", "the same port";
    /// TLS of one kind on the port of the other, or a password without TLS.
    MAIL_TLS = "mail-tls", "does not fit";
    /// A way to deliver mail that AWS does not have.
    MAIL_ON_AWS = "mail-on-aws", "not on AWS";
    /// A domain that nobody can prove to own.
    DOMAIN_NOT_PUBLIC = "domain-not-public", "not a domain of yours";
    /// A domain outside of the zone that shall answer for it.
    DOMAIN_OUTSIDE_ZONE = "domain-outside-zone", "does not hold the domain";
    /// A local domain that does not lead to this machine by itself.
    LOCAL_DOMAIN = "local-domain", "where does this lead?";
    /// Handles and server on names that do not go together.
    SPLIT = "split-domain", "does not split the domain";
    /// A value that only repeats another.
    REDUNDANT = "redundant", "the same";
    /// CPU and memory that Fargate does not sell together.
    FARGATE = "fargate-size", "not sold";
    /// A database that RDS does not sell.
    RDS = "rds", "not sold";
    /// A key-value store that ElastiCache does not sell.
    ELASTICACHE = "elasticache", "not sold";
}
