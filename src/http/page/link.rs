//! Links that people are sent: they let in.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::fault::Path;
use super::forms::SignIn;
use crate::http::access::Role;
use crate::http::problem::with_header;
use crate::http::session;

/// What a signed link carries.
#[derive(Deserialize)]
pub struct Signed {
    #[serde(default)]
    until: i64,
    #[serde(default)]
    signature: String,
}

/// Lets whoever follows a signed link in to its incident, or to all of them (the nil id). Who is in already stays who they are; and whose link
/// is over signs in as everybody does.
pub async fn open(
    State(SignIn { access, secure }): State<SignIn>,
    Path(incident): Path<Uuid>,
    Query(Signed { until, signature }): Query<Signed>,
    headers: HeaderMap,
) -> Response {
    let there = if incident.is_nil() { "/".to_owned() } else { format!("/incidents/{incident}") };
    let there = Redirect::to(&there).into_response();
    if access.caller(Role::Viewer, &headers).is_ok() {
        return there;
    }
    match access.follow_link(incident, until, &signature) {
        Some(session) => with_header(there, header::SET_COOKIE, &session::cookie(&session, secure)),
        None => there,
    }
}
