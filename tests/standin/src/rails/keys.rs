//! Commands that print keys. They need no database.

use crate::crypto::{token, vapid};
use crate::environment::Environment;
use crate::output::{complain, say};

/// `rails secret`
pub(crate) fn secret() {
    say(&token::hex(64));
}

/// `rails mastodon:webpush:generate_vapid_key`; whether it could.
pub(crate) fn vapid_key() -> bool {
    match vapid::generate() {
        Ok((private, public)) => {
            say(&format!(
                "VAPID_PRIVATE_KEY={private}\nVAPID_PUBLIC_KEY={public}"
            ));
            true
        }
        Err(error) => {
            complain(&error);
            false
        }
    }
}

/// `rails db:encryption:init`; refuses where the keys are set already.
pub(crate) fn encryption_init(environment: &Environment) -> bool {
    let names = [
        "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
        "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
        "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
    ];
    if names.iter().any(|name| environment.filled(name).is_some())
        && !environment.is_true("IGNORE_ALREADY_SET_SECRETS")
    {
        complain(
            "Active Record encryption secrets are already set: changing them makes what they encrypted unreadable. Set IGNORE_ALREADY_SET_SECRETS=true to print new ones all the same.",
        );
        return false;
    }
    say(
        "Add the following secret environment variables to your Mastodon environment (e.g. .env.production), ensure they are shared across all your nodes and do not change them after they are set:\n",
    );
    say("# Do not change these values: what is encrypted with them could not be read any more");
    for name in names {
        say(&format!("{name}={}", token::alphanumeric(32)));
    }
    true
}
