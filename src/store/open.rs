//! Opens either engine, and brings its tables up to date.

use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Executor};
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use super::error::StoreError;
use super::settings::{Engine, StoreSettings};

static SQLITE: Migrator = sqlx::migrate!("src/store/migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// How long one piece of work may take: a server that hangs is one that is down.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a free connection is waited for.
const CONNECT: Duration = Duration::from_secs(3);
/// Connections to PostgreSQL: a few shards, the routes and a command at a time.
const CONNECTIONS: u32 = 8;

/// What PostgreSQL ends by itself, so that nobody holds up whoever comes after: the transaction of an
/// instance that hangs or is cut off amid it (it has locked its partition), and what nobody waits for
/// any more. Both are [`PATIENCE`].
const LIMITS: &str =
    "SET idle_in_transaction_session_timeout = 5000; SET statement_timeout = 5000;";

/// The same for whoever brings the tables up to date: others wait for it, but not for ever. The tables'
/// own change may take as long as it takes.
const FIRST_LIMITS: &str = "SET idle_in_transaction_session_timeout = 5000; \
     SET idle_session_timeout = 5000; SET lock_timeout = 20000;";

/// PostgreSQL's code for what waits longer than `lock_timeout`.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// A commit is on the disk when it returns; readers from other processes do not stop the writer.
const PRAGMAS: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;";

/// The store: checkpoints, incidents and the outbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) pool: AnyPool,
    pub(super) dialect: Dialect,
    /// This process, among those that share the store.
    pub(super) holder: Arc<str>,
    /// Grows whenever something has been put into the outbox.
    pub(super) posted: watch::Sender<u64>,
}

/// The few words in which the engines differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Store {
    /// Opens the store and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or a newer version has made its tables.
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (name, dialect, options) = match &settings.engine {
            Engine::Sqlite { file } => {
                let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
                (
                    format!("SQLite at {}", file.display()),
                    Dialect::Sqlite,
                    options.to_url_lossy().to_string(),
                )
            }
            Engine::Postgres { url } => {
                ("PostgreSQL".to_owned(), Dialect::Postgres, url.expose().to_owned())
            }
        };
        let open = |reason: String| StoreError::Open {
            store: name.clone(),
            reason,
            advice: dialect.advice(),
        };
        let options: AnyConnectOptions =
            options.parse().map_err(|error: sqlx::Error| open(error.to_string()))?;
        let options = options.disable_statement_logging();
        let connect = async |pool: AnyPoolOptions| {
            let connected = pool.acquire_timeout(CONNECT).connect_with(options.clone()).await;
            connected.map_err(|error| open(error.to_string()))
        };
        // On a connection of its own: a migration may take longer than anything later.
        let first = connect(pool_options(1, dialect.first_settings())).await?;
        let migrator = match dialect {
            Dialect::Sqlite => &SQLITE,
            Dialect::Postgres => &POSTGRES,
        };
        migrator.run(&first).await.map_err(cannot_migrate)?;
        first.close().await;
        let (connections, settings) = dialect.settings();
        let pool = connect(pool_options(connections, settings)).await?;
        Ok(Self {
            pool,
            dialect,
            holder: Uuid::from_u128(rand::random()).to_string().into(),
            posted: watch::Sender::new(0),
        })
    }

    /// Closes every connection, once what is under way has ended.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        // One that is cut off while it begins may have begun.
        let mut transaction = Transaction(Some(self.pool.acquire().await?));
        sqlx::query("BEGIN").execute(transaction.connection()?).await?;
        Ok(transaction)
    }

    /// Does `work`, unless it takes too long.
    pub(super) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        patiently(work).await
    }
}

/// Does one step of `work`, unless it takes too long.
pub(super) async fn patiently<T, E: Into<StoreError>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, StoreError> {
    match timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(StoreError::Slow(PATIENCE)),
    }
}

/// A transaction. When it is not committed, for whatever reason, its connection is closed, and with it
/// the transaction is rolled back for certain: SQLite ends a transaction by itself when the disk is
/// full, and whoever counts transactions that are begun and rolled back, as sqlx does, is off by one
/// from then on, and commits what is never written.
pub(super) struct Transaction(Option<PoolConnection<Any>>);

impl Transaction {
    /// What to do its work on.
    pub(super) fn connection(&mut self) -> Result<&mut AnyConnection, StoreError> {
        self.0.as_deref_mut().ok_or_else(|| StoreError::Failed("it has ended".to_owned()))
    }

    /// Makes its work last.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(self.connection()?).await?;
        // Committed: others may use the connection.
        drop(self.0.take());
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

impl Dialect {
    const fn advice(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "its folder must be there and writable; [store] sqlite names another file"
            }
            Self::Postgres => {
                "check the address, user and password of [store] postgres, and that the server runs"
            }
        }
    }

    /// How many connections are used, and what each begins with.
    const fn settings(self) -> (u32, &'static str) {
        match self {
            // SQLite has one writer: whoever else of this process wants to write waits here, and not
            // on a busy file.
            Self::Sqlite => (1, PRAGMAS),
            Self::Postgres => (CONNECTIONS, LIMITS),
        }
    }

    const fn first_settings(self) -> &'static str {
        match self {
            Self::Sqlite => PRAGMAS,
            Self::Postgres => FIRST_LIMITS,
        }
    }
}

/// Why the tables cannot be brought up to date.
fn cannot_migrate(error: MigrateError) -> StoreError {
    let words = error.to_string();
    let (MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)) = error else {
        return StoreError::Migrate(words);
    };
    let code = cause.as_database_error().and_then(|it| it.code());
    match code.as_deref() {
        Some(LOCK_NOT_AVAILABLE) => StoreError::Held(cause.to_string()),
        _ => StoreError::Tables(words),
    }
}

fn pool_options(connections: u32, settings: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new().max_connections(connections).after_connect(move |connection, _| {
        Box::pin(async move {
            connection.execute(settings).await?;
            Ok(())
        })
    })
}
