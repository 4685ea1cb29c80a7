//! A partition's state: claimed, loaded, and written with all that came of it in one transaction.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use tracing::warn;
use uuid::Uuid;

use super::change;
use super::error::StoreError;
use super::incidents;
use super::lock::{Lock, lock};
use super::open::{Store, patiently};
use super::post::{Carrier, post};
use crate::incident::{Change, State, Subject};
use crate::mention::Timestamp;

/// Parts that one statement writes or reads: at a few milliseconds a statement, what thousands of brands have
/// come to would take too long one by one.
const PARTS_AT_ONCE: usize = 64;

/// Incidents of a feed that are over, and known: more than a day's worth a year.
const ENDED_KNOWN: i64 = 1_000;

/// A partition as a consumer group reads it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionKey {
    /// The consumer group.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub number: i32,
}

/// A partition of which something is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The partition.
    pub partition: PartitionKey,
    /// When its state was last kept.
    pub saved_at: Option<Timestamp>,
}

/// The right to write a partition's state, until somebody else claims it. The claims of a partition
/// are counted: a writer whose count is no longer the latest is refused, however late it wakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub partition: PartitionKey,
    epoch: i64,
}

/// What is known of a partition when it is claimed.
#[derive(Debug)]
pub struct Stored {
    /// The right to go on from here.
    pub claim: Claim,
    /// The next offset to handle; `None` when nothing has ever been written.
    pub position: Option<i64>,
    /// The parts of its state, by name.
    pub parts: Vec<(String, Vec<u8>)>,
    /// The latest change of each brand's incident that is open in it.
    pub open: Vec<Change>,
    /// The latest change of the incident of its topic's feed, if that is open; when several are, of
    /// one that is of this partition.
    pub feed: Option<Change>,
    /// Incidents of its topic's feed that are over.
    pub feed_ended: Vec<Uuid>,
}

/// What a checkpoint writes.
#[derive(Debug, Default)]
pub struct Checkpoint {
    /// The next offset to handle.
    pub position: i64,
    /// Parts that are new or have changed.
    pub put: Vec<(String, Vec<u8>)>,
    /// Parts that are no more.
    pub remove: Vec<String>,
    /// What has changed for people since the last checkpoint, in order, each with the routes that
    /// carry it.
    pub changes: Vec<(Change, Vec<Carrier>)>,
}

impl Store {
    /// Claims a partition and loads its state. Whoever had claimed it can no longer write it.
    ///
    /// # Errors
    ///
    /// When the store fails; nothing is claimed then.
    pub async fn claim(&self, partition: &PartitionKey) -> Result<Stored, StoreError> {
        let PartitionKey { group, topic, number } = partition;
        // Each step by itself, as in a commit: what was written can be read.
        let mut transaction = patiently(self.begin()).await?;
        let connection = transaction.connection()?;
        let row = sqlx::query(
            "INSERT INTO partitions (consumer_group, topic, number, epoch, owner) \
             VALUES ($1, $2, $3, 1, $4) \
             ON CONFLICT (consumer_group, topic, number) \
             DO UPDATE SET epoch = partitions.epoch + 1, owner = excluded.owner \
             RETURNING epoch, position",
        )
        .bind(group)
        .bind(topic)
        .bind(i64::from(*number))
        .bind(&*self.holder)
        .fetch_one(&mut *connection);
        let row = patiently(row).await?;
        let claim = Claim { partition: partition.clone(), epoch: row.try_get("epoch")? };
        let position = row.try_get("position")?;
        let parts = parts(connection, partition).await?;
        let (feed, open): (Vec<_>, Vec<_>) = patiently(open_incidents(connection, partition))
            .await?
            .into_iter()
            .partition(|change| change.incident.subject == Subject::Feed);
        let feed_ended = patiently(ended_of_feed(connection, partition)).await?;
        patiently(transaction.commit()).await?;
        let latest = |it: &Change| (it.incident.is_of(*number), it.incident.onset);
        let feed = feed.into_iter().max_by_key(latest);
        Ok(Stored { claim, position, parts, open, feed, feed_ended })
    }

