//! Owns the routes of API keys: which there are, issuing one and revoking one, each a command that the audit log has.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::api_key::{Name, SecretHash, shown_prefix};
use domain::text::AccountName;
use domain::{AccountId, Action, ApiKeyId, IssueApiKey, PrincipalId, TenantId};
use idempotency::Answer;
use sha2::{Digest as _, Sha256};
use store::Account;

use super::ids::{IdPath, Named};
use crate::auth::Caller;
use crate::mutation::{self, Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::{stamp, wire};

impl Named for Name {
    const WHAT: &'static str = "API key";
}

/// Every key of the shop's servers, the newest first, also those that are revoked. No secret is told.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "api_keys",
    responses((status = 200, body = Vec<wire::ApiKey>, description = "Every key"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let tenant = caller.tenant;
    let keys = api.ask(|store| async move { store.api_keys(tenant).await }).await?;
    Ok(Json(keys.iter().map(|row| wire::ApiKey::of(&row.key)).collect::<Vec<_>>()).into_response())
}

/// Issue a key to an account, which is made if it is new. The secret is told in the answer, the same each time that the request
/// is sent, and in no other; no stored answer holds it.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "api_keys", request_body = wire::IssueApiKey,
    params(("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 201, body = wire::IssuedApiKey, description = "Issued"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn issue(State(api): State<Api>, mut request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    request.is_audited();
    let (account, role) = request.json::<wire::IssueApiKey>()?.checked()?;
    let (tenant, id) = (request.tenant(), ApiKeyId::new(stamp::id()));
    let principal = account_of(&api, tenant, account.clone()).await?;
    let secret = api.people().api_key_secret(tenant, id);
    let action = IssueApiKey {
        id,
        principal,
        account,
        role,
        shown_prefix: shown_prefix(&secret),
        secret_hash: SecretHash(Sha256::digest(secret.as_bytes()).into()),
    };
    let (answer, replayed) = request.answered(Action::IssueApiKey(action), derived_from_request).await?;
    if answer.status != 201 {
        return Ok(mutation::respond(answer, replayed));
    }
    // Which key it is stands in the answer: sent again, the request made none.
    let broken = || Problem::new("internal_error", "the stored answer is no API key");
    let key: wire::ApiKey = serde_json::from_slice(&answer.body).map_err(|_| broken())?;
    let id = key.api_key_id.parse().map_err(|_| broken())?;
    let secret = api.people().api_key_secret(tenant, id);
    if shown_prefix(&secret) != key.shown_prefix {
        // The installation's secret is another by now: this one never opened anything.
        let detail =
            format!("the secret of {id} cannot be told again, the installation's was replaced: issue another key");
        return Err(Problem::new("secret_replaced", detail));
    }
    let told = key.with(secret);
    let body = serde_json::to_vec(&told).map_err(|_| broken())?.into();
    Ok(mutation::respond(Answer { body, ..answer }, replayed))
}

/// Take a key no more: on this node at once, on others within two seconds. One that is revoked already stays as it is.
#[utoipa::path(post, path = "/api/v1/api-keys/{api_key_id}/revoke", tag = "api_keys",
    params(("api_key_id" = String, Path, description = "The key's id; its number where it has none"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::ApiKey, description = "As it is now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn revoke(
    State(api): State<Api>,
    path: IdPath<Name>,
    mut request: Mutation,
) -> Result<Response, Problem> {
    request.require_key()?;
    request.is_audited();
    request.no_body()?;
    let here = api.clone();
    api.finish(async move {
        let answer = request.submit(Action::RevokeApiKey(path.0), derived_from_request).await;
        here.keys().forget();
        answer
    })
    .await
}

/// In whose name keys of the account act.
async fn account_of(api: &Api, tenant: TenantId, name: AccountName) -> Result<PrincipalId, Problem> {
    let public_id = AccountId::new(stamp::id()).to_string();
    api.ask(|store| async move {
        let account = Account { tenant, kind: "service", name: name.as_str(), public_id: &public_id };
        store.account(&account, stamp::now()).await
    })
    .await
}
