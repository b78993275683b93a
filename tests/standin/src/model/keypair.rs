//! Private keys of local accounts: in `accounts` up to 4.6, encrypted in `keypairs` from 4.7.

use tokio_postgres::Client;

use crate::app::App;
use crate::crypto::rsa::KeyPair;
use crate::database::parameter::{int, text};
use crate::exception::Exception;
use crate::model::account;

/// Keeps a new account's private key where this release keeps it.
pub(crate) async fn store(
    app: &App,
    db: &Client,
    account_id: i64,
    pair: &KeyPair,
) -> Result<(), Exception> {
    if app.settings.release.encrypts_private_keys() {
        insert(app, db, account_id, &pair.public_pem, &pair.private_pem).await
    } else {
        db.query_typed(
            "UPDATE accounts SET private_key = $2 WHERE id = $1",
            &[int(&account_id), text(&pair.private_pem)],
        )
        .await?;
        Ok(())
    }
}

/// A local account's private key.
///
/// # Errors
/// [`Exception::Decryption`] when the encryption keys changed, [`Exception::RecordNotFound`]
/// when the account has no key.
pub(crate) async fn private_key(
    app: &App,
    db: &Client,
    account_id: i64,
) -> Result<String, Exception> {
    if app.settings.release.encrypts_private_keys() {
        let rows = db.query_typed("SELECT private_key FROM keypairs WHERE account_id = $1 AND NOT revoked ORDER BY id LIMIT 1", &[int(&account_id)]).await?;
        if let Some(sealed) = rows.first().and_then(|row| row.get::<_, Option<String>>(0)) {
            return app.encryptor()?.decrypt(&sealed);
        }
    }
    let rows = db
        .query_typed(
            "SELECT private_key FROM accounts WHERE id = $1",
            &[int(&account_id)],
        )
        .await?;
    rows.first()
        .and_then(|row| row.get(0))
        .ok_or(Exception::RecordNotFound)
}

/// The 4.7 post-deployment migration.
pub(crate) async fn move_private_keys(app: &App, db: &Client) -> Result<(), Exception> {
    for row in db.query("SELECT id, public_key, private_key FROM accounts WHERE domain IS NULL AND private_key IS NOT NULL", &[]).await? {
        let id: i64 = row.get(0);
        insert(app, db, id, row.get(1), row.get(2)).await?;
        db.query_typed("UPDATE accounts SET private_key = NULL WHERE id = $1", &[int(&id)]).await?;
    }
    Ok(())
}

async fn insert(
    app: &App,
    db: &Client,
    account_id: i64,
    public_pem: &str,
    private_pem: &str,
) -> Result<(), Exception> {
    let sealed = app.encryptor()?.encrypt(private_pem)?;
    let uri = format!("{}#main-key", account::find(db, account_id).await?.uri(app));
    db.query_typed(
        "INSERT INTO keypairs (account_id, uri, public_key, private_key, require_private_key) VALUES ($1, $2, $3, $4, true) ON CONFLICT (uri) DO NOTHING",
        &[int(&account_id), text(&uri), text(&public_pem), text(&sealed)],
    )
    .await?;
    Ok(())
}
