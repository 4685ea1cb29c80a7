//! Open incidents as they change.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, StreamExt, unfold};
use tokio::sync::watch;
use tokio::time::sleep;

use super::model::IncidentNow;
use crate::desk::Desk;
use crate::store::Standing;

/// A quiet connection says so this often, so that either side notices when it is broken.
const ALIVE_EVERY: Duration = Duration::from_secs(10);
/// A stream ends after so long, and a browser begins another.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The open incidents, at once and again whenever one changes: server-sent events named `incidents`, each with all of
/// them as a JSON list; `alive` in between.
#[utoipa::path(
    get, path = "/stream", tag = "incidents",
    responses((status = 200, description = "Events without end.", body = String, content_type = "text/event-stream"))
)]
pub async fn follow(
    State(desk): State<Desk>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let mut watch = desk.watch();
    // What is there now is the first that is told.
    watch.mark_changed();
    // Who asks again is asked again who they are.
    let over = Box::pin(sleep(LONGEST));
    let events = unfold(watch, async |mut watch: watch::Receiver<Option<Arc<Vec<Standing>>>>| {
        loop {
            watch.changed().await.ok()?;
            // Before the store has been asked nothing is known.
            let Some(open) = watch.borrow_and_update().clone() else { continue };
            let open: Vec<IncidentNow> = open.iter().cloned().map(Into::into).collect();
            if let Ok(event) = Event::default().event("incidents").json_data(open) {
                return Some((Ok(event), watch));
            }
        }
    });
    let events = events.take_until(over);
    let alive = Event::default().event("alive").data("");
    Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY).event(alive))
}
