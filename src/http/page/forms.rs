//! What people do on the pages.

use askama::Template;
use axum::Form;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::ASSETS;
use super::fault::{PageFault, Path};
use crate::desk::Desk;
use crate::http::Caller;
use crate::http::access::{Access, Role};
use crate::http::api::{Fault, Given};
use crate::http::problem::with_header;
use crate::http::session;
use crate::incident::Severity;
use crate::source::wall_clock;
use crate::telemetry::Refusal;

/// What a button sends.
#[derive(Debug, Deserialize)]
pub struct Pressed {
    /// As the API has it; `silence-60` is a silence of sixty minutes.
    act: String,
    by: Option<String>,
    text: Option<String>,
    /// How severe the incident was as it was shown.
    severity: Option<Severity>,
}

/// Does what a button asks for: for the script, or for a browser without, which is sent back to the incident.
pub async fn respond(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(pressed): Form<Pressed>,
) -> Response {
    let done = async {
        let Pressed { act, by, text, severity } = pressed;
        let given = Given::by_button(&act, None, by, text, severity)?;
        let response = given.response(id, &caller, wall_clock())?;
        Ok::<_, Fault>(desk.respond(&response).await?)
    };
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    let is_script = accept.is_some_and(|it| it.contains("json"));
    match done.await {
        Ok(_) if is_script => StatusCode::NO_CONTENT.into_response(),
        Ok(_) => Redirect::to(&format!("/incidents/{id}")).into_response(),
        Err(fault) if is_script => fault.into_response(),
        Err(fault) => PageFault::from(fault).into_response(),
    }
}

/// What signing in needs.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub access: Access,
    /// Whether the cookie may be sent over TLS alone.
    pub secure: bool,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    assets: &'a str,
    next: &'a str,
    problem: Option<&'a str>,
    /// Who is in already.
    known: Option<Caller>,
}

impl LoginPage<'_> {
    /// Whether a token lets anybody in who is not.
    fn needs_token(&self) -> bool {
        !self.known.as_ref().is_some_and(Caller::is_local)
    }
}

/// Where to go then.
#[derive(Debug, Deserialize)]
pub struct Next {
    next: Option<String>,
}

pub async fn login(
    State(SignIn { access, .. }): State<SignIn>,
    Query(Next { next }): Query<Next>,
    headers: HeaderMap,
) -> Result<Html<String>, PageFault> {
    let known = access.caller(Role::Viewer, &headers).ok();
    let page = LoginPage { assets: &ASSETS, next: local(next.as_deref()), problem: None, known };
    Ok(Html(page.render()?))
}

/// Ends the session in this browser.
pub async fn sign_out(
    State(SignIn { access, secure }): State<SignIn>,
    headers: HeaderMap,
) -> Result<Response, PageFault> {
    from_here(&access, &headers)?;
    let response = Redirect::to("/login").into_response();
    Ok(with_header(response, header::SET_COOKIE, &session::end(secure)))
}

/// Nobody is signed in or out by a page of another site.
fn from_here(access: &Access, headers: &HeaderMap) -> Result<(), PageFault> {
    let foreign = || {
        let detail = "It comes from a page of another site. Open this page by its own address.";
        PageFault::new(StatusCode::FORBIDDEN, "This is not done from elsewhere", detail)
    };
    if access.is_of_this_site(headers) { Ok(()) } else { Err(foreign()) }
}

/// A token, and where to go then.
#[derive(Deserialize)]
pub struct Credentials {
    token: String,
    next: Option<String>,
}

pub async fn sign_in(
    State(SignIn { access, secure }): State<SignIn>,
    headers: HeaderMap,
    Form(Credentials { token, next }): Form<Credentials>,
) -> Result<Response, PageFault> {
    from_here(&access, &headers)?;
    let next = local(next.as_deref());
    let Some(session) = access.begin_session(token.trim()) else {
        access.refused(Refusal::UnknownToken);
        let problem = Some("This token is not known here. Ask whoever runs Groundswell for one.");
        let page = LoginPage { assets: &ASSETS, next, problem, known: None };
        return Ok((StatusCode::UNAUTHORIZED, Html(page.render()?)).into_response());
    };
    let response = Redirect::to(next).into_response();
    Ok(with_header(response, header::SET_COOKIE, &session::cookie(&session, secure)))
}

/// A path of this server; anything else is its first page.
fn local(next: Option<&str>) -> &str {
    let is_local = |it: &&str| {
        it.starts_with('/')
            && !it.starts_with("//")
            && !it.contains(|it: char| it == '\\' || it.is_control())
    };
    next.filter(is_local).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        assert_eq!(local(Some("/incidents/7?range=7d")), "/incidents/7?range=7d");
        for next in [
            None,
            Some("https://evil.example"),
            Some("//evil.example"),
            Some("/\\evil"),
            Some("/\t/evil.example"),
            Some("x"),
        ] {
            assert_eq!(local(next), "/");
        }
    }
}
