//! Who may see a page; others sign in first.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::access::{Access, Denial, Role};
use super::fault::PageFault;
use crate::http::api::Fault;

/// `pages` for those who have at least `role`.
pub fn require<S>(access: &Access, role: Role, pages: Router<S>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    pages.route_layer(from_fn_with_state((access.clone(), role), admit))
}

async fn admit(
    State((access, role)): State<(Access, Role)>,
    mut request: Request,
    next: Next,
) -> Response {
    match access.caller(role, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(denial) => {
            access.refused(denial.reason());
            if wants_json(&request) {
                let refused = Fault::new(denial.status(), denial.detail(role));
                return refused.into_response();
            }
            if matches!(denial, Denial::NoToken | Denial::UnknownToken) {
                return sign_in(&request);
            }
            let detail = denial.detail(role);
            PageFault::new(StatusCode::FORBIDDEN, "This is not for you", detail).into_response()
        }
    }
}

/// Whether the script asks, to tell a person in its own place.
fn wants_json(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|it| it.to_str().ok());
    accept.is_some_and(|it| it.contains("json"))
}

/// Sends a person to sign in, and back then; what the script asks for is refused.
fn sign_in(request: &Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
    if request.method() != Method::GET || path.starts_with("/parts/") {
        return PageFault::new(StatusCode::UNAUTHORIZED, "Sign in again", "The session is over.")
            .into_response();
    }
    let next = query_value(path);
    Redirect::to(&format!("/login?next={next}")).into_response()
}

/// `text` as the value of a query.
pub fn query_value(text: &str) -> String {
    reqwest::Url::parse_with_params("http://local/", [("q", text)])
        .map(|url| url.query().unwrap_or_default().trim_start_matches("q=").to_owned())
        .unwrap_or_default()
}
