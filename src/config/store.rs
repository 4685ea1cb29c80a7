//! `[store]`: where what must outlive the process is kept.

use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;
use crate::store::{Engine, StoreSettings};

const SECOND: Duration = Duration::from_secs(1);

/// Where there is no other.
const FILE: &str = "groundswell.db";

pub(super) fn store(root: &mut Section<'_, '_>) -> StoreSettings {
    let mut section = root.section("store");
    let postgres = section.secret("postgres");
    if let Some((url, at)) = &postgres
        && !url.expose().is_empty()
        && !["postgres://", "postgresql://"].iter().any(|it| url.expose().starts_with(it))
    {
        let path = section.path_of("postgres");
        section.reader.report_value(
            at,
            format_args!(
                "{path}: the address that it names must be postgres://USER:PASSWORD@HOST/DATABASE"
            ),
        );
    }
    let file = section.string("file").map_or_else(|| FILE.to_owned(), |file| file.0);
    let settings = StoreSettings {
        engine: match postgres {
            Some((url, _)) => Engine::Postgres { url },
            None => Engine::Sqlite { file: PathBuf::from(file) },
        },
        checkpoint_every: section.duration(
            "checkpoint_every",
            10 * SECOND,
            SECOND / 10,
            3_600 * SECOND,
        ),
    };
    section.finish();
    settings
}
