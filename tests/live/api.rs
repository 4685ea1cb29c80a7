//! The API does what its document says, judged by Schemathesis.

use std::process::Command;

use groundswell::http::{Role, Token};
use groundswell::secret::Secret;

use crate::page::{Crisis, mentions};
use crate::support::repository;
use crate::support::service::RunningService;

const TOKEN: &str = "judge-0123456789abcdef";

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_as_it_says() {
    let crisis = Crisis::new("api").await;
    let mut config = crisis.config();
    config.http.tokens =
        vec![Token { name: "judge".to_owned(), role: Role::Responder, token: Secret::new(TOKEN) }];
    let running = RunningService::ready(config).await;
    crisis.tell(mentions(-36 * 60..0)).await;
    crisis.told().await;
    let document = running.url("/api/v1/openapi.json");
    let judged = tokio::task::spawn_blocking(move || {
        Command::new(repository("target/venv/bin/schemathesis"))
            // The stream has no end.
            .args(["run", &document, "--exclude-path", "/stream", "--checks", "all"])
            .args([
                "--max-examples",
                "40",
                "--seed",
                "7",
                "--generation-deterministic",
                "--no-color",
            ])
            .args(["--header", &format!("Authorization: Bearer {TOKEN}")])
            .current_dir(crisis.folder())
            .output()
    });
    let judged = judged.await.unwrap().expect("run Schemathesis, which ./test installs");
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}\n{}", String::from_utf8_lossy(&judged.stderr));
    assert!(said.contains("No issues found"), "{said}");
    running.stop().await.unwrap();
}
