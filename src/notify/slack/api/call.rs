//! One call of a method of Slack's Web API.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, Url};
use serde_json::Value;

use crate::notify::channel::Refusal;
use crate::notify::error::NotifyError;
use crate::notify::http::{Clients, describe};
use crate::notify::observer::Failure;
use crate::notify::{TargetPolicy, retry_after};
use crate::secret::Secret;

/// Where the methods lie, but for workspaces of GovSlack.
pub const ENDPOINT: &str = "https://slack.com/api/";

/// Longest answer that is read, in bytes: a message comes back in it.
const MAX_ANSWER: usize = 1 << 20;
/// Longest error word of Slack's that is shown, in bytes.
const MAX_CODE: usize = 64;

/// What Slack calls passing.
const PASSING: [&str; 10] = [
    "accesslimited",
    "ekm_access_denied",
    "fatal_error",
    "internal_error",
    "org_login_required",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
];

/// Slack's Web API, as a bot.
pub struct WebApi {
    client: Client,
    base: Url,
    authorization: HeaderValue,
    targets: TargetPolicy,
    timeout: Duration,
}

/// Why a call came to nothing.
#[derive(Debug)]
pub enum Problem {
    /// Slack says no, in its own word.
    Said(String),
    /// There was no answer of Slack's.
    Other(Refusal),
}

impl WebApi {
    /// That at `base`, for the bot of `token`; `route` names the route in errors.
    pub fn new(
        clients: &mut Clients,
        route: &str,
        base: &Secret,
        token: &Secret,
        timeout: Duration,
    ) -> Result<Self, NotifyError> {
        let bad =
            |reason: &str| NotifyError::Address { route: route.into(), reason: reason.into() };
        let mut base = Url::parse(base.expose()).map_err(|error| bad(&error.to_string()))?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let header = format!("Bearer {}", token.expose());
        let mut authorization =
            HeaderValue::from_str(&header).map_err(|_| NotifyError::Header {
                route: route.into(),
                header: "Authorization".into(),
                what: "value",
            })?;
        authorization.set_sensitive(true);
        let (client, targets) = (clients.client(route, &base)?, clients.policy());
        Ok(Self { client, base, authorization, targets, timeout })
    }

    /// Names Slack and the bot, for those who share its pace. A secret.
    pub fn identity(&self) -> String {
        format!("{} {}", self.base, self.authorization.to_str().unwrap_or_default())
    }

    /// Calls `method` with `arguments`, as JSON; what Slack answers.
    pub async fn call(&self, method: &str, arguments: &Value) -> Result<Value, Problem> {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        let request = self.method(method)?.header(CONTENT_TYPE, json);
        self.answer(request.body(arguments.to_string())).await
    }

    /// As [`Self::call`], of a method that takes no JSON.
    pub async fn call_form(&self, method: &str, form: &[(&str, &str)]) -> Result<Value, Problem> {
        self.answer(self.method(method)?.form(form)).await
    }

    /// Uploads `bytes` to where Slack has said; nothing goes where no notification may go.
    pub async fn upload(&self, to: &str, bytes: Vec<u8>) -> Result<(), Problem> {
        let deferred = |words: String| Problem::from(Failure::Deferred { words });
        let url =
            Url::parse(to).map_err(|_| deferred("it names no address to upload to".into()))?;
        let admitted = self.targets.admit(&url);
        admitted.map_err(|refused| deferred(format!("its address for uploads: {refused}")))?;
        if url.scheme() != self.base.scheme() {
            return Err(deferred("its address for uploads is not encrypted".into()));
        }
        let response = self.send(self.client.post(url).body(bytes)).await?;
        match response.status().as_u16() {
            200..=299 => Ok(()),
            status => Err(Failure::Status { status, code: None }.into()),
        }
    }

    fn method(&self, method: &str) -> Result<RequestBuilder, Problem> {
        let url = self.base.join(method).map_err(|it| Failure::Encoding(it.to_string()))?;
        Ok(self.client.post(url).header(AUTHORIZATION, self.authorization.clone()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Problem> {
        request.timeout(self.timeout).send().await.map_err(|error| self.unanswered(error))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, Problem> {
        let response = self.send(request).await?;
        let status = response.status();
        if !status.is_success() {
            let retry_after = retry_after::wait(response.headers(), jiff::Timestamp::now());
            let failure = Failure::Status { status: status.as_u16(), code: None };
            return Err(Problem::Other(Refusal { failure, retry_after }));
        }
        let answer = self.read(response).await?;
        match (answer["ok"].as_bool(), answer["error"].as_str()) {
            (Some(true), _) => Ok(answer),
            (_, Some(code)) if is_word(code) => Err(Problem::Said(code.to_owned())),
            _ => Err(nonsense()),
        }
    }

    async fn read(&self, mut response: Response) -> Result<Value, Problem> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unanswered(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err(nonsense());
            }
        }
        serde_json::from_slice(&body).map_err(|_| nonsense())
    }

    fn unanswered(&self, error: reqwest::Error) -> Problem {
        if error.is_timeout() && !error.is_connect() {
            return Failure::Timeout(self.timeout).into();
        }
        Failure::Connection(describe(error)).into()
    }
}

fn nonsense() -> Problem {
    let words =
        "what answers is not Slack's Web API; check the route's url, and what stands between";
    Failure::Deferred { words: words.to_owned() }.into()
}

/// Whether it is a plain word such as `not_in_channel`, and so nothing secret.
fn is_word(code: &str) -> bool {
    (1..=MAX_CODE).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Other(failure.into())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Other(refusal) => refusal,
            Problem::Said(code) => {
                let words = format!("Slack refused it ({code}){}", advice(&code));
                let passes = PASSING.contains(&code.as_str());
                let failure =
                    if passes { Failure::Deferred { words } } else { Failure::Refused { words } };
                failure.into()
            }
        }
    }
}

/// What to do about the errors that people meet
/// (<https://docs.slack.dev/reference/methods/chat.postMessage#errors>).
fn advice(code: &str) -> &'static str {
    match code {
        "channel_not_found" => {
            ": write the channel's id (it stands below its details in Slack), and invite the app into it"
        }
        "not_in_channel" => ": invite the app into the channel",
        "is_archived" => ": the channel is archived; write another",
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            ": the bot token is none, or none any more; take the one of \"OAuth & Permissions\""
        }
        "missing_scope" | "not_allowed_token_type" => {
            ": the bot needs the scopes chat:write and files:write; add them and install the app anew"
        }
        "restricted_action" | "restricted_action_read_only_channel" => {
            ": the workspace lets the app write in other channels only"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str) -> Failure {
        Refusal::from(Problem::Said(code.to_owned())).failure
    }

    #[test]
    fn what_slack_says_is_told_with_what_to_do() {
        let refused = refusal("not_in_channel");
        assert!(!refused.is_transient());
        assert_eq!(
            refused.to_string(),
            "Slack refused it (not_in_channel): invite the app into the channel"
        );
        assert_eq!(refusal("msg_too_long").to_string(), "Slack refused it (msg_too_long)");
        for passing in PASSING {
            assert!(refusal(passing).is_transient(), "{passing}");
        }
    }

    #[test]
    fn only_a_plain_word_is_shown() {
        assert!(is_word("invalid_blocks"));
        for other in ["", "xoxb-secret", "Not a word", &"a".repeat(MAX_CODE + 1)] {
            assert!(!is_word(other), "{other}");
        }
    }
}
