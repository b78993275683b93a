//! `rails runner`: the one script the stand-in knows.

use crate::app::App;
use crate::exception::Exception;
use crate::model::{account, role, user};
use crate::output::{complain, say};
use crate::rails::registration::{self, NewUser};

/// The first line of the script that makes the owner's account.
const OWNER: &str = "# masto: owner account";

/// Runs it. `Ok(false)` when it ended by itself with a message.
pub(crate) async fn run(app: &App, script: &str) -> Result<bool, Exception> {
    if script.lines().next().map(str::trim) != Some(OWNER) {
        complain(&format!(
            "This is masto's stand-in for Mastodon {}, and it runs no Ruby: the only script it knows begins with `{OWNER}`. Use the official images for anything else.",
            app.settings.release
        ));
        return Ok(false);
    }
    owner(app).await
}

async fn owner(app: &App) -> Result<bool, Exception> {
    let fetch = |name: &str| {
        app.settings
            .environment
            .get(name)
            .ok_or_else(|| Exception::Argument(format!("key not found: \"{name}\" (KeyError)")))
    };
    let username = fetch("OWNER_USERNAME")?;
    let db = app.connection().await?;
    app.load_models(&db).await?;
    if let Some(account) = account::find_local(&db, username).await? {
        let Some(found) = user::find_by_account(&db, account.id).await? else {
            complain(&format!(
                "the name {username} belonged to an account that was deleted: choose another `owner.username`"
            ));
            return Ok(false);
        };
        if !found.confirmed || !found.approved {
            let statement = "UPDATE users SET confirmed_at = coalesce(confirmed_at, now()), approved = true WHERE id = $1";
            db.query_typed(statement, &[crate::database::parameter::int(&found.id)])
                .await?;
        }
        say(&format!("the owner {username} exists"));
        return Ok(true);
    }
    let wanted = app.settings.environment.get("OWNER_ROLE");
    let role_id = match wanted.map_or("Owner", |role| role) {
        "" => None,
        name => match role::find_by_name(&db, name).await? {
            Some(id) => Some(id),
            None => {
                complain(&format!(
                    "the role {name} is missing: the database was not seeded"
                ));
                return Ok(false);
            }
        },
    };
    let new = NewUser {
        username,
        email: fetch("OWNER_EMAIL")?,
        password: fetch("OWNER_PASSWORD")?,
        role_id,
        confirmed: true,
        approved: true,
        skip_mx_check: true,
        bypass_registration_checks: true,
    };
    match registration::create(app, &db, &new).await? {
        Ok(_) => {
            say(&format!("made the owner {username}"));
            Ok(true)
        }
        Err(failures) => {
            let messages: Vec<_> = failures
                .iter()
                .map(|(attribute, kind)| format!("{attribute} is {kind}"))
                .collect();
            complain(&format!(
                "the owner {username} cannot be made: {}",
                messages.join("; ")
            ));
            Ok(false)
        }
    }
}
