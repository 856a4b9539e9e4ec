//! Owns placing an order: the stock, the order, the end of a page's token and the kept answer stand or fall together.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Json, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use idempotency::layer::{Claim, Completed};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection};

use crate::caller::Caller;
use crate::problem::{Failure, problem};
use crate::{Shop, page};

const QUANTITY_MAX: i64 = 100;
const NOTE_CHARACTERS_MAX: usize = 200;

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    item: String,
    quantity: i64,
    #[serde(default)]
    note: String,
}

/// What was ordered.
#[derive(FromRow, Serialize)]
pub struct Order {
    id: i64,
    item: String,
    quantity: i64,
    note: String,
    total_cents: i64,
    state: String,
}

/// What is sold, and how much of it was.
#[derive(FromRow, Serialize)]
pub struct Product {
    item: String,
    price_cents: i64,
    stock: i64,
    sold: i64,
}

/// Places an order. The answer is written in the transaction of the order, and so is a refusal: whoever sends the request
/// again is told the same, also when the stock is another by then.
pub async fn place(
    State(shop): State<Shop>,
    Extension(caller): Extension<Caller>,
    claim: Claim,
    new: Result<Json<NewOrder>, JsonRejection>,
) -> Result<Completed, Failure> {
    let Json(new) =
        new.map_err(|_| Failure::Invalid("The body is no order, as in {\"item\": \"tea\", \"quantity\": 1}"))?;
    if !(1..=QUANTITY_MAX).contains(&new.quantity) || new.note.chars().count() > NOTE_CHARACTERS_MAX {
        return Err(Failure::Invalid("The quantity is 1 to 100, and a note has 200 characters at most"));
    }
    let mut transaction = shop.pool.begin().await?;
    let answer = order(&mut transaction, &caller, &new).await?;
    let completed = claim.complete(&mut transaction, answer).await?;
    transaction.commit().await?;
    Ok(completed)
}

async fn order(connection: &mut PgConnection, caller: &Caller, new: &NewOrder) -> Result<Response, sqlx::Error> {
    // A token that was used leads to its order, also under a key that is new.
    if let Some(token) = &caller.page_token
        && let Some(earlier) = page::lock(connection, token).await?
    {
        let order = find(connection, caller, earlier).await?;
        return Ok(order.map_or_else(sold_out, |order| placed(StatusCode::OK, &order)));
    }
    let Some(price_cents) = take(connection, new).await? else { return Ok(sold_out()) };
    let insert =
        "INSERT INTO orders (account, item, quantity, note, total_cents) VALUES ($1, $2, $3, $4, $5) RETURNING *";
    let order: Order = sqlx::query_as(insert)
        .bind(&caller.name)
        .bind(&new.item)
        .bind(new.quantity)
        .bind(&new.note)
        .bind(price_cents * new.quantity)
        .fetch_one(&mut *connection)
        .await?;
    if let Some(token) = &caller.page_token {
        page::consume(connection, token, order.id).await?;
    }
    Ok(placed(StatusCode::CREATED, &order))
}

/// Takes what is ordered from the stock; the price, or nothing where there is too little. One conditional statement: two
/// buyers of the last one never both get it.
async fn take(connection: &mut PgConnection, new: &NewOrder) -> Result<Option<i64>, sqlx::Error> {
    let update = "UPDATE products SET stock = stock - $2 WHERE item = $1 AND stock >= $2 RETURNING price_cents";
    sqlx::query_scalar(update).bind(&new.item).bind(new.quantity).fetch_optional(connection).await
}

async fn find(connection: &mut PgConnection, caller: &Caller, id: i64) -> Result<Option<Order>, sqlx::Error> {
    let select = "SELECT * FROM orders WHERE id = $1 AND account = $2";
    sqlx::query_as(select).bind(id).bind(&caller.name).fetch_optional(connection).await
}

fn placed(status: StatusCode, order: &Order) -> Response {
    (status, [(header::LOCATION, format!("/orders/{}", order.id))], Json(order)).into_response()
}

fn sold_out() -> Response {
    problem(StatusCode::CONFLICT, "sold_out", "There is not so much of it")
}

/// Shows an order to who placed it.
pub async fn show(
    State(shop): State<Shop>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Order>, Failure> {
    let mut connection = shop.pool.acquire().await?;
    find(&mut connection, &caller, id).await?.map(Json).ok_or(Failure::NotFound)
}

/// Shows what is left of a product, and what was sold of it, counted from the orders themselves.
pub async fn product(State(shop): State<Shop>, Path(item): Path<String>) -> Result<Json<Product>, Failure> {
    let select = "SELECT *, (SELECT coalesce(sum(quantity), 0)::bigint FROM orders WHERE item = $1) AS sold \
                  FROM products WHERE item = $1";
    let product = sqlx::query_as(select).bind(item).fetch_optional(&shop.pool).await?;
    product.map(Json).ok_or(Failure::NotFound)
}
