//! Pictures of incidents, for those who are told of them elsewhere.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Desk, DeskError, Stretch};
use crate::chart::{self, Size};
use crate::incident::{Incident, Subject};
use crate::notify::{Picture, Pictures};
use crate::source::wall_clock;

/// As wide as messages are, about.
const SIZE: Size = Size::new(720, 280);
/// Sharp on the screens of telephones.
const SCALE: u8 = 2;
/// How long a picture may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Pictures for Desk {
    fn of<'a>(&'a self, incident: &'a Incident) -> BoxFuture<'a, Result<Option<Picture>, String>> {
        Box::pin(async move {
            let picture = timeout(PATIENCE, self.picture(incident)).await;
            picture.unwrap_or_else(|_| Err(format!("drawing it takes longer than {PATIENCE:?}")))
        })
    }
}

impl Desk {
    async fn picture(&self, incident: &Incident) -> Result<Option<Picture>, String> {
        if incident.subject == Subject::Feed {
            return Ok(None);
        }
        let stretch = Stretch::covering(incident, wall_clock());
        let chart = async {
            let standing = self.incident(incident.id).await?;
            self.chart_of(&standing, stretch).await
        };
        let chart = match chart.await {
            Ok(chart) if chart.points.is_empty() => return Ok(None),
            Ok(chart) => chart,
            // It is no longer watched.
            Err(DeskError::NoBrand) => return Ok(None),
            Err(failure) => return Err(failure.to_string()),
        };
        let title = chart.title.clone();
        // Drawing is work for a processor.
        let drawn = spawn_blocking(move || chart::png(&chart, SIZE, SCALE)).await;
        let png = drawn.map_err(|died| died.to_string())?.map_err(|why| why.to_string())?;
        Ok(Some(Picture { png, title }))
    }
}
