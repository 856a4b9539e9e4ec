//! Owns the route that issues one-time tokens.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::mutation::Mutation;
use crate::problem::Problem;
use crate::wire;

/// Take a one-time token, when the page opens from which the request will be sent. It is good for one request that is
/// accepted; whoever sends it again with the same request, under whichever key, gets that outcome. Nothing is kept of a
/// token until it is used.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "orders", request_body = wire::IssueToken,
    responses((status = 201, body = wire::Token, description = "Good for one request of the caller"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn issue(request: Mutation) -> Result<Response, Problem> {
    let wanted = request.json::<wire::IssueToken>()?.checked(request.member("content"))?;
    let until = request.deadline(|settings| settings.token_validity);
    let token = request.seal(&wanted, until);
    let answer = wire::Token::of(token, &wanted, until);
    // A token in a cache would be two people's.
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}
