//! Owns the routes of accounts with payment providers: how each does, and whether it is switched on.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::{Action, ChannelAccountId, SwitchChannel};

use super::ids::IdPath;
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::{stamp, wire};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The shop's accounts with providers, in the order in which they are tried, with how each does. No setting and no secret of
/// theirs is told.
#[utoipa::path(get, path = "/api/v1/channels", tag = "channels",
    responses((status = 200, body = Vec<wire::Channel>, description = "Every account"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let (tenant, now) = (caller.tenant, stamp::now());
    let since = (now.plus_ms(-DAY_MS), now.plus_ms(-HOUR_MS));
    let (accounts, ended, told) = api
        .ask(|store| async move {
            let accounts = store.channel_accounts_of(tenant).await?;
            let ids: Vec<ChannelAccountId> = accounts.iter().map(|row| row.account.id).collect();
            let ended = store.attempts_ended(tenant, &ids, since).await?;
            Ok((accounts, ended, store.channel_health().await?))
        })
        .await?;
    let row = |row: &store::ChannelAccount| {
        let id = row.account.id;
        // An account that is new is not known here for a moment: nothing says that it does badly.
        let is_well = api.directory().find(id).is_none_or(|entry| entry.health.is_well());
        let told = told.iter().find(|(health, _)| health.account == id);
        wire::Channel::of(row, wire::Health::of(is_well, told), ended.get(&id).copied().unwrap_or_default())
    };
    Ok(Json(accounts.iter().map(row).collect::<Vec<_>>()).into_response())
}

/// Switch an account on or off. No new payment goes to one that is off; what was begun there goes on. Every node sees it with
/// the next payment.
#[utoipa::path(post, path = "/api/v1/channels/{channel_account_id}/switch", tag = "channels", request_body = wire::SwitchChannel,
    params(("channel_account_id" = String, Path, description = "The account's id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Switched, description = "As it is now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn switch(path: IdPath<ChannelAccountId>, mut request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    request.is_audited();
    let wire::SwitchChannel { enabled } = request.json()?;
    let action = SwitchChannel { account: path.0, is_enabled: enabled };
    request.submit(Action::SwitchChannel(action), derived_from_request).await
}
