//! Owns the routes by which the installation's first tenant looks after the others.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use domain::tenant::{Status, Step};
use domain::{Action, StepTenant, Tenant, TenantPublicId};
use http::header;

use super::ids::{IdPath, Named};
use super::lists::{ListQuery, parameters};
use super::{lists, people};
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::{stamp, wire};

impl Named for TenantPublicId {
    const WHAT: &'static str = "tenant";
}

/// Create a tenant with its first administrator.
#[utoipa::path(post, path = "/api/v1/tenants", tag = "tenants", request_body = wire::AddTenant,
    params(("Idempotency-Key" = String, Header, description = "Names this wish of the caller. The password is no part of what the \
            key is compared with")),
    responses((status = 201, body = wire::Tenant, description = "Open"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn add(State(api): State<Api>, caller: Caller, mut request: Mutation) -> Result<Response, Problem> {
    is_of_the_house(&api, &caller).await?;
    request.require_key()?;
    request.is_audited();
    let (name, admin) = request.json::<wire::AddTenant>()?.checked()?;
    let password = people::password(&api, &request, &admin).await?;
    let (wanted, id) = (name.clone(), TenantPublicId::new(stamp::id()));
    // A row without anybody in it, which is the tenant of whoever opens it first.
    let prepared = api.ask(|store| async move { store.tenant_prepare(wanted.as_str(), id, stamp::now()).await });
    let tenant = prepared.await?;
    let admin = Some(people::added(&api, tenant.id, admin, password).await?);
    let step = StepTenant { tenant: tenant.id, public_id: tenant.public_id, name, step: Step::Open, admin };
    request.submit(Action::StepTenant(step), derived_from_request).await
}

/// Tenants, the oldest first.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "tenants", params(ListQuery),
    responses((status = 200, body = wire::List<wire::Tenant>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    is_of_the_house(&api, &caller).await?;
    let query = parameters(query)?;
    let (limit, after) = query.page()?;
    let mut page = api.ask(|store| async move { store.tenants_page(after.as_ref(), limit).await }).await?;
    page.rows.retain(|tenant| tenant.status != Status::Prepared);
    Ok(Json(lists::list(page, wire::Tenant::of)).into_response())
}

/// One tenant.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant_id}", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id")),
    responses((status = 200, body = wire::Tenant, description = "As it is now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn get(
    State(api): State<Api>,
    caller: Caller,
    path: IdPath<TenantPublicId>,
) -> Result<Response, Problem> {
    is_of_the_house(&api, &caller).await?;
    let tenant = find(&api, path).await?;
    let tag = [(header::ETAG, wire::entity_tag(tenant.version))];
    Ok((tag, Json(wire::Tenant::of(&tenant))).into_response())
}

/// Let nobody of the tenant in: neither servers nor people. What was begun with providers goes on.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant_id}/suspend", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Tenant, description = "As it is now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn suspend(
    State(api): State<Api>,
    caller: Caller,
    path: IdPath<TenantPublicId>,
    request: Mutation,
) -> Result<Response, Problem> {
    step(&api, (&caller, path), request, Step::Suspend).await
}

/// Let the tenant's people in again.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant_id}/resume", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Tenant, description = "As it is now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn resume(
    State(api): State<Api>,
    caller: Caller,
    path: IdPath<TenantPublicId>,
    request: Mutation,
) -> Result<Response, Problem> {
    step(&api, (&caller, path), request, Step::Resume).await
}

async fn step(
    api: &Api,
    (caller, path): (&Caller, IdPath<TenantPublicId>),
    mut request: Mutation,
    step: Step,
) -> Result<Response, Problem> {
    is_of_the_house(api, caller).await?;
    request.require_key()?;
    request.is_audited();
    request.no_body()?;
    let tenant = find(api, path).await?;
    let (id, name) = (tenant.id, tenant.name.clone());
    let action = StepTenant { tenant: id, public_id: tenant.public_id, name, step, admin: None };
    let people = api.people().clone();
    api.finish(async move {
        let answer = request.submit(Action::StepTenant(action), derived_from_request).await;
        people.tenant_changed(id).await;
        answer
    })
    .await
}

/// Only who is of the installation's first tenant looks after the others.
async fn is_of_the_house(api: &Api, caller: &Caller) -> Result<(), Problem> {
    if is_house(api, caller).await? {
        return Ok(());
    }
    Err(Problem::new("forbidden", "only the installation's first tenant looks after tenants"))
}

/// Whether somebody is of the installation's first tenant.
pub(super) async fn is_house(api: &Api, caller: &Caller) -> Result<bool, Problem> {
    let house = api.ask(|store| async move { store.house().await }).await?;
    Ok(house == Some(caller.tenant))
}

async fn find(api: &Api, IdPath(id): IdPath<TenantPublicId>) -> Result<Tenant, Problem> {
    // A row that nobody has opened is no tenant yet.
    let found = api.ask(|store| async move { store.tenant_by_id(id).await }).await?;
    found
        .filter(|tenant| tenant.status != Status::Prepared)
        .ok_or_else(|| Problem::new("not_found", format!("there is no tenant {id}")))
}
