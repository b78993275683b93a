//! `tootctl`

pub(crate) mod accounts;
pub(crate) mod maintenance;
pub(crate) mod options;

use crate::app::App;
use crate::exception::Exception;
use crate::output::{complain, say};
use crate::tootctl::options::Options;

/// Whether a command line only asks for the version, which needs neither database nor secrets.
pub(crate) fn asks_version(arguments: &[String]) -> bool {
    matches!(
        arguments.first().map(String::as_str),
        Some("version" | "--version" | "-v")
    )
}

/// Runs a command. `Ok(false)` when it ended by itself with a message.
pub(crate) async fn run(app: &App, arguments: &[String]) -> Result<bool, Exception> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (command, rest) = match words.as_slice() {
        [group, command, ..] => ((*group, *command), arguments.get(2..).unwrap_or_default()),
        _ => {
            say(
                "Commands:\n  tootctl accounts create|modify|delete USERNAME\n  tootctl settings registrations open|approved|close\n  tootctl media remove\n  tootctl cache clear\n  tootctl feeds build [USERNAME]\n  tootctl feeds clear\n  tootctl version",
            );
            return Ok(words.is_empty() || words == ["help"]);
        }
    };
    let options = match Options::parse(rest, accepted(command)) {
        Ok(options) => options,
        Err(error) => {
            complain(&error.to_string());
            return Ok(false);
        }
    };
    let db = app.connection().await?;
    app.load_models(&db).await?;
    match command {
        ("accounts", "create") => accounts::create(app, &db, &options).await,
        ("accounts", "modify") => accounts::modify(&db, &options).await,
        ("accounts", "delete") => accounts::delete(&db, &options).await,
        ("settings", "registrations") => maintenance::registrations(&db, &options).await,
        ("media", "remove") => maintenance::remove_media(app, &db, &options).await,
        ("cache", "clear") => maintenance::clear_cache(app).await,
        ("feeds", "build") => maintenance::build_feeds(app, &db, &options).await,
        ("feeds", "clear") => maintenance::clear_feeds(app).await,
        (group, command) => {
            complain(&format!(
                "Could not find command \"{group} {command}\" in masto's stand-in for Mastodon; the official images have it."
            ));
            Ok(false)
        }
    }
}

/// Options of a command: those with a value, then switches.
fn accepted(command: (&str, &str)) -> (&'static [&'static str], &'static [&'static str]) {
    match command {
        ("accounts", "create") => (
            &["email", "role"],
            &["confirmed", "approve", "reattach", "force"],
        ),
        ("accounts", "modify") => (
            &["role", "email"],
            &[
                "confirm",
                "approve",
                "enable",
                "disable",
                "disable-2fa",
                "reset-password",
                "remove-role",
            ],
        ),
        ("accounts", "delete") => (&["email"], &["dry-run"]),
        ("settings", "registrations") => (&[], &["require-reason"]),
        ("media", "remove") => (
            &["days", "concurrency"],
            &[
                "prune-profiles",
                "remove-headers",
                "include-follows",
                "keep-interacted",
                "verbose",
                "dry-run",
            ],
        ),
        ("feeds", "build") => (
            &["concurrency"],
            &["all", "verbose", "dry-run", "skip-filled-timelines"],
        ),
        _ => (&[], &[]),
    }
}
