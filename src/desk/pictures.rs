//! Pictures of incidents, for those who are told of them elsewhere.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::{debug, warn};

use super::{Desk, Stretch};
use crate::chart::{self, Size};
use crate::incident::{Incident, Subject};
use crate::notify::{Picture, Pictures};
use crate::source::wall_clock;

/// As wide as messages are, about.
const SIZE: Size = Size::new(720, 280);
/// Sharp on the screens of telephones.
const SCALE: u8 = 2;
/// How long a picture may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Pictures for Desk {
    fn of<'a>(&'a self, incident: &'a Incident) -> BoxFuture<'a, Option<Picture>> {
        Box::pin(async move {
            let picture = timeout(PATIENCE, self.picture(incident)).await;
            picture.unwrap_or_else(|_| {
                warn!(incident = %incident.id, "its picture takes too long, and is left out");
                None
            })
        })
    }
}

impl Desk {
    async fn picture(&self, incident: &Incident) -> Option<Picture> {
        if incident.subject == Subject::Feed {
            return None;
        }
        let stretch = Stretch::covering(incident, wall_clock());
        let chart = async {
            let standing = self.incident(incident.id).await?;
            self.chart_of(&standing, stretch).await
        };
        let chart = match chart.await {
            Ok(chart) if chart.points.is_empty() => return None,
            Ok(chart) => chart,
            Err(failure) => {
                debug!(incident = %incident.id, %failure, "there is no picture of it");
                return None;
            }
        };
        let title = chart.title.clone();
        // Drawing is work for a processor.
        let drawn = spawn_blocking(move || chart::png(&chart, SIZE, SCALE)).await;
        match drawn.map_err(|died| died.to_string()).map(|it| it.map_err(|why| why.to_string())) {
            Ok(Ok(png)) => Some(Picture { png, title }),
            Ok(Err(failure)) | Err(failure) => {
                warn!(incident = %incident.id, failure, "its picture cannot be drawn");
                None
            }
        }
    }
}
