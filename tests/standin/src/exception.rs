//! What goes wrong while working, under the names Ruby gives it.

use std::time::Duration;

/// An exception: its class is what logs and retry records show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Exception {
    /// PostgreSQL refused a statement, or the connection broke.
    #[error("{}", statement(.0))]
    Statement(#[from] tokio_postgres::Error),
    /// No connection to PostgreSQL.
    #[error("{0}")]
    NotConnected(String),
    /// The database is not there.
    #[error(
        "We could not find your database: {0}. Available database configurations can be found in config/database.yml."
    )]
    NoDatabase(String),
    /// All of the pool is in use.
    #[error("could not obtain a connection from the pool within 5.000 seconds (waited {:.3} seconds); all pooled connections were in use", .0.as_secs_f64())]
    ConnectionTimeout(Duration),
    /// Another process migrates.
    #[error(
        "\n\nCannot run migrations because another migration process is currently running.\n\n"
    )]
    ConcurrentMigration,
    /// `db:setup` on a database in use.
    #[error(
        "You are attempting to run a destructive action against your 'production' database.\nIf you are sure you want to continue, run the same command with the environment variable:\nDISABLE_DATABASE_ENVIRONMENT_CHECK=1"
    )]
    ProtectedEnvironment,
    /// Redis.
    #[error("{0}")]
    Redis(#[from] redis::RedisError),
    /// Nothing by that id.
    #[error("Record not found")]
    RecordNotFound,
    /// Validations, as `attribute message` texts.
    #[error("Validation failed: {}", .0.join(", "))]
    RecordInvalid(Vec<String>),
    /// A secret that does not fit what it once encrypted.
    #[error(
        "ActiveRecord::Encryption::Errors::Decryption: the ACTIVE_RECORD_ENCRYPTION_* variables are not those this was encrypted with"
    )]
    Decryption,
    /// The bucket or the mail server, with the class its library gives it.
    #[error("{message}")]
    Foreign {
        /// `Aws::S3::Errors::…`, `Errno::…`, `Net::SMTP…`
        class: String,
        /// What it said.
        message: String,
    },
    /// Another server.
    #[error("{0}")]
    Remote(String),
    /// A request from a peer that may not say whom it speaks for.
    #[error("{0}")]
    IpSpoof(String),
    /// A link without a host.
    #[error(
        "Missing host to link to! Please provide the :host parameter, set default_url_options[:host], or set :only_path to true"
    )]
    MissingHost,
    /// A job nobody here knows.
    #[error("uninitialized constant {0}")]
    UnknownClass(String),
    /// Anything that Ruby calls an argument error.
    #[error("{0}")]
    Argument(String),
}

impl Exception {
    /// One of a library's.
    pub(crate) fn foreign(class: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Foreign {
            class: class.into(),
            message: message.into(),
        }
    }

    /// Ruby's class.
    pub(crate) fn class(&self) -> &str {
        match self {
            Self::Statement(_) => "ActiveRecord::StatementInvalid",
            Self::NotConnected(_) => "ActiveRecord::ConnectionNotEstablished",
            Self::NoDatabase(_) => "ActiveRecord::NoDatabaseError",
            Self::ConnectionTimeout(_) => "ActiveRecord::ConnectionTimeoutError",
            Self::ConcurrentMigration => "ActiveRecord::ConcurrentMigrationError",
            Self::ProtectedEnvironment => "ActiveRecord::ProtectedEnvironmentError",
            Self::Redis(_) => "Redis::BaseError",
            Self::RecordNotFound => "ActiveRecord::RecordNotFound",
            Self::RecordInvalid(_) => "ActiveRecord::RecordInvalid",
            Self::Decryption => "ActiveRecord::Encryption::Errors::Decryption",
            Self::Foreign { class, .. } => class,
            Self::Remote(_) => "HTTP::Error",
            Self::IpSpoof(_) => "ActionDispatch::RemoteIp::IpSpoofAttackError",
            Self::MissingHost | Self::Argument(_) => "ArgumentError",
            Self::UnknownClass(_) => "NameError",
        }
    }
}

/// PostgreSQL's message under the class the pg gem gives it.
fn statement(error: &tokio_postgres::Error) -> String {
    let Some(database) = error.as_db_error() else {
        return format!("PG::ConnectionBad: {error}");
    };
    let class = match database.code().code() {
        "42P01" => "PG::UndefinedTable",
        "42703" => "PG::UndefinedColumn",
        "42883" => "PG::UndefinedFunction",
        "23505" => "PG::UniqueViolation",
        "23502" => "PG::NotNullViolation",
        "42501" => "PG::InsufficientPrivilege",
        _ => "PG::Error",
    };
    format!("{class}: {}:  {}", database.severity(), database.message())
}
