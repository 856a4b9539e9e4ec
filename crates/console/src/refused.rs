//! Owns what the API refused: its problem, read, and as a page for where no form can show it.

mod chinese;

use std::ops::Deref;

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::inside::{Side, part};
use crate::lang::Lang;
use crate::layout;
use crate::visit::Visit;

pub(crate) use chinese::in_chinese;

/// What was refused, and why.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Refused(Box<Problem>);

/// A problem that the API answered with (RFC 9457).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    /// The stable code.
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) detail: String,
    #[serde(default)]
    pub(crate) request_id: String,
    /// Each wrong place.
    #[serde(default)]
    pub(crate) errors: Vec<FieldError>,
    /// What else it tells, by its code.
    #[serde(flatten)]
    pub(crate) more: Map<String, Value>,
}

/// A wrong place of a body.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FieldError {
    /// An RFC 6901 pointer.
    pub(crate) pointer: String,
    pub(crate) message: String,
}

impl Deref for Refused {
    type Target = Problem;

    fn deref(&self) -> &Problem {
        &self.0
    }
}

impl Refused {
    /// The problem that an answer says.
    pub(crate) fn read(status: StatusCode, body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|error| {
            tracing::error!(%error, %status, "the API refused without a problem: this is a bug");
            Self::new(status.as_u16(), "internal_error", "the server ran into a bug of its own")
        })
    }

    /// The server ran into a bug of its own.
    pub(crate) fn broken() -> Self {
        Self::new(500, "internal_error", "the server ran into a bug of its own")
    }

    /// What a form sent cannot be sent on.
    pub(crate) fn unreadable(what: &str) -> Self {
        Self::new(422, "validation_failed", &format!("the {what} has letters that cannot be sent"))
    }

    /// One place of a form is wrong, as the API would say if it could be asked.
    pub(crate) fn invalid(pointer: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(422, "validation_failed", &message).said_at(pointer, message)
    }

    /// There is no such thing.
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(404, "not_found", &format!("there is no {what}"))
    }

    /// Nobody types that much.
    pub(crate) fn too_long(most: usize) -> Self {
        Self::new(413, "body_too_large", &format!("a form has {most} bytes at most"))
    }

    /// An address, a query or a form is none that a page reads.
    pub(crate) fn unread(status: u16, why: &str) -> Self {
        let code = match status {
            413 => "body_too_large",
            415 => "content_type_unsupported",
            422 => "validation_failed",
            _ => "parameter_invalid",
        };
        let mut refused = Self::new(status, code, why);
        "This could not be read".clone_into(&mut refused.0.title);
        refused
    }

    fn new(status: u16, code: &str, detail: &str) -> Self {
        Self(Box::new(Problem {
            status,
            code: code.to_owned(),
            title: detail.to_owned(),
            detail: detail.to_owned(),
            request_id: String::new(),
            errors: Vec::new(),
            more: Map::new(),
        }))
    }

    /// The status that the API gave it; nothing else decides on one.
    pub(crate) fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or_default()
    }

    /// Whether the wish is over: asked again under the same key, it is refused the same.
    pub(crate) fn is_final(&self) -> bool {
        let may_do_later = self.status == 429 || self.status >= 500 || self.code == "request_in_flight";
        !may_do_later && !self.is_nobody()
    }

    /// Whether whoever asks is to log in first.
    pub(crate) fn is_nobody(&self) -> bool {
        self.status == 401
    }

    /// Whether it is about what somebody proved themselves with, and not about their session.
    pub(crate) fn is_about_proof(&self) -> bool {
        matches!(self.code.as_str(), "login_failed" | "second_factor_needed" | "code_wrong")
    }

    /// What is wrong with one member of the body.
    pub(crate) fn at(&self, pointer: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.pointer == pointer).map(|error| error.message.as_str())
    }

    /// The same, said in these words at one place of the form: the API names none, or its words are for programs.
    pub(crate) fn said_at(mut self, pointer: &str, message: impl Into<String>) -> Self {
        self.0.errors.retain(|error| error.pointer != pointer);
        self.0.errors.push(FieldError { pointer: pointer.to_owned(), message: message.into() });
        self
    }

    /// The answer where no form can show it: a log-in where that is what is missing, and else a page that says what is wrong.
    pub(crate) fn page(&self, visit: &Visit) -> Response {
        self.page_and_back(visit, if self.is_nobody() { &visit.again } else { &visit.here })
    }

    /// The same, for whoever is to come back to another page than the one they are on.
    pub(crate) fn page_and_back(&self, visit: &Visit, back: &str) -> Response {
        if self.is_nobody() && visit.side == Side::Console {
            return Redirect::to(&format!("/console/log-in?why={}&to={}", self.code, part(back))).into_response();
        }
        let title = visit.lang().say("That did not work", "没有成功");
        let body = html! { h1 { (title) } (self.notice(visit.lang())) (self.way_out(visit.lang(), back)) };
        (self.status_code(), layout::page(visit, title, &body)).into_response()
    }

    /// What is wrong, as a part of a page: the server's own words, with a sentence of the page's language before them.
    pub(crate) fn notice(&self, lang: Lang) -> Markup {
        html! {
            div.notice.bad role="alert" {
                strong { (self.said(lang)) }
                // The server's own words, whatever the page speaks.
                p lang=[(lang != Lang::En).then_some("en")] { (self.detail) }
                @let elsewhere = self.errors.iter().filter(|_| self.errors.len() > 1);
                ul { @for error in elsewhere { li { code { (error.pointer) } " " (error.message) } } }
                p.fine {
                    a href={ "/problems/" (self.code) } { code { (self.code) } }
                    @if !self.request_id.is_empty() { " · " code { (self.request_id) } }
                }
            }
        }
    }

    /// What somebody of the staff does about it, where there is a page for that, and from where they come back.
    pub(crate) fn way_out(&self, lang: Lang, back: &str) -> Markup {
        match self.code.as_str() {
            "step_up_needed" => html! {
                p {
                    a.button href={ "/console/step-up?to=" (part(back)) } {
                        (lang.say("Prove who you are", "验证身份"))
                    }
                }
            },
            "second_factor_missing" => {
                html! { p { a.button href="/console/me" { (lang.say("Set a second factor up", "设置双重验证")) } } }
            }
            _ => html! {},
        }
    }

    /// Its title in the page's language, where it is one that people meet.
    fn said(&self, lang: Lang) -> &str {
        if lang == Lang::En { &self.title } else { in_chinese(&self.code) }
    }
}
