//! `groundswell outbox`.

use std::process::ExitCode;

use crate::config::Secrets;
use crate::notify::story;
use crate::source::wall_clock;
use crate::store::{Parked, RouteCounts, Store};

use super::run::runtime;
use super::table::{moment, table};
use super::{ConfigArg, Failure};

/// Parked notifications that are shown.
const SHOWN: u32 = 100;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Send this parked notification on its way again.
    #[arg(long, value_name = "NUMBER", conflicts_with = "retry_all")]
    retry: Option<i64>,
    /// Send every parked notification on its way again.
    #[arg(long)]
    retry_all: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let config = args.config.load(Secrets::Resolve)?;
    let zone = config.plan.time_zone.clone();
    let said = runtime()?.block_on(async {
        let store = Store::open(&config.store).await.map_err(Failure::other)?;
        if args.retry.is_some() || args.retry_all {
            return retry(&store, args.retry).await;
        }
        let counts = store.outbox_counts(wall_clock()).await.map_err(Failure::other)?;
        let parked = store.parked(SHOWN).await.map_err(Failure::other)?;
        Ok(show(&counts, &parked, &zone))
    })?;
    println!("{said}");
    Ok(ExitCode::SUCCESS)
}

async fn retry(store: &Store, number: Option<i64>) -> Result<String, Failure> {
    let retried = store.retry_parked(number, wall_clock()).await.map_err(Failure::other)?;
    match (retried, number) {
        (0, Some(number)) => Err(Failure::other(format_args!(
            "no notification {number} is parked; `groundswell outbox` lists those that are"
        ))),
        (0, None) => Ok("Nothing is parked.".to_owned()),
        (1, _) => Ok("1 notification is on its way again.".to_owned()),
        (count, _) => Ok(format!("{count} notifications are on their way again.")),
    }
}

fn show(counts: &[RouteCounts], parked: &[Parked], zone: &jiff::tz::TimeZone) -> String {
    if counts.is_empty() {
        return "Every notification has been accepted.".to_owned();
    }
    let mut routes =
        table(vec!["route", "on their way", "oldest since", "wait for their time", "parked"]);
    for of in counts {
        let oldest = of.oldest_pending.map_or_else(|| "-".to_owned(), |it| moment(it, zone));
        let [pending, waiting, parked] =
            [of.pending, of.waiting, of.parked].map(|it| it.to_string());
        routes.add_row([of.route.clone(), pending, oldest, waiting, parked]);
    }
    let mut text = routes.trim_fmt();
    if parked.is_empty() {
        return text;
    }
    let mut rows = table(vec!["number", "route", "parked", "tries", "alert", "reason"]);
    for it in parked {
        rows.add_row([
            it.seq.to_string(),
            it.route.clone(),
            moment(it.parked_at, zone),
            it.attempts.to_string(),
            story::summary(&it.change.incident),
            it.reason.clone(),
        ]);
    }
    text.push_str(&format!(
        "\n\n{}\n\nSend one again: groundswell outbox --retry NUMBER; all: --retry-all",
        rows.trim_fmt()
    ));
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;
    use crate::incident::fixtures::{change, change_of, fall};
    use crate::mention::Timestamp;
    use crate::store::{Carrier, Engine, StoreSettings};

    #[tokio::test]
    async fn what_is_where_is_told_and_what_is_parked_is_sent_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreSettings {
            engine: Engine::Sqlite { file: folder.path().join("outbox.db") },
            checkpoint_every: Duration::from_secs(10),
        })
        .await
        .unwrap();
        let zone = jiff::tz::TimeZone::UTC;
        let (now, routes) = (Timestamp::from_millis(1_424_640_000_000), [Carrier::now("on-call")]);
        assert_eq!(show(&[], &[], &zone), "Every notification has been accepted.");
        for change in [change(), change_of(fall(), 0)] {
            store.post(&change, &routes, now).await.unwrap();
        }
        let taken = store.take("on-call", now, Duration::from_secs(15)).await.unwrap().unwrap();
        store
            .park(&taken, "given up after 1 try in 0.0 s: answered 404 Not Found", now)
            .await
            .unwrap();
        let (counts, parked) =
            (store.outbox_counts(now).await.unwrap(), store.parked(SHOWN).await.unwrap());
        insta::assert_snapshot!("outbox", show(&counts, &parked, &zone));
        let gone = retry(&store, Some(7)).await.unwrap_err().to_string();
        assert!(gone.starts_with("no notification 7 is parked"), "{gone}");
        let said = retry(&store, Some(parked[0].seq)).await.unwrap();
        assert_eq!(said, "1 notification is on its way again.");
        assert_eq!(retry(&store, None).await.unwrap(), "Nothing is parked.");
    }
}
