//! Owns the routes by which people set up a second factor, prove anew who they are, and set a password that they forgot.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use people::{Prove, Unfit};

use crate::asker::Asker;
use crate::auth::{Caller, cookie};
use crate::body::Typed;
use crate::problem::{FieldError, Problem};
use crate::state::Api;
use crate::wire;

/// Begin to set up a second factor. It is good once it is confirmed; begun again, it is another.
#[utoipa::path(post, path = "/api/v1/me/second-factor", tag = "sessions",
    responses((status = 201, body = wire::SecondFactor, description = "What the app is set up with; shown only now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn begin(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let begun = api.people().begin_factor(caller.of_session()?).await?.map_err(unfit)?;
    let body = wire::SecondFactor { secret: begun.secret.to_string(), uri: begun.uri.to_string() };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Confirm a second factor with a first code. All other sessions end. For what asks for two factors, this one steps up by it
/// first, with a code that was not used yet, and is known by other tokens then.
#[utoipa::path(post, path = "/api/v1/me/second-factor/confirm", tag = "sessions", request_body = wire::ConfirmSecondFactor,
    responses((status = 200, body = wire::RecoveryCodes, description = "It is good; the codes are shown only now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn confirm(
    State(api): State<Api>,
    Asker(origin): Asker,
    caller: Caller,
    Typed(wanted): Typed<wire::ConfirmSecondFactor>,
) -> Result<Response, Problem> {
    let codes = api.people().confirm_factor(caller.of_session()?, wanted.code, origin).await?.map_err(unfit)?;
    Ok(recovery(&codes))
}

/// Take other recovery codes in the place of those there are.
#[utoipa::path(post, path = "/api/v1/me/second-factor/recovery-codes", tag = "sessions",
    responses((status = 200, body = wire::RecoveryCodes, description = "Those of before are worth nothing; shown only now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn recovery_codes(
    State(api): State<Api>,
    Asker(origin): Asker,
    caller: Caller,
) -> Result<Response, Problem> {
    let codes = api.people().renew_recovery(caller.of_session()?, origin).await?.map_err(unfit)?;
    Ok(recovery(&codes))
}

/// Give up one's second factor. All other sessions end.
#[utoipa::path(delete, path = "/api/v1/me/second-factor", tag = "sessions",
    responses((status = 204, description = "There is none any more"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn remove(State(api): State<Api>, Asker(origin): Asker, caller: Caller) -> Result<Response, Problem> {
    match api.people().remove_factor(caller.of_session()?, origin).await? {
        // What is gone already is gone.
        Ok(()) | Err(Unfit::Missing) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(other) => Err(unfit(other)),
    }
}

/// Prove anew who you are, for what is asked of no session that lies open somewhere. The session goes on under the tokens, or
/// the cookie, of the answer: to what was given out before, nothing was proved.
#[utoipa::path(post, path = "/api/v1/sessions/step-up", tag = "sessions", request_body = wire::StepUp,
    responses((status = 200, body = wire::Tokens, description = "The same session; the proof is fresh for a quarter of an hour"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("session" = [])))]
pub(crate) async fn step_up(
    State(api): State<Api>,
    Asker(origin): Asker,
    caller: Caller,
    Typed(wanted): Typed<wire::StepUp>,
) -> Result<Response, Problem> {
    let proof = Prove { password: wanted.password, code: wanted.code };
    let proved = api.people().prove(caller.of_session()?, proof, origin).await?;
    let cookie = proved.cookie.as_deref().map(|value| [(SET_COOKIE, cookie::given(value))]);
    let body = Json(wire::Tokens::of(proved));
    Ok((cookie.map_or_else(HeaderMap::new, HeaderMap::from_iter), body).into_response())
}

/// Set a new password with a token that one was sent. All sessions end. Sent again with the same password, it is done already.
#[utoipa::path(post, path = "/api/v1/password-reset", tag = "sessions", request_body = wire::ResetPassword,
    responses((status = 204, description = "It is the password now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")))]
pub(crate) async fn reset_password(
    State(api): State<Api>,
    Asker(origin): Asker,
    Typed(wanted): Typed<wire::ResetPassword>,
) -> Result<Response, Problem> {
    let reset = api.people().reset_password(wanted.reset_token, wanted.new_password, origin);
    reset.await?.map_err(|weak| {
        let error = FieldError { pointer: "/new_password".to_owned(), code: weak.code(), message: weak.to_string() };
        Problem::invalid(&[error])
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn recovery(codes: &[impl AsRef<str>]) -> Response {
    Json(wire::RecoveryCodes { recovery_codes: codes.iter().map(|code| code.as_ref().to_owned()).collect() })
        .into_response()
}

fn unfit(unfit: Unfit) -> Problem {
    match unfit {
        Unfit::There => Problem::new("second_factor_there", "there is a second factor; give it up first"),
        Unfit::Missing => Problem::new("not_found", "there is no second factor, or it has changed just now"),
        Unfit::Guest => Problem::new("forbidden", "a guest logs in nowhere"),
        Unfit::Wrong => Problem::new("code_wrong", "the code is not right; the clock of the device may be wrong"),
    }
}