    /// Writes a checkpoint: everything, or nothing. Written twice it is as if written once.
    ///
    /// # Errors
    ///
    /// [`StoreError::Fenced`] when another has claimed the partition since; otherwise when the store
    /// fails, and then it may or may not have been written: write it again.
    pub async fn commit(
        &self,
        claim: &Claim,
        checkpoint: &Checkpoint,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.commit_now(claim, checkpoint, now).await?;
        if !checkpoint.changes.is_empty() {
            self.posted.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    /// The partitions of `group` of which a part named `part` is kept: those whose part is the largest, the
    /// largest first, `most` of them.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn holding(
        &self,
        group: &str,
        part: &str,
        most: u32,
    ) -> Result<Vec<Holding>, StoreError> {
        self.within(async {
            let rows = sqlx::query(
                "SELECT p.topic, p.number, p.saved_at FROM parts h JOIN partitions p \
                 ON p.consumer_group = h.consumer_group AND p.topic = h.topic AND p.number = h.number \
                 WHERE h.consumer_group = $1 AND h.name = $2 \
                 ORDER BY LENGTH(h.bytes) DESC, p.topic, p.number LIMIT $3",
            )
            .bind(group)
            .bind(part)
            .bind(i64::from(most))
            .fetch_all(&self.pool)
            .await?;
            let holding = |row: &AnyRow| {
                let number: i64 = row.try_get("number")?;
                let number = i32::try_from(number).unwrap_or_default();
                let topic = row.try_get("topic")?;
                let partition = PartitionKey { group: group.to_owned(), topic, number };
                Ok(Holding { partition, saved_at: saved_at(row)? })
            };
            rows.iter().map(holding).collect()
        })
        .await
    }

    /// When the state of a partition was last kept; `None`: it has not been.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn saved_at(
        &self,
        PartitionKey { group, topic, number }: &PartitionKey,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.within(async {
            let row = sqlx::query(
                "SELECT saved_at FROM partitions \
                 WHERE consumer_group = $1 AND topic = $2 AND number = $3",
            )
            .bind(group)
            .bind(topic)
            .bind(i64::from(*number))
            .fetch_optional(&self.pool)
            .await?;
            row.as_ref().map_or(Ok(None), saved_at)
        })
        .await
    }

    /// Those of the parts of a partition that have one of these names, as of one moment.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn parts_named(
        &self,
        PartitionKey { group, topic, number }: &PartitionKey,
        names: &[String],
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let names_are = numbered(4, names.len(), |at| format!("${at}"));
        let sql = format!(
            "SELECT name, bytes FROM parts WHERE consumer_group = $1 AND topic = $2 AND number = $3 \
             AND name IN ({names_are})"
        );
        if names.is_empty() {
            return Ok(Vec::new());
        }
        self.within(async {
            let of_partition = sqlx::query(AssertSqlSafe(sql)).bind(group).bind(topic);
            let of_partition = of_partition.bind(i64::from(*number));
            let query = names.iter().fold(of_partition, |query, name| query.bind(name));
            let rows = query.fetch_all(&self.pool).await?;
            rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("bytes")?))).collect()
        })
        .await
    }

    async fn commit_now(
        &self,
        claim: &Claim,
        checkpoint: &Checkpoint,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let PartitionKey { group, topic, number } = &claim.partition;
        // Each step by itself: a checkpoint of many brands takes its time, and gets on.
        let mut transaction = patiently(self.begin()).await?;
        let connection = transaction.connection()?;
        let moved = sqlx::query(
            "UPDATE partitions SET position = $1, saved_at = $2 \
             WHERE consumer_group = $3 AND topic = $4 AND number = $5 AND epoch = $6",
        )
        .bind(checkpoint.position)
        .bind(now.as_millis())
        .bind(group)
        .bind(topic)
        .bind(i64::from(*number))
        .bind(claim.epoch)
        .execute(&mut *connection);
        let moved = patiently(moved).await?;
        if moved.rows_affected() == 0 {
            return Err(StoreError::Fenced { topic: topic.clone(), number: *number });
        }
        write_parts(connection, &claim.partition, checkpoint).await?;
        for (change, carriers) in &checkpoint.changes {
            let brand = &change.incident.brand;
            patiently(lock(connection, self.dialect, brand, Lock::Shared)).await?;
            patiently(incidents::write(connection, &claim.partition, change)).await?;
            patiently(post(connection, carriers, change, now)).await?;
        }
        patiently(transaction.commit()).await
    }
}

