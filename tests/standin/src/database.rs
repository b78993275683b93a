//! PostgreSQL: connections, the pool, the schema and its migrations.

pub(crate) mod connection;
pub(crate) mod listing;
pub(crate) mod migration;
pub(crate) mod migrator;
pub(crate) mod parameter;
pub(crate) mod pool;
pub(crate) mod schema;
pub(crate) mod seed;
pub(crate) mod tls;
