//! Owns the routes by which people log in, look after their own sessions and log out.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse as _, Response};
use domain::SessionId;
use domain::session::End;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};

use crate::auth::{Caller, cookie};
use crate::body::Typed;
use crate::problem::{FieldError, Problem};
use crate::state::{Api, Peer};
use crate::{stamp, wire};

/// Log in with a password.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", request_body = wire::LogIn,
    responses((status = 201, body = wire::Tokens, description = "Logged in; the tokens are shown only now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")))]
pub(crate) async fn log_in(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Typed(wanted): Typed<wire::LogIn>,
) -> Result<Response, Problem> {
    let (kind, device, by_cookie) = wanted.checked()?;
    if by_cookie {
        // Another site must not log somebody in here as somebody else.
        cookie::is_meant(&headers)?;
    }
    let address = peer.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |Extension(peer)| peer.0);
    let log_in = people::LogIn {
        tenant: wanted.tenant.unwrap_or_else(|| "default".to_owned()),
        kind,
        login: wanted.login,
        password: wanted.password,
        device,
        device_name: wanted.device.name,
        device_mark: wanted.device.mark,
        address,
        by_cookie,
        guest: None,
    };
    let logged_in = api.people().log_in(log_in).await?;
    let cookie = logged_in.cookie.as_deref().map(|value| [(SET_COOKIE, cookie::given(value))]);
    let body = Json(wire::Tokens::of(logged_in));
    Ok((StatusCode::CREATED, cookie.map_or_else(HeaderMap::new, HeaderMap::from_iter), body).into_response())
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
    peer: Option<Extension<Peer>>,
    caller: Caller,
    Typed(wanted): Typed<wire::ChangePassword>,
) -> Result<Response, Problem> {
    let session = caller.of_session()?;
    let address = peer.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |Extension(peer)| peer.0);
    let changed = api.people().change_password(session, wanted.current_password, wanted.new_password, address);
    changed.await?.map_err(|weak| {
        let error = FieldError { pointer: "/new_password".to_owned(), code: weak.code(), message: weak.to_string() };
        Problem::invalid(&[error])
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
