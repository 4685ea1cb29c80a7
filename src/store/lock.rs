//! Locks between instances that share a PostgreSQL; SQLite has one writer anyway.

use sqlx::AnyConnection;

use super::error::StoreError;
use super::open::Dialect;

/// How something is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// By as many as there are that do no more than this.
    Shared,
    /// By one.
    Alone,
}

/// Locks `name` until the transaction ends: a brand, for those who tell of it (shared) and who changes what is
/// told; a route, for who takes what is due on it.
pub(super) async fn lock(
    connection: &mut AnyConnection,
    dialect: Dialect,
    name: &str,
    how: Lock,
) -> Result<(), StoreError> {
    let statement = match (dialect, how) {
        (Dialect::Sqlite, _) => return Ok(()),
        (Dialect::Postgres, Lock::Shared) => {
            "SELECT 1 FROM pg_advisory_xact_lock_shared(hashtext($1))"
        }
        (Dialect::Postgres, Lock::Alone) => "SELECT 1 FROM pg_advisory_xact_lock(hashtext($1))",
    };
    sqlx::query(statement).bind(name).fetch_optional(connection).await?;
    Ok(())
}
