//! What `db:seed` puts into a new database: roles, the web application, the instance actor and
//! the names nobody may take.

use crate::app::App;
use crate::crypto::token;
use crate::database::parameter::{int, text};
use crate::database::pool::Lease;
use crate::exception::Exception;
use crate::model::keypair;
use crate::model::role::PERMISSIONS;
use crate::release::Line;

/// The instance actor.
pub(crate) const INSTANCE_ACTOR_ID: i64 = -99;

/// Names that 4.5 and later refuse at sign-up; before, the list was part of the code.
pub(crate) const RESERVED: [&str; 8] = [
    "admin",
    "administrator",
    "support",
    "help",
    "root",
    "webmaster",
    "mod",
    "moderator",
];

/// Seeds; what is there stays as it is.
pub(crate) async fn seed(app: &App, db: &Lease) -> Result<(), Exception> {
    for (id, name, position, permissions) in PERMISSIONS {
        db.query_typed(
            "INSERT INTO user_roles (id, name, position, permissions, highlighted) VALUES ($1, $2, $3, $4, $1 > 0) ON CONFLICT DO NOTHING",
            &[int(id), text(name), (position, tokio_postgres::types::Type::INT4), int(permissions)],
        )
        .await?;
    }
    db.batch_execute(
        "SELECT setval('user_roles_id_seq', greatest(3, (SELECT max(id) FROM user_roles)))",
    )
    .await?;
    if db
        .query("SELECT 1 FROM oauth_applications WHERE superapp", &[])
        .await?
        .is_empty()
    {
        db.query_typed(
            "INSERT INTO oauth_applications (name, uid, secret, redirect_uri, scopes, superapp) VALUES ('Web', $1, $2, 'urn:ietf:wg:oauth:2.0:oob', 'read write follow push', true)",
            &[text(&token::url_safe()), text(&token::url_safe())],
        )
        .await?;
    }
    instance_actor(app, db).await?;
    if app.settings.release.line >= Line::V4_5 {
        for name in RESERVED {
            db.query_typed("INSERT INTO username_blocks (username, normalized_username, exact) VALUES ($1, $1, true) ON CONFLICT DO NOTHING", &[text(&name)]).await?;
        }
    }
    Ok(())
}

async fn instance_actor(app: &App, db: &Lease) -> Result<(), Exception> {
    if !db
        .query_typed(
            "SELECT 1 FROM accounts WHERE id = $1",
            &[int(&INSTANCE_ACTOR_ID)],
        )
        .await?
        .is_empty()
    {
        return Ok(());
    }
    let pair = app.generate_key_pair().await?;
    db.begin().await?;
    db.query_typed(
        "INSERT INTO accounts (id, username, actor_type, locked, public_key) VALUES ($1, 'mastodon.internal', 'Application', true, $2)",
        &[int(&INSTANCE_ACTOR_ID), text(&pair.public_pem)],
    )
    .await?;
    keypair::store(app, db, INSTANCE_ACTOR_ID, &pair).await?;
    db.commit().await
}
