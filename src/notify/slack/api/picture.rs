//! A picture beside a message: uploaded, and shown once Slack has looked at it.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::call::{Problem, WebApi};
use crate::notify::observer::Failure;
use crate::notify::picture::Picture;
use crate::notify::slack::blocks::{Block, MAX_ALT, SlackFile};
use crate::notify::slack::escape::plain;

/// Waits before a picture is shown once more that Slack has not looked at yet.
const WAITS: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// Uploads `picture`; what Slack calls it
/// (<https://docs.slack.dev/messaging/working-with-files#upload>).
pub async fn upload(api: &WebApi, picture: &Picture) -> Result<String, Problem> {
    let length = picture.png.len().to_string();
    let form = [("filename", "groundswell.png"), ("length", &*length)];
    let place = api.call_form("files.getUploadURLExternal", &form).await?;
    let (Some(url), Some(file)) = (place["upload_url"].as_str(), place["file_id"].as_str()) else {
        let words = "Slack names no place to upload a picture to".to_owned();
        return Err(Failure::Deferred { words }.into());
    };
    api.upload(url, picture.png.clone()).await?;
    let files = json!([{ "id": file, "title": picture.title }]).to_string();
    api.call_form("files.completeUploadExternal", &[("files", &files)]).await?;
    Ok(file.to_owned())
}

/// The block that shows the uploaded `file`.
pub fn block(file: String, picture: &Picture) -> Block {
    Block::Image { slack_file: SlackFile { id: file }, alt_text: plain(&picture.title, MAX_ALT) }
}

/// Shows a picture. For a second or two after it has been uploaded Slack calls its block invalid.
pub async fn until_it_is_there<F>(show: impl Fn() -> F) -> Result<(), Problem>
where
    F: Future<Output = Result<(), Problem>>,
{
    for wait in WAITS {
        match show().await {
            Err(Problem::Said(code)) if code == "invalid_blocks" => sleep(wait).await,
            shown => return shown,
        }
    }
    show().await
}
