//! Roles of users.

use tokio_postgres::Client;

use crate::database::parameter::text;
use crate::exception::Exception;

/// Administrator: everything.
const ADMINISTRATOR: i64 = 1;
/// Of a moderator: the bits for users, reports and the like.
const MODERATOR: i64 = 0x5FC;
/// Of everyone: inviting.
const EVERYONE: i64 = 1 << 16;
/// Of an admin: everything but the administrator's bit and DevOps.
const ADMIN: i64 = 0xF_FFFC;

/// Seeded roles: id, name, position, permissions. Names are case-sensitive.
pub(crate) const PERMISSIONS: &[(i64, &str, i32, i64)] = &[
    (-99, "", -1, EVERYONE),
    (1, "Moderator", 10, MODERATOR),
    (2, "Admin", 100, ADMIN),
    (3, "Owner", 1000, ADMINISTRATOR),
];

/// The role of that name.
pub(crate) async fn find_by_name(db: &Client, name: &str) -> Result<Option<i64>, Exception> {
    let rows = db
        .query_typed(
            "SELECT id FROM user_roles WHERE name = $1 AND id > 0",
            &[text(&name)],
        )
        .await?;
    Ok(rows.first().map(|row| row.get(0)))
}
