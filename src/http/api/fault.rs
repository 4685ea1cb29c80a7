//! Why something that is asked for cannot be answered.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::DeskError;
use crate::http::problem::{PROBLEM, with_header};

/// Problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: `status` says of what kind it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, and what to do.
    detail: String,
}

/// What is answered in place of what was asked for.
#[derive(Debug)]
pub struct Fault {
    status: StatusCode,
    detail: String,
}

impl Fault {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    pub fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, and what to do.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let problem = Problem {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let body = serde_json::to_string_pretty(&problem).unwrap_or_default() + "\n";
        let response = (self.status, [(header::CONTENT_TYPE, PROBLEM)], body).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            return with_header(response, header::RETRY_AFTER, "2");
        }
        response
    }
}

impl From<DeskError> for Fault {
    fn from(error: DeskError) -> Self {
        let status = match error {
            DeskError::NoIncident | DeskError::NoBrand => StatusCode::NOT_FOUND,
            DeskError::Died(_) => StatusCode::INTERNAL_SERVER_ERROR,
            DeskError::Unreadable(_) | DeskError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.to_string())
    }
}

impl From<PathRejection> for Fault {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Fault {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<JsonRejection> for Fault {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

/// [`axum::extract::Path`], refused in this API's words.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Fault))]
pub struct Path<T>(pub T);

/// [`axum::extract::Query`], refused in this API's words.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Fault))]
pub struct Query<T>(pub T);

/// [`axum::Json`], refused in this API's words.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Fault))]
pub struct Json<T>(pub T);
