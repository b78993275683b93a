//! `rails console`: answers what a person would type first, and says what it is.

use std::io::BufRead;

use crate::app::App;
use crate::exception::Exception;
use crate::output::say;

/// Reads lines until `exit` or the end.
pub(crate) async fn run(app: &App) -> Result<(), Exception> {
    say(&format!(
        "Loading production environment (Rails {})\nThis is masto's stand-in for Mastodon {}: a test double without Ruby. It knows Account.count, User.count, Status.count, ENV[…] and exit.",
        app.settings.release.rails(),
        app.settings.release
    ));
    let db = app.connection().await?;
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let table = match line.trim() {
            "exit" | "quit" => break,
            "" => continue,
            "Account.count" => "accounts",
            "User.count" => "users",
            "Status.count" => "statuses",
            other => {
                let name = other
                    .strip_prefix("ENV[")
                    .and_then(|rest| rest.strip_suffix(']'))
                    .map(|name| name.trim_matches(['"', '\'']));
                match name.map(|name| app.settings.environment.get(name)) {
                    Some(value) => say(&format!(
                        "=> {}",
                        value.map_or_else(|| "nil".to_owned(), |value| format!("{value:?}"))
                    )),
                    None => say("NotImplementedError: the stand-in runs no Ruby"),
                }
                continue;
            }
        };
        let row = db
            .query_one(&format!("SELECT count(*) FROM {table}"), &[])
            .await?;
        say(&format!("=> {}", row.get::<_, i64>(0)));
    }
    Ok(())
}
