//! Owns the route of the overview: how this node does, and whether money and stock are right.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::tenants;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::state::Api;
use crate::{stamp, wire};

/// How this node does: orders and all other commands that come in, and how long answers take, in the caller's tenant; and the
/// lights, for the installation's first tenant.
#[utoipa::path(get, path = "/api/v1/overview", tag = "operations",
    responses((status = 200, body = wire::Overview, description = "The numbers of this moment"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn get(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let now = stamp::now();
    let (late, minutes) = api.watch().pulse(caller.tenant, |pulse| (pulse.late(now), pulse.minutes(now)));
    let looked = tenants::is_house(&api, &caller).await?.then(|| api.lights().shown());
    let (waiting, batches) = api.load();
    Ok(Json(wire::Overview::of((late, &minutes), (waiting, &batches), looked, now)).into_response())
}
