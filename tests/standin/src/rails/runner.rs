//! `rails runner`: the scripts the stand-in knows, by their first line.

use crate::app::App;
use crate::exception::Exception;
use crate::model::{account, role, user};
use crate::output::{complain, say};
use crate::rails::inquiry;
use crate::rails::registration::{self, NewUser};

/// The script that makes the owner's account.
const OWNER: &str = "# masto: owner account";
/// The script that answers the doctor.
const INQUIRY: &str = "# masto: a look from inside";

/// Runs it. `Ok(false)` when it ended by itself with a message.
pub(crate) async fn run(app: &App, script: &str) -> Result<bool, Exception> {
    match script.lines().next().map(str::trim) {
        Some(OWNER) => owner(app).await,
        Some(INQUIRY) => inquiry::run(app).await,
        _ => {
            complain(&format!(
                "This is masto's stand-in for Mastodon {}, and it runs no Ruby: it knows masto's own scripts alone, which begin with `{OWNER}` or `{INQUIRY}`. Use the official images for anything else.",
                app.settings.release
            ));
            Ok(false)
        }
    }
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
