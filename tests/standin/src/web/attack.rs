//! Rack::Attack: runs before everything else, `/health` included, and asks the cache and then the
//! database for blocked addresses.

use std::net::IpAddr;

use tokio_postgres::Client;

use crate::app::App;
use crate::config::proxies::Network;
use crate::database::pool::Session;
use crate::exception::Exception;

const CACHE_KEY: &str = "cache:blocked_ips";
/// Seconds the list is kept.
const CACHE_LIFETIME: u32 = 180;

/// Whether an address is blocked.
///
/// # Errors
/// When the list is not in the cache and the database does not answer.
pub(crate) async fn is_blocked(
    app: &App,
    session: &Session,
    address: IpAddr,
) -> Result<bool, Exception> {
    let ranges = match cached(app).await {
        Some(ranges) => ranges,
        None => {
            let ranges = blocked(session.connection().await?).await?;
            // A cache that does not answer is a miss, never an error.
            let _: Result<(), _> = app
                .cache
                .query(
                    redis::cmd("SET")
                        .arg(CACHE_KEY)
                        .arg(&ranges)
                        .arg("EX")
                        .arg(CACHE_LIFETIME),
                )
                .await;
            ranges
        }
    };
    Ok(ranges
        .split(',')
        .filter_map(|range| Network::parse(range).ok())
        .any(|range| range.contains(address)))
}

async fn cached(app: &App) -> Option<String> {
    app.cache
        .query(redis::cmd("GET").arg(CACHE_KEY))
        .await
        .ok()
        .flatten()
}

async fn blocked(db: &Client) -> Result<String, Exception> {
    // Severity 9999 is Mastodon's "no access".
    let rows = db.query("SELECT text(ip) FROM ip_blocks WHERE severity = 9999 AND (expires_at IS NULL OR expires_at > now())", &[]).await?;
    Ok(rows
        .iter()
        .map(|row| row.get::<_, String>(0))
        .collect::<Vec<_>>()
        .join(","))
}
