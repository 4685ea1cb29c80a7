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
use crate::http::access::Access;
use crate::http::api::{Fault, Given};
use crate::http::problem::with_header;
use crate::http::session;
use crate::source::wall_clock;
use crate::telemetry::Refusal;

/// What a button sends.
#[derive(Debug, Deserialize)]
pub struct Pressed {
    /// As the API has it; `silence-60` is a silence of sixty minutes.
    act: String,
    by: Option<String>,
    text: Option<String>,
}

impl Pressed {
    fn given(self) -> Result<Given, Fault> {
        let (id, by) = (None, self.by.filter(|it| !it.trim().is_empty()));
        Ok(match self.act.as_str() {
            "acknowledge" => Given::Acknowledge { id, by },
            "unsilence" => Given::Unsilence { id, by },
            "false_alarm" => Given::FalseAlarm { id, by },
            "real" => Given::Real { id, by },
            "note" => Given::Note { id, by, text: self.text.unwrap_or_default() },
            act => match act.strip_prefix("silence-").and_then(|it| it.parse().ok()) {
                Some(minutes) => Given::Silence { id, by, minutes },
                None => return Err(Fault::bad("This page is of another version: load it again.")),
            },
        })
    }
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
        let response = pressed.given()?.response(id, &caller, wall_clock())?;
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
}

/// Where to go then.
#[derive(Debug, Deserialize)]
pub struct Next {
    next: Option<String>,
}

pub async fn login(Query(Next { next }): Query<Next>) -> Result<Html<String>, PageFault> {
    let page = LoginPage { assets: &ASSETS, next: local(next.as_deref()), problem: None };
    Ok(Html(page.render()?))
}

/// A token, and where to go then.
#[derive(Deserialize)]
pub struct Credentials {
    token: String,
    next: Option<String>,
}

pub async fn sign_in(
    State(SignIn { access, secure }): State<SignIn>,
    Form(Credentials { token, next }): Form<Credentials>,
) -> Result<Response, PageFault> {
    let next = local(next.as_deref());
    let Some(session) = access.begin_session(token.trim()) else {
        access.refused(Refusal::UnknownToken);
        let problem = Some("This token is not known here. Ask whoever runs Groundswell for one.");
        let page = LoginPage { assets: &ASSETS, next, problem };
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
