//! The on-call page: open incidents first, then each brand against what is typical of it.
//!
//! Everything is in the binary, and nothing comes from elsewhere: the Content-Security-Policy allows no other host, no inline
//! script and no inline style. The pages are whole without JavaScript; with it they follow what happens.
//!
//! | path | what it shows |
//! |---|---|
//! | `/` | open incidents; brands |
//! | `/incidents/{id}` | one incident: what is told of it, what can be done, its chart, what is said, its history |
//! | `/brands/{brand}` | a brand's charts |
//! | `/history` | incidents, latest first |
//! | `/parts/...` | pieces of these, for the script |
//! | `/login` | where whoever has a token signs in, and sees who they are; `/logout` ends that |
//! | `/open/{id}` | where a signed link leads: lets in to the incident, or to all of them |

mod brand;
mod card;
mod charts;
mod drawn;
mod fault;
mod forms;
mod guard;
mod history;
mod incident;
mod link;
mod now;

use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{Html, Response};
use axum::routing::{get, post};
use ring::digest::{SHA256, digest};

use super::access::{Access, Role};
use super::answer;
use crate::chart;
use crate::desk::Desk;

use fault::PageFault;

pub use card::sign;
pub use drawn::Drawn;

const SCRIPT: &str = include_str!("assets/page.js");
const ICON: &str = include_str!("assets/icon.svg");
static STYLE: LazyLock<String> =
    LazyLock::new(|| format!("{}{}", include_str!("assets/page.css"), chart::CSS));

/// Names what the assets hold, so that a browser keeps them until they change.
static ASSETS: LazyLock<String> = LazyLock::new(|| {
    let all = [STYLE.as_str(), SCRIPT, ICON].concat();
    digest(&SHA256, all.as_bytes()).as_ref()[..6].iter().map(|it| format!("{it:02x}")).collect()
});

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page, or a part of one.
type Shown = Result<Html<String>, PageFault>;

/// The stylesheet of the pages, which colours charts, too.
pub fn style() -> &'static str {
    &STYLE
}

/// Every page; who asks for one without a role is sent to sign in.
pub(super) fn routes(desk: Desk, access: &Access, secure: bool) -> Router {
    let viewed = Router::new()
        .route("/", get(now::now))
        .route("/parts/open", get(now::open))
        .route("/parts/brands", get(now::brands))
        .route("/brands/{brand}", get(brand::brand))
        .route("/parts/brands/{brand}", get(brand::brand_charts))
        .route("/incidents/{id}", get(incident::incident))
        .route("/parts/incidents/{id}", get(incident::told))
        .route("/parts/incidents/{id}/more", get(incident::more))
        .route("/parts/incidents/{id}/chart", get(incident::incident_chart))
        .route("/parts/incidents/{id}/mentions", get(incident::mentions))
        .route("/history", get(history::history));
    let done = Router::new().route("/incidents/{id}/responses", post(forms::respond));
    let sign_in = Router::new()
        .route("/login", get(forms::login).post(forms::sign_in))
        .route("/logout", post(forms::sign_out))
        .route("/open/{id}", get(link::open))
        .with_state(forms::SignIn { access: access.clone(), secure });
    guard::require(access, Role::Viewer, viewed)
        .merge(guard::require(access, Role::Responder, done))
        .with_state(desk)
        .merge(sign_in)
        .layer(map_response(harden))
        .merge(assets())
}

fn assets() -> Router {
    let asset = |kind: &'static str, content: &'static str| {
        get(async move || {
            let mut response = answer(StatusCode::OK, kind, content);
            let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
            response.headers_mut().insert(header::CACHE_CONTROL, forever);
            response
        })
    };
    Router::new()
        .route("/assets/page.css", asset("text/css; charset=utf-8", STYLE.as_str()))
        .route("/assets/page.js", asset("text/javascript; charset=utf-8", SCRIPT))
        .route("/assets/icon.svg", asset("image/svg+xml", ICON))
}

/// What a browser is to make of any page.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
