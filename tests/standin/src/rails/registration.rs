//! Making users: the validations, and where new accounts come from.

use std::time::Duration;

use crate::app::App;
use crate::database::parameter::{boolean, int, text};
use crate::database::pool::Lease;
use crate::database::seed::RESERVED;
use crate::environment::Environment;
use crate::exception::Exception;
use crate::model::user::{self, User};
use crate::model::{account, keypair};

/// What a new user is made of.
pub(crate) struct NewUser<'a> {
    /// Name.
    pub(crate) username: &'a str,
    /// Address.
    pub(crate) email: &'a str,
    /// Password.
    pub(crate) password: &'a str,
    /// Role.
    pub(crate) role_id: Option<i64>,
    /// Confirmed from the start.
    pub(crate) confirmed: bool,
    /// Approved from the start, whatever the registrations' mode is.
    pub(crate) approved: bool,
    /// The mail domain need not exist.
    pub(crate) skip_mx_check: bool,
    /// Reserved names may be taken.
    pub(crate) bypass_registration_checks: bool,
}

/// One failed validation: the attribute and Rails' error type.
pub(crate) type Failure = (&'static str, &'static str);

/// Saves a user and its account, with a new key pair.
pub(crate) async fn create(
    app: &App,
    db: &Lease,
    new: &NewUser<'_>,
) -> Result<Result<User, Vec<Failure>>, Exception> {
    let failures = validate(app, db, new).await?;
    if !failures.is_empty() {
        return Ok(Err(failures));
    }
    let (pair, digest) =
        futures_util::future::try_join(app.generate_key_pair(), user::digest(new.password)).await?;
    db.begin().await?;
    let account = account::create_local(app, db, new.username).await?;
    db.query_typed(
        "UPDATE accounts SET public_key = $2 WHERE id = $1",
        &[int(&account.id), text(&pair.public_pem)],
    )
    .await?;
    keypair::store(app, db, account.id, &pair).await?;
    let rows = db
        .query_typed(
            "INSERT INTO users (account_id, email, encrypted_password, role_id, confirmed_at, approved) VALUES ($1, lower($2), $3, $4, CASE WHEN $5 THEN now() END, $6) RETURNING id",
            &[int(&account.id), text(&new.email), text(&digest), int(&new.role_id), boolean(&new.confirmed), boolean(&new.approved)],
        )
        .await?;
    db.commit().await?;
    let id: i64 = rows
        .first()
        .map(|row| row.get(0))
        .ok_or(Exception::RecordNotFound)?;
    Ok(Ok(user::find(db, id).await?))
}

async fn validate(app: &App, db: &Lease, new: &NewUser<'_>) -> Result<Vec<Failure>, Exception> {
    let mut failures = Vec::new();
    if !is_username(new.username) {
        failures.push(("account.username", "invalid"));
    } else if account::find_local(db, new.username).await?.is_some() {
        failures.push(("account.username", "taken"));
    } else if !new.bypass_registration_checks && is_reserved(new.username) {
        failures.push(("account.username", "reserved"));
    }
    match new.email.rsplit_once('@').filter(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.ends_with('.')
    }) {
        None => failures.push(("email", "invalid")),
        Some((_, domain)) => {
            if user::find_by_email(db, new.email).await?.is_some() {
                failures.push(("email", "taken"));
            }
            if let Some(failure) =
                check_domain(&app.settings.environment, domain, new.skip_mx_check).await
            {
                failures.push(failure);
            }
        }
    }
    if new.password.chars().count() < 8 {
        failures.push(("password", "too_short"));
    }
    Ok(failures)
}

/// In whatever case: they look like somebody in charge.
fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name.to_lowercase().as_str())
}

/// Letters, digits and `_`, at most 30.
fn is_username(name: &str) -> bool {
    (1..=30).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The allow and deny lists, then whether mail can be delivered there. Names on the allow list
/// are not looked up; like Mastodon, it only looks whether the list contains the text.
async fn check_domain(environment: &Environment, domain: &str, skip: bool) -> Option<Failure> {
    let listed = |list: &str| {
        list.split('|').any(|item| {
            !item.is_empty() && (domain == item || domain.ends_with(&format!(".{item}")))
        })
    };
    if let Some(list) = environment.filled("EMAIL_DOMAIN_ALLOWLIST") {
        return (!list.contains(domain)).then_some(("email", "blocked"));
    }
    if environment
        .filled("EMAIL_DOMAIN_DENYLIST")
        .is_some_and(listed)
    {
        return Some(("email", "blocked"));
    }
    if skip {
        return None;
    }
    // Mastodon asks the DNS for MX and addresses; the resolver here knows addresses only.
    let lookup = tokio::net::lookup_host((domain, 25));
    let answer = tokio::time::timeout(Duration::from_secs(5), lookup).await;
    let found = answer
        .ok()
        .and_then(Result::ok)
        .is_some_and(|addresses| addresses.count() > 0);
    (!found).then_some(("email", "unreachable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn failure_of(variables: &[(&str, &str)], domain: &str, skip: bool) -> Option<Failure> {
        let environment = variables.iter().copied().collect();
        check_domain(&environment, domain, skip).await
    }

    #[tokio::test]
    async fn a_mail_domain_must_be_known_to_the_dns_unless_it_is_listed_or_skipped() {
        // RFC 6761 keeps `.invalid` from ever being found.
        let nowhere = "nobody.invalid";
        assert_eq!(
            failure_of(&[], nowhere, false).await,
            Some(("email", "unreachable"))
        );
        assert_eq!(failure_of(&[], nowhere, true).await, None);
        let list = [("EMAIL_DOMAIN_ALLOWLIST", "example.org|nobody.invalid")];
        assert_eq!(failure_of(&list, nowhere, false).await, None);
    }

    #[tokio::test]
    async fn lists_block_whom_they_leave_out_or_name() {
        let blocked = Some(("email", "blocked"));
        let allowed = [("EMAIL_DOMAIN_ALLOWLIST", "example.org")];
        assert_eq!(failure_of(&allowed, "example.net", true).await, blocked);
        let denied = [("EMAIL_DOMAIN_DENYLIST", "example.net")];
        assert_eq!(failure_of(&denied, "mx.example.net", true).await, blocked);
        assert_eq!(failure_of(&denied, "example.org", true).await, None);
        let blank = [("EMAIL_DOMAIN_ALLOWLIST", "")];
        assert_eq!(failure_of(&blank, "example.net", true).await, None);
    }

    #[test]
    fn names_of_people_in_charge_are_reserved_in_every_case() {
        for name in ["admin", "Administrator", "SUPPORT", "root", "moderator"] {
            assert!(is_reserved(name), "{name}");
        }
        assert!(!is_reserved("owner"));
    }

    #[test]
    fn usernames_are_letters_digits_and_underscores() {
        assert!(["owner", "Owner_1", "a"].into_iter().all(is_username));
        assert!(
            !["", "two words", "me@here", "é", "x".repeat(31).as_str()]
                .into_iter()
                .any(is_username)
        );
    }
}
