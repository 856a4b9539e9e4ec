//! Owns the routes of products and of stock moved by hand.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use domain::text::Sku;
use domain::{Action, MovementId};
use http::header;

use super::lists::{self, ListQuery, parameters};
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::{stamp, wire};

/// Create or change a product.
#[utoipa::path(put, path = "/api/v1/products/{sku}", tag = "products", request_body = wire::PutProduct,
    params(("sku" = String, Path, description = "The product's code, percent-encoded"),
        ("Idempotency-Key" = Option<String>, Header, description = "Optional: derived from the request where missing"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
        ("If-None-Match" = Option<String>, Header, description = "`*` where it must be new")),
    responses((status = 200, body = wire::Product, description = "Changed, or already so"),
        (status = 201, body = wire::Product, description = "Created"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn put(path: SkuPath, request: Mutation) -> Result<Response, Problem> {
    let body: wire::PutProduct = request.json()?;
    let put = body.action(path.0, request.expected_version())?;
    let action = Action::PutProduct(domain::PutProduct { must_be_new: request.must_be_new(), ..put });
    request.submit(action, derived_from_request).await
}

/// One product.
#[utoipa::path(get, path = "/api/v1/products/{sku}", tag = "products",
    params(("sku" = String, Path, description = "The product's code, percent-encoded")),
    responses((status = 200, body = wire::Product, description = "The product"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn get(State(api): State<Api>, caller: Caller, path: SkuPath) -> Result<Response, Problem> {
    let sku = path.0;
    let what = format!("product {sku}");
    let (product, stock) =
        api.find(caller.tenant, what, |store, tenant| async move { store.product(tenant, &sku).await }).await?;
    let tag = [(header::ETAG, wire::entity_tag(product.version))];
    Ok((tag, Json(wire::Product::of(&product, &stock))).into_response())
}

/// Products, newest first.
#[utoipa::path(get, path = "/api/v1/products", tag = "products", params(ListQuery),
    responses((status = 200, body = wire::List<wire::Product>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = parameters(query)?;
    let (limit, after) = query.page()?;
    let tenant = caller.tenant;
    let page = api.ask(|store| async move { store.products(tenant, after.as_ref(), limit).await }).await?;
    Ok(Json(lists::list(page, |(product, stock)| wire::Product::of(product, stock))).into_response())
}

/// What moved a product's stock, newest first: deliveries and counts by hand, sales, and what came back.
#[utoipa::path(get, path = "/api/v1/products/{sku}/stock-movements", tag = "products",
    params(("sku" = String, Path, description = "The product's code, percent-encoded"), ListQuery),
    responses((status = 200, body = wire::List<wire::StockMovement>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn movements(
    State(api): State<Api>,
    caller: Caller,
    path: SkuPath,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let (limit, after) = parameters(query)?.counted_page()?;
    let (tenant, sku) = (caller.tenant, path.0);
    let (what, wanted) = (format!("product {sku}"), sku.clone());
    api.find(tenant, what, |store, tenant| async move { store.product(tenant, &wanted).await }).await?;
    let page = api.ask(|store| async move { store.stock_movements(tenant, &sku, after.as_ref(), limit).await }).await?;
    Ok(Json(lists::list(page, wire::StockMovement::of)).into_response())
}

/// Move stock by hand: a delivery, a count, a loss.
#[utoipa::path(post, path = "/api/v1/products/{sku}/stock-movements", tag = "products",
    request_body = wire::MoveStock,
    params(("sku" = String, Path, description = "The product's code, percent-encoded"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 201, body = wire::Movement, description = "Moved"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn move_stock(path: SkuPath, request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    let (quantity, reason) = request.json::<wire::MoveStock>()?.checked()?;
    let id = MovementId::new(stamp::id());
    let action = Action::MoveStock(domain::MoveStock { id, sku: path.0, quantity, reason });
    request.submit(action, derived_from_request).await
}

/// The sku in the path.
pub(crate) struct SkuPath(Sku);

impl axum::extract::FromRequestParts<Api> for SkuPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut http::request::Parts, api: &Api) -> Result<Self, Problem> {
        let invalid = |detail: String| Problem::new("parameter_invalid", detail);
        let Path(text) =
            Path::<String>::from_request_parts(parts, api).await.map_err(|error| invalid(error.body_text()))?;
        Sku::new(&text).map(SkuPath).map_err(|error| invalid(error.to_string()))
    }
}
