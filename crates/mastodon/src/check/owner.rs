//! The owner's account.

use topology::{Problem, Topology};

use super::code;

/// Names that Mastodon keeps from people, so that nobody poses as the server's staff. `owner` is
/// among them since 4.5 and is left out: that account is the owner's.
const RESERVED: [&str; 21] = [
    "abuse",
    "account",
    "accounts",
    "admin",
    "administration",
    "administrator",
    "admins",
    "help",
    "helpdesk",
    "instance",
    "mod",
    "moderator",
    "moderators",
    "mods",
    "root",
    "security",
    "server",
    "staff",
    "support",
    "webmaster",
    // The server's own actor; its other name is the domain, which is no user name.
    "mastodon.internal",
];

/// The owner has a name that a person can have.
pub(super) fn username_is_free(topology: &Topology) -> Vec<Problem> {
    let username = &topology.owner.username;
    if !RESERVED.contains(&username.to_ascii_lowercase().as_str()) {
        return Vec::new();
    }
    vec![
        Problem::new(
            code::RESERVED_USERNAME,
            "owner.username",
            format!("`{username}` is a name that Mastodon keeps from people"),
        )
        .hint("write `owner`, or the name you want to post under"),
    ]
}
