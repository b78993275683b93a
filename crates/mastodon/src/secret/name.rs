//! The names of the secrets.

use std::fmt;

use crate::SecretName;

impl SecretName {
    /// Every secret, in order.
    pub const ALL: [Self; 12] = [
        Self::SecretKeyBase,
        Self::ActiveRecordEncryptionPrimaryKey,
        Self::ActiveRecordEncryptionDeterministicKey,
        Self::ActiveRecordEncryptionKeyDerivationSalt,
        Self::VapidPrivateKey,
        Self::VapidPublicKey,
        Self::PostgresPassword,
        Self::RedisPassword,
        Self::MediaAccessKey,
        Self::MediaSecretKey,
        Self::SmtpPassword,
        Self::OwnerPassword,
    ];

    /// `SECRET_KEY_BASE`, `POSTGRES_PASSWORD`, …; the same text as in a file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecretKeyBase => "SECRET_KEY_BASE",
            Self::ActiveRecordEncryptionPrimaryKey => "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
            Self::ActiveRecordEncryptionDeterministicKey => {
                "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY"
            }
            Self::ActiveRecordEncryptionKeyDerivationSalt => {
                "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT"
            }
            Self::VapidPrivateKey => "VAPID_PRIVATE_KEY",
            Self::VapidPublicKey => "VAPID_PUBLIC_KEY",
            Self::PostgresPassword => "POSTGRES_PASSWORD",
            Self::RedisPassword => "REDIS_PASSWORD",
            Self::MediaAccessKey => "MEDIA_ACCESS_KEY",
            Self::MediaSecretKey => "MEDIA_SECRET_KEY",
            Self::SmtpPassword => "SMTP_PASSWORD",
            Self::OwnerPassword => "OWNER_PASSWORD",
        }
    }

    /// Whether masto makes it; otherwise only the operator can give it.
    #[must_use]
    pub fn is_generated(self) -> bool {
        self != Self::SmtpPassword
    }

    /// Whether a new value would make existing data useless or lock its owner out: what was
    /// encrypted with it, or the account that was made with it. The others only end sessions or
    /// are set anew on the platform.
    #[must_use]
    pub fn is_bound_to_data(self) -> bool {
        match self {
            Self::SecretKeyBase
            | Self::ActiveRecordEncryptionPrimaryKey
            | Self::ActiveRecordEncryptionDeterministicKey
            | Self::ActiveRecordEncryptionKeyDerivationSalt
            | Self::VapidPrivateKey
            | Self::PostgresPassword => true,
            // A lost public key is derived from the private one; the rest is handed to the stores
            // at each start or, like the owner's password, has no meaning after the first.
            Self::VapidPublicKey
            | Self::RedisPassword
            | Self::MediaAccessKey
            | Self::MediaSecretKey
            | Self::SmtpPassword
            | Self::OwnerPassword => false,
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