async fn parts(
    connection: &mut AnyConnection,
    PartitionKey { group, topic, number }: &PartitionKey,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    loop {
        let after = parts.last().map_or("", |(name, _)| name.as_str());
        let rows = sqlx::query(
            "SELECT name, bytes FROM parts WHERE consumer_group = $1 AND topic = $2 \
             AND number = $3 AND name > $4 ORDER BY name LIMIT $5",
        )
        .bind(group)
        .bind(topic)
        .bind(i64::from(*number))
        .bind(after)
        .bind(PARTS_AT_ONCE as i64)
        .fetch_all(&mut *connection);
        let rows = patiently(rows).await?;
        for row in &rows {
            parts.push((row.try_get("name")?, row.try_get("bytes")?));
        }
        if rows.len() < PARTS_AT_ONCE {
            return Ok(parts);
        }
    }
}

/// Those of its brands, and that of its topic's feed.
async fn open_incidents(
    connection: &mut AnyConnection,
    PartitionKey { group, topic, number }: &PartitionKey,
) -> Result<Vec<Change>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, change FROM incidents WHERE consumer_group = $1 AND topic = $2 \
         AND (number = $3 OR subject = $4) AND state <> $5 ORDER BY id",
    )
    .bind(group)
    .bind(topic)
    .bind(i64::from(*number))
    .bind(Subject::Feed.name())
    .bind(State::Resolved.name())
    .fetch_all(connection)
    .await?;
    let mut open = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: String = row.try_get("id")?;
        match change::read(row, &format!("incident {id}")) {
            Ok(change) => open.push(change),
            // A newer version's, while instances are replaced: the partition is read all the same.
            Err(failure) => warn!(%failure, "what people know of this incident is left out"),
        }
    }
    Ok(open)
}

async fn ended_of_feed(
    connection: &mut AnyConnection,
    PartitionKey { group, topic, .. }: &PartitionKey,
) -> Result<Vec<Uuid>, StoreError> {
    let rows = sqlx::query(
        "SELECT id FROM incidents WHERE consumer_group = $1 AND topic = $2 AND subject = $3 \
         AND state = $4 ORDER BY updated_at DESC LIMIT $5",
    )
    .bind(group)
    .bind(topic)
    .bind(Subject::Feed.name())
    .bind(State::Resolved.name())
    .bind(ENDED_KNOWN)
    .fetch_all(connection)
    .await?;
    let id = |row: &AnyRow| -> Result<Option<Uuid>, StoreError> {
        // What is no id is no id of ours either.
        Ok(Uuid::parse_str(row.try_get("id")?).ok())
    };
    rows.iter().filter_map(|row| id(row).transpose()).collect()
}

async fn write_parts(
    connection: &mut AnyConnection,
    PartitionKey { group, topic, number }: &PartitionKey,
    checkpoint: &Checkpoint,
) -> Result<(), StoreError> {
    for names in checkpoint.remove.chunks(PARTS_AT_ONCE) {
        let names_are = numbered(4, names.len(), |at| format!("${at}"));
        let sql = format!(
            "DELETE FROM parts WHERE consumer_group = $1 AND topic = $2 AND number = $3 \
             AND name IN ({names_are})"
        );
        let of_partition = sqlx::query(AssertSqlSafe(sql)).bind(group).bind(topic);
        let of_partition = of_partition.bind(i64::from(*number));
        let delete = names.iter().fold(of_partition, |query, name| query.bind(name));
        patiently(delete.execute(&mut *connection)).await?;
    }
    for parts in checkpoint.put.chunks(PARTS_AT_ONCE) {
        let rows = numbered(4, parts.len(), |at| {
            let at = 4 + 2 * (at - 4);
            format!("($1, $2, $3, ${at}, ${})", at + 1)
        });
        let sql = format!(
            "INSERT INTO parts (consumer_group, topic, number, name, bytes) VALUES {rows} \
             ON CONFLICT (consumer_group, topic, number, name) \
             DO UPDATE SET bytes = excluded.bytes"
        );
        let of_partition = sqlx::query(AssertSqlSafe(sql)).bind(group).bind(topic);
        let of_partition = of_partition.bind(i64::from(*number));
        let insert =
            parts.iter().fold(of_partition, |query, (name, bytes)| query.bind(name).bind(bytes));
        patiently(insert.execute(&mut *connection)).await?;
    }
    Ok(())
}

/// What stands at each of `count` places of a list, from number `first` on.
fn numbered(first: usize, count: usize, one: impl Fn(usize) -> String) -> String {
    (first..first + count).map(one).collect::<Vec<_>>().join(", ")
}

fn saved_at(row: &AnyRow) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.try_get::<Option<i64>, _>("saved_at")?.map(Timestamp::from_millis))
}
