//! Owns the routes by which people log in, look after their own sessions and log out.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use domain::SessionId;
use domain::session::{Authority, End};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use people::{Arrival, LoggedIn, Origin};

use super::providers;
use crate::asker::Asker;
use crate::auth::{Caller, Sender, cookie};
use crate::body::Typed;
use crate::problem::{FieldError, Problem};
use crate::state::Api;
use crate::{stamp, wire};

/// Into which tenant one wants who names none.
pub(super) const DEFAULT_TENANT: &str = "default";

/// Log in with a password.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", request_body = wire::LogIn,
    responses((status = 201, body = wire::Tokens, description = "Logged in; the tokens are shown only now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")))]
pub(crate) async fn log_in(
    State(api): State<Api>,
    Asker(origin): Asker,
    headers: HeaderMap,
    Typed(wanted): Typed<wire::LogIn>,
) -> Result<Response, Problem> {
    let kind = wanted.kind()?;
    let mark = wanted.device.mark.clone();
    let arrival = arrival(&api, wanted.device, wanted.keep, (&headers, origin)).await?;
    let log_in = people::LogIn {
        tenant: wanted.tenant.unwrap_or_else(|| DEFAULT_TENANT.to_owned()),
        kind,
        login: wanted.login,
        password: wanted.password,
        code: wanted.code,
        device_mark: mark,
        arrival,
    };
    let logged_in = match wanted.provider {
        None => api.people().log_in(log_in).await?,
        Some(provider) => providers::log_in(&api, &provider, log_in).await?,
    };
    Ok(let_in(logged_in))
}

/// How somebody comes who wants in. Whoever comes as a guest keeps what they began.
pub(super) async fn arrival(
    api: &Api,
    device: wire::LogInDevice,
    keep: Option<String>,
    (headers, origin): (&HeaderMap, Origin),
) -> Result<Arrival, Problem> {
    let by_cookie = wire::by_cookie(keep.as_deref())?;
    if by_cookie {
        // Another site must not log somebody in here as somebody else.
        cookie::is_meant(headers)?;
    }
    // Nor may it have a browser's guest become somebody else's.
    let is_own = by_cookie || cookie::of(headers)?.is_none() || cookie::is_meant(headers).is_ok();
    let guest = if is_own { guest(api, headers).await? } else { None };
    Ok(Arrival { device: device.checked()?, device_name: device.name, origin, by_cookie, guest })
}

/// The session of who comes as a guest. A credential that is over keeps nobody from logging in; one that only has to be
/// refreshed does, or what was begun under it would be lost without a word.
pub(super) async fn guest(api: &Api, headers: &HeaderMap) -> Result<Option<Arc<Authority>>, Problem> {
    match Sender::default().caller(api, headers).await {
        Ok(caller) => Ok(caller.and_then(|caller| caller.session)),
        Err(problem) if problem.code() == "access_token_expired" || problem.status() >= 500 => Err(problem),
        Err(_) => Ok(None),
    }
}

/// The answer to who was let in.
pub(super) fn let_in(logged_in: LoggedIn) -> Response {
    let cookie = logged_in.cookie.as_deref().map(|value| [(SET_COOKIE, cookie::given(value))]);
    let body = Json(wire::Tokens::of(logged_in));
    (StatusCode::CREATED, cookie.map_or_else(HeaderMap::new, HeaderMap::from_iter), body).into_response()
}

/// Exchange a refresh token for new tokens.
#[utoipa::path(post, path = "/api/v1/sessions/refresh", tag = "sessions", request_body = wire::RefreshTokens,
    responses((status = 200, body = wire::Tokens, description = "New tokens. The same answer, but for the access token, is \
            given again for a minute"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")))]
pub(crate) async fn refresh(
    State(api): State<Api>,
    Typed(wanted): Typed<wire::RefreshTokens>,
) -> Result<Response, Problem> {
    let logged_in = api.people().refresh(wanted.refresh_token).await?;
    Ok(Json(wire::Tokens::of(logged_in)).into_response())
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/v1/me", tag = "sessions",
    responses((status = 200, body = wire::Me, description = "The person of the session"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn me(caller: Caller) -> Result<Response, Problem> {
    Ok(Json(wire::Me::of(caller.of_session()?)).into_response())
}

/// One's own sessions, open ones first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions",
    responses((status = 200, body = Vec<wire::Session>, description = "The last hundred at most"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let current = caller.of_session()?.id;
    let sessions = api.people().sessions(caller.tenant, caller.principal).await?;
    let now = stamp::now();
    let rows: Vec<_> = sessions.iter().map(|record| wire::Session::of(record, Some(current), now)).collect();
    Ok(Json(rows).into_response())
}

/// Log out: end one of one's own sessions, this one or one on another device. Where it is over already, nothing is done.
#[utoipa::path(delete, path = "/api/v1/sessions/{session_id}", tag = "sessions",
    params(("session_id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "It is over"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn log_out(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let current = caller.of_session()?.id;
    let missing = || Problem::new("not_found", "there is no such session");
    let id: SessionId = id.parse().map_err(|_| missing())?;
    let mine = api.people().sessions(caller.tenant, caller.principal).await?;
    if !mine.iter().any(|record| record.authority.id == id) {
        return Err(missing());
    }
    let why = if id == current { End::LoggedOut } else { End::Kicked };
    api.people().end((caller.tenant, caller.principal), id, why).await?;
    let cookie = (caller.by_cookie && id == current).then(|| [(SET_COOKIE, cookie::taken())]);
    Ok((StatusCode::NO_CONTENT, cookie.map_or_else(HeaderMap::new, HeaderMap::from_iter)).into_response())
}

/// Log out everywhere: end all of one's own sessions, this one too.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "sessions",
    responses((status = 204, description = "All are over"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn log_out_everywhere(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let current = caller.of_session()?.id;
    let person = (caller.tenant, caller.principal);
    // First this one, which is told that it was logged out; then whatever is open.
    api.people().end(person, current, End::LoggedOut).await?;
    api.people().end_all(person, End::Kicked).await?;
    let cookie = caller.by_cookie.then(|| [(SET_COOKIE, cookie::taken())]);
    Ok((StatusCode::NO_CONTENT, cookie.map_or_else(HeaderMap::new, HeaderMap::from_iter)).into_response())
}

/// Change one's own password. All other sessions end.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "sessions", request_body = wire::ChangePassword,
    responses((status = 204, description = "Changed"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn change_password(
    State(api): State<Api>,
    Asker(origin): Asker,
    caller: Caller,
    Typed(wanted): Typed<wire::ChangePassword>,
) -> Result<Response, Problem> {
    let session = caller.of_session()?;
    let changed = api.people().change_password(session, wanted.current_password, wanted.new_password, origin);
    changed.await?.map_err(|weak| {
        let error = FieldError { pointer: "/new_password".to_owned(), code: weak.code(), message: weak.to_string() };
        Problem::invalid(&[error])
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
