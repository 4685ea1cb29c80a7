//! Why a request is turned away, in words: problem details (RFC 9457).

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::telemetry::{Http, Refusal};

/// The media type of problem details.
pub(super) const PROBLEM: &str = "application/problem+json";

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    /// Not of the RFC: the `reason` under which it is counted, for programs.
    reason: &'static str,
}

/// Turns a request away, and counts it. `detail` tells a person what is wrong and what to do; it
/// repeats nothing that the request holds.
pub(super) fn refuse(http: &Http, status: StatusCode, reason: Refusal, detail: &str) -> Response {
    http.refused(reason);
    let problem = Problem {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail,
        reason: reason.name(),
    };
    let body = serde_json::to_string_pretty(&problem).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, PROBLEM)], body + "\n").into_response()
}

/// `response` with one more header. A value that no header can hold is left out.
pub(super) fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
