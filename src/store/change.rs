//! A change of an incident as it is stored: JSON in the column `change`.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::error::StoreError;
use crate::incident::Change;

pub(super) fn write(change: &Change) -> Result<String, StoreError> {
    let what = || format!("change {}", change.id);
    serde_json::to_string(change).map_err(|error| unreadable(what(), &error))
}

/// Reads that of `row`, which is `what` in words.
pub(super) fn read(row: &AnyRow, what: &str) -> Result<Change, StoreError> {
    let json: String = row.try_get("change")?;
    serde_json::from_str(&json).map_err(|error| unreadable(what.to_owned(), &error))
}

fn unreadable(what: String, error: &serde_json::Error) -> StoreError {
    StoreError::Unreadable { what, reason: error.to_string() }
}
