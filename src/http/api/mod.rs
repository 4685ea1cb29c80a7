//! `/api/v1`: what the page shows, for programs. `GET /api/v1/openapi.json` describes it, made from this code.
//!
//! Whoever asks must be a viewer; whoever does something about an incident, a responder. What is wrong is told as problem details
//! (RFC 9457).

mod brands;
mod fault;
mod incidents;
mod model;
mod openapi;
mod responses;
mod stream;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use fault::Fault;
pub(super) use incidents::{after, cursor};
pub(super) use responses::{Given, LONGEST_NAME};

use super::access::{Access, Role};
use super::answer;
use crate::desk::Desk;

/// Below what it lies.
pub(super) const ROOT: &str = "/api/v1";

/// Every path of it.
pub(super) fn routes(desk: Desk, access: &Access) -> Router {
    let viewed = OpenApiRouter::new()
        .routes(routes!(brands::list))
        .routes(routes!(brands::series))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::one))
        .routes(routes!(incidents::events))
        .routes(routes!(incidents::mentions))
        .routes(routes!(stream::follow));
    let done = OpenApiRouter::new().routes(routes!(responses::respond));
    let (viewed, described) = viewed.split_for_parts();
    let (done, more) = done.split_for_parts();
    let document = openapi::document(described.merge_from(more));
    let described = Router::new()
        .route("/openapi.json", get(async move || answer(StatusCode::OK, super::JSON, document)));
    let all = access
        .require(Role::Viewer, viewed)
        .merge(access.require(Role::Responder, done))
        .merge(access.require(Role::Viewer, described))
        .method_not_allowed_fallback(async || {
            let detail = format!("This is not done here; {ROOT}/openapi.json says what is.");
            Fault::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response()
        })
        .with_state(desk);
    let nothing = async || {
        Fault::new(
            StatusCode::NOT_FOUND,
            format!("There is nothing here; {ROOT}/openapi.json says what there is."),
        )
    };
    // What is nested does not hear of its own root with a slash.
    Router::new().route("/api/v1/", any(nothing)).nest(ROOT, all.fallback(nothing))
}
