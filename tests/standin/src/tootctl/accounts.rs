//! `tootctl accounts …`

use crate::app::App;
use crate::crypto::token;
use crate::database::parameter::{int, text};
use crate::database::pool::Lease;
use crate::exception::Exception;
use crate::model::user::User;
use crate::model::{account, role, user};
use crate::output::{complain, say};
use crate::rails::registration::{self, NewUser};
use crate::tootctl::options::Options;

const NO_ROLE: &str = "Cannot find user role with that name";
const NO_USER: &str = "No user with such username";

/// `create USERNAME --email EMAIL [--confirmed] [--approve] [--role ROLE] [--reattach] [--force]`
pub(crate) async fn create(app: &App, db: &Lease, options: &Options) -> Result<bool, Exception> {
    let Some(username) = options.word() else {
        return fail(
            "ERROR: \"tootctl accounts create\" was called with no arguments\nUsage: \"tootctl accounts create USERNAME\"",
        );
    };
    let Some(email) = options.value("email") else {
        return fail("No value provided for required options '--email'");
    };
    let role_id = match options.value("role") {
        Some(name) => match role::find_by_name(db, name).await? {
            Some(id) => Some(id),
            None => return fail(NO_ROLE),
        },
        None => None,
    };
    if options.is_on("reattach")
        && let Some(taken) = account::find_local(db, username).await?
    {
        if !options.is_on("force") {
            say("The chosen username is currently in use");
            say("Use --force to reattach it anyway and delete the other user");
            return Ok(true);
        }
        db.query_typed("DELETE FROM accounts WHERE id = $1", &[int(&taken.id)])
            .await?;
    }
    let password = token::hex(16);
    // Without --approve the registrations' mode decides, and that is `none` unless it was changed.
    let open = setting(db, "registrations_mode")
        .await?
        .is_some_and(|mode| mode == "open");
    let new = NewUser {
        username,
        email,
        password: &password,
        role_id,
        confirmed: options.is_on("confirmed"),
        approved: options.is_on("approve") || open,
        skip_mx_check: false,
        bypass_registration_checks: true,
    };
    match registration::create(app, db, &new).await? {
        Ok(_) => {
            say("OK");
            say(&format!("New password: {password}"));
            Ok(true)
        }
        Err(failures) => {
            for (attribute, kind) in failures {
                complain(&format!("Failure/Error: {attribute}\n    {kind}\n"));
            }
            Ok(false)
        }
    }
}

/// `modify USERNAME …`
pub(crate) async fn modify(db: &Lease, options: &Options) -> Result<bool, Exception> {
    let Some(found) = find(db, options.word().unwrap_or_default()).await? else {
        return fail(NO_USER);
    };
    let id = found.id;
    if let Some(name) = options.value("role") {
        let Some(role_id) = role::find_by_name(db, name).await? else {
            return fail(NO_ROLE);
        };
        db.query_typed(
            "UPDATE users SET role_id = $2 WHERE id = $1",
            &[int(&id), int(&role_id)],
        )
        .await?;
    }
    if let Some(email) = options.value("email") {
        db.query_typed(
            "UPDATE users SET email = lower($2) WHERE id = $1",
            &[int(&id), text(&email)],
        )
        .await?;
    }
    let changes = [
        ("remove-role", "role_id = NULL"),
        ("enable", "disabled = false"),
        ("disable", "disabled = true"),
        ("approve", "approved = true"),
        ("confirm", "confirmed_at = coalesce(confirmed_at, now())"),
        ("disable-2fa", "otp_required_for_login = false"),
    ];
    for (switch, change) in changes {
        if options.is_on(switch) {
            db.query_typed(
                &format!("UPDATE users SET {change} WHERE id = $1"),
                &[int(&id)],
            )
            .await?;
        }
    }
    let password = options.is_on("reset-password").then(|| token::hex(16));
    if let Some(password) = &password {
        user::change_password(db, id, password).await?;
    }
    say("OK");
    if let Some(password) = password {
        say(&format!("New password: {password}"));
    }
    Ok(true)
}

/// `delete USERNAME | --email EMAIL`
pub(crate) async fn delete(db: &Lease, options: &Options) -> Result<bool, Exception> {
    let account_id = match (options.word(), options.value("email")) {
        (Some(_), Some(_)) => return fail("Use username or --email, not both"),
        (None, None) => return fail("No username provided"),
        (Some(name), None) => match account::find_local(db, name).await? {
            Some(account) => account.id,
            None => return fail(NO_USER),
        },
        (None, Some(email)) => match user::find_by_email(db, email).await? {
            Some(found) => found.account_id,
            None => return fail("No user with such email"),
        },
    };
    let count: i64 = db
        .query_typed(
            "SELECT count(*) FROM statuses WHERE account_id = $1",
            &[int(&account_id)],
        )
        .await?
        .first()
        .map_or(0, |row| row.get(0));
    let suffix = if options.is_on("dry-run") {
        " (DRY RUN)"
    } else {
        ""
    };
    say(&format!(
        "Deleting user with {count} statuses, this might take a while...{suffix}"
    ));
    if !options.is_on("dry-run") {
        db.query_typed("DELETE FROM accounts WHERE id = $1", &[int(&account_id)])
            .await?;
    }
    say(&format!("OK{suffix}"));
    Ok(true)
}

/// A setting's value.
pub(crate) async fn setting(db: &Lease, name: &str) -> Result<Option<String>, Exception> {
    let rows = db
        .query_typed("SELECT value FROM settings WHERE var = $1", &[text(&name)])
        .await?;
    // Values are YAML documents, as in Mastodon.
    Ok(rows
        .first()
        .and_then(|row| row.get::<_, Option<String>>(0))
        .map(|value| value.trim_start_matches("--- ").trim().to_owned()))
}

async fn find(db: &Lease, username: &str) -> Result<Option<User>, Exception> {
    match account::find_local(db, username).await? {
        Some(account) => user::find_by_account(db, account.id).await,
        None => Ok(None),
    }
}

fn fail(message: &str) -> Result<bool, Exception> {
    complain(message);
    Ok(false)
}
