//! Why a page cannot be shown, as a page.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::ASSETS;
use crate::desk::DeskError;
use crate::http::api::Fault;

/// What is shown in place of a page.
#[derive(Debug)]
pub struct PageFault {
    status: StatusCode,
    title: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "fault.html")]
struct Shown<'a> {
    assets: &'a str,
    title: &'a str,
    detail: &'a str,
}

impl PageFault {
    pub fn new(status: StatusCode, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status, title: title.into(), detail: detail.into() }
    }
}

impl IntoResponse for PageFault {
    fn into_response(self) -> Response {
        let shown = Shown { assets: &ASSETS, title: &self.title, detail: &self.detail };
        // A page that cannot be made is told in plain words.
        let html = shown.render().unwrap_or_else(|_| self.detail.clone());
        (self.status, Html(html)).into_response()
    }
}

/// [`axum::extract::Path`]; what is none is told as a page.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(PageFault))]
pub struct Path<T>(pub T);

impl From<PathRejection> for PageFault {
    fn from(_: PathRejection) -> Self {
        Self::from(DeskError::NoIncident)
    }
}

impl From<DeskError> for PageFault {
    fn from(error: DeskError) -> Self {
        Fault::from(error).into()
    }
}

impl From<Fault> for PageFault {
    fn from(fault: Fault) -> Self {
        let title = match fault.status() {
            StatusCode::NOT_FOUND => "There is nothing here",
            StatusCode::SERVICE_UNAVAILABLE => "It cannot be shown just now",
            _ => "That cannot be done",
        };
        Self::new(fault.status(), title, fault.detail())
    }
}

impl From<askama::Error> for PageFault {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page cannot be made");
        let detail = format!("This page cannot be made: {error}. Please report it.");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "This is a fault of Groundswell", detail)
    }
}
